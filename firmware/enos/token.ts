/**
 * The answer to an authentication: `{"token":"..."}` in the first edition of the protocol, anything or
 * nothing without a token in the later ones.
 */
import { isObject, parseJsonObject } from "../text/json";
import { encodeUtf8 } from "../text/utf8";

/** Longest token accepted, bytes: it goes into every signature. */
const longestToken = 256;

/** The token in an authentication's answer, undefined when there is none. */
export function readToken(payload: Uint8Array): Uint8Array | undefined | "unreadable" {
  const answer = parseJsonObject(payload);
  if (!isObject(answer)) return "unreadable";
  const { token } = answer;
  if (token === undefined) return undefined;
  if (typeof token !== "string" || token.length === 0) return "unreadable";
  const bytes = encodeUtf8(token);
  return bytes.length > longestToken ? "unreadable" : bytes;
}
