/**
 * What a line of the modem's means for whoever stands at the bench, and what to try: words that follow the line in
 * the trace. They are not kept in the ring of retained memory, whose room is for what has happened.
 *
 * docs/modem.md has all of them in a table, which a test compares with this file.
 */
import { logLine } from "./log";
import type { DownReason } from "../modem/driver/modem-log";
import type { LogEvent } from "./log";

/** Lines that mean one thing, whatever their values are. */
export const lineAdvice: Readonly<Partial<Record<LogEvent["kind"], string>>> = Object.freeze({
  "modem wrong modem": "set modem= to the family that it is",
  "modem sim missing": "no card answers: push it in, clean its contacts, try it in a phone",
  "modem noise": "bytes came, but no text: another rate? The usual ones are tried",
  "modem rate found": "where it cannot be set to the usual rate, baud= saves the search",
  "modem unresolved": "the network tells no address: check server for a slip, or set its IPv4 address",
  "modem supply": "its supply is near a limit: a stronger one, a capacitor at the modem, shorter wires",
  "modem powered off": "by itself, mostly over its supply: bursts of 0.5 A must not make it sag",
  "modem restarts": "mostly a supply too weak for bursts of 0.5 A, or a key that is held down",
  "modem refused": "a setting is done without, a socket is tried anew; --probe tells what this firmware has",
  "modem send refused": "tried on a new socket; again and again: context lost, or wrong apn",
  "modem read refused": "looked for again; what is lost the cloud sends once more",
  "modem other apn":
    "the network gives its own: if nothing comes back, check apn and what the contract allows",
});

/** Why the modem is down. */
export const downAdvice: Readonly<Record<DownReason, string | undefined>> = Object.freeze({
  rebooted: "it starts again and again by itself: mostly a supply too weak for bursts of 0.5 A",
  "no-answer": "nothing answers on its UART: check supply, TX and RX, PWRKEY, baud rate",
  "powered-off": "it has switched itself off: mostly a supply too weak for bursts of 0.5 A",
  "wrong-modem": "left alone until modem= names its family",
  sim: "it goes on when the card is ready: see the line before",
  "not-registered": "no network found: check antenna, coverage, bands; a first search may take 30 min",
  denied: "the network refuses: see the line before",
  roaming:
    "only a foreign network takes this card: set roaming=true, or bands and operator of the home network",
  suspended: undefined,
  failed: "a command that it cannot do without was refused: see the line before",
});

/** What the card says of itself, in the words of `+CPIN:`, by how they begin; an empty one is for any other. */
export const simAdvice: readonly (readonly [begins: string, advice: string])[] = Object.freeze(
  (
    [
      ["SIM PIN", "the card wants its PIN: set pin=, or take the PIN off with a phone"],
      ["PIN refused", "the card does not take this pin, which is not given to it again: set the right one"],
      [
        "PIN kept back",
        "a wrong PIN more would block the card: set the right one, or take the PIN off with a phone",
      ],
      ["SIM BUSY", "the card did not get ready: it is asked again"],
      ["unknown", "the modem tells nothing about the card: the network will"],
      ["SIM PUK", "a wrong PIN was given three times: unlock the card in a phone, with its PUK"],
      ["PH-", "modem or card is locked to another operator: use theirs, or have the lock taken off"],
      ["NOT ", "no card is seen: push it in, clean its contacts, check which way round it lies"],
      ["", "the card cannot be used: try it in a phone, then another card here"],
    ] as const
  ).map((row) => Object.freeze(row)),
);

const unknownCard = "the operator does not admit this card: ask whether its contract is active";
const barredDevice = "the operator does not admit this modem: ask to have its IMEI admitted";
const noService = "the contract has no data over this network: ask the operator for NB-IoT";
const foreignNetwork = "the network does not admit this card: check contract, roaming, apn, operator";
const thisPlace = "not admitted at this place: check roaming, or try bands or operator of another network";
const networkTrouble = "the network's own trouble: it is tried again by itself";
const accessPoint = "mostly the access point: check apn, apnUser, apnPassword, ipType";

/** EMM causes (3GPP TS 24.301 section 9.9.3.9) that tell what to do; 0 is for any other. */
export const causeAdvice: Readonly<Record<string, string>> = Object.freeze({
  0: "check contract, roaming and apn; ask the operator why",
  2: unknownCard,
  3: unknownCard,
  5: barredDevice,
  6: barredDevice,
  7: noService,
  8: noService,
  11: foreignNetwork,
  12: thisPlace,
  13: foreignNetwork,
  14: noService,
  15: thisPlace,
  17: networkTrouble,
  19: accessPoint,
  22: networkTrouble,
  35: noService,
  40: networkTrouble,
});

/** What the network has granted: no address, so that nothing can be sent; or no PSM, though it was asked for. */
export const grantedAdvice: Readonly<Record<"address" | "psm", string>> = Object.freeze({
  address: "the context has no address: check apn, apnUser, ipType",
  psm: "the network refuses PSM, so the modem does not sleep between readings: ask the operator, or set edrx",
});

/** Local time, because nothing has told. */
export const clockAdvice = "not proven: if readings are off by the zone, set modemClock=utc";

/**
 * The line of an event, and behind it what that means and what to try, where there is something to be said.
 *
 * @param line what `logLine` made of the event, for whoever needs that as well
 */
export function lineWithAdvice(event: LogEvent, line = logLine(event)): string {
  const advice = adviceOf(event);
  return advice === undefined ? line : `${line}: ${advice}`;
}

/** What the line of this event means and what to try; undefined for a line that says it itself. */
export function adviceOf(event: LogEvent): string | undefined {
  switch (event.kind) {
    case "modem down":
      return downAdvice[event.reason];
    case "modem sim":
      return simAdvice.find(([begins]) => event.status.startsWith(begins))![1];
    case "modem denied":
      return ofCause(event.cause);
    case "modem granted":
      if (event.address === "none") return grantedAdvice.address;
      return event.t3324 === Infinity ? grantedAdvice.psm : undefined;
    case "modem clock":
      return event.by === "usual" ? clockAdvice : undefined;
    default:
      return lineAdvice[event.kind];
  }
}

/** @param cause the number in front, where there is one */
function ofCause(cause: string): string {
  const end = cause.indexOf(" ");
  const number = end < 0 ? cause : cause.slice(0, end);
  return number.length <= 2 && Object.hasOwn(causeAdvice, number) ? causeAdvice[number] : causeAdvice["0"];
}
