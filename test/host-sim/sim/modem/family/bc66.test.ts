/** The simulated BC66 and BC660K as a patient host sees them, held against Quectel's manuals. */
import { describe, expect, it } from "vitest";
import { bc66, bc660k } from "../../../../../host-sim/sim/modem/family/bc66";
import type { Family } from "../../../../../host-sim/sim/modem/family";
import type { Draw } from "../../../../../host-sim/sim/modem/family/bc66-firmware";
import { imei, typed } from "./typed";
import type { Typed } from "./typed";

const seeds = Array.from({ length: 16 }, (_, i) => i + 1);
const psm = 'AT+CPSMS=1,,,"00100001","00000101"';
const final = /^(OK|ERROR|\+CME ERROR: .*)$/;

const names = { bc66, bc660k } as const;
type Name = keyof typeof names;
const every: readonly Draw[] = [
  "quotes",
  "rai",
  "bandcount",
  "bandsorted",
  "oneline0",
  "pushes",
  "apnquiet",
  "keepsicfg",
  "keepsevent",
  "keepslevels",
  "dnsquotes",
  "survives",
  "cclkutc",
  "used",
  "autobaud",
];

/** A modem of which these coins fell on heads, and all others on tails. */
function drawnAs(name: Name, ...heads: readonly Draw[]): { family: Family } {
  const nvram = (): ReturnType<Family["nvram"]> => {
    const kept = names[name].nvram();
    for (const draw of every) kept.own.set(draw, heads.includes(draw) ? "yes" : "no");
    return kept;
  };
  return { family: { ...names[name], nvram } };
}

/** Until it answers: its UART may be asleep. */
async function awake({ host }: Typed): Promise<void> {
  for (let i = 0; i < 10; i++) if ((await host.command("AT", 300)).at(-1) === "OK") return;
  throw new Error("no answer");
}

/** Booted, echo off, errors as numbers. */
async function booted(
  name: Name,
  seed: number | string,
  options: { family: Family; zone?: number },
): Promise<Typed> {
  const world = typed(name, seed, options);
  await world.host.pass(6_000);
  await awake(world);
  await world.all("ATE0", "AT+CMEE=1");
  return world;
}

async function registered(name: Name, seed: number | string, ...heads: readonly Draw[]): Promise<Typed> {
  const world = await booted(name, seed, drawnAs(name, ...heads));
  await world.all("AT+CFUN=0");
  await world.host.pass(1_000);
  await world.all(psm, "AT+QNBIOTEVENT=1,1", "AT+CEREG=4", "AT+CFUN=1");
  await world.host.until((text) => text.startsWith("+CEREG: 1,"), 120_000);
  await world.host.until((text) => text.startsWith("+IP: "), 10_000);
  return world;
}

async function opened(name: Name, seed: number | string, ...heads: readonly Draw[]): Promise<Typed> {
  const world = await registered(name, seed, ...heads);
  await open(world, name);
  return world;
}

async function open({ host }: Typed, name: Name, tail = ",0,0"): Promise<void> {
  host.type(`AT+QIOPEN=${name === "bc66" ? 1 : 0},0,"UDP","203.0.113.5",5683${tail}\r`);
  const lines = await host.until((text) => text.startsWith("+QIOPEN:"), 10_000);
  expect(lines).toEqual(["OK", "+QIOPEN: 0,0"]);
}

/** Sends, and waits for SEND OK and the hint at what comes back. */
async function echoed({ host }: Typed, command: string): Promise<string[]> {
  host.type(`${command}\r`);
  const lines = await host.until((text) => text.startsWith("+QIURC:"), 30_000);
  return lines;
}

const asleep = (world: Typed): Promise<string[]> =>
  world.host.until((text) => text.includes("ENTER PSM"), 120_000);

