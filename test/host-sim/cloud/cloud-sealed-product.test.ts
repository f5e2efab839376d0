/** A sealed product in the stand-in, with the parsing script that `npm run model` writes, and node:crypto as its devices. */
import { describe, expect, test } from "vitest";
import { enosModelOf } from "../../../host-sim/model/enos-model";
import { ProductError } from "../../../host-sim/cloud/registry/product";
import { openDown, provenAnswer, roots, sealUp } from "../model/seal-oracle";
import { TestDevice, demoDevice, dk, eventsOf, otherDevice, pk, rawReading, rig, warm } from "./harness";
import { salt, sealedDevice, sealedEvent, sealedModel, sealedReading, sealedRecord } from "./sealed-product";
import type { CommandTimes } from "../../../host-sim/cloud/cloud";
import type { Rig } from "./harness";
import type { SealSettings } from "./sealed-product";

const up = "thing/model/up_raw";
const noon = 1_767_268_800_000;
const patient: Partial<CommandTimes> = { pendingTtl: 1_000_000 };

function opened(settings: SealSettings = {}): { one: Rig; device: TestDevice; other: TestDevice } {
  const one = rig({ products: [sealedRecord(settings)] });
  const [device, other] = [demoDevice, otherDevice].map((record) => new TestDevice(one, record));
  device.authenticate(noon);
  other.authenticate(noon);
  return { one, device, other };
}

describe("what a device seals", () => {
  test("is stored under its own time, a copy of it once, and counted", () => {
    const { one, device } = opened();
    expect(device.post(noon + 1, up, sealedReading(0, 7, noon)).payload).toEqual(
      Uint8Array.from([0, 0, 0, 7, 0, 200]),
    );
    device.post(noon + 2, up, sealedReading(1, 7, noon));
    expect(one.cloud.reported.readings(pk, dk)).toMatchObject([
      { id: "7", time: noon, points: { temperature: 21.5 } },
    ]);
    device.post(noon + 3, up, sealedEvent(2, 8, "overheat", { events: { temperature: 90 }, time: noon }));
    expect(one.cloud.reported.events(pk, dk)).toMatchObject([{ id: "8", time: noon }]);
    expect(one.cloud.devices.view(pk, dk)!.sealed).toMatchObject({
      ...{ opened: 3, refused: {}, replayed: 0, doubts: [] },
      last: { salt: "00112233aabbccdd", counter: 2, root: 0 },
    });
  });

  test("with proof is answered so that only the script can have done it, and is one message however often it is sealed", () => {
    const { one, device } = opened({ proof: true });
    for (const counter of [300, 301]) {
      const { payload } = device.post(noon + counter, up, sealedReading(counter, 7, noon));
      expect(Buffer.from(payload)).toEqual(provenAnswer(sealedDevice, { salt, counter }, 7, 200));
    }
    for (const counter of [302, 303]) {
      device.post(noon + counter, up, sealedEvent(counter, 8, "overheat", { events: { temperature: 90 } }));
    }
    // Before the device knows the time, a reading has none.
    const untimed = rawReading(9, [1, warm]);
    for (const counter of [304, 305])
      device.post(noon + counter, up, sealUp(sealedDevice, { salt, counter }, untimed));
    expect(one.cloud.reported.readings(pk, dk).map(({ id }) => id)).toEqual(["7", "9"]);
    expect(one.cloud.reported.events(pk, dk).map(({ id }) => id)).toEqual(["8"]);
    expect(one.cloud.devices.view(pk, dk)!.counters).toMatchObject({ stored: 3, duplicates: 3 });
  });

  test("under the older of two masters is told as such", () => {
    const { one, device } = opened({ roots: roots.map((root) => root.toString("hex")) });
    device.post(noon, up, sealedReading(0, 7, noon, { ...sealedDevice, root: roots[1] }));
    expect(one.cloud.devices.view(pk, dk)!.sealed).toMatchObject({ opened: 1, last: { root: 1 } });
    expect(one.cloud.devices.find({ seal: "older-key", limit: 5, offset: 0 }).total).toBe(1);
  });

  test("keeps a device key of any length: its id with proof comes back whole", () => {
    const deviceKey = "k".repeat(64);
    const record = { ...demoDevice, deviceKey };
    const one = rig({ products: [sealedRecord({ proof: true })], devices: [record] });
    const device = new TestDevice(one, record);
    device.authenticate(noon);
    const from = { ...sealedDevice, deviceKey };
    const { payload } = device.post(noon, up, sealedReading(65_535, 0xffff_ffff, noon, from));
    expect(Buffer.from(payload)).toEqual(provenAnswer(from, { salt, counter: 65_535 }, 0xffff_ffff, 200));
  });
});

