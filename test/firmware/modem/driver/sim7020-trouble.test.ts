import { describe, expect, it } from "vitest";
import { registeredUrc, ScriptedModem } from "../scripted-modem";

const psm = { t3412: 3_600, t3324: 10 };
const minute = 60_000;

/** Seconds of the pauses that the driver announced. */
function pauses(modem: ScriptedModem): number[] {
  return modem.log.flatMap((text) => /retry=(\d+)s/.exec(text)?.[1] ?? []).map(Number);
}

describe("at boot", () => {
  it("finds the baud rate of a silent modem by itself, without banners and without the key", async () => {
    const modem = new ScriptedModem();
    let heard = 0;
    modem.answer(/^AT(Q0)?$/, () => ((heard += 1) <= 12 ? [] : ["OK"]));
    await modem.up();
    expect(heard).toBe(13);
    expect(modem.presses).toEqual([]);
    expect(modem.take()).toContain("AT+IPR=115200");
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("presses the key for more than a second when nothing answers, and gives it time to boot", async () => {
    const modem = new ScriptedModem();
    modem.silent = true;
    modem.connect();
    await modem.until(() => modem.presses.length > 0, minute);
    expect(modem.presses[0].until - modem.presses[0].from).toBe(1_100);
    await modem.pass(9_000);
    modem.silent = false;
    modem.say("RDY", "+CFUN: 1", "+CPIN: READY", "SMS Ready");
    await modem.until(() => modem.driver.ready, minute);
    expect(modem.stateTexts).toEqual(["up"]);
    expect(modem.presses.length).toBe(1);
  });

  it("without a key says that it is to restart, deaf as it may be", async () => {
    const modem = new ScriptedModem({ withKey: false });
    modem.silent = true;
    modem.connect();
    await modem.until(() => modem.commands.at(-1)?.text === "AT+CFUN=1,1", minute);
    modem.behave();
    await modem.until(() => modem.driver.ready, minute);
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("does not take banners that trail in for a reboot", async () => {
    const modem = new ScriptedModem();
    modem.connect();
    await modem.until(() => modem.driver.state === "configuring", minute);
    modem.say("RDY", "+CFUN: 1");
    await modem.pass(100);
    modem.say("SMS Ready");
    await modem.until(() => modem.driver.ready, minute);
    expect(modem.stateTexts).toEqual(["up"]);
    expect(modem.take().filter((text) => text === "ATE0").length).toBe(1);
  });

  it("is not misled by late answers to its probes", async () => {
    const modem = new ScriptedModem();
    modem.delay = 450;
    modem.connect();
    await modem.pass(2_000);
    modem.delay = 10;
    await modem.until(() => modem.driver.ready, minute);
    expect(modem.driver.imei).toBeDefined();
    expect(modem.stateTexts).toEqual(["up"]);
  });
});

describe("the SIM card", () => {
  it("is waited for while it is read", async () => {
    const modem = new ScriptedModem();
    let asked = 0;
    modem.answer("AT+CPIN?", () => ((asked += 1) < 9 ? ["+CME ERROR: 14"] : ["+CPIN: READY", "OK"]));
    await modem.up();
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it.each([["+CME ERROR: 10"], ["+CPIN: SIM PIN", "OK"], ["+CPIN: NOT INSERTED", "OK"], ["OK"]])(
    "is given up and asked for again later: %s",
    async (...answer) => {
      const modem = new ScriptedModem();
      modem.answer("AT+CPIN?", answer);
      modem.answer("AT+CFUN?", ["+CFUN: 0", "OK"]);
      modem.connect();
      await modem.pass(24 * 60 * minute);
      expect(new Set(modem.stateTexts)).toEqual(new Set(["down sim"]));
      // Once more soon, in case it was only late; then rarely, with the radio off between.
      const waits = pauses(modem);
      expect(waits.slice(0, 6)).toEqual([8, 1_350, 2_700, 5_400, 10_800, 16_200]);
      expect(modem.take().filter((text) => text === "AT+CFUN=0").length).toBe(waits.length);
      expect(modem.driver.active).toBe(false);
      modem.behave();
      expect(await modem.until(() => modem.driver.ready, 6 * 60 * minute)).toBe(true);
    },
  );

  it.each([["+CPIN: NOT READY", "OK"], ["+CME ERROR: 13"]])(
    "is found when a bring-up was cut short in CFUN=0 and the answer is %s",
    async (...answer) => {
      const modem = new ScriptedModem();
      let full = false;
      modem.answer("AT+CPIN?", () => (full ? ["+CPIN: READY", "OK"] : answer));
      modem.answer("AT+CFUN=0", () => ((full = false), ["OK"]));
      modem.answer("AT+CFUN=1", () => ((full = true), ["OK"]));
      await modem.up();
      expect(modem.stateTexts).toEqual(["up"]);
    },
  );
});

describe("registration", () => {
  it.each([
    ["in a URC", "+CEREG: 3,,,,0,15", "+CEREG: 5,2"],
    ["in an answer", undefined, "+CEREG: 5,3,,,,0,15"],
    ["in MediaTek's URC", "+CEREG: 3,,,,,0,15", "+CEREG: 5,0,,,,,0,0"],
    ["in MediaTek's answer", undefined, "+CEREG: 5,3,,,,,0,15"],
  ])("denied %s: cause told, waited for another cell, tried again", async (_, urc, answer) => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", [answer, "OK"]);
    modem.connect();
    await modem.until(() => modem.driver.state === "registering", minute);
    await modem.pass(5_000);
    if (urc !== undefined) modem.say(urc);
    expect(modem.log).toContain("refused, searching on cause=15 (no suitable cells in tracking area)");
    await modem.pass(4.7 * minute);
    expect(modem.stateTexts).toEqual([]);
    await modem.until(() => modem.states.length > 0, 0.6 * minute);
    expect(modem.log).toContain("denied cause=15 (no suitable cells in tracking area)");
    expect(modem.stateTexts).toEqual(["down denied"]);
    expect(modem.driver.state).toBe("pausing");
    modem.behave();
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
  });

  it.each([11, 15, undefined])("refused by one network for %s and taken by the next is up", async (cause) => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.connect();
    await modem.until(() => modem.driver.state === "registering", minute);
    await modem.pass(5_000);
    for (let i = 0; i < 3; i++) {
      modem.say(cause === undefined ? "+CEREG: 3" : `+CEREG: 3,"1848","0014B307",9,0,${cause}`);
      await modem.pass(30_000);
    }
    modem.say(registeredUrc);
    await modem.pass(1_000);
    expect(modem.stateTexts).toEqual(["up"]);
    expect(modem.log.filter((text) => text.startsWith("denied"))).toEqual([]);
  });

  it("denied for a cause that will be the same in an hour: asked again after half an hour, then more rarely", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", ["+CEREG: 5,3,,,,0,11", "OK"]);
    modem.connect();
    await modem.pass(24 * 60 * minute);
    expect(modem.log).toContain("denied cause=11 (PLMN not allowed)");
    expect(pauses(modem).slice(0, 5)).toEqual([1_350, 2_700, 5_400, 10_800, 16_200]);
    // Nothing that a reset of the modem would mend.
    expect(modem.commands.filter(({ text }) => text === "AT+CFUN=1,1")).toEqual([]);
    expect(modem.presses).toEqual([]);
  });

  it("denied without a cause says so", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", ["+CEREG: 5,3", "OK"]);
    modem.connect();
    await modem.until(() => modem.states.length > 0, 6 * minute);
    expect(modem.log).toContain("denied cause=unknown");
    // It may be lasting: in the end it is tried as rarely as one that is.
    await modem.pass(24 * 60 * minute);
    expect(modem.commands.filter(({ text }) => text === "AT+CFUN=1").length).toBeLessThan(13);
    modem.commands.length = 0;
    await modem.pass(24 * 60 * minute);
    expect(modem.commands.filter(({ text }) => text === "AT+CFUN=1").length).toBeLessThan(7);
  });

  it("searched for ever: half an hour untouched the first time, down, then pauses that grow", async () => {
    const modem = new ScriptedModem({ psm });
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.connect();
    await modem.until(() => modem.states.length > 0, 60 * minute);
    expect(modem.stateTexts).toEqual(["down not-registered"]);
    expect(modem.log).toContain("search over state=2 (searching)");
    const on = modem.commands.find(({ text }) => text === "AT+CFUN=1")!.time;
    expect(modem.states[0].time - on).toBeGreaterThan(30 * minute);
    expect(modem.states[0].time - on).toBeLessThan(30.5 * minute);
    // Nothing but questions meanwhile; behind it the radio is off.
    const during = modem.commands.filter(({ time }) => time > on + 1_000 && time < modem.states[0].time);
    expect(new Set(during.map(({ text }) => text))).toEqual(new Set(["AT+CEREG?", "AT+CEER"]));
    await modem.pass(1_000);
    expect(modem.commands.at(-1)!.text).toBe("AT+CFUN=0");

    await modem.pass(24 * 60 * minute);
    const waits = pauses(modem);
    expect(waits.slice(0, 10)).toEqual([8, 15, 30, 60, 120, 240, 480, 960, 1_920, 2_700]);
    expect(Math.max(...waits)).toBe(2_700);
    modem.behave();
    expect(await modem.until(() => modem.driver.ready, 60 * minute)).toBe(true);

    // Once up, the pauses begin anew.
    modem.log.length = 0;
    modem.silent = true;
    modem.send("AA");
    await modem.until(() => modem.driver.state === "pausing", 5 * minute);
    expect(pauses(modem)).toEqual([8]);
  });

  /** Minutes from one search's start to its end, for each. */
  async function searches(modem: ScriptedModem, days: number): Promise<number[]> {
    await modem.pass(days * 24 * 60 * minute);
    const lengths: number[] = [];
    let since: number | undefined;
    for (const { text, time } of modem.commands) {
      if (text === "AT+CFUN=1") since ??= time;
      if (text === "AT+CFUN=0" && since !== undefined) {
        if (time - since > 10_000) lengths.push((time - since) / minute);
        since = undefined;
      }
    }
    return lengths;
  }

  it("searched for ever: later searches are short ones, but now and then one", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.connect();
    const lengths = await searches(modem, 3);
    const long = lengths.flatMap((length, index) => (length > 29 ? [index] : []));
    expect(long).toEqual([0, 32, 64, 96]);
    for (const length of lengths.filter((_, index) => !long.includes(index))) {
      expect(length).toBeGreaterThan(1.4);
      expect(length).toBeLessThan(2);
    }
  });

  it("a first search takes as long as the setting says", async () => {
    const modem = new ScriptedModem({ search: 600 });
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.connect();
    const [first] = await searches(modem, 0.1);
    expect(first).toBeGreaterThan(10);
    expect(first).toBeLessThan(10.5);
  });

  it.each([7, 12, 20, 29])("a first search of %d minutes ends online", async (minutes) => {
    const modem = new ScriptedModem();
    let since: number | undefined;
    modem.answer("AT+CFUN=1", () => {
      since = modem.clock.now;
      return ["OK"];
    });
    modem.answer("AT+CFUN=0", () => ((since = undefined), ["OK"]));
    modem.answer("AT+CEREG?", () => {
      const found = since !== undefined && modem.clock.now - since > minutes * minute;
      return [`+CEREG: 5,${found ? 1 : 2}`, "OK"];
    });
    modem.connect();
    expect(await modem.until(() => modem.driver.ready, (minutes + 1) * minute)).toBe(true);
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("a network that was there before and is lost: radio off and on after 5 minutes, down after 10", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.answer("AT+CEREG?", ["+CEREG: 5,4", "OK"]);
    modem.say("+CEREG: 4");
    const lost = modem.clock.now;
    await modem.until(() => modem.states.length > 1, 60 * minute);
    expect(modem.stateTexts).toEqual(["up", "down not-registered"]);
    expect(modem.log).toContain("search over state=4 (out of coverage)");
    expect(modem.states[1].time - lost).toBeGreaterThan(11 * minute);
    expect(modem.states[1].time - lost).toBeLessThan(12.5 * minute);
    // The radio comes back with all that was set up before.
    expect(modem.take().filter((text) => text.startsWith("AT+CPSMS=1")).length).toBe(2);
  });

  it("a network that is lost again and again meanwhile is asked for after a minute all the same", async () => {
    const modem = new ScriptedModem();
    await modem.up();
    modem.take();
    for (let i = 0; i < 7; i++) {
      modem.say('+CEREG: 2,"5B57","01A50B1A",9');
      await modem.pass(10_000);
    }
    expect(modem.take()).toContain("AT+CEREG?");
    expect(modem.log.filter((line) => line === "service lost")).toHaveLength(1);
  });

  it("a modem that gives the search up is told to search, more and more rarely", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", ["+CEREG: 5,0", "OK"]);
    modem.connect();
    await modem.until(() => modem.states.length > 0, 60 * minute);
    const told = modem.commands.filter(({ text }) => text === "AT+COPS=0").map(({ time }) => time / minute);
    expect(told.length).toBe(4);
    expect(told[0]).toBeLessThan(1.5);
    expect(told[3] - told[2]).toBeGreaterThan(8);
    expect(modem.log).toContain("search again state=0 (idle)");
    expect(modem.log).toContain("search over state=0 (idle)");
    // One that does then find its network is up.
    const other = new ScriptedModem();
    other.answer("AT+CEREG?", ["+CEREG: 5,0", "OK"]);
    other.answer("AT+COPS=0", () => {
      other.answer("AT+CEREG?", ["+CEREG: 5,1", "OK"]);
      return ["OK"];
    });
    other.connect();
    expect(await other.until(() => other.driver.ready, 2 * minute)).toBe(true);
  });

  it.each([80, 100, 8, 6])("state %d is no registration, and told by its name", async (stat) => {
    const modem = new ScriptedModem({ search: 60 });
    modem.answer("AT+CEREG?", [`+CEREG: 5,${stat}`, "OK"]);
    modem.connect();
    await modem.until(() => modem.states.length > 0, 10 * minute);
    expect(modem.stateTexts).toEqual(["down not-registered"]);
    expect(modem.log).toContainEqual(
      expect.stringMatching(new RegExp(`^search over state=${stat} \\(.+\\)$`)),
    );
  });

  it.each([0, 2, 4])(
    "a cause told in state %d is the reason, unless the modem is registered in time",
    async (stat) => {
      const modem = new ScriptedModem();
      modem.answer("AT+CEREG?", [`+CEREG: 5,${stat},"5209","EABE70D",7,0,19,,`, "OK"]);
      modem.connect();
      await modem.until(() => modem.states.length > 0, 10 * minute);
      expect(modem.stateTexts).toEqual(["down denied"]);
      expect(modem.log).toContain("denied cause=19 (ESM failure)");
      const other = new ScriptedModem();
      other.answer("AT+CEREG?", [`+CEREG: 5,${stat},"5209","EABE70D",7,0,11,,`, "OK"]);
      other.connect();
      await other.pass(minute);
      // Another network has taken it.
      other.answer("AT+CEREG?", ["+CEREG: 5,5", "OK"]);
      expect(await other.until(() => other.driver.ready, minute)).toBe(true);
      expect(other.stateTexts).toEqual(["up"]);
    },
  );

  it("a cause that only AT+CEER tells, asked when the search is over", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.answer("AT+CEER", ["+CEER: EMM_CAUSE_PLMN_NOT_ALLOWED", "OK"]);
    modem.connect();
    await modem.until(() => modem.states.length > 0, 60 * minute);
    expect(modem.stateTexts).toEqual(["down denied"]);
    expect(modem.log).toContain("denied cause=11 (PLMN not allowed)");
  });

  it("roaming where the settings forbid it is no registration, and tried again rarely", async () => {
    const modem = new ScriptedModem({ roaming: false });
    modem.answer("AT+CEREG?", ["+CEREG: 5,5", "OK"]);
    modem.connect();
    await modem.pass(24 * 60 * minute);
    expect(new Set(modem.stateTexts)).toEqual(new Set(["down roaming"]));
    expect(modem.states.length).toBeLessThan(11);
    expect(modem.presses).toEqual([]);
    modem.behave();
    expect(await modem.until(() => modem.driver.ready, 6 * 60 * minute)).toBe(true);
  });

  it("searched for ever: each pause is with the radio off, each further search a short one", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.connect();
    await modem.pass(12 * 60 * minute);
    let on = 0;
    let since: number | undefined;
    for (const { text, time } of modem.commands) {
      if (text === "AT+CFUN=1") since ??= time;
      if (text === "AT+CFUN=0" && since !== undefined) {
        on += time - since;
        since = undefined;
      }
    }
    // The first takes half an hour, the others some 90 s.
    expect(on).toBeGreaterThan(50 * minute);
    expect(on).toBeLessThan(65 * minute);
    expect(modem.driver.state).toBe("pausing");
    expect(modem.driver.active).toBe(false);
    // Further up the escalation each time: restarts by command, the key.
    expect(modem.commands.some(({ text }) => text === "AT+CFUN=1,1")).toBe(true);
    expect(modem.presses.length).toBeGreaterThan(2);
    expect(modem.driver.escalation[5]).toBeGreaterThan(10);
  });

  it("spreads its pauses between half and whole", async () => {
    for (const [random, seconds] of [
      [0, 5],
      [0.999_999, 10],
    ] as const) {
      const modem = new ScriptedModem({ random: () => random });
      modem.answer("AT+CEREG?", ["+CEREG: 5,3,,,,0,15", "OK"]);
      modem.connect();
      await modem.until(() => modem.states.length > 0, 6 * minute);
      expect(pauses(modem)).toEqual([seconds]);
    }
  });
});

