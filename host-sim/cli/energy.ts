/**
 * `npm run energy`: how long a battery lasts, what it is spent on, and what one changed setting would do.
 */
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { attackDays, attackers, compareAttacks } from "../inspect/energy/attack";
import { advice, compare, lifetime, variantsOf } from "../inspect/energy/comparison";
import { profiles } from "../inspect/energy/profiles";
import { ProfileError, readProfile } from "../inspect/energy/profile-file";
import { families } from "../sim/modem/families";
import { Progress } from "../inspect/report/progress";
import { paletteFor } from "../inspect/report/style";
import { requireEngine } from "./engine";
import { CommandError, fraction, misuse } from "./misuse";
import { addSimulationFlags } from "./simulation-flags";
import { reasonOf } from "../../firmware/text/reason";
import type { Attacked } from "../inspect/energy/attack";
import type { Comparison, Outcome } from "../inspect/energy/comparison";
import type { Battery } from "../inspect/energy/battery";
import type { Choice, CoverageMix } from "../inspect/energy/choice";
import type { EnergyProfile } from "../inspect/energy/profile";
import type { Palette } from "../inspect/report/style";
import type { EveryFlag, SimulationFlags } from "./simulation-flags";

interface EnergyFlags extends Omit<SimulationFlags, "seed" | "coverage"> {
  seed: string;
  coverage: CoverageMix;
  keepAlive: boolean;
  t3324: number;
  battery: number;
  selfDischarge: number;
  profile: string;
  attack?: keyof typeof attackers;
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
  },
  loss: {},
  releaseAssistance: {},
  reports: { text: "readings in each run", range: [16, 10_000], default: 64 },
  interval: { range: [60, 86_400] },
  format: { default: "raw" },
  batch: {},
  lifetime: {},
  keepAlive: { default: false },
  modem: { choices: [...families.keys()] },
  modemFirmware: { refused: "which measures each family's newest" },
  powerKey: { refused: "which is about modems in PSM" },
  t3324: { text: "seconds that the modem stays reachable before PSM", default: 10 },
  sleep: { default: "deep" },
  application: { refused: "which meters modem and ESP32, and no sensor" },
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
    .option("--profile <name>", "what radio and board draw: field, limit, or a JSON file", "field")
    .addOption(
      new Option(
        "--attack <from>",
        "what somebody costs who attacks the way to the cloud, by where he stands",
      ).choices(Object.keys(attackers)),
    );
  return addSimulationFlags(command, uses).option("--json", "print one JSON document").action(energy);
}

function capacity(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value >= 0.01 && value <= 100_000)) {
    throw misuse(`--battery takes watt hours from 0.01 to 100000, got "${text.slice(0, 40)}"`);
  }
  return value;
}

function coverageMix(text: string): CoverageMix {
  if (/^[012]$/.test(text))
    return [0, 1, 2].map((level) => (level === Number(text) ? 1 : 0)) as unknown as CoverageMix;
  const mix: [number, number, number] = [0, 0, 0];
  for (const part of text.split(",")) {
    const found = /^([012])=(\d{1,3}(?:\.\d{1,3})?)$/.exec(part);
    if (found === null) {
      throw misuse(`--coverage takes a level, or shares such as 0=80,1=15,2=5, got "${text.slice(0, 40)}"`);
    }
    mix[Number(found[1])] += Number(found[2]);
  }
  const sum = mix[0] + mix[1] + mix[2];
  if (sum <= 0) throw misuse("--coverage: the shares must be more than 0 together");
  return [mix[0] / sum, mix[1] / sum, mix[2] / sum];
}

function profileOf(name: string): EnergyProfile {
  if (name === "field" || name === "limit") return profiles[name];
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch {
    throw misuse(`--profile: no file "${name.slice(0, 120)}"; built in are field and limit`);
  }
  try {
    return readProfile(text, name);
  } catch (error) {
    throw error instanceof ProfileError ? misuse(`--profile: ${error.message}`) : error;
  }
}