describe("what somebody else does", () => {
  test.each<[string, (device: TestDevice) => void, string]>([
    ["makes it up in plain", (device) => device.post(noon, up, rawReading(7, [1, warm])), "plain"],
    [
      "changes a byte of it",
      (device) => {
        const bytes = sealedReading(0, 7, noon);
        bytes[bytes.length - 12] ^= 1;
        device.post(noon, up, bytes);
      },
      "forged",
    ],
    ["cuts it", (device) => device.post(noon, up, sealedReading(0, 7, noon).subarray(0, 12)), "truncated"],
    [
      "seals it under another master",
      (device) => device.post(noon, up, sealedReading(0, 7, noon, { ...sealedDevice, root: roots[1] })),
      "forged",
    ],
  ])("%s: refused, counted, told", (_what, act, reason) => {
    const { one, device } = opened();
    act(device);
    expect(one.cloud.devices.view(pk, dk)!.sealed).toMatchObject({ opened: 0, refused: { [reason]: 1 } });
    expect(eventsOf(one, "report-refused")[0]).toMatchObject({ sealed: reason, reason: `sealed: ${reason}` });
    expect(eventsOf(one, "seal-doubted")).toMatchObject([{ what: "refused", reason, times: 1 }]);
    expect(eventsOf(one, "script-fault")).toEqual([]);
    expect(one.cloud.reported.readings(pk, dk)).toEqual([]);
  });

  test("sends it again, hours later", () => {
    const { one, device } = opened();
    const bytes = sealedReading(0, 7, noon);
    device.post(noon, up, bytes);
    device.post(noon + 3_500_000, up, bytes);
    expect(eventsOf(one, "seal-doubted")).toMatchObject([{ what: "replayed", counter: 0 }]);
    expect(one.cloud.reported.readings(pk, dk)).toHaveLength(1);
  });

  test("sends it by another device's path: EnOS refuses readings, and stores the event", () => {
    const { one, other } = opened();
    other.post(noon, up, sealedReading(0, 7, noon));
    other.post(noon, up, sealUp(sealedDevice, { salt, counter: 2 }, rawReading(9, [1, warm])));
    const foreign = "params[0].deviceKey: expected the sender's own";
    expect(eventsOf(one, "report-refused").map(({ reason }) => reason)).toEqual([foreign, foreign]);
    other.post(noon + 1, up, sealedEvent(1, 8, "overheat", { events: { temperature: 90 } }));
    expect(one.cloud.reported.readings(pk, "other")).toEqual([]);
    expect(one.cloud.reported.events(pk, "other")).toHaveLength(1);
    expect(eventsOf(one, "seal-doubted")).toMatchObject([
      { deviceKey: "other", what: "swapped", sealedBy: dk },
    ]);
  });

  test("goes back to plain messages while the product takes them", () => {
    const { one, device } = opened({ migrating: true });
    device.post(noon, up, rawReading(6, [1, warm]));
    expect(one.cloud.devices.view(pk, dk)!.sealed).toBeUndefined();
    device.post(noon, up, sealedReading(0, 7, noon));
    device.post(noon, up, rawReading(8, [1, warm]));
    expect(eventsOf(one, "seal-doubted")).toMatchObject([{ what: "plain", times: 1 }]);
    expect(one.cloud.reported.readings(pk, dk)).toHaveLength(3);
  });
});

