/** Devices with each firmware that a family's table of commands names: all of them get to their cloud. */
import { describe, expect, it } from "vitest";
import { families } from "../../../../host-sim/sim/modem/families";
import { Simulation } from "../../../../host-sim/sim/world/simulation";
import { density } from "../../../density";

/** Firmware of a modem that has no NB-IoT at all: in this cell it finds nothing. */
const withoutNbIot: readonly string[] = ["r510s-00b", "m1-a04"];

const firmwares = [...families.values()].flatMap(({ name, manual }) =>
  (manual?.generations ?? [])
    .filter((generation) => !withoutNbIot.includes(generation.name))
    .map((generation) => [name, generation.name] as const),
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
