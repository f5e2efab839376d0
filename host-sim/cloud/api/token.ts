/**
 * The bearer tokens of the application API (RFC 6750): from files or the environment, never from the command line, which
 * every user of the machine can read. One lets its holder do everything; another, where there is one, lets look alone.
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

/** What a caller may do: everything, or look alone. */
export type Access = "operate" | "read";

/** Judges Authorization headers; keeps the tokens' digests, not the tokens. */
export class TokenGuard {
  readonly #operator: Buffer;
  readonly #reader: Buffer | undefined;

  /**
   * @param readToken of those who may look alone; nobody when left out
   * @throws RangeError on a token that cannot be used, and on two that are the same
   */
  constructor(token: string, readToken?: string) {
    this.#operator = usable("token", token);
    this.#reader = readToken === undefined ? undefined : usable("reader's token", readToken);
    if (this.#reader?.equals(this.#operator))
      throw new RangeError("reader's token: is the operator's as well");
  }

  /** Takes the same time for every wrong token: digests are compared, of equal length. */
  judge(authorization: string | undefined): Access | "missing" | "wrong" {
    const match = /^Bearer +(\S{1,4096}) *$/i.exec(authorization ?? "");
    if (match === null) return "missing";
    const given = digest(match[1]);
    const isOperator = timingSafeEqual(given, this.#operator);
    const isReader = timingSafeEqual(given, this.#reader ?? this.#operator);
    if (isOperator) return "operate";
    return isReader ? "read" : "wrong";
  }
}

function usable(name: string, token: string): Buffer {
  const fault = tokenFault(token);
  if (fault !== undefined) throw new RangeError(`${name}: ${fault}`);
  return digest(token);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}
