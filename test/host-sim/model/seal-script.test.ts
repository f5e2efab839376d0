/**
 * The parsing script of a sealed product: what it makes of envelopes, of commands and of answers, and what it refuses and
 * how it says so. The devices' side is node:crypto's (seal-oracle.ts).
 */
import { transform } from "esbuild";
import { describe, expect, it, test } from "vitest";
import {
  bothRoots,
  device,
  firstSalt,
  imei,
  loadSealed,
  markOf,
  nameOf,
  nonceOf,
  openDown,
  productKey,
  provenAnswer,
  roots,
  sealUp,
  sealedSource,
  withCheckDigit,
} from "./seal-oracle";
import { emptyLock, updateLock } from "../../../host-sim/model/lock";
import { parsingScript } from "../../../host-sim/model/write-script";
import { example, generated, load, manual, sound, unhex } from "./script";
import type { Lock } from "../../../host-sim/model/lock";
import type { SealedDevice, SealedParsingScript } from "./seal-oracle";

const plainScript = load(generated(example).files["parsing-script.js"]);
const script = loadSealed(example);
const migrating = loadSealed(example, { migrating: true });
const proving = loadSealed(example, { proof: true });
const count = { salt: firstSalt, counter: 5 };
const set = "thing.service.measurepoint.set";

function seal(plain: string, of: SealedDevice = device, counter = 5): Buffer {
  return sealUp(of, { salt: firstSalt, counter }, unhex(plain));
}

function opened(bytes: Uint8Array, by: SealedParsingScript = script): Record<string, unknown> {
  return JSON.parse(by.rawDataToJsonStr([...bytes]) as string) as Record<string, unknown>;
}

/** JSON of a message from a text of its inside. */
const read = (plain: string, by?: SealedParsingScript): Record<string, unknown> => opened(seal(plain), by);

/** The refusal of these bytes; a test that gets anything else fails. */
function refusal(bytes: ArrayLike<number>, by: SealedParsingScript = script): string {
  try {
    by.rawDataToJsonStr([...Array.from(bytes)]);
  } catch (error) {
    expect(by.lastFault).toBe((error as Error).message);
    expect(by.lastSealed).toBeNull();
    return (error as Error).message;
  }
  throw new Error("it was taken");
}

function command(
  params: unknown,
  by: SealedParsingScript = script,
  method = set,
  id: unknown = "20",
): Buffer {
  return Buffer.from(by.jsonStrToRawData(JSON.stringify({ id, version: "1.0", method, params })));
}

const named = { productKey, deviceKey: imei };
/** 2026-01-01T00:00:00Z in ms since 2020. */
const new2026 = (1_767_225_600_000 - 1_577_836_800_000).toString(16).padStart(10, "0");

describe("a message that any product has", () => {
  test.each([
    ["the answer to a set command", "02 00000007 c8"],
    ["the answer to a service", "11 00000007 c8 01"],
    ["an answer with a long id", "06 1cd91d165a240000 02 fb"],
    ["what is no message", "00 00000001"],
    ["points that are cut", "01 00000001 04 0004 000000"],
    ["points that are cut before their id", "03 000000"],
    ["points and more than points", "03 00000001 01 08 01 00"],
  ])("is read as if it came plain: %s", (_what, plain) => {
    expect(read(plain)).toEqual(JSON.parse(plainScript.rawDataToJsonStr([...unhex(plain)]) as string));
    expect(script.lastFault).toBe(plainScript.lastFault);
    expect(script.lastSealed).toEqual({ deviceKey: imei, salt: "0123456789abcdef", counter: 5, root: 0 });
  });
});

