/** What the manuals of SIM7020, SIM7080 and SIM7000 say that matters to who uses them, firmware by firmware. */
import { describe, expect, it } from "vitest";
import { homeCarrier } from "../../../../../host-sim/sim/radio/link";
import { booted, registered, typed } from "./typed";
import type { Typed } from "./typed";

const seeds = Array.from({ length: 24 }, (_, i) => i + 1);
const names = ["sim7020", "sim7080", "sim7000"] as const;

/** Whether a modem that a former owner has set up so finds the cell, which is in band 8, within five minutes. */
async function finds(family: string, seed: number, ...formerOwner: readonly string[]): Promise<boolean> {
  const world = typed(family, seed, { formerOwner });
  await world.host.pass(300_000);
  return attached(world);
}

const attached = ({ events }: Typed): boolean =>
  events.some((event) => event.type === "attach" && event.stat === 1);

/** The lines of unsolicited results that begin so, within a minute. */
async function told({ host }: Typed, beginning: string): Promise<string> {
  return (await host.until((text) => text.startsWith(beginning), 60_000)).at(-1) ?? "";
}

describe("bands that a former owner has left", () => {
  it("hide the cell from a SIM7080 or SIM7000", async () => {
    for (const family of ["sim7080", "sim7000"]) {
      expect(await finds(family, 1), family).toBe(true);
      expect(await finds(family, 1, 'AT+CBANDCFG="NB-IOT",5'), family).toBe(false);
      expect(await finds(family, 1, 'AT+CBANDCFG="NB-IOT",5,8'), family).toBe(true);
      expect(await finds(family, 1, 'AT+CBANDCFG="CAT-M",5'), family).toBe(true);
      expect(await finds(family, 1, "AT+CMNB=1"), family).toBe(false);
      expect(await finds(family, 1, "AT+CNMP=13"), family).toBe(false);
    }
  });

  it("are changed without a restart there", async () => {
    const world = await booted("sim7080", 1, { formerOwner: ['AT+CBANDCFG="NB-IOT",5'] });
    await world.host.pass(120_000);
    expect(attached(world)).toBe(false);
    expect((await world.host.command("AT+CBANDCFG?"))[1]).toBe('+CBANDCFG: "NB-IOT",5');
    await world.all('AT+CBANDCFG="NB-IOT",5,8');
    await world.host.pass(61_000);
    expect(attached(world)).toBe(true);
  });

  it("hide it from a SIM7020, or are only searched first", async () => {
    expect(await finds("sim7020", 1, "AT+CBAND=5")).toBe(false);
    expect(await finds("sim7020", 1, "AT+CBAND=8")).toBe(true);
    const found = new Set<boolean>();
    for (const seed of seeds) found.add(await finds("sim7020", seed, "AT+CBANDSL=1,1,5"));
    expect(found).toEqual(new Set([true, false]));
    for (const seed of seeds) {
      expect(await finds("sim7020", seed, "AT+CBANDSL=1,2,5,8")).toBe(true);
      expect(await finds("sim7020", seed, "AT+CBANDSL=1,1,5", "AT+CBANDSL=0")).toBe(true);
    }
  });

  it("are four in a SIM7020's list, and such as it has", async () => {
    const { host } = await booted("sim7020");
    for (const text of ["AT+CBANDSL=1,5,1,3,5,8,20", "AT+CBANDSL=1,1,7", "AT+CBANDSL=1,2,8", "AT+CBAND=7"]) {
      expect(await host.command(text), text).toEqual(["+CME ERROR: 50"]);
    }
    expect(await host.command("AT+CBANDSL=1,4,3,5,8,20")).toContain("OK");
    expect(await host.command("AT+CBANDSL?")).toEqual(["+CBANDSL: 3,5,8,20", "OK"]);
  });
});

