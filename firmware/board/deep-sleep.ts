/**
 * The ESP32's deep sleep: everything but the real-time clock and its memory goes off, and the firmware
 * starts anew when the time is over. What JavaScript cannot reach of it is in deep-sleep.c.
 */
import { boardFunctions } from "./native";
import { pinsOf } from "./wiring";
import type { Board } from "./boards";
import type { SleepingBoard } from "../continuity/deep-sleep";
import type { RetainedStore } from "../continuity/retained-memory";
import type { PinSettings } from "./wiring";

/** This board's memory in the domain of the real-time clock. */
export class BoardRetainedStore implements RetainedStore {
  readonly #functions = boardFunctions();

  read(offset: number, length: number): Uint8Array {
    const buffer = new ArrayBuffer(length);
    this.#functions.enos_retained_read(offset, buffer, length);
    return new Uint8Array(buffer);
  }

  write(offset: number, bytes: Uint8Array): void {
    // The FFI takes a whole buffer, and this may be a part of one.
    const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
    this.#functions.enos_retained_write(offset, whole.buffer as ArrayBuffer, bytes.length);
  }

  crc32(offset: number, length: number): number {
    return this.#functions.enos_retained_crc32(offset, length);
  }
}

/**
 * This board.
 *
 * @param pins those that keep their level while it sleeps
 */
export function sleepingBoard(pins: readonly number[]): SleepingBoard {
  return {
    wall: () => Date.now(),
    sleep(duration) {
      const ffi = boardFunctions();
      for (let i = 0; i < pins.length; i++) ffi.enos_pin_hold(pins[i]);
      ffi.enos_sleep_deeply(duration);
    },
  };
}

/**
 * The pins that must keep their level in deep sleep, where all others float: the modem takes an edge on its
 * key for a press, loses its supply when the switch of it floats, and noise on its UART may keep it awake.
 */
export function pinsToHold(board: Board, settings: PinSettings): readonly number[] {
  const { transmit, powerKey, reset, wake, supply } = pinsOf(board, settings);
  return [transmit, powerKey?.pin, reset?.pin, wake?.pin, supply].filter((pin) => pin !== undefined);
}

/** Lets go of pins that were held over deep sleep, once they are driven again. */
export function releasePins(pins: readonly number[]): void {
  const ffi = boardFunctions();
  for (let i = 0; i < pins.length; i++) ffi.enos_pin_release(pins[i]);
}
