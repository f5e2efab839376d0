/**
 * `npm run chaos`: random faults of radio, modem, network, cloud, power and flash, over virtual days, and
 * whether a single reading was lost, doubled or changed by them.
 */
import { availableParallelism } from "node:os";
import { escaped } from "../model/escaped";
import { runCampaign, shareOf } from "../tools/chaos/campaign";
import { replayCommand, totalsLine, totalsOf, violationLines } from "../tools/chaos/report";
import { groups, kindsByGroup, kindsNamed } from "../tools/chaos/kinds";
import { families } from "../sim/modem/families";
import { describeFault, keepFaults, randomScript } from "../tools/chaos/script";
import { mergeParts, partForm, readPart, seedsOf } from "../tools/chaos/shards";
import { shrink } from "../tools/chaos/shrink";
import { runTrial } from "../tools/chaos/trial";
import { lasting, stamp } from "../inspect/report/duration";
import { Progress } from "../inspect/report/progress";
import { columnsOf, paletteFor } from "../inspect/report/style";
import { Timeline } from "../inspect/report/timeline";
import { Command } from "./command";
import { requireEngine } from "./engine";
import { CommandError, exclusive, misuse, wholeNumber } from "./misuse";
import { isMerge, isMergesToJudge, keptIn, partsIn, tellOfPart } from "./part-files";
import { shardWanted } from "./shard-flag";
import { projectVersion } from "./version";
import { addSimulationFlags, checkModemFirmware, givenFlags, sealedFormat } from "./simulation-flags";
import type { CampaignOptions } from "../tools/chaos/campaign";
import type { Replay } from "../tools/chaos/report";
import type { ChosenDevice, Script } from "../tools/chaos/script";
import type { CampaignPlan } from "../tools/chaos/shards";
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
  update?: boolean;
  verbose?: boolean;
  json?: boolean;
  shard?: string;
  out?: string;
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
  sealed: { text: "the product seals its payloads, in bytes; with proof as well" },
  command: { refused: "which sends none" },
} satisfies EveryFlag;

/** The `chaos` command. */
export function chaosCommand(): Command {
  const command = new Command("chaos")
    .configureHelp({
      commandUsage: () => "npm run chaos -- [options]\n       npm run chaos -- merge <file...>",
    })
    .argument("[action]", "merge: the parts of a campaign as one")
    .argument("[files...]", "these parts")
    .option("--hours <n>", "virtual hours with faults in each trial", wholeNumber("--hours", 1, 2_400), 24)
    .option("--seeds <n>", `trials (default: ${usualSeeds})`, wholeNumber("--seeds", 1, 1_000_000))
    .option("--first <n>", "seed of the first trial (default: 1)", wholeNumber("--first", 0, 4_000_000_000))
    .option("--keep <list>", "of the faults of --seed only these, such as 2,5,9; or none", keepList)
    .option("--kinds <list>", "kinds of trouble, or groups of them, such as loss,power,use", kindList)
    .option("--jobs <n>", "trials at a time (default: one for each core)", wholeNumber("--jobs", 1, 256));
  return addSimulationFlags(command, uses)
    .addHelpText(
      "after",
      "\nWhat is not named is drawn: edition, coverage, interval, format, batch, the power key, the board's sleep and rate." +
        `\n\nGroups of trouble, and their kinds:\n${kindsByGroup()}`,
    )
    .option("--update", "the device is updated time and again, by differences")
    .option(
      "--shard <i/n>",
      "these of the seeds alone (default: as Slurm, Kubernetes or AWS Batch say, else all)",
    )
    .option("--out <file>", "writes the trials as JSON, to be merged with others")
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
  if (chosen.sealed !== undefined && chosen.format !== undefined) sealedFormat(chosen.format);
  if (interval * batch > mostBetween) {
    throw misuse(`--interval times --batch is ${interval * batch} s: chaos takes at most ${mostBetween} s`);
  }
  if (chosen.modem === "all" && chosen.modemFirmware !== undefined) {
    throw misuse("--modem-firmware names a firmware of one family, and --modem all goes through all of them");
  }
  checkModemFirmware(chosen.modem ?? "sim7020", chosen.modemFirmware);
  return chosen;
}

