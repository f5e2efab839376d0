/** What the console is told, one after the other: types that its server and its page share. */
import type { CloudEvent } from "../events";

/** One datagram, read. */
export interface Message {
  /** Counts up from 1. */
  readonly id: number;
  /** Epoch ms. */
  readonly at: number;
  readonly way: "up" | "down";
  readonly peer: string;
  /** Bytes. */
  readonly size: number;
  /** `productKey/deviceKey` where it is known: by the path, or by whom it answers. */
  readonly device?: string;
  readonly line: string;
  /** Name and value of each part; what is masked says so, and so does what is left out for its length. */
  readonly fields: readonly (readonly [string, string])[];
  /** Hexadecimal; two dots for a byte that is masked. */
  readonly hex: string;
}

export type MessageEntry = Message & { readonly kind: "message"; readonly number: number };

export interface EventEntry {
  readonly kind: "event";
  readonly number: number;
  readonly at: number;
  readonly event: CloudEvent;
  /** How many of a reading's measure points are not in `event`, so that no entry is too long. */
  readonly leftOut?: number;
}

export type FeedEntry = MessageEntry | EventEntry;
