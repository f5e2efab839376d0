/** One block of the journal's flash that fails while nothing can be sent: what is taken arrives all the same. */
import { afterEach, describe, expect, it } from "vitest";
import { World } from "../../host-sim/sim/world/world";
import { engines } from "../host-sim/sim/board/rig";
import type { FlashFaultKind } from "../../host-sim/sim/flash/flash-faults";
import type { WorldEvent } from "../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;

let world: World | undefined;
afterEach(() => world?.close());

const lines = (events: WorldEvent[], pattern: RegExp): string[] =>
  events.flatMap((event) => (event.source === "device" && pattern.test(event.text) ? [event.text] : []));

async function run(
  engine: "node" | "xs",
  kind: FlashFaultKind,
): Promise<{ events: WorldEvent[]; world: World }> {
  const events: WorldEvent[] = [];
  world = await World.create({
    seed: 5,
    engine,
    edition: "token",
    coverage: 0,
    loss: 0,
    powerKey: true,
    interval: 900,
    format: "raw",
    settings: { radioBudget: 3_600 },
    onEvent: (event) => void events.push(event),
  });
  await world.start();
  const { clock, cell, flashFaults } = world;
  clock.at(hour, () => void (cell.outage = true));
  // The first block is being written to.
  clock.at(8 * hour, () => flashFaults.set(kind, 1, { blocks: [0] }));
  clock.at(20 * hour, () => world!.cutPower(minute));
  clock.at(22 * hour, () => void (cell.outage = false));
  await clock.run({ until: 40 * hour });
  return { events, world };
}

describe.each(engines.map(([name]) => name.toLowerCase() as "node" | "xs"))("on %s", (engine) => {
  it.each(["refuse-write", "lose-write", "half-write"] as const)("%s", async (kind) => {
    const { events, world } = await run(engine, kind);
    const taken = lines(events, /^report: taken/).length;
    expect(taken).toBeGreaterThan(150);
    const { productKey, deviceKey } = world.device;
    expect(world.cloud.reported.readings(productKey, deviceKey)).toHaveLength(taken);
    expect(lines(events, /^journal: (?!open)/)).toEqual(["journal: block 0 left-out"]);
    expect(lines(events, /^report: (?:held|dropped)|^fault/)).toEqual([]);
    expect(events.filter((event) => event.source === "board" && event.what === "restarted")).toEqual([]);
  });
});

it("a block that cannot be read costs what is in it for as long as that lasts, and nothing else", async () => {
  const { events, world } = await run("node", "refuse-read");
  const taken = lines(events, /^report: taken/).length;
  const { productKey, deviceKey } = world.device;
  const stored = world.cloud.reported.readings(productKey, deviceKey).length;
  expect(stored).toBeLessThan(taken);
  // The block held 48 at most.
  expect(stored).toBeGreaterThanOrEqual(taken - 48);
  expect(
    lines(events, /^journal: block/).every((line) => line.startsWith("journal: block 0 unreadable")),
  ).toBe(true);
  world.flashFaults.clear();
  world.cutPower(minute);
  await world.clock.run({ until: 48 * hour });
  expect(world.cloud.reported.readings(productKey, deviceKey)).toHaveLength(
    lines(events, /^report: taken/).length,
  );
});
