/**
 * `npm start`: one device's first hours, from power-on to asleep, in virtual time.
 */
import { setFlagsFromString } from "node:v8";
import { runOutage } from "../tools/chaos/outage";
import { families } from "../sim/modem/families";
import { clockOf } from "../inspect/energy/choice";
import { ReadingMeter } from "../inspect/energy/totals";
import { lasting } from "../inspect/report/duration";
import { resultJson, datagramJson } from "../inspect/report/json";
import { summary } from "../inspect/report/summary";
import { outageJson, outageSummary } from "../tools/chaos/outage-summary";
import { Simulation } from "../sim/world/simulation";
import { attackOf, attackText } from "./attack-flag";
import { capacity } from "./battery-flag";
import { Command, Option } from "./command";
import { eavesdrop } from "./eavesdropper";
import { requireEngine } from "./engine";
import { misuse, wholeNumber } from "./misuse";
import { RunFiles, factsOf, outageFactsOf, reproduction } from "./run-files";
import { profileOf } from "./profile-flag";
import { checkedSettings, settingOption, simulatedSettings } from "./set-flag";
import { stage } from "./staged-run";
import { RunScreen, byReports, checkScreenFlags } from "./run-screen";
import { addSimulationFlags, deviceOptionsOf, isGiven, refuseGiven, sealedFormat } from "./simulation-flags";
import { updateScenario } from "./update-scenario";
import { speedOf, usualSpeed } from "./watch";
import type { DatagramJson } from "../inspect/report/json";
import { deviceSeed, fleetDeviceKey } from "../sim/fleet/fleet-keys";
import type { Attack } from "../sim/radio/hostile-acts";
import type { Metering } from "./run-files";
import type { ScreenFlags } from "./run-screen";
import type { GivenSetting, RefusedSettings } from "./set-flag";
import type { EveryFlag, FlagName, SimulationFlags } from "./simulation-flags";

interface StartFlags extends SimulationFlags, ScreenFlags {
  battery: number;
  profile: string;
  set: readonly GivenSetting[];
  natIdle?: number;
  scenario: Scenario;
  attack?: Attack;
  report?: string;
  pcap?: string;
  fleetDevice?: number;
}

const scenarios = ["first-hours", "outage", "eavesdropper", "update"] as const;
type Scenario = (typeof scenarios)[number];

/**
 * Bytecode that V8 writes into a function in place of calls; 920 when left alone. A run is wide and short: firmware, modem
 * and cloud have little that is hot, and to compile what was written out takes longer than the calls. By a twentieth of the
 * processor's time here, for ten days of readings as for forty.
 */
const mostInlined = 200;

/** How long the outage's run is where the device catches up at once, virtual ms. */
const outageLasts = 80 * 3_600_000;

/** Share of its capacity that the battery loses in a year: as npm run energy has it. */
const selfDischarge = 0.01;

/** What a scenario cannot honour, and why. */
const refusedIn: Readonly<Record<Scenario, Readonly<Partial<Record<FlagName, string>>>>> = {
  "first-hours": {},
  outage: { reports: "which has its own end", command: "which sends none" },
  update: { reports: "which has its own end", command: "which sends none" },
  eavesdropper: {
    reports: "which has its own end",
    interval: "which has its own",
    batch: "which looks at each reading",
    lifetime: "which takes the firmware's own",
    application: "which is about the demo's relay",
    command: "which needs some",
  },
};

const uses = {
  seed: { default: 1 },
  engine: {},
  edition: {},
  coverage: {},
  loss: {},
  releaseAssistance: {},
  reports: {},
  interval: {},
  format: { text: "how readings are sent (in the outage compact, unless named)" },
  batch: {},
  lifetime: {},
  keepAlive: {},
  modem: { choices: [...families.keys()] },
  modemFirmware: {},
  powerKey: {},
  t3324: {},
  sleep: {},
  application: {},
  sealed: {},
  command: {},
} satisfies EveryFlag;

