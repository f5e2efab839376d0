/** What an answer to an authentication means, in each of the settings for the protocol's edition. */
import { expect, test } from "vitest";
import { Authentication } from "../../../firmware/enos/authentication";
import { SettingsError } from "../../../firmware/enos/credentials";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import type { EditionSetting } from "../../../firmware/enos/authentication";
import type { Outcome } from "../../../firmware/coap/exchange";

const credentials = { productKey: "PK", deviceKey: "DK", deviceSecret: "secret" };

function authentication(edition?: EditionSetting, lifetime = 300): Authentication {
  return new Authentication({ credentials, lifetime, edition, crypto: nodeCryptography });
}

/** A response of this code with a text for its payload. */
function response(code: number, payload: string): Outcome {
  const message = { type: 2, code, messageId: 1, token: new Uint8Array(0), options: [] };
  const bytes = new TextEncoder().encode(payload);
  return { kind: "response", message: { ...message, payload: bytes } } as unknown as Outcome;
}

const withToken = response(0x44, '{"token":"abc"}');
const without = response(0x44, "");
const token = new TextEncoder().encode("abc");

test("the request is signed JSON that names lifetime and mode, and never the secret", () => {
  const text = new TextDecoder().decode(authentication().payload);
  expect(JSON.parse(text)).toEqual({
    secureMode: 2,
    lifetime: 300,
    sign: expect.stringMatching(/^[0-9A-F]{64}$/) as string,
  });
  expect(text).not.toContain(credentials.deviceSecret + '"');
});

test.each([
  ["auto", withToken, { kind: "admitted", edition: "token", token }],
  ["auto", without, { kind: "admitted", edition: "tokenless", token: undefined }],
  ["token", withToken, { kind: "admitted", edition: "token", token }],
  ["token", without, "edition-mismatch"],
  ["tokenless", withToken, { kind: "admitted", edition: "tokenless", token: undefined }],
  ["tokenless", response(0x44, "\xff{"), { kind: "admitted", edition: "tokenless", token: undefined }],
  ["auto", response(0x44, "[]"), "unreadable-answer"],
  ["auto", response(0x44, '{"token":7}'), "unreadable-answer"],
  ["auto", response(0x81, ""), "unauthorized"],
  ["auto", response(0xa0, ""), "server-error"],
  ["auto", { kind: "timeout" } as Outcome, "timeout"],
] as const)("set to %s it reads an answer", (edition, outcome, expected) => {
  expect(authentication(edition).read(outcome)).toEqual(expected);
});

test("a kept session is of an edition that the settings allow, or is not taken up", () => {
  expect(authentication().allows("token")).toBe(true);
  expect(authentication("auto").allows("tokenless")).toBe(true);
  expect(authentication("token").allows("tokenless")).toBe(false);
  expect(authentication("tokenless").allows("tokenless")).toBe(true);
});

test("what cannot work is refused at once", () => {
  expect(() => authentication("both" as EditionSetting)).toThrow(SettingsError);
  expect(() => authentication("auto", 29)).toThrow(SettingsError);
});
