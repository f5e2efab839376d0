/** One row of a sequence chart: its time, its arrows between the lifelines, and its words. */
import type { ComponentChildren } from "preact";
import type { PlacedRow } from "./sequence-layout";
import type { SequenceArrow, SequenceRow } from "./sequence-rows";

interface RowProps {
  readonly placed: PlacedRow;
  readonly lanes: readonly string[];
  readonly isOpen: boolean;
  /** The keyboard is here. */
  readonly isAt: boolean;
  readonly onPress: (row: SequenceRow) => void;
  readonly children?: ComponentChildren;
}

export function SequenceRowView({ placed, lanes, isOpen, isAt, onPress, children }: RowProps) {
  const { row, level, position, count, top } = placed;
  const canOpen = row.opens || row.rows !== undefined;
  return (
    <div
      id={`row-${row.key}`}
      class={`sequence-row${isAt ? " at" : ""}${level > 1 ? " inner" : ""}`}
      role="treeitem"
      aria-level={level}
      aria-posinset={position}
      aria-setsize={count}
      aria-expanded={canOpen ? isOpen : undefined}
      aria-selected={isAt}
      data-kind={row.kind}
      data-mark={row.marks[0]?.kind}
      style={{ top: `${top}px` }}
    >
      <div class={`sequence-head${canOpen ? " opens" : ""}`} onClick={() => onPress(row)}>
        <time title={row.longTime}>{row.time}</time>
        <span class="seen-by-readers">{waysOf(row, lanes)}</span>
        <Lanes row={row} lanes={lanes.length} />
        <span class="sequence-words">
          <span class="sequence-mark-open" aria-hidden="true">
            {canOpen ? (isOpen ? "▾" : "▸") : ""}
          </span>
          <span class="sequence-text" title={row.text}>
            {row.text}
          </span>
          {row.code !== undefined && (
            <span class="code-chip" data-tone={row.code.tone}>
              {row.code.text}
            </span>
          )}
          {row.marks.map(({ kind, text }) => (
            <span key={text} class="row-mark" data-kind={kind} title={text}>
              {text}
            </span>
          ))}
          {row.more !== undefined && (
            <span class="sequence-more" title={row.more}>
              {row.more}
            </span>
          )}
        </span>
        <span class="sequence-note">{row.note}</span>
      </div>
      {children}
    </div>
  );
}

/** The lifelines behind a row, with its arrows. */
function Lanes({ row, lanes }: { row: SequenceRow; lanes: number }) {
  return (
    <span class="sequence-lanes" aria-hidden="true">
      {row.band !== undefined && <i class="sequence-band" data-band={row.band} />}
      {row.arrows.map((arrow, i) => (
        <Arrow key={i} arrow={arrow} lanes={lanes} line={row.arrows.length === 1 ? 50 : 30 + 40 * i} />
      ))}
    </span>
  );
}

/** @param line where it is in the row, percent of the height */
function Arrow({ arrow, lanes, line }: { arrow: SequenceArrow; lanes: number; line: number }) {
  const { from, to, mark, tone = "other" } = arrow;
  const middle = (lane: number): number => ((lane + 0.5) / lanes) * 100;
  const left = middle(Math.min(from, to));
  const shape = from === to ? "dot" : from < to ? "right" : "left";
  return (
    <i
      class={`sequence-arrow ${shape}`}
      data-tone={tone}
      data-mark={mark}
      style={{
        top: `${line}%`,
        left: `${left}%`,
        ...(from === to ? {} : { width: `${middle(Math.max(from, to)) - left}%` }),
      }}
    >
      {mark === "lost" && <b class={from < to ? "at-end" : "at-start"}>✕</b>}
    </i>
  );
}

/** The arrows in words, for who hears the page: `device to cloud, then cloud to device`. */
function waysOf({ arrows }: SequenceRow, lanes: readonly string[]): string {
  const ways = arrows.map(({ from, to }) => (from === to ? lanes[from] : `${lanes[from]} to ${lanes[to]}`));
  return ways.join(", then ");
}
