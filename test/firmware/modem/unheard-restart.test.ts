/**
 * Each family's modem restarts by itself while the board is in deep sleep, and hears nothing of it: a look finds out,
 * and puts the modem back to where it was left.
 */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "./simulated-board";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const body = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** The board's deep sleep, in which the modem restarts; then the driver goes on, and looks. */
async function restartUnheard(board: SimulatedBoard): Promise<void> {
  const memory = [...board.driver.remembered!];
  board.restart();
  await board.pass(minute);
  board.modem.reboot("test");
  await board.pass(29 * minute);
  board.restart(memory);
  board.look();
}

/** Attaches that the network has refused, from now on. */
function refusalsOf(board: SimulatedBoard): () => number {
  const from = board.clock.now;
  return () =>
    board.events.filter(({ time, ...event }) => time > from && event.type === "attach" && event.stat === 3)
      .length;
}

/** A word would wake this one out of PSM, and its UART sleeps lightly: a look cannot tell whether it sleeps. */
const neverTold = ["bc660k"];

describe.each([...families.keys()])("%s", (family) => {
  it.skipIf(neverTold.includes(family))("falls asleep again when it had slept", async () => {
    const board = new SimulatedBoard({ seed: 3, family });
    await board.up();
    await board.exchange(body);
    await board.until(() => board.modem.state === "psm", 5 * minute);
    await restartUnheard(board);
    const since = board.clock.now;
    // Most keep what was asked for their sleep, and sleep already.
    expect(await board.until(() => board.modem.state === "psm", 5 * minute), board.history()).toBe(true);
    expect(board.driver.keptOn(since - hour, board.clock.now)).toBe(0);
    await board.exchange(body);
    expect(board.failures).toEqual([]);
  });

  it("has its radio off again when it was left alone, and is until the pause is over", async () => {
    const board = new SimulatedBoard({ seed: "denied", family });
    // No EPS services in this PLMN: a modem tries again by itself.
    board.cell.denial = 14;
    board.connect();
    await board.pass(10 * hour);
    await board.until(() => board.driver.state === "pausing", hour);
    const due = board.driver.deadline;
    expect(due - board.clock.now).toBeGreaterThan(hour);
    await restartUnheard(board);
    await board.pass(5 * second);
    const refusals = refusalsOf(board);
    expect(board.driver.state).toBe("pausing");
    expect(Math.abs(board.driver.deadline - due)).toBeLessThan(second);
    await board.pass(due - board.clock.now - second);
    expect(refusals(), board.history()).toBe(0);
  });
});

it("says nothing to a modem that does not answer, for which there is a time of its own", async () => {
  const board = new SimulatedBoard({ seed: 4 });
  board.modem.hang("supply");
  board.connect();
  await board.until(() => board.driver.state === "pausing", hour);
  board.lines.length = 0;
  board.look();
  await board.pass(5 * second);
  expect(board.lines).toEqual([]);
});
