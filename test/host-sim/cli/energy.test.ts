/** `npm run energy`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { density, full } from "../../density";
import { obeyed, run } from "./command-line";

// A board that stays awake takes a quarter of the time: it starts once.
const quick = ["energy", "--reports", "16", ...density([], ["--sleep", "none"])];

describe("npm run energy", () => {
  test("says how long the battery lasts, by what, and what to change, on one screen", async () => {
    const { code, stdout, stderr } = await run(quick);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines.length).toBeLessThan(30);
    expect(lines[0]).toMatch(
      /^5 Wh, 1 % self-discharge a year · profile field · sim7020 · a reading every 900 s/,
    );
    expect(stdout).toMatch(/^\d+ days: \d+ µW on average/m);
    expect(stdout).toMatch(/^  report +\d\.\d{4} J/m);
    expect(stdout).toMatch(/^  16 readings together +[\d.]+ (days|years) +\+\d+ %/m);
    expect(stdout).toMatch(/^Change first: .+\. The battery then lasts /m);
  });

  test("as JSON: the same again for the same seed, other numbers for another", async () => {
    const json = async (seed: string): Promise<string> =>
      (await obeyed([...quick, "--json", "--seed", seed])).stdout;
    const first = await json("7");
    expect(await json("7")).toBe(first);
    if (full) expect(await json("8")).not.toBe(first);
    const { base, variants } = JSON.parse(first) as {
      base: { years: number; measured: { watts: number } };
      variants: { years: number }[];
    };
    expect(base.measured.watts).toBeGreaterThan(0);
    const years = variants.map((variant) => variant.years);
    expect(years).toEqual([...years].sort((a, b) => b - a));
  });

  test("with a profile of one's own", async () => {
    const folder = mkdtempSync(join(tmpdir(), "energy-"));
    try {
      const file = join(folder, "mine.json");
      writeFileSync(file, JSON.stringify({ name: "mine", board: { awake: 0, deepSleep: 0 } }));
      const { stdout } = await obeyed([...quick, "--profile", file, "--json"]);
      const { asked, base } = JSON.parse(stdout) as {
        asked: { profile: string };
        base: { measured: { board: number } };
      };
      expect(asked.profile).toBe("mine");
      expect(base.measured.board).toBe(0);
      writeFileSync(file, '{"modem":{"psn":1}}');
      const wrong = await obeyed([...quick, "--profile", file]);
      expect(wrong).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringContaining("modem.psn is unknown"),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test.each([
    [["--battery", "0"], /^--battery takes watt hours from 0.01 to 100000, got "0"\n$/],
    [["--coverage", "3"], /^--coverage takes a level, or shares such as/],
    [["--coverage", "0=0"], /^--coverage: the shares must be more than 0/],
    [["--profile", "/nonexistent"], /^--profile: no file "\/nonexistent"; built in are field and limit\n$/],
    [["--interval", "1"], /^--interval takes a whole number from 60 to 86400, got "1"\n$/],
  ])("misuse %j ends with 2 and one line", async (args, line) => {
    const { code, stdout, stderr } = await obeyed(["energy", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(line);
  });

  test.runIf(full)("--attack says what those take who attack, by where they stand", async () => {
    const { stdout } = await obeyed(["energy", "--interval", "3600", "--attack", "off-path"]);
    expect(stdout).toMatch(/^  somebody off-path, for 5 days +lasts +PSM/);
    expect(stdout).toMatch(/^  nobody +\d+ days +0 % +99\.\d %/m);
    expect(stdout.trimEnd().split("\n")).toHaveLength(6);
  });

  test("--attack takes off-path and on-path", async () => {
    const { code, stderr } = await run(["energy", "--attack", "in-the-middle"]);
    expect(stderr).toMatch(/Allowed choices are off-path, on-path/);
    expect(code).toBe(2);
  });
});
