/**
 * The application API: what a program of EnOS's customer sees, over HTTP, with its OpenAPI document.
 *
 *     GET  /openapi.json
 *     /api/v1/products        thing models and parsing scripts                 products.ts
 *     /api/v1/devices         registry, names, many at once                    devices.ts, bulk.ts
 *     /api/v1/fleet           all devices in short                              fleet.ts
 *     /api/v1/devices/PK/DK   what a device reported, and is told to be        data.ts, messages.ts, attributes.ts
 *     /api/v1/messages        what goes to and fro, of all devices             messages.ts
 *     /api/v1/ota-jobs, ota-tasks, products/PK/firmware                        ota.ts
 *     /api/v1/products/PK/rollouts    a version to all devices in stages       rollouts.ts
 *     /api/v1/commands        set, get, service, raw, and what became of them  commands.ts
 *     /api/v1/status, faults, nat, rate-limit                                  conditions.ts
 *     /api/v1/capture         datagrams as they pass, for Wireshark            capture.ts
 *     /api/v1/events          what happens, as it happens                      event-stream.ts
 *     /api/v1/webhooks        what happens, posted to programs                 webhooks.ts
 *     the page at /                                                            ../console
 *
 * Who may call it: programs on this machine; with a token (needed as soon as it listens on anything but
 * loopback) whoever has that; with a reader's token whoever only looks. No web page of another origin: there is no CORS,
 * and see host-names.ts.
 */
import type { AddressInfo } from "node:net";
import type { FastifyError, FastifyInstance } from "fastify";
import { deepestNesting, isDeeper } from "../../model/nesting";
import { isPagePath, pageRoutes } from "../console/pages";
import { toolRoutes } from "../console/tools";
import { attributeRoutes } from "./attributes";
import { bulkRoutes } from "./bulk";
import { captureRoutes } from "./capture";
import { commandRoutes } from "./commands";
import { limitConnections } from "./connections";
import type { ConnectionLimits } from "./connections";
import { writersBy } from "./compiled-schemas";
import { conditionRoutes } from "./conditions";
import { dataRoutes } from "./data";
import { deviceRoutes } from "./devices";
import { fleetRoutes } from "./fleet";
import { eventStreamRoute } from "./event-stream";
import { judgeRequests, readJsonBodies } from "./judge";
import { KnownRoutes } from "./known-routes";
import { hostAllowed, isLoopback, originAllowed } from "./host-names";
import { otaRoutes } from "./ota";
import { rolloutRoutes } from "./rollouts";
import { messageRoutes } from "./messages";
import { Problem, problemHandler, problemText, sendProblem } from "./problem";
import { productRoutes } from "./products";
import { documented } from "./route";
import type { RouteSchema } from "./route";
import type { ApiOptions, RouteContext } from "./route-context";
import { answers, optionalAnswers } from "./schemas/answers";
import { postedByWebhooks } from "./schemas/webhooks";
import { TokenGuard } from "./token";
import type { Access } from "./token";
import { webhookRoutes } from "./webhooks";

declare module "fastify" {
  interface FastifyRequest {
    /** What its token lets it do. */
    access: Access;
  }
  interface FastifyContextConfig {
    /** Readers may call it, whatever its method: what is tried is not stored. */
    readonly changesNothing?: true;
  }
}

/** Below which all routes are but the document's own. */
const apiPrefix = "/api/v1";

/** Largest body, bytes: a thing model and its parsing script with room to spare. */
export const bodyLimit = 256 * 1024;

export interface ApiServer {
  readonly address: string;
  readonly port: number;
  /** Stops listening, lets requests under way end, and closes all connections. A second call is no fault. */
  close(): Promise<void>;
}

