/**
 * Two endpoints, each client and server of the other, on a wire that loses, doubles and overtakes.
 * Whatever it does: one outcome for each request, no request served twice, no body altered or given to
 * somebody else, nothing left behind.
 */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { internet, narrowband } from "../../../firmware/coap/transmission";
import { Random } from "../../../host-sim/sim/time/random";
import { hex } from "../../../host-sim/tools/fuzz/peer";
import { bothHalves } from "./both-halves";
import type { BothHalves } from "./both-halves";
import { density, runs } from "../../density";
import type { Exchange, Outcome } from "../../../firmware/coap/exchange";

const nothing = { outgoing: 0, received: 0, waiting: 0, transfers: 0 };

/** What a wire does to a datagram: when each copy of it arrives, ms from now; none: it is lost. */
type Wire = (random: Random) => number[];
const perfect: Wire = () => [50];
const bad: Wire = (random) => {
  const copies = random.next() < 0.1 ? 2 : 1;
  return Array.from({ length: copies }, () => 20 + random.next() * 3_000).filter(() => random.next() > 0.15);
};

class Pair {
  now = 0;
  readonly random: Random;
  readonly ends: readonly Endpoint[];
  /** Payloads that each end's handler was given. */
  readonly served: string[][] = [[], []];
  readonly #flights: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  constructor(seed: number, wire: Wire, options: readonly [BothHalves, BothHalves]) {
    this.random = new Random(seed);
    this.ends = options.map(
      (own, i) =>
        new Endpoint({
          transmit: (datagram) => {
            for (const delay of wire(this.random)) {
              const copy = datagram.slice();
              this.at(this.now + delay, () => this.ends[1 - i].receive(copy, `end ${i}`, 5683, this.now));
            }
          },
          random: () => this.random.next(),
          transmission: internet,
          ...bothHalves({
            onRequest: (request) => {
              this.served[i].push(hex(request.message.payload));
              const respond = (): void =>
                void request.respond({ code: 0x45, payload: reversed(request.message.payload) }, this.now);
              if (this.random.next() < 0.3) this.at(this.now + this.random.next() * 20_000, respond);
              else respond();
            },
            ...own,
          }),
        }),
    );
  }

  at(at: number, run: () => void): void {
    this.#flights.push({ at, order: this.#order++, run });
  }

  request(
    from: number,
    code: number,
    payload: Uint8Array,
    confirmable = true,
  ): { outcomes: Outcome[]; exchange: Exchange } {
    const outcomes: Outcome[] = [];
    const exchange = this.ends[from].request(
      {
        address: `end ${1 - from}`,
        port: 5683,
        code,
        payload,
        confirmable,
        onComplete: (outcome) => outcomes.push(outcome),
      },
      this.now,
    );
    return { outcomes, exchange };
  }

  /** Runs until `until`, or until nothing is under way any more. */
  run(until = Infinity): void {
    for (;;) {
      this.#flights.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = Math.min(this.#flights[0]?.at ?? Infinity, ...this.ends.map((end) => end.deadline));
      if (next > until || next === Infinity) break;
      this.now = Math.max(this.now, next);
      if (this.#flights[0]?.at <= this.now) this.#flights.shift()!.run();
      for (const end of this.ends) {
        end.poll(this.now);
        // Progress: what was due has been done.
        expect(end.deadline).toBeGreaterThan(this.now);
      }
    }
    if (until < Infinity) this.now = until;
  }
}

const reversed = (bytes: Uint8Array): Uint8Array => bytes.slice().reverse();

function numbered(n: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(4, length));
  for (let i = 0; i < bytes.length; i++) bytes[i] = (n * 31 + i * 7 + (i >> 8)) & 0xff;
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

