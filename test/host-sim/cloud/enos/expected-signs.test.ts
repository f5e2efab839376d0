/** What a device's next requests carry is known before they come, and nothing else passes for it. */
import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { ExpectedSigns } from "../../../../host-sim/cloud/enos/expected-signs";
import { signIv, signKey } from "../../../../host-sim/cloud/enos/sign";
import { TestDevice, demoSecret, dk, noBytes, pk, rawReading, rig, sessionSign, warm } from "../harness";
import { runs } from "../../../density";

const token = "9f86d081884c7d65";
const key = signKey(demoSecret);
const sign = (sequence: number, of = token): Uint8Array => {
  return Buffer.from(sessionSign(demoSecret, `token${of}sequence${sequence}`));
};

describe("signs that are expected", () => {
  test.each(["zero", "key", "00112233445566778899aabbccddeeff", "ecb"])(
    "are those of IV setting %s",
    (setting) => {
      const iv = signIv(setting, key);
      const expected = new ExpectedSigns(key, iv);
      // Past two numbers with one digit more, of which the second fills the block and takes another.
      for (const first of [1, 95, 990]) {
        expected.prepare(token, first);
        for (let sequence = first; sequence < first + 60; sequence++) {
          const cipher = createCipheriv(iv === undefined ? "aes-128-ecb" : "aes-128-cbc", key, iv ?? null);
          const text = `token${token}sequence${sequence}`;
          const right = (cipher.update(text, "utf8", "hex") + cipher.final("hex")).toUpperCase();
          expect(expected.has(Buffer.from(right), token, sequence)).toBe(true);
        }
      }
    },
  );

  it("are taken for their own number and token alone, and when every byte is right", () => {
    const expected = new ExpectedSigns(key, signIv("zero", key));
    expect(expected.has(sign(1), token, 1)).toBe(false);
    expected.prepare(token, 5);
    expect(expected.has(sign(5), token, 6)).toBe(false);
    expect(expected.has(sign(4), token, 4)).toBe(false);
    expect(expected.has(sign(5), "0123456789abcdef", 5)).toBe(false);
    expect(expected.has(sign(5, "0123456789abcdef"), token, 5)).toBe(false);
    expect(expected.has(sign(5).subarray(0, 63), token, 5)).toBe(false);
    expect(expected.has(noBytes, token, 5)).toBe(false);
    for (let i = 0; i < sign(5).length; i++) {
      const wrong = sign(5);
      wrong[i] ^= 0x20;
      expect(expected.has(wrong, token, 5)).toBe(false);
    }
    expect(expected.has(sign(5), token, 5)).toBe(true);
  });

  it("end with the numbers that can be counted", () => {
    const expected = new ExpectedSigns(key, undefined);
    expected.prepare(token, Number.MAX_SAFE_INTEGER);
    expect(expected.has(sign(1), token, Number.MAX_SAFE_INTEGER + 1)).toBe(false);
    expected.prepare(token, Number.MAX_SAFE_INTEGER + 1);
    expect(expected.has(sign(1), token, Number.MAX_SAFE_INTEGER + 1)).toBe(false);
  });
});

describe("a session whose requests count up", () => {
  const reading = rawReading(1, [1, warm]);
  const up = "thing/model/up_raw";

  it("takes a request exactly when its number is larger than the last, whatever is expected", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: -3, max: 30 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const device = new TestDevice(rig());
        device.authenticate();
        let last = 0;
        for (const by of steps) {
          const sequence = Math.max(1, last + by);
          device.sequence = sequence - 1;
          expect(device.post(0, up, reading).code).toBe(sequence > last ? "2.04" : "4.01");
          last = Math.max(last, sequence);
        }
      }),
      { seed: 2101, numRuns: runs(60) },
    );
  });

  it("is refused with a sign that was expected before its state changed, or its token", () => {
    const b = rig();
    const device = new TestDevice(b);
    device.authenticate();
    for (let i = 0; i < 3; i++) expect(device.post(0, up, reading).code).toBe("2.04");
    const old = device.token;
    b.cloud.devices.disable(pk, dk, 0);
    expect(device.post(0, up, reading).code).toBe("4.03");
    b.cloud.devices.enable(pk, dk, 0);
    expect(device.post(0, up, reading).code).toBe("4.01");
    device.authenticate();
    const next = sessionSign(demoSecret, `token${old}sequence5`);
    expect(device.send(0, { path: device.topic(up), payload: reading, sign: next }).code).toBe("4.01");
    device.sequence = 0;
    for (let i = 0; i < 3; i++) expect(device.post(0, up, reading).code).toBe("2.04");
    b.cloud.devices.change(pk, dk, { deviceSecret: "another secret" }, 0);
    expect(device.post(0, up, reading).code).toBe("4.00");
  });
});
