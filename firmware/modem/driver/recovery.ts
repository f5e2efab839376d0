/**
 * What is done about a modem that does not do as it should: it does not answer, has started by itself,
 * finds no cell, opens no socket, or claims to be up while nothing comes back.
 *
 *     talk to it, wake it -> radio off and on -> give up for a while, then anew, from a higher level
 */
import { ascii } from "../../text/ascii";
import { probe } from "../at/script";
import type { AtEngine } from "../at/engine";
import type { BringUp } from "./bring-up";
import type { Family } from "../family/family";
import type { ResetEscalation } from "./reset-escalation";
import type { DownReason, ModemState } from "./modem-options";
import type { ControlLines } from "./control-lines";
import type { RetryPolicy } from "./retry-policy";
import type { Sockets } from "./sockets";
import type { ModemLog } from "./modem-log";

/** What the driver lends to it. */
export interface RecoveryHost {
  readonly family: Family;
  readonly at: AtEngine;
  readonly lines: ControlLines;
  readonly escalation: ResetEscalation;
  readonly retryPolicy: RetryPolicy;
  readonly sockets: Sockets;
  readonly bringUp: BringUp;
  readonly state: () => ModemState;
  readonly enter: (state: ModemState) => void;
  /** Runs `action` after `delay` ms, in place of whatever was to run before. */
  readonly later: (delay: number, now: number, action: (now: number) => void) => void;
  readonly cancelLater: () => void;
  /** Registration and context are to be asked for again after `delay` ms. */
  readonly lookAgain: (delay: number, now: number) => void;
  readonly onDown: (reason: DownReason, now: number) => void;
  readonly log: ModemLog;
}

/** See the head of this file. */
export class Recovery {
  readonly #host: RecoveryHost;
  /** Nothing on the UART answered: the first sign of life ends the pause. */
  deaf = false;
  /** EMM cause of the last denial. */
  cause: number | undefined;

  constructor(host: RecoveryHost) {
    this.#host = host;
  }

  /**
   * A command was not answered: the first two resetLevels of the reset escalation. Beyond that it is brought up
   * anew, after a pause that grows.
   */
  silence(now: number): void {
    const { at: engine, lines, retryPolicy, state, enter, log } = this.#host;
    const from = state();
    if (from === "recovering") return this.fail("no-answer", now);
    enter("recovering");
    retryPolicy.note("resync");
    log(`resync after=${from}`);
    this.#stop(now);
    const { bringUp } = this.#host;
    const resetRadio = (at: number): void => this.resetRadio(at);
    const resync = (attempts: number, at: number, otherwise: (now: number) => void): void =>
      probe(engine, attempts, (answered, t) => (answered ? bringUp.goOn(resetRadio, t) : otherwise(t)), at);
    resync(3, now, (at) => {
      if (!lines.canWake) return this.fail("no-answer", at);
      lines.wake((pressed) => resync(10, pressed, (t) => this.fail("no-answer", t)), at);
    });
  }

  /** It claims to be up and nothing comes back: the next level, harder each time. */
  mute(now: number): void {
    const { escalation, sockets, enter, bringUp, log } = this.#host;
    const level = escalation.mute();
    log(`mute reset=${level}`);
    this.#stop(now);
    sockets.forget();
    if (level !== "radio") return bringUp.escalate(level, now);
    enter("recovering");
    this.resetRadio(now);
  }

  /** No cell in time. */
  noCell(now: number): void {
    if (this.#host.bringUp.radioReset || this.#host.escalation.failures > 0) this.fail("not-registered", now);
    else this.resetRadio(now);
  }

  /** Look at registration and context again, then switch the radio off and on, then give up for a while. */
  socketRefused(times: number, now: number): void {
    if (times > 2) {
      this.#host.retryPolicy.useless(times - 3);
      return this.fail("failed", now);
    }
    if (times === 2) {
      this.#host.enter("recovering");
      return this.resetRadio(now);
    }
    this.#host.lookAgain(1_000, now);
  }

  /** It has started by itself. */
  rebooted(now: number): void {
    const { retryPolicy, sockets, bringUp, log, onDown } = this.#host;
    log("rebooted by itself");
    if (!retryPolicy.rebooted()) return this.fail("rebooted", now);
    this.#stop(now);
    sockets.forget();
    bringUp.begin(now);
    onDown("rebooted", now);
  }

  /** Says all that a bring-up says: what made this necessary may be a reboot gone unnoticed. */
  resetRadio(now: number): void {
    const { retryPolicy, sockets, bringUp, log } = this.#host;
    log("radio reset");
    retryPolicy.note("radio");
    bringUp.radioReset = true;
    sockets.forget();
    bringUp.runQuietly([], (at) => bringUp.setUpRadio(at), now);
  }

  /** Gives up for a while. */
  fail(reason: DownReason, now: number): void {
    const { at: engine, retryPolicy, sockets, bringUp, enter, later, cancelLater, log, onDown } = this.#host;
    cancelLater();
    sockets.drop();
    engine.clear(now);
    const wait = retryPolicy.failed(reason, this.cause);
    enter("pausing");
    this.deaf = reason === "no-answer";
    log({ kind: "modem down", reason, retry: wait });
    // A modem without a cell cannot sleep: left alone it would search until the battery is empty.
    if (!this.deaf && reason !== "wrong-modem") this.switchRadioOff(now);
    later(wait, now, (at) => {
      const level = retryPolicy.next(reason);
      if (level === undefined) bringUp.begin(at);
      else bringUp.escalate(level, at);
    });
    onDown(reason, now);
  }

  /** A modem that did not answer is awake: until the pause is over it may be gone again. */
  heard(now: number): void {
    if (this.#host.state() !== "pausing" || !this.deaf) return;
    this.#host.cancelLater();
    this.#host.bringUp.begin(now);
  }

  /** Whether it hears it or not: nothing waits for the answer. */
  switchRadioOff(now: number): void {
    const { radioOff, cfunTimeout } = this.#host.family;
    const line = ascii(radioOff ?? "AT+CFUN=0");
    this.#host.at.send({ line, timeout: cfunTimeout, probe: true, onDone() {} }, now);
  }

  #stop(now: number): void {
    this.#host.cancelLater();
    this.#host.sockets.interrupt();
    this.#host.at.clear(now);
  }
}
