/**
 * Quectel BC66 and BC660K (NB-IoT), after Quectel's AT commands and TCP/IP manuals for the two. Deep
 * sleep takes settings and sockets with it; while AT+QSCLK=1 is in force the UART may sleep lightly as
 * well, and lose the first characters.
 *
 *     BC66     AT+QIOPEN=1,...    AT+QISEND=0,4  > <4 bytes>          OK  SEND OK
 *              AT+QIRD=0,1100     +QIRD: 4 CR LF <4 bytes>            OK
 *              PSM_EINT ends PSM
 *     BC660K   AT+QIOPEN=0,...    AT+QISEND=0,4,"0A0B0C0D",2          OK  SEND OK
 *              AT+QIRD=0,512      +QIRD: 4,0,"0A0B0C0D"               OK
 *              any byte on the UART ends PSM, and is lost
 *
 * BC66 sends raw behind a prompt: firmwares differ in whether QISENDEX wants quotes around its digits.
 */
import { ascii, asciiText, startsWith } from "../../text/ascii";
import { fieldsOf, wholeNumber } from "../fields";
import { hexLine, readHexField } from "../hex";
import { ensure, usualSurvey } from "../set-up";
import { closeSocket, openSocket, sent, socketUrc, survival } from "./quectel";
import type { Family, ModemUrc, Received, Wanted } from "../family";
import type { Step } from "../script";

const event = ascii("+QNBIOTEVENT:");
const qird = ascii("+QIRD:");

const openTimeout = 60_000;
const ordinaryTimeout = 10_000;
/** Bands can take that long; they are only written when they read otherwise, ms. */
const bandTimeout = 300_000;
/** Most bytes of a datagram. */
const largest = 512;
/** ms after which the UART may have fallen asleep: an AT command keeps it awake for 10 s. */
const lightSleep = 8_000;

/** The access point name is taken up at a restart. */
function persistent({ apn }: Wanted, changed: () => void): Step[] {
  return ensure({
    read: "AT+QCGDEFCONT?",
    prefix: "+QCGDEFCONT:",
    fits: (fields) => fields[0] === "IP" && fields[1] === apn,
    write: `AT+QCGDEFCONT="IP","${apn}"`,
    onWritten: changed,
  });
}

function radio({ bands }: Wanted): Step[] {
  if (bands === undefined) return [];
  // +QBAND: <count>,<band>,… in some firmwares, the bands alone in others.
  const list = bands.join(",");
  return ensure({
    read: "AT+QBAND?",
    prefix: "+QBAND:",
    fits: (fields) => fields.join(",") === list || fields.join(",") === `${bands.length},${list}`,
    write: `AT+QBAND=${bands.length},${list}`,
    timeout: bandTimeout,
  });
}

function urc(line: Uint8Array): ModemUrc | undefined {
  if (!startsWith(line, event)) return socketUrc(line);
  const text = asciiText(line, event.length, Math.min(line.length, 48));
  // Deep sleep follows PSM; either sign will do, for lines get lost.
  if (text.indexOf("ENTER PSM") >= 0 || text.indexOf("ENTER DEEPSLEEP") >= 0) return { kind: "asleep" };
  return text.indexOf("EXIT") >= 0 ? { kind: "awake" } : undefined;
}

const shared: Omit<Family, "name" | "models" | "power" | "sleep" | "always" | "idle" | "sockets"> =
  Object.freeze({
    baud: 115_200,
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
      ].map(ascii),
    ),
    banners: Object.freeze([ascii("RDY")]),
    cereg: 5,
    cfunTimeout: 85_000,
    restart: "AT+QRST=1",
    imei: (onLine: (line: Uint8Array) => void): Step[] => [
      { line: ascii("AT+CGSN=1"), prefix: ascii("+CGSN:"), onLine },
    ],
    persistent,
    radio,
    survey: usualSurvey,
    urc,
  } as const);

