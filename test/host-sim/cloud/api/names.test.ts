/** Names of devices: searched, sorted by, changed, and kept over a restart; and products changed in part. */
import { beforeEach, describe, expect, it, test, vi } from "vitest";
import { EnosCloud } from "../../../../host-sim/cloud/cloud";
import { CloudDevice } from "../../../../host-sim/cloud/registry/cloud-device";
import type { CloudOptions } from "../../../../host-sim/cloud/cloud";
import { Device, demoSecret, dk, pk } from "./device";
import { apiRig, demoModel, detailOf, here } from "./rig";
import type { ApiRig } from "./rig";

const devices = "/api/v1/devices";
const product = `/api/v1/products/${pk}`;

let rig: ApiRig;
let call: ApiRig["call"];
beforeEach(async () => {
  rig = await apiRig();
  call = rig.call;
});

async function keysOf(query: string): Promise<[keys: string[], total: number]> {
  const { body, status, text } = await call("GET", `${devices}${query}`);
  if (status !== 200) throw new Error(text);
  return [body.items.map(({ deviceKey }: { deviceKey: string }) => deviceKey), body.total];
}

describe("devices", () => {
  beforeEach(async () => {
    for (const [productKey, deviceKey, name] of [
      ["green", "g2", "Hall North"],
      ["green", "g1", "hall south"],
      ["green", "g3", "Attic"],
      ["blue", "north", undefined],
    ]) {
      expect((await call("POST", devices, { productKey, deviceKey, name })).status).toBe(201);
    }
  });

  it("are found by their name, their key or their product's, in capital letters or small ones", async () => {
    expect(await keysOf("?q=hall")).toEqual([["g2", "g1"], 2]);
    expect(await keysOf("?q=NORTH")).toEqual([["g2", "north"], 2]);
    expect(await keysOf("?q=green/g")).toEqual([["g2", "g1", "g3"], 3]);
    expect(await keysOf("?q=hall&productKey=blue")).toEqual([[], 0]);
    expect(await keysOf("?q=%20%20")).toEqual([[dk, "other", "g2", "g1", "g3", "north"], 6]);
    expect(await keysOf("?q=nowhere")).toEqual([[], 0]);
  });

  it("are found by the firmware that they informed of", async () => {
    const device = new Device(rig);
    device.authenticate();
    device.say("1", "ota/device/inform", { version: "1.4.2" });
    expect(await keysOf("?firmwareVersion=1.4.2")).toEqual([[dk], 1]);
    expect(await keysOf("?firmwareVersion=1.4")).toEqual([[], 0]);
  });

  it("are sorted, equal ones by their keys, those without a value last", async () => {
    expect(await keysOf("?sort=name")).toEqual([["g3", "g2", "g1", dk, "other", "north"], 6]);
    expect(await keysOf("?sort=name&order=desc")).toEqual([["g1", "g2", "g3", dk, "other", "north"], 6]);
    expect(await keysOf("?sort=productKey")).toEqual([[dk, "other", "north", "g1", "g2", "g3"], 6]);
    expect(await keysOf("?order=desc&limit=2")).toEqual([["north", "g3"], 6]);
    new Device(rig).authenticate();
    expect((await keysOf("?sort=lastSeen&limit=1"))[0]).toEqual([dk]);
    expect((await keysOf("?sort=state&limit=5"))[0]).toEqual(["other", "north", "g1", "g2", "g3"]);
  });

  it.each(["registered", "productKey", "deviceKey", "name", "state", "lastSeen", "firmwareVersion"])(
    "are all there once over the pages, by %s",
    async (sort) => {
      const [all] = await keysOf(`?sort=${sort}`);
      const paged: string[] = [];
      for (let offset = 0; offset < 7; offset += 2) {
        paged.push(...(await keysOf(`?sort=${sort}&limit=2&offset=${offset}`))[0]);
      }
      expect(paged).toEqual(all);
      expect(new Set(all).size).toBe(6);
    },
  );
});

