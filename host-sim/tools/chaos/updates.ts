/**
 * Updates in a campaign: a device whose product takes them is updated time and again while troubles befall it, by the
 * difference from the version that it runs, and what starts is looked at byte by byte.
 *
 *     0.2.0 -> 0.3.0 -> 0.4.0 ...    nine changed lines, and the first firmware again, in turn
 */
import { createHash } from "node:crypto";
import { isOver } from "../../cloud/ota/upgrade-task";
import { differencePackage } from "../update/package-file";
import { SeededMaker } from "../update/seeded-maker";
import type { UpgradeTask } from "../../cloud/ota/upgrade-task";
import type { World, WorldEvent } from "../../sim/world/world";

/** An image of the campaign's firmware, by its version and its number. */
export type CampaignImages = (version: string, index: number) => Promise<Uint8Array>;

/** What came of it. */
export interface UpdateFigures {
  readonly ordered: number;
  readonly kept: number;
  readonly failed: number;
  /** Starts without an image, and with one that nobody has ordered. */
  readonly bricks: number;
  readonly strangers: number;
}

/** The maker's board, by its name. */
const board = "m5stack-nbiot";
/** ms after one is over until the next is ordered. */
const pause = 20 * 60_000;
/** So many updates there are: what they are made of takes seconds. */
const most = 4;

/** Version that comes after so many. */
function versionOf(index: number): string {
  return `0.${2 + index}.0`;
}

/** Orders updates, and watches what starts. */
export class Updates {
  readonly publicKey: string;
  readonly #images: readonly Uint8Array[];
  readonly #digests: ReadonlySet<string>;
  readonly #files: readonly Uint8Array[];
  readonly #last: number;
  #world: World | undefined;
  #taskId: string | undefined;
  #notBefore = 0;
  #kept = 0;
  #failed = 0;
  #ordered = 0;
  #bricks = 0;
  #strangers = 0;

  /** @param end ms after which none is ordered */
  static async create(images: CampaignImages, end: number): Promise<Updates> {
    const all: Uint8Array[] = [];
    for (let index = 0; index <= most; index++) all.push(await images(versionOf(index), index));
    return new Updates(all, end);
  }

  private constructor(images: readonly Uint8Array[], end: number) {
    const maker = new SeededMaker("campaign");
    this.publicKey = maker.publicKey;
    this.#images = images;
    this.#last = end;
    this.#digests = new Set(images.map(digestOf));
    this.#files = filesOf(images, maker);
  }

  /** What the device leaves the house with. */
  get image(): Uint8Array {
    return this.#images[0];
  }

  get figures(): UpdateFigures {
    return {
      ordered: this.#ordered,
      kept: this.#kept,
      failed: this.#failed,
      bricks: this.#bricks,
      strangers: this.#strangers,
    };
  }

  /** The one under way; undefined for none. */
  get underWay(): UpgradeTask | undefined {
    const task = this.#taskId === undefined ? undefined : this.#world!.cloud.ota.task(this.#taskId);
    return task === undefined || isOver(task.status) ? undefined : task;
  }

  /** The device's world, once it is there: its files are put into the cloud. */
  begin(world: World): void {
    this.#world = world;
    const { productKey } = world.device;
    for (const [index, file] of this.#files.entries()) {
      const version = versionOf(index + 1);
      world.cloud.ota.putFirmware({ productKey, version, signMethod: "sha256" }, file, world.cloudNow);
    }
  }

  hear(event: WorldEvent): void {
    if (event.source === "slots") return this.#starts(event);
    const world = this.#world;
    if (event.source !== "cloud" || world === undefined) return;
    const { event: told } = event;
    if (told.type === "ota-task" && isOver(told.status)) {
      if (told.status === "succeeded") this.#kept += 1;
      else this.#failed += 1;
      this.#notBefore = event.time + pause;
    }
    if (told.type !== "stored" || event.time < this.#notBefore || event.time > this.#last) return;
    // Not in the middle of what the cloud does.
    world.clock.after(0, () => this.#order(world));
  }

  #order(world: World): void {
    if (this.underWay !== undefined) return;
    const { productKey, deviceKey } = world.device;
    const runs = world.cloud.devices.view(productKey, deviceKey)?.firmwareVersion;
    const next = this.#images.findIndex((_, index) => versionOf(index) === runs) + 1;
    if (next === 0 || next > most) return;
    const order = { productKey, version: versionOf(next), deviceKeys: [deviceKey] };
    this.#taskId = world.cloud.ota.order(order, world.cloudNow).tasks[0].taskId;
    this.#ordered += 1;
    world.touchCloud();
  }

  #starts({ what, slot }: Extract<WorldEvent, { source: "slots" }>): void {
    if (what === "no image") {
      this.#bricks += 1;
      return;
    }
    const world = this.#world;
    if (what === "same" || world === undefined) return;
    const bytes = world.slots!.slots[slot].bytes;
    const isKnown = this.#images.some(({ length }) => this.#digests.has(digestOf(bytes.subarray(0, length))));
    if (!isKnown) this.#strangers += 1;
  }
}

/** By the images: the same for all trials of a process. */
const packed = new Map<string, readonly Uint8Array[]>();

function filesOf(images: readonly Uint8Array[], { sign }: SeededMaker): readonly Uint8Array[] {
  const name = images.map(digestOf).join(" ");
  const files =
    packed.get(name) ??
    images.slice(1).map((image, index) => {
      const about = { board, version: versionOf(index + 1), baseVersion: versionOf(index) };
      return differencePackage(images[index], image, about, sign);
    });
  packed.set(name, files);
  return files;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
