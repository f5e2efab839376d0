/**
 * What devices report and ask, in JSON or in bytes of which the product's parsing script makes that JSON:
 * checked against the thing model, stored, answered.
 */
import { createHash } from "node:crypto";
import type { CloudDevice } from "../registry/cloud-device";
import { printable } from "../coap/coap-text";
import type { CloudEventBody, ReportKind } from "../events";
import type { Upgrades } from "../ota/upgrades";
import { isFarAhead, isLongAgo } from "../registry/reading-time";
import type { Reading } from "../registry/history";
import type { Product } from "../registry/product";
import { Code } from "../coap/codes";
import type { Answer, RefusedRequest } from "../coap/request";
import { readScriptMessage } from "./script-json";
import {
  badAttributeDeletion,
  badAttributeQuery,
  mostNames,
  readAttributes,
  readBatch,
  readEvent,
  readMeasurePoints,
  readNames,
  readProgress,
  readTags,
  isEmpty,
  readVersion,
} from "./thing-json";
import {
  methodMismatch,
  success,
  validationFailed,
  checkEnvelope,
  encodeAnswer,
  readThingMessage,
  scriptAnswer,
} from "./thing-message";
import type { PointReport } from "./thing-json";
import type { Refusal, ThingMessage } from "./thing-message";
import { idWithoutSeal, isSealedKind } from "./seal-watch";
import type { SealWatch } from "./seal-watch";
import type { DoubtKind } from "../registry/seal-view";
import type { Seal } from "../script/seal";
import { findUplink } from "./topics";
import type { Uplink } from "./topics";

/** Characters of all attributes of a device as JSON: they are stored anew with each of its requests. */
export const mostAttributeCharacters = 65_536;

/** The SDK's code for whatever concerns a model; the manual has none for a product without one. */
const noModel = 900;

/** The result of a message that was accepted: EnOS's code 200, and the `data` of the answer. */
interface Taken {
  data?: unknown;
}

/** Why a message is not taken; `sealed`: for what reason a sealed product's script refuses it. */
interface Unread extends Refusal {
  sealed?: string;
}

/** How a message came. */
interface Arrival {
  device: CloudDevice;
  product: Product;
  format: "raw" | "json";
  /** The bytes of which the product's script made the message. */
  bytes?: Uint8Array;
  /** The envelope that they are. */
  seal?: Seal;
  doubt?: DoubtKind;
  now: number;
}

export class Uplinks {
  readonly #emit: ((event: CloudEventBody) => void) | undefined;
  readonly #upgrades: Upgrades;
  readonly #watch: SealWatch;

  constructor(emit: ((event: CloudEventBody) => void) | undefined, upgrades: Upgrades, watch: SealWatch) {
    this.#emit = emit;
    this.#upgrades = upgrades;
    this.#watch = watch;
  }

  /** A message on a JSON topic. */
  takeJson(
    device: CloudDevice,
    product: Product,
    route: { thingMethod: string; uplink: Uplink },
    payload: Uint8Array,
    now: number,
  ): Answer | RefusedRequest {
    const message = readThingMessage(payload);
    if ("enosCode" in message) return this.#unreadable(device, message);
    const isOdd = isSealedKind(route.uplink) && this.#watch.isOddInPlain(device, product);
    const doubt = isOdd ? "plain" : undefined;
    const taken = this.#take({ device, product, format: "json", doubt, now }, message, route);
    if (!("enosCode" in taken)) {
      if (isOdd) this.#watch.takenInPlain(device, now);
      return { code: Code.changed, payload: encodeAnswer(message.id, success, taken.data) };
    }
    this.#refuse(device, taken);
    return { code: Code.changed, payload: encodeAnswer(message.id, taken.enosCode) };
  }

