/**
 * Driver of an NB-IoT modem: power-on, registration, UDP, power saving, recovery. What differs from one
 * family to the next is a table, see `Family`; the states of the driver and their transitions are
 * `DriverState`'s.
 *
 * No clock of its own: every call brings the time (ms).
 */
import { AtEngine } from "../at/engine";
import { BringUp } from "./bring-up";
import { ResetEscalation } from "./reset-escalation";
import { ControlLines } from "./control-lines";
import { decodeDriverMemory, encodeDriverMemory } from "./driver-memory";
import { DriverState } from "./driver-state";
import { Recovery } from "./recovery";
import { RegistrationWait } from "./registration";
import { RetryPolicy } from "./retry-policy";
import { cereg } from "../at/standard-commands";
import { Attach } from "./attach";
import { Inquiry } from "./inquiry";
import { HostNames } from "./host-names";
import { NetworkClock } from "./network-clock";
import { cpin } from "./sim-card";
import { UnheardRestart } from "./unheard-restart";
import { Unsolicited } from "./unsolicited";
import { isMemory } from "./modem-memory";
import { Sleep } from "./sleep";
import { Sockets } from "./sockets";
import { Wake } from "./wake";
import type { Cell, Family } from "../family/family";
import type { Wanted } from "../at/standard-commands";
import type { DriverMemory } from "./driver-memory";
import type { ModemState } from "./driver-state";
import type { Granted, ModemOptions } from "./modem-options";
import type { DatagramModem, DatagramOwner } from "../udp";

const commonUrcs: readonly Uint8Array[] = Object.freeze([cereg, cpin]);

/** The parts of the driver know each other: all of them have this one object, which would take RAM in copies. */
interface Parts {
  readonly options: ModemOptions;
  readonly family: Family;
  readonly driver: DriverState;
  readonly at: AtEngine;
  readonly wanted: Wanted;
  readonly lines: ControlLines;
  readonly escalation: ResetEscalation;
  readonly retryPolicy: RetryPolicy;
  // Made one after the other, and asked for the others once all are there.
  names: HostNames;
  registration: RegistrationWait;
  sockets: Sockets;
  clock: NetworkClock;
  wake: Wake;
  sleep: Sleep;
  bringUp: BringUp;
  attach: Attach;
  recovery: Recovery;
}

/**
 * Driver of an NB-IoT modem: power-on, registration, UDP, power saving, recovery. `connect` when there is
 * something to send, `poll` at `deadline`.
 */
export class Modem implements DatagramModem {
  readonly #parts: Parts;
  // Those that are asked most often.
  readonly #driver: DriverState;
  readonly #at: AtEngine;
  readonly #sockets: Sockets;
  readonly #sleep: Sleep;
  readonly #unsolicited: Unsolicited;
  readonly #unheardRestart: UnheardRestart;
  /** What the modem is asked once nothing else waits for it, see inquiry.ts. */
  #question: "all" | "cell" | undefined;
  /** It was asked all of it: once a boot, and a wake from the ESP32's deep sleep is none. */
  #inquired: boolean;
  /** The application has asked for the cell since it was told. */
  #cellAsked = false;
  #cell: Cell | undefined;
  /** Datagrams sent since something came back from the cloud. */
  #unheard = 0;
  #firmware: string | undefined;

