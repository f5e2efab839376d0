/** Products in a browser: their list, their thing model, and their parsing script from the first try to the undo. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { enosModelOf } from "../../../../host-sim/model/enos-model";
import { readModel } from "../../../../host-sim/model/read-model";
import { manualProduct, manualReport } from "../script/manual-product";
import { dk, pk } from "../api/device";
import { expectNoOverflow, forgive, hasBrowser, openConsole, pass, settled, useBrowser } from "./browser-rig";
import type { Locator, Page } from "playwright-core";
import type { Model } from "../../../../host-sim/model/model";
import type { BrowserRig } from "./browser-rig";

const manual = manualProduct(pk);
const scriptPath = `/products/${pk}/script`;
const modelPath = `/products/${pk}/model?view=json`;

/** The editor of this name, once it is there. */
async function editor(page: Page, label: string): Promise<Locator> {
  const found = page.getByRole("textbox", { name: label });
  await found.waitFor();
  return found;
}

/** Puts a text in place of all, as people do: from the clipboard. */
async function paste(field: Locator, text: string): Promise<void> {
  await field.page().context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await field.page().evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await field.press("Control+a");
  await field.press("Control+v");
}

/** A console over the product in the way of EnOS's manual, whose device has sent a good report and two bad ones. */
async function openManual(at = scriptPath): Promise<BrowserRig> {
  const opened = await openConsole({ at: "/products", cloud: { products: [manual] } });
  const { device, page, origin } = opened;
  device.authenticate();
  for (const bytes of [Uint8Array.of(1, 0), Uint8Array.of(1, 0), manualReport(20)]) {
    await pass(opened, 1000);
    device.post("thing/model/up_raw", bytes);
  }
  await page.goto(origin + at);
  return opened;
}

describe.skipIf(!hasBrowser)("the products", () => {
  useBrowser();

  test("are a table with what each has, and another is made, with its model from a file", async () => {
    const opened = await openConsole({ at: "/products" });
    const { page, rig } = opened;
    const row = page.locator(`[data-product="${pk}"]`);
    await expect
      .poll(async () => (await row.innerText()).split(/\s*\t\s*/))
      .toEqual(["Climate", pk, "2", "JSON", "version 1", "present", "512 B"]);
    await page.getByRole("button", { name: "New product" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Product key").fill(pk);
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.getByRole("alert").filter({ hasText: "is there already" }).waitFor();
    await dialog.getByLabel("Product key").fill("meter");
    await dialog.getByLabel("Name, for people").fill("Water meter");
    await dialog.getByLabel("Commands go").selectOption("raw");
    await dialog.getByLabel("Thing model to import").setInputFiles({
      ...{ name: "enos.json", mimeType: "application/json" },
      buffer: Buffer.from(JSON.stringify(enosModelOf(readModel(JSON.stringify(manual.model)) as Model))),
    });
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: "Water meter", level: 1 }).waitFor();
    await page.locator('[data-point="pressure"]', { hasText: "double" }).waitFor();
    expect(rig.cloud.products.record("meter")).toMatchObject({ name: "Water meter", payload: "raw" });
    // One that is not there says so, with what to do about it.
    await page.goto(`${opened.origin}/products/none/model`);
    await page.getByText("There is no product none").waitFor();
    await page.getByText("curl -sf -X PUT").waitFor();
    forgive(opened, /404/);
  });

  test("a product's header changes what it is called and how commands go, and asks before that", async () => {
    const { page, rig, changes } = await openConsole({ at: `/products/${pk}/model` });
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Name").fill("Climate two");
    await page.getByLabel("Largest datagram").fill("600");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Climate two", level: 1 }).waitFor();
    await page.getByText("600 B").waitFor();
    await page.getByRole("button", { name: "as bytes" }).click();
    await page.getByRole("dialog").getByText("2 devices will get the next command").waitFor();
    expect(changes).toEqual([`PATCH /products/${pk}`]);
    expect(rig.cloud.products.record(pk)?.payload).toBeUndefined();
    await page.getByRole("dialog").getByRole("button", { name: "Change" }).click();
    await expect.poll(() => rig.cloud.products.record(pk)?.payload).toBe("raw");
    await page.getByRole("button", { name: "as bytes", pressed: true }).waitFor();
    await expect
      .poll(() => page.getByRole("link", { name: "2", exact: true }).getAttribute("href"))
      .toBe(`/fleet?q=${pk}`);
    await expect.poll(() => page.getByRole("button", { name: "Remove" }).isDisabled()).toBe(true);
  });
});

