/** When devices in idle mode listen for pages: against the formulas of TS 36.304 as others have written them down. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  hashedId,
  nextPagingOccasion,
  pagingIdentity,
  pagingTimeWindow,
} from "../../../../host-sim/sim/radio/paging-occasions";
import type { PagingFrames } from "../../../../host-sim/sim/radio/paging-occasions";

/** Cycles and shares that PCCH-Config-NB can have. */
const frames: fc.Arbitrary<PagingFrames> = fc.record({
  cycle: fc.constantFrom(128, 256, 512, 1_024),
  nB: fc.constantFrom(4, 2, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128),
});
const identity = fc.record({ ueId: fc.nat(4_095), hashed: fc.nat(4_095) });
const edrxCycles = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].map((each) => 20_480 * each);

describe("DRX", () => {
  test.each([
    // T 128, nB T: frame UE_ID mod 128, subframe 9.
    [{ cycle: 128, nB: 1 }, 1_000, 0, 10 * (1_000 % 128) + 9],
    // T 256, nB T/8: 32 frames of a cycle, 80 ms apart.
    [{ cycle: 256, nB: 1 / 8 }, 4_095, 0, 10 * 8 * (4_095 % 32) + 9],
    // nB 4T: four subframes of each frame, by the rest of the identity.
    [{ cycle: 128, nB: 4 }, 128 * 2 + 5, 0, 10 * 5 + 5],
    [{ cycle: 128, nB: 4 }, 128 * 4 + 5, 0, 10 * 5 + 0],
    [{ cycle: 128, nB: 2 }, 128 + 5, 0, 10 * 5 + 9],
    // The frame of this cycle is over.
    [{ cycle: 1_024, nB: 1 }, 7, 80, 10 * (1_024 + 7) + 9],
  ])("%o, UE_ID %d, from %d ms on: %d ms", (configuration, ueId, after, expected) => {
    expect(nextPagingOccasion({ ueId, hashed: 0 }, after, undefined, configuration)).toBe(expected);
  });

  it("is once a cycle, in the frame and the subframe that the standard says", () => {
    fc.assert(
      fc.property(frames, identity, fc.nat(10_000_000), (configuration, who, after) => {
        const at = nextPagingOccasion(who, after, undefined, configuration);
        expect(at).toBeGreaterThanOrEqual(after);
        expect(at - after).toBeLessThan(10 * configuration.cycle);
        const { cycle: T, nB } = configuration;
        const N = Math.min(T, nB * T);
        expect(Math.floor(at / 10) % T).toBe((T / N) * (who.ueId % N));
        expect(nextPagingOccasion(who, at + 1, undefined, configuration)).toBe(at + 10 * T);
      }),
    );
  });
});

describe("eDRX", () => {
  it("hashes an S-TMSI as the standard's annex B, which is CRC-32 as BZIP2 has it", () => {
    // github.com/jounikor/3gpp, paging.py: 0xC704DD7B for 32 bits of nothing but the ones put in front, complemented.
    expect(hashedId(0)).toBe(0x38fb_2284);
    // CRC-32/BZIP2 of FF FF FF FF: what is left of the ones in front is nothing.
    expect(hashedId(0xffff_ffff)).toBe(0xffff_ffff);
  });

  it("has its window in the hyperframe and the quarter that the hash says, and DRX within", () => {
    fc.assert(
      fc.property(
        frames,
        identity,
        fc.constantFrom(...edrxCycles),
        fc.nat(100_000_000),
        (configuration, who, cycle, after) => {
          const at = nextPagingOccasion(who, after, cycle, configuration);
          expect(at).toBeGreaterThanOrEqual(after);
          expect(at - after).toBeLessThan(cycle + pagingTimeWindow);
          // The frame of 10 ms that it is in, seen from where its windows begin.
          const H = cycle / 10_240;
          const start = 1_024 * (who.hashed % H) + 256 * (Math.floor(who.hashed / H) % 4);
          const into = (((at / 10 - start) % (1_024 * H)) + 1_024 * H) % (1_024 * H);
          expect(into).toBeLessThan(1_024);
          expect(nextPagingOccasion(who, at, undefined, configuration)).toBe(at);
          // None between was left out.
          const before = nextPagingOccasion(who, at - 10 * configuration.cycle, undefined, configuration);
          if (before >= after && before < at) {
            const early = (((before / 10 - start) % (1_024 * H)) + 1_024 * H) % (1_024 * H);
            expect(early).toBeGreaterThanOrEqual(1_024);
          }
        },
      ),
    );
  });
});

test("who has what for an IMSI counts as 0", () => {
  expect(pagingIdentity("001012345678901").ueId).toBe(1_012_345_678_901 % 4_096);
  expect(pagingIdentity("")).toEqual(pagingIdentity("0"));
  expect(pagingIdentity("00101my-device")).toEqual(pagingIdentity("0"));
});
