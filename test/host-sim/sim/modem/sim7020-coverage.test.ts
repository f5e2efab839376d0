/** What a driver sees of a cell that goes, refuses, or tells the wrong time. */
import { describe, expect, it } from "vitest";
import { bringUp, makeWorld, openSocket, press } from "./serial-host";
import type { World } from "./serial-host";

const enter = '+CPSMSTATUS: "ENTER PSM"';
const registered = /^\+CEREG: 1,"5B57","01A50B1A",9,,,"00000101","00100001"$/;
const hour = 3_600_000;

/** URCs of registration since line `from`, with their times; an answer has a bare number second. */
const changes = ({ host }: World, from: number) =>
  host.lines.slice(from).filter(({ text }) => /^\+CEREG: \d(,"|$)/.test(text));

const textsOf = (lines: { text: string }[]) => lines.map(({ text }) => text);

describe("an outage", () => {
  it("while awake: +CEREG: 2 within 10 s, 4 after three minutes more, 1 once it is over", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, cell, clock } = world;
    const from = host.lines.length;
    const start = clock.now;
    cell.outage = true;
    await host.pass(2 * hour);
    const lost = changes(world, from);
    expect(textsOf(lost)).toEqual(["+CEREG: 2", "+CEREG: 4"]);
    expect(lost[0].time - start).toBeGreaterThan(2_000);
    expect(lost[0].time - start).toBeLessThan(10_100);
    expect(lost[1].time - lost[0].time).toBeCloseTo(180_000, -2);
    expect(await host.command("AT+CEREG?")).toEqual(["+CEREG: 5,4", "OK"]);
    expect(await host.command("AT+CGATT?")).toEqual(["+CGATT: 0", "OK"]);
    expect(await host.command("AT+CSQ")).toEqual(["+CSQ: 99,99", "OK"]);
    const end = clock.now;
    cell.outage = false;
    await host.until((text) => registered.test(text), 61_000);
    const back = changes(world, from).slice(2);
    expect(textsOf(back)).toEqual([expect.stringMatching(registered)]);
    expect(back[0].time - end).toBeGreaterThan(5_000);
    expect(await host.command("AT+CGATT?")).toEqual(["+CGATT: 1", "OK"]);
  });

  it("keeps the socket, which is of no use until it is over", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, cell } = world;
    const peers: number[] = [];
    cell.onUplink = (datagram, peer) => {
      peers.push(peer.port);
      cell.sendDownlink(datagram, peer);
    };
    await openSocket(host);
    await host.command("AT+CSOSEND=0,2,AB");
    await host.until((text) => text === "+CSONMI: 0,2,AB", 20_000);
    cell.outage = true;
    await host.pass(20_000);
    expect((await host.command("AT+CSOSEND=0,2,CD")).at(-1)).toMatch(/ERROR/);
    expect(await host.command("AT+CSOSTATUS=0")).toEqual(["+CSOSTATUS: 0,2", "OK"]);
    cell.outage = false;
    await host.until((text) => registered.test(text), 61_000);
    await host.command("AT+CSOSEND=0,2,EF");
    expect(await host.until((text) => text.startsWith("+CSONMI"), 20_000)).toEqual(["+CSONMI: 0,2,EF"]);
    expect(peers).toEqual([peers[0], peers[0]]);
  });

  it("of a second is not noticed", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const from = world.host.lines.length;
    world.cell.outage = true;
    await world.host.pass(1_500);
    world.cell.outage = false;
    await world.host.pass(60_000);
    expect(changes(world, from)).toEqual([]);
  });

  it("at the start keeps it searching, and CFUN=0 ends the search", async () => {
    const world = makeWorld(1);
    const { host, cell } = world;
    cell.outage = true;
    await host.pass(7_000);
    for (const text of ["ATE0", "AT+CEREG=1"]) await host.command(text);
    expect(await host.command("AT+CEREG?")).toEqual(["+CEREG: 1,2", "OK"]);
    await host.pass(hour);
    expect(await host.command("AT+CEREG?")).toEqual(["+CEREG: 1,4", "OK"]);
    await host.command("AT+CFUN=0");
    await host.pass(1_000);
    expect(await host.command("AT+CEREG?")).toEqual(["+CEREG: 1,0", "OK"]);
    cell.outage = false;
    await host.pass(120_000);
    expect(await host.command("AT+CEREG?")).toEqual(["+CEREG: 1,0", "OK"]);
    await host.command("AT+CFUN=1");
    const lines = await host.until((text) => text === "+CEREG: 1", 61_000);
    expect(lines).toContain("+CEREG: 2");
  });

  it("asleep is not noticed at all", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, cell, modem } = world;
    await host.until((text) => text === enter, 120_000);
    const from = host.lines.length;
    cell.outage = true;
    await host.pass(600_000);
    expect([modem.state, changes(world, from)]).toEqual(["psm", []]);
    // Woken by the key, it believes what it knew, for it does not use the radio.
    await press(world, 800);
    await host.pass(1_000);
    expect((await host.command("AT+CEREG?")).at(-2)).toMatch(/^\+CEREG: 5,1,/);
    await host.pass(30_000);
    expect(modem.state).toBe("psm");
    cell.outage = false;
    await host.pass(2 * hour);
    expect(changes(world, from).filter(({ text }) => /^\+CEREG: [024]$/.test(text))).toEqual([]);
  });

  it("asleep is noticed by the next datagram, which is lost", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const world = makeWorld(seed);
      // With a T3324 of 2 s it would be asleep before it can notice anything.
      await bringUp(world, ["AT+RETENTION=1", 'AT+CPSMS=1,,,"00100001","00000001"']);
      const { host, cell, modem } = world;
      let arrived = 0;
      cell.onUplink = () => void (arrived += 1);
      await openSocket(host);
      await host.until((text) => text === enter, 120_000);
      cell.outage = true;
      await host.pass(600_000);
      await press(world, 800);
      await host.pass(1_000);
      const from = host.lines.length;
      await host.command("AT+CNBIOTRAI=1");
      expect((await host.command("AT+CSOSEND=0,2,AB")).at(-1)).toBe("OK");
      await host.pass(11_000);
      expect(textsOf(changes(world, from))).toEqual(["+CEREG: 2"]);
      expect([modem.state, arrived]).toEqual(["on", 0]);
      // Without a cell there is no PSM.
      await host.pass(hour);
      expect(modem.state).toBe("on");
      cell.outage = false;
      await host.pass(120_000);
      expect(modem.state).toBe("psm");
    }
  });

  it("asleep is noticed by the periodic update", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, cell, modem } = world;
    await host.until((text) => text === enter, 120_000);
    const from = host.lines.length;
    cell.outage = true;
    await host.pass(hour + 60_000);
    expect(textsOf(changes(world, from))[0]).toBe("+CEREG: 2");
    expect(modem.state).toBe("on");
  });

  it("costs a modem that is off or in CFUN=0 nothing", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, cell } = world;
    await host.command("AT+CFUN=0");
    const from = host.lines.length;
    cell.outage = true;
    await host.pass(60_000);
    expect(changes(world, from)).toEqual([]);
  });
});

