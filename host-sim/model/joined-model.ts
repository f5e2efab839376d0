/**
 * A model with all that its devices tell and obey: what its model.json lists, and what the rooms add that it has.
 */
import { healthPart } from "./health-model";
import { joinParts } from "./joined-parts";
import { settingsPart } from "./settings-model";
import type { JoinedPart } from "./joined-parts";
import type { Lock } from "./lock";
import type { Model, ModelFault } from "./model";

/**
 * The model with the points, events and services of its rooms; the model itself where it has none. The result says no
 * more which rooms these are: it can be given here again.
 *
 * @param lock has the numbers that were given; an empty one does where no byte depends on them
 */
export function joinedModel(model: Model, lock: Lock): Model | readonly ModelFault[] {
  const parts = partsOf(model);
  if (parts.length === 0) return model;
  const { health: _health, remoteSettings: _settings, ...rest } = model;
  return joinParts(rest, lock, parts);
}

/**
 * What a model.json lists of a model that was joined, as EnOS gives back what it was given.
 *
 * @param own the model.json of before, whose rooms these are
 */
export function partedModel(model: Model, own: Model): Model {
  const parts = partsOf(own);
  if (parts.length === 0) return model;
  const added = (list: "measurepoints" | "attributes" | "events" | "services") => {
    const names = new Set(parts.flatMap((part) => (part[list] ?? []).map(({ identifier }) => identifier)));
    return ({ identifier }: { readonly identifier: string }): boolean =>
      names.has(identifier) && !own[list].some((each) => each.identifier === identifier);
  };
  const lists = ["measurepoints", "attributes", "events", "services"] as const;
  const [isPoint, isAttribute, isEvent, isService] = lists.map(added);
  return {
    ...model,
    measurepoints: model.measurepoints.filter((each) => !isPoint(each)),
    attributes: model.attributes.filter((each) => !isAttribute(each)),
    events: model.events.filter((each) => !isEvent(each)),
    services: model.services.filter((each) => !isService(each)),
  };
}

/** What the rooms of a model add to it. */
function partsOf(model: Model): JoinedPart[] {
  return [
    ...(model.health === true ? [healthPart] : []),
    ...(model.remoteSettings === true ? [settingsPart(model.update === true)] : []),
  ];
}
