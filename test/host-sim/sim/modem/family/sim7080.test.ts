/** The simulated SIM7080 as a patient host sees it, held against SIMCom's documents. */
import { describe, expect, it } from "vitest";
import { Random } from "../../../../../host-sim/sim/time/random";
import { booted, imei, press, registered } from "./typed";
import type { Typed } from "./typed";

const seeds = Array.from({ length: 24 }, (_, i) => i + 1);
const psm = ["AT+CPSMSTATUS=1", 'AT+CPSMS=1,,,"00100001","00000101"'];

/** Registered with its context active, and socket 0 open. */
async function connected(seed: number | string = 1, commands: readonly string[] = []): Promise<Typed> {
  const world = await registered("sim7080", seed, commands);
  await world.host.command("AT+CNACT=0,1");
  await world.host.pass(5_000);
  await world.host.command('AT+CAOPEN=0,0,"UDP","203.0.113.5",5683');
  await world.host.pass(1_000);
  return world;
}

/** Sends these bytes through socket 0 and waits for the hint that they are back. */
async function echo({ host }: Typed, bytes: Uint8Array): Promise<void> {
  host.type(`AT+CASEND=0,${bytes.length}\r`);
  await host.pass(300);
  host.write(bytes);
  await host.until((text) => text === "+CADATAIND: 0", 60_000);
}

/** What `AT+CARECV` answers, byte by byte. */
async function received(world: Typed, most = 1_460): Promise<{ header: string; data: Uint8Array }> {
  world.bytes();
  world.host.type(`AT+CARECV=0,${most}\r`);
  await world.host.pass(1_000);
  const bytes = world.bytes();
  const text = Buffer.from(bytes).toString("latin1");
  const match = /^\r\n\+CARECV: (\d+)(,?)/.exec(text)!;
  const data = bytes.subarray(match[0].length, match[0].length + (match[2] === "" ? 0 : Number(match[1])));
  expect(text.slice(match[0].length + data.length)).toBe("\r\n\r\nOK\r\n");
  return { header: match[0].trim(), data };
}

describe("single commands", () => {
  it.each([
    ["AT", ["OK"]],
    ["AT+CGSN", [imei, "OK"]],
    ["AT+CGMM", ["SIMCOM_SIM7080G", "OK"]],
    ["AT+CFUN?", ["+CFUN: 1", "OK"]],
    ["AT+CPIN?", ["+CPIN: READY", "OK"]],
    ["AT+CEREG=5", ["ERROR"]],
    ["AT+CEREG=?", ["+CEREG: (0-2,4)", "OK"]],
    ["AT+CGSN=1", ["+CME ERROR: 793"]],
    ["AT+CESQ", ["ERROR"]],
    ["AT+CEREG=4", ["OK"]],
    ["AT+CNMP?", ["+CNMP: 2", "OK"]],
    ["AT+CNMP=38", ["OK"]],
    ["AT+CNMP=3", ["+CME ERROR: 793"]],
    ["AT+CMNB=4", ["+CME ERROR: 793"]],
    ['AT+CBANDCFG="NB-IOT",8,20', ["OK"]],
    ['AT+CBANDCFG="LTE",8', ["+CME ERROR: 793"]],
    ["AT+CNCFG?", [...[0, 1, 2, 3].map((id) => `+CNCFG: ${id},0,"","","",0`), "OK"]],
    ['AT+CNCFG=0,1,"iot.example"', ["OK"]],
    ['AT+CNCFG=4,1,"iot.example"', ["+CME ERROR: 793"]],
    ["AT+CPSMSTATUS?", ["+CPSMSTATUS: 0", "OK"]],
    ["AT+CPSMSTATUS=2", ["+CME ERROR: 793"]],
    ["AT+CRAI=2,0", ["OK"]],
    ["AT+CRAI=3", ["+CME ERROR: 793"]],
    ["AT+CLTS=1", ["OK"]],
    ["AT+CPSI?", ["+CPSI: NO SERVICE,Online", "OK"]],
    ["AT+CAOPEN?", ["OK"]],
    ["AT+CSOC=1,2,1", ["ERROR"]],
    ["AT+CPSMS?", ['+CPSMS: 0,,,"00100001","00000101"', "OK"]],
  ])("%s", async (text, lines) => {
    const { host } = await booted("sim7080");
    expect(await host.command(text)).toEqual(lines);
  });

  it("refuses sockets that are not open", async () => {
    const { host } = await connected();
    for (const text of ["AT+CASEND=1,5", "AT+CARECV=1,100", "AT+CACLOSE=1"]) {
      expect((await host.command(text)).at(-1), text).toMatch(/^(ERROR|\+CME ERROR: 50)$/);
    }
  });
});

