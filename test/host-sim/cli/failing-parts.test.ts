/**
 * What failed in a part is told and kept, and the part has done its work: engines for batches run again what exits with
 * 1, and would get the same again. The merge says it of the whole.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { runCampaign } from "../../../host-sim/tools/chaos/campaign";
import type * as commandLine from "./command-line";
import type { TrialResult } from "../../../host-sim/tools/chaos/trial";

const campaign = "../../../host-sim/tools/chaos/campaign";
type RunCampaign = typeof runCampaign;

let complaintsIn: typeof commandLine.complaintsIn;
let obeyed: typeof commandLine.obeyed;

/**
 * No seed is known that fails: each trial's result is the real one, with a rule broken in the first. Modules are shared by
 * the files of a worker, so that they are loaded anew before and behind this one.
 */
beforeAll(async () => {
  vi.resetModules();
  vi.doMock(import("../../../host-sim/tools/chaos/campaign"), async (original) => {
    const real = await original();
    const violation: TrialResult["violations"][number] = { invariant: "crash", sentence: "it did not go on" };
    const failing: RunCampaign = async (options) =>
      (await real.runCampaign(options)).map((result) =>
        result.seed === 1 ? { ...result, violations: [violation] } : result,
      );
    return { ...real, runCampaign: failing };
  });
  ({ complaintsIn, obeyed } = await import("./command-line"));
});
afterAll(() => {
  vi.doUnmock(campaign);
  vi.resetModules();
});

/** Nine of ten datagrams lost, until the journal is full: readings are lost in each of two cells. */
const fleet = [
  ...["fleet", "--devices", "2", "--per-cell", "1", "--hours", "13", "--interval", "10", "--loss", "0.9"],
  ...["--jobs", "1"],
];
const chaos = ["chaos", "--hours", "1", "--seeds", "2", "--jobs", "1"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "failing-parts-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kubernetes = (index: number): Record<string, string> => ({
  JOB_COMPLETION_INDEX: String(index),
  ENOS_SHARDS: "2",
});
const slurm = (index: number): Record<string, string> => ({
  ...{ SLURM_ARRAY_TASK_ID: String(index + 1), SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "2" },
});

describe.each([
  ["Kubernetes", kubernetes],
  ["Slurm", slurm],
])("in an array of %s", (name, variables) => {
  it("a fleet's parts that lose readings end well, and their merge does not", async () => {
    const parts = [0, 1].map((index) => join(folder, `${name}-fleet-${index}.json`));
    for (const [index, out] of parts.entries()) {
      const { code, stderr } = await obeyed([...fleet, "--out", out], variables(index));
      expect(code).toBe(0);
      expect(complaintsIn(stderr)).toMatch(
        new RegExp(`^shard ${index + 1}/2: [\\d,]+ readings were lost; merge exits with 1 for that\n$`),
      );
    }
    const merged = await obeyed(["fleet", "merge", ...parts]);
    expect(merged.code).toBe(1);
    expect(merged.stderr).toMatch(/^[\d,]+ readings were lost\n$/);
  });

  it("a campaign's part with a failed trial ends well, and the merge does not", async () => {
    const parts = [0, 1].map((index) => join(folder, `${name}-chaos-${index}.json`));
    const first = await obeyed([...chaos, "--out", parts[0]], variables(0));
    expect(first.code).toBe(0);
    expect(first.stdout).toContain("seed 1 FAILED");
    expect(complaintsIn(first.stderr)).toBe("shard 1/2: 1 of 1 trials failed; merge exits with 1 for that\n");
    const second = await obeyed([...chaos, "--out", parts[1]], variables(1));
    expect(second).toMatchObject({ code: 0 });
    expect(complaintsIn(second.stderr)).toBe("");
    const merged = await obeyed(["chaos", "merge", ...parts]);
    expect(merged.code).toBe(1);
    expect(merged.stdout).toContain("1 of 2 trials FAILED");
  });
});

describe("exits with 1 all the same", () => {
  it.each([
    ["a whole run, kept or not", (out: string) => ["--out", out]],
    ["a part that nobody can merge", () => ["--shard", "1/2"]],
  ])("%s", async (_, more) => {
    const out = join(folder, "alone.json");
    expect((await obeyed([...chaos, ...more(out)])).code).toBe(1);
    const { code, stderr } = await obeyed([...fleet, ...more(out)]);
    expect(code).toBe(1);
    expect(complaintsIn(stderr)).toMatch(/^[\d,]+ readings were lost\n$/);
  });
});

it("an array of one task is a part as well", async () => {
  const out = join(folder, "one.json");
  expect((await obeyed([...chaos, "--shard", "1/1", "--out", out])).code).toBe(0);
  expect((await obeyed(["chaos", "merge", out])).code).toBe(1);
});
