/**
 * Block-wise transfer between our client and our server, over wires of every quality: a body arrives
 * unaltered and once, or its sender is told that it did not.
 */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { internet } from "../../../firmware/coap/transmission";
import { Random } from "../../../host-sim/sim/time/random";
import { dotted, hex } from "../../../host-sim/tools/fuzz/peer";
import { bothHalves } from "./both-halves";
import type { BothHalves } from "./both-halves";
import { density, runs } from "../../density";
import type { Outcome } from "../../../firmware/coap/exchange";

const nothing = { outgoing: 0, received: 0, waiting: 0, transfers: 0 };
const body = (seed: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (Math.imul(i + 1 + seed * 7919, 2_654_435_761) >>> 24) ^ seed;
  return bytes;
};

/** One request: its body's length, its answer's, and its method. */
interface Work {
  readonly method: number;
  readonly up: number;
  readonly down: number;
}

interface Quality {
  /** Chance of each datagram to be lost, and to come twice. */
  readonly lost: number;
  readonly doubled: number;
  /** ms: datagrams overtake each other within this. */
  readonly spread: number;
}

/** What became of one request, as its sender sees it and as the server's application does. */
interface Result {
  readonly outcomes: Outcome[];
  /** How often the application was given this request's body, unaltered. */
  readonly served: number;
}

/** A client, a wire and a server; all requests are for one path, and begin at the same time. */
function transfer(
  seed: number,
  quality: Quality,
  client: BothHalves,
  server: BothHalves,
  works: readonly Work[],
): { results: Result[]; altered: number } {
  const random = new Random(seed);
  const flights: { at: number; order: number; run: () => void }[] = [];
  let now = 0;
  let order = 0;
  const later = (delay: number, run: () => void): void => {
    const flight = { at: now + delay, order: order++, run };
    let i = flights.length;
    while (i > 0 && flights[i - 1].at > flight.at) i -= 1;
    flights.splice(i, 0, flight);
  };
  const wire = (to: () => Endpoint, from: string) => (datagram: Uint8Array) => {
    for (let copies = random.next() < quality.doubled ? 2 : 1; copies > 0; copies--) {
      if (random.next() < quality.lost) continue;
      const copy = datagram.slice();
      later(20 + random.next() * quality.spread, () => {
        to().receive(copy, from, 5683, now);
        // As a socket does that uses its buffer again, once the application is done with it.
        if (to() === ends[0]) copy.fill(0xee);
      });
    }
  };
  const bodies = works.map(({ up }, i) => body(i + 1, up));
  const served = works.map(() => 0);
  let altered = 0;
  const common = {
    transmission: { ...internet, queueLimit: 20 },
    random: () => random.next(),
    remembered: 4_096,
  };
  const ends: readonly Endpoint[] = [
    new Endpoint({ ...common, transmit: wire(() => ends[1], "client"), ...bothHalves(client) }),
    new Endpoint({
      ...common,
      transmit: wire(() => ends[0], "server"),
      ...bothHalves({
        onRequest: (request) => {
          // Which request it is stands in an option, for an empty body cannot tell.
          const n = request.message.options.find(({ number }) => number === 2102)?.value[0] ?? 0;
          if (hex(request.message.payload) === hex(bodies[n])) served[n] += 1;
          else altered += 1;
          const respond = (): void =>
            void request.respond({ code: 0x44, payload: body(n + 101, works[n].down) }, now);
          if (random.next() < 0.2) later(random.next() * 8_000, respond);
          else respond();
        },
        ...server,
      }),
    }),
  ];
  const results = works.map(({ method }, n) => {
    const outcomes: Outcome[] = [];
    ends[0].request(
      {
        address: "server",
        port: 5683,
        code: method,
        payload: bodies[n],
        options: [{ number: 2102, value: Uint8Array.of(n) }],
        onComplete: (outcome) => void outcomes.push(frozen(outcome)),
      },
      now,
    );
    return outcomes;
  });
  for (;;) {
    const next = Math.min(flights[0]?.at ?? Infinity, ends[0].deadline, ends[1].deadline);
    if (next === Infinity) break;
    now = Math.max(now, next);
    if (flights[0]?.at <= now) flights.shift()!.run();
    for (const end of ends) end.poll(now);
  }
  now += 247_000;
  for (const end of ends) {
    end.poll(now);
    expect(end.held).toEqual(nothing);
  }
  return { results: results.map((outcomes, i) => ({ outcomes, served: served[i] })), altered };
}

/** The outcome as it was when it came: the datagram is overwritten afterwards. */
function frozen(outcome: Outcome): Outcome {
  if (outcome.kind !== "response") return outcome;
  return { ...outcome, message: { ...outcome.message, payload: outcome.message.payload.slice() } };
}

/** `2.04`, `timeout`; `altered` when a response is not what the server's application gave. */
function named(outcome: Outcome, n: number, { down }: Work): string {
  if (outcome.kind !== "response") return outcome.kind;
  const { code, payload } = outcome.message;
  if (code !== 0x44) return dotted(code);
  return hex(payload) === hex(body(n + 101, down)) ? "2.04" : "altered";
}

