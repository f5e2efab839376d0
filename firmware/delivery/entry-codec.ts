/**
 * Entries as the journal keeps them.
 *
 *     type 1, reading     format u8: 0 raw, 1 compact | points of the sample layout
 *     type 2, reading     its values in JSON: what is sent in JSON is kept in JSON, digit by digit
 *     type 3, message     { "topic": …, "params": …, "timed": … }
 */
import { ByteWriter } from "../model/bytes";
import { unknownPoint } from "../model/check";
import { readSamplePoints, writeSamplePoints } from "../model/report";
import { isObject, jsonExcess, parseJsonObject } from "../text/json";
import { reasonOf } from "../text/reason";
import { encodeUtf8 } from "../text/utf8";
import type { JournalRecord } from "../journal/journal";
import type { Thing, ThingValues } from "../model/thing";
import type { Entry, Message, Reading } from "./entry";

/** Types of records. */
export const EntryType = Object.freeze({ raw: 1, json: 2, message: 3 } as const);

const leastRoom = 128;
const mostRoom = 0x2000;
/** Longest body that a record can state, bytes. */
const longestBody = 0xffff;

/** The record of an entry; a text that says why, when the entry can be neither kept nor sent. */
export function encodeEntry(thing: Thing, entry: Entry): { type: number; body: Uint8Array } | string {
  try {
    if (entry.kind === "message") {
      const { topic, params, timed } = entry;
      return readable(EntryType.message, JSON.stringify({ topic, params, timed }));
    }
    if (entry.format === "json") {
      return readable(EntryType.json, JSON.stringify(entry.values));
    }
    return encodePoints(thing, entry);
  } catch (error) {
    // A getter or `toJSON` of the application's values has thrown.
    return `fault ${reasonOf(error)}`;
  }
}

/** The record of a JSON text; why it could not be read back, when it could not. */
function readable(type: number, json: string): { type: number; body: Uint8Array } | string {
  const body = encodeUtf8(json);
  const excess = jsonExcess(body, longestBody);
  return excess === undefined ? { type, body } : `${excess} json`;
}

function encodePoints(
  thing: Thing,
  { values, format }: Reading,
): { type: number; body: Uint8Array } | string {
  let fault = unknownPoint(thing, values);
  for (let room = leastRoom; fault === undefined; room *= 2) {
    const writer = new ByteWriter(new Uint8Array(room));
    writer.take(1);
    writer.out[0] = format === "compact" ? 1 : 0;
    fault = writeSamplePoints(writer, thing.points, values);
    if (fault === undefined) return { type: EntryType.raw, body: writer.out.subarray(0, writer.at) };
    if (fault.fault === "no-room" && room < mostRoom) fault = undefined;
  }
  return `${fault.fault} ${fault.id} ${fault.detail}`;
}

/** The entry of a record; undefined when this firmware cannot make sense of it. */
export function decodeEntry(thing: Thing, record: JournalRecord, takenAt: number): Entry | undefined {
  const { id, address, type, tried, body } = record;
  const time = record.dated ? record.time : undefined;
  if (type === EntryType.message) return decodeMessage(record, takenAt, time);
  let values: ThingValues | undefined;
  let format: Reading["format"] = "json";
  if (type === EntryType.raw && body.length > 0) {
    values = readSamplePoints(thing, body, 1);
    format = body[0] === 1 ? "compact" : "raw";
  } else if (type === EntryType.json) {
    values = objectOf(body) as ThingValues | undefined;
  }
  if (values === undefined) return undefined;
  return {
    kind: "reading",
    id,
    takenAt,
    time,
    address,
    values,
    format,
    sentAlone: tried === "alone" || tried === "both",
    sentWithTime: tried === "timed" || tried === "both",
  };
}

function decodeMessage(
  { id, address, body }: JournalRecord,
  takenAt: number,
  time: number | undefined,
): Message | undefined {
  const { topic, params, timed } = objectOf(body) ?? {};
  if (typeof topic !== "string" || typeof params !== "object" || params === null) return undefined;
  return {
    kind: "message",
    id,
    takenAt,
    time,
    address,
    topic,
    params: params as Record<string, unknown>,
    timed: timed === true,
    done: undefined,
    volatile: false,
  };
}

/** What stands in a record, which flash may have damaged: it is read as carefully as what comes from outside. */
function objectOf(bytes: Uint8Array): Record<string, unknown> | undefined {
  const object = parseJsonObject(bytes, longestBody);
  return isObject(object) ? object : undefined;
}
