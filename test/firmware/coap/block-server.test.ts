/**
 * The server's half of block-wise transfer (RFC 7959, RFC 9175 section 3) against a client that is
 * whatever bytes the test hands in. Block options are written as the RFC does: NUM/M/size.
 */
import { describe, expect, it, test } from "vitest";
import { BlockServerRig, bytes, part, serving } from "./block-rig";
import { code, hex, unhex } from "../../../host-sim/tools/fuzz/peer";
import { client } from "./serving";
import type { Asked } from "./block-rig";

describe("an upload", () => {
  it("is put together, answered block by block, and given to the application once and whole", () => {
    const rig = serving();
    expect(rig.send({ block1: "0/1/64", size1: 150, payload: part(0, 64) })).toBe("2.31 1:0/1/64 0 B");
    expect(rig.kept).toBe(1);
    expect(rig.send({ block1: "1/1/64", payload: part(64, 128) })).toBe("2.31 1:1/1/64 0 B");
    expect(rig.send({ block1: "2/0/64", payload: part(128, 150) })).toBe("2.04 1:2/0/64 0 B");
    expect(rig.bodies).toEqual([part(0, 150)]);
    expect(rig.requests[0].message.options.map(({ number }) => number)).toEqual([11]);
    expect(rig.kept).toBe(0);
  });

  it("in a single block is one too", () => {
    const rig = serving();
    expect(rig.send({ block1: "0/0/64", payload: "0102" })).toBe("2.04 1:0/0/64 0 B");
    expect(rig.bodies).toEqual(["0102"]);
  });

  it("is asked to go on in smaller blocks, and may at any time", () => {
    const rig = serving({ blockSize: 32 });
    expect(rig.send({ block1: "0/1/128", payload: part(0, 128) })).toBe("2.31 1:0/1/32 0 B");
    expect(rig.send({ block1: "4/1/32", payload: part(128, 160) })).toBe("2.31 1:4/1/32 0 B");
    expect(rig.send({ block1: "10/0/16", payload: part(160, 170) })).toBe("2.04 1:10/0/16 0 B");
    expect(rig.bodies).toEqual([part(0, 170)]);
  });

  it("takes one token for all blocks or a new one for each", () => {
    for (const tokens of [
      ["01", "01"],
      ["01", "02"],
    ]) {
      const rig = serving();
      rig.send({ block1: "0/1/64", payload: part(0, 64), token: tokens[0] });
      expect(rig.send({ block1: "1/0/64", payload: "ff", token: tokens[1] })).toBe("2.04 1:1/0/64 0 B");
      expect(rig.last.fields.token).toBe(tokens[1]);
      expect(rig.bodies).toEqual([`${part(0, 64)}ff`]);
    }
  });

  it("takes its last block again: the answer was lost and the client began a new exchange", () => {
    const rig = serving();
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    rig.send({ block1: "1/1/64", payload: part(64, 128) });
    expect(rig.send({ block1: "1/1/64", payload: part(64, 128) })).toBe("2.31 1:1/1/64 0 B");
    rig.send({ block1: "2/0/64", payload: "ff" });
    expect(rig.bodies).toEqual([`${part(0, 128)}ff`]);
  });

  it("starts over with block 0, whatever was there", () => {
    const rig = serving();
    rig.send({ block1: "0/1/64", payload: "ff".repeat(64) });
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    rig.send({ block1: "1/0/64", payload: "01" });
    expect(rig.bodies).toEqual([`${part(0, 64)}01`]);
    expect(rig.kept).toBe(0);
  });

  test.each([
    ["a block left out", "3/1/64"],
    ["an earlier block", "0/1/16"],
    ["a last block left out", "5/0/64"],
  ])("with %s is 4.08, and nothing of it is kept", (_name, wrong) => {
    const rig = serving({ maxBody: 1_000 });
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    rig.send({ block1: "1/1/64", payload: part(64, 128) });
    const size = Number(wrong.split("/")[2]);
    const restarted = wrong.startsWith("0/");
    expect(rig.send({ block1: wrong, payload: part(0, size) })).toMatch(restarted ? /^2\.31/ : /^4\.08 0 B$/);
    expect(rig.kept).toBe(restarted ? 1 : 0);
    expect(rig.send({ block1: "2/0/64", payload: "01" })).toBe("4.08 0 B");
    expect(rig.kept).toBe(0);
    expect(rig.bodies).toEqual([]);
  });

  test.each([
    ["a block shorter than its size", { block1: "0/1/64", payload: part(0, 63) }],
    ["a block longer than its size", { block1: "0/0/64", payload: part(0, 65) }],
  ])("with %s is 4.00", (_name, asked) => {
    const rig = serving();
    expect(rig.send(asked)).toBe("4.00 0 B");
    expect(rig.kept).toBe(0);
  });

  it("with the reserved size is 4.00", () => {
    const rig = serving();
    rig.ask({ code: 2, options: [[27, "0f"]], payload: part(0, 64) });
    expect(rig.last.fields.code).toBe(code("4.00"));
  });

  it("longer than maxBody is 4.13 with the limit: foretold, or as soon as it is reached", () => {
    const rig = serving();
    expect(rig.send({ block1: "0/1/64", size1: 201, payload: part(0, 64) })).toBe("4.13 size1=200 0 B");
    expect(rig.kept).toBe(0);
    for (let i = 0; i < 3; i++) rig.send({ block1: `${i}/1/64`, payload: part(0, 64) });
    expect(rig.kept).toBe(1);
    expect(rig.send({ block1: "3/1/64", payload: part(0, 64) })).toBe("4.13 size1=200 0 B");
    expect(rig.kept).toBe(0);
    expect(rig.send({ payload: part(0, 201) })).toBe("4.13 size1=200 0 B");
    expect(rig.bodies).toEqual([]);
  });

  it("claims no memory beyond maxBody, whatever Size1 says", () => {
    const rig = serving();
    expect(rig.send({ block1: "0/1/16", size1: 0xffff_ffff, payload: part(0, 16) })).toBe(
      "4.13 size1=200 0 B",
    );
  });

  it("may be refused with its first block", () => {
    const rig = serving({
      admit: (message) => (hex(message.options[0].value) === "61" ? undefined : code("4.04")),
    });
    expect(rig.send({ path: "b", block1: "0/1/64", payload: part(0, 64) })).toBe("4.04 0 B");
    expect(rig.kept).toBe(0);
    expect(rig.send({ path: "a", block1: "0/1/64", payload: part(0, 64) })).toBe("2.31 1:0/1/64 0 B");
  });

  const others: [name: string, Asked][] = [
    ["port", { from: { ...client, port: 7 } }],
    ["address", { from: { ...client, address: "198.51.100.9" } }],
    ["path", { path: "b" }],
    ["query", { query: "x" }],
    ["method", { method: "0.03" }],
    ["Request-Tag", { tag: "02" }],
    ["presence of a Request-Tag", { tag: "" }],
  ];
  test.each(others)("is kept apart from one of another %s", (_name, other) => {
    const rig = serving();
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    rig.send({ ...other, block1: "0/1/64", payload: "ff".repeat(64) });
    expect(rig.kept).toBe(2);
    rig.send({ block1: "1/0/64", payload: "01" });
    rig.send({ ...other, block1: "1/0/64", payload: "02" });
    expect(rig.bodies).toEqual([`${part(0, 64)}01`, `${"ff".repeat(64)}02`]);
  });

  it("makes room for a new one when there are too many, the oldest first", () => {
    const rig = serving({ maxTransfers: 2 });
    for (const path of ["a", "b", "c"]) rig.send({ path, block1: "0/1/64", payload: part(0, 64) });
    expect(rig.kept).toBe(2);
    expect(rig.send({ path: "a", block1: "1/0/64", payload: "01" })).toBe("4.08 0 B");
    expect(rig.send({ path: "b", block1: "1/0/64", payload: "01" })).toBe("2.04 1:1/0/64 0 B");
    expect(rig.send({ path: "c", block1: "1/0/64", payload: "01" })).toBe("2.04 1:1/0/64 0 B");
  });

  it("is forgotten when nobody goes on with it for EXCHANGE_LIFETIME", () => {
    const rig = serving();
    rig.send({ block1: "0/1/64", payload: part(0, 64) });
    rig.wait(246_999);
    expect(rig.kept).toBe(1);
    rig.wait(1);
    expect(rig.kept).toBe(0);
  });
});

