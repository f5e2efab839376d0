/**
 * Many devices at link depth in one virtual time: cells with what their devices share, the operator's NATs, and one
 * stand-in for all.
 *
 *     device ─┐
 *     device ─┼─ cell (random access, air) ─ NAT ─┐
 *     device ─┘                                   ├─ EnosCloud
 *     device ─── cell ─────────────────── NAT ────┘
 */
import { DemoApplication } from "../../../firmware/application";
import { readSettings } from "../../../firmware/device/settings";
import { EnosCloud } from "../../cloud/cloud";
import { NbIotCell } from "../radio/link";
import { VirtualClock } from "../time/clock";
import { Random } from "../time/random";
import { epoch, server } from "../world/network-and-cloud";
import { productRecord } from "../world/products";
import { commandsAs } from "../world/device-options";
import { deviceSeed, fleetDevice, fleetProductKey } from "./fleet-keys";
import { LinkDevice } from "./link-device";
import { Paging } from "./paging";
import { RandomAccess, usualCell } from "./random-access";
import { drawTraits, familyOf, familyTraits } from "./link-traits";
import { nodeCryptography } from "../engine/node-cryptography";
import type { LogEvent } from "../../../firmware/device/log";
import type { CloudEvent } from "../../cloud/cloud";
import type { Command } from "../../cloud/enos/command-encoding";
import type { Edition } from "../../cloud/registry/registry";
import type { ScriptEngine } from "../../cloud/script/script-engine";
import type { DeviceOptions } from "../world/device-options";
import type { Coverage, CoverageMix } from "../radio/coverage";
import type { ModemEvent } from "../modem/modem-event";
import type { ScheduledEvent } from "../time/clock";
import type { BoardMoment, LinkSettings } from "./link-device";
import type { CellConfiguration } from "./random-access";

export interface FleetOptions {
  readonly seed: number | string;
  /** Number of the first device and of the one behind the last: a device's fate hangs on the seed and its number alone. */
  readonly first: number;
  readonly end: number;
  readonly mix: CoverageMix;
  /** Family of all modems, or "all" for all families in turn. */
  readonly modem: string;
  readonly edition: Edition;
  /** Devices in each cell. */
  readonly devicesPerCell: number;
  readonly cell?: CellConfiguration;
  readonly format: DeviceOptions["format"];
  /** Settings of the firmware, as its manifest has them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly journalSize: number;
  readonly natIdle?: number;
  /** Loss each way, 0..1; the level's own when left out. */
  readonly loss?: number;
  readonly releaseAssistance?: boolean;
  readonly scriptEngine: ScriptEngine;
  /** What a device says, and what happens to it. `number` is the device's. */
  readonly onLog?: (number: number, event: LogEvent) => void;
  readonly onModem?: (number: number, event: ModemEvent) => void;
  readonly onBoard?: (number: number, what: BoardMoment) => void;
  /** A datagram of so many bytes sets out; `again` for a retransmission. */
  readonly onUplink?: (number: number, bytes: number, again: boolean) => void;
  /** Whether a datagram arrives at the other end, told when it sets out. */
  readonly onFate?: (up: boolean, bytes: number, arrives: boolean) => void;
  /** A datagram has come to the cloud. */
  readonly onArrival?: () => void;
  readonly onCloud?: (event: CloudEvent) => void;
}

/** Effective rates of the uplink by coverage level, bit/s, as the energy profiles have them, and of IPv4 and UDP in front. */
const uplinkRates = [14_000, 12_000, 1_500] as const;
const headers = 28;
/** ms from power, and from the end of deep sleep, to the firmware's first line (sim/world/world.ts says whence). */
const bootTime = 500;
const wakeTime = 150;
/** Share by which a board's clock may go wrong in deep sleep. */
const sleepDrift = 0.002;
/** Bytes of a datagram that a modem of each family takes: what the cloud has for the whole product. */
const largestDatagram = 512;

/** One cell: its devices at each coverage level, and what all of them share. */
export interface FleetCell {
  readonly access: RandomAccess;
  readonly paging: Paging;
  readonly levels: readonly [NbIotCell, NbIotCell, NbIotCell];
}

/** A fleet. */
export class Fleet {
  readonly clock = new VirtualClock();
  readonly cloud: EnosCloud;
  readonly cells: FleetCell[] = [];
  readonly devices: LinkDevice[] = [];
  /** Each device's coverage level, by its place in `devices`. */
  readonly coverage: Uint8Array;
  readonly #options: FleetOptions;
  readonly #nats = new Map<string, NbIotCell>();
  #cloudTimer: ScheduledEvent | undefined;
  #timerAt = Infinity;

  constructor(options: FleetOptions) {
    this.#options = options;
    const { seed, first, end, edition, format, scriptEngine, settings } = options;
    const random = new Random(seed);
    const cloudRandom = random.fork(`cloud/${first}`);
    const productKey = fleetProductKey(seed);
    this.cloud = new EnosCloud({
      transmit: (datagram, peer) => this.#nats.get(peer.address)?.sendDownlink(datagram, peer, server),
      randomBytes: (length) => cloudRandom.bytes(length),
      ...{ edition, iv: "zero", devices: [] },
      products: [{ ...productRecord("demo", productKey, commandsAs(format)), largestDatagram }],
      scriptEngine: scriptEngine.at(() => this.cloudNow),
      // What a fleet is asked of is counted as it comes; the readings themselves nobody looks at.
      limits: { readings: 16, ids: 32, responseTimeout: 60_000 },
      ...(options.onCloud === undefined ? {} : { onEvent: options.onCloud }),
    });
    this.coverage = new Uint8Array(end - first);
    const read = readSettings({ ...defaults, ...settings, payload: format });
    for (let number = first; number < end; number++) this.#add(number, productKey, read);
  }

