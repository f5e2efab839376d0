/**
 * What the boot event brings: the wall clock, the seed of Math.random, the configuration, and why the
 * board started.
 */
import { eventHeader } from "../protocol";
import { getText, setWallClock } from "./bridge";
import { seedRandom } from "./prelude";

let json = "{}";
let reason = 0;

/** Why the board started, by its number. */
export function resetReason(): number {
  return reason;
}

/** Takes in the boot event. */
export function powerOn(view: DataView): void {
  reason = view.getUint8(1);
  setWallClock(view.getFloat64(eventHeader, true));
  const seedLength = view.getUint32(eventHeader + 8, true);
  const configLength = view.getUint32(eventHeader + 12, true);
  const text = eventHeader + 16;
  const event = view.buffer as ArrayBuffer;
  seedRandom(getText(event, text, seedLength));
  json = getText(event, text + 2 * seedLength, configLength);
}

/** The configuration, frozen to its depths as Moddable's is; its text is let go. */
export function configuration(): unknown {
  const config: unknown = JSON.parse(json);
  json = "{}";
  return deepFreeze(config);
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    for (const name of Object.keys(value)) deepFreeze((value as Record<string, unknown>)[name]);
    Object.freeze(value);
  }
  return value;
}
