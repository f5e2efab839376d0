/** What a device can be commanded to do, as its product's thing model says it. */
import { withoutDevice } from "../../../enos/addressed-command";
import { isObject } from "../../../json";
import { sealedOf } from "../../../../model/model";
import type { Model, ModelField, ModelPoint, ModelType } from "../../../../model/model";
import type { Command } from "./command";

/** A field of the form: of the model, or one that takes any JSON where there is no model. */
export type FormField =
  | ModelField
  | {
      readonly identifier: string;
      readonly name?: string;
      readonly type: "json" | "hex";
      readonly optional?: boolean;
    };

/** One thing that a device can be commanded. */
export interface Choice {
  /** As the address names it: `set:relay`, `service:reboot`, `get`, `raw`. */
  readonly key: string;
  readonly group: string;
  readonly label: string;
  /** What it is called in requests, where that is not the label. */
  readonly identifier?: string;
  readonly kind: "set" | "get" | "service" | "raw";
  readonly fields: readonly FormField[];
  /** Of "get": what can be asked for. */
  readonly readable?: readonly ModelPoint[];
}

/** What of a product the form is made of. */
export interface CommandedProduct {
  readonly payload: "raw" | "json";
  readonly model?: Model;
}

const groups = {
  set: "Set a measure point",
  service: "Call a service",
  get: "Read measure points",
  raw: "Bytes by hand",
} as const;

const rawFields: readonly FormField[] = [
  { identifier: "payload", name: "Bytes", type: "hex" },
  { identifier: "requestId", name: "Request id in them", type: "int64", range: [0, 0xffff_ffff] },
];

/** All choices, in the order in which they are offered. @param product undefined: it is not registered */
export function choicesOf(product: CommandedProduct | undefined): Choice[] {
  const { model, payload = "json" } = product ?? {};
  const raw: Choice = { key: "raw", group: groups.raw, label: "Raw command", kind: "raw", fields: rawFields };
  if (model === undefined) {
    const json = (identifier: string, name: string): FormField => ({ identifier, name, type: "json" });
    const points: Choice[] = [
      {
        key: "set",
        group: groups.set,
        label: "Set measure points",
        kind: "set",
        fields: [json("points", "Values by identifier")],
      },
      {
        ...{ key: "service", group: groups.service, label: "Call a service", kind: "service" },
        fields: [
          { identifier: "service", name: "Identifier of the service", type: "string", maxLength: 64 },
          { ...json("inputs", "Inputs by name"), optional: true },
        ],
      },
      {
        key: "get",
        group: groups.get,
        label: "Read measure points",
        kind: "get",
        fields: [json("points", "List of identifiers")],
      },
    ];
    return payload === "raw" ? [...points.slice(0, 2), raw] : [...points, raw];
  }
  const writable = model.measurepoints.filter((point) => point.writable === true);
  const choices: Choice[] = model.services.map(({ identifier, name = identifier, inputs }) => ({
    ...{ key: `service:${identifier}`, group: groups.service, label: name, identifier },
    ...{ kind: "service", fields: inputs },
  }));
  for (const point of writable) {
    const { identifier, name = identifier } = point;
    choices.push({
      ...{ key: `set:${identifier}`, group: groups.set, label: `Set ${name}`, identifier },
      ...{ kind: "set", fields: [point] },
    });
  }
  if (writable.length > 1) {
    const fields = writable.map((point) => ({ ...point, optional: true }));
    choices.push({ key: "set", group: groups.set, label: "Set several at once", kind: "set", fields });
  }
  // The form of such a command has no raw one.
  if (payload === "json" && model.measurepoints.length > 0) {
    const { measurepoints: readable } = model;
    choices.push({
      key: "get",
      group: groups.get,
      label: "Read measure points",
      kind: "get",
      fields: [],
      readable,
    });
  }
  if (payload === "raw") choices.push(raw);
  return choices;
}

/**
 * The choice and the values that a command was made with; undefined for one that no form makes, or of before.
 * @param command as `withoutName` has it
 */
export function madeBy(
  command: Command,
  choices: readonly Choice[],
): { readonly key: string; readonly values: Readonly<Record<string, unknown>> } | undefined {
  const { kind, service, points, inputs, payload, requestId } = command;
  const has = (key: string): boolean => choices.some((choice) => choice.key === key);
  switch (kind) {
    case "set": {
      if (points === undefined) return undefined;
      if (isWithoutModel(choices)) return { key: "set", values: { points } };
      const [first, ...more] = Object.keys(points);
      const key = more.length === 0 && has(`set:${first}`) ? `set:${first}` : "set";
      return has(key) ? { key, values: points as Record<string, unknown> } : undefined;
    }
    case "get":
      return points !== undefined && has("get") ? { key: "get", values: { points } } : undefined;
    case "service":
      if (service === undefined || inputs === undefined) return undefined;
      if (isWithoutModel(choices)) return { key: "service", values: { service, inputs } };
      return has(`service:${service}`) ? { key: `service:${service}`, values: inputs } : undefined;
    case "raw":
      return payload !== undefined && has("raw") ? { key: "raw", values: { payload, requestId } } : undefined;
    case "upgrade":
      return undefined;
  }
}

/** The body of the request that queues a command, without its times. @param values by field */
export function bodyOf(choice: Choice, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { kind, identifier, key } = choice;
  switch (kind) {
    case "set":
      return { kind, points: key === "set" && isFree(choice) ? values["points"] : values };
    case "get":
      return { kind, points: values["points"] ?? [] };
    case "service":
      if (identifier !== undefined) return { kind, service: identifier, inputs: values };
      return { kind, service: values["service"], inputs: values["inputs"] ?? {} };
    case "raw":
      return { kind, payload: values["payload"], requestId: values["requestId"] };
  }
}

/** Where the API speaks of a form's field, as the form calls it: `relay` for `body.points.relay`. */
export function fieldPath(path: string): string {
  return path.replace(/^body\./, "").replace(/^(?:points|inputs)\./, "");
}

/** A command of a sealed product without the name of its device, which is for the script and not for people. */
export function withoutName(command: Command, model: Model | undefined): Command {
  if (model === undefined || sealedOf(model) === undefined) return command;
  const { points, inputs } = command;
  return {
    ...command,
    ...(isObject(points) ? { points: withoutDevice(points) } : {}),
    ...(isObject(inputs) ? { inputs: withoutDevice(inputs) } : {}),
  };
}

function isFree({ fields }: Choice): boolean {
  return fields.some(({ type }) => type === "json");
}

function isWithoutModel(choices: readonly Choice[]): boolean {
  return choices.some(isFree);
}

/** A field's type where it is one of the model's. */
export function modelType(field: FormField): (ModelType & FormField) | undefined {
  return field.type === "json" || field.type === "hex" ? undefined : (field as ModelField);
}
