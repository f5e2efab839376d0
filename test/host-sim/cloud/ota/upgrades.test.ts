/** The firmware service by the manual's topics, with a device that upgrades itself, in both editions. */
import { describe, expect, it } from "vitest";
import { noFaults } from "../../../../host-sim/cloud/coap/message-layer";
import type { CloudOptions } from "../../../../host-sim/cloud/cloud";
import { bodyOf } from "../coap/message-layer-rig";
import { TestDevice, demoDevice, dk, eventsOf, otherDevice, pk, rig } from "../harness";
import { Updater, isGenuine } from "./updater";
import type { Fetched } from "./updater";

const image = bodyOf(20_000, "image");
const hour = 3_600_000;

function updater(edition: "token" | "tokenless" = "token", options: Partial<CloudOptions> = {}): Updater {
  const device = new TestDevice(rig({ edition, ...options }), demoDevice, edition === "token");
  device.authenticate(0, { lifetime: 86_400 });
  return new Updater(device);
}

function put(it: Updater, version = "1.3.0", bytes: Uint8Array = image): void {
  it.device.rig.cloud.ota.putFirmware({ productKey: pk, version, signMethod: "md5" }, bytes, 0);
}

/** A device that has informed its version and is given the task to have 1.3.0. */
function ordered(
  edition: "token" | "tokenless" = "token",
  more: { policy?: "push" | "request"; timeout?: number } = {},
  options: Partial<CloudOptions> = {},
): Updater {
  const it = updater(edition, options);
  put(it);
  expect(it.inform(1, "1.2.0")).toBe(200);
  it.device.rig.cloud.ota.order({ productKey: pk, version: "1.3.0", deviceKeys: [dk], ...more }, 2);
  return it;
}

const task = (it: Updater): Record<string, unknown> =>
  ({ ...it.device.rig.cloud.ota.tasks({ productKey: pk, deviceKey: dk })[0] }) as Record<string, unknown>;

const bytesOf = (fetched: Fetched): Uint8Array => {
  if ("failed" in fetched) throw new Error(`${fetched.failed} at ${fetched.at}`);
  return fetched.bytes;
};

describe.each(["token", "tokenless"] as const)("edition %s", (edition) => {
  it.each([
    [5, 0],
    [4, 0.2],
    [5, 0.35],
  ])("an upgrade that is pushed, in blocks of SZX %i, with %f of all datagrams lost", (szx, loss) => {
    const it = ordered(edition);
    const { cloud } = it.device.rig;
    expect(task(it)).toMatchObject({ status: "init", fromVersion: "1.2.0", toVersion: "1.3.0" });
    const command = it.pushed(3)!;
    expect(command.method).toBe("ota.device.upgrade");
    const offer = command.params;
    expect(offer).toMatchObject({ version: "1.3.0", signMethod: "md5", fileSize: 20_000 });
    expect(task(it)).toMatchObject({ status: "published" });
    expect(it.reply(4, command.id)).toBe("2.04");
    expect(task(it)).toMatchObject({ status: "published" });
    expect(it.progress(5, 0)).toBe(200);
    cloud.setFaults({ ...noFaults, dropUp: loss, dropDown: loss });
    const fetched = it.fetch(offer, 10, szx);
    cloud.setFaults(noFaults);
    expect(isGenuine(offer, bytesOf(fetched))).toBe(true);
    expect(Buffer.compare(bytesOf(fetched), image)).toBe(0);
    expect(it.progress(20, 80, "burning")).toBe(200);
    expect(task(it)).toMatchObject({ status: "upgrading", progress: 80, desc: "burning", startedAt: 5 });
    expect(it.inform(30, "1.3.0")).toBe(200);
    expect(task(it)).toMatchObject({ status: "succeeded", progress: 100, endedAt: 30 });
    expect(cloud.devices.view(pk, dk)).toMatchObject({ firmwareVersion: "1.3.0" });
    // Nothing more is said of it.
    expect(it.pushed(2 * hour)).toBeUndefined();
    expect(eventsOf(it.device.rig, "ota-task").map(({ status, progress }) => [status, progress])).toEqual([
      ["init", undefined],
      ["published", undefined],
      ["upgrading", 0],
      ["upgrading", 80],
      ["succeeded", 100],
    ]);
  });

  it.each(["getversion", "request"] as const)("an upgrade that the device asks for by %s", (topic) => {
    const it = ordered(edition, { policy: "request" });
    expect(it.pushed(3)).toBeUndefined();
    expect(it.progress(4, 10)).toBe(765);
    const [offer] = it.offers(5, topic);
    expect(task(it)).toMatchObject({ status: "published", policy: "request" });
    expect(it.progress(6, 10)).toBe(200);
    expect(isGenuine(offer, bytesOf(it.fetch(offer, 7, 5)))).toBe(true);
    expect(it.inform(8, "1.3.0")).toBe(200);
    expect(task(it)).toMatchObject({ status: "succeeded" });
    expect(it.offers(9)).toEqual([]);
  });
});

