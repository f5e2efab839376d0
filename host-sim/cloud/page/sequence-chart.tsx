/**
 * A message sequence chart: lifelines, arrows from one to another, and the words beside them. Of a hundred thousand rows
 * only those in view are in the document. It is one stop of the keyboard, and a tree for who hears the page.
 */
import { Component } from "preact";
import type { ComponentChildren } from "preact";
import { SequenceLayout } from "./sequence-layout";
import { SequenceRowView } from "./sequence-row-view";
import type { PlacedRow } from "./sequence-layout";
import type { RowSource, SequenceRow } from "./sequence-rows";
import "./sequence.css";

/** What moves the chart from outside. */
export interface SequenceControls {
  /** Goes to the last row. */
  toEnd(): void;
  /** Goes to a row, without opening it. */
  goTo(key: string): void;
}

interface ChartProps {
  /** What the rows are, for who hears the page. */
  readonly label: string;
  /** Names of the lifelines, from the left. */
  readonly lanes: readonly string[];
  readonly rows: RowSource;
  /** What is below a row that is open. */
  readonly detail: (row: SequenceRow) => ComponentChildren;
  /** Key of the chosen row; when it changes from outside, that row comes into view and opens. */
  readonly active?: string;
  /** Told of the row that the user has opened; undefined: closed again. */
  readonly onActive?: (key: string | undefined) => void;
  /** Stays at the end as rows come, for as long as the user is there. */
  readonly follows?: boolean;
  /** Told whether the end is in view. */
  readonly onEnd?: (isAtEnd: boolean) => void;
  /** Is given what moves the chart, for as long as it is there. */
  readonly controls?: { current: SequenceControls | null };
  /** In place of rows where there are none. */
  readonly empty?: ComponentChildren;
}

interface ChartState {
  readonly top: number;
  readonly viewHeight: number;
  /** Keys of open rows, and the heights of what they show, px. */
  readonly open: ReadonlyMap<string, number>;
  /** Key of the row that the keyboard is at. */
  readonly at: string | undefined;
  readonly isNarrow: boolean;
  readonly isPrinting: boolean;
}

/** Height of a row, px: one line, or two where the page is narrow. */
const rowHeights = { wide: 32, narrow: 52 } as const;
/** Rows beyond the edges of the view that are made as well. */
const margin = 8;
/** Rows that go onto paper: from the first in view. */
const printed = 200;
/** Closer to the end than this is at the end, px. */
const nearEnd = 8;
/** Above the rows in the scrolled part, px: the lifelines' names. */
const headHeight = 26;

export class SequenceChart extends Component<ChartProps, ChartState> implements SequenceControls {
  override state: ChartState = {
    ...{ top: 0, viewHeight: 600, open: new Map<string, number>(), at: undefined },
    ...{ isNarrow: false, isPrinting: false },
  };
  #view: HTMLDivElement | null = null;
  readonly #narrow = matchMedia("(max-width: 959px)");
  readonly #sizes = new ResizeObserver((entries) => this.#measured(entries));
  /** The open details by their keys. */
  readonly #details = new Map<Element, string>();
  #layout: SequenceLayout | undefined;
  #laid: { rows: RowSource; open: ReadonlyMap<string, number>; isNarrow: boolean } | undefined;
  /** The first row in view before the rows change, and where it was. */
  #anchor: { readonly key: string; readonly offset: number } | undefined;
  #wasAtEnd = true;
  /** Told already. */
  #isAtEnd: boolean | undefined;
  #isChosenHere = false;
  /** Key of the chosen row, as long as it is not among the rows. */
  #awaited: string | undefined;

  get layout(): SequenceLayout {
    const { rows } = this.props;
    const { open, isNarrow } = this.state;
    const laid = this.#laid;
    if (laid?.rows !== rows || laid.open !== open || laid.isNarrow !== isNarrow) {
      this.#layout = new SequenceLayout(rows, isNarrow ? rowHeights.narrow : rowHeights.wide, open);
      this.#laid = { rows, open, isNarrow };
    }
    return this.#layout!;
  }

