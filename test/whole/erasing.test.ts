/**
 * Flash is erased while nothing is awaited: the board hears nothing of its UART meanwhile, and an answer of the
 * modem's that is longer than the FIFO would be lost.
 */
import { afterEach, expect, test } from "vitest";
import { World } from "../../host-sim/sim/world/world";
import { toldBy } from "./told";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;
/** A block takes the readings of some 12 minutes: a device that finds no quiet moment for so long has to erase. */
const quietWithin = 10 * minute;

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test("hours of readings that come while others are on their way: no block is erased meanwhile, if it is quiet now and then", async () => {
  /** From the line that says so until the next reading. */
  let idle = false;
  let idleAt = 0;
  world = await World.create({
    ...{ seed: 2, engine: "node", edition: "token", coverage: 2, loss: 0.1, powerKey: true },
    ...{ interval: 15, format: "raw", journalSize: 16_384, settings: { startSpread: 0 } },
    onEvent: (event) => {
      const told = toldBy(event);
      if (told?.kind === "agent idle") idle = true;
      if (told?.kind === "agent idle") idleAt = event.time;
      if (told?.kind === "report taken") idle = false;
    },
  } as WorldOptions);
  const erases = { idle: 0, meanwhile: 0 };
  const { uart, clock } = world;
  const flash = world.flash!;
  const eraseBlock = flash.eraseBlock.bind(flash);
  flash.eraseBlock = (block) => {
    if (idle) erases.idle += 1;
    else if (clock.now - idleAt < quietWithin) erases.meanwhile += 1;
    eraseBlock(block);
  };
  await world.start();
  await world.clock.run({ until: 3 * hour });
  expect(erases.idle).toBeGreaterThan(8);
  expect(erases.meanwhile).toBe(0);
  expect(uart.lost).toBe(0);
});
