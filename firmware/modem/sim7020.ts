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
import { ascii, asciiText, readHex, startsWith, writeHex } from "../text/ascii";
import { AtEngine } from "./at";
import { fieldsOf, findImei, isCeregAnswer, isRegistered } from "./fields";
import { parseCclk, parseCereg, wholeNumber } from "./fields";
import { decodeT3324, decodeT3412, encodeT3324, encodeT3412 } from "./psm";
import { defaultTimeout, runScript } from "./script";
import type { AtResult } from "./at";
import type { Registration } from "./fields";
import type { ScriptResult, Step } from "./script";
import type { DatagramModem, DatagramOwner } from "./udp";

export interface Sim7020Options {
  /** Sends bytes to the modem's UART. */
  readonly write: (bytes: Uint8Array) => void;
  /** Access point name of the SIM card's operator. */
  readonly apn: string;
  /** Bands to search, such as [8, 20]; fewer bands, faster registration. All when left out. */
  readonly bands?: readonly number[];
  /** Power saving mode to ask for, seconds; none without a power key, for nothing could end it. */
  readonly psm?: { readonly t3412: number; readonly t3324: number };
  /** Drives PWRKEY, true for pressed (low at the modem). Boards without that wire leave it out. */
  readonly powerKey?: (pressed: boolean) => void;
  /** Random number in [0, 1), for the spread of back-off. */
  readonly random: () => number;
  /** Datagrams can be sent. */
  readonly onUp: (now: number) => void;
  /** They cannot, and the driver is trying again by itself. */
  readonly onDown: (reason: DownReason, now: number) => void;
  /** The network's time, epoch ms. */
  readonly onTime?: (epoch: number, now: number) => void;
  /** For logs: an event and its details, no secrets. */
  readonly log?: (text: string) => void;
}

/** Why the modem is not up. */
export type DownReason =
  | "rebooted"
  | "no-answer" // nothing on the UART answers
  | "sim" // the SIM card is missing or locked
  | "not-registered" // no cell in time
  | "denied" // the network refuses: wrong APN, SIM without NB-IoT, roaming
  | "failed"; // a command of the bring-up was refused

export type Sim7020State =
  | "off"
  | "starting"
  | "configuring"
  | "registering"
  | "up"
  | "asleep"
  | "waking"
  | "recovering"
  | "pausing"; // until the next try to bring it up

/** URCs of the family that matter or at least are known. */
const urcs = Object.freeze(
  ["+CSONMI:", "+CSOERR:", "+CEREG:", "+CPIN:", "+CPSMSTATUS:", "+CLTS:", "+CFUN:", "*PSUTTZ", "DST:"]
    .map(ascii),
);
const banners = Object.freeze(["RDY", "SMS Ready"].map(ascii));

const csonmi = ascii("+CSONMI:");
const csoerr = ascii("+CSOERR:");
const cereg = ascii("+CEREG:");
const cpin = ascii("+CPIN:");
const cpsmstatus = ascii("+CPSMSTATUS:");

// Times in ms, after the manual's maxima and what drivers in the field allow.
const probeTimeout = 300;
const cfunTimeout = 30_000;
const socketTimeout = 75_000;
const keyWake = 800;
const keyOn = 1_100;
/** Questions for the SIM card, a second apart. */
const simAttempts = 10;
const registrationPoll = 10_000;
const registrationLimit = 300_000;
/** Banners may trail in after the first OK of a boot. */
const bootGrace = 10_000;
const backoffFirst = 10_000;
const backoffLongest = 3_600_000;
/** Datagrams that may wait for the modem; CoAP sends a lost one again. */
const outboxLimit = 4;
/** A datagram of CSOSEND in its hexadecimal form, bytes. */
export const largestDatagram = 512;

interface OutgoingDatagram {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly releaseAfterReply: boolean;
  /** It failed once and the socket was opened anew for it. */
  retried: boolean;
}

