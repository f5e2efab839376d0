/**
 * SIMCom SIM7020 (NB-IoT), after SIMCom's AT manual V1.05 for the series and its low-power application
 * note. Sockets are the modem's to number, datagrams go in hexadecimal both ways and are pushed:
 *
 *     AT+CSOC=1,2,1 -> +CSOC: 0    AT+CSOCON=0,5683,"203.0.113.5"    AT+CSOSEND=0,8,0A0B0C0D
 *     +CSONMI: 0,8,0A0B0C0D        +CSOERR: 0,1
 *
 * Lengths count hex digits. A UDP socket lives through PSM once AT+RETENTION=1 was said behind CPSMS.
 */
import { ascii, startsWith } from "../../text/ascii";
import { fieldsOf, lineText, parseClock, wholeNumber } from "../at/fields";
import { hexLine, readHexField } from "../at/hex";
import { allFields, areBands, askBandsBy } from "../at/bands";
import { defaultContext } from "../at/context";
import { operatorSteps } from "../at/operator";
import { edrxSteps, ensure, psmSteps, usualSignalAndTime } from "../at/standard-commands";
import { simcomPowerOff, supplyUrc, supplyUrcs } from "./supply-urc";
import { zoneReport } from "../at/zone-report";
import { resolveByCdnsgip } from "../at/resolve";
import type { Clock } from "../at/clock";
import type { Cell, Family, ModemUrc } from "./family";
import type { Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const csonmi = ascii("+CSONMI:");
const csoerr = ascii("+CSOERR:");
const cpsmstatus = ascii("+CPSMSTATUS:");
const clts = ascii("+CLTS:");

/** The manual's maximum for CSOCON, ms. */
const connectTimeout = 75_000;
const ordinaryTimeout = 10_000;

/** Most bands that the list of preferred ones takes. */
const mostBands = 4;

function radio(wanted: Wanted): Step[] {
  return defaultContext("AT*MCGDEFCONT", "*MCGDEFCONT:", wanted).concat(bandSteps(wanted));
}

function bandSteps({ bands }: Wanted): Step[] {
  if (bands === undefined) return [];
  // A longer list is not to be had: without any the modem searches all that it has.
  const few = bands.length <= mostBands;
  const single = bands.length === 1 ? bands[0] : 0;
  return [
    // The one band that a former owner may have left, 0 for all: a search goes no further, whatever it prefers.
    ...ensure({
      read: "AT+CBAND?",
      prefix: "+CBAND:",
      fits: (fields) => fields[0] === "0" || bands.every((band) => fields.indexOf(String(band)) >= 0),
      write: `AT+CBAND=${single}`,
      optional: true,
    }),
    ...ensure({
      read: "AT+CBANDSL?",
      prefix: "+CBANDSL:",
      fits: (fields) => few && areBands(fields, bands),
      write: few ? `AT+CBANDSL=1,${bands.length},${bands.join(",")}` : "AT+CBANDSL=0",
    }),
  ];
}

function askBands(onBands: (bands: string) => void): Step[] {
  return askBandsBy("AT+CBAND?", "+CBAND:", onBands, allFields);
}

/** `+CENG: <earfcn>,<offset>,<pci>,"<cell>",<rsrp>,<rsrq>,<rssi>,<snr>,<band>,"<area>",<ecl>,…` */
function cell(onCell: (part: Cell) => void): Step[] {
  return [
    {
      line: ascii("AT+CENG?"),
      prefix: ascii("+CENG:"),
      optional: true,
      onLine: (line) => {
        const fields = fieldsOf(line, 6);
        // Neighbours have four fields.
        if (fields.length < 9) return;
        onCell({
          cellId: fields[3],
          rsrp: wholeNumber(fields[4]),
          rsrq: wholeNumber(fields[5]),
          snr: wholeNumber(fields[7]),
          band: wholeNumber(fields[8]),
          ecl: wholeNumber(fields[10]),
        });
      },
    },
  ];
}

/** Errors of a socket, as `+CSOERR:` and `+CSOC` tell them. */
const meanings: Readonly<Record<string, string>> = Object.freeze({
  "-1": "common error",
  1: "no route",
  2: "connection aborted",
  3: "connection reset",
  4: "not connected",
  5: "wrong value",
  6: "buffer full",
  7: "would block",
  8: "address in use",
  9: "connected already",
  10: "connecting already",
  11: "no interface",
  12: "wrong parameter",
});

function saving(wanted: Wanted): Step[] {
  const steps = edrxSteps(wanted).concat(psmSteps(wanted));
  if (wanted.psm === undefined) return steps;
  steps.unshift({ line: ascii("AT+CPSMSTATUS=1") });
  steps.push({ line: ascii("AT+RETENTION=1"), gap: "sockets" });
  return steps;
}

function open(_: number, address: string, port: number, opened: (id: number) => void): Step[] {
  let id: number | undefined;
  const create: Step = {
    line: ascii("AT+CSOC=1,2,1"),
    prefix: ascii("+CSOC:"),
    onLine: (line) => {
      id = wholeNumber(fieldsOf(line, 6)[0]);
      if (id !== undefined) opened(id);
    },
  };
  const connect: Step = {
    // The id is known once this step has its turn.
    get line() {
      return ascii(`AT+CSOCON=${id},${port},"${address}"`);
    },
    timeout: connectTimeout,
  };
  return [create, connect];
}

function send(id: number, bytes: Uint8Array, _: string, __: number, release: boolean): Step[] {
  const steps: Step[] = [];
  // The flag holds for one datagram, so it is set before each.
  if (release) steps.push({ line: ascii("AT+CNBIOTRAI=2"), optional: true });
  steps.push({ line: hexLine(`AT+CSOSEND=${id},${bytes.length * 2},`, bytes), timeout: ordinaryTimeout });
  return steps;
}

function urc(line: Uint8Array, cut = false): ModemUrc | undefined {
  if (startsWith(line, csonmi)) return datagram(line, cut);
  if (cut) return undefined;
  if (startsWith(line, csoerr)) {
    const fields = fieldsOf(line, csoerr.length);
    const socket = wholeNumber(fields[0]);
    return socket === undefined ? undefined : { kind: "closed", socket, reason: reason(fields[1]) };
  }
  if (startsWith(line, cpsmstatus)) {
    const status = lineText(line, cpsmstatus.length);
    if (status.indexOf("ENTER") >= 0) return { kind: "asleep" };
    if (status.indexOf("EXIT") >= 0) return { kind: "awake" };
  }
  const clock = startsWith(line, clts) ? localTime(line) : zoneReport(line);
  return clock === undefined ? supplyUrc(line) : { kind: "time", clock };
}

/** `+CLTS: 18/06/22,09:27:49+32`, and in summer `,"DST +1 in use"`. */
function localTime(line: Uint8Array): Clock | undefined {
  const quote = line.indexOf(0x22);
  return parseClock(quote < 0 ? line : line.subarray(0, quote - 1), "local");
}

function reason(code = "unknown"): string {
  return meanings[code] === undefined ? code : `${code} (${meanings[code]})`;
}

/** `+CSONMI: <socket>,<hex digits>,<hex>` */
function datagram(line: Uint8Array, cut: boolean): ModemUrc {
  const first = line.indexOf(0x2c, csonmi.length);
  const second = line.indexOf(0x2c, first + 1);
  if (first < 0 || second < 0) return { kind: "unreadable" };
  const socket = wholeNumber(lineText(line, csonmi.length, first));
  const digits = wholeNumber(lineText(line, first + 1, second));
  const start = second + 1;
  const bytes = readHexField(line, start, cut ? line.length - ((line.length - start) & 1) : line.length);
  if (socket === undefined || bytes === undefined || digits === undefined) return { kind: "unreadable" };
  if (cut ? digits <= 2 * bytes.length : digits !== 2 * bytes.length) return { kind: "unreadable" };
  return { kind: "datagram", socket, bytes, cut };
}

/** SIMCom SIM7020. */
export const sim7020: Family = Object.freeze({
  name: "sim7020",
  models: Object.freeze(["SIM7020"]),
  baud: 115_200,
  rate: (baud: number) => [{ line: ascii(`AT+IPR=${baud}`), optional: true }],
  gap: 20,
  urcs: Object.freeze(
    [
      "+CSONMI:",
      "+CSOERR:",
      "+CPSMSTATUS:",
      "+CLTS:",
      "+CFUN:",
      "*PSUTTZ",
      "DST:",
      "+CEDRXP:",
      "+CDNSGIP:",
      ...supplyUrcs,
      "SMS Ready",
    ].map(ascii),
  ),
  banners: Object.freeze([ascii("RDY")]),
  power: Object.freeze({ on: 1_100, off: 1_100, wake: 800, reset: 0, down: 5_000, boot: 12_000 }),
  powerOff: simcomPowerOff,
  sleep: Object.freeze({ wakes: "key", boots: false }),
  cereg: 5,
  cfunTimeout: 30_000,
  always: () => [],
  // With auto-baud the modem does not announce its boots.
  persistent: ({ baud = 115_200 }: Wanted) =>
    ensure({
      read: "AT+IPR?",
      prefix: "+IPR:",
      fits: (fields) => fields[0] === String(baud),
      write: `AT+IPR=${baud}`,
    }),
  radio,
  saving,
  sleepy: () => [{ line: ascii("AT+CLTS=1"), optional: true }],
  search: operatorSteps,
  signalAndTime: usualSignalAndTime,
  cell,
  bands: askBands,
  resolve: (name: string, onAddress: (address: string) => void): Step[] =>
    resolveByCdnsgip(`AT+CDNSGIP="${name}"`, onAddress),
  urc,
  sockets: Object.freeze({
    count: 5,
    largest: 512,
    open,
    close: (id: number) => [{ line: ascii(`AT+CSOCL=${id}`), optional: true, timeout: ordinaryTimeout }],
    send,
  }),
} as const);
