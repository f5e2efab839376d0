/**
 * The modem behind a log, as far as the energy meter tells its states apart: when it was connected, which no line says,
 * follows from what was sent and how long a connection lasts behind its last datagram; when it slept unheard, from T3324.
 *
 *     connected --- tail, or inactivity timer ---> idle --- T3324 ---> psm
 */
import { inactivity, tailsKept } from "./assumption";
import type { ModemEvent } from "../../sim/modem/modem-event";

/** States of the modem, as far as the meter tells them apart. */
export type ModemMode = "unknown" | "off" | "boot" | "on" | "idle" | "connected" | "psm";

/** One modem, from the log's first line to its end. Times are ms. */
export class AssumedModem {
  readonly #assumedTail: number;
  readonly #tell: (event: ModemEvent) => void;
  #mode: ModemMode = "unknown";
  #modeSince = 0;
  #asleep = 0;
  /** The last datagram's time. */
  last = 0;
  /** T3324; undefined until the network has granted it, Infinity where it refused. */
  active: number | undefined;
  /** The last request was sent again: what comes twice comes once more when the connection should be over. */
  lateAnswer = false;
  /** Nothing more is to be sent: the device has said so. */
  contactOver = false;
  /** Tails that `modem: asleep` has told last, and their median. */
  readonly #tails: number[] = [];
  #usualTail: number | undefined;

  /** @param tail how long a connection lasts behind its last datagram, until the log tells it @param tell hears each event */
  constructor(tail: number, tell: (event: ModemEvent) => void) {
    this.#assumedTail = tail;
    this.#tell = tell;
  }

  get mode(): ModemMode {
    return this.#mode;
  }

  /** When this mode began. */
  get modeSince(): number {
    return this.#modeSince;
  }

  /** Something happened to it, and this is how it is from then on. */
  set(event: ModemEvent, mode: ModemMode): void {
    this.#tell(event);
    this.#mode = mode;
    this.#modeSince = event.time;
  }

  connect(time: number): void {
    if (this.#mode !== "connected") this.set({ type: "rrc", time, state: "connected" }, "connected");
  }

  /** Registered, and without a connection. */
  release(time: number): void {
    this.set({ type: "rrc", time, state: "idle" }, "idle");
  }

  /** Ends a connection that must have ended by `time`. @param unheard the board slept, and would not have heard of PSM */
  settle(time: number, unheard: boolean): void {
    const soon = this.contactOver && !this.lateAnswer;
    const lasts = this.last + (soon ? this.#tail : Math.max(this.#tail, inactivity));
    if (this.#mode === "connected" && lasts < time) this.release(lasts);
    if (!unheard || this.#mode !== "idle" || this.active === undefined || this.active === Infinity) return;
    const asleep = this.#modeSince + this.active;
    if (asleep < time) this.set({ type: "psm", time: asleep, state: "enter" }, "psm");
  }

  /** The log says that it sleeps: its connection was over T3324 before that, from which the tail is learnt. */
  fellAsleep(time: number): void {
    if (this.#mode === "connected") {
      const active = this.active === undefined || this.active === Infinity ? 0 : this.active;
      const release = Math.max(this.last, time - active);
      const took = release - this.last;
      if (this.contactOver && !this.lateAnswer && took < 3 * Math.max(this.#tail, inactivity))
        this.#learnTail(took);
      this.release(release);
    }
    if (this.#mode !== "psm") this.set({ type: "psm", time, state: "enter" }, "psm");
  }

  /** The log says that it is woken: what is woken before anything was heard of it has slept. */
  woken(time: number): void {
    if (this.#mode === "unknown") this.set({ type: "psm", time: 0, state: "enter" }, "psm");
    this.#asleep = this.asleepUntil(time);
  }

  /** How long it was in PSM in all by then, where nothing is heard of it any more. */
  asleepUntil(time: number): number {
    return this.#mode === "psm" ? this.#asleep + time - this.#modeSince : this.#asleep;
  }

  /** How long a connection lasts behind its last datagram: as was told before, or as is assumed. */
  get #tail(): number {
    return this.#usualTail ?? this.#assumedTail;
  }

  #learnTail(ms: number): void {
    this.#tails.push(ms);
    if (this.#tails.length > tailsKept) this.#tails.shift();
    const sorted = [...this.#tails].sort((x, y) => x - y);
    this.#usualTail = sorted[sorted.length >> 1];
  }
}
