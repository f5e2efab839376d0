/** Requests read from their options; what the cloud's tests of refusals leave out. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { decodeCoap, encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import type { CoapMessage } from "../../../../host-sim/cloud/coap/coap-wire";
import {
  blockSize,
  readRequest,
  tooLarge,
  writeBlock,
  writeUint,
} from "../../../../host-sim/cloud/coap/request";
import type { Block, CoapRequest, RefusedRequest } from "../../../../host-sim/cloud/coap/request";
import { dotted, message } from "../harness";
import { runs } from "../../../density";

const hex = (text: string): Uint8Array => Buffer.from(text, "hex");
const limits = { bodyBytes: 8192, blockSize: 1024 };

function read(options: [number, string][], payload = ""): CoapRequest | RefusedRequest {
  const given = options.map(([number, value]) => ({ number, value: hex(value) }));
  return readRequest(message({ options: given, payload: hex(payload) }), limits);
}

function refusal(options: [number, string][], bytes = 0): string | undefined {
  const request = read(options, "00".repeat(bytes));
  return "refused" in request ? `${dotted(request.refused)} ${request.reason}` : undefined;
}

describe("block options", () => {
  test.each<[string, Block]>([
    ["", { num: 0, more: false, szx: 0 }],
    ["00", { num: 0, more: false, szx: 0 }],
    ["06", { num: 0, more: false, szx: 6 }],
    ["0e", { num: 0, more: true, szx: 6 }],
    ["f2", { num: 15, more: false, szx: 2 }],
    ["0102", { num: 16, more: false, szx: 2 }],
    ["ffffae", { num: 0xffffa, more: true, szx: 6 }],
    ["fffffe", { num: 0xfffff, more: true, szx: 6 }],
  ])("'%s' means %j", (value, block) => {
    expect(read([[23, value]])).toMatchObject({ block2: block });
    const length = block.more ? blockSize(block.szx) : 1;
    expect(read([[27, value]], "00".repeat(length))).toMatchObject({ block1: block });
  });

  it("are written as they are read, without leading zeros", () => {
    const block = fc.record({ num: fc.nat(0xfffff), more: fc.boolean(), szx: fc.nat(6) });
    fc.assert(
      fc.property(block, (block) => {
        const value = writeBlock(block);
        expect(value[0]).not.toBe(0);
        expect(value.length).toBeLessThanOrEqual(3);
        const request = readRequest(message({ options: [{ number: 23, value }] }), limits);
        expect("block2" in request && request.block2).toEqual(block);
      }),
      { seed: 23, numRuns: runs(1000) },
    );
  });

  const unknown = (number: number): string => `4.02 critical option ${number} is unknown here`;
  test.each<[string, [number, string][], number, string | undefined]>([
    ["Block1 of four bytes", [[27, "00000006"]], 0, unknown(27)],
    ["Block2 of four bytes", [[23, "00000006"]], 0, unknown(23)],
    [
      "Block1 twice",
      [
        [27, ""],
        [27, ""],
      ],
      0,
      unknown(27),
    ],
    [
      "Block2 twice",
      [
        [23, ""],
        [23, ""],
      ],
      0,
      unknown(23),
    ],
    ["Block1 with SZX 7", [[27, "07"]], 0, "4.00 Block1: SZX 7 is reserved"],
    ["Block2 with SZX 7", [[23, "07"]], 0, "4.00 Block2: SZX 7 is reserved"],
    [
      "a later Block2 beside Block1",
      [
        [23, "12"],
        [27, "02"],
      ],
      3,
      "4.00 Block2: a later block is asked for while uploading",
    ],
    [
      "a first Block2 beside Block1",
      [
        [23, "02"],
        [27, "02"],
      ],
      3,
      undefined,
    ],
    ["Block1, more, a byte short", [[27, "08"]], 15, "4.00 Block1: expected a block of 16 bytes, got 15"],
    ["Block1, more, a byte long", [[27, "08"]], 17, "4.00 Block1: expected a block of 16 bytes, got 17"],
    ["Block1, more, exactly", [[27, "08"]], 16, undefined],
    [
      "Block1, last, a byte long",
      [[27, "00"]],
      17,
      "4.00 Block1: expected a block of at most 16 bytes, got 17",
    ],
    ["Block1, last, short", [[27, "00"]], 3, undefined],
    ["Block1, last, empty", [[27, "00"]], 0, undefined],
    ["Block1, largest", [[27, "0e"]], 1024, undefined],
    [
      "Block1, more than a datagram should hold",
      [[27, "0e"]],
      1025,
      "4.00 Block1: expected a block of 1024 bytes, got 1025",
    ],
    ["no block, 1025 bytes", [], 1025, "4.13 payload of 1025 bytes in one datagram, at most 1024"],
  ])("%s", (_name, options, bytes, answer) => expect(refusal(options, bytes)).toBe(answer));

  it("a block fault counts for a NON request as well, an unknown option silences it", () => {
    expect(read([[27, "07"]])).not.toHaveProperty("criticalOption");
    expect(read([[27, "00000000"]])).toHaveProperty("criticalOption", true);
  });
});

describe("elective options that go with blocks", () => {
  test.each<[string, [number, string][], Partial<CoapRequest>]>([
    ["Content-Format", [[12, "32"]], { contentFormat: 50 }],
    ["Content-Format 0", [[12, ""]], { contentFormat: 0 }],
    [
      "Content-Format twice: the first",
      [
        [12, "32"],
        [12, "2a"],
      ],
      { contentFormat: 50 },
    ],
    ["Content-Format of three bytes: none", [[12, "000032"]], {}],
    ["Size1", [[60, "2000"]], { size1: 8192 }],
    ["Size1 of four bytes", [[60, "ffffffff"]], { size1: 0xffffffff }],
    ["Size1 of five bytes: none", [[60, "0000000001"]], {}],
    [
      "Size1 twice: the first",
      [
        [60, "01"],
        [60, "02"],
      ],
      { size1: 1 },
    ],
    ["Size2, as a question", [[28, ""]], { size2: 0 }],
    ["Size2 of five bytes: none", [[28, "0000000001"]], {}],
    ["Request-Tag", [[292, "0102"]], { requestTags: [hex("0102")] }],
    ["Request-Tag, empty", [[292, ""]], { requestTags: [hex("")] }],
    [
      "Request-Tags, several",
      [
        [292, "01"],
        [292, "02"],
      ],
      { requestTags: [hex("01"), hex("02")] },
    ],
    ["Request-Tag of nine bytes: none", [[292, "010203040506070809"]], {}],
  ])("%s", (_name, options, fields) => {
    expect(read(options)).toEqual({ method: 2, path: [], payload: hex(""), ...fields });
  });
});

it("of a payload too long for one datagram tells how long a body may be, and in which blocks", () => {
  const options = (bytes: number, blockSize: number): unknown => {
    const request = readRequest(message({ payload: new Uint8Array(bytes) }), { bodyBytes: 2048, blockSize });
    return "refused" in request && request.options?.map(({ number, value }) => [number, ...value]);
  };
  const size1 = [60, 0x08, 0x00];
  expect(options(1025, 1024)).toEqual([[27, 6], size1]);
  expect(options(2048, 64)).toEqual([[27, 2], size1]);
  expect(options(2049, 1024)).toEqual([size1]);
});

test.each([
  [0, ""],
  [1, "01"],
  [255, "ff"],
  [256, "0100"],
  [1024, "0400"],
  [0xffffffff, "ffffffff"],
])("%i as an option's value is '%s'", (value, bytes) => {
  expect(Buffer.from(writeUint(value)).toString("hex")).toBe(bytes);
  expect(tooLarge("too long", value).options).toEqual([{ number: 60, value: Uint8Array.from(hex(bytes)) }]);
});

it("whatever the options: no throw, and what is accepted keeps the rules", () => {
  const number = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(3, 7, 11, 12, 17, 23, 27, 28, 60, 292, 2101) },
    { weight: 1, arbitrary: fc.nat(70) },
  );
  const option = fc.record({ number, value: fc.uint8Array({ maxLength: 5 }) });
  const sizes = fc.constantFrom(0, 3, 16, 32, 64, 1024, 1025);
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(option, { maxLength: 4 }), sizes, (options, size) => {
      const bytes = encodeCoap(message({ options, payload: new Uint8Array(size) }));
      const request = readRequest(decodeCoap(bytes) as CoapMessage, limits);
      if ("refused" in request) {
        expect(request.reason).not.toBe("");
        return;
      }
      accepted += 1;
      const { block1, block2, payload } = request;
      expect(payload.length).toBeLessThanOrEqual(1024);
      for (const block of [block1, block2]) expect(block?.szx ?? 0).toBeLessThanOrEqual(6);
      if (block1?.more === true) expect(payload).toHaveLength(blockSize(block1.szx));
      for (const critical of [23, 27, 2101]) {
        expect(options.filter((each) => each.number === critical).length).toBeLessThanOrEqual(1);
      }
    }),
    { seed: 7252, numRuns: runs(5000) },
  );
  expect(accepted).toBeGreaterThan(500);
});

test("a path that came before is read again as it is, and as no other", () => {
  const segment = fc.oneof(
    fc.constantFrom("topic", "sys", "thing", "", "a", "é", "\u{1f600}"),
    fc.string({ maxLength: 20, unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 8 }), (path) => {
      const options = path.map((text) => ({ number: 11, value: Buffer.from(text, "utf8") }));
      for (let i = 0; i < 2; i++) expect(readRequest(message({ options }), limits)).toMatchObject({ path });
      for (const { value } of options) value.fill(0xff);
      const refused = path.some((text) => text !== "");
      expect("refused" in readRequest(message({ options }), limits)).toBe(refused);
    }),
    { seed: 11, numRuns: runs(500) },
  );
});
