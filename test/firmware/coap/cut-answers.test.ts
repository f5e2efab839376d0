/** Answers of which only the beginning comes, because the device's modem takes no more of a datagram. */
import { expect, test } from "vitest";
import { hex, peerEncode } from "../../../host-sim/tools/fuzz/peer";
import { Rig, server, summary } from "./rig";
import type { Fields } from "../../../host-sim/tools/fuzz/peer";

/** The answer to what was sent last, cut to so many bytes, or by so many where it is less than none. */
function answer(rig: Rig, length: number, fields: Partial<Fields> = {}, cut = false): void {
  const { messageId, token } = rig.last.fields;
  const options: Fields["options"] = [
    [2100, "61".repeat(20)],
    [2102, "62".repeat(300)],
  ];
  const whole = peerEncode({
    type: 2,
    code: 0x44,
    messageId,
    token,
    options,
    payload: "63".repeat(9),
    ...fields,
  });
  const bytes = whole.slice(0, length);
  rig.endpoint.receive(bytes, server.address, server.port, rig.now, cut);
}

test("one that ends within an option ends the exchange, with what has come", () => {
  const rig = new Rig();
  const { completed } = rig.post();
  answer(rig, 200);
  expect(completed).toHaveLength(1);
  const { outcome } = completed[0];
  if (outcome.kind !== "response") throw new Error(outcome.kind);
  const { message } = outcome;
  expect(message).toMatchObject({ code: 0x44, cut: "options" });
  expect(message.payload.length).toBe(0);
  expect(message.options.map(({ number, value }) => [number, hex(value)])).toEqual([
    [2100, "61".repeat(20)],
    [2102, "62".repeat(200 - 8 - 24 - 3)],
  ]);
  rig.wait(300_000);
  expect(rig.sent).toHaveLength(1);
});

test("one that ends within its payload is told apart by the socket alone", () => {
  for (const cut of [false, true]) {
    const rig = new Rig();
    const { completed } = rig.post();
    answer(rig, -6, {}, cut);
    expect(summary(completed)).toEqual(["2.04 636363"]);
    const [{ outcome }] = completed;
    expect(outcome.kind === "response" && outcome.message.cut).toBe(cut ? "payload" : undefined);
  }
});

test("one that ends where an option does may have had a payload", () => {
  const rig = new Rig();
  const { completed } = rig.post();
  answer(rig, 8 + 24, {}, true);
  expect(completed[0].outcome).toMatchObject({ message: { cut: "options" } });
});

test.each<[string, Partial<Fields>]>([
  ["another token", { token: "00000000" }],
  ["another message id", { messageId: 1 }],
  ["another type", { type: 1 }],
  ["no response's code", { code: 0x03 }],
  [
    "a critical option before the cut",
    {
      options: [
        [9, ""],
        [2102, "62".repeat(300)],
      ],
    },
  ],
])("one with %s is thrown away, and the exchange goes on", (_, fields) => {
  const rig = new Rig();
  const { completed } = rig.post();
  answer(rig, 200, fields);
  expect(completed).toEqual([]);
  expect(rig.discarded).toHaveLength(1);
  answer(rig, 1_000);
  expect(summary(completed)).toEqual([`2.04 ${"63".repeat(9)}`]);
});

test("within a body that comes in blocks, a part of a block ends it as a fault", () => {
  const rig = new Rig();
  const { completed } = rig.post({ code: 1, payload: undefined });
  const block = (num: number, more: boolean): string => hex(Uint8Array.of((num << 4) | (more ? 8 : 0)));
  answer(rig, 1_000, { code: 0x45, options: [[23, block(0, true)]], payload: "64".repeat(16) });
  expect(rig.sent).toHaveLength(2);
  answer(rig, 1_000, { code: 0x45, options: [[23, block(1, false)]], payload: "65".repeat(9) }, true);
  expect(summary(completed)).toEqual(["block-fault"]);
});
