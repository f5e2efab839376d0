/**
 * The compact layout: no numbers and lengths between the values, and numbers in as few bytes as the
 * model allows.
 *
 *     03 | request id u32 | n u8 | bitmap, n bytes | ( value [ quality u8 ] )*
 *
 * Bit (number - 1) & 7 of the bitmap's byte (number - 1) >> 3 tells that the point is there; the values
 * follow by ascending number. The bitmap states its length and ends with its last set bit, so that devices with
 * an older model need not change when the model grows.
 *
 *     number with `compact`   its 1, 2 or 4 bytes: round((value - offset) / scale)
 *     bool, enum              1 byte; an enum with a number beyond 0 to 255 has 4
 *     string, date, array,
 *     struct                  length u16 | value as in the sample layout
 *     any other               as in the sample layout
 */
import { enumNumber, fixedSize, writeValue, writeWithLength } from "./bytes";
import { pointFault, refuse } from "./check";
import type { ByteWriter } from "./bytes";
import type { Compact, MeasurePoint, ThingFault, ThingValues, WithQuality } from "./thing";

/** Smallest and largest number of each form. */
const bounds = Object.freeze({
  int8: Object.freeze([-0x80, 0x7f] as const),
  uint8: Object.freeze([0, 0xff] as const),
  int16: Object.freeze([-0x8000, 0x7fff] as const),
  uint16: Object.freeze([0, 0xffff] as const),
  int32: Object.freeze([-0x8000_0000, 0x7fff_ffff] as const),
  uint32: Object.freeze([0, 0xffff_ffff] as const),
});

/** Writes bitmap and values behind the head that is there; the first fault, or undefined. */
export function writeCompactPoints(
  writer: ByteWriter,
  points: readonly MeasurePoint[],
  values: ThingValues,
): ThingFault | undefined {
  let last = points.length - 1;
  while (last >= 0 && values[points[last].identifier] === undefined) last -= 1;
  const length = last < 0 ? 0 : ((points[last].number - 1) >> 3) + 1;
  const out = writer.out;
  const bitmap = writer.at + 1;
  if (!writer.take(1 + length))
    return refuse("no-room", "", `${out.length} bytes have no room for the bitmap`);
  out[bitmap - 1] = length;
  out.fill(0, bitmap, bitmap + length);
  for (let i = 0; i <= last; i++) {
    const point = points[i];
    const value: unknown = values[point.identifier];
    if (value === undefined) continue;
    out[bitmap + ((point.number - 1) >> 3)] |= 1 << ((point.number - 1) & 7);
    const fault = writePoint(writer, point, value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Why the point cannot have this value in the compact layout, which may be narrower than the model, or undefined. */
export function compactFault(point: MeasurePoint, value: unknown): ThingFault | undefined {
  const fault = pointFault(point, value);
  const compact = point.compact;
  if (fault !== undefined || compact === undefined) return fault;
  const bare = (point.quality === true ? (value as WithQuality).value : value) as number;
  const scaled = Math.round((bare - compact.offset) / compact.scale);
  const range = bounds[compact.as];
  if (scaled >= range[0] && scaled <= range[1]) return undefined;
  const from = range[0] * compact.scale + compact.offset;
  const to = range[1] * compact.scale + compact.offset;
  return refuse("out-of-range", point.identifier, `takes ${from} to ${to} in this layout, got ${bare}`);
}

function writePoint(writer: ByteWriter, point: MeasurePoint, value: unknown): ThingFault | undefined {
  const fault = compactFault(point, value);
  if (fault !== undefined) return fault;
  const bare = point.quality === true ? (value as WithQuality).value : value;
  const compact = point.compact;
  let room: boolean;
  if (compact !== undefined) {
    room = writeScaled(writer, compact, Math.round(((bare as number) - compact.offset) / compact.scale));
  } else if (point.type === "enum" && point.wide !== true) {
    room = writeByte(writer, enumNumber(point, bare));
  } else {
    room = fixedSize(point) > 0 ? writeValue(writer, point, bare) : writeWithLength(writer, point, bare);
  }
  if (room && point.quality === true) room = writeByte(writer, (value as WithQuality).quality);
  return room ? undefined : refuse("no-room", point.identifier, `has no room in ${writer.out.length} bytes`);
}

function writeByte(writer: ByteWriter, value: number): boolean {
  const at = writer.at;
  if (!writer.take(1)) return false;
  writer.out[at] = value;
  return true;
}

function writeScaled(writer: ByteWriter, compact: Compact, scaled: number): boolean {
  const { view, at } = writer;
  switch (compact.as) {
    case "int8":
    case "uint8":
      return writeByte(writer, scaled);
    case "int16":
    case "uint16":
      if (!writer.take(2)) return false;
      // Both take the number modulo 2^16, which is two's complement.
      view.setUint16(at, scaled);
      return true;
    case "int32":
    case "uint32":
      if (!writer.take(4)) return false;
      view.setUint32(at, scaled);
      return true;
  }
}
