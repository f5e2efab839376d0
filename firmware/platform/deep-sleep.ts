/**
 * The ESP32's deep sleep: everything but the real-time clock and its memory goes off, and the firmware
 * starts anew when the time is over.
 */
import FFI from "mc/ffi";
import { decodeDoze, encodeDoze, lead, wokenAt, worthwhile } from "../device/doze";
import { readRetained, writeRetained } from "./retained";
import { startReason } from "./restart";
import type { Board } from "../board/boards";
import type { Doze, Rest } from "../device/doze";
import type { PinSettings } from "./wiring";

/** A doze that is over: `now` is the monotonic clock at the wake, ms. */
export interface Woken extends Doze {
  readonly now: number;
}

/** Longest sleep at once, ms: the C side counts 32 bits, and a clock that drifts wants to be looked at. */
const longest = 86_400_000;

/** What the board knew when it fell asleep, if that is how it started. */
export function wokenFromSleep(log: (text: string) => void): Woken | undefined {
  if (startReason() !== "deep-sleep") return undefined;
  const doze = decodeDoze(readRetained());
  const now = doze === undefined ? undefined : wokenAt(doze, Date.now());
  // Whatever becomes of this start, the next one must not take up what is old by then.
  writeRetained(new Uint8Array(8));
  if (doze === undefined || now === undefined) {
    log("woke without its memory");
    return undefined;
  }
  return { ...doze, now, slept: doze.slept + now - doze.at };
}

/**
 * The pins that must keep their level in deep sleep, where all others float: the modem takes an edge on its
 * key for a press, loses its supply when the switch of it floats, and noise on its UART may keep it awake.
 */
export function pinsToHold(board: Board, settings: PinSettings): readonly number[] {
  const pins = [
    settings.transmit ?? board.transmit,
    settings.powerKey ?? board.powerKey?.pin,
    settings.reset ?? board.reset?.pin,
    settings.wake ?? board.wake?.pin,
    settings.modemSupply,
  ];
  return pins.filter((pin) => pin !== undefined);
}

/** Lets go of pins that were held over deep sleep, once they are driven again. */
export function releasePins(pins: readonly number[]): void {
  const ffi = new FFI();
  for (let i = 0; i < pins.length; i++) ffi.pin_release(pins[i]);
}

/**
 * Sleeps until shortly before the rest is over; returns only when that is not worthwhile or not possible.
 *
 * @param now ms of the monotonic clock
 * @param pins those that must keep their level: the modem would take an edge for a press of its key
 */
export function sleepDeeply(
  rest: Rest,
  modem: readonly number[],
  now: number,
  pins: readonly number[],
): void {
  const duration = Math.min(rest.until - now - lead, longest);
  if (!(duration >= worthwhile)) return;
  const bytes = encodeDoze({ ...rest, modem, at: now, wall: Date.now() });
  if (bytes === undefined) return;
  const ffi = new FFI();
  for (let i = 0; i < pins.length; i++) ffi.pin_hold(pins[i]);
  writeRetained(bytes);
  ffi.sleep_deeply(Math.floor(duration));
}
