/** `npm run pictures`: makes the README's pictures anew, from a run that a seed decides. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { projectRoot } from "../project";
import { CauseFinder } from "../inspect/capture/cause";
import { takeConsolePicture } from "../inspect/report/console-picture";
import { BrowserMissing, takePictures } from "../inspect/report/pictures";
import { Simulation } from "../sim/world/simulation";
import { CommandError } from "./misuse";
import { RunFiles, factsOf } from "./run-files";
import type { Picture } from "../inspect/report/pictures";

/** A bad link, so that there is something to see, and a board that sleeps, so that the modem's part shows. */
const run = { seed: 27, coverage: 1, loss: 0.15, reports: 8, sleep: "deep" } as const;
/** What is shown before the answer that is lost, and after it, ms. */
const before = 7_000;
const after = 29_000;
const command = "npm start -- --coverage 1 --loss 0.15 --reports 8 --sleep deep --seed 27";

/** The `pictures` command. */
export function picturesCommand(): Command {
  return new Command("pictures")
    .configureHelp({ commandUsage: () => "npm run pictures -- [options]" })
    .option("--out <folder>", "where to put them", join(projectRoot(), "docs/pictures"))
    .action(pictures);
}

async function pictures({ out }: { out: string }): Promise<void> {
  try {
    const taken = await takeRunPictures(out);
    const console = join(out, "console.png");
    await takeConsolePicture(console, run.seed);
    for (const file of [...taken.map(({ file }) => file), console]) {
      process.stdout.write(`${file}  ${Math.ceil(statSync(file).size / 1024)} KiB\n`);
    }
  } catch (error) {
    if (error instanceof BrowserMissing) throw new CommandError(1, error.message);
    throw error;
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
    const taken = await takePictures(report, out, { end: result.virtualTime, ...part });
    if (!taken.some(({ rows }) => rows.some((row) => /ACK .*announces a command .*lost/.test(row)))) {
      throw new CommandError(1, "the sequence chart's picture does not show the lost answer");
    }
    return taken;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
