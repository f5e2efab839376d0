/** Which of a version's files a device is given, and that tasks go by it. */
import { describe, expect, it, test } from "vitest";
import { fileUrlFault } from "../../../../host-sim/cloud/ota/file-url";
import { fittingFile } from "../../../../host-sim/cloud/ota/fitting-file";
import type { FirmwareRecord } from "../../../../host-sim/cloud/ota/firmware-files";
import { MemoryStorage } from "../memory-storage";
import { TestDevice, demoDevice, dk, eventsOf, pk, rig } from "../harness";
import { UpgradedFleet } from "./fleet";
import { packageOf } from "./package";
import { Updater } from "./updater";

const record = (more: Partial<FirmwareRecord>): FirmwareRecord => ({
  ...{ productKey: pk, version: "2", signMethod: "md5", sign: "", fileSize: 1000, uploadedAt: 0 },
  fileUrl: `/f/${more.board ?? "any"}-${more.from ?? "whole"}`,
  ...more,
});

const [a, b, any] = [record({ board: "a" }), record({ board: "b" }), record({})];
const [a1, a0] = [record({ board: "a", from: "1", fileSize: 50 }), record({ board: "a", from: "0" })];
const any1 = record({ from: "1", fileSize: 10 });

describe("a device is given", () => {
  test.each<
    [string, FirmwareRecord[], [version: string | undefined, board?: string], FirmwareRecord | RegExp]
  >([
    ["the only file", [any], ["1"], any],
    ["its board's", [a, b], ["1", "b"], b],
    ["its board's before one for all", [any, a], ["1", "a"], a],
    ["one for all where its board has none", [any, a], ["1", "c"], any],
    ["one for all where its board is not known", [any, a, b], ["1"], any],
    ["the only board's where its own is not known", [a, a1], ["0"], a],
    [
      "none where there are several",
      [b, a],
      ["1"],
      /^its board is not known: there are files for a, b; set its tag "board"$/,
    ],
    ["none of another board's", [a], ["1", "b"], /^there is no file for its board, b, only for a$/],
    ["the difference from its version", [a, a0, a1], ["1", "a"], a1],
    ["another one from another", [a, a0, a1], ["0", "a"], a0],
    ["the whole where none fits", [a0, a1, a], ["0.9", "a"], a],
    ["its board's difference before one for all", [any, any1, a1], ["1", "a"], a1],
    ["a difference for all before its board's whole", [any1, a], ["1", "a"], any1],
    [
      "nothing that does not fit",
      [a0, a1],
      ["0.9", "a"],
      /^it runs 0\.9, and there are differences from 0, 1 alone$/,
    ],
    ["nothing where its version is not known", [a0], [undefined, "a"], /^it runs an unknown version/],
  ])("%s", (_what, records, [version, board], expected) => {
    const found = fittingFile(records, { version, board });
    if (expected instanceof RegExp) expect(found).toMatch(expected);
    else expect(found).toBe(expected);
  });
});

