/**
 * The decoder of an update's chunks in an engine that counts: one chunk is unpacked, and its steps are told.
 *
 *   0          4             8              12         16
 *   +----------+-------------+--------------+----------+------ - - -+------ - - -
 *   | base u32 | packed u32  | output u32   | at u32   | base       | packed        numbers are little-endian
 *   +----------+-------------+--------------+----------+------ - - -+------ - - -
 *
 * `at` is where the output begins in the image. The answer is two numbers of 32 bits, and the output: the decoder's
 * steps, and those of them that XS counts for bytes that it copies, two for each. An event without output has the guest
 * make a decoder and keep it, for the heap to be looked at.
 */
import { ChunkDecoder } from "../../../firmware/update/patch";
import type { ChunkPlaces } from "../../../firmware/update/patch";

/** Sets XS's meter and gives what it was at. */
const setMeter = (Math as unknown as { meter: (limit: number, count: number) => number }).meter;

function read(): number {
  const count = setMeter(0, 0);
  setMeter(0, count);
  return count;
}

/** What is called on the board's side. */
interface Call {
  readonly kind: "packed" | "base" | "write";
  readonly buffer: Uint8Array;
  readonly offset: number;
}

/** Kept for the heap to be looked at. */
const kept: ChunkDecoder[] = [];
const nowhere: ChunkPlaces = { readPacked() {}, readBase() {}, write() {} };

function work(event: ArrayBuffer): ArrayBuffer {
  const view = new DataView(event);
  const baseLength = view.getUint32(0, true);
  const packedLength = view.getUint32(4, true);
  const outputLength = view.getUint32(8, true);
  const imageOffset = view.getUint32(12, true);
  if (outputLength === 0) {
    kept.push(new ChunkDecoder(nowhere));
    return new ArrayBuffer(0);
  }
  const base = new Uint8Array(event, 16, baseLength);
  const packed = new Uint8Array(event, 16 + baseLength, packedLength);
  const answer = new Uint8Array(8 + outputLength);
  const output = answer.subarray(8);
  const calls: Call[] = [];
  let noted: Call[] | undefined = calls;
  const call = {
    packed: (buffer: Uint8Array, offset: number): void =>
      buffer.set(packed.subarray(offset, offset + buffer.length)),
    base: (buffer: Uint8Array, offset: number): void =>
      buffer.set(base.subarray(offset, offset + buffer.length)),
    write: (buffer: Uint8Array, offset: number): void => output.set(buffer, offset - imageOffset),
  };
  const place =
    (kind: Call["kind"]) =>
    (buffer: Uint8Array, offset: number): void => {
      noted?.push({ kind, buffer, offset });
      call[kind](buffer, offset);
    };
  const decoder = new ChunkDecoder({
    readPacked: place("packed"),
    readBase: place("base"),
    write: place("write"),
  });
  const run = (): void => {
    decoder.begin({ packedLength, outputLength, imageOffset, baseLength });
    let state = decoder.step(4_096);
    while (state === "more") state = decoder.step(4_096);
    if (state !== "done") throw new Error(state);
  };
  run();
  noted = undefined;
  let before = read();
  run();
  const all = read() - before;
  before = read();
  for (const { kind, buffer, offset } of calls) place(kind)(buffer, offset);
  const places = read() - before;
  const numbers = new DataView(answer.buffer);
  numbers.setUint32(0, all - places, true);
  numbers.setUint32(4, 2 * copiedBy(run, calls), true);
  return answer.buffer;
}

/** Bytes that the decoder has the engine copy, those for its places left out. */
function copiedBy(run: () => void, calls: readonly Call[]): number {
  const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
  const { set, copyWithin } = prototype;
  let copied = 0;
  prototype.set = function (source, offset) {
    copied += source.length;
    set.call(this, source, offset);
  };
  prototype.copyWithin = function (target, start, end) {
    copied += Math.min(end! - start, this.length - target) * this.BYTES_PER_ELEMENT;
    return copyWithin.call(this, target, start, end);
  };
  run();
  prototype.set = set;
  prototype.copyWithin = copyWithin;
  for (const { buffer } of calls) copied -= buffer.length;
  return copied;
}

Object.defineProperty(globalThis, "handleCommand", {
  value: (event: ArrayBuffer) => ({ result: work(event) }),
});
