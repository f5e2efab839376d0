/**
 * Sessions of real modems as files: what a modem was seen to answer, in which form and after which time,
 * and what must come of it. A public log shows another driver's order of commands, so a file is no row of
 * lines but a set of answers, each to a command; `SessionModem` gives them in whatever order it is asked.
 *
 *     kind log | report | sister | example
 *                             a log of this hardware; what somebody tells of it, with a line or two; a log of a
 *                             sister with the same commands; its maker's example
 *     source TEXT             where it was published, and when if that is known
 *     options JSON            what the driver is given beside the usual (`ModemOptions`, by name)
 *     wires NAME …            the lines that the board has: key (the usual), reset, pin, supply, or none
 *     off                     the modem is off at first
 *     rate BAUD               the rate of the modem's UART at first; the family's when left out
 *     silent                  the modem does not echo
 *     pending TEXT            why the driver cannot do it yet; the file must fail for as long
 *
 *     on PATTERN [[once] from MS [after PATTERN]]
 *                             how a command is answered: `*` is any text, `$1` in the answer the first such. Of
 *                             several for one pattern each is given once, in their order, and the last one for
 *                             ever; one with `from` holds that long after the start, or after the command, and
 *                             goes before those without: the one that began to hold last; `once` it is given once.
 *                             `$level` is what CEREG was set to, and stands in its answers in place of the log's
 *     at MS [after PATTERN]   said unasked, that long after the start, or after each such command
 *     boot MS                 said at the end of a boot that takes so long
 *     < LINE                  a line of the answer, with CR LF around it
 *     raw TEXT                the same byte by byte; \r \n \xHH as in C
 *     wait MS                 a pause in the answer
 *     sent HEX                the modem has taken this datagram
 *     prompt TEXT             as `raw`; then the bytes that the command announced by its last number are taken
 *     rate BAUD               the modem's UART has this rate from now on
 *     reboot                  the modem starts anew
 *
 *     ! connect | reset | send HEX | last HEX | pass MS
 *                             what the firmware wants (`last`: one answer is expected), or time goes by
 *     within MS               how long each `=` may take from here on (a minute when left out)
 *     = TEXT                  what must come of it next, see `SessionPlayer.came`
 *     = log TEXT              a line of the device's log, with this in it, has come or comes
 *     took MIN MAX            so many ms lay between the last `!` and the last `=`
 *     wrote PATTERN [xCOUNT | upto COUNT]
 *                             at the end: the driver has said this, so often, or not more often, where that is given
 *     never TEXT              at the end: neither did this come, nor is it in the log
 *     unwritten PATTERN       at the end: the driver has not said this
 */
import { readFileSync } from "node:fs";

/** A part of an answer. */
export type Part =
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "prompt"; readonly text: string }
  | { readonly kind: "sent"; readonly hex: string }
  | { readonly kind: "rate"; readonly rate: string }
  | { readonly kind: "reboot" };

/** An answer, or something said unasked: to what, and when. */
export interface Block {
  readonly pattern: string;
  /** ms, see `from` and `at`. */
  readonly from?: number;
  readonly after?: string;
  /** Given once only. */
  readonly once?: boolean;
  readonly parts: Part[];
}

/** A step of what the firmware does and expects. */
export interface PlanStep {
  readonly mark: string;
  readonly rest: string;
  /** File and line. */
  readonly where: string;
}

/** A session as its file has it. */
export interface Session {
  readonly head: ReadonlyMap<string, string>;
  readonly answers: readonly Block[];
  readonly unasked: readonly Block[];
  readonly boot: Block | undefined;
  readonly plan: readonly PlanStep[];
}

const headMarks = ["kind", "source", "options", "wires", "off", "rate", "silent", "pending"];
const planMarks = ["!", "within", "=", "took", "wrote", "never", "unwritten"];

/** Reads a session's file, see `parseSession`. */
export function readSession(url: URL): Session {
  const name = decodeURIComponent(url.pathname).split("/").slice(-2).join("/");
  return parseSession(readFileSync(url, "utf8"), name);
}

/**
 * Takes a session's text apart.
 *
 * @param name of its file, for messages
 * @throws Error that names file and line, when a line is none of those above
 */
export function parseSession(text: string, name: string): Session {
  const head = new Map<string, string>();
  const answers: Block[] = [];
  const unasked: Block[] = [];
  const plan: PlanStep[] = [];
  let boot: Block | undefined;
  let parts: Part[] | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const space = line.indexOf(" ");
    const mark = space < 0 ? line : line.slice(0, space);
    const rest = space < 0 ? "" : line.slice(space + 1);
    const where = `${name}:${index + 1}: ${line}`;
    const part = partOf(mark, rest);
    // A rate in front of the first command is the one that the modem has at first.
    if (headMarks.includes(mark) && (part === undefined || parts === undefined)) {
      // Several lines of one mark, such as of a source, are one text.
      head.set(mark, head.has(mark) ? `${head.get(mark)} ${rest}` : rest);
    } else if (planMarks.includes(mark)) {
      plan.push({ mark, rest, where });
    } else if (part !== undefined) {
      if (parts === undefined) throw new Error(`belongs to no command: ${where}`);
      parts.push(part);
    } else {
      const block = blockOf(mark, rest);
      if (block === undefined) throw new Error(`unknown line: ${where}`);
      parts = block.parts;
      if (mark === "on") answers.push(block);
      else if (mark === "at") unasked.push(block);
      else boot = block;
    }
  }
  return { head, answers, unasked, boot, plan };
}

function partOf(mark: string, rest: string): Part | undefined {
  if (mark === "<") return { kind: "say", text: `\r\n${rest}\r\n` };
  if (mark === "raw") return { kind: "say", text: unescape(rest) };
  if (mark === "wait") return { kind: "wait", ms: Number(rest) };
  if (mark === "prompt") return { kind: "prompt", text: unescape(rest) };
  if (mark === "sent") return { kind: "sent", hex: rest };
  if (mark === "rate") return { kind: "rate", rate: rest };
  return mark === "reboot" ? { kind: "reboot" } : undefined;
}

function blockOf(mark: string, rest: string): Block | undefined {
  if (mark === "boot") return { pattern: "", from: Number(rest), parts: [] };
  if (mark === "at") {
    const [, ms, after] = /^(\d+)(?: after (.+))?$/.exec(rest) ?? [];
    return ms === undefined ? undefined : { pattern: "", from: Number(ms), after, parts: [] };
  }
  if (mark !== "on") return undefined;
  const timed = /^(.+?)( once)? from (\d+)(?: after (.+))?$/.exec(rest);
  if (timed === null) return { pattern: rest, parts: [] };
  const [, pattern, once, from, after] = timed;
  return { pattern, from: Number(from), after, once: once !== undefined, parts: [] };
}

function unescape(text: string): string {
  return text.replace(/\\(r|n|x[0-9A-Fa-f]{2})/g, (_, what: string) => {
    if (what === "r") return "\r";
    return what === "n" ? "\n" : String.fromCharCode(parseInt(what.slice(1), 16));
  });
}

/** What stands in place of the stars of a pattern; undefined when the command is none of these. */
export function matched(pattern: string, command: string): string[] | undefined {
  const literal = pattern.split("*").map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const match = new RegExp(`^${literal.join("(.*)")}$`).exec(command);
  return match === null ? undefined : match.slice(1);
}
