/**
 * What goes to the cloud in one request: a message of the application's, a reading, or as many
 * readings as fit. And what the answer says of it.
 *
 *                     one reading                       several, or with its time
 *     raw, compact    up_raw 01, 03 (time: arrival)     up_raw 04, 05
 *     json            measurepoint/post                 measurepoint/post/batch
 *     json, late      measurepoint/resume               measurepoint/resume/batch
 *     sealed          up_raw 07, 0c (without a time:    up_raw 04, 05, in an envelope each, as events and what
 *                     01, 03)                           sets or deletes attributes and tags are: up_raw 0d
 *
 * Late readings, those that waited while the device was cut off, never share a request with others.
 */
import { ContentFormat } from "../coap/option";
import { enosOk, measurepointParams, readAnswer, requestBody } from "../enos/body";
import { Topic, deviceRoot, pathOptions } from "../enos/topic";
import { decodeAnswer } from "../model/command";
import { beginBatch } from "../model/batch";
import { reportFault } from "../model/check";
import { encodeReport } from "../model/report";
import { encodeUtf8 } from "../text/utf8";
import type { OptionBlock } from "../coap/option";
import type { Answer } from "../enos/body";
import type { Credentials } from "../enos/credentials";
import type { RawAnswer } from "../model/command";
import type { Layout } from "../model/report";
import type { Thing, ThingFault } from "../model/thing";
import type { MemberNames } from "../text/member-names";
import type { Entry, Message, Reading } from "./entry";
import type { Sealing } from "./sealing";

/** One request's content. It stays the same however often it is sent, so that the cloud recognises it. */
export interface DeliveryRequest {
  readonly id: number;
  /** Oldest first; a message of the application's is always alone. */
  readonly entries: readonly Entry[];
  readonly topic: string;
  /** The readings are sent as measured while the device was cut off, with their times. */
  readonly late: boolean;
}

/** What the cloud says of an upload. */
export interface UploadAnswer extends Answer {
  /**
   * EnOS says it of an envelope, and not the script: which may have failed to open it, for want of its key, so that
   * what was sent need not be to blame.
   */
  readonly isUnopened?: boolean;
}

export interface UploadLimits {
  /** Longest payload of a request with several readings, bytes. */
  readonly payload: number;
  /** Longest datagram of the link, bytes. */
  readonly datagram: number;
}

/** Bytes of a datagram beside path and payload: header, token, format, signature with its option header, marker, a spare one. */
const overhead = 4 + 4 + 2 + 4 + 96 + 1 + 1;
const mostReadings = 255;
/** Least size of the buffer, bytes: one reading may be longer than the payload of several may be. */
const leastBuffer = 128;
const largestBuffer = 0x1_0000;

/** Puts requests together and reads their answers; paths are built once. */
export class RequestComposer {
  readonly #credentials: Credentials;
  readonly #thing: Thing;
  readonly #limits: UploadLimits;
  readonly #names: MemberNames | undefined;
  readonly #sealing: Sealing | undefined;
  readonly #root: string;
  readonly #paths: Record<string, OptionBlock> = {};
  /** Topics that the server does not have. */
  readonly #missing: string[] = [];
  #buffer: Uint8Array;

  /**
   * @param names counts what the server's answers are made of
   * @param sealing of a product that seals its payloads
   */
  constructor(
    credentials: Credentials,
    thing: Thing,
    limits: UploadLimits,
    names?: MemberNames,
    sealing?: Sealing,
  ) {
    this.#credentials = credentials;
    this.#thing = thing;
    this.#limits = limits;
    this.#names = names;
    this.#sealing = sealing;
    this.#root = `${deviceRoot(credentials)}/`;
    this.#buffer = new Uint8Array(Math.max(leastBuffer, limits.payload));
  }

  /** Uri-Path of the request, and its Content-Format if that is JSON. */
  path(upload: DeliveryRequest): OptionBlock {
    return this.pathOf(upload.topic);
  }

