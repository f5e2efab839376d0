/**
 * Each family's modem restarts by itself while the board is in deep sleep, and hears nothing of it: a look finds out,
 * and puts the modem back to where it was left.
 */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard, pausingBoard } from "./simulated-board";

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
    const { board, due } = await pausingBoard(family);
    await restartUnheard(board);
    await board.pass(5 * second);
    const refusals = refusalsOf(board);
    expect(board.driver.state).toBe("pausing");
    expect(Math.abs(board.driver.workDeadline - due)).toBeLessThan(second);
    await board.pass(due - board.clock.now - second);
    expect(refusals(), board.history()).toBe(0);
  });
});

/** These have no banner. They lose no more by a restart than by each sleep, and the next wake says it anew. */
const silent = ["sara-r4", "sara-r5"];

describe.each([...families.keys()])("%s, behind a wake", (family) => {
  /** A board whose modem was woken, and has restarted `delay` ms behind the moment that `until` tells. */
  async function restartedBehindWake(
    until: (board: SimulatedBoard) => boolean,
    delay: number,
  ): Promise<SimulatedBoard> {
    const board = new SimulatedBoard({ seed: 3, family });
    await board.exchange(body);
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
    await board.pass(15 * minute);
    board.send(body);
    expect(await board.until(() => until(board), minute), board.history()).toBe(true);
    await board.pass(delay);
    board.log.length = 0;
    board.modem.reboot("test");
    return board;
  }

  it.each([10, 1_000, 4_000, 9_000])(
    "a restart %d ms behind it is told as one where the modem says that it starts, and lived with",
    async (delay) => {
      const board = await restartedBehindWake(({ driver }) => driver.ready, delay);
      const isTold = await board.until(() => board.log.includes("rebooted by itself"), minute);
      if (!silent.includes(family)) expect(isTold, board.history()).toBe(true);
      await board.exchange(body);
      expect(await board.until(() => board.modem.state === "psm", 5 * minute), board.history()).toBe(true);
    },
  );

  it("a restart while it registers ends in sleep all the same", async () => {
    // Those that are registered when they wake are up at once.
    const board = await restartedBehindWake(
      ({ driver }) => driver.state !== "waking" && driver.state !== "asleep",
      200,
    );
    await board.exchange(body);
    expect(await board.until(() => board.modem.state === "psm", 5 * minute), board.history()).toBe(true);
  });
});

it("bc660k: a banner that comes twice is no second start", async () => {
  const board = new SimulatedBoard({ seed: 3, family: "bc660k" });
  board.modem.urcs = { lose: 0, double: 1 };
  await board.exchange(body);
  for (let i = 0; i < 3; i++) {
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
    await board.pass(15 * minute);
    await board.exchange(body);
  }
  expect(board.log).not.toContain("rebooted by itself");
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
