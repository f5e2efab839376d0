/**
 * The three ways of docs/sealed.md, walked with boards, cloud and somebody in the middle: from plain to sealed, to another
 * master, and the day on which the master leaks. No reading is lost or doubled on them, and what goes wrong off them is told there.
 */
import { afterEach, describe, expect, it } from "vitest";
import { OwnSeal } from "../../host-sim/sim/path/own-seal";
import { density } from "../density";
import { Fleet, hour, minute, stage, stageOf } from "./sealed-fleet";
import type { FleetBoard, Stage } from "./sealed-fleet";

const master = new Uint8Array(32).fill(0x11);
const newMaster = new Uint8Array(32).fill(0x22);

let fleet: Fleet | undefined;
afterEach(async () => {
  await fleet?.close();
  fleet = undefined;
});

/** Nothing of it is missing, twice, made up or given up. */
const whole = { missing: 0, doubled: 0, untrue: 0, givenUp: 0 };

function allWhole(boards: readonly FleetBoard[]): void {
  for (const board of boards) expect(board.account()).toMatchObject(whole);
}

const [bare, marked] = [
  ["token", {}],
  ["tokenless", { proof: true, mark: true }],
] as const;
/** Each way is walked by one of both, one that has marks where marks are looked at, and by the other as well in the long run. */
const both = [bare, marked];

describe.each(density(both, [marked]))("from plain to sealed, %s, with %o", (edition, options) => {
  const plain = stage(undefined);
  const migrating = stage({ ...options, migrating: true }, plain);
  const sealed = stage(Object.keys(options).length === 0 ? true : options, migrating);

  it("loses no reading and no order on the way, and refuses what is plain at its end", async () => {
    fleet = await Fleet.begin(edition, 3, plain);
    fleet.put(plain);
    const { boards, intruder } = fleet;
    const [late, keyless, keyed] = boards;
    await fleet.run(hour);

    // 1. The script. Boards as they were are heard and obey, without their names.
    fleet.put(migrating, [master]);
    await fleet.run(hour);
    const unnamed = boards.map((board) => board.order(1, false));
    await fleet.run(hour);
    expect(unnamed.map(({ status }) => status)).toEqual(["success", "success", "success"]);
    allWhole(boards);

    // 2. The firmware. Without a key it is as it was, and says so.
    await keyless.flash(migrating);
    await keyed.flash(migrating);
    await fleet.run(hour);
    const stillUnnamed = boards.map((board) => board.order(0, false));
    await fleet.run(hour);
    expect(stillUnnamed.map(({ status }) => status)).toEqual(["success", "success", "success"]);
    expect(boards.map((board) => board.told("seal key missing").length)).toEqual([0, 1, 1]);
    expect(boards.map(({ seal }) => seal)).toEqual([undefined, undefined, undefined]);
    allWhole(boards);

    // 3. The keys. An order that was given before the board had its key, in plain, is refused; the others need their names.
    const before = fleet.clock;
    keyed.world.cutPower(10 * minute);
    const waiting = keyed.order(1, false);
    keyed.provision(master);
    await fleet.run(90 * minute);
    expect(waiting.status).not.toBe("success");
    expect(new Set(keyed.refused(before))).toEqual(new Set(["plain"]));
    expect(boards.map(({ seal }) => (seal?.opened ?? 0) > 10)).toEqual([false, false, true]);
    const named = [
      keyless.order(1, false),
      keyed.order(1, true),
      late.order(1, true),
      keyless.order(1, true),
    ];
    await fleet.run(2 * hour);
    expect(named.map(({ status }) => status)).toEqual(["success", "success", "timed-out", "timed-out"]);
    allWhole(boards);

    // Somebody may still make plain readings up, also in the name of a board that seals: that is told.
    const forgedAt = fleet.clock;
    intruder.forgeReport(keyed.deviceKey);
    await fleet.run(hour);
    intruder.rest();
    await fleet.run(hour);
    expect(keyed.account()).toMatchObject({ ...whole, untrue: 1 });
    expect(fleet.doubts(keyed, forgedAt)).toContain("plain");

    // 4. The others get theirs; the firmware that needs a key, and last the script that takes nothing plain.
    keyless.provision(master);
    await late.flash(migrating);
    late.provision(master);
    await fleet.run(90 * minute);
    expect(boards.every(({ seal }) => seal!.opened > 10)).toBe(true);
    for (const board of boards) await board.flash(sealed);
    await fleet.run(90 * minute);
    fleet.put(sealed, [master]);
    await fleet.run(minute);
    const last = fleet.clock;
    intruder.forgeReport(late.deviceKey);
    const orders = boards.map((board) => board.order(0, true));
    await fleet.run(90 * minute);
    intruder.rest();
    await fleet.run(hour);
    expect(fleet.doubts(late, last)).toContain("plain");
    expect(late.seal!.refused).toEqual({ plain: 1 });
    expect(orders.map(({ status }) => status)).toEqual(["success", "success", "success"]);
    expect(() => keyed.order(1, false)).toThrow("no deviceKey in params");
    allWhole([late, keyless]);
    expect(keyed.account()).toMatchObject({ ...whole, untrue: 1 });
    for (const { executed } of boards) expect(new Set(executed).size).toBe(executed.length);

    // And there is no way back by a line that was lost.
    expect(stageOf(undefined, sealed)).toMatchObject([{ path: "$.sealed" }]);
    expect(stageOf({ ...options, migrating: true }, sealed)).toMatchObject([{ path: "$.sealed.migrating" }]);
  });

  it("loses nothing of a board that has its key before the script has any", async () => {
    fleet = await Fleet.begin(edition, 2, plain);
    fleet.put(plain);
    const [first, early] = fleet.boards;
    await fleet.run(hour);
    await early.flash(migrating);
    early.provision(master);
    await fleet.run(3 * hour);
    expect(early.account().missing).toBeGreaterThan(20);
    expect(early.account()).toMatchObject({ doubled: 0, untrue: 0, givenUp: 0 });
    fleet.put(migrating, [master]);
    await fleet.run(2 * hour);
    allWhole([first, early]);
  });
});