describe.skipIf(!hasBrowser)("the thing model", () => {
  useBrowser();

  test("one that is wrong changes nothing, and the page says where it is wrong", async () => {
    const opened = await openConsole({ at: modelPath });
    const { page, rig, changes } = opened;
    const before = rig.cloud.products.record(pk)?.model;
    const text = await editor(page, "Thing model");
    const result = page.locator("#model-result");
    const apply = page.getByRole("button", { name: "Apply the model" });
    await expect.poll(() => text.innerText()).toContain('"temperature"');
    await paste(text, '{ "product": "x",\n "measurepoints": [ }');
    await result.filter({ hasText: "not JSON, line 2 column 21: expected a value or ], got }" }).waitFor();
    await expect.poll(() => page.locator(".cm-lintRange-error").allInnerTexts()).toEqual(["}"]);
    await expect.poll(() => apply.isDisabled()).toBe(true);
    await paste(text, '{ "product": "x", "version": 1,\n "measurepoints": 3 }');
    await result.filter({ hasText: "$.measurepoints: is 3" }).waitFor();
    // At its place, and named on the line.
    await expect.poll(() => page.locator(".cm-lintRange-error").allInnerTexts()).toContain('"measurepoints"');
    await page.getByRole("button", { name: "Line 2", exact: true }).click();
    await expect.poll(() => page.locator(".cm-activeLine").innerText()).toContain("measurepoints");
    expect(changes).toEqual([]);
    expect(rig.cloud.products.record(pk)?.model).toEqual(before);
  });

  test("what would change is listed, asked about where devices notice, applied, and undone after a reload", async () => {
    const opened = await openConsole({ at: modelPath });
    const { page, rig, changes } = opened;
    const text = await editor(page, "Thing model");
    const before = rig.cloud.products.record(pk)!.model as Model;
    const next = structuredClone(before) as any;
    next.version = 2;
    next.measurepoints[0].range = [-40, 60];
    next.measurepoints[0].unit = "K";
    await paste(text, JSON.stringify(next, null, 2));
    const listed = page.getByRole("region", { name: "What applying would change" });
    await listed.getByText("3 changes").waitFor();
    await expect
      .poll(() => listed.locator("li.warn").allInnerTexts())
      .toEqual(["measure point temperature range -40 to 125 becomes -40 to 60"]);
    // It survives another place and a reload, and is said.
    await page.getByRole("link", { name: "Parsing script" }).click();
    await page.getByRole("link", { name: "Thing model, edited" }).waitFor();
    await page.reload();
    await page.getByRole("link", { name: "Thing model, edited" }).click();
    await listed.getByText("3 changes").waitFor();
    await page.getByRole("button", { name: "Apply the model" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("range -40 to 125 becomes -40 to 60").waitFor();
    expect(changes).toEqual([]);
    expect((rig.cloud.products.record(pk)!.model as Model).version).toBe(1);
    await dialog.getByRole("button", { name: "Apply" }).click();
    await page.getByText(/^Applied/).waitFor();
    expect((rig.cloud.products.record(pk)!.model as Model).version).toBe(2);
    await page.goto(opened.origin + modelPath);
    await page.getByRole("button", { name: /^Undo the change of/ }).click();
    await expect.poll(() => rig.cloud.products.record(pk)!.model).toEqual(before);
  });

  test("it is read in tables, imported from EnOS's form, and exported in both", async () => {
    const opened = await openConsole({ at: `/products/${pk}/model` });
    const { page, rig } = opened;
    const temperature = page.locator('[data-point="temperature"]');
    await expect
      .poll(async () => (await temperature.innerText()).split(/\s*\t\s*/).slice(0, 5))
      .toEqual(["1", "temperature Temperature", "double", "degC", "-40 to 125"]);
    await page.locator('[data-event="overheat"]', { hasText: "since timestamp, optional" }).waitFor();
    for (const [button, name, word] of [
      ["Export model.json", `${pk}-model.json`, "measurepoints"],
      ["Export for EnOS", `${pk}-enos.json`, "thingMeasurepointMap"],
    ]) {
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: button }).click(),
      ]);
      expect(file.suggestedFilename()).toBe(name);
      const stream = await file.createReadStream();
      let content = "";
      for await (const part of stream) content += String(part);
      expect(JSON.parse(content)).toHaveProperty(word);
    }
    const own = readModel(JSON.stringify(rig.cloud.products.record(pk)!.model)) as Model;
    const shorter = { ...own, measurepoints: own.measurepoints.slice(1) };
    const buffer = Buffer.from(JSON.stringify(enosModelOf(shorter)));
    await page
      .getByLabel("Import")
      .setInputFiles({ name: "enos.json", mimeType: "application/json", buffer });
    await page.getByText("enos.json: 5 measure points").waitFor();
    await page.getByText("what the model in force has keeps its number").waitFor();
    // As it would be kept, not as it came: with numbers, and a version of its own.
    const text = await editor(page, "Thing model");
    await text.press("Control+Home");
    await expect.poll(() => text.innerText()).toContain('"version": 2');
    await page.locator("li.warn", { hasText: "measure point temperature is gone" }).waitFor();
  });
});

