/** All devices in short and in one answer, for who shows a whole fleet: what changes then comes on the event stream. */
import type { FastifyInstance } from "fastify";
import { answer, routeSchema } from "./route";
import { fleetQuery, mostSummaries } from "./schemas/fleet";
import type { RouteContext } from "./route-context";

export function fleetRoutes(api: FastifyInstance, { cloud, now }: RouteContext): void {
  api.get<{ Querystring: { of?: string } }>("/fleet", {
    schema: routeSchema("devices", "listFleet", "devices in short: all in one answer, or some by name", {
      querystring: fleetQuery,
      answer: { 200: answer("those that there are, up to 20,000", "Fleet") },
    }),
    handler: ({ query: { of } }) => {
      const wanted = of?.split(",").map((name) => {
        const [productKey, deviceKey] = name.split("/");
        return { productKey, deviceKey };
      });
      return {
        items: cloud.devices.summaries(wanted ?? { most: mostSummaries }, now()),
        total: cloud.devices.count().total,
        vitalPoints: cloud.products.vitalPoints(),
      };
    },
  });
}
