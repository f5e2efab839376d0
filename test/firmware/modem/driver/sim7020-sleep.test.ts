import { describe, expect, it } from "vitest";
import { registeredUrc, ScriptedModem } from "../scripted-modem";

const psm = { t3412: 3_600, t3324: 10 };
const minute = 60_000;

describe("sleep", () => {
  it("in the middle of sending: woken by the key, and sent", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    await modem.pass(1_000);
    modem.answer(/CSOSEND/, []);
    modem.send("01");
    await modem.pass(1_000);
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.behave();
    modem.take();
    await modem.pass(10_000);
    expect(modem.presses.length).toBe(1);
    expect(modem.take().at(-1)).toBe("AT+CSOSEND=0,2,01");
    expect(modem.failures).toEqual([]);
    expect(modem.stateTexts).toEqual(["up", "up"]);
  });

  it("in the middle of opening a socket", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.answer(/CSOCON/, []);
    modem.send("01");
    await modem.pass(1_000);
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.behave();
    await modem.pass(10_000);
    expect(modem.take().at(-1)).toBe("AT+CSOSEND=0,2,01");
  });

  it("while being woken: woken once more, for somebody waits", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.say('+CPSMSTATUS: "EXIT PSM"');
    modem.answer("AT+CEREG?", []);
    modem.connect();
    await modem.pass(1_000);
    expect(modem.driver.state).toBe("waking");
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.behave();
    await modem.pass(10_000);
    expect(modem.stateTexts).toEqual(["up", "up"]);
    expect(modem.presses.length).toBe(1);
  });

  it("ended by T3412: no key is needed; with the next sleep it is again", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    await modem.pass(60 * minute);
    modem.say("+CPIN: READY", '+CPSMSTATUS: "EXIT PSM"');
    expect(modem.driver.state).toBe("asleep");
    modem.connect();
    await modem.pass(2_000);
    expect(modem.driver.ready).toBe(true);
    expect(modem.presses.length).toBe(0);

    modem.say('+CPSMSTATUS: "ENTER PSM"', '+CPSMSTATUS: "EXIT PSM"', '+CPSMSTATUS: "ENTER PSM"');
    modem.connect();
    await modem.pass(5_000);
    expect(modem.driver.ready).toBe(true);
    expect(modem.presses.length).toBe(1);
  });

  it("that nobody announced: woken by the key on the way to a radio reset", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.silent = true;
    modem.send("01");
    await modem.until(() => modem.presses.length === 1, minute);
    modem.silent = false;
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
    expect(modem.stateTexts).toEqual(["up", "up"]);
    expect(modem.log).toContain("resync after=up");
  });

  it("left with the network gone: registered again", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.connect();
    await modem.pass(10_000);
    expect(modem.driver.state).toBe("registering");
    modem.say(registeredUrc);
    await modem.pass(1_000);
    expect(modem.driver.ready).toBe(true);
  });

  it("and echo that comes back with it is switched off", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.take();
    modem.echo = true;
    modem.connect();
    await modem.pass(5_000);
    expect(modem.driver.ready).toBe(true);
    expect(modem.take()).toContain("ATE0");
  });
});

