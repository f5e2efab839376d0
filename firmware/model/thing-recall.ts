/**
 * Measure points back from the bytes of the sample layout: what the device itself wrote into its journal
 * before power failed, under this model or an older one of the same product.
 */
import { ByteReader, readValue } from "./bytes";
import type { Thing, ThingValue, ThingValues, WithQuality } from "./thing";

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
