import { describe, expect, it } from "vitest";
import { bringUp, imei, makeWorld, openSocket } from "./serial-host";

/** A modem that has booted and is searching, echo off, errors as numbers. */
async function booted(seed: number | string = 1) {
  const world = makeWorld(seed);
  await world.host.pass(7_000);
  await world.host.command("ATE0");
  await world.host.command("AT+CMEE=1");
  return world;
}

async function attached(seed: number | string = 1) {
  const world = makeWorld(seed);
  await bringUp(world);
  return world;
}

describe("single commands", () => {
  it.each([
    ["AT", ["OK"]],
    ["at+cgsn", [imei, "OK"]],
    ["AT+CGSN=1", ["+CME ERROR: 50"]],
    ["ATI", ["SIM7020G R1752", "OK"]],
    ["AT+CGMM", ["SIM7020G", "OK"]],
    ["AT+CGMR", ["1752B09SIM7020G", "OK"]],
    ["AT+CFUN?", ["+CFUN: 1", "OK"]],
    ["AT+CPIN?", ["+CPIN: READY", "OK"]],
    ["AT+IPR?", ["+IPR: 0", "OK"]],
    ["AT+IPR=9601", ["+CME ERROR: 50"]],
    ["AT+IPR=0", ["OK"]],
    ["AT+CEREG?", ["+CEREG: 0,2", "OK"]],
    ["AT+CEREG=6", ["+CME ERROR: 50"]],
    ["AT+CGATT?", ["+CGATT: 0", "OK"]],
    ["AT+CSQ", ["+CSQ: 99,99", "OK"]],
    ["AT+CESQ", ["ERROR"]],
    ["AT+CENG?", ["OK"]],
    ["AT+CGCONTRDP", ["OK"]],
    ["AT*MCGDEFCONT?", ['*MCGDEFCONT: "IP","internet"', "OK"]],
    ['AT*MCGDEFCONT="IPX","a"', ["+CME ERROR: 50"]],
    ["AT+CBANDSL=1,2,8,20", ["OK"]],
    ["AT+CBANDSL=1,3,8,20", ["+CME ERROR: 50"]],
    ["AT+CPSMS?", ['+CPSMS: 0,,,"00100001","00000101"', "OK"]],
    ['AT+CPSMS=1,,,"0010000","00000101"', ["+CME ERROR: 50"]],
    ["AT+CPSMSTATUS=2", ["ERROR"]],
    ["AT+RETENTION=1", ["+CME ERROR: 3"]],
    ["AT+CNBIOTRAI=2", ["OK"]],
    ["AT+CNBIOTRAI=3", ["+CME ERROR: 50"]],
    ["AT+CSCLK=1", ["OK"]],
    ["AT+CLTS=1", ["OK"]],
    ["AT+CSOSTATUS=0", ["+CSOSTATUS: 0,0", "OK"]],
    ["AT+CFUN=9", ["+CME ERROR: 50"]],
    ["AT+NOSUCH", ["ERROR"]],
    ["AT+CREBOOT", ["ERROR"]],
    ["AT+CEER", ["ERROR"]],
    ["AT+CEREG=?", ["+CEREG: (0-5)", "OK"]],
    ["AT+CSQ=1", ["+CME ERROR: 50"]],
    ["ATE0;+CSQ", ["+CSQ: 99,99", "OK"]],
  ])("%s", async (text, lines) => {
    const { host } = await booted();
    expect(await host.command(text)).toEqual(lines);
  });

  it("tells errors as CMEE asks", async () => {
    const { host } = await booted();
    await host.command("AT+CMEE=0");
    expect(await host.command("AT+CEREG=6")).toEqual(["ERROR"]);
    await host.command("AT+CMEE=2");
    expect(await host.command("AT+CEREG=6")).toEqual(["+CME ERROR: incorrect parameters"]);
  });

  it("tells signal and cell once registered", async () => {
    const { host } = await attached();
    expect((await host.command("AT+CSQ"))[0]).toMatch(/^\+CSQ: 1[5-9],0$|^\+CSQ: 2[01],0$/);
    expect((await host.command("AT+CENG?"))[0]).toMatch(
      /^\+CENG: 3600,0,82,"01A50B1A",-[789]\d,-\d+,-[78]\d,\d+,8,"5B57",0,-?\d+$/,
    );
    expect(await host.command("AT+CGATT?")).toEqual(["+CGATT: 1", "OK"]);
  });

  it.each([
    [0, "+CEREG: 0,1"],
    [1, "+CEREG: 1,1"],
    [2, '+CEREG: 2,1,"5B57","01A50B1A",9'],
    [4, '+CEREG: 4,1,"5B57","01A50B1A",9,,,"00000101","00100001"'],
  ])("CEREG level %i reads as %s", async (n, text) => {
    const { host } = await attached();
    await host.command(`AT+CEREG=${n}`);
    expect(await host.command("AT+CEREG?")).toEqual([text, "OK"]);
  });

  it("takes the time from the network when asked to", async () => {
    const world = makeWorld(1, { epoch: Date.UTC(2026, 1, 3) });
    const { host } = world;
    await bringUp(world, ["AT+CLTS=1"]);
    await host.pass(1_000);
    expect(host.texts).toContainEqual(expect.stringMatching(/^\+CLTS: 26\/02\/03,00:00:\d\d\+00$/));
    expect((await host.command("AT+CCLK?"))[0]).toMatch(/^\+CCLK: 26\/02\/03,00:00:\d\d\+00$/);
  });

  it("has no idea of the time otherwise", async () => {
    const { host } = await attached();
    expect((await host.command("AT+CCLK?"))[0]).toMatch(/^\+CCLK: 00\/01\/06,/);
  });
});

