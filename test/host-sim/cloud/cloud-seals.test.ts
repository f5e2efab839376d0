/** What the cloud tells of the messages of a sealed product, and that it takes and refuses what EnOS does all the same. */
import { describe, expect, test } from "vitest";
import { MemoryStorage } from "./memory-storage";
import { TestDevice, demoDevice, dk, eventsOf, otherDevice, pk, product, rig } from "./harness";
import { said, saidScript } from "./script/said-script";
import type { CloudOptions } from "../../../host-sim/cloud/cloud";
import type { Seal } from "../../../host-sim/cloud/script/seal";
import type { Rig, Sent } from "./harness";

const up = "thing/model/up_raw";
const salt = "00112233aabbccdd";
const sealedProduct = { productKey: pk, model: product.model, script: saidScript, payload: "raw" } as const;

interface Sealed {
  rig: Rig;
  device: TestDevice;
  /** Posts what the script makes this JSON of, in the envelope with this count. */
  post(now: number, counter: number, json: object, more?: Partial<Seal>): Sent;
}

function sealed(options: Partial<CloudOptions> = {}, record = demoDevice): Sealed {
  const one = rig({ products: [sealedProduct], ...options });
  const device = new TestDevice(one, record);
  device.authenticate(0);
  const post = (now: number, counter: number, json: object, more: Partial<Seal> = {}): Sent => {
    const seal = { deviceKey: record.deviceKey, salt, counter, root: 0, ...more } as const;
    return device.post(now, up, said({ seal, json: { version: "1.0", ...json } }));
  };
  return { rig: one, device, post };
}

/** A reading with its time, as the script of a sealed product hands it on. */
const reading = (id: string, time: number, of = dk): object => ({
  id,
  method: "thing.measurepoint.post.batch",
  params: [{ productKey: pk, deviceKey: of, measurepoints: { temperature: 21.5 }, time }],
});
const untimed = (id: string): object => ({
  id,
  method: "thing.measurepoint.post",
  params: { measurepoints: { temperature: 21.5 } },
});
const overheat = (id: string, time: number): object => ({
  id,
  method: "thing.event.overheat.post",
  params: { events: { temperature: 90 }, time },
});

/** What is told, with the device where it is another one than the usual. */
const doubts = (one: Rig): object[] =>
  eventsOf(one, "seal-doubted").map((event) => {
    const { type: _, productKey: __, at: ___, deviceKey, ...rest } = event;
    return deviceKey === dk ? rest : { deviceKey, ...rest };
  });

const storedIds = (one: Rig): string[] =>
  one.events.flatMap((event) => (event.type === "stored" ? [event.id] : []));

describe("an envelope that was opened", () => {
  test("is counted, and told with what was stored of it", () => {
    const { rig: one, post } = sealed();
    expect(one.cloud.devices.view(pk, dk)).not.toHaveProperty("sealed.opened");
    expect(post(5, 0, reading("7", 4)).code).toBe("2.04");
    expect(eventsOf(one, "stored")[0]).toMatchObject({ id: "7", sealed: { salt, counter: 0, root: 0 } });
    post(6, 1, overheat("8", 5), { root: 1 });
    expect(eventsOf(one, "stored")[1]).toMatchObject({ kind: "event", sealed: { counter: 1, root: 1 } });
    expect(one.cloud.devices.view(pk, dk)!.sealed).toEqual({
      ...{ opened: 2, since: 5, last: { at: 6, salt, counter: 1, root: 1 } },
      ...{ refused: {}, replayed: 0, cloned: 0, swapped: 0, plain: 0, doubts: [] },
    });
    expect(doubts(one)).toEqual([]);
  });

  test("is in the summary and in the searches of who looks after many", () => {
    const { rig: one, device, post } = sealed();
    const find = (seal: "sealed" | "unsealed" | "doubted" | "older-key"): string[] =>
      one.cloud.devices.find({ seal, limit: 10, offset: 0 }).devices.map(({ deviceKey }) => deviceKey);
    expect(["sealed", "doubted", "older-key"].map((each) => find(each as "sealed"))).toEqual([[], [], []]);
    expect(find("unsealed")).toEqual([dk, "other"]);
    post(5, 0, reading("7", 4), { root: 1 });
    expect([find("sealed"), find("unsealed"), find("older-key")]).toEqual([[dk], ["other"], [dk]]);
    expect(find("doubted")).toEqual([]);
    post(6, 1, reading("8", 5));
    expect(find("older-key")).toEqual([]);
    device.post(7, up, said({ refused: "forged" }));
    expect(find("doubted")).toEqual([dk]);
    const [own, other] = one.cloud.devices.summaries({ most: 5 });
    expect(own.sealed).toEqual({ opened: 2, root: 0, doubts: 1, doubtedAt: 7 });
    expect(other.sealed).toBeUndefined();
  });
});

