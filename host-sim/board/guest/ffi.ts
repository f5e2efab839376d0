/**
 * `mc/ffi`: the functions of ESP-IDF that manifest.json names under "ffi".
 */
import { GuestCommand } from "../protocol";
import { command, issue } from "./bridge";

export default class FFI {
  /** Never returns: what the firmware does after this, the host no longer hears. */
  esp_restart(): never {
    issue(command(GuestCommand.restart, 0, 0, 0));
    throw new Error("restart");
  }
}
