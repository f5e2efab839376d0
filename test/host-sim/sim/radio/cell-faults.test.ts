/** The cell's troubles: what they do while they are on, and that nothing of them is left afterwards. */
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import { NbIotCell } from "../../../../host-sim/sim/radio/link";
import type { DatagramReport, NbIotCellOptions, RadioAttachment } from "../../../../host-sim/sim/radio/link";

const server = { address: "203.0.113.5", port: 5683 };

function makeCell(options: Partial<NbIotCellOptions> & { seed?: number } = {}) {
  const clock = new VirtualClock();
  const reports: DatagramReport[] = [];
  const cell = new NbIotCell({
    scheduler: clock,
    random: new Random(options.seed ?? 1),
    coverage: 0,
    loss: 0,
    onDatagram: (report) => reports.push(report),
    ...options,
  });
  const pass = (ms: number) => clock.run({ until: clock.now + ms });
  return { clock, cell, reports, pass };
}

type World = ReturnType<typeof makeCell>;

/** Begins an attach and notes how it ends. */
function attach(device: RadioAttachment, clock: VirtualClock) {
  const outcome: { time?: number; cause?: number } = {};
  device.attach(
    undefined,
    () => (outcome.time = clock.now),
    (cause) => Object.assign(outcome, { time: clock.now, cause }),
  );
  return outcome;
}

async function attachedDevice({ cell, clock, pass }: World) {
  const device = cell.admit();
  const lostAt: number[] = [];
  device.onServiceLost = () => void lostAt.push(clock.now);
  attach(device, clock);
  await pass(60_000);
  return { device, lostAt };
}

const reasons = (reports: DatagramReport[]) => reports.map(({ direction, reason }) => [direction, reason]);

describe("outage", () => {
  it("loses datagrams both ways until it is over", async () => {
    const world = makeCell();
    const { cell, reports, pass } = world;
    const { device } = await attachedDevice(world);
    device.uplink(Uint8Array.of(1), 50_000, server);
    const peer = reports[0].from;
    await pass(60_000);
    cell.outage = true;
    device.uplink(Uint8Array.of(2), 50_000, server);
    cell.sendDownlink(Uint8Array.of(3), peer);
    cell.outage = false;
    device.uplink(Uint8Array.of(4), 50_000, server);
    cell.sendDownlink(Uint8Array.of(5), peer);
    expect(reasons(reports)).toEqual([
      ["up", undefined],
      ["up", "no coverage"],
      ["down", "no coverage"],
      ["up", undefined],
      ["down", undefined],
    ]);
    expect(reports[3].from).toEqual(peer);
  });

  it("lets arrive what is on its way", async () => {
    const world = makeCell();
    const { device } = await attachedDevice(world);
    let arrived = 0;
    world.cell.onUplink = () => void (arrived += 1);
    device.uplink(Uint8Array.of(1), 50_000, server);
    world.cell.outage = true;
    await world.pass(60_000);
    expect(arrived).toBe(1);
  });

  it("is noticed once, 2 to 10 s after it began", async () => {
    const times = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const world = makeCell({ seed });
      const { device, lostAt } = await attachedDevice(world);
      const start = world.clock.now;
      world.cell.outage = true;
      expect(device.losing).toBe(true);
      await world.pass(3_600_000);
      expect(lostAt).toHaveLength(1);
      expect(lostAt[0] - start).toBeGreaterThanOrEqual(2_000);
      expect(lostAt[0] - start).toBeLessThanOrEqual(10_000);
      expect(device.losing).toBe(false);
      times.add(lostAt[0] - start);
    }
    expect(times.size).toBe(50);
  });

  it("of a second goes by unnoticed", async () => {
    const world = makeCell();
    const { device, lostAt } = await attachedDevice(world);
    world.cell.outage = true;
    await world.pass(1_000);
    world.cell.outage = false;
    await world.pass(60_000);
    expect([lostAt, device.losing, device.use()]).toEqual([[], false, true]);
  });

  it("is noticed again by a device that ignored it and uses the radio", async () => {
    const world = makeCell();
    const { device, lostAt } = await attachedDevice(world);
    world.cell.outage = true;
    await world.pass(20_000);
    expect(device.use()).toBe(false);
    device.uplink(Uint8Array.of(1), 50_000, server);
    await world.pass(20_000);
    expect(lostAt).toHaveLength(2);
    expect(device.update({ t3412: "00100001", t3324: "00000101" })).toBeUndefined();
  });

  it("is not told to a device that has left", async () => {
    const world = makeCell();
    const { device, lostAt } = await attachedDevice(world);
    world.cell.outage = true;
    device.detach();
    await world.pass(60_000);
    expect(lostAt).toEqual([]);
    expect(device.use()).toBe(false);
    await world.pass(60_000);
    expect(lostAt).toEqual([]);
  });

  it.each([
    ["begun during it", 0],
    ["in progress as it begins", 4_000],
  ])("keeps an attach %s searching, and a new delay follows its end", async (_name, before) => {
    const delays = new Set<number>();
    for (let seed = 0; seed < 30; seed++) {
      const { cell, clock, pass } = makeCell({ seed });
      const device = cell.admit();
      if (before === 0) cell.outage = true;
      const outcome = attach(device, clock);
      await pass(before);
      cell.outage = true;
      await pass(8 * 3_600_000);
      expect(outcome).toEqual({});
      const end = clock.now;
      cell.outage = false;
      await pass(60_000);
      expect(outcome.time! - end).toBeGreaterThanOrEqual(5_000);
      delays.add(outcome.time! - end);
    }
    expect(delays.size).toBeGreaterThan(15);
  });

  it("does not bring back a search that was given up", async () => {
    const { cell, clock, pass } = makeCell();
    const device = cell.admit();
    cell.outage = true;
    const outcome = attach(device, clock);
    device.detach();
    cell.outage = false;
    await pass(120_000);
    expect(outcome).toEqual({});
  });
});

