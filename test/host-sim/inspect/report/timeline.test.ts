import { describe, expect, test } from "vitest";
import { encodeCoap } from "../../../../host-sim/cloud/coap/coap-wire";
import { lasting, stamp } from "../../../../host-sim/inspect/report/duration";
import { Timeline, describeCloud, foldHex } from "../../../../host-sim/inspect/report/timeline";
import { paletteFor } from "../../../../host-sim/inspect/report/style";
import type { CloudEvent } from "../../../../host-sim/cloud/events";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

function lines(events: readonly WorldEvent[], verbose = false): string[] {
  const written: string[] = [];
  const timeline = new Timeline({ write: (line) => written.push(line), palette: paletteFor({}), verbose });
  for (const event of events) timeline.add(event);
  timeline.end();
  return written;
}

const demo = { productKey: "pk", deviceKey: "dk", at: 0 };
const at = (time: number, direction: "host" | "modem", text: string): WorldEvent => ({
  time,
  source: "at",
  direction,
  text,
});
const device = (time: number, text: string): WorldEvent => ({ time, source: "device", text });

function datagram(time: number, fate: "delivered" | "lost", again = false): WorldEvent {
  const direction = "up" as const;
  const bytes = encodeCoap({
    type: 0,
    code: 2,
    messageId: 0x4a1c,
    token: Uint8Array.of(0x9f, 0x86),
    options: ["topic", "sys", "pk", "dk", "thing", "model", "up_raw"].map((segment) => ({
      number: 11,
      value: Buffer.from(segment),
    })),
    payload: new Uint8Array(34),
  });
  const peer = { address: "203.0.113.5", port: 5683 };
  const report = {
    direction,
    time,
    bytes,
    fate,
    from: peer,
    to: peer,
    inside: undefined,
    deliveredAt: fate === "lost" ? undefined : time + 1_100,
    duplicate: false,
  };
  return { time, source: "air", report, again };
}

test.each<
  [Omit<Extract<CloudEvent, { type: "seal-doubted" }>, "type" | "at" | "productKey" | "deviceKey">, RegExp]
>([
  [
    { what: "refused", reason: "forged", times: 1 },
    /^sealed: a message was refused: forged, no key opens it$/,
  ],
  [
    { what: "refused", reason: "of its own", times: 10 },
    /^sealed: a message was refused: of its own, 10 times so far$/,
  ],
  [
    { what: "replayed", salt: "0011", counter: 3, times: 1 },
    /envelope 3 of start 0011 came again: somebody.*or the device/,
  ],
  [
    { what: "cloned", salt: "0011", counter: 4, times: 1 },
    /envelope 4 of start 0011 is new.*two boards.*or somebody held/,
  ],
  [
    { what: "swapped", salt: "0011", counter: 5, sealedBy: "other", times: 1 },
    /is of device other, and came by the path/,
  ],
  [{ what: "plain", times: 100 }, /a plain message was taken.*, 100 times so far$/],
])("a message in doubt is a line: %j", (doubt, words) => {
  expect(describeCloud({ type: "seal-doubted", ...demo, ...doubt }, false)).toMatch(words);
});

const rollout = { productKey: "P", rolloutId: "3", version: "1.3.0", at: 0 };
test.each([
  [{ type: "rollout-stage", stage: 1, stages: 3, devices: 1 }, ": stage 1 of 3 begins, 1 device"],
  [{ type: "rollout-stage", stage: 2, stages: 3, devices: 9 }, ": stage 2 of 3 begins, 9 devices"],
  [{ type: "rollout-stopped", stage: 2, reason: "2 of 9 failed" }, " stopped: 2 of 9 failed"],
  [{ type: "rollout-changed", what: "paused" }, " paused"],
  [
    { type: "rollout-done", devices: 9, succeeded: 8, failed: 1 },
    " done: 8 of 9 devices succeeded, 1 failed",
  ],
] as const)("a rollout is told: %j", (event, words) => {
  expect(describeCloud({ ...rollout, ...event }, false)).toMatch(
    new RegExp(`^(?:an operator: )?rollout 3 to 1\\.3\\.0${words}$`),
  );
});

