/** What the firmwares of BC66 and of BC660K differ in, as their manuals' tables and other people's logs have it. */
import { describe, expect, it } from "vitest";
import { bc66, bc660k } from "../../../../../host-sim/sim/modem/family/bc66";
import type { Family } from "../../../../../host-sim/sim/modem/family";
import type { SimulatedModemOptions } from "../../../../../host-sim/sim/modem/simulated-modem";
import { booted } from "./typed";
import type { Typed } from "./typed";

const names = { bc66, bc660k } as const;

/** A modem of which these coins fell on heads, and all others on tails; its radio is on. */
function drawnAs(name: keyof typeof names, ...heads: readonly string[]): { family: Family } {
  const nvram = (): ReturnType<Family["nvram"]> => {
    const kept = names[name].nvram();
    const coins = ["quotes", "rai", "oneline0", "pushes", "apnquiet", "used", "autobaud", "keepslevels"];
    for (const coin of [...coins, "dnsquotes", "survives", "cclkutc"]) {
      kept.own.set(coin, heads.includes(coin) ? "yes" : "no");
    }
    return kept;
  };
  return { family: { ...names[name], nvram } };
}

async function online(
  name: keyof typeof names,
  options: Partial<SimulatedModemOptions> = {},
  ...heads: readonly string[]
): Promise<Typed> {
  const world = await booted(name, 1, { ...drawnAs(name, ...heads), ...options });
  await world.all("AT+QSCLK=0", "AT+CFUN=0");
  await world.host.pass(1_000);
  await world.all("AT+CEREG=5", "AT+CFUN=1");
  await world.host.until((text) => text.startsWith("+IP: "), 120_000);
  return world;
}

const refused = async ({ host }: Typed, text: string): Promise<boolean> =>
  /ERROR/.test((await host.command(text)).at(-1)!);

describe("BC66", () => {
  it("has the routing area's field in front of the cause since its newer builds", async () => {
    const cases = [
      ["nar01a03", /^\+CEREG: 5,3,"\w+","\w+",9,0,15$/],
      ["nbr01a10", /^\+CEREG: 5,3,,,,,0,15$/],
    ] as const;
    for (const [firmware, line] of cases) {
      const world = await booted("bc66", 1, { ...drawnAs("bc66"), firmware });
      await world.all("AT+QSCLK=0", "AT+CFUN=0");
      world.cell.denial = 15;
      await world.host.pass(1_000);
      await world.all("AT+CEREG=5", "AT+CFUN=1");
      const urc = await world.host.until((text) => text.startsWith("+CEREG: 3,"), 120_000);
      expect(`+CEREG: 5,${urc.at(-1)!.slice(8)}`).toMatch(line);
      expect((await world.host.command("AT+CEREG?"))[0]).toMatch(line);
    }
  });

  it("registered, the timers stand behind that field", async () => {
    const world = await booted("bc66", 1, drawnAs("bc66"));
    await world.all("AT+QSCLK=0", "AT+CFUN=0", 'AT+CPSMS=1,,,"00100001","00000101"');
    await world.host.pass(1_000);
    await world.all("AT+CEREG=5", "AT+CFUN=1");
    const lines = await world.host.until((text) => text.startsWith("+CEREG: 1,"), 120_000);
    expect(lines.at(-1)).toMatch(/^\+CEREG: 1,"\w{4}","\w{8}",9,"00",,,"00000101","00100001"$/);
  });

  it("release assistance, its own name servers and showlength came with the newer builds", async () => {
    const lines = ["AT+QNBIOTRAI=1", 'AT+QIDNSCFG=1,"8.8.8.8"', 'AT+QICFG="showlength",1'];
    const older = await online("bc66", { firmware: "nar01a03" }, "rai");
    for (const text of lines) expect(await refused(older, text), text).toBe(true);
    const newer = await online("bc66", {}, "rai");
    await newer.all(...lines);
  });

  it("the older builds take digits without quotes only, whatever newer ones are drawn to want", async () => {
    const world = await online("bc66", { firmware: "nar01a03" }, "quotes");
    world.host.type('AT+QIOPEN=1,0,"UDP","203.0.113.5",5683,0,0\r');
    await world.host.until((text) => text === "+QIOPEN: 0,0", 10_000);
    expect(await refused(world, 'AT+QISENDEX=0,1,"00"')).toBe(true);
    await world.all("AT+QISENDEX=0,1,00");
  });

  it("resolves names in an unsolicited line", async () => {
    const world = await online("bc66");
    world.cell.names.set("cloud.example", "203.0.113.9");
    world.host.type('AT+QIDNSGIP=1,"cloud.example"\r');
    const lines = await world.host.until((text) => text.includes("203."), 60_000);
    expect(lines).toEqual(["OK", '+QIURC: "dnsgip",0,1,300', '+QIURC: "dnsgip","203.0.113.9"']);
    world.host.type('AT+QIDNSGIP=1,"nobody.example"\r');
    expect((await world.host.until((text) => text.includes("565"), 60_000)).at(-1)).toBe(
      '+QIURC: "dnsgip",565',
    );
  });

  it("has no command for a login but QCGDEFCONT, which counts from the next start", async () => {
    const world = await booted("bc66", 1, drawnAs("bc66"));
    expect(await refused(world, 'AT+CGAUTH=1,1,"me","secret"')).toBe(true);
    await world.all('AT+QCGDEFCONT="IP","a.b","me","secret"');
    expect((await world.host.command("AT+QCGDEFCONT?"))[0]).toBe('+QCGDEFCONT: "IP","a.b","me","secret"');
  });
});

