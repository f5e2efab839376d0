/**
 * The client's half of block-wise transfer (RFC 7959) against a server that is whatever bytes the test
 * hands in. Block options are written as the RFC does: NUM/M/size.
 */
import { describe, expect, it, test } from "vitest";
import { server, summary } from "./rig";
import { BlockRig, bytes, part } from "./block-rig";
import { block } from "./block-notation";
import { code } from "../../../host-sim/tools/fuzz/peer";
import type { EndpointOptions } from "../../../firmware/coap/endpoint";
import type { Request } from "../../../firmware/coap/exchange";
import type { Completed } from "./rig";
import type { Answer } from "./block-rig";

function uploading(
  length: number,
  options: Partial<EndpointOptions> = {},
  request: Partial<Request> = {},
): { rig: BlockRig; completed: Completed[]; cancel(): void } {
  const rig = new BlockRig({ blockSize: 64, ...options });
  const { completed, exchange } = rig.post({ payload: bytes(length), ...request });
  return { rig, completed, cancel: () => exchange.cancel(rig.now) };
}

describe("an upload", () => {
  it("goes block by block, each confirmed, the length told first", () => {
    const { rig, completed } = uploading(150);
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.31", block1: "1/1/64" });
    rig.answer({ code: "2.04", block1: "2/0/64", payload: "aa" });
    expect(rig.lines).toEqual(["0.02 1:0/1/64 size1=150 64 B", "0.02 1:1/1/64 64 B", "0.02 1:2/0/64 22 B"]);
    expect(rig.sent.map(({ fields }) => fields.payload)).toEqual([
      part(0, 64),
      part(64, 128),
      part(128, 150),
    ]);
    expect(summary(completed)).toEqual(["2.04 aa"]);
    expect(rig.endpoint.held.outgoing).toBe(0);
  });

  it("has a fresh token and message id for each block, and one Request-Tag", () => {
    const { rig } = uploading(150);
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.31", block1: "1/1/64" });
    expect(new Set(rig.sent.map(({ fields }) => fields.token)).size).toBe(3);
    expect(new Set(rig.sent.map(({ fields }) => fields.messageId)).size).toBe(3);
    const tags = rig.sent.map((_sent, i) => rig.option(292, i));
    expect(new Set(tags).size).toBe(1);
    expect(tags[0]).toHaveLength(4);
  });

  it("has one token for all where that is asked for", () => {
    const { rig } = uploading(150, { blockToken: "same" });
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.31", block1: "1/1/64" });
    expect(new Set(rig.sent.map(({ fields }) => fields.token)).size).toBe(1);
    expect(new Set(rig.sent.map(({ fields }) => fields.messageId)).size).toBe(3);
  });

  it("goes on in smaller blocks when the server says so: RFC 7959 figure 9", () => {
    const { rig, completed } = uploading(150);
    rig.answer({ code: "2.31", block1: "0/1/32" });
    rig.answer({ code: "2.31", block1: "2/1/16" });
    rig.answer({ code: "2.31", block1: "6/1/16" });
    rig.answer({ code: "2.31", block1: "7/1/16" });
    rig.answer({ code: "2.31", block1: "8/1/16" });
    rig.answer({ code: "2.04", block1: "9/0/16" });
    expect(rig.lines.slice(1)).toEqual([
      "0.02 1:2/1/32 32 B",
      "0.02 1:6/1/16 16 B",
      "0.02 1:7/1/16 16 B",
      "0.02 1:8/1/16 16 B",
      "0.02 1:9/0/16 6 B",
    ]);
    expect(rig.sent.map(({ fields }) => fields.payload).join("")).toBe(part(0, 150));
    expect(summary(completed)).toEqual(["2.04 "]);
  });

  it("does not go over to larger blocks", () => {
    const { rig } = uploading(150);
    rig.answer({ code: "2.31", block1: "0/1/1024" });
    expect(rig.lines[1]).toBe("0.02 1:1/1/64 64 B");
  });

  it("repeats a lost block with the same bytes, and ends as a time-out when nobody answers", () => {
    const { rig, completed } = uploading(150);
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(6);
    expect(new Set(rig.sent.slice(1).map((sent) => sent.bytes)).size).toBe(1);
    expect(summary(completed)).toEqual(["timeout"]);
  });

  it("survives a server that acts on each block: success without 'continue'", () => {
    const { rig, completed } = uploading(100);
    rig.answer({ code: "2.04", block1: "0/0/64" });
    expect(rig.lines[1]).toBe("0.02 1:1/0/64 36 B");
    rig.answer({ code: "2.04", block1: "1/0/64", payload: "02" });
    expect(summary(completed)).toEqual(["2.04 02"]);
  });

  it("ends when the server refuses early, and the rest is not sent", () => {
    const { rig, completed } = uploading(1_000);
    rig.answer({ code: "4.04", payload: "6e6f" });
    expect(summary(completed)).toEqual(["4.04 6e6f"]);
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(1);
  });

  it("starts over once when the server has lost it (4.08), under another Request-Tag", () => {
    const { rig, completed } = uploading(150);
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "4.08" });
    expect(rig.lines[2]).toBe("0.02 1:0/1/64 size1=150 64 B");
    expect(rig.option(292, 2)).not.toBe(rig.option(292, 1));
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "4.08", payload: "78" });
    expect(summary(completed)).toEqual(["4.08 78"]);
  });

  it("does not start over when the very first block is incomplete", () => {
    const { rig, completed } = uploading(150);
    rig.answer({ code: "4.08" });
    expect(summary(completed)).toEqual(["4.08 "]);
  });

  it("starts over in smaller blocks on 4.13 with a smaller size, until there is none", () => {
    const { rig, completed } = uploading(150);
    rig.answer({ code: "4.13", block1: "0/1/32" });
    rig.answer({ code: "4.13", block1: "0/1/16" });
    rig.answer({ code: "4.13", block1: "0/1/16" });
    expect(rig.lines).toEqual([
      "0.02 1:0/1/64 size1=150 64 B",
      "0.02 1:0/1/32 size1=150 32 B",
      "0.02 1:0/1/16 size1=150 16 B",
    ]);
    expect(summary(completed)).toEqual(["4.13 "]);
  });

  it("that was none becomes one on 4.13 with a size", () => {
    const { rig, completed } = uploading(60);
    rig.answer({ code: "4.13", block1: "0/0/32" });
    rig.answer({ code: "2.31", block1: "0/1/32" });
    rig.answer({ code: "2.04", block1: "1/0/32" });
    expect(rig.lines).toEqual(["0.02 60 B", "0.02 1:0/1/32 size1=60 32 B", "0.02 1:1/0/32 28 B"]);
    expect(summary(completed)).toEqual(["2.04 "]);
  });

  it("ends on 4.13 that only tells the largest body", () => {
    const { rig, completed } = uploading(150);
    rig.answer({ code: "4.13", options: [[60, "40"]] });
    expect(summary(completed)).toEqual(["4.13 "]);
    const [{ outcome }] = completed;
    expect(outcome.kind === "response" && outcome.message.options).toMatchObject([{ number: 60 }]);
  });

  const faults: [name: string, answers: Answer[]][] = [
    ["a block that was not sent", [{ code: "2.31", block1: "1/1/64" }]],
    [
      "'continue' after the last",
      [
        { code: "2.31", block1: "0/1/64" },
        { code: "2.31", block1: "1/0/64" },
      ],
    ],
    ["'continue' without a block", [{ code: "2.31" }]],
    ["success without a block, half way", [{ code: "2.04" }]],
    ["the reserved size", [{ code: "2.31", options: [[27, "0f"]] }]],
  ];
  test.each(faults)("ends as block-fault on %s", (_name, answers) => {
    const { rig, completed } = uploading(100);
    for (const answer of answers) rig.answer(answer);
    expect(summary(completed)).toEqual(["block-fault"]);
    expect(rig.endpoint.held.outgoing).toBe(0);
  });

  it("is taken for done when the last answer has no block option (libcoap's)", () => {
    const { rig, completed } = uploading(100);
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.04" });
    expect(summary(completed)).toEqual(["2.04 "]);
  });

  it("is cancelled half way, and its late answer is not delivered", () => {
    const { rig, completed, cancel } = uploading(150);
    rig.answer({ code: "2.31", block1: "0/1/64" });
    cancel();
    rig.answer({ code: "2.31", block1: "1/1/64" });
    rig.wait(1_000_000);
    expect(rig.sent).toHaveLength(2);
    expect(summary(completed)).toEqual(["cancelled"]);
  });

  it("asks for its options anew for each block", () => {
    let n = 0;
    const options = () => [{ number: 2101, value: Uint8Array.of((n += 1)) }];
    const rule = { number: 2101, minLength: 1, maxLength: 64, repeatable: false };
    const { rig } = uploading(150, { understood: [rule] }, { options });
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.31", block1: "1/1/64" });
    const signs = rig.sent.map((_sent, i) => Number.parseInt(rig.option(2101, i)!, 16));
    expect(signs[1]).toBeGreaterThan(signs[0]);
    expect(signs[2]).toBeGreaterThan(signs[1]);
    expect(rig.sent[0].fields.options.map(([number]) => number)).toEqual([27, 60, 292, 2101]);
  });

  it("takes blocks that fit the datagram together with long options", () => {
    const options = [{ number: 2101, value: new Uint8Array(64) }];
    for (let maxDatagram = 100; maxDatagram < 200; maxDatagram++) {
      const { rig, completed } = uploading(300, { maxDatagram, blockSize: 1024 }, { options });
      if (rig.sent.length === 0) {
        expect(summary(completed)).toEqual(["too-large"]);
        // Header, token, marker, the long option, three short ones: 16 bytes more would be a block.
        expect(maxDatagram).toBeLessThan(4 + 4 + 1 + 68 + 20 + 16);
      } else {
        expect(rig.last.bytes.length / 2).toBeLessThanOrEqual(maxDatagram);
        expect(rig.last.bytes.length / 2 + rig.last.fields.payload.length / 2).toBeGreaterThan(
          maxDatagram - 16,
        );
      }
    }
  });

  it("of more than 2^20 blocks cannot be", () => {
    const { rig, completed } = uploading(16 * 0x100000 + 1, { blockSize: 16 });
    expect(summary(completed)).toEqual(["too-large"]);
    expect(rig.sent).toEqual([]);
  });
});

