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
import { findImei, isRegistered, parseCereg } from "./fields";
import { ResetLadder } from "./ladder";
import { defaultTimeout, probe, runScript } from "./script";
import { awaitSimCard } from "./sim-card";
import { Sim7020Power } from "./sim7020-power";
import { Sim7020Registration } from "./sim7020-registration";
import { askRegistration, cereg, cfunTimeout, fixBaud, radioSteps, surveySteps } from "./sim7020-set-up";
import { Sim7020Sockets, csoerr, csonmi } from "./sim7020-sockets";
import type { Registration } from "./fields";
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
const restart = ascii("AT+CFUN=1,1");

// Times in ms.
/** Banners may trail in after the first OK of a boot. */
const bootGrace = 10_000;
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
  readonly #pauses: Backoff;
  /** For what will be the same in an hour: a card that is missing, a contract that does not allow it. */
  readonly #longPauses: Backoff;
  #state: Sim7020State = "off";
  #now = 0;
  /** The one thing the driver waits for, apart from commands. */
  #due = Infinity;
  #action: ((now: number) => void) | undefined;
  #bootGraceUntil = 0;
  #radioReset = false;
  #cause: number | undefined;
  /** ATE0 had its effect: echo would mean that the modem has started anew. */
  #echoOff = false;
  /** Nothing on the UART answered: the first sign of life ends the pause. */
  #deaf = false;
  /** The UART of a modem in PSM is dead until the key wakes it, unless T3412 did. */
  #uartAlive = true;

  /** The modem's IMEI once known. */
  imei: string | undefined;
  /** Signal when the modem last came up, dBm. */
  rssi: number | undefined;

  constructor(options: Sim7020Options) {
    this.#options = options;
    const { powerKey, supply, random } = options;
    const wires = { key: powerKey !== undefined, supply: supply !== undefined };
    this.#ladder = new ResetLadder(wires, options.ladder);
    this.#pauses = new Backoff(10_000, hour, random);
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
  }

  get state(): Sim7020State {
    return this.#state;
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
    if (this.#state !== "up") return;
    this.#now = now;
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
    this.#climb(rung, now);
  }

  /** Something has come back. */
  confirm(): void {
    this.#ladder.heard();
  }

  /**
   * Makes the modem ready for datagrams: brings it up at first, wakes it later; `onUp` or `onDown`
   * tells how it went. Without effect while the driver is at it already.
   */
  connect(now: number): void {
    this.#now = now;
    if (this.#state === "off") this.#begin(now);
    else if (this.#state === "asleep") this.#wake(now);
  }

  /** Takes bytes from the modem's UART. */
  receive(bytes: Uint8Array, now: number): void {
    this.#now = now;
    this.#at.receive(bytes, now);
    // A reboot whose banner was lost, or not believed, or that had none.
    if (this.#echoOff && this.#at.echoed) this.#rebooted(now);
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

  // Start and bring-up

  #begin(now: number): void {
    this.#enter("starting");
    this.#uartAlive = true;
    this.#bootGraceUntil = Infinity;
    probe(
      this.#at,
      20,
      (answered, at) => {
        if (answered) this.#configure(at);
        else this.#switchOn(at);
      },
      now,
    );
  }

  /**
   * Presses the key as for power-on, which switches a modem that hangs off; then the next attempt
   * switches it on. Without a key the modem may still hear that it is to restart.
   */
  #switchOn(now: number): void {
    if (!this.#power.hasKey) return this.#restartByCommand(now);
    this.#noteRung("key");
    this.#power.toggle((at) => this.#awaitBoot(at), now);
  }

  #awaitBoot(now: number): void {
    probe(
      this.#at,
      40,
      (answered, at) => (answered ? this.#configure(at) : this.#fail("no-answer", at)),
      now,
    );
  }

  #restartByCommand(now: number): void {
    this.#noteRung("reboot");
    this.#at.send(
      {
        line: restart,
        timeout: defaultTimeout,
        onDone: (result, at) => {
          if (result.kind !== "aborted") this.#awaitBoot(at);
        },
      },
      now,
    );
  }

  /** A bring-up that begins with one of the ladder's upper rungs. */
  #climb(rung: "reboot" | "key" | "supply" | "radio" | "resync", now: number): void {
    this.#enter("starting");
    this.#uartAlive = true;
    this.#bootGraceUntil = Infinity;
    this.#sockets.forget();
    this.#log(`reset rung=${rung}`);
    switch (rung) {
      case "key":
        this.#noteRung("key");
        // The press that is to switch it off would only wake one that sleeps.
        return this.#power.wake((at) => this.#power.cycleKey((t) => this.#awaitBoot(t), at), now);
      case "supply":
        this.#noteRung("supply");
        return this.#power.cycleSupply((at) => this.#begin(at), now);
      default:
        return this.#restartByCommand(now);
    }
  }

  #configure(now: number): void {
    this.#enter("configuring");
    this.#bootGraceUntil = now + bootGrace;
    this.#sockets.forget();
    this.#radioReset = false;
    const steps: Step[] = [
      fixBaud,
      { line: ascii("AT+CGSN"), bare: true, onLine: (line) => (this.imei = findImei(line) ?? this.imei) },
    ];
    this.#runQuietly(
      steps,
      (at) => {
        this.#log(`identified imei=${this.imei ?? "unknown"}`);
        this.#awaitSimCard(at);
      },
      now,
    );
  }

  /** Runs steps behind those that any boot or wake calls for: no echo, errors with their numbers. */
  #runQuietly(steps: readonly Step[], onDone: (now: number) => void, now: number): void {
    runScript(
      this.#at,
      [{ line: ascii("ATE0") }],
      (off, at) => {
        if (!this.#proceed(off, at)) return;
        this.#at.echoed = false;
        runScript(
          this.#at,
          [{ line: ascii("AT+CMEE=1") }, ...steps],
          (outcome, t) => {
            if (!this.#proceed(outcome, t)) return;
            this.#echoOff = !this.#at.echoed;
            onDone(t);
          },
          at,
        );
      },
      now,
    );
  }

  #awaitSimCard(now: number): void {
    awaitSimCard(
      {
        at: this.#at,
        later: (delay, at, action) => this.#later(delay, at, action),
        wake: { line: ascii("AT+CFUN=1"), timeout: cfunTimeout, optional: true },
        onReady: (at) => this.#setUpRadio(at),
        onMissing: (status, at) => {
          this.#log(`sim ${status === "" ? "missing" : `status="${status.slice(0, 32)}"`}`);
          this.#fail("sim", at);
        },
        onTrouble: (outcome, at) => this.#trouble(outcome, at),
      },
      now,
    );
  }

  #setUpRadio(now: number): void {
    runScript(
      this.#at,
      radioSteps(this.#options),
      (outcome, at) => {
        if (this.#proceed(outcome, at)) this.#register(at);
      },
      now,
    );
  }

  #register(now: number): void {
    this.#enter("registering");
    // Once it has failed, each try is a short one: the battery pays for every minute of searching.
    this.#registration.start(this.#ladder.failures === 0 ? "long" : "short", now);
  }

  #noCell(now: number): void {
    if (this.#radioReset || this.#ladder.failures > 0) this.#fail("not-registered", now);
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
        this.#radioReset = false;
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
    let answer: Registration | undefined;
    const survival = this.#sockets.survival();
    const steps: Step[] = [
      { line: ascii("AT+CEREG=5") },
      askRegistration((registration) => (answer = registration)),
      ...survival.steps,
    ];
    this.#runQuietly(
      steps,
      (at) => {
        survival.confirm();
        if (answer !== undefined && isRegistered(answer)) return this.#enterUp(at);
        this.#register(at);
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
    this.#begin(now);
  }

  #banner(now: number): void {
    if (this.#state === "pausing") return this.#heard(now);
    if (this.#state === "off" || now < this.#bootGraceUntil) return;
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
    this.#begin(now);
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
    this.#radioReset = true;
    this.#sockets.forget();
    this.#runQuietly([fixBaud], (at) => this.#setUpRadio(at), now);
  }

  #fail(reason: DownReason, now: number): void {
    this.#cancelLater();
    this.#sockets.drop();
    this.#at.clear(now);
    this.#failed();
    const lasting = reason === "denied" ? isLasting(this.#cause) : reason === "sim" && this.#ladder.failures > 1;
    const wait = (lasting ? this.#longPauses : this.#pauses).next();
    this.#enter("pausing");
    this.#deaf = reason === "no-answer";
    this.#log(`down reason=${reason} retry=${Math.round(wait / 1000)}s`);
    // A modem without a cell cannot sleep: left alone it would search until the battery is empty.
    if (!this.#deaf) this.#switchRadioOff(now);
    this.#later(wait, now, (at) => {
      const rung = reason === "denied" ? undefined : this.#ladder.beforeBringUp(reason === "no-answer");
      if (rung === undefined) this.#begin(at);
      else this.#climb(rung, at);
    });
    this.#options.onDown?.(reason, now);
  }

  /** Whether it hears it or not: nothing waits for the answer. */
  #switchRadioOff(now: number): void {
    this.#at.send({ line: radioOff, timeout: cfunTimeout, probe: true, onDone() {} }, now);
  }

  #noteRung(rung: "resync" | "radio" | "reboot" | "key" | "supply"): void {
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
    if (state !== "configuring" && state !== "registering" && state !== "up") this.#echoOff = false;
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
