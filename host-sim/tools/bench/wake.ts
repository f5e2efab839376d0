/**
 * What a wake from deep sleep costs on XS: steps of the firmware from main's first line to the next sleep, without
 * those of the simulation's own modules, the same number on any machine.
 */
import { readLogLine } from "../../sim/world/device-log";
import { meteredWorld } from "./metered-turns";
import type { Seal } from "../../sim/world/device-options";

const hour = 3_600_000;

/** The board whose wakes are measured: hourly readings, at a good place, nothing lost. */
export const wakeConditions = Object.freeze({
  seed: 1,
  engine: "xs",
  edition: "token",
  coverage: 0,
  loss: 0,
  interval: 3600,
  format: "raw",
  lifetime: 7200,
  sleep: "deep",
  powerKey: true,
  journalSize: 131_072,
} as const);

/** A board with a journal of one size, asleep between hourly readings. */
export interface WakeCost {
  /** The median of wakes that read, send and sleep, and the highest of them. */
  readonly compute: number;
  readonly highest: number;
  /** Of all wakes together, those that only keep a clock right too, for each reading taken. */
  readonly reading: number;
  /** The first start, at which the journal is walked over. */
  readonly start: number;
}

/**
 * Measures.
 *
 * @param journalSize bytes
 * @param wakes how many to measure: a block of the journal is full after some 60
 * @param sealed of a sealed product
 * @throws EngineMissing when XS is not installed
 */
export async function benchWake(journalSize: number, wakes: number, sealed?: Seal): Promise<WakeCost> {
  const costs: number[] = [];
  let sum = 0;
  let readings = 0;
  const world = await meteredWorld(
    {
      ...wakeConditions,
      journalSize,
      sealed,
      onEvent: (event) => {
        if (event.source === "device" && costs.length > 0) {
          if (readLogLine(event.text)?.kind === "report taken") readings += 1;
        }
        if (event.source !== "board" || event.what !== "asleep") return;
        costs.push(sum);
        sum = 0;
      },
    },
    ({ spent }) => (sum += spent),
  );
  try {
    await world.start();
    await world.clock.run({ until: (wakes + 2) * hour, stop: () => costs.length > wakes });
  } finally {
    await world.close();
  }
  const [start, ...steady] = costs;
  if (steady.length < wakes) throw new Error(`${steady.length} wakes of ${wakes} were measured`);
  const reading = Math.round(steady.reduce((all, each) => all + each, 0) / readings);
  steady.sort((a, b) => a - b);
  return { compute: steady[steady.length >> 1], highest: steady[steady.length - 1], reading, start };
}
