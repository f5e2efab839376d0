/**
 * The update of a device by its agent, from the stand-in's cloud: what is sent, when, and where each failure leads.
 */
import { describe, expect, it } from "vitest";
import { changedImage, smallImage } from "./small-package";
import { Maker, UpdatingDevice, fileServer, packageOf } from "./updating-device";
import type { DeviceOptions } from "./updating-device";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const maker = new Maker();
const base = smallImage("base", 60_000);
const image = changedImage(base, "new", 1_000);
const nothing = new Uint8Array(0);
const whole = packageOf({ maker, image, base: nothing });
const difference = packageOf({ maker, image, base });

function deviceWith(options: Partial<DeviceOptions> = {}): UpdatingDevice {
  const device = new UpdatingDevice({ maker, image: base, ...options });
  device.knows(image, "0.3.0");
  device.wait(2 * minute);
  return device;
}

const over = (device: UpdatingDevice): boolean =>
  ["succeeded", "failed", "canceled"].includes(device.task.status);

/** Requests for blocks that the server has seen, by their numbers. */
const blocks = (device: UpdatingDevice): number =>
  device.requests.filter((line) => line.startsWith("GET /f/")).length;

describe("a good update", () => {
  it.each([
    ["the whole image", whole, "whole"],
    ["a difference", difference, "difference"],
  ])("%s: fetched, started, on trial, kept and told", (_what, file, what) => {
    const device = deviceWith();
    device.order(file);
    expect(device.until(() => over(device), 6 * hour)).toBe(true);
    device.wait(hour);
    expect(device.task.status).toBe("succeeded");
    expect(device.version).toBe("0.3.0");
    expect(device.slots.map(({ state }) => state)).toEqual(["undefined", "valid"]);
    expect(device.lines("update:").map((line) => line.replace(/"\/f\/.*"/, '"/f/NAME"'))).toEqual([
      `update: begun version=0.3.0 size=${file.length} place="/f/NAME"`,
      `update: package version=0.3.0 what=${what} size=${file.length} image=61000`,
      "update: told step=0",
      "update: verified version=0.3.0 image=61000",
      "update: told step=90",
      "update: starts version=0.3.0",
      "update: trial version=0.3.0 starts=0 tries=0",
      "update: kept version=0.3.0",
      "update: told step=100",
    ]);
    expect(blocks(device)).toBe(Math.ceil(file.length / 512));
    // Each reading is there once.
    expect(device.readings).toBe(Math.floor(device.now / (15 * minute)) + 2);
  });

  it("readings go first, and none waits for longer than an exchange", () => {
    const device = deviceWith({ agent: { interval: 20 } });
    device.order(whole);
    expect(device.until(() => over(device), 6 * hour)).toBe(true);
    expect(device.task.status).toBe("succeeded");
    const waits = device
      .lines("report: acknowledged")
      .map((line) => Number(/after=([\d.]+)s/.exec(line)![1]));
    expect(waits.length).toBeGreaterThan(10);
    expect(Math.max(...waits)).toBeLessThan(15);
  });

  it("asks for no release of the radio while blocks follow, and for one when nothing does", () => {
    const device = deviceWith();
    device.order(whole);
    const before = device.released.length;
    device.until(() => device.lines("update: told step=90").length > 0, hour);
    const released = device.released.slice(before);
    // The reading with whose answer the command came was the last that anybody knew of.
    expect(released.filter(Boolean).length).toBeLessThanOrEqual(2);
    expect(blocks(device)).toBeGreaterThan(50);
    device.wait(2 * hour);
    expect(device.released.at(-1)).toBe(true);
  });

  it("of several servers: a coap:// URL is fetched there, and everything else goes where it did", () => {
    const seen: string[] = [];
    const device = deviceWith({
      settings: { files: "coap://files.example:5700/fw" },
      others: (datagram, address, port) => {
        seen.push(`${address}:${port}`);
        return fileServer(datagram, "/fw/0.3.0-m5stack-nbiot.enup", difference);
      },
    });
    device.order(difference);
    expect(device.until(() => over(device), 6 * hour)).toBe(true);
    expect(device.task.status).toBe("succeeded");
    expect(new Set(seen)).toEqual(new Set(["files.example:5700"]));
    expect(blocks(device)).toBe(0);
    expect(device.lines("update: begun")).toEqual([
      `update: begun version=0.3.0 size=${difference.length} place="coap://files.example:5700/fw/0.3.0-m5stack-nbiot.enup"`,
    ]);
  });

  it("asks for a version once a day where the settings say so", () => {
    const device = deviceWith({ settings: { updates: "ask" } });
    expect(device.requests.filter((line) => line.endsWith("ota/device/getversion")).length).toBe(1);
    device.order(difference, "0.3.0", "request");
    device.wait(12 * hour);
    expect(device.version).toBe("0.2.0");
    expect(device.until(() => over(device), 15 * hour)).toBe(true);
    expect(device.version).toBe("0.3.0");
  });

  it("does not take what it was told when it asked once that was rolled back, unless it is ordered to", () => {
    const device = deviceWith({ settings: { updates: "ask" } });
    device.knows(image, "0.3.0", "crashes");
    device.order(difference, "0.3.0", "request");
    expect(device.until(() => device.task.status === "failed", 2 * day)).toBe(true);
    const fetched = blocks(device);
    device.order(difference, "0.3.0", "request");
    device.wait(3 * day);
    expect(blocks(device)).toBe(fetched);
    expect(device.lines("update: refused").at(-1)).toBe(
      'update: refused version=0.3.0 reason="was rolled back"',
    );
    device.knows(image, "0.3.0");
    device.tell("0.3.0", difference);
    expect(device.until(() => device.version === "0.3.0", 12 * hour)).toBe(true);
  });
});

