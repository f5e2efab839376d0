/** The choice of time that this browser keeps, for other devices and for the next time. */
import { choices } from "./time-choice";
import type { Choice } from "./time-choice";

const stored = "enos-console-time";

/** The choice that is kept in this browser; undefined when none was made. */
export function keptChoice(): Choice | undefined {
  try {
    const value = localStorage.getItem(stored);
    return choices.find((each) => each === value);
  } catch {
    return undefined;
  }
}

/** Keeps it for other devices and for the next time. */
export function keepChoice(choice: Choice): void {
  try {
    localStorage.setItem(stored, choice);
  } catch {
    // It holds as long as the address does, then.
  }
}
