/**
 * The SIM card in its holder, and what the modem knows of it.
 *
 *     unread --read--> ready --remove--> absent
 *        ^  \--read, no card--------------^  |
 *        |  \--read, PIN wanted--> locked --right PIN--> ready
 *        |  \--read, it is faulty--> faulty  |
 *        +-- switchOff (CFUN=0, restart) ----+
 *
 * A card that comes back is not noticed before the modem reads it anew: the SIM7020 watches no card
 * switch. That a card goes is noticed at once, but only while it is in use.
 *
 * A card with a PIN (ETSI TS 102 221) is unlocked until its power is cut. Three wrong ones in a row block
 * it, which only the PUK ends; ten wrong PUKs end the card.
 */

/** Tries that a card allows until it is blocked. */
const pinTries = 3;
const pukTries = 10;

/**
 * A card that is in the holder and of no use: how `AT+CPIN?` tells of it, either a number of 3GPP TS 27.007
 * section 9.2 (13 failure, 14 busy, 15 wrong) or a text such as `PH-NET PIN`, a lock that its operator set.
 */
export type CardFault = { readonly cme: number } | { readonly text: string };

export interface SimCardOptions {
  /** Four to eight digits that it wants to be told; none when left out. */
  readonly pin?: string;
  readonly puk?: string;
}

/** The IMSI of the card in a modem with this IMEI, both invented: a home network's subscriber. */
export function imsiOf(imei: string): string {
  return `00101${imei.slice(-10).padStart(10, "0")}`;
}

export class SimCard {
  /** It is there and cannot be used. Noticed when the modem reads it next. */
  fault: CardFault | undefined;
  /** PINs that it was told, right and wrong. */
  attempts = 0;
  /** Tries left until it is blocked, and until it is lost. */
  pinTriesLeft = pinTries;
  pukTriesLeft = pukTries;
  #pin: string | undefined;
  readonly #puk: string;
  #verified = false;
  #present = true;
  #known: "unread" | "ready" | "locked" | "faulty" | "absent" = "unread";

  constructor(options: SimCardOptions = {}) {
    this.#pin = options.pin;
    this.#puk = options.puk ?? "12345678";
  }

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

  /** It wants a PIN each time its power comes. */
  get hasPin(): boolean {
    return this.#pin !== undefined;
  }

  /** What it wants to be told first; `undefined` when that is nothing, or the modem has not read it. */
  get wants(): "SIM PIN" | "SIM PUK" | undefined {
    if (this.#known !== "locked") return undefined;
    return this.pinTriesLeft === 0 ? "SIM PUK" : "SIM PIN";
  }

  /** Its fault, once the modem has read it. */
  get knownFault(): CardFault | undefined {
    return this.#known === "faulty" ? this.fault : undefined;
  }

  /** Whether there is one, known or not. */
  get present(): boolean {
    return this.#present;
  }

  /** Takes the card out of its holder, or puts it in. */
  setPresent(present: boolean): void {
    this.#present = present;
    this.#verified = false;
  }

  /** The modem reads the card; true when there is one that can be used. */
  read(): boolean {
    if (!this.#present) this.#known = "absent";
    else if (this.fault !== undefined) this.#known = "faulty";
    else if (this.#pin !== undefined && !this.#verified) this.#known = "locked";
    else this.#known = "ready";
    return this.ready;
  }

  /** The modem cuts the card's power: it knows nothing of it from then on, and the card wants its PIN again. */
  switchOff(): void {
    this.#known = "unread";
    this.#verified = false;
  }

  /** Tells it a PIN; whether it was the right one. A blocked card takes none. */
  verify(pin: string): boolean {
    if (this.wants !== "SIM PIN") return false;
    this.attempts += 1;
    if (pin !== this.#pin) {
      this.pinTriesLeft -= 1;
      return false;
    }
    return this.#unlock();
  }

  /** Tells a blocked card its PUK, with the PIN that it is to have from then on. */
  unblock(puk: string, pin: string): boolean {
    if (this.wants !== "SIM PUK" || this.pukTriesLeft === 0) return false;
    if (puk !== this.#puk) {
      this.pukTriesLeft -= 1;
      return false;
    }
    this.#pin = pin;
    return this.#unlock();
  }

  #unlock(): true {
    this.pinTriesLeft = pinTries;
    this.pukTriesLeft = pukTries;
    this.#verified = true;
    this.#known = "ready";
    return true;
  }
}
