/**
 * What is outside a device: the cell, the way from it to the server with whoever stands there, and the cloud. Several
 * devices of one product may share it.
 */
import { EnosCloud } from "../../cloud/cloud";
import { HostilePath } from "../radio/hostile-path";
import { NbIotCell } from "../radio/link";
import { technologyOf } from "../modem/families";
import type { Peer } from "../../cloud/cloud";
import type { ProductRecord } from "../../cloud/registry/product";
import type { DeviceRecord } from "../../cloud/registry/registry";
import type { ScriptEngine } from "../../cloud/script/script-engine";
import type { ScheduledEvent, VirtualClock } from "../time/clock";
import type { Random } from "../time/random";
import type { WorldEvent } from "./world-event";
import type { WorldOptions } from "./world-options";

/** Where the demo's cloud can be reached inside the simulation (RFC 5737 documentation address). */
export const server = { address: "203.0.113.5", port: 5683 };
/** Its name, as the operator's name server has it. */
const serverName = "cloud.example";
/** The operator gives a device at the end of a slow link as long as EnOS waits for a reply at most, ms. */
const longestResponse = 60_000;
/** Wall clock at virtual time zero. */
export const epoch = Date.UTC(2026, 0, 1);

interface NetworkOptions {
  readonly clock: VirtualClock;
  /** Streams are drawn from it by name. */
  readonly random: Random;
  /** The first device of the cloud's one product. */
  readonly device: DeviceRecord;
  readonly product: ProductRecord;
  readonly scriptEngine: ScriptEngine;
  readonly world: WorldOptions;
}

/** Cell, way and cloud. */
export class NetworkAndCloud {
  readonly cell: NbIotCell;
  readonly cloud: EnosCloud;
  readonly path: HostilePath;
  /** What stands before the cloud and may answer in its place. */
  front: ((datagram: Uint8Array, peer: Peer) => Uint8Array | undefined) | undefined;
  readonly #clock: VirtualClock;
  /** Where the cloud can be reached. */
  readonly #server = { ...server };
  #cloudTimer: ScheduledEvent | undefined;

  constructor({ clock, random, device, product, scriptEngine, world: options }: NetworkOptions) {
    this.#clock = clock;
    const { edition, pendingTtl = 3_600_000, readingsKept, largestDatagram } = options;
    const { modem = "sim7020", onEvent } = options;
    const emit = (event: WorldEvent): void => onEvent(event);
    const cloudRandom = random.fork("cloud");
    const cell = new NbIotCell({
      scheduler: clock,
      random: random.fork("radio"),
      coverage: options.coverage,
      loss: options.loss,
      natIdle: options.natIdle,
      carrier: { technology: technologyOf(modem, options.modemFirmware), ...options.carrier },
      firstSearch: options.firstSearch,
      names: [[serverName, this.#server.address]],
      onDatagram: (report) => emit({ time: report.time, source: "air", report }),
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
      products: [{ ...product, largestDatagram }],
      limits: {
        ...{ pendingTtl, responseTimeout: longestResponse },
        ...(readingsKept === undefined ? {} : { readings: readingsKept }),
      },
      onEvent: (event) => emit({ time: clock.now, source: "cloud", event }),
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
        this.touchCloud();
      },
      onEvent: (event) => emit({ time: event.time, source: "hostile", event }),
    });
    cell.onUplink = (datagram, peer, to) => {
      if (to.address === this.#server.address) this.path.up(datagram, peer);
    };
    for (const attack of options.attacks ?? []) this.path.attack(attack);
  }

  /** The cloud's time, epoch ms. */
  get cloudNow(): number {
    return epoch + this.#clock.now;
  }

  /** Where the cloud is now: its name leads there, and a board is told it when it starts. */
  get address(): string {
    return this.#server.address;
  }

  set address(address: string) {
    this.#server.address = address;
    this.cell.names.set(serverName, address);
  }

  /** Wakes the cloud when a lifetime lapses or a command times out. */
  touchCloud(): void {
    const { cloud } = this;
    const clock = this.#clock;
    clock.cancel(this.#cloudTimer);
    if (cloud.deadline === Infinity) return;
    // To the whole ms: the sum with the epoch has fewer digits left than the difference.
    this.#cloudTimer = clock.at(Math.max(clock.now, Math.ceil(cloud.deadline - epoch)), () => {
      cloud.poll(this.cloudNow);
      this.touchCloud();
    });
  }
}
