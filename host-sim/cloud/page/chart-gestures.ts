/** The wheel and touch over a chart. The mouse's drag is uPlot's own. */
import { moved, zoomed } from "./chart-time";
import type uPlot from "uplot";
import type { ChartProps } from "./chart-series";

/** How much a notch of the wheel zooms. */
const notch = 0.85;

/**
 * The wheel zooms with Ctrl, or once the chart has been clicked or focused: a page that scrolls by does not zoom what it
 * passes. To the side, or with Shift, it moves. One finger reads out, two zoom and move. The answer ends that.
 */
export function handleGestures(plot: uPlot, latest: () => ChartProps): () => void {
  const { over } = plot;
  const turn = (event: WheelEvent): void => {
    const { onRange, range, limits } = latest();
    if (onRange === undefined) return;
    const aside = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (Math.abs(aside) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      onRange(moved(range, (aside / Math.max(1, over.clientWidth)) * 0.8, limits));
      return;
    }
    const hasFocus = over.closest(".chart-plot")?.contains(document.activeElement) === true;
    if (!event.ctrlKey && !event.metaKey && !hasFocus) return;
    event.preventDefault();
    const around = plot.posToVal(event.clientX - over.getBoundingClientRect().left, "x");
    onRange(zoomed(range, event.deltaY < 0 ? notch : 1 / notch, around, limits));
  };
  over.addEventListener("wheel", turn, { passive: false });

  const fingers = new Map<number, number>();
  /** Where the two fingers were when the second came, as values. */
  let held: readonly [number, number] | undefined;
  const leftOf = (event: PointerEvent): number => event.clientX - over.getBoundingClientRect().left;
  const touch = (event: PointerEvent): void => {
    if (event.pointerType === "mouse") return;
    fingers.set(event.pointerId, leftOf(event));
    if (fingers.size === 2) {
      const [one, other] = [...fingers.values()].map((left) => plot.posToVal(left, "x"));
      held = [one, other];
    } else readOut(event);
  };
  const readOut = (event: PointerEvent): void => {
    const left = Math.min(Math.max(0, leftOf(event)), over.clientWidth - 1);
    plot.setCursor({ left, top: over.clientHeight / 2 });
  };
  const slide = (event: PointerEvent): void => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, leftOf(event));
    const { onRange, limits } = latest();
    if (fingers.size < 2 || held === undefined || onRange === undefined) return readOut(event);
    const [one, other] = [...fingers.values()];
    if (Math.abs(one - other) < 20) return;
    // The values that the fingers hold stay under them.
    const perPixel = (held[0] - held[1]) / (one - other);
    if (!(perPixel > 0)) return;
    const from = held[0] - one * perPixel;
    onRange(moved({ from, to: from + over.clientWidth * perPixel }, 0, limits));
  };
  const lift = (event: PointerEvent): void => {
    fingers.delete(event.pointerId);
    held = undefined;
  };
  over.addEventListener("pointerdown", touch);
  over.addEventListener("pointermove", slide);
  over.addEventListener("pointerup", lift);
  over.addEventListener("pointercancel", lift);
  return () => {
    over.removeEventListener("wheel", turn);
    over.removeEventListener("pointerdown", touch);
    over.removeEventListener("pointermove", slide);
    over.removeEventListener("pointerup", lift);
    over.removeEventListener("pointercancel", lift);
  };
}
