/** How far off an account may be: at either end of the profile's ranges. */
import { expect, test } from "vitest";
import { EnergyMeter } from "../../../../host-sim/inspect/energy/meter";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { rangeOf } from "../../../../host-sim/inspect/energy/range";
import { ReadingMeter } from "../../../../host-sim/inspect/energy/totals";
import { hear } from "../capture/run";

const { field } = profiles;

test("a state whose figure has a range counts with its ends, the others with their value", () => {
  const { connected } = field.modem;
  const [least, most] = rangeOf(
    { "modem connected": { ms: 1_000, joules: connected.value }, "modem psm": { ms: 9_000, joules: 2 } },
    field,
  );
  expect(connected.low).toBeDefined();
  expect(least).toBeCloseTo(connected.low! + 2, 9);
  expect(most).toBeCloseTo(connected.high! + 2, 9);
});

test("what is made of several figures, or is unknown, is taken as it is", () => {
  expect(
    rangeOf({ "modem transmit": { ms: 1, joules: 3 }, "modem new": { ms: 1, joules: 4 } }, field),
  ).toEqual([7, 7]);
});

test("every state of a run but access, transmit and off has its figure", async () => {
  const { events, result } = await hear({ reports: 3 });
  const meter = new EnergyMeter(field, { coverage: 1 });
  for (const event of events) meter.hear(event);
  const { byState } = meter.finish(result.virtualTime);
  // A figure that is twice as large moves the end of each state that is read from it.
  const doubled = structuredClone(field) as { modem: object; board: object };
  for (const room of [doubled.modem, doubled.board]) {
    for (const figure of Object.values(room) as { value: number; low?: number; high?: number }[]) {
      figure.low = figure.value;
      figure.high = 2 * figure.value;
    }
  }
  for (const [state, sums] of Object.entries(byState)) {
    const [least, most] = rangeOf({ [state]: sums }, doubled as unknown as typeof field);
    expect(least, state).toBeCloseTo(sums.joules, 9);
    const isMade = /access|transmit|off$/.test(state) && state !== "modem radio off";
    expect(most, state).toBeCloseTo(isMade ? sums.joules : 2 * sums.joules, 9);
  }
});

test("a reading's joules and the battery's years lie in their ranges", async () => {
  const { events } = await hear({ reports: 6 });
  const meter = new ReadingMeter(field, { coverage: 1 });
  for (const event of events) meter.hear(event);
  const { joulesPerReading, years, range } = meter.totals({ capacity: 19, selfDischarge: 0.01 })!;
  expect(range.joulesPerReading[0]).toBeLessThan(joulesPerReading);
  expect(range.joulesPerReading[1]).toBeGreaterThan(joulesPerReading);
  expect(range.years[0]).toBeLessThan(years);
  expect(range.years[1]).toBeGreaterThan(years);
});
