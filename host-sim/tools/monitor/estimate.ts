/**
 * What modem and board did, as far as their log lets one conclude it: as events for the energy meter, in the words of
 * the simulation's.
 *
 *     modem: waking ---- modem: up -- [exchange] -- report: acknowledged -- agent: idle ---- modem: asleep
 *       psm over, boot    idle     connected: sent ... received       tail, then idle            psm
 *
 * A log has no datagrams. That one was answered is told by the line about what was in it, and where it began by what
 * went before: the modem was up, the exchange before it was over, the reading was taken. How large it was is assumed
 * by what it is for, and that it was sent again by how long its answer took.
 */
import {
  sizes,
  further,
  paths,
  handover,
  inactivity,
  tailsKept,
  usualActive,
  ownStart,
  longestExchange,
  usualExchange,
  retransmissions,
  settingUp,
  longestWake,
  quietBeforeSleep,
  booting,
} from "./assumption";
import { onAir, requestOf } from "./assumed-datagram";
import { idleBefore, startsIn } from "./starts";
import type { Assumption } from "./assumption";
import type { HeardLine } from "./board-log";
import type { Start } from "./starts";
import type { LogEvent } from "../../sim/world/device-log";
import type { ModemEvent } from "../../sim/modem/modem-event";
import type { WorldEvent } from "../../sim/world/world";

/** What was concluded. */
export interface Estimate {
  /** For the energy meter, in order of time. */
  readonly events: readonly WorldEvent[];
  readonly exchanges: number;
  /** Requests that were sent again, by the time that they took. */
  readonly repeats: number;
  /** ms that the board slept deeply, and the modem was in PSM. */
  readonly boardAsleep: number;
  readonly modemAsleep: number;
  /** ms from a request's first sending to its answer. */
  readonly roundTrips: readonly number[];
}

/** Goes through a log. */
export function estimateOf(lines: readonly HeardLine[], end: number, assumption: Assumption): Estimate {
  return new Estimator(lines, end, assumption).run();
}

/** States of the modem, as far as the meter tells them apart. */
type Mode = "unknown" | "off" | "boot" | "on" | "idle" | "connected" | "psm";

class Estimator {
  readonly #lines: readonly HeardLine[];
  readonly #end: number;
  readonly #assumption: Assumption;
  readonly #starts: ReadonlyMap<number, Start>;
  readonly #sleepsDeeply: boolean;
  readonly #events: WorldEvent[] = [];
  readonly #roundTrips: number[] = [];
  #mode: Mode = "unknown";
  /** When this began, ms. */
  #modeSince = 0;
  /** The last datagram's time; from when on the next one may have been sent. */
  #last = 0;
  #free = 0;
  /** T3324, ms; undefined until the network has granted it, Infinity where it refused. */
  #active: number | undefined;
  /** Tails that `modem: asleep` has told last, and their median, ms. */
  readonly #tails: number[] = [];
  #usualTail: number | undefined;
  /** The last request was sent again: what comes twice comes once more when the connection should be over. */
  #lateAnswer = false;
  /** Nothing more is to be sent: the device has said so. */
  #contactOver = false;
  readonly #formats = new Map<number, "raw" | "compact" | "json">();
  #authenticating: number | undefined;
  #wakes = false;
  #repeats = 0;
  #boardAsleep = 0;
  #modemAsleep = 0;

  constructor(lines: readonly HeardLine[], end: number, assumption: Assumption) {
    this.#lines = lines;
    this.#end = end;
    this.#assumption = assumption;
    const starts = startsIn(lines);
    this.#starts = new Map(starts.map((start) => [start.first, start]));
    this.#sleepsDeeply = starts.some(({ cause }) => cause === "deep sleep");
  }

