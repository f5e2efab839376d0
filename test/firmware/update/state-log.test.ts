/** The update's records in flash: what was written last is there after any failure of the power, and of two blocks. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StateLog, logBlocks, longestRecord } from "../../../firmware/update/state-log";
import { runs, sweep } from "../../density";
import { UpdateFlash } from "./update-flash";
import type { Flash } from "../../../firmware/journal/flash";

function opened(flash: Flash, hint?: Uint8Array): StateLog {
  const log = StateLog.open(flash, hint);
  if (typeof log === "string") throw new Error(log);
  return log;
}

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

/** All that a log has. */
function contents(log: StateLog): Map<number, string> {
  const found = new Map<number, string>();
  for (let kind = 1; kind < 32; kind++) {
    const body = log.read(kind);
    if (body !== undefined) found.set(kind, Buffer.from(body).toString("hex"));
  }
  return found;
}

describe("a state log", () => {
  it("gives the newest record of each kind, over starts and full blocks", () => {
    const { flash } = new UpdateFlash("state log").partition("update", 8, 1_024);
    const expected = new Map<number, string>();
    let log = opened(flash);
    expect(contents(log)).toEqual(expected);
    for (let i = 0; i < 400; i++) {
      const kind = 1 + (i % 5);
      const body = bytes((i * 7) % 90, i);
      expect(log.write(kind, body)).toBe(true);
      if (body.length > 0) expected.set(kind, Buffer.from(body).toString("hex"));
      else expected.delete(kind);
      expect(contents(log)).toEqual(expected);
      if (i % 3 === 0) log = opened(flash);
      if (i % 3 === 1) log = opened(flash, log.hint());
      expect(contents(log)).toEqual(expected);
    }
    // All four blocks wear alike, and no other one is touched.
    const erases = [...flash.erases];
    expect(Math.max(...erases) - Math.min(...erases.slice(0, logBlocks))).toBeLessThanOrEqual(1);
    expect(erases.slice(logBlocks)).toEqual([0, 0, 0, 0]);
    expect(flash.misuse).toBeUndefined();
  });

  it("takes bodies up to 512 bytes and kinds from 1 to 31", () => {
    const { flash } = new UpdateFlash("bounds").partition("update", 8);
    const log = opened(flash);
    expect(log.write(31, bytes(longestRecord, 1))).toBe(true);
    expect(log.write(31, bytes(longestRecord + 1, 1))).toBe(false);
    for (const kind of [-1, 0, 32, NaN]) expect(log.write(kind, bytes(1, 1)), String(kind)).toBe(false);
    expect(log.read(31)).toHaveLength(longestRecord);
    expect(log.read(40)).toBeUndefined();
  });

  it.each([
    [7, 4_096, 4],
    [8, 512, 4],
    [8, 65_536, 4],
    [8, 4_096, 16],
  ])("wants no partition of %i blocks of %i bytes written by %i", (blocks, blockLength, writeAlign) => {
    const status = { size: blocks * blockLength, blockLength, blocks, writeAlign };
    const never = (): never => expect.unreachable();
    expect(StateLog.open({ status: () => status, read: never, write: never, eraseBlock: never })).toMatch(
      /^expected 8 blocks/,
    );
  });

  it("says why a partition cannot be opened", () => {
    const fails = (): never => {
      throw new Error("not mounted");
    };
    expect(StateLog.open({ status: fails, read: fails, write: fails, eraseBlock: fails })).toBe(
      "not mounted",
    );
  });

  it("reads its records one by one only where a hint does not lead to them", () => {
    const { flash } = new UpdateFlash("hint").partition("update", 8);
    const log = opened(flash);
    for (let i = 0; i < 100; i++) log.write(1 + (i % 3), bytes(8, i));
    const reads = (hint?: Uint8Array): number => {
      const before = flash.reads.calls;
      expect(contents(opened(flash, hint))).toEqual(contents(log));
      return flash.reads.calls - before;
    };
    const all = reads();
    const hint = log.hint();
    expect(hint.length).toBeLessThanOrEqual(60);
    const few = reads(hint);
    expect(all - few).toBeGreaterThan(250);
    // One that is stale, damaged or of another board costs what none does, and no more than a failed look.
    log.write(2, bytes(8, 200));
    for (const other of [hint, hint.subarray(0, 5), new Uint8Array(80).fill(0xff), new Uint8Array(0)]) {
      expect(reads(other)).toBeGreaterThan(250);
    }
  });

  it("holds nothing that is not whole: any bit that turns costs the record that it is in", () => {
    const { flash } = new UpdateFlash("bits").partition("update", 8, 1_024);
    const log = opened(flash);
    for (let i = 0; i < 6; i++) log.write(1 + (i % 3), bytes(12, i));
    const sound = contents(log);
    const known = [undefined, "00".repeat(12), "01".repeat(12), "02".repeat(12)];
    for (let bit = 0; bit < 8 * 160; bit++) {
      flash.bytes[bit >> 3] ^= 1 << (bit & 7);
      for (const [kind, text] of contents(opened(flash))) expect([sound.get(kind), ...known]).toContain(text);
      flash.bytes[bit >> 3] ^= 1 << (bit & 7);
    }
    expect(contents(opened(flash))).toEqual(sound);
  });
});

