/** What a wrong request is told: in one line where, what was expected, what came, and how to mend it. */
import { beforeAll, describe, expect, it, test } from "vitest";
import { expected } from "../../../../host-sim/cloud/api/request-fault";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { bodyLimit } from "../../../../host-sim/cloud/api/server";
import { dk, pk } from "./device";
import { apiRig, detailOf, here } from "./rig";
import type { ApiRig } from "./rig";

const devices = "/api/v1/devices";
const product = `/api/v1/products/${pk}`;
const commands = `${here}/commands`;
const key = "1 to 64 of A-Z a-z 0-9 . _ : - other than . and ..";

let rig: ApiRig;
beforeAll(async () => {
  rig = await apiRig();
});

type Row = [method: string, url: string, body: unknown, status: number, detail: string];

const text = (body: string): string => body;

describe("a wrong request", () => {
  it.each<Row>([
    // Paths and methods.
    [
      "GET",
      "/api/v1/device",
      undefined,
      404,
      "no such route; the nearest is /api/v1/devices; /openapi.json has the list",
    ],
    [
      "GET",
      "/devices",
      undefined,
      404,
      "no such route; the nearest is /api/v1/devices; /openapi.json has the list",
    ],
    [
      "GET",
      "/api/v1/devices/",
      undefined,
      404,
      "no such route; the nearest is /api/v1/devices; /openapi.json has the list",
    ],
    [
      "GET",
      `${here}/atributes`,
      undefined,
      404,
      "no such route; the nearest is /api/v1/devices/{productKey}/{deviceKey}/attributes; /openapi.json has the list",
    ],
    [
      "GET",
      `${here}/measurePoints`,
      undefined,
      404,
      "no such route; the nearest is /api/v1/devices/{productKey}/{deviceKey}/measurepoints; /openapi.json has the list",
    ],
    ["GET", "/api/v2/entirely/else", undefined, 404, "no such route; /openapi.json has the list"],
    ["PUT", "/api/v1/status", {}, 405, "/api/v1/status takes no PUT; it takes GET, HEAD"],
    [
      "DELETE",
      commands,
      undefined,
      405,
      "/api/v1/devices/{productKey}/{deviceKey}/commands takes no DELETE; it takes GET, HEAD, POST",
    ],
    [
      "GET",
      `${here}/enable`,
      undefined,
      405,
      "/api/v1/devices/{productKey}/{deviceKey}/enable takes no GET; it takes POST",
    ],
    ["GET", "/api/v1/devices/a%2Fb/c", undefined, 400, `path.productKey: expected ${key}; got "a/b"`],
    [
      "GET",
      `/api/v1/devices/${pk}/${"x".repeat(65)}`,
      undefined,
      400,
      `path.deviceKey: expected ${key}; got "${"x".repeat(40)}"… (65 characters)`,
    ],
    ["GET", "/api/v1/commands/abc", undefined, 400, 'path.id: expected 1 to 20 digits; got "abc"'],
    [
      "GET",
      `${here}/measurepoints/9x/history`,
      undefined,
      400,
      'path.id: expected an identifier of a letter and then letters, digits, _ . or -, at most 64; got "9x"',
    ],

    // Queries.
    [
      "GET",
      `${devices}?limit=many`,
      undefined,
      400,
      'query.limit: expected a whole number from 1 to 1000; got "many"',
    ],
    [
      "GET",
      `${devices}?limit=0`,
      undefined,
      400,
      "query.limit: expected a whole number from 1 to 1000; got 0",
    ],
    [
      "GET",
      `${devices}?limit=1.5`,
      undefined,
      400,
      'query.limit: expected a whole number from 1 to 1000; got "1.5"',
    ],
    [
      "GET",
      `${devices}?limit=1&limit=2`,
      undefined,
      400,
      "query.limit: expected a whole number from 1 to 1000; got a list of 2",
    ],
    [
      "GET",
      `${devices}?stat=online`,
      undefined,
      400,
      'query: unknown parameter "stat"; the nearest is "state"',
    ],
    [
      "GET",
      `${devices}?state=onlin`,
      undefined,
      400,
      'query.state: expected one of "inactive", "online", "offline", "disabled"; got "onlin"; the nearest is "online"',
    ],
    [
      "GET",
      `${here}/events?order=up`,
      undefined,
      400,
      'query.order: expected one of "asc", "desc"; got "up"',
    ],
    ["GET", `${here}/events?from=2&to=1`, undefined, 400, "query.from: is later than to; swap them"],

    // Bodies that cannot be read.
    ["POST", devices, text(""), 400, "body: is empty; expected JSON, or no Content-Type"],
    [
      "POST",
      devices,
      text("{productKey: 1}"),
      400,
      "body: not JSON, line 1 column 2: expected a name in double quotes or }, got p",
    ],
    [
      "POST",
      devices,
      text('{\n  "productKey": "a",\n}'),
      400,
      "body: not JSON, line 3 column 1: expected a name in double quotes, got }",
    ],
    [
      "POST",
      devices,
      text('{"productKey":"a"'),
      400,
      "body: not JSON, line 1 column 18: expected a comma or }, got the end",
    ],
    [
      "POST",
      devices,
      text("{'productKey':'a'}"),
      400,
      "body: not JSON, line 1 column 2: expected a name in double quotes or }, got '",
    ],
    [
      "POST",
      devices,
      text('{"__proto__":{"a":1}}'),
      400,
      "body: has a member called __proto__ or constructor.prototype; leave it out",
    ],
    [
      "POST",
      devices,
      text(`"${"x".repeat(bodyLimit)}"`),
      413,
      "body: is longer than the 262144 bytes that this route takes",
    ],
    [
      "POST",
      devices,
      undefined,
      400,
      "body: expected an object of productKey, deviceKey, name, deviceSecret, edition; got null",
    ],

    // Members.
    ["POST", devices, { productKey: pk }, 400, `body.deviceKey: is missing; expected ${key}`],
    [
      "POST",
      devices,
      { productKey: pk, devicekey: "x", deviceKey: "x" },
      400,
      'body: unknown member "devicekey"; the nearest is "deviceKey"',
    ],
    [
      "POST",
      devices,
      { productKey: pk, deviceKey: "x", colour: 1 },
      400,
      'body: unknown member "colour"; there are productKey, deviceKey, name, deviceSecret, edition',
    ],
    ["POST", devices, { productKey: pk, deviceKey: 7 }, 400, `body.deviceKey: expected ${key}; got 7`],
    [
      "POST",
      devices,
      { productKey: pk, deviceKey: "x", name: "n".repeat(129) },
      400,
      `body.name: expected text of at most 128 characters; got "${"n".repeat(40)}"… (129 characters)`,
    ],
    [
      "POST",
      devices,
      { productKey: pk, deviceKey: "x", deviceSecret: "s3cr3t".repeat(30) },
      400,
      "body.deviceSecret: expected text of 1 to 128 characters; got text of 180 characters",
    ],
    [
      "POST",
      devices,
      { productKey: pk, deviceKey: "x", edition: "tokenles" },
      400,
      'body.edition: expected one of "token", "tokenless"; got "tokenles"; the nearest is "tokenless"',
    ],
    [
      "POST",
      devices,
      [],
      400,
      "body: expected an object of productKey, deviceKey, name, deviceSecret, edition; got an empty list",
    ],
    ["PUT", product, { model: "x" }, 400, 'body.model: expected an object; got "x"'],
    [
      "PUT",
      product,
      { largestDatagram: 100 },
      400,
      "body.largestDatagram: expected a whole number from 256 to 1152; got 100",
    ],
    [
      "PUT",
      product,
      { payload: "RAW" },
      400,
      'body.payload: expected one of "raw", "json"; got "RAW"; the nearest is "raw"',
    ],
    ["POST", `${product}/script/try`, {}, 400, "body: expected one of bytes and json, got neither"],
    [
      "POST",
      `${product}/script/try`,
      { bytes: "00", json: 1 },
      400,
      "body: expected one of bytes and json, got both",
    ],
    [
      "POST",
      `${product}/script/try`,
      { bytes: "0x00" },
      400,
      'body.bytes: expected an even number of hex digits; got "0x00"',
    ],
    ["PUT", "/api/v1/faults", { dropUp: "1" }, 400, 'body.dropUp: expected a number from 0 to 1; got "1"'],
    ["PUT", "/api/v1/faults", { dropup: 1 }, 400, 'body: unknown member "dropup"; the nearest is "dropUp"'],
    ["PUT", "/api/v1/nat", { tie: null }, 400, 'body.tie: expected one of "path", "address"; got null'],

    // The member of a union that was meant.
    ["POST", commands, {}, 400, 'body.kind: is missing; expected one of "set", "get", "service", "raw"'],
    [
      "POST",
      commands,
      { kind: "sett" },
      400,
      'body.kind: expected one of "set", "get", "service", "raw"; got "sett"; the nearest is "set"',
    ],
    ["POST", commands, { kind: 1 }, 400, 'body.kind: expected one of "set", "get", "service", "raw"; got 1'],
    [
      "POST",
      commands,
      { kind: "set", point: { relay: 1 } },
      400,
      "body.points: is missing; expected an object of 1 to 200 members",
    ],
    [
      "POST",
      commands,
      { kind: "set", points: {} },
      400,
      "body.points: expected an object of 1 to 200 members; got an empty object",
    ],
    [
      "POST",
      commands,
      { kind: "get", points: ["relay", "9x"] },
      400,
      'body.points[1]: expected an identifier of a letter and then letters, digits, _ . or -, at most 64; got "9x"',
    ],
    [
      "POST",
      commands,
      { kind: "get", points: [] },
      400,
      "body.points: expected a list of 1 to 200 entries; got an empty list",
    ],
    [
      "POST",
      commands,
      { kind: "service", service: "a b" },
      400,
      'body.service: expected 1 to 64 letters, digits, _ . or -; got "a b"',
    ],
    [
      "POST",
      commands,
      { kind: "raw", payload: "12", requestId: -1 },
      400,
      "body.requestId: expected a whole number from 0 to 4294967295; got -1",
    ],
  ])("%s %s %j is told", async (method, url, body, status, detail) => {
    const answer = await rig.call(method, url, body);
    expect(detailOf(answer, status)).toBe(detail);
    expect(answer.text).not.toContain("s3cr3t");
    if (status === 405) expect(answer.headers["allow"]).toBe(detail.replace(/^.*it takes /, ""));
  });

  it.each<[string, string]>([
    ["text/plain", "Content-Type: expected application/json; got text/plain"],
    [
      "application/xml; charset=utf-8",
      "Content-Type: expected application/json; got application/xml; charset=utf-8",
    ],
  ])("with a body of %s is told what there is to be", async (type, detail) => {
    expect(detailOf(await rig.call("POST", devices, "x", { "content-type": type }), 415)).toBe(detail);
  });
});

