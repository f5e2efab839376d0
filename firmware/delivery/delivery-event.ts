/**
 * What happens to readings and messages on their way to the cloud, for the device's log: `device/log.ts` words
 * it. Times are ms.
 */
import type { LossReason } from "../journal/journal";

/** An event of the uploader or of its queue. Holds no values and no secrets. */
export type DeliveryEvent =
  /** The cloud has a reading; `after`: since it was taken. */
  | { readonly kind: "report acknowledged"; readonly id: number; readonly after: number }
  | { readonly kind: "message acknowledged"; readonly id: number; readonly topic: string }
  /** A request came to nothing and is tried again after `retry`; `readings` when it has several. */
  | {
      readonly kind: "report kept";
      readonly id: number;
      readonly readings?: number;
      readonly reason: string;
      readonly retry: number;
      readonly waiting: number;
    }
  | {
      readonly kind: "message kept";
      readonly id: number;
      readonly topic: string;
      readonly reason: string;
      readonly retry: number;
      readonly waiting: number;
    }
  /** Several readings were refused at once: each is sent by itself from now on. */
  | { readonly kind: "report apart"; readonly id: number; readonly readings: number; readonly reason: string }
  /** Given up: the cloud would refuse it again, or it cannot be sent at all. */
  | { readonly kind: "report refused"; readonly id: number; readonly reason: string }
  | {
      readonly kind: "message refused";
      readonly id: number;
      readonly topic: string;
      readonly reason: string;
    }
  /** Lost on the device. */
  | { readonly kind: "report dropped" | "message dropped"; readonly id: number; readonly reason: DropReason }
  /** The server has no such topic: readings go without it. */
  | { readonly kind: "report without"; readonly topic: string }
  /** The journal was read at start, or anew after its flash had failed. */
  | {
      readonly kind: "journal open";
      readonly waiting: number;
      readonly damaged?: number;
      readonly mended?: number;
    }
  /** There is no journal, and what follows from that, or why. */
  | { readonly kind: "journal none"; readonly reason: string }
  | { readonly kind: "journal failed"; readonly reason: string }
  /** Readings of earlier boots were given times that are a guess. */
  | { readonly kind: "journal dated"; readonly estimated: number }
  /** A message's callback was let go, for want of room: the message is still sent. */
  | { readonly kind: "journal callback forgotten" }
  /** An exception in the application's code, which was caught. */
  | { readonly kind: "fault"; readonly text: string };

/** Why an entry was lost without anybody refusing it: `full` where the store had no room. */
type DropReason = Exclude<LossReason, "dropped"> | "full" | "unreadable";
