/**
 * `embedded:io/digital`: one pin, input or output.
 */
import { GuestCommand } from "../protocol";
import { command, issue } from "./bridge";
import { checkOutput, checkPin, freePin, takePin } from "./pins";

const modes = Object.freeze({
  Input: 0,
  InputPullUp: 1,
  InputPullDown: 2,
  InputPullUpDown: 3,
  Output: 8,
  OutputOpenDrain: 9,
});
const rising = 1;
const falling = 2;

/** Levels that the host has put on the pins; `untouched` until it does. */
const untouched = 2;
const levels = new Uint8Array(40).fill(untouched);

interface Pin {
  readonly digital: Digital;
  readonly number: number;
  readonly isInput: boolean;
  readonly resting: number;
  readonly activeLow: number;
  readonly edge: number;
  readonly onReadable: ((this: Digital, pins: number) => void) | undefined;
}

/** Inputs that listen. */
const listening: Pin[] = [];

export interface DigitalOptions {
  pin: number;
  mode: number;
  edge?: number;
  onReadable?: (this: Digital, pins: number) => void;
  initialValue?: number;
  activeLow?: boolean;
  format?: "number";
  target?: unknown;
}

export default class Digital {
  static readonly Input = modes.Input;
  static readonly InputPullUp = modes.InputPullUp;
  static readonly InputPullDown = modes.InputPullDown;
  static readonly InputPullUpDown = modes.InputPullUpDown;
  static readonly Output = modes.Output;
  static readonly OutputOpenDrain = modes.OutputOpenDrain;
  static readonly Rising = rising;
  static readonly Falling = falling;

  #pin: Pin | undefined;

  constructor(options: DigitalOptions) {
    if (options.pin === undefined) throw new Error("invalid");
    const number = checkPin(options.pin);
    const mode = options.mode;
    const isInput = mode >= modes.Input && mode <= modes.InputPullUpDown;
    const isOutput = mode === modes.Output || mode === modes.OutputOpenDrain;
    if (!isInput && !isOutput) throw new RangeError("invalid mode");
    const activeLow = options.activeLow ? 1 : 0;
    const onReadable = isInput ? options.onReadable : undefined;
    let edge = options.edge ?? 0;
    if (onReadable !== undefined && (edge & (rising | falling)) === 0) throw new RangeError("invalid edges");
    if (activeLow === 1) edge = ((edge & rising) << 1) | ((edge & falling) >> 1);
    if (!isInput) checkOutput(number);
    if (options.format !== undefined && options.format !== "number") throw new RangeError("invalid format");
    if ("target" in options) (this as { target?: unknown }).target = options.target;
    takePin(number);
    const resting = mode === modes.InputPullUp || mode === modes.InputPullUpDown ? 1 : 0;
    this.#pin = { digital: this, number, isInput, resting, activeLow, edge, onReadable };
    if (onReadable !== undefined) listening.push(this.#pin);
    // An output is driven from the start: low, unless it is told otherwise.
    if (!isInput) this.write(options.initialValue ?? 0);
  }

  get format(): "number" {
    return "number";
  }

  read(): 0 | 1 {
    const pin = this.#opened();
    if (!pin.isInput) throw new Error("can't read output");
    const level = levels[pin.number] === untouched ? pin.resting : levels[pin.number];
    return (level ^ pin.activeLow) === 1 ? 1 : 0;
  }

  write(value: number): void {
    const pin = this.#opened();
    if (pin.isInput) throw new Error("can't write input");
    issue(command(GuestCommand.pinWrite, (Number(value) ? 1 : 0) ^ pin.activeLow, pin.number, 0));
  }

  close(): void {
    const pin = this.#pin;
    if (pin === undefined) return;
    this.#pin = undefined;
    freePin(pin.number);
    const index = listening.indexOf(pin);
    if (index >= 0) listening.splice(index, 1);
  }

  #opened(): Pin {
    if (this.#pin === undefined) throw new Error("closed");
    return this.#pin;
  }
}

/** The host has put a level on a pin; whoever waits for that edge hears of it. */
export function pinChanged(number: number, level: number): void {
  for (let i = 0; i < listening.length; i++) {
    const pin = listening[i];
    if (pin.number !== number) continue;
    const before = levels[number] === untouched ? pin.resting : levels[number];
    levels[number] = level;
    if (before !== level && (pin.edge & (level === 1 ? rising : falling)) !== 0) {
      pin.onReadable?.call(pin.digital, 2 ** (number & 31));
    }
    return;
  }
  levels[number] = level;
}
