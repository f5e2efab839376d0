/**
 * Whether a SIM card may be told the PIN of the settings. A card blocks itself after three wrong ones, and only
 * its PUK helps then: a PIN that it has refused is never given a second time, over restarts and losses of power.
 */

/** What became of a PIN: given without an answer so far, taken, or refused. */
export type PinOutcome = "given" | "accepted" | "refused";

/** What is known of a PIN on a card. */
export interface PinFate {
  readonly outcome: PinOutcome | "none";
  /** The card had taken it before it was given last. */
  readonly acceptedBefore: boolean;
  /** Different PINs that the card has refused since it took one. */
  readonly refusals: number;
  /** Tries that the card had left when it was given last, where the modem could tell. */
  readonly tries?: number;
}

/** Where it is kept over restarts what became of a PIN. */
export interface PinMemory {
  /** What is known of this PIN on this card; undefined when it cannot be read. */
  recall(card: string, pin: string): PinFate | undefined;
  /** Keeps what became of it; false when it is not kept. @param tries that the card had left before */
  note(card: string, pin: string, outcome: PinOutcome, tries?: number): boolean;
}

/** The PIN of the settings, a secret, and what is kept of it. */
export interface PinOptions {
  readonly pin: string;
  readonly memory: PinMemory;
}

/** Tries of a card that nobody has mistaken. */
const allTries = 3;

/**
 * Why the card is not told the PIN; undefined when it may be.
 *
 * @param fate undefined when it cannot be read
 * @param tries that the card has left, where the modem can tell
 */
export function keptBack(fate: PinFate | undefined, tries: number | undefined): string | undefined {
  if (fate === undefined) return "its fate cannot be kept";
  const { outcome, acceptedBefore, refusals } = fate;
  if (outcome === "refused") return "refused before";
  // Nobody heard whether it was taken. Where no try is missing it was not refused; where it had been
  // taken before, it is given once more.
  if (outcome === "given" && !acceptedBefore && (tries === undefined || tries < (fate.tries ?? allTries))) {
    return "given before without an answer";
  }
  if (outcome === "accepted" || acceptedBefore) return undefined;
  const left = tries ?? allTries - refusals;
  return left < 2 ? "one try is left" : undefined;
}
