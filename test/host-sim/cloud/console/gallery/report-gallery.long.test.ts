/** The report of a run in each of its tones, and of a board's log, looked at as the console is. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profiles } from "../../../../../host-sim/inspect/energy/profiles";
import { Recorder } from "../../../../../host-sim/inspect/report/html/recorder";
import { writePage } from "../../../../../host-sim/inspect/report/html/write-page";
import { launchChromium } from "../../../../../host-sim/inspect/report/pictures";
import { BoardLog } from "../../../../../host-sim/tools/monitor/board-log";
import { energyOf } from "../../../../../host-sim/tools/monitor/log-energy";
import { LogRecord } from "../../../../../host-sim/tools/monitor/log-record";
import { recordingOf } from "../../../../../host-sim/tools/monitor/log-report";
import { hear } from "../../../inspect/capture/run";
import { hasBrowser } from "../browser-rig";
import { slowDown } from "../slow-page";
import { look, writeIndex } from "./look";
import type { Browser } from "playwright-core";
import type { Recording } from "../../../../../host-sim/inspect/report/html/recorder";

const minute = 60_000;

/** A simulated run. @param loss share of datagrams */
async function run(loss: number): Promise<Recording> {
  const { events, result } = await hear({ seed: 5, reports: 24, loss });
  const command = `npm start -- --reports 24 --loss ${loss} --seed 5`;
  const recorder = new Recorder({ seed: 5, command, profile: profiles.field, coverage: 1 });
  for (const event of events) recorder.hear(event);
  return recorder.finish(result.virtualTime, [["result", "complete"]]);
}

/** A board's log of six contacts of half an hour, without a datagram. */
function boardLog(): Recording {
  const record = new LogRecord();
  const log = new BoardLog({ onLine: (line) => record.hear(line) });
  for (let id = 1; id <= 6; id++) {
    const at = (id - 1) * 30 * minute;
    const lines: [number, string][] = [
      [at, "journal: open waiting=0"],
      [at, "agent: start interval=1800s batch=1 lifetime=3600s"],
      [at, "session: resumed edition=token"],
      [at + 100, `report: taken id=${id} format=compact`],
      [at + 100, "modem: waking"],
      [at + 1_200, "modem: up"],
      [at + 4_000, `report: acknowledged id=${id} after=3.9s`],
      [at + 4_000, "agent: idle next=1796s"],
    ];
    for (const [time, line] of lines) log.receive(Buffer.from(`${line}\r\n`), time);
  }
  const end = 151 * minute;
  const profile = profiles.field;
  const energy = energyOf(record.lines, end, { profile, battery: { capacity: 19, selfDischarge: 0.01 } });
  return recordingOf(record, {
    source: "a board",
    command: "",
    epoch: 1_700_000_000_000,
    end,
    profile,
    energy,
  });
}

/** Lines of a device of which three readings came late; in trouble one was refused and another one waits. */
function lines(isTrouble: boolean): Recording {
  const recorder = new Recorder({ seed: 1, command: "npm start", profile: profiles.field, coverage: 0 });
  const line = (time: number, text: string): void => recorder.hear({ time, source: "device", text });
  line(0, "session: online edition=token");
  for (let id = 0; id < 40; id++) {
    const time = id * 15 * minute;
    line(time, `report: taken id=${id} format=raw`);
    if (isTrouble && id === 30) line(time + 3_000, 'report: refused id=30 reason="4.00 1204"');
    else if (id < 20 || id > 23) line(time + 2_000, `report: acknowledged id=${id} after=2.0s`);
    if (id !== 24) continue;
    for (const late of [20, 21, 22]) line(time + 4_000, `report: acknowledged id=${late} after=2700.0s`);
    if (!isTrouble) line(time + 4_000, "report: acknowledged id=23 after=904.0s");
  }
  const shortfall = isTrouble ? "2 readings not acknowledged" : undefined;
  const outcome = shortfall === undefined ? {} : { shortfall };
  return recorder.finish(600 * minute, [["result", shortfall ?? "complete"]], outcome);
}

const states: readonly (readonly [name: string, make: () => Recording | Promise<Recording>])[] = [
  ["report-good", () => run(0)],
  ["report-lossy", () => run(0.25)],
  ["report-worth-a-look", () => lines(false)],
  ["report-trouble", () => lines(true)],
  ["report-log-only", boardLog],
];

describe.skipIf(!hasBrowser)("the report looks as it should", () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "enos-gallery-"));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
    writeIndex();
  });

  test.each(states)("%s", async (name, make) => {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, await writePage(await make()));
    const page = await browser.newPage({ locale: "en-GB", timezoneId: "UTC" });
    await slowDown(page);
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector(".sequence-row");
    const wrong = await look(page, name);
    await page.close();
    expect([...complaints, ...wrong]).toEqual([]);
  });
});
