/**
 * A program that runs XS, in a process of its own and spoken to in netstrings. Turns are taken one at a
 * time; within one the program may ask the host, and waits for the answer.
 *
 *   fd 3, to the program     tag bytes   begins a turn; which tags there are is the program's to say
 *                            "/" bytes   answer to its question
 *   fd 4, from the program   "?" bytes   issueCommand(ArrayBuffer)
 *                            "." bytes   the turn is done: its result
 *                            "!" text    the turn is done: an exception that nobody caught
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { reasonOf } from "../../../firmware/text/reason";
import { EngineStopped, GuestFault, nothing } from "./engine";
import { NetstringReader, netstring } from "./netstring";

/** Exit codes that all of these programs have from XS, and what each says of the engine. */
const exitsOfXs: Readonly<Record<number, string>> = Object.freeze({
  2: "lost its pipes",
  11: "ran out of memory",
  12: "ran out of stack",
  16: "ran out of property keys",
});

export interface EngineProcessOptions {
  /** Path of the program. */
  readonly program: string;
  readonly args?: readonly string[];
  /** Exit codes of this program besides those of XS. */
  readonly exits?: Readonly<Record<number, string>>;
  /** Answers the guest's `issueCommand`, at once. The bytes it is given are its to keep. */
  readonly onCommand: (command: Uint8Array) => Uint8Array;
}

/** A turn that was asked for. */
interface Pending {
  readonly message: Buffer;
  readonly resolve: (result: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** The process of an XS engine, from its start to its end. */
export class EngineProcess {
  readonly #process: ChildProcess;
  readonly #to: Duplex;
  readonly #reader = new NetstringReader();
  readonly #onCommand: EngineProcessOptions["onCommand"];
  readonly #exited: Promise<void>;
  /** The first is under way, the others wait for it. */
  readonly #turns: Pending[] = [];
  #stopped: EngineStopped | undefined;
  #hostFault: Error | undefined;
  /** The end of what it has written to its standard error. */
  #said = "";

  /** Starts the program. One that cannot be started is like one that stops: turns tell. */
  constructor({ program, args = [], exits = {}, onCommand }: EngineProcessOptions) {
    this.#onCommand = onCommand;
    this.#process = spawn(program, args, {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      env: { TZ: "UTC" },
    });
    const [, , said, to, from] = this.#process.stdio as [null, null, Duplex, Duplex, Duplex];
    this.#to = to;
    said.setEncoding("utf8");
    said.on("data", (text: string) => (this.#said = (this.#said + text).slice(-400)));
    from.on("data", (piece: Buffer) => this.#receive(piece));
    // Writing to a process that has ended fails here; why it ended is told by its exit code.
    to.on("error", () => {});
    from.on("error", () => {});
    this.#exited = new Promise((resolve) => {
      this.#process.once("error", (error) => {
        this.#stop(`could not be started: ${error.message}`);
        resolve();
      });
      this.#process.once("close", (code, signal) => {
        const ended = exits[code ?? 0] ?? exitsOfXs[code ?? 0] ?? `ended with code ${code}`;
        this.#stop(signal === null ? ended : `was killed by ${signal}`);
        resolve();
      });
    });
  }

  /**
   * Takes a turn when those before it have ended, be it with a fault, and gives its result.
   * @throws GuestFault for an exception that nobody in the guest caught; EngineStopped; and what
   * `onCommand` threw
   */
  turn(tag: string, body: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== undefined) return reject(this.#stopped);
      const message = netstring(tag, body);
      this.#turns.push({ message, resolve, reject });
      if (this.#turns.length === 1) this.#to.write(message);
    });
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    this.#stop("was closed");
    this.#to.end();
    this.#process.kill();
    await this.#exited;
  }

  #receive(piece: Buffer): void {
    this.#reader.push(piece);
    try {
      for (let message = this.#reader.next(); message !== undefined; message = this.#reader.next()) {
        this.#handle(message);
      }
    } catch (error) {
      this.#stop(`sent what cannot be understood: ${reasonOf(error)}`);
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
        return this.#end((turn) => turn.resolve(body));
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
      this.#hostFault ??= error instanceof Error ? error : new Error(String(error));
      return nothing;
    }
  }

  #end(settle: (turn: Pending) => void): void {
    const turn = this.#turns.shift();
    if (turn === undefined) throw new Error("an answer to nothing");
    if (this.#turns.length > 0) this.#to.write(this.#turns[0].message);
    const fault = this.#hostFault;
    this.#hostFault = undefined;
    if (fault === undefined) settle(turn);
    else turn.reject(fault);
  }

  #stop(why: string): void {
    const said = this.#said === "" ? "" : ` (${this.#said.trim().replace(/\s*\n\s*/g, "; ")})`;
    this.#stopped ??= new EngineStopped(`the XS engine ${why}${said}`);
    for (const turn of this.#turns.splice(0)) turn.reject(this.#stopped);
  }
}
