/** Who is let in, what is refused before any route is asked, and the real port. */
import { connect } from "node:net";
import { createServer } from "node:http";
import { afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { ApiError, bodyLimit, buildApi, serveApi } from "../../../../host-sim/cloud/api/server";
import type { ApiOptions } from "../../../../host-sim/cloud/api/route-context";
import { EnosCloud } from "../../../../host-sim/cloud/cloud";
import { here, apiRig, detailOf } from "./rig";
import type { ApiRig } from "./rig";

const apiToken = "0123456789abcdef-token";
const devices = "/api/v1/devices";

describe("without a token, on loopback", () => {
  it("everybody here is let in", async () => {
    const { call } = await apiRig();
    expect((await call("GET", devices)).status).toBe(200);
    expect((await call("GET", devices, undefined, { authorization: "Bearer anything" })).status).toBe(200);
  });

  it("is not served anywhere else", async () => {
    for (const host of ["0.0.0.0", "::", "192.168.1.5", "cloud.lan", ""]) {
      await expect(apiRig({ host })).rejects.toThrow(
        /needs a token: set ENOS_API_TOKEN, or .*--api-token-file/,
      );
    }
  });
});

describe("a body nested deeper than any stack", () => {
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  const json = { "content-type": "application/json" };

  it.each<[string, string, string]>([
    ["POST", `${here}/commands`, `{"kind":"set","points":{"relay":${deep(60_000)}}}`],
    ["POST", `${here}/commands`, `{"kind":"service","service":"x","inputs":{"a":${deep(32)}}}`],
    ["PUT", "/api/v1/products/p", `{"model":${deep(60_000)}}`],
    ["POST", "/api/v1/products/MuGsF6W4/script/try", `{"json":${deep(100_000)}}`],
    ["POST", devices, deep(120_000)],
  ])("%s %s is refused with a reason", async (method, url, body) => {
    const { call, errors } = await apiRig();
    expect(detailOf(await call(method, url, body, json), 400)).toBe("body: is nested more than 32 deep");
    expect(errors).toEqual([]);
  });
});

describe.each<[string, Record<string, string>]>([
  ["127.0.0.1", { host: "127.0.0.1:8080" }],
  ["0.0.0.0", { host: "192.168.1.5:8080" }],
  ["cloud.lan", { host: "cloud.lan" }],
])("with a token, on %s", (host, headers) => {
  let call: ApiRig["call"];
  beforeAll(async () => {
    ({ call } = await apiRig({ host, token: apiToken }));
  });

  it.each<[string, string | undefined, number, RegExp]>([
    ["none", undefined, 401, /^Bearer realm="EnOS stand-in"$/],
    ["a wrong one", `Bearer ${apiToken}x`, 401, /^Bearer realm="EnOS stand-in", error="invalid_token"$/],
    ["its beginning", `Bearer ${apiToken.slice(0, -1)}`, 401, /invalid_token/],
    [
      "another scheme",
      `Basic ${Buffer.from(`a:${apiToken}`).toString("base64")}`,
      401,
      /^Bearer realm="[^"]*"$/,
    ],
    ["the right one", `Bearer ${apiToken}`, 200, /^$/],
  ])("%s is answered", async (_name, authorization, status, challenge) => {
    const all = authorization === undefined ? headers : { ...headers, authorization };
    const answer = await call("GET", devices, undefined, all);
    expect(answer.status).toBe(status);
    expect(String(answer.headers["www-authenticate"] ?? "")).toMatch(challenge);
    if (status !== 401) return;
    expect(detailOf(answer, 401)).not.toContain(apiToken.slice(0, 10));
    // Neither routes nor the document can be found out.
    for (const url of ["/openapi.json", "/api/v1/nothing", "/", `${here}/disable`]) {
      detailOf(await call(url.endsWith("disable") ? "POST" : "GET", url, undefined, all), 401);
    }
  });
});

it("takes no token in the address", async () => {
  const { call } = await apiRig({ token: apiToken });
  detailOf(await call("GET", `${devices}?access_token=${apiToken}`), 401);
});

