/**
 * `npm run device -- --remote-settings`, as docs/settings.md has it: the firmware on this PC, whose settings an operator changes
 * over the stand-in's API, and which restarts with them in its process.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { launch } from "./command-line";
import type { Running } from "./command-line";

const [productKey, deviceKey, deviceSecret] = [
  "MuGsF6W4",
  "861234567890123",
  "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E",
];
const keys = { ENOS_PRODUCT_KEY: productKey, ENOS_DEVICE_KEY: deviceKey, ENOS_DEVICE_SECRET: deviceSecret };

let folder: string;
const running: Running[] = [];
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "remote-"))));
afterEach(() => {
  for (const command of running.splice(0)) command.process.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function started(args: string[], env: Record<string, string> = {}): Running {
  const command = launch(args, env);
  running.push(command);
  return command;
}

function file(name: string, value: unknown): string {
  writeFileSync(join(folder, name), JSON.stringify(value));
  return join(folder, name);
}

test("is changed, refuses what cannot be, and tells what is in force, over its restarts", async () => {
  const own = JSON.parse(readFileSync("firmware/product/model.json", "utf8")) as object;
  file("model.json", { ...own, remoteSettings: true });
  const products = file("products.json", [{ productKey, payload: "json", model: "model.json" }]);
  const devices = file("devices.json", [{ productKey, deviceKey, deviceSecret }]);
  const cloud = started([
    ...["cloud", "--port", "0", "--api-port", "0", "--products", products, "--devices", devices],
  ]);
  const [, url] = await cloud.until(/(coap:\/\/127\.0\.0\.1:\d+)/);
  const [, api] = await cloud.until(/application API on (http:\S+\/api\/v1)/);
  const send = async (inputs: object): Promise<string> => {
    const answer = await fetch(`${api}/devices/${productKey}/${deviceKey}/commands`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ kind: "service", service: "change_settings", inputs, pendingTtl: 60 }),
    });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { id: string }).id;
  };
  const data = ["--data", join(folder, "data")];
  const device = started(["device", "--server", url, "--remote-settings", "--interval", "2", ...data], keys);
  await device.until(/report: acknowledged|acknowledged id=/);
  const wrong = await send({ settings: { interval: 0 } });
  await device.until(/refused reason="interval is/);
  const right = await send({ settings: { interval: 1, batch: 2 } });
  await device.until(/changed version=1 names="interval,batch"/);
  await device.until(/in force version=1 trial=yes/);
  await device.until(/kept version=1/);
  const attributes = async (): Promise<unknown> =>
    (await fetch(`${api}/devices/${productKey}/${deviceKey}/attributes`)).json();
  await expect.poll(attributes).toMatchObject({ remote_settings: { version: 1, interval: 1, batch: 2 } });
  const told = async (id: string): Promise<unknown> => (await fetch(`${api}/commands/${id}`)).json();
  expect(await told(wrong)).toMatchObject({ code: 200, data: { accepted: false, version: 0 } });
  expect(await told(right)).toMatchObject({ code: 200, data: { accepted: true, version: 1, reason: "" } });
  device.process.kill("SIGINT");
  const { stdout, code } = await device.finished;
  expect(code).toBe(0);
  expect(stdout).toMatch(/(\d+) of (\1|\d+) readings acknowledged, 2 commands executed\n/);
  // What was kept is there at the next start of the program as well.
  const again = started(["device", "--server", url, "--remote-settings", "--interval", "2", ...data], keys);
  await again.until(/in force version=1 trial=no/);
});
