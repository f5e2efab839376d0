/**
 * Quectel BC95 (HiSilicon Hi2110) and BC95-G (Hi2115).
 *
 *     no CPIN, no CESQ, no IPR, no QI sockets: the card answers CIMI and NCCID, its PIN goes in by NPIN
 *     settings of the behaviour are NCONFIG's, of the bands NBAND's, of the rate NATSPEED's
 *     each manual says since which build a command is there; what came with B657 is not in B656
 */
import type { Manual, ManualRow } from "./manual";
import { rowsOf } from "./manual";
import { address, edrxArguments, empty, host, psmArguments, rowsIn, text } from "./rows";
import { among, bits, number, optional, repeated } from "./shapes";

/** Of the manuals the tables of contents could be read, and the status of implementation in a copy. */
const g = rowsIn("Quectel BC95-G&BC68 AT Commands Manual V1.2 (2018-07-04), contents", "certain");
const v2 = rowsIn("Quectel BC95 AT Commands Manual V2.0 (2018-05-14), contents", "certain");
const status = rowsIn(
  "Quectel BC95 AT Commands Manual, status of implementation, as in ghostyu's NB_BC95.c",
  "reported",
);
const log = rowsIn(
  "dan-leo/masters, code/tests/logs/huawei_vodacom/testplant_14th/quectel/setup",
  "reported",
);
const newer = rowsIn("drivers of BC95-G, BC28 and BC35-G: Huawei LiteOS, TencentOS tiny, OneOS", "reported");
const guess = rowsIn("as on SARA-N2, which has the same chip", "assumed");

const networks = among("IP", "IPV6", "IPV4V6", "NONIP");
const socket = number(0, 6);
const port = number(0, 65_535);
const onOff = among("TRUE", "FALSE", "true", "false", "0", "1", 0, 1);
const bandsOfG = among(1, 2, 3, 4, 5, 8, 12, 13, 17, 18, 19, 20, 25, 26, 28, 66, 70);
const hexadecimal = (most: number) => ({ like: new RegExp(`^([0-9A-Fa-f]{2}){1,${most}}$`) });
/** None, an exception's message, release behind this message, release behind its answer. */
const flag = among("0", "0x0", "0x000", "0x100", "0x200", "0x400", 0);
const statistics = among("RADIO", "CELL", "BLER", "THP", "APPSMEM", "ALL");

/** A local port is any but that of the modem's own CoAP. */
const localPorts = [number(0, 5_682), number(5_684, 65_535)] as const;
const creates = localPorts.map((each) => [
  among("DGRAM"),
  among(17),
  each,
  optional(number(0, 1)),
  optional(among("AF_INET", "AF_INET6")),
]);