describe("an upgrade", () => {
  it("is of the file that fits each device, by what it says of itself", () => {
    const fleet = new UpgradedFleet(5);
    const { cloud } = fleet.rig;
    const key = (i: number): string => `d00${i}`;
    fleet.put("2.0.0", { board: "a" });
    fleet.put("2.0.0", { board: "b" }, 800);
    fleet.put("2.0.0", { board: "b", from: "1.2.0" }, 40);
    cloud.devices.changeTags(pk, key(0), { board: "a" }, false, fleet.now);
    cloud.devices.changeTags(pk, key(1), { board: "b" }, false, fleet.now);
    cloud.devices.changeTags(pk, key(2), { board: "b" }, false, fleet.now);
    cloud.devices.changeTags(pk, key(3), { board: "c" }, false, fleet.now);
    fleet.at(key(2)).inform(fleet.tick(), "1.1.0");
    const { tasks, skipped } = cloud.ota.order({ productKey: pk, version: "2.0.0" }, fleet.tick());
    expect(tasks.map(({ deviceKey, file }) => [deviceKey, file?.board, file?.from, file?.fileSize])).toEqual([
      [key(0), "a", undefined, 900],
      [key(1), "b", "1.2.0", 40],
      [key(2), "b", undefined, 800],
    ]);
    expect(skipped).toEqual([
      { deviceKey: key(3), reason: "there is no file for its board, c, only for a, b" },
      { deviceKey: key(4), reason: 'its board is not known: there are files for a, b; set its tag "board"' },
    ]);
    expect(fleet.at(key(1)).pushed(fleet.tick())?.params).toMatchObject({ fileSize: 40 });
    expect(fleet.at(key(2)).offers(fleet.tick())).toMatchObject([{ fileSize: 800 }]);
  });

  it("goes by what the device runs when it is told, not when it was ordered", () => {
    const fleet = new UpgradedFleet(1);
    const { cloud } = fleet.rig;
    fleet.put("2.0.0", { from: "1.2.0" }, 40);
    cloud.ota.order({ productKey: pk, version: "2.0.0", policy: "request" }, fleet.tick());
    // By cable.
    fleet.at("d000").inform(fleet.tick(), "1.2.9");
    expect(fleet.at("d000").offers(fleet.tick())).toEqual([]);
    fleet.put("2.0.0");
    expect(fleet.at("d000").offers(fleet.tick())).toMatchObject([{ fileSize: 900 }]);
    expect(cloud.ota.tasks()[0].file).toMatchObject({ fileSize: 900 });
  });

  it("keeps the file that its device would be given, and no other", () => {
    const fleet = new UpgradedFleet(1);
    const { cloud } = fleet.rig;
    fleet.put("2.0.0");
    fleet.put("2.0.0", { from: "1.2.0" });
    fleet.put("2.0.0", { from: "1.1.0" });
    cloud.ota.order({ productKey: pk, version: "2.0.0" }, fleet.tick());
    const remove = (from?: string): void =>
      cloud.ota.removeFirmware(pk, { version: "2.0.0", ...(from === undefined ? {} : { from }) }, fleet.now);
    expect(() => remove("1.2.0")).toThrow(/in a task that is not over/);
    remove("1.1.0");
    remove();
    expect(() => remove()).toThrow("firmware 2.0.0 is in a task");
    cloud.ota.cancel("1", fleet.now);
    // Alone it is what the version means.
    remove();
    expect(cloud.ota.firmware(pk).map(({ version }) => version)).toEqual(["1.3.0"]);
  });
});

