/** What the console is told, one after the other: types that its server and its page share. */
import type { Purpose } from "../enos/purpose";
import type { CloudEvent } from "../events";
import type { Outcome } from "./outcome";

/** One datagram, read. What follows `hex` is there where it is CoAP and there is something to say. */
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
  readonly type?: "CON" | "NON" | "ACK" | "RST";
  /** As RFC 7252 writes it, such as `0.02` and `4.01`. */
  readonly code?: string;
  /** The code's name, such as `POST` and `Unauthorized`. */
  readonly codeName?: string;
  readonly messageId?: number;
  /** CoAP's token, in hexadecimal: it ties an answer to its request. */
  readonly exchange?: string;
  /** The request's path, also in its answer. */
  readonly path?: string;
  /** What the request is about, also in its answer. */
  readonly about?: Purpose;
  /** How often the same bytes went the same way before: a retransmission, a copy, or a kept answer that is sent again. */
  readonly again?: number;
}

type MessageEntry = Message & { readonly kind: "message"; readonly number: number };

/** A message that is kept, with what became of it. */
export interface KeptMessage extends Omit<Message, "id"> {
  /** Of its entry. */
  readonly number: number;
  readonly outcome: readonly Outcome[];
  /** Outcomes that are not in the list, for there are too many. */
  readonly moreOutcomes?: number;
}

export interface EventEntry {
  readonly kind: "event";
  readonly number: number;
  readonly at: number;
  readonly event: CloudEvent;
  /** How many of a reading's measure points are not in `event`, so that no entry is too long. */
  readonly leftOut?: number;
  /** Number of the message that brought it. */
  readonly message?: number;
}

export type FeedEntry = MessageEntry | EventEntry;