describe("a denial", () => {
  it.each([
    [0, undefined, "+CEREG: 0,3"],
    [1, "+CEREG: 3", "+CEREG: 1,3"],
    [2, '+CEREG: 3,"5B57","01A50B1A",9', '+CEREG: 2,3,"5B57","01A50B1A",9'],
    [3, '+CEREG: 3,"5B57","01A50B1A",9,0,15', '+CEREG: 3,3,"5B57","01A50B1A",9,0,15'],
    [4, '+CEREG: 3,"5B57","01A50B1A",9', '+CEREG: 4,3,"5B57","01A50B1A",9'],
    [5, '+CEREG: 3,"5B57","01A50B1A",9,0,15', '+CEREG: 5,3,"5B57","01A50B1A",9,0,15'],
  ])("with CEREG=%i is told as %s", async (n, urc, answer) => {
    const world = makeWorld(1);
    const { host, cell } = world;
    cell.denial = 15;
    await host.pass(7_000);
    for (const text of ["ATE0", "AT+CFUN=0", `AT+CEREG=${n}`, "AT+CFUN=1"]) await host.command(text);
    await host.pass(70_000);
    const told = changes(world, 0).filter(({ text }) => text.startsWith("+CEREG: 3"));
    expect(textsOf(told)).toEqual(urc === undefined ? [] : [urc]);
    expect(await host.command("AT+CEREG?")).toEqual([answer, "OK"]);
    expect(await host.command("AT+CGATT?")).toEqual(["+CGATT: 0", "OK"]);
    expect((await host.command("AT+CSOC=1,2,1")).at(-1)).toBe("ERROR");
  });

  /** Registration's stat values for `ms` with this cause, which ends after two thirds of that time. */
  async function statsUnder(cause: number, ms: number): Promise<{ world: World; stats: string }> {
    const world = makeWorld(1);
    const { host, cell } = world;
    cell.denial = cause;
    await host.pass(7_000);
    for (const text of ["ATE0", "AT+CFUN=0", "AT+CEREG=3", "AT+CFUN=1"]) await host.command(text);
    await host.pass((ms * 2) / 3);
    cell.denial = undefined;
    await host.pass(ms / 3);
    const stats = textsOf(changes(world, 0)).map((text) => text.charAt(8));
    return { world, stats: stats.join("") };
  }

  it.each([15, 22, 17])("with cause %i is tried again after minutes, until it succeeds", async (cause) => {
    const { world, stats } = await statsUnder(cause, 3 * hour);
    expect(stats).toMatch(/^(23){8,}21$/);
    const denials = changes(world, 0).filter(({ text }) => text.startsWith("+CEREG: 3"));
    denials.slice(1).forEach(({ time }, i) => {
      expect(time - denials[i].time).toBeGreaterThan(125_000);
      expect(time - denials[i].time).toBeLessThan(781_000);
    });
  });

  it.each([3, 6, 7, 8, 11])("with cause %i is not tried again before CFUN 0 and 1", async (cause) => {
    const { world, stats } = await statsUnder(cause, 24 * hour);
    expect(stats).toBe("23");
    for (const text of ["AT+CFUN=0", "AT+CFUN=1"]) await world.host.command(text);
    const lines = await world.host.until((text) => text.startsWith("+CEREG: 1"), 61_000);
    expect(lines).toContain("+CEREG: 2");
  });

  it("with a permanent cause ends at a restart too", async () => {
    const { world } = await statsUnder(11, hour);
    world.modem.reboot("brown-out");
    await world.host.pass(70_000);
    expect((await world.host.command("AT+CEREG?")).at(-2)).toBe("+CEREG: 0,1");
  });

  it("does not touch who is registered, until service is lost", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, cell } = world;
    const from = host.lines.length;
    cell.denial = 11;
    await host.pass(10_000);
    expect(changes(world, from)).toEqual([]);
    cell.outage = true;
    await host.pass(15_000);
    cell.outage = false;
    await host.pass(61_000);
    expect(textsOf(changes(world, from))).toEqual(["+CEREG: 2", '+CEREG: 3,"5B57","01A50B1A",9,0,11']);
  });
});

