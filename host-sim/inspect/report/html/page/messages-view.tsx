/** All that was on the air, on the wires and in the logs, as a sequence chart with filters. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { SequenceChart } from "../../../../cloud/page/sequence-chart";
import { grouped } from "../../../../cloud/page/words";
import { choices, choose } from "./address";
import { chartRows } from "./chart-rows";
import { Entries } from "./entries";
import { RowDetail } from "./row-detail";
import { laneNames } from "./row-texts";
import { RunRows } from "./run-rows";
import { rowKinds } from "../run-data";
import type { RowKind } from "../run-data";
import type { RowFilter } from "./chart-rows";
import type { Unpacked } from "./unpack";

/** Kinds of rows as they are chosen: a word for the address, a text, and what is of that kind. */
const groups: readonly (readonly [word: string, text: string, kinds: readonly RowKind[]])[] = [
  ["coap", "CoAP", ["air"]],
  ["at", "AT", ["at"]],
  ["log", "device log", ["device", "board"]],
  ["modem", "modem", ["modem"]],
  ["cloud", "cloud", ["cloud"]],
];

export function MessagesView({ run }: { run: Unpacked }) {
  const entries = useMemo(() => new Entries(new RunRows(run)), [run]);
  const { q = "", hide = "", only, each, row, at } = choices.value;
  const hidden = useMemo(() => new Set(hide.split(",")), [hide]);
  const present = useMemo(() => {
    const kinds = new Set(run.data.rows.kind.map((kind) => rowKinds[kind]));
    return groups.filter(([, , its]) => its.some((kind) => kinds.has(kind)));
  }, [run]);
  const rows = useMemo(() => {
    const kinds = new Set(groups.filter(([word]) => !hidden.has(word)).flatMap(([, , its]) => its));
    const filter: RowFilter = {
      kinds,
      onlyTrouble: only === "trouble",
      text: q,
      fold: each !== "row" && q === "",
    };
    return chartRows(entries, filter);
  }, [entries, hidden, only, each, q]);
  // Where a time was linked to, its row is the chosen one until the user chooses another.
  const active = row ?? (at === undefined ? undefined : rows.keyAt(at));
  const toggle = (word: string) => (): void => {
    const next = new Set(hidden);
    if (!next.delete(word)) next.add(word);
    next.delete("");
    choose("messages", { hide: [...next].join(",") });
  };
  return (
    <section id="messages" aria-labelledby="messages-title">
      <h2 id="messages-title">Messages</h2>
      <div class="bar filters" role="group" aria-label="What the sequence chart shows">
        {present.map(([word, text]) => (
          <button
            key={word}
            type="button"
            class="chip"
            aria-pressed={!hidden.has(word)}
            onClick={toggle(word)}
          >
            {text}
          </button>
        ))}
        <button
          type="button"
          class="chip"
          aria-pressed={only === "trouble"}
          onClick={() => choose("messages", { only: only === "trouble" ? undefined : "trouble" })}
        >
          only trouble
        </button>
        <button
          type="button"
          class="chip"
          aria-pressed={each !== "row"}
          disabled={q !== ""}
          onClick={() => choose("messages", { each: each === "row" ? undefined : "row" })}
        >
          repeats folded
        </button>
        <Search text={q} />
        <span class="dim" role="status" id="count">
          {countText(rows.length, rows.count, entries.count)}
        </span>
      </div>
      <SequenceChart
        label="Messages"
        lanes={laneNames}
        rows={rows}
        active={active}
        onActive={(key) => choose("messages", { row: key, at: undefined })}
        detail={(shown) => <RowDetail entries={entries} row={Number(shown.key.slice(1))} />}
        empty={<p class="empty dim">No row is like that: change the filters above.</p>}
      />
      <p class="hint">
        Enter or a click opens a row. What is secret is masked (••): tokens, signatures, and all that could be
        one.
      </p>
    </section>
  );
}

/** ms without a key until the rows are searched. */
const pause = 150;

function Search({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  /** What this field has asked for: its coming back takes nothing from what was typed meanwhile. */
  const asked = useRef(text);
  useEffect(() => {
    if (text === asked.current) return;
    asked.current = text;
    setTyped(text);
  }, [text]);
  useEffect(() => {
    if (typed === asked.current) return undefined;
    const later = setTimeout(() => {
      asked.current = typed;
      choose("messages", { q: typed });
    }, pause);
    return () => clearTimeout(later);
  }, [typed]);
  return (
    <input
      type="search"
      placeholder="contains…"
      aria-label="Only rows that contain this text"
      value={typed}
      onInput={(event) => setTyped(event.currentTarget.value)}
    />
  );
}

function countText(shown: number, matching: number, all: number): string {
  const of = matching === all ? grouped(all) : `${grouped(matching)} of ${grouped(all)}`;
  return shown === matching ? `${of} rows` : `${of} rows as ${grouped(shown)}`;
}
