/**
 * Quectel BC66 (MediaTek MT2625). Its manual's list of commands is that of BC26, which has the same chip and
 * the same firmware under another name; the pages of that manual that could be read are named in the rows.
 *
 *     context 1 is the one that comes with the attach; QCGDEFCONT has its APN, user and password
 *     no CGAUTH; no QCFG before the second generation; no way to enter a PIN but CPIN
 *     QIOPEN, QISEND and QISENDEX answer OK first, and their result behind it
 */
import type { Manual, ManualRow } from "./manual";
import { rowsOf } from "./manual";
import { address, edrxArguments, empty, psmArguments, quoted, quotedHost, rowsIn, text } from "./rows";
import { among, number, optional, repeated } from "./shapes";

const page = rowsIn("Quectel BC26 AT Commands Manual V1.0 (2018), the same chip and firmware", "certain");
const list = rowsIn(
  "the list of Quectel's BC26 manual, copied in stevenlian's NBIoTBC26.CPP (2019-10)",
  "reported",
);
const seen = rowsIn("StringSuzana/AT_Commands_NB_IoT_BC66 (BC66NBR01A01)", "reported");
const zephyr = rowsIn("Zephyr's bc66x driver, BC66 branch", "reported");
const klenk = rowsIn("wolfgangklenk.wordpress.com 2018-08-27 (BC66NAR01A03_BETA0808)", "reported");
const renode = rowsIn("Renode's Quectel_BC66.cs", "reported");
const guess = rowsIn("as on BC660K (its manual V1.4)", "assumed");

const networks = among("IP", "IPV6", "IPV4V6", "Non-IP", "NONIP");
const bands = among(1, 2, 3, 4, 5, 8, 12, 13, 17, 18, 19, 20, 25, 26, 28, 66);
const rates = among(
  0,
  4_800,
  9_600,
  14_400,
  19_200,
  28_800,
  38_400,
  57_600,
  115_200,
  230_400,
  460_800,
  921_600,
);
const socket = number(0, 4);
const port = number(0, 65_535);
const hexadecimal = /^([0-9A-Fa-f]{2}){1,512}$/;

/** ms, as drivers of the module wait. */
const usual = 5_000;

