/**
 * `embedded:io/analog` as on an ESP32 (modules/io/analog of the SDK): a pin of the first or second ADC at 12 dB of
 * attenuation, whose 12 bits are scaled so that the most of them is 2.45 V.
 */
import { GuestCommand } from "../protocol";
import { command, issue } from "./bridge";
import { checkPin, freePin, takePin } from "./pins";

const resolution = 12;
const fullScale = 2.45;
/** GPIOs with an analog input. */
const inputs = [36, 37, 38, 39, 32, 33, 34, 35, 4, 0, 2, 15, 13, 12, 14, 27, 25, 26];

export default class Analog {
  #pin: number | undefined;

  constructor(options: { pin: number; target?: unknown }) {
    const pin = checkPin(options.pin);
    if (!inputs.includes(pin)) throw new RangeError("not analog pin");
    if ("target" in options) (this as { target?: unknown }).target = options.target;
    takePin(pin);
    this.#pin = pin;
  }

  get format(): "number" {
    return "number";
  }

  get resolution(): number {
    return resolution;
  }

  /** 0 to 4,095; undefined, as the SDK's, where the reading fails. */
  read(): number | undefined {
    if (this.#pin === undefined) throw new Error("closed");
    const answer = issue(command(GuestCommand.analogRead, 0, this.#pin, 0));
    const volts = new DataView(answer).getFloat64(0, true);
    if (Number.isNaN(volts)) return undefined;
    const most = 2 ** resolution - 1;
    return Math.min(most, Math.max(0, Math.floor((volts / fullScale) * most)));
  }

  close(): void {
    if (this.#pin === undefined) return;
    freePin(this.#pin);
    this.#pin = undefined;
  }
}
