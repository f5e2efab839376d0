/**
 * Settings that were changed from afar: their texts by place in `remoteNames`, as a configuration has them from the command
 * line of a build, and how they lie over the board's own configuration.
 */
import { placeOf, remoteNames } from "./remote-names";
import type { Configuration } from "../device/setting-values";

/** Texts by place; undefined where the board's own configuration holds. */
export type Changes = readonly (string | undefined)[];

type RemoteValue = number | boolean | string;

/** Longest text, characters: that of a list of bands. */
export const longestText = 100;

/** Nothing is changed. */
export const noChanges: Changes = Object.freeze([]);

/** The board's own configuration with these over it. */
export function over(config: Configuration, changes: Changes): Configuration {
  const out: Record<string, unknown> = {};
  const names = Object.keys(config);
  for (let i = 0; i < names.length; i++) out[names[i]] = config[names[i]];
  for (let i = 0; i < changes.length; i++) {
    if (changes[i] !== undefined) out[remoteNames[i].name] = changes[i];
  }
  return out;
}

/** Whether both change the same. */
export function sameChanges(a: Changes, b: Changes): boolean {
  for (let i = 0; i < remoteNames.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The names of what is changed, with commas between. */
export function namesOf(changes: Changes): string {
  let names = "";
  for (let i = 0; i < changes.length; i++) {
    if (changes[i] !== undefined) names += names === "" ? remoteNames[i].name : `,${remoteNames[i].name}`;
  }
  return names;
}

/**
 * What a command gives over what was changed before it, or why that cannot be.
 *
 * @param given values by name, as a command's struct has them
 */
export function changed(
  before: Changes,
  given: Readonly<Record<string, unknown>>,
): Changes | { readonly reason: string } {
  const out = before.slice();
  const names = Object.keys(given);
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    const place = placeOf(name);
    if (place < 0) return { reason: `${name.slice(0, longestText)} cannot be changed from afar` };
    const text = textOf(given[name]);
    if (text === undefined) {
      return {
        reason: `${name} must be a number, true or false, or at most ${longestText} printable ASCII characters`,
      };
    }
    while (out.length < place) out.push(undefined);
    out[place] = text;
  }
  return out;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return `${value}`;
  return typeof value === "string" && isText(value) ? value : undefined;
}

function isText(value: string): boolean {
  if (value.length > longestText) return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/**
 * The values of settings as a command's struct has them.
 *
 * @param updated the product's firmware is updated from afar, so its struct has the settings of that
 */
export function valuesOf(settings: Configuration, updated: boolean): Record<string, RemoteValue> {
  const values: Record<string, RemoteValue> = {};
  for (let i = 0; i < remoteNames.length; i++) {
    const { name, kind, update = false } = remoteNames[i];
    const value = settings[name];
    if (value === undefined || (update && !updated)) continue;
    if (kind === "whole") values[name] = Number(value);
    else if (kind === "yes-no") values[name] = value === true || value === "true";
    // A list of bands has commas between.
    else values[name] = String(value);
  }
  return values;
}

/**
 * Writes changes into `out` from `at` on: how many u8, then of each its place u8, the length of its text u8 and the text.
 *
 * @returns where they end
 */
export function writeChanges(changes: Changes, out: Uint8Array, at: number): number {
  let count = 0;
  let end = at + 1;
  for (let place = 0; place < changes.length; place++) {
    const text = changes[place];
    if (text === undefined) continue;
    count += 1;
    out[end] = place;
    out[end + 1] = text.length;
    for (let i = 0; i < text.length; i++) out[end + 2 + i] = text.charCodeAt(i);
    end += 2 + text.length;
  }
  out[at] = count;
  return end;
}

/** Bytes that `writeChanges` writes. */
export function lengthOf(changes: Changes): number {
  let length = 1;
  for (let i = 0; i < changes.length; i++) {
    const text = changes[i];
    if (text !== undefined) length += 2 + text.length;
  }
  return length;
}

/**
 * Reads what `writeChanges` wrote, and where it ends; undefined for what it never writes. A place that this firmware does not
 * know is passed over: a later one has written it.
 */
export function readChanges(
  bytes: Uint8Array,
  at: number,
): { readonly changes: Changes; readonly end: number } | undefined {
  if (at >= bytes.length) return undefined;
  const changes: (string | undefined)[] = [];
  let end = at + 1;
  for (let count = bytes[at]; count > 0; count--) {
    if (end + 2 > bytes.length) return undefined;
    const place = bytes[end];
    const length = bytes[end + 1];
    if (end + 2 + length > bytes.length || length > longestText) return undefined;
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[end + 2 + i]);
    if (!isText(text)) return undefined;
    end += 2 + length;
    if (place >= remoteNames.length) continue;
    while (changes.length < place) changes.push(undefined);
    changes[place] = text;
  }
  return { changes, end };
}
