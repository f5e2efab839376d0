/**
 * Reads a thing model as EnOS has it: the file that its console exports, the answer to a device that asks for its
 * template, or what the model service's API gives, whose maps are called attributes, measurepoints, services and events.
 *
 * EnOS's elements have no numbers, which our payloads need: kept-numbers.ts gives them.
 *
 * A sealed product's model in EnOS has what names the device of a command, and marks a reading; ours has the seal in its place.
 */
import { isObject } from "../../firmware/text/json";
import { KeptNumbers } from "./kept-numbers";
import { emptyLock } from "./lock";
import { modelFormat, sealedForm } from "./model";
import { deepestNesting, isDeeper } from "./nesting";
import { deviceKeyName, markName } from "./operated-model";
import { pathStep, readModel } from "./read-model";
import { sealShown } from "./sealed-enos-model";
import type { Lock } from "./lock";
import type { ItemType, Model, ModelFault, ModelField, ModelPoint, ModelType } from "./model";
import type { Sealed } from "./model";

type Json = Record<string, unknown>;

/** Whether a value is a model as EnOS has it, and none of ours. */
export function isEnosModel(value: unknown): boolean {
  return bodyOf(value) !== undefined;
}

/**
 * EnOS's model as ours, or what of it cannot be: each fault has the JSON path in EnOS's model.
 *
 * @param lock what numbers have meant so far
 */
export function modelOfEnos(
  value: unknown,
  lock: Lock = emptyLock,
  version = 1,
): Model | readonly ModelFault[] {
  if (isDeeper(value, deepestNesting)) {
    return [{ path: "$", problem: `nested more than ${deepestNesting} deep`, remedy: "flatten it" }];
  }
  const body = bodyOf(value);
  if (body === undefined) {
    const remedy = "give the JSON file that EnOS's console exports";
    return [{ path: "$", problem: "is no thing model of EnOS", remedy }];
  }
  return new EnosReader(lock).read(body, version);
}

/** The object that has the maps, which may be the data of an answer; undefined when there is none. */
function bodyOf(value: unknown): Json | undefined {
  for (const body of [value, isObject(value) ? value.data : undefined]) {
    // Ours has its words, whatever else may be wrong with it.
    if (!isObject(body) || body.product !== undefined || body.format !== undefined) continue;
    if (body.thingModelId !== undefined || body.tslModelId !== undefined) return body;
    const maps = members.flatMap(({ names }) => names.map((name) => body[name]));
    if (maps.some(isObject)) return body;
  }
  return undefined;
}

/** EnOS's names of the four maps: of the console, of the template, of the API. */
const members = [
  { ours: "measurepoints", names: ["thingMeasurepointMap", "tslMeasurepointMap", "measurepoints"] },
  { ours: "attributes", names: ["thingAttributeMap", "tslAttributeMap", "attributes"] },
  { ours: "events", names: ["thingEventMap", "tslEventMap", "events"] },
  { ours: "services", names: ["thingServiceMap", "tslServiceMap", "services"] },
] as const;

/** Our words for EnOS's types, in small letters. */
const typeWords: Readonly<Record<string, ModelType["type"]>> = {
  ...{ int: "int", integer: "int", float: "float", double: "double", bool: "bool", boolean: "bool" },
  ...{
    enum: "enum",
    string: "string",
    date: "date",
    timestamp: "timestamp",
    array: "array",
    struct: "struct",
  },
};

/** From which limit on EnOS's types are without one; JSON has a float's in eight digits. */
const unlimited: Readonly<Partial<Record<ModelType["type"], number>>> = {
  int: 0x7fff_ffff,
  float: 3.4028234e38,
  double: Number.MAX_VALUE,
};

class EnosReader {
  readonly #lock: Lock;
  readonly #faults: ModelFault[] = [];
  /** EnOS's paths by ours. */
  readonly #places = new Map<string, string>();
  readonly #numbers: KeptNumbers;
  #sealed: Sealed | undefined;
  /** Where an element's inputs have what names a command's device, by EnOS's path of the element. */
  readonly #names = new Map<string, number>();

