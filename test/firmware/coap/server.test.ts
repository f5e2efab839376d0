/** The endpoint as a server: RFC 7252 sections 4.2, 4.5 and 5.2, seen from the client's side. */
import { describe, expect, it, test } from "vitest";
import { encodeUint } from "../../../firmware/coap/option";
import { code, hex, unhex, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import { ServingRig, client, content, echoing } from "./serving";
import type { EndpointOptions } from "../../../firmware/coap/endpoint";

describe("an answer in time", () => {
  it("rides on the ACK, with the request's message id and token", () => {
    const rig = echoing();
    rig.ask({ payload: "beef" });
    expect(rig.last).toMatchObject(client);
    expect(rig.last.fields).toMatchObject({
      type: 2,
      code: content,
      messageId: 0x1111,
      token: "aabb",
      payload: "beef",
    });
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(1);
  });

  it("may come a little later: within separateAfter it still rides on the ACK", () => {
    const rig = new ServingRig({ separateAfter: 500 });
    rig.ask();
    rig.wait(499);
    expect(rig.sent).toEqual([]);
    expect(rig.endpoint.deadline).toBe(rig.now + 1);
    expect(rig.respond()).toBe("sent");
    expect(rig.trace).toEqual(["ACK 2.05 aabb 01"]);
    expect(rig.endpoint.deadline).toBe(Infinity);
  });

  it("to a NON is a NON with an id of its own", () => {
    const rig = echoing();
    rig.ask({ type: 1, payload: "07" });
    expect(rig.trace).toEqual(["NON 2.05 aabb 07"]);
    expect(rig.last.fields.messageId).not.toBe(0x1111);
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(1);
  });

  it("carries its options, and the handler sees those of the request", () => {
    const rig = new ServingRig();
    rig.ask({
      code: 3,
      options: [
        [11, utf8Hex("a")],
        [11, utf8Hex("b")],
        [12, "32"],
      ],
    });
    expect(rig.requests[0]).toMatchObject(client);
    expect(rig.requests[0].message.options.map(({ number, value }) => [number, hex(value)])).toEqual([
      [11, "61"],
      [11, "62"],
      [12, "32"],
    ]);
    rig.respond({ options: [{ number: 14, value: encodeUint(300) }], payload: undefined });
    expect(rig.last.fields.options).toEqual([[14, "012c"]]);
  });

  it("counts once", () => {
    const rig = new ServingRig();
    rig.ask();
    expect([rig.respond(), rig.respond({ payload: unhex("02") })]).toEqual(["sent", "answered"]);
    expect(rig.sent).toHaveLength(1);
  });

  it("that no datagram can hold becomes a 5.00", () => {
    const rig = new ServingRig({ maxDatagram: 64 });
    rig.ask();
    expect(rig.respond({ options: [{ number: 2048, value: new Uint8Array(64) }] })).toBe("too-large");
    expect(rig.trace).toEqual(["ACK 5.00 aabb "]);
    expect(rig.respond()).toBe("answered");
  });

  it("of a handler that throws is a 5.00, and the endpoint lives on", () => {
    let fail = true;
    const rig = new ServingRig({}, () => {
      if (fail) throw new Error("no sensor");
    });
    rig.ask();
    expect(rig.trace).toEqual(["ACK 5.00 aabb "]);
    expect(rig.discarded).toEqual(["handler-failed"]);
    fail = false;
    rig.ask({ messageId: 0x1112 });
    expect(rig.respond({}, 1)).toBe("sent");
    expect(rig.trace.at(-1)).toBe("ACK 2.05 aabb 01");
  });

  it("after close is none", () => {
    const rig = new ServingRig();
    rig.ask();
    rig.endpoint.close(rig.now);
    expect(rig.respond()).toBe("closed");
    rig.wait(1_000_000);
    expect(rig.sent).toEqual([]);
  });
});

describe("a handler that takes its time", () => {
  const acknowledged = (options: Partial<EndpointOptions> = {}): ServingRig => {
    const rig = new ServingRig(options);
    rig.ask();
    rig.wait(250);
    expect(rig.sent.map(({ bytes }) => bytes)).toEqual(["60001111"]);
    return rig;
  };

  it("has its request acknowledged, and its response goes out by itself", () => {
    const rig = acknowledged();
    rig.wait(100_000);
    expect(rig.respond()).toBe("sent");
    expect(rig.trace).toEqual(["ACK 0.00  ", "CON 2.05 aabb 01"]);
    expect(rig.last.fields.messageId).not.toBe(0x1111);
    rig.receive({ type: 2, code: 0, messageId: rig.last.fields.messageId }, client);
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(2);
    expect(rig.endpoint.held).toEqual({ outgoing: 0, received: 0, waiting: 0, transfers: 0 });
  });

  it("has its response sent again until somebody acknowledges it", () => {
    const rig = acknowledged();
    rig.respond();
    const started = rig.now;
    rig.wait(1_000_000);
    const times = rig.sent.slice(1).map(({ at }) => at - started);
    expect(times).toHaveLength(5);
    times.forEach((time, i) => expect(time).toBeCloseTo(times[1] * (2 ** i - 1), 6));
    expect(new Set(rig.sent.slice(1).map(({ bytes }) => bytes)).size).toBe(1);
    expect(rig.endpoint.held.outgoing).toBe(0);
  });

  test.each([
    ["RST", 3],
    ["ACK", 2],
  ])("stops at %s, and not at one from elsewhere or of another id", (_name, type) => {
    const rig = acknowledged();
    rig.respond();
    const { messageId } = rig.last.fields;
    rig.receive({ type, code: 0, messageId }, { ...client, port: 1 });
    rig.receive({ type, code: 0, messageId: messageId ^ 1 }, client);
    expect(rig.discarded).toEqual(["unexpected", "unexpected"]);
    rig.wait(3_000);
    expect(rig.sent).toHaveLength(3);
    rig.receive({ type, code: 0, messageId }, client);
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(3);
  });

  it("is not settled by an ACK that carries a response", () => {
    const rig = acknowledged();
    rig.respond();
    rig.receive({ type: 2, code: content, messageId: rig.last.fields.messageId, token: "aabb" }, client);
    expect(rig.discarded).toEqual(["unexpected"]);
    expect(rig.endpoint.held.outgoing).toBe(1);
  });

  it("acknowledges at once when separateAfter is 0", () => {
    const rig = new ServingRig({ separateAfter: 0 });
    rig.ask();
    expect(rig.trace).toEqual(["ACK 0.00  "]);
  });

  it("shares NSTART with the endpoint's own requests to that peer", () => {
    const rig = acknowledged();
    const { completed } = rig.post(client);
    rig.respond();
    expect(rig.trace.slice(1)).toEqual([expect.stringMatching(/^CON 0\.02/)]);
    const { messageId, token } = rig.last.fields;
    rig.receive({ type: 2, code: content, messageId, token }, client);
    expect(completed).toHaveLength(1);
    expect(rig.trace.at(-1)).toBe("CON 2.05 aabb 01");
  });
});

describe("duplicates of a request", () => {
  it("get the same bytes again, and the handler runs once", () => {
    const rig = echoing();
    for (let i = 0; i < 3; i++) rig.ask({ payload: "beef" });
    expect(new Set(rig.sent.map(({ bytes }) => bytes)).size).toBe(1);
    expect(rig.sent).toHaveLength(3);
    expect(rig.requests).toHaveLength(1);
    expect(rig.discarded).toEqual(["duplicate", "duplicate"]);
  });

  it("while the handler works bring the empty ACK forward, and again", () => {
    const rig = new ServingRig({ separateAfter: 2_500 });
    rig.ask();
    rig.wait(2_000);
    expect(rig.sent).toEqual([]);
    rig.ask();
    rig.ask();
    expect(rig.trace).toEqual(["ACK 0.00  ", "ACK 0.00  "]);
    rig.wait(10_000);
    expect(rig.trace).toHaveLength(2);
    rig.respond();
    expect(rig.requests).toHaveLength(1);
    expect(rig.trace.at(-1)).toBe("CON 2.05 aabb 01");
  });

  it("of a NON are dropped in silence, answered or not", () => {
    const rig = new ServingRig();
    rig.ask({ type: 1 });
    rig.ask({ type: 1 });
    rig.respond();
    rig.ask({ type: 1 });
    expect(rig.trace).toEqual(["NON 2.05 aabb 01"]);
    expect(rig.requests).toHaveLength(1);
  });

  it("are only those from the same address and port within EXCHANGE_LIFETIME, 247 s", () => {
    const rig = echoing();
    rig.ask();
    rig.ask({}, { ...client, port: 40_001 });
    rig.ask({}, { ...client, address: "198.51.100.8" });
    expect(rig.requests).toHaveLength(3);
    rig.wait(246_999);
    rig.ask();
    expect(rig.requests).toHaveLength(3);
    rig.wait(1);
    rig.ask();
    expect(rig.requests).toHaveLength(4);
  });

  it("of a NON only within NON_LIFETIME, 145 s", () => {
    const rig = echoing();
    rig.ask({ type: 1 });
    rig.wait(145_000);
    rig.ask({ type: 1 });
    expect(rig.requests).toHaveLength(2);
  });
});

describe("the store of what was received", () => {
  it("drops the oldest that is answered", () => {
    const rig = new ServingRig({ remembered: 2, separateAfter: 10 });
    rig.ask({ messageId: 1 }); // stays at work
    rig.ask({ messageId: 2 });
    rig.respond({}, 1);
    rig.ask({ messageId: 3 });
    rig.respond({}, 2);
    rig.ask({ messageId: 1 });
    rig.ask({ messageId: 3 });
    expect(rig.requests).toHaveLength(3);
    rig.ask({ messageId: 2 });
    expect(rig.requests).toHaveLength(4);
  });

  it("full of requests at work, refuses one more with 5.03 and when to come again", () => {
    const rig = new ServingRig({ remembered: 2, separateAfter: 10 });
    rig.ask({ messageId: 1 });
    rig.ask({ messageId: 2 });
    rig.ask({ messageId: 3, token: "cc" });
    expect(rig.last.fields).toMatchObject({
      type: 2,
      code: code("5.03"),
      messageId: 3,
      token: "cc",
      options: [[14, "02"]],
    });
    rig.ask({ type: 1, messageId: 4 });
    expect(rig.sent).toHaveLength(1);
    expect(rig.requests).toHaveLength(2);
    expect(rig.discarded).toEqual(["overload", "overload"]);
    rig.respond();
    rig.ask({ messageId: 3, token: "cc" });
    expect(rig.requests).toHaveLength(3);
  });

  it("counts a request as at work until its separate response has arrived", () => {
    const rig = new ServingRig({ remembered: 1, separateAfter: 10 });
    rig.ask({ messageId: 1 });
    rig.wait(10);
    rig.respond();
    const { messageId } = rig.last.fields;
    rig.ask({ messageId: 2 });
    expect(rig.last.fields.code).toBe(code("5.03"));
    rig.receive({ type: 2, code: 0, messageId }, client);
    rig.ask({ messageId: 2 });
    expect(rig.requests).toHaveLength(2);
  });
});
