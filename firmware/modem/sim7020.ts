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
import { decodeT3324, decodeT3412 } from "./psm";
import { defaultTimeout, runScript } from "./script";
import { askRegistration, cereg, cfunTimeout, fixBaud, radioSteps, surveySteps } from "./sim7020-set-up";
import { Sim7020Sockets, csoerr, csonmi } from "./sim7020-sockets";
import type { Registration } from "./fields";
import type { ScriptResult, Step } from "./script";
import type { DownReason, Sim7020Options, Sim7020State } from "./sim7020-options";
import type { DatagramModem, DatagramOwner } from "./udp";

/** URCs of the family that matter or at least are known. */
const urcs = Object.freeze(
  ["+CSONMI:", "+CSOERR:", "+CEREG:", "+CPIN:", "+CPSMSTATUS:", "+CLTS:", "+CFUN:", "*PSUTTZ", "DST:"]
    .map(ascii),
);
const banners = Object.freeze(["RDY", "SMS Ready"].map(ascii));

const cpin = ascii("+CPIN:");
const cpsmstatus = ascii("+CPSMSTATUS:");

// Times in ms, after the manual's maxima and what drivers in the field allow.
const probeTimeout = 300;
const keyWake = 800;
const keyOn = 1_100;
/** Questions for the SIM card, a second apart. */
const simAttempts = 10;
const registrationPoll = 10_000;
const registrationLimit = 300_000;
/** Banners may trail in after the first OK of a boot. */
const bootGrace = 10_000;
/** Reboots by itself that are followed by a bring-up at once. */
const rebootsAtOnce = 2;
const backoffFirst = 10_000;
const backoffLongest = 3_600_000;

export class Sim7020 implements DatagramModem {
  readonly #options: Sim7020Options;
  readonly #at: AtEngine;
  readonly #sockets: Sim7020Sockets;
  #state: Sim7020State = "off";
  #now = 0;
  /** The one thing the driver waits for, apart from commands. */
  #due = Infinity;
  #action: ((now: number) => void) | undefined;
  #bootGraceUntil = 0;
  #registerUntil = 0;
  #radioReset = false;
  /** Registration from a URC that came while the engine was busy. */
  #announced: Registration | undefined;
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
    this.#sockets = new Sim7020Sockets({
      at: this.#at,
      ready: () => this.ready,
      onSilence: (now) => this.#recover(now),
      onRefused: (now) => this.#resumeLater(now),
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
    this.#sync(
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
      this.#sync(40, (answered, t) => (answered ? this.#configure(t) : this.#fail("no-answer", t)), at);
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

  /** Probes with AT until it is answered, at most `attempts` times. */
  #sync(attempts: number, onDone: (answered: boolean, now: number) => void, now: number): void {
    this.#at.send(
      {
        line: ascii("AT"),
        timeout: probeTimeout,
        probe: true,
        onDone: (result, at) => {
          if (result.kind === "ok") onDone(true, at);
          else if (result.kind === "aborted") return;
          else if (attempts <= 1) onDone(false, at);
          else this.#sync(attempts - 1, onDone, at);
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
        this.#askSim(simAttempts, at);
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

  /** The SIM card takes a moment after the boot; until then the answer is an error (14: busy). */
  #askSim(attempts: number, now: number): void {
    let sim = "";
    const step: Step = {
      line: ascii("AT+CPIN?"),
      prefix: cpin,
      onLine: (line) => (sim = asciiText(line, cpin.length).trim()),
    };
    runScript(
      this.#at,
      [step],
      (outcome, at) => {
        const result = outcome.result;
        if (result.kind === "ok" && sim === "READY") return this.#setUpRadio(at);
        if (result.kind !== "ok" && result.kind !== "error") {
          this.#proceed(outcome, at);
          return;
        }
        if (attempts > 1) {
          // Left in CFUN=0, as by a bring-up cut short, the modem does not look at the card.
          if (attempts === simAttempts - 2) return this.#askSimInFullFunction(at);
          return this.#later(1_000, at, (t) => this.#askSim(attempts - 1, t));
        }
        this.#log(`sim ${sim === "" ? "missing" : `status="${sim.slice(0, 32)}"`}`);
        this.#fail("sim", at);
      },
      now,
    );
  }

  #askSimInFullFunction(now: number): void {
    const step: Step = { line: ascii("AT+CFUN=1"), timeout: cfunTimeout, optional: true };
    runScript(
      this.#at,
      [step],
      (outcome, at) => {
        if (this.#proceed(outcome, at)) this.#later(1_000, at, (t) => this.#askSim(simAttempts - 3, t));
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
    this.#registerUntil = now + registrationLimit;
    this.#askRegistration(now);
  }

  #askRegistration(now: number): void {
    this.#announced = undefined;
    let answer: Registration | undefined;
    runScript(
      this.#at,
      [askRegistration((registration) => (answer = registration))],
      (outcome, at) => {
        if (!this.#proceed(outcome, at) || this.#state !== "registering") return;
        // A URC that came meanwhile may be older than the answer, or newer: "searching" settles nothing.
        if (this.#announced !== undefined && this.#judge(this.#announced, at)) return;
        if (answer !== undefined && this.#judge(answer, at)) return;
        if (at < this.#registerUntil) {
          // The URC usually comes first; the question is for the one that got lost.
          this.#later(registrationPoll, at, (t) => this.#askRegistration(t));
        } else if (!this.#radioReset) {
          this.#resetRadio(at);
        } else {
          this.#fail("not-registered", at);
        }
      },
      now,
    );
  }

  /** Acts on a registration status; true when the matter is settled. */
  #judge(registration: Registration, now: number): boolean {
    if (registration.stat === 3) {
      this.#log(`denied cause=${registration.cause ?? "unknown"}`);
      this.#fail("denied", now);
      return true;
    }
    if (!isRegistered(registration)) return false;
    const t3324 = registration.t3324 === undefined ? undefined : decodeT3324(registration.t3324);
    const t3412 = registration.t3412 === undefined ? undefined : decodeT3412(registration.t3412);
    this.#log(
      `registered stat=${registration.stat}` +
        (t3324 !== undefined && t3412 !== undefined ? ` t3324=${t3324}s t3412=${t3412}s` : ""),
    );
    this.#cancelLater();
    this.#enterUp(now);
    return true;
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
        this.#options.onUp(at);
        this.#sockets.pump(at);
      },
      now,
    );
  }

  // Sleep and wake

  #wake(now: number): void {
    this.#enter("waking");
    const awake = (at: number): void =>
      this.#sync(10, (answered, t) => (answered ? this.#resume(t) : this.#recover(t)), at);
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

  /** A refused socket mostly means that the network context is gone: look at the registration again. */
  #resumeLater(now: number): void {
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
      if (this.#state !== "registering") return;
      if (this.#at.busy) this.#announced = registration;
      else this.#judge(registration, now);
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
    this.#options.onDown("rebooted", now);
  }

  /** False when a script failed; then the trouble is taken care of. */
  #proceed(outcome: ScriptResult, now: number): boolean {
    const result = outcome.result;
    switch (result.kind) {
      case "ok":
        return true;
      case "timeout":
        this.#recover(now);
        return false;
      case "error":
        this.#log(`refused command="${asciiText(outcome.failed!.line)}" code=${result.code ?? "none"}`);
        this.#fail("failed", now);
        return false;
      default:
        return false;
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
      this.#sync(attempts, (answered, t) => (answered ? this.#resetRadio(t) : otherwise(t)), at);
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
    this.#options.onDown(reason, now);
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
