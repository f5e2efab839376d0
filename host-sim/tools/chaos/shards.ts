/** A campaign in parts, each with some of its seeds: what a part writes, and what the parts come to together. */
import { readHead, unsound, wholeOf } from "../shards/parts";
import { isWhole, shareOf } from "../shards/shard";
import type { Named, Problem } from "../shards/parts";
import type { Shard } from "../shards/shard";
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
  { first, seeds }: Pick<CampaignPlan, "first" | "seeds">,
  shard: Shard,
): { first: number; seeds: number } {
  const share = shareOf(seeds, shard);
  return { first: first + share.first, seeds: share.end - share.first };
}

/** A file's text as a part, or what is wrong with it. */
export function readPart(text: string): CampaignPart | Problem {
  const head = readHead(text, partForm, "chaos");
  if ("problem" in head) return head;
  const { first, seeds } = head.plan;
  const { trials } = head.fields;
  const sound =
    isWhole(first) &&
    isWhole(seeds) &&
    Array.isArray(trials) &&
    trials.every(
      (trial: Partial<TrialResult> | null) => isWhole(trial?.seed) && Array.isArray(trial.violations),
    );
  if (!sound) return unsound;
  const wanted = seedsOf({ first, seeds }, head.shard);
  const has = new Set((trials as readonly TrialResult[]).map(({ seed }) => seed));
  if (
    trials.length !== wanted.seeds ||
    has.size !== wanted.seeds ||
    [...has].some((seed) => seed < wanted.first || seed >= wanted.first + wanted.seeds)
  )
    return { problem: `has ${has.size} of its ${wanted.seeds} trials: its shard did not come to its end` };
  return head.fields as unknown as CampaignPart;
}

/** All trials of a campaign in the order of their seeds, or why the parts do not make one. */
export function mergeParts(
  parts: readonly Named<CampaignPart>[],
): { readonly plan: CampaignPlan; readonly trials: readonly TrialResult[] } | Problem {
  const whole = wholeOf(parts);
  if ("problem" in whole) return whole;
  const trials = whole.flatMap((part) => part.trials);
  return { plan: whole[0].plan, trials: trials.sort((a, b) => a.seed - b.seed) };
}
