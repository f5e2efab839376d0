/**
 * SIMCom SIM7000G as its AT command manual V1.06 (2020-07-28) has it; what came with which version is told by
 * its own list of changes. Left out, as no sensor wants them: speaker, dialling and S registers (2.2), calls and
 * raw access to the card (3.2), messages (4), pins, light and factory tests (5.2), SAPBR (7), and the chapters
 * on HTTP, PING, FTP, NTP, clouds, position, files and tool kit. Left out as well, because the simulation has
 * them not: the second set of sockets (CNACT, CNCFG and CAOPEN, 5.2.30, 5.2.31 and 18), which came for UDP with
 * V1.04 and takes other arguments than the SIM7080's; firmware 1351B03 has some of it (botletics/SIM7000-LTE-Shield
 * issue 251: CAOPEN is answered, CACID refused).
 *
 * The manual lists no AT&F, AT&W or ATZ (deleted in V1.02), no AT+CREBOOT, no AT+CGAUTH, no AT+CGSN=1, no
 * AT+CESQ, no AT+CGCONTRDP and no AT+CEER. AT+CSTT alone takes a login.
 */
import { rowsOf } from "./manual";
import type { Manual, ManualRow } from "./manual";
import {
  among,
  assumed,
  bare,
  basic,
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

const row = rowsFrom("SIM7000 Series AT Command Manual V1.06");
const connection = number(0, 7);
const port = number(1, 65_535);
const context = number(1, 24);
const transport = among("TCP", "UDP");
const band = number(1, 85);

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
  row("+ICF", "2.2.30", held, { set: [[number(1, 6), optional(number(0, 3))]], factory: "3,3" }),
  row("+IFC", "2.2.31", held, { set: [[number(0, 2), optional(number(0, 2))]], factory: "0,0" }),
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
    set: [[{ like: /^[A-Z]{2}$/ }, number(0, 2), optional(text), optional(among(1, 2, 4, 7))]],
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
  row("+CLTS", "5.2.4", held, { set: [[number(0, 1)]], test: '"yy/MM/dd,hh:mm:ss+/-zz"', ...bare }),
  row("+CSCLK", "5.2.7", held, { set: [[number(0, 1)]], test: "(0-1)", ...bare }),
  row("+CCID", "5.2.8", told, { within: 2_000 }),
  row("+GSV", "5.2.10", ["execute"]),
  row("+CBATCHK", "5.2.16", held, { set: [[number(0, 1)]], factory: "1", test: "(0,1)" }),
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
  row("+CNSMOD", "5.2.6", held, { set: [[number(0, 1)]], factory: "0,9" }),
  row("+CNMP", "5.2.17", held, { set: [[among(2, 13, 38, 51)]] }),
  row("+CMNB", "5.2.18", held, { set: [[number(1, 3)]] }),
  row("+CPSMS", "5.2.19", held, {
    set: [[number(0, 1), optional(among("")), optional(among("")), optional(bits(8)), optional(bits(8))]],
  }),
  row("+CEDRXS", "5.2.20", held, { set: [[number(0, 3), among(4, 5), bits(4)]] }),
  row("+CPSI", "5.2.21", readOnly),
  row("+CGNAPN", "5.2.22", told),
  row("+CSDP", "5.2.23", held, { set: [[number(0, 2)]], factory: "2" }),
  row("+CAPNMODE", "5.2.27 (since V1.02)", held, { set: [[number(0, 1)]], factory: "0" }),
  row("+CRRCSTATE", "5.2.28 (since V1.02)", held, { set: [[number(0, 1)]], test: "(0,1)" }),
  row("+CBANDCFG", "5.2.29 (since V1.02)", held, {
    set: [[among("CAT-M", "NB-IOT"), band, ...repeated(band, 14)]],
    test: "(CAT-M,NB-IOT),(1,2,3,4,5,8,12,13,18,19,20,26,28)",
  }),
  row("+CNBS", "5.2.33 (since V1.03)", held, { set: [[number(1, 5)]], factory: "3", test: "(1-5)" }),
  row("+CNDS", "5.2.34 (since V1.03)", held, { set: [[number(1, 2)]], factory: "1" }),
  row("+CENG", "5.2.35 (since V1.03)", held, { set: [[number(0, 1), optional(among(1))]] }),
  row("+CRATSRCH", "5.2.42 (since V1.04)", held, {
    set: [[number(1, 359), number(1, 20)]],
    factory: "60,20",
  }),
  row("+CEDRX", "5.2.45 (since V1.04)", held, {
    set: [[number(0, 3), number(0, 1), number(0, 15), number(0, 15)]],
    factory: "2,0,0,0",
    test: "(0-3),(0-1),(0-15),(0-15)",
  }),
  row("+CPSMRDP", "5.2.46 (since V1.05)", told, { test: "(0,1)" }),
  row("+CPSMCFG", "5.2.47 (since V1.05)", held, {
    set: [[number(60, 86_400), optional(number(0, 15))]],
    factory: "60,15",
  }),
  row("+CPSMSTATUS", "5.2.49 (since V1.05)", held, { set: [[number(0, 1)]], test: "(0-1)" }),
  row("+CEDRXRDP", "5.2.50 (since V1.05)", told),
  row("+CRAI", "5.2.51 (since V1.05)", held, { set: [[number(0, 2), optional(number(0, 1))]] }),
  row("+CGATT", "6.2.1", held, { set: [[number(0, 1)]], within: 75_000, ...bare }),
  row("+CGDCONT", "6.2.2", held, {
    set: [
      [
        context,
        optional(among("IP", "PPP", "IPV6", "IPV4V6")),
        optional(text),
        optional(text),
        ...repeated(number(0, 4), 4),
      ],
    ],
    ...bare,
  }),
  row("+CGACT", "6.2.3", held, { set: [[number(0, 1), ...repeated(context, 4)]], within: 150_000 }),
  row("+CGPADDR", "6.2.4", ["test", "set", "execute"], {
    set: [[context, ...repeated(context, 3)]],
    ...bare,
  }),
  row("+CGREG", "6.2.5", [...held, "execute"], { set: [[among(0, 1, 2, 4)]], ...bare }),
  row("+CEREG", "6.2.7 (since V1.04)", [...held, "execute"], { set: [[among(0, 1, 2, 4)]], ...bare }),
];

