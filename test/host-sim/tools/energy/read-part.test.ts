/** Files of parts as they were written, as strangers write them, and with one thing in them changed. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { profileNamed, profiles } from "../../../../host-sim/inspect/energy/profiles";
import { sheets } from "../../../../host-sim/inspect/energy/modules";
import { mergeParts, partForm, resultOf } from "../../../../host-sim/tools/energy/parts";
import { readPart } from "../../../../host-sim/tools/energy/read-part";
import { runs } from "../../../density";
import { attackPlan, cellsPlan, madePart, plans, tablePlan } from "./made-parts";
import type { EnergyProfile, Figure } from "../../../../host-sim/inspect/energy/profile";
import type { EnergyPart } from "../../../../host-sim/tools/energy/parts";

const stages = { begin: () => undefined, onWork: () => undefined };

/** The figures of a profile; tag and source are for people, and no run hangs on them. */
const figuresOf = ({ name, modem, radio, board }: EnergyProfile): unknown => {
  const bare = (given: Figure | readonly Figure[]): unknown =>
    Array.isArray(given) ? given.map(bare) : { ...(given as Figure), tag: undefined, source: undefined };
  const room = (figures: object): unknown =>
    Object.entries(figures).map(([figure, value]) => [figure, bare(value as Figure)]);
  return { name, modem: room(modem), radio: room(radio), board: room(board) };
};

describe.each(plans.map((plan) => [plan.kind, plan] as const))("a part of the %s", (_, plan) => {
  it("is read as it was written", () => {
    for (const [index, count] of [
      [1, 1],
      [2, 3],
    ]) {
      const part = madePart(plan, index, count);
      const read = readPart(JSON.stringify(part));
      if ("problem" in read) throw new Error(read.problem);
      if (!("profile" in part.plan)) expect(read).toEqual(part);
      else {
        expect(figuresOf((read.plan as typeof part.plan).profile)).toEqual(figuresOf(part.plan.profile));
        expect({ ...read, plan: { ...read.plan, profile: part.plan.profile } }).toEqual(part);
      }
    }
  });

  it("is refused or read when one character of it is another, and what was read can be told", async () => {
    const text = JSON.stringify(madePart(plan));
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: text.length - 1 }),
        fc.constantFrom("", "x", "-", "{", "9", "null", '"'),
        async (at, put) => {
          const part = readPart(text.slice(0, at) + put + text.slice(at + 1));
          if ("problem" in part) return;
          expect(mergeParts([{ name: "it", part }])).not.toHaveProperty("problem");
          // A table's may come to a run of the firmware, which is another test's matter.
          if (plan.kind !== "table") await resultOf(part, stages);
        },
      ),
      { numRuns: runs(800) },
    );
  });
});

it("is refused when it is anything else, and nothing is thrown", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      expect(readPart(text)).toHaveProperty("problem");
    }),
  );
  const [head] = [madePart(cellsPlan)];
  fc.assert(
    fc.property(fc.constantFrom("plan", "shard", "rows"), fc.jsonValue(), (name, value) => {
      expect(readPart(JSON.stringify({ ...head, [name]: value }))).toHaveProperty("problem");
    }),
  );
});

type Changed = Record<string, unknown>;
const wrong = "is a part with something missing or wrong";
const inPlan = (part: EnergyPart, change: Changed): Changed => ({
  ...part,
  plan: { ...part.plan, ...change },
});
const table = madePart(tablePlan, 1, 2);

test.each<[string, Changed, string]>([
  ["its shard has failed", { ...table, failed: "no cell" }, "its shard has failed: no cell"],
  [
    "a row is missing",
    { ...table, rows: table.rows.slice(1) },
    `has ${table.rows.length - 1} of its ${table.rows.length} rows: its shard did not come to its end, or another version made it`,
  ],
  ["rows in another order", { ...table, rows: [...table.rows].reverse() }, wrong],
  [
    "another form",
    { ...table, form: partForm.replace("1", "0") },
    "is no part of this version's npm run energy",
  ],
  ["an unknown modem", inPlan(table, { choice: { ...tablePlan.choice, modem: "sim9999" } }), wrong],
  ["a reading each ms", inPlan(table, { choice: { ...tablePlan.choice, interval: 0.001 } }), wrong],
  ["a field that no choice has", inPlan(table, { choice: { ...tablePlan.choice, server: "x" } }), wrong],
  [
    "a setting that is no text",
    inPlan(table, { choice: { ...tablePlan.choice, settings: { late: {} } } }),
    wrong,
  ],
  ["no share of any level", inPlan(table, { coverage: [0, 0, 0] }), wrong],
  [
    "a profile of negative power",
    inPlan(table, { profile: { ...profiles.field, modem: { psm: -1 } } }),
    wrong,
  ],
  ["an engine of somebody's", inPlan(table, { engine: "/bin/sh" }), wrong],
  ["figures that are none", { ...table, rows: table.rows.map((row) => ({ ...row, measured: {} })) }, wrong],
  ["nothing of the settings as asked", { ...table, asked: undefined }, wrong],
  ["an attacker from nowhere", inPlan(madePart(attackPlan), { from: "toString" }), wrong],
  ["another cell", { ...madePart(cellsPlan, 1, 2), rows: madePart(cellsPlan, 2, 2).rows }, wrong],
])("is refused: %s", (_, given, problem) => {
  expect(readPart(JSON.stringify(given))).toEqual({ problem });
});

test.each([...Object.keys(profiles), ...Object.keys(sheets)])("has the figures of --profile %s", (name) => {
  const profile = profileNamed(name)!;
  const read = readPart(JSON.stringify(madePart({ ...attackPlan, profile })));
  if ("problem" in read || !("profile" in read.plan)) throw new Error("it was refused");
  expect(figuresOf(read.plan.profile)).toEqual(figuresOf(profile));
});
