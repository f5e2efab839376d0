/**
 * The SIM card in its holder, and what the modem knows of it.
 *
 *     unread --read--> ready --remove--> absent
 *        ^  \--read, no card--------------^  |
 *        +-- switchOff (CFUN=0, restart) ----+
 *
 * A card that comes back is not noticed before the modem reads it anew: the SIM7020 watches no card
 * switch. That a card goes is noticed at once, but only while it is in use.
 */
export class SimCard {
  #present = true;
  #known: "unread" | "ready" | "absent" = "unread";

  /** The modem has not looked for it since it had power for it. */
  get unread(): boolean {
    return this.#known === "unread";
  }

  /** The card is read and of use. */
  get ready(): boolean {
    return this.#known === "ready";
  }

  /** The modem has looked for it in vain. */
  get absent(): boolean {
    return this.#known === "absent";
  }

  /** Whether there is one, known or not. */
  get present(): boolean {
    return this.#present;
  }

  /** Takes the card out of its holder, or puts it in. */
  setPresent(present: boolean): void {
    this.#present = present;
  }

  /** The modem reads the card; true when there is one. */
  read(): boolean {
    this.#known = this.#present ? "ready" : "absent";
    return this.#present;
  }

  /** The modem cuts the card's power: it knows nothing of it from then on. */
  switchOff(): void {
    this.#known = "unread";
  }
}
