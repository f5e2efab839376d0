/**
 * Joules of one device of a fleet, by the same layout of a connection as inspect/energy/meter.ts has it, without causes and
 * steps: it is asked for a sum, a hundred million times. `device-meter.test.ts` gives both the same events.
 */
import {
  accessPower,
  transmitPower,
  waitingPower,
  builtClock,
  runningPower,
} from "../../inspect/energy/profile";
import type { EnergyProfile } from "../../inspect/energy/profile";
import type { ModemEvent } from "../../sim/modem/modem-event";
import type { BoardMoment } from "../../sim/fleet/link-device";
import type { Coverage } from "../../sim/radio/link";

/** IPv4 and UDP in front of every datagram, bytes. */
const headers = 28;

/** What a device at one coverage level draws, W, and how fast its radio is; one table serves all of a level. */
export interface LevelPower {
  readonly psm: number;
  readonly radioOff: number;
  readonly idle: number;
  readonly connected: number;
  readonly receive: number;
  readonly transmit: number;
  readonly access: number;
  readonly accessTime: number;
  readonly boot: number;
  readonly listen: number;
  /** ms for each byte in UDP. */
  readonly up: number;
  readonly down: number;
  readonly update: number;
  readonly starting: number;
  readonly waiting: number;
  readonly running: number;
  readonly deepSleep: number;
}

/** The figures of a profile at a level. @param edrx the network grants eDRX: what is idle sleeps between its windows */
export function levelPower(profile: EnergyProfile, coverage: Coverage, edrx = false): LevelPower {
  const { modem, radio, board } = profile;
  const dBm = radio.power[coverage].value;
  return {
    psm: modem.psm.value,
    radioOff: modem.radioOff.value,
    idle: (edrx ? modem.edrx : modem.idle).value,
    connected: modem.connected.value,
    receive: modem.receive.value,
    transmit: transmitPower(profile, dBm),
    access: accessPower(profile, dBm),
    accessTime: radio.access[coverage].value,
    boot: modem.boot.value,
    listen: radio.listen.value,
    up: 8_000 / radio.uplink[coverage].value,
    down: 8_000 / radio.downlink[coverage].value,
    update: radio.update.value,
    starting: board.starting.value,
    waiting: waitingPower(profile, builtClock),
    running: runningPower(profile, builtClock),
    deepSleep: board.deepSleep.value,
  };
}

/** One device's joules, of its modem and of its board. */
export class DeviceMeter {
  modem = 0;
  board = 0;
  /** ms in which the board had power and did not sleep. */
  awake = 0;
  readonly #power: LevelPower;
  #modemWatts = 0;
  #modemAt = 0;
  #searching = false;
  #boardWatts = 0;
  #boardAt = 0;
  #isAwake = false;
  /** ms by which the modem is behind its events, see EnergyMeter. */
  #late = 0;
  /** The connection under way: when it began, NaN for none; and of its datagrams when, how long, which way. */
  #since = NaN;
  /** How many of them there are. The lists stay as long as they were, for V8 gives up the room of one that is cut to nothing. */
  #count = 0;
  readonly #from: number[] = [];
  readonly #event: number[] = [];
  readonly #length: number[] = [];
  readonly #sends: boolean[] = [];
  #lateReceive = false;

  constructor(power: LevelPower) {
    this.#power = power;
  }

