/** A rollout in words, what can be decided of it, and what the console says of a file before it goes up. */
import { expect, test } from "vitest";
import { checkFile } from "../../../../../host-sim/cloud/console/firmware-tools";
import { fileName, fileQuery } from "../../../../../host-sim/cloud/console/page/update/firmware";
import {
  decisionsFor,
  percent,
  sharesIn,
  standing,
} from "../../../../../host-sim/cloud/console/page/update/rollout";
import type { FirmwareFile } from "../../../../../host-sim/cloud/console/page/update/firmware";
import type { Rollout } from "../../../../../host-sim/cloud/console/page/update/rollout";
import { newStage } from "../../../../../host-sim/cloud/ota/rollout";
import { packageOf } from "../../ota/package";

const start = 1_700_000_000_000;
const stage = { ...newStage(0.1), failures: [] };
const rollout = (more: Partial<Rollout>): Rollout => ({
  ...{ rolloutId: "1", productKey: "P", version: "2", policy: "push", timeout: 1, wait: 1 },
  ...{ failureShare: 0.05, leastFailures: 1, stageLimit: 1, stages: [stage, stage, stage], state: "running" },
  ...{ stage: 1, until: start, createdAt: start, updatedAt: start },
  ...more,
});

test.each<[Partial<Rollout>, string]>([
  [{}, "stage 1 of 3 goes on"],
  [{ state: "waiting", stage: 2, nextAt: start + 600_000 }, "stage 3 of 3 begins in 10 min"],
  [{ state: "waiting", stage: 2, nextAt: start }, "stage 3 of 3 begins now"],
  [{ state: "paused" }, "who was not told yet is not; who is at it goes on"],
  [{ state: "stopped", reason: "3 of 9 failed" }, "3 of 9 failed"],
  [{ state: "aborted", endedAt: start - 300_000 }, "ended 5 min ago"],
  [{ state: "done", endedAt: start }, "ended now"],
])("%j stands so: %s", (more, words) => expect(standing(rollout(more), start)).toBe(words));

const failed = { ...stage, counts: { ...stage.counts, failed: 1 } };
test.each<[Rollout["state"], boolean, string[]]>([
  ["running", false, ["pause", "abort"]],
  ["running", true, ["pause", "retry", "abort"]],
  ["waiting", false, ["pause", "abort"]],
  ["paused", false, ["resume", "abort"]],
  ["stopped", true, ["resume", "retry", "abort"]],
  ["done", false, []],
  ["done", true, ["retry"]],
  ["aborted", true, []],
])("of one that is %s, failures %s, can be decided: %j", (state, hasFailed, expected) => {
  expect(decisionsFor({ state, stages: [stage, hasFailed ? failed : stage] })).toEqual(expected);
});

test.each([
  ["1, 10, 100", [0.01, 0.1, 1]],
  ["100", [1]],
  ["0.5 % 25%", [0.005, 0.25]],
  ["", undefined],
  ["0", undefined],
  ["10, 10", undefined],
  ["10, 5", undefined],
  ["101", undefined],
  ["ten", undefined],
  [Array.from({ length: 17 }, (_, i) => i + 1).join(), undefined],
])("stages typed as %j are %j", (text, shares) => expect(sharesIn(text)).toEqual(shares));

test.each([
  [0.01, "1 %"],
  [0.005, "0.5 %"],
  [1, "100 %"],
])("%j is %s", (share, words) => expect(percent(share)).toBe(words));

test.each<[Pick<FirmwareFile, "version" | "board" | "from">, string, string]>([
  [{ version: "2" }, "2", ""],
  [{ version: "2", board: "b" }, "2 for b", "?board=b"],
  [{ version: "2", from: "1+x" }, "2 from 1+x", "?from=1%2Bx"],
  [{ version: "2", board: "b", from: "1" }, "2 for b from 1", "?board=b&from=1"],
])("a file of %j is called %s", (file, name, query) => {
  expect([fileName(file), fileQuery(file)]).toEqual([name, query]);
});

test("a file is told for what it is before it goes up", () => {
  expect(checkFile(packageOf(), "P")).toEqual({
    ...{ version: "1.3.0", board: "m5stack-nbiot", warnings: [] },
    words: "version 1.3.0, board m5stack-nbiot, product any: a whole image, 1.2 MB unpacked",
  });
  expect(checkFile(packageOf({ from: "1.2.0", productKey: "Q" }), "P")).toMatchObject({
    ...{ from: "1.2.0", warnings: ["its head says product Q: devices of P refuse it"] },
    words: expect.stringContaining("product Q: a difference from 1.2.0"),
  });
  expect(checkFile(packageOf({ kind: 4 }), "P")).toEqual({
    ...{ words: "", warnings: ["it begins as a package does, but its kind is 4"] },
  });
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(216, 7)]) {
    expect(checkFile(bytes, "P").warnings).toEqual([expect.stringContaining("no package of npm run update")]);
  }
});