describe("a download", () => {
  const fetching = (options: Partial<EndpointOptions> = {}, method = 1) => {
    const rig = new BlockRig({ blockSize: 64, maxBody: 200, ...options });
    const { completed, exchange } = rig.post({ code: method, payload: undefined });
    return { rig, completed, exchange };
  };

  it("asks for block after block and gives the whole", () => {
    const { rig, completed } = fetching();
    rig.answer({
      code: "2.05",
      block2: "0/1/64",
      payload: part(0, 64),
      options: [
        [12, "2a"],
        [28, "96"],
      ],
    });
    rig.answer({ code: "2.05", block2: "1/1/64", payload: part(64, 128) });
    rig.answer({ code: "2.05", block2: "2/0/64", payload: part(128, 150) });
    expect(rig.lines).toEqual(["0.01 0 B", "0.01 2:1/0/64 0 B", "0.01 2:2/0/64 0 B"]);
    expect(summary(completed)).toEqual([`2.05 ${part(0, 150)}`]);
    const [{ outcome }] = completed;
    expect(outcome.kind === "response" && outcome.message.options.map(({ number }) => number)).toEqual([12]);
    expect(new Set(rig.sent.map(({ fields }) => fields.token)).size).toBe(3);
  });

  it("in one block is a response like any other", () => {
    const { rig, completed } = fetching();
    rig.answer({ code: "2.05", block2: "0/0/64", payload: "0102" });
    expect(summary(completed)).toEqual(["2.05 0102"]);
  });

  it("goes on in blocks of its own size when the server's are larger, and follows when they shrink", () => {
    const { rig, completed } = fetching();
    rig.answer({ code: "2.05", block2: "0/1/128", payload: part(0, 128) });
    expect(rig.lines[1]).toBe("0.01 2:2/0/64 0 B");
    rig.answer({ code: "2.05", block2: "4/1/32", payload: part(128, 160) });
    expect(rig.lines[2]).toBe("0.01 2:5/0/32 0 B");
    rig.answer({ code: "2.05", block2: "5/0/32", payload: part(160, 170) });
    expect(summary(completed)).toEqual([`2.05 ${part(0, 170)}`]);
  });

  it("says how large blocks may be where that is set", () => {
    expect(fetching({ offerBlockSize: true }).rig.lines).toEqual(["0.01 2:0/0/64 0 B"]);
  });

  it("follows an upload, RFC 7959 figure 10, and keeps its Request-Tag", () => {
    const rig = new BlockRig({ blockSize: 64 });
    const { completed } = rig.post({ payload: bytes(100) });
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.04", block1: "1/0/64", block2: "0/1/64", payload: part(0, 64) });
    rig.answer({ code: "2.04", block2: "1/0/64", payload: part(64, 70) });
    expect(rig.lines.slice(1)).toEqual(["0.02 1:1/0/64 36 B", "0.02 2:1/0/64 0 B"]);
    expect(rig.option(292)).toBe(rig.option(292, 0));
    expect(summary(completed)).toEqual([`2.04 ${part(0, 70)}`]);
  });

  it("that turns into an error ends with the error", () => {
    const { rig, completed } = fetching();
    rig.answer({ code: "2.05", block2: "0/1/64", payload: part(0, 64) });
    rig.answer({ code: "4.04" });
    expect(summary(completed)).toEqual(["4.04 "]);
  });

  it("whose body changes on the way is asked for once more from the start, if that is safe", () => {
    const { rig, completed } = fetching();
    rig.answer({ code: "2.05", block2: "0/1/64", payload: part(0, 64), options: [[4, "01"]] });
    rig.answer({ code: "2.05", block2: "1/0/64", payload: "ff", options: [[4, "02"]] });
    expect(rig.lines[2]).toBe("0.01 0 B");
    rig.answer({ code: "2.05", block2: "0/1/64", payload: part(0, 64), options: [[4, "02"]] });
    rig.answer({ code: "2.05", block2: "1/0/64", payload: "ff", options: [[4, "03"]] });
    expect(summary(completed)).toEqual(["block-fault"]);
    const post = fetching({}, 2);
    post.rig.answer({ code: "2.05", block2: "0/1/64", payload: part(0, 64), options: [[4, "01"]] });
    post.rig.answer({ code: "2.05", block2: "1/0/64", payload: "ff", options: [[4, "02"]] });
    expect(summary(post.completed)).toEqual(["block-fault"]);
    expect(post.rig.sent).toHaveLength(2);
  });

  const first: Answer = { code: "2.05", block2: "0/1/64", payload: part(0, 64) };
  const faults: [name: string, answers: Answer[]][] = [
    ["starts in the middle", [{ ...first, block2: "1/1/64" }]],
    ["has a block too short", [{ ...first, payload: part(0, 63) }]],
    ["has a block too long", [{ ...first, payload: part(0, 65) }]],
    ["has a last block too long", [first, { code: "2.05", block2: "1/0/64", payload: part(0, 65) }]],
    ["leaves a block out", [first, { code: "2.05", block2: "2/0/64", payload: "01" }]],
    ["sends a block again", [first, first]],
    ["ends without a block option", [first, { code: "2.05", payload: "01" }]],
    ["changes its code", [first, { code: "2.04", block2: "1/0/64", payload: "01" }]],
    ["has the reserved size", [{ code: "2.05", payload: "01", options: [[23, "0f"]] }]],
  ];
  test.each(faults)("that %s is a block-fault", (_name, answers) => {
    const { rig, completed } = fetching();
    for (const answer of answers) rig.answer(answer);
    expect(summary(completed)).toEqual(["block-fault"]);
    expect(rig.endpoint.held.outgoing).toBe(0);
  });

  it("longer than maxBody ends at once: foretold by Size2, or as soon as it is sure", () => {
    const foretold = fetching();
    foretold.rig.answer({ ...first, options: [[28, "c9"]] });
    expect(summary(foretold.completed)).toEqual(["body-too-large"]);
    const grown = fetching({ maxBody: 128 });
    grown.rig.answer(first);
    grown.rig.answer({ code: "2.05", block2: "1/1/64", payload: part(64, 128) });
    expect(summary(grown.completed)).toEqual(["body-too-large"]);
    const exact = fetching({ maxBody: 128 });
    exact.rig.answer(first);
    exact.rig.answer({ code: "2.05", block2: "1/0/64", payload: part(64, 128) });
    expect(summary(exact.completed)).toEqual([`2.05 ${part(0, 128)}`]);
  });

  it("is cancelled half way", () => {
    const { rig, completed, exchange } = fetching();
    rig.answer(first);
    exchange.cancel(rig.now);
    rig.answer({ code: "2.05", block2: "1/0/64", payload: "01" });
    expect(summary(completed)).toEqual(["cancelled"]);
    expect(rig.sent).toHaveLength(2);
  });

  it("works with separate responses and lost messages as any exchange does", () => {
    const { rig, completed } = fetching();
    rig.answer(first);
    const { messageId, token } = rig.last.fields;
    rig.receive({ type: 2, code: 0, messageId });
    rig.wait(20_000);
    const options = [[23, block("1/0/64")]] as const;
    rig.receive({ type: 0, code: code("2.05"), messageId: 0x7777, token, options, payload: "0a" }, server);
    expect(rig.last.bytes).toBe("60007777");
    expect(summary(completed)).toEqual([`2.05 ${part(0, 64)}0a`]);
  });
});
