/** One device in its world, and what a day brings: NAT, a cloud that is gone, power that fails. */
import { afterEach, describe, expect, it } from "vitest";
import { World } from "../../../../host-sim/sim/world/world";
import type { WorldEvent, WorldOptions } from "../../../../host-sim/sim/world/world";

const minute = 60_000;
const hour = 60 * minute;

let world: World | undefined;
afterEach(() => world?.close());

async function begin(options: Partial<WorldOptions> = {}): Promise<{ world: World; events: WorldEvent[] }> {
  const events: WorldEvent[] = [];
  world = await World.create({
    seed: 5,
    engine: "node",
    edition: "token",
    coverage: 0,
    loss: 0,
    powerKey: true,
    interval: 900,
    format: "raw",
    pendingTtl: hour,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  await world.start();
  return { world, events };
}

const lines = (events: WorldEvent[], pattern: RegExp): string[] =>
  events.flatMap((event) => (event.source === "device" && pattern.test(event.text) ? [event.text] : []));
const stored = (events: WorldEvent[], kind: string): number =>
  events.filter(
    (event) => event.source === "cloud" && event.event.type === "stored" && event.event.kind === kind,
  ).length;

describe("a NAT that forgets, in front of a cloud that goes by the address", () => {
  it("costs one authentication each time, and no reading", async () => {
    const { world, events } = await begin({ addressBound: true, edition: "tokenless" });
    for (const at of [3, 7, 12]) world.clock.at(at * hour + 5 * minute, () => world.cell.rebindNat());
    await world.clock.run({ until: 18 * hour - minute });
    expect(lines(events, /^session: authenticating/)).toEqual([
      "session: authenticating cause=first",
      ...Array(3).fill("session: authenticating cause=unauthorized"),
    ]);
    // One at once, and 72 from the end of the start's wait on.
    expect(stored(events, "reading")).toBe(73);
    expect(lines(events, /^report: taken/)).toHaveLength(73);
  });
});

it("shows parsing scripts its own time, in which nothing else passes", async () => {
  const { world } = await begin();
  const { productKey } = world.device;
  const script = `var first = Date.now();
    function rawDataToJsonStr() { return JSON.stringify([first, new Date().getTime()]) }
    function jsonStrToRawData() { return [] }`;
  const start = Date.UTC(2026, 0, 1);
  world.clock.at(hour, () => world.cloud.products.put({ productKey, script }, world.cloudNow));
  await world.clock.run({ until: 2 * hour });
  const [first, now] = JSON.parse(
    String(world.cloud.products.scriptToJson(productKey, Uint8Array.of(1))),
  ) as number[];
  expect([first, now]).toEqual([start + hour, start + 2 * hour]);
});

describe("a cloud that is gone for more than a day", () => {
  it("has the board restarted once, which tells why when the cloud is back; every reading arrives with its time", async () => {
    const { world, events } = await begin();
    world.clock.at(2 * hour, () => void (world.cloud.down = true));
    world.clock.at(40 * hour, () => void (world.cloud.down = false));
    await world.clock.run({ until: 46 * hour });
    expect(lines(events, /^supervisor: restart/)).toEqual(["supervisor: restart reason=no-contact"]);
    expect(events.filter((event) => event.source === "board" && event.what === "restarted")).toHaveLength(1);
    const { productKey, deviceKey } = world.device;
    const [event] = world.cloud.reported.events(productKey, deviceKey);
    expect(event).toMatchObject({ event: "restarted", values: { reason: "no-contact", boots: 2 } });
    const taken = lines(events, /^report: taken/).length;
    expect(world.cloud.reported.readings(productKey, deviceKey)).toHaveLength(taken);
    // The modem was reset before that, gently first.
    expect(lines(events, /^modem: mute reset/)[0]).toBe("modem: mute reset=radio");
  });
});

describe("a board without a journal's partition", () => {
  it("works, says so, and loses with its power what waited", async () => {
    const { world, events } = await begin({ journalSize: 0 });
    expect(lines(events, /^journal:/)[0]).toContain('no partition "journal"');
    world.clock.at(hour, () => void (world.cell.outage = true));
    world.clock.at(3 * hour, () => world.cutPower(minute));
    world.clock.at(4 * hour, () => void (world.cell.outage = false));
    await world.clock.run({ until: 8 * hour });
    const taken = lines(events, /^report: taken/).length;
    expect(stored(events, "reading")).toBeLessThan(taken - 5);
  });
});

describe("power that fails in an outage", () => {
  it("costs nothing: what waited arrives with its own time", async () => {
    const { world, events } = await begin();
    world.clock.at(hour, () => void (world.cell.outage = true));
    for (const at of [2, 3, 4.1]) world.clock.at(at * hour, () => world.cutPower(10 * minute));
    world.clock.at(5 * hour, () => void (world.cell.outage = false));
    await world.clock.run({ until: 9 * hour - minute });
    expect(world.boots).toBe(4);
    expect(stored(events, "reading")).toBe(lines(events, /^report: taken/).length);
  });
});

describe("a board that was given no device key", () => {
  it.each([undefined, 8 * minute])(
    "takes the modem's IMEI, once, and reports (power lost after %s ms)",
    async (cut) => {
      const { world, events } = await begin({ keyFromModem: true });
      if (cut !== undefined) world.clock.at(cut, () => world.cutPower(5_000));
      await world.clock.run({ until: 2 * hour - minute });
      expect(lines(events, /^keys:/)).toEqual([
        "keys: no device key: the modem's IMEI will be it",
        `keys: device key is the IMEI ${world.device.deviceKey}; restart`,
      ]);
      expect(stored(events, "reading")).toBeGreaterThanOrEqual(8);
      expect(lines(events, /^session: not admitted/)).toEqual([]);
    },
  );

  it("goes on asking while the modem does not answer, and keeps no half of a key", async () => {
    const { world, events } = await begin({ keyFromModem: true });
    world.modem.setSupply(false);
    world.clock.at(10 * minute, () => world.modem.setSupply(true));
    await world.clock.run({ until: 9 * minute });
    expect(lines(events, /device key is/)).toEqual([]);
    await world.clock.run({ until: 2 * hour });
    expect(lines(events, /device key is/)).toHaveLength(1);
    expect(stored(events, "reading")).toBeGreaterThan(3);
  });
});
