/**
 * `npm run fleet`: thousands of devices in one virtual time, at link depth; a part of it, or what the parts come to; and
 * one of the devices alone, through the whole modem.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Progress } from "../inspect/report/progress";
import { profiles } from "../inspect/energy/profiles";
import { fleetPageData } from "../tools/fleet/fleet-page-data";
import { fleetLines, shortfallOf } from "../tools/fleet/fleet-text";
import { mergeResults, readResult } from "../tools/fleet/merge";
import { scenarios } from "../tools/fleet/plan";
import { linkSettings } from "../sim/fleet/link-device";
import { linkFamilies } from "../sim/fleet/link-traits";
import { wholeRun } from "../tools/shards/shard";
import { resultForm } from "../tools/fleet/result";
import { runFleet } from "../tools/fleet/run-fleet";
import { capacity } from "./battery-flag";
import { Command } from "./command";
import { coverageMix } from "./coverage-mix";
import { commandOf, replayOf } from "./fleet-commands";
import { realFleet } from "./fleet-real";
import { CommandError, fraction, misuse, systemReason, unwritten, wholeNumber } from "./misuse";
import { isMerge, isMergesToJudge, keptIn, partsIn, tellOfPart } from "./part-files";
import { checkedSettings, settingOption, simulatedSettings } from "./set-flag";
import { shardWanted } from "./shard-flag";
import { projectVersion } from "./version";
import type { FleetPlan, Scenario } from "../tools/fleet/plan";
import type { FleetResult } from "../tools/fleet/result";
import type { Shard } from "../tools/shards/shard";
import type { CoverageMix } from "../sim/radio/coverage";
import type { DeviceOptions } from "../sim/world/device-options";
import type { GivenSetting, RefusedSettings } from "./set-flag";

interface FleetFlags {
  devices: number;
  hours: number;
  seed: number;
  scenario: Scenario;
  at: number;
  interval: number;
  batch: number;
  format: DeviceOptions["format"];
  sleep: "none" | "deep";
  set: readonly GivenSetting[];
  coverage: CoverageMix;
  loss?: number;
  natIdle?: number;
  perCell: number;
  powerSpread: number;
  edition: "token" | "tokenless";
  modem: string;
  battery: number;
  profile: string;
  shard?: string;
  jobs?: number;
  out?: string;
  report?: string;
  json?: boolean;
  server?: string;
  speed: number;
  rate: number;
  register?: string;
  deviceList?: string;
  iOwnThisServer?: boolean;
}

/** The `fleet` command. */
export function fleetCommand(): Command {
  const command = new Command("fleet");
  return command
    .configureHelp({
      commandUsage: () => "npm run fleet -- [options]\n       npm run fleet -- merge <file...>",
    })
    .argument("[action]", "merge: the results of shards as one")
    .argument("[files...]", "these results")
    .option("--devices <n>", "how many there are", wholeNumber("--devices", 1, 1_000_000), 1_000)
    .option("--hours <n>", "virtual hours", wholeNumber("--hours", 1, 8_784), 24)
    .option("--seed <n>", "seed of all randomness", wholeNumber("--seed", 0, 4_294_967_295), 1)
    .addOption(
      command.createOption("--scenario <name>", "what happens to them").choices(scenarios).default("none"),
    )
    .option("--at <h>", "hours after the start at which it begins", wholeNumber("--at", 0, 8_784), 6)
    .option("--interval <s>", "seconds between readings", wholeNumber("--interval", 10, 86_400), 900)
    .option("--batch <n>", "readings that are sent together", wholeNumber("--batch", 1, 100), 1)
    .addOption(
      command
        .createOption("--format <name>", "how readings are sent")
        .choices(["raw", "compact", "json", "alternate"])
        .default("compact"),
    )
    .addOption(
      command
        .createOption("--sleep <how>", "what the boards do between readings")
        .choices(["none", "deep"])
        .default("deep"),
    )
    .addOption(settingOption("--set", "a setting of the firmware, such as startSpread=0; again for each"))
    .option("--coverage <mix>", "shares of devices at each level", coverageMix, [0.8, 0.15, 0.05])
    .option("--loss <p>", "datagrams lost each way (default: each level's)", fraction("--loss", 0.9))
    .option(
      "--nat-idle <s>",
      "seconds after which a NAT forgets (default: never)",
      wholeNumber("--nat-idle", 1, 1_000_000),
    )
    .option("--per-cell <n>", "devices in each cell", wholeNumber("--per-cell", 1, 60_000), 1_000)
    .option(
      "--power-spread <s>",
      "seconds within which they get their power at the start",
      wholeNumber("--power-spread", 0, 864_000),
      900,
    )
    .addOption(
      command
        .createOption("--edition <name>", "protocol edition that the cloud speaks")
        .choices(["token", "tokenless"])
        .default("token"),
    )
    .addOption(
      command
        .createOption("--modem <family>", "the modems' family, or all of them in turn")
        .choices([...linkFamilies, "all"])
        .default("sim7020"),
    )
    .option("--battery <Wh>", "of each device", capacity, 19)
    .addOption(
      command
        .createOption("--profile <name>", "what draws how much; module: as each family's data sheet says")
        .choices([...Object.keys(profiles), "module"])
        .default("modern"),
    )
    .option(
      "--shard <i/n>",
      "this part of it alone (default: as Slurm, Kubernetes or AWS Batch say, else all)",
    )
    .option("--jobs <n>", "processes at a time (default: one for each core)", wholeNumber("--jobs", 1, 256))
    .option("--out <file>", "writes the result as JSON, to be merged with others")
    .option("--report <file>", "writes the result as an HTML page, with plots")
    .option("--server <url>", "talks real UDP to this EnOS or stand-in, HOST[:PORT], in real time")
    .option(
      "--speed <n>",
      "with --server: pauses between readings are so much shorter",
      wholeNumber("--speed", 1, 86_400),
      1,
    )
    .option(
      "--rate <n>",
      "with --server: datagrams a second at most",
      wholeNumber("--rate", 1, 100_000),
      1_000,
    )
    .option("--register <url>", "with --server: has the stand-in behind this API know the devices")
    .option("--device-list <file>", "with --server: these devices, as npm run cloud -- --devices takes them")
    .option("--i-own-this-server", "with --server: it may be another machine")
    .option("--json", "print one JSON document")
    .action(fleet);
}

