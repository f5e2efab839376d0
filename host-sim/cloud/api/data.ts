/** What devices reported: measure points now and before, events, attributes, tags. */
import type { FastifyInstance } from "fastify";
import type { DeviceView } from "../cloud";
import { Problem } from "./problem";
import { answer, given, noDevice, routeSchema } from "./route";
import type { DeviceParams } from "./route";
import { pointParams, rangeQuery } from "./schemas/data";
import { deviceParams } from "./schemas/parts";
import type { RouteContext } from "./route-context";

interface RangeQuery {
  from?: number;
  to?: number;
  limit: number;
  order: "asc" | "desc";
}

const tag = "data";

export function dataRoutes(api: FastifyInstance, { cloud }: RouteContext): void {
  const known = (params: DeviceParams): DeviceView => {
    const view = cloud.device(params.productKey, params.deviceKey);
    if (view === undefined) throw noDevice(params);
    return view;
  };
  const device = "/devices/:productKey/:deviceKey";

  api.get<{ Params: DeviceParams }>(`${device}/measurepoints`, {
    schema: routeSchema(tag, "getMeasurePoints", "the latest value of each measure point", {
      params: deviceParams,
      answer: { 200: answer("by identifier", "MeasurePoints") },
      faults: [404],
    }),
    handler: ({ params }) => {
      known(params);
      return cloud.latest(params.productKey, params.deviceKey);
    },
  });

  api.get<{ Params: DeviceParams & { id: string }; Querystring: RangeQuery }>(
    `${device}/measurepoints/:id/history`,
    {
      schema: routeSchema(tag, "listPointHistory", "the values of a measure point that are kept", {
        params: pointParams,
        querystring: rangeQuery,
        answer: { 200: answer("by time", "PointHistory") },
        faults: [404],
      }),
      handler: ({ params: { id, ...params }, query }) => {
        known(params);
        const stored = cloud.history(params.productKey, params.deviceKey, {
          identifier: id,
          ...range(query),
        });
        return { items: stored.map(({ value, quality, time, at }) => given({ value, quality, time, at })) };
      },
    },
  );

  api.get<{ Params: DeviceParams; Querystring: RangeQuery }>(`${device}/events`, {
    schema: routeSchema(tag, "listEvents", "the events that are kept", {
      params: deviceParams,
      querystring: rangeQuery,
      answer: { 200: answer("by time", "Events") },
      faults: [404],
    }),
    handler: ({ params, query }) => {
      known(params);
      return { items: cloud.events(params.productKey, params.deviceKey, range(query)) };
    },
  });

  api.get<{ Params: DeviceParams }>(`${device}/attributes`, {
    schema: routeSchema(tag, "getAttributes", "its attributes", {
      params: deviceParams,
      answer: { 200: answer("name to value", "Attributes") },
      faults: [404],
    }),
    handler: ({ params }) => known(params).attributes,
  });

  api.get<{ Params: DeviceParams }>(`${device}/tags`, {
    schema: routeSchema(tag, "getTags", "its tags", {
      params: deviceParams,
      answer: { 200: answer("name to text", "Tags") },
      faults: [404],
    }),
    handler: ({ params }) => known(params).tags,
  });
}

function range({ from, to, limit, order }: RangeQuery): {
  from?: number;
  to?: number;
  limit: number;
  newestFirst: boolean;
} {
  if (from !== undefined && to !== undefined && from > to) {
    throw new Problem(400, "query.from: is later than to; swap them");
  }
  return { from, to, limit, newestFirst: order === "desc" };
}
