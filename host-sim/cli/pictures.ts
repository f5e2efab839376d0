/** `npm run pictures`: makes the pictures of README and docs anew, from runs that seeds decide. */
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../project";
import { CauseFinder } from "../inspect/capture/cause";
import { takeConsolePictures } from "../inspect/report/console-pictures";
import { Progress } from "../inspect/report/progress";
import { BrowserMissing, takeFleetPicture, takePictures } from "../inspect/report/pictures";
import { writeFleetPage } from "../inspect/report/html/write-page";
import { Simulation } from "../sim/world/simulation";
import { Command } from "./command";
import { CommandError, misuse, systemReason } from "./misuse";
import { RunFiles, factsOf } from "./run-files";
import { fleetPageData } from "../tools/fleet/fleet-page-data";
import { runShard } from "../tools/fleet/shard-run";
import { wholeRun } from "../tools/shards/shard";
import { projectVersion } from "./version";
import type { Picture } from "../inspect/report/pictures";
import type { FleetPlan } from "../tools/fleet/plan";

/** A bad link, so that there is something to see, and a board that sleeps, so that the modem's part shows. */
const run = { seed: 13, coverage: 1, loss: 0.15, reports: 8, sleep: "deep" } as const;
/** What is shown before the answer that is lost, and after it, ms. */
const before = 7_000;
const after = 29_000;
const command = "npm start -- --coverage 1 --loss 0.15 --reports 8 --sleep deep --seed 13";

/** The `pictures` command. */
export function picturesCommand(): Command {
  return new Command("pictures")
    .configureHelp({ commandUsage: () => "npm run pictures -- [options]" })
    .option("--out <folder>", "where to put them", join(projectRoot(), "docs/pictures"))
    .action(pictures);
}

async function pictures({ out }: { out: string }): Promise<void> {
  makeFolder(out);
  const progress = new Progress(process.stderr, { ticks: true });
  try {
    progress.begin(0, "1 of 3: a run, its power and its sequence chart");
    const taken = await takeRunPictures(out);
    progress.begin(0.3, "2 of 3: the console");
    const console = await takeConsolePictures(out, run.seed);
    progress.begin(0.6, "3 of 3: a fleet behind a blackout");
    const fleet = await takeFleetPictures(out);
    progress.end();
    for (const { file } of [...taken, ...console, ...fleet]) {
      process.stdout.write(`${file}  ${Math.ceil(statSync(file).size / 1024)} KiB\n`);
    }
  } catch (error) {
    if (error instanceof BrowserMissing) throw new CommandError(1, error.message);
    throw error;
  } finally {
    progress.end();
  }
}

/** @throws CommandError where there can be no folder of that name, before a minute is spent on what goes there */
function makeFolder(out: string): void {
  try {
    mkdirSync(out, { recursive: true });
    accessSync(out, constants.W_OK);
  } catch (error) {
    const isFile = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw misuse(`--out: ${out}: ${isFile ? "it is no folder" : systemReason(error)}`);
  }
}

/** What the fleet's picture shows: one cell's devices, which get their power back together. */
export const fleetPlan: FleetPlan = {
  ...{
    version: projectVersion().version,
    seed: 1,
    devices: 1_000,
    hours: 5,
    scenario: "blackout",
    scenarioAt: 2,
  },
  ...{ edition: "token", mix: [0.8, 0.15, 0.05], devicesPerCell: 1_000, format: "compact", modem: "sim7020" },
  ...{
    settings: { interval: 900, batch: 1, sleep: "deep" },
    powerSpread: 900_000,
    natIdle: null,
    loss: null,
  },
  ...{ journalSize: 131_072, profile: "modern", battery: 19 },
};

/** Runs a fleet through a blackout, and takes the picture of what its cell had to do. @throws BrowserMissing */
export async function takeFleetPictures(out: string, plan = fleetPlan): Promise<Picture[]> {
  const folder = mkdtempSync(join(tmpdir(), "enos-pictures-"));
  try {
    const report = join(folder, "fleet.html");
    const result = await runShard(plan, wholeRun);
    writeFileSync(report, await writeFleetPage(fleetPageData(result, "npm run pictures", () => "")));
    return [await takeFleetPicture(report, out)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs the simulation, writes its report, and takes the pictures around the first answer that announces a
 * command and is lost.
 *
 * @throws CommandError when no such answer is lost, or the picture does not show it
 * @throws BrowserMissing without Chromium, or without playwright-core
 */
export async function takeRunPictures(out: string): Promise<Picture[]> {
  const folder = mkdtempSync(join(tmpdir(), "enos-pictures-"));
  try {
    const report = join(folder, "run.html");
    const { seed, coverage, reports } = run;
    const files = new RunFiles({ report, seed, coverage, reports, command });
    const causes = new CauseFinder();
    let lost: number | undefined;
    const simulation = new Simulation({
      ...run,
      engine: "node",
      edition: "token",
      interval: 900,
      format: "alternate",
      powerKey: true,
      command: true,
      onEvent: (event) => {
        files.hear(event);
        if (event.source !== "air") return;
        const { answer, command } = causes.of(event.report);
        if (answer && command === "announced" && event.report.fate === "lost") lost ??= event.time;
      },
    });
    const result = await simulation.run();
    await files.finish(result.virtualTime, factsOf(result));
    if (lost === undefined) throw new CommandError(1, `no answer with a command is lost by ${command}`);
    const part = { from: lost - before, to: lost + after };
    const taken = await takePictures(report, out, part);
    if (
      !taken.some(({ rows }) => rows.some((row) => /answer to report, announces a command .*lost/.test(row)))
    ) {
      throw new CommandError(1, "the sequence chart's picture does not show the lost answer");
    }
    return taken;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
