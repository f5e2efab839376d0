import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { FasorTimer, PlainTimer, readRtoState } from "../../../firmware/coap/rto";
import { internet, narrowband } from "../../../firmware/coap/transmission";
import type { RetransmissionTimer } from "../../../firmware/coap/rto";

/** The first `count` time-outs of a series; `at` is what `random` gives. */
function series(timer: RetransmissionTimer, count: number, at = 0): number[] {
  const begun = timer.begin(() => at);
  return Array.from({ length: count }, () => begun.next());
}

const nearly = (values: number[]): unknown[] => values.map((value) => expect.closeTo(value, 6));

/** Largest number below 1, as Math.random may give it. */
const almostOne = 1 - 2 ** -53;

/**
 * FASOR as appendix A of the draft tells it, one variable after the other, without dither: what
 * `begin(random)` adds is taken off by the caller.
 */
class Appendix {
  state: "normal" | "fast-slow-fast" | "slow-fast" = "normal";
  srtt: number | undefined;
  rttvar = 0;
  fast: number;
  slow = 0;
  constructor(initial: number) {
    this.fast = initial;
  }
  ack(sample: number, retransmitted: boolean): void {
    if (!retransmitted) {
      if (this.srtt === undefined) {
        this.srtt = sample;
        this.rttvar = sample / (2 * 4);
      } else {
        this.rttvar = (3 / 4) * this.rttvar + (1 / 4) * Math.abs(this.srtt - sample);
        this.srtt = (7 / 8) * this.srtt + (1 / 8) * sample;
      }
      this.fast = Math.min(this.srtt + 4 * this.rttvar, 60_000);
      this.state = "normal";
    } else {
      // Ours: a minute, or MAX_TRANSMIT_WAIT and a half once slow-fast has failed.
      this.slow = Math.min(sample * 1.5, this.state === "slow-fast" ? 139_500 : 60_000);
      this.state = this.state === "normal" ? "fast-slow-fast" : "slow-fast";
    }
  }
  timeouts(count: number, dither: number): number[] {
    const fast = this.fast + dither;
    const out: number[] = [];
    let backoff = fast;
    for (let retransmissions = 0; retransmissions < count; retransmissions++) {
      if (this.state === "slow-fast") {
        if (retransmissions === 0) out.push(this.slow);
        else out.push((backoff = retransmissions === 1 ? fast : backoff * 2));
      } else if (this.state === "fast-slow-fast") {
        if (retransmissions === 0) out.push((backoff = fast));
        else if (retransmissions === 1) out.push(Math.max(this.slow, 2 * fast));
        else out.push((backoff *= 2));
      } else {
        out.push((backoff = retransmissions === 0 ? fast : backoff * 2));
      }
    }
    return out;
  }
}

describe("plain time-outs, RFC 7252 section 4.2", () => {
  test.each([
    ["internet, least", internet, 0, [2_000, 4_000, 8_000, 16_000]],
    ["internet, middle", internet, 0.5, [2_500, 5_000, 10_000, 20_000]],
    ["narrowband, least", narrowband, 0, [10_000, 20_000, 40_000, 80_000]],
    ["a factor of 1", { ...internet, ackRandomFactor: 1 }, 0.9, [2_000, 4_000, 8_000, 16_000]],
  ])("%s", (_name, transmission, random, expected) => {
    expect(series(new PlainTimer(transmission), 4, random)).toEqual(expected);
  });

  it("never exceed ACK_TIMEOUT x ACK_RANDOM_FACTOR, and learn nothing", () => {
    const timer = new PlainTimer(internet);
    timer.acknowledged();
    timer.gaveUp();
    expect(series(timer, 1, almostOne)[0]).toBeLessThanOrEqual(3_000);
    expect(timer.exportState()).toBeUndefined();
  });
});

