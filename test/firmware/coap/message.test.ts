import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { WireReader } from "../../../firmware/coap/wire-reader";
import { decode, encode, encodedLength } from "../../../firmware/coap/message";
import { encodeOptions } from "../../../firmware/coap/option";
import { broken, vectors } from "./message-vectors";
import { hex, peerDecode, peerEncode, unhex } from "../../../host-sim/tools/fuzz/peer";
import { density, runs } from "../../density";
import type { Type } from "../../../firmware/coap/code";
import type { FormatFault, Message, OutgoingMessage } from "../../../firmware/coap/message";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

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
const layout = new WireReader();

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
  it("is found so by WireReader", () => {
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
      { seed: 7252, numRuns: runs(500) },
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
      { seed: 7252, numRuns: runs(200) },
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
      { seed: 1, numRuns: runs(5000) },
    );
    expect(good).toBeGreaterThan(density(500, 125));
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
      { seed: 2, numRuns: runs(5000) },
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
      { seed: 3, numRuns: runs(1000) },
    );
  });
});
