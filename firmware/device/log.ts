/**
 * The device's log: every line that it prints is worded here, but for those of parts that not every product has, and
 * read by one reader in the simulation (host-sim/sim/world/device-log.ts). One event, one line:
 *
 *     room: words key=value key="text"
 *
 * A value stands bare where it is of printable ASCII without blanks, else as a JSON string; times end with
 * their unit. Free text, where there is any, is the rest of the line. Behind a line of trouble with the modem the
 * trace has what it means and what to try, see advice.ts. Whatever comes from outside, such as
 * the id of a command or the message of an exception, can neither end the line nor pass for another one.
 */
import { bare, given, named, oneLine, quoted, seconds, timer } from "../text/wording";
import type { ContinuityEvent } from "../continuity/continuity-event";
import type { RestartCause } from "../continuity/persistent-state";
import type { DeliveryEvent } from "../delivery/delivery-event";
import type { ReadingFormat } from "../delivery/entry";
import type { SealRefusal, SealingEvent } from "../delivery/sealing";
import type { SessionEvent } from "../enos/session-options";
import type { ThingValues } from "../model/thing";
import type { ModemEvent, ModemLog, ModemNote } from "../modem/driver/modem-log";
import type { PartEvent, WithLine } from "./part-event";

/** An event of the device as a whole, of its clock, its commands or its keys. Times are ms. */
type DeviceEvent =
  /** What lies between readings, how many are sent together, and for how long the cloud waits for a contact. */
  | {
      readonly kind: "agent start";
      readonly interval: number;
      readonly batch: number;
      readonly lifetime: number;
    }
  /** The network is not used for `delay`, so that devices which start together do not all come at once. */
  | { readonly kind: "agent waits"; readonly delay: number }
  /** The last `panics` starts were each after a panic, so the network is not used for `delay`. */
  | { readonly kind: "agent panicked"; readonly panics: number; readonly delay: number }
  /** Nothing is under way; `waiting` entries, and the next reading in `next`, where there are any. */
  | { readonly kind: "agent idle"; readonly waiting?: number; readonly next?: number }
  /**
   * A reading is in the journal, or held in RAM, which ends with the power, as the journal cannot take it; its values
   * only where the settings say so.
   */
  | {
      readonly kind: "report taken" | "report held";
      readonly id: number;
      readonly format: ReadingFormat;
      readonly values?: ThingValues;
    }
  /**
   * A measure point is left out of a reading, as the model does not take what the application gave, `count` times in a
   * row; or it has a value again after so many.
   */
  | {
      readonly kind: "point left out";
      readonly point: string;
      readonly count: number;
      readonly reason: string;
    }
  | { readonly kind: "point back"; readonly point: string; readonly count: number }
  /** The application gave no reading, `count` times in a row; or it gives one again after so many. */
  | { readonly kind: "report missed"; readonly count: number; readonly reason: string }
  | { readonly kind: "report back"; readonly count: number }
  | {
      readonly kind: "command executed" | "command repeated";
      /** What it asks for, or the service. */
      readonly command: string;
      /** As the cloud chose it. */
      readonly id: string | number;
      readonly code: number;
    }
  | { readonly kind: "command working"; readonly topic: string }
  /** The modem has given no more than the beginning of it, `received` bytes: it is refused. */
  | { readonly kind: "command too long"; readonly topic: string; readonly received: number }
  | { readonly kind: "command ignored"; readonly topic: string; readonly reason: string }
  /** It is not sealed as this product's script seals it, or older than one that was taken: it gets no answer. */
  | { readonly kind: "command refused"; readonly topic: string; readonly reason: SealRefusal }
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
  /** The board could not be put together, `failures` times in a row; it starts again after `retry`. */
  | {
      readonly kind: "start failed";
      readonly reason: string;
      readonly failures: number;
      readonly retry: number;
    }
  /** The board was put together after starts that failed; the reason is the last one's. */
  | { readonly kind: "start recovered"; readonly failures: number; readonly reason: string }
  /** The device does without its application and its journal: see safe-start.ts. */
  | {
      readonly kind: "start safe";
      readonly panics: number;
      readonly failures: number;
      readonly reason: string;
    }
  /** A name in the configuration that no setting has; the nearest one that a setting has. */
  | { readonly kind: "setting unknown"; readonly name: string; readonly nearest: string }
  /** A setting that was given, and that a modem of this family has no command for. */
  | { readonly kind: "setting in vain"; readonly name: string; readonly modem: string }
  /** A setting that was given, and that this board or chip cannot do without something else. */
  | { readonly kind: "setting in vain without"; readonly name: string; readonly what: string }
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

