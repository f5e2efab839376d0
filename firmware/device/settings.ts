/**
 * What a user sets, read from the configuration once and checked, so that a wrong setting is one
 * clear line at start and not a strange failure in the field.
 *
 * Values given to mcconfig on the command line (`key=value`) arrive as text, those of the manifest
 * with their JSON type: both are taken.
 */
import { SettingsError, lifetimeRange } from "../enos/credentials";
import type { ReadingFormat } from "../delivery/entry";
import type { FullPolicy } from "../journal/journal";
import type { Order } from "../delivery/upload-queue";
import type { EditionSetting } from "../enos/authentication";
import type { InitialisationVector } from "../enos/sign";
import type { ClockSetting } from "../modem/driver/network-clock";

/** How readings are encoded: a raw layout of the thing model, JSON, or all of these in turn. */
export type Format = ReadingFormat | "alternate";

export interface Settings {
  /** IPv4 address of the EnOS CoAP server. */
  readonly server: string;
  readonly port: number;
  /** Seconds between readings. */
  readonly interval: number;
  /** Readings to take, 0 for no end. */
  readonly reports: number;
  /** Not called "format": that name is mcconfig's own, for displays. */
  readonly payload: Format;
  /** How many readings are sent together: so many must wait before a request is made. */
  readonly batch: number;
  /** Longest payload of a request with several readings, bytes. */
  readonly payloadLimit: number;
  /** Age from which a reading counts as late, seconds; undefined: what a batch takes, and an interval. */
  readonly late?: number;
  /** Which readings are sent first when many wait. */
  readonly order: Order;
  /** Which readings are given up when the journal is full. */
  readonly full: FullPolicy;
  /** Seconds between two requests while readings that have waited are sent. */
  readonly spacing: number;
  /** Longest wait for the network after power came back, seconds. */
  readonly startSpread: number;
  /** Seconds a day for which the radio may be on in vain, 0 for no bound. */
  readonly radioBudget: number;
  /** Seconds a day for which others may make the radio be on, 0 for no bound. */
  readonly othersBudget: number;
  /** Whether a session is kept alive while no reading is due. */
  readonly keepAlive: boolean;
  /** Whether the values of each reading go into the log. */
  readonly logValues: boolean;
  /** What the ESP32 does between readings while its modem sleeps: `deep` needs a firmware with deep-sleep.c. */
  readonly sleep: "none" | "deep";
  /** Lifetime of the authentication, seconds. */
  readonly lifetime: number;
  readonly edition: EditionSetting;
  readonly iv: InitialisationVector;
  /** Name of the board, which says how its modem is wired. */
  readonly board: string;
  /** Family of the modem, such as "sim7020"; the board's when left out. */
  readonly modem?: string;
  /** GPIOs of the modem's UART, where they are not the board's. */
  readonly transmit?: number;
  readonly receive?: number;
  /** Whether the control pins named here press with a high level, through a transistor. */
  readonly pressedHigh: boolean;
  /** What the modem's clock tells: local time, UTC, or what is found out. */
  readonly modemClock: ClockSetting;
  /** Access point name of the SIM's operator. */
  readonly apn: string;
  /** GPIO that drives PWRKEY of the modem, if wired. */
  readonly powerKey?: number;
  /** GPIO that drives RESET_N of the modem, if wired. */
  readonly reset?: number;
  /** GPIO that drives the modem's own pin for ending PSM (PSM_EINT), if it has one and it is wired. */
  readonly wake?: number;
  /** GPIO that switches the modem's supply, high for on, if there is such a switch. */
  readonly modemSupply?: number;
  /** Longest eDRX cycle to ask for, seconds; 0 for none. */
  readonly edrx: number;
  /** PSM active time to ask for, seconds. */
  readonly t3324: number;
  /** PSM periodic update to ask for, seconds. */
  readonly t3412: number;
}

/** Settings of the manifest and the command line over the defaults. */
export type Configuration = Readonly<Record<string, unknown>>;

/** Characters of a number, and of an IPv4 address, at most. */
const longestNumber = 32;
const longestAddress = 15;

/**
 * @throws SettingsError that names the setting, its value and what it may be
 */
