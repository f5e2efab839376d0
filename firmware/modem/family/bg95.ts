/**
 * Quectel BG95 and BG77 (LTE-M and NB-IoT), after Quectel's AT commands, TCP/IP and QCFG manuals for
 * the series. The host numbers the sockets; datagrams go out in hexadecimal and are kept by the modem
 * until they are read, raw:
 *
 *     AT+QIOPEN=1,0,"UDP","203.0.113.5",5683,0,0    OK    +QIOPEN: 0,0      up to 150 s later
 *     AT+QISENDEX=0,"0A0B0C0D"                      SEND OK
 *     +QIURC: "recv",0     AT+QIRD=0,1100    +QIRD: 4 CR LF <4 bytes> CR LF    OK
 *
 * PSM is power-off: the modem starts anew when it is woken, and knows its kept settings only.
 */
import { ascii, startsWith } from "../../text/ascii";
import { fieldsOf, wholeNumber } from "../at/fields";
import { hexLine } from "../at/hex";
import { askCause, askPinTries, clockStep, ensure } from "../at/standard-commands";
import { closeSocket, openSocket, sent, socketUrc } from "./quectel";
import type { Family, ModemUrc, Received } from "./family";
import type { SignalAndTime, Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const qird = ascii("+QIRD:");
const psmPowerDown = ascii("PSM POWER DOWN");

/** The manual's maximum for what needs the network, ms. */
const networkTimeout = 150_000;
const ordinaryTimeout = 10_000;
/** Most bytes read at once: more than a datagram has. */
const readLimit = 1_100;

/** A QCFG setting with one value. */
function configured(name: string, value: string, write = `${value},1`): Step[] {
  return ensure({
    read: `AT+QCFG="${name}"`,
    prefix: "+QCFG:",
    fits: (fields) => fields[0] === name && fields[1] === value,
    write: `AT+QCFG="${name}",${write}`,
    optional: true,
  });
}

function persistent({ bands }: Wanted): Step[] {
  const steps = [
    // NB-IoT only: a search through LTE-M and GSM takes minutes.
    ...configured("iotopmode", "1"),
    ...configured("nwscanmode", "3"),
    ...configured("psm/urc", "1", "1"),
  ];
  if (bands === undefined) return steps;
  const mask = bandMask(bands);
  return [
    ...steps,
    ...ensure({
      read: 'AT+QCFG="band"',
      prefix: "+QCFG:",
      fits: (fields) => fields[0] === "band" && stripped(fields[3]) === mask,
      write: `AT+QCFG="band",0,0,${mask},1`,
      optional: true,
    }),
  ];
}

/** Bit n - 1 for band n, in hexadecimal. */
function bandMask(bands: readonly number[]): string {
  const digits: number[] = [];
  for (let i = 0; i < bands.length; i++) {
    const bit = bands[i] - 1;
    while (digits.length <= bit >> 2) digits.push(0);
    digits[bit >> 2] |= 1 << (bit & 3);
  }
  let text = "";
  for (let i = digits.length - 1; i >= 0; i--) text += digits[i].toString(16);
  return text;
}

/** A mask as the modem prints it, without `0x` and zeros in front. */
function stripped(mask: string | undefined): string {
  return (mask ?? "").toLowerCase().replace(/^0x0*/, "");
}

function radio({ apn }: Wanted): Step[] {
  return ensure({
    read: "AT+QICSGP=1",
    prefix: "+QICSGP:",
    fits: (fields) => fields[1] === apn,
    write: `AT+QICSGP=1,1,"${apn}","","",1`,
  });
}

/** Activates the context, unless it is still active. */
function attach(): Step[] {
  return ensure({
    read: "AT+QIACT?",
    prefix: "+QIACT:",
    fits: (fields) => fields[0] === "1" && fields[1] === "1",
    write: "AT+QIACT=1",
    timeout: networkTimeout,
  });
}

function signalAndTime({ onSignal, onTime }: SignalAndTime): Step[] {
  return [
    {
      // +QCSQ: "NBIoT",<rssi>,<rsrp>,<sinr>,<rsrq>
      line: ascii("AT+QCSQ"),
      prefix: ascii("+QCSQ:"),
      optional: true,
      onLine: (line) => {
        const rssi = wholeNumber(fieldsOf(line, 6)[1]);
        if (rssi !== undefined && rssi < 0) onSignal(rssi);
      },
    },
    // The network's time as it was told last, in UTC; the zone behind it is for information only.
    clockStep("AT+QLTS=1", "+QLTS:", onTime, "utc"),
  ];
}

function open(id: number, address: string, port: number, opened: (id: number) => void): Step[] {
  return openSocket(`AT+QIOPEN=1,${id},"UDP","${address}",${port},0,0`, id, networkTimeout, opened);
}

function send(id: number, bytes: Uint8Array, _: string, __: number, release: boolean): Step[] {
  const line = hexLine(`AT+QISENDEX=${id},"`, bytes, release ? '",2' : '"');
  return [{ line, timeout: ordinaryTimeout, ends: sent }];
}

function read(id: number, onData: (received: Received) => void): Step[] {
  return [
    {
      line: ascii(`AT+QIRD=${id},${readLimit}`),
      prefix: qird,
      raw: {
        sameLine: false,
        count: (header) => wholeNumber(fieldsOf(header, qird.length)[0]),
        onData: (bytes) => onData({ bytes: bytes.slice() }),
      },
    },
  ];
}

function urc(line: Uint8Array): ModemUrc | undefined {
  return startsWith(line, psmPowerDown) ? { kind: "asleep" } : socketUrc(line);
}

/** Quectel BG95 and BG77. */
/** `AT+QPINC="SC"`: `+QPINC: "SC",<tries for the PIN>,<for the PUK>`. */
function pinTries(onTries: (left: number) => void): Step[] {
  return askPinTries('AT+QPINC="SC"', 1, onTries);
}

export const bg95: Family = Object.freeze({
  name: "bg95",
  iccid: "AT+QCCID",
  pinTries,
  models: Object.freeze(["BG95", "BG77"]),
  baud: 115_200,
  gap: 20,
  urcs: Object.freeze(
    ["+QIURC:", "+QIOPEN:", "+QPSMTIMER:", "PSM POWER DOWN", "+QUSIM:", "+QIND:", "+CFUN:", "+CEDRXP:"].map(
      ascii,
    ),
  ),
  banners: Object.freeze(["RDY", "APP RDY"].map(ascii)),
  // Long enough to switch the modem on, and too short to switch off one that is on.
  power: Object.freeze({ on: 600, off: 1_000, wake: 600, reset: 2_500, down: 3_000, boot: 15_000 }),
  sleep: Object.freeze({ wakes: "key", boots: true }),
  cereg: 4,
  cause: askCause,
  cfunTimeout: 30_000,
  persistent,
  radio,
  attach,
  signalAndTime,
  urc,
  sockets: Object.freeze({
    count: 12,
    largest: 512,
    open,
    close: closeSocket,
    send,
    read,
    readLimit,
  }),
} as const);
