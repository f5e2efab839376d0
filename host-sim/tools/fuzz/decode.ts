/**
 * The decoder: any bytes are refused or read, the same by offsets and by views, nothing outside them is
 * looked at, and what was read is written back to the very same bytes, for CoAP has one form for each
 * message. npm's coap-packet must agree but for its known faults.
 */
import { WireReader } from "../../../firmware/coap/wire-reader";
import { decode, encode, encodedLength } from "../../../firmware/coap/message";
import { findOption, readUint } from "../../../firmware/coap/option";
import { screenOptions } from "../../../firmware/coap/option-rules";
import { compareWithPeer } from "./coap-packet-faults";
import { check, hex } from "./target";
import type { Message } from "../../../firmware/coap/message";
import type { Random } from "../../sim/time/random";
import type { Target, Watch } from "./target";

export const decodeTarget: Target = {
  name: "decode",
  boundary: "datagram",
  code: ["firmware/coap/"],
  portable: false,
  seeds: () => examples.map((digits) => new Uint8Array(Buffer.from(digits, "hex"))),
  generate,
  run,
};

const examples = [
  "40001234",
  "70001234",
  "60451234ff32322e332043",
  "44021234c0ffee01b5746f7069630373797306646576696365112aff00010203",
  "63440007c0ffeee207272f61114110",
  "48010001010203040506070bb161d10d00e2010061ff01",
  `42030001aabbbd0d${"61".repeat(26)}e00000ee00000000${"62".repeat(269)}ff63`,
];

/** A message whose nibbles lean to the borders of the format. */
function generate(random: Random): Uint8Array {
  if (random.chance(0.1)) return random.bytes(Math.floor(random.next() * 40));
  const tokenLength = random.chance(0.9) ? Math.floor(random.next() * 9) : Math.floor(random.next() * 16);
  const first = 0x40 | (Math.floor(random.next() * 4) << 4) | tokenLength;
  const code = random.chance(0.8)
    ? random.pick([1, 2, 3, 0x44, 0x45, 0x5f, 0x84, 0xa0])
    : random.u32() & 0xff;
  const bytes = [first, code, random.u32() & 0xff, random.u32() & 0xff, ...random.bytes(tokenLength)];
  while (random.chance(0.7)) {
    const delta = random.pick([0, 1, 3, 8, 11, 12, 13, 13, 14]);
    const length = random.pick([0, 1, 2, 4, 8, 12, 13, 13, 14]);
    bytes.push((delta << 4) | length);
    if (delta === 13) bytes.push(random.pick([0, 1, 10, 255]));
    if (delta === 14) bytes.push(random.pick([0, 1, 127, 254, 255]), random.pick([0, 0xf2, 0xf3, 255]));
    const size = length === 13 ? random.pick([0, 1, 20]) : random.pick([0, 1, 30]);
    if (length >= 13) bytes.push(...(length === 13 ? [size] : [0, size]));
    const value = length < 13 ? length : length === 13 ? 13 + size : 269 + size;
    bytes.push(...random.bytes(random.chance(0.97) ? value : Math.max(0, value - 1)));
  }
  if (random.chance(0.6)) bytes.push(0xff, ...random.bytes(Math.floor(random.next() * 12)));
  return new Uint8Array(bytes);
}

/** One for all inputs: what a datagram leaves behind must not show in the next. */
const layout = new WireReader();
const margin = 8;

function run(input: Uint8Array, watch: Watch): void {
  watch.input();
  // What lies around the datagram would do as token, option and payload, and differs between two runs:
  // whoever looks at it gives himself away.
  const seen = [0x11, 0xe3].map((filler) => {
    const buffer = new Uint8Array(input.length + 600).fill(filler);
    buffer.set(input, margin);
    return read(buffer.subarray(margin, margin + input.length), watch);
  });
  check(seen[0] === seen[1], "looks at nothing outside the datagram", () => `${seen[0]} against ${seen[1]}`);
  watch.step?.(`${hex(input)}: ${seen[0]}`);
  for (const name of compareWithPeer(input)) watch.feature(`coap-packet ${name}`);
}

