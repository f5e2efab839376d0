/** A message that comes again, and another one under the same id: the manual's examples all say "123". */
import { describe, expect, it } from "vitest";
import { loadScriptEngine } from "../../../host-sim/cloud/script/script-engine";
import type { CloudStorage } from "../../../host-sim/cloud/registry/storage";
import { dk, eventsOf, pk, rig, TestDevice } from "./harness";

const T = 1_700_000_000_000;

function online(options: Parameters<typeof rig>[0] = {}): TestDevice {
  const device = new TestDevice(rig(options));
  device.authenticate();
  return device;
}

let now = 0;
/** Says it under the id "123". */
function say(device: TestDevice, topic: string, params: unknown): void {
  const body = { id: "123", version: "1.0", method: topic.replaceAll("/", "."), params };
  const { code, text } = device.post(++now, topic, JSON.stringify(body));
  expect(code).toBe("2.04");
  expect(JSON.parse(text)).toMatchObject({ id: "123", code: 200 });
}
const post = (device: TestDevice, temperature: number, time?: number): void =>
  say(device, "thing/measurepoint/post", { measurepoints: { temperature }, time });
const stored = (device: TestDevice): unknown[] =>
  device.rig.cloud.reported.readings(pk, dk).map(({ points, time }) => [points["temperature"], time]);

describe("readings under one id", () => {
  it("are all stored where their values differ", () => {
    const device = online();
    for (const value of [20, 21, 20, 20, 21]) post(device, value);
    expect(stored(device).map((each) => (each as unknown[])[0])).toEqual([20, 21, 20, 20, 21]);
    expect(device.rig.cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 5, duplicates: 0 });
  });

  it("are all stored where their times differ, and once where they are of one moment", () => {
    const device = online();
    for (const time of [T, T, T + 1, T, T + 1, T + 1]) post(device, 20, time);
    expect(stored(device)).toEqual([
      [20, T],
      [20, T + 1],
      [20, T],
      [20, T + 1],
    ]);
    expect(eventsOf(device.rig, "stored-before")).toHaveLength(2);
  });

  it("are stored once where a device sends one anew because it heard no answer, with its time or without", () => {
    const device = online();
    post(device, 20);
    post(device, 20);
    say(device, "thing/measurepoint/resume", { measurepoints: { temperature: 20 }, time: T });
    say(device, "thing/measurepoint/resume", { measurepoints: { temperature: 20 }, time: T });
    expect(stored(device)).toEqual([[20, undefined]]);
    expect(device.rig.cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 1, duplicates: 3 });
  });

  it("are told apart in batches, raw and JSON, with several readings and with one", () => {
    const device = online();
    const batch = (...times: number[]): void =>
      say(
        device,
        "thing/measurepoint/post/batch",
        times.map((time) => ({ measurepoints: { temperature: time - T }, time })),
      );
    batch(T, T + 1);
    batch(T, T + 1);
    batch(T + 2);
    batch(T + 2, T + 3);
    expect(stored(device)).toEqual([0, 1, 2, 3].map((value) => [value, T + value]));
  });

  it("are told by their bytes where a script stamps the time of their arrival on them", async () => {
    const script = `
      function rawDataToJsonStr(bytes) {
        return JSON.stringify({ id: "20", version: "1.0", method: "thing.measurepoint.post",
          params: { measurepoints: { temperature: bytes[0] }, time: new Date().getTime() } });
      }
      function jsonStrToRawData() { return []; }`;
    let clock = T;
    const scriptEngine = await loadScriptEngine(() => clock++);
    const device = online({ products: [{ productKey: pk, script }], scriptEngine });
    const raw = (value: number): void => {
      const { code } = device.post(++now, "thing/model/up_raw", Uint8Array.of(value));
      expect(code).toBe("2.04");
    };
    const values = (): unknown[] => stored(device).map((each) => (each as unknown[])[0]);
    for (const value of [20, 20, 20]) raw(value);
    expect(values()).toEqual([20]);
    // From here on the id is known to identify nothing.
    for (const value of [21, 21, 20]) raw(value);
    expect(values()).toEqual([20, 21, 21, 20]);
  });

  it("are told apart after a restart of the stand-in as before it", () => {
    const map = new Map<string, unknown>();
    const storage: CloudStorage = {
      entries: map,
      put: (key, value) => void map.set(key, structuredClone(value)),
      delete: (key) => void map.delete(key),
    };
    const before = online({ storage });
    post(before, 20);
    const kept = new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
    const after = online({ storage: { ...storage, entries: kept } });
    post(after, 20);
    post(after, 21);
    post(after, 20);
    expect(stored(after).map((each) => (each as unknown[])[0])).toEqual([20, 21, 20]);
    const again = new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
    const third = online({ storage: { ...storage, entries: again } });
    post(third, 20);
    expect(stored(third)).toHaveLength(4);
  });
});

it("events under one id are told apart by which they are, by their outputs and by their times", () => {
  const device = online({ products: [] });
  const event = (name: string, value: number, time?: number): void =>
    say(device, `thing/event/${name}/post`, { events: { value }, time });
  event("hot", 1, T);
  event("hot", 1, T);
  event("cold", 1, T);
  event("cold", 2, T);
  event("cold", 2, T + 1);
  const told = device.rig.cloud.reported
    .events(pk, dk)
    .map(({ event, values, time }) => [event, values["value"], time]);
  expect(told).toEqual([
    ["hot", 1, T],
    ["cold", 1, T],
    ["cold", 2, T],
    ["cold", 2, T + 1],
  ]);
});

it("attributes, tags and what is said of the firmware take every change under one id", () => {
  const device = online();
  const view = (): object => {
    const { attributes, tags, firmwareVersion } = device.rig.cloud.devices.view(pk, dk)!;
    return { attributes, tags, firmwareVersion };
  };
  for (const floor of [1, 2, 1]) {
    say(device, "thing/attribute/update", { attributes: { floor } });
    say(device, "thing/tag/update", [{ tagKey: "site", tagValue: `s${floor}` }]);
    say(device, "ota/device/inform", { version: `1.${floor}` });
    expect(view()).toEqual({
      attributes: { floor },
      tags: { site: `s${floor}` },
      firmwareVersion: `1.${floor}`,
    });
  }
  say(device, "thing/attribute/delete", { attributes: ["floor"] });
  say(device, "thing/tag/delete", { tags: ["site"] });
  expect(view()).toMatchObject({ attributes: {}, tags: {} });
});
