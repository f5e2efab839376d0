/** What runs once for all starts of a board, and what at each. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { startFunction } from "../../../../host-sim/sim/engine/start-function";

const pathsIn = (text: string): string[] =>
  [...text.matchAll(/^ {2}\/\/ (\S+\.ts)$/gm)].map(([, path]) => path);

test("of the firmware only main and the bindings to the SDK's modules run at each start", async () => {
  const program = await bundleFirmware();
  const [once, each] = startFunction(program).split("\nreturn function () {\n").map(pathsIn);
  expect([...once, ...each].sort()).toEqual(pathsIn(program).sort());
  expect(each.filter((path) => !/^(host-sim\/sim\/board\/guest|firmware\/board)\//.test(path))).toEqual([
    "firmware/main.ts",
  ]);
  expect(once).toContain("firmware/board/boards.ts");
  expect(once).toContain("firmware/product/thing.ts");
});

test("what runs once has no variable of its own, which a start would find as the one before left it", async () => {
  const [once] = startFunction(await bundleFirmware())
    .split("\nreturn function () {\n")
    .map(pathsIn);
  const stateful = once.filter((path) => /^(export )?(let|var) /m.test(readFileSync(path, "utf8")));
  expect(stateful).toEqual([]);
});

test("a program without white space, or of another shape, starts as it is", async () => {
  for (const program of [await bundleFirmware({ dense: true }), "globalThis.started = 1;"]) {
    expect(startFunction(program)).toBe(`(function () {${program}\n})`);
  }
});
