/**
 * The offset decoder: the same verdicts and parts as `decode`, nothing outside the datagram, nothing
 * left over from one to the next. The vectors of message.test.ts go through it as well.
 */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { bars } from "../../../host-sim/tools/bench/bars";
import { datagramOf } from "../../../host-sim/tools/bench/codec";
import { benchXsCodec } from "../../../host-sim/tools/bench/xs-codec";
import { WireReader } from "../../../firmware/coap/wire-reader";
import { decode, encode, encodedLength, messageOf } from "../../../firmware/coap/message";
import { xsMissing } from "../../host-sim/sim/board/rig";
import { hex, unhex } from "../../../host-sim/tools/fuzz/peer";
import { density, runs } from "../../density";
import type { FormatFault, Message, OutgoingMessage } from "../../../firmware/coap/message";
import type { Type } from "../../../firmware/coap/code";

function encoded(message: OutgoingMessage): Uint8Array {
  const out = new Uint8Array(encodedLength(message));
  encode(message, out);
  return out;
}

/** Option heads and a few other bytes on which much depends, more often than chance would have them. */
const tellingBytes = fc.constantFrom(0x00, 0x10, 0x0d, 0x0e, 0xd0, 0xdd, 0xe0, 0xee, 0xf0, 0x0f, 0xfe, 0xff);

const options = fc
  .array(
    fc.record({
      number: fc.oneof(fc.nat(40), fc.nat(700), fc.constantFrom(2100, 2101, 2102, 65_535)),
      value: fc.oneof(fc.uint8Array({ maxLength: 15 }), fc.constantFrom(new Uint8Array(269).fill(0xff))),
    }),
    { maxLength: 60 },
  )
  .map((list) => list.sort((x, y) => x.number - y.number));

const messages: fc.Arbitrary<OutgoingMessage> = fc.record({
  type: fc.constantFrom<Type[]>(0, 1, 2, 3),
  code: fc.constantFrom(0x01, 0x02, 0x44, 0x45, 0x5f, 0x80, 0xa0),
  messageId: fc.nat(0xffff),
  token: fc.uint8Array({ maxLength: 8 }),
  options,
  payload: fc.uint8Array({ maxLength: 20 }),
});

/** Noise, noise behind a sound header, messages full of options, and such with bytes changed or lost. */
const datagrams: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .tuple(fc.constantFrom(0, 2, 0x45), fc.array(fc.oneof(tellingBytes, fc.nat(255)), { maxLength: 60 }))
    .map(([code, bytes]) => Uint8Array.of(0x40, code, 0x12, 0x34, ...bytes)),
  messages.map(encoded),
  fc
    .tuple(messages, fc.array(fc.tuple(fc.nat(), fc.oneof(tellingBytes, fc.nat(255))), { maxLength: 4 }))
    .map(([message, damage]) => {
      const bytes = encoded(message);
      for (const [at, value] of damage) bytes[at % bytes.length] = value;
      return bytes;
    }),
  fc.tuple(messages, fc.nat()).map(([message, cut]) => {
    const bytes = encoded(message);
    return bytes.slice(0, cut % (bytes.length + 1));
  }),
);

/** A datagram in the middle of bytes that are all the same. */
function embedded(datagram: Uint8Array, poison: number): Uint8Array {
  const buffer = new Uint8Array(datagram.length + 700).fill(poison);
  buffer.set(datagram, 7);
  return buffer.subarray(7, 7 + datagram.length);
}

/** Everything that a layout has to say, in one text. */
function findings(layout: WireReader, datagram: Uint8Array): string {
  const fault = layout.read(datagram);
  const { type, code, messageId, tokenLength, optionsStart, optionCount, payloadStart, end } = layout;
  const header = fault === "short" || fault === "version" ? [] : [type, code, messageId];
  const parts: unknown[] = [fault, header, tokenLength, optionsStart, optionCount, payloadStart, end];
  parts.push(layout.optionNumber, layout.optionStart, layout.optionLength);
  while (layout.nextOption()) parts.push([layout.optionNumber, layout.optionStart, layout.optionLength]);
  return JSON.stringify(parts);
}

/** The message put together from offsets alone. */
function assembled(layout: WireReader): Message {
  const list = [];
  const { datagram, type, code, messageId, tokenLength, payloadStart, end } = layout;
  while (layout.nextOption()) {
    const { optionNumber: number, optionStart, optionLength } = layout;
    list.push({ number, value: datagram.slice(optionStart, optionStart + optionLength) });
  }
  const token = datagram.slice(4, 4 + tokenLength);
  return { type, code, messageId, token, options: list, payload: datagram.slice(payloadStart, end) };
}

