/**
 * Asks a modem that nobody speaks to whether it has restarted, on a board that is awake: one that has would search in a
 * pause that is to spare the battery, or stay awake where it was to sleep. Most say that they start, but SARA-R4 and
 * SARA-R5 do not, and a line may get lost.
 *
 *     left alone    asked for its function, and its radio switched off again; those whose UART sleeps as deeply, BC66,
 *                   BC660K, BC95 and SARA-N2, start with their radio as it was, and are let be
 *     asleep        asked only where a start takes the leave to sleep away (`SleepTraits.stays`)
 *
 * A board in deep sleep has looks of its own (device/contacts.ts), so that nothing here wakes it.
 */
import type { DriverState } from "./driver-state";
import type { Family } from "../family/family";

/** From one question to the next while the modem is left alone: where nothing tells of a start, and where a line does, ms. */
const whereSilent = 60_000;
const whereTold = 600_000;
/** The same while it sleeps: three words that nobody hears, and a second awake for the board, ms. */
const whereAsleep = 3_600_000;

/** The parts of the driver that this one works with. */
export interface UnheardRestartParts {
  readonly driver: DriverState;
  readonly family: Family;
  readonly recovery: { keepRadioOff(now: number): void };
  readonly sleep: { look(now: number): void };
}

/** Asks a modem that nobody speaks to whether it has restarted. */
export class UnheardRestart {
  readonly #parts: UnheardRestartParts;
  /** When it is asked next, ms; Infinity while it is spoken to. */
  #askAt = Infinity;

  constructor(parts: UnheardRestartParts) {
    this.#parts = parts;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    return this.#askAt;
  }

  /** To be called at each turn, behind all else: the state may have changed. */
  poll(now: number): void {
    const { driver, recovery, sleep } = this.#parts;
    const { interval } = this;
    if (interval === Infinity) this.#askAt = Infinity;
    else this.#askAt = Math.min(this.#askAt, now + interval);
    if (now < this.#askAt) return;
    this.#askAt = now + interval;
    if (driver.state === "asleep") sleep.look(now);
    else recovery.keepRadioOff(now);
  }

  /** ms from one question to the next in the state in which the driver is. */
  private get interval(): number {
    const { driver, family } = this.#parts;
    if (driver.state === "asleep") return family.sleep.stays === true ? whereAsleep : Infinity;
    // Before it was ever brought up it may be another's modem.
    const isLeftAlone = driver.leavesAlone && (driver.state === "pausing" || driver.begun);
    if (!isLeftAlone || family.sleep.wakes !== "key") return Infinity;
    return family.banners.length === 0 ? whereSilent : whereTold;
  }
}
