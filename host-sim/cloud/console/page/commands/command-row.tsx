/** One command in the list: what it does, how it stands, and what came of it. */
import { useRef } from "preact/hooks";
import { ago, clock } from "../../../page/words";
import { mayOperate, onlyLooks } from "../access";
import { now } from "../connection";
import { isOver, statusTones, statusWords } from "./command";
import { sentenceOf } from "./life";
import { isObject } from "../../../json";
import { memberWords, outputsOf, titleOf, valueWords } from "./value-words";
import type { Model } from "../../../../model/model";
import type { Command, Tone } from "./command";

/** CSS pixels of a row that is not open. */
export const rowHeight = 60;

const marks: Readonly<Record<Tone, string>> = { waiting: "○", running: "◐", good: "●", bad: "✕", over: "–" };

export function CommandRow(props: {
  readonly command: Command;
  readonly model: Model | undefined;
  readonly ahead: number;
  readonly isOnline: boolean;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
  /** undefined: no form makes such a one. */
  readonly onAgain: (() => void) | undefined;
  readonly onRevoke: () => void;
}) {
  const { command, model, ahead, isOnline, isOpen, onOpen, onAgain, onRevoke } = props;
  const toggle = useRef<HTMLButtonElement>(null);
  const { id, status, createdAt, data } = command;
  const title = titleOf(command, model);
  const tone = statusTones[status];
  const isTold = isObject(data) ? Object.keys(data).length > 0 : data !== undefined && data !== "";
  const carried = !isTold
    ? ""
    : isObject(data)
      ? memberWords(data, outputsOf(command, model))
      : valueWords(data);
  const sentence = sentenceOf(command, { ahead, now: now.value, isOnline });
  return (
    <div class={`command-row ${isOpen ? "open" : ""}`} data-command={id} data-status={status}>
      <button type="button" ref={toggle} class="command-toggle" aria-expanded={isOpen} onClick={onOpen}>
        <span class={`life-status ${tone}`}>
          <span aria-hidden="true">{marks[tone]}</span>
          <span class="status-word">{statusWords[status]}</span>
        </span>
        <span class="command-what">
          <strong>{title.what}</strong>
          {title.with !== "" && <span class="command-with">{title.with}</span>}
        </span>
        <span
          class={`command-life ${tone === "bad" ? "bad" : "dim"}`}
          title={`${sentence} ${carried}`.trim()}
        >
          {sentence}
          {carried !== "" && <span class="command-carried">{carried}</span>}
        </span>
      </button>
      <span class="command-side">
        <time class="dim" dateTime={new Date(createdAt).toISOString()} title={clock(createdAt)}>
          {ago(createdAt, now.value)}
        </time>
        {!isOver(command) && status === "pending" && (
          <button
            type="button"
            disabled={!mayOperate.value}
            title={mayOperate.value ? undefined : onlyLooks}
            aria-label={`Revoke command ${id}`}
            onClick={() => {
              // The button goes with what it does: who works with the keyboard goes on from the same command.
              toggle.current?.focus();
              onRevoke();
            }}
          >
            Revoke
          </button>
        )}
        {onAgain !== undefined && (
          <button type="button" class="quiet" aria-label={`Use again command ${id}`} onClick={onAgain}>
            Use again
          </button>
        )}
      </span>
    </div>
  );
}
