/**
 * The decoder of an update's chunks in an engine that counts: one chunk is unpacked, and its steps are told.
 *
 *   0          4             8              12         16
 *   +----------+-------------+--------------+----------+------ - - -+------ - - -
 *   | base u32 | packed u32  | output u32   | 0        | base       | packed        numbers are little-endian
 *   +----------+-------------+--------------+----------+------ - - -+------ - - -
 *
 * The answer is three numbers of 32 bits, and the output: steps of the decoder, those of them that XS counts for bytes
 * that it copies, two for each, and bytes of memory that the decoder has in its arrays.
 */
import { ChunkDecoder } from "../../../firmware/update/patch";

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

function work(event: ArrayBuffer): ArrayBuffer {
  const view = new DataView(event);
  const baseLength = view.getUint32(0, true);
  const packedLength = view.getUint32(4, true);
  const outputLength = view.getUint32(8, true);
  const base = new Uint8Array(event, 16, baseLength);
  const packed = new Uint8Array(event, 16 + baseLength, packedLength);
  const answer = new Uint8Array(12 + outputLength);
  const output = answer.subarray(12);
  const calls: Call[] = [];
  let kept: Call[] | undefined = calls;
  const call = {
    packed: (buffer: Uint8Array, offset: number): void =>
      buffer.set(packed.subarray(offset, offset + buffer.length)),
    base: (buffer: Uint8Array, offset: number): void =>
      buffer.set(base.subarray(offset, offset + buffer.length)),
    write: (buffer: Uint8Array, offset: number): void => output.set(buffer, offset),
  };
  const place =
    (kind: Call["kind"]) =>
    (buffer: Uint8Array, offset: number): void => {
      kept?.push({ kind, buffer, offset });
      call[kind](buffer, offset);
    };
  const decoder = new ChunkDecoder({
    readPacked: place("packed"),
    readBase: place("base"),
    write: place("write"),
  });
  const run = (): void => {
    decoder.begin({ packedLength, outputLength, imageOffset: 0, baseLength });
    let state = decoder.step(4_096);
    while (state === "more") state = decoder.step(4_096);
    if (state !== "done") throw new Error(state);
  };
  run();
  kept = undefined;
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
