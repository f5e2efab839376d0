/**
 * Runs on XS in which each turn of the board tells what the firmware itself has spent in it, without the simulation's
 * own modules.
 */
import { join } from "node:path";
import { projectRoot } from "../../project";
import { bundleFirmware } from "../../sim/board/bundle";
import { variantSources } from "../../sim/world/product-variant";
import { World } from "../../sim/world/world";
import type { TurnCounts } from "../../sim/board/processor";
import type { WorldOptions } from "../../sim/world/world";

/** Where metered-guest.ts finds XS's meter, which the simulated board takes out of the global scope. */
const meterForGuest = '"use strict";\nMath.meter = globalThis.resetMeter;\n';

/** A turn, and what it cost. */
export interface MeteredTurn {
  /** When it began, virtual ms. */
  readonly time: number;
  readonly counts: TurnCounts;
  /** Steps that the table says. */
  readonly told: number;
  /** Steps that the firmware has spent, counted by XS. */
  readonly spent: number;
}

/** The firmware with the meter. @param sources of it that are others, by the path from the project's root */
export async function meteredFirmware(sources?: ReadonlyMap<string, string>): Promise<string> {
  const entry = join(projectRoot(), "host-sim/tools/bench/metered-guest.ts");
  return meterForGuest + (await bundleFirmware({ entry, sources }));
}

/**
 * Starts a world on XS with the firmware metered.
 *
 * @param onTurn hears of each turn when it is over; its counts are the next turn's from then on
 * @throws EngineMissing when XS is not installed
 */
export async function meteredWorld(
  options: Omit<WorldOptions, "engine" | "firmware" | "onAsk" | "onProcessorTurn">,
  onTurn: (turn: MeteredTurn) => void,
): Promise<World> {
  let spent = 0;
  const world = await World.create({
    ...options,
    engine: "xs",
    firmware: await meteredFirmware(variantSources(options.application ?? "demo", options)),
    onAsk: (text) => {
      const [, steps] = /^steps (\d+)$/.exec(text) ?? [];
      if (steps !== undefined) spent += Number(steps);
      return "";
    },
    onProcessorTurn: ({ counts, compute }) => {
      onTurn({ time: world.clock.now, counts, told: compute, spent });
      spent = 0;
    },
  });
  return world;
}
