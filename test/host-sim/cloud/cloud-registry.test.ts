/** What an application changes while devices speak: products, devices, NAT, faults. */
import { describe, expect, it } from "vitest";
import { ProductError } from "../../../host-sim/cloud/registry/product";
import { DeviceKeyError, DeviceListError } from "../../../host-sim/cloud/registry/registry";
import type { CloudStorage } from "../../../host-sim/cloud/registry/storage";
import {
  demoDevice,
  dk,
  otherDevice,
  demoPeer,
  pk,
  product,
  TestDevice,
  warm,
  rig,
  eventsOf,
  rawReading,
} from "./harness";

const up = "thing/model/up_raw";
const newDevice = { productKey: pk, deviceKey: "new", deviceSecret: "its secret", name: "roof" };

function online(options: Parameters<typeof rig>[0] = {}, signed = true): TestDevice {
  const device = new TestDevice(rig(options), demoDevice, signed);
  device.authenticate();
  return device;
}
const report = (device: TestDevice, now: number, id = now): string =>
  device.post(now, up, rawReading(id, [1, warm])).code;

describe("a deviceKey", () => {
  const second = { ...newDevice, productKey: "another", deviceKey: dk };

  it("is unique over products: one that is taken is refused until its device is removed", () => {
    const b = rig();
    const taken = `deviceKey: ${dk} is unique over all products, and has been given to ${pk}/${dk}`;
    expect(() => b.cloud.devices.create(second, 1)).toThrow(new DeviceKeyError(taken));
    expect(() => b.cloud.devices.add(second, 1)).toThrow(DeviceKeyError);
    expect(() => rig({ devices: [demoDevice, second] })).toThrow(DeviceKeyError);
    b.cloud.devices.remove(pk, dk, 2);
    expect(b.cloud.devices.create(second, 3)).toMatchObject({ productKey: "another", deviceKey: dk });
    expect(() => b.cloud.devices.create(demoDevice, 4)).toThrow(DeviceKeyError);
  });

  it("that two devices have in the data of an earlier version stays with both", () => {
    const entries = new Map<string, unknown>();
    const storage: CloudStorage = {
      entries,
      put: (key, value) => void entries.set(key, structuredClone(value)),
      delete: (key) => void entries.delete(key),
    };
    rig({ storage });
    const kept = structuredClone(entries.get(`device/${pk}/${dk}`)) as { record: object };
    entries.set(`device/another/${dk}`, { ...kept, record: { ...kept.record, productKey: "another" } });
    const sorted = new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
    const b = rig({ storage: { ...storage, entries: sorted } });
    for (const productKey of [pk, "another"]) expect(b.cloud.devices.view(productKey, dk)).toBeDefined();
    const device = new TestDevice(b, { ...demoDevice, productKey: "another" });
    expect(device.authenticate(1).code).toBe("2.04");
    b.cloud.devices.remove(pk, dk, 2);
    expect(() => b.cloud.devices.create(demoDevice, 3)).toThrow(DeviceKeyError);
    b.cloud.devices.remove("another", dk, 4);
    expect(b.cloud.devices.create(demoDevice, 5)).toMatchObject({ deviceKey: dk });
  });
});

