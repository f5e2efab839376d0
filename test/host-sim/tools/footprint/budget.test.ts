/** The budget of bytecode: what it lets pass, and that the firmware keeps it. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  allowance,
  boardTolerance,
  breachLine,
  budgetText,
  compareToBudget,
  everythingName,
  readBudget,
} from "../../../../host-sim/tools/footprint/budget";
import { measureBytecode } from "../../../../host-sim/tools/footprint/bytecode";
import {
  allBoards,
  everything,
  firmwareWith,
  fittedModems,
  javaScriptOf,
} from "../../../../host-sim/tools/footprint/modules";
import { footprintMissing } from "./missing";
import type { FirmwareModule } from "../../../../host-sim/tools/footprint/modules";

const module = (name: string, code: number): { name: string; code: number } => ({ name, code });

describe("the comparison", () => {
  test.each([
    ["as budgeted", 1000, 1000, true],
    ["smaller", 10, 1000, true],
    ["5 % above", 1050, 1000, true],
    ["a byte more than that", 1051, 1000, false],
    ["small, a few bytes above", 72, 40, true],
    ["small, a byte more than that", 73, 40, false],
    ["32 bytes where there were none", 32, 0, true],
    ["33 where there were none", 33, 0, false],
  ])("%s: %i bytes, budget %i", (_what, code, budget, passes) => {
    const breaches = compareToBudget([module("a", code)], { a: budget });
    expect(breaches).toEqual(passes ? [] : [{ kind: "grown", name: "a", budget, code }]);
  });

  test("a module without a budget, and a budget without a module, in order of names", () => {
    const breaches = compareToBudget([module("c", 5), module("b", 700), module("d", 9)], {
      b: 600,
      a: 3,
      d: 9,
    });
    expect(breaches.map(({ kind, name }) => [kind, name])).toEqual([
      ["superfluous", "a"],
      ["grown", "b"],
      ["missing", "c"],
    ]);
    expect(breaches.map(breachLine)).toEqual([
      "a: has a budget of 3 bytes, and no manifest has it",
      "b: 700 bytes of code, budget 600, 16.7 % over",
      "c: 5 bytes of code, and no budget",
    ]);
  });

  test("a module with the name of an object's own", () => {
    expect(compareToBudget([module("constructor", 5)], {})).toHaveLength(1);
    expect(breachLine(compareToBudget([module("x", 40)], { x: 0 })[0])).toBe("x: 40 bytes of code, budget 0");
  });

  test("what was just written is kept, by a twentieth more too, and not by a tenth", () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    const modules = fc.uniqueArray(fc.record({ name, code: fc.integer({ min: 1000, max: 9000 }) }), {
      selector: (each) => each.name,
      minLength: 1,
    });
    fc.assert(
      fc.property(modules, (sizes) => {
        const budget = readBudget(budgetText(sizes, [])).modules;
        const grown = (factor: number) =>
          sizes.map((each) => module(each.name, Math.floor(factor * each.code)));
        expect(compareToBudget(sizes, budget)).toEqual([]);
        expect(compareToBudget(grown(1.05), budget)).toEqual([]);
        expect(compareToBudget(grown(1.1), budget)).toHaveLength(sizes.length);
        for (const { code } of sizes) expect(allowance(code)).toBe(Math.floor(1.05 * code));
      }),
    );
  });
});

describe("the file", () => {
  test.each([
    ["{", /^no JSON/],
    ["null", /^expected/],
    ["[]", /^expected/],
    ['{"modules": []}', /^expected/],
    ['{"modules": {}}', /^expected/],
    ['{"modules": {}, "boards": 7}', /^expected/],
    ['{"modules": {}, "boards": {"m5stack": -1}}', /^m5stack: expected/],
    ['{"modules": {"a": 1.5}, "boards": {}}', /^a: expected a whole number of bytes, got 1.5/],
    ['{"modules": {"a": "12"}, "boards": {}}', /^a: expected/],
    ['{"modules": {"a": -1}, "boards": {}}', /^a: expected/],
    ['{"modules": {}, "boards": {}}', /^stack: expected/],
    ['{"modules": {}, "boards": {}, "stack": "900"}', /^stack: expected/],
  ])("%s is none", (text, why) => {
    expect(() => readBudget(text)).toThrow(why);
  });

  test("lists modules in order, whatever order they came in", () => {
    const boards = [module("y", 3), module("x", 3)];
    const text = budgetText([module("b", 2), module("a/c", 1)], boards);
    expect(text).toBe(budgetText([module("a/c", 1), module("b", 2)], boards.reverse()));
    expect(Object.keys(readBudget(text).modules)).toEqual(["a/c", "b"]);
    expect(readBudget(text).boards).toEqual({ x: 3, y: 3 });
  });
});

describe.skipIf(footprintMissing !== undefined)("the firmware", () => {
  const boards = allBoards();
  const fitted = fittedModems().map((modem) => firmwareWith(modem));
  const all = everything();
  const modules = new Map<string, FirmwareModule>();
  for (const each of [...all, ...[...boards, ...fitted].flatMap((board) => board.modules)]) {
    modules.set(each.place, each);
  }
  const budget = readBudget(readFileSync("test/footprint.json", "utf8"));
  let code: (modules: readonly FirmwareModule[]) => number;
  let sizes: readonly { readonly name: string; readonly code: number }[];
  beforeAll(() => {
    const measured = measureBytecode(
      new Map([...modules].map(([place, each]) => [place, javaScriptOf(each)])),
    ).modules;
    sizes = measured;
    const bytes = new Map(measured.map((each) => [each.name, each.code]));
    code = (of) => of.reduce((sum, { place }) => sum + bytes.get(place)!, 0);
  });

  test("keeps its budget; if growth is meant, npm run footprint -- --update", () => {
    expect(sizes.map(({ name }) => name)).toEqual([...modules.keys()]);
    expect(compareToBudget(sizes, budget.modules).map(breachLine)).toEqual([]);
  });

  test("keeps the budget of each board, and of all that boards could carry", () => {
    const totals = boards.map(({ board, modules: own }) => module(board, code(own)));
    totals.push(module(everythingName, code(all)));
    expect(compareToBudget(totals, budget.boards, boardTolerance).map(breachLine)).toEqual([]);
  });

  test.each(fitted)("with the modem $modem alone has 35 kB less than with all and CoAP's server", (board) => {
    expect(code(all) - code(board.modules)).toBeGreaterThan(35_000);
  });

  test("a module that has grown by a tenth is caught", () => {
    const agent = modules.get("device/agent")!;
    const sizeOf = (source: string) => measureBytecode(new Map([[agent.name, source]])).modules;
    const source = javaScriptOf(agent);
    const now = sizeOf(source);
    const own = { [agent.name]: now[0].code };
    expect(compareToBudget(now, own)).toEqual([]);
    const more = Math.ceil((0.1 * now[0].code) / 20);
    const added = Array.from({ length: more }, (_, i) => `const grown${i} = [${i}, "twelve bytes"];`);
    const breaches = compareToBudget(sizeOf(`${source}\n${added.join("\n")}`), own);
    expect(breaches.map(({ kind, name }) => [kind, name])).toEqual([["grown", "device/agent"]]);
  });
});