const sockets: readonly ManualRow[] = [
  row("+CIPMUX", "8.2.1", held, { set: [[number(0, 1)]], test: "(0,1)", ...bare }),
  row("+CIPSTART", "8.2.2", setOnly, {
    set: [
      [transport, text, port],
      [connection, transport, text, port],
    ],
  }),
  row("+CIPSEND", "8.2.3", ["test", "read", "set"], {
    set: [[number(1, 1_460)], [connection, number(1, 1_460)]],
  }),
  row("+CIPQSEND", "8.2.4", held, { set: [[number(0, 1)]], test: "(0,1)" }),
  row("+CIPCLOSE", "8.2.6", ["test", "set", "execute"], {
    set: [[connection, optional(number(0, 1))]],
    ...bare,
  }),
  row("+CIPSHUT", "8.2.7", told, { within: 65_000, ...bare }),
  row("+CSTT", "8.2.9", [...held, "execute"], {
    set: [[text, optional(text), optional(text)]],
    ...bare,
    ...reported("V1.06, 8.2.9; the APN alone: botletics/SIM7000-LTE-Shield, TinyGSM TinyGsmClientSIM7000.h"),
  }),
  row("+CIICR", "8.2.10", told, { within: 85_000, ...bare }),
  row("+CIFSR", "8.2.11", told, bare),
  row("+CIPSTATUS", "8.2.13", ["test", "execute", "set"], { set: [[connection]] }),
  row("+CDNSCFG", "8.2.14", held, { set: [[text, optional(text)]], ...bare }),
  row("+CDNSGIP", "8.2.15", setOnly, { set: [[text]], ...bare }),
  row("+CIPSRIP", "8.2.21", held, { set: [[number(0, 1)]], factory: "0", ...bare }),
  row("+CIPRXGET", "8.2.27", held, {
    set: [[number(0, 4), optional(number(0, 1_460)), optional(number(1, 1_460))]],
    ...bare,
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

export const sim7000Manual: Manual = {
  family: "sim7000",
  // Section 2.2.19: a command that is not recognized is ERROR; section 20.1: 765, an invalid input value.
  unknown: "ERROR",
  notAllowed: { cme: 765 },
  generations: [
    {
      name: "1351b04",
      model: "SIMCOM_SIM7000G",
      revision: "Revision:1351B04SIM7000G",
      note: "as the manual V1.03 of 2018 had it: tells nothing of its sleep, no release assistance, CEREG to 2",
      rows: rowsOf(rows, {
        without: [
          "+CEER",
          "+CRATSRCH",
          "+CEDRX",
          "+CPSMRDP",
          "+CPSMCFG",
          "+CPSMSTATUS",
          "+CEDRXRDP",
          "+CRAI",
        ],
        other: [
          row("+CEREG", "6.2.7", [...held, "execute"], {
            set: [[number(0, 2)]],
            ...bare,
            ...reported(
              "botletics/SIM7000-LTE-Shield issue 50 (2018): it works; not in the manual before V1.04",
            ),
          }),
        ],
      }),
    },
    {
      name: "1529b07",
      model: "SIMCOM_SIM7000G",
      revision: "Revision:1529B07SIM7000G",
      note: "as the manual V1.06 of 2020 has it",
      rows,
    },
  ],
};
