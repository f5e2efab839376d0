/** The budget for what others make the radio do: when it guards the device, for how long, and what it keeps. */
import { describe, expect, it } from "vitest";
import { OthersBudget } from "../../../firmware/continuity/others-budget";
import { retainedParts } from "../../../firmware/continuity/retained-memory";
import { RetainedRam } from "./retained-ram";
import type { Guard } from "../../../firmware/continuity/others-budget";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

function start(ram = new RetainedRam(), now = 0, continued = false, seconds = 240) {
  const guards: Guard[] = [];
  const budget = new OthersBudget({
    seconds,
    spacing: 4 * hour,
    retained: ram.start(),
    onGuarded: (guard) => guards.push(guard),
  });
  budget.begin(continued, now);
  return { budget, guards, ram };
}

describe("strangers", () => {
  it("may send a datagram now and then; one who does not stop guards the device for a day", () => {
    const { budget, guards } = start();
    budget.stranger(0);
    expect(budget.guarded(0)).toBe(false);
    // Half a minute of radio for one, and only what is added for the next ones.
    budget.stranger(5 * second);
    expect(guards).toEqual([]);
    budget.stranger(20 * second);
    expect(guards).toEqual([{ strangers: 50 * second, exchanges: 0, wait: day }]);
    expect([budget.guarded(20 * second), budget.guarded(day), budget.guarded(day + 20 * second)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("have a new day's budget each day", () => {
    const { budget, guards } = start();
    for (let i = 0; i < 20; i++) budget.stranger(i * (day + 1));
    expect(guards).toEqual([]);
  });

  it("who come back have the guard last longer, up to 16 days, and a day again once they were gone as long", () => {
    const { budget, guards } = start();
    let now = 0;
    const attack = (): void => {
      budget.stranger(now);
      budget.stranger((now += 29 * second));
    };
    for (const _ of [1, 2, 3, 4]) {
      attack();
      now += guards.at(-1)!.wait + hour;
      expect(budget.guarded(now)).toBe(false);
    }
    expect(guards.map(({ wait }) => wait / day)).toEqual([1, 4, 16, 16]);
    now += 17 * day;
    attack();
    expect(guards.at(-1)!.wait).toBe(day);
  });

  it("count for nothing without a bound", () => {
    const { budget, guards } = start(undefined, 0, false, 0);
    for (let i = 0; i < 10_000; i++) budget.stranger(i * second);
    budget.keptOn(day, 0, day);
    expect(guards).toEqual([]);
    expect([budget.may("reset", 0), budget.may("reset", 0), budget.may("session", 0)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it("are not those whose answers come late: each copy of a request may have one", () => {
    const { budget, guards } = start();
    for (let i = 0; i < 3; i++) budget.late(3, i * second);
    expect(guards).toEqual([]);
    for (let i = 0; i < 3; i++) budget.late(3, i * minute);
    expect(guards).toHaveLength(1);
  });
});

describe("what answers ask for", () => {
  it("fetches twelve commands a day though a cloud in trouble has used their share, over restarts too", () => {
    const { budget, guards, ram } = start();
    // 185 seconds of the 240.
    for (let i = 0; i < 74; i++) expect(budget.may("session", 0)).toBe(true);
    for (let i = 0; i < 7; i++) expect(budget.may("command", 0)).toBe(true);
    const again = start(ram, 5 * minute).budget;
    const more = Array.from({ length: 9 }).filter(() => again.may("command", 5 * minute));
    expect(more.length).toBe(5);
    expect(guards).toEqual([]);
    expect(again.guarded(5 * minute)).toBe(false);
    expect(again.may("command", day + 6 * minute)).toBe(true);
  });

  it("guards the device when it has taken the day's budget, commands but never by themselves", () => {
    const { budget, guards } = start();
    let commands = 0;
    while (budget.may("command", commands * second)) commands += 1;
    expect(commands).toBe((0.75 * 240) / 2.5);
    expect(guards).toEqual([]);
    let others = 0;
    while (guards.length === 0) {
      expect(budget.may("session", (commands + others) * second)).toBe(true);
      others += 1;
    }
    expect(others).toBe(0.25 * (240 / 2.5) + 1);
    expect(guards[0]).toMatchObject({ strangers: 0, exchanges: 242.5 * second });
  });

  it("is little in each contact of a guarded device", () => {
    const { budget } = start();
    budget.refused(hour, 0);
    expect(budget.guarded(0)).toBe(true);
    const allowed = (): number => Array.from({ length: 30 }).filter(() => budget.may("block", 0)).length;
    expect(allowed()).toBe(8);
    budget.contactEnded(0);
    expect(allowed()).toBe(8);
  });

  it("an RST once a minute, and none from a guarded device", () => {
    const { budget } = start();
    const sent = [0, 1, 59, 60, 61, 119, 120].filter((at) => budget.may("reset", at * second));
    expect(sent).toEqual([0, 60, 120]);
    budget.refused(hour, 200 * second);
    expect(budget.may("reset", hour)).toBe(false);
  });
});

describe("forged commands", () => {
  /** Takes commands at this moment until none may be taken, each of which is forged. */
  function forge(budget: OthersBudget, now: number, most = 1_000): number {
    for (let taken = 0; taken < most; taken++) {
      if (!budget.may("command", now)) return taken;
      budget.forged(now);
    }
    return most;
  }

  it("are taken until they have cost what strangers may, once a day, and guard nothing by that", () => {
    const { budget, guards } = start();
    expect(forge(budget, 0)).toBe(16);
    expect(forge(budget, day - 1)).toBe(0);
    // What else answers ask for is not theirs.
    expect([budget.may("block", hour), budget.may("session", hour)]).toEqual([true, true]);
    expect(forge(budget, day)).toBe(16);
    expect(guards).toEqual([]);
  });

  it.each([
    [1, 1],
    [30, 2],
    [60, 4],
    [86_400, 63],
  ])("of a budget of %d s are %d, so that one is looked at even of the smallest", (seconds, most) => {
    const { budget } = start(new RetainedRam(), 0, false, seconds);
    expect(forge(budget, 0)).toBe(most);
  });

  it("have no bound where there is none for others", () => {
    const { budget } = start(new RetainedRam(), 0, false, 0);
    expect(forge(budget, 0, 500)).toBe(500);
  });

  it("leave the rest of the day's commands alone where they are few", () => {
    const { budget } = start();
    expect(forge(budget, 0, 15)).toBe(15);
    for (let i = 0; i < 40; i++) expect(budget.may("command", hour)).toBe(true);
  });

  it("are no more of a guarded device, in each of its days", () => {
    const { budget } = start();
    budget.stranger(0);
    budget.stranger(29 * second);
    expect(budget.guarded(minute)).toBe(true);
    let taken = 0;
    for (let contact = 1; contact <= 5; contact++) {
      taken += forge(budget, contact * 4 * hour, 8);
      budget.contactEnded(contact * 4 * hour);
    }
    expect(taken).toBe(16);
  });

  it("are counted on over deep sleep and restarts", () => {
    const { budget, ram } = start();
    expect(forge(budget, hour, 10)).toBe(10);
    const slept = start(ram, 2 * hour, true);
    expect(forge(slept.budget, 2 * hour, 3)).toBe(3);
    expect(forge(start(ram).budget, minute)).toBe(3);
  });
});

describe("a guarded device", () => {
  it("may speak to the cloud at once, and then after its spacing, or when the guard is over", () => {
    const { budget } = start();
    expect(budget.nextContact).toBe(-Infinity);
    budget.refused(hour, 0);
    expect(budget.nextContact).toBe(-Infinity);
    budget.contactEnded(minute);
    expect(budget.nextContact).toBe(4 * hour + minute);
    budget.contactEnded(22 * hour);
    expect(budget.nextContact).toBe(day);
  });

  it("is guarded no more, nor soon again, when its modem is kept on all the same", () => {
    const { budget, guards } = start();
    budget.keptOn(hour, hour, 2 * hour);
    expect(guards).toHaveLength(1);
    budget.contactEnded(2 * hour + minute);
    expect(budget.guarded(3 * hour)).toBe(true);
    // In the network that it had left, it was found.
    budget.keptOn(hour, 2 * hour + minute + second, 8 * hour);
    expect(budget.guarded(8 * hour)).toBe(false);
    for (let i = 9; i < 300; i++) budget.keptOn(hour, (i - 1) * hour, i * hour);
    expect(guards).toHaveLength(1);
    budget.keptOn(hour, 7 * hour + 33 * day, 8 * hour + 33 * day);
    expect(guards).toHaveLength(2);
  });

  it("stays guarded when its modem is kept on within a contact, which it has not left yet", () => {
    const { budget, ram } = start();
    budget.keptOn(hour, hour, 2 * hour);
    // In the contact that the guard begins in.
    budget.keptOn(10 * second, 2 * hour + second, 2 * hour + 2 * minute);
    budget.contactEnded(2 * hour + 2 * minute);
    const due = 6 * hour + 2 * minute;
    // In the next one, whose answer was lost: it fell asleep until the retry, and they went on.
    budget.keptOn(10 * second, due + minute, due + 3 * minute);
    expect(budget.guarded(due + 3 * minute)).toBe(true);
    const woken = start(ram, due + 4 * minute, true).budget;
    woken.keptOn(10 * second, due + 3 * minute, due + 5 * minute);
    expect(woken.guarded(due + 5 * minute)).toBe(true);
  });
});

describe("a look at the modem", () => {
  it("follows each contact for as long as a guard has lasted, and a stranger's datagram", () => {
    const { budget, guards } = start();
    expect(budget.watching(0)).toBe(false);
    budget.stranger(0);
    expect([budget.watching(30 * second), budget.watching(2 * minute)]).toEqual([true, false]);
    budget.keptOn(hour, 2 * hour, 3 * hour);
    expect(budget.watching(4 * hour)).toBe(false);
    expect(budget.watching(3 * hour + day)).toBe(true);
    // Ten seconds are enough then: it was looked at as soon as it could be.
    budget.keptOn(10 * second, 3 * hour + day, 4 * hour + day);
    expect(guards.map(({ wait }) => wait / day)).toEqual([1, 4]);
    expect([budget.watching(6 * day), budget.watching(10 * day)]).toEqual([true, false]);
  });
});

describe("what is kept", () => {
  it("goes on over deep sleep as if nothing had been", () => {
    const first = start();
    first.budget.stranger(0);
    first.budget.refused(10 * second, second);
    const second_ = start(first.ram, hour, true);
    second_.budget.stranger(hour);
    expect(second_.guards).toEqual([{ strangers: 60 * second, exchanges: 13 * second, wait: day }]);
    second_.budget.contactEnded(2 * hour);
    const third = start(first.ram, 5 * hour, true);
    expect(third.budget.guarded(5 * hour)).toBe(true);
    // In minutes, never too early.
    expect(third.budget.nextContact).toBeGreaterThanOrEqual(6 * hour);
    expect(third.budget.nextContact).toBeLessThanOrEqual(6 * hour + minute);
    expect(third.budget.guarded(day + hour + 2 * minute)).toBe(false);
    expect(third.budget.watching(day + hour + 2 * minute)).toBe(true);
  });

  it("goes on over a restart, whose clock begins at zero, as if no time had passed", () => {
    const first = start(new RetainedRam(), 40 * day, false);
    first.budget.keptOn(hour, 39 * day, 40 * day);
    const next = start(first.ram, 0, false);
    expect([next.budget.guarded(day - minute), next.budget.guarded(day + minute)]).toEqual([true, false]);
  });

  it("counts what had passed before a restart, though nothing was said since the guard began", () => {
    const first = start();
    first.budget.keptOn(hour, -hour, 0);
    for (let now = 0; now <= 23 * hour; now += 10 * minute) first.budget.keep(now);
    const next = start(first.ram, 0, false);
    expect([next.budget.guarded(59 * minute), next.budget.guarded(61 * minute)]).toEqual([true, false]);
  });

  it("counts what had passed when it restarts behind a wake from deep sleep", () => {
    const first = start();
    first.budget.keptOn(hour, -hour, 0);
    const woken = start(first.ram, 20 * hour, true);
    const next = start(woken.ram, 0, false);
    expect([next.budget.guarded(3 * hour), next.budget.guarded(4 * hour + minute)]).toEqual([true, false]);
  });

  it("has the late answers that there may be", () => {
    const first = start();
    first.budget.hold(2, 0);
    const next = start(first.ram, hour, true);
    next.budget.late(0, hour);
    next.budget.late(0, hour);
    expect(next.budget.watching(hour)).toBe(false);
    next.budget.late(0, hour);
    expect(next.budget.watching(hour)).toBe(true);
  });

  it("has as many as three requests in vain may have, which a crowded cell answers later", () => {
    const first = start();
    first.budget.hold(9, 0);
    const next = start(first.ram, hour, true);
    for (let i = 0; i < 9; i++) next.budget.late(0, hour);
    expect(next.budget.watching(hour)).toBe(false);
  });

  it("has no more of them for those that have come", () => {
    const first = start();
    first.budget.hold(2, 0);
    for (let i = 1; i <= 2; i++) start(first.ram, i * hour, true).budget.late(0, i * hour);
    const next = start(first.ram, 3 * hour, true);
    next.budget.late(0, 3 * hour);
    expect(next.budget.watching(3 * hour)).toBe(true);
  });

  it("is taken for nothing when it is of another length", () => {
    const { ram, budget } = start();
    budget.keptOn(hour, -hour, 0);
    const state = ram.start().read(retainedParts.radio)!;
    expect(start(ram).budget.guarded(0)).toBe(true);
    ram.start().write(retainedParts.radio, state.slice(1));
    expect(start(ram).budget.guarded(0)).toBe(false);
  });

  it("never makes more of random bytes than a guard that ends", () => {
    const ram = new RetainedRam();
    for (let i = 0; i < 500; i++) {
      const state = Uint8Array.from({ length: 24 }, (_, at) => ((i + 1) * (at + 7) * 2_654_435_761) >>> 13);
      ram.start().write(retainedParts.radio, state);
      const { budget } = start(ram, hour, i % 2 === 0);
      budget.stranger(hour);
      expect(budget.guarded(hour + 46 * day)).toBe(false);
    }
  });
});
