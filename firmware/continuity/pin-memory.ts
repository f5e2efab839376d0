/**
 * What became of a PIN on a SIM card: in storage, so that a refused one is never given a second time, over restarts
 * and losses of power. A card blocks itself after three wrong ones.
 *
 *     mark stored -> PIN given -> outcome stored
 *
 * A board that stops in between finds the mark without an outcome: the PIN may have been refused.
 *
 *     next u8 | 4 x ( card, 8 bytes | PIN, 4 bytes | outcome u8 | tries u8 | refusals u8 ), in two slots
 *
 * Neither PIN nor card number is kept, but the first bytes of their SHA-256.
 */
import { encodeUtf8 } from "../text/utf8";
import { reasonOf } from "../text/reason";
import { TwoSlotState } from "./two-slot-state";
import type { Cryptography } from "../enos/sign";
import type { ContinuityEvent } from "./continuity-event";
import type { ByteStore } from "./two-slot-state";

/** Version of the layout above: another one is not read. */
const form = 1;
const places = 4;
const cardLength = 8;
const pinLength = 4;
const placeLength = cardLength + pinLength + 3;
/** Where in a place the outcome stands, then tries and refusals. */
const outcomeAt = cardLength + pinLength;
const triesAt = outcomeAt + 1;
const refusalsAt = triesAt + 1;
/** `given again`: given, where it had been accepted before. */
const outcomes = Object.freeze(["none", "given", "accepted", "refused", "given again"] as const);
const unknownTries = 0xff;

/** What became of a PIN: given without an answer so far, taken, or refused. */
type PinOutcome = "given" | "accepted" | "refused";

/** What is known of a PIN on a card. */
interface PinFate {
  readonly outcome: PinOutcome | "none";
  /** The card had taken it before it was given last. */
  readonly acceptedBefore: boolean;
  /** Different PINs that the card has refused since it took one. */
  readonly refusals: number;
  /** Tries that the card had left when it was given last, where the modem could tell. */
  readonly tries?: number;
}

/** What the memory is made of. */
export interface PinMemoryOptions {
  readonly store: ByteStore;
  readonly crypto: Pick<Cryptography, "sha256">;
  readonly log: (event: ContinuityEvent) => void;
}

/** Remembers the PINs that the last four cards were told. */
export class PinMemory {
  readonly #options: PinMemoryOptions;
  readonly #slots: TwoSlotState;
  #table: Uint8Array | undefined;

  constructor(options: PinMemoryOptions) {
    this.#options = options;
    this.#slots = new TwoSlotState(options.store, form, ["pa", "pb"]);
  }

  /** What is known of this PIN on this card; undefined when storage cannot be read. */
  recall(card: string, pin: string): PinFate | undefined {
    if (!this.load()) return undefined;
    const at = this.find(this.digest(card));
    const table = this.#table!;
    if (at < 0) return { outcome: "none", acceptedBefore: false, refusals: 0 };
    const refusals = table[at + refusalsAt];
    if (!holds(table, at + cardLength, this.digest(`${card} ${pin}`), pinLength)) {
      return { outcome: "none", acceptedBefore: false, refusals };
    }
    const outcome = outcomes[table[at + outcomeAt]] ?? "given";
    const tries = table[at + triesAt];
    return {
      outcome: outcome === "given again" ? "given" : outcome,
      acceptedBefore: outcome === "given again" || outcome === "accepted",
      refusals,
      tries: tries === unknownTries ? undefined : tries,
    };
  }

  /**
   * Keeps what became of a PIN; false when storage does not keep it.
   *
   * @param tries that the card had left before it was given, where known
   */
  note(card: string, pin: string, outcome: PinOutcome, tries?: number): boolean {
    if (!this.load()) return false;
    const table = this.#table!;
    const cardDigest = this.digest(card);
    const pinDigest = this.digest(`${card} ${pin}`).subarray(0, pinLength);
    let at = this.find(cardDigest);
    if (at < 0) {
      at = 1 + (table[0] % places) * placeLength;
      table[0] = (table[0] + 1) % places;
      table.fill(0, at, at + placeLength);
      table.set(cardDigest.subarray(0, cardLength), at);
    }
    const same = holds(table, at + cardLength, pinDigest, pinLength);
    const again = same && outcome === "given" && outcomes[table[at + outcomeAt]] === "accepted";
    table.set(pinDigest, at + cardLength);
    table[at + outcomeAt] = outcomes.indexOf(again ? "given again" : outcome);
    if (outcome === "given") table[at + triesAt] = tries ?? unknownTries;
    if (outcome === "accepted") table[at + refusalsAt] = 0;
    if (outcome === "refused") table[at + refusalsAt] = Math.min(table[at + refusalsAt] + 1, 0xff);
    return this.attempt(() => this.#slots.save(table));
  }

  /** False when storage cannot be read: what was given before is not known then. */
  private load(): boolean {
    if (this.#table !== undefined) return true;
    return this.attempt(() => {
      const stored = this.#slots.load();
      const length = 1 + places * placeLength;
      this.#table = stored?.length === length ? stored.slice() : new Uint8Array(length);
    });
  }

  /** Where the place of a card begins; -1 when it has none. */
  private find(digest: Uint8Array): number {
    for (let i = 0; i < places; i++) {
      const at = 1 + i * placeLength;
      if (this.#table![at + outcomeAt] !== 0 && holds(this.#table!, at, digest, cardLength)) return at;
    }
    return -1;
  }

  private digest(text: string): Uint8Array {
    return this.#options.crypto.sha256(encodeUtf8(text));
  }

  private attempt(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#options.log({ kind: "memory failed", reason: reasonOf(error) });
      return false;
    }
  }
}

function holds(table: Uint8Array, at: number, digest: Uint8Array, length: number): boolean {
  let i = 0;
  while (i < length && table[at + i] === digest[i]) i += 1;
  return i === length;
}
