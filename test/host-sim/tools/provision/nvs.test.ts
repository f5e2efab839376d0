/**
 * NVS images: against those of Espressif's own tool byte for byte, and against a reader that shares no
 * line with the writer.
 */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { pageSize, writeNvsImage } from "../../../../host-sim/tools/provision/nvs-image";
import { readNvsImage } from "../../../../host-sim/tools/provision/nvs-reader";
import { runs } from "../../../density";
import type { NvsContents, NvsProblem } from "../../../../host-sim/tools/provision/nvs-reader";

const partition = 0x6000;

/** An image of Espressif's tool, and what it was made of. */
function vector(name: string): { image: Uint8Array; texts: Record<string, string> } {
  const lines = readFileSync(`test/vectors/nvs/${name}.hex`, "utf8").split("\n");
  const image = new Uint8Array(partition).fill(0xff);
  image.set(Buffer.from(lines.filter((line) => /^[0-9a-f]+$/.test(line)).join(""), "hex"));
  const texts: Record<string, string> = {};
  for (const line of lines) {
    const match = /^# {3}(\w+),data,string,(.*)$/.exec(line);
    if (match !== null) texts[match[1]] = match[2];
  }
  return { image, texts };
}

const vectors = ["three-keys", "imei", "full-entries", "longest"];

function textsOf(contents: NvsContents | NvsProblem, namespace = "enos"): Record<string, string> {
  if ("problem" in contents) throw new Error(contents.problem);
  const texts: Record<string, string> = {};
  for (const [key, value] of contents.namespaces.get(namespace) ?? []) {
    if (value.type !== "string") throw new Error(`${key} is a ${value.type}`);
    texts[key] = value.value;
  }
  return texts;
}

/** CRC-32 as NVS takes it, a third one: by division of polynomials over the bits, as in the books. */
function crc(...parts: Uint8Array[]): number {
  let rest = 0n;
  for (const byte of Buffer.concat(parts)) {
    for (let bit = 0; bit < 8; bit++) {
      const next = BigInt((byte >> bit) & 1) ^ (rest >> 31n);
      rest = ((rest << 1n) & 0xffffffffn) ^ (next === 1n ? 0x04c11db7n : 0n);
    }
  }
  let out = 0;
  for (let bit = 0; bit < 32; bit++) if (((rest >> BigInt(bit)) & 1n) === 0n) out |= 1 << (31 - bit);
  return out >>> 0;
}

/** A page put together entry by entry, so that hostile ones have sound checksums. */
function page(entries: Uint8Array[], { sequence = 0, state = 0xfffffffe, version = 0xfe } = {}): Uint8Array {
  const bytes = Buffer.alloc(pageSize, 0xff);
  bytes.writeUInt32LE(state, 0);
  bytes.writeUInt32LE(sequence, 4);
  bytes[8] = version;
  bytes.writeUInt32LE(crc(bytes.subarray(4, 28)), 28);
  entries.forEach((entry, i) => {
    bytes[32 + (i >> 2)] &= ~(1 << (2 * (i & 3)));
    bytes.set(entry, 64 + 32 * i);
  });
  return bytes;
}

function entry(head: [number, number, number, number], key: string, data: number[]): Uint8Array {
  const bytes = Buffer.alloc(32, 0xff);
  bytes.set(head);
  bytes.fill(0, 8, 24).write(key, 8, 16, "latin1");
  bytes.set(data, 24);
  bytes.writeUInt32LE(crc(bytes.subarray(0, 4), bytes.subarray(8)), 4);
  return bytes;
}

const enos = entry([0, 0x01, 1, 0xff], "enos", [1]);

