/**
 * `npm run energy`: how long a battery lasts, what it is spent on, and what one changed setting would do.
 */
import { attackers } from "../inspect/energy/attack";
import { changed } from "../inspect/energy/variants";
import { families } from "../sim/modem/families";
import { mergeParts, partForm, resultOf, rowCount, runCount, runPart } from "../tools/energy/parts";
import { readPart } from "../tools/energy/read-part";
import { rowTexts } from "../tools/energy/plan";
import { capacity } from "./battery-flag";
import { coverageMix } from "./coverage-mix";
import { Command, Option } from "./command";
import { printResult } from "./energy-result";
import { inStages } from "./energy-stages";
import { requireEngine } from "./engine";
import { changeOf, flagOf, givenSetting } from "./energy-settings";
import { CommandError, fraction, misuse } from "./misuse";
import { isMerge, keptIn, partsIn } from "./part-files";
import { profileOf } from "./profile-flag";
import { shardWanted } from "./shard-flag";
import { addSimulationFlags, isGiven, sealedFormat } from "./simulation-flags";
import { projectVersion } from "./version";
import type { CoverageMix } from "../sim/radio/coverage";
import type { Choice } from "../inspect/energy/choice";
import type { Variant } from "../inspect/energy/variants";
import type { EnergyPlan } from "../tools/energy/plan";
import type { GivenSetting } from "./energy-settings";
import type { EveryFlag, SimulationFlags } from "./simulation-flags";

interface EnergyFlags extends Omit<SimulationFlags, "seed" | "coverage"> {
  seed: string;
  coverage: CoverageMix;
  keepAlive: boolean;
  t3324: number;
  battery: number;
  selfDischarge: number;
  profile: string;
  set: readonly GivenSetting[];
  try: readonly GivenSetting[];
  attack?: keyof typeof attackers;
  cells?: boolean;
  shard?: string;
  out?: string;
  json?: boolean;
}

const uses = {
  seed: { flags: "--seed <text>", text: "seed of the runs", parse: (text) => text, default: "1" },
  engine: {},
  edition: {},
  coverage: {
    flags: "--coverage <mix>",
    text: "coverage level, or shares such as 0=80,1=15,2=5",
    parse: coverageMix,
    default: [1, 0, 0],
    defaultText: "level 0",
  },
  loss: {},
  releaseAssistance: {},
  reports: { text: "readings of a run at most: it ends when it is sure", range: [16, 10_000], default: 256 },
  interval: { range: [60, 86_400] },
  format: { default: "raw" },
  batch: {},
  lifetime: {},
  keepAlive: { default: false },
  modem: { choices: [...families.keys()] },
  modemFirmware: { refused: "which measures each family's newest" },
  powerKey: { refused: "which is about modems in PSM" },
  t3324: { text: "seconds that the modem stays reachable before PSM", range: [0, 11_160], default: 2 },
  sleep: { default: "deep" },
  application: { refused: "which meters modem and ESP32, and no sensor" },
  sealed: {
    text: "the product seals its payloads; with proof as well: what that costs is a row of the table",
  },
  command: { refused: "which sends none" },
} satisfies EveryFlag;

/** The `energy` command. */
export function energyCommand(): Command {
  const command = new Command("energy")
    .configureHelp({
      commandUsage: () => "npm run energy -- [options]\n       npm run energy -- merge <file...>",
    })
    .argument("[action]", "merge: the parts of a run as one")
    .argument("[files...]", "these parts")
    .option("--battery <Wh>", "its capacity", capacity, 5)
    .option(
      "--self-discharge <share>",
      "of its capacity in a year, 0 to 1",
      fraction("--self-discharge"),
      0.01,
    )
    .option(
      "--profile <name>",
      "what radio and board draw: modern, field, limit, a module that a data sheet is known of such as sim7020, or a JSON file",
      "field",
    )
    .addOption(settingOption("--set", "any setting of the firmware, docs/settings.md; may be given again"))
    .addOption(settingOption("--try", "the same, as one more row of the table"))
    .addOption(
      new Option(
        "--attack <from>",
        "what somebody costs who attacks the way to the cloud, by where he stands",
      ).choices(Object.keys(attackers)),
    )
    .option("--cells", "3GPP's twelve battery lives, the firmware run in each, and nothing else");
  return addSimulationFlags(command, uses)
    .option(
      "--shard <i/n>",
      "this part of its rows alone (default: as Slurm, Kubernetes or AWS Batch say, else all)",
    )
    .option("--out <file>", "writes what was measured as JSON, to be merged with others")
    .option("--json", "print one JSON document")
    .action(energy);
}

function settingOption(flag: "--set" | "--try", text: string): Option {
  return new Option(`${flag} <name=value>`, text)
    .argParser((given, before: readonly GivenSetting[]) => [...before, givenSetting(flag, given)])
    .default([], "none");
}

