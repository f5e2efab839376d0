import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Layout } from "../../firmware/coap/layout";
import { decode, encode, encodedLength } from "../../firmware/coap/message";
import { encodeOptions } from "../../firmware/coap/option";
import { code, hex, peerDecode, peerEncode, unhex } from "./peer";
import type { Type } from "../../firmware/coap/code";
import type { FormatFault, Message, OutgoingMessage } from "../../firmware/coap/message";
import type { Fields } from "./peer";

const a = (count: number): string => "61".repeat(count);
const post = { type: 0, code: 2, messageId: 1 };

/** Messages and their only bytes. CoAP has one form for every message, so each row runs both ways. */
const vectors: [name: string, fields: Fields, bytes: string][] = [
  ["ping", { type: 0, code: 0, messageId: 0x1234 }, "40 00 1234"],
  ["RST", { type: 3, code: 0, messageId: 0xffff }, "70 00 ffff"],
  ["empty ACK", { type: 2, code: 0, messageId: 0 }, "60 00 0000"],
  ["GET of nothing", { type: 0, code: 1, messageId: 0x00ff }, "40 01 00ff"],
  [
    "NON with the longest token",
    { type: 1, code: 2, messageId: 1, token: "0102030405060708" },
    "58 02 0001 0102030405060708",
  ],
  ["payload of one zero byte", { ...post, payload: "00" }, "40 02 0001 ff 00"],
  ["payload of the marker's own byte", { ...post, payload: "ffff" }, "40 02 0001 ff ffff"],
  [
    'RFC 7252 figure 16: 2.05 "22.3 C"',
    { type: 2, code: code("2.05"), messageId: 0x7d34, payload: "32322e332043" },
    "60 45 7d34 ff 32322e332043",
  ],
  [
    "RFC 7252 figure 17: token 0x20",
    { type: 0, code: 1, messageId: 0x7d35, token: "20", options: [[11, "74656d7065726174757265"]] },
    "41 01 7d35 20 bb 74656d7065726174757265",
  ],
  ["option number 0", { ...post, options: [[0, "aa"]] }, "40 02 0001 01 aa"],
  ["empty option value", { ...post, options: [[11, ""]] }, "40 02 0001 b0"],
  [
    "repeated option",
    {
      ...post,
      options: [
        [11, "61"],
        [11, "62"],
      ],
    },
    "40 02 0001 b161 0162",
  ],
  ["delta 12", { ...post, options: [[12, "32"]] }, "40 02 0001 c1 32"],
  ["delta 13", { ...post, options: [[13, "01"]] }, "40 02 0001 d1 00 01"],
  ["delta 268", { ...post, options: [[268, ""]] }, "40 02 0001 d0 ff"],
  ["delta 269", { ...post, options: [[269, ""]] }, "40 02 0001 e0 0000"],
  [
    "delta 12 behind another option",
    {
      ...post,
      options: [
        [11, ""],
        [23, "00"],
      ],
    },
    "40 02 0001 b0 c1 00",
  ],
  ["length 12", { ...post, options: [[11, a(12)]] }, `40 02 0001 bc ${a(12)}`],
  ["length 13", { ...post, options: [[11, a(13)]] }, `40 02 0001 bd 00 ${a(13)}`],
  ["length 268", { ...post, options: [[11, a(268)]] }, `40 02 0001 bd ff ${a(268)}`],
  ["length 269", { ...post, options: [[11, a(269)]] }, `40 02 0001 be 0000 ${a(269)}`],
  ["the longest value, 65804", { ...post, options: [[11, a(65804)]] }, `40 02 0001 be ffff ${a(65804)}`],
  ["the largest number, 65535", { ...post, options: [[65535, "01"]] }, "40 02 0001 e1 fef2 01"],
  [
    "65535 in two steps",
    {
      ...post,
      options: [
        [65534, ""],
        [65535, ""],
      ],
    },
    "40 02 0001 e0 fef1 10",
  ],
  [
    "EnOS's three options",
    {
      type: 2,
      code: code("2.04"),
      messageId: 7,
      token: "c0ffee",
      options: [
        [2100, "2f61"],
        [2101, "41"],
        [2102, ""],
      ],
    },
    "63 44 0007 c0ffee e2 0727 2f61 11 41 10",
  ],
  [
    "delta extended before length",
    { ...post, options: [[2101, "41".repeat(64)]] },
    `40 02 0001 ed 0728 33 ${"41".repeat(64)}`,
  ],
];

/**
 * Datagrams that break one rule of the format, and each with that one thing mended: the mended one is a
 * message, so no other rule was broken.
 */
