/** What to do about a battery, in sentences. */
import { escaped } from "../../model/escaped";
import { lasting } from "../report/duration";
import { helps } from "./comparison";
import { gapOf, isAdvice } from "./variants";
import type { Choice } from "./choice";
import type { Comparison, Outcome } from "./comparison";

/** Longest time between contacts that a session outlives, seconds: see contact-plan.ts. */
const longestGap = 85_900;

/** What to change first, and what that costs in time. */
export function advice({ base, variants, together }: Comparison, choice: Choice): string {
  const best = variants.find((each) => isAdvice(each));
  if (best === undefined || !helps(best, base)) {
    return "Nothing in this list helps by more than chance: what is left is fewer readings, better coverage, or a larger battery.";
  }
  const gain = (years: number): string => `${(years / base.years).toFixed(1)} times as long`;
  const waits = (outcome: Outcome): string => {
    const seconds = waitOf(choice, outcome);
    return seconds > waitOf(choice, base)
      ? ` Its price: a reading waits up to ${lasting(1_000 * seconds)}.`
      : "";
  };
  const more =
    together === undefined || !helps(together, best)
      ? ""
      : ` All that helps, together, makes it ${lifetime(together.years)} (${gain(together.years)}).`;
  return (
    `Change first: ${escaped(best.text)}. The battery then lasts ${lifetime(best.years)}, ${gain(best.years)}.` +
    waits(best) +
    more
  );
}

/** Seconds that the first reading of a batch waits for the last one. */
export function waitOf(base: Choice, { change }: Pick<Outcome, "change">): number {
  const choice = { ...base, ...change };
  return gapOf(choice) - choice.interval;
}

/** Settings that fight each other, a sentence each with what mends it. */
export function fightsOf(choice: Choice): string[] {
  const { interval, batch, lifetime, keepAlive, t3324, saving, sleep, settings = {} } = choice;
  const gap = gapOf(choice);
  const fights: string[] = [];
  if (lifetime !== undefined && lifetime <= gap && !keepAlive) {
    const mend =
      gap <= longestGap
        ? "leave the lifetime out, and the firmware chooses one that holds"
        : `a contact every ${longestGap} s or sooner keeps a session: leave the lifetime out and send more often`;
    fights.push(
      `A session of ${lifetime} s is over before the next contact, ${gap} s later: each contact authenticates. Mend: ${mend}.`,
    );
  } else if (gap > longestGap && !keepAlive) {
    fights.push(
      `Contacts are ${gap} s apart, and EnOS ends a session after 86400 s: each contact authenticates. Mend: ` +
        (batch > 1
          ? `a batch of ${Math.max(1, Math.floor(longestGap / interval))} at most.`
          : `an interval of ${longestGap} s or less keeps the session (--try interval=${longestGap} shows what that saves).`),
    );
  }
  if (keepAlive && gap < (lifetime ?? Infinity)) {
    fights.push(
      "The session outlives the time between contacts by itself: keeping it alive costs and gives nothing.",
    );
  }
  if (saving === "psm" && t3324 >= gap) {
    fights.push(
      `The modem listens for ${t3324} s behind each contact (T3324), and the next one comes after ${gap} s: it never sleeps.`,
    );
  }
  if (sleep === "deep" && saving === "edrx") {
    fights.push(
      "With eDRX the modem listens on, and a board in deep sleep does not hear it: one of the two is for nothing.",
    );
  }
  const late = Number(settings.late ?? Infinity);
  if (batch > 1 && late < gap) {
    fights.push(
      `A reading counts as late after ${late} s, and a batch takes ${gap} s: each batch is sent as late.`,
    );
  }
  return fights;
}

/** Years, or days where it is less than one. */
export function lifetime(years: number): string {
  return years >= 1 ? `${years.toFixed(1)} years` : `${Math.max(1, Math.round(years * 365.25))} days`;
}

/** The same with the range that it lies in, such as "4.6 years (4.1 to 4.9)". */
export function lifetimeIn({ years, range }: Pick<Outcome, "years" | "range">): string {
  const number = (value: number): string =>
    years >= 1 ? value.toFixed(1) : String(Math.max(1, Math.round(value * 365.25)));
  return `${lifetime(years)} (${number(range[0])} to ${number(range[1])})`;
}
