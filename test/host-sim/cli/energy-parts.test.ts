/** `npm run energy` in parts: merged they are what one process prints, and what does not fit together is refused. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { density, full } from "../../density";
import { complaintsIn, obeyed } from "./command-line";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "energy-parts-"))));
afterAll(() => rmSync(folder, { recursive: true }));

/** A network that keeps the radio on, so that two changes help and are tried together. */
const table = ["--reports", "16", "--no-release-assistance", "--format", "json", "--set", "late=7200"];

describe.each<[string, readonly string[], number]>([
  ["the table", [...table, "--try", "order=live"], 3],
  ["attackers", ["--interval", "43200", "--attack", density("off-path", "on-path")], 2],
  ["the twelve cells", ["--reports", "16", "--cells"], density(12, 2)],
])("%s", (name, args, count) => {
  it("in parts is byte for byte what one process prints", async () => {
    const parts = Array.from({ length: count }, (_, i) => join(folder, `${name}-${i + 1}.json`));
    for (const [i, out] of parts.entries()) {
      const part = await obeyed(["energy", ...args, "--shard", `${i + 1}/${count}`, "--out", out]);
      expect({ ...part, stderr: complaintsIn(part.stderr) }).toEqual({
        code: 0,
        stdout: expect.stringMatching(
          new RegExp(`^shard ${i + 1}/${count} alone, in ${out}: \\d+ of \\d+ rows\n$`),
        ) as unknown,
        stderr: "",
      });
    }
    // In whatever order a shell names them.
    parts.reverse();
    for (const form of full ? [[], ["--json"]] : [name === "the table" ? [] : ["--json"]]) {
      const merged = await obeyed(["energy", "merge", ...parts, ...form]);
      const alone = await obeyed(["energy", ...args, ...form]);
      expect([merged.code, alone.code]).toEqual([0, 0]);
      expect(merged.stdout).toBe(alone.stdout);
      expect(complaintsIn(merged.stderr)).toBe("");
    }
  });
});

test("two changes that help are tried together by the merge, which says so", async () => {
  const parts = [1, 2, 3].map((index) => join(folder, `the table-${index}.json`));
  const { stdout, stderr } = await obeyed(["energy", "merge", ...parts]);
  expect(stderr).toMatch(/1 of 1: all that helps, together/);
  expect(stdout).toMatch(/^Change first: .+ All that helps, together, makes it /m);
  expect(stdout).toContain(" · late 7200 · seed 1");
});