  constructor(lock: Lock) {
    this.#lock = lock;
    this.#numbers = new KeptNumbers(lock);
  }

  read(body: Json, version: number): Model | readonly ModelFault[] {
    const sealed = this.#lock.sealed ?? this.#sealShown(body);
    this.#sealed = sealed;
    const model = {
      format: modelFormat,
      product: productOf(body),
      version,
      ...(sealed === undefined ? {} : { sealed: sealedForm(sealed) }),
      measurepoints: this.#map(body, 0, (one, path) => this.#point(one, this.#element(one, path))),
      attributes: this.#map(body, 1, (one, path) => this.#element(one, path)),
      events: this.#map(body, 2, (one, path) => this.#event(one, path)),
      services: this.#map(body, 3, (one, path) => this.#service(one, path)),
    };
    if (this.#faults.length > 0) return this.#faults;
    const read = readModel(JSON.stringify(model));
    return "product" in read ? read : read.map((fault) => ({ ...fault, path: this.#placeOf(fault.path) }));
  }

  /** A point of that name which the lock knows is the product's own, and no seal. */
  #sealShown(body: Json): Sealed | undefined {
    if (Object.values(this.#lock.points).some(({ identifier }) => identifier === deviceKeyName))
      return undefined;
    const [points, , , services] = members.map(({ names }) => names.map((name) => body[name]).find(isObject));
    return sealShown(points, services);
  }

  /** Whether a measure point is none of the model's own: it names a command's device, or marks a reading. */
  #isOfSeal(identifier: unknown): boolean {
    if (this.#sealed === undefined) return false;
    return identifier === deviceKeyName || (this.#sealed.mark && identifier === markName);
  }

  /** The elements of one map in its order. */
  #map<T>(body: Json, member: number, read: (one: Json, path: string) => T): T[] {
    const { ours, names } = members[member];
    const name = names.find((each) => body[each] !== undefined && body[each] !== null);
    if (name === undefined) return [];
    const map = body[name];
    if (!isObject(map)) {
      this.#fault(
        `$.${name}`,
        "is no object",
        "write its elements by their identifiers, as EnOS's console does",
      );
      return [];
    }
    const isOwn = ([key, one]: [string, unknown]): boolean =>
      ours !== "measurepoints" || !this.#isOfSeal(isObject(one) ? (one.identifier ?? key) : key);
    const own = Object.entries(map).filter(isOwn);
    return own.flatMap(([key, one], i) => {
      const path = `$.${name}${pathStep(key)}`;
      this.#places.set(`$.${ours}[${i}]`, path);
      if (isObject(one)) return [read({ identifier: key, ...one }, path)];
      this.#fault(path, "is no object", "write what EnOS's console exports");
      return [];
    });
  }

  #event(event: Json, path: string): object {
    const { identifier, eventType } = event;
    const word = String(eventType ?? "info").toLowerCase();
    const level = ["info", "warning", "error"].find((each) => each.startsWith(word) && word.length >= 4);
    if (level === undefined) {
      this.#fault(`${path}.eventType`, `is ${said(eventType)}`, "write INFO, WARN or ERROR");
    }
    return { identifier, ...nameOf(event), level, outputs: this.#fields(event, "outputData", path) };
  }

  #service(service: Json, path: string): object {
    const inputs = this.#fields(service, "inputData", path);
    const outputs = this.#fields(service, "outputData", path);
    return this.#numbers.service({
      identifier: String(service.identifier),
      ...nameOf(service),
      inputs,
      outputs,
    });
  }

  #point(element: Json, field: ModelField): ModelPoint {
    const { identifier, name, ...rest } = field;
    const flags = {
      ...(element.hasQuality === true ? { quality: true } : {}),
      ...(isWritable(element.accessMode) ? { writable: true } : {}),
    };
    return this.#numbers.point({ identifier, name, number: 0, ...rest, ...flags });
  }

