/** What health tells, and when. */
import { describe, expect, it, test } from "vitest";
import { HealthBoard, readingsOf } from "./rig";
import type { StartOptions } from "./rig";
import type { HealthTold } from "../../../firmware/device/optional-parts";

const hour = 3_600_000;
const day = 24 * hour;
const modemFirmware = { kind: "modem firmware", version: "1752B09SIM7020G" } as const;

const reports = (told: readonly (HealthTold | undefined)[]): Record<string, unknown>[] =>
  readingsOf(told).filter((reading) => "health_period" in reading);
const alarms = (told: readonly (HealthTold | undefined)[]) =>
  told.flatMap((each) => [...(each?.alarms ?? [])]);

describe("the daily report", () => {
  it("goes with a reading, the first an hour after the first start, then once a day at the same time", () => {
    const rig = new HealthBoard().start();
    const told = reports(rig.run(10 * day + 2 * hour));
    expect(told.length).toBe(11);
    expect(told[0]).toMatchObject({
      health_period: 3_600,
      health_starts: 1,
      health_power_losses: 1,
      health_panics: 0,
      health_last_start: 1,
      health_erases: 3,
      health_free_heap: 50_000,
      health_battery: undefined,
      health_rsrp: undefined,
    });
    for (const report of told.slice(1))
      expect(report).toMatchObject({ health_period: 86_400, health_starts: 0, health_awake: 86_400 });
  });

  it("keeps to its time over deep sleep and restarts, and over a loss of power as far as storage knows", () => {
    const board = new HealthBoard();
    let at = 0;
    let told: Record<string, unknown>[] = [];
    // A wake every 15 minutes, awake for 3 s each.
    let rig = board.start("power-on");
    for (let n = 0; n < 96 * 3; n++) {
      told = told.concat(reports([rig.turn(true)]));
      rig.now += 3_000;
      rig.health.beforeSleep(rig.now);
      at += 900_000;
      rig = board.start("deep-sleep", { now: at });
    }
    expect(told.length).toBe(3);
    expect(told[1]).toMatchObject({ health_period: 86_400, health_starts: 0 });
    expect(told[1].health_awake).toBe(96 * 3);
    // Restarts in between, after which the clock begins anew.
    const late = board.start("software");
    expect(reports(late.run(12 * hour))).toEqual([
      expect.objectContaining({ health_period: 86_400, health_starts: 1, health_last_start: 2 }),
    ]);
    const last = board.start("panic");
    const after = reports(last.run(14 * hour));
    expect(after).toEqual([
      expect.objectContaining({ health_starts: 1, health_panics: 1, health_last_start: 3 }),
    ]);
    const lost = board.start("power-on");
    const then = reports(lost.run(day + hour));
    expect(then.length).toBe(1);
    expect(then[0]).toMatchObject({ health_starts: 1, health_power_losses: 1 });
  });

  it("goes alone where no reading is taken for an hour", () => {
    const rig = new HealthBoard().start();
    expect(rig.health.deadline).toBe(2 * hour);
    rig.now = 2 * hour - 1;
    expect(rig.turn()).toBeUndefined();
    rig.now = 2 * hour;
    expect(reports([rig.turn()]).length).toBe(1);
    expect(rig.health.deadline).toBeGreaterThan(25 * hour);
  });

  it("has what the log told, what the agent counted, and what the modem said of its cell", () => {
    const rig = new HealthBoard().start();
    rig.run(2 * hour);
    rig.log({ kind: "session authenticating", cause: "first" });
    rig.log({ kind: "report refused", id: 1, reason: "x" });
    for (const reason of ["full", "thinned", "corrupt", "unreadable", "full"] as const)
      rig.log({ kind: "report dropped", id: 1, reason });
    rig.log({ kind: "message dropped", id: 1, reason: "full" });
    rig.health.unanswered();
    rig.signs = { ...rig.signs, retransmissions: 5, waiting: 8, resets: [1, 2, 3, 4, 5, 9] };
    rig.modem.cell = { rsrp: -100, snr: 3, ecl: 1 };
    rig.turn();
    rig.modem.cell = { rsrp: -90, ecl: 0 };
    rig.turn();
    rig.now = 25 * hour;
    const [report] = reports([rig.turn(true)]);
    expect(report).toMatchObject({
      health_authentications: 1,
      health_refused: 1,
      health_lost_full: 3,
      health_lost_damaged: 2,
      health_unanswered: 1,
      health_retransmissions: 5,
      // The reading of this turn waits as well, and is none that has to.
      health_waiting: 7,
      health_resyncs: 1,
      health_radio_resets: 2,
      health_reboots: 3,
      health_key_resets: 4,
      health_supply_resets: 5,
      health_rsrp_least: -100,
      health_rsrp_most: -90,
      health_rsrp: -90,
      health_snr: 3,
      health_coverage_most: 1,
      health_coverage: 0,
    });
    // Each counts once.
    rig.now = 49 * hour;
    expect(reports([rig.turn(true)])[0]).toMatchObject({
      health_retransmissions: 0,
      health_supply_resets: 0,
      health_refused: 0,
      health_rsrp: undefined,
    });
  });

  it("asks for the cell every two hours at most, and over deep sleep no more often", () => {
    const board = new HealthBoard();
    let asked = 0;
    for (let n = 0; n < 96; n++) {
      const rig = board.start(n === 0 ? "power-on" : "deep-sleep", { now: n * 900_000 });
      rig.health.sent(100, rig.now);
      asked += rig.modem.asked;
      rig.health.beforeSleep(rig.now);
    }
    expect(asked).toBe(12);
  });
});

