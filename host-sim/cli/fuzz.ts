/**
 * `npm run fuzz`: random and hostile input for every boundary at which somebody else's bytes come in, guided by the
 * code that it reaches, until time is up or a rule is broken.
 */
import { randomInt } from "node:crypto";
import { EngineMissing } from "../sim/engine/engine";
import { Command, Option } from "./command";
import { Progress } from "../inspect/report/progress";
import { CommandError, misuse, wholeNumber } from "./misuse";
import type { Failure, FuzzResult } from "../tools/fuzz/fuzzer";
import type { Target } from "../tools/fuzz/target";

const names = [
  "decode",
  "endpoint",
  "blocks",
  "answers",
  "at",
  "http",
  "flash",
  "retained",
  "settings",
  "state",
  "remote",
  "package",
  "chunk",
] as const;
const engines = ["node", "xs"] as const;

/** Longest that a single input may take, seconds. */
const longestInput = 30;

interface FuzzFlags {
  seconds: number;
  executions?: number;
  seed?: number;
  target?: (typeof names)[number];
  engine: (typeof engines)[number];
  replay?: string;
}

/** The `fuzz` command. */
export function fuzzCommand(): Command {
  return new Command("fuzz")
    .configureHelp({ commandUsage: () => "npm run fuzz -- [options]" })
    .option("--seconds <n>", "how long, shared by the targets", wholeNumber("--seconds", 1, 1_000_000), 30)
    .addOption(
      new Option("--executions <n>", "so many inputs per target instead; the same in every run of a seed")
        .argParser(wholeNumber("--executions", 1, 1_000_000_000))
        .conflicts("seconds"),
    )
    .option(
      "--seed <n>",
      "seed of the inputs (default: another one each time)",
      wholeNumber("--seed", 0, 4294967295),
    )
    .addOption(new Option("--target <name>", "one target").choices(names))
    .addOption(
      new Option("--engine <name>", "xs: the same on the board's engine, which also looks for deep stacks")
        .choices(engines)
        .default("node"),
    )
    .option("--replay <hex>", "run one input of --target, and tell what happens")
    .action(fuzzing);
}

async function fuzzing(flags: FuzzFlags): Promise<void> {
  // Only here: its peer is a development dependency.
  const { targets } = await import("../tools/fuzz/targets");
  const chosen = targets.filter(({ name, portable }) =>
    flags.target === undefined ? portable || flags.engine === "node" : name === flags.target,
  );
  if (flags.engine === "xs" && !chosen[0].portable) throw misuse(`${chosen[0].name} does not run on XS`);
  if (flags.replay !== undefined) return replaying(chosen, flags.replay, flags.engine);
  const seed = flags.seed ?? randomInt(2 ** 32);
  const progress = new Progress(process.stderr);
  const tellLine = (line: string): void => progress.over(() => say(line));
  tellLine(
    `fuzzing ${chosen.length} target${chosen.length === 1 ? "" : "s"} on ${flags.engine}, seed ${seed}`,
  );
  try {
    for (const [index, target] of chosen.entries()) {
      const text = `${index + 1} of ${chosen.length}: ${target.name}`;
      const tell = (share: number, executions: number): void =>
        progress.tell((index + share) / chosen.length, () => `${text}, ${executions} executions`);
      const watch = stopwatch(flags, chosen.length, tell);
      progress.begin(index / chosen.length, text);
      const fuzzIt = flags.engine === "xs" ? fuzzOneOnXs : fuzzOne;
      const { line, failure } = await fuzzIt(target, seed, flags, watch);
      tellLine(line);
      if (failure !== undefined) throw failure;
    }
  } catch (error) {
    if (error instanceof EngineMissing) throw new CommandError(1, error.message);
    throw error;
  } finally {
    progress.end();
  }
}

/** How long a target goes on, and how long it has. */
interface Stopwatch {
  readonly enough: (executions: number) => boolean;
  readonly seconds: () => number;
  /** Tells how far it is, within a batch, too. */
  readonly look: (executions: number) => void;
}

/** @param tell hears how far the target is, 0 to 1 */
function stopwatch(
  flags: FuzzFlags,
  sharers: number,
  tell: (share: number, executions: number) => void,
): Stopwatch {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const most = flags.executions;
  const shareOf = (executions: number): number =>
    most === undefined ? (seconds() * sharers) / flags.seconds : executions / most;
  return {
    seconds,
    enough: (executions) => shareOf(executions) >= 1,
    look: (executions) => tell(Math.min(1, shareOf(executions)), executions),
  };
}

