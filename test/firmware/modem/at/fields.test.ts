import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { epochOf } from "../../../../firmware/modem/at/clock";
import {
  describeStat,
  fieldsOf,
  findImei,
  isCeregAnswer,
  isRegistered,
} from "../../../../firmware/modem/at/fields";
import { parseCereg, parseClock, wholeNumber } from "../../../../firmware/modem/at/fields";
import { ascii, asciiText } from "../../../../firmware/text/ascii";
import { runs } from "../../../density";

describe("fields", () => {
  const samples: [string, string[]][] = [
    ["+CSQ: 18,0", ["18", "0"]],
    ["+CSQ:18,0", ["18", "0"]],
    ["+CSQ:   18 , 0 ", ["18", "0"]],
    ["+X:", [""]],
    ["+X: ,", ["", ""]],
    [
      '+CGCONTRDP: 1,5,"iot.example","10.45.0.7.255.255.255.0"',
      ["1", "5", "iot.example", "10.45.0.7.255.255.255.0"],
    ],
    ['+CCLK: "26/01/09,10:07:06+04"', ["26/01/09,10:07:06+04"]],
    ['+X: "a,b",,"","c', ["a,b", "", "", '"c']],
    ['+X: "a"b,1', ['"a"b', "1"]],
    ['+X: "', ['"']],
    ["+CSOERR: 0,-1", ["0", "-1"]],
    [
      '+CEREG: 1,"5B57","01A50B1A",9,,,"00000101","00100001"',
      ["1", "5B57", "01A50B1A", "9", "", "", "00000101", "00100001"],
    ],
  ];
  it.each(samples)("%s", (line, fields) => {
    expect(fieldsOf(ascii(line), line.indexOf(":") + 1)).toEqual(fields);
  });

  it("are none behind the end of the line", () => expect(fieldsOf(ascii("+X:"), 9)).toEqual([]));

  it("are no more than a line can have that says something, and no longer", () => {
    expect(fieldsOf(ascii(",".repeat(1_200)), 0)).toEqual(Array(64).fill(""));
    expect(fieldsOf(ascii(`+X: ${"a".repeat(1_100)},1`), 3)).toEqual(["a".repeat(127), "1"]);
    expect(fieldsOf(ascii(`+X: "${"a".repeat(100)}"`), 3)).toEqual(["a".repeat(100)]);
  });
});

describe("whole numbers", () => {
  it.each([
    ["0", 0],
    ["007", 7],
    ["-1", -1],
    ["999999999", 999_999_999],
    ["", undefined],
    [undefined, undefined],
    ["1.5", undefined],
    ["0x10", undefined],
    ["1e3", undefined],
    [" 1", undefined],
    ["-", undefined],
    ["9999999999", undefined],
  ])("%j", (field, value) => expect(wholeNumber(field)).toBe(value));
});

