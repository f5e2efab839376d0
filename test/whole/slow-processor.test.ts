/**
 * A processor at a third of the rate that is assumed (host-sim/sim/board/processor.ts): the UART brings a long line in
 * less time than it takes to read it, and its FIFO has room for 128 bytes. Commands of several blocks and batches go
 * through all the same, and a wire that wakes the modem is held for as long as it takes.
 */
import { afterEach, describe, expect, test } from "vitest";
import { families as driverFamilies } from "../../firmware/modem/family/index";
import { familyNamed } from "../../firmware/modem/family/family";
import { computeRate, fastestClock } from "../../host-sim/sim/board/processor";
import { World } from "../../host-sim/sim/world/world";
import { density } from "../density";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldOptions } from "../../host-sim/sim/world/world";

const hour = 3_600_000;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** Steps of XS in a second on a chip three times slower than assumed, at this clock. */
const slowest = (megahertz: number): number => (computeRate * megahertz) / fastestClock / 3;

async function begin(options: Partial<WorldOptions>): Promise<LogEvent[]> {
  const told: LogEvent[] = [];
  world = await World.create({
    ...{ seed: 5, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true },
    ...{ format: "compact", interval: 450, batch: 16, largestDatagram: 512, pendingTtl: 8 * hour },
    settings: { startSpread: 0 },
    ...options,
    onEvent: (event) => {
      const line = toldBy(event);
      if (line !== undefined) told.push(line);
    },
  });
  await world.start();
  return told;
}

const count = (told: readonly LogEvent[], kind: LogEvent["kind"]): number =>
  told.filter((event) => event.kind === kind).length;

const common = ["sim7020", "sim7080", "bg95", "bc66"];
const others = ["sim7000", "bc660k", "bc95", "sara-n2", "sara-r4", "sara-r5"];
const families = [...common, ...others.slice(0, density(6, 1))];

describe.each(families)("with a %s", (modem) => {
  test.each([
    [160, "deep"],
    [80, "deep"],
    [160, "none"],
  ] as const)("at %d MHz: commands of two blocks and batches, sleep %s", async (megahertz, sleep) => {
    const told = await begin({ modem, sleep, processor: { rate: slowest(megahertz) } });
    const { cloud, device, clock } = world!;
    const { productKey, deviceKey } = device;
    await clock.run({ until: hour });
    const payload = new Uint8Array(760);
    payload.set([2, 0, 0, 0, 9]);
    const command = { kind: "raw", payload, requestId: 9 } as const;
    const id = cloud.commands.send(productKey, deviceKey, command, world!.cloudNow);
    await clock.run({ until: 6.2 * hour });
    // It is none that the device knows, and is answered so.
    expect(told.find(({ kind }) => kind === "command executed")).toMatchObject({ id: 9, code: 404 });
    expect(cloud.commands.view(id)).toMatchObject({ status: "failed" });
    const stored = cloud.reported.readings(productKey, deviceKey).length;
    expect(stored).toBeGreaterThan(count(told, "report taken") - 16);
    // Of what a modem says while the board starts, something may be lost; of a datagram nothing.
    expect(world!.uart.lost).toBeLessThan(64);
    expect(count(told, "modem down")).toBe(0);
  });
});

describe.each(["sim7020", "sim7080", "bg95", "sara-r5"])("with a %s", (modem) => {
  test("the first press wakes it, however long the board's own start takes", async () => {
    await begin({ modem, sleep: "deep", interval: 900, batch: 1, processor: { rate: slowest(80) } });
    const { clock } = world!;
    const presses: number[] = [];
    let since = 0;
    const press = world!.modem.setPowerKey.bind(world!.modem);
    world!.modem.setPowerKey = (low) => {
      if (low) since = clock.now;
      else if (since > 0) {
        presses.push(clock.now - since);
        since = 0;
      }
      press(low);
    };
    await clock.run({ until: hour });
    presses.length = 0;
    await clock.run({ until: 3 * hour });
    // One for each reading, and each as long as the family's, but for the turn that lets go.
    expect(presses.length).toBeLessThanOrEqual(9);
    const { wake } = familyNamed(driverFamilies, modem).power;
    for (const length of presses) expect(Math.abs(length - wake)).toBeLessThan(30);
  });
});
