/** `npm run pictures`: makes the README's pictures anew, from a run that a seed decides. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { projectRoot } from "../project";
import { BrowserMissing, takePictures } from "../inspect/report/pictures";
import { Simulation } from "../sim/world/simulation";
import { CommandError } from "./misuse";
import { RunFiles, factsOf } from "./run-files";

/** A bad link, so that there is something to see, and a board that sleeps, so that the modem's part shows. */
const run = { seed: 12, coverage: 1, loss: 0.15, reports: 8, sleep: "deep" } as const;
/** The third reading, with the command that comes behind it, ms. */
const part = { from: 2_699_000, to: 2_735_000 } as const;
const command = "npm start -- --coverage 1 --loss 0.15 --reports 8 --sleep deep --seed 12";

/** The `pictures` command. */
export function picturesCommand(): Command {
  return new Command("pictures")
    .configureHelp({ commandUsage: () => "npm run pictures -- [options]" })
    .option("--out <folder>", "where to put them", join(projectRoot(), "docs/pictures"))
    .action(pictures);
}

async function pictures({ out }: { out: string }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "enos-pictures-"));
  try {
    const report = join(folder, "run.html");
    const { seed, coverage, reports } = run;
    const files = new RunFiles({ report, seed, coverage, reports, command });
    const simulation = new Simulation({
      ...run,
      engine: "node",
      edition: "token",
      interval: 900,
      format: "alternate",
      powerKey: true,
      command: true,
      onEvent: (event) => files.hear(event),
    });
    const result = await simulation.run();
    await files.finish(result.virtualTime, factsOf(result));
    for (const file of await takePictures(report, out, { end: result.virtualTime, ...part })) {
      process.stdout.write(`${file}  ${Math.ceil(statSync(file).size / 1024)} KiB\n`);
    }
  } catch (error) {
    if (error instanceof BrowserMissing) throw new CommandError(1, error.message);
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