describe("the versions", () => {
  it("are told when the modem has told its own, and again when either has changed", () => {
    const board = new HealthBoard();
    let rig = board.start();
    rig.log(modemFirmware);
    const told = readingsOf([rig.turn()]);
    expect(told).toEqual([{ health_firmware: "0.3.0", health_modem: "1752B09SIM7020G" }]);
    rig.log(modemFirmware);
    expect(rig.turn()).toBeUndefined();
    rig.health.beforeSleep(rig.now);
    rig = board.start("software");
    rig.log(modemFirmware);
    expect(rig.turn()).toBeUndefined();
    rig.log({ kind: "modem firmware", version: "another" });
    expect(readingsOf([rig.turn()])).toEqual([{ health_firmware: "0.3.0", health_modem: "another" }]);
  });

  it("are the firmware's alone, with the daily report, where the modem does not tell", () => {
    const rig = new HealthBoard().start();
    const told = readingsOf(rig.run(2 * hour)).filter((reading) => "health_firmware" in reading);
    expect(told).toEqual([{ health_firmware: "0.3.0", health_modem: undefined }]);
  });
});

describe("the service", () => {
  it("has a report sent at once, and answers with what was counted in all", async () => {
    const rig = new HealthBoard().start();
    rig.run(30 * hour);
    rig.health.unanswered();
    const answer = await rig.health.services["health"]({});
    expect(answer).toMatchObject({ code: 200, data: { time: 108_000, starts: 1, unanswered: 1, lost: 0 } });
    expect(rig.health.deadline).toBe(0);
    const told = rig.turn();
    expect(told?.atOnce).toBe(true);
    expect(reports([told])).toEqual([expect.objectContaining({ health_unanswered: 1 })]);
    expect(readingsOf([told]).some((reading) => "health_firmware" in reading)).toBe(true);
    expect(rig.turn()).toBeUndefined();
    // What was told does not count again, and the next of the day comes as if nobody had asked.
    const next = reports(rig.run(day));
    expect(next).toEqual([expect.objectContaining({ health_unanswered: 0, health_period: 68_400 })]);
  });
});

describe("an alarm", () => {
  it("is told when the limit is crossed, once until the next daily report", () => {
    const rig = new HealthBoard().start("power-on", { config: { healthWaiting: 20 } });
    rig.run(2 * hour);
    rig.signs.waiting = 30;
    const told = alarms(rig.run(48 * hour));
    expect(told).toEqual(Array.from({ length: 3 }, () => ({ what: "healthWaiting", value: 29, limit: 20 })));
    expect(rig.lines.filter((line) => line.startsWith("health: alarm"))).toEqual(
      Array.from({ length: 3 }, () => "health: alarm what=healthWaiting value=29 limit=20"),
    );
  });

  interface Case extends Partial<StartOptions> {
    readonly reason?: string;
  }
  const cases: readonly (readonly [string, Case])[] = [
    ["healthPanics", { reason: "watchdog" }],
    ["healthFreeHeap", { freeHeap: 3_000 }],
    ["healthBattery", { config: { healthBattery: 3_500 }, battery: () => 3_400 }],
    ["healthErases", { config: { healthErases: 3 } }],
    ["healthEnergy", { config: { healthEnergy: 50 } }],
  ];

  test.each(cases)("of %s comes with the first report at the latest", (what, { reason, ...options }) => {
    const rig = new HealthBoard().start(reason ?? "power-on", options);
    expect(alarms(rig.run(hour + 1)).map((alarm) => alarm.what)).toEqual([what]);
  });

  it("does with a battery that cannot be measured", () => {
    for (const battery of [
      () => NaN,
      () => "3.7",
      () => -1,
      () => {
        throw new Error("no ADC");
      },
    ]) {
      const rig = new HealthBoard().start("power-on", { battery, config: { healthBattery: 3_500 } });
      const told = rig.run(2 * hour);
      expect(reports(told)[0].health_battery).toBeUndefined();
      expect(alarms(told)).toEqual([]);
    }
  });
});

describe("what is kept", () => {
  it("is stored some times a day, and at each report", () => {
    const board = new HealthBoard();
    const rig = board.start();
    rig.run(10 * day);
    expect(board.store.writes).toBeGreaterThan(30);
    expect(board.store.writes).toBeLessThan(60);
  });

  it("loses nothing by a panic once the device has rested", () => {
    const board = new HealthBoard();
    const rig = board.start();
    rig.log({ kind: "session authenticating", cause: "first" });
    rig.signs.retransmissions = 4;
    rig.health.rested(5_000);
    const next = board.start("panic");
    next.now = 3 * hour;
    expect(reports([next.turn(true)])[0]).toMatchObject({
      health_authentications: 1,
      health_retransmissions: 4,
      health_starts: 2,
      health_panics: 1,
    });
  });
});
