/**
 * Writes the firmware's side of a model: the frozen table, the types that let the compiler check a
 * report, and functions that are no more than the runtime's with those types.
 */
import { builtInServiceNames } from "../../firmware/device/built-in-services";
import { propertyName, spread } from "./literal";
import { enumNumbers, isEnumOfTexts, isWide } from "./model";
import type { Model, ModelField, ModelPoint, ModelType } from "./model";

/** The model as the firmware's table: what `defineThing` takes. */
export function thingTable(model: Model, fingerprint: string): Record<string, unknown> {
  return {
    product: model.product,
    version: model.version,
    fingerprint,
    points: [...model.measurepoints].sort((a, b) => a.number - b.number).map(pointEntry),
    attributes: model.attributes.map(fieldEntry),
    events: model.events.map(({ identifier, outputs }) => ({ identifier, outputs: outputs.map(fieldEntry) })),
    services: model.services.map(({ identifier, number, inputs, outputs }) => ({
      identifier,
      number,
      inputs: inputs.map(fieldEntry),
      outputs: outputs.map(fieldEntry),
    })),
  };
}

function typeEntry(type: ModelType): Record<string, unknown> {
  const values = type.values === undefined ? undefined : enumNumbers(type);
  return {
    type: type.type,
    range: type.range,
    values,
    texts: isEnumOfTexts(type) ? values!.map((number) => type.values![number]) : undefined,
    wide: values !== undefined && isWide(values) ? true : undefined,
    maxLength: type.maxLength,
    items: type.items === undefined ? undefined : { type: type.items },
    maxItems: type.maxItems,
    fields: type.fields?.map(fieldEntry),
  };
}

function fieldEntry(field: ModelField): Record<string, unknown> {
  const { identifier, number, optional } = field;
  return { identifier, number, ...typeEntry(field), optional: optional ? true : undefined };
}

function pointEntry(point: ModelPoint): Record<string, unknown> {
  const { identifier, number, quality, writable, compact } = point;
  return {
    identifier,
    number,
    ...typeEntry(point),
    quality: quality ? true : undefined,
    writable: writable ? true : undefined,
    compact: compact && { as: compact.as, scale: compact.scale ?? 1, offset: compact.offset ?? 0 },
  };
}

/**
 * The text of thing.ts.
 *
 * @param runtime how it imports the firmware's folder `model`, such as `../model`
 * @param joined identifiers of services that the firmware's rooms obey, and no application has to
 */
export function thingSource(
  model: Model,
  fingerprint: string,
  runtime: string,
  joined: readonly string[] = [],
): string {
  const quality = model.measurepoints.some((point) => point.quality);
  const blocks = [
    `/**
 * The thing model of the product ${JSON.stringify(model.product).replaceAll("*/", "* /")}, version ${model.version}, layout ${fingerprint}.
 *
 * Written by \`npm run model\` from the product's model file: edit that, not this. The parsing script
 * that was written with it bears the same layout and belongs into EnOS's console.
 */
import { decodeCommand, encodeReply, serviceNumber } from "${runtime}/command";
import { attributesFault, eventFault, reportFault } from "${runtime}/check";
import { defineThing } from "${runtime}/thing";
import { beginBatch } from "${runtime}/batch";
import { encodeReport } from "${runtime}/report";
import type { BatchWriter } from "${runtime}/batch";
import type { Layout } from "${runtime}/report";
import type { RawCommandFault, RequestId } from "${runtime}/command";
import type { Thing, ThingFault, ThingValues${quality ? ", WithQuality" : ""} } from "${runtime}/thing";
`,
    `/** What the values are and which bytes they take. */
export const thing: Thing = defineThing(${spread(thingTable(model, fingerprint), "", 108, 40)});
`,
    `/** Measure points of one moment; any may be left out. */
${record("Report", model.measurepoints, (point) => {
  const type = typeText(point, "  ");
  return `readonly ${propertyName(point.identifier)}?: ${point.quality ? `WithQuality<${type}>` : type};`;
})}`,
    `/** Measure points that the cloud may set. */
${record(
  "Settings",
  model.measurepoints.filter((point) => point.writable),
  (point) => `readonly ${propertyName(point.identifier)}?: ${typeText(point, "  ")};`,
)}`,
    `/** Attributes of the device. */
${record("Attributes", model.attributes, (field) => `readonly ${propertyName(field.identifier)}?: ${typeText(field, "  ")};`)}`,
    `/** What each event tells. */
${record("Events", model.events, (event) => `readonly ${propertyName(event.identifier)}: ${fieldsText(event.outputs, "  ")};`)}`,
    `/** What each service takes and gives. */
${record(
  "Services",
  model.services,
  (service) =>
    `readonly ${propertyName(service.identifier)}: {\n` +
    `    readonly inputs: ${fieldsText(service.inputs, "    ")};\n` +
    `    readonly outputs: ${fieldsText(service.outputs, "    ")};\n  };`,
)}`,
    functionsText(joined),
  ];
  return blocks.join("\n");
}

/** @param joined identifiers of services that the firmware's rooms obey */
function functionsText(joined: readonly string[]): string {
  const names = [...new Set([...builtInServiceNames, ...joined])].map((name) => JSON.stringify(name));
  return functions.replace("BUILT_IN", () => names.join(" | "));
}

