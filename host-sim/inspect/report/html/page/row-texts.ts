/** Entries of the sequence chart in words and arrows: datagrams, exchanges, sleeps, lines, and what repeats. */
import { measuredSpan } from "../../../../cloud/page/words";
import { lasting, stamp } from "../../duration";
import type { Entries } from "./entries";
import type { RowSource, SequenceRow, Tone } from "../../../../cloud/page/sequence-rows";

/** Lifelines, from the left: device 0, modem 1, network 2, cloud 3. */
export const laneNames = ["device", "modem", "network", "cloud"] as const;

const lanes = { device: 0, board: 0, at: 0, modem: 1, air: 2, cloud: 3 } as const;

/** A group of entries: its places among those that are shown, and what it repeats. */
export interface Group {
  readonly from: number;
  /** Behind its last one. */
  readonly to: number;
  readonly times: number;
  /** Rows of one round that decide, and of all rounds. */
  readonly round: readonly number[];
  readonly keys: readonly number[];
}

/** One row that stands for itself. @param row of the run's data */
export function rowOfEntry(all: Entries, row: number): SequenceRow {
  const { rows } = all;
  const kind = rows.kind(row);
  const base = { key: `r${row}`, time: stamp(rows.times[row]), kind, opens: true };
  if (kind === "air") return { ...base, ...(all.isExchange(row) ? exchange(all, row) : datagram(all, row)) };
  const text = rows.text(row);
  const sleep = all.sleep(row);
  if (sleep > 0) {
    const who = kind === "board" ? "board in deep sleep" : "modem asleep";
    const isLast = rows.times[row] + sleep >= rows.run.data.end;
    const length = isLast ? "until the end of the run" : `for ${measuredSpan(sleep)}`;
    return { ...base, arrows: [], text: `${who} ${length}`, marks: [], band: "sleep", opens: false };
  }
  const marks = rows.isTrouble(row) ? ([{ kind: "trouble", text: "trouble" }] as const) : [];
  if (kind === "at") {
    const isOurs = rows.lines(rows.value(row)).some(({ fromModem }) => !fromModem);
    return { ...base, arrows: [isOurs ? { from: 0, to: 1 } : { from: 1, to: 0 }], text, marks };
  }
  // What the board does; what was done to it or by somebody else says so itself.
  const who = kind === "board" && /^(?:awake|power|restarted|start)/.test(text) ? "board: " : "";
  const isRadio = kind === "modem" && /cell|network|radio connection|coverage/.test(text);
  const at = lanes[kind];
  // A line that fits its row has nothing more to show.
  return {
    ...base,
    arrows: [{ from: at, to: isRadio ? 2 : at }],
    text: who + text,
    marks,
    opens: text.length > 60,
  };
}

/** What repeats, as one row that opens. */
export function rowOfGroup(
  all: Entries,
  { times, round, keys }: Group,
  entries: Int32Array,
  inside: RowSource,
): SequenceRow {
  const { rows } = all;
  const labels = [...new Set(round.map((row) => labelOf(all, row)))];
  const latencies = keys.filter((row) => all.isExchange(row)).map((row) => latencyOf(all, row));
  const range =
    latencies.length === 0 ? "" : `, ${rangeText(Math.min(...latencies), Math.max(...latencies))}`;
  const [first, last] = [entries[0], entries[entries.length - 1]];
  const length = rows.times[last] + all.sleep(last) - rows.times[first];
  let asleep = 0;
  for (const row of entries) if (rows.kind(row) === "modem") asleep += all.sleep(row);
  const share = length > 0 ? Math.min(99.9, (100 * asleep) / length) : 0;
  const lead = rowOfEntry(all, round[0]);
  const shown = labels.length > 3 ? [...labels.slice(0, 3), "…"] : labels;
  return {
    key: `g${first}`,
    time: stamp(rows.times[first]),
    kind: lead.kind,
    arrows: lead.arrows,
    text: `${shown.join(" · ")}, ${times} times${range}`,
    code: lead.code,
    note: `within ${lasting(length)}`,
    marks: [
      ...lead.marks,
      ...(share >= 1
        ? [{ kind: "sleep" as const, text: `asleep ${share.toFixed(share >= 10 ? 0 : 1)} %` }]
        : []),
    ],
    rows: inside,
    opens: true,
  };
}

