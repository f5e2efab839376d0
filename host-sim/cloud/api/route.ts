/** What the routes have in common: their schemas' shape, and the cloud's refusals as faults. */
import { ProductError } from "../registry/product";
import { DeviceKeyError, DeviceListError } from "../registry/registry";
import { Problem } from "./problem";
import { ref } from "./schemas/parts";
import type { Schema } from "./schemas/parts";

export interface ProductParams {
  productKey: string;
}

export interface DeviceParams extends ProductParams {
  deviceKey: string;
}

/** A route's schemas. `operationId`: what a client made of the document calls it, a verb and a noun. `faults`: the statuses that it may refuse with, for the OpenAPI document. */
export interface RouteSchema {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary: string;
  readonly params?: Schema;
  readonly querystring?: Schema;
  readonly body?: Schema;
  /** The body as the document has it, where that is not what judges it. */
  readonly shownBody?: Schema;
  readonly response: Readonly<Record<number, Schema>>;
  /** Answers that the document has besides, where the route writes them itself. */
  readonly shownAnswer?: Readonly<Record<number, Schema>>;
  readonly faults: readonly number[];
}

/** The schemas of a route that may refuse with `faults` besides what every route can refuse. */
export function routeSchema(
  tag: string,
  operationId: string,
  summary: string,
  parts: {
    params?: Schema;
    querystring?: Schema;
    body?: Schema;
    shownBody?: Schema;
    answer: Record<number, Schema>;
    shownAnswer?: Record<number, Schema>;
    faults?: number[];
  },
): RouteSchema {
  const { answer, faults = [], ...rest } = parts;
  const body = parts.body === undefined && parts.shownBody === undefined ? [] : [413, 415];
  return {
    tags: [tag],
    operationId,
    summary,
    ...rest,
    response: answer,
    faults: [400, 401, 403, ...body, ...faults],
  };
}

/**
 * A route's schemas as the OpenAPI document has them: its faults among its answers. They are left out of the
 * route itself, which would have a serialiser made for each.
 */
export function documented(schema: RouteSchema): object {
  const { faults, response, shownBody, shownAnswer, ...rest } = schema;
  return {
    ...rest,
    ...(shownBody === undefined ? {} : { body: shownBody }),
    response: {
      ...response,
      ...shownAnswer,
      ...Object.fromEntries(faults.map((status) => [status, problem(status)])),
      default: problem("default"),
    },
  };
}

/** An answer by its name. */
export function answer(description: string, name: string): Schema {
  return { description, content: { "application/json": { schema: ref(name) } } };
}

/** 204: done, and nothing to tell. */
export const nothing: Schema = { description: "done", type: "null" };

function problem(status: number | "default"): Schema {
  const descriptions: Record<number | "default", string> = {
    default: "any other fault, such as 500 and 503",
    400: "not as the schema says",
    401: "no bearer token, or another",
    403: "from a web page of another origin",
    404: "not there",
    406: "in none of the formats that the caller takes",
    409: "at odds with what is there",
    413: "the body is too large",
    415: "the body is no JSON",
    422: "well formed, but cannot be carried out",
    429: "too many of them wait already",
  };
  return {
    description: descriptions[status],
    content: { "application/problem+json": { schema: ref("Problem") } },
  };
}

/** Runs `work`, and tells what the cloud refuses with this status, or with the one made of the reason. */
export function refusedAs<T>(status: number | ((reason: string) => number), work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProductError || error instanceof DeviceListError || error instanceof RangeError) {
      if (error instanceof DeviceKeyError) throw new Problem(409, error.message);
      throw new Problem(typeof status === "number" ? status : status(error.message), error.message);
    }
    throw error;
  }
}

export function noDevice({ productKey, deviceKey }: DeviceParams): Problem {
  return new Problem(404, `no device ${productKey}/${deviceKey}`);
}

export function noProduct({ productKey }: ProductParams): Problem {
  return new Problem(404, `no product ${productKey}`);
}

/** A member left out when there is none, as the schemas have it. */
export function given<T extends object>(members: T): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
