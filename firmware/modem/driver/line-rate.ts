/**
 * The rate of the UART. A modem may have been left at another one by whoever had it before: then nothing but
 * noise comes, or nothing at all, and the usual rates are tried. It is then set to the rate that is wanted, where
 * its family has a command for that.
 */
import { probe } from "../at/script";
import type { AtEngine } from "../at/engine";
import type { Step } from "../at/script";
import type { DriverState } from "./driver-state";

/** Rates that modems are found at, the likeliest first, bit/s. */
const rates: readonly number[] = Object.freeze([
  115_200, 9_600, 57_600, 38_400, 19_200, 230_400, 460_800, 921_600,
]);
/** Probes at each: what came before at another rate spoils the first. */
const probesEach = 3;
/** From a change of the rate until the line may be used, ms: the board opens its port anew, and the modem takes a moment. */
const settling = 250;

/** What the rate of the line is worked with. */
export interface LineRateOptions {
  readonly driver: DriverState;
  readonly at: AtEngine;
  /** The rate that is wanted, bit/s; the line has it at start. */
  readonly wanted: number;
  /** Changes the line's rate; left out where it cannot be changed. */
  readonly setBaud?: (rate: number) => void;
}

type Then = (answered: boolean, now: number) => void;

/** The rate of the line, and what is heard on it while the modem is looked for. */
export class LineRate {
  readonly #options: LineRateOptions;
  #rate: number;
  /** Where the modem answered last. */
  #good: number;
  #noise = 0;
  #text = 0;

  constructor(options: LineRateOptions) {
    this.#options = options;
    this.#rate = options.wanted;
    this.#good = options.wanted;
  }

  /** Bytes have come since `listen`, and too many of them are no text. */
  get noisy(): boolean {
    return this.#noise > 0 && 3 * this.#noise > this.#text;
  }

  /** The modem is looked for anew, at the rate at which it answered last. */
  listen(): void {
    this.#noise = 0;
    this.#text = 0;
    if (this.#rate !== this.#good) this.turn(this.#good);
  }

  /** Bytes have come while the modem is looked for. */
  hear(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a) this.#text += 1;
      else this.#noise += 1;
    }
  }

  /**
   * The modem does not answer: other rates are tried, if there is a reason to.
   *
   * @param anyway nothing has come at all, and it is time to try them all the same
   * @param then told whether the modem answers now
   */
  tryOthers(anyway: boolean, then: Then, now: number): void {
    const { driver, setBaud } = this.#options;
    if (setBaud === undefined || !(this.noisy || anyway)) return then(false, now);
    if (this.noisy) driver.log({ kind: "modem noise", rate: this.#rate });
    this.tryNext(0, then, now);
  }

  private tryNext(index: number, then: Then, now: number): void {
    const { driver, at: engine } = this.#options;
    if (index === rates.length) {
      this.turn(this.#good);
      return driver.later(settling, now, (at) => then(false, at));
    }
    if (rates[index] === this.#good) return this.tryNext(index + 1, then, now);
    this.turn(rates[index]);
    driver.later(settling, now, (at) =>
      probe(
        engine,
        probesEach,
        (answered, t) => {
          if (!answered) return this.tryNext(index + 1, then, t);
          this.#good = this.#rate;
          driver.log({ kind: "modem rate found", rate: this.#rate });
          then(true, t);
        },
        at,
      ),
    );
  }

  /**
   * Sets the modem to the rate that is wanted, if it has another.
   *
   * @param steps of the family for that; undefined where it has no command for it
   */
  adopt(steps: ((rate: number) => Step[]) | undefined, then: (now: number) => void, now: number): void {
    const { driver, at: engine, wanted } = this.#options;
    const found = this.#rate;
    if (found === wanted || steps === undefined) return then(now);
    let taken = false;
    const [set, ...rest] = steps(wanted);
    const change = (at: number): void => {
      this.turn(wanted);
      driver.later(settling, at, (t) =>
        probe(
          engine,
          2 * probesEach,
          (answered, t2) => {
            if (!answered) return this.goBack(found, then, t2);
            this.#good = wanted;
            driver.log({ kind: "modem rate set", rate: wanted });
            driver.run(rest, then, t2);
          },
          t,
        ),
      );
    };
    driver.run([{ ...set, onOk: () => (taken = true) }], (at) => (taken ? change(at) : then(at)), now);
  }

  /** The modem has said OK and kept its rate. */
  private goBack(rate: number, then: (now: number) => void, now: number): void {
    const { driver, at: engine } = this.#options;
    this.turn(rate);
    driver.later(settling, now, (at) => probe(engine, probesEach, (_, t) => then(t), at));
  }

  private turn(rate: number): void {
    this.#rate = rate;
    this.#options.setBaud?.(rate);
  }
}
