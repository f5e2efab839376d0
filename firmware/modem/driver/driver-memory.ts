/**
 * What the driver keeps over the ESP32's deep sleep besides what the modem's own sleep needs: whether it leaves the
 * modem alone, until when and why, and how far back-off and resets have gone. Without it each wake would begin anew
 * with short pauses and gentle resets, and search for hours where there is no network.
 *
 *     mark | flags | due | pauses | calm from | what `Sleep.remembered` gave
 *
 * All of them are whole numbers; a time is ms of the monotonic clock, which goes on in deep sleep, -1 for never.
 */
import type { DownReason } from "./modem-log";

/** What the driver does with the modem while the board sleeps. */
export type RestingState =
  | "asleep" // nothing: the modem sleeps by itself, or will
  | "pausing" // leaves it alone, its radio off, until the next bring-up
  | "off"; // the same until `connect`, or it is switched off

/** What the retry policy keeps. */
export interface RetryMemory {
  /** Failures in a row that each kind of pause has grown by; the usual ones are those of the reset escalation. */
  readonly long: number;
  readonly doubtful: number;
  readonly breakdowns: number;
  readonly calmFrom: number;
  readonly cameUp: boolean;
  readonly broken: boolean;
}

/** What recovery keeps. */
export interface RecoveryMemory {
  /** Why the modem was given up last. */
  readonly reason: DownReason;
  /** Nothing on the UART answered. */
  readonly deaf: boolean;
  /** The modem is to be reset when it is next woken. */
  readonly resetDue: boolean;
}

/** All of it. */
export interface DriverMemory {
  readonly state: RestingState;
  /** When the pause is over, ms; Infinity for no pause. */
  readonly due: number;
  readonly retry: RetryMemory;
  readonly recovery: RecoveryMemory;
  /** Resets of a modem that was mute, since the cloud has answered last. */
  readonly mutes: number;
  /** The modem has been registered since its boot. */
  readonly knowsNetwork: boolean;
  /** It was asked for all that is asked once a boot. */
  readonly inquired: boolean;
  /** The driver has switched it off, and its key switches it on. */
  readonly switchedOff: boolean;
}

const mark = 1_001;
const length = 5;
const states: readonly RestingState[] = Object.freeze(["asleep", "pausing", "off"] as const);
const reasons: readonly DownReason[] = Object.freeze([
  "failed",
  "rebooted",
  "no-answer",
  "powered-off",
  "wrong-modem",
  "sim",
  "not-registered",
  "denied",
  "roaming",
  "suspended",
] as const);
/** Most of a count that is kept: from there on nothing grows any more. */
const most = 0x3f;

/** The numbers, in front of what the modem's own sleep keeps. */
export function encodeDriverMemory(memory: DriverMemory, sleep: readonly number[]): number[] {
  const { state, due, retry, recovery, mutes, knowsNetwork } = memory;
  const { deaf, resetDue } = recovery;
  const own = [memory.inquired, memory.switchedOff];
  const bits = [retry.cameUp, retry.broken, deaf, resetDue, knowsNetwork].concat(own);
  let flags = states.indexOf(state) | (reasons.indexOf(recovery.reason) << 2) | (count(mutes) << 6);
  for (let i = 0; i < bits.length; i++) if (bits[i]) flags |= 1 << (12 + i);
  const pauses = count(retry.long) | (count(retry.doubtful) << 6) | (count(retry.breakdowns) << 12);
  return [mark, flags, whole(due), pauses, whole(retry.calmFrom)].concat(sleep);
}

/** What `encodeDriverMemory` made, and what the modem's own sleep kept; undefined for anything else. */
export function decodeDriverMemory(
  numbers: readonly number[] | undefined,
): { readonly memory: DriverMemory; readonly sleep: readonly number[] } | undefined {
  if (numbers === undefined || numbers.length < length || numbers[0] !== mark) return undefined;
  const flags = numbers[1];
  const pauses = numbers[3];
  const state = states[flags & 3];
  const reason = reasons[(flags >> 2) & 15];
  if (state === undefined || reason === undefined) return undefined;
  const due = time(numbers[2], Infinity);
  const memory = {
    state,
    // A pause without an end would have the modem left alone for ever.
    due: state === "pausing" && due === Infinity ? 0 : due,
    retry: {
      long: pauses & most,
      doubtful: (pauses >> 6) & most,
      breakdowns: (pauses >> 12) & most,
      calmFrom: time(numbers[4], -Infinity),
      cameUp: (flags & (1 << 12)) !== 0,
      broken: (flags & (1 << 13)) !== 0,
    },
    recovery: { reason, deaf: (flags & (1 << 14)) !== 0, resetDue: (flags & (1 << 15)) !== 0 },
    mutes: (flags >> 6) & most,
    knowsNetwork: (flags & (1 << 16)) !== 0,
    inquired: (flags & (1 << 17)) !== 0,
    switchedOff: (flags & (1 << 18)) !== 0,
  };
  return { memory, sleep: numbers.slice(length) };
}

function count(value: number): number {
  return Math.min(value, most);
}

function whole(value: number): number {
  return value >= 0 && value < Infinity ? Math.ceil(value) : -1;
}

function time(value: number, never: number): number {
  return value >= 0 && value < Infinity ? value : never;
}
