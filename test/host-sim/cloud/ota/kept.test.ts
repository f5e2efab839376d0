/** Firmware and tasks over a restart. */
import { describe, expect, it } from "vitest";
import { StorageError } from "../../../../host-sim/cloud/registry/fleet";
import type { CloudStorage } from "../../../../host-sim/cloud/registry/storage";
import { bodyOf } from "../coap/message-layer-rig";
import { TestDevice, demoDevice, dk, pk, rig } from "../harness";
import { Updater, isGenuine } from "./updater";

/** Keeps JSON text, as a real storage does. */
class MemoryStorage implements CloudStorage {
  readonly kept = new Map<string, string>();

  get entries(): [string, unknown][] {
    return [...this.kept]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, JSON.parse(value)]);
  }

  put(key: string, value: unknown): void {
    this.kept.set(key, JSON.stringify(value));
  }

  delete(key: string): void {
    this.kept.delete(key);
  }
}

const image = bodyOf(450_000, "image");

function lived(storage: CloudStorage): Updater {
  const it = new Updater(new TestDevice(rig({ storage }), demoDevice));
  it.device.authenticate(0);
  const { cloud } = it.device.rig;
  cloud.ota.putFirmware({ productKey: pk, version: "1.3.0", signMethod: "sha256", desc: "big" }, image, 1);
  cloud.ota.putFirmware({ productKey: pk, version: "1.2.9", signMethod: "md5" }, bodyOf(10), 1);
  it.inform(2, "1.2.0");
  cloud.ota.order({ productKey: pk, version: "1.3.0" }, 3);
  return it;
}

const keys = (storage: MemoryStorage, kind: string): string[] =>
  [...storage.kept.keys()].filter((key) => key.startsWith(kind));

describe("after a restart", () => {
  it("files are under their paths, and a device goes on with its upgrade", () => {
    const storage = new MemoryStorage();
    const it = lived(storage);
    const command = it.pushed(4)!;
    it.reply(5, command.id);
    it.progress(6, 10);
    const before = it.device.rig.cloud;
    const again = rig({ storage });
    expect(again.cloud.ota.firmware(pk)).toEqual(before.ota.firmware(pk));
    expect(again.cloud.ota.tasks()).toEqual(before.ota.tasks());
    const device = new TestDevice(again, demoDevice);
    Object.assign(device, { token: it.device.token, sequence: it.device.sequence, messageId: 9_000 });
    const successor = new Updater(device);
    const fetched = successor.fetch(command.params, 7, 6);
    expect("bytes" in fetched && isGenuine(command.params, fetched.bytes)).toBe(true);
    successor.inform(8, "1.3.0");
    expect(again.cloud.ota.tasks()[0]).toMatchObject({ status: "succeeded" });
    // The time limit of another one goes on as well, and numbers are not given twice.
    again.cloud.ota.putFirmware({ productKey: pk, version: "1.4.0", signMethod: "md5" }, bodyOf(10), 9);
    expect(again.cloud.ota.order({ productKey: pk, version: "1.4.0" }, 10)).toMatchObject({
      jobId: "2",
      tasks: [{ taskId: "2" }],
    });
  });

  it("a time limit goes on", () => {
    const storage = new MemoryStorage();
    const it = lived(storage);
    it.reply(5, it.pushed(4)!.id);
    it.progress(6, 10);
    const again = rig({ storage });
    again.cloud.poll(7 * 86_400_000 + 6);
    expect(again.cloud.ota.tasks()[0]).toMatchObject({ status: "failed", cause: "timeout" });
  });

  it("there is nothing of what was replaced or removed", () => {
    const storage = new MemoryStorage();
    const it = lived(storage);
    const { cloud } = it.device.rig;
    expect(keys(storage, "firmware-part/")).toHaveLength(4);
    cloud.ota.putFirmware({ productKey: pk, version: "1.3.0", signMethod: "md5" }, bodyOf(200_000), 4);
    expect(keys(storage, "firmware-part/")).toHaveLength(3);
    cloud.ota.removeFirmware(pk, "1.2.9", 5);
    expect(keys(storage, "firmware")).toHaveLength(3);
    expect(rig({ storage }).cloud.ota.firmware(pk)).toEqual(cloud.ota.firmware(pk));
    cloud.devices.remove(pk, dk, 6);
    cloud.devices.remove(pk, "other", 6);
    cloud.products.remove(pk, 7);
    expect([...keys(storage, "firmware"), ...keys(storage, "ota-task")]).toEqual([]);
  });

  it("no more tasks are kept of a device than the bound says", () => {
    const storage = new MemoryStorage();
    const it = lived(storage);
    const { cloud } = it.device.rig;
    for (let number = 1; number < 40; number++) {
      cloud.ota.cancel(String(number), 10 + number);
      cloud.ota.order({ productKey: pk, version: "1.3.0" }, 10 + number);
    }
    expect(keys(storage, "ota-task/")).toHaveLength(16);
    expect(cloud.ota.tasks().map(({ taskId }) => Number(taskId))).toEqual(
      Array.from({ length: 16 }, (_, i) => 40 - i),
    );
  });
});

describe("a storage that is damaged", () => {
  const damages: [string, (storage: MemoryStorage) => void][] = [
    ["lacks a part", (storage) => storage.delete(keys(storage, "firmware-part/")[1])],
    ["has another part", (storage) => storage.put(keys(storage, "firmware-part/")[1], "AAAA")],
    ["has a part that is no text", (storage) => storage.put(keys(storage, "firmware-part/")[1], 7)],
    ["has a record that is null", (storage) => storage.put(keys(storage, "firmware/")[0], null)],
    [
      "has a record of another method",
      (storage) => storage.put(keys(storage, "firmware/")[0], { signMethod: "crc" }),
    ],
    ["has a task of nobody", (storage) => storage.put(`ota-task/${pk}/nobody/000000000001`, {})],
    ["has a task that is null", (storage) => storage.put(keys(storage, "ota-task/")[0], null)],
  ];
  it.each(damages)("by one that %s is not used", (_what, damage) => {
    const storage = new MemoryStorage();
    lived(storage);
    damage(storage);
    expect(() => rig({ storage })).toThrow(StorageError);
  });
});
