/**
 * The modem's sleep: what the network has granted, whether the modem must be asleep by now, and what of it outlives
 * the ESP32's own deep sleep.
 *
 * Most modems say when they fall asleep, but lines get lost: a modem that has been quiet for longer than
 * T3324 is taken for asleep. So is a modem whose UART sleeps lightly. How one is woken is `Wake`'s.
 */
import { ascii } from "../../text/ascii";
import { decodeT3324, decodeT3412 } from "../at/timers";
import { probe } from "../at/script";
import { askRegistration } from "../at/standard-commands";
import { decodeMemory, encodeMemory, isMemory } from "./modem-memory";
import type { AtEngine, AtResult } from "../at/engine";
import type { DriverState } from "./driver-state";
import type { Family } from "../family/family";
import type { Registration } from "../at/fields";
import type { Granted, ModemOptions } from "./modem-options";
import type { NetworkClock } from "./network-clock";
import type { Sockets } from "./sockets";
import type { Wake } from "./wake";

/** The parts of the driver that sleep works with. */
export interface SleepParts {
  readonly driver: DriverState;
  readonly family: Family;
  readonly at: AtEngine;
  readonly sockets: Sockets;
  readonly clock: NetworkClock;
  readonly wake: Wake;
  readonly options: ModemOptions;
}

/** The longest inactivity timer after which a network releases the connection, and a margin, ms. */
const inactivity = 90_000;
/** The share by which the clock of the ESP32's deep sleep may be wrong. */
const clockTolerance = 0.06;
/** Time for a command that lets the modem sleep, ms. */
const permitTimeout = 5_000;

/**
 * The modem's sleep: what the network has granted, when the modem must have fallen asleep, and what of it outlives
 * the ESP32's own deep sleep.
 */
export class Sleep {
  readonly #parts: SleepParts;
  #granted: Granted = {};
  #quietUntil = Infinity;
  /** When something was last sent or came, ms. */
  #traffic: number | undefined;
  /** The modem has said since that it is awake. */
  #spoke = false;
  /** It was awake when it was last woken: somebody keeps it so, and may do so still. */
  #keptAwake = false;
  /** When it was last woken it must have been asleep, or had said so. */
  #mustHaveSlept = false;
  /** The modem had lost its settings when it was last woken. */
  #forgot = false;

