/** Parsing scripts: what crosses, and that no script can harm the cloud. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { meter } from "../../../../host-sim/cloud/script/script-fuel";
import type { Script, ScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import { Random } from "../../../../host-sim/sim/time/random";
import { full } from "../../../density";
import { load } from "../../model/script";

const demoScript = readFileSync("firmware/product/parsing-script.js", "utf8");
const report = Buffer.from(
  "010000001401000840358000000000000200084049000000000000030005ffffffa109" +
    "040004000000010500080000000000000e10060005312e322e33",
  "hex",
);
const reading =
  '{"id":"20","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":' +
  '{"temperature":21.5,"humidity":50,"rssi":{"value":-95,"quality":9},"relay":1,' +
  '"uptime":3600,"firmware":"1.2.3"}}}';
const answer = '{"id":"20","code":200,"data":{}}';

let engine: ScriptEngine;
let now = 1_700_000_000_000;
beforeAll(async () => {
  engine = await loadScriptEngine(() => now);
});

function compiled(source: string): Script {
  const script = engine.compile(source);
  if ("fault" in script) throw new Error(script.fault);
  return script;
}

/** What the body of one of the two functions makes of its argument. */
function toJson(body: string, bytes: Uint8Array = Uint8Array.of(1, 2, 255)): unknown {
  return compiled(`function rawDataToJsonStr(bytes) { ${body} }\nfunction jsonStrToRawData() {}`).rawToJson(
    bytes,
  );
}
function toRaw(body: string, json = "{}"): unknown {
  return compiled(`function rawDataToJsonStr() {}\nfunction jsonStrToRawData(json) { ${body} }`).jsonToRaw(
    json,
  );
}
const faulty = (words: RegExp): unknown => expect.objectContaining({ fault: expect.stringMatching(words) });

describe("the example product's script", () => {
  it("turns a report into JSON, and an answer into bytes", () => {
    const script = compiled(demoScript);
    expect(script.rawToJson(report)).toBe(reading);
    expect(script.jsonToRaw(answer)).toEqual(Uint8Array.of(0, 0, 0, 20, 0, 200));
    expect(script.rawToJson(Uint8Array.of())).toContain('"code":1220');
    script.dispose();
    expect(script.rawToJson(report)).toBe(reading);
  });

  it("gives the same as in V8, for 1000 random byte strings", () => {
    const script = compiled(demoScript);
    const oracle = load(demoScript);
    const random = new Random("scripts");
    for (let i = 0; i < 1000; i++) {
      const bytes = random.bytes(Math.floor(random.between(0, 80)));
      if (i % 2 === 0) bytes.set([[1, 3, 2, 17, 18][i % 5], 0, 0, 0].slice(0, bytes.length));
      expect(script.rawToJson(bytes)).toBe(oracle.rawDataToJsonStr([...bytes]));
    }
  });
});

describe("what crosses", () => {
  it("is an ordinary array of bytes with a sign on the way in, as in Java, of any length", () => {
    expect(toJson("return JSON.stringify([Array.isArray(bytes), bytes, bytes.map(String)])")).toBe(
      '[true,[1,2,-1],["1","2","-1"]]',
    );
    for (const length of [0, 1, 4096, 4097, 65_536, 262_144]) {
      const bytes = new Uint8Array(length).fill(200);
      expect(toJson("return bytes.length + ' ' + bytes[bytes.length - 1]", bytes)).toBe(
        `${length} ${length === 0 ? undefined : -56}`,
      );
    }
    expect(toJson("return ''", new Uint8Array(262_145))).toEqual(faulty(/at most 262144/));
  });

  it("is a part of a larger buffer alone", () => {
    expect(toJson("return bytes.join()", Uint8Array.of(9, 8, 7, 6).subarray(1, 3))).toBe("8,7");
    expect(toJson("return bytes.join()", Buffer.from([5, 4]))).toBe("5,4");
  });

  it("is text whole, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        if (text.includes("\0")) return;
        const { length } = text;
        expect(toRaw("return [json.length]", text)).toEqual(Uint8Array.of(length));
        expect(toJson(`return ${JSON.stringify(text)}`)).toBe(text);
      }),
      { numRuns: 60 },
    );
    expect(toRaw("return [1]", "a\0b")).toEqual(faulty(/NUL/));
    expect(toJson("return 'a\\0b'")).toEqual(faulty(/NUL/));
    expect(toJson("return '\\ud800'")).toEqual(faulty(/surrogate/));
    expect(toJson("return 'x'.repeat(65536)")).toHaveLength(65_536);
    expect(toJson("return 'x'.repeat(65537)")).toEqual(faulty(/65537 characters, at most 65536/));
  });

  test.each<[string, number[]]>([
    ["return [0, 127, 128, 255]", [0, 127, 128, 255]],
    ["return [-128, -1, 0]", [128, 255, 0]],
    ["return new Uint8Array([1, 200])", [1, 200]],
    ["return new Int8Array([-1, 5])", [255, 5]],
    ["return []", []],
    ["return new Array(3).join().split('').map(function () { return 7 })", [7, 7]],
  ])("bytes may be signed or not: %s", (body, bytes) => {
    expect(toRaw(body)).toEqual(Uint8Array.from(bytes));
  });

  test.each<[string, RegExp]>([
    ["return [256]", /item 0 is no byte/],
    ["return [1, -129]", /item 1 is no byte/],
    ["return [1.5]", /item 0 is no byte/],
    ["return [NaN]", /item 0 is no byte/],
    ["return ['1']", /item 0 is no byte/],
    ["return [,1]", /item 0 is no byte/],
    ["return null", /returned null/],
    ["return", /returned undefined/],
    ["return '010203'", /returned string/],
    ["return {length: 1e9}", /at most 65536/],
    ["return {length: -1}", /expected an array/],
    ["return new Promise(function () {})", /expected an array/],
    ["return new Uint8Array(65537)", /65537 bytes, at most 65536/],
    ["return {get length() { throw new TypeError('no') }}", /TypeError: no/],
    ["return {length: 1, get 0() { for (;;); }}", /took too long/],
  ])("is no other than bytes: %s", (body, words) => {
    expect(toRaw(body)).toEqual(faulty(words));
  });
});

