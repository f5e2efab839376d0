/**
 * u-blox SARA-R5. The AT commands manual UBX-19047455 itself was not at hand, but for its list of products
 * (R13): certain is what u-blox's own application notes show with command and answer, UBX-20009652 R01
 * (Application development) and UBX-20032566 R01 (Internet applications); the rest is what ubxlib, SparkFun's
 * library and Particle's device-os send to these modules.
 *
 * Left out, as no sensor wants them: calls, messages, the phone book, the multiplexer and PPP, files, FTP, HTTP,
 * MQTT, CoAP, LwM2M, TLS, position, pins beside +UGPIOC, and the radio tests.
 *
 * 00B knows LTE-M alone, so that it never finds an NB-IoT cell; release assistance (+USOSTF) is what one report
 * has of both, and stands in neither note.
 */
import type { Manual, ManualRow } from "./manual";
import { rowsOf } from "./manual";
import { psmArguments, quoted, rowsIn, text } from "./rows";
import { among, number, optional } from "./shapes";
import { basicRows, identityRows, port, socket, socketRows, usualRows } from "./ublox";

const note = rowsIn("UBX-20009652 R01", "certain");
const internet = rowsIn("UBX-20032566 R01", "certain");
const seen = rowsIn("ubxlib, SparkFun_u-blox_SARA-R5_Arduino_Library", "reported");
const guess = rowsIn("as on SARA-R4", "assumed");

const mask = { like: /^[0-9]{1,20}$/, quoted: false } as const;
const host = quoted(/^[A-Za-z0-9.:-]{1,128}$/);

