/** Which options count, what their values say, and the names of numbers and codes. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Code, codeText } from "../../../firmware/coap/code";
import {
  OptionNumber,
  contentFormatOf,
  encodeUint,
  findOption,
  maxAgeOf,
  readUint,
} from "../../../firmware/coap/option";
import { screenOptions } from "../../../firmware/coap/option-rules";
import { hex, unhex } from "../../../host-sim/tools/fuzz/peer";
import { density, runs } from "../../density";
import type { Option } from "../../../firmware/coap/option";
import type { OptionRule } from "../../../firmware/coap/option-rules";

type Direction = "request" | "response";

/**
 * RFC 7252 table 4, RFC 7959 and RFC 9175, copied out once more: number, name, lengths, and how often
 * ("-" not at all: not defined there, or not understood here).
 */
const rules: [number: number, name: string, min: number, max: number, request: string, response: string][] = [
  [1, "ifMatch", 0, 8, "-", "-"],
  [3, "uriHost", 1, 255, "once", "-"],
  [4, "eTag", 1, 8, "often", "once"],
  [5, "ifNoneMatch", 0, 0, "-", "-"],
  [7, "uriPort", 0, 2, "once", "-"],
  [8, "locationPath", 0, 255, "-", "often"],
  [11, "uriPath", 0, 255, "often", "-"],
  [12, "contentFormat", 0, 2, "once", "once"],
  [14, "maxAge", 0, 4, "-", "once"],
  [15, "uriQuery", 0, 255, "often", "-"],
  [17, "accept", 0, 2, "once", "-"],
  [20, "locationQuery", 0, 255, "-", "often"],
  [23, "block2", 0, 3, "once", "once"],
  [27, "block1", 0, 3, "once", "once"],
  [28, "size2", 0, 4, "once", "once"],
  [35, "proxyUri", 1, 1034, "-", "-"],
  [39, "proxyScheme", 1, 255, "-", "-"],
  [60, "size1", 0, 4, "once", "once"],
  [252, "echo", 1, 40, "once", "once"],
  [292, "requestTag", 0, 8, "often", "-"],
];

const option = (number: number, length: number): Option => ({ number, value: new Uint8Array(length) });
const cases = rules.flatMap(([number, name, min, max, request, response]) => [
  { number, name, min, max, often: request, direction: "request" as const },
  { number, name, min, max, often: response, direction: "response" as const },
]);

describe.each(cases)("$number $name in a $direction", ({ number, min, max, often, direction }) => {
  const screen = (...options: Option[]): readonly Option[] | number => screenOptions(options, direction, []);
  const critical = number % 2 === 1;

  it("counts with its lengths and no others", () => {
    for (let length = 0; length <= max + 2; length++) {
      const options = [option(number, length)];
      const counts = often !== "-" && length >= min && length <= max;
      if (counts) expect(screenOptions(options, direction, [])).toBe(options);
      else if (critical) expect(screen(...options)).toBe(number);
      else expect(screen(...options)).toEqual([]);
    }
  });

  it(`comes ${often === "-" ? "not at all" : often}`, () => {
    const first = option(number, min);
    const second = option(number, max);
    if (often === "-") expect(screen(first, second)).toEqual(critical ? number : []);
    else if (often === "often") expect(screen(first, second, first)).toEqual([first, second, first]);
    else if (critical) expect(screen(first, second)).toBe(number);
    else expect(screen(first, second, first)).toEqual([first]);
  });
});

