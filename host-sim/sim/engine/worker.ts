/**
 * Moddable's XS in a process of its own: the `xsnap-worker` of the npm package @agoric/xsnap, built
 * from XS's sources and spoken to directly, see `EngineProcess`.
 *
 *   "e" script                 evaluate it
 *   "?" bytes                  globalThis.handleCommand(ArrayBuffer)
 *   result: JSON 0x01 bytes    what it cost, and the answer
 *
 * The package's own JavaScript is not used: it would freeze this process's built-ins.
 */
import { buildWorker } from "./build-worker";
import { EngineProcess } from "./engine-process";

/** What a turn in the worker cost. */
export interface Turn {
  readonly result: Uint8Array;
  /** Steps of the XS interpreter. */
  readonly compute: number;
  /** Slots in use at its end, garbage since the last collection included. */
  readonly slots: number;
}

/** Exit codes that xsnap-worker adds to those of XS. */
const exits: Readonly<Record<number, string>> = Object.freeze({
  1: "was started wrongly",
  15: "ended on an exception nobody handled",
  17: "computed for too long in one turn",
});

/** Path of the worker's program, built if need be. @throws EngineMissing */
export function findWorker(): string {
  return buildWorker().program;
}

/** One worker process; turns are taken one at a time. */
export class XsWorker {
  readonly #process: EngineProcess;

  /**
   * @param options.limit steps in one turn after which the worker gives up
   * @throws EngineMissing
   */
  constructor(options: { onCommand: (command: Uint8Array) => Uint8Array; limit: number }) {
    const { onCommand, limit } = options;
    const args = ["board", "-l", String(limit)];
    this.#process = new EngineProcess({ program: findWorker(), args, exits, onCommand });
  }

  /** Runs a script. @throws GuestFault, EngineStopped */
  async evaluate(source: string): Promise<Turn> {
    return turnOf(await this.#process.turn("e", Buffer.from(source)));
  }

  /** Calls the guest's `handleCommand`. @throws GuestFault, EngineStopped, and what `onCommand` threw */
  async command(message: Uint8Array): Promise<Turn> {
    return turnOf(await this.#process.turn("?", message));
  }

  /** Ends the process and waits until it is gone. */
  close(): Promise<void> {
    return this.#process.close();
  }
}

/** Takes `JSON 0x01 answer` apart. */
function turnOf(result: Uint8Array): Turn {
  const end = result.indexOf(1);
  if (end < 0) return { result, compute: 0, slots: 0 };
  const head = Buffer.from(result.buffer, result.byteOffset, end).toString("latin1");
  return {
    result: result.subarray(end + 1),
    compute: number(head, "compute"),
    slots: number(head, "currentHeapCount"),
  };
}

/** One number of the worker's JSON; the time stamps in it, up to 500, are not worth their parsing. */
function number(json: string, name: string): number {
  const at = json.indexOf(`"${name}":`);
  return at < 0 ? 0 : Number.parseInt(json.slice(at + name.length + 3), 10);
}
