/**
 * Days of a board that sleeps deeply between its readings: what the cloud has at the end, and when it was
 * measured, must be what a board that never sleeps would have given.
 */
import { afterEach, describe, expect, test } from "vitest";
import { World, epoch } from "../../host-sim/sim/world/world";
import { density } from "../density";
import { toldBy } from "./told";
import type { LogEvent } from "../../host-sim/sim/world/device-log";
import type { WorldEvent } from "../../host-sim/sim/world/world";

const hour = 3_600_000;
let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

interface Setting {
  readonly seed?: number;
  readonly config?: Record<string, unknown>;
  readonly edition?: "token" | "tokenless";
  readonly modem?: string;
  readonly loss?: number;
  readonly engine?: "node" | "xs";
  readonly journalSize?: number;
}

class Day {
  readonly events: WorldEvent[] = [];
  world!: World;

  static async begin({
    seed = 1,
    config = {},
    edition = "token",
    modem,
    loss,
    engine,
    journalSize,
  }: Setting = {}) {
    const day = new Day();
    day.world = await World.create({
      seed,
      engine: engine ?? "node",
      edition,
      coverage: 0,
      loss: loss ?? 0,
      modem,
      powerKey: true,
      journalSize,
      interval: 900,
      format: "compact",
      sleep: "deep",
      pendingTtl: 48 * hour,
      settings: { startSpread: 0, ...config },
      onEvent: (event) => day.events.push(event),
    });
    world = day.world;
    await day.world.start();
    return day;
  }

  async until(hours: number): Promise<void> {
    await this.world.clock.run({ until: hours * hour });
  }

  /** The device's lines of one kind. */
  told<K extends LogEvent["kind"]>(kind: K): (LogEvent & { readonly kind: K })[] {
    return this.events.flatMap((event) => {
      const told = toldBy(event);
      return told?.kind === kind ? [told as LogEvent & { readonly kind: K }] : [];
    });
  }

  /** What the modem's driver noted of one kind of step. */
  steps(start: "registered" | "resync" | "socket"): string[] {
    return this.told("modem note").flatMap(({ text }) => (text.startsWith(`${start} `) ? [text] : []));
  }

  board(what: string): number {
    return this.events.filter((event) => event.source === "board" && event.what === what).length;
  }

  cloud(type: string): number {
    return this.events.filter((event) => event.source === "cloud" && event.event.type === type).length;
  }

  /** The cloud's readings, each by what tells it from the others. */
  get readings(): string[] {
    const { productKey, deviceKey } = this.world.device;
    return this.world.cloud.reported
      .readings(productKey, deviceKey)
      .map(({ id, time }) => `${id} ${time ?? ""}`);
  }

  /** When they were measured, ms since the world began: the device's time, or the cloud's where it tells none. */
  get measured(): number[] {
    const { productKey, deviceKey } = this.world.device;
    const readings = this.world.cloud.reported.readings(productKey, deviceKey);
    return readings.map(({ time, at }) => (time ?? at) - epoch);
  }

  /** When they truly were. */
  get taken(): number[] {
    return this.events.flatMap((event) => (toldBy(event)?.kind === "report taken" ? [event.time] : []));
  }

  /** How often the device's state was written to storage: the turn of its newer slot. */
  get saves(): number {
    const state = this.world.keyValue.get("state");
    const slots = [state?.get("a"), state?.get("b")].filter((slot) => slot instanceof Uint8Array);
    return Math.max(0, ...slots.map((slot) => new DataView(slot.buffer, slot.byteOffset).getUint32(2, true)));
  }
}