/** What was found, in a line, and what to say where a rule is broken. */
interface Done {
  readonly line: string;
  readonly failure?: CommandError;
}

async function fuzzOne(
  target: Target,
  seed: number,
  flags: FuzzFlags,
  { enough, seconds, look }: Stopwatch,
): Promise<Done> {
  const { fuzz, heapMeter, startCoverage, startWatchdog } = await import("../tools/fuzz/targets");
  // A run that is to be the same each time is guided by what it sees itself, not by V8's counters.
  const guided = flags.executions === undefined;
  const coverage = guided ? startCoverage(import.meta.url, target.code) : undefined;
  const watchdog = startWatchdog(target.name, longestInput);
  let executions = 0;
  const onInput = (input: Uint8Array): void => {
    watchdog.note(input);
    look((executions += 1));
  };
  const result = await fuzz(target, { seed, enough, coverage, heap: heapMeter(), onInput });
  await watchdog.stop();
  coverage?.stop();
  const reached =
    coverage === undefined ? "" : `, ${percent(coverage.reached, coverage.total)} of its code reached`;
  const growth = result.growth === undefined ? "" : `, grown by ${Math.round(result.growth / 1024)} kB`;
  const line = `${headOf(target, result, seconds())}${growth}${reached}`;
  if (result.failure === undefined) return { line };
  return { line, failure: failed(target, seed, flags, result.executions, result.failure) };
}

/** The same on the board's engine. */
async function fuzzOneOnXs(
  target: Target,
  seed: number,
  flags: FuzzFlags,
  { enough, seconds, look }: Stopwatch,
): Promise<Done> {
  const { fuzzOnXs } = await import("../tools/fuzz/xs-fuzzer");
  const result = await fuzzOnXs(target, {
    seed,
    enough: (executions) => {
      look(executions);
      return enough(executions);
    },
  });
  const { slots, keys, bytes } = result.grown;
  const growth = `grown by ${slots} slots, ${keys} names, ${bytes} bytes`;
  const depth = `deepest stack ${result.stack} slots: ${Buffer.from(result.deepest).toString("hex").slice(0, 80)}`;
  const line = `${headOf(target, result, seconds())}, ${growth}, ${depth}`;
  if (result.failure === undefined) return { line };
  return { line, failure: failed(target, seed, flags, result.executions, result.failure) };
}

function headOf(
  target: Target,
  { executions, inputs, corpus, features }: Pick<FuzzResult, "executions" | "inputs" | "corpus" | "features">,
  seconds: number,
): string {
  const rate = Math.round(executions / Math.max(0.001, seconds));
  return (
    `  ${target.boundary.padEnd(15)} ${target.name.padEnd(8)} ${executions} executions, ${inputs} inputs, in ${seconds.toFixed(1)} s, ` +
    `${rate}/s, ${corpus} kept, ${features.length} features`
  );
}

function failed(
  target: Target,
  seed: number,
  { engine }: FuzzFlags,
  executions: number,
  failure: Failure,
): CommandError {
  const { message, found, input } = failure;
  const digits = Buffer.from(input).toString("hex");
  const on = engine === "xs" ? " --engine xs" : "";
  return new CommandError(
    1,
    `  ${target.name} FAILED: ${message}\n` +
      `  seed ${seed}, execution ${executions}, ${found.length} bytes shrunk to ${input.length}: ${digits}\n` +
      `  replay: npm run fuzz --${on} --target ${target.name} --replay ${digits || '""'}`,
  );
}

async function replaying(
  chosen: readonly Target[],
  digits: string,
  engine: FuzzFlags["engine"],
): Promise<void> {
  if (chosen.length !== 1) throw misuse("--replay needs --target, which the input was made for");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw misuse("--replay takes bytes as hex digits, such as 40011234");
  const input = new Uint8Array(Buffer.from(digits, "hex"));
  const { replay } = await import("../tools/fuzz/targets");
  const { replayOnXs } = await import("../tools/fuzz/xs-fuzzer");
  const { steps, message } = await (engine === "xs" ? replayOnXs : replay)(chosen[0], input);
  for (const step of steps) say(`  ${step}`);
  if (message !== undefined) throw new CommandError(1, `${chosen[0].name} FAILED: ${message}`);
  say(`${chosen[0].name}: no rule broken`);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