/** An API that cannot be served; the message is one line and says what to do. */
export class ApiError extends Error {
  override name = "ApiError";
  /** The system's word for it, such as EADDRINUSE; "TOKEN" when there has to be one. */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** On every answer. */
const everywhere = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** How long idle and slow connections are kept, ms, and how often that is looked at. */
const times = { headers: 10_000, request: 30_000, idle: 60_000, closing: 1000, checking: 1000 };

/** A browser has six at a time, and a program that calls the API a pool of them. */
const connections: ConnectionLimits = { total: 256, perNetwork: 64 };

/**
 * The API without a port, for `serveApi` and for tests.
 * @throws ApiError when anything but loopback would be open without a token; RangeError on a wrong token
 */
export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const { host, token, readToken } = options;
  if (token === undefined && !isLoopback(host)) {
    throw new ApiError(
      `the application API on ${host} needs a token: set ENOS_API_TOKEN, or name a file with --api-token-file`,
      "TOKEN",
    );
  }
  if (token === undefined && readToken !== undefined) {
    throw new ApiError(
      "a reader's token is of use only beside the operator's: set ENOS_API_TOKEN, or name a file with --api-token-file",
      "TOKEN",
    );
  }
  const guard = token === undefined ? undefined : new TokenGuard(token, readToken);
  // Loaded here, so that the commands that serve no API do not wait for it.
  const [{ default: fastify }, { default: swagger }, { default: serializers }] = await Promise.all([
    import("fastify"),
    import("@fastify/swagger"),
    import("@fastify/fast-json-stringify-compiler"),
  ]);
  const { feed, webhooks } = options;
  const more = [(feed ?? webhooks) && optionalAnswers.events, webhooks && optionalAnswers.webhooks].flatMap(
    (schemas) => schemas ?? [],
  );
  const shared = [...answers, ...more];
  const names = shared.map((schema) => String(schema.$id));
  const app = fastify({
    schemaController: { compilersFactory: { buildSerializer: writersBy(serializers(), names) } },
    bodyLimit: bodyLimit,
    requestTimeout: times.request,
    connectionTimeout: times.idle,
    keepAliveTimeout: times.idle,
    forceCloseConnections: "idle",
    // Bounds the work of a hostile path; keys have at most 64 characters.
    routerOptions: { maxParamLength: 200 },
    http: {
      maxHeaderSize: 16 * 1024,
      headersTimeout: times.headers,
      connectionsCheckingInterval: times.checking,
    },
    frameworkErrors: (_error, _request, reply) => {
      reply.headers(everywhere);
      void sendProblem(reply, 400, "the path cannot be read; check its percent-encoding");
    },
  });
  limitConnections(app.server, connections);
  app.decorateRequest("access", "operate");
  app.setErrorHandler<FastifyError>(problemHandler(bodyLimit, options.onError ?? (() => undefined)));
  const routes = new KnownRoutes(apiPrefix);
  routes.note(app);
  app.setNotFoundHandler(({ method, url }, reply) => {
    const { problem, allow } = routes.refusal(method, url);
    if (allow !== undefined) reply.header("allow", allow);
    return sendProblem(reply, problem.status, problem.message);
  });
  judgeRequests(app);
  readJsonBodies(app);

  app.addHook("onRequest", async (request, reply) => {
    reply.headers(everywhere);
    const { host: named, origin, authorization } = request.headers;
    if (!hostAllowed(named, host)) {
      throw new Problem(
        400,
        "Host: not a name of this API; call it by its address, or name it with --api-host",
      );
    }
    if (!originAllowed(origin, named))
      throw new Problem(403, "Origin: web pages of other origins are not let in");
    if (request.headers["webhook-id"] !== undefined) {
      throw new Problem(403, "webhooks do not call this API, for they would go in circles");
    }
    if (options.feed !== undefined && isPagePath(request.url)) return;
    const verdict = guard?.judge(authorization) ?? "operate";
    if (verdict === "operate" || verdict === "read") {
      request.access = verdict;
      const { method, routeOptions } = request;
      const reads = method === "GET" || method === "HEAD" || routeOptions.config.changesNothing === true;
      if (verdict === "operate" || reads) return;
      throw new Problem(403, "this token may look and change nothing; the operator's may");
    }
    // RFC 6750 section 3.1: no error code when no token came at all.
    const wrong = verdict === "wrong" ? ', error="invalid_token"' : "";
    reply.header("www-authenticate", `Bearer realm="EnOS stand-in"${wrong}`);
    throw new Problem(
      401,
      `expected Authorization: Bearer with the API's token, ${verdict === "wrong" ? "got another" : "got none"}`,
    );
  });
  app.addHook("preValidation", async ({ body }) => {
    // A file's bytes are no values within values, and there are millions of them.
    if (!Buffer.isBuffer(body) && isDeeper(body, deepestNesting)) {
      throw new Problem(400, `body: is nested more than ${deepestNesting} deep`);
    }
  });
  app.addHook("onSend", async (request, reply, body) => {
    if (request.method === "GET" || request.method === "HEAD" || reply.statusCode >= 400) return body;
    try {
      await options.flush();
      return body;
    } catch {
      const detail = "the data directory cannot be written; the server is about to end";
      reply.code(503).type("application/problem+json").removeHeader("location");
      return problemText(503, detail);
    }
  });

