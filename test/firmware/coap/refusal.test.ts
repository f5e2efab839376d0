/** What a server refuses, and how: RFC 7252 sections 4.2, 4.3 and 5.4. */
import { describe, expect, it, test } from "vitest";
import { code, hex, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import { echoing } from "./serving";
import type { BothHalves } from "./both-halves";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

describe("requests that are refused", () => {
  const refused: [
    name: string,
    fields: Partial<Fields>,
    answer: string,
    text: string,
    options?: BothHalves,
  ][] = [
    ["an unknown critical option", { options: [[9, ""]] }, "4.02", "option 9"],
    ["If-Match, which is not understood", { options: [[1, ""]] }, "4.02", "option 1"],
    ["If-None-Match", { options: [[5, ""]] }, "4.02", "option 5"],
    ["Uri-Host of no length", { options: [[3, ""]] }, "4.02", "option 3"],
    ["Uri-Port of three bytes", { options: [[7, "010203"]] }, "4.02", "option 7"],
    [
      "a second Uri-Port",
      {
        options: [
          [7, "16"],
          [7, "16"],
        ],
      },
      "4.02",
      "option 7",
    ],
    ["Accept of three bytes", { options: [[17, "010203"]] }, "4.02", "option 17"],
    ["Block2 of four bytes", { options: [[23, "00000001"]] }, "4.02", "option 23"],
    [
      "a critical option of the application's, too long",
      { options: [[2101, "61".repeat(65)]] },
      "4.02",
      "option 2101",
      { understood: [{ number: 2101, minLength: 1, maxLength: 64, repeatable: false }] },
    ],
    ["Proxy-Uri", { options: [[35, utf8Hex("coap://h/")]] }, "5.05", "option 35"],
    ["Proxy-Scheme", { options: [[39, utf8Hex("http")]] }, "5.05", "option 39"],
    ["an unknown method", { code: 8 }, "4.05", ""],
    ["the last method there could be", { code: 31 }, "4.05", ""],
  ];

  test.each(refused)(
    "%s: CON %j is answered with %s, NON with silence",
    (_name, fields, answer, text, options) => {
      const rig = echoing(options ?? {});
      rig.ask(fields);
      rig.ask(fields);
      expect(rig.sent).toHaveLength(2);
      expect(rig.last.fields).toMatchObject({
        type: 2,
        code: code(answer),
        messageId: 0x1111,
        token: "aabb",
        payload: utf8Hex(text),
      });
      rig.ask({ ...fields, type: 1, messageId: 0x2222 });
      expect(rig.sent).toHaveLength(2);
      expect(rig.requests).toEqual([]);
    },
  );

  it("and those with elective options that mean nothing are served without them", () => {
    const rig = echoing();
    rig.ask({
      options: [
        [4, ""], // ETag of no length
        [11, "61"],
        [12, "32"],
        [12, "2a"], // a second Content-Format
        [60, "0102030405"], // Size1 of five bytes
        [2100, "2f"], // unknown: the application may know it
      ],
    });
    expect(rig.requests[0].message.options.map(({ number, value }) => [number, hex(value)])).toEqual([
      [11, "61"],
      [12, "32"],
      [2100, "2f"],
    ]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("method 0.0%d is the application's to judge", (method) => {
    const rig = echoing();
    rig.ask({ code: method });
    expect(rig.requests[0].message.code).toBe(method);
  });
});

/** Datagrams that are no requests: coap-field-notes call them the differential test of servers. */
describe("what is no request", () => {
  const table: [name: string, bytes: string, reply: string | undefined][] = [
    ["ping", "40 00 1234", "70001234"],
    ["RST without an exchange", "70 00 1234", undefined],
    ["version 0", "00 01 1234", undefined],
    ["version 2", "80 01 1234", undefined],
    ["TKL 9", "49 01 1234 616161616161616161", "70001234"],
    ["token cut off", "44 01 1234 6161", "70001234"],
    ["option cut off", "40 01 1234 b5 61", "70001234"],
    ["payload marker and no payload", "40 01 1234 ff", "70001234"],
    ["option number above 65535", "40 01 1234 e0 fef2 10", "70001234"],
    ["reserved class 1", "40 21 1234", "70001234"],
    ["reserved class 7", "40 ff 1234", "70001234"],
    ["class 3, neither request nor response", "40 61 1234", "70001234"],
    ["an ACK that carries a GET", "60 01 1234", undefined],
    ["delta 15", "40 01 1234 f0", "70001234"],
    ["length 15", "40 01 1234 0f", "70001234"],
    ["extension missing", "40 01 1234 d0", "70001234"],
    ["three bytes", "40 01 12", undefined],
    ["no bytes", "", undefined],
    ["empty code with a token", "41 00 1234 61", "70001234"],
    ["empty code with bytes behind", "40 00 1234 61", "70001234"],
    ["RST with a token", "71 00 1234 61", undefined],
    ["a malformed NON", "50 01 1234 ff", undefined],
    ["a malformed ACK", "60 45 1234 ff", undefined],
    ["an empty NON", "50 00 1234", undefined],
    ["a NON response nobody waits for", "50 45 1234", "70001234"],
    ["a CON response nobody waits for", "40 45 1234", "70001234"],
  ];

  test.each(table)("%s: %s", (_name, bytes, reply) => {
    const rig = echoing();
    rig.receiveBytes(bytes);
    rig.receiveBytes(bytes);
    expect(rig.sent.map((sent) => sent.bytes)).toEqual(reply === undefined ? [] : [reply, reply]);
    expect(rig.requests).toEqual([]);
    rig.wait(1_000_000);
    expect(rig.endpoint.held).toEqual({ outgoing: 0, received: 0, waiting: 0, transfers: 0 });
  });
});

describe("a message of a thousand options", () => {
  const bytes = (head: string, options: number): string => `${head} 1234 b0 ${"00".repeat(options - 1)}`;

  test.each([
    ["a CON request", "40 01", "70001234"],
    ["a NON request", "50 01", undefined],
    ["a CON response", "40 45", "70001234"],
  ])("%s is not made, and gets what a malformed one gets", (_name, head, answer) => {
    const rig = echoing({ onRequest: undefined });
    for (const options of [65, 1_000]) rig.receiveBytes(bytes(head, options));
    expect(rig.discarded).toEqual(["malformed", "malformed"]);
    expect(rig.sent.map((sent) => sent.bytes)).toEqual(answer === undefined ? [] : [answer, answer]);
  });

  it("one of 64 is", () => {
    const rig = echoing({});
    rig.receiveBytes(bytes("40 01", 64));
    expect(rig.discarded).toEqual([]);
    expect(rig.sent).toHaveLength(1);
  });
});
