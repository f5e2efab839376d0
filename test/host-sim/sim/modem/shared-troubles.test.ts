/**
 * What all simulated modems share beyond their commands: a SIM card with a PIN, cells that are not found, UART
 * rates that differ, clocks, result codes as digits, and supplies that are too low.
 */
import { describe, expect, it } from "vitest";
import { homeCarrier } from "../../../../host-sim/sim/radio/link";
import { bringUp, makeWorld } from "./serial-host";
import type { World } from "./serial-host";
import type { Quirks } from "../../../../host-sim/sim/modem/quirks";

async function started(world: World): Promise<World> {
  await world.host.pass(12_000);
  for (const text of ["ATE0", "AT+CMEE=1"]) await world.host.command(text);
  return world;
}

const registrations = ({ events }: World): number[] =>
  events.flatMap((event) => (event.type === "attach" ? [event.stat] : []));

describe("a SIM card with a PIN", () => {
  const locked = () => started(makeWorld(1, { pin: "1234" }));

  it("is of no use until it was told the PIN, and then lets the modem register", async () => {
    const world = await locked();
    const { host, modem } = world;
    expect(host.texts).not.toContain("+CPIN: READY");
    expect(await host.command("AT+CPIN?")).toEqual(["+CPIN: SIM PIN", "OK"]);
    expect(await host.command("AT+CIMI")).toEqual(["+CME ERROR: 11"]);
    expect(await host.command("AT+CCID")).toContain("OK");
    await host.pass(120_000);
    expect(registrations(world)).toEqual([]);
    expect(await host.command('AT+CPIN="1234"')).toContain("OK");
    await host.pass(120_000);
    expect(registrations(world)).toEqual([2, 1]);
    expect(modem.card.attempts).toBe(1);
    expect(await host.command('AT+CPIN="1234"')).toEqual(["+CME ERROR: 3"]);
  });

  it("wants it again once its power was cut", async () => {
    const { host } = await locked();
    await host.command("AT+CPIN=1234");
    for (const text of ["AT+CFUN=0", "AT+CFUN=1"]) await host.command(text);
    await host.pass(2_000);
    expect(await host.command("AT+CPIN?")).toEqual(["+CPIN: SIM PIN", "OK"]);
  });

  it("is blocked by three wrong ones, whatever is between them but the right one, until it is told its PUK", async () => {
    const { host, modem } = await locked();
    const wrong = ["+CME ERROR: 16"];
    expect(await host.command('AT+CPIN="0000"')).toEqual(wrong);
    expect(await host.command('AT+CPIN="0000"')).toEqual(wrong);
    expect(modem.card.pinTriesLeft).toBe(1);
    modem.reboot("test");
    await host.pass(12_000);
    for (const text of ["ATE0", "AT+CMEE=1"]) await host.command(text);
    expect(await host.command('AT+CPIN="0000"')).toEqual(wrong);
    expect(await host.command("AT+CPIN?")).toEqual(["+CPIN: SIM PUK", "OK"]);
    expect(await host.command('AT+CPIN="1234"')).toEqual(["+CME ERROR: 12"]);
    expect(modem.card.attempts).toBe(3);
    expect(await host.command('AT+CPIN="11111111","4321"')).toEqual(wrong);
    expect(await host.command('AT+CPIN="12345678","4321"')).toContain("OK");
    expect([modem.card.pinTriesLeft, modem.card.pukTriesLeft]).toEqual([3, 10]);
    for (const text of ["AT+CFUN=0", "AT+CFUN=1"]) await host.command(text);
    await host.pass(2_000);
    expect(await host.command('AT+CPIN="1234"')).toEqual(wrong);
    expect(await host.command('AT+CPIN="4321"')).toContain("OK");
  });

  it.each(["AT+CPIN=", 'AT+CPIN="123"', 'AT+CPIN="12a4"', 'AT+CPIN="123456789"', 'AT+CPIN="1234","0"'])(
    "takes no %s, and counts no try for it",
    async (text) => {
      const { host, modem } = await locked();
      expect(await host.command(text)).toEqual(["+CME ERROR: 50"]);
      expect(modem.card.attempts).toBe(0);
    },
  );
});

describe("a card that is in its holder and of no use", () => {
  it.each([
    ["failure", { cme: 13 }, ["+CME ERROR: 13"]],
    ["busy", { cme: 14 }, ["+CME ERROR: 14"]],
    ["wrong", { cme: 15 }, ["+CME ERROR: 15"]],
    ["locked by its operator", { text: "PH-NET PIN" }, ["+CPIN: PH-NET PIN", "OK"]],
  ])("%s: the modem says so, and searches for nothing until that is over", async (_name, fault, answer) => {
    const world = await started(makeWorld(1, { cardFault: fault }));
    const { host, modem } = world;
    expect(await host.command("AT+CPIN?")).toEqual(answer);
    await host.pass(120_000);
    expect(registrations(world)).toEqual([]);
    modem.card.fault = undefined;
    for (const text of ["AT+CFUN=0", "AT+CFUN=1"]) await host.command(text);
    await host.pass(120_000);
    expect(registrations(world)).toEqual([2, 1]);
  });
});

