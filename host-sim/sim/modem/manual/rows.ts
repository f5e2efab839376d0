/** How the tables of Quectel's and HiSilicon's modems are written short: forms as letters, a document once. */
import type { AtCommand } from "../at-command";
import type { ArgumentRange, ManualRow, Sureness } from "./manual";
import { bits, optional } from "./shapes";

const formOf: Readonly<Record<string, AtCommand["form"]>> = {
  t: "test",
  r: "read",
  s: "set",
  x: "execute",
};

/** What a row has besides its name, its forms and its source. */
type RowDetails = Pick<ManualRow, "set" | "within" | "refuses" | "factory">;

/** Writes one row: the command, its forms (`t` test, `r` read, `s` set, `x` execute), where it stands. */
export type RowWriter = (command: string, forms: string, where: string, details?: RowDetails) => ManualRow;

/** A writer of rows that have one document, or one person's log, as their source. */
export function rowsIn(document: string, sureness: Sureness): RowWriter {
  return (command, forms, where, details = {}) => ({
    command,
    forms: [...forms].map((letter) => formOf[letter]),
    sureness,
    source: where === "" ? document : `${document}, ${where}`,
    ...(details.set === undefined ? {} : { test: rangesOf(details.set[0]) }),
    ...details,
  });
}

/** The ranges as the test form tells them, such as `(0-3),(5)`, with nothing for a text. */
function rangesOf(ranges: readonly ArgumentRange[]): string {
  const texts = ranges.map((range) => {
    if ("like" in range) return "";
    if ("from" in range) return range.from === range.to ? `(${range.from})` : `(${range.from}-${range.to})`;
    return `(${range.among.map((each) => (typeof each === "number" ? each : `"${each}"`)).join(",")})`;
  });
  return texts.join(",").replace(/,+$/, "");
}

/** Text in quotes or without them, of any length up to `most`. */
export const text = (most = 100): ArgumentRange => ({ like: new RegExp(`^[^"]{0,${most}}$`) });

/** Text in quotes. */
export const quoted = (pattern = /^[^"]*$/): ArgumentRange => ({ like: pattern, quoted: true });

/** An argument that stands empty: nobody but GPRS has it. */
export const empty: ArgumentRange = { like: /^$/, optional: true };

/** An address in dotted decimal, in quotes or without. */
export const address: ArgumentRange = { like: /^[0-9]{1,3}(\.[0-9]{1,3}){3}$/ };

/** A host's address or name, without quotes or in them. */
export const host: ArgumentRange = { like: /^[A-Za-z0-9.:-]{1,150}$/ };
export const quotedHost: ArgumentRange = { like: /^[A-Za-z0-9.:-]{1,150}$/, quoted: true };

/** `AT+CPSMS=<mode>[,,,<T3412>[,<T3324>]]` */
export const psmArguments = (modes: ArgumentRange): ArgumentRange[] => [
  modes,
  empty,
  empty,
  optional(bits(8)),
  optional(bits(8)),
];

/** `AT+CEDRXS=<mode>[,<technology>[,<cycle>]]`; 5 is NB-IoT. */
export const edrxArguments: readonly ArgumentRange[] = [
  { from: 0, to: 3 },
  { among: [5], optional: true },
  optional(bits(4)),
];