  /** Bytes on the pass-through topic. */
  takeRaw(device: CloudDevice, product: Product, payload: Uint8Array, now: number): Answer | RefusedRequest {
    const made = product.rawToJson(payload, "report", device.deviceKey);
    if (typeof made !== "string") {
      const { fault, refusal } = made;
      if (refusal === undefined) {
        return this.#unreadable(device, { enosCode: validationFailed, reason: `parsing script: ${fault}` });
      }
      this.#watch.refused(device, refusal, now);
      const reason = `sealed: ${refusal}`;
      return this.#unreadable(device, { enosCode: validationFailed, reason, sealed: refusal });
    }
    const seal = product.lastSealed;
    const doubt = this.#doubtOf(device, product, seal, now);
    const message = readScriptMessage(made);
    if ("enosCode" in message) {
      if (message.isByScript !== true) product.refuseMade("report", payload, made, message.reason);
      return this.#unreadable(device, message);
    }
    const route = findUplink(message.method);
    const taken: Taken | Refusal =
      route === undefined
        ? { enosCode: methodMismatch, reason: `the script made a message ${printable(message.method)}` }
        : this.#take({ device, product, format: "raw", bytes: payload, seal, doubt, now }, message, route);
    const code = "enosCode" in taken ? taken.enosCode : success;
    if ("enosCode" in taken) {
      // A script that opens another device's envelope does what it is to do.
      const isOwn = seal === undefined || seal.deviceKey === device.deviceKey;
      if (isOfMessage(taken) && isOwn) product.refuseMade("report", payload, made, taken.reason);
      this.#refuse(device, taken);
    }
    if (doubt === "plain" && code === success) this.#watch.takenInPlain(device, now);
    const data = "enosCode" in taken ? undefined : taken.data;
    // A script need not have a form for its answer: EnOS then says no more than 2.04.
    const answer = product.jsonToRaw(scriptAnswer(message.id, code, data), "answer", device.deviceKey);
    return { code: Code.changed, payload: "fault" in answer ? undefined : answer };
  }

