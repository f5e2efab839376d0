/** Rollouts: a version of the firmware to a product's devices in stages, and how that goes. */
import type { FastifyInstance } from "fastify";
import type { RolloutOrder, RolloutView } from "../cloud";
import { Problem } from "./problem";
import { answer, given, noProduct, refusedAs, routeSchema } from "./route";
import type { ProductParams } from "./route";
import type { RouteContext } from "./route-context";
import { productParams } from "./schemas/parts";
import { rolloutBody, rolloutParams } from "./schemas/ota";

interface RolloutParams extends ProductParams {
  rolloutId: string;
}
/** Times are in seconds. */
type RolloutBody = Omit<RolloutOrder, "productKey" | "shares"> & { stages: number[] };

const tag = "firmware";

export function rolloutRoutes(api: FastifyInstance, { cloud, now }: RouteContext): void {
  const known = (params: ProductParams): string => {
    if (cloud.products.record(params.productKey) === undefined) throw noProduct(params);
    return params.productKey;
  };
  const found = ({ rolloutId, ...params }: RolloutParams): RolloutView => {
    const rollout = cloud.ota.rollout(known(params), rolloutId);
    if (rollout !== undefined) return rollout;
    throw new Problem(404, `no rollout ${rolloutId} of product ${params.productKey}`);
  };

  api.get<{ Params: ProductParams }>("/products/:productKey/rollouts", {
    schema: routeSchema(tag, "listRollouts", "a product's rollouts, the newest first", {
      params: productParams,
      answer: { 200: answer("the rollouts", "Rollouts") },
      faults: [404],
    }),
    handler: ({ params }) => ({ items: cloud.ota.rollouts(known(params)).map(shown) }),
  });

  api.post<{ Params: ProductParams; Body: RolloutBody }>("/products/:productKey/rollouts", {
    schema: routeSchema(
      tag,
      "createRollout",
      "have a product's devices upgrade in stages; one at a time for each product",
      {
        params: productParams,
        body: rolloutBody,
        answer: { 201: answer("its first stage has begun", "Rollout") },
        faults: [404, 409, 422],
      },
    ),
    handler: ({ params, body: { stages, timeout, wait, stageLimit, ...rest } }, reply) => {
      const productKey = known(params);
      const order: RolloutOrder = {
        ...{ ...rest, productKey, shares: stages },
        ...given({ timeout: inMs(timeout), wait: inMs(wait), stageLimit: inMs(stageLimit) }),
      };
      const status = (reason: string): number => (reason.startsWith("rollout ") ? 409 : 422);
      const rollout = refusedAs(status, () => cloud.ota.rollOut(order, now()));
      return reply.code(201).send(shown(rollout));
    },
  });

  api.get<{ Params: RolloutParams }>("/products/:productKey/rollouts/:rolloutId", {
    schema: routeSchema(tag, "getRollout", "a rollout, and how it stands", {
      params: rolloutParams,
      answer: { 200: answer("the rollout", "Rollout") },
      faults: [404],
    }),
    handler: ({ params }) => shown(found(params)),
  });

  /** A route that decides what becomes of a rollout, and answers how it stands then. */
  const decide = (
    name: string,
    summary: string,
    work: (productKey: string, rolloutId: string) => RolloutView,
  ): void => {
    api.post<{ Params: RolloutParams }>(`/products/:productKey/rollouts/:rolloutId/${name}`, {
      schema: routeSchema(tag, `${name}Rollout`, summary, {
        params: rolloutParams,
        answer: { 200: answer("how it stands then", "Rollout") },
        faults: [404, 409],
      }),
      handler: ({ params }) => {
        const { productKey, rolloutId } = found(params);
        return shown(refusedAs(409, () => work(productKey, rolloutId)));
      },
    });
  };
  decide("pause", "halt a rollout: devices that were not told yet are not", (productKey, id) =>
    cloud.ota.pauseRollout(productKey, id, now()),
  );
  decide("resume", "go on with one that was paused, or that stopped by itself", (productKey, id) =>
    cloud.ota.resumeRollout(productKey, id, now()),
  );
  decide("abort", "end one for good: tasks that have not begun are canceled", (productKey, id) =>
    cloud.ota.abortRollout(productKey, id, now()),
  );
  decide("retry", "try again what has failed, and go on", (productKey, id) =>
    cloud.ota.retryRollout(productKey, id, now()),
  );
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Times in seconds, as all durations of the API are. */
function shown({ timeout, wait, stageLimit, ...rollout }: RolloutView): object {
  const seconds = { timeout: timeout / 1000, wait: wait / 1000, stageLimit: stageLimit / 1000 };
  return given({ ...rollout, ...seconds });
}