describe("names", () => {
  const ask = (family: string): string =>
    family === "sim7080" ? 'AT+CDNSGIP="cloud.example",1,3000' : 'AT+CDNSGIP="cloud.example"';

  it.each(names)("are asked of the network: %s", async (family) => {
    const early = await booted(family);
    const refused = await early.host.command(ask(family));
    if (family === "sim7080") expect(await told(early, "+CDNSGIP")).toBe("+CDNSGIP: 0,3");
    else expect(refused).toEqual(["ERROR"]);
    const world = await registered(family);
    expect(await world.host.command(ask(family))).toEqual(["OK"]);
    expect(await told(world, "+CDNSGIP")).toBe("+CDNSGIP: 0,8");
    world.cell.names.set("cloud.example", "203.0.113.5");
    await world.all(ask(family));
    expect(await told(world, "+CDNSGIP")).toBe('+CDNSGIP: 1,"cloud.example","203.0.113.5"');
  });

  it("want a count and a time from a SIM7080, and older SIM7020 know none", async () => {
    const { host } = await registered("sim7080");
    expect(await host.command('AT+CDNSGIP="cloud.example"')).toEqual(["+CME ERROR: 793"]);
    const older = await booted("sim7020", 1, { firmware: "1752b05" });
    expect(await older.host.command('AT+CDNSGIP="cloud.example"')).toEqual(["ERROR"]);
  });
});

describe.each(names)("%s", (family) => {
  it("wants its card's PIN, tells of the lock, and takes the right one only", async () => {
    const world = await booted(family, 1, { pin: "1234" });
    const { host } = world;
    expect(await host.command("AT+CPIN?")).toEqual(["+CPIN: SIM PIN", "OK"]);
    expect(await host.command("AT+CIMI")).toEqual(["+CME ERROR: 11"]);
    expect(await host.command('AT+CLCK="SC",2')).toEqual(["+CLCK: 1", "OK"]);
    expect(await host.command('AT+CPIN="4321"')).toEqual(["+CME ERROR: 16"]);
    expect(await host.command('AT+CPIN="1234"')).toContain("OK");
    await host.pass(61_000);
    expect(attached(world)).toBe(true);
    expect(world.modem.card.attempts).toBe(2);
  });

  it("says in SIMCom's words that its supply is too low, and goes", async () => {
    const { host, modem } = await booted(family);
    modem.lowSupply(false);
    modem.lowSupply(true);
    await host.pass(100);
    expect(host.texts.slice(-3)).toEqual([
      "UNDER-VOLTAGE WARNNING",
      "UNDER-VOLTAGE WARNNING",
      "UNDER-VOLTAGE POWER DOWN",
    ]);
    expect(modem.state).toBe("off");
  });

  it("goes off without an OK: in good order with a word, at once without", async () => {
    for (const [text, word] of [
      ["AT+CPOWD=1", ["NORMAL POWER DOWN"]],
      ["AT+CPOWD=0", []],
    ] as const) {
      const { host, modem } = await booted(family);
      const before = host.texts.length;
      host.type(`${text}\r`);
      await host.pass(10_000);
      expect(host.texts.slice(before), text).toEqual(word);
      expect(modem.state).toBe("off");
    }
  });
});