/** The settings as the user wants them. @throws CommandError for a setting that is wrong, or said twice */
function choiceOf(flags: EnergyFlags, command: Command): Choice {
  const { modem, interval, format, batch, lifetime: session, keepAlive, sleep, t3324 } = flags;
  const { releaseAssistance, sealed } = flags;
  const seen = new Set<string>();
  for (const { name } of flags.set) {
    const flag = flagOf(name);
    if (seen.has(name)) throw misuse(`--set: ${name} is set twice: leave one of them out`);
    if (flag !== undefined && isGiven(command, flag)) {
      throw misuse(`--set: ${name} has a flag of its own, which is given too: leave one of them out`);
    }
    seen.add(name);
  }
  const asked: Choice = {
    ...{ modem, interval, format, batch, keepAlive, sleep, t3324, releaseAssistance },
    ...(session === undefined ? {} : { lifetime: session }),
    ...(sealed === undefined ? {} : { sealed }),
    saving: "psm",
  };
  const changes = flags.set.map((given) => changeOf("--set", given, modem));
  const choice = changed(asked, changes);
  if (sealed !== undefined) sealedFormat(choice.format);
  return choice;
}

/** Flags that mean something beside `--cells`. */
const besideCells: readonly string[] = [
  "cells",
  "modem",
  "t3324",
  "format",
  "seed",
  "reports",
  "engine",
  "shard",
  "out",
  "json",
];

/** @throws CommandError for a flag that the twelve cells would not follow */
function refuseBesideCells(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (besideCells.includes(name) || command.getOptionValueSource(name) !== "cli") continue;
    const taken = besideCells.slice(1).map((each) => `--${each}`);
    throw misuse(
      `--cells does not go with ${option.long}: 3GPP's study says what is run; it takes ${taken.join(", ")}`,
    );
  }
}

/** All that was asked for. @throws CommandError for what does not go together */
function planOf(flags: EnergyFlags, command: Command): EnergyPlan {
  const { seed, reports, engine } = flags;
  requireEngine(engine);
  const { version } = projectVersion();
  const any = { version, seed, reports, engine };
  if (flags.cells === true) {
    refuseBesideCells(command);
    const { modem, t3324, format } = flags;
    return { kind: "cells", ...any, modem, t3324, format };
  }
  const profile = profileOf(flags.profile);
  const choice = choiceOf(flags, command);
  const tried = flags.try.map((given): Variant => {
    const change = changeOf("--try", given, flags.modem);
    if (flags.sealed !== undefined && change.format !== undefined) sealedFormat(change.format);
    return { text: `${given.name} ${given.text}`, change, asked: true };
  });
  const { edition, loss, coverage, selfDischarge, set } = flags;
  const device = {
    ...{ ...any, edition, loss, coverage, profile, choice, set },
    battery: { capacity: flags.battery, selfDischarge },
  };
  if (flags.attack === undefined) return { kind: "table", ...device, tried };
  if (tried.length > 0) throw misuse("--try does not go with --attack, which compares attackers");
  return { kind: "attack", ...device, from: flags.attack };
}

async function energy(
  action: string | undefined,
  files: readonly string[],
  flags: EnergyFlags,
  command: Command,
): Promise<void> {
  const { out, json = false } = flags;
  if (isMerge(action, command, ["json"])) return mergeRun(files, json);
  const plan = planOf(flags, command);
  const all = rowTexts(plan).length;
  const shard = shardWanted(flags.shard, all, "row");
  const { index, count } = shard;
  if (count > 1 && out === undefined) {
    throw misuse(`shard ${index}/${count} needs --out: what one part has measured says nothing by itself`);
  }
  const done = await inStages(runCount(plan, shard), async (stages) => {
    const head = { form: partForm, plan, shard } as const;
    const part = await keptIn(out, head, () => runPart(plan, shard, stages));
    return { part, result: count === 1 ? await resultOf(part, stages) : undefined };
  });
  if (done.result !== undefined) return printResult(done.result, json);
  const told = json
    ? JSON.stringify(done.part)
    : `shard ${index}/${count} alone, in ${out}: ${rowCount(plan, shard)} of ${all} rows`;
  process.stdout.write(`${told}\n`);
}

/** What the parts of a run come to. @throws CommandError that names the file which does not fit */
async function mergeRun(files: readonly string[], json: boolean): Promise<void> {
  const whole = mergeParts(partsIn(files, readPart));
  if ("problem" in whole) throw new CommandError(1, whole.problem);
  // All that helps together is run here: which that is shows when all rows are there.
  const [made, here] = [whole.plan.version, projectVersion().version];
  if (made !== here) {
    throw new CommandError(
      1,
      `the parts are of version ${made.slice(0, 40)}, and this is ${here}: merge them with that one`,
    );
  }
  requireEngine(whole.plan.engine);
  printResult(await inStages(1, (stages) => resultOf(whole, stages)), json);
}
