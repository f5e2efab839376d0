/** `npm run device -- --serial PATH --at`: lines typed to a modem that the firmware drives at the same time. */
import { afterEach, describe, expect, it } from "vitest";
import { skipWithout } from "../../absent";
import { launch } from "./command-line";
import type { Running } from "./command-line";

const running: Running[] = [];
afterEach(() => {
  for (const command of running.splice(0)) command.process.kill("SIGKILL");
});

function started(...args: Parameters<typeof launch>): Running {
  const command = launch(...args);
  running.push(command);
  return command;
}

describe.skipIf(skipWithout("@lydell/node-pty", "serialport"))("a modem on a serial port", () => {
  it("answers whoever types, and brings the readings up all the same", async () => {
    const cloud = started(["cloud", "--port", "0", "--api-port", "0"]);
    const [, url] = await cloud.until(/(coap:\/\/127\.0\.0\.1:\d+)/);
    await cloud.until(/ENOS_DEVICE_SECRET=\S+/);
    const keys = Object.fromEntries(
      [...cloud.output().matchAll(/export (ENOS_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
    );
    const modem = started(["modem", "sim7020", "--attach", "0"]);
    const [, path] = await modem.until(/ on (\S+), \d+ baud/);
    const login = ["--setting", "apnUser=me", "--setting", "apnPassword=kept-close"];
    const device = started(
      ["device", "--serial", path, "--modem", "sim7020", "--server", url, "--reports", "1", "--at", ...login],
      keys,
      "pipe",
    );
    await device.until(/modem +starting/);
    device.process.stdin!.write("AT+CFUN=1\nAT+CPIN=1234\nAT+CGMM\r\n");
    await device.until(/at +< OK/);
    const { code, stdout } = await device.finished;
    expect(stdout).toContain("not sent: AT+CFUN=1: which restarts the modem");
    expect(stdout).toContain("not sent: AT+CPIN=…: use the setting pin");
    expect(stdout).not.toContain("CPIN=1234");
    expect(stdout).toMatch(/at +> AT\+CGMM\n/);
    expect(stdout).toMatch(/at +< (\+CGMM: )?SIM7020/);
    expect(stdout).toContain("1 of 1 readings acknowledged");
    expect(code).toBe(0);
    // The driver has told the modem the password; neither shows it.
    expect(modem.output()).toContain('"<hidden>","<hidden>"');
    expect(modem.output() + stdout).not.toContain("kept-close");
  }, 60_000);
});
