/**
 * When the modem's radio is connected, when it idles, and when it sleeps (3GPP TS 23.682, 24.301).
 *
 *     connected --release--> idle --T3324 over, UART silent------> PSM
 *         ^                   |                                     |
 *         +---- a datagram ---+                                     |
 *         +---- T3412 over: periodic update ------------------------+
 *                             ^------- power key -------------------+
 *
 * Release comes after 20 s without a datagram, or half a second after the last one announced by
 * release assistance (RAI). T3324 and T3412 both start at the release. After a wake by the key
 * there is no T3324: 5 s of silence on the UART and it sleeps again.
 */
import type { ScheduledEvent, Scheduler } from "../time/clock";
import type { Random } from "../time/random";
import type { PsmTimers } from "../radio/link";
import { decodeT3324, decodeT3412 } from "./psm-timers";

/** ms without a datagram after which the network releases the connection. */
const inactivityRelease = 20_000;
/** ms from the last announced datagram to the release. */
const assistedRelease = 500;
/** ms of UART silence before the modem sleeps again when nothing was sent since it woke. */
const uartSilence = 5_000;
/** The same after a release is T3324, but within these bounds: an AT command extends the stay. */
const leastSilence = 1_000;

/** Release assistance: 0 none, 1 nothing follows this packet, 2 one reply follows it. */
export type ReleaseAssistance = 0 | 1 | 2;

export interface PowerSavingOptions {
  scheduler: Scheduler;
  random: Random;
  /** The radio connection changed. */
  onRrc(state: "connected" | "idle" | "off"): void;
  /** The modem falls asleep now. */
  onEnterPsm(): void;
  /** T3412 ran out in PSM: wake up, then call `update`. */
  onWakeByTimer(): void;
  /** A tracking area update is on its way. */
  onUpdate(): void;
  /** False while a command is in progress, or the cell is being lost: then sleep waits. */
  maySleep(): boolean;
  /** False: the network does not care for release assistance (default true). */
  assistance?: boolean;
  /** ms that each byte on the UART keeps it awake; left out, see `uartSilence`. */
  lock?: number;
}

export class PowerSaving {
  readonly #options: PowerSavingOptions;
  #mode: "off" | "connected" | "idle" | "psm" = "off";
  /** ms, or `undefined`: no PSM granted. */
  #timers: { t3324: number; t3412: number } | undefined;
  #awaitsReply = false;
  /** Virtual ms at which T3324 runs out. */
  #reachableUntil = 0;
  #lastUart = 0;
  #lastSpoken = 0;
  #silence = uartSilence;
  #release: ScheduledEvent | undefined;
  #sleep: ScheduledEvent | undefined;
  #periodicUpdate: ScheduledEvent | undefined;

  constructor(options: PowerSavingOptions) {
    this.#options = options;
  }

  get mode(): "off" | "connected" | "idle" | "psm" {
    return this.#mode;
  }

