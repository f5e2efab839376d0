/**
 * Paths of the EnOS device protocol. EnOS mounts its MQTT topic tree under `/topic`, so a topic is a
 * Uri-Path; each is encoded once per device.
 */
import { ContentFormat, OptionNumber, encodeOptions, encodeUint } from "../coap/option";
import { ascii } from "../text/ascii";
import type { Option, OptionBlock } from "../coap/option";
import type { Credentials } from "./credentials";

/** Options of EnOS. 2101 is critical (odd): a server that does not know it answers 4.02. */
export const EnosOption = Object.freeze({
  /** Path of a command that waits, text, in responses. */
  downlinkPath: 2100,
  /** Signature, ASCII hex, in requests of the edition with tokens. */
  sign: 2101,
  /** Payload of the command that waits, opaque, in responses of the later editions. */
  downlinkPayload: 2102,
} as const);

/** Topics below `/topic/sys/{productKey}/{deviceKey}`, and the `method` that goes with each in JSON. */
export const Topic = Object.freeze({
  raw: "thing/model/up_raw",
  rawDown: "thing/model/down_raw",
  measurepointPost: "thing/measurepoint/post",
  /** Several readings, each with its time. */
  measurepointBatch: "thing/measurepoint/post/batch",
  /** A reading that waited while the device was cut off: it does not pass for the newest. */
  measurepointResume: "thing/measurepoint/resume",
  /** In EnOS's later editions. */
  measurepointResumeBatch: "thing/measurepoint/resume/batch",
  attributeUpdate: "thing/attribute/update",
  attributeQuery: "thing/attribute/query",
  attributeDelete: "thing/attribute/delete",
  tagUpdate: "thing/tag/update",
  tagQuery: "thing/tag/query",
  tagDelete: "thing/tag/delete",
  firmwareInform: "ota/device/inform",
  servicePrefix: "thing/service/",
  measurepointSet: "thing/service/measurepoint/set",
  measurepointGet: "thing/service/measurepoint/get",
  replySuffix: "_reply",
} as const);

/** `method` of a JSON message: the topic's tail with dots. */
export function methodOf(topic: string): string {
  return topic.split("/").join(".");
}

/** Topic of an event of the thing model. */
export function eventTopic(event: string): string {
  return `thing/event/${event}/post`;
}

/** Path of a device's topics as text, without the slash at its end. */
export function deviceRoot(credentials: Pick<Credentials, "productKey" | "deviceKey">): string {
  return `/topic/sys/${credentials.productKey}/${credentials.deviceKey}`;
}

/** Options of a request to `/auth/{productKey}/{deviceKey}` with a JSON body. */
export function authOptions(credentials: Credentials): OptionBlock {
  return pathOptions(`/auth/${credentials.productKey}/${credentials.deviceKey}`, ContentFormat.json);
}

/** Longest segment of a path, bytes: a Uri-Path option holds no more (RFC 7252 section 5.10). */
export const longestSegment = 255;

/**
 * Uri-Path of a whole path, and the Content-Format when there is a body.
 *
 * @throws RangeError for a segment that a Uri-Path option cannot hold
 */
export function pathOptions(path: string, contentFormat?: number): OptionBlock {
  const options: Option[] = [];
  const segments = path.split("/");
  for (let i = 1; i < segments.length; i++) {
    const value = ascii(segments[i]);
    if (value.length > longestSegment) {
      throw new RangeError(`a segment of a path has at most ${longestSegment} bytes, got ${value.length}`);
    }
    options.push({ number: OptionNumber.uriPath, value });
  }
  if (contentFormat !== undefined) {
    options.push({ number: OptionNumber.contentFormat, value: encodeUint(contentFormat) });
  }
  return encodeOptions(options);
}
