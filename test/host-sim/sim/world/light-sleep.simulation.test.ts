/** Light sleep while the firmware waits: what it saves of being awake, what it loses, and that nothing is lost by it. */
import { expect, test } from "vitest";
import { families } from "../../../../host-sim/sim/modem/families";
import { World } from "../../../../host-sim/sim/world/world";
import type { WorldEvent, WorldOptions } from "../../../../host-sim/sim/world/world";

const hour = 3_600_000;
const hours = 6;

interface Run {
  readonly lines: readonly string[];
  /** ms awake, light sleep and all, after the first deep sleep, and of these in light sleep. */
  readonly awake: number;
  readonly dozed: number;
  /** Characters lost to light sleep. */
  readonly lost: number;
  /** Share of the whole time in light sleep. */
  readonly napped: number;
  readonly stored: number;
  readonly sent: number;
}

/** Some hours of a device with a reading each hour. */
async function run(options: Partial<WorldOptions>): Promise<Run> {
  const lines: string[] = [];
  let dozed = 0;
  let napped = 0;
  let since = NaN;
  let sent = 0;
  let awake = 0;
  let awakeSince = NaN;
  const onEvent = (event: WorldEvent): void => {
    if (event.source === "device") lines.push(event.text);
    if (event.source === "air" && event.report.direction === "up") sent += 1;
    if (event.source !== "board") return;
    if (event.what === "light sleep over") napped += event.time - since;
    if (event.what === "light sleep") since = event.time;
    if (event.what === "light sleep over" && awakeSince > 0) dozed += event.time - since;
    if (event.what === "awake") awakeSince = event.time;
    if (event.what === "asleep") awake += event.time - (awakeSince || event.time);
  };
  const world = await World.create({
    seed: 7,
    engine: "node",
    edition: "token",
    coverage: 0,
    loss: 0,
    powerKey: true,
    interval: 3600,
    format: "raw",
    sleep: "deep",
    lifetime: 7200,
    reports: hours,
    ...options,
    onEvent,
  });
  try {
    await world.start();
    await world.clock.run({ until: hours * hour + hour / 2 });
    const stored = world.cloud.reported.readings(world.device.productKey, world.device.deviceKey).length;
    napped /= world.clock.now;
    return { lines, awake, dozed, napped, lost: world.uart.lostInSleep, stored, sent };
  } finally {
    await world.close();
  }
}

const lightly = { processor: { waiting: "light-sleep" } } as const;
const vain = "setting: waiting is in vain without ring, or a baud of 9600 at most";

test("with the modem's RI wired nothing is lost, and most of the waiting is slept through", async () => {
  const { awake, dozed, lost, stored, lines } = await run(lightly);
  expect(stored).toBe(hours);
  expect(lost).toBe(0);
  // A board that is awake for seconds at each reading waits for the network, the modem and the cloud in most of them.
  expect(dozed / awake).toBeGreaterThan(0.3);
  expect(lines).not.toContain(vain);
});

test("without RI and at 115,200 baud it is told to be in vain, and not done", async () => {
  const without = await run({ ...lightly, settings: { ring: "" } });
  expect(without.lines.filter((line) => line === vain).length).toBeGreaterThan(0);
  expect(without).toMatchObject({ dozed: 0, lost: 0, stored: hours });
});

test("at 9600 baud the line end before a line of the modem's is lost, and no reading or repetition comes of it", async () => {
  const awake = await run({ modem: "bc95" });
  const asleep = await run({ modem: "bc95", ...lightly, settings: { ring: "" } });
  expect(asleep.lost).toBeGreaterThan(0);
  expect(asleep.stored).toBe(hours);
  expect(asleep.sent).toBe(awake.sent);
  expect(asleep.dozed / asleep.awake).toBeGreaterThan(0.3);
});

test("where RI comes too late the first answer is lost at each wake, the second is waited for awake, and no reading is lost", async () => {
  const awake = await run({});
  const asleep = await run({ ...lightly, quirks: { lateRing: true } });
  expect(asleep.lost).toBeGreaterThan(2 * hours);
  expect(asleep.stored).toBe(hours);
  expect(asleep.sent).toBeGreaterThan(awake.sent);
  // Once more for each request at most times, and not again and again.
  expect(asleep.sent).toBeLessThanOrEqual(3 * awake.sent);
});

test.each([...families.keys()])(
  "%s: no reading is lost by it, with RI and without, at 9600 baud",
  async (modem) => {
    const withRi = await run({ modem, ...lightly });
    expect(withRi).toMatchObject({ stored: hours, lost: 0 });
    expect(withRi.dozed).toBeGreaterThan(0);
    const without = await run({ modem, ...lightly, settings: { ring: "", baud: 9600 } });
    expect(without.stored).toBe(hours);
    expect(without.dozed).toBeGreaterThan(0);
  },
);

test("a board that does not sleep deeply sleeps lightly between readings, too", async () => {
  const { stored, lost, napped } = await run({ ...lightly, sleep: "none" });
  expect({ stored, lost }).toEqual({ stored: hours, lost: 0 });
  expect(napped).toBeGreaterThan(0.95);
});
