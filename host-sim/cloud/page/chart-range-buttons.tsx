/** Buttons that zoom and move what charts show, for one chart or for all that share a range. */
import { moved, zoomed } from "./chart-time";
import type { Range } from "./chart-time";

interface RangeButtonsProps {
  readonly range: Range;
  readonly limits?: Range;
  readonly onRange: (range: Range) => void;
  readonly onWhole?: () => void;
  /** On the button that shows all again. */
  readonly whole?: string;
}

/** Earlier, later, closer, wider, all. */
export function RangeButtons({ range, limits, onRange, onWhole, whole = "All" }: RangeButtonsProps) {
  const buttons = [
    ["◀", "Earlier", () => onRange(moved(range, -0.5, limits))],
    ["▶", "Later", () => onRange(moved(range, 0.5, limits))],
    ["+", "Zoom in", () => onRange(zoomed(range, 1 / 3, undefined, limits))],
    ["−", "Zoom out", () => onRange(zoomed(range, 3, undefined, limits))],
  ] as const;
  return (
    <div class="range-buttons" role="group" aria-label="Time shown">
      {buttons.map(([mark, label, press]) => (
        <button key={label} type="button" aria-label={label} title={label} onClick={press}>
          <span aria-hidden="true">{mark}</span>
        </button>
      ))}
      {onWhole !== undefined && (
        <button type="button" onClick={onWhole}>
          {whole}
        </button>
      )}
    </div>
  );
}