  constructor(given: ModemOptions) {
    const before = decodeDriverMemory(given.resume);
    // What is asked of the network stands in them as well: one object is both.
    const options = {
      ...given,
      resume: before?.sleep,
      baud: given.baud ?? given.family.baud,
      psm: undefined as ModemOptions["psm"],
    };
    const { family, powerKey, reset, wakePin, supply, random, onEscalation } = options;
    const at = new AtEngine({
      write: options.write,
      urcs: family.urcs,
      commonUrcs,
      banners: family.banners,
      gap: family.gap,
      onUrc: (line, now, cut) => this.#unsolicited.urc(line, now, cut),
      onBanner: (now) => this.#unsolicited.banner(now),
    });
    const driver = new DriverState({
      state: isMemory(options.resume) ? before!.memory.state : "off",
      at,
      onCancel: () => lines.letGo(),
      log: options.log,
    });
    const lines = new ControlLines({
      driver,
      times: family.power,
      wakes: family.sleep.wakes,
      powerKey,
      reset,
      wakePin,
      supply,
    });
    // Without something that ends PSM the modem is not let into it.
    if (lines.canWake) options.psm = given.psm;
    const wanted: Wanted = options;
    const wires = { key: lines.canRestart, supply: lines.hasSupply };
    const escalation = new ResetEscalation(wires, options.escalation);
    const retryPolicy = new RetryPolicy({ escalation, random, onEscalation });
    const parts = { options, family, driver, at, wanted, lines, escalation, retryPolicy } as Parts;
    parts.names = new HostNames(parts);
    parts.registration = new RegistrationWait(parts);
    parts.sockets = new Sockets(parts);
    parts.clock = new NetworkClock(driver, options);
    parts.wake = new Wake(parts);
    parts.sleep = new Sleep(parts);
    parts.bringUp = new BringUp(parts);
    parts.attach = new Attach(parts);
    parts.recovery = new Recovery(parts);
    driver.faults = parts.recovery;
    this.#unsolicited = new Unsolicited(parts);
    this.#unheardRestart = new UnheardRestart(parts);
    this.#parts = parts;
    this.#inquired = false;
    if (isMemory(options.resume)) this.restore(before!.memory);
    // All have taken theirs of it, and it would be in RAM until the next sleep.
    options.resume = undefined;
    this.#driver = driver;
    this.#at = at;
    this.#sockets = parts.sockets;
    this.#sleep = parts.sleep;
  }

  /** Goes on with what was known before the ESP32's deep sleep. */
  private restore({ due, retry, recovery, mutes, knowsNetwork, inquired, switchedOff }: DriverMemory): void {
    const parts = this.#parts;
    parts.driver.switchedOff = switchedOff;
    parts.escalation.mutes = mutes;
    parts.retryPolicy.restore(retry);
    parts.registration.knowsNetwork = knowsNetwork;
    parts.recovery.restore(recovery, due);
    this.#inquired = inquired;
  }

  get state(): ModemState {
    return this.#driver.state;
  }

  /** The modem's IMEI once known. */
  get imei(): string | undefined {
    return this.#parts.bringUp.imei;
  }

  /** Signal as the modem told it last, dBm; whoever reads it has it asked for at the next contact. */
  get rssi(): number | undefined {
    this.#parts.attach.rssiRead = true;
    return this.#parts.attach.rssi;
  }

  /** The name of the modem's own firmware, once it was asked. */
  get firmware(): string | undefined {
    return this.#firmware;
  }

  /**
   * Signal, noise, coverage level and name of the cell as the modem told them last; it is asked anew when a
   * datagram has gone through next, so that whoever does not want to know pays nothing for it. Undefined until
   * the first time after a boot, and after the ESP32's deep sleep.
   */
  readCell(): Cell | undefined {
    this.#cellAsked = true;
    return this.#cell;
  }

  /** The same, and it is not asked for. */
  get cell(): Cell | undefined {
    return this.#cell;
  }

  /** What the network granted last. */
  get granted(): Granted {
    return this.#sleep.granted;
  }

