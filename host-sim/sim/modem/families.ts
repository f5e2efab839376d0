/** The modem families that can be simulated. */
import type { RadioTechnology } from "../radio/link";
import type { Family } from "./family";
import { ManualTable } from "./manual/manual";
import type { SimulatedModemOptions } from "./modem-options";
import { SimulatedModem } from "./simulated-modem";
import { bc66, bc660k } from "./family/bc66";
import { bc95, saraN2 } from "./family/bc95";
import { bg95 } from "./family/bg95";
import { saraR4, saraR5 } from "./family/sara";
import { sim7000 } from "./family/sim7000";
import { sim7020 } from "./family/sim7020";
import { sim7080 } from "./family/sim7080";

export const families: ReadonlyMap<string, Family> = new Map(
  [sim7020, sim7080, sim7000, bc66, bc660k, bc95, saraN2, bg95, saraR4, saraR5].map((family) => [
    family.name,
    family,
  ]),
);

/** The firmware generations of a family, the oldest first; none for a family without a manual, or an unknown one. */
export function generationsOf(name: string): readonly string[] {
  return families.get(name)?.manual?.generations.map((each) => each.name) ?? [];
}

/** The technology of a cell for that firmware, or for a family's newest: NB-IoT where it has that. */
export function technologyOf(name: string, firmware?: string): RadioTechnology {
  const generations = families.get(name)?.manual?.generations ?? [];
  const generation = generations.find((each) => each.name === firmware) ?? generations.at(-1);
  return generation?.technology ?? "nb-iot";
}

/** Whether that firmware of a family, its newest when left out, has power saving mode: the earliest NB-IoT ones lack it. */
export function hasPsm(name: string, firmware?: string): boolean {
  const manual = families.get(name)?.manual;
  return manual === undefined || new ManualTable(manual, firmware).row("+CPSMS") !== undefined;
}

/** @throws RangeError for a name that is none of theirs */
export function createModem(name: string, options: Omit<SimulatedModemOptions, "family">): SimulatedModem {
  const family = families.get(name);
  if (family === undefined) {
    throw new RangeError(`modem "${name}": expected one of ${[...families.keys()].join(", ")}`);
  }
  return new SimulatedModem({ family, ...options });
}
