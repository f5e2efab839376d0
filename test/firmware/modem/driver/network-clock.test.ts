/** Whether a modem's clock tells local time or UTC: what is found out, and what is made of it. */
import { describe, expect, it, test } from "vitest";
import { ascii } from "../../../../firmware/text/ascii";
import { logLine, modemLog } from "../../../../firmware/device/log";
import { NetworkClock } from "../../../../firmware/modem/driver/network-clock";
import { parseClock } from "../../../../firmware/modem/at/fields";
import { ScriptedModem } from "../scripted-modem";
import type { ClockSetting } from "../../../../firmware/modem/at/clock";

/** The true time of all that follows. */
const start = Date.UTC(2026, 9, 23, 10, 11, 41);
const hour = 3_600_000;

class Rig {
  readonly log: string[] = [];
  /** By how many hours the time was off each time it was told; `!` behind one that is sure. */
  readonly told: string[] = [];
  readonly clock: NetworkClock;

  constructor(setting?: ClockSetting, seen = 0) {
    const log = modemLog((event) => this.log.push(logLine(event).slice("modem: ".length)));
    this.clock = new NetworkClock(
      { log },
      {
        clock: setting,
        onTime: (epoch, now, sure) =>
          void this.told.push(`${Math.round((epoch - start - now) / hour)}${sure ? "!" : ""}`),
      },
    );
    this.clock.seen = seen;
  }

  /** The modem answers with its clock `now` ms after the start, of this firmware, in this zone. */
  answer(means: "local" | "utc", hours: number, now: number, tells?: "local" | "utc"): this {
    this.clock.answered(
      { told: start + now + (means === "local" ? hours * hour : 0), zone: hours * hour, tells },
      now,
    );
    return this;
  }

  /** The network tells the time, and the modem tells that. */
  network(now: number, hours = 0): this {
    this.clock.heard({ told: start + now, zone: hours * hour }, now);
    return this;
  }
}

describe("with the zone beside it", () => {
  test.each(["local", "utc"] as const)("%s: the network's time tells, whichever comes first", (means) => {
    const off = means === "utc" ? "-11" : "0";
    const after = new Rig()
      .answer(means, 11, 5_000)
      .network(8_000, 11)
      .answer(means, 11, 3 * hour);
    expect(after.told).toEqual([off, means === "utc" ? "0!" : "0", "0"]);
    const before = new Rig().network(1_000).answer(means, 11, 5_000);
    expect(before.told).toEqual(["0", "0"]);
    expect(before.log).toEqual([`clock tells=${means} by="network time" zone=+11:00`]);
  });

  test.each(["local", "utc"] as const)("%s: so does a change of zone, as in spring", (means) => {
    const rig = new Rig()
      .answer(means, 11, 0)
      .answer(means, 10, 24 * hour)
      .answer(means, 10, 48 * hour);
    expect(rig.told).toEqual(means === "utc" ? ["-11", "0!", "0"] : ["0", "0", "0"]);
    expect(rig.log[0]).toBe('clock tells=local by="usual" zone=+11:00');
    expect(rig.log.slice(1)).toEqual(
      means === "utc" ? ['clock tells=utc by="change of zone" zone=+10:00'] : [],
    );
  });

  it("a setting is not argued with, and said", () => {
    const rig = new Rig("utc").network(0).answer("utc", -5, 1_000).answer("local", -5, 2_000);
    expect(rig.told).toEqual(["0", "0", "-5"]);
    expect(rig.log).toEqual(['clock tells=utc by="setting" zone=-05:00']);
  });

  it("the manual's word counts until the network's time says otherwise", () => {
    const rig = new Rig().answer("local", 2, 0, "utc").network(1_000).answer("local", 2, 2_000, "utc");
    expect(rig.told).toEqual(["2", "0!", "0"]);
    expect(rig.log).toEqual([
      'clock tells=utc by="manual" zone=+02:00',
      'clock tells=local by="network time" zone=+02:00',
    ]);
  });

  it("a network that is far off proves nothing", () => {
    const rig = new Rig().answer("local", 2, 0);
    rig.clock.heard({ told: start - 300 * hour }, 0);
    expect(rig.told).toEqual(["0", "-300"]);
    expect(rig.log).toHaveLength(1);
  });

  it("what was found out outlives deep sleep, and is not told again", () => {
    const before = new Rig().network(0).answer("utc", 11, 1_000);
    const after = new Rig(undefined, before.clock.seen).answer("utc", 11, 2_000);
    expect(after.told).toEqual(["0"]);
    expect(after.log).toEqual([]);
    const undecided = new Rig(undefined, new Rig().answer("local", 11, 0).clock.seen).answer("local", 11, 1);
    expect(undecided.log).toEqual([]);
    expect(new Rig(undefined, 7).clock.seen).toBe(0);
  });
});

it("a zone in whole hours counts once the network's time has proven it: one of half an hour is not there", () => {
  const answer = { told: start + 5.5 * hour, zone: 5 * hour, wholeHours: true };
  const half = new Rig();
  half.clock.answered(answer, 0);
  half.network(0, 5.5);
  half.clock.answered(answer, 0);
  expect(half.told).toEqual(["0"]);
  const whole = new Rig();
  whole.clock.answered({ ...answer, zone: 5.5 * hour }, 0);
  whole.network(0, 5.5);
  whole.clock.answered({ ...answer, zone: 5.5 * hour }, 0);
  expect(whole.told).toEqual(["0", "0"]);
  const chosen = new Rig("utc");
  chosen.clock.answered({ ...answer, told: start }, 0);
  expect(chosen.told).toEqual(["0"]);
});

it("without a zone there is nothing to find out", () => {
  const rig = new Rig().answer("utc", 0, 0);
  rig.clock.answered(parseClock(ascii('+CCLK: "26/10/23,10:11:41"'))!, 0);
  expect(rig.told).toEqual(["0", "0"]);
  expect(rig.log).toEqual([]);
});

it("the driver keeps it over the ESP32's deep sleep", async () => {
  const cclk = ['+CCLK: "26/10/23,10:11:41+44"', "OK"];
  const modem = new ScriptedModem({ psm: { t3412: 3_600, t3324: 10 } });
  modem.answer("AT+CCLK?", cclk);
  await modem.up();
  expect(modem.log).toContain('clock tells=local by="usual" zone=+11:00');
  const woken = new ScriptedModem({ psm: { t3412: 3_600, t3324: 10 }, resume: modem.driver.remembered });
  woken.answer("AT+CCLK?", cclk);
  await woken.up();
  await woken.pass(2_000);
  expect(woken.times).toEqual([start - 11 * hour]);
  expect(woken.log.join("\n")).not.toContain("clock tells");
});
