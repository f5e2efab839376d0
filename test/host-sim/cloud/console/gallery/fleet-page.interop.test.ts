/** The page of a fleet, looked at as the console and the report are. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { writeFleetPage } from "../../../../../host-sim/inspect/report/html/write-page";
import { launchChromium } from "../../../../../host-sim/inspect/report/pictures";
import { fleetPageData } from "../../../../../host-sim/tools/fleet/fleet-page-data";
import { runShard } from "../../../../../host-sim/tools/fleet/shard-run";
import { hasBrowser } from "../browser-rig";
import { slowDown } from "../slow-page";
import { look } from "./look";

describe.skipIf(!hasBrowser)("the page of a fleet", () => {
  const folder = mkdtempSync(join(tmpdir(), "fleet-page-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("shows load, distributions and the worst devices, in each width and theme", async () => {
    const result = await runShard(
      {
        ...{
          version: "1",
          seed: 3,
          devices: 10,
          hours: 2,
          scenario: "blackout",
          scenarioAt: 1,
          edition: "token",
          modem: "sim7020",
        },
        ...{ mix: [0.6, 0.2, 0.2], devicesPerCell: 10, format: "compact" },
        ...{ settings: { interval: 300, sleep: "deep" }, powerSpread: 60_000, natIdle: null, loss: null },
        ...{ journalSize: 131_072, profile: "modern", battery: 19 },
      },
      { index: 1, count: 1 },
    );
    const data = fleetPageData(
      result,
      "npm run fleet -- --devices 10",
      ({ number }) => `npm start -- --fleet-device ${number}`,
    );
    for (const { bars } of data.distributions.slice(1)) {
      expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(10);
    }
    const file = join(folder, "fleet.html");
    writeFileSync(file, await writeFleetPage(data));
    const browser = await launchChromium();
    try {
      const page = await browser.newPage({ locale: "en-GB", timezoneId: "UTC" });
      await slowDown(page);
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.goto(pathToFileURL(file).href);
      await page.waitForSelector("#worst");
      expect(await page.locator("canvas").count()).toBe(data.plots.length);
      expect(await page.locator("section table tbody tr").filter({ hasText: "npm start" }).count()).toBe(10);
      const wrong = await look(page, "fleet");
      expect([...complaints, ...wrong]).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
