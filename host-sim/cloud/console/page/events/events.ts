/** The events of a device as the page shows them: their names and levels of the thing model, and which are shown. */
import { valueText } from "../live/points";
import type { EventLevel, Model, ModelEvent } from "../../../../model/model";
import type { StoredEvent } from "../../../registry/history";

/** `unknown`: the model does not know the event, or there is none. */
export type Level = EventLevel | "unknown";

const levels: readonly Level[] = ["error", "warning", "info", "unknown"];

export interface ShownEvent {
  readonly stored: StoredEvent;
  readonly name: string;
  readonly level: Level;
  /** Name and value of each output, in words. */
  readonly outputs: readonly (readonly [name: string, value: string])[];
}

/** An event in the words of the model. */
export function shownEvent(stored: StoredEvent, model: Model | undefined): ShownEvent {
  const described = model?.events.find(({ identifier }) => identifier === stored.event);
  return {
    stored,
    name: described?.name ?? stored.event,
    level: levelOf(described),
    outputs: outputsOf(stored, described),
  };
}

function levelOf(described: ModelEvent | undefined): Level {
  return described === undefined ? "unknown" : (described.level ?? "info");
}

function outputsOf({ values }: StoredEvent, described: ModelEvent | undefined): [string, string][] {
  const fields = described?.outputs ?? [];
  const known = new Set(fields.map(({ identifier }) => identifier));
  const given = fields.filter(({ identifier }) => Object.hasOwn(values, identifier));
  return [
    ...given.map((field): [string, string] => [
      field.name ?? field.identifier,
      valueText(field, values[field.identifier]),
    ]),
    ...Object.entries(values)
      .filter(([identifier]) => !known.has(identifier))
      .map(([identifier, value]): [string, string] => [identifier, valueText(undefined, value)]),
  ];
}

/** What the address says of which are shown. */
export interface EventFilter {
  readonly level: string | null;
  readonly event: string | null;
}

export function isShown({ level, stored }: ShownEvent, filter: EventFilter): boolean {
  if (filter.level !== null && level !== filter.level) return false;
  return filter.event === null || stored.event === filter.event;
}

/** How many there are of each level, those without any left out. */
export function countByLevel(events: readonly ShownEvent[]): readonly (readonly [Level, number])[] {
  return levels
    .map((level) => [level, events.filter((event) => event.level === level).length] as const)
    .filter(([, count]) => count > 0);
}
