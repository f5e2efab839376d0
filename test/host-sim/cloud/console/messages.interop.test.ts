/** The Messages tab in a browser: exchanges as they go, what is filtered, opened, copied and saved, and no secret in it. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LiveCapture } from "../../../../host-sim/cloud/capture/live-capture";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { demoSecret, dk, pk } from "../api/device";
import { rawReading, warm } from "../harness";
import {
  expectNoOverflow,
  hasBrowser,
  expectInView,
  openConsole,
  pass,
  settled,
  useBrowser,
} from "./browser-rig";
import type { Locator, Page } from "playwright-core";
import type { BrowserRig, OpenOptions } from "./browser-rig";

const at = `/devices/${pk}/${dk}/messages`;
const open = (options: OpenOptions = {}): Promise<BrowserRig> => openConsole({ at, ...options });

/** Rows with this text, and the part of a row that opens it. */
const rows = (page: Page, text: string | RegExp): Locator =>
  page.getByRole("treeitem").filter({ has: page.locator(".sequence-head", { hasText: text }) });
const headOf = (row: Locator): Locator => row.locator(".sequence-head");

/** As much of a browser's window as is looked at here. */
interface Styles {
  getComputedStyle(element: unknown, part: string): { readonly backgroundColor: string };
}

/** A report as a datagram of a device, which can be sent once more. */
function report(messageId: number, points: Record<string, unknown>): Uint8Array {
  const segments = ["topic", "sys", pk, dk, "thing", "measurepoint", "post"];
  const method = "thing.measurepoint.post";
  const payload = JSON.stringify({
    id: String(messageId),
    version: "1.0",
    method,
    params: { measurepoints: points },
  });
  return encodeCoap({
    ...{ type: 0, code: 2, messageId, token: Uint8Array.of(9, messageId & 0xff, messageId >> 8) },
    options: segments.map((segment) => ({ number: 11, value: Buffer.from(segment) })),
    payload: Buffer.from(payload),
  });
}

