/**
 * What no schema can say of a model: identifiers and numbers given twice, ranges outside their type or
 * outside what the compact layout can state.
 */
import { isEnumOfTexts, sealedOf } from "./model";
import { deviceKeyName, markName } from "./operated-model";
import { compactBounds, decimalsOf } from "./wire";
import type { Model, ModelCompact, ModelFault, ModelField, ModelPoint, ModelType, TypeName } from "./model";

/**
 * Faults of a model whose form may have faults of its own: `isBroken` tells of a JSON path that it
 * has one, and what stands there is left alone.
 *
 * @param isOld the file was one of before, which may have what EnOS has not, and numbers in the field for it
 */
export function soundnessFaults(
  value: unknown,
  isBroken: (path: string) => boolean,
  isOld: boolean,
): ModelFault[] {
  if (typeof value !== "object" || value === null) return [];
  const faults: ModelFault[] = [];
  const model = value as Partial<Model>;
  /** The sound ones of a list, with their paths. */
  const sound = <T>(list: readonly T[] | undefined, path: string): [T, string][] =>
    Array.isArray(list)
      ? list.flatMap((each: T, i): [T, string][] =>
          isBroken(`${path}[${i}]`) ? [] : [[each, `${path}[${i}]`]],
        )
      : [];

  const points = sound(model.measurepoints, "$.measurepoints");
  twice(points, "identifier", "measure point", faults);
  twice(points, "number", "measure point", faults);
  for (const [point, path] of points) {
    typeFaults(point, path, faults);
    if (!isOld) qualityFaults(point, path, faults);
    if (point.compact !== undefined) compactFaults(point, point.compact, path, faults);
  }
  fieldsFaults(sound(model.attributes, "$.attributes"), "attribute", faults);
  const events = sound(model.events, "$.events");
  twice(events, "identifier", "event", faults);
  for (const [event, path] of events) fieldsFaults(sound(event.outputs, `${path}.outputs`), "output", faults);
  const services = sound(model.services, "$.services");
  twice(services, "identifier", "service", faults);
  twice(services, "number", "service", faults);
  for (const [service, path] of services) {
    fieldsFaults(sound(service.inputs, `${path}.inputs`), "input", faults);
    fieldsFaults(sound(service.outputs, `${path}.outputs`), "output", faults);
    if (/^measurepoint\.(set|get)$/.test(service.identifier)) {
      faults.push({
        path: `${path}.identifier`,
        problem: `is "${service.identifier}", which is EnOS's own`,
        remedy: "choose another identifier",
      });
    } else if (service.identifier.endsWith("_reply")) {
      faults.push({
        path: `${path}.identifier`,
        problem: `is "${service.identifier}", whose topic is that of an answer, so that nobody can invoke it`,
        remedy: "choose an identifier that does not end in _reply",
      });
    }
  }
  for (const [each, path] of [...points, ...events, ...services]) reserved(each.identifier, path, faults);
  // A file may say that it is off.
  const sealed = isBroken("$.sealed") || (model.sealed as unknown) === false ? undefined : sealedOf(model);
  if (sealed !== undefined) {
    const inputs = services.flatMap(([service, path]) => sound(service.inputs, `${path}.inputs`));
    const what = "by which the operator of a sealed product names a command's device";
    for (const [each, path] of [...points, ...inputs])
      taken(each.identifier, path, deviceKeyName, what, faults);
    if (sealed.mark) {
      const use = "by which a reading shows that it was sealed";
      for (const [each, path] of points) taken(each.identifier, path, markName, use, faults);
    }
  }
  return faults;
}

/** An identifier that the seal has a use for: the script takes it out, or adds it. */
function taken(identifier: string, path: string, name: string, what: string, faults: ModelFault[]): void {
  if (identifier !== name) return;
  faults.push({
    path: `${path}.identifier`,
    problem: `is "${identifier}", ${what}`,
    remedy: "choose another identifier; --export writes that one by itself",
  });
}

/** Names that every object has: a value of that name could not be told from the object's own. */
function reserved(identifier: string, path: string, faults: ModelFault[]): void {
  if (!(identifier in {})) return;
  faults.push({
    path: `${path}.identifier`,
    problem: `is "${identifier}", which every JavaScript object has`,
    remedy: "choose another identifier",
  });
}

function twice<K extends "identifier" | "number">(
  list: readonly (readonly [{ readonly [key in K]?: string | number }, string])[],
  key: K,
  what: string,
  faults: ModelFault[],
): void {
  const first = new Map<string | number, string>();
  for (const [each, path] of list) {
    const value = each[key];
    if (value === undefined) continue;
    const before = first.get(value);
    if (before === undefined) first.set(value, path);
    else {
      const problem = `is ${JSON.stringify(value)}, as that of the ${what} at ${before}`;
      faults.push({
        path: `${path}.${key}`,
        problem,
        remedy: `give it ${key === "number" ? "a number" : "an identifier"} of its own`,
      });
    }
  }
}