  #fields(owner: Json, member: string, path: string): ModelField[] {
    const list = owner[member] ?? [];
    if (!Array.isArray(list)) {
      this.#fault(`${path}.${member}`, "is no array", "write what EnOS's console exports");
      return [];
    }
    return list.flatMap((one: unknown, i) => {
      const place = `${path}.${member}[${i}]`;
      const isName = this.#sealed !== undefined && isObject(one) && one.identifier === deviceKeyName;
      if (member === "inputData" && isName) {
        this.#names.set(path, i);
        return [];
      }
      if (!isObject(one)) {
        this.#fault(place, "is no object", "write what EnOS's console exports");
        return [];
      }
      const optional = one.required === false ? { optional: true } : {};
      return [{ ...this.#element(one, place), ...optional }];
    });
  }

  /** What attributes, measure points, inputs and outputs have in common. */
  #element(element: Json, path: string): ModelField {
    const more = isObject(element.dataDefinition) ? element.dataDefinition : {};
    const unit = unitOf(element.unit);
    return {
      identifier: element.identifier as string,
      ...nameOf(element),
      ...this.#type({ ...element, ...more }, path),
      ...(unit === undefined ? {} : { unit }),
    };
  }

  #type(element: Json, path: string): ModelType {
    const type = this.#word(element, path);
    switch (type) {
      case "int":
      case "float":
      case "double": {
        const range = rangeOf(type, element);
        return range === undefined ? { type } : { type, range };
      }
      case "string":
        return typeof element.maxLength === "number" ? { type, maxLength: element.maxLength } : { type };
      case "enum":
        return this.#enum(element, path);
      case "array": {
        const word = element.itemType ?? element.arrayItemType ?? element.elementType;
        const items = typeWords[typeof word === "string" ? word.toLowerCase() : ""];
        if (items === undefined) {
          const remedy = "write int, float, double or string";
          this.#fault(path, `is an array of ${said(word)}`, remedy);
        }
        const { maxItems } = element;
        return { type, items: items as ItemType, ...(typeof maxItems === "number" ? { maxItems } : {}) };
      }
      case "struct": {
        const member = Array.isArray(element.items) ? "items" : "fields";
        const fields = this.#fields(element, member, path);
        fields.forEach((field, i) => {
          if (field.type !== "array" && field.type !== "struct") return;
          const remedy = "keep structs flat: give its parts fields of their own";
          this.#fault(
            `${path}.${member}[${i}]`,
            `is ${field.type === "array" ? "an array" : "a struct"} in a struct`,
            remedy,
          );
        });
        return { type, fields: fields.map((field, i) => ({ ...field, number: i + 1 })) };
      }
      default:
        return { type };
    }
  }

  /** Our word for an element's type, which its class or its data type names. */
  #word(element: Json, path: string): ModelType["type"] {
    const { $class: of, dataType } = element;
    const ofClass =
      typeof of === "string" ? /(?:^|\.)TSL([A-Za-z]+?)(?:Attribute|Measurepoint)?$/.exec(of) : null;
    const word = (ofClass?.[1] ?? (typeof dataType === "string" ? dataType : undefined))?.toLowerCase();
    if (word !== undefined && Object.hasOwn(typeWords, word)) return typeWords[word];
    if (word === "file") {
      const problem = "is a FILE, whose content EnOS takes over HTTP or MQTT and not over CoAP";
      this.#fault(path, problem, "leave it out of the file to import; EnOS's own model may have it");
    } else if (word === undefined && of === undefined) {
      const remedy = "export the model in EnOS's console: its file names the class of each element";
      this.#fault(path, "says no type, neither by $class nor by dataType", remedy);
    } else {
      const remedy = "it can be INT, FLOAT, DOUBLE, BOOL, ENUM, STRING, DATE, TIMESTAMP, ARRAY or STRUCT";
      this.#fault(path, `is of the type ${said(word ?? of)}, which is none of EnOS's`, remedy);
    }
    return "bool";
  }

  #enum(element: Json, path: string): ModelType {
    const specs = isObject(element.specsMap) ? element.specsMap : element.enumDesc;
    if (!isObject(specs)) {
      this.#fault(path, "is an enum without values", "write its specsMap, or its enumDesc");
      return { type: "enum", values: { "0": "0" } };
    }
    const entries = Object.entries(specs);
    const { valueType, enumType } = element;
    const said = typeof enumType === "string" ? enumType.toLowerCase() === "string" : valueType === false;
    const texts = said || entries.some(([key]) => !/^(0|-?[1-9]\d{0,9})$/.test(key));
    // Texts have no numbers in EnOS; they get them in order.
    const values = entries.map(([key, name], i) => (texts ? [i, key] : [key, line(textOf(name) ?? key)]));
    return { type: "enum", ...(texts ? { enumType: "string" } : {}), values: Object.fromEntries(values) };
  }

  #fault(path: string, problem: string, remedy: string): void {
    this.#faults.push({ path, problem, remedy });
  }

  /** Where EnOS's model has what stands at this path in ours. */
  #placeOf(path: string): string {
    const [element] = /^\$\.\w+\[\d+\]/.exec(path) ?? [path];
    const place = this.#places.get(element);
    const name = this.#names.get(place ?? "") ?? Infinity;
    const rest = path
      .slice(element.length)
      .replace(/^\.(inputs|outputs)\[(\d+)/, (_, list: string, index: string) =>
        list === "outputs"
          ? `.outputData[${index}`
          : `.inputData[${Number(index) + (Number(index) < name ? 0 : 1)}`,
      );
    return place === undefined ? path : place + rest.replaceAll(".fields[", ".items[");
  }
}

