import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { isFinal, measurepointParams, readAnswer, requestBody } from "../../../firmware/enos/body";
import { parseJsonObject } from "../../../firmware/text/json";
import { jsonReply, parseJsonCommand } from "../../../firmware/enos/command";
import { methodOf, pathOptions } from "../../../firmware/enos/topic";
import { peerDecode, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import { runs } from "../../density";
import type { Command } from "../../../firmware/enos/command";

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");
const text = (payload: Uint8Array): string => Buffer.from(payload).toString("utf8");

describe("the body of a request", () => {
  it("is EnOS's envelope, with the topic as method", () => {
    const params = measurepointParams({ temperature: 21.5, name: "größe" }, 1_700_000_000_000);
    expect(JSON.parse(text(requestBody("7", "thing/measurepoint/post", params)))).toEqual({
      id: "7",
      version: "1.0",
      method: "thing.measurepoint.post",
      params: { measurepoints: { temperature: 21.5, name: "größe" }, time: 1_700_000_000_000 },
    });
  });

  it("leaves the time out while there is no clock", () => {
    expect(measurepointParams({ a: 1 }, undefined)).toEqual({ measurepoints: { a: 1 } });
  });

  it("stands whatever the id and the values hold", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.dictionary(fc.string(), fc.string({ unit: "binary" })),
        (id, points) => {
          const body = JSON.parse(text(requestBody(id, "thing/event/e1/post", points))) as Record<
            string,
            unknown
          >;
          expect(body).toEqual(
            JSON.parse(
              JSON.stringify({ id, version: "1.0", method: methodOf("thing/event/e1/post"), params: points }),
            ),
          );
        },
      ),
      { seed: 6, numRuns: runs(200) },
    );
  });
});

describe("a code that speaks of the request itself", () => {
  test.each([1008, 1200, 1204, 1206, 1207, 1208, 1209, 1212, 1220, 1251, 1260, 1299])("%i", (code) => {
    expect(isFinal(code)).toBe(true);
  });
  test.each([0, 200, 400, 500, 503, 764, 1007, 1009, 1199, 1300, 11_902, 12_04e2, -1204])(
    "not %i",
    (code) => {
      expect(isFinal(code)).toBe(false);
    },
  );
});

describe("the code in an answer", () => {
  test.each([
    ["", 200],
    ['{"id":"1","code":200,"data":{}}', 200],
    ['{"id":1,"code":1204}', 1204],
    ['{"code":"200"}', 200],
    ['{"code":"1204"}', 1204],
    ['{"code":"200 OK"}', undefined],
    ['{"code":""}', undefined],
    ['{"code":"2e2"}', undefined],
    ['{"code":"0000200"}', undefined],
    ['{"code":null}', undefined],
    ["{}", undefined],
    ["[200]", undefined],
    ["200", undefined],
    ["null", undefined],
    ['{"code":200', undefined],
  ])("%j: %s", (payload, code) => expect(readAnswer(bytes(payload))?.code).toBe(code));

  test.each([
    ['{"code":200,"data":{"floor":3}}', { floor: 3 }],
    ['{"code":200,"data":[1]}', {}],
    ['{"code":200}', {}],
    ["", {}],
  ])("%j has the data %j", (payload, data) => expect(readAnswer(bytes(payload))?.data).toEqual(data));

  it("is undefined for bytes that are not UTF-8", () => {
    expect(readAnswer(Buffer.from("7b22636f6465223a3230302c2261223a22ff227d", "hex"))).toBeUndefined();
  });

  it("comes or not, and never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.json().map(bytes)), (payload) => {
        const answer = readAnswer(payload);
        if (answer !== undefined)
          expect([typeof answer.code, typeof answer.data]).toEqual(["number", "object"]);
        const object = parseJsonObject(payload);
        if (object !== undefined) expect(object).toEqual(JSON.parse(text(payload)));
      }),
      { seed: 7, numRuns: runs(500) },
    );
  });
});

