/**
 * The runs on XS from which the table of the processor's turns is made, and others against which it is checked: other
 * seeds, two families and settings of which the first know nothing.
 */
import { products } from "../../sim/world/products";
import { makeImage } from "../../sim/board/image";
import { variantSources } from "../../sim/world/product-variant";
import { changedSources } from "../update/example-changes";
import { differencePackage, wholePackage } from "../update/package-file";
import { SeededMaker } from "../update/seeded-maker";
import { simulatedBoard } from "../update/update-scenario";
import { meteredFirmware, meteredWorld } from "./metered-turns";
import type { ExampleChange } from "../update/example-changes";
import type { MeteredTurn } from "./metered-turns";
import type { WorldOptions } from "../../sim/world/world";

/** A run: what differs from the usual one. */
export interface ProcessorRun extends Partial<Omit<WorldOptions, "onEvent" | "engine">> {
  readonly name: string;
  /** Readings, about: the run lasts as long. */
  readonly readings: number;
  /** Commands of the cloud. */
  readonly commands?: number;
  /** It is updated to a firmware with this change, by a difference or as a whole; with `update`. */
  readonly change?: { readonly of: ExampleChange; readonly whole?: true };
}

/** Those that the table is made from. */
export const fitted: readonly ProcessorRun[] = [
  { name: "sim7020, deep sleep, raw", seed: 11, sleep: "deep", readings: 24 },
  { name: "sim7020, awake, raw", seed: 12, readings: 30, commands: 2 },
  { name: "sim7020, awake, JSON", seed: 13, format: "json", readings: 30, commands: 1 },
  { name: "bc66, deep sleep, JSON", seed: 14, modem: "bc66", format: "json", sleep: "deep", readings: 24 },
  {
    name: "bg95, deep sleep, alternate",
    seed: 15,
    modem: "bg95",
    format: "alternate",
    sleep: "deep",
    readings: 24,
  },
  {
    name: "sim7080, awake, compact in fours",
    seed: 16,
    modem: "sim7080",
    format: "compact",
    batch: 4,
    readings: 40,
  },
  {
    name: "sara-r4, deep sleep, compact",
    seed: 17,
    modem: "sara-r4",
    format: "compact",
    sleep: "deep",
    readings: 20,
    commands: 2,
  },
  {
    name: "sim7020, deep sleep, loss",
    seed: 18,
    sleep: "deep",
    coverage: 2,
    loss: 0.2,
    readings: 24,
    commands: 2,
  },
  { name: "bc95, deep sleep, raw in eights", seed: 19, modem: "bc95", batch: 8, sleep: "deep", readings: 32 },
  { name: "sim7000, awake, raw", seed: 20, modem: "sim7000", readings: 20, commands: 1 },
  {
    name: "sim7020, deep sleep, raw, sealed with proof",
    seed: 21,
    sleep: "deep",
    sealed: "proof",
    readings: 24,
    commands: 2,
  },
  {
    name: "bg95, awake, compact in fours, sealed",
    seed: 22,
    modem: "bg95",
    format: "compact",
    batch: 4,
    sealed: true,
    readings: 40,
    commands: 2,
  },
  { name: "nine changed lines", seed: 23, update: true, readings: 4, change: { of: "nine lines" } },
  { name: "a changed constant", seed: 24, update: true, readings: 4, change: { of: "constant" } },
  {
    name: "a whole image",
    seed: 25,
    update: true,
    readings: 6,
    change: { of: "constant", whole: true },
  },
];

