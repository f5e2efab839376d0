/** The tab Commands in a browser: forms from the model, the life of commands as it goes, and its states. */
import { describe, expect, test } from "vitest";
import { dk, pk } from "../api/device";
import { rawReading, TestDevice, warm } from "../harness";
import { expectNoOverflow, forgive, hasBrowser, openConsole, pass, useBrowser } from "./browser-rig";
import { manualProduct, manualReport } from "../script/manual-product";
import type { Page } from "playwright-core";
import type { BrowserRig, OpenOptions } from "./browser-rig";
import type { Command, CommandTimes } from "../../../../host-sim/cloud/cloud";

const at = `/devices/${pk}/${dk}/commands`;
const open = (options: OpenOptions = {}) => openConsole({ at, ...options });
const choose = (page: Page, key: string) => page.getByLabel("Command", { exact: true }).selectOption(key);
const rows = (page: Page) => page.locator("[data-command]");
const sendButton = (page: Page) => page.getByRole("button", { name: "Send", exact: true });
const setReply = "thing/service/measurepoint/set_reply";
const relay: Command = { kind: "set", points: { relay: 1 } };

function send({ rig }: BrowserRig, command: Command = relay, times: Partial<CommandTimes> = {}): string {
  return rig.cloud.commands.send(pk, dk, command, rig.time.now, { pendingTtl: 3_600_000, ...times });
}

/** The labels of the steps of the command that is open. */
const steps = (page: Page): Promise<string[]> => page.locator(".step-what").allTextContents();

