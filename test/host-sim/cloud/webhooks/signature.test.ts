/** Signatures, judged by the specification's own package. */
import { describe, expect, it, test } from "vitest";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { isSecret, secretOf, signedHeaders } from "../../../../host-sim/cloud/webhooks/signature";

describe("a signature", () => {
  it("is the one that the specification's package makes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        fc.string({ unit: "binary", maxLength: 100 }),
        fc.integer({ min: 0, max: 4e12 }),
        (bytes, body, at) => {
          const secret = secretOf(bytes);
          const headers = signedHeaders(secret, "msg_1", at, body);
          expect(headers["webhook-signature"]).toBe(new Webhook(secret).sign("msg_1", new Date(at), body));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("is taken by it, and not when anything was changed", () => {
    const secret = secretOf(Buffer.alloc(32, 7));
    const headers = signedHeaders(secret, "msg_1", Date.now(), '{"a":1}');
    const receiver = new Webhook(secret);
    expect(receiver.verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(() => receiver.verify('{"a":2}', headers)).toThrow(/No matching signature/);
    expect(() => receiver.verify('{"a":1}', { ...headers, "webhook-id": "msg_2" })).toThrow();
    const old = signedHeaders(secret, "msg_1", Date.now() - 600_000, '{"a":1}');
    expect(() => receiver.verify('{"a":1}', old)).toThrow(/too old/);
  });
});

test.each<[unknown, boolean]>([
  [secretOf(Buffer.alloc(24)), true],
  [secretOf(Buffer.alloc(64)), true],
  [secretOf(Buffer.alloc(23)), false],
  [secretOf(Buffer.alloc(65)), false],
  [Buffer.alloc(32).toString("base64"), false],
  [`whsec_${"!".repeat(44)}`, false],
  [`whsec_${Buffer.alloc(32).toString("base64url")}`, false],
  ["whsec_", false],
  ["", false],
  [undefined, false],
  [7, false],
])("%j is a secret: %j", (text, expected) => expect(isSecret(text)).toBe(expected));
