/**
 * What the sealed script is built of, alone: AES, SHA-256 in HMAC, and CCM, against other people's vectors and node:crypto.
 */
import { createCipheriv, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { ccmSeal } from "./seal-oracle";
import { loadSealed } from "./seal-oracle";
import { example, unhex } from "./script";
import { runs } from "../../density";

type Words = number[];

/** Functions of the script that nobody calls from outside. */
interface Primitives {
  wordsOf(bytes: number[]): Words;
  bytesOf(words: Words): number[];
  scheduleOf(key: Words): Words;
  encryptBlock(schedule: Words, block: Words): void;
  padsOf(key: Words): object;
  hmac(pads: object, bytes: number[]): Words;
  ccmSeal(schedule: Words, nonce: number[], data: Words, plain: number[]): number[];
  ccmOpen(schedule: Words, nonce: number[], data: Words, bytes: number[], at: number): number[] | null;
  dataOf(external: number[]): Words;
  byteString(bytes: number[]): number[];
  checkDigit(digits: string): string;
}
const script = loadSealed(example) as unknown as Primitives;

function vectors<T>(name: string, member = "vectors"): T[] {
  const file = JSON.parse(readFileSync(`test/vectors/${name}.json`, "utf8")) as Record<string, T[]>;
  return file[member];
}
const hex = (bytes: ArrayLike<number>): string => Buffer.from(Array.from(bytes)).toString("hex");
const bytes = (digits: string): number[] => [...unhex(digits)];
/** As CCM takes what is authenticated beside the message: behind its length, in whole blocks. */
const dataWords = (data: number[]): Words => script.wordsOf([data.length >> 8, data.length & 0xff, ...data]);
const scheduleOf = (key: string): Words => script.scheduleOf(script.wordsOf(bytes(key)));
/** A key of less than 32 bytes is one with zeros behind it (RFC 2104). */
const padsOf = (key: string): object => script.padsOf(script.wordsOf(bytes(key.padEnd(64, "0"))));

interface AesVector {
  readonly appendix: string;
  readonly key: string;
  readonly plain: string;
  readonly encrypted: string;
}
test.each(vectors<AesVector>("fips197"))("AES: FIPS 197 appendix $appendix", ({ key, plain, encrypted }) => {
  const block = script.wordsOf(bytes(plain));
  script.encryptBlock(scheduleOf(key), block);
  expect(hex(script.bytesOf(block))).toBe(encrypted);
});

interface MacVector {
  readonly key: string;
  readonly data: string;
  readonly mac: string;
}
test.each(vectors<MacVector & { case: number }>("rfc4231"))(
  "HMAC: RFC 4231 case $case",
  ({ key, data, mac }) => {
    expect(hex(script.bytesOf(script.hmac(padsOf(key), bytes(data))))).toBe(mac);
  },
);

test.each(vectors<{ case: number; extracted: string; info: string; expanded: string }>("rfc5869"))(
  "HKDF-Expand, 32 bytes: RFC 5869 appendix A.$case",
  ({ extracted, info, expanded }) => {
    const made = script.hmac(padsOf(extracted), [...bytes(info), 1]);
    expect(hex(script.bytesOf(made))).toBe(expanded.slice(0, 64));
  },
);

interface CcmVector {
  readonly key: string;
  readonly nonce: string;
  readonly plain: string;
  readonly sealed: string;
}
test.each(vectors<CcmVector & { vector: number; additional: string }>("rfc3610"))(
  "CCM: RFC 3610 packet vector $vector",
  ({ key, nonce, additional, plain, sealed }) => {
    const data = dataWords(bytes(additional));
    expect(hex(script.ccmSeal(scheduleOf(key), bytes(nonce), data, bytes(plain)))).toBe(sealed);
    expect(hex(script.ccmOpen(scheduleOf(key), bytes(nonce), data, bytes(`ffff${sealed}`), 2)!)).toBe(plain);
  },
);

test.each(vectors<CcmVector & { example: string; structure: string }>("cose", "encrypt0"))(
  "COSE_Encrypt0: $example",
  ({ key, nonce, structure, plain, sealed }) => {
    const data = script.dataOf([]);
    expect(data).toEqual(dataWords(bytes(structure)));
    expect(hex(script.ccmSeal(scheduleOf(key), bytes(nonce), data, bytes(plain)))).toBe(sealed);
    expect(hex(script.ccmOpen(scheduleOf(key), bytes(nonce), data, bytes(sealed), 0)!)).toBe(plain);
  },
);

test.each(vectors<{ example: string; key: string; structure: string; mac: string }>("cose", "mac0"))(
  "COSE_Mac0: $example",
  ({ key, structure, mac }) => {
    expect(hex(script.bytesOf(script.hmac(padsOf(key), bytes(structure))).slice(0, 8))).toBe(mac);
  },
);

describe("against node:crypto", () => {
  const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const array = (value: Uint8Array): number[] => [...value];

  it("AES of any block under any key", () => {
    fc.assert(
      fc.property(key, key, (secret, plain) => {
        const cipher = createCipheriv("aes-128-ecb", secret, null).setAutoPadding(false);
        const block = script.wordsOf(array(plain));
        script.encryptBlock(script.scheduleOf(script.wordsOf(array(secret))), block);
        expect(hex(script.bytesOf(block))).toBe(cipher.update(plain).toString("hex"));
      }),
      { numRuns: runs(1000) },
    );
  });

  it("HMAC of every length up to three blocks, and of a long message", () => {
    const secret = Buffer.alloc(32, 0x5a);
    const pads = script.padsOf(script.wordsOf(array(secret)));
    for (const length of [...Array(200).keys(), 4095, 4096, 20_000]) {
      const message = Buffer.alloc(length, length);
      const mac = createHmac("sha256", secret).update(message).digest("hex");
      expect([length, hex(script.bytesOf(script.hmac(pads, array(message))))]).toEqual([length, mac]);
    }
  });

  it("CCM of every length up to five blocks, and of data of any length", () => {
    const secret = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
    const schedule = script.scheduleOf(script.wordsOf(array(secret)));
    const nonce = Buffer.alloc(13, 0xe7);
    for (let length = 1; length <= 80; length++) {
      const plain = Buffer.alloc(length, length);
      const data = Buffer.alloc(1 + ((length * 7) % 90), 0x33);
      const sealed = ccmSeal(secret, nonce, data, plain);
      const words = dataWords(array(data));
      expect([length, hex(script.ccmSeal(schedule, array(nonce), words, array(plain)))]).toEqual([
        length,
        sealed.toString("hex"),
      ]);
      expect(script.ccmOpen(schedule, array(nonce), words, array(sealed), 0)).toHaveLength(length);
    }
  });

  it("CCM of the longest message that may come, whose blocks need two bytes to be counted", () => {
    const secret = Buffer.alloc(16, 1);
    const schedule = script.scheduleOf(script.wordsOf(array(secret)));
    const plain = Buffer.alloc(65_000, 0xc5);
    const sealed = ccmSeal(secret, Buffer.alloc(13), Buffer.alloc(20, 9), plain);
    const opened = script.ccmOpen(
      schedule,
      array(Buffer.alloc(13)),
      dataWords(Array(20).fill(9)),
      array(sealed),
      0,
    );
    expect(hex(opened!)).toBe(plain.toString("hex"));
  });

  it("CCM refuses a tag in which a single bit is another", () => {
    const secret = Buffer.alloc(16, 1);
    const schedule = script.scheduleOf(script.wordsOf(array(secret)));
    const sealed = ccmSeal(secret, Buffer.alloc(13), Buffer.alloc(20, 9), Buffer.from("message"));
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const changed = array(sealed);
      changed[bit >> 3] ^= 1 << (bit & 7);
      const data = dataWords(Array(20).fill(9));
      expect([bit, script.ccmOpen(schedule, array(Buffer.alloc(13)), data, changed, 0)]).toEqual([bit, null]);
    }
  });
});

