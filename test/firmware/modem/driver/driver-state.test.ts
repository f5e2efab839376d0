/**
 * The table of the driver's transitions: walked as a table, taken one by one by the real driver, and held by
 * the driver of every family against its simulated modem while that meets one trouble after another.
 */
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { AtEngine } from "../../../../firmware/modem/at/engine";
import { DriverState, transitions } from "../../../../firmware/modem/driver/driver-state";
import { logLine, modemLog } from "../../../../firmware/device/log";
import { families } from "../../../../host-sim/sim/modem/families";
import { Random } from "../../../../host-sim/sim/time/random";
import { registeredUrc, ScriptedModem } from "../scripted-modem";
import { SimulatedBoard } from "../simulated-board";
import type { FaultHandler, ModemState } from "../../../../firmware/modem/driver/driver-state";
import type { ModemEvent, ModemNote } from "../../../../firmware/modem/driver/modem-log";

const minute = 60_000;
const psm = { t3412: 3_600, t3324: 10 };
/** From a boot on, ms: until then a banner is taken for that boot's own. */
const bootGrace = 11_000;
const enterPsm = '+CPSMSTATUS: "ENTER PSM"';

const states = Object.keys(transitions) as ModemState[];
const pairs = states.flatMap((from) => states.map((to) => [from, to] as const));
const isLegal = ([from, to]: readonly [ModemState, ModemState]): boolean => transitions[from].includes(to);
const legal = pairs.filter(isLegal);
const illegal = pairs.filter((pair) => !isLegal(pair));