describe("what the script refuses", () => {
  test("is 4.00 to the device, and to its operator the reason, once and at each tenfold", () => {
    const { rig: one, device } = sealed();
    for (let i = 0; i < 12; i++) {
      expect(device.post(i, up, said({ refused: i === 11 ? "plain" : "forged" })).code).toBe("4.00");
    }
    const refused = eventsOf(one, "report-refused");
    expect(refused).toHaveLength(12);
    expect(refused[0]).toMatchObject({ enosCode: 1204, reason: "sealed: forged", sealed: "forged" });
    expect(doubts(one)).toEqual([
      { what: "refused", reason: "forged", times: 1 },
      { what: "refused", reason: "forged", times: 10 },
      { what: "refused", reason: "plain", times: 1 },
    ]);
    expect(one.cloud.devices.view(pk, dk)!.sealed).toMatchObject({
      opened: 0,
      refused: { forged: 11, plain: 1 },
    });
    // The script is right, so that nothing is to be mended in it.
    expect(eventsOf(one, "script-fault")).toEqual([]);
    expect(one.cloud.products.product(pk)!.scriptFaults).toEqual([]);
  });

  test("in the place of a reply is counted as well", () => {
    const { rig: one, device } = sealed();
    expect(device.post(1, "thing/model/down_raw_reply", said({ refused: "truncated" })).code).toBe("4.00");
    expect(doubts(one)).toEqual([{ what: "refused", reason: "truncated", times: 1 }]);
    expect(eventsOf(one, "request-refused")[0].reason).toBe("sealed: truncated");
  });

  test("is a fault of the script where it fails for another reason", () => {
    const { rig: one, device } = sealed();
    device.post(1, up, "no JSON");
    expect(eventsOf(one, "script-fault")).toHaveLength(1);
    expect(eventsOf(one, "report-refused")[0]).not.toHaveProperty("sealed");
    expect(one.cloud.devices.view(pk, dk)!.sealed).toBeUndefined();
  });
});

describe("what is odd about an envelope", () => {
  test("that came before: told as replayed, stored once, with the same answer", () => {
    const { rig: one, post } = sealed();
    const first = post(1, 3, reading("7", 1));
    expect(post(2, 3, reading("7", 1)).payload).toEqual(first.payload);
    expect(doubts(one)).toEqual([{ what: "replayed", salt, counter: 3, times: 1 }]);
    expect(one.events).toContainEqual(
      expect.objectContaining({ type: "stored-before", id: "7", doubt: "replayed" }),
    );
    expect(one.cloud.reported.readings(pk, dk)).toHaveLength(1);
  });

  test("whose datagram came again never gets to the script", () => {
    const { rig: one, device, post } = sealed();
    post(1, 3, reading("7", 1));
    one.exchange(device.last, 2);
    expect(eventsOf(one, "duplicate-request")).toHaveLength(1);
    expect(doubts(one)).toEqual([]);
  });

  test("of an earlier start that is new: two boards with one key", () => {
    const { rig: one, post } = sealed();
    post(1, 0, reading("7", 1));
    post(2, 0, reading("8", 2), { salt: "f".repeat(16) });
    expect(doubts(one)).toEqual([]);
    post(3, 1, reading("9", 3));
    expect(doubts(one)).toEqual([{ what: "cloned", salt, counter: 1, times: 1 }]);
    expect(one.cloud.reported.readings(pk, dk)).toHaveLength(3);
  });

  test("of another device: EnOS's own check refuses its readings, its events are stored and told", () => {
    const { rig: one, post } = sealed({}, otherDevice);
    expect(post(1, 0, reading("7", 1, dk), { deviceKey: dk }).code).toBe("2.04");
    expect(eventsOf(one, "report-refused")[0]).toMatchObject({
      ...{ deviceKey: "other", enosCode: 1212 },
      reason: "params[0].deviceKey: expected the sender's own",
    });
    // It is no fault of the script's.
    expect(eventsOf(one, "script-fault")).toEqual([]);
    expect(one.cloud.reported.readings(pk, "other")).toEqual([]);
    post(2, 1, overheat("8", 2), { deviceKey: dk });
    expect(one.cloud.reported.events(pk, "other")).toHaveLength(1);
    expect(doubts(one)).toEqual([
      { deviceKey: "other", what: "swapped", sealedBy: dk, salt, counter: 0, times: 1 },
    ]);
    expect(one.cloud.devices.view(pk, "other")!.sealed).toMatchObject({ opened: 0, swapped: 2 });
    expect(one.cloud.devices.view(pk, dk)!.sealed).toBeUndefined();
  });

  test("is found in replies to commands, too", () => {
    const { rig: one, device } = sealed();
    const seal = { deviceKey: dk, salt, counter: 0, root: 0 } as const;
    const reply = said({ seal, json: { id: "1", code: 200 } });
    device.post(1, "thing/model/down_raw_reply", reply);
    device.post(2, "thing/model/down_raw_reply", reply);
    expect(doubts(one)).toEqual([{ what: "replayed", salt, counter: 0, times: 1 }]);
  });
});

