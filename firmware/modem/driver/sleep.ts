/**
 * The modem's sleep: what the network has granted, whether the modem can hear, how it is woken, and what
 * of it outlives the ESP32's own deep sleep.
 *
 * Most modems say when they fall asleep, but lines get lost: a modem that has been quiet for longer than
 * T3324 is taken for asleep, and probed when it is wanted again. So is a modem whose UART sleeps lightly.
 */
import { ascii } from "../../text/ascii";
import { decodeT3324, decodeT3412 } from "../at/timers";
import { probe, probeTimeout } from "../at/script";
import type { AtEngine } from "../at/engine";
import type { DriverState } from "./driver-state";
import type { Family } from "../family/family";
import type { Registration } from "../at/fields";
import type { Granted, ModemOptions } from "./modem-options";
import type { ControlLines } from "./control-lines";
import type { Sockets } from "./sockets";

/** The parts of the driver that sleep works with. */
export interface SleepParts {
  readonly driver: DriverState;
  readonly family: Family;
  readonly at: AtEngine;
  readonly lines: ControlLines;
  readonly sockets: Sockets;
  readonly options: ModemOptions;
  /** Is told when the modem answers, after `wake`. */
  readonly recovery: { woken(now: number): void };
}

/** The longest inactivity timer after which a network releases the connection, and a margin, ms. */
const inactivity = 90_000;
/** Time for a command that lets the modem sleep, ms. */
const permitTimeout = 5_000;
/** Marks an array as what `Sleep.remembered` gives, in this shape. */
const version = 2;

/** Whether an array is what `Sleep.remembered` gave, of the ESP32's time before its deep sleep. */
export function isMemory(resume: readonly number[] | undefined): resume is readonly number[] {
  return resume !== undefined && resume.length === 9 && resume[0] === version;
}

/**
 * The modem's sleep: what the network has granted, when the modem must have fallen asleep, how it is woken,
 * and what of it outlives the ESP32's own deep sleep.
 */
export class Sleep {
  readonly #parts: SleepParts;
  #granted: Granted = {};
  #quietUntil = Infinity;
  /** The modem heard the first word when it was last woken, though it was taken for asleep. */
  #wasAwake = false;
  /** The modem had lost its settings when it was last woken. */
  #forgot = false;

  constructor(parts: SleepParts) {
    this.#parts = parts;
    const { driver, sockets } = parts;
    const { resume } = parts.options;
    if (!isMemory(resume)) return;
    // The modem may have woken since, or fallen asleep.
    driver.uart = "unknown";
    const t3324 = resume[1];
    const t3412 = resume[2];
    const edrx = resume[3];
    const high = resume[5];
    const low = resume[6];
    this.#forgot = (resume[8] & 1) === 1;
    const learnt = (resume[8] >> 1) & 7;
    if (learnt > 0) driver.reporting = learnt - 1;
    driver.clockSeen = (resume[8] >> 4) & 7;
    this.#granted = {
      ...(t3324 >= 0 ? { t3324 } : {}),
      ...(t3412 >= 0 ? { t3412 } : {}),
      ...(edrx >= 0 ? { edrx: edrx / 100 } : {}),
    };
    const address = `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
    sockets.restore({ id: resume[4], address, port: resume[7] });
  }

  /** What the network has granted. */
  get granted(): Granted {
    return this.#granted;
  }

  /** Until then a modem that is up hears, though nothing is sent; from then on it may be asleep, ms. */
  get quietUntil(): number {
    return this.#quietUntil;
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

  /** Makes the modem answer: probes it, and wakes it first where it cannot hear. */
  wake(now: number): void {
    const { driver, family, at, lines, recovery } = this.#parts;
    const { sleep } = family;
    const attempts = sleep.boots ? Math.ceil(family.power.boot / probeTimeout) : 10;
    const ask = (t: number): void =>
      probe(
        at,
        attempts,
        (answered, end) => (answered ? recovery.woken(end) : driver.faults.silence(end)),
        t,
      );
    const press = (t: number): void => lines.wake(ask, t);
    if (driver.uart === "alive") ask(now);
    else if (driver.uart === "dead") press(now);
    else {
      const more = (t: number): void =>
        probe(at, 3 - this.telling, (answered, end) => (answered ? recovery.woken(end) : press(end)), t);
      const end = (answered: boolean, t: number): void => {
        this.#wasAwake = answered;
        if (answered) recovery.woken(t);
        else if (this.telling < 3) more(t);
        else press(t);
      };
      probe(at, this.telling, end, now);
    }
  }

  /** How many words it takes to tell whether the modem is awake: the first wakes one that it can wake. */
  private get telling(): number {
    return this.#parts.family.sleep.wakes === "uart" ? 1 : 3;
  }

  /** Looks whether a modem that is taken for asleep is; it is not woken for that, where a word does not do so. */
  look(now: number): void {
    probe(this.#parts.at, this.telling, (answered) => (this.#wasAwake = answered), now);
  }

  /** ms after the last datagram at which the modem must have fallen asleep; Infinity where it does not. */
  get fallsAsleepAfter(): number {
    const { t3324 = Infinity } = this.#granted;
    return 1_000 * t3324 + inactivity;
  }

  /** See `Modem.keptOn`. */
  keptOn(since: number, now: number): number {
    const time = this.#wasAwake ? now - since - this.fallsAsleepAfter : 0;
    this.#wasAwake = false;
    return Math.max(0, time);
  }

  /**
   * After a wake: whether the modem has restarted though no banner was heard, as the board was in deep sleep
   * or the line got lost. A modem that forgets its settings at each wake is brought up for that once, not
   * each time.
   *
   * @param forgot the modem has lost its settings
   */
  rebooted(forgot: boolean): boolean {
    // One that has booted by itself is awake for that.
    if (forgot) this.#wasAwake = false;
    const usual = this.#forgot || this.#parts.family.sleep.boots;
    this.#forgot = forgot;
    return forgot && !usual;
  }

  /** See `Modem.remembered`. */
  remembered(): readonly number[] {
    const { t3324, t3412, edrx } = this.#granted;
    const { driver, sockets } = this.#parts;
    const { id, address, port } = sockets.remembered;
    // The level of `+CEREG:` plus one, as 0 is a level too.
    const learnt = driver.reporting === undefined ? 0 : driver.reporting + 1;
    const parts = address.split(".");
    const half = (at: number): number => ((Number(parts[at]) << 8) | Number(parts[at + 1])) & 0xffff;
    const timer = (value: number | undefined): number =>
      value === undefined || value === Infinity ? -1 : value;
    return [
      version,
      timer(t3324),
      timer(t3412),
      edrx === undefined ? -1 : Math.round(edrx * 100),
      id,
      half(0),
      half(2),
      port,
      (this.#parts.driver.clockSeen << 4) | (learnt << 1) | (this.#forgot ? 1 : 0),
    ];
  }
}

/** A timer for the log, seconds: Infinity is one that the network has switched off. */
function spoken(seconds: number): string {
  return seconds === Infinity ? "off" : `${seconds}s`;
}
