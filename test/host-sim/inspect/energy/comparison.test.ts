import { describe, expect, test } from "vitest";
import { advice, fightsOf, lifetime, lifetimeIn, waitOf } from "../../../../host-sim/inspect/energy/advice";
import { batteryYears } from "../../../../host-sim/inspect/energy/battery";
import { asAsked, measureAsked, outcomeOf } from "../../../../host-sim/inspect/energy/comparison";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { changed, rowsOf, untriedIn, variantsOf } from "../../../../host-sim/inspect/energy/variants";
import { full } from "../../../density";
import { base } from "./choice";
import type { Choice } from "../../../../host-sim/inspect/energy/choice";
import type { Measured } from "../../../../host-sim/inspect/energy/measure";
import type { Comparison, Outcome } from "../../../../host-sim/inspect/energy/comparison";

const battery = { capacity: 5, selfDischarge: 0 };

function measuredAs(watts: number, error = 0): Measured {
  const perReport = { wakes: 1, compute: 0, awake: 0, atLines: 0, authentications: 0 };
  const powers = { watts, error, slowest: watts, fastest: watts, modem: watts, board: 0 };
  return {
    ...powers,
    wattsByCause: {},
    wattsByState: {},
    joulesPerReport: 1,
    perReport,
    datagram: { up: 1, down: 1 },
  };
}

function outcome(text: string, years: number, error = 0, change: Partial<Choice> = {}): Outcome {
  return { text, change, measured: measuredAs(1, error), years, range: [years, years] };
}

describe("the changes looked at", () => {
  test.each([base, { ...base, batch: 16, format: "json", sleep: "none", lifetime: 600 } as const])(
    "are one setting each, none as it is already",
    (choice) => {
      const variants = variantsOf(choice);
      expect(variants.length).toBeGreaterThan(7);
      expect(new Set(variants.map(({ text }) => text)).size).toBe(variants.length);
      for (const { text, change } of variants) {
        if (text === "16 readings together, as compact") continue;
        const [[setting, value], ...others] = Object.entries({ ...change, ...change.settings }).filter(
          ([name]) => name !== "settings",
        );
        expect(others).toEqual([]);
        expect(value).not.toBe({ ...choice, ...choice.settings }[setting as keyof Choice]);
      }
    },
  );

  test("a session that lapses between reports is kept alive, or its lifetime left to the firmware", () => {
    const texts = variantsOf({ ...base, lifetime: 600 }).map(({ text }) => text);
    expect(texts).toContain("session kept alive");
    expect(texts).toContain("session lifetime 3600 s, as the firmware chooses");
    expect(variantsOf(base).map(({ text }) => text)).not.toContain("session kept alive");
  });

  test("compact is looked at with a batch too, where neither is so already", () => {
    const both = (choice: Choice): unknown[] =>
      variantsOf(choice).flatMap(({ text, change }) =>
        text.endsWith(", as compact") ? [[text, change]] : [],
      );
    const change = { batch: 16, format: "compact" };
    expect(both(base)).toEqual([["16 readings together, as compact", change]]);
    // 16 readings in a day are cut down to 15, which is no row of its own.
    expect(both({ ...base, interval: 5_400 })).toEqual([
      ["4 readings together, as compact", { batch: 4, format: "compact" }],
    ]);
    expect(both({ ...base, batch: 4 })).toEqual([]);
    expect(both({ ...base, format: "compact" })).toEqual([]);
  });

  test("what the user asked for stands once, and light sleep is marked whoever asked for it", () => {
    const batch = { text: "batch 4", change: { batch: 4 }, asked: true } as const;
    const change = { settings: { waiting: "light-sleep" } };
    const light = { text: "waiting light-sleep", change, asked: true } as const;
    const rows = rowsOf(base, [batch, light]);
    expect(rows.slice(0, 2)).toEqual([batch, { ...light, untried: true }]);
    expect(rows).toHaveLength(variantsOf(base).length);
    expect(
      rowsOf(base, [])
        .filter(({ untried }) => untried)
        .map(({ text }) => text),
    ).toEqual(["board in light sleep while it waits"]);
    expect(untriedIn({ ...base, ...change })).toEqual({ untried: true });
    expect(untriedIn({ ...base, settings: { waiting: "slow" } })).toEqual({});
  });

  test("several changes together keep each other's settings", () => {
    const both = changed(base, [{ settings: { late: "60" } }, { batch: 4, settings: { order: "live" } }]);
    expect(both).toEqual({ ...base, batch: 4, settings: { late: "60", order: "live" } });
    expect(changed(base, [{ batch: 4 }])).toEqual({ ...base, batch: 4 });
  });
});

