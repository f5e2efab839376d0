import { describe, expect, it, test } from "vitest";
import { readSettings } from "../../../firmware/device/settings";
import { SettingsError } from "../../../firmware/enos/credentials";

const server = "203.0.113.5";

it("needs a server and nothing else", () => {
  expect(readSettings({ server })).toEqual({
    server,
    port: 5683,
    interval: 900,
    reports: 0,
    payload: "raw",
    batch: 1,
    payloadLimit: 512,
    order: "oldest",
    full: "oldest",
    spacing: 3,
    startSpread: 300,
    radioBudget: 3600,
    othersBudget: 240,
    keepAlive: false,
    logValues: false,
    lifetime: 3600,
    edition: "auto",
    iv: "zero",
    modemClock: "auto",
    board: "m5stack-nbiot",
    pressedHigh: false,
    edrx: 0,
    sleep: "none",
    apn: "iot.example",
    t3324: 10,
    t3412: 86_400,
  });
});

it("says no more of what is no single value, for its text may take more than there is", () => {
  let nested: unknown = [];
  for (let i = 0; i < 100_000; i++) nested = [nested];
  const message = "interval is no single value, it must be a whole number from 1 to 86400";
  for (const interval of [nested, {}, []]) {
    expect(() => readSettings({ server, interval })).toThrow(new SettingsError(message));
  }
});

it("takes no number and no address that is longer than one can be", () => {
  const long = `${"0".repeat(40)}60`;
  expect(() => readSettings({ server, interval: long })).toThrow(SettingsError);
  expect(() => readSettings({ server: ".".repeat(100_000) })).toThrow(SettingsError);
});

it("takes numbers as numbers and as text, as the manifest and the command line give them", () => {
  const given = {
    server,
    port: 5684,
    interval: 60,
    reports: 1,
    batch: 4,
    payloadLimit: 256,
    late: 0,
    spacing: 10,
    startSpread: 0,
    radioBudget: 600,
    othersBudget: 90,
    keepAlive: true,
    logValues: true,
    pressedHigh: true,
    lifetime: 30,
    powerKey: 12,
    transmit: 21,
    receive: 22,
    reset: 13,
    wake: 14,
    modemSupply: 18,
    t3324: 2,
    t3412: 3600,
  };
  const text = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  const choices = {
    payload: "alternate",
    order: "live",
    full: "thin",
    edition: "tokenless",
    iv: "key",
    modemClock: "utc",
    board: "generic",
    modem: "bg95",
    edrx: 82,
    sleep: "deep",
    apn: "cmnbiot",
  };
  expect(readSettings({ ...given, ...choices })).toEqual({ ...given, ...choices });
  expect(readSettings({ ...text, ...choices })).toEqual({ ...given, ...choices });
});

it("an empty powerKey means that there is none; settings of others are passed over", () => {
  expect(readSettings({ server, modemSupply: "" }).modemSupply).toBeUndefined();
  expect(readSettings({ server, powerKey: "", ssid: "x", deviceSecret: "s" }).powerKey).toBeUndefined();
});

describe("a value that cannot work is refused by name, with what it may be", () => {
  const bad: [name: string, values: unknown[], hint: string][] = [
    [
      "server",
      [
        undefined,
        "",
        "example.com",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.",
        "1.2.3.4 ",
        "01.2.3.4",
        "1.2.3.04",
        "::1",
        5,
        "1.2.3.-4",
        "1.2.3.4e1",
      ],
      "must be an IPv4 address such as 203.0.113.5",
    ],
    ["port", [0, 65_536, 1.5, "", "5683x", NaN, null, true, {}], "whole number from 1 to 65535"],
    ["sleep", ["light", "", 1], "one of none, deep"],
    ["interval", [0, -1, 86_401, "1.5", "ten", Infinity], "whole number from 1 to 86400"],
    ["reports", [-1, 1_000_001, "x"], "whole number from 0 to 1000000"],
    ["payload", ["", "RAW", "xml", 1, null], "one of raw, compact, json, alternate"],
    ["batch", [0, 101, "x"], "whole number from 1 to 100"],
    ["payloadLimit", [63, 1_025, 100.5], "whole number from 64 to 1024"],
    ["late", [-1, "soon"], "whole number from 0 to 31536000"],
    ["lifetime", [29, 86_401, 1.5, NaN, "1h"], "whole number from 30 to 86400"],
    ["edition", ["", "both", 2019], "one of auto, token, tokenless"],
    ["iv", ["", "a b", "x".repeat(101), "tür", 0, '"zero"'], "printable ASCII"],
    ["apn", ["", 'a"b', "a b", "a\r\nAT+CPOWD=1", 5, "x".repeat(101)], "printable ASCII"],
    ["order", ["newest", 1], "one of oldest, live"],
    ["full", ["drop", null], "one of oldest, newest, thin"],
    ["spacing", [-1, 3_601], "whole number from 0 to 3600"],
    ["startSpread", [-1, 3_601], "whole number from 0 to 3600"],
    ["radioBudget", [-1, 86_401], "whole number from 0 to 86400"],
    ["othersBudget", [-1, 86_401], "whole number from 0 to 86400"],
    ["keepAlive", ["yes", 1, null], "true or false"],
    ["modemSupply", [49, "x"], "whole number from 0 to 48"],
    ["powerKey", [-1, 49, "GPIO4", 0.5], "whole number from 0 to 48"],
    ["t3324", [-1, 11_161, "2s"], "whole number from 0 to 11160"],
    ["t3412", [59, 35_712_001, "1d"], "whole number from 60 to 35712000"],
  ];

  const rows = bad.flatMap(([name, values, hint]) => values.map((value) => [name, value, hint] as const));
  test.each(rows)("%s %j", (name, value, hint) => {
    const read = (): unknown => readSettings({ server, [name]: value });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(new RegExp(`^${name} `));
    expect(read).toThrow(hint);
  });

  it("and shows no more than the beginning of a long one", () => {
    let message = "";
    try {
      readSettings({ server: "x".repeat(500) });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message.length).toBeLessThan(160);
  });
});
