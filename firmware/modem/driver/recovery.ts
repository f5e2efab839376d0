/**
 * What is done about a modem that does not do as it should: it does not answer, has restarted by itself,
 * finds no cell, opens no socket, or claims to be up while nothing comes back from the cloud.
 *
 *     probe it, wake it -> radio off and on -> leave it alone for a while, then bring it up anew,
 *                                              from a higher level of the reset escalation
 */
import { ascii } from "../../text/ascii";
import { isRegistered } from "../at/fields";
import { probe, probeTimeout } from "../at/script";
import { askFunction, askRegistration } from "../at/standard-commands";
import type { AtEngine, AtResult } from "../at/engine";
import type { PowerOff } from "../family/family";
import type { Attach } from "./attach";
import type { BringUp } from "./bring-up";
import type { Registration } from "../at/fields";
import type { ResetEscalation } from "./reset-escalation";
import type { DownReason } from "./modem-log";
import type { RecoveryMemory } from "./driver-memory";
import type { HostNames } from "./host-names";
import type { Granted, ModemOptions } from "./modem-options";
import type { ControlLines } from "./control-lines";
import type { DriverState, FaultHandler } from "./driver-state";
import type { RetryPolicy } from "./retry-policy";
import type { ScriptResult } from "../at/script";
import type { Sockets } from "./sockets";

/** Time for an answer that a modem which has just restarted cannot give, ms. */
const rebootPatience = 3_000;
/** Words to a modem whose UART may sleep lightly, and lose the first. */
const wordsPerLook = 3;
/** A modem that answers still is told to switch itself off so often. */
const powerOffTries = 3;
/** The supply's voltage is told so often at most, ms. */
const supplyAgain = 3_600_000;

/** The parts of the driver that recovery works with. */
export interface RecoveryParts {
  readonly options: ModemOptions;
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly lines: ControlLines;
  readonly escalation: ResetEscalation;
  readonly retryPolicy: RetryPolicy;
  readonly sockets: Sockets;
  readonly sleep: { readonly granted: Granted };
  readonly names: HostNames;
  readonly bringUp: BringUp;
  readonly attach: Attach;
}

/**
 * What is done about a modem that does not do as it should: it does not answer, has restarted by itself,
 * finds no cell, opens no socket, or claims to be up while nothing comes back from the cloud.
 */
export class Recovery implements FaultHandler, RecoveryMemory {
  readonly #parts: RecoveryParts;
  /** Why the modem was given up last. */
  reason: DownReason = "failed";
  /** Nothing on the UART answered: the first line of the modem ends the pause. */
  deaf = false;
  /** Nothing came back from the cloud while the modem slept: it is reset when it is next woken. */
  resetDue = false;
  /** A boot banner came that nobody asked for, and the modem is asked whether it has its settings still. */
  #suspected = false;
  /** When a modem that is left alone last said that it has started, ms. */
  #hushedAt = -Infinity;
  /** When a supply that is too low or too high was last told, ms. */
  #suppliedAt = -Infinity;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Takes back what was kept over the ESP32's deep sleep, and goes on with the pause that ends at `due`, ms. */
  restore({ reason, deaf, resetDue }: RecoveryMemory, due: number): void {
    this.reason = reason;
    this.deaf = deaf;
    this.resetDue = resetDue;
    const { driver } = this.#parts;
    if (driver.state === "pausing") driver.later(due, 0, (at) => this.tryAgain(at));
  }

  /**
   * A command was not answered. Nothing is done about a script that was aborted: whoever cleared the engine knows
   * why. A refusal ends no script.
   */
  scriptFailed({ result }: ScriptResult, now: number): void {
    if (result.kind === "timeout") this.silence(now);
  }

