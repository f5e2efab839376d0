/** What an update costs, by the meter that all joules are from. */
import { describe, expect, it } from "vitest";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { costOf } from "../../../../host-sim/tools/update/dry-run";
import { wholePackage } from "../../../../host-sim/tools/update/package-file";
import { readPackage } from "../../../../host-sim/tools/update/package-reader";
import { Random } from "../../../../host-sim/sim/time/random";
import type { Package } from "../../../../host-sim/tools/update/package-reader";

const battery = { capacity: 19, years: 5 };

function packageOf(length: number): Package {
  const about = { board: "m5stack-nbiot", version: "0.3.0" };
  const read = readPackage(wholePackage(new Random("image").bytes(length), about, () => new Uint8Array(64)));
  if ("problem" in read) throw new Error(read.problem);
  return read;
}

describe("a package's cost", () => {
  const small = costOf(packageOf(40_000), profiles.field, battery);

  it("is counted in blocks of 512 bytes of the file", () => {
    const { bytes, blocks, air } = small;
    expect(blocks).toBe(Math.ceil(bytes / 512));
    expect(air).toBeGreaterThan(bytes + blocks * 100);
    expect(air).toBeLessThan(bytes * 1.35);
  });

  it("grows with the length, and with the coverage level", () => {
    const large = costOf(packageOf(400_000), profiles.field, battery);
    for (const level of [0, 1, 2]) {
      const share = large.levels[level].joules / small.levels[level].joules;
      expect(share).toBeGreaterThan(6);
      expect(share).toBeLessThan(11);
      expect(large.levels[level].hours / small.levels[level].hours).toBeGreaterThan(6);
    }
    const joules = small.levels.map((level) => level.joules);
    expect(joules).toEqual([...joules].sort((a, b) => a - b));
  });

  it("is what being connected takes for as long as it lasts, and some more for what is sent and unpacked", () => {
    const { connected } = profiles.field.modem;
    for (const { hours, joules } of small.levels) {
      const least = connected.value * 3_600 * hours;
      expect(joules).toBeGreaterThan(least);
      expect(joules).toBeLessThan(6 * least);
    }
  });

  it("is days of the battery: its share of all joules, times how long that lasts", () => {
    for (const { joules, days } of small.levels)
      expect(days).toBeCloseTo((joules / (19 * 3_600)) * 5 * 365.25, 9);
    const half = costOf(packageOf(40_000), profiles.field, { capacity: 38, years: 5 });
    expect(half.levels[0].days).toBeCloseTo(small.levels[0].days / 2, 9);
  });

  it("of a whole image of 1.2 MB at level 0 is three hours of contact at most", () => {
    const whole = costOf(packageOf(1_200_000), profiles.field, battery);
    expect(whole.levels[0].hours).toBeLessThan(3);
    expect(whole.levels[0].hours).toBeGreaterThan(0.5);
  });
});
