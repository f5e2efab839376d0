/** What devices reported, as the application sees it. */
import { beforeEach, describe, expect, it, test } from "vitest";
import { here, start, apiRig, detailOf } from "./rig";
import type { ApiRig } from "./rig";
import { Device, pk } from "./device";

let rig: ApiRig;
let call: ApiRig["call"];
let device: Device;
beforeEach(async () => {
  rig = await apiRig();
  call = rig.call;
  device = new Device(rig);
  expect(device.authenticate().code).toBe("2.04");
});

const items = async (url: string): Promise<any[]> => {
  const { status, body, text } = await call("GET", url);
  if (status !== 200) throw new Error(text);
  return body.items as any[];
};

const latestValue = async (identifier: string): Promise<any> =>
  (await call("GET", `${here}/measurepoints`)).body[identifier];

describe("measure points", () => {
  it("are none before the first report", async () => {
    expect((await call("GET", `${here}/measurepoints`)).body).toEqual({});
  });

  it("are the latest of each, with quality and both times", async () => {
    device.points("1", { temperature: 21.5, rssi: { value: -101, quality: 9 } }, start - 5000);
    rig.time.now += 1000;
    device.points("2", { temperature: 22 }, start - 1000);
    const { status, body } = await call("GET", `${here}/measurepoints`);
    expect(status).toBe(200);
    expect(body).toEqual({
      temperature: { value: 22, time: start - 1000, at: start + 1000 },
      rssi: { value: -101, quality: 9, time: start - 5000, at: start },
    });
  });

  it("come out of raw bytes through the product's script", async () => {
    // EnOS's sample layout: 01 | request id, u32 | point 1 (temperature) | length, u16 | a double.
    const answer = device.post(
      "thing/model/up_raw",
      Buffer.from("01" + "00000007" + "01" + "0008" + "4035800000000000", "hex"),
    );
    expect(answer.code).toBe("2.04");
    const { body } = await call("GET", `${here}/measurepoints`);
    expect(body).toEqual({ temperature: { value: 21.5, at: start } });
  });

  it("have a history, newest first or oldest first, within times", async () => {
    for (let i = 0; i < 5; i++)
      device.points(String(i), { temperature: i, humidity: 50 }, start - 5000 + i * 1000);
    const history = `${here}/measurepoints/temperature/history`;
    const values = async (query = ""): Promise<number[]> =>
      (await items(`${history}${query}`)).map(({ value }) => value);
    expect(await values()).toEqual([4, 3, 2, 1, 0]);
    expect(await values("?order=asc")).toEqual([0, 1, 2, 3, 4]);
    expect(await values("?limit=2")).toEqual([4, 3]);
    expect(await values("?order=asc&limit=2")).toEqual([0, 1]);
    expect(await values(`?from=${start - 4000}&to=${start - 2000}&order=asc`)).toEqual([1, 2, 3]);
    expect(await values(`?from=${start}`)).toEqual([]);
    expect((await items(history))[0]).toEqual({ value: 4, time: start - 1000, at: start });
    expect(await items(`${here}/measurepoints/uptime/history`)).toEqual([]);
  });

  it.each<[string, RegExp]>([
    ["?from=2&to=1", /^query\.from: is later than to/],
    ["?from=-1", /^query\.from: expected epoch ms or ISO 8601 such as 2026-11-29T17:00:00Z; got "-1"$/],
    ["?limit=0", /^query\.limit: expected a whole number from 1 to 10000; got 0$/],
    ["?limit=1001", /^query\.limit: expected a whole number from 1 to 1000 for json; got 1001; csv/],
    ["?order=up", /^query\.order: expected one of "asc", "desc"; got "up"$/],
    ["?from=yesterday", /^query\.from: expected epoch ms or ISO .*; got "yesterday"$/],
  ])("have no history %s", async (query, detail) => {
    expect(detailOf(await call("GET", `${here}/measurepoints/temperature/history${query}`), 400)).toMatch(
      detail,
    );
  });

  describe("that came late", () => {
    const late = (id: string, measurepoints: Record<string, unknown>, time?: number) =>
      device.say(id, "thing/measurepoint/resume", { measurepoints, time });
    const latest = async () => (await call("GET", `${here}/measurepoints`)).body;

    it("are not the latest, whenever they come", async () => {
      device.points("1", { temperature: 21 }, start - 1000);
      late("2", { temperature: 5 }, start - 60_000);
      expect(await latest()).toEqual({ temperature: { value: 21, time: start - 1000, at: start } });
    });

    it("and do not say of when are not the latest either, but for want of others", async () => {
      device.points("1", { temperature: 21 }, start - 1000);
      rig.time.now += 1000;
      expect(late("2", { temperature: 5, humidity: 40 }).json.code).toBe(200);
      const { temperature, humidity } = await latest();
      expect(temperature).toEqual({ value: 21, time: start - 1000, at: start });
      expect(humidity).toEqual({ value: 40, at: start + 1000, late: true });
      device.points("3", { humidity: 41 }, start - 2000);
      expect((await latest()).humidity).toEqual({ value: 41, time: start - 2000, at: start + 1000 });
    });

    it("nor those with a time that no clock can have", async () => {
      device.points("1", { temperature: 21 }, start - 1000);
      late("2", { temperature: 5 }, start + 400 * 86_400_000);
      expect((await latest()).temperature.value).toBe(21);
    });
  });

  it("of a time that cannot be stand in all lists where they came", async () => {
    device.points("1", { temperature: 1 }, start + 400 * 86_400_000);
    rig.time.now += 1000;
    device.points("2", { temperature: 2 }, start + 500);
    for (const path of ["measurepoints/temperature/history", "measurepoints/history"]) {
      expect((await items(`${here}/${path}`)).map(({ value }) => value)).toEqual([2, 1]);
      expect((await items(`${here}/${path}?to=${start + 900}`)).map(({ value }) => value)).toEqual([2, 1]);
    }
    expect((await latestValue("temperature")).value).toBe(2);
  });

  it("show a value as it came, whatever its type", async () => {
    await call("PUT", `/api/v1/products/${pk}`, {});
    const values = { a: true, b: "ü\n\u2028", c: [1, [2]], d: { e: { f: null } }, g: 1e300, h: -0.5 };
    expect(device.points("1", values).json).toMatchObject({ code: 200 });
    const { body } = await call("GET", `${here}/measurepoints`);
    expect(Object.fromEntries(Object.entries<any>(body).map(([id, { value }]) => [id, value]))).toEqual(
      values,
    );
  });
});

