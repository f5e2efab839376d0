/** Everything a device may say besides a single reading: batches, late data, attributes, tags, firmware. */
import { describe, expect, it, test } from "vitest";
import { demoDevice, dk, otherDevice, pk, TestDevice, rig, eventsOf } from "./harness";
import type { Sent } from "./harness";

const T = 1_700_000_000_000;

function online(options: Parameters<typeof rig>[0] = {}): TestDevice {
  const device = new TestDevice(rig(options));
  device.authenticate();
  return device;
}

let ids = 0;
/** A message on a topic, under an id of its own unless one is given. */
function say(device: TestDevice, topic: string, params: unknown, now = 1, id = `m${++ids}`): Sent {
  const method = topic.replaceAll("/", ".");
  return device.post(now, topic, JSON.stringify({ id, version: "1.0", method, params }));
}
const answer = (sent: Sent): { code: number; data: unknown } => {
  expect(sent.code).toBe("2.04");
  return JSON.parse(sent.text) as { code: number; data: unknown };
};
const reading = (temperature: number, time?: number): object => ({ measurepoints: { temperature }, time });
const temperatures = (device: TestDevice): unknown[] =>
  device.rig.cloud.reported.readings(pk, dk).map(({ points }) => points["temperature"]);

describe("a batch", () => {
  const batch = "thing/measurepoint/post/batch";

  it("is stored reading by reading, each with its time", () => {
    const device = online();
    const own = { productKey: pk, deviceKey: dk };
    const params = [
      { ...own, ...reading(20, T) },
      reading(21, T + 1000),
      { ...own, ...reading(22, T + 2000) },
    ];
    expect(answer(say(device, batch, params, 9000)).code).toBe(200);
    expect(device.rig.cloud.reported.readings(pk, dk)).toMatchObject([
      { points: { temperature: 20 }, time: T, format: "json", at: 9000 },
      { points: { temperature: 21 }, time: T + 1000 },
      { points: { temperature: 22 }, time: T + 2000 },
    ]);
    expect(device.rig.cloud.reported.latest(pk, dk)["temperature"]).toMatchObject({
      value: 22,
      time: T + 2000,
    });
    expect(device.rig.cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 3, duplicates: 0 });
  });

  test.each<[string, unknown, number]>([
    ["with one bad entry", [reading(20, T), { measurepoints: { temperature: "21" }, time: T + 1 }], 1204],
    ["of another device", [reading(20, T), { ...reading(21, T), deviceKey: "other" }], 1212],
    ["of another product", [{ ...reading(21, T), productKey: "p" }], 1212],
    ["without entries", [], 1251],
    ["that is no array", reading(20, T), 1212],
    ["of entries that are none", [5], 1212],
  ])("%s stores nothing", (_what, params, code) => {
    const device = online();
    expect(answer(say(device, batch, params)).code).toBe(code);
    expect(device.rig.cloud.reported.readings(pk, dk)).toEqual([]);
  });

  describe("that skips what is invalid", () => {
    const skipping = (
      params: unknown,
      skip: unknown,
      topic = batch,
    ): { code: number; device: TestDevice } => {
      const device = online();
      const method = topic.replaceAll("/", ".");
      const body = { id: "1", version: "1.0", method, skipInvalidMeasurepoints: skip, params };
      return { device, code: answer(device.post(1, topic, JSON.stringify(body))).code };
    };
    const mixed = [
      { measurepoints: { temperature: 20, pressure: 1 }, time: T },
      { measurepoints: { temperature: "hot" }, time: T + 1 },
      { measurepoints: { temperature: null, relay: 1 }, time: T + 2 },
      { measurepoints: JSON.parse('{"__proto__":5,"temperature":22}') as unknown, time: T + 3 },
    ];
    it.each([batch, "thing/measurepoint/resume/batch"])("stores the good ones, %s", (topic) => {
      const { device, code } = skipping(mixed, true, topic);
      expect(code).toBe(200);
      expect(device.rig.cloud.reported.readings(pk, dk).map(({ points, time }) => [points, time])).toEqual([
        [{ temperature: 20 }, T],
        [{ relay: 1 }, T + 2],
        [{ temperature: 22 }, T + 3],
      ]);
      const reason = "params[0]: pressure: not in the model, which has no such measure point";
      expect(eventsOf(device.rig, "points-skipped")).toMatchObject([{ id: "1", count: 4, reason }]);
    });

    it.each([false, undefined, null, "true", 1])("stores nothing when it says %j", (skip) => {
      const { device, code } = skipping(mixed, skip);
      expect(code).toBe(1204);
      expect(temperatures(device)).toEqual([]);
      expect(eventsOf(device.rig, "points-skipped")).toEqual([]);
    });

    it("is taken where nothing is left, and refused whole for what is no measure point's fault", () => {
      const none = skipping([{ measurepoints: { pressure: 1 }, time: T }], true);
      expect(none.code).toBe(200);
      expect(none.device.rig.cloud.reported.readings(pk, dk)).toEqual([]);
      expect(skipping([reading(20, T), { ...reading(21, T), deviceKey: "other" }], true).code).toBe(1212);
      expect(skipping([reading(20, T), reading(21, 0.5)], true).code).toBe(1204);
      expect(skipping([reading(20, T), { measurepoints: {} }], true).code).toBe(1251);
    });
  });

  it("that comes again under its id is acknowledged and stored once", () => {
    const device = online();
    const params = [reading(20, T), reading(21, T + 1)];
    for (const now of [1, 2]) expect(answer(say(device, batch, params, now, "same")).code).toBe(200);
    expect(temperatures(device)).toEqual([20, 21]);
    expect(device.rig.cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 2, duplicates: 2 });
  });

  it("under another id stores no moment of a measure point twice", () => {
    const device = online();
    say(device, batch, [reading(20, T), reading(21, T + 1)]);
    say(device, batch, [reading(21, T + 1), reading(22, T + 2)]);
    say(device, "thing/measurepoint/resume", reading(20, T));
    expect(temperatures(device)).toEqual([20, 21, 22]);
    expect(eventsOf(device.rig, "stored-before")).toHaveLength(2);
  });
});