describe("a web page", () => {
  it("whose name was pointed here is refused", async () => {
    const { call } = await apiRig();
    const answer = await call("GET", devices, undefined, { host: "evil.example:8080" });
    expect(detailOf(answer, 400)).toMatch(/^Host: not a name of this API; call it by its address/);
  });

  it("of another origin is refused, and is not told that it may ask", async () => {
    const { call, cloud } = await apiRig();
    const origin = { origin: "http://evil.example" };
    expect(detailOf(await call("POST", `${here}/disable`, undefined, origin), 403)).toMatch(/^Origin: /);
    expect(cloud.devices.list().map(({ state }) => state)).not.toContain("disabled");
    const asked = await call("OPTIONS", devices, undefined, {
      ...origin,
      "access-control-request-method": "POST",
    });
    expect(asked.status).toBe(403);
    expect(Object.keys(asked.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

test("every answer forbids to keep it, and to guess its type", async () => {
  const { call } = await apiRig();
  const answers = [
    await call("GET", devices),
    await call("GET", "/openapi.json"),
    await call("GET", "/nothing"),
    await call("GET", "/api/v1/devices/%zz"),
    await call("GET", devices, undefined, { host: "evil.example" }),
    await call("POST", devices, "{"),
  ];
  for (const { headers } of answers) {
    expect(headers).toMatchObject({ "cache-control": "no-store", "x-content-type-options": "nosniff" });
  }
});

describe("a request that no route can take", () => {
  let rig: ApiRig;
  beforeAll(async () => {
    rig = await apiRig();
  });

  it.each<[string, string, string, unknown, Record<string, string>, number, RegExp]>([
    [
      "an unknown path",
      "GET",
      "/api/v1/nothing",
      undefined,
      {},
      404,
      /no such route; \/openapi\.json has the list/,
    ],
    ["an unknown method", "PATCH", devices, {}, {}, 405, /takes no PATCH; it takes GET, HEAD, POST/],
    ["a path that cannot be read", "GET", "/api/v1/devices/%zz", undefined, {}, 400, /percent-encoding/],
    [
      "a body of no JSON",
      "POST",
      devices,
      "{deviceSecret: s3cr3t",
      {},
      400,
      /^body: not JSON, line 1 column 2: /,
    ],
    [
      "a body that touches prototypes",
      "POST",
      devices,
      '{"__proto__":{"s3cr3t":1}}',
      {},
      400,
      /^body: has a member called __proto__ /,
    ],
    ["an empty body", "POST", devices, "", {}, 400, /^body: is empty/],
    [
      "a body of another kind",
      "POST",
      devices,
      "s3cr3t",
      { "content-type": "text/plain" },
      415,
      /application\/json/,
    ],
    [
      "a form",
      "POST",
      devices,
      "s3cr3t=1",
      { "content-type": "application/x-www-form-urlencoded" },
      415,
      /json/,
    ],
    [
      "too long a body",
      "POST",
      devices,
      `"${"x".repeat(bodyLimit)}"`,
      {},
      413,
      /longer than the 262144 bytes/,
    ],
    ["no body", "POST", devices, undefined, {}, 400, /body/],
    [
      "a list as body",
      "POST",
      devices,
      [],
      {},
      400,
      /^body: expected an object of productKey, .*; got an empty list$/,
    ],
    [
      "text for a number",
      "PUT",
      "/api/v1/faults",
      { dropUp: "1" },
      {},
      400,
      /^body\.dropUp: expected a number from 0 to 1; got "1"$/,
    ],
    [
      "an unknown field",
      "PUT",
      "/api/v1/faults",
      { "dro\npUp": 1 },
      {},
      400,
      /^body: unknown member "dro\\npUp"; the nearest is "dropUp"$/,
    ],
    [
      "an unknown query",
      "GET",
      `${devices}?secret=1`,
      undefined,
      {},
      400,
      /^query: unknown parameter "secret"/,
    ],
    [
      "a wrong query",
      "GET",
      `${devices}?limit=many`,
      undefined,
      {},
      400,
      /^query\.limit: expected a whole number from 1 to 1000; got "many"$/,
    ],
    [
      "a wrong state",
      "GET",
      `${devices}?state=lost`,
      undefined,
      {},
      400,
      /state: expected one of "inactive", "online"/,
    ],
    [
      "a key that is none",
      "GET",
      `${devices}/a%2Fb/c`,
      undefined,
      {},
      400,
      /^path\.productKey: expected 1 to 64 of A-Z/,
    ],
    ["too long a key", "GET", `${devices}/${"a".repeat(65)}/c`, undefined, {}, 400, /^path\.productKey: /],
  ])("because of %s", async (_name, method, url, body, headers, status, detail) => {
    const said = detailOf(await rig.call(method, url, body, headers), status);
    expect(said).toMatch(detail);
    expect(said).not.toContain("s3cr3t");
    expect(rig.errors).toEqual([]);
  });
});

describe("what was changed", () => {
  it("is safe before the answer leaves", async () => {
    const order: string[] = [];
    const { call } = await apiRig({
      flush: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push("flushed");
      },
    });
    await call("POST", `${here}/disable`).then(() => order.push("answered"));
    await call("GET", devices).then(() => order.push("read"));
    expect(order).toEqual(["flushed", "answered", "read"]);
  });

  it("is not called done when it could not be made safe", async () => {
    const { call } = await apiRig({ flush: () => Promise.reject(new Error("disk full")) });
    expect(detailOf(await call("POST", `${here}/disable`), 503)).toMatch(/data directory cannot be written/);
    expect((await call("GET", devices)).status).toBe(200);
  });
});

test("a fault of the program is told its operator, and its caller only that there was one", async () => {
  const rig = await apiRig();
  Object.defineProperty(rig.cloud.devices, "find", {
    value: () => {
      throw new Error("secret s3cr3t\nsecond line");
    },
  });
  expect(detailOf(await rig.call("GET", devices), 500)).toBe("a fault of the server; its output says more");
  expect(rig.errors).toEqual(["application API: secret s3cr3t second line"]);
});

describe("a real port", () => {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });
  const options = (more: Partial<ApiOptions> = {}): ApiOptions => ({
    cloud: new EnosCloud({
      transmit: () => undefined,
      randomBytes: (n) => new Uint8Array(n),
      edition: "token",
      iv: "zero",
      devices: [],
    }),
    now: () => 0,
    flush: () => Promise.resolve(),
    host: "127.0.0.1",
    version: "1",
    edition: "token",
    kept: false,
    randomBytes: (n) => new Uint8Array(n),
    ...more,
  });
  async function serve(more: Partial<ApiOptions> = {}): Promise<number> {
    const api = await serveApi(options(more), 0);
    opened.push(api);
    return api.port;
  }
  /** Sends bytes as they are, and gives what comes back until the other side closes. */
  function raw(port: number, text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let got = "";
      const socket = connect(port, "127.0.0.1", () => socket.write(text));
      socket.on("data", (bytes) => (got += bytes.toString("latin1")));
      socket.on("close", () => resolve(got));
      socket.on("error", reject);
    });
  }

  it("answers, and is free again once closed", async () => {
    const port = await serve();
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/devices`);
    expect(await answer.json()).toEqual({ items: [], total: 0, limit: 100, offset: 0 });
    const [api] = opened as { close(): Promise<void> }[];
    await Promise.all([api.close(), api.close()]);
    await expect(fetch(`http://127.0.0.1:${port}/api/v1/devices`)).rejects.toThrow();
  });

  it("closes also while a client does not end its request", async () => {
    const port = await serve();
    const head =
      "POST /api/v1/devices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    const answered = raw(port, head).catch(() => "");
    // Its connection is there for sure once a later one has been answered.
    await fetch(`http://127.0.0.1:${port}/api/v1/devices`);
    await opened.splice(0)[0].close();
    await answered;
  });

  it.each<[string, string, RegExp]>([
    ["a request without Host", "GET /api/v1/devices HTTP/1.0\r\n\r\n", /^HTTP\/1\.1 400 /],
    [
      "headers beyond 16 KiB",
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(17_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    ["no HTTP at all", "\x16\x03\x01\x02\x00\r\n\r\n", /^HTTP\/1\.1 400 /],
    [
      "a body longer than the limit, by its length alone",
      `POST /api/v1/devices HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n`,
      /^HTTP\/1\.1 413 /,
    ],
  ])("refuses %s", async (_name, text, status) => {
    expect(await raw(await serve(), text)).toMatch(status);
  });

  it("says why it cannot be had", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const token = apiToken;
    const cases: [Partial<ApiOptions>, number, string, RegExp][] = [
      [
        {},
        port,
        "EADDRINUSE",
        /^application API: TCP port \d+ on 127\.0\.0\.1 is in use; choose another --api-port/,
      ],
      [{ host: "192.0.2.1", token }, 0, "EADDRNOTAVAIL", /192\.0\.2\.1 is no address of this machine/],
      [{ host: "192.0.2.1" }, 0, "TOKEN", /needs a token/],
    ];
    for (const [more, at, code, message] of cases) {
      const error = await serveApi(options(more), at).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    }
    await new Promise((resolve) => other.close(resolve));
  });

  it("does not take a token that can be guessed", async () => {
    await expect(buildApi(options({ token: "short" }))).rejects.toThrow(RangeError);
  });
});