/** What both forms of the decoder make of a datagram, as text. */
function read(datagram: Uint8Array, watch: Watch): string {
  const message = decode(datagram);
  const fault = layout.read(datagram);
  if (typeof message === "string" || fault !== undefined) {
    check(message === fault, "views and offsets agree", () => `${JSON.stringify(message)} against ${fault}`);
    const left = [layout.tokenLength, layout.optionCount, layout.end - layout.payloadStart];
    check(
      !layout.nextOption() && left.every((each) => each === 0),
      "leaves nothing to be found after a fault",
    );
    watch.feature(`fault ${fault}`);
    return fault!;
  }
  const text = describe(message);
  const offsets = describeLayout(datagram);
  check(text === offsets, "views and offsets agree", () => `${text} against ${offsets}`);
  layout.rewind();
  const walked = walk();
  check(walked === message.options.length, "walks the options again after rewind", () => `${walked} options`);
  for (const view of [message.token, message.payload, ...message.options.map(({ value }) => value)]) {
    const start = view.byteOffset - datagram.byteOffset;
    const inside = view.buffer === datagram.buffer && start >= 4 && start + view.length <= datagram.length;
    check(view.length === 0 || inside, "hands out views into the datagram only");
  }
  const again = new Uint8Array(encodedLength(message));
  const written = encode(message, again);
  check(written === again.length, "encodedLength is what encode writes", () => `${again.length}, ${written}`);
  check(hex(again) === hex(datagram), "writes back what it read", () => `${hex(again)} of ${hex(datagram)}`);
  screen(message, watch);
  watch.feature(
    `type ${message.type} class ${message.code >> 5} options ${Math.min(message.options.length, 4)}`,
  );
  for (const { number, value } of message.options)
    watch.feature(`delta ${size(number)} length ${size(value.length)}`);
  return text;
}

/** The rules for options give a number of the message's own, or a part of its list in the same order. */
function screen(message: Message, watch: Watch): void {
  for (const direction of ["request", "response"] as const) {
    const kept = screenOptions(message.options, direction, []);
    if (typeof kept === "number") {
      const there = message.options.some(({ number }) => number === kept);
      check(there && kept % 2 === 1, "refuses for a critical option of the message's own", () =>
        String(kept),
      );
      watch.feature(`critical in ${direction}`);
      continue;
    }
    let at = 0;
    for (const option of kept) {
      while (at < message.options.length && message.options[at] !== option) at += 1;
      check(at < message.options.length, "keeps a part of the options, in their order");
      at += 1;
    }
    if (kept !== message.options) watch.feature(`elective dropped in ${direction}`);
  }
  for (const { number } of message.options) {
    const value = findOption(message.options, number)!;
    const uint = readUint(value);
    check(uint === undefined || Number.isSafeInteger(uint), "reads an unsigned integer or none");
  }
}

function describe({ type, code, messageId, token, options, payload }: Message): string {
  const list = options.map(({ number, value }) => `${number}=${hex(value)}`).join(",");
  return `${type} ${code} ${messageId} ${hex(token)} [${list}] ${hex(payload)}`;
}

function describeLayout(datagram: Uint8Array): string {
  const part = (start: number, end: number): string => {
    check(
      start <= end && end <= datagram.length,
      "states offsets inside the datagram",
      () => `${start}..${end}`,
    );
    return hex(datagram.subarray(start, end));
  };
  const { type, code, messageId, tokenLength, payloadStart, end } = layout;
  const options: string[] = [];
  while (layout.nextOption()) {
    const { optionNumber, optionStart, optionLength } = layout;
    options.push(`${optionNumber}=${part(optionStart, optionStart + optionLength)}`);
    check(options.length <= datagram.length, "comes to the end of the options");
  }
  const token = part(4, 4 + tokenLength);
  return `${type} ${code} ${messageId} ${token} [${options.join(",")}] ${part(payloadStart, end)}`;
}

function walk(): number {
  let count = 0;
  while (count <= layout.datagram.length && layout.nextOption()) count += 1;
  return count;
}

function size(value: number): string {
  return value < 13 ? "nibble" : value < 269 ? "one byte" : "two bytes";
}