describe("a board in deep sleep", () => {
  test("two days: every reading once and in its time, one session, hardly a write", async () => {
    const days = density(2, 0.5);
    const day = await Day.begin({ seed: 11 });
    await day.until(12 * days);
    const saves = day.saves;
    await day.until(24 * days);
    expect(Math.abs(day.taken.length - days * 96)).toBeLessThanOrEqual(1);
    for (let i = 0; i < day.taken.length; i++) {
      // Whole seconds of the network's time, and 0.2 % of one interval.
      expect(Math.abs(day.taken[i] - i * 900_000)).toBeLessThan(4_000);
    }
    const stored = [...day.measured].sort((a, b) => a - b);
    const taken = day.taken.slice(0, stored.length);
    expect(stored.length).toBeGreaterThanOrEqual(days * 96);
    for (let i = 1; i < stored.length; i++) expect(Math.abs(stored[i] - taken[i])).toBeLessThan(9_000);
    expect(new Set(stored).size).toBe(stored.length);
    expect(day.board("asleep")).toBeGreaterThan(95 * days);
    // One wake for each reading: none only to note that the modem must have fallen asleep meanwhile.
    expect(day.board("asleep")).toBeLessThanOrEqual(day.taken.length + 1);
    expect(day.world.boardAsleep / (24 * days * hour)).toBeGreaterThan(0.97);
    // The 100th message has a session of its own, from which on each signature would be 32 bytes longer.
    const causes = ["first", ...Array<string>(Math.floor(stored.length / 100)).fill("longer-signature")];
    expect(day.told("session authenticating").map(({ cause }) => cause)).toEqual(causes);
    expect(day.cloud("authenticated")).toBe(causes.length);
    expect(day.steps("registered").length).toBe(1);
    expect(day.saves - saves).toBeLessThanOrEqual(12);
    expect(day.told("fault")).toEqual([]);
    // No message id twice within its lifetime, but for the very same message sent again.
    const sent = day.events.flatMap((event) =>
      event.source === "air" && event.report.direction === "up" ? [event.report.bytes] : [],
    );
    for (let i = 1; i < sent.length; i++) {
      const [before, id] = [sent[i - 1], sent[i]].map((bytes) => (bytes[2] << 8) | bytes[3]);
      if (id === before) expect(sent[i]).toEqual(sent[i - 1]);
      else expect(id).toBe((before + 1) & 0xffff);
    }
  }, 60_000);

  /** Readings of `hours`, each of them in the cloud once, but for those that may still be on their way. */
  function complete(day: Day, hours: number, waiting = 1): void {
    const ids = [...day.told("report taken"), ...day.told("report held")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const stored = day.readings;
    expect(new Set(stored).size).toBe(stored.length);
    expect(stored.length).toBeGreaterThanOrEqual(ids.length - waiting);
    expect(stored.length).toBeLessThanOrEqual(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(4 * hours);
    expect(day.told("fault")).toEqual([]);
    expect(day.board("restarted")).toBe(0);
  }

  test.each(["tokenless", "token"] as const)("a lossy day, edition %s: one session", async (edition) => {
    const day = await Day.begin({ seed: 5, edition, loss: 0.1 });
    const hours = density(24, 4);
    await day.until(hours);
    complete(day, hours);
    expect(day.board("asleep")).toBeGreaterThan((80 / 24) * hours);
    expect(day.told("session authenticating").length).toBeLessThanOrEqual(2);
  });

  test("batches of four: the readings in between wait in the journal, with the radio off", async () => {
    const day = await Day.begin({ seed: 6, config: { batch: 4, payload: "compact", lifetime: 7200 } });
    const hours = density(24, 12);
    await day.until(hours);
    complete(day, hours, 4);
    // They waited in flash, over a start of the firmware each, and are no later than in RAM.
    const late = day.events.filter(
      (event) => event.source === "cloud" && event.event.type === "stored" && event.event.late === true,
    );
    expect(late).toEqual([]);
    expect(day.told("modem waking").length).toBeLessThanOrEqual(hours + 2);
    expect(day.board("asleep")).toBeGreaterThan((90 / 24) * hours);
  });

  test("with a journal that cannot be used, what waits in RAM keeps the board awake", async () => {
    const config = { batch: 4, payload: "compact", lifetime: 7200 };
    const day = await Day.begin({ seed: 6, config, journalSize: 4_096 });
    await day.until(24);
    expect(day.told("journal failed").length + day.told("journal none").length).toBeGreaterThan(0);
    complete(day, 24, 4);
  });

  test("keeping the session alive is no radio time in vain", async () => {
    const config = { sleep: "none", keepAlive: true, radioBudget: 600, lifetime: 1_200, interval: 43_200 };
    const day = await Day.begin({ seed: 3, config });
    await day.until(60);
    expect(day.told("session keep alive").length).toBeGreaterThan(100);
    expect(day.told("radio off")).toEqual([]);
    expect(day.readings.length).toBe(5);
  });

  test("a session lapses over a longer sleep, and is opened once for each report", async () => {
    const day = await Day.begin({ seed: 7, config: { interval: 7200, lifetime: 3600 } });
    await day.until(24.5);
    expect(day.readings.length).toBe(13);
    expect(day.cloud("authenticated")).toBe(13);
  });

  test("kept alive instead, it is opened once", async () => {
    const day = await Day.begin({ seed: 7, config: { interval: 7200, lifetime: 3600, keepAlive: true } });
    await day.until(24.5);
    expect(day.readings.length).toBe(13);
    expect(day.cloud("authenticated")).toBe(1);
    expect(day.board("asleep")).toBeGreaterThan(20);
  });

  test("commands are executed once, and sleep waits for a handler's answer", async () => {
    const day = await Day.begin({ seed: 8, loss: 0.15 });
    const { world } = day;
    const { productKey, deviceKey } = world.device;
    const replied: string[] = [];
    const ask = (relay: number): void => {
      const command = { kind: "set", points: { relay } } as const;
      const id = world.cloud.commands.send(productKey, deviceKey, command, world.cloudNow);
      world.touchCloud();
      const look = (): void => {
        const { endedAt, code, late } = world.cloud.commands.view(id)!;
        if (code !== undefined || late !== undefined) replied.push(id);
        // Lost on the way: its operator asks anew.
        else if (endedAt !== undefined) ask(relay);
        else world.clock.after(120_000, look);
      };
      look();
    };
    for (let hours = 1; hours <= 12; hours++) world.clock.at(hours * hour, () => ask(hours & 1));
    const hours = density(24, 14);
    await day.until(hours);
    complete(day, hours);
    expect(replied).toHaveLength(12);
    const executed = day.told("command executed").map(({ id }) => String(id));
    expect(new Set(executed).size).toBe(executed.length);
    expect(executed).toEqual(expect.arrayContaining(replied));
    expect(day.told("command executed").every(({ code }) => code === 200)).toBe(true);
  });

  test("power cuts, awake and asleep: no reading is lost or doubled", async () => {
    const day = await Day.begin({ seed: 9 });
    const cuts = density(40, 8);
    for (let cut = 0; cut < cuts; cut++) {
      const at = 2 * hour + cut * 1_777_777;
      day.world.clock.at(at, () => day.world.cutPower(1_000 + 7_000 * cut));
    }
    const hours = density(24, 7);
    await day.until(hours);
    expect(day.board("power lost")).toBe(cuts);
    complete(day, hours - 2, 2);
    expect(day.told("agent woke without its memory")).toEqual([]);
  });

  test("nonsense in the memory that should have outlived sleep: it starts as after a loss of power", async () => {
    const day = await Day.begin({ seed: 10 });
    const random = day.world.retained;
    const times = density(40, 4);
    for (let n = 1; n <= times; n++) {
      day.world.clock.at(n * 1_800_000 - 300_000, () => {
        if (n % 2 === 0) random[(n * 37) % 150] ^= 1 << (n & 7);
        else for (let i = 0; i < random.length; i++) random[i] = (i * n * 197 + 13) & 0xff;
      });
    }
    const hours = density(24, 3);
    await day.until(hours);
    expect(day.told("agent woke without its memory").length).toBe(times);
    complete(day, hours);
    expect(day.cloud("authenticated")).toBeLessThanOrEqual(times + 1);
  });

  test("a day without the network: nothing is lost", async () => {
    const day = await Day.begin({ seed: 12 });
    day.world.clock.at(3.1 * hour, () => void (day.world.cell.outage = true));
    const dark = density(24, 6);
    day.world.clock.at((3.1 + dark) * hour, () => void (day.world.cell.outage = false));
    await day.until(2 * dark);
    complete(day, 2 * dark);
  });

  const others = ["sim7080", "bc66", "sara-n2", "sim7000", "bc660k", "bc95", "bg95", "sara-r4", "sara-r5"];
  test.each(others.slice(0, density(9, 3)))(
    "with a %s: every reading, and its modem is handled as if the board had stayed awake",
    async (modem) => {
      const awake = await Day.begin({ seed: 13, modem, config: { sleep: "none" } });
      const hours = density(12, 3);
      await awake.until(hours);
      await awake.world.close();
      const day = await Day.begin({ seed: 13, modem });
      await day.until(hours);
      complete(day, hours);
      expect(day.board("asleep")).toBeGreaterThan((40 / 12) * hours);
      // Several families boot when they leave PSM, and register anew each time, whatever the board does.
      // Whether it is found registered at once is chance, of each wake: told 29 and 31 times of 48 by the BG95.
      const registered = awake.steps("registered").length;
      expect(day.steps("registered").length).toBeLessThanOrEqual(1.1 * registered + 1);
      expect(day.steps("resync").length).toBeLessThanOrEqual(awake.steps("resync").length + 1);
      expect(day.told("modem starting").length).toBeLessThanOrEqual(awake.told("modem starting").length + 1);
      expect(day.steps("socket").length).toBeLessThanOrEqual(awake.steps("socket").length + 1);
      expect(day.cloud("authenticated")).toBeLessThanOrEqual(2);
    },
  );
});