function fieldsFaults(
  fields: readonly (readonly [ModelField, string])[],
  what: string,
  faults: ModelFault[],
): void {
  twice(fields, "identifier", what, faults);
  twice(fields, "number", what, faults);
  for (const [field, path] of fields) {
    reserved(field.identifier, path, faults);
    typeFaults(field, path, faults);
  }
}

function typeFaults(type: ModelType, path: string, faults: ModelFault[]): void {
  rangeFaults(type, path, faults);
  for (const number of Object.keys(type.values ?? {})) {
    if (Math.abs(Number(number)) <= 0x7fff_ffff || Number(number) === -0x8000_0000) continue;
    faults.push({
      path: `${path}.values["${number}"]`,
      problem: "is beyond 32 bits",
      remedy: "write numbers from -2147483648 to 2147483647",
    });
  }
  if (type.fields !== undefined) {
    fieldsFaults(
      type.fields.map((field, i) => [field, `${path}.fields[${i}]`]),
      "field",
      faults,
    );
  }
  textsFaults(type, path, faults);
}

function qualityFaults({ type, quality }: ModelPoint, path: string, faults: ModelFault[]): void {
  if (quality !== true || qualified.includes(type)) return;
  faults.push({
    path: `${path}.quality`,
    problem: `goes with int, float and double, and this is ${type}`,
    remedy: "remove it: EnOS has quality of numbers only",
  });
}

/** What EnOS has values with quality of; it has no int64, where such a point is a double. */
const qualified: readonly TypeName[] = ["int", "int64", "float", "double"];

/** An enum of texts needs texts that differ: each is a value. */
function textsFaults(type: ModelType, path: string, faults: ModelFault[]): void {
  if (!isEnumOfTexts(type)) return;
  const first = new Map<string, string>();
  for (const [number, name] of Object.entries(type.values ?? {})) {
    const before = first.get(name);
    if (before !== undefined || name === "") {
      faults.push({
        path: `${path}.values["${number}"]`,
        problem:
          before === undefined
            ? "is empty, and its name is the value"
            : `is that of ${before}, and its name is the value`,
        remedy: "give it a name of its own",
      });
    }
    first.set(name, number);
  }
}

/** Smallest and largest value of each type that can have a range. */
const typeBounds: Readonly<Record<string, readonly [number, number]>> = {
  int: [-0x8000_0000, 0x7fff_ffff],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  timestamp: [-8.64e15, 8.64e15],
  float: [-3.4028234663852886e38, 3.4028234663852886e38],
  double: [-Number.MAX_VALUE, Number.MAX_VALUE],
};

function rangeFaults({ type, range }: ModelType, path: string, faults: ModelFault[]): void {
  const bounds = typeBounds[type];
  if (range === undefined || bounds === undefined) return;
  const [least, most] = range;
  const fault = (problem: string, remedy: string): void => {
    faults.push({ path: `${path}.range`, problem, remedy });
  };
  if (least > most) fault(`starts at ${least}, above its end ${most}`, "write [smallest, largest]");
  if (least < bounds[0] || most > bounds[1]) {
    fault(`goes beyond ${type}`, `stay within ${bounds[0]} and ${bounds[1]}`);
  }
  const whole = type === "int" || type === "int64" || type === "timestamp";
  if (whole && !(Number.isInteger(least) && Number.isInteger(most))) {
    fault(`has a fraction, and ${type} has none`, "write whole numbers");
  }
}

function compactFaults(point: ModelPoint, compact: ModelCompact, path: string, faults: ModelFault[]): void {
  const { scale = 1, offset = 0 } = compact;
  const fault = (key: string, problem: string, remedy: string): void => {
    faults.push({ path: `${path}.compact${key}`, problem, remedy });
  };
  const whole = point.type === "int" || point.type === "int64";
  if (whole && !(Number.isInteger(scale) && Number.isInteger(offset))) {
    fault("", `has a fraction, and ${point.type} has none`, "write a whole scale and offset");
  }
  const [least, most] = compactBounds[compact.as];
  const scaled = (value: number): number => Math.round((value - offset) / scale);
  const decimals = decimalsOf(compact) ?? 20;
  const stated = (raw: number): number => Number((raw * scale + offset).toFixed(decimals));
  const reach = `${stated(least)} to ${stated(most)}`;
  if (point.range === undefined) {
    const bounds = typeBounds[point.type];
    if (scaled(bounds[0]) >= least && scaled(bounds[1]) <= most) return;
    fault(
      "",
      `states ${reach}, and without a range the point may have any ${point.type}`,
      "add a range that fits",
    );
    return;
  }
  if (scaled(point.range[0]) < least || scaled(point.range[1]) > most) {
    const range = `${point.range[0]} to ${point.range[1]}`;
    fault(
      "",
      `states ${reach}, but the range is ${range}`,
      "narrow the range, or choose a larger form or scale",
    );
  }
}
