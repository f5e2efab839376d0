/**
 * Quectel BC660K-GL, as its AT commands manual and its TCP/IP application note have it. Commands of SMS,
 * MQTT, LwM2M, of logical channels and of the factory's tests are left out: nothing here asks for them.
 *
 *     context 0 is the one that comes with the attach; QCGDEFCONT is its only setting (5.4, 5.6)
 *     ATE, CMEE, CEREG, CSCON, CTZR and QNBIOTEVENT are kept without power; QSCLK and CCLK are not
 *     no QPOWD, no QRELLOCK, no QISENDEX, no CTZU
 */
import type { Manual, ManualRow } from "./manual";
import { rowsOf } from "./manual";
import { address, edrxArguments, empty, psmArguments, quoted, quotedHost, rowsIn, text } from "./rows";
import { among, bits, number, optional, repeated } from "./shapes";

const manual = rowsIn("Quectel BC660K-GL&BC950K-GL AT Commands Manual V1.4 (2024-01-26)", "certain");
/** The manual only names these; what they take is what drivers that run on the module give them. */
const sockets = rowsIn(
  "the same manual, table 2; arguments from cornucopia-machines/ugly-duckling-firmware and Zephyr's bc66x driver",
  "reported",
);

/** ms, where nothing else stands there. */
const usual = 5_000;
const networks = among("IP", "IPV6", "IPV4V6", "Non-IP");
const bands = among(1, 2, 3, 4, 5, 8, 12, 13, 17, 18, 19, 20, 25, 28, 66, 70, 85);
const socket = number(0, 4);
const port = number(0, 65_535);

