/** The message layer by itself: its dialogues, its bounds, and that nothing can break it. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { MessageLayer } from "../../../../host-sim/cloud/coap/message-layer";
import { noFaults } from "../../../../host-sim/cloud/coap/faults";
import { Random } from "../../../../host-sim/sim/time/random";
import { noBytes, demoPeer, message, uriPath } from "../harness";
import { Asker, bodyOf, layerRig, told } from "./message-layer-rig";
import { density, runs } from "../../../density";

const hex = (text: string): Uint8Array => Buffer.from(text, "hex");
const sentBy = (b: ReturnType<typeof layerRig>): string[] =>
  b.sent.map(({ bytes }) => Buffer.from(bytes).toString("hex"));

test.each<[string, string, string[]]>([
  ["a ping", "40001234", ["70001234"]],
  ["a response in a CON", "40451234", ["70001234"]],
  ["a malformed CON", "40011234ff", ["70001234"]],
  ["an ACK", "60451234", []],
  ["an RST", "70001234", []],
  ["a NON response", "50451234", []],
  ["nothing", "", []],
  ["a CON request", "40021234", ["60441234"]],
  ["the same with a token", "4202123401ff", ["6244123401ff"]],
])("%s", (_name, datagram, replies) => {
  const b = layerRig();
  b.receive(hex(datagram));
  expect(sentBy(b)).toEqual(replies);
});

it("counts what it saw and tells of it", () => {
  const b = layerRig();
  for (const bytes of ["40001234", "60001234", "40011234ff", "40020001", "40020001", "50020001"])
    b.receive(hex(bytes));
  expect(b.layer.counters).toEqual({
    datagrams: 6,
    malformed: 1,
    duplicateRequests: 2,
    ignored: 2,
    rateLimited: 0,
    blocksUp: 0,
    blocksDown: 0,
    droppedUp: 0,
    droppedDown: 0,
    duplicatedDown: 0,
    delayedDown: 0,
    overflowDown: 0,
    serverErrors: 0,
  });
  expect(b.events).toEqual([
    { type: "malformed", peer: demoPeer, reason: "payload marker without payload", answer: "RST" },
    { type: "duplicate-request", peer: demoPeer, messageId: 1, answered: true },
    { type: "duplicate-request", peer: demoPeer, messageId: 1, answered: false },
  ]);
});

describe("its own message ids", () => {
  const ids = (b: ReturnType<typeof layerRig>): number[] =>
    b.sent.map(({ bytes }) => told(bytes).message.messageId);

  it("start at random and count up, for NON alone", () => {
    const b = layerRig({ randomBytes: () => Uint8Array.of(0xff, 0xfe) });
    for (const bytes of ["50020001", "40020002", "50020003", "50020004"]) b.receive(hex(bytes));
    expect(ids(b)).toEqual([0xfffe, 2, 0xffff, 0]);
  });

  it("or where they are told to, and then nothing is drawn", () => {
    const b = layerRig({
      firstMessageId: 7,
      randomBytes: () => {
        throw new Error("drawn");
      },
    });
    b.receive(hex("50020001"));
    expect(ids(b)).toEqual([7]);
  });
});

it("works without anybody who listens or admits", () => {
  const sent: Uint8Array[] = [];
  const layer = new MessageLayer({
    transmit: (bytes) => sent.push(bytes),
    randomBytes: (n) => new Uint8Array(n),
    random: () => 0,
    handle: () => ({ code: 0x44 }),
  });
  layer.rateLimit = { perSecond: 1, burst: 2 };
  const options = [...uriPath(["a"]), { number: 27, value: hex("08") }];
  layer.receive(encodeCoap(message({ options, payload: bodyOf(16) })), demoPeer, 0);
  layer.receive(hex("40011234ff"), demoPeer, 0);
  layer.receive(hex("40011234ff"), demoPeer, 0);
  expect(sent.map((bytes) => told(bytes).line)).toEqual(["2.31 1:0/1/16", "0.00"]);
  expect(layer.counters.rateLimited).toBe(1);
});

it("a handler that throws is answered 5.00, in full blocks and in none", () => {
  const b = layerRig({
    handle() {
      throw new Error("broken");
    },
  });
  const asker = new Asker(b);
  expect([asker.ask({}).line, asker.ask({ up: "0/0/16", payload: bodyOf(3) }).line]).toEqual([
    "5.00",
    "5.00",
  ]);
  expect(b.events).toHaveLength(2);
  expect(b.events[0]).toEqual({ type: "internal-error", peer: demoPeer, reason: "broken" });
});

it("time never runs backwards", () => {
  const b = layerRig();
  b.layer.faults = { ...noFaults, delayDown: 10 };
  b.poll(1000);
  b.receive(hex("40001235"), 500);
  b.poll(600);
  expect([b.sent.length, b.layer.deadline]).toEqual([0, 1010]);
  b.poll(1010);
  expect(b.sent).toHaveLength(1);
});

const szx = fc.constantFrom(0, 0, 0, 1, 2, 6, 6, 7);
const blockOption = fc
  .record({ number: fc.constantFrom(23, 27), num: fc.nat(3), more: fc.boolean(), szx })
  .map(({ number, num, more, szx }) => {
    return { number, value: Uint8Array.of((num << 4) | (more ? 8 : 0) | szx) };
  });
const option = fc.oneof(
  { weight: 4, arbitrary: blockOption },
  {
    weight: 1,
    arbitrary: fc.record({
      number: fc.constantFrom(3, 9, 11, 12, 17, 23, 27, 28, 60, 292, 2101),
      value: fc.uint8Array({ maxLength: 9 }),
    }),
  },
);
const likely = fc
  .record({
    type: fc.constantFrom<0 | 1 | 2 | 3>(0, 0, 0, 1, 1, 2, 3),
    code: fc.constantFrom(1, 2, 2, 2, 3, 0x44),
    messageId: fc.nat(0xffff),
    token: fc.uint8Array({ maxLength: 8 }),
    path: fc.constantFrom("a", "b", "large"),
    options: fc.array(option, { maxLength: 2 }),
    payload: fc.constantFrom(0, 3, 16, 16, 16, 32, 64, 1024, 1100).map((length) => bodyOf(length)),
  })
  .map(({ path, options, ...rest }) => encodeCoap({ ...rest, options: [...uriPath([path]), ...options] }));
/** Blocks that often fit what came before: uploads of two or three, and an answer of three. */
const orderly = fc
  .record({ messageId: fc.nat(0xffff), num: fc.nat(2), up: fc.boolean() })
  .map(({ messageId, num, up }) => {
    const more = up && num < 2;
    const value = Uint8Array.of((num << 4) | (more ? 8 : 0) | (up ? 0 : 6));
    const options = [...uriPath([up ? "b" : "large"]), { number: up ? 27 : 23, value }];
    return encodeCoap(message({ messageId, options, payload: up ? bodyOf(more ? 16 : 5) : noBytes }));
  });
