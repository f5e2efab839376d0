/** What an update takes, in its world: bytes, joules and hours, and what becomes of it when the power fails or files lie. */
import { EngineMissing } from "../../sim/engine/engine";
import { measureUpdateHeap } from "../footprint/update-heap";
import { Random } from "../../sim/time/random";
import { exampleFirmware } from "../update/example-images";
import { differencePackage, wholePackage } from "../update/package-file";
import { cutUpdate } from "../update/power-cuts";
import { deceits, deceive } from "../update/refused-files";
import { SeededMaker } from "../update/seeded-maker";
import { simulatedBoard, twinJoules } from "../update/update-scenario";
import { UpdatedDevice } from "../update/updated-device";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { UpdateHeap } from "../footprint/update-heap";
import type { DeceivedDevice } from "../update/refused-files";
import type { ExampleChange } from "../update/example-changes";
import type { UpdateFigures } from "../update/updated-device";

/** An update by itself. */
export interface MeasuredUpdate extends UpdateFigures {
  readonly name: "a changed constant" | "nine changed lines" | "the whole image";
  /** J beyond a device that is not updated. */
  readonly joulesOver: number;
}

/** Sums over updates whose power fails. */
export interface CutFigures {
  readonly updates: number;
  readonly cuts: number;
  readonly bricks: number;
  readonly wrong: number;
  readonly lost: number;
}

/** A device in good coverage that reads each quarter of an hour. */
const device: DeviceOptions = {
  seed: 1,
  engine: "node",
  edition: "token",
  coverage: 0,
  interval: 900,
  format: "compact",
  powerKey: true,
};
const wholeHours = 3_600_000;

/** Measures the three. @throws EngineMissing */
export async function benchUpdates(told: (what: string) => void): Promise<readonly MeasuredUpdate[]> {
  const measured: MeasuredUpdate[] = [];
  for (const [name, change] of [
    ["a changed constant", "constant"],
    ["nine changed lines", "nine lines"],
    ["the whole image", undefined],
  ] as const) {
    told(name);
    measured.push(await measure(name, change));
  }
  return measured;
}

async function measure(
  name: MeasuredUpdate["name"],
  change: ExampleChange | undefined,
): Promise<MeasuredUpdate> {
  const { sign } = new SeededMaker(device.seed);
  const before = await exampleFirmware("0.2.0", []);
  const after = await exampleFirmware("0.3.0", change === undefined ? ["nine lines"] : [change]);
  const about = { board: simulatedBoard, version: after.version };
  const file =
    change === undefined
      ? wholePackage(after.image, about, sign)
      : differencePackage(before.image, after.image, { ...about, baseVersion: before.version }, sign);
  const options = { ...device, image: before.image };
  const updated = await UpdatedDevice.create(options);
  try {
    await updated.start();
    await updated.run(wholeHours);
    const figures = await updated.update({ version: after.version, file });
    const { ordered, took } = figures;
    const [twin] = await twinJoules(options, [[ordered, ordered + took]]);
    return { ...figures, name, joulesOver: figures.joules - twin };
  } finally {
    await updated.close();
  }
}

/** Offers a device what it must not start. */
export async function benchDeceits(told: (what: string) => void): Promise<readonly DeceivedDevice[]> {
  const all: DeceivedDevice[] = [];
  for (const deceit of deceits) {
    told(deceit);
    all.push(await deceive(deceit, device));
  }
  return all;
}

/** Cuts the power of updates until so many cuts have struck. */
export async function benchCuts(cuts: number, told: (share: number) => void): Promise<CutFigures> {
  const sum = { updates: 0, cuts: 0, bricks: 0, wrong: 0, lost: 0 };
  for (let seed = 1; sum.cuts < cuts; seed++) {
    const random = new Random(`cuts ${seed}`);
    // Often in the same chunk, sometimes far apart: so that it gets on, and is struck everywhere.
    const next = (): number => 1 + Math.floor(random.next() * 10 ** random.between(0, 3.7));
    const result = await cutUpdate({ ...device, seed }, next);
    sum.updates += 1;
    sum.cuts += result.cuts;
    sum.bricks += result.bricks;
    sum.wrong += result.strangers + (result.runs === "0.3.0" ? 0 : 1);
    sum.lost += result.readings.lost + result.readings.doubled;
    told(sum.cuts / cuts);
  }
  return sum;
}

/** Bytes of RAM while nine changed lines are fetched and put together; undefined without the XS engine. */
export async function benchHeap(): Promise<UpdateHeap | undefined> {
  try {
    return await measureUpdateHeap();
  } catch (error) {
    if (error instanceof EngineMissing) return undefined;
    throw error;
  }
}