describe("goes on", () => {
  it("over a loss of power at any time, and fetches hardly anything twice", () => {
    const device = deviceWith();
    device.order(whole);
    for (let i = 0; i < 40 && !over(device); i++) {
      device.wait(17_000 + 1_000 * i);
      if (device.task.status !== "succeeded") device.losePower();
    }
    expect(device.until(() => over(device), 12 * hour)).toBe(true);
    expect(device.task.status).toBe("succeeded");
    expect(device.starts.filter((reason) => reason === "power-on").length).toBeGreaterThan(3);
    expect(blocks(device)).toBeLessThan(Math.ceil(whole.length / 512) + 60);
    expect(device.lines("update: goes on").length).toBeGreaterThan(2);
  });

  it("over days without network, another address and a session that the cloud has lost", () => {
    const device = deviceWith();
    device.order(whole);
    device.until(() => blocks(device) > 10, hour);
    device.agent.link.broken = true;
    device.agent.link.ready = false;
    device.wait(2 * day);
    device.peer = { address: "10.9.9.9", port: 777 };
    device.cloud.cloud.devices.forgetSession("MuGsF6W4", "861234567890123", device.now);
    device.agent.link.broken = false;
    expect(device.until(() => over(device), 12 * hour)).toBe(true);
    expect(device.task.status).toBe("succeeded");
    expect(blocks(device)).toBeLessThan(Math.ceil(whole.length / 512) + 10);
  });

  it("over deep sleep, as many blocks a contact as the settings allow", () => {
    const device = deviceWith({ sleepsDeeply: true, settings: { updateBlocks: 10 } });
    device.order(whole);
    expect(device.until(() => over(device), 3 * day)).toBe(true);
    expect(device.task.status).toBe("succeeded");
    expect(device.starts.filter((reason) => reason === "deep-sleep").length).toBeGreaterThan(4);
    expect(blocks(device)).toBeLessThan(Math.ceil(whole.length / 512) + 5);
    // No deep sleep in the trial.
    const trial = device.log.findIndex((line) => line.startsWith("update: trial"));
    const kept = device.log.findIndex((line) => line.startsWith("update: kept"));
    expect(device.log.slice(trial, kept).filter((line) => line.startsWith("agent: start"))).toEqual([]);
  });
});

describe("bounds", () => {
  /** Blocks fetched in each hour since the order. */
  const hourly = (device: UpdatingDevice, hours: number): number[] =>
    Array.from({ length: hours }, () => {
      const before = blocks(device);
      device.wait(hour);
      return blocks(device) - before;
    });

  it("as many blocks a contact as are allowed", () => {
    const device = deviceWith({ settings: { updateBlocks: 5 } });
    device.order(whole);
    const counts = hourly(device, 3);
    // Four readings an hour are four contacts.
    expect(
      counts.every((count) => count >= 15 && count <= 20),
      String(counts),
    ).toBe(true);
    expect(device.lines("update: pauses")[0]).toMatch(/reason=blocks/);
    // With the last one of each contact the radio may be released behind the answer.
    const asked = device.requests.map((line, i) => ({ line, released: device.released[i] }));
    const released = asked.filter(({ line }) => line.startsWith("GET /f/")).map((each) => each.released);
    const first = released.indexOf(true);
    expect(released.slice(first)).toEqual(released.slice(first).map((_, i) => i % 5 === 0));
    expect(first).toBeLessThan(6);
  });

  it("as many bytes a day as are allowed", () => {
    const device = deviceWith({ settings: { updateBytes: 10_000 } });
    device.order(whole);
    device.wait(day - hour);
    expect(blocks(device)).toBe(20);
    expect(device.lines("update: pauses")).toEqual([
      `update: pauses reason=bytes fetched=10240 size=${whole.length}`,
    ]);
    expect(device.until(() => over(device), 4 * day)).toBe(true);
    expect(device.task.status).toBe("succeeded");
  });

  it("at the hours that are allowed", () => {
    // It begins at midnight, UTC.
    const device = deviceWith({ settings: { updateHours: "3-5" } });
    device.order(whole);
    device.wait(3 * hour - 3 * minute);
    expect(blocks(device)).toBe(0);
    device.wait(hour);
    expect(device.task.status).toBe("succeeded");
  });

  it("in the coverage that is allowed", () => {
    let coverage: number | undefined = 2;
    const device = deviceWith({ settings: { updateCoverage: 1 }, coverage: () => coverage });
    device.order(difference);
    device.wait(3 * hour);
    expect(blocks(device)).toBe(0);
    expect(device.lines("update: pauses")[0]).toMatch(/reason=coverage/);
    coverage = 1;
    expect(device.until(() => over(device), 2 * hour)).toBe(true);
    expect(device.task.status).toBe("succeeded");
  });
});