  run(): Estimate {
    const lines = this.#lines;
    for (let i = 0; i < lines.length; i++) {
      const start = this.#starts.get(i);
      if (start !== undefined) this.#begins(start, i);
      const { event, time } = lines[i];
      if (event === undefined) continue;
      this.#computes(time, this.#assumption.line);
      this.#told(event, time, i);
    }
    const last = lines.at(-1);
    const asleep = this.#sleepsDeeply && idleBefore(lines, lines.length) !== undefined;
    if (last !== undefined && asleep && this.#end - last.time > 10 * quietBeforeSleep) {
      this.#boardSleeps(last.time + quietBeforeSleep, this.#end);
    }
    this.#settle(this.#end, asleep);
    if (this.#mode === "psm") this.#modemAsleep += this.#end - this.#modeSince;
    return {
      events: this.#events.sort((a, b) => a.time - b.time),
      exchanges: this.#roundTrips.length,
      repeats: this.#repeats,
      boardAsleep: this.#boardAsleep,
      modemAsleep: this.#modemAsleep,
      roundTrips: this.#roundTrips,
    };
  }

  /** The board starts: it has slept since the line before, or it was off, or restarted. */
  #begins({ cause, time }: Start, i: number): void {
    const before = i === 0 ? undefined : this.#lines[i - 1];
    const deep = cause === "deep sleep";
    const power = Math.max(before?.time ?? 0, time - booting[deep ? "deep sleep" : "other"]);
    if (deep && before !== undefined) {
      const asleep = Math.min(power, before.time + quietBeforeSleep);
      this.#boardSleeps(asleep, power);
      // That it is woken next says that it slept, though nobody told when it would.
      if (this.#active === undefined && this.#wakesNext(i)) this.#active = usualActive;
      this.#settle(time, true);
    }
    this.#board(power, "starting");
    this.#board(time, deep ? "awake" : "started");
    this.#computes(time, this.#assumption.start);
    this.#free = Math.max(this.#free, time);
  }

  /** The next that is heard of the modem is that it is woken. */
  #wakesNext(i: number): boolean {
    for (let j = i; j < Math.min(this.#lines.length, i + 40); j++) {
      const kind = this.#lines[j].event?.kind;
      if (kind?.startsWith("modem ") === true) return kind === "modem waking";
    }
    return false;
  }

  #told(event: LogEvent, time: number, i: number): void {
    switch (event.kind) {
      case "agent waits":
        return this.#startsByItself(time);
      case "agent idle":
        this.#contactOver = true;
        return;
      case "modem starting":
        this.#settle(time, false);
        this.#modem({ type: "power", time, state: "booting", reason: "log" }, "boot");
        this.#wakes = false;
        return;
      case "modem identified":
        this.#modem({ type: "power", time, state: "on", reason: "log" }, "on");
        return;
      case "modem waking":
        this.#settle(time, this.#sleepsDeeply);
        this.#wake(time, i);
        return;
      case "modem note":
        return this.#noted(event.text, time);
      case "modem granted":
        if (event.t3324 !== undefined) this.#active = event.t3324;
        return;
      case "modem asleep":
        return this.#fellAsleep(time);
      case "modem down":
        if (this.#mode === "on" && (event.reason === "not-registered" || event.reason === "denied")) {
          this.#searched(time);
        }
        this.#settle(time, false);
        this.#modem({ type: "attach", time, stat: 0, psm: undefined }, "on");
        return;
      case "modem powered off":
        this.#modem({ type: "power", time, state: "off", reason: "log" }, "off");
        return;
      case "report taken":
      case "report held":
        this.#formats.set(event.id, event.format);
        return;
      case "session authenticating":
        this.#authenticating = time;
        return;
      case "session online":
      case "session refused":
        if (this.#authenticating !== undefined)
          this.#exchange(time, "auth", sizes.auth, this.#authenticating);
        this.#authenticating = undefined;
        return;
      case "report acknowledged":
        return this.#acknowledged(event, time, i);
      case "report refused":
        return this.#exchange(time, "report", sizes.raw);
      case "message acknowledged":
      case "message refused":
        return this.#exchange(
          time,
          "report",
          event.topic.startsWith("ota/") ? sizes.firmware : sizes.message,
        );
      case "report kept":
      case "message kept":
        return this.#kept(event.reason, time);
      case "command executed":
        this.#exchange(time, "command", sizes.fetch);
        return;
      case "command answered":
        return this.#exchange(time, "command", sizes.reply);
      case "command unanswered":
        return this.#kept(event.reason, time);
      case "coap discarded":
        // It was on the air all the same: mostly the answer to what was sent twice.
        this.#settle(time, false);
        this.#receive(time, 15);
        this.#lateAnswer = true;
        return;
      case "session keep alive":
        // Said when it is sent.
        return this.#exchange(time + usualExchange, "ping", sizes.ping, time);
    }
  }