describe("a plain message", () => {
  const json = (id: string, method: string, params: unknown): [string, string] => [
    method.replaceAll(".", "/"),
    JSON.stringify({ id, version: "1.0", method, params }),
  ];

  test("is nothing to tell of before the device has sealed, and of a product whose script opens nothing", () => {
    const { rig: one, device } = sealed();
    device.post(1, up, said({ json: { version: "1.0", ...reading("7", 1) } }));
    device.post(2, ...json("8", "thing.measurepoint.post", { measurepoints: { rssi: -80 } }));
    expect(one.cloud.devices.view(pk, dk)!.sealed).toBeUndefined();
    expect(doubts(one)).toEqual([]);
  });

  test("after an envelope is told, by whichever topic it came; it is taken, as EnOS takes it", () => {
    const { rig: one, device, post } = sealed();
    post(1, 0, reading("7", 1));
    device.post(2, up, said({ json: { version: "1.0", ...reading("8", 2) } }));
    expect(doubts(one)).toEqual([{ what: "plain", times: 1 }]);
    device.post(3, ...json("9", "thing.measurepoint.post", { measurepoints: { temperature: 60 } }));
    device.post(4, ...json("10", "thing.event.overheat.post", { events: { temperature: 90 } }));
    device.post(5, ...json("11", "thing.tag.update", [{ tagKey: "site", tagValue: "A" }]));
    expect(one.cloud.devices.view(pk, dk)!.sealed).toMatchObject({ opened: 1, plain: 4 });
    expect(one.cloud.reported.latest(pk, dk).temperature).toMatchObject({ value: 60 });
    // Each of them is told with what was stored of it.
    expect(one.events.flatMap((event) => (event.type === "stored" ? [event.doubt] : []))).toEqual([
      ...[undefined, "plain", "plain", "plain", "plain"],
    ]);
  });

  test("that only asks, tells its firmware's version or is refused is none of these", () => {
    const { rig: one, device, post } = sealed();
    post(1, 0, reading("7", 1));
    device.post(2, ...json("8", "thing.attribute.query", { attributes: [] }));
    device.post(3, ...json("9", "thing.tag.query", { tags: [] }));
    device.post(4, ...json("10", "thing.tsltemplate.get", {}));
    device.post(5, ...json("11", "ota.device.inform", { version: "1.2.3" }));
    device.post(6, ...json("12", "thing.measurepoint.post", { measurepoints: { none: 1 } }));
    device.post(7, up, said({ json: { version: "1.0", ...reading("13", -1) } }));
    expect(one.cloud.devices.view(pk, dk)!.sealed).toMatchObject({ opened: 1, plain: 0 });
  });
});