describe("late data", () => {
  it("of a moment that is there in part is stored for the measure points that lack it", () => {
    const device = online();
    say(device, "thing/measurepoint/resume", reading(20, T));
    const measurepoints = { temperature: 99, rssi: -80 };
    say(device, "thing/measurepoint/resume/batch", [{ measurepoints, time: T }]);
    const { cloud } = device.rig;
    const values = (identifier: string): unknown[] =>
      cloud.reported.history(pk, dk, { identifier }).map(({ value }) => value);
    expect(values("temperature")).toEqual([20]);
    expect(values("rssi")).toEqual([-80]);
    expect(cloud.reported.readings(pk, dk).map(({ points }) => points)).toEqual([
      { temperature: 20 },
      { rssi: -80 },
    ]);
  });

  it.each([
    ["thing/measurepoint/resume", (r: object): unknown => r],
    ["thing/measurepoint/resume/batch", (r: object): unknown => [r]],
  ])("on %s does not pass for the newest", (topic, wrap) => {
    const device = online();
    say(device, "thing/measurepoint/post", reading(30, T + 10_000));
    expect(answer(say(device, topic, wrap(reading(5, T)))).code).toBe(200);
    const { cloud } = device.rig;
    expect(cloud.reported.latest(pk, dk)["temperature"]).toMatchObject({ value: 30 });
    const all = cloud.reported.history(pk, dk, { identifier: "temperature" });
    expect(all.map(({ value }) => value)).toEqual([5, 30]);
    expect(cloud.reported.readings(pk, dk).at(-1)).toMatchObject({ late: true, time: T });
  });

  it("is the newest where there is none newer", () => {
    const device = online();
    say(device, "thing/measurepoint/resume", reading(5, T));
    expect(device.rig.cloud.reported.latest(pk, dk)["temperature"]).toMatchObject({ value: 5 });
  });
});

