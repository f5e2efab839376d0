/** The reset escalation in the driver: its upper resetLevels, what the agent asks of it, and trouble while up. */
import { describe, expect, it } from "vitest";
import { ScriptedModem } from "../scripted-modem";

const minute = 60_000;
const psm = { t3412: 86_400, t3324: 10 };

/** Switches of the supply, with their virtual times. */
function withSupply(options: ConstructorParameters<typeof ScriptedModem>[0] = {}) {
  const switches: { on: boolean; time: number }[] = [];
  const escalations: (readonly number[])[] = [];
  const modem: ScriptedModem = new ScriptedModem({
    psm,
    supply: (on) => switches.push({ on, time: modem.clock.now }),
    onEscalation: (state) => escalations.push(state),
    ...options,
  });
  return { modem, switches, escalations };
}

describe("a modem that hangs", () => {
  it("has its supply taken away for seconds, when the key did not help", async () => {
    const { modem, switches } = withSupply();
    await modem.up();
    modem.silent = true;
    modem.send("01");
    await modem.until(() => switches.length === 2, 30 * minute);
    expect(switches.map(({ on }) => on)).toEqual([false, true]);
    expect(switches[1].time - switches[0].time).toBeGreaterThanOrEqual(2_000);
    expect(modem.presses.length).toBeGreaterThanOrEqual(2);
    modem.behave();
    expect(await modem.until(() => modem.driver.ready, 2 * minute)).toBe(true);
    expect(modem.driver.escalation[5]).toBe(0);
    expect(modem.driver.escalation[4]).toBe(1);
  });

  it("is not left without supply, or with the key held, by whatever comes between", async () => {
    for (const off of [100, 1_500, 2_900, 3_100]) {
      const { modem, switches } = withSupply();
      await modem.up();
      modem.silent = true;
      modem.send("01");
      await modem.until(() => switches.length === 1, 30 * minute);
      await modem.pass(off);
      modem.suspend();
      expect(switches.at(-1)!.on).toBe(true);
      expect(modem.keyPressed).toBe(false);
    }
  });
});

describe("a modem that is up and mute", () => {
  it("is reset harder each time, and gently again once something came back", async () => {
    const { modem, switches } = withSupply();
    await modem.up();
    // What it is asked once a boot is not asked in between.
    modem.confirm();
    await modem.pass(1_000);
    const reset = async (): Promise<string[]> => {
      modem.take();
      modem.presses.length = 0;
      modem.reset();
      expect(modem.driver.ready).toBe(false);
      expect(await modem.until(() => modem.driver.ready, 5 * minute)).toBe(true);
      const commands = modem.take();
      return [
        ...commands.filter((text) => /CFUN=1,1|CFUN=0/.test(text)),
        ...modem.presses.map(() => "key"),
        ...(switches.splice(0).length > 0 ? ["supply"] : []),
      ];
    };
    expect(await reset()).toEqual(["AT+CFUN=0"]);
    expect(await reset()).toEqual(["AT+CFUN=1,1", "AT+CFUN=0"]);
    expect(await reset()).toEqual(["AT+CFUN=0", "key", "key", "key"]);
    expect(await reset()).toEqual(["AT+CFUN=0", "supply"]);
    modem.driver.confirm();
    expect(await reset()).toEqual(["AT+CFUN=0"]);
    // What waits is sent on a new socket.
    modem.send("0A");
    await modem.pass(5_000);
    expect(modem.take().some((text) => text.startsWith("AT+CSOC=1,2,1"))).toBe(true);
  });

  it("and asleep when that is found, is reset when it is woken, unless something came back before", async () => {
    for (const heard of [false, true]) {
      const { modem } = withSupply();
      await modem.up();
      modem.say('+CPSMSTATUS: "ENTER PSM"');
      modem.reset();
      if (heard) modem.driver.confirm();
      modem.take();
      modem.send("0A");
      expect(await modem.until(() => modem.driver.ready, 2 * minute)).toBe(true);
      expect(modem.take().includes("AT+CFUN=0")).toBe(!heard);
    }
  });

  it("is left alone while it is not up", async () => {
    const { modem } = withSupply();
    modem.reset();
    expect(modem.take()).toEqual([]);
  });
});

describe("counters", () => {
  it("are told whenever they change, and go on from where they were", async () => {
    const { modem, escalations } = withSupply({ escalation: [5, 4, 3, 2, 1, 0] });
    await modem.up();
    modem.answer(/CSOSEND/, []);
    modem.send("01");
    await modem.pass(20_000);
    expect(modem.driver.escalation.slice(0, 2)).toEqual([6, 5]);
    expect(escalations.at(-1)).toEqual(modem.driver.escalation);
  });
});

