/** The part `online` of `npm run bench`: how soon each family's modem is up. */
import type { Mean } from "../tools/bench/online";
import type { Verdict } from "../tools/bench/bars";

/** Prints and judges it. */
export async function benchModems(verdict: Verdict, say: (line: string) => void): Promise<void> {
  const { benchOnline, excess, timesBefore } = await import("../tools/bench/online");
  say("from power-on, and from PSM, to a modem that is up (means with their standard errors, virtual s)");
  const spoken = ({ mean, error }: Mean, digits: number): string =>
    `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
  for (const { family, cold, fromPsm } of await benchOnline()) {
    const before = timesBefore[family];
    const slower = verdict.judge("online", excess(cold, before.cold));
    const slowerWake = verdict.judge("wakeToUp", fromPsm.mean - before.fromPsm.mean);
    say(
      `  ${family.padEnd(8)} cold ${spoken(cold, 1)}, before ${spoken(before.cold, 1)} ${slower}; ` +
        `PSM ${spoken(fromPsm, 2)}, before ${spoken(before.fromPsm, 2)} ${slowerWake}`,
    );
  }
}
