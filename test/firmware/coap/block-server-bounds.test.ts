/**
 * What the server's half of block-wise transfer keeps, for whom, and what it never does twice: the
 * cases in which two transfers could be taken for one, or one push another out.
 */
import { describe, expect, it, test } from "vitest";
import { BlockServerRig, bytes, part, serving } from "./block-rig";
import { block } from "./block-notation";
import { code, hex, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import { client } from "./serving";
import type { IncomingRequest, Response } from "../../../firmware/coap/exchange";

/** A request with any options beside its path; returns the code of the answer. */
function ask(rig: BlockServerRig, messageId: number, options: [number, string][], payload = ""): string {
  const all = [[11, utf8Hex("a")] as const, ...options].sort((a, b) => a[0] - b[0]);
  rig.ask({ code: 2, messageId, options: all, payload });
  const answered = rig.last.fields.code;
  return `${answered >> 5}.${String(answered & 31).padStart(2, "0")}`;
}

describe("uploads are kept apart", () => {
  test.each([
    ["Content-Format", 12, "32", "3c"],
    ["Accept", 17, "32", "3c"],
    ["Uri-Host", 3, "61", "62"],
    ["Uri-Port", 7, "01", "02"],
  ])("by %s", (_name, number, one, other) => {
    const rig = serving();
    ask(
      rig,
      1,
      [
        [number, one],
        [27, block("0/1/64")],
      ],
      part(0, 64),
    );
    ask(
      rig,
      2,
      [
        [number, other],
        [27, block("0/1/64")],
      ],
      "ff".repeat(64),
    );
    expect(rig.kept).toBe(2);
    expect(
      ask(
        rig,
        3,
        [
          [number, one],
          [27, block("1/0/64")],
        ],
        "01",
      ),
    ).toBe("2.04");
    expect(
      ask(
        rig,
        4,
        [
          [number, other],
          [27, block("1/0/64")],
        ],
        "02",
      ),
    ).toBe("2.04");
    expect(rig.bodies).toEqual([`${part(0, 64)}01`, `${"ff".repeat(64)}02`]);
  });

  it("by where one path or query segment ends and the next begins", () => {
    const rig = serving({ maxTransfers: 9 });
    const segments: [number, string][][] = [
      [[11, "6262"]],
      [
        [11, "62"],
        [11, "62"],
      ],
      [
        [11, "62"],
        [15, "62"],
      ],
      [[15, "6262"]],
      [
        [15, "62"],
        [15, "62"],
      ],
    ];
    segments.forEach((each, i) => ask(rig, i, [...each, [27, block("0/1/16")]], "00".repeat(16)));
    expect(rig.kept).toBe(segments.length);
    segments.forEach((each, i) => ask(rig, 100 + i, [...each, [27, block("1/0/16")]], "01"));
    expect(rig.bodies).toHaveLength(segments.length);
  });

  it("by all Request-Tags and their order, an empty one included", () => {
    const rig = serving({ maxTransfers: 9 });
    const tags: [number, string][][] = [
      [],
      [[292, ""]],
      [
        [292, ""],
        [292, ""],
      ],
      [
        [292, "01"],
        [292, "02"],
      ],
      [
        [292, "02"],
        [292, "01"],
      ],
      [[292, "0102"]],
    ];
    tags.forEach((each, i) => ask(rig, i, [...each, [27, block("0/1/16")]], `0${i}`.repeat(16)));
    expect(rig.kept).toBe(tags.length);
    tags.forEach((each, i) => ask(rig, 100 + i, [...each, [27, block("1/0/16")]], "ff"));
    expect(rig.bodies).toEqual(tags.map((_each, i) => `${`0${i}`.repeat(16)}ff`));
  });

  it("but not by options that may differ from block to block: a signature, a token, Echo", () => {
    const rule = { number: 2101, minLength: 1, maxLength: 64, repeatable: false };
    const rig = serving({ understood: [rule] });
    ask(
      rig,
      1,
      [
        [27, block("0/1/64")],
        [60, "41"],
        [252, "01"],
        [2101, "01"],
      ],
      part(0, 64),
    );
    expect(
      ask(
        rig,
        2,
        [
          [27, block("1/0/64")],
          [252, "02"],
          [2101, "02"],
        ],
        "01",
      ),
    ).toBe("2.04");
    expect(rig.bodies).toEqual([`${part(0, 64)}01`]);
  });
});

describe("one too many", () => {
  it("pushes out the upload that has been idle for longest, not the one that began first", () => {
    const rig = serving({ maxTransfers: 2 });
    const start = (path: string): void => void rig.send({ path, block1: "0/1/64", payload: part(0, 64) });
    start("busy");
    rig.wait(1_000);
    start("idle");
    rig.wait(1_000);
    rig.send({ path: "busy", block1: "1/1/64", payload: part(64, 128) });
    rig.wait(1_000);
    start("new");
    expect(rig.send({ path: "busy", block1: "2/0/64", payload: "01" })).toBe("2.04 1:2/0/64 0 B");
    expect(rig.send({ path: "idle", block1: "1/0/64", payload: "01" })).toBe("4.08 0 B");
    expect(rig.send({ path: "new", block1: "1/0/64", payload: "01" })).toBe("2.04 1:1/0/64 0 B");
  });

  it("pushes out the download that has been idle for longest", () => {
    const rig = serving({ maxTransfers: 2 }, { code: code("2.04"), payload: bytes(150) });
    for (const path of ["busy", "idle"]) {
      rig.send({ path });
      rig.wait(1_000);
    }
    rig.send({ path: "busy", block2: "1/0/64" });
    rig.wait(1_000);
    rig.send({ path: "new" });
    expect(rig.send({ path: "busy", block2: "2/0/64" })).toBe("2.04 2:2/0/64 22 B");
    expect(rig.send({ path: "idle", block2: "1/0/64" })).toBe("4.08 0 B");
  });

  it("pushes nobody out when its body is in one block", () => {
    const rig = serving({ maxTransfers: 1 });
    rig.send({ path: "a", block1: "0/1/64", payload: part(0, 64) });
    expect(rig.send({ path: "b", block1: "0/0/64", payload: "02" })).toBe("2.04 1:0/0/64 0 B");
    expect(rig.send({ path: "a", block1: "1/0/64", payload: "01" })).toBe("2.04 1:1/0/64 0 B");
  });

  it("of the same key takes the place of its own kind only", () => {
    const rig = serving({ maxTransfers: 2 });
    rig.send({ path: "a", block1: "0/1/64", payload: part(0, 64) });
    for (let i = 0; i < 5; i++) rig.send({ path: "b", block1: "0/1/64", payload: part(0, 64) });
    expect(rig.kept).toBe(2);
    expect(rig.send({ path: "a", block1: "1/0/64", payload: "01" })).toBe("2.04 1:1/0/64 0 B");
  });
});

describe("bodies", () => {
  it("are refused with the block that makes it certain that they are too long", () => {
    const rig = serving({ maxBody: 128 });
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    expect(rig.send({ block1: "1/1/64", payload: part(64, 128) })).toBe("4.13 size1=128 0 B");
    expect(rig.kept).toBe(0);
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    expect(rig.send({ block1: "1/0/64", payload: part(64, 128) })).toBe("2.04 1:1/0/64 0 B");
    expect(rig.bodies).toEqual([part(0, 128)]);
  });

  it("claim room for what has come, not for what is foretold", () => {
    const rig = serving({ maxBody: 0xffff_ffff });
    expect(rig.send({ block1: "0/1/16", size1: 0xffff_fff0, payload: part(0, 16) })).toBe(
      "2.31 1:0/1/16 0 B",
    );
    rig.send({ block1: "1/0/16", payload: "aa" });
    expect(rig.requests[0].message.payload.buffer.byteLength).toBe(32);
  });

  it("are taken whole from a Size1 that is wrong", () => {
    for (const size1 of [0, 1, 65, 200]) {
      const rig = serving();
      rig.send({ block1: "0/1/64", size1, payload: part(0, 64) });
      rig.send({ block1: "1/1/64", size1, payload: part(64, 128) });
      rig.send({ block1: "2/0/64", payload: "aa" });
      expect(rig.bodies).toEqual([`${part(0, 128)}aa`]);
    }
  });

  it("are admitted or refused once, by their first block", () => {
    let asked = 0;
    const rig = serving({ admit: () => ((asked += 1) === 1 ? undefined : code("4.03")) });
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    rig.send({ block1: "1/1/64", payload: part(64, 128) });
    expect(rig.send({ block1: "2/0/64", payload: "01" })).toBe("2.04 1:2/0/64 0 B");
    expect(asked).toBe(1);
    expect(rig.send({ block1: "0/0/64", payload: "01" })).toBe("4.03 0 B");
    expect(rig.bodies).toHaveLength(1);
  });

  it("live on with every block that comes", () => {
    const rig = serving({ blockSize: 16 });
    for (let num = 0; num < 5; num++) {
      expect(rig.send({ block1: `${num}/1/16`, payload: part(num * 16, num * 16 + 16) })).toMatch(/^2\.31/);
      rig.wait(246_999);
    }
    expect(rig.kept).toBe(1);
    rig.wait(1);
    expect(rig.send({ block1: "5/0/16", payload: "01" })).toBe("4.08 0 B");
  });

  it("are given to the application once, however often the last block comes as a duplicate", () => {
    const rig = new BlockServerRig({ blockSize: 64 });
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    const options = [
      [11, utf8Hex("a")],
      [27, block("1/0/64")],
    ] as const;
    const last = { type: 0, code: 2, messageId: 9, token: "aa", options, payload: "01" };
    for (let i = 0; i < 3; i++) {
      rig.receive(last, client);
      rig.wait(2_000);
    }
    rig.requests[0].respond({ code: code("2.04") }, rig.now);
    rig.receive(last, client);
    expect(rig.bodies).toEqual([`${part(0, 64)}01`]);
  });
});

describe("the rest of an answer", () => {
  const answering = (tags: boolean): BlockServerRig => {
    let n = 0;
    const rig: BlockServerRig = new BlockServerRig(
      { blockSize: 64, maxTransfers: 2, remembered: 64 },
      (request) => void request.respond({ code: code("2.04"), payload: bytes(150).fill((n += 1)) }, rig.now),
    );
    if (tags) for (const tag of ["01", "02"]) rig.send({ tag });
    return rig;
  };

  it("asked for under a Request-Tag that is not known is not another one's answer", () => {
    const rig = answering(true);
    expect(rig.send({ tag: "03", block2: "1/0/64" })).toBe("4.08 0 B");
    rig.send({ tag: "01", block2: "1/0/64" });
    expect(rig.last.fields.payload.slice(0, 2)).toBe("01");
  });

  it("is found without the Request-Tag and the Content-Format of the body", () => {
    const rig = answering(false);
    ask(
      rig,
      1,
      [
        [12, "32"],
        [27, block("0/0/64")],
        [292, "01"],
      ],
      "aa",
    );
    expect(ask(rig, 2, [[23, block("1/0/64")]])).toBe("2.04");
    expect(rig.last.fields.payload).toBe("01".repeat(64));
    expect(rig.requests).toHaveLength(1);
  });

  it("is not found by another peer, method, path, query or Accept", () => {
    const rig = answering(false);
    rig.send({});
    expect(rig.send({ block2: "1/0/64", from: { ...client, port: 7 } })).toBe("4.08 0 B");
    expect(rig.send({ block2: "1/0/64", method: "0.03" })).toBe("4.08 0 B");
    expect(rig.send({ block2: "1/0/64", path: "b" })).toBe("4.08 0 B");
    expect(rig.send({ block2: "1/0/64", query: "b" })).toBe("4.08 0 B");
    expect(
      ask(rig, 1, [
        [17, "32"],
        [23, block("1/0/64")],
      ]),
    ).toBe("4.08");
    expect(rig.send({ block2: "1/0/64" })).toBe("2.04 2:1/1/64 64 B");
  });

  it("of a FETCH without its body is 4.08 when the server has forgotten it: that is another question", () => {
    const rig = serving({}, { code: code("2.05"), payload: bytes(150) });
    expect(rig.send({ method: "0.05", block2: "1/0/64" })).toBe("4.08 0 B");
    expect(rig.send({ method: "0.05", block2: "1/0/64", payload: "01" })).toBe("2.05 2:1/1/64 64 B");
    expect(rig.bodies).toEqual(["01"]);
  });

  test.each([
    ["without a payload", undefined, "4.04 0 B"],
    ["with a short one", bytes(9), "4.04 2:0/0/64 9 B"],
    ["with a long one", bytes(100), "4.04 2:0/1/64 size2=100 64 B"],
  ])("that is an error by now is that error %s, not 4.00", (_name, payload, expected) => {
    const rig = serving({}, { code: code("4.04"), payload });
    expect(rig.send({ method: "0.01", block2: "2/0/64" })).toBe(expected);
  });

  it("is the body of its first block, even if the same was asked for anew meanwhile and is not ready", () => {
    const requests: IncomingRequest[] = [];
    const rig: BlockServerRig = new BlockServerRig({ blockSize: 64, remembered: 64 }, (each) => {
      requests.push(each);
    });
    const answer = (i: number): Response => ({ code: code("2.05"), payload: bytes(150).fill(i) });
    rig.send({ method: "0.01" });
    requests[0].respond(answer(1), rig.now);
    const etag = (): string => rig.last.fields.options.find(([number]) => number === 4)![1];
    const tag = etag();
    rig.send({ method: "0.01" });
    rig.send({ method: "0.01", block2: "1/0/64" });
    expect(rig.last.fields.payload).toBe("01".repeat(64));
    expect(etag()).toBe(tag);
    requests[1].respond(answer(2), rig.now);
    rig.send({ method: "0.01", block2: "2/0/64" });
    expect(rig.last.fields.payload).toBe("02".repeat(22));
    expect(etag()).not.toBe(tag);
  });

  it("stays the same size and content to the end when it is cut smaller than asked for", () => {
    const rig = serving({ maxDatagram: 100, blockSize: 1024 }, { code: code("2.05"), payload: bytes(150) });
    expect(rig.send({ method: "0.01" })).toBe("2.05 2:0/1/64 size2=150 64 B");
    expect(rig.send({ method: "0.01", block2: "1/0/64" })).toBe("2.05 2:1/1/64 64 B");
    expect(rig.send({ method: "0.01", block2: "0/0/128" })).toBe("2.05 2:0/1/64 size2=150 64 B");
    expect(rig.send({ method: "0.01", block2: "1/0/128" })).toBe("2.05 2:2/0/64 22 B");
    expect(rig.sent.every(({ bytes: sent }) => sent.length / 2 <= 100)).toBe(true);
  });
});

it("nothing is left after any of it, and an empty server keeps nothing", () => {
  const rig = serving({ maxTransfers: 8 }, { code: code("2.04"), payload: bytes(150) });
  for (const path of ["a", "b"]) {
    rig.send({ path, block1: "0/1/64", payload: part(0, 64) });
    rig.send({ path });
  }
  expect(rig.kept).toBe(4);
  rig.wait(247_000);
  expect(rig.endpoint.held).toEqual({ outgoing: 0, received: 0, waiting: 0, transfers: 0 });
  expect(hex(rig.requests[0].message.payload)).toBe("");
});
