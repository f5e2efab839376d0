/**
 * The fuzzer: runs inputs, keeps those that show something new, makes the next ones out of them, and
 * stops at the first that breaks a rule.
 *
 * New is a feature that the target names (an outcome, a reason to discard), and with `coverage` also
 * code that no input reached before. Without coverage and with a number of executions a run depends on
 * its seed alone.
 */
import { Random } from "../../sim/time/random";
import { mutate } from "./mutate";
import { shrink } from "./shrink";
import { Violation, ruleOf } from "./target";
import type { Coverage } from "./coverage";
import type { Target, Watch } from "./target";

export interface FuzzOptions {
  readonly seed: number | string;
  /** When to stop, asked between batches. */
  readonly enough: (executions: number) => boolean;
  readonly coverage?: Coverage;
}

export interface FuzzResult {
  readonly executions: number;
  /** Inputs kept because they showed something new. */
  readonly corpus: number;
  readonly features: readonly string[];
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly rule: string;
  readonly message: string;
  /** As it was found, and as small as it got. */
  readonly found: Uint8Array;
  readonly input: Uint8Array;
}

const batchSize = 64;
const largestCorpus = 512;

/** Fuzzes one target. */
export function fuzz(target: Target, options: FuzzOptions): FuzzResult {
  const { coverage } = options;
  const random = new Random(options.seed).fork(target.name);
  const corpus: Uint8Array[] = [];
  const features = new Set<string>();
  let executions = 0;
  let fresh = false;
  const watch: Watch = {
    feature(name) {
      if (features.has(name)) return;
      features.add(name);
      fresh = true;
    },
    step: undefined,
  };

  const keep = (input: Uint8Array): void => {
    if (corpus.length < largestCorpus) corpus.push(input);
    else corpus[Math.floor(random.next() * corpus.length)] = input;
  };
  const next = (): Uint8Array => {
    if (corpus.length === 0 || random.chance(0.15)) return target.generate(random);
    return mutate(random.pick(corpus), random.pick(corpus), random);
  };
  /** Keeps those inputs of a batch that reach new code. Asking after each would be too slow. */
  const sift = (batch: readonly Uint8Array[]): void => {
    for (const input of batch) target.run(input, watch);
    const single = batch.length === 1;
    if (coverage!.take(single) === 0) return;
    if (single) return keep(batch[0]);
    const middle = batch.length >> 1;
    sift(batch.slice(0, middle));
    sift(batch.slice(middle));
  };

  const waiting = target.seeds();
  while (!options.enough(executions)) {
    const batch: Uint8Array[] = [];
    while (batch.length < batchSize) {
      const input = waiting.shift() ?? next();
      executions += 1;
      fresh = false;
      try {
        target.run(input, watch);
      } catch (error) {
        const failure = reduce(target, input, error);
        return { executions, corpus: corpus.length, features: [...features], failure };
      }
      if (fresh) keep(input);
      batch.push(input);
    }
    if (coverage !== undefined && coverage.take(false) > 0) sift(batch);
  }
  return { executions, corpus: corpus.length, features: [...features], failure: undefined };
}

/** Whether this input breaks this rule. */
function breaks(target: Target, input: Uint8Array, rule: string): boolean {
  try {
    target.run(input, silent);
    return false;
  } catch (error) {
    return ruleOf(error) === rule;
  }
}

function reduce(target: Target, found: Uint8Array, error: unknown): Failure {
  const rule = ruleOf(error);
  const input = shrink(found, (candidate) => breaks(target, candidate, rule));
  return { rule, message: replay(target, input).message ?? String(error), found, input };
}

/** Runs one input and tells what happens: the steps, and what the failure says if it is one. */
export function replay(target: Target, input: Uint8Array): { steps: string[]; message: string | undefined } {
  const steps: string[] = [];
  try {
    target.run(input, { feature: () => undefined, step: (line) => void steps.push(line) });
    return { steps, message: undefined };
  } catch (error) {
    if (error instanceof Violation) return { steps, message: error.message };
    return { steps, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const silent: Watch = { feature: () => undefined, step: undefined };
