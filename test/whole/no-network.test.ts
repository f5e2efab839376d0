/**
 * A day without a network, whatever it is for: a board that sleeps deeply sleeps through it but for its readings and its
 * tries, back-off and resets go on from one wake to the next, nothing is lost, and what comes back is noticed in time.
 */
import { describe, expect, test } from "vitest";
import { World } from "../../host-sim/sim/world/world";
import { density } from "../density";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldEvent } from "../../host-sim/sim/world/world";

const hour = 3_600_000;
const gone = 2.1 * hour;

/** Why there is no network, for how much of the day the board may be awake for it, and the longest pause, hours. */
const causes: Record<
  string,
  { begin(world: World): void; end(world: World): void; awake: number; pause: number }
> = {
  "no cell": {
    begin: ({ cell }) => void (cell.outage = true),
    end: ({ cell }) => void (cell.outage = false),
    // The radio's budget for what is in vain allows 90 minutes.
    ...{ awake: 0.07, pause: 1 },
  },
  "a network that denies it": {
    begin: ({ cell, modem }) => {
      cell.denial = 8;
      modem.reboot("test");
    },
    end: ({ cell }) => void (cell.denial = undefined),
    ...{ awake: 0.04, pause: 6 },
  },
  "no card": {
    begin: ({ modem }) => modem.removeSim(),
    end: ({ modem }) => modem.insertSim(),
    ...{ awake: 0.015, pause: 6 },
  },
  "a modem without supply": {
    begin: ({ modem }) => modem.setSupply(false),
    end: ({ modem }) => modem.setSupply(true),
    ...{ awake: 0.02, pause: 1 },
  },
  "a modem that hangs": {
    begin: ({ modem }) => modem.hang("supply"),
    end: ({ modem, clock }) => {
      modem.setSupply(false);
      clock.after(3_000, () => modem.setSupply(true));
    },
    ...{ awake: 0.02, pause: 1 },
  },
  "a server that is silent": {
    begin: ({ cloud }) => void (cloud.down = true),
    end: ({ cloud }) => void (cloud.down = false),
    ...{ awake: 0.06, pause: 1 },
  },
};

interface Dark {
  /** ms of the time without a network for which the board was awake, and how often it woke. */
  readonly awake: number;
  readonly wakes: number;
  /** ms from the network's return to the first reading that is stored. */
  readonly firstContact: number;
  readonly taken: readonly number[];
  readonly stored: readonly string[];
  /** What the device told in the dark. */
  readonly told: readonly (LogEvent & { readonly at: number })[];
}

interface Setting {
  readonly modem: string;
  readonly cause: string;
  readonly engine?: "node" | "xs";
  readonly settings?: Record<string, unknown>;
  /** How long there is no network, hours. */
  readonly lasting?: number;
  /** Until then it runs, hours. */
  readonly until?: number;
}

async function darkDay({
  modem,
  cause,
  engine = "node",
  settings,
  until,
  lasting = 24,
}: Setting): Promise<Dark> {
  const back = gone + lasting * hour;
  let awakeSince: number | undefined = 0;
  const spent = { awake: 0, wakes: 0 };
  let firstContact = NaN;
  const taken: number[] = [];
  const told: (LogEvent & { readonly at: number })[] = [];
  const within = (from: number, to: number): number => Math.max(0, Math.min(to, back) - Math.max(from, gone));
  const hear = (event: WorldEvent): void => {
    const { time } = event;
    if (event.source === "board" && event.what === "asleep") {
      spent.awake += within(awakeSince ?? time, time);
      awakeSince = undefined;
    } else if (event.source === "board") awakeSince ??= time;
    if (event.source === "board" && event.what === "awake" && time > gone && time < back) spent.wakes += 1;
    if (event.source === "cloud" && event.event.type === "stored" && time > back)
      firstContact ||= time - back;
    const line = toldBy(event);
    if (line?.kind === "report taken") taken.push(time);
    if (line !== undefined && time > gone && time < back) told.push({ ...line, at: time });
  };
  const { begin, end, pause } = causes[cause];
  const world = await World.create({
    ...{ seed: 4, engine, edition: "token", coverage: 0, loss: 0, modem, powerKey: true },
    ...{ interval: 3_600, lifetime: 7_200, format: "raw", sleep: "deep" },
    settings: { startSpread: 0, ...settings },
    onEvent: hear,
  });
  try {
    await world.start();
    world.clock.at(gone, () => begin(world));
    world.clock.at(back, () => end(world));
    await world.clock.run({ until: (until ?? back / hour + pause + 2) * hour });
    if (awakeSince !== undefined) spent.awake += within(awakeSince, back);
    const { productKey, deviceKey } = world.device;
    const readings = world.cloud.reported.readings(productKey, deviceKey);
    return {
      ...spent,
      firstContact,
      taken,
      stored: readings.map(({ id, time }) => `${id} ${time ?? ""}`),
      told,
    };
  } finally {
    await world.close();
  }
}

const families = [
  "sim7020",
  "sara-r5",
  "bc66",
  "bg95",
  "bc95",
  "sara-n2",
  "sim7080",
  "bc660k",
  "sim7000",
  "sara-r4",
];

describe.each(families.slice(0, density(10, 1)))("with a %s", (modem) => {
  test.each(Object.keys(causes))("a day with %s", async (cause) => {
    const day = await darkDay({ modem, cause });
    const { awake, pause } = causes[cause];
    expect(day.awake / (24 * hour)).toBeLessThan(awake);
    // Readings go on, by a clock that is wrong by 0.2 % of the day at most, and all of them arrive once.
    for (let i = 1; i < day.taken.length; i++)
      expect(Math.abs(day.taken[i] - i * hour)).toBeLessThan(0.002 * 24 * hour + 10_000);
    expect(new Set(day.stored).size).toBe(day.stored.length);
    expect(day.stored.length).toBeGreaterThanOrEqual(day.taken.length - 1);
    expect(day.firstContact).toBeLessThan(pause * hour + 600_000);
    expect(day.told.filter(({ kind }) => kind === "fault" || kind === "supervisor restart")).toEqual([]);
  });
});

