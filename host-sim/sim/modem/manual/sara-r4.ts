/**
 * u-blox SARA-R410M, from u-blox's AT commands manual UBX-17003787: the named pages of its revisions R16
 * (2020-06-11), R11 and R09 (2018-06-15) are certain; the rest is what ubxlib, MKRNB, TinyGSM and Particle's
 * device-os send to these modules, and what they say of the answers.
 *
 * Left out, as no sensor wants them: calls, messages beside +CMGF and +CNMI, the phone book, the multiplexer and
 * PPP, files, FTP, HTTP, MQTT, LwM2M, TLS, position, pins beside +UGPIOC, and the product tests.
 *
 * There is no AT+CGAUTH (but +UAUTHREQ), no release assistance in any form, and no CEREG 5 on any of them.
 */
import type { Manual, ManualRow } from "./manual";
import { rowsOf } from "./manual";
import { empty, psmArguments, quoted, rowsIn } from "./rows";
import { among, bits, number, optional } from "./shapes";
import { basicRows, identityRows, socketRows, usualRows } from "./ublox";

const r16 = rowsIn("UBX-17003787 R16", "certain");
const r09 = rowsIn("UBX-17003787 R09", "certain");
const seen = rowsIn("ubxlib, MKRNB, TinyGSM, device-os", "reported");
const guess = rowsIn("as on other modules of u-blox", "assumed");

const mask = { like: /^[0-9]{1,20}$/, quoted: false } as const;

/** R410M-83B, which has all that is of interest here. */
const newest: readonly ManualRow[] = rowsOf(
  [
    ...basicRows(guess),
    ...identityRows(rowsIn("UBX-17003787 R11, contents", "certain")),
    ...usualRows(seen),
    ...socketRows(rowsIn("UBX-17003787 R16, p. 206 to 224", "certain")),
  ],
  {
    other: [
      r16("+CEREG", "trs", "p. 151", { set: [[number(0, 4)]], refuses: { cme: 4 } }),
      r16("+UPSMR", "trs", "p. 186", { set: [[number(0, 1)]] }),
      r16("+UCPSMS", "tr", "p. 184"),
      r16("+CPSMS", "trs", "p. 182 to 184", { set: [psmArguments(optional(number(0, 1)))] }),
      r16("+UBANDMASK", "trs", "p. 66 to 67", { set: [[number(0, 1), mask, optional(mask)]] }),
      r09("+UAUTHREQ", "ts", "p. 141", {
        set: [[number(1, 8), number(0, 3), optional(quoted()), optional(quoted())]],
      }),
      seen("+URAT", "trs", "TinyGSM pull 253; ubxlib cell/src/u_cell_cfg.c", {
        set: [[among(7, 8), optional(among(7, 8))]],
      }),
      seen("+UMNOPROF", "trs", "ubxlib issue 179; device-os sara_ncp_client.cpp", {
        set: [[among(0, 1, 2, 3, 4, 5, 6, 8, 19, 20, 21, 31, 32, 39, 90, 100, 101, 198, 199)]],
      }),
      // 1 to 3 are of other families; 4 is what they call 1.
      seen("+UPSV", "trs", "ubxlib cell/src/u_cell_pwr.c", { set: [[among(0, 4)]] }),
      seen("+UPSMVER", "trs", "ubxlib cell/src/u_cell_pwr.c", { set: [[number(0, 255)]], factory: "4" }),
      seen("+CSCON", "trs", "ubxlib: R412M has it, R410M-02B has not", { set: [[number(0, 1)]] }),
      seen("+CFUN", "trs", "TinyGSM pull 253: neither 16 nor 19 nor 127", {
        set: [[among(0, 1, 4), optional(number(0, 1))], [number(15, 15)]],
        within: 180_000,
      }),
      seen("+IPR", "trs", "UBX-17003787 as RIOT-OS quotes it", {
        set: [[among(9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800)]],
      }),
      seen("+UDNSRN", "ts", "toitware/cellular gives it 70 s; ubxlib", {
        set: [[number(0, 1), quoted(/^[A-Za-z0-9.-]{1,128}$/)]],
        within: 70_000,
      }),
      seen("+CEMODE", "trs", "device-os", { set: [[among(0, 2)]], factory: "2" }),
      seen("+IFC", "trs", "device-os", { set: [[number(0, 2), number(0, 2)]], factory: "2,2" }),
    ],
  },
);

/** R410M-02B: no sign of its sleep, no connection status. All three arguments of CPSMS are mandatory, but for 0. */
const with02b = rowsOf(newest, {
  without: ["+UPSMR", "+CSCON"],
  other: [
    r16("+CPSMS", "trs", "p. 184; AT+CPSMS=0 alone is device-os's", {
      set: [[number(0, 0)], [number(0, 1), empty, empty, bits(8), bits(8)]],
    }),
  ],
});

export const saraR4Manual: Manual = {
  family: "sara-r4",
  unknown: "ERROR",
  notAllowed: { cme: 4 },
  generations: [
    {
      name: "r410m-02b-00",
      model: "SARA-R410M-02B",
      revision: "L0.0.00.00.05.06",
      note: "CEREG up to 3: the timers that were granted stand in UCPSMS alone",
      rows: rowsOf(with02b, {
        other: [
          r16("+CEREG", "trs", "p. 151", { set: [[number(0, 3)]], refuses: { cme: 4 } }),
          seen("+IPR", "trs", "UBX-17003787 as RIOT-OS quotes it", {
            set: [[among(9_600, 19_200, 38_400, 57_600, 115_200)]],
          }),
        ],
      }),
    },
    {
      name: "r410m-02b-04",
      model: "SARA-R410M-02B",
      revision: "L0.0.00.00.05.12",
      note: "CEREG up to 4, then with one more field behind the area; no UPSMR",
      rows: with02b,
    },
    {
      name: "r410m-83b",
      model: "SARA-R410M-83B",
      revision: "L0.0.00.00.08.12",
      note: "tells of its sleep and of its connection",
      rows: newest,
    },
  ],
};
