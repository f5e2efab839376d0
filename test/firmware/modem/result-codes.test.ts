/**
 * A modem of each family that a former owner has told to give digits for result codes (ATV0), or none (ATQ1): the
 * two other styles of ITU-T V.250.
 */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "./simulated-board";

const minute = 60_000;

/** Those that lack the command cannot have been told so. */
const always: Readonly<Record<string, readonly string[]>> = {
  bc66: ["none"],
  bc660k: ["none"],
  bc95: ["digits", "none"],
  "sara-n2": ["digits", "none"],
};
const styles = [...families.keys()].flatMap((family) =>
  (["digits", "none"] as const).flatMap((style) =>
    always[family]?.includes(style) === true ? [] : [[family, style] as const],
  ),
);

describe("a modem", () => {
  it.each(styles)(
    "%s with %s for result codes is online, also after a sleep",
    async (family, resultCodes) => {
      const board = new SimulatedBoard({ seed: resultCodes, family, modem: { quirks: { resultCodes } } });
      await board.up();
      await board.exchange(Uint8Array.of(1, 2, 3), 5 * minute);
      await board.until(() => board.driver.state === "asleep", 5 * minute);
      await board.pass(minute);
      await board.exchange(Uint8Array.of(4, 5, 6), 5 * minute);
      expect(board.returned.map(({ bytes }) => [...bytes])).toEqual([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      expect(
        board.states.filter((state) => state !== "up"),
        board.history(),
      ).toEqual([]);
    },
  );
});
