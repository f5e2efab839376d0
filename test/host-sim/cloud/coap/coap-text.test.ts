import fc from "fast-check";
import { expect, it, test } from "vitest";
import { describeCoap, printable } from "../../../../host-sim/cloud/coap/coap-text";
import { decodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import type { CoapMessage } from "../../../../host-sim/cloud/coap/coap-wire";
import { topic, message, uriPath } from "../harness";
import { runs } from "../../../density";

const sign = { number: 2101, value: Buffer.from("AB".repeat(32)) };

test.each<[string, Partial<CoapMessage>]>([
  [
    "CON POST mid=4a1c token=9f86d081 /topic/sys/MuGsF6W4/861234567890123/thing/model/up_raw" +
      " 2101=<64 bytes> payload=41 B",
    {
      messageId: 0x4a1c,
      token: Buffer.from("9f86d081", "hex"),
      options: [...uriPath([...topic, "thing", "model", "up_raw"]), sign],
      payload: new Uint8Array(41),
    },
  ],
  ["CON empty mid=0001", { code: 0 }],
  ["RST empty mid=0001", { code: 0, type: 3 }],
  ["ACK 4.01 mid=0001", { code: 0x81, type: 2 }],
  [
    "ACK 2.04 mid=0001 2100=/topic/sys/a/b/thing/model/down_raw 2102=<3 bytes>",
    {
      code: 0x44,
      type: 2,
      options: [
        { number: 2100, value: Buffer.from("/topic/sys/a/b/thing/model/down_raw") },
        { number: 2102, value: Buffer.from("xyz") },
      ],
    },
  ],
  [
    "NON GET mid=0001 /a Content-Format=50 292=0x0102",
    {
      code: 1,
      type: 1,
      options: [
        ...uriPath(["a"]),
        { number: 12, value: Uint8Array.of(50) },
        { number: 292, value: Uint8Array.of(1, 2) },
      ],
    },
  ],
  ["CON 0.31 mid=0001", { code: 31 }],
])("%s", (line, fields) => {
  expect(describeCoap(message(fields))).toBe(line);
});

it("never shows a signature or a payload", () => {
  const payload = Buffer.from("TOPSECRET");
  const line = describeCoap(message({ options: [sign, { number: 2102, value: payload }], payload }));
  expect(line).not.toContain("ABAB");
  expect(line).not.toContain("TOPSECRET");
  expect(line).not.toContain(payload.toString("hex"));
});

it("gives one printable line for any message", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
      const read = decodeCoap(Uint8Array.of(0x44, 2, ...rest));
      if ("malformed" in read) return;
      expect(describeCoap(read)).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/);
    }),
    { seed: 1, numRuns: runs(5000) },
  );
});

it("escapes what could move a terminal's cursor, and cuts", () => {
  expect(printable("a\u001b[2Jb\n\u202e")).toBe("a\\u001b[2Jb\\u000a\\u202e");
  expect(printable("\u007f\u009b31m\u061c\u200b\u2028\u2066\u2069\ufeff\ud800")).toBe(
    "\\u007f\\u009b31m\\u061c\\u200b\\u2028\\u2066\\u2069\\ufeff\\ud800",
  );
  expect(printable("größe 漢字 😀")).toBe("größe 漢字 😀");
  expect(printable("x".repeat(300), 10)).toBe("xxxxxxxxxx...");
});

it("is no longer than a screenful for the longest message that is read", () => {
  const options = Array.from({ length: 64 }, () => ({ number: 15, value: Buffer.alloc(255, "\u0007") }));
  const line = describeCoap(message({ options }));
  expect(line).toMatch(/^CON .* Uri-Query=(\\u0007)+.*\.\.\.$/);
  expect(line.length).toBeLessThanOrEqual(2003);
});
