/** Each family's modem, in each of its firmwares, while it takes nine tenths of what its manual allows for each command. */
import { expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "./simulated-board";

const minute = 60_000;
const firmwares = [...families].flatMap(([family, { manual }]) =>
  (manual?.generations ?? []).map(({ name, technology = "nb-iot" as const }) => ({
    family,
    firmware: name,
    technology,
  })),
);

it("there are some", () => {
  expect(firmwares.length).toBeGreaterThan(20);
});

it.each(firmwares)(
  "$family $firmware comes online and carries datagrams",
  async ({ family, firmware, technology }) => {
    const board = new SimulatedBoard({
      seed: 5,
      family,
      modem: { firmware, quirks: { slowCommands: true } },
      cell: { carrier: { technology } },
      driver: { rat: [technology] },
    });
    board.connect();
    await board.until(() => board.driver.ready, 60 * minute);
    // Nothing was taken for a modem that hangs.
    expect(board.log.filter((line) => line.includes("resync"))).toEqual([]);
    await board.exchange(Uint8Array.of(1, 2, 3, 4));
  },
);
