/**
 * How a request to EnOS ends, as words that the device acts on and the log prints.
 */
import { Code, codeClass, codeText } from "../coap/code";
import type { Failure, Outcome } from "../coap/exchange";

/** A 4.xx or 5.xx as a word, or a success that is none. */
export type Rejection =
  | "illegal-payload" // 4.00
  | "unauthorized" // 4.01, again after a fresh authentication
  | "bad-option" // 4.02: the server does not know option 2101
  | "forbidden" // 4.03: disabled by an operator
  | "no-such-path" // 4.04
  | "method-not-allowed" // 4.05
  | "too-large" // 4.13
  | "server-error" // 5.xx
  | "not-stored" // a 2.xx that EnOS never gives to a message: nothing says that it was taken
  | "other";

/** A rejection that blames what the request says: sent again as it is, it would be refused again. */
export type Blame = Extract<Rejection, "illegal-payload" | "too-large">;

/**
 * Why an authentication did not open a session. `token-too-long`: signed with that token, no datagram would
 * have room for anything else.
 */
export type Refusal =
  Rejection | Failure | "edition-mismatch" | "unreadable-answer" | "token-too-long" | "waiting";

/** How a request ended. */
export type PublishOutcome =
  /** `cut`: of the payload only the beginning has come. */
  | { readonly kind: "accepted"; readonly payload: Uint8Array; readonly cut?: boolean }
  /** The server answered with an error, or with a success that does not mean that it took the request. */
  | { readonly kind: "rejected"; readonly code: number; readonly reason: Rejection }
  /**
   * No answer, or one of which what counts was cut off ("cut"). The server may or may not have taken the request.
   */
  | { readonly kind: "unanswered"; readonly reason: Failure | "cut" }
  /** The device could not authenticate, so nothing was sent; worth another try after `retryAfter` ms. */
  | { readonly kind: "offline"; readonly reason: Refusal; readonly retryAfter: number };

/**
 * Whether the server has answered an exchange that ended so, be it with an RST; undefined when the device
 * itself ended it, which says nothing of the server or of the way to it.
 */
export function wasAnswered(end: Outcome["kind"] | "cut"): boolean | undefined {
  switch (end) {
    case "timeout":
    case "no-response":
      return false;
    case "too-large":
    case "queue-full":
    case "cancelled":
      return undefined;
    default:
      return true;
  }
}

/**
 * Whether a code means that the server took the request: of EnOS's, 2.04 for whatever is sent to it, and any 2.xx
 * for a GET, whose payload is what counts.
 */
export function isTaken(code: number, method: number): boolean {
  return method === Code.get ? codeClass(code) === 2 : code === Code.changed;
}

/** The word for a code that does not mean that the request was taken. */
export function rejectionOf(code: number): Rejection {
  switch (code) {
    case Code.badRequest:
      return "illegal-payload";
    case Code.unauthorized:
      return "unauthorized";
    case Code.badOption:
      return "bad-option";
    case Code.forbidden:
      return "forbidden";
    case Code.notFound:
      return "no-such-path";
    case Code.methodNotAllowed:
      return "method-not-allowed";
    case Code.requestEntityTooLarge:
      return "too-large";
    default:
      return codeClass(code) === 5 ? "server-error" : codeClass(code) === 2 ? "not-stored" : "other";
  }
}

/** Whether a rejection blames the request. It is to be believed only of a session that is known to be good. */
export function isBlame(reason: Rejection | Failure | "cut"): reason is Blame {
  return reason === "illegal-payload" || reason === "too-large";
}

/** For logs: the outcome in a few words. */
export function describeOutcome(outcome: PublishOutcome): string {
  switch (outcome.kind) {
    case "accepted":
      return "accepted";
    case "rejected":
      return `rejected ${codeText(outcome.code)} ${outcome.reason}`;
    case "unanswered":
      return `unanswered ${outcome.reason}`;
    case "offline":
      return `offline ${outcome.reason}`;
  }
}
