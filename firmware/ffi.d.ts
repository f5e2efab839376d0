/**
 * Type of `mc/ffi`, for the tools on this side: mcconfig makes one of its own from manifest.json.
 */
declare module "mc/ffi" {
  /** The functions that manifest.json names under "ffi". */
  export default class FFI {
    /** Restarts the board; never returns. */
    esp_restart(): void;
    /** See board/deep-sleep.c. */
    retained_read(offset: number, bytes: ArrayBuffer, length: number): void;
    retained_write(offset: number, bytes: ArrayBuffer, length: number): void;
    retained_crc32(offset: number, length: number): number;
    pin_hold(pin: number): void;
    pin_release(pin: number): void;
    /** Ends the firmware; the board starts anew after so many ms. */
    sleep_deeply(milliseconds: number): void;
  }
}
