/** The firmware's loop on Node's timers, with a clock that the test moves. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RealTimeDriver } from "../../../../host-sim/tools/pc/driver";
import type { Driven } from "../../../../firmware/device/driver";

class Agent implements Driven {
  deadline = Infinity;
  readonly polls: number[] = [];
  supervised = 0;
  onPoll: () => void = () => {};

  poll(now: number): void {
    this.polls.push(now);
    if (this.deadline <= now) this.deadline = Infinity;
    this.onPoll();
  }

  fault(): void {}

  supervise(): void {
    this.supervised += 1;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("calls the agent at once, at its deadline, after an event and when it is woken", () => {
  const driver = new RealTimeDriver(expect.unreachable);
  const agent = new Agent();
  driver.start(agent);
  expect(agent.polls).toEqual([0]);
  agent.deadline = 5_000;
  driver.turn();
  vi.advanceTimersByTime(1_000);
  driver.wake();
  expect(agent.polls).toEqual([0, 0]);
  vi.advanceTimersByTime(4_000);
  expect(agent.polls).toEqual([0, 0, 1_000, 5_000]);
  vi.advanceTimersByTime(600_000);
  expect(agent.supervised).toBe(1);
});

it("does nothing before it is started", () => {
  const driver = new RealTimeDriver(expect.unreachable);
  driver.wake();
  driver.turn();
  expect(vi.getTimerCount()).toBe(0);
});

it("goes on after a fault, of which it tells", () => {
  const faults: string[] = [];
  const driver = new RealTimeDriver((text) => faults.push(text));
  const agent = new Agent();
  agent.onPoll = () => {
    agent.onPoll = () => {};
    throw new Error("broken");
  };
  driver.start(agent);
  expect(faults).toEqual(["broken"]);
  vi.advanceTimersByTime(1_000);
  expect(agent.polls).toEqual([0, 1_000]);
});

it("leaves nothing behind that keeps Node running when it is stopped, in the middle of a turn or outside", () => {
  for (const within of [true, false]) {
    const driver = new RealTimeDriver(expect.unreachable);
    const agent = new Agent();
    driver.start(agent);
    agent.deadline = 1_000;
    if (within) agent.onPoll = () => driver.stop();
    driver.turn();
    if (!within) driver.stop();
    driver.wake();
    driver.turn();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(3_600_000);
    expect(agent.polls).toEqual([0, 0]);
  }
});
