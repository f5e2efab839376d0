import { describe, expect, it, test } from "vitest";
import { encodeOptions } from "../../../firmware/coap/option";
import { Rig, server, summary } from "./rig";
import { code, unhex, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

const changed = code("2.04");
const silence = 300_000;

/** The answers a server may give to the request that was sent last. */
const piggybacked = (rig: Rig, over: Partial<Fields> = {}): Fields => {
  const { messageId, token } = rig.last.fields;
  return { type: 2, code: changed, messageId, token, payload: "aa", ...over };
};
const separate = (rig: Rig, over: Partial<Fields> = {}): Fields =>
  piggybacked(rig, { type: 0, messageId: 0x7777, ...over });
const emptyAck = (rig: Rig): Fields => ({ type: 2, code: 0, messageId: rig.last.fields.messageId });

describe("a request on the wire", () => {
  it("is confirmable, with path, payload, a token of 4 bytes, and goes to its server", () => {
    const rig = new Rig();
    rig.post({
      fixed: encodeOptions([{ number: 11, value: unhex(utf8Hex("auth")) }]),
      payload: unhex("0102"),
    });
    expect(rig.last).toMatchObject(server);
    expect(rig.last.fields).toMatchObject({
      type: 0,
      code: 2,
      options: [[11, utf8Hex("auth")]],
      payload: "0102",
    });
    expect(rig.last.fields.token).toHaveLength(8);
  });

  it("has a message id and a token that no request before it had", () => {
    const rig = new Rig();
    for (let i = 0; i < 500; i++) {
      rig.post();
      rig.receive(piggybacked(rig));
    }
    expect(new Set(rig.sent.map((sent) => sent.fields.messageId)).size).toBe(500);
    expect(new Set(rig.sent.map((sent) => sent.fields.token)).size).toBe(500);
  });

  it("uses all 65536 message ids before one comes back", () => {
    const rig = new Rig();
    const ids = new Set<number>();
    for (let i = 0; i < 0x10000; i++) {
      rig.post();
      ids.add(rig.last.fields.messageId);
      rig.receive(piggybacked(rig));
      rig.sent.length = 0;
      // All ids in less than EXCHANGE_LIFETIME would have to wait for each other.
      rig.now += 5;
    }
    expect(ids.size).toBe(0x10000);
  });

  it("starts at a message id and token that differ from device to device", () => {
    const seeds = [0, 0.25, 0.5, 0.999_999_999];
    const first = seeds.map((seed) => {
      const rig = new Rig({ random: () => seed });
      rig.post();
      return `${rig.last.fields.messageId} ${rig.last.fields.token}`;
    });
    expect(new Set(first).size).toBe(seeds.length);
  });

  test.each([0, 9, 1.5, NaN])("refuses tokens of %d bytes at start", (tokenLength) => {
    expect(() => new Rig({ tokenLength })).toThrow(RangeError);
  });

  it("that is longer than a datagram may be is never sent", () => {
    const rig = new Rig({ maxDatagram: 20 });
    const { completed } = rig.post({ payload: new Uint8Array(12) });
    expect(summary(completed)).toEqual(["too-large"]);
    expect(rig.sent).toEqual([]);
    expect(summary(rig.post({ payload: new Uint8Array(11) }).completed)).toEqual([]);
    expect(rig.sent).toHaveLength(1);
  });
});

describe("the four dialogues", () => {
  it("piggybacked: the response is in the ACK", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.receive(piggybacked(rig));
    expect(summary(completed)).toEqual(["2.04 aa"]);
    rig.wait(silence);
    expect(rig.sent).toHaveLength(1);
  });

  it("separate: an empty ACK ends retransmission, the CON that follows is acknowledged", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const response = separate(rig);
    rig.receive(emptyAck(rig));
    rig.wait(60_000);
    expect(rig.sent).toHaveLength(1);
    rig.receive(response);
    expect(rig.last.fields).toMatchObject({ type: 2, code: 0, messageId: 0x7777, token: "" });
    expect(rig.sent).toHaveLength(2);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("separate, with the ACK to the request lost: the CON response alone settles it", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const [response, late] = [separate(rig), emptyAck(rig)];
    rig.receive(response);
    rig.receive(late);
    rig.wait(silence);
    expect(rig.sent.map((sent) => sent.fields.type)).toEqual([0, 2]);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("separate and non-confirmable: delivered, not acknowledged", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const response = separate(rig, { type: 1 });
    rig.receive(emptyAck(rig));
    rig.receive(response);
    rig.wait(silence);
    expect(rig.sent).toHaveLength(1);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("RST: the request has failed", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.receive({ type: 3, code: 0, messageId: rig.last.fields.messageId });
    expect(summary(completed)).toEqual(["reset"]);
    rig.wait(silence);
    expect(rig.sent).toHaveLength(1);
  });

  test.each(["4.00", "4.01", "4.04", "5.00", "5.31"])("a %s is a response like any other", (text) => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.receive(piggybacked(rig, { code: code(text), payload: "" }));
    expect(summary(completed)).toEqual([`${text} `]);
  });
});

describe("what is not this request's answer", () => {
  /** Each is handed in and must change nothing: the real answer after it is delivered. */
  const foreign: [name: string, make: (rig: Rig) => Fields, from: typeof server, discarded: string][] = [
    ["right message id, wrong token", (b) => piggybacked(b, { token: "00000000" }), server, "token-mismatch"],
    ["right message id, no token", (b) => piggybacked(b, { token: "" }), server, "token-mismatch"],
    [
      "right message id, token cut short",
      (b) => piggybacked(b, { token: b.last.fields.token!.slice(0, 6) }),
      server,
      "token-mismatch",
    ],
    [
      "right message id and token, other port",
      (b) => piggybacked(b),
      { ...server, port: 5684 },
      "unexpected",
    ],
    [
      "right message id and token, other address",
      (b) => piggybacked(b),
      { ...server, address: "192.0.2.2" },
      "unexpected",
    ],
    [
      "right token in an ACK of another message id",
      (b) => piggybacked(b, { messageId: b.last.fields.messageId ^ 1 }),
      server,
      "unexpected",
    ],
    ["an ACK that carries a method", (b) => piggybacked(b, { code: 1 }), server, "request"],
    [
      "an unknown critical option in the ACK",
      (b) => piggybacked(b, { options: [[2103, "01"]] }),
      server,
      "critical-option",
    ],
    [
      "an empty ACK of another message id",
      (b) => ({ ...emptyAck(b), messageId: b.last.fields.messageId ^ 1 }),
      server,
      "unexpected",
    ],
    ["an empty ACK from elsewhere", emptyAck, { ...server, port: 1 }, "unexpected"],
    [
      "RST of another message id",
      (b) => ({ type: 3, code: 0, messageId: b.last.fields.messageId ^ 1 }),
      server,
      "unexpected",
    ],
    [
      "RST from elsewhere",
      (b) => ({ type: 3, code: 0, messageId: b.last.fields.messageId }),
      { ...server, port: 1 },
      "unexpected",
    ],
    ["RST with a code", (b) => piggybacked(b, { type: 3 }), server, "unexpected"],
    ["a NON request", (b) => separate(b, { type: 1, code: 1 }), server, "request"],
    ["an empty NON", () => ({ type: 1, code: 0, messageId: 1 }), server, "unexpected"],
  ];

  test.each(foreign)("%s: nothing is sent, nothing delivered", (_name, make, from, discarded) => {
    const rig = new Rig();
    const { completed } = rig.post();
    const answer = piggybacked(rig);
    rig.receive(make(rig), from);
    expect(completed).toEqual([]);
    expect(rig.sent).toHaveLength(1);
    expect(rig.discarded).toEqual([discarded]);
    rig.wait(3_000);
    expect(rig.sent).toHaveLength(2);
    rig.receive(answer);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  /**
   * Confirmable ones are rejected with RST to where they came from, RFC 7252 section 4.2; so are NON
   * responses, which section 4.3 leaves open.
   */
  const rejected: [name: string, make: (rig: Rig) => Fields, from: typeof server, discarded: string[]][] = [
    ["a ping", () => ({ type: 0, code: 0, messageId: 0x7777 }), server, []],
    [
      "a ping from a stranger",
      () => ({ type: 0, code: 0, messageId: 0x7777 }),
      { address: "198.51.100.9", port: 9 },
      [],
    ],
    ["a request", (b) => separate(b, { code: 1 }), server, ["request"]],
    ["a CON response of another token", (b) => separate(b, { token: "00000000" }), server, ["unexpected"]],
    ["a CON response from another port", (b) => separate(b), { ...server, port: 5684 }, ["unexpected"]],
    [
      "a CON response with an unknown critical option",
      (b) => separate(b, { options: [[2103, ""]] }),
      server,
      ["critical-option"],
    ],
    [
      "a NON response of another token",
      (b) => separate(b, { type: 1, token: "00000000" }),
      server,
      ["unexpected"],
    ],
    [
      "a NON response from another port",
      (b) => separate(b, { type: 1 }),
      { ...server, port: 1 },
      ["unexpected"],
    ],
    [
      "a NON response with an unknown critical option",
      (b) => separate(b, { type: 1, options: [[9, ""]] }),
      server,
      ["critical-option"],
    ],
    ["a CON of the reserved class 3", (b) => separate(b, { code: 0x61 }), server, ["unexpected"]],
  ];

  test.each(rejected)("%s is answered with RST, its duplicate again", (_name, make, from, discarded) => {
    const rig = new Rig();
    const { completed } = rig.post();
    const [message, answer] = [make(rig), piggybacked(rig)];
    for (let i = 1; i <= 2; i++) {
      rig.receive(message, from);
      expect(rig.sent).toHaveLength(1 + i);
      expect(rig.last).toMatchObject({ ...from, bytes: "70007777" });
    }
    expect(rig.discarded).toEqual([...discarded, ...discarded]);
    rig.receive(answer);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("an elective unknown option does no harm", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.receive(
      piggybacked(rig, {
        options: [
          [2100, "2f"],
          [2102, "00"],
          [65534, ""],
        ],
      }),
    );
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("a critical option that the caller understands does none either", () => {
    const rig = new Rig({
      understood: [{ number: 2103, minLength: 1, maxLength: 4, repeatable: false }],
    });
    const { completed } = rig.post();
    rig.receive(piggybacked(rig, { options: [[2103, "06"]] }));
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  test.each([
    ["truncated option", "44 7777", "b5 61"],
    ["marker without payload", "44 7777", "ff"],
    ["reserved code class", "21 7777", ""],
  ])("a malformed CON (%s) is rejected with RST", (_name, middle, rest) => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.receiveBytes(`40 ${middle} ${rest}`);
    expect(rig.last.bytes).toBe("70007777");
    expect(rig.discarded).toEqual(["malformed"]);
    expect(completed).toEqual([]);
  });

  test.each([
    ["version 0", "00 44 7777"],
    ["version 2, CON", "80 01 7777"],
    ["version 0, ACK", "20 44 7777"],
    ["3 bytes", "40 44 77"],
    ["no bytes", ""],
    ["a malformed NON", "50 44 7777 ff"],
    ["a malformed ACK", "60 44 7777 ff"],
    ["a malformed RST", "70 00 7777 00"],
  ])("%s is met with silence", (_name, bytes) => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.receiveBytes(bytes);
    expect(rig.sent).toHaveLength(1);
    expect(rig.discarded).toEqual(["malformed"]);
    expect(completed).toEqual([]);
  });

  it("a malformed message does not make the sound one behind it a duplicate", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const response = separate(rig);
    rig.receiveBytes("40 44 7777 ff");
    rig.receive(response);
    expect(summary(completed)).toEqual(["2.04 aa"]);
  });

  it("the last discarded datagram is named when the request fails", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    rig.receive(piggybacked(rig, { options: [[2103, ""]] }));
    rig.wait(silence);
    expect(summary(completed)).toEqual(["timeout after critical-option"]);
  });
});
