/** The firmware's block-wise client and the cloud's blocks, written apart: each judges the other. */
import { expect, it } from "vitest";
import { Endpoint } from "../../../../firmware/coap/endpoint";
import type { EndpointOptions } from "../../../../firmware/coap/endpoint";
import type { Outcome } from "../../../../firmware/coap/exchange";
import { internet } from "../../../../firmware/coap/transmission";
import { noFaults } from "../../../../host-sim/cloud/coap/message-layer";
import type { Faults, MessageLimits } from "../../../../host-sim/cloud/coap/message-layer";
import { Random } from "../../../../host-sim/sim/time/random";
import { demoPeer } from "../harness";
import { bodyOf, layerRig } from "./message-layer-rig";
import type { LayerRig } from "./message-layer-rig";

interface Pair {
  b: LayerRig;
  /** POSTs a body and runs time on until something became of it. */
  post(body: Uint8Array): Outcome;
}

/** Datagrams take 20 ms each way; a sequence number rides on every block, and none may come twice. */
function pair(
  answer: Uint8Array,
  options: Partial<EndpointOptions> = {},
  limits: Partial<MessageLimits> = {},
  faults: Partial<Faults> = {},
): Pair {
  const random = new Random("pair");
  let now = 0;
  let sequence = 0;
  let seen = 0;
  const flights: { at: number; arrive(): void }[] = [];
  const signed = ({ sign }: { sign?: Uint8Array }) => {
    const number = sign === undefined ? 0 : sign[0] * 256 + sign[1];
    if (number <= seen) return { refused: 0x81, reason: `sequence ${number} after ${seen}` };
    seen = number;
    return undefined;
  };
  const b = layerRig({
    limits,
    random: () => random.next(),
    transmit(bytes) {
      flights.push({ at: now + 20, arrive: () => endpoint.receive(bytes.slice(), "cloud", 5683, now) });
    },
    handle: (request) => signed(request) ?? { code: 0x44, payload: answer },
    admits: signed,
  });
  b.layer.faults = { ...noFaults, ...faults };
  const endpoint = new Endpoint({
    random: () => random.next(),
    transmit(bytes) {
      const datagram = bytes.slice();
      flights.push({ at: now + 20, arrive: () => b.receive(datagram, now, demoPeer) });
    },
    transmission: internet,
    maxBody: 20_000,
    ...options,
  });
  return {
    b,
    post(body) {
      let outcome: Outcome | undefined;
      const sign = () => {
        sequence += 1;
        return { number: 2101, value: Uint8Array.of(sequence >> 8, sequence & 255) };
      };
      endpoint.request(
        {
          address: "cloud",
          port: 5683,
          code: 2,
          confirmable: true,
          options: () => [{ number: 11, value: Buffer.from("up") }, sign()],
          payload: body,
          onComplete: (became) => (outcome = became),
        },
        now,
      );
      while (outcome === undefined) {
        const due = Math.min(endpoint.deadline, b.layer.deadline, ...flights.map(({ at }) => at));
        if (due === Infinity) throw new Error("nothing is under way");
        now = Math.max(now, due);
        const arrived = flights.filter(({ at }) => at <= now);
        for (const flight of arrived) flights.splice(flights.indexOf(flight), 1);
        for (const { arrive } of arrived) arrive();
        b.poll(now);
        endpoint.poll(now);
      }
      return outcome;
    },
  };
}

function bodyIn(outcome: Outcome): Buffer {
  if (outcome.kind !== "response") throw new Error(`expected a response, got ${JSON.stringify(outcome)}`);
  return Buffer.from(outcome.message.payload);
}

const lengths = [1, 16, 100, 1024, 1025, 4096, 8192];

it.each([16, 64, 128, 512, 1024])(
  "bodies up and down in blocks of %i bytes, each block signed",
  (blockSize) => {
    for (const length of lengths) {
      const [up, down] = [bodyOf(length, "up"), bodyOf(length, "down")];
      const { b, post } = pair(down, { blockSize, offerBlockSize: true });
      expect(Buffer.compare(bodyIn(post(up)), down), `${length}`).toBe(0);
      expect(b.handled.map(({ payload }) => Buffer.compare(payload, up))).toEqual([0]);
      expect(b.layer.held.uploads).toBe(0);
      expect(b.events).toEqual([]);
    }
  },
);

it.each([16, 64, 256])("the cloud asks for blocks of %i bytes and gives such", (blockSize) => {
  const [up, down] = [bodyOf(5000, "up"), bodyOf(4000, "down")];
  const { b, post } = pair(down, { blockSize: 1024 }, { blockSize });
  expect(Buffer.compare(bodyIn(post(up)), down)).toBe(0);
  expect(b.handled.map(({ payload }) => Buffer.compare(payload, up))).toEqual([0]);
  expect(b.layer.counters.blocksDown).toBe(Math.ceil(4000 / blockSize) - 1);
});

it("under every fault but 5.00 each body arrives whole and is handled once", () => {
  const faults = { dropUp: 0.1, dropDown: 0.1, duplicateDown: 0.3, delayDown: 300 };
  const { b, post } = pair(bodyOf(500, "down"), { blockSize: 64, offerBlockSize: true }, {}, faults);
  const sent = Array.from({ length: 20 }, (_each, n) => bodyOf(300 + n, "up"));
  for (const up of sent) expect(Buffer.compare(bodyIn(post(up)), bodyOf(500, "down"))).toBe(0);
  expect(b.handled.map(({ payload }, n) => Buffer.compare(payload, sent[n]))).toEqual(sent.map(() => 0));
  const { droppedUp, droppedDown, duplicatedDown } = b.layer.counters;
  expect(Math.min(droppedUp, droppedDown, duplicatedDown)).toBeGreaterThan(10);
});

it("a body that is too long is told so", () => {
  const outcome = pair(bodyOf(1), {}, { bodyBytes: 2000 }).post(bodyOf(2001));
  expect(outcome).toMatchObject({ kind: "response", message: { code: 0x8d } });
});
