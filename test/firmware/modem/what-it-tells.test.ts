/** What each family's modem tells of itself and of the network's answer, and what the log makes of its clock. */
import { describe, expect, it, test } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { Random } from "../../../host-sim/sim/time/random";
import { epoch, SimulatedBoard } from "./simulated-board";
import type { SimulatedBoardOptions } from "./simulated-board";

/** Families whose modems do not tell which access point the network has given. */
const untold = ["bc66", "bc660k", "sara-n2"];
const minute = 60_000;
const zone = 44;

/** A board that has had its first answer from the cloud. */
async function afterContact(options: SimulatedBoardOptions): Promise<SimulatedBoard> {
  const board = new SimulatedBoard(options);
  await board.up(40 * minute);
  await board.exchange(new Random(1).bytes(9));
  board.driver.confirm();
  await board.exchange(new Random(2).bytes(9));
  await board.pass(5_000);
  return board;
}

describe.each([...families.keys()])("%s", (family) => {
  it("tells its firmware, its cell and what was granted, once", async () => {
    const board = await afterContact({ seed: 3, family });
    const told = (head: string): string[] => board.log.filter((line) => line.startsWith(head));
    expect(told("firmware version="), board.history()).toHaveLength(1);
    expect(told("cell "), board.history()).toHaveLength(1);
    expect(told("cell ")[0]).toMatch(/ rsrp=-\d+(\.\d+)?dBm/);
    expect(told("granted")).toEqual([expect.stringMatching(/^granted.* t3324=10s t3412=3600s$/)]);
    expect(told("granted")[0]).toMatch(/ address=\d+\.\d+\.\d+\.\d+ /);
    expect(told("other apn")).toEqual([]);
    board.driver.confirm();
    await board.exchange(new Random(3).bytes(9));
    expect(told("firmware version=")).toHaveLength(1);
  });

  it("warns of an access point that is not the one asked for", async () => {
    const board = await afterContact({
      seed: 4,
      family,
      cell: { carrier: { apn: "operator.example", onlyApn: true } },
    });
    const warning = "other apn asked=iot.example granted=operator.example";
    if (!untold.includes(family)) return expect(board.log, board.history()).toContain(warning);
    expect(board.log.find((line) => line.startsWith("granted"))).not.toContain("apn=");
  });

  it("says that PSM is off where the network refuses it", async () => {
    const board = await afterContact({ seed: 5, family, cell: { grantPsm: () => undefined } });
    expect(
      board.log.find((line) => line.startsWith("granted")),
      board.history(),
    ).toMatch(/ t3324=off/);
    expect(board.log.join("\n")).not.toContain("Infinity");
  });

  describe.each(["local", "utc"] as const)("a clock of %s beside its zone", (clock) => {
    /** Hours that the last time told was off. */
    const off = ({ times }: SimulatedBoard): number | undefined => {
      const last = times.at(-1);
      return last === undefined ? undefined : Math.round((last.epoch - epoch - last.time) / 3_600_000);
    };

    test.each([1, 2, 3])("is read right, or the log says that this is not proven (seed %d)", async (seed) => {
      const board = await afterContact({ seed, family, modem: { zone, quirks: { clock } } });
      const said = board.log.filter((line) => line.startsWith("clock "));
      if (off(board) === undefined || off(board) === 0) return;
      expect(said, board.history()).toEqual(['clock tells=local by="usual" zone=+11:00']);
    });
  });
});