/** Writes at random with the power failing at some operations; the log has what it had, or what was being written. */
function storm(seed: number, cuts: readonly number[], steps: number, hinted: boolean): { cuts: number } {
  const rig = new UpdateFlash(`storm ${seed}`);
  const { flash } = rig.partition("update", 8, 1_024);
  const { power, random } = rig;
  const toCome = [...cuts];
  let struck = 0;
  power.onCut = () => {
    struck += 1;
    const next = toCome.shift();
    if (next !== undefined) power.cutAt = power.operations + next;
  };
  power.cutAt = toCome.shift();
  let expected = new Map<number, string>();
  let log = opened(flash);
  for (let i = 0; i < steps; i++) {
    const kind = 1 + (random.u32() % 4);
    const body = random.bytes(random.u32() % 120);
    const after = new Map(expected);
    if (body.length > 0) after.set(kind, Buffer.from(body).toString("hex"));
    else after.delete(kind);
    const written = log.write(kind, body);
    if (!power.off) {
      if (!written) throw new Error(`seed ${seed}, step ${i}: not written`);
      expected = after;
      if (hinted && i % 5 === 0) log = opened(flash, log.hint());
      continue;
    }
    power.restore();
    log = opened(flash);
    const found = JSON.stringify([...contents(log)]);
    const may = [expected, after].map((each) => JSON.stringify([...each].sort(([a], [b]) => a - b)));
    if (!may.includes(found))
      throw new Error(`seed ${seed}, cuts ${cuts.join()}, step ${i}: ${found} of ${may}`);
    expected = contents(log);
  }
  expect(flash.misuse).toBeUndefined();
  return { cuts: struck };
}

describe("when the power fails", () => {
  it("in whichever operation, it has what it had or what was being written", () => {
    let struck = 0;
    let wanted = 0;
    for (const at of sweep(1, 230, 3)) {
      struck += storm(1, [at], 200, at % 2 === 0).cuts;
      wanted += 1;
    }
    expect(struck).toBe(wanted);
  });

  it("time after time, likewise", () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 12 }), (seed, cuts) => {
        storm(seed, cuts, 150, seed % 2 === 0);
      }),
      { numRuns: runs(400) },
    );
  });
});

describe("when flash fails", () => {
  it.each([
    ["refuse-write", [0]],
    ["lose-write", [1, 2]],
    ["half-write", [0, 3]],
    ["refuse-erase", [0, 1]],
    ["half-erase", [2]],
    ["lose-erase", [1, 3]],
    ["late-write", [0, 1, 2, 3]],
    ["flip-read", []],
  ] as const)("by %s in blocks %j, the others serve", (kind, blocks) => {
    const { flash, faults } = new UpdateFlash(`faults ${kind}`).partition("update", 8, 1_024);
    faults.set(kind, blocks.length === 0 ? 0.002 : 1, blocks.length === 0 ? {} : { blocks });
    let log = opened(flash);
    const expected = new Map<number, string>();
    for (let i = 0; i < 200; i++) {
      const body = bytes(1 + (i % 60), i);
      expect(log.write(1 + (i % 3), body)).toBe(true);
      expected.set(1 + (i % 3), Buffer.from(body).toString("hex"));
      if (blocks.length === 0) continue;
      if (i % 4 === 0) log = opened(flash);
      expect(contents(log)).toEqual(expected);
    }
    faults.clear();
    expect(contents(opened(flash))).toEqual(expected);
  });

  it("everywhere, it says so", () => {
    const { flash, faults } = new UpdateFlash("dead").partition("update", 8, 1_024);
    const log = opened(flash);
    expect(log.write(1, bytes(4, 7))).toBe(true);
    faults.set("refuse-write", 1);
    expect(log.write(1, bytes(4, 8))).toBe(false);
    faults.clear();
    expect(contents(opened(flash))).toEqual(new Map([[1, "07070707"]]));
    expect(log.write(1, bytes(4, 9))).toBe(true);
    expect(contents(opened(flash))).toEqual(new Map([[1, "09090909"]]));
  });
});
