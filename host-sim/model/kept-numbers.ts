/**
 * The numbers of a model's elements that come without any, as EnOS's do. They are given in order, and the lock keeps them:
 * an element that it knows with the same meaning has its number again, its compact form too, and any other one a number
 * that was never given. Where EnOS has a double, the lock's may be an int64, as EnOS has none.
 */
import { updateLock } from "./lock";
import { modelFormat } from "./model";
import { soundnessFaults } from "./soundness";
import type { Lock, LockedField, LockedType } from "./lock";
import type { Model, ModelField, ModelPoint, ModelService, ModelType } from "./model";

/** Gives the elements of one model their numbers, one after the other. */
export class KeptNumbers {
  readonly #lock: Lock;
  readonly #points = new Set<number>();
  readonly #services = new Set<number>();

  constructor(lock: Lock) {
    this.#lock = lock;
  }

  /** A service with its number, and those of its inputs' and outputs' fields. */
  service(given: Omit<ModelService, "number">): ModelService {
    const { identifier, name, inputs, outputs } = given;
    for (const [key, locked] of Object.entries(this.#lock.services).reverse()) {
      const number = Number(key);
      if (locked.identifier !== given.identifier || this.#services.has(number)) continue;
      const known: ModelService = {
        identifier: given.identifier,
        name: given.name,
        number,
        inputs: inputs.map((field, i) => asLocked(field, locked.inputs[i])),
        outputs: outputs.map((field, i) => asLocked(field, locked.outputs[i])),
      };
      if (!this.#fits({ ...nothing, services: [known] })) continue;
      this.#services.add(number);
      return known;
    }
    return { identifier, name, number: free(17, this.#lock.services, this.#services), inputs, outputs };
  }

  /** A measure point with its number, its compact form and those of its fields; the one that it has does not count. */
  point(point: ModelPoint): ModelPoint {
    for (const [key, locked] of Object.entries(this.#lock.points).reverse()) {
      const number = Number(key);
      if (locked.identifier !== point.identifier || this.#points.has(number)) continue;
      const known: ModelPoint = { ...asLocked(point, locked), number };
      const compact = locked.compact === undefined ? known : { ...known, compact: locked.compact };
      if (!this.#fits({ ...nothing, measurepoints: [compact] })) continue;
      if (soundnessFaults({ measurepoints: [compact] }, () => false, false).length > 0) continue;
      this.#points.add(number);
      return compact;
    }
    return { ...point, number: free(1, this.#lock.points, this.#points) };
  }

  /** Whether the lock's numbers keep their meaning with it. */
  #fits(model: Model): boolean {
    return "points" in updateLock(this.#lock, model, true);
  }
}

/** What one element is put into, to be held against the lock alone. */
const nothing: Model = {
  format: modelFormat,
  product: "",
  version: 0,
  measurepoints: [],
  attributes: [],
  events: [],
  services: [],
};

/** The type with what EnOS does not tell: a whole double that the lock has as int64, numbers of fields and texts. */
function asLocked<T extends ModelType>(type: T, locked: LockedType | undefined): T {
  if (locked === undefined) return type;
  const { items, fields, values, enumType } = type;
  return {
    ...type,
    ...(type.type === "double" && locked.type === "int64" ? { type: "int64" } : {}),
    ...(items === "double" && locked.items === "int64" ? { items: "int64" } : {}),
    ...(fields === undefined || locked.fields === undefined
      ? {}
      : { fields: numbered(fields, locked.fields) }),
    ...(enumType === "string" && locked.values !== undefined
      ? { values: textsByNumber(Object.values(values!), locked.values) }
      : {}),
  };
}

function numbered(
  fields: readonly ModelField[],
  locked: Readonly<Record<string, LockedField>>,
): ModelField[] {
  const taken = new Set<number>();
  return fields.map((field) => {
    const known = Object.entries(locked).find(([, each]) => each.identifier === field.identifier);
    if (known === undefined) return { ...field, number: free(1, locked, taken) };
    return { ...asLocked(field, known[1]), number: Number(known[0]) };
  });
}

function textsByNumber(
  texts: readonly string[],
  locked: Readonly<Record<string, string>>,
): Record<string, string> {
  const taken = new Set<number>();
  const known = new Map(Object.entries(locked).map(([number, text]) => [text, number]));
  return Object.fromEntries(texts.map((text) => [known.get(text) ?? free(0, locked, taken), text]));
}

/** The last number that a payload has room for. */
const lastNumber = 255;

/** The next number that was never given, which counts as given from now on; beyond the last one all have the same. */
function free(first: number, locked: Readonly<Record<string, unknown>>, taken: Set<number>): number {
  let number = first;
  while (number <= lastNumber && (locked[number] !== undefined || taken.has(number))) number += 1;
  taken.add(number);
  return number;
}
