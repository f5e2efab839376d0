/** The device's firmware, its upgrades as they go, and the product's files. */
import { pathOf } from "../api";
import { useResource } from "../resource";
import { Unread } from "../unread";
import { FirmwareFiles } from "./firmware-files";
import { RunningFirmware } from "./running-firmware";
import { Tasks } from "./tasks";
import type { CloudEvent } from "../../../events";
import type { DeviceTabProps } from "../tab-props";
import type { DeviceFirmware, FirmwareList } from "./firmware";
import type { UpgradedDevice } from "./upgrade-dialog";
import "./update.css";

export function UpdateTab(at: DeviceTabProps) {
  const { productKey, deviceKey } = at;
  const isOfProduct = (event: CloudEvent): boolean =>
    "productKey" in event && event.productKey === productKey;
  const isOwn = (event: CloudEvent): boolean =>
    isOfProduct(event) && "deviceKey" in event && event.deviceKey === deviceKey;
  const isInform = (event: CloudEvent): boolean =>
    event.type === "ota-task" || (event.type === "stored" && event.kind === "firmware");
  const firmware = useResource<DeviceFirmware>(
    `${pathOf(at)}/firmware`,
    (event) => isInform(event) && isOwn(event),
  );
  const device = useResource<UpgradedDevice>(pathOf(at), isOwn);
  const files = useResource<FirmwareList>(
    `/products/${encodeURIComponent(productKey)}/firmware`,
    (event) => (/^firmware-|^product-/.test(event.type) || isInform(event)) && isOfProduct(event),
  );
  if (firmware.data === undefined) return <Unread resource={firmware} />;
  const { tasks } = firmware.data;
  const again = (): void => [firmware, files].forEach((each) => each.again());
  return (
    <div class="update">
      <div class="stack">
        <RunningFirmware at={at} firmware={firmware.data} />
        <Tasks tasks={tasks} onDone={again} />
      </div>
      {files.data === undefined && files.status !== 404 ? (
        <Unread resource={files} />
      ) : (
        <FirmwareFiles
          {...{ at, firmware: firmware.data, device: device.data, list: files.data }}
          onDone={again}
        />
      )}
    </div>
  );
}
