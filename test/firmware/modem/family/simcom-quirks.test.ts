/** SIM7080 and SIM7000 with each oddity of their modems, alone and all together, and without power. */
import { describe, expect, it } from "vitest";
import type { Quirks } from "../../../../host-sim/sim/modem/quirks";
import { Random } from "../../../../host-sim/sim/time/random";
import { SimulatedBoard } from "../simulated-board";

const minute = 60_000;
const seeds = [1, 2, 3, 4];

const alone: readonly Quirks[] = [
  { urcInsideResponse: true },
  { echoAfterPsm: true },
  { junkAtWake: true },
  { ceregRoutingArea: true },
  { socketClosedInPsm: true },
  { urcBeforeOk: true },
  { slowPrompt: true },
  { noPrompt: 0.4 },
  { deaf: 0.005 },
];
const together: Quirks = Object.assign({}, ...alone) as Quirks;

describe.each(["sim7080", "sim7000"])("%s", (family) => {
  it.each([...alone, together].map((quirks) => [Object.keys(quirks).join(" "), quirks] as const))(
    "with %s: exchanges, sleeps, exchanges",
    async (_, quirks) => {
      for (const seed of seeds) {
        const random = new Random(seed);
        const board = new SimulatedBoard({ seed, family, modem: { quirks } });
        board.connect();
        for (let i = 0; i < 3; i++) {
          const bytes = random.bytes(60).map((byte, at) => (at === 0 ? 0x40 : byte));
          await board.exchange(bytes, 60 * minute);
          expect(board.returned.at(-1)!.bytes, board.history()).toEqual(bytes);
          await board.until(
            () => board.driver.state === "asleep" && board.modem.state === "psm",
            10 * minute,
          );
          expect(board.modem.state, board.history()).toBe("psm");
        }
      }
    },
  );

  it.each(seeds)(
    "comes back when its supply was off at any moment, asleep or not (seed %d)",
    async (seed) => {
      const random = new Random(`supply/${seed}`);
      const board = new SimulatedBoard({ seed, family });
      board.connect();
      for (let i = 0; i < 6; i++) {
        await board.pass(random.between(0, 3 * minute));
        board.modem.setSupply(false);
        await board.pass(random.between(0, 20_000));
        board.modem.setSupply(true);
        await board.exchange(
          random.bytes(40).map((byte) => byte & 0x7f),
          60 * minute,
        );
      }
    },
  );
});
