/**
 * `npm run energy`: how long a battery lasts, what it is spent on, and what one changed setting would do.
 */
import { advice, fightsOf, lifetime } from "../inspect/energy/advice";
import { attackDays, attackers, compareAttacks } from "../inspect/energy/attack";
import { compare } from "../inspect/energy/comparison";
import { changeLines, shareLines } from "../inspect/energy/energy-text";
import { changed, rowsOf } from "../inspect/energy/variants";
import { families } from "../sim/modem/families";
import { paletteFor } from "../inspect/report/style";
import { capacity } from "./battery-flag";
import { coverageMix } from "./coverage-mix";
import { Command, Option } from "./command";
import { energyInCells } from "./energy-cells";
import { inStages } from "./energy-stages";
import { requireEngine } from "./engine";
import { changeOf, flagOf, givenSetting } from "./energy-settings";
import { fraction, misuse } from "./misuse";
import { profileOf } from "./profile-flag";
import { addSimulationFlags, isGiven, sealedFormat } from "./simulation-flags";
import type { Attacked } from "../inspect/energy/attack";
import type { Battery } from "../inspect/energy/battery";
import type { CoverageMix } from "../sim/radio/coverage";
import type { Choice } from "../inspect/energy/choice";
import type { EnergyProfile } from "../inspect/energy/profile";
import type { Variant } from "../inspect/energy/variants";
import type { GivenSetting } from "./energy-settings";
import type { EveryFlag, SimulationFlags } from "./simulation-flags";

interface EnergyFlags extends Omit<SimulationFlags, "seed" | "coverage"> {
  seed: string;
  coverage: CoverageMix;
  keepAlive: boolean;
  t3324: number;
  battery: number;
  selfDischarge: number;
  profile: string;
  set: readonly GivenSetting[];
  try: readonly GivenSetting[];
  attack?: keyof typeof attackers;
  cells?: boolean;
  json?: boolean;
}

const uses = {
  seed: { flags: "--seed <text>", text: "seed of the runs", parse: (text) => text, default: "1" },
  engine: {},
  edition: {},
  coverage: {
    flags: "--coverage <mix>",
    text: "coverage level, or shares such as 0=80,1=15,2=5",
    parse: coverageMix,
    default: [1, 0, 0],
    defaultText: "level 0",
  },
  loss: {},
  releaseAssistance: {},
  reports: { text: "readings of a run at most: it ends when it is sure", range: [16, 10_000], default: 256 },
  interval: { range: [60, 86_400] },
  format: { default: "raw" },
  batch: {},
  lifetime: {},
  keepAlive: { default: false },
  modem: { choices: [...families.keys()] },
  modemFirmware: { refused: "which measures each family's newest" },
  powerKey: { refused: "which is about modems in PSM" },
  t3324: { text: "seconds that the modem stays reachable before PSM", range: [0, 11_160], default: 2 },
  sleep: { default: "deep" },
  application: { refused: "which meters modem and ESP32, and no sensor" },
  sealed: {
    text: "the product seals its payloads; with proof as well: what that costs is a row of the table",
  },
  command: { refused: "which sends none" },
} satisfies EveryFlag;

/** The `energy` command. */
export function energyCommand(): Command {
  const command = new Command("energy")
    .configureHelp({ commandUsage: () => "npm run energy -- [options]" })
    .option("--battery <Wh>", "its capacity", capacity, 5)
    .option(
      "--self-discharge <share>",
      "of its capacity in a year, 0 to 1",
      fraction("--self-discharge"),
      0.01,
    )
    .option(
      "--profile <name>",
      "what radio and board draw: modern, field, limit, a module that a data sheet is known of such as sim7020, or a JSON file",
      "field",
    )
    .addOption(settingOption("--set", "any setting of the firmware, docs/settings.md; may be given again"))
    .addOption(settingOption("--try", "the same, as one more row of the table"))
    .addOption(
      new Option(
        "--attack <from>",
        "what somebody costs who attacks the way to the cloud, by where he stands",
      ).choices(Object.keys(attackers)),
    )
    .option("--cells", "3GPP's twelve battery lives, the firmware run in each, and nothing else");
  return addSimulationFlags(command, uses).option("--json", "print one JSON document").action(energy);
}

function settingOption(flag: "--set" | "--try", text: string): Option {
  return new Option(`${flag} <name=value>`, text)
    .argParser((given, before: readonly GivenSetting[]) => [...before, givenSetting(flag, given)])
    .default([], "none");
}

/** The settings as the user wants them. @throws CommandError for a setting that is wrong, or said twice */
function choiceOf(flags: EnergyFlags, command: Command): Choice {
  const { modem, interval, format, batch, lifetime: session, keepAlive, sleep, t3324 } = flags;
  const { releaseAssistance, sealed } = flags;
  const seen = new Set<string>();
  for (const { name } of flags.set) {
    const flag = flagOf(name);
    if (seen.has(name)) throw misuse(`--set: ${name} is set twice: leave one of them out`);
    if (flag !== undefined && isGiven(command, flag)) {
      throw misuse(`--set: ${name} has a flag of its own, which is given too: leave one of them out`);
    }
    seen.add(name);
  }
  const asked: Choice = {
    ...{ modem, interval, format, batch, keepAlive, sleep, t3324, releaseAssistance },
    ...(session === undefined ? {} : { lifetime: session }),
    ...(sealed === undefined ? {} : { sealed }),
    saving: "psm",
  };
  const changes = flags.set.map((given) => changeOf("--set", given, modem));
  const choice = changed(asked, changes);
  if (sealed !== undefined) sealedFormat(choice.format);
  return choice;
}

