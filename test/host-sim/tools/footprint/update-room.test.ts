/** An update on XS: it makes the same image as on Node, and takes no more RAM than it may. */
import { describe, expect, test } from "vitest";
import { NodeEngine } from "../../../../host-sim/sim/engine/node-engine";
import { XsEngine } from "../../../../host-sim/sim/engine/xs-engine";
import { bytesOf } from "../../../../host-sim/tools/footprint/session";
import { measureUpdate, runUpdate } from "../../../../host-sim/tools/footprint/update-room";
import { changedImage, smallImage, smallPackage } from "../../../firmware/update/small-package";
import { xsMissing } from "../../sim/board/rig";
import { footprintMissing } from "./missing";

const running = smallImage("running", 60_000);
const image = changedImage(running, "next", 3_210);
const difference = smallPackage({ image, base: running, perChunk: 20_480 });
const whole = smallPackage({ image, base: new Uint8Array(0) });

describe.skipIf(xsMissing !== undefined)("an update", () => {
  test.each([
    ["difference", difference],
    ["whole image", whole],
  ])("of a %s goes on XS as it does on Node", async (_name, file) => {
    const here = await runUpdate(new NodeEngine(), { running, file });
    const there = await runUpdate(new XsEngine(), { running, file });
    expect(there.lines).toEqual(here.lines);
    expect(here.lines.at(-1)).toMatch(/^ready [0-9A-F]{64}$/);
    for (const { other } of [here, there]) {
      expect(Buffer.from(other.subarray(0, image.length)).equals(image)).toBe(true);
    }
  });
});

describe.skipIf(footprintMissing !== undefined)("the RAM of an update", () => {
  test.each([
    ["difference", difference],
    ["whole image", whole],
  ])("of a %s", async (_name, file) => {
    const room = await measureUpdate({ running, file });
    expect(bytesOf(room), JSON.stringify(room)).toBeLessThanOrEqual(11 * 1_024);
    expect(bytesOf(room)).toBeGreaterThan(6 * 1_024);
  });
});
