/**
 * The keys by which EnOS knows the device, checked once at start, so that later code can rely on them.
 */
import { encodeUtf8 } from "../text/utf8";

/** The three keys of a device under one-secret-per-device authentication. */
export interface Credentials {
  readonly productKey: string;
  /** Unique within the organisation; the modem's IMEI is the usual choice. */
  readonly deviceKey: string;
  /** Used for signatures only: it is never sent and never in a log. */
  readonly deviceSecret: string;
}

/** A setting that cannot work; its text says which, what it was and what it should be. */
export class SettingsError extends Error {
  // A class field and not an assignment: on the device `Error.prototype.name` is read-only, and
  // assigning to `this.name` throws.
  override name = "SettingsError";
}

/** Shortest and longest lifetime of an authentication, seconds. */
export const lifetimeRange = Object.freeze({ least: 30, most: 86_400 });

/** A Uri-Path option holds at most 255 bytes (RFC 7252 section 5.10). */
const longestKey = 255;
/** Longest secret accepted; the console's are far shorter. */
const longestSecret = 1024;

/**
 * @throws SettingsError when a key is empty, too long, or could not stand as one segment of a path
 */
export function checkCredentials(credentials: Credentials): void {
  checkSegment("productKey", credentials.productKey);
  checkSegment("deviceKey", credentials.deviceKey);
  const secret = credentials.deviceSecret;
  if (typeof secret !== "string" || secret.length === 0) {
    throw new SettingsError("deviceSecret is empty: copy it from the device's page in the EnOS console");
  }
  if (encodeUtf8(secret).length > longestSecret) {
    throw new SettingsError(
      `deviceSecret is longer than ${longestSecret} bytes: it is not the device's secret`,
    );
  }
}

/**
 * A segment of a path: printable ASCII without a slash, 1 to 255 bytes, not `.` or `..` (RFC 7252
 * section 5.10.1). EnOS's keys are letters and digits; anything else points at a wrong setting, such as a
 * quotation mark or a line end copied along.
 *
 * @throws SettingsError that names the setting
 */
export function checkSegment(name: string, segment: string): void {
  const fault = typeof segment === "string" ? segmentFault(segment) : "is no text";
  if (fault !== undefined) throw new SettingsError(`${name} ${fault}`);
}

/** What keeps a text from being one segment of a path, or undefined. */
export function segmentFault(segment: string): string | undefined {
  if (segment.length === 0) return "is empty";
  if (segment.length > longestKey) {
    return `is ${segment.length} characters long, at most ${longestKey} fit a path segment`;
  }
  if (segment === "." || segment === "..") return `is "${segment}": no key of EnOS is`;
  for (let i = 0; i < segment.length; i++) {
    const code = segment.charCodeAt(i);
    if (code > 0x20 && code <= 0x7e && code !== 0x2f) continue;
    const what =
      code > 0x7e ? "a non-ASCII character" : code === 0x2f ? "a slash" : "a space or control character";
    return `has ${what} at position ${i + 1}: it must be printable ASCII without spaces or slashes`;
  }
  return undefined;
}

/**
 * @throws SettingsError when the lifetime is not a whole number of seconds from 30 to 86400
 */
export function checkLifetime(lifetime: number): void {
  if (!Number.isInteger(lifetime) || lifetime < lifetimeRange.least || lifetime > lifetimeRange.most) {
    throw new SettingsError(
      `lifetime is ${lifetime}, it must be a whole number of seconds from ${lifetimeRange.least} to ${lifetimeRange.most}`,
    );
  }
}
