/**
 * What users of such modems have met and reported, once in each family: the modem's own trouble, not its wire's. What
 * is held by other files, such as other result codes, a clock's meaning, a refused command, is not repeated here.
 */
import { describe, expect, it } from "vitest";
import { families } from "../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "./simulated-board";
import type { SimulatedBoardOptions } from "./simulated-board";

const minute = 60_000;
/** The place of a pause's end in `Modem.remembered`, see driver-memory.ts. */
const dueAt = 2;

/** A board, and whether it is up in time. */
async function online(options: SimulatedBoardOptions, within: number): Promise<SimulatedBoard> {
  const board = new SimulatedBoard(options);
  await board.up(within);
  return board;
}

const attaches = (board: SimulatedBoard): number =>
  board.events.filter((event) => event.type === "attach" && (event.stat === 1 || event.stat === 5)).length;

describe.each([...families.keys()])("%s", (family) => {
  it.each([7, 12, 20, 29])("a first search of %d minutes is let be, and ends online", async (minutes) => {
    const cell = { firstSearch: minutes * minute };
    const board = await online({ seed: "first search", family, cell }, 35 * minute);
    expect(board.states).toEqual(["up"]);
    expect(board.log.filter((line) => line === "radio reset")).toEqual([]);
    await board.exchange(Uint8Array.of(1, 2, 3), 5 * minute);
  });

  it("the last line of a start half a minute late is no reboot", async () => {
    const board = await online(
      { seed: "late line", family, modem: { quirks: { lastLineAfter: 32_000 } } },
      5 * minute,
    );
    await board.pass(minute);
    expect(board.states, board.history()).toEqual(["up"]);
    expect(attaches(board)).toBe(1);
  });

  it.each([
    ["SIM FAILURE", { cme: 13 }],
    ["SIM BUSY", { cme: 14 }],
    ["SIM WRONG", { cme: 15 }],
    ["PH-NET PIN", { text: "PH-NET PIN" }],
  ])("a card that says %s is told by that name, and used once it is good", async (status, cardFault) => {
    const board = new SimulatedBoard({ seed: status, family, modem: { cardFault } });
    board.connect();
    await board.pass(5 * minute);
    expect(board.driver.ready).toBe(false);
    // BC95 and SARA-N2 have no AT+CPIN, and what AT+CIMI says has no room for a lock's name.
    const nameless = !("cme" in cardFault) && ["bc95", "sara-n2"].includes(family);
    const said = nameless ? "OPERATION NOT ALLOWED" : status;
    expect(board.log, board.history()).toContain(`sim status="${said}"`);
    board.modem.card.fault = undefined;
    expect(await board.until(() => board.driver.ready, 7 * 60 * minute), board.history()).toBe(true);
  });

  it.each([
    ["wants a PIN, and none is set", "SIM PIN", { pin: "0042" }],
    ["is not there", "NOT INSERTED", {}],
  ])("a card that %s is told by that name", async (what, status, modem) => {
    const board = new SimulatedBoard({ seed: what, family, modem });
    if (status === "NOT INSERTED") board.modem.removeSim();
    board.connect();
    await board.pass(5 * minute);
    expect(board.log, board.history()).toContain(`sim status="${status}"`);
    expect(board.modem.card.attempts).toBe(0);
  });

  it("reads that come short cost no reset of the radio", async () => {
    const board = await online(
      { seed: "short", family, modem: { quirks: { shortReads: true } } },
      5 * minute,
    );
    for (let i = 0; i < 4; i++) {
      board.send(Uint8Array.of(1, 2, 3, 4, 5, 6, i));
      await board.pass(20_000);
    }
    expect(new Set(board.states), board.history()).toEqual(new Set(["up"]));
    expect(board.log.filter((line) => /radio reset|resync/.test(line))).toEqual([]);
  });

  it("a modem that starts again and again is named, and left alone longer and longer", async () => {
    const board = await online({ seed: "restarts", family }, 10 * minute);
    /** Bring-ups while a datagram is to be sent each minute. */
    const bringUps = async (minutes: number): Promise<number> => {
      const before = board.log.filter((line) => line === "starting").length;
      for (let i = 0; i < minutes; i++) {
        board.send(Uint8Array.of(i));
        await board.pass(minute);
      }
      return board.log.filter((line) => line === "starting").length - before;
    };
    board.modem.keepRestarting(10_000);
    await bringUps(60);
    expect(board.log, board.history()).toContain("restarts again and again count=4");
    // Pauses grow to an hour.
    expect(await bringUps(300), board.history()).toBeLessThan(40);
    board.modem.keepRestarting(10_000, 0);
    expect(await board.until(() => board.driver.ready, 3 * 60 * minute), board.history()).toBe(true);
  });

  it("a modem that starts again and again is left alone longer and longer over the board's deep sleep, too", async () => {
    // What main.ts has kept in flash.
    let counts: readonly number[] = [];
    const driver = {
      get escalation() {
        return counts;
      },
      onEscalation: (state: readonly number[]) => void (counts = state),
    };
    const board = await online({ seed: "restarts asleep", family, driver }, 10 * minute);
    board.modem.keepRestarting(10_000);
    const pauses: number[] = [];
    for (let i = 0; i < 300 && pauses.length < 10; i++) {
      board.send(Uint8Array.of(i & 0xff));
      if (!(await board.until(() => board.driver.state === "pausing", minute))) continue;
      const memory = [...board.driver.remembered!];
      const pause = memory[dueAt] - board.clock.now;
      pauses.push(pause);
      board.restart();
      await board.pass(pause - 500);
      board.restart(memory);
      await board.until(() => board.driver.state !== "pausing", minute);
    }
    expect(pauses.at(-1), pauses.join()).toBeGreaterThan(15 * minute);
    expect(board.log, board.history()).toContain("restarts again and again count=4");
  });

  it("a modem whose supply gives way at each datagram is named, and left alone longer and longer", async () => {
    const board = await online({ seed: "weak supply", family }, 10 * minute);
    const { key } = board.modem.family.power;
    for (let i = 0; i < 360; i++) {
      board.send(Uint8Array.of(i & 0xff));
      if (await board.until(() => board.driver.ready, 40_000)) {
        await board.pass(500);
        board.modem.lowSupply(true);
      }
      // Where no key switches it on, it starts when its supply is good again.
      if (key === undefined && board.modem.state === "off") {
        board.modem.setSupply(false);
        await board.pass(1_000);
        board.modem.setSupply(true);
      }
      await board.pass(minute);
    }
    expect(board.log, board.history()).toContain("restarts again and again count=4");
    // Some nine hours: one an hour, once the pauses have grown, and what they took to grow.
    expect(attaches(board), board.history()).toBeLessThan(80);
  });

  it("a denial that the state does not tell is told all the same, where the modem has its cause", async () => {
    const board = new SimulatedBoard({
      seed: "searching on",
      family,
      modem: { quirks: { registrationTold: { 3: 2 } } },
    });
    board.cell.denial = 11;
    board.connect();
    await board.pass(40 * minute);
    expect(board.driver.ready).toBe(false);
    const told = board.lines.some((line) => /^< \+CEREG:.*\b0,11\b|^< \+CEER:.*EMM/.test(line));
    const named = board.log.some((line) => line === "denied cause=11 (PLMN not allowed)");
    expect(named, board.history()).toBe(told);
    board.cell.denial = undefined;
    expect(await board.until(() => board.driver.ready, 7 * 60 * minute), board.history()).toBe(true);
  });

  it("a denial's cause is the number behind its type, where a routing area stands before it", async () => {
    const board = new SimulatedBoard({ seed: "rac", family, modem: { quirks: { ceregRoutingArea: true } } });
    board.cell.denial = 15;
    board.connect();
    await board.until(() => board.states.length > 0, 10 * minute);
    const told = board.lines.some((line) =>
      /^< \+CEREG:.*\b0,15\b|^< \+CEER:.*EMM|NO_SUITABLE_CELLS/.test(line),
    );
    const named = board.log.filter((line) => line.startsWith("denied cause="));
    const expected = told ? "denied cause=15 (no suitable cells in tracking area)" : "denied cause=unknown";
    expect(named[0], board.history()).toBe(expected);
  });

  it("an access point without a name is the network's own", async () => {
    const board = await online({ seed: "blank", family, driver: { apn: "" } }, 10 * minute);
    await board.exchange(Uint8Array.of(1, 2, 3), 5 * minute);
    board.driver.confirm();
    await board.pass(30_000);
    expect(
      board.log.filter((line) => line.startsWith("other apn")),
      board.history(),
    ).toEqual([]);
    expect(new Set(board.states)).toEqual(new Set(["up"]));
  });

  it("a supply that is too low is told at once, where the modem says so, and the modem switched on again", async () => {
    const board = await online({ seed: "supply", family }, 10 * minute);
    await board.pass(15_000);
    board.modem.lowSupply(true);
    await board.pass(1_000);
    const says = board.modem.family.lowSupply?.off !== undefined;
    expect(board.log.includes("powered off supply=low"), board.history()).toBe(says);
    // Where no key switches it on, it starts when its supply is good again.
    if (board.modem.family.power.key === undefined) {
      board.modem.setSupply(false);
      await board.pass(5_000);
      board.modem.setSupply(true);
    }
    await board.exchange(Uint8Array.of(1, 2, 3), 3 * 60 * minute);
  });
});
