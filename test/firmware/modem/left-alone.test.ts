/** Each family's modem restarts by itself while the driver leaves it alone with its radio off, and the board is awake. */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard, pausingBoard } from "./simulated-board";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** How often it has asked the network to attach, or searched, since then. */
const searchesOf = (board: SimulatedBoard, from: number): number =>
  board.events.filter(
    ({ time, type, ...event }) => time > from && type === "attach" && "stat" in event && event.stat !== 0,
  ).length;

/** They say nothing when they start: the next bring-up finds out, or a look of a board in deep sleep. */
const silent = ["sara-r4", "sara-r5"];

describe.each([...families.keys()].filter((name) => !silent.includes(name)))("%s", (family) => {
  it("has its radio off again in a pause, which lasts as long as it would have", async () => {
    const { board, due } = await pausingBoard(family);
    board.modem.reboot("test");
    await board.pass(30 * second);
    const from = board.clock.now;
    expect(board.driver.state).toBe("pausing");
    expect(Math.abs(board.driver.deadline - due)).toBeLessThan(second);
    await board.pass(due - board.clock.now - second);
    expect(searchesOf(board, from), board.history()).toBe(0);
  });

  it("has its radio off again while it is suspended", async () => {
    const board = new SimulatedBoard({ seed: 5, family });
    board.cell.denial = 14;
    board.connect();
    await board.until(() => board.driver.state === "pausing", hour);
    board.driver.suspend(board.clock.now);
    await board.pass(minute);
    board.modem.reboot("test");
    await board.pass(30 * second);
    const from = board.clock.now;
    await board.pass(10 * hour);
    expect(board.driver.state).toBe("off");
    expect(searchesOf(board, from), board.history()).toBe(0);
  });
});

it("before it was ever brought up, a modem that starts is left alone", async () => {
  const board = new SimulatedBoard({ seed: 6 });
  await board.pass(minute);
  expect(board.lines.filter((line) => line.startsWith(">"))).toEqual([]);
});
