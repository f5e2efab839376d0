/** The ring of blocks in which an update's file waits: it holds what was put, wherever the flash or the power fails. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckedFlash } from "../../../firmware/journal/checked-flash";
import { Staging, badBlockBytes } from "../../../firmware/update/staging";
import { logBlocks } from "../../../firmware/update/state-log";
import { runs } from "../../density";
import { Random } from "../../../host-sim/sim/time/random";
import { UpdateFlash } from "./update-flash";
import type { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";
import type { MemoryFlash } from "../../../host-sim/sim/flash/memory-flash";

const blockLength = 4_096;

/** A ring of so many blocks. */
function ring(seed: string, blocks = 6): { staging: Staging; flash: MemoryFlash; faults: FlashFaults } {
  const { flash, faults } = new UpdateFlash(seed).partition("update", logBlocks + blocks);
  const staging = new Staging({ flash: new CheckedFlash(flash), ...flash.status() });
  staging.restart(0);
  return { staging, flash, faults };
}

/** The file's bytes from `offset` on: any byte tells where it belongs. */
function fileBytes(offset: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (offset + i) * 31 + ((offset + i) >> 8) * 7);
}

function expectThere(staging: Staging): void {
  const length = staging.end - staging.from;
  const bytes = new Uint8Array(length);
  expect(staging.read(bytes, staging.from)).toBe(true);
  expect(Buffer.from(bytes).equals(fileBytes(staging.from, length))).toBe(true);
}

