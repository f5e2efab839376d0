/**
 * An agent with its flash and its key-value storage, and the EnOS stand-in, over a link that comes and
 * goes; nothing in between, so that a day takes milliseconds. The power may fail in any operation of
 * either storage: then the agent is gone, and another one starts over what it left behind.
 */
import { logLine } from "../../../firmware/device/log";
import { DemoApplication } from "../../../firmware/application";
import { narrowband } from "../../../firmware/coap/transmission";
import { Agent } from "../../../firmware/device/agent";
import { EnosCloud } from "../../../host-sim/cloud/cloud";
import { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";
import { PowerDomain } from "../../../host-sim/sim/flash/power-domain";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { demoDevice } from "../../../host-sim/sim/world/demo-device";
import { Random } from "../../../host-sim/sim/time/random";
import { productRecord } from "../../../host-sim/sim/world/products";
import type { AgentOptions, DatagramSocket, Link } from "../../../firmware/device/agent";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";
import type { Reading } from "../../../host-sim/cloud/cloud";
import type { ScriptEngine } from "../../../host-sim/cloud/script/script-engine";
import type { DeviceRecord } from "../../../host-sim/cloud/registry/registry";
import type { ThingValues } from "../../../firmware/model/thing";

const epoch = Date.UTC(2026, 0, 1);
const minute = 60_000;
const server = { address: "192.0.2.1", port: 5683 };
const peer = { address: "198.51.100.7", port: 4_000 };
/** One way, ms. */
const latency = 900;

export interface ScenarioOptions {
  readonly scriptEngine: ScriptEngine;
  readonly format: AgentOptions["format"];
  readonly batch: number;
  readonly order: "oldest" | "live";
  readonly edition: "token" | "tokenless";
  /** Readings in all. */
  readonly reports: number;
  /** From and to which minute there is no network. */
  readonly outages: readonly (readonly [number, number])[];
  /** The network tells no time before this minute. */
  readonly clockFrom: number;
  readonly blocks: number;
}

/** A reading of which the application knows that it was taken. */
interface Taken {
  readonly at: number;
  readonly values: ThingValues;
  /** The device had a clock then. */
  readonly dated: boolean;
}

/** Key-value storage that loses its power with the flash. */
class Store implements ByteStore {
  readonly values = new Map<string, Uint8Array>();
  readonly #power: PowerDomain;

  constructor(power: PowerDomain) {
    this.#power = power;
  }

  read(key: string): ArrayBuffer | undefined {
    return this.values.get(key)?.slice().buffer;
  }

  write(key: string, value: Uint8Array): void {
    const how = this.#power.begin();
    if (how === "done") this.values.set(key, value.slice());
    if (how !== "torn") return;
    // Gone, as Moddable's `preference` erases before it writes; half of it; or all of it after all.
    const turn = this.#power.operations % 3;
    if (turn === 0) this.values.delete(key);
    else this.values.set(key, value.slice(0, turn === 1 ? value.length >> 1 : value.length));
    this.#power.cut();
  }
}

export class PowerCutWorld {
  readonly power = new PowerDomain();
  readonly flash: MemoryFlash;
  readonly store: Store;
  readonly cloud: EnosCloud;
  readonly taken = new Map<number, Taken>();
  readonly log: string[] = [];
  boots = 0;
  now = 0;
  /** Greatest number of bytes that a boot has read. */
  mostRead = 0;
  readonly device: DeviceRecord;
  readonly #options: ScenarioOptions;
  readonly #random = new Random("power cut");
  #agent!: Agent;
  #bootedAt = 0;
  #told = false;
  #sampled = 0;
  #last: ThingValues = {};
  #socket: { received: Uint8Array[]; deliver: (bytes: Uint8Array) => void } | undefined;
  #events: { at: number; run: () => void }[] = [];

  /** @param cuts operations of the storage from one failure of the power to the next */
  constructor(options: ScenarioOptions, cuts: readonly number[]) {
    this.#options = options;
    const toCome = [...cuts];
    this.power.cutAt = toCome.shift();
    this.power.onCut = () => {
      const next = toCome.shift();
      if (next !== undefined) this.power.cutAt = this.power.operations + next;
    };
    this.flash = new MemoryFlash({
      size: options.blocks * 1_024,
      blockLength: 1_024,
      power: this.power,
      random: this.#random,
    });
    this.store = new Store(this.power);
    this.device = demoDevice((length) => this.#random.bytes(length));
    this.cloud = new EnosCloud({
      transmit: (datagram) => {
        const bytes = datagram.slice();
        this.#after(latency, () => this.connected && this.#socket?.deliver(bytes));
      },
      randomBytes: (length) => this.#random.bytes(length),
      edition: options.edition,
      iv: "zero",
      devices: [this.device],
      products: [productRecord("demo", this.device.productKey, "raw")],
      scriptEngine: options.scriptEngine,
    });
  }

  get connected(): boolean {
    return !this.#options.outages.some(([from, to]) => this.now >= from * minute && this.now < to * minute);
  }

  /** Runs to the end: all readings taken, and time to deliver them. */
  run(): void {
    this.#boot();
    const end = (this.#options.reports * 15 + 24 * 60) * minute;
    for (let turns = 0; this.now < end; turns++) {
      if (turns > 1_000_000) throw new Error("time stands still");
      const event = this.#events[0];
      const next = Math.min(event?.at ?? Infinity, this.#bootedAt + this.#agent.deadline);
      if (next === Infinity) break;
      this.now = Math.max(this.now, next);
      if (event !== undefined && event.at <= this.now) this.#events.shift()!.run();
      this.#poll();
      if (this.power.off) this.#boot();
    }
  }

  /** Readings of which the application knows, and what became of them; faults in words. */
  faults(): string[] {
    const { productKey, deviceKey } = this.device;
    const stored = this.cloud.reported.readings(productKey, deviceKey);
    const faults: string[] = [];
    const byValues = new Map<string, Reading[]>();
    for (const reading of stored) {
      const key = canonical(reading.points);
      byValues.set(key, [...(byValues.get(key) ?? []), reading]);
    }
    for (const [id, { at, values, dated }] of this.taken) {
      const found = byValues.get(canonical(values)) ?? [];
      if (found.length !== 1) faults.push(`reading ${id} is stored ${found.length} times`);
      const time = found[0]?.time;
      // Of a boot that never got a clock nothing tells how long it ran after its last reading.
      if (time !== undefined && Math.abs(time - epoch - at) > (dated ? 0 : 20 * minute)) {
        faults.push(`reading ${id} was taken at ${at}, and is stored as of ${time - epoch}`);
      }
      byValues.delete(canonical(values));
    }
    // At most one: it was in flash, and the power failed before the application could be told.
    if (byValues.size > 1) faults.push(`${byValues.size} readings are stored of which nobody knows`);
    for (const line of this.log)
      if (/^(fault|memory|report: (dropped|refused))/.test(line)) faults.push(line);
    return faults;
  }

  /** After each failure of the power the lights are out for a minute. */
  #boot(): void {
    do {
      if (this.boots > 100) throw new Error("it never comes up");
      if (this.power.off) this.now += minute;
      this.#events = this.#events.filter((event) => event.at > this.now);
      this.power.restore();
      this.boots += 1;
      this.#bootedAt = this.now;
      this.#told = false;
      const read = this.flash.reads.bytes;
      this.#agent = this.#makeAgent();
      this.mostRead = Math.max(this.mostRead, this.flash.reads.bytes - read);
      this.#poll();
    } while (this.power.off);
  }

  #poll(): void {
    const now = this.now - this.#bootedAt;
    if (!this.#told && this.connected && this.now >= this.#options.clockFrom * minute) {
      this.#told = true;
      this.#agent.setTime(epoch + this.now, now);
    }
    this.#agent.poll(now);
  }

  #makeAgent(): Agent {
    const world = this;
    const { format, batch, order, reports } = this.#options;
    const random = this.#random.fork(`boot ${this.boots}`);
    const application = new DemoApplication({
      random: () => random.next(),
      rssi: () => -70 - (this.#sampled % 30),
      now: () => this.now,
    });
    const sample = application.sample.bind(application);
    application.sample = () => {
      this.#sampled += 1;
      this.#last = sample();
      return this.#last as ReturnType<typeof sample>;
    };
    const link: Link = {
      get ready() {
        return world.connected;
      },
      // Looks again when the next outage ends.
      get deadline() {
        const end = world.#options.outages.find(([, to]) => to * minute > world.now && !world.connected)?.[1];
        return end === undefined ? Infinity : end * minute - world.#bootedAt;
      },
      connect() {},
      poll() {},
    };
    class Socket implements DatagramSocket {
      readonly received: Uint8Array[] = [];
      constructor() {
        world.#socket = this;
      }
      deliver(bytes: Uint8Array): void {
        this.received.push(bytes);
      }
      write(buffer: Uint8Array): void {
        const bytes = buffer.slice();
        if (!world.connected || world.power.off) return;
        world.#after(latency, () => world.cloud.receive(bytes, peer, epoch + world.now));
      }
      read(): (ArrayBuffer & { address: string; port: number }) | undefined {
        const bytes = this.received.shift();
        return bytes === undefined ? undefined : Object.assign(bytes.slice().buffer as ArrayBuffer, server);
      }
      close(): void {}
    }
    return new Agent({
      session: { credentials: this.device, ...server, lifetime: 7_200 },
      crypto: nodeCryptography,
      random: () => random.next(),
      transmission: narrowband,
      link,
      socket: { io: Socket },
      application,
      interval: 900,
      reports: Math.max(1, reports - this.taken.size),
      format,
      batch,
      order,
      flash: this.flash,
      store: this.store,
      startReason: "power-on",
      startSpread: 60,
      now: () => this.now - this.#bootedAt,
      wake: () => {},
      log: (event) => {
        // What the processor still does in its last microsecond nobody hears of.
        if (this.power.off) return;
        this.log.push(logLine(event));
        if (event.kind !== "report taken") return;
        this.taken.set(event.id, { at: this.now, values: this.#last, dated: this.#told });
      },
    });
  }

  #after(delay: number, run: () => void): void {
    this.#events.push({ at: this.now + delay, run });
    this.#events.sort((a, b) => a.at - b.at);
  }
}

/** Values as text, the same however they travelled. */
function canonical(values: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(values).filter((name) => values[name] !== undefined);
  return names
    .sort()
    .map((name) => `${name}=${JSON.stringify(values[name])}`)
    .join(" ");
}
