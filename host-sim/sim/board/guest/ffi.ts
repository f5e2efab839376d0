/**
 * `mc/ffi`: the functions of ESP-IDF that manifest.json names under "ffi".
 */
import { GuestCommand, commandHeader } from "../protocol";
import { bytesOf, command, issue } from "./bridge";

export default class FFI {
  /** Never returns: what the firmware does after this, the host no longer hears. */
  esp_restart(): never {
    issue(command(GuestCommand.restart, 0, 0, 0));
    throw new Error("restart");
  }

  /** What follows are the functions of firmware/board/deep-sleep.c. */
  retained_read(bytes: ArrayBuffer, length: number): void {
    const message = command(GuestCommand.retainedRead, 0, 0, 4);
    new DataView(message.buffer).setUint32(commandHeader, length, true);
    bytesOf(bytes).set(new Uint8Array(issue(message)).subarray(0, length));
  }

  retained_write(bytes: ArrayBuffer, length: number): void {
    const message = command(GuestCommand.retainedWrite, 0, 0, length);
    message.set(bytesOf(bytes).subarray(0, length), commandHeader);
    issue(message);
  }

  /** Levels stay in the simulation whatever the board does. */
  pin_hold(): void {}
  pin_release(): void {}

  /** Never returns, as `esp_restart`. */
  sleep_deeply(milliseconds: number): never {
    const message = command(GuestCommand.deepSleep, 0, 0, 4);
    new DataView(message.buffer).setUint32(commandHeader, milliseconds, true);
    issue(message);
    throw new Error("deep sleep");
  }
}