export function readSettings(config: Configuration): Settings {
  const powerKey = pin(config, "powerKey");
  const transmit = pin(config, "transmit");
  const receive = pin(config, "receive");
  const reset = pin(config, "reset");
  const wake = pin(config, "wake");
  const modemSupply = pin(config, "modemSupply");
  return {
    server: address(config, "server"),
    port: whole(config, "port", 5683, 1, 65_535),
    interval: whole(config, "interval", 900, 1, 86_400),
    reports: whole(config, "reports", 0, 0, 1_000_000),
    payload: choice(config, "payload", "raw", ["raw", "compact", "json", "alternate"]),
    batch: whole(config, "batch", 1, 1, 100),
    payloadLimit: whole(config, "payloadLimit", 512, 64, 1_024),
    late: config.late === undefined ? undefined : whole(config, "late", 0, 0, 31_536_000),
    order: choice(config, "order", "oldest", ["oldest", "live"]),
    full: choice(config, "full", "oldest", ["oldest", "newest", "thin"]),
    spacing: whole(config, "spacing", 3, 0, 3_600),
    startSpread: whole(config, "startSpread", 300, 0, 3_600),
    radioBudget: whole(config, "radioBudget", 3_600, 0, 86_400),
    othersBudget: whole(config, "othersBudget", 240, 0, 86_400),
    keepAlive: yesNo(config, "keepAlive", false),
    logValues: yesNo(config, "logValues", false),
    sleep: choice(config, "sleep", "none", ["none", "deep"]),
    lifetime: whole(config, "lifetime", 3_600, lifetimeRange.least, lifetimeRange.most),
    edition: choice(config, "edition", "auto", ["auto", "token", "tokenless"]),
    iv: text(config, "iv", "zero"),
    board: text(config, "board", "m5stack-nbiot"),
    modem: config.modem === undefined || config.modem === "" ? undefined : text(config, "modem", ""),
    transmit,
    receive,
    pressedHigh: yesNo(config, "pressedHigh", false),
    modemClock: choice(config, "modemClock", "auto", ["auto", "local", "utc"]),
    apn: text(config, "apn", "iot.example"),
    powerKey,
    reset,
    wake,
    modemSupply,
    edrx: whole(config, "edrx", 0, 0, 10_486),
    t3324: whole(config, "t3324", 10, 0, 11_160),
    t3412: whole(config, "t3412", 86_400, 60, 35_712_000),
  };
}

function whole(config: Configuration, name: string, fallback: number, least: number, most: number): number {
  const given = config[name];
  if (given === undefined) return fallback;
  const isNumber = typeof given === "string" && given !== "" && given.length <= longestNumber;
  const value = isNumber ? Number(given) : given;
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw new SettingsError(`${name} is ${show(given)}, it must be a whole number from ${least} to ${most}`);
  }
  return value;
}

function pin(config: Configuration, name: string): number | undefined {
  return config[name] === undefined || config[name] === "" ? undefined : whole(config, name, 0, 0, 48);
}

function yesNo(config: Configuration, name: string, fallback: boolean): boolean {
  const given = config[name];
  if (given === undefined) return fallback;
  if (given === true || given === "true") return true;
  if (given === false || given === "false") return false;
  throw new SettingsError(`${name} is ${show(given)}, it must be true or false`);
}

function choice<T extends string>(
  config: Configuration,
  name: string,
  fallback: T,
  choices: readonly T[],
): T {
  const given = config[name];
  if (given === undefined) return fallback;
  for (let i = 0; i < choices.length; i++) if (choices[i] === given) return choices[i];
  throw new SettingsError(`${name} is ${show(given)}, it must be one of ${choices.join(", ")}`);
}

function text(config: Configuration, name: string, fallback: string): string {
  const given = config[name];
  if (given === undefined) return fallback;
  if (typeof given !== "string" || !/^[\x21-\x7e]{1,100}$/.test(given) || given.indexOf('"') >= 0) {
    throw new SettingsError(`${name} must be 1 to 100 printable ASCII characters without blanks or quotes`);
  }
  return given;
}

function address(config: Configuration, name: string): string {
  const given = config[name];
  if (typeof given === "string" && given.length <= longestAddress) {
    const parts = given.split(".");
    let good = parts.length === 4;
    // Without leading zeros: the address must read as the socket gives it back on a datagram.
    for (let i = 0; i < parts.length; i++) {
      good &&= /^(0|[1-9]\d{0,2})$/.test(parts[i]) && Number(parts[i]) <= 255;
    }
    if (good) return given;
  }
  throw new SettingsError(`${name} is ${show(given)}, it must be an IPv4 address such as 203.0.113.5`);
}

function show(value: unknown): string {
  if (value === undefined) return "not set";
  if (typeof value === "string") return `"${value.slice(0, 60)}"`;
  // The text of an array is made by recursion, as deep as it is.
  return typeof value === "object" && value !== null ? "no single value" : String(value);
}
