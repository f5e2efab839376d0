/** The tab Update in a browser: what runs, the upgrades as they go, and the product's files. */
import { describe, expect, test } from "vitest";
import { dk, pk } from "../api/device";
import { expectNoOverflow, forgive, hasBrowser, openConsole, pass, useBrowser } from "./browser-rig";
import type { OpenOptions } from "./browser-rig";

const at = `/devices/${pk}/${dk}/update`;
const open = (options: OpenOptions = {}) => openConsole({ at, ...options });
const image = (size = 5_000) => ({ name: "image.img", mimeType: "", buffer: Buffer.alloc(size, 7) });

describe.skipIf(!hasBrowser)("the update", () => {
  useBrowser();

  test("a firmware goes up, a device is to upgrade to it, and how far it is shows as it goes", async () => {
    const opened = await open();
    const { page, device, rig } = opened;
    device.authenticate();
    await page.getByText("It has not told its version yet").waitFor();
    await page.getByLabel("Version", { exact: true }).fill("1.3.0");
    await page.getByLabel("File", { exact: true }).setInputFiles(image());
    await page.getByRole("button", { name: "Upload" }).click();
    const file = page.locator('[data-version="1.3.0"]');
    await file.filter({ hasText: "5.0 kB" }).filter({ hasText: "MD5" }).waitFor();
    const { sign } = rig.cloud.ota.firmware(pk)[0];
    await file.filter({ hasText: sign }).waitFor();
    await page.getByRole("status").filter({ hasText: "1.3.0 is there, 5.0 kB." }).waitFor();
    const dialog = page.getByRole("dialog");
    const upgrade = async (): Promise<void> => {
      await file.getByRole("button", { name: "Upgrade to this" }).click();
      await dialog.getByRole("button", { name: "Upgrade", exact: true }).click();
    };
    await upgrade();
    await dialog.getByRole("alert").filter({ hasText: "not informed its version" }).waitFor();
    await page.keyboard.press("Escape");
    forgive(opened, /422/);
    device.say("1", "ota/device/inform", { version: "1.2.0" });
    await page.locator("#firmware-version", { hasText: "1.2.0" }).waitFor();
    await upgrade();
    const task = page.locator('[data-task="1"]');
    await task.filter({ hasText: "ordered" }).filter({ hasText: "1.2.0 → 1.3.0" }).waitFor();
    await task.filter({ hasText: "with the device's next contact" }).waitFor();
    const { command } = device.points("2", { temperature: 20 });
    expect(command?.json).toMatchObject({ params: { version: "1.3.0", fileSize: 5000 } });
    await expect.poll(() => task.getAttribute("data-status")).toBe("published");
    device.say("3", "ota/device/progress", { step: "42", desc: "fetching\u202e" });
    await expect.poll(() => task.getAttribute("data-status")).toBe("upgrading");
    await expect.poll(() => task.getByRole("progressbar").getAttribute("value")).toBe("42");
    await expect.poll(() => task.innerText()).toContain("fetching\\u202e");
    // A file that is needed is not deleted, and the dialog says why.
    await page.getByRole("button", { name: "Delete 1.3.0" }).click();
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await dialog.getByRole("alert").filter({ hasText: "is in a task that is not over" }).waitFor();
    await page.keyboard.press("Escape");
    forgive(opened, /409/);
    device.say("4", "ota/device/progress", { step: "-2", desc: "no route" });
    await task.filter({ hasText: "step -2: the download failed" }).filter({ hasText: "no route" }).waitFor();
    await task.getByRole("button", { name: "Try again" }).click();
    await dialog.getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => task.getAttribute("data-status")).toBe("init");
    await task.getByRole("button", { name: "Cancel" }).click();
    await dialog.getByRole("button", { name: "Cancel the upgrade" }).click();
    await expect.poll(() => task.getAttribute("data-status")).toBe("canceled");
  });

  test("an upgrade is done when the device informs the version, and it says since when it runs", async () => {
    const opened = await open();
    const { page, device, rig } = opened;
    device.authenticate();
    device.say("1", "ota/device/inform", { version: "1.2.0" });
    rig.cloud.ota.putFirmware(
      { productKey: pk, version: "1.3.0", signMethod: "sha256" },
      Buffer.alloc(9),
      rig.time.now,
    );
    rig.cloud.ota.order({ productKey: pk, version: "1.3.0", deviceKeys: [dk] }, rig.time.now);
    device.points("2", { temperature: 20 });
    await pass(opened, 60_000);
    device.say("3", "ota/device/inform", { version: "1.3.0" });
    await page.locator('[data-task="1"][data-status="succeeded"]').waitFor();
    await page.locator("#firmware-version", { hasText: "1.3.0" }).waitFor();
    await page.getByText(/^since 2023-11-14 22:14:20/).waitFor();
    await page.locator('[data-version="1.3.0"]', { hasText: "runs here" }).waitFor();
    await page.getByText("60 s after the order").waitFor();
  });

  test("warns of a device that is offline or has little battery before it is to upgrade", async () => {
    const battery = { identifier: "battery", number: 1, type: "double", unit: "%" };
    const model = { format: 2, product: "x", version: 1, measurepoints: [battery] };
    const opened = await open({ cloud: { products: [{ productKey: pk, model }] } });
    const { page, device, rig } = opened;
    device.authenticate();
    device.points("9", { battery: 12 }, rig.time.now);
    device.say("1", "ota/device/inform", { version: "1.2.0" });
    rig.cloud.ota.putFirmware(
      { productKey: pk, version: "1.3.0", signMethod: "md5" },
      Buffer.alloc(9),
      rig.time.now,
    );
    await pass(opened, 3_700_000);
    await page.getByRole("button", { name: "Upgrade to this" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/It is offline, last seen/).waitFor();
    await dialog.getByText(/Its battery is low: 12\s%/).waitFor();
    await dialog.getByRole("button", { name: "Upgrade", exact: true }).click();
    await page.locator('[data-task="1"]').waitFor();
    expect(rig.cloud.ota.tasks()).toMatchObject([{ deviceKey: dk, policy: "push", timeout: 604_800_000 }]);
  });

  test("what cannot be taken is said before it is sent", async () => {
    const { page, changes } = await open({ cloud: { limits: { firmwareBytes: 1_000 } } });
    await page.getByText("0 of 64").waitFor();
    await page.getByLabel("Version", { exact: true }).fill("-1");
    await page.locator(".field-fault", { hasText: "that begin with a letter or digit" }).waitFor();
    await page.getByLabel("File", { exact: true }).setInputFiles(image());
    await page
      .locator(".field-fault", { hasText: "the file has 5.0 kB, more than the 1.0 kB that are taken" })
      .waitFor();
    await page.getByRole("button", { name: "Upload" }).click();
    expect(changes).toEqual([]);
    // What can be taken is sent, and is the only one.
    await page.getByLabel("Version", { exact: true }).fill("1.3.0");
    await page.getByLabel("File", { exact: true }).setInputFiles(image(900));
    await page.getByRole("button", { name: "Upload" }).click();
    await page.getByText("1 of 64").waitFor();
    expect(changes).toHaveLength(1);
  });

  test("before the first file there is the command to copy", async () => {
    const { page, origin } = await open();
    await page.getByRole("heading", { name: "No firmware file yet" }).waitFor();
    await page
      .locator(".command pre", { hasText: `${origin}/api/v1/products/${pk}/firmware/1.3.0` })
      .waitFor();
    await page.locator(".command pre", { hasText: `/topic/sys/${pk}/${dk}/ota/device/inform` }).waitFor();
    for (const width of [360, 768]) {
      await page.setViewportSize({ width, height: 740 });
      await expectNoOverflow(page);
    }
  });
});
