/** A device in short, as a list of all of them has it: some 300 bytes of JSON, so that thousands come in one answer. */
import type { CloudDevice } from "./cloud-device";
import { standingOf } from "./device-standing";
import type { Product } from "./product";
import type { SealSummary } from "./seal-view";
import type { DeviceSummary } from "./standing";

/** @param now ms, by which alarms grow old */
export function summaryOf(device: CloudDevice, product: Product, now: number): DeviceSummary {
  const { productKey, deviceKey, name, state, stateSince, lastSeen, sessionUntil, firmwareVersion } = device;
  const { battery, signal, alarms } = standingOf(device, product, now);
  return {
    ...{ productKey, deviceKey, name, state, stateSince, lastSeen, lifetime: device.session?.lifetime },
    ...{ sessionUntil, firmwareVersion, battery, signal, alarms, sealed: sealedOf(device) },
  };
}

function sealedOf(device: CloudDevice): SealSummary | undefined {
  const view = device.seal?.view();
  if (view === undefined) return undefined;
  const { opened, last, doubts } = view;
  const times = doubts.reduce((sum, doubt) => sum + doubt.times, 0);
  return { opened, root: last?.root, doubts: times, doubtedAt: doubts[0]?.at };
}
