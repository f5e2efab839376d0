/**
 * The message flows of RFC 7959 section 3, figures 2 to 11 (12 and 13 observe, which is not supported),
 * through our client and through our server, each against coap-packet's bytes. What the figures leave
 * out and we send besides: Size1 and Request-Tag with what goes up, Size2 and ETag with what comes down.
 */
import { describe, expect, it } from "vitest";
import { BlockRig, BlockServerRig, bytes, part } from "./block-rig";
import { block } from "./block-notation";
import { code, hex, peerEncode, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import { summary } from "./rig";
import { client as peer } from "./serving";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

/** A request and its answer, as the figures write them. */
interface Figure {
  readonly name: string;
  readonly method: "0.01" | "0.02" | "0.03";
  readonly path: string;
  /** Lengths of the bodies, bytes. */
  readonly up?: number;
  readonly down?: number;
  /** Blocks of the client and of the server, bytes; undefined where the figure is not one's own way. */
  readonly client?: number;
  readonly offer?: boolean;
  readonly server?: number;
  readonly flow: readonly (readonly [asked: string, answered: string])[];
}

const figures: readonly Figure[] = [
  {
    name: "figure 2, simple GET",
    method: "0.01",
    path: "status",
    down: 300,
    client: 1024,
    server: 128,
    flow: [
      ["", "2.05 2:0/1/128"],
      ["2:1/0/128", "2.05 2:1/1/128"],
      ["2:2/0/128", "2.05 2:2/0/128"],
    ],
  },
  {
    name: "figure 3, GET with early negotiation",
    method: "0.01",
    path: "status",
    down: 310,
    client: 64,
    offer: true,
    server: 128,
    flow: [
      ["2:0/0/64", "2.05 2:0/1/64"],
      ["2:1/0/64", "2.05 2:1/1/64"],
      ["2:2/0/64", "2.05 2:2/1/64"],
      ["2:3/0/64", "2.05 2:3/1/64"],
      ["2:4/0/64", "2.05 2:4/0/64"],
    ],
  },
  {
    name: "figures 4 to 6, GET with late negotiation",
    method: "0.01",
    path: "status",
    down: 350,
    client: 64,
    server: 128,
    flow: [
      ["", "2.05 2:0/1/128"],
      ["2:2/0/64", "2.05 2:2/1/64"],
      ["2:3/0/64", "2.05 2:3/1/64"],
      ["2:4/0/64", "2.05 2:4/1/64"],
      ["2:5/0/64", "2.05 2:5/0/64"],
    ],
  },
  {
    name: "figure 7, atomic PUT",
    method: "0.03",
    path: "options",
    up: 384,
    client: 128,
    server: 128,
    flow: [
      ["1:0/1/128", "2.31 1:0/1/128"],
      ["1:1/1/128", "2.31 1:1/1/128"],
      ["1:2/0/128", "2.04 1:2/0/128"],
    ],
  },
  {
    name: "figure 8, PUT to a server that acts on each block",
    method: "0.03",
    path: "options",
    up: 384,
    client: 128,
    flow: [
      ["1:0/1/128", "2.04 1:0/0/128"],
      ["1:1/1/128", "2.04 1:1/0/128"],
      ["1:2/0/128", "2.04 1:2/0/128"],
    ],
  },
  {
    name: "figure 9, atomic PUT with negotiation",
    method: "0.03",
    path: "options",
    up: 220,
    client: 128,
    server: 32,
    flow: [
      ["1:0/1/128", "2.31 1:0/1/32"],
      ["1:4/1/32", "2.31 1:4/1/32"],
      ["1:5/1/32", "2.31 1:5/1/32"],
      ["1:6/0/32", "2.04 1:6/0/32"],
    ],
  },
  {
    name: "figure 10, atomic POST with a response in blocks",
    method: "0.02",
    path: "soap",
    up: 300,
    down: 500,
    client: 128,
    server: 128,
    flow: [
      ["1:0/1/128", "2.31 1:0/1/128"],
      ["1:1/1/128", "2.31 1:1/1/128"],
      ["1:2/0/128", "2.04 2:0/1/128 1:2/0/128"],
      ["2:1/0/128", "2.04 2:1/1/128"],
      ["2:2/0/128", "2.04 2:2/1/128"],
      ["2:3/0/128", "2.04 2:3/0/128"],
    ],
  },
  {
    name: "figure 11, the same with early negotiation",
    method: "0.02",
    path: "soap",
    up: 300,
    down: 250,
    server: 128,
    flow: [
      ["1:0/1/128", "2.31 1:0/1/128"],
      ["1:1/1/128", "2.31 1:1/1/128"],
      ["2:0/0/64 1:2/0/128", "2.04 2:0/1/64 1:2/0/128"],
      ["2:1/0/64", "2.04 2:1/1/64"],
      ["2:2/0/64", "2.04 2:2/1/64"],
      ["2:3/0/64", "2.04 2:3/0/64"],
    ],
  },
  {
    name: "figure 11 with one block size both ways, as our client offers it",
    method: "0.02",
    path: "soap",
    up: 150,
    down: 100,
    client: 64,
    offer: true,
    server: 1024,
    flow: [
      ["1:0/1/64", "2.31 1:0/1/64"],
      ["1:1/1/64", "2.31 1:1/1/64"],
      ["2:0/0/64 1:2/0/64", "2.04 2:0/1/64 1:2/0/64"],
      ["2:1/0/64", "2.04 2:1/0/64"],
    ],
  },
];

type Options = readonly (readonly [number, string])[];

/** `2:1/0/64 1:2/0/128` as options, and the number and size of one of them. */
function blocksOf(text: string): { options: Options; block1?: number[]; block2?: number[] } {
  const words = text.split(" ").filter((word) => /^[12]:/.test(word));
  const of = (kind: string): number[] | undefined =>
    words
      .find((word) => word.startsWith(kind))
      ?.slice(2)
      .split("/")
      .map(Number);
  const options = words.map((word) => [word[0] === "1" ? 27 : 23, block(word.slice(2))] as const);
  return { options, block1: of("1:"), block2: of("2:") };
}

/** The part of a body that a block option tells of. */
function payloadOf(length: number, [num, , size]: number[] = [0, 0, length]): string {
  return part(Math.min(num * size, length), Math.min((num + 1) * size, length));
}

const sorted = (options: Options): Options => [...options].sort((a, b) => a[0] - b[0]);
const uint = (value: number): string => value.toString(16).padStart(value > 0xff ? 4 : 2, "0");

/** FNV-1a, 32 bits, as its authors write it. */
function fingerprint(body: Uint8Array): string {
  let hash = 0x811c9dc5n;
  for (const byte of body) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return hash.toString(16).padStart(8, "0");
}

/** What our client is to send in a step. */
function request(figure: Figure, asked: string, tag: string | undefined): Omit<Fields, "messageId"> {
  const { options, block1, block2 } = blocksOf(asked);
  const extra: (readonly [number, string])[] = [[11, utf8Hex(figure.path)]];
  if (block1?.[0] === 0) extra.push([60, uint(figure.up!)]);
  if (tag !== undefined) extra.push([292, tag]);
  const payload = block1 === undefined && (block2?.[0] ?? 0) > 0 ? "" : payloadOf(figure.up ?? 0, block1);
  return { type: 0, code: code(figure.method), options: sorted([...options, ...extra]), payload };
}

/** What our server is to answer in a step. */
function response(figure: Figure, answered: string): Omit<Fields, "messageId"> {
  const { options, block2 } = blocksOf(answered);
  const extra: (readonly [number, string])[] = [];
  if (block2 !== undefined) extra.push([4, fingerprint(bytes(figure.down!))]);
  if (block2?.[0] === 0) extra.push([28, uint(figure.down!)]);
  const payload = block2 === undefined ? "" : payloadOf(figure.down!, block2);
  return { type: 2, code: code(answered.slice(0, 4)), options: sorted([...options, ...extra]), payload };
}

const path = (figure: Figure) => [{ number: 11, value: new TextEncoder().encode(figure.path) }];

describe.each(["as drawn", "each request lost once", "each answer separate"])("our client, %s", (way) => {
  it.each(figures.filter(({ client }) => client !== undefined))("$name", (figure) => {
    for (const blockToken of ["fresh", "same"] as const) {
      const { client: blockSize, offer: offerBlockSize = false, up } = figure;
      const rig = new BlockRig({ blockSize, offerBlockSize, blockToken });
      const payload = up === undefined ? undefined : bytes(up);
      const { completed } = rig.post({ code: code(figure.method), options: path(figure), payload });
      const tokens: string[] = [];
      let messageId = rig.last.fields.messageId;
      const tag = rig.option(292);
      expect(tag === undefined).toBe(up === undefined);
      figure.flow.forEach(([asked, answered], step) => {
        expect(completed).toEqual([]);
        const sent = rig.last;
        const { token } = sent.fields;
        tokens.push(token);
        expect(sent.bytes).toBe(hex(peerEncode({ ...request(figure, asked, tag), messageId, token })));
        const answer = { ...response(figure, answered), token };
        if (way === "each request lost once") {
          const before = rig.sent.length;
          rig.wait(3_000);
          expect(rig.sent.slice(before).map((each) => each.bytes)).toEqual([sent.bytes]);
        }
        if (way === "each answer separate") {
          rig.receive({ type: 2, code: 0, messageId });
          rig.wait(5_000);
          const before = rig.sent.length;
          rig.receive({ ...answer, type: 0, messageId: 0x7000 + step });
          expect(rig.sent[before].bytes).toBe(
            hex(peerEncode({ type: 2, code: 0, messageId: 0x7000 + step })),
          );
        } else {
          rig.receive({ ...answer, messageId });
        }
        messageId = (messageId + 1) & 0xffff;
      });
      expect(summary(completed)).toEqual([
        `${figure.flow.at(-1)![1].slice(0, 4)} ${part(0, figure.down ?? 0)}`,
      ]);
      expect(new Set(tokens).size).toBe(blockToken === "same" ? 1 : tokens.length);
      expect(rig.endpoint.held.outgoing).toBe(0);
    }
  });
});

describe.each(["as drawn", "each answer lost once"])("our server, %s", (way) => {
  it.each(figures.filter(({ server }) => server !== undefined))("$name", (figure) => {
    for (const tokens of ["fresh", "same"]) {
      for (const tag of figure.up === undefined ? [undefined] : [undefined, "0a0b"]) {
        const payload = figure.down === undefined ? undefined : bytes(figure.down);
        const answer = { code: code(figure.method === "0.01" ? "2.05" : "2.04"), payload };
        const rig: BlockServerRig = new BlockServerRig(
          { blockSize: figure.server, remembered: 16 },
          (received) => void received.respond(answer, rig.now),
        );
        figure.flow.forEach(([asked, answered], step) => {
          const of = { messageId: 0x1000 + step, token: tokens === "same" ? "aabb" : `aa0${step}` };
          const expected = hex(peerEncode({ ...response(figure, answered), ...of }));
          for (let copies = way === "as drawn" ? 1 : 2; copies > 0; copies--) {
            rig.receive({ ...request(figure, asked, tag), ...of }, peer);
            expect(rig.last.bytes).toBe(expected);
          }
        });
        expect(rig.bodies).toEqual([part(0, figure.up ?? 0)]);
        expect(rig.sent).toHaveLength(figure.flow.length * (way === "as drawn" ? 1 : 2));
        rig.wait(247_000);
        expect(rig.kept).toBe(0);
      }
    }
  });
});