test("an empty message has a tag too", () => {
  // The tag of nothing: CBC-MAC over the head alone, worked out by AES as node:crypto has it.
  const secret = Buffer.alloc(16, 1);
  const nonce = Buffer.alloc(13, 2);
  const aes = (block: Buffer): Buffer => createCipheriv("aes-128-ecb", secret, null).update(block);
  const xor = (one: Buffer, other: Buffer): Buffer => Buffer.from(one.map((byte, i) => byte ^ other[i]));
  const head = aes(Buffer.from([0x59, ...nonce, 0, 0]));
  const mac = aes(xor(head, Buffer.from([0, 3, 7, 7, 7, ...Array<number>(11).fill(0)])));
  const tag = xor(mac, aes(Buffer.from([1, ...nonce, 0, 0]))).subarray(0, 8);
  const schedule = script.scheduleOf(script.wordsOf([...secret]));
  expect(hex(script.ccmSeal(schedule, [...nonce], dataWords([7, 7, 7]), []))).toBe(tag.toString("hex"));
  expect(script.ccmOpen(schedule, [...nonce], dataWords([7, 7, 7]), [...tag], 0)).toEqual([]);
});

test.each([
  [0, "40"],
  [23, "57"],
  [24, "5818"],
  [255, "58ff"],
  [256, "590100"],
  [65_535, "59ffff"],
])("a CBOR string of %d bytes begins as RFC 8949 has it", (length, head) => {
  const string = script.byteString(Array<number>(length).fill(7));
  expect(hex(string.slice(0, head.length / 2))).toBe(head);
  expect(string).toHaveLength(length + head.length / 2);
});

test.each([
  ["35693803564380", "9"],
  ["49015420323751", "8"],
  ["35209900176148", "1"],
  ["00000000000000", "0"],
])("the check digit of %s is %s", (digits, digit) => {
  expect(script.checkDigit(digits)).toBe(digit);
});