describe("the supply", () => {
  it("too low is told once an hour, however often the modem says so", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    for (let i = 0; i < 90; i++) {
      modem.say("UNDER-VOLTAGE WARNNING");
      await modem.pass(minute);
    }
    expect(modem.log.filter((text) => text === "supply level=low").length).toBe(2);
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it.each([
    ["UNDER-VOLTAGE POWER DOWN", "low"],
    ["OVER-VOLTAGE POWER DOWN", "high"],
    ["NORMAL POWER DOWN", "unknown"],
  ])("%s: known at once, and the modem is switched on again", async (line, supply) => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    await modem.pass(20_000);
    modem.presses.length = 0;
    modem.commands.length = 0;
    modem.silent = true;
    modem.say(line);
    expect(modem.log).toContain(`powered off supply=${supply}`);
    expect(modem.stateTexts).toEqual(["up", "down powered-off"]);
    await modem.until(() => modem.presses.length > 0, minute);
    // Nothing was said to a modem that is off, but for the question whether it is.
    expect(new Set(modem.take())).toEqual(new Set(["AT", "ATQ0"]));
    modem.silent = false;
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
  });

  it("NORMAL POWER DOWN of a modem that sleeps is no news: it is woken when it is next wanted", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    await modem.pass(20_000);
    modem.take();
    modem.say("NORMAL POWER DOWN");
    await modem.pass(minute);
    expect(modem.driver.state).toBe("asleep");
    expect(modem.take()).toEqual([]);
    modem.connect();
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
    expect(modem.stateTexts).toEqual(["up", "up"]);
  });

  it("its last words in a restart by key are no news", async () => {
    const modem = new ScriptedModem({ psm });
    modem.silent = true;
    modem.connect();
    await modem.pass(2_000);
    modem.say("NORMAL POWER DOWN");
    modem.silent = false;
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
    expect(modem.stateTexts).toEqual(["up"]);
  });
});