describe("the advice", () => {
  const comparison = (years: number[], together?: number, error = 0): Comparison => ({
    chance: 0,
    base: outcome("as asked", 2, error),
    variants: years.map((each, i) => outcome(`change ${i}`, each, error)),
    together: together === undefined ? undefined : outcome("all that helps, together", together, error),
  });

  test("names the best change, and what all together would give", () => {
    expect(advice(comparison([3, 2.5], 5), base)).toBe(
      "Change first: change 0. The battery then lasts 3.0 years, 1.5 times as long." +
        " All that helps, together, makes it 5.0 years (2.5 times as long).",
    );
  });

  test("does not take chance for a gain", () => {
    expect(advice(comparison([2.01, 1]), base)).toMatch(/^Nothing in this list helps/);
    // Two standard errors of the difference are 0.2 of it.
    expect(advice(comparison([2.3, 1], undefined, 0.1 / Math.SQRT2), base)).toMatch(/^Nothing in this list/);
    expect(advice(comparison([2.5, 1], undefined, 0.1 / Math.SQRT2), base)).toMatch(/^Change first/);
    expect(advice(comparison([]), base)).toMatch(/^Nothing in this list helps/);
    expect(advice(comparison([3, 2.5], 3.01), base)).not.toMatch(/together/);
  });

  test("names the price of a batch, and leaves out what nobody has tried", () => {
    const batch = outcome("16 readings together", 4, 0, { batch: 16 });
    expect(waitOf(base, batch)).toBe(15 * 900);
    const untried = { ...outcome("something new", 9), untried: true as const };
    const told = advice({ ...comparison([]), variants: [untried, batch] }, base);
    expect(told).toBe(
      "Change first: 16 readings together. The battery then lasts 4.0 years, 2.0 times as long." +
        " Its price: a reading waits up to 3 h 45 min.",
    );
  });
});

describe("settings that fight each other", () => {
  test.each<[string, Partial<Choice>, RegExp]>([
    [
      "a session that ends too early",
      { lifetime: 600 },
      /600 s is over before the next contact, 900 s later/,
    ],
    [
      "contacts a day apart",
      { interval: 86_400 },
      /after 86400 s: .+ \(--try interval=85900 shows what that saves\)\.$/,
    ],
    ["a batch of more than a day", { interval: 3_600, batch: 48 }, /Mend: a batch of 23 at most\.$/],
    ["a session kept alive for nothing", { keepAlive: true }, /keeping it alive costs and gives nothing/],
    ["a modem that always listens", { t3324: 900 }, /it never sleeps/],
    [
      "a batch that is late",
      { batch: 4, settings: { late: "60" } },
      /late after 60 s, and a batch takes 3600 s/,
    ],
  ])("%s", (_, change, told) => {
    const fights = fightsOf({ ...base, ...change });
    expect(fights).toHaveLength(1);
    expect(fights[0]).toMatch(told);
  });

  test("none in the example", () => {
    expect(fightsOf(base)).toEqual([]);
    expect(fightsOf({ ...base, interval: 3_600, batch: 16 })).toEqual([]);
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

test("the range has two standard errors and both ends of the processor's rate", () => {
  const measured = { ...measuredAs(1e-3, 1e-5), slowest: 1.1e-3, fastest: 0.95e-3 };
  const { years, range } = outcomeOf({ text: "", change: {} }, measured, battery);
  expect(years).toBeCloseTo(5 / 8.766, 9);
  expect(range[0]).toBeCloseTo(5 / (8.766 * 1.12), 9);
  expect(range[1]).toBeCloseTo(5 / (8.766 * 0.93), 9);
  expect(lifetimeIn({ years: 4.55, range: [4.1, 4.94] })).toBe("4.5 years (4.1 to 4.9)");
  expect(lifetimeIn({ years: 0.5, range: [0.4, 0.6] })).toBe("183 days (146 to 219)");
});

// Hundreds of wakes for a few numbers: `npm run energy` is run in npm test, this is not.
test.runIf(full)(
  "other seeds give lives within the range of each",
  async () => {
    const lives: Outcome[] = [];
    for (const seed of [1, 2, 3, 4]) {
      const options = { seed, profile: profiles.field, mix: [0.8, 0.15, 0.05], reports: 256 } as const;
      const { measured } = await measureAsked({ ...base, interval: 3_600 }, options);
      lives.push(outcomeOf({ text: asAsked, change: {} }, measured, battery));
    }
    const middle = lives.reduce((sum, { years }) => sum + years, 0) / lives.length;
    for (const { range } of lives) {
      expect(range[0]).toBeLessThan(middle);
      expect(range[1]).toBeGreaterThan(middle);
    }
  },
  240_000,
);
