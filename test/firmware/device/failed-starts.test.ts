import { expect, it } from "vitest";
import { FailedStarts } from "../../../firmware/device/failed-starts";
import { Store } from "../delivery/journal-rig";
import type { FailedStartsOptions } from "../../../firmware/device/failed-starts";
import type { ByteStore } from "../../../firmware/continuity/two-slot-state";

function rigOf(store: ByteStore | undefined, more: Partial<FailedStartsOptions> = {}) {
  const did: string[] = [];
  const starts = new FailedStarts({
    openStore: () => store,
    timers: {
      set(callback, wait) {
        did.push(`waits ${wait}`);
        callback();
      },
    },
    random: () => 1,
    again: () => did.push("again"),
    restart: () => did.push("restart"),
    log: (event) =>
      did.push(event.kind === "start failed" ? `${event.reason} ${event.failures}` : event.kind),
    ...more,
  });
  return { starts, did };
}

it("the count is kept in storage, over restarts, until a start has succeeded", () => {
  const store = new Store();
  for (const [failures, wait] of [
    [1, 15_000],
    [2, 30_000],
    [3, 60_000],
  ]) {
    const { starts, did } = rigOf(store);
    starts.failed(new Error("why"));
    expect(did).toEqual([`why ${failures}`, `waits ${wait}`, "restart"]);
  }
  rigOf(store).starts.succeeded();
  const { starts, did } = rigOf(store);
  starts.failed("not even an Error");
  expect(did).toEqual(["unknown 1", "waits 15000", "restart"]);
});

it("a start that succeeds after none has failed writes nothing", () => {
  let writes = 0;
  const store = { read: () => undefined, write: () => void (writes += 1) };
  rigOf(store).starts.succeeded();
  expect(writes).toBe(0);
});

const throwing = (): never => {
  throw new Error("storage");
};
it.each<[string, Partial<FailedStartsOptions>]>([
  ["cannot be opened", { openStore: throwing }],
  ["is not there", { openStore: () => undefined }],
  ["cannot be written", { openStore: () => ({ read: () => undefined, write: throwing }) }],
  ["takes what it does not keep", { openStore: () => ({ read: () => undefined, write() {} }) }],
  ["holds something else", { openStore: () => ({ read: () => new ArrayBuffer(7), write() {} }) }],
])("with storage that %s the count is in RAM, and the tenth failure by a restart", (_what, more) => {
  const { starts, did } = rigOf(undefined, more);
  for (let i = 0; i < 10; i++) starts.failed(new Error("why"));
  expect(did.filter((what) => what.startsWith("why"))).toEqual(
    Array.from({ length: 10 }, (_, i) => `why ${i + 1}`),
  );
  expect(did.filter((what) => what === "again")).toHaveLength(9);
  expect(did.slice(-2)).toEqual(["waits 3600000", "restart"]);
});

it("without a timer the board is restarted at once, for nothing else would ever happen", () => {
  const { starts, did } = rigOf(new Store(), { timers: { set: throwing } });
  starts.failed(new Error("why"));
  expect(did).toEqual(["why 1", "restart"]);
});
