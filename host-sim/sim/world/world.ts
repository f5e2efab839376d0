/**
 * One device with its modem, network and cloud, in virtual time:
 *
 *    firmware in its engine == serial == modem == NB-IoT cell == EnOS stand-in
 *
 * The board can lose its power and start again: an engine ends with its power, flash, key-value storage
 * and the modem do not. Everything that happens comes out as one stream of events in order of time. The
 * same options give the same events and the same bytes.
 */
import { retainedLength } from "../../../firmware/continuity/retained-memory";
import { Board } from "../board/board";
import { bundleFirmware } from "../board/bundle";
import { I2cBus } from "../board/i2c-bus";
import { SimulatedSht3x } from "../board/sht3x";
import { NodeEngine } from "../engine/node-engine";
import { EnosCloud } from "../../cloud/cloud";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { FlashFaults } from "../flash/flash-faults";
import { StorageFaults } from "../board/storage-faults";
import { MemoryFlash } from "../flash/memory-flash";
import { PowerDomain } from "../flash/power-domain";
import { createModem, families, technologyOf } from "../modem/families";
import { withoutSecrets } from "../modem/secret-lines";
import { Uart } from "../modem/uart";
import { HostilePath } from "../radio/hostile-path";
import { NbIotCell } from "../radio/link";
import { XsEngine } from "../engine/xs-engine";
import { VirtualClock } from "../time/clock";
import { demoDevice } from "./demo-device";
import { batteryPin, batteryShare, productRecord, products, sensorPins } from "./products";
import { commandsAs, settingsOf } from "./device-options";
import { Random } from "../time/random";
import type { ScriptEngine } from "../../cloud/script/script-engine";
import type { Restart } from "../board/board";
import type { Climate } from "../board/sht3x";
import type { resetReasons } from "../board/protocol";
import type { KeyValueStores } from "../board/key-value";
import type { CloudEvent, Peer } from "../../cloud/cloud";
import type { DeviceRecord } from "../../cloud/registry/registry";
import type { Family } from "../modem/family";
import type { ModemEvent } from "../modem/modem-event";
import type { SimulatedModem } from "../modem/simulated-modem";
import type { HostileEvent } from "../radio/hostile-path";
import type { DatagramReport } from "../radio/link";
import type { ScheduledEvent } from "../time/clock";
import type { DeviceOptions } from "./device-options";

/** Something that happened, with its virtual time in ms. */
export type WorldEvent = { readonly time: number } & (
  | { readonly source: "device"; readonly text: string }
  | { readonly source: "at"; readonly direction: "host" | "modem"; readonly text: string }
  | { readonly source: "modem"; readonly event: ModemEvent }
  | {
      readonly source: "air";
      readonly report: DatagramReport;
      /** A retransmission, where somebody has kept count. */
      readonly again?: boolean;
    }
  | { readonly source: "cloud"; readonly event: CloudEvent }
  /** Somebody who is neither the device nor its cloud did something. */
  | { readonly source: "hostile"; readonly event: HostileEvent }
  /** The board lost its power, got it back, started anew by itself, or slept deeply. */
  | {
      readonly source: "board";
      readonly what: "power lost" | "power on" | "restarted" | "asleep" | "awake";
      readonly text: string;
    }
);

/** A world's settings beside those of the device and its surroundings, and who hears of its events. */
export interface WorldOptions extends DeviceOptions {
  /** Readings that the device takes, 0 for no end (default 0). */
  readonly reports?: number;
  /** ms after which the operator's NAT forgets an unused mapping; never when left out. */
  readonly natIdle?: number;
  /** ms that a command waits for the device (default an hour). */
  readonly pendingTtl?: number;
  /** What the cloud takes for the largest datagram of the device, bytes; its own default when left out. */
  readonly largestDatagram?: number;
  /** Readings that the cloud keeps of the device; its own limit when left out. */
  readonly readingsKept?: number;
  /** The script that the board runs, made by `bundleFirmware`; the board's own firmware when left out. */
  readonly firmware?: string;
  /** The board has no device key, and takes the modem's IMEI. */
  readonly keyFromModem?: boolean;
  /** Hears what an application that was made for a test tells or asks, and answers (sim/board/guest/ask.ts). */
  readonly onAsk?: (text: string) => string;
  readonly onEvent: (event: WorldEvent) => void;
}

