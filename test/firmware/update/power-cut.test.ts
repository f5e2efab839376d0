/**
 * The power fails in every single operation of the flash that an update does, and time after time at any: the image is
 * made all the same, and no other one is ever held for it.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../host-sim/sim/time/random";
import { density, runs, sweep } from "../../density";
import { DownloadingBoard } from "./downloading-board";
import { changedImage, smallImage, smallPackage } from "./small-package";
import type { BoardOptions, End, ServedFile } from "./downloading-board";

/** An update, and what it is made from. */
interface Scene {
  readonly running: Uint8Array;
  readonly image: Uint8Array;
  readonly bytes: Uint8Array;
}

function scene(seed: number | string, whole: boolean): Scene {
  const draw = new Random(`scene ${seed}`);
  const running = smallImage(seed, 9_000 + (draw.u32() % 12_000));
  const image = changedImage(running, seed, (draw.u32() % 6_000) - 2_000);
  const perChunk = 4_096 * (1 + (draw.u32() % 2));
  return {
    running,
    image,
    bytes: smallPackage({ image, base: whole ? new Uint8Array(0) : running, perChunk }),
  };
}

interface Result {
  readonly cuts: number;
  readonly operations: number;
  readonly board: DownloadingBoard;
}

/**
 * Runs an update to its end with the power failing after so many operations each time.
 *
 * @param slices most slices of work and blocks between two starts without a failure; the hint is then kept
 */
function update(
  { running, image, bytes }: Scene,
  seed: number | string,
  cuts: readonly number[],
  options: Partial<BoardOptions> & { slices?: () => number; file?: Partial<ServedFile> } = {},
): Result {
  const board = new DownloadingBoard({ seed, running, ...options });
  const { power } = board.rig;
  const toCome = [...cuts];
  let struck = 0;
  power.onCut = () => {
    struck += 1;
    const next = toCome.shift();
    if (next !== undefined) power.cutAt = power.operations + next;
  };
  power.cutAt = toCome.shift();
  const file = { bytes, tag: Uint8Array.of(7), ...options.file };
  const where = (): string => `seed ${seed}, cuts ${cuts.join()}, start ${board.starts}`;
  for (let end: End | undefined; end !== "ready";) {
    end = board.run(file, options.slices?.());
    if (end === "power") board.start();
    else if (end === "smaller") continue;
    else if (end === "stuck" && options.slices !== undefined) board.start(board.log.hint());
    else if (end !== "ready") throw new Error(`${where()}: ${JSON.stringify(end)}`);
    if (board.starts > 3 * cuts.length + 400) throw new Error(`${where()}: no end`);
  }
  if (!Buffer.from(board.made(image.length)).equals(image)) throw new Error(`${where()}: wrong image`);
  board.expectNoMisuse();
  return { cuts: struck, operations: power.operations, board };
}

describe("an update", () => {
  it.each([
    ["difference", false],
    ["whole image", true],
  ])("of a %s outlives a failure of the power in any of its operations", (_name, whole) => {
    const one = scene("sweep", whole);
    const { operations } = update(one, "sweep", []);
    expect(operations).toBeGreaterThan(20);
    let struck = 0;
    let tried = 0;
    for (const at of sweep(1, operations, 3)) {
      const { cuts, board } = update(one, "sweep", [at]);
      struck += cuts;
      tried += 1;
      // What has come stays, but for the rest of a block in which the power failed.
      expect(board.bytes).toBeLessThanOrEqual(one.bytes.length + 4_096 + 512);
    }
    expect(struck).toBe(tried);
  });

  it("outlives any number of them, deep sleep in between, and blocks that were changed on their way", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 30 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 8, max: 60 }),
        (seed, whole, cuts, szx, slices) => {
          const draw = new Random(`meddle ${seed}`);
          let changes = draw.u32() % 3;
          // A changed head is for its owner to judge, who has its signature.
          const meddle = (bytes: Uint8Array, offset: number): Uint8Array => {
            if (changes === 0 || offset < 280 || !draw.chance(0.2)) return bytes;
            bytes[draw.u32() % bytes.length] ^= 0x10;
            changes -= 1;
            return bytes;
          };
          const file = { meddle, szx: draw.u32() % 7 };
          update(scene(seed % 50, whole), seed, cuts, { szx, slices: () => slices, file });
        },
      ),
      { numRuns: runs(400) },
    );
  });

  it(`is never a wrong one, and comes to its end, over ${density("20,000", "1,000")} failures of the power`, () => {
    let cuts = 0;
    let updates = 0;
    for (let seed = 0; cuts < density(20_000, 1_000); seed++) {
      const draw = new Random(`cuts ${seed}`);
      const most = draw.pick([10, 40, 100]);
      const planned = Array.from({ length: draw.u32() % 120 }, () => 1 + (draw.u32() % most));
      const options = draw.chance(0.5) ? {} : { slices: () => 8 + (draw.u32() % 50), szx: draw.u32() % 7 };
      const result = update(scene(seed, draw.chance(0.5)), `cuts ${seed}`, planned, options);
      cuts += result.cuts;
      updates += 1;
    }
    expect(cuts).toBeGreaterThan(15 * updates);
  });
});
