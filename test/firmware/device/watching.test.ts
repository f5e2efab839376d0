/** What watches over the device: clock, budget, start delay, supervisor. */
import { describe, expect, it } from "vitest";
import { RadioBudget } from "../../../firmware/continuity/radio-budget";
import { panicPause, startDelay } from "../../../firmware/device/start-delay";
import { Supervisor } from "../../../firmware/device/supervisor";
import { WallClock } from "../../../firmware/device/wall-clock";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

describe("the wall clock", () => {
  it("believes the first telling, small corrections, and a step only when it is told twice", () => {
    const clock = new WallClock();
    expect(clock.epoch).toBeUndefined();
    expect(clock.tell(1_000_000, 0)).toBe("first");
    expect(clock.tell(1_000_000 + hour + 900, hour)).toBe("set");
    expect(clock.epoch).toBe(1_000_900);
    expect(clock.tell(1_000_000 + 2 * hour + day, 2 * hour)).toBe("doubted");
    expect(clock.epoch).toBe(1_000_900);
    // It was one bad telling.
    expect(clock.tell(1_000_000 + 3 * hour, 3 * hour)).toBe("set");
    expect(clock.tell(1_000_000 + 4 * hour + day, 4 * hour)).toBe("doubted");
    expect(clock.tell(1_000_000 + 5 * hour + day, 5 * hour)).toBe("jumped");
    expect(clock.epoch).toBe(1_000_000 + day);
  });

  it("believes a step at once when what was told before is known to have been read the wrong way", () => {
    const clock = new WallClock();
    clock.tell(11 * hour, 0);
    expect(clock.tell(0, 0, true)).toBe("jumped");
    expect(clock.epoch).toBe(0);
    expect(clock.tell(minute, minute, true)).toBe("set");
  });

  it("does not believe two steps that contradict each other", () => {
    const clock = new WallClock();
    clock.tell(0, 0);
    expect(clock.tell(day, 0)).toBe("doubted");
    expect(clock.tell(2 * day, 0)).toBe("doubted");
    expect(clock.epoch).toBe(0);
  });
});

describe("the radio's budget", () => {
  it("counts what is on in vain, and says when the day's is spent and when the next day begins", () => {
    const budget = new RadioBudget(600, 0);
    budget.note(true, 0);
    expect(budget.deadline(0)).toBe(10 * minute);
    budget.note(false, 4 * minute);
    expect([budget.spent(5 * minute), budget.isSpent(5 * minute), budget.deadline(5 * minute)]).toEqual([
      240,
      false,
      Infinity,
    ]);
    budget.note(true, hour);
    expect(budget.deadline(hour)).toBe(hour + 6 * minute);
    expect(budget.isSpent(hour + 6 * minute)).toBe(true);
    budget.note(false, hour + 6 * minute);
    expect(budget.deadline(hour + 6 * minute)).toBe(day);
    expect(budget.isSpent(day - 1)).toBe(true);
    expect([budget.isSpent(day), budget.spent(day)]).toEqual([false, 0]);
  });

  it("forgives all that was spent up to an answer, and counts again from a failure on", () => {
    const budget = new RadioBudget(600, 0);
    budget.note(true, 0);
    budget.answered();
    budget.note(true, hour);
    expect(budget.spent(hour)).toBe(0);
    budget.failed(hour);
    budget.note(true, hour + minute);
    expect(budget.spent(hour + minute)).toBe(60);
    budget.note(false, hour + minute);
    budget.note(true, 2 * hour);
    expect(budget.spent(2 * hour + minute)).toBe(120);
    budget.answered();
    expect(budget.spent(2 * hour + minute)).toBe(0);
    budget.note(false, 2 * hour + minute);
    // The next silence has a day of its own.
    budget.note(true, 20 * hour);
    expect(budget.deadline(20 * hour + 10 * minute)).toBe(44 * hour);
  });

  it("goes on after a restart with what was spent before; 0 is no bound", () => {
    expect(new RadioBudget(600, 600).isSpent(0)).toBe(true);
    expect(new RadioBudget(600, 9_999).deadline(5)).toBe(5 + day);
    const unbound = new RadioBudget(0, 500);
    unbound.note(true, 0);
    expect([unbound.isSpent(10 * day), unbound.deadline(0)]).toEqual([false, Infinity]);
  });
});

