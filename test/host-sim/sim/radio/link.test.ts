import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import { NbIotCell } from "../../../../host-sim/sim/radio/link";
import type {
  AttachGrant,
  Coverage,
  DatagramReport,
  NbIotCellOptions,
} from "../../../../host-sim/sim/radio/link";

const server = { address: "203.0.113.5", port: 5683 };

function makeCell(options: Partial<NbIotCellOptions> & { seed?: number } = {}) {
  const clock = new VirtualClock();
  const reports: DatagramReport[] = [];
  const cell = new NbIotCell({
    scheduler: clock,
    random: new Random(options.seed ?? 1),
    coverage: 0,
    onDatagram: (report) => reports.push(report),
    ...options,
  });
  return { clock, cell, reports };
}

async function attachedDevice(world: ReturnType<typeof makeCell>) {
  const device = world.cell.admit();
  let grant: AttachGrant | undefined;
  device.attach({ t3412: "00100001", t3324: "00000101" }, (given) => {
    grant = given;
  });
  await world.clock.run({ stop: () => grant !== undefined });
  return { device, grant: grant! };
}

const levels: [Coverage, number, number, number][] = [
  [0, 1_800, 4_000, 0.01],
  [1, 3_000, 10_000, 0.03],
  [2, 8_000, 30_000, 0.1],
];

describe.each(levels)("coverage level %i", (coverage, median, p95, loss) => {
  it(`has round trips of ${median} ms median and ${p95} ms at 95 %`, async () => {
    const world = makeCell({ coverage, loss: 0 });
    const { clock, cell } = world;
    const { device } = await attachedDevice(world);
    cell.onUplink = (datagram, peer) => cell.sendDownlink(datagram, peer);
    const samples = 20_000;
    const times: number[] = [];
    const sentAt: number[] = [];
    device.onDownlink = (datagram) => {
      const number = new DataView(datagram.buffer, datagram.byteOffset).getUint32(0);
      times.push(clock.now - sentAt[number]);
    };
    for (let i = 0; i < samples; i++) {
      clock.after(i, () => {
        sentAt[i] = clock.now;
        const datagram = new Uint8Array(4);
        new DataView(datagram.buffer).setUint32(0, i);
        device.uplink(datagram, 50_000, server);
      });
    }
    await clock.run();
    expect(times).toHaveLength(samples);
    times.sort((a, b) => a - b);
    expect(Math.abs(times[samples / 2] / median - 1)).toBeLessThan(0.1);
    expect(Math.abs(times[samples * 0.95] / p95 - 1)).toBeLessThan(0.1);
  });

  it(`loses ${100 * loss} % each way`, async () => {
    const world = makeCell({ coverage });
    const { clock, cell, reports } = world;
    const { device } = await attachedDevice(world);
    const samples = 20_000;
    device.uplink(Uint8Array.of(0), 50_000, server);
    const peer = reports[0].from;
    reports.length = 0;
    for (let i = 0; i < samples; i++) {
      device.uplink(Uint8Array.of(i), 50_000, server);
      cell.sendDownlink(Uint8Array.of(i), peer);
    }
    await clock.run();
    const sigma = Math.sqrt(samples * loss * (1 - loss));
    for (const direction of ["up", "down"]) {
      const sent = reports.filter((report) => report.direction === direction);
      const lost = sent.filter(({ fate }) => fate === "lost").length;
      expect(Math.abs(lost - samples * loss)).toBeLessThan(3 * sigma);
    }
  });

  it("attaches within 5 to 60 s", async () => {
    const { clock, cell } = makeCell({ coverage });
    for (let i = 0; i < 200; i++) {
      const start = clock.now;
      let end = 0;
      cell.admit().attach(undefined, () => {
        end = clock.now;
      });
      await clock.run();
      expect(end - start).toBeGreaterThanOrEqual(5_000);
      expect(end - start).toBeLessThanOrEqual(60_000);
    }
  });

  it("measures signal around its level", async () => {
    const device = makeCell({ coverage }).cell.admit();
    const expected = [-85, -105, -125][coverage];
    for (let i = 0; i < 100; i++) {
      const signal = device.measure();
      expect(Math.abs(signal.rsrp - expected)).toBeLessThanOrEqual(6);
      expect(signal).toMatchObject({ coverage, rssi: signal.rsrp + 8 });
    }
  });
});

