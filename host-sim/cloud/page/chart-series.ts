/** What a chart is given to draw. */
import type { Value } from "./chart-points";
import type { Range } from "./chart-time";

/**
 * How a series is drawn. `line`: from point to point; `steps`: a value holds until the next, as of a bool or an enum;
 * `area`: the same, filled from zero, for what is stacked; `bars`: from zero, for counts.
 */
type Look = "line" | "steps" | "area" | "bars";

export interface ChartSeries {
  readonly name: string;
  /** Name of a custom property of the style sheet, such as `--blue`. */
  readonly colour: string;
  readonly look: Look;
  /** One for each `x`; null where there is none. */
  readonly values: ArrayLike<Value>;
  /** Of bars: share of a column's width, and on which side of its `x` they stand (0: around it). */
  readonly bar?: { readonly width: number; readonly side: -1 | 0 | 1 };
}

export interface ChartProps {
  /** What is shown, for who hears the page, such as `Temperature`. */
  readonly label: string;
  /** Ascending: epoch ms, ms since the start, or the numbers of the categories. */
  readonly x: ArrayLike<number>;
  readonly series: readonly ChartSeries[];
  /** `clock`: time in the reader's zone; `since`: virtual time since the start; otherwise the text of a category. */
  readonly axis: "clock" | "since" | ((category: number) => string);
  /** The part that is shown. Charts that are given the same one move together. */
  readonly range: Range;
  /** How far one can move and zoom out. */
  readonly limits?: Range;
  /** Called when the user moves or zooms; without it the chart stands still. */
  readonly onRange?: (range: Range) => void;
  /** Called when the user wants all of it again: a double click, the key 0. */
  readonly onWhole?: () => void;
  /** CSS pixels. */
  readonly height: number;
  /** CSS pixels left of the plot, where several charts are to begin at one line; as wide as its texts when left out. */
  readonly axisWidth?: number;
  /** A value as it is read out, with its unit. */
  readonly text: (value: number) => string;
  /** A value as it stands at the axis; when left out, a number. */
  readonly tick?: (value: number) => string;
  /** Areas stand upon one another, the first at the bottom. */
  readonly isStacked?: boolean;
  /** The axis of values begins at zero. */
  readonly fromZero?: boolean;
  /** Values are whole numbers. */
  readonly whole?: boolean;
  /** Names of values, which stand at the axis. */
  readonly names?: ReadonlyMap<number, string>;
  /** Points further apart than this have a gap between them, ms. */
  readonly gap?: number;
  /** Until when the last value of steps and areas holds. */
  readonly until?: number;
  /** Charts of one group show the same moment under the cursor. */
  readonly group?: string;
  /** A picture without read-out, keys and summary, as on a card that says these itself. */
  readonly isSmall?: boolean;
  /** What can be said of it stands below, not only for who hears the page. */
  readonly hasSummary?: boolean;
  /** Its values as a table, to be opened below. */
  readonly hasTable?: boolean;
}
