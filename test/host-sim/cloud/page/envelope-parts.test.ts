/** An envelope taken apart without a key: by who it is from, which start and count, where the tag is. node:crypto made them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { envelopeParts } from "../../../../host-sim/cloud/page/envelope-parts";
import { messageParts } from "../../../../host-sim/cloud/page/message-parts";
import { device, provenAnswer, roots, sealUp } from "../../model/seal-oracle";
import type { EnvelopePlace } from "../../../../host-sim/cloud/page/envelope-parts";

const salt = Buffer.from("00112233aabbccdd", "hex");
const plain = Buffer.from("0100000007", "hex");
const shown = (bytes: Uint8Array, place: EnvelopePlace): unknown =>
  envelopeParts(bytes, place)?.map(({ name, value, length }) =>
    ["ciphertext", "tag", "nonce", "proof"].includes(name) ? [name, length] : [name, value, length],
  );

describe("an envelope", () => {
  test("of a device with an IMEI names it whole", () => {
    expect(shown(sealUp(device, { salt, counter: 7 }, plain), "up")).toEqual([
      ["envelope", "of a device, by IMEI", 1],
      ["name", "356938035643809", 6],
      ["salt", "00112233aabbccdd", 8],
      ["counter", "7", 1],
      ["ciphertext", 5],
      ["tag", 8],
    ]);
  });

  test("of any other device has its key as text, and a count of two bytes where it needs them", () => {
    expect(shown(sealUp({ ...device, deviceKey: "node-1" }, { salt, counter: 258 }, plain), "up")).toEqual([
      ["envelope", "of a device, by key", 1],
      ["name", "node-1", 7],
      ["salt", "00112233aabbccdd", 8],
      ["counter", "258", 2],
      ["ciphertext", 5],
      ["tag", 8],
    ]);
  });

  test("of a command says when it was sealed, and under how many keys", () => {
    const time = Buffer.alloc(6);
    time.writeUIntBE(Date.UTC(2026, 10, 30, 12), 0, 6);
    const each = Buffer.alloc(14, 5);
    const one = Buffer.concat([Uint8Array.of(0x0e), time, Buffer.alloc(13, 1), each]);
    const [envelope, at, nonce, ...rest] = shown(one, "command") as unknown[];
    expect([envelope, at, nonce]).toEqual([
      ["envelope", "of a command, under one key", 1],
      ["sealed at", "2026-11-30T12:00:00.000Z", 6],
      ["nonce", 13],
    ]);
    expect(rest).toEqual([
      ["ciphertext", 6],
      ["tag", 8],
    ]);
    const two = Buffer.concat([Uint8Array.of(0x0f), one.subarray(1), each]);
    expect(shown(two, "command")).toEqual([
      ["envelope", "of a command, under two keys", 1],
      ...[at, nonce, ...rest, ...rest],
    ]);
  });

  test("of an answer with proof has what it proves", () => {
    expect(shown(provenAnswer(device, { salt, counter: 7 }, 20, 200), "answer")).toEqual([
      ["request id", "20", 4],
      ["code", "200", 2],
      ["proof", 8],
    ]);
  });

  test("is none where anything else stands there, or too little", () => {
    const sealed = sealUp(device, { salt, counter: 7 }, plain);
    expect(envelopeParts(sealed, "command")).toBeUndefined();
    expect(envelopeParts(sealed.subarray(0, 24), "up")).toBeUndefined();
    expect(envelopeParts(plain, "up")).toBeUndefined();
    expect(envelopeParts(Buffer.from("0000001400c8", "hex"), "answer")).toBeUndefined();
    expect(envelopeParts(Buffer.concat([Uint8Array.of(0x0f), Buffer.alloc(40)]), "command")).toBeUndefined();
  });

  test("of any bytes at all: no part, or parts that are all of them", () => {
    const heads = fc.constantFrom(...[0x08, 0x09, 0x0a, 0x0b, 0x0e, 0x0f]);
    const bytes = fc
      .tuple(heads, fc.uint8Array({ maxLength: 300 }))
      .map(([head, rest]) => Uint8Array.from([head, ...rest]));
    fc.assert(
      fc.property(
        fc.oneof(bytes, fc.uint8Array({ maxLength: 60 })),
        fc.constantFrom<EnvelopePlace>("up", "command", "answer"),
        (payload, place) => {
          const parts = envelopeParts(payload, place);
          if (parts === undefined) return;
          expect(parts.every(({ length }) => length > 0)).toBe(true);
          expect(parts.reduce((sum, { length }) => sum + length, 0)).toBe(payload.length);
        },
      ),
    );
  });
});

describe("a message of a sealed product", () => {
  const own = ["topic", "sys", "PK", "DK"];
  const up = "thing/model/up_raw";
  const down = "thing/model/down_raw";
  const command = Buffer.concat([Uint8Array.of(0x0e), Buffer.alloc(33, 3)]);
  const coap = (
    code: number,
    path: string | undefined,
    payload: Uint8Array,
    options: [number, Uint8Array][] = [],
  ) =>
    encodeCoap({
      ...{ type: code < 32 ? 0 : 2, code, messageId: 1, token: Uint8Array.of(1), payload },
      options: [
        ...(path === undefined ? [] : [...own, ...path.split("/")]).map((each) => ({
          number: 11,
          value: Buffer.from(each),
        })),
        ...options.map(([number, value]) => ({ number, value })),
      ],
    });
  const names = (bytes: Uint8Array, path: string | undefined, masked: [number, number][] = []): string[] => {
    const parts = messageParts(bytes, masked, path === undefined ? undefined : `/${own.join("/")}/${path}`);
    // Each byte is of one part, in their order.
    let at = 0;
    for (const part of parts) {
      expect(part.at).toBe(at);
      at += part.length;
    }
    expect(at).toBe(bytes.length);
    return parts.map(({ name }) => name).slice(4);
  };
  const sealed = sealUp({ ...device, root: roots[1] }, { salt, counter: 7 }, plain);
  const envelope = ["envelope", "name", "salt", "counter", "ciphertext", "tag"];

  test("has the parts of its envelope in the place of its payload; a plain one has not", () => {
    expect(names(coap(2, up, sealed), up)).toEqual(["path", ...envelope]);
    expect(names(coap(2, `${down}_reply`, sealed), `${down}_reply`)).toEqual(["path", ...envelope]);
    expect(names(coap(2, up, sealed), undefined)).toEqual(["path", "payload"]);
    expect(names(coap(2, "thing/measurepoint/post", sealed), "thing/measurepoint/post")).toEqual([
      "path",
      "payload",
    ]);
    expect(names(coap(2, up, plain), up)).toEqual(["path", "payload"]);
  });

  test("has a command's in an answer to its GET, or in the option that brings it", () => {
    const parts = ["envelope", "sealed at", "nonce", "ciphertext", "tag"];
    expect(names(coap(0x45, undefined, command), down)).toEqual(parts);
    const topic = Buffer.from(`/topic/sys/PK/DK/${down}`);
    const riding = coap(0x44, undefined, Buffer.from("0000001400c8", "hex"), [
      [2100, topic],
      [2102, command],
    ]);
    const [path, ...rest] = names(riding, up);
    expect(path).toMatch(/^2100/);
    expect(rest).toEqual([...parts.map((each) => expect.stringMatching(`^2102.*: ${each}$`)), "payload"]);
    const json = coap(0x44, undefined, plain, [
      [2100, Buffer.from("/topic/sys/PK/DK/thing/service/reboot")],
      [2102, command],
    ]);
    expect(names(json, up)).toEqual([
      expect.stringMatching(/^2100/),
      expect.stringMatching(/^2102/),
      "payload",
    ]);
  });

  test("has a proof in the answer to a report", () => {
    const answer = provenAnswer(device, { salt, counter: 7 }, 20, 200);
    expect(names(coap(0x44, undefined, answer), up)).toEqual(["request id", "code", "proof"]);
    expect(names(coap(0x44, undefined, answer), `${down}_reply`)).toEqual(["payload"]);
  });

  test("in blocks, or masked, is left as it is", () => {
    expect(names(coap(2, up, sealed, [[27, Uint8Array.of(0x0e)]]), up)).toEqual([
      "path",
      "Block1",
      "payload",
    ]);
    expect(names(coap(2, up, sealed, [[27, Uint8Array.of(0x06)]]), up)).toEqual([
      "path",
      "Block1",
      ...envelope,
    ]);
    const bytes = coap(2, up, sealed);
    expect(names(bytes, up, [[bytes.length - sealed.length, sealed.length]])).toEqual(["path", "payload"]);
  });
});
