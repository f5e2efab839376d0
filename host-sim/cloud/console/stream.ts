/**
 * The feed as server-sent events (WHATWG HTML, section 9.2), one JSON document an event:
 *
 *     id: 17
 *     data: {"kind":"message","number":17,…}
 *
 * A page that comes back says in Last-Event-ID what it had last. Nothing is held for a page but its place in the
 * feed: one that reads slowly is given what the feed still keeps, and sees by the numbers that entries are
 * missing. One that reads nothing at all is sent away.
 */
import type { ServerResponse } from "node:http";
import { network } from "../network";
import type { FastifyInstance } from "fastify";
import type { Feed } from "./feed";

/** A line that says nothing, so that no one takes the connection for dead, ms. */
const heartbeat = 15_000;
/** Pages at a time, each of which has a connection: in all, and of one network. */
const mostPages = 32;
const mostPerNetwork = 16;

/** Adds `GET /events`. */
export function streamRoute(api: FastifyInstance, feed: Feed): void {
  const pages = new Map<ServerResponse, string>();
  api.get("/events", { schema: { hide: true } }, (request, reply) => {
    const from = network(request.ip);
    const own = [...pages.values()].filter((other) => other === from).length;
    if (pages.size >= mostPages || own >= mostPerNetwork) {
      return reply
        .code(503)
        .header("retry-after", "5")
        .send({ detail: `${own >= mostPerNetwork ? own : pages.size} pages look on already` });
    }
    const last = Number(request.headers["last-event-id"]);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    });
    pages.set(raw, from);
    const end = follow(raw, feed, last);
    raw.on("close", () => {
      end();
      pages.delete(raw);
    });
  });
  api.addHook("preClose", async () => {
    for (const raw of pages.keys()) raw.end();
  });
}

/** Sends what comes behind the entry of number `last`, as fast as it is read. The answer ends that. */
function follow(raw: ServerResponse, feed: Feed, last: number): () => void {
  // A number that is yet to come is of a stand-in that ran before this one.
  let sent = Number.isSafeInteger(last) && last <= feed.last ? last : 0;
  let room = raw.write("retry: 2000\n\n");
  let stalled = false;
  const more = (): void => {
    while (room) {
      const line = feed.after(sent);
      if (line === undefined) return;
      sent = line.number;
      room = raw.write(`id: ${line.number}\ndata: ${line.json}\n\n`);
    }
  };
  raw.on("drain", () => {
    room = true;
    stalled = false;
    more();
  });
  const silence = feed.listen(more);
  more();
  const beat = setInterval(() => {
    if (room) room = raw.write(": still here\n\n");
    else if (stalled) raw.destroy();
    else stalled = true;
  }, heartbeat);
  return () => {
    clearInterval(beat);
    silence();
  };
}
