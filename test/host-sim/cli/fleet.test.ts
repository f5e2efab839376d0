/** `npm run fleet`: what it prints, what it refuses, its parts, and a load over real UDP. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { complaintsIn, launch, obeyed } from "./command-line";
import { commandOf } from "../../../host-sim/cli/fleet-commands";
import { linkFamilies } from "../../../host-sim/sim/fleet/link-traits";
import type { FleetResult } from "../../../host-sim/tools/fleet/result";
import type { Running } from "./command-line";

const small = ["--devices", "12", "--hours", "2", "--per-cell", "4", "--interval", "300", "--jobs", "1"];

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "fleet-"))));
afterAll(() => rmSync(folder, { recursive: true }));
const running: Running[] = [];
afterEach(() => {
  for (const command of running.splice(0)) command.process.kill("SIGKILL");
});

describe("a fleet", () => {
  it("says what came of it, and how to have the worst devices alone", async () => {
    const { code, stdout, stderr } = await obeyed(["fleet", ...small]);
    expect({ code, complaints: complaintsIn(stderr) }).toEqual({ code: 0, complaints: "" });
    expect(stdout).toMatch(/^cell +at most (1 device|\d+ devices) of one/m);
    expect(stdout).toMatch(/^12 devices for 2 h in 3 cells, seed 1\nreadings +\d+ taken, \d+ acknowledged/);
    const [, alone] = /^ {2}8646.*: npm start -- (.*)$/m.exec(stdout)!;
    const replay = await obeyed(["start", ...alone.split(" ")]);
    const [, key] = /^ {2}(8646\d+) /m.exec(stdout)!;
    expect(replay.stdout).toContain("reports acknowledged");
    expect(replay.stdout).toMatch(/; seed 1 with --fleet-device \d+ repeats this run/);
    const told = await obeyed(["start", ...alone.replace("--quiet", "--json").split(" ")]);
    const number = Number(/--fleet-device (\d+)/.exec(alone)![1]);
    expect(JSON.parse(told.stdout)).toMatchObject({
      ...{ seed: 1, fleetDevice: number, device: { deviceKey: key } },
    });
    expect(alone).toContain("--profile modern");
  });

  it("goes through all families of modems, and names each in its replay", async () => {
    const { code, stdout, stderr } = await obeyed([
      "fleet",
      ...small,
      "--modem",
      "all",
      "--profile",
      "module",
    ]);
    expect({ code, complaints: complaintsIn(stderr) }).toEqual({ code: 0, complaints: "" });
    expect(stdout).toMatch(/^12 devices with modems of all families for 2 h in 3 cells, seed 1\n/);
    const families = [...stdout.matchAll(/--fleet-device (\d+) .* --modem ([a-z0-9-]+) /g)];
    expect(families).toHaveLength(10);
    for (const [, number, family] of families) expect(family).toBe(linkFamilies[Number(number) % 10]);
    const [, alone] = /: npm start -- (.*--modem bg95 .*)$/m.exec(stdout)!;
    const replay = await obeyed(["start", ...alone.split(" ")]);
    expect(replay).toMatchObject({ code: 0 });
    expect(replay.stdout).toContain("reports acknowledged");
    const one = await obeyed(["fleet", ...small, "--modem", "bc95"]);
    expect(one.stdout).toContain("12 devices with a bc95 each for 2 h");
    expect(one.stdout).toMatch(/npm start -- .* --modem bc95 /);
  });

  it("replays a device with all that the run had, and says what one device alone cannot have", async () => {
    const set = ["--set", "t3324=60", "--set", "edrx=20", "--set", "lifetime=7200"];
    const network = ["--loss", "0.05", "--nat-idle", "600", "--edition", "tokenless"];
    const kind = ["--modem", "sim7080", "--profile", "module", "--battery", "5"];
    const place = ["--coverage", "0=50,1=50", "--power-spread", "60"];
    const run = [
      ...set,
      ...network,
      ...kind,
      ...place,
      "--batch",
      "2",
      "--scenario",
      "blackout",
      "--at",
      "1",
    ];
    const { code, stdout, stderr } = await obeyed(["fleet", ...small, ...run, "--json"]);
    expect({ code, complaints: complaintsIn(stderr) }).toEqual({ code: 0, complaints: "" });
    const text = await obeyed(["fleet", ...small, ...run]);
    expect(text.stdout).toMatch(/^the worst, .* through the whole modem, without blackout:$/m);
    const [, alone] = /^ {2}8646.*: npm start -- (.*)$/m.exec(text.stdout)!;
    expect(alone).toContain(" --batch 2 --sleep deep --set t3324=60 --set edrx=20 --set lifetime=7200 ");
    expect(alone).toContain(" --edition tokenless ");
    expect(alone).toContain(" --loss 0.05 --nat-idle 600 --battery 5 --profile sim7080 ");
    const replay = await obeyed(["start", ...alone.replace("--quiet", "--verbose").split(" ")]);
    expect(replay.stdout).toMatch(/\+CPSMS=1,,,"\d{8}","00011110"/);
    expect(replay.stdout).toContain("lifetime=7200s");
    expect(replay.stdout).toMatch(/with that 5 Wh last .* \(profile sim7080;/);
    const { plan, counts } = JSON.parse(stdout) as FleetResult;
    const [, again] = commandOf(plan).split("npm run fleet -- ");
    const same = await obeyed(["fleet", ...again.split(" "), "--jobs", "1", "--json"]);
    expect(JSON.parse(same.stdout)).toMatchObject({ plan, counts });
  });

  it("is the same bytes again, whole and in parts", async () => {
    const whole = await obeyed(["fleet", ...small, "--json"]);
    const again = await obeyed(["fleet", ...small, "--json"]);
    expect(again.stdout).toBe(whole.stdout);
    const parts = ["1", "2", "3"].map((part) => join(folder, `part-${part}.json`));
    for (const [i, out] of parts.entries()) {
      const { code, stdout } = await obeyed(["fleet", ...small, "--shard", `${i + 1}/3`, "--out", out]);
      expect(code).toBe(0);
      expect(stdout).toContain(`shard ${i + 1}/3 alone`);
    }
    const merged = await obeyed(["fleet", "merge", ...parts, "--json"]);
    expect(merged.stdout).toBe(whole.stdout);
    const missing = await obeyed(["fleet", "merge", parts[0], parts[2]]);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain("shard 2 of 3 is missing");
    writeFileSync(parts[1], readFileSync(parts[1], "utf8").slice(0, 100));
    const cut = await obeyed(["fleet", "merge", ...parts]);
    expect(cut).toMatchObject({
      code: 1,
      stderr: `${parts[1]} is no JSON: is it cut short, or still being written?\n`,
    });
  });

  test.each(["blackout", "cell-moves", "growth", "bad-update", "commands", "scan"])(
    "loses nothing in %s",
    async (scenario) => {
      const { code, stdout } = await obeyed([
        "fleet",
        ...small,
        "--scenario",
        scenario,
        "--at",
        "1",
        "--json",
      ]);
      expect(code).toBe(0);
      const { counts } = JSON.parse(stdout) as { counts: Record<string, number> };
      expect(counts).toMatchObject({ lost: 0, faults: 0 });
      expect(counts.stored).toBeGreaterThanOrEqual(counts.acknowledged);
      expect(counts.acknowledged).toBeGreaterThan(50);
    },
  );

  it("is a page, too", async () => {
    const page = join(folder, "fleet.html");
    const { code } = await obeyed(["fleet", ...small, "--report", page]);
    expect(code).toBe(0);
    expect(readFileSync(page, "utf8")).toMatch(
      /^<!doctype html>[^]*<title>12 devices, an ordinary time<\/title>/,
    );
  });
});

describe("is refused in one line", () => {
  test.each<[string[], string]>([
    [["--shard", "4/3"], "--shard takes a part such as 3/16"],
    [["--modem", "bg96"], "--modem"],
    [
      ["--scenario", "scan", "--server", "coap://127.0.0.1"],
      "--scenario does not go with --server, which is real",
    ],
    [["--shard", "3/9"], "shard 3/9: there are 3 cells, and no shard has less than one"],
    [["--shard", "1/9"], "shard 1/9: there are 3 cells, and no shard has less than one"],
    [["--set", "intervall=4"], '--set: there is no setting "intervall", the nearest is interval'],
    [["--set", "interval=0"], "--set: interval"],
    [["--set", "server=1.2.3.4"], "--set: server is the simulation's own"],
    [["--set", "t3324=2", "--set", "t3324=3"], "--set: t3324 is set twice"],
    [["--set", "processor=80"], "--set: processor is about what a device at link depth has not"],
    [["--set", "apnPassword=geheim"], "--set: apnPassword is of an access point that asks for it"],
    [["--set", "format=json"], '--set: there is no setting "format"'],
    [
      ["--scenario", "blackout"],
      "--at: blackout begins after 6 h, and the run has 2: name an hour within it",
    ],
    [["--scenario", "growth", "--at", "2"], "--at: growth begins after 2 h"],
    [["--speed", "60"], "--speed goes with --server alone"],
    [["--server", "192.0.2.7"], "192.0.2.7 is another machine"],
    [["--server", "localhost", "--scenario", "blackout"], "--scenario does not go with --server"],
    [["--out", "/nowhere/at/all.json"], "--out: /nowhere/at/all.json"],
    [["join", "a.json"], "fleet takes no word but merge"],
    [["merge"], "merge takes the files that --out has written"],
    [["merge", "/nowhere.json"], "/nowhere.json: there is no such file"],
    [
      ["merge", "a.json", "--seed", "2"],
      "merge does not go with --seed: the parts say what was run; it takes --json, --report",
    ],
    [["merge", "package.json"], "package.json is no part of this version's npm run fleet"],
  ])("%o", async (args, line) => {
    const alone = ["join", "merge", "--server"].includes(args[0]);
    const given = alone ? args : [...small, ...args];
    const { code, stdout, stderr } = await obeyed(["fleet", ...given]);
    expect(stderr).toContain(line);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect([1, 2]).toContain(code);
  });

  it("names a page that cannot be written before anything is run", async () => {
    const out = join(folder, "kept.json");
    const page = await obeyed(["fleet", ...small, "--out", out, "--report", "/nowhere/at/all.html"]);
    expect(page).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--report: /nowhere/at/all.html"),
    });
    expect(existsSync(out)).toBe(false);
  });

  it("leaves no result that passes for one where it did not come to its end", async () => {
    const out = join(folder, "refused.json");
    await obeyed(["fleet", ...small, "--shard", "1/9", "--out", out]);
    expect(existsSync(out)).toBe(false);
  });
});

it("talks to the stand-in over real UDP, which it has told of its devices", async () => {
  const command = launch(["cloud", "--port", "0", "--api-port", "0"]);
  running.push(command);
  const [, url] = await command.until(/(coap:\/\/127\.0\.0\.1:\d+)/);
  const [, api] = await command.until(/application API on (http:\S+)\/api\/v1/);
  const load = ["--devices", "20", "--hours", "1", "--speed", "1200", "--interval", "1200"];
  const { code, stdout } = await obeyed(["fleet", ...load, "--server", url, "--register", api, "--json"]);
  expect(code).toBe(0);
  const told = JSON.parse(stdout) as {
    online: number;
    acknowledged: number;
    lost: number;
    latencyMs: { p50: number };
  };
  expect(told).toMatchObject({ devices: 20, online: 20, lost: 0 });
  expect(told.acknowledged).toBeGreaterThan(20);
  expect(told.latencyMs.p50).toBeGreaterThan(0);
  const strangers = await obeyed(["fleet", ...load, "--seed", "7", "--server", url]);
  expect(strangers.code).toBe(1);
  expect(strangers.stderr).toContain("let none of the devices in: does it know them?");
});
