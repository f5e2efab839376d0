/**
 * What one changed setting does to the battery: each is a run of the same firmware, all else as it was.
 */
import { batteryYears } from "./battery";
import { measureTo } from "./measure";
import { changed, isAdvice, namesOf, rowsOf, untriedIn } from "./variants";
import type { Battery } from "./battery";
import type { Choice, MeasureOptions } from "./choice";
import type { Learnt, Measured, Precision } from "./measure";
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
 * @param asked changes that the user wants to see besides
 * @param onDone what is measured next; undefined when all is done
 * @throws Error when a run fails
 */
export async function compare(
  base: Choice,
  battery: Battery,
  options: MeasureOptions,
  asked: readonly Variant[] = [],
  onDone?: (next: string | undefined) => void,
): Promise<Comparison> {
  const asIs = { text: "as asked", change: {}, ...untriedIn(base) };
  onDone?.(asIs.text);
  const { measured, learnt } = await measureTo(base, options, precise);
  const first = outcomeOf(asIs, measured, battery);
  const outcomes: Outcome[] = [];
  for (const variant of rowsOf(base, asked)) {
    onDone?.(variant.text);
    outcomes.push(await outcomeWith(variant, base, battery, options, learnt));
  }
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
    onDone?.(all.text);
    together = await outcomeWith(all, base, battery, options, learnt);
  }
  onDone?.(undefined);
  return { base: first, variants: outcomes, together, chance: (errors * measured.error) / measured.watts };
}

async function outcomeWith(
  variant: Variant,
  base: Choice,
  battery: Battery,
  options: MeasureOptions,
  learnt: readonly (Learnt | undefined)[],
): Promise<Outcome> {
  const choice = changed(base, [variant.change]);
  // Without release assistance, or with a board that stays awake, a ms more of latency costs something else.
  const { measured } = await measureTo(choice, options, rough, learnt);
  return outcomeOf(variant, measured, battery);
}

/** Whether it lasts longer than the other by more than chance. */
export function helps(one: Outcome, other: Outcome): boolean {
  return Math.abs(one.years - other.years) > 0 && one.years > other.years * (1 + doubtBetween(one, other));
}

/** By how much two lives may differ by chance, or by so little that it is no advice; a share. */
export function doubtBetween({ measured: a }: Outcome, { measured: b }: Outcome): number {
  return Math.max(least, errors * Math.hypot(a.error / a.watts, b.error / b.watts));
}