  /** Content-Format of a request with bytes, see `Publication.format`. */
  format(upload: DeliveryRequest): number | undefined {
    return isRaw(upload.topic) ? ContentFormat.octetStream : undefined;
  }

  /**
   * The next upload: the first of the entries, and of those that follow what goes with it.
   *
   * @param id of a request that carries more than the first entry alone
   * @param lateAfter age from which a reading is late, ms
   */
  plan(entries: readonly Entry[], id: number, lateAfter: number, now: number): DeliveryRequest {
    const first = entries[0];
    if (first.kind === "message")
      return { id: first.id, entries: [first], topic: this.told(first), late: false };
    const late = isLate(first, lateAfter, now);
    const alone = { id: first.id, entries: [first], topic: this.single(first, late), late };
    const isJson = this.isJson(first);
    const topic = isJson ? this.batch(late) : Topic.raw;
    // Without a clock the reading has no time: it is sent alone, and the cloud takes the time of arrival.
    if (first.time === undefined || first.sentAlone === true || topic === undefined) return alone;
    let most = 1;
    let before = first.time;
    while (most < entries.length && most < mostReadings) {
      const next = entries[most];
      if (next.kind !== "reading" || next.format !== first.format || next.sentAlone === true) break;
      if (next.time === undefined || next.time < before || isLate(next, lateAfter, now) !== late) break;
      before = next.time;
      most += 1;
    }
    if (most < 2) return alone;
    const upload = { id, entries: entries.slice(0, most), topic, late };
    let fitting = 0;
    try {
      fitting = isJson ? this.fittingJson(upload) : this.fittingRaw(upload);
    } catch {
      // One of the readings has the fault: sent alone, each shows whether it is to blame.
    }
    return fitting < 2 ? alone : { ...upload, entries: entries.slice(0, fitting) };
  }

  /**
   * The request, or one with the same id and the reading's time, if a reading that was sent without its time
   * has become late meanwhile.
   */
  aged(upload: DeliveryRequest, lateAfter: number, now: number): DeliveryRequest {
    const first = upload.entries[0];
    if (upload.late || upload.entries.length > 1 || first.kind === "message") return upload;
    if (!isLate(first, lateAfter, now)) return upload;
    return { ...upload, topic: this.single(first, true), late: true };
  }

  /** Notes that the server has no such topic; false when readings cannot be sent without it. */
  avoid(topic: string): boolean {
    const batch = topic === Topic.measurepointBatch || topic === Topic.measurepointResumeBatch;
    if (!batch && topic !== Topic.measurepointResume) return false;
    this.#missing.push(topic);
    return true;
  }

  /**
   * The upload's payload without its envelope, or why there is none. A raw payload is a view of one buffer: it is
   * valid until the next call.
   */
  payload(upload: DeliveryRequest): Uint8Array | string {
    const first = upload.entries[0];
    if (first.kind === "message") return this.messageBody(upload.topic, first);
    const isJson = this.isJson(first);
    const fault = isJson ? this.checkAll(upload) : undefined;
    if (fault !== undefined) return describeFault(fault);
    if (isJson) return this.jsonBody(upload, first);
    return this.rawBody(upload, first);
  }

  /** The payload as it is sent: where the product seals, in an envelope of its own each time. */
  sealed(upload: DeliveryRequest, payload: Uint8Array): Uint8Array {
    return this.isSealed(upload) ? this.#sealing!.sealUpload(payload) : payload;
  }

  /** Whether the upload goes in an envelope. */
  isSealed({ topic }: DeliveryRequest): boolean {
    return this.#sealing !== undefined && isRaw(topic);
  }

  /** Whether nothing but the script's own answer says what became of the upload: see `Sealing.proof`. */
  needsProof(upload: DeliveryRequest): boolean {
    return this.#sealing?.proof === true && isRaw(upload.topic);
  }

