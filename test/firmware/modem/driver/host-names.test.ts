/** The server by its name: the modem asks the network for its address, keeps it, and asks again when nothing comes back. */
import { describe, expect, it, test } from "vitest";
import { ScriptedModem, peer } from "../scripted-modem";

const minute = 60_000;
const name = "enos.example";

/** Answers with this address, or as it is told. */
function rig(answer: () => readonly string[] = () => told(peer.address)): ScriptedModem {
  const modem = new ScriptedModem();
  modem.answer(/^AT\+CDNSGIP=/, answer);
  return modem;
}

const told = (address: string): string[] => ["OK", `+CDNSGIP: 1,"${name}","${address}"`];
const asked = (modem: ScriptedModem): number =>
  modem.commands.filter(({ text }) => text.startsWith("AT+CDNSGIP=")).length;

async function sent(modem: ScriptedModem, hex: string): Promise<boolean> {
  modem.send(hex, { address: name });
  const is = (): boolean =>
    modem.commands.some(({ text }) => text.startsWith("AT+CSOSEND=") && text.endsWith(hex));
  return modem.until(is, 2 * minute);
}

describe("a server by its name", () => {
  it("is resolved once, before the first socket; what comes back comes from the name", async () => {
    const modem = rig();
    await modem.up();
    expect(await sent(modem, "01")).toBe(true);
    expect(modem.commands.map(({ text }) => text)).toContain(`AT+CSOCON=0,${peer.port},"${peer.address}"`);
    expect(modem.log).toContain(`resolved name=${name} address=${peer.address}`);
    modem.say("+CSONMI: 0,4,0a0b");
    await modem.pass(1_000);
    expect(modem.received).toEqual([`0a0b from ${name}:${peer.port}`]);
    expect(await sent(modem, "02")).toBe(true);
    expect(asked(modem)).toBe(1);
  });

  it("is resolved again when nothing comes back, and the new address is used", async () => {
    let address = peer.address;
    const modem = rig(() => told(address));
    await modem.up();
    await sent(modem, "01");
    address = "203.0.113.77";
    await modem.pass(10 * minute);
    modem.reset();
    await modem.until(() => modem.driver.ready, 5 * minute);
    modem.take();
    expect(await sent(modem, "02")).toBe(true);
    expect(modem.log).toContain(`resolved name=${name} address=203.0.113.77`);
    expect(modem.commands.map(({ text }) => text)).toContain(`AT+CSOCON=0,${peer.port},"203.0.113.77"`);
  });

  it("keeps the address that it has when the network tells none", async () => {
    let answer = told(peer.address);
    const modem = rig(() => answer);
    await modem.up();
    await sent(modem, "01");
    answer = ["OK", "+CDNSGIP: 0,8"];
    await modem.pass(10 * minute);
    modem.reset();
    await modem.until(() => modem.driver.ready, 5 * minute);
    expect(await sent(modem, "02")).toBe(true);
    expect(modem.log).toContain(`unresolved name=${name}`);
  });

  it("is asked for once a minute at most while there is no address, and no datagram leaves", async () => {
    const modem = rig(() => ["OK", "+CDNSGIP: 0,8"]);
    await modem.up();
    const before = modem.clock.now;
    while (modem.clock.now < before + 10 * minute) {
      modem.send("01", { address: name });
      await modem.pass(5_000);
    }
    expect(asked(modem)).toBeGreaterThan(5);
    expect(asked(modem)).toBeLessThan(12);
    expect(modem.failures).toContain("the server's name has no address");
    expect(modem.commands.some(({ text }) => text.startsWith("AT+CSOSEND"))).toBe(false);
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("is not asked for again after the ESP32's deep sleep", async () => {
    const modem = rig();
    await modem.up();
    await sent(modem, "01");
    const remembered = modem.driver.remembered;
    const next = new ScriptedModem({ resume: remembered });
    next.answer(/^AT\+CDNSGIP=/, () => told("203.0.113.99"));
    await next.pass(1_000);
    expect(await sent(next, "02")).toBe(true);
    expect(asked(next)).toBe(0);
  });

  test.each([
    ["not four numbers", "1.2.3"],
    ["a number too large", "203.0.113.256"],
    ["no address at all", "0.0.0.0"],
    ["a name", "evil.example"],
    ["a command", '1.2.3.4"\\rAT+CPOWD=1'],
    ["a long text", "1".repeat(1_000)],
    ["IPv6", "2001:db8::1"],
  ])("takes nothing but an IPv4 address: %s", async (_, address) => {
    const modem = rig(() => told(address));
    await modem.up();
    modem.send("01", { address: name });
    await modem.pass(2 * minute);
    expect(modem.commands.some(({ text }) => text.startsWith("AT+CSOCON"))).toBe(false);
    expect(modem.log).toContain(`unresolved name=${name}`);
  });

  it("reads an address with zeros in front as the socket will give it back", async () => {
    const modem = rig(() => told("203.000.113.005"));
    await modem.up();
    expect(await sent(modem, "01")).toBe(true);
    expect(modem.log).toContain(`resolved name=${name} address=203.0.113.5`);
  });
});

it("a server by its address is never asked for", async () => {
  const modem = rig();
  await modem.up();
  modem.send("01");
  await modem.pass(minute);
  modem.reset();
  await modem.until(() => modem.driver.ready, 5 * minute);
  modem.send("02");
  await modem.pass(minute);
  expect(asked(modem)).toBe(0);
});
