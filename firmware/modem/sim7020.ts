/**
 * Driver for SIMCom SIM7020 (NB-IoT): power-on, registration, UDP, power saving, recovery.
 *
 *    off -> starting -> configuring -> registering -> up -> asleep -> waking -> up
 *              ^                                       |
 *              +----- pausing <------ recovering <-----+   a command was not answered
 *
 * Commands and answers as in SIMCom's AT manual V1.05 for the SIM7020 series and its low-power
 * application note. No clock of its own: every call brings the time (ms).
 */
import { ascii, asciiText, startsWith } from "../text/ascii";
import { Backoff } from "../timing/backoff";
import { AtEngine } from "./at";
import { isLasting } from "./emm-cause";
import { isRegistered, parseCereg } from "./fields";
import { ResetLadder } from "./ladder";
import { probe, runScript } from "./script";
import { Sim7020BringUp } from "./sim7020-bring-up";
import { Sim7020Power } from "./sim7020-power";
import { Sim7020Registration } from "./sim7020-registration";
import { askRegistration, cereg, cfunTimeout, fixBaud, surveySteps } from "./sim7020-set-up";
import { Sim7020Sockets, csoerr, csonmi } from "./sim7020-sockets";
import type { Registration } from "./fields";
import type { Rung } from "./ladder";
import type { ScriptResult, Step } from "./script";
import type { DownReason, Sim7020Options, Sim7020State } from "./sim7020-options";
import type { DatagramModem, DatagramOwner } from "./udp";

/** URCs of the family that matter or at least are known. */
const urcs = Object.freeze(
  ["+CSONMI:", "+CSOERR:", "+CEREG:", "+CPIN:", "+CPSMSTATUS:", "+CLTS:", "+CFUN:", "*PSUTTZ", "DST:"].map(
    ascii,
  ),
);
const banners = Object.freeze(["RDY", "SMS Ready"].map(ascii));

const cpsmstatus = ascii("+CPSMSTATUS:");
const cpin = ascii("+CPIN:");
const radioOff = ascii("AT+CFUN=0");

// Times in ms.
/** Reboots by itself that are followed by a bring-up at once. */
const rebootsAtOnce = 2;
/** A modem that was up and says that it lost the network searches by itself for so long. */
const serviceGrace = 60_000;
const hour = 3_600_000;
/** Three seconds, and what the commands in front of a datagram may take less than those of the one before. */
const usualPace = 3_500;

/** The driver: `connect` when there is something to send, `poll` at `deadline`. */
export class Sim7020 implements DatagramModem {
  readonly #options: Sim7020Options;
  readonly #at: AtEngine;
  readonly #registration: Sim7020Registration;
  readonly #sockets: Sim7020Sockets;
  readonly #power: Sim7020Power;
  readonly #ladder: ResetLadder;
  readonly #bringUp: Sim7020BringUp;
  readonly #pauses: Backoff;
  /** For what will be the same in an hour: a card that is missing, a contract that does not allow it. */
  readonly #longPauses: Backoff;
  #state: Sim7020State = "off";
  #now = 0;
  /** The one thing the driver waits for, apart from commands. */
  #due = Infinity;
  #action: ((now: number) => void) | undefined;
  #cause: number | undefined;
  /** It was found mute while it slept. */
  #resetDue = false;
  /** Nothing on the UART answered: the first sign of life ends the pause. */
  #deaf = false;
  /** The UART of a modem in PSM is dead until the key wakes it, unless T3412 did. */
  #uartAlive = true;

  /** Signal when the modem last came up, dBm. */
  rssi: number | undefined;

