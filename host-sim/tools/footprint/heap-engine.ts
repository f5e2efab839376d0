/**
 * XS with a look into its heap: an engine in which the firmware runs as in XsEngine, and after any event
 * can be asked what is alive. See heap.c, and `EngineProcess` for how it is spoken to.
 *
 *   "e" and "i" script, "?" event, "h" measure, "c" confine
 */
import { nothing } from "../../sim/engine/engine";
import { EngineProcess } from "../../sim/engine/engine-process";
import { nativeProgram } from "./native";
import type { Engine } from "../../sim/engine/engine";

/** Chunks that hold the same. */
interface ChunkTally {
  readonly count: number;
  /** Bytes on this machine, headers included. */
  readonly here: number;
  /** Bytes on a machine of 32 bits. */
  readonly there: number;
}

export interface HeapState {
  /** Slots alive; 16 bytes each on a machine of 32 bits. */
  readonly slots: number;
  /** Names that XS keeps (property keys), all together. */
  readonly keys: number;
  /** Slots of the stack in use at its deepest since the last measurement. */
  readonly stack: number;
  /** Bytes of all chunks on this machine, as XS itself counts them. */
  readonly chunkBytes: number;
  /** What they hold: "unknown" is what no slot was found to own. */
  readonly chunks: Readonly<
    Record<"unknown" | "text" | "buffers" | "slots" | "tables" | "code" | "other", ChunkTally>
  >;
}

/** XS in a process of heap.c's, which counts what is alive. */
export class HeapEngine implements Engine {
  onCommand: (command: Uint8Array) => Uint8Array = () => nothing;
  readonly #process: EngineProcess;

  /** @throws EngineMissing */
  constructor() {
    const onCommand = (command: Uint8Array): Uint8Array => this.onCommand(command);
    this.#process = new EngineProcess({ program: nativeProgram("heap"), onCommand });
  }

  async evaluate(source: string): Promise<void> {
    await this.#process.turn("e", Buffer.from(source));
  }

  /** As `evaluate`, for what the board's linker does not preload: code and literals stay out of the heap. */
  async evaluateInPlace(source: string): Promise<void> {
    await this.#process.turn("i", Buffer.from(source));
  }

  async deliver(event: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await this.#process.turn("?", event));
  }

  /** Collects the garbage and counts what is left. */
  async measure(): Promise<HeapState> {
    const answer = await this.#process.turn("h", nothing);
    return JSON.parse(Buffer.from(answer).toString("latin1")) as HeapState;
  }

  /**
   * From now on there are no more than so many slots, and bytes of chunks on this machine, above what is
   * alive: what needs more stops the engine, as a board would start again.
   */
  async confine(bounds: { readonly slots: number; readonly bytes: number }): Promise<void> {
    await this.#process.turn("c", Buffer.from(`${bounds.slots} ${bounds.bytes}`));
  }

  close(): Promise<void> {
    return this.#process.close();
  }
}
