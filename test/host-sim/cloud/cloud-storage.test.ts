/** A cloud that ends and is started again with what it had kept. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EnosCloud } from "../../../host-sim/cloud/cloud";
import { ProductError } from "../../../host-sim/cloud/registry/product";
import { DeviceListError } from "../../../host-sim/cloud/registry/registry";
import { StorageError } from "../../../host-sim/cloud/registry/fleet";
import type { CloudStorage } from "../../../host-sim/cloud/registry/storage";
import { MemoryStorage } from "./memory-storage";
import {
  demoDevice,
  dk,
  otherDevice,
  pk,
  product,
  TestDevice,
  warm,
  rig,
  rawReading,
  scriptEngine,
} from "./harness";

const say = (device: TestDevice, now: number, id: string, topic: string, params: unknown): string =>
  device.post(now, topic, JSON.stringify({ id, version: "1.0", method: topic.replaceAll("/", "."), params }))
    .text;

/** A day with everything in it. */
function lived(storage: CloudStorage, edition: "token" | "tokenless", limits = {}): TestDevice {
  const device = new TestDevice(rig({ storage, edition, limits }), demoDevice, edition === "token");
  const { cloud } = device.rig;
  device.authenticate(1_000);
  device.post(2_000, "thing/model/up_raw", rawReading(7, [1, warm]));
  say(device, 3_000, "8", "thing/measurepoint/resume", {
    measurepoints: { rssi: { value: -80, quality: 2 } },
    time: 500,
  });
  say(device, 4_000, "9", "thing/event/overheat/post", { events: { temperature: 90 }, time: 450 });
  say(device, 5_000, "10", "thing/attribute/update", { attributes: { floor: 3 } });
  say(device, 6_000, "11", "thing/tag/update", [{ tagKey: "site", tagValue: "north" }]);
  say(device, 7_000, "12", "ota/device/inform", { version: "1.4.2" });
  cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 8_000, { pendingTtl: 100_000 });
  cloud.commands.send(
    pk,
    dk,
    { kind: "raw", payload: Buffer.from("0200000001ff", "hex"), requestId: 1 },
    8_001,
    { pendingTtl: 200_000 },
  );
  cloud.devices.disable(pk, otherDevice.deviceKey, 9_000);
  return device;
}

const state = (cloud: EnosCloud): unknown => ({
  products: cloud.products.list(),
  devices: cloud.devices.list(),
  readings: cloud.reported.readings(pk, dk),
  latest: cloud.reported.latest(pk, dk),
  events: cloud.reported.events(pk, dk),
  commands: cloud.commands.list(pk, dk),
});

describe.each(["token", "tokenless"] as const)("after a restart, edition %s", (edition) => {
  it("all is as it was, and the device goes on in its session", () => {
    const storage = new MemoryStorage();
    const device = lived(storage, edition);
    const before = state(device.rig.cloud);

    const again = rig({ storage, edition, devices: [], products: [] });
    expect(JSON.parse(JSON.stringify(state(again.cloud)))).toEqual(JSON.parse(JSON.stringify(before)));
    const successor = new TestDevice(again, demoDevice, edition === "token");
    Object.assign(successor, { token: device.token, sequence: device.sequence, messageId: 3_000 });
    const reply = successor.post(20_000, "thing/model/up_raw", rawReading(20, [1, warm]));
    expect(reply.code).toBe("2.04");
    expect(reply.options.map(({ number }) => number)).toContain(2100);
    // Sent before the restart, answered before, and sent again because the answer was lost.
    successor.post(21_000, "thing/model/up_raw", rawReading(7, [1, warm]));
    expect(again.cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 7, duplicates: 1 });
    again.cloud.poll(108_000);
    expect(again.cloud.commands.list(pk, dk).map(({ status }) => status)[0]).toBe(
      edition === "token" ? "expired" : "timed-out",
    );
  });

  it("what was asked of the device is known with the times of its steps, and since when it runs its firmware", () => {
    const storage = new MemoryStorage();
    const device = lived(storage, edition);
    device.post(10_000, "thing/model/up_raw", rawReading(8, [1, warm]));
    if (edition === "token") device.get(11_000, "thing/service/measurepoint/set");
    say(device, 12_000, "13", "ota/device/inform", { version: "1.4.2" });
    const again = rig({ storage, edition });
    const [command] = again.cloud.commands.list(pk, dk);
    expect(command).toMatchObject({ status: "sent", points: { relay: 1 }, offeredAt: 10_000 });
    expect(command).toMatchObject({
      uplink: "thing/model/up_raw",
      sentAt: edition === "token" ? 11_000 : 10_000,
    });
    expect(again.cloud.devices.view(pk, dk)).toMatchObject({
      firmwareSince: 7_000,
      firmwareInformedAt: 12_000,
    });
  });

  it("a session that lapsed meanwhile has lapsed", () => {
    const storage = new MemoryStorage();
    const device = lived(storage, edition);
    const again = rig({ storage, edition });
    expect(again.cloud.deadline).toBe(0);
    again.cloud.poll(10_000_000);
    expect(again.cloud.devices.view(pk, dk)?.state).toBe("offline");
    const successor = new TestDevice(again, demoDevice, edition === "token");
    Object.assign(successor, { token: device.token, sequence: device.sequence });
    expect(successor.post(10_000_001, "thing/model/up_raw", rawReading(1, [1, warm])).code).toBe("4.01");
  });
});