describe("a board that was forgotten when the script took nothing plain any more", () => {
  const plain = stage(undefined);
  const migrating = stage({ migrating: true }, plain);
  const sealed = stage(true, migrating);

  it("keeps its readings, over a loss of power as well, until it has firmware and key", async () => {
    fleet = await Fleet.begin("token", 1, plain);
    fleet.put(migrating, [master]);
    const [board] = fleet.boards;
    await fleet.run(hour);
    fleet.put(sealed, [master]);
    await fleet.run(3 * hour);
    board.world.cutPower(minute);
    await fleet.run(3 * hour);
    expect(board.account()).toMatchObject({ ...whole, missing: expect.any(Number) });
    expect(board.account().missing).toBeGreaterThan(60);
    await board.flash(sealed);
    await fleet.run(hour);
    // Firmware without the key that it needs takes no readings at all.
    expect(board.told("settings")).toHaveLength(1);
    board.provision(master);
    await fleet.run(3 * hour);
    allWhole([board]);
  });
});

describe.each(density(both, [marked]))("to another master, %s, with %o", (edition, options) => {
  const sealed: Stage = stage(Object.keys(options).length === 0 ? true : options);

  it("loses no reading and no order, and what is under the old one is nothing in the end", async () => {
    fleet = await Fleet.begin(edition, 3, sealed, [master]);
    const { boards, intruder } = fleet;
    const [first, second, forgotten] = boards;
    await fleet.run(hour);
    expect(boards.map(({ seal }) => seal!.last!.root)).toEqual([0, 0, 0]);

    // 1. The script with both.
    fleet.put(sealed, [newMaster, master]);
    await fleet.run(hour);
    const orders = boards.map((board) => board.order(1, true));
    await fleet.run(hour);
    expect(boards.map(({ seal }) => seal!.last!.root)).toEqual([1, 1, 1]);
    allWhole(boards);

    // 2. Boards get their keys of the new one.
    first.provision(newMaster);
    await fleet.run(hour);
    second.provision(newMaster);
    await fleet.run(hour);
    orders.push(...boards.map((board) => board.order(0, true)));
    await fleet.run(hour);
    expect(boards.map(({ seal }) => seal!.last!.root)).toEqual([0, 0, 1]);
    expect(orders.map(({ status }) => status)).toEqual(Array(6).fill("success"));
    allWhole(boards);

    // 3. The script with the new one alone.
    fleet.put(sealed, [newMaster]);
    await fleet.run(minute);
    const own = new OwnSeal(master, new Uint8Array(8).fill(7));
    intruder.forgeReport(first.deviceKey, (plain) =>
      Buffer.from(own.seal(fleet!.productKey, first.deviceKey, plain)),
    );
    const later = boards.map((board) => board.order(1, true));
    await fleet.run(2 * hour);
    intruder.rest();
    await fleet.run(hour);
    expect(first.seal!.refused).toEqual({ forged: 1 });
    expect(later.map(({ status }) => status)).toEqual([
      "success",
      "success",
      expect.not.stringMatching("success"),
    ]);
    allWhole([first, second]);
    expect(forgotten.account().missing).toBeGreaterThan(20);
    expect(forgotten.account()).toMatchObject({ doubled: 0, untrue: 0, givenUp: 0 });
    forgotten.provision(newMaster);
    await fleet.run(2 * hour);
    allWhole(boards);
    if ("mark" in options) expect(new Set(first.stored().map(({ mark }) => mark)).size).toBe(2);
  });

  it("has a board forget with its image what it has executed: a command of before is executed once more, until another has come", async () => {
    fleet = await Fleet.begin(edition, 1, sealed, [master]);
    const [board] = fleet.boards;
    const { intruder } = fleet;
    fleet.put(sealed, [newMaster, master]);
    await fleet.run(hour);
    const order = board.order(1, true);
    await fleet.run(hour);
    const recorded = intruder.man.commands.at(-1)!.payload;
    expect(recorded[0]).toBe(0x0f);
    intruder.command(board.deviceKey, recorded);
    await fleet.run(hour);
    expect(board.executed).toEqual([order.id]);
    board.provision(newMaster);
    await fleet.run(hour);
    intruder.command(board.deviceKey, recorded);
    await fleet.run(hour);
    expect(board.executed).toEqual([order.id, order.id]);
    board.provision(newMaster);
    intruder.rest();
    await fleet.run(hour);
    const next = board.order(0, true);
    await fleet.run(hour);
    const since = fleet.clock;
    intruder.command(board.deviceKey, recorded);
    await fleet.run(hour);
    expect(board.refused(since)).toEqual(["stale"]);
    expect(board.executed).toEqual([order.id, order.id, next.id]);
  });
});

