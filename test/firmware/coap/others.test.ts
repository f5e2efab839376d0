/**
 * What a peer can make an endpoint send, and what the endpoint tells of it: RSTs, blocks without an end, answers
 * that come late and datagrams that nothing asked for.
 */
import { describe, expect, it, test } from "vitest";
import { BlockRig, bytes } from "./block-rig";
import { Rig, summary } from "./rig";
import type { EndpointOptions } from "../../../firmware/coap/endpoint";

const hexOf = (from: number, to: number): string => Buffer.from(bytes(to)).subarray(from, to).toString("hex");

/** Options that write down what the endpoint tells and asks. */
function watched(allowed: number) {
  const told: string[] = [];
  let left = allowed;
  const options: Partial<EndpointOptions> = {
    guard: {
      mayFollow(what) {
        left -= 1;
        told.push(`${what} ${left >= 0 ? "sent" : "not sent"}`);
        return left >= 0;
      },
      stranger: (late) => void told.push(late ? "late" : "stranger"),
      emptyAck: () => void told.push("empty"),
    },
  };
  return { told, options };
}

describe("an RST is sent as long as it may be", () => {
  const table: [what: string, datagram: string][] = [
    ["a ping", "40001234"],
    ["a request", "40011234"],
    ["a CON response that nothing waits for", "44451234aabbccdd"],
    ["a NON response that nothing waits for", "54451234aabbccdd"],
    ["a CON that is no message", "40"],
    ["a CON with a reserved code", "40e01234"],
  ];
  test.each(table)("%s: %s", (_what, datagram) => {
    const { told, options } = watched(1);
    const rig = new Rig(options);
    for (let i = 0; i < 3; i++) rig.receiveBytes(datagram);
    const rejects = datagram.length >= 8;
    expect(rig.sent.map((sent) => sent.bytes)).toEqual(rejects ? ["70001234"] : []);
    expect(told.filter((each) => each === "stranger")).toHaveLength(3);
    expect(told.filter((each) => each.startsWith("reset"))).toHaveLength(rejects ? 3 : 0);
  });
});

describe("a stranger's datagram is told from an answer that comes late", () => {
  it("an ACK for an id that was used lately is late, any other is a stranger's", () => {
    const { told, options } = watched(0);
    const rig = new Rig(options);
    const { completed } = rig.post();
    const { messageId, token } = rig.last.fields;
    const answer = { type: 2, code: 0x44, messageId, token };
    rig.receive(answer);
    expect(summary(completed)).toHaveLength(1);
    expect(told).toEqual([]);
    rig.receive(answer);
    rig.receive({ ...answer, messageId: (messageId - 15) & 0xffff });
    rig.receive({ type: 3, code: 0, messageId });
    expect(told).toEqual(["late", "late", "late"]);
    rig.receive({ ...answer, messageId: (messageId - 16) & 0xffff });
    rig.receive({ ...answer, messageId: (messageId + 1) & 0xffff });
    rig.receive({ type: 3, code: 0, messageId: (messageId + 700) & 0xffff });
    expect(told.slice(3)).toEqual(["stranger", "stranger", "stranger"]);
  });

  it("what belongs to a request under way is neither, be it useless", () => {
    const { told, options } = watched(0);
    const rig = new Rig(options);
    rig.post();
    const { messageId } = rig.last.fields;
    rig.receive({ type: 2, code: 0x44, messageId, token: "00112233" });
    rig.receiveBytes(`60e0${messageId.toString(16).padStart(4, "0")}`);
    expect(told).toEqual([]);
    expect(rig.discarded).toEqual(["token-mismatch", "malformed"]);
  });

  it("an acknowledgement without the response is told, once for each request", () => {
    const { told, options } = watched(0);
    const rig = new Rig(options);
    rig.post();
    const { messageId } = rig.last.fields;
    rig.receive({ type: 2, code: 0, messageId });
    rig.receive({ type: 2, code: 0, messageId });
    expect(told).toEqual(["empty"]);
  });
});

describe("blocks that a server asks for", () => {
  it("of a response without an end are fetched as long as they may be", () => {
    const { told, options } = watched(3);
    const rig = new BlockRig(options);
    const { completed } = rig.post({ code: 1 });
    for (let num = 0; summary(completed).length === 0; num++) {
      rig.answer({ code: "2.05", block2: `${num}/1/64`, payload: hexOf(64 * num, 64 * num + 64) });
    }
    expect(summary(completed)).toEqual(["body-too-large"]);
    expect(rig.sent).toHaveLength(4);
    expect(told).toEqual(["block sent", "block sent", "block sent", "block not sent"]);
  });

  it("of a response smaller than the least size are refused, but for the last", () => {
    const rig = new BlockRig({ leastBlock: 64 });
    const first = rig.post({ code: 1 });
    rig.answer({ code: "2.05", block2: "0/1/32", payload: hexOf(0, 32) });
    expect(summary(first.completed)).toEqual(["block-fault"]);
    const whole = rig.post({ code: 1 });
    rig.answer({ code: "2.05", block2: "0/0/16", payload: "0102" });
    expect(summary(whole.completed)).toEqual(["2.05 0102"]);
  });

  it("for what goes up may be smaller within the bounds, and count when they are", () => {
    const { told, options } = watched(1);
    const rig = new BlockRig({ ...options, blockSize: 256, leastBlock: 64 });
    const { completed } = rig.post({ payload: bytes(1_000) });
    rig.answer({ code: "2.31", block1: "0/1/256" });
    expect(told).toEqual([]);
    rig.answer({ code: "2.31", block1: "1/1/64" });
    expect(told).toEqual(["block sent"]);
    expect(rig.lines.at(-1)).toBe("0.02 1:8/1/64 64 B");
    rig.answer({ code: "2.31", block1: "8/1/64" });
    expect(summary(completed)).toEqual(["block-fault"]);
    for (const answer of [
      { code: "2.31", block1: "0/1/32" },
      { code: "4.13", block1: "0/1/32" },
    ]) {
      const tiny = new BlockRig({ blockSize: 256, leastBlock: 64 });
      const upload = tiny.post({ payload: bytes(1_000) });
      tiny.answer(answer);
      expect(summary(upload.completed)).toEqual(["block-fault"]);
      expect(tiny.sent).toHaveLength(1);
    }
  });

  it("may be of 16 bytes where nothing else is said, as before", () => {
    const rig = new BlockRig();
    const { completed } = rig.post({ code: 1 });
    rig.answer({ code: "2.05", block2: "0/1/16", payload: hexOf(0, 16) });
    rig.answer({ code: "2.05", block2: "1/0/16", payload: hexOf(16, 20) });
    expect(summary(completed)).toEqual([`2.05 ${hexOf(0, 20)}`]);
  });
});
