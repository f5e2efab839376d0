/** A fleet's lean meter against the one that runs are metered with: the same events, the same joules. */
import { describe, expect, test } from "vitest";
import { EnergyMeter } from "../../../../host-sim/inspect/energy/meter";
import { profiles } from "../../../../host-sim/inspect/energy/profiles";
import { DeviceMeter, levelPower } from "../../../../host-sim/tools/fleet/device-meter";
import { hear } from "../../inspect/capture/run";

describe.each(["modern", "field", "limit"] as const)("profile %s", (name) => {
  test.each([
    [{ seed: 5 }],
    [{ seed: 6, loss: 0.4, reports: 30 }],
    [{ seed: 7, loss: 0, edition: "tokenless" as const }],
  ])("a run with %o", async (changes) => {
    const { events, result } = await hear(changes);
    const profile = profiles[name];
    const whole = new EnergyMeter(profile, { coverage: 1 });
    const lean = new DeviceMeter(levelPower(profile, 1));
    for (const event of events) {
      whole.hear(event);
      if (event.source === "modem") lean.hear(event.event);
      if (event.source !== "air" || event.report.direction !== "up") continue;
      const { reason, bytes } = event.report;
      if (reason === undefined || reason === "radio") lean.sent(bytes.length, event.time);
    }
    const { byState } = whole.account(result.virtualTime);
    const modem = Object.entries(byState)
      .filter(([state]) => state.startsWith("modem "))
      .reduce((sum, [, { joules }]) => sum + joules, 0);
    lean.account(result.virtualTime);
    expect(modem).toBeGreaterThan(1);
    expect(lean.modem).toBeCloseTo(modem, 6);
  });

  test("hours switched off, and without a supply", () => {
    const profile = profiles[name];
    const whole = new EnergyMeter(profile, { coverage: 0 });
    const lean = new DeviceMeter(levelPower(profile, 0));
    const hour = 3_600_000;
    for (const [time, state, reason] of [
      [0, "booting", "supply"],
      [5_000, "on", "supply"],
      [9_000, "off", "AT+CPOWD"],
      [9 * hour, "booting", "key"],
      [9 * hour + 5_000, "off", "supply"],
    ] as const) {
      const event = { type: "power", time, state, reason } as const;
      whole.hear({ source: "modem", time, event });
      lean.hear(event);
    }
    const { byState } = whole.finish(20 * hour);
    lean.account(20 * hour);
    const off = byState["modem off"].joules;
    expect(off).toBeCloseTo(profile.modem.psm.value * 9 * 3_600, 1);
    const sum = off + byState["modem boot"].joules + byState["modem radio off"].joules;
    expect(lean.modem).toBeCloseTo(sum, 6);
  });
});
