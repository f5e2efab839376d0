/**
 * Waits until the modem is registered: the URC usually tells, and a question now and then makes up for a URC
 * that got lost.
 *
 * How long a search may take:
 *
 *     search setting   the first one of a boot: a modem without a history takes up to 20 minutes (ubxlib #151 and
 *                      #179, TinyGSM #725), and begins anew when its radio is switched off and on meanwhile; after
 *                      failures each 32nd: with the longest pauses between them about one a day, so that the
 *                      radio budget of a day (radio-budget.ts) has room for the short ones
 *     5 min            when the modem was registered before: it knows where its network was
 *     90 s             any other after a failure: the battery pays for every minute of searching
 *
 * A refusal is not the end: one cell or network refuses, and minutes later another takes the modem, which goes on
 * searching by itself (a BC660K with a 1NCE card: cause 15 three times, registered after three minutes). The search
 * ends two minutes after a refusal that is lasting, five minutes after any other.
 */
import { ascii } from "../../text/ascii";
import { describeCause, isLasting } from "../at/emm-cause";
import { describeStat, isRegistered } from "../at/fields";
import { runScript } from "../at/script";
import { askCause, askRegistration, reportRegistration } from "../at/standard-commands";
import type { AtEngine } from "../at/engine";
import type { DriverState } from "./driver-state";
import type { Family } from "../family/family";
import type { Registration as Status } from "../at/fields";
import type { Step } from "../at/script";
import type { Wanted } from "../at/standard-commands";

/** Time between questions, ms. */
const pollInterval = 10_000;
/** The first search of a boot, seconds. */
const firstSearch = 1_800;
/** A search for a network that was there before, and one after a failure, ms. */
const usualSearch = 300_000;
const shortSearch = 90_000;
/** After so many failures in a row, and so many more each time, a search is a long one. */
const longEach = 32;
/** How long a modem may stay at state 0 until it is told to search, ms; each further time twice as long. */
const idleLimit = 60_000;
/** How long a modem may search on after it was denied: for a lasting cause and for any other, ms. */
const lastingLimit = 120_000;
const deniedLimit = 300_000;
/** The longest that makers' manuals name for `AT+COPS`, ms. */
const selectionTimeout = 180_000;

/** The parts of the driver that the wait works with. */
export interface RegistrationParts {
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly family: Family;
  readonly wanted: Wanted;
  readonly options: { readonly search?: number };
  /** Is told when the modem is registered. */
  readonly attach: { registered(status: Status, now: number): void };
}

