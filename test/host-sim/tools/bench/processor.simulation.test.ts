/** The table of the processor's turns says what XS counts, in runs that it was not made from. */
import { expect, test } from "vitest";
import { fitTable } from "../../../../host-sim/tools/bench/processor-fit";
import { checkRun } from "../../../../host-sim/tools/bench/processor";
import { fitted, heldOut } from "../../../../host-sim/tools/bench/processor-runs";
import { turnWork } from "../../../../host-sim/sim/board/processor";
import { GuestCommand } from "../../../../host-sim/sim/board/protocol";
import { density } from "../../../density";
import { xsMissing } from "../../sim/board/rig";
import type { CountedTurn } from "../../../../host-sim/tools/bench/processor-fit";

/**
 * Share that the table may be off; of a device that is updated more, as a byte of an image may cost nothing or much: it is
 * told a fifth too dear, which is a known miss of the bench.
 */
const usual = 0.1;
const ofUpdates = 0.25;
/** And of any one wake: the bar (bench/bars.ts) is for the middle one of a run. */
const anyWake = 0.12;

const runs = heldOut.slice(0, density(heldOut.length, 3));

test.each(runs)("$name: the whole run, and each wake", { skip: xsMissing !== undefined }, async (run) => {
  const tolerance = run.change === undefined ? usual : ofUpdates;
  const { spent, share, wakes } = await checkRun({
    ...run,
    readings: density(run.readings, Math.min(run.readings, 12)),
  });
  expect(spent).toBeGreaterThan(1_000_000);
  expect(Math.abs(share - 1)).toBeLessThan(tolerance);
  expect(wakes.length > 0).toBe(run.sleep === "deep");
  if (wakes.length === 0) return;
  const middle = [...wakes].sort((a, b) => a - b)[wakes.length >> 1];
  expect(Math.abs(middle - 1)).toBeLessThan(tolerance);
  for (const wake of wakes) expect(Math.abs(wake - 1)).toBeLessThan(anyWake);
});

test("no run that it is checked with is one that it is made from", () => {
  const seeds = new Set(fitted.map(({ seed }) => seed));
  expect(heldOut.filter(({ seed }) => seeds.has(seed))).toEqual([]);
  const families = new Set(fitted.map(({ modem = "sim7020" }) => modem));
  expect(heldOut.some(({ modem = "sim7020" }) => !families.has(modem))).toBe(true);
});

test("turns that cost what a table says give that table", () => {
  const kinds = ["timer", "serial received", "serial writable"] as const;
  const places = 1 + Math.max(...Object.values(turnWork));
  const turns: CountedTurn[] = [];
  for (let i = 0; i < 300; i++) {
    const kind = kinds[i % 3];
    const [lines, bytes] = kind === "serial received" ? [i % 4, (7 * i) % 50] : [0, 0];
    const commands = new Float64Array(places);
    const commandBytes = new Float64Array(places);
    commands[GuestCommand.trace] = i % 5;
    commandBytes[GuestCommand.trace] = (3 * i) % 71;
    const base = { timer: 1_000, "serial received": 2_500, "serial writable": 150 }[kind];
    const said = 700 * (i % 5) + 12 * ((3 * i) % 71);
    const spent = base + (kind === "serial writable" ? 0 : 900 * lines + 30 * bytes + said);
    turns.push({ counts: { kind, sleeping: false, lines, bytes, commands, commandBytes }, spent });
  }
  const { turns: bases, line, byte, commands } = fitTable(turns);
  expect(bases).toEqual({
    ...{ start: 0, wake: 0, "serial kept": 0, pin: 0 },
    timer: 1_000,
    "serial received": 2_500,
    "serial writable": 150,
  });
  expect([line, byte, commands]).toEqual([900, 30, { trace: [700, 12] }]);
});
