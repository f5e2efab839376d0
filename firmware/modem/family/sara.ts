/**
 * u-blox SARA-R4 and SARA-R5 (LTE-M and NB-IoT), after u-blox's AT commands manuals for the series. The
 * modem numbers the sockets and keeps what it receives; with AT+UDCONF=1,1 both ways are hexadecimal:
 *
 *     AT+USOCR=17                                     +USOCR: 0
 *     AT+USOST=0,"203.0.113.5",5683,4,"0A0B0C0D"      +USOST: 0,4
 *     +UUSORF: 0,4     AT+USORF=0,512                 +USORF: 0,"203.0.113.5",5683,4,"0A0B0C0D"
 *
 * PSM is power-off: the modem starts anew when it is woken. The modem says nothing when it starts, and loses
 * commands that come too soon behind a response.
 */
import { ascii, startsWith } from "../../text/ascii";
import { fieldsOf, lineText, unquote, wholeNumber } from "../at/fields";
import { hexLine, readHexField } from "../at/hex";
import { askPinTries, ensure, usualSignalAndTime } from "../at/standard-commands";
import type { Family, ModemUrc, Received } from "./family";
import type { Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const usorf = ascii("+USORF:");
const uusorf = ascii("+UUSORF:");
const uusord = ascii("+UUSORD:");
const uusocl = ascii("+UUSOCL:");
const uupsmr = ascii("+UUPSMR:");

const ordinaryTimeout = 10_000;
/** The manual's maximum for the selection of a network, ms. */
const networkTimeout = 180_000;
/** Most bytes of a datagram in hexadecimal. */
const largest = 512;

/** Settings are taken up at a restart (CFUN=15). */
function persistent({ bands }: Wanted, changed: () => void): Step[] {
  const steps = [
    ...ensure({
      read: "AT+URAT?",
      prefix: "+URAT:",
      fits: (fields) => fields.length === 1 && fields[0] === "8",
      write: "AT+URAT=8",
      onWritten: changed,
    }),
  ];
  if (bands === undefined) return steps;
  let mask = 0;
  for (let i = 0; i < bands.length; i++) if (bands[i] <= 32) mask += 2 ** (bands[i] - 1);
  return [
    ...steps,
    ...ensure({
      // +UBANDMASK: <technology>,<mask>[,<mask above 64>][,<technology>,…]: 1 is NB-IoT
      read: "AT+UBANDMASK?",
      prefix: "+UBANDMASK:",
      fits: (fields) => {
        for (let i = 0; i < fields.length; i += 3) {
          if (fields[i] === "1" && fields[i + 1] === String(mask)) return true;
        }
        return false;
      },
      write: `AT+UBANDMASK=1,${mask}`,
      optional: true,
      onWritten: changed,
    }),
  ];
}

function radio({ apn }: Wanted): Step[] {
  return ensure({
    read: "AT+CGDCONT?",
    prefix: "+CGDCONT:",
    fits: (fields) => fields[0] === "1" && fields[2] === apn,
    write: `AT+CGDCONT=1,"IP","${apn}"`,
  });
}

/** SARA-R5: sockets need a context of the modem's own stack, laid over the network's first. */
function attachR5(): Step[] {
  let active = false;
  const skip = (): boolean => active;
  return [
    {
      line: ascii("AT+UPSND=0,8"),
      prefix: ascii("+UPSND:"),
      optional: true,
      onLine: (line) => void (active = fieldsOf(line, 7)[2] === "1"),
    },
    { line: ascii("AT+UPSD=0,0,0"), skip },
    { line: ascii("AT+UPSD=0,100,1"), skip },
    {
      line: ascii("AT+UPSDA=0,3"),
      timeout: networkTimeout,
      skip,
      also: (line) => {
        if (!startsWith(line, ascii("+UUPSDA:"))) return undefined;
        return fieldsOf(line, 8)[0] === "0" ? { kind: "ok" } : { kind: "error" };
      },
    },
  ];
}

function open(_: number, __: string, ___: number, opened: (id: number) => void): Step[] {
  const onLine = (line: Uint8Array): void => {
    const id = wholeNumber(fieldsOf(line, 7)[0]);
    if (id !== undefined) opened(id);
  };
  return [{ line: ascii("AT+USOCR=17"), prefix: ascii("+USOCR:"), onLine, timeout: ordinaryTimeout }];
}

function send(id: number, bytes: Uint8Array, address: string, port: number): Step[] {
  return [
    {
      line: hexLine(`AT+USOST=${id},"${address}",${port},${bytes.length},"`, bytes, '"'),
      prefix: ascii("+USOST:"),
      timeout: ordinaryTimeout,
    },
  ];
}

/** `+USORF: <id>,<bytes waiting>`, then `+USORF: <id>,"<address>",<port>,<length>,"<hex>"`. */
function read(id: number, onData: (received: Received) => void): Step[] {
  const onLine = (line: Uint8Array): void => {
    const commas: number[] = [];
    for (let i = usorf.length; i < line.length && commas.length < 4; i++)
      if (line[i] === 0x2c) commas.push(i);
    if (commas.length !== 4) return;
    const address = unquote(lineText(line, commas[0] + 1, commas[1]));
    const port = wholeNumber(lineText(line, commas[1] + 1, commas[2]));
    const length = wholeNumber(lineText(line, commas[2] + 1, commas[3]));
    const bytes = readHexField(line, commas[3] + 1);
    if (bytes === undefined || port === undefined || length !== bytes.length) return;
    onData({ bytes, address, port });
  };
  let waiting = 0;
  const onCount = (line: Uint8Array): void =>
    void (waiting = wholeNumber(fieldsOf(line, usorf.length)[1]) ?? 0);
  return [
    // Asked first: a read of an empty socket is an error to some firmwares.
    { line: ascii(`AT+USORF=${id},0`), prefix: usorf, onLine: onCount, timeout: ordinaryTimeout },
    {
      line: ascii(`AT+USORF=${id},${largest}`),
      prefix: usorf,
      onLine,
      timeout: ordinaryTimeout,
      skip: () => waiting === 0,
    },
  ];
}

function urc(line: Uint8Array): ModemUrc | undefined {
  if (startsWith(line, uupsmr)) {
    const state = fieldsOf(line, uupsmr.length)[0];
    return state === "1" ? { kind: "asleep" } : state === "0" ? { kind: "awake" } : undefined;
  }
  if (startsWith(line, ascii("+UUPSDD:"))) return { kind: "no-context" };
  const closed = startsWith(line, uusocl);
  if (!closed && !startsWith(line, uusorf) && !startsWith(line, uusord)) return undefined;
  const socket = wholeNumber(fieldsOf(line, uusorf.length)[0]);
  if (socket === undefined) return undefined;
  return closed ? { kind: "closed", socket, reason: "network" } : { kind: "data", socket };
}

/** `AT+UPINCNT`: `+UPINCNT: <tries for the PIN>,<for PIN2>,<for the PUK>,<for PUK2>`. */
function pinTries(onTries: (left: number) => void): Step[] {
  return askPinTries("AT+UPINCNT", 0, onTries);
}

const shared: Omit<Family, "name" | "models" | "gap" | "power"> = Object.freeze({
  pinTries,
  baud: 115_200,
  urcs: Object.freeze(
    ["+UUSORF:", "+UUSORD:", "+UUSOCL:", "+UUPSMR:", "+UUPSDA:", "+UUPSDD:", "+CEDRXP:"].map(ascii),
  ),
  banners: Object.freeze([]),
  sleep: Object.freeze({ wakes: "key", boots: true }),
  cereg: 5,
  cfunTimeout: 180_000,
  restart: "AT+CFUN=15",
  always: (): Step[] => [{ line: ascii("AT+UDCONF=1,1") }, { line: ascii("AT+UPSMR=1"), optional: true }],
  persistent,
  radio,
  sleepy: (): Step[] => [{ line: ascii("AT+CTZU=1"), optional: true }],
  search: (): Step[] => [{ line: ascii("AT+COPS=0"), timeout: networkTimeout }],
  signalAndTime: usualSignalAndTime,
  urc,
  sockets: Object.freeze({
    count: 7,
    largest,
    open,
    close: (id: number): Step[] => [
      { line: ascii(`AT+USOCL=${id}`), optional: true, timeout: ordinaryTimeout },
    ],
    send,
    read,
    readLimit: largest,
  }),
} as const);

/** u-blox SARA-R4. */
export const saraR4: Family = Object.freeze({
  ...shared,
  name: "sara-r4",
  models: Object.freeze(["SARA-R4"]),
  gap: 100,
  power: Object.freeze({ on: 300, off: 2_000, wake: 300, reset: 11_000, down: 35_000, boot: 12_000 }),
});

/** u-blox SARA-R5. */
export const saraR5: Family = Object.freeze({
  ...shared,
  name: "sara-r5",
  models: Object.freeze(["SARA-R5"]),
  gap: 20,
  // Long enough to switch the modem on, and too short to switch off one that is on.
  power: Object.freeze({ on: 1_200, off: 2_000, wake: 1_200, reset: 150, down: 20_000, boot: 12_000 }),
  attach: attachR5,
});