describe("loss", () => {
  it.each([
    [0, 0],
    [0.25, 5_000],
    [1, 20_000],
  ])("set to %d it is just that", async (loss, expected) => {
    const world = makeCell({ loss });
    const { device } = await attachedDevice(world);
    for (let i = 0; i < 20_000; i++) device.uplink(Uint8Array.of(i), 50_000, server);
    const lost = world.reports.filter(({ fate }) => fate === "lost").length;
    expect(Math.abs(lost - expected)).toBeLessThanOrEqual(3 * Math.sqrt(20_000 * loss * (1 - loss)));
  });

  it("does not change the latencies of what gets through", async () => {
    const latencies = async (loss: number) => {
      const world = makeCell({ loss });
      const { device } = await attachedDevice(world);
      for (let i = 0; i < 100; i++) device.uplink(Uint8Array.of(i), 50_000, server);
      return world.reports.map(({ time, deliveredAt }) => deliveredAt && deliveredAt - time);
    };
    const [none, half] = [await latencies(0), await latencies(0.5)];
    half.forEach((latency, i) => latency === undefined || expect(latency).toBe(none[i]));
    expect(half).toContain(undefined);
  });

  it.each([-0.1, 1.1, Number.NaN])("refuses %d", (loss) => {
    expect(() => makeCell({ loss })).toThrow(RangeError);
  });
});

describe("datagrams", () => {
  it("reach the server from one public endpoint, and the way back", async () => {
    const world = makeCell({ loss: 0 });
    const { clock, cell, reports } = world;
    const { device, grant } = await attachedDevice(world);
    const seen: unknown[] = [];
    cell.onUplink = (datagram, peer, to) => {
      seen.push([[...datagram], peer, to]);
      cell.sendDownlink(Uint8Array.of(9), peer);
    };
    device.onDownlink = (datagram, from, toPort) => void seen.push([[...datagram], from, toPort]);
    const buffer = Uint8Array.of(1, 2, 3);
    device.uplink(buffer, 50_000, server);
    buffer.fill(0);
    await clock.run();
    const peer = { address: expect.stringMatching(/^100\.64\.\d+\.\d+$/), port: expect.any(Number) };
    expect(seen).toEqual([
      [[1, 2, 3], peer, server],
      [[9], server, 50_000],
    ]);
    expect(grant.address).toBe("10.45.0.7");
    expect(reports.map(({ direction, fate, from, to }) => [direction, fate, from, to])).toEqual([
      ["up", "delivered", peer, server],
      ["down", "delivered", server, peer],
    ]);
    expect(reports[1].time).toBe(reports[0].deliveredAt);
    expect(reports[1].deliveredAt).toBe(clock.now);
  });

  it("overtake one another", async () => {
    const world = makeCell({ loss: 0 });
    const { device } = await attachedDevice(world);
    const order: number[] = [];
    world.cell.onUplink = (datagram) => void order.push(datagram[0]);
    for (let i = 0; i < 20; i++) device.uplink(Uint8Array.of(i), 50_000, server);
    await world.clock.run();
    expect(order).not.toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(20);
  });

  it("come twice as often as asked for", async () => {
    const world = makeCell({ loss: 0, duplication: 0.2 });
    const { device } = await attachedDevice(world);
    let count = 0;
    world.cell.onUplink = () => void (count += 1);
    for (let i = 0; i < 5_000; i++) device.uplink(Uint8Array.of(i), 50_000, server);
    await world.clock.run();
    expect(Math.abs(count - 6_000)).toBeLessThan(3 * Math.sqrt(5_000 * 0.2 * 0.8));
    expect(world.reports.filter(({ duplicate }) => duplicate)).toHaveLength(count - 5_000);
  });

  it("are lost from a device that is not attached, and towards nobody", async () => {
    const { clock, cell, reports } = makeCell({ loss: 0 });
    const device = cell.admit();
    device.uplink(Uint8Array.of(1), 50_000, server);
    cell.sendDownlink(Uint8Array.of(1), { address: "100.64.0.1", port: 1 });
    await clock.run();
    expect(reports.map(({ fate, reason }) => [fate, reason])).toEqual([
      ["lost", "not attached"],
      ["lost", "no mapping"],
    ]);
  });

  it("find the right one of two devices", async () => {
    const world = makeCell({ loss: 0 });
    const { clock, cell } = world;
    const devices = [(await attachedDevice(world)).device, (await attachedDevice(world)).device];
    cell.onUplink = (datagram, peer) => cell.sendDownlink(datagram, peer);
    const got: number[][] = [[], []];
    devices.forEach((device, i) => {
      device.onDownlink = (datagram) => void got[i].push(datagram[0]);
      device.uplink(Uint8Array.of(10 + i), 50_000, server);
    });
    await clock.run();
    expect(got).toEqual([[10], [11]]);
  });

  it("keep their server's promise on the clock", async () => {
    const world = makeCell({ loss: 0 });
    const { device } = await attachedDevice(world);
    let finished = false;
    world.cell.onUplink = async () => {
      await Promise.resolve();
      finished = true;
    };
    device.uplink(Uint8Array.of(1), 50_000, server);
    await world.clock.run();
    expect(finished).toBe(true);
  });
});

