/**
 * BC95 and SARA-N2 as their logs have them (dan-leo/masters, code/tests/logs and code/test_logs), and what their
 * firmwares differ in.
 */
import { describe, expect, it } from "vitest";
import type { SimulatedModemOptions } from "../../../../../host-sim/sim/modem/simulated-modem";
import { booted } from "./typed";
import type { Typed } from "./typed";

type Name = "bc95" | "sara-n2";

/** The levels of CEREG that each firmware takes, the highest. */
const highest = { b656: 3, b657: 3, g: 5, "sara-n2 b656": 2, "06-57": 5 } as const;

async function online(name: Name, options: Partial<SimulatedModemOptions> = {}, seed = 1): Promise<Typed> {
  const world = await booted(name, seed, options);
  await world.all("AT+CFUN=0", "AT+CEREG=1", "AT+CFUN=1");
  await world.host.until((text) => /^\+CEREG: ?1$/.test(text), 120_000);
  return world;
}

const refused = async ({ host }: Typed, text: string): Promise<boolean> =>
  /ERROR/.test((await host.command(text)).at(-1)!);

/** A socket to 203.0.113.5; its number. */
async function created({ host }: Typed): Promise<string> {
  const [id, ok] = await host.command("AT+NSOCR=DGRAM,17,0,1");
  expect(ok).toBe("OK");
  return id;
}

