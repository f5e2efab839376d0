/**
 * Joins what the firmware's optional rooms tell and obey to a product's model. A model.json says no more than that a
 * product has such a room; its points and services get the numbers that the lock has for them, and new ones the next
 * that are free, so that they keep them for ever, as the product's own do.
 */
import type { Lock } from "./lock";
import type { Model, ModelEvent, ModelFault, ModelField, ModelPoint, ModelService } from "./model";

/** A measure point without its number. */
export type JoinedPoint = Omit<ModelPoint, "number">;

/** What one room adds to a model. */
export interface JoinedPart {
  /** The name of the model.json's member that switches it on. */
  readonly name: string;
  readonly measurepoints: readonly JoinedPoint[];
  readonly attributes?: readonly ModelField[];
  readonly events: readonly ModelEvent[];
  /** A service that the model has already, such as one that every product may have, stays as it is there. */
  readonly services: readonly Omit<ModelService, "number">[];
}

const firstPoint = 1;
/** Numbers below are those of commands that every product has. */
const firstService = 17;
const most = 255;

/**
 * The model with what these parts add, or a fault for each identifier that it has already and for want of numbers. A
 * model that was joined before, as the lock does not tell, must not be given again.
 */
export function joinParts(
  model: Model,
  lock: Lock,
  parts: readonly JoinedPart[],
): Model | readonly ModelFault[] {
  if (parts.length === 0) return model;
  const faults: ModelFault[] = [];
  const measurepoints = [...model.measurepoints];
  const attributes = [...model.attributes];
  const events = [...model.events];
  const services = [...model.services];
  const points = new Numbers(firstPoint, lock.points, model.measurepoints);
  const commands = new Numbers(firstService, lock.services, model.services);
  const clash = (list: string, identifier: string, { name }: JoinedPart): void => {
    const own = model[list as "events"].findIndex((each) => each.identifier === identifier);
    faults.push({
      path: `$.${list}[${own}].identifier`,
      problem: `is "${identifier}", which "${name}" adds`,
      remedy: `choose another identifier, or leave "${name}" out`,
    });
  };
  const none = (list: string, { name }: JoinedPart): void => {
    const remedy = `leave it out, or measure points and services that nobody needs`;
    faults.push({ path: `$.${name}`, problem: `has no number left for its ${list}`, remedy });
  };
  for (const part of parts) {
    for (const point of part.measurepoints) {
      if (has(model.measurepoints, point)) clash("measurepoints", point.identifier, part);
      const number = points.of(point.identifier);
      if (number === undefined) none("measure points", part);
      else measurepoints.push({ ...point, number });
    }
    for (const attribute of part.attributes ?? []) {
      if (has(model.attributes, attribute)) clash("attributes", attribute.identifier, part);
      else attributes.push(attribute);
    }
    for (const event of part.events) {
      if (has(model.events, event)) clash("events", event.identifier, part);
      else events.push(event);
    }
    for (const service of part.services) {
      if (has(services, service)) continue;
      const number = commands.of(service.identifier);
      if (number === undefined) none("services", part);
      else services.push({ ...service, number });
    }
  }
  if (faults.length > 0) return faults;
  measurepoints.sort((a, b) => a.number - b.number);
  return { ...model, measurepoints, attributes, events, services };
}

function has(
  list: readonly { readonly identifier: string }[],
  { identifier }: { readonly identifier: string },
): boolean {
  return list.some((each) => each.identifier === identifier);
}

/** Gives numbers that nothing else has, or ever had in the field. */
class Numbers {
  readonly #first: number;
  readonly #locked: Readonly<Record<string, { readonly identifier: string }>>;
  readonly #taken: Set<number>;

  constructor(
    first: number,
    locked: Readonly<Record<string, { readonly identifier: string }>>,
    own: readonly { readonly number: number }[],
  ) {
    this.#first = first;
    this.#locked = locked;
    this.#taken = new Set([...Object.keys(locked).map(Number), ...own.map(({ number }) => number)]);
  }

  /** The number of this identifier: the lock's, or the next that is free; undefined when none is. */
  of(identifier: string): number | undefined {
    for (const [number, each] of Object.entries(this.#locked)) {
      if (each.identifier === identifier) return Number(number);
    }
    for (let number = this.#first; number <= most; number++) {
      if (this.#taken.has(number)) continue;
      this.#taken.add(number);
      return number;
    }
    return undefined;
  }
}