const broken: [fault: FormatFault, what: string, bytes: string, mended: string][] = [
  ["short", "no bytes", "", "40 01 0001"],
  ["short", "three bytes", "40 01 00", "40 01 0001"],
  ["version", "version 0", "00 01 0001", "40 01 0001"],
  ["version", "version 2", "80 01 0001", "40 01 0001"],
  ["version", "version 3", "c0 01 0001", "40 01 0001"],
  ["token-length", "TKL 9, token there", `49 01 0001 ${a(9)}`, `48 01 0001 ${a(8)}`],
  ["token-length", "TKL 13, which RFC 8974 extends", `4d 01 0001 00 ${a(13)}`, `48 01 0001 ${a(8)}`],
  ["token-length", "TKL 14, which RFC 8974 extends", `4e 01 0001 0000 ${a(269)}`, `48 01 0001 ${a(8)}`],
  ["token-length", "TKL 15", `4f 01 0001 ${a(15)}`, `48 01 0001 ${a(8)}`],
  ["token-truncated", "one byte of four missing", "44 01 0001 010203", "44 01 0001 01020304"],
  ["token-truncated", "nothing behind the header", "48 01 0001", "40 01 0001"],
  ["token-truncated", "in a response", "61 45 0001", "61 45 0001 01"],
  ["code-class", "1.00", "40 20 0001", "40 02 0001"],
  ["code-class", "1.31", "40 3f 0001", "40 5f 0001"],
  ["code-class", "6.00", "40 c0 0001", "40 a0 0001"],
  ["code-class", "6.01", "40 c1 0001", "40 a1 0001"],
  ["code-class", "7.00", "40 e0 0001", "40 a0 0001"],
  ["code-class", "7.31", "40 ff 0001", "40 bf 0001"],
  ["empty-with-content", "0.00 with a token", "41 00 0001 aa", "41 01 0001 aa"],
  ["empty-with-content", "0.00 with TKL but no token", "42 00 0001", "40 00 0001"],
  ["empty-with-content", "0.00 with an option", "40 00 0001 b1 61", "40 01 0001 b1 61"],
  ["empty-with-content", "0.00 with a payload", "40 00 0001 ff 61", "40 02 0001 ff 61"],
  ["empty-with-content", "empty ACK with a payload", "60 00 0001 ff 61", "60 45 0001 ff 61"],
  ["empty-with-content", "RST with a byte behind it", "70 00 0001 00", "70 00 0001"],
  ["option-delta", "delta nibble 15", "40 02 0001 f1 61", "40 02 0001 b1 61"],
  ["option-delta", "delta nibble 15 after an option", "40 02 0001 b1 61 f0", "40 02 0001 b1 61 b0"],
  ["option-delta", "both nibbles 15 but for a bit", "40 02 0001 fe", "40 02 0001 ff fe"],
  ["option-length", "length nibble 15", `40 02 0001 bf ${a(15)}`, `40 02 0001 bc ${a(12)} 12 6161`],
  ["option-length", "length 15 behind an extended delta", "40 02 0001 df 00", "40 02 0001 d0 00"],
  ["option-extension", "delta 13 at the end", "40 02 0001 d0", "40 02 0001 d0 00"],
  ["option-extension", "delta 14 at the end", "40 02 0001 e0", "40 02 0001 e0 0000"],
  ["option-extension", "delta 14 with one byte of two", "40 02 0001 e0 00", "40 02 0001 e0 0000"],
  ["option-extension", "length 13 at the end", "40 02 0001 bd", `40 02 0001 bd 00 ${a(13)}`],
  ["option-extension", "length 14 at the end", "40 02 0001 be", `40 02 0001 be 0000 ${a(269)}`],
  ["option-extension", "length 14, one byte of two", "40 02 0001 be 00", `40 02 0001 be 0000 ${a(269)}`],
  ["option-extension", "length behind a whole delta", "40 02 0001 dd 00", `40 02 0001 dd 00 00 ${a(13)}`],
  ["option-extension", "length 14 behind delta 14", "40 02 0001 ee 0000 00", "40 02 0001 e1 0000 00"],
  ["option-number", "65536 in one delta", "40 02 0001 e0 fef3", "40 02 0001 e0 fef2"],
  ["option-number", "the largest delta, 65804", "40 02 0001 e0 ffff", "40 02 0001 e0 fef2"],
  ["option-number", "65536 in two deltas", "40 02 0001 e0 fef2 10", "40 02 0001 e0 fef2 00"],
  ["option-truncated", "value one byte short", "40 02 0001 b3 6161", "40 02 0001 b2 6161"],
  ["option-truncated", "13-byte value missing", "40 02 0001 bd 00", `40 02 0001 bd 00 ${a(13)}`],
  ["option-truncated", "269-byte value", `40 02 0001 be 0000 ${a(268)}`, `40 02 0001 bd ff ${a(268)}`],
  ["option-truncated", "a marker inside the value", "40 02 0001 b4 61 ff 61", "40 02 0001 b1 61 ff 61"],
  ["payload-empty", "marker right behind the header", "40 02 0001 ff", "40 02 0001 ff 00"],
  ["payload-empty", "marker behind a token", "41 02 0001 aa ff", "41 02 0001 aa ff ff"],
  ["payload-empty", "marker behind an option", "40 02 0001 b1 61 ff", "40 02 0001 b1 61"],
];

