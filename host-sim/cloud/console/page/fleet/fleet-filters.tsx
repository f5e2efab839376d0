/** What narrows the list down: chips for the states with their counts, alarms, a product, and a search. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { count, grouped } from "../../../page/words";
import { setQuery } from "../route";
import { columns } from "./fleet-cells";
import { firstOrder, states } from "./fleet-query";
import { meanings } from "./state-word";
import { sealStates } from "../../../registry/seal-view";
import type { SealState } from "../../../registry/seal-view";
import type { FleetCounts, FleetQuery } from "./fleet-query";

/** How devices stand with sealed payloads, in the words of the list. */
const sealWords: Readonly<Record<SealState, string>> = {
  sealed: "sealed",
  unsealed: "nothing sealed yet",
  doubted: "messages in doubt",
  "older-key": "under the older key",
};

interface FleetFiltersProps {
  readonly counts: FleetCounts;
  readonly query: FleetQuery;
  /** How many devices the list shows. */
  readonly shown: number;
}

export function FleetFilters({ counts, query, shown }: FleetFiltersProps) {
  const search = useRef<HTMLInputElement>(null);
  // Before anything is drawn: whoever sees the list may press the key, and an effect comes a frame or more later.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const isTyping = (event.target as Element).closest("input, textarea, select, dialog") !== null;
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      search.current?.focus();
      search.current?.select();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  const isAll = query.state === undefined && !query.alarms && query.seal === undefined;
  const products = [...counts.products].sort(([one], [other]) => (one < other ? -1 : 1));
  return (
    <div class="bar filters">
      <div class="bar chips" role="group" aria-label="State">
        <Chip
          label="all"
          number={counts.total}
          isOn={isAll}
          to={{ state: undefined, alarms: undefined, seal: undefined }}
        />
        {states.map((state) => (
          <Chip
            key={state}
            kind={state}
            label={state}
            title={meanings[state]}
            number={counts.states[state]}
            isOn={query.state === state}
            to={{ state: query.state === state ? undefined : state }}
          />
        ))}
        <Chip
          label="with alarms"
          kind="alarmed"
          title="events of level warning or error in the last 24 hours"
          number={counts.alarms}
          isOn={query.alarms}
          to={{ alarms: query.alarms ? undefined : "yes" }}
        />
      </div>
      {(counts.seals.sealed + counts.seals.doubted > 0 || query.seal !== undefined) && (
        <select
          aria-label="Sealed payloads"
          value={query.seal ?? ""}
          onChange={(event) => setQuery({ seal: event.currentTarget.value || undefined })}
        >
          <option value="">sealed or not</option>
          {sealStates.map((each) => (
            <option key={each} value={each}>
              {`${sealWords[each]} (${grouped(counts.seals[each])})`}
            </option>
          ))}
        </select>
      )}
      {(products.length > 1 || query.product !== undefined) && (
        <select
          aria-label="Product"
          value={query.product ?? ""}
          onChange={(event) => setQuery({ product: event.currentTarget.value })}
        >
          <option value="">all products</option>
          {products.map(([productKey, number]) => (
            <option key={productKey} value={productKey}>
              {`${productKey} (${grouped(number)})`}
            </option>
          ))}
        </select>
      )}
      <Sorting query={query} />
      <input
        ref={search}
        class="search"
        type="search"
        placeholder="Search   /"
        aria-label="Search name, keys or firmware"
        aria-keyshortcuts="/"
        spellcheck={false}
        value={query.q}
        onInput={(event) => setQuery({ q: event.currentTarget.value })}
      />
      <span class="seen-by-readers" role="status">
        {`${count(shown, "device")} shown`}
      </span>
    </div>
  );
}

/** On a phone, where the list has no head. */
function Sorting({ query: { sort, order } }: { query: FleetQuery }) {
  const choose = (name: string): void =>
    setQuery({ sort: name === "device" ? undefined : name, order: undefined });
  const other = order === "asc" ? "desc" : "asc";
  return (
    <div class="bar sorting">
      <select aria-label="Sort by" value={sort} onChange={(event) => choose(event.currentTarget.value)}>
        {columns.map((column) => (
          <option key={column.sort} value={column.sort}>{`by ${column.label.toLowerCase()}`}</option>
        ))}
      </select>
      <button
        type="button"
        aria-label={order === "asc" ? "Ascending; change to descending" : "Descending; change to ascending"}
        onClick={() => setQuery({ order: other === firstOrder(sort) ? undefined : other })}
      >
        <span aria-hidden="true">{order === "asc" ? "↑" : "↓"}</span>
      </button>
    </div>
  );
}

interface ChipProps {
  readonly label: string;
  readonly number: number;
  readonly isOn: boolean;
  readonly to: Readonly<Record<string, string | undefined>>;
  readonly kind?: string;
  readonly title?: string;
}

function Chip({ label, number, isOn, to, kind, title }: ChipProps) {
  return (
    <button
      type="button"
      class={`chip ${kind ?? ""} ${number === 0 ? "zero" : ""}`}
      aria-pressed={isOn}
      title={title}
      onClick={() => setQuery(to)}
    >
      {label}
      <b>{grouped(number)}</b>
    </button>
  );
}
