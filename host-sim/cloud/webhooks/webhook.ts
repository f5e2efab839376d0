/** A webhook: which events go where, and what is checked of it. */
import { isObject } from "../json";
import { keyPattern } from "../registry/registry";
import { readWebhookUrl } from "./destinations";
import { isSecret } from "./signature";
import type { CloudEvent } from "../events";

/** What a webhook is told of: all that agrees in each member that is given. */
export interface WebhookChoice {
  /** Types of events; all when left out. */
  readonly events?: readonly string[];
  readonly productKey?: string;
  /** Of a device of that product. */
  readonly deviceKey?: string;
}

/** As it is kept, secret and all. */
export interface WebhookRecord extends WebhookChoice {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  readonly enabled: boolean;
  /** Why it was disabled, when that was not by an operator. */
  readonly disabledBecause?: string;
  /** Epoch ms. */
  readonly createdAt: number;
}

/** @throws RangeError with the reason, which quotes neither URL nor secret */
export function checkWebhook({ url, secret, productKey, deviceKey }: WebhookRecord): void {
  readWebhookUrl(url);
  if (!isSecret(secret)) {
    throw new RangeError(
      "secret: expected whsec_ and 24 to 64 bytes in base64; leave it out to have one made",
    );
  }
  if (deviceKey !== undefined && productKey === undefined) {
    throw new RangeError("deviceKey: needs productKey, too; a device is named by both");
  }
}

/** A record from a storage. @throws TypeError when it is another's */
export function restoredWebhook(value: unknown): WebhookRecord {
  const { id, url, enabled, createdAt, events, productKey, deviceKey } = (
    isObject(value) ? value : {}
  ) as Partial<WebhookRecord>;
  const isKey = (key: unknown): boolean =>
    key === undefined || (typeof key === "string" && keyPattern.test(key));
  const isSound =
    typeof id === "string" &&
    /^[0-9]{1,12}$/.test(id) &&
    typeof url === "string" &&
    typeof enabled === "boolean" &&
    typeof createdAt === "number" &&
    (events === undefined || (Array.isArray(events) && events.every((each) => typeof each === "string"))) &&
    isKey(productKey) &&
    isKey(deviceKey);
  if (!isSound) throw new TypeError("no webhook");
  try {
    checkWebhook(value as WebhookRecord);
  } catch {
    throw new TypeError("no webhook");
  }
  return value as WebhookRecord;
}

/** Whether a webhook is told of an event. None is told of what becomes of webhooks. */
export function isWanted(event: CloudEvent, { events, productKey, deviceKey }: WebhookChoice): boolean {
  const about = event as Partial<Record<"productKey" | "deviceKey", string>>;
  return (
    event.type !== "webhook" &&
    (events === undefined || events.includes(event.type)) &&
    (productKey === undefined || about.productKey === productKey) &&
    (deviceKey === undefined || about.deviceKey === deviceKey)
  );
}
