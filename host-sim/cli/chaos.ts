/**
 * `npm run chaos`: random faults of radio, modem, network, cloud, power and flash, over virtual days, and
 * whether a single reading was lost, doubled or changed by them.
 */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { escaped } from "../model/escaped";
import { runCampaign } from "../tools/chaos/campaign";
import { replayCommand, totalsLine, totalsOf, violationLines } from "../tools/chaos/report";
import { groups, kindsByGroup, kindsNamed } from "../tools/chaos/kinds";
import { families } from "../sim/modem/families";
import { describeFault, keepFaults, randomScript } from "../tools/chaos/script";
import { shrink } from "../tools/chaos/shrink";
import { runTrial } from "../tools/chaos/trial";
import { stamp } from "../inspect/report/duration";
import { Progress } from "../inspect/report/progress";
import { paletteFor } from "../inspect/report/style";
import { Timeline } from "../inspect/report/timeline";
import { requireEngine } from "./engine";
import { misuse, wholeNumber } from "./misuse";
import { addSimulationFlags, checkModemFirmware, givenFlags } from "./simulation-flags";
import type { Replay } from "../tools/chaos/report";
import type { ChosenDevice, Script } from "../tools/chaos/script";
import type { TrialResult } from "../tools/chaos/trial";
import type { EveryFlag, SimulationFlags } from "./simulation-flags";

interface ChaosFlags extends Omit<SimulationFlags, "seed"> {
  hours: number;
  seeds?: number;
  first?: number;
  seed?: number;
  keep?: number[];
  kinds?: string[];
  jobs?: number;
  verbose?: boolean;
  json?: boolean;
}

const usualSeeds = 200;
/** Failed seeds that are cut down; the others are only named. */
const mostShrunk = 2;
/** Failed seeds that are shown. */
const mostShown = 20;

/** Seconds from one delivery to the next that leave time for the last one after the faults. */
const mostBetween = 86_400;

/** What is not said is drawn from the seed, but for the modem. */
const uses = {
  seed: { text: "one trial with this seed", range: [0, 4_001_000_000] },
  engine: {},
  edition: { optional: true },
  coverage: { text: "NB-IoT coverage level between the faults", optional: true },
  loss: { text: "datagrams lost each way between the faults, 0 to 0.5", most: 0.5 },
  releaseAssistance: {},
  reports: { refused: "where --hours says how long readings are taken" },
  interval: { range: [60, 21_600], optional: true },
  format: { optional: true },
  batch: { optional: true },
  lifetime: { optional: true },
  keepAlive: {},
  modem: { text: "the modem's family, or all of them in turn", choices: [...families.keys(), "all"] },
  modemFirmware: { optional: true },
  powerKey: {},
  t3324: {},
  sleep: { optional: true },
  application: { refused: "which brings one of its own" },
  command: { refused: "which sends none" },
} satisfies EveryFlag;

/** The `chaos` command. */
export function chaosCommand(): Command {
  const command = new Command("chaos")
    .configureHelp({ commandUsage: () => "npm run chaos -- [options]" })
    .option("--hours <n>", "virtual hours with faults in each trial", wholeNumber("--hours", 1, 2_400), 24)
    .option("--seeds <n>", `trials (default: ${usualSeeds})`, wholeNumber("--seeds", 1, 1_000_000))
    .option("--first <n>", "seed of the first trial (default: 1)", wholeNumber("--first", 0, 4_000_000_000))
    .option("--keep <list>", "of the faults of --seed only these, such as 2,5,9; or none", keepList)
    .option("--kinds <list>", "kinds of trouble, or groups of them, such as loss,power,use", kindList)
    .option("--jobs <n>", "trials at a time (default: one for each core)", wholeNumber("--jobs", 1, 256));
  return addSimulationFlags(command, uses)
    .addHelpText(
      "after",
      "\nWhat is not named is drawn: edition, coverage, interval, format, batch, the power key, the board's sleep." +
        `\n\nGroups of trouble, and their kinds:\n${kindsByGroup()}`,
    )
    .option("--verbose", "show the timeline of --seed")
    .option("--json", "print one JSON document")
    .action(chaos);
}

function keepList(text: string): number[] {
  if (text === "none") return [];
  if (!/^\d{1,4}(?:,\d{1,4})*$/.test(text)) {
    throw misuse(`--keep takes numbers of faults such as 2,5,9, or none, got "${text.slice(0, 40)}"`);
  }
  return text.split(",").map(Number);
}

function kindList(text: string): string[] {
  const names = text.split(",");
  const strange = names.find((name) => kindsNamed([name]) === undefined);
  if (strange === undefined) return names;
  throw misuse(
    `--kinds takes kinds of trouble, which --help lists, or groups of them (${groups.join(", ")}), ` +
      `got "${escaped(strange.slice(0, 40))}"`,
  );
}

