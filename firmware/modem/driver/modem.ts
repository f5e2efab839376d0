/**
 * Driver of an NB-IoT modem: power-on, registration, UDP, power saving, recovery. What differs from one
 * family to the next is a table, see `Family`.
 *
 *    off -> starting -> configuring -> registering -> up -> asleep -> waking -> up
 *              ^                                       |
 *              +----- pausing <------ recovering <-----+   a command was not answered
 *
 * No clock of its own: every call brings the time (ms).
 */
import { ascii, asciiText, startsWith } from "../../text/ascii";
import { AtEngine } from "../at/engine";
import { BringUp } from "./bring-up";
import { isRegistered, parseCereg } from "../at/fields";
import { ResetEscalation } from "./reset-escalation";
import { ControlLines } from "./control-lines";
import { Recovery } from "./recovery";
import { RegistrationWait } from "./registration";
import { RetryPolicy } from "./retry-policy";
import { cereg } from "../at/standard-commands";
import { Attach } from "./attach";
import { Sleep } from "./sleep";
import { Sockets } from "./sockets";
import type { Family, ModemUrc } from "../family/family";
import type { Wanted } from "../at/standard-commands";
import type { Granted, ModemOptions, ModemState } from "./modem-options";
import type { ScriptResult } from "../at/script";
import type { DatagramModem, DatagramOwner } from "../udp";
import type { ModemEvent, ModemLog, ModemNote } from "./modem-log";

const cpin = ascii("+CPIN:");

/** Three seconds, and what the commands in front of a datagram may take less than those of the one before, ms. */
const usualPace = 3_500;

/** The driver: `connect` when there is something to send, `poll` at `deadline`. */
export class Modem implements DatagramModem {
  readonly #options: ModemOptions;
  readonly #family: Family;
  readonly #at: AtEngine;
  readonly #registration: RegistrationWait;
  readonly #sockets: Sockets;
  readonly #lines: ControlLines;
  readonly #escalation: ResetEscalation;
  readonly #retryPolicy: RetryPolicy;
  readonly #bringUp: BringUp;
  readonly #recovery: Recovery;
  readonly #attach: Attach;
  readonly #sleep: Sleep;
  readonly #wanted: Wanted;
  #state: ModemState = "off";
  #now = 0;
  /** The one thing the driver waits for, apart from commands. */
  #due = Infinity;
  #action: ((now: number) => void) | undefined;
  /** It was found mute while it slept. */
  #resetDue = false;

