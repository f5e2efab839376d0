/**
 * Quectel BC66 and BC660K (NB-IoT), after Quectel's AT commands and TCP/IP manuals for the two, and what
 * public drivers that run on them had to learn. Deep sleep takes settings and sockets with it; while
 * AT+QSCLK=1 is in force the UART sleeps lightly as well, ten seconds after the last command, and loses
 * the one that wakes it.
 *
 *     BC66     AT+QIOPEN=1,...    AT+QISENDEX=0,4,"0A0B0C0D"          OK  SEND OK
 *              AT+QIRD=0,512      +QIRD: 4 CR LF <4 bytes>            OK
 *              PSM_EINT ends PSM
 *     BC660K   AT+QIOPEN=0,...    AT+QISEND=0,4,"0A0B0C0D",2          OK  SEND OK
 *              AT+QIRD=0,512      +QIRD: 4,0,"0A0B0C0D"               OK
 *              any byte on the UART ends PSM, and is lost
 *
 * Nothing lets go of the lock by AT+QRELLOCK: the UART would fall asleep between a request and its
 * retransmission, and T3324 is rarely over before the lock is.
 */
import { ascii, startsWith } from "../../text/ascii";
import { allFields, areBands, askBandsBy } from "../at/bands";
import { defaultContext } from "../at/context";
import { fieldsOf, lineText, wholeNumber } from "../at/fields";
import { takeQuotes } from "../at/firmware-gaps";
import { hexLine, readAnnouncedHex, readHexField } from "../at/hex";
import { operatorSteps } from "../at/operator";
import { areFields, clockStep, ensure, signalStep } from "../at/standard-commands";
import { supplyUrc, supplyUrcs } from "./supply-urc";
import { zoneReport } from "../at/zone-report";
import { cell, closeSocket, openSocket, resolve, sent, socketUrc, survival } from "./quectel";
import type { AtResult } from "../at/engine";
import type { FirmwareGaps } from "../at/firmware-gaps";
import type { Family, ModemUrc, Received } from "./family";
import type { SignalAndTime, Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const event = ascii("+QNBIOTEVENT:");
const qird = ascii("+QIRD:");
const qiurc = ascii("+QIURC:");
const cgpaddr = ascii("+CGPADDR:");
const ip = ascii("+IP:");

const openTimeout = 60_000;
const ordinaryTimeout = 10_000;
const cfunTimeout = 85_000;
/** Time for the context behind the registration, ms. */
const contextTimeout = 3_000;
/** Bands can take that long; they are only written when they read otherwise, ms. */
const bandTimeout = 900_000;
/** Most bytes of a datagram, and most that AT+QIRD gives at once. */
const largest = 512;
/** ms after which the UART may have fallen asleep: an AT command keeps it awake for 10 s. */
const lightSleep = 8_000;

/** A setting of `AT+QCFG` or `AT+QICFG`, which the modem keeps. */
function configured(command: string, name: string, value: string, onWritten?: () => void): Step[] {
  return ensure({
    read: `AT+${command}="${name}"`,
    prefix: `+${command}:`,
    fits: (fields) => fields[0] === name && fields.slice(1).join(",") === value,
    write: `AT+${command}="${name}",${value}`,
    onWritten,
  });
}

/** The context is taken up at a restart, and by some firmwares while the radio is off only. */
function accessPoint(wanted: Wanted, changed: () => void): Step[] {
  const [ask, write] = defaultContext("AT+QCGDEFCONT", "+QCGDEFCONT:", wanted, changed);
  const radioOff: Step = { line: ascii("AT+CFUN=0"), timeout: cfunTimeout };
  // The commands that follow find the radio off, after the restart too, and switch it on.
  return [ask, { ...write, otherwise: () => [radioOff, write] }];
}

function radio({ bands }: Wanted): Step[] {
  // The network's time comes with the attach, in UTC.
  const steps = ensure({
    read: "AT+CTZR?",
    prefix: "+CTZR:",
    fits: (fields) => fields[0] === "3",
    write: "AT+CTZR=3",
    optional: true,
  });
  if (bands === undefined) return steps;
  return [
    ...steps,
    ...ensure({
      read: "AT+QBAND?",
      prefix: "+QBAND:",
      // <count>,<band>,… in some firmwares, the bands alone in others, in an order of their own.
      fits: (fields) =>
        areBands(fields, bands) || (fields[0] === String(bands.length) && areBands(fields.slice(1), bands)),
      write: `AT+QBAND=${bands.length},${bands.join(",")}`,
      timeout: bandTimeout,
    }),
  ];
}

/**
 * Waits for the context, which comes a second behind the registration: sockets opened sooner are refused.
 * `+CGPADDR: <context>,"<address>"` when it is there, else `+IP: <address>` once it is.
 */
function attach(context: number): () => Step[] {
  const also = (line: Uint8Array): AtResult | undefined => {
    const there = startsWith(line, ip) || (startsWith(line, cgpaddr) && line.indexOf(0x2e) >= 0);
    return there ? { kind: "ok" } : undefined;
  };
  const line = ascii(`AT+CGPADDR=${context}`);
  return () => [{ line, also, timeout: contextTimeout, optional: true, patient: true }];
}

/** Deep sleep is allowed: forgotten at each start. */
const sleepMode: Step = Object.freeze({ line: ascii("AT+QSCLK=1"), optional: true });

/** Settings that BC66 and BC660K forget in deep sleep, or may. */
function always(): Step[] {
  return [
    sleepMode,
    ...ensure({
      read: "AT+QNBIOTEVENT?",
      prefix: "+QNBIOTEVENT:",
      // +QNBIOTEVENT: <on>,<event>
      fits: (fields) => areFields(fields, ["1", "1"]),
      write: "AT+QNBIOTEVENT=1,1",
      optional: true,
      gap: "signs",
    }),
  ];
}

function urc(line: Uint8Array): ModemUrc | undefined {
  if (startsWith(line, qiurc)) return pushed(line) ?? socketUrc(line);
  const clock = zoneReport(line);
  if (clock !== undefined) return { kind: "time", clock };
  if (!startsWith(line, event)) return supplyUrc(line);
  const text = lineText(line, event.length, Math.min(line.length, 48));
  // Deep sleep follows PSM; either sign will do, for lines get lost.
  if (text.indexOf("ENTER PSM") >= 0 || text.indexOf("ENTER DEEPSLEEP") >= 0) return { kind: "asleep" };
  return text.indexOf("EXIT") >= 0 ? { kind: "awake" } : undefined;
}

/** `+QIURC: "recv",<id>,<length>,"<hex>"`: what an open without access mode 0 would have them say. */
function pushed(line: Uint8Array): ModemUrc | undefined {
  const last = line.lastIndexOf(0x2c);
  if (line[line.length - 1] !== 0x22 || line[last + 1] !== 0x22) return undefined;
  const fields = fieldsOf(line.subarray(0, last), qiurc.length);
  const socket = wholeNumber(fields[1]);
  if (fields[0] !== "recv" || fields.length !== 3 || socket === undefined) return undefined;
  const bytes = readHexField(line, last + 1);
  return bytes === undefined || bytes.length !== wholeNumber(fields[2])
    ? { kind: "unreadable" }
    : { kind: "datagram", socket, bytes };
}

/** The rate of its UART, kept without power. */
function rate(baud: number): Step[] {
  return [{ line: ascii(`AT+IPR=${baud}`), optional: true }];
}

const shared: Omit<
  Family,
  | "name"
  | "models"
  | "banners"
  | "power"
  | "sleep"
  | "always"
  | "persistent"
  | "attach"
  | "resolve"
  | "signalAndTime"
  | "sockets"
> = Object.freeze({
  iccid: "AT+QCCID",
  baud: 115_200,
  rate,
  gap: 20,
  urcs: Object.freeze(
    [
      "+QIURC:",
      "+QIOPEN:",
      "+QNBIOTEVENT:",
      "+IP:",
      "+CSCON:",
      "+CFUN:",
      "CLOSE OK",
      "SEND OK",
      "+CTZEU:",
      "+CEDRXP:",
      "+QIDNSGIP:",
      ...supplyUrcs,
    ].map(ascii),
  ),
  cereg: 5,
  cfunTimeout,
  restart: "AT+QRST=1",
  imei: (onLine: (line: Uint8Array) => void): Step[] => [
    { line: ascii("AT+CGSN=1"), prefix: ascii("+CGSN:"), onLine },
  ],
  radio,
  search: operatorSteps,
  cell,
  bands: (onBands: (bands: string) => void): Step[] =>
    askBandsBy("AT+QBAND?", "+QBAND:", onBands, allFields, bandTimeout),
  urc,
} as const);

/**
 * Opens a socket in buffer mode. The mode is said outright: where it is left out, some firmwares push what
 * they receive. The modem chooses its own port.
 */
function open(context: number): Family["sockets"]["open"] {
  // A constant, as the function lies in flash, where a parameter that it captures is none.
  const head = `AT+QIOPEN=${context},`;
  return (id, address, port, opened) =>
    openSocket(`${head}${id},"UDP","${address}",${port},0,0`, id, openTimeout, opened);
}

function readRaw(id: number, onData: (received: Received) => void): Step[] {
  return [
    {
      line: ascii(`AT+QIRD=${id},${largest}`),
      prefix: qird,
      timeout: ordinaryTimeout,
      raw: {
        sameLine: false,
        count: (header) => wholeNumber(fieldsOf(header, qird.length)[0]),
        onData: (bytes, missing = 0) => onData({ bytes: bytes.slice(), cut: missing > 0 }),
      },
    },
  ];
}

/**
 * `+QIRD: <length>[,<left>],"<hex>"`, or the digits on a line of their own: which of the two AT+QICFG's
 * viewmode 0 means, documents and drivers do not agree on. `+QIRD: 0` when there is nothing.
 */
function readHexadecimal(id: number, onData: (received: Received) => void): Step[] {
  let length = 0;
  const take = (line: Uint8Array, start: number): void => {
    const received = readAnnouncedHex(line, start, length);
    if (received === undefined || received.bytes.length === 0) return;
    // The number of bytes left is a field of digits as well, without quotes and never as long as the datagram.
    if (received.cut && start > 0 && line[start] !== 0x22) return;
    length = 0;
    onData(received);
  };
  const onLine = (line: Uint8Array): void => {
    if (!startsWith(line, qird)) return take(line, 0);
    const comma = line.indexOf(0x2c);
    length = wholeNumber(lineText(line, qird.length, comma < 0 ? line.length : comma)) ?? 0;
    if (comma >= 0) take(line, line.lastIndexOf(0x2c) + 1);
  };
  return [
    { line: ascii(`AT+QIRD=${id},${largest}`), prefix: qird, bare: true, onLine, timeout: ordinaryTimeout },
  ];
}

/**
 * Firmwares differ in whether the digits want quotes; which of the two a firmware takes is remembered, and the other
 * is for one that refuses it. No prompt is waited for, which a modem that sleeps lightly may owe.
 */
function sendHexadecimal(id: number, bytes: Uint8Array, gaps: FirmwareGaps): Step[] {
  const head = `AT+QISENDEX=${id},${bytes.length},`;
  const quotes = !gaps.quotes;
  const other: Step = {
    timeout: ordinaryTimeout,
    ends: sent,
    // Built only when it is needed: the line is twice as long as the datagram.
    get line() {
      return quotes ? hexLine(head, bytes) : hexLine(`${head}"`, bytes, '"');
    },
    onOk: (now) => takeQuotes(gaps, quotes, now),
  };
  const line = quotes ? hexLine(`${head}"`, bytes, '"') : hexLine(head, bytes);
  return [{ timeout: ordinaryTimeout, ends: sent, line, optional: true, otherwise: () => [other] }];
}

/** Quectel BC66 and BC66-NA. */
export const bc66: Family = Object.freeze({
  ...shared,
  name: "bc66",
  // With the blank, as BC660K begins with BC66 too.
  models: Object.freeze(["BC66 ", "BC66NA", "BC66-NA"]),
  // The boot ROM speaks even where RDY waits for the first AT (auto-baud).
  banners: Object.freeze([ascii("RDY"), ascii("Leaving the BROM")]),
  power: Object.freeze({ on: 600, off: 0, wake: 300, reset: 500, down: 2_000, boot: 10_000 }),
  powerOff: Object.freeze({ line: "AT+QPOWD=0", timeout: 10_000 }),
  sleep: Object.freeze({ wakes: "pin", boots: true, light: lightSleep }),
  always,
  persistent: (wanted: Wanted, changed: () => void): Step[] => [
    ...accessPoint(wanted, changed),
    // As modems leave the factory: data raw, on the line behind its header.
    ...configured("QICFG", "dataformat", "0,0"),
    ...configured("QICFG", "viewmode", "0"),
  ],
  attach: attach(1),
  resolve: (name: string, onAddress: (address: string) => void): Step[] =>
    resolve(`AT+QIDNSGIP=1,"${name}"`, "+QIURC:", onAddress),
  signalAndTime: ({ onSignal, onTime }: SignalAndTime): Step[] => [
    signalStep(onSignal),
    {
      // UTC, the zone behind it for information; older firmwares have 3GPP's own command alone.
      ...clockStep("AT+QCCLK?", "+QCCLK:", onTime, "utc"),
      otherwise: () => [clockStep("AT+CCLK?", "+CCLK:", onTime)],
    },
  ],
  sockets: Object.freeze({
    count: 5,
    largest,
    open: open(1),
    close: closeSocket,
    send: (
      id: number,
      bytes: Uint8Array,
      _: string,
      __: number,
      release: boolean,
      gaps: FirmwareGaps,
    ): Step[] => [
      ...(release ? [{ line: ascii("AT+QNBIOTRAI=2"), optional: true }] : []),
      ...sendHexadecimal(id, bytes, gaps),
    ],
    read: readRaw,
    readLimit: largest,
    survival,
  }),
} as const);

/** Quectel BC660K. */
export const bc660k: Family = Object.freeze({
  ...shared,
  name: "bc660k",
  models: Object.freeze(["BC660K"]),
  banners: Object.freeze([ascii("RDY")]),
  restartKeepsSettings: true,
  power: Object.freeze({ on: 0, off: 0, wake: 0, reset: 500, down: 0, boot: 10_000 }),
  sleep: Object.freeze({ wakes: "uart", boots: true, light: lightSleep }),
  // The manual has it that all but QSCLK are kept. They are asked for where the modem has not kept the level of
  // `+CEREG:` either, as every datagram depends on dataformat.
  always: (_: Wanted, kept = false): Step[] =>
    kept ? [sleepMode] : always().concat(configured("QICFG", "dataformat", "1,1")),
  persistent: (wanted: Wanted, changed: () => void): Step[] => [
    ...accessPoint(wanted, changed),
    // Without wakeupRXD nothing but T3412 ends PSM. It takes effect at the next start.
    ...configured("QCFG", "wakeupRXD", "1", changed),
    ...configured("QCFG", "dsevent", "1"),
  ],
  attach: attach(0),
  resolve: (name: string, onAddress: (address: string) => void): Step[] =>
    resolve(`AT+QIDNSGIP=0,"${name}"`, "+QIDNSGIP:", onAddress),
  // The time comes unasked, with the attach: a question would cost each wake.
  signalAndTime: ({ onSignal }: SignalAndTime): Step[] => [signalStep(onSignal)],
  sockets: Object.freeze({
    count: 5,
    largest,
    open: open(0),
    close: closeSocket,
    send: (id: number, bytes: Uint8Array, _: string, __: number, release: boolean): Step[] => [
      {
        line: hexLine(`AT+QISEND=${id},${bytes.length},"`, bytes, release ? '",2' : '"'),
        timeout: ordinaryTimeout,
        ends: sent,
      },
    ],
    read: readHexadecimal,
    readLimit: largest,
    survival,
  }),
} as const);
