/** How the figures of the built-in profiles are written down: a value, how sure it is, and its source. */
import type { ByCoverage, Figure } from "./profile";

/** Read off hardware. */
export const measured = (value: number, source: string): Figure => ({ value, tag: "measured", source });
/** Worked out from measured or published figures. */
export const derived = (value: number, source: string): Figure => ({ value, tag: "derived", source });
/** Our own judgement. */
export const assumed = (value: number, source: string): Figure => ({ value, tag: "assumed", source });

/** The same words for each coverage level's own value. */
export const each = (
  make: (value: number) => Figure,
  values: readonly [number, number, number],
): ByCoverage => [make(values[0]), make(values[1]), make(values[2])];

/** A tracking area update's messages, where nothing was measured. */
export const signalling: Figure = assumed(
  100,
  "request, acceptance and completion by 3GPP TS 24.301 with NAS and RRC headers",
);