const rows: readonly ManualRow[] = [
  manual("", "x", "1.2"),
  manual("I", "x", "2.1", { within: usual }),
  manual("E", "x", "3.1", { set: [[optional(number(0, 1))]], within: usual }),
  manual("+CGMI", "tx", "2.2", { within: usual }),
  manual("+CGMM", "tx", "2.3", { within: usual }),
  manual("+CGMR", "tx", "2.4", { within: usual }),
  manual("+CGSN", "tsx", "2.5", { set: [[number(0, 3)]], within: usual }),
  manual("+IPR", "trs", "3.2", {
    set: [[among(2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800)]],
    within: usual,
  }),
  manual("+CEREG", "trs", "4.1", { set: [[number(0, 5)]], within: usual }),
  manual("+CESQ", "tx", "4.2", { within: usual }),
  manual("+CGATT", "trs", "4.3", { set: [[number(0, 1)]], within: 70_000 }),
  manual("+CGPADDR", "trsx", "4.4", { set: [[number(0, 10)]], within: usual }),
  manual("+CREG", "trs", "4.5", { set: [[number(0, 3)]], within: usual, factory: "0,0" }),
  manual("+CSCON", "trs", "4.6", { set: [[number(0, 1)]], within: usual }),
  manual("+CSQ", "tx", "4.7", { within: usual }),
  manual("+QENG", "ts", "4.8", { set: [[among(0, 2, 3), optional(number(0, 9))]], within: 15_000 }),
  manual("+QESMC", "tr", "4.9, since V1.1", { within: usual, factory: "0,0,0" }),
  manual("+QEMMS", "tr", "4.10, since V1.1", { within: usual }),
  manual("+QOOSAIND", "trs", "4.11, since V1.1", { set: [[number(0, 1)]], within: usual, factory: "0" }),
  manual("+QEMMTIMER", "trs", "4.12, since V1.3", { set: [[number(0, 7)]], within: usual }),
  manual("+CGACT", "trs", "5.1", { set: [[number(0, 1), number(0, 10)]], within: 70_000 }),
  manual("+CGAPNRC", "ts", "5.2", { set: [[number(0, 10)]], within: usual }),
  manual("+CGAUTH", "trs", "5.3, since V1.1: PAP only, lost in deep sleep", {
    set: [[number(0, 10), optional(number(0, 1)), optional(text(20)), optional(text(20))]],
    within: usual,
  }),
  manual("+CGDCONT", "trs", "5.4: context 0 cannot be defined with it", {
    set: [[number(1, 10), optional(networks), optional(text(99)), empty, ...repeated(number(0, 1), 11)]],
    within: usual,
  }),
  manual("+CIPCA", "trs", "5.5, since V1.1", {
    set: [[among(3), number(0, 1)]],
    within: 300,
    factory: "3,0",
  }),
  manual("+QCGDEFCONT", "trs", "5.6: with the next start; CHAP spoils type and APN", {
    set: [[networks, optional(text(99)), optional(text(19)), optional(text(19)), optional(number(0, 1))]],
    within: usual,
  }),
  manual("+CNMPSD", "tx", "6.1", { within: usual }),
  manual("+QR14FEATURE", "tx", "6.2", { within: usual }),
  manual("+CCIOTOPT", "trs", "7.1", {
    set: [[among(0, 1, 3), optional(among(1, 3)), optional(number(0, 2))]],
    within: usual,
    factory: "0,1,1",
  }),
  manual("+COPS", "trs", "7.2: only while idle or deregistered, with a card", {
    set: [[number(0, 4), optional(number(0, 2)), optional(quoted(/^[^"]{1,24}$/)), optional(among(9))]],
    within: 305_000,
  }),
  manual("+QBAND", "trs", "7.5: detaches, and attaches anew", {
    set: [[number(0, 17), ...repeated(bands, 17)]],
    within: 900_000,
  }),
  manual("+QCSEARFCN", "x", "7.6: only with AT+CFUN=0", { within: usual }),
  manual("+QLOCKF", "trs", "7.7: only with AT+CFUN=0", {
    set: [[among(0)], [among(1), number(0, 262_143), optional(number(0, 503))]],
    within: usual,
    factory: "",
  }),
  manual("+QPLMNS", "trx", "7.9", { within: usual }),
  manual("+QRHPLMNS", "trs", "7.10, since V1.3", {
    set: [[number(0, 1), number(0, 1)]],
    within: usual,
    factory: "0,1",
  }),
  manual("+QLEDMODE", "trs", "7.12, since V1.1", { set: [[number(0, 1)]], within: usual, factory: "1" }),
  manual("+QBANDSCAN", "trs", "7.14, since V1.4", { set: [[number(0, 1)]], within: usual, factory: "0" }),
  manual("+CIMI", "tx", "8.4", { within: usual }),
  manual("+CLCK", "ts", "8.5", {
    set: [[among("SC"), number(0, 2), optional(text(8)), optional(number(0, 255))]],
    within: usual,
  }),
  manual("+CPIN", "trs", "8.6", { set: [[text(8), optional(text(8))]], within: usual }),
  manual("+CPINR", "tsx", "8.7", { set: [[among("SIM PIN", "SIM PUK")]], within: usual }),
  manual("+CPWD", "ts", "8.8", { set: [[among("SC"), text(8), text(8)]], within: usual }),
  manual("+QCCID", "x", "8.11", { within: usual }),
  manual("+QSIMPOLL", "trs", "8.12", { set: [[number(0, 1)]], within: usual, factory: "0" }),
  manual("+QSIMSLEEP", "trs", "8.13, since V1.1", { set: [[number(0, 1)]], within: usual, factory: "1" }),
  manual("+CEDRXS", "trs", "9.1", { set: [edrxArguments], within: usual }),
  manual("+CEDRXRDP", "tx", "9.2", { within: usual }),
  manual("+CFUN", "trs", "9.3", { set: [[among(0, 1, 4), optional(number(0, 1))]], within: 25_000 }),
  manual("+CPSMS", "trs", "9.4", { set: [psmArguments(number(0, 2))], within: usual }),
  manual("+QDRX", "tr", "9.5", { within: usual, factory: "1,2560" }),
  manual("+QEDRXCFG", "trs", "9.6", {
    set: [[number(0, 3), optional(among(5)), optional(bits(4)), optional(bits(4))]],
    within: usual,
    factory: '5,"0011","0011"',
  }),
  manual("+QNBIOTRAI", "ts", "9.7: only while connected", { set: [[number(0, 1)]], within: usual }),
  manual("+QNBIOTEVENT", "trs", "9.8", { set: [[number(0, 1), among(1)]], within: usual }),
  manual("+QPSMS", "trs", "9.9, since V1.1", {
    set: [[number(0, 11_160), number(0, 35_712_000)]],
    within: usual,
  }),
  manual("+QSCLK", "trs", "9.10: not kept", { set: [[number(0, 2)]], within: usual }),
  manual("+CBC", "tx", "10.1", { within: usual }),
  manual("+CMEE", "trs", "10.2", { set: [[number(0, 2)]], within: usual }),
  manual("+QADC", "trs", "10.3", { set: [[among(0)]], within: usual, factory: "0,0" }),
  manual("+QRST", "ts", "10.4", { set: [[among(1)]], within: usual }),
  manual("+QCFG", "trs", "11.1", {
    set: [
      [
        among("EPCO", "dsevent", "wakeupRXD", "MacRAI", "NcellMeas", "SimBip", "activetimer", "simpsm"),
        optional(number(0, 1)),
      ],
      [among("DataInactTimer"), optional(number(0, 255))],
      [among("OOSScheme", "faultaction"), optional(number(0, 4))],
      [among("slplocktimes"), optional(number(0, 30))],
      [among("relversion"), optional(number(13, 14))],
      [among("NBcategory"), optional(number(1, 2))],
      [among("statisr"), optional(number(0, 600))],
      [among("logbaudrate"), optional(number(921_600, 6_000_000))],
    ],
    within: usual,
  }),
  manual("+CCLK", "trs", "12.1", { set: [[text(20)]], within: usual }),
  manual("+CTZR", "trs", "12.2: before it camps on a cell", { set: [[number(0, 3)]], within: usual }),
  sockets("+QIOPEN", "s", "", {
    set: [[among(0), socket, among("TCP", "UDP"), quotedHost, port, optional(port), optional(number(0, 1))]],
    within: 60_000,
  }),
  sockets("+QICLOSE", "s", "", { set: [[socket]], within: 10_000 }),
  sockets("+QISTATE", "rs", "", {
    set: [
      [among(0), among(0)],
      [among(1), socket],
    ],
    within: usual,
  }),
  sockets("+QISEND", "s", "hexadecimal 1,024 bytes, text 2,048, release assistance behind them", {
    set: [[socket, number(0, 2_048), optional(quoted(/^[^"]{1,2048}$/)), optional(number(0, 2))]],
    within: usual,
  }),
  sockets("+QIRD", "s", "not in table 2, but answered by BC660KGLAAR01A05: 512 bytes at most", {
    set: [[socket, number(1, 512)]],
    within: usual,
  }),
  sockets("+QPING", "s", "", {
    set: [[among(0), quotedHost, optional(number(1, 255)), optional(number(1, 10))]],
    within: usual,
  }),
  sockets("+QNTP", "s", "", { set: [[among(0), quotedHost, optional(port)]], within: 125_000 }),
  sockets("+QIDNSGIP", "s", "answers +QIDNSGIP: behind its OK", {
    set: [[among(0), quotedHost]],
    within: 60_000,
  }),
  sockets("+QIDNSCFG", "s", "not kept", {
    set: [[among(0), optional(address), optional(address)]],
    within: usual,
  }),
  sockets("+QICFG", "s", "", {
    set: [
      [among("dataformat"), optional(number(0, 1)), optional(number(0, 1))],
      [among("viewmode", "showlength", "showRA"), optional(number(0, 1))],
    ],
    within: usual,
  }),
];

/** What V1.1 to V1.4 of the manual have and V1.0 has not: its history, page 5. */
const sinceFirst = [
  "+QESMC",
  "+QEMMS",
  "+QOOSAIND",
  "+QEMMTIMER",
  "+CGAUTH",
  "+CIPCA",
  "+QRHPLMNS",
  "+QLEDMODE",
  "+QBANDSCAN",
  "+QSIMSLEEP",
  "+QDRX",
  "+QPSMS",
];

export const bc660kManual: Manual = {
  family: "bc660k",
  // AT+QTEMP of a BC660KGLAAR01A05 (markbac/quectel-bc660k-dashboard, transcript of 2026-10-03).
  unknown: "ERROR",
  notAllowed: { cme: 50 },
  generations: [
    {
      name: "aar01a03",
      model: "Quectel_BC660K-GL",
      revision: "Revision: BC660KGLAAR01A03",
      note: "the first firmware, with the manual V1.0: no CGAUTH, no CIPCA",
      rows: rowsOf(rows, { without: sinceFirst }),
    },
    {
      name: "aar01a05",
      model: "Quectel_BC660K-GL",
      revision: "Revision: BC660KGLAAR01A05",
      note: "all that the manual V1.4 lists",
      rows,
    },
  ],
};
