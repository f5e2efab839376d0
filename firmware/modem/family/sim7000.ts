/**
 * SIMCom SIM7000 (LTE-M, NB-IoT, 2G), after SIMCom's AT and TCP/IP manuals for the series. It has the
 * stack of older SIMCom modems, with one connection:
 *
 *     AT+CSTT="apn"    AT+CIICR    AT+CIFSR          10.45.0.9         an address, and no OK
 *     AT+CIPSTART="UDP","203.0.113.5",5683           OK    CONNECT OK
 *     AT+CIPSEND=4     > <4 bytes>                   SEND OK
 *     +CIPRXGET: 1     AT+CIPRXGET=3,512             +CIPRXGET: 3,4,0    0A0B0C0D    OK
 *
 * PSM is taken up at a restart only; it does not say when it falls asleep, and starts anew when woken.
 */
import { ascii, asciiText, equals, startsWith } from "../../text/ascii";
import { readHexField } from "../hex";
import { askCause, edrxSteps, psmSteps, usualSurvey } from "../set-up";
import { apnSteps, baudSteps, technologySteps } from "./simcom";
import type { AtResult } from "../at";
import type { Family, ModemUrc, Received, Wanted } from "../family";
import type { Step } from "../script";

const ciprxget = ascii("+CIPRXGET:");
const hint = ascii("+CIPRXGET: 1");
const deactivated = ascii("+PDP: DEACT");
const closedByPeer = ascii("CLOSED");

/** The manual's maximum for CIICR, ms. */
const contextTimeout = 85_000;
const connectTimeout = 75_000;
const ordinaryTimeout = 10_000;
/** In hexadecimal a longer one would not fit the line buffer. */
const largest = 512;

/** Ends a command with one of these whole lines. */
function endsWith(
  good: readonly string[],
  bad: readonly string[],
): (line: Uint8Array) => AtResult | undefined {
  return (line) => {
    const text = asciiText(line, 0, Math.min(line.length, 40)).trim();
    if (good.indexOf(text) >= 0) return { kind: "ok" };
    return bad.indexOf(text) >= 0 ? { kind: "error" } : undefined;
  };
}

function persistent(wanted: Wanted, changed: () => void): Step[] {
  return [...baudSteps(), ...psmSteps(wanted, changed)];
}

/** Anew each time: what is left of the stack's state is not to be told from outside. */
function attach({ apn }: Wanted): Step[] {
  return [
    { line: ascii("AT+CIPSHUT"), timeout: ordinaryTimeout, ends: endsWith(["SHUT OK"], []) },
    { line: ascii("AT+CIPMUX=0") },
    { line: ascii("AT+CIPRXGET=1") },
    { line: ascii(`AT+CSTT="${apn}"`) },
    { line: ascii("AT+CIICR"), timeout: contextTimeout },
    {
      line: ascii("AT+CIFSR"),
      ends: (line) => (line[0] >= 0x30 && line[0] <= 0x39 ? { kind: "ok" } : undefined),
    },
  ];
}

function open(_: number, address: string, port: number, opened: (id: number) => void): Step[] {
  return [
    {
      line: ascii(`AT+CIPSTART="UDP","${address}",${port}`),
      timeout: connectTimeout,
      also: endsWith(["CONNECT OK"], ["CONNECT FAIL", "STATE: CLOSED"]),
      onOk: () => opened(0),
    },
  ];
}

function send(_: number, bytes: Uint8Array): Step[] {
  return [
    {
      line: ascii(`AT+CIPSEND=${bytes.length}`),
      payload: { prompt: 0x3e, bytes },
      timeout: ordinaryTimeout,
      ends: endsWith(["SEND OK"], ["SEND FAIL"]),
    },
  ];
}

/** `+CIPRXGET: 3,<length>,<left>`, and where there is something a line of hex digits. */
function read(_: number, onData: (received: Received) => void): Step[] {
  return [
    {
      line: ascii(`AT+CIPRXGET=3,${largest}`),
      prefix: ciprxget,
      owns: (line) => !equals(line, hint),
      bare: true,
      timeout: ordinaryTimeout,
      onLine: (line) => {
        if (line[0] === 0x2b) return;
        const bytes = readHexField(line, 0);
        if (bytes !== undefined && bytes.length > 0) onData({ bytes });
      },
    },
  ];
}

function urc(line: Uint8Array): ModemUrc | undefined {
  if (startsWith(line, hint)) return { kind: "data", socket: 0 };
  if (startsWith(line, deactivated)) return { kind: "no-context" };
  if (equals(line, closedByPeer)) return { kind: "closed", socket: 0, reason: "network" };
  return undefined;
}

export const sim7000: Family = Object.freeze({
  name: "sim7000",
  models: Object.freeze(["SIM7000"]),
  baud: 115_200,
  gap: 20,
  urcs: Object.freeze(
    [
      "+CIPRXGET: 1",
      "+PDP: DEACT",
      "CLOSED",
      "*PSUTTZ",
      "*PSNWID",
      "DST:",
      "+CTZV:",
      "+CFUN:",
      "+CEDRXP:",
    ].map(ascii),
  ),
  banners: Object.freeze(["RDY", "SMS Ready"].map(ascii)),
  // The key: on and wake from 1 s, off from 1.2 s.
  power: Object.freeze({ on: 1_100, off: 1_500, wake: 1_100, reset: 300, down: 9_000, boot: 12_000 }),
  sleep: Object.freeze({ wakes: "key", boots: true, announced: false }),
  cereg: 4,
  cause: askCause,
  cfunTimeout: 30_000,
  persistent,
  radio: (wanted: Wanted): Step[] => [...technologySteps(wanted), ...apnSteps(wanted)],
  saving: edrxSteps,
  sleepy: (): Step[] => [{ line: ascii("AT+CLTS=1"), optional: true }],
  attach,
  survey: usualSurvey,
  urc,
  sockets: Object.freeze({
    count: 1,
    largest,
    open,
    close: (): Step[] => [
      {
        line: ascii("AT+CIPCLOSE"),
        optional: true,
        timeout: ordinaryTimeout,
        ends: endsWith(["CLOSE OK"], []),
      },
    ],
    send,
    read,
  }),
} as const);
