/**
 * The fuzzer on the board's engine: inputs are made here and run on XS, where what passes on Node can recurse too
 * deep, leave names behind, or end the program. The stack is looked at after each batch, and an input that takes it
 * deeper than any before is kept, for the next ones to be made of.
 */
import { HeapEngine } from "../footprint/heap-engine";
import { GuestFault } from "../../sim/engine/engine";
import { bundled } from "../../bundled.mjs";
import { projectRoot } from "../../project";
import { Corpus, batchSize } from "./fuzzer";
import { shrink } from "./shrink";
import type { Failure } from "./fuzzer";
import type { HeapState } from "../footprint/heap-engine";
import type { Target } from "./target";

export interface XsFuzzResult {
  readonly executions: number;
  readonly inputs: number;
  readonly corpus: number;
  readonly features: readonly string[];
  /** Slots of the stack at its deepest, and the input that took it there. */
  readonly stack: number;
  readonly deepest: Uint8Array;
  /** What is alive more than after the first batches. */
  readonly grown: { readonly slots: number; readonly keys: number; readonly bytes: number };
  readonly failure: Failure | undefined;
}

/** Batches after which what is made once has been made. */
const settled = 8;
/**
 * Most that may stay alive after that: slots, names and bytes of chunks. The last input's device, some 3,000 slots,
 * may still be in somebody's hands when it is counted.
 */
const most = Object.freeze({ slots: 8_000, keys: 600, bytes: 131_072 });

const nothing = new Uint8Array(0);

/** What a guest answers to a batch: the features that were new, and the first fault. */
interface Report {
  readonly features: readonly string[];
  /** Indexes of the inputs that showed a new feature. */
  readonly fresh: readonly number[];
  readonly steps: readonly string[];
  readonly inputs: number;
  readonly fault?: { readonly index: number; readonly rule: string; readonly message: string };
}

/** An engine with the target in it. */
class Guest {
  readonly #engine = new HeapEngine();
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  async start(): Promise<this> {
    await this.#engine.evaluate(await guestScript());
    return this;
  }