const blockSize = fc.constantFrom(16, 32, 64, 128, 256, 512, 1024);
const length = fc.oneof(
  fc.nat(9_000),
  fc.nat(300),
  fc.nat(9).map((n) => n * 1024),
  fc.constantFrom(8_192, 8_193),
);
const post = fc.record({ method: fc.constantFrom(2, 3), up: length, down: length });
const any = fc.record({ method: fc.constantFrom(1, 2, 3, 5), up: length, down: length });
const clientSettings = fc.record({
  blockSize,
  blockToken: fc.constantFrom("fresh" as const, "same" as const),
  offerBlockSize: fc.boolean(),
  maxDatagram: fc.constantFrom(80, 300, 1152),
});
const serverSettings = fc.record({
  blockSize,
  separateAfter: fc.constantFrom(0, 250),
  maxDatagram: fc.constantFrom(80, 300, 1152),
});
const quality = fc.record({
  lost: fc.constantFrom(0, 0.02, 0.1, 0.2),
  doubled: fc.constantFrom(0, 0.1),
  spread: fc.constantFrom(0, 300, 3_000),
});

describe("our client and our server", () => {
  const tally = new Map<string, number>();
  const count = (name: string): void => void tally.set(name, (tally.get(name) ?? 0) + 1);

  it("move every body up and down, whole and once, or refuse it by its size: the wire loses nothing", () => {
    fc.assert(
      fc.property(fc.nat(), clientSettings, serverSettings, any, (seed, client, server, work) => {
        const perfect = { lost: 0, doubled: 0, spread: 0 };
        const { results, altered } = transfer(seed, perfect, client, server, [work]);
        const [{ outcomes, served }] = results;
        const expected = work.up > 8_192 ? "4.13" : work.down > 8_192 ? "body-too-large" : "2.04";
        expect(outcomes.map((outcome) => named(outcome, 0, work))).toEqual([expected]);
        expect([served, altered]).toEqual([expected === "4.13" ? 0 : 1, 0]);
      }),
      { numRuns: runs(120) },
    );
  });

  it("lose, double and reorder as the wire may: unaltered and once, or a failure that says so", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        quality,
        clientSettings,
        serverSettings,
        any,
        (seed, wire, client, server, work) => {
          const { results, altered } = transfer(seed, wire, client, server, [work]);
          const [{ outcomes, served }] = results;
          expect(outcomes).toHaveLength(1);
          const name = named(outcomes[0], 0, work);
          count(name);
          const allowed = ["2.04", "timeout", "no-response"];
          if (work.up > 8_192) allowed.push("4.13");
          if (work.down > 8_192) allowed.push("body-too-large");
          expect(allowed).toContain(name);
          expect(altered).toBe(0);
          if (name === "2.04") expect(served).toBe(1);
          else expect(served).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: runs(150) },
    );
  });

  it("keep uploads to one path apart that go on at the same time, in one queue or side by side", () => {
    const nstart = fc.constantFrom(1, 2, 4);
    const several = fc.array(post, { minLength: 2, maxLength: 4 });
    const maxTransfers = fc.constantFrom(1, 2, 4);
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(), nstart, maxTransfers),
        quality,
        clientSettings,
        serverSettings,
        several,
        ([seed, nstart, maxTransfers], wire, client, server, works) => {
          const transmission = { ...internet, nstart, queueLimit: 20 };
          const ends = [
            { ...client, transmission },
            { ...server, transmission, maxTransfers },
          ] as const;
          const { results, altered } = transfer(seed, wire, ...ends, works);
          expect(altered).toBe(0);
          results.forEach(({ outcomes, served }, n) => {
            expect(outcomes).toHaveLength(1);
            const name = named(outcomes[0], n, works[n]);
            count(`${name}, several`);
            // One transfer too many pushes another out (4.08). Long answers to short requests, which have
            // no Request-Tag, get in each other's way (RFC 7959 section 2.5): the rest of one is past the
            // end of the other (4.00), or has another ETag (block-fault).
            const allowed = ["2.04", "timeout", "no-response", "4.08", "4.13", "body-too-large"];
            if (works.some(({ up }) => up <= 1_024)) allowed.push("4.00", "block-fault");
            expect(allowed).toContain(name);
            expect(served).toBeLessThanOrEqual(1);
            if (name === "2.04") expect(served).toBe(1);
          });
        },
      ),
      { numRuns: runs(120) },
    );
  });

  it("do not get in each other's way while there is room for all and nothing is lost", () => {
    const several = fc.array(
      fc.record({
        method: fc.constantFrom(2, 3),
        up: fc.integer({ min: 1_025, max: 8_192 }),
        down: fc.nat(8_192),
      }),
      { minLength: 2, maxLength: 4 },
    );
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(), fc.constantFrom(1, 3)),
        clientSettings,
        serverSettings,
        several,
        ([seed, nstart], client, server, works) => {
          const transmission = { ...internet, nstart, queueLimit: 20 };
          const { results, altered } = transfer(
            seed,
            { lost: 0, doubled: 0.1, spread: 300 },
            { ...client, transmission },
            { ...server, transmission, maxTransfers: 4 },
            works,
          );
          expect(results.map(({ outcomes: [outcome] }, n) => named(outcome, n, works[n]))).toEqual(
            works.map(() => "2.04"),
          );
          expect(results.map(({ served }) => served)).toEqual(works.map(() => 1));
          expect(altered).toBe(0);
        },
      ),
      { numRuns: density(60, 15) },
    );
  });

  afterAll(() => {
    // Each kind of end has been seen, so that none of the above is about nothing.
    for (const name of ["2.04", "timeout", "4.13", "body-too-large", "2.04, several", "4.08, several"]) {
      expect(tally.get(name), `${name} of ${JSON.stringify([...tally])}`).toBeGreaterThan(0);
    }
  });
});