function rangeOf(type: "int" | "float" | "double", element: Json): [number, number] | undefined {
  const most = unlimited[type]!;
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = element;
  let least = typeof minimum === "number" ? minimum : -Infinity;
  let largest = typeof maximum === "number" ? maximum : Infinity;
  const lowest = type === "int" ? -most - 1 : -most;
  if (least <= lowest && largest >= most) return undefined;
  if (type === "int" && exclusiveMinimum === true) least += 1;
  if (type === "int" && exclusiveMaximum === true) largest -= 1;
  // One limit alone: the other one is the type's own.
  return [Math.max(least, lowest), Math.min(largest, most)];
}

function isWritable(accessMode: unknown): boolean {
  return accessMode === true || (typeof accessMode === "string" && /w/i.test(accessMode));
}

function unitOf(unit: unknown): string | undefined {
  const id = isObject(unit) ? unit.unitId : unit;
  if (typeof id !== "string" || id === "") return undefined;
  const multiplier = isObject(unit) ? unit.multiplier : undefined;
  return line(typeof multiplier === "string" && multiplier !== "ONE" ? `${multiplier} ${id}` : id);
}

/** Its name, where it is another than the identifier. */
function nameOf({ name, identifier }: Json): { name?: string } {
  const text = textOf(name);
  return text === undefined || text === identifier ? {} : { name: line(text) };
}

/** A text, one of several languages, or that as JSON; undefined when it is empty or none. */
function textOf(value: unknown): string | undefined {
  if (isObject(value)) return textOf(value.defaultValue);
  if (typeof value !== "string" || value === "") return undefined;
  if (!value.startsWith("{")) return value;
  try {
    const inner: unknown = JSON.parse(value);
    return isObject(inner) ? textOf(inner.defaultValue) : value;
  } catch {
    return value;
  }
}

/** Text on one line, as long as a name may be. */
function line(text: string): string {
  return text.replace(/[\u0000-\u001f]+/g, " ").slice(0, 128);
}

function productOf(body: Json): string {
  const { thingModelName, tslModelName, name, thingModelId, tslModelId, modelId } = body;
  const found = [thingModelName, tslModelName, name, thingModelId, tslModelId, modelId]
    .map(textOf)
    .find(Boolean);
  return line((found ?? "EnOS model").replaceAll("*", " "));
}

function said(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? "nothing";
}
