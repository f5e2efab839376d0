/** A campaign in parts, each with some of its seeds: what a part writes, and what the parts come to together. */
import type { Shard } from "../fleet/plan";
import type { ChosenDevice } from "./script";
import type { TrialResult } from "./trial";

/** Written into each file, so that a stranger's is told from one of ours. */
export const partForm = "enos-nbiot-xs chaos part 1";

/** What a whole campaign is: the parts of one have the same. */
export interface CampaignPlan {
  /** Of the project. */
  readonly version: string;
  readonly hours: number;
  readonly first: number;
  readonly seeds: number;
  readonly engine: "node" | "xs";
  readonly device: ChosenDevice;
  /** As they were named; all when left out. */
  readonly kinds?: readonly string[];
}

/** A part of one. */
export interface CampaignPart {
  readonly form: typeof partForm;
  readonly plan: CampaignPlan;
  readonly shard: Shard;
  readonly trials: readonly TrialResult[];
}

/** Seeds of a part: the first, and how many there are. */
export function seedsOf(
  { first, seeds }: CampaignPlan,
  { index, count }: Shard,
): { first: number; seeds: number } {
  const edge = (part: number): number => Math.floor((seeds * part) / count);
  return { first: first + edge(index - 1), seeds: edge(index) - edge(index - 1) };
}

/** A file's text as a part, or what is wrong with it. */
export function readPart(text: string): CampaignPart | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "is no JSON: is it cut short, or still being written?" };
  }
  const part = (typeof value === "object" && value !== null ? value : {}) as Partial<CampaignPart>;
  if (part.form !== partForm) return { problem: "is no part of this version's npm run chaos" };
  const { plan, shard, trials } = part;
  const sound =
    isWhole(plan?.first) &&
    isWhole(plan.seeds) &&
    isWhole(shard?.index) &&
    isWhole(shard.count) &&
    shard.index >= 1 &&
    shard.index <= shard.count &&
    Array.isArray(trials) &&
    trials.every(
      (trial: Partial<TrialResult> | null) => isWhole(trial?.seed) && Array.isArray(trial.violations),
    );
  if (!sound) return { problem: "is a part with something missing or wrong" };
  const wanted = seedsOf(plan as CampaignPlan, shard as Shard);
  const has = new Set(trials.map(({ seed }) => seed));
  if (
    has.size !== wanted.seeds ||
    trials.some(({ seed }) => seed < wanted.first || seed >= wanted.first + wanted.seeds)
  )
    return { problem: `has ${has.size} of its ${wanted.seeds} trials: its shard did not come to its end` };
  return part as CampaignPart;
}

/** All trials of a campaign in the order of their seeds, or why the parts do not make one. */
export function mergeParts(
  parts: readonly { readonly name: string; readonly part: CampaignPart }[],
): { readonly plan: CampaignPlan; readonly trials: readonly TrialResult[] } | { readonly problem: string } {
  const [first] = parts;
  if (first === undefined) return { problem: "no parts to merge" };
  const { plan, shard } = first.part;
  const from = new Map<number, string>();
  for (const { name, part } of parts) {
    if (JSON.stringify(part.plan) !== JSON.stringify(plan) || part.shard.count !== shard.count)
      return { problem: `${name} is of another campaign than ${first.name}` };
    const before = from.get(part.shard.index);
    if (before !== undefined) {
      return { problem: `${name} has shard ${part.shard.index}/${shard.count}, as ${before} has` };
    }
    from.set(part.shard.index, name);
  }
  for (let index = 1; index <= shard.count; index++) {
    if (!from.has(index)) return { problem: `shard ${index} of ${shard.count} is missing` };
  }
  const trials = parts.flatMap(({ part }) => part.trials);
  return { plan, trials: trials.sort((a, b) => a.seed - b.seed) };
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