describe("an id of a script with proof", () => {
  const id = (request: number, counter: number): string => `${request}.0.${salt}.${counter}.${dk}`;

  test("comes back to the script as it was, and the message is known by the request's id", () => {
    const { rig: one, post } = sealed();
    const answer = post(1, 0, reading(id(7, 0), 1)).text;
    expect(JSON.parse(answer)).toEqual({ id: id(7, 0), code: 200, data: "" });
    expect(storedIds(one)[0]).toBe("7");
    expect(one.cloud.reported.readings(pk, dk)[0].id).toBe("7");
  });

  test.each([
    ["a reading with its time", (each: string) => reading(each, 1)],
    ["a reading of before the clock was set", untimed],
    ["a reading that the script stamps with its own time", (each: string, now: number) => reading(each, now)],
    ["an event", (each: string) => overheat(each, 1)],
    [
      "an update of attributes",
      (each: string) => ({
        id: each,
        method: "thing.attribute.update",
        params: { attributes: { floor: 3 } },
      }),
    ],
  ])("is of the same message when %s was sealed anew: it is not stored twice", (_what, json) => {
    const { rig: one, post } = sealed();
    const [first, second] = [100_000, 200_000];
    post(first, 0, json(id(7, 0), first));
    const again = post(second, 1, json(id(7, 1), second));
    expect(JSON.parse(again.text)).toMatchObject({ id: id(7, 1), code: 200 });
    expect([eventsOf(one, "stored").length, eventsOf(one, "stored-before").length]).toEqual([1, 1]);
    expect(doubts(one)).toEqual([]);
    post(second, 2, json(id(8, 2), second));
    expect(eventsOf(one, "stored").length + eventsOf(one, "stored-before").length).toBe(3);
  });

  test("keeps its own form where it is not the envelope's", () => {
    const { rig: one, post } = sealed();
    post(1, 1, untimed(id(7, 0)));
    expect(storedIds(one)[0]).toBe(id(7, 0));
  });

  test("may be as long as a device key makes it, and no longer", () => {
    const deviceKey = "k".repeat(64);
    const record = { ...demoDevice, deviceKey };
    const { rig: one, post } = sealed({ devices: [record] }, record);
    const long = `4294967295.1.${salt}.65535.${deviceKey}`;
    expect(JSON.parse(post(1, 65_535, untimed(long), { root: 1 }).text)).toMatchObject({ id: long });
    expect(storedIds(one)[0]).toBe("4294967295");
  });
});

describe("over a restart with data", () => {
  test("what came before stays known, and what is in doubt stays counted and told", () => {
    const storage = new MemoryStorage();
    const before = sealed({ storage });
    for (let i = 0; i < 5; i++) before.device.post(i, up, said({ refused: "forged" }));
    before.post(10, 0, reading("7", 1));
    before.post(11, 4, reading("8", 2));
    before.post(12, 4, reading("8", 2));
    const view = before.rig.cloud.devices.view(pk, dk)!.sealed;
    const after = sealed({ storage });
    expect(after.rig.cloud.devices.view(pk, dk)!.sealed).toEqual(view);
    after.post(20, 0, reading("7", 1));
    after.post(21, 2, reading("9", 3));
    expect(after.rig.cloud.devices.view(pk, dk)!.sealed).toMatchObject({ replayed: 2, cloned: 0, opened: 5 });
    // The second of its kind, and the sixth: told already.
    after.device.post(22, up, said({ refused: "forged" }));
    expect(doubts(after.rig)).toEqual([]);
    for (let i = 0; i < 4; i++) after.device.post(23, up, said({ refused: "forged" }));
    expect(doubts(after.rig)).toEqual([{ what: "refused", reason: "forged", times: 10 }]);
  });

  test("data of before has none of it, and a device without seals keeps none", () => {
    const storage = new MemoryStorage();
    const plain = rig({ storage });
    new TestDevice(plain).authenticate(0);
    expect([...storage.kept.values()].join()).not.toContain('"seal"');
    expect(rig({ storage }).cloud.devices.view(pk, dk)!.sealed).toBeUndefined();
  });
});

describe("a command", () => {
  test("that the script refuses is refused with its reason", () => {
    const { rig: one } = sealed();
    const send = (): unknown => one.cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 1);
    expect(send).toThrow(/^the parsing script refused the command: sealed: no deviceKey in params$/);
    expect(eventsOf(one, "script-fault")).toEqual([]);
  });
});