describe("FASOR's FastRTO", () => {
  it("starts at the initial RTO, dithered by a quarter to the whole of a third of it", () => {
    expect(series(new FasorTimer(internet), 3)).toEqual(
      nearly([2_000 + 2_000 / 12, 4_333.333333, 8_666.666667]),
    );
    expect(series(new FasorTimer(narrowband), 1, almostOne)).toEqual(nearly([10_000 + 10_000 / 3]));
  });

  test.each([
    // first sample R: SRTT = R, RTTVAR = R/8, RTO = 1.5 R; dither from SRTT/4
    [[800], 800 * 1.5 + 200],
    [[4_000], 6_000 + 1_000],
    // 4000, then 4000: RTTVAR = 375, SRTT = 4000, RTO = 5500
    [[4_000, 4_000], 5_500 + 1_000],
    // 4000, then 8000: RTTVAR = 0.75 x 500 + 0.25 x 4000 = 1375, SRTT = 4500, RTO = 10000
    [[4_000, 8_000], 10_000 + 1_125],
    // below the second that TCP would insist on
    [[40], 60 + 10],
    // the upper bound of 60 s, and SRTT's share of at most 60 s
    [[100_000], 60_000 + 15_000],
  ])("after round trips of %j is %d at the least", (samples, expected) => {
    const timer = new FasorTimer(internet);
    for (const sample of samples) timer.acknowledged(sample, 0);
    expect(series(timer, 2)).toEqual(nearly([expected, 2 * expected]));
  });

  it("comes to rest just above a steady round trip", () => {
    const timer = new FasorTimer(narrowband);
    for (let i = 0; i < 40; i++) timer.acknowledged(3_000, 0);
    expect(series(timer, 1)[0]).toBeGreaterThan(3_000 * 1.25);
    expect(series(timer, 1, almostOne)[0]).toBeLessThan(3_000 * 2.01);
  });

  it("comes to rest between SRTT and 1.5 SRTT whatever came before", () => {
    const before = fc.array(fc.integer({ min: 1, max: 30_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(before, fc.integer({ min: 20, max: 30_000 }), (history, roundTrip) => {
        const timer = new FasorTimer(narrowband);
        for (const sample of history) timer.acknowledged(sample, 0);
        for (let i = 0; i < 100; i++) timer.acknowledged(roundTrip, 0);
        const { srtt } = timer.exportState()!;
        expect(Math.abs(srtt - roundTrip)).toBeLessThanOrEqual(1);
        // The dither taken off: SRTT / 4 at random 0. One ms for the rounding of the state.
        const rto = series(timer, 1)[0] - srtt / 4;
        expect(rto).toBeGreaterThanOrEqual(srtt - 1);
        expect(rto).toBeLessThanOrEqual(1.5 * srtt + 1);
      }),
    );
  });

  it("is not touched by acknowledgements after a retransmission", () => {
    const timer = new FasorTimer(internet);
    timer.acknowledged(1_000, 0);
    const { srtt, rttvar } = timer.exportState()!;
    timer.acknowledged(30_000, 2);
    expect(timer.exportState()).toMatchObject({ srtt, rttvar });
  });
});

describe("FASOR's series", () => {
  const learnt = (): FasorTimer => {
    const timer = new FasorTimer(internet);
    timer.acknowledged(2_000, 0); // RTO 3000, dither 500 at random 0
    return timer;
  };

  it("fast, while nothing is sent twice", () => {
    expect(series(learnt(), 4)).toEqual([3_500, 7_000, 14_000, 28_000]);
  });

  it("fast-slow-fast after one retransmission: the loss is tested first", () => {
    const timer = learnt();
    timer.acknowledged(8_000, 1); // SlowRTO 12000
    expect(series(timer, 4)).toEqual([3_500, 12_000, 7_000, 14_000]);
  });

  it("fast-slow-fast never waits less than twice FastRTO at its second place", () => {
    const timer = learnt();
    timer.acknowledged(3_600, 1); // SlowRTO 5400
    expect(series(timer, 3)).toEqual([3_500, 7_000, 7_000]);
  });

  it("slow-fast after two in a row, and for as long as it goes on", () => {
    const timer = learnt();
    timer.acknowledged(8_000, 1);
    timer.acknowledged(10_000, 3);
    expect(series(timer, 4)).toEqual([15_000, 3_500, 7_000, 14_000]);
    timer.acknowledged(20_000, 1);
    expect(series(timer, 4)).toEqual([30_000, 3_500, 7_000, 14_000]);
  });

  it("fast again once an acknowledgement leaves no doubt", () => {
    const timer = learnt();
    timer.acknowledged(8_000, 1);
    timer.acknowledged(8_000, 1);
    timer.acknowledged(2_000, 0);
    expect(timer.exportState()!.doubt).toBe(0);
    expect(series(timer, 2)[1] / series(timer, 1)[0]).toBeCloseTo(2);
  });

  it("counts giving up as an acknowledgement at that time, bounded by a minute", () => {
    const timer = learnt();
    timer.gaveUp(30_000);
    expect(series(timer, 3)).toEqual([3_500, 45_000, 7_000]);
    timer.gaveUp(105_000);
    expect(series(timer, 2)).toEqual([60_000, 3_500]);
  });

  it("lets SlowRTO fill MAX_TRANSMIT_WAIT once slow-fast has failed as well", () => {
    const timer = learnt();
    for (let i = 0; i < 3; i++) timer.gaveUp(93_000);
    expect(series(timer, 1)).toEqual([139_500]);
    timer.acknowledged(70_000, 1);
    expect(series(timer, 1)).toEqual([105_000]);
    for (let i = 0; i < 3; i++) timer.gaveUp(200_000);
    expect(series(timer, 1)).toEqual([139_500]);
  });

  it("that has begun is not changed by what is learnt meanwhile", () => {
    const timer = learnt();
    const begun = timer.begin(() => 0);
    expect(begun.next()).toBe(3_500);
    timer.acknowledged(50_000, 2);
    timer.acknowledged(9_000, 0);
    expect([begun.next(), begun.next()]).toEqual([7_000, 14_000]);
  });

  it("end while the connection lasts that the first transmission has opened", () => {
    const timer = new FasorTimer({ ...narrowband, connection: 18_000 });
    for (const sample of [4_000, 20_000, 4_000, 20_000]) timer.acknowledged(sample, 0);
    const { srtt, rttvar } = timer.exportState()!;
    expect(srtt + 4 * rttvar).toBeGreaterThan(18_000);
    // A twentieth of the dither before it ends: 18000 x 0.9875, and 18000 x 0.95; then twice as long, as ever.
    expect(series(timer, 2)).toEqual(nearly([17_775, 35_550]));
    expect(series(timer, 1, almostOne)).toEqual(nearly([17_100]));
    // A round trip that it has no room for: half as long again is waited.
    for (let i = 0; i < 8; i++) timer.acknowledged(20_000, 0);
    timer.acknowledged(50_000, 0);
    const { srtt: longer } = timer.exportState()!;
    expect(longer).toBeGreaterThan(19_000);
    expect(series(timer, 1)[0]).toBeCloseTo(1.5 * longer, -1);
  });

  it("learn a round trip that has jumped beyond the time of giving up, up to a minute", () => {
    const timer = new FasorTimer({ ...narrowband, connection: undefined });
    timer.acknowledged(3_000, 0);
    // RTO 4500, dither 750: 5250 + 10500 + 21000, and nothing had come by then.
    expect(series(timer, 3)).toEqual([5_250, 10_500, 21_000]);
    timer.gaveUp(36_750);
    // SlowRTO 1.5 x 36750. The answer after 50 s is within the second time-out.
    expect(series(timer, 2)).toEqual([5_250, 55_125]);
    timer.acknowledged(50_000, 1);
    // 1.5 x 50000 has its bound, and is longer than the round trip: no copy is sent any more.
    expect(series(timer, 1)).toEqual([60_000]);
    timer.acknowledged(50_000, 0);
    // RTTVAR = 0.75 x 375 + 0.25 x 47000 = 12031.25, SRTT = 8875, RTO = 57000, dither 2218.75
    expect(series(timer, 1)).toEqual([59_218.75]);
  });

  it("agrees with the draft's appendix A over any history", () => {
    const step = fc.record({
      elapsed: fc.integer({ min: 1, max: 200_000 }),
      again: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.double({ min: 0, max: almostOne, noNaN: true }),
        (steps, at) => {
          const timer = new FasorTimer(internet);
          const draft = new Appendix(internet.ackTimeout);
          for (const { elapsed, again } of [...steps, { elapsed: 1, again: 0 }]) {
            const srtt = draft.srtt === undefined ? internet.ackTimeout / 3 : Math.min(draft.srtt, 60_000);
            const dither = srtt / 4 + at * 0.75 * srtt;
            expect(series(timer, 5, at)).toEqual(nearly(draft.timeouts(5, dither)));
            timer.acknowledged(elapsed, again);
            draft.ack(elapsed, again > 0);
          }
        },
      ),
    );
  });
});

describe("nonsense", () => {
  const nonsense = fc.constantFrom(NaN, Infinity, -Infinity, -1, 0, 1e-9, 2 ** 53, 1e300);
  const step = fc.record({
    elapsed: fc.oneof(nonsense, fc.double()),
    again: fc.nat(4),
    gaveUp: fc.boolean(),
  });

  test.each([
    // taken for a millisecond, because 0 stands for nothing learnt
    [0, { srtt: 1, rttvar: 0, slowRto: 0, doubt: 0 }],
    [3_600_000, { srtt: 3_600_000, rttvar: 450_000, slowRto: 0, doubt: 0 }],
    [3_600_001, undefined],
    [-1, undefined],
    [NaN, undefined],
    [Infinity, undefined],
  ])("a round trip of %d ms leaves %j behind", (elapsed, expected) => {
    const timer = new FasorTimer(internet);
    timer.acknowledged(elapsed, 0);
    expect(timer.exportState()).toEqual(expected);
  });

  test.each([NaN, Infinity, -1, 3_600_001])("of %d ms leaves what was known alone", (elapsed) => {
    const timer = new FasorTimer(internet);
    timer.acknowledged(2_000, 0);
    timer.acknowledged(8_000, 1);
    const known = timer.exportState();
    timer.acknowledged(elapsed, 0);
    timer.acknowledged(elapsed, 2);
    timer.gaveUp(elapsed);
    expect(timer.exportState()).toEqual(known);
  });

  it("never makes a time-out that is not a time", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const timer = new FasorTimer(narrowband);
        for (const { elapsed, again, gaveUp } of steps) {
          if (gaveUp) timer.gaveUp(elapsed);
          else timer.acknowledged(elapsed, again);
          for (const timeout of series(timer, 3, 0.5)) {
            expect(timeout).toBeGreaterThan(0);
            // FastRTO with its dither, doubled twice.
            expect(timeout).toBeLessThanOrEqual(4 * 120_000);
          }
          const state = timer.exportState();
          if (state !== undefined) expect(readRtoState(state)).toEqual(state);
        }
      }),
    );
  });
});

