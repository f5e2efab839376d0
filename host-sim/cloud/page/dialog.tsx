/** Dialogs over the page: forms, and what is dangerous asks. Escape closes, and the focus goes back to where it was. */
import { useLayoutEffect, useId, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

interface DialogProps {
  readonly title: string;
  /** On the button that does it. */
  readonly action: string;
  /** The action takes something away that cannot be had back. */
  readonly isDangerous?: boolean;
  /** It tells something: there is nothing to cancel. */
  readonly isNotice?: boolean;
  /** Its caller puts something else in its place when the action is done. */
  readonly staysOpen?: boolean;
  /** Done when it ends; what it throws is shown in the dialog, which stays open. */
  readonly onAction: (form: FormData) => Promise<void>;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

/** A dialog that is open as long as it is there. */
export function Dialog(props: DialogProps) {
  const { title, action, isDangerous, isNotice, staysOpen, onAction, onClose, children } = props;
  const element = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const heading = useId();
  // At once: what is typed meanwhile would go to the page below.
  useLayoutEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      // Once it is out of the document: until then nothing behind it takes the focus.
      queueMicrotask(() => {
        if (before instanceof HTMLElement && before.isConnected) before.focus();
      });
    };
  }, []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    setFault(undefined);
    try {
      await onAction(new FormData(form));
      if (staysOpen !== true) onClose();
    } catch (error) {
      setFault(atItsField(error instanceof Error ? error.message : String(error), form));
      setBusy(false);
    }
  };
  return (
    <dialog ref={element} aria-labelledby={heading} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={heading}>{title}</h2>
        {children}
        {fault !== undefined && (
          <p class="note bad-note" role="alert">
            {fault}
          </p>
        )}
        <div class="actions">
          {isNotice !== true && (
            <button type="button" onClick={onClose}>
              Cancel
            </button>
          )}
          <button class={isDangerous === true ? "danger" : "primary"} disabled={isBusy}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** The API's `body.deviceKey: expected …` by the field's own name, and the focus in that field. */
function atItsField(message: string, form: HTMLFormElement): string {
  const [start, name] = /^body\.(\w+): /.exec(message) ?? [];
  const field = name === undefined ? null : form.elements.namedItem(name);
  if (start === undefined || !(field instanceof HTMLInputElement)) return message;
  field.focus();
  const label = field.labels?.[0]?.querySelector("span")?.textContent ?? name;
  return `${label.split(",")[0]}: ${message.slice(start.length)}`;
}
