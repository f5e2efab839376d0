/**
 * Every flag of a simulated device, with every command that runs one: it reaches the world and the firmware, or
 * it is refused. The commands run in this process, up to the world that they would make.
 */
import { CommanderError } from "commander";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readSettings } from "../../../firmware/device/settings";
import { chaosCommand } from "../../../host-sim/cli/chaos";
import { energyCommand } from "../../../host-sim/cli/energy";
import { footprintCommand } from "../../../host-sim/cli/footprint";
import { CommandError } from "../../../host-sim/cli/misuse";
import { reproduction } from "../../../host-sim/cli/run-files";
import { givenFlags } from "../../../host-sim/cli/simulation-flags";
import { startCommand } from "../../../host-sim/cli/start";
import { settingsOf } from "../../../host-sim/sim/world/device-options";
import { World } from "../../../host-sim/sim/world/world";
import { replayCommand } from "../../../host-sim/tools/chaos/report";
import { xsMissing } from "../sim/board/rig";
import type { Command } from "../../../host-sim/cli/command";
import type { Settings } from "../../../firmware/device/settings";
import type { FlagName } from "../../../host-sim/cli/simulation-flags";
import type { WorldOptions } from "../../../host-sim/sim/world/world";

/** Where a run ends here: what the world was to be made of is known. */
class WorldReached extends Error {}

const worlds: WorldOptions[] = [];
beforeEach(() => {
  worlds.length = 0;
  vi.spyOn(World, "create").mockImplementation((options) => {
    worlds.push(options);
    throw new WorldReached("a world was to be made");
  });
});
afterEach(() => void vi.restoreAllMocks());

/** What a command line would run: the device's world, or the line with which it is refused. */
interface Outcome {
  readonly command: Command;
  readonly world?: WorldOptions;
  readonly refusal?: string;
  readonly code?: number;
}

async function outcomeOf(make: () => Command, args: readonly string[]): Promise<Outcome> {
  const command = make().exitOverride();
  let said = "";
  command.configureOutput({ writeErr: (text) => void (said += text) });
  worlds.length = 0;
  try {
    await command.parseAsync(args, { from: "user" });
  } catch (error) {
    if (worlds.length > 0) return { command, world: worlds[0] };
    if (error instanceof CommandError) return { command, refusal: error.message, code: error.exitCode };
    if (error instanceof CommanderError) return { command, refusal: said, code: 2 };
    throw error;
  }
  throw new Error(`${args.join(" ")}: neither a world nor a refusal`);
}

/** A value of each flag that is nobody's default, and what the world or the firmware has of it. */
const flags: Readonly<
  Record<FlagName, { args: readonly string[]; world?: Partial<WorldOptions>; firmware?: Partial<Settings> }>
> = {
  seed: { args: ["--seed", "77"], world: { seed: 77 } },
  engine: { args: ["--engine", "xs"], world: { engine: "xs" } },
  edition: { args: ["--edition", "tokenless"], world: { edition: "tokenless" } },
  coverage: { args: ["--coverage", "2"], world: { coverage: 2 } },
  loss: { args: ["--loss", "0.2"], world: { loss: 0.2 } },
  releaseAssistance: { args: ["--no-release-assistance"], world: { releaseAssistance: false } },
  reports: { args: ["--reports", "123"], firmware: { reports: 123 } },
  interval: { args: ["--interval", "1200"], firmware: { interval: 1_200 } },
  format: { args: ["--format", "json"], firmware: { payload: "json" } },
  batch: { args: ["--batch", "7"], firmware: { batch: 7 } },
  lifetime: { args: ["--lifetime", "4567"], firmware: { lifetime: 4_567 } },
  keepAlive: { args: ["--keep-alive"], firmware: { keepAlive: true } },
  modem: { args: ["--modem", "bc95"], world: { modem: "bc95" } },
  modemFirmware: {
    args: ["--modem", "bc95", "--modem-firmware", "b656"],
    world: { modem: "bc95", modemFirmware: "b656" },
  },
  powerKey: { args: ["--no-power-key"], world: { powerKey: false } },
  t3324: { args: ["--t3324", "33"], firmware: { t3324: 33 } },
  sleep: { args: ["--sleep", "deep"], firmware: { sleep: "deep" } },
  application: { args: ["--application", "room"], world: { application: "room" } },
  sealed: { args: ["--sealed", "proof"], world: { sealed: "proof" } },
  // It reaches the run, not the world: see start.test.ts.
  command: { args: ["--no-command"], world: {} },
};

interface Entry {
  readonly make: () => Command;
  readonly args: readonly string[];
  /** Flags that it refuses, and its reason. */
  readonly refused: Readonly<Partial<Record<FlagName, RegExp>>>;
  /** Where its default is the value of the table above, or its value shows in another way. */
  readonly own?: Partial<typeof flags>;
}