const cut = fc.tuple(likely, fc.nat(80)).map(([bytes, n]) => bytes.subarray(0, n));
const anything = fc.oneof(fc.uint8Array({ maxLength: 40 }), likely, likely, orderly, orderly, cut);

describe("whatever the bytes", () => {
  test.each([
    ["no faults", noFaults],
    ["all faults", { dropUp: 0.1, dropDown: 0.1, duplicateDown: 0.3, delayDown: 40, serverError: 0.1 }],
  ])(
    "%s: no throw, well-formed answers that fit a datagram, every body within its limit",
    (_name, faults) => {
      const limits = { repliesPerPeer: 8, repliesTotal: 64, transfers: 4, bodyBytes: 100, departures: 8 };
      const b = layerRig({
        limits: { ...limits, answerBytes: 9000 },
        handle({ path }) {
          return path[0] === "large"
            ? { code: 0x45, payload: bodyOf(3000) }
            : { code: 0x44, payload: bodyOf(5) };
        },
      });
      b.layer.faults = faults;
      let now = 0;
      fc.assert(
        fc.property(anything, fc.nat(3), fc.nat(100), (bytes, port, wait) => {
          now += wait;
          const before = b.sent.length;
          b.receive(bytes, now, { ...demoPeer, port });
          for (const { bytes: reply } of b.sent.slice(before)) {
            expect(decodeCoap(reply)).not.toHaveProperty("malformed");
            expect(reply.length).toBeLessThanOrEqual(1152);
          }
          const { uploads, downloads, departures } = b.layer.held;
          expect(Math.max(uploads, downloads)).toBeLessThanOrEqual(4);
          expect(downloads).toBeLessThanOrEqual(3);
          expect(departures).toBeLessThanOrEqual(8);
          b.sent.splice(0);
        }),
        { seed: 7959, numRuns: runs(8000) },
      );
      // Bodies of more than one datagram's 1024 bytes come in blocks, whose sum is limited.
      for (const { block1, payload } of b.handled) {
        expect(payload.length).toBeLessThanOrEqual(block1 === undefined ? 1024 : 100);
      }
      expect(b.events.filter(({ type }) => type === "internal-error")).toEqual([]);
      const { blocksUp, blocksDown, duplicatedDown } = b.layer.counters;
      expect(Math.min(blocksUp, blocksDown)).toBeGreaterThan(100);
      expect(b.handled.some(({ block1 }) => block1?.num === 2)).toBe(true);
      expect(duplicatedDown > 0).toBe(faults.duplicateDown > 0);
    },
  );
});

it("thousands of random peers leave no more behind than the limits allow", () => {
  const random = new Random("peers");
  const peers = density(10_000, 5_000);
  const b = layerRig({
    handle: () => ({ code: 0x45, payload: bodyOf(2000) }),
    emit: undefined,
  });
  b.layer.rateLimit = { perSecond: 0.1, burst: 5 };
  b.layer.faults = { ...noFaults, delayDown: 60_000 };
  const held = { uploads: 0, downloads: 0, departures: 0, addresses: 0 };
  for (let n = 0; n < peers; n++) {
    const address = [10, random.u32() >>> 24, random.u32() >>> 24, random.u32() >>> 24].join(".");
    const peer = { address, port: 1 + Math.floor(random.between(0, 65_535)) };
    const up = encodeCoap(
      message({ options: [...uriPath([`${n}`]), { number: 27, value: hex("0e") }], payload: bodyOf(1024) }),
    );
    b.receive(up, n, peer);
    const options = [...uriPath([`${n}`]), { number: 23, value: noBytes }];
    b.receive(encodeCoap(message({ messageId: 2, options })), n, peer);
    for (const key of ["uploads", "downloads", "departures", "addresses"] as const) {
      held[key] = Math.max(held[key], b.layer.held[key]);
    }
  }
  expect(held).toEqual({ uploads: 64, downloads: 64, departures: 1024, addresses: 4096 });
  expect(b.layer.counters.overflowDown).toBe(2 * peers - 1024);
  b.poll(1_000_000);
  expect(b.sent).toHaveLength(1024);
  expect(b.layer.deadline).toBe(Infinity);
});
