/** How deep the stack of the board's machine gets, whoever answers the device. */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { entryPoints, measureDepth } from "../../../../host-sim/tools/footprint/depth";
import { readBudget } from "../../../../host-sim/tools/footprint/budget";
import { boardFirmware } from "../../../../host-sim/tools/footprint/modules";
import { depthLines } from "../../../../host-sim/tools/footprint/report";
import { density } from "../../../density";
import { footprintMissing } from "./missing";

const { stack: bound } = readBudget(readFileSync("test/footprint.json", "utf8"));

describe.skipIf(footprintMissing !== undefined)("the stack", () => {
  // A seed of its own each time would find deeper answers on days when nobody has touched anything.
  test.each(density([1, 2], [1]))("stays within its bound at each entry point, seed %i", async (seed) => {
    const depths = await measureDepth({ seed, share: density(0.5, 0.12) });
    expect(depths.map(({ entry }) => entry)).toEqual([...entryPoints]);
    expect(depths.filter(({ looks }) => looks === 0)).toEqual([]);
    expect(depths.filter(({ stack }) => stack > bound)).toEqual([]);
    // Where the deepest are, an answer has got through to what works with it.
    const slots = Object.fromEntries(depths.map(({ entry, stack }) => [entry, stack]));
    expect(slots["datagram received"]).toBeGreaterThan(500);
    expect(slots["command executed"]).toBeGreaterThan(400);
    // What an application's handler has for itself: a command is not executed on top of what brought it.
    expect(slots["command executed"]).toBeLessThan(800);
  });

  it("has that bound below what the manifest gives it", () => {
    expect(bound).toBeLessThanOrEqual(0.9 * Number(boardFirmware().manifest.creation.stack));
  });
});

test("an entry point that is over is marked", () => {
  const lines = depthLines([{ entry: "timer", stack: 901, looks: 3 }], 1_024, 900);
  expect(lines[0]).toBe(
    "Stack by entry point, slots at the deepest, of 1,024 in the manifest and 900 allowed",
  );
  expect(lines[2]).toMatch(/^ {2}timer +901 +3 {2}over$/);
});
