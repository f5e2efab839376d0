/**
 * What waits for the cloud's acknowledgement: readings, and messages that the application sends.
 */
import type { ThingValues } from "../model/thing";

/** How one reading is put on the wire. */
export type ReadingFormat = "raw" | "compact" | "json";

/** What became of a message that the application sent. */
export type Completion =
  /** EnOS has taken the message; `data` is its answer, such as the attributes asked for. */
  | { readonly kind: "accepted"; readonly data: Readonly<Record<string, unknown>> }
  /** EnOS refused the message for good, or it was not as the model says and was not sent. */
  | { readonly kind: "refused"; readonly reason: string; readonly enosCode?: number }
  /** The message was given up to make room for a later entry. */
  | { readonly kind: "dropped" };

/** What readings and messages have in common. */
interface Waiting {
  /** 0 to 2^32 - 1, unique among the entries of this device: the cloud recognises a second delivery by it. */
  readonly id: number;
  /** When the entry was taken, ms on the device's monotonic clock; -Infinity when that was before this boot. */
  readonly takenAt: number;
  /**
   * When the entry was taken, epoch ms. Once known it never changes, because the cloud may know the reading
   * by its time already.
   */
  time: number | undefined;
  /** Address in the journal; undefined for an entry that is in RAM alone. */
  address?: number;
  /** Requests with several readings, this one the first, that the server has answered and not taken. */
  refusedFirst?: number;
}

/** One reading from the moment it was taken. */
export interface Reading extends Waiting {
  readonly kind: "reading";
  readonly values: ThingValues;
  readonly format: ReadingFormat;
  /** The reading was sent under its own id, or refused together with others: from now on it is sent alone. */
  sentAlone?: boolean;
  /** The reading was sent together with others, with its time: from now on it is never sent without. */
  sentWithTime?: boolean;
}

/** One message of the application's, in JSON. */
export interface Message extends Waiting {
  readonly kind: "message";
  /** Topic below the device's root. */
  readonly topic: string;
  readonly params: Readonly<Record<string, unknown>> | readonly unknown[];
  /** The time goes into `params`, once the device has a wall clock. */
  readonly timed: boolean;
  readonly done: ((how: Completion) => void) | undefined;
  /**
   * Kept in RAM alone, for a restart ends its use: whoever asked a question is gone then, and the firmware's
   * version may be another one.
   */
  readonly volatile: boolean;
  /** The device says the same again after deep sleep, so it may be lost with RAM. */
  readonly toldAgain?: boolean;
}

export type Entry = Reading | Message;
