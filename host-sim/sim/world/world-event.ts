/**
 * What happens in a world, as whoever looks on is told it: one stream, in order of time.
 */
import type { CloudEvent } from "../../cloud/cloud";
import type { ModemEvent } from "../modem/modem-event";
import type { HostileEvent } from "../radio/hostile-path";
import type { DatagramReport } from "../radio/link";

/** Something that happened, with its virtual time in ms. */
export type WorldEvent = { readonly time: number } & (
  | { readonly source: "device"; readonly text: string }
  | { readonly source: "at"; readonly direction: "host" | "modem"; readonly text: string }
  | { readonly source: "modem"; readonly event: ModemEvent }
  | {
      readonly source: "air";
      readonly report: DatagramReport;
      /** A retransmission, where somebody has kept count. */
      readonly again?: boolean;
    }
  | { readonly source: "cloud"; readonly event: CloudEvent }
  /** Somebody who is neither the device nor its cloud did something. */
  | { readonly source: "hostile"; readonly event: HostileEvent }
  /**
   * The board lost its power, got it back, started anew by itself, slept deeply, or sleeps lightly while it waits.
   * "starting": the chip has power, and its loader and runtime start; "power on", "started" and "awake" are the first
   * line of the firmware after it.
   */
  | {
      readonly source: "board";
      readonly what:
        | "power lost"
        | "starting"
        | "power on"
        | "started"
        | "restarted"
        | "asleep"
        | "awake"
        /** Its processor sleeps while it waits, and memory, pins and UART stay as they are; or no longer. */
        | "light sleep"
        | "light sleep over";
      readonly text: string;
    }
  /**
   * The boot loader of a board with slots has started an image: the one that ran before, or another; or no slot holds one
   * that can start, and the board starts no more.
   */
  | {
      readonly source: "slots";
      readonly what: "same" | "other" | "no image";
      /** -1 for none. */
      readonly slot: number;
      /** By the image's own description; empty for none. */
      readonly version: string;
    }
  /** The board computes from `time` to `time + ms`: `compute` steps of XS, and what it stood still meanwhile. */
  | {
      readonly source: "processor";
      /** Which kind of turn it is. */
      readonly kind: string;
      readonly compute: number;
      readonly ms: number;
    }
);
