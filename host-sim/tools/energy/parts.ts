/**
 * A run of `npm run energy` in parts: what a part writes, and what the parts come to. What compares one row with another is in
 * no part: life, range, chance and advice are worked out of what was measured when all rows are there.
 */
import { asAsked, comparisonOf, measureAsked, measureChange } from "../../inspect/energy/comparison";
import { attackedWith, attackerText, attackersFrom, measureAttack } from "../../inspect/energy/attack";
import { cellPlaces, measureCell, runsOfCell } from "../../inspect/energy/twelve-cells";
import { rowsOf } from "../../inspect/energy/variants";
import { differenceOf, wholeOf } from "../shards/parts";
import { shareOf, wholeRun } from "../shards/shard";
import { cellOptionsOf, measureOptionsOf, rowTexts } from "./plan";
import type { Attacked, UnderAttack } from "../../inspect/energy/attack";
import type { Comparison } from "../../inspect/energy/comparison";
import type { Measured, Measurement } from "../../inspect/energy/measure";
import type { Cell } from "../../inspect/energy/twelve-cells";
import type { Named, Problem } from "../shards/parts";
import type { Shard } from "../shards/shard";
import type { AttackPlan, CellsPlan, EnergyPlan, TablePlan } from "./plan";

/** Written into each file, so that a stranger's is told from one of ours. */
export const partForm = "enos-nbiot-xs energy part 1";

/** The rows that a shard has measured, in their order. */
interface PartOf<Plan, Row> {
  readonly form: typeof partForm;
  readonly plan: Plan;
  readonly shard: Shard;
  readonly rows: readonly Row[];
}

/** A row of the table. */
interface MeasuredRow {
  readonly text: string;
  readonly measured: Measured;
}

/** Of the table. Each has the settings as asked: rows are measured beside them, in the same chances. */
interface TablePart extends PartOf<TablePlan, MeasuredRow> {
  readonly asked: Measurement;
}
type AttackPart = PartOf<AttackPlan, UnderAttack>;
type CellsPart = PartOf<CellsPlan, Cell>;
export type EnergyPart = TablePart | AttackPart | CellsPart;

/** What a whole run comes to. */
export type EnergyResult =
  | { readonly plan: TablePlan; readonly comparison: Comparison }
  | { readonly plan: AttackPlan; readonly attacked: readonly Attacked[] }
  | { readonly plan: CellsPlan; readonly cells: readonly Cell[] };

/** Hears of the runs. */
export interface RunStages {
  /** The next run begins. */
  begin(run: string): void;
  /** How far that one is, 0 to 1. */
  onWork(share: number): void;
}

/** Rows of a shard. */
export function rowCount(plan: EnergyPlan, shard: Shard): number {
  const { first, end } = shareOf(rowTexts(plan).length, shard);
  return end - first;
}

/** Runs that a shard takes at most, that of all that helps together with it where it is the whole. */
export function runCount(plan: EnergyPlan, shard: Shard): number {
  const rows = rowCount(plan, shard);
  if (plan.kind === "cells") return runsOfCell * rows;
  if (plan.kind === "attack") return rows;
  return 1 + rows + (shard.count === 1 ? 1 : 0);
}

/** Does a shard's part of the runs. @throws Error when one fails */
export async function runPart(
  plan: EnergyPlan,
  shard: Shard,
  { begin, onWork }: RunStages,
): Promise<EnergyPart> {
  const { first, end } = shareOf(rowTexts(plan).length, shard);
  const form = partForm;
  if (plan.kind === "table") {
    const options = measureOptionsOf(plan, onWork);
    begin(asAsked);
    const asked = await measureAsked(plan.choice, options);
    const rows: MeasuredRow[] = [];
    for (const row of rowsOf(plan.choice, plan.tried).slice(first, end)) {
      begin(row.text);
      const measured = await measureChange(row, plan.choice, options, asked.learnt);
      rows.push({ text: row.text, measured });
    }
    return { form, plan, shard, asked, rows };
  }
  if (plan.kind === "attack") {
    const rows: UnderAttack[] = [];
    for (const attacker of attackersFrom(plan.from).slice(first, end)) {
      begin(attackerText(attacker));
      rows.push(await measureAttack(plan.choice, attacker, measureOptionsOf(plan, onWork)));
    }
    return { form, plan, shard, rows };
  }
  const rows: Cell[] = [];
  for (const place of cellPlaces.slice(first, end)) {
    rows.push(await measureCell(place, { ...cellOptionsOf(plan), onWork }, begin));
  }
  return { form, plan, shard, rows };
}

/** The parts as one, or why they are none. */
export function mergeParts(parts: readonly Named<EnergyPart>[]): EnergyPart | Problem {
  const whole = wholeOf(parts);
  if ("problem" in whole) return whole;
  for (const { name, part } of parts) {
    const difference = differenceOf(askedIn(parts[0].part), askedIn(part), "asked");
    if (difference !== undefined) {
      return { problem: `${name} has other figures of the same run than ${parts[0].name}: ${difference}` };
    }
  }
  // They are of one plan, and so of one kind.
  return { ...whole[0], shard: wholeRun, rows: whole.flatMap((part) => [...part.rows]) } as EnergyPart;
}

/** What all parts of a table have measured, and must have measured alike. */
function askedIn(part: EnergyPart): Measured | undefined {
  return "asked" in part ? part.asked.measured : undefined;
}

/**
 * What a whole run comes to.
 *
 * @param part with all rows
 * @throws Error when the run of all that helps together fails
 */
export async function resultOf(part: EnergyPart, { begin, onWork }: RunStages): Promise<EnergyResult> {
  if (isCells(part)) return { plan: part.plan, cells: part.rows };
  if (isAttack(part)) {
    const { plan } = part;
    return { plan, attacked: part.rows.map((row) => attackedWith(plan.battery, row)) };
  }
  const { plan, asked } = part;
  const { choice, battery } = plan;
  const rows = rowsOf(choice, plan.tried).map((variant, i) => ({ variant, measured: part.rows[i].measured }));
  const options = measureOptionsOf(plan, onWork);
  return { plan, comparison: await comparisonOf(choice, battery, options, asked, rows, begin) };
}

function isCells(part: EnergyPart): part is CellsPart {
  return part.plan.kind === "cells";
}

function isAttack(part: EnergyPart): part is AttackPart {
  return part.plan.kind === "attack";
}