describe("readings with their time state their device", () => {
  const reading = (relay: number, time: number): object => ({ ...named, measurepoints: { relay }, time });
  test.each<[what: string, plain: string, method: string, readings: object[]]>([
    [
      "one of several, alone",
      "04 00000001 00 0000000003e8 00 01 04 0004 00000001",
      "post.batch",
      [reading(1, 1000)],
    ],
    ["one that waited", "05 00000001 01 0000000003e8 00 01 08 01", "resume.batch", [reading(1, 1000)]],
    [
      "several",
      "04 00000001 00 0000000003e8 00 01 04 0004 00000001 8102 01 04 0004 00000000",
      "post.batch",
      [reading(1, 1000), reading(0, 1257)],
    ],
    [
      "several that waited, compact",
      "05 00000001 01 ffffffffffff 00 01 08 01 00 01 08 00",
      "resume.batch",
      [reading(1, 2 ** 48 - 1), reading(0, 2 ** 48 - 1)],
    ],
    [
      "one with its own time",
      `07 00000001 ${new2026} 04 0004 00000001`,
      "post.batch",
      [reading(1, 1_767_225_600_000)],
    ],
    ["the same, compact", `0c 00000001 ${new2026} 01 08 01`, "post.batch", [reading(1, 1_767_225_600_000)]],
    [
      "the first that it can state",
      "0c 00000001 0000000000 01 08 00",
      "post.batch",
      [reading(0, 1_577_836_800_000)],
    ],
    [
      "the last that it can state",
      "0c 00000001 ffffffffff 01 08 00",
      "post.batch",
      [reading(0, 1_577_836_800_000 + 2 ** 40 - 1)],
    ],
  ])("%s", (_what, plain, method, readings) => {
    expect(read(plain)).toEqual({
      id: "1",
      version: "1.0",
      method: `thing.measurepoint.${method}`,
      params: readings,
    });
    expect(script.lastFault).toBe("");
  });

  // Else they could be presented as another device's.
  test.each([
    ["points", "01 00000001 04 0004 00000001"],
    ["the same, compact", "03 00000001 01 08 01"],
  ])(
    "and so do those of a device that does not know the time, with that of their arrival: %s",
    (_what, plain) => {
      const before = Date.now();
      const json = read(plain) as { method: string; params: { time: number }[] };
      const [{ time }] = json.params;
      expect(json).toEqual({
        ...{ id: "1", version: "1.0", method: "thing.measurepoint.post.batch" },
        params: [reading(1, time)],
      });
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(Date.now());
    },
  );

  it("by the device's name in text too", () => {
    const other = { ...device, deviceKey: "node-7" };
    expect(opened(seal("0c 00000001 0000000000 01 08 00", other))).toMatchObject({
      params: [{ productKey, deviceKey: "node-7" }],
    });
  });

  it("but for one that has no point of this model any more, which is no entry of a batch", () => {
    const lock = updateLock(emptyLock, example) as Lock;
    const measurepoints = example.measurepoints.filter((each) => each.identifier !== "relay");
    const later = sound({ ...example, measurepoints });
    const { files: _files, ...rest } = generated(later, lock);
    const keyed = {
      roots: [roots[0].toString("hex")],
      productKey,
      proof: false,
      migrating: false,
      mark: true,
    };
    const own = load(parsingScript(later, rest.lock, rest.fingerprint, keyed)) as SealedParsingScript;
    const gone = {
      method: "thing.measurepoint.post",
      params: { measurepoints: {}, time: 1_577_836_800_000 },
    };
    expect(read("0c 00000001 0000000000 01 08 00", own)).toMatchObject(gone);
    expect(read("07 00000001 0000000000 04 0004 00000001", own)).toMatchObject(gone);
    expect(read("05 00000001 00 016f5e66e800 00 01 08 00", own)).toMatchObject(gone);
  });

  test.each([
    ["07 00000001 00000000", /too early/],
    ["0c 00000001 0000000000", /too early/],
    ["0c 00000001 0000000000 01 08 01 00", /1 bytes left over/],
    ["07 00000001 0000000000 04 0004 000000", /too early/],
    ["04 00000001 00 000000000000", /no reading/],
    ["05 00000001 02 000000000000 00 01 08 00", /flags are 2/],
  ])("is 1220 where it cannot be read: %s", (plain, message) => {
    const answer = { id: "1", code: 1220, message: expect.stringMatching(message) as string };
    expect(read(plain)).toEqual(answer);
    expect(script.lastFault).toMatch(message);
    expect(script.lastSealed).not.toBeNull();
  });
});