describe("no answer", () => {
  it("a lost OK costs a resync and a radio reset, no more", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.send("01");
    await modem.pass(1_000);
    modem.take();
    modem.answer(/CSOSEND/, []);
    modem.send("02");
    await modem.pass(10_000);
    modem.behave();
    await modem.until(() => modem.driver.ready, minute);
    const commands = modem.take();
    expect(commands.slice(0, 2)).toEqual(["AT+CSOSEND=0,2,02", "AT"]);
    expect(commands.filter((text) => text.startsWith("AT+CFUN"))).toEqual(["AT+CFUN=0", "AT+CFUN=1"]);
    expect(modem.presses).toEqual([]);
    expect(modem.stateTexts).toEqual(["up", "up"]);
    modem.send("03");
    await modem.pass(1_000);
    expect(modem.take().at(-1)).toBe("AT+CSOSEND=0,2,03");
  });

  it("climbs the escalation: probes, wake key, probes, pause, probes, power key, probes, pause", async () => {
    const modem = new ScriptedModem({ psm });
    await modem.up();
    modem.take();
    modem.presses.length = 0;
    modem.silent = true;
    const from = modem.clock.now;
    modem.send("01");
    await modem.until(() => modem.states.length >= 3, 10 * minute);
    expect(modem.stateTexts).toEqual(["up", "down no-answer", "down no-answer"]);
    expect(modem.presses.map((press) => press.until - press.from)).toEqual([800, 1_100]);
    const probes = modem.commands.filter(({ text }) => /^AT(Q0)?$/.test(text)).map(({ time }) => time);
    const [wake, power] = modem.presses;
    const down = modem.states[1].time;
    expect(probes.filter((time) => time < wake.from).length).toBe(3);
    expect(probes.filter((time) => time >= wake.until && time < down).length).toBe(10);
    expect(probes.filter((time) => time > down && time < power.from).length).toBe(20);
    expect(probes.filter((time) => time >= power.until).length).toBe(40);
    expect(pauses(modem)).toEqual([8, 15]);
    // The datagram's own time-out, then the whole escalation once: bounded.
    expect(down - from).toBeLessThan(30_000);
    modem.behave();
    expect(await modem.until(() => modem.driver.ready, minute)).toBe(true);
  });

  it("ends the pause at the first sign of life", async () => {
    for (const sign of ["RDY", '+CPSMSTATUS: "EXIT PSM"']) {
      const modem = new ScriptedModem({ withKey: false });
      modem.silent = true;
      modem.connect();
      await modem.until(() => modem.states.length >= 8, 5 * 60 * minute);
      modem.behave();
      modem.say(sign);
      expect(await modem.until(() => modem.driver.ready, 10_000)).toBe(true);
    }
  });

  it("but other pauses are not ended by a modem that reboots", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CEREG?", ["+CEREG: 5,3", "OK"]);
    modem.connect();
    await modem.until(() => modem.driver.state === "pausing", 6 * minute);
    modem.say("RDY");
    expect(modem.driver.state).toBe("pausing");
  });
});

