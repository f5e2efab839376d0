/** BG95 at its AT port, as Quectel's note on TCP/IP and people's logs have it. */
import { describe, expect, it } from "vitest";
import { homeCarrier } from "../../../../../host-sim/sim/radio/link";
import { booted, press } from "./typed";
import type { Typed } from "./typed";

const family = "bg95";
const address = '"203.0.113.5"';

const ask = ({ host }: Typed, text: string): Promise<string[]> => host.command(text, 200_000);

/** Booted, told its context, and registered. */
async function online(firmware?: string, more: readonly string[] = []): Promise<Typed> {
  const world = await booted(family, 1, { firmware });
  await world.all("AT+CFUN=0", 'AT+QICSGP=1,1,"iot.example","","",0', ...more, "AT+CFUN=1");
  await world.host.pass(90_000);
  return world;
}

/** The same with a socket towards the server, which sends back what it gets. */
async function connected(firmware?: string, more: readonly string[] = []): Promise<Typed> {
  const world = await online(firmware, more);
  await world.all("AT+QIACT=1", `AT+QIOPEN=1,0,"UDP",${address},5683`);
  await world.host.until((text) => text === "+QIOPEN: 0,0", 5_000);
  return world;
}

async function restart(world: Typed): Promise<void> {
  world.host.type("AT+CFUN=1,1\r");
  await world.host.pass(12_000);
  await world.all("ATE0", "AT+CMEE=1");
}

describe("what a firmware has", () => {
  it.each([
    ["m3-a04", "AT+CEREG=4", "OK"],
    ["m3-a04", "AT+CEREG=3", "ERROR"],
    ["m3-a04", "AT+CEREG=5", "ERROR"],
    ["m3-a04", "AT+NONSENSE", "ERROR"],
    ["m3-a04", 'AT+QCFG="nonsense"', "ERROR"],
    ["m3-a04", 'AT+QCFG="nwscanmode",2', "ERROR"],
    ["m3-a04", 'AT+QCFG="nwscanmode",3,1', "OK"],
    ["m1-a04", 'AT+QCFG="nwscanmode",3,1', "ERROR"],
    ["m1-a04", 'AT+QCFG="iotopmode",0,1', "OK"],
    ["m1-a04", 'AT+QCFG="iotopmode",1,1', "ERROR"],
    ["m3-a04", 'AT+QCFG="iotopmode",3', "ERROR"],
    ["m3-a04", 'AT+QCFG="band",0,0,80,1', "OK"],
    ["m3-a04", 'AT+CGAUTH=1,1,"a","b"', "ERROR"],
    ["m3-a04", "AT+CESQ", "ERROR"],
    ["m3-a04", "AT+QIRD=12", "ERROR"],
    ["m3-a04", 'AT+QICSGP=17,1,"x"', "ERROR"],
  ])("%s: %s -> %s", async (firmware, text, last) => {
    const world = await booted(family, 1, { firmware });
    expect((await ask(world, text)).at(-1)).toBe(last);
  });

  it("is what its identity tells", async () => {
    const world = await booted(family, 1, { firmware: "m3-a03" });
    expect(await ask(world, "ATI")).toEqual(["Quectel", "BG95-M3", "Revision: BG95M3LAR02A03", "OK"]);
    expect(await ask(world, "AT+QPINC=SC")).toEqual(['+QPINC: "SC",3,10', "OK"]);
    expect((await ask(world, "AT+QCCID"))[0]).toMatch(/^\+QCCID: [0-9]{19,20}$/);
  });
});

