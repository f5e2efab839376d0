/**
 * What the stand-in would make of what a parsing script made, without taking it: which message it is, and what in it
 * the thing model refuses. For whoever tries a script.
 */
import type { Product } from "../registry/product";
import { isObject } from "../json";
import { readAttributes, readBatch, readEvent, readMeasurePoints } from "./thing-json";
import { checkEnvelope } from "./thing-message";
import { readScriptMessage, readScriptReply } from "./script-json";
import { readThingMessage } from "./thing-message";
import type { Refusal, ThingMessage } from "./thing-message";
import { findUplink } from "./topics";
import type { Uplink } from "./topics";
import type { JudgedValue, ScriptVerdict } from "../script/script-told";

const words: Readonly<Record<Uplink["kind"], string>> = {
  points: "report of measure points",
  batch: "batch of measure points",
  resume: "measure points of before",
  event: "event",
  "attribute-update": "update of attributes",
  "attribute-query": "query of attributes",
  "attribute-delete": "deletion of attributes",
  "tag-update": "update of tags",
  "tag-query": "query of tags",
  "tag-delete": "deletion of tags",
  "model-get": "request for the thing model",
  "firmware-inform": "firmware version",
  "firmware-progress": "progress of an upgrade",
  "firmware-offer": "request for a firmware",
};

/**
 * Judges the JSON that a script made of a device's bytes.
 * @param json what `rawDataToJsonStr` returned
 * @param deviceKey of the device whose bytes they are, where that is known
 */
export function verdictOfJson(json: string, product: Product, deviceKey = ""): ScriptVerdict {
  const message = readScriptMessage(json);
  if (!("enosCode" in message)) return verdictOfMessage(message, product, deviceKey);
  const reply = readScriptReply(json);
  if ("enosCode" in reply) {
    // Neither of the two: where it has no code either, a report was meant.
    return { what: "no message", refused: refusal(message.isByScript ? reply : message), values: [] };
  }
  const values = isObject(reply.data) ? judged(reply.data) : [];
  return { what: `reply to command ${reply.id}, code ${reply.code}`, values };
}

/** Judges the JSON that a script is given for a device: a command is checked, an answer is taken as it is. */
export function verdictOfCommand(json: string, product: Product): ScriptVerdict {
  const message = readThingMessage(json);
  if ("enosCode" in message) return { what: "no message", refused: refusal(message), values: [] };
  const { method, params, code } = message.fields;
  if (typeof method !== "string") {
    return { what: code === undefined ? "JSON without a method" : `answer ${String(code)}`, values: [] };
  }
  const service = /^thing\.service\.(.+)$/.exec(method)?.[1];
  if (service === undefined) return { what: method, values: [] };
  const values = isObject(params) ? judged(params) : [];
  const isSet = service === "measurepoint.set";
  const what = isSet ? "command to set measure points" : `command ${service}`;
  const fault = isSet ? product.checkSet(params) : product.checkService(service, params);
  return { what, ...(fault === undefined ? {} : { refused: { reason: fault } }), values };
}

function verdictOfMessage(
  message: ThingMessage & { readonly method: string },
  product: Product,
  deviceKey: string,
): ScriptVerdict {
  const route = findUplink(message.method);
  if (route === undefined) {
    return { what: message.method, refused: { reason: "method: no topic of EnOS has it" }, values: [] };
  }
  const { uplink, thingMethod } = route;
  const what = uplink.kind === "event" ? `event ${uplink.event}` : words[uplink.kind];
  const values = valuesOf(message, product, uplink);
  const fault = checkEnvelope(message, thingMethod, uplink.kind === "event");
  const refused = fault ?? refusalOf(message, product, uplink, deviceKey);
  return { what, ...(refused === undefined ? {} : { refused: refusal(refused) }), values };
}

function refusalOf(
  message: ThingMessage,
  product: Product,
  uplink: Uplink,
  deviceKey: string,
): Refusal | undefined {
  switch (uplink.kind) {
    case "points":
    case "resume":
      return refusedBy(readMeasurePoints(message, product));
    case "batch":
      return refusedBy(readBatch(message, product, deviceKey));
    case "event":
      return refusedBy(readEvent(message, product, uplink.event));
    case "attribute-update":
      return refusedBy(readAttributes(message, product));
    default:
      return undefined;
  }
}

function refusedBy(read: object | Refusal): Refusal | undefined {
  return "enosCode" in read ? (read as Refusal) : undefined;
}

function valuesOf(message: ThingMessage, product: Product, uplink: Uplink): JudgedValue[] {
  const { params } = message.fields;
  const member = (of: unknown, name: string): Record<string, unknown> => {
    const value: unknown = isObject(of) ? of[name] : undefined;
    return isObject(value) ? value : {};
  };
  const point = (identifier: string, value: unknown): string | undefined =>
    product.checkPoint(identifier, value);
  switch (uplink.kind) {
    case "points":
    case "resume":
      return judged(member(params, "measurepoints"), point);
    case "batch": {
      const entries: unknown[] = Array.isArray(params) ? params : [];
      return entries.flatMap((entry) => judged(member(entry, "measurepoints"), point));
    }
    case "event":
      return judged(member(params, "events"));
    case "attribute-update":
      return judged(member(params, "attributes"), (name, value) => product.checkAttribute(name, value));
    default:
      return [];
  }
}

function judged(
  values: Record<string, unknown>,
  check?: (identifier: string, value: unknown) => string | undefined,
): JudgedValue[] {
  return Object.entries(values).map(([identifier, value]) => {
    const fault = check?.(identifier, value);
    return fault === undefined ? { identifier, value } : { identifier, value, fault };
  });
}

function refusal({ enosCode, reason }: Refusal): { code: number; reason: string } {
  return { code: enosCode, reason };
}
