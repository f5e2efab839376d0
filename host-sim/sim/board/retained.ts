/**
 * The board's memory that outlives deep sleep, as firmware/board/deep-sleep.c gives it: whatever is beyond its end
 * is neither read nor written.
 */
import { crc32 } from "node:zlib";
import { commandHeader } from "./protocol";

/** Answer to `retainedRead`: a copy. */
export function readRetained(memory: Uint8Array | undefined, command: Uint8Array): Uint8Array {
  return stretch(memory, command).slice();
}

/** Obeys `retainedWrite`. */
export function writeRetained(memory: Uint8Array | undefined, command: Uint8Array): void {
  const offset = word(command, 0);
  if (memory === undefined || offset > memory.length) return;
  const body = command.subarray(commandHeader + 4);
  memory.set(body.subarray(0, memory.length - offset), offset);
}

/** Answer to `retainedCrc32`. */
export function crcOfRetained(memory: Uint8Array | undefined, command: Uint8Array): Uint8Array {
  const answer = Buffer.alloc(4);
  answer.writeUInt32LE(crc32(stretch(memory, command)));
  return answer;
}

function stretch(memory: Uint8Array = new Uint8Array(0), command: Uint8Array): Uint8Array {
  const offset = word(command, 0);
  return memory.subarray(offset, offset + word(command, 1));
}

function word(command: Uint8Array, index: number): number {
  return new DataView(command.buffer, command.byteOffset).getUint32(commandHeader + 4 * index, true);
}
