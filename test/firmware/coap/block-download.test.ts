/** A response in blocks, block by block: what may follow what, and what comes of it. */
import { describe, expect, it, test } from "vitest";
import { encodeBlock, findBlock } from "../../../firmware/coap/block";
import { Download } from "../../../firmware/coap/block-download";
import { Code } from "../../../firmware/coap/code";
import { OptionNumber, encodeUint } from "../../../firmware/coap/option";
import type { Block } from "../../../firmware/coap/block";
import type { Message } from "../../../firmware/coap/message";

const options = { maxBody: 100, leastBlock: 32 };
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

function block(num: number, more: boolean, length: number, extra: { szx?: number; size2?: number } = {}) {
  const { szx = 1, size2 } = extra;
  const message: Message = {
    ...{ type: 2, code: Code.content, messageId: num, token: Uint8Array.of(1), payload: bytes(length) },
    options: [
      { number: OptionNumber.eTag, value: Uint8Array.of(7) },
      { number: OptionNumber.block2, value: encodeBlock({ num, more, szx }) },
      ...(size2 === undefined ? [] : [{ number: OptionNumber.size2, value: encodeUint(size2) }]),
    ],
  };
  return [message, findBlock(message.options, OptionNumber.block2) as Block] as const;
}

it("is one message in the end, without the options of its blocks", () => {
  const [first, head] = block(0, true, 32, { size2: 40 });
  const download = new Download(options, first);
  expect(download.take(first, head)).toBe("more");
  expect([download.length, download.code]).toEqual([32, Code.content]);
  first.payload.fill(0xee);
  first.options[0].value.fill(0xee);
  expect(download.take(...block(1, false, 8))).toBe("whole");
  const { payload, options: left } = download.response;
  expect(payload).toEqual(Uint8Array.of(...bytes(32), ...bytes(8)));
  expect(left).toEqual([{ number: OptionNumber.eTag, value: Uint8Array.of(7) }]);
});

test.each<[string, readonly [Message, Block], string]>([
  ["the one after the next", block(2, true, 32), "fault"],
  ["the same again", block(0, true, 32), "fault"],
  ["a short one in the middle", block(1, true, 31), "fault"],
  ["a last one that is too long", block(1, false, 33), "fault"],
  ["smaller ones than are taken", block(2, true, 16, { szx: 0 }), "fault"],
  ["a small last one", block(2, false, 16, { szx: 0 }), "whole"],
  ["one that foretells too much", block(1, true, 32, { size2: 101 }), "too-large"],
])("is followed by %s", (_, next, taken) => {
  const [first, head] = block(0, true, 32);
  const download = new Download(options, first);
  download.take(first, head);
  expect(download.take(...next)).toBe(taken);
});

describe("a body's length", () => {
  it.each([
    [100, "whole"],
    [101, "too-large"],
  ] as const)("%d of at most 100: %s", (length, taken) => {
    const [first] = block(0, true, 32);
    const download = new Download(options, first);
    for (let i = 0; i < 3; i++) expect(download.take(...block(i, true, 32))).toBe("more");
    expect(download.take(...block(3, false, length - 96))).toBe(taken);
  });
});

it("is of one version: an ETag that changes, or goes, is another's", () => {
  const [first] = block(0, true, 32);
  const download = new Download(options, first);
  const [next] = block(1, false, 8);
  expect(download.isSameBody(next)).toBe(true);
  expect(download.isSameBody({ ...next, options: next.options.slice(1) })).toBe(false);
  next.options[0].value[0] = 8;
  expect(download.isSameBody(next)).toBe(false);
});
