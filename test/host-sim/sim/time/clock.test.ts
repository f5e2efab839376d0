import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";

describe("the virtual clock", () => {
  test("runs events by time, and those of one instant in the order they were scheduled", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 })), async (times) => {
        const clock = new VirtualClock();
        const ran: [number, number][] = [];
        times.forEach((time, index) => clock.at(time, () => void ran.push([clock.now, index])));
        await clock.run();
        const sorted = times
          .map((time, index): [number, number] => [time, index])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(ran).toEqual(sorted);
        expect(clock.pending).toBe(0);
      }),
    );
  });

  test("an event may schedule the next, in the past too: it then runs at once and time does not go back", async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    clock.at(10, () => {
      clock.at(5, () => void seen.push(clock.now));
      clock.after(2, () => void seen.push(clock.now));
    });
    await clock.run();
    expect(seen).toEqual([10, 12]);
  });

  test("a cancelled event does not run; cancelling twice or nothing is no fault", async () => {
    const clock = new VirtualClock();
    let ran = 0;
    const event = clock.at(1, () => void (ran += 1));
    clock.cancel(event);
    clock.cancel(event);
    clock.cancel(undefined);
    await clock.run();
    expect(ran).toBe(0);
  });

  test("a cancelled event leaves the queue at once, before the run and within it; the others keep their order", async () => {
    const choice = fc.record({ time: fc.integer({ min: 0, max: 20 }), cancels: fc.option(fc.nat(30)) });
    await fc.assert(
      fc.asyncProperty(fc.array(choice), fc.array(fc.nat(30)), async (events, atOnce) => {
        const clock = new VirtualClock();
        const cancelled = new Set<number>();
        const ran: number[] = [];
        const cancel = (index: number): void => {
          if (ran.includes(index) || index >= events.length) return;
          clock.cancel(made[index]);
          cancelled.add(index);
        };
        const made = events.map(({ time, cancels }, index) =>
          clock.at(time, () => {
            ran.push(index);
            if (cancels !== null) cancel(cancels);
            expect(clock.pending).toBe(events.length - ran.length - cancelled.size);
          }),
        );
        atOnce.forEach(cancel);
        expect(clock.pending).toBe(events.length - cancelled.size);
        await clock.run();
        const order = events
          .map((_, index) => index)
          .sort((a, b) => events[a].time - events[b].time || a - b);
        expect(ran).toEqual(order.filter((index) => !cancelled.has(index)));
      }),
    );
  });

  test("awaits an event that answers with a promise before it runs the next", async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.at(1, async () => {
      seen.push("begins");
      await Promise.resolve();
      seen.push("ends");
    });
    clock.at(1, () => void seen.push("next"));
    await clock.run();
    expect(seen).toEqual(["begins", "ends", "next"]);
  });

  test("stops at `until` with later events kept, and when `stop` says so", async () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    for (const time of [1, 2, 3, 4]) clock.at(time, () => void seen.push(time));
    await clock.run({ until: 2.5 });
    expect([clock.now, seen]).toEqual([2.5, [1, 2]]);
    await clock.run({ stop: () => seen.length === 3 });
    expect([clock.now, seen]).toEqual([3, [1, 2, 3]]);
    await clock.run({ until: 100 });
    expect([clock.now, seen]).toEqual([100, [1, 2, 3, 4]]);
  });

  test("fails instead of hanging when something schedules itself at the same instant for ever", async () => {
    const clock = new VirtualClock();
    const again = (): void => void clock.after(0, again);
    clock.at(5, again);
    await expect(clock.run()).rejects.toThrow("virtual time stands still at 5 ms");
  });

  test("refuses a time that is no number", () => {
    expect(() => new VirtualClock().at(NaN, () => {})).toThrow(RangeError);
  });
});
