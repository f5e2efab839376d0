/** What every tab of a device is given. */
import type { SealView } from "../../registry/seal-view";

export interface DeviceTabProps {
  readonly productKey: string;
  readonly deviceKey: string;
  /** What is known of its envelopes; undefined where nothing is, or not yet read. */
  readonly sealed?: SealView;
}
