/**
 * The board on a rig: a serial wire without a modem, and everything it does written down.
 */
import { fileURLToPath } from "node:url";
import { Board } from "../../../../host-sim/sim/board/board";
import { bundleFirmware } from "../../../../host-sim/sim/board/bundle";
import { EngineMissing } from "../../../../host-sim/sim/engine/engine";
import { NodeEngine } from "../../../../host-sim/sim/engine/node-engine";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { XsEngine } from "../../../../host-sim/sim/engine/xs-engine";
import { findWorker } from "../../../../host-sim/sim/engine/worker";
import { mayBeAbsent } from "../../../absent";
import type { BoardOptions, Restart } from "../../../../host-sim/sim/board/board";
import type { Engine } from "../../../../host-sim/sim/engine/engine";

let bundle: Promise<string> | undefined;

/** The fixture firmware as a script, made once. */
export function fixture(): Promise<string> {
  bundle ??= bundleFirmware({ entry: fileURLToPath(new URL("./fixture-firmware.ts", import.meta.url)) });
  return bundle;
}

/** Why there is no XS engine here; `undefined` when there is one. On CI it must be there. */
export const xsMissing = ((): string | undefined => {
  try {
    findWorker();
    return undefined;
  } catch (error) {
    if (!(error instanceof EngineMissing) || !mayBeAbsent("@agoric/xsnap")) throw error;
    console.warn(`tests on XS are skipped: ${error.message}`);
    return error.message;
  }
})();

/** The engines to test, by name. */
export const engines: readonly (readonly [string, () => Engine])[] = [
  ["Node", () => new NodeEngine()],
  ...(xsMissing === undefined ? [["XS", () => new XsEngine()] as const] : []),
];

export class Rig {
  readonly clock = new VirtualClock();
  /** "time what", one entry for all that comes out of the board. */
  readonly log: string[] = [];
  readonly restarts: Restart[] = [];
  readonly board: Board;
  /** Room in the transmit FIFO: nothing drains it but the test. */
  free = 128;

  constructor(engine: Engine, config: Record<string, unknown>, options: Partial<BoardOptions> = {}) {
    this.board = new Board({
      engine,
      scheduler: this.clock,
      config,
      keyValue: new Map(),
      seed: "bench",
      epoch: 1_699_999_000_000,
      serial: {
        write: (bytes) => {
          this.free -= bytes.length;
          this.#note(`serial ${Buffer.from(bytes).toString("hex")}`);
        },
        txFree: () => this.free,
      },
      onTrace: (text) => this.#note(text.replace(/\n$/, "")),
      onPin: (pin, level) => this.#note(`pin ${pin} ${level}`),
      onClockSet: (error) => this.#note(`clock ahead by ${error}`),
      onRestart: (restart) => this.restarts.push(restart),
      ...options,
    });
  }

  /** Feeds bytes to the board at a time. */
  receive(time: number, bytes: Uint8Array): void {
    this.clock.at(time, () => this.board.serialReceive(bytes));
  }

  #note(what: string): void {
    this.log.push(`${this.clock.now} ${what}`);
  }
}

/** Runs one of the fixture's programs to `until` (virtual ms); what came out. */
export async function runFixture(
  engine: Engine,
  config: Record<string, unknown>,
  until: number,
  prepare: (rig: Rig) => void = () => {},
  options: Partial<BoardOptions> = {},
): Promise<Rig> {
  await engine.evaluate(await fixture());
  const rig = new Rig(engine, config, options);
  prepare(rig);
  await rig.board.start();
  await rig.clock.run({ until });
  return rig;
}
