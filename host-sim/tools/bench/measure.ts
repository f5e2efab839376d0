/**
 * Compares ways of doing the same thing in one run: every round gives each its turn, so that whatever
 * the machine does meanwhile meets them all, and the median of the rounds counts.
 */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** ns per call of each contender, the median of `rounds`. */
export function compare(
  contenders: Readonly<Record<string, () => void>>,
  options: { rounds?: number; roundMs?: number } = {},
): Record<string, number> {
  const rounds = options.rounds ?? 41;
  const roundMs = options.roundMs ?? 15;
  const names = Object.keys(contenders);
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  const batch: Record<string, number> = {};
  for (const name of names) batch[name] = calibrate(contenders[name], roundMs);
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const run = contenders[name];
      const count = batch[name];
      const started = process.hrtime.bigint();
      for (let i = 0; i < count; i++) run();
      times[name].push(Number(process.hrtime.bigint() - started) / count);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]));
}

/** Calls that take about `ms`; the calls made to find out warm the code up. */
function calibrate(run: () => void, ms: number): number {
  for (let count = 64; ; count *= 2) {
    const started = process.hrtime.bigint();
    for (let i = 0; i < count; i++) run();
    const took = Number(process.hrtime.bigint() - started) / 1e6;
    if (took > ms / 4) return Math.max(1, Math.round((count * ms) / took));
  }
}

/** The median; of an even number of values the higher of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.slice().sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

let collect: (() => void) | undefined;

/** Bytes in use on the heap after a garbage collection. */
export function heapUsed(): number {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
    // Every context made while the flag is set has a global `gc` that cannot be deleted, and the firmware's
    // context deletes what a board does not have.
    setFlagsFromString("--no-expose-gc");
  }
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