describe.skipIf(!hasBrowser)("the parsing script", () => {
  useBrowser();

  test("is changed and tried as one types, then applied", async () => {
    const { page, rig, changes } = await openConsole({ at: scriptPath });
    const script = await editor(page, "Parsing script");
    const result = page.locator("#script-result");
    const bytes = page.getByLabel("Bytes of a device");
    await bytes.fill("zz");
    await result.filter({ hasText: '"z" is no hexadecimal digit' }).waitFor();
    await bytes.fill("01 2");
    await result.filter({ hasText: "3 hexadecimal digits: a byte has two" }).waitFor();
    const own = "function rawDataToJsonStr(bytes) { return JSON.stringify({ got: bytes.length }); }";
    const before = rig.cloud.products.record(pk)?.script;
    await paste(script, own);
    await bytes.fill("01 02 0a");
    await result.filter({ hasText: /jsonStrToRawData/ }).waitFor();
    await paste(script, `${own} function jsonStrToRawData() { return [1, 2]; }`);
    await result.filter({ hasText: '"got": 3' }).waitFor();
    await page.getByRole("button", { name: "JSON to bytes" }).click();
    await page.getByLabel("JSON for a device").fill('{"any": }');
    await result.filter({ hasText: "not JSON, line 1 column 9" }).waitFor();
    await page.getByLabel("JSON for a device").fill('{"any": 1}');
    await result.filter({ hasText: "01 02" }).waitFor();
    // Tried is not applied.
    expect(changes).toEqual([]);
    expect(rig.cloud.products.record(pk)?.script).toBe(before);
    await page.getByRole("button", { name: "Apply the script" }).click();
    // There are devices, and no real message to compare by.
    await page.getByRole("dialog").getByText("No real message is there to compare by").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Apply" }).click();
    await page.getByText(/^Applied/).waitFor();
    expect(rig.cloud.products.record(pk)?.script).toContain("got: bytes.length");
    expect(rig.cloud.products.record(pk)?.model).toBeDefined();
  });

  test("shows its faults at their line: of the try, and of devices, with count and input a click away", async () => {
    const { page } = await openManual();
    const script = await editor(page, "Parsing script");
    const faults = page.locator("#script-faults li");
    await faults
      .filter({ hasText: /report: RangeError.*\(line 61\)/ })
      .filter({ hasText: "2 times, last" })
      .waitFor();
    await page.getByRole("button", { name: "Line 61" }).click();
    await expect.poll(() => page.locator(".cm-activeLineGutter", { hasText: "61" }).count()).toBe(1);
    await page.locator(".cm-lint-marker-warning").waitFor();
    await faults.getByRole("button", { name: "Try with its input" }).click();
    await page.getByRole("button", { name: "Go to line 61, column" }).waitFor();
    await expect.poll(() => page.getByLabel("Bytes of a device").inputValue()).toBe("01 00");
    await page.locator(".cm-lint-marker-error").waitFor();
    await script.press("Control+Home");
    await script.pressSequentially("var = 3;");
    await page.locator("#script-result", { hasText: "SyntaxError" }).waitFor();
    await expect.poll(() => page.locator(".cm-lintRange-error").allInnerTexts()).toEqual(["="]);
    // What was typed quickly stays, and one step takes it back.
    await expect.poll(() => page.locator(".cm-line").first().innerText()).toBe("var = 3;/**");
    await script.press("Control+z");
    await expect.poll(() => page.locator(".cm-line").first().innerText()).toBe("/**");
    await page.getByRole("link", { name: "Parsing script", exact: true }).waitFor();
  });

  test("samples are a click away in both directions, and the model's word stands beside each value", async () => {
    const { page } = await openManual();
    const result = page.locator("#script-result");
    // The newest report is there to begin with.
    await result.filter({ hasText: "report of measure points: the thing model takes it" }).waitFor();
    const script = await editor(page, "Parsing script");
    await result.locator("tr", { hasText: "pressure" }).filter({ hasText: "4.5" }).waitFor();
    await page.getByRole("button", { name: /^report · 8612.* 0100$/ }).click();
    await result.filter({ hasText: "RangeError" }).waitFor();
    await page.getByRole("button", { name: "JSON to bytes" }).click();
    await page
      .getByRole("button", { name: /^answer to a report/ })
      .first()
      .click();
    await result.filter({ hasText: "00 00 00 14 00 c8" }).waitFor();
    await page.getByRole("button", { name: "flush", exact: true }).click();
    await result.filter({ hasText: "command flush: the thing model takes it" }).waitFor();
    const json = page.getByLabel("JSON for a device");
    await json.fill((await json.inputValue()).replace(/"seconds": \d+/, '"seconds": "long"'));
    await result.filter({ hasText: "command flush: refused: seconds: expected a whole number" }).waitFor();
    await page.getByRole("button", { name: "Bytes to JSON" }).click();
    await page.getByRole("button", { name: /^report · 8612.* 0100000014/ }).click();
    await paste(script, manual.script!.replace('0x03: "pressure"', '0x03: "presure"'));
    await result.filter({ hasText: "refused with 1204: presure: not in the model" }).waitFor();
    await result.locator("tr", { hasText: "presure" }).locator(".bad").waitFor();
  });

  test("an apply that changes what devices mean asks, with what it made before and makes then; undo has it back", async () => {
    const opened = await openManual();
    const { page, rig, changes } = opened;
    const script = await editor(page, "Parsing script");
    await paste(script, `${manual.script!}\n// nothing of it changes a message`);
    await pass(opened, 1000);
    await page.getByRole("button", { name: "Apply the script" }).click();
    await expect.poll(() => rig.cloud.products.record(pk)?.script).toContain("nothing of it");
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.getByText(/^Applied/).waitFor();
    const other = manual.script!.replace('0x03: "pressure"', '0x03: "litres"');
    await paste(script, other);
    await pass(opened, 1000);
    await page.getByRole("button", { name: "Apply the script" }).click();
    const dialog = page.getByRole("dialog");
    await dialog
      .getByText("Of the last 3 real inputs it makes something else of 1. The product has 2 devices.")
      .waitFor();
    await dialog.getByText('"pressure":4.5').waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(changes).toHaveLength(1);
    expect(rig.cloud.products.record(pk)?.script).toContain("nothing of it");
    await page.getByRole("button", { name: "Apply the script" }).click();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => rig.cloud.products.record(pk)?.script).toBe(other);
    await page.reload();
    await page.getByRole("button", { name: /^Undo the change of 22:13:2/ }).click();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => rig.cloud.products.record(pk)?.script).toContain("nothing of it");
    // All three are there to look at and to take.
    await expect
      .poll(() => page.getByRole("region", { name: "Earlier versions" }).locator("li").count())
      .toBe(3);
  });

  test("what was applied stays in the editor, and can be edited on, before the product is read anew", async () => {
    const { page } = await openManual();
    const script = await editor(page, "Parsing script");
    const first = (): Promise<string> => page.locator(".cm-line").first().innerText();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route(`**/api/v1/products/${pk}`, async (route) => {
      if (route.request().method() === "GET") await held;
      await route.continue();
    });
    await script.press("Control+Home");
    await script.pressSequentially("// mine\n");
    await page.getByRole("button", { name: "Apply the script" }).click();
    // Its faults have moved by a line.
    await page.getByRole("dialog").getByRole("button", { name: "Apply" }).click();
    await page.getByText(/^Applied/).waitFor();
    expect(await first()).toBe("// mine");
    await script.press("Control+Home");
    await script.pressSequentially("// more ");
    await page.getByText("Edited, not applied").waitFor();
    const moved = page.getByText("Another script came into force while this one was edited");
    expect([await first(), await moved.count()]).toEqual(["// more // mine", 0]);
    release();
    await settled(page);
    expect([await first(), await moved.count()]).toEqual(["// more // mine", 0]);
  });

  test("edits survive leaving the tab and are said, and a change by another is told", async () => {
    const opened = await openManual();
    const { page, rig } = opened;
    const script = await editor(page, "Parsing script");
    await script.press("Control+Home");
    await script.pressSequentially("// mine");
    await page.getByText("Edited, not applied").waitFor();
    await page.getByRole("link", { name: "Thing model" }).click();
    await page.locator("[data-point]").first().waitFor();
    await page.getByRole("link", { name: "Fleet" }).click();
    await page.goBack();
    await page.getByRole("link", { name: "Parsing script, edited" }).click();
    await script.waitFor();
    await expect.poll(() => page.locator(".cm-line").first().innerText()).toBe("// mine/**");
    rig.cloud.products.put({ ...manual, script: `${manual.script!}\n// theirs` }, rig.time.now);
    await page.getByText("Another script came into force while this one was edited").waitFor();
    await page.getByRole("button", { name: "Discard edits" }).click();
    await page.getByRole("link", { name: "Parsing script", exact: true }).waitFor();
    await expect.poll(() => page.locator(".cm-line").first().innerText()).toBe("/**");
  });

  test("is held against what is in force, side by side where there is room, in one column where there is not", async () => {
    const { page } = await openManual();
    const script = await editor(page, "Parsing script");
    await script.press("Control+Home");
    await script.pressSequentially("// mine ");
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await page.locator(".cm-mergeView .cm-merge-a").waitFor();
    const [left, right] = await Promise.all(
      ["a", "b"].map((side) => page.locator(`.cm-merge-${side}`).boundingBox()),
    );
    expect(right!.x).toBeGreaterThanOrEqual(left!.x + left!.width);
    await expect
      .poll(() => page.locator(".cm-merge-b .cm-changedText").first().innerText())
      .toContain("mine");
    // Further edits go on where they were, and a step back still takes them.
    await page.getByRole("textbox", { name: "Parsing script" }).last().press("Control+z");
    await expect.poll(() => page.locator(".cm-merge-b .cm-changedText").count()).toBe(0);
    await page.locator(".cm-merge-b .cm-content").pressSequentially("// other ");
    await page.setViewportSize({ width: 700, height: 800 });
    await page.locator(".cm-deletedChunk").waitFor();
    await expect.poll(() => page.locator(".cm-mergeView").count()).toBe(0);
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await expect.poll(() => page.locator(".cm-deletedChunk").count()).toBe(0);
  });

  test("the keyboard goes in and out of the editor, which is as tall as the window allows", async () => {
    const { page } = await openManual();
    const script = await editor(page, "Parsing script");
    await script.press("Control+Home");
    await script.press("Tab");
    await expect.poll(() => page.locator(".cm-line").first().innerText()).toBe("  /**");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    await expect
      .poll(() => script.evaluate((element: any) => element.ownerDocument.activeElement === element))
      .toBe(false);
    expect(await script.getAttribute("aria-describedby")).not.toBeNull();
    await settled(page);
    const box = (await page.locator(".editor-box").boundingBox())!;
    expect(box.y + box.height).toBeGreaterThan(900 - 80);
    expect(box.y + box.height).toBeLessThanOrEqual(900);
  });

  test("a reader's token tries and compares, and applies nothing", async () => {
    const readToken = "reader-0123456789abc";
    const opened = await openConsole({
      ...{ at: scriptPath, api: { token: "operator-0123456789", readToken } },
      cloud: { products: [manual] },
    });
    const { page, rig, changes } = opened;
    await page.getByLabel("Token").fill(readToken);
    await page.getByRole("button", { name: "Connect" }).click();
    const script = await editor(page, "Parsing script");
    await page.getByLabel("Bytes of a device").fill(manualReport(20).toString("hex"));
    await page.locator("#script-result", { hasText: "the thing model takes it" }).waitFor();
    await script.press("Control+Home");
    await script.pressSequentially("// mine");
    await page.getByText("This token may look and try, and not apply.").waitFor();
    for (const name of ["Apply the script", "Settings", "Remove", "as JSON"]) {
      await expect.poll(() => page.getByRole("button", { name }).isDisabled(), { message: name }).toBe(true);
    }
    await page.getByRole("link", { name: "Thing model" }).click();
    await page.getByRole("button", { name: "JSON", exact: true }).click();
    await page.locator("#model-result", { hasText: "5 measure points" }).waitFor();
    expect(changes).toEqual([]);
    expect(rig.cloud.products.record(pk)?.script).toBe(manual.script);
  });

  test("typing over what is marked breaks no policy", async () => {
    const { page } = await openManual();
    const script = await editor(page, "Parsing script");
    await script.press("Control+a");
    await script.pressSequentially("var x; // all of it");
    await page.locator("#script-result", { hasText: "has no function rawDataToJsonStr" }).waitFor();
    await expect.poll(() => script.innerText()).toBe("var x; // all of it");
  });

  test("what steers or hides text shows escaped", async () => {
    const { page } = await openConsole({ at: scriptPath });
    const script = await editor(page, "Parsing script");
    await paste(script, "function rawDataToJsonStr() { throw '\u202e'; } function jsonStrToRawData() {}");
    await page.getByLabel("Bytes of a device").fill("00");
    await page.locator("#script-result", { hasText: "\\u202e" }).waitFor();
    await page.locator(".cm-specialChar").waitFor();
  });

  test("is not loaded before it is needed, and the whole page is at most 250 kB", async () => {
    const opened = await openConsole({ at: "/fleet" });
    const { page, rig } = opened;
    const chunks: string[] = [];
    page.on("request", (request) => {
      if (/console-.*\.js$/.test(request.url())) chunks.push(new URL(request.url()).pathname);
    });
    await page.locator("tr[data-id]").first().waitFor();
    await settled(page);
    expect(chunks).toEqual([]);
    await page.goto(opened.origin + scriptPath);
    await editor(page, "Parsing script");
    expect(chunks).toHaveLength(1);
    let sum = 0;
    for (const path of ["/", "/console.js", "/console.css", ...chunks]) {
      const answer = await rig.call("GET", path);
      expect(answer.status).toBe(200);
      sum += gzipSync(answer.text, { level: 9 }).length;
    }
    expect(sum).toBeLessThan(250_000);
    const { text } = await rig.call("GET", chunks[0]);
    expect(text.startsWith("/*! Licences of the packages in it: /console-licences.txt */\n")).toBe(true);
    expect((await rig.call("GET", "/console-licences.txt")).text).toContain("Marijn Haverbeke");
    expect((await rig.call("GET", "/console-other-AAAAAAAA.js")).status).toBe(404);
  });

  test.each(["light", "dark"] as const)(
    "nothing is cut off in %s, on a phone or a wide screen",
    async (colorScheme) => {
      const opened = await openManual();
      const { page, origin } = opened;
      await page.emulateMedia({ colorScheme });
      for (const width of [360, 768, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        for (const at of ["/products", `/products/${pk}/model`, modelPath, scriptPath]) {
          await page.goto(origin + at);
          await page.locator("table, .cm-content").first().waitFor();
          await expectNoOverflow(page);
        }
      }
      const line = page.locator(".cm-line", { hasText: "var REPORT" }).first();
      const styleOf = (of: Locator, name: "backgroundColor" | "color"): Promise<string> =>
        of.evaluate(
          (element: any, style) => element.ownerDocument.defaultView.getComputedStyle(element)[style],
          name,
        );
      await expect
        .poll(() => styleOf(page.locator(".cm-editor"), "backgroundColor"))
        .toBe(colorScheme === "dark" ? "rgb(23, 27, 33)" : "rgb(255, 255, 255)");
      await expect
        .poll(() => styleOf(line, "color"))
        .toBe(colorScheme === "dark" ? "rgb(230, 233, 238)" : "rgb(22, 25, 29)");
    },
  );

  test("a product without one says what to do, and the first one can be begun", async () => {
    const opened = await openConsole({ at: "/products" });
    const { page, rig } = opened;
    rig.cloud.products.put({ productKey: "bare" }, rig.time.now);
    await page.goto(`${opened.origin}/products/bare/script`);
    await page.getByText("No parsing script yet").waitFor();
    await page.getByText("curl -sf -X PATCH").waitFor();
    await page.getByRole("button", { name: "Begin a script" }).click();
    await editor(page, "Parsing script");
    await page.getByLabel("Bytes of a device").fill("01");
    await page.locator("#script-result", { hasText: "report of measure points" }).waitFor();
    await page.getByRole("button", { name: "Apply the script" }).click();
    await expect.poll(() => rig.cloud.products.record("bare")?.script).toContain("rawDataToJsonStr");
    await page.goto(`${opened.origin}/products/bare/model`);
    await page.getByText("No thing model yet").waitFor();
    await page.getByRole("button", { name: "Paste JSON" }).click();
    await editor(page, "Thing model");
  });
});

