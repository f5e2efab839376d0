/**
 * Addresses within a report's page, behind the `#` as the page is a file:
 *
 *     #messages?q=report%3A+refused&at=86400000     a section, and what it shows
 *
 * The page writes whatever is chosen into its address, so that reload and a sent link show the same again.
 */

/** The page's sections, from the top. */
const sections = ["verdict", "power", "energy", "readings", "air", "latency", "messages"] as const;
export type Section = (typeof sections)[number];

/** What can be chosen; what is left out is as the page begins. Times are virtual ms. */
export interface Choices {
  /** The part of the run that the plots show; `to` may be beyond its end. */
  readonly from?: number;
  readonly to?: number;
  /** Whose power is plotted. */
  readonly part?: string;
  /** Only rows of the sequence chart that contain this text. */
  readonly q?: string;
  /** Groups of rows that are hidden, as words with commas between. */
  readonly hide?: string;
  readonly only?: "trouble";
  /** Rows that repeat are shown one by one. */
  readonly each?: "row";
  /** The sequence chart begins at the first row at or after this time. */
  readonly at?: number;
  /** The row that is open, by its key. */
  readonly row?: string;
}

const numbers: ReadonlySet<string> = new Set(["from", "to", "at"]);
const names = ["from", "to", "part", "q", "hide", "only", "each", "at", "row"] as const;

/** The fragment, without its `#`. */
export function placeOf(section: Section, choices: Choices = {}): string {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = choices[name];
    if (value === undefined || value === "") continue;
    // A number without an end is not worth a word: the page's plots end where the run does.
    if (typeof value === "number") query.set(name, value === Infinity ? "end" : String(Math.round(value)));
    else query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? section : `${section}?${text}`;
}

/** Reads a fragment, with or without its `#`; what it does not know, or what is no number, it leaves out. */
export function readPlace(fragment: string): { section: Section | undefined; choices: Choices } {
  const [head, ...rest] = fragment.replace(/^#/, "").split("?");
  const query = new URLSearchParams(rest.join("?"));
  const choices: Record<string, string | number> = {};
  for (const name of names) {
    const text = query.get(name);
    if (text === null || text === "") continue;
    if (!numbers.has(name)) choices[name] = text;
    else if (text === "end") choices[name] = Infinity;
    else if (/^\d{1,15}$/.test(text)) choices[name] = Number(text);
  }
  return { section: sections.find((each) => each === head), choices };
}
