/**
 * A part's file, read. A merge runs the firmware once more with what stands in it, so that nothing is taken from a file whose
 * type and range were not looked at.
 */
import { isObject } from "../../../firmware/text/json";
import { attackers } from "../../inspect/energy/attack";
import { readProfile } from "../../inspect/energy/profile-file";
import { cellPlaces } from "../../inspect/energy/twelve-cells";
import { boardParts, modemParts } from "../../inspect/energy/waterfall";
import { families } from "../../sim/modem/families";
import { formats } from "../../sim/world/device-options";
import { readHead, unsound } from "../shards/parts";
import { isWhole, shareOf } from "../shards/shard";
import { partForm } from "./parts";
import { rowTexts } from "./plan";
import type { Choice } from "../../inspect/energy/choice";
import type { CellPlace } from "../../inspect/energy/twelve-cells";
import type { Problem } from "../shards/parts";
import type { EnergyPart } from "./parts";
import type { EnergyPlan } from "./plan";

type Check = (value: unknown) => boolean;

/** A file's text as a part, or what is wrong with it. */
export function readPart(text: string): EnergyPart | Problem {
  const head = readHead(text, partForm, "energy");
  if ("problem" in head) return head;
  const { shard } = head;
  const plan = readPlan(head.plan);
  const { rows, asked } = head.fields;
  if (plan === undefined || !Array.isArray(rows)) return unsound;
  const { first, end } = shareOf(rowTexts(plan).length, shard);
  if (rows.length !== end - first) {
    return {
      problem: `has ${rows.length} of its ${end - first} rows: its shard did not come to its end, or another version made it`,
    };
  }
  const texts = rowTexts(plan).slice(first, end);
  const part = { form: partForm, plan, shard, rows };
  if (plan.kind === "cells") {
    const sound = rows.every((row, i) => isCell(row, cellPlaces[first + i]));
    return sound ? (part as EnergyPart) : unsound;
  }
  if (!rows.every((row, i) => isObject(row) && row.text === texts[i])) return unsound;
  if (plan.kind === "attack") return rows.every(isUnderAttack) ? (part as EnergyPart) : unsound;
  if (!isMeasurement(asked) || !rows.every(({ measured }) => isMeasured(measured))) return unsound;
  // JSON has null for a level that is in no part of the mix.
  const learnt = (asked.learnt as unknown[]).map((each) => each ?? undefined);
  return { ...part, asked: { ...asked, learnt } } as EnergyPart;
}

function readPlan(given: Readonly<Record<string, unknown>>): EnergyPlan | undefined {
  const { kind } = given;
  const fits = (fields: Readonly<Record<string, Check>>): boolean =>
    hasFields(given, { kind: isText, ...fields });
  if (kind === "cells")
    return fits({ ...anyPlan, ...cellsPlan }) ? (given as unknown as EnergyPlan) : undefined;
  const own = kind === "table" ? tablePlan : kind === "attack" ? attackPlan : undefined;
  if (own === undefined || !fits({ ...anyPlan, ...devicePlan, ...own })) return undefined;
  const { profile } = given as { profile: Record<string, unknown> };
  try {
    const read = readProfile(JSON.stringify(profile), String(profile.name));
    return { ...given, profile: read } as unknown as EnergyPlan;
  } catch {
    return undefined;
  }
}

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isNumber: Check = (value) => Number.isFinite(value);
const isOneOf =
  (values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const isWithin =
  (least: number, most: number): Check =>
  (value) =>
    isWhole(value) && value >= least && value <= most;
const isFrom =
  (least: number, most: number): Check =>
  (value) =>
    isNumber(value) && (value as number) >= least && (value as number) <= most;
const isListOf =
  (check: Check, length?: number): Check =>
  (value) =>
    Array.isArray(value) && (length === undefined || value.length === length) && value.every(check);
const isRecordOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);
const isOptional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isForm =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && hasFields(value, fields);

