/** Values with their units as people write them. */
import { expect, test } from "vitest";
import { behind, plainNumber, quantity, unitSign } from "../../../../host-sim/cloud/page/quantity";

test.each([
  ["degC", "°C"],
  ["percent", "%"],
  ["%", "%"],
  ["dBm", "dBm"],
  ["V", "V"],
  ["kWh", "kWh"],
  ["MOhm", "MΩ"],
  ["mohm", "mΩ"],
  ["m3/h", "m³/h"],
  ["1", ""],
  [" furlong ", "furlong"],
  [undefined, ""],
])("the unit %s is written %s", (unit, sign) => expect(unitSign(unit)).toBe(sign));

test.each([
  [20.5, "20.5"],
  [Math.fround(20.1), "20.1"],
  [0.1 + 0.2, "0.3"],
  [1234567, "1,234,567"],
  [-80, "-80"],
  [9007199254740991, "9007199254740991"],
  [0.00001234, "0.00001234"],
  [1e-7, "1e-7"],
  [6.02e23, "6.02e+23"],
  [NaN, "NaN"],
  [-0, "0"],
])("the number %d is written %s", (value, text) => expect(plainNumber(value)).toBe(text));

test("a unit stands behind a space that does not break, a degree of angle behind none", () => {
  expect(quantity(20.5, "degC")).toBe("20.5\u00a0°C");
  expect(quantity(90, "deg")).toBe("90°");
  expect(quantity(3)).toBe("3");
  expect(behind("V")).toBe("\u00a0V");
});