describe("the values of a reading", () => {
  const names = Array.from({ length: 30 }, (_, i) => `point${i}`);
  const stored: WorldEvent = {
    time: 1_000,
    source: "cloud",
    event: {
      type: "stored",
      ...demo,
      kind: "reading",
      id: "353187458",
      format: "raw",
      points: { ...Object.fromEntries(names.map((name, i) => [name, i])), note: "n".repeat(200) },
    },
  };
  const shown = (columns?: number): string => {
    const written: string[] = [];
    const write = (line: string): void => void written.push(line);
    new Timeline({ write, palette: paletteFor({}), verbose: false, columns }).add(stored);
    return written.join("");
  };

  test("are all there in a pipe, those that were added last as well", () => {
    const line = shown();
    for (const [i, name] of names.entries()) expect(line).toContain(` ${name}=${i}`);
    expect(line).toContain(` note="${"n".repeat(200)}"`);
    expect(line).not.toMatch(/…|\.\.\.| more$/);
  });

  test.each([80, 140, 200])(
    "fit into the line of a terminal of %d columns, whole, with how many are left out",
    (columns) => {
      const line = shown(columns);
      expect(line.length).toBeLessThanOrEqual(Math.max(120, columns));
      const [, values, more] = /\(raw\)((?: point\d+=\d+)+) and (\d+) more$/.exec(line)!;
      expect(values.trim().split(" ").length + Number(more)).toBe(31);
    },
  );
});

describe("the timeline", () => {
  test("folds the AT exchange to its commands, and counts what came back", () => {
    const exchange = [
      at(1_000, "host", "AT"),
      at(1_010, "modem", "OK"),
      at(1_020, "host", "ATE0"),
      at(1_030, "modem", "OK"),
      at(1_040, "host", "AT+CFUN=0"),
      at(1_050, "host", "AT+CFUN=1"),
      device(2_000, "modem: up"),
    ];
    expect(lines(exchange)).toEqual([
      "00:00:01.000  AT       AT  …  AT+CFUN=1  (4 commands, 2 lines back)",
      "00:00:02.000  device   modem: up",
    ]);
    expect(lines(exchange, true)).toHaveLength(7);
    expect(lines(exchange, true)[1]).toBe("00:00:01.010  AT       < OK");
  });

  test("shows a datagram with its fate, keys shortened, and marks what is sent again", () => {
    expect(lines([datagram(16_047, "lost"), datagram(30_000, "delivered", true)])).toEqual([
      "00:00:16.047  ─▶ up    CON POST mid=4a1c token=9f86 /topic/sys/PK/DK/thing/model/up_raw payload=34 B · lost: radio",
      "00:00:30.000  ─▶ up    CON POST mid=4a1c token=9f86 /topic/sys/PK/DK/thing/model/up_raw payload=34 B (again) · 1.1 s",
    ]);
    expect(lines([datagram(0, "delivered")], true)[0]).toContain("/topic/sys/pk/dk/thing");
  });

  test("never shows the hex of a datagram in the AT exchange", () => {
    const hex = Buffer.from('{"token":"ca38e8f84b6fb86a"}').toString("hex").toUpperCase();
    expect(foldHex(`+CSONMI: 0,${hex.length},${hex}`)).toBe("+CSONMI: 0,56,<28 bytes>");
    expect(foldHex("864600030000017")).toBe("864600030000017");
  });
});

describe("times", () => {
  test.each([
    [0, "00:00:00.000"],
    [61_234.9, "00:01:01.234"],
    [86_400_000 + 3_600_000, "1d 01:00:00.000"],
  ])("stamp %d", (ms, text) => expect(stamp(ms)).toBe(text));
  test.each([
    [90, "0.1 s"],
    [120_000, "2 min"],
    [8_100_000, "2 h 15 min"],
    [200_000_000, "2 d 7 h"],
  ])("lasting %d", (ms, text) => expect(lasting(ms)).toBe(text));
});

describe("what strangers wrote", () => {
  const hostile = "a\u0007\u007f\u009b31m\u202e\u2066\u2028\ufeffb\u001b[2J";
  const cloud = (event: CloudEvent): WorldEvent => ({ time: 0, source: "cloud", event });
  const sources: [string, WorldEvent][] = [
    ["the device", device(0, `command: answered id="${hostile}"`)],
    ["the board", { time: 0, source: "board", what: "restarted", text: hostile }],
    ["the modem", at(0, "modem", hostile)],
    ["a report", cloud({ type: "report-refused", reason: hostile, enosCode: 1204, ...demo })],
    ["a measure point", cloud({ type: "points-skipped", id: "1", count: 2, reason: hostile, ...demo })],
    ["a refusal", cloud({ type: "seal-doubted", what: "refused", reason: hostile, times: 1, ...demo })],
    ["a reading", cloud({ type: "stored", kind: "reading", id: hostile, format: "json", ...demo })],
  ];

  test.each(sources)("in %s is shown escaped", (_what, event) => {
    const shown = lines([event], true).join("\n");
    expect(shown).toContain("a\\u0007\\u007f\\u009b31m\\u202e\\u2066\\u2028\\ufeffb\\u001b[2J");
    expect(shown).not.toMatch(
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\ufeff]/,
    );
  });
});
