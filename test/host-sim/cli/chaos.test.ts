import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { density } from "../../density";
import { complaintsIn, obeyed, run } from "./command-line";

/** Seeds whose one or two faults break no rule. */
const hours = ["--hours", "2"];

describe("npm run chaos", () => {
  test("a trial depends on its seed alone, whatever runs beside it", async () => {
    const seeds = density([1, 2, 3, 4], [1, 2]);
    const args = ["chaos", ...hours, "--seeds", String(seeds.length), "--json"];
    const [one, two] = await Promise.all([obeyed([...args, "--jobs", "1"]), run([...args, "--jobs", "2"])]);
    const document = JSON.parse(one.stdout);
    expect(document.trials.map(({ seed }: { seed: number }) => seed)).toEqual(seeds);
    expect(document.totals).toMatchObject({ trials: seeds.length });
    expect(document.totals.readings).toBeGreaterThan(density(30, 14));
    expect(two.stdout).toBe(one.stdout);
    expect(two.code).toBe(one.code);
    expect(one.stderr).toMatch(/^0 % · 0 of \d trials\n/);
    expect(complaintsIn(one.stderr)).toBe("");
  });

  test("--first goes on where another campaign ended", async () => {
    const { stdout } = await run(["chaos", ...hours, "--seeds", "2", "--first", "3", "--json"]);
    expect(JSON.parse(stdout).trials.map(({ seed }: { seed: number }) => seed)).toEqual([3, 4]);
  });

  test("in parts has the trials of the whole", async () => {
    const args = ["chaos", ...hours, "--seeds", "2", "--jobs", "1"];
    const folder = mkdtempSync(join(tmpdir(), "chaos-"));
    try {
      const parts = [1, 2].map((index) => join(folder, `${index}.json`));
      for (const [i, out] of parts.entries()) {
        expect(await obeyed([...args, "--shard", `${i + 1}/2`, "--out", out])).toMatchObject({ code: 0 });
      }
      const merged = await obeyed(["chaos", "merge", ...parts, "--json"]);
      expect(merged.stdout).toBe((await obeyed([...args, "--json"])).stdout);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("says in one line what it did", async () => {
    const { stdout, code } = await obeyed(["chaos", ...hours, "--seed", "1", "--keep", "none"]);
    expect(stdout).toMatch(/^all rules held: 1 trials, (\d+) of \1 readings delivered once, .*\n$/);
    expect(stdout).toContain("faults: none");
    expect(code).toBe(0);
  });

  test("--kinds has scripts drawn from some kinds of trouble", async () => {
    const args = ["chaos", "--hours", "6", "--seed", "1", "--kinds", "power,loss", "--json"];
    const { script } = JSON.parse((await obeyed(args)).stdout);
    expect(script.faults.length).toBeGreaterThan(0);
    for (const { kind } of script.faults) expect(kind).toMatch(/^(power-|loss$)/);
  });

  test("--verbose shows what befell the device, and when", async () => {
    const { stdout } = await obeyed(["chaos", "--hours", "24", "--seed", "17", "--keep", "0", "--verbose"]);
    expect(stdout).toMatch(/^seed 17 · \{"modem":"sim7020","sleep":"none","edition":/);
    expect(stdout.match(/^.{12} {2}chaos {4}[a-z-]+/gm)).toHaveLength(1);
    expect(stdout).toContain("device   session: online");
    expect(stdout).toMatch(/ 1 trials, /);
  });
});

describe("misuse is one clear line and exit code 2", () => {
  test.each([
    [["--hours", "0"], /--hours takes a whole number from 1 to 2400, got "0"/],
    [["--seeds", "many"], /--seeds takes a whole number/],
    [["--jobs", "0"], /--jobs takes a whole number from 1 to 256/],
    [["--keep", "1"], /--keep needs --seed/],
    [["--seed", "1", "--keep", "1,x"], /--keep takes numbers of faults such as 2,5,9, or none, got "1,x"/],
    [["--seed", "1", "--keep", "99"], /--keep: the script has no fault 99, they are 0 to \d+/],
    [["--seed", "1", "--seeds", "2"], /exclude each other/],
    [["--seed", "1", "--first", "2"], /exclude each other/],
    [["--seed", "1", "--json", "--verbose"], /--json and --verbose exclude each other/],
    [["--verbose"], /--verbose needs --seed/],
    [["--kinds", "loss,toString"], /--kinds takes kinds of trouble, .*network, cloud.*got "toString"/],
    [["--engine", "v8"], /^--engine takes node or xs, got "v8"$/m],
    [
      ["--seeds", "2", "--shard", "2/3"],
      /^shard 2\/3: there are 2 trials, and no shard has less than one\n$/,
    ],
    [["--seeds", "1", "--shard", "2/3"], /^shard 2\/3: there is 1 trial, and/],
    [["merge", "a.json", "--hours", "6"], /^merge does not go with --hours: the parts say what was run; it/],
    [["split", "a.json"], /^chaos takes no word but merge, got "split"\n$/],
  ])("chaos %j", async (args, message) => {
    const { code, stdout, stderr } = await obeyed(["chaos", ...args]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("--help is no misuse", async () => {
    const { code, stdout } = await obeyed(["chaos", "--help"]);
    expect(stdout).toContain("Usage: npm run chaos -- [options]");
    expect(stdout).toContain("  power: power-cut, power-cut-all, power-cut-in-write\n");
    expect(code).toBe(0);
  });
});