describe("a download", () => {
  const body = { code: code("2.05"), payload: bytes(150) };

  it("is cut into blocks, each with the ETag, the first with Size2", () => {
    const rig = serving({}, body);
    expect(rig.send({ method: "0.01" })).toBe("2.05 2:0/1/64 size2=150 64 B");
    const etag = rig.last.fields.options.find(([number]) => number === 4);
    expect(etag?.[1]).toHaveLength(8);
    expect(rig.send({ method: "0.01", block2: "1/0/64" })).toBe("2.05 2:1/1/64 64 B");
    expect(rig.send({ method: "0.01", block2: "2/0/64", token: "77" })).toBe("2.05 2:2/0/64 22 B");
    expect(rig.last.fields.options.find(([number]) => number === 4)).toEqual(etag);
    expect(rig.last.fields.payload).toBe(part(128, 150));
    expect(rig.requests).toHaveLength(1);
  });

  it("keeps the application's ETag and its other options on every block", () => {
    const options = [
      { number: 4, value: unhex("0a0b") },
      { number: 12, value: unhex("2a") },
    ];
    const rig = serving({}, { ...body, options });
    for (const block2 of [undefined, "1/0/64"]) {
      rig.send({ method: "0.01", block2 });
      expect(rig.last.fields.options.slice(0, 2)).toEqual([
        [4, "0a0b"],
        [12, "2a"],
      ]);
    }
  });

  it("goes by the smaller of both sizes, and follows the client to a smaller one", () => {
    const rig = serving({}, body);
    expect(rig.send({ method: "0.01", block2: "0/0/32" })).toBe("2.05 2:0/1/32 size2=150 32 B");
    expect(rig.send({ method: "0.01", block2: "2/0/16" })).toBe("2.05 2:2/1/16 16 B");
    expect(rig.last.fields.payload).toBe(part(32, 48));
    expect(rig.send({ method: "0.01", block2: "1/0/128" })).toBe("2.05 2:2/0/64 22 B");
    expect(rig.last.fields.payload).toBe(part(128, 150));
  });

  it("that fits one block says so only to who asked for blocks", () => {
    const rig = serving({}, { code: code("2.05"), payload: bytes(64) });
    expect(rig.send({ method: "0.01" })).toBe("2.05 64 B");
    expect(rig.send({ method: "0.01", block2: "0/0/64" })).toBe("2.05 2:0/0/64 64 B");
  });

  it("past its end is 4.00", () => {
    const rig = serving({}, body);
    expect(rig.send({ method: "0.01", block2: "3/0/64" })).toBe("4.00 0 B");
    expect(rig.send({ method: "0.01", block2: "1048575/0/1024" })).toBe("4.00 0 B");
  });

  it("of a GET goes on when the server has forgotten it, of a POST it does not: it would run again", () => {
    const rig = serving({}, body);
    expect(rig.send({ method: "0.01", block2: "1/0/64" })).toBe("2.05 2:1/1/64 64 B");
    expect(rig.requests).toHaveLength(1);
    expect(rig.send({ method: "0.02", block2: "1/0/64" })).toBe("4.08 0 B");
    expect(rig.requests).toHaveLength(1);
  });

  it("follows an upload, with its Request-Tag or without", () => {
    const rig = serving({}, body);
    rig.send({ tag: "01", block1: "0/1/64", payload: part(0, 64) });
    const answer = rig.send({ tag: "01", block1: "1/0/64", payload: "01" });
    expect(answer).toBe("2.05 2:0/1/64 1:1/0/64 size2=150 64 B");
    expect(rig.send({ tag: "01", block2: "1/0/64" })).toBe("2.05 2:1/1/64 64 B");
    expect(rig.send({ block2: "2/0/64" })).toBe("2.05 2:2/0/64 22 B");
    expect(rig.requests).toHaveLength(1);
  });

  it("of a slow handler is a separate response, and its other blocks ride on ACKs", () => {
    const rig = new BlockServerRig({ blockSize: 64 });
    rig.send({ method: "0.01" });
    rig.wait(1_000);
    rig.requests[0].respond(body, rig.now);
    expect(rig.last.fields.type).toBe(0);
    expect(rig.answer).toBe("2.05 2:0/1/64 size2=150 64 B");
    rig.receive({ type: 2, code: 0, messageId: rig.last.fields.messageId }, client);
    expect(rig.send({ method: "0.01", block2: "1/0/64" })).toBe("2.05 2:1/1/64 64 B");
    expect(rig.last.fields.type).toBe(2);
  });

  it("is kept apart by Request-Tag, and bounded in number", () => {
    let n = 0;
    const rig: BlockServerRig = new BlockServerRig(
      { blockSize: 64, maxTransfers: 2, remembered: 64 },
      (request) => void request.respond({ ...body, payload: bytes(150).fill((n += 1)) }, rig.now),
    );
    for (const tag of ["01", "02", "03"]) rig.send({ tag });
    expect(rig.kept).toBe(2);
    rig.send({ tag: "02", block2: "1/0/64" });
    expect(rig.last.fields.payload.slice(0, 2)).toBe("02");
    rig.send({ tag: "03", block2: "1/0/64" });
    expect(rig.last.fields.payload.slice(0, 2)).toBe("03");
    rig.wait(400_000);
    expect(rig.kept).toBe(0);
  });

  it("works for a NON as well", () => {
    const rig = serving({}, body);
    expect(rig.send({ type: 1, method: "0.01" })).toBe("2.05 2:0/1/64 size2=150 64 B");
    expect(rig.last.fields.type).toBe(1);
  });
});
