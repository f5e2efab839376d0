/**
 * Those of the settings that say what is wanted of the modem, its SIM card and its network.
 */
import { SettingsError } from "../enos/credentials";
import { refusedInit } from "../modem/driver/init-lines";
import { isIpv4 } from "../text/ipv4";
import { bandList, choice, digits, show, text, textOrNone, whole, yesNo } from "./setting-values";
import type { Family } from "../modem/family/family";
import type { ModemOptions } from "../modem/driver/modem-options";
import type { ClockSetting } from "../modem/at/clock";
import type { IpType, RadioTechnology } from "../modem/at/standard-commands";
import type { Configuration } from "./setting-values";

/** Which technologies are searched, in this order. */
type RatSetting = RadioTechnology | "nb-iot,lte-m" | "lte-m,nb-iot";

/** What a user sets of the modem, its SIM card and its network. */
export interface ModemSettings {
  /** Access point name of the SIM card's operator; empty for the one that the network gives. */
  readonly apn: string;
  /** What the access point wants to know of its user, where it asks. */
  readonly apnUser?: string;
  /** A secret. */
  readonly apnPassword?: string;
  readonly apnAuth: "pap" | "chap";
  readonly ipType: IpType;
  /** PIN of the SIM card, 4 to 8 digits. A secret. */
  readonly pin?: string;
  readonly rat: RatSetting;
  /** Bands to search; all when left out. */
  readonly bands?: readonly number[];
  /** How long the first search of a boot may take, seconds. */
  readonly search: number;
  /** The one network to register with, MCC and MNC; the modem chooses when left out. */
  readonly operator?: string;
  /** Whether a foreign network is used. */
  readonly roaming: boolean;
  /** Longest eDRX cycle to ask for, seconds; 0 for none. */
  readonly edrx: number;
  /**
   * PSM active time to ask for, seconds: how long the modem listens after a contact. EnOS's commands ride on the
   * answers to the device's own requests, so nothing of EnOS's comes later; an answer that does is lost, and asked for
   * by the retransmission.
   */
  readonly t3324: number;
  /** PSM periodic update to ask for, seconds. */
  readonly t3412: number;
  /** Rate of the UART, bit/s; left out, the family's, and others are tried where that brings nothing but noise. */
  readonly baud?: number;
  /** AT command lines of the user's own, said behind the driver's. */
  readonly init?: readonly string[];
  /** What the modem's clock tells: local time, UTC, or what is found out. */
  readonly modemClock: ClockSetting;
}

/** Rates that modems have, bit/s. */
const rates: readonly string[] = Object.freeze([
  "auto",
  "4800",
  "9600",
  "19200",
  "38400",
  "57600",
  "115200",
  "230400",
  "460800",
  "921600",
]);
const usualTechnologies: readonly RadioTechnology[] = Object.freeze(["nb-iot"] as const);
/** Characters of all lines of `init`. */
const longestInit = 400;

/**
 * @param t3412 the periodic update to ask for where none is set, seconds
 * @throws SettingsError
 */
export function readModemSettings(config: Configuration, t3412: number): ModemSettings {
  const apnUser = textOrNone(config, "apnUser");
  const apnPassword = textOrNone(config, "apnPassword");
  if (apnPassword !== undefined && apnUser === undefined) {
    throw new SettingsError("apnPassword is set and apnUser is not: the access point asks for both");
  }
  return {
    apn: config.apn === "" ? "" : text(config, "apn", "iot.example"),
    apnUser,
    apnPassword,
    apnAuth: choice(config, "apnAuth", "pap", ["pap", "chap"]),
    ipType: choice(config, "ipType", "ipv4", ["ipv4", "ipv6", "ipv4v6"]),
    pin: digits(config, "pin", 4, 8, true),
    rat: choice(config, "rat", "nb-iot", ["nb-iot", "lte-m", "nb-iot,lte-m", "lte-m,nb-iot"]),
    bands: bandList(config, "bands"),
    search: whole(config, "search", 1_800, 60, 86_400),
    operator: digits(config, "operator", 5, 6, false),
    roaming: yesNo(config, "roaming", true),
    edrx: whole(config, "edrx", 0, 0, 10_486),
    t3324: whole(config, "t3324", 2, 0, 11_160),
    t3412: whole(config, "t3412", t3412, 60, 35_712_000),
    baud: rate(config),
    init: initLines(config),
    modemClock: choice(config, "modemClock", "auto", ["auto", "local", "utc"]),
  };
}

