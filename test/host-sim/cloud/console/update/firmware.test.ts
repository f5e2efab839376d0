/** The life of an upgrade in steps. */
import { expect, test } from "vitest";
import { isLowBattery, taskSteps } from "../../../../../host-sim/cloud/console/page/update/firmware";
import type { UpgradeTask } from "../../../../../host-sim/cloud/console/page/update/firmware";

const start = 1_700_000_000_000;
const task = (more: Partial<UpgradeTask>): UpgradeTask => ({
  ...{ taskId: "1", jobId: "1", policy: "push", fromVersion: "1", toVersion: "2", status: "init" },
  ...{ timeout: 3_600, createdAt: start, updatedAt: start },
  ...more,
});
const told = (more: Partial<UpgradeTask>): string[] =>
  taskSteps(task(more), start + 60_000).map(
    ({ label, state, note }) => `${state} ${label}${note === undefined || note === "" ? "" : `: ${note}`}`,
  );
const published = { publishedAt: start + 1_000 };
const upgrading = { ...published, startedAt: start + 2_000 };

test.each<[string, Partial<UpgradeTask>, string[]]>([
  [
    "ordered",
    {},
    [
      "done ordered",
      "now to be told: with the device's next contact, for 60 s by now",
      "todo upgrading",
      "todo succeeded: once the device informs the version",
    ],
  ],
  [
    "told",
    { ...published, status: "published" },
    [
      "done ordered",
      "done told",
      "now upgrading: waits for the device's first progress",
      "todo succeeded: once the device informs the version",
    ],
  ],
  [
    "under way",
    { ...upgrading, status: "upgrading", progress: 42 },
    [
      "done ordered",
      "done told",
      "now upgrading: 42 %, 59 min left of its time",
      "todo succeeded: once the device informs the version",
    ],
  ],
  [
    "done",
    { ...upgrading, status: "succeeded", progress: 100, endedAt: start + 50_000 },
    ["done ordered", "done told", "done upgrading: 100 %", "done succeeded: 50 s after the order"],
  ],
  [
    "failed by the device's word",
    { ...upgrading, status: "failed", cause: "failure", progress: -3, endedAt: start + 9_000 },
    [
      "done ordered",
      "done told",
      "done upgrading",
      "bad failed: the device said so, step -3: the verification failed",
    ],
  ],
  [
    "refused",
    { ...published, status: "failed", cause: "refusal", endedAt: start + 9_000 },
    ["done ordered", "done told", "bad failed: the device refused the upgrade"],
  ],
  [
    "undone by the device",
    { ...published, status: "failed", cause: "return", progress: 100, endedAt: start + 9_000 },
    ["done ordered", "done told", "bad failed: it went back to the version before"],
  ],
  ["canceled", { status: "canceled", endedAt: start + 9_000 }, ["done ordered", "done canceled"]],
])("of an upgrade that is %s", (_what, more, steps) => {
  expect(told(more)).toEqual(steps);
});

test.each([
  [29, "%", true],
  [30, "%", false],
  [3.2, "V", true],
  [3_400, "mV", false],
  [3_200, "mV", true],
  [3, "bars", false],
  [3, undefined, false],
])("a battery of %j %s is low: %s", (value, unit, isLow) => {
  expect(isLowBattery({ value, unit })).toBe(isLow);
});
