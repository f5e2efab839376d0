/**
 * Measure points on their way up, in either layout. The product's parsing script, which the same tool
 * writes from the same model, reads these bytes in the cloud.
 *
 *     sample    01 | request id u32 | ( point u8 | length u16 | value [ quality u8 ] )*
 *     compact   03 | request id u32 | n u8 | bitmap, n bytes | ( value [ quality u8 ] )*
 *
 * The sample layout is that of EnOS's manual, its length counts the quality; compact.ts has the other,
 * batch.ts several readings in one payload.
 */
import { writeCompactPoints } from "./compact";
import { ByteReader, ByteWriter, readValue, setLength, writeValue } from "./bytes";
import { pointFault, refuse, unknownPoint } from "./check";
import type { MeasurePoint, Thing, ThingFault, ThingValue, ThingValues, WithQuality } from "./thing";

/** How measure points are laid out. */
export type Layout = "sample" | "compact";

const sampleReport = 0x01;
const compactReport = 0x03;

/**
 * Writes a report into `out` and returns its length in bytes, or what stands in the way; `out` may
 * then hold part of it. Points come by ascending number, those that are undefined are left out.
 *
 * @param requestId 0 to 2^32 - 1
 */
export function encodeReport(
  thing: Thing,
  values: ThingValues,
  requestId: number,
  out: Uint8Array,
  layout: Layout,
): number | ThingFault {
  const writer = new ByteWriter(out);
  if (!writer.head(layout === "compact" ? compactReport : sampleReport, requestId)) {
    return refuse("no-room", "", `${out.length} bytes have no room for kind and request id`);
  }
  const fault =
    unknownPoint(thing, values) ??
    (layout === "compact"
      ? writeCompactPoints(writer, thing.points, values)
      : writeSamplePoints(writer, thing.points, values));
  return fault ?? writer.at;
}

/** Writes points behind what is there, each with number and length; the first fault, or undefined. */
export function writeSamplePoints(
  writer: ByteWriter,
  points: readonly MeasurePoint[],
  values: ThingValues,
): ThingFault | undefined {
  for (let i = 0; i < points.length; i++) {
    const point = points[i];
    const value: unknown = values[point.identifier];
    if (value === undefined) continue;
    const fault = pointFault(point, value);
    if (fault !== undefined) return fault;
    if (!writePoint(writer, point, value)) {
      return refuse("no-room", point.identifier, `has no room in ${writer.out.length} bytes`);
    }
  }
  return undefined;
}

function writePoint(writer: ByteWriter, point: MeasurePoint, value: unknown): boolean {
  const start = writer.at;
  if (!writer.take(3)) return false;
  writer.out[start] = point.number;
  if (point.quality !== true) return writeValue(writer, point, value) && setLength(writer, start + 1);
  const { value: bare, quality } = value as WithQuality;
  if (!writeValue(writer, point, bare)) return false;
  const at = writer.at;
  if (!writer.take(1)) return false;
  writer.out[at] = quality;
  return setLength(writer, start + 1);
}

/**
 * Points as `writeSamplePoints` states them, from `start` to the end of the bytes; undefined when they
 * are none. A point that the model has no more is left out.
 */
export function readSamplePoints(thing: Thing, bytes: Uint8Array, start: number): ThingValues | undefined {
  const reader = new ByteReader(bytes, start);
  const values: Record<string, ThingValue | WithQuality> = {};
  while (reader.at < bytes.length) {
    const at = reader.take(1, bytes.length);
    const end = reader.end(bytes.length);
    if (end < 0) return undefined;
    const number = bytes[at];
    const point = thing.points.find((each) => each.number === number);
    if (point === undefined) {
      reader.at = end;
      continue;
    }
    const valueEnd = point.quality === true ? end - 1 : end;
    const value = readValue(reader, point, valueEnd);
    if (value === undefined || reader.at !== valueEnd) return undefined;
    values[point.identifier] = point.quality === true ? { value, quality: bytes[valueEnd] } : value;
    reader.at = end;
  }
  return values;
}
