/**
 * The feed as server-sent events (WHATWG HTML, section 9.2), one JSON document an event:
 *
 *     id: 17
 *     data: {"kind":"message","number":17,…}
 *
 * A page that comes back says in Last-Event-ID what it had last. One that does not keep up is sent away, and
 * comes back: nothing is held for it but what the feed keeps for all.
 */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { FeedEntry } from "./entries";
import type { Feed } from "./feed";

/** A line that says nothing, so that no one takes the connection for dead, ms. */
const heartbeat = 15_000;
/** Bytes that wait for a client before it is sent away. */
const patience = 1_048_576;
/** Clients at a time; each has a connection. */
const most = 32;

/** Adds `GET /events`. */
export function streamRoute(api: FastifyInstance, feed: Feed): void {
  const clients = new Set<FastifyReply>();
  api.get("/events", { schema: { hide: true } }, (request, reply) => {
    if (clients.size >= most) {
      return reply
        .code(503)
        .header("retry-after", "5")
        .send({ detail: `${most} pages look on already` });
    }
    const last = Number(request.headers["last-event-id"]);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    });
    const send = (entry: FeedEntry): void => {
      raw.write(`id: ${entry.number}\ndata: ${JSON.stringify(entry)}\n\n`);
      if (raw.writableLength > patience) raw.destroy();
    };
    raw.write("retry: 2000\n\n");
    for (const entry of feed.since(Number.isSafeInteger(last) ? last : 0)) send(entry);
    const silence = feed.listen(send);
    const beat = setInterval(() => raw.write(": still here\n\n"), heartbeat);
    clients.add(reply);
    raw.on("close", () => {
      clearInterval(beat);
      silence();
      clients.delete(reply);
    });
  });
  api.addHook("preClose", async () => {
    for (const { raw } of clients) raw.end();
  });
}