describe("messages in JSON", () => {
  const message = (method: string, params: string | Uint8Array, id = "00000001"): Buffer => {
    const text = typeof params === "string" ? Buffer.from(params) : params;
    const inside = [unhex(`0d ${id}`), Uint8Array.of(Buffer.byteLength(method)), Buffer.from(method), text];
    return sealUp(device, count, Buffer.concat(inside));
  };

  test.each([
    ["event.overheat.post", { events: { temperature: 90.5 }, time: 1_767_225_600_000 }],
    ["event.a.b-c_D.post", { events: {} }],
    ["attribute.update", { attributes: { label: 'Köln "süd" \\ 😀\u2028' } }],
    ["attribute.delete", { attributes: ["label"] }],
    // A list, as the manual has it.
    ["tag.update", [{ tagKey: "floor", tagValue: "2" }]],
    ["tag.update", []],
    ["tag.delete", { tags: ["floor"] }],
    ["attribute.update", {}],
    ["attribute.update", JSON.parse('{"attributes":{"__proto__":1,"toString":2}}')],
  ])("%s %j", (method, params) => {
    const json = opened(message(method, JSON.stringify(params)));
    expect(json).toEqual({ id: "1", version: "1.0", method: `thing.${method}`, params });
  });

  it("whose device has been taken apart say nothing but what their device may say", () => {
    // Pasted into the message, this would be another one.
    const breakout = '{}},"method":"thing.service.reboot","params":{"a":{}';
    const rows: [method: string, params: string, fault: string][] = [
      ["event.overheat.post", breakout, "params is no JSON"],
      ["event.overheat.post", "", "params is no JSON"],
      ["event.overheat.post", "{} {}", "params is no JSON"],

      ["event.overheat.post", "null", "params is neither an object nor a list"],
      ["event.overheat.post", '"{}"', "params is neither an object nor a list"],
      ["event.overheat.post", "\u00ff", "params is no JSON"],
    ];
    for (const [method, params, fault] of rows) {
      expect(opened(message(method, params))).toEqual({ id: "1", code: 1220, message: fault });
    }
    expect(opened(message("tag.update", Uint8Array.of(0x7b, 0xff, 0x7d)))).toMatchObject({
      message: "a text is no UTF-8",
    });
    const methods = [
      ...[
        "",
        "event..post ",
        "event.post",
        "event.a/b.post",
        'event.a".post',
        "event.a.post\n",
        "eventXa.post",
      ],
      ...[
        "measurepoint.post",
        "measurepoint.post.batch",
        "service.reboot",
        "tsltemplate.get",
        "attribute.query",
      ],
      ...[
        "tag.query",
        "attribute.update.batch",
        "thing.event.a.post",
        "event.é.post",
        `event.${"x".repeat(65)}.post`,
      ],
    ];
    for (const method of methods) {
      const { code, message: why, ...rest } = opened(message(method, "{}"));
      expect([method, code, rest]).toEqual([method, 1220, { id: "1" }]);
      expect(why).toMatch(/^the method .* is none that is sealed$/s);
    }
  });

  it("that are cut", () => {
    for (const plain of ["0d 00000001", "0d 00000001 05 61747472"]) {
      expect(read(plain)).toMatchObject({
        id: "1",
        code: 1220,
        message: expect.stringMatching(/too early/) as string,
      });
    }
    expect(read("0d 000000")).toEqual({ code: 1220, message: expect.any(String) as string });
  });

  it("have their id and their members from the envelope's message alone", () => {
    const params = '{"id":"9","method":"x","events":{},"id":"8"}';
    expect(opened(message("event.a.post", params, "ffffffff"))).toEqual({
      ...{ id: "4294967295", version: "1.0", method: "thing.event.a.post" },
      params: { id: "8", method: "x", events: {} },
    });
  });
});