const newest: readonly ManualRow[] = rowsOf(
  [
    ...basicRows(guess),
    ...identityRows(guess),
    ...usualRows(seen),
    ...socketRows(rowsIn("as UBX-17003787 R16 has it for SARA-R4", "assumed")),
  ],
  {
    other: [
      note("I", "x", "9.1.2: ATI, ATI9", { set: [[number(0, 9)]] }),
      note("&W", "x", "5.2.1", { set: [[number(0, 1)]] }),
      note("+CGSN", "txs", "9.1.2", { set: [[number(0, 3)], [number(255, 255)]] }),
      note("+CIMI", "tx", "9.1.2"),
      note("+CCID", "trx", "9.1.2"),
      note("+CMEE", "trs", "3.2.1", { set: [[number(0, 2)]] }),
      // Kept until the next start unless AT&W follows.
      note("+IPR", "trs", "5.2.1; SparkFun for the rates", {
        set: [[among(0, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)]],
      }),
      note("+CTZU", "trs", "3.2.2", { set: [[number(0, 1)]] }),
      note("+CTZR", "trs", "9.1.1", { set: [[number(0, 3)]] }),
      note("+CSGT", "trs", "3.2.2", { set: [[number(0, 1), optional(quoted())]], factory: '0,""' }),
      note("+CEREG", "trs", "8.1.5 with 4, 9.1.1 with 5", { set: [[number(0, 5)]] }),
      note("+CSCON", "trs", "8.1.5, 9.1.1", { set: [[number(0, 1)]] }),
      note("+CEER", "tx", "9.1.2"),
      note("+CESQ", "tx", "9.1.2"),
      note("+CPSMS", "trs", "8.1.5", { set: [psmArguments(optional(number(0, 1)))] }),
      note("+UCPSMS", "tr", "8.1.5"),
      note("+UPSMR", "trs", "8.1.5", { set: [[number(0, 1)]] }),
      note("+UPSV", "trs", "8.1.5, 5.2.1", {
        set: [[among(0, 2, 3)], [among(1, 4), optional(number(40, 65_000))]],
      }),
      note("+UMNOPROF", "trs", "6.3, 6.7", {
        set: [
          [
            among(0, 1, 2, 3, 4, 5, 6, 8, 19, 20, 21, 28, 31, 32, 39, 90, 100, 101, 198, 199, 201),
            optional(number(0, 1)),
            optional(number(0, 1)),
          ],
        ],
      }),
      note("+UBANDMASK", "trs", "7.1", { set: [[number(0, 1), mask, optional(mask)]] }),
      note("+COPS", "trs", "7.2", {
        set: [[number(0, 4), optional(number(0, 2)), optional(text(16)), optional(number(0, 9))]],
        within: 180_000,
      }),
      note("+CFUN", "trs", "13: 16 resets the module, 15 all but the card", {
        set: [[among(0, 1, 4), optional(number(0, 1))], [among(15, 16)]],
        within: 180_000,
      }),
      // Forgotten at each start.
      note("+UAUTHREQ", "ts", "7.2.1", {
        set: [[number(1, 8), number(0, 3), optional(quoted()), optional(quoted())]],
      }),
      note("+CGEREP", "trs", "7.2.2", { set: [[number(0, 2), optional(number(0, 1))]], factory: "0,0" }),
      note("+URATCONF", "trs", "8.1.4", { set: [new Array(6).fill(optional(number(0, 100_000)))] }),
      note("+USIMSTAT", "trs", "9.1.1", { set: [[number(0, 7)]], factory: "0" }),
      note("+CEINFO", "trs", "9.1.1", { set: [[number(0, 1)]], factory: "0" }),
      note("+CEMODE", "trs", "7.2.3", { set: [[number(0, 3)]], factory: "2" }),
      internet("+UPSD", "ts", "2.2, 2.2.1", {
        set: [[number(0, 6)], [number(0, 6), number(0, 100), optional({ like: /^[^"]{0,99}$/ })]],
      }),
      internet("+UPSDA", "ts", "2.2", { set: [[number(0, 6), number(0, 4)]], within: 150_000 }),
      internet("+UPSND", "ts", "2.2", { set: [[number(0, 6), number(0, 18)]] }),
      internet("+UDNSRN", "ts", "2.3.2", {
        set: [[number(0, 1), host, optional(number(0, 1))]],
        within: 70_000,
      }),
      internet("+UPING", "ts", "2.3.1", { set: [[host, ...new Array(5).fill(optional(number(0, 65_535)))]] }),
      internet("+USOCR", "ts", "5.6", { set: [[among(6, 17), optional(port)]] }),
      internet("+USOST", "ts", "5.6", {
        set: [
          [socket, host, port, number(1, 1_024)],
          [socket, host, port, number(1, 1_024), quoted()],
        ],
        within: 10_000,
      }),
      internet("+USORF", "ts", "5.7", { set: [[socket, number(0, 1_024)]] }),
      internet("+USOCL", "ts", "5.1", { set: [[socket, optional(number(0, 1))]], within: 120_000 }),
      internet("+USOCTL", "ts", "5.1", { set: [[socket, among(0, 1, 2, 3, 4, 10, 11)]] }),
      seen("+URAT", "trs", "ubxlib issue 52", { set: [[among(7, 8), optional(among(7, 8))]] }),
      seen("+UPSMVER", "trs", "not on 00B, ubxlib cell/src/u_cell_pwr.c", {
        set: [[number(0, 255)]],
        factory: "4",
      }),
      // The flag 1, nothing more to come, is in the report, and u-blox calls it right; 2 is 3GPP's for one answer.
      seen("+USOSTF", "ts", "ubxlib issue 67, of 00B and 01B", {
        set: [[socket, host, port, number(0, 2), number(1, 512), quoted()]],
        within: 10_000,
      }),
    ],
  },
);

export const saraR5Manual: Manual = {
  family: "sara-r5",
  unknown: "ERROR",
  notAllowed: { cme: 4 },
  generations: [
    {
      name: "r510s-00b",
      model: "SARA-R510S-00B",
      revision: "02.05",
      technology: "lte-m",
      note: "LTE-M alone; no UPSMVER; hexadecimal is forgotten at a start",
      rows: rowsOf(newest, {
        without: ["+UPSMVER"],
        other: [
          seen("+URAT", "trs", "ubxlib: one technology on 00B", { set: [[number(7, 7)]] }),
          seen("+UBANDMASK", "trs", "ubxlib: one technology on 00B", {
            set: [[number(0, 0), mask, optional(mask)]],
          }),
        ],
      }),
    },
    {
      name: "r510s-01b",
      model: "SARA-R510S-01B",
      revision: "03.15",
      note: "NB-IoT too; hexadecimal is kept",
      rows: newest,
    },
  ],
};
