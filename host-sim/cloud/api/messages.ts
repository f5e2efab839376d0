/**
 * The messages between a device and the cloud, as the console shows them: read, without signatures and tokens. Of all
 * devices together the last ones are kept, see ../console/feed.ts.
 */
import type { FastifyInstance } from "fastify";
import type { FeedEntry, MessageEntry } from "../console/entries";
import type { Feed } from "../console/feed";
import { noDevice, routeSchema } from "./route";
import type { DeviceParams } from "./route";
import { rangeQuery } from "./schemas/data";
import { deviceParams } from "./schemas/parts";
import { rowsAnswer } from "./schemas/rows";
import { formatOf, isoTime, sendRows } from "./tables";
import type { Column } from "./tables";
import { rangeOf } from "./times";
import type { RangeQuery } from "./times";
import type { RouteContext } from "./route-context";

type Shown = Omit<MessageEntry, "kind" | "id" | "device">;

const columns: readonly Column<Shown>[] = [
  ["number", ({ number }) => number],
  ["at", ({ at }) => isoTime(at)],
  ["way", ({ way }) => way],
  ["peer", ({ peer }) => peer],
  ["size", ({ size }) => size],
  ["line", ({ line }) => line],
  ["fields", ({ fields }) => Object.fromEntries(fields)],
  ["hex", ({ hex }) => hex],
];

export function messageRoutes(api: FastifyInstance, { cloud, feed }: RouteContext): void {
  api.get<{ Params: DeviceParams; Querystring: RangeQuery }>("/devices/:productKey/:deviceKey/messages", {
    schema: routeSchema("data", "listMessages", "the last messages between it and the cloud", {
      params: deviceParams,
      querystring: rangeQuery,
      answer: { 200: rowsAnswer("by time", "Messages") },
      faults: [404, 406],
    }),
    handler: (request, reply) => {
      const { productKey, deviceKey } = request.params;
      if (cloud.devices.view(productKey, deviceKey) === undefined) throw noDevice(request.params);
      const format = formatOf(request);
      const { from = -Infinity, to = Infinity, limit, newestFirst } = rangeOf(request.query);
      const all = feed === undefined ? [] : messagesOf(feed, `${productKey}/${deviceKey}`);
      const within = all.filter(({ at }) => at >= from && at <= to);
      if (newestFirst === true) within.reverse();
      const rows = within.slice(0, limit);
      return format === "json"
        ? { items: rows }
        : sendRows(reply, format, `${deviceKey}-messages`, rows, columns);
    },
  });
}

/** What the feed has of a device, oldest first. */
function messagesOf(feed: Feed, name: string): Shown[] {
  const messages: Shown[] = [];
  for (let line = feed.after(0); line !== undefined; line = feed.after(line.number)) {
    // Most lines are of other devices, and are not worth reading.
    if (!line.json.includes(name)) continue;
    const entry = JSON.parse(line.json) as FeedEntry;
    if (entry.kind !== "message" || entry.device !== name) continue;
    const { number, at, way, peer, size, line: summary, fields, hex } = entry;
    messages.push({ number, at, way, peer, size, line: summary, fields, hex });
  }
  return messages;
}
