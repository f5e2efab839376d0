/**
 * Callers of the endpoint that break its rules, or call back into it at the worst moment: it stays whole,
 * every exchange ends once, and the peer hears something.
 */
import { describe, expect, it } from "vitest";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { internet, narrowband } from "../../../firmware/coap/transmission";
import { Rig, summary } from "./rig";
import { BlockRig, bytes, serving } from "./block-rig";
import { code } from "../../../host-sim/tools/fuzz/peer";
import { ServingRig, client } from "./serving";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

/** Out of order, which is the caller's fault. */
const bad = [
  { number: 15, value: Uint8Array.of(0x61) },
  { number: 11, value: Uint8Array.of(0x61) },
];

/** ACK 2.04 to the datagram with this index. */
const ack = (rig: Rig, index = rig.sent.length - 1): Fields => {
  const { messageId, token } = rig.sent[index].fields;
  return { type: 2, code: code("2.04"), messageId, token };
};

describe("options", () => {
  it("in a handler's answer get the peer a 5.00", () => {
    const b = new ServingRig({}, (r) => void r.respond({ code: code("2.05"), options: bad }, 1000));
    b.ask();
    expect(b.trace).toEqual(["ACK 5.00 aabb "]);
    b.ask();
    expect(b.trace).toEqual(["ACK 5.00 aabb ", "ACK 5.00 aabb "]);
  });

  it("in a late answer are told to whoever gives it, who may answer again", () => {
    const b = new ServingRig();
    b.ask();
    expect(() => b.respond({ options: bad })).toThrow(RangeError);
    expect(b.respond()).toBe("sent");
    expect(b.sent).toHaveLength(1);
  });

  it("in an answer that has to wait are told at once", () => {
    const b = new ServingRig();
    b.post(client);
    b.ask();
    b.wait(300);
    expect(() => b.respond({ options: bad })).toThrow(RangeError);
    b.receive({ ...ack(b, 0) }, client);
    b.wait(300_000);
  });

  it("in a request that has to wait are told at once", () => {
    const b = new Rig();
    b.post();
    let threw = false;
    let r: ReturnType<Rig["post"]> | undefined;
    try {
      r = b.post({ options: bad });
    } catch {
      threw = true;
    }
    expect(() => b.receive(ack(b))).not.toThrow();
    expect(threw || r!.completed.length === 1).toBe(true);
  });

  it("that cannot be given for the next block end the transfer", () => {
    const b = new BlockRig({ blockSize: 64 });
    let n = 0;
    const { completed } = b.post({
      payload: bytes(200),
      options: () => {
        if (++n === 2) throw new Error("x");
        return [];
      },
    });
    try {
      b.answer({ code: "2.31", block1: "0/1/64" });
    } catch {}
    expect(completed).toHaveLength(1);
  });

  it("out of order in the next block end the transfer", () => {
    const b = new BlockRig({ blockSize: 64 });
    let n = 0;
    const { completed } = b.post({ payload: bytes(200), options: () => (++n === 2 ? bad : []) });
    expect(() => b.answer({ code: "2.31", block1: "0/1/64" })).not.toThrow();
    expect(completed).toHaveLength(1);
  });

  it("whose function closes the endpoint end the transfer, and nothing more is sent", () => {
    const b = new BlockRig({ blockSize: 64 });
    let n = 0;
    const { completed } = b.post({
      payload: bytes(200),
      options: () => {
        if (++n === 2) b.endpoint.close(b.now);
        return [];
      },
    });
    b.answer({ code: "2.31", block1: "0/1/64" });
    expect(b.sent).toHaveLength(1);
    expect(summary(completed)).toEqual(["cancelled"]);
    expect(b.endpoint.deadline).toBe(Infinity);
  });
});

