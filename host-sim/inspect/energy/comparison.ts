/**
 * What one changed setting does to the battery: each is a run of the same firmware, all else as it was.
 */
import { batteryYears } from "./battery";
import { measureTo } from "./measure";
import { changed, isAdvice, namesOf, untriedIn } from "./variants";
import type { Battery } from "./battery";
import type { Choice, MeasureOptions } from "./choice";
import type { Measured, Measurement, Precision } from "./measure";
import type { Variant } from "./variants";

export interface Outcome extends Variant {
  readonly measured: Measured;
  readonly years: number;
  /** Between which years it lies, by chance and by how fast the processor may be. */
  readonly range: readonly [least: number, most: number];
}

export interface Comparison {
  readonly base: Outcome;
  /** Longest life first. */
  readonly variants: readonly Outcome[];
  /** All changes that help at once, those of one setting by the best; undefined when none or one does. */
  readonly together: Outcome | undefined;
  /** By how much chance may move the life as asked, either way, as a share of it. */
  readonly chance: number;
}

/** The row of the settings as they are. */
export const asAsked = "as asked";

/** A gain below this is no advice, even where chance plays no part. */
const least = 0.02;
/** Standard errors within which nearly all runs lie. */
const errors = 2;
/** How surely the settings as asked are measured, and each change. */
const precise: Precision = { enough: 0.025, least: 10 };
const rough: Precision = { enough: 0.035, least: 4 };

/** The life under what was measured. */
export function outcomeOf(variant: Variant, measured: Measured, battery: Battery): Outcome {
  const { watts, error, slowest, fastest } = measured;
  const years = (power: number): number => batteryYears(battery, Math.max(0, power));
  const range = [years(slowest + errors * error), years(fastest - errors * error)] as const;
  return { ...variant, measured, years: years(watts), range };
}

/**
 * Measures the settings as asked, as surely as the advice wants it; each change is measured beside them.
 *
 * @throws Error when a run fails
 */
export function measureAsked(base: Choice, options: MeasureOptions): Promise<Measurement> {
  return measureTo(base, options, precise);
}

/**
 * Measures a row of the table.
 *
 * @param learnt from the settings as asked
 * @throws Error when a run fails
 */
export async function measureChange(
  { change }: Pick<Variant, "change">,
  base: Choice,
  options: MeasureOptions,
  learnt: Measurement["learnt"],
): Promise<Measured> {
  const choice = changed(base, [change]);
  // Without release assistance, or with a board that stays awake, a ms more of latency costs something else.
  return (await measureTo(choice, options, rough, learnt)).measured;
}

/**
 * Compares what was measured, and measures all that helps together, which nobody knows before.
 *
 * @param rows those of `rowsOf`, each as it was measured
 * @param onNext that measurement begins
 * @throws Error when it fails
 */
export async function comparisonOf(
  base: Choice,
  battery: Battery,
  options: MeasureOptions,
  { measured, learnt }: Measurement,
  rows: readonly { readonly variant: Variant; readonly measured: Measured }[],
  onNext?: (text: string) => void,
): Promise<Comparison> {
  const first = outcomeOf({ text: asAsked, change: {}, ...untriedIn(base) }, measured, battery);
  const outcomes = rows.map((row) => outcomeOf(row.variant, row.measured, battery));
  outcomes.sort((a, b) => b.years - a.years);
  // The best of each setting: they come best first.
  const best: Outcome[] = [];
  for (const outcome of outcomes.filter((each) => isAdvice(each) && helps(each, first))) {
    const names = new Set(best.flatMap(({ change }) => namesOf(change)));
    if (!namesOf(outcome.change).some((name) => names.has(name))) best.push(outcome);
  }
  const all = {
    text: "all that helps, together",
    change: changed(
      {} as Choice,
      best.map(({ change }) => change),
    ),
  };
  let together: Outcome | undefined;
  if (best.length > 1) {
    onNext?.(all.text);
    together = outcomeOf(all, await measureChange(all, base, options, learnt), battery);
  }
  return { base: first, variants: outcomes, together, chance: (errors * measured.error) / measured.watts };
}

/** Whether it lasts longer than the other by more than chance. */
export function helps(one: Outcome, other: Outcome): boolean {
  return Math.abs(one.years - other.years) > 0 && one.years > other.years * (1 + doubtBetween(one, other));
}

/** By how much two lives may differ by chance, or by so little that it is no advice; a share. */
export function doubtBetween({ measured: a }: Outcome, { measured: b }: Outcome): number {
  return Math.max(least, errors * Math.hypot(a.error / a.watts, b.error / b.watts));
}