describe.skipIf(!hasBrowser)("the Messages tab", () => {
  useBrowser();

  test("messages show as they come, with their bytes, and nothing secret in them", async () => {
    const { device, page } = await open();
    await page.getByText("No message yet").waitFor();
    device.authenticate();
    device.points("1", { temperature: 20 });
    await rows(page, "thing/measurepoint/post").waitFor();
    const posted = rows(page, "POST /auth/…");
    await headOf(posted).click();
    await posted.locator(".message-part", { hasText: `/auth/${pk}/${dk}` }).waitFor();
    const bytes = await posted.locator(".hex-digits").allInnerTexts();
    const digits = bytes.join(" ").replace(/\s+/g, " ");
    expect(digits).toContain("61 75 74 68");
    // The session's token and the signature: all of both payloads.
    expect(digits).toMatch(/ff(?: ··)+ /);
    await posted
      .getByText(/^\d+ bytes, masked$/)
      .first()
      .waitFor();
    const said = (await page.content()).toLowerCase();
    for (const secret of [demoSecret, Buffer.from(demoSecret).toString("hex")])
      expect(said).not.toContain(secret.toLowerCase());
    expect(said).not.toContain("securemode");
  });

  test("an exchange is one row: both arrows between the lifelines, the code with its name, time and sizes", async () => {
    const opened = await open();
    const { device, page, rig } = opened;
    device.authenticate();
    device.points("1", { temperature: 20 }, rig.time.now);
    device.post("thing/nothing", "{}");
    const posted = rows(page, "…/thing/measurepoint/post");
    await expect.poll(() => posted.locator(".code-chip").innerText()).toBe("2.04 Changed");
    await expect.poll(() => posted.innerText()).toContain("temperature 20");
    await expect.poll(() => posted.locator(".sequence-note").innerText()).toMatch(/^\d+ ms · \d+ B → \d+ B$/);
    await rows(page, "…/thing/nothing").getByText("4.04 Not Found").waitFor();
    await settled(page);
    // From lifeline to lifeline, as wide as the space between them.
    const lanes = (await posted.locator(".sequence-lanes").boundingBox())!;
    const [up, down] = await Promise.all(
      [".right", ".left"].map(
        async (each) => (await posted.locator(`.sequence-arrow${each}`).boundingBox())!,
      ),
    );
    for (const arrow of [up, down]) {
      expect(arrow.x - lanes.x).toBeCloseTo(lanes.width / 4, 0);
      expect(arrow.width).toBeCloseTo(lanes.width / 2, 0);
    }
    expect(up.y).toBeLessThan(down.y);
    // The tone differs, and the text says the same.
    const tone = (row: Locator): Promise<unknown> =>
      row
        .locator(".code-chip")
        .evaluate(
          (chip) => (globalThis as unknown as Styles).getComputedStyle(chip, "::before").backgroundColor,
        );
    expect(await tone(posted)).not.toBe(await tone(rows(page, "…/thing/nothing")));
    const spoken =
      /device to cloud, then cloud to device.*CON POST …\/thing\/measurepoint\/post.*2\.04 Changed.*temperature 20/;
    await page.getByRole("treeitem", { name: spoken }).waitFor();
    await page.getByLabel("whole paths").check();
    await rows(page, `/topic/sys/${pk}/${dk}/thing/measurepoint/post`).waitFor();
  });

  test("what came again, what was not answered, and what was answered 2.04 and yet not stored, are marked", async () => {
    const opened = await open();
    const { device, page, rig } = opened;
    device.authenticate();
    rig.exchange(report(501, { temperature: 1 }));
    await pass(opened, 2_000);
    rig.exchange(report(501, { temperature: 1 }));
    device.points("7", { temperature: "hot" });
    rig.cloud.down = true;
    expect(rig.exchange(report(502, { temperature: 2 }))).toBeUndefined();
    await rows(page, "waits").waitFor();
    await pass(opened, 100_000);
    await rows(page, "no answer").waitFor();
    const again = rows(page, "sent 2 times");
    await again.getByText("answer late or lost").waitFor();
    await headOf(again).click();
    await again.getByText("2 s after the first").first().waitFor();
    await again.getByText("came before: the kept answer leaves again").waitFor();
    const refused = rows(page, "not stored");
    await headOf(refused).click();
    await refused.getByText(/not stored, 1204: temperature/).waitFor();
    await page.getByLabel("only trouble").check();
    await expect.poll(() => page.getByRole("treeitem").count()).toBe(3);
  });

  test("of a raw payload the points that the script made of it stand beside its bytes", async () => {
    const { device, page, rig } = await open();
    const payload = rawReading(7, [1, warm]);
    device.authenticate();
    device.post("thing/model/up_raw", payload);
    const row = rows(page, "thing/model/up_raw");
    await headOf(row).click();
    const became = row.locator(".exchange-became");
    await became.getByText(/^stored: reading/).waitFor();
    const [{ points }] = rig.cloud.reported.readings(pk, dk);
    for (const identifier of Object.keys(points))
      await became.getByText(identifier, { exact: true }).waitFor();
    // Pointing at the payload lights its bytes up, and the other way round.
    await row.locator(".message-part", { hasText: "payload" }).first().hover();
    const lit = async (): Promise<string> =>
      (await row.locator(".hex-digits .lit").allInnerTexts()).join(" ").replace(/\s+/g, " ").trim();
    await expect.poll(lit).toBe(`ff ${Buffer.from(payload).toString("hex").replace(/../g, "$& ").trim()}`);
    await row.locator(".hex-digits span").first().hover();
    await expect.poll(() => row.locator(".message-part.lit dt").allInnerTexts()).toEqual(["type"]);
  });

  test("filter and chosen message are in the address, and survive a reload", async () => {
    const { device, page } = await open();
    device.authenticate();
    for (let i = 0; i < 40; i++) device.points(String(i), { temperature: i / 2 });
    device.post("thing/nothing", "{}");
    await rows(page, "thing/nothing").waitFor();
    await page.getByRole("searchbox").fill("temperature 99");
    await page.getByText(/^0 of 42 exchanges/).waitFor();
    await page.getByText("No exchange fits the filter").waitFor();
    await page.getByRole("searchbox").fill("Temperature 7.5");
    await page.getByText(/^1 of 42 exchanges/).waitFor();
    await headOf(rows(page, "measurepoint/post")).click();
    await page.locator(".exchange-detail").waitFor();
    const said = (): string[] => [...new URL(page.url()).searchParams.keys()];
    await expect.poll(said).toEqual(["q", "message"]);
    await page.getByRole("searchbox").fill("");
    await expect.poll(said).toEqual(["message"]);
    // Its place among all of them is far from both ends.
    await page.reload();
    const chosen = page.locator('[role="treeitem"][aria-expanded="true"]');
    await chosen.waitFor();
    await expectInView(headOf(chosen));
    await expect.poll(() => chosen.innerText()).toContain("temperature 7.5");
    await page.getByLabel("Answer", { exact: true }).selectOption("4");
    await page.getByText(/^1 of 42 exchanges/).waitFor();
    await page.getByLabel("Subject").selectOption("report");
    await page.getByText(/^0 of 42 exchanges/).waitFor();
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByText(/^42 exchanges/).waitFor();
    await page.getByLabel("Type").selectOption("RST");
    await expect.poll(() => new URL(page.url()).searchParams.get("type")).toBe("RST");
    await page.getByText(/^0 of 42 exchanges/).waitFor();
  });

  test("a range of time is in the address too, and nothing of later comes into it", async () => {
    const opened = await open();
    const { device, page, rig } = opened;
    device.authenticate();
    const from = rig.time.now + 60_000;
    for (let i = 0; i < 4; i++) {
      await pass(opened, 60_000);
      device.points(String(i), { temperature: i });
    }
    await page.goto(`${page.url()}?from=${from}&to=${new Date(from + 60_000).toISOString()}`);
    await page.getByText(/^2 exchanges, 4 messages/).waitFor();
    device.points("9", { temperature: 9 });
    // The page has heard of it.
    await page.getByText("requests 5").waitFor();
    await settled(page);
    expect(await page.getByText(/^2 exchanges, 4 messages/).count()).toBe(1);
    await page.getByRole("button", { name: "All times" }).click();
    await page.getByText(/^6 exchanges, 12 messages/).waitFor();
  });

  test("it pauses: what comes meanwhile is counted, and there once it goes on", async () => {
    const { device, page } = await open();
    device.authenticate();
    await page.getByText(/^1 exchange, 2 messages/).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    for (let i = 0; i < 3; i++) device.points(String(i), { temperature: i });
    const on = page.getByRole("button", { name: "Go on, 6 wait" });
    await on.waitFor();
    expect(await page.getByRole("treeitem").count()).toBe(1);
    await on.click();
    await page.getByText(/^4 exchanges, 8 messages/).waitFor();
    await page.getByText("temperature 2", { exact: true }).waitFor();
  });

  test("thousands: a few rows in the document, the newest in view, the first in reach of the keyboard", async () => {
    const opened = await open();
    const { device, page, rig } = opened;
    device.authenticate();
    for (let i = 0; i < 1_500; i++) {
      rig.time.now += 100;
      device.points(String(i), { temperature: i % 100, humidity: i % 7 });
    }
    await page.clock.setFixedTime(rig.time.now);
    await page.reload();
    await page.getByText(/^500 exchanges, 1,000 messages/).waitFor();
    await page.getByRole("button", { name: "Read earlier ones" }).click();
    // What shares the oldest one's millisecond comes once.
    await page.getByText(/^999 exchanges, 1,998 messages/).waitFor();
    const tree = page.getByRole("tree");
    await tree.focus();
    await page.keyboard.press("End");
    await rows(page, "temperature 99, humidity 1").waitFor();
    expect(await page.getByRole("treeitem").count()).toBeLessThan(60);
    const last = page.locator('[aria-posinset="999"]');
    await last.waitFor();
    await expect.poll(() => tree.getAttribute("aria-activedescendant")).toBe(await last.getAttribute("id"));
    await expectInView(headOf(last));
    // One that comes is followed, for as long as the end is in view.
    device.points("new", { temperature: 77, humidity: 77 });
    const newest = rows(page, "temperature 77, humidity 77");
    await newest.waitFor();
    await expectInView(headOf(newest));
    await page.keyboard.press("Home");
    const first = page.locator('[aria-posinset="1"]');
    await first.waitFor();
    await expectInView(headOf(first));
    await settled(page);
    const before = (await headOf(first).boundingBox())!;
    device.points("newer", { temperature: 78, humidity: 78 });
    await page.getByText(/^1,001 exchanges/).waitFor();
    await settled(page);
    expect((await headOf(first).boundingBox())!.y).toBe(before.y);
    await page.keyboard.press("Enter");
    await first.locator(".exchange-detail").waitFor();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => first.locator(".exchange-detail").count()).toBe(0);
    await page.getByRole("button", { name: "To the newest" }).click();
    await rows(page, "temperature 78, humidity 78").waitFor();
  });

  test("stays live over what strangers send, and shows it among those of all devices", async () => {
    const { device, page, rig } = await open();
    device.authenticate();
    for (let i = 0; i < 600; i++) {
      const options = Buffer.concat([Buffer.from([0x50, 2, i >> 8, i & 0xff, 0xb0]), Buffer.alloc(59_999)]);
      rig.exchange(options);
    }
    device.points("1", { firmware: "a\u202eb\u009bc" });
    await rows(page, "firmware a\\u202eb\\u009bc").waitFor();
    await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
    await page.getByText(/^2 exchanges, 4 messages/).waitFor();
    await page.getByLabel("all devices").check();
    await page.getByText(/^602 exchanges/).waitFor();
    await page.getByRole("tree").focus();
    await page.keyboard.press("Home");
    await rows(page, "malformed: more than 64 options").first().getByText("no CoAP").waitFor();
    await rows(page, `${dk} · CON POST /auth/…`).waitFor();
  });

  test("requests are copied as command lines, and saved as a capture", async () => {
    const capture = new LiveCapture(() => ({ address: "0.0.0.0", port: 5699 }));
    const { device, page, context, rig } = await open({ api: { capture, coap: capture.local } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    device.authenticate();
    rig.cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, rig.time.now);
    device.points("1", { temperature: 20 });
    const row = rows(page, "measurepoint/post");
    await headOf(row).click();
    const copied = async (name: string): Promise<string> => {
      const button = row.getByRole("button", { name });
      await button.waitFor();
      // It says so for two seconds.
      await Promise.all([button.getByText("copied").waitFor(), button.click()]);
      return page.evaluate("navigator.clipboard.readText()");
    };
    expect(await copied("Copy as coap-client")).toMatch(
      new RegExp(
        `^coap-client-notls -m post -e '{"id":"1",.*}' coap://127.0.0.1:5699/topic/sys/${pk}/${dk}/thing/measurepoint/post$`,
      ),
    );
    expect(await copied("Copy as curl")).toContain(
      `/api/v1/devices/${pk}/${dk}/commands -X POST -H 'Content-Type: application/json' -d '{"kind":"set","points":{"relay":1}}'`,
    );
    expect(await copied("Copy curl that reads it")).toContain(`/api/v1/devices/${pk}/${dk}/messages?from=`);
    // An authentication holds what is masked, and cannot be copied.
    const auth = rows(page, "POST /auth/…");
    await headOf(auth).click();
    await auth.getByText("Not as coap-client: its payload is masked.").waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "pcapng" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe(`${dk}.pcapng`);
    const bytes = readFileSync(await file.path());
    expect(bytes.readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(bytes.includes('"temperature":20')).toBe(true);
    expect(bytes.includes("secureMode")).toBe(false);
  });

  test.each(["light", "dark"] as const)(
    "nothing is cut off in %s, on a phone or a wide screen",
    async (colorScheme) => {
      const { device, page } = await open({ browser: { colorScheme } });
      device.authenticate();
      device.points("1", { temperature: 20.5, firmware: "x".repeat(32) });
      const row = rows(page, "measurepoint/post");
      for (const width of [360, 390, 768, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        await expectNoOverflow(page);
        await headOf(row).click();
        await row.locator(".exchange-detail").waitFor();
        await expectNoOverflow(page);
        // What a row says lies within it.
        const box = (await headOf(row).boundingBox())!;
        for (const part of ["time", ".sequence-lanes", ".sequence-words", ".sequence-note"]) {
          const inner = (await headOf(row).locator(part).boundingBox())!;
          expect(inner.x).toBeGreaterThanOrEqual(box.x);
          expect(inner.x + inner.width).toBeLessThanOrEqual(box.x + box.width + 0.5);
        }
        await headOf(row).click();
        await expect.poll(() => row.locator(".exchange-detail").count()).toBe(0);
      }
    },
  );
});
