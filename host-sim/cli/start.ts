/**
 * `npm start`: one device's first hours, from power-on to asleep, in virtual time.
 */
import { Command, Option } from "commander";
import { runOutage } from "../tools/chaos/outage";
import { families } from "../sim/modem/families";
import { Progress } from "../inspect/report/progress";
import { resultJson, datagramJson } from "../inspect/report/json";
import { paletteFor } from "../inspect/report/style";
import { summary } from "../inspect/report/summary";
import { outageJson, outageSummary } from "../tools/chaos/outage-summary";
import { Timeline } from "../inspect/report/timeline";
import { Simulation } from "../sim/world/simulation";
import { attackOf, attackText } from "./attack-flag";
import { requireEngine } from "./engine";
import { misuse } from "./misuse";
import { RunFiles, factsOf, outageFactsOf, reproduction } from "./run-files";
import { addSimulationFlags, deviceOptionsOf, isGiven, refuseGiven } from "./simulation-flags";
import type { DatagramJson } from "../inspect/report/json";
import type { Attack } from "../sim/radio/hostile-acts";
import type { EveryFlag, FlagName, SimulationFlags } from "./simulation-flags";

interface StartFlags extends SimulationFlags {
  scenario: Scenario;
  attack?: Attack;
  verbose?: boolean;
  quiet?: boolean;
  json?: boolean;
  report?: string;
  pcap?: string;
}

const scenarios = ["first-hours", "outage"] as const;
type Scenario = (typeof scenarios)[number];

/** What a scenario cannot honour, and why. */
const refusedIn: Readonly<Record<Scenario, Readonly<Partial<Record<FlagName, string>>>>> = {
  "first-hours": {},
  outage: { reports: "which has its own end", command: "which sends none" },
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
  command: {},
} satisfies EveryFlag;

/** The `start` command. */
export function startCommand(): Command {
  const command = new Command("start")
    .configureHelp({ commandUsage: () => "npm start -- [options]" })
    .addOption(
      new Option("--scenario <name>", "a device's first hours, or three days without coverage and after")
        .choices(scenarios)
        .default("first-hours"),
    );
  return addSimulationFlags(command, uses)
    .option("--attack <who>", attackText, attackOf)
    .option("--verbose", "show every line of the AT exchange")
    .option("--quiet", "show only the totals")
    .option("--json", "print one JSON document instead of the timeline")
    .option("--report <file>", "write the run as one HTML page: messages, power, energy, latency")
    .option("--pcap <file>", "write every datagram as a pcapng capture, for Wireshark")
    .action(start);
}

async function start(flags: StartFlags, command: Command): Promise<void> {
  if (flags.json === true && flags.verbose === true) throw misuse("--json and --verbose exclude each other");
  if (flags.quiet === true && flags.verbose === true)
    throw misuse("--quiet and --verbose exclude each other");
  refuseGiven(command, refusedIn[flags.scenario], `--scenario ${flags.scenario}`);
  requireEngine(flags.engine);
  if (flags.scenario === "outage") {
    if (flags.attack !== undefined) throw misuse("--attack does not go with --scenario outage");
    return outage(flags, command);
  }
  const files = runFiles(flags, command);
  const started = performance.now();
  const out = process.stdout;
  const palette = paletteFor(out);
  const datagrams: DatagramJson[] = [];
  const timeline =
    flags.json === true || flags.quiet === true
      ? undefined
      : new Timeline({ write: (line) => out.write(`${line}\n`), palette, verbose: flags.verbose === true });
  // The timeline moves by itself; only a silent run needs to show that it lives.
  const progress = new Progress(timeline === undefined ? process.stderr : undefined, flags.reports);

  if (timeline !== undefined) {
    out.write(
      palette.bold(
        `seed ${flags.seed} · engine ${flags.engine} · cloud edition ${flags.edition} · coverage level ${flags.coverage}` +
          `${flags.loss === undefined ? "" : ` · loss ${flags.loss * 100} %`} · ${flags.reports} reports, one every ${flags.interval} s\n`,
      ),
    );
  }
  const simulation = new Simulation({
    ...deviceOptionsOf(flags),
    ...(flags.attack === undefined ? {} : { attacks: [flags.attack] }),
    reports: flags.reports,
    command: flags.command,
    onEvent: (event) => {
      timeline?.add(event);
      progress.add(event);
      files.hear(event);
      if (flags.json === true && event.source === "air") datagrams.push(datagramJson(event.report));
    },
  });
  let result;
  try {
    result = await simulation.run();
  } finally {
    progress.end();
    timeline?.end();
  }
  await files.finish(result.virtualTime, factsOf(result));
  const realTime = performance.now() - started;
  if (flags.json === true) out.write(`${JSON.stringify(resultJson(result, datagrams), null, 2)}\n`);
  else out.write(summary(result, realTime, palette));
  if (!result.complete) process.exitCode = 1;
}

/** What is written of the run besides, none of it unless it was asked for. */
function runFiles(flags: StartFlags, command: Command): RunFiles {
  const { report, pcap, seed, coverage } = flags;
  // The outage's three days and what is around them.
  const reports = flags.scenario === "outage" ? Math.ceil((4 * 86_400) / flags.interval) : flags.reports;
  return new RunFiles({ report, pcap, seed, reports, coverage, command: reproduction(command, seed) });
}

/** Three days without coverage: how long it takes is the scenario's affair, and no command is sent. */
async function outage(flags: StartFlags, command: Command): Promise<void> {
  const files = runFiles(flags, command);
  const started = performance.now();
  const out = process.stdout;
  const palette = paletteFor(out);
  const write = (line: string): void => void out.write(`${line}\n`);
  const shown = flags.json !== true && flags.quiet !== true;
  const verbose = flags.verbose === true;
  const timeline = shown ? new Timeline({ write, palette, verbose, condense: !verbose }) : undefined;
  if (shown) {
    write(
      palette.bold(
        `seed ${flags.seed} · engine ${flags.engine} · cloud edition ${flags.edition} · coverage level ` +
          `${flags.coverage} · a reading every ${flags.interval} s · three days without coverage\n`,
      ),
    );
  }
  const result = await runOutage({
    ...deviceOptionsOf(flags),
    seed: flags.seed,
    // Alternating formats cannot share a request: days of them would go one by one.
    format: isGiven(command, "format") ? flags.format : "compact",
    onEvent: (event) => {
      timeline?.add(event);
      files.hear(event);
    },
    onTurn: (time, text) => {
      timeline?.note(time, palette.bold("cell"), palette.bold(text));
      files.note(time, text);
    },
  });
  timeline?.end();
  await files.finish(result.virtualTime, outageFactsOf(result));
  if (flags.json === true) write(JSON.stringify(outageJson(result), null, 2));
  else out.write(outageSummary(result, performance.now() - started, palette));
  if (!result.complete) process.exitCode = 1;
}
