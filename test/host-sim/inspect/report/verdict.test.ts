/** The sentence that says what became of a run, for every kind of outcome. */
import { describe, expect, test } from "vitest";
import { OutcomeBooks } from "../../../../host-sim/inspect/report/outcome";
import { readPlace } from "../../../../host-sim/inspect/report/place";
import { verdictOf, verdictText } from "../../../../host-sim/inspect/report/verdict";
import type { EnergyTotals } from "../../../../host-sim/inspect/energy/totals";
import type { Verdict, VerdictOptions } from "../../../../host-sim/inspect/report/verdict";
import type { CloudEvent, CloudEventBody } from "../../../../host-sim/cloud/events";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;
const device = { productKey: "p", deviceKey: "d" };

const line = (time: number, text: string): WorldEvent => ({ time, source: "device", text });
const cloud = (time: number, event: CloudEventBody): WorldEvent => ({
  time,
  source: "cloud",
  event: { ...event, at: time } as CloudEvent,
});
const attach = (time: number, stat: 0 | 1 | 2 | 3 | 4): WorldEvent => ({
  time,
  source: "modem",
  event: { type: "attach", time, stat, psm: undefined },
});
const restarted = (time: number, text: string): WorldEvent => ({
  time,
  source: "board",
  what: "restarted",
  text,
});
const taken = (time: number, id: number): WorldEvent => line(time, `report: taken id=${id} format=raw`);
const acknowledged = (time: number, id: number): WorldEvent =>
  line(time, `report: acknowledged id=${id} after=2.0s`);
const stored = (time: number, id: number): WorldEvent =>
  cloud(time, { ...device, type: "stored", kind: "reading", id: String(id), format: "raw" });

/** A device that gets online and has so many readings delivered, one every 15 minutes. */
function delivered(count: number): WorldEvent[] {
  const readings = Array.from({ length: count }, (_, i) => [
    taken(i * 15 * minute, i),
    stored(i * 15 * minute + 2_000, i),
    acknowledged(i * 15 * minute + 3_000, i),
  ]);
  return [line(0, "session: online edition=token"), ...readings.flat()];
}

function judged(events: readonly WorldEvent[], options: VerdictOptions = {}): Verdict & { text: string } {
  const books = new OutcomeBooks();
  for (const event of [...events].sort((a, b) => a.time - b.time)) books.hear(event);
  const verdict = verdictOf(books.finish(24 * hour), options);
  return { ...verdict, text: verdictText(verdict) };
}

/** Where the first part that contains `text` leads. */
function placeOfPart({ parts }: Verdict, text: string): ReturnType<typeof readPlace> {
  const part = parts.find((each) => each.text.includes(text));
  return readPlace(part?.place ?? "");
}

const energy: EnergyTotals = {
  profile: "field",
  watts: 0.000_4,
  joulesPerReading: 0.42,
  readings: 2_879,
  battery: { capacity: 19, selfDischarge: 0.01 },
  years: 5.2,
  range: { joulesPerReading: [0.3, 0.5], years: [4.4, 6.8] },
};

describe("all is well", () => {
  test("readings, years and that nothing was lost", () => {
    const { text, tone } = judged(delivered(2_880), { energy });
    expect(text).toBe("All 2,880 readings arrived; 5.2 years on a 19 Wh battery; nothing was lost.");
    expect(tone).toBe("good");
  });

  test("one reading, too few to say what it takes", () => {
    expect(judged(delivered(1)).text).toBe("The one reading arrived; nothing was lost.");
  });

  test("the command that was sent", () => {
    const events = [
      ...delivered(3),
      cloud(hour, { ...device, type: "command-queued", kind: "set", id: "7", path: "/x" }),
      cloud(hour + 9_000, { ...device, type: "command-answered", id: "7", code: 200, took: 9_000 }),
    ];
    expect(judged(events).text).toBe("All 3 readings arrived; the command was answered; nothing was lost.");
  });

  test("a board's log alone, without what the cloud and the modem say", () => {
    const log = delivered(2).filter(({ source }) => source === "device");
    expect(judged(log).text).toBe("All 2 readings arrived; nothing was lost.");
  });
});