describe("SIM7020", () => {
  it("has a routing area in CEREG since 2019, and names no place when it is denied", async () => {
    const fields = async (firmware: string, denial?: number): Promise<string> => {
      const world = await booted("sim7020", 1, { firmware });
      world.cell.denial = denial;
      await world.all("AT+CFUN=0", "AT+CEREG=5", "AT+CFUN=1");
      await world.host.pass(61_000);
      return (await world.host.command("AT+CEREG?"))[0];
    };
    expect(await fields("1752b05")).toBe('+CEREG: 5,1,"5B57","01A50B1A",9');
    expect(await fields("1752b09")).toBe('+CEREG: 5,1,"5B57","01A50B1A",9,"00"');
    expect(await fields("1752b05", 15)).toBe('+CEREG: 5,3,"5B57","01A50B1A",9,0,15');
    expect(await fields("1752b09", 15)).toBe("+CEREG: 5,3,,,,,0,15");
  });

  it("has neither RETENTION nor CNBIOTRAI nor ICCID in its first firmware", async () => {
    const later = ["AT+RETENTION?", "AT+CNBIOTRAI=1", "AT+ICCID", "AT+CURTC?", "AT+CNWRCCFG?"];
    const older = await booted("sim7020", 1, { firmware: "1752b05" });
    const newer = await booted("sim7020");
    for (const text of later) {
      expect(await older.host.command(text), text).toEqual(["ERROR"]);
      expect((await newer.host.command(text)).at(-1), text).toBe("OK");
    }
    expect(await older.host.command("AT+CGMR")).toEqual(["1752B05SIM7020G", "OK"]);
  });

  it("tells UTC or local time, as it is drawn until CURTC says which, from the next start on", async () => {
    const told = new Set<string>();
    const epoch = Date.UTC(2026, 9, 22, 23, 11, 41);
    for (const seed of seeds) {
      const world = await registered("sim7020", seed, ["AT+CLTS=1"], { epoch, zone: 44 });
      const [choice] = await world.host.command("AT+CURTC?");
      const [time] = await world.host.command("AT+CCLK?");
      told.add(`${choice} ${time.slice(0, 16)}`);
    }
    expect([...told].sort()).toEqual(["+CURTC: 0 +CCLK: 26/10/22,", "+CURTC: 1 +CCLK: 26/10/23,"]);
    const other = await booted("sim7020", 1, { formerOwner: ["AT+CURTC=1"] });
    expect(await other.host.command("AT+CURTC?")).toEqual(["+CURTC: 1", "OK"]);
  });

  it("gives data as it is, where a former owner has asked for that, or in hex", async () => {
    const world = await registered("sim7020", 1, [], { formerOwner: ["AT+CSORCVFLAG=1"] });
    const { host } = world;
    await world.all("AT+CSOC=1,2,1", 'AT+CSOCON=0,5683,"203.0.113.5"', "AT+CSOSEND=0,6,414243");
    expect(await told(world, "+CSONMI")).toBe("+CSONMI: 0,3,ABC");
    await world.all("AT+CSORCVFLAG=0", "AT+CSOSEND=0,6,414243");
    expect(await told(world, "+CSONMI")).toBe("+CSONMI: 0,6,414243");
    world.modem.reboot("test");
    await host.pass(12_000);
    expect((await host.command("AT+CSORCVFLAG?")).at(-2)).toBe("+CSORCVFLAG: 0");
  });

  it("takes data behind a prompt, with an OK behind its acceptance or without", async () => {
    const said = new Set<string>();
    for (const seed of seeds) {
      const world = await registered("sim7020", seed);
      const { host, arrived } = world;
      await world.all("AT+CSOC=1,2,1", 'AT+CSOCON=0,5683,"203.0.113.5"');
      const before = host.texts.length;
      host.type("AT+CSODSEND=0,4\r");
      await host.pass(300);
      host.write(Uint8Array.of(0, 13, 10, 26));
      await host.pass(300);
      said.add(host.texts.slice(before).join(" "));
      await told(world, "+CSONMI");
      expect(arrived).toEqual([Uint8Array.of(0, 13, 10, 26)]);
    }
    expect([...said].sort()).toEqual([">  DATA ACCEPT: 4", ">  DATA ACCEPT: 4 OK"]);
  });
});