describe("sockets", () => {
  it("refuses one before the network is there", async () => {
    const { host } = await booted();
    expect((await host.command("AT+CSOC=1,2,1")).at(-1)).toMatch(/ERROR/);
  });

  it.each([
    ["nothing open", "AT+CSOSEND=1,2,AB"],
    ["not connected", "AT+CSOSEND=0,2,AB", ["AT+CSOC=1,2,1"]],
    ["wrong length", "AT+CSOSEND=0,4,AB", ["AT+CSOC=1,2,1", 'AT+CSOCON=0,5683,"203.0.113.5"']],
    ["odd length", "AT+CSOSEND=0,3,ABC", ["AT+CSOC=1,2,1", 'AT+CSOCON=0,5683,"203.0.113.5"']],
    ["no hex", "AT+CSOSEND=0,2,XY", ["AT+CSOC=1,2,1", 'AT+CSOCON=0,5683,"203.0.113.5"']],
    [
      "513 bytes",
      `AT+CSOSEND=0,1026,${"AB".repeat(513)}`,
      ["AT+CSOC=1,2,1", 'AT+CSOCON=0,5683,"203.0.113.5"'],
    ],
    ["no data", "AT+CSOSEND=0,2", ["AT+CSOC=1,2,1", 'AT+CSOCON=0,5683,"203.0.113.5"']],
    ["TCP", "AT+CSOC=1,1,1"],
    ["IPv6", "AT+CSOC=2,2,1"],
    ["a bad address", 'AT+CSOCON=0,5683,"203.0.113.256"', ["AT+CSOC=1,2,1"]],
    ["a bad port", 'AT+CSOCON=0,65536,"203.0.113.5"', ["AT+CSOC=1,2,1"]],
    ["closing twice", "AT+CSOCL=0", ["AT+CSOC=1,2,1", "AT+CSOCL=0"]],
  ])("answers an error for %s", async (_what, text, before = []) => {
    const { host, events } = await attached();
    for (const command of before) expect((await host.command(command)).at(-1)).toBe("OK");
    expect((await host.command(text)).at(-1)).toMatch(/ERROR/);
    expect(events.filter(({ type }) => type === "send")).toEqual([]);
  });

  it("has five", async () => {
    const { host } = await attached();
    for (let id = 0; id < 5; id++) {
      expect(await host.command("AT+CSOC=1,2,1")).toEqual([`+CSOC: ${id}`, "OK"]);
    }
    expect((await host.command("AT+CSOC=1,2,1")).at(-1)).toMatch(/ERROR/);
    await host.command("AT+CSOCL=2");
    expect(await host.command("AT+CSOC=1,2,1")).toEqual(["+CSOC: 2", "OK"]);
  });

  it("sends 512 bytes and receives as many, each in one piece", async () => {
    const { host, cell } = await attached();
    cell.onUplink = (datagram, peer) => cell.sendDownlink(datagram, peer);
    await openSocket(host);
    const hex = Array.from({ length: 512 }, (_, i) => (i & 0xff).toString(16).padStart(2, "0")).join("");
    expect(await host.command(`AT+CSOSEND=0,1024,${hex}`)).toEqual(["OK"]);
    const lines = await host.until((text) => text.startsWith("+CSONMI"), 60_000);
    expect(lines).toEqual([`+CSONMI: 0,1024,${hex.toUpperCase()}`]);
  });

  it("sends text when the length is 0", async () => {
    const { host, cell } = await attached();
    const got: string[] = [];
    cell.onUplink = (datagram) => void got.push(new TextDecoder().decode(datagram));
    await openSocket(host);
    expect(await host.command('AT+CSOSEND=0,0,"a,b"')).toEqual(["OK"]);
    await host.pass(60_000);
    expect(got).toEqual(["a,b"]);
  });

  it("sends from the port that CSOB bound", async () => {
    const { host, cell } = await attached();
    const peers = new Set<number>();
    cell.onUplink = (_datagram, peer) => void peers.add(peer.port);
    // The same local port in two sockets' lives is the same mapping at the operator's.
    for (let life = 0; life < 2; life++) {
      await host.command("AT+CSOC=1,2,1");
      expect(await host.command("AT+CSOB=0,40000")).toEqual(["OK"]);
      await host.command('AT+CSOCON=0,5683,"203.0.113.5"');
      await host.command("AT+CSOSEND=0,2,AB");
      await host.command("AT+CSOCL=0");
    }
    await host.pass(60_000);
    expect(peers.size).toBe(1);
  });

  it("binds a port to one socket only", async () => {
    const { host } = await attached();
    for (const id of [0, 1]) expect(await host.command("AT+CSOC=1,2,1")).toEqual([`+CSOC: ${id}`, "OK"]);
    expect(await host.command("AT+CSOB=0,40000")).toEqual(["OK"]);
    expect((await host.command("AT+CSOB=1,40000")).at(-1)).toMatch(/ERROR/);
  });

  it("drops what comes from another peer, or for a closed socket", async () => {
    const { host, cell, events } = await attached();
    const peers: { address: string; port: number }[] = [];
    cell.onUplink = (_datagram, peer) => void peers.push(peer);
    await openSocket(host);
    await host.command("AT+CSOSEND=0,2,AB");
    await host.pass(15_000);
    cell.sendDownlink(Uint8Array.of(1), peers[0], { address: "198.51.100.9", port: 5683 });
    await host.pass(10_000);
    await host.command("AT+CSOCL=0");
    cell.sendDownlink(Uint8Array.of(2), peers[0]);
    await host.pass(5_000);
    const reasons = events.flatMap((event) => (event.type === "dropped" ? [event.reason] : []));
    expect(reasons).toEqual(["no socket", "no socket"]);
    expect(host.texts.some((text) => text.startsWith("+CSONMI"))).toBe(false);
  });

  it("are gone after CFUN=0, and a late reply with them", async () => {
    const { host, cell, events } = await attached();
    const peers: { address: string; port: number }[] = [];
    cell.onUplink = (_datagram, peer) => void peers.push(peer);
    await openSocket(host);
    await host.command("AT+CSOSEND=0,2,AB");
    await host.pass(10_000);
    expect(await host.command("AT+CFUN=0")).toContain("+CEREG: 0");
    cell.sendDownlink(Uint8Array.of(1), peers[0]);
    await host.pass(60_000);
    expect(await host.command("AT+CSOSTATUS=0")).toEqual(["+CSOSTATUS: 0,0", "OK"]);
    expect(events).toContainEqual(expect.objectContaining({ type: "dropped", reason: "radio off" }));
  });
});