describe("late", () => {
  const late = [
    ...delivered(4),
    taken(hour, 10),
    attach(hour + minute, 4),
    attach(hour + 2 * minute, 0),
    attach(hour + 20 * minute, 4),
    taken(2 * hour, 11),
    attach(4 * hour, 1),
    ...[10, 11].flatMap((id) => [stored(4 * hour, id), acknowledged(4 * hour, id)]),
  ];

  test("in an outage, with the part of the run in which it was", () => {
    const verdict = judged(late, { energy });
    expect(verdict.text).toBe(
      "All 6 readings arrived, 2 of them late by up to 3 h in an outage; 5.2 years on a 19 Wh battery; nothing was lost.",
    );
    expect(verdict.tone).toBe("warn");
    expect(placeOfPart(verdict, "late")).toEqual({
      section: "readings",
      choices: { from: hour + minute, to: 4 * hour },
    });
  });

  test("without an outage: since the first of them was taken", () => {
    const verdict = judged(late.filter(({ source }) => source !== "modem"));
    expect(verdict.text).toBe("All 6 readings arrived, 2 of them late by up to 3 h; nothing was lost.");
    expect(placeOfPart(verdict, "late").choices).toEqual({ from: hour, to: 4 * hour });
  });

  test("not what a batch keeps back: its contact is due later", () => {
    const log = [
      line(0, "agent: start interval=900s batch=4 lifetime=86400s"),
      line(0, "session: online edition=token"),
      ...[0, 1, 2, 3].flatMap((i) => [taken(i * 15 * minute, i), acknowledged(46 * minute, i)]),
    ];
    expect(judged(log).text).toBe("All 4 readings arrived; nothing was lost.");
  });

  test("an outage in which nothing waited is told by itself; a short search is none", () => {
    const events = [
      ...delivered(2),
      attach(hour, 2),
      attach(hour + 2 * minute, 1),
      attach(2 * hour, 4),
      attach(5 * hour, 1),
    ];
    const { text, tone } = judged(events);
    expect(text).toBe("All 2 readings arrived; 3 h without a network; nothing was lost.");
    expect(tone).toBe("warn");
  });
});

describe("lost", () => {
  test("refused by the cloud, with the reason that came most often and its row", () => {
    const verdict = judged([
      ...delivered(3),
      ...[7, 8, 9].map((id) => taken(hour, id)),
      line(hour + 1_000, 'report: refused id=7 reason="4.03 1204"'),
      line(hour + 2_000, 'report: refused id=8 reason="4.03 1204"'),
      line(hour + 3_000, 'report: refused id=9 reason="4.00"'),
    ]);
    expect(verdict.text).toBe("3 of 6 readings arrived, 3 were refused (4.03 1204).");
    expect(verdict.tone).toBe("bad");
    expect(placeOfPart(verdict, "refused")).toEqual({
      section: "messages",
      choices: { q: "report: refused", at: hour + 1_000 },
    });
  });

  test("given up for want of room, and other messages", () => {
    const verdict = judged([
      ...delivered(1),
      taken(hour, 7),
      line(hour + 1_000, "report: dropped id=7 reason=full"),
      line(hour + 2_000, "message: dropped id=8 reason=full"),
    ]);
    expect(verdict.text).toBe(
      "1 of 2 readings arrived, 1 was given up (full); 1 other message was given up (full).",
    );
    expect(verdict.tone).toBe("bad");
  });

  test("acknowledged, and not stored", () => {
    const events = delivered(3).filter((event) => event.source !== "cloud" || event.time > 15 * minute);
    const { text, tone } = judged(events);
    expect(text).toBe("All 3 readings were acknowledged, 1 of them is not in the cloud.");
    expect(tone).toBe("bad");
  });

  test("still waiting at the end: since the oldest was taken", () => {
    const verdict = judged([...delivered(2), taken(5 * hour, 8), taken(6 * hour, 9)]);
    expect(verdict.text).toBe("2 of 4 readings arrived, 2 still wait.");
    expect(placeOfPart(verdict, "still")).toEqual({
      section: "readings",
      choices: { from: 5 * hour, to: Infinity },
    });
  });

  test("never taken", () => {
    expect(judged([line(0, "session: online edition=token")]).text).toBe("No reading was taken.");
    expect(judged(delivered(2), { asked: 10 }).text).toContain("8 of 10 were not taken");
  });
});

