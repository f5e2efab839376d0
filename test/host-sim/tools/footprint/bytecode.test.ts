/** Bytecode sizes, against what Moddable's own compiler makes of the same source. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { EngineMissing } from "../../../../host-sim/sim/engine/engine";
import { measureBytecode } from "../../../../host-sim/tools/footprint/bytecode";
import { boardFirmware, stripTypes } from "../../../../host-sim/tools/footprint/modules";
import { nativeProgram } from "../../../../host-sim/tools/footprint/native";
import { footprintMissing } from "./missing";

const table = `export const limits = Object.freeze([1, 2, 300, 70000]);
export function add(left, right) {
  return left + right;
}
`;
const counter = `export class Counter {
  #count = 0;
  name = "counter";
  add(step) {
    if (step > 0) this.#count += step;
    return { count: this.#count, name: this.name };
  }
}
`;
const counters = `import { Counter } from "./b";
const counters = new Map();
export function counterOf(name) {
  let counter = counters.get(name);
  if (counter === undefined) counters.set(name, (counter = new Counter()));
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) > 127) throw new RangeError(\`no name: \${name}\`);
  return counter;
}
`;

const sizeOf = (source: string) => measureBytecode(new Map([["m", source]])).modules[0];

describe.skipIf(footprintMissing !== undefined)("bytecode", () => {
  // Atoms CODE and SYMB of what xsc (XS 17.9.1) wrote for these files.
  test.each([
    ["a table and a function", table, 165, 45],
    ["a class", counter, 216, 37],
    ["a module that imports", counters, 239, 95],
  ])("%s is within 5 % of what xsc makes of it, symbols within 15 %", (_what, source, code, symbols) => {
    const size = sizeOf(source);
    expect(Math.abs(size.code - code) / code).toBeLessThan(0.05);
    expect(Math.abs(size.symbols - symbols) / symbols).toBeLessThan(0.15);
  });

  test("a name takes two bytes in it, as on a microcontroller", () => {
    const once = sizeOf("export const f = (o) => { o.a; };").code;
    const twice = sizeOf("export const f = (o) => { o.a; o.b; };").code;
    // get_local_1 and its index, get_property and its name, pop.
    expect(twice - once).toBe(2 + 3 + 1);
  });

  test("several modules come out in their order, and each name counts once", () => {
    const first = sizeOf("export const alpha = 1;");
    const both = measureBytecode(
      new Map([
        ["m", "export const alpha = 1;"],
        ["größe/n", "export const alpha = 2;"],
      ]),
    );
    expect(both.modules).toEqual([first, { ...first, name: "größe/n" }]);
    expect(both.names).toBe(measureBytecode(new Map([["m", "export const alpha = 1;"]])).names);
    expect(measureBytecode(new Map()).modules).toEqual([]);
  });

  test("types cost nothing", () => {
    const typed = "export interface A { b: number }\nexport const f = (a: A): number => a.b as number;";
    expect(sizeOf(stripTypes(typed)).code).toBe(sizeOf("export const f = (a) => a.b;").code);
    expect(sizeOf(stripTypes("export type A = 1;")).code).toBeLessThan(30);
  });

  test("what is no JavaScript is named", () => {
    const sources = new Map([
      ["good", "export default 1;"],
      ["coap/bad", "const = 1;"],
    ]);
    expect(() => measureBytecode(sources)).toThrow(/coap\/bad: not compiled/);
  });
});

describe("what is built", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.skipIf(footprintMissing !== undefined)("says in one line that there is no compiler", () => {
    const folder = mkdtempSync(join(tmpdir(), "footprint-"));
    vi.stubEnv("CC", join(folder, "no-such-cc"));
    const fault = new EngineMissing(
      `footprint needs a C compiler: ${folder}/no-such-cc could not be started`,
    );
    expect(() => nativeProgram("compiler", folder)).toThrow(fault);
    vi.stubEnv("CC", "false");
    expect(() => nativeProgram("heap", folder)).toThrow(
      /^false could not build host-sim\/tools\/footprint\/heap\.c: [^\n]+$/,
    );
    rmSync(folder, { recursive: true });
  });
});

describe("the modules of the usual board", () => {
  const { modules } = boardFirmware();

  test("are those of its manifest, each once", () => {
    const names = modules.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual([...names].sort());
    const own = [
      "main",
      "application",
      "coap/message",
      "modem/family/sim7020",
      "board/crypt",
      "product/thing",
    ];
    expect(names).toEqual(expect.arrayContaining(own));
    expect(names.filter((name) => name.endsWith(".d") || name.startsWith("."))).toEqual([]);
    const place = (wanted: string): string | undefined => modules.find(({ name }) => name === wanted)?.place;
    expect([place("coap/message"), place("modem/family/index")]).toEqual([
      "coap/message",
      "modem/fitted/sim7020",
    ]);
  });

  test("are all preloaded, main as well", () => {
    const loaded = modules.filter(({ preloaded }) => !preloaded).map(({ name }) => name);
    expect(loaded).toEqual([]);
  });
});