describe.skipIf(!hasBrowser)("a product of EnOS's own", () => {
  useBrowser();

  test("model and script in the way of EnOS's manual are pasted and work, and the script's faults show", async () => {
    const opened = await openConsole({ at: modelPath });
    const { page, rig, device, origin } = opened;
    const exported = JSON.stringify(enosModelOf(readModel(JSON.stringify(manual.model)) as Model), null, 2);
    rig.cloud.products.put({ ...rig.cloud.products.record(pk)!, largestDatagram: 600 }, rig.time.now);
    const dialog = page.getByRole("dialog");
    const confirm = (action: string): Promise<void> => dialog.getByRole("button", { name: action }).click();
    await paste(await editor(page, "Thing model"), exported);
    await page.locator("#model-result", { hasText: "5 measure points, 0 events, 1 service" }).waitFor();
    await page.getByText("read from EnOS's form").waitFor();
    await page.getByRole("button", { name: "Apply the model" }).click();
    await dialog.getByText("measure point temperature is gone").waitFor();
    await confirm("Apply");
    await page.getByText(/^Applied/).waitFor();
    await page.getByRole("button", { name: "as bytes" }).click();
    await confirm("Change");
    await expect.poll(() => rig.cloud.products.record(pk)?.payload).toBe("raw");
    await page.getByRole("link", { name: "Parsing script" }).click();
    await paste(await editor(page, "Parsing script"), manual.script!);
    await page.getByLabel("Bytes of a device").fill(manualReport(20).toString("hex"));
    const result = page.locator("#script-result");
    await result.locator("tr", { hasText: "place" }).filter({ hasText: "cellar 21" }).waitFor();
    await page.getByRole("button", { name: "Apply the script" }).click();
    await confirm("Apply");
    await page.getByText(/^Applied/).waitFor();
    expect(rig.cloud.products.record(pk)?.largestDatagram).toBe(600);
    device.authenticate();
    const up = "thing/model/up_raw";
    expect(Buffer.from(device.post(up, manualReport(20)).payload).toString("hex")).toBe("0000001400c8");
    device.post(up, Uint8Array.of(1, 0));
    device.post(up, Uint8Array.of(0x77));
    await page.getByText("What it got wrong for devices").waitFor();
    const faults = page.locator("#script-faults li");
    await faults.filter({ hasText: /report: RangeError.*\(line \d+\)/ }).waitFor();
    await faults.filter({ hasText: "without a method" }).filter({ hasText: "gave {}" }).waitFor();
    await page.goto(`${origin}/devices/${pk}/${dk}/live`);
    await page.locator('[data-point="place"]', { hasText: "cellar 21" }).waitFor();
    await page.locator('[data-point="valve"]', { hasText: "quality 9" }).waitFor();
    // The form is that of the new model.
    await page.getByRole("link", { name: "Commands" }).click();
    await page.getByLabel("Command", { exact: true }).selectOption("service:flush");
    await page.getByLabel("seconds", { exact: true }).fill("30");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    const sent = page.locator("[data-command]", { hasText: "flush" });
    await sent.waitFor();
    const { command } = device.post(up, manualReport(21));
    const bytes = Buffer.from(command!.payload);
    expect([bytes[0], bytes.readInt32BE(5)]).toEqual([0x21, 30]);
    const reply = Uint8Array.of(0x21, ...bytes.subarray(1, 5), 200, 0, 0, 0, 9);
    device.post("thing/model/down_raw_reply", reply);
    await sent
      .filter({ hasText: "200, success" })
      .filter({ hasText: /litres_out.*9/ })
      .waitFor();
  });
});
