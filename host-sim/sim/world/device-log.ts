/**
 * The one reader of the device's log: lines to events, by the grammar that firmware/device/log.ts writes.
 * It shares no code with the writer, only the types of the events. A word that is changed on one side alone
 * makes lines that cannot be read, and the run that meets one fails.
 */
import type { LogEvent } from "../../../firmware/device/log";

export type { LogEvent } from "../../../firmware/device/log";

/**
 * The forms of all lines. `<name>` is a value of the event, and what is in `[...]` may be missing. A name is
 * followed by how the value is written; one without that is a word:
 *
 *    whole      a whole number
 *    seconds    a duration in whole seconds, ms in the event; `tenths` with one decimal
 *    quoted     a JSON string; a word is one only where it has to be
 *    json value a JSON string or number
 *    json       JSON up to the end of the line
 *    rest       text up to what follows in the form, or to the end of the line
 *    clause     text up to a colon and a blank, or to the end of the line
 *    advice     text up to the end of the line that is no part of the event: what it means, and what to try
 *    dBm, dB    a number with that unit
 *    zone       hours and minutes east of UTC, ms in the event
 *    or off     a duration in whole seconds, or this word for Infinity
 *    end        a word behind which a colon and a blank may follow
 *    a|b        one of these words
 *    or NAME    this word when the event does not have the value
 */
