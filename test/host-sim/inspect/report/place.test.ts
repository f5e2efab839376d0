/** Addresses within the report: what is written is read again, and what strangers write is no harm. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { placeOf, readPlace } from "../../../../host-sim/inspect/report/place";

const choices = fc.record(
  {
    from: fc.nat({ max: 1e12 }),
    to: fc.oneof(fc.nat({ max: 1e12 }), fc.constant(Infinity)),
    part: fc.string({ minLength: 1 }),
    q: fc.string({ minLength: 1, unit: "grapheme" }),
    hide: fc.string({ minLength: 1 }),
    only: fc.constant("trouble" as const),
    each: fc.constant("row" as const),
    at: fc.nat({ max: 1e12 }),
    row: fc.string({ minLength: 1 }),
  },
  { requiredKeys: [] },
);
const sections = ["verdict", "power", "energy", "readings", "air", "latency", "messages"] as const;

test("what is written is read again", () => {
  fc.assert(
    fc.property(fc.constantFrom(...sections), choices, (section, chosen) => {
      const fragment = placeOf(section, chosen);
      expect(readPlace(fragment)).toEqual({ section, choices: chosen });
      expect(readPlace(`#${fragment}`)).toEqual({ section, choices: chosen });
      // It stands in a link as it is.
      expect(new URL(`file:///run.html#${fragment}`).hash).toBe(`#${fragment}`);
    }),
  );
});

test("what is chosen as the page begins is left out", () => {
  expect(placeOf("power")).toBe("power");
  expect(placeOf("messages", { q: "", row: undefined })).toBe("messages");
});

test.each([
  ["", { section: undefined, choices: {} }],
  ["#nowhere?q=x", { section: undefined, choices: { q: "x" } }],
  ["#power?from=-1&to=1e9&at=0x10&other=1&__proto__=1", { section: "power", choices: {} }],
  ["#messages?from=12&from=13&to=end", { section: "messages", choices: { from: 12, to: Infinity } }],
  ["#messages?at=9999999999999999", { section: "messages", choices: {} }],
  ["#messages?q=%E0%A4%A", { section: "messages", choices: { q: expect.any(String) as string } }],
])("%s", (fragment, expected) => {
  expect(readPlace(fragment)).toEqual(expected);
});

test("anything can be read", () => {
  fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => void readPlace(text)));
});