  /** When `poll` wants to be called, ms. */
  get deadline(): number {
    const quietUntil = this.#driver.state === "up" ? this.#sleep.quietUntil : Infinity;
    return Math.min(this.workDeadline, quietUntil, this.#unheardRestart.deadline);
  }

  /**
   * `deadline` without the moment at which the modem is only taken for asleep, as it is after any deep sleep, or is asked
   * whether it has restarted.
   */
  get workDeadline(): number {
    if (this.#question !== undefined && this.mayAsk) return 0;
    const rest = this.mayAsk ? this.#parts.attach.askAt : Infinity;
    return Math.min(rest, this.#at.deadline, this.#driver.deadline, this.#sockets.deadline);
  }

  /** What is to be asked may be now: nothing else waits for the modem. */
  private get mayAsk(): boolean {
    return this.ready && !this.#at.busy && !this.#sockets.waiting;
  }

  /** Whether datagrams can be sent. */
  get ready(): boolean {
    return this.#driver.state === "up";
  }

  /** Whether commands or datagrams wait: the ESP32 must not sleep now. */
  get busy(): boolean {
    if (this.#at.busy || this.#sockets.waiting) return true;
    return this.ready && (this.#question !== undefined || this.#parts.attach.askAt < Infinity);
  }

  /** For `LightSleep`: what the modem says now it says by itself, and no datagram has been sent in vain yet. */
  get mayMissAWord(): boolean {
    return !this.#at.busy && this.#unheard < 2 && !(this.ready && this.busy);
  }

  /** Lines of the modem's that nobody knows, so far. */
  get unknownLines(): number {
    return this.#at.unknown;
  }

  /** Whether the modem's radio may be drawing power and `suspend` could end that. */
  get active(): boolean {
    const { state } = this.#driver;
    return state !== "off" && state !== "asleep" && state !== "pausing";
  }

  /** The modem needs no command any more: no datagram waits, and it falls asleep when T3324 is over. */
  get sleepsByItself(): boolean {
    return this.#driver.state === "up" && this.#sleep.granted.t3324 !== undefined && !this.busy;
  }

  /** What to keep over deep sleep and restarts, see `ResetEscalation.state`. */
  get escalation(): readonly number[] {
    return this.#parts.escalation.state;
  }

  /**
   * What to keep over the ESP32's deep sleep, for `ModemOptions.resume`: whole numbers. Undefined while the
   * driver is at work with the modem.
   */
  get remembered(): readonly number[] | undefined {
    const { driver, escalation, retryPolicy, registration, recovery } = this.#parts;
    const { state } = driver;
    if (state !== "up" && state !== "asleep" && state !== "pausing" && state !== "off") return undefined;
    const memory = {
      state: state === "up" ? "asleep" : state,
      due: state === "pausing" ? driver.deadline : Infinity,
      retry: retryPolicy.memory,
      recovery,
      mutes: escalation.mutes,
      knowsNetwork: registration.knowsNetwork,
      inquired: this.#inquired,
      switchedOff: driver.switchedOff,
    } as const;
    return encodeDriverMemory(memory, this.#sleep.remembered());
  }

  /**
   * Switches the radio off until `connect`, whatever the modem was doing; one that sleeps goes on sleeping.
   */
  suspend(now: number): void {
    if (this.#driver.state === "off" || this.#driver.state === "asleep") return;
    this.#driver.cancelLater();
    this.#sockets.drop();
    this.#at.clear(now);
    this.#parts.recovery.switchRadioOff(now);
    if (!this.#driver.enter("off", now)) return;
    this.#driver.log("suspended");
    this.#parts.options.onDown?.("suspended", now);
  }

  /**
   * The modem claims to be up and nothing comes back from the cloud: takes the next level of the escalation.
   */
  reset(now: number): void {
    this.#driver.now = now;
    const next = (at: number): void => this.#parts.recovery.nothingBack(at);
    // With the wrong access point nothing comes back either: what the network has granted is told before.
    if (!this.#inquired && this.ready) this.inquire("all", now, next);
    else next(now);
  }

  /** Leaves the network, which ends a connection that others keep open; see `Recovery.leave`. */
  leave(now: number): void {
    this.#driver.now = now;
    this.#parts.recovery.leave(now);
  }

  /**
   * For how long the modem was awake though it should have slept, ms, as it showed when it was last woken or
   * looked at; asked once, then 0.
   *
   * @param since when the device has last sent or heard something, ms
   */
  keptOn(since: number, now: number): number {
    return this.#sleep.keptOn(since, now);
  }

  /** The driver leaves the modem alone, its radio off; one that is switched off needs no looking after. */
  get leftAlone(): boolean {
    return this.#driver.leavesAlone;
  }

  /**
   * Looks whether a modem that is taken for asleep is; `keptOn` tells. One that has restarted by itself is brought up,
   * or has its radio switched off again where it is left alone.
   */
  look(now: number): void {
    this.#driver.now = now;
    if (this.leftAlone) this.#parts.recovery.keepRadioOff(now);
    else if (this.#driver.state === "off") this.#parts.recovery.keepSwitchedOff(now);
    else if (this.#driver.state === "asleep" && this.#driver.uart === "unknown") this.#sleep.look(now);
  }

  /** ms after the last request at which the modem must have fallen asleep; Infinity where it does not. */
  get fallsAsleepAfter(): number {
    return this.#sleep.fallsAsleepAfter;
  }

  /** Something has come back from the cloud. */
  confirm(): void {
    this.#unheard = 0;
    this.#parts.recovery.confirmed();
    if (!this.#inquired) this.#question = "all";
    else if (this.#cellAsked) this.#question = "cell";
  }

  /**
   * Makes the modem ready for datagrams: brings it up at first, wakes it later; `onUp` or `onDown`
   * tells how it went. Without effect while the driver is doing so already.
   */
  connect(now: number): void {
    this.#driver.now = now;
    if (this.#driver.state === "off") this.#parts.bringUp.begin(now);
    else if (this.#driver.state === "asleep") this.#parts.attach.wake(now);
  }

  /** Takes bytes from the modem's UART. */
  receive(bytes: Uint8Array, now: number): void {
    this.#driver.now = now;
    if (this.#driver.state === "starting") this.#parts.bringUp.rate.hear(bytes);
    this.#at.receive(bytes, now);
    // A reboot whose banner got lost, was taken for that of a boot that was asked for, or was never sent.
    if (this.#driver.echoOff && this.#at.echoed) this.#parts.recovery.rebooted(now);
  }

  poll(now: number): void {
    this.#driver.now = now;
    this.#driver.poll(now);
    this.#at.poll(now);
    this.#sockets.pump(now);
    if (this.mayAsk) {
      if (now >= this.#parts.attach.askAt) this.#parts.attach.askRest(now);
      else if (this.#question !== undefined) this.inquire(this.#question, now);
    }
    if (this.#driver.state === "up" && now >= this.#sleep.quietUntil) this.assumeAsleep(now);
    this.#unheardRestart.poll(now);
  }

  openSocket(owner: DatagramOwner): void {
    this.#sockets.open(owner);
  }

  closeSocket(owner: DatagramOwner): void {
    this.#sockets.close(owner, this.#driver.now);
  }

  awaitAnswer(owner: DatagramOwner): void {
    this.#sockets.awaitAnswer(owner);
  }

  sendDatagram(
    owner: DatagramOwner,
    bytes: Uint8Array,
    address: string,
    port: number,
    release: boolean,
  ): void {
    if (!this.#sockets.add(owner, bytes, address, port, release)) return;
    this.#unheard += 1;
    this.#sleep.traffic(this.#driver.now);
    if (this.ready) this.#sockets.pump(this.#driver.now);
    else this.connect(this.#driver.now);
  }

  private inquire(what: "all" | "cell", now: number, next?: (now: number) => void): void {
    this.#question = undefined;
    this.#inquired = true;
    this.#cellAsked = false;
    const inquiry = new Inquiry(
      this.#parts,
      what === "all" ? this.#sleep.granted : undefined,
      ({ cell, firmware }, interrupted, at) => {
        if (firmware !== "") this.#firmware = firmware;
        if (interrupted) {
          this.#inquired = what !== "all";
          // Whatever has interrupted it comes first; a modem that sleeps has its reset when it is next woken.
          return this.#driver.state === "asleep" ? next?.(at) : undefined;
        }
        this.#cell = cell;
        if (next !== undefined) next(at);
        // Each command may have kept the modem from its sleep.
        else if (this.ready) this.#sleep.permit(at);
      },
    );
    inquiry.ask(0, now);
  }

  /** The modem must be asleep by now, though it has not said so. */
  private assumeAsleep(now: number): void {
    if (this.busy || this.#driver.deadline !== Infinity) return this.#sleep.traffic(now);
    this.#driver.uart = "unknown";
    if (!this.#driver.enter("asleep", now)) return;
    // It has not said that it sleeps: somebody may keep it awake. Those that a word wakes are left alone.
    const { wakes, light } = this.#parts.options.family.sleep;
    if (wakes !== "uart" && light === undefined) this.#sleep.look(now);
  }
}
