/**
 * What an ESP32 draws with its own radio off, and how fast it computes. The currents are the datasheet's, at
 * 3.3 V: ESP32 Series Datasheet v5.2, section 4.3.1, table 4-2, Power Consumption by Power Modes, page 30. It gives a
 * range for modem-sleep at each clock, and does not say between what: its lower end is taken here for idle cores and
 * its upper one for two busy ones; the firmware keeps one of them busy.
 * A board's regulator, LEDs and sensors are not in it.
 */
import type { BoardFigures, Figure } from "./profile";

const volts = 3.3;
const table = "ESP32 datasheet v5.2, table 4-2";

/** Between the two ends of the datasheet's range, mA, with `share` of the way from the lower one. */
function withinRange(least: number, most: number, share: number, text: string): Figure {
  const watts = (milliamperes: number): number => Number(((volts * milliamperes) / 1_000).toPrecision(3));
  return {
    value: watts(least + share * (most - least)),
    low: watts(least),
    high: watts(most),
    tag: "derived",
    source: `${table}: modem-sleep ${text}`,
  };
}

/** The chip of the boards that firmware/board has rows for, without its surroundings. */
export const esp32: BoardFigures = {
  starting: {
    value: 0.149,
    low: 0.12,
    high: 0.23,
    tag: "derived",
    source:
      "45 mA: an ESP32 out of deep sleep took 3.32 mC in 70 ms, an ESP32-S3 1.7 mC in 47 ms (PPK2; glenn20, upy-esp32-experiments)",
  },
  running240: withinRange(30, 68, 0.5, "at 240 MHz, 30 to 68 mA: its middle, for one busy core of two"),
  running160: withinRange(27, 44, 0.5, "at 160 MHz, 27 to 44 mA: its middle, for one busy core of two"),
  running80: withinRange(20, 31, 0.5, "at 80 MHz, 20 to 31 mA: its middle, for one busy core of two"),
  waiting240: withinRange(30, 68, 0, "at 240 MHz, 30 mA at least, taken for idle cores"),
  waiting160: withinRange(27, 44, 0, "at 160 MHz, 27 mA at least, taken for idle cores"),
  waiting80: withinRange(20, 31, 0, "at 80 MHz, 20 mA at least, taken for idle cores"),
  lightSleep: {
    value: 0.002_64,
    tag: "measured",
    source: `${table}: 0.8 mA in light sleep`,
  },
  deepSleep: {
    value: 0.000_033,
    tag: "measured",
    source: `${table}: 10 uA with RTC timer and RTC memory; a board's regulator adds its own`,
  },
  computeRate: {
    value: 8_333,
    low: 2_778,
    high: 25_000,
    tag: "assumed",
    source: "2 million steps of XS a second at 240 MHz; no published figure, a factor of 3 either way",
  },
};