describe("a device", () => {
  it("that is registered may authenticate from then on; removed, it may not, and is forgotten", () => {
    const b = rig();
    const device = new TestDevice(b, newDevice);
    expect(device.authenticate().code).toBe("4.01");
    expect(b.cloud.devices.create(newDevice, 1)).toMatchObject({
      deviceKey: "new",
      name: "roof",
      state: "inactive",
    });
    expect(device.authenticate(2).code).toBe("2.04");
    expect(report(device, 3)).toBe("2.04");
    expect(b.cloud.devices.view(pk, "new")).toMatchObject({ state: "online", onlineSince: 2, lastSeen: 3 });
    b.cloud.commands.send(pk, "new", { kind: "set", points: { relay: 1 } }, 4);
    b.cloud.devices.remove(pk, "new", 5);
    // As for any device that is not there: nobody's key reads the signature.
    expect(report(device, 6)).toBe("4.00");
    expect(b.cloud.devices.view(pk, "new")).toBeUndefined();
    expect(b.cloud.reported.readings(pk, "new")).toEqual([]);
    expect(b.cloud.deadline).toBeGreaterThan(5);
    b.cloud.poll(10_000_000);
    b.cloud.devices.create(newDevice, 7);
    expect(b.cloud.reported.readings(pk, "new")).toEqual([]);
    expect(JSON.stringify(b.cloud.devices.list())).not.toContain(newDevice.deviceSecret);
  });

  it("cannot be registered twice, nor with keys that are none", () => {
    const { cloud } = rig();
    expect(() => cloud.devices.create(demoDevice, 0)).toThrow(/registered already/);
    expect(() => cloud.devices.create({ ...newDevice, deviceKey: "a/b" }, 0)).toThrow(DeviceListError);
    for (const work of [cloud.devices.remove, cloud.devices.disable, cloud.devices.enable]) {
      expect(() => work.call(cloud.devices, pk, "nobody", 0)).toThrow(/no device/);
    }
  });

  it("that is disabled is shut out with 4.03 at once, and its command waits until it is let in again", () => {
    const device = online();
    const { cloud } = device.rig;
    cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 0);
    cloud.devices.disable(pk, dk, 1);
    expect(report(device, 2)).toBe("4.03");
    expect(device.authenticate(3).code).toBe("4.03");
    cloud.devices.enable(pk, dk, 4);
    expect(cloud.devices.view(pk, dk)?.state).toBe("offline");
    expect(report(device, 5)).toBe("4.01");
    device.authenticate(6);
    const reply = device.post(7, up, rawReading(7, [1, warm]));
    expect(reply.options.map(({ number }) => number)).toContain(2100);
  });

  it("whose session is forgotten has to authenticate anew, and loses nothing else", () => {
    const device = online();
    const { cloud } = device.rig;
    report(device, 1);
    expect(cloud.devices.forgetSession(pk, dk, 2)).toBe(1);
    expect(cloud.devices.forgetSession(undefined, undefined, 2)).toBe(0);
    expect(cloud.devices.view(pk, dk)?.state).toBe("offline");
    expect(report(device, 3)).toBe("4.01");
    device.authenticate(4);
    expect(report(device, 5)).toBe("2.04");
    expect(cloud.reported.readings(pk, dk)).toHaveLength(2);
    expect(eventsOf(device.rig, "session-forgotten")).toHaveLength(1);
    expect(cloud.devices.forgetSession(undefined, undefined, 6)).toBe(1);
  });
});

describe("a product", () => {
  it("takes another model while its devices are online", () => {
    const device = online();
    const { cloud } = device.rig;
    const model = structuredClone(product.model) as {
      measurepoints: { identifier: string; range?: number[] }[];
    };
    model.measurepoints[0].range = [-40, 20];
    cloud.products.put({ ...product, model }, 1);
    const sent = device.post(2, up, rawReading(2, [1, warm]));
    expect(Buffer.from(sent.payload).toString("hex")).toBe("0000000204b4");
    expect(cloud.products.list()).toHaveLength(1);
    expect(cloud.products.record(pk)?.model).toEqual(model);
  });

  it("with a model or script that is none is refused, and the old one stays", () => {
    const { cloud } = rig();
    expect(() => cloud.products.put({ productKey: pk, model: { product: "x" } }, 0)).toThrow(ProductError);
    expect(() => cloud.products.put({ productKey: pk, script: "function (" }, 0)).toThrow(
      /script: SyntaxError/,
    );
    expect(cloud.products.record(pk)).toEqual(product);
  });

  it("goes only when it has no devices", () => {
    const { cloud } = rig();
    expect(() => cloud.products.remove(pk, 0)).toThrow(/has 2 devices/);
    for (const { deviceKey } of [demoDevice, otherDevice]) cloud.devices.remove(pk, deviceKey, 0);
    cloud.products.remove(pk, 0);
    expect(cloud.products.list()).toEqual([]);
    expect(() => cloud.products.remove(pk, 0)).toThrow(/no product/);
  });

  it("has its script tried without a trace", () => {
    const { cloud } = rig();
    expect(JSON.parse(cloud.products.scriptToJson(pk, rawReading(5, [1, warm])) as string)).toMatchObject({
      id: "5",
    });
    expect(cloud.products.scriptToRaw(pk, '{"id":"5","code":200}')).toEqual(
      Uint8Array.of(0, 0, 0, 5, 0, 200),
    );
    expect(cloud.products.scriptToJson("nope", new Uint8Array(0))).toEqual({ fault: "no product nope" });
    expect(cloud.reported.readings(pk, dk)).toEqual([]);
  });
});

