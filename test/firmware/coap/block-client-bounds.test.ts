/**
 * Where the client's half of block-wise transfer could go wrong without anybody noticing: options that
 * are used up, bytes that are overwritten, tags that come twice, cancellation from inside, sizes on the
 * edge.
 */
import { describe, expect, it, test } from "vitest";
import { encodeOptions } from "../../../firmware/coap/option";
import { internet } from "../../../firmware/coap/transmission";
import { summary } from "./rig";
import { BlockRig, bytes, part } from "./block-rig";
import { block } from "./block-notation";
import { code, hex, peerEncode, unhex } from "../../../host-sim/tools/fuzz/peer";
import { density } from "../../density";
import type { Exchange } from "../../../firmware/coap/exchange";
import type { Option } from "../../../firmware/coap/option";
import type { Answer } from "./block-rig";

const signature = { number: 2101, minLength: 1, maxLength: 64, repeatable: false };

/** Options as a function that counts how often it is asked. */
function numbered(): { options: () => Option[]; asked: () => number } {
  let n = 0;
  return { options: () => [{ number: 2101, value: Uint8Array.of((n += 1)) }], asked: () => n };
}

const numbers = (rig: BlockRig): string[] => rig.sent.map((_sent, i) => rig.option(2101, i)!);

describe("options given as a function", () => {
  it("are asked for once for each message, so that numbers are used without a gap", () => {
    const { options, asked } = numbered();
    const rig = new BlockRig({ blockSize: 64, understood: [signature] });
    const { completed } = rig.post({ payload: bytes(150), options });
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "4.08" });
    rig.answer({ code: "2.31", block1: "0/1/32" });
    for (const num of [2, 3]) rig.answer({ code: "2.31", block1: `${num}/1/32` });
    rig.answer({ code: "2.04", block1: "4/0/32", block2: "0/1/16", payload: part(0, 16) });
    rig.answer({ code: "2.04", block2: "1/0/16", payload: "aa" });
    expect(summary(completed)).toEqual([`2.04 ${part(0, 16)}aa`]);
    expect(numbers(rig)).toEqual(["01", "02", "03", "04", "05", "06", "07"]);
    expect(asked()).toBe(rig.sent.length);
  });

  it("are asked for once for a request that is not cut, and once more for each attempt", () => {
    const { options, asked } = numbered();
    const rig = new BlockRig({ blockSize: 64, understood: [signature] });
    rig.post({ payload: bytes(64), options });
    expect(asked()).toBe(1);
    rig.answer({ code: "4.13", block1: "0/0/32" });
    rig.answer({ code: "4.13", block1: "0/1/16" });
    expect(numbers(rig)).toEqual(["01", "02", "03"]);
    expect(asked()).toBe(3);
  });

  it("are not asked for again by a retransmission", () => {
    const { options, asked } = numbered();
    const rig = new BlockRig({ blockSize: 64 });
    rig.post({ payload: bytes(150), options });
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(5);
    expect(asked()).toBe(1);
  });

  it("may cancel the transfer, which sends nothing more", () => {
    const rig = new BlockRig({ blockSize: 64 });
    let calls = 0;
    const options = (): Option[] => {
      if ((calls += 1) === 2) started.exchange.cancel(rig.now);
      return [];
    };
    const started: { exchange: Exchange; completed: Parameters<typeof summary>[0] } = rig.post({
      payload: bytes(150),
      options,
    });
    rig.answer({ code: "2.31", block1: "0/1/64" });
    started.exchange.cancel(rig.now);
    rig.wait(1_000_000);
    expect(summary(started.completed)).toEqual(["cancelled"]);
    expect(rig.sent).toHaveLength(1);
    expect(rig.endpoint.held.outgoing).toBe(0);
  });
});

