/** Datagrams that a modem gives as one: each message is taken for what it is, and none for a part of another. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JoinedMessages } from "../../../firmware/coap/joined-messages";
import { hex, peerEncode } from "../../../host-sim/tools/fuzz/peer";
import { runs } from "../../density";
import { Rig, server, summary } from "./rig";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";
import type { Sent } from "./rig";

const rigOf = (): Rig => new Rig({ joined: new JoinedMessages() });

/** Hands in these messages as one datagram. */
function receiveJoined(rig: Rig, messages: readonly Fields[], more = ""): void {
  rig.receiveBytes(messages.map((fields) => hex(peerEncode(fields))).join("") + more);
}

/** An answer to a request. */
function answer({ fields }: Sent, changes: Partial<Fields> = {}): Fields {
  return {
    type: 2,
    code: 0x45,
    messageId: fields.messageId,
    token: fields.token,
    payload: "aabb",
    ...changes,
  };
}

/** An empty ACK of a request. */
const ack = ({ fields }: Sent): Fields => ({ type: 2, code: 0, messageId: fields.messageId });

describe("behind the answer to a request", () => {
  const separate = { type: 0, messageId: 0x7777 };
  const table: [name: string, behind: (request: Sent) => Fields[]][] = [
    ["nothing", () => []],
    ["the same again", (request) => [answer(request)]],
    ["the same twice", (request) => [answer(request), answer(request)]],
    ["one that says something else", (request) => [answer(request, { code: 0x84, payload: "cc" })]],
    ["one without a payload", (request) => [answer(request, { payload: "" })]],
    ["the same, separate", (request) => [answer(request, separate)]],
    ["the same, not confirmable", (request) => [answer(request, { ...separate, type: 1 })]],
    ["an empty ACK", (request) => [ack(request)]],
    ["two empty ACKs", (request) => [ack(request), ack(request)]],
    ["an empty ACK and the same again", (request) => [ack(request), answer(request)]],
    ["an RST", (request) => [{ ...ack(request), type: 3 }]],
  ];

  test.each(table)("%s, its payload is its own", (_, behind) => {
    const rig = rigOf();
    const { completed } = rig.post({ code: 1, payload: undefined });
    receiveJoined(rig, [answer(rig.last), ...behind(rig.last)]);
    expect(summary(completed)).toEqual(["2.05 aabb"]);
  });

  test.each(table)("%s, one without a payload has none, and no options", (_, behind) => {
    const rig = rigOf();
    const { completed } = rig.post();
    receiveJoined(rig, [answer(rig.last, { code: 0x44, payload: "" }), ...behind(rig.last)]);
    expect(summary(completed)).toEqual(["2.04 "]);
    expect(completed[0].outcome).toMatchObject({ message: { options: [] } });
  });

  test.each(table)("%s, a block is as long as it says", (_, behind) => {
    const rig = rigOf();
    const { completed } = rig.post({ code: 1, payload: undefined });
    const block = (num: number, more: boolean): Partial<Fields> => ({
      options: [[23, hex(Uint8Array.of((num << 4) | (more ? 8 : 0)))]],
      payload: more ? "64".repeat(16) : "65",
    });
    receiveJoined(rig, [answer(rig.sent[0], block(0, true)), ...behind(rig.sent[0])]);
    receiveJoined(rig, [answer(rig.sent[1], block(1, false)), ...behind(rig.sent[1])]);
    expect(summary(completed)).toEqual([`2.05 ${"64".repeat(16)}65`]);
  });
});

test("an empty ACK with the separate response behind it ends the exchange, which is acknowledged", () => {
  const rig = rigOf();
  const { completed } = rig.post();
  receiveJoined(rig, [ack(rig.last), answer(rig.last, { type: 0, messageId: 0x7777 }), ack(rig.last)]);
  expect(summary(completed)).toEqual(["2.05 aabb"]);
  expect(rig.last.bytes).toBe("60007777");
});

test("the answer is found behind a late one of the request before, and in front of it", () => {
  for (const order of [0, 1]) {
    const rig = rigOf();
    rig.post();
    const late = answer(rig.last, { payload: "0102" });
    rig.receive(late);
    const { completed } = rig.post();
    const both = [late, answer(rig.last)];
    receiveJoined(rig, order === 0 ? both : both.reverse());
    expect(summary(completed)).toEqual(["2.05 aabb"]);
  }
});

test.each([
  ["the answer again", 0],
  ["the answer to another request", 1],
])(
  "where the modem gives a part of a row, the last message is thrown away, and no other: %s",
  (_, second) => {
    const rig = rigOf();
    const outcomes = [0, 1].map((i) => rig.post({ port: 5683 + i }).completed);
    const one = peerEncode(answer(rig.sent[0]));
    // It ends within an option, which would count as a command too long for the modem.
    const cut = peerEncode(answer(rig.sent[second], { options: [[2102, "63".repeat(30)]] })).subarray(0, 20);
    const joined = Uint8Array.from([...one, ...cut]);
    rig.endpoint.receive(joined, server.address, server.port, rig.now, true);
    expect(outcomes.map(summary)).toEqual([["2.05 aabb"], []]);
    const [{ outcome }] = outcomes[0];
    expect(outcome.kind === "response" && outcome.message.cut).toBe(undefined);
    expect(rig.discarded).toEqual(["malformed"]);
  },
);

