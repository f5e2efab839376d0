/** The simulated board with one example in it, and whatever it prints. */
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { Board } from "../../host-sim/sim/board/board";
import { VirtualClock } from "../../host-sim/sim/time/clock";
import { XsEngine } from "../../host-sim/sim/engine/xs-engine";
import type { BoardOptions } from "../../host-sim/sim/board/board";
import type { Example } from "./example";

export interface RoomBoard {
  readonly board: Board;
  /** Lines so far. */
  readonly printed: readonly string[];
  /** Lets time pass until it has printed this many lines, or for `ms`. */
  until(lines: number, ms: number): Promise<void>;
  close(): Promise<void>;
}

/** One script of the example and the modules that its manifest has, and of none besides. */
export function bundleOf({ main, manifest }: Example, more: Record<string, string> = {}): Promise<string> {
  return bundleFirmware({ entry: main, modules: new Map([...manifest.modules, ...Object.entries(more)]) });
}

/** Boots it on XS. */
export async function boot(
  script: string,
  options: Partial<BoardOptions> & { clock?: VirtualClock } = {},
): Promise<RoomBoard> {
  const { clock = new VirtualClock() } = options;
  const engine = new XsEngine();
  await engine.evaluate(script);
  let text = "";
  const board = new Board({
    engine,
    scheduler: clock,
    seed: "room",
    epoch: 0,
    config: {},
    keyValue: new Map(),
    serial: { write() {}, txFree: () => 0 },
    onPin: () => {},
    ...options,
    onTrace: (piece) => (text += piece),
  });
  const lines = (): string[] => text.split("\n").slice(0, -1);
  await board.start();
  return {
    board,
    get printed() {
      return lines();
    },
    until: (count, ms) => clock.run({ until: clock.now + ms, stop: () => lines().length >= count }),
    close: async () => {
      board.powerOff();
      await engine.close();
    },
  };
}