  constructor(parts: SleepParts) {
    this.#parts = parts;
    const { driver, sockets, clock } = parts;
    const { resume } = parts.options;
    if (!isMemory(resume)) return;
    // The modem may have woken since, or fallen asleep.
    driver.uart = "unknown";
    const memory = decodeMemory(resume);
    const { t3324, t3412, edrx } = memory;
    this.#granted = {
      ...(t3324 === undefined ? {} : { t3324 }),
      ...(t3412 === undefined ? {} : { t3412 }),
      ...(edrx === undefined ? {} : { edrx }),
    };
    this.#forgot = memory.forgot;
    this.#traffic = memory.traffic;
    this.#keptAwake = memory.keptAwake;
    driver.reporting = memory.reporting;
    driver.gaps = memory.gaps;
    clock.seen = memory.clockSeen;
    clock.toldAt = memory.toldAt;
    sockets.restore(memory.socket);
  }

  /** What the network has granted. */
  get granted(): Granted {
    return this.#granted;
  }

  /** Until then a modem that is up hears, though nothing is sent; from then on it may be asleep, ms. */
  get quietUntil(): number {
    return this.#quietUntil;
  }

  /**
   * Whether the modem is asked if it has its settings still: it had them when it was last woken, or was awake though it
   * should have slept. Then the answer tells whether somebody keeps it awake, or whether it has restarted by itself.
   */
  get mayKeepSettings(): boolean {
    return !this.#forgot || this.#parts.wake.wasAwake;
  }

  /** Takes over the timers of a registration; a text of them for the log. */
  grant({ t3324, t3412 }: Registration): string {
    const { edrx } = this.#granted;
    const active = t3324 === undefined ? undefined : decodeT3324(t3324);
    const periodic = t3412 === undefined ? undefined : decodeT3412(t3412);
    this.#granted = { edrx, ...(active === undefined ? {} : { t3324: active, t3412: periodic }) };
    if (active === undefined) return "";
    return ` t3324=${spoken(active)}${periodic === undefined ? "" : ` t3412=${spoken(periodic)}`}`;
  }

  /** @param edrx the cycle, seconds; 0 for none */
  grantEdrx(edrx: number): void {
    this.#granted = { ...this.#granted, edrx };
  }

  /** Something was sent, or came: T3324 begins anew once the connection is released. */
  traffic(now: number): void {
    const { light } = this.#parts.family.sleep;
    this.#traffic = now;
    this.#spoke = false;
    this.#quietUntil = now + Math.min(this.fallsAsleepAfter, light ?? Infinity);
  }

  /** No datagram waits any more: lets the modem sleep, where the family has it wait for that. */
  permit(now: number): void {
    const { family, at } = this.#parts;
    const idle = family.idle ?? [];
    for (let i = 0; i < idle.length; i++) {
      at.send({ line: ascii(idle[i]), timeout: permitTimeout, probe: true, onDone() {} }, now);
    }
  }

  /** Makes the modem answer: wakes it where it cannot hear. */
  begin(now: number): void {
    const mustSleep = this.mustSleep(now);
    this.#mustHaveSlept = mustSleep || this.#parts.driver.uart === "dead";
    this.#keptAwake = false;
    this.#parts.wake.begin(mustSleep, now);
  }

  /** Whether the modem that was woken had been asleep for certain, and not only its UART. */
  get slept(): boolean {
    return this.#mustHaveSlept && !this.#parts.wake.wasAwake;
  }

  /** A line came that tells that the modem is awake. */
  sign(now: number): void {
    this.#spoke = true;
    this.#parts.wake.sign(now);
  }

  /** Whether it has fallen asleep by the clock, and nothing speaks against it. */
  private mustSleep(now: number): boolean {
    if (this.#traffic === undefined || this.#spoke || this.#keptAwake) return false;
    const { t3412 = Infinity } = this.#granted;
    const quiet = now - this.#traffic;
    // Its periodic update wakes the modem for as long as a datagram does.
    const updates = quiet * (1 + clockTolerance) >= 1_000 * t3412;
    return !updates && quiet * (1 - clockTolerance) >= this.fallsAsleepAfter;
  }

  /**
   * Looks whether a modem that is taken for asleep is; it is not woken for that, where a word does not do so. One that
   * answers is awake for somebody's sake, or because it has restarted by itself: then it has lost its settings, those
   * for its sleep among them, and is brought up.
   */
  look(now: number): void {
    const { driver, family, at, wake } = this.#parts;
    const expected = driver.reporting ?? family.cereg;
    let answer: Registration | undefined;
    const ask = {
      ...askRegistration((registration) => (answer = registration)),
      timeout: permitTimeout,
      onDone: (_: AtResult, t: number): void => {
        // By then somebody may have woken it, which finds out the same.
        if (driver.state !== "asleep") return;
        const lost = answer !== undefined && tellsSettings(answer, expected) && answer.level !== expected;
        wake.wasAwake = !lost;
        if (lost) driver.faults.rebooted(t);
      },
    };
    const answered = (heard: boolean, t: number): void => {
      if (!heard) wake.wasAwake = false;
      else if (driver.state === "asleep") at.send(ask, t);
    };
    probe(at, wake.telling, answered, now);
  }

  /** ms after the last datagram at which the modem must have fallen asleep; Infinity where it does not. */
  get fallsAsleepAfter(): number {
    const { t3324 = Infinity } = this.#granted;
    return 1_000 * t3324 + inactivity;
  }

  /** See `Modem.keptOn`. */
  keptOn(since: number, now: number): number {
    const { driver, wake } = this.#parts;
    // Whether it has lost its network, for which it is awake, is being asked.
    if (driver.state === "waking") return 0;
    const time = wake.wasAwake ? now - since - this.fallsAsleepAfter : 0;
    this.#keptAwake = time > 0;
    wake.wasAwake = false;
    return Math.max(0, time);
  }

  /** The modem has no network any more: it is awake because it searches, and nobody else keeps it so. */
  searches(): void {
    this.#parts.wake.wasAwake = false;
  }

  /**
   * After a wake: whether the modem has restarted though no banner was heard, as the board was in deep sleep
   * or the line got lost. A modem that forgets its settings at each wake is brought up for that once, not
   * each time.
   *
   * @param forgot the modem has lost its settings
   * @param told its answer tells that; else it is only taken to have lost them
   */
  rebooted(forgot: boolean, told: boolean): boolean {
    // One that has booted by itself is awake for that.
    if (forgot && told) this.#parts.wake.wasAwake = false;
    const usual = this.#forgot || this.#parts.family.sleep.boots;
    this.#forgot = forgot;
    return forgot && !usual;
  }

  /** See `Modem.remembered`. */
  remembered(): readonly number[] {
    const { driver, sockets, clock, wake } = this.#parts;
    const { reporting, gaps } = driver;
    return encodeMemory({
      ...this.#granted,
      socket: sockets.remembered,
      forgot: this.#forgot,
      reporting,
      clockSeen: clock.seen,
      keptAwake: this.#keptAwake || wake.wasAwake,
      traffic: this.#traffic,
      gaps,
      toldAt: clock.toldAt,
    });
  }
}

/**
 * Whether the answer tells if the modem has its settings still: the older questions do not, and level 0 is that of a
 * start too.
 *
 * @param expected the level that `+CEREG:` was set to
 */
export function tellsSettings({ level }: Registration, expected: number): boolean {
  return level !== undefined && expected !== 0;
}

/** A timer for the log, seconds: Infinity is one that the network has switched off. */
function spoken(seconds: number): string {
  return seconds === Infinity ? "off" : `${seconds}s`;
}
