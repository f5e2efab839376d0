/**
 * What a wake from deep sleep costs on XS: steps of the firmware from main's first line to the next sleep, without
 * those of the simulation's own modules, the same number on any machine.
 */
import { join } from "node:path";
import { projectRoot } from "../../project";
import { bundleFirmware } from "../../sim/board/bundle";
import { World } from "../../sim/world/world";

/** Where wake-guest.ts finds XS's meter, which the simulated board takes out of the global scope. */
const meterForGuest = '"use strict";\nMath.meter = globalThis.resetMeter;\n';
const hour = 3_600_000;

/** A board with a journal of one size, asleep between hourly readings. */
export interface WakeCost {
  /** The median of wakes that read, send and sleep, and the highest of them. */
  readonly compute: number;
  readonly highest: number;
  /** The first start, at which the journal is walked over. */
  readonly start: number;
}

/**
 * Measures.
 *
 * @param journalSize bytes
 * @param wakes how many to measure: a block of the journal is full after some 60
 * @throws EngineMissing when XS is not installed
 */
export async function benchWake(journalSize: number, wakes: number): Promise<WakeCost> {
  const entry = join(projectRoot(), "host-sim/tools/bench/wake-guest.ts");
  const costs: number[] = [];
  const world = await World.create({
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
    journalSize,
    firmware: meterForGuest + (await bundleFirmware({ entry })),
    onEvent: (event) => {
      const [, steps] =
        event.source === "device" ? (/^firmware's own steps: (\d+)$/.exec(event.text) ?? []) : [];
      if (steps !== undefined) costs.push(Number(steps));
    },
  });
  try {
    await world.start();
    await world.clock.run({ until: (wakes + 2) * hour, stop: () => costs.length > wakes });
  } finally {
    await world.close();
  }
  const [start, ...steady] = costs;
  if (steady.length < wakes) throw new Error(`${steady.length} wakes of ${wakes} were measured`);
  steady.sort((a, b) => a - b);
  return { compute: steady[steady.length >> 1], highest: steady[steady.length - 1], start };
}