describe("NAT", () => {
  it("by address refuses another port or address, in the edition without signatures", () => {
    const device = online({ edition: "tokenless", tie: "address" }, false);
    expect(report(device, 1)).toBe("2.04");
    device.peer = { ...demoPeer, port: demoPeer.port + 7 };
    expect(report(device, 2)).toBe("4.01");
    device.authenticate(3);
    expect(report(device, 4)).toBe("2.04");
    device.rig.cloud.setNat({ tie: "path" });
    device.peer = { address: "10.9.9.9", port: 1 };
    expect(report(device, 5)).toBe("2.04");
  });

  it("forgets a binding that was idle, and not one that was used", () => {
    const device = online({ edition: "tokenless", tie: "address", addressIdle: 60 }, false);
    for (const now of [50_000, 100_000, 160_000]) expect(report(device, now)).toBe("2.04");
    expect(report(device, 220_001)).toBe("4.01");
    device.authenticate(220_002);
    expect(report(device, 220_003)).toBe("2.04");
  });

  it("takes no policy that is none", () => {
    const { cloud } = rig();
    expect(() => cloud.setNat({ tie: "port" as "path" })).toThrow(/^tie/);
    expect(() => cloud.setNat({ addressIdle: -1 })).toThrow(/^addressIdle/);
    expect(cloud.nat).toEqual({ tie: "path", addressIdle: 0 });
  });
});

describe("faults and the rate limit", () => {
  it("are switched while the cloud runs", () => {
    const device = online();
    const { cloud } = device.rig;
    cloud.setFaults({ serverError: 1 });
    expect(report(device, 1)).toBe("5.00");
    cloud.setFaults({ serverError: 0, dropUp: 1 });
    expect(() => report(device, 2)).toThrow(/expected a reply/);
    cloud.setFaults({ dropUp: 0 });
    expect(report(device, 3)).toBe("2.04");
    expect(cloud.faults).toMatchObject({ dropUp: 0, serverError: 0 });
    cloud.setRateLimit({ perSecond: 1, burst: 1 });
    expect(report(device, 60_000)).toBe("2.04");
    expect(() => report(device, 60_001)).toThrow(/expected a reply/);
    expect(eventsOf(device.rig, "rate-limited")).toMatchObject([{ peer: demoPeer }]);
    expect(cloud.counters).toMatchObject({ serverErrors: 1, droppedUp: 1, rateLimited: 1 });
  });

  it("a delayed answer leaves at its time", () => {
    const device = online();
    const { cloud, sent } = device.rig;
    cloud.setFaults({ delayDown: 5_000 });
    const before = sent.length;
    expect(() => report(device, 1_000)).toThrow(/expected a reply/);
    expect(cloud.deadline).toBe(6_000);
    cloud.poll(5_999);
    expect(sent).toHaveLength(before);
    cloud.poll(6_000);
    expect(sent).toHaveLength(before + 1);
  });
});