/** Why the board starts. */
type ResetReason = (typeof resetReasons)[number];

/** Where the demo's cloud can be reached inside the simulation (RFC 5737 documentation address). */
const server = { address: "203.0.113.5", port: 5683 };
/** Its name, as the operator's name server has it. */
const serverName = "cloud.example";
/** The operator gives a device at the end of a slow link as long as EnOS waits for a reply at most, ms. */
const longestResponse = 60_000;
/** The GPIOs that the simulated board has wired to the modem's control lines, and to the switch of its supply. */
const powerKeyPin = 5;
const resetPin = 19;
const wakePin = 21;
const supplyPin = 18;
/** Wall clock at virtual time zero. */
export const epoch = Date.UTC(2026, 0, 1);
/** ms that the erase of a block takes: 45 by the data sheets of the chips that boards have, 400 at most. */
const eraseTime = 45;
/** ms from a restart to the first line of the firmware. */
const bootTime = 1_000;

/** ms from the end of deep sleep to the first line of the firmware: the boot loader checks less than at a start. */
const wakeTime = 500;
/** Share by which the board's clock may go wrong in deep sleep, where it has no crystal. */
export const sleepDrift = 0.002;

/** The sensor's address, volts of the battery, and by how much they sag under the modem's radio. */
const sensorAddress = 0x44;
const batteryVolts = 3.9;
const batterySag = 0.25;

/** One bundle of each product serves every board of this process. */
const bundles = new Map<string, Promise<string>>();

function bundleOf(folder: string): Promise<string> {
  const bundle = bundles.get(folder) ?? bundleFirmware({ product: folder });
  bundles.set(folder, bundle);
  return bundle;
}

/** One device in one world. */
export class World {
  readonly clock = new VirtualClock();
  readonly device: DeviceRecord;
  readonly cell: NbIotCell;
  readonly cloud: EnosCloud;
  /** The way between the two, where attacks are begun: `path.attack(...)`. */
  readonly path: HostilePath;
  readonly uart: Uart;
  readonly modem: SimulatedModem;
  readonly power = new PowerDomain();
  /** How the journal's flash fails, for whoever makes it fail. */
  readonly flashFaults: FlashFaults;
  /** How key-value storage fails, for whoever makes it fail. */
  readonly storageFaults: StorageFaults;
  readonly flash: MemoryFlash | undefined;
  /** The board's I2C bus and the sensor of temperature and humidity on it, for whoever makes them fail. */
  readonly i2c = new I2cBus(sensorPins.data, sensorPins.clock);
  readonly sensor: SimulatedSht3x;
  /** The board that is running, or ran last. */
  board: Board | undefined;
  engine: NodeEngine | XsEngine | undefined;
  /** Starts of the board so far. */
  boots = 0;
  readonly #options: WorldOptions;
  readonly #bundle: string;
  readonly #keyValue: KeyValueStores;
  #cloudTimer: ScheduledEvent | undefined;
  #nextStart: ScheduledEvent | undefined;
  /** How far the board's own clock is ahead, ms, once it was set. */
  #clockError: number | undefined;
  /** Memory of the board that outlives all but a loss of power, after which it holds random bytes. */
  readonly #retained = new Uint8Array(retainedLength);
  /** The board sleeps deeply: when it fell asleep, and its own clock then, epoch ms. */
  #deepSleep: { readonly since: number; readonly wall: number } | undefined;
  /** ms that the board has slept deeply so far, how often, and how fast its clock goes then. */
  boardAsleep = 0;
  sleeps = 0;
  readonly #sleepRate: number;
  /** Where the cloud can be reached. */
  readonly #server = { ...server };
  /** What stands before the cloud and may answer in its place. */
  front: ((datagram: Uint8Array, peer: Peer) => Uint8Array | undefined) | undefined;

  /** @throws EngineMissing when the XS engine is not installed */
  static async create(options: WorldOptions): Promise<World> {
    const firmware = options.firmware ?? (await bundleOf(products[options.application ?? "demo"].folder));
    return new World(options, firmware, await loadScriptEngine(() => epoch));
  }