/** What the user chose of the device. @throws CommandError for what no trial could come to an end with */
function chosenDevice(command: Command): ChosenDevice {
  const { seed: _seed, engine: _engine, ...chosen } = givenFlags(command);
  const { interval = 900, batch = 1 } = chosen;
  if (interval * batch > mostBetween) {
    throw misuse(`--interval times --batch is ${interval * batch} s: chaos takes at most ${mostBetween} s`);
  }
  if (chosen.modem === "all" && chosen.modemFirmware !== undefined) {
    throw misuse("--modem-firmware names a firmware of one family, and --modem all goes through all of them");
  }
  checkModemFirmware(chosen.modem ?? "sim7020", chosen.modemFirmware);
  return chosen;
}

async function chaos(flags: ChaosFlags, command: Command): Promise<void> {
  if (flags.seed === undefined) {
    if (flags.keep !== undefined) throw misuse("--keep needs --seed, whose faults are meant");
    if (flags.verbose === true) throw misuse("--verbose needs --seed: it shows one trial");
  } else if (flags.seeds !== undefined || flags.first !== undefined) {
    throw misuse("--seed is one trial, --seeds and --first are many: they exclude each other");
  }
  if (flags.json === true && flags.verbose === true) throw misuse("--json and --verbose exclude each other");
  const device = chosenDevice(command);
  requireEngine(flags.engine);
  if (flags.seed === undefined) return campaign(flags, device);
  return one(flags, flags.seed, device);
}

async function campaign(flags: ChaosFlags, device: ChosenDevice): Promise<void> {
  const { hours, engine, kinds: named, json = false } = flags;
  const kinds = named === undefined ? undefined : kindsNamed(named);
  const seeds = flags.seeds ?? usualSeeds;
  const started = performance.now();
  const progress = new Progress(process.stderr, seeds, "trials");
  let results: TrialResult[];
  try {
    results = await runCampaign({
      hours,
      first: flags.first ?? 1,
      seeds,
      jobs: flags.jobs ?? availableParallelism(),
      engine,
      device,
      kinds,
      onResult: ({ violations }) => progress.step(violations.length > 0 ? "failed" : undefined),
    });
  } finally {
    progress.end();
  }
  const failed = results.filter(({ violations }) => violations.length > 0);
  if (json) {
    say(JSON.stringify({ hours, totals: totalsOf(results), trials: results }, null, 2));
  } else {
    for (const [index, result] of failed.slice(0, mostShown).entries()) {
      for (const line of violationLines(result)) say(escaped(line));
      const replay: Replay = { seed: result.seed, hours, engine, device, kinds: named };
      if (index >= mostShrunk) say(`  replay: ${replayCommand(replay)}`);
      else await cutDown(randomScript(result.seed, hours, device, kinds), result, replay);
    }
    if (failed.length > mostShown) say(`and ${failed.length - mostShown} more seeds failed`);
    say(totalsLine(results, performance.now() - started));
  }
  if (failed.length > 0) process.exitCode = 1;
}

/** Looks for the few faults that it takes, and says how to see it happen. */
async function cutDown(script: Script, result: TrialResult, replay: Replay): Promise<void> {
  const { invariant } = result.violations[0];
  const fails = async (indices: readonly number[]): Promise<boolean> => {
    const { violations } = await runTrial(keepFaults(script, indices), { engine: replay.engine });
    return violations.some((violation) => violation.invariant === invariant);
  };
  const { kept, finished } = await shrink(script.faults.length, fails);
  say(`  ${kept.length} of ${script.faults.length} faults ${finished ? "are needed" : "are left"}:`);
  for (const index of kept) {
    const fault = script.faults[index];
    say(`    ${String(index).padStart(2)}  ${stamp(fault.at)}  ${describeFault(fault)}`);
  }
  say(`  replay: ${replayCommand({ ...replay, keep: kept })}`);
}

async function one(flags: ChaosFlags, seed: number, device: ChosenDevice): Promise<void> {
  const { hours, engine, kinds, keep, verbose = false, json = false } = flags;
  const started = performance.now();
  const script = keptOf(randomScript(seed, hours, device, kinds && kindsNamed(kinds)), keep);
  const palette = paletteFor(process.stdout);
  const timeline = verbose ? new Timeline({ write: say, palette, verbose: false }) : undefined;
  if (verbose) say(palette.bold(`seed ${seed} · ${JSON.stringify(script.device)}`));
  const result = await runTrial(script, {
    engine,
    onEvent: (event) => timeline?.add(event),
    onFault: (fault, time) => timeline?.note(time, "chaos", palette.red(describeFault(fault))),
  });
  timeline?.end();
  if (json) {
    say(JSON.stringify({ hours, script, trial: result }, null, 2));
  } else {
    for (const line of violationLines(result)) say(escaped(line));
    const replay: Replay = { seed, hours, engine, device, kinds };
    // Who says which faults are to be kept has been here before.
    if (result.violations.length > 0 && keep === undefined && !verbose) await cutDown(script, result, replay);
    say(totalsLine([result], performance.now() - started));
  }
  if (result.violations.length > 0) process.exitCode = 1;
}

function keptOf(script: Script, keep: readonly number[] | undefined): Script {
  if (keep === undefined) return script;
  try {
    return keepFaults(script, keep);
  } catch (error) {
    throw error instanceof RangeError ? misuse(`--keep: ${error.message}`) : error;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
