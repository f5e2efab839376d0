/** A run of `npm run energy` in parts: each row once, and together what the whole is. */
import { describe, expect, it, test } from "vitest";
import { mergeParts, resultOf, rowCount } from "../../../../host-sim/tools/energy/parts";
import { rowTexts } from "../../../../host-sim/tools/energy/plan";
import { attackPlan, madePart, plans, tablePlan } from "./made-parts";
import type { EnergyPart } from "../../../../host-sim/tools/energy/parts";

const stages = { begin: () => undefined, onWork: () => undefined };
const named = (parts: readonly EnergyPart[]) => parts.map((part, i) => ({ name: `${i + 1}.json`, part }));

describe.each(plans.map((plan) => [plan.kind, plan] as const))("the rows of the %s", (_, plan) => {
  it("are each one shard's, however many there are", () => {
    const { length } = rowTexts(plan);
    expect(length).toBeGreaterThan(4);
    for (let count = 1; count <= length + 2; count++) {
      const rows = Array.from({ length: count }, (__, i) => rowCount(plan, { index: i + 1, count }));
      expect(rows.reduce((sum, each) => sum + each, 0)).toBe(length);
    }
  });

  it("are the whole's again, in whatever order the parts are given", () => {
    const [one, two, three] = [1, 2, 3].map((index) => madePart(plan, index, 3));
    for (const order of [
      [one, two, three],
      [three, one, two],
    ]) {
      expect(mergeParts(named(order))).toEqual(madePart(plan));
    }
  });
});

const other = { ...attackPlan, choice: { ...attackPlan.choice, interval: 3_600 } };
const measuredOtherwise = (): EnergyPart => {
  const part = madePart(tablePlan, 2, 2);
  if (!("asked" in part)) throw new Error("a table has the settings as asked");
  const { asked } = part;
  return { ...part, asked: { ...asked, measured: { ...asked.measured, watts: 1.25 } } };
};

test.each<[string, readonly EnergyPart[], RegExp]>([
  ["none", [], /^no parts to merge$/],
  ["one is missing", [madePart(tablePlan, 1, 3), madePart(tablePlan, 3, 3)], /^shard 2 of 3 is missing/],
  [
    "one came twice",
    [madePart(tablePlan, 1, 2), madePart(tablePlan, 2, 2), madePart(tablePlan, 2, 2)],
    /^3\.json has shard 2\/2, as 2\.json has$/,
  ],
  [
    "another setting",
    [madePart(attackPlan, 1, 2), madePart(other, 2, 2)],
    /^2\.json is of another run than 1\.json: choice\.interval is 3600 and not 900$/,
  ],
  [
    "another kind",
    [madePart(attackPlan, 1, 2), madePart(tablePlan, 2, 2)],
    /^2\.json is of another run than 1\.json: kind is "table" and not "attack"$/,
  ],
  ["another cut", [madePart(tablePlan, 1, 2), madePart(tablePlan, 2, 3)], /^2\.json is a part of 3, /],
  [
    "other figures of what both have measured",
    [madePart(tablePlan, 1, 2), measuredOtherwise()],
    /^2\.json has other figures of the same run than 1\.json: asked\.watts is 1\.25 and not 1$/,
  ],
])("parts are refused: %s", (_, parts, line) => {
  expect(mergeParts(named(parts))).toEqual({ problem: expect.stringMatching(line) as unknown });
});

it("compares rows when all of them are there: lives, shares and what is best hang on no shard", async () => {
  const result = await resultOf(madePart(tablePlan), stages);
  if (!("comparison" in result)) throw new Error("a table has a comparison");
  const { base, variants, together } = result.comparison;
  // All rows were made up to draw more than the settings as asked, the first of them least.
  expect(variants.map(({ text }) => text)).toEqual(rowTexts(tablePlan));
  expect(base.years).toBeGreaterThan(variants[0].years);
  expect(together).toBeUndefined();
});

it("says why the firmware would not run with settings out of a file", async () => {
  const part = madePart({ ...tablePlan, choice: { ...tablePlan.choice, settings: { late: "soon" } } });
  if (!("asked" in part)) throw new Error("a table has the settings as asked");
  // Everything helps, so that all of it is tried together.
  const measured = { ...part.asked.measured, watts: 9 };
  const helped = { ...part, asked: { ...part.asked, measured } };
  await expect(resultOf(helped, stages)).rejects.toThrow(/late is "soon", it must be a whole number/);
});