describe("a command", () => {
  const waiting = (device: TestDevice): Uint8Array => device.get(noon + 5, "thing/model/down_raw").payload;
  const setRelay = { kind: "set", points: { relay: 1 } } as const;

  test("names its device, which alone can open it, and asked again says the same", () => {
    const { one, device } = opened();
    const points = { deviceKey: dk, relay: 1 };
    const id = one.cloud.commands.send(pk, dk, { kind: "set", points }, noon, patient);
    expect(one.cloud.commands.view(id)).toMatchObject({ kind: "set", points });
    const bytes = waiting(device);
    expect(bytes[0]).toBe(0x0e);
    const { plain } = openDown(sealedDevice, bytes)!;
    expect(plain.subarray(-5).toString("hex")).toBe("0400000001");
    expect(openDown({ ...sealedDevice, deviceKey: "other" }, bytes)).toBeUndefined();
  });

  test("of an operator who knows his product names it by itself; of a service as well", () => {
    const { one, device } = opened();
    const service = { kind: "service", service: "reboot", inputs: { delay: 5 } } as const;
    const id = one.cloud.commands.sendAddressed(pk, dk, service, noon, patient);
    expect(one.cloud.commands.view(id)!.inputs).toEqual({ deviceKey: dk, delay: 5 });
    expect(openDown(sealedDevice, waiting(device))).toBeDefined();
  });

  test.each<[string, unknown, RegExp]>([
    [
      "a set",
      { kind: "set", points: { relay: 1 } },
      /^the parsing script refused the command: sealed: no deviceKey in params$/,
    ],
    ["a service", { kind: "service", service: "reboot", inputs: { delay: 5 } }, /^deviceKey: /],
  ])("%s that names none is refused with the reason", (_what, command, words) => {
    const { one } = opened();
    const send = (): string => one.cloud.commands.send(pk, dk, command as typeof setRelay, noon, patient);
    expect(send).toThrow(words);
    expect(eventsOf(one, "command-queued")).toEqual([]);
    expect(eventsOf(one, "script-refuses-ids")).toEqual([]);
    expect(eventsOf(one, "script-fault")).toEqual([]);
  });

  test("while the product migrates goes plain to a device that has sealed nothing, and sealed to others", () => {
    const { one, device } = opened({ migrating: true });
    one.cloud.commands.sendAddressed(pk, dk, setRelay, noon, patient);
    expect([0x02, 0x06]).toContain(waiting(device)[0]);
    const after = opened({ migrating: true });
    after.device.post(noon, up, sealedReading(0, 7, noon));
    after.one.cloud.commands.sendAddressed(pk, dk, setRelay, noon, patient);
    expect(waiting(after.device)[0]).toBe(0x0e);
  });

  test("is answered in an envelope", () => {
    const { one, device } = opened();
    const id = one.cloud.commands.sendAddressed(pk, dk, setRelay, noon, patient);
    const { plain } = openDown(sealedDevice, waiting(device))!;
    const head = plain[0] === 0x06 ? plain.subarray(0, 10) : plain.subarray(0, 5);
    const reply = Buffer.concat([head, Uint8Array.of(200)]);
    expect(device.post(noon + 6, "thing/model/down_raw_reply", reply).code).toBe("4.00");
    expect(one.cloud.commands.view(id)!.status).toBe("sent");
    device.post(noon + 7, "thing/model/down_raw_reply", sealUp(sealedDevice, { salt, counter: 0 }, reply));
    expect(one.cloud.commands.view(id)).toMatchObject({ status: "success", code: 200 });
    expect(one.cloud.devices.view(pk, dk)!.sealed).toMatchObject({ opened: 1, refused: { plain: 1 } });
  });
});

describe("its product", () => {
  test("may be put in EnOS's own form, and has deviceKey in what EnOS gives of it", () => {
    const enos = { ...sealedRecord(), model: enosModelOf(sealedModel()) as unknown };
    const { cloud } = rig({ products: [enos] });
    const product = cloud.products.product(pk)!;
    expect(Object.keys(product.template!.tslMeasurepointMap)).toContain("deviceKey");
    expect(product.template!.tslServiceMap["reboot"].inputData[0].identifier).toBe("deviceKey");
    expect(product.checkSet({ deviceKey: dk, relay: 1 })).toBeUndefined();
    expect(product.checkService("reboot", { delay: 5 })).toMatch(/^deviceKey/);
  });

  test("cannot have its commands go as JSON, past the script that seals them", () => {
    const json = { ...sealedRecord(), payload: "json" } as const;
    expect(() => rig({ products: [json] })).toThrow(ProductError);
    expect(() => rig({ products: [json] })).toThrow(/payload: .*set "raw"/);
    expect(() => rig({ products: [{ ...json, payload: undefined }] })).toThrow(/payload/);
    // On its way to it, it has devices that take them.
    expect(() =>
      rig({ products: [{ ...sealedRecord({ migrating: true }), payload: "json" }] }),
    ).not.toThrow();
  });

  test("without its keys refuses everything and says why", () => {
    const one = rig({ products: [sealedRecord({ roots: [] })] });
    const device = new TestDevice(one);
    device.authenticate(noon);
    device.post(noon, up, sealedReading(0, 7, noon));
    expect(eventsOf(one, "seal-doubted")).toMatchObject([{ what: "refused", reason: "no roots" }]);
    expect(() =>
      one.cloud.commands.sendAddressed(pk, dk, { kind: "set", points: { relay: 1 } }, noon, patient),
    ).toThrow(/sealed: no roots/);
  });
});