describe("fixed options", () => {
  const value = (digits: string): Uint8Array => unhex(digits);
  const fixed = [
    { number: 11, value: value("61") },
    { number: 39, value: value("62") },
    { number: 2101, value: value("99".repeat(20)) },
  ];

  it("behind block options do not keep a body from going up, nor a server's blocks from coming", () => {
    const rig = new BlockRig({ blockSize: 64 });
    const { completed } = rig.post({ payload: bytes(100), fixed: encodeOptions(fixed) });
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.04", block1: "1/0/64", block2: "0/1/16", payload: part(0, 16) });
    rig.answer({ code: "2.04", block2: "1/0/16", payload: "aa" });
    expect(summary(completed)).toEqual([`2.04 ${part(0, 16)}aa`]);
    expect(rig.sent.map(({ fields }) => fields.options.map(([number]) => number))).toEqual([
      [11, 27, 39, 60, 292, 2101],
      [11, 27, 39, 292, 2101],
      [11, 23, 39, 292, 2101],
    ]);
    for (const i of [0, 1, 2]) expect(rig.option(2101, i)).toBe("99".repeat(20));
  });

  it("go together with options behind them and without blocks as before", () => {
    const rig = new BlockRig();
    const more = [{ number: 2101, value: value("01") }];
    rig.post({ fixed: encodeOptions(fixed.slice(0, 2)), options: more, payload: value("70") });
    const { messageId, token } = rig.last.fields;
    const options = [...fixed.slice(0, 2), ...more].map((each) => [each.number, hex(each.value)] as const);
    const expected = { type: 0, code: 2, messageId, token, options, payload: "70" };
    expect(rig.last.bytes).toBe(hex(peerEncode(expected)));
  });
});

describe("Request-Tags", () => {
  it("differ between uploads that wait for each other and between attempts, whatever the random numbers are", () => {
    for (const drawn of [0, 0.5, 0.999_999_9]) {
      let draws = 0;
      // Tokens must differ, tags would not: every random number after the tokens' is the same.
      const random = (): number => ((draws += 1) % 4 === 0 ? (draws / 1_000) % 1 : drawn);
      const rig = new BlockRig({
        blockSize: 64,
        random,
        transmission: { ...internet, nstart: 9 },
      });
      for (let i = 0; i < 8; i++) rig.post({ payload: bytes(150) });
      rig.answer({ code: "2.31", block1: "0/1/64" });
      rig.answer({ code: "4.08" });
      for (let i = 0; i < 8; i++) {
        for (const num of [0, 1]) rig.answer({ code: "2.31", block1: `${num}/1/64` });
        rig.answer({ code: "2.04", block1: "2/0/64" });
      }
      const first = rig.sent.filter(({ fields }) => fields.options.some(([number]) => number === 60));
      const tags = first.map(({ fields }) => fields.options.find(([number]) => number === 292)![1]);
      expect(new Set(tags).size).toBe(9);
      for (const tag of tags) expect(tag).toHaveLength(4);
    }
  });
});

describe("a socket that uses its buffer again", () => {
  it("does not spoil the response: what is kept from block to block is a copy", () => {
    const rig = new BlockRig({ blockSize: 64 });
    const { completed } = rig.post({ code: 1, payload: undefined });
    const buffer = new Uint8Array(256);
    const answer = (num: number, more: number, payload: string, ...rest: [number, string][]): void => {
      const { messageId, token } = rig.last.fields;
      const options = [[4, "0a0b"] as const, ...rest, [23, block(`${num}/${more}/64`)] as const];
      const datagram = peerEncode({ type: 2, code: code("2.05"), messageId, token, options, payload });
      buffer.fill(0xee);
      buffer.set(datagram);
      rig.endpoint.receive(buffer.subarray(0, datagram.length), "192.0.2.1", 5683, rig.now);
    };
    answer(0, 1, part(0, 64), [12, "2a"]);
    const tokenOfFirst = rig.sent[0].fields.token;
    answer(1, 0, "aa");
    buffer.fill(0xee);
    expect(summary(completed)).toEqual([`2.05 ${part(0, 64)}aa`]);
    const [{ outcome }] = completed;
    if (outcome.kind !== "response") throw new Error(outcome.kind);
    expect(outcome.message.options.map(({ number, value }) => [number, hex(value)])).toEqual([
      [4, "0a0b"],
      [12, "2a"],
    ]);
    expect(hex(outcome.message.token)).toBe(tokenOfFirst);
  });
});

