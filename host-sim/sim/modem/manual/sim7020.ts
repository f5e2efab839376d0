/**
 * SIMCom SIM7020G as its AT command manual V1.05 (2020-06-10) has it; what came with which version of that
 * manual is told by its own list of changes. Left out, as no sensor wants them: speaker, dialling and S
 * registers (2.2), the multiplexer and raw access to the card (3.2), messages (4), light and pins (5.2), the
 * second set of socket commands (7, but for its DNS), HTTP, MQTT, CoAP and the clouds (8 to 20).
 *
 * The manual lists no AT+CESQ, no AT+CGSN=1, no AT+CREBOOT (AT+CRESET does that), and for the SIM7020G no
 * AT+CEER (22.2) and no AT+CPLS (22.3).
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

const row = rowsFrom("SIM7020 Series AT Command Manual V1.05");
const socket = number(0, 4);
const port = number(1, 65_535);
const context = number(1, 15);

/** Bands of the SIM7020G, as its data sheet has them. */
const band = among(1, 2, 3, 4, 5, 8, 12, 13, 17, 18, 19, 20, 25, 26, 28, 66, 70, 71, 85);
const bandList = "(1,2,3,4,5,8,12,13,17,18,19,20,25,26,28,66,70,71,85)";

const general: readonly ManualRow[] = [
  row("", "1.4", basic),
  row("E", "2.2.1", basic, { set: [[number(0, 1)]] }),
  row("I", "2.2.2", basic, { set: [[]] }),
  row("Q", "2.2.7", basic, { set: [[number(0, 1)]] }),
  row("V", "2.2.21", basic, { set: [[number(0, 1)]] }),
  row("X", "2.2.22", basic, { set: [[number(0, 4)]], ...bare }),
  row("Z", "2.2.23", basic, { set: [[among(0)]], ...bare }),
  row("&C", "2.2.24", basic, { set: [[number(0, 1)]], ...bare }),
  row("&D", "2.2.25", basic, { set: [[number(0, 2)]], ...bare }),
  row("&F", "2.2.26", basic, { set: [[among(0)]], ...bare }),
  row("&K", "2.2.27", basic, { set: [[among(0, 3, 4)]], ...bare }),
  row("&V", "2.2.28", basic, { set: [[among(0)]], ...bare }),
  row("&W", "2.2.29", basic, { set: [[among(0)]], ...bare }),
  row("+GMI", "2.2.30", told),
  row("+GMM", "2.2.31", told),
  row("+GMR", "2.2.32", told),
  row("+GSN", "2.2.34", told),
  row("+ICF", "2.2.35", held, { set: [[number(1, 6), optional(number(0, 3))]], factory: "3,3" }),
  row("+IFC", "2.2.36", held, { set: [[number(0, 2), optional(number(0, 2))]], factory: "0,0" }),
  row("+IPR", "2.2.37", held, {
    set: [
      [among(0, 110, 300, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800)],
      [among(921_600, 3_000_000)],
    ],
  }),
  row("+CGMI", "3.2.2", told),
  row("+CGMM", "3.2.3", told),
  row("+CGMR", "3.2.4", told),
  row("+CGSN", "3.2.6", told),
  row("+CIMI", "3.2.7", told, { within: 20_000 }),
  row("+CLCK", "3.2.8", setOnly, {
    set: [[among("SC"), number(0, 2), optional(text), optional(number(0, 255))]],
    within: 15_000,
    test: '("SC")',
  }),
  row("+CMEE", "3.2.9", held, { set: [[number(0, 2)]], test: "(0-2)" }),
  row("+CPIN", "3.2.11", held, {
    set: [[{ like: /^[0-9]{4,8}$/ }, optional({ like: /^[0-9]{4,8}$/ })]],
    within: 5_000,
  }),
  row("+CPWD", "3.2.12", setOnly, { set: [[among("SC"), text, text]], within: 15_000, test: '("SC",8)' }),
  row("+CSCS", "3.2.15", held, {
    set: [[among("GSM", "HEX", "IRA", "PCCP", "PCDN", "UCS2", "8859-1")]],
    factory: '"IRA"',
  }),
  row("+CSQ", "3.2.16", told, { test: "(0-31,99),(0-7,99)" }),
  row("+CNUM", "3.2.18", told),
  row("+CFUN", "3.2.20", held, {
    set: [[among(0, 1, 4, 7), optional(number(0, 2))]],
    test: "(0,1,4,7),(0-2)",
  }),
  row("+CCLK", "3.2.21", held, { set: [[text]] }),
  row("+CBC", "3.2.23", told),
  row("+CTZR", "3.2.24", held, { set: [[number(0, 1)]], factory: "0", test: "(0-1)" }),
  row("+CTZU", "3.2.25", held, { set: [[number(0, 1)]], factory: "0", test: "(0-1)" }),
  row("+CPINR", "3.2.34", ["test", "execute", "set"], { set: [[text]] }),
  row("+CPOWD", "5.2.1", ["set"], { set: [[number(0, 1)]] }),
  row("+CLTS", "5.2.3", held, { set: [[number(0, 1)]], test: "(0-1)" }),
  row("+CCID", "5.2.7", told),
  row("+GSV", "5.2.9", ["execute"]),
  row("+CSMINS", "5.2.13", held, { set: [[number(0, 1)]], test: "(0-1)", ...bare }),
  row("+CSCLK", "5.2.16", held, { set: [[number(0, 2)]], test: "(0-2)", ...bare }),
  row("+CRESET", "5.2.17 (since V1.01)", told),
  row("+CREVHEX", "5.2.18 (since V1.01)", held, { set: [[number(0, 1)]], factory: "0", ...bare }),
  row("+CURTC", "5.2.21 (since V1.02)", held, { set: [[number(0, 1)]], test: "(0,1)" }),
  row("+CBATCHK", "5.2.23 (since V1.02)", held, { set: [[number(0, 1)]], factory: "1", test: "(0,1)" }),
  row("+ICCID", "5.2.28 (since V1.04)", told),
  row("+CFGRI", "5.2.31 (since V1.04)", held, { set: [[number(0, 2)]], factory: "0", test: "(0-2)" }),
];

