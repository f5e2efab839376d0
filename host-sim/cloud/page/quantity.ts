/** Values with their units as people write them. */

/** Units as thing models name them, and as people write them. What is not here is written as it is. */
const signs: ReadonlyMap<string, string> = new Map([
  ["degc", "°C"],
  ["celsius", "°C"],
  ["℃", "°C"],
  ["degf", "°F"],
  ["fahrenheit", "°F"],
  ["℉", "°F"],
  ["kelvin", "K"],
  ["deg", "°"],
  ["degree", "°"],
  ["degrees", "°"],
  ["percent", "%"],
  ["pct", "%"],
  ["%rh", "% RH"],
  ["permille", "‰"],
  ["ohm", "Ω"],
  ["kohm", "kΩ"],
  ["mohm", "mΩ"],
  ["um", "µm"],
  ["us", "µs"],
  ["ua", "µA"],
  ["uv", "µV"],
  ["uw", "µW"],
  ["ug/m3", "µg/m³"],
  ["mg/m3", "mg/m³"],
  ["g/m3", "g/m³"],
  ["kg/m3", "kg/m³"],
  ["m2", "m²"],
  ["m3", "m³"],
  ["m3/h", "m³/h"],
  ["m3/s", "m³/s"],
  ["l/min", "l/min"],
  ["m/s2", "m/s²"],
  ["w/m2", "W/m²"],
  ["kwh/m2", "kWh/m²"],
  ["volt", "V"],
  ["ampere", "A"],
  ["watt", "W"],
  ["second", "s"],
  ["seconds", "s"],
  ["sec", "s"],
  ["minute", "min"],
  ["minutes", "min"],
  ["hour", "h"],
  ["hours", "h"],
  ["hertz", "Hz"],
  ["pascal", "Pa"],
  ["bit/s", "bit/s"],
  ["count", ""],
  ["none", ""],
  ["1", ""],
]);

/** A unit as people write it: `°C` for `degC`. */
export function unitSign(unit: string | undefined): string {
  if (unit === undefined) return "";
  const plain = unit.trim();
  // The one whose capital is another size.
  if (plain === "MOhm" || plain === "Mohm") return "MΩ";
  return signs.get(plain.toLowerCase()) ?? plain;
}

/** A unit behind a number, with the space that belongs between; nothing without a unit. */
export function behind(unit: string | undefined): string {
  const sign = unitSign(unit);
  if (sign === "") return "";
  return sign === "°" ? sign : `\u00a0${sign}`;
}

/** A number without the digits that a float brings along: 20.1 for 20.100000381. Whole ones are whole. */
export function plainNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  if (Number.isInteger(value)) {
    return Math.abs(value) < 1e15 ? value.toLocaleString("en-GB") : String(value);
  }
  const digits = Math.fround(value) === value ? 7 : 12;
  const short = Number(value.toPrecision(digits));
  const size = Math.abs(short);
  if (size < 1e-4 || size >= 1e15) return String(short);
  return short.toLocaleString("en-GB", { maximumFractionDigits: 15 });
}

/** A number with its unit: `20.5 °C`. */
export function quantity(value: number, unit?: string): string {
  return plainNumber(value) + behind(unit);
}