describe("files", () => {
  const put = (cloud: ReturnType<typeof rig>["cloud"], bytes: Uint8Array, more: object = {}) =>
    cloud.ota.putFirmware({ productKey: pk, version: "1.3.0", signMethod: "sha256", ...more }, bytes, 1);

  it("that are packages say themselves which board and base they are for", () => {
    const { cloud, events } = rig();
    expect(put(cloud, packageOf())).toMatchObject({ board: "m5stack-nbiot", package: { kind: "whole" } });
    expect(put(cloud, packageOf({ from: "1.2.0" }))).toMatchObject({ from: "1.2.0" });
    expect(put(cloud, packageOf({ from: "1.2.0" }), { board: "mine", from: "1.1.0" })).toMatchObject({
      ...{ board: "mine", from: "1.1.0", package: { board: "m5stack-nbiot", from: "1.2.0" } },
    });
    expect(put(cloud, packageOf({ kind: 9 }))).toMatchObject({ package: { fault: expect.any(String) } });
    expect(cloud.ota.firmware(pk)).toHaveLength(4);
    expect(events.filter(({ type }) => type === "firmware-put")).toMatchObject([
      { board: "m5stack-nbiot" },
      { board: "m5stack-nbiot", from: "1.2.0" },
      { board: "mine", from: "1.1.0" },
      { version: "1.3.0" },
    ]);
  });

  it("each keep their path when they are replaced, and are kept over a restart", () => {
    const storage = new MemoryStorage();
    const { cloud } = rig({ storage });
    const urls = [{}, { board: "a" }, { from: "1.2.0" }, { board: "a", from: "1.2.0" }].map((name) => {
      put(cloud, Buffer.alloc(300_000, 1), name);
      return put(cloud, Buffer.alloc(400_000, 2), name).fileUrl;
    });
    expect(new Set(urls).size).toBe(4);
    expect(rig({ storage }).cloud.ota.firmware(pk)).toEqual(cloud.ota.firmware(pk));
    cloud.ota.removeFirmware(pk, { version: "1.3.0", board: "a" }, 2);
    const again = rig({ storage }).cloud;
    expect(again.ota.firmware(pk)).toEqual(cloud.ota.firmware(pk));
    expect(again.ota.firmware(pk)).toHaveLength(3);
    again.ota.removeFirmware(pk, "1.3.0", 3);
    expect(again.ota.firmware(pk)).toHaveLength(2);
    again.ota.removeFirmware(pk, "1.3.0", 4);
    expect([...storage.kept.keys()].filter((key) => key.startsWith("firmware"))).toEqual([]);
  });

  it("are for versions and boards that can stand in a path", () => {
    const { cloud } = rig();
    for (const wrong of ["", "-", "a/b", "ä", "x".repeat(65)]) {
      expect(() => put(cloud, Buffer.alloc(1), { board: wrong }), wrong).toThrow(/^board: expected 1 to 64/);
      expect(() => put(cloud, Buffer.alloc(1), { from: wrong }), wrong).toThrow(/^from: expected 1 to 64/);
    }
    expect(() => put(cloud, Buffer.alloc(1), { from: "1.3.0" })).toThrow("from: a difference from 1.3.0");
    expect(() => cloud.ota.removeFirmware(pk, { version: "1", board: "a", from: "0" }, 1)).toThrow(
      `no firmware 1 for board a from 0 of product ${pk}`,
    );
  });

  it("may lie on another server, and take no room here", () => {
    const storage = new MemoryStorage();
    const first = rig({ storage, limits: { firmwareTotal: 1000 } });
    const { cloud } = first;
    const fileUrl = "coap://[2001:db8::1]:5783/f/1.3.0";
    const there = put(cloud, packageOf(), { fileUrl });
    expect(there).toMatchObject({ fileUrl, fileSize: 780, board: "m5stack-nbiot" });
    expect(cloud.ota.room.usedBytes).toBe(0);
    const device = new Updater(new TestDevice(first, demoDevice));
    device.device.authenticate(0);
    device.inform(1, "1.2.0");
    cloud.ota.order({ productKey: pk, version: "1.3.0", deviceKeys: [dk] }, 2);
    expect(device.pushed(3)?.params).toMatchObject({ fileUrl, fileSize: 780, sign: there.sign });
    const again = rig({ storage }).cloud;
    expect(again.ota.firmware(pk)).toEqual([there]);
    // From there to here and back.
    const here = put(again, packageOf()).fileUrl;
    expect(here).toMatch(/^\/f\//);
    expect(put(again, packageOf()).fileUrl).toBe(here);
    expect(put(again, packageOf(), { fileUrl }).fileUrl).toBe(fileUrl);
    expect(again.ota.room.usedBytes).toBe(0);
    expect([...storage.kept.keys()].filter((key) => key.startsWith("firmware"))).toHaveLength(1);
    expect(eventsOf(first, "firmware-put")).toHaveLength(1);
  });

  test.each([
    ["coap://files.example.com/dir/1.3.0.enup", true],
    ["coap://10.0.0.1:5684/x", true],
    ["coap://[::1]/x", true],
    ["coaps://files.example.com/x", false],
    ["https://files.example.com/x", false],
    ["coap://files.example.com", false],
    ["coap://files.example.com/", false],
    ["coap:///x", false],
    ["coap://user@host/x", false],
    ["coap://host/x?y", false],
    ["coap://host/x#y", false],
    ["coap://host/ä", false],
    ["coap://host/x y", false],
    ["coap://host:99999/x", false],
    [`coap://host/${"x".repeat(260)}`, false],
    ["/f/x", false],
  ])("%s can be a file's place: %s", (text, isOne) => {
    expect(fileUrlFault(text) === undefined).toBe(isOne);
    const { cloud } = rig();
    const act = (): unknown => put(cloud, Buffer.alloc(3), { fileUrl: text });
    if (isOne) expect(act()).toMatchObject({ fileUrl: text });
    else expect(act).toThrow(/^fileUrl: expected coap/);
  });
});
