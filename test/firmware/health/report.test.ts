/** A report as bytes: how many they are, and that firmware and model mean the same by them. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { reportValues, totalsOf, versionValues } from "../../../firmware/health/report";
import { startReasonNames, startReasonNumber } from "../../../firmware/health/start-reasons";
import { Count, Seen, Tally, counts } from "../../../firmware/health/tally";
import { encodeReport } from "../../../firmware/model/report";
import { compactFault } from "../../../firmware/model/compact";
import { encodeReply } from "../../../firmware/model/command";
import { healthPart, startReasons } from "../../../host-sim/model/health-model";
import { example, sides } from "../../host-sim/model/script";
import { runs } from "../../density";
import { RetainedRam } from "../continuity/retained-ram";
import { memoryStore } from "./memory-store";
import type { Model } from "../../../host-sim/model/model";
import type { ThingValues } from "../../../firmware/model/thing";

const model: Model = { ...example, health: true };
const { thing, script } = sides(model);
const longest = 64;

/** A tally in which all that can be told is told, by the largest numbers. */
function full(): Tally {
  const tally = new Tally(new RetainedRam().start(), memoryStore());
  for (let i = 0; i < counts; i++) tally.count(i, 0xffff_ffff);
  for (let i = 0; i < 5; i++) tally.add(i, 1e13);
  for (const what of [Seen.rsrp, Seen.snr, Seen.coverage]) {
    tally.see(what, -30_000);
    tally.see(what, 30_000);
  }
  tally.lastStart = 8;
  return tally;
}

const standing = { waiting: 1e9, erases: 1e9, freeHeap: 1e9, battery: 1e9 };

function encoded(values: ThingValues, layout: "sample" | "compact" = "compact"): Uint8Array {
  const out = new Uint8Array(1_024);
  const length = encodeReport(thing, values, 0xffff_ffff, out, layout);
  if (typeof length !== "number") throw new Error(`${length.id} ${length.detail}`);
  return out.subarray(0, length);
}

describe("a report of health", () => {
  it(`has at most ${longest} bytes, and the versions have as many of their own`, () => {
    const report = encoded(reportValues(full(), standing));
    const versions = encoded(versionValues("9".repeat(40), "M".repeat(80)));
    console.log(
      `bytes of a health report: ${report.length} compact, ${encoded(reportValues(full(), standing), "sample").length} in the sample layout; versions ${versions.length}`,
    );
    expect(report.length).toBeGreaterThan(40);
    expect(report.length).toBeLessThanOrEqual(longest);
    expect(versions.length).toBeLessThanOrEqual(longest);
  });

  it("stays below it where the product has the numbers up to 39", () => {
    const points = Array.from({ length: 39 }, (_, i) => ({
      identifier: `own${i}`,
      number: i + 1,
      type: "int" as const,
    }));
    const large = sides({ ...model, measurepoints: points }).thing;
    const out = new Uint8Array(1_024);
    expect(encodeReport(large, reportValues(full(), standing), 1, out, "compact")).toBeLessThanOrEqual(
      longest,
    );
  });

  it("names each point of the model, and no other", () => {
    const named = Object.keys({ ...reportValues(full(), standing), ...versionValues("1", "2") });
    expect(named.sort()).toEqual(healthPart.measurepoints.map(({ identifier }) => identifier).sort());
  });

  test("each value fits its point, whatever was counted", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(0xffff_ffff), { minLength: counts, maxLength: counts }),
        fc.array(fc.double({ min: 0, max: 1e13, noNaN: true }), { minLength: 5, maxLength: 5 }),
        fc.array(fc.integer({ min: -40_000, max: 40_000 }), { maxLength: 9 }),
        fc.double(),
        (numbers, spans, seen, any) => {
          const tally = new Tally(new RetainedRam().start(), memoryStore());
          numbers.forEach((number, i) => tally.count(i, number));
          spans.forEach((span, i) => tally.add(i, span));
          seen.forEach((value, i) => tally.see(3 * (i % 3), value));
          const values = reportValues(tally, { waiting: any, erases: any, freeHeap: any, battery: any });
          for (const point of thing.points) {
            const value = values[point.identifier];
            if (value !== undefined) expect(compactFault(point, value), point.identifier).toBeUndefined();
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });

  it("comes out of the product's script as it went in, in each layout", () => {
    const tally = new Tally(new RetainedRam().start(), memoryStore());
    tally.count(Count.retransmissions, 300);
    tally.count(Count.resets + 3, 2);
    tally.see(Seen.rsrp, -130);
    tally.see(Seen.rsrp, -81);
    tally.see(Seen.coverage, 1);
    tally.add(0, 86_400_000);
    tally.add(4, 30_500 / 1_000);
    tally.lastStart = startReasonNumber("brownout");
    const values = reportValues(tally, { waiting: 7, erases: 1_000, freeHeap: 65_536, battery: 3_700 });
    for (const layout of ["sample", "compact"] as const) {
      const { params } = JSON.parse(script.rawDataToJsonStr([...encoded(values, layout)]) as string) as {
        params: { measurepoints: Record<string, unknown> };
      };
      const given = Object.entries(values).filter(([, value]) => value !== undefined);
      expect(params.measurepoints, layout).toEqual(Object.fromEntries(given));
    }
  });

  it("names the reasons of starts as the model does", () => {
    expect(Object.values(startReasons)).toEqual(startReasonNames);
    expect(startReasonNames.map(startReasonNumber)).toEqual(startReasonNames.map((_, i) => i));
    expect(startReasonNumber("usb")).toBe(8);
  });

  it("has the totals that the service answers with", () => {
    const out = new Uint8Array(256);
    const { number, outputs } = thing.services.find(({ identifier }) => identifier === "health")!;
    const totals = totalsOf(full());
    expect(Object.keys(totals)).toEqual(outputs.map(({ identifier }) => identifier));
    expect(encodeReply(thing, number, 1, 200, totals, out)).toBe(6 + 4 * outputs.length);
  });
});