async function energy(flags: EnergyFlags): Promise<void> {
  const { seed, coverage, battery: wattHours, selfDischarge, reports, json = false } = flags;
  const { modem, interval, format, batch, lifetime: session, keepAlive, sleep, t3324 } = flags;
  const { engine, edition, loss, releaseAssistance } = flags;
  requireEngine(engine);
  const profile = profileOf(flags.profile);
  const base: Choice = {
    modem,
    interval,
    format,
    batch,
    lifetime: session,
    keepAlive,
    sleep,
    t3324,
    saving: "psm",
    releaseAssistance,
  };
  const battery = { capacity: wattHours, selfDischarge };
  if (flags.attack !== undefined) return underAttack(flags, base, battery, profile);
  const progress = new Progress(process.stderr, variantsOf(base).length + 5, "runs");
  let comparison: Comparison;
  try {
    const options = { seed, engine, edition, loss, profile, mix: coverage, reports };
    comparison = await compare(base, battery, options, () => progress.step());
  } catch (error) {
    throw new CommandError(1, reasonOf(error, "a run failed"));
  } finally {
    progress.end();
  }
  if (json) {
    const { name } = profile;
    // What was asked for besides, where it is not the usual.
    const besides = {
      ...(edition === "token" ? {} : { edition }),
      ...(engine === "node" ? {} : { engine }),
      loss,
    };
    const asked = { seed, reports, battery, profile: name, coverage, choice: base, ...besides };
    process.stdout.write(
      `${JSON.stringify({ asked, ...comparison, advice: advice(comparison) }, null, 2)}\n`,
    );
    return;
  }
  const palette = paletteFor(process.stdout);
  const levels = coverage.flatMap((share, level) =>
    share > 0 ? [share === 1 ? `level ${level}` : `${Math.round(100 * share)} % at level ${level}`] : [],
  );
  const lines = [
    palette.bold(
      `${wattHours} Wh, ${100 * selfDischarge} % self-discharge a year · profile ${profile.name} · ${modem} · ` +
        `a reading every ${interval} s · ${levels.join(", ")} · seed ${seed}`,
    ),
    "",
    ...shares(comparison.base, palette),
    "",
    ...table(comparison, palette),
    "",
    advice(comparison),
    `Other seeds move the life as asked by ${Math.round(100 * comparison.chance)} %: less than that is chance.`,
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
  const progress = new Progress(process.stderr, list.length + 1, "runs");
  let rows: Attacked[];
  try {
    const options = { seed, engine, edition, loss, profile, mix: coverage, reports };
    rows = await compareAttacks(base, battery, list, options, () => progress.step());
  } catch (error) {
    throw new CommandError(1, reasonOf(error, "a run failed"));
  } finally {
    progress.end();
  }
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

/** What one reading costs, by what for. */
function shares({ measured, years }: Outcome, palette: Palette): string[] {
  const { watts, wattsByCause, joulesPerReport, modem, board } = measured;
  const rows = Object.entries(wattsByCause)
    .sort(([, a], [, b]) => b - a)
    .map(([cause, power]) => {
      const share = power / watts;
      const bar = "█".repeat(Math.max(1, Math.round(30 * share)));
      const joules = (joulesPerReport * share).toFixed(4).padStart(9);
      return `  ${cause.padEnd(22)}${joules} J  ${(100 * share).toFixed(1).padStart(5)} %  ${bar}`;
    });
  return [
    `${palette.bold(lifetime(years))}: ${(1e6 * watts).toFixed(0)} µW on average, of which the modem takes ` +
      `${(1e6 * modem).toFixed(0)} and the board ${(1e6 * board).toFixed(0)}. One reading, with all that belongs to it:`,
    ...rows,
    `  ${"sum".padEnd(22)}${joulesPerReport.toFixed(4).padStart(9)} J`,
  ];
}

function table({ base, variants, together, chance }: Comparison, palette: Palette): string[] {
  const row = ({ text, measured, years }: Outcome): string => {
    const change = years / base.years - 1;
    const sign = `${change >= 0 ? "+" : ""}${(100 * change).toFixed(0)} %`;
    const line = `  ${text.padEnd(46)}${lifetime(years).padStart(11)}${sign.padStart(8)}${measured.joulesPerReport.toFixed(3).padStart(10)} J`;
    const sure = Math.max(0.02, chance);
    return change > sure ? palette.green(line) : change < -sure ? palette.red(line) : line;
  };
  return [
    palette.bold(
      `  ${"one thing changed".padEnd(46)}${"lasts".padStart(11)}${"".padStart(8)}${"a reading".padStart(12)}`,
    ),
    ...(together === undefined ? [] : [row(together)]),
    ...variants.map(row),
  ];
}