/** Whether an object has these fields, each as it is to be, and no other. */
function hasFields(
  value: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, Check>>,
): boolean {
  return (
    Object.keys(value).every((name) => Object.hasOwn(fields, name)) &&
    Object.entries(fields).every(([name, check]) =>
      check(Object.hasOwn(value, name) ? value[name] : undefined),
    )
  );
}

const anyPlan = {
  version: isText,
  seed: isText,
  reports: isWithin(16, 10_000),
  engine: isOneOf(["node", "xs"]),
};

/** Ranges as the command's flags have them. */
const choiceFields = {
  modem: (value) => families.has(value as string),
  interval: isWithin(60, 86_400),
  format: isOneOf(formats),
  batch: isWithin(1, 100),
  keepAlive: isFlag,
  sleep: isOneOf(["none", "deep"]),
  t3324: isWithin(0, 11_160),
  releaseAssistance: isFlag,
  saving: isOneOf(["psm", "edrx"]),
  lifetime: isOptional(isWithin(30, 86_400)),
  sealed: isOptional(isOneOf([true, "proof"])),
  // What their texts say the firmware's own reader judges, when it is started with them.
  settings: isOptional(isRecordOf(isText)),
} satisfies Record<keyof Choice, Check>;

const changeFields = Object.fromEntries(
  Object.entries(choiceFields).map(([name, check]) => [name, isOptional(check)]),
);

const devicePlan = {
  edition: isOneOf(["token", "tokenless"]),
  loss: isOptional(isFrom(0, 1)),
  coverage: (value: unknown) =>
    isListOf(isFrom(0, 1), 3)(value) && (value as readonly number[]).some((share) => share > 0),
  battery: isForm({ capacity: isFrom(0.01, 100_000), selfDischarge: isFrom(0, 1) }),
  profile: isObject,
  choice: isForm(choiceFields),
  set: isListOf(isForm({ name: isText, text: isText })),
};

const tablePlan = {
  tried: isListOf(isForm({ text: isText, change: isForm(changeFields), asked: isOneOf([true]) })),
};

const attackPlan = { from: isOneOf(Object.keys(attackers)) };

const cellsPlan = {
  modem: choiceFields.modem,
  t3324: choiceFields.t3324,
  format: choiceFields.format,
};

const numbers = (...names: readonly string[]): Record<string, Check> =>
  Object.fromEntries(names.map((name) => [name, isNumber]));

const isMeasured = isForm({
  ...numbers("watts", "joulesPerReport", "modem", "board", "error", "slowest", "fastest"),
  wattsByCause: isRecordOf(isNumber),
  wattsByState: isRecordOf(isNumber),
  perReport: isForm(numbers("wakes", "compute", "awake", "atLines", "authentications")),
  datagram: isForm(numbers("up", "down")),
});

const isDraws = isListOf(isNumber, 2);
const isLearnt = isForm({
  slopes: isRecordOf(isDraws),
  variance: isNumber,
  cycles: isListOf(isForm({ amounts: isRecordOf(isNumber), draws: isDraws })),
  period: isNumber,
});
const isMeasurementForm = isForm({
  measured: isMeasured,
  learnt: (value: unknown) =>
    Array.isArray(value) && value.length <= 3 && value.every((each) => each === null || isLearnt(each)),
});
function isMeasurement(value: unknown): value is { measured: unknown; learnt: unknown } {
  return isMeasurementForm(value);
}

const isUnderAttack = isForm({
  text: isText,
  ...numbers("watts", "onset", "psm", "datagrams", "delivered"),
});

const isCellForm = isForm({
  ...numbers("bytes", "interval", "coverage"),
  years: isForm(numbers("bound", "most", "mostWithBoard", "modem", "withBoard", "lightly")),
  joules: isForm(numbers(...modemParts, ...boardParts)),
});
function isCell(value: unknown, place: CellPlace): boolean {
  const names = ["bytes", "interval", "coverage"] as const;
  return isCellForm(value) && names.every((name) => (value as CellPlace)[name] === place[name]);
}
