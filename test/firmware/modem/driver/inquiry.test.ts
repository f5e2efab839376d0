/** What the modem is asked once a boot, and told of it. */
import { describe, expect, it, test } from "vitest";
import { sim7020 } from "../../../../firmware/modem/family/sim7020";
import { ScriptedModem } from "../scripted-modem";
import type { ModemOptions } from "../../../../firmware/modem/driver/modem-options";

const psm = { t3412: 3_600, t3324: 10 };

/** A family without a command of its own for the cell. */
const family = { ...sim7020, cell: undefined };

/** A modem that answers all that it is asked. */
function talkative(options: Partial<ModemOptions> = {}): ScriptedModem {
  const modem = new ScriptedModem({ family, ...options });
  modem.answer("AT+CGMR", ["+CGMR: 1752B02SIM7020", "OK"]);
  modem.answer("AT+CESQ", ["+CESQ: 99,99,255,255,20,46", "OK"]);
  modem.answer("AT+COPS?", ['+COPS: 0,2,"26201",9', "OK"]);
  modem.answer("AT+CGCONTRDP", ['+CGCONTRDP: 1,5,"iot.example","10.45.0.7.255.255.255.0"', "OK"]);
  return modem;
}

/** What it is asked after the cloud has answered. */
async function afterContact(modem: ScriptedModem): Promise<{ asked: string[]; told: string[] }> {
  modem.take();
  const before = modem.log.length;
  modem.confirm();
  await modem.pass(10_000);
  return { asked: modem.take(), told: modem.log.slice(before) };
}

