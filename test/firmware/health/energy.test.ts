/** The device's own account of energy: its table against the meter's profile, and its sums. */
import { describe, expect, it, test } from "vitest";
import { EnergyEstimate, levels, watts } from "../../../firmware/health/energy";
import { Seen, Span, Tally } from "../../../firmware/health/tally";
import { esp32 } from "../../../host-sim/inspect/energy/esp32";
import { field } from "../../../host-sim/inspect/energy/field";
import { accessPower, transmitPower } from "../../../host-sim/inspect/energy/profile";
import { RetainedRam } from "../continuity/retained-ram";
import { memoryStore } from "./memory-store";

const tallyOf = (): Tally => new Tally(new RetainedRam().start(), memoryStore());

describe("the table of the firmware", () => {
  it("has the profile's powers", () => {
    expect(watts).toEqual({
      boardAwake: esp32.waiting80.value,
      boardStarting: esp32.starting.value,
      boardAsleep: esp32.deepSleep.value,
      modemAsleep: field.modem.psm.value,
      modemAwake: field.modem.idle.value,
      connected: field.modem.connected.value,
      receive: field.modem.receive.value,
    });
  });

  test.each([0, 1, 2] as const)("has its figures of coverage level %i", (level) => {
    const { uplink, downlink, access, power } = field.radio;
    const dBm = power[level].value;
    const { up, down, transmit, access: joules } = levels[level];
    expect([up, down]).toEqual([uplink[level].value, downlink[level].value]);
    expect(transmit).toBeCloseTo(transmitPower(field, dBm), 6);
    expect(joules).toBeCloseTo((accessPower(field, dBm) * access[level].value) / 1_000, 4);
  });
});

describe("the account", () => {
  it("of a contact is the sum of its parts", () => {
    const tally = tallyOf();
    const energy = new EnergyEstimate(tally, 0, 0);
    const start = tally.spans[Span.joules];
    expect(start).toBeCloseTo(0.3 * watts.boardStarting, 9);
    energy.note(true, 0);
    energy.sent(100, 1_000);
    energy.received(40, true, 3_000);
    energy.note(false, 5_000);
    expect([Span.time, Span.awake, Span.modemAwake, Span.connected].map((at) => tally.spans[at])).toEqual([
      5_000, 5_000, 5_000, 2_000,
    ]);
    const [{ up, down, transmit, access }] = levels;
    const sent = (8 * 128) / up;
    const received = (8 * 68) / down;
    const joules =
      5 * (watts.boardAwake + watts.modemAwake) +
      2 * (watts.connected - watts.modemAwake) +
      access +
      sent * (transmit - watts.connected) +
      received * (watts.receive - watts.connected);
    expect(tally.spans[Span.joules] - start).toBeCloseTo(joules, 9);
  });

  it("counts a connection that nobody releases for as long as the network keeps it", () => {
    const tally = tallyOf();
    const energy = new EnergyEstimate(tally, 0, 0);
    energy.note(true, 0);
    energy.sent(100, 0);
    energy.received(40, false, 2_000);
    energy.sent(100, 10_000);
    energy.note(true, 60_000);
    expect(tally.spans[Span.connected]).toBe(30_000);
    // The next one is another connection.
    energy.sent(100, 100_000);
    energy.note(true, 101_000);
    expect(tally.spans[Span.connected]).toBe(31_000);
  });

  it("goes on over deep sleep: the connection's end and the modem's wait, and the sleep itself", () => {
    const tally = tallyOf();
    const energy = new EnergyEstimate(tally, 0, 0);
    energy.note(true, 0);
    energy.sent(100, 0);
    energy.received(40, false, 1_000);
    energy.beforeSleep(2_000, 1_500);
    // 20 s of inactivity behind the answer, and T3324 behind that.
    expect(tally.spans[Span.connected]).toBe(21_000);
    expect(tally.spans[Span.modemAwake]).toBe(23_000);
    expect(tally.modemStays).toBe(false);
    const before = tally.spans[Span.joules];
    new EnergyEstimate(tally, 3_600_000, 3_601_500);
    expect(tally.spans[Span.time]).toBe(3_601_500);
    expect(tally.spans[Span.awake]).toBe(1_500);
    expect(tally.spans[Span.joules] - before).toBeCloseTo(
      3_600 * (watts.boardAsleep + watts.modemAsleep) + 0.3 * watts.boardStarting,
      6,
    );
  });

  it("has the modem awake in the board's sleep where no PSM was granted", () => {
    const tally = tallyOf();
    const energy = new EnergyEstimate(tally, 0, 0);
    energy.note(true, 0);
    energy.beforeSleep(Infinity, 1_000);
    expect(tally.modemStays).toBe(true);
    new EnergyEstimate(tally, 10_000, 11_000);
    expect(tally.spans[Span.modemAwake]).toBe(11_000);
    expect(tally.modemStays).toBe(false);
  });

  it("sends for longer, and with more power, where coverage is worse", () => {
    const joules = [0, 1, 2].map((level) => {
      const tally = tallyOf();
      tally.see(Seen.coverage, level);
      const energy = new EnergyEstimate(tally, 0, 0);
      energy.sent(150, 0);
      return tally.spans[Span.joules];
    });
    expect(joules[0]).toBeLessThan(joules[1]);
    expect(joules[1]).toBeLessThan(joules[2]);
  });
});
