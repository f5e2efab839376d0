/** The part of the run that all charts over time show, as the address has it. */
import { within } from "../../../../cloud/page/chart-time";
import { choices, choose } from "./address";
import type { Range } from "../../../../cloud/page/chart-time";
import type { Section } from "../../place";

/** @param end of the run, virtual ms */
export function shownRange(end: number): Range {
  const { from = 0, to = end } = choices.value;
  return within({ from, to: Math.min(to, end) }, { from: 0, to: end });
}

/** Shows another part. */
export function showRange(where: Section, range: Range, end: number): void {
  const { from, to } = within(range, { from: 0, to: end });
  const isWhole = from <= 0 && to >= end;
  choose(where, isWhole ? { from: undefined, to: undefined } : { from, to });
}
