import { describe, expect, it } from "vitest";
import { bringUp, makeWorld, openSocket, press } from "./serial-host";

const banner = ["RDY", "+CFUN: 1", "+CPIN: READY", "SMS Ready"];

describe("power", () => {
  it("boots in 3 to 5 s, silently while it finds the baud rate by itself", async () => {
    const { host, events, modem } = makeWorld(1);
    await host.pass(2_900);
    expect(modem.state).toBe("booting");
    await host.pass(2_200);
    expect(modem.state).toBe("on");
    await host.pass(10_000);
    expect(host.texts).toEqual([]);
    const states = events.flatMap((event) => (event.type === "power" ? [event.state] : []));
    expect(states).toEqual(["booting", "on"]);
  });

  it("hears nothing while it boots", async () => {
    const { host } = makeWorld(1);
    host.type("AT\r");
    await host.pass(10_000);
    expect(host.texts).toEqual([]);
  });

  it.each(["AT+CRESET", "AT+CFUN=1,1"])("announces itself after %s once IPR is fixed", async (text) => {
    const { host } = makeWorld(1);
    await host.pass(7_000);
    await host.command("AT+IPR=115200");
    await host.command(text);
    const start = host.lines.length;
    // The last line may come half a minute later.
    await host.pass(40_000);
    expect(host.texts.slice(start)).toEqual(banner);
    expect(await host.command("AT+IPR?")).toEqual(["AT+IPR?", "+IPR: 115200", "OK"]);
  });

  it("forgets everything but IPR, CPSMS and the access point name at a restart", async () => {
    const world = makeWorld(1);
    const { host } = world;
    await bringUp(world, ["AT+RETENTION=1"]);
    await host.command("AT+CRESET");
    await host.pass(10_000);
    await host.command("ATE0");
    expect(await host.command("AT+NOSUCH")).toEqual(["ERROR"]);
    expect((await host.command("AT+CEREG?"))[0]).toMatch(/^\+CEREG: 0,[12]$/);
    expect(await host.command("AT+CPSMS?")).toEqual(['+CPSMS: 1,,,"00100001","00000101"', "OK"]);
    expect(await host.command("AT+RETENTION?")).toEqual(["+RETENTION: 0", "OK"]);
    expect(await host.command("AT*MCGDEFCONT?")).toEqual(['*MCGDEFCONT: "IP","iot.example"', "OK"]);
  });

  it("waits for a second of key when told to", async () => {
    const world = makeWorld(1, { powerOn: "key" });
    await world.host.pass(10_000);
    expect(world.modem.state).toBe("off");
    await press(world, 900);
    await world.host.pass(10_000);
    expect(world.modem.state).toBe("off");
    await press(world, 1_100);
    expect(world.modem.state).toBe("booting");
    await world.host.pass(5_000);
    expect(await world.host.command("AT")).toEqual(["AT", "OK"]);
  });

  it("goes off by the key and by AT+CPOWD", async () => {
    const world = makeWorld(1);
    const { host, modem } = world;
    await host.pass(7_000);
    await press(world, 1_100);
    await host.pass(4_000);
    expect([host.texts, modem.state]).toEqual([["NORMAL POWER DOWN"], "off"]);
    await press(world, 1_100);
    await host.pass(7_000);
    host.type("AT+CPOWD=1\r");
    expect(await host.until((text) => text.startsWith("NORMAL"), 1_000)).toContain("NORMAL POWER DOWN");
    await host.pass(4_000);
    expect(modem.state).toBe("off");
  });

  it("is not moved by a short press while it is on", async () => {
    const world = makeWorld(1);
    await world.host.pass(7_000);
    await press(world, 800);
    await world.host.pass(5_000);
    expect(world.modem.state).toBe("on");
  });

  it("boots anew when it is restarted while it boots", async () => {
    const { host, modem, events } = makeWorld(1);
    await host.pass(2_900);
    modem.reboot("brown-out");
    await host.pass(10_000);
    const power = events.flatMap((event) => (event.type === "power" ? [event] : []));
    expect(power.map(({ state }) => state)).toEqual(["booting", "booting", "on"]);
    expect(power[2].time).toBeGreaterThan(2_900 + 3_000);
  });

  it("restarts in the middle of a command", async () => {
    const { host, modem } = makeWorld(1);
    await host.pass(7_000);
    await host.command("AT+IPR=115200");
    await host.command("ATE0");
    host.type("AT+CFUN=0\r");
    await host.pass(100);
    const start = host.lines.length;
    modem.reboot("brown-out");
    await host.pass(38_000);
    expect(host.texts.slice(start)).toEqual(banner);
  });
});

