/**
 * u-blox SARA-N2 (HiSilicon Hi2110). What a SARA-N200 itself lists with AT+CLAC is the ground of the second
 * generation: dan-leo/masters has it in code/test_logs/ubloxN200clac.log.
 *
 *     no ATE, no CPIN, no CESQ, no CEER, no DNS; its card's number is CCID's, which older builds call NCCID
 *     a PIN is entered with NPIN, and asked for by the line +NPIN: "ENTER PIN" behind AT+CFUN=1
 *     the newer builds write as 3GPP does, with a blank behind the colon and quotes
 */
import type { Manual, ManualRow } from "./manual";
import { rowsOf } from "./manual";
import { address, edrxArguments, empty, host, psmArguments, rowsIn, text } from "./rows";
import { among, bits, number, optional, repeated } from "./shapes";

const clac = rowsIn("AT+CLAC of a SARA-N200 (dan-leo/masters, ubloxN200clac.log)", "certain");
/** It lists no arguments: they are as u-blox's examples and other people's code have them. */
const ranged = rowsIn("AT+CLAC of a SARA-N200; arguments from code that talks to it", "reported");
const log = rowsIn("AT+CLAC and logs of a SARA-N200 (dan-leo/masters, test_logs/vodacom)", "certain");
const mbed = rowsIn("AT+CLAC of a SARA-N200; mbed-os's UBLOX_N2XX driver", "reported");
const old = rowsIn("u-blox's ublox-cellular-base-n2xx for mbed, tried on V100R100C10B656", "reported");

const networks = among("IP", "NONIP");
const socket = number(0, 6);
const port = number(0, 65_535);
const onOff = among("TRUE", "FALSE");
const hexadecimal = { like: /^([0-9A-Fa-f]{2}){1,512}$/ };
const flag = among("0", "0x0", "0x000", "0x100", "0x200", "0x400", 0);