/** A text's entries; `length` and `span` may lie. */
function text(
  key: string,
  value: string,
  { length = -1, span = -1, type = 0x21, chunk = 0xff } = {},
): Uint8Array[] {
  const data = Buffer.from(`${value}\0`);
  const size = length < 0 ? data.length : length;
  const sum = crc(data);
  const entries = Math.ceil(data.length / 32);
  const head = entry([1, type, span < 0 ? 1 + entries : span, chunk], key, [
    ...[size & 0xff, size >> 8, 0xff, 0xff],
    ...[sum & 0xff, (sum >> 8) & 0xff, (sum >> 16) & 0xff, sum >>> 24],
  ]);
  const body = Buffer.alloc(32 * entries, 0xff);
  body.set(data);
  return [head, ...Array.from({ length: entries }, (_, i) => body.subarray(32 * i, 32 * i + 32))];
}

/** Pages that make a partition, with empty ones behind. */
function image(...pages: Uint8Array[]): Uint8Array {
  const bytes = Buffer.alloc(0x3000, 0xff);
  pages.forEach((each, i) => bytes.set(each, i * pageSize));
  return bytes;
}

const problem = (bytes: Uint8Array): string | undefined => {
  const read = readNvsImage(bytes);
  return "problem" in read ? read.problem : undefined;
};

describe("images of Espressif's own tool", () => {
  test.each(vectors)("%s comes out the same, byte for byte", (name) => {
    const { image, texts } = vector(name);
    expect(Object.keys(texts).length).toBeGreaterThan(1);
    const ours = writeNvsImage(partition, { namespace: "enos", texts });
    expect(Buffer.from(ours).equals(image)).toBe(true);
  });

  test.each(vectors)("%s is read", (name) => {
    const { image, texts } = vector(name);
    const contents = readNvsImage(image) as NvsContents;
    expect(textsOf(contents)).toEqual(texts);
    expect([...contents.namespaces.keys()]).toEqual(["enos"]);
    expect(contents.emptyPages).toBe(5);
  });
});

describe("the writer", () => {
  it("writes what the reader reads, for any texts", () => {
    const letter = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const word = fc.string({ unit: letter, minLength: 1, maxLength: 15 });
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: "grapheme", maxLength: 100 }),
      fc.integer({ min: 25, max: 100 }).map((n) => "x".repeat(n)),
    );
    fc.assert(
      fc.property(word, fc.dictionary(word, value, { maxKeys: 5 }), (namespace, texts) => {
        const storable = Object.entries(texts).filter(
          ([, each]) => !each.includes("\0") && Buffer.from(each).toString() === each,
        );
        const wanted = Object.fromEntries(storable);
        const bytes = writeNvsImage(0x3000, { namespace, texts: wanted });
        expect(textsOf(readNvsImage(bytes), namespace)).toEqual(wanted);
      }),
      { numRuns: runs(100) },
    );
  });

  it("fills a page to its last entry and no further", () => {
    // One entry for the namespace, one for the text's own, 124 for its bytes.
    const most = "m".repeat(124 * 32 - 1);
    const bytes = writeNvsImage(partition, { namespace: "enos", texts: { most } });
    expect(textsOf(readNvsImage(bytes))).toEqual({ most });
    expect(bytes[63]).toBe(0xfa);
    expect(() => writeNvsImage(partition, { namespace: "enos", texts: { most: `${most}m` } })).toThrow(
      RangeError,
    );
  });

  test.each([
    ["no pages", 0, "enos", "k", "v"],
    ["two pages", 0x2000, "enos", "k", "v"],
    ["half a page", 0x3800, "enos", "k", "v"],
    ["no number", Number.NaN, "enos", "k", "v"],
    ["no namespace", 0x3000, "", "k", "v"],
    ["a long namespace", 0x3000, "n".repeat(16), "k", "v"],
    ["a long key", 0x3000, "enos", "k".repeat(16), "v"],
    ["a key that is not ASCII", 0x3000, "enos", "ключ", "v"],
    ["a key with a line end", 0x3000, "enos", "k\n", "v"],
    ["a text with a zero", 0x3000, "enos", "k", "secret\0more"],
    ["half a surrogate pair", 0x3000, "enos", "k", "secret\ud800"],
  ])("refuses %s, and quotes no text", (_, size, namespace, key, value) => {
    let message = "";
    try {
      writeNvsImage(size, { namespace, texts: { [key]: value } });
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      message = (error as Error).message;
    }
    expect(message).not.toBe("");
    expect(message).not.toContain("secret");
  });
});