describe.skipIf(!hasBrowser)("the commands", () => {
  useBrowser();

  test("a command goes out by the form that the model makes, and is followed until it is answered", async () => {
    const opened = await open();
    const { page, device } = opened;
    device.authenticate();
    await choose(page, "set:relay");
    await page.getByLabel("Relay", { exact: true }).selectOption("1");
    await sendButton(page).click();
    const row = rows(page);
    await row.filter({ hasText: "waiting" }).filter({ hasText: "Set Relay" }).waitFor();
    // What was sent is open, and its steps move.
    await expect
      .poll(() => steps(page))
      .toEqual([...["queued, done", "to be sent, under way", "answered, to come"]]);
    await page.locator(".step-note", { hasText: "waits for the device's next contact" }).waitFor();
    await pass(opened, 2_000);
    const { command } = device.points("1", { temperature: 20 });
    expect(command?.json).toMatchObject({ params: { relay: 1 } });
    await row.filter({ hasText: "sent with thing/measurepoint/post" }).waitFor();
    await pass(opened, 800);
    const { id } = command!.json as { id: string };
    device.post(setReply, JSON.stringify({ id, code: 200, data: { relay: 1 } }));
    await row.filter({ hasText: "200, success after 800 ms" }).filter({ hasText: "Relay on (1)" }).waitFor();
    await expect.poll(() => steps(page)).toEqual(["queued, done", "sent, done", "answered 200, done"]);
    await expect.poll(() => row.getAttribute("data-status")).toBe("success");
    // It is told to who hears the page.
    await page.getByRole("status").filter({ hasText: "Set Relay: success" }).waitFor();
  });

  test("a device of the edition with tokens is told where the command is, and fetches it", async () => {
    const opened = await open({ cloud: { edition: "token" } });
    const { page, rig } = opened;
    const { cloud, exchange } = rig;
    const device = new TestDevice({ cloud, exchange, sent: [], events: [] });
    device.authenticate();
    const id = send(opened);
    await page.goto(`${opened.origin}${at}?open=${id}`);
    await expect.poll(() => steps(page)).toContain("to be sent, under way");
    device.post(rig.time.now, "thing/model/up_raw", rawReading(7, [1, warm]));
    await rows(page).filter({ hasText: "announced 0 ms ago, not fetched yet" }).waitFor();
    await expect
      .poll(() => steps(page))
      .toEqual([...["queued, done", "announced, done", "to be fetched, under way", "answered, to come"]]);
    await page.locator(".step-note", { hasText: "on the answer to thing/model/up_raw" }).waitFor();
    await pass(opened, 3_000);
    device.get(rig.time.now, "thing/service/measurepoint/set");
    await rows(page).filter({ hasText: "fetched 0 ms ago" }).waitFor();
    await expect
      .poll(() => steps(page))
      .toEqual([...["queued, done", "announced, done", "fetched, done", "answered, under way"]]);
  });

  test("what is wrong is said at its field, before it is sent and by the API too", async () => {
    const opened = await open();
    const { page, device, rig, changes } = opened;
    device.authenticate();
    await choose(page, "service:reboot");
    const delay = page.getByLabel("delay", { exact: true });
    await sendButton(page).click();
    await page.locator(".field-fault", { hasText: "is needed" }).waitFor();
    await expect.poll(() => delay.evaluate("document.activeElement.value")).toBe("");
    await expect.poll(() => delay.getAttribute("aria-invalid")).toBe("true");
    await delay.fill("4000");
    await page
      .locator(".field-fault", { hasText: "expected a whole number from 0 to 3600 s, got 4000" })
      .waitFor();
    expect(changes).toEqual([]);
    // The model changes under the form, which has not read it anew yet: the API's word stands at the field.
    await page.route("**/api/v1/products/**", (route) => route.abort());
    const { model, ...record } = rig.cloud.products.record(pk)!;
    const { services } = model as { services: { identifier: string; inputs: object[] }[] };
    const shorter = services.map((each) =>
      each.identifier === "reboot" ? { ...each, inputs: [{ ...each.inputs[0], range: [0, 10] }] } : each,
    );
    rig.cloud.products.put({ ...record, model: { ...(model as object), services: shorter } }, rig.time.now);
    await delay.fill("60");
    await sendButton(page).click();
    await page
      .locator(".field-fault", { hasText: "expected a whole number from 0 to 10 s, got 60" })
      .waitFor();
    await expect.poll(() => delay.getAttribute("aria-invalid")).toBe("true");
    forgive(opened, /422/);
    forgive(opened, /ERR_FAILED/);
  });

  test("structs, lists and what is optional have fields of their own", async () => {
    const { page, device, rig } = await open();
    device.authenticate();
    await choose(page, "service:calibrate");
    await page.getByLabel("temperature", { exact: true }).fill("21.5");
    await page.getByLabel("source", { exact: true }).fill("lab");
    await page.locator(".with-unit", { hasText: "°C" }).waitFor();
    await sendButton(page).click();
    await rows(page).filter({ hasText: 'reference { temperature 21.5 °C, source "lab" }' }).waitFor();
    expect(rig.cloud.commands.list(pk, dk)[0]).toMatchObject({
      inputs: { reference: { temperature: 21.5, source: "lab" } },
    });
    await choose(page, "get");
    await sendButton(page).click();
    await page.getByRole("alert").filter({ hasText: "Choose at least one measure point." }).waitFor();
    await page.getByLabel("Relative humidity").check();
    await sendButton(page).click();
    await rows(page).filter({ hasText: "Read" }).filter({ hasText: "Relative humidity" }).waitFor();
    expect(rig.cloud.commands.list(pk, dk)[1]).toMatchObject({ kind: "get", points: ["humidity"] });
  });

  test("a prepared command is in the address, and survives a reload", async () => {
    const { page, rig, device, context } = await open();
    device.authenticate();
    await choose(page, "service:reboot");
    await page.getByLabel("delay", { exact: true }).fill("7");
    await page.getByLabel("Waits for the device").selectOption("86400");
    await page.getByLabel("Time for the reply").fill("5");
    await expect.poll(() => page.url()).toContain("reply=5");
    const sentTo = await context.newPage();
    await sentTo.goto(page.url());
    await expect.poll(() => sentTo.getByLabel("delay", { exact: true }).inputValue()).toBe("7");
    await sendButton(sentTo).click();
    await expect
      .poll(() => rig.cloud.commands.list(pk, dk))
      .toMatchObject([
        { service: "reboot", inputs: { delay: 7 }, pendingTtl: 86_400_000, responseTimeout: 5_000 },
      ]);
  });

  test("one that was sent fills the form with one click, and goes out only when it is sent", async () => {
    const opened = await open();
    const { page, device, rig, changes } = opened;
    device.authenticate();
    send(opened, { kind: "service", service: "reboot", inputs: { delay: 9 } }, { responseTimeout: 4_000 });
    await page.getByRole("button", { name: "Restart the device: delay 9 s" }).click();
    await expect.poll(() => page.getByLabel("delay", { exact: true }).inputValue()).toBe("9");
    await expect.poll(() => page.getByLabel("Time for the reply").inputValue()).toBe("4");
    expect(changes).toEqual([]);
    await sendButton(page).click();
    await expect.poll(() => rows(page).count()).toBe(2);
    await choose(page, "set:relay");
    await rows(page)
      .last()
      .getByRole("button", { name: /^Use again/ })
      .click();
    await expect.poll(() => page.getByLabel("delay", { exact: true }).inputValue()).toBe("9");
    expect(changes).toEqual([`POST /devices/${pk}/${dk}/commands`]);
    expect(rig.cloud.commands.list(pk, dk)).toHaveLength(2);
  });

  test("commands that wait are revoked, by the keyboard too, and a late reply shows", async () => {
    const opened = await open();
    const { page, device, rig } = opened;
    device.authenticate();
    await page.getByLabel("Waits for the device").selectOption("172800");
    await page.getByLabel("Time for the reply").fill("5");
    await choose(page, "set:relay");
    await page.getByLabel("Relay", { exact: true }).selectOption("1");
    for (const count of [1, 2, 3]) {
      await sendButton(page).click();
      await expect.poll(() => rows(page).count()).toBe(count);
    }
    expect(rig.cloud.commands.list(pk, dk)[0]).toMatchObject({
      pendingTtl: 172_800_000,
      responseTimeout: 5_000,
    });
    const { command } = device.points("1", { temperature: 20 });
    const { id } = command!.json as { id: string };
    // What has been sent has no button any more; the newest stands first.
    await page.locator(`[data-command="${id}"]`, { hasText: "waits for the reply" }).waitFor();
    await expect.poll(() => page.getByRole("button", { name: /^Revoke command/ }).count()).toBe(2);
    await page
      .getByRole("button", { name: /^Revoke command/ })
      .first()
      .press("Enter");
    await rows(page).first().filter({ hasText: "revoked" }).waitFor();
    const newest = rig.cloud.commands.list(pk, dk).at(-1)!.id;
    await expect.poll(() => page.locator(`[data-command="${newest}"] :focus`).count()).toBe(1);
    await page.getByRole("button", { name: "Revoke the one that waits" }).click();
    // All of them asks.
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    expect(rig.cloud.commands.list(pk, dk).filter(({ status }) => status === "pending")).toHaveLength(1);
    await dialog.getByRole("button", { name: "Revoke" }).click();
    await rows(page).nth(1).filter({ hasText: "revoked" }).waitFor();
    expect(rig.cloud.commands.list(pk, dk).map(({ status }) => status)).toEqual([
      "sent",
      "revoked",
      "revoked",
    ]);
    await pass(opened, 5_000);
    await pass(opened, 1_000);
    device.post(setReply, JSON.stringify({ id, code: 200, data: { relay: 1 } }));
    const late = rows(page).filter({
      hasText: "no reply within 5 s; a reply came 1 s too late: 200, success",
    });
    await late.waitFor();
    await late.getByRole("button", { expanded: false }).click();
    await page.getByText("Late reply, which changes nothing").waitFor();
  });

  test("who works with the keyboard stays at a command when others come and it opens", async () => {
    const opened = await open();
    const { page, device } = opened;
    device.authenticate();
    const id = send(opened);
    const toggle = page.locator(`[data-command="${id}"] .command-toggle`);
    await toggle.focus();
    await page.keyboard.press("Enter");
    await page.locator(".command-detail").waitFor();
    send(opened);
    await expect.poll(() => rows(page).count()).toBe(2);
    await expect.poll(() => page.locator(`[data-command="${id}"] :focus`).count()).toBe(1);
    await page.keyboard.press("Enter");
    await page.locator(".command-detail").waitFor({ state: "detached" });
  });

  test("the list is filtered by status in the address, and links to the messages of a command", async () => {
    const opened = await open();
    const { page, device, rig } = opened;
    device.authenticate();
    const first = send(opened);
    device.points("1", { temperature: 20 });
    device.post(setReply, JSON.stringify({ id: first, code: 404, message: "no\u202e" }));
    send(opened);
    await page.getByRole("button", { name: /^failed 1$/ }).click();
    await expect.poll(() => rows(page).count()).toBe(1);
    await expect.poll(() => page.url()).toContain("status=failed");
    await rows(page)
      .filter({ hasText: "404, unknown to the device" })
      .filter({ hasText: "no\\u202e" })
      .waitFor();
    await page.reload();
    await expect.poll(() => rows(page).count()).toBe(1);
    await rows(page).getByRole("button", { expanded: false }).click();
    const href = await page.getByRole("link", { name: "Its messages" }).getAttribute("href");
    expect(href).toContain(`/messages?from=${rig.time.now - 5_000}&to=`);
    await page.goto(`${opened.origin}${at}?status=expired`);
    await page.getByText("None is expired.").waitFor();
    await page.getByRole("link", { name: "Show all" }).click();
    await expect.poll(() => rows(page).count()).toBe(2);
  });

  test("for a device that is offline it says until when the command waits, and what is refused stands at its field", async () => {
    const opened = await open();
    const { page, device } = opened;
    device.authenticate();
    await pass(opened, 3_700_000);
    await page
      .getByText(/The device is offline, last seen .* The command waits for its next contact/)
      .waitFor();
    await choose(page, "set:relay");
    await page.getByLabel("Relay", { exact: true }).selectOption("0");
    await page.getByLabel("Waits for the device").selectOption("0");
    await page.getByText("A command that waits not at all is refused.").waitFor();
    await sendButton(page).click();
    await page.locator(".field-fault", { hasText: "choose a time for the command to wait" }).waitFor();
    await page.getByLabel("Waits for the device").selectOption("600");
    await sendButton(page).click();
    await rows(page).filter({ hasText: "next contact, which is offline" }).waitFor();
    forgive(opened, /409/);
  });

  test("before the first there is the command to copy, and what will happen", async () => {
    const { page, origin } = await open();
    await page.getByRole("heading", { name: "No command was sent to this device yet" }).waitFor();
    const line = await page.locator(".command pre").innerText();
    expect(line).toContain('-d \'{"kind":"set","points":{"relay":1},"pendingTtl":3600}\'');
    expect(line).toContain(`${origin}/api/v1/devices/${pk}/${dk}/commands`);
  });

  test("the form is that of a new model without a reload, and a script makes and reads the bytes", async () => {
    const opened = await open();
    const { page, device, rig } = opened;
    device.authenticate();
    await choose(page, "service:reboot");
    rig.cloud.products.put(manualProduct(pk), rig.time.now);
    await page.locator('option[value="service:flush"]').waitFor({ state: "attached" });
    await choose(page, "service:flush");
    await page.getByLabel("seconds", { exact: true }).fill("30");
    await sendButton(page).click();
    const row = rows(page).filter({ hasText: "flush" });
    await row.waitFor();
    const { command } = device.post("thing/model/up_raw", manualReport(21));
    const bytes = Buffer.from(command!.payload);
    expect([bytes[0], bytes.readInt32BE(5)]).toEqual([0x21, 30]);
    const reply = Uint8Array.of(0x21, ...bytes.subarray(1, 5), 200, 0, 0, 0, 9);
    device.post("thing/model/down_raw_reply", reply);
    await row.filter({ hasText: "200, success" }).filter({ hasText: "litres_out 9" }).waitFor();
  });

  test("without a thing model what is typed is sent as it is, and a raw product takes bytes", async () => {
    const opened = await open({ cloud: { products: [{ productKey: pk, payload: "json" }] } });
    const { page, device, rig } = opened;
    device.authenticate();
    await page.getByText("The product has no thing model").waitFor();
    await page.getByLabel("Values by identifier").fill("{");
    await sendButton(page).click();
    await page.locator(".field-fault", { hasText: "is not JSON" }).waitFor();
    await page.getByLabel("Values by identifier").fill('{"any": [1, 2]}');
    await sendButton(page).click();
    await rows(page).filter({ hasText: "any" }).waitFor();
    await choose(page, "raw");
    await page.getByLabel("Bytes", { exact: true }).fill("02 00 00 00 07 04 01");
    await page.getByRole("button", { name: "Take it as the request id" }).click();
    await sendButton(page).click();
    await rows(page).filter({ hasText: "02 00 00 00 07 04 01" }).waitFor();
    expect(rig.cloud.commands.list(pk, dk)).toMatchObject([
      { points: { any: [1, 2] } },
      { kind: "raw", requestId: 7, payload: "02000000070401" },
    ]);
  });

  test("a reader looks and sends nothing", async () => {
    const readToken = "reader-0123456789abc";
    const opened = await open({ api: { token: "operator-0123456789", readToken } });
    const { page, device } = opened;
    await page.getByLabel("Token").fill(readToken);
    await page.getByRole("button", { name: "Connect" }).click();
    device.authenticate();
    send(opened);
    await page.getByText("This token may look and not send.").waitFor();
    await expect.poll(() => sendButton(page).isDisabled()).toBe(true);
    await rows(page).first().waitFor();
    for (const name of [/^Revoke command/, /^Revoke the one/]) {
      await expect.poll(() => page.getByRole("button", { name }).isDisabled()).toBe(true);
    }
    // The token itself is not in what is copied.
    expect(await page.content()).not.toContain(readToken);
  });

  test("as many as are kept: some in the document, and the last in reach by its address", async () => {
    const opened = await open();
    const { page, rig } = opened;
    const first = send(opened);
    rig.cloud.commands.revokeAll(pk, dk, rig.time.now);
    for (let i = 0; i < 99; i++) {
      send(opened);
      rig.cloud.commands.revokeAll(pk, dk, rig.time.now);
    }
    for (let i = 0; i < 50; i++) send(opened);
    await page.goto(`${opened.origin}${at}?open=${first}`);
    await page.getByText("150 commands kept").waitFor();
    await rows(page).first().waitFor();
    expect(await rows(page).count()).toBeLessThan(60);
    await page.locator(".command-detail").scrollIntoViewIfNeeded();
    await page.locator(`[data-command="${first}"]`).waitFor();
    // The API's refusal of one more is said.
    await choose(page, "set:relay");
    await page.getByLabel("Relay", { exact: true }).selectOption("0");
    await sendButton(page).click();
    await page.getByRole("alert").filter({ hasText: "50 already wait for this device" }).waitFor();
    forgive(opened, /429/);
  });

  test("nothing is cut off on a phone, and what is short is in one line", async () => {
    const opened = await open({ browser: { viewport: { width: 360, height: 740 } } });
    const { page, device } = opened;
    device.authenticate();
    const id = send(opened, { kind: "service", service: "reboot", inputs: { delay: 5 } });
    device.points("1", { temperature: 20 });
    send(opened);
    await page.goto(`${opened.origin}${at}?open=${id}&do=service:calibrate`);
    await page.locator(".command-detail").waitFor();
    await expectNoOverflow(page);
    const heights = await rows(page).evaluateAll((all) =>
      all.map((each) => (each as unknown as { offsetHeight: number }).offsetHeight),
    );
    expect(new Set(heights)).toEqual(new Set([60]));
    // Nothing of a row leaves the row.
    const outside = await page.evaluate(`[...document.querySelectorAll(".command-row")].flatMap((row) => {
      const box = row.getBoundingClientRect();
      return [...row.querySelectorAll("button, time, strong")].filter((each) => {
        const own = each.getBoundingClientRect();
        return own.width > 0 && (own.top < box.top - 1 || own.bottom > box.bottom + 1);
      }).map((each) => each.outerHTML);
    })`);
    expect(outside).toEqual([]);
  });
});