describe("a search", () => {
  it.each([7, 12, 20])(
    "takes %i minutes without a break where nothing is known, and a minute after",
    async (n) => {
      const world = makeWorld(1, {}, { firstSearch: n * 60_000 });
      const { host } = world;
      await bringUp(world);
      // That has waited two minutes already.
      await host.pass((n - 3) * 60_000);
      expect(registrations(world).at(-1)).toBe(2);
      await host.pass(80_000);
      expect(registrations(world).slice(-2)).toEqual([2, 1]);
      for (const text of ["AT+CFUN=0", "AT+CFUN=1"]) await host.command(text);
      await host.pass(70_000);
      expect(registrations(world).slice(-3)).toEqual([0, 2, 1]);
    },
  );

  it("begins anew when it is cut, and so never ends", async () => {
    const world = makeWorld(1, {}, { firstSearch: 420_000 });
    await bringUp(world);
    for (let i = 0; i < 10; i++) {
      for (const text of ["AT+CFUN=0", "AT+CFUN=1"]) await world.host.command(text);
      await world.host.pass(300_000);
    }
    expect(registrations(world)).not.toContain(1);
  });

  it("is given up where the firmware does that, until it is told to search again", async () => {
    const world = makeWorld(1, { quirks: { givesUpSearch: 100_000 } });
    world.cell.outage = true;
    await bringUp(world);
    expect(await world.host.command("AT+CEREG?")).toContain("+CEREG: 5,0");
    world.cell.outage = false;
    await world.host.pass(3_600_000);
    expect(await world.host.command("AT+CEREG?")).toContain("+CEREG: 5,0");
    for (const text of ["AT+CFUN=0", "AT+CFUN=1"]) await world.host.command(text);
    await world.host.pass(70_000);
    expect(registrations(world).at(-1)).toBe(1);
  });
});

describe("CEREG", () => {
  it("says 5 in a foreign network, where the modem is registered as well", async () => {
    const world = makeWorld(1, {}, { carrier: { ...homeCarrier, foreign: true } });
    await bringUp(world, ["AT+CPSMS=0"]);
    await world.host.pass(60_000);
    const [text] = await world.host.command("AT+CEREG?");
    expect(text).toMatch(/^\+CEREG: 5,5,"5B57"/);
    expect(await world.host.command("AT+CGATT?")).toContain("+CGATT: 1");
  });

  const told: readonly (readonly [string, Quirks, RegExp])[] = [
    ["as searching", { registrationTold: { 3: 2 } }, /^\+CEREG: 5,2,"5B57","01A50B1A",9,0,15$/],
    ["as a state of its own", { registrationTold: { 3: 80 } }, /^\+CEREG: 5,80,"5B57","01A50B1A",9,0,15$/],
    ["behind an empty routing area", { ceregRoutingArea: true }, /^\+CEREG: 5,3,,,,,0,15$/],
  ];

  it.each(told)("tells of a denial %s, with its cause", async (_name, quirks, expected) => {
    const world = makeWorld(1, { quirks });
    world.cell.denial = 15;
    await bringUp(world);
    const [text] = await world.host.command("AT+CEREG?");
    expect(text).toMatch(expected);
  });
});

describe("the UART's rate", () => {
  it("is the one that AT+IPR sets, from behind its OK on and after a restart", async () => {
    const { uart, host, modem } = await started(makeWorld(1));
    expect(await host.command("AT+IPR=9600")).toEqual(["OK"]);
    expect((await host.command("AT", 1_000)).at(-1)).not.toBe("OK");
    uart.board.setBaud(9_600);
    await host.pass(100);
    host.type("\r");
    await host.pass(100);
    expect(await host.command("AT")).toContain("OK");
    modem.reboot("test");
    await host.pass(12_000);
    expect(await host.command("AT")).toContain("OK");
  });

  it("may be a former owner's: what comes from the modem is noise then", async () => {
    const { host } = makeWorld(1, { baud: 9_600, quirks: { junkAtWake: true } });
    await host.pass(12_000);
    const bytes = host.chunks.flatMap((chunk) => [...chunk.bytes]);
    expect(bytes.length).toBeGreaterThan(100);
    expect(host.texts).not.toContain("RDY");
    expect((await host.command("AT", 1_000)).at(-1)).not.toBe("OK");
  });

  it("is found by the modem itself after AT+IPR=0", async () => {
    const { uart, host } = await started(makeWorld(1));
    await host.command("AT+IPR=0");
    for (const rate of [9_600, 57_600]) {
      uart.board.setBaud(rate);
      await host.pass(100);
      expect(await host.command("AT")).toContain("OK");
    }
  });
});

