/**
 * Waking the modem. How one is woken that a key or a pin wakes:
 *
 *     it said that it sleeps        the key at once
 *     it must sleep by the clock    the key at once, and one word with it: a modem that is awake answers within
 *                                   0.3 s, before the key means anything to it, and the key is let go of
 *     it may be awake               three words, and the key when none is answered
 *
 * The first line that a modem says when it wakes is answered with the first question, and no word is lost in between.
 */
import { answersWord, probeTimeout, wordFor } from "../at/script";
import { askRegistration } from "../at/standard-commands";
import type { AtEngine } from "../at/engine";
import type { ControlLines } from "./control-lines";
import type { DriverState } from "./driver-state";
import type { Family } from "../family/family";
import type { Registration } from "../at/fields";

/** The parts of the driver that the wake works with. */
export interface WakeParts {
  readonly driver: DriverState;
  readonly family: Family;
  readonly at: AtEngine;
  readonly lines: ControlLines;
  /** Is told when the modem answers; `answer` when it was asked for its registration already. */
  readonly recovery: { woken(answer: Registration | undefined, now: number): void };
}

/** Words that it takes to tell that a modem is asleep. */
const tellingWords = 3;
/** Time for a modem that wakes as it was before its sleep, ms. */
const usualPatience = 3_000;
/** Time for the question that answers a sign of the modem's, ms: commands may be served from a later sign on. */
const signTimeout = 1_000;

/** A wake that is under way. */
interface WakeUnderWay {
  /** Whoever gets a result of a question that was left behind ignores it. */
  turn: number;
  /** Words that were not answered. */
  tried: number;
  /** So many words are tried before the key is pressed; 0 once it was. */
  before: number;
  /** The key is held. */
  held: boolean;
  /** When it was, ms, or when nothing is to be pressed, since when it is asked. */
  pressedAt: number;
  /** Nothing is in flight. */
  idle: boolean;
  /** The modem has said something since it is being woken. */
  signed: boolean;
}

/** Waking the modem: one object for all wakes. */
export class Wake {
  readonly #parts: WakeParts;
  #current: WakeUnderWay | undefined;
  /** The modem has heard the first word, or one of three, though it was taken for asleep. */
  wasAwake = false;

  constructor(parts: WakeParts) {
    this.#parts = parts;
  }

  /** @param mustSleep it sleeps by the clock, and nothing speaks against it */
  begin(mustSleep: boolean, now: number): void {
    const { driver, family } = this.#parts;
    const byWord = family.sleep.wakes === "uart";
    const before = driver.uart === "unknown" && (byWord || !mustSleep) ? tellingWords : 0;
    const wake = { turn: 0, tried: 0, before, held: false, pressedAt: now, idle: true, signed: false };
    this.#current = wake;
    if (driver.uart !== "alive" && before === 0) this.press(wake, now);
    if (driver.uart !== "dead") this.ask(wake, false, now);
  }

  /** How many words it takes to tell whether the modem is awake: the first wakes one that it can wake. */
  get telling(): number {
    return this.#parts.family.sleep.wakes === "uart" ? 1 : tellingWords;
  }

  /** The modem has said something that it says when it wakes: it hears from now on, or soon. */
  sign(now: number): void {
    const { driver, at } = this.#parts;
    const wake = this.#current;
    if (wake === undefined || driver.state !== "waking") return;
    const isFirst = !wake.signed;
    wake.signed = true;
    wake.turn += 1;
    wake.before = 0;
    wake.held = false;
    // The key has done what it was pressed for.
    driver.cancelLater();
    at.skipProbes(isFirst, now);
    this.ask(wake, true, now);
  }

  private press(wake: WakeUnderWay, now: number): void {
    wake.held = true;
    this.#parts.lines.wake((at) => {
      wake.held = false;
      wake.pressedAt = at;
      if (wake.idle) this.ask(wake, false, at);
    }, now);
  }

  /** @param sure the modem hears, and is asked for its registration; else it gets a word */
  private ask(wake: WakeUnderWay, sure: boolean, now: number): void {
    const turn = ++wake.turn;
    const line = wordFor(wake.tried);
    let answer: Registration | undefined;
    wake.idle = false;
    this.#parts.at.send(
      {
        ...(sure ? askRegistration((registration) => (answer = registration)) : { line }),
        sure,
        // One that has said something serves from its next sign on: it is asked for the case that this gets lost.
        timeout: wake.signed ? signTimeout : probeTimeout,
        probe: true,
        onDone: (result, at) => {
          if (wake !== this.#current || turn !== wake.turn || result.kind === "aborted") return;
          const answers = sure ? result.kind !== "timeout" : answersWord(result, line);
          this.answered(wake, answers, answer, at);
        },
      },
      now,
    );
  }

  private answered(
    wake: WakeUnderWay,
    answers: boolean,
    answer: Registration | undefined,
    now: number,
  ): void {
    const { driver, family, recovery } = this.#parts;
    wake.idle = true;
    if (answers) {
      // With the key down it is too soon for a modem that the key has woken.
      this.wasAwake = wake.held || (wake.before > 0 && wake.tried < this.telling);
      if (wake.held) driver.cancelLater();
      this.#current = undefined;
      return recovery.woken(answer, now);
    }
    wake.tried += 1;
    if (wake.held) return;
    if (wake.before > 0) {
      wake.before -= 1;
      if (wake.before === 0) return this.press(wake, now);
    }
    const patience = family.sleep.boots ? family.power.boot : usualPatience;
    if (wake.before === 0 && now >= wake.pressedAt + patience) {
      this.#current = undefined;
      driver.faults.silence(now);
    } else this.ask(wake, false, now);
  }
}
