/**
 * Quectel BG95: what Quectel's TCP/IP application note V1.1 for BG95, BG77 and BG600L has of sockets is certain;
 * the rest is what Zephyr, toitware/cellular, TinyGSM and Particle's device-os send to BG95 and BG96, and logs of
 * BG95, BG96 and BG770A that people have published with their issues. Quectel's AT commands and QCFG manuals for
 * the series were not at hand.
 *
 * Left out, as no sensor wants them: calls, messages beside +CMGF and +CNMI, the phone book, the multiplexer and
 * PPP, files, FTP, HTTP, MQTT, LwM2M, TLS, position, and the pins. AT+CGAUTH is in none of these logs (a login
 * goes into AT+QICSGP), nor AT+CESQ (AT+QCSQ).
 */
import type { ArgumentRange, Manual, ManualRow } from "./manual";
import { rowsOf } from "./manual";
import { edrxArguments, empty, psmArguments, quoted, quotedHost, rowsIn, text } from "./rows";
import { among, bearer, bits, number, optional, repeated } from "./shapes";

const note = rowsIn("BG95&BG77&BG600L TCP/IP Application Note V1.1", "certain");
const seen = rowsIn(
  "toitware/cellular bg96.toit, TinyGsmClientBG96.h, Zephyr bg9x and modem_cellular, device-os quectel_ncp_client.cpp",
  "reported",
);
const v250 = rowsIn("ITU-T V.250; TinyGSM issue 157 for AT&FZE0", "reported");
const lteMAlone = rowsIn(
  "device-os pull 2781: no nwscanmode on some; that iotopmode is 0 alone there is a guess",
  "assumed",
);
const guess = rowsIn("as on BG96, whose commands are nearly the same", "assumed");

const context = number(1, 16);
const connection = number(0, 11);
const port = number(1, 65_535);
const mask: ArgumentRange = { like: /^(0x)?[0-9a-fA-F]{1,24}$/ };
const sequence: ArgumentRange = { like: /^(0[0-3]){1,3}$/ };
/** Whether it counts at once or from the next start on. */
const effect = optional(number(0, 1));

/** `AT+QCFG="<key>"`, which reads, and with these arguments sets. */
const config = (key: string, ...ranges: readonly ArgumentRange[]): (readonly ArgumentRange[])[] => [
  [among(key)],
  [among(key), ...ranges],
];

const configs = [
  ...config("nwscanmode", among(0, 1, 3), effect),
  ...config("nwscanseq", sequence, effect),
  ...config("iotopmode", number(0, 2), effect),
  ...config("band", mask, mask, mask, effect),
  ...config("servicedomain", number(1, 2), effect),
  ...config("roamservice", among(1, 2, 255), effect),
  ...config("nb1/bandprior", { like: /^[0-9a-fA-F]{2,32}$/ }),
  ...config("psm/urc", number(0, 1)),
  ...config("psm/enter", number(0, 1)),
  ...config("apready", number(0, 1), optional(number(0, 1)), optional(number(100, 3_000))),
  ...config("cmux/urcport", number(0, 4)),
  ...config("urc/ri/other", text(20), ...repeated(number(0, 2_000), 3)),
  ...config("risignaltype", text(20)),
  ...config("urc/delay", number(0, 1)),
  ...config("ledmode", number(0, 1)),
  ...config("fast/poweroff", number(0, 100), optional(number(0, 1))),
  [among("celevel")],
];

/** Without GSM and NB-IoT there is nothing to choose. */
const ofLteMAlone = [
  ...configs.filter(
    ([key]) => !("among" in key && ["nwscanmode", "nwscanseq", "iotopmode"].includes(String(key.among[0]))),
  ),
  ...config("iotopmode", number(0, 0), effect),
];

