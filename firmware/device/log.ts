/**
 * The device's log: every line that it prints is worded here, and read by one reader in the simulation
 * (host-sim/sim/world/device-log.ts). One event, one line:
 *
 *     room: words key=value key="text"
 *
 * A value stands bare where it is of printable ASCII without blanks, else as a JSON string; times end with
 * their unit. Free text, where there is any, is the rest of the line. Whatever comes from outside, such as
 * the id of a command or the message of an exception, can neither end the line nor pass for another one.
 */
import type { ContinuityEvent } from "../continuity/continuity-event";
import type { RestartCause } from "../continuity/persistent-state";
import type { DeliveryEvent } from "../delivery/delivery-event";
import type { ReadingFormat } from "../delivery/entry";
import type { SessionEvent } from "../enos/session";
import type { ThingValues } from "../model/thing";
import type { ModemEvent, ModemLog, ModemNote } from "../modem/driver/modem-log";

/** An event of the device as a whole, of its clock, its commands or its keys. Times are ms. */
type DeviceEvent =
  | { readonly kind: "agent start"; readonly interval: number }
  /** The network is left alone for `delay`: not all devices of a place come at once. */
  | { readonly kind: "agent waits"; readonly delay: number }
  /** Nothing is under way; `waiting` entries, and the next reading in `next`, where there are any. */
  | { readonly kind: "agent idle"; readonly waiting?: number; readonly next?: number }
  /** A reading is in the journal; its values only where the settings say so. */
  | {
      readonly kind: "report taken";
      readonly id: number;
      readonly format: ReadingFormat;
      readonly values?: ThingValues;
    }
  /** The application gave none. */
  | { readonly kind: "report missed"; readonly reason: string }
  | {
      readonly kind: "command executed" | "command repeated";
      /** What it asks for, or the service. */
      readonly command: string;
      /** As the cloud chose it. */
      readonly id: string | number;
      readonly code: number;
    }
  | { readonly kind: "command working"; readonly topic: string }
  | { readonly kind: "command ignored"; readonly topic: string; readonly reason: string }
  /** The cloud has the answer to a command, or may not have it. */
  | { readonly kind: "command answered"; readonly id: string | number }
  | { readonly kind: "command unanswered"; readonly id: string | number; readonly reason: string }
  | { readonly kind: "supervisor reset"; readonly reason: string }
  | { readonly kind: "supervisor restart"; readonly reason: RestartCause }
  /** The network told a time that is far off: not believed yet, or believed the second time. */
  | { readonly kind: "clock doubted" | "clock jumped" }
  | { readonly kind: "coap discarded"; readonly reason: string; readonly what: string }
  | { readonly kind: "socket error"; readonly reason: string }
  | { readonly kind: "keys missing" }
  | { readonly kind: "keys found"; readonly imei: string }
  | { readonly kind: "journal no partition"; readonly name: string; readonly reason: string }
  /** Settings that cannot work: nothing else follows. */
  | { readonly kind: "settings"; readonly text: string };

/** The session's events, under the log's names. */
type SessionLogEvent = {
  [K in SessionEvent["kind"]]: Omit<Extract<SessionEvent, { kind: K }>, "kind"> & {
    readonly kind: `session ${K}`;
  };
}[SessionEvent["kind"]];

/** Lines that nobody acts on. Those of the modem's driver are of a closed set, so that none passes for another. */
type Note =
  | { readonly kind: "modem note"; readonly text: ModemNote }
  | { readonly kind: "board note"; readonly text: string };

/** Whatever the device has to tell. Holds no secrets. */
export type LogEvent = DeviceEvent | SessionLogEvent | DeliveryEvent | ContinuityEvent | ModemEvent | Note;

/** Takes an event for the log. */
export type Log = (event: LogEvent) => void;

type Words = { readonly [K in LogEvent["kind"]]: (event: Extract<LogEvent, { readonly kind: K }>) => string };