describe("+CEREG", () => {
  const psm = { t3324: "00000101", t3412: "00100001" };
  const place = '"5B57","01A50B1A",9';
  const timers = '"00000101","00100001"';
  const answers: [string, object][] = [
    ["+CEREG: 2,1", { level: 2, stat: 1 }],
    ["+CEREG: 0,0", { level: 0, stat: 0 }],
    // BC95 and SARA-N2 write no blank.
    ["+CEREG:1,1", { level: 1, stat: 1 }],
    ["+CEREG:0,2", { level: 0, stat: 2 }],
    ["+CEREG: 5,100", { level: 5, stat: 100 }],
    // The state is not known; read as the URC it would say that the modem roams.
    ["+CEREG: 5,-1", { level: 5, stat: -1 }],
    ["+CEREG: 1,-1,,,", { level: 1, stat: -1 }],
    [`+CEREG: 2,5,${place}`, { level: 2, stat: 5 }],
    [`+CEREG: 5,1,${place},,,${timers}`, { level: 5, stat: 1, ...psm }],
    [`+CEREG: 5,1,${place},"00",,,${timers}`, { level: 5, stat: 1, ...psm }],
    ["+CEREG: 5,3,,,,0,15", { level: 5, stat: 3, cause: 15 }],
    [`+CEREG: 3,3,${place},0,13`, { level: 3, stat: 3, cause: 13 }],
  ];
  const urcs: [string, object][] = [
    ["+CEREG: 2", { stat: 2 }],
    ["+CEREG:2", { stat: 2 }],
    ["+CEREG: 80", { stat: 80 }],
    [`+CEREG: 1,${place}`, { stat: 1 }],
    [`+CEREG: 1,${place},,,${timers}`, { stat: 1, ...psm }],
    [`+CEREG:1,${place},,,${timers}`, { stat: 1, ...psm }],
    [`+CEREG: 1,${place},"00",,,${timers}`, { stat: 1, ...psm }],
    // Tracking area and cell without quotes.
    ["+CEREG: 5,5B57,01A50B1A,9", { stat: 5 }],
    ["+CEREG: 5,1234,01A50B1A,9", { stat: 5 }],
    ["+CEREG: 3,,,,0,15", { stat: 3, cause: 15 }],
    // A cell that looks like a timer is none.
    ['+CEREG: 1,"5B57","00000101",9', { stat: 1 }],
    [`+CEREG: 1,"5B57","00000001",9,,,${timers}`, { stat: 1, ...psm }],
    // Deactivated.
    [`+CEREG: 1,${place},,,"11100000","11100000"`, { stat: 1, t3324: "11100000", t3412: "11100000" }],
  ];
  it.each(answers)("%s is an answer", (line, registration) => {
    expect(isCeregAnswer(ascii(line))).toBe(true);
    expect(parseCereg(ascii(line))).toEqual(registration);
  });
  it.each(urcs)("%s is unsolicited", (line, registration) => {
    expect(isCeregAnswer(ascii(line))).toBe(false);
    expect(parseCereg(ascii(line))).toEqual(registration);
  });

  // Lines of real modems: dan-leo/masters (SARA-N200, BC95), forums.quectel.com 8403 (BC66), drivers' comments (SIM7020).
  const seen: [string, object][] = [
    [
      '+CEREG: 5,1,"8CA7","28C464",7,,,"00011000","00101010"',
      { level: 5, stat: 1, t3324: "00011000", t3412: "00101010" },
    ],
    ['+CEREG: 1,"8CA7","28C465",7,,,"00010000",', { stat: 1, t3324: "00010000" }],
    ['+CEREG: 5,2,"5209","EABE70D",7,0,19,,', { level: 5, stat: 2, cause: 19 }],
    ['+CEREG: 3,"5209","EABE70D",7,0,8,,', { stat: 3, cause: 8 }],
    ['+CEREG: 0,"0000","0",7,,,,', { stat: 0 }],
    ["+CEREG:0,0000,00000000,9,0,19", { stat: 0, cause: 19 }],
    ["+CEREG:3,2,5209,0E4C510D,9,0,19", { level: 3, stat: 2, cause: 19 }],
    ["+CEREG:1,9C40,01BA6317,9,,", { stat: 1 }],
    ["+CEREG: 2,,,,,0,0", { stat: 2 }],
    ["+CEREG: 3,,,,,0,15", { stat: 3, cause: 15 }],
    ["+CEREG: 0,,,,,0,0", { stat: 0 }],
    ["+CEREG: 5,0,,,,,0,0", { level: 5, stat: 0 }],
    ["+CEREG: 5,3,,,,,0,11", { level: 5, stat: 3, cause: 11 }],
    [
      '+CEREG: 5,1,"00A0","0002920C",9,"00",0,0,"00100010","00010010"',
      { level: 5, stat: 1, t3324: "00100010", t3412: "00010010" },
    ],
  ];
  it.each(seen)("%s of a real modem", (line, registration) => {
    expect(parseCereg(ascii(line))).toEqual(registration);
  });

  it.each([
    // The maker's own number.
    ["+CEREG: 3,,,,1,15", undefined],
    ["+CEREG: 3,,,,,1,15", undefined],
    ["+CEREG: 3,,,,,15", undefined],
    ["+CEREG: 3,,,,0,0", undefined],
    ["+CEREG: 3,,,,0,256", undefined],
    ["+CEREG: 3,,,,0,x", undefined],
    ["+CEREG: 3,,,,0", undefined],
    ["+CEREG: 90,,,,0,7", 7],
  ])("%s has the cause %s", (line, cause) => expect(parseCereg(ascii(line))?.cause).toBe(cause));

  it("its fields are known by their places, whatever they look like", () => {
    const byte = fc.nat(255).map((value) => value.toString(2).padStart(8, "0"));
    const place = fc.oneof(byte, fc.constantFrom("5B57", "0000", "", "00000101", "12345678"));
    const timer = fc.oneof(byte, fc.constant(""));
    const record = fc.record({
      stat: fc.constantFrom(0, 1, 2, 3, 4, 5, 8, 80, 100),
      level: fc.option(fc.nat(5), { nil: undefined }),
      tac: place,
      ci: place,
      act: fc.constantFrom("7", "9", ""),
      rac: fc.option(fc.constantFrom("00", "", "00000101"), { nil: undefined }),
      cause: fc.option(
        fc.record({ type: fc.constantFrom("0", "1", ""), value: fc.integer({ min: 1, max: 255 }) }),
        {
          nil: undefined,
        },
      ),
      timers: fc.option(fc.tuple(timer, timer), { nil: undefined }),
      quotes: fc.boolean(),
    });
    fc.assert(
      fc.property(record, ({ stat, level, tac, ci, act, rac, cause, timers, quotes }) => {
        // A tracking area without quotes has four digits at least: a shorter one would be the state of an answer.
        const text = (value: string): string => (quotes && value !== "" ? `"${value}"` : value);
        const told = timers !== undefined || cause !== undefined;
        const fields = [
          ...(level === undefined ? [] : [level]),
          ...[stat, text(tac), text(ci), act],
          ...(rac === undefined ? [] : [text(rac)]),
          ...(told ? [cause?.type ?? "", cause?.value ?? ""] : []),
          ...(timers === undefined ? [] : timers.map(text)),
        ];
        const line = ascii(`+CEREG:${quotes ? " " : ""}${fields.join(",")}`);
        expect(parseCereg(line)).toEqual({
          stat,
          level,
          cause: cause?.type === "0" ? cause.value : undefined,
          t3324: timers?.[0] || undefined,
          t3412: timers?.[1] || undefined,
        });
      }),
      { seed: 27_007, numRuns: runs(2_000) },
    );
  });

  it.each([
    [0, "0 (idle)"],
    [2, "2 (searching)"],
    [10, "10 (roaming, CSFB not preferred)"],
    [80, "80 (lost for now)"],
    [100, "100 (attaching)"],
    [11, "11"],
    [-1, "-1"],
  ])("state %s is told as %s", (stat, text) => expect(describeStat(stat)).toBe(text));

  it.each(["+CEREG:", "+CEREG: ", "+CEREG: x", '+CEREG: "1"x', "+CEREG: 5,", "+CEREG: ,1x"])(
    "%j has no status, or only what stands first",
    (line) => {
      const parsed = parseCereg(ascii(line));
      expect(parsed).toEqual(line === "+CEREG: 5," ? { stat: 5 } : undefined);
    },
  );

  it("registered is 1 and 5, nothing else", () => {
    const stats = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 80, 100];
    expect(stats.filter((stat) => isRegistered({ stat }))).toEqual([1, 5]);
  });
});

