/**
 * The message sequence chart. Of tens of thousands of rows only those in view are in the document; a row that is
 * open is higher by what it shows.
 */
import { stamp } from "../../duration";
import { detailOf } from "./detail";
import { byId, make } from "./element";
import type { RunData } from "../run-data";
import type { SequenceRows, Row } from "./sequence-rows";

/** Rows beyond the edges of the view that are kept as well. */
const margin = 10;
/** Rows that go onto paper: from the first in view. */
const printed = 200;
const laneNames = ["device", "modem", "network", "cloud"] as const;

export class SequenceChart {
  readonly #rows: SequenceRows;
  readonly #data: RunData;
  readonly #view = byId("sequence");
  readonly #content = byId("rows");
  readonly #narrow = matchMedia("(max-width: 759px)");
  /** The rows that the filters let through. */
  #shown: number[] = [];
  /** Heights of what open rows show, by row. */
  readonly #open = new Map<number, number>();
  readonly #elements = new Map<number, HTMLElement>();
  /** Place among the shown rows that the keyboard is at. */
  #active = 0;
  #printing = false;

  constructor(rows: SequenceRows, data: RunData) {
    this.#rows = rows;
    this.#data = data;
    this.#view.addEventListener("scroll", () => this.#render());
    this.#view.addEventListener("keydown", (event) => this.#key(event));
    this.#narrow.addEventListener("change", () => this.redraw());
    addEventListener("resize", () => this.redraw());
    addEventListener("beforeprint", () => this.#print(true));
    addEventListener("afterprint", () => this.#print(false));
  }

  /** Shows these rows. */
  show(rows: number[]): void {
    this.#shown = rows;
    this.#active = 0;
    this.#view.scrollTop = 0;
    this.redraw();
  }

  /** Goes to the first row at or after a time, ms. */
  goTo(time: number): void {
    const place = this.#shown.findIndex((row) => this.#rows.times[row] >= time);
    this.#moveTo(place < 0 ? this.#shown.length - 1 : place);
    this.#view.scrollTop = this.#top(this.#active);
    this.#view.focus({ preventScroll: true });
  }

  /** Lays everything out anew. */
  redraw(): void {
    for (const element of this.#elements.values()) element.remove();
    this.#elements.clear();
    this.#render();
  }

  get #rowHeight(): number {
    return this.#narrow.matches ? 48 : 30;
  }

  #top(place: number): number {
    let top = place * this.#rowHeight;
    for (const [row, height] of this.#open) {
      const at = this.#placeOf(row);
      if (at >= 0 && at < place) top += height;
    }
    return top;
  }

  #placeOf(row: number): number {
    const shown = this.#shown;
    let [low, high] = [0, shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shown[middle] < row) low = middle + 1;
      else high = middle;
    }
    return shown[low] === row ? low : -1;
  }

  #render(): void {
    const { scrollTop, clientHeight } = this.#view;
    // What is open pushes the rows down, so the place is sought, not computed.
    let [first, high] = [0, this.#shown.length];
    while (first < high) {
      const middle = (first + high) >> 1;
      if (this.#top(middle + 1) <= scrollTop) first = middle + 1;
      else high = middle;
    }
    const from = Math.max(0, first - (this.#printing ? 0 : margin));
    const room = this.#printing ? printed : Math.ceil(clientHeight / this.#rowHeight) + 2 * margin;
    const to = Math.min(this.#shown.length, from + room);
    const wanted = new Set(this.#shown.slice(from, to));
    for (const [row, element] of this.#elements) {
      if (wanted.has(row)) continue;
      element.remove();
      this.#elements.delete(row);
    }
    for (let place = from; place < to; place++) {
      const row = this.#shown[place];
      let element = this.#elements.get(row);
      if (element === undefined) {
        element = this.#make(row, place);
        this.#elements.set(row, element);
        this.#content.append(element);
        if (this.#open.has(row)) this.#measure(row, element);
      }
      element.classList.toggle("active", place === this.#active);
    }
    // Positions come last: what was measured just now moves those below it.
    for (let place = from; place < to; place++) {
      this.#elements.get(this.#shown[place])!.style.top = `${this.#top(place)}px`;
    }
    this.#content.style.height = `${this.#top(this.#shown.length)}px`;
    const active = this.#shown[this.#active];
    if (this.#elements.has(active)) this.#view.setAttribute("aria-activedescendant", `row-${active}`);
    else this.#view.removeAttribute("aria-activedescendant");
  }

  #make(number: number, place: number): HTMLElement {
    const row = this.#rows.row(number);
    const head = make("div", { class: "head" }, [
      make("time", { text: stamp(row.time) }),
      lanesOf(row),
      make("span", { class: "text", text: row.text }),
    ]);
    const element = make("div", { class: `row ${row.kind} ${row.mark}` }, [head]);
    element.id = `row-${number}`;
    element.setAttribute("role", "treeitem");
    element.setAttribute("aria-level", "1");
    element.setAttribute("aria-posinset", String(place + 1));
    element.setAttribute("aria-setsize", String(this.#shown.length));
    element.setAttribute("aria-label", `${stamp(row.time)}, ${wayOf(row)}: ${row.text}`);
    const open = this.#open.has(number);
    element.setAttribute("aria-expanded", String(open));
    if (open) element.append(detailOf(this.#rows, this.#data, number));
    head.addEventListener("click", () => {
      this.#active = this.#placeOf(number);
      this.#toggle(number);
    });
    return element;
  }

  #measure(row: number, element: HTMLElement): void {
    const detail = element.querySelector<HTMLElement>(".detail");
    if (detail !== null) this.#open.set(row, detail.offsetHeight);
  }

  #toggle(row: number): void {
    if (this.#open.has(row)) this.#open.delete(row);
    else this.#open.set(row, 0);
    this.#elements.get(row)?.remove();
    this.#elements.delete(row);
    this.#render();
  }

  #moveTo(place: number): void {
    this.#active = Math.max(0, Math.min(this.#shown.length - 1, place));
    const top = this.#top(this.#active);
    const { scrollTop, clientHeight } = this.#view;
    if (top < scrollTop) this.#view.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + clientHeight) {
      this.#view.scrollTop = top + this.#rowHeight - clientHeight;
    }
    this.#render();
  }

  #key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#view.clientHeight / this.#rowHeight) - 1);
    const row = this.#shown[this.#active];
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const isOpen = this.#open.has(row);
    const actions: Record<string, () => void> = {
      ArrowDown: () => this.#moveTo(this.#active + 1),
      ArrowUp: () => this.#moveTo(this.#active - 1),
      PageDown: () => this.#moveTo(this.#active + page),
      PageUp: () => this.#moveTo(this.#active - page),
      Home: () => this.#moveTo(0),
      End: () => this.#moveTo(this.#shown.length - 1),
      Enter: () => this.#toggle(row),
      " ": () => this.#toggle(row),
      ArrowRight: () => (isOpen ? undefined : this.#toggle(row)),
      ArrowLeft: () => (isOpen ? this.#toggle(row) : undefined),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  /** Onto paper: the rows from the one in view on, one after the other. */
  #print(on: boolean): void {
    this.#printing = on;
    document.documentElement.classList.toggle("printing", on);
    this.redraw();
  }
}

/** Four lifelines with an arrow from one to another, or a dot on one. */
function lanesOf({ from, to, mark }: Row): HTMLElement {
  const lanes = make("span", { class: "lanes" });
  const middle = (lane: number): number => 12.5 + 25 * lane;
  const arrow = make("i", { class: from === to ? "dot" : from < to ? "arrow right" : "arrow left" });
  arrow.style.left = `${middle(Math.min(from, to))}%`;
  if (from !== to) arrow.style.width = `${25 * Math.abs(to - from)}%`;
  lanes.append(arrow);
  if (mark === "lost" && to === 2 && from !== to) {
    const cross = make("b", { class: "cross", text: "✕" });
    cross.style.left = `${middle(2)}%`;
    lanes.append(cross);
  }
  return lanes;
}

function wayOf({ from, to }: Row): string {
  return from === to ? laneNames[from] : `${laneNames[from]} to ${laneNames[to]}`;
}
