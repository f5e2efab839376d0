/** The standard's cells as lines of text: years, and where a reading's joules go. */
import { cellText, daily, meanRatios } from "./twelve-cells";
import { boardParts, modemParts, sumOf } from "./waterfall";
import type { Cell, CellYears } from "./twelve-cells";
import type { Waterfall } from "./waterfall";

const nameWidth = 22;

/** Years of each cell and what they are of the bound, the geometric means last. */
export function yearLines(cells: readonly Cell[]): string[] {
  const number = (value: number): string => value.toFixed(value < 10 ? 2 : 1).padStart(6);
  const share = (value: number): string => value.toFixed(2).padStart(6);
  const rows = cells.map((cell) => {
    const { years } = cell;
    const both = (of: keyof CellYears): string => number(years[of]) + share(years[of] / years.bound);
    const columns = [
      number(years.most),
      both("modem"),
      number(years.mostWithBoard),
      both("withBoard"),
      both("lightly"),
    ];
    return `  ${cellText(cell)}${number(years.bound)}  ${columns.join("  ")}`;
  });
  const mean = meanRatios(cells);
  const both = (value: number): string => `      ${share(value)}`;
  const means = [
    share(mean.most),
    both(mean.modem),
    share(mean.mostWithBoard),
    both(mean.withBoard),
    both(mean.lightly),
  ];
  return [
    `  ${"years on 5 Wh".padEnd(nameWidth)}         modem alone           with the board        in light sleep`,
    `  ${"".padEnd(nameWidth)} bound    most       it is    most       it is         it is`,
    ...rows,
    `  ${"of the bound, on average".padEnd(nameWidth + 8)}${means.join("  ")}`,
    `  most: PSM, and EnOS's datagrams once; with the board, deep sleep besides. A day is ${daily} s, which a session`,
    "  outlasts. In light sleep: the same while the board waits, which was not tried on a board.",
  ];
}

/** J a reading by where they go, and each part's share of the bound on average over the cells. */
export function waterfallLines(cells: readonly Cell[]): string[] {
  const columns: readonly (readonly [title: string, of: (joules: Waterfall) => number])[] = [
    ["bound", ({ bound }) => bound],
    ["bytes", ({ bytes }) => bytes],
    ["again", ({ again }) => again],
    ["awake", ({ awake }) => awake],
    ["modem", (joules) => sumOf(joules, modemParts)],
    ["asleep", ({ asleep }) => asleep],
    ["starts", ({ starting }) => starting],
    ["runs", ({ running }) => running],
    ["waits", ({ waiting }) => waiting],
    ["all", (joules) => sumOf(joules, [...modemParts, ...boardParts])],
  ];
  const row = (name: string, value: (of: (joules: Waterfall) => number) => string): string =>
    `  ${name.padEnd(nameWidth)}${columns.map(([, of]) => value(of).padStart(7)).join("")}`;
  return [
    `  ${"J a reading".padEnd(nameWidth)}${columns.map(([title]) => title.padStart(7)).join("")}`,
    ...cells.map((cell) => row(cellText(cell), (of) => of(cell.joules).toFixed(3))),
    row("% of the bound", (of) =>
      ((100 * cells.reduce((sum, { joules }) => sum + of(joules) / joules.bound, 0)) / cells.length).toFixed(
        0,
      ),
    ),
  ];
}
