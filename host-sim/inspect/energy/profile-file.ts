/**
 * A profile of the user's own, as JSON: a built-in one with some figures replaced.
 *
 *     { "base": "field", "name": "our tracker",
 *       "modem": { "psm": 0.0000126, "connected": { "value": 0.15, "source": "our lab, 2026-10" } },
 *       "radio": { "uplink": [14000, 2000, 550] },
 *       "board": { "computeRate": { "value": 9500, "low": 9000, "high": 10000, "source": "our board" } } }
 *
 * A bare number is taken for measured.
 */
import { isObject } from "../../../firmware/text/json";
import { jsonPlace } from "../../model/json-place";
import { profileNamed, profileNames } from "./profiles";
import type { EnergyProfile, Figure } from "./profile";

/** What is wrong with the file, and where. */
export class ProfileError extends Error {
  override name = "ProfileError";
}

const largest = 1e6;

/** @param file its name, for messages. @throws ProfileError */
export function readProfile(text: string, file: string): EnergyProfile {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new ProfileError(`${file} is no JSON${jsonPlace(text)}`);
  }
  if (!isObject(given)) throw new ProfileError(`${file} must hold an object`);
  const { base = "field", name = file, ...rooms } = given;
  const built = typeof base === "string" ? profileNamed(base) : undefined;
  if (built === undefined) throw new ProfileError(`${file}: base must be one of ${profileNames.join(", ")}`);
  if (typeof name !== "string" || name.length > 64)
    throw new ProfileError(`${file}: name must be a short text`);
  const { modem, radio, board } = built;
  for (const room of Object.keys(rooms)) {
    if (!["modem", "radio", "board"].includes(room))
      throw new ProfileError(
        `${file}: "${short(room)}" is unknown; there are base, name, modem, radio, board`,
      );
  }
  const take = <T extends object>(room: string, figures: T): T => replaced(figures, rooms[room], room, file);
  return { name, modem: take("modem", modem), radio: take("radio", radio), board: take("board", board) };
}

function replaced<T extends object>(figures: T, given: unknown, room: string, file: string): T {
  if (given === undefined) return figures;
  if (!isObject(given)) throw new ProfileError(`${file}: ${room} must be an object`);
  const result = { ...figures } as Record<string, unknown>;
  for (const [key, value] of Object.entries(given)) {
    const where = `${room}.${short(key)}`;
    if (!Object.hasOwn(figures, key)) {
      throw new ProfileError(`${file}: ${where} is unknown; ${room} has ${Object.keys(figures).join(", ")}`);
    }
    if (Array.isArray(result[key])) {
      if (!Array.isArray(value) || value.length !== 3) {
        throw new ProfileError(`${file}: ${where} must be three figures, one for each coverage level`);
      }
      result[key] = value.map((each) => figureOf(each, where, file));
    } else {
      result[key] = figureOf(value, where, file);
    }
  }
  if (Object.hasOwn(result, "computeRate") && (result as { computeRate: Figure }).computeRate.value < 1) {
    throw new ProfileError(`${file}: board.computeRate is steps a second for each MHz, 1 at least`);
  }
  const { accessTransmit } = result as { accessTransmit?: Figure };
  if (accessTransmit !== undefined && accessTransmit.value > 1) {
    throw new ProfileError(`${file}: radio.accessTransmit is a share, 0 to 1`);
  }
  const { uplink = [], downlink = [] } = result as { uplink?: Figure[]; downlink?: Figure[] };
  if ([...uplink, ...downlink].some(({ value }) => value < 1)) {
    throw new ProfileError(`${file}: radio.uplink and radio.downlink are bit/s, 1 at least`);
  }
  return result as unknown as T;
}

function figureOf(given: unknown, where: string, file: string): Figure {
  const value = isObject(given) ? given.value : given;
  const source = isObject(given) && typeof given.source === "string" ? short(given.source) : file;
  if (typeof value !== "number" || !(value >= 0 && value <= largest)) {
    throw new ProfileError(`${file}: ${where} must be a number from 0 to ${largest}`);
  }
  const { low, high } = isObject(given) ? given : {};
  if (low === undefined && high === undefined) return { value, tag: "measured", source };
  if (typeof low !== "number" || typeof high !== "number" || !(low >= 0 && low <= value && value <= high)) {
    throw new ProfileError(`${file}: ${where} needs both low and high, with its value between them`);
  }
  return { value, low, high: Math.min(high, largest), tag: "measured", source };
}

function short(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, "?");
}