  #startsByItself(time: number): void {
    if (this.#mode !== "unknown") return;
    if (!this.#assumption.ownStart) return this.#enter("idle", time);
    const { boot, search } = ownStart;
    this.#modem({ type: "power", time, state: "booting", reason: "log" }, "boot");
    this.#modem({ type: "attach", time: time + boot, stat: 2, psm: undefined }, "on");
    this.#connect(time + boot + search);
    this.#last = time + boot + search;
  }

  #noted(text: string, time: number): void {
    if (text.startsWith("registered ")) {
      const match = /t3324=(\d{1,7}s|off)/.exec(text);
      if (match !== null) this.#active = match[1] === "off" ? Infinity : 1_000 * parseInt(match[1], 10);
      this.#searched(time);
      this.#connect(time);
      this.#last = time;
      this.#contactOver = false;
    } else if (text.startsWith("up")) {
      if (this.#mode !== "connected" && this.#mode !== "idle") this.#enter("idle", time);
      this.#free = Math.max(this.#free, time);
    } else if (text === "suspended") {
      this.#settle(time, false);
      this.#modem({ type: "attach", time, stat: 0, psm: undefined }, "on");
    } else if (text === "switched off") {
      this.#settle(time, false);
      this.#modem({ type: "power", time, state: "off", reason: "log" }, "off");
    } else if (text === "rebooted by itself") {
      this.#settle(time, false);
      this.#modem({ type: "power", time, state: "booting", reason: "log" }, "boot");
    }
  }

  /** It was asked to wake at `time`: its start is in what passes until it is up, and a search, if it says one. */
  #wake(time: number, i: number): void {
    // The log begins in the middle: what is woken has slept.
    if (this.#mode === "unknown") this.#modem({ type: "psm", time: 0, state: "enter" }, "psm");
    if (this.#mode === "psm") this.#modemAsleep += time - this.#modeSince;
    const next = this.#lines
      .slice(i + 1, i + 40)
      .find(({ event }) => event?.kind.startsWith("modem ") === true);
    const took = Math.min(longestWake, (next?.time ?? time) - time);
    const searches = next?.event?.kind === "modem note" && next.event.text.startsWith("registered ");
    this.#modem({ type: "psm", time, state: "exit", reason: "key" }, "idle");
    const [boot, over] = searches ? [0.1, 0.6] : [0.5, 0.9];
    this.#modem({ type: "power", time: time + boot * took, state: "booting", reason: "log" }, "boot");
    this.#modem({ type: "psm", time: time + over * took, state: "exit", reason: "key" }, "idle");
    this.#wakes = true;
    this.#free = Math.max(this.#free, time);
  }

  /** It searched for its cell until `time`. */
  #searched(time: number): void {
    if (this.#mode === "connected") return;
    const since = this.#modeSince;
    // Out of PSM it starts with its settings; else card and settings come before the radio.
    const begin = this.#wakes ? since : Math.min(since + settingUp, (since + time) / 2);
    this.#modem({ type: "attach", time: begin, stat: 2, psm: undefined }, "on");
  }

  #fellAsleep(time: number): void {
    const { tail } = this;
    if (this.#mode === "connected") {
      const active = this.#active === undefined || this.#active === Infinity ? 0 : this.#active;
      const release = Math.max(this.#last, time - active);
      if (this.#contactOver && !this.#lateAnswer && release - this.#last < 3 * Math.max(tail, inactivity))
        this.#learnTail(release - this.#last);
      this.#release(release);
    }
    if (this.#mode !== "psm") this.#modem({ type: "psm", time, state: "enter" }, "psm");
  }

  #acknowledged(
    { id, after }: Extract<LogEvent, { kind: "report acknowledged" }>,
    time: number,
    i: number,
  ): void {
    const before = this.#lines[i - 1];
    const format = this.#formats.get(id) ?? "raw";
    this.#formats.delete(id);
    // Readings that were acknowledged together were sent together: the first line stands for them all.
    if (before?.event?.kind === "report acknowledged" && time - before.time < 100) return;
    let more = 0;
    for (let j = i + 1; j < this.#lines.length; j++) {
      const { event, time: next } = this.#lines[j];
      if (event?.kind !== "report acknowledged" || next - this.#lines[j - 1].time >= 100) break;
      more += 1;
    }
    const [up, down] = sizes[format];
    this.#exchange(time, "report", [up + further[format] * more, down], time - after);
  }

  /** Nothing was accepted: with an answer, after all tries without one, or without being sent. */
  #kept(reason: string, time: number): void {
    if (reason.startsWith("rejected")) return this.#exchange(time, "report", sizes.raw);
    if (reason === "unanswered timeout") this.#exchange(time, "report", sizes.raw, undefined, false);
  }

  /**
   * A request whose answer came at `time`.
   *
   * @param since it was not sent before that
   */
  #exchange(
    time: number,
    about: keyof typeof paths,
    [up, down]: readonly [number, number],
    since = 0,
    answered = true,
  ): void {
    let begin = Math.max(this.#free, since) + handover;
    if (begin > time || time - begin > longestExchange) begin = time - usualExchange;
    begin = Math.max(begin, this.#last);
    const took = Math.max(0, time - begin);
    this.#send(begin, about, up);
    let again = false;
    for (const delay of retransmissions[this.#assumption.coverage]) {
      const late = this.#assumption.repeats && took > delay;
      if (!late) break;
      this.#send(begin + delay, about, up);
      this.#repeats += 1;
      again = true;
    }
    this.#contactOver = false;
    this.#lateAnswer = again;
    if (answered) {
      this.#settle(time, false);
      this.#receive(time, down);
      this.#roundTrips.push(Math.round(took));
    }
    this.#last = time;
    this.#free = time;
  }

  #send(time: number, about: keyof typeof paths, length: number): void {
    this.#settle(time, false);
    this.#connect(time);
    const bytes = requestOf(paths[about], Math.round(length * this.#assumption.size));
    this.#push(time, { source: "air", report: { ...onAir, time, bytes, deliveredAt: time } });
    this.#last = time;
  }

  #receive(time: number, length: number): void {
    this.#connect(time);
    const bytes = new Uint8Array(Math.round(length * this.#assumption.size));
    this.#push(time, { source: "modem", event: { type: "receive", time, id: 0, bytes } });
    this.#last = time;
  }

  /** How long a connection lasts behind its last datagram, ms: as was told before, or as is assumed. */
  get tail(): number {
    return this.#usualTail ?? this.#assumption.tail;
  }

  #learnTail(ms: number): void {
    this.#tails.push(ms);
    if (this.#tails.length > tailsKept) this.#tails.shift();
    const sorted = [...this.#tails].sort((x, y) => x - y);
    this.#usualTail = sorted[sorted.length >> 1];
  }

  /** Ends a connection that must have ended by `time`. @param unheard the board slept, and would not have heard of PSM */
  #settle(time: number, unheard: boolean): void {
    const soon = this.#contactOver && !this.#lateAnswer;
    const lasts = this.#last + (soon ? this.tail : Math.max(this.tail, inactivity));
    if (this.#mode === "connected" && lasts < time) this.#release(lasts);
    if (!unheard || this.#mode !== "idle" || this.#active === undefined || this.#active === Infinity) return;
    const asleep = this.#modeSince + this.#active;
    if (asleep < time) this.#modem({ type: "psm", time: asleep, state: "enter" }, "psm");
  }

  #connect(time: number): void {
    if (this.#mode !== "connected") this.#modem({ type: "rrc", time, state: "connected" }, "connected");
  }

  #release(time: number): void {
    this.#modem({ type: "rrc", time, state: "idle" }, "idle");
  }

  /** Registered, and without a connection. */
  #enter(mode: "idle", time: number): void {
    this.#modem({ type: "rrc", time, state: "idle" }, mode);
  }

  #modem(event: ModemEvent, mode: Mode): void {
    this.#push(event.time, { source: "modem", event });
    this.#mode = mode;
    this.#modeSince = event.time;
  }

  #boardSleeps(from: number, to: number): void {
    this.#board(from, "asleep");
    this.#boardAsleep += to - from;
  }

  #board(time: number, what: Extract<WorldEvent, { source: "board" }>["what"]): void {
    this.#push(time, { source: "board", what, text: "" });
  }

  #computes(time: number, ms: number): void {
    if (ms > 0) this.#push(time, { source: "processor", kind: "log", compute: 0, ms });
  }

  #push(time: number, event: Part): void {
    this.#events.push({ ...event, time } as WorldEvent);
  }
}

type Part = WorldEvent extends infer E ? (E extends WorldEvent ? Omit<E, "time"> : never) : never;
