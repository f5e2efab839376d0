/** The modem that a log lets one assume: connections end by themselves, and a tail that was told counts from then on. */
import { expect, it } from "vitest";
import { inactivity } from "../../../../host-sim/tools/monitor/assumption";
import { AssumedModem } from "../../../../host-sim/tools/monitor/assumed-modem";
import type { ModemEvent } from "../../../../host-sim/sim/modem/modem-event";

const tail = 1_500;
const rig = () => {
  const events: ModemEvent[] = [];
  const modem = new AssumedModem(tail, (event) => events.push(event));
  const contact = (time: number): void => {
    modem.connect(time);
    modem.last = time;
    modem.contactOver = true;
  };
  const times = (what: string): number[] =>
    events.filter((event) => "state" in event && event.state === what).map(({ time }) => time);
  return { modem, contact, times };
};

it("is connected once, and no longer than the tail behind a contact that is over", () => {
  const { modem, contact, times } = rig();
  contact(1_000);
  modem.connect(1_200);
  modem.settle(1_000 + tail, false);
  expect(modem.mode).toBe("connected");
  modem.settle(1_001 + tail, false);
  expect([modem.mode, modem.modeSince]).toEqual(["idle", 1_000 + tail]);
  expect(times("connected")).toEqual([1_000]);
});

it.each([["contactOver", false] as const, ["lateAnswer", true] as const])(
  "is connected until the inactivity timer where more may come: %s",
  (member, value) => {
    const { modem, contact } = rig();
    contact(1_000);
    modem[member] = value;
    modem.settle(100_000, false);
    expect(modem.modeSince).toBe(1_000 + inactivity);
  },
);

it("sleeps T3324 after its connection though nobody heard of it, and never where that was refused", () => {
  for (const [active, mode] of [
    [2_000, "psm"],
    [Infinity, "idle"],
    [undefined, "idle"],
  ] as const) {
    const { modem, contact } = rig();
    modem.active = active;
    contact(1_000);
    modem.settle(60_000, true);
    expect(modem.mode).toBe(mode);
    if (active === 2_000) expect(modem.asleepUntil(60_000)).toBe(60_000 - 1_000 - tail - active);
  }
});

it("takes the median of the tails that were told", () => {
  const { modem, contact } = rig();
  modem.active = 2_000;
  for (const [at, took] of [
    [0, 300],
    [100_000, 900],
    [200_000, 500],
  ]) {
    contact(at);
    modem.fellAsleep(at + took + 2_000);
    modem.woken(at + 50_000);
  }
  contact(300_000);
  modem.settle(400_000, false);
  expect(modem.modeSince).toBe(300_500);
});

it("slept before the log's first line where that wakes it, and all such times count", () => {
  const { modem } = rig();
  modem.woken(5_000);
  modem.release(5_000);
  modem.fellAsleep(8_000);
  expect(modem.asleepUntil(10_000)).toBe(7_000);
});
