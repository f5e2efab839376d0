/**
 * One device with its modem, network and cloud, in virtual time:
 *
 *    firmware in its engine == serial == modem == NB-IoT cell == EnOS stand-in
 *
 * The board can lose its power and start again: an engine ends with its power, flash, key-value storage
 * and the modem do not. Everything that happens comes out as one stream of events in order of time. The
 * same options give the same events and the same bytes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../project";
import { retainedLength } from "../../../firmware/continuity/retained-memory";
import { Board } from "../board/board";
import { UpdateFlash } from "../board/update-flash";
import { makeImage } from "../board/image";
import { bundleFirmware } from "../board/bundle";
import { computeRate, fastestClock } from "../board/processor";
import { I2cBus } from "../board/i2c-bus";
import { SimulatedSht3x } from "../board/sht3x";
import { NodeEngine } from "../engine/node-engine";
import { loadScriptEngine } from "../../cloud/script/script-engine";
import { FlashFaults } from "../flash/flash-faults";
import { StorageFaults } from "../board/storage-faults";
import { MemoryFlash } from "../flash/memory-flash";
import { PowerDomain } from "../flash/power-domain";
import { createModem, families } from "../modem/families";
import { withoutSecrets } from "../modem/secret-lines";
import { Uart } from "../modem/uart";
import { XsEngine } from "../engine/xs-engine";
import { VirtualClock } from "../time/clock";
import { demoDevice } from "./demo-device";
import { NetworkAndCloud, epoch, server } from "./network-and-cloud";
import { variantName, variantRecord, variantSources } from "./product-variant";
import { batteryPin, batteryShare, productRecord, products, sensorPins } from "./products";
import { SealedProduct } from "./sealed-product";
import { commandsAs, settingsOf } from "./device-options";
import { Random } from "../time/random";
import type { ScriptEngine } from "../../cloud/script/script-engine";
import type { Restart, TurnTime } from "../board/board";
import type { Flash } from "../../../firmware/journal/flash";
import type { FlashPartitions } from "../board/flash";
import type { Climate } from "../board/sht3x";
import type { resetReasons } from "../board/protocol";
import type { KeyValueStores } from "../board/key-value";
import type { EnosCloud, Peer } from "../../cloud/cloud";
import type { DeviceRecord } from "../../cloud/registry/registry";
import type { Family } from "../modem/family";
import type { SimulatedModem } from "../modem/simulated-modem";
import type { HostilePath } from "../radio/hostile-path";
import type { NbIotCell } from "../radio/link";
import type { ScheduledEvent } from "../time/clock";
import type { DeviceOptions } from "./device-options";
import type { WorldEvent } from "./world-event";
import type { WorldOptions } from "./world-options";

export { epoch } from "./network-and-cloud";
export type { WorldEvent } from "./world-event";
export type { WorldOptions } from "./world-options";

/** Why the board starts. */
type ResetReason = (typeof resetReasons)[number];

/** The GPIOs that the simulated board has wired to the modem's control lines, and to the switch of its supply. */
const powerKeyPin = 5;
const resetPin = 19;
const wakePin = 21;
const supplyPin = 18;
const ringPin = 22;
/** ms that the erase of a block takes: 45 by the data sheets of the chips that boards have, 400 at most. */
const eraseTime = 45;
/**
 * ms from power, or a restart, to the first line of the firmware. Derived: the boot loader of an ESP32, which reads and
 * checks the whole image, took 361 ms (toitware/esp-idf, pull request 14, 2019), the rest is as at a wake. Espressif
 * says 300 ms, generally, up to the application (ESP-Techpedia, "ESP Chip Startup Time Optimization").
 */
const bootTime = 500;

/**
 * ms from the end of deep sleep to the first line of the firmware, where the boot loader does not check the image again
 * (firmware/board/sdkconfig.defaults). Derived: to the application 101 ms on an ESP32 without PSRAM
 * (espressif/arduino-esp32, issue 6906, 2022), and 70 ms there and back to sleep (glenn20/upy-esp32-experiments, 2022);
 * some 50 ms for NVS and to make XS's machine from what the linker preloaded are assumed.
 */
