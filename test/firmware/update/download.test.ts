/** An update from its first block to the image in the other slot, and what is not let through. */
import { describe, expect, it } from "vitest";
import { encodeBlock } from "../../../firmware/coap/block";
import { Download } from "../../../firmware/update/download";
import { StateLog } from "../../../firmware/update/state-log";
import { nodeCryptography } from "../../../host-sim/sim/engine/node-cryptography";
import { DownloadingBoard, served } from "./downloading-board";
import { changedImage, smallImage, smallPackage } from "./small-package";

const base = smallImage("base", 30_000);
const image = changedImage(base, "next", 1_234);
const difference = smallPackage({ image, base });
const whole = smallPackage({ image, base: new Uint8Array(0) });
const tag = Uint8Array.of(0x1a, 0x2b);

const board = (seed: string, running = base): DownloadingBoard => new DownloadingBoard({ seed, running });

function expectMade(one: DownloadingBoard): void {
  expect(Buffer.from(one.made(image.length)).equals(image)).toBe(true);
  expect(Buffer.from(one.running.flash.bytes.subarray(0, base.length)).equals(base)).toBe(true);
  one.expectNoMisuse();
}

describe("a download", () => {
  it.each([
    ["difference", difference, 6],
    ["difference", difference, 5],
    ["difference", difference, 0],
    ["whole image", whole, 6],
    ["whole image", whole, 2],
  ] as const)("of a %s makes the image, in blocks of any size (%#)", (_name, bytes, szx) => {
    const one = new DownloadingBoard({ seed: "plain", running: base, szx });
    expect(one.run({ bytes, tag })).toBe("ready");
    expectMade(one);
    expect(one.fetched).toBe(Math.ceil(bytes.length / (16 << szx)));
    expect(one.download.received).toBe(bytes.length);
    expect(one.download.fileSize).toBe(bytes.length);
    expect(one.download.written).toBe(image.length);
    expect(one.download.imageLength).toBe(image.length);
    expect(one.download.etag).toEqual(tag);
    expect(one.download.head).toMatchObject({ board: "m5stack-nbiot", version: "0.3.0" });
    expect(one.download.signedHead()).toEqual(new Uint8Array(bytes.subarray(0, 280)));
    expect(one.download.works).toBe(false);
    expect(one.download.step()).toBe("ready");
    expect(one.download.next).toBeUndefined();
  });

  it("takes a file whose length nobody has said, and a server that says nothing of ETag or length", () => {
    const one = board("unknown");
    one.download.begin(0);
    const bare = { bytes: difference };
    for (;;) {
      const { next } = one.download;
      if (one.download.undecided) expect(one.download.accept()).toBeUndefined();
      else if (one.download.works) one.download.step();
      else if (next === undefined) break;
      else {
        const message = served(bare, next.offset, next.szx);
        one.download.take({ ...message, options: message.options.filter(({ number }) => number === 23) });
      }
    }
    expect(one.download.ready).toBe(true);
    expectMade(one);
  });

  it("keeps to the smaller blocks that a server gives", () => {
    const one = board("smaller");
    expect(one.run({ bytes: difference, tag, szx: 3 })).toBe("ready");
    expect(one.fetched).toBe(Math.ceil(difference.length / 128));
    expectMade(one);
  });

  it("keeps to tiny ones no longer than a chunk, as nothing says that it was the server who gave them", () => {
    const one = board("tiny");
    const file = { bytes: whole, tag };
    let tiny = 0;
    for (let i = 0; i < 2_000 && one.download.received < whole.length; i++) {
      if (one.download.next !== undefined) {
        // One answer that somebody on the path has made up.
        one.fetch(i === 2 ? { ...file, szx: 0 } : file);
        if ((one.download.next?.szx ?? 5) === 0) tiny += 1;
      }
      one.run(file, 1);
    }
    expect(tiny).toBeGreaterThan(10);
    // A chunk has some 4,000 bytes.
    expect(one.fetched).toBeLessThan(400);
    expect(one.run(file)).toBe("ready");
    expectMade(one);
  });

  it("asks the file's first block when an answer tells another length: it is not dropped for a made-up one", () => {
    const one = board("length");
    const file = { bytes: whole, tag };
    one.run(file, 4);
    const { received } = one.download;
    const lie = (): string => {
      const { offset, szx } = one.download.next!;
      const message = served(file, offset, szx);
      const options = message.options.map((each) =>
        each.number === 28 ? { ...each, value: Uint8Array.of(1, 2, 3) } : each,
      );
      return one.download.take({ ...message, options });
    };
    expect(lie()).toBe("taken");
    expect([one.download.next?.offset, one.download.received]).toEqual([0, received]);
    expect(one.fetch(file)).toBe("taken");
    expect(one.fetch(file)).toBe("taken");
    expect(one.download.received).toBeGreaterThan(received);
    // Who says it again, with the same first block, has a file that is none.
    expect(lie()).toBe("taken");
    expect(one.fetch(file)).toBe("taken");
    expect(lie()).toBe("other-file");
    expect(one.run(file)).toBe("ready");
    expectMade(one);
  });

  it("asks for smaller ones when its modem cuts answers off, and remembers it", () => {
    const one = board("cut");
    one.download.begin(difference.length);
    const cut = (): unknown => {
      const { offset, szx } = one.download.next!;
      const message = served({ bytes: difference, tag }, offset, szx);
      return one.download.take({ ...message, payload: message.payload.subarray(0, 100), cut: "payload" });
    };
    expect(cut()).toBe("smaller");
    expect(one.download.next).toEqual({ offset: 0, szx: 4 });
    expect(cut()).toBe("smaller");
    one.start();
    expect(one.download.next).toEqual({ offset: 0, szx: 3 });
    for (let i = 0; i < 3; i++) cut();
    expect(cut()).toBe("unusable");
    expect(one.run({ bytes: difference, tag })).toBe("ready");
    expectMade(one);
  });

  it("goes on after any number of starts, from flash alone or with a hint, and fetches nothing twice", () => {
    for (const hinted of [false, true]) {
      const one = board("starts");
      const file = { bytes: whole, tag };
      let end = one.run(file, 2);
      while (end === "stuck") {
        expect(one.start(hinted ? one.log.hint() : undefined)).toBe(true);
        // A chunk that is begun, and the digest of the whole image, are begun anew at each start.
        end = one.run(file, 6);
        expect(one.starts).toBeLessThan(100);
      }
      expect(end).toBe("ready");
      expect(one.fetched).toBe(Math.ceil(whole.length / 512));
      expectMade(one);
    }
  });

  it("says what becomes of a block that is not the one it wants", () => {
    const one = board("stale");
    expect(one.download.take(served({ bytes: difference, tag }, 0, 5))).toBe("stale");
    one.download.begin(difference.length);
    const file = { bytes: difference, tag };
    expect(one.download.take(served(file, 512, 5))).toBe("stale");
    expect(one.download.take(served(file, 0, 6))).toBe("unusable");
    expect(one.download.take(served(file, 0, 5))).toBe("head");
    expect(one.download.undecided).toBe(true);
    expect(one.download.take(served(file, 512, 5))).toBe("stale");
    expect(one.download.accept()).toBeUndefined();
    expect(one.download.take(served(file, 0, 5))).toBe("stale");
    const next = served(file, 512, 5);
    for (const code of [0x84, 0x43, 0x44, 0xa0])
      expect(one.download.take({ ...next, code })).toBe("unusable");
    expect(one.download.take({ ...next, payload: next.payload.subarray(1) })).toBe("unusable");
    expect(one.download.take({ ...next, payload: new Uint8Array(0) })).toBe("unusable");
    const without = next.options.filter(({ number }) => number !== 23);
    expect(one.download.take({ ...next, options: without })).toBe("stale");
    const long = { number: 4, value: new Uint8Array(9) };
    expect(one.download.take({ ...next, options: [long, ...without] })).toBe("unusable");
    const reserved = { number: 23, value: Uint8Array.of(7) };
    expect(one.download.take({ ...next, options: [reserved] })).toBe("unusable");
    expect(one.download.received).toBe(512);
    expect(one.run(file)).toBe("ready");
  });

  it("notices that the file is another one by its length, its end, or its first block where the ETag is another one", () => {
    const file = { bytes: difference, tag };
    const other = difference.slice();
    other[90] ^= 1;
    for (const [served, szx] of [
      [{ bytes: other, tag: Uint8Array.of(1, 2) }, 5],
      [{ bytes: other, tag: Uint8Array.of(0x1a, 0x2b, 0) }, 3],
      [{ bytes: difference, tag: Uint8Array.of(0x1a) }, 2],
      [{ bytes: difference.subarray(0, difference.length - 1), tag }, 5],
      [{ bytes: Buffer.concat([difference, Buffer.alloc(1)]), tag }, 5],
      [{ bytes: difference.subarray(0, 1_024), tag }, 5],
    ] as const) {
      const one = new DownloadingBoard({ seed: "other file", running: base, szx });
      one.run(file, 2 + Math.ceil(280 / (16 << szx)));
      expect(one.run(served)).toBe("other-file");
      // Its owner may have been told wrong: nothing is lost.
      one.start();
      expect(one.run(file)).toBe("ready");
      expectMade(one);
    }
  });

  it("goes on where the same file has another ETag, or none, or another one each time", () => {
    const one = board("tags");
    one.run({ bytes: whole, tag }, 10);
    const { fetched } = one;
    const { received } = one.download;
    expect(one.run({ bytes: whole }, 5)).toBe("stuck");
    expect(one.download.received - received).toBe(512 * (one.fetched - fetched));
    one.run({ bytes: whole, tag: Uint8Array.of(9) }, 5);
    expect(one.download.etag).toEqual(Uint8Array.of(9));
    const before = one.download.received;
    let count = 0;
    for (let end: unknown = "stuck"; end === "stuck";) {
      end = one.run({ bytes: whole, tag: Uint8Array.of((count += 1), 7) }, 1);
      if (end !== "stuck") expect(end).toBe("ready");
    }
    expectMade(one);
    expect(one.fetched).toBeLessThan(fetched + 14 + Math.ceil((whole.length - before) / 512));
  });

  it("asks a doubtful file's first block for the answer, and no other one", () => {
    const one = board("doubt");
    one.run({ bytes: difference, tag }, 3);
    const other = { bytes: difference, tag: Uint8Array.of(9) };
    const { offset, szx } = one.download.next!;
    expect(offset).toBeGreaterThan(0);
    expect(one.download.take(served(other, offset, szx))).toBe("taken");
    expect(one.download.next).toEqual({ offset: 0, szx });
    expect(one.download.take(served(other, offset, szx))).toBe("stale");
    expect(one.download.take(served(other, 0, szx))).toBe("taken");
    expect(one.download.next).toEqual({ offset, szx });
    expect(one.run(other)).toBe("ready");
  });

  it("is no download of a file that is shorter than a package's head, or goes on behind its end", () => {
    for (const [szx, size] of [
      [5, 0],
      [5, 200],
      [2, 0],
    ] as const) {
      const one = new DownloadingBoard({ seed: "short", running: base, szx });
      one.download.begin(size);
      expect(one.run({ bytes: difference.subarray(0, 200), tag })).toBe("unusable");
    }
    const one = board("endless");
    one.download.begin(difference.length);
    let behind = 0;
    for (let taken: unknown = "taken"; taken !== "other-file";) {
      const { next } = one.download;
      if (one.download.undecided) one.download.accept();
      else if (next === undefined) one.download.step();
      else {
        const message = served({ bytes: difference, tag }, next.offset, 3);
        const block = { number: 23, value: encodeBlock({ num: next.offset / 128, more: true, szx: 3 }) };
        const isLast = next.offset + 128 >= difference.length;
        const payload = isLast ? new Uint8Array(128) : message.payload;
        taken = one.download.take({ ...message, payload, options: [block] });
        expect(["head", "taken", "other-file"]).toContain(taken);
        if (isLast) behind += 1;
      }
    }
    // It was doubted once, and then not believed.
    expect(behind).toBe(2);
  });

  it("asks for no more than there is room for, and goes on once a chunk is applied", () => {
    const one = new DownloadingBoard({ seed: "full", running: base, blocks: 8 });
    const file = { bytes: smallPackage({ image: smallImage("full", 60_000), base: new Uint8Array(0) }), tag };
    one.run(file, 2);
    while (one.download.next !== undefined) expect(one.fetch(file)).toBe("taken");
    expect(one.download.received).toBeGreaterThan(3 * 4_096);
    expect(one.download.received).toBeLessThan(file.bytes.length);
    expect(one.download.works).toBe(true);
    expect(one.run(file)).toBe("ready");
    one.expectNoMisuse();
  });

  it("outlives a block of flash that fails while a chunk is applied", () => {
    const one = board("interrupted");
    const file = { bytes: whole, tag };
    one.update.flash.bytes.fill(0, 4 * 4_096);
    while (!one.download.works) one.run(file, 1);
    // The chunk is checked and its first sector made when what comes next finds no block.
    one.download.step();
    one.download.step();
    one.update.faults.set("refuse-erase", 1, { blocks: [6, 7] });
    let fetched = 0;
    while (one.download.works && fetched < 30) {
      one.fetch(file);
      fetched += 1;
    }
    expect(fetched).toBeLessThan(30);
    expect(one.download.step()).toBe("idle");
    expect(one.run(file)).toBe("ready");
    expectMade(one);
  });

  it("has nothing of what was begun before, even where both have come as far", () => {
    const one = board("turn");
    const bare = { bytes: difference };
    one.download.begin(difference.length);
    one.fetch(bare);
    const log = StateLog.open(one.update.flash);
    if (typeof log === "string") throw new Error(log);
    const { newSha256 } = nodeCryptography;
    new Download({ log, slots: one.slots, newSha256 }).begin(difference.length);
    expect(one.start()).toBe(true);
    expect(one.download.received).toBe(0);
  });

  it("begins anew over what is half done, and over nothing when that is dropped", () => {
    const one = board("anew");
    const none = new Uint8Array(0);
    one.run({ bytes: smallPackage({ image: smallImage("another", 25_000), base: none }), tag }, 30);
    expect(one.download.written).toBeGreaterThan(0);
    expect(one.download.begin(difference.length)).toBeUndefined();
    expect(one.start()).toBe(true);
    expect(one.download).toMatchObject({ received: 0, written: 0, etag: undefined, head: undefined });
    expect(one.run({ bytes: difference, tag })).toBe("ready");
    expectMade(one);
    expect(one.download.drop()).toBe(true);
    expect(one.download.begun).toBe(false);
    expect(one.start()).toBe(false);
    expect(one.download.signedHead()).toBeUndefined();
  });

  it("leaves the owner's records as they are", () => {
    const one = board("records");
    one.log.write(1, Uint8Array.of(1, 2, 3));
    expect(one.run({ bytes: difference, tag })).toBe("ready");
    one.log.write(2, Uint8Array.of(4));
    one.download.begin(0);
    one.download.drop();
    one.start();
    expect(one.log.read(1)).toEqual(Uint8Array.of(1, 2, 3));
    expect(one.log.read(2)).toEqual(Uint8Array.of(4));
  });
});

