/**
 * Signatures as the Standard Webhooks specification has them (standardwebhooks.com, version 1.0.0): a secret of 24 to 64
 * bytes, told as `whsec_` and base64, and HMAC-SHA256 over id, time and body.
 */
import { createHmac } from "node:crypto";

const prefix = "whsec_";

/** Bytes of a secret that is made here. */
export const secretLength = 32;

export function secretOf(bytes: Uint8Array): string {
  return prefix + Buffer.from(bytes).toString("base64");
}

/** Whether a text is a secret. */
export function isSecret(text: unknown): text is string {
  if (typeof text !== "string" || !text.startsWith(prefix)) return false;
  const digits = text.slice(prefix.length);
  const bytes = Buffer.from(digits, "base64");
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString("base64") === digits;
}

/**
 * The three headers of a message.
 * @param at when it is sent, epoch ms: receivers refuse what is old
 */
export function signedHeaders(secret: string, id: string, at: number, body: string): Record<string, string> {
  const seconds = Math.floor(at / 1000);
  const key = Buffer.from(secret.slice(prefix.length), "base64");
  const digest = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": `v1,${digest}` };
}
