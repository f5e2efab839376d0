/** Asks how a version is to be rolled out. */
import { Dialog } from "../../../page/dialog";
import { call } from "../api";
import { sharesIn } from "./rollout";
import { PolicyField } from "./upgrade-dialog";
import type { FirmwareFile } from "./firmware";

export function RolloutDialog(props: {
  readonly path: string;
  readonly file: FirmwareFile;
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const { path, file, onDone, onClose } = props;
  const begin = async (form: FormData): Promise<void> => {
    const stages = sharesIn(String(form.get("stages")));
    if (stages === undefined) throw new Error("Stages: expected rising percentages up to 100.");
    await call(path, "POST", {
      ...{ version: file.version, stages, policy: form.get("policy") },
      wait: Number(form.get("wait")) * 3_600,
      failureShare: Number(form.get("failures")) / 100,
    });
    onDone();
  };
  return (
    <Dialog title={`Roll out ${file.version}?`} action="Roll out" onAction={begin} onClose={onClose}>
      <p>
        The first stage begins at once, with one device at least. Each device gets the file that fits its
        board and version.
      </p>
      <label class="field">
        <span>Stages, % of the devices that have another version</span>
        <input name="stages" defaultValue="1, 10, 100" required />
      </label>
      <label class="field">
        <span>Wait between stages, hours</span>
        <input name="wait" type="number" min={0} max={720} step="any" defaultValue="1" required />
      </label>
      <label class="field">
        <span>Stop above this share of failures in a stage, %</span>
        <input name="failures" type="number" min={0} max={100} step="any" defaultValue="5" required />
      </label>
      <PolicyField />
    </Dialog>
  );
}