const only = /^--[a-z0-9-]+ does not go with npm run footprint, which measures one session, always the same$/;
const names = Object.keys(flags) as FlagName[];

const entries: Readonly<Record<string, Entry>> = {
  start: {
    make: startCommand,
    args: ["--quiet"],
    refused: {},
    // What is JSON is sealed by nothing.
    own: { format: { args: ["--format", "compact"], firmware: { payload: "compact" } } },
  },
  "start --scenario outage": {
    make: startCommand,
    args: ["--quiet", "--scenario", "outage"],
    refused: {
      reports: /^--reports does not go with --scenario outage, which has its own end$/,
      command: /^--no-command does not go with --scenario outage, which sends none$/,
    },
    own: { format: { args: ["--format", "raw"], firmware: { payload: "raw" } } },
  },
  "start --scenario update": {
    make: startCommand,
    args: ["--quiet", "--scenario", "update"],
    refused: {
      reports: /^--reports does not go with --scenario update, which has its own end$/,
      command: /^--no-command does not go with --scenario update, which sends none$/,
    },
    own: { format: { args: ["--format", "compact"], firmware: { payload: "compact" } } },
  },
  "start --scenario eavesdropper": {
    make: startCommand,
    args: ["--quiet", "--scenario", "eavesdropper"],
    refused: {
      reports: /^--reports does not go with --scenario eavesdropper, which has its own end$/,
      interval: /^--interval does not go with --scenario eavesdropper, which has its own$/,
      batch: /^--batch does not go with --scenario eavesdropper, which looks at each reading$/,
      lifetime: /^--lifetime does not go with --scenario eavesdropper, which takes the firmware's own$/,
      application:
        /^--application does not go with --scenario eavesdropper, which is about the demo's relay$/,
      command: /^--no-command does not go with --scenario eavesdropper, which needs some$/,
    },
    own: {
      format: { args: ["--format", "raw"], firmware: { payload: "raw" } },
      // It says which of the three runs is written; the first of them is plain in any case.
      sealed: { args: ["--sealed", "proof"], world: { sealed: undefined } },
    },
  },
  chaos: {
    make: chaosCommand,
    args: ["--hours", "1", "--seed", "13"],
    refused: {
      reports: /^--reports does not go with npm run chaos, where --hours says how long readings are taken$/,
      application: /^--application does not go with npm run chaos, which brings one of its own$/,
      command: /^--no-command does not go with npm run chaos, which sends none$/,
    },
    own: {
      seed: { args: ["--seed", "77"], world: { seed: "chaos 77/world" } },
      // What seed 13 draws is JSON.
      format: { args: ["--format", "compact"], firmware: { payload: "compact" } },
    },
  },
  "chaos, a campaign": {
    make: chaosCommand,
    args: ["--hours", "1", "--seeds", "2", "--jobs", "1"],
    refused: {
      reports: /does not go with/,
      application: /does not go with/,
      command: /does not go with/,
      seed: /exclude each other/,
    },
  },
  energy: {
    make: energyCommand,
    args: [],
    refused: {
      modemFirmware:
        /^--modem-firmware does not go with npm run energy, which measures each family's newest$/,
      powerKey: /^--no-power-key does not go with npm run energy, which is about modems in PSM$/,
      application:
        /^--application does not go with npm run energy, which meters modem and ESP32, and no sensor$/,
      command: /^--no-command does not go with npm run energy, which sends none$/,
    },
    own: {
      seed: { args: ["--seed", "77"], world: { seed: "77" } },
      sleep: { args: ["--sleep", "none"], firmware: { sleep: "none" } },
      // It ends the measuring, and the device takes readings without end: see measure.ts.
      reports: { args: ["--reports", "123"], firmware: { reports: 0 } },
    },
  },
  footprint: {
    make: footprintCommand,
    args: ["--only", "ram"],
    refused: Object.fromEntries(
      names.filter((name) => name !== "modem" && name !== "application").map((name) => [name, only]),
    ),
  },
};

/** The options with each once, as the last of it says, but for those that may be given again. */
function once(words: readonly string[]): string[] {
  const options = new Map<string, readonly string[]>();
  for (let at = 0; at < words.length;) {
    const next = words.findIndex((word, i) => i > at && word.startsWith("--"));
    const end = next < 0 ? words.length : next;
    options.set(words[at] === "--set" ? words.slice(at, end).join() : words[at], words.slice(at, end));
    at = end;
  }
  return [...options.values()].flat();
}

/** What the firmware reads of the world's options, with the checks of a board. */
const firmwareOf = (world: WorldOptions): Settings =>
  readSettings({ server: "203.0.113.5", ...JSON.parse(JSON.stringify(settingsOf(world, world.reports))) });

