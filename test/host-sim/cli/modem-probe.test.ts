/** `npm run modem -- --probe`, against simulated modems on pseudo-terminals. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, test } from "vitest";
import { skipWithout } from "../../absent";
import { openPty } from "../../../host-sim/tools/pc/pty";
import { launch, obeyed } from "./command-line";
import type { Running } from "./command-line";

const folder = mkdtempSync(join(tmpdir(), "probe-"));
const capture = join(folder, "modem-probe.txt");
const running: Running[] = [];
afterEach(() => {
  for (const command of running.splice(0)) command.process.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true }));

const imei = "490154203237518";

/** A simulated modem, and the name of its terminal. */
async function modem(family: string): Promise<string> {
  const command = launch(["modem", family, "--imei", imei, "--attach", "0", "--fast", "5"]);
  running.push(command);
  const [, path] = await command.until(/ on (\S+), \d+ baud/);
  return path;
}

describe("one line, and the code of misuse", () => {
  test.each([
    [["modem"], /^name the family of the modem to simulate \(sim7020, .*\), or --probe\n$/],
    [["modem", "bg95", "--probe", "/dev/x"], /^--probe finds the family out: leave "bg95" out\n$/],
    [["modem", "--probe", "/dev/x", "--quirks", "urc-lost"], /^--quirks is for a simulated modem, not for/],
    [["modem", "bg95", "--identity"], /^--identity is for --probe\n$/],
    [["modem", "bg95", "--baud", "9600"], /^--baud is for --probe\n$/],
    [["modem", "--probe", "/dev/x", "--baud", "1"], /^--baud takes a whole number from 300 to 4000000/],
    [
      ["modem", "--probe", "/dev/x", "--capture", "/no/x.txt"],
      /^--capture .*: cannot be written \(there is no such file or folder, ENOENT\)\n$/,
    ],
    [["modem", "--probe", "/dev/x", "--capture", "package.json"], /is there already, and is no capture/],
  ])("%j", async (args, line) => {
    const { code, stderr, stdout } = await obeyed(args);
    expect(stderr).toMatch(line);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe.skipIf(skipWithout("@lydell/node-pty", "serialport"))("a modem on a serial port", () => {
  test.each(["sim7080", "bc95", "bg95", "sara-r5"])(
    "%s is recognised, and the capture does not say whose it is",
    async (family) => {
      const path = await modem(family);
      const { code, stdout, stderr } = await obeyed(["modem", "--probe", path, "--capture", capture]);
      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^family +${family}, for --modem ${family}$`, "m"));
      expect(stdout).toMatch(/^driver +(has|lacks) /m);
      expect(stdout).toMatch(/^firmware +(nearest in the table: )?[\w-]+ \(/m);
      expect(stdout).toMatch(/^registered +\d,\d.* \((at home|searching)\)$/m);
      const text = readFileSync(capture, "utf8");
      expect(text).toContain("> AT+CGMM\n");
      expect(text).toContain("<IMEI>");
      for (const shown of [text, stdout]) {
        expect(shown).not.toContain(imei);
        expect(shown).not.toMatch(/(?<![0-9a-fx])\d{14}/);
        expect(shown).not.toMatch(/(?<![\w.])\d+\.\d+\.\d+\.\d+/);
      }
    },
    60_000,
  );

  it("says whose it is when it is told to", async () => {
    const path = await modem("sim7080");
    const { code } = await obeyed(["modem", "--probe", path, "--capture", capture, "--identity"]);
    expect(code).toBe(0);
    const text = readFileSync(capture, "utf8");
    expect(text).toContain(`< ${imei}\n`);
    expect(text).toContain("as asked for by --identity");
  }, 60_000);

  test.each([
    ["silent", undefined, /: no modem answers at 9600 baud: check that it is on \(PWRKEY\)/],
    ["noisy", [0x00, 0xf8, 0x80], /: bytes came at 9600 baud, but no text: another rate\? tried 9600\n$/],
  ])("one that is %s: one line, and the code of failure", async (_, noise, line) => {
    writeFileSync(capture, "");
    rmSync(capture);
    const pty = await openPty(() => {
      if (noise !== undefined) pty.write(Uint8Array.from(noise));
    });
    const { code, stderr, stdout } = await obeyed([
      ...["modem", "--probe", pty.path, "--baud", "9600", "--capture", capture],
    ]);
    pty.close();
    expect(stderr).toMatch(line);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(1);
    expect(existsSync(capture)).toBe(false);
  });

  it("a port that cannot be had", async () => {
    const { code, stderr } = await obeyed(["modem", "--probe", "/dev/nonexistent", "--capture", capture]);
    expect(stderr).toMatch(/^\/dev\/nonexistent cannot be opened: /);
    expect(code).toBe(1);
  });
});