/** The shortest row of legal transitions from off to a state, without the first. */
function wayTo(state: ModemState): readonly ModemState[] {
  const ways: ModemState[][] = [[]];
  const seen = new Set<ModemState>(["off"]);
  for (const way of ways) {
    const last = way.at(-1) ?? "off";
    if (last === state) return way;
    for (const next of transitions[last]) {
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  throw new Error(`no way to ${state}`);
}

describe("as a table", () => {
  /** A state alone, whose faults are only taken down, and which is at `from`. */
  function stateAt(from: ModemState) {
    const told: (ModemEvent | ModemNote)[] = [];
    const failures: string[] = [];
    const at = new AtEngine({ write() {}, urcs: [], banners: [], onUrc() {}, onBanner() {} });
    const driver = new DriverState({ state: "off", at, onCancel() {}, log: (event) => told.push(event) });
    const unexpected = (): never => {
      throw new Error("nothing else is told");
    };
    const faults: FaultHandler = {
      scriptFailed: unexpected,
      silence: unexpected,
      rebooted: unexpected,
      denied: unexpected,
      noCell: unexpected,
      socketRefused: unexpected,
      fail: (reason, now) => {
        failures.push(reason);
        driver.enter("pausing", now);
      },
    };
    driver.faults = faults;
    for (const state of wayTo(from)) expect(driver.enter(state, 0)).toBe(true);
    expect(driver.state).toBe(from);
    told.length = 0;
    return { driver, told, failures };
  }

  test.each(legal)("%s -> %s is accepted", (from, to) => {
    const { driver, told, failures } = stateAt(from);
    expect(driver.enter(to, 0)).toBe(true);
    expect(driver.state).toBe(to);
    expect(failures).toEqual([]);
    expect(told.filter((event) => typeof event === "object" && event.kind.includes("illegal"))).toEqual([]);
  });

  test.each(illegal)("%s -> %s is refused, told, and ends in a pause", (from, to) => {
    const { driver, told, failures } = stateAt(from);
    expect(driver.enter(to, 0)).toBe(false);
    expect(told).toEqual([{ kind: "modem illegal transition", from, to }]);
    expect(driver.state).toBe(from === "off" ? "off" : "pausing");
    expect(failures).toEqual(from === "off" ? [] : ["failed"]);
    // Only the pause that follows the refusal is exempt from the table.
    expect(driver.enter("pausing", 0)).toBe(false);
  });

  test("cannot be changed", () => {
    expect(Object.isFrozen(transitions)).toBe(true);
    for (const state of states) expect(Object.isFrozen(transitions[state]), state).toBe(true);
  });
});

/** Transitions of any driver that the present test runs, as `from -> to`, and the driver's state itself. */
let taken: string[] = [];
let current: DriverState | undefined;
const enter = DriverState.prototype.enter;

beforeEach(() => {
  taken = [];
  current = undefined;
  DriverState.prototype.enter = function (state, now) {
    // The instance's own state before and after: nothing of it is changed.
    current = this;
    taken.push(`${this.state} -> ${state}`);
    return enter.call(this, state, now);
  };
});

afterEach(() => {
  DriverState.prototype.enter = enter;
});

/** Brings a driver into a state, as a modem brings it there. */
const reach: Readonly<Record<ModemState, (modem: ScriptedModem) => Promise<void>>> = {
  off: async (modem) => {
    await modem.up();
    modem.suspend();
  },
  starting: async (modem) => {
    modem.silent = true;
    modem.connect();
    await modem.pass(1_000);
  },
  configuring: async (modem) => {
    modem.connect();
    await modem.hangAt("AT+CGSN");
  },
  registering: async (modem) => {
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    modem.connect();
    await modem.until(() => modem.driver.state === "registering", minute);
    await modem.pass(bootGrace);
  },
  up: async (modem) => {
    await modem.up();
    await modem.pass(bootGrace);
  },
  asleep: async (modem) => {
    await reach.up(modem);
    modem.say(enterPsm);
  },
  waking: async (modem) => {
    await reach.asleep(modem);
    modem.connect();
    await modem.until(() => modem.commands.at(-1)?.text === "AT", minute);
  },
  recovering: async (modem) => {
    await modem.up();
    modem.silent = true;
    modem.send("01");
    await modem.until(() => modem.driver.state === "recovering", minute);
  },
  pausing: async (modem) => {
    modem.answer("AT+CEREG?", ["+CEREG: 5,3,,,,0,15", "OK"]);
    modem.connect();
    await modem.until(() => modem.driver.state === "pausing", 10 * minute);
  },
};

const outage = async (modem: ScriptedModem): Promise<void> => {
  await modem.up();
  modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
  modem.say("+CEREG: 2");
  await modem.pass(8 * minute);
};

/** The modem restarts; whether it has is asked, and known in seconds. */
const restarted = async (modem: ScriptedModem): Promise<void> => {
  modem.silent = false;
  modem.restart();
  await modem.pass(5_000);
};

interface Scenario {
  readonly what: string;
  /** The transition that it is here for. */
  readonly takes: readonly [ModemState, ModemState];
  readonly run: () => Promise<unknown>;
}

/** From a state that `reach` brings the driver to, what happens next. */
function next(
  from: ModemState,
  to: ModemState,
  what: string,
  then: (modem: ScriptedModem) => unknown,
): Scenario {
  return {
    what,
    takes: [from, to],
    run: async () => {
      const modem = new ScriptedModem({ psm });
      await reach[from](modem);
      expect(modem.driver.state).toBe(from);
      taken.length = 0;
      await then(modem);
    },
  };
}

const scenarios: readonly Scenario[] = [
  next("off", "starting", "is connected", (modem) => modem.connect()),
  next("starting", "configuring", "answers", (modem) => {
    modem.silent = false;
    return modem.pass(5_000);
  }),
  {
    what: "has its supply taken away",
    takes: ["starting", "starting"],
    run: async () => {
      let switched = 0;
      const modem = new ScriptedModem({ psm, supply: () => void (switched += 1) });
      await reach.starting(modem);
      await modem.until(() => switched === 2, 30 * minute);
      await modem.pass(2_000);
    },
  },
  next("starting", "pausing", "never answers", (modem) => modem.pass(5 * minute)),
  next("configuring", "registering", "has a card", async (modem) => {
    modem.behave();
    await modem.pass(minute);
  }),
  {
    what: "was given settings that take a restart",
    takes: ["configuring", "starting"],
    run: () => new SimulatedBoard({ seed: 1, family: "bc95" }).up(),
  },
  next("configuring", "recovering", "does not answer a command", (modem) => modem.pass(6_000)),
  {
    what: "has no card",
    takes: ["configuring", "pausing"],
    run: async () => {
      const modem = new ScriptedModem();
      modem.answer("AT+CPIN?", ["+CME ERROR: 10"]);
      modem.connect();
      await modem.pass(minute);
    },
  },
  next("registering", "up", "finds its network", async (modem) => {
    modem.say(registeredUrc);
    await modem.pass(5_000);
  }),
  {
    what: "finds no cell any more",
    takes: ["registering", "registering"],
    run: () => outage(new ScriptedModem()),
  },
  next("registering", "starting", "restarts", (modem) => restarted(modem)),
  next("registering", "recovering", "does not answer a command", async (modem) => {
    modem.silent = true;
    await modem.pass(20_000);
  }),
  next("registering", "pausing", "is denied", async (modem) => {
    modem.say("+CEREG: 3,,,,0,15");
    await modem.pass(6 * minute);
  }),
  next("up", "asleep", "says that it falls asleep", (modem) => modem.say(enterPsm)),
  {
    what: "is quiet for longer than T3324",
    takes: ["up", "asleep"],
    run: async () => {
      const modem = new ScriptedModem({ psm });
      await modem.up();
      await modem.pass(3 * minute);
    },
  },
  next("up", "waking", "loses its service", async (modem) => {
    modem.say("+CEREG: 2");
    await modem.pass(61_000);
  }),
  next("up", "starting", "restarts", (modem) => restarted(modem)),
  next("up", "recovering", "does not answer a command", async (modem) => {
    modem.silent = true;
    modem.send("01");
    await modem.pass(20_000);
  }),
  next("up", "recovering", "is up and mute", async (modem) => {
    modem.reset();
    await modem.until(() => modem.driver.state !== "up", 5_000);
  }),
  next("up", "pausing", "loses its card", (modem) => modem.say("+CPIN: NOT INSERTED")),
  next("asleep", "waking", "has something to send", (modem) => modem.send("01")),
  next("asleep", "starting", "restarts", (modem) => modem.say("RDY")),
  {
    what: "restarts, after others before the ESP32's deep sleep",
    takes: ["asleep", "pausing"],
    run: async () => {
      const before = new ScriptedModem({ psm });
      await reach.asleep(before);
      const resume = before.driver.remembered;
      const modem = new ScriptedModem({ psm, resume, escalation: [0, 0, 0, 0, 0, 2] });
      expect(modem.driver.state).toBe("asleep");
      modem.say("RDY");
      expect(modem.stateTexts).toEqual(["down rebooted"]);
    },
  },
  next("waking", "up", "is registered still", (modem) => modem.pass(10_000)),
  next("waking", "registering", "is not registered any more", async (modem) => {
    modem.answer("AT+CEREG?", ["+CEREG: 5,2", "OK"]);
    await modem.pass(10_000);
  }),
  next("waking", "asleep", "falls asleep again", (modem) => modem.say(enterPsm)),
  next("waking", "starting", "restarts", (modem) => restarted(modem)),
  next("waking", "recovering", "does not answer", async (modem) => {
    modem.silent = true;
    await modem.pass(30_000);
  }),
  {
    what: "restarts, after others before the ESP32's deep sleep",
    takes: ["waking", "pausing"],
    run: async () => {
      const before = new ScriptedModem({ psm });
      await reach.asleep(before);
      const resume = before.driver.remembered;
      const modem = new ScriptedModem({ psm, resume, escalation: [0, 0, 0, 0, 0, 2] });
      modem.connect();
      expect(modem.driver.state).toBe("waking");
      await restarted(modem);
      expect(modem.stateTexts).toEqual(["down rebooted"]);
    },
  },
  {
    what: "answers before it was identified",
    takes: ["recovering", "configuring"],
    run: async () => {
      const modem = new ScriptedModem();
      await reach.configuring(modem);
      await modem.until(() => modem.driver.state === "recovering", minute);
      modem.behave();
      await modem.pass(10_000);
    },
  },
  next("recovering", "registering", "answers", async (modem) => {
    modem.silent = false;
    await modem.pass(30_000);
  }),
  next("recovering", "starting", "restarts", (modem) => restarted(modem)),
  next("recovering", "pausing", "does not answer", (modem) => modem.pass(minute)),
  next("pausing", "starting", "has paused", async (modem) => {
    modem.behave();
    await modem.pass(5 * minute);
  }),
  ...states
    .filter((from) => transitions[from].includes("off"))
    .map((from) => next(from, "off", "is suspended", (modem) => modem.suspend())),
];

describe("by the real driver", () => {
  test.each(scenarios.map((scenario) => [...scenario.takes, scenario.what, scenario] as const))(
    "%s -> %s is taken when the modem %s",
    async (from, to, _what, { run }) => {
      await run();
      expect(taken).toContain(`${from} -> ${to}`);
    },
  );

  it("takes each legal transition above, and no legal one is there that it does not take", () => {
    const texts = (list: readonly (readonly [ModemState, ModemState])[]): string[] =>
      [...new Set(list.map(([from, to]) => `${from} -> ${to}`))].sort();
    expect(texts(scenarios.map(({ takes }) => takes))).toEqual(texts(legal));
  });

  it.each(illegal)("%s -> %s, which it never takes, does not leave it stuck", async (from, to) => {
    const log: string[] = [];
    const modem = new ScriptedModem({ psm, log: modemLog((event) => log.push(logLine(event))) });
    await reach[from](modem);
    expect(modem.driver.state).toBe(from);
    log.length = 0;
    expect(current!.enter(to, modem.clock.now)).toBe(false);
    expect(log[0]).toBe(`modem: illegal transition from=${from} to=${to}`);
    modem.behave();
    if (from === "off") {
      expect(modem.driver.state).toBe("off");
      modem.connect();
    } else {
      expect(modem.driver.state).toBe("pausing");
      expect(modem.stateTexts.at(-1)).toBe("down failed");
      // The firmware polls the driver behind each event.
      modem.bytes(new Uint8Array(0));
    }
    expect(await modem.until(() => modem.driver.ready, 5 * minute), log.join("; ")).toBe(true);
    modem.send("0A");
    await modem.pass(minute);
    expect(modem.commands.map(({ text }) => text)).toContain("AT+CSOSEND=0,2,0A");
  });
});

/** What befalls a modem, and its end. */
const troubles: readonly ((board: SimulatedBoard, random: Random) => Promise<void> | void)[] = [
  (board) => board.modem.reboot("brown-out"),
  (board) => board.modem.deafen(),
  (board) => board.modem.hang("key"),
  (board) => void board.modem.dropSockets(),
  (board) => board.modem.dropContext(),
  async (board, random) => {
    board.modem.removeSim();
    await board.pass(random.between(0, 5 * minute));
    board.modem.insertSim();
  },
  async (board, random) => {
    board.cell.outage = true;
    board.connect();
    await board.pass(random.between(0, 20 * minute));
    board.cell.outage = false;
  },
  async (board, random) => {
    board.cell.denial = 15;
    await board.pass(random.between(0, 10 * minute));
    board.cell.denial = undefined;
  },
  (board) => board.driver.reset(board.clock.now),
  async (board, random) => {
    board.driver.suspend(board.clock.now);
    await board.pass(random.between(0, minute));
  },
  async (board, random) => {
    const { remembered } = board.driver;
    board.restart(remembered === undefined ? undefined : [...remembered]);
    await board.pass(random.between(0, minute));
  },
];

describe("by the driver of any family, whatever befalls its modem", () => {
  const usual = ["off -> starting", "starting -> configuring", "configuring -> registering"];
  const further = ["registering -> up", "up -> asleep", "asleep -> waking"];

  it.each([...families.keys()])(
    "%s: no transition outside the table, and each of the usual way",
    async (family) => {
      for (let seed = 1; seed <= 4; seed++) {
        const random = new Random(`transitions/${family}/${seed}`);
        const board = new SimulatedBoard({
          seed,
          family,
          modem: { quirks: { deaf: 0.002 } },
          cell: { loss: 0.1 },
        });
        board.modem.urcs = { lose: 0.1, double: 0.1 };
        for (let i = 0; i < 12; i++) {
          const trouble = troubles[Math.floor(random.next() * troubles.length)];
          board.connect();
          await board.pass(random.between(0, random.chance(0.5) ? 20_000 : 5 * minute));
          if (random.chance(0.5)) board.send(random.bytes(20));
          await board.pass(random.between(0, 3_000));
          await trouble(board, random);
          await board.pass(random.between(0, minute));
        }
        await board.exchange(random.bytes(30), 24 * 60 * minute);
        await board.until(() => board.driver.state === "asleep", 5 * minute);
        await board.exchange(random.bytes(30), 24 * 60 * minute);
      }
      expect(taken.length).toBeGreaterThan(100);
      const distinct = [...new Set(taken)];
      expect(distinct.filter((pair) => !legal.some(([from, to]) => pair === `${from} -> ${to}`))).toEqual([]);
      expect(distinct).toEqual(expect.arrayContaining([...usual, ...further]));
    },
  );
});
