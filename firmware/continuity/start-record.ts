/**
 * What a start has to know of those before it: whether they failed, whether the device panicked, and who
 * restarted the board. It lies in retained memory, which outlives all starts but one after a loss of power.
 *
 *     0 failures u8 | 1 panics u8 | 2 flags u8 | 3 length of the reason u8 | 4 safe until f64
 *     12 told since f64 | 20 told u16 | 22 reason, ASCII
 *
 * XS ends its own life by a plain restart (`c_exit` in the SDK's xs/platforms/esp/xsHost.h): when it runs out
 * of stack or memory, or nobody catches an exception, the chip reports "software" all the same. So the firmware
 * notes the restarts that it asks for; any other one is an "abort", and counts as a panic.
 */
import { retainedParts } from "./retained-memory";
import type { RetainedMemory } from "./retained-memory";

const headLength = 22;
/** Longest reason, bytes: the rest of the part. */
const longestReason = 50;
const most = 255;
const flag = Object.freeze({
  /** The firmware has asked for the restart. */
  asked: 1,
  /** The application failed, and not the board. */
  application: 2,
});
/** Starts in a row that must have gone wrong for the next one to be safe. */
const wrongForSafe = 3;
/** Start reasons of a device that has stopped working of its own. */
const panicReasons: readonly string[] = Object.freeze(["panic", "watchdog", "abort", "cpu-lockup"]);

/** How long a safe start lasts, ms: then the device tries again whether the application works. */
export const safeFor = 86_400_000;

/** Counts starts that go wrong, and decides whether this one is to be safe. */
export class StartRecord {
  readonly #retained: RetainedMemory;
  #failures = 0;
  #panics = 0;
  #flags = 0;
  #reason = "";
  #safeUntil = 0;
  #told = { mask: 0, since: 0 };
  /** Why the board started: as the board knows it, but "abort" for a restart that nobody has asked for. */
  readonly startReason: string;

  /** @param startReason why the board started, as it knows it */
  constructor(retained: RetainedMemory, startReason: string) {
    this.#retained = retained;
    const asked = !this.read() || (this.#flags & flag.asked) !== 0;
    this.startReason = startReason === "software" && !asked ? "abort" : startReason;
    this.#flags &= ~flag.asked;
    if (panicReasons.includes(this.startReason)) {
      this.#panics = Math.min(this.#panics + 1, most);
      this.#reason = this.startReason;
    }
    // Deep sleep is a restart too, and the only one with a clock that goes on.
    if (startReason !== "deep-sleep") {
      this.#safeUntil = 0;
      this.#told = { mask: 0, since: 0 };
    }
    this.write();
  }

  /** What was told of trouble: see device/trouble.ts. */
  get told(): { readonly mask: number; readonly since: number } {
    return this.#told;
  }

  set told(told: { readonly mask: number; readonly since: number }) {
    this.#told = told;
    this.write();
  }

  /** How many starts in a row, this one the last of them, were after the device had stopped working. */
  get panics(): number {
    return this.#panics;
  }

  /** How many starts in a row before this one have failed. */
  get failures(): number {
    return this.#failures;
  }

  /** What the last of these said: the exception of a failed start, or how the device stopped. */
  get reason(): string {
    return this.#reason;
  }

  /**
   * Whether this start has to do without the application's code and the journal: so often in a row has the
   * device stopped working, or its application failed to start.
   */
  get safe(): boolean {
    const failed = (this.#flags & flag.application) !== 0 ? this.#failures : 0;
    return Math.max(failed, this.#panics) >= wrongForSafe;
  }

  /** The board could not be put together. @returns whether the next start will know */
  failed(reason: string, byApplication: boolean): boolean {
    this.#failures = Math.min(this.#failures + 1, most);
    this.#flags = byApplication ? this.#flags | flag.application : this.#flags & ~flag.application;
    this.#reason = reason;
    this.write();
    return this.#retained.read(retainedParts.starts) !== undefined;
  }

  /** The board was put together; a safe start says nothing about a normal one. */
  started(): void {
    if (this.safe || this.#failures === 0) return;
    this.#failures = 0;
    this.write();
  }

  /** The device has worked since its last panic: the next one counts as the first. */
  worked(): void {
    if (this.safe || this.#panics === 0) return;
    this.#panics = 0;
    this.write();
  }

  /** The firmware is about to restart the board, or to sleep. */
  ask(): void {
    this.#flags |= flag.asked;
    this.write();
  }

  /** When a safe start is over, monotonic ms, which go on in deep sleep. */
  safeUntil(now: number): number {
    if (this.#safeUntil === 0) {
      this.#safeUntil = now + safeFor;
      this.write();
    }
    return this.#safeUntil;
  }

  /** The next start is a normal one. @param again whether one more that goes wrong suffices for another safe one */
  leaveSafe(again: boolean): void {
    const wrong = again ? wrongForSafe - 1 : 0;
    this.#panics = Math.min(this.#panics, wrong);
    this.#failures = Math.min(this.#failures, wrong);
    this.write();
  }

  /** Whether there is one: it is missing after a loss of power, and where its bytes were damaged. */
  private read(): boolean {
    const body = this.#retained.read(retainedParts.starts);
    if (body === undefined || body.length < headLength || body.length !== headLength + body[3]) return false;
    this.#failures = body[0];
    this.#panics = body[1];
    this.#flags = body[2];
    const view = new DataView(body.buffer, body.byteOffset);
    this.#safeUntil = view.getFloat64(4, true);
    this.#told = { mask: view.getUint16(20, true), since: view.getFloat64(12, true) };
    let reason = "";
    for (let i = headLength; i < body.length; i++) reason += String.fromCharCode(body[i]);
    this.#reason = reason;
    return true;
  }

  private write(): void {
    const length = Math.min(this.#reason.length, longestReason);
    const body = new Uint8Array(headLength + length);
    body[0] = this.#failures;
    body[1] = this.#panics;
    body[2] = this.#flags;
    body[3] = length;
    const view = new DataView(body.buffer);
    view.setFloat64(4, this.#safeUntil, true);
    view.setFloat64(12, this.#told.since, true);
    view.setUint16(20, this.#told.mask, true);
    for (let i = 0; i < length; i++) {
      const code = this.#reason.charCodeAt(i);
      body[headLength + i] = code < 0x20 || code > 0x7e ? 0x3f : code;
    }
    this.#retained.write(retainedParts.starts, body);
  }
}