describe("the delay at start", () => {
  it("is the device's own, another one each boot, and spreads a thousand devices evenly", () => {
    const delays = Array.from({ length: 1_000 }, (_, i) => startDelay(`8612340${50_000 + i}`, 1, 300_000));
    expect(new Set(delays).size).toBeGreaterThan(990);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = delays.filter((delay) => Math.floor(delay / 30_000) === tenth).length;
      expect(share).toBeGreaterThan(60);
      expect(share).toBeLessThan(140);
    }
    expect(startDelay("861234050000", 1, 300_000)).toBe(startDelay("861234050000", 1, 300_000));
    expect(startDelay("861234050000", 2, 300_000)).not.toBe(startDelay("861234050000", 1, 300_000));
    expect(startDelay("861234050000", 1, 0)).toBe(0);
  });
});

describe("the pause after panics", () => {
  it("is longer after each in a row, up to an hour, and none without a panic", () => {
    for (const key of ["861234050000", "861234050001", "x"]) {
      expect(panicPause(key, 1, 0)).toBe(0);
      let before = 29_999;
      for (let n = 1; n <= 6; n++) {
        const pause = panicPause(key, n, n);
        expect(pause).toBeGreaterThan(before);
        expect(pause).toBeLessThan(60_000 * 2 ** (n - 1));
        before = pause;
      }
      for (const n of [7, 12, 31]) {
        expect(panicPause(key, n, n)).toBeGreaterThanOrEqual(1_800_000);
        expect(panicPause(key, n, n)).toBeLessThan(3_600_000);
      }
    }
  });
});

describe("the supervisor", () => {
  const supervised = (): { supervisor: Supervisor; resets: number[] } => {
    const resets: number[] = [];
    const link = { reset: (now: number) => void resets.push(now) };
    return { supervisor: new Supervisor({ link, log: () => undefined }), resets };
  };
  const idle = { waiting: false, deadline: Infinity };

  it("resets the link after four exchanges without an answer, and again after four more", () => {
    const { supervisor, resets } = supervised();
    for (let n = 1; n <= 9; n++) supervisor.unanswered(n);
    expect(resets).toEqual([4, 8]);
    supervisor.answered();
    for (let n = 10; n <= 12; n++) supervisor.unanswered(n);
    expect(resets).toEqual([4, 8]);
  });

  it("restarts after ten faults in ten minutes, not after ten in a day", () => {
    const { supervisor } = supervised();
    const day_ = Array.from({ length: 30 }, (_, i) => supervisor.fault(i * hour));
    expect(day_.some(Boolean)).toBe(false);
    const burst = Array.from({ length: 10 }, (_, i) => supervisor.fault(day + day + i * 1_000));
    expect(burst.indexOf(true)).toBe(9);
  });

  it("restarts after a day of exchanges without an answer; a day without a network is none", () => {
    const { supervisor } = supervised();
    for (let at = 0; at < 3 * day; at += 10 * minute) expect(supervisor.look(idle, at)).toBeUndefined();
    const from = 3 * day;
    let at = from;
    let cause: string | undefined;
    for (; cause === undefined && at < from + 2 * day; at += hour) {
      supervisor.unanswered(at);
      cause = supervisor.look(idle, at);
    }
    expect(cause).toBe("no-contact");
    expect(at - from).toBe(25 * hour);
    // A few in a day, as of a device that reports twice a day, are not enough.
    const seldom = supervised().supervisor;
    for (let i = 0; i < 10; i++) {
      seldom.unanswered(i * 12 * hour);
      expect(seldom.look(idle, i * 12 * hour)).toBeUndefined();
    }
    const heard = supervised().supervisor;
    for (let i = 0; i < 60; i++) {
      heard.unanswered(i * hour);
      if (i % 20 === 19) heard.answered();
      expect(heard.look(idle, i * hour)).toBeUndefined();
    }
  });

  it("restarts one that waits for nothing", () => {
    const { supervisor } = supervised();
    const hung = { waiting: true, deadline: Infinity };
    let cause: string | undefined;
    let at = 0;
    for (; cause === undefined && at < day; at += 10 * minute) cause = supervisor.look(hung, at);
    expect(cause).toBe("hung");
    expect(at).toBeLessThanOrEqual(hour);
    const fresh = supervised().supervisor;
    for (at = 0; at < day; at += 10 * minute) {
      expect(fresh.look({ ...idle, waiting: true, deadline: at + minute }, at)).toBeUndefined();
    }
  });
});
