import { expect, it } from "vitest";
import { ApplicationFault, FailedStarts } from "../../../firmware/device/failed-starts";
import { RetainedMemory } from "../../../firmware/continuity/retained-memory";
import { StartRecord } from "../../../firmware/continuity/start-record";
import { RetainedRam } from "../continuity/retained-ram";
import type { FailedStartsOptions } from "../../../firmware/device/failed-starts";

function rigOf(retained: RetainedMemory, more: Partial<FailedStartsOptions> = {}) {
  const did: string[] = [];
  const record = new StartRecord(retained, "software");
  const starts = new FailedStarts({
    record,
    timers: {
      set(callback, wait) {
        did.push(`waits ${wait}`);
        callback();
      },
    },
    random: () => 1,
    restart: () => {
      record.ask();
      did.push("restart");
    },
    log: (event) =>
      did.push(
        event.kind === "start failed" || event.kind === "start recovered"
          ? `${event.kind === "start failed" ? "" : "recovered "}${event.reason} ${event.failures}`
          : event.kind,
      ),
    ...more,
  });
  return { starts, did, record };
}

it("the count is kept over restarts until a start has succeeded, which tells of them", () => {
  const ram = new RetainedRam();
  new StartRecord(ram.start("power-on"), "power-on").ask();
  for (const [failures, wait] of [
    [1, 15_000],
    [2, 30_000],
    [3, 60_000],
  ]) {
    const { starts, did, record } = rigOf(ram.start("software"));
    starts.failed(new Error("why"));
    expect(did).toEqual([`why ${failures}`, `waits ${wait}`, "restart"]);
    expect(record.panics).toBe(0);
  }
  const good = rigOf(ram.start("software"));
  good.starts.succeeded();
  expect(good.did).toEqual(["recovered why 3"]);
  const { starts, did } = rigOf(ram.start("software"));
  starts.failed("not even an Error");
  expect(did).toEqual(["unknown 1", "waits 15000", "restart"]);
});

it("the pauses grow to an hour", () => {
  const ram = new RetainedRam();
  const waits = Array.from({ length: 12 }, () => {
    const { starts, did } = rigOf(ram.start("software"));
    starts.failed(new Error("why"));
    return Number(did[1].slice("waits ".length));
  });
  expect(waits).toEqual(Array.from({ length: 12 }, (_, i) => Math.min(15_000 * 2 ** i, 3_600_000)));
});

it("a start that succeeds after none has failed tells nothing", () => {
  const { starts, did } = rigOf(new RetainedRam().start("power-on"));
  starts.succeeded();
  expect(did).toEqual([]);
});

it("after three failures of the application the next start is safe, and says so; after three of the board not", () => {
  const ram = new RetainedRam();
  for (let n = 0; n < 3; n++) rigOf(ram.start("software")).starts.failed(new Error("pin in use"));
  expect(rigOf(ram.start("software")).record.safe).toBe(false);
  rigOf(ram.start("software")).starts.failed(new ApplicationFault("no sensor"));
  const { starts, did, record } = rigOf(ram.start("software"));
  expect(record.safe).toBe(true);
  starts.succeeded();
  expect(did).toEqual(["start safe"]);
  expect(rigOf(ram.start("software")).record.safe).toBe(true);
});

it.each<[string, () => RetainedMemory]>([
  ["is not there", () => new RetainedMemory(undefined, "software")],
  [
    "takes what it does not keep",
    () => {
      const ram = new RetainedRam();
      ram.write = () => {};
      return ram.start("software");
    },
  ],
])("with retained memory that %s the pause is the longest at once", (_what, memory) => {
  for (let i = 0; i < 3; i++) {
    const { starts, did } = rigOf(memory());
    starts.failed(new Error("why"));
    expect(did).toEqual(["why 1", "waits 3600000", "restart"]);
  }
});

it("without a timer the board is restarted at once, for nothing else would ever happen", () => {
  const throwing = (): never => {
    throw new Error("timer");
  };
  const { starts, did } = rigOf(new RetainedRam().start("software"), { timers: { set: throwing } });
  starts.failed(new Error("why"));
  expect(did).toEqual(["why 1", "restart"]);
});
