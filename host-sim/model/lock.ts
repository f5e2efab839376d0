/**
 * The lock: what each number has ever meant. Devices in the field go on sending the bytes that they
 * were built to send, so a number keeps its meaning for ever, also when its point is gone.
 *
 * A number's meaning is its identifier and whatever its bytes depend on: type, quality, compact form,
 * an enum's names, a struct's fields by number, a service's inputs and outputs in their order. An enum
 * and a struct may grow; ranges, lengths, units and texts may change. It also remembers that the product is sealed.
 */
import { isObject } from "../../firmware/text/json";
import { enumNumbers, isEnumOfTexts, isWide, modelFormat, sealedOf } from "./model";
import { typeOfBefore } from "./old-words";
import { unsealing } from "./seal/unsealing";
import type {
  CompactForm,
  ItemType,
  Model,
  ModelFault,
  ModelField,
  ModelPoint,
  ModelService,
  ModelType,
  Sealed,
  TypeName,
} from "./model";

/** The meaning of a value's bytes. */
export interface LockedType {
  type: TypeName;
  /** `enum`: names by number. */
  values?: Record<string, string>;
  /** `enum`: its values are the names. */
  enumType?: "string";
  items?: ItemType;
  /** `struct`: by number, those included that are gone. */
  fields?: Record<string, LockedField>;
}

export interface LockedField extends LockedType {
  identifier: string;
  optional?: boolean;
}

export interface LockedPoint extends LockedType {
  identifier: string;
  quality?: boolean;
  compact?: { as: CompactForm; scale: number; offset: number };
}

interface LockedService {
  identifier: string;
  inputs: LockedField[];
  outputs: LockedField[];
}

export interface Lock {
  /** The seal of devices in the field; undefined while their payloads are plain. */
  sealed?: Sealed;
  /** Points by number, those included that are gone. */
  points: Record<string, LockedPoint>;
  services: Record<string, LockedService>;
}

/** No number given yet. */
export const emptyLock: Lock = { points: {}, services: {} };

/** The lock in this text, or what is wrong with it; one of before has the words of before. */
export function readLock(text: string): Lock | ModelFault {
  try {
    const { format, sealed, points, services } = JSON.parse(text) as Lock & { format?: unknown };
    const serviceSound = (each: LockedService): boolean =>
      typeof each.identifier === "string" && each.inputs.every(isField) && each.outputs.every(isField);
    const sound = Object.values(points).every(isField) && Object.values(services).every(serviceSound);
    if (sound && isSeal(sealed) && [points, services].every(isNumbered)) {
      if (format === modelFormat) return { ...(sealed === undefined ? {} : { sealed }), points, services };
      if (format === undefined) return renewedLock({ points, services });
    }
  } catch {
    // No JSON, or nothing of this form.
  }
  const remedy = "restore it from version control: it knows the numbers of devices in the field";
  return { path: "$", problem: "is no lock of a thing model", remedy };
}

/** A lock of before in EnOS's words: what was int32 is int, and a date was epoch ms. */
function renewedLock(lock: Lock): Lock {
  const word = (type: string | undefined): string | undefined =>
    type !== undefined && Object.hasOwn(typeOfBefore, type) ? typeOfBefore[type] : type;
  const renew = <T extends LockedType>(type: T): T => {
    const { items, fields } = type;
    return {
      ...type,
      type: word(type.type) as TypeName,
      ...(items === undefined ? {} : { items: word(items) as ItemType }),
      ...(fields === undefined ? {} : { fields: mapped(fields, renew) }),
    };
  };
  return {
    points: mapped(lock.points, renew),
    services: mapped(lock.services, ({ identifier, inputs, outputs }) => ({
      identifier,
      inputs: inputs.map(renew),
      outputs: outputs.map(renew),
    })),
  };
}

function mapped<T>(record: Record<string, T>, of: (each: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, each]) => [key, of(each)]));
}

function isSeal(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    isObject(value) && [value.proof, value.mark, value.migrating].every((each) => typeof each === "boolean")
  );
}

/** By number. */
function isNumbered(value: unknown): boolean {
  return isObject(value) && Object.keys(value).every((key) => /^\d{1,3}$/.test(key));
}

function isField(value: unknown): boolean {
  if (!isObject(value) || typeof value.identifier !== "string" || typeof value.type !== "string")
    return false;
  const { type, values, items, fields } = value;
  if (type === "enum") return isObject(values);
  if (type === "array") return typeof items === "string";
  if (type === "struct") return isNumbered(fields) && Object.values(fields as object).every(isField);
  return true;
}

/** The lock as text. */
export function lockText(lock: Lock): string {
  const note =
    "Written by npm run model. Commit it, and never edit it: it knows what each number means in the field.";
  return `${JSON.stringify({ note, format: modelFormat, ...lock }, undefined, 2)}\n`;
}

/**
 * The lock with the model's numbers added, or a fault for each number that would change its meaning, and for what of the
 * seal would be gone.
 *
 * @param unseal it is meant: no fault for the seal
 */
