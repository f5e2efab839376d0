/**
 * What of the settings from afar is in storage, in two slots (see `TwoSlotState`), so that a loss of power at any moment
 * leaves what was before or what is new:
 *
 *     0           4      5       6      7             11
 *     +-----------+------+-------+------+-------------+----------+---------+
 *     | version   | mark | cause | tries| tried at    | kept     | on trial |      big-endian
 *     | u32       | u8   | u8    | u8   | u32, s      | changes  | changes  |
 *     +-----------+------+-------+------+-------------+----------+---------+
 *
 * The upper four bits of the mark count the starts of a trial.
 */
import { lengthOf, noChanges, readChanges, writeChanges } from "./changes";
import type { Changes } from "./changes";

/** Version of this layout. */
export const recordForm = 1;
/** Keys of the two slots. */
export const recordKeys: readonly string[] = Object.freeze(["ra", "rb"]);

const headLength = 11;
const mark = Object.freeze({
  /** A change is on trial. */
  trial: 1,
  /** The cloud has been told which version is in force. */
  told: 2,
});

/** Why a change was taken back, by the numbers that storage has for them: add yours at the end. */
const causes = Object.freeze([
  "none",
  "it cannot be read",
  "no contact for a day",
  "no reading was taken by the cloud in three contacts",
  "the device stopped working",
  "the device started again and again",
] as const);
export type Cause = (typeof causes)[number];

export interface SettingsRecord {
  /** Counts changes and what was taken back; 0 before the first. */
  readonly version: number;
  /** What holds, and what holds again if the trial fails. */
  readonly kept: Changes;
  /** What is on trial; undefined when nothing is. */
  readonly trial: Changes | undefined;
  /** Contacts in which the trial has had no success, and when the last of them began, monotonic s. */
  readonly tries: number;
  readonly triedAt: number;
  /** Starts of the trial, those from deep sleep apart; 15 at most. */
  readonly starts: number;
  /** Why the last change was taken back, until the cloud has been told. */
  readonly cause: Cause;
  readonly told: boolean;
}

/** Of a device whose settings nobody has changed. */
export const firstRecord: SettingsRecord = Object.freeze({
  version: 0,
  kept: noChanges,
  trial: undefined,
  tries: 0,
  triedAt: 0,
  starts: 0,
  cause: "none",
  told: true,
});

/** The record's bytes. */
export function encodeRecord(record: SettingsRecord): Uint8Array {
  const { version, kept, trial, tries, triedAt, starts, cause, told } = record;
  const bytes = new Uint8Array(headLength + lengthOf(kept) + (trial === undefined ? 0 : lengthOf(trial)));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, version);
  bytes[4] = (trial === undefined ? 0 : mark.trial) | (told ? mark.told : 0) | (Math.min(starts, 15) << 4);
  bytes[5] = causes.indexOf(cause);
  bytes[6] = tries;
  view.setUint32(7, triedAt);
  const end = writeChanges(kept, bytes, headLength);
  if (trial !== undefined) writeChanges(trial, bytes, end);
  return bytes;
}

/** The record of these bytes; undefined for what `encodeRecord` never gives. */
export function decodeRecord(bytes: Uint8Array): SettingsRecord | undefined {
  if (bytes.length <= headLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = readChanges(bytes, headLength);
  if (kept === undefined) return undefined;
  const trial = (bytes[4] & mark.trial) === 0 ? undefined : readChanges(bytes, kept.end);
  if ((bytes[4] & mark.trial) !== 0 && trial === undefined) return undefined;
  if ((trial ?? kept).end !== bytes.length) return undefined;
  return {
    version: view.getUint32(0),
    kept: kept.changes,
    trial: trial?.changes,
    tries: bytes[6],
    triedAt: view.getUint32(7),
    starts: bytes[4] >> 4,
    // One that a later firmware has written is some cause.
    cause: bytes[5] < causes.length ? causes[bytes[5]] : causes[1],
    told: (bytes[4] & mark.told) !== 0,
  };
}
