/** A report in which something failed: the sentence names it, and each name leads to its place. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profiles } from "../../../../../host-sim/inspect/energy/profiles";
import { chromiumPath, launchChromium } from "../../../../../host-sim/inspect/report/pictures";
import { Recorder } from "../../../../../host-sim/inspect/report/html/recorder";
import { writePage } from "../../../../../host-sim/inspect/report/html/write-page";
import { slowDown } from "../../../cloud/console/slow-page";
import type { Browser, Page } from "playwright-core";

const missing = chromiumPath() === undefined;
if (missing && process.env.CI !== undefined) {
  test("Chromium is there", () => expect.fail("CI needs Debian's chromium"));
}

const hour = 3_600_000;
const quarter = hour / 4;

describe.skipIf(missing)("a report of a log in which something failed", () => {
  let folder: string;
  let browser: Browser;
  let address: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "enos-verdict-"));
    const recorder = new Recorder({ seed: 1, command: "npm start", profile: profiles.field, coverage: 0 });
    const line = (time: number, text: string): void => recorder.hear({ time, source: "device", text });
    line(0, "session: online edition=token");
    for (let id = 0; id < 40; id++) {
      const time = id * quarter;
      line(time, `report: taken id=${id} format=raw`);
      if (id === 20) {
        recorder.hear({
          time: time + 1_000,
          source: "modem",
          event: { type: "attach", time, stat: 4, psm: undefined },
        });
      }
      if (id === 30) line(time + 3_000, 'report: refused id=30 reason="4.00 1204"');
      else if (id < 20 || id > 23) line(time + 2_000, `report: acknowledged id=${id} after=2.0s`);
      if (id === 24) {
        recorder.hear({
          time: time + 3_000,
          source: "modem",
          event: { type: "attach", time, stat: 1, psm: undefined },
        });
        for (const late of [20, 21, 22]) line(time + 4_000, `report: acknowledged id=${late} after=2700.0s`);
      }
    }
    const file = join(folder, "run.html");
    const shortfall = "2 readings not acknowledged";
    writeFileSync(
      file,
      await writePage(recorder.finish(10 * hour, [["result", "incomplete"]], { shortfall })),
    );
    address = pathToFileURL(file).href;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await slowDown(page);
    await page.goto(address);
    await page.waitForSelector(".sequence-row");
    return page;
  }
  const top = (page: Page, id: string): Promise<number> =>
    page.evaluate(`document.getElementById("${id}").getBoundingClientRect().top`);

  test("names each failure, in the colour of one", async () => {
    const page = await open();
    expect(await page.locator(".sentence").textContent()).toBe(
      "38 of 40 readings arrived, 3 of them late by up to 1 h in an outage, 1 was refused (4.00 1204), 1 still waits.",
    );
    expect(await page.locator(".tone").textContent()).toBe("Something failed");
    const colours = await page.evaluate(
      `[...document.querySelectorAll(".sentence a")].map((a) => [a.textContent, getComputedStyle(a).color])`,
    );
    const bad = "rgb(171, 47, 16)";
    expect(Object.fromEntries(colours as [string, string][])).toEqual({
      "38 of 40 readings arrived": bad,
      "3 of them late by up to 1 h in an outage": "rgb(133, 83, 0)",
      "1 was refused (4.00 1204)": bad,
      "1 still waits": bad,
    });
    await page.close();
  });

  test("what was refused leads to its row, chosen among those like it", async () => {
    const page = await open();
    await page.getByRole("link", { name: "1 was refused" }).click();
    await expect.poll(() => top(page, "messages")).toBeLessThan(900);
    await expect.poll(() => page.locator("#count").textContent()).toMatch(/^1 of \d+ rows$/);
    await expect
      .poll(() => page.locator(".sequence-row.at").textContent())
      .toContain("report: refused id=30");
    await expect
      .poll(() => page.getByLabel("Only rows that contain this text").inputValue())
      .toBe("report: refused");
    await page.goBack();
    await expect.poll(() => page.getByLabel("Only rows that contain this text").inputValue()).toBe("");
    await page.close();
  });

  test("what was late leads to the outage, and what waits to the time since it was taken", async () => {
    const page = await open();
    const range = page.locator("#readings .range-tools [role=status]");
    await page.getByRole("link", { name: /late by up to 1 h/ }).click();
    await expect.poll(() => range.textContent()).toBe("05:00:00 to 06:00:00 since power-on");
    await expect.poll(() => top(page, "readings")).toBeLessThan(200);
    await page.getByRole("link", { name: "1 still waits" }).click();
    await expect.poll(() => range.textContent()).toBe("05:45:00 to 10:00:00 since power-on");
    await page.close();
  });
});
