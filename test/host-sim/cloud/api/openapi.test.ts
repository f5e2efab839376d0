/** The OpenAPI document: a sound one of 3.1, with every route and every answer in it. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it, test } from "vitest";
import { LiveCapture } from "../../../../host-sim/cloud/capture/live-capture";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { webhooksOver } from "../webhooks/rig";
import { apiRig } from "./rig";

interface Operation {
  tags?: string[];
  operationId?: string;
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes?: object };
  security?: object[];
  servers?: object[];
}

const devicePath = "/api/v1/devices/{productKey}/{deviceKey}";
const routes = `
GET /api/v1/products
GET PUT PATCH DELETE /api/v1/products/{productKey}
GET /api/v1/products/{productKey}/model
POST /api/v1/products/{productKey}/script/try
GET /api/v1/products/{productKey}/versions
GET /api/v1/products/{productKey}/versions/{number}
GET POST /api/v1/devices
POST /api/v1/devices/bulk
GET /api/v1/fleet
GET PATCH DELETE ${devicePath}
POST ${devicePath}/enable
POST ${devicePath}/disable
POST ${devicePath}/forget-session
GET ${devicePath}/measurepoints
GET ${devicePath}/measurepoints/{id}/history
GET ${devicePath}/events
GET PUT PATCH DELETE ${devicePath}/attributes
GET ${devicePath}/origins
GET PUT PATCH DELETE ${devicePath}/tags
GET ${devicePath}/messages
GET ${devicePath}/measurepoints/history
GET POST ${devicePath}/commands
POST ${devicePath}/commands/revoke
GET /api/v1/commands/{id}
GET /api/v1/products/{productKey}/firmware
GET PUT DELETE /api/v1/products/{productKey}/firmware/{version}
GET POST /api/v1/products/{productKey}/rollouts
GET /api/v1/products/{productKey}/rollouts/{rolloutId}
POST /api/v1/products/{productKey}/rollouts/{rolloutId}/pause
POST /api/v1/products/{productKey}/rollouts/{rolloutId}/resume
POST /api/v1/products/{productKey}/rollouts/{rolloutId}/abort
POST /api/v1/products/{productKey}/rollouts/{rolloutId}/retry
GET ${devicePath}/firmware
POST /api/v1/ota-jobs
GET /api/v1/ota-tasks
GET /api/v1/ota-tasks/{taskId}
POST /api/v1/ota-tasks/{taskId}/cancel
POST /api/v1/ota-tasks/{taskId}/retry
POST /api/v1/commands/{id}/revoke
GET PUT /api/v1/faults
POST /api/v1/faults/forget-sessions
GET PUT /api/v1/nat
GET PUT /api/v1/rate-limit
GET /api/v1/status
GET /api/v1/capture
GET /api/v1/messages
GET /api/v1/devices/{productKey}/{deviceKey}/capture
GET /api/v1/events
GET POST /api/v1/webhooks
GET PATCH DELETE /api/v1/webhooks/{id}
GET /api/v1/webhooks/{id}/deliveries
POST /api/v1/webhooks/{id}/test
`;

/** What is sent as it comes, and is no JSON. */
const streams: ReadonlyMap<string, string> = new Map([
  ["GET /api/v1/capture", "application/x-pcapng"],
  ["GET /api/v1/devices/{productKey}/{deviceKey}/capture", "application/x-pcapng"],
  ["GET /api/v1/events", "text/event-stream"],
]);

const httpMethods = ["get", "put", "post", "delete", "patch", "head", "options"];

let document: Document;
beforeAll(async () => {
  const capture = new LiveCapture(() => ({ address: "127.0.0.1", port: 5683 }));
  const { call } = await apiRig({ capture, feed: new Feed(() => 5), webhooks: webhooksOver().webhooks });
  const answer = await call("GET", "/openapi.json");
  expect(answer.headers["content-type"]).toMatch(/^application\/json/);
  document = answer.body as Document;
});

/** Every operation by its name. */
function operations(): [name: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    httpMethods
      .filter((method) => method in item)
      .map((method): [string, Operation] => [`${method.toUpperCase()} ${path}`, item[method]]),
  );
}

it("is of OpenAPI 3.1, and says what of", () => {
  expect(document.openapi).toBe("3.1.0");
  expect(document.info).toMatchObject({ title: "EnOS stand-in, application API", version: "1.2.3" });
  expect(document.security).toEqual([]);
  expect(document.servers).toEqual([
    { url: "http://localhost:8080", description: "where this document is from" },
  ]);
});

