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
import { outageSummary } from "../tools/chaos/outage-summary";
import { Timeline } from "../inspect/report/timeline";
import { Simulation } from "../sim/world/simulation";
import { requireEngine } from "./engine";
import { fraction, misuse, wholeNumber } from "./misuse";
import { RunFiles, factsOf, outageFactsOf, reproduction } from "./run-files";
import type { Edition } from "../cloud/registry/registry";
import type { Coverage } from "../sim/radio/link";
import type { DatagramJson } from "../inspect/report/json";

interface StartFlags {
  scenario: "first-hours" | "outage";
  seed: number;
  engine: "node" | "xs";
  edition: Edition;
  coverage: string;
  loss?: number;
  reports: number;
  interval: number;
  format: "raw" | "compact" | "json" | "alternate";
  batch: number;
  lifetime: number;
  modem: string;
  powerKey: boolean;
  sleep: "none" | "deep";
  command: boolean;
  verbose?: boolean;
  quiet?: boolean;
  json?: boolean;
  report?: string;
  pcap?: string;
}

/** The `start` command. */
export function startCommand(): Command {
  return new Command("start")
    .configureHelp({ commandUsage: () => "npm start -- [options]" })
    .addOption(
      new Option("--scenario <name>", "a device's first hours, or three days without coverage and after")
        .choices(["first-hours", "outage"])
        .default("first-hours"),
    )
    .option(
      "--seed <n>",
      "seed of all randomness; the same seed gives the same bytes",
      wholeNumber("--seed", 0, 4294967295),
      1,
    )
    .addOption(
      new Option("--engine <name>", "what runs the firmware").choices(["node", "xs"]).default("node"),
    )
    .addOption(
      new Option("--edition <name>", "protocol edition that the cloud speaks")
        .choices(["token", "tokenless"])
        .default("token"),
    )
    .addOption(
      new Option("--coverage <level>", "NB-IoT coverage level").choices(["0", "1", "2"]).default("0"),
    )
    .option(
      "--loss <p>",
      "datagrams lost each way, 0 to 1 (default: the coverage level's)",
      fraction("--loss"),
    )
    .option("--reports <n>", "readings to take", wholeNumber("--reports", 1, 1_000_000), 10)
    .option("--interval <s>", "seconds between readings", wholeNumber("--interval", 1, 86_400), 900)
    .addOption(
      new Option("--format <name>", "how readings are sent (in the outage compact, unless named)")
        .choices(["raw", "compact", "json", "alternate"])
        .default("alternate"),
    )
    .option(
      "--batch <n>",
      "readings that are waited for until they are sent",
      wholeNumber("--batch", 1, 100),
      1,
    )
    .option(
      "--lifetime <s>",
      "silence after which the cloud ends the session, 30 to 86400 s",
      wholeNumber("--lifetime", 30, 86_400),
      3_600,
    )
    .addOption(
      new Option("--modem <family>", "the modem's family").choices([...families.keys()]).default("sim7020"),
    )
    .option("--no-power-key", "a board whose plug has no PWRKEY, so the modem cannot use PSM")
    .addOption(
      new Option("--sleep <how>", "what the board does between readings")
        .choices(["none", "deep"])
        .default("none"),
    )
    .option("--no-command", "the cloud sends no command")
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
  requireEngine(flags.engine);
  if (flags.scenario === "outage") return outage(flags, command);
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
    seed: flags.seed,
    engine: flags.engine,
    edition: flags.edition,
    coverage: Number(flags.coverage) as Coverage,
    ...(flags.loss === undefined ? {} : { loss: flags.loss }),
    reports: flags.reports,
    interval: flags.interval,
    format: flags.format,
    batch: flags.batch,
    lifetime: flags.lifetime,
    modem: flags.modem,
    powerKey: flags.powerKey,
    ...(flags.sleep === "none" ? {} : { sleep: flags.sleep }),
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
  const { report, pcap, seed } = flags;
  // The outage's three days and what is around them.
  const reports = flags.scenario === "outage" ? Math.ceil((4 * 86_400) / flags.interval) : flags.reports;
  const coverage = Number(flags.coverage) as Coverage;
  return new RunFiles({ report, pcap, seed, reports, coverage, command: reproduction(command, seed) });
}

/** Three days without coverage: how long it takes is the scenario's affair, and no command is sent. */
async function outage(flags: StartFlags, command: Command): Promise<void> {
  const given = (name: keyof StartFlags): boolean => command.getOptionValueSource(name) === "cli";
  if (given("reports")) throw misuse("--reports does not go with --scenario outage, which has its own end");
  if (given("command")) throw misuse("--no-command does not go with --scenario outage, which sends none");
  const files = runFiles(flags, command);
  const started = performance.now();
  const out = process.stdout;
  const palette = paletteFor(out);
  const write = (line: string): void => void out.write(`${line}\n`);
  // Alternating formats cannot share a request: days of them would go one by one.
  const format = given("format") ? flags.format : "compact";
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
    seed: flags.seed,
    engine: flags.engine,
    edition: flags.edition,
    coverage: Number(flags.coverage) as Coverage,
    ...(flags.loss === undefined ? {} : { loss: flags.loss }),
    interval: flags.interval,
    format,
    batch: flags.batch,
    lifetime: flags.lifetime,
    modem: flags.modem,
    powerKey: flags.powerKey,
    onEvent: (event) => {
      timeline?.add(event);
      files.hear(event);
    },
    onTurn: (time, text) => {
      timeline?.note(time, palette.bold("world"), palette.bold(text));
      files.note(time, text);
    },
  });
  timeline?.end();
  await files.finish(result.virtualTime, outageFactsOf(result));
  if (flags.json === true) write(JSON.stringify(result, null, 2));
  else out.write(outageSummary(result, performance.now() - started, palette));
  if (!result.complete) process.exitCode = 1;
}
