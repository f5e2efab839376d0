/**
 * Sensirion's SHT3x-DIS as its datasheet (May 2018, version 5) has it: commands of two bytes, words of two bytes with a
 * checksum behind each, one measurement at a time. It shares nothing with any driver.
 *
 *     idle --single shot--> measuring --up to 15 ms--> one result --read--> idle
 *
 * While it measures, resets or powers up it acknowledges nothing; a read in the mode with clock stretching is
 * acknowledged, and the clock held until the result is there. Periodic measurements, alerts and heater are not in it.
 */
import type { Random } from "../time/random";
import type { I2cPart } from "./i2c-bus";

/** What it measures. */
export interface Climate {
  /** degC */
  readonly temperature: number;
  /** %RH */
  readonly humidity: number;
}

/** How it can fail. */
export type SensorFault =
  /** It is not there, or has no power. */
  | "absent"
  /** The checksums of its words are wrong: the wires are too long, or the bus is too fast for them. */
  | "bad checksum"
  /** It gives the very same values for ever. */
  | "stuck"
  /** A measurement takes half a second. */
  | "slow";

/** Commands: section 4.3 (single shot), 4.9 (reset), 4.11 (status). */
const softReset = 0x30a2;
const readStatus = 0xf32d;
const clearStatus = 0x3041;
/** Longest measurement by repeatability, ms: section 2.2, table 4, at 2.4 to 5.5 V. */
const duration = Object.freeze({ high: 15, medium: 6, low: 4 });
const singleShots: ReadonlyMap<number, { readonly duration: number; readonly stretches: boolean }> = new Map([
  [0x2c06, { duration: duration.high, stretches: true }],
  [0x2c0d, { duration: duration.medium, stretches: true }],
  [0x2c10, { duration: duration.low, stretches: true }],
  [0x2400, { duration: duration.high, stretches: false }],
  [0x240b, { duration: duration.medium, stretches: false }],
  [0x2416, { duration: duration.low, stretches: false }],
]);
/** From power-up or soft reset until it acknowledges, ms, at most: table 4. */
const startsIn = 1.5;
/** How long a slow one measures, ms. */
const slowly = 500;
/** Bits of the status word (section 4.11, table 18) and what it has after a reset. */
const status = Object.freeze({ alertPending: 0x8000, wasReset: 0x0010, commandRefused: 0x0002 });

export interface SimulatedSht3xOptions {
  /** The air around it at a virtual time, ms. */
  readonly climate: (now: number) => Climate;
  /** Its noise. */
  readonly random: Random;
}

/** The sensor as the bus sees it. */
export class SimulatedSht3x implements I2cPart {
  readonly #options: SimulatedSht3xOptions;
  fault: SensorFault | undefined;
  /** Measurements so far. */
  measurements = 0;
  #busyUntil = 0;
  #stretches = false;
  #result: Uint8Array | undefined;
  /** The status word is read next. */
  #tellsStatus = false;
  #status = status.alertPending | status.wasReset;
  #stuck: Uint8Array | undefined;

  constructor(options: SimulatedSht3xOptions) {
    this.#options = options;
  }

  /** Its supply comes on. */
  powerUp(now: number): void {
    this.#result = undefined;
    this.#tellsStatus = false;
    this.#status = status.alertPending | status.wasReset;
    this.#busyUntil = now + startsIn;
  }

  write(bytes: Uint8Array, now: number): boolean {
    if (this.fault === "absent" || now < this.#busyUntil) return false;
    this.#tellsStatus = false;
    const command = bytes.length === 2 ? (bytes[0] << 8) | bytes[1] : -1;
    const shot = singleShots.get(command);
    if (shot !== undefined) {
      this.#measure(now, shot.duration, shot.stretches);
    } else if (command === softReset) {
      this.powerUp(now);
    } else if (command === readStatus) {
      this.#tellsStatus = true;
    } else if (command === clearStatus) {
      this.#status = 0;
    } else {
      // It acknowledges no command that it does not have.
      this.#status |= status.commandRefused;
      return false;
    }
    if (command !== readStatus) this.#status &= ~status.commandRefused;
    return true;
  }

  read(length: number, now: number): { bytes: Uint8Array; stretched?: number } | undefined {
    if (this.fault === "absent") return undefined;
    const left = this.#busyUntil - now;
    if (left > 0 && !this.#stretches) return undefined;
    if (this.#tellsStatus) return { bytes: this.#given([this.#status], length) };
    const result = this.#result;
    // It has nothing to give: it was not asked to measure, or was read already.
    if (result === undefined) return undefined;
    this.#result = undefined;
    this.#stretches = false;
    const bytes = this.#given([(result[0] << 8) | result[1], (result[2] << 8) | result[3]], length);
    return { bytes, stretched: Math.max(0, left) };
  }

  #measure(now: number, usual: number, stretches: boolean): void {
    const { climate, random } = this.#options;
    this.measurements += 1;
    this.#busyUntil = now + (this.fault === "slow" ? slowly : usual);
    this.#stretches = stretches;
    const { temperature, humidity } = climate(now);
    // Repeatability, table 1 and 2: 0.04 degC and 0.08 %RH at three standard deviations.
    const t = word(((temperature + 0.013 * random.normal() + 45) / 175) * 65_535);
    const h = word(((humidity + 0.027 * random.normal()) / 100) * 65_535);
    const words = Uint8Array.of(t >> 8, t & 0xff, h >> 8, h & 0xff);
    if (this.fault !== "stuck") this.#stuck = undefined;
    else words.set((this.#stuck ??= words.slice()));
    this.#result = words;
  }

  /** The words with their checksums; a master that reads on gets ones, as nobody pulls the wire down. */
  #given(words: readonly number[], length: number): Uint8Array {
    const bytes = new Uint8Array(length).fill(0xff);
    words.forEach((each, i) => {
      const pair = Uint8Array.of(each >> 8, each & 0xff);
      const checksum = checksumOf(pair) ^ (this.fault === "bad checksum" ? 0x01 : 0);
      bytes.set([...pair, checksum].slice(0, Math.max(0, length - 3 * i)), Math.min(3 * i, length));
    });
    return bytes;
  }
}

function word(value: number): number {
  return Math.min(0xffff, Math.max(0, Math.round(value)));
}

/** CRC-8 of the polynomial 0x31, from 0xff on: section 4.12, whose example is that of BE EF, 92. */
export function checksumOf(bytes: Uint8Array): number {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80) !== 0 ? ((crc << 1) ^ 0x31) & 0xff : crc << 1;
  }
  return crc;
}
