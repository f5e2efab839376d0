/**
 * From registered to ready for datagrams, and back there after sleep or a loss of service: context,
 * signal, time, sockets that have lived on.
 */
import { ascii } from "../../text/ascii";
import { isRegistered } from "../at/fields";
import { askEdrx, askRegistration, reportRegistration } from "../at/standard-commands";
import { runScript } from "../at/script";
import { tellsSettings } from "./sleep";
import { encodeT3324, encodeT3412 } from "../at/timers";
import type { AtEngine } from "../at/engine";
import type { Clock } from "../at/clock";
import type { BringUp } from "./bring-up";
import type { DriverState } from "./driver-state";
import type { Wanted } from "../at/standard-commands";
import type { Registration } from "../at/fields";
import type { ModemOptions } from "./modem-options";
import type { NetworkClock } from "./network-clock";
import type { RegistrationWait } from "./registration";
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
  readonly registration: RegistrationWait;
}

/** For so long a modem that was up and lost the network searches by itself, ms. */
const grace = 60_000;
/** Banners may trail in after a wake that is a boot, ms. */
const wakeGrace = 10_000;

/** From up until questions are asked though no datagram goes out first, ms. */
const sendFirst = 1_000;

/** From registered to ready for datagrams, and back there after sleep or a loss of service. */
export class Attach {
  readonly #parts: AttachParts;
  /** Signal when the modem was last asked for it, dBm. */
  rssi: number | undefined;
  /** Somebody has read `rssi` since it was told: it is asked for at the next wake. */
  rssiRead = false;
  /** When signal and time are asked for, which are not needed for a datagram: while its answer is waited for, ms. */
  askAt = Infinity;
  /** Errors are to have their numbers again, once the datagram has gone out. */
  #echoCameBack = false;
  /** The modem is asked as it has slept; else it has only lost its context, or its service. */
  #slept = false;

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
    const later = driver.woken;
    driver.woken = false;
    this.askAt = Infinity;
    if (!later) this.rssi = undefined;
    const steps = (options.family.attach?.(wanted) ?? []).concat(later ? [] : this.questions(false));
    const up = (at: number): void => {
      if (!driver.enter("up", at)) return;
      sleep.traffic(at);
      if (later) this.askAt = at + sendFirst;
      const { edrx } = sleep.granted;
      const signal = later || this.rssi === undefined ? "" : ` rssi=${this.rssi}dBm`;
      driver.log(`up${signal}${edrx === undefined ? "" : ` edrx=${edrx}s`}`);
      retryPolicy.succeeded();
      options.onUp?.(at);
      sockets.pump(at);
    };
    driver.run(steps, up, now);
  }

  /** @param sparingly no more than what is wanted now: the signal that somebody reads, a time that is old */
  private questions(sparingly: boolean): Step[] {
    const { options, driver, wanted, sleep, clock } = this.#parts;
    const onSignal = (dBm: number): void => void (this.rssi = dBm);
    const onTime = (told: Clock): void => clock.answered(told, driver.now);
    const [signal, ...time] = options.family.signalAndTime({ onSignal, onTime });
    // The reading that a wake is for has been taken by then, and until the next one the ESP32 may have slept.
    const isWanted = this.rssiRead && this.rssi !== undefined;
    let steps = sparingly && !isWanted ? [] : [signal];
    if (sparingly && this.#echoCameBack) steps = [this.numbers()].concat(steps);
    if (!sparingly || clock.isOld(driver.now)) steps = steps.concat(time);
    if (wanted.edrx !== undefined) steps.push(askEdrx((seconds) => sleep.grantEdrx(seconds)));
    return steps;
  }

  /** Its echo has come back with its sleep; whether errors have lost their numbers as well, no manual says. */
  private silence(): Step {
    const { at: engine } = this.#parts;
    this.#echoCameBack = true;
    return { line: ascii("ATE0"), optional: true, onOk: () => (engine.echoed = false) };
  }

  /** Errors have their numbers again; and whether the echo is off, the command's own tells. */
  private numbers(): Step {
    const { at: engine, driver } = this.#parts;
    return {
      line: ascii("AT+CMEE=1"),
      optional: true,
      onOk: () => (driver.echoOff = !engine.echoed),
    };
  }

  /** A datagram was handed to the modem. */
  sent(now: number): void {
    if (this.askAt < Infinity) this.askAt = now;
  }

  /** Asks what a wake has left for later. Nothing depends on the answers: a modem that gives none is left in peace. */
  askRest(now: number): void {
    this.askAt = Infinity;
    const steps = this.questions(true);
    this.rssiRead = false;
    this.#echoCameBack = false;
    if (steps.length > 0)
      runScript(this.#parts.at, steps, (_, at) => this.#parts.sleep.permit(at), now, this.#parts.driver.gaps);
  }

  /** Wakes the modem, and asks what is left of registration, context and sockets. */
  wake(now: number): void {
    const { options, driver, sleep, at, registration } = this.#parts;
    if (!driver.enter("waking", now)) return;
    if (options.family.sleep.boots) driver.bootGraceUntil = Infinity;
    this.#slept = true;
    at.echoed = false;
    registration.listen();
    sleep.begin(now);
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

  /**
   * After sleep or a loss of service: asks whether settings, registration and sockets are still there.
   *
   * @param heard what the modem was asked for already when it woke
   */
  verify(heard: Registration | undefined, now: number): void {
    const { options, driver, sleep } = this.#parts;
    const { boots } = options.family.sleep;
    driver.woken = true;
    driver.uart = "alive";
    if (boots) driver.bootGraceUntil = now + wakeGrace;
    // One that loses its settings each time is told them before it is asked.
    if (heard !== undefined || (boots && this.#slept && !sleep.mayKeepSettings)) return this.goOn(heard, now);
    let answer: Registration | undefined;
    const ask = { ...askRegistration((registration) => (answer = registration)), sure: true };
    driver.run([ask], (at) => this.goOn(answer, at), now);
  }

  /** @param answer what the modem has told of its registration, and of how much it tells: the proof of its settings */
  private goOn(answer: Registration | undefined, now: number): void {
    const { options, driver, at: engine, sleep, sockets, bringUp } = this.#parts;
    const { boots } = options.family.sleep;
    const expected = driver.reporting ?? options.family.cereg;
    const kept = this.hasKept(answer, expected);
    if (answer !== undefined && sleep.rebooted(!kept, tellsSettings(answer, expected)))
      return driver.faults.rebooted(now);
    const started = boots && this.#slept;
    const survival = sockets.afterSleep(started && !kept, this.#slept && sleep.slept, now);
    this.#slept = false;
    let latest = kept ? answer : undefined;
    const done = (at: number): void => {
      survival.conclude();
      if (latest !== undefined && isRegistered(latest)) return this.begin(at);
      sleep.searches();
      bringUp.register(latest, at);
    };
    const questions = survival.steps;
    if (kept && !started) {
      driver.echoOff = !engine.echoed;
      // The echo of a datagram would come at the line's rate, and no time to take it in.
      const said = engine.echoed ? [this.silence()].concat(questions) : questions;
      return said.length === 0 ? done(now) : driver.run(said, done, now);
    }
    const set = reportRegistration(expected, (level) => (driver.reporting = level));
    const ask = askRegistration((registration) => (latest = registration));
    const steps = (kept ? [] : [set, ask]).concat(questions);
    bringUp.runAfterSleep(steps, kept && !engine.echoed, done, now);
  }

  /** What a modem that has started anew would not know: how much `+CEREG:` is to tell. */
  private hasKept(answer: Registration | undefined, expected: number): boolean {
    const { boots } = this.#parts.options.family.sleep;
    if (answer === undefined) return false;
    return tellsSettings(answer, expected) ? answer.level === expected : !boots;
  }

  /** Asks for registration, context and sockets again, `delay` ms from now. */
  verifyLater(delay: number, now: number): void {
    const { driver, at: engine, registration } = this.#parts;
    if (!driver.enter("waking", now)) return;
    registration.listen();
    engine.echoed = false;
    driver.later(delay, now, (at) => this.verify(undefined, at));
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
      if (options.family.sleep.light === undefined) return this.verify(undefined, at);
      // The modem's UART may have fallen asleep meanwhile.
      driver.uart = "unknown";
      sleep.begin(at);
    });
  }
}
