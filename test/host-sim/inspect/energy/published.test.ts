/**
 * Joules against what others have published: the same exchange, played to the meter.
 */
import { describe, expect, test } from "vitest";
import { batteryYears } from "../../../../host-sim/inspect/energy/battery";
import { EnergyMeter } from "../../../../host-sim/inspect/energy/meter";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import type { EnergyProfile } from "../../../../host-sim/inspect/energy/profile";
import type { Coverage, DatagramReport } from "../../../../host-sim/sim/radio/link";
import type { WorldEvent } from "../../../../host-sim/sim/world/world";

interface Exchange {
  readonly profile: EnergyProfile;
  readonly coverage: Coverage;
  /** Bytes up and down in UDP; no answer when left out. */
  readonly up: number;
  readonly down?: number;
  /** ms from the datagram until its answer, and from the last one until the network lets go. */
  readonly wait: number;
  readonly release: number;
}

const endpoint = { address: "10.0.0.1", port: 1 };

function sent(time: number, length: number): WorldEvent {
  const report: DatagramReport = {
    direction: "up",
    time,
    bytes: new Uint8Array(length),
    fate: "delivered",
    from: endpoint,
    to: endpoint,
    inside: undefined,
    deliveredAt: time,
    duplicate: false,
  };
  return { time, source: "air", report };
}

/** J that the modem takes for one exchange, from the connection's begin to its end. */
function joulesOf({ profile, coverage, up, down, wait, release }: Exchange): number {
  const meter = new EnergyMeter(profile, { coverage });
  const modem = (time: number, state: "connected" | "off"): WorldEvent => ({
    time,
    source: "modem",
    event: { type: "rrc", time, state },
  });
  meter.hear(modem(0, "connected"));
  meter.hear(sent(0, up));
  if (down !== undefined) {
    const answer = { type: "receive", time: wait, id: 0, bytes: new Uint8Array(down) } as const;
    meter.hear({ time: wait, source: "modem", event: answer });
  }
  const end = (down === undefined ? 0 : wait) + release;
  meter.hear(modem(end, "off"));
  const { byState } = meter.account(end);
  return Object.entries(byState)
    .filter(([state]) => state.startsWith("modem "))
    .reduce((sum, [, { joules }]) => sum + joules, 0);
}

describe("3GPP TR 45.820: years on 5 Wh, a report and its acknowledgement, no self-discharge", () => {
  const hour = 3_600;
  test.each([
    { up: 50, every: 2 * hour, years: [22.4, 11.0, 2.5] },
    { up: 200, every: 2 * hour, years: [18.2, 5.9, 1.5] },
    { up: 50, every: 24 * hour, years: [36.0, 31.6, 17.5] },
    { up: 200, every: 24 * hour, years: [34.9, 26.2, 12.8] },
  ])("$up bytes every $every s", ({ up, every, years }) => {
    const profile = profiles.limit;
    for (const coverage of [0, 1, 2] as const) {
      // The study's latencies at MCL 144, 154 and 164 dB; its acknowledgement is a header of 29 bytes.
      const wait = [1_800, 3_000, 8_000][coverage];
      const joules = joulesOf({ profile, coverage, up, down: 29, wait, release: 500 });
      const watts = profile.modem.psm.value + joules / every;
      const lasts = batteryYears({ capacity: 5, selfDischarge: 0 }, watts);
      expect(Math.abs(lasts / years[coverage] - 1), `level ${coverage}: ${lasts} years`).toBeLessThan(0.05);
    }
  });

  test("nothing but PSM is 38 years", () => {
    expect(batteryYears({ capacity: 5, selfDischarge: 0 }, profiles.limit.modem.psm.value)).toBeCloseTo(
      38,
      0,
    );
  });
});

describe("measured in the field", () => {
  const profile = profiles.field;

  test("400 bytes up, 40 down with release assistance in good coverage: 0.4 to 0.6 J (nRF9160)", () => {
    const joules = joulesOf({ profile, coverage: 0, up: 400, down: 40, wait: 1_800, release: 500 });
    expect(joules).toBeGreaterThan(0.4);
    expect(joules).toBeLessThan(0.6);
  });

  test("200 bytes at level 1: release assistance instead of a 20 s tail saves 90 to 95 % (u-blox: 93 %)", () => {
    const exchange = { profile, coverage: 1, up: 200, wait: 0 } as const;
    const saved = 1 - joulesOf({ ...exchange, release: 500 }) / joulesOf({ ...exchange, release: 20_000 });
    expect(saved).toBeGreaterThan(0.9);
    expect(saved).toBeLessThan(0.95);
  });

  test("a tail of 20 s at 50 mA costs 3.4 to 3.8 J", () => {
    expect(profile.modem.connected.value / 3.6).toBeCloseTo(0.05, 6);
    const exchange = { profile, coverage: 0, up: 100, wait: 0 } as const;
    const tail = joulesOf({ ...exchange, release: 20_500 }) - joulesOf({ ...exchange, release: 500 });
    expect(tail).toBeGreaterThan(3.4);
    expect(tail).toBeLessThan(3.8);
  });

  test("200 bytes at level 2 lie between what good and bad conditions took: 0.72 and 3.85 J (u-blox)", () => {
    const joules = joulesOf({ profile, coverage: 2, up: 200, wait: 0, release: 500 });
    expect(joules).toBeGreaterThan(0.72);
    expect(joules).toBeLessThan(3.85);
  });
});

test("every figure of the built-in profiles says where it is from", () => {
  const figures: unknown[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if ("tag" in value) figures.push(value);
    else Object.values(value).forEach(walk);
  };
  Object.values(profiles).forEach(walk);
  expect(figures.length).toBe(2 * (9 + 3 * 4 + 1 + 2));
  for (const figure of figures) {
    expect(figure).toEqual({
      value: expect.any(Number),
      tag: expect.stringMatching(/^(measured|derived|assumed)$/),
      source: expect.stringMatching(/.{10}/),
    });
  }
});