  constructor(options: Sim7020Options) {
    this.#options = options;
    const { powerKey, supply, random } = options;
    const wires = { key: powerKey !== undefined, supply: supply !== undefined };
    this.#ladder = new ResetLadder(wires, options.ladder);
    // A board that restarts in an outage does not begin it anew.
    this.#pauses = new Backoff(10_000, hour, random, this.#ladder.failures);
    this.#longPauses = new Backoff(hour / 2, 6 * hour, random);
    this.#power = new Sim7020Power({
      powerKey,
      supply,
      later: (delay, now, action) => this.#later(delay, now, action),
    });
    this.#at = new AtEngine({
      write: options.write,
      urcs,
      banners,
      onUrc: (line, now) => this.#urc(line, now),
      onBanner: (now) => this.#banner(now),
    });
    this.#registration = new Sim7020Registration({
      at: this.#at,
      later: (delay, now, action) => this.#later(delay, now, action),
      wanted: () => this.#state === "registering",
      onRegistered: (now) => {
        this.#cancelLater();
        this.#enterUp(now);
      },
      onDenied: (cause, now) => {
        this.#cause = cause;
        this.#fail("denied", now);
      },
      onMissing: (now) => this.#noCell(now),
      onTrouble: (outcome, now) => this.#trouble(outcome, now),
      log: (text) => this.#log(text),
    });
    this.#sockets = new Sim7020Sockets({
      at: this.#at,
      ready: () => this.ready,
      onSilence: (now) => this.#recover(now),
      onRefused: (times, now) => this.#socketRefused(times, now),
      pace: options.pace ?? usualPace,
      log: (text) => this.#log(text),
    });
    this.#bringUp = new Sim7020BringUp({
      options,
      at: this.#at,
      power: this.#power,
      ladder: this.#ladder,
      registration: this.#registration,
      enter: (state) => this.#enter(state),
      later: (delay, now, action) => this.#later(delay, now, action),
      fail: (reason, now) => this.#fail(reason, now),
      proceed: (outcome, now) => this.#proceed(outcome, now),
      trouble: (outcome, now) => this.#trouble(outcome, now),
      note: (rung) => this.#noteRung(rung),
      restarted: () => this.#sockets.forget(),
      log: (text) => this.#log(text),
    });
  }

  get state(): Sim7020State {
    return this.#state;
  }

  /** The modem's IMEI once known. */
  get imei(): string | undefined {
    return this.#bringUp.imei;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    return Math.min(this.#at.deadline, this.#due, this.#sockets.deadline);
  }

  /** Whether datagrams can be sent. */
  get ready(): boolean {
    return this.#state === "up";
  }

  /**
   * Whether its radio may be drawing power, and could be kept from it: one that does not answer cannot.
   */
  get active(): boolean {
    return this.#state !== "off" && this.#state !== "asleep" && this.#state !== "pausing";
  }

  /** What to keep over deep sleep and restarts, see `ResetLadder.state`. */
  get ladder(): readonly number[] {
    return this.#ladder.state;
  }

  /** Off with the radio, whatever it was doing, until `connect`; one that sleeps goes on sleeping. */
  suspend(now: number): void {
    if (this.#state === "off" || this.#state === "asleep") return;
    this.#cancelLater();
    this.#sockets.drop();
    this.#at.clear(now);
    this.#switchRadioOff(now);
    this.#enter("off");
    this.#log("suspended");
    this.#options.onDown?.("suspended", now);
  }

  /** It claims to be up and nothing comes back: the next rung of the ladder. */
  reset(now: number): void {
    this.#now = now;
    // The next one to wake it finds it there.
    if (this.#state === "asleep") this.#resetDue = true;
    if (this.#state === "up") this.#resetMute(now);
  }

  #resetMute(now: number): void {
    const rung = this.#ladder.mute();
    this.#log(`mute reset=${rung}`);
    this.#cancelLater();
    this.#sockets.interrupt();
    this.#sockets.forget();
    this.#at.clear(now);
    if (rung === "radio") {
      this.#enter("recovering");
      return this.#resetRadio(now);
    }
    this.#bringUp.climb(rung, now);
  }

  /** Something has come back. */
  confirm(): void {
    this.#resetDue = false;
    this.#ladder.heard();
  }

  /**
   * Makes the modem ready for datagrams: brings it up at first, wakes it later; `onUp` or `onDown`
   * tells how it went. Without effect while the driver is at it already.
   */
  connect(now: number): void {
    this.#now = now;
    if (this.#state === "off") this.#bringUp.begin(now);
    else if (this.#state === "asleep") this.#wake(now);
  }

  /** Takes bytes from the modem's UART. */
  receive(bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#at.receive(bytes, now);
    // A reboot whose banner was lost, or not believed, or that had none.
    if (this.#bringUp.echoOff && this.#at.echoed) this.#rebooted(now);
  }

  poll(now: number): void {
    this.#now = now;
    if (now >= this.#due) {
      const action = this.#action;
      this.#due = Infinity;
      this.#action = undefined;
      action?.(now);
    }
    this.#at.poll(now);
    this.#sockets.pump(now);
  }

  openSocket(owner: DatagramOwner): void {
    this.#sockets.open(owner);
  }

  closeSocket(owner: DatagramOwner): void {
    this.#sockets.close(owner, this.#now);
  }

  sendDatagram(bytes: Uint8Array, address: string, port: number, releaseAfterReply: boolean): void {
    if (!this.#sockets.add(bytes, address, port, releaseAfterReply)) return;
    if (this.ready) this.#sockets.pump(this.#now);
    else this.connect(this.#now);
  }

  #noCell(now: number): void {
    if (this.#bringUp.radioReset || this.#ladder.failures > 0) this.#fail("not-registered", now);
    else this.#resetRadio(now);
  }

  #enterUp(now: number): void {
    this.rssi = undefined;
    const steps = surveySteps(
      (dBm) => (this.rssi = dBm),
      (epoch) => this.#options.onTime?.(epoch, this.#now),
    );
    runScript(
      this.#at,
      steps,
      (outcome, at) => {
        if (!this.#proceed(outcome, at)) return;
        this.#enter("up");
        this.#bringUp.radioReset = false;
        this.#succeeded();
        this.#log(`up${this.rssi === undefined ? "" : ` rssi=${this.rssi}dBm`}`);
        this.#options.onUp?.(at);
        this.#sockets.pump(at);
      },
      now,
    );
  }

  // Sleep and wake

  #wake(now: number): void {
    this.#enter("waking");
    const awake = (at: number): void =>
      probe(this.#at, 10, (answered, t) => (answered ? this.#resume(t) : this.#recover(t)), at);
    if (this.#uartAlive) return awake(now);
    this.#power.wake(awake, now);
  }

  /** After sleep: nothing of the time before it is taken for granted. */
  #resume(now: number): void {
    this.#uartAlive = true;
    if (this.#resetDue) {
      this.#resetDue = false;
      return this.#resetMute(now);
    }
    let answer: Registration | undefined;
    const survival = this.#sockets.survival();
    const steps: Step[] = [
      { line: ascii("AT+CEREG=5") },
      askRegistration((registration) => (answer = registration)),
      ...survival.steps,
    ];
    this.#bringUp.runQuietly(
      steps,
      (at) => {
        survival.confirm();
        if (answer !== undefined && isRegistered(answer)) return this.#enterUp(at);
        this.#bringUp.register(at);
      },
      now,
    );
  }

  /** Look at the registration again, then switch the radio off and on, then give up for a while. */
  #socketRefused(times: number, now: number): void {
    if (times > 2) {
      // It came up each time, which is no success: the pauses grow all the same.
      for (let i = 3; i < times; i++) this.#pauses.next();
      for (let i = 3; i < times; i++) this.#ladder.failed();
      return this.#fail("failed", now);
    }
    if (times === 2) return this.#resetRadio(now);
    this.#enter("waking");
    this.#later(1_000, now, (at) => this.#resume(at));
  }

  #fallAsleep(now: number): void {
    // Who was waking it is still waiting for that.
    const wanted = this.#state === "waking" || this.#sockets.waiting;
    this.#uartAlive = false;
    this.#cancelLater();
    this.#sockets.interrupt();
    this.#enter("asleep");
    this.#at.clear(now);
    if (wanted) this.#wake(now);
  }

  // URCs and trouble

  #urc(line: Uint8Array, now: number): void {
    if (startsWith(line, csonmi)) {
      this.#sockets.receive(line);
    } else if (startsWith(line, cereg)) {
      const registration = parseCereg(line);
      if (registration === undefined) return;
      if (this.#state === "registering") this.#registration.announce(registration, now);
      else if (this.#state === "up") this.#serviceChanged(isRegistered(registration), now);
    } else if (startsWith(line, cpin)) {
      const status = asciiText(line, cpin.length).trim();
      if (this.#state === "up" && status.startsWith("NOT ")) {
        this.#log(`sim status="${status}"`);
        this.#fail("sim", now);
      }
    } else if (startsWith(line, cpsmstatus)) {
      const status = asciiText(line, cpsmstatus.length);
      if (status.indexOf("ENTER") >= 0) {
        if (this.#state === "up" || this.#state === "waking") this.#fallAsleep(now);
        else this.#uartAlive = false;
      } else if (status.indexOf("EXIT") >= 0) {
        this.#uartAlive = true;
        this.#heard(now);
      }
    } else if (startsWith(line, csoerr)) {
      this.#sockets.fail(line);
    }
  }

  /**
   * The network was lost, or found again. A modem that has lost it searches by itself; when it has had
   * its time it is asked, for the line that it was found may have got lost.
   */
  #serviceChanged(registered: boolean, now: number): void {
    if (registered) return this.#cancelLater();
    this.#log("service lost");
    this.#later(serviceGrace, now, (at) => {
      if (this.#state !== "up") return;
      this.#enter("waking");
      this.#sockets.interrupt();
      this.#at.clear(at);
      this.#resume(at);
    });
  }

  /** A modem that did not answer is awake: until the pause is over it may be gone again. */
  #heard(now: number): void {
    if (this.#state !== "pausing" || !this.#deaf) return;
    this.#cancelLater();
    this.#bringUp.begin(now);
  }

  #banner(now: number): void {
    if (this.#state === "pausing") return this.#heard(now);
    if (this.#state === "off" || now < this.#bringUp.bootGraceUntil) return;
    this.#rebooted(now);
  }

  #rebooted(now: number): void {
    this.#log("rebooted by itself");
    // Again and again before it ever came up, as with a supply too weak for the attach: that calls
    // for the growing pause.
    if (this.#ladder.failures >= rebootsAtOnce) return this.#fail("rebooted", now);
    this.#failed();
    this.#pauses.next();
    this.#cancelLater();
    this.#at.clear(now);
    this.#sockets.interrupt();
    this.#sockets.forget();
    this.#bringUp.begin(now);
    this.#options.onDown?.("rebooted", now);
  }

  /** False when a script failed; then the trouble is taken care of. */
  #proceed(outcome: ScriptResult, now: number): boolean {
    if (outcome.result.kind === "ok") return true;
    this.#trouble(outcome, now);
    return false;
  }

  /** Acts on a script that failed; one that was aborted has somebody who knows why. */
  #trouble(outcome: ScriptResult, now: number): void {
    const result = outcome.result;
    if (result.kind === "timeout") {
      this.#recover(now);
    } else if (result.kind === "error") {
      this.#log(`refused command="${asciiText(outcome.failed!.line)}" code=${result.code ?? "none"}`);
      this.#fail("failed", now);
    }
  }

  /**
   * The first two rungs of the reset ladder: talk to the modem until it answers again (waking it
   * where there is a key), then switch its radio off and on. Beyond that it is brought up anew,
   * after a pause that grows.
   */
  #recover(now: number): void {
    if (this.#state === "recovering") return this.#fail("no-answer", now);
    const from = this.#state;
    this.#enter("recovering");
    this.#noteRung("resync");
    this.#log(`resync after=${from}`);
    this.#sockets.interrupt();
    this.#cancelLater();
    this.#at.clear(now);
    const resync = (attempts: number, at: number, otherwise: (now: number) => void): void =>
      probe(this.#at, attempts, (answered, t) => (answered ? this.#resetRadio(t) : otherwise(t)), at);
    resync(3, now, (at) => {
      if (!this.#power.hasKey) return this.#fail("no-answer", at);
      this.#power.wake((pressed) => resync(10, pressed, (t) => this.#fail("no-answer", t)), at);
    });
  }

  /** Says all that a bring-up says: what made this necessary may be a reboot gone unnoticed. */
  #resetRadio(now: number): void {
    this.#log("radio reset");
    this.#noteRung("radio");
    this.#bringUp.radioReset = true;
    this.#sockets.forget();
    this.#bringUp.runQuietly([fixBaud], (at) => this.#bringUp.setUpRadio(at), now);
  }

  #fail(reason: DownReason, now: number): void {
    this.#cancelLater();
    this.#sockets.drop();
    this.#at.clear(now);
    this.#failed();
    const lasting =
      reason === "denied" ? isLasting(this.#cause) : reason === "sim" && this.#ladder.failures > 1;
    const wait = (lasting ? this.#longPauses : this.#pauses).next();
    this.#enter("pausing");
    this.#deaf = reason === "no-answer";
    this.#log(`down reason=${reason} retry=${Math.round(wait / 1000)}s`);
    // A modem without a cell cannot sleep: left alone it would search until the battery is empty.
    if (!this.#deaf) this.#switchRadioOff(now);
    this.#later(wait, now, (at) => {
      const rung = reason === "denied" ? undefined : this.#ladder.beforeBringUp(reason === "no-answer");
      if (rung === undefined) this.#bringUp.begin(at);
      else this.#bringUp.climb(rung, at);
    });
    this.#options.onDown?.(reason, now);
  }

  /** Whether it hears it or not: nothing waits for the answer. */
  #switchRadioOff(now: number): void {
    this.#at.send({ line: radioOff, timeout: cfunTimeout, probe: true, onDone() {} }, now);
  }

  #noteRung(rung: Rung): void {
    this.#ladder.note(rung);
    this.#options.onLadder?.(this.#ladder.state);
  }

  #failed(): void {
    this.#ladder.failed();
    this.#options.onLadder?.(this.#ladder.state);
  }

  #succeeded(): void {
    this.#pauses.reset();
    this.#longPauses.reset();
    if (this.#ladder.failures === 0) return;
    this.#ladder.succeeded();
    this.#options.onLadder?.(this.#ladder.state);
  }

  #enter(state: Sim7020State): void {
    this.#state = state;
    if (state === "starting") this.#uartAlive = true;
    if (state !== "configuring" && state !== "registering" && state !== "up") this.#bringUp.echoOff = false;
    if (state === "asleep" || state === "waking" || state === "starting") this.#log(state);
  }

  #later(delay: number, now: number, action: (now: number) => void): void {
    this.#due = now + delay;
    this.#action = action;
  }

  #cancelLater(): void {
    this.#due = Infinity;
    this.#action = undefined;
    // What was to let go of it will not come.
    this.#power.release();
  }

  #log(text: string): void {
    this.#options.log?.(text);
  }
}
