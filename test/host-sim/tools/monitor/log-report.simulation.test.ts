/** A board's log as the data of a report's page: what is in it, and what it says that it lacks. */
import { expect, it } from "vitest";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { BoardLog } from "../../../../host-sim/tools/monitor/board-log";
import { energyOf } from "../../../../host-sim/tools/monitor/log-energy";
import { LogRecord } from "../../../../host-sim/tools/monitor/log-record";
import { recordingOf } from "../../../../host-sim/tools/monitor/log-report";

const contact = (at: number, id: number): [number, string][] => [
  [at, "journal: open waiting=0"],
  [at, "agent: start interval=1800s batch=1 lifetime=3600s"],
  [at, "session: resumed edition=token"],
  [at + 100, `report: taken id=${id} format=compact`],
  [at + 100, "modem: waking"],
  [at + 1_200, "modem: up"],
  [at + 4_000, `report: acknowledged id=${id} after=3.9s`],
  [at + 4_000, "agent: idle next=1796s"],
];

function recorded(heard: readonly (readonly [number, string])[]): ReturnType<typeof recordingOf> {
  const record = new LogRecord();
  const log = new BoardLog({ onLine: (line) => record.hear(line) });
  for (const [time, line] of heard) log.receive(Buffer.from(`${line}\r\n`), time);
  record.note(5_000, "the port is gone");
  const end = heard.at(-1)![0];
  const profile = profiles.field;
  const energy = energyOf(record.lines, end, { profile, battery: { capacity: 19, selfDischarge: 0.01 } });
  return recordingOf(record, { source: "a board", command: "", epoch: 1e12, end, profile, energy });
}

it("has lines, readings, sleeps, joules and round trips, and says what was concluded", () => {
  const { data, bytes } = recorded([...contact(0, 1), ...contact(1_800_000, 2), [1_804_100, "radar: new"]]);
  const texts = data.rows.value.map((number) => data.texts[number]);
  expect(texts).toContain("report: acknowledged id=2 after=3.9s");
  expect(texts).toContain("radar: new");
  expect(texts).toContain("the port is gone");
  // Once asleep, and awake again: the sequence chart makes a band of it.
  expect(texts.filter((text) => text === "asleep, by the log")).toHaveLength(1);
  expect(texts.filter((text) => text === "asleep (PSM), by the log").length).toBeGreaterThan(0);
  expect(texts.indexOf("asleep, by the log")).toBeLessThan(texts.lastIndexOf("awake, by the log"));
  expect(data.readings).toEqual({ taken: [100, 1_800_100], settled: [3_900, 3_900], lost: [0, 0] });
  expect(data.roundTrips).toHaveLength(2);
  expect(data.power.joules).toBeGreaterThan(0.5);
  expect(data.power.joules).toBeLessThan(20);
  expect(data.epoch).toBe(1e12);
  expect(data.notice).toMatch(/^From a board's log\. .* are concluded .* no AT lines/);
  expect(data.facts.map(([name]) => name)).toContain("not in a log");
  // Nothing passes for a datagram that was seen.
  expect(data.datagrams.up).toEqual([]);
  expect(bytes).toHaveLength(0);
});
