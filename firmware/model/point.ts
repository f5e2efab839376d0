/**
 * The product's measure points: what the device reports and what the cloud may set.
 */

/** Type of a point's value on the wire. */
export type PointType = "int" | "double" | "string";

/** One measure point of the product. */
export interface PointDefinition {
  /** Identifier in EnOS's thing model. */
  readonly id: string;
  /** Number in raw payloads, 1 to 255. Once given it is never reused for another point. */
  readonly number: number;
  readonly type: PointType;
  /** The cloud may set it. */
  readonly writable?: boolean;
}

/** The product's points, frozen: they are the same for ever and can live in flash. */
export function definePoints(points: readonly PointDefinition[]): readonly PointDefinition[] {
  return Object.freeze(points.map((point) => Object.freeze(point)));
}

/** A value on the device. */
export type Value = number | string;

/** Readings of one moment, by identifier. */
export type Values = Readonly<Record<string, Value>>;

/** Whether the value is one that the point can hold. */
export function fits(point: PointDefinition, value: unknown): value is Value {
  switch (point.type) {
    case "int":
      return Number.isInteger(value) && (value as number) >= -0x8000_0000 && (value as number) <= 0x7fff_ffff;
    case "double":
      return typeof value === "number" && Number.isFinite(value);
    case "string":
      return typeof value === "string";
  }
}

/** The first identifier whose value its point cannot hold, or that is no point; undefined when all fit. */
export function firstUnfit(points: readonly PointDefinition[], values: Values): string | undefined {
  for (const id in values) {
    let good = false;
    for (let i = 0; i < points.length; i++) good ||= points[i].id === id && fits(points[i], values[id]);
    if (!good) return id;
  }
  return undefined;
}
