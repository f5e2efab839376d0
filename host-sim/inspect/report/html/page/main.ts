/** Draws the report of a run from the data that the page holds. */
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { clockText } from "./chart";
import { AirPlot, JournalPlot } from "./count-plots";
import { byId, make } from "./element";
import { fillEnergyTables } from "./energy-tables";
import { offerFilters } from "./filters";
import { SequenceChart } from "./sequence-chart";
import { SequenceRows } from "./sequence-rows";
import { LatencyPlot, acknowledged, fillLatencyTable } from "./latency-plot";
import { PowerPlot } from "./power-plot";
import { offerThemes } from "./theme";
import { TimeRange } from "./time-range";
import { unpack } from "./unpack";
import { reasonOf } from "../../../../../firmware/text/reason";
import type { Chart } from "./chart";
import type { Unpacked } from "./unpack";

function show(run: Unpacked): void {
  const { data } = run;
  byId("title").textContent = data.title;
  byId("command").textContent = data.command;
  byId("copy").addEventListener("click", () => copy(byId("command")));
  byId("facts").replaceChildren(
    ...data.facts.map(([name, value]) =>
      make("div", {}, [make("dt", { text: name }), make("dd", { text: value })]),
    ),
  );

  const range = new TimeRange(data.end);
  const rows = new SequenceRows(run);
  const sequenceChart = new SequenceChart(rows, data);
  const power = new PowerPlot(data.power, range);
  const times: number[] = [];
  for (let row = 0; row < rows.length; row++) if (rows.kind(row) === "air") times.push(rows.times[row]);
  const overTime: Chart[] = [
    power,
    new JournalPlot(data.readings, range),
    new AirPlot(data.datagrams, times, range),
  ];
  const charts: Chart[] = [
    ...overTime,
    new LatencyPlot("reading-plot", acknowledged(data.readings)),
    new LatencyPlot("request-plot", data.roundTrips),
  ];
  fillEnergyTables(data.power);
  fillLatencyTable(data);
  offerFilters(rows, (shown) => sequenceChart.show(shown));
  offerRange(range, power, sequenceChart);
  const drawAll = (): void => charts.forEach((chart) => chart.draw());
  range.onChange(() => overTime.forEach((chart) => chart.draw()));
  offerThemes(drawAll);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawAll();
  });
  drawAll();
}

/** Into the clipboard; where a page from a file has none, the text is marked for the user to copy. */
function copy(element: HTMLElement): void {
  getSelection()?.selectAllChildren(element);
  void navigator.clipboard?.writeText(element.textContent ?? "").catch(() => {});
}

/** The buttons that zoom and move the plots over time. */
function offerRange(range: TimeRange, power: PowerPlot, sequenceChart: SequenceChart): void {
  const press = (id: string, action: () => void): void => byId(id).addEventListener("click", action);
  press("whole", () => range.set(0, range.end));
  press("in", () => range.zoom(1 / 3));
  press("out", () => range.zoom(3));
  press("back", () => range.shift(-0.5));
  press("on", () => range.shift(0.5));
  press("to-sequence-chart", () => {
    sequenceChart.goTo(range.from);
    byId("sequence-title").scrollIntoView();
  });
  const parts = byId<HTMLSelectElement>("parts");
  parts.value = power.part;
  parts.addEventListener("change", () => {
    power.part = parts.value as PowerPlot["part"];
    power.draw();
  });
  const tell = (): void => {
    const text = (ms: number): string => clockText(ms / 1000, Math.min(range.to - range.from, 3_599_999));
    byId("range").textContent = `Shown: ${text(range.from)} to ${text(range.to)}, since power-on`;
  };
  range.onChange(tell);
  tell();
}

unpack(byId("run-data").textContent ?? "")
  .then(show)
  .catch((error: unknown) => {
    byId("title").textContent = `This report cannot be shown: ${reasonOf(error, String(error))}`;
  });
