/** Answers' bodies that go down in Block2 blocks (RFC 7959 section 2.4 to 2.7). */
import { describe, expect, it, test } from "vitest";
import { exchangeLifetime } from "../../../../host-sim/cloud/coap/reply-store";
import type { Answer } from "../../../../host-sim/cloud/coap/request";
import { demoPeer } from "../harness";
import { Asker, blockText, bodyOf, layerRig, told, uintOf } from "./message-layer-rig";
import type { LayerRig } from "./message-layer-rig";

const get = { code: 1 };
const content = 0x45;

function serving(body: Uint8Array, more: Partial<Answer> = {}): LayerRig {
  return layerRig({ handle: () => ({ code: content, payload: body, ...more }) });
}

const etagOf = ({ message }: { message: { options: { number: number; value: Uint8Array }[] } }) =>
  Buffer.from(message.options.find(({ number }) => number === 4)?.value ?? []).toString("hex");

test.each([16, 32, 64, 128, 256, 512, 1024])("bodies of all lengths in blocks of %i bytes", (size) => {
  for (const length of [1, 15, 16, 17, 1023, 1024, 1025, 2048, 5000, 40_000]) {
    const body = bodyOf(length);
    const b = serving(body);
    const asker = new Asker(b);
    const first = asker.ask({ ...get, down: `0/0/${size}` });
    const blocks = Math.ceil(length / size);
    expect(first.line).toBe(`2.05 2:0/${blocks > 1 ? 1 : 0}/${size} ${Math.min(size, length)}B`);
    expect(Buffer.compare(asker.rest(first, get), body)).toBe(0);
    expect(b.handled).toHaveLength(1);
    expect(b.asked).toHaveLength(blocks - 1);
    expect(b.layer.counters.blocksDown).toBe(blocks - 1);
  }
});

describe("an answer that nobody wanted in blocks", () => {
  it("comes whole up to 1024 bytes", () => {
    const { line, message } = new Asker(serving(bodyOf(1024))).ask(get);
    expect(line).toBe("2.05 1024B");
    expect(message.options).toEqual([]);
  });

  it("comes in blocks of 1024 bytes above that", () => {
    const asker = new Asker(serving(bodyOf(1025)));
    const first = asker.ask(get);
    expect(first.line).toBe("2.05 2:0/1/1024 1024B");
    expect(asker.ask({ ...get, down: "1/0/1024" }).line).toBe("2.05 2:1/0/1024 1B");
  });

  it("comes in smaller ones where the cloud is set so", () => {
    const body = bodyOf(300);
    const b = layerRig({ limits: { blockSize: 128 }, handle: () => ({ code: content, payload: body }) });
    const asker = new Asker(b);
    const first = asker.ask({ ...get, down: "0/0/512" });
    expect(first.line).toBe("2.05 2:0/1/128 128B");
    expect(Buffer.compare(asker.rest(first, get), body)).toBe(0);
    // Asked for a larger one all the same: what starts at that byte, in its own size.
    expect(asker.ask({ ...get, down: "1/0/256" }).line).toBe("2.05 2:2/0/128 44B");
  });

  it("is never cut when it has no body", () => {
    const b = layerRig();
    expect(new Asker(b).ask({ ...get, down: "0/0/16" }).line).toBe("2.04");
    expect(b.layer.held.downloads).toBe(0);
  });
});

it("the client lowers the size on its way", () => {
  const body = bodyOf(2000);
  const asker = new Asker(serving(body));
  expect(asker.ask(get).line).toBe("2.05 2:0/1/1024 1024B");
  const second = asker.ask({ ...get, down: "16/0/64" });
  expect(second.line).toBe("2.05 2:16/1/64 64B");
  expect(Buffer.compare(second.message.payload, body.subarray(1024, 1088))).toBe(0);
  expect(asker.ask({ ...get, down: "31/0/64" }).line).toBe("2.05 2:31/0/64 16B");
});

it("every block says the body's ETag, and another body has another", () => {
  let body = bodyOf(100, "one");
  const b = layerRig({ handle: () => ({ code: content, payload: body }) });
  const asker = new Asker(b);
  const etags = ["0/0/64", "1/0/64", "0/0/64"].map((down) => etagOf(asker.ask({ ...get, down })));
  body = bodyOf(100, "two");
  etags.push(etagOf(asker.ask({ ...get, down: "0/0/64" })), etagOf(asker.ask({ ...get, down: "1/0/64" })));
  expect(etags[0]).toMatch(/^[0-9a-f]{8}$/);
  expect([etags[1], etags[2]]).toEqual([etags[0], etags[0]]);
  expect(etags[3]).not.toBe(etags[0]);
  expect(etags[4]).toBe(etags[3]);
});

