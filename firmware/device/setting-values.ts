/**
 * How one setting is read: its value in the configuration, checked, or the default.
 *
 * Values given to mcconfig on the command line (`key=value`) arrive as text, those of the manifest with their
 * JSON type: both are taken. All of these throw a `SettingsError` that names the setting, its value where that is
 * no secret, and what it may be.
 */
import { SettingsError } from "../enos/credentials";
import { isHostName } from "../text/host-name";
import { isIpv4 } from "../text/ipv4";

/** Settings of the manifest and the command line over the defaults. */
export type Configuration = Readonly<Record<string, unknown>>;

/** Characters of a number and of a list of bands, at most. */
const longestNumber = 32;
const longestList = 100;
/** Highest number of a band of LTE that NB-IoT or LTE-M has (3GPP TS 36.101, table 5.5-1). */
const highestBand = 85;

/** A whole number from `least` to `most`. */
export function whole(
  config: Configuration,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const given = config[name];
  if (given === undefined) return fallback;
  const value = numberOf(given);
  if (value === undefined || value < least || value > most) {
    throw new SettingsError(`${name} is ${show(given)}, it must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** The number of a GPIO; undefined, and empty, for none. */
export function gpio(config: Configuration, name: string): number | undefined {
  return config[name] === undefined || config[name] === "" ? undefined : whole(config, name, 0, 0, 48);
}

/** True or false. */
export function yesNo(config: Configuration, name: string, fallback: boolean): boolean {
  const given = config[name];
  if (given === undefined) return fallback;
  if (given === true || given === "true") return true;
  if (given === false || given === "false") return false;
  throw new SettingsError(`${name} is ${show(given)}, it must be true or false`);
}

/** One of some words. */
export function choice<T extends string>(
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

/** One of some whole numbers. */
export function oneOf(
  config: Configuration,
  name: string,
  fallback: number,
  choices: readonly number[],
): number {
  const given = config[name];
  if (given === undefined) return fallback;
  const value = numberOf(given);
  if (value !== undefined && choices.indexOf(value) >= 0) return value;
  throw new SettingsError(`${name} is ${show(given)}, it must be one of ${choices.join(", ")}`);
}

/** A word: it stands in a line of AT commands, or in a request. Its value is in no message, for it may be a secret. */
export function text(config: Configuration, name: string, fallback: string): string {
  const given = config[name];
  if (given === undefined) return fallback;
  if (typeof given !== "string" || !/^[\x21-\x7e]{1,100}$/.test(given) || given.indexOf('"') >= 0) {
    throw new SettingsError(`${name} must be 1 to 100 printable ASCII characters without blanks or quotes`);
  }
  return given;
}

/** The same, or undefined where it is left out or empty. */
export function textOrNone(config: Configuration, name: string): string | undefined {
  return config[name] === undefined || config[name] === "" ? undefined : text(config, name, "");
}

/**
 * Some digits, `least` to `most` of them, as a text: `0000` is no number. Undefined where they are left out.
 *
 * @param secret the value is in no message
 */
export function digits(
  config: Configuration,
  name: string,
  least: number,
  most: number,
  secret: boolean,
): string | undefined {
  const given = config[name];
  if (given === undefined || given === "") return undefined;
  const value = typeof given === "number" ? `${given}` : given;
  let good = typeof value === "string" && value.length >= least && value.length <= most;
  for (let i = 0; good && i < (value as string).length; i++) good = isDigit(value as string, i);
  if (good) return value as string;
  const shown = secret ? name : `${name} is ${show(given)}, it`;
  throw new SettingsError(`${shown} must be ${least} to ${most} digits`);
}

/** Numbers of bands with commas between, such as `8,20`; undefined, for all, where they are left out. */
export function bandList(config: Configuration, name: string): readonly number[] | undefined {
  const given = config[name];
  if (given === undefined || given === "") return undefined;
  const parts =
    typeof given === "string" && given.length <= longestList
      ? given.split(",")
      : typeof given === "number"
        ? [given]
        : [];
  const bands: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const band = numberOf(parts[i]) ?? 0;
    if (band >= 1 && band <= highestBand && bands.indexOf(band) < 0) bands.push(band);
  }
  if (parts.length > 0 && bands.length === parts.length) return bands;
  throw new SettingsError(
    `${name} is ${show(given)}, it must be different numbers from 1 to ${highestBand} with commas between, such as 8,20`,
  );
}

const scheme = "coap://";

/** Host and port of `server`, which may be written as `HOST`, `HOST:PORT` or `coap://HOST:PORT`; else the port is `port`. */
export function serverAndPort(config: Configuration): { readonly server: string; readonly port: number } {
  const given = config.server;
  const port = whole(config, "port", 5683, 1, 65_535);
  const text = typeof given === "string" ? given : "";
  const from = text.indexOf(scheme) === 0 ? scheme.length : 0;
  const colon = text.indexOf(":", from);
  const server = text.slice(from, colon < 0 ? text.length : colon);
  const stated = colon < 0 ? port : numberOf(text.slice(colon + 1));
  const good = isIpv4(server) || isHostName(server);
  if (!good || stated === undefined || stated < 1 || stated > 65_535) {
    throw new SettingsError(
      `server is ${show(given)}, it must be an IPv4 address such as 203.0.113.5 or a host's name, :PORT may follow`,
    );
  }
  if (stated !== port && config.port !== undefined) {
    throw new SettingsError(`server has the port ${stated} and port is ${port}: leave one of them out`);
  }
  return { server, port: stated };
}

function numberOf(given: unknown): number | undefined {
  const isNumber = typeof given === "string" && given !== "" && given.length <= longestNumber;
  const value = isNumber ? Number(given) : given;
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}

/** A value as a message shows it: no more than its beginning. */
export function show(value: unknown): string {
  if (value === undefined) return "not set";
  if (typeof value === "string") return `"${value.slice(0, 60)}"`;
  // The text of an array is made by recursion, as deep as it is.
  return typeof value === "object" && value !== null ? "no single value" : String(value);
}
