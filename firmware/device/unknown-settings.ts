/**
 * Settings that nobody reads. A wrong name silently does nothing, so each is told at start, with the known
 * one that is nearest. It is a line in the log and no reason not to start: the configuration of a build is
 * shared with the SDK, the board's own manifest and the application, which may read settings of their own there.
 */
import type { Settings } from "./settings";
import type { Configuration } from "./setting-values";

/** A name in the configuration that is no setting's, and the setting whose name is nearest. */
export interface UnknownSetting {
  readonly name: string;
  readonly nearest: string;
}

/** Read where the keys are. */
const keys = "productKey deviceKey deviceSecret";
/** What the SDK's manifests put there, of its own modules and of its boards, where it is no object. */
const sdk =
  "screen Screen touch Touch format rotation driverRotation autorotate brightness backlight button corner buzzer " +
  "startupSound startupVibration enablePowerButton virtualButton voltage volume xPower xPWR_key " +
  "sntp ssid password ethernet";
/** Names that are told, and characters of each, at most. */
const mostNames = 8;
const longestName = 40;

/**
 * Those settings of a configuration that nobody reads.
 *
 * @param settings what was read of it
 * @param own names of those that the product reads
 */
export function unknownSettings(
  config: Configuration,
  settings: Settings,
  own: readonly string[] = [],
): UnknownSetting[] {
  const known = Object.keys(settings).concat(keys.split(" "), own);
  const others = ` ${sdk} `;
  const names = Object.keys(config);
  const unknown: UnknownSetting[] = [];
  for (let i = 0; i < names.length && unknown.length < mostNames; i++) {
    const name = names[i];
    const value = config[name];
    // No setting is an object: those are the SDK's, such as the pins of a display.
    if (known.indexOf(name) >= 0 || typeof value === "object" || typeof value === "function") continue;
    if (others.indexOf(` ${name} `) >= 0 || name.endsWith("_pin")) continue;
    const shown = name.slice(0, longestName);
    unknown.push({ name: shown, nearest: nearestOf(shown, known) });
  }
  return unknown;
}

/** The one that takes the fewest letters left out, put in or changed. */
function nearestOf(name: string, known: readonly string[]): string {
  let nearest = "";
  let least = Infinity;
  for (let i = 0; i < known.length; i++) {
    const distance = distanceOf(plain(name), plain(known[i]));
    if (distance < least) {
      least = distance;
      nearest = known[i];
    }
  }
  return nearest;
}

/** Case and separators do not count: `apn_user` is `apnUser`. */
function plain(name: string): string {
  let out = "";
  for (let i = 0; i < name.length; i++) {
    const letter = name.charAt(i);
    if (letter !== "_" && letter !== "-" && letter !== ".") out += letter;
  }
  return out.toLowerCase();
}

/** Levenshtein's distance, one row of its table at a time. */
function distanceOf(a: string, b: string): number {
  let row: number[] = [];
  for (let j = 0; j <= b.length; j++) row.push(j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
