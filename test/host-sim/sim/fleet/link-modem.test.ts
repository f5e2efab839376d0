/** A modem at link depth in a crowded cell: what it has to send, or is called for, outlasts the wait for a connection. */
import { describe, expect, it } from "vitest";
import { LinkModem } from "../../../../host-sim/sim/fleet/link-modem";
import { drawTraits, familyTraits } from "../../../../host-sim/sim/fleet/link-traits";
import { Paging } from "../../../../host-sim/sim/fleet/paging";
import { RandomAccess, usualCell } from "../../../../host-sim/sim/fleet/random-access";
import { NbIotCell } from "../../../../host-sim/sim/radio/link";
import { VirtualClock } from "../../../../host-sim/sim/time/clock";
import { Random } from "../../../../host-sim/sim/time/random";
import type { ModemEvent } from "../../../../host-sim/sim/modem/modem-event";
import type { Coverage, Endpoint } from "../../../../host-sim/sim/radio/link";

const server = { address: "203.0.113.5", port: 5683 };

/** A random access that takes as long as the test says, or comes to nothing. */
class SlowAccess extends RandomAccess {
  takes: number | undefined = 0;
  asked = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    super(clock, new Random("access"));
    this.#clock = clock;
  }

  override request(_: Coverage, done: (waited: number | undefined) => void): void {
    this.asked += 1;
    const { takes } = this;
    this.#clock.after(takes ?? 20_000, () => done(takes));
  }
}

class Device {
  readonly clock = new VirtualClock();
  readonly access = new SlowAccess(this.clock);
  readonly paging = new Paging(this.clock);
  readonly cell: NbIotCell;
  readonly modem: LinkModem;
  readonly events: ModemEvent[] = [];
  readonly arrived: number[] = [];
  peer: Endpoint | undefined;
  received = 0;

  constructor(t3324: number) {
    const { clock } = this;
    this.cell = new NbIotCell({ scheduler: clock, random: new Random("cell"), coverage: 0, loss: 0 });
    this.cell.onUplink = (_, peer) => {
      this.arrived.push(clock.now);
      this.peer = peer;
    };
    this.modem = new LinkModem({
      ...{ scheduler: clock, random: new Random("modem"), network: this.cell.admit() },
      traits: drawTraits(familyTraits("sim7020"), new Random("kind")),
      ...{ access: this.access, paging: this.paging, identity: { ueId: 7, hashed: 7 } },
      airtime: () => 0,
      psm: { t3324, t3412: 86_400 },
      listening: () => true,
      turn: () => {
        while (this.modem.read() !== undefined) this.received += 1;
      },
      onTime: () => {},
      onEvent: (event) => this.events.push(event),
    });
  }

  get slept(): number {
    return this.events.filter((event) => event.type === "psm" && event.state === "enter").length;
  }

  /** How its radio was heard last. */
  get rrc(): string | undefined {
    return this.events.filter((event) => event.type === "rrc").at(-1)?.state;
  }

  /** Others' datagrams take all channels for so many seconds. */
  occupyAir(seconds: number): void {
    for (let i = 0; i < usualCell.channels; i++) this.access.carry(1_000 * seconds);
  }

  /** Runs so many seconds. */
  run(seconds: number): Promise<void> {
    return this.clock.run({ until: this.clock.now + 1_000 * seconds });
  }

  send(): void {
    this.modem.send(Uint8Array.from([0x40, 1, 2, 3]), server.address, server.port, false);
  }
}

