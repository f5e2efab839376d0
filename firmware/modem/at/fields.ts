/**
 * The fields of an AT information line, and the lines that every family has in common.
 */
import { asciiText } from "../../text/ascii";
import type { Clock } from "./clock";

/** Characters of a line that become text, at most: an access point's name has up to 100. */
const longestText = 128;
/** Fields of a line that are read, at most: a list of bands has some 25. */
const mostFields = 64;

/**
 * A part of a line as text, blanks around it dropped. A line may have 1,200 bytes, whatever the modem or noise
 * makes it: what is not a datagram is cut off where nothing that is expected goes on.
 */
export function lineText(line: Uint8Array, start = 0, end = line.length): string {
  return asciiText(line, start, Math.min(end, start + longestText)).trim();
}

/**
 * Splits `+NAME: a,"b,c",,d` into its fields, quotes taken off. Blanks around a field are dropped.
 *
 * @param start offset behind the colon
 */
export function fieldsOf(line: Uint8Array, start: number): string[] {
  const fields: string[] = [];
  let from = start;
  let quoted = false;
  for (let i = start; i <= line.length && fields.length < mostFields; i++) {
    const byte = i < line.length ? line[i] : 0x2c;
    if (byte === 0x22) {
      quoted = !quoted;
    } else if (byte === 0x2c && (!quoted || i === line.length)) {
      fields.push(unquote(lineText(line, from, i)));
      from = i + 1;
    }
  }
  return fields;
}

/** The field without the quotes around it. */
export function unquote(field: string): string {
  return field.length >= 2 && field.startsWith('"') && field.endsWith('"') ? field.slice(1, -1) : field;
}

/** Registration as `+CEREG:` tells it (3GPP TS 27.007 section 10.1.22). */
export interface Registration {
  /** See `describeStat`. */
  readonly stat: number;
  /** How much `+CEREG:` is to tell, as the answer to `AT+CEREG?` repeats it. */
  readonly level?: number;
  /** EMM cause of the last denial, when the modem says it; it may do so in any state. */
  readonly cause?: number;
  /** Granted timers as their 8 bits, when power saving was granted; a firmware may leave the second out. */
  readonly t3324?: string;
  readonly t3412?: string;
}

const ceregLength = "+CEREG:".length;

/**
 * Whether a `+CEREG:` line is the answer to `AT+CEREG?` (it begins with the setting `<n>`) and not
 * the URC: then its second field is a bare number, -1 where the modem does not know its state. In the URC that
 * field is the quoted tracking area.
 */
export function isCeregAnswer(line: Uint8Array): boolean {
  let i = ceregLength;
  while (i < line.length && line[i] !== 0x2c) i += 1;
  i += 1;
  while (i < line.length && line[i] === 0x20) i += 1;
  if (line[i] === 0x2d) i += 1;
  const from = i;
  while (i < line.length && line[i] >= 0x30 && line[i] <= 0x39) i += 1;
  // A tracking area without quotes, as some modems print it, has four digits.
  return i > from && i - from <= 3 && (i === line.length || line[i] === 0x2c);
}

/**
 * Reads a `+CEREG:` line, answer or URC; undefined when it holds no status. Fields are told apart by their places:
 *
 *     [<n>,]<stat>[,<tac>,<ci>,<AcT>[,<rac>][,<cause type>,<cause>[,<T3324>,<T3412>]]]
 *
 * Behind the technology stand pairs; an odd number of fields there means that MediaTek's firmware (BC66, SIM7020)
 * has put the routing area before them. Cause type 0 is an EMM cause, any other the maker's own number.
 */
export function parseCereg(line: Uint8Array): Registration | undefined {
  const fields = fieldsOf(line, ceregLength);
  const statAt = isCeregAnswer(line) ? 1 : 0;
  const stat = wholeNumber(fields[statAt]);
  if (stat === undefined) return undefined;
  const level = statAt === 1 ? wholeNumber(fields[0]) : undefined;
  let at = statAt + 4;
  if (((fields.length - at) & 1) === 1) at += 1;
  const cause = fields[at] === "0" ? wholeNumber(fields[at + 1]) : undefined;
  return {
    stat,
    level,
    cause: cause !== undefined && cause > 0 && cause < 256 ? cause : undefined,
    t3324: timerField(fields[at + 2]),
    t3412: timerField(fields[at + 3]),
  };
}

function timerField(field: string | undefined): string | undefined {
  return field !== undefined && /^[01]{8}$/.test(field) ? field : undefined;
}

const stats = Object.freeze([
  "idle", // and not searching
  "home",
  "searching",
  "denied",
  "out of coverage", // or unknown
  "roaming",
  "SMS only",
  "SMS only, roaming",
  "emergency calls only",
  "home, CSFB not preferred",
  "roaming, CSFB not preferred",
] as const);

/** For logs: number and name of a state of registration. */
export function describeStat(stat: number): string {
  // 80: u-blox and Sequans; 100: SIM7020, a network was found and is attached to.
  const name = stat === 80 ? "lost for now" : stat === 100 ? "attaching" : stats[stat];
  return name === undefined ? String(stat) : `${stat} (${name})`;
}

/** Registered, at home or roaming. */
export function isRegistered(registration: Registration): boolean {
  return registration.stat === 1 || registration.stat === 5;
}

/** A field that is a whole number, or undefined. */
export function wholeNumber(field: string | undefined): number | undefined {
  if (field === undefined || !/^-?\d{1,9}$/.test(field)) return undefined;
  return Number(field);
}

/** The first run of 15 digits, wherever a firmware puts it: the IMEI. */
export function findImei(line: Uint8Array): string | undefined {
  const match = /(?:^|\D)(\d{15})(?:\D|$)/.exec(lineText(line, 0, Math.min(line.length, 64)));
  return match === null ? undefined : match[1];
}

/**
 * The clock in a line with `yy/MM/dd,hh:mm:ss±zz` (the year may have four digits, quotes and a further
 * field may follow), zz in quarter-hours east of UTC, or in hours behind `GMT`, as BC66 tells it; undefined when it is
 * none, or is the date of a modem that has not heard the network's time yet.
 *
 * @param tells what the digits are by the maker's manual
 */
export function parseClock(line: Uint8Array, tells?: "local" | "utc"): Clock | undefined {
  const text = lineText(line, 0, Math.min(line.length, 64));
  const match = /(\d{4}|\d{2})\/(\d\d)\/(\d\d),(\d\d):(\d\d):(\d\d)(?:(GMT)?([+-]\d{1,2}))?(,\d)?"?\s*$/.exec(
    text,
  );
  if (match === null) return undefined;
  const year = match[1].length === 4 ? Number(match[1]) : 2000 + Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6]);
  if (year < 2024 || year > 2069) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const told = Date.UTC(year, month - 1, day, hour, minute, second);
  // A digit lost on the wire must not set the clock to a day that Date.UTC makes up, such as 31 February.
  const days = (Date.UTC(year, month, 1) - Date.UTC(year, month - 1, 1)) / 86_400_000;
  if (month < 1 || month > 12 || day < 1 || day > days) return undefined;
  const zone = match[8] === undefined ? undefined : Number(match[8]) * 15 * 60_000;
  if (zone === undefined || match[7] === undefined) return { told, zone, tells };
  return { told, zone: 4 * zone, tells, wholeHours: true };
}