describe("raw bytes are what the script makes of them", () => {
  const raw = (device: TestDevice, hex: string, now = 1): Sent =>
    device.post(now, "thing/model/up_raw", Buffer.from(hex.replaceAll(" ", ""), "hex"));
  const time = T.toString(16).padStart(12, "0");

  it("a batch with the readings' own times", () => {
    const device = online();
    const sent = raw(device, `05 00000007 00 ${time} 00 0101 0866 e807 0101 08ca`, 9000);
    expect(Buffer.from(sent.payload).toString("hex")).toBe("0000000700c8");
    expect(device.rig.cloud.reported.readings(pk, dk)).toMatchObject([
      { id: "7", points: { temperature: 21.5 }, time: T, format: "raw" },
      { id: "7", points: { temperature: 22.5 }, time: T + 1000, format: "raw" },
    ]);
  });

  it("one late reading", () => {
    const device = online();
    raw(device, `05 00000007 01 ${time} 00 0101 0866`);
    expect(device.rig.cloud.reported.readings(pk, dk)).toMatchObject([{ late: true, time: T }]);
  });

  it("another method than there is, or none", () => {
    const script = (json: string): string =>
      `function rawDataToJsonStr() { return '${json}'; } function jsonStrToRawData() { return [1, 2]; }`;
    const product = (json: string) => ({ products: [{ productKey: pk, script: script(json) }] });
    const strange = online(product('{"id":"1","method":"thing.model.up_raw"}'));
    expect(raw(strange, "00")).toMatchObject({ code: "2.04", payload: Uint8Array.of(1, 2) });
    expect(eventsOf(strange.rig, "report-refused")[0].enosCode).toBe(1260);
    const none = online(product('{"id":"1","code":5,"message":"eh"}'));
    expect(raw(none, "00").code).toBe("4.00");
    expect(eventsOf(none.rig, "report-refused")[0].reason).toMatch(/could not read it: eh/);
  });

  it("a script that fails or never ends: 4.00, and the cloud lives on", () => {
    for (const body of ["throw new Error('mine')", "for (;;) {}", "return 5"]) {
      const script = `function rawDataToJsonStr() { ${body} } function jsonStrToRawData() { return []; }`;
      const device = online({ products: [{ productKey: pk, script }] });
      expect(raw(device, "00").code).toBe("4.00");
      expect(eventsOf(device.rig, "internal-error")).toEqual([]);
    }
  });

  it("an event, where a script makes one", () => {
    const script = `
      function rawDataToJsonStr(bytes) {
        return JSON.stringify({ id: "1", version: "1.0", method: "thing.event.overheat.post",
          params: { events: { temperature: bytes[0] } } });
      }
      function jsonStrToRawData(json) { return [JSON.parse(json).code]; }`;
    const device = online({ products: [{ productKey: pk, script }] });
    expect(raw(device, "5a").payload).toEqual(Uint8Array.of(200));
    expect(device.rig.cloud.reported.events(pk, dk)).toMatchObject([
      { event: "overheat", values: { temperature: 90 } },
    ]);
  });
});

describe("attributes", () => {
  it("are refused that would make more of them than may be kept", () => {
    const device = online({ products: [] });
    const update = (name: string, length: number): Sent =>
      say(device, "thing/attribute/update", { attributes: { [name]: "x".repeat(length) } });
    for (let i = 0; i < 200; i++) update(`a${i}`, 300);
    const before = device.rig.cloud.devices.view(pk, dk)?.attributes;
    expect(answer(update("a0", 800)).code).toBe(200);
    let code = 200;
    for (let i = 0; i < 10 && code === 200; i++) ({ code } = answer(update(`a${i}`, 900)));
    expect(code).toBe(1204);
    const { attributes } = device.rig.cloud.devices.view(pk, dk)!;
    expect(Object.keys(attributes)).toEqual(Object.keys(before!));
    expect(JSON.stringify(Object.entries(attributes)).length).toBeLessThanOrEqual(65_536);
    expect(eventsOf(device.rig, "report-refused")).toMatchObject([
      { enosCode: 1204, reason: "longer attributes than a device may have" },
    ]);
  });

  it("are asked for by name, all when none is named, and deleted", () => {
    const device = online();
    say(device, "thing/attribute/update", { attributes: { floor: 3, label: "hall", indoors: true } });
    const query = (names: unknown): { code: number; data: unknown } =>
      answer(say(device, "thing/attribute/query", { attributes: names }));
    expect(query(["floor", "label"])).toMatchObject({ code: 200, data: { floor: 3, label: "hall" } });
    expect(query([])).toMatchObject({ data: { floor: 3, label: "hall", indoors: true } });
    expect(query(["gain"])).toMatchObject({ code: 200, data: {} });
    expect(query(["nope"])).toMatchObject({ code: 1208, data: {} });
    expect(query("floor").code).toBe(1208);
    expect(answer(say(device, "thing/attribute/delete", { attributes: ["floor", "never"] })).code).toBe(200);
    expect(answer(say(device, "thing/attribute/delete", { attributes: "label" })).code).toBe(1209);
    expect(query([])).toMatchObject({ data: { label: "hall", indoors: true } });
  });
});