it("has every route, and no other", () => {
  const expected = routes
    .trim()
    .split("\n")
    .flatMap((line) => {
      const words = line.split(" ");
      return words.slice(0, -1).map((method) => `${method} ${words[words.length - 1]}`);
    });
  expect(
    operations()
      .map(([name]) => name)
      .sort(),
  ).toEqual(expected.sort());
});

it("names every operation by a verb and a noun, each once", () => {
  const names = operations().map(([, { operationId }]) => operationId);
  for (const name of names) expect(name).toMatch(/^[a-z]+(?:[A-Z][a-z]+)+$/);
  expect(new Set(names).size).toBe(names.length);
});

it("asks for the token when there is one", async () => {
  const token = "0123456789abcdef";
  const { call } = await apiRig({ token });
  const { body } = await call("GET", "/openapi.json", undefined, { authorization: `Bearer ${token}` });
  expect(body.security).toEqual([{ token: [] }]);
  expect(body.components.securitySchemes).toEqual({ token: { type: "http", scheme: "bearer" } });
  expect(JSON.stringify(body)).not.toContain(token);
});

it("points only at what is there", () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1]);
  expect(refs.length).toBeGreaterThan(100);
  for (const pointer of new Set(refs)) {
    expect(pointer).toMatch(/^#\/components\/schemas\/[A-Za-z]+$/);
    expect(document.components.schemas).toHaveProperty(pointer.split("/").pop()!);
  }
});

it("describes path, body and every answer of every operation", () => {
  for (const [name, { tags, summary, parameters = [], requestBody, responses }] of operations()) {
    expect(tags, name).toHaveLength(1);
    expect(summary, name).toMatch(/\S/);
    const inPath = [...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const declared = parameters.filter((each) => each.in === "path");
    expect(
      declared.map((each) => each.name),
      name,
    ).toEqual(inPath);
    for (const each of parameters) {
      expect(each.schema, name).toBeDefined();
      if (each.in === "path") expect(each.required, name).toBe(true);
    }
    const statuses = Object.keys(responses);
    expect(statuses.filter((status) => status.startsWith("2")).length, name).toBeGreaterThan(0);
    expect(statuses, name).toEqual(expect.arrayContaining(["400", "401", "403"]));
    expect(statuses.includes("415"), name).toBe(requestBody !== undefined);
    if (name.startsWith("PUT")) expect(requestBody, name).toBeDefined();
    for (const [status, { description, content }] of Object.entries(responses)) {
      expect(description, `${name} ${status}`).toMatch(/\S/);
      if (status === "204") expect(content, name).toBeUndefined();
      else if (status.startsWith("2")) {
        const type = streams.get(name) ?? "application/json";
        expect(content, name).toHaveProperty([type, "schema"]);
      } else expect(content, name).toHaveProperty(["application/problem+json", "schema", "$ref"]);
    }
  }
});

test("its schemas are sound ones of JSON Schema 2020-12, which is that of OpenAPI 3.1", () => {
  // OpenAPI's own words besides JSON Schema's.
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    keywords: ["discriminator", "example"],
    strictRequired: false,
  });
  const text = JSON.stringify([document.components.schemas, operations()]);
  const inPlace = text.replaceAll('"#/components/schemas/', '"document#/$defs/');
  const [schemas, all] = JSON.parse(inPlace) as [Record<string, object>, [string, Operation][]];
  ajv.addSchema({ $id: "document", $defs: schemas });
  const found: object[] = Object.values(schemas);
  for (const [, { parameters = [], requestBody, responses }] of all) {
    for (const each of parameters) found.push(each.schema);
    for (const { content = {} } of [requestBody ?? { content: {} }, ...Object.values(responses)]) {
      for (const { schema } of Object.values(content)) found.push(schema);
    }
  }
  expect(found.length).toBeGreaterThan(150);
  for (const schema of found) expect(() => ajv.compile(schema), JSON.stringify(schema)).not.toThrow();
});

describe("no secret", () => {
  it("is in any answer but the one to a registration", () => {
    const holders = Object.entries(document.components.schemas)
      .filter(([, schema]) =>
        /secret|token/i.test(JSON.stringify(schema).replace(/"enum":\["token","tokenless"\]/g, "")),
      )
      .map(([name]) => name);
    expect(holders).toEqual(["NewDevice", "BulkOutcome", "NewWebhook"]);
    const users = operations().filter(([, { responses }]) =>
      /NewDevice|BulkOutcome|NewWebhook/.test(JSON.stringify(responses)),
    );
    expect(users.map(([name]) => name).sort()).toEqual([
      "POST /api/v1/devices",
      "POST /api/v1/devices/bulk",
      "POST /api/v1/webhooks",
    ]);
  });
});
