/**
 * Why the board started, and how it is started again.
 */
import getResetReason from "resetReason";
import { boardFunctions } from "./native";

/** By the numbers of ESP-IDF's `esp_reset_reason_t` (v6.0); the SDK has names for the first eleven. */
const reasons: readonly string[] = Object.freeze([
  "unknown",
  "power-on",
  "external-pin",
  "software",
  "panic",
  "watchdog",
  "watchdog",
  "watchdog",
  "deep-sleep",
  "brownout",
  "sdio",
  "usb",
  "jtag",
  "efuse",
  "power-glitch",
  "cpu-lockup",
]);

/** In the firmware's words: "power-on", "software", "panic", "watchdog", "brownout", "deep-sleep" ... */
export function startReason(): string {
  const { reason } = getResetReason();
  return reasons[reason] ?? `reason-${reason}`;
}

/** Restarts the board at once. What is in RAM is lost. */
export function restartBoard(): void {
  boardFunctions().esp_restart();
}