const wakeTime = 150;
/**
 * ms from the first bit that wakes an ESP32 from light sleep until its UART hears again: 1 for the crystal, 0.48 of
 * software and 0.06 of hardware (ESP-IDF v6.0, esp32's soc/rtc.h and sleep_modes.c); derived, not measured.
 */
const clocksRun = 1.6;
/** The processor's clock where the settings do not say it (firmware/device/settings.ts), MHz. */
const builtClock = 160;
/** Share by which the board's clock may go wrong in deep sleep, where it has no crystal. */
export const sleepDrift = 0.002;

/** The sensor's address, volts of the battery, and by how much they sag under the modem's radio. */
const sensorAddress = 0x44;
const batteryVolts = 3.9;
const batterySag = 0.25;

/** One bundle of each product serves every board of this process. */
const bundles = new Map<string, Promise<string>>();

function bundleOf({ application = "demo", ...variant }: WorldOptions): Promise<string> {
  const name = `${application} ${variantName(variant)}`;
  const sources = variantSources(application, variant);
  // What is to fit into an image has no white space for eyes.
  const dense = variant.update === true ? true : undefined;
  const { folder: product } = products[application];
  const bundle = bundles.get(name) ?? bundleFirmware({ product, sources, dense });
  bundles.set(name, bundle);
  return bundle;
}

/** One device in one world. */
export class World {
  readonly clock: VirtualClock;
  readonly device: DeviceRecord;
  readonly uart: Uart;
  readonly modem: SimulatedModem;
  readonly power = new PowerDomain();
  /** How the journal's flash fails, for whoever makes it fail. */
  readonly flashFaults: FlashFaults;
  /** How key-value storage fails, for whoever makes it fail. */
  readonly storageFaults: StorageFaults;
  readonly flash: MemoryFlash | undefined;
  /** With `health`: the partition of the log's last lines. */
  readonly logFlash: MemoryFlash | undefined;
  /** The board's I2C bus and the sensor of temperature and humidity on it, for whoever makes them fail. */
  readonly i2c = new I2cBus(sensorPins.data, sensorPins.clock);
  readonly sensor: SimulatedSht3x;
  /** The board that is running, or ran last. */
  board: Board | undefined;
  engine: NodeEngine | XsEngine | undefined;
  /** Starts of the board so far. */
  boots = 0;
  /** Version of the image that runs, on a board with slots. */
  version = "";
  readonly #options: WorldOptions;
  /** What the board runs from its next start on, without slots for it. */
  #bundle: string;
  /** With `update`: where its firmware is, and what an update needs. */
  readonly slots: UpdateFlash | undefined;
  readonly #keyValue: KeyValueStores;
  readonly #network: NetworkAndCloud;
  /** The product with its keys, where it has a seal. */
  readonly #sealed: SealedProduct | undefined;
  #nextStart: ScheduledEvent | undefined;
  /** The end of the board's light sleep, while it sleeps so. */
  #lightSleep: ScheduledEvent | undefined;
  /** It has power, and its firmware's first line is still to come. */
  #starting = false;
  /** How far the board's own clock is ahead, ms, once it was set. */
  #clockError: number | undefined;
  /** Memory of the board that outlives all but a loss of power, after which it holds random bytes. */
  readonly #retained = new Uint8Array(retainedLength);
  /** The board sleeps deeply: when it fell asleep, and its own clock then, epoch ms. */
  #deepSleep: { readonly since: number; readonly wall: number } | undefined;
  /** Its own clock when it woke from deep sleep last, epoch ms. */
  #wokeAt: number | undefined;
  /** ms that the board has slept deeply so far, how often, and how fast its clock goes then. */
  boardAsleep = 0;
  sleeps = 0;
  readonly #sleepRate: number;

