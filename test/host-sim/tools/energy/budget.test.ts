/** The budget of energy: what it finds, and that today's firmware stays within it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "../../../../host-sim/project";
import {
  breachesOf,
  budgetFamilies,
  budgetText,
  measureBudget,
  readBudget,
} from "../../../../host-sim/tools/energy/budget";
import { density } from "../../../density";

const agreed = readBudget(readFileSync(join(projectRoot(), "test/energy.json"), "utf8"));

describe("the file", () => {
  test("has a figure of each kind for each family", () => {
    expect(Object.keys(agreed.families)).toEqual([...budgetFamilies]);
    expect(readBudget(budgetText(agreed))).toMatchObject(agreed);
  });

  test.each([
    ["{", /^no JSON: /],
    ["[]", /^expected \{"exampleYears"/],
    [
      '{"exampleYears": 4, "families": {"bg95": {}}}',
      /^bg95\.wakesPerReading: expected a number of at least 0/,
    ],
  ])("%j is told", (text, why) => {
    expect(() => readBudget(text)).toThrow(why);
  });
});

describe("a breach", () => {
  const { sim7020 } = agreed.families;
  const now = (change: Partial<typeof sim7020>, years = agreed.exampleYears) => ({
    families: { sim7020: { ...sim7020, ...change } },
    exampleYears: years,
  });

  test("is what takes more than the tolerance", () => {
    expect(breachesOf(now({}), agreed)).toEqual([]);
    expect(breachesOf(now({ joulesPerReading: sim7020.joulesPerReading * 1.04 }), agreed)).toEqual([]);
    expect(breachesOf(now({ joulesPerReading: 9 }), agreed)).toEqual([
      `sim7020: joulesPerReading is 9, budget ${sim7020.joulesPerReading}`,
    ]);
    expect(breachesOf(now({ wakesPerReading: 2, authenticationsPerDay: 24 }), agreed)).toHaveLength(2);
  });

  test("is a shorter life, and a family without a budget", () => {
    expect(breachesOf(now({}, agreed.exampleYears * 0.95), agreed)).toEqual([]);
    expect(breachesOf(now({}, 2), agreed)).toEqual([
      `the example of docs/energy.md lasts 2 years, budget ${agreed.exampleYears}`,
    ]);
    const other = { ...now({}), families: { newest: sim7020 } };
    expect(breachesOf(other, agreed)).toEqual(["newest: has no budget"]);
  });
});

test("today's firmware stays within it", async () => {
  const measured = await measureBudget(density<readonly string[]>(budgetFamilies, ["sim7020", "bg95"]));
  expect(breachesOf(measured, agreed)).toEqual([]);
});
