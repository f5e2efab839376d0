/**
 * What a run of `npm run energy` is: everything that its result hangs on, and nothing else. It has rows that can be measured
 * one without the other; the parts of one run have the same plan, and each some of its rows.
 */
import { attackerText, attackersFrom } from "../../inspect/energy/attack";
import { cellPlaces, cellText } from "../../inspect/energy/twelve-cells";
import { rowsOf } from "../../inspect/energy/variants";
import type { attackers } from "../../inspect/energy/attack";
import type { Battery } from "../../inspect/energy/battery";
import type { Choice, MeasureOptions } from "../../inspect/energy/choice";
import type { EnergyProfile } from "../../inspect/energy/profile";
import type { CellOptions } from "../../inspect/energy/twelve-cells";
import type { Variant } from "../../inspect/energy/variants";
import type { CoverageMix } from "../../sim/radio/coverage";

interface AnyPlan {
  /** Of the project: another version's rows are another run's. */
  readonly version: string;
  readonly seed: string;
  /** Readings of each run at most. */
  readonly reports: number;
  readonly engine: "node" | "xs";
}

/** A device, its battery, and the place where it stands. */
interface DevicePlan extends AnyPlan {
  readonly edition: "token" | "tokenless";
  /** Datagrams lost each way, 0 to 1; each level's own when left out. */
  readonly loss?: number;
  readonly coverage: CoverageMix;
  readonly battery: Battery;
  /** All of its figures: a file of the user's own may be elsewhere when parts are merged, or say something else. */
  readonly profile: EnergyProfile;
  readonly choice: Choice;
  /** What `--set` was given, which is in `choice` as well: for people. */
  readonly set: readonly { readonly name: string; readonly text: string }[];
}

/** What one changed setting does. */
export interface TablePlan extends DevicePlan {
  readonly kind: "table";
  /** Changes that were asked for, by `--try`. */
  readonly tried: readonly Variant[];
}

/** What those cost who attack. */
export interface AttackPlan extends DevicePlan {
  readonly kind: "attack";
  readonly from: keyof typeof attackers;
}

/** 3GPP's twelve cells. */
export interface CellsPlan extends AnyPlan, Pick<CellOptions, "modem" | "t3324" | "format"> {
  readonly kind: "cells";
}

export type EnergyPlan = TablePlan | AttackPlan | CellsPlan;

/** What its rows are called, in their order. */
export function rowTexts(plan: EnergyPlan): readonly string[] {
  if (plan.kind === "table") return rowsOf(plan.choice, plan.tried).map(({ text }) => text);
  return plan.kind === "attack" ? attackersFrom(plan.from).map(attackerText) : cellPlaces.map(cellText);
}

/** How its runs are measured. */
export function measureOptionsOf(plan: DevicePlan, onWork?: (share: number) => void): MeasureOptions {
  const { seed, engine, edition, loss, profile, coverage: mix, reports } = plan;
  return { seed, engine, edition, loss, profile, mix, reports, onWork };
}

/** The same of the twelve cells. */
export function cellOptionsOf({ modem, t3324, format, seed, reports, engine }: CellsPlan): CellOptions {
  return { modem, t3324, format, seed, reports, engine };
}