describe("a datagram of its own", () => {
  it("waits for its connection, and the modem does not fall asleep over it", async () => {
    const device = new Device(2);
    device.send();
    await device.run(120);
    expect([device.arrived.length, device.slept]).toEqual([1, 1]);
    // Longer than T3324 and than what a command keeps it awake.
    device.access.takes = 30_000;
    device.send();
    await device.run(25);
    expect([device.arrived.length, device.slept]).toEqual([1, 1]);
    await device.run(15);
    expect([device.arrived.length, device.slept]).toEqual([2, 1]);
    await device.run(60);
    expect(device.slept).toBe(2);
  });

  it.each([
    ["behind its random access", 0],
    ["over a connection that is released meanwhile", 15],
  ])("waits for a free channel %s, and the modem does not fall asleep over it", async (_, taken) => {
    const device = new Device(2);
    device.send();
    await device.run(120);
    expect([device.arrived.length, device.slept]).toEqual([1, 1]);
    if (taken > 0) {
      device.send();
      await device.run(taken);
      expect(device.arrived).toHaveLength(2);
    }
    const before = device.arrived.length;
    device.occupyAir(60);
    device.send();
    await device.run(55);
    expect([device.arrived.length, device.slept]).toEqual([before, 1]);
    await device.run(10);
    expect([device.arrived.length, device.slept]).toEqual([before + 1, 1]);
    await device.run(60);
    expect(device.slept).toBe(2);
  });

  it("is gone with the radio while it waits for a free channel", async () => {
    const device = new Device(600);
    device.send();
    await device.run(120);
    device.occupyAir(30);
    device.send();
    await device.run(5);
    device.modem.suspend();
    expect([device.arrived.length, device.rrc]).toEqual([1, "off"]);
    await device.run(60);
    expect([device.arrived.length, device.rrc]).toEqual([1, "off"]);
  });

  it("is gone with the cell while it waits for a free channel", async () => {
    const device = new Device(600);
    device.send();
    await device.run(120);
    device.occupyAir(60);
    device.send();
    await device.run(5);
    device.cell.outage = true;
    await device.run(60);
    expect([device.arrived.length, device.rrc, device.modem.ready]).toEqual([1, "off", false]);
  });
});

describe("a device in reach without a connection", () => {
  async function idle(): Promise<Device> {
    const device = new Device(600);
    device.send();
    await device.run(120);
    expect(device.arrived).toHaveLength(1);
    device.access.asked = 0;
    return device;
  }

  it("is called, and asks for a connection", async () => {
    const device = await idle();
    device.cell.sendDownlink(Uint8Array.from([1]), device.peer!, server);
    await device.run(10);
    expect(device.received).toBe(1);
    expect(device.access.asked).toBe(1);
    expect(device.paging.load).toMatchObject({ pages: 1, unanswered: 0 });
  });

  it("takes all that was kept for it over one connection", async () => {
    const device = await idle();
    for (let i = 0; i < 3; i++) device.cell.sendDownlink(Uint8Array.from([i]), device.peer!, server);
    device.access.takes = 8_000;
    await device.run(20);
    expect(device.received).toBe(3);
    expect(device.access.asked).toBe(1);
  });

  it("is called again when it gets none, and given up", async () => {
    const device = await idle();
    device.access.takes = undefined;
    device.cell.sendDownlink(Uint8Array.from([1]), device.peer!, server);
    await device.run(120);
    expect(device.received).toBe(0);
    // Each try takes longer than T3413: a page that comes meanwhile is no reason for another one.
    expect(device.access.asked).toBe(2);
    expect(device.paging.load).toMatchObject({ pages: 3, unanswered: 1 });
    device.access.takes = 0;
    device.cell.sendDownlink(Uint8Array.from([2]), device.peer!, server);
    await device.run(10);
    expect(device.received).toBe(1);
  });

  it("takes what is kept along with a datagram of its own", async () => {
    const device = await idle();
    device.access.takes = 5_000;
    device.send();
    await device.run(2);
    device.cell.sendDownlink(Uint8Array.from([1]), device.peer!, server);
    await device.run(20);
    expect(device.received).toBe(1);
    expect(device.access.asked).toBe(1);
    expect(device.arrived).toHaveLength(2);
  });

  it("hears nothing once its radio is off", async () => {
    const device = await idle();
    device.access.takes = 5_000;
    device.cell.sendDownlink(Uint8Array.from([1]), device.peer!, server);
    await device.run(4);
    device.modem.suspend();
    await device.run(60);
    expect(device.received).toBe(0);
    expect(device.paging.load.unanswered).toBe(0);
  });
});
