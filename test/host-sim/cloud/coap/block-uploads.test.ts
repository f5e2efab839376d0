/** Requests' bodies that come up in Block1 blocks (RFC 7959 section 2.3 to 2.9). */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { exchangeLifetime } from "../../../../host-sim/cloud/coap/reply-store";
import { demoPeer } from "../harness";
import { Asker, bodyOf, layerRig, told } from "./message-layer-rig";
import { density, runs } from "../../../density";

const lines = (answers: readonly { line: string }[]): string[] => answers.map(({ line }) => line);
const tag = (...bytes: number[]) => ({ number: 292, value: Uint8Array.from(bytes) });
const format = (...bytes: number[]) => ({ number: 12, value: Uint8Array.from(bytes) });

test.each([16, 32, 64, 128, 256, 512, 1024])("bodies of all lengths in blocks of %i bytes", (size) => {
  for (const length of [0, 1, 15, 16, 17, 1023, 1024, 1025, 2048, 5000, 8192]) {
    const b = layerRig();
    const body = bodyOf(length);
    const answers = new Asker(b).upload(body, size);
    const last = answers.length - 1;
    const expected = answers.map(
      (_each, n) => `${n < last ? "2.31" : "2.04"} 1:${n}/${n < last ? 1 : 0}/${size}`,
    );
    expect(lines(answers)).toEqual(expected);
    expect(b.handled).toHaveLength(1);
    expect(Buffer.compare(b.handled[0].payload, body)).toBe(0);
    expect(b.asked).toHaveLength(last);
    expect(b.layer.held.uploads).toBe(0);
    expect(b.layer.counters.blocksUp).toBe(last);
  }
});

it("the body comes with what its last block says", () => {
  const b = layerRig();
  const asker = new Asker(b);
  asker.ask({ up: "0/1/16", payload: bodyOf(16), options: [{ number: 2101, value: Uint8Array.of(1) }] });
  asker.ask({ up: "1/0/16", payload: bodyOf(3), options: [{ number: 2101, value: Uint8Array.of(2) }] });
  expect([b.asked[0].sign, b.handled[0].sign]).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  expect([b.asked[0].payload.length, b.handled[0].payload.length]).toEqual([16, 19]);
});

it("a block that is sent again, as its ACK was lost, is answered with the same bytes and taken once", () => {
  const b = layerRig();
  const asker = new Asker(b);
  asker.ask({ up: "0/1/16", payload: bodyOf(16) });
  asker.ask({ up: "1/1/16", payload: bodyOf(16) });
  b.receive(asker.last, 10);
  expect(b.sent[2].bytes).toEqual(b.sent[1].bytes);
  expect(b.asked).toHaveLength(2);
  expect(asker.ask({ up: "2/0/16", payload: bodyOf(1) }).line).toBe("2.04 1:2/0/16");
  b.receive(asker.last, 20);
  expect(told(b.sent.at(-1)!.bytes).line).toBe("2.04 1:2/0/16");
  expect(b.handled.map(({ payload }) => payload.length)).toEqual([33]);
});

it("non-confirmable blocks are taken as well", () => {
  const b = layerRig();
  const answers = new Asker(b).upload(bodyOf(100), 64, { type: 1 });
  expect(lines(answers)).toEqual(["2.31 1:0/1/64", "2.04 1:1/0/64"]);
  expect(answers.map(({ message }) => message.type)).toEqual([1, 1]);
  expect(b.handled[0].payload).toHaveLength(100);
});

