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
import { settled } from "../../../cloud/console/browser-rig";
import { slowDown } from "../../../cloud/console/slow-page";
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
/** Hides all rows but datagrams. */
const allButCoap = "at,log,modem,cloud";
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
    const recording = recorder.finish(result.virtualTime, [["result", "complete"]]);
    writeFileSync(file, await writePage(recording));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens it; `complaints` gets what the browser has to say, and requests for anything but the file. */
  async function open(
    width: number,
    colorScheme: "light" | "dark" = "light",
    fragment = "",
  ): Promise<Opened> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    await slowDown(page);
    const complaints: string[] = [];
    const url = pathToFileURL(file).href;
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (request.url().split("#", 1)[0] !== url) complaints.push(`request for ${request.url()}`);
    });
    await page.goto(url + fragment);
    await page.waitForSelector(".sequence-row");
    return { page, complaints };
  }
  interface Opened {
    readonly page: Page;
    readonly complaints: string[];
  }

  test("is smaller than 3 MB", () => {
    expect(statSync(file).size).toBeLessThan(largest);
  });

  test.each([360, 390, 768, 1440].flatMap((width) => [[width, "light"] as const, [width, "dark"] as const]))(
    "fits a screen of %i pixels, %s",
    async (width, scheme) => {
      const { page, complaints } = await open(width, scheme, `#messages?hide=${allButCoap}`);
      await page.locator('.sequence-row[data-kind="air"] .sequence-head').first().click();
      await page.waitForSelector(".sequence-detail");
      await settled(page);
      const sizes = await page.evaluate(`({
        page: [document.documentElement.scrollWidth, document.documentElement.clientWidth],
        beyond: [...document.querySelectorAll("h1, h2, p, button, select, input, canvas, dl, .sequence, .sequence-detail")]
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5)
          .map((e) => e.tagName + "." + e.className),
        plots: [...document.querySelectorAll("canvas")].map((canvas) => canvas.getBoundingClientRect().width),
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
      // Power, readings, datagrams, two histograms, each as wide as there is room.
      expect(plots).toHaveLength(5);
      for (const plot of plots.slice(0, 3)) expect(plot).toBeGreaterThan(0.8 * Math.min(width, 1600));
      expect(back).toBe(scheme === "light" ? "rgb(245, 246, 248)" : "rgb(15, 18, 22)");
      expect(complaints).toEqual([]);
      await page.close();
    },
  );
  interface Sizes {
    readonly page: [number, number];
    readonly beyond: string[];
    readonly plots: number[];
    readonly back: string;
  }

  test("says the verdict first, and each part of it leads to its place", async () => {
    const { page, complaints } = await open(1440);
    const sentence = page.locator(".sentence");
    expect(await sentence.textContent()).toMatch(
      /^All 2,880 readings arrived(?:, \d+ of them late by up to [^;]+)?; .*nothing was lost\.$/,
    );
    const isFirst = await page.evaluate(`(() => {
      const top = (query) => document.querySelector(query).getBoundingClientRect().top;
      return top(".sentence") < top(".figures") && top(".figures") < top("#power") && top(".figures") < innerHeight / 2;
    })()`);
    expect(isFirst).toBe(true);
    // Facts are there for who asks.
    expect(await page.getByText("result", { exact: true }).isVisible()).toBe(false);
    await page.getByText(/^All facts/).click();
    await page.getByText("result", { exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("names its percentiles, with how many they are of", async () => {
    const { page } = await open(390);
    const table = page.locator(".percentiles");
    expect(await table.locator("thead th").allTextContents()).toEqual(["p50", "p90", "p99", "max", "n"]);
    const [, ...figures] = await table.locator("tbody tr").first().locator("td").allTextContents();
    expect(figures[4]).toBe("2,880");
    for (const figure of figures.slice(0, 4)) expect(figure).toMatch(/^[\d.]+ (ms|s|min|h|d)$/);
    await page.close();
  });

  test("keeps only the rows in view in the document, at its end too", async () => {
    const { page, complaints } = await open(1440, "light", "#messages?each=row");
    await expect.poll(() => page.locator("#count").textContent()).toMatch(/^\d\d,\d{3} rows$/);
    const rows = (): Promise<number> => page.locator(".sequence-row").count();
    await settled(page);
    expect(await rows()).toBeLessThan(mostRows);
    await page.evaluate(`document.querySelector(".sequence").scrollTop = 1e9`);
    await page.locator(".sequence-row time").getByText(/^29d /).first().waitFor();
    await settled(page);
    expect(await rows()).toBeLessThan(mostRows);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("folds what repeats into one row, which opens", async () => {
    const { page } = await open(1440, "light", `#messages?hide=${allButCoap}`);
    const folded = /^([\d,]+) of [\d,]+ rows as ([\d,]+)$/;
    await expect.poll(() => page.locator("#count").textContent()).toMatch(folded);
    const [all, shown] = folded
      .exec((await page.locator("#count").textContent())!)!
      .slice(1)
      .map((text) => Number(text.replaceAll(",", "")));
    expect(shown).toBeLessThan(all / 4);
    const group = page
      .locator(".sequence-row")
      .getByText(/^report → 2\.04, \d+ times, [\d.]+ (?:m?s )?to [\d.]+ s$/);
    await group.first().click();
    await page.locator('.sequence-row[aria-level="2"]').first().waitFor();
    await expect.poll(() => page.locator('.sequence-row[aria-level="2"]').count()).toBeGreaterThan(3);
    await page.close();
  });

  test("opens a message by keyboard, down to its bytes, without the token", async () => {
    const { page } = await open(768);
    await page.getByLabel("Only rows that contain this text").fill("authentication → 2.04");
    // One for each 100 messages.
    await page.getByText(/^(2|3)\d of /).waitFor();
    await page.locator(".sequence").focus();
    await page.locator(".sequence[aria-activedescendant]").waitFor();
    await page.keyboard.press("Enter");
    const detail = page.locator(".sequence-detail");
    await detail.waitFor();
    await expect.poll(() => detail.textContent()).toContain("2.04");
    await expect.poll(() => detail.textContent()).toMatch(/masked/);
    expect(await detail.textContent()).not.toMatch(/"token":"[^"*•]/);
    const opened = page.locator(".sequence-row[aria-expanded=true]");
    await expect
      .poll(() => opened.allTextContents())
      .toEqual([expect.stringContaining("authentication → 2.04")]);
    await page.keyboard.press("Enter");
    await detail.waitFor({ state: "detached" });
    await page.close();
  });

  test("moves through the sequence chart by keyboard", async () => {
    const { page } = await open(768, "light", "#messages?each=row");
    await page.locator(".sequence").focus();
    const active = (): Promise<string | null> =>
      page.locator(".sequence").getAttribute("aria-activedescendant");
    const isAt = async (name: string): Promise<void> => expect.poll(active).toBe(`row-${name}`);
    await isAt("r0");
    await page.keyboard.press("ArrowDown");
    await isAt("r1");
    await page.keyboard.press("End");
    await expect.poll(async () => Number((await active())!.slice(5))).toBeGreaterThan(10_000);
    await page.keyboard.press("Home");
    await isAt("r0");
    await page.close();
  });

  test("shows only trouble when asked to", async () => {
    const { page } = await open(768, "light", "#messages?each=row");
    const number = async (): Promise<number> =>
      Number(/^[\d,]+/.exec((await page.locator("#count").textContent())!)![0].replaceAll(",", ""));
    const before = await number();
    await page.getByRole("button", { name: "only trouble" }).click();
    await expect.poll(number).toBeLessThan(before / 10);
    expect(await number()).toBeGreaterThan(0);
    await page.close();
  });

  test("zooms all charts over time, and the sequence chart follows", async () => {
    const { page, complaints } = await open(1440);
    const ranges = page.locator(".range-tools [role=status]");
    const whole = await ranges.first().textContent();
    for (let i = 0; i < 6; i++) await page.getByRole("button", { name: "Zoom in" }).first().click();
    await expect.poll(() => ranges.first().textContent()).not.toBe(whole);
    await expect.poll(async () => new Set(await ranges.allTextContents()).size).toBe(1);
    await settled(page);
    const part = await ranges.first().textContent();
    await page.getByRole("link", { name: "Messages from here" }).first().click();
    const day = /^(\d+d)/.exec(part!)![1];
    await expect.poll(() => page.locator(".sequence-row.at time").textContent()).toContain(day);
    await page.getByRole("button", { name: "Whole run" }).first().click();
    await expect.poll(() => ranges.first().textContent()).toBe(whole);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("has an address for range, filters and row, which outlives a reload", async () => {
    const { page, complaints } = await open(1440);
    for (let i = 0; i < 3; i++) await page.getByRole("button", { name: "Zoom in" }).first().click();
    await page.getByRole("combobox").selectOption("board");
    await page.getByRole("button", { name: "modem", exact: true }).click();
    await page.getByLabel("Only rows that contain this text").fill("2.04");
    await page.getByText(/of [\d,]+ rows/).waitFor();
    await page.locator('.sequence-row[data-kind="air"] .sequence-head').nth(2).click();
    const seen = (): Promise<unknown> =>
      page.evaluate(`({
        range: document.querySelector(".range-tools [role=status]").textContent,
        part: document.querySelector("select").value,
        pressed: [...document.querySelectorAll(".filters [aria-pressed]")].map((e) => e.ariaPressed),
        text: document.querySelector("input[type=search]").value,
        count: document.querySelector("#count").textContent,
        open: [...document.querySelectorAll(".sequence-row[aria-expanded=true]")].map((e) => e.id),
        isInView: document.querySelector("#messages").getBoundingClientRect().top < innerHeight,
      })`);
    await page.waitForSelector(".sequence-detail");
    await expect
      .poll(() => page.url())
      .toMatch(/#messages\?from=\d+&to=\d+&part=board&q=2\.04&hide=modem&row=r\d+$/);
    const address = page.url();
    await settled(page);
    const before = await seen();
    expect(before).toMatchObject({ open: [expect.stringMatching(/^row-r\d+$/)] });
    await page.reload();
    await page.waitForSelector(".sequence-detail");
    await expect.poll(seen).toEqual(before);
    await settled(page);
    expect(page.url()).toBe(address);
    // And a link to elsewhere leads there, without it.
    await page.evaluate(`location.hash = "energy"`);
    await expect.poll(() => page.locator("#count").textContent()).toMatch(/ rows as /);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("what is told in the power plot is in it: the pixels of its states, in both themes", async () => {
    for (const scheme of ["light", "dark"] as const) {
      const { page } = await open(390, scheme, "#power?from=0&to=600000&part=both");
      const missing = (): Promise<unknown> =>
        page.evaluate(`(() => {
        const canvas = document.querySelector("#power canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set();
        for (let i = 0; i < data.length; i += 4) seen.add(data[i] + "," + data[i + 1] + "," + data[i + 2]);
        const probe = document.body.appendChild(document.createElement("i"));
        return ["waiting", "connected", "search", "idle"].filter((name) => {
          probe.style.color = "var(--state-" + name + ")";
          const [, rgb] = /\\(([^)]*)\\)/.exec(getComputedStyle(probe).color);
          return !seen.has(rgb.replaceAll(" ", ""));
        });
      })()`);
      await expect.poll(missing).toEqual([]);
      await page.close();
    }
  });

  test("goes dark by its button, and light on paper", async () => {
    const { page } = await open(768);
    const back = (): Promise<unknown> =>
      page.evaluate(`getComputedStyle(document.querySelector("#power")).backgroundColor`);
    const button = page.getByRole("button", { name: /^Theme/ });
    await button.click();
    await button.click();
    await expect.poll(() => button.getAttribute("aria-label")).toContain("Theme: dark");
    await expect.poll(back).toBe("rgb(23, 27, 33)");
    await page.emulateMedia({ media: "print" });
    await page.evaluate(`dispatchEvent(new Event("beforeprint"))`);
    await expect.poll(back).toBe("rgb(255, 255, 255)");
    await expect.poll(() => page.locator(".sequence-row").count()).toBe(200);
    await expect.poll(() => page.locator(".filters").isVisible()).toBe(false);
    await page.evaluate(`dispatchEvent(new Event("afterprint"))`);
    await expect.poll(back).toBe("rgb(23, 27, 33)");
    await expect.poll(() => page.locator(".sequence-row").count()).toBeLessThan(mostRows);
    await page.close();
  });

  test("is there after two seconds of the processor", async () => {
    const spent: number[] = [];
    // Other programs have the processor too: what the page's thread had of it, in the best of three turns.
    for (let i = 0; i < 3; i++) {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      const session = await page.context().newCDPSession(page);
      await session.send("Performance.enable", { timeDomain: "threadTicks" });
      await page.goto(pathToFileURL(file).href);
      await page.waitForSelector(".sequence-row");
      await settled(page);
      const { metrics } = await session.send("Performance.getMetrics");
      spent.push(metrics.find(({ name }) => name === "ThreadTime")!.value);
      await page.close();
    }
    expect(Math.min(...spent)).toBeGreaterThan(0);
    expect(Math.min(...spent)).toBeLessThan(2);
  });
});
