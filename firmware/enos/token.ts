/**
 * The answer to an authentication: `{"token":"..."}` in the first edition of the protocol, anything or
 * nothing without a token in the later ones.
 */
import { isObject, parseJsonObject } from "../text/json";
import { encodeUtf8 } from "../text/utf8";
import type { MemberNames } from "../text/member-names";

/** Longest token accepted, bytes: it goes into every signature. */
const longestToken = 256;

/**
 * The token in an authentication's answer, undefined when there is none.
 *
 * @param names counts what the server's answers are made of, see `MemberNames`
 */
export function readToken(payload: Uint8Array, names?: MemberNames): Uint8Array | undefined | "unreadable" {
  const answer = parseJsonObject(payload, undefined, names);
  if (!isObject(answer)) return "unreadable";
  const { token } = answer;
  if (token === undefined) return undefined;
  if (typeof token !== "string" || token.length === 0) return "unreadable";
  const bytes = encodeUtf8(token);
  return bytes.length > longestToken ? "unreadable" : bytes;
}
