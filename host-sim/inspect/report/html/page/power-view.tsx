/** Power over time, stacked by the states of modem and board. */
import { useCallback, useMemo } from "preact/hooks";
import { digits } from "../../../../cloud/page/words";
import { ChartKey } from "../../../../cloud/page/chart-summary";
import { choices, choose } from "./address";
import { OverTime } from "./over-time";
import { binPower, stepsOf } from "./power-bins";
import { layerOf, stateColour, stateName } from "./power-layers";
import { RangeTools } from "./range-tools";
import { shownRange } from "./shown-range";
import { tickText, withPrefix } from "./units";
import type { ChartSeries } from "../../../../cloud/page/chart-series";
import type { Range } from "../../../../cloud/page/chart-time";
import type { RunData } from "../run-data";

type Part = "both" | "modem" | "board";
const parts: readonly (readonly [Part, string])[] = [
  ["both", "modem and board"],
  ["modem", "modem"],
  ["board", "board"],
];
/** Share of the board's energy from which on the modem's would hardly show. */
const dwarfs = 0.9;

export function PowerView({ data }: { data: RunData }) {
  const { power, end } = data;
  const share = useMemo(() => boardShare(power), [power]);
  const asked = parts.find(([each]) => each === choices.value.part)?.[0];
  const part = asked ?? (share > dwarfs ? "modem" : "both");
  const steps = useMemo(() => [stepsOf(power.modem), stepsOf(power.board)], [power]);
  const shown = useMemo(
    () =>
      power.states
        .map((state, number) => ({ state, number }))
        .filter(({ state }) => state.watts > 0 && (part === "both" || state.part === part))
        .sort((a, b) => layerOf(a.state) - layerOf(b.state)),
    [power, part],
  );
  const binned = useCallback(
    (range: Range, count: number): ChartSeries[] => {
      const bins = binPower(steps, power.states, { ...range, end }, count);
      return shown.map(({ state, number }) => ({
        name: stateName(state),
        colour: stateColour(stateName(state)),
        look: "area",
        values: bins[number],
      }));
    },
    [steps, shown, power, end],
  );
  // Of the key only what this part of the run has, from the top of the stack.
  const range = shownRange(end);
  const present = useMemo(() => {
    const sums = binPower(steps, power.states, { ...range, end }, 1);
    return shown.filter(({ number }) => sums[number][0] > 0).reverse();
  }, [steps, shown, power, range.from, range.to]);
  return (
    <section id="power" aria-labelledby="power-title">
      <div class="bar">
        <h2 id="power-title">Power over time</h2>
        <label class="push">
          Parts{" "}
          <select value={part} onChange={(event) => choose("power", { part: event.currentTarget.value })}>
            {parts.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
      <RangeTools where="power" end={end} />
      <ChartKey
        series={present.map(({ state }) => ({
          name: stateName(state),
          colour: stateColour(stateName(state)),
        }))}
      />
      <OverTime
        where="power"
        label="Power over time"
        end={end}
        height={280}
        binWidth={2}
        binned={binned}
        isStacked
        text={(watts) => withPrefix(watts, "W")}
        tick={(watts) => tickText(watts, "W")}
      />
      <p class="hint">
        {asked === undefined &&
          part === "modem" &&
          `The board draws ${digits(100 * share)} % of all: see Parts. `}
        Mean power of each stretch of two pixels, stacked by state; drag over a part to zoom into it.
      </p>
    </section>
  );
}

function boardShare({ byState, joules }: RunData["power"]): number {
  const board = byState.filter(([name]) => name.startsWith("board "));
  return board.reduce((sum, [, , spent]) => sum + spent, 0) / (joules || 1);
}