describe("denial", () => {
  it("refuses attaches with its cause after their usual delay, until it is taken back", async () => {
    const delayOf = async (denial: number | undefined) => {
      const { cell, clock, pass } = makeCell();
      cell.denial = denial;
      const outcome = attach(cell.admit(), clock);
      await pass(60_000);
      return outcome;
    };
    const granted = await delayOf(undefined);
    expect(granted).toEqual({ time: expect.any(Number) as number });
    expect(await delayOf(15)).toEqual({ time: granted.time, cause: 15 });
  });

  it("leaves attached devices attached, and a refused one detached", async () => {
    const world = makeCell();
    const { cell, clock, reports, pass } = world;
    const { device } = await attachedDevice(world);
    cell.denial = 11;
    const other = cell.admit();
    const outcome = attach(other, clock);
    await pass(60_000);
    expect(outcome.cause).toBe(11);
    for (const each of [device, other]) each.uplink(Uint8Array.of(1), 50_000, server);
    expect(reports.map(({ reason }) => reason)).toEqual([undefined, "not attached"]);
    cell.denial = undefined;
    const again = attach(other, clock);
    await pass(60_000);
    expect(again.cause).toBeUndefined();
    other.uplink(Uint8Array.of(1), 50_000, server);
    expect(reports[2].fate).toBe("delivered");
  });
});

