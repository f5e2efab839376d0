/** A `--` that is missing behind npm's own words, by what npm 11 and npm 10 put into the environment then. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { commandNamed } from "../../../host-sim/cli/program";
import { takenByNpm } from "../../../host-sim/cli/npm-dashes";
import { obeyed } from "./command-line";

/** What npm says of itself and of its own settings in each run. */
const npm = (name: string): Record<string, string> => ({
  npm_lifecycle_event: name,
  npm_command: name === "start" ? "start" : "run",
  npm_config_user_agent: "npm/11.19.1 node/v20.20.2 linux x64 workspaces/false",
  npm_config_loglevel: "warn",
  npm_config_cache: "/root/.npm",
  npm_config_node_gyp: "/usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js",
  npm_config_update_notifier: "",
});

const told = async (
  name: string,
  args: readonly string[],
  kept: Record<string, string>,
): Promise<string | undefined> => takenByNpm(await commandNamed(name), args, { ...npm(name), ...kept });

describe("what npm kept is told, with the command line that was meant", () => {
  test.each<[string, string, string[], Record<string, string>, string]>([
    ["npm start --seed 5", "start", ["5"], { npm_config_seed: "true" }, "--seed: npm start -- --seed 5"],
    ["npm start --seed=5", "start", [], { npm_config_seed: "5" }, "--seed: npm start -- --seed 5"],
    [
      "npm start --no-command",
      "start",
      [],
      { npm_config_command: "" },
      "--no-command: npm start -- --no-command",
    ],
    [
      "npm start --seed 5 --loss 0.3, whose order is lost",
      "start",
      ["5", "0.3"],
      { npm_config_seed: "true", npm_config_loss: "true" },
      "--seed and --loss: npm start -- --seed <n> --loss <p>",
    ],
    [
      "npm start --seed=5 -- --quiet",
      "start",
      ["--quiet"],
      { npm_config_seed: "5" },
      "--seed: npm start -- --seed 5 --quiet",
    ],
    [
      "npm run chaos --hours=2 --json, which npm knows as well",
      "chaos",
      [],
      { npm_config_hours: "2", npm_config_json: "true" },
      "--hours: npm run chaos -- --hours 2 --json",
    ],
    [
      "npm run model firmware/product/model.json --out /tmp/x",
      "model",
      ["firmware/product/model.json", "/tmp/x"],
      { npm_config_out: "true" },
      "--out: npm run model -- <file> --out <folder>",
    ],
    [
      "npm run device --setting=pin=1234, which is a secret",
      "device",
      [],
      { npm_config_setting: "pin=1234" },
      "--setting: npm run device -- --setting <name=value>",
    ],
  ])("%s", async (_, name, args, kept, line) => {
    const [options, meant] = line.split(": ");
    const called = name === "start" ? "npm start" : `npm run ${name}`;
    expect(await told(name, args, kept)).toBe(
      `npm kept ${options} to itself: what is meant for ${called} stands behind --, as in: ${meant}`,
    );
  });

  test("and nothing is run: exit code 2, nothing on stdout", async () => {
    const { code, stdout, stderr } = await obeyed(["start"], { ...npm("start"), npm_config_seed: "5" });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^npm kept --seed to itself: .*\n$/);
  });

  test("an argument too many says how options are handed on, where npm runs the command", async () => {
    expect((await obeyed(["start", "xs"], npm("start"))).stderr).toBe(
      'npm start takes no argument, got 1: options stand behind "npm start --"\n',
    );
  });
});

describe("npm's own settings are nobody's mistake", () => {
  const folder = mkdtempSync(join(tmpdir(), "npmrc-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each<[string, string, string[], Record<string, string>]>([
    ["nothing but what npm always sets", "start", [], {}],
    ["npm start --json, which npm knows", "start", [], { npm_config_json: "true" }],
    [
      "npm run provision --dry-run --force",
      "provision",
      [],
      { npm_config_dry_run: "true", npm_config_force: "true" },
    ],
    ["npm ci --only prod around it", "bench", [], { npm_config_only: "prod" }],
    ["link", "modem", [], { npm_config_link: "true" }],
    ["what builders of native modules read", "fuzz", [], { npm_config_target: "20.0.0" }],
    ["a script around this one with the same option", "start", ["--seed", "5"], { npm_config_seed: "5" }],
    ["the same with =", "start", ["--seed=5"], { npm_config_seed: "5" }],
    ["no where the option has no no", "start", [], { npm_config_keep_alive: "" }],
    ["yes where the option is a no", "start", [], { npm_config_command: "true" }],
  ])("%s", async (_, name, args, kept) => {
    expect(await told(name, args, kept)).toBeUndefined();
  });

  test("a setting of the user's own file of npm's", async () => {
    const file = join(folder, "npmrc");
    writeFileSync(file, "//registry.npmjs.org/:_authToken=abc\nseed = 5\n");
    expect(await told("start", [], { npm_config_seed: "5", npm_config_userconfig: file })).toBeUndefined();
    expect(await told("start", [], { npm_config_loss: "5", npm_config_userconfig: file })).toMatch(
      /^npm kept --loss /,
    );
  });

  test("a command that npm does not run, or runs as a part of another script", async () => {
    const start = await commandNamed("start");
    expect(takenByNpm(start, [], { npm_config_seed: "5" })).toBeUndefined();
    expect(takenByNpm(start, [], { ...npm("test"), npm_config_seed: "5" })).toBeUndefined();
  });
});
