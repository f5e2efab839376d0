/**
 * What is asked of a session: one request, and who hears how it came out.
 */
import type { OptionBlock } from "../coap/option";
import type { PublishOutcome } from "./outcome";

/** A request of the session's: what is sent once it is authenticated. */
export interface Publication {
  readonly code?: number;
  /** Uri-Path and Content-Format, see `pathOptions`. */
  readonly path: OptionBlock;
  readonly payload?: Uint8Array;
  /** It answers a command: what rides back on its response counts against `downlinkLimit`. */
  readonly answer?: boolean;
  /** Called exactly once. */
  readonly onComplete: (outcome: PublishOutcome, now: number) => void;
}
