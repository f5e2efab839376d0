/**
 * A simulated modem on a pseudo-terminal, the firmware on the other end of it, and the stand-in behind its
 * sockets: three processes, as a user starts them.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { skipWithout } from "../absent";
import { launch } from "../host-sim/cli/command-line";
import type { Running } from "../host-sim/cli/command-line";

const skipped = skipWithout("@lydell/node-pty", "serialport");

let folder: string;
let running: Running[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "serial-"));
  running = [];
});
afterEach(async () => {
  for (const each of running) each.process.kill("SIGTERM");
  await Promise.all(running.map(({ finished }) => finished));
  rmSync(folder, { recursive: true, force: true });
});

function start(args: readonly string[], env: Record<string, string> = {}): Running {
  const started = launch(args, env);
  running.push(started);
  return started;
}

describe.skipIf(skipped)("three processes", () => {
  // One that pushes datagrams in hexadecimal, one with prompts and raw data.
  it.each(["sim7020", "sim7080"])(
    "%s: a reading from the firmware over the terminal into the cloud",
    async (family) => {
      const cloud = start(["cloud", "--port", "0", "--api-port", "0"]);
      const [, port] = await cloud.until(/coap:\/\/127\.0\.0\.1:(\d+)/);
      const key = async (name: string): Promise<string> =>
        (await cloud.until(new RegExp(`${name}=(\\S+)`)))[1];
      const keys = {
        ENOS_PRODUCT_KEY: await key("ENOS_PRODUCT_KEY"),
        ENOS_DEVICE_KEY: await key("ENOS_DEVICE_KEY"),
        ENOS_DEVICE_SECRET: await key("ENOS_DEVICE_SECRET"),
      };
      const link = join(folder, "modem");
      const modem = start([
        "modem",
        family,
        "--link",
        link,
        "--attach",
        "0",
        "--fast",
        "10",
        "--quirks",
        "urc-before-ok",
      ]);
      await modem.until(/ baud$/m);
      const server = `coap://127.0.0.1:${port}`;
      const device = start(
        ["device", "--serial", link, "--modem", family, "--server", server, "--reports", "1"],
        keys,
      );
      const { code } = await device.finished;
      expect(code, device.output()).toBe(0);
      expect(device.output()).toContain("1 of 1 readings acknowledged");
      expect(cloud.output()).toMatch(/stored reading \d+/);
      // The same again with a wrong secret ends by itself, and says what to check.
      const wrong = start(
        ["device", "--serial", link, "--modem", family, "--server", server, "--reports", "1"],
        { ...keys, ENOS_DEVICE_SECRET: "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E" },
      );
      expect((await wrong.finished).code, wrong.output()).toBe(1);
      expect(wrong.output()).toContain("the server does not let the device in (unauthorized): check keys");
      // Neither of them shows what must stay secret.
      for (const { output } of [modem, device, wrong])
        expect(output()).not.toContain(keys.ENOS_DEVICE_SECRET);
      modem.process.kill("SIGINT");
      expect((await modem.finished).code).toBe(0);
      expect(existsSync(link)).toBe(false);
    },
    60_000,
  );
});