  /**
   * A command was not answered: the first two levels of the reset escalation. When they do not help the modem
   * is brought up anew, after a pause that grows.
   */
  silence(now: number): void {
    const { at: engine, bringUp, driver, lines, retryPolicy } = this.#parts;
    if (this.#suspected) return this.rebooted(now);
    const from = driver.state;
    if (from === "recovering") return this.fail("no-answer", now);
    if (!driver.enter("recovering", now)) return;
    retryPolicy.taken("resync");
    driver.log(`resync after=${from}`);
    this.stop(now);
    const resetRadio = (at: number): void => this.resetRadio(at);
    const resync = (attempts: number, at: number, otherwise: (now: number) => void): void =>
      probe(engine, attempts, (answered, t) => (answered ? bringUp.goOn(resetRadio, t) : otherwise(t)), at);
    resync(3, now, (at) => {
      if (!lines.canWake) return this.fail("no-answer", at);
      const boot = this.bootOfWake;
      lines.wake((pressed) => {
        driver.bootGraceUntil = Math.max(driver.bootGraceUntil, pressed + boot);
        resync(Math.max(10, Math.ceil(boot / probeTimeout)), pressed, (t) => this.fail("no-answer", t));
      }, at);
    });
  }

  /**
   * How long the modem takes to start, ms, where it starts at each wake and may have fallen asleep without a word: it
   * was quiet for T3324 before it was asked. Else 0: one that was in use a moment ago has broken down.
   */
  private get bootOfWake(): number {
    const { options, at, sleep } = this.#parts;
    const { power, sleep: traits } = options.family;
    const { t3324 = Infinity } = sleep.granted;
    return traits.boots && at.quiet >= 1_000 * t3324 ? power.boot : 0;
  }

  /** The modem claims to be up and nothing comes back from the cloud; one that sleeps is woken first. */
  nothingBack(now: number): void {
    const { state } = this.#parts.driver;
    if (state === "asleep") this.resetDue = true;
    if (state === "up") this.resetMute(now);
  }

  /** Something has come back from the cloud. */
  confirmed(): void {
    this.resetDue = false;
    this.#parts.escalation.confirmed();
  }

  /** The modem was woken: registration and context are asked for, unless a reset is due. */
  woken(answer: Registration | undefined, now: number): void {
    const { attach, driver } = this.#parts;
    if (!this.resetDue) return attach.verify(answer, now);
    this.resetDue = false;
    driver.uart = "alive";
    this.resetMute(now);
  }

  /** The next level of the escalation for a modem that claims to be up, harder each time. */
  private resetMute(now: number): void {
    const { escalation, sockets, names, bringUp, driver } = this.#parts;
    names.doubt();
    const level = escalation.mute();
    driver.log(`mute reset=${level}`);
    this.stop(now);
    sockets.forget();
    if (level !== "radio") return bringUp.escalate(level, now);
    if (driver.enter("recovering", now)) this.resetRadio(now);
  }

  /**
   * Leaves the network, so that nobody finds the device at the address that it had. A modem that can be switched off, and
   * on again by its key, is off until `connect`: that takes no more than PSM does, and the connection that an attach
   * opens is that of the next contact. Any other attaches anew at once, for with its radio off it takes far more.
   */
  leave(now: number): void {
    const { options, driver, lines } = this.#parts;
    const { powerOff } = options.family;
    if (driver.state !== "up") return;
    this.stop(now);
    if (powerOff !== undefined && lines.hasKey) this.switchOff(powerOff, now);
    else if (driver.enter("recovering", now)) this.resetRadio(now);
  }

  private switchOff(powerOff: PowerOff, now: number): void {
    const { driver, sockets } = this.#parts;
    // What waits would have the board stay awake for a modem that is off; whoever wants an answer sends it again.
    sockets.drop();
    if (!driver.enter("off", now)) return;
    driver.log("switched off");
    driver.switchedOff = true;
    driver.switchedOffAt = now;
    this.orderOff(powerOff, powerOffTries, now);
  }

  /** @param tries as often it is told, as long as it answers still */
  private orderOff({ line, timeout, ends }: PowerOff, tries: number, now: number): void {
    const { driver, at: engine, bringUp } = this.#parts;
    const command = { line: ascii(line), timeout, ends };
    const onDone = (result: AtResult, at: number): void => {
      if (driver.state !== "off" || !driver.switchedOff) return;
      if (result.kind === "error") {
        driver.refused(command, result);
        // It is on, and its radio: a bring-up leaves the network as well.
        driver.switchedOff = false;
        bringUp.begin(at);
      } else if (result.kind === "timeout" && tries > 1) {
        // It has gone down without a word, or has not heard it: then it would be found for hours.
        this.keepSwitchedOff(at, tries - 1);
      }
    };
    engine.send({ ...command, onDone }, now);
  }

  /** Looks whether a modem that was switched off is: its key may have been pressed as the board started. */
  keepSwitchedOff(now: number, tries = powerOffTries): void {
    const { driver, options, at: engine } = this.#parts;
    const { powerOff } = options.family;
    const answered = (isOn: boolean, at: number): void => {
      if (!isOn || powerOff === undefined || driver.state !== "off" || !driver.switchedOff) return;
      driver.switchedOffAt = at;
      this.orderOff(powerOff, tries, at);
    };
    probe(engine, wordsPerLook, answered, now);
  }

  denied(cause: number | undefined, now: number): void {
    this.giveUp("denied", cause, now);
  }

  /** No cell in time. */
  noCell(long: boolean, now: number): void {
    const { driver, escalation } = this.#parts;
    if (long || driver.radioReset || escalation.failures > 0) this.fail("not-registered", now);
    else this.resetRadio(now);
  }

  /** Asks for registration and context again; then resets the radio, then gives up for a while. */
  socketRefused(times: number, now: number): void {
    const { attach, driver, retryPolicy } = this.#parts;
    if (times === 1) return attach.verifyLater(1_000, now);
    if (times === 2) {
      if (driver.enter("recovering", now)) this.resetRadio(now);
      return;
    }
    retryPolicy.useless(times - 3);
    this.fail("failed", now);
  }

  /**
   * A boot banner came that nobody asked for. By itself it is no sign of a reboot, for some come late or twice:
   * the modem has restarted when it has lost its settings, echo or the level of `+CEREG:`, or does not answer.
   */
  suspectReboot(now: number): void {
    if (this.#suspected) return;
    this.#suspected = true;
    // Had it restarted, it would not know of the command in flight.
    this.#parts.at.hasten(rebootPatience, now, (at) => this.rebooted(at));
    this.askForLevel(now, false);
  }

  /** @param again an OK came without an answer, as some modems end their banner with one */
  private askForLevel(now: number, again: boolean): void {
    const { at: engine, attach, driver } = this.#parts;
    let answer: Registration | undefined;
    engine.send(
      {
        ...askRegistration((registration) => (answer = registration)),
        timeout: rebootPatience,
        onDone: ({ kind }, at) => {
          if (!this.#suspected) return;
          if (kind === "ok" && answer === undefined && !again) return this.askForLevel(at, true);
          this.#suspected = false;
          const level = answer?.level ?? driver.reporting;
          if (kind === "timeout" || (kind === "ok" && level !== driver.reporting)) return this.rebooted(at);
          if (driver.state === "up" && answer !== undefined && !isRegistered(answer))
            attach.changed(false, at);
        },
      },
      now,
    );
  }

  /** The modem has restarted by itself: it is brought up at once, unless that happens again and again. */
  rebooted(now: number): void {
    const { options, driver, retryPolicy, sockets, bringUp } = this.#parts;
    this.#suspected = false;
    driver.log("rebooted by itself");
    if (!retryPolicy.rebooted(now)) return this.fail("rebooted", now);
    this.stop(now);
    sockets.forget();
    bringUp.begin(now);
    options.onDown?.("rebooted", now);
  }

  /** The supply's voltage is near a limit of the modem, which says so again and again: told once an hour. */
  supplyWarning(level: "low" | "high", now: number): void {
    if (now - this.#suppliedAt < supplyAgain) return;
    this.#suppliedAt = now;
    this.#parts.driver.log({ kind: "modem supply", level });
  }

  /** The modem has switched itself off, over its supply or because it was told to. */
  poweredOff(supply: "low" | "high" | undefined, now: number): void {
    const { driver } = this.#parts;
    const { state } = driver;
    // For one whose sleep is power-off it is a way to say that it sleeps.
    const asked = state === "asleep" || now < driver.bootGraceUntil;
    if (state === "off" || (supply === undefined && asked)) return;
    driver.log({ kind: "modem powered off", supply });
    driver.uart = "dead";
    if (state !== "pausing" && state !== "starting") this.fail("powered-off", now);
  }

  /** Says all that a bring-up says while the radio is off, for the modem may have rebooted unnoticed. */
  private resetRadio(now: number): void {
    const { driver, retryPolicy, sockets, bringUp } = this.#parts;
    driver.log("radio reset");
    retryPolicy.taken("radio");
    driver.radioReset = true;
    sockets.forget();
    bringUp.runAfterBoot((at) => bringUp.setUpRadio(at), now);
  }

  fail(reason: DownReason, now: number): void {
    this.giveUp(reason, undefined, now);
  }

  private giveUp(reason: DownReason, cause: number | undefined, now: number): void {
    const { options, at: engine, driver, retryPolicy, sockets } = this.#parts;
    driver.cancelLater();
    sockets.drop();
    engine.clear(now);
    const wait = retryPolicy.failed(reason, cause, now);
    if (!driver.enter("pausing", now)) return;
    const count = retryPolicy.manyBreakdowns;
    if (count > 0 && (count & (count - 1)) === 0) driver.log({ kind: "modem restarts", count });
    this.reason = reason;
    this.deaf = reason === "no-answer" || reason === "powered-off";
    driver.log({ kind: "modem down", reason, retry: wait });
    // A modem without a cell does not sleep: it would search until the battery is empty.
    if (!this.deaf && reason !== "wrong-modem") this.switchRadioOff(now);
    driver.later(wait, now, (at) => this.tryAgain(at));
    options.onDown?.(reason, now);
  }

  /** The pause is over: the modem is brought up, from the level of the escalation that is due. */
  private tryAgain(now: number): void {
    const { retryPolicy, bringUp } = this.#parts;
    const level = retryPolicy.next(this.reason);
    if (level === undefined) bringUp.begin(now);
    else bringUp.escalate(level, now);
  }

  /**
   * A modem that did not answer is awake: it is brought up now, for it may be asleep when the pause is over.
   */
  signOfLife(now: number): void {
    if (this.#parts.driver.state !== "pausing" || !this.deaf) return;
    this.#parts.driver.cancelLater();
    this.#parts.bringUp.begin(now);
  }

  /**
   * A modem that is left alone has restarted, and would search: one that did not answer is brought up, any other has its
   * radio switched off again as soon as it takes commands.
   */
  restartedAlone(now: number): void {
    const { driver, options } = this.#parts;
    if (driver.state === "pausing" && this.deaf) return this.signOfLife(now);
    const { boot } = options.family.power;
    const isUnknown = driver.state === "off" && !driver.begun && !driver.switchedOff;
    if (isUnknown || now < this.#hushedAt + boot) return;
    // Of one start there are several lines.
    this.#hushedAt = now;
    // Of one that was switched off: somebody else has pressed its key.
    driver.switchedOff = false;
    this.whenLeftAlone(Math.ceil(boot / probeTimeout), now, (at) => this.switchRadioOff(at));
  }

  /** Nothing waits for the answer: whether the modem has heard the command makes no difference here. */
  switchRadioOff(now: number): void {
    const { radioOff, cfunTimeout } = this.#parts.options.family;
    const line = ascii(radioOff ?? "AT+CFUN=0");
    this.#parts.at.send({ line, timeout: cfunTimeout, probe: true, onDone() {} }, now);
  }

  /**
   * Looks whether a modem that is left alone has restarted unheard, and has its radio off again: it would search, or ask a
   * network that denies it, until its turn has come.
   */
  keepRadioOff(now: number): void {
    let off = false;
    const ask = {
      ...askFunction((isFull) => (off = !isFull)),
      timeout: rebootPatience,
      probe: true,
      onDone: ({ kind }: AtResult, at: number): void => {
        // One that does not tell is told all the same.
        if (!off && kind !== "aborted" && this.#parts.driver.leavesAlone) this.switchRadioOff(at);
      },
    };
    this.whenLeftAlone(wordsPerLook, now, (at) => this.#parts.at.send(ask, at));
  }

  /** @param words until it counts as one that does not answer */
  private whenLeftAlone(words: number, now: number, onAnswer: (now: number) => void): void {
    const { at: engine, driver } = this.#parts;
    // Nothing is said to one that does not answer, or that is another family's.
    if (driver.state === "pausing" && (this.deaf || this.reason === "wrong-modem")) return;
    const asked = (answered: boolean, t: number): void => {
      if (answered && driver.leavesAlone) onAnswer(t);
    };
    probe(engine, words, asked, now);
  }

  private stop(now: number): void {
    this.#parts.driver.cancelLater();
    this.#parts.sockets.interrupt();
    this.#parts.at.clear(now);
  }
}
