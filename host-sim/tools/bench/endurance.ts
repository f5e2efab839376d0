/**
 * A million exchanges through a client's and a server's endpoint in one process, in virtual time: whether
 * memory stays flat, no message id comes back too soon, and nothing is left in a table.
 */
import { Code, Type } from "../../../firmware/coap/code";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { serverHalf } from "../../../firmware/coap/server-half";
import { exchangeLifetime, internet } from "../../../firmware/coap/transmission";
import { Random } from "../../sim/time/random";
import { heapUsed } from "./measure";
import type { Held } from "../../../firmware/coap/endpoint";
import type { IncomingRequest, Outcome } from "../../../firmware/coap/exchange";

export interface EnduranceResult {
  readonly exchanges: number;
  /** By kind of outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Requests that reached the application, which is each at most once. */
  readonly served: number;
  /** Responses that carried another request's payload. */
  readonly mixedUp: number;
  readonly retransmissions: number;
  /** Message ids of CON and NON that were used twice within EXCHANGE_LIFETIME. */
  readonly idsReused: number;
  /** Heap after garbage collection at the start, in the middle and at the end, bytes. */
  readonly heap: readonly number[];
  readonly held: readonly Held[];
  /** ms of virtual time that it took. */
  readonly virtual: number;
}

/** Mean time between requests, ms: fewer than 65536 ids in an EXCHANGE_LIFETIME. */
const spacing = 5;

/** Runs `exchanges` requests: confirmable and not, answered at once or late, with loss and duplicates. */
export function endure(exchanges: number, seed: number | string = 1): EnduranceResult {
  const random = new Random(seed);
  const lifetime = exchangeLifetime(internet);
  const outcomes: Record<string, number> = {};
  let now = 0;
  let served = 0;
  let mixedUp = 0;
  let idsReused = 0;
  const flights: { at: number; to: Endpoint; datagram: Uint8Array }[] = [];
  const late: { at: number; request: IncomingRequest }[] = [];

  const join = (peer: () => Endpoint, onRequest?: (request: IncomingRequest) => void): Endpoint => {
    const used = new Float64Array(0x10000).fill(-Infinity);
    const content = new Uint32Array(0x10000);
    const transmit = (datagram: Uint8Array): void => {
      const type = (datagram[0] >> 4) & 3;
      if (type === Type.confirmable || type === Type.nonConfirmable) {
        const id = (datagram[2] << 8) | datagram[3];
        // A retransmission, which is the same bytes again, is no new use.
        const hash = fingerprint(datagram);
        if (hash !== content[id]) {
          if (now - used[id] < lifetime) idsReused += 1;
          used[id] = now;
          content[id] = hash;
        }
      }
      if (random.next() < 0.01) return;
      flights.push({ at: now + 20, to: peer(), datagram: datagram.slice() });
      if (random.next() < 0.01) flights.push({ at: now + 20, to: peer(), datagram: datagram.slice() });
    };
    const transmission = { ...internet, nstart: 64, queueLimit: 256 };
    const server = onRequest === undefined ? undefined : serverHalf({ onRequest });
    return new Endpoint({ transmit, random: () => random.next(), transmission, server, remembered: 1024 });
  };
  const client: Endpoint = join(() => server);
  const server: Endpoint = join(
    () => client,
    (request) => {
      served += 1;
      if (random.next() < 0.1) late.push({ at: now + 400, request });
      else request.respond({ code: Code.changed, payload: request.message.payload }, now);
    },
  );
  const turn = (): void => {
    while (flights.length > 0 && flights[0].at <= now) {
      const { to, datagram } = flights.shift()!;
      to.receive(datagram, "peer", 5683, now);
    }
    while (late.length > 0 && late[0].at <= now) {
      const { request } = late.shift()!;
      request.respond({ code: Code.content, payload: request.message.payload }, now);
    }
    if (client.deadline <= now) client.poll(now);
    if (server.deadline <= now) server.poll(now);
  };
  const next = (): number =>
    Math.min(flights[0]?.at ?? Infinity, late[0]?.at ?? Infinity, client.deadline, server.deadline);

  const heap = [heapUsed()];
  for (let i = 0; i < exchanges; i++) {
    const payload = new Uint8Array(4 + (i % 29));
    new DataView(payload.buffer).setUint32(0, i);
    const onComplete = (outcome: Outcome): void => {
      outcomes[outcome.kind] = (outcomes[outcome.kind] ?? 0) + 1;
      if (outcome.kind === "response" && !Buffer.from(payload).equals(outcome.message.payload)) mixedUp += 1;
    };
    const code = i % 3 === 0 ? Code.get : Code.post;
    client.request(
      { address: "peer", port: 5683, code, confirmable: i % 16 !== 0, payload, onComplete },
      now,
    );
    now += spacing;
    turn();
    if (i === exchanges >> 1) heap.push(heapUsed());
  }
  for (let at = next(); at < Infinity; at = next()) {
    now = Math.max(now, at);
    turn();
  }
  now += lifetime;
  client.poll(now);
  server.poll(now);
  heap.push(heapUsed());
  return {
    exchanges,
    outcomes,
    served,
    mixedUp,
    retransmissions: client.retransmissions + server.retransmissions,
    idsReused,
    heap,
    held: [client.held, server.held],
    virtual: now,
  };
}

/** FNV-1a. */
function fingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash >>> 0;
}