describe("over a bad wire", () => {
  const sizes = fc.constantFrom(16, 32, 64, 256, 1024);
  const settings = fc.record({
    blockSize: sizes,
    blockToken: fc.constantFrom("fresh" as const, "same" as const),
    offerBlockSize: fc.boolean(),
    transmission: fc.constantFrom(internet, narrowband, { ...internet, nstart: 3, queueLimit: 20 }),
    separateAfter: fc.constantFrom(0, 250, 2_500),
    maxTransfers: fc.constant(8),
    remembered: fc.constant(512),
  });
  const work = fc.array(
    fc.record({
      from: fc.nat(1),
      code: fc.constantFrom(1, 2, 3, 4),
      length: fc.oneof(fc.nat(80), fc.nat(3_000)),
      confirmable: fc.boolean(),
      pause: fc.nat(40_000),
      cancel: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 12 },
  );

  it("every request has one outcome, no handler runs twice, and no body is altered", () => {
    fc.assert(
      fc.property(fc.nat(), settings, settings, work, (seed, left, right, requests) => {
        const pair = new Pair(seed, bad, [left, right]);
        const all = requests.map((wanted, n) => {
          const payload = numbered(n, wanted.length);
          const { outcomes, exchange } = pair.request(wanted.from, wanted.code, payload, wanted.confirmable);
          if (wanted.cancel === 0) pair.at(pair.now + 1_500, () => exchange.cancel(pair.now));
          pair.run(pair.now + wanted.pause);
          return { wanted, payload, outcomes };
        });
        pair.run();
        for (const { payload, outcomes } of all) {
          expect(outcomes).toHaveLength(1);
          const [outcome] = outcomes;
          if (outcome.kind !== "response" || outcome.message.code !== 0x45) continue;
          expect(hex(outcome.message.payload)).toBe(hex(reversed(payload)));
        }
        for (const [to, payloads] of pair.served.entries()) {
          const asked = all.filter(({ wanted }) => wanted.from !== to);
          for (const payload of payloads) expect(asked.map((each) => hex(each.payload))).toContain(payload);
          // A GET may be asked for anew when the server has dropped its body, or changed it.
          for (const { wanted, payload } of asked.filter(({ wanted: { code } }) => code !== 1)) {
            const times = payloads.filter((each) => each === hex(payload)).length;
            expect(times, `${wanted.length} bytes`).toBeLessThanOrEqual(1);
          }
        }
        pair.now += 400_000;
        for (const end of pair.ends) {
          end.poll(pair.now);
          expect(end.held).toEqual(nothing);
        }
      }),
      { numRuns: runs(150) },
    );
  });
});

describe("over a good wire every body arrives", () => {
  const lengths = [4, 15, 16, 17, 31, 32, 33, 1_023, 1_024, 1_025, 4_000, 8_192];

  test.each([
    [16, 16],
    [16, 1024],
    [1024, 16],
    [64, 256],
    [1024, 1024],
  ])("whole and once, blocks of %i from a client to a server with %i, up and down", (ours, theirs) => {
    for (const blockToken of ["fresh", "same"] as const) {
      for (const length of lengths) {
        const pair = new Pair(1, perfect, [{ blockSize: ours, blockToken }, { blockSize: theirs }]);
        const payload = numbered(7, length);
        const { outcomes } = pair.request(0, 2, payload);
        pair.run();
        expect(outcomes).toMatchObject([{ kind: "response", message: { code: 0x45 } }]);
        const [outcome] = outcomes;
        expect(outcome.kind === "response" && hex(outcome.message.payload)).toBe(hex(reversed(payload)));
        expect(pair.served[1]).toEqual([hex(payload)]);
      }
    }
  });

  it("two uploads to one path at the same time are not mixed", () => {
    const transmission = { ...internet, nstart: 2 };
    const pair = new Pair(1, perfect, [
      { blockSize: 64, transmission },
      { blockSize: 64, transmission },
    ]);
    const [a, b] = [numbered(1, 1_000), numbered(2, 1_000)];
    const both = [pair.request(0, 2, a), pair.request(0, 2, b)];
    pair.run();
    expect(pair.served[1].sort()).toEqual([hex(a), hex(b)].sort());
    both.forEach(({ outcomes }, i) => {
      const [outcome] = outcomes;
      expect(outcome.kind === "response" && hex(outcome.message.payload)).toBe(hex(reversed([a, b][i])));
    });
  });
});

describe("over a wire without delay", () => {
  /** Each datagram is received before `transmit` returns. */
  function wired(options: BothHalves = {}): { left: Endpoint; right: Endpoint } {
    const random = new Random("wired");
    const join = (name: string, peer: () => Endpoint): Endpoint =>
      new Endpoint({
        transmit: (datagram) => peer().receive(datagram, name, 5683, 0),
        random: () => random.next(),
        transmission: internet,
        blockSize: 16,
        ...bothHalves({
          onRequest: (request) =>
            void request.respond({ code: 0x45, payload: reversed(request.message.payload) }, 0),
          ...options,
        }),
      });
    const left: Endpoint = join("left", () => right);
    const right: Endpoint = join("right", () => left);
    return { left, right };
  }
  const to = { address: "right", port: 5683, code: 2 };

  it("a completion starts the next request, a thousand deep, with bodies in blocks", () => {
    const { left } = wired();
    const seen: number[] = [];
    const next = (n: number): void => {
      const payload = numbered(n, n % 40);
      const onComplete = (outcome: Outcome): void => {
        if (outcome.kind === "response") seen.push(n);
        if (n < 100) next(n + 1);
      };
      left.request({ ...to, payload, onComplete }, 0);
    };
    next(0);
    expect(seen).toHaveLength(101);
    expect(left.pending).toBe(0);
  });

  it("a handler that asks the peer something of its own before it answers", () => {
    const asked: string[] = [];
    const ends = wired({
      onRequest: (request) => {
        const kind = hex(request.message.payload);
        asked.push(kind);
        if (kind !== "01") return void request.respond({ code: 0x44 }, 0);
        const onComplete = (outcome: Outcome): void => {
          asked.push(outcome.kind);
          request.respond({ code: 0x44 }, 0);
        };
        ends.right.request({ ...to, address: "left", payload: Uint8Array.of(2), onComplete }, 0);
      },
    });
    ends.left.request(
      { ...to, payload: Uint8Array.of(1), onComplete: (outcome) => asked.push(outcome.kind) },
      0,
    );
    expect(asked).toEqual(["01", "02", "response", "response"]);
  });

  it("a completion asks for one more and closes the endpoint", () => {
    const { left } = wired({ transmission: { ...internet, queueLimit: 8 } });
    const kinds: string[] = [];
    const onComplete = (outcome: Outcome): void => {
      kinds.push(outcome.kind);
      if (kinds.length > 1) return;
      left.close(0);
      left.request({ ...to, onComplete }, 0);
    };
    left.request({ ...to, onComplete }, 0);
    expect(kinds).toEqual(["response", "cancelled"]);
    expect(left.held).toEqual(nothing);
  });
});

describe("message ids", () => {
  it("none is used twice within EXCHANGE_LIFETIME, at any rate, and who must wait goes out on time", () => {
    const rates = fc.array(fc.record({ count: fc.nat(30_000), gap: fc.constantFrom(0, 0.5, 2, 4, 10) }), {
      minLength: 3,
      maxLength: 6,
    });
    fc.assert(
      fc.property(rates, fc.nat(0xffff), (bursts, messageId) => {
        const used = new Float64Array(0x10000).fill(-Infinity);
        let now = 0;
        let reused = 0;
        const endpoint: Endpoint = new Endpoint({
          messageId,
          transmission: { ...internet, queueLimit: 0 },
          random: () => 0.5,
          transmit: (datagram) => {
            const id = (datagram[2] << 8) | datagram[3];
            if (now - used[id] < 247_000) reused += 1;
            used[id] = now;
            endpoint.receive(Uint8Array.of(0x64, 0x44, ...datagram.subarray(2, 8)), "peer", 5683, now);
          },
        });
        let answered = 0;
        let asked = 0;
        for (const { count, gap } of bursts) {
          for (let i = 0; i < count; i++) {
            asked += 1;
            endpoint.request(
              { address: "peer", port: 5683, code: 1, onComplete: () => (answered += 1) },
              now,
            );
            now += gap;
            if (answered < asked) {
              // Out of ids: the next is free when the endpoint says so, and not before.
              const free = endpoint.deadline;
              expect(free).toBeLessThan(Infinity);
              endpoint.poll(free - 1);
              expect(answered).toBe(asked - 1);
              now = Math.max(now, free);
              endpoint.poll(now);
              expect(answered).toBe(asked);
            }
          }
        }
        expect(reused).toBe(0);
        expect(endpoint.nextMessageId).toBe((messageId + asked) & 0xffff);
      }),
      { numRuns: density(15, 3) },
    );
  });
});

describe("tokens", () => {
  it("of one byte are still unique among open exchanges", () => {
    const tokens: number[] = [];
    const endpoint = new Endpoint({
      transmit: (datagram) => tokens.push(datagram[4]),
      random: (() => {
        const random = new Random("tokens");
        return () => random.next();
      })(),
      transmission: { ...internet, nstart: 40 },
      tokenLength: 1,
    });
    for (let i = 0; i < 40; i++) endpoint.request({ address: "peer", port: 1, code: 1, onComplete() {} }, 0);
    expect(new Set(tokens).size).toBe(40);
  });
});
