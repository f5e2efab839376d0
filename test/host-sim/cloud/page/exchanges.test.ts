/** Requests and their answers find each other, whatever comes in between, twice, late or not at all. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Exchanges, givesUpAfter, stateOf } from "../../../../host-sim/cloud/page/exchanges";
import type { PairedMessage } from "../../../../host-sim/cloud/page/exchanges";
import { runs } from "../../../density";

let number = 0;
const message = (more: Partial<PairedMessage>): PairedMessage => ({
  ...{ number: ++number, at: 0, way: "up", peer: "10.0.0.2:1", type: "CON", code: "0.02" },
  ...{ messageId: 1, exchange: "aa" },
  ...more,
});
const post = (messageId: number, more: Partial<PairedMessage> = {}): PairedMessage =>
  message({ messageId, exchange: `t${messageId}`, ...more });
const ackOf = (messageId: number, more: Partial<PairedMessage> = {}): PairedMessage =>
  message({ way: "down", type: "ACK", code: "2.04", messageId, exchange: `t${messageId}`, ...more });

function paired(...messages: PairedMessage[]): Exchanges<PairedMessage> {
  const exchanges = new Exchanges<PairedMessage>(1_000);
  for (const each of messages) exchanges.add(each);
  return exchanges;
}

describe("an exchange", () => {
  it("is a request and the answer in its acknowledgement", () => {
    const [asked, answer] = [post(7, { at: 100 }), ackOf(7, { at: 112 })];
    const { list } = paired(asked, answer);
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ number: asked.number, request: asked, answer, sendings: 1, answers: 1 });
    expect(stateOf(list[0], 500)).toEqual({ kind: "answered", latency: 12 });
  });

  it("goes by message id where a device has one token for everything, or none", () => {
    for (const exchange of ["01", undefined]) {
      const { list } = paired(
        post(1, { exchange }),
        post(2, { exchange }),
        ackOf(1, { exchange, code: "4.01" }),
        ackOf(2, { exchange }),
      );
      expect(list.map(({ request, answer }) => [request?.messageId, answer?.code])).toEqual([
        [1, "4.01"],
        [2, "2.04"],
      ]);
    }
  });

  it("has an answer of its own after an empty acknowledgement, and that one's acknowledgement", () => {
    const later = message({
      way: "down",
      type: "CON",
      code: "2.05",
      messageId: 900,
      exchange: "t7",
      at: 5_000,
    });
    const { list } = paired(
      post(7),
      message({ way: "down", type: "ACK", code: "0.00", messageId: 7, exchange: undefined, at: 10 }),
      later,
      message({ way: "up", type: "ACK", code: "0.00", messageId: 900, exchange: undefined, at: 5_100 }),
    );
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ answer: later, answers: 1, acknowledged: { messageId: 7 } });
    expect(list[0].messages).toHaveLength(4);
    expect(stateOf(list[0], 9_000)).toEqual({ kind: "answered", latency: 5_000 });
  });

  it("has the request as often as it came, and tells those that came although the answer had left", () => {
    const { list } = paired(
      post(7, { at: 0 }),
      post(7, { at: 2_000 }),
      ackOf(7, { at: 2_010 }),
      post(7, { at: 6_000 }),
      ackOf(7, { at: 6_001 }),
    );
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ sendings: 3, answers: 2, unheard: 1 });
    expect(stateOf(list[0], 9_000)).toEqual({ kind: "answered", latency: 2_010 });
  });

  it("is another one when a message id comes around again, or says something else", () => {
    expect(paired(post(7, { at: 0 }), post(7, { at: 300_000 })).list).toHaveLength(2);
    expect(paired(post(7), post(7, { exchange: "other" })).list).toHaveLength(2);
    expect(paired(post(7), post(7, { peer: "10.0.0.3:1" })).list).toHaveLength(2);
    const { list } = paired(
      post(7, { at: 0 }),
      ackOf(7),
      post(7, { at: 300_000 }),
      ackOf(7, { at: 300_005 }),
    );
    expect(list.map((each) => each.answers)).toEqual([1, 1]);
  });

  it("waits until a sender gives up, and is unanswered then", () => {
    const [exchange] = paired(post(7, { at: 1_000 })).list;
    expect(stateOf(exchange, 4_000)).toEqual({ kind: "waiting", since: 3_000 });
    expect(stateOf(exchange, 1_000 + givesUpAfter)).toEqual({ kind: "unanswered" });
  });

  it("is a ping with its reset", () => {
    const ping = message({ code: "0.00", messageId: 9, exchange: undefined });
    const reset = message({
      way: "down",
      type: "RST",
      code: "0.00",
      messageId: 9,
      exchange: undefined,
      at: 3,
    });
    const { list } = paired(ping, reset);
    expect(list).toHaveLength(1);
    expect(stateOf(list[0], 10)).toEqual({ kind: "answered", latency: 3 });
  });

  it("is a message alone that nobody asked for, that answers nobody here, or that is no CoAP", () => {
    const { list } = paired(
      ackOf(7),
      message({ type: undefined, code: undefined, messageId: undefined, exchange: undefined }),
      message({ type: "RST", code: "0.00", messageId: 77, exchange: undefined }),
    );
    expect(list.map((each) => stateOf(each, 1e9).kind)).toEqual(["alone", "alone", "alone"]);
  });
});

describe("whatever comes", () => {
  const codes = [undefined, "0.00", "0.01", "0.02", "2.04", "2.05", "4.01", "5.00"];
  const any = fc.record({
    way: fc.constantFrom("up", "down"),
    peer: fc.constantFrom("10.0.0.2:1", "10.0.0.2:2"),
    type: fc.constantFrom("CON", "NON", "ACK", "RST"),
    code: fc.constantFrom(...codes),
    messageId: fc.nat(4),
    exchange: fc.constantFrom(undefined, "01", "02"),
    at: fc.nat(400_000),
  });

  it("puts every message into one exchange, and a request and its answer fit together", () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 60 }), (given) => {
        const messages = given.map((each, i) => ({ ...each, number: i + 1 }) as PairedMessage);
        const exchanges = new Exchanges<PairedMessage>(10_000);
        for (const each of messages) expect(exchanges.add(each).messages).toContain(each);
        const all = exchanges.list.flatMap((each) => each.messages);
        expect(all.map((each) => each.number).sort((a, b) => a - b)).toEqual(
          messages.map((each) => each.number),
        );
        for (const exchange of exchanges.list) {
          const { request, answer, sendings } = exchange;
          const peers = new Set(exchange.messages.map(({ peer }) => peer));
          expect(peers.size).toBe(1);
          if (request !== undefined) expect(sendings).toBeGreaterThan(0);
          if (request === undefined || answer === undefined) continue;
          expect(answer.way).not.toBe(request.way);
          if (answer.code !== "0.00") expect(answer.exchange).toBe(request.exchange);
          const state = stateOf(exchange, 1e6);
          expect(state.kind === "answered" && state.latency >= 0).toBe(true);
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it("pairs all of them where devices do as the protocol says, however their messages mix", () => {
    const step = fc.record({ device: fc.nat(2), again: fc.nat(2), answer: fc.nat(2), gap: fc.nat(5_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let at = 0;
        let count = 0;
        const messages: PairedMessage[] = [];
        const late: PairedMessage[] = [];
        steps.forEach(({ device, again, answer, gap }, id) => {
          const peer = `10.0.0.${device}:1`;
          for (let i = 0; i <= again; i++)
            messages.push(post(id, { at: (at += gap), peer, number: ++count }));
          const reply = ackOf(id, { at: at + 1, peer, number: ++count });
          if (answer === 1) messages.push(reply);
          if (answer === 2) late.push({ ...reply, at: 1e6 });
        });
        const exchanges = paired(...messages, ...late);
        expect(exchanges.list).toHaveLength(steps.length);
        steps.forEach(({ again, answer }, id) => {
          const exchange = exchanges.list.find(({ request }) => request?.messageId === id)!;
          expect(exchange.sendings).toBe(again + 1);
          expect(exchange.answers).toBe(answer === 0 ? 0 : 1);
        });
      }),
      { numRuns: runs(300) },
    );
  });

  it("keeps no more than it is told to, of many exchanges and of one that never ends", () => {
    const exchanges = new Exchanges<PairedMessage>(500);
    for (let i = 0; i < 20_000; i++) {
      exchanges.add(
        post(i % 7 === 0 ? 1 : i, { number: i, at: i, exchange: i % 7 === 0 ? "same" : `t${i}` }),
      );
      exchanges.add(
        message({ way: "down", type: "CON", code: "2.05", messageId: i, exchange: "same", at: i }),
      );
    }
    const { messages, keys } = exchanges.held;
    expect(messages).toBeLessThanOrEqual(500);
    expect(keys).toBeLessThan(2_000);
    expect(exchanges.list.reduce((sum, each) => sum + each.messages.length, 0)).toBe(messages);
  });
});