const forms: Readonly<Record<LogEvent["kind"], string>> = {
  "agent start": "agent: start interval=<interval:seconds> batch=<batch:whole> lifetime=<lifetime:seconds>",
  "agent waits": "agent: waits <delay:seconds> before it uses the network",
  "agent panicked": "agent: waits <delay:seconds> before it uses the network: panics=<panics:whole> in a row",
  "agent idle": "agent: idle[ waiting=<waiting:whole>][ next=<next:seconds>]",
  "agent woke without its memory": "agent: woke without its memory",
  "report taken": "report: taken id=<id:whole> format=<format:raw|compact|json>[ values=<values:json>]",
  "report held": "report: held id=<id:whole> format=<format:raw|compact|json>[ values=<values:json>]",
  "report acknowledged": "report: acknowledged id=<id:whole> after=<after:tenths>",
  "report kept":
    "report: kept id=<id:whole>[ readings=<readings:whole>] reason=<reason:quoted> retry=<retry:seconds> waiting=<waiting:whole>",
  "report apart": "report: apart id=<id:whole> readings=<readings:whole> reason=<reason:quoted>",
  "report refused": "report: refused id=<id:whole> reason=<reason:quoted>",
  "report dropped": "report: dropped id=<id:whole> reason=<reason:full|thinned|corrupt|unreadable>",
  "report without": 'report: without topic=<topic> reason="the server has none"',
  "point left out": "report: left out point=<point> count=<count:whole> reason=<reason:quoted>",
  "point back": "report: back point=<point> count=<count:whole>",
  "report missed": "report: missed count=<count:whole> reason=<reason:quoted>",
  "report back": "report: back count=<count:whole>",
  "message acknowledged": "message: acknowledged id=<id:whole> topic=<topic>",
  "message kept":
    "message: kept id=<id:whole> topic=<topic> reason=<reason:quoted> retry=<retry:seconds> waiting=<waiting:whole>",
  "message refused": "message: refused id=<id:whole> topic=<topic> reason=<reason:quoted>",
  "message dropped": "message: dropped id=<id:whole> reason=<reason:full|thinned|corrupt|unreadable>",
  "command executed": "command: executed kind=<command> id=<id:json value> code=<code:whole>",
  "command repeated": "command: repeated kind=<command> id=<id:json value> code=<code:whole>",
  "command working": "command: working topic=<topic>",
  "command too long": "command: too long topic=<topic> received=<received:whole>",
  "command ignored": "command: ignored topic=<topic> reason=<reason:quoted>",
  "command refused": "command: refused topic=<topic> reason=<reason:plain|truncated|forged|stale>",
  "command answered": "command: answered id=<id:json value>",
  "command forgotten": "command: forgotten[ age=<age:seconds>]",
  "command unanswered": "command: unanswered id=<id:json value> reason=<reason:quoted>",
  "session authenticating":
    "session: authenticating cause=<cause:first|lapsed|longer-signature|unauthorized|bad-option|illegal-payload|too-large>",
  "session online": "session: online edition=<edition:token|tokenless>",
  "session format-stated": "session: format stated",
  "session resumed": "session: resumed edition=<edition:token|tokenless>",
  "session refused": "session: not admitted reason=<reason> retry=<retryAfter:seconds>",
  "session doubted": 'session: doubted reason=<reason> check="iv and edition"',
  "session downlink-ignored": "session: downlink ignored reason=<reason:quoted>",
  "session keep alive": "session: keep alive",
  "supervisor reset": "supervisor: reset reason=<reason:quoted>",
  "supervisor restart": "supervisor: restart reason=<reason>",
  "clock doubted": "clock: doubted",
  "clock jumped": "clock: jumped",
  "coap discarded": "coap: discarded reason=<reason> what=<what:quoted>",
  "socket error": "socket: error reason=<reason:quoted>",
  "radio off": 'radio: off reason="budget spent" spent=<spent:seconds> resumes=<wait:seconds>',
  "radio budget of a new day": "radio: budget of a new day",
  "radio guarded":
    "radio: guarded strangers=<strangers:seconds> exchanges=<exchanges:seconds> until=<wait:seconds>",
  "memory failed": "memory: failed reason=<reason:quoted>",
  "journal open": "journal: open waiting=<waiting:whole>[ damaged=<damaged:whole>][ mended=<mended:whole>]",
  "journal none": "journal: none: <reason:rest>",
  "journal no partition": "journal: no partition <name:quoted>: <reason:rest>",
  "journal failed": "journal: failed reason=<reason:quoted>",
  "journal block":
    "journal: block <block:whole> <what:left-out|unreadable|readable|lost>[ readings=<readings:whole>]",
  "journal dated": "journal: dated estimated=<estimated:whole>",
  "journal callback forgotten": "journal: callback forgotten: its message waits on",
  "modem starting": "modem: starting",
  "modem waking": "modem: waking",
  "modem asleep": "modem: asleep",
  "modem identified": "modem: identified imei=<imei:or unknown>",
  "modem wrong modem":
    "modem: wrong modem: expected <expected:rest>, found <found:quoted>[: <advice:advice>]",
  "modem sim missing": "modem: sim missing[: <advice:advice>]",
  "modem sim": "modem: sim status=<status:quoted>[: <advice:advice>]",
  "modem denied": "modem: denied cause=<cause:clause>[: <advice:advice>]",
  "modem noise": "modem: noise rate=<rate:whole>[: <advice:advice>]",
  "modem rate found": "modem: rate found=<rate:whole>[: <advice:advice>]",
  "modem rate set": "modem: rate set=<rate:whole>",
  "modem supply": "modem: supply level=<level:low|high>[: <advice:advice>]",
  "modem powered off": "modem: powered off supply=<supply:or unknown>[: <advice:advice>]",
  "modem restarts": "modem: restarts again and again count=<count:whole>[: <advice:advice>]",
  "modem resolved": "modem: resolved name=<name> address=<address>",
  "modem unresolved": "modem: unresolved name=<name:end>[: <advice:advice>]",
  "modem down": "modem: down reason=<reason> retry=<retry:seconds>[: <advice:advice>]",
  "modem refused":
    "modem: refused command=<command:quoted> code=<code:or none>[ means=<meaning:quoted>][: <advice:advice>]",
  "modem send refused": "modem: send refused code=<code:or none>[: <advice:advice>]",
  "modem read refused": "modem: read refused[: <advice:advice>]",
  "modem clock": "modem: clock tells=<tells:local|utc> by=<by:quoted> zone=<zone:zone>[: <advice:advice>]",
  "modem firmware": "modem: firmware version=<version:quoted>",
  "modem cell":
    "modem: cell[ operator=<operator>][ band=<band:whole>][ id=<cell>][ rsrp=<rsrp:dBm>][ snr=<snr:dB>][ coverage=<ecl:whole>]",
  "modem granted":
    "modem: granted[ apn=<apn>][ address=<address:end>][ t3324=<t3324:or off>][ t3412=<t3412:seconds>][ edrx=<edrx:or off>][: <advice:advice>]",
  "modem other apn": "modem: other apn asked=<asked> granted=<granted:end>[: <advice:advice>]",
  "modem illegal transition": "modem: illegal transition from=<from> to=<to>",
  "update begun": "update: begun version=<version> size=<size:whole> place=<place:quoted>",
  "update goes on": "update: goes on version=<version> fetched=<fetched:whole> size=<size:whole>",
  "update refused": "update: refused version=<version> reason=<reason:quoted>",
  "update package":
    "update: package version=<version> what=<what:whole|difference> size=<size:whole> image=<image:whole>",
  "update pauses":
    "update: pauses reason=<reason:blocks|bytes|hours|coverage|no-answer|refused> fetched=<fetched:whole> size=<size:whole>[ retry=<retry:seconds>]",
  "update begins anew": "update: begins anew version=<version> reason=<reason:quoted>",
  "update verified": "update: verified version=<version> image=<image:whole>",
  "update starts": "update: starts version=<version>",
  "update trial": "update: trial version=<version> starts=<starts:whole> tries=<tries:whole>",
  "update kept": "update: kept version=<version>",
  "update back": "update: back version=<version> reason=<reason:quoted>",
  "update ended": "update: ended version=<version> reason=<reason:quoted>",
  "update told": "update: told step=<step:whole>",
  "update untold": "update: untold step=<step:whole> reason=<reason:quoted> retry=<retry:seconds>",
  "update none": "update: none: <reason:rest>",
  "keys missing": "keys: no device key: the modem's IMEI will be it",
  "seal key missing": "keys: no sealKey: payloads go plain until the board has one",
  "keys found": "keys: device key is the IMEI <imei:rest>; restart",
  fault: "fault: <text:rest>",
  "start failed": "start: failed reason=<reason:quoted> failures=<failures:whole> retry=<retry:seconds>",
  "start recovered": "start: recovered failures=<failures:whole> reason=<reason:quoted>",
  "start safe": "start: safe panics=<panics:whole> failures=<failures:whole> reason=<reason:quoted>",
  "setting unknown": "setting: there is none <name:quoted>, the nearest is <nearest>",
  "setting in vain without": "setting: <name> is in vain without <what:rest>",
  "setting in vain": "setting: <name> is in vain: no command of a <modem> does it",
  settings: "settings: <text:rest>",
  "health report": "health: report period=<period:seconds>",
  "health alarm": "health: alarm what=<what> value=<value:whole> limit=<limit:whole>",
  "health log failed": "health: log failed reason=<reason:quoted>",
  "health memory failed": "health: memory failed reason=<reason:quoted>",
  "remote settings changed": "remote settings: changed version=<version:whole> names=<names:quoted>",
  "remote settings refused": "remote settings: refused reason=<reason:quoted>",
  "remote settings in force": "remote settings: in force version=<version:whole> trial=<trial:yes|no>",
  "remote settings kept": "remote settings: kept version=<version:whole>",
  "remote settings taken back": "remote settings: taken back version=<version:whole> reason=<reason:quoted>",
  "remote settings failed": "remote settings: failed reason=<reason:quoted>",
  // Any other line of these two rooms, unless it begins like one of the lines above.
  "modem note": "modem: <text:rest>",
  "board note": "board: <text:rest>",
};

