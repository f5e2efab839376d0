/** Pictures of the stand-in's console, over a simulated device and over a fleet, taken in headless Chromium. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { serveApi } from "../../cloud/api/server";
import { Feed } from "../../cloud/console/feed";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { Random } from "../../sim/time/random";
import { World, epoch } from "../../sim/world/world";
import { launchChromium } from "./pictures";
import { picturedFleet } from "./pictured-fleet";
import type { Browser, Page } from "playwright-core";
import type { EnosCloud } from "../../cloud/cloud";
import type { Edition } from "../../cloud/registry/registry";

/** CSS pixels. */
const width = 1280;
/** Virtual ms: with a reading each quarter of an hour, two dozen points in each chart. */
const shown = 6 * 3_600_000 + 60_000;

/** A picture, and what its page says. */
export interface ConsolePicture {
  readonly file: string;
  readonly said: string;
}

/** One that is to be taken. */
interface View {
  readonly name: string;
  /** The address's path. */
  readonly at: string;
  /** CSS pixels. */
  readonly height: number;
  /** Resolves once the page shows what the picture is of. */
  readonly ready: (page: Page) => Promise<unknown>;
}

/** What is served while pictures are taken: it stands still. */
interface Served {
  readonly cloud: EnosCloud;
  readonly feed: Feed;
  readonly edition: Edition;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Takes a fleet, and a rollout to it; then runs a device over a bad link for six virtual hours and takes its values, its
 * messages and its product's parsing script. Each browser's clock stands where the cloud's does, so the same seed gives
 * the same pictures.
 *
 * @throws BrowserMissing without Chromium, or without playwright-core
 */
export async function takeConsolePictures(folder: string, seed: number): Promise<ConsolePicture[]> {
  mkdirSync(folder, { recursive: true });
  const browser = await launchChromium();
  try {
    const pictured = picturedFleet();
    const fleet = await take(browser, folder, { ...pictured, edition: "tokenless" }, [
      {
        ...{ name: "console-fleet", at: "/fleet", height: 800 },
        ready: (page) => page.locator("tr[data-id]").nth(12).waitFor(),
      },
    ]);
    const rollout = await take(browser, folder, { ...pictured.rollOut(), edition: "tokenless" }, [
      {
        ...{ name: "console-rollout", at: "/products/MuGsF6W4/update", height: 640 },
        ready: (page) => page.locator('[data-rollout="1"]').waitFor(),
      },
    ]);
    const { world, feed } = await runDevice(seed);
    try {
      const { productKey, deviceKey } = world.device;
      const device = `/devices/${productKey}/${deviceKey}`;
      const served: Served = { cloud: world.cloud, feed, edition: "token", now: world.cloudNow };
      const others = await take(browser, folder, served, [
        {
          ...{ name: "console-live", at: `${device}/live?from=-6h`, height: 800 },
          ready: allCharts,
        },
        { name: "console-messages", at: `${device}/messages`, height: 1_270, ready: openTheReport },
        {
          ...{ name: "console-script", at: `/products/${productKey}/script`, height: 900 },
          ready: (page) => page.locator("#script-result", { hasText: "the thing model takes it" }).waitFor(),
        },
      ]);
      return [...fleet, ...rollout, ...others];
    } finally {
      await world.close();
    }
  } finally {
    await browser.close();
  }
}

/** Each measure point's chart is read and drawn. */
async function allCharts(page: Page): Promise<void> {
  await page.locator(".card.point canvas").first().waitFor();
  await page.locator(".card.point:not(:has(canvas))").first().waitFor({ state: "detached" });
}

/** Opens the report that came again, as its answer had been lost. */
async function openTheReport(page: Page): Promise<void> {
  const again = page.getByRole("treeitem").filter({ has: page.locator('.row-mark[data-kind="again"]') });
  await again.filter({ hasText: "up_raw" }).last().locator(".sequence-head").click();
  await page.locator(".exchange-became").waitFor();
  // Two rows above it stay in view.
  await page.evaluate(`(() => {
    const opened = document.querySelector('.sequence-row[aria-expanded="true"]');
    const { height } = opened.querySelector(".sequence-head").getBoundingClientRect();
    document.querySelector(".sequence").scrollTop = opened.offsetTop - 2 * height;
  })()`);
}

/** A device whose relay is switched half way, and what the cloud's side of it told. */
async function runDevice(seed: number): Promise<{ world: World; feed: Feed }> {
  let world: World | undefined;
  const feed = new Feed(() => world?.cloudNow ?? epoch);
  const made = await World.create({
    ...{ seed, engine: "node", edition: "token", coverage: 1, loss: 0.1, powerKey: true },
    ...{ pendingTtl: 3_600_000, interval: 900, format: "raw" },
    onEvent: (event) => {
      if (event.source === "cloud") feed.event(event.event);
      if (event.source !== "air") return;
      const { direction, bytes, from, to, deliveredAt } = event.report;
      // The cloud hears what arrives, when it arrives; that its own answer is lost it does not see.
      if (direction === "down") feed.datagram("out", bytes, to);
      else if (deliveredAt !== undefined)
        world?.clock.at(deliveredAt, () => feed.datagram("in", bytes, from));
    },
  });
  world = made;
  const { clock, cloud, device } = made;
  cloud.devices.change(device.productKey, device.deviceKey, { name: "Greenhouse 3" }, epoch);
  await made.start();
  clock.at(shown / 2, () => {
    cloud.commands.sendAddressed(
      device.productKey,
      device.deviceKey,
      { kind: "set", points: { relay: 1 } },
      epoch + clock.now,
    );
  });
  await clock.run({ until: shown });
  return { world: made, feed };
}

/** Serves a cloud's console on loopback while its pictures are taken. */
async function take(
  browser: Browser,
  folder: string,
  { cloud, feed, edition, now }: Served,
  views: readonly View[],
): Promise<ConsolePicture[]> {
  const random = new Random("console pictures");
  const api = await serveApi(
    {
      ...{ cloud, feed, now: () => now, flush: () => Promise.resolve(), host: "127.0.0.1" },
      ...{ version: "0", edition, kept: false },
      randomBytes: (length) => random.bytes(length),
      scriptEngine: await loadScriptEngine(() => now),
      coap: { address: "127.0.0.1", port: 5683 },
    },
    0,
  );
  const context = await browser.newContext({
    ...{ colorScheme: "light", locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" },
  });
  try {
    const pictures: ConsolePicture[] = [];
    for (const { name, at, height, ready } of views) {
      const page = await context.newPage();
      await page.setViewportSize({ width, height });
      await page.clock.setFixedTime(now);
      await page.goto(`http://127.0.0.1:${api.port}${at}`);
      await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
      await ready(page);
      // What was changed last is drawn.
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      const file = join(folder, `${name}.png`);
      await page.screenshot({ path: file, caret: "hide" });
      pictures.push({ file, said: await page.locator("body").innerText() });
      await page.close();
    }
    return pictures;
  } finally {
    // The pages' streams end first, or the server would wait for them.
    await context.close();
    await api.close();
  }
}
