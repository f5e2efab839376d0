/**
 * Writes the product's parsing script: the header, the tables of this model, and the part that is the
 * same for every model (parsing-script.template.js).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project";
import { propertyName, spread } from "./literal";
import { enumNumbers, isWide } from "./model";
import { decimalsOf } from "./wire";
import type { Lock, LockedField, LockedPoint, LockedType } from "./lock";
import type { Model, ModelField, ModelPoint, ModelType } from "./model";

/** An entry of the script's tables. */
interface Entry {
  /** Null for one that the model no longer has. */
  id: string | null;
  type: string;
  [detail: string]: unknown;
}

/** What the script of a sealed product has besides. */
export interface SealedScript {
  /** Hex digits of 32 bytes each: none in the script that has no keys, two while a new master takes over. */
  readonly roots: readonly string[];
  /** "" where there is no root. */
  readonly productKey: string;
  /** Its answers to what is sealed prove that they are the script's. */
  readonly proof: boolean;
  /** It takes plain messages too, and writes plain commands. */
  readonly migrating: boolean;
  /** Each reading that was sealed has a measure point `sealed` with its device's mark. */
  readonly mark: boolean;
}

/**
 * The script, ES5, for EnOS's console.
 *
 * @param seal of a sealed product; its roots are secrets, and so is the script that has them
 */
export function parsingScript(model: Model, lock: Lock, fingerprint: string, seal?: SealedScript): string {
  const points = Object.entries(lock.points).map(
    ([number, point]) => [number, pointEntry(number, point, model)] as const,
  );
  // A retired service's commands are no longer sent, and its answers no longer awaited.
  const services = model.services.map((service) => {
    const { inputs, outputs } = lock.services[service.number];
    const entries = (locked: LockedField[], fields: readonly ModelField[]): Entry[] =>
      locked.map((each, i) => ({
        ...entryOf(each, fields[i]),
        ...(each.optional ? { optional: true } : {}),
      }));
    const { identifier: id } = service;
    return [
      service.number,
      { id, inputs: entries(inputs, service.inputs), outputs: entries(outputs, service.outputs) },
    ] as const;
  });
  return [
    `/*`,
    ` * EnOS parsing script of the product "${model.product}"`,
    ` * Thing model version ${model.version}, layout ${fingerprint}`,
    ` *`,
    ` * Written by npm run model together with the firmware's thing.ts, which bears the same layout: put`,
    ` * it into the console whole, before firmware of this version goes out, and do not edit it.`,
    ...(seal === undefined || seal.roots.length === 0 ? [] : keyNotice),
    ` */`,
    `var VERSION = ${model.version};`,
    ``,
    `// Measure points by number. A "former" one is no longer in the model, but old firmware may send it.`,
    table("POINTS", points),
    `// Services by number.`,
    table("SERVICES", services),
    `// Codes of answers that a byte cannot state; 255 stands for any other.`,
    `var CODES = { 250: 400, 251: 404, 252: 500 };`,
    ...(seal === undefined ? [] : sealSettings(seal)),
    ``,
    seal === undefined ? template("parsing-script") : sealedTemplate(),
  ].join("\n");
}

function template(name: "parsing-script" | "seal-script"): string {
  return readFileSync(join(projectRoot(), `host-sim/model/${name}.template.js`), "utf8");
}

const keyNotice: readonly string[] = [
  ` *`,
  ` * It holds the keys of all devices of the product: whoever reads it can read and make up each of their messages.`,
  ` * It belongs into EnOS's console, and into no version control.`,
];

function sealSettings({ roots, productKey, proof, migrating, mark }: SealedScript): string[] {
  const list = roots.map((root) => `  ${JSON.stringify(root)}`).join(",\n");
  return [
    ``,
    roots.length === 0
      ? `// The roots of the keys: none. npm run model -- --master FILE writes the script that has them.`
      : `// The roots of the keys, the newest first.`,
    roots.length === 0 ? `var ROOTS = [];` : `var ROOTS = [\n${list}\n];`,
    `var PRODUCT_KEY = ${JSON.stringify(productKey)};`,
    `// Whether answers prove that they are this script's, plain messages are taken too, and readings are marked.`,
    `var PROOF = ${String(proof)};`,
    `var MIGRATING = ${String(migrating)};`,
    `var MARK = ${String(mark)};`,
  ];
}

