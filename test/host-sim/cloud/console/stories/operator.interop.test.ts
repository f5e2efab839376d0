/** The operator: a fleet of thousands, some of it in trouble, over an outage and restarts of the stand-in. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CoapDevice } from "../../../cli/coap-device";
import { pk } from "../../api/device";
import { hasBrowser, ofItsEnd } from "../browser-rig";
import { density } from "../../../../density";
import { begin, looks, useStories } from "./walk";
import type { Page } from "playwright-core";

const keys = Array.from({ length: 3_000 }, (_, i) => ({
  ...{ productKey: pk, deviceKey: `node-${String(i).padStart(5, "0")}`, deviceSecret: `secret ${i}` },
}));

const row = (page: Page, name: string) => page.locator("tr[data-id]", { hasText: name });
const chip = (page: Page, name: string) => page.getByRole("button", { name });

describe.skipIf(!hasBrowser)("the operator", () => {
  useStories();

  test.each(density(looks, [[390, "light"]]))("at %i pixels, %s", async (...look) => {
    const walk = await begin(look);
    const { page, stop } = walk;
    const named = ["--devices", walk.file("devices.json", keys), "--edition", "tokenless"];
    const data = ["--data", join(walk.folder, "data")];
    const first = await walk.standIn(["--port", "0", "--api-port", "0", ...named, ...data]);
    const { origin, port } = first;
    const devices = keys.slice(0, 5).map((each) => new CoapDevice(each, port));
    for (const device of devices) {
      expect(await device.authenticate()).toBe("2.04");
      expect(await device.report("1", { temperature: 20.5, rssi: -80 })).toBe("2.04");
    }
    const post = (path: string): Promise<Response> =>
      fetch(`${origin}/api/v1/devices/${pk}/${path}`, { method: "POST" });
    for (const device of devices.slice(1, 4)) {
      expect(await device.say("2", "thing/event/overheat/post", { events: { temperature: 90 } })).toBe(
        "2.04",
      );
    }
    // Two of those with an alarm fall silent.
    for (const key of ["node-00002", "node-00003"])
      expect((await post(`${key}/forget-session`)).ok).toBe(true);

    await page.goto(origin);
    await chip(page, "all 3,000").waitFor();
    await chip(page, "online 3").waitFor();
    await stop("the fleet");
    await chip(page, "offline 2").click();
    await chip(page, "with alarms").click();
    await row(page, "node-00003").waitFor();
    await expect.poll(() => page.locator("tr[data-id]").count()).toBe(2);
    await stop("those in trouble");

    // The address is sent to a colleague, who sees the same.
    const colleague = await walk.somebodyElse();
    await colleague.goto(page.url());
    await row(colleague, "node-00003").waitFor();
    await expect.poll(() => colleague.locator("tr[data-id]").count()).toBe(2);
    await colleague.close();

    // One is shut out, another one named.
    const dialog = page.getByRole("dialog");
    await page.getByLabel("Mark node-00003").check();
    await page.getByRole("button", { name: "Disable", exact: true }).click();
    await dialog.getByText("answered 4.03").waitFor();
    await stop("a question before it is disabled");
    await dialog.getByRole("button", { name: "Disable" }).click();
    await chip(page, "disabled 1").waitFor();
    expect(await devices[3].authenticate()).toBe("4.03");
    await page.getByLabel("Mark node-00002").check();
    await page.getByRole("button", { name: "Rename" }).click();
    await dialog.getByLabel(/^Name/).fill("Boiler room");
    await dialog.getByRole("button", { name: "Rename" }).click();
    await row(page, "Boiler room").waitFor();

    // All sessions end, after a question.
    await page.getByRole("link", { name: "Cloud", exact: true }).click();
    await page.getByRole("button", { name: "End all sessions" }).click();
    await dialog.waitFor();
    await stop("a question before all sessions end");
    await dialog.getByRole("button", { name: "End all sessions" }).click();
    await page.getByText("3 sessions ended.").waitFor();
    expect(await devices[0].report("3", { temperature: 20 })).toBe("4.01");
    expect(await devices[0].authenticate()).toBe("2.04");

    // An outage, begun and ended; it shows wherever one is.
    await page.getByRole("button", { name: "Begin an outage" }).click();
    await page.locator(".chip.faults", { hasText: "cloud down" }).waitFor();
    await stop("an outage");
    await page.getByRole("button", { name: "End the outage" }).click();
    await expect.poll(() => page.locator(".chip.faults").count()).toBe(0);

    // New firmware, until the device has it.
    expect(await devices[0].say("4", "ota/device/inform", { version: "1.2.0" })).toBe("2.04");
    await page.goto(`${origin}/devices/${pk}/node-00000/update`);
    await page.locator("#firmware-version", { hasText: "1.2.0" }).waitFor();
    await page.getByLabel("Version", { exact: true }).fill("1.3.0");
    await page
      .getByLabel("File", { exact: true })
      .setInputFiles({ name: "image.img", mimeType: "", buffer: Buffer.alloc(20_000, 7) });
    await page.getByRole("button", { name: "Upload" }).click();
    await page.locator('[data-version="1.3.0"]').getByRole("button", { name: "Upgrade to this" }).click();
    await dialog.waitFor();
    await stop("a question before an upgrade");
    await dialog.getByRole("button", { name: "Upgrade", exact: true }).click();
    const task = (status: string) => page.locator(`[data-task="1"][data-status="${status}"]`);
    await task("init").waitFor();
    expect(await devices[0].report("5", { temperature: 20 })).toBe("2.04");
    await task("published").waitFor();
    expect(await devices[0].say("6", "ota/device/progress", { step: "60", desc: "fetching" })).toBe("2.04");
    await task("upgrading").waitFor();
    await stop("an upgrade under way");
    expect(await devices[0].say("7", "ota/device/inform", { version: "1.3.0" })).toBe("2.04");
    await task("succeeded").waitFor();

    // A restart: the page says so, and everything is as it was left.
    await page.getByRole("link", { name: "Fleet", exact: true }).first().click();
    await chip(page, "online 1").waitFor();
    await first.end();
    await page.getByRole("alert").filter({ hasText: "No connection" }).waitFor();
    walk.forgive(ofItsEnd);
    await stop("no connection");
    const ports = ["--port", String(port), "--api-port", new URL(origin).port];
    const second = await walk.standIn([...ports, ...named, ...data]);
    await page.getByRole("button", { name: "Try now" }).click();
    await page.getByText("everything was read anew").waitFor();
    await chip(page, "disabled 1").waitFor();
    await chip(page, "online 1").waitFor();
    await page.getByLabel(/^Search/).fill("boiler");
    await row(page, "Boiler room").waitFor();
    await stop("after a restart");
    expect(await devices[0].report("8", { temperature: 21 })).toBe("2.04");

    // One that remembers nothing: no ghost stays online, and no name of before.
    await second.end();
    await page.getByRole("alert").filter({ hasText: "No connection" }).waitFor();
    await walk.standIn([...ports, ...named]);
    await page.getByRole("button", { name: "Try now" }).click();
    await chip(page, "online 0").waitFor();
    await page.getByText("No device matches").waitFor();
    await stop("a stand-in that remembers nothing");
    expect(await devices[0].report("9", { temperature: 21 })).toBe("4.01");
  });
});
