import { expect, it } from "vitest";
import fc from "fast-check";
import { integerArgument, parseAtCommand } from "../../../../host-sim/sim/modem/at-command";

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