describe("the state over deep sleep", () => {
  it("is plain numbers, and undefined while nothing has been learnt", () => {
    const timer = new FasorTimer(narrowband);
    expect(timer.exportState()).toBeUndefined();
    timer.acknowledged(2_000.4, 0);
    expect(timer.exportState()).toEqual({ srtt: 2_000, rttvar: 250, slowRto: 0, doubt: 0 });
  });

  it("goes on as if there had been no sleep", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.nat(2)), { minLength: 1, maxLength: 20 }),
        (steps) => {
          const awake = new FasorTimer(narrowband);
          for (const [elapsed, again] of steps) awake.acknowledged(elapsed, again);
          const woken = new FasorTimer(narrowband, JSON.parse(JSON.stringify(awake.exportState())));
          const [a, b] = [series(awake, 4, 0.3), series(woken, 4, 0.3)];
          // Whole milliseconds are kept: RTTVAR counts four times, and time-outs double.
          a.forEach((timeout, i) => expect(Math.abs(timeout - b[i])).toBeLessThanOrEqual(3 * 2 ** i));
        },
      ),
    );
  });

  it("goes on the same way for ever: a second export is the first, and so is all that follows", () => {
    const step = fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.nat(2));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), fc.array(step, { maxLength: 20 }), (past, future) => {
        const before = new FasorTimer(narrowband);
        for (const [elapsed, again] of past) before.acknowledged(elapsed, again);
        const kept = before.exportState();
        // One device sleeps once, the other twice in a row.
        const once = new FasorTimer(narrowband, kept);
        const twice = new FasorTimer(narrowband, new FasorTimer(narrowband, kept).exportState());
        expect(twice.exportState()).toEqual(kept);
        for (const [elapsed, again] of future) {
          expect(series(twice, 4, 0.3)).toEqual(series(once, 4, 0.3));
          once.acknowledged(elapsed, again);
          twice.acknowledged(elapsed, again);
        }
      }),
    );
  });

  const good = { srtt: 2_000, rttvar: 250, slowRto: 3_000, doubt: 1 };
  test.each([
    ["nothing", undefined],
    ["null", null],
    ["text", "2000"],
    ["a list", [2_000, 250, 3_000, 1]],
    ["a field missing", { srtt: 2_000, rttvar: 250, doubt: 0 }],
    ["text in a field", { ...good, srtt: "2000" }],
    ["a fraction", { ...good, rttvar: 0.5 }],
    ["a negative time", { ...good, srtt: -1 }],
    ["NaN", { ...good, srtt: NaN }],
    ["an hour and more", { ...good, slowRto: 3_600_001 }],
    ["a doubt that does not exist", { ...good, doubt: 3 }],
    ["doubt without a SlowRTO", { ...good, slowRto: 0 }],
  ])("is refused when it is %s, and FASOR starts afresh", (_what, state) => {
    expect(readRtoState(state)).toBeUndefined();
    expect(series(new FasorTimer(internet, state), 2)).toEqual(series(new FasorTimer(internet), 2));
  });

  it("is refused or sound, whatever the flash holds", () => {
    const field = fc.oneof(fc.nat(), fc.double(), fc.anything());
    const states = fc.record(
      { srtt: field, rttvar: field, slowRto: field, doubt: field },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), states), (state) => {
        for (const timeout of series(new FasorTimer(internet, state), 4, 0.7))
          expect(timeout).toBeGreaterThan(0);
      }),
    );
  });
});