describe("a device whose session did not survive a restart", () => {
  const ended = { from: "online", to: "offline", reason: "session-ended" };

  it.each([
    ["token", "tokenless"],
    ["tokenless", "token"],
  ] as const)("is not online: edition %s, then %s", (before, after) => {
    const storage = new MemoryStorage();
    const device = lived(storage, before);
    const { cloud, events } = rig({ storage, edition: after });
    cloud.poll(10_000);
    expect(cloud.devices.view(pk, dk)).toMatchObject({
      ...{ state: "offline", stateReason: "session-ended", stateSince: 10_000 },
      ...{ onlineSince: undefined, sessionUntil: undefined },
    });
    expect(events.filter(({ type }) => type === "state")).toEqual([
      { type: "state", productKey: pk, deviceKey: dk, at: 10_000, ...ended },
    ]);
    // The device is refused as well, and the next restart tells of it no second time.
    const again = new TestDevice(rig({ storage, edition: after }), demoDevice, before === "token");
    Object.assign(again, { token: device.token, sequence: device.sequence, messageId: 3_000 });
    expect(again.post(20_000, "thing/model/up_raw", rawReading(20, [1, warm])).code).toMatch(/^4\.0[12]$/);
    expect(again.rig.events.filter(({ type }) => type === "state")).toEqual([]);
  });

  it("is not online either where the data have no session of it", () => {
    const storage = new MemoryStorage();
    lived(storage, "token");
    const key = `device/${pk}/${dk}`;
    const { session: _, ...kept } = JSON.parse(storage.kept.get(key)!) as { session: object };
    storage.put(key, kept);
    const { cloud, events } = rig({ storage });
    cloud.poll(10_000);
    expect(cloud.devices.view(pk, dk)).toMatchObject({ state: "offline", stateReason: "session-ended" });
    expect(events).toContainEqual(expect.objectContaining({ type: "state", ...ended }));
  });
});

it("the registry that is kept wins over the lists that are given", () => {
  const storage = new MemoryStorage();
  lived(storage, "token");
  const devices = [
    { ...demoDevice, deviceSecret: "another" },
    { ...demoDevice, deviceKey: "third" },
  ];
  const { cloud } = rig({ storage, devices, products: [{ ...product, name: "another" }] });
  expect(cloud.devices.list().map(({ deviceKey }) => deviceKey)).toEqual([
    dk,
    otherDevice.deviceKey,
    "third",
  ]);
  expect(cloud.products.record(pk)?.name).toBeUndefined();
});

it("keeps no more than the limits say", () => {
  const storage = new MemoryStorage();
  const device = new TestDevice(rig({ storage, limits: { readings: 5 } }));
  device.authenticate();
  for (let id = 1; id <= 100; id++) device.post(id, "thing/model/up_raw", rawReading(id, [1, warm]));
  const kept = [...storage.kept.keys()].filter((key) => key.startsWith("reading/"));
  expect(kept.length).toBeLessThan(10);
  const again = rig({ storage, limits: { readings: 5 } });
  expect(again.cloud.reported.readings(pk, dk).map(({ id }) => id)).toEqual(["96", "97", "98", "99", "100"]);
});

it("keeps the newest value of a measure point for as long as there is none newer, and no other", () => {
  const storage = new MemoryStorage();
  const device = new TestDevice(rig({ storage, limits: { readings: 5 } }));
  device.authenticate();
  const post = (now: number, measurepoints: object): string =>
    say(device, now, `id${now}`, "thing/measurepoint/post", { measurepoints });
  post(1, { relay: 1, temperature: 20 });
  for (let now = 2; now <= 50; now++) post(now, { temperature: now });
  const start = (): EnosCloud => rig({ storage, limits: { readings: 5 } }).cloud;
  expect(start().reported.latest(pk, dk)).toMatchObject({
    relay: { value: 1, at: 1 },
    temperature: { value: 50 },
  });
  expect(storage.kept.has(`reading/${pk}/${dk}/000000000000`)).toBe(true);
  post(51, { relay: 0 });
  for (let now = 52; now <= 60; now++) post(now, { temperature: now });
  expect(storage.kept.has(`reading/${pk}/${dk}/000000000000`)).toBe(false);
  expect(start().reported.latest(pk, dk)).toMatchObject({ relay: { value: 0, at: 51 } });
});

