/**
 * What a user can do wrong on the command line, and what is said of it, word by word: one line that says what is
 * wrong, where, and how to mend it; exit code 2, nothing on stdout, and no word of Commander's or of a validator's.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { commandNames } from "../../../host-sim/cli/program";
import { obeyed } from "./command-line";

const folder = mkdtempSync(join(tmpdir(), "misuse-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file with this content, by its path. */
function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const modems = "sim7020, sim7080, sim7000, bc66, bc660k, bc95, sara-n2, bg95, sara-r4 or sara-r5";

describe("the words themselves", () => {
  test.each<[string, string[], string]>([
    // Commands.
    [
      "a command that there is not",
      ["strat"],
      'there is no command "strat": did you mean start? node host-sim/cli/run.mjs help lists them',
    ],
    [
      "one that is like none",
      ["fly"],
      'there is no command "fly": node host-sim/cli/run.mjs help lists them',
    ],
    [
      "help of one that there is not",
      ["help", "enrgy"],
      'there is no command "enrgy": did you mean energy? node host-sim/cli/run.mjs help lists them',
    ],
    [
      "an option of no command",
      ["--foo"],
      "node host-sim/cli/run.mjs has no option --foo: node host-sim/cli/run.mjs --help lists them",
    ],
    // Options.
    [
      "an option that there is not",
      ["start", "--reprots", "5"],
      "npm start has no option --reprots: did you mean --reports? npm start -- --help lists them",
    ],
    [
      "one that is like none",
      ["energy", "--xyzzy"],
      "npm run energy has no option --xyzzy: npm run energy -- --help lists them",
    ],
    ["a letter", ["start", "-x"], "npm start has no option -x: npm start -- --help lists them"],
    [
      "one dash too few",
      ["start", "-seed", "5"],
      "npm start has no option -seed: did you mean --seed? npm start -- --help lists them",
    ],
    [
      "a value of an option that there is not, which may be a secret",
      ["provision", "--device-secret=kT4vXq9Z"],
      "npm run provision has no option --device-secret: npm run provision -- --help lists them",
    ],
    [
      "a value of an option that takes none",
      ["start", "--quiet=kT4vXq9Z"],
      "--quiet takes no value: leave out what stands behind it",
    ],
    ["no value at the end", ["cloud", "--port"], "--port needs a value: --port <n>, UDP port, 0 for any"],
    [
      "no value before the next option",
      ["start", "--report", "--quiet"],
      "--report needs a value: --report <file>, write the run as one HTML page: messages, power, energy, latency",
    ],
    [
      "an option that has to be there",
      ["device"],
      "npm run device needs --server <url>: HOST[:PORT] of EnOS or its stand-in, coap:// before it or not",
    ],
    [
      "options that exclude each other",
      ["fuzz", "--seconds", "1", "--executions", "1"],
      "--executions and --seconds exclude each other: leave one of them out",
    ],
    [
      "two ways to print",
      ["start", "--json", "--verbose"],
      "--json and --verbose exclude each other: leave one of them out",
    ],
    // Values.
    ["one of two", ["start", "--engine", "v8"], '--engine takes node or xs, got "v8"'],
    [
      "nearly one of many",
      ["start", "--modem", "sim702"],
      `--modem takes ${modems}, got "sim702": did you mean sim7020?`,
    ],
    [
      "a short one, which is near to all",
      ["start", "--coverage", "3"],
      '--coverage takes 0, 1 or 2, got "3"',
    ],
    [
      "the same of an argument",
      ["modem", "sim702"],
      `<family> takes ${modems}, got "sim702": did you mean sim7020?`,
    ],
    [
      "one that steers a terminal",
      ["start", "--engine", "\u001b[2Jxs\u202e"],
      '--engine takes node or xs, got "\\u001b[2Jxs\\u202e"',
    ],
    [
      "one of a hundred characters",
      ["start", "--engine", "x".repeat(100)],
      `--engine takes node or xs, got "${"x".repeat(40)}…"`,
    ],
    ["no number", ["start", "--seed", "x"], '--seed takes a whole number from 0 to 4294967295, got "x"'],
    [
      "a number too small",
      ["start", "--reports", "0"],
      '--reports takes a whole number from 1 to 1000000, got "0"',
    ],
    ["no fraction", ["start", "--loss", "1.5"], '--loss takes a number from 0 to 1 such as 0.3, got "1.5"'],
    [
      "no capacity",
      ["start", "--battery", "none"],
      '--battery takes watt hours from 0.01 to 100000, got "none"',
    ],
    [
      "no shares",
      ["energy", "--coverage", "0:80"],
      '--coverage takes a level, or shares such as 0=80,1=15,2=5, got "0:80"',
    ],
    [
      "no list of faults",
      ["chaos", "--seed", "1", "--keep", "a"],
      '--keep takes numbers of faults such as 2,5,9, or none, got "a"',
    ],
    [
      "no server",
      ["device", "--server", "http://x"],
      '--server takes HOST, HOST:PORT or coap://HOST:PORT, got "http://x"',
    ],
    // Arguments.
    ["an argument too many", ["start", "extra"], "npm start takes no argument, got 1: options begin with --"],
    [
      "an option without its dashes",
      ["start", "seed", "5"],
      "npm start takes no argument, got 2: options begin with --, did you mean --seed?",
    ],
    [
      "an argument too many, which may be a secret",
      ["provision", "kT4vXq9Z"],
      "npm run provision takes no argument, got 1: options begin with --",
    ],
    [
      "two arguments for one",
      ["model", "a.json", "b.json"],
      "npm run model takes one argument, <file>, got 2: options begin with --",
    ],
    [
      "no argument",
      ["model"],
      "npm run model needs <file>: the thing model, such as firmware/product/model.json",
    ],
  ])("%s", async (_, args, line) => {
    expect(await obeyed(args)).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
  });
});

