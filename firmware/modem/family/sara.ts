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
import { hexLine, readAnnouncedHex } from "../at/hex";
import { askBandsBy, bandsOfDecimal, decimalMask } from "../at/bands";
import { contextSteps, loginSteps } from "../at/context";
import { operatorSteps } from "../at/operator";
import { resolveInformation } from "../at/resolve";
import {
  askCause,
  askPinTries,
  edrxSteps,
  ensure,
  psmSteps,
  usualSignalAndTime,
} from "../at/standard-commands";
import { zoneReport } from "../at/zone-report";
import type { Family, ModemUrc, PowerOff, Received } from "./family";
import type { RadioTechnology, Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const usorf = ascii("+USORF:");
const uusorf = ascii("+UUSORF:");
const uusord = ascii("+UUSORD:");
const uusocl = ascii("+UUSOCL:");
const uupsmr = ascii("+UUPSMR:");
const uupsdd = ascii("+UUPSDD:");
const uupsda = ascii("+UUPSDA:");
const upsnd = ascii("+UPSND:");
const ucpsms = ascii("+UCPSMS:");

const ordinaryTimeout = 10_000;
/** The manual's maximum for closing, whatever the protocol, ms. */
const closeTimeout = 120_000;
/** The manual's maximum for the selection of a network, ms. */
const networkTimeout = 180_000;
/** Most bytes of a datagram in hexadecimal. */
const largest = 512;
/** ms after which a SARA-R5's UART may have fallen asleep. */
const lightSleep = 8_000;
/** Up to 40 s, as SparkFun's library of the SARA-R5 has it from the data sheet. */
const powerOff: PowerOff = Object.freeze({ line: "AT+CPWROFF", timeout: 40_000 });

/** Technologies by the numbers of `AT+URAT` and of `AT+UBANDMASK`. */
const technologies = Object.freeze({
  "lte-m": Object.freeze({ urat: "7", mask: "0" }),
  "nb-iot": Object.freeze({ urat: "8", mask: "1" }),
});
const usualRat: readonly RadioTechnology[] = Object.freeze(["nb-iot"]);
/** The second mask of a technology begins with this band. */
const secondMask = 65;

/** The same steps, a refused one with the radio off: while the modem is registered it refuses some settings. */
function elseWithoutRadio([ask, write]: Step[]): Step[] {
  const radioOff: Step = { line: ascii("AT+CFUN=0"), timeout: networkTimeout };
  return [ask, { ...write, optional: true, otherwise: () => [radioOff, write] }];
}

/** Settings are taken up at a restart (CFUN=15). */
function persistent({ rat = usualRat, bands }: Wanted, changed: () => void): Step[] {
  // The first one is preferred. An operator's profile may not allow it.
  const order = rat.map((technology) => technologies[technology].urat).join(",");
  const steps = elseWithoutRadio(
    ensure({
      read: "AT+URAT?",
      prefix: "+URAT:",
      fits: (fields) => fields.join(",") === order,
      write: `AT+URAT=${order}`,
      onWritten: changed,
    }),
  );
  if (bands === undefined) return steps;
  const mask = String(decimalMask(bands, 1));
  const upper = decimalMask(bands, secondMask);
  for (let i = 0; i < rat.length; i++) {
    const technology = technologies[rat[i]].mask;
    const setting = ensure({
      // +UBANDMASK: <technology>,<mask>[,<mask above 64>][,<technology>,…]
      read: "AT+UBANDMASK?",
      prefix: "+UBANDMASK:",
      fits: (fields) => {
        const width = fields.length % 3 === 0 ? 3 : 2;
        for (let j = 0; j < fields.length; j += width) {
          if (fields[j] !== technology) continue;
          return fields[j + 1] === mask && (width === 2 || fields[j + 2] === String(upper));
        }
        return false;
      },
      write: `AT+UBANDMASK=${technology},${mask}${upper === 0 ? "" : `,${upper}`}`,
      onWritten: changed,
    });
    steps.push(...elseWithoutRadio(setting));
  }
  return steps;
}

/** The bands of the technology that is preferred. */
function bands(onBands: (bands: string) => void, { rat = usualRat }: Wanted): Step[] {
  const { mask } = technologies[rat[0]];
  return askBandsBy("AT+UBANDMASK?", "+UBANDMASK:", onBands, (fields) => {
    const width = fields.length % 3 === 0 ? 3 : 2;
    for (let i = 0; i < fields.length; i += width) {
      if (fields[i] === mask) return bandsOfDecimal(fields[i + 1] ?? "");
    }
    return undefined;
  });
}

/** SARA-R4 takes up its timers at a restart too. */
function persistentR4(wanted: Wanted, changed: () => void): Step[] {
  return persistent(wanted, changed).concat(psmSteps(wanted, changed));
}

/** SARA-R4 wants the password in front of the user. */
function radioR4(wanted: Wanted): Step[] {
  return contextSteps(wanted).concat(loginSteps(wanted, "AT+UAUTHREQ=1,", "password first"));
}

function radioR5(wanted: Wanted): Step[] {
  return contextSteps(wanted).concat(loginSteps(wanted, "AT+UAUTHREQ=1,", "user first"));
}

/** `+UPSND: 0,8,<active>` */
function isActive(line: Uint8Array): boolean {
  return fieldsOf(line, upsnd.length)[2] === "1";
}

/** SARA-R5: sockets need a context of the modem's own stack, laid over the network's first. */
function attachR5({ ipType }: Wanted): Step[] {
  let active = false;
  const skip = (): boolean => active;
  const activate: Step = {
    line: ascii("AT+UPSDA=0,3"),
    timeout: networkTimeout,
    skip,
    also: (line) => {
      if (!startsWith(line, uupsda)) return undefined;
      return fieldsOf(line, uupsda.length)[0] === "0" ? { kind: "ok" } : { kind: "error" };
    },
    ask: {
      line: ascii("AT+UPSND=0,8"),
      prefix: upsnd,
      tells: (line) => (isActive(line) ? { kind: "ok" } : undefined),
    },
  };
  const type = (code: number): Step => ({ line: ascii(`AT+UPSD=0,0,${code}`), skip });
  return [
    {
      line: ascii("AT+UPSND=0,8"),
      prefix: upsnd,
      optional: true,
      onLine: (line) => void (active = isActive(line)),
    },
    type(ipType === "ipv6" ? 1 : ipType === "ipv4v6" ? 2 : 0),
    { line: ascii("AT+UPSD=0,100,1"), skip },
    // The stack's type must fit the context's, which may be the factory's: both kinds of addresses.
    { ...activate, optional: true, otherwise: () => [type(2), activate] },
  ];
}

/** `+USORF: <id>,<bytes waiting>`: there is still such a socket, as behind the UART's light sleep. */
function survival(id: number, alive: () => void): Step[] {
  return [
    {
      line: ascii(`AT+USORF=${id},0`),
      prefix: usorf,
      optional: true,
      onLine: (line) => {
        if (fieldsOf(line, usorf.length)[0] === String(id)) alive();
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
  return sendBy("+USOST", `${id},"${address}",${port}`, bytes);
}

/** SARA-R5 knows release assistance: 2 behind the port says that one answer is expected, and nothing more. */
function sendR5(id: number, bytes: Uint8Array, address: string, port: number, release: boolean): Step[] {
  const to = `${id},"${address}",${port}`;
  return release ? sendBy("+USOSTF", `${to},2`, bytes) : sendBy("+USOST", to, bytes);
}

function sendBy(command: string, to: string, bytes: Uint8Array): Step[] {
  return [
    {
      line: hexLine(`AT${command}=${to},${bytes.length},"`, bytes, '"'),
      prefix: ascii(`${command}:`),
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
    const received = readAnnouncedHex(line, commas[3] + 1, length);
    if (received === undefined || port === undefined) return;
    onData({ ...received, address, port });
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
  if (startsWith(line, uupsdd)) return { kind: "no-context" };
  const clock = zoneReport(line);
  if (clock !== undefined) return { kind: "time", clock };
  const closed = startsWith(line, uusocl);
  if (!closed && !startsWith(line, uusorf) && !startsWith(line, uusord)) return undefined;
  const socket = wholeNumber(fieldsOf(line, uusorf.length)[0]);
  if (socket === undefined) return undefined;
  return closed ? { kind: "closed", socket, reason: "network" } : { kind: "data", socket };
}

/** `+UCPSMS: 1,,,"<T3412>","<T3324>"`: what the network has granted, in the order of CPSMS. */
function grantedTimers(onTimers: (t3324: string, t3412: string) => void): Step[] {
  return [
    {
      line: ascii("AT+UCPSMS?"),
      prefix: ucpsms,
      optional: true,
      onLine: (line) => {
        const fields = fieldsOf(line, ucpsms.length);
        if (fields[0] === "1" && fields.length >= 5) onTimers(fields[4], fields[3]);
      },
    },
  ];
}

/** `+UDNSRN: "<address>"` */
function resolve(name: string, onAddress: (address: string) => void): Step[] {
  return resolveInformation(`AT+UDNSRN=0,"${name}"`, "+UDNSRN:", onAddress);
}

/** UTC and the zone beside it, or local time where the firmware has no more than that. */
function networkTimeSteps(): Step[] {
  return [
    { line: ascii("AT+CTZU=1"), optional: true },
    {
      line: ascii("AT+CTZR=3"),
      optional: true,
      otherwise: () => [{ line: ascii("AT+CTZR=2"), optional: true }],
    },
  ];
}

/** The rate of its UART, until it starts anew. */
function rate(baud: number): Step[] {
  return [{ line: ascii(`AT+IPR=${baud}`), optional: true }];
}

/** `AT+UPINCNT`: `+UPINCNT: <tries for the PIN>,<for PIN2>,<for the PUK>,<for PUK2>`. */
function pinTries(onTries: (left: number) => void): Step[] {
  return askPinTries("AT+UPINCNT", 0, onTries);
}

/** What the modem forgets: data in hexadecimal, lines that say when it sleeps (not on every SARA-R4). */
function always(): Step[] {
  return [{ line: ascii("AT+UDCONF=1,1") }, { line: ascii("AT+UPSMR=1"), optional: true, gap: "signs" }];
}

/** SARA-R5 falls into PSM only where its UART may sleep, here after 2000 frames without a word: 9.2 s. */
function alwaysR5({ psm }: Wanted): Step[] {
  const steps = always();
  if (psm !== undefined) steps.push({ line: ascii("AT+UPSV=1,2000") });
  return steps;
}

const shared: Omit<
  Family,
  "name" | "models" | "gap" | "power" | "sleep" | "always" | "persistent" | "cereg" | "radio" | "sockets"
> = Object.freeze({
  pinTries,
  baud: 115_200,
  rate,
  urcs: Object.freeze(
    [
      "+UUSORF:",
      "+UUSORD:",
      "+UUSOCL:",
      "+UUPSMR:",
      "+UUPSDA:",
      "+UUPSDD:",
      "+CEDRXP:",
      "+CTZE:",
      "+CTZEU:",
      "+CTZV:",
    ].map(ascii),
  ),
  banners: Object.freeze([]),
  technologies: Object.freeze(["nb-iot", "lte-m"] as const),
  grantedTimers,
  cfunTimeout: 180_000,
  restart: "AT+CFUN=15",
  sleepy: networkTimeSteps,
  search: operatorSteps,
  signalAndTime: usualSignalAndTime,
  bands,
  resolve,
  urc,
} as const);

const sockets: Omit<Family["sockets"], "send"> = Object.freeze({
  count: 7,
  largest,
  open,
  close: (id: number): Step[] => [{ line: ascii(`AT+USOCL=${id}`), optional: true, timeout: closeTimeout }],
  read,
  readLimit: largest,
});

/** u-blox SARA-R4. */
export const saraR4: Family = Object.freeze({
  ...shared,
  name: "sara-r4",
  models: Object.freeze(["SARA-R4"]),
  gap: 100,
  power: Object.freeze({ on: 300, off: 2_000, wake: 300, reset: 11_000, down: 35_000, boot: 12_000 }),
  powerOff,
  sleep: Object.freeze({ wakes: "key", boots: true }),
  always,
  persistent: persistentR4,
  saving: (wanted: Wanted): Step[] => edrxSteps(wanted),
  // Firmwares know up to 4, some up to 3.
  cereg: 4,
  cause: askCause,
  radio: radioR4,
  sockets: Object.freeze({ ...sockets, send }),
});

/** u-blox SARA-R5. */
export const saraR5: Family = Object.freeze({
  ...shared,
  name: "sara-r5",
  models: Object.freeze(["SARA-R5"]),
  gap: 20,
  // Long enough to switch the modem on, and too short to switch off one that is on.
  power: Object.freeze({ on: 1_200, off: 2_000, wake: 1_200, reset: 150, down: 20_000, boot: 12_000 }),
  powerOff,
  sleep: Object.freeze({ wakes: "key", boots: true, light: lightSleep, stays: true }),
  always: alwaysR5,
  persistent,
  cereg: 5,
  radio: radioR5,
  attach: attachR5,
  sockets: Object.freeze({ ...sockets, send: sendR5, survival }),
});
