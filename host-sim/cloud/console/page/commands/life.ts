/** The life of a command as people read it: a line of its steps, and one sentence of how it stands. */
import { clock, span } from "../../../page/words";
import { codeWords } from "./command";
import type { Command } from "./command";

/** One step of something that goes on by steps: a command, or an upgrade. */
export interface Step {
  readonly label: string;
  /** When it was done, epoch ms; undefined: it is not. */
  readonly at?: number;
  readonly state: "done" | "now" | "todo" | "bad";
  readonly note?: string;
}

/** What besides the command decides what it waits for. */
export interface Around {
  /** Commands that stand before it. */
  readonly ahead: number;
  /** Epoch ms. */
  readonly now: number;
  readonly isOnline: boolean;
}

/** Its steps, those behind it first. */
export function stepsOf(command: Command, around: Around): Step[] {
  const { status, createdAt, offeredAt, offers, uplink, fetchedAt, sentAt, answeredAt, late } = command;
  const on = uplink === undefined ? undefined : `on the answer to ${uplink}`;
  const steps: Step[] = [{ label: "queued", at: createdAt, state: "done" }];
  const wasAnnounced = offeredAt !== undefined && (fetchedAt !== undefined || sentAt === undefined);
  if (wasAnnounced) {
    const times = offers > 1 && fetchedAt === undefined ? `, ${offers} times by now` : "";
    steps.push({ label: "announced", at: offeredAt, state: "done", note: `${on ?? ""}${times}` });
  }
  if (fetchedAt !== undefined) steps.push({ label: "fetched", at: fetchedAt, state: "done" });
  else if (sentAt !== undefined) {
    const again = offers > 1 ? `, ${offers} times` : "";
    steps.push({ label: "sent", at: sentAt, state: "done", note: `${on ?? ""}${again}` });
  } else if (status === "pending") {
    const label = wasAnnounced ? "to be fetched" : "to be sent";
    steps.push({ label, state: "now", note: waitingWords(command, around) });
    steps.push({ label: "answered", state: "todo" });
  }
  if (status === "sent") {
    steps.push({ label: "answered", state: "now", note: untilWords(command.deadline, around.now) });
  } else if (answeredAt !== undefined) {
    const took = sentAt === undefined ? "" : ` after ${span(answeredAt - sentAt)}`;
    const state = status === "success" ? "done" : "bad";
    steps.push({ label: `answered ${command.code ?? ""}`, at: answeredAt, state, note: took.trim() });
  } else if (command.endedAt !== undefined) {
    const state = status === "revoked" ? "done" : "bad";
    steps.push({ label: endWords[status] ?? status, at: command.endedAt, state, note: endNote(command) });
  }
  if (late !== undefined) {
    steps.push({ label: `late reply ${late.code}`, at: late.at, state: "bad", note: lateWords(command) });
  }
  return steps;
}

const endWords: Readonly<Record<string, string>> = {
  "timed-out": "timed out",
  expired: "expired",
  revoked: "revoked",
  failed: "failed",
};

/** How it stands, in one sentence without its full stop. */
export function sentenceOf(command: Command, around: Around): string {
  const { status, sentAt, answeredAt, fetchedAt, uplink, code, message } = command;
  switch (status) {
    case "pending": {
      const told =
        command.offeredAt === undefined
          ? ""
          : `announced ${span(Math.max(0, around.now - command.offeredAt))} ago, not fetched yet; `;
      return told + waitingWords(command, around);
    }
    case "sent": {
      const how =
        fetchedAt !== undefined ? "fetched" : `sent${uplink === undefined ? "" : ` with ${uplink}`}`;
      const ago = span(Math.max(0, around.now - sentAt!));
      return `${how} ${ago} ago, waits for the reply ${untilWords(command.deadline, around.now)}`;
    }
    case "success":
    case "failed": {
      if (code === undefined) return message ?? "it was not sent";
      const took =
        answeredAt === undefined || sentAt === undefined ? "" : ` after ${span(answeredAt - sentAt)}`;
      return `${codeWords(code)}${took}${message === undefined || message === "" ? "" : `: ${message}`}`;
    }
    default: {
      const late = command.late === undefined ? "" : `; ${lateWords(command)}`;
      return endNote(command) + late;
    }
  }
}

/** For what a command waits that has not been sent, for how long it has, and until when. */
function waitingWords(
  { createdAt, deadline, pendingTtl }: Command,
  { ahead, now, isOnline }: Around,
): string {
  const forWhat =
    ahead > 0
      ? `waits behind ${ahead === 1 ? "one other" : `${ahead} others`}`
      : pendingTtl === 0
        ? "goes with the next answer to the device"
        : `waits for the device's next contact${isOnline ? "" : ", which is offline"}`;
  return `${forWhat}, for ${span(Math.max(0, now - createdAt))} by now, ${untilWords(deadline, now)}`;
}

/** `until 14:03:22 (27 s left)`. */
function untilWords(deadline: number | undefined, now: number): string {
  if (deadline === undefined) return "";
  const left = deadline - now;
  return `until ${timeOfDay(deadline, now)}${left > 0 ? ` (${span(left)} left)` : ""}`;
}

/** Why it ended without a reply. */
function endNote({
  status,
  sentAt,
  createdAt,
  endedAt,
  pendingTtl,
  responseTimeout,
  message,
}: Command): string {
  switch (status) {
    case "timed-out":
      return sentAt === undefined
        ? `the device did not speak within ${span(responseTimeout * 1000)}`
        : `no reply within ${span(responseTimeout * 1000)}`;
    case "expired":
      return `not sent within ${span(pendingTtl * 1000)}`;
    case "revoked":
      return `withdrawn ${endedAt === undefined ? "" : `${span(endedAt - createdAt)} after it was queued`}`.trim();
    default:
      return message ?? "";
  }
}

function lateWords({ late, endedAt }: Command): string {
  if (late === undefined) return "";
  const after =
    endedAt === undefined || late.at <= endedAt ? " too late" : ` ${span(late.at - endedAt)} too late`;
  return `a reply came${after}: ${codeWords(late.code)}`;
}

/** The time of day where that says enough, else with its date. Both epoch ms. */
export function timeOfDay(at: number, now: number): string {
  const text = clock(at);
  return text.slice(0, 10) === clock(now).slice(0, 10) ? text.slice(11) : text;
}