describe("a script", () => {
  test.each<[string, RegExp]>([
    ["function rawDataToJsonStr(", /SyntaxError.*line 1/],
    ["", /no function rawDataToJsonStr/],
    ["function rawDataToJsonStr() {}", /no function jsonStrToRawData/],
    ["var rawDataToJsonStr = {}, jsonStrToRawData = 1;", /no function rawDataToJsonStr/],
    ["\n\nthrow new Error('so not');", /Error: so not \(line 3\)/],
    ["throw null", /threw null/],
    ["for (;;);", /took too long/],
    ["var a = []; for (;;) a.push({});", /out of memory/],
    ["import x from 'y'", /SyntaxError/],
    ["\0", /NUL/],
    ["Object.defineProperty(this, 'rawDataToJsonStr', { get() { throw 'trap' } })", /threw "trap"/],
  ])("that is none does not compile: %j", (source, words) => {
    expect(engine.compile(source)).toEqual(faulty(words));
  });

  it("may name its functions as it likes", () => {
    const script = compiled("const rawDataToJsonStr = (b) => '' + b; let jsonStrToRawData = () => [1];");
    expect(script.rawToJson(Uint8Array.of(3, 4))).toBe("3,4");
    expect(script.jsonToRaw("")).toEqual(Uint8Array.of(1));
  });

  it("sees ECMAScript's own globals, and nothing of ours", () => {
    const names = String(toJson("return Object.getOwnPropertyNames(globalThis).join()")).split(",");
    const own = new Set([
      "InternalError",
      "rawDataToJsonStr",
      "jsonStrToRawData",
      "Iterator",
      "Float16Array",
    ]);
    expect(names.filter((name) => !own.has(name) && !(name in globalThis))).toEqual([]);
    for (const name of ["process", "require", "console", "setTimeout", "fetch", "WebAssembly", "std", "os"]) {
      expect(names).not.toContain(name);
    }
  });

  it("is told the time it is given, and the same chances in every call", () => {
    now = 86_400_000;
    expect(toJson("return new Date().toISOString() + ' ' + Date.now() + ' ' + new Date(5).getTime()")).toBe(
      "1970-01-02T00:00:00.000Z 86400000 5",
    );
    expect(toJson("return String(new Date() instanceof Date && Date().length > 20)")).toBe("true");
    const script = compiled(
      "function rawDataToJsonStr() { return '' + Math.random() } function jsonStrToRawData() {}",
    );
    const first = script.rawToJson(report);
    expect(Number(first)).toBeGreaterThan(0);
    expect(script.rawToJson(report)).toBe(first);
  });

  it("cannot reach another's globals", () => {
    compiled(
      "var secret = 5; JSON.stringify = 1; function rawDataToJsonStr() {} function jsonStrToRawData() {}",
    );
    expect(toJson("return typeof secret + typeof JSON.stringify")).toBe("undefinedfunction");
  });
});

