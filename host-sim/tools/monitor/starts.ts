/**
 * Starts of the board in its log, and whether each was a wake from deep sleep. The firmware does not say that it falls
 * asleep, nor that it wakes; where the chip's own line about its reset cannot be read, the lines around tell it.
 */
import type { HeardLine } from "./board-log";

/** One start. */
export interface Start {
  /** Place of the first line that belongs to it. */
  readonly first: number;
  /** ms */
  readonly time: number;
  readonly cause: "deep sleep" | "other";
}

/** Lines of the firmware that stand before `agent: start` at a start. */
const before: ReadonlySet<string> = new Set([
  "agent woke without its memory",
  "journal open",
  "journal none",
  "journal no partition",
  "board note",
  "setting unknown",
  "setting in vain",
  "setting in vain without",
  "memory failed",
  "start recovered",
  "start safe",
]);
/** No start takes longer from its first line to `agent: start`, ms. */
const longestStart = 5_000;
/** Nothing shorter is a sleep, ms. */
const shortestSleep = 1_000;
/** A wake may come so much later than was said, as a share of the sleep, and ms. */
const drift = 0.06;
const late = 15_000;

/** All starts, in order. */
export function startsIn(lines: readonly HeardLine[]): Start[] {
  const starts: Start[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].event?.kind !== "agent start") continue;
    let first = i;
    while (first > 0 && belongs(lines[first - 1], lines[i].time)) first -= 1;
    starts.push({ first, time: lines[first].time, cause: causeOf(lines, first, i) });
  }
  return starts;
}

function belongs(line: HeardLine, start: number): boolean {
  if (start - line.time > longestStart) return false;
  return line.event === undefined ? line.kind !== "unknown" : before.has(line.event.kind);
}

function causeOf(lines: readonly HeardLine[], first: number, start: number): Start["cause"] {
  const reset = lines.slice(first, start).find((line) => line.reset !== undefined)?.reset;
  if (reset !== undefined) return reset === "deep-sleep" ? "deep sleep" : "other";
  if (lines.slice(first, start).some(({ event }) => event?.kind === "agent woke without its memory")) {
    return "deep sleep";
  }
  const idle = idleBefore(lines, first);
  if (idle === undefined) return "other";
  const slept = lines[first].time - idle.time;
  const { next } = idle;
  if (slept < shortestSleep || slept > next * (1 + drift) + late) return "other";
  // A start with power or after a restart waits before it uses the network, and knows no session.
  for (let i = start + 1; i < Math.min(lines.length, start + 12); i++) {
    const kind = lines[i].event?.kind;
    if (kind === "session resumed") return "deep sleep";
    if (kind === "agent waits" || kind === "session authenticating" || kind === "agent start") break;
  }
  return slept > next * (1 - drift) - late && next !== Infinity ? "deep sleep" : "other";
}

/** Lines behind `agent: idle` that change nothing of it. */
const mostBehind = 8;
/** What may still come when the device has nothing more to do. */
const behindIdle: ReadonlySet<string> = new Set([
  "coap discarded",
  "modem note",
  "modem asleep",
  "socket error",
]);

/** The device had nothing to do when line `i` came: since when (ms), and for how long it meant to, ms. */
export function idleBefore(
  lines: readonly HeardLine[],
  i: number,
): { readonly time: number; readonly next: number } | undefined {
  for (let j = i - 1; j >= Math.max(0, i - mostBehind); j--) {
    const { event, time } = lines[j];
    if (event?.kind === "agent idle") return { time, next: event.next ?? Infinity };
    if (event !== undefined && !behindIdle.has(event.kind)) return undefined;
  }
  return undefined;
}
