/** What the driver does in place of a command that a firmware refuses, and what it says of it. */
import { describe, expect, it } from "vitest";
import { imei, ScriptedModem } from "../scripted-modem";

const psm = { t3412: 3_600, t3324: 10 };
const minute = 60_000;

/** Lines of the log about commands refused. */
const told = (modem: ScriptedModem): string[] =>
  modem.log.filter((text) => text.startsWith("refused command"));

describe("AT+CEREG", () => {
  /** A firmware that knows no more than this much. */
  function knowsUpTo(modem: ScriptedModem, level: number, stat = 1): void {
    let set = 0;
    modem.answer(/^AT\+CEREG=\d$/, (line) => {
      if (Number(line.at(-1)) > level) return ["+CME ERROR: 4"];
      set = Number(line.at(-1));
      return ["OK"];
    });
    modem.answer("AT+CEREG?", () => [`+CEREG: ${set},${stat}`, "OK"]);
  }

  it.each([
    [5, []],
    [4, [5]],
    [3, [5, 4]],
    [2, [5, 4, 3]],
    [1, [5, 4, 3, 2]],
    [0, [5, 4, 3, 2, 1]],
  ])("up to %d: is asked for less until it is taken, and each refusal told once", async (level, refused) => {
    const modem = new ScriptedModem({ psm });
    knowsUpTo(modem, level);
    await modem.up();
    expect(modem.stateTexts).toEqual(["up"]);
    expect(told(modem)).toEqual(
      refused.map((n) => `refused command="AT+CEREG=${n}" code=4 means="operation not supported"`),
    );
    expect(modem.commands.filter(({ text }) => text === "AT+CFUN=1,1")).toEqual([]);
    // At a wake the level that was taken is read back, and nothing is said.
    modem.take();
    modem.say('+CPSMSTATUS: "ENTER PSM"');
    modem.connect();
    await modem.until(() => modem.driver.ready, minute);
    const set = modem.take().filter((text) => text.startsWith("AT+CEREG="));
    expect(set).toEqual([]);
    expect(told(modem).length).toBe(refused.length);
    expect(modem.stateTexts).toEqual(["up", "up"]);
  });

  it("the level outlives the ESP32's deep sleep", async () => {
    const before = new ScriptedModem({ psm });
    knowsUpTo(before, 3);
    await before.up();
    const resume = [...before.driver.remembered!];
    const modem = new ScriptedModem({ psm, resume });
    knowsUpTo(modem, 3);
    modem.answer("AT+CEREG?", ["+CEREG: 3,1", "OK"]);
    modem.connect();
    await modem.until(() => modem.driver.ready, minute);
    expect(modem.take().filter((text) => text.startsWith("AT+CEREG="))).toEqual([]);
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it.each([
    [3, { t3324: 10, t3412: 3_600 }],
    [1, { t3324: 10, t3412: 3_600 }],
    // At this level no timers mean that none were granted.
    [4, {}],
  ])("up to %d: timers that it does not tell are those that were asked for", async (level, granted) => {
    const modem = new ScriptedModem({ psm });
    knowsUpTo(modem, level);
    await modem.up();
    expect(modem.driver.granted).toEqual(granted);
  });

  it("a level that is taken and read otherwise is said once more, then believed: no restart at each wake", async () => {
    const modem = new ScriptedModem({ psm });
    modem.answer("AT+CEREG?", ["+CEREG: 2,1", "OK"]);
    await modem.up();
    expect(modem.take().filter((text) => text.startsWith("AT+CEREG="))).toEqual(["AT+CEREG=5", "AT+CEREG=5"]);
    for (let i = 0; i < 3; i++) {
      await modem.pass(20_000);
      modem.say('+CPSMSTATUS: "ENTER PSM"');
      modem.connect();
      await modem.until(() => modem.driver.ready, minute);
    }
    expect(modem.stateTexts).toEqual(["up", "up", "up", "up"]);
  });

  it("no PSM was asked for: none is taken for granted", async () => {
    const modem = new ScriptedModem();
    knowsUpTo(modem, 3);
    await modem.up();
    expect(modem.driver.granted).toEqual({});
  });

  it.each([
    ["AT+CREG?", "+CREG: 0,1"],
    ["AT+CGREG?", "+CGREG: 0,5"],
    ["AT+CGATT?", "+CGATT: 1"],
  ])("refused outright: %s tells of the registration", async (question, answer) => {
    const modem = new ScriptedModem();
    modem.answer(/^AT\+C(E|G)?REG|^AT\+CGATT/, ["ERROR"]);
    modem.connect();
    await modem.until(() => modem.driver.state === "registering", minute);
    await modem.pass(minute);
    expect(modem.driver.state).toBe("registering");
    modem.answer(question, [answer, "OK"]);
    await modem.until(() => modem.driver.ready, minute);
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it.each(["+CREG: 0,3", "+CGREG: 0,2", "+CGATT: 0", "+CREG: 5", "+CREG:"])(
    "refused outright: %s is no registration, and no denial",
    async (answer) => {
      const modem = new ScriptedModem();
      modem.answer(/^AT\+C(E|G)?REG|^AT\+CGATT/, ["ERROR"]);
      modem.answer(`AT${answer.slice(0, answer.indexOf(":"))}?`, [answer, "OK"]);
      modem.connect();
      await modem.pass(10 * minute);
      expect(modem.driver.state).toBe("registering");
      expect(modem.stateTexts).toEqual([]);
    },
  );
});

describe("the IMEI", () => {
  it.each([
    ["AT+CGSN", imei],
    ["AT+CGSN", `+CGSN: ${imei}`],
    ["AT+CGSN", `+CGSN: "${imei}"`],
    ["AT+CGSN", `"${imei}"`],
    ["AT+CGSN=1", `+CGSN:${imei}`],
    ["AT+CGSN=1", `+CGSN: "${imei}"`],
    ["AT+CGSN=1", imei],
    ["AT+GSN", imei],
  ])("is known where %s alone tells it: %s", async (question, answer) => {
    const modem = new ScriptedModem();
    modem.answer(/^AT\+C?GSN/, ["ERROR"]);
    modem.answer(question, [answer, "OK"]);
    await modem.up();
    expect(modem.driver.imei).toBe(imei);
    const asked = modem.take().filter((text) => /GSN/.test(text));
    expect(asked.at(-1)).toBe(question);
    expect(told(modem)).toEqual(question === "AT+CGSN" ? [] : ['refused command="AT+CGSN" code=none']);
  });

  it("may remain unknown", async () => {
    const modem = new ScriptedModem();
    modem.answer(/^AT\+C?GSN/, ["ERROR"]);
    await modem.up();
    expect(modem.driver.imei).toBeUndefined();
    expect(modem.log).toContain("identified imei=unknown");
  });
});

describe("AT+CFUN=1", () => {
  it("refused by a modem that is in full function: goes on", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CFUN=1", ["+CME ERROR: 3"]);
    modem.answer("AT+CFUN?", ["+CFUN: 1", "OK"]);
    await modem.up();
    expect(told(modem)).toEqual(['refused command="AT+CFUN=1" code=3 means="operation not allowed"']);
  });

  it("refused, and the question too: the network tells", async () => {
    const modem = new ScriptedModem();
    modem.answer(/^AT\+CFUN/, ["ERROR"]);
    await modem.up();
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("refused by one whose radio is off: down, and named each time", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CFUN=1", ["+CME ERROR: 3"]);
    modem.answer("AT+CFUN?", ["+CFUN: 0", "OK"]);
    modem.connect();
    await modem.pass(minute);
    expect(new Set(modem.stateTexts)).toEqual(new Set(["down failed"]));
    expect(told(modem).length).toBe(modem.commands.filter(({ text }) => text === "AT+CFUN=1").length);
    modem.behave();
    expect(await modem.until(() => modem.driver.ready, 10 * minute)).toBe(true);
  });
});

it("the model is no other because the question for it is refused", async () => {
  const modem = new ScriptedModem();
  modem.answer("AT+CGMM", ["ERROR"]);
  modem.answer("ATI", ["R1752.01", "OK"]);
  await modem.up();
  expect(modem.stateTexts).toEqual(["up"]);
  // Told, it is.
  const other = new ScriptedModem();
  other.answer("AT+CGMM", ["BG95-M3", "OK"]);
  other.connect();
  await other.pass(minute);
  expect(other.stateTexts).toContain("down wrong-modem");
});

it("an echo that cannot be switched off is lived with", async () => {
  const modem = new ScriptedModem({ psm });
  modem.echo = true;
  modem.answer("ATE0", ["ERROR"]);
  await modem.up();
  modem.send("01");
  await modem.pass(minute);
  expect(modem.stateTexts).toEqual(["up"]);
  expect(modem.commands.map(({ text }) => text)).toContain("AT+CSOSEND=0,2,01");
});