it("the body stays as it was, whatever becomes of the handler's bytes", () => {
  const body = bodyOf(100);
  const asker = new Asker(serving(body));
  const before = Buffer.from(body);
  const first = asker.ask({ ...get, down: "0/0/16" });
  body.fill(0);
  expect(Buffer.compare(asker.rest(first, get), before)).toBe(0);
});

it("Size2 is told when it is asked for", () => {
  const asker = new Asker(serving(bodyOf(1500)));
  const options = [{ number: 28, value: new Uint8Array(0) }];
  expect(asker.ask({ ...get, options }).line).toBe("2.05 2:0/1/1024 size2=1500 1024B");
  expect(asker.ask({ ...get, down: "1/0/1024" }).line).toBe("2.05 2:1/0/1024 476B");
});

describe("the answer's own options", () => {
  const path = { number: 2100, value: Buffer.from("/topic/sys/x/y/thing/model/down_raw") };
  const json = { number: 12, value: Uint8Array.of(50) };

  it("are said once, except what the bytes mean", () => {
    const asker = new Asker(serving(bodyOf(100), { options: [path, json] }));
    const numbers = (down: string) => asker.ask({ ...get, down }).message.options.map(({ number }) => number);
    expect(numbers("0/0/64")).toEqual([4, 12, 23, 2100]);
    expect(numbers("1/0/64")).toEqual([4, 12, 23]);
  });

  it("stay on an answer of one block", () => {
    const asker = new Asker(serving(bodyOf(10), { options: [path] }));
    const { message } = asker.ask({ ...get, down: "0/0/64" });
    expect(message.options.map(({ number }) => number)).toEqual([23, 2100]);
  });

  it("make the blocks smaller when they are long, so that no message passes 1152 bytes", () => {
    for (const length of [50, 100, 300, 768]) {
      const body = bodyOf(5000);
      const command = { number: 2102, value: bodyOf(length) };
      const b = serving(body, { options: [path, command] });
      const asker = new Asker(b);
      const first = asker.ask(get);
      expect(Buffer.compare(asker.rest(first, get), body)).toBe(0);
      for (const { bytes } of b.sent) expect(bytes.length).toBeLessThanOrEqual(1152);
      expect(uintOf(first.message.options, 2102)).toBeDefined();
    }
  });
});

describe("an answer to a POST", () => {
  it("is fetched without the handler's running again", () => {
    const body = bodyOf(2500);
    const b = serving(body);
    const asker = new Asker(b);
    const first = asker.ask({ payload: bodyOf(10) });
    expect(Buffer.compare(asker.rest(first, {}), body)).toBe(0);
    expect(b.handled).toHaveLength(1);
  });

  it("to one that came in blocks says both", () => {
    const body = bodyOf(200);
    const b = serving(body);
    const asker = new Asker(b);
    expect(asker.ask({ up: "0/1/64", down: "0/0/64", payload: bodyOf(64) }).line).toBe("2.31 1:0/1/64");
    const first = asker.ask({ up: "1/0/64", down: "0/0/64", payload: bodyOf(6) });
    expect(first.line).toBe("2.05 1:1/0/64 2:0/1/64 64B");
    expect(Buffer.compare(asker.rest(first, {}), body)).toBe(0);
    expect(b.handled.map(({ payload }) => payload.length)).toEqual([70]);
  });

  it("of which nothing is kept is 4.08: it is never carried out for its later blocks' sake", () => {
    const b = serving(bodyOf(200));
    expect(new Asker(b).ask({ down: "1/0/64" }).line).toBe("4.08");
    expect(b.handled).toEqual([]);
    expect(b.asked).toHaveLength(1);
  });
});

it("a GET may begin anywhere", () => {
  const body = bodyOf(200);
  const b = serving(body);
  const asker = new Asker(b);
  const middle = asker.ask({ ...get, down: "2/0/64" });
  expect(middle.line).toBe("2.05 2:2/1/64 64B");
  expect(Buffer.compare(middle.message.payload, body.subarray(128, 192))).toBe(0);
  expect(asker.ask({ ...get, down: "3/0/64" }).line).toBe("2.05 2:3/0/64 8B");
  expect(b.handled).toHaveLength(1);
  expect(new Asker(serving(bodyOf(10))).ask({ ...get, down: "1/0/64" }).line).toBe("4.00");
});

it("a block behind the end is 4.00", () => {
  const asker = new Asker(serving(bodyOf(128)));
  asker.ask({ ...get, down: "0/0/64" });
  expect(asker.ask({ ...get, down: "2/0/64" }).line).toBe("4.00");
  expect(asker.ask({ ...get, down: "1048575/0/1024" }).line).toBe("4.00");
  expect(asker.ask({ ...get, down: "1/0/64" }).line).toBe("2.05 2:1/0/64 64B");
});

