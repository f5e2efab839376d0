/**
 * `npm run cloud` and `npm run device`, two processes and real UDP between them; the device in this process where
 * it is about what it says.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launch, obeyed, run } from "./command-line";
import type { Running } from "./command-line";

const secret = "aB3dEf6hIj9lMn0pQr5tUv8xYz1";
const keys = { ENOS_PRODUCT_KEY: "MuGsF6W4", ENOS_DEVICE_KEY: "861234567890123", ENOS_DEVICE_SECRET: secret };

let folder: string;
let devices: string;
const running: Running[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "enos-"));
  devices = join(folder, "devices.json");
  const device = { productKey: "MuGsF6W4", deviceKey: "861234567890123", deviceSecret: secret };
  writeFileSync(devices, JSON.stringify([device, { ...device, deviceKey: "shut", state: "disabled" }]));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const command of running.splice(0)) command.process.kill("SIGKILL");
});

async function cloud(...args: string[]): Promise<{ command: Running; url: string }> {
  const command = launch(["cloud", "--port", "0", "--devices", devices, ...args]);
  running.push(command);
  const [, url] = await command.until(/(coap:\/\/127\.0\.0\.1:\d+)/);
  return { command, url };
}

describe.each(["token", "tokenless"])("edition %s", (edition) => {
  test("comes online, reports both ways, and Ctrl-C ends the cloud cleanly", async () => {
    const { command, url } = await cloud("--edition", edition);
    const { code, stdout, stderr } = await run(
      ["device", "--server", url, "--reports", "2", "--interval", "1", "--format", "alternate"],
      keys,
    );
    expect(stderr).toBe("");
    expect(stdout).toContain(`online edition=${edition}`);
    expect(stdout.match(/report +acknowledged id=/g)).toHaveLength(2);
    expect(stdout).toMatch(/message +acknowledged id=\d+ topic=ota\/device\/inform/);
    expect(code).toBe(0);
    command.process.kill("SIGINT");
    const ended = await command.finished;
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("stored reading");
    expect(ended.stderr).toBe("");
    // Neither end ever prints what must stay secret.
    for (const text of [stdout, ended.stdout]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(createHash("sha256").update(secret).digest("hex").slice(16, 48));
    }
  });
});

test("what was refused, and why, stands in the totals of both again", async () => {
  const products = join(folder, "products.json");
  writeFileSync(products, JSON.stringify([{ productKey: "MuGsF6W4", script: "script.js" }]));
  const script =
    'function rawDataToJsonStr() { throw new Error("no such layout"); } function jsonStrToRawData() {}';
  writeFileSync(join(folder, "script.js"), script);
  const { command, url } = await cloud("--products", products);
  const args = ["device", "--server", url, "--format", "raw", "--interval", "1", "--reports", "2"];
  const { code, stdout, stderr } = await obeyed(args, keys);
  const [, totals] = stdout.split(/^0 of \d readings acknowledged, 0 commands executed\n/m);
  // Where the machine is slow both readings are there before the first request, which has them both then.
  expect(totals).toMatch(
    /^(refused: readings in one request, illegal-payload \(at [\d:.]{12}\)\n)?put off: a reading, rejected 4\.00 illegal-payload \(.*at [\d:.]{12}\)\n$/,
  );
  expect(stderr).toContain("cannot read the first request (4.00)");
  expect(code).toBe(1);
  command.process.kill("SIGINT");
  const ended = (await command.finished).stdout.split("\nended\n")[1];
  expect(ended).toMatch(
    /^refused: a report, by the cloud with code \d+: parsing script: Error: no such layout.* \(.*at [\d:.]{12}\)\n$/,
  );
});

test("a wrong secret ends with 1 and one line that says what to check", async () => {
  const { command, url } = await cloud();
  const wrong = "notTheSecretOfThisDevice";
  const { code, stdout, stderr } = await obeyed(["device", "--server", url], {
    ...keys,
    ENOS_DEVICE_SECRET: wrong,
  });
  expect(stderr).toBe(`${url} refuses the device (4.01): check product key, device key and device secret\n`);
  expect(code).toBe(1);
  expect(stdout + command.output()).not.toContain(wrong);
});

test("a disabled device is told so", async () => {
  const { url } = await cloud();
  const { code, stderr } = await obeyed(["device", "--server", url], { ...keys, ENOS_DEVICE_KEY: "shut" });
  expect(stderr).toMatch(/refuses the device \(4\.03\): it is disabled/);
  expect(code).toBe(1);
});

test("keys from a file; a faulty one is never quoted", async () => {
  const { url } = await cloud();
  const good = join(folder, "keys.json");
  writeFileSync(
    good,
    JSON.stringify({ productKey: "MuGsF6W4", deviceKey: "861234567890123", deviceSecret: secret }),
  );
  expect((await obeyed(["device", "--server", url, "--keys", good, "--reports", "1"])).code).toBe(0);
  const bad = join(folder, "bad.json");
  writeFileSync(bad, `{ "deviceSecret": "${secret}" `);
  const { code, stdout, stderr } = await obeyed(["device", "--server", url, "--keys", bad]);
  expect(code).toBe(2);
  expect(stderr).toContain("is not JSON");
  expect(stdout + stderr).not.toContain(secret);
});

test("keys that cannot work are refused before anything is sent", async () => {
  const { code, stderr } = await obeyed(["device", "--server", "coap://127.0.0.1:9"], {
    ...keys,
    ENOS_PRODUCT_KEY: "a/b",
  });
  expect(stderr).toBe(
    "productKey has a slash at position 2: it must be printable ASCII without spaces or slashes\n",
  );
  expect(code).toBe(2);
});

test("a port that is taken is one line and exit code 1", async () => {
  const { url } = await cloud();
  const { code, stderr } = await obeyed(["cloud", "--port", url.split(":")[2]]);
  expect(stderr).toMatch(/^[^\n]*in use[^\n]*\n$/);
  expect(code).toBe(1);
});

test("another vector for the signature than the server's ends with 1 and says what to try", async () => {
  const { url } = await cloud("--iv", "key");
  const { code, stdout, stderr } = await obeyed(["device", "--server", url, "--reports", "1"], keys);
  expect(stdout).toContain("0 of 1 readings acknowledged");
  expect(stderr).toMatch(
    /^\S+ cannot read the first request \(4\.00\): if it is the signature, try another --iv \(now zero\)[^\n]*\n$/,
  );
  expect(code).toBe(1);
  expect((await obeyed(["device", "--server", url, "--reports", "1", "--iv", "key"], keys)).code).toBe(0);
});

test("the other edition pinned by mistake ends with 1 and says what to leave out", async () => {
  const { url } = await cloud();
  const { code, stderr } = await obeyed(["device", "--server", url, "--edition", "tokenless"], keys);
  expect(stderr).toMatch(/admits the device and refuses its requests \(4\.01\): leave out --edition/);
  expect(code).toBe(1);
});
