/** What the device runs, and since when. */
import { Command } from "../../../page/copy";
import { ago, clock } from "../../../page/words";
import { now } from "../connection";
import type { DeviceTabProps } from "../tab-props";
import type { DeviceFirmware } from "./firmware";

export function RunningFirmware({ at, firmware }: { at: DeviceTabProps; firmware: DeviceFirmware }) {
  const { version, since, informedAt } = firmware;
  if (version === undefined) {
    return (
      <section class="card stack" aria-label="Firmware that runs">
        <h2>It has not told its version yet</h2>
        <p class="dim">
          A device tells it with the message below; only one that has can be given an upgrade, as EnOS has it.
          This project's firmware tells it when its session begins.
        </p>
        <Command
          text={`POST /topic/sys/${at.productKey}/${at.deviceKey}/ota/device/inform\n{"id":"1","version":"1.0","method":"ota.device.inform","params":{"version":"1.2.0"}}`}
        />
      </section>
    );
  }
  const current = now.value;
  return (
    <section class="card runs-now" aria-label="Firmware that runs">
      <span class="dim">Runs</span>
      <strong class="version" id="firmware-version">
        {version}
      </strong>
      <span title={since === undefined ? undefined : clock(since)}>
        {since === undefined ? "" : `since ${clock(since)}, ${ago(since, current)}`}
      </span>
      {informedAt !== undefined && informedAt !== since && (
        <span class="dim" title={clock(informedAt)}>
          {`told again ${ago(informedAt, current)}`}
        </span>
      )}
    </section>
  );
}
