/**
 * SIMCom SIM7080G as the AT command manual of the SIM7070, SIM7080 and SIM7090 has it, V1.05 (2022-01-21);
 * what came with which version is told by its own list of changes. Left out, as no sensor wants them: speaker,
 * dialling and S registers (2.2), calls, the multiplexer and raw access to the card (3.2), messages (4), pins,
 * light, USB and factory tests (5.2), servers, transparent mode and TLS of the sockets (12), and the chapters
 * on position, Bluetooth, files, HTTP, FTP, MQTT, CoAP, position by cell and mail.
 *
 * The manual lists no AT&F, AT&W or ATZ, no AT+CGSN=1, no AT+CESQ, no AT+CGCONTRDP and no AT+CEER, and CEREG
 * has no levels 3 and 5. Its grammar for CEREG has an area code between area and cell; the log in SIMCom's own
 * Low Power Mode note V1.02 (7.1.1) has none, and the simulation goes by that.
 */
import { rowsOf } from "./manual";
import type { Manual, ManualRow } from "./manual";
import {
  among,
  assumed,
  bare,
  basic,
  bearer,
  bits,
  held,
  number,
  optional,
  readOnly,
  repeated,
  reported,
  rowsFrom,
  setOnly,
  text,
  told,
} from "./shapes";

