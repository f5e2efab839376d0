/**
 * SIMCom SIM7000 (LTE-M, NB-IoT, 2G), after SIMCom's AT manual V1.06 for the series. It has the stack of
 * older SIMCom modems, here with several connections at once (CIPMUX), numbered by the host:
 *
 *     AT+CSTT="apn"    AT+CIICR    AT+CIFSR          10.45.0.9         an address, and no OK
 *     AT+CIPSTART=0,"UDP","203.0.113.5",5683         OK    0, CONNECT OK
 *     AT+CIPSEND=0,4   > <4 bytes>                   0, SEND OK
 *     +CIPRXGET: 1,0   AT+CIPRXGET=3,0,512           +CIPRXGET: 3,0,4,0    0A0B0C0D    OK
 *
 * PSM is taken up at a restart only, and a wake is one. Firmware of before manual V1.05 does not say when
 * it falls asleep, and knows no release assistance. AT+CSCLK=1, which some advise for PSM, is not said:
 * where DTR is not wired, the UART would fall asleep for good.
 */
import { ascii, startsWith } from "../../text/ascii";
import { fieldsOf, lineText, wholeNumber } from "../at/fields";
import { readAnnouncedHex } from "../at/hex";
import { authentication, contextSteps, isApn } from "../at/context";
import { operatorSteps } from "../at/operator";
import { resolveByCdnsgip } from "../at/resolve";
import {
  areFields,
  askCause,
  edrxSteps,
  ensure,
  psmSteps,
  usualSignalAndTime,
} from "../at/standard-commands";
import { simcomPowerOff, supplyUrcs } from "./supply-urc";
import {
  askApn,
  askBands,
  baudSteps,
  cell,
  contextType,
  rateSteps,
  networkTimeSteps,
  otherUrc,
  releaseSteps,
  sleepSignSteps,
  technologySteps,
} from "./simcom";
import type { AtResult } from "../at/engine";
import type { Family, GrantedContext, ModemUrc, Received } from "./family";
import type { Wanted } from "../at/standard-commands";
import type { Step } from "../at/script";

const ciprxget = ascii("+CIPRXGET:");
const cipstatus = ascii("+CIPSTATUS:");
const deactivated = ascii("+PDP: DEACT");

/** `<mode>` of CIPRXGET: in the hint that something has come, and to read it in hexadecimal. */
const hintMode = "1";
const hexMode = "3";

/** The manual's maxima for CIICR, CIPSTART and CIPSHUT, ms. */
const contextTimeout = 85_000;
const connectTimeout = 75_000;
const shutTimeout = 65_000;
const ordinaryTimeout = 10_000;
const connections = 8;
/** Largest datagram, bytes: in hexadecimal a longer one would not fit the line buffer. */
const largest = 512;

/** What a line says of this connection, such as `SEND OK` of `0, SEND OK`; undefined for any other. */
function saidOf(id: number, line: Uint8Array): string | undefined {
  if (line[0] !== 0x30 + id || line[1] !== 0x2c) return undefined;
  return lineText(line, 2, Math.min(line.length, 40));
}

function outcome(said: string | undefined, good: string, ...bad: readonly string[]): AtResult | undefined {
  if (said === undefined) return undefined;
  if (said === good) return { kind: "ok" };
  return bad.indexOf(said) >= 0 ? { kind: "error" } : undefined;
}

function persistent(wanted: Wanted, changed: () => void): Step[] {
  return baudSteps(wanted).concat(psmSteps(wanted, changed));
}

/**
 * The login of the attach request, in the order `<type>,"<apn>","<user>","<password>",<authentication>`; the
 * stack's own context is given it by CSTT.
 */
function radio(wanted: Wanted): Step[] {
  const { apn, apnLogin } = wanted;
  const steps = technologySteps(wanted).concat(contextSteps(wanted));
  if (apnLogin === undefined) return steps;
  const { user, password } = apnLogin;
  const auth = String(authentication(wanted));
  const type = contextType(wanted);
  return steps.concat(
    ensure({
      read: "AT+CNCFG?",
      prefix: "+CNCFG:",
      fits: (fields) => areFields(fields, [type, undefined, user, password, auth]) && isApn(fields[1], apn),
      write: `AT+CNCFG=${type},"${apn}","${user}","${password}",${auth}`,
      secret: true,
    }),
  );
}

/** Shuts and opens the stack each time: nothing tells what is left of its state. */
function attach({ apn, apnLogin }: Wanted): Step[] {
  // The stack wants a name: where none is given it is the one that came from the network.
  let name = apn;
  const login = apnLogin === undefined ? "" : `,"${apnLogin.user}","${apnLogin.password}"`;
  return [
    {
      line: ascii("AT+CIPSHUT"),
      timeout: shutTimeout,
      ends: (line) => outcome(lineText(line, 0, Math.min(line.length, 40)), "SHUT OK"),
    },
    { line: ascii("AT+CIPMUX=1") },
    { line: ascii("AT+CIPRXGET=1") },
    { ...askApn((told) => (name = told)), skip: () => apn !== "" },
    {
      get line() {
        return ascii(`AT+CSTT="${name}"${login}`);
      },
      secret: apnLogin !== undefined,
    },
    { line: ascii("AT+CIICR"), timeout: contextTimeout },
    {
      line: ascii("AT+CIFSR"),
      ends: (line) => (line[0] >= 0x30 && line[0] <= 0x39 ? { kind: "ok" } : undefined),
    },
  ];
}

