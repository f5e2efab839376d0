/**
 * What a product's parsing script makes of bytes: a message or a reply in EnOS's JSON, or the script's word that it could
 * not read them. Nothing here throws, whatever a script returns.
 */
import { printable } from "../coap/coap-text";
import { notJson, readThingMessage, replyOf, success } from "./thing-message";
import type { Refusal, Reply, ThingMessage } from "./thing-message";

/**
 * Reads what a parsing script made of a raw uplink. Without a `method` it is no message but the script's
 * word that it could not read the bytes, `{ "code", "message" }`: a refusal, which means CoAP 4.00.
 */
export function readScriptMessage(json: string): (ThingMessage & { method: string }) | Refusal {
  const message = readThingMessage(json);
  if ("enosCode" in message) {
    return { enosCode: message.enosCode, reason: `the parsing script returned: ${message.reason}` };
  }
  const { method } = message.fields;
  if (typeof method !== "string") return scriptRefusal(message, "method");
  return { id: message.id, fields: message.fields, method };
}

/**
 * Reads what a parsing script made of a raw reply; its code may be text, as in the sample of EnOS's manual:
 * `{ "id": "20", "code": "200", "data": "" }`. Code 1220 without data is the script's own word that it could
 * not read the bytes.
 */
export function readScriptReply(json: string): Reply | Refusal {
  const message = readThingMessage(json);
  if ("enosCode" in message) {
    return { enosCode: message.enosCode, reason: `the parsing script returned: ${message.reason}` };
  }
  const reply = replyOf({ id: message.id, fields: { ...message.fields, code: scriptCode(message) } });
  if (reply === undefined || (reply.code === notJson && reply.data === undefined)) {
    return scriptRefusal(message, "code");
  }
  return reply;
}

/** The result code that a parsing script states, as a number or as text; undefined when it states none. */
function scriptCode({ fields }: Pick<ThingMessage, "fields">): number | undefined {
  const { code } = fields;
  if (typeof code === "string" && /^-?\d{1,9}$/.test(code)) return Number(code);
  return Number.isSafeInteger(code) ? (code as number) : undefined;
}

/** @param lacking what the script's JSON would have been of use with */
function scriptRefusal({ fields }: ThingMessage, lacking: "method" | "code"): Refusal {
  const { message } = fields;
  const code = scriptCode({ fields });
  const why = typeof message === "string" ? `: ${printable(message)}` : "";
  // A reply has no business where a report is due, and its success is none of what it came for.
  if (code === undefined || code === success) {
    return { enosCode: notJson, reason: `the parsing script returned JSON without a ${lacking}${why}` };
  }
  return { enosCode: code, reason: `the parsing script could not read it${why}`, isByScript: true };
}
