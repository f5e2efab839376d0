/**
 * What the cloud says of a version: pushed as a command on `ota/device/upgrade`, or in the answer to
 * `ota/device/getversion`.
 *
 *     {"id":"7","version":"1.0","method":"ota.device.upgrade","params":{"version":"0.3.0","sign":"…","signMethod":"md5",
 *      "fileUrl":"/f/pZ3r…","fileSize":31234}}                                                 answered on upgrade_reply
 *     {"id":"8","code":200,"data":[{"version":"0.3.0", …}]}
 *
 * Neither is authenticated where payloads are not sealed, nor need be: what is fetched is signed by its maker. `sign`,
 * the digest of the file, is left alone for the same reason.
 */
import { commandIdOfPart, jsonReply } from "../enos/command";
import { enosOk } from "../enos/body";
import { isObject, parseJsonObject } from "../text/json";
import { compareVersions } from "./version-order";
import type { CommandId } from "../enos/command";
import type { MemberNames } from "../text/member-names";

/** A version that can be fetched. */
export interface Offer {
  readonly version: string;
  /** As EnOS has it: a path of its file service, or a URL. */
  readonly fileUrl: string;
  /** Bytes; 0 where it is not said. */
  readonly fileSize: number;
}

/** A command that was read; without an offer, why there is none. */
export interface UpgradeCommand {
  /** What the answer repeats. */
  readonly id: CommandId;
  readonly offer: Offer | string;
}

/** Topics below the device's root. */
export const upgradeTopic = "ota/device/upgrade";
export const upgradeReplyTopic = "ota/device/upgrade_reply";
export const askTopic = "ota/device/getversion";

/** What an upgrade is answered with, besides 200. */
export const UpgradeCode = Object.freeze({
  ok: enosOk,
  /** The command cannot be read, or names a file that no CoAP client can fetch. */
  badRequest: 400,
  /** The version is not newer than the one that runs. */
  notNewer: 406,
  /** A new version is on trial, or waits for its start. */
  busy: 409,
  /** Too many files were none for this device today. */
  enough: 429,
  /** This board cannot be updated. */
  unable: 501,
} as const);

/** Longest URL or path, characters: a firmware's state has room for it. */
export const longestUrl = 200;
/** Longest file, bytes: more than any flash has room for. */
const longestFile = 0x200_0000;
/** Digits of a number that may have come as text. */
const mostDigits = 10;
/** Versions in one answer that are looked at. */
const mostOffers = 16;

/**
 * Reads a command; undefined for what has no id, and cannot be answered. Never throws.
 *
 * @param names counts what the server's messages are made of
 */
export function readUpgrade(payload: Uint8Array, names: MemberNames): UpgradeCommand | undefined {
  const id = commandIdOfPart(payload);
  if (id === undefined) return undefined;
  const body = parseJsonObject(payload, undefined, names);
  if (!isObject(body)) return { id, offer: body ?? "unreadable" };
  return { id, offer: readOffer(body.params) };
}

/** The newest version that an answer to `getversion` offers; undefined for none. Never throws. */
export function readOffers(payload: Uint8Array, names: MemberNames): Offer | undefined {
  const body = parseJsonObject(payload, undefined, names);
  if (!isObject(body) || wholeOf(body.code) !== enosOk || !Array.isArray(body.data)) return undefined;
  let newest: Offer | undefined;
  for (let i = 0; i < body.data.length && i < mostOffers; i++) {
    const offer = readOffer(body.data[i]);
    if (typeof offer === "string") continue;
    if (newest === undefined || compareVersions(offer.version, newest.version)! > 0) newest = offer;
  }
  return newest;
}

/** The answer to a command. */
export function upgradeReply(id: CommandId, code: number, message?: string): Uint8Array {
  return jsonReply({ id }, { code, message });
}

function readOffer(params: unknown): Offer | string {
  if (!isObject(params)) return "no params";
  const { version, fileUrl, fileSize } = params;
  if (typeof version !== "string" || compareVersions(version, version) === undefined)
    return "no version n.n.n";
  if (typeof fileUrl !== "string" || fileUrl.length > longestUrl) return "no fileUrl";
  const size = fileSize === undefined ? 0 : wholeOf(fileSize);
  if (size === undefined || size > longestFile) return "no fileSize";
  return { version, fileUrl, fileSize: size };
}

/** A whole number that EnOS writes as one or as its digits. Anything else is not made a number of: an array would be its text first. */
function wholeOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== "string" || value.length === 0 || value.length > mostDigits) return undefined;
  let number = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    number = 10 * number + digit;
  }
  return number;
}