function plain(message: Message | FormatFault): unknown {
  if (typeof message === "string") return message;
  const list = message.options.map(({ number, value }) => `${number}=${hex(value)}`);
  return { ...message, token: hex(message.token), options: list, payload: hex(message.payload) };
}

/** One for all the tests: nothing of a datagram may show in the next. */
const layout = new WireReader();

describe("for any bytes", () => {
  it("the offsets and the views are of the same message, or name the same fault", () => {
    let good = 0;
    const faults = new Set<string>();
    fc.assert(
      fc.property(datagrams, (bytes) => {
        const datagram = embedded(bytes, 0x41);
        const message = decode(datagram);
        const fault = layout.read(datagram);
        if (fault === undefined) good += 1;
        else faults.add(fault);
        expect(plain(fault ?? assembled(layout))).toEqual(plain(message));
        expect(plain(decode(datagram, layout))).toEqual(plain(message));
      }),
      { seed: 7252, numRuns: runs(5000) },
    );
    expect(good).toBeGreaterThan(density(1000, 250));
    expect(faults.size).toBe(12);
  });

  it("what lies around the datagram changes nothing, and no offset leads out of it", () => {
    fc.assert(
      fc.property(datagrams, (bytes) => {
        const expected = findings(new WireReader(), bytes);
        for (const poison of [0x00, 0x11, 0x41, 0xdd, 0xff]) {
          expect(findings(layout, embedded(bytes, poison))).toBe(expected);
        }
        if (layout.read(bytes) !== undefined) return;
        let behind = 4 + layout.tokenLength;
        expect(layout.optionsStart).toBe(behind);
        while (layout.nextOption()) {
          // A head of one to five bytes, then the value.
          expect(layout.optionStart - behind).toBeGreaterThanOrEqual(1);
          expect(layout.optionStart - behind).toBeLessThanOrEqual(5);
          behind = layout.optionStart + layout.optionLength;
        }
        expect(layout.payloadStart).toBe(behind === bytes.length ? behind : behind + 1);
        expect(layout.end).toBe(bytes.length);
      }),
      { seed: 1, numRuns: runs(3000) },
    );
  });

  it("the cursor never asks for a byte outside, even of a datagram changed behind its back", () => {
    fc.assert(
      fc.property(messages, fc.uint8Array({ minLength: 1, maxLength: 20 }), (message, noise) => {
        const datagram = encoded(message);
        if (layout.read(datagram) !== undefined) throw new Error("refused");
        for (let i = 4; i < datagram.length; i++) datagram[i] = noise[i % noise.length];
        // It may find nonsense, but comes to an end: each step takes it on by a byte at least.
        let steps = 0;
        while (layout.nextOption()) steps += 1;
        expect(steps).toBeLessThanOrEqual(datagram.length);
      }),
      { seed: 2, numRuns: runs(1000) },
    );
  });
});

describe("the reads", () => {
  /** Notes every byte that is asked for. */
  function watched(datagram: Uint8Array, asked: Set<PropertyKey>): Uint8Array {
    return new Proxy(datagram, {
      get(target, name) {
        if (typeof name === "string" && /^-?\d+$|NaN/.test(name)) asked.add(Number(name));
        return Reflect.get(target, name, target);
      },
    });
  }

  it("stay inside the datagram, be it sound or not", () => {
    fc.assert(
      fc.property(datagrams, (bytes) => {
        const asked = new Set<PropertyKey>();
        const own = new WireReader();
        own.read(watched(bytes, asked));
        while (own.nextOption());
        for (const index of asked) {
          expect(index).toBeGreaterThanOrEqual(0);
          expect(index).toBeLessThan(bytes.length);
        }
      }),
      { seed: 3, numRuns: runs(2000) },
    );
  });

  it("do not touch the value of an option, nor the payload", () => {
    const asked = new Set<PropertyKey>();
    const own = new WireReader();
    // Offsets:              0  1  2    4  5  6    8  9  10 11                         24 25
    const datagram = unhex("41 02 0001 aa b2 6162 dd 00 00 61616161616161616161616161 ff 6162");
    expect(own.read(watched(datagram, asked))).toBeUndefined();
    while (own.nextOption());
    expect([...asked].map(Number).sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 5, 8, 9, 10, 24]);
  });
});