describe.each(Object.entries(entries))("%s", (_name, { make, args, refused, own = {} }) => {
  test.each(names)("--%s", async (name) => {
    if (name === "engine" && refused.engine === undefined && xsMissing !== undefined) return;
    const flag = own[name] ?? flags[name];
    const without = await outcomeOf(make, args);
    const outcome = await outcomeOf(make, once([...args, ...flag.args]));
    const why = refused[name];
    if (why !== undefined) {
      expect(outcome.world).toBeUndefined();
      expect(outcome.refusal).toMatch(why);
      expect(outcome.refusal).not.toContain("\n");
      expect(outcome.code).toBe(2);
      return;
    }
    expect(outcome.refusal).toBeUndefined();
    expect(outcome.world).toMatchObject(flag.world ?? {});
    expect(firmwareOf(outcome.world!)).toMatchObject(flag.firmware ?? {});
    // And it was not so anyway.
    if (
      name === "command" ||
      flag.firmware?.reports === 0 ||
      (flag.world && "sealed" in flag.world && flag.world.sealed === undefined)
    )
      return;
    const plain = { ...without.world!, ...firmwareOf(without.world!) };
    expect(plain).not.toMatchObject({ ...flag.world, ...flag.firmware });
  });

  test("what it does not know is refused", async () => {
    expect(await outcomeOf(make, [...args, "--snooze"])).toMatchObject({ code: 2 });
  });
});

/** The flags of the table that a command takes, in one command line. */
function allOf({ refused, own = {} }: Entry, besides: readonly FlagName[] = []): string[] {
  const taken = names.filter((name) => refused[name] === undefined && !besides.includes(name));
  return taken.flatMap((name) => (own[name] ?? flags[name]).args);
}

describe("the command line that repeats a run", () => {
  const besides: FlagName[] = xsMissing === undefined ? [] : ["engine"];

  test.each(["start", "start --scenario outage"])("of %s has every flag", async (name) => {
    const entry = entries[name];
    const first = await outcomeOf(entry.make, once([...entry.args, ...allOf(entry, besides)]));
    const line = reproduction(first.command, 77);
    expect(line).toMatch(/^npm start -- /);
    const again = await outcomeOf(entry.make, [...line.split(" ").slice(3), "--quiet"]);
    expect(plainOf(again.world)).toEqual(plainOf(first.world));
    expect(givenFlags(again.command)).toEqual(givenFlags(first.command));
  });

  test("of a trial has every flag", async () => {
    const entry = entries.chaos;
    const first = await outcomeOf(entry.make, once(["--hours", "1", ...allOf(entry, besides)]));
    const { seed: _seed, engine = "node", ...device } = givenFlags(first.command);
    const line = replayCommand({ seed: 77, hours: 1, engine, device });
    expect(line).toMatch(/^npm run chaos -- .* --verbose$/);
    const again = await outcomeOf(entry.make, line.split(" ").slice(4, -1));
    expect(plainOf(again.world)).toEqual(plainOf(first.world));
    expect(first.world).toMatchObject({ edition: "tokenless", loss: 0.2, batch: 7, powerKey: false });
  });

  /** As it would be kept: functions are another each time. */
  const plainOf = (world: WorldOptions | undefined): unknown => JSON.parse(JSON.stringify(world));
});

describe("a command's own bounds", () => {
  test.each([
    [startCommand, ["--loss", "1.5"], /^--loss takes a number from 0 to 1 such as 0\.3, got "1\.5"$/],
    [startCommand, ["--reports", "0"], /^--reports takes a whole number from 1 to 1000000, got "0"$/],
    [startCommand, ["--t3324", "1"], /^--t3324 takes a whole number from 2 to 11160, got "1"$/],
    [startCommand, ["--coverage", "3"], /^--coverage takes 0, 1 or 2, got "3"$/],
    [startCommand, ["--modem", "fax"], /^--modem takes sim7020, .* or sara-r5, got "fax"$/],
    [startCommand, ["--sleep", "light"], /^--sleep takes none or deep, got "light"$/],
    [chaosCommand, ["--loss", "0.6"], /^--loss takes a number from 0 to 0\.5 such as 0\.3, got "0\.6"$/],
    [chaosCommand, ["--interval", "30"], /^--interval takes a whole number from 60 to 21600, got "30"$/],
    [
      chaosCommand,
      ["--interval", "3600", "--batch", "25"],
      /^--interval times --batch is 90000 s: chaos takes at most 86400 s$/,
    ],
    [energyCommand, ["--interval", "59"], /^--interval takes a whole number from 60 to 86400, got "59"$/],
    [energyCommand, ["--coverage", "3"], /^--coverage takes a level, or shares such as/],
    [
      footprintCommand,
      ["--update", "--modem", "bg95"],
      /^--update writes the budget of every modem: it does not go with --modem$/,
    ],
    [footprintCommand, ["--application", "room"], /^--application is about RAM: it goes with --only ram$/],
  ])("%o %j", async (make, args, message) => {
    const { refusal, code } = await outcomeOf(make, args);
    expect(refusal).toMatch(message);
    expect(code).toBe(2);
  });
});
