/**
 * The power of a device that is updated fails in its flash, in one operation after another: in its boot loader's, its
 * journal's and the update's own.
 */
import { exampleFirmware } from "./example-images";
import { differencePackage } from "./package-file";
import { SeededMaker } from "./seeded-maker";
import { simulatedBoard } from "./update-scenario";
import { UpdatedDevice } from "./updated-device";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { ExampleChange } from "./example-changes";
import type { ReadingFigures } from "./updated-device";

/** An update whose power fails. */
export interface CutUpdate {
  /** Cuts that struck. */
  readonly cuts: number;
  /** Operations of flash from the order to its end. */
  readonly operations: number;
  /** Version that runs in the end. */
  readonly runs: string;
  /** Starts without an image, and with one that is neither of the two. */
  readonly bricks: number;
  readonly strangers: number;
  readonly readings: ReadingFigures;
}

/** When the power fails next: so many operations after the last cut, or after the order; undefined for no more. */
export type NextCut = () => number | undefined;

/** Longest without power, ms. */
const longestOff = 60_000;
const version = "0.3.0";

/** Runs one. @param change what is changed (default a constant) @throws EngineMissing */
export async function cutUpdate(
  options: DeviceOptions,
  nextCut: NextCut,
  change: ExampleChange = "constant",
): Promise<CutUpdate> {
  const { seed } = options;
  const before = await exampleFirmware("0.2.0", [], options);
  const after = await exampleFirmware(version, [change], options);
  const { sign } = new SeededMaker(seed);
  const about = { board: simulatedBoard, version, baseVersion: before.version };
  const file = differencePackage(before.image, after.image, about, sign);
  const device = await UpdatedDevice.create({ ...options, image: before.image });
  const { world } = device;
  const { power } = world;
  let cuts = 0;
  const plan = (): void => {
    const gap = nextCut();
    power.cutAt = gap === undefined ? undefined : power.operations + gap;
  };
  power.onCut = () => {
    cuts += 1;
    world.cutPower(1 + ((7_919 * cuts) % longestOff));
    plan();
  };
  try {
    await device.start();
    const began = power.operations;
    plan();
    await device.update({ version, file });
    const operations = power.operations - began;
    power.cutAt = undefined;
    await device.run(2 * 3_600_000);
    await device.settle();
    const strangers = device.started.filter((each) => each !== version && each !== before.version).length;
    const { bricks, readings } = device;
    return { cuts, operations, runs: world.version, bricks, strangers, readings };
  } finally {
    await device.close();
  }
}
