import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  Body,
  blockOffset,
  encodeBlock,
  findBlock,
  insertOptions,
  largestBlockNumber,
  szxFor,
  withoutOptions,
} from "../../../firmware/coap/block";
import { hex, unhex } from "../../../host-sim/tools/fuzz/peer";
import type { Block } from "../../../firmware/coap/block";

const find = (value: string): Block | undefined | "reserved" =>
  findBlock([{ number: 23, value: unhex(value) }], 23);

describe("a block option's value", () => {
  const vectors: [name: string, block: Block, value: string][] = [
    ["0/0/16 takes no byte", { num: 0, more: false, szx: 0 }, ""],
    ["0/1/16", { num: 0, more: true, szx: 0 }, "08"],
    ["0/0/1024", { num: 0, more: false, szx: 6 }, "06"],
    ["RFC 7959 figure 2: 0/1/128", { num: 0, more: true, szx: 3 }, "0b"],
    ["RFC 7959 figure 2: 2/0/128", { num: 2, more: false, szx: 3 }, "23"],
    ["the last of one byte", { num: 15, more: true, szx: 6 }, "fe"],
    ["the first of two bytes", { num: 16, more: false, szx: 0 }, "0100"],
    ["the last of two bytes", { num: 4095, more: true, szx: 6 }, "fffe"],
    ["the first of three bytes", { num: 4096, more: false, szx: 0 }, "010000"],
    ["the largest number", { num: largestBlockNumber, more: true, szx: 6 }, "fffffe"],
  ];
  test.each(vectors)("%s", (_name, block, value) => {
    expect(hex(encodeBlock(block))).toBe(value);
    expect(find(value)).toEqual(block);
  });

  test.each(["07", "0f", "ffff", "ffffff", "00000000"])("%s is reserved", (value) => {
    expect(find(value)).toBe("reserved");
  });

  test.each([
    ["00", { num: 0, more: false, szx: 0 }],
    ["0000", { num: 0, more: false, szx: 0 }],
    ["000016", { num: 1, more: false, szx: 6 }],
  ])("%s, longer than it need be, is read all the same", (value, block) => {
    expect(find(value)).toEqual(block);
  });

  it("goes there and back for every block there is", () => {
    fc.assert(
      fc.property(fc.nat(largestBlockNumber), fc.boolean(), fc.nat(6), (num, more, szx) => {
        const block = { num, more, szx };
        expect(find(hex(encodeBlock(block)))).toEqual(block);
        expect(blockOffset(block)).toBe(num * 2 ** (szx + 4));
      }),
    );
  });

  it("is missing when it is missing", () => {
    expect(findBlock([{ number: 27, value: unhex("06") }], 23)).toBeUndefined();
  });
});

test.each([
  [0, -1],
  [15, -1],
  [16, 0],
  [31, 0],
  [32, 1],
  [1023, 5],
  [1024, 6],
  [100_000, 6],
])("the largest block within %i bytes has exponent %i", (bytes, szx) => expect(szxFor(bytes)).toBe(szx));

describe("option lists", () => {
  const numbered = (...numbers: number[]) => numbers.map((number) => ({ number, value: new Uint8Array(0) }));

  it("stay in order when options are put in", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300)), fc.array(fc.nat(300)), (a, b) => {
        const sorted = (list: number[]): number[] => list.slice().sort((x, y) => x - y);
        const merged = insertOptions(numbered(...sorted(a)), numbered(...sorted(b)));
        expect(merged.map(({ number }) => number)).toEqual(sorted([...a, ...b]));
      }),
    );
  });

  it("lose those that are taken out, and are the same list when there are none", () => {
    const options = numbered(11, 23, 23, 28);
    expect(withoutOptions(options, [23, 28]).map(({ number }) => number)).toEqual([11]);
    expect(withoutOptions(options, [27])).toBe(options);
  });
});

describe("a body", () => {
  it("is what was appended, after what was taken back", () => {
    const step = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.nat(100));
    fc.assert(
      fc.property(fc.nat(64), fc.array(step, { maxLength: 30 }), (expected, steps) => {
        const body = new Body(expected, 2_000);
        let reference: number[] = [];
        for (const each of steps) {
          if (typeof each === "number") {
            const to = Math.min(each, reference.length);
            body.truncate(to);
            reference = reference.slice(0, to);
          } else {
            body.append(each);
            reference.push(...each);
          }
        }
        expect([...body.bytes]).toEqual(reference);
        expect(body.length).toBe(reference.length);
      }),
    );
  });

  it("makes room for at most twice what has come, and for no more than is foretold or allowed", () => {
    const rooms = (expected: number, limit: number, length: number): number[] => {
      const body = new Body(expected, limit);
      const rooms: number[] = [];
      for (let done = 0; done < length; done += 16) {
        body.append(new Uint8Array(Math.min(16, length - done)));
        rooms.push(body.bytes.buffer.byteLength);
      }
      return rooms;
    };
    expect(rooms(0xffff_ffff, 0xffff_ffff, 80)).toEqual([32, 32, 96, 96, 96]);
    expect(rooms(80, 8_192, 80)).toEqual([32, 32, 80, 80, 80]);
    expect(rooms(0, 8_192, 80)).toEqual([32, 32, 96, 96, 96]);
    expect(rooms(0, 64, 64)).toEqual([32, 32, 64, 64]);
    // So seldom that even a body of a megabyte in blocks of 16 bytes is moved 16 times, not 65536.
    expect(new Set(rooms(0, 1 << 20, 1 << 20)).size).toBeLessThan(18);
    expect(new Set(rooms(1, 1 << 20, 1 << 20)).size).toBeLessThan(18);
  });
});
