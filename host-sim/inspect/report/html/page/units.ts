/** Quantities as people read them. */

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

/** Three digits that count, without an exponent. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** A length of time from ms, such as `350 ms`, `12.3 s`, `4.5 h`. */
export function span(ms: number): string {
  if (Number.isNaN(ms)) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${digits(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${digits(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${digits(ms / 3_600_000)} h` : `${digits(ms / 86_400_000)} d`;
}
