/**
 * What waits for the cloud's acknowledgement: readings, and messages that the application sends.
 */
import type { ThingValues } from "../model/thing";
import type { Completion } from "./application";
import type { Format } from "./settings";

/** How one reading is put on the wire. */
export type ReadingFormat = Exclude<Format, "alternate">;

/** One reading from the moment it was taken. */
export interface Reading {
  readonly kind: "reading";
  /** 0 to 2^32 - 1, unlike every other of this device's: a second delivery is recognised by it. */
  readonly id: number;
  /** When it was taken, ms on the device's monotonic clock. */
  readonly takenAt: number;
  readonly values: ThingValues;
  readonly format: ReadingFormat;
  /** It was refused together with others, so it goes by itself from now on. */
  alone?: boolean;
}

/** One message of the application's, in JSON. */
export interface Message {
  readonly kind: "message";
  readonly id: number;
  readonly takenAt: number;
  /** Below the device's root. */
  readonly topic: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The time goes into `params`, once the device has a wall clock. */
  readonly timed: boolean;
  readonly done: ((how: Completion) => void) | undefined;
}

export type Entry = Reading | Message;