  /** What is wrong with the envelope of bytes that the script has read, or with there being none. */
  #doubtOf(
    device: CloudDevice,
    product: Product,
    seal: Seal | undefined,
    now: number,
  ): DoubtKind | undefined {
    if (seal !== undefined) return this.#watch.opened(device, seal, now);
    return this.#watch.isOddInPlain(device, product) ? "plain" : undefined;
  }

  /** Checks and stores a message; one that is sent twice gets the same answer twice. */
  #take(
    arrival: Arrival,
    message: ThingMessage,
    route: { thingMethod: string; uplink: Uplink },
  ): Taken | Refusal {
    const fault = checkEnvelope(message, route.thingMethod, route.uplink.kind === "event");
    if (fault !== undefined) return fault;
    const { device, product } = arrival;
    const { uplink } = route;
    switch (uplink.kind) {
      case "points":
      case "resume": {
        const reports = readMeasurePoints(message, product);
        if ("enosCode" in reports) return reports;
        return this.#store(arrival, message, reports, uplink.kind === "resume", false);
      }
      case "batch": {
        const batch = readBatch(message, product, device.deviceKey);
        if ("enosCode" in batch) return batch;
        this.#tellSkipped(arrival, message, batch.skipped);
        return this.#store(arrival, message, batch.reports, uplink.late, true);
      }
      case "event":
        return this.#storeEvent(arrival, message, uplink.event);
      case "attribute-update": {
        const read = readAttributes(message, product);
        if ("enosCode" in read) return read;
        if (isEmpty(read.attributes)) return {};
        // Spread, not Object.assign, which would obey an attribute called __proto__.
        const all = Object.entries({ ...device.attributes, ...read.attributes });
        const merged = all.slice(-mostNames);
        if (JSON.stringify(merged).length > mostAttributeCharacters) {
          return { enosCode: validationFailed, reason: "longer attributes than a device may have" };
        }
        return this.#change(arrival, message, "attributes", uplink, () => {
          device.setAttributes(Object.fromEntries(merged), { by: "device", at: arrival.now });
        });
      }
      case "tag-update": {
        const read = readTags(message);
        if ("enosCode" in read) return read;
        if (isEmpty(read.tags)) return {};
        const merged = Object.entries({ ...device.tags, ...read.tags });
        return this.#change(arrival, message, "tags", uplink, () => {
          device.setTags(Object.fromEntries(merged.slice(-mostNames)), { by: "device", at: arrival.now });
        });
      }
      case "attribute-query": {
        const read = readNames(message, "attributes");
        if ("enosCode" in read) return { ...read, enosCode: badAttributeQuery };
        const stranger = read.names.find((name) => !product.hasAttribute(name));
        if (stranger !== undefined) {
          return { enosCode: badAttributeQuery, reason: `${printable(stranger)}: not in the model` };
        }
        return { data: chosen(device.attributes, read.names) };
      }
      case "tag-query": {
        const read = readNames(message, "tags");
        return "enosCode" in read ? read : { data: chosen(device.tags, read.names) };
      }
      case "attribute-delete":
      case "tag-delete": {
        const member = uplink.kind === "tag-delete" ? "tags" : "attributes";
        const read = readNames(message, member);
        if ("enosCode" in read) {
          return member === "tags" ? read : { ...read, enosCode: badAttributeDeletion };
        }
        if (read.names.length === 0) return {};
        return this.#change(arrival, message, member, uplink, () => {
          const origin = { by: "device", at: arrival.now } as const;
          if (member === "tags") device.setTags(without(device.tags, read.names), origin);
          else device.setAttributes(without(device.attributes, read.names), origin);
        });
      }
      case "model-get": {
        const data = product.template;
        return data === undefined
          ? { enosCode: noModel, reason: "the product has no thing model" }
          : { data };
      }
      case "firmware-inform": {
        const read = readVersion(message);
        if ("enosCode" in read) return read;
        // Told anew however often it comes: it says how things stand, and its id says nothing.
        this.#upgrades.inform(device, read.version, arrival.now);
        return this.#change(arrival, message, "firmware", uplink, () => {});
      }
      case "firmware-progress": {
        const read = readProgress(message);
        if ("enosCode" in read) return read;
        const refusal = this.#upgrades.progress(device, read, arrival.now);
        return refusal ?? this.#change(arrival, message, "firmware", uplink, () => {});
      }
      case "firmware-offer":
        return { data: this.#upgrades.offered(device, arrival.now) };
    }
  }

  /** Measure points, one reading or several, of which none is stored when the message came before. */
  #store(
    arrival: Arrival,
    message: ThingMessage,
    reports: readonly PointReport[],
    late: boolean,
    batch: boolean,
  ): Taken | Refusal {
    // Nothing is left of a batch whose measure points were all wrong, and were to be skipped.
    if (reports.length === 0) return {};
    const { device } = arrival;
    const points =
      reports.length === 1 ? reports[0].points : Object.assign({}, ...reports.map((report) => report.points));
    if (!device.points.takes(points)) {
      return { enosCode: validationFailed, reason: "more measure points than a device may have" };
    }
    const id = nameOf(message, arrival);
    const before = device.cameBefore("reading", id, withoutStamp(reports, arrival), arrival.bytes);
    for (const { points, time } of reports) {
      // Those that waited in the device may come under another id as well: the same moment tells.
      const fresh = (late || batch) && time !== undefined ? device.points.lacking(points, time) : points;
      const again = before || fresh === undefined;
      this.#storeReading(arrival, id, { points: fresh ?? points, time }, late, again);
    }
    return {};
  }

  #tellSkipped(arrival: Arrival, message: ThingMessage, skipped: string[]): void {
    const count = skipped.length;
    if (count === 0) return;
    const { productKey, deviceKey } = arrival.device;
    const id = printable(nameOf(message, arrival));
    const about = { productKey, deviceKey, id, count, reason: skipped[0] };
    this.#emit?.({ type: "points-skipped", ...about });
  }

  #storeReading(
    arrival: Arrival,
    id: string,
    { points, time }: PointReport,
    late: boolean,
    before: boolean,
  ): void {
    const { device, format, now } = arrival;
    if (before) device.counters.duplicates += 1;
    else {
      const reading: Reading = { id, points, format, at: now };
      if (time !== undefined) reading.time = time;
      if (late) reading.late = true;
      device.counters.stored += 1;
      device.addReading(reading);
    }
    if (this.#emit === undefined) return;
    const { productKey, deviceKey } = device;
    if (!before && time !== undefined && (isFarAhead(time, now) || isLongAgo(time, now))) {
      this.#emit({ type: "time-doubted", productKey, deviceKey, id: printable(id), time });
    }
    const about = { productKey, deviceKey, kind: "reading", id: printable(id), format } as const;
    const odd = arrival.seal === undefined && arrival.doubt === undefined ? undefined : sealOf(arrival);
    if (before) return this.#emit({ type: "stored-before", ...about, ...odd });
    const more = late ? ({ points, time, late: true } as const) : { points, time };
    this.#emit({ type: "stored", ...about, ...odd, ...more });
  }

  #storeEvent(arrival: Arrival, message: ThingMessage, event: string): Taken | Refusal {
    const { device, product, now } = arrival;
    const read = readEvent(message, product, event);
    if ("enosCode" in read) return read;
    const { outputs: values, time } = read;
    const id = nameOf(message, arrival);
    const before = device.cameBefore("event", id, [{ points: { event, values }, time }], arrival.bytes);
    if (!before) device.addEvent({ id, event, time, values, at: now });
    return this.#told(arrival, message, "event", before);
  }

  /** Changes something about the device, once per message. */
  #change(arrival: Arrival, message: ThingMessage, kind: ReportKind, what: Uplink, work: () => void): Taken {
    // Of all that a device has of this kind, what the message does to it: the digest of 16 bytes stands for it.
    const said = JSON.stringify([what.kind, message.fields["params"]]);
    const points = createHash("sha256").update(said).digest("base64url").slice(0, 22);
    const before = arrival.device.cameBefore(kind, nameOf(message, arrival), [{ points }]);
    if (!before) work();
    return this.#told(arrival, message, kind, before);
  }

  /** Counts and tells a message that is no reading. */
  #told(arrival: Arrival, message: ThingMessage, kind: ReportKind, before: boolean): Taken {
    const { device, format } = arrival;
    if (before) device.counters.duplicates += 1;
    else device.counters.stored += 1;
    const { productKey, deviceKey } = device;
    const type = before ? "stored-before" : "stored";
    const id = printable(nameOf(message, arrival));
    this.#emit?.({ type, productKey, deviceKey, kind, id, format, ...sealOf(arrival) });
    return {};
  }

  #refuse(device: CloudDevice, { enosCode, reason, sealed }: Unread): void {
    device.counters.reportsRefused += 1;
    const { productKey, deviceKey } = device;
    const more = sealed === undefined ? {} : { sealed };
    this.#emit?.({ type: "report-refused", productKey, deviceKey, enosCode, reason, ...more });
  }

  /** Refuses by CoAP's code, because without an id there can be no JSON answer. */
  #unreadable(device: CloudDevice, refusal: Unread): RefusedRequest {
    this.#refuse(device, refusal);
    return { refused: Code.badRequest, reason: refusal.reason, told: true };
  }
}

