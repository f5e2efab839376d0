/** What a comparison comes to, as lines of text. */
import { lasting } from "../report/duration";
import { escaped } from "../../model/escaped";
import { lifetimeIn, waitOf } from "./advice";
import { doubtBetween } from "./comparison";
import type { Choice } from "./choice";
import type { Comparison, Outcome } from "./comparison";
import type { Palette } from "../report/style";

/** Width of a bar that is all of it. */
const barWidth = 30;
const textWidth = 46;

/** What one reading costs, by what for. */
export function shareLines(base: Outcome, palette: Palette): string[] {
  const { watts, wattsByCause, joulesPerReport, modem, board, perReport } = base.measured;
  const rows = Object.entries(wattsByCause)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, power]) => {
      const share = power / watts;
      const bar = "█".repeat(Math.max(1, Math.round(barWidth * share)));
      const joules = (joulesPerReport * share).toFixed(4).padStart(9);
      return `  ${escaped(cause).padEnd(22)}${joules} J  ${(100 * share).toFixed(1).padStart(5)} %  ${bar}`;
    });
  return [
    `${palette.bold(lifetimeIn(base))}: ${(1e6 * watts).toFixed(0)} µW on average, of which the modem takes ` +
      `${(1e6 * modem).toFixed(0)} and the board ${(1e6 * board).toFixed(0)}. One reading, with all that belongs to it:`,
    ...rows,
    `  ${"sum".padEnd(22)}${joulesPerReport.toFixed(4).padStart(9)} J`,
    `  the board wakes ${perReport.wakes.toFixed(2)} times and is awake for ${lasting(perReport.awake)}, ` +
      `with ${perReport.atLines.toFixed(1)} AT lines and ${perReport.authentications.toFixed(2)} authentications`,
  ];
}

/** The changes, longest life first, with what a reading waits for the others of its batch. */
export function changeLines(
  { base, variants, together }: Comparison,
  choice: Choice,
  palette: Palette,
): string[] {
  const rows = [...(together === undefined ? [] : [together]), ...variants, base];
  rows.sort((a, b) => b.years - a.years);
  const line = (row: Outcome): string => {
    const { text, measured, years, untried } = row;
    const change = years / base.years - 1;
    const sign = row === base ? "" : `${change >= 0 ? "+" : ""}${(100 * change).toFixed(0)} %`;
    const waits = waitOf(choice, row);
    const shown = (
      `  ${escaped(text).padEnd(textWidth)}${lifetimeIn(row).padStart(25)}${sign.padStart(8)}` +
      `${measured.joulesPerReport.toFixed(3).padStart(9)} J${(waits === 0 ? "" : lasting(1_000 * waits)).padStart(14)}` +
      (untried === undefined ? "" : "  not tried on a board")
    ).trimEnd();
    if (row === base) return palette.bold(shown);
    const sure = doubtBetween(row, base);
    return change > sure ? palette.green(shown) : change < -sure ? palette.red(shown) : shown;
  };
  const head = `  ${"one thing changed".padEnd(textWidth)}${"lasts".padStart(25)}${"".padStart(8)}${"per reading".padStart(11)}${"waits up to".padStart(14)}`;
  return [palette.bold(head), ...rows.map(line)];
}