const newest: readonly ManualRow[] = [
  v250("", "x", ""),
  v250("E", "x", "", { set: [[number(0, 1)]] }),
  v250("V", "x", "", { set: [[number(0, 1)]] }),
  v250("Q", "x", "", { set: [[number(0, 1)]] }),
  v250("I", "x", ""),
  v250("Z", "x", "", { set: [[number(0, 0)]] }),
  v250("&F", "x", "", { set: [[number(0, 0)]] }),
  v250("&W", "x", "", { set: [[number(0, 0)]] }),
  v250("&V", "x", ""),
  v250("&C", "x", "", { set: [[number(0, 1)]] }),
  v250("&D", "x", "", { set: [[number(0, 2)]] }),
  seen("+CGMI", "tx", ""),
  seen("+GMI", "tx", ""),
  seen("+CGMM", "tx", ""),
  seen("+GMM", "tx", ""),
  seen("+CGMR", "tx", ""),
  seen("+GMR", "tx", ""),
  guess("+QGMR", "tx", ""),
  seen("+CGSN", "txs", "", { set: [[number(0, 3)]] }),
  seen("+GSN", "tx", ""),
  seen("+CIMI", "tx", ""),
  seen("+CCID", "x", ""),
  seen("+QCCID", "tx", ""),
  seen("+CMEE", "trs", "", { set: [[number(0, 2)]] }),
  seen("+IPR", "trs", "", {
    set: [[among(9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)]],
  }),
  seen("+IFC", "trs", "", { set: [[number(0, 2), optional(number(0, 2))]], factory: "0,0" }),
  seen("+CPIN", "trs", "", { set: [[text(8), optional(text(8))]], within: 5_000 }),
  seen("+QPINC", "ts", "Zephyr and labwired: two counters", { set: [[among("SC", "P2")]] }),
  seen("+CLCK", "ts", "", {
    set: [[text(2), number(0, 2), optional(text(8)), optional(number(1, 255))]],
    within: 5_000,
  }),
  guess("+CPWD", "ts", "", { set: [[text(2), text(8), text(8)]], within: 5_000 }),
  guess("+QINISTAT", "tx", ""),
  guess("+QSIMSTAT", "trs", "", { set: [[number(0, 1)]], factory: "0,1" }),
  guess("+QSIMDET", "trs", "", { set: [[number(0, 1), number(0, 1)]], factory: "0,0" }),
  seen("+CFUN", "trs", "", { set: [[among(0, 1, 4), optional(number(0, 1))]], within: 15_000 }),
  seen("+QPOWD", "tsx", "", { set: [[number(0, 1)]] }),
  seen("+CCLK", "trs", "", { set: [[text(22)]] }),
  seen("+CTZU", "trs", "", { set: [[among(0, 1, 3)]], factory: "0" }),
  seen("+CTZR", "trs", "", { set: [[number(0, 2)]], factory: "0" }),
  seen("+QLTS", "tsx", "", { set: [[number(0, 2)]] }),
  seen("+CEER", "tx", ""),
  seen("+CSQ", "tx", ""),
  seen("+QCSQ", "tx", "FreeRTOS-Cellular-Interface pull 25, which quotes AT commands manual 6.16"),
  seen("+QNWINFO", "tx", ""),
  seen("+QSPN", "tx", ""),
  seen("+QENG", "ts", "", { set: [[among("servingcell")], [among("neighbourcell")]] }),
  seen("+CREG", "trs", "", { set: [[number(0, 2)]], factory: "0,0" }),
  seen("+CGREG", "trs", "", { set: [[among(0, 1, 2, 4)]], factory: "0,0" }),
  seen("+CEREG", "trs", "", { set: [[among(0, 1, 2, 4)]] }),
  seen("+CGATT", "trs", "", { set: [[number(0, 1)]], within: 140_000 }),
  seen("+COPS", "trs", "", {
    set: [[number(0, 4), optional(number(0, 2)), optional(text(30)), optional(among(0, 8, 9))]],
    within: 180_000,
  }),
  seen("+CGDCONT", "trs", "", {
    set: [[number(1, 15), bearer, optional(text(99)), ...repeated(text(99), 4)], [number(1, 15)]],
  }),
  seen("+CGACT", "trs", "", { set: [[number(0, 1), optional(number(1, 15))]], within: 150_000 }),
  seen("+CGPADDR", "tsx", "", { set: [[optional(number(1, 15))]] }),
  seen("+CGCONTRDP", "tsx", "", { set: [[optional(number(1, 15))]] }),
  seen("+CGEREP", "trs", "", { set: [[number(0, 2), optional(number(0, 1))]], factory: "0,0" }),
  seen("+CMGF", "trs", "", { set: [[number(0, 1)]], factory: "0" }),
  seen("+CNMI", "trs", "", { set: [repeated(number(0, 3), 5)], factory: "2,1,0,0,0" }),
  seen("+CPSMS", "trs", "", { set: [psmArguments(number(0, 2))], within: 4_000 }),
  guess("+QPSMS", "trs", "", { set: [[number(0, 2), empty, empty, optional(bits(8)), optional(bits(8))]] }),
  seen("+QPSMCFG", "trs", "", { set: [[number(20, 31_536_000), optional(number(0, 15))]], factory: "60,4" }),
  seen("+CEDRXS", "trs", "", { set: [[number(0, 3), optional(among(4, 5)), edrxArguments[2]]] }),
  seen("+CEDRXRDP", "tx", ""),
  guess("+QPTWEDRXS", "trs", "", {
    set: [[number(0, 3), optional(among(4, 5)), optional(bits(4)), optional(bits(4))]],
  }),
  seen("+QSCLK", "trs", "", { set: [[number(0, 2)]], factory: "0" }),
  seen("+QURCCFG", "ts", "", {
    set: [[among("urcport")], [among("urcport"), among("usbat", "usbmodem", "uart1")]],
  }),
  seen("+QINDCFG", "ts", "", { set: [[text(20)], [text(20), number(0, 1), optional(number(0, 1))]] }),
  seen("+QCFG", "ts", "; people's logs for the keys", { set: configs, within: 300 }),
  note("+QICSGP", "ts", "p. 13 to 14", {
    set: [
      [context],
      [
        context,
        number(1, 3),
        quoted(/^[^"]{0,100}$/),
        optional(quoted()),
        optional(quoted()),
        optional(number(0, 3)),
      ],
    ],
  }),
  note("+QIACT", "trs", "p. 15", { set: [[context]], within: 150_000 }),
  note("+QIDEACT", "ts", "p. 16", { set: [[context]], within: 40_000 }),
  note("+QIOPEN", "ts", "p. 17 to 18", {
    set: [
      [
        context,
        connection,
        among("TCP", "UDP", "TCP LISTENER", "UDP SERVICE"),
        quotedHost,
        port,
        optional(number(0, 65_535)),
        optional(number(0, 2)),
      ],
    ],
  }),
  note("+QICLOSE", "ts", "p. 19", { set: [[connection, optional(number(0, 65_535))]], within: 10_000 }),
  note("+QISTATE", "trsx", "p. 20 to 21", {
    set: [
      [number(0, 0), context],
      [number(1, 1), connection],
    ],
  }),
  note("+QISEND", "ts", "p. 22 to 23", {
    set: [
      [connection],
      [connection, number(0, 1_460)],
      [connection, number(1, 1_460), quoted(/^[0-9.]{7,15}$/), port],
    ],
    within: 120_000,
  }),
  note("+QISENDEX", "ts", "p. 25 to 26", {
    set: [[connection, quoted(/^[0-9a-fA-F]{2,1024}$/), optional(number(0, 2))]],
    within: 120_000,
  }),
  note("+QIRD", "ts", "p. 24 to 25", { set: [[connection, optional(number(0, 1_500))]] }),
  note("+QIGETERROR", "tx", "p. 34"),
  note("+QISDE", "trs", "p. 31", { set: [[number(0, 1)]], factory: "1" }),
  note("+QPING", "ts", "p. 28 to 29", {
    set: [[context, quotedHost, optional(number(1, 255)), optional(number(1, 10))]],
  }),
  note("+QNTP", "trs", "p. 30", {
    set: [[context, quotedHost, optional(port), optional(number(0, 1))]],
    within: 125_000,
  }),
  note("+QIDNSCFG", "ts", "p. 32", { set: [[context], [context, quotedHost, optional(quotedHost)]] }),
  note("+QIDNSGIP", "ts", "p. 33", { set: [[context, quotedHost]], within: 60_000 }),
  note("+QICFG", "ts", "p. 27", {
    set: [[text(30)], [text(30), number(0, 65_535), ...repeated(number(0, 65_535), 3)]],
  }),
];

/** Release assistance came with the note's version 1.1 (2021-03-29). */
const withoutAssistance = note("+QISENDEX", "ts", "p. 25 to 26, but for what version 1.1 added", {
  set: [[connection, quoted(/^[0-9a-fA-F]{2,1024}$/)]],
  within: 120_000,
});

export const bg95Manual: Manual = {
  family: "bg95",
  unknown: "ERROR",
  // Seen on BG770A, whatever AT+CMEE says: labwired, in its capture of that modem.
  notAllowed: "ERROR",
  generations: [
    {
      name: "m3-a03",
      model: "BG95-M3",
      revision: "BG95M3LAR02A03",
      note: "no release assistance in QISENDEX",
      rows: rowsOf(newest, { other: [withoutAssistance] }),
    },
    {
      name: "m1-a04",
      model: "BG95-M1",
      revision: "BG95M1LAR02A04",
      technology: "lte-m",
      note: "LTE-M alone: no nwscanmode and nwscanseq, and NB-IoT is not found",
      rows: rowsOf(newest, {
        other: [lteMAlone("+QCFG", "ts", "", { set: ofLteMAlone, within: 300 })],
      }),
    },
    {
      name: "m3-a04",
      model: "BG95-M3",
      revision: "BG95M3LAR02A04",
      note: "QISENDEX with release assistance",
      rows: newest,
    },
  ],
};
