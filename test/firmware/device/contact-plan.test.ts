import { describe, expect, it, test } from "vitest";
import { contactsOf, periodicUpdateOf } from "../../../firmware/device/contact-plan";
import { readSettings } from "../../../firmware/device/settings";

const server = "203.0.113.5";

describe("the lifetime that nobody has set", () => {
  test.each([
    [1, 1, 3_600],
    [900, 1, 3_600],
    [1_800, 1, 3_600],
    [1_801, 1, 3_602],
    [3_600, 1, 7_200],
    [3_600, 4, 28_800],
    [900, 16, 28_800],
    [3_600, 12, 86_400],
    [21_600, 3, 86_400],
    [43_200, 1, 86_400],
    [86_400, 1, 86_400],
    [86_400, 16, 86_400],
  ])("with a reading every %i s, %i together, is %i s", (interval, batch, lifetime) => {
    expect(contactsOf(interval, batch)).toEqual({ batch, lifetime });
    expect(readSettings({ server, interval, batch })).toMatchObject({ batch, lifetime });
  });
});

describe("a batch that takes more than a day", () => {
  test.each([
    [3_600, 24, 23],
    [3_600, 34, 23],
    [3_600, 35, 35],
    [21_600, 4, 3],
    [21_600, 5, 5],
    [28_800, 3, 2],
    [42_950, 3, 2],
    [42_951, 2, 2],
    [85_900, 1, 1],
    [85_901, 1, 1],
  ])("of a reading every %i s, %i together, is sent with %i", (interval, batch, cut) => {
    expect(contactsOf(interval, batch)).toEqual({ batch: cut, lifetime: 86_400 });
  });

  it("is as the user wants where the lifetime is his too", () => {
    expect(contactsOf(3_600, 24, 86_400)).toEqual({ batch: 24, lifetime: 86_400 });
    expect(readSettings({ server, interval: 3_600, batch: 24, lifetime: "86400" })).toMatchObject({
      batch: 24,
      lifetime: 86_400,
    });
  });
});

it("no contact that keeps its session is more than 86,000 s after the one before", () => {
  for (let interval = 1; interval <= 86_400; interval += 61) {
    for (let batch = 1; batch <= 100; batch += 3) {
      const plan = contactsOf(interval, batch);
      const gap = interval * plan.batch;
      const isSound =
        plan.lifetime >= 30 &&
        plan.lifetime <= 86_400 &&
        plan.batch <= batch &&
        (plan.batch === batch || gap <= 86_000) &&
        (gap > 43_200 || plan.lifetime >= 2 * gap);
      // Asked for each of 48,000, expectations would take ten times as long as the plans.
      if (!isSound) expect({ interval, batch, plan }).toBe("a sound plan");
    }
  }
});

describe("the periodic update that a device asks for", () => {
  it.each([
    [60, 86_400],
    [69_120, 86_400],
    [70_000, 87_500],
    [85_900, 107_375],
    [86_400, 108_000],
    [86_401, 86_400],
    [604_800, 86_400],
  ])("with %i s between two contacts is %i s", (gap, update) => {
    expect(periodicUpdateOf(gap)).toBe(update);
  });

  it("is as the user wants it where he does", () => {
    expect(readSettings({ server, interval: 86_400 }).t3412).toBe(108_000);
    expect(readSettings({ server, interval: 86_400, t3412: 86_400 }).t3412).toBe(86_400);
    expect(readSettings({ server, interval: 3_600, batch: 16 }).t3412).toBe(86_400);
  });
});
