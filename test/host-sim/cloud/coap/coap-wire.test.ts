import coapPacket from "coap-packet";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { code, decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import type { CoapMessage } from "../../../../host-sim/cloud/coap/coap-wire";
import { noBytes, message } from "../harness";
import { density, runs } from "../../../density";

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");

/** Messages and their only bytes; each runs in both directions. */
const wellFormedMessages: [string, string, CoapMessage][] = [
  ["ping", "40 00 12 34", message({ code: 0, messageId: 0x1234 })],
  ["RST", "70 00 ff ff", message({ type: 3, code: 0, messageId: 0xffff })],
  ["empty ACK", "60 00 00 00", message({ type: 2, code: 0, messageId: 0 })],
  ["GET without anything", "40 01 00 01", message({ code: 1 })],
  [
    "NON POST with the longest token",
    "58 02 00 01 0102030405060708",
    message({ type: 1, token: hex("0102030405060708") }),
  ],
  ["payload alone", "40 02 00 01 ff 00", message({ payload: hex("00") })],
  ["a payload of the marker's byte", "40 02 00 01 ff ff", message({ payload: hex("ff") })],
  ["an empty option value", "40 02 00 01 b0", message({ options: [{ number: 11, value: noBytes }] })],
  ["option number 0", "40 02 00 01 01 aa", message({ options: [{ number: 0, value: hex("aa") }] })],
  [
    "repeated option: delta 0",
    "40 02 00 01 b1 61 01 62",
    message({
      options: [
        { number: 11, value: hex("61") },
        { number: 11, value: hex("62") },
      ],
    }),
  ],
  ["delta 12", "40 02 00 01 c1 32", message({ options: [{ number: 12, value: hex("32") }] })],
  ["delta 13, a byte more", "40 02 00 01 d1 00 01", message({ options: [{ number: 13, value: hex("01") }] })],
  ["delta 268", "40 02 00 01 d0 ff", message({ options: [{ number: 268, value: noBytes }] })],
  [
    "delta 269, two bytes more",
    "40 02 00 01 e0 0000",
    message({ options: [{ number: 269, value: noBytes }] }),
  ],
  ["option 2101", "40 02 00 01 e1 0728 41", message({ options: [{ number: 2101, value: hex("41") }] })],
  ["the largest option", "40 02 00 01 e0 fef2", message({ options: [{ number: 65535, value: noBytes }] })],
  [
    "a value of 12 bytes",
    `40 02 00 01 bc ${"61".repeat(12)}`,
    message({ options: [{ number: 11, value: hex("61".repeat(12)) }] }),
  ],
  [
    "a value of 13 bytes",
    `40 02 00 01 bd 00 ${"61".repeat(13)}`,
    message({ options: [{ number: 11, value: hex("61".repeat(13)) }] }),
  ],
  [
    "a value of 269 bytes",
    `40 02 00 01 be 0000 ${"61".repeat(269)}`,
    message({ options: [{ number: 11, value: hex("61".repeat(269)) }] }),
  ],
  [
    "delta before length when both are extended",
    `40 02 00 01 ed 0728 33 ${"41".repeat(64)}`,
    message({ options: [{ number: 2101, value: hex("41".repeat(64)) }] }),
  ],
  [
    "the example of RFC 7252 figure 16: 2.05 with a payload",
    "60 45 7d34 ff 32322e332043",
    message({ type: 2, code: code(2, 5), messageId: 0x7d34, payload: Buffer.from("22.3 C") }),
  ],
];

describe.each(wellFormedMessages)("%s", (_name, text, expected) => {
  it("is read", () => expect(plain(decodeCoap(hex(text)))).toEqual(plain(expected)));
  it("is written", () => {
    expect(Buffer.from(encodeCoap(expected)).toString("hex")).toBe(text.replaceAll(" ", ""));
  });
});

/** One datagram per rule; `answerable` means that type and message id came back with the reason. */
const malformed: [string, string, RegExp, answerable: boolean][] = [
  ["no bytes", "", /0 bytes/, false],
  ["3 bytes", "40 01 00", /3 bytes/, false],
  ["version 0", "00 01 00 07", /version 0/, false],
  ["version 2", "80 01 00 07", /version 2/, false],
  ["version 3", "c0 01 00 07", /version 3/, false],
  ...[9, 10, 11, 12, 13, 14, 15].map((length): [string, string, RegExp, boolean] => {
    const text = `4${length.toString(16)} 01 00 07 ${"00".repeat(16)}`;
    return [`token length ${length}`, text, /reserved/, true];
  }),
  ["token cut off", "44 01 00 07 010203", /token of 4 bytes, 3 left/, true],
  ["token missing", "41 01 00 07", /token of 1 bytes, 0 left/, true],
  ["delta 15", "40 01 00 07 f1 00", /delta 15/, true],
  ["delta 15, length 15 less the marker", "40 01 00 07 f0", /delta 15/, true],
  ["length 15", "40 01 00 07 1f 00", /length 15/, true],
  ["delta 13 without its byte", "40 01 00 07 d0", /extended/, true],
  ["delta 14 without its bytes", "40 01 00 07 e0", /extended/, true],
  ["delta 14 with one of its bytes", "40 01 00 07 e0 00", /extended/, true],
  ["length 13 without its byte", "40 01 00 07 1d", /extended/, true],
  ["length 14 without its bytes", "40 01 00 07 1e", /extended/, true],
  ["length 14 with one of its bytes", "40 01 00 07 1e 00", /extended/, true],
  ["delta 13 and length 13 with one byte", "40 01 00 07 dd 00", /extended/, true],
  ["delta 14 and length 14 with three bytes", "40 01 00 07 ee 000000", /extended/, true],
  ["option number 65536", "40 01 00 07 e0 fef3", /65536 is larger/, true],
  ["option number 65804", "40 01 00 07 e0 ffff", /65804 is larger/, true],
  ["option numbers that add up to 65536", "40 01 00 07 e0 fef2 10", /65536 is larger/, true],
  ["value past the end", "40 01 00 07 b4 616263", /has 4 bytes, 3 left/, true],
  ["long value past the end", "40 01 00 07 be ffff 00", /has 65804 bytes, 1 left/, true],
  ["value of the second option past the end", "40 01 00 07 b1 61 01", /has 1 bytes, 0 left/, true],
  ["marker without payload", "40 01 00 07 ff", /marker/, true],
  ["marker without payload after an option", "40 01 00 07 b1 61 ff", /marker/, true],
  ["empty message with a token", "41 00 00 07 61", /empty message/, true],
  ["empty message with a token announced", "41 00 00 07", /empty message/, true],
  ["empty message with a byte behind", "40 00 00 07 00", /empty message/, true],
  ["empty message with a payload", "70 00 00 07 ff 61", /empty message/, true],
  ["65 options", `40 01 00 07 b1 61 ${"00".repeat(64)}`, /more than 64 options/, true],
  ["sixty thousand options", `50 02 00 07 b0 ${"00".repeat(60_000)}`, /more than 64 options/, true],
  ["code class 1", "40 20 00 07", /class 1/, true],
  ["code class 6", "40 c0 00 07", /class 6/, true],
  ["code class 7", "40 ff 00 07", /class 7/, true],
];

test.each(malformed)("%s is malformed", (_name, text, reason, answerable) => {
  const bytes = hex(text);
  const result = decodeCoap(bytes);
  if (!("malformed" in result)) throw new Error("was accepted");
  expect(result.malformed).toMatch(reason);
  if (answerable) expect(result).toMatchObject({ type: (bytes[0] >> 4) & 3, messageId: 7 });
  else expect(Object.keys(result)).toEqual(["malformed"]);
});

const bytesUpTo = (longest: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: longest });
const anyMessage: fc.Arbitrary<CoapMessage> = fc.record({
  type: fc.constantFrom(0, 1, 2, 3),
  code: fc.integer({ min: 1, max: 191 }).filter((c) => c >> 5 !== 1 && c >> 5 !== 6),
  messageId: fc.integer({ min: 0, max: 0xffff }),
  token: bytesUpTo(8),
  options: fc
    .array(fc.record({ number: fc.nat(0xffff), value: bytesUpTo(300) }), { maxLength: 6 })
    .map((options) => options.sort((a, b) => a.number - b.number)),
  payload: bytesUpTo(300),
});

