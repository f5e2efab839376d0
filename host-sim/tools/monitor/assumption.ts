/** What a log does not tell, and what is taken for it: sizes as the simulated device has them, times as most modems do. */
import type { Coverage } from "../../sim/radio/link";

/** What the log does not tell, and what is taken for it. */
export interface Assumption {
  /**
   * For how long the network keeps a connection behind the last datagram of a contact, ms, where no `modem: asleep` has
   * told it: half a second where it heeds release assistance, else its inactivity timer.
   */
  readonly tail: number;
  /** A modem that has its supply starts, searches and registers with it, as most do by their makers' settings. */
  readonly ownStart: boolean;
  /** Size of datagrams as a share of what is usual. */
  readonly size: number;
  readonly coverage: Coverage;
  /** Requests are taken to have been sent again where their answer took long. */
  readonly repeats: boolean;
  /** ms that the processor computes for a start, and for each line of the log. */
  readonly start: number;
  readonly line: number;
}

/** Bytes of CoAP up and down that an exchange has, as the simulated device's have them. */
export const sizes = {
  auth: [148, 37],
  firmware: [226, 49],
  raw: [177, 15],
  compact: [152, 15],
  json: [330, 49],
  message: [220, 49],
  fetch: [133, 30],
  reply: [152, 9],
  ping: [4, 4],
} as const;
/** Bytes by which each further reading of a request makes it longer. */
export const further = { raw: 33, compact: 14, json: 140 } as const;

/** What its request is about, by the path that the meter knows it by. */
export const paths = {
  auth: ["auth", "PK", "DK"],
  report: ["topic", "sys", "PK", "DK", "thing", "model", "up_raw"],
  command: ["topic", "sys", "PK", "DK", "thing", "model", "down_raw"],
  ping: [],
} as const;

/** ms from the moment at which a request may be sent to the one at which the modem has it. */
export const handover = 200;
/** The network's inactivity timer, for which a connection lasts while more is to come, ms: 20 s mostly. */
export const inactivity = 20_000;
/** Tails of which the usual one is taken. */
export const tailsKept = 32;
/** T3324 where the log does not tell it: the firmware's own setting, ms. */
export const usualActive = 2_000;
/** Start and search of a modem by itself, ms. */
export const ownStart = { boot: 3_500, search: 8_000 } as const;
/** No exchange takes longer: what began before that has another beginning, ms. */
export const longestExchange = 105_000;
/** How long one takes whose beginning nothing tells, ms. */
export const usualExchange = 3_000;
/**
 * Without an answer by then a request goes out again, and for the last time, ms: by the coverage level, as the firmware
 * learns how long its answers take.
 */
export const retransmissions = [
  [9_500, 30_000],
  [13_000, 38_000],
  [17_000, 48_000],
] as const;
/** From `modem: identified` to the search for a cell: card and settings come first, ms. */
export const settingUp = 4_000;
/** No modem takes longer to start, ms: where more passes, it was tried again. */
export const longestWake = 10_000;
/** The board sleeps so long after the last that came from outside, ms. */
export const quietBeforeSleep = 120;
/** From power or a wake to the first line, ms. */
export const booting = { "deep sleep": 150, other: 500 } as const;
