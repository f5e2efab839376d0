/**
 * `npm run device -- --health`, as docs/health.md has it: the firmware on this PC, which reports and has its log fetched when an
 * operator asks for it over the stand-in's API.
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
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "health-"))));
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

test("reports when it is asked to, and gives its log", async () => {
  const own = JSON.parse(readFileSync("firmware/product/model.json", "utf8")) as object;
  file("model.json", { ...own, health: true });
  const products = file("products.json", [{ productKey, payload: "json", model: "model.json" }]);
  const devices = file("devices.json", [{ productKey, deviceKey, deviceSecret }]);
  const cloud = started([
    ...["cloud", "--port", "0", "--api-port", "0", "--products", products, "--devices", devices],
  ]);
  const [, url] = await cloud.until(/(coap:\/\/127\.0\.0\.1:\d+)/);
  const [, api] = await cloud.until(/application API on (http:\S+\/api\/v1)/);
  const invoke = async (service: string): Promise<string> => {
    const answer = await fetch(`${api}/devices/${productKey}/${deviceKey}/commands`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify({ kind: "service", service, inputs: {}, pendingTtl: 60 }),
    });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { id: string }).id;
  };
  const told = async (id: string): Promise<unknown> => (await fetch(`${api}/commands/${id}`)).json();
  const device = started(["device", "--server", url, "--health", "--interval", "1"], keys);
  await device.until(/acknowledged id=/);
  const asked = await invoke("health");
  await device.until(/report period=\d+s/);
  await expect.poll(() => told(asked)).toMatchObject({ code: 200, data: { starts: 1, panics: 0, lost: 0 } });
  const points = async (): Promise<unknown> =>
    (await fetch(`${api}/devices/${productKey}/${deviceKey}/measurepoints`)).json();
  await expect.poll(points).toMatchObject({
    health_starts: { value: 1 },
    health_last_start: { value: 1 },
    health_firmware: { value: expect.stringMatching(/^\d+\.\d+\.\d+/) as string },
  });
  const log = await invoke("fetch_log");
  await expect
    .poll(() => told(log))
    .toMatchObject({
      code: 200,
      data: { text: expect.stringMatching(/^\d+ report: taken id=/m) as string },
    });
});