it("reads what it writes", () => {
  fc.assert(
    fc.property(anyMessage, (given) => {
      expect(plain(decodeCoap(encodeCoap(given)))).toEqual(plain(given));
    }),
    { seed: 7252, numRuns: runs(2000) },
  );
});

it("reads 64 options", () => {
  const read = decodeCoap(hex(`40 01 00 07 b1 61 ${"00".repeat(63)}`));
  expect(read).toHaveProperty("options.length", 64);
});

it("writes options in ascending order, equal numbers as they came", () => {
  const options = [2101, 11, 11, 3].map((number, i) => ({ number, value: Uint8Array.of(i) }));
  const read = decodeCoap(encodeCoap(message({ options }))) as CoapMessage;
  const order = read.options.map(({ number, value }) => [number, value[0]]);
  expect(order).toEqual([
    [3, 3],
    [11, 1],
    [11, 2],
    [2101, 0],
  ]);
});

it("agrees with coap-packet on well-formed messages, both ways", () => {
  fc.assert(
    fc.property(anyMessage, (given) => {
      const theirs = coapPacket.parse(Buffer.from(encodeCoap(given)));
      expect(theirs.messageId).toBe(given.messageId);
      const types = [theirs.confirmable, theirs.ack, theirs.reset];
      expect(types).toEqual([0, 2, 3].map((type) => type === given.type));
      expect(theirs.code).toBe(`${given.code >> 5}.${String(given.code & 31).padStart(2, "0")}`);
      expect(Buffer.compare(theirs.token, given.token)).toBe(0);
      expect(Buffer.compare(theirs.payload, given.payload)).toBe(0);
      expect(theirs.options.map(({ value }) => value.toString("hex"))).toEqual(
        given.options.map(({ value }) => Buffer.from(value).toString("hex")),
      );
      const again = coapPacket.generate(
        {
          messageId: given.messageId,
          token: Buffer.from(given.token),
          code: theirs.code,
          confirmable: theirs.confirmable,
          ack: theirs.ack,
          reset: theirs.reset,
          options: given.options.map(({ number, value }) => {
            return { name: number as never, value: Buffer.from(value) };
          }),
          payload: Buffer.from(given.payload),
        },
        4096,
      );
      expect(plain(decodeCoap(again))).toEqual(plain(given));
    }),
    { seed: 7252, numRuns: runs(1000) },
  );
});

