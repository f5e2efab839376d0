/** A read that brings fewer bytes than it announces: what came, and that it is a beginning; the next read goes on. */
import { expect, it } from "vitest";
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

it.each(["sara-r4", "sara-r5"])("%s", (name) => {
  const count = "\r\n+USORF: 0,9\r\n\r\nOK\r\n";
  const data = '\r\n+USORF: 0,"203.0.113.5",5683,9,"40414243444546"\r\n\r\nOK\r\n';
  const received = readFrom(name, ascii(count + data), [count.length]);
  expect(received).toEqual(["40414243444546 203.0.113.5:5683 cut", "ok"]);
});
