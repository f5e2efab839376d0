/**
 * `--set` and `--try` of `npm run energy`: what a setting of the firmware changes of a choice.
 */
import { readSettings } from "../../firmware/device/settings";
import { unknownSettings } from "../../firmware/device/unknown-settings";
import { wantedOf } from "../../firmware/device/modem-settings";
import { familyNamed } from "../../firmware/modem/family/family";
import { families } from "../../firmware/modem/family/index";
import { reasonOf } from "../../firmware/text/reason";
import { escaped } from "../model/escaped";
import { misuse } from "./misuse";
import { simulatedSettings } from "./set-flag";
import type { Settings } from "../../firmware/device/settings";
import type { Choice } from "../inspect/energy/choice";
import type { GivenSetting, RefusedSettings } from "./set-flag";
import type { FlagName } from "./simulation-flags";

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

/** Those that cannot be tried, and why. */
const refused: RefusedSettings = {
  ...simulatedSettings,
  reports: "is --reports here",
  edrx: "is in the table: eDRX in place of PSM",
  startSpread: "is about a board's first start",
};
/** Least interval that is metered, seconds: as of --interval. */
const leastInterval = 60;
const server = "203.0.113.5";

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
