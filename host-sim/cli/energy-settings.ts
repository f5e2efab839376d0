/**
 * `--set` and `--try` of `npm run energy`: a setting of the firmware by its name, checked as the firmware checks it.
 */
import { readSettings } from "../../firmware/device/settings";
import { unknownSettings } from "../../firmware/device/unknown-settings";
import { wantedOf } from "../../firmware/device/modem-settings";
import { familyNamed } from "../../firmware/modem/family/family";
import { families } from "../../firmware/modem/family/index";
import { reasonOf } from "../../firmware/text/reason";
import { escaped } from "../model/escaped";
import { misuse } from "./misuse";
import type { Settings } from "../../firmware/device/settings";
import type { Choice } from "../inspect/energy/choice";
import type { FlagName } from "./simulation-flags";

/** A setting as the user gave it. */
export interface GivenSetting {
  readonly name: string;
  readonly text: string;
}

/** Settings that are a choice's own, and the flag of each. */
const own = {
  interval: "interval",
  payload: "format",
  batch: "batch",
  lifetime: "lifetime",
  keepAlive: "keepAlive",
  sleep: "sleep",
  t3324: "t3324",
} as const satisfies Readonly<Record<string, FlagName>>;

const wiring = "is the simulated board's wiring";
/** Those that cannot be tried, and why. */
const refused: Readonly<Record<string, string>> = {
  server: "is the simulation's own cloud",
  port: "is the simulation's own cloud",
  reports: "is --reports here",
  edition: "is --edition here",
  modem: "is --modem here",
  edrx: "is in the table: eDRX in place of PSM",
  startSpread: "is about a board's first start",
  board: wiring,
  transmit: wiring,
  receive: wiring,
  pressedHigh: wiring,
  powerKey: wiring,
  reset: wiring,
  wake: wiring,
  ring: "is wired where waiting is light-sleep",
  modemSupply: wiring,
  baud: "is the simulated modem's own",
  pin: "is of a SIM card that asks for one, and this one does not",
};
/** Least interval that is metered, seconds: as of --interval. */
const leastInterval = 60;
const server = "203.0.113.5";

/** Takes `name=value` apart. @throws CommandError */
export function givenSetting(flag: string, text: string): GivenSetting {
  const found = /^([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(text);
  if (found === null) {
    throw misuse(
      `${flag} takes a setting as NAME=VALUE, such as t3324=2, got "${escaped(text.slice(0, 40))}"`,
    );
  }
  const [, name, value] = found;
  return { name, text: value };
}

/** What a setting changes. @throws CommandError that says what is wrong with it */
export function changeOf(flag: string, { name, text }: GivenSetting, modem: string): Partial<Choice> {
  const why = refused[name];
  if (why !== undefined) throw misuse(`${flag}: ${name} ${why}`);
  const config = { server, [name]: text };
  let settings: Settings;
  try {
    settings = readSettings(config);
    wantedOf(settings, familyNamed(families, modem));
  } catch (error) {
    throw misuse(`${flag}: ${escaped(reasonOf(error, "unreadable"))}`);
  }
  const [unknown] = unknownSettings(config, settings);
  if (unknown !== undefined || !(name in settings)) {
    // A flag's name may be another than that of its setting: --format is the setting `payload`.
    const named = Object.keys(own).find((setting) => flagOf(setting) === name) ?? unknown?.nearest;
    const nearest = named === undefined ? ";" : `, did you mean ${named}?`;
    throw misuse(`${flag}: there is no setting "${name.slice(0, 40)}"${nearest} see docs/settings.md`);
  }
  if (name === "interval" && settings.interval < leastInterval) {
    throw misuse(
      `${flag}: interval is ${settings.interval}, and less than ${leastInterval} s is not metered`,
    );
  }
  if (name === "batch") return { batch: Number(text) };
  if (Object.hasOwn(own, name)) {
    const flagName = own[name as keyof typeof own];
    return { [flagName]: settings[name as keyof typeof own] };
  }
  return { settings: { [name]: text } };
}

/** The flag that says the same as a setting, if there is one. */
export function flagOf(name: string): FlagName | undefined {
  return Object.hasOwn(own, name) ? own[name as keyof typeof own] : undefined;
}
