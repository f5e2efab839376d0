/**
 * Writes the table of the wire layout, for people.
 */
import { enumNumbers, isEnumOfTexts, isWide, sealedOf } from "./model";
import { compactSize, sampleSize } from "./wire";
import { sealLayout } from "./write-seal-layout";
import type { Lock } from "./lock";
import type { Model, ModelField, ModelPoint, ModelType } from "./model";

/** The text of layout.md. */
export function layoutTable(model: Model, lock: Lock, fingerprint: string): string {
  const points = [...model.measurepoints].sort((a, b) => a.number - b.number);
  const current = new Set(points.map((point) => String(point.number)));
  const services = new Set(model.services.map((service) => String(service.number)));
  const retired = [
    ...Object.entries(lock.points).filter(([number]) => !current.has(number)),
    ...Object.entries(lock.services).filter(([number]) => !services.has(number)),
  ];
  const sealed = sealedOf(model);
  const lines = [
    `# Wire layout of ${cell(model.product)}, version ${model.version}`,
    ``,
    `Layout ${fingerprint}, written by \`npm run model\`. Big-endian; request ids and lengths have no sign.`,
    ``,
    `| message | bytes |`,
    `| --- | --- |`,
    `| measure points, sample layout | \`01\`, request id u32, ( number u8, length u16, value [, quality u8] )* |`,
    `| measure points, compact layout | \`03\`, request id u32, n u8, bitmap of n bytes, ( value [, quality u8] )* by ascending number |`,
    `| several readings, sample layout | \`04\`, request id u32, flags u8, time u48, ( later varint, n u8, ( number u8, length u16, value [, quality u8] )*n )* |`,
    `| several readings, compact layout | \`05\`, request id u32, flags u8, time u48, ( later varint, n u8, bitmap of n bytes, ( value [, quality u8] )* )* |`,
    `| answer to measure points | request id u32, code u16 |`,
    `| set | \`02\`, request id u32, ( number u8, value )* |`,
    `| service | number u8, request id u32, inputs in order |`,
    `| set or service with a longer id | \`06\`, id u64, first byte of the command u8, what stands behind its id |`,
    `| answer to set and service | first byte of the command, request id u32, code u8, outputs in order when the code is 200 |`,
    `| the same to a longer id | \`06\`, id u64, first byte of the command u8, code u8, outputs in order when the code is 200 |`,
    ``,
    `Point n is there in the compact layout when bit (n - 1) & 7 of the bitmap's byte (n - 1) >> 3 is set.`,
    `Bit 0 of flags: the readings were stored while the device was offline. Time is that of the first reading`,
    `in epoch ms, \`later\` the ms since the reading before it (0 for the first), an unsigned LEB128 of at most`,
    `6 bytes. A payload has at most 255 readings.`,
    ``,
    `A command's id has 64 bits where it is above 4294967295; firmware from before such ids answers that it knows no`,
    `service 6.`,
    ``,
    `The code of an answer to a command is 0 to 249, or 250 for 400, 251 for 404, 252 for 500, 255 for any other.`,
    ``,
    ...(sealed === undefined ? [] : sealLayout(sealed)),
    `## Measure points`,
    ``,
    `| number | identifier | type | unit | range | sample layout | compact layout | set |`,
    `| ---: | --- | --- | --- | --- | --- | --- | --- |`,
    ...points.map(
      (point) =>
        `| ${[
          point.number,
          cell(point.identifier),
          typeName(point),
          cell(point.unit ?? ""),
          point.range === undefined ? "" : `${point.range[0]} to ${point.range[1]}`,
          sampleBytes(point) + (point.quality ? ", quality 1 byte" : ""),
          compactBytes(point) + (point.quality ? ", quality 1 byte" : ""),
          point.writable ? "yes" : "",
        ].join(" | ")} |`,
    ),
    ``,
  ];
  if (model.services.length > 0) {
    lines.push(`## Services`, ``, `| number | identifier | inputs | outputs |`, `| ---: | --- | --- | --- |`);
    for (const { number, identifier, inputs, outputs } of model.services) {
      lines.push(`| ${number} | ${cell(identifier)} | ${fieldList(inputs)} | ${fieldList(outputs)} |`);
    }
    lines.push(``);
  }
  if (model.events.length + model.attributes.length > 0) {
    lines.push(`## In JSON only`, ``, `| kind | identifier | type |`, `| --- | --- | --- |`);
    for (const each of model.attributes)
      lines.push(`| attribute | ${cell(each.identifier)} | ${typeName(each)} |`);
    for (const each of model.events) {
      lines.push(`| event | ${cell(each.identifier)} | ${each.outputs.map(named).join(", ") || "nothing"} |`);
    }
    lines.push(``);
  }
  if (retired.length > 0) {
    lines.push(`## Retired numbers, never to be used again`, ``, `| number | was |`, `| ---: | --- |`);
    for (const [number, { identifier }] of retired) lines.push(`| ${number} | ${cell(identifier)} |`);
    lines.push(``);
  }
  return lines.join("\n");
}

function cell(text: string): string {
  return text.replace(/[\\|`*_<>[\]#]/g, "\\$&");
}

function typeName(type: ModelType): string {
  switch (type.type) {
    case "array":
      return `array of ${type.items}${type.maxItems === undefined ? "" : `, at most ${type.maxItems}`}`;
    case "struct":
      return `struct { ${type.fields!.map((field) => `${field.number} ${named(field)}`).join(", ")} }`;
    case "enum":
      return `${isEnumOfTexts(type) ? "enum of texts" : "enum"} ${Object.entries(type.values!)
        .map(([number, name]) => `${number} ${cell(name)}`)
        .join(", ")}`;
    case "string":
      return type.maxLength === undefined ? "string" : `string, at most ${type.maxLength} bytes`;
    default:
      return type.type;
  }
}

function named(field: ModelField): string {
  return `${cell(field.identifier)} ${typeName(field)}${field.optional ? " (may be left out)" : ""}`;
}

function sampleBytes(type: ModelType): string {
  const size = sampleSize(type);
  return size === undefined ? "varies" : bytes(size);
}

function compactBytes(point: ModelPoint): string {
  if (point.compact !== undefined) {
    const { as, scale = 1, offset = 0 } = point.compact;
    const shift = offset === 0 ? "" : ` + ${offset}`;
    return `${bytes(compactSize(as))}, ${as} × ${scale}${shift}`;
  }
  if (point.type === "enum") return bytes(isWide(enumNumbers(point)) ? 4 : 1);
  const size = sampleSize(point);
  return size === undefined ? "length u16, value" : bytes(size);
}

function fieldList(fields: readonly ModelField[]): string {
  if (fields.length === 0) return "none";
  return fields
    .map((field) => {
      const size = sampleSize(field);
      const length = size === undefined ? "length u16, value" : bytes(size);
      return `${named(field)}: ${field.optional ? "presence u8, " : ""}${length}`;
    })
    .join("<br>");
}

function bytes(count: number): string {
  return count === 1 ? "1 byte" : `${count} bytes`;
}
