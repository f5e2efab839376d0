/**
 * Each family's modem while strangers send to its address: the driver notices that it does not sleep, though it
 * never sees their datagrams. What ends it is in leaving.test.ts.
 */
import { beforeEach, describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "./simulated-board";

const second = 1_000;
const minute = 60 * second;
const stranger = { address: "198.51.100.66", port: 4_000 };

/** Somebody sends a few bytes every five seconds to wherever the device has sent from. */
function harass(board: SimulatedBoard): () => void {
  let on = true;
  const next = (): void => {
    if (!on) return;
    for (const endpoint of board.cell.publicEndpoints) {
      board.cell.injectDownlink(Uint8Array.of(0x40, 0, 1, 2), endpoint, stranger);
    }
    board.clock.after(5 * second, next);
  };
  next();
  return () => void (on = false);
}

const body = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

describe.each([...families.keys()])("%s", (family) => {
  let board: SimulatedBoard;
  let stop: () => void;

  beforeEach(async () => {
    board = new SimulatedBoard({ seed: 3, family });
    await board.up();
    stop = harass(board);
    await board.exchange(body);
  });

  /** The board's deep sleep of so many minutes, and the next contact. */
  async function sleepFor(minutes: number): Promise<number> {
    const memory = [...board.driver.remembered!];
    const since = board.clock.now;
    board.restart();
    await board.pass(minutes * minute);
    board.restart(memory);
    board.connect();
    await board.until(() => board.driver.ready, 5 * minute);
    return board.driver.keptOn(since, board.clock.now);
  }

  it("is kept awake by strangers, which shows when it is next wanted", async () => {
    const kept = await sleepFor(30);
    expect(board.events.filter((event) => event.type === "psm" && event.state === "enter")).toEqual([]);
    // All but T3324 and what networks take to let go.
    expect(kept).toBeGreaterThan(27 * minute);
    expect(kept).toBeLessThan(31 * minute);
    // It is told once.
    expect(board.driver.keptOn(0, board.clock.now)).toBe(0);
  });

  it("shows nothing of the kind when it sleeps", async () => {
    stop();
    expect(await sleepFor(30)).toBe(0);
    expect(board.events.some((event) => event.type === "psm" && event.state === "enter")).toBe(true);
  });

  it("was kept awake by nobody when it has restarted by itself, unheard, after any number of sleeps", async () => {
    stop();
    // By the second wake the driver knows whether the family forgets its settings in its sleep.
    for (let wakes = 0; wakes < 2; wakes++) {
      expect(await sleepFor(30)).toBe(0);
      await board.exchange(body);
    }
    await board.until(() => board.modem.state === "psm", 5 * minute);
    const memory = [...board.driver.remembered!];
    const since = board.clock.now;
    board.restart();
    await board.pass(minute);
    board.modem.reboot("test");
    await board.pass(29 * minute);
    board.restart(memory);
    board.connect();
    await board.until(() => board.driver.ready, 5 * minute);
    expect(board.driver.ready, board.history()).toBe(true);
    expect(board.driver.keptOn(since, board.clock.now), board.history()).toBe(0);
  });

  it("answers a look without being woken by it, where a word does not do that", async () => {
    stop();
    await board.until(() => board.modem.state === "psm", 5 * minute);
    const memory = [...board.driver.remembered!];
    const since = board.clock.now;
    board.restart(memory);
    await board.pass(20 * minute);
    board.driver.look(board.clock.now);
    await board.pass(2 * second);
    board.driver.poll(board.clock.now);
    await board.pass(5 * second);
    expect(board.driver.keptOn(since, board.clock.now)).toBe(0);
    if (board.modem.family.sleep.wakesByUart === undefined) expect(board.modem.state).toBe("psm");
  });
});
