/** The rig's endurance run in short; `npm run bench -- --only endurance` does a million exchanges. */
import { describe, expect, it } from "vitest";
import { endure } from "../../../host-sim/tools/bench/endurance";
import { Code } from "../../../firmware/coap/code";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { exchangeLifetime, internet } from "../../../firmware/coap/transmission";

describe("100,000 exchanges in one process, with loss, duplicates, NON and late handlers", () => {
  const result = endure(100_000);

  it("have one outcome each, and nobody gets another's response", () => {
    const total = Object.values(result.outcomes).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(100_000);
    expect(result.mixedUp).toBe(0);
    expect(result.outcomes.response).toBeGreaterThan(95_000);
    expect(result.retransmissions).toBeGreaterThan(500);
    expect(result.served).toBeLessThanOrEqual(100_000);
  });

  it("use no message id twice within EXCHANGE_LIFETIME", () => {
    expect(result.idsReused).toBe(0);
  });

  it("leave nothing in any table, and the heap as it was", () => {
    const nothing = { outgoing: 0, received: 0, waiting: 0, transfers: 0 };
    expect(result.held).toEqual([nothing, nothing]);
    expect(result.heap[2] - result.heap[1]).toBeLessThan(2_000_000);
  });
});

describe("more requests than there are message ids in an EXCHANGE_LIFETIME", () => {
  const lifetime = exchangeLifetime(internet);
  const ids: number[] = [];
  const outcomes: string[] = [];
  const client: Endpoint = new Endpoint({
    // Answered before `transmit` returns: 2.04, piggybacked.
    transmit: (datagram) => {
      ids.push((datagram[2] << 8) | datagram[3]);
      const answer = Uint8Array.from([
        0x64,
        Code.changed,
        datagram[2],
        datagram[3],
        ...datagram.subarray(4, 8),
      ]);
      client.receive(answer, "peer", 5683, 0);
    },
    random: () => 0.25,
    transmission: internet,
    messageId: 0xfff0,
  });
  const ask = (now: number): void => {
    const onComplete = ({ kind }: { kind: string }): void => void outcomes.push(kind);
    client.request({ address: "peer", port: 5683, code: Code.get, onComplete }, now);
  };

  it("wait, and each id is used once", () => {
    // All of them from a border of 4096 on; the last segment is the one that the start lies in.
    for (let i = 0; i < 65_536; i++) ask(0);
    const used = ids.length;
    expect(new Set(ids).size).toBe(used);
    expect(used).toBeGreaterThan(61_000);
    for (let i = 0; i < 100; i++) ask(0);
    expect(ids.length).toBe(used);
    expect(client.pending).toBe(internet.nstart + internet.queueLimit);
    expect(new Set(outcomes)).toEqual(new Set(["response", "queue-full"]));
  });

  it("and go on when the first ids are free again, as the deadline says", () => {
    const used = ids.length;
    expect(client.deadline).toBe(lifetime);
    client.poll(lifetime - 1);
    expect(ids.length).toBe(used);
    client.poll(lifetime);
    expect(ids.length).toBe(used + internet.nstart + internet.queueLimit);
    expect(client.pending).toBe(0);
    expect(client.deadline).toBe(Infinity);
  });
});