  async run(inputs: readonly Uint8Array[], told = false): Promise<Report> {
    const name = Buffer.from(this.#target.name);
    const parts: Uint8Array[] = [Uint8Array.of(told ? 1 : 0, name.length), name];
    for (const input of inputs) parts.push(Uint8Array.of(input.length & 0xff, input.length >> 8), input);
    const answer = await this.#engine.deliver(Buffer.concat(parts));
    return JSON.parse(Buffer.from(answer).toString("utf8")) as Report;
  }

  measure(): Promise<HeapState> {
    return this.#engine.measure();
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

/** Fuzzes one target on XS. @throws EngineMissing */
export async function fuzzOnXs(
  target: Target,
  options: { readonly seed: number | string; readonly enough: (executions: number) => boolean },
): Promise<XsFuzzResult> {
  const corpus = new Corpus(target, options.seed);
  const features = new Set<string>();
  const guest = await new Guest(target).start();
  let executions = 0;
  let inputs = 0;
  let batches = 0;
  let stack = 0;
  let deepest: Uint8Array = nothing;
  let base: HeapState | undefined;
  let last: HeapState | undefined;
  const result = (failure: Failure | undefined): XsFuzzResult => ({
    executions,
    inputs,
    corpus: corpus.length,
    features: [...features],
    stack,
    deepest,
    grown: grownSince(base, last),
    failure,
  });
  try {
    while (!options.enough(executions)) {
      const batch = Array.from({ length: batchSize }, () => corpus.next());
      let report: Report;
      try {
        report = await guest.run(batch);
      } catch (error) {
        return result(await reduce(target, batch, error));
      }
      executions += batch.length;
      inputs += report.inputs;
      if (report.fault !== undefined) {
        const found = batch[report.fault.index];
        return result(await reduce(target, [found], report.fault));
      }
      for (const name of report.features) features.add(name);
      for (const index of report.fresh) corpus.keep(batch[index]);
      batches += 1;
      last = await guest.measure();
      if (last.stack > stack) {
        ({ stack, deepest } = await deepestOf(guest, batch, last.stack));
        corpus.keep(deepest);
      }
      if (batches === settled) base = last;
      const { slots, keys, bytes } = result(undefined).grown;
      if (base !== undefined && (slots > most.slots || keys > most.keys || bytes > most.bytes)) {
        const message = `alive after it, more than before: ${slots} slots, ${keys} names, ${bytes} bytes`;
        const rule = "nothing is left behind";
        return result({ rule, message, found: batch[batch.length - 1], input: batch[batch.length - 1] });
      }
    }
    return result(undefined);
  } finally {
    await guest.close();
  }
}

/** What is alive more; nothing before there is something to compare with. */
function grownSince(base: HeapState | undefined, last: HeapState | undefined): XsFuzzResult["grown"] {
  if (base === undefined || last === undefined) return { slots: 0, keys: 0, bytes: 0 };
  return {
    slots: last.slots - base.slots,
    keys: last.keys - base.keys,
    bytes: last.chunkBytes - base.chunkBytes,
  };
}

/** Which of a batch's inputs took the stack so deep; one alone may not get as far as after the others. */
async function deepestOf(
  guest: Guest,
  batch: readonly Uint8Array[],
  stack: number,
): Promise<{ stack: number; deepest: Uint8Array }> {
  let deepest = batch[0];
  let most = 0;
  for (const input of batch) {
    await guest.run([input]);
    const { stack: alone } = await guest.measure();
    if (alone > most) {
      most = alone;
      deepest = input;
    }
  }
  return { stack: Math.max(stack, most), deepest };
}

/** Runs inputs in an engine of their own; what it says of the first that fails, or undefined. */
async function faultOf(target: Target, inputs: readonly Uint8Array[]): Promise<Fault | undefined> {
  const guest = await new Guest(target).start();
  try {
    const { fault } = await guest.run(inputs);
    return fault;
  } catch (error) {
    return faultIn(error);
  } finally {
    await guest.close();
  }
}

interface Fault {
  readonly rule: string;
  readonly message: string;
}

/** The engine has ended, or the guest threw where nothing may be thrown. */
function faultIn(error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  return { rule: error instanceof GuestFault ? "nothing is thrown" : "XS goes on", message };
}

async function reduce(target: Target, batch: readonly Uint8Array[], error: unknown): Promise<Failure> {
  const seen = (error as Partial<Fault>).rule === undefined ? faultIn(error) : (error as Fault);
  let found = batch[0];
  for (const input of batch) {
    if ((await faultOf(target, [input])) === undefined) continue;
    found = input;
    break;
  }
  const input = await shrink(
    found,
    async (candidate) => (await faultOf(target, [candidate]))?.rule === seen.rule,
    200,
  );
  return { ...seen, found, input };
}

/** Runs one input on XS and tells what happens. */
export async function replayOnXs(
  target: Target,
  input: Uint8Array,
): Promise<{ steps: readonly string[]; message: string | undefined }> {
  const guest = await new Guest(target).start();
  try {
    const { steps, fault } = await guest.run([input], true);
    const { stack } = await guest.measure();
    return { steps: [...steps, `deepest stack ${stack} slots`], message: fault?.message };
  } catch (error) {
    return { steps: [], message: faultIn(error).message };
  } finally {
    await guest.close();
  }
}

/** One script of all targets that run on XS. */
async function guestScript(): Promise<string> {
  const { files } = await bundled({
    root: projectRoot(),
    name: "fuzz-guest",
    options: {
      entryPoints: ["host-sim/tools/fuzz/xs-guest.ts"],
      format: "iife",
      target: "es2022",
      banner: { js: '"use strict";' },
      logLevel: "silent",
    },
    sources: ["host-sim/tools/fuzz/xs-fuzzer.ts"],
  });
  return files.get("xs-guest.js")!;
}