describe("over deep sleep goes on", () => {
  const pauses = (day: Dark): number[] =>
    day.told.flatMap((event) => (event.kind === "modem down" ? [event.retry] : []));

  test("the back-off: pauses grow to their longest, and no more tries are made than by a board that stays awake", async () => {
    const day = await darkDay({ modem: "sim7020", cause: "no cell" });
    const awake = await darkDay({ modem: "sim7020", cause: "no cell", settings: { sleep: "none" } });
    expect(Math.max(...pauses(day))).toBeGreaterThan(hour / 2);
    expect(Math.abs(pauses(day).length - pauses(awake).length)).toBeLessThan(4);
    expect(day.wakes).toBeLessThan(24 + 1.5 * pauses(day).length);
  });

  test("the escalation: a modem that does not answer is reset harder and harder", async () => {
    const day = await darkDay({ modem: "sim7020", cause: "a modem that hangs" });
    const levels = day.told.flatMap((event) =>
      event.kind === "modem note" && event.text.startsWith("reset level=") ? [event.text] : [],
    );
    expect(levels.filter((text) => text === "reset level=key").length).toBeGreaterThan(4);
    expect(pauses(day).length).toBeGreaterThan(20);
  });

  test("the count of what had no answer: a mute modem is reset harder and harder, after a day the board restarts", async () => {
    const settings = { radioBudget: 0 };
    const day = await darkDay({ modem: "sim7020", cause: "a server that is silent", settings, lasting: 28 });
    const resets = day.told.flatMap((event) =>
      event.kind === "modem note" && event.text.startsWith("mute reset=") ? [event.text.slice(11)] : [],
    );
    expect(resets.slice(0, 4)).toEqual(["radio", "reboot", "key", "key"]);
    const restarts = day.told.filter(({ kind }) => kind === "supervisor restart");
    expect(restarts).toMatchObject([{ reason: "no-contact" }]);
    expect(restarts[0].at - gone).toBeGreaterThan(24 * hour);
    expect(day.stored.length).toBeGreaterThanOrEqual(day.taken.length - 1);
  });

  test("the radio's budget: spent, the radio is off until the day is over, and the board sleeps", async () => {
    const settings = { radioBudget: 900 };
    const day = await darkDay({ modem: "sim7020", cause: "no cell", settings, until: 60 });
    const offs = day.told.filter(({ kind }) => kind === "radio off");
    expect(offs).toHaveLength(1);
    const after = day.told.filter(({ kind, at }) => at > offs[0].at && kind === "modem starting");
    expect(after).toEqual([]);
    // Fifteen minutes of searching, and a wake for each reading.
    expect(day.awake / (24 * hour)).toBeLessThan(0.015);
    expect(day.wakes).toBeLessThan(34);
    expect(day.stored.length).toBeGreaterThanOrEqual(day.taken.length - 1);
  });

  test("a radio that is off: a modem that restarts in a pause is found within an hour, and asks no network until it is over", async () => {
    const asked: number[] = [];
    const downs: { readonly at: number; readonly until: number }[] = [];
    const world = await World.create({
      ...{ seed: 4, engine: "node", edition: "token", coverage: 0, loss: 0, modem: "bg95", powerKey: true },
      ...{ interval: 900, lifetime: 7_200, format: "raw", sleep: "deep" },
      settings: { startSpread: 0 },
      onEvent: (event) => {
        const { time } = event;
        if (event.source === "modem" && event.event.type === "attach" && event.event.stat === 3)
          asked.push(time);
        const line = toldBy(event);
        if (line?.kind === "modem down") downs.push({ at: time, until: time + line.retry });
      },
    });
    try {
      // No EPS services in this PLMN: a modem tries again by itself.
      world.cell.denial = 14;
      await world.start();
      const isLong = (): boolean => downs.some(({ at, until }) => until - at > 4 * hour);
      await world.clock.run({ until: 48 * hour, stop: isLong });
      const { at, until } = downs[downs.length - 1];
      await world.clock.run({ until: at + 0.6 * hour });
      world.modem.reboot("test");
      await world.clock.run({ until: until - 60_000 });
      const unheard = asked.filter((time) => time > at + 0.6 * hour);
      expect(unheard.length).toBeGreaterThan(0);
      // The board wakes each quarter of an hour, and looks with the first wake of an hour.
      expect(Math.max(...unheard) - at).toBeLessThan(1.9 * hour);
      expect(downs[downs.length - 1].until).toBe(until);
    } finally {
      await world.close();
    }
  });

  test("what the cloud is told once: the firmware's version, after a first day without a network", async () => {
    const world = await World.create({
      ...{
        seed: 4,
        engine: "node",
        edition: "token",
        coverage: 0,
        loss: 0,
        modem: "sim7020",
        powerKey: true,
      },
      ...{ interval: 3_600, lifetime: 7_200, format: "raw", sleep: "deep" },
      settings: { startSpread: 0 },
      onEvent: () => {},
    });
    try {
      world.cell.outage = true;
      await world.start();
      await world.clock.run({ until: 24 * hour });
      expect(world.boardAsleep / (24 * hour)).toBeGreaterThan(0.92);
      world.cell.outage = false;
      await world.clock.run({ until: 27 * hour });
      const { productKey, deviceKey } = world.device;
      expect(world.cloud.devices.view(productKey, deviceKey)!.firmwareVersion).toBeDefined();
    } finally {
      await world.close();
    }
  });
});
