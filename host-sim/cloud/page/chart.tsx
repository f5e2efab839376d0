/**
 * The chart of the console and of the report: lines, steps, areas and bars over time, with a read-out under the cursor,
 * zoom and move by mouse, touch, wheel and keys, a summary in words and a table for who does not see it.
 */
import uPlot from "uplot";
import "./chart.css";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { drawn, optionsOf } from "./chart-options";
import { pointUnder, ReadOut } from "./chart-read-out";
import { ChartSummary } from "./chart-summary";
import { ChartTable } from "./chart-table";
import { handleGestures } from "./chart-gestures";
import { firstFrom, lastUntil } from "./chart-points";
import { moved, zoomed } from "./chart-time";
import { painted } from "./theme";
import type { ChartProps } from "./chart-series";

/** Below this width a chart is not drawn narrower, CSS pixels. */
const narrowest = 120;

/** A chart. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const [under, setUnder] = useState<{ readonly index: number; readonly left: number }>();
  const [said, setSaid] = useState(false);
  const described = useId();
  const { label, series, axis, range, isSmall = false, onRange } = props;
  const theme = painted.value;
  // All that uPlot takes once only.
  const shape = JSON.stringify([
    ...[theme, props.height, props.axisWidth, props.isStacked, isSmall, onRange === undefined, props.group],
    ...[
      typeof axis === "string" ? axis : "category",
      series.map(({ colour, look, bar }) => [colour, look, bar]),
    ],
  ]);
  useLayoutEffect(() => {
    const element = place.current!;
    const width = (): number => Math.max(narrowest, Math.floor(element.clientWidth));
    const options = optionsOf(
      () => latest.current,
      { width: width() },
      {
        setCursor: [
          (its) => {
            const left = its.cursor.left ?? -1;
            if (left < 0) return setUnder(undefined);
            const index = pointUnder(latest.current, its, left);
            setUnder((former) =>
              former?.index === index && former.left === left ? former : { index, left },
            );
          },
        ],
        setSelect: [
          (its) => {
            const { left, width: across } = its.select;
            if (across < 4) return;
            its.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            latest.current.onRange?.({ from: its.posToVal(left, "x"), to: its.posToVal(left + across, "x") });
          },
        ],
      },
    );
    const made = new uPlot(options, drawn(latest.current), element);
    made.setScale("x", { min: latest.current.range.from, max: latest.current.range.to });
    plot.current = made;
    const unhandle = isSmall ? undefined : handleGestures(made, () => latest.current);
    const observer = new ResizeObserver(() => {
      if (made.width !== width()) made.setSize({ width: width(), height: latest.current.height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      unhandle?.();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const its = plot.current;
    its?.batch(() => {
      its.setData(drawn(latest.current), false);
      its.setScale("x", { min: range.from, max: range.to });
    });
  }, [props.x, series, range.from, range.to, props.names, props.gap, props.until]);

  /** Moves the read-out to a point, as the mouse would. */
  const goTo = (index: number): void => {
    const its = plot.current;
    if (its === undefined || props.x.length === 0) return;
    const visible = Math.min(Math.max(index, firstFrom(props.x, range.from)), lastUntil(props.x, range.to));
    if (visible < 0 || visible >= props.x.length) return;
    const left = Math.min(its.over.clientWidth - 1, Math.max(0, its.valToPos(props.x[visible], "x")));
    its.setCursor({ left, top: its.over.clientHeight / 2 });
    setUnder({ index: visible, left });
    setSaid(true);
  };
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, shiftKey } = event;
    const present = under?.index;
    const move = (by: number): void => onRange?.(moved(range, by, props.limits));
    const zoom = (by: number): void => onRange?.(zoomed(range, by, undefined, props.limits));
    const actions: Record<string, () => void> = {
      ArrowLeft: () => (shiftKey ? move(-0.25) : goTo((present ?? props.x.length) - 1)),
      ArrowRight: () => (shiftKey ? move(0.25) : goTo((present ?? firstFrom(props.x, range.from) - 1) + 1)),
      Home: () => goTo(0),
      End: () => goTo(props.x.length - 1),
      "+": () => zoom(1 / 2),
      "=": () => zoom(1 / 2),
      "-": () => zoom(2),
      "0": () => props.onWhole?.(),
      Escape: () => setUnder(undefined),
    };
    const action = actions[key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };

  if (isSmall) {
    return <div class="chart small" ref={place} role="img" aria-label={label} />;
  }
  return (
    <div class="chart">
      <div
        class="chart-plot"
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label={label}
        aria-describedby={described}
        onKeyDown={press}
        onBlur={() => setSaid(false)}
        onDblClick={() => props.onWhole?.()}
      >
        <div ref={place} class="chart-canvas" />
        {under !== undefined && <ReadOut props={props} under={under} plot={plot.current} />}
      </div>
      <ChartSummary id={described} props={props} />
      <div class="seen-by-readers" role="status">
        {said && under !== undefined && <ReadOut props={props} under={under} isSpoken />}
      </div>
      {props.hasTable === true && <ChartTable {...props} />}
    </div>
  );
}
