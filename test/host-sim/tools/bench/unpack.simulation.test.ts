/** What unpacking an update costs a board: the bars of `npm run bench -- --only unpack`, and the same output on XS. */
import { describe, expect, test } from "vitest";
import { bars } from "../../../../host-sim/tools/bench/bars";
import { benchUnpacking, decoderMemory, stretches } from "../../../../host-sim/tools/bench/unpack";
import { xsMissing } from "../../sim/board/rig";
import { footprintMissing } from "../footprint/missing";

describe.skipIf(xsMissing !== undefined)("unpacking on XS", () => {
  // Throws where XS makes something else than the image.
  test("takes no step for each byte that is the base's, and a bounded number for others", async () => {
    const results = await benchUnpacking(stretches());
    const each = Object.fromEntries(results.map(({ name, steps, bytes }) => [name, steps / bytes]));
    expect(each["not changed"]).toBeLessThan(bars.unpackSame.most);
    expect(each["new, and does not pack"]).toBeLessThan(3);
    expect(each["a table, each second word an address that has moved"]).toBeLessThan(25);
    expect(each["new, some 4.6 bits a byte"]).toBeLessThan(80);
    expect(Object.values(each).every((steps) => steps < 130)).toBe(true);
  });
});

test.skipIf(footprintMissing !== undefined)("the decoder's memory is bounded", async () => {
  const bytes = await decoderMemory();
  expect(bytes).toBeLessThanOrEqual(bars.unpackMemory.most);
  expect(bytes).toBeGreaterThan(6_000);
});