/** What B656 has already. */
const first: readonly ManualRow[] = [
  status("", "x", "1.2: OK"),
  status("+CGMI", "tx", "since B350"),
  status("+CGMM", "tx", "since B350"),
  status("+CGMR", "tx", "since B350: six lines, one for each part of the firmware"),
  status("+CGSN", "tsx", "since B350; the IMEI since B657SP2 without AT+NTSETID", { set: [[number(0, 3)]] }),
  status("+CEREG", "trs", "since B350; n to 3 (dan-leo/masters: 3 where SARA-N2 takes 5)", {
    set: [[number(0, 3)]],
  }),
  status("+CSCON", "trs", "since B350", { set: [[number(0, 1)]] }),
  status("+CLAC", "x", "since B350"),
  status("+CSQ", "tx", "since B350"),
  status("+CGPADDR", "tsx", "since B350", { set: [[number(0, 10)]] }),
  status("+COPS", "trs", "since B350", {
    set: [[among(0, 2)], [among(1), among(2), { like: /^[0-9]{5,6}$/ }]],
  }),
  status("+CGATT", "trs", "since B350", { set: [[number(0, 1)]] }),
  status("+CIMI", "tx", "since B350"),
  status("+CGDCONT", "trs", "since B350", {
    set: [[number(0, 10), optional(networks), optional(text(99)), empty, ...repeated(number(0, 3), 8)]],
  }),
  status("+CFUN", "trs", "since B350", { set: [[number(0, 1), optional(among(0))]] }),
  status("+CMEE", "trs", "since B600", { set: [[number(0, 1)]] }),
  status("+CCLK", "r", "since B656"),
  status("+NRB", "x", "since B350"),
  status("+NCDP", "rs", "since B350", { set: [[text(150), optional(port)]], factory: "" }),
  status("+NUESTATS", "tsx", "since B350", { set: [[statistics]] }),
  status("+NEARFCN", "s", "since B350", { set: [[among(0), number(0, 65_535), optional(text(3))]] }),
  status("+NSOCR", "s", "since B350", { set: creates }),
  status("+NSOST", "s", "since B350", {
    set: [[socket, address, port, number(1, 512), hexadecimal(512)]],
  }),
  status("+NSOSTF", "s", "since B656", {
    set: [[socket, address, port, flag, number(1, 512), hexadecimal(512)]],
  }),
  status("+NSORF", "s", "since B350", { set: [[socket, number(1, 512)]] }),
  status("+NSOCL", "s", "since B350: 530 for a socket that is none of its own", { set: [[socket]] }),
  status("+NPING", "s", "since B350", {
    set: [[host, optional(number(12, 1_500)), optional(number(1, 600_000))]],
  }),
  status("+NBAND", "trs", "since B600; a BC95 has one band or two", { set: [upToOne(3, among(5, 8, 20))] }),
  status("+NLOGLEVEL", "rs", "since B600", { set: [[text(20), text(20)]] }),
  status("+NCONFIG", "trs", "since B650", {
    set: [
      [among("AUTOCONNECT", "CR_0354_0338_SCRAMBLING", "CR_0859_SI_AVOID", "COMBINE_ATTACH"), onOff],
      [among("CELL_RESELECTION", "ENABLE_BIP"), onOff],
    ],
  }),
  status("+NATSPEED", "rs", "since B656", {
    set: [
      [
        among(2_400, 4_800, 9_600, 57_600, 115_200, 230_400, 460_800),
        optional(number(0, 30)),
        optional(number(0, 1)),
        optional(number(0, 3)),
        optional(number(1, 2)),
      ],
    ],
    factory: "9600,2,1",
  }),
];

/** At least one argument of a kind. */
function upToOne(most: number, range: ReturnType<typeof among>) {
  return [range, ...repeated(range, most - 1)];
}

/** What came with B657. */
const second: readonly ManualRow[] = rowsOf(first, {
  other: [
    v2("I", "x", "3.1"),
    v2("E", "x", "3.2: echo is off until it is asked for", { set: [[optional(number(0, 1))]] }),
    status("+CGACT", "trs", "since B657SP1", { set: [[number(0, 1), number(0, 10)]] }),
    status("+CPSMS", "trs", "since B657SP1", { set: [psmArguments(number(0, 2))] }),
    status("+CEDRXS", "trs", "since B657SP1", { set: [edrxArguments] }),
    status("+CEDRXRDP", "tx", "since B657SP1"),
    status("+CEER", "tx", "since B657SP1"),
    status("+CTZR", "trs", "since B657SP1", { set: [[number(0, 3)]] }),
    status("+NCCID", "rx", "since B657SP1"),
    v2("+CIPCA", "trs", "3.25", { set: [[among(3), optional(number(0, 1))]], factory: "3,0" }),
    v2("+CGAPNRC", "ts", "3.26", { set: [[number(0, 10)]] }),
    v2("+CGAUTH", "trs", "3.27", {
      set: [[number(0, 10), optional(number(0, 2)), optional(text(60)), optional(text(60))]],
    }),
    log("+NPSMR", "trs", "ping_times", { set: [[number(0, 1)]] }),
    log("+NPTWEDRXS", "trs", "drx", {
      set: [[number(0, 3), optional(among(5)), optional(bits(4)), optional(bits(4))]],
      factory: '5,"0000","1001"',
    }),
    guess("+NPIN", "s", "0 to enter a PIN", { set: [[number(0, 4), text(8), optional(text(8))]] }),
    guess("+NCSEARFCN", "x", ""),
    guess("+NPOWERCLASS", "trs", "", { set: [[number(1, 85), number(3, 6)]], factory: "8,3" }),
  ],
});

