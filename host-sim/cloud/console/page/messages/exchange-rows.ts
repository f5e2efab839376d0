/** Exchanges as rows of the sequence chart, and which of them are wanted. Pure. */
import { stateOf } from "../../../page/exchanges";
import { bytes, count, grouped, measuredSpan, span } from "../../../page/words";
import type { RowMark, RowSource, SequenceArrow, SequenceRow, Tone } from "../../../page/sequence-rows";
import type { ShownExchange, ShownMessage } from "./message-list";

/** What is wanted; what is left out does not matter. */
export interface MessageFilter {
  /** Anywhere in path, codes, fields, or what became of it. */
  readonly text?: string;
  readonly type?: string;
  /** `2`, `4`, `5`: the answer's class; `none`: unanswered. */
  readonly answer?: string;
  /** What the request is about. */
  readonly about?: string;
  /** Sent again, unanswered, refused, not stored, no CoAP. */
  readonly trouble?: boolean;
}

/** What rows show of a path. */
export interface RowForm {
  /** Epoch ms. */
  readonly now: number;
  readonly wholePaths: boolean;
  /** Each says whose it is. */
  readonly ofAll: boolean;
}

/** Whether an exchange is wanted at a time, epoch ms. */
export function isWanted(exchange: ShownExchange, filter: MessageFilter, now: number): boolean {
  const { text, type, answer, about, trouble } = filter;
  const { messages } = exchange;
  if (type !== undefined && !messages.some((message) => message.type === type)) return false;
  if (about !== undefined && !messages.some((message) => message.about === about)) return false;
  if (answer === "none" && stateOf(exchange, now).kind !== "unanswered") return false;
  if (
    answer !== undefined &&
    answer !== "none" &&
    !messages.some(({ code }) => code?.startsWith(`${answer}.`))
  ) {
    return false;
  }
  if (trouble === true && marksOf(exchange, now).length === 0) return false;
  return text === undefined || messages.some((message) => searched(message).includes(text.toLowerCase()));
}

const texts = new WeakMap<ShownMessage, { readonly outcomes: number; readonly text: string }>();

/** What is searched of a message, in small letters. */
function searched(message: ShownMessage): string {
  const { line, code = "", codeName = "", path = "", about = "", fields, outcomes } = message;
  const known = texts.get(message);
  if (known !== undefined && known.outcomes === outcomes.list.length) return known.text;
  const became = outcomes.list.map(
    ({ text, points = {} }) => `${text} ${Object.entries(points).map(pointText).join(", ")}`,
  );
  const all = [
    line,
    code,
    codeName,
    path,
    about,
    ...fields.map(([name, value]) => `${name} ${value}`),
    ...became,
  ];
  const text = all.join("\n").toLowerCase();
  texts.set(message, { outcomes: outcomes.list.length, text });
  return text;
}

/** A source over exchanges; each row is named by the number of its first message, and found by any of them. */
export function exchangeRows(exchanges: readonly ShownExchange[], form: RowForm): RowSource {
  return {
    length: exchanges.length,
    row: (i) => rowOf(exchanges[i], form),
    indexOf: (key) => {
      const number = Number(key);
      // By its first message nearly always, and these are in order.
      let [low, high] = [0, exchanges.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (exchanges[middle].number <= number) low = middle;
        else high = middle - 1;
      }
      if (exchanges[low]?.number === number) return low;
      return exchanges.findIndex(({ messages }) => messages.some((message) => message.number === number));
    },
  };
}

/** Paths that begin like this are the same for all of a device's messages. */
const ownPath = /^\/(?:topic\/sys|auth)\/[^/]+\/[^/]+/;

/** A path without what all of a device's have in common: `…/thing/measurepoint/post`, `/auth/…`. */
export function shortPath(path: string): string {
  const own = ownPath.exec(path)?.[0];
  if (own === undefined) return path;
  return path.startsWith("/auth/") ? `/auth/…${path.slice(own.length)}` : `…${path.slice(own.length)}`;
}

/** The colour of an answer's code. */
function toneOf(code: string | undefined): Tone {
  switch (code?.[0]) {
    case "2":
      return "success";
    case "4":
      return "client";
    case "5":
      return "server";
    default:
      return "other";
  }
}

function rowOf(exchange: ShownExchange, { now, wholePaths, ofAll }: RowForm): SequenceRow {
  const { request, answer, messages, number } = exchange;
  const first = messages[0];
  const told = request ?? first;
  const { path = "" } = told;
  const shown = wholePaths ? path : shortPath(path);
  const name = told.code === undefined ? told.line : told.codeName === "" ? told.code : told.codeName;
  const type = told.type === undefined ? "" : `${told.type} `;
  const whose = ofAll ? `${told.device?.split("/")[1] ?? told.peer} · ` : "";
  // An answer's code has a place of its own.
  const isAnswer = told === answer || (request === undefined && told.code?.startsWith("0.") === false);
  const code = answer ?? (isAnswer ? told : undefined);
  return {
    key: String(number),
    time: timeText(first.at, now),
    longTime: new Date(first.at).toISOString(),
    arrows: arrowsOf(exchange),
    text:
      whose + (isAnswer ? `${type}${shown}`.trimEnd() : `${type}${name}${shown === "" ? "" : ` ${shown}`}`),
    ...(code?.code === undefined
      ? {}
      : { code: { text: codeText(code), tone: code.type === "RST" ? "other" : toneOf(code.code) } }),
    more: moreOf(exchange),
    note: noteOf(exchange, now),
    marks: marksOf(exchange, now),
    kind: told.about ?? "other",
    opens: true,
  };
}

