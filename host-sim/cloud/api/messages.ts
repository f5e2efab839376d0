/**
 * The messages between devices and the cloud, as the console shows them: read, without signatures and tokens. Of all
 * devices together the last ones are kept, see ../console/message-log.ts.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { KeptMessage } from "../console/entries";
import type { LoggedMessage } from "../console/message-log";
import { messageOf } from "../console/message-view";
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

const columns: readonly Column<KeptMessage>[] = [
  ["number", ({ number }) => number],
  ["at", ({ at }) => isoTime(at)],
  ["way", ({ way }) => way],
  ["peer", ({ peer }) => peer],
  ["size", ({ size }) => size],
  ["line", ({ line }) => line],
  ["fields", ({ fields }) => Object.fromEntries(fields)],
  ["hex", ({ hex }) => hex],
  ["type", ({ type }) => type],
  ["code", ({ code }) => code],
  ["codeName", ({ codeName }) => codeName],
  ["messageId", ({ messageId }) => messageId],
  ["exchange", ({ exchange }) => exchange],
  ["path", ({ path }) => path],
  ["about", ({ about }) => about],
  ["again", ({ again }) => again],
  ["device", ({ device }) => device],
  ["outcome", ({ outcome }) => (outcome.length === 0 ? undefined : outcome)],
];

export function messageRoutes(api: FastifyInstance, { cloud, feed }: RouteContext): void {
  /** @param file of CSV and JSON lines, without its ending */
  const answerWith = (
    request: FastifyRequest<{ Querystring: RangeQuery }>,
    reply: FastifyReply,
    device: string | undefined,
    file: string,
  ) => {
    const format = formatOf(request as FastifyRequest);
    const { from, to, limit, newestFirst } = rangeOf(request.query);
    const within = feed?.messages.of(device, from, to) ?? [];
    if (newestFirst === true) within.reverse();
    const rows = within.slice(0, limit);
    if (format === "json") return { items: rows.map(keptMessage) };
    return sendRows(reply, format, file, read(rows), columns);
  };
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
      return answerWith(request, reply, `${productKey}/${deviceKey}`, `${deviceKey}-messages`);
    },
  });
  api.get<{ Querystring: RangeQuery }>("/messages", {
    schema: routeSchema("data", "listAllMessages", "the last messages of all devices, and of strangers", {
      querystring: rangeQuery,
      answer: { 200: rowsAnswer("by time", "Messages") },
      faults: [406],
    }),
    handler: (request, reply) => answerWith(request, reply, undefined, "messages"),
  });
}

/** Read one by one, as they go out. */
function* read(messages: readonly LoggedMessage[]): Generator<KeptMessage> {
  for (const message of messages) yield keptMessage(message);
}

function keptMessage(message: LoggedMessage): KeptMessage {
  const { list, more } = message.outcomes;
  return {
    number: message.number,
    ...messageOf(message),
    outcome: list,
    ...(more === 0 ? undefined : { moreOutcomes: more }),
  };
}
