/** The SIM card: how it is asked, what it says by name, and its PIN, which is never given twice in vain. */
import { describe, expect, it, test } from "vitest";
import { PinMemory } from "../../../../firmware/continuity/pin-memory";
import { keptBack } from "../../../../firmware/modem/driver/pin-entry";
import { nodeCryptography } from "../../../../host-sim/sim/engine/node-cryptography";
import { SimulatedBoard } from "../simulated-board";
import { ScriptedModem } from "../scripted-modem";
import { families } from "../../../../host-sim/sim/modem/families";
import type { ByteStore } from "../../../../firmware/continuity/two-slot-state";

const minute = 60_000;

/** Storage that outlives whatever the test restarts. */
class Storage implements ByteStore {
  readonly values = new Map<string, ArrayBuffer>();
  isBroken = false;

  read(key: string): ArrayBuffer | undefined {
    return this.values.get(key)?.slice(0);
  }

  write(key: string, value: Uint8Array): void {
    if (this.isBroken) throw new Error("no space");
    this.values.set(key, value.slice().buffer);
  }
}

const memoryOn = (store: ByteStore): PinMemory =>
  new PinMemory({ store, crypto: nodeCryptography, log: () => {} });

describe("how the card is asked", () => {
  it.each([
    "ERROR",
    "+CME ERROR: 4",
    "+CME ERROR: 50",
    "+CME ERROR: 100",
    "+CME ERROR: operation not supported",
    "+CME ERROR: unknown",
  ])("takes %s for no statement: what only a good card can tell is asked", async (answer) => {
    const modem = new ScriptedModem();
    modem.answer("AT+CPIN?", [answer]);
    modem.answer("AT+CIMI", ["001010000000017", "OK"]);
    await modem.up();
    expect(modem.stateTexts).toEqual(["up"]);
    expect(modem.log.some((line) => line.startsWith("sim"))).toBe(false);
  });

  it("takes the card's number where neither state nor subscriber is told", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CPIN?", ["ERROR"]);
    modem.answer("AT+CIMI", ["ERROR"]);
    modem.answer("AT+CCID", ["89860100000000170000", "OK"]);
    await modem.up();
    expect(modem.stateTexts).toEqual(["up"]);
  });

  it("lets the network tell where the modem says nothing at all about the card", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CPIN?", ["ERROR"]);
    modem.answer("AT+CIMI", ["ERROR"]);
    modem.answer("AT+CCID", ["ERROR"]);
    await modem.up();
    expect(modem.stateTexts).toEqual(["up"]);
    expect(modem.log).toContain('sim status="unknown"');
  });

  it("gives a busy card its time", async () => {
    const modem = new ScriptedModem();
    modem.answer("AT+CPIN?", () => (modem.clock.now < 20_000 ? ["+CME ERROR: 14"] : ["+CPIN: READY", "OK"]));
    await modem.up();
    expect(modem.stateTexts).toEqual(["up"]);
  });

  test.each([
    ["+CME ERROR: 10", 'sim status="NOT INSERTED"'],
    ["+CME ERROR: 11", 'sim status="SIM PIN"'],
    ["+CME ERROR: 12", 'sim status="SIM PUK"'],
    ["+CME ERROR: 13", 'sim status="SIM FAILURE"'],
    ["+CME ERROR: 14", 'sim status="SIM BUSY"'],
    ["+CME ERROR: 15", 'sim status="SIM WRONG"'],
    ["+CME ERROR: 3", 'sim status="OPERATION NOT ALLOWED"'],
    ["+CME ERROR: operation not allowed", 'sim status="OPERATION NOT ALLOWED"'],
    ["+CME ERROR: SIM not inserted", 'sim status="NOT INSERTED"'],
    ["+CME ERROR: SIM PIN required", 'sim status="SIM PIN"'],
    ["+CME ERROR: SIM PUK required", 'sim status="SIM PUK"'],
    ["+CME ERROR: SIM busy", 'sim status="SIM BUSY"'],
    ["+CPIN: SIM PUK", 'sim status="SIM PUK"'],
    ["+CPIN: PH-NET PIN", 'sim status="PH-NET PIN"'],
    ["+CPIN: NOT INSERTED", 'sim status="NOT INSERTED"'],
  ])("names what it says: %s is %s", async (answer, line) => {
    const modem = new ScriptedModem();
    modem.answer("AT+CPIN?", answer.startsWith("+CPIN") ? [answer, "OK"] : [answer]);
    modem.connect();
    await modem.until(() => modem.stateTexts.length > 0, 2 * minute);
    expect(modem.stateTexts).toEqual(["down sim"]);
    expect(modem.log).toContain(line);
  });
});

