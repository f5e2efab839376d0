/**
 * `npm run device` with a sealed product, as docs/sealed.md has it: the model is sealed, the script gets its keys, the
 * stand-in runs it, and the firmware on this PC seals over real UDP.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { skipWithout } from "../../absent";
import { launch, obeyed } from "./command-line";
import { Workplace, deviceKey, expectNoSecret, masters, productKey, sealKey } from "./sealed-product";
import type { Finished, Running } from "./command-line";

const deviceSecret = "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E";
const keys = { ENOS_PRODUCT_KEY: productKey, ENOS_DEVICE_KEY: deviceKey, ENOS_DEVICE_SECRET: deviceSecret };
/** Nothing listens there: whatever is refused was refused before anything was sent. */
const nobody = "coap://127.0.0.1:9";

let work: Workplace;
const running: Running[] = [];
beforeEach(() => (work = new Workplace()));
afterEach(() => {
  for (const command of running.splice(0)) command.process.kill("SIGKILL");
  work.remove();
});

function started(args: string[], env: Record<string, string> = {}): Running {
  const command = launch(args, env);
  running.push(command);
  return command;
}

/** The stand-in with the product, sealed so, and its device. */
async function cloud(seal: unknown): Promise<{ command: Running; url: string; api: string }> {
  const model = work.model(seal);
  const script = work.path("script.js");
  const masterAndPlace = ["--master", work.path("new"), "--product-key", productKey, "--script-out", script];
  expect((await obeyed(["model", ...masterAndPlace, model])).code).toBe(0);
  const products = work.file(
    "products.json",
    JSON.stringify([{ productKey, payload: "raw", model: "model.json", script: "script.js" }]),
  );
  const devices = work.file("devices.json", JSON.stringify([{ productKey, deviceKey, deviceSecret }]));
  const files = ["--products", products, "--devices", devices];
  const command = started(["cloud", "--port", "0", "--api-port", "0", ...files]);
  const [, url] = await command.until(/(coap:\/\/127\.0\.0\.1:\d+)/);
  const [, api] = await command.until(/application API on (http:\S+\/api\/v1)/);
  return { command, url, api };
}

/** Runs the command; whatever it says, no secret is in it. */
async function device(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  const finished = await obeyed(["device", ...args], { ...keys, ...env });
  for (const text of [finished.stdout, finished.stderr]) {
    expectNoSecret(text, "what it prints");
    expect(text).not.toContain(deviceSecret.slice(0, 8));
  }
  return finished;
}

describe("over UDP", () => {
  test.each([
    { seal: true, flags: ["--sealed"] },
    { seal: { proof: true }, flags: ["--sealed", "proof"] },
  ])("reports and obeys: $seal", async ({ seal, flags }) => {
    const { command, url, api } = await cloud(seal);
    const id = await fetch(`${api}/devices/${productKey}/${deviceKey}/commands`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind: "set", points: { relay: 1, deviceKey }, pendingTtl: 60 }),
    }).then(async (answer) => ((await answer.json()) as { id: string }).id);
    const master = ["--master", work.path("new")];
    const limits = ["--reports", "2", "--interval", "1"];
    const { code, stdout, stderr } = await device(["--server", url, ...flags, ...master, ...limits]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("2 of 2 readings acknowledged, 1 commands executed");
    const told = (await (await fetch(`${api}/commands/${id}`)).json()) as { status: string };
    expect(told.status).toBe("success");
    expect(command.output()).toMatch(/stored reading \d+ \(raw\) temperature=/);
    expectNoSecret(command.output(), "the stand-in's log");
  });

  test("with the key itself, from the environment", async () => {
    const { url } = await cloud(true);
    const args = ["--server", url, "--sealed", "--reports", "1"];
    expect((await device(args, { ENOS_SEAL_KEY: sealKey(masters[0]) })).code).toBe(0);
  });

  test("under another master nothing of it is stored", async () => {
    const { command, url } = await cloud(true);
    const finished = started(
      ["device", "--server", url, "--sealed", "--master", work.path("old"), "--interval", "1"],
      keys,
    );
    await command.until(/sealed: /);
    await finished.until(/report +(kept|refused) id=/);
    expect(command.output()).not.toContain("stored reading");
  });
});

test.skipIf(skipWithout("@lydell/node-pty", "serialport"))(
  "through a modem on a serial port",
  async () => {
    const { url } = await cloud(true);
    const modem = started(["modem", "sim7020", "--attach", "0"]);
    const [, path] = await modem.until(/ on (\S+), \d+ baud/);
    const serial = ["--serial", path, "--modem", "sim7020", "--server", url, "--reports", "1"];
    const { code, stdout } = await device([...serial, "--sealed", "--master", work.path("new")]);
    expect(stdout).toContain("1 of 1 readings acknowledged");
    expect(code).toBe(0);
  },
  60_000,
);

describe("is refused in one line", () => {
  const lines: [string, string[], Record<string, string>, string][] = [
    ["without a key", ["--sealed"], {}, "no seal key, and this product is sealed: name its master's file"],
    ["a short key", ["--sealed"], { ENOS_SEAL_KEY: "12ab" }, "64 hexadecimal digits, got 4 characters"],
    ["a key for nothing", ["--master", "x"], {}, "--master is for a sealed product: add --sealed"],
    ["JSON", ["--sealed", "--format", "json"], {}, "--format json does not go with --sealed"],
    ["no such master", ["--sealed", "--master", "nowhere"], {}, "--master: nowhere is not there"],
    ["another word", ["--sealed", "twice"], {}, "--sealed takes nothing, or proof"],
  ];
  test.each(lines)("%s", async (_, args, env, line) => {
    const { code, stdout, stderr } = await device(["--server", nobody, ...args], env);
    expect(stderr).toContain(line);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect([code, stdout]).toEqual([2, ""]);
  });
});