const functions = `/** How a service fared: 200 and its outputs, or a code of the device's own and why. */
export type ServiceResult<S extends keyof Services> =
  | { readonly code: 200; readonly data: Services[S]["outputs"] }
  | { readonly code: number; readonly message: string };

/** A function for each service but those that the firmware has built in; it may take its time. */
export type ServiceHandlers = {
  readonly [S in Exclude<keyof Services, BUILT_IN>]: (
    inputs: Services[S]["inputs"],
  ) => ServiceResult<S> | Promise<ServiceResult<S>>;
};

/** A raw command that can be obeyed. */
export type Command =
  | { readonly kind: "set"; readonly requestId: RequestId; readonly values: Settings }
  | {
      readonly [S in keyof Services]: {
        readonly kind: "service";
        readonly requestId: RequestId;
        readonly service: S;
        readonly inputs: Services[S]["inputs"];
      };
    }[keyof Services];

/**
 * Writes a raw report into \`out\` and returns its length in bytes, or which value stands in the way.
 *
 * @param requestId 0 to 2^32 - 1
 */
export function report(
  values: Report,
  requestId: number,
  out: Uint8Array,
  layout: Layout = "sample",
): number | ThingFault {
  return encodeReport(thing, values as ThingValues, requestId, out, layout);
}

/** Several reports in one payload; \`length\` has its bytes. */
export type Batch = BatchWriter<Report>;

/**
 * Starts a raw batch in \`out\`, to which readings are added with their times.
 *
 * @param requestId 0 to 2^32 - 1
 * @param time of the first reading, epoch ms
 * @param late its readings were stored while the device was offline
 */
export function batch(
  requestId: number,
  time: number,
  late: boolean,
  out: Uint8Array,
  layout: Layout = "sample",
): Batch {
  return beginBatch(thing, layout, requestId, time, late, out) as Batch;
}

/** The first value that is not as the model says, for a report as JSON; undefined when all are. */
export function checkReport(values: Report): ThingFault | undefined {
  return reportFault(thing, values as ThingValues);
}

/** The first attribute that is not as the model says, or undefined. */
export function checkAttributes(values: Attributes): ThingFault | undefined {
  return attributesFault(thing, values as ThingValues);
}

/** What of the event is not as the model says, or undefined. */
export function checkEvent<E extends keyof Events>(event: E, outputs: Events[E]): ThingFault | undefined {
  return eventFault(thing, event, outputs);
}

/** Reads a raw command, or says why it is none, with the code to answer. */
export function readCommand(payload: Uint8Array): Command | RawCommandFault {
  return decodeCommand(thing, payload) as Command | RawCommandFault;
}

/** Writes the answer to a raw set command into \`out\` and returns its length in bytes. */
export function answerSet(requestId: RequestId, code: number, out: Uint8Array): number | ThingFault {
  return encodeReply(thing, 2, requestId, code, undefined, out);
}

/** Writes the answer to a raw service command into \`out\` and returns its length, or what is wrong. */
export function answerService<S extends keyof Services>(
  service: S,
  requestId: RequestId,
  result: ServiceResult<S>,
  out: Uint8Array,
): number | ThingFault {
  const outputs = "data" in result ? result.data : undefined;
  return encodeReply(thing, serviceNumber(thing, service)!, requestId, result.code, outputs, out);
}
`;

function record<T extends { readonly name?: string }>(
  name: string,
  list: readonly T[],
  line: (each: T & ModelType) => string,
): string {
  if (list.length === 0) return `export type ${name} = Readonly<Record<never, never>>;\n`;
  const lines = list.map((each) => `${comment(each)}  ${line(each as T & ModelType)}\n`);
  // A type and no interface: only that passes where any values by identifier are taken.
  return `export type ${name} = {\n${lines.join("")}};\n`;
}

/** Name, unit, range and an enum's names. */
function comment({
  name,
  unit,
  range,
  type,
  values,
  enumType,
  maxLength,
  maxItems,
}: Partial<ModelType> & { name?: string }): string {
  const parts = [
    name,
    unit,
    range && `${range[0]} to ${range[1]}`,
    type === "date" ? "yyyy-MM-dd or yyyy-MM-dd HH:mm:ss" : undefined,
    values &&
      enumType !== "string" &&
      Object.entries(values)
        .map(([number, each]) => `${number} ${each}`)
        .join(", "),
    maxLength === undefined ? undefined : `at most ${maxLength} bytes of UTF-8`,
    maxItems === undefined ? undefined : `at most ${maxItems} items`,
  ].filter((part) => typeof part === "string" && part !== "");
  return parts.length === 0 ? "" : `  /** ${parts.join("; ").replaceAll("*/", "* /")} */\n`;
}

function fieldsText(fields: readonly ModelField[], indent: string): string {
  if (fields.length === 0) return "Readonly<Record<never, never>>";
  const inner = `${indent}  `;
  const parts = fields.map(
    (field) =>
      `readonly ${propertyName(field.identifier)}${field.optional ? "?" : ""}: ${typeText(field, inner)}`,
  );
  const line = `{ ${parts.join("; ")} }`;
  // The name in front of it takes some of the line.
  if (indent.length + line.length <= 70 && !line.includes("\n")) return line;
  return `{\n${parts.map((part) => `${inner}${part};\n`).join("")}${indent}}`;
}

function typeText(type: ModelType, indent: string): string {
  switch (type.type) {
    case "bool":
      return "boolean";
    case "string":
    case "date":
      return "string";
    case "enum": {
      const numbers = enumNumbers(type);
      const texts = isEnumOfTexts(type);
      return numbers.map((number) => (texts ? JSON.stringify(type.values![number]) : number)).join(" | ");
    }
    case "array":
      return `readonly ${type.items === "string" ? "string" : "number"}[]`;
    case "struct":
      return fieldsText(type.fields!, indent);
    default:
      return "number";
  }
}
