/** Keys of one board: what is refused, what an image of them holds, where it goes. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  deviceKeyOf,
  imageFault,
  keysFault,
  keysImage,
  storesOf,
} from "../../../../host-sim/tools/provision/board-keys";
import { writeNvsImage } from "../../../../host-sim/tools/provision/nvs-image";
import { nvsPartition } from "../../../../host-sim/tools/provision/partitions";
import { demoDevice } from "../../../../host-sim/sim/world/demo-device";
import { Random } from "../../../../host-sim/sim/time/random";
import { runs } from "../../../density";
import type { BoardKeys } from "../../../../host-sim/tools/provision/board-keys";

const secret = "kT4vXq9Zr2LmWp7CsB1nYd6HfJ8gQa3E";
const sealKey = "0f".repeat(32);
const keys: BoardKeys = { productKey: "AbCdEfGh", deviceKey: "864600031234566", deviceSecret: secret };

describe("keys", () => {
  it("of any device are taken, with a device key and without", () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = new Random(seed);
      const device = demoDevice((length) => random.bytes(length));
      expect(keysFault(device)).toBeUndefined();
      expect(keysFault({ ...device, deviceKey: undefined })).toBeUndefined();
    }
  });

  test.each<[Partial<BoardKeys>, RegExp]>([
    [{ productKey: "" }, /^productKey is empty/],
    [{ productKey: "a b" }, /^productKey has a space/],
    [{ productKey: "p".repeat(256) }, /^productKey is 256 characters long/],
    [{ deviceKey: "a/b" }, /^deviceKey has a slash/],
    [{ deviceKey: "" }, /^deviceKey is empty/],
    [{ deviceKey: ".." }, /^deviceKey is "\.\."/],
    [{ deviceSecret: "" }, /^deviceSecret is empty/],
    [{ deviceSecret: "s3".repeat(600) }, /^deviceSecret is longer than 1024 bytes/],
    [{ deviceSecret: `${secret}\n` }, /^deviceSecret has a space.* at position 33$/],
    [{ deviceSecret: `${secret.slice(0, 4)} ${secret}` }, /at position 5$/],
    [{ deviceSecret: `\ufeff${secret}` }, /at position 1$/],
    [{ deviceSecret: `${secret}\0` }, /at position 33$/],
    [{ deviceSecret: "kT4vXq9" }, /^deviceSecret has 7 characters only/],
    [{ deviceSecret: "xxxxxxxxxxxx" }, /placeholder/],
    [{ deviceSecret: "deviceSecret" }, /placeholder/],
    [{ deviceSecret: "<device-secret>" }, /placeholder/],
    [{ deviceSecret: "your_device_SECRET" }, /placeholder/],
    [{ deviceSecret: "replace-this-one-too" }, /placeholder/],
    [{ deviceSecret: "CHANGE-ME" }, /placeholder/],
    [{ deviceSecret: "........" }, /placeholder/],
    [{ deviceSecret: keys.productKey }, /the same as another key/],
    [{ deviceSecret: keys.deviceKey! }, /the same as another key/],
    [{ deviceKey: secret, deviceSecret: "864600031234566" }, /deviceSecret is an IMEI/],
    [{ deviceKey: "8.646E+14" }, /a spreadsheet has rounded/],
  ])("like %j are refused", (change, reason) => {
    const fault = keysFault({ ...keys, ...change });
    expect(fault).toMatch(reason);
    expect(fault).not.toContain(secret.slice(0, 4));
  });

  it('take "imei" and nothing for the IMEI', () => {
    expect(["", "imei", "IMEI"].map(deviceKeyOf)).toEqual([undefined, undefined, undefined]);
    expect(["imei1", " ", "864600031234566"].map(deviceKeyOf)).toEqual(["imei1", " ", "864600031234566"]);
  });
});

describe("an image of keys", () => {
  it("holds any keys that are accepted, and nothing else", () => {
    const segment = fc.stringMatching(/^[!-.0-~]{1,255}$/);
    const secrets = fc.stringMatching(/^[!-~]{8,1024}$/);
    let accepted = 0;
    fc.assert(
      fc.property(
        segment,
        fc.option(segment, { nil: undefined }),
        secrets,
        (productKey, deviceKey, deviceSecret) => {
          const each = { productKey, deviceKey, deviceSecret };
          if (keysFault(each) !== undefined) return;
          accepted++;
          const image = keysImage(each, 0x6000);
          expect(image.length).toBe(0x6000);
          expect(imageFault(image, each)).toBeUndefined();
          const wanted = new Map(Object.entries(each).filter(([, value]) => value !== undefined));
          expect(storesOf(image)).toEqual(new Map([["enos", wanted]]));
        },
      ),
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it("has room for the longest keys that there can be", () => {
    const longest = {
      productKey: "p".repeat(255),
      deviceKey: "d".repeat(255),
      deviceSecret: "s3cr".repeat(256),
      sealKey,
    };
    expect(keysFault(longest)).toBeUndefined();
    expect(imageFault(keysImage(longest, 0x3000), longest)).toBeUndefined();
  });

  test.each<[string, Uint8Array, RegExp]>([
    ["is damaged", keysImage(keys, 0x3000).fill(0, 100, 101), /checksum/],
    ["is empty", new Uint8Array(0x3000).fill(0xff), /something else/],
    ["has another secret", keysImage({ ...keys, deviceSecret: `${secret}x` }, 0x3000), /deviceSecret is not/],
    ["has no device key", keysImage({ ...keys, deviceKey: undefined }, 0x3000), /deviceKey is not/],
    [
      "has a key too many",
      writeNvsImage(0x3000, { namespace: "enos", texts: { ...keys, more: "x" } as Record<string, string> }),
      /1 keys too many/,
    ],
    [
      "has another namespace",
      writeNvsImage(0x3000, { namespace: "enoS", texts: keys as unknown as Record<string, string> }),
      /something else/,
    ],
  ])("that %s is told from what was wanted", (_, image, reason) => {
    const fault = imageFault(image, keys);
    expect(fault).toMatch(reason);
    expect(fault).not.toContain(secret);
  });

  it("of a sealed product is told from one with another seal key, or none; and a plain one's from one with any", () => {
    const sealed = { ...keys, sealKey };
    expect(imageFault(keysImage(sealed, 0x3000), sealed)).toBeUndefined();
    const others: [BoardKeys, BoardKeys][] = [
      [{ ...keys, sealKey: sealKey.replace("0", "1") }, sealed],
      [keys, sealed],
      [sealed, keys],
    ];
    for (const [written, wanted] of others) {
      expect(imageFault(keysImage(written, 0x3000), wanted)).toBe("sealKey is not what was to be written");
    }
  });

  it("for the IMEI holds no device key", () => {
    const imei = { ...keys, deviceKey: undefined };
    expect(imageFault(keysImage(imei, 0x3000), imei)).toBeUndefined();
    expect(imageFault(keysImage(keys, 0x3000), imei)).toBe("deviceKey is not what was to be written");
  });
});

describe("the partition table", () => {
  it("of this project has the NVS partition where the SDK's own has it", () => {
    expect(nvsPartition(readFileSync("firmware/partitions.csv", "utf8"))).toEqual({
      offset: 0x9000,
      size: 0x6000,
    });
  });

  test.each([
    ["nvs,data,nvs,0x9000,0x6000,", 0x9000, 0x6000],
    ["nvs , 1 , 2 , 36864 , 24K # keys\r\napp,app,factory,0x10000,1M", 0x9000, 0x6000],
    ["nvs, data, nvs, 0x10000, 1M", 0x10000, 0x100000],
  ])("%j is understood", (text, offset, size) => {
    expect(nvsPartition(text)).toEqual({ offset, size });
  });

  test.each([
    ["", /0 partitions named nvs/],
    ["# nvs, data, nvs, 0x9000, 0x6000", /0 partitions/],
    ["nvs2, data, nvs, 0x9000, 0x6000", /0 partitions/],
    ["nvs, data, nvs, 0x9000, 0x6000\nnvs, data, nvs, 0x20000, 0x6000", /2 partitions/],
    ["nvs, app, factory, 0x9000, 0x6000", /not of type/],
    ["nvs, data, phy, 0x9000, 0x6000", /not of type/],
    ["nvs, data, nvs, , 0x6000", /no offset/],
    ["nvs, data, nvs, 0x9001, 0x6000", /no offset/],
    ["nvs, data, nvs, 0, 0x6000", /no offset/],
    ["nvs, data, nvs, -4096, 0x6000", /no offset/],
    ["nvs, data, nvs, 0x9000, 0x2000", /no size/],
    ["nvs, data, nvs, 0x9000, 0x6100", /no size/],
    ["nvs, data, nvs, 0x9000, 4095M", /no size/],
    ["nvs, data, nvs, 0x9000", /no size/],
    ["nvs", /not of type/],
  ])("%j is refused", (text, reason) => {
    expect(nvsPartition(text)).toEqual({ problem: expect.stringMatching(reason) });
  });

  it("may be any text", () => {
    const text = fc.string({
      unit: fc.constantFrom("nvs", ",", "data", "0x9000", "0x6000", "\n", " ", "#", "9", "K"),
    });
    fc.assert(
      fc.property(text, (each) => {
        const found = nvsPartition(each);
        if (!("problem" in found)) expect(found.offset % 0x1000 === 0 && found.size >= 0x3000).toBe(true);
      }),
      { numRuns: runs(1000) },
    );
  });
});
