/** A picture of the stand-in's console over a simulated device, taken in headless Chromium. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { serveApi } from "../../cloud/api/server";
import { Feed } from "../../cloud/console/feed";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { Random } from "../../sim/time/random";
import { World, epoch } from "../../sim/world/world";
import { launchChromium } from "./pictures";

/** CSS pixels. */
const viewport = { width: 1100, height: 628 } as const;
/** Virtual ms: with a reading each quarter of an hour, two dozen points in each plot. */
const shown = 6 * 3_600_000 + 60_000;

/**
 * Runs a device for six virtual hours, serves its cloud's console on loopback and takes a picture of the
 * device's measure points. The browser's clock stands where the run ends, so the same seed gives the same picture.
 *
 * @returns what the page says, for those who want to know what is in the picture
 * @throws BrowserMissing without Chromium, or without playwright-core
 */
export async function takeConsolePicture(file: string, seed: number): Promise<string> {
  mkdirSync(dirname(file), { recursive: true });
  const browser = await launchChromium();
  let world: World | undefined;
  const feed = new Feed(() => world?.cloudNow ?? 0);
  try {
    world = await World.create({
      seed,
      engine: "node",
      edition: "token",
      coverage: 0,
      powerKey: true,
      pendingTtl: 3_600_000,
      interval: 900,
      format: "raw",
      onEvent: (event) => {
        if (event.source === "cloud") feed.event(event.event);
        if (event.source !== "air" || event.report.fate === "lost") return;
        const { direction, bytes, from, to } = event.report;
        if (direction === "up") feed.datagram("in", bytes, from);
        else feed.datagram("out", bytes, to);
      },
    });
    const { clock, cloud, device } = world;
    await world.start();
    // The relay is switched half way, so that its plot shows a command that was obeyed.
    clock.at(shown / 2, () => {
      cloud.sendCommand(
        device.productKey,
        device.deviceKey,
        { kind: "set", points: { relay: 1 } },
        epoch + clock.now,
      );
    });
    await clock.run({ until: shown });
    const now = world.cloudNow;
    const random = new Random("console picture");
    const api = await serveApi(
      {
        cloud,
        now: () => now,
        flush: () => Promise.resolve(),
        host: "127.0.0.1",
        version: "0",
        edition: "token",
        kept: false,
        randomBytes: (length) => random.bytes(length),
        feed,
        scriptEngine: await loadScriptEngine(() => now),
      },
      0,
    );
    try {
      const page = await browser.newPage({
        viewport,
        colorScheme: "light",
        locale: "en-GB",
        timezoneId: "UTC",
      });
      await page.clock.setFixedTime(now);
      await page.goto(`http://127.0.0.1:${api.port}/`);
      await page.getByRole("heading", { name: `${device.productKey}/${device.deviceKey}` }).waitFor();
      await page.getByText("● live").waitFor();
      await page.locator('[data-point="uptime"] canvas').waitFor();
      await page.screenshot({ path: file });
      return await page.locator("body").innerText();
    } finally {
      // The page's stream ends first, or the server would wait for it.
      await browser.close();
      await api.close();
    }
  } finally {
    await browser.close();
    await world?.close();
  }
}
