/** Timers of a firmware at link depth. */
import { describe, expect, it } from "vitest";
import { FirmwareTimers } from "../../../../host-sim/sim/fleet/firmware-timers";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";

function started() {
  const clock = new VirtualClock();
  const timers = new FirmwareTimers(clock);
  const called: string[] = [];
  const call = (name: string) => () => void called.push(`${name} ${clock.now}`);
  return { clock, timers, called, call };
}

describe("timers of a firmware at link depth", () => {
  it("call back once, the one that is set anew at its new time, and a repeated one again and again", async () => {
    const { clock, timers, called, call } = started();
    timers.set(call("once"), 10);
    const moved = timers.set(call("moved"), 5);
    timers.repeat(call("each"), 20);
    timers.schedule(moved, 15);
    await clock.run({ until: 45 });
    expect(called).toEqual(["once 10", "moved 15", "each 20", "each 40"]);
  });

  it.each([0, 12, 25, 45])("leave nothing behind when the firmware ends at %i ms", async (end) => {
    const { clock, timers, called, call } = started();
    timers.repeat(call("each"), 20);
    for (const wait of [10, 30, 11, 50]) timers.set(call("once"), wait);
    await clock.run({ until: end });
    const before = [...called];
    timers.end();
    expect(clock.pending).toBe(0);
    timers.set(call("late"), 1);
    await clock.run({ until: 200 });
    expect(called).toEqual(before);
  });
});
