/** Devices with each firmware that a family's table of commands names: all of them get to their cloud. */
import { describe, expect, it } from "vitest";
import { families } from "../../../../host-sim/sim/modem/families";
import { Simulation } from "../../../../host-sim/sim/world/simulation";
import { density } from "../../../density";

const firmwares = [...families.values()].flatMap(({ name, manual }) =>
  (manual?.generations ?? []).map((generation) => [name, generation.name] as const),
);
const seeds = Array.from({ length: density(20, 3) }, (_, i) => i + 1);

describe.each(firmwares)("%s with firmware %s", (modem, modemFirmware) => {
  it.each(seeds)("sends its readings (seed %i)", async (seed) => {
    const result = await new Simulation({
      seed,
      engine: "node",
      edition: "token",
      coverage: 0,
      reports: 4,
      interval: 900,
      format: "alternate",
      powerKey: true,
      command: true,
      modem,
      modemFirmware,
    }).run();
    expect(result.complete).toBe(true);
  });
});