describe("the PIN", () => {
  const right = "0042";

  function board(
    store: ByteStore,
    pin: string | undefined,
    seed = "pin",
    family = "sim7020",
  ): SimulatedBoard {
    const driver = pin === undefined ? {} : { pin: { pin, memory: memoryOn(store) } };
    return new SimulatedBoard({ seed, family, modem: { pin: right }, driver });
  }

  const attemptsOf = ({ lines }: SimulatedBoard): number =>
    lines.filter((line) => /^> AT\+(CPIN|NPIN)=/.test(line)).length;

  it.each([...families.keys()])("unlocks the card: %s", async (family) => {
    const unlocked = board(new Storage(), right, "unlock", family);
    await unlocked.up();
    expect(unlocked.driver.ready).toBe(true);
    expect(unlocked.log.join("\n")).toContain("pin accepted");
    expect(unlocked.modem.card.pinTriesLeft).toBe(3);
  });

  it("is asked for by name when none is set, and the card gets none", async () => {
    const locked = board(new Storage(), undefined);
    locked.connect();
    await locked.pass(10 * minute);
    expect(locked.log).toContain('sim status="SIM PIN"');
    expect(locked.modem.card.attempts).toBe(0);
  });

  it("is given once and never again when it is refused: over days, restarts and other modems' starts", async () => {
    const store = new Storage();
    const refused = board(store, "9999");
    refused.connect();
    await refused.pass(24 * 60 * minute);
    expect(refused.log).toContain('sim status="PIN refused"');
    expect(refused.log).toContain('sim status="PIN kept back: refused before"');
    expect(refused.modem.card.attempts).toBe(1);
    refused.restart();
    refused.connect();
    await refused.pass(24 * 60 * minute);
    expect(refused.modem.card.attempts).toBe(1);
    expect(attemptsOf(refused)).toBe(1);
  });

  it("once corrected it is given, as long as more than one try is left", async () => {
    const store = new Storage();
    const card = board(store, "9999");
    card.connect();
    await card.pass(60 * minute);
    const again = board(store, right, "corrected");
    again.modem.card.pinTriesLeft = 2;
    await again.up();
    expect(again.driver.ready).toBe(true);
  });

  it("is not given to a card that has one try left", async () => {
    const modem = new ScriptedModem({ pin: { pin: right, memory: memoryOn(new Storage()) } });
    modem.answer("AT+CPIN?", ["+CPIN: SIM PIN", "OK"]);
    modem.answer("AT+CPINR", ["+CPINR: SIM PIN,1,3", "OK"]);
    modem.connect();
    await modem.pass(60 * minute);
    expect(modem.take().filter((line) => line.startsWith("AT+CPIN="))).toEqual([]);
    expect(modem.log).toContain('sim status="PIN kept back: one try is left"');
  });

  it("is not given where its fate cannot be kept", async () => {
    const store = new Storage();
    store.isBroken = true;
    const broken = board(store, right);
    broken.connect();
    await broken.pass(60 * minute);
    expect(broken.modem.card.attempts).toBe(0);
    expect(broken.log).toContain('sim status="PIN kept back: its fate cannot be kept"');
  });

  it("given before without an answer, as when power fails, it is not given to a card that may have refused it", async () => {
    const store = new Storage();
    const modem = new ScriptedModem({ pin: { pin: "9999", memory: memoryOn(store) } });
    modem.answer("AT+CPIN?", ["+CPIN: SIM PIN", "OK"]);
    modem.answer("AT+CCID", ["89860100000000170000", "OK"]);
    // The board loses its power the moment the card has the PIN: nothing comes back.
    let given = 0;
    modem.answer(/^AT\+CPIN="/, () => ((given += 1), (modem.silent = true), []));
    modem.connect();
    await modem.until(() => given > 0, minute);
    const next = new ScriptedModem({ pin: { pin: "9999", memory: memoryOn(store) } });
    next.answer("AT+CPIN?", ["+CPIN: SIM PIN", "OK"]);
    next.answer("AT+CCID", ["89860100000000170000", "OK"]);
    next.answer(/^AT\+CPIN="/, () => ((given += 1), ["+CME ERROR: 16"]));
    next.connect();
    await next.pass(24 * 60 * minute);
    expect(given).toBe(1);
    expect(next.log).toContain('sim status="PIN kept back: given before without an answer"');
  });

  it.each([1, 2])(
    "is not given a second time where noise has changed the card's number (answer %d)",
    async (nth) => {
      const memory = memoryOn(new Storage());
      memory.note("89860100000000170000", right, "refused", 3);
      const modem = new ScriptedModem({ pin: { pin: right, memory } });
      modem.answer("AT+CPIN?", ["+CPIN: SIM PIN", "OK"]);
      let asked = 0;
      modem.answer("AT+CCID", () => [
        ++asked === nth ? "89860100000000178000" : "89860100000000170000",
        "OK",
      ]);
      modem.connect();
      await modem.pass(minute / 2);
      expect(asked).toBeGreaterThan(2);
      expect(modem.take().filter((line) => line.startsWith("AT+CPIN="))).toEqual([]);
      expect(modem.log).toContain('sim status="PIN kept back: refused before"');
    },
  );

  it("is given after all when the card's count shows that it was not refused, and to another card", async () => {
    const store = new Storage();
    const memory = memoryOn(store);
    memory.note("89860100000000170000", right, "given", 3);
    const modem = new ScriptedModem({ pin: { pin: right, memory } });
    let locked = true;
    modem.answer("AT+CPIN?", () => [`+CPIN: ${locked ? "SIM PIN" : "READY"}`, "OK"]);
    modem.answer("AT+CCID", ["89860100000000170000", "OK"]);
    modem.answer("AT+CPINR", ['+CPINR: "SIM PIN",3,3', '+CPINR: "SIM PUK",10,10', "OK"]);
    modem.answer(/^AT\+CPIN="/, () => ((locked = false), ["OK"]));
    await modem.up();
    expect(modem.log).toContain("pin accepted");
    expect(memory.recall("89860100000000170000", right)).toMatchObject({ outcome: "accepted" });
    expect(memory.recall("89860100000000999999", right)).toMatchObject({ outcome: "none" });
  });

  it("stands in no line of the log, whatever the modem says to it", async () => {
    for (const answer of [
      ["ERROR"],
      ["+CME ERROR: 16"],
      ["+CME ERROR: incorrect password"],
      ["+CME ERROR: 12"],
      [],
    ]) {
      const modem = new ScriptedModem({ pin: { pin: "24681357", memory: memoryOn(new Storage()) } });
      modem.answer("AT+CPIN?", ["+CPIN: SIM PIN", "OK"]);
      modem.answer("AT+CCID", ["89860100000000170000", "OK"]);
      modem.answer(/^AT\+CPIN="/, answer);
      modem.connect();
      await modem.pass(60 * minute);
      expect(modem.commands.filter(({ text }) => text.includes("24681357"))).toHaveLength(1);
      expect(modem.log.join("\n")).not.toMatch(/24681357|89860100000000170000/);
    }
  });

  it("and the number of the card are in no storage, nor a part of them", () => {
    const store = new Storage();
    memoryOn(store).note("89860100000000170000", "24681357", "refused");
    for (const value of store.values.values()) {
      const text = Buffer.from(value).toString("latin1");
      expect(text).not.toContain("2468");
      expect(text).not.toContain("8986");
    }
  });
});

describe("whether a PIN is kept back", () => {
  const fate = { outcome: "none", acceptedBefore: false, refusals: 0 } as const;

  test.each([
    ["a new one", fate, undefined, undefined],
    ["a new one, two tries left", fate, 2, undefined],
    ["a new one, one try left", fate, 1, "one try is left"],
    ["after one other that was refused", { ...fate, refusals: 1 }, undefined, undefined],
    ["after two others that were refused", { ...fate, refusals: 2 }, undefined, "one try is left"],
    ["after two others, the card has all tries again", { ...fate, refusals: 2 }, 3, undefined],
    ["refused", { ...fate, outcome: "refused" }, 3, "refused before"],
    ["accepted, one try left", { ...fate, outcome: "accepted", acceptedBefore: true }, 1, undefined],
    ["given", { ...fate, outcome: "given" }, undefined, "given before without an answer"],
    ["given, a try is missing", { ...fate, outcome: "given", tries: 3 }, 2, "given before without an answer"],
    ["given, none is missing", { ...fate, outcome: "given", tries: 2 }, 2, undefined],
    [
      "given where accepted before",
      { ...fate, outcome: "given", acceptedBefore: true },
      undefined,
      undefined,
    ],
    ["unreadable", undefined, 3, "its fate cannot be kept"],
  ] as const)("%s", (_, known, tries, reason) => {
    expect(keptBack(known, tries)).toBe(reason);
  });

  it("given twice where it was accepted before, without an answer: not a third time", () => {
    const memory = memoryOn(new Storage());
    memory.note("8986", "1234", "given");
    memory.note("8986", "1234", "accepted");
    memory.note("8986", "1234", "given");
    expect(keptBack(memory.recall("8986", "1234"), undefined)).toBeUndefined();
    memory.note("8986", "1234", "given");
    expect(keptBack(memory.recall("8986", "1234"), undefined)).toBe("given before without an answer");
  });

  it("the last four cards are remembered", () => {
    const memory = memoryOn(new Storage());
    for (let card = 0; card < 5; card++) memory.note(`898600000000000000${card}`, "1234", "refused");
    const outcomes = [0, 1, 2, 3, 4].map(
      (card) => memory.recall(`898600000000000000${card}`, "1234")?.outcome,
    );
    expect(outcomes).toEqual(["none", "refused", "refused", "refused", "refused"]);
  });
});
