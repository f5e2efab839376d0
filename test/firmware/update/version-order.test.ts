import { expect, it, test } from "vitest";
import fc from "fast-check";
import { compareVersions, isNewer } from "../../../firmware/update/version-order";
import { version } from "../../../firmware/product/version";
import { runs } from "../../density";

/** From the oldest to the newest. */
const order = [
  "0.0.0",
  "0.2.0-1",
  "0.2.0-2",
  "0.2.0-10",
  "0.2.0-beta",
  "0.2.0-rc1",
  "0.2.0-rc1.1",
  "0.2.0-rc2",
  "0.2.0-rc10",
  "0.2.0",
  "0.2.1",
  "0.10.0",
  "1.0.0",
  "999999999.0.0",
];

test("versions come in this order", () => {
  order.forEach((older, i) => {
    order.forEach((newer, j) => {
      expect([older, newer, Math.sign(compareVersions(newer, older)!)]).toEqual([
        older,
        newer,
        Math.sign(j - i),
      ]);
      expect(isNewer(newer, older)).toBe(j > i);
    });
  });
  expect(isNewer(version, version)).toBe(false);
});

it.each([
  "",
  "1",
  "1.2",
  "1.2.3.4",
  "1..3",
  "1.2.",
  "1.2.3-",
  "1.2.3-a b",
  "1.2.3-ä",
  "v1.2.3",
  " 1.2.3",
  "1.2.-3",
])("takes %j for no version", (text) => {
  expect(compareVersions(text, "1.2.3")).toBeUndefined();
  expect(isNewer("1.2.3", text)).toBeUndefined();
});

it("takes no numbers of ten digits, and no more than 24 characters", () => {
  expect(isNewer("1234567890.0.0", "0.0.1")).toBeUndefined();
  expect(isNewer("1.2.3-rc1.of.the.long.ones", "0.0.1")).toBeUndefined();
  expect(isNewer("1.2.3-rc1.of.the.long.on", "0.0.1")).toBe(true);
});

const numbers = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20));
const names = fc.array(fc.constantFrom("rc", "a", "-", ".", "1", "2", "10", "B"), { maxLength: 4 });
const versions = fc
  .tuple(numbers, names)
  .map(([three, name]) => three.join(".") + (name.length === 0 ? "" : `-${name.join("")}`));

test("it is an order: the other way round is the opposite, and of three no circle is made", () => {
  fc.assert(
    fc.property(versions, versions, versions, (a, b, c) => {
      const compare = (one: string, two: string): number => Math.sign(compareVersions(one, two)!);
      expect(compare(a, b) + compare(b, a)).toBe(0);
      expect(compare(a, a)).toBe(0);
      if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
    }),
    { numRuns: runs(2_000) },
  );
});

test("any text has an answer", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const order = compareVersions(a, b);
      expect(order === undefined || Number.isFinite(order)).toBe(true);
    }),
    { numRuns: runs(1_000) },
  );
});
