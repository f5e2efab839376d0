/** EnOS's JSON messages as such: bodies, ids, envelopes, answers and replies, and bytes that are nothing. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  checkEnvelope,
  encodeAnswer,
  readJsonObject,
  readReply,
  readThingMessage,
  scriptAnswer,
} from "../../../../host-sim/cloud/enos/thing-message";
import { readScriptMessage, readScriptReply } from "../../../../host-sim/cloud/enos/script-json";
import { runs } from "../../../density";
import type { Refusal, ThingMessage } from "../../../../host-sim/cloud/enos/thing-message";

const codeOf = (read: object): number => ("enosCode" in read ? (read as Refusal).enosCode : 200);

describe("a body", () => {
  const deep = (levels: number): string => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  test.each<[string | Uint8Array, number]>([
    ["{}", 200],
    [Buffer.from('{"id":"ä"}'), 200],
    [new Uint8Array(), 1251],
    ["", 1251],
    ["[]", 1220],
    ["null", 1220],
    ['"{}"', 1220],
    ["{", 1220],
    ["{'a':1}", 1220],
    ['{"a":NaN}', 1220],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 1220],
    [Buffer.from("\ufeff{}"), 1220],
    [Buffer.from("{}\0"), 1220],
    [deep(16), 200],
    [deep(17), 1220],
    [deep(100_000), 1220],
  ])("%#: code %s", (body, code) => {
    expect(codeOf(readJsonObject(body))).toBe(code);
  });

  test.each<[unknown, unknown]>([
    ["1", "1"],
    ["x".repeat(320), "x".repeat(320)],
    [7, 7],
    [-1, -1],
    ["", ""],
    ["x".repeat(321), ""],
    [1.5, ""],
    [2 ** 53, 9007199254740992n],
    [1e300, ""],
    [undefined, undefined],
    [null, ""],
    [{}, ""],
  ])("has the id %j, read as %s", (id, read) => {
    expect(readThingMessage(JSON.stringify({ id }))).toMatchObject({ id: read });
  });

  test.each<[object, number]>([
    [{ id: "1", version: "1.0", method: "thing.a" }, 200],
    [{ id: "1", method: "thing.a" }, 1204],
    [{ id: "", version: "1.0", method: "thing.a" }, 1204],
    [{ id: null, version: "1.0", method: "thing.a" }, 1204],
    [{ id: 1, version: "1.0", method: "thing.a", sys: { ack: 1 } }, 200],
    [{ version: "1.0", method: "thing.a" }, 200],
    [{ id: "1", version: "2.0", method: "thing.a" }, 1204],
    [{ id: "1", version: 1, method: "thing.a" }, 1204],
    [{ id: "1", version: "1.0", method: "thing.b" }, 1260],
    [{ id: "1", version: "1.0" }, 1260],
  ])("has the envelope %j: code %s", (fields, code) => {
    const read = readThingMessage(JSON.stringify(fields)) as ThingMessage;
    expect(codeOf(checkEnvelope(read, "thing.a") ?? {})).toBe(code);
  });

  test.each<[object, number]>([
    [{ version: "1.0" }, 200],
    [{ version: "1.0", method: "thing.a" }, 200],
    [{ version: "1.0", method: "thing.b" }, 1260],
    [{ version: "1.0", method: null }, 1260],
    [{}, 1204],
  ])("of an event may have no method, %j: code %s", (fields, code) => {
    const read = readThingMessage(JSON.stringify(fields)) as ThingMessage;
    expect(codeOf(checkEnvelope(read, "thing.a", true) ?? {})).toBe(code);
  });
});

test.each([
  "12345678901234567890",
  "-12345678901234567890",
  "9007199254740993",
  "7",
  '"12345678901234567890"',
])("the id %s comes back with exactly these digits, in answers and in replies", (id) => {
  for (const body of [
    `{"id":${id},"code":200,"data":{"id":5}}`,
    `{"params":{"a":[{"id":1},"id"],"b":{}},"code":200,"id" :\t${id} }`,
    `{"id":1,"\\u0069d":${id},"code":200,"x":"\\"id\\":3"}`,
  ]) {
    const read = readThingMessage(body) as ThingMessage;
    expect(Buffer.from(encodeAnswer(read.id, 200)).toString()).toBe(`{"id":${id},"code":200,"data":{}}`);
    expect(readReply(body)).toMatchObject({ id: id.replaceAll('"', ""), code: 200 });
  }
});

describe("replies", () => {
  test.each<[string, object | undefined]>([
    ['{"id":"9","code":200,"data":{"accepted":true}}', { id: "9", code: 200, data: { accepted: true } }],
    ['{"id":9,"code":-5}', { id: "9", code: -5 }],
    ['{"id":"9","code":"200"}', undefined],
    ['{"id":"9","code":1.5}', undefined],
    ['{"id":"9"}', undefined],
    ['{"code":200}', undefined],
    ["", undefined],
    ["x", undefined],
  ])("in JSON: %s", (json, reply) => {
    expect(readReply(Buffer.from(json))).toEqual(reply);
  });
});

it("asks a parsing script for an answer that has nothing to say with an empty text", () => {
  expect(scriptAnswer("20", 200)).toBe('{"id":"20","code":200,"data":""}');
  expect(scriptAnswer(2078724684846989312n, 1204)).toBe('{"id":2078724684846989312,"code":1204,"data":""}');
  expect(scriptAnswer(undefined, 200, { a: 1 })).toBe('{"code":200,"data":{"a":1}}');
});

it("answers in kind", () => {
  expect(Buffer.from(encodeAnswer("a", 200)).toString()).toBe('{"id":"a","code":200,"data":{}}');
  expect(Buffer.from(encodeAnswer(7, 200, { floor: 3 })).toString()).toBe(
    '{"id":7,"code":200,"data":{"floor":3}}',
  );
});

it("takes bytes that are nothing, of a device and of a script", () => {
  const codes = [1220, 1251];
  const isRefusedOrElse = (read: object | undefined): void => {
    if (read === undefined || !("enosCode" in read)) return;
    expect((read as Refusal).reason).toMatch(/^[\x20-\x7e]+$|^[^\n\u001b]+$/);
    expect(codes).toContain(codeOf(read));
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      isRefusedOrElse(readThingMessage(bytes));
      readReply(bytes);
      isRefusedOrElse(readScriptMessage(Buffer.from(bytes).toString("latin1")));
      isRefusedOrElse(readScriptReply(Buffer.from(bytes).toString("latin1")));
    }),
    { numRuns: runs(1000) },
  );
});