const network: readonly ManualRow[] = [
  row("+COPS", "3.2.10", held, {
    set: [[number(0, 4), optional(number(0, 2)), optional(text), optional(among(9))]],
  }),
  row("+CREG", "3.2.13", held, { set: [[number(0, 2)]], test: "(0-2)" }),
  row("+CPSMS", "3.2.27", held, {
    set: [[number(0, 2), optional(among("")), optional(among("")), optional(bits(8)), optional(bits(8))]],
    test: '(0-2),,,("00000000"-"11011111"),("00000000"-"11111111")',
  }),
  row("+CCIOTOPT", "3.2.28", held, {
    set: [[number(0, 2), optional(among(1, 3)), optional(number(0, 2))]],
    factory: "1,1,1",
    test: "(0-2),(1,3),(0-2)",
  }),
  row("+CEDRXS", "3.2.29", held, {
    set: [[number(0, 3), optional(among(5)), optional(bits(4))]],
    test: '(0-3),(5),("0000"-"1111")',
  }),
  row("+CEDRXRDP", "3.2.30", told),
  row("+CGATT", "3.2.35", held, { set: [[number(0, 1)]], test: "(0-1)", ...bare }),
  row("+CGDCONT", "3.2.36", held, {
    set: [[context, optional(bearer), optional(text), optional(text), ...repeated(number(0, 4), 11)]],
    ...bare,
  }),
  row("+CGACT", "3.2.37", held, { set: [[number(0, 1), optional(context)]], within: 150_000, ...bare }),
  row("+CGPADDR", "3.2.38", ["test", "set", "execute"], {
    set: [repeated(number(0, 15), 4)],
    ...bare,
    ...assumed("the set form: V1.05, 3.2.38 and Magellan_SIM7020E; without arguments as AT+CGCONTRDP"),
  }),
  row("+IPCONFIG", "3.2.39", ["execute"]),
  row("+CGEREP", "3.2.40", held, { set: [[number(0, 1), optional(among(0))]], factory: "0,0", ...bare }),
  row("+CGREG", "3.2.41", held, { set: [[number(0, 2)]], test: "(0-2)", ...bare }),
  row("+CGCONTRDP", "3.2.42", ["test", "set", "execute"], {
    set: [[optional(number(0, 15))]],
    source: "SIM7020 V1.05, 3.2.42; without arguments in the Low Power Mode note V1.03, 6.1",
  }),
  row("+CGPIAF", "3.2.43", held, { set: [repeated(number(0, 1), 4)], factory: "0,0,0,0" }),
  row("+CGAUTH", "3.2.45", held, {
    set: [[context, optional(number(0, 1)), optional(text), optional(text)]],
    test: "(1-15),(0-1)",
  }),
  row("*MCGDEFCONT", "3.2.46", held, {
    set: [[bearer, optional(text), optional(text), optional(text)]],
    test: '("IP","IPV6","IPV4V6","Non-IP")',
  }),
  row("+CEREG", "3.2.47", held, { set: [[number(0, 5)]], test: "(0-5)" }),
  row("+CBAND", "5.2.4", held, {
    set: [[band]],
    test: bandList,
    source: "SIM7020 V1.05, 5.2.4; which bands: SIM7020G data sheet",
  }),
  row("+CBANDSL", "5.2.5", held, {
    set: [[number(0, 1), optional(number(1, 4)), ...repeated(band, 4)]],
    test: `(0,1),(1-4),${bandList}`,
  }),
  row("+CENG", "5.2.6", held, { set: [[number(0, 1)]], test: "(0,1)", ...bare }),
  row("+EXUNSOL", "5.2.8", setOnly, { set: [[among("SQ"), number(0, 2)]] }),
  row("*CELLLOCK", "5.2.10", held, {
    set: [[number(0, 1), ...repeated(number(0, 262_143), 3)]],
    factory: "0",
    ...bare,
  }),
  row("+CSPCHSC", "5.2.14", held, { set: [[number(0, 1)]], factory: "1", test: "(0-1)", ...bare }),
  row("+CPSMSTATUS", "5.2.15 (since V1.01)", held, { set: [[number(0, 1)]], test: "(0-1)", ...bare }),
  row("+CDISAUPDN", "5.2.19", held, { set: [[number(0, 1)]], factory: "1", ...bare }),
  row("+CNWRCCFG", "5.2.20 (since V1.02)", held, {
    set: [Array.from({ length: 6 }, () => number(5, 28_800))],
    factory: "5,10,10,10,120,7200",
    test: "(5-28800),(5-28800),(5-28800),(5-28800),(5-28800),(5-28800)",
  }),
  row("+CHOMENW", "5.2.22 (since V1.02)", readOnly, { factory: '"Test PLMN 1-1","Test","00101"' }),
  row("*MEDRXCFG", "5.2.25, 22.4 (since 1752B07)", held, {
    set: [[number(0, 3), optional(among(5)), optional(bits(4)), optional(bits(4))]],
    factory: '5,"0000"',
    test: '(0-3),(5),("0000"-"1111"),("0000"-"1111")',
  }),
  row("+CNBIOTDT", "5.2.26", held, { set: [[number(0, 1), ...repeated(context, 4)]], factory: "1,0" }),
  row("+CNBIOTRAI", "5.2.27 (since V1.03)", held, { set: [[number(0, 2)]], test: "(0-2)" }),
  row("+CTRJ", "5.2.29 (since V1.04)", readOnly, { factory: "0" }),
];