describe("an envelope's device", () => {
  test.each([
    ["an IMEI", imei],
    ["an IMEI that begins with zeros", withCheckDigit("00000000000001")],
    ["an IMEI of zeros", "000000000000000"],
    ["the largest IMEI", withCheckDigit("99999999999999")],
    ["15 digits that are no IMEI", "356938035643808"],
    ["14 digits", "35693803564380"],
    ["16 digits", "3569380356438090"],
    ["one character", "~"],
    ["all characters of a key", "!\"#$%&'()*+,-.0123:;<=>?@AZ[\\]^_`az{|}~"],
    ["255 characters", "k".repeat(255)],
    ["a name of JavaScript's own", "__proto__"],
  ])("may be %s", (_what, deviceKey) => {
    for (const counter of [0, 255, 256, 65_535]) {
      const of = { ...device, deviceKey };
      expect(opened(seal("01 00000001 04 0004 00000001", of, counter))).toMatchObject({ id: "1" });
      expect(script.lastSealed).toEqual({ deviceKey, salt: "0123456789abcdef", counter, root: 0 });
    }
    expect(nameOf(deviceKey)).toHaveLength(
      _what.includes("IMEI") && !_what.includes("no") ? 6 : deviceKey.length + 1,
    );
  });

  /** An envelope with this name, whose other bytes are right. */
  const withName = (first: number, name: string, deviceKey: string): Buffer => {
    const whole = seal("01 00000001", { ...device, deviceKey });
    const behind = whole.subarray(1 + nameOf(deviceKey).length);
    return Buffer.concat([Uint8Array.of(first), unhex(name), behind]);
  };
  test.each<[what: string, first: number, name: string, deviceKey: string]>([
    ["empty", 0x0a, "00", "x"],
    ["an IMEI in text", 0x0a, `0f ${Buffer.from(imei).toString("hex")}`, imei],
    ["with a slash", 0x0a, "03 612f62", "a/b"],
    ["with a space", 0x0a, "03 612062", "a b"],
    ["with a control character", 0x0a, "02 610a", "a\n"],
    ["with a byte beyond ASCII", 0x0a, "02 61e9", "aé"],
    ["with DEL", 0x0a, "01 7f", "\u007f"],
    ["more than 14 digits", 0x08, "5af3107a4000", "100000000000000"],
    ["the largest number", 0x08, "ffffffffffff", "281474976710655"],
  ])("is no name: %s", (_what, first, name, deviceKey) => {
    expect(refusal(withName(first, name, deviceKey))).toBe("sealed: name");
  });

  it("has one form of its counter", () => {
    const sealed = seal("01 00000001");
    const longer = Buffer.concat([
      Uint8Array.of(0x09),
      sealed.subarray(1, 15),
      Uint8Array.of(0),
      sealed.subarray(15),
    ]);
    expect(refusal(longer)).toBe("sealed: forged");
    // The same two bytes where they are the counter's only form.
    expect(opened(seal("01 00000001", device, 0x0105))).toMatchObject({ id: "1" });
  });
});

describe("what is refused, and why", () => {
  it("plain messages", () => {
    for (const plain of [
      "01 00000001 04 0004 00000001",
      "02 00000007 c8",
      "07",
      "0c",
      "0d",
      "0e",
      "0f",
      "00",
      "7b",
      "ff",
    ]) {
      expect(refusal(unhex(plain))).toBe("sealed: plain");
    }
    // As EnOS hands bytes over, whose program is Java.
    expect(refusal([-1])).toBe("sealed: plain");
  });

  it("what is cut, wherever it is", () => {
    for (const deviceKey of [imei, "node-7"]) {
      for (const counter of [5, 300]) {
        const whole = seal("01 00000001 04 0004 00000001", { ...device, deviceKey }, counter);
        const head = 1 + nameOf(deviceKey).length + 8 + (counter < 256 ? 1 : 2);
        for (let length = 0; length < whole.length; length++) {
          const reason = length < head + 8 ? "truncated" : "forged";
          expect([length, refusal(whole.subarray(0, length))]).toEqual([length, `sealed: ${reason}`]);
        }
        expect(refusal([...whole, 0])).toBe("sealed: forged");
      }
    }
  });

  it("what was sealed for another device, product or script, or in the other direction", () => {
    const plain = "01 00000001 04 0004 00000001";
    const other = { ...device, deviceKey: "node-7" };
    const sealed = seal(plain);
    const renamed = Buffer.concat([Uint8Array.of(0x0a), nameOf("node-7"), sealed.subarray(7)]);
    expect(refusal(renamed)).toBe("sealed: forged");
    expect(refusal(seal(plain), loadSealed(example, { productKey: "Other" }))).toBe("sealed: forged");
    expect(refusal(seal(plain, { ...device, productKey: "Other" }))).toBe("sealed: forged");
    expect(refusal(seal(plain, { ...device, root: roots[1] }))).toBe("sealed: forged");
    expect(opened(seal(plain, { ...other, root: roots[1] }), loadSealed(example, bothRoots))).toMatchObject({
      id: "1",
    });
    // A command's envelope sent back up.
    const down = command({ relay: 1, deviceKey: imei });
    expect(refusal(down)).toBe("sealed: plain");
    const ciphertext = down.subarray(20);
    const asUp = Buffer.concat([
      Uint8Array.of(0x08),
      nameOf(imei),
      down.subarray(7, 15),
      Uint8Array.of(5),
      ciphertext,
    ]);
    expect(refusal(asUp)).toBe("sealed: forged");
  });

  it("everything, by the script without keys, and it says so", () => {
    const bare = loadSealed(example, { roots: [], productKey: "" });
    expect(refusal(seal("01 00000001"), bare)).toBe("sealed: no roots");
    expect(refusal(unhex("01 00000001"), bare)).toBe("sealed: plain");
    expect(() => command({ relay: 1, deviceKey: imei }, bare)).toThrow("sealed: no roots");
    expect(() => command({ relay: 1 }, bare)).toThrow("sealed: no deviceKey in params");
  });

  test.each([null, undefined, 5, "text", {}, { length: -1 }, [256], [8, 1.5], new Array(1)])(
    "%j is no array of bytes, which is no matter of seals",
    (given) => {
      for (const each of [script, migrating]) {
        expect(JSON.parse(each.rawDataToJsonStr(given) as string)).toMatchObject({ code: 1220 });
      }
    },
  );

  it("forgets what it opened before", () => {
    read("01 00000001");
    expect(script.lastSealed).not.toBeNull();
    expect(refusal([8])).toBe("sealed: truncated");
    read("01 00000001");
    command({ relay: 1, deviceKey: imei });
    expect(script.lastSealed).not.toBeNull();
    script.rawDataToJsonStr(null);
    expect(script.lastSealed).toBeNull();
  });
});

