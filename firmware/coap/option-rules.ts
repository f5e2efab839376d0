/**
 * Which options of a message count: those that are understood, as long as the rules allow, and not
 * repeated beyond them (RFC 7252 sections 5.4.1, 5.4.3, 5.4.5 and 5.4.6). All others are unrecognised:
 * a critical one spoils the message, an elective one is passed over in silence.
 */
import { OptionNumber, isCritical } from "./option";
import type { Option } from "./option";

/** What an application knows of an option beyond the table below, in requests and responses alike. */
export interface OptionRule {
  readonly number: number;
  /** Bytes of the value. */
  readonly minLength: number;
  readonly maxLength: number;
  readonly repeatable: boolean;
}

const many = Infinity;

/** A row of the table: how often the option may occur, 0 where it is not understood or not defined. */
interface Row {
  readonly number: number;
  readonly minLength: number;
  readonly maxLength: number;
  readonly request: number;
  readonly response: number;
}

function row(number: number, minLength: number, maxLength: number, request: number, response: number): Row {
  return Object.freeze({ number, minLength, maxLength, request, response });
}

/**
 * RFC 7252 table 4, RFC 7959 section 2.1 and 4 (Block1, Block2, Size2), RFC 9175 sections 2.2.1 and
 * 3.2.1 (Echo, Request-Tag), ascending. The four critical ones that stay 0 everywhere are those that
 * this endpoint cannot honour: it neither makes requests conditional nor is it a proxy. An elective
 * option in a message for which it is not defined is 0 there, for section 5.4 has it ignored.
 */
// prettier-ignore
const table: readonly Row[] = Object.freeze([
  //                               bytes    request response
  row(OptionNumber.ifMatch,        0, 8,    0,      0),
  row(OptionNumber.uriHost,        1, 255,  1,      0),
  row(OptionNumber.eTag,           1, 8,    many,   1),
  row(OptionNumber.ifNoneMatch,    0, 0,    0,      0),
  row(OptionNumber.uriPort,        0, 2,    1,      0),
  row(OptionNumber.locationPath,   0, 255,  0,      many),
  row(OptionNumber.uriPath,        0, 255,  many,   0),
  row(OptionNumber.contentFormat,  0, 2,    1,      1),
  row(OptionNumber.maxAge,         0, 4,    0,      1),
  row(OptionNumber.uriQuery,       0, 255,  many,   0),
  row(OptionNumber.accept,         0, 2,    1,      0),
  row(OptionNumber.locationQuery,  0, 255,  0,      many),
  row(OptionNumber.block2,         0, 3,    1,      1),
  row(OptionNumber.block1,         0, 3,    1,      1),
  row(OptionNumber.size2,          0, 4,    1,      1),
  row(OptionNumber.proxyUri,       1, 1034, 0,      0),
  row(OptionNumber.proxyScheme,    1, 255,  0,      0),
  row(OptionNumber.size1,          0, 4,    1,      1),
  row(OptionNumber.echo,           1, 40,   1,      1),
  row(OptionNumber.requestTag,     0, 8,    many,   0),
]);

/**
 * Looks at the options of a message that came in, in ascending order as `decode` gives them.
 *
 * The number of the first critical option that is unrecognised, when there is one: a request with it is
 * to be answered 4.02, a response to be rejected (RFC 7252 section 5.4.1). Otherwise the options that
 * count, which is the very array that was given when all of them do. An elective option that no rule
 * speaks of is kept, since the application may know it.
 *
 * @param extra the application's own rules; they go before the table's
 */
export function screenOptions(
  options: readonly Option[],
  direction: "request" | "response",
  extra: readonly OptionRule[],
): readonly Option[] | number {
  let kept: Option[] | undefined;
  let number = -1;
  let occurrence = 0;
  let most = 0;
  let minLength = 0;
  let maxLength = 0;
  // The table and the options ascend together: one walk over both.
  let at = 0;
  for (let i = 0; i < options.length; i++) {
    const option = options[i];
    if (option === undefined) break;
    if (option.number !== number) {
      number = option.number;
      occurrence = 0;
      let row = table[at];
      while (row !== undefined && row.number < number) row = table[++at];
      const rule = findRule(extra, number);
      if (rule !== undefined) {
        most = rule.repeatable ? many : 1;
        minLength = rule.minLength;
        maxLength = rule.maxLength;
      } else if (row?.number === number) {
        most = row[direction];
        minLength = row.minLength;
        maxLength = row.maxLength;
      } else {
        most = isCritical(number) ? 0 : many;
        minLength = 0;
        maxLength = many;
      }
    }
    occurrence += 1;
    const length = option.value.length;
    if (occurrence <= most && length >= minLength && length <= maxLength) {
      if (kept !== undefined) kept.push(option);
      continue;
    }
    if (isCritical(number)) return number;
    kept ??= options.slice(0, i);
  }
  return kept ?? options;
}

function findRule(rules: readonly OptionRule[], optionNumber: number): OptionRule | undefined {
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i];
    if (rule?.number === optionNumber) return rule;
  }
  return undefined;
}
