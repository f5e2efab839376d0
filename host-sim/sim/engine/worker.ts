/**
 * Moddable's XS in a process of its own: the `xsnap-worker` of the npm package @agoric/xsnap, built
 * from XS's sources and spoken to directly.
 *
 *   fd 3, to the worker     "e" script          evaluate it
 *                           "?" bytes           globalThis.handleCommand(ArrayBuffer)
 *                           "/" bytes           answer to its question
 *   fd 4, from the worker   "?" bytes           issueCommand(ArrayBuffer): it waits for the answer
 *                           "." JSON 0x01 bytes done: what it cost, and the result
 *                           "!" text            an exception that nobody caught
 *
 * The package's own JavaScript is not used: it would freeze this process's built-ins.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { buildWorker } from "./build-worker";
import { EngineStopped, GuestFault } from "./engine";
import { NetstringReader, netstring } from "./netstring";

/** What a turn in the worker cost. */
export interface Turn {
  readonly result: Uint8Array;
  /** Steps of the XS interpreter. */
  readonly compute: number;
  /** Slots in use at its end, garbage since the last collection included. */
  readonly slots: number;
}

/** Exit codes of xsnap-worker. */
const exits: Readonly<Record<number, string>> = Object.freeze({
  1: "was started wrongly",
  2: "lost its pipes",
  11: "ran out of memory",
  12: "ran out of stack",
  15: "ended on an exception nobody handled",
  16: "ran out of property keys",
  17: "computed for too long in one turn",
});

/** Path of the worker's program, built if need be. @throws EngineMissing */
export function findWorker(): string {
  return buildWorker().program;
}

/** A turn that was asked for. */
interface Pending {
  readonly message: Buffer;
  readonly resolve: (turn: Turn) => void;
  readonly reject: (error: Error) => void;
}

/** One worker process; turns are taken one at a time. */
export class XsWorker {
  readonly #process: ChildProcess;
  readonly #to: Duplex;
  readonly #reader = new NetstringReader();
  readonly #onCommand: (command: Uint8Array) => Uint8Array;
  readonly #exited: Promise<void>;
  /** The first is under way, the others wait for it. */
  readonly #turns: Pending[] = [];
  #stopped: EngineStopped | undefined;
  #hostFault: { error: Error } | undefined;
  #said = "";

  /**
   * @param options.limit steps in one turn after which the worker gives up
   * @throws EngineMissing
   */
  constructor(options: { onCommand: (command: Uint8Array) => Uint8Array; limit: number }) {
    this.#onCommand = options.onCommand;
    this.#process = spawn(findWorker(), ["board", "-l", String(options.limit)], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      env: { TZ: "UTC" },
    });
    const [, , said, to, from] = this.#process.stdio as [null, null, Duplex, Duplex, Duplex];
    this.#to = to;
    said.setEncoding("utf8");
    said.on("data", (text: string) => (this.#said = (this.#said + text).slice(-400)));
    from.on("data", (piece: Buffer) => this.#receive(piece));
    // Writing to a worker that has ended fails here; why it ended is told by its exit code.
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

  /** Runs a script. @throws GuestFault, EngineStopped */
  evaluate(source: string): Promise<Turn> {
    return this.#turn(netstring("e", Buffer.from(source)));
  }

  /** Calls the guest's `handleCommand`. @throws GuestFault, EngineStopped, and what `onCommand` threw */
  command(message: Uint8Array): Promise<Turn> {
    return this.#turn(netstring("?", message));
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    this.#stop("was closed");
    this.#to.end();
    this.#process.kill();
    await this.#exited;
  }

  /** Queues a turn: one runs at a time, and the next begins when it has ended, be it with a fault. */
  #turn(message: Buffer): Promise<Turn> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== undefined) return reject(this.#stopped);
      this.#turns.push({ message, resolve, reject });
      if (this.#turns.length === 1) this.#to.write(message);
    });
  }

  #receive(piece: Buffer): void {
    this.#reader.push(piece);
    try {
      for (let message = this.#reader.next(); message !== undefined; message = this.#reader.next()) {
        this.#handle(message);
      }
    } catch (error) {
      this.#stop(`sent what cannot be understood: ${error instanceof Error ? error.message : "?"}`);
      this.#process.kill();
    }
  }

  #handle(message: Buffer): void {
    const body = message.subarray(1);
    switch (String.fromCharCode(message[0])) {
      case "?":
        this.#to.write(netstring("/", this.#answer(body)));
        return;
      case "!":
        return this.#end((turn) => turn.reject(new GuestFault(body.toString())));
      case ".":
        return this.#end((turn) => turn.resolve(turnOf(body)));
      default:
        throw new Error(`a message of unknown kind ${message[0]}`);
    }
  }

  /** A fault of the host's own must not be caught by the firmware: it waits until that returns. */
  #answer(command: Uint8Array): Uint8Array {
    try {
      // A copy, because the message lies in the pipe's buffer, which is used again.
      return this.#onCommand(new Uint8Array(command));
    } catch (error) {
      this.#hostFault ??= { error: error instanceof Error ? error : new Error(String(error)) };
      return new Uint8Array(0);
    }
  }

  #end(settle: (turn: Pending) => void): void {
    const turn = this.#turns.shift();
    if (turn === undefined) throw new Error("an answer to nothing");
    if (this.#turns.length > 0) this.#to.write(this.#turns[0].message);
    if (this.#hostFault === undefined) return settle(turn);
    const { error } = this.#hostFault;
    this.#hostFault = undefined;
    turn.reject(error);
  }

  #stop(why: string): void {
    const said = this.#said === "" ? "" : ` (${this.#said.trim().replace(/\s*\n\s*/g, "; ")})`;
    this.#stopped ??= new EngineStopped(`the XS engine ${why}${said}`);
    for (const turn of this.#turns.splice(0)) turn.reject(this.#stopped);
  }
}

/** Takes `JSON 0x01 result` apart. */
function turnOf(body: Buffer): Turn {
  const end = body.indexOf(1);
  if (end < 0) return { result: body, compute: 0, slots: 0 };
  const head = body.toString("latin1", 0, end);
  return {
    result: body.subarray(end + 1),
    compute: number(head, "compute"),
    slots: number(head, "currentHeapCount"),
  };
}

/** One number of the worker's JSON; the time stamps in it, up to 500, are not worth their parsing. */
function number(json: string, name: string): number {
  const at = json.indexOf(`"${name}":`);
  return at < 0 ? 0 : Number.parseInt(json.slice(at + name.length + 3), 10);
}
