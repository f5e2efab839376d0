/**
 * Quectel BC95-G and u-blox SARA-N2, which share HiSilicon's chip and its commands, after Quectel's AT
 * manual for the BC95. 9600 baud, no blank behind a colon, some answers without a name; the modem
 * numbers the sockets and keeps what it receives until it is read:
 *
 *     AT+NSOCR=DGRAM,17,0,1                          0
 *     AT+NSOSTF=0,203.0.113.5,5683,0x400,4,0A0B0C0D  0,4
 *     +NSONMI:0,4     AT+NSORF=0,512                 0,203.0.113.5,5683,4,0A0B0C0D,0
 *
 * The modem sleeps by itself and wakes at the first byte on the UART; sockets live on.
 */
import { ascii, startsWith } from "../../text/ascii";
import { allFields, areBands, askBandsBy } from "../at/bands";
import { contextSteps, loginSteps } from "../at/context";
import { fieldsOf, lineText, unquote, wholeNumber } from "../at/fields";
import { hexLine, readAnnouncedHex } from "../at/hex";
import { operatorSteps } from "../at/operator";
import { resolveSteps } from "../at/resolve";
import { clockStep, ensure, signalStep } from "../at/standard-commands";
import type { Cell, Family, ModemUrc, Received } from "./family";
import type { SignalAndTime, Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const nsorf = ascii("+NSORF:");
const nsonmi = ascii("+NSONMI:");
const nsocli = ascii("+NSOCLI:");
const npsmr = ascii("+NPSMR:");
const npin = ascii("+NPIN:");

const ordinaryTimeout = 10_000;
const attachTimeout = 20_000;
/** Most bytes that one command takes or gives. */
const largest = 512;
/** NSOSTF: the network may release the connection behind the answer to this datagram. */
const releaseAfterReply = "0x400";

/** @param quote see `open` */
function persistent(quote: string): NonNullable<Family["persistent"]> {
  const write = `AT+NCONFIG=${quote}AUTOCONNECT${quote},${quote}FALSE${quote}`;
  // With AUTOCONNECT the modem would register at each boot before it has been told anything.
  return (_, changed) =>
    ensure({
      read: "AT+NCONFIG?",
      prefix: "+NCONFIG:",
      fits: (fields) => fields[0] === "AUTOCONNECT" && fields[1] === "FALSE",
      write,
      onWritten: changed,
    });
}

function radio({ bands }: Wanted): Step[] {
  if (bands === undefined) return [];
  return ensure({
    read: "AT+NBAND?",
    prefix: "+NBAND:",
    fits: (fields) => areBands(fields, bands),
    write: `AT+NBAND=${bands.join(",")}`,
  });
}

/** The context can only be defined while the radio is on, and the modem attaches only when it is told to. */
function search(wanted: Wanted): Step[] {
  return contextSteps(wanted).concat(
    loginSteps(wanted, "AT+CGAUTH=1,", "user first"),
    operatorSteps(wanted),
    { line: ascii("AT+CGATT=1"), timeout: attachTimeout },
  );
}

/**
 * `Signal power:-872`, `Cell ID:27560730`, `ECL:0`, `SNR:163`, `RSRQ:-108`: tenths of dBm and dB. Some firmwares
 * put a name in front and a comma in place of the colon: `NUESTATS: RADIO,Signal power,-872`.
 */
function cell(onCell: (part: Cell) => void): Step[] {
  const tenths = (value: number): number | undefined => (value === -32_768 ? undefined : value / 10);
  return [
    {
      line: ascii("AT+NUESTATS"),
      bare: true,
      optional: true,
      onLine: (line) => {
        const match = /(Signal power|Cell ID|ECL|SNR|RSRQ)"?[:,] ?(-?\d{1,9})$/.exec(lineText(line));
        if (match === null) return;
        const value = Number(match[2]);
        if (match[1] === "Signal power") onCell({ rsrp: tenths(value) });
        else if (match[1] === "SNR") onCell({ snr: tenths(value) });
        else if (match[1] === "RSRQ") onCell({ rsrq: tenths(value) });
        else if (match[1] === "Cell ID") onCell({ cellId: match[2] });
        // 255 where there is none.
        else if (value <= 2) onCell({ ecl: value });
      },
    },
  ];
}

function signalAndTime({ onSignal, onTime }: SignalAndTime): Step[] {
  return [
    signalStep(onSignal),
    // UTC on this chip, whatever the zone behind it says.
    clockStep("AT+CCLK?", "+CCLK:", onTime, "utc"),
  ];
}

/** @param quote what u-blox's firmware wants around words, addresses and digits, and Quectel's does not */
function open(quote: string): Family["sockets"]["open"] {
  // A constant, as the function lies in flash, where a parameter that it captures is none.
  const line = ascii(`AT+NSOCR=${quote}DGRAM${quote},17,0,1`);
  return (_, __, ___, opened) => {
    const onLine = (answer: Uint8Array): void => {
      const id = wholeNumber(lineText(answer));
      if (id !== undefined && id >= 0) opened(id);
    };
    return [{ line, bare: true, onLine, timeout: ordinaryTimeout }];
  };
}

/** @param quote see `open` */
function send(quote: string): Family["sockets"]["send"] {
  const q = quote;
  return (id, bytes, address, port, release) => {
    const peer = `${id},${q}${address}${q},${port}`;
    const head = release ? `AT+NSOSTF=${peer},${releaseAfterReply}` : `AT+NSOST=${peer}`;
    const line = hexLine(`${head},${bytes.length},${q}`, bytes, q);
    return [{ line, bare: true, onLine() {}, timeout: ordinaryTimeout }];
  };
}

/**
 * `<id>,<address>,<port>,<length>,<hex>,<left>`, behind `+NSORF: ` on some firmware, or nothing. `left` is not read: it
 * is 0 when all of this datagram was given, and another may wait (at.go of lab5e/at, a driver for SARA-N211).
 */
function read(id: number, onData: (received: Received) => void): Step[] {
  const onLine = (line: Uint8Array): void => {
    const commas: number[] = [];
    for (let i = 0; i < line.length && commas.length < 6; i++) if (line[i] === 0x2c) commas.push(i);
    if (commas.length !== 4 && commas.length !== 5) return;
    const address = unquote(lineText(line, commas[0] + 1, commas[1]));
    const port = wholeNumber(lineText(line, commas[1] + 1, commas[2]));
    const length = wholeNumber(lineText(line, commas[2] + 1, commas[3]));
    const received = readAnnouncedHex(line, commas[3] + 1, length, commas[4] ?? line.length);
    if (received === undefined || port === undefined) return;
    onData({ ...received, address, port });
  };
  const line = ascii(`AT+NSORF=${id},${largest}`);
  return [{ line, prefix: nsorf, bare: true, onLine, timeout: ordinaryTimeout }];
}

/** `"ENTER PIN"`, `"PUK REQUIRED"`, `"OK"`, `"ERROR wrong PIN"` and the like, in the words of `+CPIN:`. */
function cardStatus(text: string): string {
  if (text.indexOf("PUK") >= 0) return "SIM PUK";
  if (text.indexOf("ENTER") >= 0) return "SIM PIN";
  if (text.indexOf("disabled") >= 0) return "OPERATION NOT ALLOWED";
  return text.indexOf("OK") >= 0 ? "READY" : "INCORRECT PASSWORD";
}

function urc(line: Uint8Array): ModemUrc | undefined {
  if (startsWith(line, npsmr)) {
    const state = fieldsOf(line, npsmr.length)[0];
    return state === "1" ? { kind: "asleep" } : state === "0" ? { kind: "awake" } : undefined;
  }
  if (startsWith(line, npin)) return { kind: "card", status: cardStatus(lineText(line, npin.length)) };
  const closed = startsWith(line, nsocli);
  if (!closed && !startsWith(line, nsonmi)) return undefined;
  const socket = wholeNumber(fieldsOf(line, nsonmi.length)[0]);
  if (socket === undefined) return undefined;
  return closed ? { kind: "closed", socket, reason: "network" } : { kind: "data", socket };
}

const shared: Omit<Family, "name" | "models" | "persistent" | "sockets"> = Object.freeze({
  iccid: "AT+NCCID?",
  pinCommand: "AT+NPIN=0,",
  baud: 9_600,
  gap: 20,
  urcs: Object.freeze(
    ["+NSONMI:", "+NSOCLI:", "+NSOSTR:", "+NPSMR:", "+NPIN:", "+CSCON:", "+CEDRXP:", "+QDNS:", "+CTZV:"].map(
      ascii,
    ),
  ),
  banners: Object.freeze(["REBOOT_CAUSE_", "Neul", "u-blox"].map(ascii)),
  power: Object.freeze({ on: 0, off: 0, wake: 0, reset: 100, down: 0, boot: 10_000 }),
  sleep: Object.freeze({ wakes: "uart", boots: false }),
  cereg: 5,
  cfunTimeout: 85_000,
  restart: "AT+NRB",
  imei: (onLine: (line: Uint8Array) => void): Step[] => [
    { line: ascii("AT+CGSN=1"), prefix: ascii("+CGSN:"), onLine },
  ],
  radio,
  sleepy: (): Step[] => [
    { line: ascii("AT+NPSMR=1"), optional: true },
    { line: ascii("AT+CTZR=1"), optional: true },
  ],
  search,
  signalAndTime,
  cell,
  bands: (onBands: (bands: string) => void): Step[] => askBandsBy("AT+NBAND?", "+NBAND:", onBands, allFields),
  urc,
} as const);

const sharedSockets: Omit<Family["sockets"], "open" | "send"> = Object.freeze({
  count: 7,
  largest,
  close: (id: number): Step[] => [
    { line: ascii(`AT+NSOCL=${id}`), optional: true, timeout: ordinaryTimeout },
  ],
  read,
  readLimit: largest,
} as const);

/** Quectel BC95-G. */
export const bc95: Family = Object.freeze({
  ...shared,
  name: "bc95",
  models: Object.freeze(["BC95"]),
  persistent: persistent(""),
  sockets: Object.freeze({ ...sharedSockets, open: open(""), send: send("") }),
  without: Object.freeze(["baud"] as const),
  /** `+QDNS:<address>`, or a word in its place. */
  resolve: (name: string, onAddress: (address: string) => void): Step[] =>
    resolveSteps(`AT+QDNS=0,${name}`, "+QDNS:", (fields) => fields[0] !== "", onAddress),
});

/** u-blox SARA-N2. */
export const saraN2: Family = Object.freeze({
  ...shared,
  name: "sara-n2",
  models: Object.freeze(["SARA-N2"]),
  persistent: persistent('"'),
  sockets: Object.freeze({ ...sharedSockets, open: open('"'), send: send('"') }),
  without: Object.freeze(["baud", "server"] as const),
});
