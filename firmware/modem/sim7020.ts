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
import { AtEngine } from "./at";
import { findImei, isRegistered, parseCereg } from "./fields";
import { defaultTimeout, probe, runScript } from "./script";
import { awaitSimCard } from "./sim-card";
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

// Times in ms, after the manual's maxima and what drivers in the field allow.
const keyWake = 800;
const keyOn = 1_100;
/** Banners may trail in after the first OK of a boot. */
const bootGrace = 10_000;
/** Reboots by itself that are followed by a bring-up at once. */
const rebootsAtOnce = 2;
const backoffFirst = 10_000;
const backoffLongest = 3_600_000;

/** The driver: `connect` when there is something to send, `poll` at `deadline`. */
export class Sim7020 implements DatagramModem {
  readonly #options: Sim7020Options;
  readonly #at: AtEngine;
  readonly #registration: Sim7020Registration;
  readonly #sockets: Sim7020Sockets;
  #state: Sim7020State = "off";
  #now = 0;
  /** The one thing the driver waits for, apart from commands. */
  #due = Infinity;
  #action: ((now: number) => void) | undefined;
  #bootGraceUntil = 0;
  #radioReset = false;
  #failures = 0;
  #keyPressed = false;
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
      onDenied: (now) => this.#fail("denied", now),
      onMissing: (now) => (this.#radioReset ? this.#fail("not-registered", now) : this.#resetRadio(now)),
      onTrouble: (outcome, now) => this.#trouble(outcome, now),
      log: (text) => this.#log(text),
    });
    this.#sockets = new Sim7020Sockets({
      at: this.#at,
      ready: () => this.ready,
      onSilence: (now) => this.#recover(now),
      onRefused: (times, now) => this.#socketRefused(times, now),
      log: (text) => this.#log(text),
    });
  }

  get state(): Sim7020State {
    return this.#state;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    return Math.min(this.#at.deadline, this.#due);
  }

  /** Whether datagrams can be sent. */
  get ready(): boolean {
    return this.#state === "up";
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
    const boot = (at: number): void =>
      probe(this.#at, 40, (answered, t) => (answered ? this.#configure(t) : this.#fail("no-answer", t)), at);
    if (this.#options.powerKey !== undefined) return this.#press(keyOn, boot, now);
    this.#at.send(
      {
        line: ascii("AT+CFUN=1,1"),
        timeout: defaultTimeout,
        onDone: (result, at) => {
          if (result.kind !== "aborted") boot(at);
        },
      },
      now,
    );
  }

  #press(duration: number, onDone: (now: number) => void, now: number): void {
    this.#keyPressed = true;
    this.#options.powerKey!(true);
    this.#later(duration, now, (at) => {
      this.#releaseKey();
      onDone(at);
    });
  }

  #releaseKey(): void {
    if (!this.#keyPressed) return;
    this.#keyPressed = false;
    this.#options.powerKey!(false);
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
    this.#registration.start(now);
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
        this.#log(`up${this.rssi === undefined ? "" : ` rssi=${this.rssi}dBm`}`);
        this.#failures = 0;
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
    if (this.#uartAlive || this.#options.powerKey === undefined) return awake(now);
    this.#press(keyWake, awake, now);
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
      this.#failures = times - 3;
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
      if (registration !== undefined && this.#state === "registering")
        this.#registration.announce(registration, now);
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
    if (this.#failures >= rebootsAtOnce) return this.#fail("rebooted", now);
    this.#failures += 1;
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
    this.#log(`resync after=${from}`);
    this.#sockets.interrupt();
    this.#cancelLater();
    this.#at.clear(now);
    const resync = (attempts: number, at: number, otherwise: (now: number) => void): void =>
      probe(this.#at, attempts, (answered, t) => (answered ? this.#resetRadio(t) : otherwise(t)), at);
    resync(3, now, (at) => {
      if (this.#options.powerKey === undefined) return this.#fail("no-answer", at);
      this.#press(keyWake, (pressed) => resync(10, pressed, (t) => this.#fail("no-answer", t)), at);
    });
  }

  /** Says all that a bring-up says: what made this necessary may be a reboot gone unnoticed. */
  #resetRadio(now: number): void {
    this.#log("radio reset");
    this.#radioReset = true;
    this.#sockets.forget();
    this.#runQuietly([fixBaud], (at) => this.#setUpRadio(at), now);
  }

  #fail(reason: DownReason, now: number): void {
    this.#cancelLater();
    this.#sockets.drop();
    this.#at.clear(now);
    this.#failures += 1;
    const step = Math.min(backoffFirst * 2 ** Math.min(this.#failures - 1, 16), backoffLongest);
    const wait = Math.round(step * (0.5 + 0.5 * this.#options.random()));
    this.#enter("pausing");
    this.#deaf = reason === "no-answer";
    this.#log(`down reason=${reason} retry=${Math.round(wait / 1000)}s`);
    this.#later(wait, now, (at) => this.#begin(at));
    this.#options.onDown?.(reason, now);
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
    this.#releaseKey();
  }

  #log(text: string): void {
    this.#options.log?.(text);
  }
}
