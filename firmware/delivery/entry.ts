/**
 * What waits for the cloud's acknowledgement: readings, and messages that the application sends.
 */
import type { ThingValues } from "../model/thing";

/** How one reading is put on the wire. */
export type ReadingFormat = "raw" | "compact" | "json";

/** How something that the application sent came out. */
export type Completion =
  /** EnOS took it; `data` is what it answered, such as the attributes asked for. */
  | { readonly kind: "accepted"; readonly data: Readonly<Record<string, unknown>> }
  /** EnOS, or the check against the model before anything was sent, refused it for good. */
  | { readonly kind: "refused"; readonly reason: string; readonly enosCode?: number }
  /** It made room for what came later. */
  | { readonly kind: "dropped" };

/** What readings and messages have in common. */
interface Waiting {
  /** 0 to 2^32 - 1, unlike every other of this device's: a second delivery is recognised by it. */
  readonly id: number;
  /** When it was taken, ms on the device's monotonic clock; -Infinity when that was before this boot. */
  readonly takenAt: number;
  /**
   * When it was taken, epoch ms. It never changes once it is known: the cloud may know the reading by
   * it already.
   */
  time: number | undefined;
  /** Where it is in the journal; undefined for what is kept in RAM alone. */
  address?: number;
}

/** One reading from the moment it was taken. */
export interface Reading extends Waiting {
  readonly kind: "reading";
  readonly values: ThingValues;
  readonly format: ReadingFormat;
  /** It was sent under its own id, or refused together with others: it goes by itself from now on. */
  sentAlone?: boolean;
  /** It was sent together with others, by its time: it never goes without it from now on. */
  sentWithTime?: boolean;
}

/** One message of the application's, in JSON. */
export interface Message extends Waiting {
  readonly kind: "message";
  /** Below the device's root. */
  readonly topic: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The time goes into `params`, once the device has a wall clock. */
  readonly timed: boolean;
  readonly done: ((how: Completion) => void) | undefined;
  /**
   * Kept in RAM alone, for a restart ends its use: whoever asked a question is gone then, and the firmware's
   * version may be another one.
   */
  readonly volatile: boolean;
}

export type Entry = Reading | Message;
