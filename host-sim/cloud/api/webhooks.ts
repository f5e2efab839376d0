/** Webhooks: events posted, signed, to where a program wants them. */
import type { FastifyInstance } from "fastify";
import { TooManyWebhooks } from "../webhooks/webhooks";
import type { Delivery, WebhookChange, WebhookOrder, Webhooks } from "../webhooks/webhooks";
import { typesOf } from "./event-stream";
import { Problem } from "./problem";
import { answer, nothing, refusedAs, routeSchema } from "./route";
import { deliveriesQuery, webhookBody, webhookParams, webhookPatch } from "./schemas/webhooks";

interface Params {
  id: string;
}

const tag = "webhooks";

export function webhookRoutes(api: FastifyInstance, webhooks: Webhooks): void {
  const one = "/webhooks/:id";
  const known = ({ id }: Params): void => {
    if (webhooks.view(id) === undefined) throw new Problem(404, `no webhook ${id}`);
  };

  api.get("/webhooks", {
    schema: routeSchema(tag, "listWebhooks", "all webhooks", { answer: { 200: answer("all", "Webhooks") } }),
    handler: () => ({ items: webhooks.list() }),
  });

  api.post<{ Body: WebhookOrder }>("/webhooks", {
    schema: routeSchema(
      tag,
      "createWebhook",
      "have events posted to a URL, signed as Standard Webhooks says",
      {
        body: webhookBody,
        answer: {
          201: answer("made; what was made for it to sign with is in no other answer", "NewWebhook"),
        },
        faults: [409, 422],
      },
    ),
    handler: ({ body }, reply) => {
      checkEvents(body.events);
      const { view, secret } = refusedAs(422, () => {
        try {
          return webhooks.create(body);
        } catch (error) {
          if (error instanceof TooManyWebhooks) throw new Problem(409, error.message);
          throw error;
        }
      });
      reply.code(201).header("location", `${api.prefix}/webhooks/${view.id}`);
      return secret === undefined ? view : { ...view, secret };
    },
  });

  api.get<{ Params: Params }>(one, {
    schema: routeSchema(tag, "getWebhook", "a webhook", {
      params: webhookParams,
      answer: { 200: answer("how it stands", "Webhook") },
      faults: [404],
    }),
    handler: ({ params }) => {
      known(params);
      return webhooks.view(params.id);
    },
  });

  api.patch<{ Params: Params; Body: WebhookChange }>(one, {
    schema: routeSchema(
      tag,
      "updateWebhook",
      "change a webhook, enable or disable it; what is left out stays, null takes a restriction away",
      {
        params: webhookParams,
        body: webhookPatch,
        answer: { 200: answer("how it stands then", "Webhook") },
        faults: [404, 422],
      },
    ),
    handler: ({ params, body }) => {
      known(params);
      checkEvents(body.events ?? undefined);
      return refusedAs(422, () => webhooks.change(params.id, body));
    },
  });

  api.delete<{ Params: Params }>(one, {
    schema: routeSchema(tag, "deleteWebhook", "remove a webhook and what waits for it", {
      params: webhookParams,
      answer: { 204: nothing },
      faults: [404],
    }),
    handler: ({ params }, reply) => {
      known(params);
      webhooks.remove(params.id);
      return reply.code(204).send();
    },
  });

  api.get<{ Params: Params; Querystring: { state?: Delivery["state"]; limit: number } }>(
    `${one}/deliveries`,
    {
      schema: routeSchema(tag, "listWebhookDeliveries", "what waits and what ended last, the newest first", {
        params: webhookParams,
        querystring: deliveriesQuery,
        answer: { 200: answer("some of them", "WebhookDeliveries") },
        faults: [404],
      }),
      handler: ({ params, query: { state, limit } }) => {
        known(params);
        const all = webhooks.deliveries(params.id);
        return { items: all.filter((each) => state === undefined || each.state === state).slice(0, limit) };
      },
    },
  );

  api.post<{ Params: Params }>(`${one}/test`, {
    schema: routeSchema(tag, "testWebhook", "post a message of type test at once, and tell how that went", {
      params: webhookParams,
      answer: { 200: answer("how it went", "WebhookTest") },
      faults: [404],
    }),
    handler: ({ params }) => {
      known(params);
      return webhooks.test(params.id);
    },
  });
}

function checkEvents(events: readonly string[] | undefined): void {
  if (events === undefined) return;
  typesOf("body.events", events);
  if (!events.includes("webhook")) return;
  throw new Problem(400, "body.events: no webhook is told of what becomes of webhooks; the event stream is");
}