/** BC95-G: longer datagrams, numbers of messages, names of hosts, all levels of CEREG. */
const third: readonly ManualRow[] = rowsOf(second, {
  without: ["+NCDP"],
  other: [
    g("+CEREG", "trs", "2.7", { set: [[number(0, 5)]] }),
    g("+CNMPSD", "tx", "2.31"),
    g("+CGCONTRDP", "tsx", "2.29", { set: [[number(0, 10)]] }),
    g("+CGPADDR", "tsx", "2.11", { set: [[number(0, 10)]] }),
    g("+NSOCR", "s", "4.4", {
      set: [...creates, ...creates.map(([, , ...others]) => [among("STREAM"), among(6), ...others])],
    }),
    g("+NSOST", "s", "4.5", {
      set: [[socket, address, port, number(1, 1_358), hexadecimal(1_358), optional(number(1, 255))]],
    }),
    g("+NSOSTF", "s", "4.6", {
      set: [[socket, address, port, flag, number(1, 1_358), hexadecimal(1_358), optional(number(1, 255))]],
    }),
    g("+NQSOS", "rs", "4.7", { set: [upToOne(7, socket)] }),
    g("+NSORF", "s", "4.8", { set: [[socket, number(1, 1_358)]] }),
    newer("+NSONMI", "rs", "0 none, 1 hint, 2 and 3 data in the line", {
      set: [[number(0, 3)]],
      factory: "1",
    }),
    newer("+NIPINFO", "rs", "", { set: [[number(0, 1)]], factory: "0" }),
    newer("+QDNS", "s", "OK, then +QDNS:<address> or +QDNS:FAIL", { set: [[number(0, 2), optional(host)]] }),
    newer("+QIDNSCFG", "rs", "", { set: [[address, optional(address)]], factory: "8.8.8.8,8.8.4.4" }),
    newer("+QREGSWT", "rs", "registration with Huawei's platform: 0 by hand, 1 by itself, 2 none", {
      set: [[number(0, 2)]],
      factory: "1",
    }),
    newer("+NBAND", "trs", "", { set: [upToOne(17, bandsOfG)] }),
    newer("+NCONFIG", "trs", "", {
      set: [
        [among("AUTOCONNECT", "CR_0354_0338_SCRAMBLING", "CR_0859_SI_AVOID", "COMBINE_ATTACH"), onOff],
        [among("CELL_RESELECTION", "ENABLE_BIP", "MULTITONE", "NAS_SIM_POWER_SAVING_ENABLE"), onOff],
        [among("RELEASE_VERSION"), among("13", "14", 13, 14)],
        [among("PCO_IE_TYPE"), among("PCO", "EPCO")],
        [among("BARRING_RELEASE_DELAY", "SYNC_TIME_PERIOD", "IPV6_GET_PREFIX_TIME"), number(0, 65_535)],
        [among("HPPLMN_SEARCH_ENABLE", "TWO_HARQ", "RAI", "NON_IP_NO_SMS_ENABLE"), onOff],
      ],
    }),
  ],
});

export const bc95Manual: Manual = {
  family: "bc95",
  unknown: { cme: 4 },
  notAllowed: { cme: 50 },
  generations: [
    {
      name: "b656",
      model: "BC95HB-02-STD_900",
      revision: "V100R100C10B656SP2",
      note: "Hi2110, 2017: no ATE, no PSM, no NCCID; CEREG to 3",
      rows: first,
    },
    {
      name: "b657",
      model: "BC95HB-02-STD_900",
      revision: "V100R100C10B657SP5",
      note: "Hi2110, 2018: PSM, NCCID, CGAUTH; CEREG to 3",
      rows: second,
    },
    {
      name: "g",
      model: "BC95-G",
      revision: "BC95GJBR01A06",
      note: "Hi2115: CEREG to 5, names of hosts, numbered messages of 1,358 bytes",
      rows: third,
    },
  ],
};