describe("suspended", () => {
  it("has its radio off, sends nothing, and comes up when it is asked", async () => {
    const { modem } = withSupply();
    await modem.up();
    modem.take();
    modem.answer("AT+CFUN?", ["+CFUN: 0", "OK"]);
    modem.suspend();
    await modem.pass(60 * minute);
    // Now and then it is asked whether it is off still.
    expect(modem.take().filter((text) => text !== "AT" && text !== "AT+CFUN?")).toEqual(["AT+CFUN=0"]);
    expect(modem.driver).toMatchObject({ state: "off", ready: false, active: false });
    expect(modem.stateTexts.at(-1)).toBe("down suspended");
    modem.connect();
    expect(await modem.until(() => modem.driver.ready, 2 * minute)).toBe(true);
  });

  it("at any moment of a bring-up, with a modem that answers or not", async () => {
    for (let after = 0; after < 12_000; after += 730) {
      const { modem } = withSupply();
      modem.silent = after % 2 === 0;
      modem.connect();
      await modem.pass(after);
      modem.suspend();
      await modem.pass(10 * minute);
      expect(modem.driver.state).toBe("off");
      modem.behave();
      modem.connect();
      expect(await modem.until(() => modem.driver.ready, 2 * minute)).toBe(true);
    }
  });

  it("lets one that sleeps go on sleeping", async () => {
    const { modem } = withSupply();
    await modem.up();
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.take();
    modem.suspend();
    expect(modem.driver.state).toBe("asleep");
    expect(modem.take()).toEqual([]);
  });
});

describe("the pace", () => {
  it("of datagrams without an answer is one in three seconds; an answer ends the wait", async () => {
    const modem = new ScriptedModem({ psm, pace: 3_100 });
    for (const hex of ["01", "02", "02", "03"]) modem.send(hex);
    await modem.until(() => modem.commands.filter(({ text }) => /SEND/.test(text)).length === 3, minute);
    const sent = modem.commands.filter(({ text }) => /SEND/.test(text));
    // What waited twice, as a retransmission, goes once.
    expect(sent.map(({ text }) => text.slice(-2))).toEqual(["01", "02", "03"]);
    expect(sent[1].time - sent[0].time).toBeGreaterThanOrEqual(3_000);
    expect(sent[2].time - sent[1].time).toBeGreaterThanOrEqual(3_000);
    expect(sent[2].time - sent[0].time).toBeLessThan(6_500);
    await modem.pass(400);
    modem.take();
    modem.say("+CSONMI: 0,2,0A");
    modem.send("04");
    await modem.pass(500);
    expect(modem.take()).toEqual(["AT+CSOSEND=0,2,04"]);
  });
});

describe("while it is up", () => {
  it.each(["+CPIN: NOT READY", "+CPIN: NOT INSERTED"])(
    "the card is pulled, %s: down, and looked for again",
    async (line) => {
      const { modem } = withSupply();
      await modem.up();
      modem.say(line);
      expect(modem.stateTexts.at(-1)).toBe("down sim");
      expect(await modem.until(() => modem.driver.ready, 5 * minute)).toBe(true);
    },
  );

  it("the network is lost and found by the modem itself: nothing is done", async () => {
    const { modem } = withSupply();
    await modem.up();
    modem.take();
    modem.say("+CEREG: 2");
    await modem.pass(30_000);
    modem.say('+CEREG: 1,"5B57","01A50B1A",9');
    await modem.pass(80_000);
    expect(modem.take()).toEqual([]);
    expect(modem.driver.ready).toBe(true);
  });

  it("the network is lost, and the line that it was found is too: it is asked for after a minute", async () => {
    const { modem } = withSupply();
    await modem.up();
    modem.take();
    modem.say("+CEREG: 2");
    await modem.pass(70_000);
    expect(modem.take()).toContain("AT+CEREG?");
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
  });

  it("the network is lost for good: registered anew when it is back, the radio off most of the time between", async () => {
    const { modem } = withSupply();
    await modem.up();
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.say("+CEREG: 2");
    await modem.pass(5 * 60 * minute);
    expect(modem.stateTexts).toContain("down not-registered");
    modem.behave();
    expect(await modem.until(() => modem.driver.ready, 61 * minute)).toBe(true);
  });
});
