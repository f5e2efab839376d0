import { describe, expect, it, test } from "vitest";
import { settingsInVain, wantedOf } from "../../../firmware/device/modem-settings";
import { sim7080 } from "../../../firmware/modem/family/sim7080";
import { familyNamed } from "../../../firmware/modem/family/family";
import { families } from "../../../firmware/modem/family/index";
import { readSettings } from "../../../firmware/device/settings";
import { unknownSettings } from "../../../firmware/device/unknown-settings";
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
    radioBudget: 5400,
    othersBudget: 240,
    keepAlive: false,
    logValues: false,
    lifetime: 3600,
    edition: "auto",
    iv: "zero",
    contentFormat: "auto",
    modemClock: "auto",
    board: "m5stack-nbiot",
    pressedHigh: false,
    edrx: 0,
    sleep: "none",
    processor: 160,
    waiting: "slow",
    apn: "iot.example",
    apnAuth: "pap",
    ipType: "ipv4",
    rat: "nb-iot",
    search: 1800,
    roaming: true,
    t3324: 2,
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
    ring: 15,
    processor: 240,
    modemSupply: 18,
    t3324: 2,
    t3412: 3600,
    search: 600,
    roaming: false,
    baud: 9600,
  };
  const text = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  const choices = {
    payload: "alternate",
    order: "live",
    full: "thin",
    edition: "tokenless",
    iv: "key",
    contentFormat: "always",
    modemClock: "utc",
    board: "generic",
    modem: "bg95",
    edrx: 82,
    sleep: "deep",
    waiting: "light-sleep",
    apn: "cmnbiot",
    apnUser: "meter",
    apnPassword: "s3cret",
    apnAuth: "chap",
    ipType: "ipv4v6",
    rat: "nb-iot,lte-m",
    operator: "26201",
    pin: "0042",
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
        "-example.com",
        "example-.com",
        "example..com",
        ".example.com",
        "example.com.",
        "exämple.com",
        "example.com:port",
        "coaps://example.com",
        "exa mple.com",
        `${"a".repeat(64)}.com`,
        `${"a.".repeat(126)}com`,
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
    ["apn", ['a"b', "a b", "a\r\nAT+CPOWD=1", 5, "x".repeat(101)], "printable ASCII"],
    ["order", ["newest", 1], "one of oldest, live"],
    ["full", ["drop", null], "one of oldest, newest, thin"],
    ["spacing", [-1, 3_601], "whole number from 0 to 3600"],
    ["startSpread", [-1, 3_601], "whole number from 0 to 3600"],
    ["radioBudget", [-1, 86_401], "whole number from 0 to 86400"],
    ["othersBudget", [-1, 86_401], "whole number from 0 to 86400"],
    ["keepAlive", ["yes", 1, null], "true or false"],
    ["modemSupply", [49, "x"], "whole number from 0 to 48"],
    ["powerKey", [-1, 49, "GPIO4", 0.5], "whole number from 0 to 48"],
    ["apnUser", ['a"b', "a b", 5], "printable ASCII"],
    ["apnAuth", ["none", ""], "one of pap, chap"],
    ["ipType", ["4", ""], "one of ipv4, ipv6, ipv4v6"],
    ["rat", ["gsm", "nbiot", "nb-iot, lte-m", ""], "one of nb-iot, lte-m, nb-iot,lte-m, lte-m,nb-iot"],
    [
      "bands",
      ["0", "86", "8,", "8,,20", "8;20", "eight", "8,8", -1, 0, [8], "1,".repeat(60)],
      "such as 8,20",
    ],
    ["search", [59, 86_401, "long"], "whole number from 60 to 86400"],
    ["operator", ["2620", "2620123", "O2", 1234, -1], "5 to 6 digits"],
    ["roaming", ["no", 0], "true or false"],
    ["pin", ["123", "123456789", "12a4", "12 34", 123, -123], "must be 4 to 8 digits"],
    ["baud", [0, 300, "fast", -9600], "one of auto, 4800, 9600"],
    ["init", [5, "x".repeat(401), "AT+X\r\nAT+Y", ["AT"]], "AT command lines with semicolons between"],
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

describe("of a product that seals its payloads", () => {
  it.each(["json", "alternate"])("payload=%s is refused, as EnOS's own JSON is in no envelope", (payload) => {
    expect(() => readSettings({ server, payload }, true)).toThrow(
      `payload is "${payload}", it must be raw or compact: this product is sealed, and EnOS's own JSON cannot be`,
    );
    expect(readSettings({ server, payload }).payload).toBe(payload);
  });

  it.each(["raw", "compact"])("payload=%s is taken", (payload) => {
    expect(readSettings({ server, payload }, true).payload).toBe(payload);
  });

  it("any other word is refused as it is elsewhere", () => {
    expect(() => readSettings({ server, payload: "xml" }, true)).toThrow("must be one of raw, compact, json");
  });
});

describe("the server", () => {
  test.each([
    "example.com",
    "a.b-c.d2",
    "ENOS.example",
    "localhost",
    "3com.com",
    `${"a".repeat(63)}.example`,
  ])("may be a name: %s", (name) => {
    expect(readSettings({ server: name }).server).toBe(name);
  });

  test.each<[string, string, number]>([
    ["40.73.26.27:5683", "40.73.26.27", 5683],
    ["40.73.26.27:1", "40.73.26.27", 1],
    ["enos.example:65535", "enos.example", 65_535],
    ["coap://40.73.26.27", "40.73.26.27", 5683],
    ["coap://enos.example:5684", "enos.example", 5684],
  ])("may be written with its port, and as a URL: %s", (written, server, port) => {
    expect(readSettings({ server: written })).toMatchObject({ server, port });
    expect(readSettings({ server: written, port })).toMatchObject({ server, port });
  });

  test.each([
    ...["40.73.26.27:", "40.73.26.27:0", "40.73.26.27:65536", "40.73.26.27:5683:1", "40.73.26.27:x", ":5683"],
    ...["http://40.73.26.27", "coaps://40.73.26.27", "coap://", "coap://a/b", "40.73.26.27:5683/"],
  ])("is not %s", (written) => {
    expect(() => readSettings({ server: written })).toThrow(/^server is .*:PORT may follow$/);
  });

  it("has one port", () => {
    expect(() => readSettings({ server: "a.example:5684", port: 5683 })).toThrow(
      "server has the port 5684 and port is 5683: leave one of them out",
    );
  });
});

describe("what is asked of the modem", () => {
  const wanted = (given: Record<string, unknown>): ReturnType<typeof wantedOf> =>
    wantedOf(readSettings({ server, ...given }), sim7080);

  it("is the settings, in the driver's own form", () => {
    expect(wanted({})).toEqual({
      apn: "iot.example",
      ipType: "ipv4",
      rat: ["nb-iot"],
      roaming: true,
      search: 1800,
      psm: { t3324: 2, t3412: 86_400 },
    });
    expect(wanted({ bands: "8,20", operator: 310_410, rat: "lte-m,nb-iot", edrx: 82 })).toMatchObject({
      bands: [8, 20],
      operator: "310410",
      rat: ["lte-m", "nb-iot"],
      edrx: 82,
    });
    expect(wanted({ bands: 8 }).bands).toEqual([8]);
    expect(wanted({ bands: "" }).bands).toBeUndefined();
  });

  it("is the network's own access point where apn is blank", () => {
    expect(wanted({ apn: "" }).apn).toBe("");
  });

  it("has the login of the access point, PAP unless said otherwise", () => {
    expect(wanted({ apnUser: "meter", apnPassword: "s3cret" }).apnLogin).toEqual({
      auth: "pap",
      user: "meter",
      password: "s3cret",
    });
    expect(wanted({ apnUser: "meter", apnAuth: "chap" }).apnLogin).toEqual({
      auth: "chap",
      user: "meter",
      password: "",
    });
    expect(() => readSettings({ server, apnPassword: "s3cret" })).toThrow(/^apnPassword is set and apnUser/);
  });

  it("takes command lines of the user's own, each for itself", () => {
    expect(readSettings({ server, init: 'AT+CNBS=1; AT+QCFG="nb1/bandprior",14;' }).init).toEqual([
      "AT+CNBS=1",
      'AT+QCFG="nb1/bandprior",14',
    ]);
    expect(wanted({ init: "AT+CPIN?;AT+COPS=?;AT+CGMR" })).toBeDefined();
  });

  test.each([
    ["AT+CFUN=1,1", /^init has "AT\+CFUN=1,1", which restarts/],
    ["ATZ", /which restarts/],
    ["AT&F", /which restarts/],
    ["AT&F0", /which restarts/],
    ["ate1", /which changes how the modem answers/],
    ["ATV0", /which changes how the modem answers/],
    ["ATS3=10", /which changes how the modem answers/],
    ["at+cmee=2", /which changes how the modem answers/],
    ["AT+CEREG=0", /which changes how the modem answers/],
    ["ATD*99#", /which waits for data/],
    ["AT+CMGS=5", /which waits for data/],
    ["AT+QICLOSE=0", /socket/],
    ["AT+UDCONF=1,0", /socket/],
    ["AT+IPR=9600", /use the setting baud/],
    ['AT+CPIN="1234"', /^init has "AT\+CPIN=", use the setting pin$/],
    ['AT+CGDCONT=1,"IP","x"', /use the setting apn/],
    ["AT+COPS=2", /use the setting operator/],
    ["AT+CPSMS=0", /use the settings t3324/],
    ["+CSQ", /does not begin with AT/],
    ["AT", /does not begin with AT/],
    ["AT+CGMR;+CFUN=0", /does not begin with AT/],
    ['AT+NPIN=0,"1234"', /use the setting pin/],
    ['AT+UAUTHREQ=1,1,"me","x"', /^init has "AT\+UAUTHREQ=", use the setting apn$/],
    // Blanks, and a question mark behind a value, change nothing.
    ["AT +CFUN=0", /which restarts/],
    ["AT+ CFUN = 0", /which restarts/],
    ["AT  E1", /which changes how the modem answers/],
    ["ATS 3=10", /which changes how the modem answers/],
    ["AT+CFUN=0?", /which restarts/],
  ])("refuses %s, and says why", (init, reason) => {
    expect(() => wanted({ init })).toThrow(SettingsError);
    expect(() => wanted({ init })).toThrow(reason);
  });
});

describe("what a family of modems cannot do", () => {
  const family = (name: string): ReturnType<typeof familyNamed> => familyNamed(families, name);

  it("is a fault where nothing would work: a technology that it lacks, a name that it cannot resolve", () => {
    expect(() => wantedOf(readSettings({ server, rat: "lte-m" }), family("sim7020"))).toThrow(
      'rat is "lte-m", and a sim7020 has nb-iot alone',
    );
    expect(() => wantedOf(readSettings({ server, rat: "nb-iot,lte-m" }), family("bg95"))).not.toThrow();
    expect(() => wantedOf(readSettings({ server: "enos.example" }), family("sara-n2"))).toThrow(
      /^server is "enos.example", and a sara-n2 has no command/,
    );
    for (const { name, without = [] } of families) {
      const refused = without.some((each) => each === "server");
      const read = (): unknown => wantedOf(readSettings({ server: "enos.example" }), family(name));
      if (refused) expect(read, name).toThrow(SettingsError);
      else expect(read, name).not.toThrow();
    }
  });

  it("is told by name where the rest works without it, and only where it was given", () => {
    const given = { server, bands: "8", operator: "26201", roaming: false, apnUser: "x", ipType: "ipv6" };
    const without = ["bands", "operator", "roaming", "apnUser", "ipType", "init", "baud", "server"] as const;
    const poor = { ...sim7080, without };
    const named = ["bands", "operator", "roaming", "apnUser", "ipType"];
    expect(settingsInVain(readSettings(given), poor)).toEqual(named);
    expect(settingsInVain(readSettings({ server }), poor)).toEqual([]);
    expect(settingsInVain(readSettings(given), { ...sim7080, without: undefined })).toEqual([]);
  });
});

describe("no message holds a secret", () => {
  test.each([
    ["pin", { pin: "12345678901" }],
    ["pin", { pin: 12 }],
    ["pin", { pin: "1234 " }],
    ["apnPassword", { apnUser: "x", apnPassword: "my pass" }],
    ["apnPassword", { apnPassword: "mypass" }],
  ])("%s %j", (name, given) => {
    let message = "";
    try {
      readSettings({ server, ...given });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(new RegExp(`^${name} `));
    for (const secret of ["12345678901", "1234", "my pass", "mypass", "is 12,"]) {
      expect(message).not.toContain(secret);
    }
  });
});

describe("a setting that nobody reads", () => {
  const unknown = (config: Record<string, unknown>): string[] =>
    unknownSettings({ server, ...config }, readSettings({ server })).map(
      ({ name, nearest }) => `${name}: ${nearest}`,
    );

  test.each([
    ["band", "bands"],
    ["Bands", "bands"],
    ["pinn", "pin"],
    ["PIN", "pin"],
    ["simPin", "pin"],
    ["apn_user", "apnUser"],
    ["apnPasswd", "apnPassword"],
    ["apnPasswort", "apnPassword"],
    ["sever", "server"],
    ["host", "port"],
    ["intervall", "interval"],
    ["baudrate", "baud"],
    ["devicekey", "deviceKey"],
  ])("%s is named, with %s", (name, nearest) => {
    expect(unknown({ [name]: "x" })).toEqual([`${name}: ${nearest}`]);
  });

  it("is none of those that are read, nor of the keys", () => {
    const all = Object.keys(readSettings({ server }));
    expect(all.length).toBeGreaterThan(40);
    expect(unknown(Object.fromEntries(all.map((name) => [name, "x"])))).toEqual([]);
    expect(unknown({ productKey: "x", deviceKey: "x", deviceSecret: "x" })).toEqual([]);
  });

  it("is none of the SDK's: what its manifests and those of its boards put into a configuration", () => {
    // Of Moddable SDK 8: boards of build/devices/esp32/targets, examples/manifest_net.json, mcconfig itself.
    const sdk = {
      Screen: class {},
      touch: "ft6206",
      format: "RGB565LE",
      rotation: 90,
      driverRotation: 270,
      startupSound: "bflatmajor.maud",
      startupVibration: 600,
      enablePowerButton: true,
      brightness: 90,
      led: { pin: 21, rainbow: true },
      camera: { frameSize: 1 },
      button_pin: 0,
      ssid: "x",
      password: "x",
      sntp: "pool.ntp.org",
    };
    expect(unknown(sdk)).toEqual([]);
  });

  it("is shown without its value, no longer than a line has room for, and a few at most", () => {
    const long = "x".repeat(500);
    expect(unknown({ [long]: "secret" })).toEqual([`${"x".repeat(40)}: edrx`]);
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x${i}`, i]));
    expect(unknown(many)).toHaveLength(8);
  });
});
