/**
 * Attacks on the way between network and cloud, one act each. Those of the three strengths make no use of what the
 * protocol leaves open, so that nothing excuses a device under them; the forgeries do.
 */
import { actsOf, hostileActs, strengths, traitsOf } from "../../sim/radio/hostile-acts";
import type { Attack, HostileAct, Strength } from "../../sim/radio/hostile-acts";

/** What of a fault matters here. */
interface Fault {
  readonly kind: string;
  readonly at: number;
  readonly lasting: number;
  readonly amount: number;
}

/** The acts of each kind, by the trouble's amount. */
const acts: Readonly<Record<string, readonly HostileAct[]>> = {
  "attack-off-path": own("off-path"),
  "attack-on-path": own("on-path"),
  "attack-in-the-middle": own("in-the-middle"),
  forgery: hostileActs.filter((act) => traitsOf(act).unprotected === true),
};

/** What a strength can do that a weaker one cannot, as far as the protocol protects against it. */
function own(strength: Strength): HostileAct[] {
  return actsOf(strength, true).filter((act) => traitsOf(act).strength === strength);
}

/** How many acts a kind of attack has. */
export const actCounts: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(acts).map(([kind, list]) => [kind, list.length]),
);

/** Paces of what is sent of its own accord, ms, in turn. */
const paces = [1_000, 5_000, 30_000, 300_000];

/** The attack that a fault stands for; undefined for any other fault. */
export function attackOf({ kind, at, lasting, amount }: Fault): Attack | undefined {
  const act = acts[kind]?.[amount];
  if (act === undefined || lasting === 0) return undefined;
  const { strength, unprotected } = traitsOf(act);
  // A forger stands where he can do most.
  const where = unprotected === true && kind === "forgery" ? "in-the-middle" : strength;
  return {
    strength: where,
    acts: [act],
    from: at,
    to: at + lasting,
    every: paces[at % paces.length],
    share: 0.5,
  };
}

/** What a fault's amount stands for, for people; undefined for one that is no attack. */
export function actName({ kind, amount }: Pick<Fault, "kind" | "amount">): string | undefined {
  return acts[kind]?.[amount];
}

/** Who stands on the way in a script. */
export type Attackers = Strength | "forger" | "nobody";

/** The strongest that attacks in a script: results are kept apart by it. */
export function strongestAttack(faults: readonly Pick<Fault, "kind">[]): Attackers {
  if (faults.some(({ kind }) => kind === "forgery" || kind === "interposed")) return "forger";
  const found = strengths.filter((strength) => faults.some(({ kind }) => kind === `attack-${strength}`));
  return found.at(-1) ?? "nobody";
}
