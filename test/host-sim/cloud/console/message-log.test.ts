/** What is kept of the messages: bounded, with what became of each. */
import { describe, expect, it, test } from "vitest";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { Outcomes, outcomeOf } from "../../../../host-sim/cloud/console/outcome";
import type { CloudEvent } from "../../../../host-sim/cloud/events";

const peer = { address: "10.0.0.2", port: 40_001 };
const about = { productKey: "PK", deviceKey: "DK" };
const post = (messageId: number, payload = "{}", deviceKey = "DK"): Uint8Array =>
  encodeCoap({
    ...{ type: 0, code: 2, messageId, token: Uint8Array.of(7) },
    options: ["topic", "sys", "PK", deviceKey, "thing", "measurepoint", "post"].map((each) => ({
      ...{ number: 11, value: Buffer.from(each) },
    })),
    payload: Buffer.from(payload),
  });
const stored = (id: string, points: Record<string, unknown>): CloudEvent => ({
  ...({ type: "stored", at: 5, ...about, kind: "reading", format: "raw" } as const),
  ...{ id, points },
});

describe("the last messages", () => {
  test("are ten thousand, of each device its own, within times", () => {
    let now = 0;
    const feed = new Feed(() => now);
    for (let i = 0; i < 12_000; i++) {
      now = i;
      feed.datagram("in", post(i & 0xffff, "{}", i % 3 === 0 ? "other" : "DK"), peer);
    }
    expect(feed.messages.length).toBe(10_000);
    expect(feed.messages.of("PK/other")).toHaveLength(3_333);
    expect(feed.messages.of("PK/DK", 11_990, 11_999).map(({ at }) => at)).toEqual([
      ...[11_990, 11_992, 11_993, 11_995, 11_996, 11_998, 11_999],
    ]);
    expect(feed.messages.of(undefined)[0]).toMatchObject({ at: 2_000, number: 2_001 });
  });

  test("are no more than eight million bytes, however long they are", () => {
    const feed = new Feed(() => 0);
    const long = Buffer.concat([Buffer.from([0x50, 2, 0, 1, 0xff]), Buffer.alloc(60_000, "x")]);
    for (let i = 0; i < 9_000; i++) feed.datagram("in", long, peer);
    const kept = feed.messages.of(undefined);
    const bytes = kept.reduce(
      (sum, { bytes: each, told }) => sum + each.length + JSON.stringify(told).length,
      0,
    );
    expect(kept.length).toBeGreaterThan(1_000);
    expect(bytes).toBeLessThan(10 << 20);
    expect(kept.at(-1)!.bytes.length).toBe(1_500);
  });
});

describe("what became of a message", () => {
  it("is what the cloud tells of its device before the next one comes", () => {
    const feed = new Feed(() => 0);
    feed.datagram("in", post(1), peer);
    feed.event({ type: "state", at: 0, ...about, from: "offline", to: "online" } as CloudEvent);
    feed.event(stored("1", { temperature: 21.5 }));
    feed.event({ ...stored("9", { temperature: 1 }), deviceKey: "other" } as CloudEvent);
    feed.event({
      type: "duplicate-request",
      at: 0,
      peer: { ...peer, port: 1 },
      messageId: 1,
      answered: true,
    });
    const [message] = feed.messages.of("PK/DK");
    expect(message.outcomes.list).toEqual([
      { type: "stored", text: "stored: reading 1", points: { temperature: 21.5 } },
    ]);
    // The entry says which message it was.
    expect(JSON.parse(feed.after(2)!.json)).toMatchObject({ kind: "event", message: 1 });
    expect(JSON.parse(feed.after(1)!.json)).not.toHaveProperty("message");
    feed.datagram("in", post(2, "{}", "other"), peer);
    feed.event(stored("2", { temperature: 3 }));
    expect(message.outcomes.list).toHaveLength(1);
  });

  it("is bounded: the points that fit, then how many more there are", () => {
    const outcomes = new Outcomes();
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`point_${i}`, i]));
    outcomes.add(outcomeOf(stored("1", many), 3)!);
    expect(outcomes.list).toEqual([{ type: "stored", text: "stored: reading 1", leftOut: 603 }]);
    for (let i = 0; i < 1_000; i++) outcomes.add(outcomeOf(stored(String(i), { temperature: i }))!);
    expect(JSON.stringify(outcomes.list).length).toBeLessThan(4_500);
    expect(outcomes.list.length + outcomes.more).toBe(1_001);
  });

  test.each<[CloudEvent, string]>([
    [
      { type: "report-refused", at: 0, ...about, enosCode: 1204, reason: "no number" },
      "not stored, 1204: no number",
    ],
    [
      { type: "signature-refused", at: 0, ...about, peer, code: 0x81, reason: "wrong" },
      "refused, 4.01 Unauthorized: wrong",
    ],
    [
      {
        type: "script-fault",
        at: 0,
        productKey: "PK",
        task: "report",
        input: "00",
        fault: "RangeError",
        times: 1,
      },
      "parsing script: RangeError",
    ],
  ])("%j", (event, text) => {
    expect(outcomeOf(event)).toEqual({ type: event.type, text });
  });
});