/** `4.01 Unauthorized`, `Reset`. */
function codeText({ code = "", codeName = "", type }: ShownMessage): string {
  if (code === "0.00") return type === "RST" ? "Reset" : "Empty";
  return `${code} ${codeName}`.trimEnd();
}

/** Device 0, cloud 1: one arrow a way. */
function arrowsOf({ request, answer, messages, sendings, answers, unheard }: ShownExchange): SequenceArrow[] {
  const way = ({ way: to }: ShownMessage) => (to === "up" ? { from: 0, to: 1 } : { from: 1, to: 0 });
  if (request === undefined) return [{ ...way(messages[0]), tone: toneOf(messages[0].code) }];
  const asked: SequenceArrow = {
    ...way(request),
    tone: "request",
    ...(sendings > 1 ? { mark: "again" } : {}),
  };
  if (answer === undefined) return [asked];
  const isAgain = answers > 1 || unheard > 0;
  return [asked, { ...way(answer), tone: toneOf(answer.code), ...(isAgain ? { mark: "again" } : {}) }];
}

/** What went wrong, or was done once more. */
function marksOf(exchange: ShownExchange, now: number): RowMark[] {
  const { request, answer, sendings, unheard, messages } = exchange;
  const marks: RowMark[] = [];
  const { kind } = stateOf(exchange, now);
  if (messages[0].code === undefined) marks.push({ kind: "trouble", text: "no CoAP" });
  else if (kind === "unanswered") marks.push({ kind: "lost", text: "no answer" });
  else if (request === undefined && kind === "alone" && messages[0].type !== "RST") {
    marks.push({ kind: "trouble", text: "request not seen" });
  }
  if (sendings > 1) marks.push({ kind: "again", text: `sent ${sendings} times` });
  if (unheard > 0 && answer !== undefined) marks.push({ kind: "trouble", text: "answer late or lost" });
  if (messages.some(({ outcomes }) => outcomes.list.some(({ type }) => type === "report-refused"))) {
    marks.push({ kind: "trouble", text: "not stored" });
  }
  const doubts = messages.flatMap(({ outcomes }) => outcomes.list.flatMap(({ doubt }) => doubt ?? []));
  for (const doubt of new Set(doubts)) marks.push({ kind: "trouble", text: doubt });
  return marks;
}

/** What was stored of it, or why it was not, and what else became of it. */
function moreOf({ messages }: ShownExchange): string | undefined {
  const told = messages.flatMap(({ outcomes }) => outcomes.list).filter(({ type }) => !silent.has(type));
  if (told.length === 0) return undefined;
  const texts = told.slice(0, 2).map(({ text, points }) => {
    if (points === undefined) return text.replace(/^not stored, /, "");
    const shown = Object.entries(points).slice(0, 8);
    return shown.map(pointText).join(", ");
  });
  const others = told.length - texts.length + messages.reduce((sum, { outcomes }) => sum + outcomes.more, 0);
  return texts.join(" · ") + (others === 0 ? "" : ` · and ${others} more`);
}

/** Outcomes that other columns tell. */
const silent: ReadonlySet<string> = new Set(["duplicate-request", "malformed", "request-refused"]);

function pointText([identifier, value]: readonly [string, unknown]): string {
  return `${identifier} ${shortValue(value)}`;
}

/** A value as far as a row has room for it; one with its quality without that. */
function shortValue(value: unknown): string {
  const plain =
    typeof value === "object" && value !== null && "value" in value
      ? (value as { value: unknown }).value
      : value;
  const text = typeof plain === "string" ? plain : (JSON.stringify(plain) ?? "");
  return text.length > 24 ? `${text.slice(0, 24)}…` : text;
}

/** How long it took, and bytes each way. */
function noteOf(exchange: ShownExchange, now: number): string {
  const { request, answer, messages } = exchange;
  const state = stateOf(exchange, now);
  const sizes = request !== undefined && answer !== undefined ? [request, answer] : [messages[0]];
  const size = sizes.map((message) => bytes(message.size)).join(" → ");
  switch (state.kind) {
    case "answered":
      return `${measuredSpan(state.latency)} · ${size}`;
    case "waiting":
      return `waits ${span(state.since)} · ${size}`;
    default:
      return size;
  }
}

/** The time of day, with its date where that is another one. */
function timeText(at: number, now: number): string {
  const date = new Date(at);
  const two = (value: number, digits = 2): string => String(value).padStart(digits, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (date.toDateString() === new Date(now).toDateString())
    return `${clock}.${two(date.getMilliseconds(), 3)}`;
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

/** How many exchanges are shown, of how many. */
export function countText(shown: number, all: number): string {
  return shown === all ? count(all, "exchange") : `${grouped(shown)} of ${count(all, "exchange")}`;
}