describe("SIM7080", () => {
  it("stays without radio after AT+CFUN=4, over restarts too", async () => {
    const world = await booted("sim7080");
    await world.all("AT+CFUN=4");
    world.modem.reboot("test");
    await world.host.pass(120_000);
    await world.host.command("ATE0");
    expect(await world.host.command("AT+CFUN?")).toEqual(["+CFUN: 4", "OK"]);
    const searched = world.events.filter((event) => event.type === "attach").length;
    await world.all("AT+CFUN=1");
    await world.host.pass(61_000);
    expect(world.events.filter((event) => event.type === "attach").length).toBeGreaterThan(searched);
    expect((await world.host.command("AT+CEREG?"))[0]).toBe("+CEREG: 0,1");
  });

  it("tells by number why a socket does not open", async () => {
    const results = new Set<string>();
    const open = async (world: Typed, host: string): Promise<void> => {
      const lines = await world.host.command(`AT+CAOPEN=0,0,"UDP","${host}",5683`);
      const late = lines.some((text) => text.startsWith("+CAOPEN")) ? "" : await told(world, "+CAOPEN");
      results.add(`${host} ${[...lines, late].find((text) => text.startsWith("+CAOPEN"))}`);
    };
    for (const seed of seeds) {
      const world = await registered("sim7080", seed);
      await open(world, "10.0.0.1");
      await world.all("AT+CNACT=0,1");
      await world.host.pass(5_000);
      await open(world, "nonesuch.example");
      world.cell.names.set("cloud.example", "203.0.113.5");
      await open(world, "cloud.example");
      await open(world, "10.0.0.2");
      await world.all("AT+CACLOSE=0");
      world.cell.outage = true;
      await world.host.pass(20_000);
      await open(world, "10.0.0.3");
    }
    expect([...results].sort()).toEqual([
      "10.0.0.1 +CAOPEN: 0,1",
      "10.0.0.1 +CAOPEN: 0,21",
      "10.0.0.2 +CAOPEN: 0,1",
      "10.0.0.3 +CAOPEN: 0,2",
      "10.0.0.3 +CAOPEN: 0,27",
      "cloud.example +CAOPEN: 0,0",
      "nonesuch.example +CAOPEN: 0,20",
    ]);
  });

  it("tells a cause by its name or by its number, or not at all", async () => {
    const said = new Set<string>();
    for (const seed of seeds) {
      const world = await booted("sim7080", seed);
      world.cell.denial = 19;
      await world.all("AT+CFUN=0", "AT+CFUN=1");
      await world.host.pass(61_000);
      said.add((await world.host.command("AT+CEER"))[0]);
    }
    expect([...said].sort()).toEqual(["+CEER: EMM_CAUSE,19", "+CEER: EMM_CAUSE_ESM_FAILURE", "ERROR"]);
    const older = await booted("sim7080", 1, { firmware: "1951b05" });
    expect(await older.host.command("AT+CEER")).toEqual(["ERROR"]);
  });

  it("tells local time, whatever *PSUTTZ tells", async () => {
    const epoch = Date.UTC(2026, 9, 22, 23, 11, 41);
    const world = await registered("sim7080", 1, ["AT+CLTS=1"], { epoch, zone: 44 });
    expect((await world.host.command("AT+CCLK?"))[0]).toMatch(/^\+CCLK: "26\/10\/23,10:.*\+44"$/);
    expect(world.host.texts).toContainEqual(expect.stringMatching(/^\*PSUTTZ: 2026,10,22,23,.*"\+44",0$/));
  });

  it("has no receive mode, CLRNET or CASRIP in firmware B05", async () => {
    const older = await booted("sim7080", 1, { firmware: "1951b05" });
    const { host } = older;
    expect(await host.command("AT+CLRNET=2,1")).toEqual(["ERROR"]);
    expect(await host.command("AT+CASRIP?")).toEqual(["ERROR"]);
    expect(await host.command('AT+CAOPEN=0,0,"UDP","10.0.0.1",5683,0')).toEqual(["+CME ERROR: 793"]);
    expect(await host.command("AT+CNACT=0,2")).toEqual(["+CME ERROR: 793"]);
    expect(await host.command("AT+CGMR")).toEqual(["Revision:1951B05SIM7080", "OK"]);
  });

  it("tells the access point name that the network gave", async () => {
    const world = await registered("sim7080", 1, ['AT+CGDCONT=1,"IP","iot.example"']);
    expect(await world.host.command("AT+CGNAPN")).toEqual(['+CGNAPN: 1,"iot.example"', "OK"]);
    const blank = await registered("sim7080", 1, ['AT+CGDCONT=1,"IP",""']);
    expect((await blank.host.command("AT+CGNAPN"))[0]).toMatch(/^\+CGNAPN: 1,"[a-z.]+"$/);
  });
});

describe("SIM7000", () => {
  it("tells nothing by CREG in NB-IoT", async () => {
    const { host } = await registered("sim7000");
    expect(await host.command("AT+CREG?")).toEqual(["+CREG: 0,0", "OK"]);
    expect(await host.command("AT+CGREG?")).toEqual(["+CGREG: 0,1", "OK"]);
  });

  it("takes data without waiting for it to be sent, when told to", async () => {
    const world = await registered("sim7000");
    const { host } = world;
    await world.all('AT+CSTT="iot.example","",""', "AT+CIICR");
    await host.command("AT+CIFSR", 1_000);
    await world.all("AT+CIPQSEND=1", 'AT+CIPSTART="UDP","203.0.113.5",5683');
    await told(world, "CONNECT OK");
    host.type("AT+CIPSEND=2\r");
    await host.pass(300);
    host.write(Uint8Array.of(1, 2));
    expect(await told(world, "DATA ACCEPT")).toBe("DATA ACCEPT: 2");
  });
});

