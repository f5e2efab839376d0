/** What a button or a form of these tabs did, or why it did not: one line beside it. */
import { useState } from "preact/hooks";
import { reasonOf } from "../../../reason";

export interface Action {
  readonly isBusy: boolean;
  readonly said: { readonly text: string; readonly isFault: boolean } | undefined;
  /** Runs it; the text that it gives is said. */
  readonly run: (work: () => Promise<string>) => void;
}

export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState<Action["said"]>();
  const run = (work: () => Promise<string>): void => {
    setBusy(true);
    work()
      .then((text) => setSaid({ text, isFault: false }))
      .catch((error: unknown) => setSaid({ text: reasonOf(error, "it did not work"), isFault: true }))
      .finally(() => setBusy(false));
  };
  return { isBusy, said, run };
}
