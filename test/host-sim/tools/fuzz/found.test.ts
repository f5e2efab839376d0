/** Faults that fuzzing found, or the reading that it led to; each in its plainest form. */
import { describe, expect, it } from "vitest";
import { Endpoint } from "../../../../firmware/coap/endpoint";
import { exchangeLifetime, internet } from "../../../../firmware/coap/transmission";
import { Random } from "../../../../host-sim/sim/time/random";
import { Rig } from "../../../firmware/coap/rig";
import { withAllocationsBelow } from "../../../../host-sim/tools/fuzz/block-pieces";
import type { IncomingRequest, Exchange } from "../../../../firmware/coap/exchange";

const body = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);
const post = { type: 0, code: 2, token: "aa" };

describe("a server", () => {
  it("keeps nothing of a long answer that comes after close", () => {
    let taken: IncomingRequest | undefined;
    const rig = new Rig({ onRequest: (request) => void (taken = request) });
    rig.receive({ ...post, messageId: 1 });
    rig.endpoint.close(rig.now);
    expect(taken!.respond({ code: 0x45, payload: body(3_000, 1) }, rig.now)).toBe("closed");
    expect(rig.endpoint.held.transfers).toBe(0);
  });

  it("goes on with the first answer when the application gives a second one", () => {
    const rig = new Rig({
      onRequest: (request, now) => {
        request.respond({ code: 0x45, payload: body(3_000, 1) }, now);
        expect(request.respond({ code: 0x45, payload: body(3_000, 2) }, now)).toBe("answered");
      },
    });
    rig.receive({ ...post, messageId: 1 });
    rig.receive({ ...post, messageId: 2, options: [[23, "16"]] });
    expect(rig.last.fields.payload).toBe("01".repeat(1_024));
  });

  it("cuts blocks that fit its datagrams", () => {
    const onRequest = (request: IncomingRequest, now: number): void => {
      expect(request.respond({ code: 0x45, payload: body(600, 1) }, now)).toBe("sent");
    };
    const rig = new Rig({ maxDatagram: 512, onRequest });
    rig.receive({ ...post, messageId: 1 });
    expect(rig.last.fields.code).toBe(0x45);
    expect(rig.last.fields.payload).toBe("01".repeat(256));
  });

  it("has no more room made for a body than maxBody", () => {
    const rig = new Rig({
      maxBody: 2_000,
      onRequest: (request, now) => void request.respond({ code: 0x44 }, now),
    });
    const block = (num: number, length: number, value: string): void => {
      rig.receive({ ...post, messageId: num + 1, options: [[27, value]], payload: "11".repeat(length) });
    };
    withAllocationsBelow(2_000, () => {
      block(0, 1_024, "0e");
      block(1, 700, "16");
    });
    expect(rig.last.fields.code).toBe(0x44);
  });

  it("refuses within its longest datagram as well", () => {
    const rig = new Rig({ maxDatagram: 16, onRequest: () => undefined });
    rig.receive({ ...post, token: "0102030405060708", messageId: 1, options: [[9, ""]] });
    expect(rig.last.fields.code).toBe(0x82);
    expect(rig.last.bytes.length / 2).toBeLessThanOrEqual(16);
  });

  it("has no more responses under way than it remembers messages, however late they come", () => {
    const taken: IncomingRequest[] = [];
    const rig = new Rig({ remembered: 1, onRequest: (request) => void taken.push(request) });
    for (let messageId = 1; messageId <= 5; messageId++) {
      rig.receive({ ...post, messageId });
      rig.wait(exchangeLifetime(internet));
    }
    expect(taken).toHaveLength(5);
    for (const request of taken) request.respond({ code: 0x44 }, rig.now);
    expect(rig.endpoint.held.outgoing).toBeLessThanOrEqual(1);
  });
});

it("a client cancels a transfer whose next block waits while others are sent", () => {
  // The peer answers before `transmit` returns, and the outcome of one request cancels another.
  const peer = { address: "peer", port: 5683 };
  const random = new Random(1);
  const outcomes: string[] = [];
  const held: Uint8Array[] = [];
  let direct = false;
  let transfer: Exchange | undefined;
  const answer = (request: Uint8Array, code: number, ...rest: number[]): void => {
    const header = [0x64, code, request[2], request[3], ...request.subarray(4, 8), ...rest];
    client.receive(Uint8Array.from(header), peer.address, peer.port, 0);
  };
  const client: Endpoint = new Endpoint({
    transmit: (datagram) => {
      if (direct) answer(datagram.slice(), 0x44);
      else held.push(datagram.slice());
    },
    random: () => random.next(),
    transmission: internet,
    blockSize: 16,
  });
  transfer = client.request(
    {
      ...peer,
      code: 2,
      payload: body(40, 1),
      onComplete: ({ kind }) => void outcomes.push(`transfer ${kind}`),
    },
    0,
  );
  client.request(
    {
      ...peer,
      code: 2,
      onComplete: ({ kind }) => {
        outcomes.push(`other ${kind}`);
        transfer.cancel(0);
      },
    },
    0,
  );
  direct = true;
  // 2.31 to block 0: the next one queues behind the other request.
  answer(held[0], 0x5f, 0xd1, 0x0e, 0x08);
  expect(outcomes).toEqual(["other response", "transfer cancelled"]);
  expect(client.pending).toBe(0);
});
