/**
 * The two wires with which a SIM7020 is switched: its power key, and the switch of its supply. Every
 * board may be without either.
 *
 *     key     0.8 s wakes it from PSM, 1.1 s switches it on or off
 *     supply  off for 3 s, then on: the last thing that helps a modem that hangs
 */

export interface PowerOptions {
  /** Drives PWRKEY, true for pressed. */
  readonly powerKey?: (pressed: boolean) => void;
  /** Switches the supply, true for on. */
  readonly supply?: (on: boolean) => void;
  /** Runs `action` after `delay` ms, in place of whatever was to run before. */
  readonly later: (delay: number, now: number, action: (now: number) => void) => void;
}

// Times in ms, after the manual's and what drivers in the field allow.
const wakePress = 800;
const switchPress = 1_100;
/** After the press that switches it off. */
const powerDown = 5_000;
const supplyOff = 3_000;
/** After the supply is back. */
const supplySettles = 1_000;

/** The wires. */
export class Sim7020Power {
  readonly #options: PowerOptions;
  #keyPressed = false;
  #supplyOff = false;

  constructor(options: PowerOptions) {
    this.#options = options;
  }

  get hasKey(): boolean {
    return this.#options.powerKey !== undefined;
  }

  get hasSupply(): boolean {
    return this.#options.supply !== undefined;
  }

  /** Presses the key as for a wake; without one it is done at once. */
  wake(onDone: (now: number) => void, now: number): void {
    this.#press(wakePress, onDone, now);
  }

  /** Presses the key as for on or off; without one it is done at once. */
  toggle(onDone: (now: number) => void, now: number): void {
    this.#press(switchPress, onDone, now);
  }

  /** Off and on by the key. */
  cycleKey(onDone: (now: number) => void, now: number): void {
    this.#press(
      switchPress,
      (at) => this.#options.later(powerDown, at, (t) => this.#press(switchPress, onDone, t)),
      now,
    );
  }

  /** Off and on by the supply. */
  cycleSupply(onDone: (now: number) => void, now: number): void {
    const { supply, later } = this.#options;
    if (supply === undefined) return onDone(now);
    this.#supplyOff = true;
    supply(false);
    later(supplyOff, now, (at) => {
      this.#restore();
      later(supplySettles, at, onDone);
    });
  }

  /** Lets go of the key, and gives the supply back: whoever was to do so will not come. */
  release(): void {
    if (this.#keyPressed) {
      this.#keyPressed = false;
      this.#options.powerKey!(false);
    }
    this.#restore();
  }

  #press(duration: number, onDone: (now: number) => void, now: number): void {
    const { powerKey, later } = this.#options;
    if (powerKey === undefined) return onDone(now);
    this.#keyPressed = true;
    powerKey(true);
    later(duration, now, (at) => {
      this.release();
      onDone(at);
    });
  }

  #restore(): void {
    if (!this.#supplyOff) return;
    this.#supplyOff = false;
    this.#options.supply!(true);
  }
}
