/** One script of firmware and board. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";

const folder = mkdtempSync(join(tmpdir(), "bundle-"));
afterAll(() => rmSync(folder, { recursive: true }));

function firmware(source: string): Promise<string> {
  const entry = join(folder, "main.ts");
  writeFileSync(entry, source);
  return bundleFirmware({ entry });
}

test("the board's own firmware goes in as it is, as strict code", async () => {
  const source = await bundleFirmware();
  expect(source.startsWith('"use strict";')).toBe(true);
  expect(source).toContain("firmware/main.ts");
  expect(source).not.toMatch(/\bWeakMap\(\)|__privateGet/);
});

test("a module that the board lacks is named", async () => {
  await expect(firmware('import fs from "node:fs"; trace(fs);')).rejects.toThrow(
    'the simulated board has no module "node:fs"',
  );
  await expect(firmware('import { Socket } from "socket"; trace(Socket);')).rejects.toThrow(
    'the simulated board has no module "socket"',
  );
});

test("a firmware may do its work in the body of its main module", async () => {
  const source = await firmware('import config from "mc/config"; trace(config.word); export const x = 1;');
  const { NodeEngine } = await import("../../../../host-sim/sim/engine/node-engine");
  const { Rig } = await import("./rig");
  const engine = new NodeEngine();
  engine.evaluate(source);
  const rig = new Rig(engine, { word: "hello" });
  expect(rig.log).toEqual([]);
  // A Node engine's board answers at once.
  expect(rig.board.start()).toBeUndefined();
  expect(rig.log).toEqual(["0 hello"]);
});