describe("files", () => {
  const model = (changes: object): object => ({
    format: 2,
    product: "p",
    version: 1,
    measurepoints: [{ identifier: "t", number: 1, type: "float" }],
    ...changes,
  });

  test.each<[string, () => string[], string]>([
    [
      "devices that are no list",
      () => ["cloud", "--devices", file("d", {})],
      "D: device list: expected an array of devices, got an object",
    ],
    [
      "a device with a wrong key",
      () => ["cloud", "--devices", file("d", [{ productKey: 1, deviceKey: "d", deviceSecret: "s" }])],
      "D: devices[0].productKey: expected 1 to 64 of A-Z a-z 0-9 . _ : -, got a number",
    ],
    [
      "a device list that is no JSON",
      () => ["cloud", "--devices", file("d", "[{")],
      "D: device list: not JSON, see line 1 column 3",
    ],
    [
      "a model with a wrong type",
      () => ["model", file("d", model({ version: "one" }))],
      'D: $.version: is "one"; write a whole number that you raise with every change',
    ],
    [
      "a model with an unknown member",
      () => ["model", file("d", model({ devices: [] }))],
      'D: $: has "devices", which is nothing here; remove it or correct its name (format, product, version, sealed, update, health, remoteSettings, measurepoints, attributes, events, services)',
    ],
    [
      "a model that lacks a member",
      () => ["model", file("d", { ...model({}), product: undefined })],
      `D: $: lacks "product"; add "product": the product's name, one line without *`,
    ],
    [
      "a profile that is no JSON",
      () => ["energy", "--profile", file("d", "{")],
      "--profile: D is no JSON, line 1 column 2: expected a name in double quotes or }, got the end",
    ],
  ])("%s", async (_, args, line) => {
    const { code, stdout, stderr } = await obeyed(args());
    expect({ code, stdout, stderr: stderr.replaceAll(join(folder, "d"), "D") }).toEqual({
      code: 2,
      stdout: "",
      stderr: `${line}\n`,
    });
  });
});

describe("every command", () => {
  test.each(commandNames)(
    "%s: help and version leave with 0, and what it does not know with 2",
    async (name) => {
      const help = await obeyed([name, "--help"]);
      expect(help).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout).toContain("show the project's version");
      expect(await obeyed([name, "--version"])).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^enos-nbiot-xs \d+\.\d+\.\d+\n$/),
        stderr: "",
      });
      const { code, stdout, stderr } = await obeyed([name, "--such-a-thing"]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^[^\n]+\n$/);
      expect(stderr).not.toMatch(/^error|argument missing|Allowed choices|must be|should/);
    },
  );

  test("the program itself: its version, its commands, and what to do without one", async () => {
    expect((await obeyed(["--version"])).stdout).toMatch(/^enos-nbiot-xs \d/);
    const { code, stdout } = await obeyed(["help"]);
    expect(code).toBe(0);
    for (const name of commandNames) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(await obeyed([])).toMatchObject({ code: 2, stdout: "" });
  });
});
