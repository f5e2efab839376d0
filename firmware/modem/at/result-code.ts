/**
 * Final result codes (ITU-T V.250 section 5.7, 3GPP TS 27.007 section 9): the lines that end any command.
 */
import { ascii, equals, startsWith } from "../../text/ascii";
import { lineText } from "./fields";

/** How a command ended. */
export type AtResult =
  | { readonly kind: "ok" }
  | AtError
  /**
   * `unprompted`: the modem did not even ask for the data. `heard`: it has said OK, and not the line besides that
   * (`AtCommand.also`).
   */
  | { readonly kind: "timeout"; readonly unprompted?: boolean; readonly heard?: boolean }
  /** The engine was cleared, as after a reboot of the modem. */
  | { readonly kind: "aborted" };

/** ERROR, or the number of a +CME or +CMS ERROR; `meaning` where the family knows what its own code means. */
export interface AtError {
  readonly kind: "error";
  readonly code?: number;
  readonly meaning?: string;
}

/** The end of an answer, taken for data where fewer bytes came than were announced. */
const answerEnd = ascii("\r\nOK\r\n");
/** Bytes of line ends between data and the OK behind it, of a modem that has most: the data's, and the OK's own. */
const mostBetween = 4;
/** So many bytes of that, taken for the last of the data, are no longer found as an answer's end behind it. */
const leastOfEnd = 3;

const ok = ascii("OK");
const error = ascii("ERROR");
const cmeError = ascii("+CME ERROR:");
const cmsError = ascii("+CMS ERROR:");

/** The result that a line tells; undefined for any other line. */
export function finalResult(line: Uint8Array): AtResult | undefined {
  if (equals(line, ok)) return { kind: "ok" };
  if (equals(line, error)) return { kind: "error" };
  if (startsWith(line, cmeError)) return numbered(line, cmeError.length);
  if (startsWith(line, cmsError)) return numbered(line, cmsError.length);
  return undefined;
}

function numbered(line: Uint8Array, start: number): AtResult {
  // With AT+CMEE=2 a text stands in place of the number.
  const text = lineText(line, start, Math.min(line.length, start + 8));
  return /^\d+$/.test(text) ? { kind: "error", code: Number(text) } : { kind: "error" };
}

/** The result that a digit tells, of a modem that gives digits in place of words (ATV0). */
export function digitResult(line: Uint8Array): AtResult | undefined {
  if (line.length !== 1) return undefined;
  if (line[0] === 0x30) return { kind: "ok" };
  return line[0] === 0x34 ? { kind: "error" } : undefined;
}

/**
 * Where in raw data the end of its answer begins, when fewer bytes came than were announced and the end was taken
 * for data; the data's length when it is not there.
 *
 * @param complete the data has as many bytes as were announced: a part of the end may be all that is in it
 */
export function answerBegins(bytes: Uint8Array, complete: boolean): number {
  const least = complete ? leastOfEnd : answerEnd.length;
  for (let length = answerEnd.length; length >= least; length--) {
    let end = bytes.length - length;
    if (end < 0 || !equals(bytes.subarray(end), answerEnd.subarray(0, length))) continue;
    // An empty line may stand between data and OK.
    while (end > 0 && (bytes[end - 1] === 0x0d || bytes[end - 1] === 0x0a)) end -= 1;
    return end;
  }
  return bytes.length;
}

/** How many bytes at the end of data are CR or LF. */
export function lineEndsAtEnd(bytes: Uint8Array): number {
  let start = bytes.length;
  while (start > 0 && (bytes[start - 1] === 0x0d || bytes[start - 1] === 0x0a)) start -= 1;
  return bytes.length - start;
}

/**
 * How many bytes at the end of data are the line end behind it, when fewer came than were announced: then so many less
 * stand between it and the OK. 0 where all are data.
 *
 * @param between bytes of line ends that stood there
 * @param usual the same of this modem where it cannot be told otherwise, 0 where that is unknown: then a doubt counts as a
 *   short read, as data that is cut is asked for again, and a line end in it would not be noticed
 */
export function lineEndsTaken(bytes: Uint8Array, between: number, usual: number): number {
  const taken = lineEndsAtEnd(bytes);
  if (between >= (usual || mostBetween)) return 0;
  // The line end that is missing would be whole.
  const isWhole = bytes[bytes.length - 2] === 0x0d && bytes[bytes.length - 1] === 0x0a;
  return usual === 0 && between === 2 && !isWhole ? 0 : taken;
}
