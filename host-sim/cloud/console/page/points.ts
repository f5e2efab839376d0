/**
 * The console's tab of measure points: each a card, and a plot where its values are numbers.
 */
import uPlot from "uplot";
import { call, pathOf } from "./api";
import { make, say } from "./elements";
import type { Device } from "./device-list";
import type { Model } from "./model";

interface Value {
  readonly value: unknown;
  /** 0 to 9, of points that have one. */
  readonly quality?: unknown;
  readonly at: number;
  readonly time?: number;
}

interface Point {
  readonly card: HTMLElement;
  readonly value: HTMLElement;
  readonly when: HTMLElement;
  readonly times: number[];
  readonly numbers: number[];
  /** When the value that is shown was measured, ms. */
  newest: number;
  plot: uPlot | undefined;
}

/** Values in a plot, and readings that wait for it. */
const most = 1_000;
/** Characters of a value that is shown. */
const longestShown = 500;
const height = 120;

/** The measure points of one device: the latest value of each, and numbers as a plot that moves. */
export class Points {
  readonly panel: HTMLElement;
  readonly #points = new Map<string, Point>();
  #model: Model | undefined;
  #shown: string | undefined;
  /** Readings that have come while what is kept is still being fetched. */
  #pending: (() => void)[] | undefined;

  constructor(panel: HTMLElement) {
    this.panel = panel;
    panel.classList.add("points");
    addEventListener("resize", () => this.fit());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolour());
  }

  /** Another device: its values, and what is kept of them. */
  async show(device: Device, model: Model | undefined): Promise<void> {
    const name = pathOf(device);
    this.#shown = name;
    this.#model = model;
    for (const { plot } of this.#points.values()) plot?.destroy();
    this.#points.clear();
    this.#pending = [];
    const latest = await call<Record<string, Value>>(`${name}/measurepoints`);
    if (this.#shown !== name) return;
    this.panel.replaceChildren();
    if (Object.keys(latest).length === 0)
      this.panel.append(make("p", { class: "dim" }, "Nothing reported yet."));
    for (const [id, value] of Object.entries(latest)) {
      const kept = await call<{ items: Value[] }>(
        `${name}/measurepoints/${encodeURIComponent(id)}/history?limit=500`,
      );
      if (this.#shown !== name) return;
      for (const each of [...kept.items].reverse()) this.#add(id, each, false);
      this.#draw(id, value);
    }
    const pending = this.#pending ?? [];
    this.#pending = undefined;
    for (const add of pending) add();
  }

  /** A reading has come. */
  add(points: Readonly<Record<string, unknown>>, at: number, time: number | undefined): void {
    if (this.#pending !== undefined) {
      // What is being fetched has the oldest of them.
      if (this.#pending.length >= most) this.#pending.shift();
      return void this.#pending.push(() => this.add(points, at, time));
    }
    if (this.#points.size === 0) this.panel.replaceChildren();
    for (const [id, given] of Object.entries(points)) {
      // With a quality, as some measure points have.
      const isMarked = typeof given === "object" && given !== null && "value" in given;
      const { value, quality } = isMarked ? (given as Pick<Value, "value" | "quality">) : { value: given };
      const entry = { value, quality, at, time };
      this.#add(id, entry, true);
      this.#draw(id, entry);
    }
  }

  /** The panel's width has changed, or it is shown again. */
  fit(): void {
    for (const { plot, card } of this.#points.values()) {
      plot?.setSize({ width: Math.max(120, card.clientWidth - 20), height });
    }
  }

  #add(id: string, { value, at, time }: Value, live: boolean): void {
    const point = this.#points.get(id) ?? this.#newPoint(id);
    if (typeof value !== "number") return;
    const { times, numbers } = point;
    const seconds = (time ?? at) / 1_000;
    // What was late has its place between the others.
    let place = times.length;
    while (place > 0 && times[place - 1] > seconds) place -= 1;
    if (times[place - 1] === seconds) numbers[place - 1] = value;
    else {
      times.splice(place, 0, seconds);
      numbers.splice(place, 0, value);
    }
    if (times.length > most) {
      times.shift();
      numbers.shift();
    }
    if (live) point.plot?.setData([times, numbers]);
  }

  #newPoint(id: string): Point {
    const title = this.#model?.measurepoints?.find(({ identifier }) => identifier === id)?.name ?? id;
    const value = make("div", { class: "value" });
    const when = make("div", { class: "dim" });
    const card = make("div", { class: "point", "data-point": id }, make("div", {}, title), value, when);
    this.panel.append(card);
    const point: Point = { card, value, when, times: [], numbers: [], newest: -Infinity, plot: undefined };
    this.#points.set(id, point);
    return point;
  }

  /** Shows a value, unless one that was measured later is shown: what comes late is not the current value. */
  #draw(id: string, { value, quality, at, time = at }: Value): void {
    const point = this.#points.get(id) ?? this.#newPoint(id);
    if (point.plot === undefined && point.times.length > 0) point.plot = plotOf(point);
    if (time < point.newest) return;
    point.newest = time;
    const described = this.#model?.measurepoints?.find(({ identifier }) => identifier === id);
    const unit = described?.unit === undefined ? "" : ` ${described.unit}`;
    const word = described?.values?.[String(value)];
    say(point.value, `${shown(value)}${unit}${word === undefined ? "" : ` (${word})`}`);
    const marked = quality === undefined ? "" : ` · quality ${String(quality)}`;
    say(point.when, `${new Date(time).toLocaleString()}${marked}`);
  }

  #recolour(): void {
    for (const point of this.#points.values()) {
      if (point.plot === undefined) continue;
      point.plot.destroy();
      point.plot = plotOf(point);
    }
  }
}

function plotOf({ card, times, numbers }: Point): uPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--dim"),
    grid: { stroke: colour("--line"), width: 1 },
    size: 58,
    font: "11px system-ui",
  };
  return new uPlot(
    {
      width: Math.max(120, card.clientWidth - 20),
      height,
      legend: { show: false },
      cursor: { show: false },
      axes: [{ ...axis, size: 26 }, axis],
      series: [{}, { stroke: colour("--blue"), width: 2, points: { show: times.length < 60 } }],
    },
    [times, numbers],
    card,
  );
}

/** As people read it: a number without the digits that a float brings along, and the beginning of a long text. */
function shown(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(8)));
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}