function outgoing(fields: Fields): OutgoingMessage {
  return {
    type: fields.type as Type,
    code: fields.code,
    messageId: fields.messageId,
    token: unhex(fields.token ?? ""),
    options: (fields.options ?? []).map(([number, value]) => ({ number, value: unhex(value) })),
    payload: unhex(fields.payload ?? ""),
  };
}

function fieldsOf(message: Message): Required<Fields> {
  return {
    type: message.type,
    code: message.code,
    messageId: message.messageId,
    token: hex(message.token),
    options: message.options.map(({ number, value }) => [number, hex(value)] as const),
    payload: hex(message.payload),
  };
}

const filled = (fields: Fields): Required<Fields> => ({ token: "", options: [], payload: "", ...fields });

function encoded(message: OutgoingMessage): Uint8Array {
  const out = new Uint8Array(encodedLength(message));
  expect(encode(message, out)).toBe(out.length);
  return out;
}

/**
 * The bytes in the middle of a larger buffer, as modems hand them over. What lies around them would do
 * as options, as a value and as a payload, so that reading past the end does not go unseen.
 */
function inside(bytes: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(bytes.length + 600).fill(0x41);
  buffer.set(bytes, 5);
  return buffer.subarray(5, 5 + bytes.length);
}

const decodeInside = (bytes: Uint8Array): Message | FormatFault => decode(inside(bytes));

/** One for all: what a datagram leaves behind must not show in the next. */
const layout = new Layout();

/** What the offsets say. */
function layoutFields(datagram: Uint8Array): Required<Fields> | FormatFault {
  const fault = layout.read(datagram);
  if (fault !== undefined) return fault;
  const part = (start: number, end: number): string => {
    expect(start).toBeLessThanOrEqual(end);
    expect(end).toBeLessThanOrEqual(datagram.length);
    return hex(datagram.subarray(start, end));
  };
  const options: [number, string][] = [];
  while (layout.nextOption()) {
    const { optionNumber, optionStart, optionLength } = layout;
    options.push([optionNumber, part(optionStart, optionStart + optionLength)]);
  }
  expect(options.length).toBe(layout.optionCount);
  return {
    type: layout.type,
    code: layout.code,
    messageId: layout.messageId,
    token: part(4, 4 + layout.tokenLength),
    options,
    payload: part(layout.payloadStart, layout.end),
  };
}

describe.each(vectors)("%s", (_name, fields, bytes) => {
  it("is written so", () => expect(hex(encoded(outgoing(fields)))).toBe(hex(unhex(bytes))));
  it("is read so", () => {
    const message = decodeInside(unhex(bytes));
    if (typeof message === "string") throw new Error(`refused: ${message}`);
    expect(fieldsOf(message)).toEqual(filled(fields));
  });
  it("is found so by Layout", () => {
    expect(layoutFields(unhex(bytes))).toEqual(filled(fields));
    expect(layoutFields(inside(unhex(bytes)))).toEqual(filled(fields));
  });
  it("is what coap-packet writes and reads", () => {
    expect(hex(peerEncode(fields))).toBe(hex(unhex(bytes)));
    expect(peerDecode(unhex(bytes))).toEqual(filled(fields));
  });
});

