/**
 * XS with a look into its heap: an engine in which the firmware runs as in XsEngine, and after any event
 * can be asked what is alive. See heap.c.
 *
 *   fd 3, to XS      "e" and "i" script, "?" event, "h" measure, "c" confine, "/" answer to its question
 *   fd 4, from XS    "." result, "!" exception, "?" command
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { EngineStopped, GuestFault, nothing } from "../../sim/engine/engine";
import type { Engine } from "../../sim/engine/engine";
import { NetstringReader, netstring } from "../../sim/engine/netstring";
import { nativeProgram } from "./native";

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

/** Why the process of heap.c ends. */
const exits: Readonly<Record<number, string>> = Object.freeze({
  2: "lost its pipes",
  11: "ran out of memory",
  12: "ran out of stack",
  16: "ran out of property keys",
});

interface Pending {
  readonly message: Buffer;
  readonly resolve: (result: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

export class HeapEngine implements Engine {
  onCommand: (command: Uint8Array) => Uint8Array = () => nothing;
  readonly #process: ChildProcess;
  readonly #to: Duplex;
  readonly #reader = new NetstringReader();
  readonly #exited: Promise<void>;
  /** The first is under way, the others wait for it. */
  readonly #turns: Pending[] = [];
  #stopped: EngineStopped | undefined;
  #hostFault: Error | undefined;

  /** @throws EngineMissing */
  constructor() {
    this.#process = spawn(nativeProgram("heap"), [], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      env: { TZ: "UTC" },
    });
    const [, , , to, from] = this.#process.stdio as [null, null, null, Duplex, Duplex];
    this.#to = to;
    from.on("data", (piece: Buffer) => this.#receive(piece));
    // Writing to a process that is gone fails here; its exit says why.
    to.on("error", () => {});
    from.on("error", () => {});
    this.#exited = new Promise((resolve) => {
      this.#process.once("error", (error) => {
        this.#stop(`could not be started: ${error.message}`);
        resolve();
      });
      this.#process.once("close", (code, signal) => {
        const ended = exits[code ?? 0] ?? `ended with code ${code}`;
        this.#stop(signal === null ? ended : `was killed by ${signal}`);
        resolve();
      });
    });
  }

  async evaluate(source: string): Promise<void> {
    await this.#turn("e", Buffer.from(source));
  }

  /** As `evaluate`, for what the board's linker does not preload: code and literals stay out of the heap. */
  async evaluateInPlace(source: string): Promise<void> {
    await this.#turn("i", Buffer.from(source));
  }

  deliver(event: Uint8Array): Promise<Uint8Array> {
    return this.#turn("?", event);
  }

  /** Collects the garbage and counts what is left. */
  async measure(): Promise<HeapState> {
    const answer = await this.#turn("h", nothing);
    return JSON.parse(Buffer.from(answer).toString("latin1")) as HeapState;
  }

  /**
   * From now on there are no more than so many slots, and bytes of chunks on this machine, above what is
   * alive: what needs more stops the engine, as a board would start again.
   */
  async confine(bounds: { readonly slots: number; readonly bytes: number }): Promise<void> {
    await this.#turn("c", Buffer.from(`${bounds.slots} ${bounds.bytes}`));
  }

  async close(): Promise<void> {
    this.#stop("was closed");
    this.#to.end();
    this.#process.kill();
    await this.#exited;
  }

  #turn(tag: string, body: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== undefined) return reject(this.#stopped);
      const message = netstring(tag, body);
      this.#turns.push({ message, resolve, reject });
      if (this.#turns.length === 1) this.#to.write(message);
    });
  }

  #receive(piece: Buffer): void {
    this.#reader.push(piece);
    for (let message = this.#reader.next(); message !== undefined; message = this.#reader.next()) {
      const body = message.subarray(1);
      switch (String.fromCharCode(message[0])) {
        case "?":
          this.#to.write(netstring("/", this.#answer(body)));
          break;
        case "!":
          this.#end((turn) => turn.reject(new GuestFault(body.toString())));
          break;
        default:
          this.#end((turn) => turn.resolve(new Uint8Array(body)));
      }
    }
  }

  /** A fault of the host's own must not be caught by the firmware: it waits until that returns. */
  #answer(command: Uint8Array): Uint8Array {
    try {
      return this.onCommand(new Uint8Array(command));
    } catch (error) {
      this.#hostFault ??= error instanceof Error ? error : new Error(String(error));
      return nothing;
    }
  }

  #end(settle: (turn: Pending) => void): void {
    const turn = this.#turns.shift();
    if (turn === undefined) return;
    if (this.#turns.length > 0) this.#to.write(this.#turns[0].message);
    const fault = this.#hostFault;
    this.#hostFault = undefined;
    if (fault !== undefined) turn.reject(fault);
    else settle(turn);
  }

  #stop(why: string): void {
    this.#stopped ??= new EngineStopped(`the XS engine ${why}`);
    for (const turn of this.#turns.splice(0)) turn.reject(this.#stopped);
  }
}
