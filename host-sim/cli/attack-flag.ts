/** The flag `--attack`: who attacks the way to the cloud, and how. */
import { actsOf, checkAttack, hostileActs, strengths } from "../sim/radio/hostile-acts";
import { misuse } from "./misuse";
import type { Attack, HostileAct, Strength } from "../sim/radio/hostile-acts";

/** What help says of it. */
export const attackText =
  `somebody attacks: ${strengths.join(", ")}, all that it can do, or some as in off-path:ping,reset ` +
  `(${hostileActs.join(", ")})`;

/** @throws CommandError for what is no attack */
export function attackOf(text: string): Attack {
  const [from, acts] = text.split(":", 2);
  const strength = from as Strength;
  if (!strengths.includes(strength)) {
    throw misuse(`--attack begins with ${strengths.join(", ")}, got "${text.slice(0, 40)}"`);
  }
  // What nothing protects from would make the run's verdict false.
  const attack: Attack = {
    strength,
    acts: acts === undefined ? actsOf(strength, true) : (acts.split(",") as HostileAct[]),
  };
  try {
    checkAttack(attack);
  } catch (error) {
    throw error instanceof RangeError ? misuse(`--attack: ${error.message.slice(0, 400)}`) : error;
  }
  return attack;
}
