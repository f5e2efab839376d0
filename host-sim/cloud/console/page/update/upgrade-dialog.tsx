/** Asks before a device, or all of a product, is to upgrade. */
import { useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { quantity } from "../../../page/quantity";
import { ago, bytes, count } from "../../../page/words";
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
  const [isAll, setAll] = useState(false);
  const order = async (form: FormData): Promise<void> => {
    const days = Number(form.get("days"));
    const { skipped, tasks } = await call<{
      tasks: unknown[];
      skipped: { deviceKey: string; reason: string }[];
    }>("/ota-jobs", "POST", {
      productKey: at.productKey,
      version: file.version,
      policy: form.get("policy"),
      timeout: days * 86_400,
      ...(isAll ? {} : { deviceKeys: [at.deviceKey] }),
    });
    onDone();
    if (skipped.length > 0) {
      const [first] = skipped;
      throw new Error(
        `${count(tasks.length, "device")} will upgrade; ${skipped.length} will not, such as ${first.deviceKey}: ${first.reason}`,
      );
    }
  };
  return (
    <Dialog title={`Upgrade to ${file.version}?`} action="Upgrade" onAction={order} onClose={onClose}>
      <p>
        {isAll
          ? `All devices of product ${at.productKey} that have told another version are to fetch ${bytes(file.fileSize)}.`
          : `${at.deviceKey} runs ${firmware.version ?? "an unknown version"} and is to fetch ${bytes(file.fileSize)}. Over NB-IoT that takes from minutes to hours, and it starts anew at the end.`}
      </p>
      {!isAll && <Warnings device={device} firmware={firmware} />}
      <label class="field">
        <span>How it hears of it</span>
        <select name="policy">
          <option value="push">it is sent the upgrade with its next contact</option>
          <option value="request">it is told when it asks</option>
        </select>
      </label>
      <label class="field">
        <span>Time from its first progress on, days</span>
        <input name="days" type="number" min={0.01} max={30} step="any" defaultValue="7" required />
      </label>
      <label class="include">
        <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} />
        All devices of the product
      </label>
    </Dialog>
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