describe("a device", () => {
  it("gets a name, another one, and none", async () => {
    const events: string[] = [];
    rig = await apiRig({}, { onEvent: ({ type }) => events.push(type) });
    call = rig.call;
    const named = await call("PATCH", here, { name: "Hall" });
    expect([named.status, named.body.name]).toEqual([200, "Hall"]);
    expect((await call("PATCH", here, {})).body.name).toBe("Hall");
    expect((await call("PATCH", here, { name: "Attic" })).body.name).toBe("Attic");
    expect(await keysOf("?q=attic")).toEqual([[dk], 1]);
    expect((await call("PATCH", here, { name: null })).body).not.toHaveProperty("name");
    expect((await call("GET", here)).body).not.toHaveProperty("name");
    expect(events).toEqual(["changed", "changed", "changed", "changed"]);
  });

  it("keeps its session when it gets a name", async () => {
    const device = new Device(rig);
    device.authenticate();
    await call("PATCH", here, { name: "Hall" });
    expect(device.points("1", { temperature: 20 }).json).toMatchObject({ code: 200 });
  });

  it("gets another secret, which is told nowhere", async () => {
    const deviceSecret = "quite another secret";
    const { status, text } = await call("PATCH", here, { deviceSecret });
    expect(status).toBe(200);
    expect(text).not.toContain(deviceSecret);
    expect(new Device(rig).authenticate().code).toBe("4.01");
    // The same message id is taken for a retransmission no more.
    rig.time.now += 300_000;
    expect(new Device(rig, dk, deviceSecret).authenticate().code).toBe("2.04");
  });

  it("speaks another edition from then on, in a new session", async () => {
    new Device(rig).authenticate();
    expect((await call("PATCH", here, { edition: "token" })).body).toMatchObject({
      edition: "token",
      state: "offline",
    });
  });

  it.each<[unknown, string]>([
    [{ name: 5 }, "body.name: expected text of at most 128 characters or null; got 5"],
    [{ deviceSecret: null }, "body.deviceSecret: expected text of 1 to 128 characters; got null"],
    [{ edition: null }, 'body.edition: expected one of "token", "tokenless"; got null'],
    [{ deviceKey: "x" }, 'body: unknown member "deviceKey"; there are name, deviceSecret, edition'],
  ])("does not become %j", async (body, detail) => {
    expect(detailOf(await call("PATCH", here, body), 400)).toBe(detail);
  });

  it("has to be there", async () => {
    detailOf(await call("PATCH", `${devices}/${pk}/nobody`, { name: "x" }), 404);
  });
});

test("a name is kept over a restart", async () => {
  const kept = new Map<string, unknown>();
  const options: Partial<CloudOptions> = {
    products: [],
    storage: {
      entries: [],
      put: (key, value) => void kept.set(key, structuredClone(value)),
      delete: (key) => void kept.delete(key),
    },
  };
  ({ call } = await apiRig({}, options));
  await call("PATCH", here, { name: "Hall" });
  const again = new EnosCloud({
    ...{ transmit: () => undefined, randomBytes: (n) => new Uint8Array(n), edition: "token", iv: "zero" },
    devices: [{ productKey: pk, deviceKey: dk, deviceSecret: demoSecret, name: "of the list" }],
    storage: { ...options.storage!, entries: [...kept] },
  });
  expect(again.devices.view(pk, dk)?.name).toBe("Hall");
});

describe("a product", () => {
  it("is changed in part, and null takes away", async () => {
    const before = (await call("GET", product)).body;
    const { status, body } = await call("PATCH", product, { name: "Weather", largestDatagram: 1024 });
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, name: "Weather", largestDatagram: 1024 });
    const bare = await call("PATCH", product, { name: null, script: null, largestDatagram: null });
    expect(bare.body).toMatchObject({ hasScript: false, hasModel: true, model: demoModel });
    for (const member of ["name", "script", "largestDatagram"]) expect(bare.body).not.toHaveProperty(member);
  });

  it("stays as it is when the change cannot be", async () => {
    const model = { ...demoModel, measurepoints: [{ identifier: "x" }] };
    expect(detailOf(await call("PATCH", product, { model }), 422)).toMatch(/model/);
    expect((await call("GET", product)).body.model).toEqual(demoModel);
    detailOf(await call("PATCH", "/api/v1/products/nothing", {}), 404);
  });
});

test("ten thousand devices: a page costs no view of those that are not on it", async () => {
  for (let i = 0; i < 10_000; i++) {
    rig.cloud.devices.create({ productKey: "many", deviceKey: `d${i}`, deviceSecret: "s" }, rig.time.now);
  }
  const view = vi.spyOn(CloudDevice.prototype, "view");
  try {
    for (const query of [
      "?limit=10",
      "?limit=10&offset=9000",
      "?limit=10&q=d99",
      "?limit=10&sort=deviceKey",
    ]) {
      view.mockClear();
      expect((await keysOf(query))[0]).toHaveLength(10);
      expect(view, query).toHaveBeenCalledTimes(10);
    }
    view.mockClear();
    await call("GET", "/api/v1/status");
    await call("GET", "/api/v1/products");
    expect(view).not.toHaveBeenCalled();
  } finally {
    view.mockRestore();
  }
});