/** What goes with real UDP alone, and what with virtual time alone. */
const onlyReal = ["speed", "rate", "register", "deviceList", "iOwnThisServer"] as const;
const onlyVirtual = [
  ...["scenario", "at", "sleep", "set", "coverage", "loss", "natIdle", "perCell", "powerSpread", "battery"],
  "modem",
  ...["profile", "shard", "jobs", "out", "report"],
] as const;

async function fleet(
  action: string | undefined,
  files: readonly string[],
  flags: FleetFlags,
  command: Command,
): Promise<void> {
  const wrong = (flags.server === undefined ? onlyReal : onlyVirtual).find(
    (name) => command.getOptionValueSource(name) === "cli",
  );
  if (wrong !== undefined) {
    const flag = command.options.find((option) => option.attributeName() === wrong)!.long!;
    throw misuse(
      flags.server === undefined
        ? `${flag} goes with --server alone`
        : `${flag} does not go with --server, which is real`,
    );
  }
  if (isMerge(action, command, ["json", "report"])) {
    return tell(merged(files), wholeRun, flags, `npm run fleet -- merge ${files.join(" ")}`);
  }
  if (flags.server !== undefined) {
    const edition = command.getOptionValueSource("edition") === "cli" ? flags.edition : "auto";
    return realFleet({ ...flags, server: flags.server, edition });
  }
  const plan = planOf(flags);
  const shard = shardWanted(flags.shard, Math.ceil(plan.devices / plan.devicesPerCell), "cell");
  // Before an hour is spent on what goes there.
  if (flags.report !== undefined) writeReport(flags.report, "");
  const progress = new Progress(process.stderr);
  try {
    const jobs = flags.jobs ?? availableParallelism();
    const result = await keptIn(flags.out, { form: resultForm, plan, shard }, () =>
      runFleet(plan, shard, jobs, (share) => progress.tell(share, `${flags.devices} devices`)),
    );
    progress.clear();
    await tell(result, shard, flags, commandOf(plan));
  } finally {
    progress.end();
  }
}

/** Settings that a fleet has by other flags. */
const refusedSettings: RefusedSettings = {
  ...simulatedSettings,
  reports: "follows from --hours and --interval here",
  payload: "is --format here",
};

/** @throws CommandError for settings that the firmware refuses */
function planOf(flags: FleetFlags): FleetPlan {
  const { interval, batch, sleep, format, natIdle, loss } = flags;
  const usual = { interval, batch, sleep };
  const given = checkedSettings(flags.set, refusedSettings, { ...usual, payload: format }, "sim7020");
  const strange = Object.keys(given).find((name) => !(linkSettings as readonly string[]).includes(name));
  if (strange !== undefined) {
    throw misuse(`--set: ${strange} is about what a device at link depth has not: npm start --set takes it`);
  }
  const settings = { ...usual, ...given };
  if (flags.scenario !== "none" && flags.at >= flags.hours) {
    throw misuse(
      `--at: ${flags.scenario} begins after ${flags.at} h, and the run has ${flags.hours}: name an hour within it`,
    );
  }
  return {
    version: projectVersion().version,
    ...{ seed: flags.seed, devices: flags.devices, hours: flags.hours },
    ...{ scenario: flags.scenario, scenarioAt: flags.at, edition: flags.edition, mix: flags.coverage },
    modem: flags.modem,
    ...{ devicesPerCell: flags.perCell, format, settings, powerSpread: 1_000 * flags.powerSpread },
    natIdle: natIdle === undefined ? null : 1_000 * natIdle,
    loss: loss ?? null,
    ...{ journalSize: 131_072, profile: flags.profile, battery: flags.battery },
  };
}

/** @throws CommandError that names the file which does not fit */
function merged(files: readonly string[]): FleetResult {
  const whole = mergeResults(partsIn(files, readResult));
  if ("problem" in whole) throw new CommandError(1, whole.problem);
  return whole;
}

/** @throws CommandError for a name that cannot be written */
function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritten(`--report: ${file}: ${systemReason(error)}`, error);
  }
}

/** @param command what makes the result again, for its page */
async function tell(
  result: FleetResult,
  shard: Shard,
  { json = false, out, report }: FleetFlags,
  command: string,
): Promise<void> {
  if (report !== undefined) {
    const { writeFleetPage } = await import("../inspect/report/html/write-page");
    const text = await writeFleetPage(fleetPageData(result, command, replayOf(result.plan)));
    writeReport(report, text);
    process.stderr.write(`wrote ${report}: open it in a browser\n`);
  }
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else for (const line of fleetLines(result, replayOf(result.plan))) process.stdout.write(`${line}\n`);
  const { index, count } = shard;
  if (!json && count > 1) {
    process.stdout.write(`shard ${index}/${count} alone${out === undefined ? "" : `, in ${out}`}\n`);
  }
  const shortfall = shortfallOf(result);
  if (shortfall === undefined) return;
  if (!isMergesToJudge(shard, out)) throw new CommandError(1, shortfall);
  tellOfPart(shard, shortfall);
}
