/** Faults, NAT, rate limit and status over HTTP; and that no body whatever makes the server fail. */
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { here, apiRig, detailOf } from "./rig";
import type { ApiRig } from "./rig";
import { Device, pk } from "./device";
import { runs } from "../../../density";

let rig: ApiRig;
let call: ApiRig["call"];
beforeEach(async () => {
  rig = await apiRig();
  call = rig.call;
});

describe.each<[string, Record<string, unknown>, Record<string, unknown>, Record<string, unknown>, unknown]>([
  [
    "faults",
    { dropUp: 0, dropDown: 0, duplicateDown: 0, delayDown: 0, serverError: 0 },
    { dropUp: 0.25, delayDown: 1500 },
    { serverError: 1 },
    { dropUp: 1.1 },
  ],
  ["nat", { tie: "path", addressIdle: 0 }, { tie: "address" }, { addressIdle: 300 }, { tie: "mac" }],
  ["rate-limit", { perSecond: 0, burst: 0 }, { perSecond: 5, burst: 10 }, { burst: 20 }, { perSecond: -1 }],
])("%s", (name, initial, first, second, wrong) => {
  const url = `/api/v1/${name}`;

  it("are read, and set in part", async () => {
    expect((await call("GET", url)).body).toEqual(initial);
    const answer = await call("PUT", url, first);
    expect([answer.status, answer.body]).toEqual([200, { ...initial, ...first }]);
    expect((await call("PUT", url, second)).body).toEqual({ ...initial, ...first, ...second });
    expect((await call("GET", url)).body).toEqual({ ...initial, ...first, ...second });
    expect((await call("PUT", url, {})).body).toEqual({ ...initial, ...first, ...second });
  });

  it("are not set to what cannot be", async () => {
    detailOf(await call("PUT", url, wrong), 400);
    detailOf(await call("PUT", url, { ...first, other: 1 }), 400);
    expect((await call("GET", url)).body).toEqual(initial);
  });
});

it("a fault that is set strikes", async () => {
  const device = new Device(rig);
  device.authenticate();
  await call("PUT", "/api/v1/faults", { serverError: 1 });
  expect(device.points("1", { temperature: 1 }).code).toBe("5.00");
  await call("PUT", "/api/v1/faults", { serverError: 0 });
  expect(device.points("2", { temperature: 1 }).code).toBe("2.04");
});

it("a rate limit needs a burst", async () => {
  expect(detailOf(await call("PUT", "/api/v1/rate-limit", { perSecond: 5 }), 422)).toMatch(/burst/);
});

it("the status counts", async () => {
  rig.time.now += 90_000;
  new Device(rig).authenticate();
  expect((await call("GET", "/api/v1/status")).body).toMatchObject({
    ...{ version: "1.2.3", uptime: 90, edition: "tokenless", products: 1, kept: false },
    ...{ devices: { total: 2, online: 1 }, counters: { datagrams: 1, malformed: 0 } },
  });
});

describe("random requests", () => {
  let shared: ApiRig;
  beforeAll(async () => {
    shared = await apiRig();
  });

  const targets = [
    ["PUT", `/api/v1/products/${pk}`],
    ["PUT", "/api/v1/products/other"],
    ["POST", `/api/v1/products/${pk}/script/try`],
    ["POST", "/api/v1/devices"],
    ["POST", `${here}/commands`],
    ["PUT", "/api/v1/faults"],
    ["PUT", "/api/v1/nat"],
    ["PUT", "/api/v1/rate-limit"],
  ] as const;
  /** Bodies that are nearly right: known members with any values. */
  const member = fc.constantFrom(
    ...["kind", "points", "service", "inputs", "payload", "requestId", "timeout", "productKey", "deviceKey"],
    ...[
      "deviceSecret",
      "name",
      "edition",
      "model",
      "bytes",
      "json",
      "dropUp",
      "delayDown",
      "tie",
      "addressIdle",
    ],
    ...["perSecond", "burst", "__proto__", "constructor", "toString"],
  );
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>("set", "get", "service", "raw", "address", "relay", pk, "00", 1, 0, 1e308, [
      "relay",
    ]),
    fc.constantFrom<unknown>({ relay: 1 }, { relay: { value: 1 } }, { temperature: null }),
  );
  const near = fc.dictionary(member, value).map((body) => JSON.stringify(body));
  const body = fc.oneof(near, fc.json(), fc.string());

  test("are answered with a success or a fault of the caller's, never one of the server's", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...targets), body, async ([method, url], text) => {
        const answer = await shared.call(method, url, text);
        expect(answer.status, answer.text).toBeLessThan(500);
        if (answer.status >= 400) detailOf(answer, answer.status);
      }),
      { numRuns: runs(1500), seed: 4 },
    );
    expect(shared.errors).toEqual([]);
  });

  test("also to any path", async () => {
    const segment = fc.oneof(
      fc.string(),
      fc.constantFrom("devices", "products", "commands", pk, "..", "%2e", "__proto__"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { maxLength: 6 }), async (segments) => {
        const url = `/api/v1/${segments.map((each) => (each.startsWith("%") ? each : encodeURIComponent(each))).join("/")}`;
        const answer = await shared.call("GET", url);
        expect(answer.status, url).toBeLessThan(500);
      }),
      { numRuns: runs(1000), seed: 4 },
    );
    expect(shared.errors).toEqual([]);
  });
});
