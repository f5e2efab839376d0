/**
 * The bearer token of the application API (RFC 6750): from a file or the environment, never from the
 * command line, which every user of the machine can read.
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** Shortest token taken, characters: 16 of base64 are 96 bits. */
export const shortestToken = 16;
const longestToken = 512;

/** What `b64token` of RFC 6750 section 2.1 is made of; others would not survive a header. */
const tokenPattern = /^[A-Za-z0-9._~+/-]+=*$/;

/** Why a token cannot be used, without quoting it; undefined when it can. */
export function tokenFault(token: string): string | undefined {
  if (token.length < shortestToken || token.length > longestToken) {
    return `expected ${shortestToken} to ${longestToken} characters, got ${token.length}`;
  }
  return tokenPattern.test(token)
    ? undefined
    : "expected letters, digits and . _ ~ + / - only, with = at the end";
}

/** What a request's Authorization header makes of it. */
export type TokenVerdict = "right" | "missing" | "wrong";

/** Judges Authorization headers; keeps the token's digest, not the token. */
export class TokenGuard {
  readonly #digest: Buffer;

  /** @throws RangeError on a token that cannot be used */
  constructor(token: string) {
    const fault = tokenFault(token);
    if (fault !== undefined) throw new RangeError(`token: ${fault}`);
    this.#digest = digest(token);
  }

  /** Takes the same time for every wrong token: digests are compared, of equal length. */
  judge(authorization: string | undefined): TokenVerdict {
    const match = /^Bearer +(\S{1,4096}) *$/i.exec(authorization ?? "");
    if (match === null) return "missing";
    return timingSafeEqual(digest(match[1]), this.#digest) ? "right" : "wrong";
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
