/**
 * The routes by path, for requests that none of them takes: the methods of a path that is there, and the nearest path
 * to one that is not.
 */
import type { FastifyInstance } from "fastify";
import { stepsBetween } from "../nearest";
import { Problem } from "./problem";

/** Segments of a path that are looked at; routes have fewer. */
const longestPath = 16;

interface KnownRoute {
  /** As the OpenAPI document writes it: `/api/v1/commands/{id}`. */
  readonly path: string;
  readonly segments: readonly string[];
  readonly methods: Set<string>;
  /** Whether the document has it. */
  readonly isShown: boolean;
}

export class KnownRoutes {
  readonly #routes = new Map<string, KnownRoute>();
  readonly #prefix: string;

  /** @param prefix below which the API's own routes are */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Takes note of each route that is added to `app` from now on. */
  note(app: FastifyInstance): void {
    app.addHook("onRoute", ({ url, method, schema }) => {
      const path = url.replace(/:(\w+)/g, "{$1}");
      const isShown = (schema as { hide?: boolean } | undefined)?.hide !== true;
      let route = this.#routes.get(path);
      if (route === undefined) {
        route = { path, segments: segmentsOf(path), methods: new Set(), isShown };
        this.#routes.set(path, route);
      }
      for (const each of [method].flat()) route.methods.add(each);
    });
  }

  /** Why no route takes a request, and what does: 405 with the methods for Allow, or 404. */
  refusal(method: string, url: string): { problem: Problem; allow?: string } {
    const segments = segmentsOf(url.replace(/[?#].*$/s, ""));
    for (const { path, segments: own, methods } of this.#routes.values()) {
      // A path may still be another one, by a slash at its end.
      if (!matches(own, segments) || methods.has(method)) continue;
      const allow = [...methods].sort().join(", ");
      return { problem: new Problem(405, `${path} takes no ${method}; it takes ${allow}`), allow };
    }
    const near = this.#nearest(segments);
    const hint = near === undefined ? "" : `; the nearest is ${near}`;
    return { problem: new Problem(404, `no such route${hint}; /openapi.json has the list`) };
  }

  #nearest(segments: readonly string[]): string | undefined {
    // Many leave out the prefix.
    const tried = [segments, [...segmentsOf(this.#prefix), ...segments]];
    let best: string | undefined;
    let least = 1;
    for (const { path, segments: own, isShown } of this.#routes.values()) {
      if (!isShown) continue;
      for (const each of tried) {
        const far = distance(own, each);
        if (far >= least) continue;
        least = far;
        best = path;
      }
    }
    return best;
  }
}

function segmentsOf(path: string): string[] {
  return path.split("/", longestPath).filter((segment) => segment !== "");
}

function isParameter(segment: string): boolean {
  return segment.startsWith("{");
}

function matches(own: readonly string[], segments: readonly string[]): boolean {
  if (own.length !== segments.length) return false;
  return own.every((segment, index) => isParameter(segment) || segment === segments[index]);
}

/** Below 1 for paths of which no segment is another, and one is written a little differently, or lacks, at most. */
function distance(own: readonly string[], segments: readonly string[]): number {
  if (Math.abs(own.length - segments.length) > 1) return Infinity;
  let sum = own.length === segments.length ? 0 : 0.9;
  for (let i = 0; i < Math.min(own.length, segments.length); i++) {
    // A literal that is met is nearer than a parameter that takes anything.
    if (isParameter(own[i])) sum += 0.01;
    else sum += (2 * stepsBetween(own[i], segments[i].toLowerCase())) / Math.max(own[i].length, 1);
  }
  return sum;
}