describe("a JSON command", () => {
  const set = "thing/service/measurepoint/set";
  const get = "thing/service/measurepoint/get";
  const base: Command = { kind: "set", id: "9", params: {}, names: [], service: "" };

  const good: [topic: string, payload: string, expected: Command][] = [
    [set, '{"id":"9","params":{"relay":1}}', { ...base, params: { relay: 1 } }],
    [set, '{"id":9,"version":"1.0","method":"x","params":{}}', { ...base, id: 9 }],
    [set, '{"id":"9"}', base],
    [set, '{"id":"9","params":[1]}', base],
    [set, '{"id":"9","params":null}', base],
    [get, '{"id":"9","params":["a","b"]}', { ...base, kind: "get", names: ["a", "b"] }],
    [get, '{"id":"9","params":{"measurepoints":["a",7]}}', { ...base, kind: "get", names: ["a"] }],
    [get, '{"id":"9"}', { ...base, kind: "get" }],
    [get, '{"id":"9","params":null}', { ...base, kind: "get" }],
    [
      "thing/service/reboot",
      '{"id":"9","params":{"in":5}}',
      { ...base, kind: "service", params: { in: 5 }, service: "reboot" },
    ],
    ["thing/service/a/b", '{"id":"9"}', { ...base, kind: "service", service: "a/b" }],
  ];
  test.each(good)("on %s: %s", (topic, payload, expected) => {
    expect(parseJsonCommand(topic, bytes(payload))).toEqual(expected);
  });

  test.each([
    "12345678901234567890",
    "-12345678901234567890",
    "9007199254740993",
    "1.0",
    "1E3",
    "0.10000000000000000000001",
    "7",
    '"12345678901234567890"',
  ])("with the id %s is answered with exactly these digits", (id) => {
    for (const body of [
      `{"id":${id},"params":{"id":5}}`,
      `{"params":{"a":[{"id":1},"id"],"b":{}},"id" :\t${id} }`,
      `{"id":1,"\\u0069d":${id},"x":"\\"id\\":3"}`,
    ]) {
      const command = parseJsonCommand(set, bytes(body)) as Command;
      expect(text(jsonReply(command, { code: 200 }))).toBe(`{"id":${id},"code":200,"data":{}}`);
    }
  });

  const bad: [what: string, topic: string, payload: string][] = [
    ["another topic", "thing/model/down_raw", '{"id":"9"}'],
    ["no id", set, '{"params":{}}'],
    ["an empty id", set, '{"id":""}'],
    ["an id of 65 characters", set, `{"id":"${"9".repeat(65)}"}`],
    ["an id that is an object", set, '{"id":{}}'],
    ["an id beyond all numbers", set, '{"id":1e999}'],
    ["an array", set, "[]"],
    ["nothing", set, ""],
    ["text", set, "on"],
  ];
  test.each(bad)("%s is none", (_what, topic, payload) => {
    expect(parseJsonCommand(topic, bytes(payload))).toBeUndefined();
  });

  it("any bytes: a command with an id that its answer repeats, or undefined", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(set, get, "thing/service/x"),
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.json().map(bytes),
          fc
            .tuple(fc.jsonValue(), fc.jsonValue())
            .map(([id, params]) => bytes(JSON.stringify({ id, params }))),
        ),
        (topic, payload) => {
          const command = parseJsonCommand(topic, payload);
          if (command === undefined || typeof command === "string") return;
          const answer = JSON.parse(text(jsonReply(command, { code: 200 }))) as { id: unknown };
          expect(answer.id).toEqual((JSON.parse(text(payload)) as { id: unknown }).id);
        },
      ),
      { seed: 8, numRuns: runs(1000) },
    );
  });

  it("is answered with id, code, data, and a message only when there is one", () => {
    expect(JSON.parse(text(jsonReply({ ...base, id: 9 }, { code: 200, data: { a: 1 } })))).toEqual({
      id: 9,
      code: 200,
      data: { a: 1 },
    });
    expect(JSON.parse(text(jsonReply(base, { code: 404, message: 'no "x"\n' })))).toEqual({
      id: "9",
      code: 404,
      message: 'no "x"\n',
      data: {},
    });
  });
});

it("a path becomes Uri-Path options, one per segment, and the Content-Format", () => {
  const { bytes: block, last } = pathOptions("/topic/sys/a/b", 42);
  const fields = peerDecode(Buffer.concat([Buffer.from("40020001", "hex"), block]));
  expect(fields.options).toEqual([
    [11, utf8Hex("topic")],
    [11, utf8Hex("sys")],
    [11, utf8Hex("a")],
    [11, utf8Hex("b")],
    [12, "2a"],
  ]);
  expect(last).toBe(12);
  expect(pathOptions("/auth/a/b").last).toBe(11);
  expect(pathOptions(`/a/${"x".repeat(255)}`).bytes).toHaveLength(2 + 2 + 255);
  expect(() => pathOptions(`/a/${"x".repeat(256)}/b`)).toThrow(/at most 255 bytes, got 256/);
});
