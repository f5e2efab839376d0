import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { obeyed, run } from "./command-line";

describe("npm start", () => {
  test("ends with 0 and says what was achieved", async () => {
    const { code, stdout, stderr } = await run(["start"]);
    expect(stderr).toBe("");
    expect(stdout).toContain("10 of 10 reports acknowledged, 10 stored, 0 lost");
    expect(stdout).toContain('1 command executed, 1 of 1 answered, edition "token"');
    expect(stdout).toMatch(/─▶ up {4}CON POST mid=[0-9a-f]{4} token=[0-9a-f]{8} \/auth\/PK\/DK/);
    expect(stdout).toContain("2101=<64 bytes>");
    expect(stdout).toContain("seed 1");
    expect(code).toBe(0);
  });

  test("the later edition", async () => {
    const { code, stdout } = await obeyed(["start", "--edition", "tokenless"]);
    expect(stdout).toContain('1 command executed, 1 of 1 answered, edition "tokenless"');
    expect(stdout).not.toContain("2101=");
    expect(stdout).toMatch(/2102=<\d+ bytes>/);
    expect(code).toBe(0);
  });

  test("--json is one document, the same for the same seed", async () => {
    const [first, second] = await Promise.all([
      obeyed(["start", "--seed", "7", "--json"]),
      obeyed(["start", "--seed", "7", "--json"]),
    ]);
    const document = JSON.parse(first.stdout);
    expect(document).toMatchObject({ seed: 7, complete: true, reports: { acknowledged: 10 } });
    expect(document.list).toHaveLength(document.datagrams.up + document.datagrams.down);
    expect(document.list[0].sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(second.stdout).toBe(first.stdout);
  });

  test("--verbose unfolds the AT exchange, datagrams in it still folded", async () => {
    const { stdout } = await obeyed(["start", "--verbose", "--reports", "2", "--no-command"]);
    expect(stdout).toContain("0 commands executed, 0 of 0 answered");
    expect(stdout).toMatch(/AT +> AT\+CFUN=1/);
    expect(stdout).toMatch(/AT +< \+CEREG: 1,"5B57"/);
    expect(stdout).toMatch(/> AT\+CSOSEND=0,\d+,<\d+ bytes>/);
    expect(stdout).not.toMatch(/[0-9A-F]{40}/);
  });

  test("the totals say what a reading took and how long a battery would last, in JSON too", async () => {
    const args = ["start", "--sleep", "deep", "--interval", "3600", "--no-command", "--format", "raw"];
    const text = await obeyed([...args, "--quiet"]);
    expect(text.stdout).toMatch(
      /^\d\.\d\d J a reading, \d+ µW: with that 19 Wh last \d+\.\d years \(profile field;/m,
    );
    const json = await obeyed([...args, "--json", "--battery", "38"]);
    const { energy } = JSON.parse(json.stdout) as { energy: { joulesPerReading: number; battery: object } };
    // All but the first two of ten, which go in one contact.
    expect(energy).toMatchObject({ profile: "field", readings: 8, battery: { capacity: 38 } });
    expect(text.stdout).toContain(`${energy.joulesPerReading.toFixed(2)} J a reading`);
    // One reading has nothing before it to be counted from.
    const one = await obeyed(["start", "--reports", "1", "--no-command", "--quiet"]);
    expect(one.stdout).not.toContain("J a reading");
  });

  test("takes any setting, another profile and a NAT that forgets, and says so again", async () => {
    const set = ["--set", "t3324=60", "--set", "init=AT+CSQ;AT+CSQ", "--profile", "sim7020"];
    const args = [...set, "--nat-idle", "60", "--no-command", "--format", "raw"];
    const page = join(mkdtempSync(join(tmpdir(), "enos-start-")), "run.pcapng");
    const { code, stdout } = await obeyed(["start", "--verbose", "--pcap", page, ...args]);
    expect(code).toBe(0);
    expect(stdout).toContain('"00011110"');
    expect(stdout).toMatch(/AT +> AT\+CSQ$/m);
    expect(stdout).toContain("(profile sim7020;");
    const command = /to repeat it: (npm start -- [^\0]*?--seed 1)/.exec(
      readFileSync(page).toString("latin1"),
    )![1];
    expect(command).toContain("--profile sim7020 --set t3324=60 --set 'init=AT+CSQ;AT+CSQ' --nat-idle 60 ");
    rmSync(dirname(page), { recursive: true });
  });

  test("a run that cannot complete ends with 1 and says why", async () => {
    const { code, stdout } = await obeyed(["start", "--loss", "1", "--reports", "2", "--quiet"]);
    expect(stdout).toContain("incomplete: 2 readings not acknowledged");
    expect(code).toBe(1);
  });
});

describe("npm start -- --attack", () => {
  test("shows what somebody does on the way, whom the device withstands", async () => {
    const args = ["start", "--attack", "off-path:ping,garbage", "--reports", "3", "--no-command"];
    const { code, stdout } = await obeyed(args);
    expect(stdout).toMatch(/^\s*[\d:.]+ {2}hostile {2}off-path: ping, 4 bytes to the device$/m);
    expect(stdout).toMatch(/device +radio: guarded strangers=/);
    expect(stdout).toContain("3 of 3 reports acknowledged, 3 stored, 0 lost");
    expect(code).toBe(0);
  });

  test.each([
    ["near", /--attack begins with off-path, on-path, in-the-middle, got "near"/],
    ["off-path:nap", /--attack: no act "nap": ping, /],
    ["on-path:drop", /--attack: "drop" takes in-the-middle, not on-path/],
    ["off-path:", /--attack: no act ""/],
  ])("%s is misuse", async (who, why) => {
    const { code, stderr } = await run(["start", "--attack", who]);
    expect(stderr).toMatch(why);
    expect(code).toBe(2);
  });
});

describe("npm start -- --scenario outage", () => {
  test("tells what became of those that waited; 0 only if each has its own time", async () => {
    const { code, stdout } = await obeyed(["start", "--scenario", "outage"]);
    // The first reading that finds no network is taken some minutes after it is gone.
    const line = /3 d 0 h without coverage: (\d+) readings waited, the oldest for 2 d 23 h/;
    const waited = line.exec(stdout)?.[1];
    expect(Number(waited)).toBeGreaterThanOrEqual(287);
    expect(stdout).toMatch(/coverage back: first answer after .*, nothing left waiting after .*/);
    expect(stdout).toMatch(/catch-up: \d+ datagrams \(\d+ up, \d+ down\), \d+ bytes/);
    expect(stdout).toMatch(/; (\d+) of \1 readings in the cloud/);
    const timed = new RegExp(`^${waited} of ${waited} stored with their own time`, "m").test(stdout);
    expect(code).toBe(timed ? 0 : 1);
    // The turns are told; three days of the same are not, line by line.
    expect(stdout).toMatch(/06:00:00\.000 {2}cell {5}no coverage from now on/);
    expect(stdout).toMatch(/3d 06:00:00\.000 {2}cell {5}coverage is back, \d+ readings wait/);
    expect(stdout).toMatch(/┆ {8}\d+ h \d+ min: \d+ × /);
    expect(stdout.split("\n").length).toBeLessThan(600);
  });

  test("--json is one document, and the board in it sleeps where it was asked to", async () => {
    const { stdout } = await obeyed([
      "start",
      "--scenario",
      "outage",
      "--seed",
      "2",
      "--json",
      "--sleep",
      "deep",
    ]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ seed: 2, engine: "node", outage: 72 * 3_600_000, complete: true });
    expect(Object.keys(document.board)).toEqual(["asleep", "dozes"]);
    // Six hours with coverage before, and some minutes of each reading awake.
    expect(document.board.asleep).toBeGreaterThan(5.5 * 3_600_000);
  });
});

describe("npm start -- --scenario eavesdropper", () => {
  test("prints what somebody in the middle comes to, and writes the run that --sealed names", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "eavesdropper-")), "run.pcapng");
    const { code, stdout, stderr } = await obeyed([
      ...["start", "--scenario", "eavesdropper", "--sealed", "--pcap", file],
    ]);
    expect(stdout).toMatch(
      /^Somebody in the middle of the way, without a key: +plain +sealed +sealed, proof$/m,
    );
    expect(stdout).toMatch(/^ {2}makes a command up: relay on +3 of 3 +0 of 3 +0 of 3$/m);
    expect(stdout).toContain("complete; seed 1 repeats this run");
    expect(stdout.split("\n").length).toBeLessThan(24);
    expect(stderr).toContain("run.pcapng");
    const written = readFileSync(file, "latin1");
    expect(written.includes("npm start -- --scenario eavesdropper --sealed --seed 1")).toBe(true);
    expect(code).toBe(0);
  });
});