it("a request sent again gets the same bytes, and nothing is carried out again", () => {
  const b = serving(bodyOf(2000));
  const asker = new Asker(b);
  for (const down of [undefined, "1/0/1024"]) {
    asker.ask({ ...get, down });
    b.receive(asker.last);
    expect(b.sent.at(-1)!.bytes).toEqual(b.sent.at(-2)!.bytes);
  }
  expect([b.handled.length, b.asked.length]).toEqual([1, 1]);
});

describe("who may not", () => {
  it("gets no block of what another may see", () => {
    const b = layerRig({
      handle: () => ({ code: content, payload: bodyOf(100) }),
      admits: (request) =>
        request.sign === undefined ? { refused: 0x81, reason: "no signature" } : undefined,
    });
    const asker = new Asker(b);
    asker.ask({ ...get, down: "0/0/64" });
    expect(asker.ask({ ...get, down: "1/0/64" }).line).toBe("4.01");
    expect(asker.ask({ code: 2, down: "1/0/64" }).line).toBe("4.01");
    const options = [{ number: 2101, value: Uint8Array.of(1) }];
    expect(asker.ask({ ...get, down: "1/0/64", options }).line).toBe("2.05 2:1/0/64 36B");
  });

  it("and another peer has no part in it", () => {
    const b = serving(bodyOf(100));
    new Asker(b).ask({ ...get, down: "0/0/64" });
    new Asker(b, { ...demoPeer, port: 7 }).ask({ ...get, down: "1/0/64" });
    expect(b.handled).toHaveLength(2);
  });

  it("a refusal has no blocks and is not kept", () => {
    const b = layerRig({ handle: () => ({ refused: 0x84, reason: "nothing there" }) });
    expect(new Asker(b).ask({ ...get, down: "0/0/64" }).line).toBe("4.04");
    expect(b.layer.held.downloads).toBe(0);
  });
});

describe("what is kept", () => {
  it("lasts for EXCHANGE_LIFETIME after the last block", () => {
    const b = serving(bodyOf(100));
    const asker = new Asker(b);
    asker.ask({ down: "0/0/16" }, 0);
    asker.ask({ down: "1/0/16" }, 200_000);
    expect(asker.ask({ down: "2/0/16" }, 199_999 + exchangeLifetime).line).toBe("2.05 2:2/1/16 16B");
    expect(asker.ask({ down: "3/0/16" }, 199_999 + 2 * exchangeLifetime).line).toBe("4.08");
  });

  it("is replaced by the next answer to the same request", () => {
    let body = bodyOf(40, "one");
    const b = layerRig({ handle: () => ({ code: content, payload: body }) });
    const asker = new Asker(b);
    asker.ask({ down: "0/0/16" });
    body = bodyOf(10, "two");
    expect(asker.ask({ down: "0/0/16" }).line).toBe("2.05 2:0/0/16 10B");
    expect(b.layer.held.downloads).toBe(0);
    expect(asker.ask({ down: "1/0/16" }).line).toBe("4.08");
  });

  it("is bounded in number and in bytes: the one longest idle goes", () => {
    const b = layerRig({
      limits: { transfers: 3, answerBytes: 5000 },
      handle: ({ path }) => ({ code: content, payload: bodyOf(Number(path[0])) }),
    });
    const asker = new Asker(b);
    for (const length of [100, 101, 102]) asker.ask({ path: `${length}`, down: "0/0/16" });
    asker.ask({ path: "100", down: "1/0/16" });
    asker.ask({ path: "103", down: "0/0/16" });
    expect(b.layer.held.downloads).toBe(3);
    expect(asker.ask({ path: "101", down: "1/0/16" }).line).toBe("4.08");
    asker.ask({ path: "4850", down: "0/0/16" });
    expect(b.layer.held.downloads).toBe(2);
    expect(asker.ask({ path: "103", down: "1/0/16" }).line).toBe("2.05 2:1/1/16 16B");
    expect(asker.ask({ path: "100", down: "1/0/16" }).line).toBe("4.08");
  });

  it("an answer longer than all that may be kept is 5.00, and its owner is told", () => {
    const b = layerRig({
      limits: { answerBytes: 2000 },
      handle: () => ({ code: content, payload: bodyOf(2001) }),
    });
    expect(new Asker(b).ask(get).line).toBe("5.00");
    expect(b.events).toMatchObject([
      { type: "internal-error", reason: "answer of 2001 bytes, at most 2000 can be kept" },
    ]);
    expect(b.layer.held.downloads).toBe(0);
  });
});

it("block by block in non-confirmable messages", () => {
  const b = serving(bodyOf(100));
  const asker = new Asker(b);
  const first = asker.ask({ ...get, type: 1, down: "0/0/64" });
  expect([first.message.type, blockText(first.message.options, 23)]).toEqual([1, "0/1/64"]);
  expect(asker.ask({ ...get, type: 1, down: "1/0/64" }).line).toBe("2.05 2:1/0/64 36B");
  expect(told(b.sent[1].bytes).message.messageId).toBe((first.message.messageId + 1) & 0xffff);
});
