/** Pictures for the README, taken of the report of a run in headless Chromium. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { placeOf } from "./place";
import type { Browser, Page } from "playwright-core";

/** Where Debian, Ubuntu and Chrome's own packages put it. */
const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"] as const;
/** CSS pixels: wide enough for a row of the sequence chart on one line, and no wider than the README can show. */
const width = 1200;
/** Of the sequence chart in its picture. */
const rows = 24;
/** High enough for all of the page's plots and the sequence chart, so that nothing scrolls or changes its size. */
const height = 4_000;
/**
 * What Chromium is to leave out. It obeys the last such list, so Playwright's own stand here, too. Both menus of the address
 * bar are pages with a process of their own in each window, which nobody sees: they took three fifths of a window's time.
 */
export const absentFeatures = [
  ...["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"],
  ...["AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"],
  ...["HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"],
  ...["ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin"],
  ...["OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"],
] as const;
/** A browser that does nothing by itself, and touches no network. */
const quiet = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  // What changes is drawn anew in whole tiles, so that the same page gives the same pixels.
  "--disable-partial-raster",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--disable-features=${absentFeatures.join()}`,
] as const;

/** Something needed is not installed. */
export class BrowserMissing extends Error {
  override name = "BrowserMissing";
}

/** Chromium's path; undefined where there is none. `CHROMIUM` in the environment names another one. */
export function chromiumPath(): string | undefined {
  const named = process.env.CHROMIUM;
  return [...(named === undefined ? [] : [named]), ...places].find((path) => existsSync(path));
}

/** @throws BrowserMissing without Chromium, or without playwright-core */
export async function launchChromium(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) {
    throw new BrowserMissing("Chromium is not installed: apt-get install chromium, or name it in CHROMIUM");
  }
  const playwright = await import("playwright-core").catch(() => {
    throw new BrowserMissing("playwright-core is not installed: run npm ci, without --omit=dev");
  });
  return playwright.chromium.launch({ executablePath, args: [...quiet] });
}

/** What a picture shows, besides its file. */
export interface Picture {
  readonly file: string;
  /** The rows of the sequence chart that are in it, as text; none for a plot. */
  readonly rows: readonly string[];
}

/**
 * Takes the pictures of a report, in light colours: the power of a part of the run, and its messages.
 *
 * @param report the HTML file's path
 * @param run virtual ms: the part to show
 */
export async function takePictures(
  report: string,
  folder: string,
  run: { readonly from: number; readonly to: number },
): Promise<Picture[]> {
  mkdirSync(folder, { recursive: true });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: "light" });
    // Each row by itself, but for the AT exchange, which is another story.
    const { from, to } = run;
    const place = placeOf("messages", { from, to, part: "both", hide: "at", each: "row", at: from });
    await page.goto(`${pathToFileURL(report).href}#${place}`);
    await page.waitForSelector(".sequence-row.at");
    // As high as whole rows are.
    await page.evaluate(`(() => {
      const chart = document.querySelector(".sequence");
      const row = document.querySelector(".sequence-row").getBoundingClientRect().height;
      const head = document.querySelector(".sequence-names").getBoundingClientRect().height;
      chart.style.height = head + ${String(rows)} * row + chart.offsetHeight - chart.clientHeight + "px";
    })()`);
    await page.locator("h1").click();
    const sequence = await clip(page, join(folder, "sequence.png"), ".sequence", ".sequence");
    // Read after the picture was taken: a chart that moved meanwhile tells it.
    const shown = await rowsInView(page);
    const power = await clip(page, join(folder, "power.png"), "#power .chart-key", "#power .chart");
    return [
      { file: sequence, rows: shown },
      { file: power, rows: [] },
    ];
  } finally {
    await browser.close();
  }
}

/** Takes the picture of a fleet's page: what its cells had to do. @param report the HTML file's path */
export async function takeFleetPicture(report: string, folder: string): Promise<Picture> {
  mkdirSync(folder, { recursive: true });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: "light" });
    await page.goto(pathToFileURL(report).href);
    const section = "section[aria-labelledby=what-the-cells-had-to-do]";
    await page.waitForSelector(`${section} canvas`);
    const file = await clip(
      page,
      join(folder, "fleet-blackout.png"),
      `${section} .chart-key`,
      `${section} .chart`,
    );
    return { file, rows: [] };
  } finally {
    await browser.close();
  }
}

/** Texts of the sequence chart's rows that are wholly in view, from the top. */
async function rowsInView(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const view = document.querySelector(".sequence").getBoundingClientRect();
    const seen = (row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return top >= view.top - 1 && bottom <= view.bottom + 1;
    };
    return [...document.querySelectorAll(".sequence-row")]
      .filter(seen)
      .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
      .map((row) => row.innerText.replace(/\\s+/g, " "));
  })()`);
}

/** A picture from the top of one element to the bottom of another. */
async function clip(page: Page, path: string, first: string, last: string): Promise<string> {
  await page.evaluate("scrollTo(0, 0)");
  const top = (await page.locator(first).boundingBox())!;
  const bottom = (await page.locator(last).boundingBox())!;
  const height = bottom.y + bottom.height - top.y;
  await page.screenshot({ path, clip: { x: top.x, y: top.y, width: top.width, height } });
  return path;
}
