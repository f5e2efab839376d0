/** The figures behind the report's plots. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { binPower, stepsOf } from "../../../../../host-sim/inspect/report/html/page/power-bins";
import {
  countInBins,
  depthOverTime,
  highestInBins,
  logHistogram,
  quantile,
} from "../../../../../host-sim/inspect/report/html/page/statistics";
import type { PowerState } from "../../../../../host-sim/inspect/report/html/run-data";

describe("power in bins", () => {
  const states: PowerState[] = [
    { part: "modem", state: "psm", watts: 0.000_015 },
    { part: "modem", state: "transmit", watts: 0.7 },
    { part: "modem", state: "idle", watts: 0.02 },
  ];

  test("keeps the energy, however the bins are cut", () => {
    const steps = fc.array(
      fc.record({ micros: fc.integer({ min: 0, max: 5_000_000 }), state: fc.nat({ max: 2 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 400 }), (list, count) => {
        const columns = {
          time: [0, ...list.map(({ micros }) => micros)],
          state: [0, ...list.map((s) => s.state)],
        };
        const { time, state } = stepsOf(columns);
        const end = time[time.length - 1] + 1_000;
        let expected = 0;
        for (let i = 0; i < time.length; i++) {
          expected += states[state[i]].watts * ((time[i + 1] ?? end) - time[i]);
        }
        const bins = binPower([{ time, state }], states, { from: 0, to: end, end }, count);
        const sum = bins.flatMap((bin) => [...bin]).reduce((a, b) => a + b, 0) * (end / count);
        expect(Math.abs(sum - expected)).toBeLessThan(1e-6 * expected + 1e-9);
      }),
    );
  });

  test("of a part of the run has what was going on at its beginning, and nothing behind the end", () => {
    const steps = stepsOf({ time: [0, 10_000_000, 1_000_000], state: [0, 1, 2] });
    // 10 s asleep, 1 s of sending, then idle until 15 s.
    const bins = binPower([steps], states, { from: 10_500, to: 20_500, end: 15_000 }, 10);
    expect(bins[1][0]).toBeCloseTo(0.35, 9);
    expect(bins[2][0]).toBeCloseTo(0.01, 9);
    expect(bins[2][4]).toBeCloseTo(0.01, 9);
    expect([...bins[2]].slice(5)).toEqual([0, 0, 0, 0, 0]);
  });
});

test("quantiles are values that occurred", () => {
  const sorted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect([0, 0.5, 0.95, 1].map((share) => quantile(sorted, share))).toEqual([1, 5, 10, 10]);
  expect(quantile([], 0.5)).toBeNaN();
});

test("a histogram has every value, in a bin whose edges hold it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1e8 }), { minLength: 1 }), (values) => {
      const { edges, counts } = logHistogram(values);
      expect(edges).toHaveLength(counts.length + 1);
      expect(counts.reduce((a, b) => a + b)).toBe(values.length);
      const [least, most] = [Math.min(...values), Math.max(...values)];
      expect(edges[0]).toBeLessThanOrEqual(least * 1.000_001);
      expect(edges[counts.length]).toBeGreaterThan(most * 0.999_999);
      expect(counts[0]).toBeGreaterThan(0);
      expect(counts[counts.length - 1]).toBeGreaterThan(0);
    }),
  );
  expect(logHistogram([])).toEqual({ edges: [], counts: [] });
});

test("what happens at the very end of the run is in its last bin", () => {
  expect(countInBins([0, 4, 5, 9.9, 10, 11, -1], 0, 10, 2)).toEqual([2, 3]);
});

test("the journal is as deep as readings wait, and no peak is lost between bins", () => {
  // Three readings; the second waits for the third, one never gets through.
  const series = depthOverTime([0, 10, 20, 30], [5, 15, 5, -1]);
  expect(series).toEqual({ time: [0, 5, 10, 20, 25, 30], depth: [1, 0, 1, 2, 0, 1] });
  expect(highestInBins(series, 0, 40, 4)).toEqual([1, 1, 2, 1]);
  expect(highestInBins(series, 21, 24, 2)).toEqual([2, 2]);
});