export function updateLock(lock: Lock, model: Model, unseal = false): Lock | readonly ModelFault[] {
  const sealed = sealedOf(model);
  const faults: ModelFault[] = unseal ? [] : unsealing(lock.sealed, sealed);
  const points = { ...lock.points };
  const freePoint = nextFree(1, lock.points, model.measurepoints);
  model.measurepoints.forEach((point, i) => {
    const locked = lockedPoint(point);
    const before = lock.points[point.number];
    const grown = new Growth(before, locked);
    points[point.number] = grown.merged as LockedPoint;
    if (grown.change === undefined) return;
    faults.push({
      path: `$.measurepoints[${i}]`,
      problem: `"${point.identifier}" has number ${point.number}, which ${grown.change} in the field`,
      remedy: newNumber(freePoint),
    });
  });
  const services = { ...lock.services };
  const freeService = nextFree(17, lock.services, model.services);
  model.services.forEach((service, i) => {
    const locked = lockedService(service);
    const before = lock.services[service.number];
    const grown = new Growth(before, locked);
    services[service.number] = grown.merged as LockedService;
    if (grown.change === undefined) return;
    faults.push({
      path: `$.services[${i}]`,
      problem: `"${service.identifier}" has number ${service.number}, which ${grown.change} in the field`,
      remedy: newNumber(freeService),
    });
  });
  return faults.length > 0 ? faults : { ...(sealed === undefined ? {} : { sealed }), points, services };
}

function newNumber(free: number | undefined): string {
  return free === undefined
    ? "give it a new number; none is left"
    : `give it a new number, next free is ${free}`;
}

function nextFree(
  first: number,
  locked: Readonly<Record<string, unknown>>,
  given: readonly { readonly number: number }[],
): number | undefined {
  const used = new Set([...Object.keys(locked).map(Number), ...given.map((each) => each.number)]);
  for (let number = first; number <= 255; number++) if (!used.has(number)) return number;
  return undefined;
}

/** A meaning before and now: what both have, and the first thing that has changed. */
class Growth {
  /** Such as `is type int32`; undefined when the bytes mean what they meant. */
  change: string | undefined;
  readonly merged: unknown;

  constructor(before: unknown, now: unknown) {
    this.merged = before === undefined ? now : this.#merge(before, now, "");
  }

  #merge(before: unknown, now: unknown, path: string): unknown {
    if (!isCompound(before) || !isCompound(now)) {
      if (before !== now) this.change ??= `is ${path.replace(/^\./, "")} ${saying(before)}`;
      return before;
    }
    if (Array.isArray(before) || Array.isArray(now)) {
      if (!Array.isArray(before) || !Array.isArray(now) || before.length !== now.length) {
        this.change ??= `has ${Array.isArray(before) ? before.length : "no"}${path.replace(".", " ")}`;
        return before;
      }
      return before.map((each, i): unknown => this.#merge(each, now[i], `${path}[${i}]`));
    }
    const merged: Record<string, unknown> = { ...before };
    for (const key of Object.keys(before)) {
      // What a struct no longer has stays its number's meaning; what anything else no longer has is a change.
      if (now[key] === undefined && path.endsWith(".fields")) continue;
      merged[key] = this.#merge(before[key], now[key], `${path}.${key}`);
    }
    for (const key of Object.keys(now)) {
      if (before[key] !== undefined) continue;
      if (path.endsWith(".values") || path.endsWith(".fields")) merged[key] = now[key];
      else this.change ??= `is without ${`${path}.${key}`.slice(1)}`;
    }
    if (before.type === "enum" && widthOf(before) !== widthOf(merged)) {
      // One byte in the compact layout would become four.
      this.change ??= `is an enum of ${widthOf(before)} in the compact layout`;
    }
    return merged;
  }
}

function widthOf(type: Record<string, unknown>): string {
  return isWide(Object.keys((type.values ?? {}) as object).map(Number)) ? "four bytes" : "one byte";
}

function isCompound(value: unknown): value is Record<string, unknown> {
  return isObject(value) || Array.isArray(value);
}

function saying(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

function lockedType(type: ModelType): LockedType {
  const locked: LockedType = { type: type.type };
  if (type.values !== undefined) {
    locked.values = {};
    for (const number of enumNumbers(type)) locked.values[number] = type.values[number];
  }
  if (isEnumOfTexts(type)) locked.enumType = "string";
  if (type.items !== undefined) locked.items = type.items;
  if (type.fields !== undefined) {
    locked.fields = {};
    for (const field of type.fields) {
      // Whether a struct's field may be left out shows in no byte: each bears its number.
      locked.fields[field.number!] = { identifier: field.identifier, ...lockedType(field) };
    }
  }
  return locked;
}

function lockedPoint(point: ModelPoint): LockedPoint {
  const locked: LockedPoint = { identifier: point.identifier, ...lockedType(point) };
  if (point.quality === true) locked.quality = true;
  if (point.compact !== undefined) {
    const { as, scale = 1, offset = 0 } = point.compact;
    locked.compact = { as, scale, offset };
  }
  return locked;
}

function lockedService(service: ModelService): LockedService {
  const fields = (list: readonly ModelField[]): LockedField[] =>
    list.map((field) => ({
      identifier: field.identifier,
      ...lockedType(field),
      ...(field.optional === true ? { optional: true } : {}),
    }));
  return { identifier: service.identifier, inputs: fields(service.inputs), outputs: fields(service.outputs) };
}
