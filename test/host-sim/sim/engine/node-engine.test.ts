/** A realm of V8 that serves one board after another: each finds it as the first did. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { NodeEngine } from "../../../../host-sim/sim/engine/node-engine";
import { Rig } from "../board/rig";

const folder = mkdtempSync(join(tmpdir(), "node-engine-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function programOf(source: string): Promise<string> {
  const entry = join(folder, "main.ts");
  writeFileSync(entry, source);
  return bundleFirmware({ entry });
}

/** Starts the program on a board of its own, and gives what it traced and whether it failed. */
function start(program: string): { log: string[]; failed: boolean } {
  const engine = new NodeEngine();
  engine.run(program);
  const rig = new Rig(engine, {});
  rig.board.start();
  engine.close();
  return { log: rig.log, failed: rig.restarts.length > 0 };
}

test("the second board finds modules, globals and built-ins as the first one did", async () => {
  const program = await programOf(`
    let starts = 0;
    starts += 1;
    const attempt = (act) => { try { act(); return "done"; } catch { return "refused"; } };
    const state = [
      starts, typeof globalThis.mine, typeof Map, typeof JSON, typeof trace, Math.random(), Date.now(),
      typeof issueCommand, typeof realm,
      attempt(() => { Array.prototype.mine = 1; }), attempt(() => { Math.random = () => 4; }),
    ];
    trace(state.join(" "));
    globalThis.mine = 1;
    delete globalThis.Map;
    globalThis.JSON = undefined;
    globalThis.trace = undefined;
  `);
  const first = start(program);
  expect(first.log[0]).toMatch(
    /^0 1 undefined function object function 0\.\d+ 0 undefined undefined refused refused$/,
  );
  for (let i = 0; i < 3; i++) expect(start(program)).toEqual(first);
});

test("the realm is the same one: V8's own last match is still there", async () => {
  const program = await programOf(`trace("last " + RegExp.$1); /(\\d+)/.test("before 7");`);
  expect(start(program).log).toEqual(["0 last "]);
  expect(start(program).log).toEqual(["0 last 7"]);
  // Another program has one of its own.
  expect(start(await programOf(`trace("other " + RegExp.$1);`)).log).toEqual(["0 other "]);
});

test("a realm in which a turn was broken off serves nobody: its jobs may wait", async () => {
  const program = await programOf(`
    trace("last " + RegExp.$1);
    /(\\d+)/.test("before 8");
    Promise.resolve().then(() => trace("late"));
    throw new Error("of mine");
  `);
  for (let i = 0; i < 2; i++) expect(start(program)).toEqual({ log: ["0 last "], failed: true });
});

test("two at the same time have a realm each", async () => {
  const program = await programOf(`trace("last " + RegExp.$1); /(\\d+)/.test("before 9");`);
  const engines = [new NodeEngine(), new NodeEngine()];
  const logs = engines.map((engine) => {
    engine.run(program);
    const rig = new Rig(engine, {});
    rig.board.start();
    return rig.log;
  });
  for (const engine of engines) engine.close();
  expect(logs).toEqual([["0 last "], ["0 last "]]);
});