describe("the cursor", () => {
  const three = unhex("40 02 0001 b1 61 01 62 d1 00 63 ff 00");
  const walk = (): number[] => {
    const found: number[] = [];
    while (layout.nextOption()) found.push(layout.optionNumber, layout.optionStart, layout.optionLength);
    return found;
  };

  it("walks again after rewind, from anywhere, and stays behind the last option", () => {
    expect(layout.read(three)).toBeUndefined();
    const all = [11, 5, 1, 11, 7, 1, 24, 10, 1];
    expect(walk()).toEqual(all);
    expect(layout.nextOption()).toBe(false);
    expect([layout.optionNumber, layout.optionStart]).toEqual([24, 10]);
    layout.rewind();
    expect(walk()).toEqual(all);
    layout.rewind();
    expect(layout.nextOption()).toBe(true);
    layout.rewind();
    expect(walk()).toEqual(all);
  });

  it("does not mind that the message has been made of it, nor the message that it was walked", () => {
    layout.read(three);
    layout.nextOption();
    expect(messageOf(layout).options.map((option) => option.number)).toEqual([11, 11, 24]);
    expect(messageOf(layout).options.length).toBe(3);
  });

  it("finds nothing before the first datagram, nor after a fault, whatever there was before", () => {
    expect(new WireReader().nextOption()).toBe(false);
    for (const [bytes, fault] of [
      ["40 02 0001 b1 61 f1", "option-delta"],
      ["44 02 0001", "token-truncated"],
      ["4f 02 0001", "token-length"],
      ["", "short"],
    ] as const) {
      expect(layout.read(three)).toBeUndefined();
      expect(layout.nextOption()).toBe(true);
      expect(layout.read(unhex(bytes))).toBe(fault);
      expect(layout.nextOption()).toBe(false);
      layout.rewind();
      expect(layout.nextOption()).toBe(false);
      const { tokenLength, optionsStart, optionCount, payloadStart, end, optionStart } = layout;
      expect([tokenLength, optionsStart, optionCount, payloadStart, end]).toEqual([0, 0, 0, 0, 0]);
      expect([optionStart, layout.optionLength, layout.optionNumber]).toEqual([0, 0, 0]);
    }
  });

  it("knows the header of what it refuses, for the Reset that answers it", () => {
    expect(layout.read(unhex("40 02 abcd ff"))).toBe("payload-empty");
    expect([layout.type, layout.code, layout.messageId]).toEqual([0, 2, 0xabcd]);
    expect(layout.read(unhex("7f ff 1234"))).toBe("token-length");
    expect([layout.type, layout.code, layout.messageId]).toEqual([3, 0xff, 0x1234]);
  });

  it("takes a datagram of 65,000 options, and keeps none of them", () => {
    const many = new Uint8Array(65_004);
    many.set([0x40, 0x02, 0x00, 0x01, 0x10]);
    const fields = Object.keys(layout).length;
    expect(layout.read(many)).toBeUndefined();
    expect(layout.optionCount).toBe(65_000);
    let count = 0;
    while (layout.nextOption()) count += layout.optionNumber;
    expect(count).toBe(65_000);
    expect(Object.keys(layout).length).toBe(fields);
    for (const value of Object.values(layout)) {
      if (value !== many) expect(typeof value).toBe("number");
    }
  });
});

describe("the bench", () => {
  test("knows its messages, which both codecs write and read alike", () => {
    expect([datagramOf("auth"), datagramOf("ACK 2.04"), datagramOf("up_raw")].map((d) => d.length)).toEqual([
      148, 69, 174,
    ]);
    expect([bars.encode.least, bars.views.least, bars.offsets.least]).toEqual([25, 2, 10]);
  });

  test.skipIf(xsMissing !== undefined)("finds the codec on XS within its bars", async () => {
    const messages = { upRaw: datagramOf("up_raw"), ack: datagramOf("ACK 2.04") };
    const [write, views, offsets] = await benchXsCodec(messages);
    // Two steps for each byte copied are XS's own charge, and 322 of them are above any bar of 300: what
    // the codec answers for are the others. Written out for this one message they would be some 170.
    expect(write.copying).toBe(322);
    expect(write.compute - write.copying).toBeLessThanOrEqual(600);
    expect(views.compute).toBeLessThanOrEqual(900);
    expect(offsets.compute).toBeLessThanOrEqual(900);
    // The counts are the same each time, so that any change of them is the code's.
    expect(await benchXsCodec(messages)).toEqual([write, views, offsets]);
  });
});