describe("the line itself", () => {
  it("echoes until ATE0, the command's own line included", async () => {
    const { host } = makeWorld(1);
    await host.pass(7_000);
    expect(await host.command("AT")).toEqual(["AT", "OK"]);
    expect(await host.command("ATE0")).toEqual(["ATE0", "OK"]);
    expect(await host.command("AT")).toEqual(["OK"]);
    expect(await host.command("ATE1")).toEqual(["OK"]);
    expect(await host.command("AT")).toEqual(["AT", "OK"]);
  });

  it("drops commands while one is in progress", async () => {
    const { host, events } = await booted();
    host.type("AT+CFUN=4\rAT+CGSN\r");
    expect(await host.until((text) => text === "OK", 10_000)).toEqual(["OK"]);
    await host.pass(10_000);
    expect(host.texts).not.toContain(imei);
    expect(events).toContainEqual(expect.objectContaining({ type: "dropped", reason: "busy" }));
  });

  it("ignores LF, blank lines and lines that are no command", async () => {
    const { host } = await booted();
    host.type("\n\r\r\nhello\r");
    await host.pass(1_000);
    expect(await host.command("\nAT\n")).toEqual(["OK"]);
  });

  it("answers an endless line with an error and is well again after it", async () => {
    const { host } = await booted();
    expect(await host.command(`AT+CSOSEND=0,9,${"A".repeat(5_000)}`)).toEqual(["+CME ERROR: 50"]);
    expect(await host.command("AT")).toEqual(["OK"]);
  });

  it("takes 5 to 80 ms for an ordinary command, 0.2 to 3 s for CFUN", async () => {
    const { host, clock } = await booted();
    const took = async (text: string) => {
      const start = clock.now;
      await host.command(text);
      return clock.now - start;
    };
    // The wire adds at most 3 ms: a few bytes there, a few back, 4 byte times of silence.
    for (let i = 0; i < 50; i++) {
      const ms = await took("AT");
      expect(ms).toBeGreaterThan(5);
      expect(ms).toBeLessThan(83);
    }
    for (let i = 0; i < 20; i++) {
      const ms = await took(`AT+CFUN=${i % 2 === 0 ? 4 : 1}`);
      expect(ms).toBeGreaterThan(200);
      expect(ms).toBeLessThan(3_005);
    }
  });

  it("shows each line of the traffic", async () => {
    const seen: string[] = [];
    const world = makeWorld(1, { onLine: (direction, text) => seen.push(`${direction} ${text}`) });
    await world.host.pass(7_000);
    await world.host.command("AT+CGMM");
    expect(seen).toEqual(["host AT+CGMM", "modem AT+CGMM", "modem SIM7020G", "modem OK"]);
  });
});
