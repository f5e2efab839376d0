/** What devices may keep does not grow with their number: where there are many, they share it. */
import { expect, test } from "vitest";
import { RecentMessages } from "../../../../host-sim/cloud/registry/recent-messages";
import { TestDevice, demoDevice, rig } from "../harness";
import type { Rig } from "../harness";

const topic = "thing/measurepoint/post";

function report(device: TestDevice, id: number): void {
  const params = { measurepoints: { uptime: id }, time: 1000 * id };
  const body = JSON.stringify({ id: String(id), version: "1.0", params, method: "thing.measurepoint.post" });
  expect(JSON.parse(device.post(id, topic, body).text)).toMatchObject({ code: 200 });
}

function keyOf(i: number): string {
  return `86123456789${String(i).padStart(4, "0")}`;
}

function kept(b: Rig, deviceKey: string): number {
  return b.cloud.reported.readings(demoDevice.productKey, deviceKey).length;
}

/** A cloud with so many devices, of which the first reports. */
function fleet(count: number): { b: Rig; device: TestDevice; deviceKey: string } {
  const devices = Array.from({ length: count }, (_, i) => ({ ...demoDevice, deviceKey: keyOf(i) }));
  const b = rig({ devices, limits: { readings: 100, devicesInFull: 2, ids: 64 } });
  const device = new TestDevice(b, devices[0]);
  device.authenticate();
  return { b, device, deviceKey: devices[0].deviceKey };
}

test.each([
  [1, 100],
  [2, 100],
  [8, 25],
  [1000, 1],
])("of %i devices each keeps %i readings", (count, readings) => {
  const { b, device, deviceKey } = fleet(count);
  for (let id = 1; id <= 200; id++) report(device, id);
  expect(kept(b, deviceKey)).toBe(readings);
  expect(b.cloud.reported.latest(demoDevice.productKey, deviceKey)["uptime"]).toMatchObject({ value: 200 });
});

test("devices that are registered later take their share from those that are there", () => {
  const { b, device, deviceKey } = fleet(2);
  for (let id = 1; id <= 150; id++) report(device, id);
  expect(kept(b, deviceKey)).toBe(100);
  for (let i = 2; i < 20; i++) b.cloud.devices.create({ ...demoDevice, deviceKey: keyOf(i) }, 151);
  expect(kept(b, deviceKey)).toBe(10);
  for (let id = 151; id <= 160; id++) report(device, id);
  expect(kept(b, deviceKey)).toBe(10);
});

test("a message that comes again is known even among very many devices", () => {
  const { b, device, deviceKey } = fleet(1000);
  for (let id = 1; id <= 40; id++) report(device, id);
  report(device, 9);
  const { stored, duplicates } = b.cloud.devices.view(demoDevice.productKey, deviceKey)!.counters;
  expect({ stored, duplicates }).toEqual({ stored: 40, duplicates: 1 });
});

test("remembered messages follow a limit that falls and rises", () => {
  const limits = { ids: 100 };
  const messages = new RecentMessages(limits);
  const came = (id: number): boolean => messages.cameBefore(String(id), [{ points: {}, time: id }]);
  for (let id = 0; id < 1000; id++) expect(came(id)).toBe(false);
  expect(came(900)).toBe(true);
  limits.ids = 10;
  expect(came(1000)).toBe(false);
  expect(came(991)).toBe(true);
  expect(came(990)).toBe(false);
  limits.ids = 50;
  for (let id = 2000; id < 2040; id++) expect(came(id)).toBe(false);
  expect(came(1000)).toBe(true);
  for (let id = 2000; id < 2040; id++) expect(came(id)).toBe(true);
});