describe("the reader", () => {
  it("reads integers, erased entries, several pages and namespaces", () => {
    const first = page(
      [
        enos,
        entry([0, 0x01, 1, 0xff], "state", [2]),
        entry([2, 0x14, 1, 0xff], "count", [0xfe, 0xff, 0xff, 0xff]),
        Buffer.alloc(32, 0x00),
        ...text("productKey", "PK"),
        ...text("blob", "b".repeat(40), { type: 0x42, chunk: 0 }),
        entry([1, 0x48, 1, 0xff], "blob", [41, 0, 0, 0, 1, 0, 0xff, 0xff]),
      ],
      { state: 0xfffffffc },
    );
    first[32] &= 0x3f;
    const second = page(
      [...text("deviceKey", "DK"), entry([2, 0x08, 1, 0xff], "big", [1, 0, 0, 0, 0, 0, 0, 1])],
      {
        sequence: 1,
      },
    );
    const contents = readNvsImage(image(first, second)) as NvsContents;
    expect(contents).toEqual({
      emptyPages: 1,
      namespaces: new Map([
        [
          "enos",
          new Map([
            ["productKey", { type: "string", value: "PK" }],
            ["deviceKey", { type: "string", value: "DK" }],
          ]),
        ],
        [
          "state",
          new Map<string, unknown>([
            ["count", { type: "i32", value: -2 }],
            ["big", { type: "u64", value: 0x0100000000000001n }],
          ]),
        ],
      ]),
    });
  });

  const secret = text("deviceSecret", "s".repeat(32));
  const hostile: [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(), /no whole number of pages/],
    ["a part of a page", new Uint8Array(5000), /no whole number of pages/],
    ["zeros", new Uint8Array(0x3000), /unknown state 0x0/],
    ["a page being freed", image(page([enos], { state: 0xfffffff8 })), /unknown state/],
    ["another version", image(page([enos], { version: 0xff })), /version 0xff/],
    ["two pages of one number", image(page([enos], { state: 0xfffffffc }), page([])), /sequence number 0/],
    ["two active pages", image(page([enos]), page([], { sequence: 1 })), /second active page/],
    ["no namespace", image(page(secret)), /namespace 1 has no name/],
    ["a namespace twice", image(page([enos, entry([0, 1, 1, 255], "enos", [2])])), /name is there twice/],
    ["a number twice", image(page([enos, entry([0, 1, 1, 255], "other", [1])])), /two names/],
    ["namespace 0", image(page([entry([0, 1, 1, 255], "enos", [0])])), /no namespace/],
    ["namespace 255", image(page([entry([0, 1, 1, 255], "enos", [255])])), /no namespace/],
    ["a text as namespace", image(page([entry([0, 0x02, 1, 255], "enos", [1])])), /no namespace/],
    ["a key twice", image(page([enos, ...secret, ...secret])), /key is there twice/],
    ["an empty key", image(page([enos, entry([1, 1, 1, 255], "", [0])])), /its key is not/],
    ["a key of 16", image(page([enos, entry([1, 1, 1, 255], "k".repeat(16), [0])])), /its key is not/],
    ["a key with rubbish", image(page([enos, entry([1, 1, 1, 255], "k\0k", [0])])), /its key is not/],
    ["an unknown type", image(page([enos, entry([1, 0x7f, 1, 255], "k", [0])])), /unknown type 0x7f/],
    ["span 0", image(page([enos, entry([1, 1, 0, 255], "k", [0])])), /takes 0 entries/],
    ["span 0 of a text", image(page([enos, ...text("k", "v", { span: 0 })])), /takes 0 entries/],
    ["span 255", image(page([enos, ...text("k", "v", { span: 255 })])), /takes 255 entries/],
    ["a chunk of a text", image(page([enos, ...text("k", "v", { chunk: 0 })])), /chunk/],
    [
      "a text over the end of its page",
      image(page([...Array<Uint8Array>(125).fill(enos), ...text("k", "v")].slice(0, 126))),
      /runs over the end/,
    ],
    [
      "a length of 64 KiB",
      image(page([enos, ...text("k", "v", { length: 0xffff, span: 2049 & 0xff })])),
      /entries for 65535 bytes/,
    ],
    ["a length of 0", image(page([enos, ...text("k", "v", { length: 0, span: 1 })])), /checksum of the data/],
    ["a text cut short", image(page([enos, ...secret.slice(0, 2)])), /entry 3 belongs to it/],
    ["a zero within", image(page([enos, ...text("k", "a\0b")])), /does not end where/],
    [
      "rubbish behind the end",
      image(page([enos, text("k", "v")[0], Buffer.from("v\0x".padEnd(32, "y"))])),
      /behind its end/,
    ],
    [
      "an entry that was never marked",
      image(Buffer.concat([page([enos]).fill(0xff, 32, 64)])),
      /marked as empty/,
    ],
  ];
  test.each(hostile)("refuses %s", (_, bytes, reason) => {
    expect(problem(bytes)).toMatch(reason);
  });

  it("refuses text that is not UTF-8, and marks of entries that do not exist", () => {
    const data = Buffer.from([0xc3, 0x28, 0]);
    const sum = crc(data);
    const head = entry([1, 0x21, 2, 0xff], "k", [
      3,
      0,
      255,
      255,
      sum & 255,
      (sum >> 8) & 255,
      (sum >> 16) & 255,
      sum >>> 24,
    ]);
    expect(problem(image(page([enos, head, Buffer.concat([data, Buffer.alloc(29, 0xff)])])))).toMatch(
      /UTF-8/,
    );
    const marked = page([enos]);
    marked[63] = 0x7f;
    expect(problem(image(marked))).toMatch(/do not exist/);
  });

  it("notices any bit that flips, but for the one that calls the page full", () => {
    const { image, texts } = vector("three-keys");
    const used = 64 + 32 * 8;
    const unseen: number[] = [];
    const bits = [...Array(used * 8).keys()];
    for (let i = 0; i < 300; i++) bits.push(used * 8 + ((i * 7919) % ((partition - used) * 8)));
    for (const bit of bits) {
      image[bit >> 3] ^= 1 << (bit & 7);
      if (problem(image) === undefined) unseen.push(bit);
      image[bit >> 3] ^= 1 << (bit & 7);
    }
    expect(unseen).toEqual([1]);
    expect(textsOf(readNvsImage(image))).toEqual(texts);
  });

  it("takes any bytes, and quotes nothing that stands in them", () => {
    const { image } = vector("three-keys");
    const patch = fc.tuple(fc.nat({ max: 64 + 32 * 12 }), fc.uint8Array({ minLength: 1, maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(patch, { maxLength: 6 }), fc.nat({ max: 3 }), (patches, pages) => {
        const bytes = image.slice(0, pages * pageSize);
        for (const [at, change] of patches) if (at + change.length <= bytes.length) bytes.set(change, at);
        expect(problem(bytes) ?? "").not.toMatch(/QmFzZTY0|AbCdEfGh|86460003/);
      }),
      { numRuns: runs(500) },
    );
  });

  it("takes pages with sound checksums and any entries", () => {
    const any = fc
      .tuple(
        fc.nat(3),
        fc.constantFrom(0x01, 0x02, 0x04, 0x08, 0x21, 0x41, 0x42, 0x48, 0x99),
        fc.nat(255),
        fc.nat(255),
      )
      .chain((head) =>
        fc
          .tuple(fc.constantFrom("enos", "k", ""), fc.array(fc.nat(255), { minLength: 8, maxLength: 8 }))
          .map(([key, data]) => entry(head, key, data)),
      );
    let sound = 0;
    fc.assert(
      fc.property(fc.array(any, { maxLength: 126 }), (entries) => {
        if (problem(image(page([enos, ...entries].slice(0, 126)))) === undefined) sound++;
      }),
    );
    expect(sound).toBeGreaterThan(0);
  });
});
