/**
 * What a session is asked to send.
 */
import type { OptionBlock } from "../coap/option";
import type { PublishOutcome } from "./outcome";

/** One request of a session, which authenticates first where needed, and the callback for its outcome. */
export interface Publication {
  readonly code?: number;
  /** Uri-Path and, where the server is told it in any case, Content-Format: see `pathOptions`. */
  readonly path: OptionBlock;
  /** Content-Format that only a server is told which asks for it: of bytes for a parsing script, 42. */
  readonly format?: number;
  readonly payload?: Uint8Array;
  /** The request answers a command: a command on its response counts against `downlinkLimit`. */
  readonly answer?: boolean;
  /** The request is sent in parts if it is too large, so that this is no reason to doubt the session. */
  readonly divisible?: boolean;
  /** Called exactly once. */
  readonly onComplete: (outcome: PublishOutcome, now: number) => void;
}
