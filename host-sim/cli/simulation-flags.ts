/**
 * The flags that set up a simulated device. Each stands here once, with one name and one meaning for all
 * commands; a command says how it takes each of them, or why it cannot: what it cannot honour it refuses.
 */
import { applications, formats } from "../sim/world/device-options";
import { escaped } from "../model/escaped";
import { generationsOf } from "../sim/modem/families";
import { Option } from "./command";
import { fraction, misuse, wholeNumber } from "./misuse";
import type { Command } from "./command";
import type { DeviceOptions } from "../sim/world/device-options";

/** What the flags come to; one that was not given and has no default is undefined. */
export interface SimulationFlags
  extends Required<Omit<DeviceOptions, OptionalFlag | OfNoFlag>>, Pick<DeviceOptions, OptionalFlag> {
  readonly seed: number;
  readonly reports: number;
  readonly command: boolean;
}

type OptionalFlag = "loss" | "lifetime" | "keepAlive" | "t3324" | "modemFirmware" | "sealed";

type OfNoFlag =
  | "addressBound"
  | "deviceKey"
  | "attacks"
  | "quirks"
  | "pin"
  | "modemBaud"
  | "formerOwner"
  | "firstSearch"
  | "carrier"
  | "zone"
  | "supply"
  | "journalSize"
  | "processor"
  | "full"
  | "order"
  | "edrx"
  | "update"
  | "health"
  | "remoteSettings"
  | "settings";

/** Their names, as Commander has them. */
export type FlagName = keyof SimulationFlags;

interface Definition {
  readonly flags: string;
  readonly text: string;
  readonly choices?: readonly string[];
  /** Least and most of a whole number. */
  readonly range?: readonly [number, number];
  /** Most of a fraction. */
  readonly most?: number;
  readonly default?: unknown;
  /** A way of its own to read the value. */
  readonly parse?: (text: string) => unknown;
}

/** In the order in which help shows them. */
const definitions: Readonly<Record<FlagName, Definition>> = {
  seed: {
    flags: "--seed <n>",
    text: "seed of all randomness; the same seed gives the same bytes",
    range: [0, 4_294_967_295],
  },
  engine: {
    flags: "--engine <name>",
    text: "what runs the firmware",
    choices: ["node", "xs"],
    default: "node",
  },
  edition: {
    flags: "--edition <name>",
    text: "protocol edition that the cloud speaks",
    choices: ["token", "tokenless"],
    default: "token",
  },
  coverage: {
    flags: "--coverage <level>",
    text: "NB-IoT coverage level",
    choices: ["0", "1", "2"],
    default: 0,
  },
  loss: {
    flags: "--loss <p>",
    text: "datagrams lost each way, 0 to 1 (default: the coverage level's)",
    most: 1,
  },
  releaseAssistance: {
    flags: "--no-release-assistance",
    text: "a network that does not care for release assistance",
  },
  reports: { flags: "--reports <n>", text: "readings to take", range: [1, 1_000_000], default: 10 },
  interval: { flags: "--interval <s>", text: "seconds between readings", range: [1, 86_400], default: 900 },
  format: { flags: "--format <name>", text: "how readings are sent", choices: formats, default: "alternate" },
  batch: {
    flags: "--batch <n>",
    text: "readings that are waited for until they are sent",
    range: [1, 100],
    default: 1,
  },
  lifetime: {
    flags: "--lifetime <s>",
    text: "silence after which the cloud ends the session, 30 to 86400 s (default: two contacts' time, an hour or more)",
    range: [30, 86_400],
  },
  keepAlive: { flags: "--keep-alive", text: "the session is kept alive between reports" },
  modem: { flags: "--modem <family>", text: "the modem's family", default: "sim7020" },
  modemFirmware: {
    flags: "--modem-firmware <name>",
    text: "the modem's firmware, as docs/modem.md names those of each family (default: the newest)",
  },
  powerKey: {
    flags: "--no-power-key",
    text: "a board without the modem's control lines: most modems cannot use PSM then",
  },
  t3324: {
    flags: "--t3324 <s>",
    text: "seconds that the modem stays reachable before PSM (default: 2)",
    range: [2, 11_160],
  },
  sleep: {
    flags: "--sleep <how>",
    text: "what the board does between readings",
    choices: ["none", "deep"],
    default: "none",
  },
  application: {
    flags: "--application <name>",
    text: "what the board carries: the demo, or the example with a sensor on I2C",
    choices: applications,
    default: "demo",
  },
  sealed: {
    flags: "--sealed [how]",
    text: "the product seals its payloads; with proof, a reading is released by the parsing script's answer alone",
    parse: sealOf,
  },
  command: { flags: "--no-command", text: "the cloud sends no command" },
};

/** What of `--sealed` stands behind it. @throws CommandError */
function sealOf(text: string): "proof" {
  if (text === "proof") return text;
  throw misuse(`--sealed takes nothing, or proof, got "${escaped(text.slice(0, 40))}"`);
}