/** Those that it is checked against. */
export const heldOut: readonly ProcessorRun[] = [
  { name: "sim7020, deep sleep, raw", seed: 31, sleep: "deep", interval: 1800, readings: 24 },
  {
    name: "sim7020, deep sleep, compact",
    seed: 32,
    sleep: "deep",
    format: "compact",
    readings: 24,
    commands: 2,
  },
  { name: "sara-n2, deep sleep, raw", seed: 33, modem: "sara-n2", sleep: "deep", readings: 24 },
  {
    name: "bc660k, awake, JSON, loss",
    seed: 34,
    modem: "bc660k",
    format: "json",
    coverage: 1,
    loss: 0.1,
    readings: 24,
    commands: 1,
  },
  { name: "bc66, deep sleep, raw in sixes", seed: 35, modem: "bc66", sleep: "deep", batch: 6, readings: 36 },
  {
    name: "bg95, awake, alternate",
    seed: 36,
    modem: "bg95",
    format: "alternate",
    interval: 600,
    readings: 30,
    commands: 2,
  },
  {
    name: "bc66, deep sleep, compact, sealed",
    seed: 37,
    modem: "bc66",
    format: "compact",
    sleep: "deep",
    sealed: true,
    readings: 24,
    commands: 1,
  },
  { name: "sim7020, deep sleep, raw, proof", seed: 38, sleep: "deep", sealed: "proof", readings: 24 },
  {
    name: "sim7020, awake, JSON, loss, nine changed lines",
    seed: 39,
    format: "json",
    coverage: 1,
    update: true,
    readings: 5,
    change: { of: "nine lines" },
  },
];

/** Images of the metered firmware, and the file that leads from one to the other. */
async function meteredUpdate({ of, whole }: NonNullable<ProcessorRun["change"]>): Promise<{
  readonly settings: Readonly<Record<string, string>>;
  readonly image: Uint8Array;
  readonly version: string;
  readonly file: Uint8Array;
}> {
  const maker = new SeededMaker("metered");
  const base = variantSources("demo", { update: true });
  const imageOf = async (version: string, change?: ExampleChange): Promise<Uint8Array> => {
    const script = await meteredFirmware(changedSources(change, version, base));
    return Uint8Array.from(makeImage({ script, version }));
  };
  const [image, next] = [await imageOf("0.2.0"), await imageOf("0.3.0", of)];
  const about = { board: simulatedBoard, version: "0.3.0" };
  const file =
    whole === true
      ? wholePackage(next, about, maker.sign)
      : differencePackage(image, next, { ...about, baseVersion: "0.2.0" }, maker.sign);
  return { settings: { updateKey: maker.publicKey }, image, version: "0.3.0", file };
}

/** Runs it. @param onTurn as of `meteredWorld` */
export async function processorRun(run: ProcessorRun, onTurn: (turn: MeteredTurn) => void): Promise<void> {
  const { name: _, readings, commands = 0, interval = 3600, change, ...options } = run;
  const update = change === undefined ? undefined : await meteredUpdate(change);
  const world = await meteredWorld(
    {
      settings: update?.settings,
      image: update?.image,
      seed: 1,
      edition: "token",
      coverage: 0,
      loss: 0,
      format: "raw",
      lifetime: 2 * interval * (run.batch ?? 1),
      powerKey: true,
      pendingTtl: 8 * 3_600_000,
      interval,
      ...options,
      onEvent: () => {},
    },
    onTurn,
  );
  const { clock, cloud, device } = world;
  const { productKey, deviceKey } = device;
  const length = 1_000 * interval * (readings + 0.5);
  for (let i = 1; i <= commands; i++) {
    clock.at((length * i) / (commands + 1), () => {
      cloud.commands.sendAddressed(productKey, deviceKey, products.demo.command, world.cloudNow);
    });
  }
  if (update !== undefined) {
    clock.at(1_500 * interval, () => {
      const { version, file } = update;
      cloud.ota.putFirmware({ productKey, version, signMethod: "sha256" }, file, world.cloudNow);
      cloud.ota.order({ productKey, version, deviceKeys: [deviceKey] }, world.cloudNow);
      world.touchCloud();
    });
  }
  try {
    await world.start();
    await clock.run({ until: length });
  } finally {
    await world.close();
  }
}
