/**
 * A run as lines on a terminal, in virtual time:
 *
 *    00:00:12.345  device   session: authenticating cause=first
 *    00:00:12.402  up    ─▶ CON POST mid=4a1c token=9f86d081 /auth/PK/DK … 1.2 s
 *
 * The AT exchange, which would fill the screen, is folded to a line each time something else happens
 * in between; unfolded, every line of it is shown, its datagrams in hex still as their size.
 */
import { decodeCoap } from "../../cloud/coap/coap-wire";
import { describeCoap, printable } from "../../cloud/coap/coap-text";
import { doubtWords } from "../../cloud/registry/seal-view";
import { escaped } from "../../model/escaped";
import { readLogLine } from "../../sim/world/device-log";
import { Condenser } from "./condense";
import { stamp } from "./duration";
import type { CloudEvent } from "../../cloud/cloud";
import type { HostileEvent } from "../../sim/radio/hostile-path";
import type { DatagramReport } from "../../sim/radio/link";
import type { ModemEvent } from "../../sim/modem/modem-event";
import type { WorldEvent } from "../../sim/world/world";
import type { Palette } from "./style";

export interface TimelineOptions {
  readonly write: (line: string) => void;
  readonly palette: Palette;
  /** Shows every AT line and every event of modem and cloud. */
  readonly verbose: boolean;
  /** Columns of the terminal that shows the lines; undefined where they go into a pipe or a file, which have all. */
  readonly columns?: number;
  /** Tells of long stretches without anything new in one line each. */
  readonly condense?: boolean;
}

/** Writes events as lines, in the order they come. */
export class Timeline {
  readonly #options: TimelineOptions;
  readonly #condenser: Condenser | undefined;
  #folded: { time: number; commands: string[]; lines: number } | undefined;

  constructor(options: TimelineOptions) {
    this.#options = options;
    if (options.condense !== true) return;
    this.#condenser = new Condenser((time, text) => this.#put(time, options.palette.dim("┆"), text));
  }

  /** Takes in one event. */
  add(event: WorldEvent): void {
    const { palette, verbose } = this.#options;
    // Colours are put around the text after this, so what is escaped is never one of theirs.
    switch (event.source) {
      case "at":
        if (verbose) {
          const arrow = event.direction === "host" ? ">" : "<";
          this.#line(event.time, palette.dim("AT"), palette.dim(`${arrow} ${foldHex(escaped(event.text))}`));
        } else {
          this.#fold(event.time, event.direction, escaped(event.text));
        }
        return;
      case "device":
        this.#line(event.time, palette.cyan("device"), this.#device(event.text));
        return;
      case "air":
        this.#datagram(event.report, event.again === true);
        return;
      case "processor":
        return;
      case "board":
        // The line that follows says why it starts.
        if (event.what === "starting" || event.what === "started") return;
        this.#line(event.time, palette.yellow("board"), escaped(`${event.what} ${event.text}`.trimEnd()));
        return;
      case "slots":
        if (event.what === "same") return;
        this.#line(event.time, palette.yellow("board"), escaped(describeSlots(event)));
        return;
      case "modem": {
        const text = describeModem(event.event, verbose);
        if (text !== undefined) this.#line(event.time, palette.magenta("modem"), escaped(text));
        return;
      }
      case "cloud": {
        const text = describeCloud(event.event, verbose, this.#options.columns);
        if (text !== undefined) this.#line(event.time, palette.yellow("cloud"), escaped(text));
        return;
      }
      case "hostile":
        this.#line(event.time, palette.red("hostile"), describeHostile(event.event));
        return;
    }
  }

  /** A line of somebody else's, such as whoever makes the faults: what follows is told in full again. */
  note(time: number, lane: string, text: string): void {
    this.#unfold();
    this.#condenser?.startOver();
    this.#put(time, lane, text);
  }

  /** Writes what is still folded. */
  end(): void {
    this.#unfold();
    this.#condenser?.flush();
  }

  #device(line: string): string {
    const { palette } = this.#options;
    const text = escaped(line);
    switch (readLogLine(line)?.kind) {
      case "report acknowledged":
      case "session online":
      case "command executed":
      case "command answered":
        return palette.green(text);
      case "report kept":
      case "message kept":
      case "point left out":
      case "report missed":
      case "coap discarded":
      case "radio guarded":
      case "command unanswered":
      case "command repeated":
        return palette.yellow(text);
      case "report refused":
      case "message refused":
      case "report dropped":
      case "message dropped":
      case "modem refused":
      case "modem send refused":
      case "modem read refused":
      case "modem illegal transition":
      case "modem denied":
      case "modem down":
      case "fault":
      case "settings":
      case undefined:
        return palette.red(text);
      default:
        return text;
    }
  }