  /** @throws EngineMissing when the XS engine is not installed */
  static async create(options: WorldOptions): Promise<World> {
    const firmware = options.firmware ?? (await bundleOf(options));
    return new World(options, firmware, await loadScriptEngine(() => epoch));
  }

  /**
   * Another device of the same product, in the same cell and with the same cloud: what happens to these is told to the first
   * one's listener, what happens in the device to its own. What the options say of cell and cloud is without effect.
   *
   * @throws EngineMissing when the XS engine is not installed
   */
  static async beside(first: World, options: WorldOptions): Promise<World> {
    const firmware = options.firmware ?? (await bundleOf(options));
    return new World(options, firmware, first);
  }

  private constructor(options: WorldOptions, firmware: string, outside: ScriptEngine | World) {
    this.#options = options;
    this.#bundle = firmware;
    const random = new Random(options.seed);
    const keys = random.fork("keys");
    const { modem: family = "sim7020" } = options;
    const all = demoDevice((length) => keys.bytes(length));
    const drawn = { ...all, deviceKey: options.deviceKey ?? all.deviceKey };
    if (outside instanceof World) {
      this.clock = outside.clock;
      this.#network = outside.#network;
      this.#sealed = outside.#sealed;
      this.device = { ...drawn, productKey: outside.device.productKey };
      this.cloud.devices.add(this.device, this.cloudNow);
    } else {
      this.clock = new VirtualClock();
      this.device = drawn;
      const { clock, device } = this;
      const { application = "demo", sealed, format } = options;
      const { productKey } = device;
      if (sealed !== undefined) {
        const master = random.fork("master").bytes(32);
        this.#sealed = new SealedProduct(application, { ...options, sealed }, productKey, master);
      }
      const recordOf = variantName(options) === "" ? productRecord : variantRecord;
      const product =
        this.#sealed?.record() ?? recordOf(application, productKey, commandsAs(format), options);
      const parts = { clock, random, device, product, scriptEngine: outside, world: options };
      this.#network = new NetworkAndCloud(parts);
    }
    const { clock, device, cell } = this;
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
    if (options.health === true) {
      this.logFlash = new MemoryFlash({ size: 8_192, power: this.power, random: random.fork("log flash") });
    }
    if (options.update === true) {
      const image = options.image ?? makeImage({ script: firmware, version: firmwareVersion() });
      this.slots = new UpdateFlash(this.power, random.fork("slots"), image);
    }
    // Where provisioning puts the keys on a board.
    this.#keyValue = new Map([
      [
        "enos",
        new Map([
          ["productKey", device.productKey],
          ...(options.keyFromModem === true ? [] : ([["deviceKey", device.deviceKey]] as const)),
          ["deviceSecret", device.deviceSecret],
          ...(this.#sealed === undefined
            ? []
            : ([["sealKey", this.#sealed.sealKey(device.deviceKey)]] as const)),
        ]),
      ],
    ]);
    const climate = random.fork("climate");
    this.sensor = new SimulatedSht3x({ climate: roomAt, random: climate });
    this.i2c.attach(sensorAddress, this.sensor);
    this.uart.board.onReceive = (bytes) => this.board?.serialReceive(bytes);
    this.uart.board.onWritable = (free) => this.board?.serialWritable(free);
  }

  get cell(): NbIotCell {
    return this.#network.cell;
  }

  get cloud(): EnosCloud {
    return this.#network.cloud;
  }

  /** The way between the two, where attacks are begun: `path.attack(...)`. */
  get path(): HostilePath {
    return this.#network.path;
  }

  /** What stands before the cloud and may answer in its place. */
  set front(front: ((datagram: Uint8Array, peer: Peer) => Uint8Array | undefined) | undefined) {
    this.#network.front = front;
  }

  /** The cloud's time: devices tell it when they measured in epoch ms. */
  get cloudNow(): number {
    return this.#network.cloudNow;
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

  /** Another firmware comes onto the board by cable, made by `bundleFirmware`: it runs from the next start on. */
  flashFirmware(firmware: string): void {
    this.#bundle = firmware;
    this.slots?.flashByCable(makeImage({ script: firmware, version: firmwareVersion() }));
  }

  /** Takes the board's power away for `offFor` ms. The modem has a supply of its own and goes on. */
  cutPower(offFor: number): void {
    if (this.#nextStart?.run !== undefined && this.#deepSleep === undefined && !this.#starting) {
      // The board is off already: only the time of its start changes.
      this.clock.cancel(this.#nextStart);
    } else {
      this.#emit({ time: this.clock.now, source: "board", what: "power lost", text: `for ${offFor} ms` });
    }
    this.clock.cancel(this.#nextStart);
    this.#endSleep();
    this.#halt();
    this.#starting = false;
    this.#nextStart = this.clock.after(offFor, () => this.#startIn(bootTime, "power on", "Power-On"));
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
    this.#network.address = address;
  }

  /** Sets the cloud's timer anew; to be called after the cloud was changed from outside. */
  touchCloud(): void {
    this.#network.touchCloud();
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
    this.#endLightSleep();
    this.board?.powerOff();
    void this.engine?.close();
  }

  async #boot(resetReason: ResetReason): Promise<void> {
    // The board's own clock goes on over a restart, not over a loss of power.
    let rtc =
      resetReason === "Power-On" || this.#clockError === undefined
        ? undefined
        : epoch + this.clock.now + this.#clockError;
    if (resetReason === "Deep Sleep") rtc = this.#wokeAt === undefined ? rtc : this.#wokeAt + wakeTime;
    const { powerKey, supply, reports, engine: kind, seed } = this.#options;
    if (resetReason === "Power-On") {
      this.#retained.set(new Random(`${seed}/retained/${this.boots}`).bytes(retainedLength));
    }
    this.power.restore();
    // Its supply came on with the board's, which has needed its time to start.
    if (resetReason === "Power-On") this.sensor.powerUp(this.clock.now - bootTime);
    const script = this.#load(resetReason);
    if (script === undefined) return;
    const engine = kind === "xs" ? new XsEngine() : new NodeEngine();
    this.engine = engine;
    this.boots += 1;
    const boots = this.boots;
    if (engine instanceof NodeEngine) engine.run(script);
    else await engine.evaluate(script);
    const board = new Board({
      engine,
      scheduler: this.clock,
      // Each start draws other numbers, as a board's hardware does.
      seed: boots === 1 ? `${seed}/board` : `${seed}/board/${boots}`,
      epoch: epoch + this.clock.now,
      config: {
        server: this.#network.address,
        port: server.port,
        apn: "iot.example",
        modem: this.modem.family.name,
        ...(powerKey ? controlLines(this.modem.family) : {}),
        ...(supply === true ? { modemSupply: supplyPin } : {}),
        ...(this.#options.processor?.waiting === "light-sleep" ? { ring: ringPin } : {}),
        ...products[this.#options.application ?? "demo"].wiring,
        ...settingsOf(this.#options, reports),
      },
      keyValue: this.#keyValue,
      storageStrike: this.storageFaults.strike,
      flash: this.#partitions(),
      slots: this.slots?.operations,
      power: this.power,
      onErase: () => eraseTime,
      resetReason,
      rtc,
      retained: this.#retained,
      onClockSet: (error) => (this.#clockError = error),
      serial: this.uart.board,
      i2c: this.i2c,
      analog: (pin) => (pin === batteryPin ? this.batteryVolts * batteryShare : undefined),
      onLightSleep: (duration, ring) => this.#sleepLightly(duration, ring),
      onStandstill: (duration) => this.uart.deaf(duration),
      processor: { rate: rateOf(this.#options), onTurn: (turn) => this.#turn(turn) },
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

  /** The boot loader runs. @returns the script to start; undefined where power or image fail */
  #load(resetReason: ResetReason): string | undefined {
    const { slots } = this;
    if (slots === undefined) return this.#bundle;
    const before = slots.running;
    const how = resetReason === "Power-On" ? "power" : resetReason === "Deep Sleep" ? "deep sleep" : "reset";
    const outcome = slots.start(how);
    if (outcome === "no power") return undefined;
    const time = this.clock.now;
    if (outcome === "no image") {
      this.#emit({ time, source: "slots", what: "no image", slot: -1, version: "" });
      return undefined;
    }
    const { slot, script, version } = outcome;
    this.version = version;
    this.#emit({ time, source: "slots", what: slot === before ? "same" : "other", slot, version });
    return script;
  }

  #partitions(): FlashPartitions | undefined {
    const { flash, logFlash, slots } = this;
    if (flash === undefined && logFlash === undefined && slots === undefined) return undefined;
    return new Map<string, Flash>([
      ...(flash === undefined ? [] : [["journal", flash] as const]),
      ...(logFlash === undefined ? [] : [["log", logFlash] as const]),
      ...(slots?.partitions() ?? []),
    ]);
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

  #sleepLightly(duration: number, ring: boolean): void {
    this.#endLightSleep();
    const inTime = ring && this.#options.quirks?.lateRing !== true;
    if (!this.uart.sleep(inTime ? 0 : clocksRun, () => this.#endLightSleep())) return;
    this.#emit({ time: this.clock.now, source: "board", what: "light sleep", text: `for ${duration} ms` });
    this.#lightSleep = this.clock.after(duration, () => this.#endLightSleep());
  }

  #endLightSleep(): void {
    const end = this.#lightSleep;
    this.#lightSleep = undefined;
    if (end === undefined) return;
    this.clock.cancel(end);
    this.uart.wake();
    this.#emit({ time: this.clock.now, source: "board", what: "light sleep over", text: "" });
  }

  #restarted({ reason, text, duration = 0 }: Restart): void {
    if (reason === "deep sleep") {
      this.#emit({ time: this.clock.now, source: "board", what: "asleep", text });
      this.#deepSleep = { since: this.clock.now, wall: this.board!.wall };
      this.sleeps += 1;
      this.#halt();
      this.#nextStart = this.clock.after(duration / this.#sleepRate, () => {
        this.#wokeAt = this.#endSleep();
        this.#startIn(wakeTime, "awake", "Deep Sleep");
      });
      return;
    }
    // An engine that ends restarts the chip by `esp_restart` too, in whatever way it ended.
    this.#startAnew(`${reason}: ${text}`, "Software");
  }

  #startAnew(text: string, resetReason: ResetReason): void {
    this.#emit({ time: this.clock.now, source: "board", what: "restarted", text });
    this.#halt();
    this.#startIn(bootTime, "started", resetReason);
  }

  /** The chip has power: in so many ms the firmware's first line runs. */
  #startIn(duration: number, what: "power on" | "started" | "awake", resetReason: ResetReason): void {
    this.#starting = true;
    this.#emit({ time: this.clock.now, source: "board", what: "starting", text: "" });
    this.#nextStart = this.clock.after(duration, () => {
      this.#starting = false;
      this.#emit({ time: this.clock.now, source: "board", what, text: "" });
      return this.#boot(resetReason);
    });
  }

  #turn(turn: TurnTime): void {
    const { kind, compute, ms } = turn;
    this.#options.onProcessorTurn?.(turn);
    this.#emit({ time: this.clock.now, source: "processor", kind, compute, ms });
  }

  #emit(event: WorldEvent): void {
    this.#options.onEvent(event);
  }
}

/** What package.json and firmware/product/version.ts say. */
function firmwareVersion(): string {
  return (JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")) as { version: string })
    .version;
}

/** Steps of XS in a second, at the processor's clock that the settings ask for. */
function rateOf({ processor, settings }: DeviceOptions): number {
  return processor?.rate ?? (computeRate * Number(settings?.processor ?? builtClock)) / fastestClock;
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
