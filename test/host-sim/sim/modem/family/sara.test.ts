/** SARA-R4 and SARA-R5 at their AT ports, as u-blox's manual and application notes have them. */
import { describe, expect, it } from "vitest";
import { homeCarrier } from "../../../../../host-sim/sim/radio/link";
import { inSmallestUnit } from "../../../../../host-sim/sim/modem/family/sara-sleep";
import { booted, press } from "./typed";
import type { Typed } from "./typed";

const address = '"203.0.113.5"';

/** Booted, told its context, restarted, and registered. */
async function online(family: string, firmware?: string, more: readonly string[] = []): Promise<Typed> {
  const world = await booted(family, 1, { firmware });
  await world.all("AT+CFUN=0", 'AT+CGDCONT=1,"IP","iot.example"', ...more);
  if (family === "sara-r5") await world.all("AT+URAT=8");
  await restart(world);
  await world.host.pass(90_000);
  return world;
}

async function restart(world: Typed): Promise<void> {
  await world.host.pass(150);
  world.host.type("AT+CFUN=15\r");
  await world.host.pass(12_000);
  await world.all("ATE0", "AT+CMEE=1");
}

const ask = ({ host }: Typed, text: string): Promise<string[]> => host.command(text, 200_000);

describe("CEREG", () => {
  it.each([
    ["sara-r4", "r410m-02b-00", 3],
    ["sara-r4", "r410m-02b-04", 4],
    ["sara-r4", "r410m-83b", 4],
    ["sara-r5", "r510s-00b", 5],
    ["sara-r5", "r510s-01b", 5],
  ])("of %s %s goes up to %i", async (family, firmware, most) => {
    const world = await booted(family, 1, { firmware });
    for (let level = 0; level <= 6; level++) {
      const expected = level <= most ? ["OK"] : ["+CME ERROR: 4"];
      expect([level, await ask(world, `AT+CEREG=${level}`)]).toEqual([level, expected]);
    }
  });
});

it("CEREG of a SARA-R410M-02B has the MME's code between area and cell", async () => {
  const world = await online("sara-r4", "r410m-02b-04");
  for (const [level, told] of [
    [2, '+CEREG: 2,1,"5B57","01A50B1A",9'],
    [4, '+CEREG: 4,1,"5B57","80","01A50B1A",9'],
  ] as const) {
    await world.all(`AT+CEREG=${level}`);
    expect(await ask(world, "AT+CEREG?")).toEqual([told, "OK"]);
  }
});

describe("what a firmware has", () => {
  it.each([
    ["sara-r4", "r410m-02b-04", "AT+UPSMR=1", "ERROR"],
    ["sara-r4", "r410m-83b", "AT+UPSMR=1", "OK"],
    ["sara-r4", "r410m-02b-04", "AT+CSCON=1", "ERROR"],
    ["sara-r4", "r410m-83b", "AT+UPSV=1", "+CME ERROR: 4"],
    ["sara-r4", "r410m-83b", "AT+UPSV=4", "OK"],
    ["sara-r4", "r410m-83b", "AT+CFUN=16", "+CME ERROR: 4"],
    ["sara-r4", "r410m-83b", 'AT+CGAUTH=1,1,"a","b"', "ERROR"],
    ["sara-r4", "r410m-02b-00", "AT+IPR=230400", "+CME ERROR: 4"],
    ["sara-r4", "r410m-02b-04", 'AT+CPSMS=1,,,"00100001"', "+CME ERROR: 4"],
    ["sara-r4", "r410m-02b-04", "AT+CPSMS=0", "OK"],
    ["sara-r5", "r510s-00b", "AT+UPSMVER?", "ERROR"],
    ["sara-r5", "r510s-00b", "AT+URAT=8", "+CME ERROR: 4"],
    ["sara-r5", "r510s-01b", "AT+URAT=8", "OK"],
    ["sara-r5", "r510s-01b", "AT+NONSENSE", "ERROR"],
  ])("%s %s: %s -> %s", async (family, firmware, text, last) => {
    const world = await booted(family, 1, { firmware });
    await world.all("AT+CFUN=0");
    expect((await ask(world, text)).at(-1)).toBe(last);
  });

  it("is what its identity tells", async () => {
    const world = await booted("sara-r5", 1, { firmware: "r510s-00b" });
    expect(await ask(world, "ATI")).toEqual(["SARA-R510S-00B-00", "OK"]);
    expect(await ask(world, "ATI9")).toEqual(["02.05,A00.01", "OK"]);
    expect(await ask(world, "AT+CGMR")).toEqual(["02.05", "OK"]);
    expect(await ask(world, "AT+CCID?")).toEqual([expect.stringMatching(/^\+CCID: \d{18,20}$/), "OK"]);
    expect(await ask(world, "AT+UPINCNT")).toEqual(["+UPINCNT: 3,3,10,10", "OK"]);
  });
});

