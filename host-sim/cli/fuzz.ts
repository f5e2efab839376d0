/**
 * `npm run fuzz`: random and hostile input for the CoAP decoder, the endpoint and block-wise transfer,
 * guided by the code that it reaches, until time is up or a rule is broken.
 */
import { randomInt } from "node:crypto";
import { Command, Option } from "commander";
import { CommandError, misuse, wholeNumber } from "./misuse";
import type { Failure } from "../tools/fuzz/fuzzer";
import type { Target } from "../tools/fuzz/target";

const names = ["decode", "endpoint", "blocks"] as const;

interface FuzzFlags {
  seconds: number;
  executions?: number;
  seed?: number;
  target?: (typeof names)[number];
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
    .option("--replay <hex>", "run one input of --target, and tell what happens")
    .action(fuzzing);
}

async function fuzzing(flags: FuzzFlags): Promise<void> {
  // Only here: its peer is a development dependency.
  const { targets } = await import("../tools/fuzz/targets");
  const chosen = targets.filter(({ name }) => flags.target === undefined || name === flags.target);
  if (flags.replay !== undefined) return replaying(chosen, flags.replay);
  const seed = flags.seed ?? randomInt(2 ** 32);
  say(`fuzzing firmware/coap, seed ${seed}`);
  for (const target of chosen) await fuzzOne(target, seed, flags, chosen.length);
}

async function fuzzOne(target: Target, seed: number, flags: FuzzFlags, sharers: number): Promise<void> {
  const { fuzz, startCoverage } = await import("../tools/fuzz/targets");
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const most = flags.executions;
  const enough = (executions: number): boolean =>
    most === undefined ? seconds() >= flags.seconds / sharers : executions >= most;
  // A run that is to be the same each time is guided by what it sees itself, not by V8's counters.
  const coverage = most === undefined ? startCoverage(import.meta.url) : undefined;
  const result = fuzz(target, { seed, enough, coverage });
  coverage?.stop();
  const reached =
    coverage === undefined ? "" : `, ${percent(coverage.reached, coverage.total)} of firmware/coap reached`;
  const found = `${result.corpus} kept, ${result.features.length} features${reached}`;
  say(`  ${target.name.padEnd(8)} ${result.executions} executions in ${seconds().toFixed(1)} s, ${found}`);
  if (result.failure !== undefined) throw failed(target, seed, result.executions, result.failure);
}

function failed(target: Target, seed: number, executions: number, failure: Failure): CommandError {
  const { message, found, input } = failure;
  const digits = Buffer.from(input).toString("hex");
  return new CommandError(
    1,
    `  ${target.name} FAILED: ${message}\n` +
      `  seed ${seed}, execution ${executions}, ${found.length} bytes shrunk to ${input.length}: ${digits}\n` +
      `  replay: npm run fuzz -- --target ${target.name} --replay ${digits || '""'}`,
  );
}

async function replaying(chosen: readonly Target[], digits: string): Promise<void> {
  if (chosen.length !== 1) throw misuse("--replay needs --target, which the input was made for");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw misuse("--replay takes bytes as hex digits, such as 40011234");
  const { replay } = await import("../tools/fuzz/targets");
  const { steps, message } = replay(chosen[0], new Uint8Array(Buffer.from(digits, "hex")));
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