it("empty params ask for everything, and change nothing", () => {
  const device = online();
  say(device, "thing/attribute/update", { attributes: { floor: 3 } });
  say(device, "thing/tag/update", [{ tagKey: "site", tagValue: "north" }]);
  const before = device.rig.cloud.devices.view(pk, dk)!;
  for (const [topic, params] of [
    ["thing/attribute/update", {}],
    ["thing/attribute/update", { attributes: {} }],
    ["thing/attribute/delete", {}],
    ["thing/attribute/delete", { attributes: [] }],
    ["thing/tag/update", []],
    ["thing/tag/delete", {}],
    ["thing/tag/delete", { tags: [] }],
  ] as const) {
    expect(answer(say(device, topic, params)), `${topic} ${JSON.stringify(params)}`).toMatchObject({
      ...{ code: 200, data: {} },
    });
  }
  expect(answer(say(device, "thing/attribute/query", {})).data).toEqual({ floor: 3 });
  expect(answer(say(device, "thing/tag/query", {})).data).toEqual({ site: "north" });
  const { attributes, tags, counters } = device.rig.cloud.devices.view(pk, dk)!;
  expect({ attributes, tags }).toEqual({ attributes: before.attributes, tags: before.tags });
  expect(counters.stored).toBe(before.counters.stored);
});

it("messages without an id are each stored, and answered without one", () => {
  const device = online();
  const post = (topic: string, fields: object): unknown =>
    JSON.parse(device.post(1, topic, JSON.stringify({ version: "1.0", ...fields })).text);
  const reports = { method: "thing.measurepoint.post", params: { measurepoints: { temperature: 20 } } };
  for (let i = 0; i < 2; i++) {
    expect(post("thing/measurepoint/post", reports)).toEqual({ code: 200, data: {} });
    expect(post("thing/event/overheat/post", { params: { events: { temperature: 90 } } })).toEqual({
      ...{ code: 200, data: {} },
    });
  }
  expect(temperatures(device)).toEqual([20, 20]);
  expect(device.rig.cloud.reported.events(pk, dk)).toHaveLength(2);
  expect(device.rig.cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 4, duplicates: 0 });
});

it("an id that no double holds is kept digit by digit, and recognised", () => {
  const device = online();
  const body = (id: string): string =>
    `{"id":${id},"version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"temperature":20}}}`;
  for (const id of ["2078724684846989312", "2078724684846989313", "2078724684846989313"]) {
    expect(device.post(1, "thing/measurepoint/post", body(id)).text).toBe(
      `{"id":${id},"code":200,"data":{}}`,
    );
  }
  expect(device.rig.cloud.reported.readings(pk, dk).map(({ id }) => id)).toEqual([
    "2078724684846989312",
    "2078724684846989313",
  ]);
});

