/** The limit on datagrams per address. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { noRateLimit, RateLimiter } from "../../../../host-sim/cloud/coap/rate-limit";
import { demoPeer } from "../harness";
import { Asker, layerRig } from "./message-layer-rig";
import { runs } from "../../../density";

function limiter(perSecond: number, burst: number, most = 100): RateLimiter {
  const made = new RateLimiter(most);
  made.limit = { perSecond, burst };
  return made;
}

describe("an address", () => {
  it("may send its burst at once, then so many per second", () => {
    const rates = limiter(2, 3);
    const verdicts = [0, 0, 0, 0, 499, 500, 500, 999, 1000, 1000].map(
      (now) => rates.judge("a", now) === "taken",
    );
    expect(verdicts).toEqual([true, true, true, false, false, true, false, false, true, false]);
  });

  it("saves up a burst and no more", () => {
    const rates = limiter(10, 3);
    const taken = (now: number) => [1, 2, 3, 4, 5].filter(() => rates.judge("a", now) === "taken").length;
    expect([taken(0), taken(100), taken(10_000), taken(3_600_000)]).toEqual([3, 1, 3, 3]);
  });

  it("may be slower than once a second", () => {
    const rates = limiter(0.1, 1);
    expect([0, 9_999, 10_000, 10_001].map((now) => rates.judge("a", now))).toEqual([
      "taken",
      "refused",
      "taken",
      "refused-again",
    ]);
  });

  it("shares its bucket with all of its IPv6 network", () => {
    const rates = limiter(1, 2);
    const from = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8:0:1::1"];
    expect(from.map((address) => rates.judge(address, 0))).toEqual(["taken", "taken", "refused", "taken"]);
    expect(rates.size).toBe(2);
  });

  it("has a bucket of its own", () => {
    const rates = limiter(1, 1);
    expect(["a", "b", "a", "b"].map((address) => rates.judge(address, 0))).toEqual([
      "taken",
      "taken",
      "refused",
      "refused",
    ]);
  });

  it("is told of once a second", () => {
    const rates = limiter(0.001, 1);
    const told = [0, 0, 500, 999, 1000, 1500, 2000].map((now) => rates.judge("a", now));
    expect(told).toEqual([
      "taken",
      "refused",
      "refused-again",
      "refused-again",
      "refused",
      "refused-again",
      "refused",
    ]);
  });
});

it("no limit keeps nothing and takes all", () => {
  const rates = new RateLimiter(10);
  expect(rates.limit).toEqual(noRateLimit);
  for (let n = 0; n < 1000; n++) expect(rates.judge("a", 0)).toBe("taken");
  expect(rates.size).toBe(0);
});

it("a new limit starts anew, and the one given out is a copy", () => {
  const rates = limiter(1, 1);
  rates.judge("a", 0);
  expect(rates.judge("a", 0)).toBe("refused");
  rates.limit.burst = 100;
  expect(rates.judge("a", 0)).toBe("refused-again");
  rates.limit = { perSecond: 1, burst: 1 };
  expect(rates.judge("a", 0)).toBe("taken");
});

test.each([
  [-1, 1, "perSecond: expected a number of 0 or more, got -1"],
  [Number.NaN, 1, "perSecond: expected a number of 0 or more, got NaN"],
  [Infinity, 1, "perSecond: expected a number of 0 or more, got Infinity"],
  [1, 0, "burst: expected a number of 1 or more, got 0"],
  [1, Number.NaN, "burst: expected a number of 1 or more, got NaN"],
])("perSecond %d, burst %d: a RangeError, and the former limit stays", (perSecond, burst, told) => {
  const rates = limiter(3, 4);
  expect(() => (rates.limit = { perSecond, burst })).toThrow(new RangeError(`rate limit, ${told}`));
  expect(rates.limit).toEqual({ perSecond: 3, burst: 4 });
});

describe("memory", () => {
  it("forgets full buckets when others come", () => {
    const rates = limiter(1, 2, 1000);
    for (let n = 0; n < 50; n++) rates.judge(`a${n}`, 0);
    rates.judge("late", 900);
    expect(rates.size).toBe(51);
    rates.judge("later", 1000);
    expect(rates.size).toBe(2);
  });

  it("is bounded whoever comes, and keeps those that speak", () => {
    const rates = limiter(0.001, 1, 100);
    const taken: number[] = [];
    for (let n = 0; n < 10_000; n++) {
      rates.judge(`a${n}`, n);
      if (rates.judge("flooder", n) === "taken") taken.push(n);
    }
    expect(taken).toEqual([0]);
    expect(rates.size).toBe(100);
  });

  it("never takes more of one address than its rate and burst allow, whatever comes", () => {
    const step = fc.record({ address: fc.nat(3), wait: fc.nat(700) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 100, size: "max" }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 6 }),
        (steps, perSecond, burst) => {
          const rates = limiter(perSecond, burst, 8);
          const taken = [0, 1, 2, 3].map((): number[] => []);
          let now = 0;
          for (const { address, wait } of steps) {
            now += wait;
            if (rates.judge(`a${address}`, now) === "taken") taken[address].push(now);
          }
          for (const times of taken) {
            times.forEach((from, i) => {
              times.slice(i).forEach((to, n) => {
                const most = burst + ((to - from) * perSecond) / 1000 + 1e-6;
                if (n + 1 > most) expect(n + 1).toBeLessThanOrEqual(most);
              });
            });
          }
        },
      ),
      { seed: 429, numRuns: runs(300) },
    );
  });
});

describe("in the message layer", () => {
  it("what is above the rate is dropped without a word, counted, and told once a second", () => {
    const b = layerRig();
    b.layer.rateLimit = { perSecond: 1, burst: 2 };
    expect(b.layer.rateLimit).toEqual({ perSecond: 1, burst: 2 });
    const asker = new Asker(b);
    asker.ask({}, 0);
    for (let n = 0; n < 10; n++) b.receive(asker.last, 10 * n);
    expect(b.sent).toHaveLength(2);
    expect(b.handled).toHaveLength(1);
    expect(b.layer.counters).toMatchObject({ datagrams: 11, rateLimited: 9, duplicateRequests: 1 });
    expect(b.events.map(({ type }) => type)).toEqual(["duplicate-request", "rate-limited"]);
    expect(b.events[1]).toEqual({ type: "rate-limited", peer: demoPeer });
  });

  it("another port of the same address shares its bucket, another address does not", () => {
    const b = layerRig();
    b.layer.rateLimit = { perSecond: 1, burst: 1 };
    new Asker(b).ask({}, 0);
    b.receive(Buffer.from("40001234", "hex"), 0, { ...demoPeer, port: 9 });
    expect(b.sent).toHaveLength(1);
    b.receive(Buffer.from("40001234", "hex"), 0, { ...demoPeer, address: "10.0.0.3" });
    expect(b.sent).toHaveLength(2);
  });
});