describe("what they are", () => {
  it("BC66 begins with its boot ROM's chatter, RDY, and the card", async () => {
    const world = typed("bc66", 1, drawnAs("bc66"));
    const lines = await world.host.until((text) => text === "+CPIN: READY", 12_000);
    expect(lines[0]).toBe("F1: 0000 0000");
    expect(lines.slice(-4)).toEqual(["Leaving the BROM", "RDY", "+CFUN: 1", "+CPIN: READY"]);
    await world.all("ATE0");
    expect(await world.host.command("ATI")).toEqual([
      "Quectel_Ltd",
      "Quectel_BC66",
      "Revision: BC66NBR01A10",
      "OK",
    ]);
    expect(await world.host.command("AT+CGSN=1")).toEqual([`+CGSN: ${imei}`, "OK"]);
    expect(await world.host.command("AT+CREG?")).toEqual(["ERROR"]);
  });

  it("BC660K is ready with RDY", async () => {
    const world = typed("bc660k", 1, drawnAs("bc660k"));
    const lines = await world.host.until((text) => text === "+CPIN: READY", 12_000);
    expect(lines).toEqual(["RDY", "+CPIN: READY"]);
  });

  it("a BC66 that looks for the rate still says nothing", async () => {
    const world = typed("bc66", 1, drawnAs("bc66", "autobaud"));
    expect(await world.host.until(() => false, 4_000)).toEqual([]);
    expect((await world.host.command("AT")).at(-1)).toBe("OK");
  });

  it.each(["bc66", "bc660k"] as const)("%s: the radio stays as it was left over a restart", async (name) => {
    const world = await booted(name, 1, drawnAs(name));
    await world.all("AT+CFUN=0", "AT+QRST=1");
    await world.host.pass(8_000);
    await world.all("ATE0");
    expect(await world.host.command("AT+CPIN?")).toEqual(["+CPIN: NOT READY", "OK"]);
    expect(await world.host.command("AT+CFUN?")).toEqual(["+CFUN: 0", "OK"]);
  });

  it.each(["bc66", "bc660k"] as const)(
    "%s: the access point name counts from the next start",
    async (name) => {
      const context = name === "bc66" ? '1,"IP","APN",,0,0,0,,,,,,0,,0' : '0,"IP","APN"';
      const told = (apn: string): string => `+CGDCONT: ${context.replace("APN", apn)}`;
      const world = await booted(name, 1, drawnAs(name, "apnquiet"));
      expect(await world.host.command('AT+QCGDEFCONT="IP","a.b"')).toEqual(["+CME ERROR: 3"]);
      await world.all("AT+CFUN=0");
      await world.host.pass(1_000);
      await world.all('AT+QCGDEFCONT="IP","a.b"');
      expect(await world.host.command("AT+QCGDEFCONT?")).toEqual(['+QCGDEFCONT: "IP","a.b"', "OK"]);
      expect(await world.host.command("AT+CGDCONT?")).toEqual([told(""), "OK"]);
      await world.all("AT+QRST=1");
      await world.host.pass(8_000);
      await world.all("ATE0");
      expect(await world.host.command("AT+CGDCONT?")).toEqual([told("a.b"), "OK"]);
    },
  );
});

