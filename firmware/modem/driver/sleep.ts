/**
 * The modem's sleep: what the network has granted, whether the modem can hear, how it is woken, and what
 * of it outlives the ESP32's own deep sleep.
 *
 * A modem says when it falls asleep, but not every family does, and lines get lost: when it has been
 * quiet for longer than T3324 it is taken for asleep, and asked first when it is wanted again. So is one
 * whose UART sleeps lightly.
 */
import { ascii } from "../../text/ascii";
import { decodeT3324, decodeT3412 } from "../at/timers";
import { probe } from "../at/script";
import type { AtEngine } from "../at/engine";
import type { Family } from "../family/family";
import type { Registration } from "../at/fields";
import type { Granted } from "./modem-options";
import type { ControlLines } from "./control-lines";
import type { Sockets } from "./sockets";

/** Whether the modem hears what is sent to it; asleep most do not. */
export type UartState = "alive" | "dead" | "unknown";

export interface SleepOptions {
  readonly family: Family;
  readonly at: AtEngine;
  readonly lines: ControlLines;
  readonly sockets: Sockets;
  /** It answers. */
  readonly onAwake: (now: number) => void;
  /** It does not, whatever was tried. */
  readonly onSilence: (now: number) => void;
  /** What `remembered` gave before the ESP32's deep sleep. */
  readonly resume?: readonly number[];
}

/** What the connection may last after the last datagram, and a margin, ms. */
const settles = 90_000;
/** ms that one probe takes. */
const probeTime = 300;
/** Time for what lets the modem go to sleep, ms. */
const releaseTimeout = 5_000;
/** Marks an array as one of these. */
const version = 2;

/** See the head of this file. */
export class Sleep {
  readonly #options: SleepOptions;
  #granted: Granted = {};
  #dozeAt = Infinity;
  /** An array of the ESP32's time before its deep sleep could be read. */
  readonly remembers: boolean;
  uart: UartState = "alive";
  /** It had lost its settings when it was last woken. */
  #forgot = false;

  constructor(options: SleepOptions) {
    this.#options = options;
    const { resume, sockets } = options;
    this.remembers = resume !== undefined && resume.length === 9 && resume[0] === version;
    if (!this.remembers) return;
    // Whether it slept or was about to: it may have woken since, or fallen asleep.
    this.uart = "unknown";
    const [, t3324, t3412, edrx, socket, high, low, port, forgot] = resume!;
    this.#forgot = forgot === 1;
    this.#granted = {
      ...(t3324 >= 0 ? { t3324 } : {}),
      ...(t3412 >= 0 ? { t3412 } : {}),
      ...(edrx >= 0 ? { edrx: edrx / 100 } : {}),
    };
    sockets.restore(socket, `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`, port);
  }

  /** What the network has granted. */
  get granted(): Granted {
    return this.#granted;
  }

  /** When a modem that is up must have fallen asleep, or may not hear what is said to it, ms. */
  get dozeAt(): number {
    return this.#dozeAt;
  }

  /** Takes over the timers of a registration; a text of them for the log. */
  grant({ t3324, t3412 }: Registration): string {
    const { edrx } = this.#granted;
    const active = t3324 === undefined ? undefined : decodeT3324(t3324);
    const periodic = t3412 === undefined ? undefined : decodeT3412(t3412);
    const known = active !== undefined && periodic !== undefined;
    this.#granted = {
      edrx,
      ...(known ? { t3324: active, t3412: periodic } : {}),
    };
    return known ? ` t3324=${active}s t3412=${periodic}s` : "";
  }

  /** @param edrx the cycle, seconds; 0 for none */
  grantEdrx(edrx: number): void {
    this.#granted = { ...this.#granted, edrx };
  }

  /** Something was sent, or came: T3324 begins anew. */
  active(now: number): void {
    const { t3324 } = this.#granted;
    const { light } = this.#options.family.sleep;
    const deep = t3324 === undefined ? Infinity : 1_000 * t3324 + settles;
    this.#dozeAt = now + Math.min(deep, light ?? Infinity);
  }

  /** Nothing waits: lets go of what keeps the modem awake. */
  release(now: number): void {
    const { family, at } = this.#options;
    const idle = family.idle ?? [];
    for (let i = 0; i < idle.length; i++) {
      at.send({ line: ascii(idle[i]), timeout: releaseTimeout, probe: true, onDone() {} }, now);
    }
  }

  /** Has the modem answer: asks it, and wakes it first where it cannot hear. */
  wake(now: number): void {
    const { family, at, lines, onAwake, onSilence } = this.#options;
    const { sleep } = family;
    const enough = sleep.boots ? Math.ceil(family.power.boot / probeTime) : 10;
    const ask = (t: number): void =>
      probe(at, enough, (answered, end) => (answered ? onAwake(end) : onSilence(end)), t);
    const press = (t: number): void => lines.wake(ask, t);
    if (this.uart === "alive") ask(now);
    else if (this.uart === "dead") press(now);
    else probe(at, 3, (answered, t) => (answered ? onAwake(t) : press(t)), now);
  }

  /**
   * After a wake: whether the modem has started anew, as nobody may have heard its banner: the board was in
   * deep sleep, or the line got lost. One that forgets its settings at each wake is left alone after once.
   *
   * @param forgot it has lost its settings
   */
  rebooted(forgot: boolean): boolean {
    const usual = this.#forgot || this.#options.family.sleep.boots;
    this.#forgot = forgot;
    return forgot && !usual;
  }

  /** See `Modem.remembered`. */
  remembered(): readonly number[] {
    const { t3324, t3412, edrx } = this.#granted;
    const { id, address, port } = this.#options.sockets.first;
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
      this.#forgot ? 1 : 0,
    ];
  }
}