/** Waits until the modem is registered: the URC usually tells, and a question now and then. */
export class RegistrationWait {
  readonly #parts: RegistrationParts;
  /** The modem has been registered since the boot: it knows where its network was. Kept over the ESP32's deep sleep. */
  knowsNetwork = false;
  #long = false;
  #until = 0;
  /** The status of a URC that came while a command was in flight. */
  #heard: Status | undefined;
  #stat: number | undefined;
  #levelRepeated = false;
  /** Since when the modem neither searches nor is registered, and how long it may, ms. */
  #idleSince: number | undefined;
  #idleLimit = idleLimit;
  /** When this search met its first denial, ms, and the cause of the last that told one. */
  #deniedAt: number | undefined;
  #cause: number | undefined;

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
  }

  /** A wake begins: what the modem says of its registration from now on counts. */
  listen(): void {
    this.#heard = undefined;
  }

  /**
   * @param failures bring-ups in a row that failed
   * @param answer what the modem has just answered, so that it is not asked at once
   */
  start(failures: number, answer: Status | undefined, now: number): void {
    const search = 1_000 * (this.#parts.options.search ?? firstSearch);
    this.#long = failures === 0 ? !this.knowsNetwork : failures % longEach === 0;
    this.#until = now + (this.#long ? search : failures === 0 ? usualSearch : shortSearch);
    this.#levelRepeated = false;
    this.#stat = undefined;
    this.#idleSince = undefined;
    this.#idleLimit = idleLimit;
    this.#deniedAt = undefined;
    this.#cause = undefined;
    if (answer === undefined) return this.ask(now);
    // It has come behind the answer.
    if ((this.#heard !== undefined && this.judge(this.#heard, now)) || this.judge(answer, now)) return;
    this.askLater(now);
  }

  /** Takes the status of a URC. */
  hear(status: Status, now: number): void {
    if (this.#parts.at.busy || this.#parts.driver.state !== "registering") this.#heard = status;
    else this.judge(status, now);
  }

  private askLater(now: number): void {
    const { driver, family } = this.#parts;
    // A UART that sleeps lightly would lose a question that comes later.
    const pause = Math.min(pollInterval, family.sleep.light ?? Infinity);
    driver.later(pause, now, (at) => this.ask(at));
  }

  private ask(now: number): void {
    this.#heard = undefined;
    const { driver } = this.#parts;
    let answer: Status | undefined;
    driver.run(
      [askRegistration((status) => (answer = status))],
      (at) => {
        if (driver.state !== "registering") return;
        const level = answer?.level ?? driver.reporting;
        if (level !== driver.reporting && !this.#levelRepeated) return this.repeatLevel(at);
        // It takes the command and does otherwise.
        driver.reporting = level;
        // A URC that came meanwhile may be older than the answer or newer: "searching" in either decides
        // nothing.
        if (this.#heard !== undefined && this.judge(this.#heard, at)) return;
        if (answer !== undefined && this.judge(answer, at)) return;
        if (at >= Math.min(this.#until, this.deniedUntil)) return this.searchedInVain(at);
        const idle = this.#deniedAt === undefined && this.#idleSince !== undefined;
        if (idle && at - this.#idleSince! >= this.#idleLimit) return this.searchAgain(at);
        this.askLater(at);
      },
      now,
    );
  }

  /** The modem has forgotten how much `+CEREG:` is to tell, as when it restarts while it is told: said once more. */
  private repeatLevel(now: number): void {
    const { driver, family } = this.#parts;
    this.#levelRepeated = true;
    const set = reportRegistration(driver.reporting ?? family.cereg, (level) => (driver.reporting = level));
    driver.run([set], (at) => this.ask(at), now);
  }

  /** Acts on a registration status; true when it ends the wait. */
  private judge(status: Status, now: number): boolean {
    const { driver, wanted, attach } = this.#parts;
    const { stat, cause } = status;
    this.#stat = stat;
    this.#idleSince = stat === 0 ? (this.#idleSince ?? now) : undefined;
    if (!isRegistered(status)) {
      if (stat === 3 || cause !== undefined) this.#deniedAt ??= now;
      if (cause !== undefined && cause !== this.#cause) {
        this.#cause = cause;
        driver.log(`refused, searching on cause=${describeCause(cause)}`);
      }
      return false;
    }
    driver.cancelLater();
    if (stat === 5 && wanted.roaming === false) driver.faults.fail("roaming", now);
    else {
      this.knowsNetwork = true;
      attach.registered(status, now);
    }
    return true;
  }

  private get deniedUntil(): number {
    if (this.#deniedAt === undefined) return Infinity;
    return this.#deniedAt + (isLasting(this.#cause) ? lastingLimit : deniedLimit);
  }

  /** The modem has given the search up by itself: it is told to search. */
  private searchAgain(now: number): void {
    const { driver, family, wanted } = this.#parts;
    driver.log(`search again state=${describeStat(0)}`);
    this.#idleSince = undefined;
    this.#idleLimit *= 2;
    const steps: Step[] = [{ line: ascii("AT+CFUN=1"), timeout: family.cfunTimeout }];
    const automatic: Step = { line: ascii("AT+COPS=0"), timeout: selectionTimeout, patient: true };
    driver.run(
      steps.concat(family.search?.(wanted) ?? [], wanted.operator === undefined ? automatic : []),
      (at) => this.ask(at),
      now,
    );
  }

  /** The time for the search is over: what `+CEREG:` has not told, a denial and its cause, is asked for. */
  private searchedInVain(now: number): void {
    const { driver, at, family } = this.#parts;
    driver.log(`search over state=${this.#stat === undefined ? "unknown" : describeStat(this.#stat)}`);
    if (this.#cause !== undefined) return this.denied(this.#cause, now);
    let cause: number | undefined;
    runScript(
      at,
      (family.cause ?? askCause)((told) => (cause = told)),
      ({ result }, t) => {
        if (result.kind === "timeout") return driver.faults.silence(t);
        if (result.kind === "aborted" || driver.state !== "registering") return;
        if (cause === undefined && this.#deniedAt === undefined) driver.faults.noCell(this.#long, t);
        else this.denied(cause, t);
      },
      now,
    );
  }

  private denied(cause: number | undefined, now: number): void {
    const { driver } = this.#parts;
    driver.log({ kind: "modem denied", cause: describeCause(cause) });
    driver.faults.denied(cause, now);
  }
}
