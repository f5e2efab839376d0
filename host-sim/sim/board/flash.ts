/**
 * The host's end of the guest's flash. It belongs to the caller, so that it outlives the board: what a
 * restart finds is what was written before.
 */
import { nothing } from "../engine/engine";
import { FlashRefusal } from "../flash/flash-faults";
import { commandHeader } from "./protocol";
import { textAt } from "./key-value";
import type { Flash } from "../../../firmware/journal/flash";

/** Partitions by name. */
export type FlashPartitions = ReadonlyMap<string, Flash>;

/** The slot whose image runs, as Moddable's module calls it: to write there would be a fault of the firmware. */
export const runningSlot = "running";
/** The slot for the next image. */
export const nextSlot = "nextota";

/** The flash of one board. The guest gives each partition that it opens a number. */
export class BoardFlash {
  readonly #partitions: FlashPartitions;
  readonly #open: Flash[] = [];
  /** The first fault of the firmware, such as a write that would set bits: firmware that catches it hides it. */
  misuse: unknown;

  constructor(partitions: FlashPartitions) {
    this.#partitions = partitions;
  }

  /** Answers a `flashStatus` command. */
  status(command: Uint8Array): Uint8Array {
    const flash = this.#partitions.get(textAt(command, commandHeader, command.length));
    if (flash === undefined) return nothing;
    this.#open[command[1]] = flash;
    const { size, blockLength } = flash.status();
    return new Uint8Array(new Uint32Array([size, blockLength]).buffer);
  }

  /** Answers a `flashRead` command. */
  read(command: Uint8Array): Uint8Array {
    const view = new DataView(command.buffer, command.byteOffset);
    const bytes = new Uint8Array(view.getUint32(commandHeader, true));
    const done = this.#succeeds(() =>
      this.#open[command[1]].read(bytes, view.getUint32(commandHeader + 4, true)),
    );
    return done ? bytes : nothing;
  }

  /** Answers a `flashWrite` command. */
  write(command: Uint8Array): Uint8Array {
    const offset = new DataView(command.buffer, command.byteOffset).getUint32(commandHeader, true);
    return this.#succeeds(() => this.#writable(command).write(command.slice(commandHeader + 4), offset))
      ? nothing
      : failed;
  }

  /** Answers a `flashErase` command. */
  erase(command: Uint8Array): Uint8Array {
    const block = new DataView(command.buffer, command.byteOffset).getUint32(commandHeader, true);
    return this.#succeeds(() => this.#writable(command).eraseBlock(block)) ? nothing : failed;
  }

  #writable(command: Uint8Array): Flash {
    const flash = this.#open[command[1]];
    if (flash === this.#partitions.get(runningSlot))
      throw new Error("the firmware writes over its own image");
    return flash;
  }

  /** False where the hardware refuses, which the guest throws; any other exception is a fault of the firmware. */
  #succeeds(operation: () => unknown): boolean {
    try {
      operation();
      return true;
    } catch (error) {
      if (!(error instanceof FlashRefusal)) this.misuse ??= error;
      return false;
    }
  }
}

const failed = new Uint8Array([1]);
