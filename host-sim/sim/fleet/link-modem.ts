/**
 * The link of a device at link depth: what modem, driver and UART are in full depth, without AT commands. Radio, power
 * saving and network are the same as there (sim/modem/power-saving.ts, registration.ts, sim/radio), so that datagrams go the
 * same ways with the same chances.
 *
 *     off --connect--> starting --> searching --> up --PSM--> asleep --connect--> waking --> up
 *                        ^              | no cell for as long as the driver looks
 *                        +-- pause <----+
 *
 * Here is when it is up. What it sends is in link-uplink.ts, what it gets in link-downlink.ts, and the way to the air that
 * both share in link-air.ts.
 */
import { RetryPolicy } from "../../../firmware/modem/driver/retry-policy";
import { ResetEscalation } from "../../../firmware/modem/driver/reset-escalation";
import { PowerSaving } from "../modem/power-saving";
import { Registration } from "../modem/registration";
import { rejoinTime } from "../modem/attachment";
import { outOfSleep } from "../modem/psm-sleep";
import { encodeT3324, encodeT3412 } from "../modem/psm-timers";
import { LinkAir } from "./link-air";
import { LinkDownlink } from "./link-downlink";
import { LinkUplink } from "./link-uplink";
import type { Link } from "../../../firmware/device/agent";
import type { ModemEvent } from "../modem/modem-event";
import type { PsmTimers } from "../radio/link";
import type { Random } from "../time/random";
import type { ScheduledEvent } from "../time/clock";
import type { ReceivedDatagram } from "./link-downlink";
import type { LinkModemOptions } from "./link-modem-options";

type State = "off" | "starting" | "searching" | "up" | "asleep" | "waking" | "pausing";

/** The driver's patience with a search, ms: for a network that it knows, and after a failure. */
const usualSearch = 300_000;
const shortSearch = 90_000;
const firstSearch = 1_800_000;
/** How often the driver asks meanwhile, ms: so much later it sees the end of a search in vain. */
const asked = 10_000;
/** The lowest port of a socket. */
const firstPort = 49_152;

/** A socket's port, as a modem draws it. */
function drawPort(random: Random): number {
  return firstPort + (random.u32() % 16_384);
}

/** A device's link. */
export class LinkModem implements Link {
  readonly #options: LinkModemOptions;
  readonly #powerSaving: PowerSaving;
  readonly #registration: Registration;
  readonly #retry: RetryPolicy;
  #port: number;
  #state: State = "off";
  /** It has power, and its firmware runs. */
  #powered = false;
  #knowsNetwork = false;
  #failures = 0;
  #event: ScheduledEvent | undefined;
  readonly #air: LinkAir;
  readonly #uplink: LinkUplink;
  readonly #downlink: LinkDownlink;
  /** It has started anew out of PSM: when, ms. */
  #awakeSince = 0;
  rssi: number | undefined;
  readonly deadline = Infinity;