describe("options", () => {
  const sign: OptionRule = { number: 2101, minLength: 64, maxLength: 64, repeatable: false };
  const screen = (options: Option[], extra: OptionRule[] = [], direction: Direction = "request"): unknown =>
    screenOptions(options, direction, extra);

  it("that no rule speaks of spoil a message when critical, and are the application's when elective", () => {
    const elective = [option(2100, 300), option(2100, 0), option(2102, 1200)];
    expect(screen(elective)).toBe(elective);
    expect(screen(elective, [], "response")).toBe(elective);
    expect(screen([option(11, 1), option(2101, 64)])).toBe(2101);
    expect(screen([option(9, 1)])).toBe(9);
    expect(screen([option(65_535, 0)], [], "response")).toBe(65_535);
  });

  it("that the application knows count by its rule", () => {
    const signed = [option(11, 3), option(2101, 64)];
    expect(screen(signed, [sign])).toBe(signed);
    expect(screen([option(2101, 63)], [sign])).toBe(2101);
    expect(screen([option(2101, 64), option(2101, 64)], [sign])).toBe(2101);
    expect(screen([option(2103, 64)], [sign])).toBe(2103);
    const path: OptionRule = { number: 2100, minLength: 1, maxLength: 255, repeatable: true };
    expect(screen([option(2100, 0), option(2100, 9)], [sign, path])).toEqual([option(2100, 9)]);
  });

  it("go by the application's rule before the table's", () => {
    const ifMatch: OptionRule = { number: 1, minLength: 0, maxLength: 8, repeatable: true };
    const conditional = [option(1, 8), option(1, 0)];
    expect(screen(conditional)).toBe(1);
    expect(screen(conditional, [ifMatch])).toBe(conditional);
  });

  it("beyond the first are the supernumerary ones, though the first be too long itself", () => {
    expect(screen([option(12, 3), option(12, 1)])).toEqual([]);
    expect(screen([option(12, 1), option(12, 2), option(14, 1), option(60, 4)])).toEqual([
      option(12, 1),
      option(60, 4),
    ]);
  });

  it("are answered for by the first critical one that is wrong", () => {
    expect(screen([option(3, 0), option(5, 0), option(35, 4)])).toBe(3);
    expect(screen([option(3, 4), option(12, 9), option(35, 4), option(39, 4)])).toBe(35);
  });

  it("take neither time nor memory beyond their number", () => {
    const path = Array.from({ length: 5_000 }, () => option(11, 0));
    expect(screen(path)).toBe(path);
    const formats = Array.from({ length: 5_000 }, () => option(12, 1));
    expect(screen(formats)).toEqual([option(12, 1)]);
    const none: Option[] = [];
    expect(screen(none)).toBe(none);
  });

  /** As plainly as can be: each option by itself, counted from the start each time. */
  function reference(
    options: readonly Option[],
    direction: Direction,
    extra: readonly OptionRule[],
  ): Option[] | number {
    const unrecognised = options.filter((each, index) => {
      const before = options.slice(0, index).filter((other) => other.number === each.number).length;
      const length = each.value.length;
      const own = extra.find((rule) => rule.number === each.number);
      if (own !== undefined) {
        return length < own.minLength || length > own.maxLength || (before > 0 && !own.repeatable);
      }
      const rule = rules.find(([number]) => number === each.number);
      if (rule === undefined) return each.number % 2 === 1;
      const often = direction === "request" ? rule[4] : rule[5];
      return often === "-" || (often === "once" && before > 0) || length < rule[2] || length > rule[3];
    });
    const critical = unrecognised.find((each) => each.number % 2 === 1);
    return critical?.number ?? options.filter((each) => !unrecognised.includes(each));
  }

  it("are screened as the rules read, in any mixture", () => {
    const numbers = fc.oneof(fc.constantFrom(...rules.map(([number]) => number), 2100, 2101), fc.nat(300));
    const outcomes = { refused: 0, thinned: 0, whole: 0 };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(numbers, fc.oneof(fc.nat(4), fc.nat(4), fc.nat(300))), { maxLength: 6 }),
        fc.constantFrom<Direction>("request", "response"),
        fc.array(
          fc.record({
            number: numbers,
            minLength: fc.nat(3),
            maxLength: fc.nat(80),
            repeatable: fc.boolean(),
          }),
          { maxLength: 3 },
        ),
        (list, direction, extra) => {
          const options = list.sort((x, y) => x[0] - y[0]).map(([number, length]) => option(number, length));
          const before = [...options];
          const screened = screenOptions(options, direction, extra);
          expect(screened).toEqual(reference(options, direction, extra));
          expect(options).toEqual(before);
          if (typeof screened === "number") outcomes.refused += 1;
          else if (screened.length < options.length) outcomes.thinned += 1;
          else {
            expect(screened).toBe(options);
            outcomes.whole += 1;
          }
        },
      ),
      { seed: 7252, numRuns: runs(4000) },
    );
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(density(100, 25));
  });
});