it("never throws, never reads past the input, whatever the bytes", () => {
  const header = fc.constantFrom(0x40, 0x44, 0x48, 0x50, 0x60, 0x70);
  const likely = fc.tuple(header, bytesUpTo(120)).map(([first, rest]) => Uint8Array.of(first, ...rest));
  let wellFormed = 0;
  fc.assert(
    fc.property(fc.oneof(bytesUpTo(64), likely), (bytes) => {
      const result = decodeCoap(bytes);
      if ("malformed" in result) return;
      wellFormed += 1;
      // A second writing is the judge: what was read is all that was there, but for non-minimal lengths.
      const read = decodeCoap(encodeCoap(result));
      expect(plain(read)).toEqual(plain(result));
      expect(encodeCoap(result).length).toBeLessThanOrEqual(bytes.length);
    }),
    { seed: 7252, numRuns: runs(20_000) },
  );
  expect(wellFormed).toBeGreaterThan(density(500, 125));
});

test.each<[string, Partial<CoapMessage>, RegExp]>([
  ["a token of 9 bytes", { token: new Uint8Array(9) }, /token length/],
  ["message id 65536", { messageId: 65536 }, /message id/],
  ["code 256", { code: 256 }, /code/],
  ["option 65536", { options: [{ number: 65536, value: noBytes }] }, /option number/],
  ["an empty message with payload", { code: 0, payload: hex("00") }, /empty message/],
])("refuses to write %s", (_name, fields, reason) => {
  expect(() => encodeCoap(message(fields))).toThrow(reason);
});

/** The same with bytes as hex, because a Buffer never equals a Uint8Array. */
function plain(given: ReturnType<typeof decodeCoap>): unknown {
  if ("malformed" in given) return given;
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return {
    ...given,
    token: text(given.token),
    payload: text(given.payload),
    options: given.options.map(({ number, value }) => ({ number, value: text(value) })),
  };
}
