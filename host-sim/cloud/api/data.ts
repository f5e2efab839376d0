/** What devices reported: measure points now and before, and events. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { HistoryQuery, Reading, StoredEvent, StoredPoint } from "../cloud";
import { storedPoint } from "../registry/history";
import { when } from "../registry/reading-time";
import { answer, given, noDevice, routeSchema } from "./route";
import type { DeviceParams } from "./route";
import { historyQuery, pointParams, rangeQuery } from "./schemas/data";
import { deviceParams } from "./schemas/parts";
import { rowsAnswer } from "./schemas/rows";
import { checkLimit, formatOf, isoTime, sendRows } from "./tables";
import type { Column } from "./tables";
import { rangeOf } from "./times";
import type { RangeQuery } from "./times";
import type { RouteContext } from "./route-context";

/** One value of one measure point. */
interface PointRow extends StoredPoint {
  identifier: string;
}

const tag = "data";

const pointColumns: readonly Column<StoredPoint>[] = [
  ["time", ({ time }) => isoTime(time)],
  ["at", ({ at }) => isoTime(at)],
  ["value", ({ value }) => value],
  ["quality", ({ quality }) => quality],
];
const rowColumns: readonly Column<PointRow>[] = [
  ["identifier", ({ identifier }) => identifier],
  ...pointColumns,
  ["late", ({ late }) => late],
];
const eventColumns: readonly Column<StoredEvent>[] = [
  ["time", ({ time }) => isoTime(time)],
  ["at", ({ at }) => isoTime(at)],
  ["event", ({ event }) => event],
  ["id", ({ id }) => id],
  ["values", ({ values }) => values],
];

export function dataRoutes(api: FastifyInstance, { cloud }: RouteContext): void {
  const known = (params: DeviceParams): void => {
    if (cloud.devices.view(params.productKey, params.deviceKey) === undefined) throw noDevice(params);
  };
  const device = "/devices/:productKey/:deviceKey";

  /** A list in the format that the request asks for. */
  const send = <Row extends object>(
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    name: string,
    columns: readonly Column<Row>[],
    rowsOf: (query: HistoryQuery) => Iterable<Row>,
  ): FastifyReply | object => {
    known(request.params as DeviceParams);
    const query = rangeOf(request.query as RangeQuery);
    const format = formatOf(request);
    checkLimit(query.limit, format);
    const rows = rowsOf(query);
    return format === "json" ? { items: [...rows] } : sendRows(reply, format, name, rows, columns);
  };

  api.get<{ Params: DeviceParams }>(`${device}/measurepoints`, {
    schema: routeSchema(tag, "getMeasurePoints", "the latest value of each measure point", {
      params: deviceParams,
      answer: { 200: answer("by identifier", "MeasurePoints") },
      faults: [404],
    }),
    handler: ({ params }) => {
      known(params);
      return cloud.reported.latest(params.productKey, params.deviceKey);
    },
  });

  api.get<{ Params: DeviceParams & { id: string }; Querystring: RangeQuery }>(
    `${device}/measurepoints/:id/history`,
    {
      schema: routeSchema(tag, "listPointHistory", "the values of a measure point that are kept", {
        params: pointParams,
        querystring: rangeQuery,
        answer: { 200: rowsAnswer("by time", "PointHistory") },
        faults: [404, 406],
      }),
      handler: (request, reply) => {
        const { id, productKey, deviceKey } = request.params;
        return send([request, reply], `${deviceKey}-${id}`, pointColumns, function* (query) {
          for (const { value, quality, time, late, at } of cloud.reported.history(productKey, deviceKey, {
            identifier: id,
            ...query,
          })) {
            yield given({ value, quality, time, late, at });
          }
        });
      },
    },
  );

  api.get<{ Params: DeviceParams; Querystring: RangeQuery & { points?: string } }>(
    `${device}/measurepoints/history`,
    {
      schema: routeSchema(tag, "listHistory", "the values of all measure points that are kept", {
        params: deviceParams,
        querystring: historyQuery,
        answer: { 200: rowsAnswer("by time", "DeviceHistory") },
        faults: [404, 406],
      }),
      handler: (request, reply) => {
        const { productKey, deviceKey } = request.params;
        const chosen = request.query.points?.split(",");
        return send([request, reply], deviceKey, rowColumns, (query) =>
          pointRows(cloud.reported.readings(productKey, deviceKey), chosen && new Set(chosen), query),
        );
      },
    },
  );

  api.get<{ Params: DeviceParams; Querystring: RangeQuery }>(`${device}/events`, {
    schema: routeSchema(tag, "listEvents", "the events that are kept", {
      params: deviceParams,
      querystring: rangeQuery,
      answer: { 200: rowsAnswer("by time", "Events") },
      faults: [404, 406],
    }),
    handler: (request, reply) => {
      const { productKey, deviceKey } = request.params;
      return send([request, reply], `${deviceKey}-events`, eventColumns, (query) =>
        cloud.reported.events(productKey, deviceKey, query),
      );
    },
  });
}

/** The values of many measure points by time, one a row. */
function* pointRows(
  readings: readonly Reading[],
  chosen: ReadonlySet<string> | undefined,
  { from = -Infinity, to = Infinity, limit = Infinity, newestFirst }: HistoryQuery,
): Generator<PointRow> {
  const way = newestFirst === true ? -1 : 1;
  const within = readings.filter((reading) => when(reading) >= from && when(reading) <= to);
  within.sort((one, other) => way * (when(one) - when(other)));
  let left = limit;
  for (const reading of within) {
    for (const identifier of Object.keys(reading.points)) {
      if (chosen !== undefined && !chosen.has(identifier)) continue;
      if (left-- <= 0) return;
      yield given({ identifier, ...storedPoint(reading, identifier) });
    }
  }
}
