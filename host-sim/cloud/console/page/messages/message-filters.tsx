/** What of the messages is shown: text, type, answer, subject, range. All of it is in the address. */
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { query, setQuery } from "../route";
import type { MessageFilter } from "./exchange-rows";

const types = ["CON", "NON", "ACK", "RST"] as const;
const answers = [
  ["2", "2.xx success"],
  ["4", "4.xx client error"],
  ["5", "5.xx server error"],
  ["none", "no answer"],
] as const;
const subjects = [
  ...(["authentication", "report", "late report", "event", "attributes", "tags"] as const),
  ...(["firmware", "command", "command answer"] as const),
];

/** The filter of an address. */
export function filterOf(address: URLSearchParams): MessageFilter {
  const given = (name: string): string | undefined => address.get(name) || undefined;
  return {
    text: given("q"),
    type: given("type"),
    answer: given("answer"),
    about: given("about"),
    trouble: address.has("trouble"),
  };
}

/** The range of an address, epoch ms; what is no time is left out. */
export function rangeOf(address: URLSearchParams): { from?: number; to?: number } {
  return { from: timeOf(address.get("from")), to: timeOf(address.get("to")) };
}

function timeOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const time = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

export function MessageFilters({ children }: { children: ComponentChildren }) {
  const address = query.value;
  const { from, to } = rangeOf(address);
  const [isOpen, setOpen] = useState(false);
  const isRange = from !== undefined || to !== undefined;
  const [wantsTimes, setTimes] = useState(false);
  const hasTimes = wantsTimes || isRange;
  const set = ["answer", "type", "about", "trouble", "from", "to"].filter((name) => address.has(name)).length;
  return (
    <div class={`message-filters${isOpen ? " open" : ""}`} role="search">
      <input
        type="search"
        class="message-search"
        placeholder="Filter: path, code, payload"
        aria-label="Only exchanges that contain this text"
        value={address.get("q") ?? ""}
        onInput={(event) => setQuery({ q: event.currentTarget.value })}
      />
      <button type="button" class="message-more" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {set === 0 ? "Filters" : `Filters, ${set} set`}
      </button>
      <Choice name="answer" label="Answer" all="Any answer" options={answers} />
      <Choice name="type" label="Type" all="Any type" options={types.map((each) => [each, each])} />
      <Choice name="about" label="Subject" all="Any subject" options={subjects.map((each) => [each, each])} />
      <label class="message-check">
        <input
          type="checkbox"
          checked={address.has("trouble")}
          onChange={(event) => setQuery({ trouble: event.currentTarget.checked ? "1" : undefined })}
        />
        only trouble
      </label>
      <label class="message-check">
        <input
          type="checkbox"
          checked={address.get("paths") === "whole"}
          onChange={(event) => setQuery({ paths: event.currentTarget.checked ? "whole" : undefined })}
        />
        whole paths
      </label>
      <label class="message-check" title="Messages of all devices, and of what is none">
        <input
          type="checkbox"
          checked={address.get("of") === "all"}
          onChange={(event) => setQuery({ of: event.currentTarget.checked ? "all" : undefined })}
        />
        all devices
      </label>
      <button
        type="button"
        class="quiet message-times"
        aria-expanded={hasTimes}
        onClick={() => setTimes(!hasTimes)}
        disabled={isRange}
      >
        Times
      </button>
      <span class="message-range" hidden={!hasTimes}>
        <TimeField name="from" label="From" value={from} />
        <TimeField name="to" label="To" value={to} />
        {isRange && (
          <button type="button" class="quiet" onClick={() => setQuery({ from: undefined, to: undefined })}>
            All times
          </button>
        )}
      </span>
      {children}
    </div>
  );
}

function Choice(props: {
  name: string;
  label: string;
  all: string;
  options: readonly (readonly [value: string, text: string])[];
}) {
  const { name, label, all, options } = props;
  return (
    <select
      aria-label={label}
      value={query.value.get(name) ?? ""}
      onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
    >
      <option value="">{all}</option>
      {options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

function TimeField({ name, label, value }: { name: string; label: string; value: number | undefined }) {
  const change = (text: string): void => {
    const time = new Date(text).getTime();
    setQuery({ [name]: Number.isNaN(time) ? undefined : String(time) });
  };
  return (
    <label class="message-time">
      <span class="dim">{label}</span>
      <input
        type="datetime-local"
        step="1"
        value={value === undefined ? "" : localText(value)}
        onChange={(event) => change(event.currentTarget.value)}
      />
    </label>
  );
}

/** As a field for local time takes it. */
function localText(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
