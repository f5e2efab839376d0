/**
 * Uploads one after the other (RFC 7959 section 2.5), and the size of what comes down said in time: for servers that
 * do not know Request-Tag, or do not go down in size in the middle of a body.
 */
import { describe, expect, it } from "vitest";
import { internet } from "../../../firmware/coap/transmission";
import { BlockRig, bytes, part } from "./block-rig";
import { summary } from "./rig";

const together = { blockSize: 64, transmission: { ...internet, nstart: 9 } };
/** Method and blocks of what was sent. */
const blocks = (rig: BlockRig): string[] => rig.lines.map((line) => line.replace(/ size1=\d+| \d+ B$/g, ""));

describe("uploads at the same time", () => {
  it("go one after the other, while other requests go on beside them", () => {
    const rig = new BlockRig(together);
    const first = rig.post({ payload: bytes(130) });
    const second = rig.post({ payload: bytes(100) });
    const short = rig.post();
    expect(rig.lines).toEqual(["0.02 1:0/1/64 size1=130 64 B", "0.02 1 B"]);
    rig.answer({ code: "2.04" });
    expect(summary(short.completed)).toEqual(["2.04 "]);
    const waiting = rig.sent.findIndex(({ fields }) => fields.payload.length === 128);
    rig.receive({ ...rig.sent[waiting].fields, type: 2, code: 0x5f, payload: "", options: [[27, "0a"]] });
    rig.answer({ code: "2.31", block1: "1/1/64" });
    rig.answer({ code: "2.04", block1: "2/0/64" });
    expect(summary(first.completed)).toEqual(["2.04 "]);
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.04", block1: "1/0/64" });
    expect(summary(second.completed)).toEqual(["2.04 "]);
    expect(blocks(rig)).toEqual([
      ...["0.02 1:0/1/64", "0.02", "0.02 1:1/1/64", "0.02 1:2/0/64"],
      ...["0.02 1:0/1/64", "0.02 1:1/0/64"],
    ]);
    expect(rig.endpoint.held.outgoing).toBe(0);
  });

  it.each<[string, (rig: BlockRig) => void]>([
    ["was refused", (rig) => rig.answer({ code: "4.13" })],
    ["was never answered", (rig) => rig.wait(95_000)],
  ])("have their turn when the one before %s", (_how, end) => {
    const rig = new BlockRig(together);
    rig.post({ payload: bytes(130) });
    const second = rig.post({ payload: bytes(64 + 1) });
    end(rig);
    expect(rig.last.fields.payload).toBe(part(0, 64));
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.04", block1: "1/0/64" });
    expect(summary(second.completed)).toEqual(["2.04 "]);
  });

  it("have their turn when the one before has begun anew, as the server lost its response", () => {
    const rig = new BlockRig(together);
    const first = rig.post({ code: 5, payload: bytes(100) });
    const second = rig.post({ payload: bytes(100) });
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.05", block1: "1/0/64", block2: "0/1/16", payload: part(0, 16) });
    rig.answer({ code: "4.08" });
    expect(rig.lines.at(-1)).toMatch(/^0\.05 1:0\/1\/16 size1=100/);
    rig.answer({ code: "5.03" });
    expect(summary(first.completed)).toEqual(["5.03 "]);
    rig.answer({ code: "2.31", block1: "0/1/64" });
    rig.answer({ code: "2.04", block1: "1/0/64" });
    expect(summary(second.completed)).toEqual(["2.04 "]);
    expect(rig.endpoint.held.outgoing).toBe(0);
  });

  it("have their turn when what is told of the one before's end fails", () => {
    const rig = new BlockRig(together);
    const fail = (): void => {
      throw new Error("told");
    };
    const first = rig.post({ payload: bytes(100), onComplete: fail });
    rig.post({ payload: bytes(100) });
    expect(() => first.exchange.cancel(rig.now)).toThrow("told");
    expect(rig.sent).toHaveLength(2);
  });

  it("have their turn when the one before is cancelled, and are cancelled while they wait", () => {
    const rig = new BlockRig(together);
    const [first, second, third] = [0, 1, 2].map(() => rig.post({ payload: bytes(100) }));
    second.exchange.cancel(rig.now);
    expect(summary(second.completed)).toEqual(["cancelled"]);
    expect(rig.sent).toHaveLength(1);
    first.exchange.cancel(rig.now);
    expect(rig.sent).toHaveLength(2);
    rig.endpoint.close(rig.now);
    expect(summary(third.completed)).toEqual(["cancelled"]);
  });

  it("are cancelled where the end of the one before closes the endpoint", () => {
    const rig = new BlockRig(together);
    const first = rig.post({ payload: bytes(100), onComplete: () => rig.endpoint.close(rig.now) });
    const second = rig.post({ payload: bytes(100) });
    first.exchange.cancel(rig.now);
    expect(summary(second.completed)).toEqual(["cancelled"]);
    expect(rig.sent).toHaveLength(1);
  });

  it("to another server do not wait", () => {
    const rig = new BlockRig(together);
    rig.post({ payload: bytes(100) });
    rig.post({ payload: bytes(100), port: 61_616 });
    expect(rig.sent).toHaveLength(2);
  });

  it("are all cancelled when the endpoint closes, and refused when there are too many", () => {
    const rig = new BlockRig({ ...together, maxRequests: 3 });
    const uploads = [0, 1, 2, 3].map(() => rig.post({ payload: bytes(100) }).completed);
    expect(summary(uploads[3])).toEqual(["queue-full"]);
    rig.endpoint.close(rig.now);
    expect(uploads.slice(0, 3).map(summary)).toEqual([["cancelled"], ["cancelled"], ["cancelled"]]);
    expect(rig.sent).toHaveLength(1);
  });
});

describe("the size of the response's blocks", () => {
  it.each([16, 64, 512])("is said at once where it is to be at most %d", (blockSize) => {
    const rig = new BlockRig({ blockSize, offerBlockSize: undefined });
    rig.post({ code: 1, payload: undefined });
    rig.post({ payload: bytes(8) });
    rig.answer({ code: "2.05" });
    expect(rig.lines).toEqual([`0.01 2:0/0/${blockSize} 0 B`, `0.02 2:0/0/${blockSize} 8 B`]);
  });

  it("is not said where any will do", () => {
    const rig = new BlockRig({ offerBlockSize: undefined });
    rig.post({ code: 1, payload: undefined });
    expect(rig.lines).toEqual(["0.01 0 B"]);
  });

  it("stays what the server chose, however small the blocks were that went up", () => {
    // With room for blocks of 128 bytes to send.
    const rig = new BlockRig({ maxDatagram: 200, offerBlockSize: undefined });
    const { completed } = rig.post({ payload: bytes(200) });
    rig.answer({ code: "2.31", block1: "0/1/128" });
    rig.answer({ code: "2.04", block1: "1/0/128", block2: "0/1/512", payload: part(0, 512) });
    expect(rig.lines[2]).toBe("0.02 2:1/0/512 0 B");
    rig.answer({ code: "2.04", block2: "1/0/512", payload: part(512, 600) });
    expect(completed[0].outcome).toMatchObject({ kind: "response" });
  });
});
