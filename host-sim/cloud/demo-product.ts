/**
 * The demo product: its thing model, and what its parsing script does to raw payloads.
 *
 * Raw payloads follow the layout of the sample script in EnOS's manual, big-endian:
 *
 *     points up     01 | request id u32 | ( point no. u8 | length u16 | value )*
 *     answer        request id u32 | code u16
 *     points down   02 | request id u32 | ( point no. u8 | value )*
 *     reply up      02 | request id u32 | code u8          service reply: 11+ and outputs behind
 */

export type PointValue = number | boolean | string;

/** A measure point of the demo product. */
export interface MeasurePoint {
  readonly number: number;
  readonly id: string;
  readonly type: "double" | "int";
  readonly unit: string;
  readonly writable: boolean;
  /** Smallest and largest value an "int" may have. */
  readonly range?: readonly [number, number];
}

const DEMO_POINTS: readonly MeasurePoint[] = [
  { number: 1, id: "temperature", type: "double", unit: "degC", writable: false },
  { number: 2, id: "humidity", type: "double", unit: "%", writable: false },
  { number: 3, id: "rssi", type: "int", unit: "dBm", writable: false, range: [-0x8000_0000, 0x7fff_ffff] },
  { number: 4, id: "relay", type: "int", unit: "", writable: true, range: [0, 1] },
];

const BY_NUMBER: ReadonlyMap<number, MeasurePoint> = new Map(DEMO_POINTS.map((p) => [p.number, p]));
const BY_ID: ReadonlyMap<string, MeasurePoint> = new Map(DEMO_POINTS.map((p) => [p.id, p]));

const POINTS_UP = 0x01;
const POINTS_DOWN = 0x02;
const FIRST_SERVICE = 0x11;

/** What a raw uplink says. */
export interface RawReading {
  requestId: number;
  points: Record<string, number>;
  /** Why the thing model refuses it although it can be read (EnOS code 1204). */
  invalid?: string;
}

/** What is wrong with a value for a point of this model; `undefined` when it fits. */
export function checkPoint(id: string, value: unknown): string | undefined {
  const point = BY_ID.get(id);
  if (point === undefined) return "a measure point that the model does not have";
  if (typeof value !== "number" || !Number.isFinite(value)) return `${id}: expected a number`;
  if (point.range === undefined) return undefined;
  const [smallest, largest] = point.range;
  if (Number.isInteger(value) && value >= smallest && value <= largest) return undefined;
  return `${id}: expected an integer from ${smallest} to ${largest}, got ${value}`;
}

/** Reads a raw uplink of measure points. Never throws. */
export function decodeRawReading(payload: Uint8Array): RawReading | { unparsable: string } {
  const view = viewOf(payload);
  if (payload.length < 5) return { unparsable: `${payload.length} bytes, kind and request id have 5` };
  if (payload[0] !== POINTS_UP) return { unparsable: `kind ${payload[0]}, expected ${POINTS_UP}` };
  const reading: RawReading = { requestId: view.getUint32(1), points: {} };
  let at = 5;
  while (at < payload.length) {
    if (at + 3 > payload.length) return { unparsable: "ends inside a point's number and length" };
    const number = payload[at];
    const length = view.getUint16(at + 1);
    at += 3;
    if (at + length > payload.length) {
      return { unparsable: `point ${number} has ${length} bytes, ${payload.length - at} left` };
    }
    const point = BY_NUMBER.get(number);
    if (point === undefined) return { unparsable: `point ${number} is not in the table` };
    if (length !== sizeOf(point)) {
      return { unparsable: `${point.id} has ${length} bytes, expected ${sizeOf(point)}` };
    }
    if (Object.hasOwn(reading.points, point.id)) return { unparsable: `${point.id} comes twice` };
    const value = point.type === "double" ? view.getFloat64(at) : view.getInt32(at);
    reading.points[point.id] = value;
    reading.invalid ??= checkPoint(point.id, value);
    at += length;
  }
  if (Object.keys(reading.points).length === 0) return { unparsable: "no measure point" };
  return reading;
}

/** The script's answer to a raw uplink; `code` is EnOS's, 200 for success. */
export function encodeRawAnswer(requestId: number, code: number): Uint8Array {
  const out = new Uint8Array(6);
  viewOf(out).setUint32(0, requestId);
  viewOf(out).setUint16(4, code);
  return out;
}

/** What a device's reply to a raw command says; `undefined` when it is none. */
export function decodeRawReply(payload: Uint8Array): { requestId: number; code: number } | undefined {
  if (payload.length < 6) return undefined;
  if (payload[0] < FIRST_SERVICE && (payload[0] !== POINTS_DOWN || payload.length > 6)) return undefined;
  return { requestId: viewOf(payload).getUint32(1), code: payload[5] };
}

/**
 * A raw command that sets points, as the product's script would make it.
 * @throws RangeError on a point that is unknown, not writable, or a value that does not fit
 */
export function encodeRawSet(requestId: number, points: Record<string, PointValue>): Uint8Array {
  const parts: number[] = [POINTS_DOWN, ...bigEndian(4, (view) => view.setUint32(0, requestId))];
  for (const [id, given] of Object.entries(points)) {
    const value = typeof given === "boolean" ? Number(given) : given;
    const fault = checkPoint(id, value);
    if (fault !== undefined) throw new RangeError(fault);
    const point = BY_ID.get(id)!;
    if (!point.writable) throw new RangeError(`${id} is not writable`);
    const number = value as number;
    parts.push(
      point.number,
      ...bigEndian(sizeOf(point), (view) => {
        if (point.type === "double") view.setFloat64(0, number);
        else view.setInt32(0, number);
      }),
    );
  }
  return Uint8Array.from(parts);
}

function sizeOf(point: MeasurePoint): number {
  return point.type === "double" ? 8 : 4;
}

function bigEndian(size: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  write(viewOf(bytes));
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
