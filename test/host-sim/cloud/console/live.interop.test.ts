/** The Live tab in a browser: latest values, their age and quality, charts, ranges in the address, files. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { demoModel } from "../api/rig";
import { dk, pk } from "../api/device";
import { expectNoOverflow, forgive, hasBrowser, openConsole, pass, settled, useBrowser } from "./browser-rig";
import type { Page } from "playwright-core";
import type { BrowserRig, OpenOptions } from "./browser-rig";

const at = `/devices/${pk}/${dk}/live`;
const minute = 60_000;
const hour = 60 * minute;

/** The demo's model with points of the other types. */
const model = {
  ...demoModel,
  measurepoints: [
    ...(demoModel["measurepoints"] as object[]),
    { identifier: "door", name: "Door", number: 30, type: "bool" },
    {
      identifier: "place",
      name: "Place",
      number: 31,
      type: "struct",
      fields: [{ identifier: "lat", number: 1, type: "double" }],
    },
    { identifier: "samples", name: "Samples", number: 32, type: "array", items: "double", maxItems: 64 },
    { identifier: "note", name: "Note", number: 33, type: "string", maxLength: 1024 },
  ],
};

const openLive = (options: OpenOptions = {}): Promise<BrowserRig> =>
  openConsole({ at, cloud: { products: [{ productKey: pk, name: "Climate", model }] }, ...options });

const card = (page: Page, id: string) => page.locator(`.card.point[data-point="${id}"]`);
const valueOf = (page: Page, id: string): Promise<string> =>
  card(page, id).locator(".point-value").innerText();
/** With the spaces that do not break as plain ones. */
const plain = (text: string): string => text.replaceAll("\u00a0", " ");

/** Reports each minute, `count` times. @param skips whether one is left out */
async function report(
  opened: BrowserRig,
  count: number,
  skips: (i: number) => boolean = () => false,
): Promise<void> {
  const { device, rig } = opened;
  device.authenticate();
  for (let i = 0; i < count; i++) {
    rig.time.now += minute;
    if (skips(i)) continue;
    const code = device.points(`r${i}`, { temperature: 20 + (i % 5) / 2, relay: i % 2 }, rig.time.now).code;
    expect(code).toBe("2.04");
  }
  await opened.page.clock.setFixedTime(rig.time.now);
}

