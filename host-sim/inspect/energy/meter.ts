/**
 * How a run's events become joules. A profile says what each state draws, and the datagrams' causes say
 * what it was spent for:
 *
 *     psm -- wake --> idle -- a datagram --> connected ------------- release --> idle --> psm
 *                                            | access | tx | wait | rx | tail |
 *
 * A connection is laid out when it is over: set-up first, then each datagram for the time that its bytes
 * take at the coverage level, and between and behind them what being connected costs. Where that takes
 * longer than the simulated cell took, what follows begins later.
 */
import { pathOf, purposeOf } from "../capture/cause";
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { transmitPower } from "./profile";
import type { EnergyProfile } from "./profile";
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
  /** Every step, in order of time for each part. */
  readonly onStep?: (step: PowerStep) => void;
}

/** IPv4 and UDP in front of every datagram, bytes. */
const headers = 28;

/** A datagram on the air. */
interface Burst {
  readonly from: number;
  readonly length: number;
  readonly state: "transmit" | "receive";
  readonly cause: string;
}

interface Connection {
  readonly since: number;
  readonly bursts: Burst[];
  /** What it was opened for, when that was no datagram. */
  readonly cause: string | undefined;
}

/** Adds up the joules of a run as it hears what happens to modem and board. */
export class EnergyMeter {
  readonly #profile: EnergyProfile;
  readonly #options: EnergyMeterOptions;
  readonly #byCause = new Map<string, number>();
  readonly #byState = new Map<string, { ms: number; joules: number }>();
  readonly #current = new Map<EnergyPart, PowerStep>();
  #connection: Connection | undefined;
  #joules = 0;

  constructor(profile: EnergyProfile, options: EnergyMeterOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#step(0, "modem", "off", 0, "off");
    this.#step(0, "board", "awake", profile.board.awake.value, "board awake");
  }

  /** Takes in the next event of the run. */
  hear(event: WorldEvent): void {
    if (event.source === "modem") this.#modem(event.event);
    else if (event.source === "air" && event.report.direction === "up") this.#sent(event.report);
    else if (event.source === "board") {
      const { awake, deepSleep } = this.#profile.board;
      if (event.what === "asleep") {
        this.#step(event.time, "board", "deep sleep", deepSleep.value, "board asleep");
      } else if (event.what === "power lost") this.#step(event.time, "board", "off", 0, "off");
      else this.#step(event.time, "board", "awake", awake.value, "board awake");
    }
  }

  /** Joules up to `time`, virtual ms; a connection that lasts is counted up to its last datagram's beginning. */
  account(time: number): EnergyAccount {
    this.#spend("board", time);
    if (this.#connection === undefined) this.#spend("modem", time);
    return {
      profile: this.#profile.name,
      joules: this.#joules,
      byCause: Object.fromEntries(this.#byCause),
      byState: Object.fromEntries([...this.#byState].map(([state, sums]) => [state, { ...sums }])),
    };
  }

  /** The account of the whole run; nothing may be heard after it. */
  finish(time: number): EnergyAccount {
    this.#release(time);
    return this.account(time);
  }

  #modem(event: ModemEvent): void {
    const { modem } = this.#profile;
    const { time } = event;
    switch (event.type) {
      case "power":
        this.#release(time);
        if (event.state === "off") this.#step(time, "modem", "off", 0, "off");
        else if (event.state === "booting")
          this.#step(time, "modem", "boot", modem.boot.value, "registration");
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
        return this.#idle(time);
      case "psm":
        this.#release(time);
        if (event.state === "exit") return this.#idle(time);
        return this.#step(time, "modem", "psm", modem.psm.value, "modem asleep");
      case "receive":
        return this.#received(event.bytes, time);
    }
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
    this.#connection ??= { since: time, bursts: [], cause: this.#searching ? "registration" : undefined };
  }

  get #searching(): boolean {
    return this.#current.get("modem")?.state === "search";
  }

  /** A datagram sets out; one without a cell is never sent. */
  #sent({ bytes, time, reason }: DatagramReport): void {
    const connection = this.#connection;
    if (connection === undefined || (reason !== undefined && reason !== "radio")) return;
    const length = airtime(bytes, this.#profile.radio.uplink[this.#options.coverage].value);
    connection.bursts.push({ from: time, length, state: "transmit", cause: causeOf(bytes) });
  }

  #received(bytes: Uint8Array, time: number): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    const length = airtime(bytes, this.#profile.radio.downlink[this.#options.coverage].value);
    // The answer to what was sent twice comes twice, and the second one when the connection is over.
    const cause = connection.bursts.at(-1)?.cause ?? "late answer";
    connection.bursts.push({ from: time - length, length, state: "receive", cause });
  }

  /** The connection is over: lays it out. */
  #release(time: number): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    const { modem, radio } = this.#profile;
    const { coverage } = this.#options;
    const { since, bursts } = connection;
    bursts.sort((a, b) => a.from - b.from);
    let cause = connection.cause ?? bursts[0]?.cause ?? "tracking area update";
    const send = transmitPower(this.#profile, radio.power[coverage].value);
    const share = radio.accessTransmit.value;
    const access = share * send + (1 - share) * modem.receive.value;
    this.#step(since, "modem", "access", access, cause);
    let at = since + radio.access[coverage].value;
    for (const { from, length, state, cause: own } of bursts) {
      if (from > at) this.#step(at, "modem", "connected", modem.connected.value, cause);
      cause = own;
      const begins = Math.max(at, from);
      this.#step(begins, "modem", state, state === "transmit" ? send : modem.receive.value, cause);
      at = begins + length;
    }
    this.#step(at, "modem", "connected", modem.connected.value, cause);
    this.#spend("modem", time);
  }

  #step(from: number, part: EnergyPart, state: string, watts: number, cause: string): void {
    const before = this.#current.get(part);
    const time = Math.max(from, before?.time ?? 0);
    this.#spend(part, time);
    const step = { time, part, state, watts, cause };
    this.#current.set(part, step);
    if (before?.state !== state || before.cause !== cause) this.#options.onStep?.(step);
  }

  /** Counts what the part has drawn up to `time`. */
  #spend(part: EnergyPart, time: number): void {
    const step = this.#current.get(part);
    if (step === undefined || time <= step.time) return;
    const { state, watts, cause } = step;
    const ms = time - step.time;
    const joules = (watts * ms) / 1_000;
    this.#current.set(part, { ...step, time });
    this.#joules += joules;
    this.#byCause.set(cause, (this.#byCause.get(cause) ?? 0) + joules);
    const name = `${part} ${state}`;
    const sums = this.#byState.get(name) ?? { ms: 0, joules: 0 };
    this.#byState.set(name, { ms: sums.ms + ms, joules: sums.joules + joules });
  }
}

/** ms that a datagram takes at `rate` bit/s. */
function airtime(bytes: Uint8Array, rate: number): number {
  return (8_000 * (bytes.length + headers)) / rate;
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