describe("PSM", () => {
  const enter = '+CPSMSTATUS: "ENTER PSM"';
  const exit = '+CPSMSTATUS: "EXIT PSM"';

  it("comes at T3324 after the network's release, 20 s after the last datagram", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, clock, modem } = world;
    const attachedAt = clock.now;
    await host.until((text) => text === enter, 120_000);
    expect(clock.now - attachedAt).toBeGreaterThan(29_900);
    expect(clock.now - attachedAt).toBeLessThan(30_100);
    expect(modem.state).toBe("psm");
    host.type("AT\r");
    const silent = host.lines.length;
    await host.pass(60_000);
    expect(host.lines).toHaveLength(silent);
  });

  it.each([
    [0, 30_000, 30_100],
    [1, 10_500, 10_600],
  ])("with release assistance %i and no reply: %i ms after the packet", async (rai, least, most) => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, clock } = world;
    await openSocket(host);
    await host.command(`AT+CNBIOTRAI=${rai}`);
    await host.command("AT+CSOSEND=0,2,AB");
    const sentAt = clock.now;
    await host.until((text) => text === enter, 120_000);
    expect(clock.now - sentAt).toBeGreaterThan(least - 50);
    expect(clock.now - sentAt).toBeLessThan(most);
  });

  it("with release assistance 2: half a second and T3324 after the reply", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, clock, cell, events } = world;
    cell.onUplink = (datagram, peer) => cell.sendDownlink(datagram, peer);
    await openSocket(host);
    await host.command("AT+CNBIOTRAI=2");
    await host.command("AT+CSOSEND=0,2,AB");
    expect(await host.command("AT+CNBIOTRAI?")).toEqual(["+CNBIOTRAI: 0", "OK"]);
    expect(events).toContainEqual(expect.objectContaining({ type: "send", rai: 2 }));
    await host.until((text) => text.startsWith("+CSONMI"), 60_000);
    const repliedAt = clock.now;
    await host.until((text) => text === enter, 120_000);
    expect(clock.now - repliedAt).toBeGreaterThan(10_490);
    expect(clock.now - repliedAt).toBeLessThan(10_510);
  });

  it("waits while the host talks", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, modem } = world;
    for (let i = 0; i < 30; i++) {
      await host.pass(2_000);
      await host.command("AT");
    }
    expect(modem.state).toBe("on");
    await host.pass(5_100);
    expect(modem.state).toBe("psm");
  });

  it("ends by 0.8 s of key; without traffic it is back after 5 s of silence", async () => {
    const world = makeWorld(1, { quirks: { echoAfterPsm: false } });
    await bringUp(world);
    const { host, clock, events, modem } = world;
    await host.until((text) => text === enter, 120_000);
    const start = host.lines.length;
    const pressedAt = clock.now;
    await press(world, 800);
    await host.until((text) => text === exit, 2_000);
    expect(clock.now - pressedAt).toBeLessThan(1_050);
    expect(host.texts.slice(start)).toEqual(["+CPIN: READY", exit]);
    expect(events).toContainEqual(expect.objectContaining({ type: "psm", state: "exit", reason: "key" }));
    const wokenAt = clock.now;
    await host.until((text) => text === enter, 60_000);
    expect(clock.now - wokenAt).toBeGreaterThan(4_900);
    expect(clock.now - wokenAt).toBeLessThan(5_100);
    expect(modem.state).toBe("psm");
  });

  it("one long press wakes and does not turn off", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    await world.host.until((text) => text === enter, 120_000);
    await press(world, 3_000);
    expect(world.modem.state).toBe("on");
  });

  it("ends by T3412 for an update, then comes again", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host, clock, events } = world;
    await host.until((text) => text === enter, 120_000);
    const start = host.lines.length;
    const sleptAt = clock.now;
    await host.until((text) => text === exit, 2 * 3_600_000);
    // T3412 runs since the release, 10 s of T3324 before the sleep.
    expect(clock.now - sleptAt).toBeGreaterThan(3_590_000);
    expect(clock.now - sleptAt).toBeLessThan(3_590_400);
    await host.until((text) => text === enter, 120_000);
    const connected = events.filter((event) => event.type === "rrc" && event.state === "connected");
    expect(connected.at(-1)!.time).toBeGreaterThan(sleptAt);
    await host.until((text) => text === exit, 2 * 3_600_000);
    await host.until((text) => text === enter, 120_000);
    const cycle = ["+CPIN: READY", exit, enter];
    expect(host.texts.slice(start)).toEqual([...cycle, ...cycle]);
    const exits = events.filter((event) => event.type === "psm" && event.state === "exit");
    expect(exits).toMatchObject([{ reason: "T3412" }, { reason: "T3412" }]);
  });

  it.each([
    [true, "+CSOSTATUS: 0,2", /^OK$/],
    [false, "+CSOSTATUS: 0,0", /ERROR/],
  ])("keeps the socket with RETENTION (%s): %s", async (retention, status, sent) => {
    const world = makeWorld(1);
    await bringUp(world, retention ? ["AT+RETENTION=1"] : []);
    const { host, cell } = world;
    const peers = new Set<number>();
    cell.onUplink = (_datagram, peer) => void peers.add(peer.port);
    await openSocket(host);
    await host.command("AT+CSOSEND=0,2,AB");
    await host.until((text) => text === enter, 120_000);
    await press(world, 800);
    await host.until((text) => text === exit, 2_000);
    await host.command("ATE0");
    expect(await host.command("AT+CSOSTATUS=0")).toEqual([status, "OK"]);
    expect((await host.command("AT+CSOSEND=0,2,AB")).at(-1)).toMatch(sent);
    await host.pass(60_000);
    expect(peers.size).toBe(1);
  });

  it("loses datagrams that come meanwhile, and those after a wake by the key until it sends", async () => {
    const world = makeWorld(1, {}, { profile: { oneWay: { median: 100, p95: 110 } } });
    await bringUp(world, ["AT+RETENTION=1"]);
    const { host, cell, events, modem } = world;
    const peers: { address: string; port: number }[] = [];
    cell.onUplink = (_datagram, peer) => void peers.push(peer);
    await openSocket(host);
    await host.command("AT+CSOSEND=0,2,AB");
    await host.until((text) => text === enter, 120_000);
    const fates = () => events.flatMap((event) => (event.type === "dropped" ? [event.reason] : []));
    cell.sendDownlink(Uint8Array.of(1), peers[0]);
    await host.pass(1_000);
    expect(fates()).toEqual(["psm"]);
    await press(world, 800);
    await host.until((text) => text === exit, 2_000);
    cell.sendDownlink(Uint8Array.of(2), peers[0]);
    await host.pass(1_000);
    expect([modem.state, fates()]).toEqual(["on", ["psm", "psm"]]);
    await host.command("ATE0");
    await host.command("AT+CSOSEND=0,2,AB");
    cell.sendDownlink(Uint8Array.of(3), peers[0]);
    expect(await host.until((text) => text.startsWith("+CSONMI"), 1_000)).toEqual(["+CSONMI: 0,2,03"]);
    expect(fates()).toHaveLength(2);
  });

  it("still hears in idle, until T3324 is over", async () => {
    const world = makeWorld(1, {}, { profile: { oneWay: { median: 100, p95: 110 } } });
    await bringUp(world);
    const { host, cell, events } = world;
    const peers: { address: string; port: number }[] = [];
    cell.onUplink = (_datagram, peer) => void peers.push(peer);
    await openSocket(host);
    await host.command("AT+CNBIOTRAI=1");
    await host.command("AT+CSOSEND=0,2,AB");
    await host.pass(9_000);
    expect(events.at(-1)).toMatchObject({ type: "rrc", state: "idle" });
    cell.sendDownlink(Uint8Array.of(3), peers[0]);
    expect(await host.until((text) => text.startsWith("+CSONMI"), 1_000)).toEqual(["+CSONMI: 0,2,03"]);
  });

  it("forgets release assistance", async () => {
    const world = makeWorld(1);
    await bringUp(world);
    const { host } = world;
    await host.command("AT+CNBIOTRAI=1");
    await host.until((text) => text === enter, 120_000);
    await press(world, 800);
    await host.until((text) => text === exit, 2_000);
    await host.command("ATE0");
    expect(await host.command("AT+CNBIOTRAI?")).toEqual(["+CNBIOTRAI: 0", "OK"]);
  });

  it("does not come when the network denies it", async () => {
    const world = makeWorld(1, {}, { grantPsm: () => undefined });
    await bringUp(world);
    const { host, modem } = world;
    expect(await host.command("AT+CEREG?")).toEqual(['+CEREG: 5,1,"5B57","01A50B1A",9', "OK"]);
    await host.pass(7_200_000);
    expect(modem.state).toBe("on");
  });

  it("comes at the time that the network has altered", async () => {
    const world = makeWorld(1, {}, { grantPsm: ({ t3412 }) => ({ t3412, t3324: "00100001" }) });
    await bringUp(world);
    const { host, clock } = world;
    const attachedAt = clock.now;
    await host.until((text) => text === enter, 120_000);
    expect(clock.now - attachedAt).toBeGreaterThan(79_900);
    expect(clock.now - attachedAt).toBeLessThan(80_100);
  });

  it("can be asked for after the attach", async () => {
    const world = makeWorld(1);
    const { host, modem } = world;
    await bringUp(world, ["AT+CPSMS=0"]);
    await host.pass(120_000);
    expect(modem.state).toBe("on");
    await host.command('AT+CPSMS=1,,,"00100001","00000001"');
    const lines = await host.until((text) => text === enter, 60_000);
    expect(lines).toEqual(['+CEREG: 1,"5B57","01A50B1A",9,,,"00000001","00100001"', enter]);
  });

  it("changed after the attach is no news to CEREG level 1", async () => {
    const world = makeWorld(1);
    const { host } = world;
    await bringUp(world);
    await host.command("AT+CEREG=1");
    await host.command("AT+CPSMS=0");
    await host.pass(3_000);
    const start = host.lines.length;
    expect(await host.command('AT+CPSMS=1,,,"00100001","00000001"')).toEqual(["OK"]);
    await host.until((text) => text === enter, 60_000);
    expect(host.texts.slice(start)).toEqual(["OK", enter]);
  });
});
