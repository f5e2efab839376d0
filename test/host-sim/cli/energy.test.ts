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
    expect(code).toBe(0);
    expect(stderr).toMatch(/^0 % · 1 of \d+: as asked\n/);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.length).toBeLessThan(30);
    expect(lines[0]).toMatch(
      /^5 Wh, 1 % self-discharge a year · profile field · sim7020 · a reading every 900 s/,
    );
    expect(stdout).toMatch(/^\d+ days \(\d+ to \d+\): \d+ µW on average/m);
    expect(stdout).toMatch(/^  report +\d\.\d{4} J/m);
    expect(stdout).toMatch(
      /^  16 readings together +[\d.]+ (days|years) \([\d.]+ to [\d.]+\) +\+\d+ % .+ 3 h 45 min$/m,
    );
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
      const nothing = ["starting", "running160", "waiting80", "deepSleep"].map((state) => [state, 0]);
      writeFileSync(file, JSON.stringify({ name: "mine", board: Object.fromEntries(nothing) }));
      const { stdout } = await obeyed([...quick, "--profile", file, "--json"]);
      const { asked, base } = JSON.parse(stdout) as {
        asked: { profile: string };
        base: { measured: { board: number } };
      };
      expect(asked.profile).toBe("mine");
      expect(base.measured.board).toBe(0);
      writeFileSync(file, '{"modem":');
      const broken = await obeyed([...quick, "--profile", file]);
      expect(broken).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /mine\.json is no JSON, line 1 column 10: expected a value, got the end\n$/,
        ),
      });
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

  test("--set changes what is asked for, --try adds a row, and both are checked as the firmware checks them", async () => {
    const args = [...quick, "--set", "late=60", "--set", "batch=2", "--try", "order=live", "--json"];
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    const { asked, variants, fights, base } = JSON.parse(stdout) as {
      asked: { choice: { batch: number; settings: object } };
      variants: { text: string; asked?: boolean }[];
      fights: string[];
      base: { years: number; range: [number, number] };
    };
    expect(asked.choice).toMatchObject({ batch: 2, settings: { late: "60" } });
    expect(variants.filter((each) => each.asked === true).map(({ text }) => text)).toEqual(["order live"]);
    expect(fights).toEqual([expect.stringMatching(/late after 60 s, and a batch takes 1800 s/)]);
    expect(base.range[0]).toBeLessThan(base.years);
    expect(base.range[1]).toBeGreaterThan(base.years);
  });

  test("help says all defaults in words", async () => {
    const { stdout } = await obeyed(["energy", "--help"]);
    expect(stdout).not.toMatch(/default: \[/);
  });

  test.each([
    [["--set", "late"], /^--set takes a setting as NAME=VALUE, such as t3324=2, got "late"\n$/],
    [
      ["--set", "intervall=60"],
      /^--set: there is no setting "intervall", did you mean interval\? see docs\/settings.md\n$/,
    ],
    [["--set", "t3324=99999"], /^--set: t3324 is "99999", it must be a whole number from 0 to 11160\n$/],
    [["--set", "interval=5"], /^--set: interval is 5, and less than 60 s is not metered\n$/],
    [["--set", "server=198.51.100.1"], /^--set: server is the simulation's own cloud\n$/],
    [["--set", "batch=4", "--batch", "2"], /^--set: batch has a flag of its own, which is given too/],
    [["--set", "late=4", "--set", "late=5"], /^--set: late is set twice: leave one of them out\n$/],
    [["--try", "rat=lte-m"], /^--try: rat is "lte-m", and a sim7020 has nb-iot alone\n$/],
    [
      ["--try", "late=4", "--attack", "off-path"],
      /^--try does not go with --attack, which compares attackers\n$/,
    ],
    [["--battery", "0"], /^--battery takes watt hours from 0.01 to 100000, got "0"\n$/],
    [["--coverage", "3"], /^--coverage takes a level, or shares such as/],
    [["--cells", "--attack", "off-path"], /^--cells does not go with --attack/],
    [
      ["--cells", "--battery", "19"],
      /^--cells does not go with --battery: 3GPP's study says what is run; it takes --modem, --t3324, --format, --seed, .*\n$/,
    ],
    [["--cells", "--set", "late=4"], /^--cells does not go with --set/],
    [
      ["--try", "format=json"],
      /^--try: there is no setting "format", did you mean payload\? see docs\/settings.md\n$/,
    ],
    [["--set", "rotation=1"], /^--set: there is no setting "rotation"; see docs\/settings.md\n$/],
    [["--set", "ring=22"], /^--set: ring is wired where waiting is light-sleep\n$/],
    [["--coverage", "0=0"], /^--coverage: the shares must be more than 0/],
    [
      ["--profile", "/nonexistent"],
      /^--profile: no file "\/nonexistent"; there are modern, field, limit, sim7020, /,
    ],
    [["--interval", "1"], /^--interval takes a whole number from 60 to 86400, got "1"\n$/],
  ])("misuse %j ends with 2 and one line", async (args, line) => {
    const { code, stdout, stderr } = await obeyed(["energy", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(line);
  });

  test("--attack takes off-path and on-path", async () => {
    const { code, stderr } = await run(["energy", "--attack", "in-the-middle"]);
    expect(stderr).toMatch(/^--attack takes off-path or on-path, got "in-the-middle"$/m);
    expect(code).toBe(2);
  });
});
