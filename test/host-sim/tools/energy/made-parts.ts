/** Parts of runs of `npm run energy` whose rows nobody has measured: figures that are made up, each row's another. */
import { cellPlaces } from "../../../../host-sim/inspect/energy/twelve-cells";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { partForm } from "../../../../host-sim/tools/energy/parts";
import { rowTexts } from "../../../../host-sim/tools/energy/plan";
import { shareOf } from "../../../../host-sim/tools/shards/shard";
import { base } from "../../inspect/energy/choice";
import type { Measured, Measurement } from "../../../../host-sim/inspect/energy/measure";
import type { EnergyPart } from "../../../../host-sim/tools/energy/parts";
import type { AttackPlan, CellsPlan, EnergyPlan, TablePlan } from "../../../../host-sim/tools/energy/plan";

const any = { version: "1", seed: "7", reports: 16, engine: "node" } as const;
const device = {
  ...any,
  edition: "token",
  loss: 0.1,
  coverage: [0.8, 0, 0.2],
  profile: profiles.field,
  choice: { ...base, sealed: "proof", settings: { late: "60" } },
  battery: { capacity: 5, selfDischarge: 0.01 },
  set: [{ name: "late", text: "60" }],
} as const;

export const tablePlan: TablePlan = {
  kind: "table",
  ...device,
  tried: [{ text: "batch 2", change: { batch: 2 }, asked: true }],
};
export const attackPlan: AttackPlan = { kind: "attack", ...device, from: "off-path" };
export const cellsPlan: CellsPlan = { kind: "cells", ...any, modem: "sim7020", t3324: 2, format: "raw" };
export const plans: readonly EnergyPlan[] = [tablePlan, attackPlan, cellsPlan];

function measuredAs(watts: number): Measured {
  return {
    ...{ watts, joulesPerReport: watts * 900, modem: watts, board: 0, error: 0 },
    ...{ slowest: watts, fastest: watts, wattsByCause: { report: watts }, wattsByState: {} },
    perReport: { wakes: 1, compute: 2, awake: 3, atLines: 4, authentications: 0 },
    datagram: { up: 100, down: 20 },
  };
}

const asked: Measurement = {
  measured: measuredAs(1),
  // Level 1 is in no part of the mix.
  learnt: [0, 1, 2].map((level) =>
    level === 1
      ? undefined
      : {
          slopes: { joules: [1, -0.5] },
          variance: 0.25,
          cycles: [{ amounts: { joules: 3.5 }, draws: [0, -12.5] }],
          period: 900_000,
        },
  ),
};

/** A shard's part. */
export function madePart(plan: EnergyPlan, index = 1, count = 1): EnergyPart {
  const shard = { index, count };
  const { first, end } = shareOf(rowTexts(plan).length, shard);
  const head = { form: partForm, shard } as const;
  const texts = rowTexts(plan).slice(first, end);
  // The longest row is the first, so that no two of them have the same figures.
  const watts = (i: number): number => 1.5 + (first + i) / 64;
  if (plan.kind === "table") {
    const rows = texts.map((text, i) => ({ text, measured: measuredAs(watts(i)) }));
    return { ...head, plan, asked, rows };
  }
  if (plan.kind === "attack") {
    const rest = { onset: 40, psm: 0.5, datagrams: 98, delivered: 1 };
    return { ...head, plan, rows: texts.map((text, i) => ({ text, watts: watts(i), ...rest })) };
  }
  const rows = cellPlaces.slice(first, end).map((place, i) => ({
    ...place,
    years: { bound: 20, most: 16, mostWithBoard: 8, modem: 10 - watts(i), withBoard: 5, lightly: 6 },
    joules: {
      ...{ bound: 1, bytes: 0.25, again: 0.5, awake: 0.25 },
      ...{ asleep: 1, starting: 0.25, running: 0.25, waiting: 0.5 },
    },
  }));
  return { ...head, plan, rows };
}