describe("registration", () => {
  it("is given up by detach", async () => {
    const { clock, cell } = makeCell();
    const device = cell.admit();
    let attached = false;
    device.attach(undefined, () => {
      attached = true;
    });
    device.detach();
    await clock.run();
    expect(attached).toBe(false);
  });

  it("grants, alters or denies PSM", async () => {
    const request = { t3412: "00100001", t3324: "00000101" };
    const altered = { t3412: "00100010", t3324: "00000001" };
    expect((await attachedDevice(makeCell())).grant.psm).toEqual(request);
    expect((await attachedDevice(makeCell({ grantPsm: () => altered }))).grant.psm).toEqual(altered);
    expect((await attachedDevice(makeCell({ grantPsm: () => undefined }))).grant.psm).toBeUndefined();
    const { device } = await attachedDevice(makeCell());
    expect(device.update(undefined)).toBeUndefined();
    expect(device.update(altered)).toEqual(altered);
  });
});

describe("strangers", () => {
  it("reach a device at its public endpoint, and shift no other datagram's fate", async () => {
    const fates = async (stranger: boolean): Promise<string[]> => {
      const world = makeCell({ coverage: 2 });
      const { clock, cell, reports } = world;
      const { device } = await attachedDevice(world);
      const got: Uint8Array[] = [];
      device.onDownlink = (bytes) => void got.push(bytes);
      for (let i = 0; i < 50; i++) {
        clock.after(1_000 * i, () => device.uplink(Uint8Array.of(1, i), 50_000, server));
        clock.after(1_000 * i + 500, () => {
          if (stranger) cell.injectDownlink(Uint8Array.of(2, i), cell.publicEndpoints[0], server);
        });
      }
      await clock.run();
      expect(got.length > 30).toBe(stranger);
      return reports
        .filter(({ direction }) => direction === "up")
        .map(({ fate, deliveredAt }) => `${fate} ${deliveredAt}`);
    };
    expect(await fates(true)).toEqual(await fates(false));
  });

  it("find nobody at the address that a device had before it attached anew", async () => {
    const world = makeCell({ loss: 0 });
    const { clock, cell, reports } = world;
    const { device, grant } = await attachedDevice(world);
    device.uplink(Uint8Array.of(1), 50_000, server);
    await clock.run();
    const [before] = cell.publicEndpoints;
    expect(before).toEqual(reports[0].from);
    // On its way still when the device has another address.
    cell.slowdown = 100;
    cell.injectDownlink(Uint8Array.of(2), before, server);
    cell.slowdown = 1;
    let heard = 0;
    device.onDownlink = () => void (heard += 1);
    device.detach();
    let again: AttachGrant | undefined;
    device.attach(undefined, (given) => (again = given));
    await clock.run();
    expect(again!.address).not.toBe(grant.address);
    expect(heard).toBe(0);
    expect(cell.publicEndpoints).toEqual([]);
    cell.injectDownlink(Uint8Array.of(3), before, server);
    expect(reports.at(-1)).toMatchObject({ fate: "lost", reason: "no mapping" });
    device.uplink(Uint8Array.of(4), 50_000, server);
    expect(cell.publicEndpoints).toEqual([reports.at(-1)!.from]);
  });
});

describe("bytes on their way", () => {
  it.each([
    ["are as they set out, whatever the sender does with them", undefined, false],
    ["are the sender's own where it never writes into them again", true, true],
  ])("%s", async (_what, unchanging, own) => {
    const world = makeCell({ loss: 0, unchanging });
    const { device } = await attachedDevice(world);
    const sent = Uint8Array.of(1, 2, 3);
    let come: Uint8Array | undefined;
    world.cell.onUplink = (datagram) => void (come = datagram);
    device.uplink(sent, 50_000, server);
    if (unchanging !== true) sent.fill(9);
    await world.clock.run({ stop: () => come !== undefined });
    expect(come).toEqual(Uint8Array.of(1, 2, 3));
    expect(come === sent).toBe(own);
  });
});