/** Access point and address; the address comes without a name in front, and without an OK behind. */
function context(onContext: (part: GrantedContext) => void): Step[] {
  return [
    askApn((apn) => onContext({ apn })),
    {
      line: ascii("AT+CIFSR"),
      optional: true,
      patient: true,
      ends: (line) => {
        if (line[0] < 0x30 || line[0] > 0x39) return undefined;
        onContext({ address: lineText(line, 0, Math.min(line.length, 40)) });
        return { kind: "ok" };
      },
    },
  ];
}

function open(id: number, address: string, port: number, opened: (id: number) => void): Step[] {
  return [
    {
      line: ascii(`AT+CIPSTART=${id},"UDP","${address}",${port}`),
      timeout: connectTimeout,
      also: (line) => outcome(saidOf(id, line), "CONNECT OK", "CONNECT FAIL", "ALREADY CONNECT"),
      ask: {
        line: ascii(`AT+CIPSTATUS=${id}`),
        prefix: cipstatus,
        // +CIPSTATUS: <id>,<bearer>,"UDP","<address>","<port>","<state>"
        tells: (line) => (fieldsOf(line, cipstatus.length)[5] === "CONNECTED" ? { kind: "ok" } : undefined),
      },
      onOk: () => opened(id),
    },
  ];
}

function close(id: number): Step[] {
  return [
    {
      line: ascii(`AT+CIPCLOSE=${id}`),
      optional: true,
      timeout: ordinaryTimeout,
      ends: (line) => outcome(saidOf(id, line), "CLOSE OK"),
    },
  ];
}

function send(id: number, bytes: Uint8Array, _: string, __: number, release: boolean): Step[] {
  return [
    ...(release ? releaseSteps() : []),
    {
      line: ascii(`AT+CIPSEND=${id},${bytes.length}`),
      payload: { prompt: 0x3e, bytes },
      timeout: ordinaryTimeout,
      ends: (line) => outcome(saidOf(id, line), "SEND OK", "SEND FAIL"),
    },
  ];
}

/** `+CIPRXGET: 3,<id>,<length>,<left>`, and where there is something a line of hex digits. */
function read(id: number, onData: (received: Received) => void): Step[] {
  let length: number | undefined;
  return [
    {
      line: ascii(`AT+CIPRXGET=${hexMode},${id},${largest}`),
      prefix: ciprxget,
      owns: (line) => fieldsOf(line, ciprxget.length)[0] === hexMode,
      bare: true,
      timeout: ordinaryTimeout,
      onLine: (line) => {
        if (line[0] === 0x2b) {
          length = wholeNumber(fieldsOf(line, ciprxget.length)[2]);
          return;
        }
        // Which the length counts, bytes or digits, the manual does not say.
        const received = readAnnouncedHex(line, 0, length === line.length ? length >> 1 : length);
        if (received !== undefined && received.bytes.length > 0) onData(received);
      },
    },
  ];
}

function urc(line: Uint8Array): ModemUrc | undefined {
  if (startsWith(line, ciprxget)) {
    const fields = fieldsOf(line, ciprxget.length);
    const socket = wholeNumber(fields[1]);
    return fields[0] === hintMode && socket !== undefined ? { kind: "data", socket } : undefined;
  }
  if (startsWith(line, deactivated)) return { kind: "no-context" };
  const socket = line[0] - 0x30;
  if (socket < 0 || socket >= connections) return otherUrc(line);
  return saidOf(socket, line) === "CLOSED" ? { kind: "closed", socket, reason: "network" } : undefined;
}

/** `0, CLOSED` and so on. */
const closedLines = Object.freeze(Array.from({ length: connections }, (_, id) => `${id}, CLOSED`));

/** SIMCom SIM7000. */
export const sim7000: Family = Object.freeze({
  name: "sim7000",
  models: Object.freeze(["SIM7000"]),
  baud: 115_200,
  rate: rateSteps,
  gap: 20,
  urcs: Object.freeze(
    [
      "+CIPRXGET:",
      "+PDP: DEACT",
      "+CPSMSTATUS:",
      "*PSUTTZ",
      "*PSNWID",
      "DST:",
      "+CTZV:",
      "+CFUN:",
      "+CEDRXP:",
      "+CDNSGIP:",
      ...supplyUrcs,
      "SMS Ready",
      ...closedLines,
    ].map(ascii),
  ),
  banners: Object.freeze([ascii("RDY")]),
  // The key: on and wake from 1 s, off from 1.2 s.
  power: Object.freeze({ on: 1_100, off: 1_500, wake: 1_100, reset: 300, down: 9_000, boot: 12_000 }),
  powerOff: simcomPowerOff,
  sleep: Object.freeze({ wakes: "key", boots: true }),
  technologies: Object.freeze(["nb-iot", "lte-m"] as const),
  cereg: 4,
  cause: askCause,
  cfunTimeout: 30_000,
  always: sleepSignSteps,
  persistent,
  radio,
  saving: (wanted: Wanted): Step[] => edrxSteps(wanted, true),
  sleepy: networkTimeSteps,
  search: operatorSteps,
  attach,
  signalAndTime: usualSignalAndTime,
  cell,
  context,
  bands: askBands,
  resolve: (name: string, onAddress: (address: string) => void): Step[] =>
    resolveByCdnsgip(`AT+CDNSGIP="${name}"`, onAddress),
  urc,
  sockets: Object.freeze({
    count: connections,
    largest,
    open,
    close,
    send,
    read,
    readLimit: largest,
    joinsDatagrams: true,
  }),
} as const);
