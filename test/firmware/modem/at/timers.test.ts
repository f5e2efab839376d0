import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { decodeT3324, decodeT3412, encodeT3324, encodeT3412 } from "../../../../firmware/modem/at/timers";
import { runs } from "../../../density";

const minute = 60;
const hour = 3_600;

// 3GPP TS 24.008: table 10.5.172a (GPRS timer 2) and table 10.5.163a (GPRS timer 3), written out.
const t3412: [string, number][] = [
  ["00000001", 10 * minute],
  ["00011111", 310 * minute],
  ["00100001", hour],
  ["00111111", 31 * hour],
  ["01000001", 10 * hour],
  ["01000111", 70 * hour],
  ["01011111", 310 * hour],
  ["01100000", 0],
  ["01100001", 2],
  ["01111111", 62],
  ["10000001", 30],
  ["10011111", 930],
  ["10100001", minute],
  ["10111111", 31 * minute],
  ["11000001", 320 * hour],
  ["11011111", 9_920 * hour],
  ["11100000", Infinity],
  ["11111111", Infinity],
];
const t3324: [string, number][] = [
  ["00000000", 0],
  ["00000001", 2],
  ["00000101", 10],
  ["00011111", 62],
  ["00100001", minute],
  ["00100100", 4 * minute],
  ["00111111", 31 * minute],
  ["01000001", 6 * minute],
  ["01011111", 186 * minute],
  // Units that the table leaves out count as minutes.
  ["01100010", 2 * minute],
  ["10000010", 2 * minute],
  ["10100010", 2 * minute],
  ["11000010", 2 * minute],
  ["11100000", Infinity],
  ["11111111", Infinity],
];

describe("decoding", () => {
  it.each(t3412)("T3412 extended %s is %d s", (bits, seconds) => expect(decodeT3412(bits)).toBe(seconds));
  it.each(t3324)("T3324 %s is %d s", (bits, seconds) => expect(decodeT3324(bits)).toBe(seconds));

  it.each(["", "0000000", "000000000", "0000000x", " 00000001", "00000001\n", "２0000000"])(
    "%j is no timer",
    (bits) => {
      expect(decodeT3412(bits)).toBeUndefined();
      expect(decodeT3324(bits)).toBeUndefined();
    },
  );
});

describe("encoding", () => {
  it.each([
    [0, "01100000"],
    [1, "01100001"],
    [2, "01100001"],
    [62, "01111111"],
    [63, "10000011"],
    [930, "10011111"],
    [931, "10110000"],
    [1_860, "10111111"],
    [1_861, "00000100"],
    [18_600, "00011111"],
    [18_601, "00100110"],
    [hour, "00000110"],
    [31 * hour, "00111111"],
    [31 * hour + 1, "01000100"],
    [310 * hour, "01011111"],
    [310 * hour + 1, "11000001"],
    [9_920 * hour, "11011111"],
    [10_000 * hour, "11011111"],
    [Infinity, "11011111"],
  ])("T3412 extended of %d s", (seconds, bits) => expect(encodeT3412(seconds)).toBe(bits));

  it.each([
    [0, "00000000"],
    [1, "00000001"],
    [10, "00000101"],
    [62, "00011111"],
    [63, "00100010"],
    [1_860, "00111111"],
    [1_861, "01000110"],
    [186 * minute, "01011111"],
    [187 * minute, "01011111"],
    [Infinity, "01011111"],
  ])("T3324 of %d s", (seconds, bits) => expect(encodeT3324(seconds)).toBe(bits));
});

describe("any number of seconds", () => {
  // Independent of the code: the smallest value of the whole 8-bit table that is long enough.
  const bytes = Array.from({ length: 256 }, (_, code) => code.toString(2).padStart(8, "0"));
  const limits = [
    ["T3412", encodeT3412, decodeT3412, 9_920 * hour],
    ["T3324", encodeT3324, decodeT3324, 186 * minute],
  ] as const;

  it.each(limits)("%s is never shorter than asked and no other code is nearer", (_, encode, decode, most) => {
    const finite = bytes.map((bits) => decode(bits)!).filter((seconds) => seconds !== Infinity);
    const fractions = fc.nat(7_200_000).map((ms) => ms / 1_000);
    fc.assert(
      fc.property(fc.oneof(fc.nat(7_200), fc.nat(most), fractions), (seconds) => {
        const got = decode(encode(seconds))!;
        expect(got).toBeGreaterThanOrEqual(seconds);
        expect(got).toBe(Math.min(...finite.filter((value) => value >= seconds)));
      }),
      { seed: 3412, numRuns: runs(1_000) },
    );
  });

  it.each(limits)("%s: a value that has a code comes back as it was", (_, encode, decode) => {
    for (const bits of bytes) {
      const seconds = decode(bits)!;
      if (seconds !== Infinity) expect(decode(encode(seconds))).toBe(seconds);
    }
  });
});