const hostile: [string, RegExp][] = [
  ["for (;;);", /took too long/],
  ["try { for (;;); } finally { for (;;); }", /took too long/],
  ["function f() { f() } f()", /stack overflow/],
  ["JSON.parse('['.repeat(100000))", /stack overflow/],
  ["var a = []; for (;;) a.push({})", /8 MiB/],
  ["var s = 'xxxxxxxx'; for (;;) s += s", /too long|memory/],
  ["return String(/(a+)+$/.test('a'.repeat(40) + 'b'))", /took too long/],
  // Single steps, in which QuickJS cannot be interrupted.
  ["[].indexOf.call({ length: 9007199254740991 }, 1)", /took too long/],
  ["var a = []; a.length = 4294967295; a.sort(); return ''", /took too long/],
  ["return '' + 'a'.repeat(2e6).indexOf('a'.repeat(1e6) + 'b')", /took too long/],
  ["String.raw({ raw: { length: 1e15 } })", /took too long/],
  ["var a = []; for (var i = 0; i < 100000; i++) a = [a]; return JSON.stringify(a)", /took too long/],
  ["throw { get message() { for (;;); } }", /took too long/],
  ["throw { get message() { throw 1 } }", /cannot be told/],
  ["throw Symbol('x')", /cannot be told/],
  ["throw undefined", /threw undefined/],
  ["throw 'red \\u001b[31m'", /^threw "red \\u001b\[31m"$/],
  ["throw new Error('x'.repeat(1e6))", /^Error: x{180,}\.\.\./],
  ["null.x", /TypeError.*\(line 1\)/],
  ["return Promise.resolve('{}')", /returned object, expected text/],
  ["return new String('{}')", /returned object/],
  ["return 5", /returned number/],
  ["return null", /returned null/],
];

describe("a hostile script", () => {
  test.each(hostile)("gets no further than a fault: %s", (body, words) => {
    const other = compiled(demoScript);
    expect(toJson(body)).toEqual(faulty(words));
    expect(toJson(body)).toEqual(faulty(words));
    expect(other.rawToJson(report)).toBe(reading);
  });

  it("that breaks its own built-ins breaks nothing of ours", () => {
    const body = `
      Array.of = Reflect.apply = Uint8Array = String.prototype.slice = null;
      Array.prototype.join = function () { return "1,2,3" };
      Object.prototype.toJSON = function () { return "no" };
      return String(bytes.length);`;
    const script = compiled(
      `function rawDataToJsonStr(bytes) { ${body} } function jsonStrToRawData() { return [9] }`,
    );
    for (let i = 0; i < 3; i++) expect(script.rawToJson(report)).toBe(String(report.length));
    expect(script.jsonToRaw("{}")).toEqual(Uint8Array.of(9));
  });

  it("that hoards memory call by call is started anew, and the call that found none left is repeated", () => {
    const source = `var kept = [];
      function rawDataToJsonStr(bytes) { kept.push(new Uint8Array(1e6)); return String(bytes[0]) }
      function jsonStrToRawData() {}`;
    const script = compiled(source);
    for (let i = 0; i < 30; i++) expect(script.rawToJson(Uint8Array.of(i))).toBe(String(i));
  });

  it("goes on after a fault as if it had just been compiled", () => {
    const source = `var calls = 0;
      function rawDataToJsonStr(bytes) { calls++; if (bytes[0] === 1) for (;;); return String(calls) }
      function jsonStrToRawData() {}`;
    const script = compiled(source);
    expect([0, 0, 1, 0].map((byte) => script.rawToJson(Uint8Array.of(byte)))).toEqual([
      "1",
      "2",
      { fault: "took too long" },
      "1",
    ]);
  });

  it("is stopped at the same point every time", () => {
    // Turns that the loop may do until the fault, found by halving.
    const most = (good = 0, bad = 1e8): number => {
      while (bad - good > 1) {
        const turns = Math.floor((good + bad) / 2);
        if (typeof toJson(`for (var i = 0; i < ${turns}; i++); return ''`) === "string") good = turns;
        else bad = turns;
      }
      return good;
    };
    const first = most();
    expect(first).toBeGreaterThan(100_000);
    // The same search, or its last two steps.
    expect(full ? most() : most(first - 1, first + 3)).toBe(first);
  });
});

it("takes whatever text for a script without harm", () => {
  const words = [
    "function rawDataToJsonStr(b)",
    "{",
    "}",
    "return",
    "throw",
    "for(;;)",
    "b",
    "'x'",
    "(",
    ")",
    ";",
    "[0]",
  ];
  const source = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words)).map((list) => list.join(" ")),
  );
  fc.assert(
    fc.property(source, fc.uint8Array({ maxLength: 20 }), (text, bytes) => {
      const script = engine.compile(`${text}\nfunction jsonStrToRawData() { return [1] }`);
      if ("fault" in script) expect(script.fault).toMatch(/^[^\n]+$/);
      else {
        const got = script.rawToJson(bytes);
        expect(typeof got === "string" || /^[^\n]+$/.test(got.fault)).toBe(true);
        script.dispose();
      }
    }),
    { numRuns: 200 },
  );
});

describe("fuel", () => {
  it("is put into WebAssembly alone", () => {
    const head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    expect([...meter(Uint8Array.from(head))]).toEqual(head);
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 60 }), (isHeaded, rest) => {
        try {
          meter(isHeaded ? Uint8Array.from([...head, ...rest]) : rest);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
