/** How long a command waits for its device, and how long for the reply: EnOS's pendingTtl and responseTimeout. */
import { useId } from "preact/hooks";
import { span } from "../../../page/words";
import { longestTimes } from "./prepared";
import type { Times } from "./prepared";

const waits: readonly (readonly [seconds: number, words: string])[] = [
  [0, "not at all: only if it is online"],
  [600, "10 min"],
  [3_600, "1 h"],
  [21_600, "6 h"],
  [86_400, "1 d"],
  [172_800, "2 d, the longest"],
];

/** @param fault what is wrong with one of them */
export function TimesFields(props: {
  readonly times: Times;
  /** As typed; a wrong one is not in `times`. */
  readonly reply: string;
  readonly faults: { readonly wait?: string; readonly reply?: string };
  readonly onWait: (seconds: number) => void;
  readonly onReply: (text: string) => void;
}) {
  const { times, faults } = props;
  const wait = useId();
  const reply = useId();
  const isListed = waits.some(([seconds]) => seconds === times.wait);
  return (
    <div class="times-fields">
      <div class="value-field">
        <div class="value-label">
          <label for={wait}>Waits for the device</label>
          <code class="dim">pendingTtl</code>
        </div>
        <select
          id={wait}
          value={String(times.wait)}
          aria-describedby={`${wait}-about`}
          aria-invalid={faults.wait !== undefined}
          onChange={(event) => props.onWait(Number(event.currentTarget.value))}
        >
          {waits.map(([seconds, words]) => (
            <option key={seconds} value={String(seconds)}>
              {words}
            </option>
          ))}
          {!isListed && <option value={String(times.wait)}>{span(times.wait * 1000)}</option>}
        </select>
        <span id={`${wait}-about`} class={faults.wait === undefined ? "hint" : "bad field-fault"}>
          {faults.wait ?? "it goes with the device's next contact"}
        </span>
      </div>
      <div class="value-field">
        <div class="value-label">
          <label for={reply}>Time for the reply</label>
          <code class="dim">responseTimeout</code>
        </div>
        <span class="with-unit">
          <input
            id={reply}
            type="text"
            inputMode="numeric"
            autocomplete="off"
            class="number-input"
            value={props.reply}
            aria-describedby={`${reply}-about`}
            aria-invalid={faults.reply !== undefined}
            onInput={(event) => props.onReply(event.currentTarget.value)}
          />
          <span class="dim">s</span>
        </span>
        <span id={`${reply}-about`} class={faults.reply === undefined ? "hint" : "bad field-fault"}>
          {faults.reply ?? `once it is sent, 1 to ${longestTimes.reply}`}
        </span>
      </div>
    </div>
  );
}

/** The seconds that a text says for the reply; undefined for a wrong one. */
export function replySeconds(text: string): number | undefined {
  const seconds = /^\d{1,3}$/.test(text.trim()) ? Number(text) : 0;
  return seconds >= 1 && seconds <= longestTimes.reply ? seconds : undefined;
}
