import { describe, expect, test } from "vitest";
import { Random } from "../../../../host-sim/sim/time/random";

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next());

describe("seeded randomness", () => {
  test("the same seed gives the same numbers, on every machine", () => {
    expect(draw(new Random(1), 50)).toEqual(draw(new Random("1"), 50));
    expect(draw(new Random(1), 5)).not.toEqual(draw(new Random(2), 5));
    // Fixed for ever: a change here changes what every published seed replays.
    expect([new Random(1).u32(), new Random(7).fork("radio").u32()]).toMatchInlineSnapshot(`
      [
        446001398,
        2225758738,
      ]
    `);
  });

  test("a fork depends on its label and not on what was drawn before", () => {
    const [fresh, used] = [new Random(3), new Random(3)];
    draw(used, 100);
    expect(draw(used.fork("radio"), 10)).toEqual(draw(fresh.fork("radio"), 10));
    expect(draw(fresh.fork("modem"), 10)).not.toEqual(draw(fresh.fork("radio"), 10));
  });

  test("numbers are even over their range", () => {
    const buckets = new Array<number>(16).fill(0);
    const random = new Random("even");
    for (let i = 0; i < 160_000; i++) buckets[Math.floor(random.next() * 16)] += 1;
    // 10 000 expected in each, sigma 97.
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(450);
  });

  test("log-normal numbers have the median and the 95th percentile asked for", () => {
    const random = new Random("log-normal");
    const values = Array.from({ length: 40_000 }, () => random.logNormal(1_800, 4_000)).sort((a, b) => a - b);
    expect(values[20_000] / 1_800).toBeCloseTo(1, 1);
    expect(values[38_000] / 4_000).toBeCloseTo(1, 1);
  });
});