describe("cancellation", () => {
  it("in the queue, before the first block has left", () => {
    const rig = new BlockRig({ blockSize: 64 });
    rig.post();
    const { completed, exchange } = rig.post({ payload: bytes(150) });
    exchange.cancel(rig.now);
    exchange.cancel(rig.now);
    rig.answer({ code: "2.04" });
    expect(summary(completed)).toEqual(["cancelled"]);
    expect(rig.sent).toHaveLength(1);
  });

  it("in the queue, between two blocks, behind another request", () => {
    const rig = new BlockRig({ blockSize: 64 });
    const { completed, exchange } = rig.post({ payload: bytes(150) });
    const other = rig.post();
    rig.answer({ code: "2.31", block1: "0/1/64" });
    expect(rig.lines[1]).toBe("0.02 1 B");
    exchange.cancel(rig.now);
    rig.answer({ code: "2.04" });
    expect([summary(completed), summary(other.completed)]).toEqual([["cancelled"], ["2.04 "]]);
    expect(rig.endpoint.held.outgoing).toBe(0);
  });

  it("after the end changes nothing", () => {
    const rig = new BlockRig();
    const { completed, exchange } = rig.post();
    rig.answer({ code: "2.04" });
    exchange.cancel(rig.now);
    expect(summary(completed)).toEqual(["2.04 "]);
  });

  it("by closing, half way down", () => {
    const rig = new BlockRig({ blockSize: 64 });
    const { completed } = rig.post({ code: 1, payload: undefined });
    rig.answer({ code: "2.05", block2: "0/1/64", payload: part(0, 64) });
    rig.endpoint.close(rig.now);
    expect(summary(completed)).toEqual(["cancelled"]);
  });
});

describe("sizes on the edge", () => {
  it("every block fits the datagram and none is refused, whatever is offered, signed and long", () => {
    for (const offerBlockSize of [false, true]) {
      for (const length of [17, 64, 65, 4_200]) {
        for (let maxDatagram = 60; maxDatagram < 130; maxDatagram += density(1, 3)) {
          const rig = new BlockRig({ blockSize: 64, maxDatagram, offerBlockSize });
          const options = () => [{ number: 2101, value: new Uint8Array(10) }];
          const { completed } = rig.post({ payload: bytes(length), options });
          let up = "";
          while (completed.length === 0 && rig.sent.length < 400) {
            const { fields, bytes: sent } = rig.last;
            expect(sent.length / 2).toBeLessThanOrEqual(maxDatagram);
            up += fields.payload;
            const echo = fields.options.find(([number]) => number === 27)?.[1];
            const bits = Number.parseInt(echo ?? "0", 16);
            const options = echo === undefined ? [] : ([[27, echo]] as const);
            rig.answer({ code: (bits & 8) === 0 ? "2.04" : "2.31", options });
          }
          expect(summary(completed), `${length} in ${maxDatagram}`).toEqual(["2.04 "]);
          expect(up).toBe(part(0, length));
        }
      }
    }
  });

  it("a body is not cut into more than 2^20 blocks when the server wants small ones", () => {
    const rig = new BlockRig({ blockSize: 1024 });
    const { completed } = rig.post({ payload: new Uint8Array(16 * 0x100000 + 16) });
    rig.answer({ code: "4.13", block1: "0/1/16" });
    expect(summary(completed)).toEqual(["too-large"]);
    expect(rig.sent).toHaveLength(1);
  });
});

describe("4.13", () => {
  it("half way with a smaller size starts over at the front, under another Request-Tag", () => {
    const rig = new BlockRig({ blockSize: 64 });
    const { completed } = rig.post({ payload: bytes(150) });
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "4.13", block1: "1/1/16" });
    expect(rig.lines[2]).toBe("0.02 1:0/1/16 size1=150 16 B");
    expect(rig.option(292, 2)).not.toBe(rig.option(292, 1));
    rig.answer({ code: "4.13", options: [[60, "40"]] });
    expect(summary(completed)).toEqual(["4.13 "]);
  });

  it("comes to an end however often a server says it", () => {
    for (const size of [16, 32, 64, 128, 256, 512, 1024]) {
      const rig = new BlockRig({ blockSize: 1024 });
      const { completed } = rig.post({ payload: bytes(3_000) });
      for (let i = 0; i < 20 && completed.length === 0; i++) {
        rig.answer({ code: "4.13", block1: `0/1/${size}` });
      }
      expect(summary(completed)).toEqual(["4.13 "]);
      expect(rig.sent.length).toBeLessThanOrEqual(2);
    }
  });

  it("to a body of 16 bytes or less is the response: there is nothing smaller", () => {
    const rig = new BlockRig();
    const { completed } = rig.post({ payload: bytes(16) });
    rig.answer({ code: "4.13", block1: "0/0/16" });
    expect(summary(completed)).toEqual(["4.13 "]);
  });
});

