/** Days of a device that tells of its health: what the cloud has of it, and what it can fetch. */
import { afterEach, describe, expect, it, test } from "vitest";
import { field } from "../../host-sim/inspect/energy/field";
import { EnergyMeter } from "../../host-sim/inspect/energy/meter";
import { World } from "../../host-sim/sim/world/world";
import { toldBy } from "./told";
import type { WorldEvent, WorldOptions } from "../../host-sim/sim/world/world";

const hour = 3_600_000;
const day = 24 * hour;

type Report = Readonly<Record<string, unknown>>;

class HealthyWorld {
  readonly events: WorldEvent[] = [];
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  static async begin(options: Partial<WorldOptions> = {}): Promise<HealthyWorld> {
    const heard: WorldEvent[] = [];
    const world = await World.create({
      ...{ seed: 1, engine: "node", edition: "token", coverage: 0, loss: 0, powerKey: true, interval: 900 },
      ...{ format: "compact", sleep: "deep", health: true, pendingTtl: 48 * hour },
      ...options,
      settings: { startSpread: 0, ...options.settings },
      onEvent: (event) => {
        heard.push(event);
        options.onEvent?.(event);
      },
    } as WorldOptions);
    const made = new HealthyWorld(world);
    heard.forEach((event) => made.events.push(event));
    (made as { events: WorldEvent[] }).events = heard;
    worlds.push(world);
    await world.start();
    return made;
  }

  run(ms: number): Promise<void> {
    return this.world.clock.run({ until: this.world.clock.now + ms });
  }

  /** Up to the next moment at which the board is awake. */
  async untilAwake(): Promise<void> {
    const last = (): WorldEvent | undefined => this.events.filter(({ source }) => source === "board").at(-1);
    for (const since = last(); last() === since || (last() as { what?: string }).what !== "awake";)
      await this.run(100);
    await this.run(1_000);
  }

  /** What the cloud has stored that has this point, in its order. */
  stored(point: string): Report[] {
    return this.events.flatMap((event) => {
      if (event.source !== "cloud" || event.event.type !== "stored") return [];
      const { points } = event.event;
      return points !== undefined && point in points ? [points as Report] : [];
    });
  }

  get reports(): Report[] {
    return this.stored("health_period");
  }

  /** Requests with readings that the device has made. */
  get posts(): number {
    return this.events.filter((event) => event.source === "cloud" && event.event.type === "stored").length;
  }

  /** Has a service run in the next contact, once for each of these inputs, and gives its outputs. */
  async invoke(service: string, ...inputs: Record<string, unknown>[]): Promise<Record<string, unknown>[]> {
    const { cloud, device } = this.world;
    const { productKey, deviceKey } = device;
    const ids = inputs.map((each) => {
      const command = { kind: "service", service, inputs: each } as const;
      return cloud.commands.send(productKey, deviceKey, command, this.world.cloudNow);
    });
    await this.run(1.1 * hour);
    return ids.map((id) => {
      const { status, data } = cloud.commands.view(id)!;
      expect(status).toBe("success");
      return data as Record<string, unknown>;
    });
  }

  /** The log's lines, as its operator fetches them: all pieces in one contact, as newer lines come with each. */
  async log(): Promise<Set<string>> {
    const skips = Array.from({ length: 12 }, (_, i) => ({ skip: 350 * i }));
    const pieces = await this.invoke("fetch_log", ...skips);
    // The first line of each and the last may be cut.
    return new Set(pieces.flatMap(({ text }) => (text as string).split("\n").slice(1, -1)));
  }
}

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