describe("what is none for this device is never started", () => {
  const changed = (file: Uint8Array, at: number): Uint8Array => {
    const bytes = file.slice();
    bytes[at] ^= 1;
    return bytes;
  };
  const head = (change: (head: Buffer) => void): Uint8Array =>
    packageOf({ maker, image, base: nothing, forgeHead: change });

  it.each<[string, Uint8Array, string]>([
    ["unsigned", packageOf({ maker: new Maker(), image, base: nothing }), "unsigned"],
    ["with a bit of its head changed", changed(whole, 90), "unsigned"],
    ["another board's", head((b) => b.fill(0, 8, 32).write("m5stack-catm", 8)), "other-board"],
    ["another product's", head((b) => b.write("Other", 56)), "other-product"],
    ["of another version", head((b) => b.fill(0, 32, 56).write("0.3.1", 32)), "other-version"],
    ["of other formats", head((b) => (b[200] = 9)), "other-storage"],
    ["no package", smallImage("noise", 2_000), "no-package"],
  ])("a file that is %s", (_what, file, reason) => {
    const device = deviceWith();
    device.order(file);
    expect(device.until(() => over(device), 6 * hour)).toBe(true);
    expect(device.task).toMatchObject({ status: "failed", progress: -3, desc: reason });
    expect(blocks(device)).toBe(1);
    device.wait(2 * hour);
    expect(device.ran).toEqual(["0.2.0"]);
  });

  it("a chunk with a changed bit, or an image that is not the head's", () => {
    const device = deviceWith();
    device.order(changed(whole, 5_000));
    expect(device.until(() => over(device), 6 * hour)).toBe(true);
    expect(device.task).toMatchObject({ status: "failed", progress: -3 });
    expect(device.ran).toEqual(["0.2.0"]);
    const other = deviceWith();
    other.order(head((b) => (b[90] ^= 1)));
    expect(other.until(() => over(other), 6 * hour)).toBe(true);
    expect(other.task).toMatchObject({
      status: "failed",
      progress: -3,
      desc: expect.stringMatching(/^image/),
    });
    expect(other.ran).toEqual(["0.2.0"]);
  });

  it("the difference to another image", () => {
    const device = deviceWith();
    device.order(packageOf({ maker, image, base: changedImage(base, "another", 0) }));
    expect(device.until(() => over(device), 6 * hour)).toBe(true);
    expect(device.task).toMatchObject({
      status: "failed",
      progress: -3,
      desc: expect.stringMatching(/^base/),
    });
  });

  it("an older version: the command is refused, and nothing is fetched", () => {
    const device = deviceWith();
    device.order(packageOf({ maker, image, base: nothing, version: "0.1.9" }), "0.1.9");
    expect(device.until(() => over(device), 2 * hour)).toBe(true);
    expect(device.task.status).toBe("failed");
    expect(blocks(device)).toBe(0);
  });

  it("forged commands cost three heads a day", () => {
    const device = deviceWith();
    const unsigned = packageOf({ maker: new Maker(), image, base: nothing });
    for (let i = 0; i < 12; i++) {
      device.order(unsigned, `0.3.${i}`);
      device.wait(30 * minute);
    }
    expect(blocks(device)).toBe(3);
    expect(device.lines("update: refused").length).toBe(9);
    // They are as many after a loss of sleep, and others the next day.
    device.wait(day);
    device.order(packageOf({ maker, image, base, version: "0.4.0" }), "0.4.0");
    expect(device.until(() => device.lines("update: verified").length > 0, 2 * hour)).toBe(true);
  });
});