/**
 * What these settings ask of the modem, for `ModemOptions`; the PIN apart, which goes with its memory.
 *
 * @throws SettingsError for what no modem of this family can do, and what would break its driver
 */
export function wantedOf(
  settings: ModemSettings & { readonly server: string },
  family: Family,
): Partial<ModemOptions> & { apn: string } {
  const { apn, apnUser, apnPassword = "", apnAuth, ipType, rat, bands, operator, roaming } = settings;
  const { search, edrx, t3324, t3412, init } = settings;
  for (let i = 0; init !== undefined && i < init.length; i++) {
    const reason = refusedInit(init[i]);
    if (reason === undefined) continue;
    // A PIN or a password may stand behind the command's name.
    const shown = reason.startsWith("use ") ? init[i].slice(0, init[i].indexOf("=") + 1) : init[i];
    throw new SettingsError(`init has ${show(shown)}, ${reason}`);
  }
  const { server } = settings;
  if (family.resolve === undefined && !isIpv4(server)) {
    throw new SettingsError(
      `server is ${show(server)}, and a ${family.name} has no command that finds a name's address: set the address`,
    );
  }
  const rats = rat.split(",") as RadioTechnology[];
  const technologies = family.technologies ?? usualTechnologies;
  for (let i = 0; i < rats.length; i++) {
    if (technologies.indexOf(rats[i]) >= 0) continue;
    throw new SettingsError(`rat is "${rat}", and a ${family.name} has ${technologies.join(" and ")} alone`);
  }
  return {
    apn,
    apnLogin: apnUser === undefined ? undefined : { auth: apnAuth, user: apnUser, password: apnPassword },
    ipType,
    rat: rats,
    bands,
    operator,
    roaming,
    search,
    init,
    psm: { t3412, t3324 },
    edrx: edrx > 0 ? edrx : undefined,
  };
}

/** Those settings that were given and that no modem of this family has a command for: they do nothing. */
export function settingsInVain(settings: ModemSettings, family: Family): readonly string[] {
  const { bands, operator, roaming, apnUser, ipType } = settings;
  const given = {
    bands: bands !== undefined,
    operator: operator !== undefined,
    roaming: !roaming,
    apnUser: apnUser !== undefined,
    ipType: ipType !== "ipv4",
  };
  const vain: string[] = [];
  const { without = [] } = family;
  for (let i = 0; i < without.length; i++) {
    const name = without[i];
    if (name in given && given[name as keyof typeof given]) vain.push(name);
  }
  return vain;
}

function rate(config: Configuration): number | undefined {
  const given = config.baud;
  const value = choice({ baud: typeof given === "number" ? `${given}` : given }, "baud", "auto", rates);
  return value === "auto" ? undefined : Number(value);
}

/** The lines between semicolons, each a command of its own. */
function initLines(config: Configuration): readonly string[] | undefined {
  const given = config.init;
  if (given === undefined || given === "") return undefined;
  if (typeof given !== "string" || given.length > longestInit || !/^[\x20-\x7e]*$/.test(given)) {
    throw new SettingsError(
      `init must be AT command lines with semicolons between, at most ${longestInit} printable ASCII characters`,
    );
  }
  const lines: string[] = [];
  const parts = given.split(";");
  for (let i = 0; i < parts.length; i++) {
    const line = parts[i].trim();
    if (line !== "") lines.push(line);
  }
  return lines;
}