describe("settings", () => {
  it("loss holds from when it is set, and undefined brings the level's own back", async () => {
    const world = makeCell({ loss: undefined, coverage: 2 });
    const { cell, reports } = world;
    const { device } = await attachedDevice(world);
    const lostOf = (count: number) => {
      reports.length = 0;
      for (let i = 0; i < count; i++) device.uplink(Uint8Array.of(1), 50_000, server);
      return reports.filter(({ reason }) => reason === "radio").length;
    };
    expect(cell.loss).toBeUndefined();
    cell.loss = 1;
    expect(lostOf(100)).toBe(100);
    cell.loss = 0;
    expect(lostOf(100)).toBe(0);
    cell.loss = undefined;
    const usual = lostOf(2_000);
    expect(usual).toBeGreaterThan(140);
    expect(usual).toBeLessThan(260);
  });

  it("duplication holds from when it is set", async () => {
    const world = makeCell();
    const { device } = await attachedDevice(world);
    const copies: number[] = [];
    for (const duplication of [0, 1, 0]) {
      world.cell.duplication = duplication;
      world.reports.length = 0;
      device.uplink(Uint8Array.of(1), 50_000, server);
      copies.push(world.reports.length);
    }
    expect(copies).toEqual([1, 2, 1]);
  });

  it("slowdown multiplies latencies, and 1 leaves them as they are", async () => {
    const latencies = async (factors: number[]) => {
      const world = makeCell({ duplication: 1 });
      const { device } = await attachedDevice(world);
      for (const factor of factors) {
        world.cell.slowdown = factor;
        device.uplink(Uint8Array.of(1), 50_000, server);
      }
      return world.reports.map(({ deliveredAt, time }) => deliveredAt! - time);
    };
    const usual = await latencies([1, 1, 1]);
    const slow = await latencies([1, 20, 1]);
    expect([...slow.slice(0, 2), ...slow.slice(4)]).toEqual([...usual.slice(0, 2), ...usual.slice(4)]);
    for (const i of [2, 3]) expect(slow[i] / usual[i]).toBeCloseTo(20, 6);
  });

  it("the clock's error is what the network tells", () => {
    const { cell } = makeCell();
    const device = cell.admit();
    expect(device.clockError).toBe(0);
    cell.clockError = -3_600_000;
    expect(device.clockError).toBe(-3_600_000);
  });

  it.each([
    ["loss", 1.1],
    ["loss", -0.1],
    ["loss", Number.NaN],
    ["duplication", 2],
    ["denial", 0],
    ["denial", 256],
    ["denial", 7.5],
    ["slowdown", 0],
    ["slowdown", Infinity],
    ["slowdown", Number.NaN],
    ["clockError", Infinity],
    ["clockError", Number.NaN],
  ] as const)("%s refuses %d and stays as it was", (name, value) => {
    const { cell } = makeCell();
    const before = cell[name];
    expect(() => (cell[name] = value)).toThrow(RangeError);
    expect(cell[name]).toBe(before);
  });
});

describe("rebindNat", () => {
  it("gives the next uplink another port, and the old one leads nowhere", async () => {
    const world = makeCell();
    const { cell, reports, pass } = world;
    const { device } = await attachedDevice(world);
    let got = 0;
    device.onDownlink = () => void (got += 1);
    device.uplink(Uint8Array.of(1), 50_000, server);
    cell.rebindNat();
    cell.sendDownlink(Uint8Array.of(2), reports[0].from);
    device.uplink(Uint8Array.of(3), 50_000, server);
    device.uplink(Uint8Array.of(4), 50_000, server);
    cell.sendDownlink(Uint8Array.of(5), reports[2].from);
    await pass(60_000);
    expect(reasons(reports)).toEqual([
      ["up", undefined],
      ["down", "no mapping"],
      ["up", undefined],
      ["up", undefined],
      ["down", undefined],
    ]);
    expect(reports[2].from.port).not.toBe(reports[0].from.port);
    expect(reports[3].from).toEqual(reports[2].from);
    expect(got).toBe(1);
  });
});

it("troubles that are over, or do nothing, leave no trace in what chance decides", async () => {
  const run = async (meddle: (cell: NbIotCell) => void) => {
    const world = makeCell({ loss: 0.3, duplication: 0.2 });
    const { device } = await attachedDevice(world);
    meddle(world.cell);
    for (let i = 0; i < 50; i++) {
      device.uplink(Uint8Array.of(i), 50_000, server);
      device.measure();
    }
    attach(world.cell.admit(), world.clock);
    await world.pass(600_000);
    return JSON.stringify(world.reports);
  };
  const usual = await run(() => {});
  const meddled = await run((cell) => {
    cell.outage = true;
    cell.outage = false;
    cell.denial = 15;
    cell.denial = undefined;
    cell.slowdown = 3;
    cell.slowdown = 1;
    cell.clockError = 5;
    cell.loss = 0.3;
    cell.duplication = 0.2;
  });
  expect(meddled).toBe(usual);
  expect(await run((cell) => (cell.loss = 0.4))).not.toBe(usual);
});