  #datagram(report: DatagramReport, retransmission: boolean): void {
    const { palette } = this.#options;
    const message = decodeCoap(report.bytes);
    const whole = "malformed" in message ? `malformed: ${message.malformed}` : describeCoap(message);
    const text = this.#options.verbose ? whole : shortenKeys(whole);
    const up = report.direction === "up";
    const again = retransmission ? palette.yellow(" (again)") : "";
    const travel =
      report.fate === "lost"
        ? palette.red(`lost: ${report.reason ?? "radio"}`)
        : palette.dim(`${((report.deliveredAt! - report.time) / 1000).toFixed(1)} s`);
    const lane = palette.bold(up ? "─▶ up" : "◀─ down");
    this.#line(report.time, lane, `${text}${again} ${palette.dim("·")} ${travel}`);
  }

  #fold(time: number, direction: "host" | "modem", text: string): void {
    this.#folded ??= { time, commands: [], lines: 0 };
    if (direction === "modem") {
      this.#folded.lines += 1;
      return;
    }
    if (this.#folded.commands.length === 0) this.#folded.time = time;
    this.#folded.commands.push(foldHex(text));
  }

  #unfold(): void {
    const folded = this.#folded;
    if (folded === undefined) return;
    const { commands, lines } = folded;
    // Lines that only answer what was shown before wait for the next command's.
    if (commands.length === 0) return;
    this.#folded = undefined;
    const { palette } = this.#options;
    const shown = commands.length > 3 ? [commands[0], "…", commands[commands.length - 1]] : commands;
    const count = commands.length > 3 ? `  (${commands.length} commands, ${lines} lines back)` : "";
    const what = shown.join("  ") + count;
    this.#write(folded.time, palette.dim("AT"), palette.dim(what));
  }

  #line(time: number, lane: string, text: string): void {
    this.#unfold();
    this.#write(time, lane, text);
  }

  #write(time: number, lane: string, text: string): void {
    const put = (): void => this.#put(time, lane, text);
    if (this.#condenser === undefined) return put();
    this.#condenser.add(time, seenOf(lane), seenOf(text), put);
  }

  #put(time: number, lane: string, text: string): void {
    const { palette, write } = this.#options;
    // Padding goes by what is seen, not by the colour's control characters.
    const seen = seenOf(lane).length;
    write(`${palette.dim(stamp(time).padStart(12))}  ${lane}${" ".repeat(Math.max(0, 7 - seen))}  ${text}`);
  }
}

