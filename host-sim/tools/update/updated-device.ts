/**
 * A device in its world that is updated, time and again, and what each update has taken: bytes, blocks, time, and joules
 * beyond those of a twin that is not updated. The books of its readings are kept meanwhile.
 *
 *     start ... informs its version | order --- blocks --- restart --- trial --- the task is over | order ...
 */
import { EnergyMeter } from "../../inspect/energy/meter";
import { profiles } from "../../inspect/energy/profiles";
import { withoutValues } from "../../sim/world/device-log";
import { World } from "../../sim/world/world";
import { Ledger } from "../chaos/ledger";
import { FileTraffic } from "./file-traffic";
import { SeededMaker } from "./seeded-maker";
import type { TaskStatus, UpgradeTask } from "../../cloud/ota/upgrade-task";
import type { DeviceOptions } from "../../sim/world/device-options";
import type { Pace } from "../../sim/time/clock";
import type { WorldEvent } from "../../sim/world/world";
import type { WorldOptions } from "../../sim/world/world-options";

/** Where and how the device is. */
export interface UpdatedDeviceOptions extends DeviceOptions {
  /** What it left the house with. */
  readonly image: Uint8Array;
  readonly onEvent?: (event: WorldEvent) => void;
  readonly pace?: Pace;
  /** Why the run is to end before it is over, asked again and again. */
  readonly ended?: () => string | undefined;
}

/** A file, and the version that it brings. */
export interface OrderedUpdate {
  readonly version: string;
  readonly file: Uint8Array;
  /** What the cloud takes it for, where its own head says something else. */
  readonly board?: string;
}

/** What an update has taken. */
export interface UpdateFigures {
  readonly version: string;
  /** Bytes of the file. */
  readonly file: number;
  readonly status: TaskStatus;
  /** What the device said at its end. */
  readonly desc: string;
  /** Version that the device runs at its end. */
  readonly runs: string;
  /** Different blocks that were asked for, and requests for them. */
  readonly blocks: number;
  readonly requests: number;
  /** Bytes on the air for the update, both ways, with IPv4 and UDP; and of these for the blocks of its file. */
  readonly bytes: number;
  readonly fileBytes: number;
  /** Virtual ms: when it was ordered, and until it was over. */
  readonly ordered: number;
  readonly took: number;
  /** ms with a radio connection meanwhile. */
  readonly connected: number;
  /** J of modem and board until it was over; `joulesOver` takes off those of a twin that was not updated. */
  readonly joules: number;
}

/** What became of the readings. */
export interface ReadingFigures {
  /** That the device has said it took: one whose power failed in that moment is in the cloud, and not in this. */
  readonly taken: number;
  /** That the cloud has. */
  readonly stored: number;
  readonly lost: number;
  /** Of those in the cloud. */
  readonly doubled: number;
}

const minute = 60_000;
const hour = 60 * minute;
/** Longest that an update is waited for, ms. */
const patience = 14 * 24 * hour;

/** One device that is updated. */
export class UpdatedDevice {
  readonly world: World;
  readonly books: Ledger;
  readonly traffic = new FileTraffic();
  /** Images that the boot loader has started. */
  readonly started: string[] = [];
  /** Starts that found no image. */
  bricks = 0;
  /** Why the run was ended from outside. */
  stopped: string | undefined;
  readonly #options: UpdatedDeviceOptions;
  readonly #meter: EnergyMeter;
  #connectedSince: number | undefined;
  #connected = 0;

  /** @throws EngineMissing */
  static async create(options: UpdatedDeviceOptions): Promise<UpdatedDevice> {
    let device: UpdatedDevice | undefined;
    const { publicKey } = new SeededMaker(options.seed);
    const world = await World.create({
      ...options,
      update: true,
      settings: { updateKey: publicKey, logValues: true, ...options.settings },
      onEvent: (event) => device?.hear(event),
    } satisfies WorldOptions);
    device = new UpdatedDevice(options, world);
    return device;
  }