const rows: readonly ManualRow[] = [
  clac("", "x", ""),
  ranged("I", "x", "ATI, ATI0 to ATI5 and ATI9", { set: [[optional(among(0, 1, 2, 3, 4, 5, 9))]] }),
  log("+COPS", "trs", "+COPS: 2 while it is told to stay away", {
    set: [[among(0, 2)], [among(1), among(2), { like: /^[0-9]{5,6}$/ }]],
  }),
  log("+CGATT", "trs", "", { set: [[number(0, 1)]] }),
  ranged("+NEARFCN", "s", "", { set: [[among(0), number(0, 65_535), optional(text(3))]] }),
  clac("+NCSEARFCN", "x", ""),
  log("+NUESTATS", "tsx", "", { set: [[among("RADIO", "CELL", "BLER", "THP", "APPSMEM", "ALL")]] }),
  log("+NBAND", "trs", "a SARA-N200 has band 8, a SARA-N211 bands 8 and 20", {
    set: [[among(8, 20), optional(among(8, 20))]],
  }),
  log("+CFUN", "trs", "", { set: [[number(0, 1), optional(among(0))]] }),
  log("+NRB", "x", "REBOOTING"),
  clac("+CIMI", "tx", ""),
  clac("+CSQ", "tx", ""),
  log("+CEREG", "trs", '+CEREG: 5,2,"5209","EABE70D",7,0,19,,', { set: [[number(0, 5)]] }),
  ranged("+CGPADDR", "tsx", "", { set: [[number(0, 10)]] }),
  log("+CSCON", "trs", "", { set: [[number(0, 1)]] }),
  log("+NPSMR", "trs", "", { set: [[number(0, 1)]] }),
  log("+CMEE", "trs", "", { set: [[number(0, 1)]] }),
  ranged("+NPING", "s", "", { set: [[host, optional(number(12, 1_500)), optional(number(1, 600_000))]] }),
  log("+NCONFIG", "trs", "its arguments in quotes, or without", {
    set: [
      [
        among(
          "AUTOCONNECT",
          "CR_0354_0338_SCRAMBLING",
          "CR_0859_SI_AVOID",
          "COMBINE_ATTACH",
          "CELL_RESELECTION",
          "ENABLE_BIP",
        ),
        onOff,
      ],
    ],
  }),
  ranged("+NCDP", "rs", "", { set: [[text(150), optional(port)]], factory: "" }),
  log("+NSOCR", "s", "", {
    set: [
      [among("DGRAM"), among(17), number(0, 5_682), optional(number(0, 1))],
      [among("DGRAM"), among(17), number(5_684, 65_535), optional(number(0, 1))],
    ],
  }),
  log("+NSOST", "s", "no number of a message behind the data", {
    set: [[socket, address, port, number(1, 512), hexadecimal]],
  }),
  log("+NSOSTF", "s", "", { set: [[socket, address, port, flag, number(1, 512), hexadecimal]] }),
  log("+NSORF", "s", "", { set: [[socket, number(1, 1_358)]] }),
  log("+NSOCL", "s", "", { set: [[socket]] }),
  log("+CGDCONT", "trs", '+CGDCONT: 0,"IP","rflab",,0,0,,,,,1', {
    set: [[number(0, 10), optional(networks), optional(text(99)), empty, ...repeated(number(0, 3), 8)]],
  }),
  ranged("+CGAUTH", "trs", "", {
    set: [[number(0, 10), optional(number(0, 2)), optional(text(60)), optional(text(60))]],
  }),
  ranged("+CCLK", "rs", "", { set: [[text(20)]] }),
  ranged("+CTZR", "trs", "", { set: [[number(0, 3)]] }),
  ranged("+CTZU", "trs", "", { set: [[number(0, 1)]], factory: "1" }),
  clac("+CCID", "rx", ""),
  clac("+CGMI", "tx", ""),
  ranged("+CGSN", "tsx", "", { set: [[number(0, 3)]] }),
  ranged("+NATSPEED", "rs", "", {
    set: [
      [
        among(4_800, 9_600, 57_600, 115_200),
        optional(number(0, 30)),
        optional(number(0, 1)),
        optional(number(0, 3)),
        optional(number(1, 2)),
      ],
    ],
    factory: "9600,2,1",
  }),
  clac("+CGMM", "tx", ""),
  clac("+CGMR", "tx", ""),
  clac("+CLAC", "x", ""),
  log("+CPSMS", "trs", '+CPSMS: 1,,,"01101111","00001111"', { set: [psmArguments(number(0, 2))] }),
  ranged("+CGACT", "trs", "", { set: [[number(0, 1), number(0, 10)]] }),
  ranged("+CEDRXS", "trs", "", { set: [edrxArguments] }),
  log("+NPTWEDRXS", "trs", "", {
    set: [[number(0, 3), optional(among(5)), optional(bits(4)), optional(bits(4))]],
    factory: '5,"0001","0000"',
  }),
  clac("+CEDRXRDP", "tx", ""),
  ranged("+CGAPNRC", "ts", "", { set: [[number(0, 10)]] }),
  ranged("+NPOWERCLASS", "trs", "", { set: [[number(1, 85), number(3, 6)]], factory: "8,3" }),
  mbed("+NPIN", "s", "0 enters, 1 changes, 2 switches on, 3 switches off", {
    set: [[number(0, 4), text(8), optional(text(8))]],
  }),
  mbed("+CIPCA", "trs", "", { set: [[among(3), optional(number(0, 1))]], factory: "3,0" }),
];

export const saraN2Manual: Manual = {
  family: "sara-n2",
  unknown: { cme: 4 },
  notAllowed: { cme: 50 },
  generations: [
    {
      name: "b656",
      model: "SARA-N211-02X",
      revision: "V100R100C10B656",
      note: "2017: no PSM, no NPSMR, no CGAUTH, no PIN; CEREG to 2, NCCID",
      rows: rowsOf(rows, {
        without: [
          "+CPSMS",
          "+NPSMR",
          "+CGAUTH",
          "+CTZR",
          "+CTZU",
          "+CEDRXS",
          "+CEDRXRDP",
          "+NPTWEDRXS",
          "+CGACT",
          "+NPIN",
          "+CIPCA",
          "+CGAPNRC",
          "+NCSEARFCN",
          "+NPOWERCLASS",
          "+CCID",
        ],
        other: [
          old("+CEREG", "trs", "", { set: [[number(0, 2)]] }),
          old("+NCCID", "rx", ""),
          old("+NSORF", "s", "", { set: [[socket, number(1, 512)]] }),
        ],
      }),
    },
    {
      name: "06-57",
      model: "SARA-N211-02X",
      revision: "06.57,A07.03",
      note: "2018 and later: PSM, CEREG to 5, CCID, NPIN",
      rows,
    },
  ],
};
