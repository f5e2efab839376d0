/** A device's name as the heading of its page, and a field in its place while it is changed. */
import { useRef, useState } from "preact/hooks";
import { reasonOf } from "../../../reason";
import { mayOperate, onlyLooks } from "../access";
import { calledBy, rename } from "./device-actions";

interface NameInPlaceProps {
  readonly productKey: string;
  readonly deviceKey: string;
  readonly name: string | undefined;
  /** It has another name now. */
  readonly onDone: () => void;
}

export function NameInPlace(device: NameInPlaceProps) {
  const [isChanging, setChanging] = useState(false);
  const [fault, setFault] = useState<string>();
  const button = useRef<HTMLButtonElement>(null);
  const end = (): void => {
    setChanging(false);
    setFault(undefined);
    requestAnimationFrame(() => button.current?.focus());
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name"));
    rename(device, name).then(
      () => {
        device.onDone();
        end();
      },
      (error: unknown) => setFault(reasonOf(error, "it cannot be renamed")),
    );
  };
  if (!isChanging) {
    return (
      <div class="bar name">
        <h1>{calledBy(device)}</h1>
        <button
          ref={button}
          type="button"
          class="quiet"
          disabled={!mayOperate.value}
          title={mayOperate.value ? undefined : onlyLooks}
          onClick={() => setChanging(true)}
        >
          Rename
        </button>
      </div>
    );
  }
  return (
    <form class="bar name" onSubmit={submit} onKeyDown={(event) => event.key === "Escape" && end()}>
      <input
        name="name"
        aria-label="Name"
        maxLength={128}
        autocomplete="off"
        placeholder={device.deviceKey}
        defaultValue={device.name ?? ""}
        aria-invalid={fault !== undefined}
        ref={(input) => {
          if (input !== null && input.dataset.begun === undefined) {
            input.dataset.begun = "";
            input.select();
          }
        }}
      />
      <button class="primary">Save</button>
      <button type="button" onClick={end}>
        Cancel
      </button>
      {fault !== undefined && (
        <p class="bad" role="alert">
          {fault}
        </p>
      )}
    </form>
  );
}
