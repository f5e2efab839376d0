/** A read that brings fewer bytes than it announces: what came, and that it is a beginning; the next read goes on. */
import { describe, expect, it } from "vitest";
import { ascii } from "../../../../firmware/text/ascii";
import { readFrom } from "./socket-table";

const rows: readonly (readonly [name: string, said: string, received: string])[] = [
  ["sim7080", "\r\n+CARECV: 40,@ABCDEF\r\n\r\nOK\r\n", "40414243444546 cut"],
  ["sim7080", "\r\n+CARECV: 13,@ABCDEF\r\n\r\nOK\r\n", "40414243444546 cut"],
  ["sim7000", "\r\n+CIPRXGET: 3,0,9,0\r\n40414243444546\r\n\r\nOK\r\n", "40414243444546 cut"],
  ["bc66", "\r\n+QIRD: 40\r\n@ABCDEF\r\n\r\nOK\r\n", "40414243444546 cut"],
  ["bc660k", '\r\n+QIRD: 9,0,"40414243444546"\r\n\r\nOK\r\n', "40414243444546 cut"],
  ["bc660k", "\r\n+QIRD: 9\r\n4041424344454\r\n\r\nOK\r\n", "404142434445 cut"],
  ["bc95", "\r\n0,203.0.113.5,5683,9,40414243444546,0\r\n\r\nOK\r\n", "40414243444546 203.0.113.5:5683 cut"],
  ["bg95", "\r\n+QIRD: 40\r\n@ABCDEF\r\n\r\nOK\r\n", "40414243444546 cut"],
];

it.each(rows)("%s: %j", (name, said, received) => {
  expect(readFrom(name, ascii(said), [])).toEqual([received, "ok"]);
});

it.each([
  ["more than announced", "\r\n+CIPRXGET: 3,0,6,0\r\n40414243444546\r\n\r\nOK\r\n"],
  ["no length", "\r\n40414243444546\r\n\r\nOK\r\n"],
])("sim7000, %s: no datagram", (_, said) => {
  expect(readFrom("sim7000", ascii(said), [])).toEqual(["ok"]);
});

/** The header of a read of so many bytes, of those that give them raw. */
const raw: readonly (readonly [name: string, header: (count: number) => string])[] = [
  ["sim7080", (count) => `\r\n+CARECV: ${count},`],
  ["bc66", (count) => `\r\n+QIRD: ${count}\r\n`],
  ["bg95", (count) => `\r\n+QIRD: ${count}\r\n`],
];

describe.each(raw)("%s, short by a few bytes", (name, header) => {
  it.each([1, 2, 3, 4])("%d: the line end behind them is no data", (missing) => {
    const said = `${header(7 + missing)}@ABCDEF\r\n\r\nOK\r\n`;
    expect(readFrom(name, ascii(said), [])).toEqual(["40414243444546 cut", "ok"]);
  });

  it.each([1, 2])("%d, of one that has a single line end there", (missing) => {
    const said = `${header(7 + missing)}@ABCDEF\r\nOK\r\n`;
    expect(readFrom(name, ascii(said), [])).toEqual(["40414243444546 cut", "ok"]);
  });
});

it.each(["sara-r4", "sara-r5"])("%s", (name) => {
  const count = "\r\n+USORF: 0,9\r\n\r\nOK\r\n";
  const data = '\r\n+USORF: 0,"203.0.113.5",5683,9,"40414243444546"\r\n\r\nOK\r\n';
  const received = readFrom(name, ascii(count + data), [count.length]);
  expect(received).toEqual(["40414243444546 203.0.113.5:5683 cut", "ok"]);
});
