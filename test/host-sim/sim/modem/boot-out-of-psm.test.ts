/** What each family's modem tells while it comes out of PSM: its processor runs, and a meter has to hear it. */
import { describe, expect, it } from "vitest";
import { families } from "../../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "../../../firmware/modem/simulated-board";

const minute = 60_000;

describe.each([...families])("%s", (name, family) => {
  it("boots for as long as from off where sleep is power-off, and a moment where it is not", async () => {
    const board = new SimulatedBoard({ seed: 5, family: name });
    await board.up();
    await board.exchange(Uint8Array.of(1, 2, 3));
    await board.until(() => board.modem.state === "psm", 5 * minute);
    board.events.length = 0;
    await board.exchange(Uint8Array.of(4, 5, 6));

    const [first, second] = board.events;
    expect(first).toMatchObject({ type: "power", state: "booting" });
    expect(second).toMatchObject({ type: "psm", state: "exit" });
    const [least, most] = family.sleep.boots ? family.power.boot : [100, 300];
    expect(second.time - first.time).toBeGreaterThanOrEqual(least);
    expect(second.time - first.time).toBeLessThanOrEqual(most);
  });
});