describe("BC660K", () => {
  it.each([
    ["aar01a03", "Revision: BC660KGLAAR01A03", true],
    ["aar01a05", "Revision: BC660KGLAAR01A05", false],
  ])(
    "%s tells what it is; CGAUTH and CIPCA came with V1.1 of the manual",
    async (firmware, revision, older) => {
      const world = await online("bc660k", { firmware });
      expect(await world.host.command("AT+CGMR")).toEqual([revision, "OK"]);
      for (const text of ["AT+CIPCA=3,0", 'AT+CGAUTH=0,1,"me","secret"', "AT+QESMC?"]) {
        expect(await refused(world, text), text).toBe(older);
      }
    },
  );

  it("viewmode 1 is the one line of the first firmware, 0 that of newer builds where it is drawn so", async () => {
    for (const [firmware, value] of [
      ["aar01a03", "1"],
      ["aar01a05", "0"],
    ]) {
      const world = await online("bc660k", { firmware }, "oneline0");
      await world.all('AT+QICFG="dataformat",1,1', `AT+QICFG="viewmode",${value}`);
      world.host.type('AT+QIOPEN=0,0,"UDP","203.0.113.5",5683,0,0\r');
      await world.host.until((text) => text === "+QIOPEN: 0,0", 10_000);
      world.host.type('AT+QISEND=0,2,"0A0B"\r');
      await world.host.until((text) => text.startsWith("+QIURC:"), 30_000);
      expect(await world.host.command("AT+QIRD=0,512")).toEqual(['+QIRD: 2,"0A0B"', "OK"]);
    }
  });

  it("commands that its manual does not list do not exist, and test forms tell ranges", async () => {
    const world = await online("bc660k");
    for (const text of ["AT+QRELLOCK", "AT+QPOWD=0", "AT+QTEMP", "AT+CTZU=1", "AT+QISENDEX=0,1,00"]) {
      expect(await world.host.command(text), text).toEqual(["ERROR"]);
    }
    expect(await world.host.command("AT+CEREG=?")).toEqual(["+CEREG: (0-5)", "OK"]);
    expect(await world.host.command("AT+CEREG=6")).toEqual(["+CME ERROR: 50"]);
  });

  it("defines context 0 with QCGDEFCONT alone, and tells its address with CGDCONT", async () => {
    const world = await online("bc660k");
    expect(await refused(world, 'AT+CGDCONT=0,"IP","a.b"')).toBe(true);
    expect((await world.host.command("AT+CGDCONT?"))[0]).toMatch(/^\+CGDCONT: 0,"IP","","10\.[\d.]+"$/);
    expect(await world.host.command("AT+CGPADDR=1")).toEqual(["+CGPADDR: 1", "OK"]);
  });

  it("assists a release only while it is connected", async () => {
    const world = await online("bc660k");
    await world.all("AT+QNBIOTRAI=1");
    await world.host.pass(30_000);
    expect(await world.host.command("AT+CSCON?")).toEqual(["+CSCON: 0,0", "OK"]);
    expect(await world.host.command("AT+QNBIOTRAI=1")).toEqual(["+CME ERROR: 602"]);
  });

  it("keeps echo, error style and levels over a restart, as its manual says, where it is drawn so", async () => {
    for (const keeps of [true, false]) {
      const world = await booted("bc660k", 1, drawnAs("bc660k", ...(keeps ? ["keepslevels"] : [])));
      await world.all("AT+CEREG=4", "AT+CSCON=1");
      world.modem.reboot("test");
      await world.host.pass(8_000);
      await world.host.command("AT", 300);
      const lines = await world.host.command("AT+CEREG?");
      expect(lines.includes("AT+CEREG?")).toBe(!keeps);
      expect(lines.some((text) => text.startsWith("+CEREG: 4,"))).toBe(keeps);
      expect(await world.host.command("AT+CFUN=9")).toContain(keeps ? "+CME ERROR: 50" : "ERROR");
    }
  });

  it("resolves names in lines behind its OK, the address in quotes or not", async () => {
    for (const quotes of [true, false]) {
      const world = await online("bc660k", {}, ...(quotes ? ["dnsquotes"] : []));
      world.cell.names.set("cloud.example", "203.0.113.9");
      world.host.type('AT+QIDNSGIP=0,"cloud.example"\r');
      const lines = await world.host.until((text) => text.includes("203."), 60_000);
      const address = quotes ? '"203.0.113.9"' : "203.0.113.9";
      expect(lines).toEqual(["OK", "+QIDNSGIP: 0,1,300", `+QIDNSGIP: ${address}`]);
    }
  });

  it("looks for the cell in its bands alone; QBAND detaches and attaches anew", async () => {
    const world = await online("bc660k");
    world.host.type("AT+QBAND=1,20\r");
    const lines = await world.host.until((text) => text === "+CEREG: 2", 30_000);
    expect(lines).toContain("OK");
    await world.host.pass(120_000);
    expect((await world.host.command("AT+CEREG?"))[0]).not.toMatch(/^\+CEREG: 5,1/);
    await world.all("AT+QBAND=0");
    await world.host.until((text) => text.startsWith("+CEREG: 1,"), 120_000);
  });
});

