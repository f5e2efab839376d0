/** `npm run modem` and `npm run device -- --serial`: what a user can do wrong. */
import { describe, expect, test } from "vitest";
import { skipWithout } from "../../absent";
import { obeyed, run } from "./command-line";

const keys = {
  ENOS_PRODUCT_KEY: "AbCdEfGh",
  ENOS_DEVICE_KEY: "864600031234566",
  ENOS_DEVICE_SECRET: "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E",
};
const server = ["--server", "coap://127.0.0.1:5683"];

describe("one line, and the code of misuse", () => {
  test.each([
    [["modem", "bg96"], /^<family> takes sim7020, .*, got "bg96": did you mean bg95\?\n$/],
    [["modem", "bg95", "--quirks", "junk-at-wake,foo"], /^--quirks: no quirk "foo", there are urc-/],
    [["modem", "bg95", "--route", "x"], /^--route takes 203\.0\.113\.5=127\.0\.0\.1:5683/],
    [["modem", "bg95", "--route", "1.2.3.4=127.0.0.1:0"], /^--route takes /],
    [["modem", "bg95", "--imei", "12"], /^--imei takes 15 digits, got "12"\n$/],
    [["device", ...server, "--modem", "bg95"], /^--modem is for a modem on --serial; without it the device/],
    [["device", ...server, "--at"], /^--at is for a modem on --serial; without it the device has none/],
    [["device", ...server, "--power-key", "dtr"], /^--power-key is for a modem on --serial/],
    [["device", ...server, "--setting", "pin=1234"], /^--setting is for a modem on --serial/],
    [
      ["device", ...server, "--serial", "/dev/x", "--setting", "pin"],
      /^--setting takes name=value, got "pin"/,
    ],
    [
      ["device", ...server, "--serial", "/dev/x", "--setting", "bandz=8"],
      /^--setting: there is none "bandz", the nearest is bands\n$/,
    ],
    [
      ["device", ...server, "--serial", "/dev/x", "--setting", "bands=8", "--setting", "pin=12345678901"],
      /^--setting: pin must be 4 to 8 digits\n$/,
    ],
    [
      ["device", ...server, "--serial", "/dev/x", "--modem", "bc95", "--setting", "rat=lte-m"],
      /^--setting: rat is "lte-m", and a bc95 has nb-iot alone\n$/,
    ],
    [
      ["device", ...server, "--serial", "/dev/x", "--setting", "init=AT+CMEE=0"],
      /^--setting: init has "AT\+CMEE=0", which changes how the modem answers\n$/,
    ],
    [
      ["device", ...server, "--device-secret=kT4vXq9Z"],
      /^npm run device has no option --device-secret: .*\n$/,
    ],
    [
      ["device", ...server, "--keys", '{"deviceSecret":"kT4vXq9Z"}'],
      /^--keys takes the name of a file, not what/,
    ],
    [["device", ...server, "--serial", "/dev/x", "--power-key", "abc"], /^--power-key takes dtr, rts, /],
    [["device", ...server, "--serial", "/dev/x", "--data", "/tmp"], /^--data and --serial exclude/],
    [
      ["device", ...server, "--serial", "/dev/x", "--modem", "bg96"],
      /^--modem takes sim7020, .*, got "bg96": did you mean bg95\?\n$/,
    ],
  ])("%j", async (args, line) => {
    const { code, stderr, stdout } = await obeyed(args, keys);
    expect(stderr).toMatch(line);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe.skipIf(skipWithout("@lydell/node-pty"))("a link that cannot be had", () => {
  test.each([
    [
      ["modem", "bg95", "--link", "/nonexistent/modem"],
      /^--link \/nonexistent\/modem: cannot be made \(there is no such file or folder, ENOENT\)\n$/,
    ],
    [["modem", "bg95", "--link", "/dev/null"], /^--link \/dev\/null: is there already: remove it, or name/],
  ])("%j", async (args, line) => {
    const { code, stderr, stdout } = await obeyed(args, keys);
    expect(stderr).toMatch(line);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe.skipIf(skipWithout("serialport"))(
  "a port that cannot be had: one line, and the code of failure",
  () => {
    test.each(["/dev/nonexistent", "/etc/hostname"])("%s", async (path) => {
      const { code, stderr } = await run(["device", ...server, "--serial", path], keys);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(stderr).toContain(`${path} cannot be opened: `);
      expect(code).toBe(1);
    });
  },
);
