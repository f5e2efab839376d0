/** A script as a reader is given it: without the keys of its product, and a script all the same. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it, test } from "vitest";
import { maskedFault, maskedScript } from "../../../../host-sim/cloud/script/masked-script";
import { loadScriptEngine } from "../../../../host-sim/cloud/script/script-engine";
import type { ScriptEngine } from "../../../../host-sim/cloud/script/script-engine";

const [one, other] = ["3fa85f6457174562b3fc2c963f66afa6".repeat(2), "AB".repeat(32)];
const numbers = Array.from({ length: 32 }, (_, i) => i * 7 + 1);
const functions =
  "function rawDataToJsonStr() { return '' + ROOTS.length; } function jsonStrToRawData() { return []; }";

let engine: ScriptEngine;
beforeAll(async () => {
  engine = await loadScriptEngine(() => 0);
});

describe("a key in a script is masked", () => {
  test.each([
    ["as it is written", `var ROOTS = [\n  "${one}"\n];`],
    ["two of them", `var ROOTS = [\n  "${one}",\n  "${other}"\n];`],
    ["with a comment and other marks", `var ROOTS=[ /* of 2026 */ '${one}', ];`],
    ["assigned apart", `var ROOTS; ROOTS = ["${one}"];`],
    ["put in later", `var ROOTS = []; ROOTS.push("${one}"); var lastSealed;`],
    ["under another name", `var KEYS = ["${one}"], ROOTS = KEYS;`],
    ["in a comment", `// ${one}\nvar ROOTS = [];`],
    ["in parts", `var ROOTS = ["${one.slice(0, 32)}" + "${one.slice(32)}"];`],
    ["as bytes", `var lastSealed = null; var KEY = [${numbers.join(", ")}], ROOTS = [KEY];`],
    [
      "as bytes in hexadecimal",
      `var lastSealed = null; var KEY = [${numbers.map((each) => `0x${each.toString(16)}`).join()}], ROOTS = [KEY];`,
    ],
    [
      "half of it as bytes",
      `var lastSealed = null; var KEY = [${numbers.slice(0, 16).join()}], ROOTS = [KEY];`,
    ],
  ])("%s", (_what, source) => {
    const masked = maskedScript(source);
    for (const secret of [one, other, one.slice(0, 32), one.slice(32), "15, 22", "15,22", "0xf,0x16"]) {
      expect(masked).not.toContain(secret);
    }
    const script = engine.compile(`${masked}\n${functions}`);
    expect("fault" in script ? script.fault : "compiles").toBe("compiles");
    expect(maskedScript(masked)).toBe(masked);
  });
});

it("leaves nothing of a key, whatever it is", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const digits = Buffer.from(key).toString("hex");
      const masked = maskedScript(`var ROOTS = [\n  "${digits}"\n];\nvar x = "${digits}";`);
      expect(masked).not.toContain(digits.slice(0, 8));
    }),
  );
});

test.each([
  ["firmware/product/parsing-script.js", ""],
  ["firmware/room/parsing-script.js", ""],
  ["test/host-sim/cloud/script/manual-style.js", ""],
  ["host-sim/model/seal-script.template.js", ""],
  ["a list of none", "// The roots of the keys: none.\nvar ROOTS = [];\n"],
  ["a table of a plain script", `var table = [${numbers.join()}];`],
])("%s has no key, and stays as it is", (file, text) => {
  const source = text === "" ? readFileSync(file, "utf8") : text;
  expect(maskedScript(source)).toBe(source);
});

it("is not slow on a text that is long and has no end to its lists", () => {
  const source = `var lastSealed; var ROOTS = [${"1, ".repeat(200_000)}`;
  const begun = process.cpuUsage().user;
  maskedScript(source);
  maskedScript(`var lastSealed;${"[1,".repeat(200_000)}`);
  // Linear: what is not would take hours.
  expect((process.cpuUsage().user - begun) / 1e6).toBeLessThan(20);
});

describe("what an engine says of a script", () => {
  it("quotes no key: one without its quotation marks is a name to it", () => {
    const source = `var ROOTS = [${other.toLowerCase()}];\n${functions}`;
    const { fault } = engine.compile(source) as { fault: string };
    expect(fault).toBe(`ReferenceError: '${"*".repeat(64)}' is not defined (line 1)`);
  });

  it("is as it was otherwise", () => {
    const fault = "RangeError: out of bound at 0102030405060708 (line 61)";
    expect(maskedFault(fault)).toBe(fault);
  });
});
