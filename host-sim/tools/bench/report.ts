/** The report of a run of 30 days: what its file weighs, and how soon a browser shows it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { profiles } from "../../inspect/energy/profiles";
import { Recorder } from "../../inspect/report/html/recorder";
import { writePage } from "../../inspect/report/html/write-page";
import { launchChromium } from "../../inspect/report/pictures";
import { Simulation } from "../../sim/world/simulation";

export interface ReportFigures {
  readonly bytes: number;
  /** Rows of its sequence chart before any are collapsed. */
  readonly rows: number;
  /** From the beginning of the navigation until the frame after its messages stand in the page, ms; middle of some loads. */
  readonly shown: number;
}

const reports = 2_880;
const interval = 900;
const loads = 3;

/** @param tell what it is at @throws BrowserMissing without Chromium */
export async function benchReport(tell: (what: string) => void): Promise<ReportFigures> {
  tell("a run of 30 days for its report");
  const recorder = new Recorder({
    seed: 1,
    command: `npm start -- --reports ${reports} --interval ${interval} --seed 1`,
    profile: profiles.field,
    coverage: 1,
  });
  const simulation = new Simulation({
    ...{ seed: 1, engine: "node", edition: "token", coverage: 1, interval, reports, loss: 0.01 },
    ...{ command: true, powerKey: true, format: "raw" },
    onEvent: (event) => recorder.hear(event),
  });
  const result = await simulation.run();
  const recording = recorder.finish(result.virtualTime, []);
  const text = await writePage(recording);
  const folder = mkdtempSync(join(tmpdir(), "bench-report-"));
  const browser = await launchChromium();
  try {
    const file = join(folder, "run.html");
    writeFileSync(file, text);
    const times: number[] = [];
    for (let load = 0; load < loads; load++) {
      tell(`its page, ${load + 1} of ${loads}`);
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      await page.goto(pathToFileURL(file).href);
      await page.waitForSelector(".sequence-row");
      times.push(
        Number(
          await page.evaluate("new Promise((done) => requestAnimationFrame(() => done(performance.now())))"),
        ),
      );
      await page.close();
    }
    times.sort((a, b) => a - b);
    return {
      bytes: Buffer.byteLength(text),
      rows: recording.data.rows.time.length,
      shown: times[Math.floor(loads / 2)],
    };
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}
