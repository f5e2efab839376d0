/**
 * Where the file of an update is: a path of the EnOS server's, or a URL of any CoAP server that serves files by Block2.
 *
 *     /f/pZ3r…                            at the server that readings go to
 *     coap://files.example:5683/fw/a.enup
 *
 * EnOS's own files are at an HTTPS service, which no modem of this path reaches: its `fileUrl` is a path there. So where
 * the setting `files` names a folder, the version's file there is taken, and `fileUrl` left alone.
 */
import { OptionNumber, encodeOptions } from "../coap/option";
import { isHostName } from "../text/host-name";
import { isIpv4 } from "../text/ipv4";
import { encodeUtf8 } from "../text/utf8";
import type { Option, OptionBlock } from "../coap/option";
import type { Offer } from "./upgrade-command";

/** A file at a server. */
export interface FilePlace {
  /** IPv4 address or name; undefined for the server that readings go to. */
  readonly host: string | undefined;
  readonly port: number;
  /** Its Uri-Path. */
  readonly path: OptionBlock;
}

/** Of `coap`, RFC 7252 section 6.1. */
const usualPort = 5683;
const scheme = "coap://";
/** Bytes of a Uri-Path option, RFC 7252 section 5.10, and of all of them: a datagram has room for more. */
const longestSegment = 255;
const longestPath = 400;
/** Segments of a path, at most. */
const mostSegments = 16;

/**
 * Where an offer's file is, as a text that `readPlace` reads.
 *
 * @param files the setting, empty for none
 */
export function placeOf({ version, fileUrl }: Offer, files: string, board: string): string {
  return files === "" ? fileUrl : `${files}/${version}-${board}.enup`;
}

/** Reads a path or a URL; undefined for what no GET can be sent to. */
export function readPlace(text: string): FilePlace | undefined {
  if (text.charAt(0) === "/") return withPath(undefined, usualPort, text);
  if (text.slice(0, scheme.length).toLowerCase() !== scheme) return undefined;
  const slash = text.indexOf("/", scheme.length);
  if (slash < 0) return undefined;
  const authority = text.slice(scheme.length, slash);
  const colon = authority.indexOf(":");
  const host = colon < 0 ? authority : authority.slice(0, colon);
  const port = colon < 0 ? usualPort : portOf(authority.slice(colon + 1));
  if (port === undefined || !(isIpv4(host) || isHostName(host))) return undefined;
  return withPath(host, port, text.slice(slash));
}

function withPath(host: string | undefined, port: number, path: string): FilePlace | undefined {
  const segments = path.split("/");
  if (segments.length - 1 > mostSegments) return undefined;
  const options: Option[] = [];
  let length = 0;
  for (let i = 1; i < segments.length; i++) {
    const value = bytesOf(segments[i]);
    // RFC 7252 section 5.10.1: a segment that is a dot, or two, means another path.
    if (value === undefined || value.length > longestSegment || isDots(value)) return undefined;
    length += value.length + 2;
    options.push({ number: OptionNumber.uriPath, value });
  }
  if (options.length === 1 && options[0].value.length === 0) return undefined;
  return length > longestPath ? undefined : { host, port, path: encodeOptions(options) };
}

/** The bytes of a segment, `%2F` decoded (RFC 3986 section 2.1); undefined for characters that no path has. */
function bytesOf(segment: string): Uint8Array | undefined {
  const bytes: number[] = [];
  for (let i = 0; i < segment.length; i++) {
    const code = segment.charCodeAt(i);
    if (code === 0x25) {
      const high = hexOf(segment.charCodeAt(i + 1));
      const low = hexOf(segment.charCodeAt(i + 2));
      if (high === undefined || low === undefined) return undefined;
      bytes.push(16 * high + low);
      i += 2;
    } else if (code <= 0x20 || code === 0x7f || code === 0x3f || code === 0x23) {
      // A query or a fragment begins, or a blank is there.
      return undefined;
    } else if (code < 0x80) bytes.push(code);
    else {
      // RFC 3986 has no such characters in a URL, but a path that was typed may.
      const pair = code >= 0xd800 && code < 0xdc00 ? 2 : 1;
      const encoded = encodeUtf8(segment.slice(i, i + pair));
      for (let j = 0; j < encoded.length; j++) bytes.push(encoded[j]);
      i += pair - 1;
    }
  }
  return Uint8Array.from(bytes);
}

function hexOf(code: number): number | undefined {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}

function isDots(value: Uint8Array): boolean {
  const { length } = value;
  return (length === 1 || length === 2) && value[0] === 0x2e && value[length - 1] === 0x2e;
}

function portOf(text: string): number | undefined {
  if (text.length === 0 || text.length > 5) return undefined;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return undefined;
  }
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}
