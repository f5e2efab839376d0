import { describe, expect, it, test } from "vitest";
import { isCrossed, limitNames, limits, readLimits } from "../../../firmware/health/limits";
import { SettingsError } from "../../../firmware/enos/credentials";

describe("the limits", () => {
  it("are what they are usually, or as they are set", () => {
    expect(readLimits({})).toEqual(limits.map(({ usual }) => usual));
    const set = readLimits({ healthWaiting: "20", healthBattery: 3_300 });
    expect(set[limitNames.indexOf("healthWaiting")]).toBe(20);
    expect(set[limitNames.indexOf("healthBattery")]).toBe(3_300);
    expect(() => readLimits({ healthPanics: 256 })).toThrow(SettingsError);
    expect(() => readLimits({ healthLost: "many" })).toThrow(
      'healthLost is "many", it must be a whole number from 0 to 65535',
    );
  });

  it("fit the bits of an alarm's mask", () => {
    expect(limits.length).toBeLessThanOrEqual(16);
    expect(new Set(limitNames).size).toBe(limits.length);
    // They are told as `what`, of which the model takes 32 bytes.
    for (const name of limitNames) expect(name.length).toBeLessThanOrEqual(32);
  });

  test.each([
    ["healthWaiting", 500, true],
    ["healthWaiting", 499, false],
    ["healthFreeHeap", 8_191, true],
    ["healthFreeHeap", 8_192, false],
    ["healthFreeHeap", undefined, false],
    ["healthEnergy", 1e9, false],
    ["healthBattery", 1, false],
  ])("%s at %s: crossed %s", (name, value, crossed) => {
    const which = limitNames.indexOf(name);
    expect(isCrossed(which, value, limits[which].usual)).toBe(crossed);
  });
});