describe("a board that cannot be updated says so", () => {
  it.each<[string, Partial<DeviceOptions>, string]>([
    ["without a key", { settings: { updateKey: "" } }, "no updateKey"],
    ["whose settings say so", { settings: { updates: "none" } }, "updates=none"],
    ["with another partition table", { unable: "no partition nextota" }, "no partition nextota"],
  ])("%s", (_what, options, reason) => {
    const device = deviceWith(options);
    expect(device.lines("update:")).toEqual([`update: none: ${reason}`]);
    device.order(difference);
    expect(device.until(() => over(device), hour)).toBe(true);
    expect(device.task).toMatchObject({ status: "failed", desc: `the device replied 501: ${reason}` });
    expect(blocks(device)).toBe(0);
    device.wait(hour);
    expect(device.readings).toBeGreaterThan(5);
  });
});

describe("a server", () => {
  it("that does not have the file: given up after three tries", () => {
    const device = deviceWith({ settings: { files: "coap://192.0.2.1/nowhere" } });
    device.order(difference);
    expect(device.until(() => over(device), 12 * hour)).toBe(true);
    expect(device.task).toMatchObject({ status: "failed", progress: -2, desc: "4.04" });
  });

  it("that gives no blocks at all: given up after a week, with less and less tries", () => {
    let asked = 0;
    const device = deviceWith({
      settings: { files: "coap://198.51.100.9/fw" },
      others: () => {
        asked += 1;
        return undefined;
      },
    });
    device.order(difference);
    device.wait(6 * day);
    // The stand-in gives up after a week as well.
    expect(device.task.status).toBe("published");
    expect(asked).toBeLessThan(150);
    device.wait(2 * day);
    expect(device.lines("update: ended")).toEqual([
      'update: ended version=0.3.0 reason="no block for days: timeout"',
    ]);
    expect(device.task).toMatchObject({ status: "failed", progress: -2 });
  });

  it("whose file changes: fetched from the front, twice at most", () => {
    const device = deviceWith();
    device.order(whole);
    device.until(() => blocks(device) > 10, hour);
    const second = packageOf({ maker, image, base: nothing, perChunk: 4_096 });
    const put = (file: Uint8Array): void =>
      void device.cloud.cloud.ota.putFirmware(
        { productKey: "MuGsF6W4", version: "0.3.0", signMethod: "md5" },
        file,
        device.now,
      );
    put(second);
    expect(device.until(() => over(device), 6 * hour)).toBe(true);
    expect(device.task.status).toBe("succeeded");
    expect(device.lines("update: begins anew").length).toBe(1);

    const other = deviceWith();
    other.order(whole);
    for (let i = 0; i < 4; i++) {
      other.until(() => blocks(other) > 10 * (i + 1), hour);
      other.cloud.cloud.ota.putFirmware(
        { productKey: "MuGsF6W4", version: "0.3.0", signMethod: "md5" },
        packageOf({
          maker,
          image,
          base: nothing,
          perChunk: 4_096 * (1 + (i & 1)),
          forgeHead: (b) => (b[176] = 0),
        }),
        other.now,
      );
    }
    expect(other.until(() => over(other), 6 * hour)).toBe(true);
    expect(other.lines("update: begins anew").length).toBeLessThanOrEqual(2);
  });
});

describe("the cloud", () => {
  it("takes its task back: the update ends at the next report", () => {
    const device = deviceWith({ settings: { updateBlocks: 2 } });
    const id = device.order(whole);
    device.until(() => device.lines("update: begun").length > 0, hour);
    device.cloud.cloud.ota.cancel(id, device.now);
    device.wait(6 * hour);
    expect(device.lines("update: ended")).toEqual([
      'update: ended version=0.3.0 reason="the cloud has no such task"',
    ]);
    expect(blocks(device)).toBeLessThan(4);
  });

  it("tells of another version: it takes the place of the one that is fetched", () => {
    const device = deviceWith({ settings: { updateBlocks: 3 } });
    device.order(whole);
    device.wait(2 * hour);
    const later = changedImage(image, "later", 100);
    device.knows(later, "0.4.0");
    device.tell("0.4.0", packageOf({ maker, image: later, base, version: "0.4.0" }));
    expect(device.until(() => device.version === "0.4.0", 2 * day)).toBe(true);
    expect(device.ran).toEqual(["0.2.0", "0.4.0"]);
  });

  it("tells of the same again: it goes on where it was", () => {
    const device = deviceWith({ settings: { updateBlocks: 3 } });
    device.order(whole);
    device.wait(2 * hour);
    const before = blocks(device);
    device.tell("0.3.0", whole);
    expect(device.until(() => device.version === "0.3.0", 2 * day)).toBe(true);
    expect(before).toBeGreaterThan(10);
    expect(blocks(device)).toBeLessThan(Math.ceil(whole.length / 512) + 3);
  });
});
