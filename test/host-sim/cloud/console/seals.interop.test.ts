/** A sealed product in a browser: what of its messages is in doubt, its envelopes, its commands, and its keys for their owner alone. */
import { describe, expect, test } from "vitest";
import { dk, pk } from "../api/device";
import { openDown, roots } from "../../model/seal-oracle";
import { sealedDevice, sealedReading, sealedRecord } from "../sealed-product";
import { expectAccessible } from "./axe";
import { expectNoOverflow, forgive, hasBrowser, openConsole, pass, useBrowser } from "./browser-rig";
import type { Locator, Page } from "playwright-core";
import type { BrowserRig, OpenOptions } from "./browser-rig";
import type { SealSettings } from "../sealed-product";

const place = `/devices/${pk}/${dk}`;
const up = "thing/model/up_raw";
const open = (at: string, settings: SealSettings = {}, more: OpenOptions = {}): Promise<BrowserRig> =>
  openConsole({ at, cloud: { products: [sealedRecord(settings)] }, ...more });

/** A figure of the header by its name. */
const figure = (page: Page, name: string): Locator =>
  page.locator(".device-header .figures > div", {
    has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }),
  });
const rows = (page: Page, text: string | RegExp): Locator =>
  page.getByRole("treeitem").filter({ has: page.locator(".sequence-head", { hasText: text }) });
const forged = (counter: number, time: number): Buffer => {
  const bytes = sealedReading(counter, 7, time);
  bytes[bytes.length - 1] ^= 1;
  return bytes;
};