  override componentDidMount(): void {
    this.#narrow.addEventListener("change", this.#narrowed);
    addEventListener("beforeprint", this.#beforePrint);
    addEventListener("afterprint", this.#afterPrint);
    if (this.props.controls !== undefined) this.props.controls.current = this;
    this.setState({ isNarrow: this.#narrow.matches, viewHeight: this.#view?.clientHeight ?? 0 });
    if (this.props.active !== undefined) this.#choose(this.props.active);
    else if (this.props.follows === true) this.#toEnd();
  }

  override componentWillUnmount(): void {
    this.#narrow.removeEventListener("change", this.#narrowed);
    removeEventListener("beforeprint", this.#beforePrint);
    removeEventListener("afterprint", this.#afterPrint);
    this.#sizes.disconnect();
    if (this.props.controls !== undefined) this.props.controls.current = null;
  }

  override getSnapshotBeforeUpdate(): null {
    this.#wasAtEnd = this.#atEnd();
    return null;
  }

  override shouldComponentUpdate(next: ChartProps, state: ChartState): boolean {
    // Rows that come and go above must not move what is being read.
    if (next.rows !== this.props.rows || state.open !== this.state.open) this.#holdPlace();
    return true;
  }

  override componentDidUpdate(before: ChartProps): void {
    const view = this.#view;
    if (view === null) return;
    const { active, rows, follows } = this.props;
    const isOther = active !== before.active && !this.#isChosenHere;
    if (active !== undefined && (isOther || this.#awaited === active)) this.#choose(active);
    else if (rows !== before.rows && follows === true && this.#wasAtEnd) this.#toEnd();
    else if (this.#anchor !== undefined) {
      const place = this.layout.placeOf(this.#anchor.key);
      if (place >= 0) {
        const top = Math.round(this.layout.at(place).top - this.#anchor.offset);
        if (Math.abs(top - view.scrollTop) >= 1) view.scrollTop = Math.max(0, top);
      }
    }
    this.#anchor = undefined;
    this.#isChosenHere = false;
    this.#tellEnd();
  }

  toEnd(): void {
    this.#toEnd();
  }

  goTo(key: string): void {
    this.#openGroups(key);
    this.#moveTo(key, "start");
  }

  override render() {
    const { lanes, label, rows, empty } = this.props;
    const { layout } = this;
    const { isPrinting } = this.state;
    const placed = this.#visible();
    const at = placed.find(({ row }) => row.key === this.state.at);
    if (rows.length === 0 && empty !== undefined) return empty;
    return (
      <div
        ref={this.#viewed}
        class={`sequence${isPrinting ? " printing" : ""}`}
        role="tree"
        tabIndex={0}
        aria-label={label}
        aria-activedescendant={at && `row-${at.row.key}`}
        style={{ "--lanes": String(lanes.length) }}
        onScroll={this.#scrolled}
        onKeyDown={this.#pressed}
        onFocus={this.#focused}
      >
        <div class="sequence-names" aria-hidden="true">
          <span />
          <div>
            {lanes.map((name) => (
              <span key={name}>{name}</span>
            ))}
          </div>
        </div>
        <div class="sequence-rows" role="none" style={{ height: `${layout.height}px` }}>
          {placed.map((each) => this.#rowView(each))}
        </div>
      </div>
    );
  }

  #rowView(placed: PlacedRow) {
    const { key } = placed.row;
    const isOpen = this.state.open.has(key);
    return (
      <SequenceRowView
        key={key}
        placed={placed}
        lanes={this.props.lanes}
        isOpen={isOpen}
        isAt={key === this.state.at}
        onPress={this.#toggled}
      >
        {isOpen && placed.row.rows === undefined && (
          <div class="sequence-detail" ref={(element) => this.#watch(element, key)}>
            {this.props.detail(placed.row)}
          </div>
        )}
      </SequenceRowView>
    );
  }

  /** The rows to be made. */
  #visible(): PlacedRow[] {
    const { layout } = this;
    const { top, viewHeight, isPrinting } = this.state;
    if (layout.length === 0) return [];
    const first = layout.placeAt(top);
    const from = Math.max(0, first - (isPrinting ? 0 : margin));
    const to = isPrinting ? from + printed : layout.placeAt(top + viewHeight) + margin + 1;
    const placed: PlacedRow[] = [];
    for (let place = from; place < Math.min(to, layout.length); place++) placed.push(layout.at(place));
    return placed;
  }

  #atEnd(): boolean {
    const view = this.#view;
    if (view === null) return true;
    return view.scrollTop + view.clientHeight >= view.scrollHeight - nearEnd;
  }

  #tellEnd(): void {
    const isAtEnd = this.#atEnd();
    if (isAtEnd === this.#isAtEnd) return;
    this.#isAtEnd = isAtEnd;
    this.props.onEnd?.(isAtEnd);
  }

  #toEnd(): void {
    const view = this.#view;
    if (view === null) return;
    view.scrollTop = view.scrollHeight;
    this.#scrolled();
  }

  /** Remembers which row is at the upper edge. */
  #holdPlace(): void {
    const view = this.#view;
    const { layout } = this;
    if (view === null || layout.length === 0 || view.scrollTop === 0) return;
    const { row, top } = layout.at(layout.placeAt(view.scrollTop));
    this.#anchor = { key: row.key, offset: top - view.scrollTop };
  }

  readonly #viewed = (view: HTMLDivElement | null): void => {
    if (this.#view !== null) this.#sizes.unobserve(this.#view);
    this.#view = view;
    if (view !== null) this.#sizes.observe(view);
  };

  readonly #scrolled = (): void => {
    const view = this.#view;
    // The browser tells of a scroll after the fact, when the rows may be gone already.
    if (view === null) return;
    if (view.scrollTop !== this.state.top || view.clientHeight !== this.state.viewHeight) {
      this.setState({ top: view.scrollTop, viewHeight: view.clientHeight });
    }
    this.#tellEnd();
  };

  readonly #narrowed = (): void => this.setState({ isNarrow: this.#narrow.matches });
  readonly #beforePrint = (): void => this.setState({ isPrinting: true });
  readonly #afterPrint = (): void => this.setState({ isPrinting: false });

  readonly #focused = (): void => {
    if (this.state.at !== undefined || this.layout.length === 0) return;
    const { layout } = this;
    this.setState({ at: layout.at(layout.placeAt(this.state.top + headHeight)).row.key });
  };

  #watch(element: Element | null, key: string): void {
    if (element === null || this.#details.get(element) === key) return;
    for (const each of this.#details.keys()) {
      if (each.isConnected) continue;
      this.#sizes.unobserve(each);
      this.#details.delete(each);
    }
    this.#details.set(element, key);
    this.#sizes.observe(element);
  }

  #measured(entries: readonly ResizeObserverEntry[]): void {
    const open = new Map(this.state.open);
    let isOther = false;
    for (const { target } of entries) {
      if (target === this.#view) this.#scrolled();
      const key = this.#details.get(target);
      const height = (target as HTMLElement).offsetHeight;
      if (key === undefined || !target.isConnected || !open.has(key) || open.get(key) === height) continue;
      open.set(key, height);
      isOther = true;
    }
    if (isOther) this.setState({ open });
  }

  readonly #toggled = (row: SequenceRow): void => {
    this.setState({ at: row.key });
    this.#toggle(row);
  };

  #toggle(row: SequenceRow): void {
    if (!row.opens && row.rows === undefined) return;
    const open = new Map(this.state.open);
    const isOpen = open.delete(row.key);
    if (!isOpen) open.set(row.key, 0);
    this.setState({ open });
    if (row.rows !== undefined) return;
    this.#isChosenHere = true;
    if (!isOpen) this.props.onActive?.(row.key);
    else if (this.props.active === row.key) this.props.onActive?.(undefined);
  }

  /** Opens the groups that a row is in. Returns what is open then, and the row. */
  #openGroups(key: string): { open: Map<string, number>; row: SequenceRow | undefined } {
    const open = new Map(this.state.open);
    let source: RowSource | undefined = this.props.rows;
    while (source !== undefined) {
      const index: number = source.indexOf(key);
      if (index < 0) break;
      const row: SequenceRow = source.row(index);
      if (row.key === key) {
        this.setState({ open });
        return { open, row };
      }
      open.set(row.key, 0);
      source = row.rows;
    }
    return { open, row: undefined };
  }

  /** Opens a row and brings it into view. */
  #choose(key: string): void {
    const { open, row } = this.#openGroups(key);
    this.#awaited = row === undefined ? key : undefined;
    if (row === undefined) return;
    if ((row.opens || row.rows !== undefined) && !open.has(key)) open.set(key, 0);
    this.setState({ open, at: key }, () => this.#moveTo(key, "start"));
  }

  #moveTo(key: string, where: "start" | "nearest"): void {
    const view = this.#view;
    const place = this.layout.placeOf(key);
    if (view === null || place < 0) return;
    const { top } = this.layout.at(place);
    const height = this.state.isNarrow ? rowHeights.narrow : rowHeights.wide;
    const room = view.clientHeight - headHeight - height;
    if (where === "start") view.scrollTop = Math.max(0, top - Math.min(room, height));
    else if (top < view.scrollTop) view.scrollTop = top;
    else if (top > view.scrollTop + room) view.scrollTop = top - room;
    this.setState({ at: key });
    this.#scrolled();
  }

  readonly #pressed = (event: KeyboardEvent): void => {
    // What is within a detail has keys of its own.
    if (event.target !== event.currentTarget) return;
    const { layout } = this;
    if (event.ctrlKey || event.metaKey || event.altKey || layout.length === 0) return;
    const { at, open, viewHeight, isNarrow } = this.state;
    const place = at === undefined ? -1 : layout.placeOf(at);
    const here = place < 0 ? undefined : layout.at(place);
    const page = Math.max(1, Math.floor(viewHeight / (isNarrow ? rowHeights.narrow : rowHeights.wide)) - 2);
    const isOpen = here !== undefined && open.has(here.row.key);
    const go = (to: number): void => {
      const { row } = layout.at(Math.max(0, Math.min(layout.length - 1, to)));
      this.#moveTo(row.key, "nearest");
    };
    const parent = (): void => {
      if (here === undefined || here.level === 1) return;
      let above = place;
      while (layout.at(above).level >= here.level) above -= 1;
      go(above);
    };
    const actions: Record<string, () => void> = {
      ArrowDown: () => go(place + 1),
      ArrowUp: () => go(place - 1),
      PageDown: () => go(place + page),
      PageUp: () => go(place - page),
      Home: () => go(0),
      End: () => go(layout.length - 1),
      Enter: () => here && this.#toggle(here.row),
      " ": () => here && this.#toggle(here.row),
      ArrowRight: () => {
        if (here === undefined) return;
        if (!isOpen) this.#toggle(here.row);
        else if (here.row.rows !== undefined) go(place + 1);
      },
      ArrowLeft: () => (isOpen && here !== undefined ? this.#toggle(here.row) : parent()),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
}
