/** The log in retained memory and flash as one. */
import { describe, expect, it, test } from "vitest";
import { logPlace } from "../../../firmware/continuity/log-ring";
import { erasesADay } from "../../../firmware/health/log-keeper";
import { FlashFaults } from "../../../host-sim/sim/flash/flash-faults";
import { Random } from "../../../host-sim/sim/time/random";
import { HealthBoard } from "./rig";
import type { HealthRig } from "./rig";

const hour = 3_600_000;

/** Says `count` lines, turn by turn, and gives their text as the log has it. */
function talk(rig: HealthRig, count: number, from = 0, perTurn = 4): string {
  let said = "";
  for (let n = 0; n < count; n++) {
    const before = rig.lines.length;
    rig.log({ kind: "fault", text: `line ${from + n} ${"x".repeat((n * 7) % 60)}` });
    said += `${Math.floor(rig.now / 1_000)} ${rig.lines[before]}\n`;
    if (n % perTurn === perTurn - 1) rig.turn();
  }
  rig.turn();
  return said;
}

/** All that there is, in pieces as the service gives it. */
function fetched(rig: HealthRig): string {
  let text = "";
  for (;;) {
    const piece = rig.health.newest(400, text.length);
    if (piece === "") return text;
    text = piece + text;
  }
}

describe("the log that can be fetched", () => {
  it("has more than the last 2 KiB, flash and memory together, without a seam", () => {
    const rig = new HealthBoard().start();
    let said = "";
    for (let n = 0; n < 40; n++) {
      said += talk(rig, 7, 7 * n);
      const held = fetched(rig);
      expect(said.endsWith(held)).toBe(true);
      expect(held.length).toBeGreaterThanOrEqual(Math.min(said.length, 4_096));
      expect(rig.health.newest(100, 30)).toBe(said.slice(-130, -30));
    }
  });

  it("is whole after a panic, and after deep sleep", () => {
    const board = new HealthBoard();
    let said = "";
    let rig = board.start();
    for (const reason of ["panic", "deep-sleep", "watchdog", "deep-sleep", "software", "panic"]) {
      said += talk(rig, 13);
      if (reason === "deep-sleep") rig.health.beforeSleep(rig.now);
      rig = board.start(reason, { now: rig.now });
      const held = fetched(rig);
      expect(said.endsWith(held), reason).toBe(true);
      expect(held.length).toBeGreaterThanOrEqual(Math.min(said.length, 3_000));
      rig.turn();
      expect(fetched(rig)).toBe(held);
    }
  });

  it("is what flash has after a loss of power: all but the newest lines", () => {
    const board = new HealthBoard();
    const rig = board.start();
    const said = talk(rig, 60);
    board.ram.bytes.fill(0x5a);
    const after = board.start("power-on");
    const held = fetched(after);
    expect(held.length).toBeGreaterThan(2_048);
    const at = said.indexOf(held);
    expect(at).toBeGreaterThanOrEqual(0);
    expect(said.length - at - held.length).toBeLessThan(1_000);
    // A device that rests has nearly all of it in flash.
    after.health.rested(after.now);
    const more = talk(after, 20);
    after.health.rested(after.now);
    after.turn();
    board.ram.bytes.fill(0xa5);
    const last = fetched(board.start("power-on"));
    expect(more.startsWith(last.slice(-300)) || more.includes(last.slice(-300))).toBe(true);
  });

  it("says where lines are missing, when too many came in one turn", () => {
    const rig = new HealthBoard().start();
    talk(rig, 10);
    const said = talk(rig, 100, 0, 100);
    const held = fetched(rig);
    expect(held).toContain("[lines missing]\n");
    expect(said.endsWith(held.slice(held.indexOf("missing]") + 60))).toBe(true);
  });

  it(`costs ${erasesADay} erases a day at most, and begins anew with the next day`, () => {
    const board = new HealthBoard();
    const rig = board.start();
    const erases = (): number => board.flash!.erases.reduce((sum, each) => sum + each, 0);
    rig.now += hour;
    rig.turn(true);
    for (let day = 1; day <= 3; day++) {
      const before = erases();
      talk(rig, 3_000);
      expect(erases() - before).toBe(erasesADay);
      rig.now += 24 * hour;
      rig.turn(true);
    }
    expect(fetched(rig)).toContain("[lines missing]\n");
  });

  it("is the newest lines alone on a board without the partition, and where flash fails", () => {
    const plain = new HealthBoard(false).start();
    const said = talk(plain, 60);
    expect(fetched(plain).length).toBe(logPlace.length);
    expect(said.endsWith(fetched(plain))).toBe(true);
    expect(plain.lines.filter((line) => line.startsWith("health: log"))).toEqual([]);
  });

  test.each(["refuse-write", "refuse-erase", "refuse-read"] as const)(
    "%s: is told once, and costs no more",
    (kind) => {
      const faults = new FlashFaults(new Random(kind));
      faults.set(kind, 1);
      const board = new HealthBoard(true, faults);
      const rig = board.start();
      talk(rig, 60);
      expect(rig.lines.filter((line) => line.startsWith("health: log failed")).length).toBe(1);
      expect(fetched(rig).length).toBeGreaterThan(1_000);
    },
  );
});
