/** How a table's rows are written short: a document once, forms as letters, ranges as words. */
import type { AtCommand } from "../at-command";
import type { ArgumentRange, ManualRow, Sureness } from "./manual";

const formOf: Readonly<Record<string, AtCommand["form"]>> = {
  t: "test",
  r: "read",
  s: "set",
  x: "execute",
};

/** What a row has besides its name, its forms and its source. */
export type RowDetails = Pick<ManualRow, "set" | "within" | "refuses" | "factory">;

/** Writes one row: the command, its forms (`t` test, `r` read, `s` set, `x` execute), where it stands. */
export type RowWriter = (command: string, forms: string, where: string, details?: RowDetails) => ManualRow;

/** A writer of rows that have one document, or one person's log, as their source. */
export function rowsIn(document: string, sureness: Sureness): RowWriter {
  return (command, forms, where, details = {}) => ({
    command,
    forms: [...forms].map((letter) => formOf[letter]),
    sureness,
    source: where === "" ? document : `${document}, ${where}`,
    ...details,
  });
}

/** A whole number. */
export const whole = (from: number, to: number): ArgumentRange => ({ from, to });

/** One of these. */
export const among = (...values: readonly (number | string)[]): ArgumentRange => ({ among: values });

/** Text in quotes or without them, of any length up to `most`. */
export const text = (most = 100): ArgumentRange => ({ like: new RegExp(`^[^"]{0,${most}}$`) });

/** Text in quotes. */
export const quoted = (pattern = /^[^"]*$/): ArgumentRange => ({ like: pattern, quoted: true });

/** The same, or nothing. */
export const maybe = (range: ArgumentRange): ArgumentRange => ({ ...range, optional: true });

/** An argument that stands empty: nobody but GPRS has it. */
export const empty: ArgumentRange = { like: /^$/, optional: true };

/** So many arguments of one kind, each of which may be left out. */
export const upTo = (most: number, range: ArgumentRange): ArgumentRange[] =>
  new Array<ArgumentRange>(most).fill(maybe(range));

/** 8 bits of a PSM timer and 4 bits of an eDRX cycle. */
export const timer: ArgumentRange = { like: /^[01]{8}$/ };
export const cycle: ArgumentRange = { like: /^[01]{4}$/ };

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
  maybe(timer),
  maybe(timer),
];