describe("context and sockets", () => {
  it("has four contexts, of which one can be switched on and off", async () => {
    const { host } = await registered("sim7080");
    expect(await host.command("AT+CNACT?")).toEqual([
      '+CNACT: 0,0,"0.0.0.0"',
      '+CNACT: 1,0,"0.0.0.0"',
      '+CNACT: 2,0,"0.0.0.0"',
      '+CNACT: 3,0,"0.0.0.0"',
      "OK",
    ]);
    expect(await host.command("AT+CNACT=0,1")).toEqual(["OK"]);
    expect(await host.until((text) => text.startsWith("+APP PDP"), 10_000)).toEqual(["+APP PDP: 0,ACTIVE"]);
    expect((await host.command("AT+CNACT?"))[0]).toMatch(/^\+CNACT: 0,1,"\d+\.\d+\.\d+\.\d+"$/);
    expect(await host.command("AT+CNACT=0,0")).toEqual(["OK"]);
    expect(await host.until((text) => text.startsWith("+APP PDP"), 10_000)).toEqual(["+APP PDP: 0,DEACTIVE"]);
  });

  it("opens sockets with a context only, and tells so in front of OK or behind it", async () => {
    const withContext = new Set<string>();
    const without = new Set<string>();
    for (const seed of seeds) {
      const { host } = await registered("sim7080", seed);
      const open = async (): Promise<string> => {
        const lines = await host.command('AT+CAOPEN=0,0,"UDP","203.0.113.5",5683');
        const late = await host.until((text) => text.startsWith("+CAOPEN"), 2_000);
        return [...lines, ...late].join(" ");
      };
      without.add(await open());
      await host.command("AT+CNACT=0,1");
      await host.pass(5_000);
      withContext.add(await open());
      const again = await open();
      expect(again).toContain("+CAOPEN: 0,1");
      expect(await host.command("AT+CAOPEN?")).toEqual(['+CAOPEN: 0,0,"UDP","203.0.113.5",5683,0', "OK"]);
    }
    expect(withContext).toEqual(new Set(["+CAOPEN: 0,0 OK", "OK +CAOPEN: 0,0"]));
    expect(without).toEqual(
      new Set(["+CAOPEN: 0,1 OK", "OK +CAOPEN: 0,1", "+CAOPEN: 0,21 OK", "OK +CAOPEN: 0,21"]),
    );
  });

  it("sends behind a prompt and gives back every byte value on the header's own line", async () => {
    const said = new Set<string>();
    for (const seed of seeds) {
      const world = await connected(seed);
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => (i + 65) & 0xff);
      const before = world.host.texts.length;
      await echo(world, bytes);
      said.add(world.host.texts.slice(before).join(" "));
      expect(world.arrived).toEqual([bytes]);
      expect(await received(world)).toEqual({ header: "+CARECV: 256,", data: bytes });
      expect((await received(world)).header).toBe("+CARECV: 0");
    }
    // The prompt has a blank behind it, or not.
    expect([...said].sort()).toEqual([
      ">  +CASEND: 0,0,256 OK +CADATAIND: 0",
      ">  OK +CADATAIND: 0",
      "> +CASEND: 0,0,256 OK +CADATAIND: 0",
      "> OK +CADATAIND: 0",
    ]);
  });

  it("may join datagrams that wait, or keep them apart", async () => {
    const reads = new Set<string>();
    for (const seed of seeds) {
      const world = await connected(seed);
      await echo(
        world,
        new Random(seed).bytes(30).map((byte) => byte | 0x80),
      );
      await world.host.pass(3_000);
      world.host.type("AT+CASEND=0,20\r");
      await world.host.pass(300);
      world.host.write(new Random(seed).bytes(20).map((byte) => byte | 0x80));
      await world.host.pass(20_000);
      const lengths: number[] = [];
      for (let i = 0; i < 4; i++) lengths.push((await received(world, 25)).data.length);
      reads.add(lengths.join());
    }
    // Joined; apart; apart, and the rest of one that was read in part is lost.
    expect([...reads].sort()).toEqual(["25,20,0,0", "25,25,0,0", "25,5,20,0"]);
  });

  it("tells a lost context and closes the sockets with it", async () => {
    const { host, modem } = await connected();
    modem.dropContext();
    const lines = await host.until((text) => text.startsWith("+APP PDP"), 1_000);
    expect(lines).toEqual(["+APP PDP: 0,DEACTIVE"]);
    expect(await host.command("AT+CAOPEN?")).toEqual(["OK"]);
  });
});

describe("power saving", () => {
  it.each(seeds.slice(0, 8))("sleeps, and starts anew when the key is pressed (seed %d)", async (seed) => {
    const world = await connected(seed, psm);
    const { host, modem } = world;
    const asleep = await host.until((text) => text.startsWith("+CPSMSTATUS"), 120_000);
    expect(asleep.at(-1)).toBe('+CPSMSTATUS: "ENTER PSM"');
    expect(modem.state).toBe("psm");
    host.type("AT\r");
    await host.pass(5_000);
    expect(modem.state, "the UART wakes it").toBe("psm");
    await press(world, 500);
    await host.pass(5_000);
    expect(modem.state, "too short a press wakes it").toBe("psm");
    await press(world, 1_100);
    await host.pass(8_000);
    expect(modem.state).toBe("on");
    await host.command("ATE0");
    expect(await host.command("AT+CAOPEN?")).toEqual(["OK"]);
    expect((await host.command("AT+CNACT?"))[0]).toBe('+CNACT: 0,0,"0.0.0.0"');
    expect(await host.command("AT+CPSMS?")).toEqual(['+CPSMS: 1,,,"00100001","00000101"', "OK"]);
    expect((await host.command("AT+CEREG?"))[0]).toMatch(/^\+CEREG: 0,1$/);
  });

  it("says that it woke, or not: its setting may not outlive the boot", async () => {
    const said = new Set<boolean>();
    for (const seed of seeds) {
      const world = await connected(seed, psm);
      await world.host.until((text) => text.includes("ENTER PSM"), 120_000);
      await press(world, 1_100);
      await world.host.pass(8_000);
      said.add(world.host.texts.includes('+CPSMSTATUS: "EXIT PSM"'));
    }
    expect(said.size).toBe(2);
  });
});
