/** A modem that loses its card, its sockets or its lines, or takes its time. */
import { describe, expect, it } from "vitest";
import { bringUp, makeWorld, openSocket, press } from "./serial-host";
import type { World } from "./serial-host";

describe("the SIM card", () => {
  it("taken out in use: a line says so, registration ends; put in, CFUN 0 and 1 find it", async () => {
    const words = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const world = makeWorld(seed);
      const { host, modem } = world;
      await bringUp(world);
      await openSocket(host);
      const from = host.lines.length;
      modem.removeSim();
      await host.pass(100);
      const [card, registration] = host.texts.slice(from);
      expect(card).toMatch(/^\+CPIN: NOT (READY|INSERTED)$/);
      expect(registration).toBe("+CEREG: 0");
      words.add(card);
      for (const text of ["AT+CPIN?", "AT+CIMI", "AT+CCID"]) {
        expect(await host.command(text)).toEqual(["+CME ERROR: 10"]);
      }
      expect(await host.command("AT+CSOSTATUS=0")).toEqual(["+CSOSTATUS: 0,0", "OK"]);
      modem.insertSim();
      await host.pass(600_000);
      expect(await host.command("AT+CPIN?")).toEqual(["+CME ERROR: 10"]);
      await host.command("AT+CFUN=4");
      await host.command("AT+CFUN=1");
      await host.pass(5_000);
      expect(await host.command("AT+CPIN?")).toEqual(["+CME ERROR: 10"]);
      await host.command("AT+CFUN=0");
      await host.pass(1_000);
      expect(await host.command("AT+CPIN?")).toEqual(["+CPIN: NOT READY", "OK"]);
      await host.command("AT+CFUN=1");
      await host.until((text) => text.startsWith("+CEREG: 1,"), 70_000);
      expect(await host.command("AT+CPIN?")).toEqual(["+CPIN: READY", "OK"]);
    }
    expect(words.size).toBe(2);
  });

  it("missing at CFUN=1: NOT INSERTED, and no search", async () => {
    const world = makeWorld(1);
    const { host, modem } = world;
    await bringUp(world);
    await host.command("AT+CFUN=0");
    modem.removeSim();
    await host.pass(5_000);
    const from = host.lines.length;
    await host.command("AT+CFUN=1");
    await host.pass(120_000);
    expect(host.texts.slice(from).filter((text) => text !== "OK")).toEqual(["+CPIN: NOT INSERTED"]);
    expect(await host.command("AT+CPIN?")).toEqual(["+CME ERROR: 10"]);
  });

  it("missing at a boot, and back at the next", async () => {
    const world = makeWorld(1);
    const { host, modem } = world;
    await host.pass(7_000);
    await host.command("AT+IPR=115200");
    modem.removeSim();
    await host.pass(100);
    modem.reboot("test");
    const from = host.lines.length;
    await host.pass(60_000);
    expect(host.texts.slice(from)).toEqual(["RDY", "+CFUN: 1", "+CPIN: NOT INSERTED", "SMS Ready"]);
    for (const text of ["ATE0", "AT+CMEE=2"]) await host.command(text);
    expect(await host.command("AT+CPIN?")).toEqual(["+CME ERROR: SIM not inserted"]);
    expect(await host.command("AT+CEREG?")).toEqual(["+CEREG: 0,0", "OK"]);
    modem.insertSim();
    modem.reboot("test");
    await host.pass(70_000);
    await host.command("ATE0");
    expect(await host.command("AT+CEREG?")).toEqual(["+CEREG: 0,1", "OK"]);
  });

  it.each(["key", "T3412"])("taken out asleep is noticed at the wake by %s", async (reason) => {
    const world = makeWorld(1);
    const { host, modem, events } = world;
    await bringUp(world);
    await host.pass(120_000);
    expect(modem.state).toBe("psm");
    const from = host.lines.length;
    modem.removeSim();
    await host.pass(60_000);
    expect(host.texts.slice(from)).toEqual([]);
    if (reason === "key") await press(world, 800);
    await host.pass(reason === "key" ? 60_000 : 3_700_000);
    expect(host.texts.slice(from)).toEqual([
      expect.stringMatching(/^\+CPIN: NOT (READY|INSERTED)$/),
      "+CEREG: 0",
      '+CPSMSTATUS: "EXIT PSM"',
    ]);
    expect(modem.state).toBe("on");
    expect(events.filter(({ type }) => type === "rrc").at(-1)).toMatchObject({ state: "off" });
  });

  it("out and in again asleep goes by unnoticed", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    await world.host.pass(120_000);
    world.modem.removeSim();
    world.modem.insertSim();
    const from = world.host.lines.length;
    await press(world, 800);
    await world.host.pass(1_000);
    expect(world.host.texts.slice(from)).toEqual(["+CPIN: READY", '+CPSMSTATUS: "EXIT PSM"']);
  });
});

it("dropSockets: not a word, then sends fail until there is a new one", async () => {
  const failures = new Set<string>();
  for (let seed = 0; seed < 8; seed++) {
    const world = makeWorld(seed);
    const { host, modem, cell } = world;
    await bringUp(world);
    cell.onUplink = (datagram, peer) => cell.sendDownlink(datagram, peer);
    await openSocket(host);
    await host.command("AT+CSOC=1,2,1");
    const from = host.lines.length;
    expect(modem.dropSockets()).toBe(2);
    expect(modem.dropSockets()).toBe(0);
    await host.pass(1_000);
    expect(host.lines).toHaveLength(from);
    const [failure] = await host.command("AT+CSOSEND=0,2,AB");
    expect(failure).toMatch(/^(ERROR|\+CME ERROR: 50)$/);
    failures.add(failure);
    expect(await host.command("AT+CSOSTATUS=0")).toEqual(["+CSOSTATUS: 0,0", "OK"]);
    await openSocket(host);
    await host.command("AT+CSOSEND=0,2,AB");
    expect(await host.until((text) => text.startsWith("+CSONMI"), 20_000)).toEqual(["+CSONMI: 0,2,AB"]);
  }
  expect(failures.size).toBe(2);
});

