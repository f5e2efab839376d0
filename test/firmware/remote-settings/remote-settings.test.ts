import { describe, expect, it, test } from "vitest";
import { Restarts } from "../../../firmware/device/restarts";
import { SettingsError } from "../../../firmware/enos/credentials";
import { RemoteBoard, own } from "./remote-board";
import type { PersistentState } from "../../../firmware/continuity/persistent-state";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const ready = (): RemoteBoard => new RemoteBoard().start();
/** A board on which a change is on trial. */
function onTrial(settings: Record<string, unknown> = { interval: 300 }): RemoteBoard {
  const board = ready();
  expect(board.change(settings)).toMatchObject({ accepted: true });
  return board.start("software");
}

describe("a board whose settings nobody has changed", () => {
  it("starts with its own, tells nothing and writes nothing", () => {
    const board = ready();
    expect(board.remote.config).toBe(own);
    expect(board.fetch()).toMatchObject({
      version: 0,
      trial: false,
      changed: "",
      settings: { interval: 900 },
    });
    expect([board.told, board.log, board.store.writes]).toEqual([[], [], 0]);
    expect([board.remote.deadline, board.remote.wantsRestart]).toEqual([Infinity, false]);
  });
});

describe("a change", () => {
  it("is stored, and holds from the restart on that it asks for", () => {
    const board = ready();
    expect(board.change({ interval: 300, keepAlive: true, payload: "compact" })).toEqual({
      ...{ accepted: true, version: 1, reason: "" },
    });
    expect(board.remote.wantsRestart).toBe(true);
    expect(board.settings.interval).toBe(900);
    board.start("software");
    expect(board.settings).toMatchObject({ interval: 300, keepAlive: true, payload: "compact" });
    expect(board.remote.wantsRestart).toBe(false);
    expect(board.fetch()).toMatchObject({
      ...{ version: 1, trial: true, changed: "interval,keepAlive,payload" },
      settings: { interval: 300, keepAlive: true, payload: "compact", batch: 1 },
    });
  });

  it("stays once the cloud has a reading, and is told until the cloud has acknowledged that", () => {
    const board = onTrial();
    expect(board.told).toEqual([]);
    board.remote.delivered(minute);
    expect(board.told).toMatchObject([
      { what: "attributes", values: { remote_settings: { version: 1, interval: 300 } } },
    ]);
    expect(board.fetch()).toMatchObject({ version: 1, trial: false });
    expect(board.remote.deadline).toBe(Infinity);
    // The power fails before the cloud has it, and after.
    board.start();
    expect([board.settings.interval, board.told]).toMatchObject([300, [{ what: "attributes" }]]);
    board.acknowledge();
    expect(board.start().told).toEqual([]);
    expect(board.settings.interval).toBe(300);
  });

  it("is not told again at each wake, as the journal has it", () => {
    const board = onTrial();
    board.start("deep-sleep").remote.delivered(minute);
    expect(board.told).toHaveLength(1);
    expect(board.start("deep-sleep").told).toEqual([]);
    expect(board.start("power-on").told).toHaveLength(1);
  });

  it("is told again where the cloud has refused to hear it", () => {
    const board = onTrial();
    board.remote.delivered(minute);
    board.told[0].done!({ kind: "dropped" });
    expect(board.start("software").told).toHaveLength(1);
  });

  it("goes over what was changed before, and begins afresh where it says so", () => {
    const board = onTrial({ interval: 300, batch: 4 });
    board.remote.delivered(minute);
    expect(board.change({ batch: 2 })).toMatchObject({ accepted: true, version: 2 });
    board.start("software").remote.delivered(minute);
    expect(board.settings).toMatchObject({ interval: 300, batch: 2 });
    expect(board.change({ batch: 3 }, true)).toMatchObject({ accepted: true, version: 3 });
    board.start("software").remote.delivered(minute);
    expect(board.settings).toMatchObject({ interval: 900, batch: 3 });
    board.acknowledge();
    expect(board.change({}, true)).toMatchObject({ accepted: true, version: 4 });
    expect(board.start("software").settings).toMatchObject({ interval: 900, batch: 1 });
    expect(board.remote.config).toEqual(own);
  });

  it("is none where it changes nothing: no write, no restart, the same version", () => {
    const board = onTrial();
    board.remote.delivered(minute);
    const { writes } = board.store;
    expect(board.change({ interval: 300 })).toEqual({ accepted: true, version: 1, reason: "" });
    expect(board.change({})).toMatchObject({ accepted: true, version: 1 });
    expect([board.store.writes, board.remote.wantsRestart]).toEqual([writes, false]);
  });

  it("that comes before the restart goes over the one before, and both go if it fails", () => {
    const board = ready();
    board.change({ interval: 300 });
    expect(board.change({ batch: 2 })).toMatchObject({ accepted: true, version: 2 });
    // What the cloud has taken until the restart proves nothing.
    board.remote.delivered(minute);
    board.start("software");
    expect(board.settings).toMatchObject({ interval: 300, batch: 2 });
    board.remote.poll(day);
    expect(board.start("software").settings).toMatchObject({ interval: 900, batch: 1 });
  });

  test.each([
    [{ interval: 0 }, 'interval is "0", it must be a whole number from 1 to 86400'],
    [{ interval: 300, batch: 101 }, 'batch is "101", it must be a whole number from 1 to 100'],
    [{ interval: 1.5 }, "interval is"],
    [{ payload: "morse" }, "payload is"],
    [{ bands: "8,999" }, "bands is"],
    [{ operator: "12" }, "operator is"],
    [{ lifetime: 29 }, "lifetime is"],
    [{ sleep: "deeply" }, "sleep is"],
    [{ processor: 100 }, "processor is"],
    [{ server: "198.51.100.7" }, "server cannot be changed from afar"],
    [{ apn: "elsewhere" }, "apn cannot be changed from afar"],
    [{ init: "AT+CFUN=0" }, "init cannot be changed from afar"],
    [{ updateKey: "00" }, "updateKey cannot be changed from afar"],
    [{ pin: "1234" }, "pin cannot be changed from afar"],
    [{ toString: 1 }, "toString cannot be changed from afar"],
    [{ __proto__x: 1 }, "__proto__x cannot be changed from afar"],
    [{ bands: { a: 1 } }, "bands must be"],
    [{ bands: "8\n20" }, "bands must be"],
    [{ bands: "8".repeat(101) }, "bands must be"],
    [{ interval: 86_400, batch: 3 }, "nothing reaches the device in between"],
    [{ radioBudget: 1 }, "the device may never find a network that it has lost"],
    [{ radioBudget: 599 }, "radioBudget is 599, from afar it must be 0 or at least 600"],
  ])("%j is refused with the reason, and nothing of it is kept", (settings, reason) => {
    const board = ready();
    const answer = board.change({ logValues: true, ...settings });
    expect(answer).toMatchObject({ accepted: false, version: 0 });
    expect(answer.reason).toContain(reason);
    expect((answer.reason as string).length).toBeLessThanOrEqual(200);
    expect([board.store.values.size, board.remote.wantsRestart]).toEqual([0, false]);
    expect(board.start().remote.config).toBe(own);
    expect(board.log).toEqual([expect.stringContaining("remote settings: refused reason=")]);
  });

  it("may be as silent as the board's own settings are", () => {
    const board = new RemoteBoard();
    board.config = { ...own, interval: 86_400, batch: 30 };
    board.start();
    expect(board.change({ batch: 30, logValues: true })).toMatchObject({ accepted: true });
    expect(board.change({ batch: 31 })).toMatchObject({ accepted: false });
  });

  it("may let the radio be on in vain as briefly as the board's own settings do", () => {
    const board = new RemoteBoard();
    board.config = { ...own, radioBudget: 60 };
    board.start();
    expect(board.change({ radioBudget: 59 })).toMatchObject({ accepted: false });
    expect(board.change({ radioBudget: 60, logValues: true })).toMatchObject({ accepted: true });
    expect(board.change({ radioBudget: 0 })).toMatchObject({ accepted: true });
    expect(board.change({ radioBudget: 600 })).toMatchObject({ accepted: true });
  });

  it("is refused where storage does not take it, and is forgotten", () => {
    const board = ready();
    board.store.refuses = "write";
    expect(board.change({ interval: 300 })).toEqual({
      ...{ accepted: false, version: 0, reason: "storage did not take it" },
    });
    expect(board.remote.wantsRestart).toBe(false);
    board.store.refuses = undefined;
    expect(board.start().settings.interval).toBe(900);
    expect(board.change({ interval: 300 })).toMatchObject({ accepted: true, version: 1 });
  });
});

