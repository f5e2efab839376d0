/**
 * What happens to readings and messages on their way to the cloud, for the device's log: `device/log.ts` words
 * it. Times are ms.
 */
import type { LossReason } from "../journal/journal";

/** An event of the uploader or of its queue. Holds no values and no secrets. */
export type DeliveryEvent =
  /** The cloud has a reading, `after` it was taken. */
  | { readonly kind: "report acknowledged"; readonly id: number; readonly after: number }
  | { readonly kind: "message acknowledged"; readonly id: number; readonly topic: string }
  /** A request was not accepted and is sent again after `retry`; `readings` when it has several. */
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
  /** A request with several readings was refused: each reading is sent alone from now on. */
  | { readonly kind: "report apart"; readonly id: number; readonly readings: number; readonly reason: string }
  /** An entry was given up, because the cloud would refuse it again or it cannot be sent at all. */
  | { readonly kind: "report refused"; readonly id: number; readonly reason: string }
  | {
      readonly kind: "message refused";
      readonly id: number;
      readonly topic: string;
      readonly reason: string;
    }
  /** An entry was lost on the device. */
  | { readonly kind: "report dropped" | "message dropped"; readonly id: number; readonly reason: DropReason }
  /** The server has no such topic: readings are sent to another. */
  | { readonly kind: "report without"; readonly topic: string }
  /** The journal was read at start. */
  | {
      readonly kind: "journal open";
      readonly waiting: number;
      readonly damaged?: number;
      readonly mended?: number;
    }
  /** There is no journal; `reason` says why, or what follows from that. */
  | { readonly kind: "journal none"; readonly reason: string }
  /** No block takes an entry. */
  | { readonly kind: "journal failed"; readonly reason: string }
  /**
   * A block of the journal has failed: it is left out from now on and its readings are elsewhere, they are out of
   * reach, within reach again, or lost with the block's header. `readings`: how many, where that is known.
   */
  | {
      readonly kind: "journal block";
      readonly block: number;
      readonly what: "left-out" | "unreadable" | "readable" | "lost";
      readonly readings?: number;
    }
  /** Readings of earlier boots were given times that are estimates. */
  | { readonly kind: "journal dated"; readonly estimated: number }
  /** The callback of a message was forgotten for want of room; the message is still sent. */
  | { readonly kind: "journal callback forgotten" }
  /** An exception in the application's code, which was caught. */
  | { readonly kind: "fault"; readonly text: string };

/** Why an entry was lost without anybody refusing it: `full` where the store had no room. */
type DropReason = Exclude<LossReason, "dropped"> | "full" | "unreadable";