describe.each(density(both, [bare]))("the day the master leaks, %s, with %o", (edition, options) => {
  const sealed: Stage = stage(Object.keys(options).length === 0 ? true : options);

  const own = new OwnSeal(master, new Uint8Array(8).fill(7));
  const forge = (board: FleetBoard) =>
    fleet!.intruder.forgeReport(board.deviceKey, (plain) =>
      own.seal(fleet!.productKey, board.deviceKey, plain),
    );

  it("refuses what is made up from the first step on, and has all readings in the end but those that were stolen", async () => {
    fleet = await Fleet.begin(edition, 3, sealed, [master]);
    const { boards, intruder } = fleet;
    const [believed, second, robbed] = boards;
    await fleet.run(hour);
    forge(believed);
    await fleet.run(hour);
    intruder.rest();
    await fleet.run(hour);
    expect(believed.account()).toMatchObject({ ...whole, untrue: 1 });

    // 1. The script with the new one alone: what is made up is refused, and what is under the old keys waits.
    fleet.put(sealed, [newMaster]);
    await fleet.run(minute);
    forge(second);
    await fleet.run(2 * hour);
    intruder.rest();
    for (const board of boards) expect(board.seal!.refused.forged).toBeGreaterThan(2);
    expect(second.account().missing).toBeGreaterThan(10);
    expect(second.account()).toMatchObject({ doubled: 0, untrue: 0, givenUp: 0 });

    // 2. Whoever has the old one is obeyed by boards that have old keys, and the operator is not.
    const leaked = fleet.leaked(sealed, master);
    const { id, payload } = intruder.commandBy(leaked, robbed.deviceKey, 1);
    intruder.command(robbed.deviceKey, payload);
    await fleet.run(3 * hour);
    intruder.rest();
    expect(robbed.executed).toEqual([id]);
    const mine = boards.map((board) => board.order(0, true));
    await fleet.run(2 * hour);
    expect(mine.map(({ status }) => status)).not.toContain("success");
    // He makes the proof of an answer as well: the board lets go of a reading.
    const released = robbed.told("report acknowledged").length;
    const theft = intruder.acknowledge(robbed.deviceKey, leaked);
    await fleet.run(3 * hour);
    expect(theft.tried).toBe(1);
    intruder.rest();
    expect(robbed.told("report acknowledged").length).toBeGreaterThan(released);

    // 3. Each board its key: what waited comes in, and the old master is good for nothing.
    for (const board of boards) board.provision(newMaster);
    await fleet.run(2 * hour);
    allWhole([second]);
    expect(believed.account()).toMatchObject({ ...whole, untrue: 1 });
    expect(robbed.account()).toMatchObject({ doubled: 0, untrue: 0, givenUp: 0 });
    expect(robbed.account().missing).toBeGreaterThan(0);
    const since = fleet.clock;
    intruder.command(second.deviceKey, intruder.commandBy(leaked, second.deviceKey, 1).payload);
    await fleet.run(hour);
    intruder.rest();
    const obeyed = boards.map((board) => board.order(0, true));
    await fleet.run(hour);
    expect(new Set(second.refused(since))).toEqual(new Set(["forged"]));
    expect(obeyed.map(({ status }) => status)).toEqual(["success", "success", "success"]);
  });

  it("has boards that were given a command of a time to come obey their operator again with their new keys", async () => {
    fleet = await Fleet.begin(edition, 1, sealed, [master]);
    const [board] = fleet.boards;
    const { intruder } = fleet;
    await fleet.run(hour);
    const early = intruder.commandBy(fleet.leaked(sealed, master, 365 * 24 * hour), board.deviceKey, 1);
    intruder.command(board.deviceKey, early.payload);
    await fleet.run(hour);
    intruder.rest();
    const deaf = board.order(0, true);
    await fleet.run(hour);
    expect(board.executed).toEqual([early.id]);
    expect(board.refused(0)).toContain("stale");
    expect(deaf.status).not.toBe("success");
    fleet.put(sealed, [newMaster]);
    board.provision(newMaster);
    await fleet.run(hour);
    const heard = board.order(0, true);
    await fleet.run(hour);
    expect(heard.status).toBe("success");
    allWhole([board]);
  });
});