test("one that comes alone is cut as from any modem", () => {
  const rig = rigOf();
  const { completed } = rig.post();
  const cut = peerEncode(answer(rig.last, { options: [[2102, "63".repeat(30)]] })).subarray(0, 20);
  rig.endpoint.receive(cut, server.address, server.port, rig.now, true);
  expect(completed[0].outcome).toMatchObject({ message: { cut: "options" } });
});

describe("what stays in the payload", () => {
  const bytesOf = (fields: Fields): string => hex(peerEncode(fields));
  const table: [name: string, bytes: (request: Sent) => string][] = [
    ["an answer with another token", (request) => bytesOf(answer(request, { token: "01020304" }))],
    [
      "an answer with a part of the token",
      (request) => bytesOf(answer(request, { token: request.fields.token.slice(2) })),
    ],
    ["a request with the token", (request) => bytesOf(answer(request, { code: 1 }))],
    [
      "an empty ACK of another message",
      (request) => bytesOf({ ...ack(request), messageId: request.fields.messageId ^ 0x100 }),
    ],
    ["an empty ACK with something behind", (request) => `${bytesOf(ack(request))}00`],
    ["the token alone", (request) => request.fields.token],
    ["an answer that ends within its token", (request) => bytesOf(answer(request)).slice(0, 14)],
  ];

  test.each(table)("%s", (_, bytes) => {
    const rig = rigOf();
    const { completed } = rig.post();
    const payload = `aabb${bytes(rig.last)}`;
    receiveJoined(rig, [answer(rig.last, { payload })]);
    expect(summary(completed)).toEqual([`2.05 ${payload}`]);
  });

  test("all of it, from a modem that keeps to the borders", () => {
    const rig = new Rig();
    const { completed } = rig.post();
    const again = hex(peerEncode(answer(rig.last)));
    receiveJoined(rig, [answer(rig.last)], again);
    expect(summary(completed)).toEqual([`2.05 aabb${again}`]);
  });
});

test("ninth last, a request is forgotten: what answers it is a payload again", () => {
  const rig = rigOf();
  rig.post();
  const old = answer(rig.last);
  rig.receive(old);
  for (let i = 0; i < 8; i++) {
    const { completed } = rig.post();
    receiveJoined(rig, [answer(rig.last), old]);
    expect(summary(completed)).toEqual(i < 7 ? ["2.05 aabb"] : [`2.05 aabb${hex(peerEncode(old))}`]);
  }
});

test("whatever comes as one does what it would have done one by one", () => {
  const payload = fc.uint8Array({ maxLength: 40 }).map(hex);
  const kind = fc.record({
    type: fc.constantFrom(0, 1, 2),
    code: fc.constantFrom(0, 0x44, 0x45, 0x84, 0xa0),
    request: fc.nat({ max: 2 }),
    messageId: fc.nat({ max: 0xffff }),
    options: fc.constantFrom<Fields["options"]>(
      [],
      [[12, ""]],
      [[2100, "6162"]],
      [
        [2100, "61"],
        [2102, "0203"],
      ],
    ),
    payload,
  });
  fc.assert(
    fc.property(fc.array(kind, { minLength: 1, maxLength: 5 }), (kinds) => {
      const results = [false, true].map((joined) => {
        const rig = new Rig(joined ? { joined: new JoinedMessages() } : {});
        const outcomes = [0, 1, 2].map((i) => rig.post({ port: 5683 + i }).completed);
        const messages = kinds.map(({ request, messageId, type, code, ...rest }): Fields => {
          const sent = rig.sent[request];
          // The header of an ACK, and all of an empty one, are about a request.
          if (code === 0) return ack(sent);
          return answer(sent, { type, code, ...rest, ...(type === 2 ? {} : { messageId }) });
        });
        if (joined) receiveJoined(rig, messages);
        else for (const message of messages) rig.receive(message);
        return {
          outcomes: outcomes.map(summary),
          sent: rig.sent.map(({ bytes }) => bytes),
          discarded: rig.discarded,
        };
      });
      expect(results[1]).toEqual(results[0]);
    }),
    { seed: 7000, numRuns: runs(2_000) },
  );
});

test("nothing that comes makes it throw, or take long", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 30 }).map(hex),
    fc.constantFrom("own answer", "own ack", "6000", "7000", "6445", "ff"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const rig = rigOf();
      rig.post();
      const request = rig.last;
      const own = { "own answer": answer(request), "own ack": ack(request) };
      const bytes = pieces.map((text) =>
        text in own ? hex(peerEncode(own[text as keyof typeof own])) : text,
      );
      rig.receiveBytes(bytes.join(""));
      // Each piece is at most one message.
      expect(rig.discarded.length).toBeLessThanOrEqual(pieces.length + 1);
    }),
    { seed: 7001, numRuns: runs(2_000) },
  );
});