/** By the event's kind: its line. */
const words: Words = Object.freeze<Words>({
  "agent start": ({ interval }) => `agent: start interval=${seconds(interval)}`,
  "agent waits": ({ delay }) => `agent: waits ${seconds(delay)} before it uses the network`,
  "agent idle": ({ waiting, next }) =>
    `agent: idle${waiting === undefined ? "" : ` waiting=${waiting}`}${next === undefined ? "" : ` next=${seconds(next)}`}`,
  "agent woke without its memory": constant("agent: woke without its memory"),
  "report taken": ({ id, format, values }) =>
    `report: taken id=${id} format=${format}${values === undefined ? "" : ` values=${oneLine(JSON.stringify(values))}`}`,
  "report acknowledged": ({ id, after }) =>
    `report: acknowledged id=${id} after=${(after / 1000).toFixed(1)}s`,
  "report kept": ({ id, readings, reason, retry, waiting }) =>
    `report: kept id=${id}${readings === undefined ? "" : ` readings=${readings}`} reason=${quoted(reason)} retry=${seconds(retry)} waiting=${waiting}`,
  "report apart": ({ id, readings, reason }) =>
    `report: apart id=${id} readings=${readings} reason=${quoted(reason)}`,
  "report refused": ({ id, reason }) => `report: refused id=${id} reason=${quoted(reason)}`,
  "report dropped": ({ id, reason }) => `report: dropped id=${id} reason=${reason}`,
  "report without": ({ topic }) => `report: without topic=${bare(topic)} reason="the server has none"`,
  "report missed": ({ reason }) => `report: missed reason=${quoted(reason)}`,
  "message acknowledged": ({ id, topic }) => `message: acknowledged id=${id} topic=${bare(topic)}`,
  "message kept": ({ id, topic, reason, retry, waiting }) =>
    `message: kept id=${id} topic=${bare(topic)} reason=${quoted(reason)} retry=${seconds(retry)} waiting=${waiting}`,
  "message refused": ({ id, topic, reason }) =>
    `message: refused id=${id} topic=${bare(topic)} reason=${quoted(reason)}`,
  "message dropped": ({ id, reason }) => `message: dropped id=${id} reason=${reason}`,
  "command executed": ({ command, id, code }) =>
    `command: executed kind=${bare(command)} id=${quoted(id)} code=${code}`,
  "command repeated": ({ command, id, code }) =>
    `command: repeated kind=${bare(command)} id=${quoted(id)} code=${code}`,
  "command working": ({ topic }) => `command: working topic=${bare(topic)}`,
  "command ignored": ({ topic, reason }) => `command: ignored topic=${bare(topic)} reason=${quoted(reason)}`,
  "command answered": ({ id }) => `command: answered id=${quoted(id)}`,
  "command unanswered": ({ id, reason }) => `command: unanswered id=${quoted(id)} reason=${quoted(reason)}`,
  "session authenticating": ({ cause }) => `session: authenticating cause=${cause}`,
  "session online": ({ edition }) => `session: online edition=${edition}`,
  "session resumed": ({ edition }) => `session: resumed edition=${edition}`,
  "session refused": ({ reason, retryAfter }) =>
    `session: not admitted reason=${reason} retry=${seconds(retryAfter)}`,
  "session doubted": ({ reason }) => `session: doubted reason=${reason} check="iv and edition"`,
  "session downlink-ignored": ({ reason }) => `session: downlink ignored reason=${quoted(reason)}`,
  "session keep alive": constant("session: keep alive"),
  "supervisor reset": ({ reason }) => `supervisor: reset reason=${quoted(reason)}`,
  "supervisor restart": ({ reason }) => `supervisor: restart reason=${reason}`,
  "clock doubted": constant("clock: doubted"),
  "clock jumped": constant("clock: jumped"),
  "coap discarded": ({ reason, what }) => `coap: discarded reason=${reason} what=${quoted(what)}`,
  "socket error": ({ reason }) => `socket: error reason=${quoted(reason)}`,
  "radio off": ({ spent, resumes }) =>
    `radio: off reason="budget spent" spent=${seconds(spent)} resumes=${seconds(resumes)}`,
  "radio budget of a new day": constant("radio: budget of a new day"),
  "memory failed": ({ reason }) => `memory: failed reason=${quoted(reason)}`,
  "journal open": ({ waiting, damaged, mended }) =>
    `journal: open waiting=${waiting}${damaged === undefined ? "" : ` damaged=${damaged}`}${mended === undefined ? "" : ` mended=${mended}`}`,
  "journal none": ({ reason }) => `journal: none: ${oneLine(reason)}`,
  "journal no partition": ({ name, reason }) => `journal: no partition ${quoted(name)}: ${oneLine(reason)}`,
  "journal failed": ({ reason }) => `journal: failed reason=${quoted(reason)}`,
  "journal dated": ({ estimated }) => `journal: dated estimated=${estimated}`,
  "journal callback forgotten": constant("journal: callback forgotten: its message waits on"),
  "modem starting": constant("modem: starting"),
  "modem waking": constant("modem: waking"),
  "modem asleep": constant("modem: asleep"),
  "modem identified": ({ imei }) => `modem: identified imei=${bare(imei ?? "unknown")}`,
  "modem wrong modem": ({ expected, found }) =>
    `modem: wrong modem: expected ${oneLine(expected)}, found ${quoted(found)}`,
  "modem sim": ({ status }) => `modem: sim status=${quoted(status)}`,
  "modem sim missing": constant("modem: sim missing"),
  "modem denied": ({ cause }) => `modem: denied cause=${oneLine(cause)}`,
  "modem down": ({ reason, retry }) => `modem: down reason=${reason} retry=${seconds(retry)}`,
  "modem refused": ({ command, code }) => `modem: refused command=${quoted(command)} code=${code ?? "none"}`,
  "modem send refused": ({ code }) => `modem: send refused code=${code ?? "none"}`,
  "modem read refused": constant("modem: read refused"),
  "modem note": ({ text }) => `modem: ${oneLine(text)}`,
  "board note": ({ text }) => `board: ${oneLine(text)}`,
  "keys missing": constant("keys: no device key: the modem's IMEI will be it"),
  "keys found": ({ imei }) => `keys: device key is the IMEI ${imei}; restart`,
  fault: ({ text }) => `fault: ${oneLine(text)}`,
  settings: ({ text }) => `settings: ${oneLine(text)}`,
});

