/**
 * What one changed setting does to the battery: each is a run of the same firmware, all else as it was.
 */
import { batteryYears } from "./battery";
import { measure } from "./choice";
import type { Battery } from "./battery";
import type { Choice, MeasureOptions, Measured } from "./choice";

/** One setting changed. */
export interface Variant {
  /** As the user would say it. */
  readonly text: string;
  readonly change: Partial<Choice>;
}

export interface Outcome extends Variant {
  readonly measured: Measured;
  readonly years: number;
}

export interface Comparison {
  readonly base: Outcome;
  /** Longest life first. */
  readonly variants: readonly Outcome[];
  /** All changes that help at once, those of one setting by the best; undefined when none or one does. */
  readonly together: Outcome | undefined;
  /** By how much chance alone moves the life: the spread of runs as asked with other seeds, a share of their mean. */
  readonly chance: number;
}

/** A gain below this is no advice, even where chance plays no part. */
const least = 0.02;
/** Runs as asked, each with random numbers of its own, that tell chance from gain. */
const samples = 4;

/** From this factor on, a longer life is more than chance. */
const worthwhile = (chance: number): number => 1 + Math.max(least, chance);

/** The changes worth looking at, without what is so already. */
export function variantsOf(base: Choice): Variant[] {
  const variants: Variant[] = [];
  for (const format of ["raw", "compact", "json"] as const) {
    if (format !== base.format) variants.push({ text: `readings as ${format}`, change: { format } });
  }
  for (const batch of [1, 4, 16]) {
    if (batch === base.batch) continue;
    const text = batch === 1 ? "each reading by itself" : `${batch} readings together`;
    variants.push({ text, change: { batch } });
  }
  variants.push(
    base.releaseAssistance
      ? { text: "a network without release assistance", change: { releaseAssistance: false } }
      : { text: "a network with release assistance", change: { releaseAssistance: true } },
    base.saving === "psm"
      ? { text: "eDRX in place of PSM (the board stays awake)", change: { saving: "edrx" } }
      : { text: "PSM in place of eDRX", change: { saving: "psm" } },
  );
  const short = 2;
  if (base.saving === "psm" && base.t3324 > short) {
    variants.push({ text: `PSM ${short} s after the last datagram (T3324)`, change: { t3324: short } });
  }
  const between = base.interval * base.batch;
  const kept = Math.min(86_400, Math.max(30, 2 * between));
  if (base.lifetime <= between && kept > between) {
    variants.push({ text: `session lifetime ${kept} s`, change: { lifetime: kept } });
  } else if (base.lifetime > between) {
    const lapses = Math.max(30, Math.floor(between / 2));
    variants.push({
      text: `session lifetime ${lapses} s, a new session each time`,
      change: { lifetime: lapses },
    });
  }
  if (!base.keepAlive && base.lifetime <= between) {
    variants.push({ text: "session kept alive", change: { keepAlive: true } });
  }
  variants.push(
    base.sleep === "deep"
      ? { text: "board awake between readings", change: { sleep: "none" } }
      : { text: "board in deep sleep between readings", change: { sleep: "deep" } },
  );
  return variants;
}

/** @param onDone one run is over. @throws Error when a run fails */
export async function compare(
  base: Choice,
  battery: Battery,
  options: MeasureOptions,
  onDone?: () => void,
): Promise<Comparison> {
  const run = async (variant: Variant): Promise<Outcome> => {
    const measured = await measure({ ...base, ...variant.change }, options);
    onDone?.();
    return { ...variant, measured, years: batteryYears(battery, measured.watts) };
  };
  const first = await run({ text: "as asked", change: {} });
  const lives = [first.years];
  while (lives.length < samples) {
    const other = { ...options, seed: `${options.seed}/${lives.length}` };
    lives.push(batteryYears(battery, (await measure(base, other)).watts));
    onDone?.();
  }
  const chance = spread(lives);
  const outcomes: Outcome[] = [];
  for (const variant of variantsOf(base)) outcomes.push(await run(variant));
  outcomes.sort((a, b) => b.years - a.years);
  const helpful = outcomes.filter(({ years }) => years > first.years * worthwhile(chance));
  // The best of each setting: they come best first.
  const change: Record<string, unknown> = {};
  for (const outcome of helpful) {
    for (const [setting, value] of Object.entries(outcome.change)) change[setting] ??= value;
  }
  // A session must last from one contact to the next.
  const { batch = base.batch, lifetime: session = base.lifetime } = change as Partial<Choice>;
  if (batch !== base.batch && session <= base.interval * batch) {
    change.lifetime = Math.min(86_400, 2 * base.interval * batch);
  }
  const count = Object.keys(change).length;
  const together = count < 2 ? undefined : await run({ text: "all that helps, together", change });
  return { base: first, variants: outcomes, together, chance };
}

/** From the least to the most, a share of the mean. */
export function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return (Math.max(...values) - Math.min(...values)) / mean;
}

/** What to do about it, one sentence. */
export function advice({ base, variants, together, chance }: Comparison): string {
  const best = variants[0];
  if (best === undefined || best.years <= base.years * worthwhile(chance)) {
    return "Nothing in this list helps by more than chance: what is left is fewer readings, better coverage, or a larger battery.";
  }
  const gain = (years: number): string => `${(years / base.years).toFixed(1)} times as long`;
  const more =
    together === undefined || together.years <= best.years * worthwhile(chance)
      ? ""
      : ` All that helps, together, makes it ${lifetime(together.years)} (${gain(together.years)}).`;
  return `Change first: ${best.text}. The battery then lasts ${lifetime(best.years)}, ${gain(best.years)}.${more}`;
}

/** Years, or days where it is less than one. */
export function lifetime(years: number): string {
  return years >= 1 ? `${years.toFixed(1)} years` : `${Math.max(1, Math.round(years * 365.25))} days`;
}
