/**
 * How a run's events become joules. A profile says what each state draws, and the datagrams' causes say
 * what it was spent for:
 *
 *     modem  psm -- wake --> boot --> idle -- a datagram --> connected ------------- release --> idle --> psm
 *                                                            | access | tx | wait | rx | tail |
 *     board  deep sleep --> starting --> running --> waiting or light sleep --> running --> ... --> deep sleep
 *
 * A connection is laid out when it is over: set-up first, then each datagram for the time that its bytes
 * take at the coverage level, and between and behind them what being connected costs. The simulated modem
 * counts release and T3324 from the datagram's hand-over at the AT port; the network counts them from when it
 * was on the air. So the tail is as long as the modem said, behind the last datagram, and idle comes later by
 * what the layout was longer.
 */
import { pathOf, purposeOf } from "../capture/cause";
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { accessPower, builtClock, runningPower, transmitPower, waitingPower } from "./profile";
import type { BoardClock, EnergyProfile } from "./profile";
import type { WorldEvent } from "../../sim/world/world";
import type { ModemEvent } from "../../sim/modem/modem-event";
import type { Coverage, DatagramReport } from "../../sim/radio/link";

export type EnergyPart = "modem" | "board";

/** From `time` (virtual ms) on, this part draws `watts` in `state`, for `cause`. */
export interface PowerStep {
  readonly time: number;
  readonly part: EnergyPart;
  readonly state: string;
  readonly watts: number;
  readonly cause: string;
}

/** What one state of a part has taken so far. */
interface Sums {
  ms: number;
  joules: number;
}

/** What a part draws now. */
interface Drawing {
  readonly state: string;
  readonly watts: number;
  readonly cause: string;
  /** Up to when it is counted, virtual ms. */
  time: number;
  /** Of its state, once there is something to count. */
  sums: Sums | undefined;
}

/** Joules so far. */
export interface EnergyAccount {
  readonly profile: string;
  readonly joules: number;
  /** J by what they were spent for. */
  readonly byCause: Readonly<Record<string, number>>;
  /** ms and J by part and state, such as `modem psm`. */
  readonly byState: Readonly<Record<string, { readonly ms: number; readonly joules: number }>>;
}

export interface EnergyMeterOptions {
  readonly coverage: Coverage;
  /** eDRX is granted: what is idle sleeps between its paging windows. */
  readonly edrx?: boolean;
  /** How the board's processor is clocked and how it waits; `builtClock` when left out. */
  readonly clock?: Partial<BoardClock>;
  /** Every step, in order of time for each part. */
  readonly onStep?: (step: PowerStep) => void;
}

/** IPv4 and UDP in front of every datagram, bytes. */
const headers = 28;

/** A datagram on the air. */
interface Burst {
  /** When it begins where the air is free, and when the simulated modem handed it over or had it. */
  readonly from: number;
  readonly event: number;
  readonly length: number;
  readonly state: "transmit" | "receive";
  readonly cause: string;
}

interface Connection {
  readonly since: number;
  readonly bursts: Burst[];
  /** What it was opened for, when that was no datagram. */
  cause: string | undefined;
}

/** Causes of what no datagram is for. */
const update = "tracking area update";

/** Adds up the joules of a run as it hears what happens to modem and board. */
export class EnergyMeter {
  readonly #profile: EnergyProfile;
  readonly #options: EnergyMeterOptions;
  readonly #byCause = new Map<string, number>();
  /** By part and state: a run has a step or two for each turn of the processor. */
  readonly #sums: Readonly<Record<EnergyPart, Map<string, Sums>>> = { modem: new Map(), board: new Map() };
  /** The same, in the order in which they came. */
  readonly #byState: [name: string, sums: Sums][] = [];
  readonly #current: Record<EnergyPart, Drawing | undefined> = { modem: undefined, board: undefined };
  readonly #clock: BoardClock;
  #connection: Connection | undefined;
  /** ms by which the modem is behind its events: its last connection took longer than the simulated one. */
  #late = 0;
  #joules = 0;

  constructor(profile: EnergyProfile, options: EnergyMeterOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#clock = { ...builtClock, ...options.clock };
    this.#step(0, "modem", "off", 0, "off");
    this.#waits(0);
  }

  /** Takes in the next event of the run. */
  hear(event: WorldEvent): void {
    if (event.source === "modem") this.#modem(event.event);
    else if (event.source === "air" && event.report.direction === "up") this.#sent(event.report);
    else if (event.source === "processor") this.#runs(event.time, event.ms);
    else if (event.source === "board") this.#board(event.time, event.what);
  }

