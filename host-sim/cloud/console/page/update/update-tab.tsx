/** A device's firmware: what it runs, its upgrades, and the files of its product. */
import { useState } from "preact/hooks";
import { pathOf } from "../api";
import { useResource } from "../resource";
import { Unread } from "../unread";
import { FirmwareFiles } from "./firmware-files";
import { RunningFirmware } from "./running-firmware";
import { Tasks } from "./tasks";
import { UpgradeDialog } from "./upgrade-dialog";
import { isInform, isOf, useFirmwareList } from "./firmware-list";
import type { CloudEvent } from "../../../events";
import type { DeviceTabProps } from "../tab-props";
import type { DeviceFirmware, FirmwareFile } from "./firmware";
import type { UpgradedDevice } from "./upgrade-dialog";
import "./update.css";

export function UpdateTab(at: DeviceTabProps) {
  const { productKey, deviceKey } = at;
  const [upgrade, setUpgrade] = useState<FirmwareFile>();
  const isOwn = (event: CloudEvent): boolean =>
    isOf(productKey, event) && "deviceKey" in event && event.deviceKey === deviceKey;
  const firmware = useResource<DeviceFirmware>(
    `${pathOf(at)}/firmware`,
    (event) => isInform(event) && isOwn(event),
  );
  const device = useResource<UpgradedDevice>(pathOf(at), isOwn);
  const files = useFirmwareList(productKey);
  if (firmware.data === undefined) return <Unread resource={firmware} />;
  const { tasks, version } = firmware.data;
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
          {...{ productKey, list: files.data, running: version }}
          action="Upgrade to this"
          onAction={setUpgrade}
          onDone={again}
        />
      )}
      {upgrade !== undefined && (
        <UpgradeDialog
          {...{ at, firmware: firmware.data, device: device.data, file: upgrade }}
          onDone={again}
          onClose={() => setUpgrade(undefined)}
        />
      )}
    </div>
  );
}