describe("result codes", () => {
  it("are digits after ATV0, and words again after ATV1", async () => {
    const world = makeWorld(1);
    await world.host.pass(12_000);
    await world.host.command("ATE0");
    world.host.chunks.length = 0;
    world.host.type("ATV0\r");
    await world.host.pass(200);
    world.host.type("AT+CSQ\r");
    await world.host.pass(200);
    world.host.type("AT+NO\r");
    await world.host.pass(200);
    world.host.type("ATV1\r");
    await world.host.pass(200);
    const text = String.fromCharCode(...world.host.chunks.flatMap(({ bytes }) => [...bytes]));
    expect(text).toMatch(/^0\r\+CSQ: \d+,\d+\r\n0\r4\r\r\nOK\r\n$/);
  });

  it("may be digits or none from the start on: a former owner's wish", async () => {
    for (const [resultCodes, answer] of [
      ["digits", "AT\r0\r"],
      ["none", "AT\r"],
    ] as const) {
      const { host } = makeWorld(1, { quirks: { resultCodes } });
      await host.pass(12_000);
      host.chunks.length = 0;
      host.type("AT\r");
      await host.pass(200);
      expect(String.fromCharCode(...host.chunks.flatMap(({ bytes }) => [...bytes]))).toBe(answer);
      expect(await host.command("ATQ0V1").then(() => host.command("AT"))).toBeDefined();
    }
  });
});

describe("the clock", () => {
  const epoch = Date.UTC(2026, 9, 22, 23, 11, 41);
  const read = async (quirks: Quirks) => {
    const world = makeWorld(1, { quirks, epoch, zone: 44 });
    await bringUp(world, ["AT+CLTS=1"]);
    const [text] = await world.host.command("AT+CCLK?");
    return text.replace(/:\d\d:\d\d/, "");
  };

  it.each([
    ["local time", { clock: "local" }, "+CCLK: 26/10/23,10+44"],
    ["UTC with the zone beside it", { clock: "utc" }, "+CCLK: 26/10/22,23+44"],
    ["what no network told it", { clock: "never" }, "+CCLK: 00/01/06,00+00"],
    ["a day that no month has", { clock: "absurd" }, "+CCLK: 26/02/31,10+44"],
  ] as const)("tells %s", async (_name, quirks, expected) => {
    expect(await read(quirks)).toBe(expected);
  });
});

describe("the network's name server", () => {
  const ask = async (world: World, name: string) => {
    let answer: string | undefined = "none yet";
    const device = world.cell.admit();
    device.attach(undefined, () => device.resolve(name, (address) => (answer = address)));
    await world.host.pass(120_000);
    return answer;
  };

  it("knows the names that it was given, and no others; another address from the next question on", async () => {
    const world = makeWorld(1, {}, { names: [["cloud.example", "203.0.113.5"]] });
    expect(await ask(world, "Cloud.Example")).toBe("203.0.113.5");
    expect(await ask(world, "other.example")).toBeUndefined();
    world.cell.names.set("cloud.example", "203.0.113.6");
    expect(await ask(world, "cloud.example")).toBe("203.0.113.6");
    world.cell.nameServerDown = true;
    expect(await ask(world, "cloud.example")).toBeUndefined();
  });
});

describe("the supply", () => {
  it("breaks down again and again, as often as it is told", async () => {
    const { host, modem, events } = await started(makeWorld(1));
    modem.keepRestarting(10_000, 4);
    await host.pass(600_000);
    const boots = events.filter((event) => event.type === "power" && event.state === "booting");
    expect(boots.map((event) => event.type === "power" && event.reason).slice(1)).toEqual(
      new Array<string>(4).fill("by itself"),
    );
  });

  it("is too low: the modem is off at once, until it is switched on", async () => {
    const { host, modem, events } = await started(makeWorld(1));
    modem.lowSupply(true);
    expect(modem.state).toBe("off");
    expect(events.at(-1)).toMatchObject({ type: "power", state: "off", reason: "low supply" });
    await host.pass(100);
    expect(host.texts.slice(-2)).toEqual(["UNDER-VOLTAGE WARNNING", "UNDER-VOLTAGE POWER DOWN"]);
    expect(await host.command("AT", 1_000)).toEqual([]);
    modem.setPowerKey(true);
    await host.pass(1_500);
    modem.setPowerKey(false);
    await host.pass(12_000);
    expect(modem.state).toBe("on");
  });
});

it("the last line of a start may come half a minute late", async () => {
  const { host, modem } = makeWorld(1, { quirks: { lastLineAfter: 32_000 } });
  await host.pass(12_000);
  await host.command("AT+IPR=115200");
  modem.reboot("test");
  await host.pass(30_000);
  expect(host.texts).not.toContain("SMS Ready");
  await host.pass(10_000);
  expect(host.texts).toContain("SMS Ready");
});
