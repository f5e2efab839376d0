import { describe, expect, test } from "vitest";
import { batteryYears } from "../../../../host-sim/inspect/energy/battery";
import {
  advice,
  compare,
  lifetime,
  spread,
  variantsOf,
} from "../../../../host-sim/inspect/energy/comparison";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { full } from "../../../density";
import { base } from "./choice";
import type { Choice } from "../../../../host-sim/inspect/energy/choice";
import type { Comparison, Outcome } from "../../../../host-sim/inspect/energy/comparison";

function outcome(text: string, years: number): Outcome {
  const measured = { watts: 1, wattsByCause: {}, joulesPerReport: 1, modem: 1, board: 0 };
  return { text, change: {}, measured, years };
}

describe("the changes looked at", () => {
  test.each([base, { ...base, batch: 16, format: "json", sleep: "none", lifetime: 600 } as const])(
    "are one setting each, none as it is already",
    (choice) => {
      const variants = variantsOf(choice);
      expect(variants.length).toBeGreaterThan(7);
      expect(new Set(variants.map(({ text }) => text)).size).toBe(variants.length);
      for (const { change } of variants) {
        const [[setting, value], ...others] = Object.entries(change);
        expect(others).toEqual([]);
        expect(value).not.toBe(choice[setting as keyof Choice]);
      }
    },
  );

  test("a session that lapses between reports is kept alive, or its lifetime made longer", () => {
    const texts = variantsOf({ ...base, lifetime: 600 }).map(({ text }) => text);
    expect(texts).toContain("session kept alive");
    expect(texts).toContain("session lifetime 1800 s");
    expect(variantsOf(base).map(({ text }) => text)).not.toContain("session kept alive");
  });
});

describe("the advice", () => {
  const comparison = (years: number[], together?: number, chance = 0): Comparison => ({
    chance,
    base: outcome("as asked", 2),
    variants: years.map((each, i) => outcome(`change ${i}`, each)),
    together: together === undefined ? undefined : outcome("all that helps, together", together),
  });

  test("names the best change, and what all together would give", () => {
    expect(advice(comparison([3, 2.5], 5))).toBe(
      "Change first: change 0. The battery then lasts 3.0 years, 1.5 times as long." +
        " All that helps, together, makes it 5.0 years (2.5 times as long).",
    );
  });

  test("does not take chance for a gain", () => {
    expect(advice(comparison([2.01, 1]))).toMatch(/^Nothing in this list helps/);
    expect(advice(comparison([2.3, 1], undefined, 0.2))).toMatch(/^Nothing in this list helps/);
    expect(advice(comparison([2.5, 1], undefined, 0.2))).toMatch(/^Change first/);
    expect(advice(comparison([]))).toMatch(/^Nothing in this list helps/);
    expect(advice(comparison([3, 2.5], 3.01))).not.toMatch(/together/);
  });
});

test("a battery without load dies of itself, and one without self-discharge of its load", () => {
  expect(batteryYears({ capacity: 5, selfDischarge: 0.02 }, 0)).toBe(50);
  expect(batteryYears({ capacity: 8.766, selfDischarge: 0 }, 0.001)).toBeCloseTo(1, 12);
});

test.each([
  [12.34, "12.3 years"],
  [1, "1.0 years"],
  [0.5, "183 days"],
  [0, "1 days"],
])("%d years are %s", (years, text) => {
  expect(lifetime(years)).toBe(text);
});

test("chance is the spread of other seeds' runs", () => {
  expect(spread([2, 3, 1, 2])).toBe(1);
});

// Seventeen runs for one number: `npm run energy` is run in npm test, this is not.
test.runIf(full)(
  "chance is what other seeds do to the same settings",
  async () => {
    const options = { seed: 1, profile: profiles.field, mix: [0, 0, 1], reports: 16 } as const;
    const battery = { capacity: 5, selfDischarge: 0 };
    expect((await compare(base, battery, options)).chance).toBeGreaterThan(0.02);
  },
  60_000,
);