describe("who can be given a task", () => {
  it("is a device that informed its version, and another one than that", () => {
    const it = updater();
    const { cloud } = it.device.rig;
    put(it);
    const order = { productKey: pk, version: "1.3.0" };
    expect(() => cloud.ota.order(order, 1)).toThrow(/not informed its version/);
    it.inform(2, "1.3.0");
    expect(() => cloud.ota.order({ ...order, deviceKeys: [dk] }, 3)).toThrow(/has this version/);
    it.inform(4, "1.2.0");
    const job = cloud.ota.order(order, 5);
    expect(job.tasks.map(({ deviceKey }) => deviceKey)).toEqual([dk]);
    expect(job.skipped).toMatchObject([
      { deviceKey: "other", reason: expect.stringMatching(/not informed/) },
    ]);
    expect(() => cloud.ota.order(order, 6)).toThrow(/has task 1, to 1\.3\.0/);
  });

  it("is known, and so is the version", () => {
    const it = updater();
    const { cloud } = it.device.rig;
    put(it);
    it.inform(1, "1.2.0");
    expect(() => cloud.ota.order({ productKey: pk, version: "9" }, 2)).toThrow(/no firmware 9/);
    expect(() => cloud.ota.order({ productKey: pk, version: "1.3.0", deviceKeys: ["nobody"] }, 2)).toThrow(
      /no device .*nobody/,
    );
    expect(() => cloud.ota.order({ productKey: pk, version: "1.3.0", timeout: 1 }, 2)).toThrow(/timeout/);
    expect(cloud.ota.tasks()).toEqual([]);
  });

  it("are all devices of a product, each with a task of its own", () => {
    const it = updater();
    const second = new TestDevice(it.device.rig, otherDevice);
    second.authenticate(0);
    put(it);
    it.inform(1, "1.2.0");
    const other = new Updater(second);
    other.inform(1, "1.1.0");
    const { cloud } = it.device.rig;
    const { jobId } = cloud.ota.order({ productKey: pk, version: "1.3.0" }, 2);
    const [one, two] = [it.pushed(3)!, other.pushed(3)!];
    expect([it.reply(4, one.id), other.reply(4, two.id)]).toEqual(["2.04", "2.04"]);
    // Both fetch at once, a block each.
    let theirs: Fetched | undefined;
    const mine = it.fetch(one.params, 5, 4, (block) => {
      if (block === 20) theirs = other.fetch(two.params, 5, 5);
    });
    expect(Buffer.compare(bytesOf(mine), bytesOf(theirs!))).toBe(0);
    other.inform(6, "1.3.0");
    const stands = cloud.ota.tasks({ jobId }).map(({ deviceKey, status }) => [deviceKey, status]);
    expect(stands).toEqual([
      ["other", "succeeded"],
      [dk, "published"],
    ]);
    expect(cloud.ota.tasks({ status: "succeeded" })).toHaveLength(1);
  });
});

