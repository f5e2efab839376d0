/** Attributes and tags from the cloud's side: set, changed, taken away; the device sees them in its queries. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { Device, pk } from "./device";
import { apiRig, detailOf, here, start } from "./rig";
import type { ApiRig } from "./rig";

let rig: ApiRig;
let call: ApiRig["call"];
let device: Device;
beforeEach(async () => {
  rig = await apiRig();
  call = rig.call;
  device = new Device(rig);
  device.authenticate();
});

const attributes = `${here}/attributes`;
const tags = `${here}/tags`;
/** What the device is answered when it asks for all. */
const asked = (what: "attribute" | "tag"): unknown => device.say("q", `thing/${what}/query`, {}).json.data;

it("say who changed them last", async () => {
  await call("PUT", attributes, { floor: 3, label: "hall" });
  rig.time.now += 1_000;
  device.say("1", "thing/attribute/update", { attributes: { floor: 4, label: "hall" } });
  device.say("2", "thing/tag/update", [{ tagKey: "site", tagValue: "north" }]);
  rig.time.now += 1_000;
  await call("PATCH", tags, { owner: "me" });
  expect((await call("GET", `${here}/origins`)).body).toEqual({
    attributes: { floor: { by: "device", at: start + 1_000 }, label: { by: "operator", at: start } },
    tags: { site: { by: "device", at: start + 1_000 }, owner: { by: "operator", at: start + 2_000 } },
  });
  await call("PATCH", attributes, { floor: null });
  expect((await call("GET", `${here}/origins`)).body.attributes).toEqual({
    label: { by: "operator", at: start },
  });
});

describe("attributes", () => {
  it("are set, changed in part, and taken away, and the device sees it", async () => {
    expect((await call("PUT", attributes, { floor: 3, label: "hall" })).body).toEqual({
      floor: 3,
      label: "hall",
    });
    expect(asked("attribute")).toEqual({ floor: 3, label: "hall" });
    expect((await call("PATCH", attributes, { label: "attic" })).body).toEqual({ floor: 3, label: "attic" });
    expect((await call("PATCH", attributes, { floor: null })).body).toEqual({ label: "attic" });
    expect(asked("attribute")).toEqual({ label: "attic" });
    expect((await call("PUT", attributes, { floor: 1 })).body).toEqual({ floor: 1 });
    expect((await call("GET", attributes)).body).toEqual({ floor: 1 });
    expect((await call("DELETE", attributes)).status).toBe(204);
    expect(asked("attribute")).toEqual({});
  });

  it("that the device has told stay when others are set", async () => {
    device.say("1", "thing/attribute/update", { attributes: { floor: 7 } });
    expect((await call("PATCH", attributes, { label: "hall" })).body).toEqual({ floor: 7, label: "hall" });
  });

  it.each<[unknown, number, RegExp]>([
    [{ colour: "red" }, 422, /^colour: not in the model/],
    [{ floor: "third" }, 422, /^floor: /],
    [{ floor: 1.5 }, 422, /^floor: /],
    [[], 400, /^body: expected an object of at most 200 members; got an empty list$/],
    [Object.fromEntries(Array.from({ length: 201 }, (_e, i) => [`a${i}`, 1])), 400, /at most 200 members/],
  ])("are not %j", async (body, status, detail) => {
    for (const method of ["PUT", "PATCH"]) {
      expect(detailOf(await call(method, attributes, body), status)).toMatch(detail);
    }
    expect(asked("attribute")).toEqual({});
  });

  it("without a model are bounded in number and in length", async () => {
    await call("PUT", `/api/v1/products/${pk}`, {});
    const many = (from: number, count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_each, i) => [`a${from + i}`, i]));
    expect((await call("PATCH", attributes, many(0, 200))).status).toBe(200);
    expect(detailOf(await call("PATCH", attributes, many(200, 1)), 422)).toBe(
      "attributes: a device has at most 200, and these would make 201; remove some",
    );
    expect(detailOf(await call("PUT", attributes, { a: "x".repeat(70_000) }), 422)).toMatch(
      /65536 characters/,
    );
    expect(Object.keys((await call("GET", attributes)).body)).toHaveLength(200);
  });
});

describe("tags", () => {
  it("are set, changed in part, and taken away, and the device sees it", async () => {
    expect((await call("PUT", tags, { site: "A", line: "7" })).body).toEqual({ site: "A", line: "7" });
    expect((await call("PATCH", tags, { site: null, rack: "" })).body).toEqual({ line: "7", rack: "" });
    expect(asked("tag")).toEqual({ line: "7", rack: "" });
    expect((await call("DELETE", tags)).status).toBe(204);
    expect(asked("tag")).toEqual({});
  });

  it.each<[unknown, number, RegExp]>([
    [{ site: 5 }, 400, /^body\.site: expected text of at most 256 characters( or null)?; got 5$/],
    [{ site: "x".repeat(257) }, 400, /^body\.site: expected text of at most 256 characters/],
    [{ "": "x" }, 422, /^tag ""\.tagKey: expected 1 to/],
    [{ ["k".repeat(257)]: "x" }, 422, /^tag "kkk/],
  ])("are not %j", async (body, status, detail) => {
    for (const method of ["PUT", "PATCH"]) {
      expect(detailOf(await call(method, tags, body), status)).toMatch(detail);
    }
    expect(asked("tag")).toEqual({});
  });
});

test("a change is told, and kept over a restart", async () => {
  const kept = new Map<string, any>();
  const events: string[] = [];
  ({ call } = await apiRig(
    {},
    {
      onEvent: ({ type }) => events.push(type),
      storage: {
        entries: [],
        put: (key, value) => void kept.set(key, structuredClone(value)),
        delete: () => {},
      },
    },
  ));
  events.length = 0;
  await call("PUT", tags, { site: "A" });
  await call("PUT", attributes, { floor: 2 });
  expect(events).toEqual(["changed", "changed"]);
  expect(kept.get(`device/${pk}/861234567890123`)).toMatchObject({
    tags: { site: "A" },
    attributes: { floor: 2 },
  });
});

test.each(["attributes", "tags"])("of a device that is not there there are no %s", async (what) => {
  const url = `/api/v1/devices/${pk}/nobody/${what}`;
  for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
    const body = method === "PUT" || method === "PATCH" ? {} : undefined;
    detailOf(await call(method, url, body), 404);
  }
});