describe.each([
  ["bc95", "b656", highest.b656],
  ["bc95", "b657", highest.b657],
  ["bc95", "g", highest.g],
  ["sara-n2", "b656", highest["sara-n2 b656"]],
  ["sara-n2", "06-57", highest["06-57"]],
] as const)("%s %s", (name, firmware, level) => {
  it(`takes CEREG to ${level}`, async () => {
    const world = await booted(name, 1, { firmware });
    await world.all(`AT+CEREG=${level}`);
    for (let n = level + 1; n <= 5; n++) expect(await refused(world, `AT+CEREG=${n}`), String(n)).toBe(true);
  });

  it("has no CPIN and no CESQ; the card's state is in what CIMI answers", async () => {
    const world = await booted(name, 1, { firmware });
    for (const text of ["AT+CPIN?", "AT+CESQ", "AT+IPR=9600"]) {
      expect(await world.host.command(text), text).toEqual(["+CME ERROR: 4"]);
    }
    expect(await world.host.command("AT+CIMI")).toEqual(["001010030000017", "OK"]);
    world.modem.removeSim();
    expect(await world.host.command("AT+CIMI")).toEqual(["+CME ERROR: 10"]);
  });

  it("says nothing by itself of a card that is ready, at the start and behind a sleep", async () => {
    const world = await online(name, { firmware });
    expect(world.host.texts.filter((text) => /CPIN|NPIN/.test(text))).toEqual([]);
  });

  it("keeps its echo off", async () => {
    const world = await online(name, { firmware });
    expect(await world.host.command("AT")).toEqual(["OK"]);
    expect(await refused(world, "ATE0")).toBe(name === "sara-n2" || firmware === "b656");
  });

  it("a socket that it has not given is error 530, none without a network 30", async () => {
    const world = await booted(name, 1, { firmware });
    await world.all("AT+CFUN=0");
    expect(await world.host.command("AT+NSOCL=1")).toEqual(["+CME ERROR: 530"]);
    expect(await world.host.command("AT+NSOCR=DGRAM,17,0,1")).toEqual(["+CME ERROR: 30"]);
  });

  it("sends, hints and reads", async () => {
    const world = await online(name, { firmware });
    const id = await created(world);
    world.host.type(`AT+NSOSTF=${id},203.0.113.5,5683,0x400,3,393837\r`);
    const lines = await world.host.until((text) => text.startsWith("+NSONMI:"), 30_000);
    expect(lines).toContain(`${id},3`);
    const quote = name === "sara-n2" ? '"' : "";
    expect(await world.host.command(`AT+NSORF=${id},512`)).toEqual([
      `${id},${quote}203.0.113.5${quote},5683,3,${quote}393837${quote},0`,
      "OK",
    ]);
    expect(await world.host.command(`AT+NSORF=${id},512`)).toEqual(["OK"]);
  });

  it("counts what is left of the datagram that is read, and tells of the next then, unless it has", async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const world = await online(name, { firmware }, seed);
      const id = await created(world);
      const hints = (): number => world.host.texts.filter((text) => text.startsWith("+NSONMI:")).length;
      for (const digits of ["0A0B0C", "0D0E"]) {
        const q = name === "sara-n2" ? '"' : "";
        const said = `AT+NSOST=${id},${q}203.0.113.5${q},5683,${digits.length / 2},${q}${digits}${q}`;
        expect(await world.host.command(said)).toContain("OK");
        await world.host.pass(20_000);
      }
      const told = hints();
      expect((await world.host.command(`AT+NSORF=${id},1`))[0]).toMatch(/0A"?,2$/);
      await world.host.pass(1_000);
      expect(hints()).toBe(told);
      expect((await world.host.command(`AT+NSORF=${id},512`))[0]).toMatch(/0B0C"?,0$/);
      await world.host.pass(1_000);
      expect(hints()).toBe(2);
      expect((await world.host.command(`AT+NSORF=${id},512`))[0]).toMatch(/0D0E"?,0$/);
    }
  });

  it("numbers messages on BC95-G alone, and takes 1,358 bytes there", async () => {
    const world = await online(name, { firmware });
    const id = await created(world);
    const send = (length: number, tail: string): string =>
      `AT+NSOST=${id},203.0.113.5,5683,${length},${"A5".repeat(length)}${tail}`;
    const newest = firmware === "g";
    expect(await refused(world, send(1, ",7"))).toBe(!newest);
    expect(await refused(world, send(513, ""))).toBe(!newest);
    if (!newest) return;
    await world.host.until((text) => text === `+NSOSTR:${id},7,1`, 5_000);
  });

  it("saves power where its firmware does", async () => {
    const world = await booted(name, 1, { firmware });
    const older = firmware === "b656";
    expect(await refused(world, "AT+CPSMS=1,,,01000011,01000011")).toBe(older);
    expect(await refused(world, "AT+NPSMR=1")).toBe(older);
  });
});

describe("what they write", () => {
  it("BC95 has no blanks and, before BC95-G, no quotes", async () => {
    const world = await booted("bc95", 1, { firmware: "b657" });
    await world.all("AT+CFUN=0");
    expect(await world.host.command("AT+CFUN?")).toEqual(["+CFUN:0", "OK"]);
    await world.all("AT+CEREG=3", "AT+CSCON=1", 'AT+CGDCONT=0,"IP","nbiot.vodacom.za"', "AT+CFUN=1");
    const lines = await world.host.until((text) => text.startsWith("+CEREG:1"), 120_000);
    expect(lines).toContain("+CEREG:2,0000,00000000,9,,");
    expect(lines).toContain("+CEREG:1,5B57,01A50B1A,9,,");
    expect(await world.host.command("AT+CEREG?")).toEqual(["+CEREG:3,1,5B57,01A50B1A,9,,", "OK"]);
    expect(await world.host.command("AT+COPS?")).toEqual(['+COPS:0,2,"00101"', "OK"]);
    expect(await world.host.command("AT+CGDCONT?")).toEqual([
      '+CGDCONT:0,"IP","nbiot.vodacom.za",,0,0,,,,,0',
      "OK",
    ]);
    expect((await world.host.command("AT+CGMR"))[0]).toBe("SECURITY,V100R100C10B657SP5");
    const [radio] = await world.host.command("AT+NUESTATS=RADIO");
    expect(radio).toMatch(/^NUESTATS:RADIO,Signal power:-\d+$/);
    expect((await world.host.command("AT+NUESTATS"))[0]).toMatch(/^Signal power:-\d+$/);
  });

  it("SARA-N2 has both, and calls NB-IoT 7", async () => {
    const world = await booted("sara-n2", 1);
    await world.all("AT+CFUN=0", "AT+CEREG=5", 'AT+CPSMS=1,,,"00100001","00000101"', "AT+CFUN=1");
    const lines = await world.host.until((text) => text.startsWith("+CEREG: 1"), 120_000);
    expect(lines).toContain('+CEREG: 2,"0000","0",7,,,,');
    expect(lines.at(-1)).toBe('+CEREG: 1,"5B57","1A50B1A",7,,,"00000101","00100001"');
    await world.all("AT+COPS=2");
    expect(await world.host.command("AT+COPS?")).toEqual(["+COPS: 2", "OK"]);
    expect((await world.host.command("AT+CEREG?"))[0]).toBe('+CEREG: 5,0,"0000","0",7,,,,');
    expect((await world.host.command('AT+NUESTATS="RADIO"'))[0]).toMatch(
      /^NUESTATS: "RADIO","Signal power",-\d+$/,
    );
    expect((await world.host.command("AT+CCID"))[0]).toMatch(/^\+CCID: 89/);
    expect(await world.host.command("AT+NCCID")).toEqual(["+CME ERROR: 4"]);
  });

  it.each([
    ["bc95", "b657", "AT+CEREG=3", "+CEREG:3,5B57,01A50B1A,9,0,15", "+CEREG:2,5B57,01A50B1A,9,0,15"],
    [
      "sara-n2",
      "06-57",
      "AT+CEREG=5",
      '+CEREG: 3,"5B57","1A50B1A",7,0,15,,',
      '+CEREG: 2,"5B57","1A50B1A",7,0,15,,',
    ],
  ] as const)(
    "%s %s tells the cause while it searches, too",
    async (name, firmware, level, denied, searching) => {
      const world = await booted(name, 1, { firmware });
      await world.all("AT+CFUN=0", level);
      world.cell.denial = 15;
      await world.all("AT+CFUN=1");
      const lines = await world.host.until((text) => text === searching, 1_800_000);
      expect(lines).toContain(denied);
    },
  );

  it.each([
    ["bc95", "b656", "SECURITY,V100R100C10B656SP2", 6],
    ["bc95", "b657", "SECURITY,V100R100C10B657SP5", 6],
    ["bc95", "g", "BC95GJBR01A06", 1],
    ["sara-n2", "06-57", "06.57,A07.03", 1],
  ] as const)("%s %s tells its version", async (name, firmware, first, lines) => {
    const world = await booted(name, 1, { firmware });
    const answer = await world.host.command("AT+CGMR");
    expect(answer[0]).toBe(first);
    expect(answer.length).toBe(lines + 1);
  });

  it("b657 and later tell the cause by CEER, and that there is none", async () => {
    const world = await booted("bc95", 1, { firmware: "b657" });
    expect(await world.host.command("AT+CEER")).toEqual(["+CEER:No report available", "OK"]);
    await world.all("AT+CFUN=0", "AT+CEREG=3");
    world.cell.denial = 11;
    await world.all("AT+CFUN=1");
    await world.host.until((text) => text.startsWith("+CEREG:3"), 1_800_000);
    expect(await world.host.command("AT+CEER")).toEqual(["+CEER:EMM cause 11", "OK"]);
  });
});

describe("a PIN", () => {
  it.each([
    ["sara-n2", "+NPIN: "],
    ["bc95", "+NPIN:"],
  ] as const)("%s: asked for by a line, entered with NPIN", async (name, head) => {
    const world = await booted(name, 1, { pin: "2468" });
    expect(world.host.texts).toContain(`${head}"ENTER PIN"`);
    expect(await world.host.command("AT+CIMI")).toEqual(["+CME ERROR: 11"]);
    world.host.type('AT+NPIN=0,"1111"\r');
    const wrong = await world.host.until((text) => text.startsWith(head), 5_000);
    expect(wrong).toEqual(["OK", `${head}"ERROR wrong PIN"`]);
    world.host.type('AT+NPIN=0,"2468"\r');
    const right = await world.host.until((text) => text.startsWith(head), 5_000);
    expect(right).toEqual(["OK", `${head}"OK"`]);
    expect(await world.host.command("AT+CIMI")).toEqual(["001010030000017", "OK"]);
  });
});

describe("the rest", () => {
  it("BC95-G resolves names in a line behind its OK", async () => {
    const world = await online("bc95");
    world.cell.names.set("cloud.example", "203.0.113.9");
    world.host.type("AT+QDNS=0,cloud.example\r");
    const found = await world.host.until((text) => text.startsWith("+QDNS:"), 60_000);
    expect(found).toEqual(["OK", "+QDNS:203.0.113.9"]);
    world.host.type("AT+QDNS=0,nobody.example\r");
    const lost = await world.host.until((text) => text.startsWith("+QDNS:"), 60_000);
    expect(lost.at(-1)).toBe("+QDNS:FAIL");
  });

  it("its clock is UTC with the zone behind it", async () => {
    const world = await online("bc95", { zone: 44 });
    expect((await world.host.command("AT+CCLK?"))[0]).toMatch(/^\+CCLK:"?26\/01\/01,00:\d\d:\d\d\+44"?$/);
  });

  it("NATSPEED is its rate", async () => {
    const world = await booted("bc95");
    expect(await world.host.command("AT+NATSPEED?")).toEqual(["+NATSPEED:9600,2,1", "OK"]);
    await world.all("AT+NATSPEED=57600,3,1");
    expect((await world.host.command("AT", 500)).at(-1)).not.toBe("OK");
  });

  it("a local port is any but that of its own CoAP", async () => {
    const world = await online("sara-n2");
    expect(await world.host.command("AT+NSOCR=DGRAM,17,5683,1")).toEqual(["+CME ERROR: 50"]);
    expect((await world.host.command("AT+NSOCR=DGRAM,17,5684,1")).at(-1)).toBe("OK");
  });

  it("a read brings fewer bytes than it says", async () => {
    const world = await online("bc95", { quirks: { shortReads: true } });
    const id = await created(world);
    world.host.type(`AT+NSOST=${id},203.0.113.5,5683,4,0A0B0C0D\r`);
    await world.host.until((text) => text.startsWith("+NSONMI:"), 30_000);
    expect((await world.host.command(`AT+NSORF=${id},512`))[0]).toBe(`${id},203.0.113.5,5683,4,0A0B0C,0`);
  });
});