describe("what it finds", () => {
  const search = async (commands: readonly string[], carrier = {}): Promise<string> => {
    const world = await booted(family, 1);
    world.cell.carrier = { ...homeCarrier, ...carrier };
    await world.all("AT+CFUN=0", ...commands, "AT+CFUN=1");
    await world.host.pass(300_000);
    return (await ask(world, "AT+CEREG?"))[0];
  };

  it.each([
    [[], {}, "+CEREG: 0,1"],
    [['AT+QCFG="iotopmode",0,1'], {}, "+CEREG: 0,4"],
    [['AT+QCFG="iotopmode",0,1'], { technology: "lte-m" }, "+CEREG: 0,1"],
    [['AT+QCFG="iotopmode",1,1'], { technology: "lte-m" }, "+CEREG: 0,4"],
    [['AT+QCFG="nwscanmode",1,1'], {}, "+CEREG: 0,4"],
    [['AT+QCFG="band",0,0,0x80000,1'], {}, "+CEREG: 0,4"],
    [['AT+QCFG="band",0,0,0x80000,1'], { band: 20 }, "+CEREG: 0,1"],
    [['AT+QCFG="band",0,0,0,1'], {}, "+CEREG: 0,1"],
    [['AT+QCFG="roamservice",1,1'], { foreign: true }, "+CEREG: 0,4"],
    [['AT+QCFG="roamservice",255,1'], { foreign: true }, "+CEREG: 0,5"],
  ] as const)("%j, %j: %s", async (commands, carrier, told) => {
    expect(await search(commands, carrier)).toBe(told);
  });

  it("a setting with 0 behind it counts from the next start on", async () => {
    const world = await booted(family, 1);
    await world.all("AT+CFUN=0", 'AT+QCFG="iotopmode",0,0', "AT+CFUN=1");
    await world.host.pass(90_000);
    expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,1");
    await restart(world);
    await world.host.pass(300_000);
    expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,4");
    // With 1 it looks anew at once.
    await world.all('AT+QCFG="iotopmode",2,1');
    await world.host.pass(90_000);
    expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,1");
  });

  it.each([1, 2, 3, 4])("a setting of another kind leaves a search alone (seed %i)", async (seed) => {
    const world = await booted(family, seed, { quirks: { givesUpSearch: 100_000 } });
    await world.all("AT+CFUN=0", 'AT+QCFG="iotopmode",0,1', "AT+CFUN=1");
    await world.host.pass(60_000);
    await world.all('AT+QCFG="psm/urc",1');
    await world.host.pass(60_000);
    expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,0");
  });

  it("LTE-M is 8, and eMTC", async () => {
    const world = await booted(family, 1);
    world.cell.carrier = { ...homeCarrier, technology: "lte-m", band: 20 };
    await world.all("AT+CFUN=0", "AT+CEREG=4", "AT+CFUN=1");
    await world.host.pass(90_000);
    expect((await ask(world, "AT+CEREG?"))[0]).toMatch(/^\+CEREG: 4,1,"5B57","01A50B1A",8/);
    expect(await ask(world, "AT+COPS?")).toContain('+COPS: 0,0,"Test PLMN 1-1",8');
    await world.all("AT+COPS=3,2");
    expect(await ask(world, "AT+COPS?")).toContain('+COPS: 0,2,"00101",8');
    expect(await ask(world, "AT+QNWINFO")).toContain('+QNWINFO: "eMTC","00101","LTE BAND 20",3740');
    expect((await ask(world, "AT+QCSQ"))[0]).toMatch(/^\+QCSQ: "eMTC",-/);
    const [cell] = await ask(world, 'AT+QENG="servingcell"');
    // Fifths of a dB above -20: both commands tell one measurement, which fades by a few dB from one to the next.
    const [, told] = /,(\d+),-\d+$/.exec((await ask(world, "AT+QCSQ"))[0])!;
    expect(Math.abs(Number(cell.split(",").at(-2)) - Number(told))).toBeLessThan(40);
    expect(Number(told)).toBeGreaterThan(100);
    expect(cell).toMatch(/^\+QENG: "servingcell","NOCONN","eMTC","FDD",001,01,01A50B1A,82,3740,20,/);
  });
});