/** The `start` command. */
export function startCommand(): Command {
  const command = new Command("start")
    .configureHelp({ commandUsage: () => "npm start -- [options]" })
    .addOption(
      new Option(
        "--scenario <name>",
        "a device's first hours; three days without coverage and after; somebody in the middle, and what he comes to; " +
          "updates of the firmware, good and bad ones",
      )
        .choices(scenarios)
        .default("first-hours"),
    );
  return addSimulationFlags(command, uses)
    .option("--battery <Wh>", "what the totals say how long it would last", capacity, 19)
    .option(
      "--profile <name>",
      "what draws how much, for the same: modern, field, limit, a module that a data sheet is known of such as sim7020, or a JSON file",
      "field",
    )
    .addOption(settingOption("--set", "any setting of the firmware, docs/settings.md; may be given again"))
    .option(
      "--nat-idle <s>",
      "seconds after which the operator's NAT forgets (default: never)",
      wholeNumber("--nat-idle", 1, 1_000_000),
    )
    .option("--attack <who>", attackText, attackOf)
    .option(
      "--fleet-device <n>",
      "this device of npm run fleet with the same --seed, alone and through its whole modem",
      wholeNumber("--fleet-device", 0, 1_000_000),
    )
    .option(
      "--watch [speed]",
      `show the run as it happens, so many times as fast as real time (${usualSpeed} unless said)`,
      speedOf,
    )
    .option("--verbose", "show every line of the AT exchange")
    .option("--quiet", "show only the totals")
    .option("--json", "print one JSON document instead of the timeline")
    .option("--report <file>", "write the run as one HTML page: messages, power, energy, latency")
    .option("--pcap <file>", "write every datagram as a pcapng capture, for Wireshark")
    .action(start);
}