describe("commands", () => {
  const queued = (id: string): WorldEvent =>
    cloud(hour, { ...device, type: "command-queued", kind: "set", id, path: "/x" });

  test("that were not answered, by how they ended", () => {
    const verdict = judged([
      ...delivered(2),
      ...["1", "2", "3", "4"].map(queued),
      cloud(2 * hour, { ...device, type: "command-answered", id: "1", code: 200, took: 9_000 }),
      cloud(3 * hour, { ...device, type: "command-timed-out", id: "2" }),
      cloud(4 * hour, { ...device, type: "command-expired", id: "3" }),
      cloud(5 * hour, { ...device, type: "command-timed-out", id: "4" }),
    ]);
    expect(verdict.text).toContain("1 of 4 commands was answered, 3 timed out");
    expect(verdict.tone).toBe("bad");
    expect(placeOfPart(verdict, "timed out").choices.at).toBe(3 * hour);
  });

  test("that still wait; a late answer is one, and a revoked command is none", () => {
    const { text } = judged([
      ...delivered(2),
      ...["1", "2", "3"].map(queued),
      cloud(2 * hour, { ...device, type: "command-timed-out", id: "1" }),
      cloud(3 * hour, { ...device, type: "command-late", id: "1", code: 200, status: "timed-out" }),
      cloud(3 * hour, { ...device, type: "command-revoked", id: "2" }),
    ]);
    expect(text).toContain("1 of 2 commands was answered, 1 still waits");
  });
});

describe("trouble", () => {
  test("restarts, with the reason and the row of the first", () => {
    const verdict = judged([
      ...delivered(2),
      restarted(hour, "unreachable"),
      restarted(2 * hour, "unreachable"),
    ]);
    expect(verdict.text).toBe(
      "All 2 readings arrived; the board restarted 2 times (unreachable); nothing was lost.",
    );
    expect(verdict.tone).toBe("bad");
    expect(placeOfPart(verdict, "restarted")).toEqual({
      section: "messages",
      choices: { q: "restart", at: hour },
    });
  });

  test("restarts as a board's log has them", () => {
    const log = delivered(2).filter(({ source }) => source === "device");
    expect(judged([...log, line(hour, "supervisor: restart reason=unreachable")]).text).toContain(
      "the board restarted once (unreachable)",
    );
  });

  test("no network, with the log's last reason", () => {
    const events = [
      taken(0, 1),
      line(minute, "modem: denied cause=7 EPS services not allowed"),
      attach(minute, 3),
    ];
    const verdict = judged(events);
    expect(verdict.text).toMatch(
      /^The device never got online \(denied by the network: 7 EPS services not allowed\); none of 1 reading arrived, 1 still waits; /,
    );
    expect(verdict.tone).toBe("bad");
  });

  test("refused by the cloud at the door", () => {
    const events = [
      taken(0, 1),
      cloud(minute, {
        ...device,
        type: "auth-refused",
        peer: { address: "a", port: 1 },
        code: 0x81,
        reason: "wrong sign",
      }),
    ];
    expect(judged(events).text).toContain("The device never got online (authentication refused: wrong sign)");
  });

  test("faults of the firmware", () => {
    const verdict = judged([...delivered(2), line(hour, "fault: TypeError: x is undefined")]);
    expect(verdict.text).toContain("1 fault in the log (TypeError: x is undefined)");
    expect(verdict.tone).toBe("bad");
  });
});

describe("what was expected", () => {
  const shortfall = 'the room "x" of the device\'s log has a line that nobody can read';

  test("is told where nothing else says what failed", () => {
    const verdict = judged(delivered(2), { shortfall });
    expect(verdict.text).toBe(`All 2 readings arrived; nothing was lost; not as expected: ${shortfall}.`);
    expect(verdict.tone).toBe("bad");
  });

  test("and not once more where the sentence has it already", () => {
    const { text } = judged([...delivered(2), taken(hour, 9)], { shortfall: "1 readings not acknowledged" });
    expect(text).toBe("2 of 3 readings arrived, 1 still waits.");
  });
});