const rows: readonly ManualRow[] = [
  list("", "x", ""),
  list("I", "x", ""),
  list("E", "x", "", { set: [[optional(number(0, 1))]] }),
  list("&W", "x", ""),
  list("+IPR", "trs", "0 finds the rate by itself, as from the factory", { set: [[rates]] }),
  list("+CGMI", "tx", ""),
  list("+CGMM", "tx", ""),
  list("+CGMR", "tx", ""),
  page("+CGSN", "tsx", "2.7, page 15: no colon's blank in its forms", { set: [[number(0, 3)]] }),
  list("+CSQ", "tx", ""),
  list("+CESQ", "tx", ""),
  list("+CPIN", "trs", "", { set: [[text(8), optional(text(8))]], within: usual }),
  page("+CEREG", "trs", "2.8, page 16", { set: [[number(0, 5)]] }),
  list("+CSCON", "trs", "", { set: [[number(0, 1)]] }),
  seen("+COPS", "trs", "waits 900 s for it", {
    set: [[number(0, 4), optional(number(0, 2)), optional(quoted(/^[^"]{1,24}$/)), optional(among(9))]],
    within: 180_000,
  }),
  seen("+CGATT", "trs", "waits 85 s for it", { set: [[number(0, 1)]], within: 85_000 }),
  list("+CGDCONT", "trs", "", {
    set: [[number(0, 10), optional(networks), optional(text(99)), empty, ...repeated(number(0, 1), 11)]],
  }),
  seen("+CGACT", "trs", "waits 150 s for it", { set: [[number(0, 1), number(1, 10)]], within: 150_000 }),
  list("+CGPADDR", "trsx", "", { set: [[number(0, 10)]] }),
  list("+CIMI", "tx", ""),
  seen("+CFUN", "trs", "waits 85 s for it; 7 switches the card off alone", {
    set: [[among(0, 1, 4, 7), optional(number(0, 1))]],
    within: 85_000,
  }),
  list("+CMEE", "trs", "", { set: [[number(0, 2)]] }),
  list("+CCLK", "trs", "", { set: [[text(24)]] }),
  list("+CBC", "tx", ""),
  list("+CPSMS", "trs", "", { set: [psmArguments(number(0, 2))] }),
  list("+CEDRXS", "trs", "", { set: [edrxArguments] }),
  list("+CEDRXRDP", "tx", ""),
  list("+CTZR", "trs", "", { set: [[number(0, 3)]] }),
  list("+CIPCA", "trs", "", { set: [[number(0, 3), optional(number(0, 1))]], factory: "3,0" }),
  list("+CCIOTOPT", "trs", "", {
    set: [[among(0, 1, 3), optional(among(1, 3)), optional(number(0, 2))]],
    factory: "0,1,1",
  }),
  list("+CGAPNRC", "ts", "", { set: [[number(0, 10)]] }),
  list("+CEER", "tx", ""),
  page("+QGACT", "s", "3.1, page 44", {
    set: [
      [
        number(0, 1),
        number(1, 10),
        optional(text(99)),
        optional(text(60)),
        optional(text(60)),
        ...repeated(number(0, 9), 2),
      ],
    ],
    within: 150_000,
  }),
  list("+QBAND", "trs", "", { set: [[number(0, 16), ...repeated(bands, 16)]], within: 900_000 }),
  list("+QRST", "ts", "", { set: [[among(1)]] }),
  list("+QSPCHSC", "trs", "", { set: [[number(0, 1)]], factory: "1" }),
  list("+QLOCKF", "trs", "", {
    set: [[among(0)], [among(1), number(0, 262_143), optional(number(0, 3)), optional(number(0, 503))]],
    factory: "0",
  }),
  list("+QCSEARFCN", "x", "only with AT+CFUN=0"),
  klenk("+QCGDEFCONT", "trs", "counts with the next start", {
    set: [[networks, optional(text(99)), optional(text(60)), optional(text(60))]],
  }),
  list("+QNBIOTRAI", "trs", "", { set: [[number(0, 2)]] }),
  list("+QNBIOTEVENT", "trs", "", { set: [[number(0, 1), among(1)]] }),
  list("+QATWAKEUP", "trs", "", { set: [[number(0, 1)]], factory: "0" }),
  list("+QENG", "ts", "", { set: [[number(0, 3)]] }),
  list("+QCCID", "x", ""),
  list("+QPOWD", "ts", "", { set: [[number(0, 2)]] }),
  list("+QSCLK", "trs", "", { set: [[number(0, 2)]] }),
  list("+QRELLOCK", "x", ""),
  list("+QIOPEN", "s", "", {
    set: [
      [
        among(1),
        socket,
        among("TCP", "UDP", "UDP SERVICE", "TCP LISTENER"),
        quotedHost,
        port,
        optional(port),
        optional(number(0, 1)),
        optional(number(0, 1)),
      ],
    ],
    within: 60_000,
  }),
  list("+QICLOSE", "s", "", { set: [[socket, optional(number(0, 10))]], within: 10_000 }),
  list("+QISTATE", "rs", "", {
    set: [
      [among(0), among(1)],
      [among(1), socket],
    ],
  }),
  list("+QISEND", "s", "", {
    set: [[socket, optional(number(0, 1_460)), optional(quoted(/^[^"]{1,1460}$/))]],
  }),
  zephyr("+QISENDEX", "s", "its digits in quotes; older drivers give them without", {
    set: [[socket, number(1, 512), { like: hexadecimal }]],
  }),
  list("+QIRD", "s", "", { set: [[socket, number(1, 512)]] }),
  list("+QISWTMD", "s", "", { set: [[socket, number(0, 1)]] }),
  list("+QPING", "s", "", {
    set: [[among(1), quotedHost, optional(number(1, 255)), optional(number(1, 10))]],
  }),
  list("+QNTP", "s", "", { set: [[among(1), quotedHost, optional(port)]], within: 125_000 }),
  zephyr("+QIDNSGIP", "s", 'its answer is +QIURC: "dnsgip"', {
    set: [[among(1), quotedHost]],
    within: 60_000,
  }),
  guess("+QIDNSCFG", "s", "not in the list of 2019-10", {
    set: [[among(1), optional(address), optional(address)]],
  }),
  list("+QICFG", "s", "dataformat, viewmode, showlength", {
    set: [
      [among("dataformat"), optional(number(0, 1)), optional(number(0, 1))],
      [among("viewmode", "showlength", "showRA"), optional(number(0, 1))],
    ],
  }),
  list("+QIGETERROR", "x", ""),
  renode("+QCFG", "s", "", { set: [[text(20), optional(number(0, 600))]] }),
  seen("+QCCLK", "r", "in several drivers of 2022: 22/02/14,03:26:03+32, UTC"),
  seen("+QIPADDR", "x", "10.152.26.119, then 127.0.0.1"),
  guess("+CLCK", "ts", "8.5", { set: [[among("SC"), number(0, 2), optional(text(8))]] }),
];

export const bc66Manual: Manual = {
  family: "bc66",
  unknown: "ERROR",
  notAllowed: { cme: 50 },
  generations: [
    {
      name: "nar01a03",
      model: "Quectel_BC66NA",
      revision: "Revision: BC66NAR01A03",
      note: "the builds of 2018: no release assistance, digits of QISENDEX without quotes, no DNS of one's own",
      rows: rowsOf(rows, {
        without: ["+QNBIOTRAI", "+QIDNSCFG", "+QCFG", "+QCCLK", "+CLCK"],
        other: [
          rowsIn("drivers of 2018 and 2019, without quotes", "reported")("+QISENDEX", "s", "", {
            set: [[socket, number(1, 512), { like: hexadecimal, quoted: false }]],
          }),
          rowsIn("wolfgangklenk.wordpress.com (BC66NAR01A03_BETA0808), no showlength", "assumed")(
            "+QICFG",
            "s",
            "",
            {
              set: [
                [among("dataformat"), optional(number(0, 1)), optional(number(0, 1))],
                [among("viewmode"), optional(number(0, 1))],
              ],
            },
          ),
        ],
      }),
    },
    {
      name: "nbr01a10",
      model: "Quectel_BC66",
      revision: "Revision: BC66NBR01A10",
      note: "the builds since 2019",
      rows,
    },
  ],
};
