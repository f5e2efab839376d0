/**
 * The flash of a board that takes updates, as firmware/partitions.csv divides it, and which of its two slots runs:
 *
 *     otadata   which slot starts                  ota_0, ota_1   an image each      update   what an update stages
 *
 * The firmware opens the slots as "running" and "nextota". The script that the board starts is the one in the image of the
 * slot that its boot loader has chosen.
 */
import { MemoryFlash } from "../flash/memory-flash";
import { BootLoader } from "./boot-loader";
import { nextSlot as nextSlotName, runningSlot } from "./flash";
import { readImage } from "./image";
import {
  OtaError,
  confirmRunning,
  giveUpRunning,
  nextSlot,
  setBootSlot,
  stateOfSlot,
} from "./ota-operations";
import type { Flash } from "../../../firmware/journal/flash";
import type { PowerDomain } from "../flash/power-domain";
import type { Random } from "../time/random";
import type { BoardSlots } from "./board";

/** Bytes, as in firmware/partitions.csv. */
const slotSize = 0x1c_0000;
const otadataSize = 0x2000;
const stagingSize = 0x2_e000;

/** What a start finds. */
export interface StartedImage {
  readonly slot: number;
  readonly script: string;
  readonly version: string;
}

/** Flash with two slots, and the boot loader that chooses one of them. */
export class UpdateFlash {
  readonly slots: readonly MemoryFlash[];
  readonly otadata: MemoryFlash;
  /** The partition `update`. */
  readonly staging: MemoryFlash;
  readonly power: PowerDomain;
  /** The slot that runs, or ran last. */
  running = 0;
  readonly #loader: BootLoader;

  /** @param image what the board left the house with, in `ota_0` */
  constructor(power: PowerDomain, random: Random, image: Uint8Array) {
    this.power = power;
    const flash = (name: string, size: number): MemoryFlash =>
      new MemoryFlash({ size, power, random: random.fork(name) });
    this.slots = [flash("ota_0", slotSize), flash("ota_1", slotSize)];
    this.otadata = flash("otadata", otadataSize);
    this.staging = flash("update", stagingSize);
    this.#loader = new BootLoader(this);
    this.flashByCable(image);
  }

  /** An image comes over the cable, as `mcconfig -m` writes it: into `ota_0`, and otadata is blank again. */
  flashByCable(image: Uint8Array): void {
    if (image.length > slotSize)
      throw new RangeError(`an image of ${image.length} bytes: a slot has ${slotSize}`);
    this.slots[0].bytes.fill(0xff).set(image);
    this.otadata.bytes.fill(0xff);
  }

  /** The boot loader runs. @throws Error for an image that starts and has no script: it was not made here */
  start(how: "power" | "reset" | "deep sleep"): StartedImage | "no power" | "no image" {
    const outcome = this.#loader.start(how);
    if (typeof outcome === "string") return outcome;
    const { slot } = outcome;
    const image = readImage(this.slots[slot]);
    if (image === undefined) throw new Error(`slot ${slot} started, and has no script`);
    this.running = slot;
    return { slot, script: image.script, version: image.version };
  }

  /** Partitions as the firmware names them. */
  partitions(): readonly (readonly [string, Flash])[] {
    return [
      [runningSlot, this.slots[this.running]],
      [nextSlotName, this.slots[nextSlot(this.running, this)]],
      ["update", this.staging],
    ];
  }

  /** ESP-IDF's functions, for the image that runs. */
  readonly operations: BoardSlots = {
    activate: () => setBootSlot(nextSlot(this.running, this), this),
    back: () => giveUpRunning(this),
    state: () => stateOfSlot(this.running, this) ?? OtaError.fail,
    confirm: () => confirmRunning(this),
  };
}
