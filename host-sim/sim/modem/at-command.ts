/**
 * One AT command line, taken apart (3GPP TS 27.007 and ITU-T V.250).
 *
 *     AT                     bare
 *     ATE0  ATI  AT&W        basic: a letter and a number
 *     AT+CSQ                 execute
 *     AT+CEREG?              read
 *     AT+CEREG=?             test
 *     AT+CPSMS=1,,,"00100001","00000101"    set
 *     AT*MCGDEFCONT="IP","iot.example"      the same with the chip maker's prefix
 *     ATE0V1  AT+CSQ;+COPS?  several on one line; a semicolon stands behind those with a plus sign
 */

/** One argument between commas. */
export interface AtArgument {
  /** Without its quotes. */
  readonly text: string;
  readonly quoted: boolean;
}

export interface AtCommand {
  /** Upper case without the leading AT: `""`, `"E"`, `"+CEREG"`, `"*MCGDEFCONT"`. */
  readonly name: string;
  readonly form: "execute" | "read" | "test" | "set";
  /** Of the set form, or a basic command's number. An argument left out is `{ text: "" }`. */
  readonly args: readonly AtArgument[];
}

/** More arguments than any command has: what lies behind them is not looked at. */
const mostArguments = 16;

/** Several basic commands in a row, such as `E0V1Q0&W` or `&FZE0`, with another kind behind them or not. */
const basicRow = /^(&[A-Za-z][0-9]*(?=[&A-Za-z+*])|[A-Za-z][0-9]*(?=&[A-Za-z]|[A-Za-z][0-9]|[+*]))/;

/**
 * The commands of a line, one or more; none when there is no command in it. Semicolons inside of quotes divide
 * nothing.
 */
export function parseAtLine(line: string): AtCommand[] {
  const start = line.search(/at/i);
  if (start < 0) return [];
  const commands: AtCommand[] = [];
  for (const part of splitOutsideQuotes(line.slice(start + 2), ";")) {
    let rest = part.trim();
    for (let first = basicRow.exec(rest); first !== null; first = basicRow.exec(rest)) {
      commands.push(...[parseAtCommand(`AT${first[1]}`)].filter((each) => each !== undefined));
      rest = rest.slice(first[1].length);
    }
    if (rest === "" && commands.length > 0) continue;
    const last = parseAtCommand(`AT${rest}`);
    if (last !== undefined) commands.push(last);
  }
  return commands;
}

/**
 * Takes a line with one command apart. Whatever stands before the first `AT` is skipped, as a modem that waits for
 * these two letters does. `undefined`: no command in it.
 */
export function parseAtCommand(line: string): AtCommand | undefined {
  const start = line.search(/at/i);
  if (start < 0) return undefined;
  const body = line.slice(start + 2).trim();
  if (body === "") return { name: "", form: "execute", args: [] };
  const extended = /^([+*][A-Za-z0-9]+)(\?|=\?|=|)/.exec(body);
  if (extended !== null) {
    const name = extended[1].toUpperCase();
    const rest = body.slice(extended[0].length);
    if (extended[2] === "=") return { name, form: "set", args: splitArguments(rest) };
    if (rest !== "") return { name: body.toUpperCase(), form: "execute", args: [] };
    const form = extended[2] === "?" ? "read" : extended[2] === "=?" ? "test" : "execute";
    return { name, form, args: [] };
  }
  const basic = /^(&?[A-Za-z])([0-9]*)$/.exec(body);
  if (basic !== null) {
    const args = basic[2] === "" ? [] : [{ text: basic[2], quoted: false }];
    return { name: basic[1].toUpperCase(), form: "execute", args };
  }
  return { name: body.toUpperCase(), form: "execute", args: [] };
}

/** A whole number from `least` to `most`; `undefined` for anything else, quoted text included. */
export function integerArgument(
  argument: AtArgument | undefined,
  least: number,
  most: number,
): number | undefined {
  if (argument === undefined || argument.quoted || !/^[0-9]{1,9}$/.test(argument.text)) return undefined;
  const value = Number(argument.text);
  return value >= least && value <= most ? value : undefined;
}

function splitArguments(text: string): AtArgument[] {
  return splitOutsideQuotes(text, ",")
    .slice(0, mostArguments)
    .map((each) => {
      const part = each.trim();
      const quoted = part.length >= 2 && part.startsWith('"') && part.endsWith('"');
      return { text: quoted ? part.slice(1, -1) : part, quoted };
    });
}

/** The parts between the separators that stand outside of quotes. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  // As a line with a datagram in hexadecimal, which has a thousand characters.
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  let inQuotes = false;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '"') inQuotes = !inQuotes;
    if (i < text.length && (inQuotes || text[i] !== separator)) continue;
    parts.push(text.slice(start, i));
    start = i + 1;
  }
  return parts;
}
