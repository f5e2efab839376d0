/** Which rows of a long list are in view: the arithmetic of virtual-rows.tsx. */

/** Rows from `from` up to, and without, `to`. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Rows drawn beyond what is in view, on each side. */
const margin = 6;

/**
 * Which rows of a list are in view, or nearly.
 * @param count of all rows
 * @param top where the list begins, px from the upper edge of the view; negative once it is scrolled
 * @param view height of the view, px
 * @param height of a row, px
 */
export function rowsInView(count: number, top: number, view: number, height: number): RowRange {
  const from = Math.max(0, Math.floor(-top / height) - margin);
  const to = Math.min(count, Math.ceil((view - top) / height) + margin);
  // A list that has become shorter than where it was scrolled to, until the browser scrolls back.
  return from < to ? { from, to } : { from: Math.max(0, count - 2 * margin), to: count };
}