  /** Joules up to `time`, virtual ms; a connection that lasts is counted up to its last datagram's beginning. */
  account(time: number): EnergyAccount {
    this.#spend("board", time);
    if (this.#connection === undefined) this.#spend("modem", time);
    return {
      profile: this.#profile.name,
      joules: this.#joules,
      byCause: Object.fromEntries(this.#byCause),
      byState: Object.fromEntries(this.#byState.map(([state, { ms, joules }]) => [state, { ms, joules }])),
    };
  }

  /** The account of the whole run; nothing may be heard after it. */
  finish(time: number): EnergyAccount {
    this.#release(time);
    return this.account(time);
  }

  #board(time: number, what: (WorldEvent & { source: "board" })["what"]): void {
    const { starting, lightSleep, deepSleep } = this.#profile.board;
    if (what === "asleep") this.#step(time, "board", "deep sleep", deepSleep.value, "board asleep");
    else if (what === "power lost") this.#step(time, "board", "off", 0, "off");
    else if (what === "starting") this.#step(time, "board", "starting", starting.value, "board starting");
    else if (what === "light sleep") {
      this.#step(time, "board", "light sleep", lightSleep.value, "board waiting");
    } else this.#waits(time);
  }

  #waits(time: number): void {
    this.#step(time, "board", "waiting", waitingPower(this.#profile, this.#clock), "board waiting");
  }

  #runs(time: number, ms: number): void {
    this.#step(time, "board", "running", runningPower(this.#profile, this.#clock), "board running");
    this.#waits(time + ms);
  }

