/** What a command does and what came of it, in words: with the names, units and words of the model. */
import { isEnumOfTexts } from "../../../../model/model";
import { isObject } from "../../../json";
import { withoutName } from "./choices";
import { behind, plainNumber } from "../../../page/quantity";
import type { Model, ModelField, ModelType } from "../../../../model/model";
import type { Command } from "./command";

/** A value as people write it: `20.5 °C`, `on (1)`, `"text"`. @param type undefined: the model has none */
export function valueWords(value: unknown, type?: ModelType): string {
  if (type?.type === "enum" && type.values !== undefined && !isEnumOfTexts(type)) {
    const word = type.values[String(value)];
    if (word !== undefined) return `${word} (${String(value)})`;
  }
  if (typeof value === "number") return plainNumber(value) + behind(type?.unit);
  if (Array.isArray(value)) {
    const item: ModelType = {
      type: type?.items ?? "double",
      ...(type?.unit === undefined ? {} : { unit: type.unit }),
    };
    return `[${value.map((each) => valueWords(each, item)).join(", ")}]`;
  }
  if (isObject(value)) return `{ ${memberWords(value, type?.fields)} }`;
  return JSON.stringify(value) ?? "";
}

/** Members with their values: `delay 5 s, force true`. */
export function memberWords(
  values: Readonly<Record<string, unknown>>,
  fields: readonly ModelField[] = [],
): string {
  return Object.entries(values)
    .map(([name, value]) => {
      const field = fields.find(({ identifier }) => identifier === name);
      return `${field?.name ?? name} ${valueWords(value, field)}`;
    })
    .join(", ");
}

/** What a command does: `Restart the device` with `delay 5 s`. */
export function titleOf(
  command: Command,
  model: Model | undefined,
): { readonly what: string; readonly with: string } {
  const { kind, service, points, inputs, payload } = withoutName(command, model);
  const nameOf = (identifier: string): string =>
    model?.measurepoints.find((point) => point.identifier === identifier)?.name ?? identifier;
  switch (kind) {
    case "set": {
      if (!isObject(points)) return { what: "Set measure points", with: "" };
      const names = Object.keys(points);
      if (names.length !== 1)
        return { what: "Set measure points", with: memberWords(points, model?.measurepoints) };
      const type = model?.measurepoints.find(({ identifier }) => identifier === names[0]);
      return { what: `Set ${nameOf(names[0])}`, with: valueWords(points[names[0]], type) };
    }
    case "get":
      return {
        what: "Read",
        with: Array.isArray(points) ? points.map((each) => nameOf(String(each))).join(", ") : "",
      };
    case "service": {
      const known = model?.services.find(({ identifier }) => identifier === service);
      return {
        what: known?.name ?? service ?? "Service",
        with: inputs === undefined ? "" : memberWords(inputs, known?.inputs),
      };
    }
    case "raw":
      return { what: "Raw command", with: (payload ?? "").replace(/..(?=.)/g, "$& ") };
    case "upgrade":
      return {
        what: "Upgrade of the firmware",
        with: typeof inputs?.["version"] === "string" ? `to ${inputs["version"]}` : "",
      };
  }
}

/** The model's types of what a reply carries, by name. */
export function outputsOf({ kind, service }: Command, model: Model | undefined): readonly ModelField[] {
  if (kind === "service")
    return model?.services.find(({ identifier }) => identifier === service)?.outputs ?? [];
  return kind === "set" || kind === "get" ? (model?.measurepoints ?? []) : [];
}

/** What a field takes, beside its name. */
export function hintOf(type: ModelType & { readonly optional?: boolean }): string {
  const words: string[] = [];
  const { range, unit, maxLength, maxItems } = type;
  const bounds = range === undefined ? "" : `${plainNumber(range[0])} to ${plainNumber(range[1])}`;
  switch (type.type) {
    case "int":
    case "int64":
      words.push(`whole number${bounds === "" ? "" : `, ${bounds}${behind(unit)}`}`);
      break;
    case "float":
    case "double":
      words.push(`number${bounds === "" ? "" : `, ${bounds}${behind(unit)}`}`);
      break;
    case "string":
      words.push(`text, at most ${plainNumber(maxLength ?? 1024)} bytes`);
      break;
    case "date":
      words.push("yyyy-MM-dd or yyyy-MM-dd HH:mm:ss");
      break;
    case "timestamp":
      words.push("epoch ms, or a date and time of day");
      break;
    case "array":
      words.push(
        `list of ${type.items === "string" ? "texts" : "numbers"}, at most ${maxItems ?? 128}${behind(unit)}`,
      );
      break;
    default:
      break;
  }
  if (type.optional === true) words.push("optional");
  return words.join(", ");
}
