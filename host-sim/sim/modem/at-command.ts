/**
 * One AT command line, taken apart (3GPP TS 27.007 and ITU-T V.250).
 *
 *     AT                     bare
 *     ATE0  ATI              basic: a letter and a number
 *     AT+CSQ                 execute
 *     AT+CEREG?              read
 *     AT+CEREG=?             test
 *     AT+CPSMS=1,,,"00100001","00000101"    set
 *     AT*MCGDEFCONT="IP","iot.example"      the same with the chip maker's prefix
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

/**
 * Takes a line apart. Whatever stands before the first `AT` is skipped, as a modem that waits for
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
  const basic = /^([A-Za-z])([0-9]*)$/.exec(body);
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

/** Splits at commas outside of quotes. */
function splitArguments(text: string): AtArgument[] {
  const args: AtArgument[] = [];
  let start = 0;
  let inQuotes = false;
  for (let i = 0; i <= text.length && args.length < mostArguments; i++) {
    if (text[i] === '"') inQuotes = !inQuotes;
    if (i < text.length && (inQuotes || text[i] !== ",")) continue;
    const part = text.slice(start, i).trim();
    const quoted = part.length >= 2 && part.startsWith('"') && part.endsWith('"');
    args.push({ text: quoted ? part.slice(1, -1) : part, quoted });
    start = i + 1;
  }
  return args;
}
