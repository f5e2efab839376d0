import { describe, expect, it } from "vitest";
import fc from "fast-check";
import {
  decodeT3324,
  decodeT3412,
  encodeT3324,
  encodeT3412,
} from "../../../../host-sim/sim/modem/psm-timers";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

describe("T3412 extended (3GPP TS 24.008, 10.5.7.4a)", () => {
  it.each([
    ["00100001", hour],
    ["01000111", 70 * hour],
    ["01011111", 310 * hour],
    ["00000110", hour],
    ["01100101", 10 * second],
    ["10000010", minute],
    ["10111111", 31 * minute],
    ["11000001", 320 * hour],
    ["11100000", "deactivated"],
    ["11111111", "deactivated"],
    ["0010001", undefined],
    ["001000011", undefined],
    ["0010000x", undefined],
    ["", undefined],
  ])("%s is %s ms", (bits, ms) => expect(decodeT3412(bits)).toBe(ms));

  it.each([
    [0, "01100000"],
    [62 * second, "01111111"],
    [63 * second, "10000011"],
    [15.5 * minute, "10011111"],
    [hour, "00000110"],
    [70 * hour, "01000111"],
    [310 * hour, "01011111"],
    [311 * hour, "11000001"],
    [1e15, "11011111"],
  ])("%s ms is asked for as %s", (ms, bits) => expect(encodeT3412(ms)).toBe(bits));
});

describe("T3324 (3GPP TS 24.008, 10.5.7.4)", () => {
  it.each([
    ["00000101", 10 * second],
    ["00000001", 2 * second],
    ["00000000", 0],
    ["00100100", 4 * minute],
    ["01000010", 12 * minute],
    ["01100011", 3 * minute],
    ["11000001", minute],
    ["11100001", "deactivated"],
    ["2", undefined],
  ])("%s is %s ms", (bits, ms) => expect(decodeT3324(bits)).toBe(ms));

  it.each([
    [10 * second, "00000101"],
    [62 * second, "00011111"],
    [63 * second, "00100010"],
    [32 * minute, "01000110"],
    [1e15, "01011111"],
  ])("%s ms is asked for as %s", (ms, bits) => expect(encodeT3324(ms)).toBe(bits));
});

it("asks for at least the wanted time, whatever it is within the range", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9_920 * hour }), (ms) => {
      expect(decodeT3412(encodeT3412(ms))).toBeGreaterThanOrEqual(ms);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 186 * minute }), (ms) => {
      expect(decodeT3324(encodeT3324(ms))).toBeGreaterThanOrEqual(ms);
    }),
  );
});
