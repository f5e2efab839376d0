/** What a script says of the envelope that it opened, and why it refused one: strangers' words, bounded and checked. */
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import type { Script, ScriptEngine } from "../../../../host-sim/cloud/script/script-engine";

let engine: ScriptEngine;
beforeAll(async () => {
  engine = await loadScriptEngine(() => 0);
});

function compiled(source: string): Script {
  const script = engine.compile(source);
  if ("fault" in script) throw new Error(script.fault);
  return script;
}

const salt = "0123456789abcdef";
const seal = { deviceKey: "861234567890123", salt, counter: 7, root: 0 };

/** A script with these globals, whose function does `body` with its bytes. */
function sealing(globals: string, body: string): Script {
  return compiled(`${globals}
function rawDataToJsonStr(bytes) { ${body}; return "made"; }
function jsonStrToRawData() { return [1]; }`);
}

/** What is read where the script's global has this value. */
function read(value: string): unknown {
  const script = sealing("var lastSealed = null;", `lastSealed = ${value}`);
  expect(script.rawToJson(Uint8Array.of(1))).toBe("made");
  const { lastSealed } = script;
  script.dispose();
  return lastSealed;
}

describe("what a script says of an envelope", () => {
  test.each([
    seal,
    { ...seal, root: 1 },
    { ...seal, counter: 0 },
    { ...seal, counter: 65_535 },
    { ...seal, deviceKey: "d" },
    { ...seal, deviceKey: "~".repeat(255) },
    { ...seal, more: { of: "it" } },
  ])("is read: %j", (told) => {
    const { deviceKey, counter, root } = told;
    expect(read(JSON.stringify(told))).toEqual({ deviceKey, salt, counter, root });
  });

  it("is that of the last call, and nothing after a message that is none or was refused", () => {
    const script = sealing(
      "var lastSealed = null;",
      `lastSealed = bytes[0] === 1 ? { deviceKey: "a", salt: "${salt}", counter: bytes[1], root: 0 } : null;
       if (bytes[0] === 3) { lastSealed = { deviceKey: "a", salt: "${salt}", counter: 1, root: 0 }; throw new Error("sealed: name"); }`,
    );
    expect(script.lastSealed).toBeUndefined();
    script.rawToJson(Uint8Array.of(1, 5));
    expect(script.lastSealed?.counter).toBe(5);
    script.jsonToRaw("{}");
    expect(script.lastSealed?.counter).toBe(5);
    script.rawToJson(Uint8Array.of(2));
    expect(script.lastSealed).toBeUndefined();
    script.rawToJson(Uint8Array.of(1, 6));
    script.rawToJson(Uint8Array.of(3));
    expect(script.lastSealed).toBeUndefined();
    script.rawToJson(Uint8Array.of(1, 7));
    script.rawToJson(new Uint8Array(300_000));
    expect(script.lastSealed).toBeUndefined();
  });

  it("is read of any kind of global that is there from the start", () => {
    const told = JSON.stringify(seal);
    for (const globals of [
      `let lastSealed = ${told};`,
      `const lastSealed = ${told};`,
      `globalThis.lastSealed = ${told};`,
      `Object.defineProperty(globalThis, "lastSealed", { get: function () { return ${told}; } });`,
    ]) {
      const script = sealing(globals, "");
      script.rawToJson(Uint8Array.of(1));
      expect(script.lastSealed, globals).toEqual(seal);
      expect(script.seals).toBe(true);
    }
    const plain = sealing("", `lastSealed = ${told}`);
    expect(plain.rawToJson(Uint8Array.of(1))).toBe("made");
    expect(plain.lastSealed).toBeUndefined();
    expect(plain.seals).toBe(false);
  });

  test.each([
    ["null"],
    ["undefined"],
    ["5"],
    ["'text'"],
    ["function () {}"],
    ["Symbol('s')"],
    ["[]"],
    ["{}"],
    ["Object.create(null)"],
    [JSON.stringify({ ...seal, deviceKey: "" })],
    [JSON.stringify({ ...seal, deviceKey: 5 })],
    [JSON.stringify({ ...seal, deviceKey: "a b" })],
    [JSON.stringify({ ...seal, deviceKey: "ключ" })],
    [JSON.stringify({ ...seal, deviceKey: "a\u0000" })],
    [JSON.stringify({ ...seal, deviceKey: "a\u007f" })],
    [JSON.stringify({ ...seal, deviceKey: "d".repeat(256) })],
    [`{ deviceKey: "d".repeat(1 << 20), salt: "${salt}", counter: 1, root: 0 }`],
    [JSON.stringify({ ...seal, salt: salt.slice(1) })],
    [JSON.stringify({ ...seal, salt: `${salt}0` })],
    [JSON.stringify({ ...seal, salt: salt.toUpperCase() })],
    [JSON.stringify({ ...seal, salt: "g".repeat(16) })],
    [JSON.stringify({ ...seal, salt: [...salt] })],
    [JSON.stringify({ ...seal, counter: -1 })],
    [JSON.stringify({ ...seal, counter: 65_536 })],
    [JSON.stringify({ ...seal, counter: 1.5 })],
    [JSON.stringify({ ...seal, counter: "7" })],
    [`{ deviceKey: "d", salt: "${salt}", counter: NaN, root: 0 }`],
    [`{ deviceKey: "d", salt: "${salt}", counter: 1, get root() { throw new Error("no"); } }`],
    [
      `{ deviceKey: { length: 1, toString: function () { return "d"; } }, salt: "${salt}", counter: 1, root: 0 }`,
    ],
    [JSON.stringify({ ...seal, root: 2 })],
    [JSON.stringify({ ...seal, root: true })],
  ])("is nothing when it is %s", (value) => {
    expect(read(value)).toBeUndefined();
  });

  it("is taken once of a getter that says something else each time", () => {
    const once = (first: string, then: string): string => `(function () {
      var asked = 0;
      return function () { return asked++ === 0 ? ${first} : ${then}; };
    })()`;
    const told = read(`Object.defineProperties({ root: 0 }, {
      deviceKey: { get: ${once('"short"', '"d".repeat(5000)')} },
      salt: { get: ${once(`"${salt}"`, '"s".repeat(5000)')} },
      counter: { get: ${once("9", "1e9")} },
    })`);
    expect(told).toEqual({ deviceKey: "short", salt, counter: 9, root: 0 });
  });

  it("is read by the engine's own means, whatever the script has put in their place", () => {
    const script = sealing(
      `var lastSealed = ${JSON.stringify(seal)};
       String.prototype.charCodeAt = function () { return 65; };
       Reflect.apply = Function.prototype.call = function () { throw new Error("mine"); };
       Object.defineProperty(Int8Array.prototype, "0", { set: function () { throw new Error("mine"); } });`,
      "",
    );
    expect(script.rawToJson(Uint8Array.of(1))).toBe("made");
    expect(script.lastSealed).toEqual(seal);
  });

  it("does not go on for ever, nor take all memory", () => {
    const endless = sealing("var lastSealed = { get salt() { for (;;); } };", "");
    expect(endless.rawToJson(Uint8Array.of(1))).toEqual({ fault: "took too long" });
    expect(endless.lastSealed).toBeUndefined();
    const greedy = sealing("var lastSealed = { get salt() { var a = []; for (;;) a.push({}); } };", "");
    greedy.rawToJson(Uint8Array.of(1));
    expect(greedy.lastSealed).toBeUndefined();
    // Others go on.
    expect(read(JSON.stringify(seal))).toEqual(seal);
  });

  it("does not spoil a text, nor bytes that are many", () => {
    const script = sealing(
      `var lastSealed = ${JSON.stringify(seal)};`,
      "return bytes.length + ' ' + bytes[bytes.length - 1] + 'ä'.repeat(bytes[0])",
    );
    for (const length of [1, 2048, 2049, 9000]) {
      const bytes = new Uint8Array(length).fill(100);
      expect(script.rawToJson(bytes)).toBe(`${length} 100${"ä".repeat(100)}`);
      expect(script.lastSealed).toEqual(seal);
    }
  });

  it("is nothing or well formed, whatever JSON it is", () => {
    const parts = fc.record(
      {
        deviceKey: fc.oneof(fc.string({ maxLength: 300 }), fc.anything()),
        salt: fc.oneof(fc.stringMatching(/^[0-9a-f]{16}$/), fc.string({ maxLength: 20 }), fc.anything()),
        counter: fc.oneof(fc.integer(), fc.double(), fc.anything()),
        root: fc.oneof(fc.constantFrom(0, 1, 2), fc.anything()),
      },
      { requiredKeys: [] },
    );
    const setting = compiled(
      "var lastSealed = null; function jsonStrToRawData(json) { lastSealed = JSON.parse(json); return []; }" +
        "function rawDataToJsonStr() { return ''; }",
    );
    fc.assert(
      fc.property(fc.oneof(parts, fc.anything()), (value) => {
        const json = JSON.stringify(value, (_key, each: unknown) =>
          typeof each === "bigint" || typeof each === "symbol" ? null : each,
        ) as string | undefined;
        if (json === undefined || json.includes("\0")) return;
        setting.jsonToRaw(json);
        expect(setting.rawToJson(Uint8Array.of(1))).toBe("");
        const seen = setting.lastSealed;
        if (seen === undefined) return;
        expect(seen.salt).toMatch(/^[0-9a-f]{16}$/);
        expect(seen.deviceKey).toMatch(/^[!-~]{1,255}$/);
        expect(Number.isInteger(seen.counter) && seen.counter >= 0 && seen.counter <= 65_535).toBe(true);
        expect(JSON.parse(json)).toMatchObject({ ...seen, counter: JSON.parse(json).counter });
      }),
      { numRuns: 300 },
    );
  });
});

describe("a refusal", () => {
  const thrown = (what: string): unknown => sealing("", `throw ${what}`).rawToJson(Uint8Array.of(1));

  test("quotes no key", () => {
    const key = "5e".repeat(32);
    const refused = JSON.stringify(thrown(`new Error("sealed: forged under ${key}")`));
    expect(refused).toContain('"refusal":"forged under *');
    expect(refused).not.toContain("5e5e");
  });

  test.each([
    ['new Error("sealed: forged")', "forged"],
    ['new Error("sealed: no deviceKey in params")', "no deviceKey in params"],
    ['new Error("sealed: of\\nmany lines")', "of"],
    [`new Error("sealed: " + "x".repeat(1000))`, "x".repeat(64)],
  ])("is told apart from a fault: %s", (what, reason) => {
    expect(thrown(what)).toMatchObject({ refusal: expect.stringMatching(`^${reason}`) });
    expect((thrown(what) as { refusal: string }).refusal.length).toBeLessThan(70);
  });

  test.each([
    'new Error("not sealed: forged")',
    'new TypeError("sealed: forged")',
    '"sealed: forged"',
    "null",
  ])("is none: %s", (what) => {
    expect(thrown(what)).not.toHaveProperty("refusal");
  });
});