test("a body of JSON may be called by what it is used for", async () => {
  const type = { "content-type": "application/merge-patch+json" };
  expect((await rig.call("PUT", "/api/v1/nat", {}, type)).status).toBe(200);
});

test("no request of the table has changed anything", async () => {
  const { body } = await rig.call("GET", devices);
  expect(body.items.map(({ deviceKey }: { deviceKey: string }) => deviceKey)).toEqual([dk, "other"]);
  expect(rig.errors).toEqual([]);
});

describe("what a schema takes is said in words", () => {
  it.each<[Record<string, unknown>, string]>([
    [{ type: "boolean" }, "true or false"],
    [{ type: ["string", "null"], maxLength: 8 }, "text of at most 8 characters or null"],
    [{ type: "integer" }, "a whole number"],
    [{ type: "number", maximum: 5 }, "a number up to 5"],
    [{ type: "array", minItems: 1, maxItems: 1 }, "a list of 1 entry"],
    [{ const: "set" }, '"set"'],
    [{ oneOf: [{ type: "integer", minimum: 0 }, { type: "string" }] }, "a whole number from 0, or text"],
    [{}, "a value"],
  ])("%j", (schema, words) => {
    expect(expected(schema)).toBe(words);
  });
});

test("the console's page is told in the same words", async () => {
  const { call } = await apiRig({ feed: new Feed(() => 0) });
  const told = async (body: object): Promise<string> =>
    detailOf(await call("POST", `/console/products/${pk}/script/try`, body), 400);
  expect(await told({ bytes: "00" })).toBe(
    "body.script: is missing; expected text of at most 1048576 characters",
  );
  expect(await told({ script: "" })).toBe("body: expected one of bytes and json, got neither");
  expect(await told({ script: "", bytes: "", json: 1 })).toBe(
    "body: expected one of bytes and json, got both",
  );
  expect(await told({ script: "", bytes: "zz" })).toBe(
    'body.bytes: expected an even number of hex digits; got "zz"',
  );
});