test("devices that have proven themselves are remembered, 64 of them, and strangers are not", () => {
  const own = loadSealed(example, bothRoots) as SealedParsingScript & { remembered: Record<string, object> };
  const names = (): string[] => Object.keys(own.remembered);
  for (let n = 0; n < 100; n++) {
    const of = { ...device, root: roots[n % 2], deviceKey: `node-${n}` };
    expect(opened(seal("01 00000001", of), own)).toMatchObject({ id: "1" });
    const forged = seal("01 00000001", { ...of, deviceKey: `stranger-${n}` });
    forged[forged.length - 1] ^= 1;
    expect(refusal(forged, own)).toBe("sealed: forged");
  }
  expect(names()).toEqual(Array.from({ length: 64 }, (_none, i) => `${i % 2}/node-${36 + i}`));
});

describe("commands", () => {
  it("are sealed for the device that they name, which is not sent", () => {
    const before = Date.now();
    const sealed = command({ relay: 1, deviceKey: imei });
    const taken = openDown(device, sealed)!;
    expect(taken.plain.toString("hex")).toBe("020000001404" + "00000001");
    expect(taken.time).toBeGreaterThanOrEqual(before);
    expect(taken.time).toBeLessThanOrEqual(Date.now());
    expect(taken.nonce).toEqual(nonceOf(device, taken.time, taken.plain));
    expect(sealed).toHaveLength(1 + 6 + 13 + 10 + 8);
    expect(sealed.includes(imei)).toBe(false);
    for (const other of [
      { ...device, deviceKey: "node-7" },
      { ...device, productKey: "Other" },
      { ...device, root: roots[1] },
    ]) {
      expect(openDown(other, sealed)).toBeUndefined();
    }
  });

  it("are as they would be plain: services, long ids, every value", () => {
    const rows: [method: string, params: object, id: unknown][] = [
      ["thing.service.reboot", { delay: 5 }, "20"],
      ["thing.service.fetch_log", {}, "4294967296"],
      [
        "thing.service.calibrate",
        { reference: { temperature: -0, source: 'é"\u0000' } },
        "2078724684846989312",
      ],
      [set, { relay: 0 }, 7],
      [set, {}, "7"],
    ];
    for (const [method, params, id] of rows) {
      const json = JSON.stringify({ id, version: "1.0", method, params }).replace(
        '"temperature":0',
        '"temperature":-0',
      );
      const plain = Buffer.from(plainScript.jsonStrToRawData(json));
      const withDevice = json.replace(
        /"params":\{(.?)/,
        (_all, next: string) => `"params":{"deviceKey":"${imei}"${next === "}" ? "" : ","}${next}`,
      );
      const sealed = Buffer.from(script.jsonStrToRawData(withDevice));
      expect(plain.length).toBeGreaterThan(0);
      expect(openDown(device, sealed)!.plain.toString("hex")).toBe(plain.toString("hex"));
    }
    // A number that no double holds is read as it is written.
    const big = `{"id":2078724684846989313,"method":"${set}","params":{"deviceKey":"${imei}"}}`;
    expect(openDown(device, Buffer.from(script.jsonStrToRawData(big)))!.plain.toString("hex")).toBe(
      "061cd91d165a24000102",
    );
  });

  it("are sealed under both roots, each with the same nonce, and half of it is of no use alone", () => {
    const sealed = command({ relay: 1, deviceKey: imei }, loadSealed(example, bothRoots));
    expect(sealed[0]).toBe(0x0f);
    expect(sealed).toHaveLength(1 + 6 + 13 + 2 * (10 + 8));
    const [newer, older] = roots.map((root) => openDown({ ...device, root }, sealed)!);
    expect(newer).toEqual(older);
    expect(newer.nonce).toEqual(nonceOf(device, newer.time, newer.plain));
    const first = Buffer.concat([Uint8Array.of(0x0e), sealed.subarray(1, 38)]);
    expect(openDown({ ...device, root: roots[0] }, first)?.plain).toEqual(newer.plain);
    expect(openDown({ ...device, root: roots[1] }, first)).toBeUndefined();
  });

  it("have another nonce for another device, time or text, and the same for the same", () => {
    const at = (time: number, params: object, id = "20"): string => {
      const source = `${sealedSource(example)}\nDate = function () { this.getTime = function () { return ${time}; }; };`;
      return command(params, load(source) as SealedParsingScript, set, id).toString("hex");
    };
    const time = 1_780_000_000_000;
    const given = { relay: 1, deviceKey: imei };
    const all = [
      at(time, given),
      at(time + 1, given),
      at(time, { ...given, relay: 0 }),
      at(time, given, "21"),
    ];
    all.push(at(time, { ...given, deviceKey: "node-7" }));
    expect(at(time, given)).toBe(all[0]);
    expect(all[0].slice(2, 14)).toBe(time.toString(16).padStart(12, "0"));
    expect(new Set(all.map((each) => each.slice(14, 40))).size).toBe(all.length);
  });

  it("that name no device are refused", () => {
    const faults: unknown[] = [
      { relay: 1 },
      undefined,
      null,
      [],
      "text",
      { relay: 1, deviceKey: null },
      { relay: 1, deviceKey: 5 },
      { relay: 1, deviceKey: [imei] },
    ];
    for (const params of faults) {
      expect(() => command(params)).toThrow(/^sealed: no deviceKey in params$/);
      expect(script.lastFault).toBe("sealed: no deviceKey in params");
    }
    expect(() => command({}, script, "thing.service.reboot")).toThrow("sealed: no deviceKey in params");
    for (const deviceKey of ["", "a/b", "a b", "é", "k".repeat(256), "a\n"]) {
      expect(() => command({ relay: 1, deviceKey })).toThrow(/^sealed: name$/);
    }
  });

  it("that have no raw form give no bytes, and the reason", () => {
    const rows: [json: string, fault: RegExp][] = [
      ["", /./],
      ["[]", /no JSON object/],
      ["null", /no JSON object/],
      [
        `{"id":"1","method":"${set}","params":{"deviceKey":"${imei}","temperature":1}}`,
        /temperature cannot be set/,
      ],
      [`{"id":"x","method":"${set}","params":{"deviceKey":"${imei}","relay":1}}`, /id has to be/],
      [`{"id":"1","method":"thing.service.other","params":{"deviceKey":"${imei}"}}`, /other is no service/],
      [
        `{"id":"1","method":"thing.service.reboot","params":{"deviceKey":"${imei}"}}`,
        /lacks the input delay/,
      ],
      [`{"id":"1","method":"thing.other","params":{"deviceKey":"${imei}"}}`, /has no raw form/],
      ['{"id":"1","method":"thing.other"}', /has no raw form/],
      ['{"id":"x","code":200}', /id has to be/],
    ];
    for (const [json, fault] of rows) {
      expect([...script.jsonStrToRawData(json)]).toEqual([]);
      expect(script.lastFault).toMatch(fault);
    }
  });
});

describe("answers", () => {
  const answer = (by: SealedParsingScript, id: unknown, code = 200): string =>
    Buffer.from(by.jsonStrToRawData(JSON.stringify({ id, code, data: {} }))).toString("hex");

  it("are plain where the product asks for no proof", () => {
    const { id } = read("01 00000014");
    expect(id).toBe("20");
    expect(answer(script, id)).toBe("00000014" + "00c8");
    expect(answer(script, 4294967295, 1204)).toBe("ffffffff" + "04b4");
  });

  test.each([
    ["points", "01 fffffffe 04 0004 00000001"],
    ["points, compact", "03 fffffffe 01 08 01"],
    ["points that are not read quickly", "01 fffffffe 06 0002 c3a9"],
    ["readings", "05 fffffffe 00 0000000003e8 00 01 08 01 01 01 08 00"],
    ["a reading and its time", "07 fffffffe 0000000000 04 0004 00000001"],
    ["the same, compact", "0c fffffffe 0000000000 01 08 01"],
    ["an event", `0d fffffffe 0c ${Buffer.from("event.a.post{}").toString("hex")}`],
  ])("prove themselves: %s", (_what, plain) => {
    for (const deviceKey of [imei, 'n"0\\.7', "k".repeat(255)]) {
      for (const [index, root] of roots.entries()) {
        const own = loadSealed(example, { ...bothRoots, proof: true });
        const of = { ...device, root, deviceKey };
        for (const counter of [0, 300, 65_535]) {
          const { id, method } = opened(seal(plain, of, counter), own);
          expect(id).toBe(`4294967294.${index}.0123456789abcdef.${counter}.${deviceKey}`);
          expect(method).toMatch(/^thing\./);
          for (const code of [200, 0, 1204, 65_535]) {
            const proven = provenAnswer(of, { salt: firstSalt, counter }, 0xffff_fffe, code);
            expect(answer(own, id, code)).toBe(proven.toString("hex"));
          }
        }
      }
    }
  });

  it("to commands have the command's id, and what cannot be read proves nothing", () => {
    expect(read("02 00000007 c8", proving)).toEqual({ id: "7", code: 200, data: {} });
    expect(read("11 00000007 c8 01", proving)).toMatchObject({ id: "7", code: 200 });
    expect(read("06 1cd91d165a240000 02 c8", proving)).toMatchObject({ id: "2078724684846989312" });
    for (const plain of ["01 00000001 63 0001 00", "05 00000001 00", "0d 00000001 00", "07 00000001"]) {
      expect(read(plain, proving)).toMatchObject({ id: "1", code: 1220 });
    }
  });

  it("of an id that is no script's of this product's are those of a plain one", () => {
    expect(answer(proving, "20")).toBe("00000014" + "00c8");
    expect(answer(script, `20.0.0123456789abcdef.5.${imei}`)).toHaveLength(28);
    for (const id of [
      `20.2.0123456789abcdef.5.${imei}`,
      "20.0.0123456789abcdef.5.",
      "20.0.0123456789abcde.5.x",
      "20.0.0123456789abcdef.5.a/b",
    ]) {
      expect([id, answer(proving, id)]).toEqual([id, ""]);
      expect(proving.lastFault).toMatch(/id has to be/);
    }
    expect(answer(proving, [`20.0.0123456789abcdef.5.${imei}`])).toBe("");
    expect(answer(proving, `4294967296.0.0123456789abcdef.5.${imei}`)).toBe("");
    // The report came while there was another root, and the script was changed before its answer.
    expect(() => answer(proving, `20.1.0123456789abcdef.5.${imei}`)).toThrow(/^sealed: no roots$/);
  });
});

describe("a product that takes plain messages too", () => {
  it("reads both, and tells them apart", () => {
    expect(read("04 00000001 00 0000000003e8 00 01 04 0004 00000001", migrating)).toMatchObject({
      params: [{ deviceKey: imei }],
    });
    expect(migrating.lastSealed).toMatchObject({ deviceKey: imei });
    for (const plain of [
      "01 00000001 04 0004 00000001",
      "04 00000001 00 0000000003e8 00 01 04 0004 00000001",
      "05 00000001 00 0000000003e8 00 01 08 01 01 01 08 00",
      "07 00000001 0000000000 04 0004 00000001",
      "0d 00000001 00",
      "0e",
      "",
    ]) {
      const bytes = [...unhex(plain)];
      expect(migrating.rawDataToJsonStr(bytes)).toBe(plainScript.rawDataToJsonStr(bytes));
      expect(migrating.lastSealed).toBeNull();
    }
    const forged = seal("01 00000001");
    forged[forged.length - 1] ^= 1;
    expect(refusal(forged, migrating)).toBe("sealed: forged");
  });

  it("seals commands that name a device, and no others", () => {
    expect(command({ relay: 1 }, migrating).toString("hex")).toBe("020000001404" + "00000001");
    expect(openDown(device, command({ relay: 1, deviceKey: imei }, migrating))?.plain.toString("hex")).toBe(
      "020000001404" + "00000001",
    );
    expect(() => command({ relay: 1, deviceKey: 5 }, migrating)).toThrow("sealed: no deviceKey in params");
    expect([...command([], migrating)]).toEqual([]);
    const bare = loadSealed(example, { roots: [], productKey: "", migrating: true });
    expect(command({ relay: 1 }, bare)).toHaveLength(10);
    expect(() => command({ relay: 1, deviceKey: imei }, bare)).toThrow("sealed: no roots");
  });

  it("has no proof of what came plain", () => {
    const both = loadSealed(example, { migrating: true, proof: true });
    expect(JSON.parse(both.rawDataToJsonStr([...unhex("01 00000001")]) as string)).toMatchObject({ id: "1" });
    expect(Buffer.from(both.jsonStrToRawData('{"id":"1","code":200}')).toString("hex")).toBe("0000000100c8");
  });
});

test("a mark tells sealed readings, whatever they are, and nothing else has it", () => {
  const marking = loadSealed(example, { mark: true, proof: true, migrating: true });
  const mark = markOf(device);
  expect(mark).toMatch(/^[0-9a-f]{16}$/);
  expect(markOf({ ...device, deviceKey: "node-7" })).not.toBe(mark);
  for (const plain of [
    "01 00000001 04 0004 00000001",
    "03 00000001 01 08 01",
    "01 00000001 06 0003 7d7d7d",
    "0c 00000001 0000000000 01 08 01",
    "05 00000001 01 0000000003e8 00 01 08 01 01 01 08 00",
  ]) {
    const { params } = read(plain, marking) as { params: { measurepoints: object }[] };
    expect(params.map(({ measurepoints }) => measurepoints)).toEqual(
      (read(plain) as { params: { measurepoints: object }[] }).params.map(({ measurepoints }) => ({
        ...measurepoints,
        sealed: mark,
      })),
    );
  }
  for (const plain of [
    "01 00000001",
    "02 00000007 c8",
    "01 00000001 63",
    `0d 00000001 0c ${Buffer.from("event.a.post{}").toString("hex")}`,
  ]) {
    expect(JSON.stringify(read(plain, marking))).not.toContain('sealed"');
  }
  expect(marking.rawDataToJsonStr([...unhex("01 00000001 04 0004 00000001")])).not.toContain("sealed");
});

describe("the script's text", () => {
  it("of a plain product has nothing of seals", () => {
    for (const model of [example, manual]) {
      expect(generated(model).files["parsing-script.js"]).not.toMatch(/seal|ROOTS|MIGRATING|SBOX/i);
    }
  });

  it("of a sealed product has the plain one in it, line by line, but where sealing enters", () => {
    const plain = generated(example).files["parsing-script.js"].split("\n");
    const sealed = new Set(sealedSource(example).split("\n"));
    expect(plain.filter((line) => !sealed.has(line)).map((line) => line.trim())).toEqual([
      "var message = JSON.parse(json);",
      'if (readings.length > 1) return uplink(id, method + ".batch", readings);',
      "return uplink(id, method, readings.length === 1 ? readings[0] : { measurepoints: {}, time: time });",
    ]);
  });

  it("says that it holds the keys, where it does", () => {
    expect(sealedSource(example)).toMatch(/npm run model/);
    expect(sealedSource(example, { roots: [], productKey: "" })).toContain("var ROOTS = [];");
    const withKeys = sealedSource(example, bothRoots);
    expect(withKeys.slice(0, 700)).toContain("It holds the keys of all devices");
    expect(sealedSource(example, { roots: [], productKey: "" })).not.toContain("holds the keys");
    for (const root of roots) expect(withKeys).toContain(root.toString("hex"));
  });

  it("is ES5, needs nothing but ECMAScript, and has a size", async () => {
    for (const model of [example, manual]) {
      const source = sealedSource(model, bothRoots);
      const { code } = await transform(source, { target: "es5", minifyWhitespace: true, logLevel: "silent" });
      expect(code).not.toMatch(
        /\b(require|import|export|module|console|Buffer|Uint8Array|DataView|Map|Symbol|crypto|random)\b/,
      );
      expect(source.split("\n").filter((line) => line.length > 120)).toEqual([]);
      expect(source).not.toMatch(/[ \t]$/m);
    }
    const size = sealedSource(example).length - generated(example).files["parsing-script.js"].length;
    expect(size).toBeGreaterThan(15_000);
    expect(size).toBeLessThan(26_000);
  });
});
