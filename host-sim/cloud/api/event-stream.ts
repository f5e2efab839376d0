/** What happens, as it happens: the console's own stream, for every program. */
import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Feed } from "../console/feed";
import { followFeed } from "../console/stream";
import type { StreamFilter } from "../console/stream";
import { nearest } from "../nearest";
import { network } from "../network";
import { Problem } from "./problem";
import { routeSchema } from "./route";
import { eventTypes, eventsQuery } from "./schemas/events";
import { ref } from "./schemas/parts";

/** Readers at a time, each of which has a connection: in all, and of one network. */
const mostReaders = 32;
const mostPerNetwork = 16;

interface EventsQuery {
  kind?: "event" | "message";
  type?: string;
  productKey?: string;
  deviceKey?: string;
}

const description =
  "Server-sent events without an end. The first, of type run, tells the mark of this run of the stand-in, the numbers " +
  "of the first and the last entry that are kept, and whether it goes on from Last-Event-ID. Then each entry comes as a " +
  "message with the id RUN-NUMBER, those that are kept first. Send the last id as Last-Event-ID to go on behind it; of " +
  "another run, or without one, all that is kept comes: the last 500 entries, 4 million characters at most. An event of " +
  "type missed tells the numbers of entries that were let go before they could be sent; numbers that are not there for " +
  "another reason were not asked for. A comment every 15 s keeps the connection; whoever reads nothing for two of them is " +
  "sent away. 32 readers at a time, 16 of one network: to others 503 with Retry-After.";

/** Adds `GET /events`. */
export function eventStreamRoute(api: FastifyInstance, feed: Feed): void {
  const readers = new Map<ServerResponse, string>();
  api.get<{ Querystring: EventsQuery }>("/events", {
    // It has no end, so that there is no answer whose head could be told alone.
    exposeHeadRoute: false,
    schema: {
      ...routeSchema("data", "streamEvents", "what happens, as it happens", {
        querystring: eventsQuery,
        answer: {},
        shownAnswer: {
          200: {
            description: "entries as they come; the schema is that of one",
            content: { "text/event-stream": { schema: ref("StreamEntry") } },
          },
        },
      }),
      description,
    },
    handler: (request, reply) => {
      const filter = filterOf(request.query);
      const from = network(request.ip);
      const own = [...readers.values()].filter((other) => other === from).length;
      if (readers.size >= mostReaders || own >= mostPerNetwork) {
        reply.header("retry-after", "5");
        throw new Problem(
          503,
          `${own >= mostPerNetwork ? own : readers.size} read the stream already; end one`,
        );
      }
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        "content-type": "text/event-stream",
        "cache-control": "no-store",
      });
      readers.set(raw, from);
      const last = request.headers["last-event-id"];
      const end = followFeed(raw, feed, typeof last === "string" ? last : undefined, filter);
      raw.on("close", () => {
        end();
        readers.delete(raw);
      });
    },
  });
  api.addHook("preClose", async () => {
    for (const raw of readers.keys()) raw.end();
  });
}

function filterOf({ kind, type, productKey, deviceKey }: EventsQuery): StreamFilter {
  if (deviceKey !== undefined && productKey === undefined) {
    throw new Problem(400, "query.deviceKey: needs productKey, too; a device is named by both");
  }
  if (type === undefined) return { kind, productKey, deviceKey };
  if (kind === "message") throw new Problem(400, "query.type: messages have none; leave out type or kind");
  return { kind, types: typesOf("query.type", type.split(",")), productKey, deviceKey };
}

/** Types of events by their names. @throws Problem for a name that is none */
export function typesOf(place: string, names: readonly string[]): ReadonlySet<string> {
  const known: readonly string[] = eventTypes;
  for (const name of names) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const mend =
      near === undefined ? "they are listed in /openapi.json" : `the nearest is ${JSON.stringify(near)}`;
    throw new Problem(400, `${place}: no event is of type ${JSON.stringify(name.slice(0, 40))}; ${mend}`);
  }
  return new Set(names);
}