describe("a progress", () => {
  it("without a task gets 764, before the device was told 765", () => {
    const it = updater();
    put(it);
    it.inform(1, "1.2.0");
    expect(it.progress(2, 10)).toBe(764);
    const { cloud } = it.device.rig;
    const { tasks } = cloud.ota.order({ productKey: pk, version: "1.3.0", policy: "request" }, 3);
    expect(it.progress(4, 10)).toBe(765);
    expect(it.progress(5, -1)).toBe(765);
    cloud.ota.cancel(tasks[0].taskId, 6);
    expect(it.progress(7, 10)).toBe(764);
    expect(eventsOf(it.device.rig, "report-refused").map(({ enosCode }) => enosCode)).toEqual([
      764, 765, 765, 764,
    ]);
  });

  it.each([
    [-1, "the update failed"],
    [-2, "no block after 12 tries"],
    [-3, "another digest"],
    [-4, "the flash cannot be written"],
    [-17, undefined],
  ])("of %i fails the task", (step, desc) => {
    const it = ordered();
    it.reply(3, it.pushed(3)!.id);
    it.progress(4, 40);
    expect(it.progress(5, step, desc)).toBe(200);
    expect(task(it)).toMatchObject({ status: "failed", cause: "failure", progress: step, endedAt: 5 });
    expect(task(it)["desc"]).toBe(desc);
    expect(it.progress(6, 50)).toBe(764);
  });

  it("keeps the task alive until its time limit, which counts from the first one", () => {
    const it = ordered("token", { timeout: 2 * hour });
    const { cloud } = it.device.rig;
    it.reply(3, it.pushed(3)!.id);
    cloud.poll(20 * hour);
    expect(task(it)).toMatchObject({ status: "published" });
    it.progress(21 * hour, 1);
    expect(cloud.deadline).toBeLessThanOrEqual(23 * hour);
    it.progress(22 * hour, 60);
    cloud.poll(23 * hour - 1);
    expect(task(it)).toMatchObject({ status: "upgrading" });
    cloud.poll(23 * hour);
    expect(task(it)).toMatchObject({ status: "failed", cause: "timeout", desc: "not done after 7200 s" });
    expect(it.progress(23 * hour + 1, 70)).toBe(764);
    // The device may have it all the same: its version is told, the task stays failed.
    it.inform(24 * hour - 10, "1.3.0");
    expect(task(it)).toMatchObject({ status: "failed" });
    expect(cloud.devices.view(pk, dk)).toMatchObject({ firmwareVersion: "1.3.0" });
  });
});

