/**
 * An update under trouble: the board always has an image that it can start, never one that the maker has not signed whole,
 * and in the end it is through with what was ordered.
 */
import type { Updates } from "../updates";
import type { Violate } from "./rule";

/** Judges what was started, and what is still under way. */
export function judgeUpdates(updates: Updates, violate: Violate): void {
  const { bricks, strangers } = updates.figures;
  if (bricks > 0) violate("brick", `the board found no image that it could start, ${bricks} times`);
  if (strangers > 0) violate("image", `an image was started that nobody has made, ${strangers} times`);
  const { underWay } = updates;
  if (underWay === undefined) return;
  const { toVersion, status, progress, desc } = underWay;
  violate(
    "update",
    `the update to ${toVersion} is ${status} at the end, ${progress ?? 0} %: ${desc ?? "no word of it"}`,
  );
}
