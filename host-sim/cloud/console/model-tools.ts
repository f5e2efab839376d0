/**
 * What the console does with a thing model before it is applied: has it read, so that all of its faults show where they
 * are, and what it would become. A model of EnOS's is read with the numbers that the model in force has given.
 *
 *     POST /products/PK/model/check    { model }: what it would be kept as, or what is wrong with it
 */
import { isDeepStrictEqual } from "node:util";
import { noProduct } from "../api/route";
import type { ProductParams } from "../api/route";
import { productParams } from "../api/schemas/parts";
import { emptyLock, updateLock } from "../../model/lock";
import type { Lock } from "../../model/lock";
import type { Model, ModelFault } from "../../model/model";
import { isEnosModel, modelOfEnos } from "../../model/read-enos-model";
import { readModel } from "../../model/read-model";
import type { FastifyInstance } from "fastify";
import type { EnosCloud } from "../cloud";
import type { ModelCheck } from "./script-answers";
import type { TrialTurns } from "./trial-turns";

const checkBody = {
  type: "object",
  required: ["model"],
  additionalProperties: false,
  properties: { model: {} },
};

/** Faults of one model that are answered. */
const mostFaults = 200;

export function modelRoutes(api: FastifyInstance, cloud: EnosCloud, turns: TrialTurns): void {
  api.post<{ Params: ProductParams; Body: { model: unknown } }>("/products/:productKey/model/check", {
    schema: { hide: true, params: productParams, body: checkBody } as object,
    config: { changesNothing: true },
    handler: ({ params, body }) => {
      if (cloud.products.record(params.productKey) === undefined) throw noProduct(params);
      const inForce = cloud.products.model(params.productKey);
      return turns.take(() => checkModel(body.model, inForce));
    },
  });
}

/** @param inForce whose numbers are kept, and whose meanings are watched */
function checkModel(given: unknown, inForce: Model | undefined): ModelCheck {
  const lock = lockOf(inForce);
  const isEnos = isEnosModel(given);
  const notes: string[] = [];
  const read = isEnos
    ? readEnos(given, lock, inForce, notes)
    : readModel(JSON.stringify(given), (line) => notes.push(line));
  if (!("product" in read)) return { faults: firstOf(read), notes: [], isEnos, meanings: [] };
  const grown = updateLock(lock, read);
  return { faults: [], notes, model: inOrder(read), isEnos, meanings: "points" in grown ? [] : grown };
}

/** As many faults as somebody reads, and how many more there are. */
function firstOf(faults: readonly ModelFault[]): readonly ModelFault[] {
  if (faults.length <= mostFaults) return faults;
  const problem = `has ${faults.length - mostFaults} more faults`;
  return [...faults.slice(0, mostFaults), { path: "$", problem, remedy: "correct these first" }];
}

/** EnOS's model knows no versions: the one in force is counted on where anything else has changed. */
function readEnos(
  given: unknown,
  lock: Lock,
  inForce: Model | undefined,
  notes: string[],
): Model | readonly ModelFault[] {
  const same = modelOfEnos(given, lock, inForce?.version ?? 1);
  if (!("product" in same)) return same;
  notes.push(
    inForce === undefined
      ? "read from EnOS's form; measure points and services got numbers in their order"
      : "read from EnOS's form; what the model in force has keeps its number",
  );
  if (inForce === undefined || isDeepStrictEqual(plain(same), plain(inForce))) return same;
  return { ...same, version: inForce.version + 1 };
}

/** The head of a model first, as people write it. */
function inOrder({
  format,
  product,
  version,
  measurepoints,
  events,
  services,
  attributes,
  ...more
}: Model): Model {
  return { ...more, format, product, version, measurepoints, events, services, attributes };
}

function plain(model: Model): unknown {
  return JSON.parse(JSON.stringify(model));
}

function lockOf(model: Model | undefined): Lock {
  if (model === undefined) return emptyLock;
  const lock = updateLock(emptyLock, model);
  return "points" in lock ? (lock as Lock) : emptyLock;
}
