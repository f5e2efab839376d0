import { describe, expect, test } from "vitest";
import { waterfallLines, yearLines } from "../../../../host-sim/inspect/energy/cells-text";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import {
  cellPlaces,
  meanRatios,
  runsOfCell,
  twelveCells,
} from "../../../../host-sim/inspect/energy/twelve-cells";
import { boardParts, modemParts, sumOf, waterfallOf } from "../../../../host-sim/inspect/energy/waterfall";
import { full } from "../../../density";
import type { Cell } from "../../../../host-sim/inspect/energy/twelve-cells";
import type { Measured } from "../../../../host-sim/inspect/energy/measure";

describe("3GPP's twelve cells", () => {
  const years = { bound: 20, most: 16, mostWithBoard: 8, modem: 10, withBoard: 5, lightly: 6 };
  const joules = {
    ...{ bound: 1, bytes: 0.25, again: 0.5, awake: 0.25 },
    ...{ asleep: 1, starting: 0.25, running: 0.25, waiting: 0.5 },
  };
  const cell: Cell = { bytes: 50, interval: 7_200, coverage: 0, years, joules };

  test("are compared with the bound, and their ratios by the geometric mean", () => {
    const ratios = meanRatios([cell, { years: { ...years, modem: 20, withBoard: 1.25 } }]);
    expect(ratios.modem).toBeCloseTo(Math.sqrt(0.5), 12);
    expect(ratios.withBoard).toBeCloseTo(0.125, 12);
    expect(ratios.most).toBeCloseTo(0.8, 12);
  });

  test("are lines with the means behind them", () => {
    const other: Cell = {
      ...cell,
      bytes: 200,
      interval: 86_400,
      coverage: 2,
      years: { ...years, modem: 2 },
    };
    const lines = yearLines([cell, other]);
    expect(lines[2]).toBe(
      "  2 h,  50 bytes, 144 dB  20.0    16.0    10.0  0.50    8.00    5.00  0.25    6.00  0.30",
    );
    expect(lines[3]).toBe(
      "  day, 200 bytes, 164 dB  20.0    16.0    2.00  0.10    8.00    5.00  0.25    6.00  0.30",
    );
    expect(lines[4]).toBe(
      "  of the bound, on average        0.80          0.22    0.40          0.25          0.30",
    );
  });

  test("say where a reading's joules go, with each part's share of the bound", () => {
    const [head, row, shares] = waterfallLines([cell]);
    expect(head).toMatch(/bound +bytes +again +awake +modem +asleep +starts +runs +waits +all$/);
    expect(row).toMatch(/1\.000 +0\.250 +0\.500 +0\.250 +2\.000 +1\.000 +0\.250 +0\.250 +0\.500 +4\.000$/);
    expect(shares).toMatch(/100 +25 +50 +25 +200 +100 +25 +25 +50 +400$/);
  });

  test("have a waterfall whose parts are what was measured", () => {
    const { limit } = profiles;
    const wattsByState = {
      ...{ "modem psm": 0.9, "modem access": 3, "modem transmit": 4, "modem receive": 1, "modem idle": 0.5 },
      ...{
        "board deep sleep": 1,
        "board starting": 2,
        "board running": 3,
        "board waiting": 4,
        "board light sleep": 5,
      },
    };
    const measured = { watts: 24.4, modem: 9.4, wattsByState, datagram: { up: 172, down: 22 } };
    const found = waterfallOf(measured as unknown as Measured, 0.5, 100, limit, 0);
    // 143 ms of 0.545 and 0.09 W by halves; 200 bytes at 15,600 bit/s and 50 at 20,000.
    const once = 0.143 * 0.3175 + (1_600 / 15_600) * 0.545 + (400 / 20_000) * 0.09;
    expect(found.bound).toBe(50);
    expect(found.bytes).toBeCloseTo(100 * 0.000_015 + once - 50, 9);
    expect(found.again).toBeCloseTo(800 - once, 9);
    expect(found).toMatchObject({ asleep: 100, starting: 200, running: 300, waiting: 900 });
    expect(sumOf(found, modemParts)).toBeCloseTo(940, 9);
    expect(sumOf(found, [...modemParts, ...boardParts])).toBeCloseTo(2_440, 9);
  });

  test.runIf(full)(
    "take the firmware's own runs, none of which beats the bound or the most that is possible",
    async () => {
      let runs = 0;
      const cells = await twelveCells(
        { modem: "sim7020", t3324: 2, format: "raw", seed: "1", reports: 16 },
        () => (runs += 1),
      );
      expect(runs).toBe(runsOfCell * cellPlaces.length);
      for (const { years: lasts } of cells) {
        expect(lasts.most).toBeLessThan(lasts.bound * 1.05);
        expect(lasts.modem).toBeLessThan(lasts.most);
        expect(lasts.lightly).toBeLessThan(lasts.mostWithBoard);
        expect(lasts.withBoard).toBeLessThan(lasts.lightly);
        expect(lasts.withBoard / lasts.bound).toBeGreaterThan(0.2);
      }
      expect(meanRatios(cells).modem).toBeGreaterThan(0.68);
      expect(meanRatios(cells).withBoard).toBeGreaterThan(0.3);
    },
    240_000,
  );
});