/** What every device may tell. */
type CommonEvent =
  DeviceEvent | SessionLogEvent | DeliveryEvent | SealingEvent | ContinuityEvent | ModemEvent | Note;

/** Whatever the device has to tell. Holds no secrets. */
export type LogEvent = CommonEvent | WithLine<PartEvent>;

/** Takes an event for the log. */
export type Log = (event: LogEvent) => void;

/** The events of a union that are of kind `K`. */
type OfKind<K, E = LogEvent> = E extends { readonly kind: infer Kinds }
  ? K extends Kinds
    ? E
    : never
  : never;

/** For each kind of event its line, or the function that makes the line out of the event. */
type Words = { readonly [K in CommonEvent["kind"]]: string | ((e: OfKind<K>) => string) };

const words: Words = Object.freeze<Words>({
  "agent start": (e) =>
    `agent: start interval=${seconds(e.interval)} batch=${e.batch} lifetime=${seconds(e.lifetime)}`,
  "agent waits": (e) => `agent: waits ${seconds(e.delay)} before it uses the network`,
  "agent panicked": (e) =>
    `agent: waits ${seconds(e.delay)} before it uses the network: panics=${e.panics} in a row`,
  "agent idle": (e) =>
    `agent: idle${given(" waiting=", e.waiting)}${e.next === undefined ? "" : ` next=${seconds(e.next)}`}`,
  "agent woke without its memory": "agent: woke without its memory",
  "report taken": (e) => `report: taken ${readingOf(e)}`,
  "report held": (e) => `report: held ${readingOf(e)}`,
  "report acknowledged": (e) => `report: acknowledged id=${e.id} after=${(e.after / 1000).toFixed(1)}s`,
  "report kept": (e) =>
    `report: kept id=${e.id}${given(" readings=", e.readings)} reason=${quoted(e.reason)} retry=${seconds(e.retry)} waiting=${e.waiting}`,
  "report apart": (e) => `report: apart id=${e.id} readings=${e.readings} reason=${quoted(e.reason)}`,
  "report refused": (e) => `report: refused id=${e.id} reason=${quoted(e.reason)}`,
  "report dropped": (e) => `report: dropped id=${e.id} reason=${e.reason}`,
  "report without": (e) => `report: without topic=${bare(e.topic)} reason="the server has none"`,
  "point left out": (e) =>
    `report: left out point=${bare(e.point)} count=${e.count} reason=${quoted(e.reason)}`,
  "point back": (e) => `report: back point=${bare(e.point)} count=${e.count}`,
  "report missed": (e) => `report: missed count=${e.count} reason=${quoted(e.reason)}`,
  "report back": (e) => `report: back count=${e.count}`,
  "message acknowledged": (e) => `message: acknowledged id=${e.id} topic=${bare(e.topic)}`,
  "message kept": (e) =>
    `message: kept id=${e.id} topic=${bare(e.topic)} reason=${quoted(e.reason)} retry=${seconds(e.retry)} waiting=${e.waiting}`,
  "message refused": (e) => `message: refused id=${e.id} topic=${bare(e.topic)} reason=${quoted(e.reason)}`,
  "message dropped": (e) => `message: dropped id=${e.id} reason=${e.reason}`,
  "command executed": (e) => `command: executed kind=${bare(e.command)} id=${quoted(e.id)} code=${e.code}`,
  "command repeated": (e) => `command: repeated kind=${bare(e.command)} id=${quoted(e.id)} code=${e.code}`,
  "command working": (e) => `command: working topic=${bare(e.topic)}`,
  "command too long": (e) => `command: too long topic=${bare(e.topic)} received=${e.received}`,
  "command ignored": (e) => `command: ignored topic=${bare(e.topic)} reason=${quoted(e.reason)}`,
  "command refused": (e) => `command: refused topic=${bare(e.topic)} reason=${e.reason}`,
  "command answered": (e) => `command: answered id=${quoted(e.id)}`,
  "command unanswered": (e) => `command: unanswered id=${quoted(e.id)} reason=${quoted(e.reason)}`,
  "command forgotten": (e) => `command: forgotten${e.age === undefined ? "" : ` age=${seconds(e.age)}`}`,
  "session authenticating": (e) => `session: authenticating cause=${e.cause}`,
  "session online": (e) => `session: online edition=${e.edition}`,
  "session format-stated": "session: format stated",
  "session resumed": (e) => `session: resumed edition=${e.edition}`,
  "session refused": (e) => `session: not admitted reason=${e.reason} retry=${seconds(e.retryAfter)}`,
  "session doubted": (e) => `session: doubted reason=${e.reason} check="iv and edition"`,
  "session downlink-ignored": (e) => `session: downlink ignored reason=${quoted(e.reason)}`,
  "session keep alive": "session: keep alive",
  "supervisor reset": (e) => `supervisor: reset reason=${quoted(e.reason)}`,
  "supervisor restart": (e) => `supervisor: restart reason=${e.reason}`,
  "clock doubted": "clock: doubted",
  "clock jumped": "clock: jumped",
  "coap discarded": (e) => `coap: discarded reason=${e.reason} what=${quoted(e.what)}`,
  "socket error": (e) => `socket: error reason=${quoted(e.reason)}`,
  "radio off": (e) => `radio: off reason="budget spent" spent=${seconds(e.spent)} resumes=${seconds(e.wait)}`,
  "radio budget of a new day": "radio: budget of a new day",
  "radio guarded": (e) =>
    `radio: guarded strangers=${seconds(e.strangers)} exchanges=${seconds(e.exchanges)} until=${seconds(e.wait)}`,
  "memory failed": (e) => `memory: failed reason=${quoted(e.reason)}`,
  "journal open": (e) =>
    `journal: open waiting=${e.waiting}${given(" damaged=", e.damaged)}${given(" mended=", e.mended)}`,
  "journal none": (e) => `journal: none: ${oneLine(e.reason)}`,
  "journal no partition": (e) => `journal: no partition ${quoted(e.name)}: ${oneLine(e.reason)}`,
  "journal failed": (e) => `journal: failed reason=${quoted(e.reason)}`,
  "journal block": (e) => `journal: block ${e.block} ${e.what}${given(" readings=", e.readings)}`,
  "journal dated": (e) => `journal: dated estimated=${e.estimated}`,
  "journal callback forgotten": "journal: callback forgotten: its message waits on",
  "modem starting": "modem: starting",
  "modem waking": "modem: waking",
  "modem asleep": "modem: asleep",
  "modem identified": (e) => `modem: identified imei=${bare(e.imei ?? "unknown")}`,
  "modem wrong modem": (e) => `modem: wrong modem: expected ${oneLine(e.expected)}, found ${quoted(e.found)}`,
  "modem sim": (e) => `modem: sim status=${quoted(e.status)}`,
  "modem sim missing": "modem: sim missing",
  "modem denied": (e) => `modem: denied cause=${oneLine(e.cause)}`,
  "modem noise": (e) => `modem: noise rate=${e.rate}`,
  "modem rate found": (e) => `modem: rate found=${e.rate}`,
  "modem rate set": (e) => `modem: rate set=${e.rate}`,
  "modem supply": (e) => `modem: supply level=${e.level}`,
  "modem powered off": (e) => `modem: powered off supply=${e.supply ?? "unknown"}`,
  "modem restarts": (e) => `modem: restarts again and again count=${e.count}`,
  "modem resolved": (e) => `modem: resolved name=${bare(e.name)} address=${bare(e.address)}`,
  "modem unresolved": (e) => `modem: unresolved name=${bare(e.name)}`,
  "modem down": (e) => `modem: down reason=${e.reason} retry=${seconds(e.retry)}`,
  "modem refused": (e) =>
    `modem: refused command=${quoted(e.command)} code=${e.code ?? "none"}${e.meaning === undefined ? "" : ` means=${quoted(e.meaning)}`}`,
  "modem send refused": (e) => `modem: send refused code=${e.code ?? "none"}`,
  "modem read refused": "modem: read refused",
  "modem clock": (e) => `modem: clock tells=${e.tells} by=${quoted(e.by)} zone=${zoneOf(e.zone)}`,
  "modem firmware": (e) => `modem: firmware version=${quoted(e.version)}`,
  "modem cell": (e) =>
    `modem: cell${named(" operator=", e.operator)}${given(" band=", e.band)}${named(" id=", e.cell)}${given(" rsrp=", e.rsrp, "dBm")}${given(" snr=", e.snr, "dB")}${given(" coverage=", e.ecl)}`,
  "modem granted": (e) =>
    `modem: granted${named(" apn=", e.apn)}${named(" address=", e.address)}${timer(" t3324=", e.t3324)}${timer(" t3412=", e.t3412)}${timer(" edrx=", e.edrx)}`,
  "modem other apn": (e) => `modem: other apn asked=${bare(e.asked)} granted=${bare(e.granted)}`,
  "modem illegal transition": (e) => `modem: illegal transition from=${bare(e.from)} to=${bare(e.to)}`,
  "modem note": (e) => `modem: ${oneLine(e.text)}`,
  "board note": (e) => `board: ${oneLine(e.text)}`,
  "keys missing": "keys: no device key: the modem's IMEI will be it",
  "seal key missing": "keys: no sealKey: payloads go plain until the board has one",
  "keys found": (e) => `keys: device key is the IMEI ${e.imei}; restart`,
  fault: (e) => `fault: ${oneLine(e.text)}`,
  "start failed": (e) =>
    `start: failed reason=${quoted(e.reason)} failures=${e.failures} retry=${seconds(e.retry)}`,
  "start recovered": (e) => `start: recovered failures=${e.failures} reason=${quoted(e.reason)}`,
  "start safe": (e) => `start: safe panics=${e.panics} failures=${e.failures} reason=${quoted(e.reason)}`,
  "setting unknown": (e) => `setting: there is none ${quoted(e.name)}, the nearest is ${bare(e.nearest)}`,
  "setting in vain": (e) => `setting: ${bare(e.name)} is in vain: no command of a ${bare(e.modem)} does it`,
  "setting in vain without": (e) => `setting: ${bare(e.name)} is in vain without ${oneLine(e.what)}`,
  settings: (e) => `settings: ${oneLine(e.text)}`,
});

/** The line of an event, without a line end. */
export function logLine(event: LogEvent): string {
  const line = words[event.kind as CommonEvent["kind"]] as string | ((e: LogEvent) => string) | undefined;
  if (line === undefined) return (event as WithLine<PartEvent>).line ?? event.kind;
  return typeof line === "string" ? line : line(event);
}

/** A session's event as one for the log. */
export function sessionLogEvent(event: SessionEvent): LogEvent {
  return { ...event, kind: `session ${event.kind}` } as SessionLogEvent;
}

/** The log as the modem's driver uses it: its notes are plain text there. */
export function modemLog(log: Log): ModemLog {
  return (event) => log(typeof event === "string" ? { kind: "modem note", text: event } : event);
}

/** A zone, ms east of UTC, as `+05:45`. */
function zoneOf(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  const hours = `${Math.floor(minutes / 60)}`.padStart(2, "0");
  return `${ms < 0 ? "-" : "+"}${hours}:${`${minutes % 60}`.padStart(2, "0")}`;
}

function readingOf({ id, format, values }: OfKind<"report taken">): string {
  return `id=${id} format=${format}${values === undefined ? "" : ` values=${oneLine(JSON.stringify(values))}`}`;
}
