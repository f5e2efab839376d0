/**
 * Makes one result of those of shards, and refuses what does not belong together: another plan's, one that came twice,
 * one that is missing, one that is cut or no result at all. A merge never leaves a part out silently.
 */
import { byWorst, resultForm, worstNamed } from "./result";
import { histogramOf, textOf } from "./delays";
import type { FleetCounts, FleetLoad, FleetResult } from "./result";

/** A result and where it is from. */
export interface NamedResult {
  readonly name: string;
  readonly result: FleetResult;
}

/** A file's text as a result, or what is wrong with it. */
export function readResult(text: string): FleetResult | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "is no JSON: is it cut short, or still being written?" };
  }
  if (typeof value !== "object" || value === null) return { problem: "is no result of a fleet" };
  const given = value as Partial<FleetResult> & { failed?: unknown };
  if (given.form !== resultForm) return { problem: "is no result of this version's npm run fleet" };
  if (typeof given.failed === "string")
    return { problem: `its shard has failed: ${given.failed.slice(0, 200)}` };
  const { plan, shards, counts, load } = given;
  const sound =
    typeof plan === "object" &&
    plan !== null &&
    Array.isArray(shards) &&
    shards.length > 0 &&
    shards.every((each) => isShard(each)) &&
    isCounts(counts) &&
    histogramOf(given.delays) !== undefined &&
    histogramOf(given.answers) !== undefined &&
    histogramOf(given.years) !== undefined &&
    Array.isArray(given.worst) &&
    Array.isArray(given.levels) &&
    given.levels.length === 3 &&
    typeof load === "object" &&
    load !== null &&
    loadNames.every((name) => Array.isArray(load[name]) && load[name].every(isCount));
  return sound ? (given as FleetResult) : { problem: "is a result with parts that are missing or wrong" };
}

/** All of them as one, or why they are none. */
export function mergeResults(results: readonly NamedResult[]): FleetResult | { readonly problem: string } {
  const [first] = results;
  if (first === undefined) return { problem: "no results to merge" };
  const { plan } = first.result;
  const { count } = first.result.shards[0];
  const from = new Map<number, string>();
  for (const { name, result } of results) {
    const difference = differenceOf(plan, result.plan);
    if (difference !== undefined) {
      return { problem: `${name} is of another run than ${first.name}: ${difference}` };
    }
    for (const shard of result.shards) {
      if (shard.count !== count)
        return {
          problem: `${name} is a part of ${shard.count}, ${first.name} of ${count}: they do not fit together`,
        };
      const before = from.get(shard.index);
      if (before !== undefined)
        return { problem: `${name} has shard ${shard.index}/${count}, as ${before} has` };
      from.set(shard.index, name);
    }
  }
  const missing: number[] = [];
  for (let index = 1; index <= count; index++) if (!from.has(index)) missing.push(index);
  if (missing.length > 0) {
    const names = missing.slice(0, 10).join(", ");
    const more = missing.length > 10 ? ` and ${missing.length - 10} more` : "";
    return { problem: `shard ${names}${more} of ${count} is missing: run it again, or wait for it` };
  }
  const parts = results.map(({ result }) => result).sort((a, b) => a.shards[0].index - b.shards[0].index);
  return parts.slice(1).reduce(added, { ...parts[0], shards: [{ index: 1, count: 1 }] });
}

const loadNames = [
  "requests",
  "collisions",
  "refusals",
  "waiting",
  "airtime",
  "pages",
  "datagrams",
  "stored",
] as const satisfies readonly (keyof FleetLoad)[];

function added(a: FleetResult, b: FleetResult): FleetResult {
  const counts = { ...a.counts };
  for (const name of Object.keys(counts) as (keyof FleetCounts)[]) counts[name] += b.counts[name];
  const load = { step: a.load.step } as Record<string, unknown>;
  for (const name of loadNames) {
    load[name] = a.load[name].map((value, i) =>
      name === "waiting" ? Math.max(value, b.load[name][i] ?? 0) : value + (b.load[name][i] ?? 0),
    );
  }
  return {
    ...a,
    counts,
    delays: sum(a.delays, b.delays),
    answers: sum(a.answers, b.answers),
    years: sum(a.years, b.years),
    levels: a.levels.map((level, i) => ({
      devices: level.devices + b.levels[i].devices,
      modem: level.modem + b.levels[i].modem,
      board: level.board + b.levels[i].board,
    })),
    load: load as unknown as FleetLoad,
    worst: [...a.worst, ...b.worst].sort(byWorst).slice(0, worstNamed),
  };
}

/** Both have been read before, so that they are histograms. */
function sum(a: string, b: string): string {
  const whole = histogramOf(a)!;
  whole.add(histogramOf(b)!);
  return textOf(whole);
}

/** In what two plans differ, for people. */
function differenceOf(a: object, b: object): string | undefined {
  const [one, other] = [a, b] as Record<string, unknown>[];
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [here, there] = [JSON.stringify(one[name]), JSON.stringify(other[name])];
    if (here !== there)
      return `${name} is ${String(there).slice(0, 60)} and not ${String(here).slice(0, 60)}`;
  }
  return undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isShard(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { index, count } = value as Record<string, unknown>;
  return isCount(index) && isCount(count) && index >= 1 && index <= count;
}

function isCounts(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every(isCount);
}