const row = rowsFrom("SIM7070_SIM7080_SIM7090 Series AT Command Manual V1.05");
const socket = number(0, 12);
const port = number(1, 65_535);
const context = number(1, 15);
const server = { like: /^[^"]{1,64}$/ };
const band = among(1, 2, 3, 4, 5, 8, 12, 13, 14, 18, 19, 20, 25, 26, 27, 28, 66, 71, 85);

const general: readonly ManualRow[] = [
  row("", "1.4", basic),
  row("E", "2.2.3", basic, { set: [[number(0, 1)]] }),
  row("I", "2.2.5", basic, { set: [[]] }),
  row("Q", "2.2.10", basic, { set: [[number(0, 1)]] }),
  row("V", "2.2.19", basic, { set: [[number(0, 1)]] }),
  row("X", "2.2.20", basic, { set: [[number(0, 4)]], ...bare }),
  row("&C", "2.2.21", basic, { set: [[number(0, 1)]], ...bare }),
  row("&D", "2.2.22", basic, { set: [[number(0, 2)]], ...bare }),
  row("+GMI", "2.2.25", told),
  row("+GMM", "2.2.26", told),
  row("+GMR", "2.2.27", told),
  row("+GSN", "2.2.29", told),
  row("+ICF", "2.2.30", held, { set: [[among(3), optional(number(0, 3))]], factory: "3,3" }),
  row("+IFC", "2.2.31", held, {
    set: [[number(0, 2), optional(number(0, 2))]],
    factory: "0,0",
    test: "(0-2),(0-2)",
  }),
  row("+IPR", "2.2.32", held, {
    set: [
      [among(0, 300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400)],
      [among(921_600, 2_000_000, 2_900_000, 3_000_000, 3_200_000, 3_686_400, 4_000_000)],
    ],
  }),
  row("+CGMI", "3.2.1", told),
  row("+CGMM", "3.2.2", told),
  row("+CGMR", "3.2.3", told),
  row("+CGSN", "3.2.4", told),
  row("+CSCS", "3.2.5", held, { set: [[among("IRA", "GSM", "UCS2")]], factory: '"IRA"' }),
  row("+CIMI", "3.2.6", told, { within: 20_000 }),
  row("+CLCK", "3.2.7", setOnly, {
    set: [
      [
        among("AB", "AC", "AG", "AI", "AO", "IR", "OI", "OX", "SC", "FD", "PN", "PU", "PP", "PC", "PF"),
        number(0, 2),
        optional(text),
        optional(among(1, 2, 4, 7)),
      ],
    ],
    within: 15_000,
  }),
  row("+CMEE", "3.2.8", held, { set: [[number(0, 2)]], test: "(0,1,2)" }),
  row("+CPAS", "3.2.10", told),
  row("+CPIN", "3.2.11", held, {
    set: [[{ like: /^[0-9]{4,8}$/ }, optional({ like: /^[0-9]{4,8}$/ })]],
    within: 5_000,
  }),
  row("+CPWD", "3.2.12", setOnly, { set: [[among("SC", "P2"), text, text]], within: 15_000 }),
  row("+CSQ", "3.2.16", told, { test: "(0-31,99),(0-7,99)" }),
  row("+CFUN", "3.2.19", held, {
    set: [[among(0, 1, 4, 5, 6, 7), optional(number(0, 1))]],
    within: 10_000,
    test: "(0-1,4-7),(0-1)",
  }),
  row("+CCLK", "3.2.20", held, { set: [[text]] }),
  row("+CBC", "3.2.22", told),
  row("+CPOWD", "5.2.1", ["set"], { set: [[number(0, 1)]] }),
  row("+CFGRI", "5.2.3", held, { set: [[number(0, 2)]], factory: "0", ...bare }),
  row("+CLTS", "5.2.4", held, {
    set: [[number(0, 1)]],
    test: '"yy/MM/dd,hh:mm:ss+/-zz"',
    ...bare,
  }),
  row("+CSCLK", "5.2.7", held, { set: [[number(0, 1)]], test: "(0-1)", ...bare }),
  row("+CCID", "5.2.8", told, { within: 2_000 }),
  row("+GSV", "5.2.9", ["execute"]),
  row("+CBATCHK", "5.2.15", held, { set: [[number(0, 1)]], factory: "1", test: "(0,1)" }),
  row("+CREBOOT", "5.2.46 (since V1.01)", told),
  row("+CURCCFG", "5.2.49", held, {
    set: [[among("QUALCOMM", "SYS", "SIMCARD", "SMS", "NETWORK", "TCPIP"), number(0, 1)]],
    test: '("QUALCOMM","SYS","SIMCARD","SMS","NETWORK","TCPIP"),(0-1)',
  }),
];

const network: readonly ManualRow[] = [
  row("+COPS", "3.2.9", held, {
    set: [[number(0, 4), optional(number(0, 2)), optional(text), optional(among(0, 1, 3, 7, 9))]],
    within: { test: 45_000, set: 120_000 },
  }),
  row("+CREG", "3.2.14", [...held, "execute"], { set: [[number(0, 2)]], test: "(0-2)" }),
  row("+CBAND", "5.2.5", held, {
    set: [[among("EGSM_MODE", "DCS_MODE", "ALL_MODE")]],
    factory: "ALL_MODE",
  }),
  row("+CNSMOD", "5.2.6", held, { set: [[number(0, 1)]], factory: "0,9", ...bare }),
  row("+CNMP", "5.2.16", held, {
    set: [[among(2, 13, 38, 51)]],
    test: "((2-Automatic),(13-GSM Only),(38-LTE Only),(51-GSM And LTE Only))",
  }),
  row("+CMNB", "5.2.17", held, {
    set: [[number(1, 3)]],
    test: "((1-Cat-M),(2-NB-IoT),(3-Cat-M And NB-IoT))",
  }),
  row("+CPSMS", "5.2.18", held, {
    set: [[number(0, 1), optional(among("")), optional(among("")), optional(bits(8)), optional(bits(8))]],
  }),
  row("+CPSI", "5.2.19", readOnly),
  row("+CGNAPN", "5.2.20", told, { test: "(0,1),120" }),
  row("+CSDP", "5.2.21", held, { set: [[number(0, 2)]], factory: "2", test: "(0-2)" }),
  row("+CRRCSTATE", "5.2.25", held, { set: [[number(0, 1)]], test: "(0,1)" }),
  row("+CBANDCFG", "5.2.26", held, {
    set: [[among("CAT-M", "NB-IOT"), band, ...repeated(band, 18)]],
    test: "(CAT-M,NB-IOT),(1,2,3,4,5,8,12,13,14,18,19,20,25,26,27,28,66,71,85)",
  }),
  row("+CNBS", "5.2.28", held, { set: [[number(1, 5)]], factory: "3", test: "(1-5)" }),
  row("+CNDS", "5.2.29", held, { set: [[number(1, 2)]], factory: "1", test: "(1,2)" }),
  row("+CENG", "5.2.30", held, { set: [[number(0, 1), optional(among(1))]], test: "(0,1),(1)" }),
  row("+CRATSRCH", "5.2.36", held, {
    set: [[number(1, 359), number(1, 20)]],
    factory: "60,20",
    test: "(1-359),(1-20)",
  }),
  row("+CPSMRDP", "5.2.38", told, { test: "(0,1)" }),
  row("+CPSMCFG", "5.2.39", held, {
    set: [[number(20, 86_400), optional(number(0, 15))]],
    factory: "20,15",
    test: "(20-86400),(0-15)",
  }),
  row("+CPSMCFGEXT", "5.2.40", held, {
    set: [[number(0, 15), ...repeated({ like: /^[0-9]+$/ }, 5)]],
    factory: "10,2,86400,5,200,3",
    test: "(0-15),(1-100),(120-4294967295),(1-1000),(1-65535),(1-1000)",
  }),
  row("+CPSMSTATUS", "5.2.41", held, { set: [[number(0, 1)]], test: "(0-1)" }),
  row("+CEDRXS", "5.2.42", held, {
    set: [[number(0, 3), among(4, 5), bits(4)]],
    test: '(0-3),(4,5),("0000"-"1111")',
  }),
  row("+CEDRX", "5.2.43", held, {
    set: [[number(2, 3), number(0, 1), number(0, 15), number(0, 15)]],
    factory: "2,0,0,0",
    test: "(2-3),(0-1),(0-15),(0-15)",
  }),
  row("+CEDRXRDP", "5.2.44", told),
  row("+CRAI", "5.2.45", held, { set: [[number(0, 2), optional(number(0, 1))]], test: "(0-2),(0,1)" }),
  row("+CRATPRI", "5.2.56 (since V1.04)", held, {
    set: [[{ like: /^(03|12|13){1,3}$/ }, number(0, 1)]],
    factory: '"121303",0',
  }),
  row("+CLRNET", "5.2.59 (since V1.04)", held, { set: [[number(0, 3), optional(number(0, 1))]] }),
  row("+CGATT", "6.2.1", held, { set: [[number(0, 1)]], within: 75_000, test: "(0,1)", ...bare }),
  row("+CGDCONT", "6.2.2", held, {
    set: [[context, optional(bearer), optional(text), optional(text), ...repeated(number(0, 4), 4)]],
    ...bare,
  }),
  row("+CGACT", "6.2.3", held, { set: [[number(0, 1), ...repeated(context, 4)]], within: 150_000 }),
  row("+CGPADDR", "6.2.4", ["test", "set", "execute"], {
    set: [[context, ...repeated(context, 3)]],
    ...bare,
  }),
  row("+CGREG", "6.2.5", [...held, "execute"], { set: [[among(0, 1, 2, 4)]], test: "(0-2,4)", ...bare }),
  row("+CEREG", "6.2.7", [...held, "execute"], { set: [[among(0, 1, 2, 4)]], test: "(0-2,4)", ...bare }),
  row("+CGAUTH", "6.2.8 (since V1.02; password in front of the user)", held, {
    set: [[context, optional(number(0, 3)), optional(text), optional(text)]],
    test: "(1-15),(0-3),,",
    ...bare,
  }),
];

const sockets: readonly ManualRow[] = [
  row("+CNACT", "7.2.1", held, { set: [[number(0, 3), number(0, 2)]], test: "(0-3),(0-2)" }),
  row("+CNCFG", "7.2.2", held, {
    set: [[number(0, 3), number(0, 4), ...repeated(text, 3), optional(number(0, 3))]],
    test: "(0-3),(0-4),150,127,127,(0-3)",
  }),
  row("+CACID", "12.2.1", held, { set: [[socket]], test: "(0-12)" }),
  row("+CAOPEN", "12.2.3", held, {
    set: [[socket, number(0, 4), among("TCP", "UDP", "NONIP"), server, port, optional(number(0, 1))]],
    test: '(0-12),(0-4),("TCP","UDP","NONIP"),64,(1-65535),(0,1)',
  }),
  row("+CASEND", "12.2.5", setOnly, {
    set: [[socket], [socket, number(1, 1_460), optional(number(100, 10_000))]],
    test: "(0-12),(1-1460),(100-10000)",
  }),
  row("+CARECV", "12.2.6", setOnly, { set: [[socket, number(1, 1_460)]], test: "(0-12),(1-1460)" }),
  row("+CAACK", "12.2.7 (since V1.02)", setOnly, { set: [[socket]], test: "(0-12)" }),
  row("+CASTATE", "12.2.8 (since V1.02)", ["read"]),
  row("+CACLOSE", "12.2.9; ERROR for one that is not open", setOnly, { set: [[socket]], test: "(0-12)" }),
  row("+CACFG", "12.2.10", held, {
    set: [[{ like: /^[A-Z_]+$/ }, { like: /^[0-9]+$/ }, ...repeated({ like: /^[0-9.]+$/ }, 3)]],
    ...bare,
  }),
  row("+CASRIP", "12.2.12 (since V1.04)", held, { set: [[number(0, 1)]], test: "(0,1)", ...bare }),
  row("+CDNSPDPID", "19.2.1 (since V1.02)", held, {
    set: [[number(0, 4)]],
    factory: "4",
    test: "(0-4)",
    ...bare,
  }),
  row("+CDNSCFG", "19.2.2 (since V1.02)", held, { set: [[text, optional(text)]], ...bare }),
  row("+CDNSGIP", "19.2.3 (since V1.02)", setOnly, {
    set: [[server, number(0, 10), number(0, 60_000)]],
    test: "65,(0-10),(0-60000)",
  }),
];

/** In no manual: the command set of the chip itself has it, in firmware that lets it through. */
const ceer = row(
  "+CEER",
  "",
  ["execute"],
  assumed("the chip's own command set (Qualcomm MDM9205, MDM9206), in no manual of SIMCom's"),
);

const rows = [...general, ...network, ...sockets, ceer];

export const sim7080Manual: Manual = {
  family: "sim7080",
  // Section 2.2.19: a command that is not recognized is ERROR; section 22.1: 793, a value beyond its range.
  unknown: "ERROR",
  notAllowed: { cme: 793 },
  generations: [
    {
      name: "1951b05",
      // As in SimpleNB issue 3 and section 3.2.2; section 2.2.26 has a G behind it.
      model: "SIMCOM_SIM7080",
      revision: "Revision:1951B05SIM7080",
      note: "as the manual V1.03 of 2020 had it: no CLRNET, no CRATPRI, no CASRIP, sockets without receive mode",
      rows: rowsOf(rows, {
        without: ["+CEER", "+CRATPRI", "+CLRNET", "+CASRIP"],
        other: [
          row("+CNACT", "7.2.1 (2 since V1.04)", held, { set: [[number(0, 3), number(0, 1)]] }),
          row("+CNCFG", "7.2.2 (3 and 4 since V1.04)", held, {
            set: [[number(0, 3), number(0, 2), ...repeated(text, 3), optional(number(0, 3))]],
          }),
          row("+CAOPEN", "12.2.3 (NONIP since V1.04)", held, {
            set: [[socket, number(0, 4), among("TCP", "UDP"), server, port]],
            ...reported("vshymanskyy/TinyGSM TinyGsmClientSIM7080.h: a receive mode fails on some firmware"),
          }),
        ],
      }),
    },
    {
      name: "1951b16",
      model: "SIMCOM_SIM7080G",
      revision: "Revision:1951B16SIM7080",
      note: "as the manual V1.05 of 2022 has it",
      rows,
    },
  ],
};
