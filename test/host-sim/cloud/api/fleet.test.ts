/** What is to be seen of a device at a glance: of one by its view, of all in short. */
import { beforeEach, describe, expect, it } from "vitest";
import { Device, dk, pk } from "./device";
import { apiRig, demoModel, detailOf, here, start } from "./rig";
import type { ApiRig } from "./rig";

const url = "/api/v1/fleet";
const day = 86_400_000;

let rig: ApiRig;
let device: Device;
beforeEach(async () => {
  const points = [
    ...(demoModel["measurepoints"] as object[]),
    { identifier: "batteryVoltage", name: "Battery", number: 9, type: "double", unit: "V", range: [0, 5] },
  ];
  const events = [
    ...(demoModel["events"] as object[]),
    { identifier: "broken", level: "error", outputs: [] },
  ];
  const model = { ...demoModel, measurepoints: points, events };
  rig = await apiRig({}, { products: [{ productKey: pk, model }] });
  device = new Device(rig);
});

const shown = async (): Promise<any> => (await rig.call("GET", here)).body;
const inShort = async (): Promise<any> =>
  (await rig.call("GET", url)).body.items.find(({ deviceKey }: { deviceKey: string }) => deviceKey === dk);
const event = (id: string, name: string, events: object, time?: number): unknown =>
  device.say(id, `thing/event/${name}/post`, { events, time });

describe("a device", () => {
  it("that was never there has a state, and nothing that it has not", async () => {
    expect(Object.keys(await shown()).sort()).toEqual(
      ["counters", "deviceKey", "edition", "productKey", "state"].sort(),
    );
    expect(await inShort()).toEqual({ productKey: pk, deviceKey: dk, state: "inactive" });
  });

  it("says since when and why it stands as it does, until when, and where it speaks from", async () => {
    device.authenticate();
    rig.time.now += 60_000;
    device.points("1", { temperature: 20 });
    expect(await shown()).toMatchObject({
      ...{ state: "online", stateSince: start, stateReason: "authenticated", lastSeen: start + 60_000 },
      ...{ lifetime: 3600, sessionUntil: start + 3_660_000, peer: { address: "10.0.0.2", port: 40001 } },
    });
    expect(await inShort()).toEqual({
      ...{ productKey: pk, deviceKey: dk, state: "online", stateSince: start, lastSeen: start + 60_000 },
      ...{ lifetime: 3600, sessionUntil: start + 3_660_000 },
    });
    rig.time.now += 3_600_000;
    rig.cloud.poll(rig.time.now);
    const silent = await shown();
    expect(silent).toMatchObject({ state: "offline", stateSince: rig.time.now, stateReason: "silent" });
    expect(silent).not.toHaveProperty("sessionUntil");
    const reasons: string[] = [];
    for (const act of ["disable", "enable"]) {
      reasons.push((await rig.call("POST", `${here}/${act}`)).body.stateReason);
    }
    device.authenticate();
    reasons.push((await rig.call("POST", `${here}/forget-session`)).body.stateReason);
    expect(reasons).toEqual(["disabled", "enabled", "session-ended"]);
  });

  it("has the newest battery and signal by the time of their measuring, with their units", async () => {
    device.authenticate();
    rig.time.now += 10_000;
    device.points("1", { batteryVoltage: 3.6, rssi: { value: -81, quality: 0 } }, start + 5_000);
    device.say("2", "thing/measurepoint/resume", { measurepoints: { batteryVoltage: 3.1 }, time: start - 1 });
    const battery = { value: 3.6, time: start + 5_000 };
    const signal = { value: -81, time: start + 5_000 };
    expect(await shown()).toMatchObject({
      battery: { identifier: "batteryVoltage", unit: "V", ...battery },
      signal: { identifier: "rssi", unit: "dBm", ...signal },
    });
    expect(await inShort()).toMatchObject({ battery, signal });
    device.points("3", { batteryVoltage: 3.5 });
    expect(await inShort()).toMatchObject({ battery: { value: 3.5, time: start + 10_000 } });
    expect((await rig.call("GET", url)).body.vitalPoints).toEqual({
      [pk]: {
        battery: { identifier: "batteryVoltage", unit: "V" },
        signal: { identifier: "rssi", unit: "dBm" },
      },
    });
  });

  it("has as alarms what its model calls warning or error, for a day from when it was stored", async () => {
    device.authenticate();
    event("1", "restarted", { reason: "power", boots: 1, waiting: 0 });
    expect(await shown()).not.toHaveProperty("alarms");
    event("2", "overheat", { temperature: 90 }, start - 3 * day);
    expect((await shown()).alarms).toEqual({ count: 1, level: "warning", at: start });
    rig.time.now += day / 2;
    device.authenticate();
    event("3", "broken", {});
    expect((await shown()).alarms).toEqual({ count: 2, level: "error", at: start + day / 2 });
    expect((await inShort()).alarms).toEqual({ count: 2, level: "error", at: start + day / 2 });
    rig.time.now = start + day;
    expect((await shown()).alarms).toEqual({ count: 1, level: "error", at: start + day / 2 });
    rig.time.now += day / 2;
    expect(await shown()).not.toHaveProperty("alarms");
  });

  it("of a product without a model has what its identifiers say, and no alarms", async () => {
    rig = await apiRig({}, { products: [] });
    device = new Device(rig);
    device.authenticate();
    device.points("1", { battery: 71, rsrp: -101, note: 4 }, start);
    event("2", "broken", {});
    expect(await shown()).toMatchObject({
      battery: { identifier: "battery", value: 71, time: start },
      signal: { identifier: "rsrp", value: -101, time: start },
    });
    expect(await shown()).not.toHaveProperty("alarms");
    expect((await rig.call("GET", url)).body.vitalPoints).toEqual({});
  });
});

describe("all devices in short", () => {
  it("come in one answer, or those that are named", async () => {
    const all = await rig.call("GET", url);
    expect([all.status, all.body.total, all.body.items.length]).toEqual([200, 2, 2]);
    const some = await rig.call("GET", `${url}?of=${pk}/other,${pk}/nobody`);
    expect(some.body.items.map(({ deviceKey }: { deviceKey: string }) => deviceKey)).toEqual(["other"]);
    expect(some.body.total).toBe(2);
    detailOf(await rig.call("GET", `${url}?of=${pk}`), 400);
    const many = Array.from({ length: 51 }, (_, i) => `${pk}/node-${i}`).join();
    detailOf(await rig.call("GET", `${url}?of=${many}`), 400);
  });

  it("has no secret in it", async () => {
    device.authenticate();
    expect((await rig.call("GET", url)).text).not.toMatch(/secret|token|aB3dEf6hIj9lMn0p/i);
  });
});