describe("an upgrade that is pushed", () => {
  it("and refused fails the task", () => {
    const it = ordered();
    it.reply(4, it.pushed(3)!.id, 500);
    expect(task(it)).toMatchObject({
      status: "failed",
      cause: "refusal",
      desc: "the device replied 500: no room",
    });
  });

  it("and canceled ends for the device with 764", () => {
    const it = ordered();
    const { cloud } = it.device.rig;
    const command = it.pushed(3)!;
    it.reply(4, command.id);
    const fetched = it.fetch(command.params, 5, 5, (block) => {
      if (block === 10) cloud.ota.cancel("1", 6);
    });
    // The file is there all the same: the task tells the device to stop.
    expect("bytes" in fetched).toBe(true);
    expect(it.progress(7, 30)).toBe(764);
    expect(task(it)).toMatchObject({ status: "canceled", desc: "canceled", endedAt: 6 });
    expect(() => cloud.ota.cancel("1", 8)).toThrow(/is canceled: only one that is init or published/);
    expect(() => cloud.ota.cancel("7", 8)).toThrow("no task 7");
  });

  it("cannot be canceled once the device is at it", () => {
    const it = ordered();
    it.reply(4, it.pushed(3)!.id);
    it.progress(5, 0);
    expect(() => it.device.rig.cloud.ota.cancel("1", 6)).toThrow(/is upgrading/);
  });

  it("and failed can be tried again, as often as need be", () => {
    const it = ordered();
    const { cloud } = it.device.rig;
    for (let tries = 0; tries < 3; tries++) {
      const now = 10 * hour * tries;
      const command = it.pushed(now + 3)!;
      it.reply(now + 4, command.id);
      it.progress(now + 5, -2);
      expect(cloud.ota.retry("1", now + 6)).toMatchObject({ status: "init", desc: "tried again" });
      expect(task(it)["cause"]).toBeUndefined();
    }
    it.inform(31 * hour, "1.3.0");
    expect(() => cloud.ota.retry("1", 31 * hour)).toThrow(/is succeeded: only one that is failed/);
  });

  it("and not replied to is sent again at a contact an hour later, until the device replies, be it late", () => {
    const it = ordered();
    const { cloud } = it.device.rig;
    const statuses = (): string[] => cloud.commands.list(pk, dk).map(({ status }) => status);
    const first = it.pushed(3)!;
    cloud.poll(70_000);
    expect(statuses()).toEqual(["timed-out"]);
    expect(it.pushed(hour)).toBeUndefined();
    const second = it.pushed(hour + 3)!;
    expect(second.params).toEqual(first.params);
    cloud.poll(hour + 70_000);
    expect(statuses()).toEqual(["timed-out", "timed-out"]);
    expect(it.reply(hour + 80_000, second.id)).toBe("2.04");
    expect(it.pushed(5 * hour)).toBeUndefined();
    expect(task(it)).toMatchObject({ status: "published" });
  });

  it("to a device that is away waits, and is queued anew when two days were not enough", () => {
    const it = ordered("tokenless");
    const { cloud } = it.device.rig;
    cloud.poll(49 * hour);
    expect(cloud.commands.list(pk, dk).map(({ status }) => status)).toEqual(["expired"]);
    expect(task(it)).toMatchObject({ status: "init" });
    it.device.authenticate(50 * hour);
    expect(it.pushed(50 * hour + 1)?.params).toMatchObject({ version: "1.3.0" });
    expect(task(it)).toMatchObject({ status: "published" });
  });

  it("and canceled before it was sent is never sent", () => {
    const it = ordered();
    const { cloud } = it.device.rig;
    cloud.ota.cancel("1", 3);
    expect(cloud.commands.list(pk, dk).map(({ status }) => status)).toEqual(["revoked"]);
    expect(it.pushed(4)).toBeUndefined();
  });

  it("waits behind other commands, and is given none when too many wait", () => {
    const it = updater();
    const { cloud } = it.device.rig;
    put(it);
    it.inform(1, "1.2.0");
    const times = { pendingTtl: hour };
    for (let i = 0; i < 50; i++) cloud.commands.send(pk, dk, { kind: "set", points: { relay: 1 } }, 2, times);
    const order = { productKey: pk, version: "1.3.0", deviceKeys: [dk] };
    expect(() => cloud.ota.order(order, 3)).toThrow(/no device can be given 1\.3\.0; the first, .*50/);
    cloud.poll(2 * hour);
    expect(cloud.ota.order(order, 2 * hour).tasks).toHaveLength(1);
  });

  it("of a file that is replaced while it is fetched is seen by the ETag", () => {
    const it = ordered();
    const command = it.pushed(3)!;
    it.reply(4, command.id);
    const fetched = it.fetch(command.params, 5, 5, (block) => {
      if (block === 17) put(it, "1.3.0", bodyOf(20_000, "another"));
    });
    expect(fetched).toEqual({ failed: "another file", at: 17 * 512 });
    it.progress(6, -3, "another file");
    // What is offered from now on is the other one.
    it.device.rig.cloud.ota.retry("1", 7);
    const again = it.pushed(8)!;
    expect(again.params.fileUrl).toBe(command.params.fileUrl);
    expect(again.params.sign).not.toBe(command.params.sign);
    expect(isGenuine(again.params, bytesOf(it.fetch(again.params, 9, 5)))).toBe(true);
  });

  it("whose file is gone is told by 4.04; while a task needs it, it cannot go", () => {
    const it = ordered();
    const { cloud } = it.device.rig;
    expect(() => cloud.ota.removeFirmware(pk, "1.3.0", 3)).toThrow(/in a task that is not over/);
    const command = it.pushed(3)!;
    cloud.ota.cancel("1", 4);
    cloud.ota.removeFirmware(pk, "1.3.0", 5);
    expect(it.fetch(command.params, 6, 5)).toEqual({ failed: "4.04", at: 0 });
    expect(() => cloud.ota.removeFirmware(pk, "1.3.0", 7)).toThrow(/no firmware 1\.3\.0/);
  });
});

