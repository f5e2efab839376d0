/** What the console is told, one after the other: types that its server and its page share. */
import type { CloudEvent } from "../cloud/events";

/** One datagram, as the console shows it. */
export interface MessageEntry {
  readonly kind: "message";
  /** Counts up from 1. */
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
  readonly direction: "in" | "out";
  readonly peer: string;
  readonly text: string;
  /** Hexadecimal; two dots for a byte that is not shown. */
  readonly bytes: string;
  /** `productKey/deviceKey` where it is known: by the path, or by whom it answers. */
  readonly device?: string;
}

export interface EventEntry {
  readonly kind: "event";
  readonly number: number;
  readonly at: number;
  readonly event: CloudEvent;
}

export type FeedEntry = MessageEntry | EventEntry;