it("events are shown by time", async () => {
  for (const [id, temperature] of [
    ["5", 90],
    ["6", 91],
  ] as const) {
    const time = start - 1000 * temperature;
    const events = { temperature };
    expect(device.say(id, "thing/event/overheat/post", { events, time }).json).toMatchObject({ code: 200 });
  }
  const first = { id: "5", event: "overheat", values: { temperature: 90 }, time: start - 90_000, at: start };
  const second = { id: "6", event: "overheat", values: { temperature: 91 }, time: start - 91_000, at: start };
  expect(await items(`${here}/events`)).toEqual([first, second]);
  expect(await items(`${here}/events?order=asc`)).toEqual([second, first]);
  expect(await items(`${here}/events?from=${start - 90_000}`)).toEqual([first]);
  expect(await items(`${here}/events?limit=1&order=asc`)).toEqual([second]);
});

it("attributes and tags are shown by name", async () => {
  expect(
    device.say("1", "thing/attribute/update", { attributes: { floor: 3, label: "hall" } }).json,
  ).toMatchObject({ code: 200 });
  expect(device.say("2", "thing/tag/update", [{ tagKey: "site", tagValue: "north" }]).json).toMatchObject({
    code: 200,
  });
  expect((await call("GET", `${here}/attributes`)).body).toEqual({ floor: 3, label: "hall" });
  expect((await call("GET", `${here}/tags`)).body).toEqual({ site: "north" });
});

it("the firmware's version is part of the device", async () => {
  device.say("1", "ota/device/inform", { version: "1.4.2" });
  expect((await call("GET", here)).body).toMatchObject({ firmwareVersion: "1.4.2", state: "online" });
});

test.each(["measurepoints", "measurepoints/temperature/history", "events", "attributes", "tags", "commands"])(
  "of a device that is not there there is nothing: %s",
  async (what) => {
    detailOf(await call("GET", `/api/v1/devices/${pk}/nobody/${what}`), 404);
  },
);
