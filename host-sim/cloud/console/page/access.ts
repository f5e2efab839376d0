/** What this reader may do: operate, or with a reader's token only look. What changes something is greyed by it. */
import { effect, signal } from "@preact/signals";
import { call } from "./api";
import { connection, generation } from "./connection";

/** False with a reader's token: the API refuses whatever is no reading. */
export const mayOperate = signal(true);

/** Says why on what is greyed. */
export const onlyLooks = "This token may look and change nothing.";

/** Asks anew whenever the page has connected, for another token may do something else. */
export function beginAccess(): void {
  effect(() => {
    void generation.value;
    if (connection.value.state !== "live") return;
    call<{ access: "operate" | "read" }>("/status")
      .then(({ access }) => (mayOperate.value = access === "operate"))
      // The connection's own note says what is wrong.
      .catch(() => undefined);
  });
}