describe("calls at a bad moment: an", () => {
  it("outcome that throws in close keeps the others from nothing", () => {
    const b = new Rig();
    b.post({
      onComplete: () => {
        throw new Error("x");
      },
    });
    const { completed } = b.post();
    try {
      b.endpoint.close(b.now);
    } catch {}
    expect(completed).toHaveLength(1);
  });

  it("admit that closes the endpoint leaves nothing held", () => {
    const b = serving({
      admit: () => {
        b.endpoint.close(0);
        return undefined;
      },
    });
    b.send({ block1: "0/1/64", payload: "00".repeat(64) });
    expect(b.kept).toBe(0);
  });
});

it("a second response while the first is being acknowledged finishes one block once", () => {
  let armed = true;
  const sent: Uint8Array[] = [];
  const outcomes: string[] = [];
  const e: Endpoint = new Endpoint({
    transmission: internet,
    random: () => 0.3,
    blockSize: 16,
    transmit: (d) => {
      sent.push(d.slice());
      if (d[0] === 0x60 && armed) {
        armed = false; // the ACK: a NON copy of the response comes in now
        const t = sent[0].slice(4, 8);
        e.receive(Uint8Array.of(0x54, 0x5f, 0x22, 0x22, ...t, 0xd1, 0x0e, 0x08), "a", 1, 0);
      }
    },
  });
  e.request(
    { address: "a", port: 1, code: 2, payload: bytes(48), onComplete: (o) => outcomes.push(o.kind) },
    0,
  );
  const t = sent[0].slice(4, 8);
  e.receive(Uint8Array.of(0x44, 0x5f, 0x11, 0x11, ...t, 0xd1, 0x0e, 0x08), "a", 1, 0);
  expect(outcomes).toEqual([]);
  expect(sent.length).toBe(3); // block 0, ACK, block 1
});

it("six peers with one request each: none waits, so none is refused", () => {
  const b = new Rig();
  const all = [0, 1, 2, 3, 4, 5].map((i) => b.post({ port: 6000 + i }).completed);
  expect(all.map(summary)).toEqual([[], [], [], [], [], []]);
});

it("nine peers: over all of them there are as many as a device can afford, and room again when one has ended", () => {
  const b = new Rig();
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => b.post({ port: 6000 + i }));
  expect(all.map(({ completed }) => summary(completed))).toEqual([...Array(8).fill([]), ["queue-full"]]);
  expect(b.endpoint.held.outgoing).toBe(8);
  all[0].exchange.cancel(b.now);
  expect(summary(b.post({ port: 6009 }).completed)).toEqual([]);
  expect(b.endpoint.held.outgoing).toBe(8);
});

it("who talks to many peers sets how many requests there may be", () => {
  const b = new Rig({ maxRequests: 40 });
  for (let i = 0; i < 41; i++) b.post({ port: 6000 + i });
  expect(b.endpoint.held.outgoing).toBe(40);
});

describe("the round trip", () => {
  it("is learnt although it never acknowledges but answers at once with a CON response", () => {
    const b = new Rig({ transmission: narrowband });
    const re: number[] = [];
    for (let i = 0; i < 8; i++) {
      const { exchange } = b.post();
      const token = b.last.fields.token;
      b.wait(30_000);
      b.receive({ type: 0, code: code("2.04"), messageId: 100 + i, token });
      re.push(exchange.retransmissions);
      b.wait(400_000);
    }
    expect(re[7]).toBe(0);
  });

  it("is not learnt from strangers who never acknowledge what they asked for", () => {
    const b = new ServingRig({ transmission: narrowband });
    for (let i = 0; i < 5; i++) {
      b.post();
      b.wait(1000);
      b.receive(ack(b));
    }
    for (let i = 0; i < 3; i++) {
      b.ask({ messageId: i });
      b.wait(300);
      b.respond({}, i);
      b.wait(200_000);
    }
    b.post();
    const n = b.sent.length,
      at = b.now;
    b.wait(104_000);
    expect(b.sent[n].at - at).toBeLessThan(10_000);
  });
});