describe("BC66's sockets", () => {
  it.each(seeds)("QISENDEX, OK, SEND OK, the hint, QIRD, seed %d", async (seed) => {
    const world = await opened("bc66", seed);
    const lines = await echoed(world, "AT+QISENDEX=0,4,000D0A7E");
    expect(lines).toEqual(["OK", "SEND OK", '+QIURC: "recv",0']);
    world.bytes();
    await world.host.command("AT+QIRD=0,512");
    expect(String.fromCharCode(...world.bytes())).toBe("\r\n+QIRD: 4\r\n\x00\r\n~\r\n\r\nOK\r\n");
    expect(await world.host.command("AT+QIRD=0,512")).toEqual(["+QIRD: 0", "OK"]);
  });

  it("in hexadecimal, on one line or two, with what is left, as QICFG has it", async () => {
    const world = await opened("bc66", 1);
    await world.all('AT+QICFG="dataformat",1,1', 'AT+QICFG="showlength",1');
    expect((await echoed(world, "AT+QISENDEX=0,3,0A0B0C")).at(-1)).toBe('+QIURC: "recv",0,3');
    expect(await world.host.command("AT+QIRD=0,512")).toEqual(["+QIRD: 3,0", "0A0B0C", "OK"]);
    await world.all('AT+QICFG="viewmode",1');
    await echoed(world, "AT+QISENDEX=0,3,0A0B0C");
    expect(await world.host.command("AT+QIRD=0,2")).toEqual(["+QIRD: 2,1,0A0B", "OK"]);
    expect(await world.host.command("AT+QIRD=0,2")).toEqual(["+QIRD: 1,0,0C", "OK"]);
    expect(await world.host.command('AT+QICFG="dataformat"')).toEqual(['+QICFG: "dataformat",1,1', "OK"]);
    expect((await world.host.command('AT+QICFG="dataformat",1')).at(-1)).toBe("+CME ERROR: 50");
  });

  it.each([
    ["AT+QIRD=0,513"],
    ["AT+QIRD=1,512"],
    ['AT+QISENDEX=0,4,"000D0A7E"'],
    ["AT+QISENDEX=0,3,000D0A7E"],
    ["AT+QISENDEX=4,4,000D0A7E"],
  ])("refuses %s", async (text) => {
    const world = await opened("bc66", 1);
    expect((await world.host.command(text)).at(-1)).toMatch(/ERROR/);
  });

  it("wants quotes, where it wants them", async () => {
    const world = await opened("bc66", 1, "quotes");
    expect((await world.host.command("AT+QISENDEX=0,1,00")).at(-1)).toMatch(/ERROR/);
    expect((await world.host.command('AT+QISENDEX=0,1,"00"')).at(-1)).toBe("OK");
  });

  it("takes data behind a prompt as well", async () => {
    const world = await opened("bc66", 1);
    world.bytes();
    world.host.type("AT+QISEND=0,3\r");
    await world.host.pass(200);
    expect(String.fromCharCode(...world.bytes())).toBe("\r\n> ");
    world.host.write(Uint8Array.of(1, 0x0d, 3));
    expect(await world.host.until((text) => text === "SEND OK", 1_000)).toEqual(["> ", "OK", "SEND OK"]);
    await world.host.pass(20_000);
    expect(world.arrived).toEqual([Uint8Array.of(1, 0x0d, 3)]);
  });

  it("says which socket is there, in use, closed, or not", async () => {
    const world = await opened("bc66", 1);
    const [state] = await world.host.command("AT+QISTATE=1,0");
    expect(state).toMatch(/^\+QISTATE: 0,"UDP","203.0.113.5",5683,\d+,2,1,0$/);
    world.host.type('AT+QIOPEN=1,0,"UDP","203.0.113.5",5683,0,0\r');
    expect((await world.host.until((text) => text.startsWith("+QIOPEN"), 5_000)).at(-1)).toBe(
      "+QIOPEN: 0,563",
    );
    world.host.type("AT+QICLOSE=0\r");
    expect(await world.host.until((text) => text === "CLOSE OK", 5_000)).toEqual(["OK", "CLOSE OK"]);
    expect(await world.host.command("AT+QISTATE=1,0")).toEqual(["OK"]);
    expect(await world.host.command("AT+QICLOSE=0")).toEqual(["ERROR"]);
  });

  it("opens none before +IP:", async () => {
    const world = await booted("bc66", 1, drawnAs("bc66"));
    await world.all("AT+CFUN=0");
    await world.host.pass(1_000);
    await world.all("AT+CEREG=4", "AT+CFUN=1");
    await world.host.until((text) => text.startsWith("+CEREG: 1,"), 120_000);
    expect(await world.host.command("AT+CGPADDR=1")).toEqual(["+CGPADDR: 1", "OK"]);
    world.host.type('AT+QIOPEN=1,0,"UDP","203.0.113.5",5683,0,0\r');
    expect((await world.host.until((text) => text.startsWith("+QIOPEN"), 5_000)).at(-1)).toBe(
      "+QIOPEN: 0,561",
    );
    await world.host.pass(3_000);
    expect((await world.host.command("AT+CGPADDR=1"))[0]).toMatch(/^\+CGPADDR: 1,"10\./);
    await open(world, "bc66");
  });
});

describe("BC660K's sockets", () => {
  it.each([
    ["0", true],
    ["1", false],
  ])("viewmode %s is one line: %s, where that was drawn", async (value, oneLine) => {
    const world = await opened("bc660k", 1, "oneline0");
    await world.all('AT+QICFG="dataformat",1,1', `AT+QICFG="viewmode",${value}`);
    await echoed(world, 'AT+QISEND=0,4,"0A0B0C0D",2');
    const lines = oneLine ? ['+QIRD: 4,"0A0B0C0D"'] : ["+QIRD: 4", "0A0B0C0D"];
    expect(await world.host.command("AT+QIRD=0,512")).toEqual([...lines, "OK"]);
  });

  it("pushes, where no access mode is said, and does not keep what it has pushed", async () => {
    const world = await registered("bc660k", 1, "pushes");
    await world.all('AT+QICFG="dataformat",1,1');
    await open(world, "bc660k", "");
    expect((await echoed(world, 'AT+QISEND=0,2,"0A0B"')).at(-1)).toBe('+QIURC: "recv",0,2,"0A0B"');
    expect((await world.host.command("AT+QIRD=0,512")).at(-1)).toMatch(/ERROR/);
  });

  it("takes 1,024 bytes in hexadecimal, and no more", async () => {
    const world = await opened("bc660k", 1);
    await world.all('AT+QICFG="dataformat",1,1');
    await echoed(world, `AT+QISEND=0,1024,"${"A5".repeat(1_024)}"`);
    expect(world.arrived[0]).toEqual(new Uint8Array(1_024).fill(0xa5));
    expect((await world.host.command(`AT+QISEND=0,1025,"${"A5".repeat(1_025)}"`)).at(-1)).toMatch(/ERROR/);
  });

  it("assists the release in the same line", async () => {
    const world = await opened("bc660k", 1);
    await world.all('AT+QICFG="dataformat",1,1', 'AT+QISEND=0,1,"00",1');
    expect(world.events.filter((event) => event.type === "send").at(-1)).toMatchObject({ rai: 1 });
  });
});

describe("sleep", () => {
  it.each(seeds)("BC66: PSM after T3324 and the lock, PSM_EINT ends it by a boot, seed %d", async (seed) => {
    const world = await opened("bc66", seed, "keepsevent");
    expect(await asleep(world)).toContain('+QNBIOTEVENT: "ENTER PSM"');
    world.host.type("AT\r");
    await world.host.pass(5_000);
    expect(world.modem.state).toBe("psm");
    world.modem.setWakePin(true);
    await world.host.pass(50);
    world.modem.setWakePin(false);
    await world.host.pass(5_000);
    expect(world.modem.state, "too short").toBe("psm");
    world.modem.setWakePin(true);
    const lines = await world.host.until((text) => text === "RDY", 5_000);
    world.modem.setWakePin(false);
    expect(lines[0]).toBe('+QNBIOTEVENT: "EXIT PSM"');
    expect(lines).toContain("Leaving the BROM");
    expect(await world.host.command("AT+QISTATE=1,0")).toEqual(["AT+QISTATE=1,0", "OK"]);
    // It is back in the network without an attach.
    await world.all("ATE0", "AT+CEREG=4");
    await world.host.pass(6_000);
    expect((await world.host.command("AT+CEREG?"))[0]).toMatch(
      /^\+CEREG: 4,1,"\w+","\w+",9,"00",,,"\d+","\d+"$/,
    );
  });

  it("sockets live on where they do", async () => {
    const world = await opened("bc66", 1, "survives");
    await asleep(world);
    world.modem.setWakePin(true);
    await world.host.until((text) => text === "RDY", 5_000);
    await world.all("ATE0");
    expect((await world.host.command("AT+QISTATE=1,0"))[0]).toMatch(/^\+QISTATE: 0,/);
  });

  it("BC660K: wakeupRXD counts from the next start; then any byte ends PSM, and is lost", async () => {
    const world = await registered("bc660k", 1);
    await world.all('AT+QCFG="wakeupRXD",1', 'AT+QCFG="dsevent",1');
    await asleep(world);
    world.host.type("AT\r");
    await world.host.pass(5_000);
    expect(world.modem.state).toBe("psm");
    world.modem.reboot("test");
    await world.host.pass(8_000);
    await world.all("ATE0", psm, "AT+QNBIOTEVENT=1,1");
    const lines = await asleep(world);
    lines.push(...(await world.host.until((text) => text.includes("DEEPSLEEP"), 1_000)));
    expect(lines).toContain('+QNBIOTEVENT: "ENTER DEEPSLEEP"');
    await world.host.pass(10_000);
    world.host.type("AT\r");
    const woken = await world.host.until((text) => text === "RDY", 5_000);
    expect(woken).toEqual(['+QNBIOTEVENT: "EXIT DEEPSLEEP"', '+QNBIOTEVENT: "EXIT PSM"', "RDY"]);
    expect(await world.host.until((text) => text === "OK", 3_000)).not.toContain("OK");
    expect((await world.host.command("AT")).at(-1)).toBe("OK");
  });

  it.each(["bc66", "bc660k"] as const)("%s: no deep sleep with QSCLK 0 or 2", async (name) => {
    for (const mode of [0, 2]) {
      const world = await registered(name, 1);
      await world.all(`AT+QSCLK=${mode}`);
      await world.host.pass(300_000);
      expect(world.modem.state).toBe("on");
    }
  });

  it.each(["bc66", "bc660k"] as const)(
    "%s: ten seconds after a command, on BC66 at once with QRELLOCK, the next one is lost",
    async (name) => {
      const world = await registered(name, 1);
      await world.all("AT+CPSMS=0");
      await world.host.pass(40_000);
      world.host.type("AT\r");
      expect(await world.host.until((text) => final.test(text), 2_000)).toEqual([]);
      expect(await world.host.command("AT")).toEqual(["OK"]);
      await world.host.pass(9_000);
      expect(await world.host.command("AT")).toEqual(["OK"]);
      if (name === "bc66") await world.all("AT+QRELLOCK");
      else expect(await world.host.command("AT+QRELLOCK")).toEqual(["ERROR"]);
      await world.host.pass(name === "bc66" ? 500 : 40_000);
      world.host.type("AT\r");
      expect(await world.host.until((text) => final.test(text), 2_000)).toEqual([]);
      // While nothing sleeps, nothing is lost.
      await world.all("AT+QSCLK=0");
      await world.host.pass(40_000);
      expect(await world.host.command("AT")).toEqual(["OK"]);
    },
  );

  it("a restart in the moment of the wake is a new attach: the network has forgotten it", async () => {
    const world = await opened("bc66", 1);
    await asleep(world);
    world.modem.setWakePin(true);
    await world.host.until((text) => text === "RDY", 5_000);
    world.modem.reboot("brown-out");
    await world.host.until((text) => text.startsWith("+IP:"), 90_000);
    await awake(world);
    await world.all("ATE0");
    await open(world, "bc66");
    await echoed(world, "AT+QISENDEX=0,1,07");
    expect(world.arrived).toEqual([Uint8Array.of(7)]);
  });
});

describe("time", () => {
  it.each([
    [8, '+CTZEU: "+8",', "+08", "GMT+2"],
    [-20, '+CTZEU: "-20",', "-20", "GMT-5"],
  ])("zone %d: UTC in +CTZEU: and +QCCLK:", async (zone, told, quarters, hours) => {
    const world = await booted("bc66", 1, { ...drawnAs("bc66"), zone });
    await world.all("AT+CTZR=3", "AT+CFUN=0", "AT+CFUN=1");
    const lines = await world.host.until((text) => text.startsWith("+CTZEU:"), 120_000);
    expect(lines.at(-1)!.startsWith(told)).toBe(true);
    expect(lines.at(-1)).toMatch(/,[01],"2026\/01\/01,00:0\d:\d\d"$/);
    const [utc] = await world.host.command("AT+QCCLK?");
    expect(utc).toMatch(/^\+QCCLK: 26\/01\/01,00:0\d:\d\d/);
    expect(utc.endsWith(quarters)).toBe(true);
    expect((await world.host.command("AT+CCLK?"))[0].endsWith(hours)).toBe(true);
  });
});