/** Without the colours' control characters. */
function seenOf(text: string): string {
  return text.replace(/\u001b\[\d+m/g, "");
}

/** Paths with `PK/DK` for the device's two keys, which are the same in every line. */
function shortenKeys(text: string): string {
  return text.replace(/\/(auth|topic\/sys)\/[^/ ]+\/[^/ ]+/g, "/$1/PK/DK");
}

/** An AT line with a long run of hex digits, a datagram, shown as its size: tokens travel in there. */
export function foldHex(text: string): string {
  return text.replace(/[0-9A-Fa-f]{17,}/g, (hex) => `<${Math.ceil(hex.length / 2)} bytes>`);
}

/** By the `stat` of CEREG. */
const registrationWords = Object.freeze([
  "detached",
  "attached to the cell",
  "searching for a cell",
  "denied by the network",
  "searching, out of coverage",
  "attached to the cell of a foreign network",
] as const);

/** What the modem did, in words; undefined for what only `verbose` shows. */
export function describeModem(event: ModemEvent, verbose: boolean): string | undefined {
  switch (event.type) {
    case "power":
      return `power ${event.state} (${event.reason})`;
    case "psm":
      return event.state === "enter" ? "asleep (PSM)" : `awake (${event.reason})`;
    case "attach":
      return registrationWords[event.stat];
    case "dropped":
      return `dropped a ${event.what}: ${event.reason}`;
    case "rrc":
      return verbose ? `radio connection ${event.state}` : undefined;
    case "socket":
      return verbose ? `socket ${event.id} ${event.state}` : undefined;
    case "send":
    case "receive":
      return verbose ? `${event.type} ${event.bytes.length} bytes on socket ${event.id}` : undefined;
  }
}

/** Which image starts, in words. */
export function describeSlots({ what, slot, version }: Extract<WorldEvent, { source: "slots" }>): string {
  return what === "no image"
    ? "no slot has an image that can start"
    : `starts version ${version}, from slot ${slot}`;
}

/** What a hostile party did, in words. */
export function describeHostile({ strength, act, towards, bytes }: HostileEvent): string {
  return `${strength}: ${act}, ${bytes.length} bytes to the ${towards}`;
}

type ScriptFaultEvent = Extract<CloudEvent, { type: "script-fault" }>;

/**
 * What the cloud did, in words; undefined for what only `verbose` shows.
 *
 * @param columns of the terminal that has to show it in a line; undefined for all of a reading's values
 */
export function describeCloud(event: CloudEvent, verbose: boolean, columns?: number): string | undefined {
  switch (event.type) {
    case "authenticated":
      return `authenticated ${event.productKey}/${event.deviceKey}, lifetime ${event.lifetime} s`;
    case "auth-refused":
      return `authentication refused: ${event.reason}`;
    case "state":
      return `device ${event.from} → ${event.to}`;
    case "signature-refused":
      return `request refused: ${event.reason}`;
    case "stored":
      return `stored ${event.kind} ${event.id} (${event.format})${describePoints(event.points, columns)}`;
    case "stored-before":
      return `had ${event.kind} ${event.id} already, acknowledged again`;
    case "script-fault":
      return describeScriptFault(event);
    case "report-refused":
      return `report refused with code ${event.enosCode}: ${event.reason}`;
    case "seal-doubted":
      return `sealed: ${doubtWords(event)}${event.times === 1 ? "" : `, ${event.times} times so far`}`;
    case "points-skipped":
      return `${event.count} measure ${event.count === 1 ? "point" : "points"} of ${event.id} left out: ${event.reason}`;
    case "time-doubted":
      return `reading ${event.id} says that it is of ${new Date(event.time).toISOString()}: is the device's clock right, and the time in ms?`;
    case "command-queued":
      return `command ${event.id} waits for the device`;
    case "command-offered":
      return `command ${event.id} ${event.delivered ? "delivered with the answer" : "announced with the answer"}`;
    case "command-fetched":
      return `command ${event.id} fetched`;
    case "command-answered":
      return `command ${event.id} answered with code ${event.code}`;
    case "command-timed-out":
      return `command ${event.id} timed out`;
    case "command-expired":
      return `command ${event.id} expired: the device did not speak in time`;
    case "command-revoked":
      return `command ${event.id} revoked`;
    case "command-failed":
      return `command ${event.id} failed: the device went offline before it was sent`;
    case "command-late":
      return `command ${event.id} answered late with code ${event.code}: it stays ${event.status}`;
    case "reply-stray":
      return `a reply on ${event.path} to ${event.id}, which waits for none`;
    case "script-refuses-ids":
      return (
        `the parsing script of product ${event.productKey} makes no bytes of a command's id of 62 bits, as EnOS gives ` +
        `them out: here its commands have ids of 32`
      );
    case "script-cuts-ids":
      return (
        `the parsing script of product ${event.productKey} cuts the ids of commands: for ${event.id} it gave back ` +
        `${event.key}, taken for the command that was sent`
      );
    case "webhook":
      return `webhook ${event.id} ${webhookOutcomes[event.outcome]}: ${event.reason}`;
    case "rollout-stage":
      return `rollout ${event.rolloutId} to ${event.version}: stage ${event.stage} of ${event.stages} begins, ${event.devices} ${event.devices === 1 ? "device" : "devices"}`;
    case "rollout-stopped":
      return `rollout ${event.rolloutId} to ${event.version} stopped: ${event.reason}`;
    case "rollout-changed":
      return `an operator: rollout ${event.rolloutId} to ${event.version} ${event.what}`;
    case "rollout-done":
      return `rollout ${event.rolloutId} to ${event.version} done: ${event.succeeded} of ${event.devices} devices succeeded, ${event.failed} failed`;
    case "conditions-changed":
      return `an operator changed ${conditionNames[event.condition]}`;
    case "duplicate-request":
      return event.answered
        ? "a retransmission: answered from the store, not executed again"
        : verbose
          ? "a repeated NON, ignored"
          : undefined;
    case "request-refused":
      return `request refused: ${event.reason}`;
    case "malformed":
      return `malformed datagram: ${event.reason}`;
    case "internal-error":
      return `internal error: ${event.reason}`;
  }
}

const conditionNames = {
  faults: "the faults made on purpose",
  nat: "how devices behind a NAT are known",
  "rate-limit": "the rate limit",
  down: "whether every datagram is swallowed",
} as const;

const webhookOutcomes = {
  retrying: "is tried again",
  failed: "was given a delivery up",
  dropped: "lost deliveries",
  disabled: "was disabled",
} as const;

/** With what went in and what came out, for whoever is to mend the script. */
function describeScriptFault({ productKey, task, fault, input, output, times }: ScriptFaultEvent): string {
  const about = { report: "a report", reply: "a reply", answer: "an answer", command: "a command" }[task];
  const returned = output === undefined ? "" : `, output ${output}`;
  const again = times === 1 ? "" : `, ${times} times so far`;
  return `parsing script of ${productKey}, for ${about}: ${fault}; input ${input}${returned}${again}`;
}

/** Characters of a terminal's line that stand before a reading's values; and of values at least, in a narrow one. */
const before = 56;
const leastShown = 64;
/** Characters of a name and of a value on a terminal; elsewhere of all values, for a stranger may send many. */
const longestOnTerminal = 32;
const longestElsewhere = 16_384;

/** Values by identifier, as far as a line has room for them. */
function describePoints(points: Readonly<Record<string, unknown>> = {}, columns?: number): string {
  const longest = columns === undefined ? longestElsewhere : longestOnTerminal;
  const most = columns === undefined ? longestElsewhere : Math.max(leastShown, columns - before);
  const texts = Object.entries(points).map(
    ([id, value]) => ` ${printable(id, longest)}=${describeValue(value, longest)}`,
  );
  const text = texts.join("");
  if (text.length <= most) return text;
  // Whole values, and how many more there are: the ones that were added to a model last are the last.
  let shown = "";
  let count = 0;
  while (shown.length + texts[count].length <= most - 10) shown += texts[count++];
  return `${shown} and ${texts.length - count} more`;
}

/** With its quality as in `-75 (quality 0)`. */
function describeValue(value: unknown, longest: number): string {
  const qualified = value as { value?: unknown; quality?: unknown } | null;
  const isQualified = typeof qualified === "object" && typeof qualified?.quality === "number";
  const bare = printable(String(JSON.stringify(isQualified ? qualified.value : value)), longest);
  return isQualified ? `${bare} (quality ${qualified.quality})` : bare;
}
