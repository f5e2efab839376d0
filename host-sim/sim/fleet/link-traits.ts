/**
 * What a modem and its driver take at link depth, where neither AT commands nor a UART are: times as runs in full depth
 * have them, measured by `npm run bench -- --only link-traits --update` (link-traits-table.ts), and held by
 * test/host-sim/sim/fleet/two-depths.test.ts.
 */
import { linkTraitsTable } from "./link-traits-table";
import type { Random } from "../time/random";

/** ms, from and to. */
type Span = readonly [least: number, most: number];

/** What one family's modem and our driver take, ms. */
export interface FamilyTraits {
  /** From power until its firmware runs; out of PSM, too, where it starts anew. */
  readonly boot: Span;
  /** It has a command that switches it off, and a key that switches it on. */
  readonly switchesOff: boolean;
  /** From then on until it searches, settings and a restart of its radio included. */
  readonly setUp: number;
  /** From registered until a datagram can be handed over: signal, time, socket. */
  readonly ready: number;
  /** Key, pin or byte, from the driver's decision on, before it wakes. */
  readonly key: number;
  /** From its end of sleep until a datagram can be handed over. */
  readonly asked: number;
  /** It starts anew out of PSM: its SIM card is read after so long, and from registered to ready it takes `ready`. */
  readonly restarts?: { readonly card: Span; readonly ready: number };
  /** Share of modems whose sockets PSM closes, all, none or as the simulated modem draws it (sim/modem/draw.ts); and what they take longer than the others of their family. */
  readonly reopens: number;
  readonly reopen: number;
  /** For so long a command keeps it awake, where that is not as PowerSaving has it. */
  readonly lock?: number;
  /** A datagram on its way over the UART: for the commands, and for each byte. */
  readonly send: number;
  readonly byte: number;
  /** From a datagram that came until the agent has it; 0 for less than a line on the UART. */
  readonly receive: number;
  /** Share of modems that know release assistance, likewise. */
  readonly assistance: number;
  /** Largest datagram, bytes. */
  readonly largest: number;
  /** Steps of XS at a contact: of a board that stays awake, and of one that wakes from deep sleep for it. */
  readonly steps: { readonly none: number; readonly deep: number };
}

/** The same of one modem: what differs from one to the next is drawn. */
export type LinkTraits = Omit<FamilyTraits, "assistance" | "reopens"> & {
  readonly assistance: boolean;
  readonly reopens: boolean;
};

/** The families, in the order in which `all` goes through them. */
export const linkFamilies: readonly string[] = Object.freeze(Object.keys(linkTraitsTable));

/** A family's row. @throws RangeError for a name that is none of theirs */
export function familyTraits(name: string): FamilyTraits {
  if (!Object.hasOwn(linkTraitsTable, name)) {
    throw new RangeError(`modem "${name.slice(0, 40)}": expected one of ${linkFamilies.join(", ")}`);
  }
  return linkTraitsTable[name as keyof typeof linkTraitsTable];
}

/** One modem of a family. Draws what is not the same of all of them, and only that. */
export function drawTraits(traits: FamilyTraits, random: Random): LinkTraits {
  const drawn = (share: number): boolean => (share > 0 && share < 1 ? random.chance(share) : share === 1);
  return { ...traits, assistance: drawn(traits.assistance), reopens: drawn(traits.reopens) };
}

/** Family of a fleet's device: one for all, or all in turn. @param modem a family's name, or "all" */
export function familyOf(modem: string, number: number): string {
  return modem === "all" ? linkFamilies[number % linkFamilies.length] : modem;
}