describe("a device that tells of its health", () => {
  it("does so once a day, with a reading, and estimates the energy as the meter has it", async () => {
    const meter = new EnergyMeter(field, { coverage: 0 });
    const healthy = await HealthyWorld.begin({ onEvent: (event) => meter.hear(event) });
    let before = 0;
    const measured: number[] = [];
    for (let n = 0; n < 2; n++) {
      await healthy.run(n === 0 ? 1.1 * hour : day);
      const { joules } = meter.account(healthy.world.clock.now);
      measured.push(joules - before);
      before = joules;
    }
    const { reports } = healthy;
    expect(reports.length).toBe(2);
    expect(healthy.stored("health_modem")).toEqual([
      { health_firmware: "0.2.0", health_modem: expect.stringMatching(/SIM7020/) },
    ]);
    expect(reports[0]).toMatchObject({ health_power_losses: 1, health_starts: 1, health_last_start: 1 });
    for (const report of reports.slice(1)) {
      expect(report.health_period).toBeGreaterThan(86_000);
      expect(report.health_period).toBeLessThan(86_800);
      expect(report).toMatchObject({ health_starts: 0, health_waiting: 0, health_lost_full: 0 });
      expect(report.health_rsrp_least).toBeLessThan(0);
    }
    const estimated = reports.slice(1).map(({ health_energy: joules }) => joules as number);
    console.log(
      `joules of a day by the device ${estimated.join(", ")}, by the meter ${measured
        .slice(1)
        .map((each) => each.toFixed(2))
        .join(", ")}`,
    );
    estimated.forEach((joules, i) => {
      expect(joules / measured[i + 1]).toBeGreaterThan(0.8);
      expect(joules / measured[i + 1]).toBeLessThan(1.25);
    });
    // None of the reports was a request of its own: it went in one with the reading that was taken then.
    const requests = healthy.events.flatMap((event) => toldBy(event) ?? []);
    const taken = requests.filter(({ kind }) => kind === "report taken").length;
    const ids = new Set(
      healthy.events.flatMap((event) =>
        event.source === "cloud" && event.event.type === "stored" ? [event.event.id] : [],
      ),
    );
    expect(taken - ids.size).toBeGreaterThanOrEqual(2);
  });

  test.each([
    ["raw", {}],
    ["json", {}],
    ["alternate", {}],
    ["compact", { sealed: true }],
    ["raw", { sealed: "proof" }],
    ["compact", { settings: { batch: 4 } }],
    ["compact", { sleep: "none" }],
    ["compact", { application: "room" }],
    ["compact", { modem: "bc95" }],
    ["compact", { engine: "xs" }],
  ] as const)("sends it whatever the readings are: %s %j", async (format, options) => {
    const healthy = await HealthyWorld.begin({ format, ...options } as Partial<WorldOptions>);
    await healthy.run(2.1 * hour);
    expect(healthy.reports.length).toBe(1);
    expect(Object.keys(healthy.reports[0]).length).toBeGreaterThanOrEqual(27);
    expect(healthy.stored("health_firmware").length).toBeGreaterThanOrEqual(1);
    const lines = healthy.events.flatMap((event) => toldBy(event) ?? []);
    for (const kind of ["report refused", "point left out", "fault"])
      expect(lines.filter((line) => line.kind === kind)).toEqual([]);
  });

  it("answers the service with what was counted in all, and sends a report at once", async () => {
    const healthy = await HealthyWorld.begin({ settings: { batch: 4 } });
    await healthy.run(3 * hour);
    const before = healthy.reports.length;
    const [totals] = await healthy.invoke("health", {});
    expect(totals).toMatchObject({ starts: 1, panics: 0, power_losses: 1, lost: 0 });
    expect(totals.time).toBeGreaterThan(2.9 * 3_600);
    expect(totals.energy).toBeGreaterThan(5);
    expect(healthy.reports.length).toBe(before + 1);
  });

  it("raises an alarm when the backlog crosses its limit, as soon as there is a network again", async () => {
    const healthy = await HealthyWorld.begin({ settings: { healthWaiting: 20 } });
    await healthy.run(2 * hour);
    healthy.world.cell.outage = true;
    await healthy.run(6 * hour);
    healthy.world.cell.outage = false;
    await healthy.run(4 * hour);
    const { cloud, device } = healthy.world;
    const events = cloud.reported.events(device.productKey, device.deviceKey);
    const alarms = events.filter(({ event }) => event === "health_alarm");
    expect(alarms.length).toBe(1);
    expect(alarms[0]).toMatchObject({ values: { what: "healthWaiting", value: 20, limit: 20 } });
  });

  it("has its log fetched whole after a panic, a loss of power and deep sleep", async () => {
    const healthy = await HealthyWorld.begin();
    await healthy.run(12 * hour);
    await healthy.untilAwake();
    healthy.world.crash("Panic");
    await healthy.run(0.1 * hour);
    healthy.world.cutPower(60_000);
    await healthy.run(0.1 * hour);
    const said = healthy.events.flatMap((event) => (event.source === "device" ? [event.text] : []));
    const before = said.length;
    const lines = await healthy.log();
    const fetched = [...lines].map((line) => line.slice(line.indexOf(" ") + 1));
    // Each line of the last hours is there but for the last before the power went, and none that was never said.
    const all = new Set(healthy.events.flatMap((event) => (event.source === "device" ? [event.text] : [])));
    expect(fetched.filter((line) => !all.has(line))).toEqual([]);
    const lost = said.slice(before - 30).filter((line) => !fetched.includes(line));
    expect(lost.join("\n").length).toBeLessThan(700);
    expect(fetched).toContainEqual(expect.stringMatching(/^agent: waits \d+s before .*: panics=1 in a row$/));
    expect(healthy.world.logFlash?.misuse).toBeUndefined();
    // Two days of such a device wear flash by some erases.
    const erases = healthy.world.logFlash!.erases.reduce((sum, each) => sum + each, 0);
    console.log(`erases of the log in ${(healthy.world.clock.now / day).toFixed(1)} days: ${erases}`);
    expect(erases).toBeLessThan(40);
  });
});
