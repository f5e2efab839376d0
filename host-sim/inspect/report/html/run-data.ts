/**
 * What a report's page holds of a run: columns instead of objects, numbers that repeat or grow slowly, so
 * that a month of messages packs into a few hundred kilobytes. Written by the recorder, read by the page.
 */

import type { EnergyTotals } from "../../energy/totals";
import type { Stretch } from "../outage-watch";
import type { Verdict } from "../verdict";

/** Kinds of rows in the sequence chart; `RunData.rows.kind` has their places in this list. */
export const rowKinds = ["air", "at", "device", "modem", "cloud", "board"] as const;
export type RowKind = (typeof rowKinds)[number];

/** A state that a part of the device can be in. */
export interface PowerState {
  readonly part: "modem" | "board";
  readonly state: string;
  readonly watts: number;
}

/** From a time on, a state; times as differences to the one before, µs. */
export interface StepColumns {
  readonly time: number[];
  /** Place in `RunData.power.states`. */
  readonly state: number[];
}

export interface RunData {
  readonly title: string;
  /** What became of the run, in a sentence with places of the page in it. */
  readonly verdict: Verdict;
  /** What is to be known of all figures, such as that they were concluded. */
  readonly notice?: string;
  /** Times without a network, ms. */
  readonly outages: readonly Stretch[];
  /** What a reading took and how long a battery lasts with that; left out where too few arrived to say it. */
  readonly energy?: EnergyTotals;
  readonly seed: string;
  /** Makes this run, and this page, again. */
  readonly command: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Virtual ms at the end; the wall clock at its beginning, epoch ms. */
  readonly end: number;
  readonly epoch: number;
  /** Texts by number. */
  readonly texts: readonly string[];
  readonly rows: {
    /** Differences, ms. */
    readonly time: number[];
    readonly kind: number[];
    /** Number of the text; for "air" and "at" the number of the datagram or exchange. */
    readonly value: number[];
  };
  readonly datagrams: {
    /** 1: from the device to the cloud. */
    readonly up: number[];
    readonly length: number[];
    /** ms under way; -1: lost. */
    readonly travel: number[];
    /** Texts: what it is for, and how it was lost ("" when it was not). */
    readonly cause: number[];
    readonly loss: number[];
    /** Sent before, in the same bytes. */
    readonly again: number[];
    /** 1: the second copy of one that the network doubled. */
    readonly duplicate: number[];
    /** Texts: addresses and ports as on the cloud's side. */
    readonly from: number[];
    readonly to: number[];
    /** Masked bytes: number of the datagram, first byte, count; one after the other. */
    readonly masked: number[];
  };
  /** AT exchanges: lines of each, and all lines as 2 × text + 1 for one from the modem. */
  readonly exchanges: { readonly lines: number[]; readonly line: number[] };
  readonly power: {
    readonly profile: string;
    readonly states: readonly PowerState[];
    readonly modem: StepColumns;
    readonly board: StepColumns;
    /** The meter's own sums, J. */
    readonly joules: number;
    readonly byCause: readonly (readonly [cause: string, joules: number])[];
    readonly byState: readonly (readonly [state: string, ms: number, joules: number])[];
  };
  readonly readings: {
    /** ms; `settled` is how long after `taken`, -1 when it never was. */
    readonly taken: number[];
    readonly settled: number[];
    /** 1: refused or given up. */
    readonly lost: number[];
  };
  /** ms from a request's first sending until its answer arrived. */
  readonly roundTrips: number[];
}