describe.skipIf(!hasBrowser)("a sealed product", () => {
  useBrowser();

  test("a device's header and events tell what of its messages is in doubt, as it happens", async () => {
    const opened = await open(`${place}/live`);
    const { page, device, rig } = opened;
    device.authenticate();
    await figure(page, "State").filter({ hasText: "online" }).waitFor();
    expect(await figure(page, "Sealed").count()).toBe(0);
    device.post(up, sealedReading(0, 7, rig.time.now));
    await figure(page, "Sealed")
      .filter({ hasText: /since.*1 opened/ })
      .waitFor();
    device.post(up, forged(1, rig.time.now));
    device.post(up, forged(1, rig.time.now));
    device.post(up, sealedReading(0, 7, rig.time.now));
    await figure(page, "Sealed")
      .filter({ hasText: /3 in doubt.*2 opened/s })
      .waitFor();
    await pass(opened, 120_000);
    await figure(page, "Sealed").getByRole("link").click();
    const doubts = page.getByRole("region", { name: "Sealed messages in doubt" });
    const row = (what: string): Locator => doubts.locator(`[data-doubt="${what}"]`);
    await row("refused")
      .filter({ hasText: /forged.*2 times.*no key opens it/s })
      .waitFor();
    await row("replayed")
      .filter({ hasText: /1 time.*0 of start 00112233aabbccdd came again.*or the device/s })
      .waitFor();
    await expect.poll(() => row("refused").innerText()).toContain("2 min ago");
    await expectAccessible(page);
    await expectNoOverflow(page);
    await page.setViewportSize({ width: 380, height: 800 });
    await expectNoOverflow(page);
  });

  test("who looks after many finds the devices in doubt, those that have sealed, and those under the older key", async () => {
    const both = { roots: roots.map((root) => root.toString("hex")) };
    const { page, device, rig } = await open("/fleet", both, { devices: 3 });
    const listed = page.locator("table.fleet tbody tr");
    await expect.poll(() => listed.count()).toBe(5);
    const seals = page.getByLabel("Sealed payloads");
    expect(await seals.count()).toBe(0);
    device.authenticate();
    device.post(up, sealedReading(0, 7, rig.time.now, { ...sealedDevice, root: roots[1] }));
    await expect
      .poll(() => seals.locator("option").allTextContents())
      .toEqual([
        ...["sealed or not", "sealed (1)", "nothing sealed yet (4)", "messages in doubt (0)"],
        "under the older key (1)",
      ]);
    device.post(up, forged(1, rig.time.now));
    await seals.selectOption("doubted");
    await expect.poll(() => listed.count()).toBe(1);
    expect(new URL(page.url()).searchParams.get("seal")).toBe("doubted");
    await listed.getByRole("link", { name: /1 seal/ }).waitFor();
    await seals.selectOption("unsealed");
    await expect.poll(() => listed.count()).toBe(4);
    await seals.selectOption("older-key");
    await expect
      .poll(() => listed.locator("td.device").allInnerTexts())
      .toEqual([expect.stringContaining(dk)]);
    await page.getByRole("button", { name: /^all/ }).click();
    await expect.poll(() => listed.count()).toBe(5);
  });

  test("an envelope opens down to its fields, lit with their bytes, beside what the script made of it", async () => {
    const { page, device, rig } = await open(`${place}/messages`, { proof: true });
    device.authenticate();
    device.post(up, sealedReading(258, 7, rig.time.now));
    const row = rows(page, "POST …/thing/model/up_raw");
    await row.locator(".sequence-head").click();
    const [request, answer] = [row.locator(".message-view").nth(0), row.locator(".message-view").nth(1)];
    const part = (view: Locator, name: string): Locator =>
      view.locator(".message-part", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) });
    await part(request, "name").filter({ hasText: dk }).waitFor();
    await part(request, "counter").filter({ hasText: "258" }).waitFor();
    const lit = async (view: Locator, name: string): Promise<string> => {
      await part(view, name).hover();
      await expect.poll(() => part(view, name).getAttribute("class")).toContain("lit");
      const runs = await view.locator(".hex-digits .lit").allInnerTexts();
      return runs.join(" ").replace(/\s+/g, " ").trim();
    };
    expect(await lit(request, "salt")).toBe("00 11 22 33 aa bb cc dd");
    expect(await lit(request, "counter")).toBe("01 02");
    expect((await lit(request, "tag")).split(" ")).toHaveLength(8);
    await part(answer, "request id").filter({ hasText: "7" }).waitFor();
    expect((await lit(answer, "proof")).split(" ")).toHaveLength(8);
    await row.getByText("stored: reading 7, sealed").waitFor();
    await row.locator(".exchange-points div", { hasText: /temperature.*21.5/s }).waitFor();
    // What somebody made up, and what came again, is marked in the list.
    device.post(up, forged(259, rig.time.now));
    device.post(up, sealedReading(258, 7, rig.time.now));
    await rows(page, "refused").filter({ hasText: "sealed: forged" }).waitFor();
    await rows(page, "replayed").waitFor();
    await page.getByLabel("only trouble").check();
    await expect.poll(() => page.getByRole("treeitem").count()).toBe(2);
  });

  test("a command's form names the device by itself, and shows it; the device alone opens what is sent", async () => {
    const opened = await open(`${place}/commands`);
    const { page, device, rig, context } = opened;
    device.authenticate();
    await page.getByLabel("Command", { exact: true }).selectOption("set:relay");
    const name = page.getByLabel("Sealed for");
    expect(await name.inputValue()).toBe(dk);
    expect(await name.getAttribute("readonly")).not.toBeNull();
    await page.getByLabel("Relay", { exact: true }).selectOption("1");
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy as curl" }).first().click();
    await expect
      .poll(() => page.evaluate("navigator.clipboard.readText()"))
      .toContain(`"points":{"deviceKey":"${dk}","relay":1}`);
    // The address that prepares it is for any device.
    await expect.poll(() => page.url()).toContain("relay");
    expect(page.url()).not.toContain("deviceKey");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.locator("[data-command]", { hasText: "Set Relay" }).waitFor();
    const [sent] = rig.cloud.commands.list(pk, dk);
    expect(sent).toMatchObject({ kind: "set", points: { deviceKey: dk, relay: 1 } });
    const { command } = device.post(up, sealedReading(0, 7, rig.time.now));
    expect(openDown(sealedDevice, command!.payload)).toBeDefined();
    // It fills the form again, without what the form puts in.
    await page.getByRole("button", { name: "Fill the form with it" }).click();
    expect(await page.getByLabel("Relay", { exact: true }).inputValue()).toBe("1");
    await page.getByLabel("Command", { exact: true }).selectOption("raw");
    await page.getByText("A device that seals obeys an envelope alone.").waitFor();
    await expectNoOverflow(page);
  });

  test("a command that the script refuses says why; a device that has sealed nothing yet is sent it in plain", async () => {
    const opened = await open(`${place}/commands`, { roots: [] });
    const { page, device } = opened;
    device.authenticate();
    await page.getByLabel("Command", { exact: true }).selectOption("set:relay");
    await page.getByLabel("Relay", { exact: true }).selectOption("1");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page
      .getByRole("alert")
      .filter({ hasText: "the parsing script refused the command: sealed: no roots" })
      .waitFor();
    forgive(opened, /422/);
    const migrating = await open(`${place}/commands`, { migrating: true });
    migrating.device.authenticate();
    await migrating.page.getByText("This device has sealed nothing yet").waitFor();
    expect(await migrating.page.getByLabel("Sealed for").count()).toBe(0);
    migrating.device.post(up, sealedReading(0, 7, migrating.rig.time.now));
    await expect.poll(() => migrating.page.getByLabel("Sealed for").count()).toBe(1);
  });

  test("its script has its keys for the owner, who tries it with what devices sent; no draft of it is left in the browser", async () => {
    const root = roots[0].toString("hex");
    const opened = await open(`/products/${pk}/script`);
    const { page, device, rig } = opened;
    device.authenticate();
    device.post(up, sealedReading(0, 7, rig.time.now));
    const editor = page.getByRole("textbox", { name: "Parsing script" });
    await editor.waitFor();
    await pass(opened, 1_000);
    const result = page.locator("#script-result");
    await result
      .filter({ hasText: /It opened envelope 0 of start 00112233aabbccdd of device 861234567890123\./ })
      .waitFor();
    await result.filter({ hasText: "batch of measure points: the thing model takes it" }).waitFor();
    await editor.press("Control+Home");
    await editor.pressSequentially("// mine ");
    await page.getByRole("button", { name: "Apply the script" }).waitFor();
    await page.goto(`${opened.origin}/fleet`);
    await page.getByRole("heading", { name: "Fleet", level: 1 }).waitFor();
    const kept = String(await page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])"));
    expect(kept).not.toContain(root.slice(0, 16));
    expect(rig.cloud.products.record(pk)!.script).toContain(root);
  });

  test("a reader sees the script without them, and what is tried with it opens nothing", async () => {
    const readToken = "reader-0123456789abc";
    const opened = await open(
      `/products/${pk}/script`,
      {},
      { api: { token: "operator-0123456789", readToken } },
    );
    const { page, device, rig } = opened;
    device.authenticate();
    device.post(up, sealedReading(0, 7, rig.time.now));
    await page.getByLabel("Token").fill(readToken);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByText("The script is shown without its keys").waitFor();
    await pass(opened, 1_000);
    await page.locator("#script-result").filter({ hasText: "sealed: no roots" }).waitFor();
    expect(await page.content()).not.toContain(roots[0].toString("hex").slice(0, 16));
  });
});
