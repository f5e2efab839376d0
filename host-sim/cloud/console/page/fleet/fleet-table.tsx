/**
 * The devices as a table whose columns sort. On a phone each row is a card. By the ARIA practices for a grid: one row has
 * the focus, arrows, Page Up and Down, Home and End move it, Enter opens, the space bar marks.
 */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { showRow, useVisibleRows } from "../../../page/virtual-rows";
import { pathOfPlace } from "../../addresses";
import { go, setQuery } from "../route";
import { cells, columns } from "./fleet-cells";
import { firstOrder } from "./fleet-query";
import { isNarrow } from "./narrow";
import type { FleetQuery, Sort } from "./fleet-query";
import type { FleetRow } from "./fleet-rows";
import type { VitalPoints } from "../../../registry/vital-points";

/** px; as fleet.css has them. */
const heights = { row: 44, card: 100 } as const;

interface FleetTableProps {
  readonly rows: readonly FleetRow[];
  readonly query: FleetQuery;
  readonly vitalPoints: Readonly<Record<string, VitalPoints>>;
  readonly marked: ReadonlySet<string>;
  readonly onMark: (marked: ReadonlySet<string>) => void;
  /** Told of the rows in view. */
  readonly onView: (ids: readonly string[]) => void;
}

export function FleetTable({ rows, query, vitalPoints, marked, onMark, onView }: FleetTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const height = isNarrow.value ? heights.card : heights.row;
  const { from, to } = useVisibleRows(body, rows.length, height);
  const [active, setActive] = useState<string>();
  // A row that the keyboard has moved to is focused once it is in the document; keys that come before go on from it.
  const wanted = useRef<string | undefined>(undefined);
  const focusWanted = (): void => {
    if (wanted.current === undefined) return;
    const row = body.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(wanted.current)}"]`);
    if (row === undefined || row === null) return;
    wanted.current = undefined;
    row.focus({ preventScroll: true });
  };
  useLayoutEffect(focusWanted);
  const shown = rows.slice(from, to);
  useEffect(() => onView(shown.map(({ id }) => id)), [rows, from, to]);
  const activeIndex = Math.max(
    0,
    rows.findIndex(({ id }) => id === active),
  );
  const moveTo = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row === undefined || body.current === null) return;
    wanted.current = row.id;
    setActive(row.id);
    showRow(body.current, rows.indexOf(row), height, covered());
    focusWanted();
  };
  const toggle = (id: string): void => {
    const next = new Set(marked);
    if (!next.delete(id)) next.add(id);
    onMark(next);
  };
  const press = (event: KeyboardEvent): void => {
    const row = (event.target as Element).closest<HTMLElement>("[data-id]");
    if (row === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = rows.findIndex(({ id }) => id === (wanted.current ?? row.dataset.id));
    const page = Math.max(1, Math.floor((innerHeight - covered().above - covered().below) / height) - 1);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    const move = moves[event.key];
    if (move !== undefined) moveTo(move);
    else if (event.key === "Enter" && event.target === row) go(hrefOf(rows[at]));
    else if (event.key === " ") toggle(rows[at].id);
    else return;
    event.preventDefault();
  };
  const areAllMarked = rows.length > 0 && rows.every(({ id }) => marked.has(id));
  const markAll = (): void => onMark(areAllMarked ? new Set() : new Set(rows.map(({ id }) => id)));
  return (
    <table
      class="fleet"
      role="grid"
      aria-label="Devices"
      aria-rowcount={rows.length + 1}
      aria-multiselectable
    >
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          <th role="columnheader" class="mark">
            <input type="checkbox" aria-label="Mark all shown" checked={areAllMarked} onChange={markAll} />
          </th>
          {columns.map((column) => (
            <Header key={column.sort} {...column} query={query} />
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" ref={body} onKeyDown={press}>
        <Filler height={from * height} />
        {shown.map((row, i) => (
          <Row
            key={row.id}
            row={row}
            index={from + i}
            points={vitalPoints[row.productKey]}
            isActive={from + i === activeIndex}
            isMarked={marked.has(row.id)}
            onFocus={setActive}
            onToggle={toggle}
          />
        ))}
        <Filler height={(rows.length - to) * height} />
      </tbody>
    </table>
  );
}

/** What lies over the list at the window's edges, px: the page's header and the table's; the actions for what is marked. */
function covered(): { readonly above: number; readonly below: number } {
  const heightOf = (selector: string): number =>
    [...document.querySelectorAll<HTMLElement>(selector)].reduce((sum, each) => sum + each.offsetHeight, 0);
  const marked = heightOf(".fleet-place .marked");
  // Its distance from the edge, as fleet.css has it.
  return { above: heightOf(".top, table.fleet thead"), below: marked === 0 ? 0 : marked + 16 };
}

function hrefOf({ productKey, deviceKey }: FleetRow): string {
  return pathOfPlace({ kind: "device", productKey, deviceKey, tab: "live" });
}

/** The room of rows that are not in the document. */
function Filler({ height }: { height: number }) {
  return height === 0 ? null : <tr role="presentation" class="filler" style={{ height: `${height}px` }} />;
}

function Header({
  sort,
  label,
  query,
  ...rest
}: {
  sort: Sort;
  label: string;
  query: FleetQuery;
  class: string;
}) {
  const isSorted = query.sort === sort;
  const press = (): void => {
    const first = firstOrder(sort);
    const order = isSorted && query.order === first ? (first === "asc" ? "desc" : "asc") : first;
    setQuery({ sort: sort === "device" ? undefined : sort, order: order === first ? undefined : order });
  };
  const told = isSorted ? (query.order === "asc" ? "ascending" : "descending") : undefined;
  return (
    <th role="columnheader" class={rest.class} aria-sort={told}>
      <button type="button" onClick={press}>
        {label}
        <span class="arrow" aria-hidden="true">
          {isSorted ? (query.order === "asc" ? "↑" : "↓") : ""}
        </span>
      </button>
    </th>
  );
}

interface RowProps {
  readonly row: FleetRow;
  readonly index: number;
  readonly points: VitalPoints | undefined;
  readonly isActive: boolean;
  readonly isMarked: boolean;
  readonly onFocus: (id: string) => void;
  readonly onToggle: (id: string) => void;
}

function Row({ row, index, points, isActive, isMarked, onFocus, onToggle }: RowProps) {
  const href = hrefOf(row);
  const open = (event: MouseEvent): void => {
    const isOther = event.defaultPrevented || (event.target as Element).closest("a, input, label") !== null;
    // Who marks text with the mouse wants to copy it.
    if (!isOther && getSelection()?.type !== "Range") go(href);
  };
  return (
    <tr
      role="row"
      data-id={row.id}
      tabIndex={isActive ? 0 : -1}
      aria-rowindex={index + 2}
      aria-selected={isMarked}
      onFocus={() => onFocus(row.id)}
      onClick={open}
    >
      <td role="gridcell" class="mark">
        <label>
          <input
            type="checkbox"
            tabIndex={-1}
            checked={isMarked}
            aria-label={`Mark ${row.name ?? row.deviceKey}`}
            onChange={() => onToggle(row.id)}
          />
        </label>
      </td>
      {columns.map(({ sort, label, ...rest }) => (
        <td key={sort} role="gridcell" class={rest.class} data-label={label}>
          {cells[sort](row, href, points)}
        </td>
      ))}
    </tr>
  );
}