/** Longest line that is read, characters; the values of a whole datagram take a tenth of that. */
const longest = 16_384;

/** The line that was read last, and what it says: whoever hears a run reads each line by himself. */
let lastLine = "";
let lastRead: LogEvent | undefined;

/**
 * Reads one line of the log, without its end.
 *
 * @returns undefined for one that the device never writes
 */
export function readLogLine(line: string): LogEvent | undefined {
  if (line === lastLine) return lastRead;
  lastRead = read(line);
  lastLine = line;
  return lastRead;
}

function read(line: string): LogEvent | undefined {
  if (line.length > longest || steering.test(line)) return undefined;
  const candidates = rooms.get(line.slice(0, line.indexOf(": "))) ?? [];
  for (const { kind, pieces, heads } of candidates) {
    if (heads.some((head) => beginsWith(line, head))) return undefined;
    const values: Record<string, unknown> = { kind };
    // The cast is safe: a test writes an event of each kind and reads it back by these forms.
    if (scan(line, 0, pieces, values) === line.length) return values as unknown as LogEvent;
  }
  return undefined;
}

/** A line's room and the text behind it, for showing them apart. */
export function splitLogLine(line: string): { readonly room: string; readonly text: string } {
  const at = line.indexOf(": ");
  return at < 0 ? { room: "", text: line } : { room: line.slice(0, at), text: line.slice(at + 2) };
}

/** A line without the values of its reading, which are too long to show; any other line as it is. */
export function withoutValues(line: string): string {
  const at = line.indexOf(" values=");
  return at >= 0 && /^report: (?:taken|held) /.test(line) ? line.slice(0, at) : line;
}

/** Characters that end a line, steer a terminal, turn the direction of writing, or cannot be seen. */
const steering = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

type Piece =
  | { readonly literal: string }
  /** `until`: the literal behind it, empty at the end of the form. */
  | { readonly name: string; readonly shape: string; readonly until: string }
  | { readonly optional: readonly Piece[] };

interface Form {
  readonly kind: string;
  readonly pieces: readonly Piece[];
  /** For a form that takes any text: how the room's other lines begin. */
  readonly heads: readonly string[];
}

/** The forms by their rooms, those that take any text last. */
const rooms = new Map<string, Form[]>();