describe("short reads", () => {
  it("bring a quarter less than their header says", async () => {
    const quirks = { shortReads: true };
    const newer = await registered("sim7080", 1, [], { quirks });
    await newer.all("AT+CNACT=0,1");
    await newer.host.pass(5_000);
    await newer.host.command('AT+CAOPEN=0,0,"UDP","203.0.113.5",5683');
    await newer.host.pass(1_000);
    newer.host.type("AT+CASEND=0,4\r");
    await newer.host.pass(300);
    newer.host.write(Uint8Array.of(65, 66, 67, 68));
    await told(newer, "+CADATAIND");
    expect((await newer.host.command("AT+CARECV=0,1460"))[0]).toBe("+CARECV: 4,ABC");
    const older = await registered("sim7000", 1, [], { quirks });
    await older.all("AT+CIPRXGET=1", 'AT+CSTT="iot.example"', "AT+CIICR");
    await older.host.command("AT+CIFSR", 1_000);
    await older.all('AT+CIPSTART="UDP","203.0.113.5",5683');
    await told(older, "CONNECT OK");
    older.host.type("AT+CIPSEND=4\r");
    await older.host.pass(300);
    older.host.write(Uint8Array.of(65, 66, 67, 68));
    await told(older, "+CIPRXGET: 1");
    expect((await older.host.command("AT+CIPRXGET=3,730"))[1]).toBe("414243");
  });
});

describe("an access point that wants a login", () => {
  const login = { user: "me", password: "secret" };
  /** What is told by these commands, and whether the network then takes the modem within a minute. */
  async function taken(family: string, ...commands: readonly string[]): Promise<boolean> {
    const world = await booted(family);
    world.cell.carrier = { ...homeCarrier, login };
    await world.all("AT+CFUN=0", ...commands, "AT+CFUN=1");
    await world.host.pass(61_000);
    return (await world.host.command("AT+CEREG?"))[0].includes(",1");
  }

  it("refuses a SIM7020 and a SIM7080 that does not tell it at the attach", async () => {
    expect(await taken("sim7020")).toBe(false);
    expect(await taken("sim7020", 'AT*MCGDEFCONT="IP","iot.example","me","secret"')).toBe(true);
    expect(await taken("sim7020", 'AT*MCGDEFCONT="IP","iot.example","me","wrong"')).toBe(false);
    expect(await taken("sim7020", 'AT+CGAUTH=1,1,"me","secret"')).toBe(true);
    expect(await taken("sim7080")).toBe(false);
    expect(await taken("sim7080", 'AT+CGAUTH=1,1,"secret","me"')).toBe(true);
    expect(await taken("sim7080", 'AT+CGAUTH=1,1,"me","secret"')).toBe(false);
  });

  it("is told it by a SIM7000 behind the attach, with the APN", async () => {
    const world = await registered("sim7000");
    world.cell.carrier = { ...homeCarrier, login };
    await world.all('AT+CSTT="iot.example","me","wrong"');
    expect(await world.host.command("AT+CIICR", 90_000)).toEqual(["ERROR"]);
    await world.host.command("AT+CIPSHUT", 3_000);
    await world.all('AT+CSTT="iot.example","me","secret"', "AT+CIICR");
  });
});

it.each(names)(
  "%s says SMS Ready up to half a minute after its start, and serves long before",
  async (family) => {
    const delays: number[] = [];
    for (const seed of seeds) {
      const world = await booted(family, seed, { baud: 115_200 });
      const { lines } = world.host;
      await world.host.pass(40_000);
      const at = (text: string): number => lines.find((line) => line.text === text)!.time;
      delays.push(at("SMS Ready") - at("RDY"));
    }
    expect(Math.min(...delays)).toBeLessThan(8_000);
    expect(Math.max(...delays)).toBeGreaterThan(25_000);
    expect(Math.max(...delays)).toBeLessThan(33_000);
  },
);
