/** The firmware engineer: from an empty stand-in to a device that is understood, down to a datagram that was lost. */
import { execFileSync, spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { obeyed } from "../../../cli/command-line";
import { pk } from "../../api/device";
import { hasBrowser } from "../browser-rig";
import { density } from "../../../../density";
import { begin, looks, useStories } from "./walk";
import type { Page } from "playwright-core";

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
const climate = {
  ...{ productKey: pk, name: "Climate" },
  model: resolve("firmware/product/model.json"),
  script: resolve("firmware/product/parsing-script.js"),
};
const imei = "861234567890777";

const rows = (page: Page, text: string | RegExp) => page.getByRole("treeitem").filter({ hasText: text });
const tab = (page: Page, name: string) => page.getByRole("link", { name, exact: true });

describe.skipIf(!hasBrowser)("the firmware engineer", () => {
  useStories();

  test.each(density(looks, [[1440, "light"]]))("at %i pixels, %s", async (...look) => {
    const walk = await begin(look);
    const { page, folder, stop } = walk;
    const cloud = await walk.standIn([
      ...["--port", "0", "--api-port", "0", "--devices", walk.file("devices.json", [])],
      ...["--products", walk.file("products.json", [climate])],
    ]);

    // An empty stand-in says what to do.
    await page.goto(cloud.origin);
    await page.getByRole("heading", { name: "No device is registered" }).waitFor();
    await stop("nothing yet");

    await page.getByRole("button", { name: "Register a device" }).click();
    const dialog = page.getByRole("dialog");
    await expect.poll(() => dialog.getByLabel("Product key").inputValue()).toBe(pk);
    await dialog.getByLabel(/^Device key/).fill(imei);
    await dialog.getByLabel(/^Name/).fill("Bench");
    await stop("the form of a device");
    await dialog.getByRole("button", { name: "Register", exact: true }).click();
    await dialog.getByText("shows it this once").waitFor();
    await stop("the secret");
    const [keys, command] = await dialog.locator(".command pre").allInnerTexts();
    expect(command).toBe(`npm run device -- --server coap://127.0.0.1:${cloud.port}`);
    await dialog.getByRole("link", { name: "Go to the device" }).click();
    await page.getByRole("heading", { name: "Bench", level: 1 }).waitFor();
    await page.getByRole("heading", { name: "This device has not reported yet" }).waitFor();
    await stop("a device that has never been there");

    // The firmware, on this PC, by exactly what the page said.
    const first = walk.shell(`${keys}\n${command}`);
    await page.locator("header .state-word.online").waitFor();
    await page.locator('.card.point[data-point="temperature"] .point-value').waitFor();
    await stop("its first values");
    await first.end();
    expect(first.output()).toMatch(/1 of 1 readings acknowledged/);
    const device = walk.shell(`${keys}\n${command} --interval 1 --format raw`);

    await tab(page, "Messages").click();
    const report = rows(page, "model/up_raw").first();
    await report.locator(".sequence-head").click();
    const detail = report.locator(".exchange-detail");
    // The bytes, and what the product's script makes of them.
    await detail.locator(".hex-dump").first().waitFor();
    await detail.locator(".exchange-points dt", { hasText: "temperature" }).waitFor();
    await stop("a message, open");
    await report.locator(".sequence-head").click();

    // Losses, switched on for all to see.
    await page.getByRole("link", { name: "Cloud", exact: true }).click();
    await page.getByLabel(/Lost on the way down/).fill("60");
    await stop("faults");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.locator(".chip.faults", { hasText: "% lost down" }).waitFor();
    await page.goBack();
    await page
      .getByText("only trouble")
      .or(page.getByRole("button", { name: /^Filters/ }))
      .first()
      .waitFor();
    if (look[0] < 760) await page.getByRole("button", { name: /^Filters/ }).click();
    await page.getByLabel("only trouble").check();
    await page.locator('.sequence-row .row-mark[data-kind="again"]').first().waitFor();
    await stop("retransmissions");
    await page.locator(".chip.faults").click();
    await page.getByRole("button", { name: "Switch all off" }).click();
    await expect.poll(() => page.locator(".chip.faults").count()).toBe(0);

    // A command, from the form to its answer.
    await page.goto(`${cloud.origin}/devices/${pk}/${imei}/commands`);
    await page.getByLabel("Command", { exact: true }).selectOption("set:relay");
    await page.getByLabel("Relay", { exact: true }).selectOption("1");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    const sent = page.locator('[data-command][data-status="success"]');
    await sent.filter({ hasText: "Set Relay" }).waitFor({ timeout: 60_000 });
    await expect.poll(() => page.locator(".step-what").allTextContents()).toContain("answered 200, done");
    await stop("a command, answered");

    // What passed, for Wireshark.
    await tab(page, "Messages").click();
    await rows(page, /set_reply|down_raw_reply/)
      .first()
      .waitFor();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "pcapng" }).click(),
    ]);
    const capture = join(folder, file.suggestedFilename());
    await file.saveAs(capture);
    if (hasTshark) {
      const told = execFileSync(
        "tshark",
        [
          "-n",
          "-r",
          capture,
          "-d",
          `udp.port==${cloud.port},coap`,
          "-Y",
          "coap",
          "-T",
          "fields",
          "-e",
          "coap.code",
        ],
        {
          ...{ encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
        },
      ).trim();
      // POST and 2.04 Changed.
      expect(new Set(told.split(/\s+/))).toContain("2");
      expect(new Set(told.split(/\s+/))).toContain("68");
    }
    await device.end();
    expect(device.output()).toMatch(/[1-9]\d* of \d+ readings acknowledged, 1 commands? executed/);
  });

  test.each(density(looks, [[768, "dark"]]))(
    "reads the report of a run at %i pixels, %s",
    async (...look) => {
      const { page, folder, stop } = await begin(look);
      const report = join(folder, "run.html");
      const run = await obeyed([
        ...[
          "start",
          "--coverage",
          "1",
          "--loss",
          "0.15",
          "--reports",
          "8",
          "--seed",
          "13",
          "--report",
          report,
        ],
      ]);
      expect(run.code).toBe(0);
      await page.goto(pathToFileURL(report).href);
      expect(await page.locator(".sentence").textContent()).toMatch(
        /^All 8 readings arrived.*nothing was lost\.$/,
      );
      await stop("the verdict");
      // From the verdict's figures to where the datagrams went, and to one that was lost.
      await page.getByRole("link", { name: /lost/ }).first().click();
      const lost = page.locator('.sequence-row[data-mark="lost"]');
      await lost.first().waitFor();
      await lost.first().locator(".sequence-head").click();
      await page.locator(".sequence-detail .hex-dump").first().waitFor();
      await stop("a lost datagram");
    },
  );
});
