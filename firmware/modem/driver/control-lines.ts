/**
 * The wires with which a modem is switched; every board may be without any of them.
 *
 *     key       PWRKEY: a press wakes the modem from PSM, a longer one switches it on or off
 *     reset     RESET_N: starts the modem anew
 *     wake pin  PSM_EINT: ends PSM
 *     supply    off for 3 s, then on: helps a modem that hangs when nothing else does
 */
import type { DriverState } from "./driver-state";
import type { PowerTimes, SleepTraits } from "../family/family";

/** The wires that a board has, and how the family wants them used. */
export interface ControlLinesOptions {
  readonly driver: DriverState;
  readonly times: PowerTimes;
  readonly wakes: SleepTraits["wakes"];
  /** Drive the wires, true for pressed, that is low at the modem. */
  readonly powerKey?: (pressed: boolean) => void;
  readonly reset?: (pressed: boolean) => void;
  readonly wakePin?: (pressed: boolean) => void;
  /** Switches the supply, true for on. */
  readonly supply?: (on: boolean) => void;
}

type Wire = (pressed: boolean) => void;

// Times in ms.
const supplyOff = 3_000;
/** Until a turn comes that is not this one: what is due at once may still run in it. */
const nextTurn = 1;
/** From switching the supply on until it has risen. */
const supplyRise = 1_000;

/** The wires with which a modem is switched; every board may be without any of them. */
export class ControlLines {
  readonly #options: ControlLinesOptions;
  /** The wire that is held down. */
  #pressed: Wire | undefined;
  #supplyOff = false;

  constructor(options: ControlLinesOptions) {
    this.#options = options;
  }

  private get key(): Wire | undefined {
    return this.#options.times.on > 0 ? this.#options.powerKey : undefined;
  }

  private get reset(): Wire | undefined {
    return this.#options.times.reset > 0 ? this.#options.reset : undefined;
  }

  private get waker(): Wire | undefined {
    const { wakes, wakePin } = this.#options;
    return wakes === "uart" ? undefined : wakes === "pin" ? wakePin : this.key;
  }

  /** The modem can be switched on by its key. */
  get hasKey(): boolean {
    return this.key !== undefined;
  }

  /** The modem can be started anew without its supply: by reset or key. */
  get canRestart(): boolean {
    const { off } = this.#options.times;
    return this.reset !== undefined || (this.key !== undefined && off > 0);
  }

  get hasSupply(): boolean {
    return this.#options.supply !== undefined;
  }

  /** PSM can be ended at will. */
  get canWake(): boolean {
    return this.#options.wakes === "uart" || this.waker !== undefined;
  }

  /** Presses the wire that ends PSM; without one `onDone` is called at once. */
  wake(onDone: (now: number) => void, now: number): void {
    this.press(this.waker, this.#options.times.wake, onDone, now);
  }

  /** Presses the key as for switching the modem on; without one `onDone` is called at once. */
  switchOn(onDone: (now: number) => void, now: number): void {
    this.press(this.key, this.#options.times.on, onDone, now);
  }

  /** Starts the modem anew: by its reset line, else off and on by its key. */
  restart(onDone: (now: number) => void, now: number): void {
    const { times, driver } = this.#options;
    if (this.reset !== undefined) return this.press(this.reset, times.reset, onDone, now);
    const down = (at: number): void => driver.later(times.down, at, (t) => this.switchOn(onDone, t));
    this.press(this.key, times.off, down, now);
  }

  /** Switches the supply off and on; without that switch `onDone` is called at once. */
  cycleSupply(onDone: (now: number) => void, now: number): void {
    const { supply, driver } = this.#options;
    if (supply === undefined) return onDone(now);
    this.#supplyOff = true;
    supply(false);
    driver.later(supplyOff, now, (at) => {
      this.restore();
      driver.later(supplyRise, at, onDone);
    });
  }

  /** Lets go of every wire, and switches the supply on: the action that was to do so later was cancelled. */
  letGo(): void {
    const pressed = this.#pressed;
    this.#pressed = undefined;
    pressed?.(false);
    this.restore();
  }

  private press(wire: Wire | undefined, duration: number, onDone: (now: number) => void, now: number): void {
    if (wire === undefined) return onDone(now);
    const { driver } = this.#options;
    // In a turn of its own: a start's turn takes some 50 ms on an ESP32, and by as much a press that is counted from
    // its beginning would be too short.
    driver.later(nextTurn, now, (pressedAt) => {
      this.#pressed = wire;
      wire(true);
      driver.later(duration, pressedAt, (at) => {
        this.letGo();
        onDone(at);
      });
    });
  }

  private restore(): void {
    if (!this.#supplyOff) return;
    this.#supplyOff = false;
    this.#options.supply!(true);
  }
}
