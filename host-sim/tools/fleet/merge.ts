/** Makes one result of those of shards: the same bytes as one process's. */
import { byWorst, resultForm, worstNamed } from "./result";
import { histogramOf, textOf } from "./delays";
import { readHead, unsound, wholeOf } from "../shards/parts";
import { isWhole, wholeRun } from "../shards/shard";
import type { Named, Problem } from "../shards/parts";
import type { Shard } from "../shards/shard";
import type { FleetCounts, FleetLoad, FleetResult } from "./result";

/** A file's text as a result, or what is wrong with it. */
export function readResult(text: string): FleetResult | Problem {
  const head = readHead(text, resultForm, "fleet");
  if ("problem" in head) return head;
  const given = head.fields as Partial<FleetResult>;
  const { counts, load } = given;
  const sound =
    isCounts(counts) &&
    histogramOf(given.delays) !== undefined &&
    histogramOf(given.answers) !== undefined &&
    histogramOf(given.years) !== undefined &&
    Array.isArray(given.worst) &&
    Array.isArray(given.levels) &&
    given.levels.length === 3 &&
    typeof load === "object" &&
    load !== null &&
    loadNames.every((name) => Array.isArray(load[name]) && load[name].every(isWhole));
  return sound ? (given as FleetResult) : unsound;
}

/** All of them as one, or why they are none. */
export function mergeResults(results: readonly Named<FleetResult>[]): FleetResult | Problem {
  const whole = wholeOf(results);
  return "problem" in whole ? whole : sumOf(whole, wholeRun);
}

/** What parts of one plan come to that share no cell, as this shard. */
export function sumOf([first, ...others]: readonly FleetResult[], shard: Shard): FleetResult {
  return others.reduce(added, { ...first, shard });
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

function isCounts(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every(isWhole);
}
