/** Flash that fails under an update: its staging passes over bad blocks, and a bad slot is said to be one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../../host-sim/sim/time/random";
import { runs } from "../../density";
import { DownloadingBoard } from "./downloading-board";
import { changedImage, smallImage, smallPackage } from "./small-package";
import type { FlashFaultKind } from "../../../host-sim/sim/flash/flash-faults";

const running = smallImage("running", 40_000);
const image = changedImage(running, "next", 3_000);
const bytes = smallPackage({ image, base: new Uint8Array(0) });
const difference = smallPackage({ image, base: running });
const file = { bytes, tag: Uint8Array.of(1) };
const board = (seed: string): DownloadingBoard => new DownloadingBoard({ seed, running, blocks: 12 });
const isMade = (one: DownloadingBoard): boolean => Buffer.from(one.made(image.length)).equals(image);

const writing: FlashFaultKind[] = ["refuse-write", "lose-write", "half-write"];
const erasing: FlashFaultKind[] = ["refuse-erase", "lose-erase", "half-erase"];

describe("blocks of the update's partition that fail", () => {
  it.each([...writing, ...erasing])("by %s are left out, now and after each start", (kind) => {
    const one = board(kind);
    // It is full of another update's bytes.
    one.update.flash.bytes.fill(0x5a, 4 * 4_096);
    one.update.faults.set(kind, 1, { blocks: [5, 8, 11] });
    expect(one.run(file, 40)).toBe("stuck");
    one.start();
    expect(one.run(file)).toBe("ready");
    expect(isMade(one)).toBe(true);
    // What was in a block that failed is fetched once more.
    expect(one.bytes).toBeLessThan(bytes.length + 3 * 3 * 4_096);
    // The next update knows them.
    one.fetched = 0;
    one.other.flash.bytes.fill(0);
    expect(one.download.begin(bytes.length)).toBeUndefined();
    one.start();
    expect(one.run(file)).toBe("ready");
    expect(one.fetched).toBe(Math.ceil(bytes.length / 512));
  });

  it("leave too little room one day, which is said", () => {
    const one = board("too few");
    one.update.flash.bytes.fill(0x5a, 4 * 4_096);
    one.update.faults.set("refuse-erase", 1, { blocks: [4, 5, 6, 7, 8] });
    expect(one.run(file)).toEqual({ stage: "flash", detail: "too few good blocks" });
    one.start();
    expect(one.download.begin(0)).toBe("too few good blocks");
  });

  it("in its log as well are no matter while two of four serve, and said when none does", () => {
    const one = board("log");
    one.update.faults.set("refuse-write", 1, { blocks: [0, 2] });
    expect(one.run(file)).toBe("ready");
    one.update.faults.set("refuse-write", 1, { blocks: [0, 1, 2, 3] });
    expect(one.download.begin(0)).toBe("state not written");
    expect(one.download.drop()).toBe(false);
  });
});

describe("the other slot", () => {
  it.each([...writing, ...erasing])("is given up when it fails by %s, after some tries", (kind) => {
    const one = board(kind);
    one.other.flash.bytes.fill(0x5a);
    one.other.faults.set(kind, 1, { blocks: [3] });
    expect(one.run(file)).toEqual({ stage: "flash", detail: "slot" });
    expect(one.download.ready).toBe(false);
  });

  it("may fail now and then", () => {
    for (const kind of [
      ...writing,
      ...erasing,
      "flip-read",
      "late-write",
      "late-erase",
      "refuse-read",
    ] as const) {
      const one = board(`now and then ${kind}`);
      for (const { faults } of [one.other, one.running])
        faults.set(kind, kind === "flip-read" ? 0.002 : 0.02);
      expect(one.run({ ...file, bytes: difference }), kind).toBe("ready");
      expect(isMade(one), kind).toBe(true);
    }
  });

  it("is read back before it is held for good: a bit that turns there has all of it made again", () => {
    const one = board("turned");
    let turned = 0;
    for (;;) {
      const end = one.run(file, 1);
      // Behind the last chunk, once.
      if (one.download.written === image.length && turned++ === 0) one.other.flash.bytes[20_000] ^= 1;
      if (end === "ready") break;
      expect(end).toBe("stuck");
    }
    expect(isMade(one)).toBe(true);
    expect(one.fetched).toBeGreaterThan(1.9 * Math.ceil(bytes.length / 512));
  });

  it("that never reads back as it was written makes no image", () => {
    const one = board("never");
    for (;;) {
      const end = one.run(file, 1);
      if (one.download.written === image.length) one.other.flash.bytes[20_000] = image[20_000] ^ 1;
      if (end === "stuck") continue;
      expect(end).toEqual({ stage: "image", detail: "other-digest" });
      break;
    }
    expect(one.download.ready).toBe(false);
  });
});

describe("flash that fails anyhow, with the power", () => {
  it("never makes a wrong image pass for the right one", () => {
    let ready = 0;
    let failed = 0;
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 12 }), (seed, cuts) => {
        const draw = new Random(`failing ${seed}`);
        const one = board(`failing ${seed}`);
        const { power } = one.rig;
        const toCome = [...cuts];
        power.onCut = () => {
          const next = toCome.shift();
          if (next !== undefined) power.cutAt = power.operations + next;
        };
        power.cutAt = toCome.shift();
        const kinds = [...writing, ...erasing, "flip-read", "refuse-read", "late-write"] as const;
        for (const { faults } of [one.update, one.other, one.running]) {
          if (draw.chance(0.6))
            faults.set(draw.pick(kinds), draw.pick([0.001, 0.01, 0.2, 1]), {
              blocks: draw.chance(0.7) ? [draw.u32() % 12, draw.u32() % 12] : undefined,
            });
        }
        for (let starts = 0; starts < 40; starts++) {
          const end = one.run(file, 300);
          if (end === "ready") {
            ready += 1;
            // A bit that came wrong when it was read does not stay so.
            for (const { faults } of [one.update, one.other, one.running]) faults.clear();
            if (!isMade(one)) throw new Error(`seed ${seed}: wrong image`);
            return;
          }
          if (typeof end === "object") break;
          one.start();
        }
        failed += 1;
      }),
      { numRuns: runs(600) },
    );
    expect(ready).toBeGreaterThan(2 * failed);
    expect(failed).toBeGreaterThan(0);
  });
});
