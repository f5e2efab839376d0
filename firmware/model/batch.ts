/**
 * Several readings, each with its time, in one payload.
 *
 *     sample    04 | request id u32 | flags u8 | time u48 | ( later varint | n u8 | n points )*
 *     compact   05 | request id u32 | flags u8 | time u48 | ( later varint | n u8 | n bytes | values )*
 *
 * Flags have bit 0 for readings that were stored while the device was offline. Time is that of the first
 * reading in epoch ms. `later` tells by how many ms a reading is later than the one before it, 0 for the
 * first, as an unsigned LEB128 of at most 6 bytes. Points, and the bitmap of n bytes with its values, are
 * those of a report (report.ts, compact.ts). At most 255 readings.
 */
import { writeCompactPoints } from "./compact";
import { ByteWriter } from "./bytes";
import { refuse, unknownPoint } from "./check";
import { writeSamplePoints } from "./report";
import type { MeasurePoint, Thing, ThingFault, ThingValues } from "./thing";
import type { Layout } from "./report";

const sampleBatch = 0x04;
const compactBatch = 0x05;
const lateFlag = 0x01;
/** Kind, request id, flags and time. */
const headLength = 12;
const mostReadings = 255;
/** The latest time that 48 bits can state, epoch ms. */
const latestTime = 0xffff_ffff_ffff;
/** Longest time between two readings of a batch, ms: what six groups of seven bits can state, 139 years. */
const longestWait = 2 ** 42 - 1;

/**
 * Starts a batch in `out`. Nothing is refused here: what is wrong with the time shows in the first `add`.
 *
 * @param requestId 0 to 2^32 - 1
 * @param time of the first reading, epoch ms
 * @param late its readings were stored while the device was offline
 */
export function beginBatch(
  thing: Thing,
  layout: Layout,
  requestId: number,
  time: number,
  late: boolean,
  out: Uint8Array,
): BatchWriter {
  return new BatchWriter(thing, layout, requestId, time, late, out);
}

/** A batch that grows by one reading at a time. */
export class BatchWriter<Values = ThingValues> {
  readonly #thing: Thing;
  readonly #compact: boolean;
  readonly #writer: ByteWriter;
  /** Time of the reading that was added last, epoch ms. */
  #time: number;
  #count = 0;

  constructor(thing: Thing, layout: Layout, requestId: number, time: number, late: boolean, out: Uint8Array) {
    this.#thing = thing;
    this.#compact = layout === "compact";
    this.#time = time;
    const writer = new ByteWriter(out);
    this.#writer = writer;
    // There is no room for the head: `add` will find none either, and says so.
    if (out.length < headLength) return;
    writer.head(this.#compact ? compactBatch : sampleBatch, requestId);
    writer.take(headLength - writer.at);
    out[5] = late ? lateFlag : 0;
    writer.view.setUint16(6, Math.floor(time / 0x1_0000_0000));
    writer.view.setUint32(8, time >>> 0);
  }

  /** Bytes of the batch so far; 0 while it has no reading: there is nothing to send then. */
  get length(): number {
    return this.#count === 0 ? 0 : this.#writer.at;
  }

  /** Readings in it, at most 255. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds a reading, or leaves the batch as it was:
   *
   * - `full`: it belongs into another batch; one that still has no reading will never take it
   * - `earlier`: its time is before that of the reading before it, or of the batch's own for the first
   * - a fault: it is not what the model says, has no point, or its time is none
   *
   * @param time epoch ms
   */
  add(values: Values, time: number): "added" | "full" | "earlier" | ThingFault {
    const given = values as ThingValues;
    const badTime = timeFault(this.#time) ?? timeFault(time);
    if (badTime !== undefined) return badTime;
    if (time < this.#time) return "earlier";
    if (this.#count === mostReadings || time - this.#time > longestWait) return "full";
    const count = countOf(this.#thing.points, given);
    const unknown = unknownPoint(this.#thing, given);
    if (unknown !== undefined) return unknown;
    // EnOS refuses a reading without a measure point, and all of its batch with it.
    if (count === 0) return refuse("missing", "", "has no measure point");
    const writer = this.#writer;
    if (writer.out.length < headLength) return "full";
    const start = writer.at;
    const fault = this.write(given, time - this.#time, count);
    if (fault === undefined) {
      this.#time = time;
      this.#count += 1;
      return "added";
    }
    writer.at = start;
    return fault.fault === "no-room" ? "full" : fault;
  }

  private write(values: ThingValues, later: number, count: number): ThingFault | undefined {
    const writer = this.#writer;
    const points = this.#thing.points;
    if (!writeVarint(writer, later)) return noRoom;
    if (this.#compact) return writeCompactPoints(writer, points, values);
    const at = writer.at;
    if (!writer.take(1)) return noRoom;
    writer.out[at] = count;
    return writeSamplePoints(writer, points, values);
  }
}

const noRoom = Object.freeze(refuse("no-room", "", "no room for another reading"));

function timeFault(time: number): ThingFault | undefined {
  if (time >= 0 && time <= latestTime && time % 1 === 0) return undefined;
  return refuse("out-of-range", "time", `takes whole epoch ms from 0 to ${latestTime}, got ${String(time)}`);
}

function countOf(points: readonly MeasurePoint[], values: ThingValues): number {
  let count = 0;
  for (let i = 0; i < points.length; i++) if (values[points[i].identifier] !== undefined) count += 1;
  return count;
}

/** Seven bits to a byte, the lowest first, the top bit of all but the last set; false without room. */
function writeVarint(writer: ByteWriter, value: number): boolean {
  let rest = value;
  for (;;) {
    const at = writer.at;
    if (!writer.take(1)) return false;
    // By division, because shifts work on 32 bits only.
    const more = rest >= 0x80;
    writer.out[at] = more ? (rest % 0x80) | 0x80 : rest;
    if (!more) return true;
    rest = Math.floor(rest / 0x80);
  }
}
