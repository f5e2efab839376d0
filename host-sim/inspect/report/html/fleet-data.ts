/** What the page of a fleet run is drawn from. */

/** A number of something in each stretch of time. */
interface FleetSeries {
  readonly name: string;
  readonly values: readonly number[];
}

/** One plot: its series over time. */
export interface FleetPlot {
  readonly title: string;
  /** What the values are, such as `connections a second`. */
  readonly unit: string;
  readonly series: readonly FleetSeries[];
}

/** A bar of a distribution. */
export interface FleetBar {
  readonly text: string;
  readonly count: number;
}

export interface FleetData {
  readonly title: string;
  /** What makes the run again. */
  readonly command: string;
  /** The summary as the command prints it, without the worst devices. */
  readonly lines: readonly string[];
  /** Why it is none as it should be; left out for a good one. */
  readonly shortfall?: string;
  /** ms of a stretch of time, and of the whole. */
  readonly step: number;
  readonly end: number;
  readonly plots: readonly FleetPlot[];
  readonly distributions: readonly { readonly title: string; readonly bars: readonly FleetBar[] }[];
  readonly worst: readonly {
    readonly name: string;
    readonly what: string;
    readonly command: string;
  }[];
}