describe("the size of blocks", () => {
  it("is lowered by the client on its way", () => {
    const b = layerRig();
    const body = bodyOf(300);
    const asker = new Asker(b);
    expect(asker.ask({ up: "0/1/128", payload: body.subarray(0, 128) }).line).toBe("2.31 1:0/1/128");
    expect(asker.ask({ up: "4/1/32", payload: body.subarray(128, 160) }).line).toBe("2.31 1:4/1/32");
    expect(asker.ask({ up: "10/1/16", payload: body.subarray(160, 176) }).line).toBe("2.31 1:10/1/16");
    expect(asker.ask({ up: "11/0/128", payload: body.subarray(176) }).line).toBe("4.08");
    for (let n = 11; n < 18; n++) {
      const payload = body.subarray(16 * n, 16 * n + 16);
      expect(asker.ask({ up: `${n}/1/16`, payload }).line).toBe(`2.31 1:${n}/1/16`);
    }
    expect(asker.ask({ up: "18/0/16", payload: body.subarray(288) }).line).toBe("2.04 1:18/0/16");
    expect(Buffer.compare(b.handled[0].payload, body)).toBe(0);
  });

  it("is lowered by the cloud: the block is taken whole, smaller ones are asked for", () => {
    const b = layerRig({ limits: { blockSize: 64 } });
    const body = bodyOf(300);
    const asker = new Asker(b);
    expect(asker.ask({ up: "0/1/256", payload: body.subarray(0, 256) }).line).toBe("2.31 1:0/1/64");
    expect(asker.ask({ up: "4/0/64", payload: body.subarray(256) }).line).toBe("2.04 1:4/0/64");
    expect(Buffer.compare(b.handled[0].payload, body)).toBe(0);
  });

  it("that the cloud is to give must be one", () => {
    expect(() => layerRig({ limits: { blockSize: 100 } })).toThrow("block size: expected a power of 2");
  });
});

describe("blocks out of order", () => {
  test.each<[string, string]>([
    ["a block without its beginning", "1/1/16"],
    ["a last block without its beginning", "1/0/16"],
    ["the largest number", "1048575/0/1024"],
  ])("%s: 4.08, and nothing is kept", (_name, up) => {
    const b = layerRig();
    expect(new Asker(b).ask({ up, payload: bodyOf(Number(up.split("/")[2])) }).line).toBe("4.08");
    expect(b.handled).toEqual([]);
    expect(b.layer.held.uploads).toBe(0);
    expect(b.events).toMatchObject([{ type: "request-refused", code: 0x88 }]);
  });

  it("a gap: 4.08, and the block that is missing is still welcome", () => {
    const b = layerRig();
    const asker = new Asker(b);
    const body = bodyOf(60);
    asker.ask({ up: "0/1/16", payload: body.subarray(0, 16) });
    expect(asker.ask({ up: "2/1/16", payload: body.subarray(32, 48) }).line).toBe("4.08");
    expect(asker.ask({ up: "3/0/16", payload: body.subarray(48) }).line).toBe("4.08");
    asker.ask({ up: "1/1/16", payload: body.subarray(16, 32) });
    asker.ask({ up: "2/1/16", payload: body.subarray(32, 48) });
    expect(asker.ask({ up: "3/0/16", payload: body.subarray(48) }).line).toBe("2.04 1:3/0/16");
    expect(Buffer.compare(b.handled[0].payload, body)).toBe(0);
  });

  it("number 0 starts anew, whatever was there", () => {
    const b = layerRig();
    const asker = new Asker(b);
    asker.ask({ up: "0/1/16", payload: bodyOf(16, "old") });
    asker.ask({ up: "1/1/16", payload: bodyOf(16, "old") });
    const body = bodyOf(20, "new");
    expect(lines(asker.upload(body, 16))).toEqual(["2.31 1:0/1/16", "2.04 1:1/0/16"]);
    expect(b.handled.map(({ payload }) => Buffer.from(payload))).toEqual([Buffer.from(body)]);
  });

  it("a block that was taken is taken again when it says the same, and 4.08 when not", () => {
    const b = layerRig();
    const asker = new Asker(b);
    const body = bodyOf(64);
    for (const n of [0, 1, 2]) asker.ask({ up: `${n}/1/16`, payload: body.subarray(16 * n, 16 * n + 16) });
    expect(asker.ask({ up: "1/1/16", payload: body.subarray(16, 32) }).line).toBe("2.31 1:1/1/16");
    expect(asker.ask({ up: "1/1/16", payload: bodyOf(16, "other") }).line).toBe("4.08");
    expect(asker.ask({ up: "1/0/16", payload: body.subarray(16, 32) }).line).toBe("4.08");
    expect(asker.ask({ up: "3/0/16", payload: body.subarray(48) }).line).toBe("2.04 1:3/0/16");
    expect(Buffer.compare(b.handled[0].payload, body)).toBe(0);
  });

  it("the last block sent as a new message is not carried out twice", () => {
    const b = layerRig();
    const asker = new Asker(b);
    asker.upload(bodyOf(20), 16);
    expect(asker.ask({ up: "1/0/16", payload: bodyOf(20).subarray(16) }).line).toBe("4.08");
    expect(b.handled).toHaveLength(1);
  });

  it("another Content-Format than the first block's: 4.08", () => {
    const b = layerRig();
    const asker = new Asker(b);
    asker.ask({ up: "0/1/16", payload: bodyOf(16), options: [format(50)] });
    expect(asker.ask({ up: "1/1/16", payload: bodyOf(16), options: [format(42)] }).line).toBe("4.08");
    expect(asker.ask({ up: "1/0/16", payload: bodyOf(1) }).line).toBe("4.08");
    expect(asker.ask({ up: "1/0/16", payload: bodyOf(1), options: [format(50)] }).line).toBe("2.04 1:1/0/16");
    expect(b.handled[0].contentFormat).toBe(50);
  });
});