describe("a download", () => {
  const fetching = (options = {}, method = 1) => {
    const rig = new BlockRig({ blockSize: 64, ...options });
    return { rig, ...rig.post({ code: method, payload: undefined }) };
  };
  const first: Answer = { code: "2.05", block2: "0/1/16", payload: part(0, 16) };

  it("whose blocks grow is taken, but no larger ones are asked for", () => {
    const { rig, completed } = fetching();
    rig.answer(first);
    for (const num of [1, 2, 3])
      rig.answer({ code: "2.05", block2: `${num}/1/16`, payload: part(num * 16, num * 16 + 16) });
    rig.answer({ code: "2.05", block2: "1/1/64", payload: part(64, 128) });
    expect(rig.lines.at(-1)).toBe("0.01 2:8/0/16 0 B");
    rig.answer({ code: "2.05", block2: "8/0/16", payload: "aa" });
    expect(summary(completed)).toEqual([`2.05 ${part(0, 128)}aa`]);
  });

  it("whose blocks grow where none starts is a block-fault", () => {
    const { rig, completed } = fetching();
    rig.answer(first);
    rig.answer({ code: "2.05", block2: "1/1/64", payload: part(0, 64) });
    expect(summary(completed)).toEqual(["block-fault"]);
  });

  test.each([1, 5])("of method 0.0%i that the server has lost (4.08) is asked for once more", (method) => {
    const { rig, completed } = fetching({}, method);
    rig.answer(first);
    rig.answer({ code: "4.08" });
    expect(rig.lines[2]).toBe(rig.lines[0]);
    rig.answer(first);
    rig.answer({ code: "4.08" });
    expect(summary(completed)).toEqual(["4.08 "]);
    expect(rig.sent).toHaveLength(4);
  });

  it("of a POST that the server has lost is not: it would be done again", () => {
    const { rig, completed } = fetching({}, 2);
    rig.answer(first);
    rig.answer({ code: "4.08" });
    expect(summary(completed)).toEqual(["4.08 "]);
    expect(rig.sent).toHaveLength(2);
  });

  it("in one block that is longer than it says is a block-fault", () => {
    const { rig, completed } = fetching();
    rig.answer({ code: "2.05", block2: "0/0/16", payload: part(0, 17) });
    expect(summary(completed)).toEqual(["block-fault"]);
  });

  it("that stops half way is a time-out, and of a NON no response", () => {
    for (const confirmable of [true, false]) {
      const rig = new BlockRig();
      const { completed } = rig.post({ code: 1, payload: undefined, confirmable });
      const { messageId, token } = rig.last.fields;
      const answer = { type: confirmable ? 2 : 1, code: code("2.05"), messageId, token };
      rig.receive({ ...answer, options: [[23, block("0/1/16")]], payload: part(0, 16) });
      expect(rig.last.fields.type).toBe(confirmable ? 0 : 1);
      rig.wait(1_000_000);
      expect(summary(completed)).toEqual([confirmable ? "timeout" : "no-response"]);
      expect(rig.endpoint.held).toEqual({ outgoing: 0, received: 0, waiting: 0, transfers: 0 });
    }
  });

  it("claims room for what has come, not for what is foretold", () => {
    const { rig, completed } = fetching({ maxBody: 1 << 30 });
    rig.answer({ ...first, options: [[28, "3fffffff"]] });
    rig.answer({ code: "2.05", block2: "1/0/16", payload: "aa" });
    const [{ outcome }] = completed;
    expect(outcome.kind === "response" && outcome.message.payload.buffer.byteLength).toBe(32);
  });
});

it("a body goes up in NON blocks, each answered by a NON", () => {
  const rig = new BlockRig({ blockSize: 64 });
  const { completed } = rig.post({ payload: bytes(100), confirmable: false });
  for (const [text, echo] of [
    ["2.31", "0/1/64"],
    ["2.04", "1/0/64"],
  ]) {
    const { type, token, messageId } = rig.last.fields;
    expect(type).toBe(1);
    rig.receive({ type: 1, code: code(text), messageId, token, options: [[27, block(echo)]] });
  }
  expect(rig.lines).toEqual(["0.02 1:0/1/64 size1=100 64 B", "0.02 1:1/0/64 36 B"]);
  expect(summary(completed)).toEqual(["2.04 "]);
});
