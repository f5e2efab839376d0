import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { retainedParts } from "../../../firmware/continuity/retained-memory";
import { reportValues, totalsOf } from "../../../firmware/health/report";
import { Count, Seen, Span, Tally } from "../../../firmware/health/tally";
import { runs } from "../../density";
import { RetainedRam } from "../continuity/retained-ram";
import { memoryStore } from "./memory-store";

const standing = { waiting: 0, erases: undefined, freeHeap: undefined, battery: undefined };
const hour = 3_600_000;

describe("the tally", () => {
  it("outlives deep sleep and panics by retained memory, and a loss of power by storage", () => {
    const ram = new RetainedRam();
    const store = memoryStore();
    const tally = new Tally(ram.start("power-on"), store);
    expect(tally.isNew).toBe(true);
    tally.count(Count.unanswered, 3);
    tally.add(Span.time, 7 * hour);
    tally.see(Seen.rsrp, -90.4);
    tally.keep(1_234);
    tally.store(6 * hour);
    for (const reason of ["deep-sleep", "panic", "watchdog", "software"]) {
      const next = new Tally(ram.start(reason), store);
      expect(next.isNew).toBe(false);
      expect(next.keptAt).toBe(1_234);
      expect(next.counts[Count.unanswered]).toBe(3);
      expect(next.seen(Seen.rsrp, 0)).toBe(-90);
      next.logSaved = 77;
      next.logGap = true;
      next.keep(1_234);
    }
    const late = new Tally(ram.start("panic"), store);
    late.count(Count.unanswered);
    late.keep(2_000);
    expect(late.logSaved).toBe(77);
    // Not stored again so soon: after a loss of power it is as it was stored.
    late.store(6 * hour);
    const after = new Tally(ram.start("power-on"), store);
    expect(after.counts[Count.unanswered]).toBe(3);
    expect(after.allSpans[Span.time]).toBe(7 * hour);
    // The log's ring has gone with retained memory.
    expect([after.logSaved, after.logGap]).toEqual([0, false]);
  });

  it("does with storage that fails, and says so when it is written to", () => {
    const failing = {
      read: () => {
        throw new Error("no flash");
      },
      write: () => {
        throw new Error("no flash");
      },
    };
    const tally = new Tally(new RetainedRam().start("power-on"), failing);
    expect(tally.isNew).toBe(true);
    expect(() => tally.store(0)).toThrow("no flash");
  });

  it("closes a report and goes on with the sums of all", () => {
    const tally = new Tally(new RetainedRam().start(), memoryStore());
    tally.count(Count.refused, 2);
    tally.add(Span.joules, 1.5);
    tally.see(Seen.coverage, 2);
    tally.logErases = 9;
    tally.closeReport(false);
    expect([tally.counts[Count.refused], tally.spans[Span.joules]]).toEqual([0, 0]);
    expect([tally.allCounts[Count.refused], tally.allSpans[Span.joules]]).toEqual([2, 1.5]);
    expect(tally.seen(Seen.coverage, 2)).toBeUndefined();
    // Whoever asks more often wears no flash.
    expect(tally.logErases).toBe(9);
    tally.closeReport(true);
    expect(tally.logErases).toBe(0);
  });

  it("keeps the least, the most and the last of what was seen", () => {
    const tally = new Tally(new RetainedRam().start(), memoryStore());
    for (const value of [-80, -120, -97.6, undefined, NaN, Infinity]) tally.see(Seen.rsrp, value);
    expect([0, 1, 2].map((which) => tally.seen(Seen.rsrp, which))).toEqual([-120, -80, -98]);
  });

  test("whatever bytes retained memory has, reports are of finite numbers", () => {
    const { offset, length } = retainedParts.health;
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 256, maxLength: 256 }), (body) => {
        const ram = new RetainedRam();
        ram.start().write(retainedParts.health, body);
        expect(ram.bytes.subarray(offset, offset + length).some((byte) => byte !== 0)).toBe(true);
        const tally = new Tally(ram.start(), memoryStore());
        expect(tally.isNew).toBe(false);
        tally.add(Span.time, 1);
        const values = { ...reportValues(tally, standing), ...totalsOf(tally) };
        for (const [name, value] of Object.entries(values))
          expect(value === undefined || Number.isFinite(value), name).toBe(true);
      }),
      { numRuns: runs(300) },
    );
  });

  test("bytes of another length are none of its own", () => {
    const ram = new RetainedRam();
    ram.start().write(retainedParts.health, new Uint8Array(100).fill(7));
    expect(new Tally(ram.start(), memoryStore()).isNew).toBe(true);
  });
});
