import { expect, test } from "vitest";
import { Condenser } from "../../../../host-sim/inspect/report/condense";

const minute = 60_000;

function condensed(lines: readonly [minute: number, lane: string, text: string][]): string[] {
  const out: string[] = [];
  const condenser = new Condenser((time, text) => out.push(`${time / minute} … ${text}`));
  for (const [at, lane, text] of lines) {
    condenser.add(at * minute, lane, text, () => out.push(`${at} ${lane} ${text}`));
  }
  condenser.flush();
  return out;
}

test("what comes again and again is counted, and what is new is shown in its place", () => {
  const taken = Array.from({ length: 8 }, (_, i) => [15 * i, "device", `report: taken id=${i}`] as const);
  expect(condensed([...taken, [120, "modem", "attached"]] as [number, string, string][])).toEqual([
    "0 device report: taken id=0",
    "15 device report: taken id=1",
    "30 … 1 h 15 min: 6 × report: taken",
    "120 modem attached",
  ]);
});

test("a few lines are shown as they are", () => {
  const lines: [number, string, string][] = [0, 1, 2, 3].map((at) => [at, "device", `tick ${at}`]);
  expect(condensed(lines)).toEqual(lines.map(([at, lane, text]) => `${at} ${lane} ${text}`));
});

test("of many kinds the most frequent are named", () => {
  const kinds = ["a", "b", "c", "d", "e", "f", "g"];
  const lines: [number, string, string][] = [];
  for (let round = 0; round < 4; round++) {
    for (const kind of kinds) lines.push([round, "device", `${kind} line`]);
  }
  const last = condensed(lines).at(-1)!;
  expect(last).toContain("2 × a line");
  expect(last).toMatch(/, and more$/);
});
