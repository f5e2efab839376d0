/**
 * Which measure points tell of a device's battery and of its radio signal: what a list of devices shows of each. A thing
 * model has no word for that, so the identifiers decide, with the units where there are any.
 *
 * Battery: an identifier with the word battery, batt, bat, vbat or soc, in %, V or mV; a share goes before a voltage.
 * Signal: rsrp, else rssi, in dBm; else signal, in dBm or %. Words are told apart by capitals, digits, _ . and -.
 * Of several that are alike, the first counts. Those of a device's own health, once a day, come after all others.
 */
import type { TypeName } from "../../model/model";

/** A measure point that may be one of them. */
export interface PointTraits {
  readonly identifier: string;
  /** undefined: not known, as without a model. */
  readonly type?: TypeName;
  readonly unit?: string;
}

export interface VitalPoint {
  readonly identifier: string;
  readonly unit?: string;
}

export interface VitalPoints {
  readonly battery?: VitalPoint;
  readonly signal?: VitalPoint;
}

const batteryWords = new Set(["battery", "batt", "bat", "vbat", "vbatt", "soc"]);
/** What is said of a battery and is neither its charge nor its voltage. */
const otherOfBattery = new Set(["temperature", "temp", "current", "cycles", "type", "id", "serial", "low"]);
const otherOfSignal = new Set(["quality", "sinr", "snr", "noise", "threshold", "id"]);
const batteryUnits: Readonly<Record<string, number>> = { "%": 0, percent: 0, v: 1, volt: 1, mv: 2 };
const numeric: ReadonlySet<TypeName> = new Set(["int", "int64", "float", "double"]);
const noRank = Infinity;
/** First word of the measure points that tell of a device's health. */
const ownHealth = "health";
const behindOthers = 10;

/** Battery and signal among these points, as far as there are any. */
export function vitalPointsOf(points: Iterable<PointTraits>): VitalPoints {
  let battery: VitalPoint | undefined;
  let signal: VitalPoint | undefined;
  let batteryRank = noRank;
  let signalRank = noRank;
  for (const point of points) {
    if (point.type !== undefined && !numeric.has(point.type)) continue;
    const words = wordsOf(point.identifier);
    const late = words[0] === ownHealth ? behindOthers : 0;
    const ofBattery = rankOfBattery(words, point.unit) + late;
    if (ofBattery < batteryRank) [battery, batteryRank] = [vital(point), ofBattery];
    const ofSignal = rankOfSignal(words, point.unit) + late;
    if (ofSignal < signalRank) [signal, signalRank] = [vital(point), ofSignal];
  }
  return { ...(battery && { battery }), ...(signal && { signal }) };
}

function vital({ identifier, unit }: PointTraits): VitalPoint {
  return unit === undefined ? { identifier } : { identifier, unit };
}

/** `batteryVoltage_2` is battery, voltage, 2. */
function wordsOf(identifier: string): string[] {
  return identifier
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
}

function rankOfBattery(words: readonly string[], unit: string | undefined): number {
  if (!words.some((word) => batteryWords.has(word))) return noRank;
  if (unit !== undefined) return batteryUnits[unit.toLowerCase()] ?? noRank;
  return words.some((word) => otherOfBattery.has(word)) ? noRank : 3;
}

function rankOfSignal(words: readonly string[], unit: string | undefined): number {
  if (words.some((word) => otherOfSignal.has(word))) return noRank;
  const isPower = unit === undefined || unit.toLowerCase() === "dbm";
  if (words.includes("rsrp")) return isPower ? 0 : noRank;
  if (words.includes("rssi")) return isPower ? 1 : noRank;
  return words.includes("signal") && (isPower || unit === "%") ? 2 : noRank;
}