  constructor(options: LinkModemOptions) {
    this.#options = options;
    const { scheduler, random, network, psm, traits } = options;
    this.#port = drawPort(random);
    const request: PsmTimers | undefined = psm && {
      t3324: encodeT3324(1_000 * psm.t3324),
      t3412: encodeT3412(1_000 * psm.t3412),
    };
    const escalation = new ResetEscalation({ key: true, supply: false }, undefined);
    this.#retry = new RetryPolicy({ escalation, random: () => random.next() });
    this.#registration = new Registration({
      scheduler,
      random: random.fork("denial"),
      network,
      psmRequest: () => request,
      onChange: () => this.#registered(),
    });
    this.#powerSaving = new PowerSaving({
      scheduler,
      random: random.fork("power saving"),
      assistance: options.releaseAssistance !== false && traits.assistance,
      lock: traits.lock,
      onRrc: (state) => this.#tell({ type: "rrc", time: scheduler.now, state }),
      onEnterPsm: () => this.#fallAsleep(),
      onWakeByTimer: () => this.#updateAsleep(),
      onUpdate: () => {
        network.use();
        this.#downlink.takeKept();
      },
      maySleep: () => this.#registration.registered && !network.losing && !this.busy && this.#air.quiet,
    });
    const up = (): boolean => this.#state === "up";
    const port = (): number => this.#port;
    const powerSaving = this.#powerSaving;
    const { access, airtime, onUplink, paging, identity, edrx, listening, turn, onEvent } = options;
    const connected = (): boolean => powerSaving.mode === "connected";
    const onAir = (): void => this.#downlink.takeKept();
    const heard = (): boolean => this.#powered && listening();
    // Without a spread, so that the options of all devices have one shape: with it, each of them had its own.
    const air = (this.#air = new LinkAir({ scheduler, network, access, airtime, connected, up }));
    this.#uplink = new LinkUplink({
      scheduler,
      network,
      traits,
      powerSaving,
      air,
      up,
      port,
      onAir,
      onUplink,
    });
    this.#downlink = new LinkDownlink({
      scheduler,
      network,
      traits,
      powerSaving,
      air,
      port,
      paging,
      identity,
      edrx,
      turn,
      onEvent,
      heard,
      onAnswered: () => this.#uplink.pump(),
    });
    network.onServiceLost = () => this.#serviceLost();
  }

  get ready(): boolean {
    return this.#state === "up";
  }

  /** Datagrams are on their way to the air. */
  get busy(): boolean {
    return this.#uplink.busy;
  }

  get active(): boolean {
    return this.#state !== "off" && this.#state !== "asleep" && this.#state !== "pausing";
  }

  get sleepsByItself(): boolean {
    return this.#state === "up" && this.#options.psm !== undefined && !this.busy;
  }

  /** For the board's deep sleep: nothing of it is lost then, so that there is nothing to keep. */
  get remembered(): readonly number[] | undefined {
    const { active } = this;
    return active && this.#state !== "up" ? undefined : [];
  }

  connect(): void {
    if (this.#state === "off") this.#start();
    else if (this.#state === "asleep") this.#wake();
  }

  poll(): void {}

  /** Nothing comes back from the cloud: as the driver, it begins anew. */
  reset(): void {
    this.#radioOff();
    this.#state = "off";
    this.#start();
  }

  /** Leaves the network: switched off, as the driver does with one that has a key, or attaches anew. */
  leave(): void {
    if (!this.#options.traits.switchesOff) return this.reset();
    this.suspend();
    this.#tell({ type: "power", time: this.#now, state: "off", reason: "switched off" });
    this.#powered = false;
  }

  suspend(): void {
    if (this.#state === "off" || this.#state === "asleep") return;
    this.#radioOff();
    this.#state = "off";
  }

  /** Its power goes and comes back: with the board's, where one supply feeds both. */
  powerCut(): void {
    this.#radioOff();
    this.#state = "off";
    if (this.#powered) this.#tell({ type: "power", time: this.#now, state: "off", reason: "supply" });
    this.#powered = false;
    this.#downlink.powerCut();
  }

  /** Hands a datagram over; it sets out once the link is up. */
  send(bytes: Uint8Array, address: string, port: number, release: boolean): void {
    this.#uplink.add(bytes, { address, port }, release);
    if (this.#state === "up") this.#uplink.pump();
    else this.connect();
  }

  /** The oldest datagram that has come. */
  read(): ReceivedDatagram | undefined {
    return this.#downlink.read();
  }

  get #now(): number {
    return this.#options.scheduler.now;
  }

  #later(delay: number, run: () => void): void {
    const { scheduler } = this.#options;
    scheduler.cancel(this.#event);
    this.#event = scheduler.after(delay, run);
  }

  #start(): void {
    const { traits, random } = this.#options;
    this.#state = "starting";
    const boot = this.#powered ? 0 : random.between(...traits.boot);
    if (!this.#powered) this.#tell({ type: "power", time: this.#now, state: "booting", reason: "supply" });
    this.#later(boot, () => {
      if (!this.#powered) this.#tell({ type: "power", time: this.#now, state: "on", reason: "supply" });
      this.#powered = true;
      this.#later(traits.setUp, () => this.#search());
    });
  }

  #search(): void {
    this.#state = "searching";
    const patience = this.#failures > 0 ? shortSearch : this.#knowsNetwork ? usualSearch : firstSearch;
    // The driver asks now and then; the end of its patience shows with the next question.
    this.#later(Math.ceil(patience / asked) * asked, () => this.#failed());
    this.#registration.search();
  }

  #failed(): void {
    this.#failures += 1;
    const pause = this.#retry.failed("not-registered", undefined, this.#now);
    this.#radioOff();
    this.#state = "pausing";
    this.#later(pause, () => {
      this.#state = "off";
      this.#options.turn();
    });
    this.#options.turn();
  }

  #registered(): void {
    const { stat, grant, registered } = this.#registration;
    this.#tell({ type: "attach", time: this.#now, stat, psm: grant?.psm });
    if (!registered) return;
    this.#powerSaving.attached(grant?.psm);
    const { traits } = this.#options;
    if (this.#state === "waking" && traits.restarts !== undefined) {
      const { asked: fromSleep, reopens, reopen, restarts } = traits;
      const ready = Math.max(this.#awakeSince + fromSleep, this.#now + restarts.ready) - this.#now;
      return this.#later(ready + (reopens ? reopen : 0), () => this.#up());
    }
    if (this.#state !== "searching") return;
    this.#knowsNetwork = true;
    this.#failures = 0;
    this.#retry.succeeded();
    this.#later(traits.ready, () => this.#up());
  }

  #up(): void {
    this.#state = "up";
    this.rssi = this.#options.network.measure().rssi;
    this.#options.onTime();
    this.#uplink.pump();
    this.#options.turn();
  }

  #wake(): void {
    const { traits, random } = this.#options;
    this.#state = "waking";
    this.#later(traits.key, () => {
      this.#tell({ type: "power", time: this.#now, state: "booting", reason: "out of PSM: key" });
      this.#later(random.between(...(traits.restarts === undefined ? outOfSleep : traits.boot)), () => {
        if (traits.restarts !== undefined) return this.#startAfterSleep("key");
        this.#powerSaving.woken();
        this.#tell({ type: "psm", time: this.#now, state: "exit", reason: "key" });
        this.#powerSaving.uartActivity();
        this.#later(traits.asked, () => {
          // No cell any more while it slept: it finds out now, and searches.
          if (this.#options.network.use() && this.#registration.registered) this.#up();
          else this.#search();
        });
      });
    });
  }

  /** Out of PSM as from off, in a network that has not forgotten it: what was received, and its sockets, are gone. */
  #startAfterSleep(reason: "key" | "T3412"): void {
    const { traits, random } = this.#options;
    this.#registration.pause();
    this.#powerSaving.woken();
    this.#tell({ type: "psm", time: this.#now, state: "exit", reason });
    this.#powerSaving.uartActivity();
    this.#awakeSince = this.#now;
    if (traits.reopens) this.#port = drawPort(random);
    this.#later(random.between(...traits.restarts!.card), () => {
      // Where it does not find its cell again, it searches: the driver is as patient as ever.
      if (this.#state === "waking") this.#later(usualSearch, () => this.#failed());
      this.#registration.rejoin(random.between(...rejoinTime));
    });
  }

  #fallAsleep(): void {
    this.#tell({ type: "psm", time: this.#now, state: "enter" });
    if (this.#state !== "up") return;
    this.#state = "asleep";
    this.#options.turn();
  }

  /** T3412 has run out in PSM: the modem tells the network by itself, and sleeps again. */
  #updateAsleep(): void {
    const { traits, random } = this.#options;
    if (traits.restarts !== undefined) {
      this.#tell({ type: "power", time: this.#now, state: "booting", reason: "out of PSM: T3412" });
      return this.#later(random.between(...traits.boot), () => this.#startAfterSleep("T3412"));
    }
    this.#powerSaving.woken();
    this.#tell({ type: "psm", time: this.#now, state: "exit", reason: "T3412" });
    this.#powerSaving.update();
  }

  #serviceLost(): void {
    const { mode } = this.#powerSaving;
    if ((mode !== "connected" && mode !== "idle") || !this.#registration.registered) return;
    this.#powerSaving.stop();
    if (this.#state === "asleep") return;
    this.#search();
    this.#options.turn();
  }

  #radioOff(): void {
    const { scheduler, network } = this.#options;
    scheduler.cancel(this.#event);
    this.#event = undefined;
    this.#powerSaving.stop();
    this.#registration.stop();
    network.detach();
    this.#downlink.notCalled();
    this.#air.drop();
    this.#uplink.drop();
  }

  #tell(event: ModemEvent): void {
    this.#options.onEvent?.(event);
  }
}
