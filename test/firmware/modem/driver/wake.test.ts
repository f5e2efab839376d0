/**
 * Each family's modem woken out of the ESP32's deep sleep: what is pressed and said, and what becomes of a modem that
 * was awake although the clock had it asleep.
 */
import { describe, expect, it } from "vitest";
import { familyNamed } from "../../../../firmware/modem/family/family";
import { families as driverFamilies } from "../../../../firmware/modem/family/index";
import { families } from "../../../../host-sim/sim/modem/families";
import { SimulatedBoard } from "../simulated-board";
import type { SimulatedBoardOptions } from "../simulated-board";

const minute = 60_000;
const names = [...families.keys()];
const pressed = names.filter((name) => familyNamed(driverFamilies, name).sleep.wakes !== "uart");
/** The place of `traffic` in `Modem.remembered`, behind what the driver keeps of itself. */
const trafficAt = 5 + 9;
const body = (first: number): Uint8Array => Uint8Array.of(first, 2, 3, 4, 5, 6, 7, 8);

/** A board whose wire that wakes is watched: when it went down and up. */
class WatchedBoard extends SimulatedBoard {
  readonly wire: { down: boolean; time: number }[];

  constructor(options: SimulatedBoardOptions, letsGoLate = 0) {
    const wire: { down: boolean; time: number }[] = [];
    const pin = families.get(options.family!)!.power.wakePin === true;
    const watched = (down: boolean): void => {
      wire.push({ down, time: this.clock.now });
      const set = (): void => (pin ? this.modem.setWakePin(down) : this.modem.setPowerKey(down));
      if (down || letsGoLate === 0) set();
      else this.clock.after(letsGoLate, set);
    };
    super({
      ...options,
      driver: { ...options.driver, ...(pin ? { wakePin: watched } : { powerKey: watched }) },
    });
    this.wire = wire;
  }
}

/** One that has sent, and what its driver remembers. */
async function sentBy(board: SimulatedBoard): Promise<number[]> {
  await board.pass(120 * minute);
  await board.up();
  await board.exchange(body(1));
  await board.pass(1_000);
  return [...board.driver.remembered!];
}

/** What it would remember had it sent half an hour ago: the clock of the ESP32's deep sleep went wrong. */
const misled = (memory: readonly number[], now: number): number[] =>
  memory.map((value, at) => (at === trafficAt ? now - 30 * minute : value));

describe.each(pressed)("%s, which a wire wakes", (family) => {
  it("must be asleep by the clock: the wire at once, and one word with it", async () => {
    const board = new WatchedBoard({ seed: 3, family });
    const memory = await sentBy(board);
    await board.until(() => board.modem.state === "psm", 5 * minute);
    board.restart();
    await board.pass(20 * minute);
    board.restart(memory);
    board.wire.length = 0;
    const asked = board.clock.now;
    board.connect();
    await board.until(() => board.driver.ready, minute);
    // In a turn of its own behind the one that asks, so that it is as long as it should be.
    expect(board.wire[0]).toEqual({ down: true, time: asked + 1 });
    expect(board.driver.ready, board.history()).toBe(true);
    expect(board.driver.keptOn(0, board.clock.now)).toBe(0);
  });

  it("was awake all the same: the wire is let go of before it means anything", async () => {
    const board = new WatchedBoard({ seed: 4, family });
    const memory = await sentBy(board);
    board.restart(misled(memory, board.clock.now));
    board.events.length = 0;
    board.wire.length = 0;
    const since = board.clock.now;
    await board.exchange(body(2), 5 * minute);
    expect(board.wire.map(({ down }) => down)).toEqual([true, false]);
    expect(board.wire[1].time - since).toBeLessThan(310);
    expect(
      board.events.filter(({ type }) => type === "power"),
      board.history(),
    ).toEqual([]);
    expect(board.states.at(-1)).toBe("up");
  });

  it("was awake, answers too late, and the wire is held too long: it comes back, switched off or not", async () => {
    // A key that is let go of a second late switches some off.
    const board = new WatchedBoard({ seed: 5, family }, 1_000);
    const memory = await sentBy(board);
    board.restart(misled(memory, board.clock.now));
    board.events.length = 0;
    board.modem.slow(30);
    board.clock.after(2_500, () => board.modem.slow(1));
    await board.exchange(body(2), 10 * minute);
    const { key, wakePin } = board.modem.family.power;
    const { wake } = familyNamed(driverFamilies, family).power;
    const isSwitchedOff = wakePin !== true && key!.off < wake + 1_000;
    expect(board.events.some(({ type }) => type === "power")).toBe(isSwitchedOff);
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
    expect(board.modem.state, board.history()).toBe("psm");
    await board.exchange(body(3), 5 * minute);
  });

  it("may be awake by the clock: it is asked first", async () => {
    const board = new WatchedBoard({ seed: 6, family });
    const memory = await sentBy(board);
    board.restart(memory);
    await isAskedFirst(board);
  });

  it("was kept awake when it was last woken: it is asked first", async () => {
    const board = new WatchedBoard({ seed: 7, family });
    const memory = await sentBy(board);
    board.restart(misled(memory, board.clock.now));
    await board.up();
    // It had been quiet for half an hour.
    expect(board.driver.keptOn(board.clock.now - 30 * minute, board.clock.now)).toBeGreaterThan(0);
    const kept = misled([...board.driver.remembered!], board.clock.now);
    board.restart(kept);
    await isAskedFirst(board);
  });

  it("is due for its periodic update, for which it wakes by itself: it is asked first", async () => {
    const board = new WatchedBoard({ seed: 8, family });
    const memory = await sentBy(board);
    board.restart(memory.map((value, at) => (at === trafficAt ? board.clock.now - 59 * minute : value)));
    await isAskedFirst(board);
  });
});