  private constructor(options: WorldOptions, firmware: string, scriptEngine: ScriptEngine) {
    this.#options = options;
    this.#bundle = firmware;
    const { clock } = this;
    const { edition, format, pendingTtl = 3_600_000, readingsKept, largestDatagram } = options;
    const { application = "demo" } = options;
    const random = new Random(options.seed);
    const keys = random.fork("keys");
    const device = demoDevice((length) => keys.bytes(length));
    this.device = device;
    const cloudRandom = random.fork("cloud");
    const { modem: family = "sim7020" } = options;
    const cell = new NbIotCell({
      scheduler: clock,
      random: random.fork("radio"),
      coverage: options.coverage,
      loss: options.loss,
      natIdle: options.natIdle,
      carrier: { technology: technologyOf(family, options.modemFirmware), ...options.carrier },
      firstSearch: options.firstSearch,
      names: [[serverName, this.#server.address]],
      onDatagram: (report) => this.#emit({ time: report.time, source: "air", report }),
    });
    this.cell = cell;
    const cloud = new EnosCloud({
      transmit: (datagram, peer) => this.path.down(datagram, peer),
      randomBytes: (length) => cloudRandom.bytes(length),
      edition,
      iv: "zero",
      devices: [device],
      scriptEngine: scriptEngine.at(() => this.cloudNow),
      ...(options.addressBound === true ? { tie: "address" as const } : {}),
      products: [{ ...productRecord(application, device.productKey, commandsAs(format)), largestDatagram }],
      limits: {
        ...{ pendingTtl, responseTimeout: longestResponse },
        ...(readingsKept === undefined ? {} : { readings: readingsKept }),
      },
      onEvent: (event) => this.#emit({ time: clock.now, source: "cloud", event }),
    });
    this.cloud = cloud;
    this.path = new HostilePath({
      scheduler: clock,
      random: random.fork("hostile"),
      server: this.#server,
      devices: () => cell.publicEndpoints,
      toDevice: (datagram, peer) => cell.sendDownlink(datagram, peer),
      injectDown: (datagram, peer, from) => cell.injectDownlink(datagram, peer, from),
      toServer: (datagram, peer) => {
        const answer = this.front?.(datagram, peer);
        if (answer !== undefined) return this.path.down(answer, peer);
        cloud.receive(datagram, peer, this.cloudNow);
        this.#watchCloud();
      },
      onEvent: (event) => this.#emit({ time: event.time, source: "hostile", event }),
    });
    cell.onUplink = (datagram, peer, to) => {
      if (to.address === this.#server.address) this.path.up(datagram, peer);
    };
    for (const attack of options.attacks ?? []) this.path.attack(attack);
    this.#sleepRate = 1 + random.fork("sleep clock").between(-sleepDrift, sleepDrift);
    this.storageFaults = new StorageFaults(random.fork("storage"));
    const quirks = random.fork("quirks");
    const { apnPassword } = options.settings ?? {};
    const secrets = typeof apnPassword === "string" ? [apnPassword] : [];
    this.uart = new Uart({ scheduler: clock, baud: families.get(family)?.baud ?? 115_200 });
    this.modem = createModem(family, {
      scheduler: clock,
      random: random.fork("modem"),
      port: this.uart.modem,
      network: cell.admit(),
      imei: device.deviceKey,
      epoch,
      releaseAssistance: options.releaseAssistance,
      // Firmware versions of one modem differ; these differences are harmless, and a driver has to cope with them.
      quirks: {
        urcInsideResponse: quirks.chance(0.5),
        junkAtWake: quirks.chance(0.5),
        // Where a table says nothing of it.
        ...(families.get(family)?.manual === undefined && { ceregRoutingArea: quirks.chance(0.5) }),
        ...options.quirks,
      },
      firmware: options.modemFirmware,
      pin: options.pin,
      baud: options.modemBaud,
      formerOwner: options.formerOwner,
      zone: options.zone,
      onEvent: (event) => this.#emit({ time: event.time, source: "modem", event }),
      onLine: (direction, line) => {
        const text = withoutSecrets(line, secrets);
        this.#emit({ time: clock.now, source: "at", direction, text });
      },
    });
    const { journalSize = 131_072 } = options;
    this.flashFaults = new FlashFaults(random.fork("flash faults"));
    if (journalSize > 0) {
      this.flash = new MemoryFlash({
        size: journalSize,
        power: this.power,
        random: random.fork("flash"),
        faults: this.flashFaults,
      });
    }
    // Where provisioning puts the keys on a board.
    this.#keyValue = new Map([
      [
        "enos",
        new Map([
          ["productKey", device.productKey],
          ...(options.keyFromModem === true ? [] : ([["deviceKey", device.deviceKey]] as const)),
          ["deviceSecret", device.deviceSecret],
        ]),
      ],
    ]);
    const climate = random.fork("climate");
    this.sensor = new SimulatedSht3x({ climate: roomAt, random: climate });
    this.i2c.attach(sensorAddress, this.sensor);
    this.uart.board.onReceive = (bytes) => this.board?.serialReceive(bytes);
    this.uart.board.onWritable = (free) => this.board?.serialWritable(free);
  }

  /** The cloud's time: devices tell it when they measured in epoch ms. */
  get cloudNow(): number {
    return epoch + this.clock.now;
  }

  /** Powers the board on, now. */
  start(): Promise<void> {
    return this.#boot("Power-On");
  }

  /** The board's memory that outlives deep sleep, for tests, which may damage it. */
  get retained(): Uint8Array {
    return this.#retained;
  }

  /** Key-value storage, for tests. */
  get keyValue(): KeyValueStores {
    return this.#keyValue;
  }

  /** Takes the board's power away for `offFor` ms. The modem has a supply of its own and goes on. */
  cutPower(offFor: number): void {
    if (this.#nextStart?.run !== undefined && this.#deepSleep === undefined) {
      // The board is off already, or about to start: only the time of its start changes.
      this.clock.cancel(this.#nextStart);
    } else {
      this.#emit({ time: this.clock.now, source: "board", what: "power lost", text: `for ${offFor} ms` });
    }
    this.clock.cancel(this.#nextStart);
    this.#endSleep();
    this.#halt();
    this.#nextStart = this.clock.after(offFor, () => {
      this.#emit({ time: this.clock.now, source: "board", what: "power on", text: "" });
      return this.#boot("Power-On");
    });
  }

  /** The chip restarts by itself now: it panics, its watchdog bites, its supply is too weak for a moment. */
  crash(resetReason: ResetReason): void {
    if (this.#nextStart?.run !== undefined) return;
    this.#startAnew(`crash: ${resetReason}`, resetReason);
  }

  /**
   * The cloud moves to another address. What is sent to the old one is lost, and a board is told of the new one
   * when it starts next, as somebody does who changes its settings. Its name leads to the new one at once.
   */
  moveCloud(address: string): void {
    this.#server.address = address;
    this.cell.names.set(serverName, address);
  }

  /** Sets the cloud's timer anew; to be called after the cloud was changed from outside. */
  touchCloud(): void {
    this.#watchCloud();
  }

  /** The battery's voltage now, which sags while the modem's radio may be on. */
  get batteryVolts(): number {
    return this.modem.state === "on" ? batteryVolts - batterySag : batteryVolts;
  }

  /** Ends the engine. */
  async close(): Promise<void> {
    this.board?.powerOff();
    await this.engine?.close();
  }

  #halt(): void {
    this.board?.powerOff();
    void this.engine?.close();
  }

  async #boot(resetReason: ResetReason): Promise<void> {
    // The board's own clock goes on over a restart, not over a loss of power.
    let rtc =
      resetReason === "Power-On" || this.#clockError === undefined
        ? undefined
        : epoch + this.clock.now + this.#clockError;
    if (resetReason === "Deep Sleep") {
      rtc = this.#endSleep() ?? rtc;
      this.#emit({ time: this.clock.now, source: "board", what: "awake", text: "" });
    }
    const { powerKey, supply, reports, engine: kind, seed } = this.#options;
    if (resetReason === "Power-On") {
      this.#retained.set(new Random(`${seed}/retained/${this.boots}`).bytes(retainedLength));
    }
    this.power.restore();
    // Its supply came on with the board's, which has needed its time to start.
    if (resetReason === "Power-On") this.sensor.powerUp(this.clock.now - bootTime);
    const engine = kind === "xs" ? new XsEngine() : new NodeEngine();
    this.engine = engine;
    this.boots += 1;
    const boots = this.boots;
    const evaluated = engine.evaluate(this.#bundle);
    if (evaluated !== undefined) await evaluated;
    const board = new Board({
      engine,
      scheduler: this.clock,
      // Each start draws other numbers, as a board's hardware does.
      seed: boots === 1 ? `${seed}/board` : `${seed}/board/${boots}`,
      epoch: epoch + this.clock.now,
      config: {
        server: this.#server.address,
        port: server.port,
        apn: "iot.example",
        modem: this.modem.family.name,
        ...(powerKey ? controlLines(this.modem.family) : {}),
        ...(supply === true ? { modemSupply: supplyPin } : {}),
        ...products[this.#options.application ?? "demo"].wiring,
        ...settingsOf(this.#options, reports),
      },
      keyValue: this.#keyValue,
      storageStrike: this.storageFaults.strike,
      flash: this.flash === undefined ? undefined : new Map([["journal", this.flash]]),
      power: this.power,
      onErase: () => this.uart.deaf(eraseTime),
      resetReason,
      rtc,
      retained: this.#retained,
      onClockSet: (error) => (this.#clockError = error),
      serial: this.uart.board,
      i2c: this.i2c,
      analog: (pin) => (pin === batteryPin ? this.batteryVolts * batteryShare : undefined),
      onStandstill: (duration) => this.uart.deaf(duration),
      onTrace: (text) => {
        for (const line of text.split("\n")) {
          if (line !== "") this.#emit({ time: this.clock.now, source: "device", text: line });
        }
      },
      onPin: (pin, level) => {
        if (pin === powerKeyPin) this.modem.setPowerKey(level === 0);
        if (pin === resetPin) this.modem.setReset(level === 0);
        if (pin === wakePin) this.modem.setWakePin(level === 0);
        if (pin === supplyPin) this.modem.setSupply(level === 1);
      },
      onRestart: (restart) => this.#restarted(restart),
      onAsk: this.#options.onAsk,
    });
    this.board = board;
    await board.start();
  }

  /** Its own clock after deep sleep, epoch ms; undefined when it did not sleep. */
  #endSleep(): number | undefined {
    if (this.#deepSleep === undefined) return undefined;
    const { since, wall } = this.#deepSleep;
    this.#deepSleep = undefined;
    const slept = this.clock.now - since;
    this.boardAsleep += slept;
    if (this.#clockError !== undefined) this.#clockError += slept * (this.#sleepRate - 1);
    return wall + slept * this.#sleepRate;
  }

  #restarted({ reason, text, duration = 0 }: Restart): void {
    if (reason === "deep sleep") {
      this.#emit({ time: this.clock.now, source: "board", what: "asleep", text });
      this.#deepSleep = { since: this.clock.now, wall: this.board!.wall };
      this.sleeps += 1;
      this.#halt();
      const asleep = duration / this.#sleepRate + wakeTime;
      this.#nextStart = this.clock.after(asleep, () => this.#boot("Deep Sleep"));
      return;
    }
    // An engine that ends restarts the chip by `esp_restart` too, in whatever way it ended.
    this.#startAnew(`${reason}: ${text}`, "Software");
  }

  #startAnew(text: string, resetReason: ResetReason): void {
    this.#emit({ time: this.clock.now, source: "board", what: "restarted", text });
    this.#halt();
    this.#nextStart = this.clock.after(bootTime, () => this.#boot(resetReason));
  }

  /** Wakes the cloud when a lifetime lapses or a command times out. */
  #watchCloud(): void {
    const { clock, cloud } = this;
    clock.cancel(this.#cloudTimer);
    if (cloud.deadline === Infinity) return;
    // To the whole ms: the sum with the epoch has fewer digits left than the difference.
    this.#cloudTimer = clock.at(Math.max(clock.now, Math.ceil(cloud.deadline - epoch)), () => {
      cloud.poll(this.cloudNow);
      this.#watchCloud();
    });
  }

  #emit(event: WorldEvent): void {
    this.#options.onEvent(event);
  }
}

/** A room that is heated by day: virtual ms. */
function roomAt(now: number): Climate {
  const day = Math.sin((2 * Math.PI * now) / 86_400_000);
  return { temperature: 20.5 + 1.5 * day, humidity: 45 - 4 * day };
}

/** Settings for the lines that a modem of this family has. */
function controlLines({ power }: Family): Record<string, number | undefined> {
  return {
    powerKey: power.key === undefined ? undefined : powerKeyPin,
    // Where the key can switch it off as well, a board rarely spends another pin on the reset.
    reset: power.key?.off === Infinity || power.key === undefined ? resetPin : undefined,
    wake: power.wakePin === true ? wakePin : undefined,
  };
}