  #modem(event: ModemEvent): void {
    const { modem } = this.#profile;
    const { time } = event;
    switch (event.type) {
      case "power":
        this.#release(time);
        this.#late = 0;
        if (event.state === "off") this.#off(time, event.reason);
        else if (event.state === "booting") this.#step(time, "modem", "boot", modem.boot.value, "modem boot");
        else this.#step(time, "modem", "radio off", modem.radioOff.value, "idle");
        return;
      case "attach":
        if (event.stat === 2 || event.stat === 4) {
          this.#release(time);
          this.#step(time, "modem", "search", modem.receive.value, "registration");
        } else if (event.stat !== 1 && event.stat !== 5) this.#unregistered(time);
        return;
      case "rrc":
        if (event.state === "connected") return this.#connect(time);
        this.#release(time);
        if (event.state === "off") return this.#unregistered(time);
        return this.#idle(time + this.#late);
      case "psm":
        this.#release(time);
        if (event.state === "enter") {
          return this.#step(time + this.#late, "modem", "psm", modem.psm.value, "modem asleep");
        }
        this.#late = 0;
        return this.#idle(time);
      case "receive":
        return this.#received(event.bytes, time);
      case "dropped":
        // It was on the air all the same, and opened the connection unless there was one.
        if (event.reason === "no socket" && this.#connection?.bursts.length === 0) {
          this.#connection.cause ??= "other";
        }
        return;
    }
  }

  /** Off it draws what it does in PSM, or a little less (SIM7000: 7 and 9 uA, Hardware Design); without a supply nothing. */
  #off(time: number, reason: string): void {
    const watts = reason === "supply" ? 0 : this.#profile.modem.psm.value;
    this.#step(time, "modem", "off", watts, watts === 0 ? "off" : "modem asleep");
  }

  #unregistered(time: number): void {
    this.#release(time);
    this.#step(time, "modem", "radio off", this.#profile.modem.radioOff.value, "idle");
  }

  #idle(time: number): void {
    const { idle, edrx } = this.#profile.modem;
    if (this.#options.edrx === true) this.#step(time, "modem", "edrx", edrx.value, "idle");
    else this.#step(time, "modem", "idle", idle.value, "idle");
  }

  #connect(time: number): void {
    this.#spend("modem", time);
    this.#late = 0;
    this.#connection ??= { since: time, bursts: [], cause: this.#searching ? "registration" : undefined };
  }

  get #searching(): boolean {
    return this.#current.modem?.state === "search";
  }

  /** A datagram sets out; one without a cell is never sent. */
  #sent({ bytes, time, reason }: DatagramReport): void {
    const connection = this.#connection;
    if (connection === undefined || (reason !== undefined && reason !== "radio")) return;
    const length = airtime(bytes, this.#profile.radio.uplink[this.#options.coverage].value);
    connection.bursts.push({ from: time, event: time, length, state: "transmit", cause: causeOf(bytes) });
  }

  #received(bytes: Uint8Array, time: number): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const length = airtime(bytes, this.#profile.radio.downlink[this.#options.coverage].value);
    // The answer to what was sent twice comes twice, and the second one when the connection is over.
    const cause = connection.bursts.at(-1)?.cause ?? "late answer";
    connection.bursts.push({ from: time - length, event: time, length, state: "receive", cause });
  }

  /** The connection is over, `time` by the simulated modem: lays it out. */
  #release(time: number): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    const { modem, radio } = this.#profile;
    const { coverage } = this.#options;
    const { since, bursts } = connection;
    bursts.sort((a, b) => a.from - b.from);
    // How long it stays connected behind the last datagram, which the modem counts from the datagram's event.
    const last = bursts.at(-1);
    const tail = time - (last === undefined ? since : last.event);
    if (last === undefined && connection.cause === undefined) this.#updated(connection);
    let cause = connection.cause ?? bursts[0]?.cause ?? update;
    const send = transmitPower(this.#profile, radio.power[coverage].value);
    // A connection can follow before the one before has ended here.
    const begin = Math.max(since, this.#current.modem?.time ?? 0);
    this.#step(begin, "modem", "access", accessPower(this.#profile, radio.power[coverage].value), cause);
    let at = begin + radio.access[coverage].value;
    for (const { from, length, state, cause: own } of bursts) {
      if (from > at) this.#listens(at, from, cause);
      cause = own;
      const begins = Math.max(at, from);
      this.#step(begins, "modem", state, state === "transmit" ? send : modem.receive.value, cause);
      at = begins + length;
    }
    const until = Math.max(time, at + (last === undefined ? 0 : tail));
    this.#listens(at, until, cause);
    this.#late = until - time;
    this.#spend("modem", until);
  }

  /** Connected with nothing on the air: it receives until its inactivity timer lets it pause. */
  #listens(from: number, until: number, cause: string): void {
    const { modem, radio } = this.#profile;
    const pause = Math.min(until, from + radio.listen.value);
    if (pause > from) this.#step(from, "modem", "receive", modem.receive.value, cause);
    if (until > pause) this.#step(pause, "modem", "connected", modem.connected.value, cause);
  }

  /** A tracking area update has no datagram, but messages of its own. */
  #updated({ since, bursts }: Connection): void {
    const { uplink, downlink, update: bytes } = this.#profile.radio;
    const { coverage } = this.#options;
    const [up, down] = [uplink, downlink].map((rates) => (8_000 * bytes.value) / rates[coverage].value);
    bursts.push(
      { from: since, event: since, length: up, state: "transmit", cause: update },
      { from: since, event: since, length: down, state: "receive", cause: update },
    );
  }

  #step(from: number, part: EnergyPart, state: string, watts: number, cause: string): void {
    const before = this.#current[part];
    const time = Math.max(from, before?.time ?? 0);
    this.#spend(part, time);
    this.#current[part] = { state, watts, cause, time, sums: undefined };
    if (before?.state === state && before.cause === cause) return;
    this.#options.onStep?.({ time, part, state, watts, cause });
  }

  /** Counts what the part has drawn up to `time`. */
  #spend(part: EnergyPart, time: number): void {
    const drawing = this.#current[part];
    if (drawing === undefined || time <= drawing.time) return;
    const { watts, cause } = drawing;
    const ms = time - drawing.time;
    const joules = (watts * ms) / 1_000;
    drawing.time = time;
    this.#joules += joules;
    this.#byCause.set(cause, (this.#byCause.get(cause) ?? 0) + joules);
    const sums = (drawing.sums ??= this.#sumsOf(part, drawing.state));
    sums.ms += ms;
    sums.joules += joules;
  }

  #sumsOf(part: EnergyPart, state: string): Sums {
    const known = this.#sums[part].get(state);
    if (known !== undefined) return known;
    const sums = { ms: 0, joules: 0 };
    this.#sums[part].set(state, sums);
    this.#byState.push([`${part} ${state}`, sums]);
    return sums;
  }
}

/** ms that a datagram of so many bytes in UDP takes at `rate` bit/s. */
export function airtime({ length }: { readonly length: number }, rate: number): number {
  return (8_000 * (length + headers)) / rate;
}

/** What a datagram is for, by the path of its request. */
function causeOf(bytes: Uint8Array): string {
  const message = decodeCoap(bytes);
  if ("malformed" in message) return "other";
  if (pathOf(message) === undefined) return "keep-alive";
  const purpose = purposeOf(message);
  if (purpose === "authentication") return purpose;
  return purpose === "command" || purpose === "command answer" ? "command" : "report";
}