/** Whether it is for what the message says that it is refused. */
function isOfMessage({ enosCode }: Refusal): boolean {
  return enosCode >= 1200 && enosCode < 1300;
}

/** The id of a message as text, "" where it has none: such a one is always new. */
function nameOf({ id }: ThingMessage, { seal }: Arrival): string {
  if (id === undefined) return "";
  return seal === undefined ? String(id) : idWithoutSeal(String(id), seal);
}

/** A sealed product's script may stamp a reading that tells no time with the time at which it read it, ms. */
const stampWithin = 1000;

/** What a sealed message says without such a stamp, which is another one each time that the device seals it anew. */
function withoutStamp(reports: readonly PointReport[], { seal, now }: Arrival): readonly PointReport[] {
  if (seal === undefined) return reports;
  return reports.map(({ points, time }) => {
    const isStamp = time !== undefined && Math.abs(time - now) < stampWithin;
    return isStamp ? { points } : { points, time };
  });
}

/** What is told of the envelope of a message, and of what is wrong with it. */
function sealOf({ seal, doubt }: Arrival): {
  readonly sealed?: Pick<Seal, "salt" | "counter" | "root">;
  readonly doubt?: DoubtKind;
} {
  const odd = doubt === undefined ? {} : { doubt };
  if (seal === undefined) return odd;
  const { salt, counter, root } = seal;
  return { sealed: { salt, counter, root }, ...odd };
}

/** Those with these names, all when none is named. */
function chosen(all: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  if (names.length === 0) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

function without<T>(all: Record<string, T>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
}