/** The line of an event, without its end. */
export function logLine(event: LogEvent): string {
  const word = words[event.kind] as (event: LogEvent) => string;
  return word(event);
}

/** A session's event as one for the log. */
export function sessionLogEvent(event: SessionEvent): LogEvent {
  return { ...event, kind: `session ${event.kind}` } as SessionLogEvent;
}

/** The log as the modem's driver uses it: its notes are plain text there. */
export function modemLog(log: Log): ModemLog {
  return (event) => log(typeof event === "string" ? { kind: "modem note", text: event } : event);
}

function constant(line: string): () => string {
  return () => line;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)}s`;
}

function quoted(value: string | number): string {
  return oneLine(JSON.stringify(value));
}

/** As it is where that can be told from what follows it, else quoted. */
function bare(text: string): string {
  if (text === "" || text.charCodeAt(0) === 0x22) return quoted(text);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return quoted(text);
  }
  return text;
}

/** With `?` for every character that ends a line, steers a terminal, or turns the direction of writing. */
function oneLine(text: string): string {
  let i = 0;
  while (i < text.length && !steers(text.charCodeAt(i))) i++;
  if (i === text.length) return text;
  let out = "";
  for (i = 0; i < text.length; i++) out += steers(text.charCodeAt(i)) ? "?" : text.charAt(i);
  return out;
}

function steers(code: number): boolean {
  if (code < 0x7f) return code < 0x20;
  return code < 0xa0 || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}
