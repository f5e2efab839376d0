/** Quantities as people read them. */
import { digits } from "../../../../cloud/page/words";

const prefixes = [
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
] as const;

/** Three digits with a prefix, such as `12.3 mW`. */
export function withPrefix(value: number, unit: string): string {
  if (value === 0) return `0 ${unit}`;
  const [factor, prefix] = prefixes.find(([least]) => Math.abs(value) >= 0.9995 * least) ?? prefixes[3];
  return `${digits(value / factor)} ${prefix}${unit}`;
}

/** The same for a round number, without zeros behind the point: `80 mW`. */
export function tickText(value: number, unit: string): string {
  return withPrefix(value, unit).replace(/\.0+ /, " ");
}