describe("bytes that are no message", () => {
  test.each(broken)("%s: %s", (fault, _what, bytes, mended) => {
    expect(decode(unhex(bytes))).toBe(fault);
    expect(decodeInside(unhex(bytes))).toBe(fault);
    expect(layoutFields(inside(unhex(bytes)))).toBe(fault);
    const message = decodeInside(unhex(mended));
    if (typeof message === "string") throw new Error(`the mended one has another fault: ${message}`);
    expect(hex(encoded(message))).toBe(hex(unhex(mended)));
    expect(layoutFields(inside(unhex(mended)))).toEqual(fieldsOf(message));
  });

  test.each(vectors)("%s, cut off anywhere", (_name, fields, bytes) => {
    const whole = unhex(bytes);
    // Where the message may end: behind the header and token, behind each option, in the payload.
    const { token, options, payload } = outgoing(fields);
    const ends = new Set([4 + token!.length]);
    for (let i = 1; i <= options!.length; i++) {
      ends.add(4 + token!.length + encodeOptions(options!.slice(0, i)).bytes.length);
    }
    for (let i = 0; i < payload!.length; i++) ends.add(whole.length - i);
    for (let end = Math.max(0, whole.length - 300); end < whole.length; end++) {
      expect(typeof decodeInside(whole.slice(0, end))).toBe(ends.has(end) ? "object" : "string");
    }
  });

  it("have a vector for every fault there is", () => {
    const every: Record<FormatFault, true> = {
      short: true,
      version: true,
      "token-length": true,
      "token-truncated": true,
      "code-class": true,
      "empty-with-content": true,
      "option-delta": true,
      "option-length": true,
      "option-extension": true,
      "option-number": true,
      "option-truncated": true,
      "payload-empty": true,
    };
    expect(new Set(broken.map(([fault]) => fault))).toEqual(new Set(Object.keys(every)));
  });
});

describe("the caller's mistakes", () => {
  const out = new Uint8Array(80_000);
  const withOptions = (...numbers: number[]): OutgoingMessage => ({
    type: 0,
    code: 2,
    messageId: 1,
    options: numbers.map((number) => ({ number, value: new Uint8Array(1) })),
  });

  it("are named: token, order, number, value, room", () => {
    expect(() => encode({ type: 0, code: 1, messageId: 1, token: new Uint8Array(9) }, out)).toThrow(
      "at most 8 bytes, got 9",
    );
    expect(() => encode(withOptions(12, 11), out)).toThrow("ascending order");
    expect(() => encode(withOptions(65536), out)).toThrow("at most 65535, got 65536");
    expect(() => encode(withOptions(65535, 65536), out)).toThrow("at most 65535, got 65536");
    expect(() => encodeOptions(withOptions(65536).options!)).toThrow("at most 65535");
    expect(() => encodeOptions(withOptions(12, 11).options!)).toThrow("ascending order");
    expect(() => encodeOptions([{ number: 1, value: new Uint8Array(65805) }])).toThrow(
      "at most 65804 bytes, got 65805",
    );
    expect(() => encode(withOptions(1), new Uint8Array(5))).toThrow("takes 6 bytes, the buffer has 5");
  });

  it("include a buffer too small by any number of bytes, and nothing is written outside it", () => {
    const fixed = encodeOptions([{ number: 11, value: new Uint8Array(20) }]);
    const message: OutgoingMessage = {
      ...withOptions(12, 300, 60_000),
      token: new Uint8Array(8),
      fixed,
      payload: new Uint8Array(9),
    };
    const needed = encodedLength(message);
    const buffer = new Uint8Array(needed + 32);
    for (let room = 0; room <= needed; room++) {
      buffer.fill(0xa5);
      const attempt = (): number => encode(message, buffer.subarray(16, 16 + room));
      if (room === needed) expect(attempt()).toBe(needed);
      else expect(attempt).toThrow(`takes ${needed} bytes, the buffer has ${room}`);
      expect(buffer.subarray(0, 16).every((byte) => byte === 0xa5)).toBe(true);
      expect(buffer.subarray(16 + room).every((byte) => byte === 0xa5)).toBe(true);
    }
    expect(() => encode({ type: 0, code: 1, messageId: 1 }, new Uint8Array(3))).toThrow("has 3");
  });

  it("include options below the last fixed one", () => {
    const fixed = encodeOptions([{ number: 12, value: new Uint8Array(0) }]);
    expect(() => encode({ ...withOptions(11), fixed }, out)).toThrow("ascending order");
  });
});

const byteArray = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