async function start(flags: StartFlags, command: Command): Promise<void> {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${mostInlined}`);
  checkScreenFlags(flags);
  refuseGiven(command, refusedIn[flags.scenario], `--scenario ${flags.scenario}`);
  requireEngine(flags.engine);
  if (flags.scenario !== "first-hours") refuseFirstHours(command, flags.scenario);
  if (flags.scenario === "outage") {
    if (flags.attack !== undefined) throw misuse("--attack does not go with --scenario outage");
    return outage(flags, command);
  }
  if (flags.scenario === "eavesdropper") {
    if (flags.attack !== undefined)
      throw misuse("--attack does not go with --scenario eavesdropper, which is one");
    if (flags.watch !== undefined)
      throw misuse("--watch does not go with --scenario eavesdropper, which runs three times");
    // Readings one by one: what each says is what he is after.
    const format = isGiven(command, "format") ? sealedFormat(flags.format) : "compact";
    const device = deviceOptionsOf(command, { ...flags, format });
    return eavesdrop({ ...device, seed: flags.seed }, runFiles(flags, command), flags);
  }
  if (flags.scenario === "update") {
    const options = { ...deviceOptionsOf(command, flags), seed: flags.seed };
    const attacks = flags.attack === undefined ? {} : { attacks: [flags.attack] };
    const head = `${headOf(flags)} · a reading every ${flags.interval} s · updates of the firmware`;
    return updateScenario({ ...options, ...attacks }, runFiles(flags, command), flags, head);
  }
  const device = deviceOptionsOf(command, flags);
  const settings = settingsOf(flags, command);
  const metering = {
    profile: profileOf(flags.profile),
    coverage: flags.coverage,
    edrx: Number(settings.edrx ?? 0) > 0,
    clock: clockOf({ settings }),
  };
  const files = runFiles(flags, command, metering);
  const datagrams: DatagramJson[] = [];
  const meter = new ReadingMeter(metering.profile, metering);
  const loss = flags.loss === undefined ? "" : ` · loss ${flags.loss * 100} %`;
  const screen = new RunScreen(flags, {
    head: `${headOf(flags)}${loss} · ${flags.reports} reports, one every ${flags.interval} s`,
    condense: false,
    share: byReports(flags.reports),
  });
  let result;
  let energy;
  try {
    result = await new Simulation({
      ...device,
      ...(flags.fleetDevice === undefined
        ? {}
        : {
            seed: deviceSeed(flags.seed, flags.fleetDevice),
            deviceKey: fleetDeviceKey(flags.seed, flags.fleetDevice),
          }),
      ...(flags.attack === undefined ? {} : { attacks: [flags.attack] }),
      ...(flags.natIdle === undefined ? {} : { natIdle: 1_000 * flags.natIdle }),
      settings,
      ...(settings.waiting === undefined ? {} : { processor: { waiting: metering.clock.waiting } }),
      reports: flags.reports,
      command: flags.command,
      pace: screen.pace,
      ended: screen.ended,
      onEvent: (event) => {
        screen.add(event);
        files.hear(event);
        meter.hear(event);
        if (flags.json === true && event.source === "air") datagrams.push(datagramJson(event.report));
      },
    }).run();
    energy = meter.totals({ capacity: flags.battery, selfDischarge });
    const { shortfall } = result;
    screen.writing("the run is over, its files are written");
    await files.finish(result.virtualTime, factsOf(result), { energy, shortfall, asked: flags.reports });
  } finally {
    screen.close();
  }
  const { realTime, palette, refusals } = screen;
  const out = process.stdout;
  const { fleetDevice } = flags;
  // What a user can say again: the seed that the device itself has is no number.
  if (flags.json === true) {
    const again = fleetDevice === undefined ? {} : { seed: flags.seed, fleetDevice };
    out.write(`${JSON.stringify({ ...resultJson(result, datagrams, energy), ...again }, null, 2)}\n`);
  } else {
    const seed = fleetDevice === undefined ? result.seed : `${flags.seed} with --fleet-device ${fleetDevice}`;
    out.write(summary({ ...result, seed }, realTime, palette, energy, refusals));
  }
  process.stderr.write(files.written());
  screen.leave(result.complete);
}

/** Flags that go with a device's first hours alone, and why not with the other scenarios. */
const firstHours = {
  fleetDevice: "which has a device of its own",
  // Only the first hours are days like others, from which a battery's life follows.
  battery: "whose days are not like others",
  profile: "whose days are not like others",
  set: "whose device has settings of its own",
  natIdle: "which has an operator of its own",
} as const;

function refuseFirstHours(command: Command, scenario: Scenario): void {
  for (const [name, why] of Object.entries(firstHours)) {
    if (command.getOptionValueSource(name) !== "cli") continue;
    const { long } = command.options.find((option) => option.attributeName() === name)!;
    throw misuse(`${long} does not go with --scenario ${scenario}, ${why}`);
  }
}

/** Settings that the run itself goes by, each with the flag that says it. */
const ofFlags: RefusedSettings = {
  ...simulatedSettings,
  ...{ interval: "is --interval here", reports: "is --reports here", payload: "is --format here" },
  ...{ batch: "is --batch here", sleep: "is --sleep here" },
};
/** Settings that may be said by a flag instead. */
const alsoFlags = ["lifetime", "keepAlive", "t3324"] as const;

/** What is set beside the flags. @throws CommandError */
function settingsOf(flags: StartFlags, command: Command): Readonly<Record<string, string>> {
  const { set, modem, interval, batch, sleep, format } = flags;
  const config = checkedSettings(set, ofFlags, { interval, batch, sleep, payload: format }, modem);
  const twice = alsoFlags.find((name) => config[name] !== undefined && isGiven(command, name));
  if (twice === undefined) return config;
  throw misuse(`--set: ${twice} has a flag of its own, which is given too: leave one of them out`);
}

function headOf({ seed, engine, edition, coverage }: StartFlags): string {
  return `seed ${seed} · engine ${engine} · cloud edition ${edition} · coverage level ${coverage}`;
}

/** What is written of the run besides, none of it unless it was asked for. */
function runFiles(flags: StartFlags, command: Command, metering?: Metering): RunFiles {
  const { report, pcap, seed, coverage } = flags;
  // The outage's three days and what is around them.
  const reports = flags.scenario === "first-hours" ? flags.reports : Math.ceil((4 * 86_400) / flags.interval);
  const again = reproduction(command, seed);
  return new RunFiles({ report, pcap, seed, reports, coverage, command: again, ...metering });
}

/** Three days without coverage: how long it takes is the scenario's affair, and no command is sent. */
async function outage(flags: StartFlags, command: Command): Promise<void> {
  const files = runFiles(flags, command);
  const screen = new RunScreen(flags, {
    head: `${headOf(flags)} · a reading every ${flags.interval} s · three days without coverage`,
    condense: true,
    share: (_, time) => ({ part: Math.min(1, time / outageLasts), text: () => `${lasting(time)} virtual` }),
  });
  const device = deviceOptionsOf(command, flags);
  // Alternating formats cannot share a request: days of them would go one by one.
  const format = isGiven(command, "format") ? device.format : "compact";
  await stage({
    ...{ screen, files, lane: "cell", facts: outageFactsOf },
    run: (hooks) => runOutage({ ...device, seed: flags.seed, format, ...hooks }),
    text: (result) =>
      flags.json === true
        ? `${JSON.stringify(outageJson(result), null, 2)}\n`
        : outageSummary(result, screen.realTime, screen.palette, screen.refusals),
  });
}