  private constructor(options: UpdatedDeviceOptions, world: World) {
    this.#options = options;
    this.world = world;
    const { coverage, interval, sleep = "none" } = options;
    this.books = new Ledger(world.device.deviceSecret, { interval, sleep });
    this.#meter = new EnergyMeter(profiles.field, { coverage });
  }

  /** Joules so far. */
  get joules(): number {
    return this.#meter.account(this.world.clock.now).joules;
  }

  get readings(): ReadingFigures {
    const { taken, stored, losses } = this.books;
    // Each has noise in its values: no two are the same.
    const different = new Set(stored.map(({ points }) => JSON.stringify(points))).size;
    const lost = Math.max(losses.size, taken.size - different);
    return { taken: taken.size, stored: stored.length, lost, doubled: stored.length - different };
  }

  /** Powers it on, and waits until the cloud knows its version. */
  async start(): Promise<void> {
    await this.world.start();
    await this.until(() => this.#informed !== undefined, patience);
  }

  /** Goes on for so many ms. */
  async run(duration: number): Promise<void> {
    await this.until(() => false, duration);
  }

  /** Goes on until it has no readings that wait. */
  async settle(): Promise<void> {
    await this.until(() => this.books.pending === 0, 2 * 24 * hour);
  }

  /** Has it updated, and waits until the task is over. */
  async update({ version, file, board }: OrderedUpdate, longest = patience): Promise<UpdateFigures> {
    const { world, traffic } = this;
    const { productKey, deviceKey } = world.device;
    const { cloud, clock } = world;
    const about = {
      productKey,
      version,
      signMethod: "sha256",
      ...(board === undefined ? {} : { board }),
    } as const;
    cloud.ota.putFirmware(about, file, world.cloudNow);
    const { tasks } = cloud.ota.order({ productKey, version, deviceKeys: [deviceKey] }, world.cloudNow);
    world.touchCloud();
    const [{ taskId }] = tasks;
    traffic.clear();
    const [joules, connected, ordered] = [this.joules, this.#connectedNow, clock.now];
    const task = (): UpgradeTask => cloud.ota.task(taskId)!;
    await this.until(() => ["succeeded", "failed", "canceled"].includes(task().status), longest);
    const { status, desc = "" } = task();
    return {
      version,
      file: file.length,
      status,
      desc,
      runs: world.version,
      blocks: traffic.blocks,
      requests: traffic.requests,
      bytes: traffic.bytes,
      fileBytes: traffic.fileBytes,
      ordered,
      took: clock.now - ordered,
      connected: this.#connectedNow - connected,
      joules: this.joules - joules,
    };
  }

  /** Goes on until something is so, for so many ms at most. */
  async until(isSo: () => boolean, longest: number): Promise<void> {
    const { clock } = this.world;
    const { pace, ended } = this.#options;
    const stop = (): boolean => (this.stopped ??= ended?.()) !== undefined || isSo();
    await clock.run({ until: clock.now + longest, stop, pace });
  }

  async close(): Promise<void> {
    await this.world.close();
  }

  get #informed(): string | undefined {
    const { productKey, deviceKey } = this.world.device;
    return this.world.cloud.devices.view(productKey, deviceKey)?.firmwareVersion;
  }

  get #connectedNow(): number {
    const since = this.#connectedSince;
    return this.#connected + (since === undefined ? 0 : this.world.clock.now - since);
  }

  private hear(event: WorldEvent): void {
    const isLine = event.source === "device";
    this.#options.onEvent?.(isLine ? { ...event, text: withoutValues(event.text) } : event);
    this.books.hear(event);
    this.#meter.hear(event);
    if (event.source === "air") this.traffic.hear(event.report);
    if (event.source === "slots") {
      if (event.what === "no image") this.bricks += 1;
      else this.started.push(event.version);
    }
    if (event.source !== "modem" || (event.event.type !== "rrc" && event.event.type !== "power")) return;
    if (event.event.state === "connected") this.#connectedSince ??= event.time;
    else if (this.#connectedSince !== undefined) {
      this.#connected += event.time - this.#connectedSince;
      this.#connectedSince = undefined;
    }
  }
}
