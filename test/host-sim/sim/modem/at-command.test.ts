import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { integerArgument, parseAtCommand, parseAtLine } from "../../../../host-sim/sim/modem/at-command";

it.each([
  ["AT", "", "execute", []],
  ["at", "", "execute", []],
  ["ATE0", "E", "execute", ["0"]],
  ["ATI", "I", "execute", []],
  ["AT+CSQ", "+CSQ", "execute", []],
  ["at+cereg?", "+CEREG", "read", []],
  ["AT+CEREG=?", "+CEREG", "test", []],
  ["AT+CEREG=5", "+CEREG", "set", ["5"]],
  ['AT+CPSMS=1,,,"00100001","00000101"', "+CPSMS", "set", ["1", "", "", "00100001", "00000101"]],
  ['AT*MCGDEFCONT="IP","a,b"', "*MCGDEFCONT", "set", ["IP", "a,b"]],
  ["AT+X=", "+X", "set", [""]],
  ["AT+X?1", "+X?1", "execute", []],
  ["\u0000\u00ffAT+CSQ", "+CSQ", "execute", []],
])("takes %s apart", (line, name, form, args) => {
  const command = parseAtCommand(line)!;
  expect([command.name, command.form, command.args.map(({ text }) => text)]).toEqual([name, form, args]);
});

it.each([[""], ["hello"], ["A T"], ["+CSQ"]])("finds no command in %j", (line) => {
  expect(parseAtCommand(line)).toBeUndefined();
});

it("tells quoted arguments from bare ones", () => {
  const { args } = parseAtCommand('AT+X=1,"1","')!;
  expect(args).toEqual([
    { text: "1", quoted: false },
    { text: "1", quoted: true },
    { text: '"', quoted: false },
  ]);
  expect(integerArgument(args[0], 0, 1)).toBe(1);
  expect(integerArgument(args[0], 2, 3)).toBeUndefined();
  expect(integerArgument(args[1], 0, 1)).toBeUndefined();
  expect(integerArgument(undefined, 0, 1)).toBeUndefined();
});

it("never throws, and gives bounded arguments", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const command = parseAtCommand(`AT+X=${text}`);
      expect(command!.args.length).toBeLessThanOrEqual(16);
      parseAtCommand(text);
    }),
  );
});

describe("a line with several commands", () => {
  const named = (line: string) => parseAtLine(line).map(({ name, form, args }) => [name, form, args.length]);

  it.each([
    [
      "ATE0V1Q0",
      [
        ["E", "execute", 1],
        ["V", "execute", 1],
        ["Q", "execute", 1],
      ],
    ],
    [
      "ATE0;+CSQ",
      [
        ["E", "execute", 1],
        ["+CSQ", "execute", 0],
      ],
    ],
    [
      "ATE0+CMEE=1;+CEREG?",
      [
        ["E", "execute", 1],
        ["+CMEE", "set", 1],
        ["+CEREG", "read", 0],
      ],
    ],
    [
      'AT+CGDCONT=1,"IP","a;b";&W',
      [
        ["+CGDCONT", "set", 3],
        ["&W", "execute", 0],
      ],
    ],
    ["AT&K0", [["&K", "execute", 1]]],
    [
      "ATE0&W",
      [
        ["E", "execute", 1],
        ["&W", "execute", 0],
      ],
    ],
    [
      "AT&FZE0",
      [
        ["&F", "execute", 0],
        ["Z", "execute", 0],
        ["E", "execute", 1],
      ],
    ],
    [
      "AT&C1&D0",
      [
        ["&C", "execute", 1],
        ["&D", "execute", 1],
      ],
    ],
    ["AT", [["", "execute", 0]]],
    ["ATBOGUS", [["BOGUS", "execute", 0]]],
    ["nothing", []],
  ])("%s", (line, expected) => expect(named(line)).toEqual(expected));
});