/** Lines in front of the one that sends, in a wake in which the modem says that it wakes; most while it registers. */
const mostLines: Readonly<Record<string, number>> = {
  sim7020: 2,
  sim7000: 14,
  sim7080: 10,
  bc66: 10,
  bc660k: 10,
  bc95: 2,
  "sara-n2": 2,
  bg95: 11,
  "sara-r4": 8,
  "sara-r5": 14,
};

it.each(names)("%s: an ordinary wake asks no more than it has to", async (family) => {
  const board = new SimulatedBoard({ seed: 9, family });
  let memory = await sentBy(board);
  // At the second wake it is known what the modem forgets at each.
  for (let i = 0; i < 2; i++) {
    await board.until(() => board.modem.state === "psm", 5 * minute);
    board.restart(memory);
    await board.pass(20 * minute);
    board.lines.length = 0;
    await board.exchange(body(2 + i), 5 * minute);
    await board.pass(1_000);
    memory = [...board.driver.remembered!];
  }
  const lines = board.lines.filter((line) => line.startsWith("> "));
  const before = lines.findIndex((line) => /SEND|NSOST|USOST/.test(line));
  expect(before, lines.join(" ")).toBeLessThanOrEqual(mostLines[family]);
});

/** Those that need no more than their registration, or an address that they tell of themselves. */
const upAtOnce: readonly (readonly [family: string, last: RegExp])[] = [
  ["bc66", /^\+IP:/],
  ["bc660k", /^\+IP:/],
  ["sara-r4", /^\+CEREG: [15],/],
];

it.each(upAtOnce)("%s is up within 20 ms of what it waits for at a wake", async (family, last) => {
  for (let seed = 1; seed <= 10; seed++) {
    let heard = -Infinity;
    const board: SimulatedBoard = new SimulatedBoard({
      seed,
      family,
      modem: { onLine: (_, text) => void (last.test(text) && (heard = board.clock.now)) },
    });
    await board.exchange(body(1));
    await board.until(() => board.driver.state === "asleep" && board.modem.state === "psm", 5 * minute);
    await board.pass(20 * minute);
    board.connect();
    expect(await board.until(() => board.driver.ready, minute), board.history()).toBe(true);
    expect(board.clock.now - heard, board.history()).toBeLessThan(20);
  }
});

const asksForRelease: readonly (readonly [family: string, firmware: string, asked: RegExp])[] = [
  ["sim7020", "1752b05", /CNBIOTRAI/],
  ["bc66", "nar01a03", /QNBIOTRAI/],
];

it.each(asksForRelease)(
  "%s %s refuses release assistance: asked twice, and not at each contact",
  async (family, firmware, asked) => {
    const board = new SimulatedBoard({ seed: 10, family, modem: { firmware } });
    board.socket.releaseAfterReply = true;
    await sentBy(board);
    let contacts = 0;
    for (let i = 0; i < 5; i++) {
      const memory = [...board.driver.remembered!];
      board.restart();
      await board.pass(20 * minute);
      board.restart(memory);
      board.socket.releaseAfterReply = true;
      board.lines.length = 0;
      await board.exchange(body(2 + i), 5 * minute);
      if (board.lines.some((line) => asked.test(line))) contacts += 1;
    }
    expect(contacts).toBe(1);
    // A refusal may have been a passing one: days later it is asked for once more.
    const memory = [...board.driver.remembered!];
    board.restart();
    await board.pass(4 * 24 * 60 * minute);
    board.restart(memory);
    board.socket.releaseAfterReply = true;
    board.lines.length = 0;
    await board.exchange(body(9), 5 * minute);
    expect(board.lines.some((line) => asked.test(line))).toBe(true);
  },
);

const refused: readonly (readonly [what: string, family: string, firmware: string, command: RegExp])[] = [
  ["release assistance as a part of the sending", "bg95", "m3-a03", /QISENDEX/],
  ["digits in quotes", "bc66", "nar01a03", /QISENDEX/],
];

it.each(refused)("%s, refused by %s %s: remembered over deep sleep", async (_, family, firmware, command) => {
  const board = new SimulatedBoard({ seed: 11, family, modem: { firmware } });
  board.socket.releaseAfterReply = true;
  await sentBy(board);
  const sends = (): number =>
    board.lines.filter((line) => line.startsWith("> ") && command.test(line)).length;
  expect(sends()).toBeGreaterThan(1);
  const memory = [...board.driver.remembered!];
  board.restart();
  await board.pass(20 * minute);
  board.restart(memory);
  board.socket.releaseAfterReply = true;
  board.lines.length = 0;
  board.log.length = 0;
  await board.exchange(body(2), 5 * minute);
  expect(sends(), board.history()).toBe(1);
  expect(board.log.join("\n")).not.toContain("refused");
});

/** It wakes and sends without its key or pin. */
async function isAskedFirst(board: WatchedBoard): Promise<void> {
  board.wire.length = 0;
  await board.exchange(body(2), 5 * minute);
  expect(board.wire).toEqual([]);
}