it.each([
  ["1", "10+44"],
  ["3", "21+44"],
])("AT+CTZU=%s: the clock tells %s", async (update, told) => {
  const world = await booted(family, 1, { epoch: Date.UTC(2026, 9, 23, 10), zone: 44 });
  await world.all(`AT+CTZU=${update}`);
  await world.host.pass(90_000);
  const [clock] = await ask(world, "AT+CCLK?");
  expect(clock.replace(/:[0-9]{2}:[0-9]{2}\+/, "+")).toBe(`+CCLK: "26/10/23,${told}"`);
  expect((await ask(world, "AT+QLTS=1"))[0]).toMatch(/^\+QLTS: "2026\/10\/23,10:/);
});

describe("the access point's user", () => {
  it.each([
    ['AT+QICSGP=1,1,"iot.example","me","secret",1', "+CEREG: 0,1"],
    ['AT+QICSGP=1,1,"iot.example","me","secret",0', "+CEREG: 0,3"],
    ['AT+QICSGP=1,1,"iot.example"', "+CEREG: 0,3"],
  ])("%s: %s", async (text, told) => {
    const world = await booted(family, 1);
    world.cell.carrier = { ...homeCarrier, login: { user: "me", password: "secret" } };
    await world.all("AT+CFUN=0", text, "AT+CFUN=1");
    await world.host.pass(70_000);
    expect(await ask(world, "AT+CEREG?")).toContain(told);
  });
});

describe("sockets", () => {
  it("need a context, which is activated once", async () => {
    const world = await online();
    expect(await ask(world, "AT+QIACT?")).toEqual(["OK"]);
    await world.all(`AT+QIOPEN=1,0,"UDP",${address},5683`);
    await world.host.until((text) => text.startsWith("+QIOPEN:"), 5_000);
    expect(world.host.texts).toContain("+QIOPEN: 0,561");
    expect(await ask(world, 'AT+QIDNSGIP=1,"cloud.example"')).toEqual(["ERROR"]);
    await world.all("AT+QIACT=1");
    expect(await ask(world, "AT+QIACT=1")).toEqual(["ERROR"]);
    expect((await ask(world, "AT+QIACT?"))[0]).toMatch(/^\+QIACT: 1,1,1,"10\.45\./);
  });

  it("send, count, and read what came in parts", async () => {
    const world = await connected();
    expect(await ask(world, "AT+QIRD=0")).toEqual(["+QIRD: 0", "OK"]);
    world.host.type('AT+QISENDEX=0,"01020304"\r');
    await world.host.until((text) => text === '+QIURC: "recv",0', 60_000);
    expect(world.host.texts).toContain("SEND OK");
    expect(await ask(world, "AT+QISEND=0,0")).toEqual(["+QISEND: 4,4,0", "OK"]);
    world.bytes();
    await world.all("AT+QIRD=0,3");
    expect(new TextDecoder().decode(world.bytes())).toBe("\r\n+QIRD: 3\r\n\u0001\u0002\u0003\r\n\r\nOK\r\n");
    expect(await ask(world, "AT+QIRD=0,0")).toEqual(["+QIRD: 4,3,1", "OK"]);
    expect(await ask(world, "AT+QISTATE=1,0")).toEqual([
      expect.stringMatching(/^\+QISTATE: 0,"UDP","203\.0\.113\.5",5683,[0-9]+,2,1,0/),
      "OK",
    ]);
    await world.all("AT+QICLOSE=0");
    expect(await ask(world, "AT+QISTATE?")).toEqual(["OK"]);
  });

  it("a read may bring less than it announces", async () => {
    const world = await booted(family, 1, { quirks: { shortReads: true } });
    await world.host.pass(90_000);
    await world.all("AT+QIACT=1", `AT+QIOPEN=1,0,"UDP",${address},5683`);
    await world.host.until((text) => text === "+QIOPEN: 0,0", 5_000);
    world.host.type('AT+QISENDEX=0,"31323334"\r');
    await world.host.until((text) => text === '+QIURC: "recv",0', 60_000);
    world.bytes();
    await world.all("AT+QIRD=0");
    expect(new TextDecoder().decode(world.bytes())).toBe("\r\n+QIRD: 4\r\n123\r\n\r\nOK\r\n");
  });

  it.each([
    ["m3-a03", "ERROR"],
    ["m3-a04", "SEND OK"],
  ])("%s answers release assistance with %s", async (firmware, last) => {
    const world = await connected(firmware);
    world.host.type('AT+QISENDEX=0,"2A",2\r');
    await world.host.until((text) => text === last, 5_000);
    expect(world.host.texts.at(-1)).toBe(last);
  });

  it("go to names, and names are asked for", async () => {
    const world = await online();
    world.cell.names.set("cloud.example", "203.0.113.9");
    await world.all("AT+QIACT=1", 'AT+QIDNSGIP=1,"cloud.example"');
    await world.host.until((text) => text === '+QIURC: "dnsgip","203.0.113.9"', 60_000);
    expect(world.host.texts).toContain('+QIURC: "dnsgip",0,1,300');
    await world.all('AT+QIDNSGIP=1,"other.example"');
    await world.host.until((text) => text === '+QIURC: "dnsgip",565', 60_000);
    await world.all('AT+QIOPEN=1,0,"UDP","other.example",5683');
    await world.host.until((text) => text === "+QIOPEN: 0,565", 60_000);
    await world.all('AT+QIOPEN=1,0,"UDP","cloud.example",5683');
    await world.host.until((text) => text === "+QIOPEN: 0,0", 60_000);
    world.host.type('AT+QISENDEX=0,"2A"\r');
    await world.host.pass(30_000);
    expect(world.arrived).toEqual([Uint8Array.of(42)]);
    expect(world.host.texts.filter((text) => /565|"203/.test(text))).toEqual([
      '+QIURC: "dnsgip","203.0.113.9"',
      '+QIURC: "dnsgip",565',
      "+QIOPEN: 0,565",
    ]);
  });
});

it("echo and rate are kept by AT&W alone", async () => {
  const world = await booted(family, 1);
  await world.all("AT+IPR=115200");
  world.host.type("AT+CFUN=1,1\r");
  await world.host.pass(12_000);
  expect(await ask(world, "AT")).toEqual(["AT", "OK"]);
  await world.all("ATE0&W");
  world.host.type("AT+CFUN=1,1\r");
  await world.host.pass(12_000);
  expect(await ask(world, "AT")).toEqual(["OK"]);
});

it("says how it starts, falls asleep, and is switched off", async () => {
  const world = await online(undefined, ['AT+QCFG="psm/urc",1', 'AT+CPSMS=1,,,"00100001","00000101"']);
  for (const text of ["RDY", "APP RDY", "+CPIN: READY", "+QIND: SMS DONE"]) {
    expect(world.host.texts).toContain(text);
  }
  await world.host.until((text) => text === "PSM POWER DOWN", 60_000);
  expect(world.modem.state).toBe("psm");
  expect(world.host.texts).toContain("+QPSMTIMER: 3600,10");
  await press(world, 600);
  await world.host.pass(10_000);
  world.host.type("AT+QPOWD=0\r");
  await world.host.pass(5_000);
  expect(world.modem.state).toBe("off");
  expect(world.host.texts).not.toContain("POWERED DOWN");
  await press(world, 600);
  await world.host.pass(10_000);
  world.host.type("AT+QPOWD\r");
  await world.host.until((text) => text === "POWERED DOWN", 10_000);
  await world.host.pass(5_000);
  expect(world.modem.state).toBe("off");
});
