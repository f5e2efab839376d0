/** Replies that are kept for requests that come again, and how much is kept. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exchangeLifetime, ReplyStore } from "../../../../host-sim/cloud/coap/reply-store";
import { runs } from "../../../density";
import type { Peer } from "../../../../host-sim/cloud/events";

describe("the store of replies", () => {
  const peer = (port: number): Peer => ({ address: "a", port });
  const bytes = (n: number): Uint8Array => Uint8Array.of(n);

  it("knows peer and message id, for a lifetime", () => {
    const store = new ReplyStore({ perPeer: 4, total: 8 });
    store.add(peer(1), 7, bytes(1), 1000);
    expect(store.find(peer(1), 7, 1000 + exchangeLifetime - 1)?.reply).toEqual(bytes(1));
    expect(store.find(peer(1), 7, 1000 + exchangeLifetime)).toBeUndefined();
    expect(store.find(peer(2), 7, 1000)).toBeUndefined();
    expect(store.find({ address: "b", port: 1 }, 7, 1000)).toBeUndefined();
    expect(store.find(peer(1), 8, 1000)).toBeUndefined();
  });

  it("drops the oldest of a peer, and never another's for it", () => {
    const store = new ReplyStore({ perPeer: 3, total: 100 });
    store.add(peer(2), 0, bytes(0), 0);
    for (let id = 0; id < 50; id++) store.add(peer(1), id, bytes(id), 0);
    const kept = [46, 47, 48, 49].map((id) => store.find(peer(1), id, 0) !== undefined);
    expect(kept).toEqual([false, true, true, true]);
    expect(store.find(peer(2), 0, 0)).toBeDefined();
  });

  it("drops the oldest of all, and peers with it", () => {
    const store = new ReplyStore({ perPeer: 3, total: 10 });
    for (let port = 1; port <= 100; port++) store.add(peer(port), 5, bytes(port), 0);
    expect(store.peers).toBe(10);
    expect([90, 91].map((port) => store.find(peer(port), 5, 0) !== undefined)).toEqual([false, true]);
  });

  it("gives up what nobody can ask for any more, whatever room there is", () => {
    const store = new ReplyStore({ perPeer: 3, total: 100 });
    for (let port = 1; port <= 50; port++) store.add(peer(port), 5, bytes(port), port);
    store.add(peer(60), 5, bytes(0), 20 + exchangeLifetime);
    expect(store.peers).toBe(31);
    store.add(peer(61), 5, bytes(0), 60 + exchangeLifetime);
    expect(store.peers).toBe(2);
  });

  it("keeps the younger of two replies to one message id when the older's place is taken", () => {
    const store = new ReplyStore({ perPeer: 3, total: 3 });
    store.add(peer(1), 5, bytes(1), 0);
    store.add(peer(1), 5, bytes(2), exchangeLifetime);
    store.add(peer(2), 1, bytes(3), exchangeLifetime);
    store.add(peer(2), 2, bytes(4), exchangeLifetime);
    expect(store.find(peer(1), 5, exchangeLifetime)?.reply).toEqual(bytes(2));
  });

  it("agrees with a plain list under any load", () => {
    const step = fc.record({ port: fc.nat(4), id: fc.nat(6), wait: fc.nat(60_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = new ReplyStore({ perPeer: 3, total: 8 });
        let now = 0;
        let list: { port: number; id: number; at: number; n: number }[] = [];
        steps.forEach(({ port, id, wait }, n) => {
          now += wait;
          const seen = list.find((e) => e.port === port && e.id === id && now < e.at + exchangeLifetime);
          const found = store.find(peer(port), id, now);
          // The store may forget earlier, for its bounds count what has expired; it must never make up.
          if (found !== undefined) expect(found.reply).toEqual(bytes(seen!.n));
          if (seen === undefined) {
            store.add(peer(port), id, bytes(n), now);
            list = list.filter((e) => e.port !== port || e.id !== id);
            list.push({ port, id, at: now, n });
            expect(store.find(peer(port), id, now)?.reply).toEqual(bytes(n));
          }
        });
      }),
      { seed: 247, numRuns: runs(500) },
    );
  });
});
