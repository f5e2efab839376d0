/** A product's tab Update in a browser: a rollout as it goes, and what an operator can do about it. */
import { describe, expect, test } from "vitest";
import { pk } from "../api/device";
import { packageOf } from "../ota/package";
import { expectAccessible } from "./axe";
import { expectNoOverflow, hasBrowser, openConsole, pass, useBrowser } from "./browser-rig";
import { RolledOut, rolledOut } from "./rolled-out";
import type { OpenOptions } from "./browser-rig";

const at = `/products/${pk}/update`;
const open = (options: OpenOptions = {}) => openConsole({ at, devices: rolledOut, ...options });

describe.skipIf(!hasBrowser)("a rollout", () => {
  useBrowser();

  test("is begun, shows its devices as they go, stops, goes on and is done", async () => {
    const opened = await open();
    const { page, rig } = opened;
    const fleet = new RolledOut(opened);
    await page.getByRole("heading", { name: "No rollout yet" }).waitFor();
    await page.getByLabel("File", { exact: true }).setInputFiles({
      ...{ name: "1.3.0.enup", mimeType: "", buffer: packageOf({ productKey: pk }) },
    });
    const upload = page.getByRole("form", { name: "Upload a file" });
    await upload
      .getByText(/version 1\.3\.0, board m5stack-nbiot, product .*: a whole image, 1\.2 MB/)
      .waitFor();
    await expect.poll(() => page.getByLabel("Version", { exact: true }).inputValue()).toBe("1.3.0");
    expect(await upload.locator(".warn-note").count()).toBe(0);
    await page.getByRole("button", { name: "Upload" }).click();
    const file = page.locator('[data-file="1.3.0 for m5stack-nbiot"]');
    await file.getByRole("button", { name: "Roll out" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Stages/).fill("50, 10");
    await dialog.getByRole("button", { name: "Roll out" }).click();
    await dialog.getByRole("alert").filter({ hasText: "expected rising percentages" }).waitFor();
    await dialog.getByLabel(/^Stages/).fill("10, 100");
    await dialog.getByRole("button", { name: "Roll out" }).click();
    const card = page.locator('[data-rollout="1"]');
    const stage = (number: number) => card.locator(`[data-stage="${number}"]`);
    await stage(1).filter({ hasText: "1: 10 %" }).waitFor();
    expect(rig.cloud.ota.rollouts(pk)).toMatchObject([
      { wait: 3_600_000, failureShare: 0.05, policy: "push", stages: [{ share: 0.1 }, { share: 1 }] },
    ]);
    const cells = async (number: number): Promise<string> =>
      (await stage(number).locator("td").allInnerTexts()).map((text) => text.trim() || ".").join(" ");
    await expect.poll(() => cells(1)).toBe("2 2 . . . .");
    const [one, two] = fleet.who("init");
    fleet.step(one, 40);
    fleet.told(two);
    await expect.poll(() => cells(1)).toMatch(/^2 \. 1 1 at 40 % \. \.$/);
    fleet.succeed(one, two);
    await card.getByRole("status").filter({ hasText: "stage 2 of 2 begins in 60 min" }).waitFor();
    await expect.poll(() => card.getAttribute("data-state")).toBe("waiting");
    await pass(opened, 3_600_000);
    await expect.poll(() => cells(2)).toBe("18 18 . . . .");
    await card.getByRole("button", { name: "Pause" }).click();
    await dialog.getByRole("button", { name: "Pause" }).click();
    await expect.poll(() => card.getAttribute("data-state")).toBe("paused");
    await card.getByRole("button", { name: "Resume" }).click();
    await dialog.getByRole("button", { name: "Resume" }).click();
    await expect.poll(() => card.getAttribute("data-state")).toBe("running");
    const [bad] = fleet.who("init");
    fleet.step(bad, -3, "digest");
    await card.getByRole("status").filter({ hasText: "1 of 18 devices of stage 2 failed: 5.6 %" }).waitFor();
    await card.getByText("stage 2: 1 device failed: step -3: digest").waitFor();
    await card.getByRole("link", { name: bad }).click();
    await page.locator('[data-task][data-status="failed"]').waitFor();
    await page.goBack();
    await card.getByRole("button", { name: "Try failed ones again" }).click();
    await dialog.getByRole("button", { name: "Try failed ones again" }).click();
    await expect.poll(() => cells(2)).toBe("18 18 . . . .");
    fleet.succeed(...fleet.who("init"));
    await expect.poll(() => card.getAttribute("data-state")).toBe("done");
    await expect.poll(() => cells(2)).toBe("18 . . . 18 .");
    expect(await card.getByRole("button").count()).toBe(0);
  });

  test("is aborted, and another one is shown above it", async () => {
    const opened = await open();
    const { page } = opened;
    const fleet = new RolledOut(opened);
    fleet.begin();
    const card = page.locator('[data-rollout="1"]');
    await card.getByRole("button", { name: "Abort" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Abort" }).click();
    await expect.poll(() => card.getAttribute("data-state")).toBe("aborted");
    await card.getByRole("columnheader", { name: "canceled" }).waitFor();
    fleet.begin([1]);
    await page.getByRole("heading", { name: "Before" }).waitFor();
    await expect
      .poll(() =>
        page.locator("[data-rollout]").evaluateAll((all) => all.map((each) => each.dataset["rollout"])),
      )
      .toEqual(["2", "1"]);
    // Of the one before nothing can be decided.
    expect(await card.getByRole("button").count()).toBe(0);
  });

  test("is looked at by readers, who change nothing", async () => {
    const [token, readToken] = ["operator-0123456789", "reader-0123456789abc"];
    const opened = await open({ api: { token, readToken } });
    const { page } = opened;
    new RolledOut(opened).begin();
    await page.getByLabel("Token").fill(readToken);
    await page.getByRole("button", { name: "Connect" }).click();
    const card = page.locator('[data-rollout="1"]');
    await card.getByRole("button", { name: "Pause" }).waitFor();
    for (const name of ["Pause", "Abort"]) {
      await expect.poll(() => card.getByRole("button", { name }).isDisabled()).toBe(true);
    }
    await expect.poll(() => page.getByRole("button", { name: "Roll out" }).isDisabled()).toBe(true);
  });

  test("is for all to read: by axe, and on a narrow window", async () => {
    const opened = await open();
    const { page } = opened;
    await new RolledOut(opened).inSecondStage(3);
    await page.locator('[data-rollout="1"][data-state="stopped"]').waitFor();
    await expectAccessible(page);
    for (const width of [360, 768]) {
      await page.setViewportSize({ width, height: 740 });
      await expectNoOverflow(page);
    }
  });

  test("a package that is filed elsewhere is warned of, and other files too", async () => {
    const { page } = await open();
    const choose = (buffer: Buffer): Promise<void> =>
      page.getByLabel("File", { exact: true }).setInputFiles({ name: "x", mimeType: "", buffer });
    const warning = (words: string): Promise<void> =>
      page.locator(".upload .warn-note", { hasText: words }).waitFor();
    await choose(Buffer.alloc(300, 7));
    await warning("no package of npm run update");
    await page.getByLabel("Version", { exact: true }).fill("1.4.0");
    await choose(packageOf({ productKey: "Another1", from: "1.2.0" }));
    await warning("its head says product Another1");
    await warning("its head says version 1.3.0");
    await page.getByLabel("Stored elsewhere").fill("coap://192.0.2.7/1.4.0");
    await page.getByRole("button", { name: "Upload" }).click();
    const file = page.locator('[data-file="1.4.0 for m5stack-nbiot from 1.2.0"]');
    await file.filter({ hasText: "coap://192.0.2.7/1.4.0" }).filter({ hasText: "from 1.2.0" }).waitFor();
    await file.locator(".warn-note", { hasText: "filed under 1.4.0" }).waitFor();
    await page.getByRole("button", { name: "Delete 1.4.0 for m5stack-nbiot from 1.2.0" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "No firmware file yet" }).waitFor();
  });
});
