import { describe, expect, it } from "vitest";
import {
  ago,
  bytes,
  count,
  digits,
  grouped,
  measuredSpan,
  span,
} from "../../../../host-sim/cloud/page/words";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe("a rough length of time", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1 * second, "1 s"],
    [1.25 * second, "1.3 s"],
    [119 * second, "119 s"],
    [2 * minute, "2 min"],
    [119 * minute, "119 min"],
    [2 * hour, "2 h"],
    [47 * hour, "47 h"],
    [2 * day, "2 d"],
  ])("of %d ms is %s", (ms, text) => {
    expect(span(ms)).toBe(text);
  });
});

describe("a length of time as it was measured", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [1 * second, "1.00 s"],
    [12.34 * second, "12.3 s"],
    [119.96 * second, "120 s"],
    [2 * minute, "2.00 min"],
    [2 * hour, "2.00 h"],
    [2 * day, "2.00 d"],
    [NaN, "–"],
  ])("of %d ms is %s", (ms, text) => {
    expect(measuredSpan(ms)).toBe(text);
  });

  it("has three digits also where rounding gives one more in front of the point", () => {
    expect([9.994, 9.996, 99.94, 99.96].map(digits)).toEqual(["9.99", "10.0", "99.9", "100"]);
  });
});

describe("how long ago", () => {
  it.each([
    [undefined, "never"],
    [100_000, "now"],
    [99_001, "now"],
    [88_000, "12 s ago"],
    // A device's clock may be ahead a little, and then it is now.
    [101_000, "now"],
    [130_000, "in 30 s"],
  ])("%s is at 100,000: %s", (at, text) => {
    expect(ago(at, 100_000)).toBe(text);
  });
});

describe("a number", () => {
  it("of things agrees with its noun", () => {
    expect(count(1, "device")).toBe("1 device");
    expect(count(0, "device")).toBe("0 devices");
    expect(count(1_234, "reply", "replies")).toBe("1,234 replies");
  });

  it("has its thousands apart", () => {
    expect([0, 999, 1_000, 12_345_678].map(grouped)).toEqual(["0", "999", "1,000", "12,345,678"]);
  });

  it("of bytes has the unit that it is short in", () => {
    expect([0, 999, 12_400, 3_100_000].map(bytes)).toEqual(["0 B", "999 B", "12.4 kB", "3.1 MB"]);
  });
});
