/**
 * Payloads that only a sealed product's script reads: inside an envelope a reading always states its time, so that
 * one that somebody sends again is stored under it and overwrites itself, and messages are bytes like readings.
 *
 *     07   request id u32 | time u40 | ( point u8 | length u16 | value [ quality u8 ] )*        sample layout
 *     0c   request id u32 | time u40 | n u8 | bitmap, n bytes | ( value [ quality u8 ] )*       compact layout
 *     0d   request id u32 | n u8 | method, n bytes | params, JSON
 *
 * Time is in ms since 2020, which 40 bits state until 2054. The points are those of model/report.ts and compact.ts.
 * The method is the JSON one without its `thing.`, such as `event.overheat.post`.
 */
import { methodOf, Topic } from "../enos/topic";
import { ByteWriter } from "../model/bytes";
import { refuse, unknownPoint } from "../model/check";
import { writeCompactPoints } from "../model/compact";
import { writeSamplePoints } from "../model/report";
import { ascii } from "../text/ascii";
import { encodeUtf8 } from "../text/utf8";
import type { SealedKinds } from "../delivery/sealing";

const sampleReading = 0x07;
const compactReading = 0x0c;
const message = 0x0d;

/** 2020-01-01T00:00:00Z, epoch ms. */
const timeOrigin = 1_577_836_800_000;
const latestTime = timeOrigin + 0xff_ffff_ffff;
const timeLength = 5;

/** Kind, request id, and length of the method. */
const messageHead = 6;
/** All methods of the model's begin so. */
const methodPrefix = "thing.".length;

const eventPrefix = "thing/event/";
/** Questions stay plain, for their answers are JSON that no script of ours sees; so does the firmware's version. */
const carried: readonly string[] = Object.freeze([
  Topic.attributeUpdate,
  Topic.attributeDelete,
  Topic.tagUpdate,
  Topic.tagDelete,
]);

export const sealedKinds: SealedKinds = Object.freeze<SealedKinds>({
  carries(topic) {
    return topic.startsWith(eventPrefix) || carried.indexOf(topic) >= 0;
  },

  encodeMessage(requestId, topic, params) {
    const method = ascii(methodOf(topic).slice(methodPrefix));
    const json = encodeUtf8(JSON.stringify(params));
    const out = new Uint8Array(messageHead + method.length + json.length);
    const writer = new ByteWriter(out);
    writer.head(message, requestId);
    out[messageHead - 1] = method.length;
    out.set(method, messageHead);
    out.set(json, messageHead + method.length);
    return out;
  },

  encodeTimedReport(thing, values, requestId, time, out, layout) {
    if (!(time >= timeOrigin && time <= latestTime)) return undefined;
    const isCompact = layout === "compact";
    const writer = new ByteWriter(out);
    if (!writer.head(isCompact ? compactReading : sampleReading, requestId) || !writer.take(timeLength)) {
      return refuse("no-room", "", `${out.length} bytes have no room for kind, request id and time`);
    }
    const at = writer.at - timeLength;
    const since = time - timeOrigin;
    out[at] = Math.floor(since / 0x1_0000_0000);
    writer.view.setUint32(at + 1, since >>> 0);
    const fault =
      unknownPoint(thing, values) ??
      (isCompact
        ? writeCompactPoints(writer, thing.points, values)
        : writeSamplePoints(writer, thing.points, values));
    return fault ?? writer.at;
  },
});
