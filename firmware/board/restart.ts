/**
 * Why the board started, and how it is started again.
 */
import FFI from "mc/ffi";
import getResetReason from "resetReason";

/** In the firmware's words: "power-on", "software", "panic", "watchdog", "brownout", "deep-sleep" ... */
export function startReason(): string {
  const { string } = getResetReason();
  return string.endsWith("WDT") ? "watchdog" : string.toLowerCase().replace(" ", "-");
}

/** Restarts the board at once. What is in RAM is lost. */
export function restartBoard(): void {
  new FFI().esp_restart();
}