  /**
   * What the body of a 2.04 says: EnOS's code, 200 for stored. Undefined when the body cannot be read, speaks of
   * something else, or lacks the proof that it needs, so that nothing says that the request was stored.
   */
  answer(upload: DeliveryRequest, payload: Uint8Array): UploadAnswer | undefined {
    const raw = isRaw(upload.topic);
    if (raw && this.#sealing !== undefined) return this.answerToSealed(this.#sealing, upload, payload);
    if (payload.length === 0 || !raw) return readAnswer(payload, this.#names);
    const answer = decodeAnswer(payload);
    // Of a product without a script of its own for answers EnOS gives the JSON as it is.
    if (answer === undefined) return readAnswer(payload, this.#names);
    return answerOf(answer, upload);
  }

  private answerToSealed(
    sealing: Sealing,
    upload: DeliveryRequest,
    payload: Uint8Array,
  ): UploadAnswer | undefined {
    const answer = sealing.answer(payload);
    if (sealing.proof) {
      // Whoever stands between two devices has the script prove a refusal: of one's envelope in the other's request.
      return answer?.code === enosOk ? answerOf(answer, upload) : undefined;
    }
    if (answer !== undefined) return answerOf(answer, upload);
    const said = readAnswer(payload, this.#names);
    return said === undefined ? undefined : { ...said, isUnopened: true };
  }

  /** What an answer says that lacks its proof, for the log. */
  unproven(payload: Uint8Array): string {
    const answer = decodeAnswer(payload.subarray(0, 6));
    return answer === undefined || answer.code === enosOk ? "unproven" : `unproven enos-code=${answer.code}`;
  }

  private pathOf(topic: string): OptionBlock {
    const format = isRaw(topic) ? undefined : ContentFormat.json;
    return (this.#paths[topic] ??= pathOptions(this.#root + topic, format));
  }

  /** Whether the reading goes in JSON. A journal may have some from before the product sealed its payloads. */
  private isJson({ format }: Reading): boolean {
    return format === "json" && this.#sealing === undefined;
  }

  private told({ topic }: Message): string {
    return this.#sealing?.carries(topic) === true ? Topic.raw : topic;
  }

  private single(reading: Reading, late: boolean): string {
    if (!this.isJson(reading)) return Topic.raw;
    return late && this.has(Topic.measurepointResume) ? Topic.measurepointResume : Topic.measurepointPost;
  }

  private batch(late: boolean): string | undefined {
    const topic = late ? Topic.measurepointResumeBatch : Topic.measurepointBatch;
    return this.has(topic) ? topic : undefined;
  }

  private has(topic: string): boolean {
    return this.#missing.indexOf(topic) < 0;
  }

  /** Bytes that the payload of several readings may have, without its envelope. */
  private room(topic: string): number {
    const path = this.pathOf(topic).bytes.length;
    const room = Math.min(this.#limits.payload, this.#limits.datagram - overhead - path);
    return this.#sealing === undefined ? room : room - this.#sealing.overhead;
  }

  private messageBody(sentTo: string, { id, topic, params, timed, time }: Message): Uint8Array {
    const told = timed && time !== undefined ? { ...params, time } : params;
    return this.#sealing !== undefined && isRaw(sentTo)
      ? this.#sealing.encodeMessage(id, topic, told)
      : requestBody(String(id), topic, told);
  }

  /** The first fault of all readings: for one wrong value EnOS would refuse the whole request. */
  private checkAll(upload: DeliveryRequest): ThingFault | undefined {
    for (let i = 0; i < upload.entries.length; i++) {
      const fault = reportFault(this.#thing, (upload.entries[i] as Reading).values);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  private jsonBody(upload: DeliveryRequest, first: Reading): Uint8Array {
    if (upload.entries.length === 1) {
      return requestBody(String(upload.id), upload.topic, measurepointParams(first.values, first.time));
    }
    const params: unknown[] = [];
    for (let i = 0; i < upload.entries.length; i++) params.push(this.batchEntry(upload, i));
    return requestBody(String(upload.id), upload.topic, params);
  }

  private batchEntry(upload: DeliveryRequest, index: number): unknown {
    const { productKey, deviceKey } = this.#credentials;
    const reading = upload.entries[index] as Reading;
    return { productKey, deviceKey, measurepoints: reading.values, time: reading.time! };
  }

  private fittingJson(upload: DeliveryRequest): number {
    const room = this.room(upload.topic);
    let length = requestBody(String(upload.id), upload.topic, []).length;
    for (let i = 0; i < upload.entries.length; i++) {
      if (reportFault(this.#thing, (upload.entries[i] as Reading).values) !== undefined) return i;
      length += encodeUtf8(JSON.stringify(this.batchEntry(upload, i))).length + (i > 0 ? 1 : 0);
      if (length > room) return i;
    }
    return upload.entries.length;
  }

  private fittingRaw(upload: DeliveryRequest): number {
    return this.writeBatch(upload, this.#buffer.subarray(0, Math.max(0, this.room(upload.topic)))).added;
  }

  private rawBody(upload: DeliveryRequest, first: Reading): Uint8Array | string {
    if (upload.entries.length > 1) {
      const { added, length } = this.writeBatch(upload, this.#buffer);
      return added === upload.entries.length ? this.#buffer.subarray(0, length) : "no-room";
    }
    for (;;) {
      const length = this.writeOne(upload, first);
      if (typeof length === "number") return this.#buffer.subarray(0, length);
      if (length.fault !== "no-room" || this.#buffer.length >= largestBuffer) return describeFault(length);
      this.#buffer = new Uint8Array(2 * this.#buffer.length);
    }
  }

  private writeOne(upload: DeliveryRequest, reading: Reading): number | ThingFault {
    const { id, late } = upload;
    const { values, time } = reading;
    const layout = layoutOf(reading);
    if (!late) {
      if (this.#sealing === undefined || time === undefined) {
        return encodeReport(this.#thing, values, id, this.#buffer, layout);
      }
      const timed = this.#sealing.encodeTimedReport(this.#thing, values, id, time, this.#buffer, layout);
      if (timed !== undefined) return timed;
    }
    const batch = beginBatch(this.#thing, layout, id, time!, late, this.#buffer);
    const added = batch.add(values, time!);
    if (added === "added") return batch.length;
    return typeof added === "string" ? { fault: "no-room", id: "", detail: "has no room" } : added;
  }

  private writeBatch(upload: DeliveryRequest, out: Uint8Array): { added: number; length: number } {
    const { entries, id, late } = upload;
    const first = entries[0] as Reading;
    const start = first.time!;
    const batch = beginBatch(this.#thing, layoutOf(first), id, start, late, out);
    let added = 0;
    while (added < entries.length) {
      const reading = entries[added] as Reading;
      if (batch.add(reading.values, reading.time!) !== "added") break;
      added += 1;
    }
    return { added, length: batch.length };
  }
}

function isRaw(topic: string): boolean {
  return topic === Topic.raw;
}

/** What the script's answer says of an upload; undefined where it speaks of another. */
function answerOf({ requestId, code }: RawAnswer, { id }: DeliveryRequest): Answer | undefined {
  return requestId === id ? { code, data: {} } : undefined;
}

function layoutOf(reading: Reading): Layout {
  return reading.format === "compact" ? "compact" : "sample";
}

/** Whether the reading is late; one without a time is not, as a late one has to state its time. */
function isLate(reading: Reading, lateAfter: number, now: number): boolean {
  return reading.time !== undefined && (reading.sentWithTime === true || now - reading.takenAt > lateAfter);
}

/** Whether the answer's code is success. */
export function isStored(answer: Answer): boolean {
  return answer.code === enosOk;
}

function describeFault({ fault, id, detail }: ThingFault): string {
  return `${fault} ${id} ${detail}`;
}
