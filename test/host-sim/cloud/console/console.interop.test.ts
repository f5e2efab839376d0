/** The console in a browser, over a cloud whose time the test moves. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { apiRig } from "../api/rig";
import { dk, Device, pk, demoSecret } from "../api/device";
import { enosModelOf } from "../../../../host-sim/model/enos-model";
import { readModel } from "../../../../host-sim/model/read-model";
import { chromiumPath, launchChromium } from "../../../../host-sim/inspect/report/pictures";
import { manualProduct, manualReport } from "../script/manual-product";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { ApiOptions } from "../../../../host-sim/cloud/api/route-context";
import type { Model } from "../../../../host-sim/model/model";
import type { ApiRig } from "../api/rig";

const peer = { address: "10.0.0.2", port: 40_001 };

// In CI there has to be one.
const hasBrowser = chromiumPath() !== undefined || process.env.CI !== undefined;
if (!hasBrowser) console.warn("skipped: Chromium is not installed");

let browser: Browser;
let context: BrowserContext;
let rig: ApiRig;
let device: Device;
let page: Page;
/** What the browser complained about: a policy that was broken, an exception, a failed request. */
let complaints: string[];

async function open(options: Partial<ApiOptions> = {}, devices = 0): Promise<void> {
  const feed = new Feed(() => rig.time.now);
  const more = Array.from({ length: devices }, (_, i) => ({
    ...{ productKey: pk, deviceKey: `node-${String(i).padStart(5, "0")}`, deviceSecret: `secret ${i}` },
  }));
  const both = [
    { productKey: pk, deviceKey: dk, deviceSecret: demoSecret },
    { productKey: pk, deviceKey: "other", deviceSecret: "another secret" },
  ];
  const scriptEngine = await loadScriptEngine(Date.now);
  rig = await apiRig(
    { feed, scriptEngine, ...options },
    { onEvent: (event) => feed.event(event), devices: [...both, ...more] },
  );
  const { exchange } = rig;
  rig.exchange = (datagram) => {
    feed.datagram("in", datagram, peer);
    const answer = exchange(datagram);
    if (answer !== undefined) feed.datagram("out", answer, peer);
    return answer;
  };
  device = new Device(rig);
  await rig.app.listen({ host: "127.0.0.1", port: 0 });
  context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  page = await context.newPage();
  complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/401/.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(address()) && !request.url().startsWith("data:"))
      complaints.push(request.url());
  });
  await page.goto(address());
}

function address(): string {
  return `http://127.0.0.1:${(rig.app.server.address() as AddressInfo).port}/`;
}

const text = (selector: string): Promise<string> => page.locator(selector).first().innerText();