const sockets: readonly ManualRow[] = [
  row("+CSOC", "6.2.1", held, {
    set: [[number(1, 2), number(1, 3), number(1, 2), optional(number(0, 15))]],
    test: "(1-2),(1-3),(1-2)",
    ...bare,
  }),
  row("+CSOCON", "6.2.2", held, { set: [[socket, port, text]], ...bare }),
  row("+CSOB", "6.2.3 (since V1.01)", held, { set: [[socket, port, optional(text)]], ...bare }),
  row("+RETENTION", "6.2.5 (since V1.02)", held, { set: [[number(0, 1)]], test: "(0-1)", ...bare }),
  row("+CSOSEND", "6.2.6", setOnly, { set: [[socket, number(0, 1_024), text]], ...bare }),
  row("+CSODSEND", "6.2.7 (since V1.01)", setOnly, { set: [[socket, number(1, 512)]], ...bare }),
  row("+CSOCL", "6.2.8", setOnly, { set: [[socket]], ...bare }),
  row("+CSOSENDFLAG", "6.2.9", held, { set: [[number(0, 1)]], factory: "0", test: "(0,1)", ...bare }),
  row("+CSORCVFLAG", "6.2.10 (since V1.01)", held, { set: [[number(0, 1)]], test: "(0,1)", ...bare }),
  row("+CSOSTATUS", "6.2.11", setOnly, { set: [[socket]], test: "(0-4)", ...bare }),
  row("+CDNSCFG", "7.2.13 (since V1.02)", held, { set: [[text, optional(text)]], ...bare }),
  row("+CDNSGIP", "7.2.14 (since V1.02)", setOnly, { set: [[text]], ...bare }),
];

const rows = [...general, ...network, ...sockets];

export const sim7020Manual: Manual = {
  family: "sim7020",
  unknown: "ERROR",
  notAllowed: { cme: 50 },
  generations: [
    {
      name: "1752b05",
      model: "SIM7020G",
      revision: "1752B05SIM7020G",
      note: "as the manual V1.01 of 2018 had it: no RETENTION, no CNBIOTRAI, no DNS, no choice of clock",
      rows: rowsOf(rows, {
        without: [
          "+CURTC",
          "+CBATCHK",
          "+ICCID",
          "+CFGRI",
          "+CNWRCCFG",
          "+CHOMENW",
          "*MEDRXCFG",
          "+CNBIOTRAI",
          "+CTRJ",
          "+RETENTION",
          "+CDNSCFG",
          "+CDNSGIP",
        ],
        other: [
          row("+CGCONTRDP", "3.2.42", ["test", "set", "execute"], {
            set: [[optional(number(0, 15))]],
            ...reported("posjodin/sim7020 sim7020.c asks it without arguments; V1.03 added fields"),
          }),
        ],
      }),
    },
    {
      name: "1752b09",
      model: "SIM7020G",
      revision: "1752B09SIM7020G",
      note: "as the manual V1.05 of 2020 has it; CEREG with rac as in the Low Power Mode note V1.03, 6.2",
      traits: { ceregRoutingArea: true },
      rows,
    },
  ],
};