describe("a reboot", () => {
  it("told by its banner while up, settings lost: brought up anew, new socket", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.send("01");
    await modem.pass(20_000);
    modem.take();
    modem.restart();
    await modem.until(() => modem.driver.state !== "up", 5_000);
    expect(modem.take()).toEqual(["AT+CEREG?"]);
    expect(modem.stateTexts).toEqual(["up", "down rebooted"]);
    expect(modem.driver.state).toBe("starting");
    await modem.until(() => modem.driver.ready, minute);
    modem.send("02");
    await modem.pass(1_000);
    const commands = modem.take();
    expect(commands.slice(0, 3)).toEqual(["AT", "ATE0", "AT+CMEE=1"]);
    expect(commands.slice(-4)).toEqual([
      "AT+CSOCL=0",
      "AT+CSOC=1,2,1",
      'AT+CSOCON=0,5683,"203.0.113.5"',
      "AT+CSOSEND=0,2,02",
    ]);
  });

  it.each([
    ["echo back, level kept", "+CEREG: 5,1", true],
    ["echo off still, level lost", "+CEREG: 0,1", false],
  ])("%s: a reboot", async (_, answer, echo) => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    await modem.pass(20_000);
    modem.echo = echo;
    modem.answer("AT+CEREG?", [answer, "OK"]);
    modem.say("RDY");
    await modem.pass(100);
    expect(modem.stateTexts).toEqual(["up", "down rebooted"]);
  });

  it("a modem that says its banner and nothing else has restarted", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    await modem.pass(20_000);
    modem.silent = true;
    modem.say("RDY");
    await modem.pass(4_000);
    expect(modem.stateTexts).toEqual(["up", "down rebooted"]);
  });

  it.each(["RDY", "SMS Ready", "+CPIN: READY", "+CFUN: 1"])(
    "%s half a minute after the start is none: the modem has its settings",
    async (line) => {
      const modem = new ScriptedModem({ psm });
      await modem.up();
      await modem.pass(30_000);
      modem.say(line);
      await modem.pass(20_000);
      expect(modem.stateTexts).toEqual(["up"]);
      expect(modem.take().filter((text) => text === "ATE0").length).toBe(1);
      // Nor in the middle of a send, which is not cut short.
      modem.delay = 2_000;
      modem.send("01");
      await modem.pass(500);
      modem.say(line);
      await modem.pass(20_000);
      expect(modem.stateTexts).toEqual(["up"]);
      expect(modem.take().filter((text) => text === "AT+CSOSEND=0,2,01").length).toBe(1);
    },
  );

  it("again and again: pauses that grow though the modem comes up between, and a line that says so", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    const until = modem.clock.now + 24 * 60 * minute;
    while (modem.clock.now < until) {
      await modem.until(() => modem.driver.ready, 90 * minute);
      await modem.pass(minute);
      modem.restart();
      await modem.pass(5_000);
    }
    const downs = modem.states.filter(({ text }) => text === "down rebooted").length;
    expect(downs).toBeGreaterThan(20);
    expect(downs).toBeLessThan(60);
    expect(modem.log.filter((text) => text.startsWith("restarts again and again"))).toEqual(
      [4, 8, 16, 32]
        .filter((count) => count <= downs)
        .map((count) => `restarts again and again count=${count}`),
    );
    // Calm for a while, it is trusted again.
    modem.behave();
    modem.echo = false;
    await modem.until(() => modem.driver.ready, 90 * minute);
    await modem.pass(20 * minute);
    modem.connect();
    await modem.until(() => modem.driver.ready, minute);
    modem.restart();
    expect(await modem.until(() => modem.driver.state === "registering", 20_000)).toBe(true);
  });

  it("in the middle of sending: the datagram goes out afterwards", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    await modem.pass(20_000);
    modem.answer(/CSOSEND/, []);
    modem.send("01");
    await modem.pass(500);
    modem.behave();
    modem.restart();
    await modem.pass(30_000);
    expect(modem.stateTexts).toContain("down rebooted");
    expect(modem.take().at(-1)).toBe("AT+CSOSEND=0,2,01");
  });

  it("without a banner, given away by the echo: as any other, and the datagram goes out", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.send("01");
    await modem.pass(1_000);
    modem.take();
    modem.echo = true;
    modem.answer(/CSOSEND/, ["ERROR"]);
    modem.send("02");
    await modem.pass(100);
    expect(modem.stateTexts).toEqual(["up", "down rebooted"]);
    modem.behave();
    await modem.until(() => modem.driver.ready, minute);
    await modem.pass(1_000);
    const commands = modem.take();
    expect(commands.filter((text) => text.startsWith("AT+CPSMS=1")).length).toBe(1);
    expect(commands.at(-1)).toBe("AT+CSOSEND=0,2,02");
  });

  it("is not seen in the echo of a modem that cannot do without", async () => {
    const modem = new ScriptedModem({ psm });
    modem.echo = true;
    await modem.up();
    modem.send("01");
    await modem.pass(1_000);
    expect(modem.take().at(-1)).toBe("AT+CSOSEND=0,2,01");
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("while the key is pressed: the key is let go", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    await modem.pass(20_000);
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.connect();
    await modem.pass(300);
    expect(modem.keyPressed).toBe(true);
    modem.restart();
    await modem.pass(1_000);
    expect(modem.stateTexts).toContain("down rebooted");
    expect(modem.keyPressed).toBe(false);
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
  });

  it("in sleep, as after a power cut", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    await modem.pass(20_000);
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    await modem.pass(minute);
    modem.say("RDY");
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
    expect(modem.presses).toEqual([]);
  });
});
