/** The conditions that devices meet, to be made worse at will: faults, NAT, rate limit; and how the cloud stands. */
import type { FastifyInstance } from "fastify";
import type { Faults } from "../coap/faults";
import type { RateLimit } from "../coap/rate-limit";
import { answer, refusedAs, routeSchema } from "./route";
import { faultsBody, natBody, rateLimitBody } from "./schemas/conditions";
import type { Schema } from "./schemas/parts";
import type { RouteContext } from "./route-context";
import type { Condition } from "../events";

interface Nat {
  tie: "path" | "address";
  addressIdle: number;
}

const tag = "conditions";

export function conditionRoutes(api: FastifyInstance, context: RouteContext): void {
  const { cloud, now, startedAt, version, edition, coap, kept } = context;

  /** A setting that is read, and set in part: what a body leaves out stays as it is. */
  const setting = <T extends object>(
    condition: Condition,
    names: { what: string; answer: string; body: Schema },
    read: () => T,
    write: (part: Partial<T>) => void,
  ): void => {
    const path = `/${condition}`;
    api.get(path, {
      schema: routeSchema(tag, `get${names.answer}`, names.what, {
        answer: { 200: answer("as it is", names.answer) },
      }),
      handler: () => read(),
    });
    api.put<{ Body: Partial<T> }>(path, {
      schema: routeSchema(tag, `set${names.answer}`, `${names.what}: set; what is left out stays as it is`, {
        body: names.body,
        answer: { 200: answer("as it is then", names.answer) },
        faults: [422],
      }),
      handler: ({ body }) => {
        refusedAs(422, () => write(body as Partial<T>));
        cloud.tellCondition(condition, now());
        return read();
      },
    });
  };
  setting<Faults>(
    "faults",
    { what: "faults made on purpose between devices and cloud", answer: "Faults", body: faultsBody },
    () => cloud.faults,
    (part) => cloud.setFaults(part),
  );
  setting<Nat>(
    "nat",
    { what: "how devices behind a NAT are known", answer: "Nat", body: natBody },
    () => cloud.nat,
    (part) => cloud.setNat(part),
  );
  setting<RateLimit>(
    "rate-limit",
    { what: "datagrams taken from one address", answer: "RateLimit", body: rateLimitBody },
    () => cloud.rateLimit,
    (part) => cloud.setRateLimit(part),
  );

  api.post("/faults/forget-sessions", {
    schema: routeSchema(tag, "forgetSessions", "end all sessions: every device has to authenticate anew", {
      answer: { 200: answer("how many there were", "Forgotten") },
    }),
    handler: () => ({ sessions: cloud.devices.forgetSession(undefined, undefined, now()) }),
  });

  api.get("/status", {
    schema: routeSchema(tag, "getStatus", "how the cloud stands", {
      answer: { 200: answer("its figures", "Status") },
    }),
    handler: ({ access }) => {
      const { total, online } = cloud.devices.count();
      return {
        version,
        access,
        uptime: Math.round((now() - startedAt) / 100) / 10,
        edition,
        ...(coap === undefined ? {} : { coap }),
        products: cloud.products.list().length,
        devices: { total, online },
        kept,
        counters: cloud.counters,
      };
    },
  });
}