function labelOf(all: Entries, row: number): string {
  const { text } = rowOfEntry(all, row);
  if (all.rows.kind(row) === "air") return text;
  return text.replace(/^((?:\S+ ?){1,2}).*$/, "$1").trim();
}

/** ms from the request's sending until its answer was there. */
function latencyOf(all: Entries, row: number): number {
  const { rows } = all;
  const [, answer] = rows.exchangeOf(rows.value(row));
  const at = rows.rowOf(answer);
  return rows.times[at] + rows.run.data.datagrams.travel[answer] - rows.times[row];
}

/** `0.8 to 2.1 s`, with the unit once where both have the same. */
function rangeText(least: number, most: number): string {
  const [from, to] = [measuredSpan(least), measuredSpan(most)];
  if (from === to) return from;
  const [value, unit] = from.split(" ");
  return to.endsWith(` ${unit}`) ? `${value} to ${to}` : `${from} to ${to}`;
}

type Shown = Pick<SequenceRow, "arrows" | "text" | "code" | "note" | "marks">;

function exchange(all: Entries, row: number): Shown {
  const { rows } = all;
  const { datagrams } = rows.run.data;
  const [request, answer] = rows.exchangeOf(rows.value(row));
  const message = rows.message(answer);
  const up = datagrams.up[request] === 1;
  const cause = rows.text(rows.rowOf(answer));
  const brings = /, ((?:announces|brings) a command)/.exec(cause)?.[1];
  const code = message?.code ?? 0;
  const isRefused = code >= 0x80;
  const answered = code === 0 ? "acknowledged" : (message?.codeText ?? "malformed");
  return {
    arrows: [
      { ...arrow(up), tone: "request" },
      { ...arrow(!up), tone: toneOf(code) },
    ],
    text: `${rows.text(row)} → ${answered}${brings === undefined ? "" : `, ${brings}`}`,
    note: `${measuredSpan(latencyOf(all, row))} · ${datagrams.length[request]} + ${datagrams.length[answer]} B`,
    marks: isRefused ? [{ kind: "trouble", text: "refused" }] : [],
  };
}

function datagram(all: Entries, row: number): Shown {
  const { rows } = all;
  const { datagrams, texts } = rows.run.data;
  const number = rows.value(row);
  const message = rows.message(number);
  const up = datagrams.up[number] === 1;
  const isLost = datagrams.travel[number] < 0;
  const isDoubled = datagrams.duplicate[number] === 1;
  const isAgain = datagrams.again[number] > 0 || isDoubled;
  const way = isLost ? { ...arrow(up), to: 2 } : arrow(up);
  const end = isLost ? texts[datagrams.loss[number]] : measuredSpan(datagrams.travel[number]);
  const code = message?.code ?? 0;
  return {
    arrows: [
      {
        ...way,
        tone: code > 0 && code < 0x20 ? "request" : toneOf(code),
        ...(isLost ? { mark: "lost" as const } : isAgain ? { mark: "again" as const } : {}),
      },
    ],
    text: `${rows.text(row)}${isDoubled ? ", doubled by the network" : ""}`,
    code: {
      text: message === undefined ? "malformed" : message.codeText,
      tone: code > 0 && code < 0x20 ? "request" : toneOf(code),
    },
    note: `${end} · ${datagrams.length[number]} B`,
    marks: [
      ...(isLost ? [{ kind: "lost" as const, text: "lost" }] : []),
      ...(isAgain ? [{ kind: "again" as const, text: isDoubled ? "doubled" : "again" }] : []),
    ],
  };
}

const arrow = (up: boolean): { from: number; to: number } => (up ? { from: 1, to: 3 } : { from: 3, to: 1 });

function toneOf(code: number): Tone {
  const group = code >> 5;
  return group === 2 ? "success" : group === 4 ? "client" : group === 5 ? "server" : "other";
}
