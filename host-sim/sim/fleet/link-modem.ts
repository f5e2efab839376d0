/**
 * The link of a device at link depth: what modem, driver and UART are in full depth, without AT commands. Radio, power
 * saving and network are the same as there (sim/modem/power-saving.ts, registration.ts, sim/radio), so that datagrams go the
 * same ways with the same chances.
 *
 *     off --connect--> starting --> searching --> up --PSM--> asleep --connect--> waking --> up
 *                        ^              | no cell for as long as the driver looks
 *                        +-- pause <----+
 */
import { RetryPolicy } from "../../../firmware/modem/driver/retry-policy";
import { ResetEscalation } from "../../../firmware/modem/driver/reset-escalation";
import { PowerSaving } from "../modem/power-saving";
import { Registration } from "../modem/registration";
import { rejoinTime } from "../modem/attachment";
import { outOfSleep } from "../modem/psm-sleep";
import { encodeT3324, encodeT3412 } from "../modem/psm-timers";
import { nextPagingOccasion } from "../radio/paging-occasions";
import type { Link } from "../../../firmware/device/agent";
import type { ModemEvent } from "../modem/modem-event";
import type { Endpoint, PsmTimers, RadioAttachment } from "../radio/link";
import type { Random } from "../time/random";
import type { ScheduledEvent, Scheduler } from "../time/clock";
import type { PagingIdentity } from "../radio/paging-occasions";
import type { Call, PagedDevice, Paging } from "./paging";
import type { RandomAccess } from "./random-access";
import type { LinkTraits } from "./link-traits";

export interface LinkModemOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: RadioAttachment;
  readonly traits: LinkTraits;
  /** What the cell's devices share; alone in its cell when left out. */
  readonly access?: RandomAccess;
  readonly paging?: Paging;
  /** What decides on when it listens for pages. */
  readonly identity: PagingIdentity;
  /** ms of the eDRX cycle that the network grants; undefined without. */
  readonly edrx?: number;
  /** ms that a datagram of so many bytes takes of the shared air. */
  readonly airtime: (bytes: number) => number;
  /** PSM timers to ask for, seconds; none when left out. */
  readonly psm?: { readonly t3324: number; readonly t3412: number };
  /** False: the network ignores release assistance. */
  readonly releaseAssistance?: boolean;
  /** Whether a firmware runs that hears what comes: a board in deep sleep does not. */
  readonly listening: () => boolean;
  /** Something has changed, or come: the device's turn. */
  readonly turn: () => void;
  /** The network tells the time at which the link comes up, epoch ms. */
  readonly onTime: () => void;
  /** What a meter hears. */
  readonly onEvent?: (event: ModemEvent) => void;
  /** A datagram of so many bytes sets out; `again` for one that has set out before. */
  readonly onUplink?: (bytes: number, again: boolean) => void;
}

type State = "off" | "starting" | "searching" | "up" | "asleep" | "waking" | "pausing";

interface Outgoing {
  readonly bytes: Uint8Array;
  readonly to: Endpoint;
  readonly release: boolean;
}

/** The driver's patience with a search, ms: for a network that it knows, and after a failure. */
const usualSearch = 300_000;
const shortSearch = 90_000;
const firstSearch = 1_800_000;
/** How often the driver asks meanwhile, ms: so much later it sees the end of a search in vain. */
const asked = 10_000;
/** Most datagrams that wait to be read, as firmware/modem/udp.ts keeps. */
const receiveLimit = 8;
/** The lowest port of a socket. */
const firstPort = 49_152;

/** A socket's port, as a modem draws it. */
function drawPort(random: Random): number {
  return firstPort + (random.u32() % 16_384);
}

/** A random access under way. */
interface Access {
  readonly answersPage: boolean;
}