/** Places where sealing enters the plain script, as they stand there and as they stand in a sealed product's. */
const seams: readonly (readonly [count: number, plain: string, sealed: string])[] = [
  [1, "function rawDataToJsonStr(bytes) {", "function plainToJson(bytes) {"],
  [1, "function jsonStrToRawData(json) {", "function plainToRaw(json, message) {"],
  [1, "var message = JSON.parse(json);", "if (message === undefined) message = JSON.parse(json);"],
  [2, "return uplink(id, method", "return named(input, id, method"],
];

/** The plain script's part that is the same for every model, as the inside of an envelope; and the envelopes. */
function sealedTemplate(): string {
  const inside = seams.reduce((text, [count, plain, sealed]) => {
    const parts = text.split(plain);
    if (parts.length !== 1 + count) throw new Error(`parsing-script.template.js: no ${count} of ${plain}`);
    return parts.join(sealed);
  }, template("parsing-script"));
  return inside + template("seal-script");
}

function table(name: string, entries: readonly (readonly [string | number, unknown])[]): string {
  const lines = entries.map(([number, entry]) => {
    const key = `  ${propertyName(String(number))}: `;
    return key + spread(entry, "  ", 108, key.length);
  });
  return entries.length === 0 ? `var ${name} = {};\n` : `var ${name} = {\n${lines.join(",\n")}\n};\n`;
}

function pointEntry(number: string, locked: LockedPoint, model: Model): Entry {
  const current = model.measurepoints.find((point) => point.number === Number(number));
  const heir = model.measurepoints.find((point) => point.identifier === locked.identifier);
  const entry = entryOf(locked, current);
  if (current === undefined) {
    // Old firmware's value goes on under its identifier where the point of that name can take it.
    entry.id = heir !== undefined && replaces(heir, locked) ? locked.identifier : null;
    entry.former = true;
  }
  if (locked.quality) entry.quality = true;
  if (current?.writable) entry.writable = true;
  if (locked.compact !== undefined) {
    entry.as = locked.compact.as;
    entry.scale = locked.compact.scale;
    entry.offset = locked.compact.offset;
    entry.decimals = decimalsOf(locked.compact);
  }
  return entry;
}

function replaces(heir: ModelPoint, locked: LockedPoint): boolean {
  const order = ["int", "int64", "float", "double"];
  const wider = order.indexOf(locked.type) >= 0 && order.indexOf(heir.type) >= order.indexOf(locked.type);
  const same = heir.type === locked.type && ["bool", "string", "date", "timestamp"].includes(heir.type);
  return (wider || same) && (heir.quality === true) === (locked.quality === true);
}

/** Without what the number of a point or the place of an input adds. */
function entryOf(locked: LockedType & { identifier: string }, current: ModelType | undefined): Entry {
  const entry: Entry = { id: locked.identifier, type: locked.type };
  if (locked.values !== undefined) {
    const numbers = enumNumbers({ type: "enum", values: locked.values });
    entry.values = numbers;
    if (locked.enumType === "string") entry.texts = numbers.map((number) => locked.values![number]);
    if (isWide(numbers)) entry.wide = true;
  }
  if (locked.items !== undefined) entry.items = locked.items;
  if (locked.fields !== undefined) {
    const fields = Object.entries(locked.fields).map(([number, field]): [string, Entry] => {
      const now = current?.fields?.find((each) => each.number === Number(number));
      if (now === undefined) return [number, { ...entryOf(field, undefined), id: null, former: true }];
      return [number, { ...entryOf(field, now), ...(now.optional ? { optional: true } : {}) }];
    });
    entry.fields = Object.fromEntries(fields);
  }
  return entry;
}