describe("the network's wrong time", () => {
  /** The modem's clock less the true one, ms. */
  async function offset({ host, clock }: World): Promise<number> {
    const answer = (await host.command("AT+CCLK?")).find((text) => text.startsWith("+CCLK"))!;
    const [, date, time] = /: (.*),(.*)\+00$/.exec(answer)!;
    return Date.parse(`20${date.replaceAll("/", "-")}T${time}Z`) - (Date.UTC(2026, 0, 1) + clock.now);
  }

  it("is taken over at a registration, and corrected at the next", async () => {
    const world = makeWorld(1);
    const { host, cell } = world;
    const day = 24 * hour;
    cell.clockError = 400 * day;
    await bringUp(world, ["AT+CLTS=1"]);
    expect(Math.abs((await offset(world)) - 400 * day)).toBeLessThan(1_500);
    cell.clockError = 0;
    await host.pass(1_000);
    expect(Math.abs((await offset(world)) - 400 * day)).toBeLessThan(1_500);
    for (const text of ["AT+CFUN=0", "AT+CFUN=1"]) await host.command(text);
    const lines = await host.until((text) => text.startsWith("+CLTS:"), 61_000);
    expect(lines.at(-1)).toMatch(/^\+CLTS: 26\/01\/01,/);
    expect(Math.abs(await offset(world))).toBeLessThan(1_500);
  });

  it("is taken over at the periodic update, without a line of its own", async () => {
    const world = makeWorld(1);
    await bringUp(world, ["AT+CLTS=1"]);
    const { host, cell } = world;
    await host.until((text) => text === enter, 120_000);
    cell.clockError = -hour;
    const from = host.lines.length;
    const askAwake = async () => {
      await press(world, 800);
      await host.pass(1_000);
      return offset(world);
    };
    expect(Math.abs(await askAwake())).toBeLessThan(1_500);
    await host.pass(hour + 60_000);
    expect(Math.abs((await askAwake()) + hour)).toBeLessThan(1_500);
    expect(host.texts.slice(from).filter((text) => text.startsWith("+CLTS"))).toEqual([]);
  });

  it("does not set a clock that takes no network time", async () => {
    const world = makeWorld(1);
    world.cell.clockError = hour;
    await bringUp(world);
    await world.host.pass(3 * hour);
    await press(world, 800);
    await world.host.pass(1_000);
    expect((await world.host.command("AT+CCLK?")).at(-2)).toMatch(/^\+CCLK: 00\/01\/06,/);
  });
});
