/** Asks before a device is to upgrade. */
import { Dialog } from "../../../page/dialog";
import { quantity } from "../../../page/quantity";
import { ago, bytes } from "../../../page/words";
import { pathOfPlace } from "../../addresses";
import { call } from "../api";
import { now } from "../connection";
import type { DeviceTabProps } from "../tab-props";
import { isLowBattery } from "./firmware";
import type { DeviceFirmware, FirmwareFile } from "./firmware";

/** What of the device decides whether an upgrade is wise now. */
export interface UpgradedDevice {
  readonly state: "inactive" | "online" | "offline" | "disabled";
  readonly lastSeen?: number;
  readonly battery?: { readonly value: number; readonly unit?: string; readonly at: number };
}

export function UpgradeDialog(props: {
  readonly at: DeviceTabProps;
  readonly file: FirmwareFile;
  readonly firmware: DeviceFirmware;
  readonly device: UpgradedDevice | undefined;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const { at, file, firmware, device, onDone, onClose } = props;
  const order = async (form: FormData): Promise<void> => {
    await call("/ota-jobs", "POST", {
      ...{ productKey: at.productKey, deviceKeys: [at.deviceKey], version: file.version },
      ...{ policy: form.get("policy"), timeout: Number(form.get("days")) * 86_400 },
    });
    onDone();
  };
  return (
    <Dialog title={`Upgrade to ${file.version}?`} action="Upgrade" onAction={order} onClose={onClose}>
      <p>
        {`${at.deviceKey} runs ${firmware.version ?? "an unknown version"} and is to fetch the file that fits it, such as ${bytes(file.fileSize)}. Over NB-IoT that takes from minutes to hours, and it starts anew at the end. `}
        <a href={pathOfPlace({ kind: "product", productKey: at.productKey, tab: "update" })}>
          Other devices in stages
        </a>
      </p>
      <Warnings device={device} firmware={firmware} />
      <PolicyField />
      <label class="field">
        <span>Time from its first progress on, days</span>
        <input name="days" type="number" min={0.01} max={30} step="any" defaultValue="7" required />
      </label>
    </Dialog>
  );
}

/** How devices hear of an upgrade. */
export function PolicyField() {
  return (
    <label class="field">
      <span>How it is told</span>
      <select name="policy">
        <option value="push">by an upgrade, sent with the next contact</option>
        <option value="request">when the device asks</option>
      </select>
    </label>
  );
}

function Warnings({ device, firmware }: { device: UpgradedDevice | undefined; firmware: DeviceFirmware }) {
  const words: string[] = [];
  if (firmware.version === undefined)
    words.push("It has not told its version: EnOS gives such a device no upgrade.");
  if (device !== undefined && device.state !== "online") {
    const seen = device.lastSeen === undefined ? "" : `, last seen ${ago(device.lastSeen, now.value)}`;
    words.push(
      `It is ${device.state}${seen}: it hears of the upgrade at its next contact, within two days of the order, and again later.`,
    );
  }
  const { battery } = device ?? {};
  if (battery !== undefined && isLowBattery(battery)) {
    words.push(
      `Its battery is low: ${quantity(battery.value, battery.unit)}, ${ago(battery.at, now.value)}. If it gives out while the flash is written, the device may not start again.`,
    );
  }
  return (
    <>
      {words.map((each) => (
        <p key={each} class="note warn-note">
          {each}
        </p>
      ))}
    </>
  );
}
