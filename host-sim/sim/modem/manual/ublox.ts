/** What u-blox's SARA-R4 and SARA-R5 have in common: the same commands with the same arguments. */
import type { ArgumentRange, ManualRow } from "./manual";
import { empty, quoted, text } from "./rows";
import { among, bits, number, optional } from "./shapes";
import type { RowWriter } from "./rows";

export const socket = number(0, 6);
export const port = number(1, 65_535);
const remote: ArgumentRange = quoted(/^[A-Za-z0-9.:-]{1,128}$/);

/** ITU-T V.250 and identity: the same on every u-blox module. */
export const basicRows = (row: RowWriter): readonly ManualRow[] => [
  row("", "x", "chapter 1"),
  row("E", "x", "V24 control", { set: [[number(0, 1)]] }),
  row("V", "x", "V24 control", { set: [[number(0, 1)]] }),
  row("Q", "x", "V24 control", { set: [[number(0, 2)]] }),
  row("I", "x", "4.9", { set: [[number(0, 9)]] }),
  row("Z", "x", "V24 control", { set: [[number(0, 1)]] }),
  row("&F", "x", "V24 control", { set: [[number(0, 0)]] }),
  row("&W", "x", "V24 control", { set: [[number(0, 1)]] }),
  row("&V", "x", "V24 control"),
  row("&C", "x", "V24 control", { set: [[number(0, 1)]] }),
  row("&D", "x", "V24 control", { set: [[number(0, 2)]] }),
  row("&K", "x", "V24 control", { set: [[among(0, 3, 4, 5, 6)]] }),
  row("&S", "x", "V24 control", { set: [[number(0, 2)]] }),
];

/** Commands of the list of contents that tell who the modem and its card are. */
export const identityRows = (row: RowWriter): readonly ManualRow[] => [
  row("+CGMI", "tx", "4.1"),
  row("+GMI", "tx", "4.2"),
  row("+CGMM", "tx", "4.3"),
  row("+GMM", "tx", "4.4"),
  row("+CGMR", "tx", "4.5"),
  row("+GMR", "tx", "4.6"),
  row("+CGSN", "txs", "4.7", { set: [[number(0, 3)], [number(255, 255)]] }),
  row("+GSN", "tx", "4.8"),
  row("+CSCS", "trs", "4.10", { set: [[text(20)]], factory: '"IRA"' }),
  row("+CIMI", "tx", "4.11"),
  row("+CCID", "trx", "4.12"),
];

/** Commands that drivers of other people send to these modules, with what they were seen to take. */
export const usualRows = (row: RowWriter): readonly ManualRow[] => [
  row("+CMEE", "trs", "", { set: [[number(0, 2)]] }),
  row("+CPIN", "trs", "", { set: [[text(8), optional(text(8))]], within: 10_000 }),
  row("+UPINCNT", "rx", ""),
  row("+CLCK", "ts", "", {
    set: [[text(2), number(0, 2), optional(text(8)), optional(number(1, 255))]],
    within: 180_000,
  }),
  row("+CPWD", "ts", "", { set: [[text(2), text(8), text(8)]], within: 10_000 }),
  row("+CPWROFF", "tx", "", { within: 40_000 }),
  row("+CCLK", "trs", "", { set: [[text(22)]] }),
  row("+CTZU", "trs", "", { set: [[number(0, 1)]] }),
  row("+CTZR", "trs", "", { set: [[number(0, 3)]], factory: "0" }),
  row("+CEER", "tx", ""),
  row("+CSQ", "tx", ""),
  row("+CESQ", "tx", ""),
  row("+CREG", "trs", "", { set: [[number(0, 3)]], factory: "0,0" }),
  row("+CGREG", "trs", "", { set: [[number(0, 2)]], factory: "0,4" }),
  row("+CGATT", "trs", "", { set: [[number(0, 1)]], within: 180_000 }),
  row("+COPS", "trs", "", {
    set: [[number(0, 4), optional(number(0, 2)), optional(text(16)), optional(number(0, 9))]],
    within: 180_000,
  }),
  row("+CGDCONT", "trs", "", {
    set: [
      [number(1, 8), among("IP", "NONIP", "IPV6", "IPV4V6"), optional(text(99)), ...optionals(8)],
      [number(1, 8)],
    ],
  }),
  row("+CGACT", "trs", "", { set: [[number(0, 1), optional(number(1, 8))]], within: 150_000 }),
  row("+CGPADDR", "ts", "", { set: [[optional(number(1, 8))]] }),
  row("+CGCONTRDP", "tsx", "", { set: [[optional(number(1, 8))]] }),
  row("+CGEREP", "trs", "", { set: [[number(0, 2), optional(number(0, 1))]], factory: "0,0" }),
  row("+CMER", "trs", "", { set: [optionals(5)], factory: "0,0,0,0,0" }),
  row("+CIND", "tr", ""),
  row("+CMGF", "trs", "", { set: [[number(0, 1)]], factory: "0" }),
  row("+CNMI", "trs", "", { set: [optionals(5)], factory: "0,0,0,0,0" }),
  row("+UGPIOC", "trs", "", { set: [[number(0, 100), number(0, 255), optional(number(0, 255))]] }),
  row("+UCGED", "trs", "", { set: [[among(0, 2, 5)]], within: 5_000 }),
  row("+UDCONF", "ts", "", {
    set: [
      [number(1, 1), optional(number(0, 1))],
      [number(0, 99), ...optionals(4)],
    ],
  }),
  row("+CPSMS", "trs", "", { set: [[number(0, 1), empty, empty, optional(bits(8)), optional(bits(8))], []] }),
  row("+CEDRXS", "trs", "", {
    set: [
      [
        number(0, 3),
        optional(number(2, 5)),
        optional({ like: /^[01]{4}$/ }),
        optional({ like: /^[01]{4}$/ }),
      ],
    ],
  }),
  row("+CEDRXRDP", "tx", ""),
];

/** Sockets, with the seconds that they may take. */
export const socketRows = (row: RowWriter): readonly ManualRow[] => [
  row("+USOCR", "ts", "19.3", { set: [[among(6, 17), optional(port)]] }),
  row("+USOSO", "ts", "19.5", { set: [[socket, number(0, 65_535), number(0, 512), number(0, 65_535)]] }),
  row("+USOCL", "ts", "19.7", { set: [[socket, optional(number(0, 1))]], within: 120_000 }),
  row("+USOER", "tx", "19.8"),
  row("+USOCO", "ts", "19.9", { set: [[socket, remote, port, optional(number(0, 1))]], within: 120_000 }),
  row("+USOWR", "ts", "19.10", {
    set: [
      [socket, number(1, 1_024)],
      [socket, number(1, 1_024), text(1_024)],
    ],
    within: 120_000,
  }),
  row("+USOST", "ts", "19.11", {
    set: [
      [socket, remote, port, number(1, 1_024)],
      [socket, remote, port, number(1, 1_024), quoted()],
    ],
    within: 10_000,
  }),
  row("+USORD", "ts", "19.12", { set: [[socket, number(0, 1_024)]] }),
  row("+USORF", "ts", "19.13", { set: [[socket, number(0, 1_024)]] }),
  row("+USOLI", "ts", "19.14", { set: [[socket, port]], within: 1_000 }),
  row("+USOCTL", "ts", "19.23", { set: [[socket, among(0, 1, 2, 3, 4, 10, 11)]] }),
];

/** So many arguments of which nothing is known. */
function optionals(count: number): ArgumentRange[] {
  return new Array<ArgumentRange>(count).fill(optional(text(99)));
}
