/** How often a day the modem of each family asks a network that does not admit it. */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "./simulated-board";

const minute = 60_000;
const day = 24 * 60 * minute;

/** Attaches that the network has refused. */
function refusals(board: SimulatedBoard): number {
  return board.events.filter((event) => event.type === "attach" && event.stat === 3).length;
}

describe.each([...families.keys()])("%s", (family) => {
  // PLMN not allowed: the modem does not try again by itself. No EPS services in this PLMN: it does.
  it.each([11, 14])("asks at most 10 times a day where the cause, %d, is a lasting one", async (cause) => {
    const board = new SimulatedBoard({ seed: `denied ${cause}`, family });
    board.cell.denial = cause;
    board.connect();
    await board.pass(day);
    expect(refusals(board), board.history()).toBeGreaterThan(4);
    expect(refusals(board), board.history()).toBeLessThanOrEqual(10);
    expect(new Set(board.states)).toEqual(new Set(["down denied"]));
    board.cell.denial = undefined;
    await board.exchange(Uint8Array.of(1, 2, 3), 7 * 60 * minute);
  });

  it("is up soon when a network that was congested takes it", async () => {
    const board = new SimulatedBoard({ seed: "congestion", family });
    board.cell.denial = 22;
    board.connect();
    await board.pass(30 * minute);
    board.cell.denial = undefined;
    expect(await board.until(() => board.driver.ready, 60 * minute), board.history()).toBe(true);
  });
});