  /** The cloud's time, epoch ms. */
  get cloudNow(): number {
    return epoch + this.clock.now;
  }

  /** The cell of a device. */
  cellOf(number: number): FleetCell {
    const { devicesPerCell, first } = this.#options;
    return this.cells[Math.floor(number / devicesPerCell) - Math.floor(first / devicesPerCell)];
  }

  /** The operator sends a device a command, which the cloud keeps for so many ms at most. */
  command(number: number, command: Command, pendingTtl: number): void {
    const { productKey, deviceKey } = this.devices[number - this.#options.first].record;
    this.cloud.commands.send(productKey, deviceKey, command, this.cloudNow, { pendingTtl });
    this.#touchCloud();
  }

  /** Runs up to `until`, virtual ms. */
  run(until: number): Promise<void> {
    return this.clock.run({ until });
  }

  #add(number: number, productKey: string, settings: LinkSettings): void {
    const { seed, onLog, onModem, onBoard, onUplink, devicesPerCell, first } = this.#options;
    const random = new Random(deviceSeed(seed, number));
    const record = fleetDevice(seed, number, productKey);
    this.cloud.devices.add(record, this.cloudNow);
    const level = this.#levelOf(random.fork("place").next());
    this.coverage[number - first] = level;
    const cellNumber = Math.floor(number / devicesPerCell) - Math.floor(first / devicesPerCell);
    while (this.cells.length <= cellNumber) this.cells.push(this.#newCell(this.cells.length));
    const cell = this.cells[cellNumber];
    const rate = uplinkRates[level];
    const family = familyTraits(familyOf(this.#options.modem, number));
    const traits = drawTraits(family, random.fork("modem's kind"));
    this.devices.push(
      new LinkDevice({
        record,
        clock: this.clock,
        random,
        network: cell.levels[level].admit(),
        traits,
        access: cell.access,
        paging: cell.paging,
        airtime: (bytes) => (8_000 * (bytes + headers)) / rate,
        releaseAssistance: this.#options.releaseAssistance,
        settings,
        crypto: nodeCryptography,
        application: (inputs) => new DemoApplication(inputs),
        journalSize: this.#options.journalSize,
        maxDatagram: traits.largest,
        epoch,
        sleepRate: 1 + random.fork("sleep clock").between(-sleepDrift, sleepDrift),
        bootTime,
        wakeTime,
        onLog: onLog === undefined ? () => {} : (event) => onLog(number, event),
        onModem: onModem && ((event) => onModem(number, event)),
        onUplink: onUplink && ((bytes, again) => onUplink(number, bytes, again)),
        onBoard: onBoard && ((what) => onBoard(number, what)),
      }),
    );
  }

  #levelOf(chance: number): Coverage {
    const { mix } = this.#options;
    return chance < mix[0] ? 0 : chance < mix[0] + mix[1] ? 1 : 2;
  }

  #newCell(index: number): FleetCell {
    const { seed, first, devicesPerCell, cell = usualCell, loss, natIdle, onFate, onArrival } = this.#options;
    const number = Math.floor(first / devicesPerCell) + index;
    const random = new Random(`${seed}/cell/${number}`);
    const level = (coverage: Coverage): NbIotCell => {
      const natAddress = `100.${64 + 3 * Math.floor(number / 65_536) + coverage}.${(number >> 8) & 255}.${number & 255}`;
      const made = new NbIotCell({
        scheduler: this.clock,
        random: random.fork(`level ${coverage}`),
        ...{ coverage, loss, natIdle, natAddress, onFate },
        // LinkSocket copies what the firmware may change, and the stand-in makes each answer anew.
        unchanging: true,
      });
      made.onUplink = (datagram, peer) => {
        onArrival?.();
        this.cloud.receive(datagram, peer, this.cloudNow);
        this.#touchCloud();
      };
      this.#nats.set(natAddress, made);
      return made;
    };
    return {
      access: new RandomAccess(this.clock, random.fork("access"), cell),
      paging: new Paging(this.clock),
      levels: [level(0), level(1), level(2)],
    };
  }

  /** Wakes the cloud when a lifetime lapses or a command times out. */
  #touchCloud(): void {
    const { cloud, clock } = this;
    const at =
      cloud.deadline === Infinity ? Infinity : Math.max(clock.now, Math.ceil(cloud.deadline - epoch));
    if (at >= this.#timerAt) return;
    clock.cancel(this.#cloudTimer);
    this.#timerAt = at;
    this.#cloudTimer = clock.at(at, () => {
      this.#timerAt = Infinity;
      cloud.poll(this.cloudNow);
      this.#touchCloud();
    });
  }
}

/** Where the fleet's cloud is, and how its devices are wired: a board's pins are of no account here. */
const defaults = { server: server.address, port: server.port, apn: "iot.example", modem: "sim7020" };
