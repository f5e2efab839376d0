/** The integrator: a product as EnOS has it, with its script, down to a command that runs from a terminal. */
import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { enosModelOf } from "../../../../../host-sim/model/enos-model";
import { readModel } from "../../../../../host-sim/model/read-model";
import { CoapDevice } from "../../../cli/coap-device";
import { manualProduct, manualReport, manualScript } from "../../script/manual-product";
import { hasBrowser } from "../browser-rig";
import { density } from "../../../../density";
import { begin, copied, looks, paste, useStories } from "./walk";
import type { Model } from "../../../../../host-sim/model/model";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const keys = { productKey: "meter", deviceKey: "cellar-21", deviceSecret: "a secret of its own" };
const path = `/api/v1/devices/${keys.productKey}/${keys.deviceKey}`;
const tokens = {
  ENOS_API_TOKEN: "operator-0123456789abcdef",
  ENOS_API_READ_TOKEN: "reader-0123456789abcdef",
};

/** The manual's product with a unit and an attribute, as EnOS's console exports it. */
function exported(): string {
  const own = manualProduct(keys.productKey).model as { measurepoints: { identifier: string }[] };
  const model = {
    ...own,
    measurepoints: own.measurepoints.map((point) =>
      point.identifier === "pressure" ? { ...point, name: "Pressure", unit: "bar" } : point,
    ),
    attributes: [{ identifier: "floor", name: "Floor", type: "int32", range: [-20, 200] }],
  };
  return JSON.stringify(enosModelOf(readModel(JSON.stringify(model)) as Model));
}

const spaced = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString("hex")
    .replace(/..(?!$)/g, "$& ");

describe.skipIf(!hasBrowser)("the integrator", () => {
  useStories();

  test.each(density(looks, [[390, "light"]]))("at %i pixels, %s", async (...look) => {
    const walk = await begin(look);
    const { page, stop } = walk;
    const cloud = await walk.standIn(
      [
        ...["--port", "0", "--api-port", "0", "--edition", "tokenless"],
        ...["--devices", walk.file("devices.json", [keys])],
      ],
      tokens,
    );
    await page.goto(`${cloud.origin}/products`);
    await page.getByLabel("Token").fill(tokens.ENOS_API_TOKEN);
    walk.forgive(/401/);
    await stop("the token");
    await page.getByRole("button", { name: "Connect" }).click();
    const name = page.getByRole("link", { name: "example of firmware/product" });
    await name.waitFor();
    await stop("the products");

    // A model of EnOS's takes the place of the example.
    await name.click();
    await page.getByLabel("Import").setInputFiles({
      ...{ name: "enos.json", mimeType: "application/json", buffer: Buffer.from(exported()) },
    });
    await page.getByText("enos.json: 5 measure points").waitFor();
    await stop("a model, imported");
    await page.getByRole("button", { name: "Apply the model" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await stop("what the model changes");
    await dialog.getByRole("button", { name: "Apply" }).click();
    await page.getByText(/^Applied/).waitFor();
    await page.getByRole("button", { name: "as bytes" }).click();
    await dialog.getByRole("button", { name: "Change" }).click();
    await page.getByRole("button", { name: "as bytes", pressed: true }).waitFor();

    // The script, tried with what a meter really sends, before it is in force.
    await page.getByRole("link", { name: "Parsing script" }).click();
    await paste(page.getByRole("textbox", { name: "Parsing script" }), manualScript);
    await page.getByLabel("Bytes of a device").fill(spaced(manualReport(20)));
    const result = page.locator("#script-result");
    await result.filter({ hasText: "report of measure points: the thing model takes it" }).waitFor();
    await result.locator("tr", { hasText: "pressure" }).filter({ hasText: "4.5" }).waitFor();
    await stop("a script, tried");
    await page.getByRole("button", { name: "Apply the script" }).click();
    await dialog.getByRole("button", { name: "Apply" }).click();
    await page.getByText(/^Applied/).waitFor();

    const device = new CoapDevice(keys, cloud.port);
    expect(await device.authenticate()).toBe("2.04");
    expect(await device.post("thing/model/up_raw", manualReport(20))).toBe("2.04");
    await page.goto(`${cloud.origin}/devices/${keys.productKey}/${keys.deviceKey}/live`);
    const pressure = page.locator('.card.point[data-point="pressure"]');
    await expect
      .poll(async () => (await pressure.locator(".point-value").innerText()).replace("\u00a0", " "))
      .toBe("4.5 bar");
    await page.locator('.card.point[data-point="place"]', { hasText: "cellar 21" }).waitFor();
    await stop("values");
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV of all" }).click(),
    ]);
    expect(readFileSync(await file.path(), "utf8")).toMatch(/^pressure,[^,]+,[^,]+,4\.5,/m);

    await page.getByRole("link", { name: "Attributes", exact: true }).click();
    await page.getByRole("button", { name: "Set Floor" }).click();
    await dialog.getByLabel("Floor").fill("-1");
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.locator('[data-attribute="floor"]', { hasText: "by the operator" }).waitFor();
    await stop("an attribute, set");

    // The command that a form makes, from a terminal.
    await page.getByRole("link", { name: "Commands", exact: true }).click();
    await page.getByLabel("Command", { exact: true }).selectOption("service:flush");
    await page.getByLabel("seconds").fill("30");
    const line = await copied(page.locator(".command-form").getByRole("button", { name: "Copy as curl" }));
    // The token is the reader's own matter: the line names it and does not hold it.
    expect(line).toContain("$ENOS_API_TOKEN");
    expect(line).not.toContain(tokens.ENOS_API_TOKEN);
    if (hasCurl) await expect.poll(walk.shell(line, tokens).output).toMatch(/"id":/);
    else {
      const [, body] = /-d '([^']*)'/.exec(line)!;
      const headers = {
        authorization: `Bearer ${tokens.ENOS_API_TOKEN}`,
        "content-type": "application/json",
      };
      await fetch(`${cloud.origin}${path}/commands`, { method: "POST", body, headers });
    }
    await page.locator("[data-command]", { hasText: "flush" }).waitFor();
    await stop("a command from elsewhere");
    // It goes out as bytes on the answer to what the device says next.
    expect(await device.post("thing/model/up_raw", manualReport(21))).toBe("2.04");
    await page.locator('[data-command][data-status="sent"]', { hasText: "flush" }).waitFor();

    // Somebody who may look sees the same and changes none of it.
    const reader = await walk.somebodyElse();
    await reader.goto(page.url());
    await reader.getByLabel("Token").fill(tokens.ENOS_API_READ_TOKEN);
    await reader.getByRole("button", { name: "Connect" }).click();
    await reader.getByText("look only").waitFor();
    await reader.locator("[data-command]", { hasText: "flush" }).waitFor();
    const send = reader.getByRole("button", { name: "Send", exact: true });
    await expect.poll(() => send.isDisabled()).toBe(true);
    await stop("a reader at the commands", reader);
    await reader.goto(`${cloud.origin}/products/${keys.productKey}/script`);
    await reader.getByRole("textbox", { name: "Parsing script" }).waitFor();
    const apply = reader.getByRole("button", { name: "Apply the script" });
    await expect.poll(() => apply.isDisabled()).toBe(true);
    await stop("a reader at the script", reader);
    const refused = await fetch(`${cloud.origin}${path}/commands`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${tokens.ENOS_API_READ_TOKEN}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ kind: "service", service: "flush", inputs: { seconds: 1 } }),
    });
    expect(refused.status).toBe(403);
  });
});