describe("what is not the maker's", () => {
  it("costs a chunk each time, and is given up at the third", () => {
    const one = board("meddled");
    const at = 900;
    const file = { bytes: whole, tag };
    const meddle = (bytes: Uint8Array, offset: number): Uint8Array => {
      if (offset <= at && at < offset + bytes.length) bytes[at - offset] ^= 4;
      return bytes;
    };
    expect(one.run({ ...file, meddle })).toEqual({ stage: "chunk", detail: "digest" });
    expect(one.download.fault).toEqual({ stage: "chunk", detail: "digest" });
    expect(one.download.next).toBeUndefined();
    expect(one.download.works).toBe(false);
    expect(one.download.written).toBe(0);
    expect(one.other.flash.erases.every((times) => times === 0)).toBe(true);
    expect(one.bytes).toBeLessThan(3 * (8_192 + 512));
    one.expectNoMisuse();
    // The fault is of that start: the next one may try as often again.
    one.start();
    let left = 2;
    const twice = (bytes: Uint8Array, offset: number): Uint8Array => {
      if (offset <= at && at < offset + bytes.length && left-- > 0) bytes[at - offset] ^= 4;
      return bytes;
    };
    expect(one.run({ ...file, meddle: twice })).toEqual("ready");
    expectMade(one);
  });

  it("may come twice to each chunk", () => {
    const one = board("each");
    const seen = new Map<number, number>();
    const meddle = (bytes: Uint8Array, offset: number): Uint8Array => {
      const times = (seen.get(offset) ?? 0) + 1;
      seen.set(offset, times);
      // Every block is wrong the first two times, but for the head's.
      if (offset >= 512 && times <= 2) bytes[7] ^= 1;
      return bytes;
    };
    const bytes = smallPackage({ image, base: new Uint8Array(0), perChunk: 4_096 });
    expect(one.run({ bytes, tag, meddle })).toBe("ready");
    expectMade(one);
  });

  it("is fetched again, and all is well where it comes right the second time", () => {
    const one = board("once");
    let left = 2;
    const meddle = (bytes: Uint8Array, offset: number): Uint8Array => {
      if (offset >= 5_120 && left > 0) {
        left -= 1;
        bytes[3] ^= 0xff;
      }
      return bytes;
    };
    expect(one.run({ bytes: whole, tag, meddle })).toBe("ready");
    expectMade(one);
    expect(one.bytes).toBeLessThan(whole.length + 2 * 8_192 + 2_048);
  });

  it.each([
    [
      "other digest of the image",
      { stage: "image", detail: "other-digest" },
      (head: Buffer) => head.fill(7, 90, 91),
    ],
    [
      "other digest of the base",
      { stage: "base", detail: "other-image" },
      (head: Buffer) => head.fill(7, 125, 126),
    ],
    [
      "other digest of the first chunk",
      { stage: "chunk", detail: "digest" },
      (head: Buffer) => head.fill(7, 165, 166),
    ],
    ["longer image", { stage: "chunk", detail: "lengths" }, (head: Buffer) => head.writeUInt32BE(31_235, 80)],
    [
      "shorter image",
      { stage: "chunk", detail: "lengths" },
      (head: Buffer) => head.writeUInt32BE(31_233, 80),
    ],
    [
      "image longer than the slot",
      { stage: "chunk", detail: "image-too-long" },
      (head: Buffer) => head.writeUInt32BE(65_537, 80),
    ],
    [
      "base longer than the slot",
      { stage: "chunk", detail: "base-too-long" },
      (head: Buffer) => head.writeUInt32BE(65_537, 116),
    ],
    [
      "other length of the body",
      { stage: "chunk", detail: "other-file-size" },
      (head: Buffer) => head.writeUInt32BE(difference.length - 281, 152),
    ],
    ["other kind", { stage: "chunk", detail: "malformed-head" }, (head: Buffer) => head.fill(2, 5, 6)],
    ["no package", { stage: "chunk", detail: "no-package" }, (head: Buffer) => head.fill(0, 0, 1)],
  ] as const)("a package with another %s is refused", (_name, fault, forgeHead) => {
    const one = board("forged");
    const bytes = smallPackage({ image, base, forgeHead: (head) => void forgeHead(head) });
    expect(one.run({ bytes, tag })).toEqual(fault);
    expect(one.download.ready).toBe(false);
    one.expectNoMisuse();
  });

  it.each([
    ["longer output", "lengths", (chunk: Buffer) => chunk.writeUInt32BE(12_288, 0), 3],
    ["output of no whole sectors", "malformed-chunk", (chunk: Buffer) => chunk.writeUInt32BE(4_097, 0), 0],
    ["no next chunk", "lengths", (chunk: Buffer) => chunk.fill(0, 4, 24), 1],
    ["a next one behind the last", "lengths", (chunk: Buffer) => chunk.writeUInt32BE(100, 4), 3],
  ] as const)("a chunk with %s is refused, though its digest is right", (_name, detail, forge, index) => {
    const one = board("forged chunk");
    const bytes = smallPackage({ image, base, forge: (chunk, i) => void (i === index && forge(chunk)) });
    expect(one.run({ bytes, tag })).toMatchObject({ stage: "chunk" });
    expect([detail, "malformed-chunk"]).toContain(one.download.fault!.detail);
    expect(one.download.ready).toBe(false);
  });

  it("a difference to another image than the running one is refused before a second block is asked for", () => {
    const one = board("another base", smallImage("not the base", 30_000));
    expect(one.run({ bytes: difference, tag })).toEqual({ stage: "base", detail: "other-image" });
    expect(one.fetched).toBe(1);
  });
});