describe("a device that goes back to the version that it had", () => {
  function upgraded(): Updater {
    const it = ordered("token", { timeout: 2 * hour });
    it.reply(4, it.pushed(3)!.id);
    it.inform(5, "1.3.0");
    expect(task(it)).toMatchObject({ status: "succeeded", endedAt: 5 });
    return it;
  }

  it("has failed, and can be tried again", () => {
    const it = upgraded();
    it.inform(6, "1.3.0");
    expect(task(it)).toMatchObject({ status: "succeeded" });
    it.inform(hour, "1.2.0");
    expect(task(it)).toMatchObject({
      ...{ status: "failed", cause: "return", desc: "the device went back from 1.3.0", endedAt: hour },
    });
    expect(it.device.rig.cloud.ota.retry("1", hour + 1)).toMatchObject({ status: "init" });
  });

  it("long after, or goes elsewhere, has not", () => {
    const other = upgraded();
    other.inform(6, "1.1.0");
    expect(task(other)).toMatchObject({ status: "succeeded" });
    const late = upgraded();
    late.inform(3 * hour, "1.2.0");
    expect(task(late)).toMatchObject({ status: "succeeded" });
  });
});

it("goes with its device and its product", () => {
  const it = ordered();
  const { cloud } = it.device.rig;
  const { fileUrl } = cloud.ota.firmware(pk)[0];
  cloud.devices.remove(pk, dk, 3);
  expect(cloud.ota.tasks()).toEqual([]);
  cloud.devices.remove(pk, "other", 3);
  cloud.products.remove(pk, 4);
  expect(cloud.ota.firmware(pk)).toEqual([]);
  expect(it.fetch({ version: "", sign: "", signMethod: "md5", fileUrl, fileSize: 1 }, 5, 5)).toEqual({
    failed: "4.04",
    at: 0,
  });
});

describe("files", () => {
  it("are bounded in number and in bytes, and have a name that can stand in a path", () => {
    const it = updater("token", {
      limits: { firmwareBytes: 100, firmwarePerProduct: 2, firmwareTotal: 150 },
    });
    put(it, "1", bodyOf(90));
    expect(() => put(it, "2", bodyOf(101))).toThrow("firmware: expected at most 100 bytes, got 101");
    expect(() => put(it, "2", bodyOf(0))).toThrow("firmware: the file is empty");
    expect(() => put(it, "2", bodyOf(61))).toThrow(/all files together may have 150 bytes/);
    put(it, "1", bodyOf(100));
    put(it, "2", bodyOf(50));
    expect(() => put(it, "3", bodyOf(1))).toThrow(/has 2 files already/);
    it.device.rig.cloud.ota.removeFirmware(pk, "1", 1);
    put(it, "3", bodyOf(100));
    for (const wrong of ["", ".", "..", "a/b", "-1", "ä", "x".repeat(65), "a b"]) {
      expect(() => put(it, wrong, bodyOf(1)), wrong).toThrow(/^version: expected/);
    }
    expect(() =>
      it.device.rig.cloud.ota.putFirmware(
        { productKey: "none", version: "1", signMethod: "md5" },
        bodyOf(1),
        1,
      ),
    ).toThrow("no product none");
  });

  it("are signed by md5, as in the manual's example, or by sha256", () => {
    const it = updater();
    const { cloud } = it.device.rig;
    const bytes = Buffer.from("abc");
    const put = (version: string, signMethod: "md5" | "sha256"): string =>
      cloud.ota.putFirmware({ productKey: pk, version, signMethod }, bytes, 0).sign;
    // RFC 1321 appendix A.5; FIPS 180-2 appendix B.1.
    expect(put("1", "md5")).toBe("900150983cd24fb0d6963f7d28e17f72");
    expect(put("2", "sha256")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
