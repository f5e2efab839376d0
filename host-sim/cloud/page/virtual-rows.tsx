/**
 * Long lists: only the rows in view are in the document, so that a hundred thousand scroll like ten. All rows of a list
 * are equally high. A list scrolls with the page, or within an element of its own.
 */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { rowsInView } from "./rows-in-view";
import type { ComponentChildren, RefObject } from "preact";
import type { RowRange } from "./rows-in-view";

/** Rows drawn before anything has been measured. */
const atFirst = 40;

/**
 * The rows to draw, kept up as the list is scrolled.
 * @param list the element that holds all rows, as high as they are together
 * @param height of a row, px
 * @param scroller the element that scrolls; the page when left out
 */
export function useVisibleRows(
  list: RefObject<HTMLElement | null>,
  count: number,
  height: number,
  scroller?: RefObject<HTMLElement | null>,
): RowRange {
  const [range, setRange] = useState({ from: 0, to: Math.min(count, atFirst), count });
  useLayoutEffect(() => {
    let due = 0;
    const measure = (): void => {
      due = 0;
      if (list.current === null) return;
      const { top } = list.current.getBoundingClientRect();
      const own = scroller?.current;
      const next =
        own === undefined || own === null
          ? rowsInView(count, top, innerHeight, height)
          : rowsInView(count, top - own.getBoundingClientRect().top, own.clientHeight, height);
      setRange((former) => {
        const isSame = former.from === next.from && former.to === next.to && former.count === count;
        return isSame ? former : { ...next, count };
      });
    };
    const soon = (): void => {
      due ||= requestAnimationFrame(measure);
    };
    measure();
    const target = scroller?.current ?? window;
    target.addEventListener("scroll", soon, { passive: true });
    // A window that becomes higher leaves the document as it is.
    addEventListener("resize", soon);
    const sizes = new ResizeObserver(soon);
    sizes.observe(scroller?.current ?? document.documentElement);
    return () => {
      cancelAnimationFrame(due);
      target.removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
      sizes.disconnect();
    };
  }, [list, count, height, scroller]);
  // Rows that have come and are not measured yet push others on: these stay in the document, and keep the focus.
  const more = Math.min(Math.max(0, count - range.count), atFirst);
  return { from: Math.min(range.from, count), to: Math.min(range.to + more, count) };
}

/**
 * Scrolls as little as it takes to have a row in view.
 * @param index of the row in `list`
 * @param above px at the upper edge of the view that something lies over, such as a header that stays; `below` likewise
 */
export function showRow(
  list: HTMLElement,
  index: number,
  height: number,
  more: { readonly scroller?: HTMLElement; readonly above?: number; readonly below?: number } = {},
): void {
  const { scroller, above = 0, below = 0 } = more;
  const origin = scroller?.getBoundingClientRect().top ?? 0;
  const view = scroller?.clientHeight ?? innerHeight;
  const top = list.getBoundingClientRect().top - origin + index * height;
  const by = top < above ? top - above : Math.max(0, top + height + below - view);
  if (by !== 0) (scroller ?? window).scrollBy({ top: by, behavior: "instant" });
}

interface VirtualRowsProps {
  readonly count: number;
  /** Of a row, px. */
  readonly height: number;
  readonly row: (index: number) => ComponentChildren;
  /** What a row is of, where rows change their places: the focus goes with it. */
  readonly keyOf?: (index: number) => string;
  readonly class?: string;
  readonly role?: "list" | "listbox" | "log" | "presentation";
  readonly label?: string;
  readonly scroller?: RefObject<HTMLElement | null>;
}

/** A list whose rows are blocks, each in a block of its own that is placed. */
export function VirtualRows({ count, height, row, keyOf, role, label, scroller, ...rest }: VirtualRowsProps) {
  const list = useRef<HTMLDivElement>(null);
  const { from, to } = useVisibleRows(list, count, height, scroller);
  const rows: ComponentChildren[] = [];
  for (let index = from; index < to; index++) {
    rows.push(
      <div
        key={keyOf?.(index) ?? index}
        role={role === "list" ? "listitem" : undefined}
        style={{ position: "absolute", insetInline: 0, top: `${index * height}px`, height: `${height}px` }}
      >
        {row(index)}
      </div>,
    );
  }
  return (
    <div
      ref={list}
      class={rest.class}
      role={role}
      aria-label={label}
      style={{ position: "relative", height: `${count * height}px` }}
    >
      {rows}
    </div>
  );
}