async function chaos(
  action: string | undefined,
  files: readonly string[],
  flags: ChaosFlags,
  command: Command,
): Promise<void> {
  if (isMerge(action, command, ["json"])) return mergeCampaign(files, flags.json === true);
  if (flags.seed !== undefined && (flags.shard !== undefined || flags.out !== undefined))
    throw misuse("--seed is one trial: --shard and --out go with many");
  if (flags.seed === undefined) {
    if (flags.keep !== undefined) throw misuse("--keep needs --seed, whose faults are meant");
    if (flags.verbose === true) throw misuse("--verbose needs --seed: it shows one trial");
  } else if (flags.seeds !== undefined || flags.first !== undefined) {
    throw misuse("--seed is one trial, --seeds and --first are many: they exclude each other");
  }
  if (flags.json === true && flags.verbose === true) throw exclusive("--json", "--verbose");
  const device = { ...chosenDevice(command), ...(flags.update === true ? { update: true } : {}) };
  requireEngine(flags.engine);
  if (flags.seed === undefined) return campaign(flags, device);
  return one(flags, flags.seed, device);
}

async function campaign(flags: ChaosFlags, device: ChosenDevice): Promise<void> {
  const { hours, engine, kinds: named, json = false } = flags;
  const kinds = named === undefined ? undefined : kindsNamed(named);
  const plan: CampaignPlan = {
    version: projectVersion().version,
    ...{ hours, first: flags.first ?? 1, seeds: flags.seeds ?? usualSeeds, engine, device },
    ...(named === undefined ? {} : { kinds: named }),
  };
  const shard = shardWanted(flags.shard, plan.seeds, "trial");
  const { first, seeds } = seedsOf(plan, shard);
  const started = performance.now();
  const progress = new Progress(process.stderr, { ticks: true });
  const lines: string[] = [];
  let failed: TrialResult[] = [];
  try {
    const options = {
      hours,
      first,
      seeds,
      jobs: flags.jobs ?? availableParallelism(),
      engine,
      device,
      kinds,
    };
    const head = { form: partForm, plan, shard } as const;
    const { trials: results } = await keptIn(flags.out, head, async () => ({
      ...head,
      trials: await runCampaign({ ...options, ...tellingOf(progress, seeds) }),
    }));
    const realTime = performance.now() - started;
    failed = results.filter(({ violations }) => violations.length > 0);
    if (json) {
      lines.push(JSON.stringify({ hours, totals: totalsOf(results), trials: results }, null, 2));
    } else {
      // All that is said stands together, behind all that takes time.
      for (const [index, result] of failed.slice(0, mostShown).entries()) {
        for (const line of violationLines(result)) lines.push(escaped(line));
        const replay: Replay = { seed: result.seed, hours, engine, device, kinds: named };
        const script = randomScript(result.seed, hours, device, kinds);
        if (index >= mostShrunk) lines.push(`  replay: ${replayCommand(replay)}`);
        else lines.push(...(await cutDown(script, result, replay, progress)));
      }
      if (failed.length > mostShown) lines.push(`and ${failed.length - mostShown} more seeds failed`);
      lines.push(totalsLine(results, realTime));
    }
  } finally {
    progress.end();
  }
  for (const line of lines) say(line);
  if (failed.length === 0) return;
  if (isMergesToJudge(shard, flags.out)) tellOfPart(shard, `${failed.length} of ${seeds} trials failed`);
  else process.exitCode = 1;
}

/** What the parts of a campaign come to. @throws CommandError that names the file which does not fit */
function mergeCampaign(files: readonly string[], json: boolean): void {
  const whole = mergeParts(partsIn(files, readPart));
  if ("problem" in whole) throw new CommandError(1, whole.problem);
  const { plan, trials } = whole;
  const failed = trials.filter(({ violations }) => violations.length > 0);
  if (json) say(JSON.stringify({ hours: plan.hours, totals: totalsOf(trials), trials }, null, 2));
  else {
    for (const result of failed.slice(0, mostShown)) {
      for (const line of violationLines(result)) say(escaped(line));
      say(`  replay: ${replayCommand({ ...plan, seed: result.seed })}`);
    }
    say(totalsLine(trials));
  }
  if (failed.length > 0) process.exitCode = 1;
}