/** A datagram from the network. */
interface Incoming {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly toPort: number;
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
  readonly #outgoing: Outgoing[] = [];
  #sending = false;
  /** A connection is being set up, for a datagram of its own or for a page: datagrams wait for it. */
  #access: Access | undefined;
  readonly #received: (ArrayBuffer & { address: string; port: number })[] = [];
  /** The network calls it, and keeps these until it answers. */
  #call: Call | undefined;
  readonly #kept: Incoming[] = [];
  /** It has started anew out of PSM: when, ms. */
  #awakeSince = 0;
  readonly #paged: PagedDevice;
  rssi: number | undefined;
  readonly deadline = Infinity;
  /** Message id of the datagram that set out last. */
  #lastId = -1;

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
        this.#takeKept();
      },
      maySleep: () =>
        this.#registration.registered && !network.losing && !this.busy && this.#access === undefined,
    });
    const modem = this;
    this.#paged = {
      identity: options.identity,
      edrx: options.edrx,
      get coverage() {
        return network.coverage;
      },
      get reachable() {
        return modem.#access !== undefined || modem.#powerSaving.reachable;
      },
      paged: () => this.#answerPage(),
      unanswered: () => this.#notCalled(),
    };
    network.onDownlink = (datagram, from, toPort) => this.#down(datagram, from, toPort);
    network.onServiceLost = () => this.#serviceLost();
  }

  get ready(): boolean {
    return this.#state === "up";
  }

  /** Datagrams are on their way to the air. */
  get busy(): boolean {
    return this.#outgoing.length > 0 || this.#sending || this.#access?.answersPage === false;
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

  /** Leaves the network and attaches anew. */
  renew(): void {
    this.reset();
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
    this.#outgoing.length = 0;
    this.#received.length = 0;
  }

  /** Hands a datagram over; it sets out once the link is up. */
  send(bytes: Uint8Array, address: string, port: number, release: boolean): void {
    this.#outgoing.push({ bytes, to: { address, port }, release });
    if (this.#state === "up") this.#pump();
    else this.connect();
  }

  /** The oldest datagram that has come. */
  read(): (ArrayBuffer & { address: string; port: number }) | undefined {
    return this.#received.shift();
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
    this.#pump();
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
    this.#notCalled();
    this.#access = undefined;
    this.#sending = false;
    this.#outgoing.length = 0;
  }

  /** Sends what waits, one after the other over the UART. */
  #pump(): void {
    if (this.#sending || this.#access !== undefined || this.#state !== "up") return;
    const next = this.#outgoing.shift();
    if (next === undefined) return;
    const { traits, scheduler } = this.#options;
    this.#sending = true;
    this.#powerSaving.uartActivity();
    scheduler.after(traits.send + traits.byte * next.bytes.length, () => {
      this.#sending = false;
      if (this.#state === "up") this.#air(next);
    });
  }

  #air({ bytes, to, release }: Outgoing): void {
    const { access, network, airtime } = this.#options;
    const go = (): void => {
      this.#powerSaving.sent(release ? 2 : 0);
      this.#takeKept();
      network.uplink(bytes, this.#port, to);
      // A retransmission is the same message: its id is (RFC 7252 section 4.2).
      const id = (bytes[2] << 8) | bytes[3];
      this.#options.onUplink?.(bytes.length, id === this.#lastId);
      this.#lastId = id;
      this.#pump();
    };
    if (access === undefined) return go();
    const carried = (): void => {
      const wait = access.carry(airtime(bytes.length));
      if (wait === 0) go();
      else this.#options.scheduler.after(wait, go);
    };
    if (this.#powerSaving.mode === "connected") return carried();
    const own = (this.#access = { answersPage: false });
    access.request(network.coverage, (waited) => {
      // Its radio was off meanwhile.
      if (this.#access !== own) return;
      this.#access = undefined;
      if (this.#state !== "up") return;
      // Not answered: the datagram is gone, as one that was lost on the air.
      if (waited === undefined) return this.#pump();
      carried();
    });
  }

  #down(bytes: Uint8Array, from: Endpoint, toPort: number): void {
    const { paging, identity, edrx, scheduler } = this.#options;
    const incoming = { bytes, from, toPort };
    if (!this.#powerSaving.reachable) return;
    if (this.#powerSaving.mode === "connected" || (paging === undefined && edrx === undefined)) {
      return this.#take(incoming);
    }
    if (paging === undefined) {
      const occasion = nextPagingOccasion(identity, scheduler.now, edrx);
      scheduler.at(occasion, () => {
        if (this.#powerSaving.reachable) this.#take(incoming);
      });
      return;
    }
    if (this.#kept.length < receiveLimit) this.#kept.push(incoming);
    this.#call ??= paging.page(this.#paged);
  }

  /** Its page is on the air: it asks for a connection, unless it does so already. */
  #answerPage(): void {
    const { access, network } = this.#options;
    if (this.#access !== undefined || !this.#powerSaving.reachable || !network.use()) return;
    if (this.#powerSaving.mode === "connected" || access === undefined) return this.#takeKept();
    const own = (this.#access = { answersPage: true });
    access.request(network.coverage, (waited) => {
      if (this.#access !== own) return;
      this.#access = undefined;
      if (waited !== undefined) this.#takeKept();
      this.#pump();
    });
  }

  /** It has a connection: what the network has kept comes over it. */
  #takeKept(): void {
    if (this.#call === undefined) return;
    const kept = this.#kept.splice(0);
    this.#notCalled();
    for (const each of kept) this.#take(each);
  }

  /** The network does not call it any more. */
  #notCalled(): void {
    if (this.#call === undefined) return;
    this.#call.ended = true;
    this.#call = undefined;
    this.#kept.length = 0;
  }

  #take({ bytes: datagram, from, toPort }: Incoming): void {
    this.#powerSaving.received();
    if (toPort !== this.#port || this.#received.length >= receiveLimit) return;
    this.#tell({ type: "receive", time: this.#now, id: 0, bytes: datagram });
    const { traits, scheduler } = this.#options;
    if (traits.receive === 0) return this.#hand(datagram, from);
    this.#powerSaving.uartActivity();
    scheduler.after(traits.receive, () => this.#hand(datagram, from));
  }

  /** The driver has it. */
  #hand(datagram: Uint8Array, from: Endpoint): void {
    const { listening, turn } = this.#options;
    if (!this.#powered || !listening()) return;
    // As the socket of a modem hands it over: its buffer is the datagram's alone.
    const bytes = datagram.slice().buffer as ArrayBuffer & { address: string; port: number };
    bytes.address = from.address;
    bytes.port = from.port;
    this.#received.push(bytes);
    turn();
  }

  #tell(event: ModemEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** The socket on it, of ECMA-419's shape. */
export class LinkSocket {
  releaseAfterReply = false;
  unchanging = false;
  readonly #modem: LinkModem;

  constructor({ modem }: { readonly modem: LinkModem }) {
    this.#modem = modem;
  }

  write(buffer: Uint8Array, address: string, port: number): void {
    this.#modem.send(this.unchanging ? buffer : buffer.slice(), address, port, this.releaseAfterReply);
  }

  read(): (ArrayBuffer & { address: string; port: number }) | undefined {
    return this.#modem.read();
  }

  close(): void {}
}
