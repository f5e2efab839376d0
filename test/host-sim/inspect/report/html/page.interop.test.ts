/** The report in a browser: that it opens, fits every screen, opens messages, and asks nobody for anything. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profiles } from "../../../../../host-sim/inspect/energy/profiles";
import { chromiumPath, launchChromium } from "../../../../../host-sim/inspect/report/pictures";
import { Recorder } from "../../../../../host-sim/inspect/report/html/recorder";
import { writePage } from "../../../../../host-sim/inspect/report/html/write-page";
import { hear } from "../../capture/run";
import type { Browser, Page } from "playwright-core";

const missing = chromiumPath() === undefined;
if (missing) {
  console.warn("Chromium is not installed: the report's page is not tested");
  if (process.env.CI !== undefined)
    test("Chromium is there", () => expect.fail("CI needs Debian's chromium"));
}

/** A report of 3 MB and more would no longer go through a mail. */
const largest = 3_000_000;
/** Rows in the document, whatever the run's length. */
const mostRows = 100;

describe.skipIf(missing)("a report of 30 days at 15 minutes", () => {
  let folder: string;
  let file: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "enos-report-"));
    file = join(folder, "run.html");
    const { events, result } = await hear({ seed: 1, reports: 2880, loss: 0.01 });
    const recorder = new Recorder({
      seed: 1,
      command: "npm start -- --reports 2880 --seed 1",
      profile: profiles.field,
      coverage: 1,
    });
    for (const event of events) recorder.hear(event);
    writeFileSync(file, await writePage(recorder.finish(result.virtualTime, [["result", "complete"]])));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens it; `complaints` gets what the browser has to say, and requests for anything but the file. */
  async function open(width: number, colorScheme: "light" | "dark" = "light"): Promise<Opened> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints: string[] = [];
    const url = pathToFileURL(file).href;
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (request.url() !== url) complaints.push(`request for ${request.url()}`);
    });
    await page.goto(url);
    await page.waitForSelector(".row");
    return { page, complaints };
  }
  interface Opened {
    readonly page: Page;
    readonly complaints: string[];
  }

  test("is smaller than 3 MB", () => {
    expect(statSync(file).size).toBeLessThan(largest);
  });

  test.each([360, 800, 1400].flatMap((width) => [[width, "light"] as const, [width, "dark"] as const]))(
    "fits a screen of %i pixels, %s",
    async (width, scheme) => {
      const { page, complaints } = await open(width, scheme);
      await page.locator(".row.air .head").first().click();
      await page.waitForSelector(".detail");
      const sizes = await page.evaluate(`({
        page: [document.documentElement.scrollWidth, document.documentElement.clientWidth],
        beyond: [...document.querySelectorAll("h1, h2, button, select, input, .plot, table, dl, #sequence, .detail")]
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
          .map((e) => e.tagName + "#" + e.id),
        plots: [...document.querySelectorAll(".plot")].filter((e) => e.querySelector("canvas") === null).length,
        back: getComputedStyle(document.body).backgroundColor,
      })`);
      const {
        page: [scroll, client],
        beyond,
        plots,
        back,
      } = sizes as Sizes;
      expect(scroll).toBeLessThanOrEqual(client);
      expect(beyond).toEqual([]);
      expect(plots).toBe(0);
      expect(back).toBe(scheme === "light" ? "rgb(255, 255, 255)" : "rgb(21, 24, 28)");
      expect(complaints).toEqual([]);
      await page.close();
    },
  );
  interface Sizes {
    readonly page: [number, number];
    readonly beyond: string[];
    readonly plots: number;
    readonly back: string;
  }

  test("keeps only the rows in view in the document, at its end too", async () => {
    const { page, complaints } = await open(1400);
    expect(await page.locator("#count").textContent()).toMatch(/^\d{5} of \d{5} rows$/);
    const rows = (): Promise<number> => page.locator(".row").count();
    expect(await rows()).toBeLessThan(mostRows);
    await page.evaluate(`document.querySelector("#sequence").scrollTop = 1e9`);
    await page.getByText(/29d /).first().waitFor();
    expect(await rows()).toBeLessThan(mostRows);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("opens a message by keyboard, down to its bytes, without the token", async () => {
    const { page } = await open(800);
    await page.getByLabel("Only rows that contain this text").fill("answer to authentication");
    await page.getByText(/^1 of /).waitFor();
    await page.locator("#sequence").focus();
    await page.keyboard.press("Enter");
    const detail = page.locator(".detail");
    await detail.waitFor();
    const text = (await detail.textContent())!;
    expect(text).toContain("2.04");
    expect(text).toContain("••");
    expect(text).toMatch(/\{"token":"\*+"\}/);
    expect(await page.locator(".row").getAttribute("aria-expanded")).toBe("true");
    await page.keyboard.press("Enter");
    expect(await detail.count()).toBe(0);
    await page.close();
  });

  test("moves through the sequence chart by keyboard", async () => {
    const { page } = await open(800);
    await page.locator("#sequence").focus();
    const active = (): Promise<string | null> =>
      page.locator("#sequence").getAttribute("aria-activedescendant");
    expect(await active()).toBe("row-0");
    await page.keyboard.press("ArrowDown");
    expect(await active()).toBe("row-1");
    await page.keyboard.press("End");
    const last = Number((await active())!.slice(4));
    expect(last).toBeGreaterThan(10_000);
    await page.keyboard.press("Home");
    expect(await active()).toBe("row-0");
    await page.close();
  });

  test("shows only trouble when asked to", async () => {
    const { page } = await open(800);
    const before = Number(/^\d+/.exec((await page.locator("#count").textContent())!)![0]);
    await page.getByLabel("only trouble").check();
    const after = Number(/^\d+/.exec((await page.locator("#count").textContent())!)![0]);
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(before / 10);
    await page.close();
  });

  test("zooms all plots over time, and the sequence chart follows", async () => {
    const { page, complaints } = await open(1400);
    const range = (): Promise<string | null> => page.locator("#range").textContent();
    const whole = await range();
    for (let i = 0; i < 6; i++) await page.getByText("+", { exact: true }).click();
    const part = await range();
    expect(part).not.toBe(whole);
    await page.getByText("Show in sequence chart").click();
    const day = /Shown: (\d+d)/.exec(part!)![1];
    const active = await page.locator(".row.active time").textContent();
    expect(active).toContain(day);
    await page.getByText("Whole run").click();
    expect(await range()).toBe(whole);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("goes dark by its button, and light on paper", async () => {
    const { page } = await open(800);
    const back = (): Promise<unknown> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const button = page.getByRole("button", { name: /Theme/ });
    await button.click();
    await button.click();
    expect(await button.textContent()).toBe("Theme: dark");
    expect(await back()).toBe("rgb(21, 24, 28)");
    await page.emulateMedia({ media: "print" });
    await page.evaluate(`dispatchEvent(new Event("beforeprint"))`);
    expect(await back()).toBe("rgb(255, 255, 255)");
    expect(await page.locator(".row").count()).toBe(200);
    await page.evaluate(`dispatchEvent(new Event("afterprint"))`);
    expect(await back()).toBe("rgb(21, 24, 28)");
    expect(await page.locator(".row").count()).toBeLessThan(mostRows);
    await page.close();
  });
});