  /** Joules up to `time`, a connection under way left out. */
  account(time: number): number {
    this.#spendBoard(time);
    if (Number.isNaN(this.#since)) this.#spendModem(time);
    return this.modem + this.board;
  }

  /** A datagram of so many bytes sets out. */
  sent(bytes: number, time: number): void {
    if (Number.isNaN(this.#since)) return;
    this.#burst(time, time, (bytes + headers) * this.#power.up, true);
  }

  hear(event: ModemEvent): void {
    const { time } = event;
    const power = this.#power;
    switch (event.type) {
      case "power":
        this.#release(time);
        this.#late = 0;
        // As in EnergyMeter: switched off it draws what it does in PSM.
        if (event.state === "off") this.#set(time, event.reason === "supply" ? 0 : power.psm);
        else this.#set(time, event.state === "booting" ? power.boot : power.radioOff);
        return;
      case "attach":
        if (event.stat === 2 || event.stat === 4) {
          this.#release(time);
          this.#set(time, power.receive);
          this.#searching = true;
        } else if (event.stat !== 1 && event.stat !== 5) this.#off(time);
        return;
      case "rrc":
        if (event.state === "connected") return this.#connect(time);
        this.#release(time);
        if (event.state === "off") return this.#off(time);
        return this.#set(time + this.#late, power.idle);
      case "psm":
        this.#release(time);
        if (event.state === "enter") return this.#set(time + this.#late, power.psm);
        this.#late = 0;
        return this.#set(time, power.idle);
      case "receive": {
        if (Number.isNaN(this.#since)) return;
        const length = (event.bytes.length + headers) * power.down;
        this.#burst(time - length, time, length, false);
      }
    }
  }

  /** The board does something else from now on. */
  moment(what: BoardMoment, time: number): void {
    const { starting, waiting, deepSleep } = this.#power;
    this.#spendBoard(time);
    this.#isAwake = what !== "asleep" && what !== "power lost";
    this.#boardWatts =
      what === "power lost" ? 0 : what === "asleep" ? deepSleep : what === "starting" ? starting : waiting;
  }

  /** The board computes for so many ms of what it would have waited. */
  computed(ms: number): void {
    this.board += ((this.#power.running - this.#power.waiting) * ms) / 1_000;
  }

  #burst(from: number, event: number, length: number, sends: boolean): void {
    const place = this.#count++;
    this.#from[place] = from;
    this.#event[place] = event;
    this.#length[place] = length;
    this.#sends[place] = sends;
  }

  #off(time: number): void {
    this.#release(time);
    this.#set(time, this.#power.radioOff);
  }

  #connect(time: number): void {
    if (!Number.isNaN(this.#since)) return;
    this.#spendModem(time);
    this.#late = 0;
    this.#since = time;
    this.#lateReceive = this.#searching;
  }

  /** The connection is over: lays it out, as EnergyMeter does. */
  #release(time: number): void {
    const since = this.#since;
    if (Number.isNaN(since)) return;
    this.#since = NaN;
    const power = this.#power;
    const count = this.#count;
    // Datagrams come nearly in order: what was received began a little before it was told.
    for (let i = 1; i < count; i++) {
      for (let j = i; j > 0 && this.#from[j] < this.#from[j - 1]; j--) this.#swap(j);
    }
    const tail = time - (count === 0 ? since : this.#event[count - 1]);
    if (count === 0 && !this.#lateReceive) {
      this.#burst(since, since, power.update * power.up, true);
      this.#burst(since, since, power.update * power.down, false);
    }
    const begin = Math.max(since, this.#modemAt);
    this.#set(begin, power.access);
    let at = begin + power.accessTime;
    for (let i = 0; i < this.#count; i++) {
      if (this.#from[i] > at) this.#listens(at, this.#from[i]);
      const begins = Math.max(at, this.#from[i]);
      this.#set(begins, this.#sends[i] ? power.transmit : power.receive);
      at = begins + this.#length[i];
    }
    const until = Math.max(time, at + (count === 0 ? 0 : tail));
    this.#listens(at, until);
    this.#late = until - time;
    this.#spendModem(until);
    this.#count = 0;
  }

  #swap(j: number): void {
    for (const list of [this.#from, this.#event, this.#length])
      [list[j], list[j - 1]] = [list[j - 1], list[j]];
    [this.#sends[j], this.#sends[j - 1]] = [this.#sends[j - 1], this.#sends[j]];
  }

  #listens(from: number, until: number): void {
    const pause = Math.min(until, from + this.#power.listen);
    if (pause > from) this.#set(from, this.#power.receive);
    if (until > pause) this.#set(pause, this.#power.connected);
  }

  #set(from: number, watts: number): void {
    this.#spendModem(Math.max(from, this.#modemAt));
    this.#modemAt = Math.max(from, this.#modemAt);
    this.#modemWatts = watts;
    this.#searching = false;
  }

  #spendModem(time: number): void {
    if (time <= this.#modemAt) return;
    this.modem += (this.#modemWatts * (time - this.#modemAt)) / 1_000;
    this.#modemAt = time;
  }

  #spendBoard(time: number): void {
    if (time <= this.#boardAt) return;
    this.board += (this.#boardWatts * (time - this.#boardAt)) / 1_000;
    if (this.#isAwake) this.awake += time - this.#boardAt;
    this.#boardAt = time;
  }
}
