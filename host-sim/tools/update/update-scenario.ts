/**
 * `npm start -- --scenario update`: a device is updated over NB-IoT by a difference, then by one that panics as it starts,
 * then by one that never hears the cloud, and is back each time with the firmware that works.
 *
 *     0.2.0 --- nine changed lines ---> 0.3.0 ---> 0.3.1 panics ---> 0.3.0 ---> 0.3.2 is deaf ---> 0.3.0
 */
import { exampleFirmware } from "./example-images";
import { differencePackage, wholePackage } from "./package-file";
import { SeededMaker } from "./seeded-maker";
import { UpdatedDevice } from "./updated-device";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { Pace } from "../../sim/time/clock";
import type { WorldEvent } from "../../sim/world/world";
import type { ExampleChange } from "./example-changes";
import type { ReadingFigures, UpdateFigures, UpdatedDeviceOptions } from "./updated-device";

export interface UpdateScenarioOptions extends DeviceOptions {
  readonly seed: number;
  readonly onEvent?: (event: WorldEvent) => void;
  /** An update is ordered, or over. */
  readonly onTurn?: (time: number, text: string) => void;
  readonly pace?: Pace;
  readonly ended?: () => string | undefined;
}

/** One update of it. */
export interface ScenarioUpdate extends UpdateFigures {
  readonly from: string;
  /** What has changed, in words. */
  readonly what: string;
  /** J that it has taken beyond a twin that is not updated. */
  readonly joulesOver: number;
  /** It came to the end that it was to come to. */
  readonly asMeant: boolean;
}

/** How it went. */
export interface UpdateScenarioResult {
  readonly seed: number;
  readonly engine: "node" | "xs";
  readonly complete: boolean;
  readonly shortfall?: string;
  readonly updates: readonly ScenarioUpdate[];
  /** Bytes of the image, and of the file that would bring it whole. */
  readonly image: number;
  readonly wholeFile: number;
  readonly readings: ReadingFigures;
  /** Starts of the board that found no image. */
  readonly bricks: number;
  readonly virtualTime: number;
}

/** A step of the scenario. */
interface Step {
  readonly version: string;
  readonly changes: readonly ExampleChange[];
  readonly what: string;
  /** Version that is to run at its end. */
  readonly ends: string;
}

const minute = 60_000;
const hour = 60 * minute;
const first = "0.2.0";
const steps: readonly Step[] = [
  { version: "0.3.0", changes: ["nine lines"], what: "nine changed lines", ends: "0.3.0" },
  {
    version: "0.3.1",
    changes: ["nine lines", "panic"],
    what: "panics as it starts",
    ends: "0.3.0",
  },
  {
    version: "0.3.2",
    changes: ["nine lines", "mute"],
    what: "never hears the cloud",
    ends: "0.3.0",
  },
];
/** The simulated board's name (firmware/board/boards.ts). */
export const simulatedBoard = "m5stack-nbiot";

/** Runs it. @throws EngineMissing */
export async function runUpdateScenario(options: UpdateScenarioOptions): Promise<UpdateScenarioResult> {
  const { engine, seed, onTurn } = options;
  const { sign } = new SeededMaker(seed);
  const firmwareOf = async ({ version, changes }: Pick<Step, "version" | "changes">): Promise<Uint8Array> =>
    (await exampleFirmware(version, changes, options)).image;
  const image = await firmwareOf({ version: first, changes: [] });
  const device = await UpdatedDevice.create({ ...options, image });
  const files: Buffer[] = [];
  let base = image;
  let baseVersion = first;
  for (const { version, changes, ends } of steps) {
    const next = await firmwareOf({ version, changes });
    files.push(differencePackage(base, next, { board: simulatedBoard, version, baseVersion }, sign));
    if (ends === version) [base, baseVersion] = [next, version];
  }
  const wholeFile = wholePackage(base, { board: simulatedBoard, version: baseVersion }, sign).length;

  const figures: UpdateFigures[] = [];
  const spans: (readonly [from: number, to: number])[] = [];
  try {
    await device.start();
    await device.run(hour);
    for (const [index, { version, what }] of steps.entries()) {
      if (device.stopped !== undefined) break;
      const { now } = device.world.clock;
      onTurn?.(now, `version ${version} is ordered: ${what}, a file of ${files[index].length} bytes`);
      const outcome = await device.update({ version, file: files[index] });
      figures.push(outcome);
      spans.push([now, device.world.clock.now]);
      onTurn?.(device.world.clock.now, `the task ${outcome.status}; version ${device.world.version} runs`);
      await device.run(hour);
      // What comes next is a difference from what should run now.
      if (device.world.version !== steps[index].ends) break;
    }
    await device.settle();
  } finally {
    await device.close();
  }
  const twin = await twinJoules({ ...options, image }, spans);
  let from = first;
  const updates = figures.map((each, index): ScenarioUpdate => {
    const { what, ends, version } = steps[index];
    const isKept = ends === version;
    const asMeant = each.runs === ends && each.status === (isKept ? "succeeded" : "failed");
    const update = { ...each, from, what, joulesOver: each.joules - twin[index], asMeant };
    from = each.runs;
    return update;
  });
  const { readings, bricks, stopped } = device;
  const result = {
    ...{ seed, engine, updates, readings, bricks },
    image: image.length,
    wholeFile,
    virtualTime: device.world.clock.now,
  };
  const shortfall = stopped ?? shortfallOf(result);
  return { ...result, complete: shortfall === undefined, ...(shortfall === undefined ? {} : { shortfall }) };
}

/** Joules of the same device, not updated, in these spans of virtual ms. */
export async function twinJoules(
  options: UpdatedDeviceOptions,
  spans: readonly (readonly [from: number, to: number])[],
): Promise<readonly number[]> {
  const twin = await UpdatedDevice.create({
    ...options,
    onEvent: undefined,
    pace: undefined,
    ended: undefined,
  });
  const joules: number[] = [];
  try {
    await twin.world.start();
    for (const [from, to] of spans) {
      await twin.run(from - twin.world.clock.now);
      const before = twin.joules;
      await twin.run(to - from);
      joules.push(twin.joules - before);
    }
  } finally {
    await twin.close();
  }
  return joules;
}

function shortfallOf({
  updates,
  readings,
  bricks,
}: Pick<UpdateScenarioResult, "updates" | "readings" | "bricks">): string | undefined {
  if (bricks > 0) return `the board found no image ${bricks} times`;
  const wrong = updates.find(({ asMeant }) => !asMeant);
  if (wrong !== undefined) {
    return `the update to ${wrong.version} is ${wrong.status}, and ${wrong.runs} runs: ${wrong.desc}`;
  }
  if (updates.length < steps.length) return "not all updates were ordered";
  if (readings.lost > 0) return `${readings.lost} readings are lost`;
  if (readings.doubled > 0) return `${readings.doubled} readings are in the cloud twice`;
  if (readings.stored !== readings.taken) {
    return `${readings.stored} readings of ${readings.taken} are in the cloud`;
  }
  return undefined;
}
