/**
 * What a caller of the endpoint hands in and gets back.
 */
import type { Message } from "./message";
import type { Option, OptionBlock } from "./option";

/** A request to an endpoint of the network. */
export interface Request {
  /** IP address of the server, as the socket gives it back on received datagrams. */
  readonly address: string;
  readonly port: number;
  /** Method code. */
  readonly code: number;
  /** Options encoded beforehand, such as the Uri-Path. */
  readonly fixed?: OptionBlock;
  /** Further options in ascending order. */
  readonly options?: readonly Option[];
  readonly payload?: Uint8Array;
  /** Called exactly once, with the time (ms) at which the matter was settled. */
  readonly onComplete: (outcome: Outcome, now: number) => void;
}

/**
 * How an exchange ended. A response of any code is a `response`; everything else tells why there
 * was none:
 * - `timeout`: no acknowledgement after the last retransmission (MAX_TRANSMIT_WAIT)
 * - `no-response`: acknowledged, but the separate response did not come by MAX_TRANSMIT_WAIT
 * - `reset`: the server answered with RST, it cannot or will not process the message
 * - `too-large`: the message is longer than the endpoint may send
 * - `queue-full`: as many requests wait as may
 * - `cancelled`: by the caller, or the endpoint was closed
 *
 * `discarded` names the last datagram from the server that looked meant for this exchange and was
 * thrown away: the first place to look when a server answers and the device does not hear it.
 */
export type Outcome =
  | { readonly kind: "response"; readonly message: Message }
  | {
      readonly kind: "timeout" | "no-response" | "reset" | "too-large" | "queue-full" | "cancelled";
      readonly discarded?: Discard;
    };

/** Why a received datagram was thrown away without being delivered. */
export type Discard =
  | "malformed"
  | "unexpected" // nothing is waiting for it
  | "token-mismatch" // the message id is right, the token is not
  | "critical-option" // it carries a critical option that is not understood
  | "request" // this endpoint serves nothing
  | "duplicate"; // processed before

/** An exchange under way, for whoever may want to end it early. */
export interface Exchange {
  /** Ends it; `onComplete` gets `cancelled`. A response that still comes is answered with RST. */
  cancel(now: number): void;
  /** How often the request was sent again. */
  readonly retransmissions: number;
}