describe("IMEI", () => {
  it.each([
    ["864600030000017", "864600030000017"],
    ["+CGSN: 864600030000017", "864600030000017"],
    ["+CGSN:864600030000017", "864600030000017"],
    ['+CGSN: "864600030000017"', "864600030000017"],
    ["\xff864600030000017\x00", "864600030000017"],
    ["86460003000001", undefined],
    // An IMSI and a serial number run together, or an ICCID: 16 digits and more are no IMEI.
    ["8646000300000170", undefined],
    ["", undefined],
    ["OK", undefined],
  ])("in %j", (line, imei) => {
    expect(findImei(Uint8Array.from(line, (character) => character.charCodeAt(0)))).toBe(imei);
  });
});

describe("+CCLK", () => {
  it.each([
    ['+CCLK: "26/01/09,10:07:06+00"', "2026-01-09T10:07:06Z"],
    ['+CCLK: "26/01/09,10:07:06"', "2026-01-09T10:07:06Z"],
    ["+CCLK: 26/01/09,10:07:06+00", "2026-01-09T10:07:06Z"],
    ['+CCLK:"26/01/09,10:07:06+04"', "2026-01-09T09:07:06Z"],
    ['+CCLK: "26/01/01,00:30:00+32"', "2025-12-31T16:30:00Z"],
    ['+CCLK: "26/12/31,23:30:00-14"', "2027-01-01T03:00:00Z"],
    ['+CCLK: "2026/01/09,10:07:06+04"', "2026-01-09T09:07:06Z"],
    ['+CCLK: "28/02/29,12:00:00+00"', "2028-02-29T12:00:00Z"],
    ['+CCLK: "26/01/09,10:07:06+4"', "2026-01-09T09:07:06Z"],
    // BC66: hours, as drivers that run on it have found.
    ["+CCLK: 2026/01/09,10:07:06GMT+0", "2026-01-09T10:07:06Z"],
    ["+CCLK: 2026/01/09,10:07:06GMT+2", "2026-01-09T08:07:06Z"],
    ['+CCLK: "2026/01/09,10:07:06GMT-11"', "2026-01-09T21:07:06Z"],
  ])("%s", (line, time) => expect(epochOf(parseClock(ascii(line))!)).toBe(Date.parse(time)));

  it.each([
    // Before the network has told the time.
    ['+CCLK: "80/01/06,00:00:12+00"'],
    ['+CCLK: "1980/01/06,00:00:12+00"'],
    ['+CCLK: "70/01/01,00:00:12+00"'],
    ['+CCLK: "00/01/01,00:00:12+00"'],
    ['+CCLK: "18/06/22,09:27:49+32"'],
    // Digits garbled on the wire.
    ['+CCLK: "26/13/09,10:07:06+00"'],
    ['+CCLK: "26/00/09,10:07:06+00"'],
    ['+CCLK: "26/01/00,10:07:06+00"'],
    ['+CCLK: "26/01/32,10:07:06+00"'],
    // Days that do not exist.
    ['+CCLK: "26/02/31,10:07:06+00"'],
    ['+CCLK: "26/02/29,10:07:06+00"'],
    ['+CCLK: "26/04/31,10:07:06+00"'],
    ['+CCLK: "26/01/09,24:07:06+00"'],
    ['+CCLK: "26/01/09,10:60:06+00"'],
    ['+CCLK: "26/01/09,10:07:61+00"'],
    ['+CCLK: "26/01/09,10:07:06+00"x'],
    ['+CCLK: "26/01/09,10:07:06GMT"'],
    ['+CCLK: "26/01/09,10:07:06GM+2"'],
    ["+CCLK: "],
    ["+CCLK: 26/1/9,10:7:6"],
    [""],
  ])("%s is refused", (line) => expect(parseClock(ascii(line))).toBeUndefined());
});