it("whatever came, and whenever it is started again, all is as it was, and bounded", () => {
  const number = { min: 0, max: 11 };
  const report = fc.record({
    points: fc.uniqueArray(fc.integer(number), { minLength: 1, maxLength: 3 }),
    time: fc.integer(number),
  });
  const shape = fc.record({
    reports: fc.array(report, { maxLength: 60 }),
    limit: fc.integer({ min: 1, max: 6 }),
  });
  const identifiers = Array.from({ length: 12 }, (_, i) => `p${i}`);
  fc.assert(
    fc.property(shape, ({ reports, limit }) => {
      const storage = new MemoryStorage();
      const options = { storage, limits: { readings: limit }, products: [] };
      const device = new TestDevice(rig(options));
      device.authenticate();
      const values = (cloud: EnosCloud): unknown => ({
        readings: cloud.reported.readings(pk, dk),
        latest: cloud.reported.latest(pk, dk),
        histories: identifiers.map((identifier) => cloud.reported.history(pk, dk, { identifier })),
      });
      reports.forEach(({ points, time }, i) => {
        const measurepoints = Object.fromEntries(points.map((point) => [identifiers[point], i]));
        say(device, i, `id${i}`, "thing/measurepoint/post", { measurepoints, time });
      });
      const kept = new Map(storage.kept);
      const readings = [...kept.keys()].filter((key) => key.startsWith("reading/"));
      expect(readings.length).toBeLessThan(2 * limit + identifiers.length);
      const again = rig(options).cloud;
      expect(JSON.parse(JSON.stringify(values(again)))).toEqual(
        JSON.parse(JSON.stringify(values(device.rig.cloud))),
      );
      expect(new Map([...storage.kept].filter(([key]) => key.startsWith("reading/")))).toEqual(
        new Map([...kept].filter(([key]) => key.startsWith("reading/"))),
      );
    }),
    { seed: 4, numRuns: 60 },
  );
});

it("a removed device leaves nothing behind", () => {
  const storage = new MemoryStorage();
  const device = lived(storage, "token", { readings: 3 });
  const { cloud } = device.rig;
  // More than fit: the newest value of the others is kept apart.
  for (let id = 100; id < 120; id++) device.post(id + 9_000, "thing/model/up_raw", rawReading(id, [1, warm]));
  cloud.devices.remove(pk, dk, 10_000);
  expect([...storage.kept.keys()].filter((key) => key.includes(dk))).toEqual([]);
});

it.each([
  ["a foreign key", "elsewhere/1", {}, StorageError],
  ["readings of nobody", `reading/${pk}/nobody/000000000000`, {}, StorageError],
  ["a device that is null", `device/${pk}/${dk}`, null, StorageError],
  ["a device without a record", `device/${pk}/${dk}`, {}, DeviceListError],
  ["a product that is null", `product/${pk}`, null, ProductError],
])("with %s is refused in one line", (_what, key, value, fault) => {
  const storage = new MemoryStorage();
  storage.put(key, value);
  const start = (): EnosCloud =>
    new EnosCloud({
      ...{ transmit() {}, randomBytes: (n) => new Uint8Array(n), edition: "token", iv: "zero" },
      ...{ devices: [], scriptEngine, storage },
    });
  expect(start).toThrow(fault);
  expect(start).toThrow(/^[^\n]+$/);
});

describe("commands that version 0.2.0 kept", () => {
  const old = (number: number, entry: object): [string, unknown] => [
    `command/${pk}/${dk}/${String(number).padStart(12, "0")}`,
    {
      ...{
        kind: "set",
        path: "thing/service/measurepoint/set",
        payload: Buffer.from("{}").toString("base64"),
      },
      ...{ createdAt: 1_000, expiresAt: 3_601_000, offers: 1, awaitsFetch: false, ...entry },
    },
  ];

  it("are there, and what waits goes on", () => {
    const storage = new MemoryStorage();
    new TestDevice(rig({ storage })).authenticate(500);
    const entries = [
      old(0, { id: "11", status: "answered", code: 200, sentAt: 2_000, answeredAt: 3_000, data: { a: 1 } }),
      old(1, { id: "12", status: "answered", code: 404, sentAt: 2_000, answeredAt: 3_000 }),
      old(2, { id: "13", status: "timed-out", offers: 0 }),
      old(3, { id: "14", status: "timed-out", sentAt: 2_000 }),
      old(4, { id: "15", status: "sent", sentAt: 9_000, offeredAt: 9_000 }),
      old(5, { id: "16", status: "pending", offers: 0 }),
    ];
    for (const [key, value] of entries) storage.put(key, value);
    const { cloud } = rig({ storage });
    const statuses = () => cloud.commands.list(pk, dk).map(({ status }) => status);
    expect(statuses()).toEqual(["success", "failed", "expired", "timed-out", "sent", "pending"]);
    expect(cloud.commands.view("11")).toMatchObject({ data: { a: 1 }, endedAt: 3_000 });
    expect(cloud.commands.view("16")).toMatchObject({ pendingTtl: 3_600_000, responseTimeout: 60_000 });
    cloud.poll(69_000);
    expect(statuses().slice(4)).toEqual(["timed-out", "pending"]);
    cloud.poll(3_601_000);
    expect(statuses().slice(4)).toEqual(["timed-out", "expired"]);
    expect(cloud.commands.view("12")?.status).toBe("failed");
  });
});
