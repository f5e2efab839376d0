/**
 * From registered to ready for datagrams, and back there after sleep or a loss of service: context,
 * signal, time, sockets that have lived on.
 */
import { isRegistered } from "../at/fields";
import { askEdrx, askRegistration, reportRegistration } from "../at/standard-commands";
import { encodeT3324, encodeT3412 } from "../at/timers";
import type { AtEngine } from "../at/engine";
import type { Clock } from "../at/clock";
import type { BringUp } from "./bring-up";
import type { DriverState } from "./driver-state";
import type { Wanted } from "../at/standard-commands";
import type { Registration } from "../at/fields";
import type { ModemOptions } from "./modem-options";
import type { NetworkClock } from "./network-clock";
import type { RetryPolicy } from "./retry-policy";
import type { Step } from "../at/script";
import type { Sleep } from "./sleep";
import type { Sockets } from "./sockets";

/** The parts of the driver that attach works with. */
export interface AttachParts {
  readonly options: ModemOptions;
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly wanted: Wanted;
  readonly retryPolicy: RetryPolicy;
  readonly sockets: Sockets;
  readonly sleep: Sleep;
  readonly bringUp: BringUp;
  readonly clock: NetworkClock;
}

/** For so long a modem that was up and lost the network searches by itself, ms. */
const grace = 60_000;
/** Banners may trail in after a wake that is a boot, ms. */
const wakeGrace = 10_000;

/** From registered to ready for datagrams, and back there after sleep or a loss of service. */
export class Attach {
  readonly #parts: AttachParts;
  /** Signal when the modem last came up, dBm. */
  rssi: number | undefined;

  constructor(parts: AttachParts) {
    this.#parts = parts;
  }

  /** The network has registered the modem. */
  registered(status: Registration, now: number): void {
    const { options, driver, wanted } = this.#parts;
    const { psm } = wanted;
    const untold = status.t3324 === undefined && (driver.reporting ?? 5) < 4;
    if (!untold || psm === undefined) return this.granted(status, now);
    // At this level `+CEREG:` tells no timers: as far as is known, those are granted that were asked for.
    let told: Registration = { ...status, t3324: encodeT3324(psm.t3324), t3412: encodeT3412(psm.t3412) };
    const steps =
      options.family.grantedTimers?.((t3324, t3412) => (told = { ...status, t3324, t3412 })) ?? [];
    driver.run(steps, (at) => this.granted(told, at), now);
  }

  private granted(status: Registration, now: number): void {
    this.#parts.driver.log(`registered stat=${status.stat}${this.#parts.sleep.grant(status)}`);
    this.begin(now);
  }

  /** Activates a context where the family needs one, asks for signal and time; then datagrams can be sent. */
  begin(now: number): void {
    const { options, driver, wanted, retryPolicy, sockets, sleep } = this.#parts;
    const { family } = options;
    const onTime = (clock: Clock): void => this.#parts.clock.answered(clock, driver.now);
    this.rssi = undefined;
    const steps = (family.attach?.(wanted) ?? []).concat(
      family.signalAndTime({ onSignal: (dBm) => (this.rssi = dBm), onTime }),
    );
    if (wanted.edrx !== undefined) steps.push(askEdrx((seconds) => sleep.grantEdrx(seconds)));
    const up = (at: number): void => {
      if (!driver.enter("up", at)) return;
      sleep.traffic(at);
      const { edrx } = sleep.granted;
      const signal = this.rssi === undefined ? "" : ` rssi=${this.rssi}dBm`;
      driver.log(`up${signal}${edrx === undefined ? "" : ` edrx=${edrx}s`}`);
      retryPolicy.succeeded();
      options.onUp?.(at);
      sockets.pump(at);
    };
    driver.run(steps, up, now);
  }

  /** Wakes the modem, and asks what is left of registration, context and sockets. */
  wake(now: number): void {
    const { options, driver, sleep } = this.#parts;
    if (!driver.enter("waking", now)) return;
    if (options.family.sleep.boots) driver.bootGraceUntil = Infinity;
    sleep.wake(now);
  }

  /** The modem says that it falls asleep. */
  fallAsleep(now: number): void {
    const { driver, at: engine, sockets } = this.#parts;
    // The datagrams, or the caller of `connect`, still need the modem.
    const wanted = driver.state === "waking" || sockets.waiting;
    driver.uart = "dead";
    driver.cancelLater();
    sockets.interrupt();
    if (!driver.enter("asleep", now)) return;
    engine.clear(now);
    if (wanted) this.wake(now);
  }

  /** After sleep or a loss of service: asks whether settings, registration and sockets are still there. */
  verify(now: number): void {
    const { options, driver, sleep, sockets, bringUp } = this.#parts;
    const { family } = options;
    driver.uart = "alive";
    if (family.sleep.boots) driver.bootGraceUntil = now + wakeGrace;
    let answer: Registration | undefined;
    const survival = sockets.survival();
    const ask = askRegistration((registration) => (answer = registration));
    const expected = driver.reporting ?? family.cereg;
    const set = reportRegistration(expected, (level) => (driver.reporting = level));
    // Asked before it is set: the level that the answer has tells whether the modem has kept its settings.
    const questions: Step[] = family.sleep.boots ? [set, ask] : [ask, set];
    const steps = questions.concat(survival.steps);
    bringUp.runAfterBoot(
      steps,
      (at) => {
        if (sleep.rebooted((answer?.level ?? expected) !== expected)) return driver.faults.rebooted(at);
        survival.conclude();
        if (answer !== undefined && isRegistered(answer)) return this.begin(at);
        bringUp.register(at);
      },
      now,
    );
  }

  /** Asks for registration, context and sockets again, `delay` ms from now. */
  verifyLater(delay: number, now: number): void {
    const { driver } = this.#parts;
    if (driver.enter("waking", now)) driver.later(delay, now, (at) => this.verify(at));
  }

  /** The network context is gone, and the sockets with it. */
  contextLost(now: number): void {
    const { at: engine, driver, sockets } = this.#parts;
    sockets.forget();
    driver.log("context lost");
    if (driver.state !== "up") return;
    sockets.interrupt();
    engine.clear(now);
    this.verifyLater(1_000, now);
  }

  /**
   * The network was lost, or found again. A modem that has lost it searches by itself; after a while it is
   * asked, for the line that says that the network was found may have got lost.
   */
  changed(registered: boolean, now: number): void {
    const { options, driver, at: engine, sleep, sockets } = this.#parts;
    sleep.traffic(now);
    if (registered) return driver.cancelLater();
    // A modem that says so again and again has its time all the same.
    if (driver.deadline !== Infinity) return;
    driver.log("service lost");
    driver.later(grace, now, (at) => {
      if (driver.state !== "up" || !driver.enter("waking", at)) return;
      sockets.interrupt();
      engine.clear(at);
      if (options.family.sleep.light === undefined) return this.verify(at);
      // The modem's UART may have fallen asleep meanwhile.
      driver.uart = "unknown";
      sleep.wake(at);
    });
  }
}
