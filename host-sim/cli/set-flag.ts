/** `--set NAME=VALUE`: a setting of the firmware by its name, as each command takes it that simulates devices. */
import { readSettings } from "../../firmware/device/settings";
import { unknownSettings } from "../../firmware/device/unknown-settings";
import { wantedOf } from "../../firmware/device/modem-settings";
import { familyNamed } from "../../firmware/modem/family/family";
import { families } from "../../firmware/modem/family/index";
import { reasonOf } from "../../firmware/text/reason";
import { escaped } from "../model/escaped";
import { Option } from "./command";
import { misuse } from "./misuse";
import type { Settings } from "../../firmware/device/settings";

/** A setting as the user gave it. */
export interface GivenSetting {
  readonly name: string;
  readonly text: string;
}

/** Why a setting cannot be set, so that "NAME WHY" is a sentence. */
export type RefusedSettings = Readonly<Partial<Record<string, string>>>;

const wiring = "is the simulated board's wiring";
const login = "is of an access point that asks for it, and this one does not";
/** Those that are the simulation's own, whatever is simulated. */
export const simulatedSettings: RefusedSettings = Object.freeze({
  server: "is the simulation's own cloud",
  port: "is the simulation's own cloud",
  edition: "is --edition here",
  modem: "is --modem here",
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
  apnUser: login,
  apnPassword: login,
});

/** The flag, which may be given again for each setting. */
export function settingOption(flag: "--set" | "--try", text: string): Option {
  return new Option(`${flag} <name=value>`, text)
    .argParser((given, before: readonly GivenSetting[]) => [...before, givenSetting(flag, given)])
    .default([], "none")
    .repeatable();
}

/** Takes `name=value` apart. @throws CommandError */
function givenSetting(flag: string, text: string): GivenSetting {
  const found = /^([A-Za-z][A-Za-z0-9]*)=(.*)$/s.exec(text);
  if (found === null) {
    throw misuse(
      `${flag} takes a setting as NAME=VALUE, such as t3324=2, got "${escaped(text.slice(0, 40))}"`,
    );
  }
  const [, name, value] = found;
  return { name, text: value };
}

/** The words of a command line that say the same, for a shell. */
export function setWords({ name, text }: GivenSetting): string[] {
  const plain = /^[\w.,:/+=-]*$/.test(text);
  return ["--set", plain ? `${name}=${text}` : `'${name}=${text.replaceAll("'", "'\\''")}'`];
}

/**
 * Settings as a device's manifest has them, checked as its firmware checks them.
 *
 * @param refused those that cannot be set here
 * @param rest what the device has of other settings
 * @param modem the modem's family
 * @throws CommandError that says what is wrong with them
 */
export function checkedSettings(
  given: readonly GivenSetting[],
  refused: RefusedSettings,
  rest: Readonly<Record<string, unknown>>,
  modem: string,
): Readonly<Record<string, string>> {
  const config: Record<string, string> = {};
  for (const { name, text } of given) {
    const why = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (why !== undefined) throw misuse(`--set: ${name} ${why}`);
    if (Object.hasOwn(config, name)) throw misuse(`--set: ${name} is set twice: leave one of them out`);
    config[name] = text;
  }
  const read = { server: "203.0.113.5", ...rest, ...config };
  let settings: Settings;
  try {
    settings = readSettings(read);
    wantedOf(settings, familyNamed(families, modem));
  } catch (error) {
    throw misuse(`--set: ${escaped(reasonOf(error, "unreadable"))}`);
  }
  const [unknown] = unknownSettings(read, settings);
  const name = unknown?.name ?? given.find((each) => !(each.name in settings))?.name;
  if (name !== undefined) {
    const nearest = unknown === undefined ? "see docs/settings.md" : `the nearest is ${unknown.nearest}`;
    throw misuse(`--set: there is no setting "${name.slice(0, 40)}", ${nearest}`);
  }
  return config;
}