describe("after the first datagram went through", () => {
  it("the modem is asked for firmware, cell, operator and context, once a boot", async () => {
    const modem = talkative({ psm, edrx: 20 });
    await modem.up();
    await modem.pass(60_000);
    expect(modem.commands.map(({ text }) => text)).not.toContain("AT+CGMR");
    const { asked, told } = await afterContact(modem);
    expect(asked).toEqual(["AT+CGMR", "AT+CESQ", "AT+COPS?", "AT+CGCONTRDP"]);
    expect(told).toEqual([
      'firmware version="1752B02SIM7020"',
      "cell operator=26201 rsrp=-95dBm",
      "granted apn=iot.example address=10.45.0.7 t3324=10s t3412=3600s edrx=off",
    ]);
    expect(modem.driver.firmware).toBe("1752B02SIM7020");
    expect((await afterContact(modem)).asked).toEqual([]);
  });

  it("what waits for the modem goes first, and it is not taken for idle meanwhile", async () => {
    const modem = talkative();
    await modem.up();
    modem.take();
    modem.confirm();
    modem.send("01");
    expect(modem.driver.busy).toBe(true);
    await modem.until(() => modem.driver.firmware !== undefined, 60_000);
    const asked = modem.take();
    expect(asked.indexOf("AT+CSOSEND=0,2,01")).toBeLessThan(asked.indexOf("AT+CGMR"));
    expect(asked).toContain("AT+CGMR");
    await modem.pass(1_000);
    expect(modem.driver.busy).toBe(false);
  });

  it("a wake from PSM asks nothing, nor does the ESP32's from deep sleep", async () => {
    const modem = talkative({ psm });
    await modem.up();
    await afterContact(modem);
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    await modem.up();
    expect((await afterContact(modem)).asked).toEqual([]);
    const woken = talkative({ psm, resume: modem.driver.remembered });
    await woken.up();
    // But for the time, while the answer is waited for.
    expect((await afterContact(woken)).asked).toEqual(["AT+CCLK?"]);
  });

  test.each([
    ["refused", ["ERROR"], ["AT+CGMR", "AT+CESQ", "AT+COPS?", "AT+CGCONTRDP", "AT+CGPADDR"]],
    ["not answered", [], ["AT+CGMR"]],
  ])("commands that are %s do no harm", async (_, answer, expected) => {
    const modem = new ScriptedModem({ family });
    await modem.up();
    for (const command of expected) modem.answer(command, answer);
    const { asked, told } = await afterContact(modem);
    expect(asked).toEqual(expected);
    expect(told).toEqual([]);
    expect(modem.driver.state).toBe("up");
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("a modem that reboots in the middle is asked again when it is back", async () => {
    const modem = talkative();
    await modem.up();
    modem.answer("AT+COPS?", []);
    // Until then a boot's banners may trail in.
    await modem.pass(20_000);
    modem.confirm();
    await modem.until(() => modem.commands.some(({ text }) => text === "AT+COPS?"), 10_000);
    modem.answer("AT+COPS?", ["OK"]);
    modem.restart();
    modem.say("+CFUN: 1", "SMS Ready");
    await modem.until(() => modem.stateTexts.length === 3, 60_000);
    expect(modem.stateTexts).toEqual(["up", "down rebooted", "up"]);
    expect((await afterContact(modem)).asked).toContain("AT+CGCONTRDP");
  });
});

describe("what the network has granted", () => {
  it("is told before a modem is reset because nothing comes back: it may be why", async () => {
    const modem = talkative();
    modem.answer("AT+CGCONTRDP", ["+CGCONTRDP: 1,5,internet,10.0.0.1", "OK"]);
    await modem.up();
    modem.reset();
    await modem.pass(10_000);
    const warned = modem.log.indexOf("other apn asked=iot.example granted=internet");
    expect(warned).toBeGreaterThan(0);
    expect(modem.log.indexOf("mute reset=radio")).toBeGreaterThan(warned);
  });

  it("a modem that reboots while it is asked before its reset is brought up for that once", async () => {
    const modem = talkative();
    modem.answer("AT+CGCONTRDP", []);
    await modem.up();
    await modem.pass(20_000);
    modem.reset();
    await modem.until(() => modem.commands.some(({ text }) => text === "AT+CGCONTRDP"), 10_000);
    modem.restart();
    await modem.until(() => modem.stateTexts.length === 3, 60_000);
    expect(modem.stateTexts).toEqual(["up", "down rebooted", "up"]);
    expect(modem.log.filter((line) => /reset|starting/.test(line))).toEqual(["starting", "starting"]);
  });

  it("one that falls asleep meanwhile is reset when it is woken", async () => {
    const modem = talkative({ psm });
    modem.answer("AT+CGCONTRDP", []);
    await modem.up();
    modem.reset();
    await modem.until(() => modem.commands.some(({ text }) => text === "AT+CGCONTRDP"), 10_000);
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    expect(modem.driver.state).toBe("asleep");
    await modem.up();
    expect(modem.log).toContain("mute reset=radio");
  });

  test.each([
    [["+CGCONTRDP: 1,5,internet,10.0.0.1", "OK"], "other apn asked=iot.example granted=internet"],
    [['+CGCONTRDP: 1,5,"IOT.example.mnc001.mcc262.gprs","10.0.0.1"', "OK"], undefined],
    [['+CGCONTRDP: 1,5,"iot.example2","10.0.0.1"', "OK"], "other apn asked=iot.example granted=iot.example2"],
    [['+CGCONTRDP: 1,5,"","10.0.0.1"', "OK"], undefined],
  ])("%j: the access point is compared with the one asked for", async (answer, warning) => {
    const modem = talkative();
    modem.answer("AT+CGCONTRDP", answer);
    await modem.up();
    const { told } = await afterContact(modem);
    expect(told.find((line) => line.startsWith("other apn"))).toBe(warning);
  });

  test.each([
    ["no address", ["+CGPADDR: 1", "OK"], "granted apn=iot.example address=none"],
    ["zeros", ['+CGPADDR: 1,"0.0.0.0"', "OK"], "granted apn=iot.example address=none"],
    ["an address", ["+CGPADDR:0,10.0.0.1", "OK"], "granted apn=iot.example address=10.0.0.1"],
    ["no such command", ["ERROR"], "granted apn=iot.example"],
  ])("%s", async (_, answer, line) => {
    const modem = talkative();
    modem.answer("AT+CGCONTRDP", ['+CGCONTRDP: 1,5,"iot.example"', "OK"]);
    modem.answer("AT+CGPADDR", answer);
    await modem.up();
    expect((await afterContact(modem)).told).toContain(line);
  });

  test.each(['+CEREG: 5,1,"5B57","01A50B1A",9,,,"11100000","00100001"', '+CEREG: 5,1,"5B57","01A50B1A",9'])(
    "%s: PSM is off, and never Infinity",
    async (answer) => {
      const modem = talkative({ psm });
      modem.answer("AT+CEREG?", [answer, "OK"]);
      await modem.up();
      const { told } = await afterContact(modem);
      expect(told.at(-1)).toMatch(/^granted apn=iot\.example address=10\.45\.0\.7 t3324=off( t3412=3600s)?$/);
      expect(modem.log.join("\n")).not.toContain("Infinity");
    },
  );
});

describe("the cell", () => {
  it("is asked for anew after a datagram when the application has read it, and not otherwise", async () => {
    const modem = talkative();
    await modem.up();
    await afterContact(modem);
    expect(modem.driver.readCell()).toEqual({ operator: "26201", rsrp: -95, rsrq: -10 });
    modem.answer("AT+CESQ", ["+CESQ: 99,99,255,255,255,20", "OK"]);
    expect((await afterContact(modem)).asked).toEqual(["AT+CESQ"]);
    expect(modem.driver.readCell()).toEqual({ rsrp: -121 });
    await afterContact(modem);
    expect((await afterContact(modem)).asked).toEqual([]);
  });
});
