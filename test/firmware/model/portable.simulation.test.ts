import { beforeAll, describe, expect, test } from "vitest";
import { NodeEngine } from "../../../host-sim/sim/engine/node-engine";
import { XsEngine } from "../../../host-sim/sim/engine/xs-engine";
import { density } from "../../density";
import { guestBundle } from "../../guest-bundle";
import { xsMissing } from "../../host-sim/sim/board/rig";
import type { Engine } from "../../../host-sim/sim/engine/engine";

let bundle: string;
beforeAll(async () => {
  bundle = await guestBundle("test/firmware/model/portable-guest.ts");
});

async function lines(engine: Engine, seed: number, rounds: number): Promise<string[]> {
  try {
    await engine.evaluate(bundle);
    const answer = await engine.deliver(Buffer.from(JSON.stringify({ seed, rounds }), "utf8"));
    return Buffer.from(answer).toString("utf8").split("\n");
  } finally {
    await engine.close();
  }
}

test("the random work reaches what it is there for", async () => {
  const work = await lines(new NodeEngine(), 1, 400);
  expect(work).toHaveLength(400 * 7 + 1);
  const all = work.join("\n");
  const happened = [
    /report 01/,
    /report 03/,
    /report .*no-room/,
    /report .*not-finite/,
    /report .*too-long/,
    /batch .* \d+ 04/,
    /batch .* \d+ 05/,
    /batch a.*f.* \d+ 0/,
    /batch a.*e.* \d+ 0/,
    /"kind":"set"/,
    /"kind":"service"/,
    /"fault":"truncated"/,
    /"fault":"unknown"/,
    /calibrate 12/,
    /check \[null,null\]/,
    /frozen true/,
  ];
  expect(happened.filter((what) => !what.test(all))).toEqual([]);
});

describe.skipIf(xsMissing !== undefined)("the thing model's runtime", () => {
  test.each(density([1, 2, 3], [1]))("does on XS what it does on Node, seed %i", async (seed) => {
    const here = await lines(new NodeEngine(), seed, 300);
    expect(await lines(new XsEngine(), seed, 300)).toEqual(here);
  });
});