/** How a command takes a flag, where that differs from what is usual. */
export interface Taken {
  readonly flags?: string;
  readonly text?: string;
  readonly choices?: readonly string[];
  readonly range?: readonly [number, number];
  readonly most?: number;
  readonly default?: unknown;
  /** The default, as help says it. */
  readonly defaultText?: string;
  /** It has no default: it is undefined when it was not given. */
  readonly optional?: true;
  /** A way of its own to read the value. */
  readonly parse?: (text: string) => unknown;
}

/** Why a command cannot take a flag, so that "NAME does not go with COMMAND, WHY" is a sentence. */
interface Refused {
  readonly refused: string;
}

/** What a command does with every flag that there is: none is forgotten. */
export type EveryFlag = Readonly<Record<FlagName, Taken | Refused>>;

/**
 * Adds the flags to a command, in the order of the table above.
 *
 * @param uses of a command that simulates no device only those that it has
 */
export function addSimulationFlags(
  command: Command,
  uses: EveryFlag | Readonly<Partial<Record<FlagName, Taken>>>,
): Command {
  for (const name of Object.keys(definitions) as FlagName[]) {
    const use = uses[name];
    if (use === undefined) continue;
    command.addOption("refused" in use ? refusing(command, name, use) : taking(name, use));
  }
  return command;
}

function taking(name: FlagName, use: Taken): Option {
  const { flags, text, choices, range, most, default: usual, parse } = { ...definitions[name], ...use };
  const option = new Option(flags, text);
  const long = longOf(flags);
  if (parse !== undefined) option.argParser(parse);
  else if (choices !== undefined) option.choices(choices);
  else if (range !== undefined) option.argParser(wholeNumber(long, ...range));
  else if (most !== undefined) option.argParser(fraction(long, most));
  if (name === "coverage" && parse === undefined) {
    const check = option.parseArg!;
    option.argParser((value) => Number(check(value, undefined)));
  }
  return usual === undefined || use.optional === true ? option : option.default(usual, use.defaultText);
}

function refusing(command: Command, name: FlagName, { refused }: Refused): Option {
  const { flags } = definitions[name];
  const refuse = (): never => {
    throw misuse(refusal(flags, `npm run ${command.name()}`, refused));
  };
  return new Option(flags).hideHelp().argParser(refuse);
}

const longOf = (flags: string): string => flags.split(" ")[0];

const refusal = (flags: string, what: string, why: string): string =>
  `${longOf(flags)} does not go with ${what}, ${why}`;

/**
 * Refuses flags that were given and that a part of a command cannot honour.
 *
 * @param reasons why, by the flags' names
 * @param what the part, as the user asked for it
 * @throws CommandError that names the first of them
 */
export function refuseGiven(
  command: Command,
  reasons: Readonly<Partial<Record<FlagName, string>>>,
  what: string,
): void {
  for (const [name, why] of Object.entries(reasons) as [FlagName, string][]) {
    if (isGiven(command, name)) throw misuse(refusal(definitions[name].flags, what, why));
  }
}

/** Whether the user gave the flag, even if with what it has by default. */
export function isGiven(command: Command, name: FlagName): boolean {
  return command.getOptionValueSource(name) === "cli";
}

/** The flags that the user gave, and no defaults. */
export function givenFlags(command: Command): Partial<SimulationFlags> {
  const names = (Object.keys(definitions) as FlagName[]).filter((name) => isGiven(command, name));
  return Object.fromEntries(names.map((name) => [name, command.getOptionValue(name)]));
}

/** @throws CommandError for a firmware that this family does not have */
export function checkModemFirmware(modem: string, firmware: string | undefined): void {
  if (firmware === undefined) return;
  const names = generationsOf(modem);
  if (names.includes(firmware)) return;
  const choice = names.join(" or ") || "no choice of firmware";
  throw misuse(`--modem-firmware is "${escaped(firmware.slice(0, 40))}", and ${modem} has ${choice}`);
}

/**
 * How readings are sent where the product is sealed: in bytes, for EnOS's own JSON cannot be.
 *
 * @param command whose usual form may be another: then it is raw
 * @throws CommandError for a form that the user gave and nothing seals
 */
export function sealedFormat(format: DeviceOptions["format"], command?: Command): DeviceOptions["format"] {
  if (format === "raw" || format === "compact") return format;
  if (command !== undefined && !isGiven(command, "format")) return "raw";
  throw misuse(
    `--format ${format} does not go with --sealed, which takes raw or compact: EnOS's own JSON cannot be sealed`,
  );
}

/** The device that the flags set up. @throws CommandError for flags that do not go together */
export function deviceOptionsOf(command: Command, flags: SimulationFlags): DeviceOptions {
  const { seed, engine, edition, coverage, loss, releaseAssistance, modem, powerKey, sleep } = flags;
  const { interval, batch, lifetime, keepAlive, t3324, modemFirmware, application, sealed } = flags;
  checkModemFirmware(modem, modemFirmware);
  const format = sealed === undefined ? flags.format : sealedFormat(flags.format, command);
  const network = { edition, coverage, loss, releaseAssistance };
  const readings = { interval, format, batch, lifetime, keepAlive };
  const board = { modem, modemFirmware, powerKey, t3324, sleep, application, sealed };
  return { seed, engine, ...network, ...readings, ...board };
}
