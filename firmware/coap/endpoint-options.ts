/**
 * What an endpoint is made of and set to, and what it and its server's half want of each other: see `Endpoint`.
 */
import type { Deduplication, Received } from "./deduplication";
import type { Discard } from "./exchange";
import type { Message } from "./message";
import type { MessageLayer } from "./message-layer";
import type { Option } from "./option";
import type { OptionRule } from "./option-rules";
import type { Transmission } from "./transmission";

/** What an endpoint is set to, asks and tells. */
export interface EndpointOptions {
  /** Hands a datagram to the socket. The bytes are the endpoint's: copy what is kept. */
  readonly transmit: (datagram: Uint8Array, address: string, port: number) => void;
  /** Random number in [0, 1), as unpredictable as the device can. */
  readonly random: () => number;
  readonly transmission: Transmission;
  /** Longest datagram to send, bytes (default 1152, RFC 7252 section 4.6). */
  readonly maxDatagram?: number;
  /** Token length, bytes 1 to 8 (default 4, the least RFC 7252 section 5.3.1 suggests on the Internet). */
  readonly tokenLength?: number;
  /** First message id, to go on where the device left off before it slept; random without. */
  readonly messageId?: number;
  /** What `rtoState` gave before the device slept; anything that is not of that form is ignored. */
  readonly rtoState?: unknown;
  /** Options beyond RFC 7252, 7959 and 9175 that the application understands. */
  readonly understood?: readonly OptionRule[];
  /** Serves requests: `serverHalf({ onRequest })` of server-half.ts. Without it they are rejected. */
  readonly server?: ServerHalfMaker;
  /**
   * Requests under way or queued at once, over all peers, at least 1; one more ends as `queue-full`. The default,
   * 8 and at least NSTART + queueLimit, is more than a device with one server can have: who talks to many peers
   * sets what the memory holds.
   */
  readonly maxRequests?: number;
  /** Messages remembered to recognise duplicates, and separate responses at once, at least 1 (default 8). */
  readonly remembered?: number;
  /** Largest block of a body, bytes: 16, 32 ... 1024 (the default). */
  readonly blockSize?: number;
  /** Longest body to take in, either role, bytes (default 8192). */
  readonly maxBody?: number;
  /** See `BlockClientOptions` (default: with a `blockSize` below 1024). */
  readonly offerBlockSize?: boolean;
  /** Tokens of a body's blocks: each its own (default), or the same for all. */
  readonly blockToken?: "fresh" | "same";
  /** Smallest block of a body that a server may choose, bytes (default 16). */
  readonly leastBlock?: number;
  /** Of a socket that may give datagrams as one that came one behind the other; no other endpoint has the same. */
  readonly joined?: Joined;
  /** Left out, all may be sent that a peer's datagram asks for. */
  readonly guard?: Guard;
  /** Told of every datagram that is thrown away. */
  readonly onDiscard?: (reason: Discard, detail: string) => void;
}

/** Says what others may make the endpoint send, and is told what they do. */
export interface Guard {
  /**
   * Whether something may be sent that only a peer's datagram asks for: an RST, one block more of a response, or
   * an upload's blocks in a smaller size. RFC 7252 lets what is not expected be ignored, and who repeats it gives
   * up by himself.
   */
  mayFollow(what: "reset" | "block", now: number): boolean;
  /**
   * A datagram came that belongs to no exchange under way.
   *
   * @param late it may answer a copy of one that has ended, or repeats what came before
   * @param expected late answers that there may be since the endpoint was made, `Endpoint.lateAnswers`
   */
  stranger(late: boolean, expected: number, now: number): void;
  /** A request was acknowledged without its response, which keeps the radio on until that comes. */
  emptyAck(now: number): void;
}

/** Finds the messages in what came as one datagram: `JoinedMessages`. */
export interface Joined {
  /** Takes note of a datagram that leaves. */
  sent(datagram: Uint8Array): void;
  /** Where the second message begins; the datagram's length when there is none. */
  firstEnd(datagram: Uint8Array): number;
}

/** What the server's half is given of the endpoint that it serves at. */
interface ServerHalfParts {
  readonly messageLayer: MessageLayer;
  readonly deduplication: Deduplication;
  readonly transmit: (datagram: Uint8Array, address: string, port: number) => void;
  readonly transmission: Transmission;
  /** Longest datagram to send, bytes. */
  readonly maxDatagram: number;
  /** Largest block of a body, bytes: 16, 32 ... 1024. */
  readonly blockSize: number;
  /** Longest body to take in, bytes. */
  readonly maxBody: number;
  readonly discard: (reason: Discard, detail: string) => void;
}

/** Makes the server's half of one endpoint. */
export type ServerHalfMaker = (parts: ServerHalfParts) => ServerHalf;

/** What the endpoint wants of its server's half. */
export interface ServerHalf {
  /** Requests whose handler is at work and whose ACK is due. */
  readonly waiting: number;
  /** Bodies in blocks that are kept. */
  readonly transfers: number;
  /** When `poll` wants to be called, ms; Infinity for never. */
  readonly deadline: number;
  /**
   * Takes a new request.
   *
   * @param options those that count, or the number of the critical one that is not understood
   */
  receive(
    message: Message,
    options: readonly Option[] | number,
    address: string,
    port: number,
    now: number,
  ): void;
  /** The same confirmable request came again before anything was sent in reply. */
  receiveDuplicate(received: Received): void;
  poll(now: number): void;
  close(): void;
}

/**
 * What an endpoint remembers, entries; all 0 when nothing happens for EXCHANGE_LIFETIME, or for as long as
 * PROBING_RATE asks after a long non-confirmable request.
 */
export interface Held {
  /** Messages under way or waiting to be sent: at most `maxRequests` and as many responses as are remembered. */
  readonly outgoing: number;
  /** Messages remembered to recognise duplicates. */
  readonly received: number;
  /** Requests whose handler is at work and whose ACK is due. */
  readonly waiting: number;
  /** Bodies in blocks that the server's half keeps. */
  readonly transfers: number;
}