describe("technology, bands and the operator's profile", () => {
  it("are taken up at a restart, and set only while it is not registered", async () => {
    const world = await online("sara-r4");
    expect(await ask(world, "AT+URAT=8")).toEqual(["+CME ERROR: 3"]);
    expect(await ask(world, "AT+UMNOPROF=100")).toEqual(["+CME ERROR: 3"]);
    await world.all("AT+CFUN=0", "AT+UBANDMASK=1,524288", "AT+CFUN=1");
    await world.host.pass(90_000);
    expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,1");
    await restart(world);
    await world.host.pass(300_000);
    expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,4");
    await world.all("AT+CFUN=0", "AT+UBANDMASK=1,128");
    await restart(world);
    await world.host.pass(90_000);
    expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,1");
  });

  it.each(["2", "3"])(
    "profile %s refuses another technology for good, and registers all the same",
    async (profile) => {
      const world = await booted("sara-r4", 1, { formerOwner: [`AT+UMNOPROF=${profile}`] });
      await world.all("AT+CFUN=0", 'AT+CGDCONT=1,"IP","iot.example"');
      for (const text of ["AT+URAT=8", "AT+UBANDMASK=1,128"]) {
        expect(await ask(world, text)).toEqual(["+CME ERROR: 3"]);
      }
      await world.all("AT+CFUN=1");
      await world.host.pass(90_000);
      expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,1");
      await world.all("AT+CFUN=0", "AT+UMNOPROF=100");
      await restart(world);
      await world.all("AT+CFUN=0", "AT+URAT=8");
    },
  );

  it("without NB-IoT there is no NB-IoT cell, and none of LTE-M without that", async () => {
    const carrier = { ...homeCarrier, technology: "lte-m" as const };
    for (const [family, firmware, technology, expected] of [
      ["sara-r5", "r510s-00b", undefined, "+CEREG: 0,4"],
      ["sara-r5", "r510s-00b", carrier, "+CEREG: 0,1"],
      ["sara-r4", undefined, carrier, "+CEREG: 0,1"],
    ] as const) {
      const world = await booted(family, 1, { firmware });
      if (technology !== undefined) world.cell.carrier = technology;
      await restart(world);
      await world.host.pass(300_000);
      expect(await ask(world, "AT+CEREG?")).toContain(expected);
    }
  });
});

describe("power saving", () => {
  it.each([
    ["00000001", "10010100"],
    ["00000010", "10110100"],
    ["00100001", "00000110"],
    ["10110100", "10110100"],
    ["11100000", "11100000"],
  ])("T3412 %s is told as %s", (set, told) => expect(inSmallestUnit(set)).toBe(told));

  it("of SARA-R4 is asked for from the next start on", async () => {
    const world = await online("sara-r4");
    await world.all("AT+CFUN=0", 'AT+CPSMS=1,,,"00100001","00000101"', "AT+CFUN=1");
    await world.host.pass(90_000);
    expect(await ask(world, "AT+UCPSMS?")).toEqual(["+UCPSMS: 0", "OK"]);
    expect(await ask(world, "AT+CPSMS?")).toEqual(['+CPSMS: 1,,,"00000110","00000101"', "OK"]);
    await world.all("AT+UPSMR=1");
    await restart(world);
    world.host.lines.length = 0;
    await world.host.until((text) => text === "+UUPSMR: 1", 120_000);
    expect(world.modem.state).toBe("psm");
    await press(world, 300);
    await world.host.pass(8_000);
    expect(world.host.texts).toContain("+UUPSMR: 0");
  });

  it("of SARA-R5 needs UPSV, which is forgotten unless it is stored", async () => {
    const world = await online("sara-r5", "r510s-01b", ['AT+CPSMS=1,,,"00100001","00000101"']);
    await world.host.pass(300_000);
    expect(world.modem.state).toBe("on");
    expect(await ask(world, "AT+UCPSMS?")).toEqual(['+UCPSMS: 1,,,"00100001","00000101",1', "OK"]);
    await world.all("AT+UPSV=1,1000");
    await world.host.pass(60_000);
    expect(world.modem.state).toBe("psm");
    await press(world, 1_100);
    await world.host.pass(8_000);
    expect(await ask(world, "AT+UPSV?")).toEqual(["AT+UPSV?", "+UPSV: 0", "OK"]);
    await world.all("ATE0", "AT+UPSV=1,1000", "AT&W");
    await restart(world);
    expect(await ask(world, "AT+UPSV?")).toEqual(["+UPSV: 1,1000", "OK"]);
  });
});

