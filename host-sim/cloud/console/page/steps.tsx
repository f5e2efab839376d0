/** A line of the steps of something that goes on: a command, an upgrade. */
import { clock } from "../../page/words";
import { now } from "./connection";
import { timeOfDay } from "./commands/life";
import type { Step } from "./commands/life";

const marks: Readonly<Record<Step["state"], string>> = { done: "●", now: "◐", todo: "○", bad: "✕" };
const spoken: Readonly<Record<Step["state"], string>> = {
  done: "done",
  now: "under way",
  todo: "to come",
  bad: "went wrong",
};

/** @param label what goes on, for who hears the page */
export function Steps({ label, steps }: { label: string; steps: readonly Step[] }) {
  return (
    <ol class="steps" aria-label={label}>
      {steps.map(({ label: what, at, state, note }, place) => (
        <li key={place} class={`step ${state}`}>
          <span class="step-mark" aria-hidden="true">
            {marks[state]}
          </span>
          <span class="step-what">
            {what}
            <span class="seen-by-readers">{`, ${spoken[state]}`}</span>
          </span>
          {at !== undefined && (
            <time class="step-at" dateTime={new Date(at).toISOString()} title={clock(at)}>
              {timeOfDay(at, now.value)}
            </time>
          )}
          {note !== undefined && note !== "" && <span class="step-note">{note}</span>}
        </li>
      ))}
    </ol>
  );
}