describe("bodies that are too long: 4.13 with the limit", () => {
  it("at once when Size1 says so", () => {
    const b = layerRig({ limits: { bodyBytes: 100 } });
    const size = (n: number) => [{ number: 60, value: Uint8Array.of(n) }];
    const asker = new Asker(b);
    expect(asker.ask({ up: "0/1/16", payload: bodyOf(16), options: size(101) }).line).toBe("4.13 size1=100");
    expect(b.layer.held.uploads).toBe(0);
    expect(asker.ask({ up: "0/1/16", payload: bodyOf(16), options: size(100) }).line).toBe("2.31 1:0/1/16");
  });

  it("at the byte that is too much, and nothing is kept", () => {
    const b = layerRig({ limits: { bodyBytes: 100 } });
    const asker = new Asker(b);
    expect(lines(asker.upload(bodyOf(100), 64))).toEqual(["2.31 1:0/1/64", "2.04 1:1/0/64"]);
    expect(lines(asker.upload(bodyOf(101), 64))).toEqual(["2.31 1:0/1/64", "4.13 size1=100"]);
    expect(lines(asker.upload(bodyOf(150), 64)).slice(0, 2)).toEqual(["2.31 1:0/1/64", "4.13 size1=100"]);
    expect(b.handled).toHaveLength(1);
    expect(b.layer.held.uploads).toBe(0);
  });

  it("8192 bytes are the limit when nothing else is said", () => {
    const b = layerRig();
    expect(new Asker(b).upload(bodyOf(8193), 1024).at(-1)?.line).toBe("4.13 size1=8192");
  });
});

describe("transfers are told apart", () => {
  test.each([
    ["by the peer's port", {}, {}, { ...demoPeer, port: demoPeer.port + 1 }],
    ["by the peer's address", {}, {}, { ...demoPeer, address: "10.0.0.3" }],
    ["by the method", { code: 2 }, { code: 3 }, demoPeer],
    ["by the path", { path: "a/b" }, { path: "a" }, demoPeer],
    ["by Request-Tag", { options: [tag(1)] }, { options: [tag(2)] }, demoPeer],
    ["by Request-Tag, none and an empty one", {}, { options: [tag()] }, demoPeer],
    ["by Request-Tags, one and two", { options: [tag(1)] }, { options: [tag(1), tag(1)] }, demoPeer],
  ])("%s", (_name, one, other, peer) => {
    const b = layerRig();
    const [first, second] = [new Asker(b), new Asker(b, peer)];
    // One asker only where the peers are the same: message ids count per peer.
    const then = peer === demoPeer ? first : second;
    const [mine, yours] = [bodyOf(24, "mine"), bodyOf(25, "yours")];
    first.ask({ ...one, up: "0/1/16", payload: mine.subarray(0, 16) });
    then.ask({ ...other, up: "0/1/16", payload: yours.subarray(0, 16) });
    first.ask({ ...one, up: "1/0/16", payload: mine.subarray(16) });
    then.ask({ ...other, up: "1/0/16", payload: yours.subarray(16) });
    expect(b.handled.map(({ payload }) => Buffer.from(payload))).toEqual(
      [mine, yours].map((x) => Buffer.from(x)),
    );
  });

  it("not by token or message id, which every block has anew", () => {
    expect(new Asker(layerRig()).upload(bodyOf(40), 16).at(-1)?.line).toBe("2.04 1:2/0/16");
  });

  it("and paths that only look alike are two", () => {
    const b = layerRig();
    const asker = new Asker(b);
    asker.ask({ path: 'a","b', up: "0/1/16", payload: bodyOf(16) });
    expect(asker.ask({ path: "a/b", up: "1/0/16", payload: bodyOf(1) }).line).toBe("4.08");
  });
});