describe("a change that leads nowhere is taken back", () => {
  it("after a day without a network", () => {
    const board = onTrial({ bands: "85" });
    board.remote.poll(day - 1);
    expect([board.remote.deadline, board.remote.wantsRestart]).toEqual([day, false]);
    board.remote.poll(day);
    expect([board.remote.deadline, board.remote.wantsRestart]).toEqual([Infinity, true]);
    board.start("software");
    expect(board.settings.bands).toBeUndefined();
    expect(board.told).toMatchObject([
      { what: "settings_taken_back", values: { version: 1, reason: "no contact for a day" } },
      { what: "attributes", values: { remote_settings: { version: 2 } } },
    ]);
    board.acknowledge();
    expect(board.start().told).toEqual([]);
  });

  it("after three contacts in which the cloud took no reading, ten minutes apart at least", () => {
    const board = onTrial();
    for (const at of [1, 2, 9, 11, 12, 20]) board.remote.connected(at * minute);
    expect(board.remote.deadline).toBe(day);
    board.remote.connected(30 * minute);
    expect(board.remote.deadline).toBe(40 * minute);
    board.remote.poll(39 * minute);
    expect(board.remote.wantsRestart).toBe(false);
    board.remote.poll(40 * minute);
    expect(board.remote.wantsRestart).toBe(true);
    expect(board.start("software").settings.interval).toBe(900);
    expect(board.told[0].values).toMatchObject({
      reason: expect.stringMatching(/^no reading was taken/) as string,
    });
  });

  it("counts its contacts over deep sleep, and stays where the last of them brings a reading", () => {
    const board = onTrial();
    for (const at of [1, 20, 40]) {
      board.remote.connected(at * minute);
      board.start("deep-sleep");
    }
    expect(board.remote.deadline).toBe(50 * minute);
    board.remote.delivered(41 * minute);
    board.remote.poll(2 * day);
    expect(board.start().settings.interval).toBe(300);
  });

  it("goes on with its trial after a loss of power, which is no verdict", () => {
    const board = onTrial();
    board.remote.connected(20 * hour);
    board.start("power-on");
    // Time has begun anew.
    board.remote.connected(minute);
    board.remote.connected(2 * minute);
    expect(board.remote.deadline).toBe(day);
    board.remote.connected(12 * minute);
    expect(board.remote.deadline).toBe(22 * minute);
  });

  it.each([
    ["before a contact", false],
    ["in each contact", true],
  ])("after ten starts of which each loses its power %s", (_when, contact) => {
    const board = onTrial({ processor: 240 });
    for (let i = 0; i < 9; i++) {
      expect(board.settings.processor).toBe(240);
      if (contact) board.remote.connected(minute);
      board.remote.poll(2 * minute);
      board.start("brownout");
    }
    expect(board.settings.processor).toBe(240);
    expect(board.start("brownout").settings.processor).not.toBe(240);
    expect(board.told[0].values).toMatchObject({ version: 1, reason: "the device started again and again" });
  });

  it("but not for wakes from deep sleep", () => {
    const board = onTrial();
    for (let i = 0; i < 50; i++) board.start("deep-sleep");
    expect(board.settings.interval).toBe(300);
  });

  test.each([
    ["panics", 2, 0],
    ["failed starts", 0, 2],
    ["one of each", 1, 1],
  ])("after two %s, at the start itself", (_what, panics, failures) => {
    const board = onTrial();
    Object.assign(board, { panics: 1, failures: 0 });
    expect(board.start("panic").settings.interval).toBe(300);
    Object.assign(board, { panics, failures });
    expect(board.start("panic").settings.interval).toBe(900);
    expect(board.remote.wantsRestart).toBe(false);
    expect(board.told[0].values).toMatchObject({ version: 1, reason: "the device stopped working" });
  });

  it("to the change before it, and not to the board's own settings", () => {
    const board = onTrial({ interval: 300 });
    board.remote.delivered(minute);
    board.acknowledge();
    board.change({ interval: 60 });
    board.start("software").remote.poll(day);
    expect(board.start("software").settings.interval).toBe(300);
    expect(board.told[1].values).toEqual({ remote_settings: { version: 3, interval: 300 } });
  });
});