describe("tags", () => {
  it("are texts outside of the model: set, asked for, deleted", () => {
    const device = online();
    const tags = { site: "north", rack_2: "größer" };
    const listed = Object.entries(tags).map(([tagKey, tagValue]) => ({ tagKey, tagValue }));
    expect(answer(say(device, "thing/tag/update", listed)).code).toBe(200);
    expect(device.rig.cloud.devices.view(pk, dk)?.tags).toEqual(tags);
    expect(answer(say(device, "thing/tag/query", { tags: ["site", "x"] })).data).toEqual({ site: "north" });
    expect(answer(say(device, "thing/tag/query", { tags: [] })).data).toEqual(tags);
    expect(answer(say(device, "thing/tag/query", {})).data).toEqual(tags);
    expect(answer(say(device, "thing/tag/delete", { tags: ["site"] })).code).toBe(200);
    expect(device.rig.cloud.devices.view(pk, dk)?.tags).toEqual({ rack_2: "größer" });
    expect(answer(say(device, "thing/tag/update", [{ tagKey: "a", tagValue: 1 }])).code).toBe(1204);
    expect(answer(say(device, "thing/tag/update", { tags: { a: "1" } })).code).toBe(1204);
  });
});

describe("firmware", () => {
  it("tells its version, has no task to tell a progress of, and is offered none", () => {
    const device = online();
    const inform = JSON.stringify({
      id: "1",
      version: "1.0",
      method: "ota.device.inform",
      params: { version: "1.4.2" },
    });
    expect(answer(device.post(1, "ota/device/inform", inform)).code).toBe(200);
    expect(answer(say(device, "ota/device/progress", { step: 40, desc: "writing" })).code).toBe(764);
    expect(answer(say(device, "ota/device/getversion", {}))).toMatchObject({ code: 200, data: [] });
    expect(device.rig.cloud.devices.view(pk, dk)).toMatchObject({ firmwareVersion: "1.4.2" });
    expect(answer(say(device, "ota/device/inform", { version: "" })).code).toBe(1204);
    expect(answer(say(device, "ota/device/progress", { step: "soon" })).code).toBe(1204);
  });
});

const topics = [
  "thing/measurepoint/post",
  "thing/measurepoint/post/batch",
  "thing/measurepoint/resume",
  "thing/measurepoint/resume/batch",
  "thing/event/overheat/post",
  "thing/attribute/update",
  "thing/attribute/query",
  "thing/attribute/delete",
  "thing/tag/update",
  "thing/tag/query",
  "thing/tag/delete",
  "ota/device/inform",
  "ota/device/progress",
  "ota/device/getversion",
  "ota/device/request",
];

describe.each(topics)("%s", (topic) => {
  const wrong: [string, string, string, number | undefined][] = [
    ["no payload", "", "4.00", undefined],
    ["no JSON", "{", "4.00", undefined],
    ["another method", '{"id":"1","version":"1.0","method":"thing.model.up_raw","params":{}}', "2.04", 1260],
    [
      "params that are text",
      `{"id":"1","version":"1.0","method":"${topic.replaceAll("/", ".")}","params":"x"}`,
      "2.04",
      undefined,
    ],
  ];
  it.each(wrong)("with %s is refused", (_what, body, coap, code) => {
    const device = online();
    const sent = device.post(1, topic, body);
    expect(sent.code).toBe(coap);
    if (code !== undefined) expect(answer(sent).code).toBe(code);
    expect(device.rig.cloud.devices.view(pk, dk)?.counters.stored).toBe(0);
  });

  it("takes POST alone, and only of the device itself", () => {
    const device = online();
    expect(device.send(1, { path: device.topic(topic), code: 1 }).code).toBe("4.05");
    const path = ["topic", "sys", pk, otherDevice.deviceKey, ...topic.split("/")];
    // The other's key reads no signature out of this one's.
    expect(device.send(2, { path, payload: "{}" }).code).toBe("4.00");
    expect(new TestDevice(rig(), demoDevice).send(1, { path: device.topic(topic), sign: null }).code).toBe(
      "4.01",
    );
  });
});

it("a device without a model may have 500 measure points and no more", () => {
  const device = online({ products: [] });
  for (let i = 0; i < 10; i++) {
    const points = Object.fromEntries(Array.from({ length: 50 }, (_, k) => [`p${i}_${k}`, 1]));
    expect(answer(say(device, "thing/measurepoint/post", { measurepoints: points })).code).toBe(200);
  }
  expect(answer(say(device, "thing/measurepoint/post", { measurepoints: { one_more: 1 } })).code).toBe(1204);
  expect(answer(say(device, "thing/measurepoint/post", { measurepoints: { p0_0: 2 } })).code).toBe(200);
});
