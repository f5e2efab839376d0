/** What a session with EnOS is given, and what it tells of itself. */
import type { Endpoint } from "../coap/endpoint";
import type { MemberNames } from "../text/member-names";
import type { Edition, EditionSetting } from "./authentication";
import type { Credentials } from "./credentials";
import type { Blame, Refusal, Rejection } from "./outcome";
import type { Cryptography, InitialisationVector } from "./sign";

export interface SessionSettings {
  readonly credentials: Credentials;
  /** Address and port of the server, as the endpoint's socket takes them. */
  readonly address: string;
  readonly port: number;
  /** Seconds without contact until EnOS takes the device for offline: 30 to 86400. */
  readonly lifetime: number;
  readonly edition?: EditionSetting;
  readonly iv?: InitialisationVector;
  /**
   * Whether requests with bytes for a parsing script state their Content-Format: `auto` (the default) only once a
   * server has refused one without. EnOS's manual writes its requests without, and lists no code for a format.
   */
  readonly contentFormat?: FormatSetting;
}

/** See `SessionSettings.contentFormat`. */
export type FormatSetting = "auto" | "always";

export interface SessionOptions extends SessionSettings {
  readonly crypto: Cryptography;
  /** Counts what the server's answers are made of. */
  readonly names?: MemberNames;
  readonly endpoint: Endpoint;
  /** Random number in [0, 1), for the spread of back-off. */
  readonly random: () => number;
  /**
   * A command arrived: its path below `/topic/sys/PK/DK/`, and its payload. `cut`: it was too long for the device,
   * and this is its beginning.
   */
  readonly onDownlink: (topic: string, payload: Uint8Array, now: number, cut: boolean) => void;
  readonly onEvent?: (event: SessionEvent, now: number) => void;
  /**
   * An exchange has ended, with an answer of the server's or without: an authentication, or a request
   * before its `onComplete` hears of it. Not called for the GET that fetches a command: it follows an
   * answer at once and says nothing new about the way to the server.
   */
  readonly onAnswered?: (answered: boolean, now: number) => void;
  /**
   * Share by which the device's clock may be slow (default 0). A session that may have lapsed by the server's clock is
   * renewed before anything is sent in it: a request that is refused costs more than to authenticate at once.
   */
  readonly drift?: number;
  /** Left out, all may be sent that an answer asks for. */
  readonly guard?: SessionGuard;
  readonly sequences?: SequenceMemory;
  readonly formats?: FormatMemory;
}

/** Says what answers may make the session send. */
interface SessionGuard {
  /**
   * Whether something may be sent that only an answer asks for: the GET of a command, the answer to one that came
   * along, or an authentication and the request once more.
   */
  mayFollow(what: "command" | "session", now: number): boolean;
}

/** Remembers which numbers messages were signed with. */
interface SequenceMemory {
  /** A message is about to be signed with this number, which no other message may ever bear. */
  coverSequence(sequence: number): void;
}

/** Remembers that the server wants Content-Format stated. */
export interface FormatMemory {
  readonly statesFormat: boolean;
  keepStatesFormat(): void;
}

/**
 * Why a session authenticates: it is the first, the last one has lapsed, its signatures have become longer, or a request
 * was refused so.
 */
export type AuthenticationCause =
  "first" | "lapsed" | "longer-signature" | "unauthorized" | "bad-option" | Blame;

/** An event of a session, for logs. Holds no secret. */
export type SessionEvent =
  | { readonly kind: "authenticating"; readonly cause: AuthenticationCause }
  | { readonly kind: "online"; readonly edition: Edition }
  /** The server wants to be told the Content-Format of bytes: from now on it is. */
  | { readonly kind: "format-stated" }
  /** A session from before a restart goes on. */
  | { readonly kind: "resumed"; readonly edition: Edition }
  | { readonly kind: "refused"; readonly reason: Refusal; readonly retryAfter: number }
  /**
   * The server admits the device and then refuses its first request, or several different ones in a row, for
   * a reason that the requests' signature, made with `iv`, or the edition may have given.
   */
  | { readonly kind: "doubted"; readonly reason: Rejection }
  | { readonly kind: "downlink-ignored"; readonly reason: string };