export class Sim7020 implements DatagramModem {
  readonly #options: Sim7020Options;
  readonly #at: AtEngine;
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
  #owner: DatagramOwner | undefined;
  #outbox: OutgoingDatagram[] = [];
  #sending = false;
  #socket: number | undefined;
  #peerAddress = "";
  #peerPort = 0;

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
    this.#owner = owner;
  }

  closeSocket(owner: DatagramOwner): void {
    if (this.#owner !== owner) return;
    this.#owner = undefined;
    this.#outbox = [];
    if (this.#socket !== undefined && this.#state === "up") {
      runScript(this.#at, [{ line: ascii(`AT+CSOCL=${this.#socket}`), optional: true }], () => {}, this.#now);
    }
    this.#socket = undefined;
  }

  sendDatagram(bytes: Uint8Array, address: string, port: number, releaseAfterReply: boolean): void {
    if (bytes.length > largestDatagram) {
      this.#owner?.failDatagram(`datagram of ${bytes.length} bytes, the modem takes ${largestDatagram}`);
      return;
    }
    if (this.#outbox.length >= outboxLimit) this.#outbox.shift();
    this.#outbox.push({ bytes, address, port, releaseAfterReply, retried: false });
    if (this.#state === "up") this.#pump(this.#now);
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
    this.#socket = undefined;
    this.#radioReset = false;
    const steps: Step[] = [
      { line: ascii("AT+IPR=115200") },
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

  /** What travels in the attach request must be set while the radio is off. */
  #setUpRadio(now: number): void {
    const { apn, bands, psm, powerKey } = this.#options;
    const steps: Step[] = [
      { line: ascii("AT+CFUN=0"), timeout: cfunTimeout },
      { line: ascii(`AT*MCGDEFCONT="IP","${apn}"`) },
    ];
    if (bands !== undefined) steps.push({ line: ascii(`AT+CBANDSL=1,${bands.length},${bands.join(",")}`) });
    if (psm !== undefined && powerKey !== undefined) {
      steps.push(
        { line: ascii("AT+CPSMSTATUS=1") },
        { line: ascii(`AT+CPSMS=1,,,"${encodeT3412(psm.t3412)}","${encodeT3324(psm.t3324)}"`) },
        { line: ascii("AT+RETENTION=1"), optional: true },
      );
    } else {
      steps.push({ line: ascii("AT+CPSMS=0") });
    }
    steps.push(
      { line: ascii("AT+CLTS=1"), optional: true },
      { line: ascii("AT+CEREG=5") },
      { line: ascii("AT+CFUN=1"), timeout: cfunTimeout },
    );
    runScript(
      this.#at,
      steps,
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
    let registration: Registration | undefined;
    const step: Step = {
      line: ascii("AT+CEREG?"),
      prefix: cereg,
      owns: isCeregAnswer,
      onLine: (line) => (registration = parseCereg(line)),
    };
    runScript(
      this.#at,
      [step],
      (outcome, at) => {
        if (!this.#proceed(outcome, at) || this.#state !== "registering") return;
        // A URC that came meanwhile may be older than the answer, or newer: "searching" settles nothing.
        if (this.#announced !== undefined && this.#judge(this.#announced, at)) return;
        if (registration !== undefined && this.#judge(registration, at)) return;
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
    let signal = "";
    const steps: Step[] = [
      {
        line: ascii("AT+CSQ"),
        prefix: ascii("+CSQ:"),
        optional: true,
        onLine: (line) => (signal = fieldsOf(line, 5)[0] ?? ""),
      },
      {
        line: ascii("AT+CCLK?"),
        prefix: ascii("+CCLK:"),
        optional: true,
        onLine: (line) => {
          const epoch = parseCclk(line);
          if (epoch !== undefined) this.#options.onTime?.(epoch, this.#now);
        },
      },
    ];
    runScript(
      this.#at,
      steps,
      (outcome, at) => {
        if (!this.#proceed(outcome, at)) return;
        this.#enter("up");
        this.#radioReset = false;
        const csq = wholeNumber(signal);
        this.rssi = csq === undefined || csq === 99 ? undefined : -113 + 2 * csq;
        this.#log(`up${this.rssi === undefined ? "" : ` rssi=${this.rssi}dBm`}`);
        this.#failures = 0;
        this.#options.onUp(at);
        this.#pump(at);
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
    let registration: Registration | undefined;
    let socketStatus: number | undefined = 2;
    const steps: Step[] = [
      { line: ascii("AT+CEREG=5") },
      {
        line: ascii("AT+CEREG?"),
        prefix: cereg,
        owns: isCeregAnswer,
        onLine: (line) => (registration = parseCereg(line)),
      },
    ];
    if (this.#socket !== undefined) {
      socketStatus = undefined;
      steps.push({
        line: ascii(`AT+CSOSTATUS=${this.#socket}`),
        prefix: ascii("+CSOSTATUS:"),
        optional: true,
        onLine: (line) => (socketStatus = wholeNumber(fieldsOf(line, 11).pop())),
      });
    }
    this.#runQuietly(
      steps,
      (at) => {
        if (socketStatus !== 2) this.#socket = undefined;
        if (registration !== undefined && isRegistered(registration)) return this.#enterUp(at);
        this.#register(at);
      },
      now,
    );
  }

  #fallAsleep(now: number): void {
    // Who was waking it is still waiting for that.
    const wanted = this.#state === "waking" || this.#outbox.length > 0;
    this.#uartAlive = false;
    this.#cancelLater();
    this.#sending = false;
    this.#enter("asleep");
    this.#at.clear(now);
    if (wanted) this.#wake(now);
  }

  // Datagrams

  #pump(now: number): void {
    if (this.#state !== "up" || this.#sending || this.#outbox.length === 0) return;
    this.#sending = true;
    const datagram = this.#outbox[0];
    const samePeer = this.#peerAddress === datagram.address && this.#peerPort === datagram.port;
    if (this.#socket === undefined || !samePeer) {
      this.#connectSocket(datagram, now);
      return;
    }
    const steps: Step[] = [];
    // The flag holds for one datagram, so it goes before each.
    if (datagram.releaseAfterReply) steps.push({ line: ascii("AT+CNBIOTRAI=2"), optional: true });
    steps.push({ line: sendLine(this.#socket, datagram.bytes), timeout: 10_000 });
    runScript(this.#at, steps, (outcome, at) => this.#sent(datagram, outcome.result, at), now);
  }

  #sent(datagram: OutgoingDatagram, result: AtResult, now: number): void {
    if (result.kind === "aborted") return;
    this.#sending = false;
    if (result.kind === "error") {
      this.#log(`send refused code=${result.code ?? "none"}`);
      this.#socket = undefined;
      if (datagram.retried) {
        this.#forget(datagram);
        this.#owner?.failDatagram("the modem refuses the datagram");
      }
      datagram.retried = true;
      this.#pump(now);
      return;
    }
    this.#forget(datagram);
    if (result.kind !== "ok") return this.#recover(now);
    this.#pump(now);
  }

  #forget(datagram: OutgoingDatagram): void {
    const index = this.#outbox.indexOf(datagram);
    if (index >= 0) this.#outbox.splice(index, 1);
  }

  #connectSocket(datagram: OutgoingDatagram, now: number): void {
    let socket: number | undefined;
    // A socket left over from before a reset of the ESP32, or to another peer, would eat up the few
    // there are.
    const left = this.#socket ?? 0;
    this.#socket = undefined;
    runScript(
      this.#at,
      [
        { line: ascii(`AT+CSOCL=${left}`), optional: true, timeout: 10_000 },
        {
          line: ascii("AT+CSOC=1,2,1"),
          prefix: ascii("+CSOC:"),
          onLine: (line) => (socket = wholeNumber(fieldsOf(line, 6)[0])),
        },
      ],
      (outcome, at) => {
        if (outcome.result.kind !== "ok" || socket === undefined) {
          return this.#socketFailed(datagram, outcome.result, at);
        }
        const opened = socket;
        runScript(
          this.#at,
          [
            {
              line: ascii(`AT+CSOCON=${opened},${datagram.port},"${datagram.address}"`),
              timeout: socketTimeout,
            },
          ],
          (connected, t) => {
            if (connected.result.kind !== "ok") return this.#socketFailed(datagram, connected.result, t);
            this.#log(`socket id=${opened} peer=${datagram.address}:${datagram.port}`);
            this.#socket = opened;
            this.#peerAddress = datagram.address;
            this.#peerPort = datagram.port;
            this.#sending = false;
            this.#pump(t);
          },
          at,
        );
      },
      now,
    );
  }

  #socketFailed(datagram: OutgoingDatagram, result: AtResult, now: number): void {
    if (result.kind === "aborted") return;
    this.#sending = false;
    this.#forget(datagram);
    if (result.kind === "timeout") this.#recover(now);
    else this.#resumeLater(now);
    this.#owner?.failDatagram("the modem opens no socket");
  }

  /** A refused socket mostly means that the network context is gone: look at the registration again. */
  #resumeLater(now: number): void {
    this.#enter("waking");
    this.#later(1_000, now, (at) => this.#resume(at));
  }

  #receiveDatagram(line: Uint8Array): void {
    // +CSONMI: <socket>,<hex digits>,<hex>
    let at = csonmi.length;
    const first = line.indexOf(0x2c, at);
    const second = line.indexOf(0x2c, first + 1);
    if (first < 0 || second < 0) return this.#log("urc unreadable name=+CSONMI");
    const socket = wholeNumber(asciiText(line, at, first).trim());
    const digits = wholeNumber(asciiText(line, first + 1, second).trim());
    at = second + 1;
    const bytes = readHex(line, at, line.length);
    if (bytes === undefined || digits !== line.length - at) return this.#log("urc unreadable name=+CSONMI");
    if (socket !== this.#socket || this.#owner === undefined) return;
    this.#owner.receiveDatagram(bytes, this.#peerAddress, this.#peerPort);
  }

  // URCs and trouble

  #urc(line: Uint8Array, now: number): void {
    if (startsWith(line, csonmi)) {
      this.#receiveDatagram(line);
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
      this.#log(`socket error=${fieldsOf(line, csoerr.length)[1] ?? "unknown"}`);
      this.#socket = undefined;
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
    this.#cancelLater();
    this.#at.clear(now);
    this.#sending = false;
    this.#socket = undefined;
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
    this.#sending = false;
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
    this.#socket = undefined;
    this.#runQuietly([{ line: ascii("AT+IPR=115200") }], (at) => this.#setUpRadio(at), now);
  }

  #fail(reason: DownReason, now: number): void {
    this.#cancelLater();
    this.#sending = false;
    this.#outbox = [];
    this.#socket = undefined;
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

/** `AT+CSOSEND=<socket>,<hex digits>,<hex>`, built as bytes: it is the longest line there is. */
function sendLine(socket: number, bytes: Uint8Array): Uint8Array {
  const head = ascii(`AT+CSOSEND=${socket},${bytes.length * 2},`);
  const line = new Uint8Array(head.length + 2 * bytes.length);
  line.set(head);
  writeHex(bytes, line, head.length);
  return line;
}

