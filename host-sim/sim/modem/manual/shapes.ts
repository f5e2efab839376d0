/** Words in which the tables of commands are written: what an argument may be, which forms there are. */
import type { ArgumentRange, ManualRow } from "./manual";

/** A whole number within bounds. */
export const number = (from: number, to: number): ArgumentRange => ({ from, to });

/** One of these. */
export const among = (...values: readonly (number | string)[]): ArgumentRange => ({ among: values });

/** Any text, in quotes or not. */
export const text: ArgumentRange = { like: /^[^"]*$/ };

/** A timer or a cycle as so many bits. */
export const bits = (count: number): ArgumentRange => ({ like: new RegExp(`^[01]{${count}}$`) });

/** The kinds of bearer that 3GPP TS 27.007 names for a context. */
export const bearer: ArgumentRange = { among: ["IP", "IPV6", "IPV4V6", "Non-IP"] };

/** The same, which may be left out. */
export const optional = (range: ArgumentRange): ArgumentRange => ({ ...range, optional: true });

/** Up to so many arguments of a kind, one behind the other. */
export const repeated = (range: ArgumentRange, most: number): ArgumentRange[] =>
  Array.from({ length: most }, () => optional(range));

/** Forms that go together: a setting, what can only be read, set, or asked for. */
export const held = ["test", "read", "set"] as const;
export const readOnly = ["test", "read"] as const;
export const setOnly = ["test", "set"] as const;
export const told = ["test", "execute"] as const;
/** Commands of ITU-T V.250 without a plus sign. */
export const basic = ["execute"] as const;

/** Writes rows of one manual, by section. */
export function rowsFrom(
  manual: string,
): (command: string, section: string, forms: ManualRow["forms"], more?: Partial<ManualRow>) => ManualRow {
  return (command, section, forms, more = {}) => ({
    command,
    forms,
    sureness: "certain",
    source: `${manual}, ${section}`,
    ...more,
  });
}

/** What a row has that other people report, or that is a guess. */
export const reported = (source: string) => ({ sureness: "reported", source }) as const;
export const assumed = (source: string) => ({ sureness: "assumed", source }) as const;

/** How a row refuses that the manual says answers the bare word. */
export const bare = { refuses: "ERROR" } as const;