  for (const schema of shared) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "EnOS stand-in, application API",
        version: options.version,
        description:
          "Devices, what they reported, and commands to them. Times are epoch ms, durations seconds. " +
          "Every fault is application/problem+json.",
        license: { name: "MIT", identifier: "MIT" },
      },
      components:
        guard === undefined
          ? undefined
          : { securitySchemes: { token: { type: "http" as const, scheme: "bearer" } } },
      security: guard === undefined ? [] : [{ token: [] }],
    },
    transform: ({ schema, url }) => ({
      // The document's own route has none to show.
      schema: schema.hide === true ? schema : documented(schema as unknown as RouteSchema),
      url,
    }),
    refResolver: { buildLocalReference: (json) => String(json.$id) },
  });

  const context: RouteContext = { ...options, startedAt: options.now() };
  await app.register(
    async (api) => {
      productRoutes(api, context);
      deviceRoutes(api, context);
      bulkRoutes(api, context);
      fleetRoutes(api, context);
      dataRoutes(api, context);
      attributeRoutes(api, context);
      messageRoutes(api, context);
      commandRoutes(api, context);
      otaRoutes(api, context);
      rolloutRoutes(api, context);
      conditionRoutes(api, context);
      if (options.capture !== undefined) captureRoutes(api, context, options.capture);
      if (options.feed !== undefined) eventStreamRoute(api, options.feed);
      if (options.webhooks !== undefined) webhookRoutes(api, options.webhooks);
    },
    { prefix: apiPrefix },
  );
  if (options.feed !== undefined) {
    await app.register(async (tools) => toolRoutes(tools, options.cloud, options.now, options.scriptEngine), {
      prefix: "/console",
    });
  }
  if (options.feed !== undefined) pageRoutes(app);
  app.get("/openapi.json", { schema: { hide: true } }, ({ headers }) => {
    // Under the name by which its reader has reached it, which the hook above has let pass.
    const servers = [{ url: `http://${headers.host}`, description: "where this document is from" }];
    const posted = webhooks === undefined ? {} : { webhooks: postedByWebhooks };
    return { ...app.swagger(), servers, ...posted };
  });
  await app.ready();
  return app;
}

/**
 * Serves the API until `close`.
 * @param port 0 lets the system choose one
 * @throws ApiError (as a rejection) when the port cannot be opened; what `buildApi` throws
 */
export async function serveApi(options: ApiOptions, port: number): Promise<ApiServer> {
  const app = await buildApi(options);
  try {
    await app.listen({ host: options.host, port });
  } catch (error) {
    await app.close();
    const fault = error as NodeJS.ErrnoException;
    throw new ApiError(listenFault(fault, options.host, port), fault.code ?? "UNKNOWN");
  }
  const bound = app.server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    // Handlers answer at once; what is still open after this is a client that does not finish its request.
    const impatience = setTimeout(() => app.server.closeAllConnections(), times.closing);
    await app.close();
    clearTimeout(impatience);
  };
  return { address: bound.address, port: bound.port, close: () => (closed ??= end()) };
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `TCP port ${port} on ${host}`;
  switch (error.code) {
    case "EADDRINUSE":
      return `application API: ${where} is in use; choose another --api-port, or --no-api`;
    case "EACCES":
      return `application API: no permission for ${where}; choose an --api-port above 1023`;
    case "EADDRNOTAVAIL":
      return `application API: ${host} is no address of this machine; choose another --api-host`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `application API: ${host} is not a known host name; choose another --api-host`;
    default:
      return `application API: cannot listen on ${where}: ${error.message.split("\n")[0]}`;
  }
}
