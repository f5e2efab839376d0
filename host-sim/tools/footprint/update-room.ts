/**
 * RAM of an update in progress: firmware/update on XS with nothing around it, over the flash of the simulated board, with
 * the heap counted after each block that comes and each slice of work. Counted is what is alive above the state in
 * which the modules have run, as in session.ts; the block in its message is in it, which a device without updates has
 * too when it takes a block of a command.
 */
import { Board } from "../../sim/board/board";
import { bundleFirmware } from "../../sim/board/bundle";
import { MemoryFlash } from "../../sim/flash/memory-flash";
import { PowerDomain } from "../../sim/flash/power-domain";
import { VirtualClock } from "../../sim/time/clock";
import { Random } from "../../sim/time/random";
import { HeapEngine } from "./heap-engine";
import type { Engine } from "../../sim/engine/engine";
import type { HeapState } from "./heap-engine";
import type { Bounds, Room } from "./session";

/** An update to be looked at. */
export interface UpdateWork {
  /** The running slot's bytes. */
  readonly running: Uint8Array;
  /** The package; its signature is not looked at. */
  readonly file: Uint8Array;
  /** Exponent of the blocks, 16 << szx bytes (default 5). */
  readonly szx?: number;
}

/** How an update went, line by line as the guest traces it, and what it left in the other slot. */
export interface UpdateRun {
  readonly lines: readonly string[];
  readonly other: Uint8Array;
}

const block = 4_096;
/** Blocks of the partition that the update has for itself: 192 KiB, as in firmware/partitions.csv. */
const updateBlocks = 48;
/** Turns that an update may take. */
const patience = 50_000;

/**
 * Downloads and applies an update in an engine.
 *
 * @param engine closed at the end
 * @throws Error when it does not come to its end
 */
export async function runUpdate(engine: Engine, { running, file, szx = 5 }: UpdateWork): Promise<UpdateRun> {
  const power = new PowerDomain();
  const random = new Random("update");
  const slotBlocks = Math.ceil((running.length + file.length) / block) + 64;
  const partition = (blocks: number, bytes?: Uint8Array): MemoryFlash => {
    const flash = new MemoryFlash({ size: blocks * block, blockLength: block, power, random });
    if (bytes !== undefined) flash.bytes.set(bytes);
    return flash;
  };
  const other = partition(slotBlocks);
  const flash = new Map([
    ["file", partition(Math.ceil(file.length / block), file)],
    ["running", partition(slotBlocks, running)],
    ["nextota", other],
    ["update", partition(updateBlocks)],
  ]);
  const clock = new VirtualClock();
  const lines: string[] = [];
  try {
    await engine.evaluate(await bundleFirmware({ entry: "host-sim/tools/footprint/update-guest.ts" }));
    const board = new Board({
      engine,
      scheduler: clock,
      seed: 1,
      epoch: 0,
      config: { fileLength: file.length, szx },
      keyValue: new Map(),
      flash,
      serial: { write() {}, txFree: () => 128 },
      onTrace: (text) => void lines.push(text.trimEnd()),
      onPin: () => {},
    });
    const isOver = (): boolean => /^(?:ready|fault|stuck)/.test(lines.at(-1) ?? "");
    await board.start();
    await clock.run({ until: patience, stop: isOver });
    if (!isOver()) throw new Error(`the update did not come to its end: ${lines.at(-1)}`);
  } finally {
    await engine.close();
  }
  return { lines, other: other.bytes };
}

/** What an update takes of RAM, on a machine of 32 bits. */
export interface UpdateRoom extends Room {
  /** What it was at when it took the most. */
  readonly line: string;
  readonly looks: number;
  /** Bytes of the heap on this machine over those on one of 32 bits, at that moment. */
  readonly here: number;
}

/**
 * Counts the heap after each turn of an update.
 *
 * @param bounds of a heap that is not to grow further, above what there was at the start
 * @throws EngineMissing; EngineStopped when `bounds` are too tight
 */
export async function measureUpdate(work: UpdateWork, bounds?: Bounds): Promise<UpdateRoom> {
  const heap = new HeapEngine();
  let base: HeapState | undefined;
  let most: { room: Room; turn: number; here: number } | undefined;
  let turns = 0;
  const engine: Engine = {
    onCommand: heap.onCommand,
    evaluate: (source) => heap.evaluate(source),
    async deliver(event) {
      heap.onCommand = (command) => engine.onCommand(command);
      const answer = await heap.deliver(event);
      turns += 1;
      if (base === undefined) {
        base = await heap.measure();
        if (bounds !== undefined) await heap.confine(bounds);
      } else if (bounds === undefined) {
        const state = await heap.measure();
        const room = above(state, base);
        const bytes = 16 * room.slots + room.chunks;
        if (most === undefined || bytes > 16 * most.room.slots + most.room.chunks) {
          most = { room, turn: turns, here: state.chunkBytes - base.chunkBytes };
        }
      }
      return answer;
    },
    close: () => heap.close(),
  };
  const { lines } = await runUpdate(engine, work);
  if (most === undefined) return { slots: 0, chunks: 0, line: lines.at(-1) ?? "", looks: turns, here: 0 };
  return { ...most.room, line: lines[most.turn - 2] ?? "", looks: turns, here: most.here };
}

function above(state: HeapState, base: HeapState): Room {
  const chunks = (heap: HeapState): number =>
    Object.values(heap.chunks).reduce((sum, { there }) => sum + there, 0);
  return { slots: state.slots - base.slots, chunks: chunks(state) - chunks(base) };
}
