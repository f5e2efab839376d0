/** Nothing secret gets into a report's bytes. */
import { describe, expect, test } from "vitest";
import { encodeCoap } from "../../../../../host-sim/cloud/coap/coap-wire";
import { maskSecrets } from "../../../../../host-sim/inspect/report/html/mask";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

function message(payload: string, options: { number: number; value: Uint8Array }[] = []): Uint8Array {
  return encodeCoap({
    type: 0,
    code: 2,
    messageId: 7,
    token: Uint8Array.of(1, 2),
    options,
    payload: bytes(payload),
  });
}

describe("masked", () => {
  test.each([
    ['{"token":"b9ac2c9c9908bb06"}', "b9ac2c9c9908bb06"],
    ['{"secureMode":2,"sign" : "876C7169"}', "876C7169"],
    ['{"name":"ü","token":"ab', "ab"],
  ])("%s", (payload, secret) => {
    const before = message(payload);
    const { bytes: after, ranges } = maskSecrets(before);
    expect(after).toHaveLength(before.length);
    expect(Buffer.from(after).includes(secret)).toBe(false);
    expect(ranges).toHaveLength(1);
    const [at, length] = ranges[0];
    expect(Buffer.from(before.subarray(at, at + length)).toString()).toBe(secret);
    // All else is as it was, and the sender's buffer too.
    expect(after.subarray(0, at)).toEqual(before.subarray(0, at));
    expect(after.subarray(at + length)).toEqual(before.subarray(at + length));
    expect(Buffer.from(before).includes(secret)).toBe(true);
  });

  test("option 2101, and no other", () => {
    const before = message("{}", [
      { number: 11, value: bytes("up_raw") },
      { number: 2100, value: bytes("/topic/down") },
      { number: 2101, value: bytes("39909D37FC378FF4") },
    ]);
    const { bytes: after, ranges } = maskSecrets(before);
    const text = Buffer.from(after).toString("latin1");
    expect(text).not.toContain("39909D37FC378FF4");
    expect(text).toContain("/topic/down");
    expect(ranges.map(([, length]) => length)).toEqual([16]);
  });

  test("the whole of what cannot be read", () => {
    expect(maskSecrets(Uint8Array.of(0xff, 1, 2))).toEqual({ bytes: new Uint8Array(3), ranges: [[0, 3]] });
    expect(maskSecrets(new Uint8Array())).toEqual({ bytes: new Uint8Array(), ranges: [] });
  });
});
