/** `npm run device -- --data`: what outlives a kill -9, over real UDP. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, obeyed, run } from "./command-line";

const secret = "aB3dEf6hIj9lMn0pQr5tUv8xYz1";
const device = { productKey: "MuGsF6W4", deviceKey: "861234567890123", deviceSecret: secret };
const keys = {
  ENOS_PRODUCT_KEY: device.productKey,
  ENOS_DEVICE_KEY: device.deviceKey,
  ENOS_DEVICE_SECRET: secret,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "enos-"));
  writeFileSync(join(folder, "devices.json"), JSON.stringify([device]));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("killed, it goes on where it was: the reading that waited, and the session", async () => {
  const data = join(folder, "device");
  const cloud = launch(["cloud", "--port", "0", "--devices", join(folder, "devices.json")]);
  try {
    const [, url] = await cloud.until(/(coap:\/\/127\.0\.0\.1:\d+)/);
    const first = launch(["device", "--server", url, "--data", data, "--interval", "86400"], keys);
    await first.until(/report {3}acknowledged/);
    first.process.kill("SIGKILL");
    await first.finished;
    // Nobody listens there: what it takes now has to wait.
    const away = ["device", "--server", "coap://127.0.0.1:9", "--data", data, "--interval", "86400"];
    const second = launch(away, keys);
    const [, waiting] = await second.until(/taken id=(\d+)/);
    second.process.kill("SIGKILL");
    await second.finished;
    const third = await run(["device", "--server", url, "--data", data, "--reports", "1"], keys);
    expect(third.stdout).toContain("open waiting=1");
    expect(third.stdout).toContain("session  resumed edition=token");
    expect(third.stdout).not.toContain("authenticating");
    expect(third.stdout).toContain(`acknowledged id=${waiting} `);
    expect(third.code).toBe(0);
    expect(third.stdout + third.stderr).not.toContain(secret);
  } finally {
    cloud.process.kill("SIGKILL");
  }
});

test("a directory of another program's is refused, with 2", async () => {
  const { code, stderr } = await obeyed(["device", "--server", "coap://127.0.0.1", "--data", folder], keys);
  expect(stderr).toMatch(/^\S+: holds files of another program; name a new or empty directory\n$/);
  expect(code).toBe(2);
});
