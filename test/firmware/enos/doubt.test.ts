/**
 * What the device concludes from each answer, cell by cell as docs/guarantees.md has it: of its session in the first
 * table, of what it has to deliver in the second.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { AgentRig } from "../device/rig";
import { FakeEnos, keys } from "./fake-enos";
import { SessionRig } from "./rig";
import type { Answer, Script, Seen } from "./fake-enos";
import type { PublishOutcome } from "../../../firmware/enos/outcome";

const page = readFileSync(new URL("../../../docs/guarantees.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("## What it concludes from an answer"));

/** The cells of the table whose heading begins so: by row and by column. */
function cellsOf(heading: string): { row: string; column: string; cell: string }[] {
  const lines = section.slice(section.indexOf(heading)).split("\n");
  const table = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("|")),
  );
  const [columns, , ...rows] = table.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
  return rows.flatMap(([row, ...cells]) => cells.map((cell, i) => ({ row, column: columns[i + 1], cell })));
}

/** What the server says for a row's first cell: several codes or answers share a row. */
function answersOf(row: string): (Answer | "silence" | "reset")[] {
  return row.split(", ").map((answer) => {
    if (answer === "none") return "silence";
    if (answer === "RST") return "reset";
    const [code, ...body] = answer.split(" ");
    return body.length === 0 ? { code } : { code, payload: body.join(" ") };
  });
}

const isAuthentication = ({ line }: Seen): boolean =>
  line === `POST /auth/${keys.productKey}/${keys.deviceKey}`;
const hour = 3_600_000;

/** Sessions in the state that a column names, and whether the answer is to be given to authentications. */
const states: Readonly<Record<string, () => { rig: SessionRig; times?: number }>> = {
  "the authentication": () => ({ rig: new SessionRig() }),
  "the first request of all": () => ({ rig: new SessionRig() }),
  "the first of a later session": () => {
    const { rig } = proven();
    rig.wait(hour);
    return { rig };
  },
  "any other, or the first after deep sleep": proven,
  "the same once more": () => ({ ...proven(), times: 2 }),
};

/** A session of which the server has accepted a request. */
function proven(): { rig: SessionRig } {
  const rig = new SessionRig();
  expect(rig.publish()).toBe("accepted");
  return { rig };
}

/** A session that goes on after deep sleep. */
function resumed(): { rig: SessionRig } {
  const before = new SessionRig();
  before.publish();
  const rig = new SessionRig(before.server);
  expect(rig.session.resume(before.session.state!, rig.now - 1_000, rig.now)).toBe(true);
  return { rig };
}

/** Has the server say this once, or as often as given, and tells what the session made of it. */
function concludes(
  { rig, times = 1 }: { rig: SessionRig; times?: number },
  answer: Answer | "silence" | "reset",
  toAuthentication: boolean,
): string {
  const from = rig.server.seen.length;
  const events = rig.events.length;
  const answered = new Set<number>();
  rig.server.script = (request) => {
    if (isAuthentication(request) !== toAuthentication) return "default";
    answered.add(request.messageId);
    return answered.size > times ? "default" : answer;
  };
  const outcomes = rig.send();
  rig.pump();
  rig.wait(300_000);
  expect(outcomes).toHaveLength(1);
  const [{ kind }] = outcomes as [PublishOutcome];
  const story = rig.story.slice(events);
  const requests = new Set(rig.server.seen.slice(from).map(({ messageId }) => messageId)).size;
  if (toAuthentication) {
    if (kind !== "offline") return "admitted";
    expect([rig.session.online, requests]).toEqual([false, 1]);
    return "pause";
  }
  const anew = story.some((line) => /^authenticating (?!lapsed|first)/.test(line));
  if (kind === "accepted") return anew ? "anew" : "taken";
  // Refused once more in the session that was made anew: no third time.
  if (times === 1) expect(anew).toBe(false);
  const doubted = story.some((line) => line.startsWith("doubted"));
  return `kept${rig.session.online ? "" : ", over"}${doubted ? ", doubted" : ""}`;
}

const sessions = cellsOf("| answer to |");
const deliveryHeading = "| answer to what is sent |";

it("both tables are whole", () => {
  expect(sessions).toHaveLength(10 * 5);
  expect(cellsOf(deliveryHeading)).toHaveLength(14 * 3);
});

describe("of its session", () => {
  test.each(sessions)("$row to $column: $cell", ({ row, column, cell }) => {
    for (const answer of answersOf(row)) {
      const toAuthentication = column === "the authentication";
      expect(concludes(states[column](), answer, toAuthentication)).toBe(cell);
      if (column.includes("deep sleep")) expect(concludes(resumed(), answer, false)).toBe(cell);
    }
  });
});

const deliveries = cellsOf(deliveryHeading);

/** Whether a request carries what the server dislikes: the second reading, or the attribute. */
const isGuilty = ({ payload }: Seen): boolean => payload.includes('"n":2') || payload.includes('"floor":2');

/** An agent whose server says this to whatever carries what it dislikes, and takes all else; what becomes of that. */
function becomes(column: string, answer: Answer | "silence" | "reset"): string {
  const batch = column === "a batch with it";
  const attribute = column === "an event, attribute or tag";
  const script: Script = (request) => (isGuilty(request) && !isAuthentication(request) ? answer : "default");
  const server = new FakeEnos();
  server.script = script;
  const rig = new AgentRig({ format: "json", interval: 900, batch: batch ? 3 : 1, reports: 7 }, server);
  let attributeEnd: string | undefined;
  rig.agent.setTime(1_700_000_000_000, 0);
  if (attribute) rig.sample = () => ({ n: 100 + rig.samples });
  rig.wait(hour);
  if (attribute) rig.device.updateAttributes({ floor: 2 }, ({ kind }) => void (attributeEnd = kind));
  rig.wait(48 * hour);
  const { taken, acknowledged, refused } = rig.agent.totals;
  expect(taken).toBe(7);
  if (attribute && acknowledged === 7) {
    return attributeEnd === undefined ? "waits" : attributeEnd === "accepted" ? "delivered" : "given up";
  }
  if (acknowledged === 7) return "delivered";
  if (acknowledged < 6) return "waits, and all that comes after it";
  const apart = rig.log.some((line) => line.startsWith("report: apart"));
  return `${apart ? "apart, " : ""}${refused === 1 ? "given up" : "waits"}`;
}

describe("of what it has to deliver", () => {
  test.each(deliveries)("$row to $column: $cell", ({ row, column, cell }) => {
    for (const answer of answersOf(row)) expect(becomes(column, answer)).toBe(cell);
  });
});