/** Messages of every shape: numbers and lengths crowd around the borders of the extensions. */
const messages: fc.Arbitrary<OutgoingMessage & { options: { number: number; value: Uint8Array }[] }> = fc
  .record({
    type: fc.constantFrom<Type[]>(0, 1, 2, 3),
    code: fc.integer({ min: 1, max: 255 }).filter((byte) => ![1, 6, 7].includes(byte >> 5)),
    messageId: fc.integer({ min: 0, max: 0xffff }),
    token: byteArray(8),
    options: fc.array(
      fc.record({
        number: fc.oneof(
          fc.nat(30),
          fc.constantFrom(12, 13, 268, 269, 2100, 2101, 2102, 65534, 65535),
          fc.nat(65535),
        ),
        value: fc.oneof(
          byteArray(20),
          fc.constantFrom(12, 13, 268, 269, 270).map((n) => new Uint8Array(n).fill(n)),
        ),
      }),
      { maxLength: 8 },
    ),
    payload: byteArray(40),
  })
  .map((message) => ({ ...message, options: message.options.sort((x, y) => x.number - y.number) }));

/** Random bytes find few deep paths: damaged messages find the rest. */
const datagrams: fc.Arbitrary<Uint8Array> = fc.oneof(
  byteArray(40),
  fc
    .tuple(
      messages,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      fc.nat(),
    )
    .map(([message, damage, cut]) => {
      const bytes = encoded(message);
      for (const [at, value] of damage) bytes[at % bytes.length] = value;
      return cut % 3 === 0 ? bytes.slice(0, cut % (bytes.length + 1)) : bytes;
    }),
);

describe("for every message", () => {
  it("decoding what was encoded gives it back, and coap-packet agrees both ways", () => {
    fc.assert(
      fc.property(messages, (message) => {
        const bytes = encoded(message);
        const back = decodeInside(bytes);
        if (typeof back === "string") throw new Error(back);
        const fields: Required<Fields> = {
          type: message.type,
          code: message.code,
          messageId: message.messageId,
          token: hex(message.token!),
          options: message.options.map(({ number, value }) => [number, hex(value)] as const),
          payload: hex(message.payload!),
        };
        expect(fieldsOf(back)).toEqual(fields);
        expect(peerDecode(bytes)).toEqual(fields);
        expect(hex(peerEncode(fields))).toBe(hex(bytes));
      }),
      { seed: 7252, numRuns: 500 },
    );
  });

  it("options encoded beforehand give the same bytes, wherever the list is cut", () => {
    fc.assert(
      fc.property(messages, fc.nat(), (message, at) => {
        const cut = at % (message.options.length + 1);
        const fixed = encodeOptions(message.options.slice(0, cut));
        const split = { ...message, fixed, options: message.options.slice(cut) };
        expect(hex(encoded(split))).toBe(hex(encoded(message)));
      }),
      { seed: 7252, numRuns: 200 },
    );
  });
});

describe("for any bytes", () => {
  it("decode answers with a fault or a message that encodes to the very same bytes", () => {
    let good = 0;
    fc.assert(
      fc.property(datagrams, (bytes) => {
        const message = decodeInside(bytes);
        if (typeof message === "string") return;
        good += 1;
        expect(hex(encoded(message))).toBe(hex(bytes));
      }),
      { seed: 1, numRuns: 5000 },
    );
    expect(good).toBeGreaterThan(500);
  });

  it("what decode accepts, coap-packet reads the same; what coap-packet refuses, decode refuses", () => {
    fc.assert(
      fc.property(datagrams, (bytes) => {
        const message = decode(bytes);
        let peer: Required<Fields> | undefined;
        try {
          peer = peerDecode(bytes);
        } catch {
          peer = undefined;
        }
        if (typeof message !== "string") expect(fieldsOf(message)).toEqual(peer);
        else if (peer !== undefined) {
          // Where coap-packet is more lenient, by rule (RFC 7252 sections 3 and 3.1).
          expect([
            "token-length",
            "token-truncated",
            "code-class",
            "empty-with-content",
            "option-number",
            "option-truncated",
            "payload-empty",
          ]).toContain(message);
        }
      }),
      { seed: 2, numRuns: 5000 },
    );
  });

  it("what comes back are views into the datagram, none outside it", () => {
    fc.assert(
      fc.property(datagrams, (bytes) => {
        const buffer = new Uint8Array(bytes.length + 8);
        const datagram = buffer.subarray(4, 4 + bytes.length);
        datagram.set(bytes);
        const message = decode(datagram);
        if (typeof message === "string") return;
        for (const view of [
          message.token,
          message.payload,
          ...message.options.map((option) => option.value),
        ]) {
          if (view.length === 0) continue;
          expect(view.buffer).toBe(buffer.buffer);
          expect(view.byteOffset).toBeGreaterThanOrEqual(8);
          expect(view.byteOffset + view.length).toBeLessThanOrEqual(4 + bytes.length);
        }
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});
