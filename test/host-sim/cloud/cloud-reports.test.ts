/** What a device reports, raw and JSON, and that nothing is stored twice. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { dk, pk, TestDevice, warm, rig, eventsOf, rawReading } from "./harness";
import { runs } from "../../density";

const up = "thing/model/up_raw";
const measurepointPost = "thing/measurepoint/post";

function online(options: Parameters<typeof rig>[0] = {}): TestDevice {
  const device = new TestDevice(rig(options));
  device.authenticate();
  return device;
}

const envelope = (fields: Record<string, unknown>): string => {
  const measurepoints = { temperature: 21.5 };
  const base = { id: "1", version: "1.0", method: "thing.measurepoint.post", params: { measurepoints } };
  return JSON.stringify({ ...base, ...fields });
};

describe("raw readings", () => {
  it("are stored under their request id and answered with it", () => {
    const device = online();
    const humidity = "4049000000000000";
    const payload = rawReading(0x01020304, [1, warm], [2, humidity], [3, "ffffffa102"], [4, "00000001"]);
    const reply = device.post(9000, up, payload);
    expect(reply.code).toBe("2.04");
    expect(Buffer.from(reply.payload).toString("hex")).toBe("0102030400c8");
    expect(device.rig.cloud.reported.readings(pk, dk)).toEqual([
      {
        id: "16909060",
        points: { temperature: 21.5, humidity: 50, rssi: { value: -95, quality: 2 }, relay: 1 },
        format: "raw",
        at: 9000,
      },
    ]);
    const [event] = eventsOf(device.rig, "stored");
    expect(event).toMatchObject({
      kind: "reading",
      id: "16909060",
      points: { rssi: { value: -95, quality: 2 } },
    });
  });

  test.each<[string, Uint8Array]>([
    ["nothing", Buffer.alloc(0)],
    ["a cut request id", Buffer.from("01000000", "hex")],
    ["another kind", Buffer.from("0200000001040000000100", "hex")],
    ["point 0", rawReading(1, [0, "00000001"])],
    ["point 7", rawReading(1, [7, "00000001"])],
    ["a short double", rawReading(1, [1, "40358000"])],
    ["a long integer", rawReading(1, [3, "0000000000000001"])],
    ["an integer that lacks its quality", rawReading(1, [3, "00000001"])],
    ["relay 2, which the script does not know", rawReading(1, [4, "00000002"])],
    ["no number", rawReading(1, [1, "7ff8000000000000"])],
    ["infinity", rawReading(1, [1, "fff0000000000000"])],
    ["one point twice", rawReading(1, [1, warm], [1, warm])],
    ["a cut head", Buffer.concat([rawReading(1, [1, warm]), Buffer.from("0200", "hex")])],
    ["a cut value", rawReading(1, [1, warm]).subarray(0, 15)],
    ["a length past the end", Buffer.from("010000000101ffff00", "hex")],
  ])("with %s cannot be read: 4.00", (_name, payload) => {
    const device = online();
    expect(device.post(1, up, payload)).toMatchObject({ code: "4.00", text: "" });
    expect(device.rig.cloud.reported.readings(pk, dk)).toEqual([]);
    expect(device.rig.cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 0, reportsRefused: 1 });
  });

  test.each<[string, Uint8Array]>([
    ["a humidity above 100 %", rawReading(7, [2, "4062c00000000000"])],
    ["a good and a bad point", rawReading(7, [1, warm], [3, "0000000100"])],
  ])("with %s fail the model: code 1204 in the answer", (_name, payload) => {
    const device = online();
    const reply = device.post(1, up, payload);
    expect(reply.code).toBe("2.04");
    expect(Buffer.from(reply.payload).toString("hex")).toBe("0000000704b4");
    expect(device.rig.cloud.reported.readings(pk, dk)).toEqual([]);
  });

  it("without a point are empty: code 1251 in the answer", () => {
    const reply = online().post(1, up, rawReading(7));
    expect(Buffer.from(reply.payload).toString("hex")).toBe("0000000704e3");
  });

  it("need the product's parsing script: 4.00 without", () => {
    const device = online({ products: [] });
    expect(device.post(1, up, rawReading(7, [1, warm])).code).toBe("4.00");
    expect(eventsOf(device.rig, "report-refused")[0].reason).toMatch(/no parsing script/);
  });

  it("can be any bytes without harm", () => {
    const device = online();
    const likely = fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.of(1, 0, 0, 0, 9, ...rest));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), likely), (bytes) => {
        expect(["2.04", "4.00"]).toContain(device.post(1, up, bytes).code);
      }),
      { seed: 6, numRuns: runs(2_000) },
    );
    expect(eventsOf(device.rig, "internal-error")).toEqual([]);
  });
});

describe("JSON measure points", () => {
  it("are stored with their time and answered in kind", () => {
    const device = online();
    const measurepoints = { temperature: 21.5, relay: 0, rssi: { value: -95, quality: 9 } };
    const params = { measurepoints, time: 1_700_000_000_123 };
    const reply = device.post(9000, measurepointPost, envelope({ id: "abc", params }));
    expect(reply).toMatchObject({ code: "2.04", text: '{"id":"abc","code":200,"data":{}}' });
    expect(device.rig.cloud.reported.readings(pk, dk)).toEqual([
      { id: "abc", time: 1_700_000_000_123, points: measurepoints, format: "json", at: 9000 },
    ]);
    expect(device.post(9001, measurepointPost, envelope({ id: 17 })).text).toBe(
      '{"id":17,"code":200,"data":{}}',
    );
  });

  it("come late on a path of their own", () => {
    const device = online();
    const body = envelope({ method: "thing.measurepoint.resume" });
    expect(device.post(1, "thing/measurepoint/resume", body).text).toContain('"code":200');
    expect(device.post(2, "thing/measurepoint/resume", envelope({})).text).toContain('"code":1260');
  });

  const time = (value: unknown): Record<string, unknown> => {
    return { params: { measurepoints: { temperature: 1 }, time: value } };
  };
  const points = (measurepoints: unknown): Record<string, unknown> => ({ params: { measurepoints } });
  test.each<[string, Record<string, unknown>, number]>([
    ["no id", { id: undefined }, 200],
    ["an empty id", { id: "" }, 1204],
    ["a long id", { id: "x".repeat(321) }, 1204],
    ["an id that is no integer", { id: 1.5 }, 1204],
    ["an id that is an object", { id: {} }, 1204],
    ["version 2", { version: "2.0" }, 1204],
    ["no version", { version: undefined }, 1204],
    ["a version that is a number", { version: 1 }, 1204],
    ["another method", { method: "thing.event.x.post" }, 1260],
    ["no method", { method: undefined }, 1260],
    ["no params", { params: undefined }, 1204],
    ["params as an array", { params: [] }, 1204],
    ["no measurepoints", { params: {} }, 1206],
    ["measurepoints as an array", points([1]), 1206],
    ["no point", points({}), 1251],
    ["an unknown point", points({ pressure: 1 }), 1204],
    ["a point of every object", points(JSON.parse('{"__proto__":1}')), 1204],
    ["a point of every object, by name", points({ constructor: 1 }), 1204],
    ["a value as text", points({ temperature: "21.5" }), 1204],
    ["a value that is null", points({ temperature: null }), 1204],
    ["an object without value", points({ temperature: { quality: 1 } }), 1204],
    ["quality 0", points({ rssi: { value: -1, quality: 0 } }), 200],
    ["no quality where there might be", points({ rssi: -1 }), 200],
    ["quality where there is none", points({ temperature: { value: 1, quality: 0 } }), 1204],
    ["quality 10", points({ rssi: { value: -1, quality: 10 } }), 1204],
    ["rssi with a fraction", points({ rssi: -95.5 }), 1204],
    ["rssi beyond 32 bits", points({ rssi: 2 ** 31 }), 1204],
    ["relay as a boolean", points({ relay: true }), 1204],
    ["time 0", time(0), 200],
    ["time as text", time("now"), 1204],
    ["time before 1970", time(-1), 1204],
    ["time with a fraction", time(0.5), 1204],
  ])("with %s: code %s", (_name, fields, code) => {
    const device = online();
    const reply = device.post(1, measurepointPost, envelope(fields));
    expect(reply.code).toBe("2.04");
    expect(JSON.parse(reply.text)).toMatchObject({ code, data: {} });
    expect(device.rig.cloud.reported.readings(pk, dk)).toHaveLength(code === 200 ? 1 : 0);
  });

  test.each([
    ["", 1251],
    ["{", 1220],
    ["nothing", 1220],
    ["[]", 1220],
    ["17", 1220],
    ["\ufeff{}", 1220],
  ])("body %j is illegal: 4.00", (body, enosCode) => {
    const device = online();
    expect(device.post(1, measurepointPost, body)).toMatchObject({ code: "4.00", text: "" });
    expect(eventsOf(device.rig, "report-refused")[0].enosCode).toBe(enosCode);
  });

  it("in broken UTF-8 are illegal: 4.00", () => {
    const body = Buffer.concat([Buffer.from('{"id":"'), Buffer.of(0xff), Buffer.from('"}')]);
    expect(online().post(1, measurepointPost, body).code).toBe("4.00");
  });
});

describe("events and attributes", () => {
  it("are stored", () => {
    const device = online();
    const event = {
      id: "5",
      method: "thing.event.overheat.post",
      params: { events: { temperature: 90 }, time: 7 },
    };
    expect(device.post(1, "thing/event/overheat/post", envelope(event)).text).toContain('"code":200');
    const { cloud } = device.rig;
    const stored = { id: "5", event: "overheat", time: 7, values: { temperature: 90 }, at: 1 };
    expect(cloud.reported.events(pk, dk)).toEqual([stored]);

    const update = (id: string, attributes: unknown): unknown => {
      const body = envelope({ id, method: "thing.attribute.update", params: { attributes } });
      const reply = device.post(2, "thing/attribute/update", body);
      return (JSON.parse(reply.text) as { code: number }).code;
    };
    expect(update("6", { label: dk, floor: 9 })).toBe(200);
    expect(update("7", { floor: 6 })).toBe(200);
    expect(cloud.devices.view(pk, dk)?.attributes).toEqual({ label: dk, floor: 6 });
    expect(update("7b", { floor: "6" })).toBe(1204);
    expect(update("7c", { nope: 6 })).toBe(1204);
    expect(update("8", {})).toBe(200);
    expect(update("9", [])).toBe(1207);
    expect(update("10", JSON.parse('{"__proto__":{"polluted":1}}'))).toBe(1204);
    expect((cloud.devices.view(pk, dk)!.attributes as Record<string, unknown>)["polluted"]).toBeUndefined();
    const wrong = envelope({ ...event, params: 5 });
    expect(device.post(3, "thing/event/overheat/post", wrong).text).toContain("1204");
  });

  it("keep no more than 200 attributes, the newest", () => {
    const device = online({ products: [] });
    for (let i = 0; i < 250; i++) {
      const params = { attributes: { [`a${i}`]: i } };
      const method = "thing.attribute.update";
      device.post(1, "thing/attribute/update", envelope({ id: `a${i}`, method, params }));
    }
    const kept = Object.keys(device.rig.cloud.devices.view(pk, dk)?.attributes ?? {});
    expect([kept.length, kept[0], kept[199]]).toEqual([200, "a50", "a249"]);
  });
});

describe("a report that comes again", () => {
  it("is acknowledged again and stored once, whatever brought it", () => {
    const device = online();
    const first = device.post(1, up, rawReading(7, [1, warm]));
    const again = device.post(2, up, rawReading(7, [1, warm]));
    expect(again.payload).toEqual(first.payload);
    expect(device.post(3, measurepointPost, envelope({ id: "7" })).text).toContain('"code":200');
    expect(device.post(4, measurepointPost, envelope({ id: 7 })).text).toContain('"code":200');
    device.authenticate(5);
    device.post(6, up, rawReading(7, [1, warm]));
    const { cloud } = device.rig;
    expect(cloud.reported.readings(pk, dk)).toHaveLength(1);
    expect(cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 1, duplicates: 4 });
    expect(eventsOf(device.rig, "stored-before")).toHaveLength(4);
  });

  it("does not count when the first was refused", () => {
    const device = online();
    device.post(1, measurepointPost, envelope({ id: "7", params: {} }));
    device.post(2, measurepointPost, envelope({ id: "7" }));
    expect(device.rig.cloud.reported.readings(pk, dk)).toHaveLength(1);
  });

  it("is another one when it is an event or another device's", () => {
    const device = online();
    device.post(1, measurepointPost, envelope({ id: "7" }));
    const event = { id: "7", method: "thing.event.overheat.post", params: { events: { temperature: 90 } } };
    device.post(2, "thing/event/overheat/post", envelope(event));
    expect(device.rig.cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 2, duplicates: 0 });
  });

  it("is recognised for as many ids as the limit says, and readings are as bounded", () => {
    const device = online({ limits: { ids: 4, readings: 3 } });
    const post = (id: number): void => void device.post(1, up, rawReading(id, [1, warm]));
    for (const id of [1, 2, 3, 4, 1]) post(id);
    const { cloud } = device.rig;
    expect(cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 4, duplicates: 1 });
    expect(cloud.reported.readings(pk, dk).map(({ id }) => id)).toEqual(["2", "3", "4"]);
    post(5);
    post(2);
    expect(cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 5, duplicates: 2 });
    post(1);
    expect(cloud.devices.view(pk, dk)?.counters).toMatchObject({ stored: 6, duplicates: 2 });
    for (let id = 100; id < 200; id++) post(id);
    expect(cloud.reported.readings(pk, dk).map(({ id }) => id)).toEqual(["197", "198", "199"]);
  });

  it("makes room for others when readings are long as well as when they are many", () => {
    const device = online({ limits: { characters: 1000 } });
    for (let id = 1; id <= 200; id++) device.post(1, up, rawReading(id, [1, warm]));
    const { cloud } = device.rig;
    const kept = cloud.reported.readings(pk, dk);
    expect(kept.length).toBeLessThan(15);
    expect(kept.at(-1)?.id).toBe("200");
    expect(cloud.reported.latest(pk, dk)).toMatchObject({ temperature: { value: 21.5 } });
  });
});