describe("SARA-R5", () => {
  it("tells of the context what the network gave, and needs one of the same type for its sockets", async () => {
    const world = await booted("sara-r5", 1);
    world.cell.carrier = { ...homeCarrier, onlyApn: true, apn: "given.example" };
    await world.all("AT+CFUN=0", 'AT+CGDCONT=1,"IPV4V6","iot.example"', "AT+URAT=8");
    await restart(world);
    await world.host.pass(90_000);
    const [told] = await ask(world, "AT+CGDCONT?");
    expect(told).toMatch(/^\+CGDCONT: 1,"IPV4V6","given\.example","10\.45\./);
    expect((await ask(world, "AT+USOCR=17")).at(-1)).not.toBe("OK");
    await world.all("AT+UPSD=0,100,1", "AT+UPSD=0,0,0");
    expect(await ask(world, "AT+UPSDA=0,3")).toEqual(["+CME ERROR: 3"]);
    await world.all("AT+UPSD=0,0,2", "AT+UPSDA=0,3");
    await world.host.until((text) => text.startsWith("+UUPSDA: 0,"), 5_000);
    expect(await ask(world, "AT+USOCR=17,12000")).toEqual(["+USOCR: 0,12000", "OK"]);
  });

  it("forgets its rate at a start unless it was stored, and finds the host's then", async () => {
    const world = await booted("sara-r5", 1);
    await world.all("AT+IPR=115200");
    expect(await ask(world, "AT+IPR?")).toContain("+IPR: 115200");
    await restart(world);
    expect(await ask(world, "AT+IPR?")).toContain("+IPR: 0");
    await world.all("AT+IPR=115200", "AT&W");
    await restart(world);
    expect(await ask(world, "AT+IPR?")).toContain("+IPR: 115200");
  });

  it("is in flight mode again after a start, where it was left in it", async () => {
    const world = await booted("sara-r5", 1);
    await world.all("AT+CFUN=4");
    world.modem.reboot("test");
    await world.host.pass(12_000);
    expect(await ask(world, "AT+CFUN?")).toContain("+CFUN: 4");
  });
});

describe("sockets", () => {
  const opened = async (family: string, more: readonly string[] = []): Promise<Typed> => {
    const world = await online(family);
    if (family === "sara-r5") await world.all("AT+UPSD=0,100,1", "AT+UPSD=0,0,0", "AT+UPSDA=0,3");
    await world.host.pass(2_000);
    await world.all("AT+USOCR=17", ...more);
    return world;
  };

  it.each([
    ["sara-r4", 0],
    ["sara-r5", 2],
  ])("%s: what a read has no room for", async (family, left) => {
    const world = await opened(family, ["AT+UDCONF=1,1"]);
    await world.all(`AT+USOST=0,${address},5683,4,"01020304"`);
    await world.host.until((text) => /^\+UUSOR[FD]: 0,4$/.test(text), 30_000);
    world.host.lines.length = 0;
    await world.all("AT+USORF=0,2");
    await world.host.pass(1_000);
    const [told, ok, hint = ""] = world.host.texts;
    expect([told, ok]).toEqual([`+USORF: 0,${address},5683,2,"0102"`, "OK"]);
    expect(hint).toMatch(left === 0 ? /^$/ : /^\+UUSOR[FD]: 0,2$/);
    expect(await ask(world, "AT+USORF=0,0")).toEqual([`+USORF: 0,${left}`, "OK"]);
  });

  it("a host may be given by its name, and be asked for", async () => {
    const world = await opened("sara-r4", ["AT+UDCONF=1,1"]);
    world.cell.names.set("cloud.example", "203.0.113.9");
    expect(await ask(world, 'AT+UDNSRN=0,"cloud.example"')).toEqual(['+UDNSRN: "203.0.113.9"', "OK"]);
    expect(await ask(world, 'AT+UDNSRN=0,"other.example"')).toEqual(["+CME ERROR: 3"]);
    await world.all('AT+USOST=0,"cloud.example",5683,1,"2A"');
    await world.host.pass(30_000);
    expect(world.arrived).toEqual([Uint8Array.of(42)]);
  });

  it("hexadecimal is remembered over a start by SARA-R5 of 01B, and by no other", async () => {
    for (const [family, firmware, kept] of [
      ["sara-r4", "r410m-83b", 0],
      ["sara-r5", "r510s-00b", 0],
      ["sara-r5", "r510s-01b", 1],
    ] as const) {
      const world = await booted(family, 1, { firmware });
      await world.all("AT+UDCONF=1,1");
      await restart(world);
      expect(await ask(world, "AT+UDCONF=1")).toContain(`+UDCONF: 1,${kept}`);
    }
  });
});

describe("an access point that wants to know its user", () => {
  const login = { user: "me", password: "secret" };

  it.each([
    ["sara-r4", 'AT+UAUTHREQ=1,1,"secret","me"', "+CEREG: 3,1,"],
    ["sara-r4", 'AT+UAUTHREQ=1,1,"me","secret"', '+CEREG: 3,3,"5B57","01A50B1A",9,0,19'],
    ["sara-r5", 'AT+UAUTHREQ=1,1,"me","secret"', "+CEREG: 3,1,"],
    ["sara-r5", "AT+UAUTHREQ=1,0", '+CEREG: 3,3,"5B57","01A50B1A",9,0,19'],
  ])("%s: %s -> %s", async (family, text, expected) => {
    const world = await booted(family, 1);
    world.cell.carrier = { ...homeCarrier, login };
    await world.all("AT+CFUN=0", 'AT+CGDCONT=1,"IP","iot.example"');
    if (family === "sara-r5") {
      await world.all("AT+URAT=8");
      await restart(world);
      await world.all("AT+CFUN=0");
    }
    await world.all(text, "AT+CEREG=3", "AT+CFUN=1");
    await world.host.pass(70_000);
    const [told] = await ask(world, "AT+CEREG?");
    expect(told.startsWith(expected)).toBe(true);
  });
});

it("AT+COPS=0 makes a registered modem choose anew, and keeps its address", async () => {
  const world = await online("sara-r4");
  const [before] = await ask(world, "AT+CGPADDR=1");
  world.events.length = 0;
  await world.all("AT+COPS=0");
  await world.host.pass(70_000);
  const stats = world.events.flatMap((event) => (event.type === "attach" ? [event.stat] : []));
  expect(stats).toEqual([2, 1]);
  expect((await ask(world, "AT+CGPADDR=1"))[0]).toBe(before);
});

it("the clock of a SARA-R4 is UTC or local time, each modem its way, the zone beside both", async () => {
  const told = new Set<string>();
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const world = await booted("sara-r4", seed, { epoch: Date.UTC(2026, 9, 23, 10), zone: 44 });
    await world.all("AT+CFUN=0", "AT+CTZU=1", "AT+CFUN=1");
    await world.host.pass(90_000);
    const [clock] = await ask(world, "AT+CCLK?");
    told.add(clock.replace(/:[0-9]{2}:[0-9]{2}\+/, "+"));
  }
  expect(told).toEqual(new Set(['+CCLK: "26/10/23,10+44"', '+CCLK: "26/10/23,21+44"']));
});

it("AT+COPS=1 finds that network and no other", async () => {
  const world = await online("sara-r4");
  await world.all('AT+COPS=1,2,"26201"');
  await world.host.pass(300_000);
  expect(await ask(world, "AT+CEREG?")).toContain("+CEREG: 0,4");
  world.cell.carrier = { ...homeCarrier, plmn: "26201" };
  await world.all('AT+COPS=1,2,"26201"');
  await restart(world);
  await world.host.pass(90_000);
  expect(await ask(world, "AT+COPS?")).toContain('+COPS: 1,0,"Network 26201",9');
  await world.all("AT+COPS=3,2");
  expect(await ask(world, "AT+COPS?")).toContain('+COPS: 1,2,"26201",9');
});
