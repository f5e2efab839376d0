/** Dialogs that set and take away attributes and tags. */
import { useState } from "preact/hooks";
import { Dialog } from "../../../page/dialog";
import { call, pathOf } from "../api";
import { draftOf, faultsOf, valueOf } from "../commands/draft";
import { ValueField } from "../commands/value-field";
import { fieldOf } from "./rows";
import type { Draft } from "../commands/draft";
import type { DeviceTabProps } from "../tab-props";
import type { AttributeRow } from "./rows";

interface EditProps {
  readonly device: DeviceTabProps;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Sets an attribute, by the field that its type asks for. */
export function AttributeDialog({
  device,
  row,
  onDone,
  onClose,
}: EditProps & { readonly row: AttributeRow }) {
  const field = fieldOf(row);
  const [draft, setDraft] = useState<Draft>(() => draftOf(field, row.value));
  const [isTouched, setTouched] = useState(false);
  const faults = faultsOf([field], { [field.identifier]: draft });
  const save = async (): Promise<void> => {
    setTouched(true);
    const [fault] = faults;
    if (fault !== undefined) throw new Error(`${fault[0]}: ${fault[1]}`);
    await call(`${pathOf(device)}/attributes`, "PATCH", { [row.identifier]: valueOf(field, draft) ?? null });
    onDone();
  };
  return (
    <Dialog
      title={row.value === undefined ? `Set ${row.name}` : `Change ${row.name}`}
      action="Save"
      onAction={save}
      onClose={onClose}
    >
      <ValueField
        field={field}
        draft={draft}
        path={field.identifier}
        faults={isTouched ? faults : new Map()}
        onDraft={setDraft}
        onLeave={() => setTouched(true)}
      />
      <p class="hint">The device sees it when it asks for its attributes.</p>
    </Dialog>
  );
}

/** Sets a tag. @param tag undefined: a new one */
export function TagDialog(props: EditProps & { readonly tag: readonly [string, string] | undefined }) {
  const { device, tag, onDone, onClose } = props;
  const save = async (form: FormData): Promise<void> => {
    const name = tag?.[0] ?? String(form.get("name")).trim();
    if (name === "") throw new Error("A tag needs a name.");
    await call(`${pathOf(device)}/tags`, "PATCH", { [name]: String(form.get("value")) });
    onDone();
  };
  return (
    <Dialog
      title={tag === undefined ? "New tag" : `Change ${tag[0]}`}
      action="Save"
      onAction={save}
      onClose={onClose}
    >
      {tag === undefined && (
        <label class="field">
          <span>Name</span>
          <input name="name" required maxLength={64} autocomplete="off" spellcheck={false} />
        </label>
      )}
      <label class="field">
        <span>Value</span>
        <input name="value" maxLength={256} autocomplete="off" defaultValue={tag?.[1] ?? ""} />
      </label>
    </Dialog>
  );
}

/** Takes one away. */
export function RemoveDialog(
  props: EditProps & { readonly kind: "attributes" | "tags"; readonly name: string; readonly label: string },
) {
  const { device, kind, name, label, onDone, onClose } = props;
  const remove = async (): Promise<void> => {
    await call(`${pathOf(device)}/${kind}`, "PATCH", { [name]: null });
    onDone();
  };
  return (
    <Dialog title={`Remove ${label}?`} action="Remove" isDangerous onAction={remove} onClose={onClose}>
      <p>{`The device has ${kind === "tags" ? "this tag" : "a value for it"} no longer.`}</p>
    </Dialog>
  );
}