describe("who may not", () => {
  const signed = (request: { sign?: Uint8Array }) =>
    request.sign === undefined ? { refused: 0x81, reason: "no signature" } : undefined;
  const options = [{ number: 2101, value: Uint8Array.of(1) }];

  it("makes the cloud keep nothing", () => {
    const b = layerRig({ admits: signed });
    expect(new Asker(b).ask({ up: "0/1/16", payload: bodyOf(16) }).line).toBe("4.01");
    expect(b.layer.held.uploads).toBe(0);
  });

  it("learns nothing about what is kept", () => {
    const b = layerRig({ admits: signed, handle: (request) => signed(request) ?? { code: 0x44 } });
    const asker = new Asker(b);
    asker.ask({ up: "0/1/16", payload: bodyOf(16), options });
    for (const up of ["1/1/16", "2/1/16", "0/1/16"]) {
      expect(asker.ask({ up, payload: bodyOf(16) }).line, up).toBe("4.01");
    }
    for (const up of ["1/0/16", "2/0/16", "0/0/16"]) {
      expect(asker.ask({ up, payload: bodyOf(1) }).line, up).toBe("4.01");
    }
  });

  it("cannot spoil another's transfer", () => {
    const b = layerRig({ admits: signed, handle: (request) => signed(request) ?? { code: 0x44 } });
    const asker = new Asker(b);
    const body = bodyOf(20);
    asker.ask({ up: "0/1/16", payload: body.subarray(0, 16), options });
    asker.ask({ up: "0/1/16", payload: bodyOf(16, "false") });
    asker.ask({ up: "1/1/16", payload: bodyOf(16, "false") });
    asker.ask({ up: "1/0/16", payload: bodyOf(4, "false") });
    expect(asker.ask({ up: "1/0/16", payload: body.subarray(16), options }).line).toBe("2.04 1:1/0/16");
    expect(Buffer.compare(b.handled.at(-1)!.payload, body)).toBe(0);
  });

  it("a fault of the check itself is 5.00, and nothing is kept", () => {
    const b = layerRig({
      admits() {
        throw new Error("out of order");
      },
    });
    expect(new Asker(b).ask({ up: "0/1/16", payload: bodyOf(16) }).line).toBe("5.00");
    expect(b.events).toEqual([{ type: "internal-error", peer: demoPeer, reason: "out of order" }]);
    expect(b.layer.held.uploads).toBe(0);
  });
});

it("a body that is refused is gone", () => {
  const b = layerRig({ handle: () => ({ refused: 0x80, reason: "no" }) });
  const asker = new Asker(b);
  expect(asker.upload(bodyOf(20), 16).at(-1)?.line).toBe("4.00");
  expect(b.layer.held.uploads).toBe(0);
});

