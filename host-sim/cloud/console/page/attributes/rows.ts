/** Attributes and tags as the page shows them: what the thing model says of each, its value, and who changed it last. */
import { typeText, valueText } from "../live/points";
import type { Model, ModelField } from "../../../../model/model";
import type { Origin } from "../../../registry/origins";
import type { FormField } from "../commands/choices";

export interface AttributeRow {
  readonly identifier: string;
  readonly name: string;
  /** Undefined: the model does not know it. */
  readonly model: ModelField | undefined;
  /** Undefined: it has none. */
  readonly value: unknown;
  /** The value in words. */
  readonly text: string;
  /** What it takes, in words. */
  readonly type: string;
  readonly origin: Origin | undefined;
}

/** Those of the model in its order, then what else the device has. */
export function attributeRows(
  model: Model | undefined,
  values: Readonly<Record<string, unknown>>,
  origins: Readonly<Record<string, Origin>>,
): AttributeRow[] {
  const described = model?.attributes ?? [];
  const known = new Set(described.map(({ identifier }) => identifier));
  const others = Object.keys(values).filter((identifier) => !known.has(identifier));
  const own = <T>(from: Readonly<Record<string, T>>, name: string): T | undefined =>
    Object.hasOwn(from, name) ? from[name] : undefined;
  const row = (identifier: string, field: ModelField | undefined): AttributeRow => {
    const value = own(values, identifier);
    return {
      identifier,
      name: field?.name ?? identifier,
      model: field,
      value,
      text: value === undefined ? "" : valueText(field, value),
      type: field === undefined ? "not in the thing model" : typeText(field),
      origin: own(origins, identifier),
    };
  };
  return [
    ...described.map((field) => row(field.identifier, field)),
    ...others.sort().map((identifier) => row(identifier, undefined)),
  ];
}

/** The field of the form that edits it: what the model says, or any JSON where it says nothing. */
export function fieldOf({ identifier, name, model }: AttributeRow): FormField {
  return model ?? { identifier, name, type: "json" };
}
