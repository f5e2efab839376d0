/**
 * The settings of an update. None of them has to be given but `updateKey`, without which no file can be told from one
 * that somebody has made up.
 */
import { SettingsError } from "../enos/credentials";
import { readHex, ascii } from "../text/ascii";
import { choice, show, whole } from "../device/setting-values";
import { readPlace } from "./file-place";
import { longestUrl } from "./upgrade-command";
import type { Configuration } from "../device/setting-values";

/** What a user sets of it. */
export interface UpdateSettings {
  /**
   * The maker's public keys, x and y of P-256, each 128 hex digits: one, or while it is exchanged two with a comma between;
   * empty for none. See `keysOf`.
   */
  readonly updateKey: string;
  /** Folder of the files, `coap://host[:port]/dir`; empty: where `fileUrl` of EnOS says. */
  readonly files: string;
  /** Whether the cloud tells of a version, is asked once a day besides, or neither. */
  readonly updates: "push" | "ask" | "none";
  /** Blocks a contact, 0 for as many as it takes. */
  readonly blocks: number;
  /** Bytes a day, 0 for no bound. */
  readonly bytes: number;
  /** Hours of the day, UTC, at which it is fetched: from the first one's beginning to the second one's; undefined for all. */
  readonly hours: Hours | undefined;
  /** Highest coverage level at which it is fetched, 0 to 2. */
  readonly coverage: number;
}

/** From `from` o'clock to `until` o'clock, perhaps over midnight. */
interface Hours {
  readonly from: number;
  readonly until: number;
}

/** Their names in the configuration. */
export const updateSettingNames: readonly string[] = Object.freeze([
  "updateKey",
  "files",
  "updates",
  "updateBlocks",
  "updateBytes",
  "updateHours",
  "updateCoverage",
]);

const keyDigits = 128;
const mostKeys = 2;
const longestKeys = 300;
/** A file's name behind the folder: `/`, version, `-`, board, `.enup`. */
const longestName = 55;

/** Reads them. @throws SettingsError that names the setting, its value and what it may be */
export function readUpdateSettings(config: Configuration): UpdateSettings {
  return {
    updateKey: updateKeyOf(config),
    files: filesOf(config),
    updates: choice(config, "updates", "push", ["push", "ask", "none"]),
    blocks: whole(config, "updateBlocks", 0, 0, 100_000),
    bytes: whole(config, "updateBytes", 0, 0, 100_000_000),
    hours: hoursOf(config),
    coverage: whole(config, "updateCoverage", 2, 0, 2),
  };
}

/** The keys of the setting, 64 bytes each; undefined for a text that has others. */
export function keysOf(updateKey: string): readonly Uint8Array[] | undefined {
  const texts = updateKey.length <= longestKeys ? updateKey.split(",") : [];
  const keys: Uint8Array[] = [];
  for (let i = 0; i < texts.length; i++) {
    const digits = texts[i].trim();
    const key = digits.length === keyDigits ? readHex(ascii(digits), 0, keyDigits) : undefined;
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys.length >= 1 && keys.length <= mostKeys ? keys : undefined;
}

/** The text itself is kept, which lies in flash: the bytes would be in RAM all the time, for a moment in a year. */
function updateKeyOf({ updateKey }: Configuration): string {
  if (updateKey === undefined || updateKey === "") return "";
  if (typeof updateKey === "string" && keysOf(updateKey) !== undefined) return updateKey;
  throw new SettingsError(
    `updateKey must be ${keyDigits} hex digits, or two times as many with a comma between: npm run update -- keygen prints it`,
  );
}

function filesOf({ files }: Configuration): string {
  if (files === undefined || files === "") return "";
  if (typeof files === "string" && files.length <= longestUrl - longestName) {
    const folder = files.charAt(files.length - 1) === "/" ? files.slice(0, -1) : files;
    if (folder.slice(0, 7).toLowerCase() === "coap://" && readPlace(`${folder}/a`) !== undefined)
      return folder;
  }
  throw new SettingsError(
    `files is ${show(files)}, it must be a folder of a CoAP server, such as coap://files.example/fw`,
  );
}

function hoursOf({ updateHours }: Configuration): Hours | undefined {
  if (updateHours === undefined || updateHours === "") return undefined;
  const match = typeof updateHours === "string" ? /^(\d{1,2})-(\d{1,2})$/.exec(updateHours) : null;
  if (match !== null) {
    const from = Number(match[1]);
    const until = Number(match[2]);
    if (from <= 23 && until <= 24 && from !== until) return { from, until: until % 24 };
  }
  throw new SettingsError(
    `updateHours is ${show(updateHours)}, it must be two hours of the day in UTC, such as 1-5 or 22-4`,
  );
}
