/**
 * What is chosen in the page, and its address: each choice is written behind the `#`, and read from there when the page
 * opens, when a link is followed and when somebody goes back.
 */
import { signal } from "@preact/signals";
import { placeOf, readPlace } from "../../place";
import type { Choices, Section } from "../../place";

/** All choices, as the address has them. */
export const choices = signal<Choices>({});
/** The section that the address leads to. */
export const section = signal<Section | undefined>(undefined);
/** Counts up when a link is followed or somebody goes back, not when a choice is made. */
export const visits = signal(0);

/** Follows the address from now on; the page calls it once, before it draws. */
export function beginAddress(): void {
  read();
  addEventListener("hashchange", read);
}

function read(): void {
  const place = readPlace(location.hash);
  choices.value = place.choices;
  section.value = place.section;
  visits.value += 1;
}

/** Makes choices in a section, which the address then leads to; undefined takes one back. */
export function choose(where: Section, changes: Choices): void {
  choices.value = { ...choices.value, ...changes };
  section.value = where;
  const fragment = `#${placeOf(where, choices.value)}`;
  // What is chosen is not a step to go back over; and it must not scroll.
  history.replaceState(null, "", fragment);
}

/** The address of a section with the choices as they are. */
export function linkTo(where: Section): string {
  return `#${placeOf(where, choices.value)}`;
}
