/** Schemas of webhooks. */
import { deviceKey, limit, list, object, orNull, productKey, ref, text, time, whole } from "./parts";
import type { NamedSchema } from "./parts";

const id = text("of the webhook", { pattern: "^[0-9]{1,12}$" });
// Neither of the two is quoted in a fault, so their forms are no schema's.
const url = text("http or https, without a user; to this machine unless --webhooks-to says otherwise");
const secret = text("whsec_ and 24 to 64 bytes in base64; made, and told once in the answer, when left out");
const events = {
  ...list({ type: "string", maxLength: 64 }, "types of events to be told of; all when left out"),
  minItems: 1,
  maxItems: 64,
};
const choice = {
  productKey: { ...productKey, description: "to be told of this product and its devices alone" },
  deviceKey: { ...deviceKey, description: "to be told of this device alone; with productKey" },
};

export const webhookParams = object({ id }, ["id"]);
export const webhookBody = object({ url, events, ...choice, secret }, ["url"]);

/** As JSON merge patch has it (RFC 7396). */
export const webhookPatch = object(
  {
    url,
    events: orNull(events),
    productKey: orNull(choice.productKey),
    deviceKey: orNull(choice.deviceKey),
    enabled: { type: "boolean", description: "false drops what waits" },
  },
  [],
);

export const deliveriesQuery = object(
  {
    state: text("of the deliveries", { enum: ["waiting", "delivered", "failed", "dropped"] }),
    limit,
  },
  [],
);

const webhook = {
  id,
  url,
  events,
  ...choice,
  enabled: { type: "boolean", description: "false: nothing is sent, and nothing waits" },
  disabledBecause: text("why, when that was not by an operator"),
  createdAt: time("when it was made"),
  waiting: whole("deliveries that wait"),
  delivered: whole("deliveries that were taken, since the stand-in was started"),
  failed: whole("deliveries that were given up"),
  dropped: whole("deliveries for which there was no room, or whose webhook was disabled"),
};
const always = ["id", "url", "enabled", "createdAt", "waiting", "delivered", "failed", "dropped"];
const httpStatus = whole("that the last attempt was answered");
const error = text("why it is not delivered");

/** What webhook routes answer, and what is posted. */
export const webhookAnswers: readonly NamedSchema[] = [
  { $id: "Webhook", ...object(webhook, always) },
  {
    $id: "NewWebhook",
    ...object({ ...webhook, secret: text("only when it was made here: shown once, never again") }, always),
  },
  { $id: "Webhooks", ...object({ items: list(ref("Webhook")) }, ["items"]) },
  {
    $id: "WebhookDeliveries",
    ...object(
      {
        items: list(
          object(
            {
              id: text("webhook-id, the same in each attempt"),
              type: text("of the event"),
              at: time("when that was"),
              state: text("how it stands", { enum: ["waiting", "delivered", "failed", "dropped"] }),
              attempts: whole("how often it was tried"),
              httpStatus,
              error,
              nextAttempt: time("when it is tried next; not while it is under way"),
              endedAt: time("when it was delivered or given up"),
            },
            ["id", "type", "at", "state", "attempts"],
          ),
        ),
      },
      ["items"],
    ),
  },
  {
    $id: "WebhookTest",
    ...object(
      {
        id: text("webhook-id of what was posted"),
        delivered: { type: "boolean", description: "it was answered 2xx" },
        httpStatus,
        error,
      },
      ["id", "delivered"],
    ),
  },
  {
    $id: "WebhookMessage",
    ...object(
      {
        type: text("of the event; test for a test"),
        timestamp: text("when it happened, ISO 8601"),
        data: {
          description: "what happened",
          anyOf: [
            ref("CloudEvent"),
            object(
              {
                type: { type: "string", const: "test" },
                at: time("when"),
                webhookId: text("of the webhook that is tried"),
              },
              ["type", "at", "webhookId"],
            ),
          ],
        },
      },
      ["type", "timestamp", "data"],
      "what is posted to a webhook's URL",
    ),
  },
];

function header(name: string, description: string): object {
  return { name, in: "header", required: true, description, schema: { type: "string" } };
}

/** What a receiver is called with, as the OpenAPI document has it under `webhooks`. */
export const postedByWebhooks = {
  event: {
    post: {
      tags: ["webhooks"],
      operationId: "receiveEvent",
      summary: "an event, or a test, posted to a webhook's URL",
      parameters: [
        header("webhook-id", "the same in each attempt"),
        header("webhook-timestamp", "of the attempt, seconds since 1970"),
        header(
          "webhook-signature",
          "v1, and HMAC-SHA256 in base64, as the Standard Webhooks specification says",
        ),
      ],
      requestBody: {
        required: true,
        content: { "application/json": { schema: { $ref: "#/components/schemas/WebhookMessage" } } },
      },
      responses: {
        "2XX": { description: "taken" },
        "410": { description: "nothing more is wanted: the webhook is disabled" },
        default: { description: "not taken: it is tried again" },
      },
      security: [],
    },
  },
};