  /**
   * True while the network can reach the modem. Between a wake by the key and the next datagram it
   * takes the modem for asleep still.
   */
  get reachable(): boolean {
    if (this.#mode === "connected") return true;
    if (this.#mode !== "idle") return false;
    return this.#timers === undefined || this.#options.scheduler.now < this.#reachableUntil;
  }

  /** The network has registered the modem: connected, with these timers from now on. */
  attached(granted: PsmTimers | undefined): void {
    this.setTimers(granted);
    this.#connect(inactivityRelease);
  }

  /** Takes timers over from an attach or an update. Bad, zero or deactivated ones mean no PSM. */
  setTimers(granted: PsmTimers | undefined): void {
    const t3324 = granted && decodeT3324(granted.t3324);
    const t3412 = granted && decodeT3412(granted.t3412);
    const usable = typeof t3324 === "number" && typeof t3412 === "number" && t3412 > 0;
    this.#timers = usable ? { t3324, t3412 } : undefined;
  }

  /** Its UART has been silent for longer than a command keeps it awake, and there is no connection. */
  get drowsy(): boolean {
    const { lock, scheduler } = this.#options;
    if (lock === undefined || this.#mode === "connected" || this.#mode === "psm") return false;
    return scheduler.now >= Math.max(this.#lastUart, this.#lastSpoken) + lock;
  }

  /** It says something over the UART; the answer to a command that took long gives the host time to go on. */
  spoken(): void {
    const { scheduler, maySleep } = this.#options;
    this.#lastSpoken = scheduler.now;
    if (scheduler.now - this.#lastUart > this.#silence / 2 && !maySleep()) this.uartActivity();
  }

  /** Radio off: all timers stop. */
  stop(): void {
    this.#cancelAll();
    const was = this.#mode;
    this.#mode = "off";
    this.#timers = undefined;
    this.#awaitsReply = false;
    if (was !== "off") this.#options.onRrc("off");
  }

  /** A datagram goes out. */
  sent(asked: ReleaseAssistance): void {
    const assistance = this.#options.assistance === false ? 0 : asked;
    this.#awaitsReply = assistance === 2;
    this.#connect(assistance === 1 ? assistedRelease : inactivityRelease);
  }

  /** A datagram has come in. */
  received(): void {
    const announced = this.#awaitsReply;
    this.#awaitsReply = false;
    this.#connect(announced ? assistedRelease : inactivityRelease);
  }

  /** A tracking area update: a short connection without a datagram. */
  update(): void {
    this.#connect(this.#options.random.between(1_000, 3_000));
    this.#options.onUpdate();
  }

  /** Bytes came over the UART: stay awake for them. */
  uartActivity(): void {
    this.#lastUart = this.#options.scheduler.now;
  }

  /** The host has nothing more to say: it may sleep as soon as T3324 is over. */
  releaseLock(): void {
    this.#lastUart = -Infinity;
    this.#lastSpoken = -Infinity;
    if (this.#mode !== "idle" || this.#timers === undefined) return;
    this.#options.scheduler.cancel(this.#sleep);
    this.#watchSleep();
  }

  /** The modem is up again after PSM. */
  woken(): void {
    if (this.#mode !== "psm") return;
    this.#mode = "idle";
    this.#reachableUntil = this.#options.scheduler.now;
    this.#silence = this.#options.lock ?? uartSilence;
    this.uartActivity();
    this.#watchSleep();
  }

  #connect(releaseAfter: number): void {
    const was = this.#mode;
    this.#cancelAll();
    this.#mode = "connected";
    if (was !== "connected") this.#options.onRrc("connected");
    this.#release = this.#options.scheduler.after(releaseAfter, () => this.#toIdle());
  }

  #toIdle(): void {
    this.#mode = "idle";
    this.#awaitsReply = false;
    this.#options.onRrc("idle");
    if (this.#timers === undefined) return;
    const { scheduler } = this.#options;
    this.#reachableUntil = scheduler.now + this.#timers.t3324;
    this.#silence = this.#options.lock ?? Math.max(leastSilence, Math.min(uartSilence, this.#timers.t3324));
    this.#periodicUpdate = scheduler.after(this.#timers.t3412, () => this.#timerUpdate());
    this.#watchSleep();
  }

  #timerUpdate(): void {
    if (this.#mode === "psm") this.#options.onWakeByTimer();
    else this.update();
  }

  #watchSleep(): void {
    const { scheduler } = this.#options;
    const due = Math.max(scheduler.now, this.#reachableUntil, this.#lastUart + this.#silence);
    this.#sleep = scheduler.at(due, () => {
      // The UART's activity moves only `#lastUart`: one event looks again, not one for each byte.
      if (scheduler.now < this.#lastUart + this.#silence) return this.#watchSleep();
      if (!this.#options.maySleep()) {
        this.uartActivity();
        return this.#watchSleep();
      }
      this.#mode = "psm";
      this.#options.onEnterPsm();
    });
  }

  #cancelAll(): void {
    const { scheduler } = this.#options;
    scheduler.cancel(this.#release);
    scheduler.cancel(this.#sleep);
    scheduler.cancel(this.#periodicUpdate);
  }
}
