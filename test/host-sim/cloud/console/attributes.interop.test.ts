/** The Attributes tab in a browser. */
import { describe, expect, test } from "vitest";
import { dk, pk } from "../api/device";
import { expectNoOverflow, forgive, hasBrowser, openConsole, pass, settled, useBrowser } from "./browser-rig";

const at = `/devices/${pk}/${dk}/attributes`;

describe.skipIf(!hasBrowser)("the Attributes tab", () => {
  useBrowser();

  test("shows the model's attributes with their types, what is set, and who changed it", async () => {
    const opened = await openConsole({ at });
    const { page, device } = opened;
    const floor = page.locator('[data-attribute="floor"]');
    await floor.waitFor();
    await expect.poll(() => floor.innerText()).toMatch(/Floor\s+floor\s+not set\s+int, -20 to 200\s+Set/);
    await page.getByText("0 of 8 attributes set").waitFor();
    device.authenticate();
    device.say("1", "thing/attribute/update", { attributes: { floor: 4, mounting: 1, altitude: 34.5 } });
    await expect
      .poll(() => floor.innerText())
      .toMatch(/4\s+int, -20 to 200\s+now by the device\s+Change\s+Remove/);
    const valueOf = async (name: string): Promise<string> =>
      (await page.locator(`[data-attribute="${name}"] .value`).innerText()).replace("\u00a0", " ");
    await expect.poll(() => valueOf("mounting")).toBe("mast");
    await expect.poll(() => valueOf("altitude")).toBe("34.5 m");
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoOverflow(page);
  });

  test("an attribute is changed within its range, and taken away after a question", async () => {
    const opened = await openConsole({ at });
    const { page, rig } = opened;
    await page.getByRole("button", { name: "Set Floor" }).click();
    const dialog = page.getByRole("dialog", { name: "Set Floor" });
    await dialog.getByLabel("Floor").fill("999");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog
      .getByRole("alert")
      .getByText(/floor: .*-20 to 200/)
      .waitFor();
    expect(rig.cloud.devices.view(pk, dk)?.attributes).toEqual({});
    await dialog.getByLabel("Floor").fill("7");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await expect
      .poll(() => page.locator('[data-attribute="floor"]').innerText())
      .toMatch(/7[^]*now by the operator/);
    expect(rig.cloud.devices.view(pk, dk)?.attributes).toEqual({ floor: 7 });
    await pass(opened, 60_000);
    await page.getByRole("button", { name: "Remove Floor" }).click();
    await page.getByRole("dialog", { name: "Remove Floor?" }).getByRole("button", { name: "Remove" }).click();
    await page.getByText("0 of 8 attributes set").waitFor();
    expect(rig.cloud.devices.view(pk, dk)?.attributes).toEqual({});
  });

  test("tags are added, changed and taken away", async () => {
    const { page, rig } = await openConsole({ at });
    await page.getByRole("button", { name: "New tag" }).click();
    await page.getByLabel("Name", { exact: true }).fill("site");
    await page.getByLabel("Value", { exact: true }).fill("<b>north</b>");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator('[data-tag="site"]').getByText("<b>north</b>").waitFor();
    await page.getByRole("button", { name: "Change site" }).click();
    await page.getByLabel("Value", { exact: true }).fill("south");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator('[data-tag="site"]').getByText("south").waitFor();
    expect(rig.cloud.devices.view(pk, dk)?.tags).toEqual({ site: "south" });
    await page.getByRole("button", { name: "Remove site" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await page.locator('[data-tag="site"]').waitFor({ state: "detached" });
    expect(rig.cloud.devices.view(pk, dk)?.tags).toEqual({});
  });

  test("a reader's token looks and changes nothing", async () => {
    const token = "operator-0123456789";
    const readToken = "reader-0123456789abc";
    const { page, changes } = await openConsole({ at, api: { token, readToken } });
    await page.getByLabel("Token").fill(readToken);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByText("look only").waitFor();
    for (const name of ["New tag", "Set Floor"]) {
      const button = page.getByRole("button", { name });
      await expect.poll(() => button.getAttribute("aria-disabled"), { message: name }).toBe("true");
      await button.click({ force: true });
      await settled(page);
      expect(await page.getByRole("dialog").count(), name).toBe(0);
    }
    expect(changes).toEqual([]);
  });

  test("of a device that is gone says so", async () => {
    const opened = await openConsole({ at: `/devices/${pk}/nobody/attributes` });
    await opened.page.getByRole("heading", { name: "This device is not registered" }).waitFor();
    forgive(opened, /404/);
  });
});