describe("any bytes", () => {
  const parts = ["+CEREG:", "+CCLK:", '"', ",", " ", "1", "00000101", "5B57", "/", ":", "26", "é"];
  const part = fc.constantFrom(...parts);
  const line = fc.oneof(
    fc.uint8Array({ maxLength: 1_200, size: "max" }),
    fc.array(part, { maxLength: 40, size: "max" }).map((chosen) => ascii(chosen.join(""))),
  );

  it("never throw, and never give what cannot be", () => {
    fc.assert(
      fc.property(line, fc.nat(20), (bytes, start) => {
        const before = bytes.slice();
        const fields = fieldsOf(bytes, start);
        expect(fields.length).toBeLessThanOrEqual(bytes.length + 1);
        isCeregAnswer(bytes);
        const registration = parseCereg(bytes);
        if (registration !== undefined) {
          expect(Number.isInteger(registration.stat)).toBe(true);
          for (const bits of [registration.t3324, registration.t3412])
            expect(bits ?? "00000000").toMatch(/^[01]{8}$/);
          expect(registration.cause ?? 1).toBeGreaterThan(0);
          expect(registration.cause ?? 1).toBeLessThan(256);
        }
        expect(findImei(bytes) ?? "864600030000017").toMatch(/^\d{15}$/);
        const clock = parseClock(bytes);
        if (clock !== undefined) {
          expect(new Date(epochOf(clock)).getUTCFullYear()).toBeGreaterThanOrEqual(2023);
        }
        expect(bytes).toEqual(before);
      }),
      { seed: 27_007, numRuns: runs(2_000) },
    );
  });

  it("without quotes split as text does", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(..."abc,1 "), { maxLength: 30, size: "max" }), (characters) => {
        const text = characters.join("");
        expect(fieldsOf(ascii(text), 0)).toEqual(text.split(",").map((field) => field.trim()));
      }),
      { seed: 27_007, numRuns: runs(300) },
    );
  });

  it("in quotes come back as they were, commas too", () => {
    const character = fc.constantFrom(..."abc,1 ");
    const field = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(""));
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), (fields) => {
        const text = fields.map((value) => `"${value}"`).join(",");
        expect(fieldsOf(ascii(text), 0)).toEqual(fields);
        expect(asciiText(ascii(text))).toBe(text);
      }),
      { seed: 27_007, numRuns: runs(300) },
    );
  });
});