describe("an integer", () => {
  test.each([
    [0, ""],
    [1, "01"],
    [255, "ff"],
    [256, "0100"],
    [65535, "ffff"],
    [65536, "010000"],
    [0xffffff, "ffffff"],
    [0x1000000, "01000000"],
    [0x80000000, "80000000"],
    [0xffffffff, "ffffffff"],
  ])("%i is written in the fewest bytes and read with any zeros before it", (value, bytes) => {
    expect(hex(encodeUint(value))).toBe(bytes);
    for (const zeros of ["", "00", "000000", "00".repeat(40)]) {
      expect(readUint(unhex(zeros + bytes))).toBe(value);
    }
  });

  test.each([
    ["1f ffff ffff ffff", Number.MAX_SAFE_INTEGER],
    ["00 001f ffff ffff ffff", Number.MAX_SAFE_INTEGER],
    ["20 0000 0000 0000", undefined],
    ["20 0000 0000 0001", undefined],
    ["ff ffff ffff ffff ffff", undefined],
    ["ff".repeat(1034), undefined],
  ])("of bytes %s is read only while numbers tell integers apart", (bytes, value) => {
    expect(readUint(unhex(bytes))).toBe(value);
  });

  it("goes there and back, and BigInt agrees", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (value) => {
        const bytes = encodeUint(value);
        expect(readUint(bytes)).toBe(value);
        expect(bytes[0]).not.toBe(0);
      }),
      { seed: 1, numRuns: runs(1000) },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10 }), (bytes) => {
        const exact = BigInt(`0x0${hex(bytes)}`);
        expect(readUint(bytes)).toBe(exact < 2n ** 53n ? Number(exact) : undefined);
      }),
      { seed: 2, numRuns: runs(2000) },
    );
  });

  test.each([-1, 0.5, 2 ** 32, NaN, Infinity])("%d is refused on writing", (value) => {
    expect(() => encodeUint(value)).toThrow("a whole number from 0 to 4294967295");
  });
});

describe("option values", () => {
  it("are found by number, the first one first", () => {
    const options = [
      { number: 11, value: unhex("61") },
      { number: 11, value: unhex("62") },
    ];
    expect(findOption(options, 11)).toEqual(unhex("61"));
    expect(findOption(options, 12)).toBeUndefined();
  });

  it("state the Content-Format, or do not", () => {
    expect(contentFormatOf([])).toBeUndefined();
    expect(contentFormatOf([option(12, 0)])).toBe(0);
    expect(contentFormatOf([{ number: 12, value: unhex("0032") }])).toBe(50);
  });

  it("state the Max-Age, which is 60 s if not", () => {
    expect(maxAgeOf([option(12, 0)])).toBe(60);
    expect(maxAgeOf([option(14, 0)])).toBe(0);
    expect(maxAgeOf([{ number: 14, value: unhex("ffffffff") }])).toBe(4_294_967_295);
  });
});

describe("names", () => {
  test("of options are those of the registry", () => {
    expect(Object.entries(OptionNumber)).toEqual(rules.map(([number, name]) => [name, number]));
  });

  test("of codes are those of the registry", () => {
    const registry: Record<string, string> = {
      empty: "0.00",
      get: "0.01",
      post: "0.02",
      put: "0.03",
      delete: "0.04",
      fetch: "0.05",
      patch: "0.06",
      iPatch: "0.07",
      created: "2.01",
      deleted: "2.02",
      valid: "2.03",
      changed: "2.04",
      content: "2.05",
      continue: "2.31",
      badRequest: "4.00",
      unauthorized: "4.01",
      badOption: "4.02",
      forbidden: "4.03",
      notFound: "4.04",
      methodNotAllowed: "4.05",
      notAcceptable: "4.06",
      requestEntityIncomplete: "4.08",
      preconditionFailed: "4.12",
      requestEntityTooLarge: "4.13",
      unsupportedContentFormat: "4.15",
      internalServerError: "5.00",
      notImplemented: "5.01",
      badGateway: "5.02",
      serviceUnavailable: "5.03",
      gatewayTimeout: "5.04",
      proxyingNotSupported: "5.05",
    };
    const texts = Object.fromEntries(Object.entries(Code).map(([name, byte]) => [name, codeText(byte)]));
    expect(texts).toEqual(registry);
  });
});
