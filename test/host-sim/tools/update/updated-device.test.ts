/** A device is updated in its world, by a difference and as a whole, on each engine; and is back where that does not do. */
import { describe, expect, it, test } from "vitest";
import { exampleFirmware } from "../../../../host-sim/tools/update/example-images";
import { differencePackage } from "../../../../host-sim/tools/update/package-file";
import { deceits, deceive } from "../../../../host-sim/tools/update/refused-files";
import { SeededMaker } from "../../../../host-sim/tools/update/seeded-maker";
import { simulatedBoard } from "../../../../host-sim/tools/update/update-scenario";
import { UpdatedDevice } from "../../../../host-sim/tools/update/updated-device";
import { checkImage } from "../../../../host-sim/sim/board/image-check";
import { density } from "../../../density";
import { xsMissing } from "../../sim/board/rig";
import type { DeviceOptions } from "../../../../host-sim/sim/world/device-options";
import type { Deceit } from "../../../../host-sim/tools/update/refused-files";
import type { UpdateFigures } from "../../../../host-sim/tools/update/updated-device";

const device: DeviceOptions = {
  ...{ seed: 3, engine: "node", edition: "token", coverage: 0, interval: 900, format: "raw", powerKey: true },
};
const { sign } = new SeededMaker(device.seed);
const engines = ["node", ...(xsMissing === undefined ? (["xs"] as const) : [])] as const;

async function updated(options: DeviceOptions): Promise<{ device: UpdatedDevice; figures: UpdateFigures }> {
  const before = await exampleFirmware("0.2.0", []);
  const after = await exampleFirmware("0.3.0", ["nine lines"]);
  const about = { board: simulatedBoard, version: "0.3.0", baseVersion: "0.2.0" };
  const file = differencePackage(before.image, after.image, about, sign);
  const device = await UpdatedDevice.create({ ...options, image: before.image });
  try {
    await device.start();
    const figures = await device.update({ version: "0.3.0", file });
    const { slots } = device.world.slots!;
    // Which bytes the device has put together, it has never seen.
    expect(Buffer.from(slots[1].bytes.subarray(0, after.image.length)).equals(after.image)).toBe(true);
    expect(checkImage(slots[1])).toBeUndefined();
    await device.run(3_600_000);
    await device.settle();
    return { device, figures };
  } finally {
    await device.close();
  }
}

describe("nine changed lines over NB-IoT", () => {
  const runs: UpdateFigures[] = [];

  test.each(engines)("arrive on %s, start, are kept, and no reading is lost", async (engine) => {
    const { device: on, figures } = await updated({ ...device, engine });
    runs.push(figures);
    expect(figures).toMatchObject({ status: "succeeded", runs: "0.3.0" });
    expect(figures.fileBytes).toBeLessThan(40_000);
    expect(figures.joules).toBeLessThan(150);
    expect(figures.blocks).toBe(Math.ceil(figures.file / 512));
    expect(on.started).toEqual(["0.2.0", "0.3.0"]);
    const { readings } = on;
    expect(readings.taken).toBeGreaterThan(5);
    expect(readings).toMatchObject({ stored: readings.taken, lost: 0, doubled: 0 });
    // On each engine the same, byte for byte and ms for ms.
    expect(figures).toEqual(runs[0]);
  });

  it("arrive at a board that sleeps deeply between its readings", async () => {
    const { device: on, figures } = await updated({ ...device, sleep: "deep" });
    expect(figures).toMatchObject({ status: "succeeded", runs: "0.3.0" });
    expect(on.world.sleeps).toBeGreaterThan(3);
    expect(on.readings).toMatchObject({ stored: on.readings.taken, lost: 0, doubled: 0 });
  });
});

describe("a file that no device may start", () => {
  // What each of them is found out by is tested in firmware/update, of all in npm run bench.
  const some: readonly Deceit[] = ["a bit of a chunk changed", "signed by somebody else"];

  test.each(density<readonly Deceit[]>(deceits, some))("%s", async (deceit) => {
    const { figures, started } = await deceive(deceit, device);
    expect(started).toBe(0);
    expect(figures).toMatchObject({ status: "failed", runs: "0.2.0" });
    expect(figures.desc).not.toBe("");
  });
});
