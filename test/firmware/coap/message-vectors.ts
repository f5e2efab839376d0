/**
 * Messages and their bytes, one table for encode, decode, WireReader and coap-packet; and the bytes that are
 * no message, each breaking one rule.
 */
import { code } from "../../../host-sim/tools/fuzz/peer";
import type { FormatFault } from "../../../firmware/coap/message";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

const a = (count: number): string => "61".repeat(count);
const post = { type: 0, code: 2, messageId: 1 };

/** Messages and their only bytes. CoAP has one form for every message, so each row runs both ways. */
export const vectors: [name: string, fields: Fields, bytes: string][] = [
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
export const broken: [fault: FormatFault, what: string, bytes: string, mended: string][] = [
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
