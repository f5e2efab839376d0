/**
 * What a family's manual says that its modem takes, as a table: the judge of driver and simulated modem alike.
 * A command that the table of its firmware does not list is refused, and so is a form or an argument that it
 * does not allow, whatever the simulation's own rule for that command would do with it.
 *
 * Each row names its source and how sure it is; rows come from manuals and from logs that other people
 * published, never from the driver in firmware/modem, which imports none of this.
 */
import type { RadioTechnology } from "../../radio/link";
import type { AtArgument, AtCommand } from "../at-command";
import type { AtFailure } from "../at-responder";
import type { Quirks } from "../quirks";

/**
 * How sure a row is: `certain` stands in the maker's manual, `reported` in other people's logs, code or
 * issues, `assumed` is a guess after the family's relatives.
 */
export type Sureness = "certain" | "reported" | "assumed";

/** What one argument of the set form may be. */
export type ArgumentRange = (
  | { readonly from: number; readonly to: number }
  /** One of these; a number stands without quotes, a text with them or without. */
  | { readonly among: readonly (number | string)[] }
  /** Text of this shape: in quotes, without them, or (left out) either. */
  | { readonly like: RegExp; readonly quoted?: boolean }
) & {
  /** It may be left out or be empty. */
  readonly optional?: true;
};

/** One command as the manual lists it. */
export interface ManualRow {
  /** Upper case without the leading AT: `"+CEREG"`, `"E"`, `"*MCGDEFCONT"`. */
  readonly command: string;
  readonly forms: readonly AtCommand["form"][];
  /** Arguments of the set form, or of a basic command; each list is one way to give them. Anything when left out. */
  readonly set?: readonly (readonly ArgumentRange[])[];
  /** Longest time until the answer, ms, where the manual names one: of every form, or of some. */
  readonly within?: number | Partial<Readonly<Record<AtCommand["form"], number>>>;
  /** How a form or argument that is not allowed is refused; the manual's usual way when left out. */
  readonly refuses?: AtFailure;
  /**
   * A setting that the simulation does nothing with but keep: what its read form tells from the factory,
   * behind the name and a colon. Left out where the simulation has a rule of its own.
   */
  readonly factory?: string;
  /** What its test form tells, behind the name and a colon; just OK when left out. */
  readonly test?: string;
  readonly sureness: Sureness;
  /** Manual, version and page or section; or repository and issue; or where else it is from. */
  readonly source: string;
}

/** One firmware of a family. */
export interface FirmwareGeneration {
  /** As a command line names it, such as `r410m-02b-00`. */
  readonly name: string;
  /** What `AT+CGMM` and `AT+CGMR` tell of it. */
  readonly model: string;
  readonly revision: string;
  /** What sets it apart, in a few words. */
  readonly note: string;
  /** The only technology that it has, where that is not NB-IoT. */
  readonly technology?: RadioTechnology;
  /** How it behaves, apart from which commands it has; a modem's own quirks come on top. */
  readonly traits?: Readonly<Quirks>;
  readonly rows: readonly ManualRow[];
}

/** A family's manual. */
export interface Manual {
  /** The family's name. */
  readonly family: string;
  /** How a command that is not listed is refused. */
  readonly unknown: AtFailure;
  /** How a form or an argument that is not allowed is refused. */
  readonly notAllowed: AtFailure;
  /** The oldest first; the last is what a modem has when nothing else is said. */
  readonly generations: readonly FirmwareGeneration[];
}

/** Longest time that the manual gives a form of a command until its answer, ms; 0 where it gives none. */
export function longestAnswer({ within = 0 }: ManualRow, form: AtCommand["form"]): number {
  return typeof within === "number" ? within : (within[form] ?? 0);
}

/** Rows of an older generation, some left out, some replaced or new. */
export function rowsOf(
  base: readonly ManualRow[],
  change: { readonly without?: readonly string[]; readonly other?: readonly ManualRow[] },
): readonly ManualRow[] {
  const { without = [], other = [] } = change;
  const gone = new Set([...without, ...other.map((row) => row.command)]);
  return [...base.filter((row) => !gone.has(row.command)), ...other];
}

/** The rules for commands that one firmware at least has: families share more than each of them has. */
export function listedIn<Rule>(manual: Manual, rules: Readonly<Record<string, Rule>>): Map<string, Rule> {
  const listed = new Set(manual.generations.flatMap(({ rows }) => rows.map(({ command }) => command)));
  return new Map(Object.entries(rules).filter(([command]) => listed.has(command)));
}

/** The table of one firmware, ready to judge commands. */
export class ManualTable {
  readonly generation: FirmwareGeneration;
  readonly #manual: Manual;
  readonly #rows: ReadonlyMap<string, ManualRow>;

  /** @throws RangeError for a generation that the manual does not name, or a row that stands twice */
  constructor(manual: Manual, name?: string) {
    const { generations } = manual;
    const found = name === undefined ? generations.at(-1) : generations.find((each) => each.name === name);
    if (found === undefined) {
      const names = generations.map((each) => each.name).join(", ");
      throw new RangeError(`firmware "${name}" of ${manual.family}: expected one of ${names}`);
    }
    this.generation = found;
    this.#manual = manual;
    this.#rows = new Map(found.rows.map((row) => [row.command, row]));
    if (this.#rows.size !== found.rows.length) {
      throw new RangeError(`${manual.family} ${found.name}: a command stands twice in the table`);
    }
  }

  row(command: string): ManualRow | undefined {
    return this.#rows.get(command);
  }

  /** How a form or an argument of this row is refused. */
  wording(row: ManualRow): AtFailure {
    return row.refuses ?? this.#manual.notAllowed;
  }

  /** How the command is refused; `undefined` when the manual allows it. */
  refusal(command: AtCommand): AtFailure | undefined {
    const row = this.#rows.get(command.name);
    if (row === undefined) return this.#manual.unknown;
    const refused = this.wording(row);
    if (!row.forms.includes(command.form)) return refused;
    // A basic command, such as ATE0, is of the execute form and has a number.
    const given = command.form === "set" || command.args.length > 0;
    if (!given || row.set === undefined) return undefined;
    return row.set.some((ranges) => fits(command.args, ranges)) ? undefined : refused;
  }
}

function fits(args: readonly AtArgument[], ranges: readonly ArgumentRange[]): boolean {
  if (args.length > ranges.length) return false;
  return ranges.every((range, at) => {
    const argument = args[at];
    if (argument === undefined || (argument.text === "" && !argument.quoted)) return range.optional === true;
    return within(argument, range);
  });
}

function within({ text, quoted }: AtArgument, range: ArgumentRange): boolean {
  if ("like" in range) {
    return (range.quoted === undefined || range.quoted === quoted) && range.like.test(text);
  }
  if ("among" in range) {
    return range.among.some((each) =>
      typeof each === "number" ? !quoted && text === String(each) : text === each,
    );
  }
  return !quoted && /^-?[0-9]{1,10}$/.test(text) && Number(text) >= range.from && Number(text) <= range.to;
}