describe("what cannot be read at a start", () => {
  /** A firmware that takes no interval below 600. */
  const stricter = (board: RemoteBoard): void => {
    const { check } = board;
    board.check = (config) => {
      const settings = check(config);
      if (settings.interval < 600) throw new SettingsError("interval is too short for this firmware");
      return settings;
    };
  };

  it("is dropped and told, and the board starts with what was kept before, at once", () => {
    const board = onTrial({ interval: 700 });
    board.remote.delivered(minute);
    board.acknowledge();
    board.change({ interval: 300 });
    stricter(board);
    board.start("software");
    expect(board.settings.interval).toBe(700);
    expect(board.remote.wantsRestart).toBe(false);
    expect(board.told).toMatchObject([
      { what: "settings_taken_back", values: { version: 2, reason: "it cannot be read" } },
      { what: "attributes", values: { remote_settings: { version: 3, interval: 700 } } },
    ]);
  });

  it("and was kept is dropped too, for what the board has of its own", () => {
    const board = onTrial({ interval: 300 });
    board.remote.delivered(minute);
    stricter(board);
    board.start();
    expect(board.remote.config).toBe(own);
    expect(board.log.at(-2)).toBe('remote settings: taken back version=1 reason="it cannot be read"');
    board.acknowledge();
    expect(board.start().told).toEqual([]);
  });

  it("or with which the board cannot be put together is given up: the trial, then what was kept, then nothing", () => {
    const board = onTrial({ interval: 700 });
    board.remote.delivered(minute);
    board.change({ batch: 2 });
    board.start("software");
    expect(board.remote.startFailed()).toBe(true);
    expect(board.start("software").settings).toMatchObject({ interval: 700, batch: 1 });
    expect(board.remote.startFailed()).toBe(true);
    expect(board.start("software").remote.config).toBe(own);
    expect(board.remote.startFailed()).toBe(false);
    expect(board.told[0].values).toMatchObject({ reason: "the device stopped working" });
  });

  it("and is none of ours counts as nothing", () => {
    const board = onTrial();
    for (const value of board.store.values.values()) value.fill(0x5a);
    expect(board.start().remote.config).toBe(own);
    expect(board.change({ interval: 300 })).toMatchObject({ accepted: true, version: 1 });
  });

  it("because storage fails costs what was changed for this start only, and is told in the log", () => {
    const board = onTrial();
    board.remote.delivered(minute);
    board.store.refuses = "read";
    expect(board.start().remote.config).toBe(own);
    expect(board.log.at(-1)).toBe('remote settings: failed reason="storage cannot be read"');
    expect(board.change({ batch: 2 })).toMatchObject({ accepted: false });
    board.store.refuses = undefined;
    expect(board.start().settings.interval).toBe(300);
  });
});