  constructor(options: ModemOptions) {
    this.#options = options;
    const { family, powerKey, reset, wakePin, supply, apn, bands, psm, edrx } = options;
    this.#family = family;
    const later = (delay: number, now: number, action: (now: number) => void): void =>
      this.#later(delay, now, action);
    const log: ModemLog = (event) => this.#log(event);
    this.#lines = new ControlLines({
      times: family.power,
      wakes: family.sleep.wakes,
      powerKey,
      reset,
      wakePin,
      supply,
      later,
    });
    // Without something that ends PSM the modem is not let into it.
    const mayPsm = psm !== undefined && this.#lines.canWake;
    this.#wanted = {
      apn,
      bands,
      ...(mayPsm ? { psm } : {}),
      edrx,
    };
    const wires = { key: this.#lines.canRestart, supply: this.#lines.hasSupply };
    this.#escalation = new ResetEscalation(wires, options.escalation);
    this.#retryPolicy = new RetryPolicy({
      escalation: this.#escalation,
      random: options.random,
      onEscalation: options.onEscalation,
    });
    this.#at = new AtEngine({
      write: options.write,
      urcs: [...family.urcs, cereg, cpin],
      banners: family.banners,
      gap: family.gap,
      onUrc: (line, now) => this.#urc(line, now),
      onBanner: (now) => this.#banner(now),
    });
    this.#registration = new RegistrationWait({
      at: this.#at,
      family,
      later,
      wanted: () => this.#state === "registering",
      onRegistered: (status, now) => {
        this.#cancelLater();
        this.#attach.registered(status, now);
      },
      onDenied: (cause, now) => {
        this.#recovery.cause = cause;
        this.#recovery.fail("denied", now);
      },
      onMissing: (now) => this.#recovery.noCell(now),
      onTrouble: (outcome, now) => this.#trouble(outcome, now),
      log,
    });
    this.#sockets = new Sockets({
      traits: family.sockets,
      at: this.#at,
      ready: () => this.ready,
      onSilence: (now) => this.#recovery.silence(now),
      onRefused: (times, now) => this.#recovery.socketRefused(times, now),
      onIdle: (now) => this.#sleep.release(now),
      pace: options.pace ?? usualPace,
      log,
    });
    this.#sleep = new Sleep({
      family,
      at: this.#at,
      lines: this.#lines,
      onAwake: (now) => this.#resume(now),
      onSilence: (now) => this.#recovery.silence(now),
      resume: options.resume,
      sockets: this.#sockets,
    });
    this.#bringUp = new BringUp({
      family,
      wanted: this.#wanted,
      at: this.#at,
      lines: this.#lines,
      escalation: this.#escalation,
      registration: this.#registration,
      enter: (state) => this.#enter(state),
      later,
      fail: (reason, now) => this.#recovery.fail(reason, now),
      proceed: (outcome, now) => this.#proceed(outcome, now),
      trouble: (outcome, now) => this.#trouble(outcome, now),
      note: (level) => this.#retryPolicy.note(level),
      restarted: () => this.#sockets.forget(),
      identified: (imei, now) => options.onIdentified?.(imei, now),
      log,
    });
    this.#attach = new Attach({
      family,
      wanted: this.#wanted,
      at: this.#at,
      sockets: this.#sockets,
      sleep: this.#sleep,
      bringUp: this.#bringUp,
      state: () => this.#state,
      enter: (state) => this.#enter(state),
      later,
      cancelLater: () => this.#cancelLater(),
      proceed: (outcome, now) => this.#proceed(outcome, now),
      onReboot: (now) => this.#recovery.rebooted(now),
      onUp: (now) => {
        this.#retryPolicy.succeeded();
        options.onUp?.(now);
        this.#sockets.pump(now);
      },
      onTime: (epoch) => options.onTime?.(epoch, this.#now),
      log,
    });
    this.#recovery = new Recovery({
      family,
      at: this.#at,
      lines: this.#lines,
      escalation: this.#escalation,
      retryPolicy: this.#retryPolicy,
      sockets: this.#sockets,
      bringUp: this.#bringUp,
      state: () => this.#state,
      enter: (state) => this.#enter(state),
      later,
      cancelLater: () => this.#cancelLater(),
      lookAgain: (delay, now) => this.#attach.lookAgain(delay, now),
      onDown: (reason, now) => options.onDown?.(reason, now),
      log,
    });
    if (this.#sleep.remembers) this.#state = "asleep";
  }

  get state(): ModemState {
    return this.#state;
  }

  /** The modem's IMEI once known. */
  get imei(): string | undefined {
    return this.#bringUp.imei;
  }

  /** Signal when the modem last came up, dBm. */
  get rssi(): number | undefined {
    return this.#attach.rssi;
  }

  /** What the network granted last. */
  get granted(): Granted {
    return this.#sleep.granted;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    const doze = this.#state === "up" ? this.#sleep.dozeAt : Infinity;
    return Math.min(this.#at.deadline, this.#due, this.#sockets.deadline, doze);
  }

  /** Whether datagrams can be sent. */
  get ready(): boolean {
    return this.#state === "up";
  }

  /** Whether commands or datagrams wait: the ESP32 must not sleep now. */
  get busy(): boolean {
    return this.#at.busy || this.#sockets.waiting;
  }

  /**
   * Whether its radio may be drawing lines, and could be kept from it: one that does not answer cannot.
   */
  get active(): boolean {
    return this.#state !== "off" && this.#state !== "asleep" && this.#state !== "pausing";
  }

  /** It needs nobody any more: what it has sent is answered, and PSM comes by itself when T3324 is over. */
  get settled(): boolean {
    return this.#state === "up" && this.#sleep.granted.t3324 !== undefined && !this.busy;
  }

  /** What to keep over deep sleep and restarts, see `ResetEscalation.state`. */
  get escalation(): readonly number[] {
    return this.#escalation.state;
  }

  /**
   * What to keep over the ESP32's deep sleep, for `ModemOptions.resume`: small whole numbers. Undefined
   * while the modem is neither up nor asleep, and would have to be brought up anyway.
   */
  get remembered(): readonly number[] | undefined {
    if (this.#state !== "up" && this.#state !== "asleep") return undefined;
    return this.#sleep.remembered();
  }

  /** Off with the radio, whatever it was doing, until `connect`; one that sleeps goes on sleeping. */
  suspend(now: number): void {
    if (this.#state === "off" || this.#state === "asleep") return;
    this.#cancelLater();
    this.#sockets.drop();
    this.#at.clear(now);
    this.#recovery.switchRadioOff(now);
    this.#enter("off");
    this.#log("suspended");
    this.#options.onDown?.("suspended", now);
  }

  /** It claims to be up and nothing comes back: the next level of the escalation. */
  reset(now: number): void {
    this.#now = now;
    // The next one to wake it finds it there.
    if (this.#state === "asleep") this.#resetDue = true;
    if (this.#state === "up") this.#recovery.mute(now);
  }

  /** Something has come back. */
  confirm(): void {
    this.#resetDue = false;
    this.#escalation.heard();
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
    if (this.#bringUp.echoOff && this.#at.echoed) this.#recovery.rebooted(now);
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
    if (this.#state === "up" && now >= this.#sleep.dozeAt) this.#doze(now);
  }

  openSocket(owner: DatagramOwner): void {
    this.#sockets.open(owner);
  }

  closeSocket(owner: DatagramOwner): void {
    this.#sockets.close(owner, this.#now);
  }

  sendDatagram(
    owner: DatagramOwner,
    bytes: Uint8Array,
    address: string,
    port: number,
    release: boolean,
  ): void {
    if (!this.#sockets.add(owner, bytes, address, port, release)) return;
    this.#sleep.active(this.#now);
    if (this.ready) this.#sockets.pump(this.#now);
    else this.connect(this.#now);
  }

  // Sleep and wake

  #wake(now: number): void {
    this.#enter("waking");
    if (this.#family.sleep.boots) this.#bringUp.bootGraceUntil = Infinity;
    this.#sleep.wake(now);
  }

  #resume(now: number): void {
    if (!this.#resetDue) return this.#attach.resume(now);
    this.#resetDue = false;
    this.#sleep.uart = "alive";
    this.#recovery.mute(now);
  }

  #fallAsleep(now: number): void {
    // Who was waking it is still waiting for that.
    const wanted = this.#state === "waking" || this.#sockets.waiting;
    this.#sleep.uart = "dead";
    this.#cancelLater();
    this.#sockets.interrupt();
    this.#enter("asleep");
    this.#at.clear(now);
    if (wanted) this.#wake(now);
  }

  /** It must be asleep by now, though it has not said so. */
  #doze(now: number): void {
    if (this.#at.busy || this.#sockets.waiting || this.#due !== Infinity) return this.#sleep.active(now);
    this.#sleep.uart = "unknown";
    this.#enter("asleep");
  }

  // URCs and trouble

  #urc(line: Uint8Array, now: number): void {
    if (startsWith(line, cereg)) {
      const registration = parseCereg(line);
      if (registration === undefined) return;
      if (this.#state === "registering") this.#registration.announce(registration, now);
      else if (this.#state === "up") this.#attach.changed(isRegistered(registration), now);
    } else if (startsWith(line, cpin)) {
      const status = asciiText(line, cpin.length).trim();
      if (this.#state === "up" && status.startsWith("NOT ")) {
        this.#log({ kind: "modem sim", status });
        this.#recovery.fail("sim", now);
      }
    } else {
      const urc = this.#family.urc(line);
      if (urc !== undefined) this.#act(urc, now);
    }
  }

  #act(urc: ModemUrc, now: number): void {
    switch (urc.kind) {
      case "asleep":
        if (this.#state === "up" || this.#state === "waking") this.#fallAsleep(now);
        else this.#sleep.uart = "dead";
        return;
      case "awake":
        this.#sleep.uart = "alive";
        return this.#recovery.heard(now);
      case "no-context":
        return this.#attach.contextLost(now);
      case "time":
        return this.#options.onTime?.(urc.epoch, now);
      default:
        this.#sleep.active(now);
        this.#sockets.take(urc, now);
        // It was only taken for asleep, or its UART was.
        if (urc.kind === "data" && this.#state === "asleep") {
          this.#sleep.uart = "unknown";
          this.#wake(now);
        }
        return;
    }
  }

  #banner(now: number): void {
    this.#bringUp.announced();
    if (this.#state === "pausing") return this.#recovery.heard(now);
    if (this.#state === "off" || now < this.#bringUp.bootGraceUntil) return;
    if (this.#family.sleep.boots && this.#state === "asleep") {
      this.#sleep.uart = "alive";
      return;
    }
    this.#recovery.rebooted(now);
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
      this.#recovery.silence(now);
    } else if (result.kind === "error") {
      this.#log({ kind: "modem refused", command: asciiText(outcome.failed!.line), code: result.code });
      this.#recovery.fail("failed", now);
    }
  }

  #enter(state: ModemState): void {
    this.#state = state;
    if (state === "starting") this.#sleep.uart = "alive";
    if (state !== "configuring" && state !== "registering" && state !== "up") this.#bringUp.echoOff = false;
    if (state === "asleep" || state === "waking" || state === "starting")
      this.#log({ kind: `modem ${state}` });
  }

  #later(delay: number, now: number, action: (now: number) => void): void {
    this.#due = now + delay;
    this.#action = action;
  }

  #cancelLater(): void {
    this.#due = Infinity;
    this.#action = undefined;
    // What was to let go of it will not come.
    this.#lines.release();
  }

  #log(event: ModemEvent | ModemNote): void {
    this.#options.log?.(event);
  }
}