describe("unsolicited lines", () => {
  /** How often each of 400 datagrams is told, and what 400 questions are answered. */
  async function traffic(lose: number, double: number) {
    const world = makeWorld(1);
    const { host, cell, modem } = world;
    await bringUp(world);
    cell.onUplink = (_datagram, peer) => {
      for (let i = 0; i < 400; i++) cell.sendDownlink(Uint8Array.of(i >> 8, i), peer);
    };
    await openSocket(host);
    modem.urcs.lose = lose;
    modem.urcs = { ...modem.urcs, double };
    await host.command("AT+CSOSEND=0,2,AB");
    const from = host.lines.length;
    const answered: string[] = [];
    for (let i = 0; i < 400; i++) answered.push(...(await host.command("AT+CSOSTATUS=0")));
    const told = host.texts.slice(from).filter((text) => text.startsWith("+CSONMI"));
    const rest = answered.filter((text) => !text.startsWith("+CSONMI"));
    return { told: told.length, distinct: new Set(told).size, rest };
  }

  const clean = Array.from({ length: 400 }, () => ["+CSOSTATUS: 0,2", "OK"]).flat();

  it.each([
    [0, 0, 400, 400],
    [1, 0, 0, 0],
    [0, 1, 800, 400],
    [1, 1, 0, 0],
  ])("lost with %d and doubled with %d", async (lose, double, told, distinct) => {
    expect(await traffic(lose, double)).toEqual({ told, distinct, rest: clean });
  });

  it("with chances in between, and answers untouched", async () => {
    const { told, distinct, rest } = await traffic(0.25, 0.5);
    expect(Math.abs(distinct - 300)).toBeLessThan(30);
    expect(Math.abs(told - 450)).toBeLessThan(60);
    expect(rest).toEqual(clean);
  });

  it("all come again once it is over", async () => {
    const world = makeWorld(1);
    await world.host.pass(7_000);
    await world.host.command("AT+IPR=115200");
    world.modem.urcs = { lose: 1, double: 0 };
    await world.host.command("AT+CRESET");
    const from = world.host.lines.length;
    await world.host.pass(9_000);
    expect(world.host.texts.slice(from)).toEqual([]);
    expect(await world.host.command("AT")).toEqual(["AT", "OK"]);
    world.modem.urcs = { lose: 0, double: 0 };
    await world.host.command("AT+CRESET");
    expect(await world.host.until((text) => text === "SMS Ready", 9_000)).toContain("RDY");
  });

  it.each([-0.1, 1.1, Number.NaN])("refuse %d as a probability", (probability) => {
    const { modem } = makeWorld(1);
    expect(() => (modem.urcs.lose = probability)).toThrow(RangeError);
    expect(() => (modem.urcs = { lose: 0.3, double: probability })).toThrow(RangeError);
    expect([modem.urcs.lose, modem.urcs.double]).toEqual([0, 0]);
  });
});

describe("slow", () => {
  it("multiplies the time to each answer, and 1 ends it", async () => {
    const times = async (factor: number) => {
      const world = makeWorld(1);
      const { host, modem, clock } = world;
      await host.pass(7_000);
      await host.command("ATE0");
      const took: number[] = [];
      for (const each of [factor, factor, 1]) {
        modem.slow(each);
        const start = clock.now;
        expect(await host.command("AT+CFUN?", 60_000)).toContain("OK");
        took.push(clock.now - start);
      }
      return took;
    };
    const usual = await times(1);
    const slow = await times(10);
    for (const i of [0, 1]) expect(slow[i] - usual[i]).toBeGreaterThan(400);
    expect(slow[2]).toBeCloseTo(usual[2], 6);
  });

  it.each([0, -1, Infinity, Number.NaN])("refuses the factor %d", (factor) => {
    expect(() => makeWorld(1).modem.slow(factor)).toThrow(RangeError);
  });
});

it("hooks that are set back leave every byte where it was", async () => {
  const day = async (meddle: (world: World) => void) => {
    const world = makeWorld(5, {}, { loss: 0.1 });
    const { host, cell } = world;
    cell.onUplink = (datagram, peer) => cell.sendDownlink(datagram, peer);
    await bringUp(world, ["AT+RETENTION=1", "AT+CLTS=1"]);
    meddle(world);
    await openSocket(host);
    for (let i = 0; i < 5; i++) {
      await host.command("AT+CSOSEND=0,4,ABCD");
      await host.pass(600_000);
      await press(world, 800);
      await host.pass(1_000);
    }
    return JSON.stringify([host.chunks.map(({ time, bytes }) => [time, [...bytes]]), world.events]);
  };
  const usual = await day(() => {});
  const meddled = await day(({ modem, cell, uart }) => {
    modem.urcs = { lose: 0.5, double: 0.5 };
    modem.urcs = { lose: 0, double: 0 };
    modem.slow(9);
    modem.slow(1);
    modem.insertSim();
    modem.setSupply(true);
    modem.dropSockets();
    cell.outage = true;
    cell.outage = false;
    cell.denial = 7;
    cell.denial = undefined;
    uart.overrun(0);
    uart.corrupt(0);
  });
  expect(meddled).toBe(usual);
});