describe("what is kept", () => {
  it("lasts for EXCHANGE_LIFETIME after the last block", () => {
    for (const [wait, line] of [
      [exchangeLifetime - 1, "2.04 1:2/0/16"],
      [exchangeLifetime, "4.08"],
    ] as const) {
      const asker = new Asker(layerRig());
      asker.ask({ up: "0/1/16", payload: bodyOf(16) }, 0);
      asker.ask({ up: "1/1/16", payload: bodyOf(16) }, 200_000);
      expect(asker.ask({ up: "2/0/16", payload: bodyOf(1) }, 200_000 + wait).line).toBe(line);
    }
  });

  it("makes room: the one longest idle goes", () => {
    const b = layerRig({ limits: { transfers: 3 } });
    const asker = new Asker(b);
    const start = (path: string) => asker.ask({ path, up: "0/1/16", payload: bodyOf(16) });
    for (const path of ["a", "b", "c"]) start(path);
    asker.ask({ path: "a", up: "1/1/16", payload: bodyOf(16) });
    start("d");
    expect(b.layer.held.uploads).toBe(3);
    expect(asker.ask({ path: "b", up: "1/0/16", payload: bodyOf(1) }).line).toBe("4.08");
    expect(asker.ask({ path: "a", up: "2/0/16", payload: bodyOf(1) }).line).toBe("2.04 1:2/0/16");
    expect(asker.ask({ path: "c", up: "1/0/16", payload: bodyOf(1) }).line).toBe("2.04 1:1/0/16");
  });

  it("is 64 bodies, whoever comes, and none once they are over", () => {
    const b = layerRig();
    for (let port = 1; port <= 1000; port++) {
      new Asker(b, { ...demoPeer, port }).ask({ up: "0/1/16", payload: bodyOf(16) }, 0);
    }
    expect(b.layer.held.uploads).toBe(64);
    new Asker(b).ask({ up: "0/1/16", payload: bodyOf(16) }, exchangeLifetime);
    expect(b.layer.held.uploads).toBe(1);
  });
});

it("any walk through blocks gives a body that was sent, in full, or none", () => {
  // Three bodies that agree in nothing, so that a mixture shows.
  const bodies = [1, 2, 3].map((n) => bodyOf(16 * 6 + n, `body ${n}`));
  const step = fc.record({
    body: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2),
    // Mostly the block that is next, sometimes an earlier or a later one, or the first.
    jump: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 1, -9),
    wait: fc.constantFrom(0, 1000, 1000, 1000, 1000, 1000, 90_000, exchangeLifetime),
    tagged: fc.constantFrom(false, false, false, true),
  });
  let completed = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const b = layerRig();
      const asker = new Asker(b);
      let now = 0;
      /** Per tag: what the blocks so far say, by the rules of the RFC. */
      const model = new Map<boolean, { body: number; next: number; at: number }>();
      for (const { body, jump, wait, tagged } of steps) {
        now += wait;
        const block = Math.min(6, Math.max(0, (model.get(tagged)?.next ?? 0) + jump));
        const payload = bodies[body].subarray(16 * block, 16 * block + 16);
        const more = block < 6 ? 1 : 0;
        const options = tagged ? [tag(7)] : [];
        const { line } = asker.ask({ up: `${block}/${more}/16`, payload, options }, now);
        const known = model.get(tagged);
        const alive = known !== undefined && now < known.at + exchangeLifetime;
        let right = block === 0 || (alive && known.next === block);
        if (block === 0) model.set(tagged, { body, next: 1, at: now });
        else if (right) {
          model.set(tagged, { body: known!.body === body ? body : -1, next: block + 1, at: now });
        } else if (alive && more === 1 && block < known.next && known.body === body) {
          known.at = now;
          right = true;
        } else if (alive && known.body === -1) {
          // A mixture already: what it would say to an older block is not worth modelling.
          return;
        }
        expect(line).toBe(right ? `${more === 1 ? "2.31" : "2.04"} 1:${block}/${more}/16` : "4.08");
        if (right && more === 0) {
          const whole = b.handled.at(-1)!.payload;
          expect(whole).toHaveLength(16 * 6 + bodies[body].length - 96);
          const { body: claimed } = model.get(tagged)!;
          if (claimed >= 0) expect(Buffer.compare(whole, bodies[claimed])).toBe(0);
          model.delete(tagged);
          completed += 1;
        }
      }
    }),
    { seed: 7959, numRuns: runs(1000) },
  );
  expect(completed).toBeGreaterThan(density(200, 50));
});