describe("a staging", () => {
  it("holds what was put from its beginning to its end, round and round", () => {
    const { staging, flash } = ring("round");
    for (let i = 0; i < 200; i++) {
      expect(staging.put(fileBytes(staging.end, 512))).toBe("stored");
      if (staging.end - staging.from > 9_000) staging.release(staging.end - 3_000);
      expectThere(staging);
    }
    // Each block wears as the others do, and the log's not at all.
    expect([...flash.erases]).toEqual([0, 0, 0, 0, 5, 4, 4, 4, 4, 4]);
    expect(flash.misuse).toBeUndefined();
  });

  it("has room up to the block in which what is kept begins, and takes no more", () => {
    const { staging } = ring("room");
    expect(staging.room).toBe(6 * blockLength);
    for (let i = 0; i < 24; i++) staging.put(fileBytes(staging.end, 1_024));
    expect(staging.room).toBe(0);
    expect(staging.put(fileBytes(staging.end, 1))).toBe("no-room");
    expect(staging.end).toBe(6 * blockLength);
    staging.release(blockLength - 1);
    expect(staging.room).toBe(0);
    staging.release(blockLength);
    expect(staging.room).toBe(blockLength);
    expectThere(staging);
  });

  it("takes what was discarded once more, whatever it is then", () => {
    const { staging, flash } = ring("discard");
    staging.put(fileBytes(0, 5_000));
    staging.release(4_403);
    staging.put(new Uint8Array(3_000).fill(0x55));
    staging.discard();
    expect(staging.end).toBe(4_403);
    for (let i = 0; i < 10; i++) expect(staging.put(fileBytes(staging.end, 333))).toBe("stored");
    expectThere(staging);
    expect(flash.misuse).toBeUndefined();
  });

  it("goes on in a block that was half written, and erases one that it finds soiled", () => {
    const { staging, flash } = ring("resume");
    staging.put(fileBytes(0, 5_120));
    staging.release(1_000);
    // What was being written when the power failed: some of its bits are there.
    flash.write(
      fileBytes(5_120, 512).map((byte) => byte | 0xf0),
      logBlocks * blockLength + 5_120,
    );
    staging.resume(1_000, 5_120);
    expect(staging.put(fileBytes(5_120, 512))).toBe("stored");
    expect(staging.end).toBe(5_632);
    expectThere(staging);
    // Other bits.
    flash.write(new Uint8Array(512).fill(0), logBlocks * blockLength + 5_632);
    staging.resume(1_000, 5_632);
    expect(staging.put(fileBytes(5_632, 512))).toBe("rewound");
    expect(staging.end).toBe(4_096);
    expectThere(staging);
    while (staging.end < 9_000) expect(staging.put(fileBytes(staging.end, 512))).toBe("stored");
    expectThere(staging);
    expect(flash.misuse).toBeUndefined();
  });

  it("leaves out a block that fails, and remembers it by its bit", () => {
    const { staging, flash, faults } = ring("bad");
    flash.bytes.fill(0);
    faults.set("lose-erase", 1, { blocks: [logBlocks + 2] });
    staging.put(fileBytes(0, 8_000));
    staging.release(7_000);
    expect(staging.put(fileBytes(8_000, 512))).toBe("bad-block");
    expect(staging.end).toBe(7_000);
    expect([...staging.bad]).toEqual([4, ...new Array<number>(badBlockBytes - 1).fill(0)]);
    for (let i = 0; i < 60; i++) {
      expect(staging.put(fileBytes(staging.end, 500))).toBe("stored");
      staging.release(Math.max(staging.from, staging.end - 5_000));
      expectThere(staging);
    }
    expect(flash.erases[logBlocks + 2]).toBe(0);
    expect(staging.usable).toBe(true);
  });

  it("uses no more blocks than its map has bits", () => {
    const { staging } = ring("many", 100);
    expect(staging.room).toBe(64 * blockLength);
    staging.bad.fill(0xff);
    staging.resume(0, 0);
    expect(staging.usable).toBe(false);
    expect(staging.room).toBe(0);
    expect(staging.put(fileBytes(0, 1))).toBe("no-room");
  });

  it("does all of that in any order", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ put: fc.integer({ min: 1, max: 1_024 }) }) },
      { weight: 3, arbitrary: fc.record({ release: fc.integer({ min: 0, max: 4_000 }) }) },
      { weight: 1, arbitrary: fc.constant("discard" as const) },
      { weight: 1, arbitrary: fc.constant("start" as const) },
      { weight: 1, arbitrary: fc.record({ tear: fc.integer({ min: 1, max: 1_024 }) }) },
      { weight: 1, arbitrary: fc.record({ fail: fc.integer({ min: 0, max: 5 }) }) },
    );
    let seed = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { staging, flash, faults } = ring(`any ${(seed += 1)}`, 8);
        const random = new Random(seed);
        let failed = 0;
        let torn = false;
        for (const each of steps) {
          if (each === "discard") staging.discard();
          else if (each === "start") staging.resume(staging.from, staging.end);
          else if ("release" in each) staging.release(Math.min(staging.end, staging.from + each.release));
          else if ("put" in each) {
            const { end, room } = staging;
            const stored = staging.put(fileBytes(end, each.put));
            if (stored === "stored") expect(staging.end).toBe(end + each.put);
            else if (stored === "no-room") expect(room < each.put || failed > 1).toBe(true);
            else if (stored === "rewound") expect(torn || failed > 0).toBe(true);
            else expect(failed).toBeGreaterThan(0);
            if (stored !== "stored") expect(staging.end).toBeLessThanOrEqual(end);
            if (stored !== "no-room") torn = false;
            expect(staging.end).toBeGreaterThanOrEqual(staging.from);
          } else if ("tear" in each && staging.room > each.tear) {
            // Some bits of what comes next are written, and the power fails.
            torn = true;
            const written = fileBytes(staging.end, each.tear).map((byte) => byte | (random.u32() & 0xff));
            const cut = new Staging({ flash: new CheckedFlash(flash), ...flash.status() });
            cut.bad.set(staging.bad);
            cut.resume(staging.from, staging.end);
            cut.put(written);
            staging.resume(staging.from, staging.end);
          } else if ("fail" in each) {
            failed += 1;
            faults.set("half-write", 0.5, { blocks: [logBlocks + each.fail] });
          }
          expectThere(staging);
        }
        expect(flash.misuse).toBeUndefined();
      }),
      { numRuns: runs(500) },
    );
  });
});
