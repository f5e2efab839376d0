/**
 * Files that no device may start: each is offered to a device in its world, by an operator who was deceived, and none of
 * them is ever to run.
 */
import { exampleFirmware } from "./example-images";
import { differencePackage } from "./package-file";
import { SeededMaker } from "./seeded-maker";
import { simulatedBoard } from "./update-scenario";
import { UpdatedDevice } from "./updated-device";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { UpdateFigures } from "./updated-device";

/** What is wrong with a file. */
export const deceits = [
  "a bit of a chunk changed",
  "a bit of the head changed",
  "for another board",
  "for another product",
  "an older version",
  "signed by somebody else",
  "not signed",
  "the difference from another image",
  "cut short",
] as const;
export type Deceit = (typeof deceits)[number];

/** What came of one. */
export interface DeceivedDevice {
  readonly deceit: Deceit;
  readonly figures: UpdateFigures;
  /** Starts of an image other than the first one. */
  readonly started: number;
}

/** Where a chunk's bytes are, well behind the head. */
const inChunk = 900;
const headLength = 280;
/** ms that a device has for each. */
const longest = 12 * 3_600_000;

/** Offers it. @throws EngineMissing */
export async function deceive(deceit: Deceit, options: DeviceOptions): Promise<DeceivedDevice> {
  const running = await exampleFirmware("0.2.0", [], options);
  const device = await UpdatedDevice.create({ ...options, image: running.image });
  const version = deceit === "an older version" ? "0.1.0" : "0.3.0";
  const next = await exampleFirmware(version, ["nine lines"], options);
  const other = await exampleFirmware("0.2.0", ["constant"], options);
  const about = {
    board: deceit === "for another board" ? "lilygo-t-sim7000g" : simulatedBoard,
    version,
    baseVersion: "0.2.0",
    ...(deceit === "for another product" ? { productKey: "another" } : {}),
  };
  const maker = new SeededMaker(deceit === "signed by somebody else" ? "somebody" : options.seed);
  const unsigned = (): Uint8Array => new Uint8Array(64);
  const sign = deceit === "not signed" ? unsigned : maker.sign;
  const base = deceit === "the difference from another image" ? other : running;
  let file: Uint8Array = differencePackage(base.image, next.image, about, sign);
  if (deceit === "a bit of a chunk changed") file[inChunk] ^= 0x10;
  // The digest of the image, of which the signature is.
  if (deceit === "a bit of the head changed") file[90] ^= 0x01;
  if (deceit === "cut short") file = file.subarray(0, headLength + 600);
  try {
    await device.start();
    // What the operator's own side would refuse comes under a name that it takes.
    const figures = await device.update({ version: "0.3.0", file, board: simulatedBoard }, longest);
    await device.run(3_600_000);
    return { deceit, figures, started: device.started.filter((each) => each !== "0.2.0").length };
  } finally {
    await device.close();
  }
}