describe("the restart that a change asks for", () => {
  function restartsOf(cause = "none", woken?: object): { restarts: Restarts; causes: string[] } {
    const causes: string[] = [];
    const memory = { noteRestart() {}, restart: { cause, count: 0 } } as unknown as PersistentState;
    const restart = (why: string): void => void causes.push(why);
    return { restarts: new Restarts({ restart, log() {}, woken } as never, memory), causes };
  }

  it("waits for the answer, two minutes at most", () => {
    const { restarts, causes } = restartsOf();
    restarts.askForSettings(2 * hour);
    restarts.poll(true, 2 * hour + minute);
    expect(causes).toEqual([]);
    restarts.askForSettings(2 * hour + minute);
    restarts.poll(true, 2 * hour + 2 * minute);
    expect(causes).toEqual(["settings"]);
  });

  it.each([
    ["settings", undefined],
    ["command", undefined],
    ["none", {}],
  ])(
    "comes an hour after a start by %s (woken: %j) at the earliest: nobody has it restart again and again",
    (cause, woken) => {
      const { restarts, causes } = restartsOf(cause, woken);
      restarts.askForSettings(minute);
      restarts.poll(false, 59 * minute);
      expect([causes, restarts.by]).toEqual([[], hour + 2 * minute]);
      restarts.poll(false, hour);
      expect([causes, restarts.by]).toEqual([["settings"], Infinity]);
    },
  );

  it("comes at once after any other start", () => {
    const { restarts, causes } = restartsOf();
    restarts.askForSettings(minute);
    restarts.poll(false, minute);
    expect(causes).toEqual(["settings"]);
  });
});
