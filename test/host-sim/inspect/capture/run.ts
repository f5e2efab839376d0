/** A run with losses, duplicates and a command, for the tests of what is written of it. */
import { Simulation } from "../../../../host-sim/sim/world/simulation";
import type { SimulationResult } from "../../../../host-sim/sim/world/simulation";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

export interface Heard {
  readonly events: readonly WorldEvent[];
  readonly result: SimulationResult;
}

export async function hear(
  changes: {
    seed?: number;
    reports?: number;
    edition?: "token" | "tokenless";
    loss?: number;
    modem?: string;
  } = {},
): Promise<Heard> {
  const events: WorldEvent[] = [];
  const result = await new Simulation({
    seed: 5,
    engine: "node",
    edition: "token",
    coverage: 1,
    loss: 0.25,
    reports: 12,
    interval: 900,
    format: "alternate",
    powerKey: true,
    command: true,
    ...changes,
    onEvent: (event) => events.push(event),
  }).run();
  return { events, result };
}