function readRaw(id: number, onData: (received: Received) => void): Step[] {
  return [
    {
      line: ascii(`AT+QIRD=${id},1100`),
      prefix: qird,
      timeout: ordinaryTimeout,
      raw: {
        sameLine: false,
        count: (header) => wholeNumber(fieldsOf(header, qird.length)[0]),
        onData: (bytes) => onData({ bytes: bytes.slice() }),
      },
    },
  ];
}

/** `+QIRD: <length>,<left>,"<hex>"`, or `+QIRD: 0`. */
function readHexadecimal(id: number, onData: (received: Received) => void): Step[] {
  const onLine = (line: Uint8Array): void => {
    const first = line.indexOf(0x2c);
    const second = line.indexOf(0x2c, first + 1);
    if (first < 0 || second < 0) return;
    const length = wholeNumber(asciiText(line, qird.length, first).trim());
    const bytes = readHexField(line, second + 1);
    if (bytes !== undefined && length === bytes.length) onData({ bytes });
  };
  return [{ line: ascii(`AT+QIRD=${id},${largest}`), prefix: qird, onLine, timeout: ordinaryTimeout }];
}

export const bc66: Family = Object.freeze({
  ...shared,
  name: "bc66",
  // With the blank: it is also how the other one's name begins.
  models: Object.freeze(["BC66 ", "BC66NA"]),
  power: Object.freeze({ on: 600, off: 0, wake: 300, reset: 500, down: 2_000, boot: 10_000 }),
  sleep: Object.freeze({ wakes: "pin", boots: true, announced: true, light: lightSleep }),
  always: (): Step[] => [
    { line: ascii("AT+QSCLK=1"), optional: true },
    { line: ascii("AT+QNBIOTEVENT=1,1"), optional: true },
  ],
  sockets: Object.freeze({
    count: 5,
    largest,
    open: (id: number, address: string, port: number, opened: (id: number) => void): Step[] =>
      openSocket(`AT+QIOPEN=1,${id},"UDP","${address}",${port}`, id, openTimeout, opened),
    close: closeSocket,
    send: (id: number, bytes: Uint8Array, _: string, __: number, release: boolean): Step[] => [
      ...(release ? [{ line: ascii("AT+QNBIOTRAI=2"), optional: true }] : []),
      {
        line: ascii(`AT+QISEND=${id},${bytes.length}`),
        payload: { prompt: 0x3e, bytes },
        timeout: ordinaryTimeout,
        ends: sent,
      },
    ],
    read: readRaw,
    survival,
  }),
} as const);

export const bc660k: Family = Object.freeze({
  ...shared,
  name: "bc660k",
  models: Object.freeze(["BC660K"]),
  power: Object.freeze({ on: 0, off: 0, wake: 0, reset: 500, down: 0, boot: 10_000 }),
  sleep: Object.freeze({ wakes: "uart", boots: true, announced: true, light: lightSleep }),
  always: (): Step[] => [
    { line: ascii("AT+QSCLK=1"), optional: true },
    { line: ascii('AT+QCFG="dsevent",1'), optional: true },
    { line: ascii('AT+QCFG="wakeupRXD",1'), optional: true },
    { line: ascii("AT+QNBIOTEVENT=1,1"), optional: true },
    { line: ascii('AT+QICFG="dataformat",1,1') },
    { line: ascii('AT+QICFG="viewmode",1') },
    { line: ascii('AT+QICFG="showlength",1') },
  ],
  // Else each command keeps it awake for ten seconds.
  idle: Object.freeze(["AT+QRELLOCK"]),
  sockets: Object.freeze({
    count: 5,
    largest,
    open: (id: number, address: string, port: number, opened: (id: number) => void): Step[] =>
      openSocket(`AT+QIOPEN=0,${id},"UDP","${address}",${port}`, id, openTimeout, opened),
    close: closeSocket,
    send: (id: number, bytes: Uint8Array, _: string, __: number, release: boolean): Step[] => [
      {
        line: hexLine(`AT+QISEND=${id},${bytes.length},"`, bytes, release ? '",2' : '"'),
        timeout: ordinaryTimeout,
        ends: sent,
      },
    ],
    read: readHexadecimal,
    survival,
  }),
} as const);