/** How many CSS columns of a chart's plot have a pixel of the line's colour, and which stretch has none: shares of the width. */
const lineColumns = (page: Page, selector: string, colour: string): Promise<boolean[]> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector("${selector} canvas");
    const style = getComputedStyle(document.documentElement).getPropertyValue("${colour}").trim();
    const wanted = [1, 3, 5].map((i) => parseInt(style.slice(i, i + 2), 16));
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return Array.from({ length: width }, (_, x) => {
      for (let y = 0; y < height; y++) {
        const i = 4 * (y * width + x);
        if (wanted.every((part, k) => Math.abs(data[i + k] - part) < 24) && data[i + 3] > 200) return true;
      }
      return false;
    });
  })()`);

/** The colour in which the large number of a card is written. */
const inkOf = (page: Page, id: string): Promise<string> =>
  page.evaluate(
    `getComputedStyle(document.querySelector('.card.point[data-point="${id}"] .point-value')).color`,
  );

describe.skipIf(!hasBrowser)("the Live tab", () => {
  useBrowser();

  test("of a device that has never reported says so, with the command that makes one report, and what is to come", async () => {
    const { page, device, rig } = await openLive();
    await page.getByRole("heading", { name: "This device has not reported yet" }).waitFor();
    await page.getByText("npm run device -- --server coap://127.0.0.1:5683").waitFor();
    await page.getByText("Never reported: 10 measure points").waitFor();
    await expect
      .poll(async () => plain(await page.locator('.silent [data-point="temperature"]').innerText()))
      .toContain("-40 to 125 °C");
    device.authenticate();
    device.points("1", { temperature: 20.5 }, rig.time.now);
    await card(page, "temperature").waitFor();
    await page.getByText("Never reported: 9 measure points").waitFor();
  });

  test("shows values as they come, in words and units, and never an older one for the current", async () => {
    const opened = await openLive();
    const { page, device, rig } = opened;
    device.authenticate();
    device.points("1", { temperature: 20.5 }, rig.time.now);
    await expect.poll(() => valueOf(page, "temperature")).toBe("20.5 °C");
    await card(page, "temperature").locator("canvas").waitFor();
    await pass(opened, 1_000);
    device.points("2", { temperature: 21.25, relay: 1, door: true, uptime: 90_000 }, rig.time.now);
    await expect.poll(() => valueOf(page, "temperature")).toBe("21.25 °C");
    await expect.poll(() => valueOf(page, "relay")).toBe("on 1");
    await expect.poll(() => valueOf(page, "door")).toBe("true");
    await expect.poll(() => valueOf(page, "uptime")).toBe("90,000 s · 25 h");
    // What was measured before is not the current value, on the page as little as in the API.
    device.say("3", "thing/measurepoint/resume", {
      measurepoints: { temperature: 5, rssi: -80 },
      time: rig.time.now - minute,
    });
    await expect.poll(() => valueOf(page, "rssi")).toBe("-80 dBm");
    // Ages move on with the page's own second.
    const factsOf = (point: string): Promise<string> => card(page, point).locator(".point-facts").innerText();
    await expect.poll(() => factsOf("rssi")).toMatch(/^60 s ago\s+came late$/);
    expect(await valueOf(page, "temperature")).toBe("21.25 °C");
    expect(rig.cloud.reported.latest(pk, dk)["temperature"]).toMatchObject({ value: 21.25 });
    // Nor is one that does not say of when it is.
    device.say("4", "thing/measurepoint/resume", { measurepoints: { temperature: 6, humidity: 40 } });
    await expect.poll(() => valueOf(page, "humidity")).toBe("40 %");
    await expect.poll(() => factsOf("humidity")).toContain("measured before");
    expect(await valueOf(page, "temperature")).toBe("21.25 °C");
    // Nor one of a year ahead, once something else has come.
    device.points("5", { temperature: 7 }, rig.time.now + 400 * 24 * hour);
    await expect.poll(() => valueOf(page, "temperature")).toBe("7 °C");
    await pass(opened, 1_000);
    device.points("6", { temperature: 22 }, rig.time.now);
    await expect.poll(() => valueOf(page, "temperature")).toBe("22 °C");
  });

  test("tells the quality by its name, and greys a value that is overdue", async () => {
    const opened = await openLive();
    const { page, device, rig } = opened;
    await report(opened, 5);
    device.points("q", { rssi: { value: -90, quality: 0 } }, rig.time.now);
    await card(page, "rssi").getByText("good", { exact: true }).waitFor();
    device.points("p", { rssi: { value: -91, quality: 3 } }, rig.time.now + 1);
    await card(page, "rssi").getByText("not good (quality 3)").waitFor();
    await card(page, "temperature").locator("canvas").waitFor();
    const fresh = await inkOf(page, "temperature");
    await pass(opened, 2 * minute);
    await card(page, "temperature").getByText("2 min ago").waitFor();
    expect(await card(page, "temperature").getByText("overdue").count()).toBe(0);
    await pass(opened, 2 * minute);
    await card(page, "temperature").getByText("overdue").waitFor();
    await card(page, "temperature").getByText("4 min ago").waitFor();
    await expect.poll(() => inkOf(page, "temperature")).not.toBe(fresh);
  });

  test("draws a gap as a gap, and what comes live behind it", async () => {
    const opened = await openLive({ at: `${at}?from=-1h&point=temperature` });
    await report(opened, 55, (i) => i >= 20 && i < 40);
    const { page } = opened;
    await page.reload();
    await page.getByText("35 values, least").waitFor();
    const selector = ".point-view";
    const share = (columns: boolean[], from: number, to: number): number => {
      const [left, right] = [Math.round(columns.length * from), Math.round(columns.length * to)];
      return columns.slice(left, right).filter(Boolean).length / (right - left);
    };
    const drawn = async (): Promise<boolean[]> => {
      const columns = await lineColumns(page, selector, "--blue");
      return [
        share(columns, 0.15, 0.38) > 0.9,
        share(columns, 0.46, 0.72) > 0,
        share(columns, 0.8, 0.95) > 0.9,
      ];
    };
    // Of an hour that ends now, the reports of the minutes 20 to 39 of 55 are missing.
    await expect.poll(drawn).toEqual([true, false, true]);
    await pass(opened, minute);
    opened.device.points("live", { temperature: 26 }, opened.rig.time.now);
    await page.getByText("36 values, least").waitFor();
    await expect
      .poll(async () => plain(await page.locator(".chart-summary").innerText()))
      .toMatch(/most 26 °C, last 26 °C at/);
  });

  test("reads out under the cursor and by keys, zooms by drag, wheel and keys, and all of it is in the address", async () => {
    const opened = await openLive({ at: `${at}?from=-1h&point=temperature` });
    await report(opened, 50);
    const { page } = opened;
    await page.reload();
    const plot = page.locator(".point-view .u-over");
    await page.getByText("50 values, least").waitFor();
    await settled(page);
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
    await expect
      .poll(async () => plain(await page.locator(".read-out").innerText()))
      .toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n2[0-2](\.5)? °C$/);
    // Keys: to the last point, and the one before; it is said.
    const chart = page.getByRole("application", { name: "Temperature" });
    await chart.focus();
    await page.keyboard.press("End");
    const said = page.locator('.point-view [role="status"]');
    await expect.poll(async () => plain(await said.innerText())).toMatch(/^22 °C, /);
    await page.keyboard.press("ArrowLeft");
    await expect.poll(async () => plain(await said.innerText())).toMatch(/^21.5 °C, /);
    // A drag over the middle third.
    await page.mouse.move(box.x + box.width / 3, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + (box.width * 2) / 3, box.y + 60, { steps: 5 });
    await page.mouse.up();
    const span = (): number => {
      const { searchParams } = new URL(page.url());
      return Date.parse(searchParams.get("to") ?? "") - Date.parse(searchParams.get("from") ?? "");
    };
    await expect.poll(() => Math.round(span() / minute)).toBe(20);
    await expect
      .poll(async () => Number(/^(\d+) values/.exec(await page.locator(".chart-summary").innerText())?.[1]))
      .toBeLessThan(22);
    const zoomed = new URL(page.url());
    await page.reload();
    await page.getByText(/^\d+ values, least/).waitFor();
    await settled(page);
    expect(page.url()).toBe(zoomed.href);
    await chart.focus();
    await page.keyboard.press("+");
    await expect.poll(() => Math.round(span() / minute)).toBe(10);
    await page.keyboard.press("Shift+ArrowRight");
    await expect
      .poll(() => Date.parse(new URL(page.url()).searchParams.get("from")!))
      .toBeGreaterThan(Date.parse(zoomed.searchParams.get("from")!) + 6 * minute);
    await page.mouse.move(box.x + box.width / 2, box.y + 60);
    await page.mouse.wheel(0, 120);
    await expect.poll(() => Math.round(span() / 1_000)).toBe(Math.round(600 / 0.85));
    await page.getByRole("button", { name: "Zoom out" }).click();
    await expect.poll(() => Math.round(span() / minute)).toBe(Math.round(30 / 0.85));
    // All of it again, and the choice is kept for other devices.
    await page.getByRole("button", { name: "6 h" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("from")).toBe("-6h");
    await page.goto(`${opened.origin}/devices/${pk}/other/live`);
    await page.goto(`${opened.origin}${at}`);
    await page.getByRole("button", { name: "6 h", pressed: true }).waitFor();
  });

  test("a card opens the large chart, whose address can be sent; its values are a table and a file", async () => {
    const opened = await openLive();
    await report(opened, 6);
    const { page } = opened;
    await page.reload();
    await card(page, "relay").click();
    await page.getByRole("region", { name: "Relay" }).waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get("point")).toBe("relay");
    await page.getByText("6 values, 5 changes, last on at").waitFor();
    await page.getByText("As a table").click();
    const rows = page.locator(".point-view tbody tr");
    await expect.poll(() => rows.count()).toBe(6);
    await expect.poll(() => rows.first().innerText()).toMatch(/^2023-11-14 22:19:20\s+on$/);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV of Relay" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe(`${dk}-relay.csv`);
    const text = readFileSync(await file.path(), "utf8");
    expect(text.split("\r\n").slice(0, 2)).toEqual([
      "time,at,value,quality",
      "2023-11-14T22:19:20.000Z,2023-11-14T22:19:20.000Z,1,",
    ]);
    await page.getByRole("link", { name: "Close" }).click();
    await page.getByRole("region", { name: "Relay" }).waitFor({ state: "detached" });
    const [all] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV of all" }).click(),
    ]);
    const lines = readFileSync(await all.path(), "utf8")
      .trim()
      .split("\r\n");
    expect(lines[0]).toBe("identifier,time,at,value,quality,late");
    expect(lines).toHaveLength(13);
    await page.goto(`${opened.origin}${at}?point=nothing`);
    await page.getByText('There is no measure point "nothing" on this device.').waitFor();
  });

  test("texts, arrays and structs are there in full, and hide nothing", async () => {
    const opened = await openLive();
    const { page, device, rig } = opened;
    device.authenticate();
    const note = `begin ${"long ".repeat(104)}\u202eend`;
    const { json } = device.points(
      "1",
      { note, place: { lat: 52.5200066 }, samples: Array.from({ length: 40 }, (_, i) => i / 2) },
      rig.time.now,
    );
    expect(json).toMatchObject({ code: 200 });
    await card(page, "note").click();
    const full = page.locator(".full-value pre");
    await expect.poll(() => full.innerText()).toMatch(/^begin (long )+\\u202eend$/);
    await page.getByText("1 value in this time").waitFor();
    device.points("2", { note: note.replace("end", "END") }, rig.time.now + 1);
    await page.getByText("2 values in this time").waitFor();
    await expect
      .poll(() => page.locator(".last-values tbody pre").first().innerText())
      .toMatch(/^begin (long )+\\u202eEND$/);
    await card(page, "samples").click();
    await expect.poll(async () => JSON.parse(await full.innerText())).toHaveLength(40);
    await expect.poll(() => card(page, "place").innerText()).toContain('{"lat": 52.5200066}');
  });

  test("shows what comes between the reading of its values and the next frame", async () => {
    const { page, device, rig } = await openLive();
    // Preact's effects wait for a frame, or for a timer where there is none.
    await page.addInitScript(() => {
      const { setTimeout: later } = globalThis;
      const slow = (run: () => void, after = 0): unknown => later(run, after + 1_000);
      Object.assign(globalThis, { setTimeout: slow, requestAnimationFrame: (run: () => void) => slow(run) });
    });
    await page.reload();
    device.authenticate();
    const note = (end: string): Record<string, unknown> => ({ note: `begin ${"long ".repeat(10)}${end}` });
    device.points("1", note("a"), rig.time.now);
    await card(page, "note").click();
    await page.getByText("1 value in this time").waitFor();
    device.points("2", note("b"), rig.time.now + 1);
    await page.getByText("2 values in this time").waitFor();
  });

  test("reads a range with thousands of values, in one go, and says where it was cut", async () => {
    const opened = await openLive({ at: `${at}?from=all&point=temperature` });
    const { page, device, rig } = opened;
    device.authenticate();
    for (let i = 0; i < 3_000; i++) {
      rig.time.now += 1_000;
      device.points(`m${i}`, { temperature: i === 1_500 ? 99 : 20 + (i % 10) / 10 }, rig.time.now);
    }
    await page.clock.setFixedTime(rig.time.now);
    await page.reload();
    await page.locator(".point-view canvas").waitFor();
    // A spike of one value is among those that stand for all.
    await expect
      .poll(async () => plain(await page.locator(".chart-summary").innerText()))
      .toContain("least 20 °C, most 99 °C");
  });

  test("has no value in this time where there is none, and says so; a gone device says that", async () => {
    const opened = await openLive();
    await report(opened, 3);
    const { page, rig } = opened;
    await page.goto(`${opened.origin}${at}?from=2023-01-01T00:00:00.000Z&to=2023-01-02T00:00:00.000Z`);
    await card(page, "temperature").getByText("no value in this time").waitFor();
    await expect.poll(() => valueOf(page, "temperature")).toBe("21 °C");
    rig.cloud.devices.remove(pk, dk, rig.time.now);
    await page.getByRole("heading", { name: "This device is not registered" }).waitFor();
    forgive(opened, /404/);
  });

  test("a finger reads out, and two zoom", async () => {
    const opened = await openLive({
      at: `${at}?from=-1h&point=temperature`,
      browser: { viewport: { width: 390, height: 844 }, hasTouch: true, locale: "en-GB", timezoneId: "UTC" },
    });
    await report(opened, 50);
    const { page } = opened;
    await page.reload();
    const plot = page.locator(".point-view .u-over");
    await page.getByText("50 values, least").waitFor();
    await settled(page);
    await plot.scrollIntoViewIfNeeded();
    const box = (await plot.boundingBox())!;
    await page.touchscreen.tap(box.x + box.width * 0.6, box.y + 60);
    await expect
      .poll(async () => plain(await page.locator(".read-out").innerText()))
      .toMatch(/ \d\d:\d\d:\d\d\n2[0-2](\.5)? °C$/);
    // Two fingers go from the middle third to the ends of the middle two thirds: half of it is left.
    await page.evaluate(`(() => {
      const over = document.querySelector(".point-view .u-over");
      const { left, top, width } = over.getBoundingClientRect();
      const say = (type, pointerId, share) => {
        const at = { clientX: left + width * share, clientY: top + 60 };
        over.dispatchEvent(new PointerEvent(type, { pointerId, pointerType: "touch", bubbles: true, ...at }));
      };
      say("pointerdown", 11, 1 / 3);
      say("pointerdown", 12, 2 / 3);
      say("pointermove", 11, 1 / 6);
      say("pointermove", 12, 5 / 6);
      say("pointerup", 11, 1 / 6);
      say("pointerup", 12, 5 / 6);
    })()`);
    await expect
      .poll(() => {
        const { searchParams } = new URL(page.url());
        const span = Date.parse(searchParams.get("to") ?? "") - Date.parse(searchParams.get("from") ?? "");
        return Math.round(span / minute);
      })
      .toBe(30);
  });

  test.each([390, 360])(
    "fits a window of %d px, and charts follow the theme and the width",
    async (width) => {
      const opened = await openLive({
        browser: {
          viewport: { width: 1200, height: 800 },
          colorScheme: "light",
          locale: "en-GB",
          timezoneId: "UTC",
        },
      });
      await report(opened, 20);
      const { page } = opened;
      await page.goto(`${opened.origin}${at}?point=temperature&from=-1h`);
      await page.locator(".point-view canvas").waitFor();
      await page.setViewportSize({ width, height: 740 });
      await expectNoOverflow(page);
      const canvas = page.locator(".point-view canvas");
      await expect.poll(async () => (await canvas.boundingBox())!.width).toBeLessThan(width - 40);
      await expect
        .poll(async () => (await lineColumns(page, ".point-view", "--blue")).some(Boolean))
        .toBe(true);
      const blue = (): Promise<string> =>
        page.evaluate('getComputedStyle(document.documentElement).getPropertyValue("--blue")');
      const light = await blue();
      await page.emulateMedia({ colorScheme: "dark" });
      // The dark theme's blue is another one, and what was painted in the light one's is painted anew.
      await expect.poll(blue).not.toBe(light);
      await expect
        .poll(async () => (await lineColumns(page, ".point-view", "--blue")).some(Boolean))
        .toBe(true);
    },
  );
});