describe.skipIf(!hasBrowser)("the console", () => {
  beforeAll(async () => (browser = await launchChromium()));
  afterAll(async () => browser?.close());
  afterEach(async () => {
    await context?.close();
    await rig?.app.close();
  });

  describe("over two devices", () => {
    beforeEach(() => open());
    afterEach(() => expect(complaints).toEqual([]));

    test("a device comes online, its values move, and it turns grey when its session is over", async () => {
      await page.getByText("● live").waitFor();
      expect(await text(`.row:has-text("${dk}") .state`)).toBe("inactive");
      device.authenticate();
      await page.locator(`.row:has-text("${dk}") .state.online`).waitFor();
      await page.getByText("1 of 2 devices online").waitFor();
      device.points("1", { temperature: 20.5 }, rig.time.now);
      await page.locator('[data-point="temperature"] .value', { hasText: "20.5 degC" }).waitFor();
      await page.locator('[data-point="temperature"] canvas').waitFor();
      rig.time.now += 1_000;
      device.points("2", { temperature: 21.25, relay: 1 }, rig.time.now);
      await page.locator('[data-point="temperature"] .value', { hasText: "21.25 degC" }).waitFor();
      await page.locator('[data-point="relay"] .value', { hasText: "1 (on)" }).waitFor();
      // What was measured before that is not the current value, on the page as little as in the API.
      device.say("3", "thing/measurepoint/resume", {
        measurepoints: { temperature: 5, rssi: -80 },
        time: rig.time.now - 60_000,
      });
      await page.locator('[data-point="rssi"] .value', { hasText: "-80 dBm" }).waitFor();
      expect(await text('[data-point="temperature"] .value')).toBe("21.25 degC");
      expect(rig.cloud.latest(pk, dk)["temperature"]).toMatchObject({ value: 21.25 });
      rig.time.now += 3_700_000;
      rig.cloud.poll(rig.time.now);
      await page.locator(`.row:has-text("${dk}") .state.offline`).waitFor();
      await page.getByText("0 of 2 devices online").waitFor();
    });

    test("a device is renamed, and found by its name, also by one that another program gave", async () => {
      await page.locator("#name-form").waitFor();
      await page.getByLabel("Name", { exact: true }).fill("Hall <b>north</b>");
      await page.getByRole("button", { name: "Rename" }).click();
      await page.locator(".row", { hasText: "Hall <b>north</b>" }).waitFor();
      expect(rig.cloud.device(pk, dk)?.name).toBe("Hall <b>north</b>");
      rig.cloud.changeDevice(pk, "other", { name: "Attic" }, rig.time.now);
      await page.locator(".row", { hasText: "Attic" }).waitFor();
      await page.locator("#filter").fill("attic");
      await expect.poll(() => page.locator(".row").count()).toBe(1);
      await page.locator(".row", { hasText: "Attic" }).click();
      await page.getByRole("heading", { name: `${pk}/other` }).waitFor();
      await page.getByLabel("Name", { exact: true }).fill("");
      await page.getByRole("button", { name: "Rename" }).click();
      await page.locator("#filter").fill("other");
      await page.locator(".row", { hasText: "other" }).waitFor();
      expect(rig.cloud.device(pk, "other")?.name).toBeUndefined();
    });

    test("a command goes out by the form that the model makes, and is followed until it is answered", async () => {
      device.authenticate();
      await page.getByRole("tab", { name: "Command" }).click();
      await page.getByLabel("Relay", { exact: true }).selectOption("1");
      await page.getByRole("button", { name: "Send the command" }).click();
      await page.locator("[data-command]", { hasText: "pending" }).waitFor();
      const { command } = device.points("1", { temperature: 20 });
      expect(command?.json).toMatchObject({ params: { relay: 1 } });
      await page.locator("[data-command]", { hasText: "sent" }).waitFor();
      const { id } = command!.json as { id: string };
      device.post(
        "thing/service/measurepoint/set_reply",
        JSON.stringify({ id, code: 200, data: { relay: 1 } }),
      );
      await page.locator("[data-command]", { hasText: 'success · code 200 · {"relay":1}' }).waitFor();
      // What the cloud refuses is said.
      await page.locator("#command").selectOption("reboot");
      await page.getByRole("button", { name: "Send the command" }).click();
      await page.getByRole("alert").filter({ hasText: /delay/ }).waitFor();
      complaints = complaints.filter((each) => !/422/.test(each));
    });

    test("commands that wait are revoked, by the keyboard too, and a late reply shows", async () => {
      device.authenticate();
      await page.getByRole("tab", { name: "Command" }).click();
      await page.getByLabel("Waits for the device").selectOption("2 days");
      await page.getByLabel("Time for the reply").fill("5");
      await page.getByLabel("Relay", { exact: true }).selectOption("1");
      const queued = page.locator("[data-command]");
      for (const count of [1, 2, 3]) {
        await page.getByRole("button", { name: "Send the command" }).click();
        await expect.poll(() => queued.count()).toBe(count);
      }
      expect(rig.cloud.commands(pk, dk)[0]).toMatchObject({
        pendingTtl: 172_800_000,
        responseTimeout: 5_000,
      });
      const { command } = device.points("1", { temperature: 20 });
      const { id } = command!.json as { id: string };
      // What has been sent has no button any more; the newest stands first.
      await page.locator(`[data-command="${id}"]`, { hasText: "sent" }).waitFor();
      await expect.poll(() => page.getByRole("button", { name: /^Revoke command/ }).count()).toBe(2);
      await page
        .getByRole("button", { name: /^Revoke command/ })
        .first()
        .press("Enter");
      await queued.first().filter({ hasText: "revoked" }).waitFor();
      const newest = rig.cloud.commands(pk, dk).at(-1)!.id;
      expect(await page.locator(":focus").getAttribute("data-command")).toBe(newest);
      await page.getByRole("button", { name: "Revoke all that wait" }).click();
      await queued.nth(1).filter({ hasText: "revoked" }).waitFor();
      expect(rig.cloud.commands(pk, dk).map(({ status }) => status)).toEqual(["sent", "revoked", "revoked"]);
      rig.time.now += 6_000;
      device.post("thing/service/measurepoint/set_reply", JSON.stringify({ id, code: 200, data: {} }));
      await queued.filter({ hasText: "timed-out · a reply came late, with code 200" }).waitFor();
    });

    test("messages show as they come, with their bytes, and nothing secret in them", async () => {
      await page.getByRole("tab", { name: "Messages" }).click();
      device.authenticate();
      device.points("1", { temperature: 20 });
      await page.locator(".message", { hasText: "thing/measurepoint/post" }).first().waitFor();
      const posted = page.locator(".message", { hasText: `POST /auth/${pk}/${dk}` });
      await posted.locator("summary").click();
      const bytes = await posted.locator("pre").innerText();
      expect(bytes).toContain("61 75 74 68");
      expect(bytes).toMatch(/ff(?: ··)+$/);
      const said = (await page.locator("body").innerText()).toLowerCase();
      for (const secret of [demoSecret, Buffer.from(demoSecret).toString("hex")])
        expect(said).not.toContain(secret);
    });

    test("stays live over what strangers send, and shows what steers or hides text escaped", async () => {
      await page.getByText("● live").waitFor();
      device.authenticate();
      for (let i = 0; i < 600; i++) {
        const options = Buffer.concat([Buffer.from([0x50, 2, i >> 8, i & 0xff, 0xb0]), Buffer.alloc(59_999)]);
        rig.exchange(options);
      }
      device.points("1", { firmware: "a\u202eb\u009bc" });
      const value = page.locator('[data-point="firmware"] .value');
      await value.filter({ hasText: "a\\u202eb\\u009bc" }).waitFor();
      expect(await page.locator("#link").innerText()).toBe("● live");
      await page.getByRole("tab", { name: "Messages" }).click();
      await page.getByLabel("only the chosen device's").uncheck();
      await page.locator(".message", { hasText: "malformed: more than 64 options" }).first().waitFor();
      await page.getByRole("tab", { name: "Parsing script" }).click();
      await page
        .locator("#script")
        .fill("function rawDataToJsonStr() { throw '\u202e'; } function jsonStrToRawData() {}");
      await page.locator("#sample").fill("00");
      await page.getByRole("button", { name: "Try" }).click();
      await page.locator("#script-result", { hasText: "\\u202e" }).waitFor();
    });

    test("the parsing script is changed and tried, then applied", async () => {
      await page.getByRole("tab", { name: "Parsing script" }).click();
      const result = page.locator("#script-result");
      await page.locator("#sample").fill("zz");
      await page.getByRole("button", { name: "Try" }).click();
      await result.filter({ hasText: "neither bytes in hexadecimal" }).waitFor();
      const own = "function rawDataToJsonStr(bytes) { return JSON.stringify({ got: bytes.length }); }";
      const before = rig.cloud.product(pk)?.script;
      await page.locator("#script").fill(own);
      await page.locator("#sample").fill("01 02 0a");
      await page.getByRole("button", { name: "Try" }).click();
      await result.filter({ hasText: /jsonStrToRawData/ }).waitFor();
      await page.locator("#script").fill(`${own} function jsonStrToRawData() { return [1, 2]; }`);
      await page.getByRole("button", { name: "Try" }).click();
      await result.filter({ hasText: '"got": 3' }).waitFor();
      await page.locator("#sample").fill('{"any": 1}');
      await page.getByRole("button", { name: "Try" }).click();
      await result.filter({ hasText: '"bytes": "0102"' }).waitFor();
      // Tried is not applied.
      expect(rig.cloud.product(pk)?.script).toBe(before);
      await page.getByRole("button", { name: "Apply" }).click();
      await result.filter({ hasText: "applied" }).waitFor();
      expect(rig.cloud.product(pk)?.script).toContain("got: bytes.length");
      expect(rig.cloud.product(pk)?.model).toBeDefined();
    });

    test("a firmware goes up, a device is to upgrade to it, and how far it is shows as it goes", async () => {
      device.authenticate();
      await page.getByRole("tab", { name: "Firmware" }).click();
      await page.getByText("It has not told its version yet.").waitFor();
      await page.getByLabel("Version", { exact: true }).fill("1.3.0");
      const file = { name: "image.bin", mimeType: "", buffer: Buffer.alloc(5000, 7) };
      await page.getByLabel("File", { exact: true }).setInputFiles(file);
      await page.getByRole("button", { name: "Upload" }).click();
      await page.locator("#firmware-files", { hasText: "1.3.0 · 5000 B · md5" }).waitFor();
      await page.getByRole("button", { name: "Upgrade" }).click();
      await page.getByRole("alert").filter({ hasText: "not informed its version" }).waitFor();
      complaints = complaints.filter((each) => !/422/.test(each));
      device.say("1", "ota/device/inform", { version: "1.2.0" });
      await page.getByText("It runs 1.2.0.").waitFor();
      await page.getByRole("button", { name: "Upgrade" }).click();
      const task = page.locator('[data-task="1"]');
      await task.filter({ hasText: "init · 1.2.0 to 1.3.0 · push" }).waitFor();
      const { command } = device.points("2", { temperature: 20 });
      expect(command?.json).toMatchObject({ params: { version: "1.3.0", fileSize: 5000 } });
      await task.filter({ hasText: "published" }).waitFor();
      device.say("3", "ota/device/progress", { step: "42", desc: "fetching\u202e" });
      await task.filter({ hasText: "upgrading" }).waitFor();
      expect(await task.getByRole("progressbar").getAttribute("value")).toBe("42");
      expect(await task.innerText()).toContain("fetching\\u202e");
      device.say("4", "ota/device/progress", { step: "-2" });
      await task.filter({ hasText: "failed" }).waitFor();
      await task.getByRole("button", { name: "Try again" }).click();
      await task.getByRole("button", { name: "Cancel" }).click();
      await task.filter({ hasText: "canceled" }).waitFor();
    });

    test("a thing model that is wrong changes nothing, and the page says where it is wrong", async () => {
      const before = rig.cloud.product(pk)?.model;
      await page.getByRole("tab", { name: "Thing model" }).click();
      const result = page.locator("#thing-model-result");
      const apply = page.getByRole("button", { name: "Apply the model" });
      await expect.poll(() => page.locator("#thing-model").inputValue()).toContain('"temperature"');
      await page.locator("#thing-model").fill('{ "product": "x",\n "measurepoints": [ }');
      await apply.click();
      await result.filter({ hasText: "not JSON, line 2 column 21: expected a value or ], got }" }).waitFor();
      await page.locator("#thing-model").fill('{ "product": "x", "version": 1, "measurepoints": 3 }');
      await apply.click();
      await result.filter({ hasText: "$.measurepoints: is 3" }).waitFor();
      expect(rig.cloud.product(pk)?.model).toEqual(before);
      complaints = complaints.filter((each) => !/422/.test(each));
    });

    test("model and script in the way of EnOS's manual are pasted and work, and the script's faults show", async () => {
      const { model, script } = manualProduct(pk);
      const exported = JSON.stringify(enosModelOf(readModel(JSON.stringify(model)) as Model), null, 2);
      rig.cloud.putProduct({ ...rig.cloud.product(pk)!, largestDatagram: 600 }, rig.time.now);
      await page.getByRole("tab", { name: "Thing model" }).click();
      await page.locator("#thing-model").fill(exported);
      await page.getByRole("button", { name: "Apply the model" }).click();
      const applied = page.locator("#thing-model-result", {
        hasText: "applied: 5 measure points, 1 service",
      });
      await applied.waitFor();
      await page.getByRole("tab", { name: "Parsing script" }).click();
      await page.getByLabel("Commands go to its devices as").selectOption("raw");
      await expect.poll(() => rig.cloud.product(pk)?.payload).toBe("raw");
      await page.locator("#script").fill(script!);
      await page.locator("#sample").fill(manualReport(20).toString("hex"));
      const result = page.locator("#script-result");
      await page.getByRole("button", { name: "Try" }).click();
      await result.filter({ hasText: '"place": "cellar 21"' }).waitFor();
      await page.getByRole("button", { name: "Apply" }).click();
      await result.filter({ hasText: "applied" }).waitFor();
      expect(rig.cloud.product(pk)?.largestDatagram).toBe(600);
      device.authenticate();
      const up = "thing/model/up_raw";
      expect(Buffer.from(device.post(up, manualReport(20)).payload).toString("hex")).toBe("0000001400c8");
      device.post(up, Uint8Array.of(1, 0));
      device.post(up, Uint8Array.of(0x77));
      const faults = page.locator("#script-faults li");
      await faults.filter({ hasText: /^report: RangeError.*\(line \d+\); for 0100$/ }).waitFor();
      await faults.filter({ hasText: /without a method; for 77, which gave \{\}$/ }).waitFor();
      await page.getByText("What it got wrong for devices").waitFor();
      await page.getByRole("tab", { name: "Measure points" }).click();
      await page.locator('[data-point="place"] .value', { hasText: "cellar 21" }).waitFor();
      await page.locator('[data-point="valve"]', { hasText: "· quality 9" }).waitFor();
      // The form is that of the new model, without a reload.
      await page.getByRole("tab", { name: "Command" }).click();
      await page.locator("#command").selectOption("flush");
      await page.getByLabel("seconds").fill("30");
      await page.getByRole("button", { name: "Send the command" }).click();
      const sent = page.locator("[data-command]", { hasText: "service flush" });
      await sent.waitFor();
      const { command } = device.post(up, manualReport(21));
      const bytes = Buffer.from(command!.payload);
      expect([bytes[0], bytes.readInt32BE(5)]).toEqual([0x21, 30]);
      device.post(
        "thing/model/down_raw_reply",
        Uint8Array.of(0x21, ...bytes.subarray(1, 5), 200, 0, 0, 0, 9),
      );
      await sent.filter({ hasText: 'success · code 200 · {"litres_out":9}' }).waitFor();
    });

    test("faults are switched on and off", async () => {
      await page.getByRole("tab", { name: "Faults" }).click();
      await page.getByLabel(/answered 5.00/).fill("1");
      await page.getByRole("button", { name: "Apply", exact: true }).click();
      await page.getByText("On: serverError.").waitFor();
      expect(rig.cloud.faults.serverError).toBe(1);
      await page.getByRole("button", { name: "None of them" }).click();
      await page.getByText("No fault is on.").waitFor();
      expect(rig.cloud.faults.serverError).toBe(0);
      await page.getByLabel("The cloud swallows every datagram").check();
      await page.getByText("The cloud is down.").waitFor();
      expect(rig.cloud.down).toBe(true);
      await page.getByLabel("The cloud swallows every datagram").uncheck();
      await page.getByText("The cloud is up again.").waitFor();
      expect(rig.cloud.down).toBe(false);
    });

    test("the keyboard is enough", async () => {
      await page.locator("#device-list").focus();
      await page.keyboard.press("End");
      await page.getByRole("heading", { name: `${pk}/other` }).waitFor();
      await page.keyboard.press("ArrowUp");
      await page.getByRole("heading", { name: `${pk}/${dk}` }).waitFor();
      // Past the device's name and its button.
      for (let stops = 0; stops < 3; stops++) await page.keyboard.press("Tab");
      await page.keyboard.press("ArrowRight");
      expect(await page.getByRole("tab", { selected: true }).innerText()).toBe("Command");
    });

    test.each(["light", "dark"] as const)(
      "nothing is cut off in %s, on a phone or a wide screen",
      async (colorScheme) => {
        device.authenticate();
        device.points("1", { temperature: 20.5, firmware: "x".repeat(32) }, rig.time.now);
        await page.emulateMedia({ colorScheme });
        for (const width of [360, 800, 1400]) {
          await page.setViewportSize({ width, height: 800 });
          const tabs = ["Measure points", "Command", "Messages", "Thing model", "Parsing script"];
          for (const name of [...tabs, "Firmware", "Faults"]) {
            await page.getByRole("tab", { name }).click();
            const [wide, seen] = (await page.evaluate(
              "[document.documentElement.scrollWidth, innerWidth]",
            )) as number[];
            expect(wide, `${name} at ${width}`).toBeLessThanOrEqual(seen);
          }
        }
      },
    );
  });

  test("five thousand devices: a few rows in the document, and the last one in reach", async () => {
    await open({}, 5_000);
    await page.getByText("0 of 5002 devices online").waitFor();
    expect(await page.locator(".row").count()).toBeLessThan(40);
    await page.locator("#device-list").focus();
    await page.keyboard.press("End");
    await page.getByRole("heading", { name: `${pk}/node-04999` }).waitFor();
    expect(await page.locator(".row").count()).toBeLessThan(40);
    await page.locator("#filter").fill("node-00042");
    await page.locator(".row", { hasText: "node-00042" }).waitFor();
    await expect.poll(() => page.locator(".row").count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  test("with a token it asks for it, and works once it has it", async () => {
    const token = "dG9rZW4tb2YtdGVzdHM";
    await open({ token });
    await page.getByLabel(/needs the API's token/).fill("wrong-wrong-wrong-wrong");
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByLabel(/needs the API's token/).fill(token);
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("0 of 2 devices online").waitFor();
    await page.getByText("● live").waitFor();
    device.authenticate();
    await page.getByText("1 of 2 devices online").waitFor();
    expect(await page.content()).not.toContain(token);
  });
});
