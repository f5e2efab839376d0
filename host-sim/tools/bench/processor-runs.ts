/**
 * The runs on XS from which the table of the processor's turns is made, and others against which it is checked: other
 * seeds, two families and settings of which the first know nothing.
 */
import { products } from "../../sim/world/products";
import { meteredWorld } from "./metered-turns";
import type { MeteredTurn } from "./metered-turns";
import type { WorldOptions } from "../../sim/world/world";

/** A run: what differs from the usual one. */
export interface ProcessorRun extends Partial<Omit<WorldOptions, "onEvent" | "engine">> {
  readonly name: string;
  /** Readings, about: the run lasts as long. */
  readonly readings: number;
  /** Commands of the cloud. */
  readonly commands?: number;
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
];

/** Runs it. @param onTurn as of `meteredWorld` */
export async function processorRun(run: ProcessorRun, onTurn: (turn: MeteredTurn) => void): Promise<void> {
  const { name: _, readings, commands = 0, interval = 3600, ...options } = run;
  const world = await meteredWorld(
    {
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
  try {
    await world.start();
    await clock.run({ until: length });
  } finally {
    await world.close();
  }
}
