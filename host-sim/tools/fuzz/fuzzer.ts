/**
 * The fuzzer: runs inputs, keeps those that show something new, makes the next ones out of them, and
 * stops at the first that breaks a rule.
 *
 * New is a feature that the target names (an outcome, a reason to discard), with `coverage` also code that no
 * input reached before, and with `depth` a stack deeper than any before. Without coverage and with a number of
 * executions a run depends on its seed alone.
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
  /** Bytes of the heap in use, garbage collected: what an input leaves behind for ever shows there. */
  readonly heap?: () => number;
  /** Told of each input before it runs, so that one that never ends can be named. */
  readonly onInput?: (input: Uint8Array) => void;
}

export interface FuzzResult {
  readonly executions: number;
  /** What was handed in within them, by `Watch.input`. */
  readonly inputs: number;
  /** Inputs kept because they showed something new. */
  readonly corpus: number;
  readonly features: readonly string[];
  /** Bytes by which the heap has grown since `settled` inputs; undefined where it was not looked at. */
  readonly growth: number | undefined;
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly rule: string;
  readonly message: string;
  /** As it was found, and as small as it got. */
  readonly found: Uint8Array;
  readonly input: Uint8Array;
}

/** Inputs between two questions whether it is enough. */
export const batchSize = 64;
/** Coverage is looked at after so many times the time that a look takes. */
const lookShare = 4;
const largestCorpus = 512;
/** Inputs after which what is compiled and cached once has been. */
const settled = 4_096;
/** Most that the heap may grow after that, bytes, however many inputs there are. */
const mostGrowth = 16 << 20;

/** What the next inputs are made of. */
export class Corpus {
  readonly #target: Target;
  readonly #random: Random;
  readonly #kept: Uint8Array[] = [];
  readonly #waiting: Uint8Array[];

  constructor(target: Target, seed: number | string) {
    this.#target = target;
    this.#random = new Random(seed).fork(target.name);
    this.#waiting = target.seeds();
  }

  get length(): number {
    return this.#kept.length;
  }

  keep(input: Uint8Array): void {
    if (this.#kept.length < largestCorpus) this.#kept.push(input);
    else this.#kept[Math.floor(this.#random.next() * this.#kept.length)] = input;
  }

  /** One of the target's own to begin with, one that owes nothing to any, or a kept one with damages. */
  next(): Uint8Array {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting;
    const random = this.#random;
    if (this.#kept.length === 0 || random.chance(0.15)) return this.#target.generate(random);
    return mutate(random.pick(this.#kept), random.pick(this.#kept), random);
  }
}

/** A turn of the event loop: what V8 keeps until the end of the present one can be collected behind it. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Fuzzes one target. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const { coverage, heap, onInput } = options;
  const corpus = new Corpus(target, options.seed);
  const features = new Set<string>();
  let executions = 0;
  let inputs = 0;
  let fresh = false;
  let before: number | undefined;
  const watch: Watch = {
    feature(name) {
      if (features.has(name)) return;
      features.add(name);
      fresh = true;
    },
    input: () => void (inputs += 1),
    step: undefined,
  };
  const result = (failure: Failure | undefined, growth: number | undefined): FuzzResult => {
    return { executions, inputs, corpus: corpus.length, features: [...features], growth, failure };
  };

  /** Keeps those inputs of a batch that reach new code. Asking after each would be too slow. */
  const sift = async (batch: readonly Uint8Array[]): Promise<void> => {
    for (const input of batch) await target.run(input, watch);
    const single = batch.length === 1;
    if (coverage!.take(single) === 0) return;
    if (single) return corpus.keep(batch[0]);
    const middle = batch.length >> 1;
    await sift(batch.slice(0, middle));
    await sift(batch.slice(middle));
  };

  /** Inputs since coverage was last looked at, which costs as much as many of them. */
  let unseen: Uint8Array[] = [];
  let nextLook = 0;
  const look = async (): Promise<void> => {
    const started = performance.now();
    if (started < nextLook) return;
    const reached = coverage!.take(false);
    const cost = performance.now() - started;
    if (reached > 0) await sift(unseen);
    unseen = [];
    nextLook = performance.now() + lookShare * cost;
  };

  while (!options.enough(executions)) {
    if (before === undefined && executions >= settled) {
      nextLook = 0;
      if (coverage !== undefined) await look();
      await turn();
      before = heap?.();
    }
    const batch: Uint8Array[] = [];
    while (batch.length < batchSize) {
      const input = corpus.next();
      executions += 1;
      fresh = false;
      onInput?.(input);
      try {
        const running = target.run(input, watch);
        if (running !== undefined) await running;
      } catch (error) {
        return result(await reduce(target, input, error), undefined);
      }
      if (fresh) corpus.keep(input);
      batch.push(input);
    }
    if (coverage === undefined) continue;
    for (const input of batch) unseen.push(input);
    await look();
  }
  // What waits for a look is the fuzzer's own, some 100,000 inputs of a quick target.
  unseen = [];
  await turn();
  const growth = before === undefined || heap === undefined ? undefined : heap() - before;
  if (growth === undefined || growth <= mostGrowth) return result(undefined, growth);
  const message = `the heap has grown by ${growth} bytes over ${executions - settled} inputs`;
  const nothing = new Uint8Array(0);
  return result({ rule: "nothing is left behind", message, found: nothing, input: nothing }, growth);
}

/** Whether this input breaks this rule. */
async function breaks(target: Target, input: Uint8Array, rule: string): Promise<boolean> {
  try {
    await target.run(input, silent);
    return false;
  } catch (error) {
    return ruleOf(error) === rule;
  }
}

async function reduce(target: Target, found: Uint8Array, error: unknown): Promise<Failure> {
  const rule = ruleOf(error);
  const input = await shrink(found, (candidate) => breaks(target, candidate, rule));
  return { rule, message: (await replay(target, input)).message ?? String(error), found, input };
}

/** Runs one input and tells what happens: the steps, and what the failure says if it is one. */
export async function replay(
  target: Target,
  input: Uint8Array,
): Promise<{ steps: string[]; message: string | undefined }> {
  const steps: string[] = [];
  try {
    await target.run(input, { ...silent, step: (line) => void steps.push(line) });
    return { steps, message: undefined };
  } catch (error) {
    if (error instanceof Violation) return { steps, message: error.message };
    return { steps, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const silent: Watch = { feature: () => undefined, input: () => undefined, step: undefined };