for (const [kind, text] of Object.entries(forms)) {
  const room = text.slice(0, text.indexOf(": "));
  const others = rooms.get(room) ?? [];
  const heads =
    kind === `${room} note` ? Object.values(forms).filter((each) => each.startsWith(`${room}: `)) : [];
  const literals = heads.filter((each) => each !== text).map((each) => each.split(/[[<]/)[0]);
  rooms.set(room, [...others, { kind, pieces: compile(text), heads: literals.map((each) => headOf(each)) }]);
}

/** How lines of a form begin, up to the first name of a value: `room: words`. */
function headOf(literal: string): string {
  return literal.replace(/ ?[a-z]+=$/, "").replace(/[: ]+$/, "");
}

function beginsWith(line: string, head: string): boolean {
  return line.startsWith(head) && /^$|^[: ]/.test(line.slice(head.length, head.length + 1));
}

/** A form as what a line is compared with. */
function compile(text: string): Piece[] {
  return [...text.matchAll(/\[(.*?)\]|<(\w+)(?::(.*?))?>([^[<]*)|[^[<]+/g)].flatMap((match): Piece[] => {
    const [whole, optional, name, shape = "word", behind] = match;
    if (optional !== undefined) return [{ optional: compile(optional) }];
    if (name === undefined) return [{ literal: whole }];
    const value = { name, shape, until: behind };
    return behind === "" ? [value] : [value, { literal: behind }];
  });
}

/** Where the pieces end that were found from `at` on; -1 when they are not there. */
function scan(line: string, at: number, pieces: readonly Piece[], values: Record<string, unknown>): number {
  for (const piece of pieces) {
    if ("literal" in piece) {
      if (!line.startsWith(piece.literal, at)) return -1;
      at += piece.literal.length;
    } else if ("optional" in piece) {
      const end = scan(line, at, piece.optional, values);
      if (end >= 0) at = end;
    } else {
      const end = endOf(line, at, piece.shape, piece.until);
      if (end < at || (end === at && piece.shape !== "rest")) return -1;
      const value = valueOf(line.slice(at, end), piece.shape);
      if (value === malformed) return -1;
      if (value !== absent) values[piece.name] = value;
      at = end;
    }
  }
  return at;
}

function endOf(line: string, at: number, shape: string, until: string): number {
  if (shape === "json" || shape === "advice") return line.length;
  if (shape === "clause") {
    const end = line.indexOf(": ", at);
    return end < 0 ? line.length : end;
  }
  if (shape === "rest") return until === "" ? line.length : line.indexOf(until, at);
  if (line[at] !== '"') {
    const end = line.indexOf(" ", at);
    const word = end < 0 ? line.length : end;
    // What ends in a colon goes on with advice.
    return end >= 0 && shape !== "word" && line[end - 1] === ":" ? end - 1 : word;
  }
  for (let i = at + 1; i < line.length; i++) {
    if (line[i] === '"') return i + 1;
    if (line[i] === "\\") i += 1;
  }
  return -1;
}

const malformed = Symbol("malformed");
const absent = Symbol("absent");

function valueOf(text: string, shape: string): unknown {
  switch (shape) {
    case "rest":
    case "clause":
      return text;
    case "advice":
      return absent;
    case "json":
      return parsed(text);
    case "quoted":
      return text.startsWith('"') ? parsed(text) : malformed;
    case "json value":
      return /^["\d-]/.test(text) ? parsed(text) : malformed;
    case "word":
      return word(text);
    case "whole":
      return /^-?\d+$/.test(text) ? Number(text) : malformed;
    case "seconds":
      return /^-?\d+s$/.test(text) ? 1000 * Number(text.slice(0, -1)) : malformed;
    case "tenths":
      return /^-?\d+\.\ds$/.test(text) ? 100 * Number(text.slice(0, -1).replace(".", "")) : malformed;
    case "dBm":
    case "dB":
      return text.endsWith(shape) ? decimal(text.slice(0, -shape.length)) : malformed;
    case "zone": {
      const match = /^([+-])(\d\d):(\d\d)$/.exec(text);
      if (match === null) return malformed;
      return (match[1] === "-" ? -60_000 : 60_000) * (60 * Number(match[2]) + Number(match[3]));
    }
    case "or off":
      return text === "off" ? Infinity : valueOf(text, "seconds");
    case "end":
      return word(text);
    case "or unknown":
      return text === "unknown" ? absent : word(text);
    case "or none":
      return text === "none" ? absent : valueOf(text, "whole");
    default:
      return shape.split("|").includes(text) ? text : malformed;
  }
}

function decimal(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : malformed;
}

function word(text: string): unknown {
  if (text.startsWith('"')) return parsed(text);
  return /^[!-~]+$/.test(text) ? text : malformed;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return malformed;
  }
}
