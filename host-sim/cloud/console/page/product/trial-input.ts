/** What a script is tried against, as it is typed: bytes in hexadecimal, or JSON. */
import { isAddressed } from "../../../enos/addressed-command";
import { jsonFault } from "../../../../model/json-place";
import type { Model, ModelField, ModelType } from "../../../../model/model";

/** `up`: bytes of a device become JSON; `down`: JSON becomes bytes for one. */
export type Way = "up" | "down";

/** The body of a try, or why there is none; no problem where nothing was typed. */
export function readInput(way: Way, text: string): { body: object } | { problem: string | undefined } {
  if (text.trim() === "") return { problem: undefined };
  if (way === "down") {
    const fault = jsonFault(text);
    if (fault === undefined) return { body: { json: JSON.parse(text.replace(/^\ufeff/, "")) as unknown } };
    return { problem: `not JSON, line ${fault.line} column ${fault.column}: ${fault.what}` };
  }
  // As people copy bytes: with blanks, colons, commas, line ends, or 0x before each.
  const hex = text.replace(/0x/gi, "").replace(/[\s:,]/g, "");
  const wrong = /[^0-9a-f]/i.exec(hex);
  if (wrong !== null) return { problem: `${JSON.stringify(wrong[0])} is no hexadecimal digit` };
  if (hex.length % 2 !== 0) return { problem: `${hex.length} hexadecimal digits: a byte has two` };
  return { body: { bytes: hex.toLowerCase() } };
}

/** Hexadecimal as it is read: two digits a byte, 16 bytes a line. */
export function spacedHex(hex: string): string {
  const pairs = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < pairs.length; at += 16) lines.push(pairs.slice(at, at + 16).join(" "));
  return lines.join("\n");
}

/** A sample of JSON that the model allows, with its name. */
export interface ModelSample {
  readonly name: string;
  readonly json: string;
}

/**
 * Commands that the model allows, and the answer to a report: what a script has to make bytes of.
 * @param deviceKey whom those of a sealed product are for
 */
export function samplesOfModel(
  model: Model | undefined,
  deviceKey: string = "864600031234566",
): ModelSample[] {
  const named = isAddressed(model, true) ? { deviceKey } : {};
  const message = (name: string, method: string, given: object): ModelSample => {
    const params = { ...named, ...given };
    return { name, json: JSON.stringify({ id: "1", version: "1.0", method, params }, null, 2) };
  };
  const samples: ModelSample[] = [];
  for (const point of model?.measurepoints ?? []) {
    if (point.writable !== true) continue;
    const params = { [point.identifier]: valueOf(point) };
    samples.push(message(`set ${point.identifier}`, "thing.service.measurepoint.set", params));
  }
  for (const { identifier, inputs } of model?.services ?? []) {
    samples.push(message(identifier, `thing.service.${identifier}`, fieldsOf(inputs)));
  }
  samples.push({ name: "answer 200", json: JSON.stringify({ id: "1", code: 200, data: "" }, null, 2) });
  return samples;
}

function fieldsOf(fields: readonly ModelField[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.identifier, valueOf(field)]));
}

function valueOf(type: ModelType): unknown {
  switch (type.type) {
    case "bool":
      return true;
    case "enum": {
      const [number, name] = Object.entries(type.values ?? {})[0] ?? ["0", "0"];
      return type.enumType === "string" ? name : Number(number);
    }
    case "string":
      return "text".slice(0, type.maxLength);
    case "date":
      return "2026-01-31 12:00:00";
    case "array":
      return [type.items === "string" ? "text" : 1];
    case "struct":
      return fieldsOf(type.fields ?? []);
    default: {
      const [least, most] = type.range ?? [-1, 1];
      return least <= 1 && most >= 1 ? 1 : least;
    }
  }
}
