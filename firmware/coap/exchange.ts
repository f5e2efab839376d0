/**
 * What a caller of the endpoint hands in and gets back, in both roles.
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
  /** Default true. A non-confirmable request is sent once; it may get lost without anybody noticing. */
  readonly confirmable?: boolean;
  /** Options encoded beforehand, such as the Uri-Path. */
  readonly fixed?: OptionBlock;
  /**
   * Further options in ascending order. A function is asked anew for each block of a body that goes in
   * several, for options such as a signature that no two requests may share.
   */
  readonly options?: readonly Option[] | (() => readonly Option[]);
  /**
   * The body; one that is too long for a datagram goes in blocks (RFC 7959). It is not copied: leave it
   * alone until `onComplete`.
   */
  readonly payload?: Uint8Array;
  /** Called exactly once, with the time (ms) at which the exchange ended. */
  readonly onComplete: (outcome: Outcome, now: number) => void;
}

/**
 * How an exchange ended. A response of any code is a `response`; everything else tells why there
 * was none:
 * - `timeout`: no acknowledgement after the last retransmission (at MAX_TRANSMIT_WAIT at the latest)
 * - `no-response`: acknowledged, or sent non-confirmable, but the response did not come by
 *   MAX_TRANSMIT_WAIT (after a non-confirmable request that PROBING_RATE keeps longer, by then)
 * - `reset`: the server answered with RST, it cannot or will not process the message
 * - `too-large`: the message is longer than the endpoint may send, in blocks or not
 * - `queue-full`: as many requests wait as may
 * - `block-fault`: the server broke the rules of block-wise transfer, or changed the body meanwhile
 * - `body-too-large`: the response's body is longer than this endpoint takes in; nothing of it is kept
 * - `cancelled`: by the caller, or the endpoint was closed
 *
 * `discarded` names the last datagram from the server that looked meant for this exchange and was
 * thrown away: the first place to look when a server answers and the device does not hear it.
 */
export type Outcome =
  | { readonly kind: "response"; readonly message: Message }
  | { readonly kind: Failure; readonly discarded?: Discard };

/** Why there is no response; see `Outcome`. */
export type Failure =
  | "timeout"
  | "no-response"
  | "reset"
  | "too-large"
  | "queue-full"
  | "block-fault"
  | "body-too-large"
  | "cancelled";

/** Why a received datagram was thrown away without being delivered. */
export type Discard =
  | "malformed"
  | "unexpected" // nothing is waiting for it
  | "token-mismatch" // the message id is right, the token is not
  | "critical-option" // it carries a critical option that is not understood
  | "request" // this endpoint serves nothing, or not that
  | "duplicate" // processed before, or being processed
  | "overload" // more requests at work than the endpoint holds
  | "handler-failed"; // the application threw

/** An exchange under way, for whoever may want to end it early. */
export interface Exchange {
  /** Ends it; `onComplete` gets `cancelled`. A response that still comes is answered with RST. */
  cancel(now: number): void;
  /** How often the request, or any block of it, was sent again. */
  readonly retransmissions: number;
}

/** A request that somebody sent to this endpoint; all blocks of its body together. */
export interface IncomingRequest {
  /** Options that this endpoint cannot make sense of have been left out, RFC 7252 section 5.4. */
  readonly message: Message;
  readonly address: string;
  readonly port: number;
  /**
   * Answers it, now or later. Within `separateAfter` the answer rides on the acknowledgement, later it
   * goes out as a message of its own. Bodies too long for a datagram go in blocks.
   */
  respond(response: Response, now: number): Responded;
}

/** The answer to a request. */
export interface Response {
  /** Response code. */
  readonly code: number;
  /** In ascending order. */
  readonly options?: readonly Option[];
  readonly payload?: Uint8Array;
}

/**
 * What became of an answer: `sent` (or on its way), `answered` before, `too-large` (its options alone
 * fill a datagram: the peer gets 5.00), `no-message-id` (a non-confirmable one, at a rate at which ids
 * would come again too soon), `queue-full` (it comes so late that its request is forgotten, and as many
 * others as `remembered` are on their way: it is dropped) or `closed`.
 */
export type Responded = "sent" | "answered" | "too-large" | "no-message-id" | "queue-full" | "closed";
