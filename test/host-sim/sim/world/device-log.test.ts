/**
 * The log's two sides against each other: whatever `logLine` writes, the reader reads back as the same event,
 * and nothing else.
 */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { lineWithAdvice } from "../../../../firmware/device/advice";
import { logLine, sessionLogEvent } from "../../../../firmware/device/log";
import { worded } from "../../../../firmware/health/health-event";
import { remoteSettingsLine } from "../../../../firmware/remote-settings/remote-settings-event";
import { readLogLine, splitLogLine, withoutValues } from "../../../../host-sim/sim/world/device-log";
import { updateLine } from "../../../../firmware/update/update-words";
import type { LogEvent } from "../../../../firmware/device/log";
import type { HealthEvent, RemoteSettingsEvent } from "../../../../firmware/device/part-event";
import type { UpdateEvent } from "../../../../firmware/update/update-event";

type Kind = LogEvent["kind"];

/** What the writer escapes. */
const steering = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const seen = (text: string): string =>
  text.replace(steering, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

const hostile = fc.constantFrom(
  ...'"\\\n\r\t =:;,<>[]?\u0000\u001b\u007f\u009b\u2028\u202e\u2066\u061c\u200b\u200f\ufeffé漢',
  "😀",
  "report: acknowledged id=1 after=0.0s",
  " reason=",
  '", found "',
);
/** Any text at all, as it comes out: it is one line. */
const text = fc
  .array(fc.oneof(hostile, fc.string({ unit: "grapheme", maxLength: 4 })), { maxLength: 8 })
  .map((parts) => seen(parts.join("")));
const whole = fc.integer({ min: 0, max: 0xffff_ffff });
const seconds = fc.integer({ min: 0, max: 31_536_000 }).map((s) => 1000 * s);
const id = fc.oneof(text, whole);
const dropped = fc.constantFrom("full", "thinned", "corrupt", "unreadable");
const edition = fc.constantFrom("token", "tokenless");
const word = fc.constantFrom("timeout", "no-response", "unauthorized", "wrong-modem");
const json = fc.dictionary(fc.stringMatching(/^[a-z]\w*$/), fc.oneof(fc.integer(), fc.boolean(), text));

/** Arbitrary values of each kind; one that is missing does not compile. */
const fields: { readonly [K in Kind]: Record<string, fc.Arbitrary<unknown>> } = {
  "agent start": { interval: seconds, batch: whole, lifetime: seconds },
  "agent waits": { delay: seconds },
  "agent panicked": { panics: whole, delay: seconds },
  "agent idle": { "waiting?": whole, "next?": seconds },
  "agent woke without its memory": {},
  "report held": { id: whole, format: fc.constantFrom("raw", "compact", "json"), "values?": json },
  "report taken": { id: whole, format: fc.constantFrom("raw", "compact", "json"), "values?": json },
  "report acknowledged": { id: whole, after: whole.map((n) => 100 * n) },
  "report kept": { id: whole, "readings?": whole, reason: text, retry: seconds, waiting: whole },
  "report apart": { id: whole, readings: whole, reason: text },
  "report refused": { id: whole, reason: text },
  "report dropped": { id: whole, reason: dropped },
  "report without": { topic: text },
  "point left out": { point: text, count: whole, reason: text },
  "point back": { point: text, count: whole },
  "report missed": { count: whole, reason: text },
  "report back": { count: whole },
  "message acknowledged": { id: whole, topic: text },
  "message kept": { id: whole, topic: text, reason: text, retry: seconds, waiting: whole },
  "message refused": { id: whole, topic: text, reason: text },
  "message dropped": { id: whole, reason: dropped },
  "command executed": { command: text, id, code: whole },
  "command repeated": { command: text, id, code: whole },
  "command working": { topic: text },
  "command too long": { topic: text, received: whole },
  "command ignored": { topic: text, reason: text },
  "command refused": { topic: text, reason: fc.constantFrom("plain", "truncated", "forged", "stale") },
  "command answered": { id },
  "command unanswered": { id, reason: text },
  "command forgotten": { "age?": seconds },
  "session authenticating": {
    cause: fc.constantFrom(
      ...[
        "first",
        "lapsed",
        "longer-signature",
        "unauthorized",
        "bad-option",
        "illegal-payload",
        "too-large",
      ],
    ),
  },
  "session online": { edition },
  "session format-stated": {},
  "session resumed": { edition },
  "session refused": { reason: word, retryAfter: seconds },
  "session doubted": { reason: word },
  "session downlink-ignored": { reason: text },
  "session keep alive": {},
  "supervisor reset": { reason: text },
  "supervisor restart": { reason: fc.constantFrom("fault", "no-contact", "hung", "application") },
  "setting in vain without": { name: word, what: text },
  "setting in vain": { name: word, modem: word },
  "setting unknown": { name: text, nearest: word },
  "clock doubted": {},
  "clock jumped": {},
  "coap discarded": { reason: word, what: text },
  "socket error": { reason: text },
  "radio off": { spent: seconds, wait: seconds },
  "radio budget of a new day": {},
  "radio guarded": { strangers: seconds, exchanges: seconds, wait: seconds },
  "memory failed": { reason: text },
  "journal open": { waiting: whole, "damaged?": whole, "mended?": whole },
  "journal none": { reason: text },
  "journal no partition": { name: text, reason: text },
  "journal failed": { reason: text },
  "journal block": {
    block: whole,
    what: fc.constantFrom("left-out", "unreadable", "readable", "lost"),
    "readings?": whole,
  },
  "journal dated": { estimated: whole },
  "journal callback forgotten": {},
  "modem starting": {},
  "modem waking": {},
  "modem asleep": {},
  "modem identified": { "imei?": fc.stringMatching(/^\d{15}$/) },
  "modem wrong modem": { expected: fc.constantFrom("SIM7020", "BG95 or BG77"), found: text },
  "modem sim": { status: text },
  "modem sim missing": {},
  "modem denied": { cause: fc.constantFrom("unknown", "200", "15 (no suitable cells in tracking area)") },
  "modem noise": { rate: whole },
  "modem rate found": { rate: whole },
  "modem rate set": { rate: whole },
  "modem supply": { level: fc.constantFrom("low", "high") },
  "modem powered off": { "supply?": fc.constantFrom("low", "high") },
  "modem restarts": { count: whole },
  "modem resolved": { name: word, address: word },
  "modem unresolved": { name: word },
  "modem down": { reason: word, retry: seconds },
  "modem refused": { command: text, "code?": whole, "meaning?": text },
  "modem send refused": { "code?": whole },
  "modem read refused": {},
  "modem clock": {
    tells: fc.constantFrom("local", "utc"),
    by: fc.constantFrom("usual", "network time"),
    zone: fc.integer({ min: -47, max: 56 }).map((quarters) => 900_000 * quarters),
  },
  "modem firmware": { version: text },
  "modem cell": {
    "operator?": text,
    "band?": whole,
    "cell?": text,
    "rsrp?": fc.integer({ min: -141, max: -44 }),
    "snr?": fc.integer({ min: -200, max: 300 }).map((tenths) => tenths / 10),
    "ecl?": fc.integer({ min: 0, max: 2 }),
  },
  "modem granted": {
    "apn?": text,
    "address?": fc.constantFrom("10.45.0.8", "none"),
    "t3324?": fc.oneof(seconds, fc.constant(Infinity)),
    "t3412?": seconds,
    "edrx?": fc.oneof(seconds, fc.constant(Infinity)),
  },
  "modem other apn": { asked: text, granted: text },
  "modem illegal transition": { from: word, to: word },
  "modem note": { text: fc.constantFrom("radio reset", "reset level=radio", "up rssi=-75dBm edrx=20s") },
  "board note": { text },
  "update begun": { version: text, size: whole, place: text },
  "update goes on": { version: text, fetched: whole, size: whole },
  "update refused": { version: text, reason: text },
  "update package": {
    version: text,
    what: fc.constantFrom("whole", "difference"),
    size: whole,
    image: whole,
  },
  "update pauses": {
    reason: fc.constantFrom("blocks", "bytes", "hours", "coverage", "no-answer", "refused"),
    fetched: whole,
    size: whole,
    "retry?": seconds,
  },
  "update begins anew": { version: text, reason: text },
  "update verified": { version: text, image: whole },
  "update starts": { version: text },
  "update trial": { version: text, starts: whole, tries: whole },
  "update kept": { version: text },
  "update back": { version: text, reason: text },
  "update ended": { version: text, reason: text },
  "update told": { step: fc.integer({ min: -4, max: 100 }) },
  "update untold": { step: fc.integer({ min: -4, max: 100 }), reason: text, retry: seconds },
  "update none": { reason: text },
  "keys missing": {},
  "seal key missing": {},
  "keys found": { imei: fc.stringMatching(/^\d{15}$/) },
  fault: { text },
  "start failed": { reason: text, failures: whole, retry: seconds },
  "start recovered": { failures: whole, reason: text },
  "start safe": { panics: whole, failures: whole, reason: text },
  settings: { text },
  "health report": { period: seconds },
  "health alarm": { what: text, value: whole, limit: whole },
  "health log failed": { reason: text },
  "health memory failed": { reason: text },
  "remote settings changed": { version: whole, names: text },
  "remote settings refused": { reason: text },
  "remote settings in force": { version: whole, trial: fc.constantFrom("yes", "no") },
  "remote settings kept": { version: whole },
  "remote settings taken back": { version: whole, reason: text },
  "remote settings failed": { reason: text },
};

const kinds = Object.keys(fields) as Kind[];

/** The line of an event; parts that not every product has word theirs themselves. */
/** Of a part that a product has or not, the line is worded in the part's room. */
const lineOf = (event: LogEvent): string => {
  const { kind } = event;
  if (kind.startsWith("remote settings")) {
    return logLine({ ...event, line: remoteSettingsLine(event as RemoteSettingsEvent) } as LogEvent);
  }
  if (kind.startsWith("health")) return logLine(worded(event as HealthEvent));
  if (kind.startsWith("update")) {
    return logLine({ ...event, line: updateLine(event as UpdateEvent) } as LogEvent);
  }
  return logLine(event);
};

function eventOf(kind: Kind): fc.Arbitrary<LogEvent> {
  const named = Object.entries(fields[kind]);
  const model = Object.fromEntries(named.map(([name, value]) => [name.replace("?", ""), value]));
  const requiredKeys = named.filter(([name]) => !name.endsWith("?")).map(([name]) => name);
  return fc
    .record<Record<string, unknown>>(model, { requiredKeys })
    .map((values) => ({ kind, ...values }) as unknown as LogEvent);
}

describe("a line", () => {
  test.each(kinds)("of %s is read back as the event that it was", (kind) => {
    fc.assert(
      fc.property(eventOf(kind), (event) => {
        const line = lineOf(event);
        expect(seen(line)).toBe(line);
        expect(readLogLine(line)).toEqual(event);
      }),
    );
  });

  it("is one line, and the event's own, whatever comes from outside", () => {
    const raw = fc.array(hostile, { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(raw, (given) => {
        const events: LogEvent[] = [
          { kind: "command answered", id: given },
          { kind: "command ignored", topic: given, reason: given },
          { kind: "report refused", id: 1, reason: given },
          { kind: "journal none", reason: given },
          { kind: "modem sim", status: given },
          { kind: "modem wrong modem", expected: "SIM7020", found: given },
          { kind: "fault", text: given },
          { kind: "board note", text: given },
          { kind: "report taken", id: 1, format: "raw", values: { given } },
        ];
        for (const event of events) {
          const line = logLine(event);
          expect(seen(line)).toBe(line);
          expect(readLogLine(line)?.kind).toBe(event.kind);
        }
      }),
    );
  });

  it("says what it does not show, in strings so that they stay the same", () => {
    const id = "a\u0007\u007f\u009b31m\u061c\u200b\u200f\u2028\u2029\u202e\u2066\u2069\ufeffb";
    const line = logLine({ kind: "command answered", id });
    expect(line).toBe(
      'command: answered id="a\\u0007\\u007f\\u009b31m\\u061c\\u200b\\u200f\\u2028\\u2029\\u202e\\u2066\\u2069\\ufeffb"',
    );
    expect(readLogLine(line)).toEqual({ kind: "command answered", id });
  });

  it("of a session's event has that event's values", () => {
    const event = sessionLogEvent({ kind: "refused", reason: "timeout", retryAfter: 15_000 });
    expect(logLine(event)).toBe("session: not admitted reason=timeout retry=15s");
    expect(readLogLine(logLine(event))).toEqual({
      kind: "session refused",
      reason: "timeout",
      retryAfter: 15_000,
    });
  });

  it("stands as it is where its text needs no quotes", () => {
    expect(logLine({ kind: "command working", topic: "thing/service/calibrate" })).toBe(
      "command: working topic=thing/service/calibrate",
    );
    expect(logLine({ kind: "command working", topic: 'a b="' })).toBe('command: working topic="a b=\\""');
  });
});

describe("a line with advice", () => {
  test.each([
    [{ kind: "modem down", reason: "no-answer", retry: 10_000 }, "nothing answers on its UART"],
    [{ kind: "modem down", reason: "not-registered", retry: 3_600_000 }, "antenna"],
    [{ kind: "modem denied", cause: "11 (PLMN not allowed)" }, "roaming"],
    [{ kind: "modem denied", cause: "5 (IMEI not accepted)" }, "IMEI"],
    [{ kind: "modem denied", cause: "unknown" }, "ask the operator"],
    [{ kind: "modem denied", cause: "200" }, "ask the operator"],
    [{ kind: "modem sim missing" }, "push it in"],
    [{ kind: "modem wrong modem", expected: "BG95 or BG77", found: "SIM7080G" }, "set modem="],
    [{ kind: "modem refused", command: "AT+QRAI=1", code: 50, meaning: "wrong parameter" }, "done without"],
    [{ kind: "modem send refused", code: 4 }, "new socket"],
    [{ kind: "modem read refused" }, "looked for again"],
    [{ kind: "modem supply", level: "low" }, "capacitor"],
    [{ kind: "modem powered off", supply: "low" }, "sag"],
    [{ kind: "modem powered off" }, "sag"],
    [{ kind: "modem restarts", count: 3 }, "supply"],
    [{ kind: "modem noise", rate: 9_600 }, "another rate"],
    [{ kind: "modem granted", apn: "iot.example", address: "none", t3324: Infinity }, "no address"],
    [{ kind: "modem granted", address: "10.45.0.8", t3324: Infinity, t3412: 60_000 }, "refuses PSM"],
    [{ kind: "modem granted", t3324: Infinity }, "set edrx"],
    [{ kind: "modem other apn", asked: "iot.example", granted: "internet" }, "contract"],
    [{ kind: "modem clock", tells: "local", by: "usual", zone: 39_600_000 }, "modemClock=utc"],
    [{ kind: "modem sim", status: "SIM PIN" }, "set pin="],
    [{ kind: "modem sim", status: "SIM PUK2" }, "PUK"],
    [{ kind: "modem sim", status: "PH-NET PIN" }, "locked to another operator"],
    [{ kind: "modem sim", status: "NOT INSERTED" }, "push it in"],
    [{ kind: "modem sim", status: 'A: "b"' }, "another card"],
  ] satisfies [LogEvent, string][])("%j says what to try, and is read back without it", (event, words) => {
    const line = lineWithAdvice(event);
    expect(line.startsWith(`${logLine(event)}: `)).toBe(true);
    expect(line.slice(logLine(event).length)).toContain(words);
    expect(readLogLine(line)).toEqual(event);
    expect(line.length).toBeLessThan(160);
  });

  it("is the line alone where there is nothing more to say", () => {
    const event: LogEvent = { kind: "modem down", reason: "suspended", retry: 0 };
    expect(lineWithAdvice(event)).toBe(logLine(event));
  });
});

describe("the reader", () => {
  /** A line of each kind, with all its values. */
  const samples = kinds.map((kind): [Kind, string] => {
    const [event] = fc.sample(eventOf(kind), { numRuns: 1, seed: 7 });
    return [kind, lineOf(event)];
  });
  /** Their text is free: of these only the room is a word of the grammar. */
  const free: readonly Kind[] = [
    "fault",
    "settings",
    "board note",
    "modem note",
    "journal none",
    "update none",
  ];

  test.each(samples)("knows no line of %s with another word in it", (kind, line) => {
    // Each word of the wording in turn, values left as they are.
    const wording = line.replace(/"(?:[^"\\]|\\.)*"/g, (value) => "_".repeat(value.length));
    const names = free.includes(kind) ? /^[a-z]+(?=: )/g : /(?<= )[a-z]+(?==)|^[a-z]+(?=: )/g;
    const changed = [...wording.matchAll(names)].map(
      ({ 0: name, index }) => `${line.slice(0, index)}${name}x${line.slice(index + name.length)}`,
    );
    expect(changed.length).toBeGreaterThan(0);
    for (const other of changed) expect(readLogLine(other), other).toBeUndefined();
  });

  test.each([
    "",
    "report",
    "report: ",
    "report: took id=1",
    "report: acknowledged id=1",
    "report: acknowledged id=1 after=2s",
    "report: acknowledged id=x after=2.0s",
    "report: acknowledged id=1 after=2.0s more",
    "report: acknowledged  id=1 after=2.0s",
    "report: acknowledged after=2.0s id=1",
    "report: dropped id=1 reason=whim",
    'report: refused id=1 reason="open',
    'report: refused id=1 reason="a" "b"',
    "report: refused id=1 reason=bare",
    "report: taken id=1 format=raw values={",
    "session: online edition=third",
    "session: token 1234",
    "command: executed kind=set id=x code=200",
    "agent: idle next=1s waiting=2",
    "modem: asleep now",
    "modem: identified",
    "modem: down reason=failed",
    "modem: refused: all",
    "modem: radio\u009breset",
    "fault: two\nlines",
    "unknown: room",
    "Report: acknowledged id=1 after=2.0s",
  ])("knows no line %j", (line) => {
    expect(readLogLine(line)).toBeUndefined();
  });

  it("takes whatever it is given, and throws never", () => {
    const pieces = fc.oneof(hostile, fc.constantFrom(...samples.map(([, line]) => line.slice(0, 30))), text);
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
        const line = parts.join("");
        const event = readLogLine(line);
        // What it does read, it has not made up: the writer says the same, but for how numbers are written.
        if (event !== undefined && !line.includes("values=") && !line.startsWith("command:")) {
          const [said, read] = [lineOf(event), line].map((each) => each.replace(/\d+/g, "0"));
          // The modem's lines may end in advice, which is not read.
          const advised = event.kind.startsWith("modem ") && read.startsWith(`${said}: `);
          expect(advised ? said : read).toBe(said);
        }
      }),
    );
  });

  it("takes no longer for a long line than its length explains", () => {
    const long = [`report: refused id=1 reason="${"\\".repeat(16_000)}`, `fault: ${"modem: ".repeat(2_000)}`];
    const before = process.cpuUsage().user;
    for (const line of long) for (let i = 0; i < 20; i++) readLogLine(line);
    expect(process.cpuUsage().user - before).toBeLessThan(2_000_000);
    expect(readLogLine(`fault: ${"a".repeat(20_000)}`)).toBeUndefined();
  });
});

describe("for showing a line", () => {
  it("its room and text come apart", () => {
    expect(splitLogLine("fault: in done: x")).toEqual({ room: "fault", text: "in done: x" });
    expect(splitLogLine("no room")).toEqual({ room: "", text: "no room" });
  });

  it("a reading's values are left out, and nothing of another line", () => {
    const taken: LogEvent = { kind: "report taken", id: 5, format: "raw", values: { note: " values={}" } };
    expect(withoutValues(logLine(taken))).toBe("report: taken id=5 format=raw");
    expect(withoutValues("fault: values={}")).toBe("fault: values={}");
  });
});