/** Failed seeds that are named while others still run. */
const mostNamed = 3;

/** Tells how many trials are over, and which of them failed, for whoever does not wait for the end. */
function tellingOf(progress: Progress, seeds: number): Pick<CampaignOptions, "onResult" | "onWork"> {
  const failed: number[] = [];
  let done = 0;
  const text = (): string => {
    const more = failed.length > mostNamed ? " …" : "";
    const names = failed.slice(0, mostNamed).join(" ");
    return `${done} of ${seeds} trials${failed.length === 0 ? "" : `, ${failed.length} failed: seed ${names}${more}`}`;
  };
  progress.begin(0, text());
  return {
    onResult({ seed, violations }) {
      done += 1;
      if (violations.length > 0) failed.push(seed);
      progress.tell(done / seeds, text);
    },
    onWork: (part) => progress.tell((done + part) / seeds, text),
  };
}

/** Looks for the few faults that it takes, and says how to see it happen. */
async function cutDown(
  script: Script,
  result: TrialResult,
  replay: Replay,
  progress: Progress,
): Promise<string[]> {
  const { invariant } = result.violations[0];
  const { length } = script.faults;
  let trials = 0;
  const text = (): string => `seed ${script.seed}: which of its ${length} faults it takes, trial ${trials}`;
  const fails = async (indices: readonly number[]): Promise<boolean> => {
    trials += 1;
    const onEvent = (): void => progress.tell(undefined, text);
    const { violations } = await runTrial(keepFaults(script, indices), { engine: replay.engine, onEvent });
    return violations.some((violation) => violation.invariant === invariant);
  };
  progress.begin(undefined, text());
  const { kept, finished } = await shrink(length, fails);
  const faults = kept.map((index) => {
    const fault = script.faults[index];
    return `    ${String(index).padStart(2)}  ${stamp(fault.at)}  ${describeFault(fault)}`;
  });
  const needed = `  ${kept.length} of ${length} faults ${finished ? "are needed" : "are left"}:`;
  return [needed, ...faults, `  replay: ${replayCommand({ ...replay, keep: kept })}`];
}

async function one(flags: ChaosFlags, seed: number, device: ChosenDevice): Promise<void> {
  const { hours, engine, kinds, keep, verbose = false, json = false } = flags;
  const started = performance.now();
  const script = keptOf(randomScript(seed, hours, device, kinds && kindsNamed(kinds)), keep);
  const palette = paletteFor(process.stdout);
  const progress = new Progress(process.stderr);
  const write = (line: string): void => {
    progress.clear();
    say(line);
  };
  const timeline = verbose
    ? new Timeline({ write, palette, verbose: false, columns: columnsOf(process.stdout) })
    : undefined;
  if (verbose) say(palette.bold(`seed ${seed} · ${JSON.stringify(script.device)}`));
  const lines: string[] = [];
  try {
    const result = await runTrial(script, {
      engine,
      onEvent: (event) => {
        timeline?.add(event);
        progress.tell(shareOf(event.time, hours), () => `seed ${seed}, ${lasting(event.time)} virtual`);
      },
      onFault: (fault, time) => timeline?.note(time, "chaos", palette.red(describeFault(fault))),
    });
    timeline?.end();
    if (json) {
      lines.push(JSON.stringify({ hours, script, trial: result }, null, 2));
    } else {
      for (const line of violationLines(result)) lines.push(escaped(line));
      const replay: Replay = { seed, hours, engine, device, kinds };
      // Who says which faults are to be kept has been here before.
      if (result.violations.length > 0 && keep === undefined && !verbose)
        lines.push(...(await cutDown(script, result, replay, progress)));
      lines.push(totalsLine([result], performance.now() - started));
    }
    if (result.violations.length > 0) process.exitCode = 1;
  } finally {
    progress.end();
  }
  for (const line of lines) say(line);
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
