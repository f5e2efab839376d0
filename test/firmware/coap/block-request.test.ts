/** One block of a body, whichever: against a server of whatever bytes, and against the server's own half. */
import { describe, expect, it } from "vitest";
import { requestBlock } from "../../../firmware/coap/block-request";
import { findBlock } from "../../../firmware/coap/block";
import { encodeOptions, findOption } from "../../../firmware/coap/option";
import { hex, utf8Hex } from "../../../host-sim/tools/fuzz/peer";
import { BlockRig, bytes, part } from "./block-rig";
import { block } from "./block-notation";
import { ServingRig, client } from "./serving";
import { server, summary } from "./rig";
import type { Exchange, Outcome } from "../../../firmware/coap/exchange";
import type { Completed, Rig } from "./rig";

const fixed = encodeOptions([{ number: 11, value: new Uint8Array(Buffer.from("f")) }]);

function ask(rig: Rig, num: number, szx: number): { completed: Completed[]; exchange: Exchange } {
  const completed: Completed[] = [];
  const onComplete = (outcome: Outcome, at: number): void => void completed.push({ outcome, at });
  const exchange = requestBlock(rig.endpoint, { ...server, fixed, num, szx, onComplete }, rig.now);
  return { completed, exchange };
}

describe("a block", () => {
  it("is asked for by its number, and given as it came, with its options", () => {
    const rig = new BlockRig();
    const { completed } = ask(rig, 2_399, 5);
    expect(rig.lines).toEqual(["0.01 2:2399/0/512 0 B"]);
    expect(rig.option(11)).toBe(utf8Hex("f"));
    rig.answer({
      code: "2.05",
      block2: "2399/1/512",
      payload: part(0, 512),
      options: [
        [4, "1a2b"],
        [28, "0258aa"],
      ],
    });
    expect(rig.lines).toHaveLength(1);
    expect(summary(completed)).toEqual([`2.05 ${part(0, 512)}`]);
    const { outcome } = completed[0];
    if (outcome.kind !== "response") throw new Error(outcome.kind);
    const { options } = outcome.message;
    expect(findBlock(options, 23)).toEqual({ num: 2_399, more: true, szx: 5 });
    expect(hex(findOption(options, 4)!)).toBe("1a2b");
    expect(hex(findOption(options, 28)!)).toBe("0258aa");
    expect(rig.endpoint.held.outgoing).toBe(0);
  });

  it("has no option of its own in the way of an endpoint that offers block sizes", () => {
    const rig = new BlockRig({ blockSize: 64, offerBlockSize: true });
    ask(rig, 0, 5);
    expect(rig.lines).toEqual(["0.01 2:0/0/512 0 B"]);
  });

  it.each(["4.04", "4.08", "5.03"])(
    "that the server refuses by %s ends so, with no further request",
    (code) => {
      const rig = new BlockRig();
      const { completed } = ask(rig, 3, 2);
      rig.answer({ code });
      expect(summary(completed)).toEqual([`${code} `]);
      expect(rig.lines).toHaveLength(1);
    },
  );

  it("comes in a separate response too, is repeated while none comes, and given up", () => {
    const rig = new BlockRig();
    const one = ask(rig, 1, 0);
    const { messageId, token } = rig.last.fields;
    rig.receive({ type: 2, code: 0, messageId });
    rig.receive({
      type: 0,
      code: 0x45,
      messageId: 7,
      token,
      options: [[23, block("1/1/16")]],
      payload: "aa",
    });
    expect(summary(one.completed)).toEqual(["2.05 aa"]);
    const other = ask(rig, 2, 0);
    rig.wait(200_000);
    expect(summary(other.completed)).toEqual(["timeout"]);
    expect(other.exchange.retransmissions).toBe(4);
  });

  it("can be cancelled, once, and a closed endpoint asks for none", () => {
    const rig = new BlockRig();
    const { completed, exchange } = ask(rig, 1, 0);
    exchange.cancel(rig.now);
    exchange.cancel(rig.now);
    expect(summary(completed)).toEqual(["cancelled"]);
    rig.endpoint.close(rig.now);
    expect(summary(ask(rig, 1, 0).completed)).toEqual(["cancelled"]);
    expect(rig.lines).toHaveLength(1);
  });

  it("waits for its turn behind a request under way, and ends with the endpoint", () => {
    const rig = new BlockRig();
    rig.post();
    const { completed } = ask(rig, 1, 0);
    expect(rig.lines).toHaveLength(1);
    rig.answer({ code: "2.04" });
    expect(rig.lines.slice(1)).toEqual(["0.01 2:1/0/16 0 B"]);
    rig.endpoint.close(rig.now);
    expect(summary(completed)).toEqual(["cancelled"]);
  });

  it("is any one of a body that our own server serves", () => {
    const body = bytes(5_000);
    const serving = new ServingRig(
      { blockSize: 512, maxBody: 8_192 },
      (request) => void request.respond({ code: 0x45, payload: body }, serving.now),
    );
    const rig = new BlockRig();
    for (const [num, szx] of [
      [9, 5],
      [3, 5],
      [312, 0],
      [0, 2],
      [4, 6],
    ]) {
      const { completed } = ask(rig, num, szx);
      serving.endpoint.receive(
        new Uint8Array(Buffer.from(rig.last.bytes, "hex")),
        client.address,
        client.port,
        serving.now,
      );
      rig.receiveBytes(serving.last.bytes);
      // The server's blocks have at most 512 bytes.
      const from = num * (16 << szx);
      expect(summary(completed)).toEqual([
        `2.05 ${hex(body.subarray(from, from + Math.min(512, 16 << szx)))}`,
      ]);
    }
  });
});