describe("a PIN", () => {
  it.each(["bc66", "bc660k"] as const)("%s: asked for, entered, refused by number", async (name) => {
    const world = await booted(name, 1, { ...drawnAs(name), pin: "2468" });
    await world.all("AT+QSCLK=0");
    expect(await world.host.command("AT+CPIN?")).toEqual(["+CPIN: SIM PIN", "OK"]);
    expect(await world.host.command("AT+CIMI")).toEqual(["+CME ERROR: 11"]);
    expect((await world.host.command("AT+QCCID"))[0]).toMatch(/^\+QCCID: 89/);
    expect(await world.host.command('AT+CPIN="1111"')).toEqual(["+CME ERROR: 16"]);
    await world.all('AT+CPIN="2468"');
    expect(await world.host.command("AT+CPIN?")).toEqual(["+CPIN: READY", "OK"]);
    await world.host.until((text) => text.startsWith("+IP: "), 120_000);
  });

  it("the tries that are left are BC660K's to tell", async () => {
    const world = await booted("bc660k", 1, { ...drawnAs("bc660k"), pin: "2468" });
    await world.all("AT+QSCLK=0");
    await world.host.command('AT+CPIN="1111"');
    expect(await world.host.command("AT+CPINR")).toEqual([
      '+CPINR: "SIM PIN",2,3',
      '+CPINR: "SIM PUK",10,10',
      "OK",
    ]);
    expect(await world.host.command('AT+CLCK="SC",2')).toEqual(["+CLCK: 1", "OK"]);
  });
});

describe("sockets in trouble", () => {
  it.each(["bc66", "bc660k"] as const)(
    "%s: an opening ends with the error that was asked for",
    async (name) => {
      const world = await online(name, { quirks: { openingError: 566 } });
      world.host.type(`AT+QIOPEN=${name === "bc66" ? 1 : 0},0,"UDP","203.0.113.5",5683,0,0\r`);
      const lines = await world.host.until((text) => text.startsWith("+QIOPEN:"), 10_000);
      expect(lines).toEqual(["OK", "+QIOPEN: 0,566"]);
      expect((await world.host.command("AT+QICLOSE=0")).at(-1)).toBe("ERROR");
    },
  );

  it("a read brings fewer bytes than its header says", async () => {
    const world = await online("bc66", { quirks: { shortReads: true } });
    await world.all('AT+QICFG="dataformat",1,1');
    world.host.type('AT+QIOPEN=1,0,"UDP","203.0.113.5",5683,0,0\r');
    await world.host.until((text) => text === "+QIOPEN: 0,0", 10_000);
    world.host.type("AT+QISENDEX=0,4,0A0B0C0D\r");
    await world.host.until((text) => text.startsWith("+QIURC:"), 30_000);
    expect(await world.host.command("AT+QIRD=0,512")).toEqual(["+QIRD: 4", "0A0B0C", "OK"]);
  });
});
