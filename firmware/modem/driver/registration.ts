/**
 * Waits until the modem is registered: the URC usually tells, and a question now and then makes up for a URC
 * that got lost.
 *
 * How long a search may take:
 *
 *     search setting   the first one of a boot: a modem without a history takes up to 20 minutes (ubxlib #151 and
 *                      #179, TinyGSM #725), and begins anew when its radio is switched off and on meanwhile; after
 *                      failures the ninth, and each 24th behind it: with an hour between two, about one a day
 *     5 min            when the modem was registered before: it knows where its network was
 *     90 s             any other after a failure: the battery pays for every minute of searching
 */
import { ascii } from "../../text/ascii";
import { describeCause } from "../at/emm-cause";
import { describeStat, isRegistered } from "../at/fields";
import { runScript } from "../at/script";
import { askCause, askRegistration } from "../at/standard-commands";
import type { AtEngine } from "../at/engine";
import type { DriverState } from "./driver-state";
import type { Family } from "../family/family";
import type { Registration as Status } from "../at/fields";
import type { Step } from "../at/script";
import type { Wanted } from "../at/standard-commands";

/** Time between questions, ms. */
const pollInterval = 10_000;
/** A search for a network that was there before, and one after a failure, ms. */
const usualSearch = 300_000;
const shortSearch = 90_000;
/** Failures in a row behind which a search is a long one: this many, and this many more each time. */
const firstLong = 8;
const longEach = 24;
/** How long a modem may stay at state 0 until it is told to search, ms; each further time twice as long. */
const idleLimit = 60_000;
/** How long a modem may search on with the cause of a denial in `+CEREG:`: another network may take it, ms. */
const deniedLimit = 120_000;
/** The longest that makers' manuals name for `AT+COPS`, ms. */
const selectionTimeout = 180_000;

/** The parts of the driver that the wait works with. */
export interface RegistrationOptions {
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly family: Family;
  readonly wanted: Wanted;
  /** How long the first search of a boot may take, ms. */
  readonly search: number;
  /** The modem was registered before the ESP32's deep sleep. */
  readonly resumed: boolean;
  readonly onRegistered: (status: Status, now: number) => void;
}

/** Waits until the modem is registered: the URC usually tells, and a question now and then. */
export class RegistrationWait {
  readonly #options: RegistrationOptions;
  /** The modem has been registered since the boot: it knows where its network was. */
  #knowsNetwork: boolean;
  #long = false;
  #until = 0;
  /** The status of a URC that came while a command was in flight. */
  #heard: Status | undefined;
  #stat: number | undefined;
  /** Since when the modem neither searches nor is registered, and how long it may, ms. */
  #idleSince: number | undefined;
  #idleLimit = idleLimit;
  /** The cause of a denial after which the modem goes on searching, and since when, ms. */
  #cause: number | undefined;
  #causeSince = 0;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#knowsNetwork = options.resumed;
  }

  /** @param failures bring-ups in a row that failed */
  start(failures: number, now: number): void {
    const { search } = this.#options;
    this.#long = failures === 0 ? !this.#knowsNetwork : failures % longEach === firstLong;
    this.#until = now + (this.#long ? search : failures === 0 ? usualSearch : shortSearch);
    this.#stat = undefined;
    this.#idleSince = undefined;
    this.#idleLimit = idleLimit;
    this.#cause = undefined;
    this.ask(now);
  }

  /** Takes the status of a URC. */
  hear(status: Status, now: number): void {
    if (this.#options.at.busy) this.#heard = status;
    else this.judge(status, now);
  }

  private ask(now: number): void {
    this.#heard = undefined;
    const { driver, family } = this.#options;
    let answer: Status | undefined;
    driver.run(
      [askRegistration((status) => (answer = status))],
      (at) => {
        if (driver.state !== "registering") return;
        // A URC that came meanwhile may be older than the answer or newer: "searching" in either decides
        // nothing.
        if (this.#heard !== undefined && this.judge(this.#heard, at)) return;
        if (answer !== undefined && this.judge(answer, at)) return;
        if (this.#cause !== undefined && at - this.#causeSince > deniedLimit)
          return this.denied(this.#cause, at);
        if (at >= this.#until) return this.searchedInVain(at);
        if (this.#idleSince !== undefined && at - this.#idleSince >= this.#idleLimit)
          return this.searchAgain(at);
        // A UART that sleeps lightly would lose a question that comes later.
        const pause = Math.min(pollInterval, family.sleep.light ?? Infinity);
        driver.later(pause, at, (t) => this.ask(t));
      },
      now,
    );
  }

  /** Acts on a registration status; true when it ends the wait. */
  private judge(status: Status, now: number): boolean {
    const { driver, wanted, onRegistered } = this.#options;
    const { stat, cause } = status;
    this.#stat = stat;
    if (stat === 3) {
      this.denied(cause, now);
      return true;
    }
    this.#idleSince = stat === 0 ? (this.#idleSince ?? now) : undefined;
    if (cause === undefined) this.#cause = undefined;
    else if (this.#cause === undefined) this.#causeSince = now;
    this.#cause = cause;
    if (!isRegistered(status)) return false;
    driver.cancelLater();
    if (stat === 5 && wanted.roaming === false) driver.faults.fail("roaming", now);
    else {
      this.#knowsNetwork = true;
      onRegistered(status, now);
    }
    return true;
  }

  /** The modem has given the search up by itself: it is told to search. */
  private searchAgain(now: number): void {
    const { driver, family, wanted } = this.#options;
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

  /** The time for the search is over. */
  private searchedInVain(now: number): void {
    const { driver } = this.#options;
    driver.log(`search over state=${this.#stat === undefined ? "unknown" : describeStat(this.#stat)}`);
    this.findCause(this.#cause, now, (cause, at) => {
      if (cause !== undefined) this.deny(cause, at);
      else driver.faults.noCell(this.#long, at);
    });
  }

  private denied(known: number | undefined, now: number): void {
    this.findCause(known, now, (cause, at) => this.deny(cause, at));
  }

  private deny(cause: number | undefined, now: number): void {
    const { driver } = this.#options;
    driver.log({ kind: "modem denied", cause: describeCause(cause) });
    driver.faults.denied(cause, now);
  }

  /** Asks for the cause of a denial that `+CEREG:` has not told. */
  private findCause(
    known: number | undefined,
    now: number,
    onFound: (cause: number | undefined, now: number) => void,
  ): void {
    if (known !== undefined) return onFound(known, now);
    const { driver, at, family } = this.#options;
    let cause: number | undefined;
    runScript(
      at,
      (family.cause ?? askCause)((told) => (cause = told)),
      ({ result }, t) => {
        if (result.kind === "timeout") driver.faults.silence(t);
        else if (result.kind !== "aborted" && driver.state === "registering") onFound(cause, t);
      },
      now,
    );
  }
}
