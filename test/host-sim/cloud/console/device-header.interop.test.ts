/** A device's header: who it is and how it stands as it goes on, and what is done about it. */
import { describe, expect, test } from "vitest";
import { demoModel } from "../api/rig";
import { dk, pk } from "../api/device";
import { expectAccessible } from "./axe";
import {
  expectNoOverflow,
  forgive,
  hasBrowser,
  openConsole,
  overlook,
  pass,
  useBrowser,
} from "./browser-rig";
import type { Page } from "playwright-core";

const at = `/devices/${pk}/${dk}/live`;
const withBattery = {
  ...demoModel,
  measurepoints: [
    ...(demoModel["measurepoints"] as object[]),
    { identifier: "batteryVoltage", number: 9, type: "double", unit: "V", range: [0, 5] },
  ],
};
const cloud = { products: [{ productKey: pk, name: "Climate", model: withBattery }] };

/** A figure with its note, by its name. */
const figure = (page: Page, name: string) =>
  page.locator(".figures > div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) });
const told = (page: Page, name: string, text: string | RegExp) =>
  figure(page, name).filter({ hasText: text });

describe.skipIf(!hasBrowser)("a device's header", () => {
  useBrowser();

  test("tells how it stands, why and since when, and counts, as it happens", async () => {
    const opened = await openConsole({ at, cloud });
    const { page, rig, device } = opened;
    await told(page, "State", "inactive").waitFor();
    await told(page, "Last seen", "never").waitFor();
    await told(page, "Session", "none").waitFor();
    device.authenticate();
    await told(page, "State", /online.*it authenticated/).waitFor();
    device.points("1", { batteryVoltage: 3.6123, rssi: -81 }, rig.time.now);
    device.points("1", { batteryVoltage: 3.6123, rssi: -81 }, rig.time.now);
    device.points("2", { batteryVoltage: "much" }, rig.time.now);
    device.say("3", "ota/device/inform", { version: "1.4.2" });
    device.say("4", "thing/event/overheat/post", { events: { temperature: 90 } });
    await told(page, "Battery", /3\.61.V.*batteryVoltage, now/).waitFor();
    await told(page, "Signal", /-81.dBm.*rssi, now/).waitFor();
    await told(page, "Firmware", /1\.4\.2.*edition tokenless/).waitFor();
    await told(page, "Address", "10.0.0.2:40001").waitFor();
    await told(page, "Alarms in 24 h", /1.*warning, now/).waitFor();
    await told(page, "Session", /60 min left.*of 60 min/).waitFor();
    await page.getByText("requests 5").waitFor();
    await page.getByText("reports refused 1").waitFor();
    await page.getByText("all counters").click();
    for (const [name, value] of [
      ["Requests", "5"],
      ["Reports stored", "3"],
      ["Sent again", "1"],
      ["Reports refused", "1"],
      ["Sessions", "1"],
      ["Signatures refused", "0"],
    ]) {
      await expect
        .poll(() => figure(page, name).locator("dd").first().innerText(), { message: name })
        .toBe(value);
    }
    await pass(opened, 600_000);
    await told(page, "Last seen", "10 min ago").waitFor();
    await told(page, "Session", "50 min left").waitFor();
    await told(page, "State", "for 10 min: it authenticated").waitFor();
    await pass(opened, 3_600_000);
    await told(page, "State", /offline.*silent for a lifetime/).waitFor();
    await told(page, "Session", "none").waitFor();
    await page.getByRole("navigation", { name: "Where this is" }).getByRole("link", { name: pk }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe(`/products/${pk}/model`);
  });

  test("is renamed in place, also by another program, and goes by its key without a name", async () => {
    const { page, rig } = await openConsole({ at });
    const field = page.getByLabel("Name", { exact: true });
    await page.getByRole("button", { name: "Rename" }).click();
    await expect.poll(() => page.evaluate("document.activeElement.name")).toBe("name");
    await page.keyboard.type("Hall <b>north</b>");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Hall <b>north</b>", level: 1 }).waitFor();
    expect(rig.cloud.devices.view(pk, dk)?.name).toBe("Hall <b>north</b>");
    await expect.poll(() => page.evaluate("document.activeElement.innerText")).toBe("Rename");
    rig.cloud.devices.change(pk, dk, { name: "Attic" }, rig.time.now);
    await page.getByRole("heading", { name: "Attic", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Rename" }).click();
    await expect.poll(() => page.evaluate("document.activeElement.name")).toBe("name");
    await page.keyboard.type("something else");
    await expect.poll(() => field.inputValue()).toBe("something else");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Attic", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Rename" }).click();
    await field.fill(" ");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: dk, level: 1 }).waitFor();
    expect(rig.cloud.devices.view(pk, dk)?.name).toBeUndefined();
  });

  test("is shut out, let in and forgotten; its keys are copied", async () => {
    const opened = await openConsole({ at });
    const { page, rig, device, context } = opened;
    device.authenticate();
    await told(page, "State", "online").waitFor();
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy the device key" }).click();
    await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(dk);
    await page.getByRole("button", { name: "End the session" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End", exact: true }).click();
    await told(page, "State", /offline.*the cloud ended its session/).waitFor();
    await page.getByRole("button", { name: "Disable" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
    await told(page, "State", /disabled.*by an operator/).waitFor();
    expect(device.authenticate().code).toBe("4.03");
    await page.getByText("sessions refused 1").waitFor();
    await page.getByRole("button", { name: "Enable" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Enable" }).click();
    await told(page, "State", /offline.*enabled by an operator/).waitFor();
    await page.getByRole("button", { name: "Forget" }).click();
    await page
      .getByRole("dialog")
      .getByText("All readings, events, attributes and tags are deleted.")
      .waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Forget" }).click();
    await page.getByRole("heading", { name: "Fleet", level: 1 }).waitFor();
    expect(rig.cloud.devices.view(pk, dk)).toBeUndefined();
    // The header may have been read anew before the page left it.
    overlook(opened, /404/);
  });

  test("a device that is removed meanwhile is said to be, and shown again once it is there", async () => {
    const opened = await openConsole({ at });
    const { page, rig } = opened;
    await told(page, "State", "inactive").waitFor();
    rig.cloud.devices.remove(pk, dk, rig.time.now);
    await page.getByText("This device is not registered").waitFor();
    const tabs = page.getByRole("navigation", { name: "What to see of the device" });
    await expect.poll(() => tabs.count()).toBe(0);
    forgive(opened, /404/);
    rig.cloud.devices.create({ productKey: pk, deviceKey: dk, deviceSecret: "new" }, rig.time.now);
    await told(page, "State", "inactive").waitFor();
  });

  test("a reader's token looks and does not touch", async () => {
    const opened = await openConsole({
      at,
      api: { token: "operator-0123456789", readToken: "reader-0123456789abc" },
    });
    const { page } = opened;
    await page.getByLabel("Token").fill("reader-0123456789abc");
    await page.getByRole("button", { name: "Connect" }).click();
    await told(page, "State", "inactive").waitFor();
    for (const name of ["Rename", "Disable", "Forget"]) {
      await expect.poll(() => page.getByRole("button", { name }).isDisabled(), { message: name }).toBe(true);
      await expect.poll(() => page.getByRole("button", { name }).getAttribute("title")).toMatch(/may look/);
    }
    await page.getByRole("link", { name: "Fleet", exact: true }).first().click();
    await expect.poll(() => page.getByRole("button", { name: "Register a device" }).isDisabled()).toBe(true);
  });

  test.each([360, 390, 768, 1440])("fits at %i px, and leaves its tabs in sight", async (width) => {
    const { page, rig, device } = await openConsole({ at, cloud });
    rig.cloud.devices.change(
      pk,
      dk,
      { name: "A name that is long, as names of places are: hall north, ground floor" },
      rig.time.now,
    );
    device.authenticate();
    await page.setViewportSize({ width, height: 900 });
    await page.reload();
    await told(page, "State", "online").waitFor();
    await expectNoOverflow(page);
    await expectAccessible(page);
    const tabs = await page.getByRole("navigation", { name: "What to see of the device" }).boundingBox();
    // On a wide page the tab itself begins where one looks first.
    expect(tabs!.y + tabs!.height).toBeLessThan(width < 1440 ? 740 : 310);
  });
});
