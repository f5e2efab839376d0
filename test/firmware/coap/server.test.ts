/** The endpoint as a server: RFC 7252 sections 4.2, 4.5 and 5.2, seen from the client's side. */
import { describe, expect, it, test } from "vitest";
import { encodeUint } from "../../../firmware/coap/option";
import { code, hex, unhex, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import { ServingBench, client, content, echoing } from "./serving";
import type { EndpointOptions } from "../../../firmware/coap/endpoint";

describe("an answer in time", () => {
  it("rides on the ACK, with the request's message id and token", () => {
    const bench = echoing();
    bench.ask({ payload: "beef" });
    expect(bench.last).toMatchObject(client);
    expect(bench.last.fields).toMatchObject({
      type: 2,
      code: content,
      messageId: 0x1111,
      token: "aabb",
      payload: "beef",
    });
    bench.wait(1_000_000);
    expect(bench.sent).toHaveLength(1);
  });

  it("may come a little later: within separateAfter it still rides on the ACK", () => {
    const bench = new ServingBench({ separateAfter: 500 });
    bench.ask();
    bench.wait(499);
    expect(bench.sent).toEqual([]);
    expect(bench.endpoint.deadline).toBe(bench.now + 1);
    expect(bench.respond()).toBe("sent");
    expect(bench.trace).toEqual(["ACK 2.05 aabb 01"]);
    expect(bench.endpoint.deadline).toBe(Infinity);
  });

  it("to a NON is a NON with an id of its own", () => {
    const bench = echoing();
    bench.ask({ type: 1, payload: "07" });
    expect(bench.trace).toEqual(["NON 2.05 aabb 07"]);
    expect(bench.last.fields.messageId).not.toBe(0x1111);
    bench.wait(1_000_000);
    expect(bench.sent).toHaveLength(1);
  });

  it("carries its options, and the handler sees those of the request", () => {
    const bench = new ServingBench();
    bench.ask({
      code: 3,
      options: [
        [11, utf8Hex("a")],
        [11, utf8Hex("b")],
        [12, "32"],
      ],
    });
    expect(bench.requests[0]).toMatchObject(client);
    expect(bench.requests[0].message.options.map(({ number, value }) => [number, hex(value)])).toEqual([
      [11, "61"],
      [11, "62"],
      [12, "32"],
    ]);
    bench.respond({ options: [{ number: 14, value: encodeUint(300) }], payload: undefined });
    expect(bench.last.fields.options).toEqual([[14, "012c"]]);
  });

  it("counts once", () => {
    const bench = new ServingBench();
    bench.ask();
    expect([bench.respond(), bench.respond({ payload: unhex("02") })]).toEqual(["sent", "answered"]);
    expect(bench.sent).toHaveLength(1);
  });

  it("that no datagram can hold becomes a 5.00", () => {
    const bench = new ServingBench({ maxDatagram: 64 });
    bench.ask();
    expect(bench.respond({ options: [{ number: 2048, value: new Uint8Array(64) }] })).toBe("too-large");
    expect(bench.trace).toEqual(["ACK 5.00 aabb "]);
    expect(bench.respond()).toBe("answered");
  });

  it("of a handler that throws is a 5.00, and the endpoint lives on", () => {
    let fail = true;
    const bench = new ServingBench({}, () => {
      if (fail) throw new Error("no sensor");
    });
    bench.ask();
    expect(bench.trace).toEqual(["ACK 5.00 aabb "]);
    expect(bench.discarded).toEqual(["handler-failed"]);
    fail = false;
    bench.ask({ messageId: 0x1112 });
    expect(bench.respond({}, 1)).toBe("sent");
    expect(bench.trace.at(-1)).toBe("ACK 2.05 aabb 01");
  });

  it("after close is none", () => {
    const bench = new ServingBench();
    bench.ask();
    bench.endpoint.close(bench.now);
    expect(bench.respond()).toBe("closed");
    bench.wait(1_000_000);
    expect(bench.sent).toEqual([]);
  });
});

describe("a handler that takes its time", () => {
  const acknowledged = (options: Partial<EndpointOptions> = {}): ServingBench => {
    const bench = new ServingBench(options);
    bench.ask();
    bench.wait(250);
    expect(bench.sent.map(({ bytes }) => bytes)).toEqual(["60001111"]);
    return bench;
  };

  it("has its request acknowledged, and its response goes out by itself", () => {
    const bench = acknowledged();
    bench.wait(100_000);
    expect(bench.respond()).toBe("sent");
    expect(bench.trace).toEqual(["ACK 0.00  ", "CON 2.05 aabb 01"]);
    expect(bench.last.fields.messageId).not.toBe(0x1111);
    bench.receive({ type: 2, code: 0, messageId: bench.last.fields.messageId }, client);
    bench.wait(1_000_000);
    expect(bench.sent).toHaveLength(2);
    expect(bench.endpoint.held).toEqual({ outgoing: 0, received: 0, waiting: 0, transfers: 0 });
  });

  it("has its response sent again until somebody acknowledges it", () => {
    const bench = acknowledged();
    bench.respond();
    const started = bench.now;
    bench.wait(1_000_000);
    const times = bench.sent.slice(1).map(({ at }) => at - started);
    expect(times).toHaveLength(5);
    times.forEach((time, i) => expect(time).toBeCloseTo(times[1] * (2 ** i - 1), 6));
    expect(new Set(bench.sent.slice(1).map(({ bytes }) => bytes)).size).toBe(1);
    expect(bench.endpoint.held.outgoing).toBe(0);
  });

  test.each([
    ["RST", 3],
    ["ACK", 2],
  ])("stops at %s, and not at one from elsewhere or of another id", (_name, type) => {
    const bench = acknowledged();
    bench.respond();
    const { messageId } = bench.last.fields;
    bench.receive({ type, code: 0, messageId }, { ...client, port: 1 });
    bench.receive({ type, code: 0, messageId: messageId ^ 1 }, client);
    expect(bench.discarded).toEqual(["unexpected", "unexpected"]);
    bench.wait(3_000);
    expect(bench.sent).toHaveLength(3);
    bench.receive({ type, code: 0, messageId }, client);
    bench.wait(1_000_000);
    expect(bench.sent).toHaveLength(3);
  });

  it("is not settled by an ACK that carries a response", () => {
    const bench = acknowledged();
    bench.respond();
    bench.receive({ type: 2, code: content, messageId: bench.last.fields.messageId, token: "aabb" }, client);
    expect(bench.discarded).toEqual(["unexpected"]);
    expect(bench.endpoint.held.outgoing).toBe(1);
  });

  it("acknowledges at once when separateAfter is 0", () => {
    const bench = new ServingBench({ separateAfter: 0 });
    bench.ask();
    expect(bench.trace).toEqual(["ACK 0.00  "]);
  });

  it("shares NSTART with the endpoint's own requests to that peer", () => {
    const bench = acknowledged();
    const { completed } = bench.post(client);
    bench.respond();
    expect(bench.trace.slice(1)).toEqual([expect.stringMatching(/^CON 0\.02/)]);
    const { messageId, token } = bench.last.fields;
    bench.receive({ type: 2, code: content, messageId, token }, client);
    expect(completed).toHaveLength(1);
    expect(bench.trace.at(-1)).toBe("CON 2.05 aabb 01");
  });
});

describe("duplicates of a request", () => {
  it("get the same bytes again, and the handler runs once", () => {
    const bench = echoing();
    for (let i = 0; i < 3; i++) bench.ask({ payload: "beef" });
    expect(new Set(bench.sent.map(({ bytes }) => bytes)).size).toBe(1);
    expect(bench.sent).toHaveLength(3);
    expect(bench.requests).toHaveLength(1);
    expect(bench.discarded).toEqual(["duplicate", "duplicate"]);
  });

  it("while the handler works bring the empty ACK forward, and again", () => {
    const bench = new ServingBench({ separateAfter: 2_500 });
    bench.ask();
    bench.wait(2_000);
    expect(bench.sent).toEqual([]);
    bench.ask();
    bench.ask();
    expect(bench.trace).toEqual(["ACK 0.00  ", "ACK 0.00  "]);
    bench.wait(10_000);
    expect(bench.trace).toHaveLength(2);
    bench.respond();
    expect(bench.requests).toHaveLength(1);
    expect(bench.trace.at(-1)).toBe("CON 2.05 aabb 01");
  });

  it("of a NON are dropped in silence, answered or not", () => {
    const bench = new ServingBench();
    bench.ask({ type: 1 });
    bench.ask({ type: 1 });
    bench.respond();
    bench.ask({ type: 1 });
    expect(bench.trace).toEqual(["NON 2.05 aabb 01"]);
    expect(bench.requests).toHaveLength(1);
  });

  it("are only those from the same address and port within EXCHANGE_LIFETIME, 247 s", () => {
    const bench = echoing();
    bench.ask();
    bench.ask({}, { ...client, port: 40_001 });
    bench.ask({}, { ...client, address: "198.51.100.8" });
    expect(bench.requests).toHaveLength(3);
    bench.wait(246_999);
    bench.ask();
    expect(bench.requests).toHaveLength(3);
    bench.wait(1);
    bench.ask();
    expect(bench.requests).toHaveLength(4);
  });

  it("of a NON only within NON_LIFETIME, 145 s", () => {
    const bench = echoing();
    bench.ask({ type: 1 });
    bench.wait(145_000);
    bench.ask({ type: 1 });
    expect(bench.requests).toHaveLength(2);
  });
});

describe("the store of what was received", () => {
  it("drops the oldest that is answered", () => {
    const bench = new ServingBench({ remembered: 2, separateAfter: 10 });
    bench.ask({ messageId: 1 }); // stays at work
    bench.ask({ messageId: 2 });
    bench.respond({}, 1);
    bench.ask({ messageId: 3 });
    bench.respond({}, 2);
    bench.ask({ messageId: 1 });
    bench.ask({ messageId: 3 });
    expect(bench.requests).toHaveLength(3);
    bench.ask({ messageId: 2 });
    expect(bench.requests).toHaveLength(4);
  });

  it("full of requests at work, refuses one more with 5.03 and when to come again", () => {
    const bench = new ServingBench({ remembered: 2, separateAfter: 10 });
    bench.ask({ messageId: 1 });
    bench.ask({ messageId: 2 });
    bench.ask({ messageId: 3, token: "cc" });
    expect(bench.last.fields).toMatchObject({
      type: 2,
      code: code("5.03"),
      messageId: 3,
      token: "cc",
      options: [[14, "02"]],
    });
    bench.ask({ type: 1, messageId: 4 });
    expect(bench.sent).toHaveLength(1);
    expect(bench.requests).toHaveLength(2);
    expect(bench.discarded).toEqual(["overload", "overload"]);
    bench.respond();
    bench.ask({ messageId: 3, token: "cc" });
    expect(bench.requests).toHaveLength(3);
  });

  it("counts a request as at work until its separate response has arrived", () => {
    const bench = new ServingBench({ remembered: 1, separateAfter: 10 });
    bench.ask({ messageId: 1 });
    bench.wait(10);
    bench.respond();
    const { messageId } = bench.last.fields;
    bench.ask({ messageId: 2 });
    expect(bench.last.fields.code).toBe(code("5.03"));
    bench.receive({ type: 2, code: 0, messageId }, client);
    bench.ask({ messageId: 2 });
    expect(bench.requests).toHaveLength(2);
  });
});
