/** Power over time, stacked by the states of modem and board. */
import uPlot from "uplot";
import { axis, baseOptions, binTimes, closed, timeAxis } from "./chart";
import { byId, keyed } from "./element";
import { binPower, stepsOf } from "./power-bins";
import { colour } from "./theme";
import { digits, tickText } from "./units";
import type { PowerState, RunData } from "../run-data";
import type { Chart } from "./chart";
import type { TimeRange } from "./time-range";

/** From the bottom of the stack to its top, each with its colour in the style sheet. */
const layers: readonly (readonly [state: string, colour: string])[] = [
  ["board deep sleep", "--deep-sleep"],
  ["board awake", "--awake"],
  ["modem psm", "--psm"],
  ["modem edrx", "--idle"],
  ["modem idle", "--idle"],
  ["modem radio off", "--radio-off"],
  ["modem boot", "--boot"],
  ["modem search", "--search"],
  ["modem connected", "--connected"],
  ["modem receive", "--receive"],
  ["modem access", "--access"],
  ["modem transmit", "--transmit"],
];

/** The name of a state's colour in the style sheet. */
export function stateColour(name: string): string {
  return layers.find(([state]) => state === name)?.[1] ?? "--other";
}

const nameOf = ({ part, state }: PowerState): string => `${part} ${state}`;
/** Share of the board's energy from which on the modem's would hardly show. */
const dwarfs = 0.9;
/** CSS pixels for each bin. */
const binWidth = 2;

export class PowerPlot implements Chart {
  readonly #place = byId("power-plot");
  readonly #power: RunData["power"];
  readonly #range: TimeRange;
  readonly #steps;
  #plot: uPlot | undefined;
  /** Which part of the device is shown: the modem at first where the board would dwarf it. */
  part: "both" | "modem" | "board" = "both";

  constructor(power: RunData["power"], range: TimeRange) {
    this.#power = power;
    this.#range = range;
    this.#steps = [stepsOf(power.modem), stepsOf(power.board)];
    const board = power.byState.filter(([name]) => name.startsWith("board "));
    const share = board.reduce((sum, [, , joules]) => sum + joules, 0) / (power.joules || 1);
    if (share > dwarfs) {
      this.part = "modem";
      byId("board-share").textContent = `The board draws ${digits(100 * share)} % of all, see Parts. `;
    }
  }

  draw(): void {
    const { states } = this.#power;
    const { from, to, end } = this.#range;
    const height = (states: readonly string[], name: string): number => {
      const place = states.indexOf(name);
      return place < 0 ? states.length : place;
    };
    const order = layers.map(([name]) => name);
    const shown = states
      .map((state, number) => ({ state, number }))
      .filter(({ state }) => state.watts > 0 && (this.part === "both" || state.part === this.part))
      .sort((a, b) => height(order, nameOf(a.state)) - height(order, nameOf(b.state)));
    const count = Math.max(100, Math.floor((this.#place.clientWidth - 60) / binWidth));
    const bins = binPower(this.#steps, states, { from, to, end }, count);
    // Each series is the sum of those below it; painted from the top of the stack, each hides its part.
    const sums: number[][] = [];
    let below: number[] = new Array<number>(count).fill(0);
    for (const { number } of shown) {
      below = below.map((sum, i) => sum + bins[number][i]);
      sums.push(closed(below));
    }
    const series: uPlot.Series[] = [...shown].reverse().map(({ state }) => ({
      fill: colour(stateColour(nameOf(state))),
      width: 0,
      points: { show: false },
      paths: uPlot.paths.stepped!({ align: 1 }),
    }));
    // Only what this part of the run has, from the top of the stack.
    const present = shown.filter(({ number }) => bins[number].some((watts) => watts > 0)).reverse();
    byId("power-key").replaceChildren(
      ...present.map(({ state }) => keyed(nameOf(state), stateColour(nameOf(state)))),
    );
    this.#plot?.destroy();
    this.#plot = new uPlot(
      {
        ...baseOptions(this.#place, 280, this.#range),
        scales: { x: { time: false }, y: { range: (_, __, most) => [0, 1.05 * (most || 1)] } },
        axes: [
          timeAxis(this.#range),
          axis({ size: 72, values: (_, at) => at.map((watts) => tickText(watts, "W")) }),
        ],
        series: [{}, ...series],
      },
      [binTimes(this.#range, count), ...sums.reverse()],
      this.#place,
    );
  }
}
