/**
 * The guest's end of the bridge (see ../protocol): virtual time, and commands to the host.
 */
import { commandHeader } from "../protocol";

const scope = globalThis as unknown as { issueCommand?: (command: ArrayBuffer) => ArrayBuffer };

/** Taken at start; the prelude removes it from the global object, where a board has no such thing. */
const issueCommand = scope.issueCommand!;

/** Virtual ms since power-on, with a fraction. It stands still while the firmware runs, unless that waits. */
export let now = 0;

/** Wall clock minus `now`, ms. A board without a battery starts in 1970. */
let wallClockOffset = 0;

/** Every event from the host brings the time. A firmware that has waited without giving way may be ahead of it. */
export function setNow(time: number): void {
  now = Math.max(now, time);
}

/** The firmware stands still for so many ms: nothing else happens meanwhile. */
export function passTime(duration: number): void {
  now += duration;
}

/** ms since power-on as the board counts them: whole, a signed 32-bit number that wraps. */
export function ticks(): number {
  return Math.floor(now) | 0;
}

/** Epoch ms by the board's own clock. */
export function wallClock(): number {
  return Math.floor(now + wallClockOffset);
}

/** @param time epoch ms */
export function setWallClock(time: number): void {
  wallClockOffset = time - now;
}

/** Sends a command made by `command`, or a copy of one. Returns the host's answer. */
export function issue(message: Uint8Array): ArrayBuffer {
  return issueCommand(message.buffer as ArrayBuffer);
}

/** A command of exactly this body length, header filled in. */
export function command(kind: number, a: number, b: number, bodyLength: number): Uint8Array {
  const message = new Uint8Array(commandHeader + bodyLength);
  message[0] = kind;
  message[1] = a;
  message[2] = b & 0xff;
  message[3] = b >> 8;
  return message;
}

/** Writes `text` as UTF-16 units at `offset`; returns the offset behind it. */
export function putText(message: Uint8Array, offset: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    message[offset++] = unit & 0xff;
    message[offset++] = unit >> 8;
  }
  return offset;
}

/** Text of `length` UTF-16 units at `offset`, which is even; to the end when `length` is left out. */
export function getText(message: ArrayBuffer, offset: number, length?: number): string {
  const units = new Uint16Array(message, offset, length);
  let text = "";
  // In pieces: each argument takes a place on the engine's stack, which has 4,096.
  for (let i = 0; i < units.length; i += 256) {
    const piece = units.subarray(i, i + 256) as unknown as number[];
    text += String.fromCharCode.apply(undefined, piece);
  }
  return text;
}

/** Bytes of a buffer or a view, in place. @throws TypeError for anything else */
export function bytesOf(buffer: unknown): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  if (ArrayBuffer.isView(buffer)) return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  throw new TypeError("invalid buffer");
}
