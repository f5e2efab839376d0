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

/** How long a modem may search that has started: its boot, and the time until it is asked where nothing tells of that. */
const noticed = (family: string, heard = true): number => {
  if (family === "sara-r4" || family === "sara-r5") return 90 * second;
  return heard ? 30 * second : 11 * minute;
};

describe.each([...families.keys()])("%s", (family) => {
  it.each([true, false])(
    "has its radio off again in a pause, which lasts as long as it would have (its lines are heard: %s)",
    async (heard) => {
      const { board, due } = await pausingBoard(family);
      board.modem.urcs = { lose: heard ? 0 : 1, double: 0 };
      board.modem.reboot("test");
      await board.pass(noticed(family, heard));
      const from = board.clock.now;
      expect(board.driver.state).toBe("pausing");
      expect(Math.abs(board.driver.workDeadline - due)).toBeLessThan(second);
      await board.pass(due - board.clock.now - second);
      expect(searchesOf(board, from), board.history()).toBe(0);
    },
  );

  it("has its radio off again when it restarts twice in a pause", async () => {
    const { board, due } = await pausingBoard(family);
    for (let i = 0; i < 2; i++) {
      board.modem.reboot("test");
      await board.pass(noticed(family));
    }
    const from = board.clock.now;
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
    await board.pass(noticed(family));
    const from = board.clock.now;
    await board.pass(10 * hour);
    expect(board.driver.state).toBe("off");
    expect(searchesOf(board, from), board.history()).toBe(0);
  });

  it("sleeps again within an hour when it restarts out of its sleep, and nobody has anything to say to it", async () => {
    const board = new SimulatedBoard({ seed: 3, family, driver: { psm: { t3412: 86_400, t3324: 10 } } });
    await board.exchange(Uint8Array.of(1, 2, 3, 4));
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
    await board.pass(10 * minute);
    board.modem.reboot("test");
    await board.until(() => board.modem.state === "on", minute);
    expect(await board.until(() => board.modem.state === "psm", 65 * minute), board.history()).toBe(true);
    const from = board.clock.now;
    await board.pass(10 * hour);
    expect(board.events.filter(({ time }) => time > from)).toEqual([]);
  });

  it("sleeps again within an hour when T3412 has woken it, and nobody has anything to say to it", async () => {
    const board = new SimulatedBoard({ seed: 3, family, driver: { psm: { t3412: 5_400, t3324: 10 } } });
    await board.exchange(Uint8Array.of(1, 2, 3, 4));
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
    expect(await board.until(() => board.modem.state !== "psm", 2 * hour)).toBe(true);
    expect(await board.until(() => board.modem.state === "psm", 65 * minute), board.history()).toBe(true);
  });
});

it.each(["sim7020", "sara-r4", "sara-r5"])(
  "%s: one that does not answer hears nothing in a pause",
  async (family) => {
    const board = new SimulatedBoard({ seed: 7, family });
    board.modem.hang("supply");
    board.connect();
    await board.until(
      () => board.driver.state === "pausing" && board.driver.workDeadline > board.clock.now + 9 * minute,
      10 * hour,
    );
    board.lines.length = 0;
    await board.pass(5 * minute);
    expect(board.lines).toEqual([]);
  },
);

it.each(["sim7020", "sara-r4", "sara-r5"])(
  "%s: one that does not tell its function has its radio off again",
  async (family) => {
    const { board, due } = await pausingBoard(family, { quirks: { refuses: ["+CFUN read"] } });
    board.modem.urcs = { lose: 1, double: 0 };
    board.modem.reboot("test");
    await board.pass(noticed(family, false));
    const from = board.clock.now;
    await board.pass(due - board.clock.now - second);
    expect(searchesOf(board, from), board.history()).toBe(0);
  },
);

it("before it was ever brought up, a modem that starts is left alone", async () => {
  const board = new SimulatedBoard({ seed: 6 });
  await board.pass(minute);
  expect(board.lines.filter((line) => line.startsWith(">"))).toEqual([]);
});