// Each command of a bring-up, a wake and a datagram: what happens when the modem says this instead.
describe.each([
  ["nothing", []],
  ["ENTER PSM, then nothing", ['+CPSMSTATUS: "ENTER PSM"']],
  ["a banner, then nothing", ["RDY"]],
  ["ERROR", ["ERROR"]],
  ["an answer that is not its own", ['+CCLK: "26/01/09,10:07:06+04"', "OK"]],
  ["garbage", ["\x00\x80", "OKOK", "+CEREG:", "+CSOC:", "+CSONMI:", "+CPSMSTATUS:"]],
])("to any one command the modem says %s", (_, answer) => {
  it.each([
    "AT",
    "ATE0",
    "AT+CMEE=1",
    "AT+IPR=115200",
    "AT+CGSN",
    "AT+CPIN?",
    "AT+CFUN=0",
    'AT*MCGDEFCONT="IP","iot.example"',
    "AT+CPSMSTATUS=1",
    /CPSMS=1/,
    "AT+RETENTION=1",
    "AT+CLTS=1",
    "AT+CEREG=5",
    "AT+CFUN=1",
    "AT+CEREG?",
    "AT+CSQ",
    "AT+CCLK?",
    "AT+CSOCL=0",
    "AT+CSOC=1,2,1",
    /CSOCON/,
    /CNBIOTRAI/,
    /CSOSEND/,
  ])("%s: within minutes it sends all the same", async (command) => {
    const modem = new ScriptedModem({ psm });
    let times = 0;
    const once = (later: readonly string[]) => () => ((times += 1) === 1 ? answer : later);
    const good: Record<string, readonly string[]> = {
      "AT+CGSN": ["864600030000017", "OK"],
      "AT+CPIN?": ["+CPIN: READY", "OK"],
      "AT+CEREG?": ["+CEREG: 5,1", "OK"],
      "AT+CSOC=1,2,1": ["+CSOC: 0", "OK"],
    };
    modem.answer(command, once(good[String(command)] ?? ["OK"]));
    const delivered = async (hex: string): Promise<void> => {
      // As the firmware does it: CoAP sends again until it has an answer.
      for (let attempt = 0; attempt < 20; attempt++) {
        if (!modem.driver.ready) modem.connect();
        modem.send(hex, { release: true });
        await modem.pass(20_000);
        if (modem.take().includes(`AT+CSOSEND=0,2,${hex}`)) return;
      }
      throw new Error(`${hex} was never sent: ${modem.driver.state}; log: ${modem.log.join("; ")}`);
    };
    await delivered("01");
    await modem.until(() => modem.driver.ready, 10 * minute);
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    await delivered("02");
    expect(times).toBeGreaterThan(0);
  });
});

describe("a socket that is refused again and again", () => {
  it("has the radio switched off and on, which mends it", async () => {
    const modem = new ScriptedModem();
    await modem.up();
    let refused = true;
    modem.answer("AT+CSOC=1,2,1", () => (refused ? ["ERROR"] : ["+CSOC: 0", "OK"]));
    modem.answer("AT+CFUN=0", () => ((refused = false), ["OK"]));
    for (let i = 0; i < 3; i++) {
      modem.send("01");
      await modem.pass(minute);
    }
    expect(modem.commands.map((command) => command.text)).toContain("AT+CSOSEND=0,2,01");
  });

  it("for good: bring-ups grow rarer", async () => {
    const modem = new ScriptedModem();
    await modem.up();
    modem.answer("AT+CSOC=1,2,1", ["ERROR"]);
    for (let i = 0; i < 12 * 60; i++) {
      modem.send("01");
      await modem.pass(minute);
    }
    const tries = modem.commands.filter((command) => command.text === "AT+CSOC=1,2,1").length;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(40);
  });
});