describe("npm start -- --sealed", () => {
  test.each(["--sealed", "--sealed=proof"])(
    "%s: all arrives in envelopes, and the command is answered",
    async (flag) => {
      const { code, stdout } = await obeyed(["start", flag, "--reports", "5", "--json"]);
      expect(JSON.parse(stdout)).toMatchObject({
        complete: true,
        reports: { acknowledged: 5, stored: 5, repeated: 0 },
        commands: { executed: 1, answered: 1 },
      });
      expect(code).toBe(0);
    },
  );

  test("of the room, over deep sleep, in the later edition", async () => {
    const args = ["--application", "room", "--sleep", "deep", "--edition", "tokenless", "--modem", "bg95"];
    const { code, stdout } = await obeyed(["start", "--sealed", "proof", "--quiet", ...args]);
    expect(stdout).toContain("complete; seed 1 repeats this run");
    expect(code).toBe(0);
  });
});

describe("misuse is one clear line and exit code 2", () => {
  test.each([
    [["start", "--loss", "1.5"], /--loss takes a number from 0 to 1 such as 0\.3, got "1\.5"/],
    [["start", "--reports", "0"], /--reports takes a whole number from 1 to 1000000, got "0"/],
    [["start", "--seed", "x"], /--seed takes a whole number/],
    [["start", "--engine", "v8"], /^--engine takes node or xs, got "v8"$/m],
    [["start", "--nonsense"], /^npm start has no option --nonsense: npm start -- --help lists them$/m],
    [["start", "extra"], /^npm start takes no argument, got 1: options begin with --/],
    [["start", "--json", "--verbose"], /exclude each other/],
    [
      ["start", "--scenario", "flood"],
      /^--scenario takes first-hours, outage, eavesdropper or update, got "flood"$/m,
    ],
    [["start", "--scenario", "outage", "--reports", "5"], /--reports does not go with --scenario outage/],
    [["start", "--scenario", "outage", "--no-command"], /--no-command does not go with --scenario outage/],
    [
      ["start", "--scenario", "outage", "--set", "batch=2"],
      /^--set does not go with --scenario outage, whose device has settings of its own$/m,
    ],
    [
      ["start", "--scenario", "update", "--nat-idle", "9"],
      /^--nat-idle does not go with --scenario update, /m,
    ],
    [["start", "--set", "interval=9"], /^--set: interval is --interval here$/m],
    [["start", "--set", "format=json"], /^--set: there is no setting "format", see docs\/settings\.md$/m],
    [
      ["start", "--set", "t3324=9", "--t3324", "8"],
      /^--set: t3324 has a flag of its own, which is given too/m,
    ],
    [["start", "--set", "apnPassword=lead"], /^--set: apnPassword is of an access point that asks for it/m],
    [["start", "--set", "rat=lte-m"], /^--set: rat is "lte-m", and a sim7020 has nb-iot alone$/m],
    [["start", "--profile", "bg95"], /^--profile: no data sheet of bg95 is known; take field, modern, /m],
    [["start", "--sealed", "lead"], /^--sealed takes nothing, or proof, got "lead"$/m],
    [
      ["start", "--sealed", "--format", "json"],
      /^--format json does not go with --sealed, which takes raw or compact: /m,
    ],
    [
      ["start", "--scenario", "eavesdropper", "--watch"],
      /^--watch does not go with --scenario eavesdropper, /m,
    ],
    [["start", "--scenario", "eavesdropper", "--attack", "off-path"], /^--attack does not go with /m],
    [["chaos", "--sealed", "--format", "alternate"], /^--format alternate does not go with --sealed/m],
    [["energy", "--sealed", "--set", "payload=json"], /^--format json does not go with --sealed/m],
    [["fly"], /^there is no command "fly": /],
    [["cloud", "--iv", "zz"], /--iv takes "zero", "key", "ecb" or 32 hex digits/],
    [
      ["cloud", "--devices", "/nonexistent.json"],
      /cannot read \/nonexistent\.json: there is no such file or folder, ENOENT/,
    ],
    [["cloud", "--devices", "package.json"], /package\.json: device list: expected an array/],
    [["device"], /^npm run device needs --server <url>: /],
    [["device", "--sever", "127.0.0.1"], /^npm run device has no option --sever: did you mean --server\?/],
    [
      ["device", "--server", "http://x"],
      /--server takes HOST, HOST:PORT or coap:\/\/HOST:PORT, got "http:\/\/x"/,
    ],
    [["device", "--server", "203.0.113.5:0"], /--server takes HOST/],
    [["device", "--server", "203.0.113.5:5683"], /no keys: set ENOS_PRODUCT_KEY/],
    [
      ["device", "--server", "coap://127.0.0.1"],
      /no keys: set ENOS_PRODUCT_KEY, ENOS_DEVICE_KEY, ENOS_DEVICE_SECRET/,
    ],
    [["device", "--server", "coap://127.0.0.1", "--keys", "README.md"], /README\.md is not JSON/],
    [["device", "--server", "coap://127.0.0.1", "--keys", "package.json"], /"productKey" is missing/],
  ])("%j", async (args, message) => {
    const { code, stdout, stderr } = await obeyed(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("--help is no misuse", async () => {
    for (const command of ["start", "cloud", "device", "bench"]) {
      const { code, stdout } = await obeyed([command, "--help"]);
      expect(stdout).toContain(`Usage: npm ${command === "start" ? "" : "run "}${command} -- [options]`);
      expect(code).toBe(0);
    }
  });
});
