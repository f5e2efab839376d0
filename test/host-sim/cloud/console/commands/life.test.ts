/** The life of a command in words: the line of its steps, and the sentence of how it stands. */
import { describe, expect, it, test } from "vitest";
import { ahead, codeWords } from "../../../../../host-sim/cloud/console/page/commands/command";
import { sentenceOf, stepsOf } from "../../../../../host-sim/cloud/console/page/commands/life";
import type { Command } from "../../../../../host-sim/cloud/console/page/commands/command";
import type { Around } from "../../../../../host-sim/cloud/console/page/commands/life";

const start = new Date(2026, 10, 30, 14, 0, 0).getTime();
const command = (more: Partial<Command>): Command => ({
  ...{ id: "1", kind: "set", path: "", status: "pending", pendingTtl: 3_600, responseTimeout: 30 },
  ...{ createdAt: start, offers: 0, deadline: start + 3_600_000 },
  ...more,
});
const at = (ms: number, more: Partial<Around> = {}): Around => ({
  ...{ ahead: 0, now: start + ms, isOnline: true },
  ...more,
});
const sent = { status: "sent", sentAt: start + 2_000, offeredAt: start + 2_000, offers: 1 } as const;
const over = { deadline: undefined, endedAt: start + 5_000 } as const;

test.each<[string, Partial<Command>, Around, string]>([
  [
    "waits",
    {},
    at(12_000),
    "waits for the device's next contact, for 12 s by now, until 15:00:00 (60 min left)",
  ],
  [
    "waits for one that is offline",
    {},
    at(12_000, { isOnline: false }),
    "waits for the device's next contact, which is offline, for 12 s by now, until 15:00:00 (60 min left)",
  ],
  [
    "waits in a queue",
    {},
    at(0, { ahead: 2 }),
    "waits behind 2 others, for 0 ms by now, until 15:00:00 (60 min left)",
  ],
  [
    "waits not at all",
    { pendingTtl: 0, deadline: start + 30_000 },
    at(1_000),
    "goes with the next answer to the device, for 1 s by now, until 14:00:30 (29 s left)",
  ],
  [
    "is announced",
    { offeredAt: start + 1_000, offers: 1 },
    at(3_000),
    "announced 2 s ago, not fetched yet; waits for the device's next contact, for 3 s by now, until 15:00:00 (60 min left)",
  ],
  [
    "is sent",
    { ...sent, uplink: "thing/measurepoint/post", deadline: start + 32_000 },
    at(5_000),
    "sent with thing/measurepoint/post 3 s ago, waits for the reply until 14:00:32 (27 s left)",
  ],
  [
    "is answered",
    { ...sent, ...over, status: "success", code: 200, answeredAt: start + 2_800 },
    at(9_000),
    "200, success after 800 ms",
  ],
  [
    "is refused",
    { ...sent, ...over, status: "failed", code: 404, answeredAt: start + 3_000, message: "no such service" },
    at(9_000),
    "404, unknown to the device after 1 s: no such service",
  ],
  ["timed out", { ...sent, ...over, status: "timed-out" }, at(9_000), "no reply within 30 s"],
  ["timed out unsent", { ...over, status: "timed-out" }, at(9_000), "the device did not speak within 30 s"],
  ["expired", { ...over, status: "expired" }, at(9_000), "not sent within 60 min"],
  ["was revoked", { ...over, status: "revoked" }, at(9_000), "withdrawn 5 s after it was queued"],
  [
    "failed as the device went",
    { ...over, status: "failed", message: "the device went offline before the command was sent" },
    at(9_000),
    "the device went offline before the command was sent",
  ],
  [
    "is answered late",
    { ...sent, ...over, status: "timed-out", late: { at: start + 7_000, code: 200 } },
    at(9_000),
    "no reply within 30 s; a reply came 2 s too late: 200, success",
  ],
])("one that %s says so", (_what, more, around, words) => {
  expect(sentenceOf(command(more), around)).toBe(words);
});

describe("the steps", () => {
  const told = (more: Partial<Command>, around = at(9_000)): string[] =>
    stepsOf(command(more), around).map(
      ({ label, at: time, state }) =>
        `${state} ${label}${time === undefined ? "" : ` ${(time - start) / 1000}`}`,
    );

  it("of one that goes along with an answer", () => {
    expect(told({})).toEqual(["done queued 0", "now to be sent", "todo answered"]);
    expect(told(sent)).toEqual(["done queued 0", "done sent 2", "now answered"]);
    expect(told({ ...sent, ...over, status: "success", code: 200, answeredAt: start + 3_000 })).toEqual([
      ...["done queued 0", "done sent 2", "done answered 200 3"],
    ]);
  });

  it("of one that is announced and fetched", () => {
    const announced = { offeredAt: start + 1_000, offers: 1 };
    expect(told(announced)).toEqual([
      "done queued 0",
      "done announced 1",
      "now to be fetched",
      "todo answered",
    ]);
    const fetched = {
      ...announced,
      status: "sent",
      fetchedAt: start + 2_000,
      sentAt: start + 2_000,
    } as const;
    expect(told(fetched)).toEqual(["done queued 0", "done announced 1", "done fetched 2", "now answered"]);
  });

  it("of one that ends without a reply, and gets one late", () => {
    expect(told({ ...over, status: "expired" })).toEqual(["done queued 0", "bad expired 5"]);
    expect(told({ ...over, status: "revoked" })).toEqual(["done queued 0", "done revoked 5"]);
    const late = { at: start + 7_000, code: 200 };
    expect(told({ ...sent, ...over, status: "timed-out", late })).toEqual([
      ...["done queued 0", "done sent 2", "bad timed out 5", "bad late reply 200 7"],
    ]);
  });
});

test("those before one in the queue are counted: the one that was sent, and what waits for longer", () => {
  const all = [
    command({ id: "1", status: "success" }),
    command({ id: "2", status: "sent" }),
    command({ id: "3" }),
    command({ id: "4" }),
  ];
  expect(all.map((each) => ahead(each, all))).toEqual([0, 0, 1, 2]);
});

test("a code without a name is the device's own", () => {
  expect(codeWords(17)).toBe("17, the device's own code");
});