/** Flags that mean something beside `--cells`. */
const besideCells: readonly string[] = [
  "cells",
  "modem",
  "t3324",
  "format",
  "seed",
  "reports",
  "engine",
  "json",
];

/** @throws CommandError for a flag that the twelve cells would not follow */
function refuseBesideCells(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (besideCells.includes(name) || command.getOptionValueSource(name) !== "cli") continue;
    const taken = besideCells.slice(1).map((each) => `--${each}`);
    throw misuse(
      `--cells does not go with ${option.long}: 3GPP's study says what is run; it takes ${taken.join(", ")}`,
    );
  }
}

async function energy(flags: EnergyFlags, command: Command): Promise<void> {
  const { seed, coverage, battery: wattHours, selfDischarge, reports, json = false } = flags;
  const { engine, edition, loss } = flags;
  requireEngine(engine);
  if (flags.cells === true) {
    refuseBesideCells(command);
    const { modem, t3324, format } = flags;
    return energyInCells({ modem, t3324, format, seed, reports, engine }, json);
  }
  const profile = profileOf(flags.profile);
  const base = choiceOf(flags, command);
  const tried = flags.try.map((given): Variant => {
    const change = changeOf("--try", given, flags.modem);
    if (flags.sealed !== undefined && change.format !== undefined) sealedFormat(change.format);
    return { text: `${given.name} ${given.text}`, change, asked: true };
  });
  const battery = { capacity: wattHours, selfDischarge };
  if (flags.attack !== undefined) {
    if (tried.length > 0) throw misuse("--try does not go with --attack, which compares attackers");
    return underAttack(flags, base, battery, profile);
  }
  const options = { seed, engine, edition, loss, profile, mix: coverage, reports };
  const comparison = await inStages(rowsOf(base, tried).length + 2, ({ begin, onWork }) =>
    compare(base, battery, { ...options, onWork }, tried, (next) => {
      if (next !== undefined) begin(next);
    }),
  );
  const fights = fightsOf(base);
  if (json) {
    const { name } = profile;
    // What was asked for besides, where it is not the usual.
    const besides = {
      ...(edition === "token" ? {} : { edition }),
      ...(engine === "node" ? {} : { engine }),
      loss,
    };
    const asked = { seed, reports, battery, profile: name, coverage, choice: base, ...besides };
    const told = { asked, ...comparison, advice: advice(comparison, base), fights };
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    return;
  }
  const palette = paletteFor(process.stdout);
  const levels = coverage.flatMap((share, level) =>
    share > 0 ? [share === 1 ? `level ${level}` : `${Math.round(100 * share)} % at level ${level}`] : [],
  );
  const seal =
    flags.sealed === undefined ? "" : ` · sealed${flags.sealed === true ? "" : `, ${flags.sealed}`}`;
  const settings = flags.set.map(({ name, text }) => ` · ${name} ${text}`).join("");
  const lines = [
    palette.bold(
      `${wattHours} Wh, ${100 * selfDischarge} % self-discharge a year · profile ${profile.name} · ${base.modem} · ` +
        `a reading every ${base.interval} s · ${levels.join(", ")}${seal}${settings} · seed ${seed}`,
    ),
    "",
    ...shareLines(comparison.base, palette),
    "",
    ...changeLines(comparison, base, palette),
    "",
    ...fights.map((fight) => palette.yellow(fight)),
    advice(comparison, base),
    `Chance moves the life as asked by ${Math.ceil(100 * comparison.chance)} % at most; the ranges have that, and how fast the processor is.`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** What those cost who attack from where the user says. */
async function underAttack(
  { attack: from, seed, engine, edition, loss, coverage, reports, json = false }: EnergyFlags,
  base: Choice,
  battery: Battery,
  profile: EnergyProfile,
): Promise<void> {
  const list = attackers[from!];
  const options = { seed, engine, edition, loss, profile, mix: coverage, reports };
  const rows = await inStages(list.length + 1, ({ begin, onWork }) =>
    compareAttacks(base, battery, list, { ...options, onWork }, begin),
  );
  if (json) {
    const asked = {
      seed,
      battery,
      profile: profile.name,
      coverage,
      choice: base,
      attack: from,
      days: attackDays,
    };
    process.stdout.write(`${JSON.stringify({ asked, attackers: rows }, null, 2)}\n`);
    return;
  }
  const [alone] = rows;
  const palette = paletteFor(process.stdout);
  const row = ({ text, years, psm, datagrams, onset, delivered }: Attacked): string => {
    const share = `${Math.round(100 * (years / alone.years - 1))} %`;
    const asleep = `${(100 * psm).toFixed(1)} %`;
    return (
      `  ${text.padEnd(48)}${lifetime(years).padStart(11)}${share.padStart(8)}${asleep.padStart(9)}` +
      `${datagrams.toFixed(0).padStart(8)}${onset.toFixed(0).padStart(8)} J${(100 * delivered).toFixed(0).padStart(8)} %`
    );
  };
  const head = `  ${`somebody ${from}, for ${attackDays} days`.padEnd(48)}      lasts             PSM  up/day   onset delivered`;
  process.stdout.write(`${[palette.bold(head), ...rows.map(row)].join("\n")}\n`);
}