describe("with a board that stays awake, whose runs are short", () => {
  const quick = ["energy", "--reports", "16", "--sleep", "none"];

  it("the whole may be kept as well, and is printed again from its file", async () => {
    const out = join(folder, "whole.json");
    const { stdout } = await obeyed([...quick, "--out", out]);
    expect(stdout).toMatch(/^5 Wh, 1 % self-discharge/);
    expect((await obeyed(["energy", "merge", out])).stdout).toBe(stdout);
  });

  it("the engine for batches of tasks says which part it is", async () => {
    const out = join(folder, "slurm.json");
    const slurm = { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "9" };
    const { stdout } = await obeyed([...quick, "--out", out, "--json"], slurm);
    expect(JSON.parse(stdout)).toMatchObject({ shard: { index: 3, count: 9 }, plan: { kind: "table" } });
    expect(stdout).toBe(readFileSync(out, "utf8"));
    const kubernetes = { JOB_COMPLETION_INDEX: "9", ENOS_SHARDS: "10" };
    expect(await obeyed([...quick, "--out", out], kubernetes)).toEqual({
      ...{ code: 2, stdout: "" },
      stderr: "shard 10/10: there are 9 rows, and no shard has less than one\n",
    });
  });

  it("a part is refused by its file's name: of another run, cut, failed, or missing", async () => {
    const [one, two, other] = ["one", "two", "other"].map((name) => join(folder, `${name}.json`));
    await obeyed([...quick, "--shard", "1/9", "--out", one]);
    await obeyed([...quick, "--seed", "2", "--shard", "2/9", "--out", other]);
    const refused = async (...files: string[]): Promise<string> => {
      const { code, stdout, stderr } = await obeyed(["energy", "merge", ...files]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      return stderr;
    };
    expect(await refused(one, other)).toBe(
      `${other} is of another run than ${one}: seed is "2" and not "1"\n`,
    );
    expect(await refused(one)).toMatch(/^shard 2, 3, 4, 5, 6, 7, 8, 9 of 9 is missing/);
    expect(await refused(one, one)).toBe(`${one} has shard 1/9, as ${one} has\n`);
    const text = readFileSync(one, "utf8");
    writeFileSync(two, text.slice(0, text.length / 2));
    expect(await refused(one, two)).toBe(`${two} is no JSON: is it cut short, or still being written?\n`);
    const whole = join(folder, "older.json");
    await obeyed([...quick, "--out", whole]);
    writeFileSync(whole, readFileSync(whole, "utf8").replace(/"version":"[^"]+"/, '"version":"0.1.0"'));
    expect(await refused(whole)).toMatch(
      /^the parts are of version 0\.1\.0, and this is \S+: merge them with/,
    );
    // As it stands there until a shard has come to its end, and when its process was killed before.
    const { form, plan, shard } = JSON.parse(text) as Record<string, unknown>;
    writeFileSync(two, JSON.stringify({ form, plan, shard, failed: "it did not end" }));
    expect(await refused(two)).toBe(`${two} its shard has failed: it did not end\n`);
  });

  it("a run that fails leaves a file that says so", async () => {
    const out = join(folder, "fails.json");
    const lost = [...quick, "--loss", "1", "--shard", "1/2", "--out", out];
    const { code, stderr } = await obeyed(lost);
    expect(code).toBe(1);
    const { failed } = JSON.parse(readFileSync(out, "utf8")) as { failed: string };
    expect(complaintsIn(stderr)).toBe(`${failed}\n`);
  });
});

describe("is refused in one line", () => {
  const out = ["--out", "/nowhere/at/all.json"];
  test.each<[readonly string[], RegExp]>([
    [["--shard", "0/3", ...out], /^--shard takes a part such as 3\/16, got "0\/3"\n$/],
    [["--shard", "9/9", ...out], /^--out: \/nowhere\/at\/all\.json: there is no such file/],
    [["--shard", "3/12", ...out], /^shard 3\/12: there are 9 rows, and no shard has less than one\n$/],
    [["--attack", "off-path", "--shard", "6/6", ...out], /^shard 6\/6: there are 5 rows, and no/],
    [["--cells", "--shard", "1/13", ...out], /^shard 1\/13: there are 12 rows, and no/],
    [["--shard", "1/2"], /^shard 1\/2 needs --out: what one part has measured says nothing by itself\n$/],
    [["join", "a.json"], /^energy takes no word but merge, got "join"\n$/],
    [["merge"], /^merge takes the files that --out has written\n$/],
    [["merge", "/nowhere.json"], /^\/nowhere\.json: there is no such file/],
    [["merge", "package.json"], /^package\.json is no part of this version's npm run energy\n$/],
    [
      ["merge", "a.json", "--battery", "19"],
      /^merge does not go with --battery: the parts say what was run; it takes --json\n$/,
    ],
  ])("%j", async (args, line) => {
    const { code, stdout, stderr } = await obeyed(["energy", ...args]);
    expect(stdout).toBe("");
    expect(stderr).toMatch(line);
    expect(code).toBe(args[1] === "package.json" ? 1 : 2);
  });

  it("where Slurm's variables say another shard than there are tasks", async () => {
    const env = { SLURM_ARRAY_TASK_ID: "9", SLURM_ARRAY_TASK_COUNT: "4" };
    const kept = join(folder, "none.json");
    const { code, stderr } = await obeyed(["energy", "--out", kept], env);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "SLURM_ARRAY_TASK_ID is 9 of 4 tasks from 0 on: no shard\n",
    });
    expect(existsSync(kept)).toBe(false);
  });
});
