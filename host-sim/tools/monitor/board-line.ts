/**
 * Whose a line of a board's serial port is: the firmware's log, its chip's (boot ROM, ESP-IDF, a panic), Moddable's, or
 * nobody's, as when the chip's ROM speaks at another rate than the firmware.
 */
import { readLogLine } from "../../sim/world/device-log";
import type { LogEvent } from "../../sim/world/device-log";

/** A line, by who wrote it. */
export type BoardLine =
  | { readonly kind: "device"; readonly event: LogEvent }
  /** It has a room's form, and this version's reader does not know it: of an older or newer firmware. */
  | { readonly kind: "unknown" }
  /** The chip's, with the reason of the reset where it says one, in the firmware's words. */
  | { readonly kind: "chip"; readonly reset?: string }
  /** Moddable's own, such as its measurements once a second. */
  | { readonly kind: "runtime" }
  | { readonly kind: "other" }
  /** No text: another rate, or a line that broke. */
  | { readonly kind: "noise" };

/** Colours around ESP-IDF's lines. */
// eslint-disable-next-line no-control-regex
const colours = /\u001b\[[0-9;]{0,12}m/g;

const rom =
  /^(?:ESP-ROM:|Build:|rst:0x|boot:0x|ets [A-Z][a-z]{2} |configsip:|clk_drv:|mode:[A-Z]|load:0x|entry 0x|SPIWP:|Saved PC:|invalid header:|waiting for download|csum err|flash read err)/;
const idf = /^[EWIDV] \(\d{1,10}\) [\w.:-]{1,40}: /;
const panic =
  /^(?:Guru Meditation Error|abort\(\) was called|Backtrace:|Core +\d+ register dump|Stack memory:|MEPC|PC {6}:|A\d{1,2} +:|EXCVADDR|Rebooting\.\.\.|ELF file SHA256|assert failed|Brownout detector|Task watchdog got triggered|E \(\d+\) task_wdt)/;
const runtime = /^(?:instruments(?: key)?: |XS abort: |# |mod\b.*failed|unrecognized boot loader)/;
const room = /^[a-z][a-z-]{1,19}: ./;

/** `rst:0x5 (DEEPSLEEP_RESET)`: names of the ESP32, the S3 and the C3, by how they begin. */
const resets: readonly (readonly [RegExp, string])[] = [
  [/^(?:DEEPSLEEP|DSLEEP)/, "deep-sleep"],
  [/^(?:POWERON|CHIP_POWER_ON)/, "power-on"],
  [/BROWN_?OUT/, "brownout"],
  [/WDT|WATCHDOG/, "watchdog"],
  [/^(?:SW_|RTC_SW)/, "software"],
  [/USB/, "usb"],
];

/** Whose a line is. @param line without its end */
export function boardLine(line: string): BoardLine {
  const event = readLogLine(line);
  if (event !== undefined) return { kind: "device", event };
  const text = line.replace(colours, "");
  if (rom.test(text)) {
    const name = /^rst:0x[0-9a-f]{1,2} \((\w{1,40})\)/i.exec(text)?.[1];
    const reset = name === undefined ? undefined : resets.find(([begins]) => begins.test(name))?.[1];
    return reset === undefined ? { kind: "chip" } : { kind: "chip", reset };
  }
  if (panic.test(text) || idf.test(text)) return { kind: "chip" };
  if (runtime.test(text)) return { kind: "runtime" };
  if (isNoise(text)) return { kind: "noise" };
  return room.test(text) ? { kind: "unknown" } : { kind: "other" };
}

/** More than a quarter of it is no text that a device writes. */
function isNoise(text: string): boolean {
  const odd = text.match(/[^\t\x20-\x7e]/g)?.length ?? 0;
  return 4 * odd > text.length;
}
