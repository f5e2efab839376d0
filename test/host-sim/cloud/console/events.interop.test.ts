/** The Events tab in a browser. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dk, pk } from "../api/device";
import { expectNoOverflow, forgive, hasBrowser, openConsole, pass, useBrowser } from "./browser-rig";
import type { BrowserRig } from "./browser-rig";

const at = `/devices/${pk}/${dk}/events`;

const tell = ({ device }: BrowserRig, id: string, event: string, events: object, time: number): void => {
  expect(device.say(id, `thing/event/${event}/post`, { events, time }).json.code).toBe(200);
};

describe.skipIf(!hasBrowser)("the Events tab", () => {
  useBrowser();

  test("says when there is none yet, and which there can be", async () => {
    const { page } = await openConsole({ at });
    await page.getByRole("heading", { name: "No event yet" }).waitFor();
    await page.getByText("npm run device -- --server").waitFor();
    const known = page.locator(".known-events li");
    await expect.poll(() => known.count()).toBe(3);
    await expect.poll(() => known.first().innerText()).toMatch(/warning\s+Too hot\s+overheat/);
  });

  test("shows events as they come, the newest first, with level, name and values in words", async () => {
    const opened = await openConsole({ at });
    const { page, device, rig } = opened;
    device.authenticate();
    tell(opened, "1", "overheat", { temperature: 91.5, since: rig.time.now - 5_000 }, rig.time.now);
    const rows = page.locator(".events tbody tr");
    await expect
      .poll(async () => (await rows.first().innerText()).replaceAll("\u00a0", " "))
      .toMatch(
        /2023-11-14 22:13:20\s+now\s+▲ warning\s+Too hot\s+overheat\s+temperature\s+91.5 °C\s+since\s+2023-11-14 22:13:15/,
      );
    await pass(opened, 5_000);
    tell(opened, "2", "restarted", { reason: "watchdog", boots: 3, waiting: 0 }, rig.time.now);
    await expect.poll(() => rows.count()).toBe(2);
    await expect.poll(() => rows.first().getAttribute("data-event")).toBe("restarted");
    // One of before, told late, has its place by its own time and says so.
    tell(
      opened,
      "3",
      "trouble",
      { what: "modem", line: "<b>lost</b> \u202e", count: 2 },
      rig.time.now - 3_600_000,
    );
    await expect.poll(() => rows.count()).toBe(3);
    await expect.poll(() => rows.last().innerText()).toMatch(/came 60 min later[^]*<b>lost<\/b> \\u202e/);
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoOverflow(page);
  });

  test("filters by level and event, in the address, and saves a file", async () => {
    const opened = await openConsole({ at });
    const { page, device, rig } = opened;
    device.authenticate();
    for (let i = 0; i < 4; i++) {
      tell(opened, `o${i}`, "overheat", { temperature: 90 + i }, rig.time.now + i);
      tell(opened, `r${i}`, "restarted", { reason: "power", boots: i, waiting: 0 }, rig.time.now + 10 + i);
    }
    const rows = page.locator(".events tbody tr");
    await expect.poll(() => rows.count()).toBe(8);
    await page.getByRole("button", { name: "warning 4" }).click();
    await expect.poll(() => rows.count()).toBe(4);
    await expect.poll(() => new URL(page.url()).searchParams.get("level")).toBe("warning");
    await page.reload();
    await expect.poll(() => rows.count()).toBe(4);
    await page.getByLabel("Event", { exact: true }).selectOption({ label: "The device has started anew" });
    await page.getByRole("heading", { name: "No event of this kind" }).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await expect.poll(() => rows.count()).toBe(8);
    await expect.poll(() => new URL(page.url()).search).toBe("");
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV of all" }).click(),
    ]);
    const text = readFileSync(await file.path(), "utf8");
    expect(text.split("\r\n")[0]).toBe("time,at,event,id,values");
    expect(text.trim().split("\r\n")).toHaveLength(9);
  });

  test("of a device that is gone says so", async () => {
    const opened = await openConsole({ at: `/devices/${pk}/nobody/events` });
    await opened.page.getByRole("heading", { name: "This device is not registered" }).waitFor();
    forgive(opened, /404/);
  });
});
